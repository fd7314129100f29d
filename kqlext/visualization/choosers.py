"""Which columns make a chart without common axes: its slices, areas, places, lanes, nodes. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from kqlext.decode.dynamic import DynamicValues
from kqlext.decode.tables import Column
from kqlext.visualization.roles import (
    AXES_CHOOSERS,
    LOOKED_AT,
    NUMBERS,
    NotDrawnError,
    Roles,
    category_axis,
    left_out,
    positions,
    role_of,
)  # fmt: skip


def _others(columns: Sequence[Column], *drawn: int) -> tuple[str, ...]:
    return left_out(column.name for index, column in enumerate(columns) if index not in drawn)


def _pie(named: Roles, columns: Sequence[Column]) -> Roles:
    found = category_axis(named, columns)
    if found.arrays:
        raise NotDrawnError("a pie is not drawn of arrays")
    wanted = {*found.ys, *found.series} if named.ys else set(range(len(columns)))
    left = sorted(wanted - {found.x, found.ys[0]})
    return replace(found, ys=found.ys[:1], series=(), notes=left_out(columns[index].name for index in left))


def _ladder(named: Roles, columns: Sequence[Column]) -> Roles:
    """The last two columns are start and end, the others name the row."""
    if len(columns) < 2:
        raise NotDrawnError("it takes two columns, the start and the end")
    start, end = len(columns) - 2, len(columns) - 1
    if named.x is not None and len(named.ys) == 1:
        start, end = named.x, named.ys[0]
    kinds = {role_of(columns[start]), role_of(columns[end])}
    if kinds not in ({"time"}, {"number"}):
        raise NotDrawnError("the last two columns, start and end, are not two datetimes or two numbers")
    return Roles(start, (end,), named.series or tuple(i for i in range(len(columns)) if i not in (start, end)))


def _card(named: Roles, columns: Sequence[Column]) -> Roles:
    return Roles(ys=named.ys or tuple(range(len(columns))))


def _treemap(named: Roles, columns: Sequence[Column]) -> Roles:
    roles = [role_of(column) for column in columns]
    free = [index for index in range(len(columns)) if index not in named.claimed]
    ys = named.ys or tuple(index for index in free if roles[index] in NUMBERS)
    levels = named.series or tuple(index for index in free if roles[index] == "text" and index not in ys)
    levels = ((named.x,) if named.x is not None and named.x not in levels else ()) + levels
    if not ys or roles[ys[0]] not in NUMBERS:
        raise NotDrawnError("there is no column of numbers for the size")
    if not levels:
        raise NotDrawnError("there is no column of texts for the areas")
    return Roles(ys=ys[:1], series=levels, notes=_others(columns, ys[0], *levels))


def _sankey(named: Roles, columns: Sequence[Column]) -> Roles:
    roles = [role_of(column) for column in columns]
    texts = named.series or tuple(positions(roles, "text"))
    numbers = named.ys or tuple(index for index in positions(roles, *NUMBERS) if index not in texts)
    if len(texts) != 2 or len(numbers) != 1 or roles[numbers[0]] not in NUMBERS:
        raise NotDrawnError("it takes two columns of texts, from and to, and one number")
    return Roles(ys=numbers, series=texts, notes=_others(columns, *numbers, *texts))


def _plotly(_: Roles, columns: Sequence[Column]) -> Roles:
    if role_of(columns[0]) not in ("text", "other"):
        raise NotDrawnError("the first column does not hold a figure's JSON")
    return Roles(ys=(0,))


# --- maps --------------------------------------------------------------------------------------------------

_LONGITUDE, _LATITUDE = re.compile(r"lon(g|gitude)?$|lng$", re.I), re.compile(r"lat(itude)?$", re.I)


def _points_on_a_map(named: Roles, columns: Sequence[Column]) -> Roles:
    """Longitude and latitude, or a GeoJSON point; the texts that are left make the series."""
    x, latitude = _place(named, columns)
    roles = [role_of(column) for column in columns]
    return Roles(x, latitude, named.series or tuple(index for index in positions(roles, "text") if index != x))


def _pies_on_a_map(named: Roles, columns: Sequence[Column]) -> Roles:
    """A place, the first text that is left as the colour, and a number as the size, in any order.

    ``ycolumns`` names the latitude, the size, or both in this order.
    """
    x, latitude = _place(replace(named, ys=named.ys[:1] if len(named.ys) > 1 else ()), columns)
    free = [index for index in range(len(columns)) if index not in (x, *latitude, *named.series)]
    wanted = [index for index in named.ys if index not in latitude]
    roles = [role_of(column) for column in columns]
    size = next(iter([*wanted, *(index for index in free if roles[index] in NUMBERS)]), None)
    if size is None or roles[size] not in NUMBERS:
        raise NotDrawnError("pies on a map take a number for their size beside the place")
    colours = named.series or tuple(index for index in free if roles[index] == "text" and index != size)[:1]
    return Roles(x, (*latitude, size), colours, notes=_others(columns, x, *latitude, size, *colours))


def _place(named: Roles, columns: Sequence[Column]) -> tuple[int, tuple[int, ...]]:
    """Longitude and latitude: the columns named so, or the first two numbers; or a column of GeoJSON points."""
    roles = [role_of(column) for column in columns]
    free = [index for index in range(len(columns)) if index not in named.series]
    points = [i for i in free if any(isinstance(v, dict) and v.get("type") == "Point" for v in _sample(columns[i]))]
    if points and named.x in (None, *points):
        return (named.x if named.x is not None else points[0]), ()
    numbers = [index for index in free if roles[index] in NUMBERS]
    x = named.x if named.x is not None else _called(_LONGITUDE, numbers, columns)
    y = named.ys[0] if named.ys else _called(_LATITUDE, [i for i in numbers if i != x], columns)
    if x is None or y is None or roles[x] not in NUMBERS or roles[y] not in NUMBERS:
        raise NotDrawnError("a map takes two columns of numbers, longitude and latitude, or one of GeoJSON points")
    return x, (y,)


def _called(pattern: re.Pattern[str], candidates: Sequence[int], columns: Sequence[Column]) -> int | None:
    """The first candidate of such a name, or else the first of all."""
    named = [index for index in candidates if pattern.search(columns[index].name)]
    return next(iter([*named, *candidates]), None)


def _sample(column: Column) -> list[Any]:
    return column.values(0, LOOKED_AT) if isinstance(column.data, DynamicValues) else []


# --- pivots, graphs, space ---------------------------------------------------------------------------------

_END = re.compile(r"end|stop|finish|until", re.I)
_SOURCE = re.compile(r"^(source|src|from|start|parent)", re.I)
_TARGET = re.compile(r"^(target|dest|dst|to|end|child)", re.I)


def _pivot_chart(named: Roles, columns: Sequence[Column]) -> Roles:
    """Numbers by texts and datetimes: the first is the outer level of x, a second the inner, all others the series."""
    roles = [role_of(column) for column in columns]
    free = [index for index in range(len(columns)) if index not in named.claimed]
    levels = [index for index in free if roles[index] in ("text", "time")]
    x = named.x if named.x is not None else next(iter(levels), None)
    ys = named.ys or tuple(index for index in free if roles[index] in NUMBERS and index != x)
    if x is None or roles[x] == "other":
        raise NotDrawnError("there is no column of texts or datetimes to pivot by")
    if not ys or any(roles[index] not in NUMBERS for index in ys):
        raise NotDrawnError("there is no column of numbers to be added up")
    inner = [index for index in levels if index != x]
    series = named.series or tuple(inner[1:])
    return Roles(x, ys, series, levels=tuple(inner[:1]), notes=_others(columns, x, *ys, *series, *inner[:1]))


def _time_pivot(named: Roles, columns: Sequence[Column]) -> Roles:
    """The first datetime, with the next one whose name says that it is the end; a lane for each value of ``series``.

    Kusto.Explorer chooses one column where the query names none: here the first text.
    """
    roles = [role_of(column) for column in columns]
    times = [index for index in positions(roles, "time") if index not in named.series]
    x = named.x if named.x is not None else next(iter(times), None)
    if x is None or roles[x] != "time":
        raise NotDrawnError("there is no datetime for the axis of time")
    ends = named.ys[:1] or tuple(i for i in times if i != x and _END.search(columns[i].name))[:1]
    if any(roles[index] != "time" for index in ends):
        raise NotDrawnError(f"column {columns[ends[0]].name!r} is {columns[ends[0]].type}, not a datetime")
    lanes = named.series or tuple(positions(roles, "text")[:1])
    return Roles(x, ends, lanes, notes=_others(columns, x, *ends, *lanes))


def _graph(named: Roles, columns: Sequence[Column]) -> Roles:
    """Source and target of each edge: ``series``, the columns whose names begin so, or the first two texts."""
    roles = [role_of(column) for column in columns]
    candidates = positions(roles, "text", *NUMBERS)
    called = [[i for i in candidates if pattern.search(columns[i].name)] for pattern in (_SOURCE, _TARGET)]
    texts = positions(roles, "text")
    ends = named.series or ((called[0][0], called[1][0]) if all(called) else tuple(texts[:2]))
    if len(ends) != 2 or ends[0] == ends[1] or any(roles[index] not in ("text", *NUMBERS) for index in ends):
        raise NotDrawnError("it takes two columns, the source and the target of each edge")
    return Roles(series=ends, notes=_others(columns, *ends))


def _space(named: Roles, columns: Sequence[Column]) -> Roles:
    """The first three numbers; the texts make the series."""
    roles = [role_of(column) for column in columns]
    free = [index for index in positions(roles, *NUMBERS) if index not in named.claimed]
    x = named.x if named.x is not None else next(iter(free), None)
    ys = (*named.ys, *(index for index in free if index != x))[:2]
    if x is None or len(ys) < 2 or any(roles[index] not in NUMBERS for index in (x, *ys)):
        raise NotDrawnError("it takes three columns of numbers")
    series = named.series or tuple(positions(roles, "text"))
    return Roles(x, ys, series, notes=_others(columns, x, *ys, *series))


CHOOSERS: dict[str, Callable[[Roles, Sequence[Column]], Roles]] = {
    **AXES_CHOOSERS,
    "piechart": _pie,
    "ladderchart": _ladder,
    "card": _card,
    "treemap": _treemap,
    "sankey": _sankey,
    "plotly": _plotly,
    "pivotchart": _pivot_chart,
    "timepivot": _time_pivot,
    "graph": _graph,
    "3dchart": _space,
}
"""How each visualization chooses its columns, from those that the query names and all columns."""

MAP_CHOOSERS = {"scatterchart": _points_on_a_map, "piechart": _pies_on_a_map}
"""The same of `kind=map`."""
