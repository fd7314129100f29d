"""Which columns of a table are x, series and y of a chart, by their types and by what the query names. Pure.

By default x is the first column that the chart can use, y is every number that is left, and the texts that are left
make the series. A column's role is what it can be in a chart:

| role              | columns                                                        |
|-------------------|----------------------------------------------------------------|
| number            | int, long, real, decimal                                       |
| time              | datetime                                                       |
| duration          | timespan, drawn in seconds; y only where there is no number    |
| text              | string, guid, bool                                             |
| numbers, times    | dynamic that holds arrays of them, as make-series gives        |
| other             | any other dynamic                                              |
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from kqlext.decode.dynamic import DynamicValues
from kqlext.decode.tables import Column
from kqlext.text import did_you_mean, listing

_ROLES = {
    "int": "number", "long": "number", "real": "number", "decimal": "number", "datetime": "time",
    "timespan": "duration", "string": "text", "guid": "text", "bool": "text",
}  # fmt: skip
_LOOKED_AT = 50  # rows, and elements of an array, that tell what a dynamic column holds
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d")


class NotDrawnError(Exception):
    """No picture can be drawn of this table; the message is the reason, in one line."""


@dataclass(frozen=True)
class Roles:
    """Columns by what they are in the chart: those that the query names, or all."""

    x: int | None = None
    ys: tuple[int, ...] = ()
    series: tuple[int, ...] = ()
    anomalies: tuple[int, ...] = ()
    arrays: bool = False
    notes: tuple[str, ...] = ()

    @property
    def claimed(self) -> set[int]:
        return {*(() if self.x is None else (self.x,)), *self.ys, *self.series, *self.anomalies}


def role_of(column: Column) -> str:
    """What a column can be in a chart."""
    if not isinstance(column.data, DynamicValues):
        return _ROLES.get(column.type, "other")
    sample = next((value for value in column.values(0, _LOOKED_AT) if isinstance(value, list) and value), None)
    if sample is None:
        return "other"
    elements = [element for element in sample[:_LOOKED_AT] if element is not None]
    if all(_is_number(element) for element in elements):
        return "numbers"
    return "times" if all(isinstance(e, str) and _MOMENT.match(e) for e in elements) else "other"


def _is_number(value: Any) -> bool:
    if isinstance(value, str):
        return value in ("NaN", "Infinity", "-Infinity")
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def find_columns(named: Any, columns: Sequence[Column], name: str) -> tuple[int, ...]:
    """The columns that a property names: a list, or a text with commas.

    Raises:
        NotDrawnError: there is no such column.
    """
    if named is None:
        return ()
    names = [column.name for column in columns]
    if isinstance(named, str):
        named = [named] if named in names else [part.strip() for part in named.split(",") if part.strip()]
    if not isinstance(named, (list, tuple)):
        raise NotDrawnError(f"{name} does not name a column")
    found = []
    for wanted in map(str, named):
        if wanted not in names:
            hint = did_you_mean(wanted, names) or f"columns are {listing(names)}"
            raise NotDrawnError(f"{name} names {wanted!r}, which is no column; {hint}")
        found.append(names.index(wanted))
    return tuple(dict.fromkeys(found))


# --- charts with axes --------------------------------------------------------------------------------------

_POINTS = ("number", "time", "duration")


def _time(roles: Sequence[str]) -> list[int]:
    return [*_of(roles, "time"), *_of(roles, "times")]


def _line(roles: Sequence[str]) -> list[int]:
    texts = _of(roles, "text")
    if roles[0] == "text" and "time" not in roles and "times" not in roles:
        return [0, *_of(roles, *_POINTS)]
    return [*_of(roles, *_POINTS), *_of(roles, "times", "numbers"), *texts]


def _number(roles: Sequence[str]) -> list[int]:
    return [*_of(roles, *_POINTS), *_of(roles, "times", "numbers"), *_of(roles, "text")]


def _category(roles: Sequence[str]) -> list[int]:
    return [*_of(roles, *_POINTS, "text"), *_of(roles, "times", "numbers")]


def _of(roles: Sequence[str], *wanted: str) -> list[int]:
    return [index for index, role in enumerate(roles) if role in wanted]


def _with_axes(candidates: Callable[[Sequence[str]], list[int]], what: str) -> Callable[..., Roles]:
    """A chooser for charts with axes: the first candidate for x that leaves something for y."""

    def choose(named: Roles, columns: Sequence[Column]) -> Roles:
        roles = [role_of(column) for column in columns]
        possible = candidates(roles)
        if named.x is not None:
            if named.x not in possible:
                raise NotDrawnError(f"xcolumn {columns[named.x].name!r} is {columns[named.x].type}, not {what}")
            possible = [named.x]
        possible = [x for x in possible if x not in {*named.ys, *named.series, *named.anomalies}]
        if not possible:
            raise NotDrawnError(f"there is no column for the x axis: it takes {what}")
        for x in possible:
            if found := _values(replace(named, x=x), roles, columns):
                return found
        raise NotDrawnError(f"there is no column of numbers for the y axis beside '{columns[possible[0]].name}'")

    return choose


def _values(named: Roles, roles: Sequence[str], columns: Sequence[Column]) -> Roles | None:
    """The columns with y and series filled in, or None where nothing is left for y."""
    assert named.x is not None
    arrays = roles[named.x] in ("times", "numbers")
    usable = ("numbers",) if arrays else ("number", "duration")
    for index in (*named.ys, *named.anomalies):
        if roles[index] not in usable:
            wanted = "arrays of numbers, as x is one" if arrays else "a number"
            raise NotDrawnError(f"column {columns[index].name!r} is {columns[index].type}, not {wanted}")
    taken = named.claimed
    free = [index for index in range(len(columns)) if index not in taken]
    ys = named.ys or tuple(index for index in free if roles[index] == usable[0])
    ys = ys or tuple(index for index in free if roles[index] == usable[-1])
    if not ys:
        return None
    series = named.series or tuple(index for index in free if roles[index] == "text")
    left = [columns[index].name for index in free if index not in (*ys, *series)]
    notes = (_not_drawn(left),) if left and not named.ys else ()
    return replace(named, ys=ys, series=series, arrays=arrays, notes=notes)


def _not_drawn(names: Iterable[str]) -> str:
    return f"Not in the chart: {listing(names, 6)}."


# --- charts without ----------------------------------------------------------------------------------------


def _pie(named: Roles, columns: Sequence[Column]) -> Roles:
    found = _with_axes(_category, "a text, number or datetime")(named, columns)
    if found.arrays:
        raise NotDrawnError("a pie is not drawn of arrays")
    left = [columns[index].name for index in (*found.ys[1:], *found.series)]
    notes = (*found.notes, _not_drawn(left)) if left else found.notes
    return replace(found, ys=found.ys[:1], series=(), notes=notes)


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
    ys = named.ys or tuple(index for index in free if roles[index] == "number")
    levels = named.series or tuple(index for index in free if roles[index] == "text" and index not in ys)
    levels = ((named.x,) if named.x is not None and named.x not in levels else ()) + levels
    if not ys or roles[ys[0]] != "number":
        raise NotDrawnError("there is no column of numbers for the size")
    if not levels:
        raise NotDrawnError("there is no column of texts for the areas")
    left = [columns[index].name for index in range(len(columns)) if index not in (ys[0], *levels)]
    return Roles(ys=ys[:1], series=levels, notes=(_not_drawn(left),) if left else ())


def _sankey(_: Roles, columns: Sequence[Column]) -> Roles:
    roles = [role_of(column) for column in columns]
    texts, numbers = _of(roles, "text"), _of(roles, "number")
    if len(texts) != 2 or len(numbers) != 1:
        raise NotDrawnError("it takes two columns of texts, from and to, and one number")
    return Roles(ys=tuple(numbers), series=tuple(texts))


def _plotly(_: Roles, columns: Sequence[Column]) -> Roles:
    if role_of(columns[0]) not in ("text", "other"):
        raise NotDrawnError("the first column does not hold a figure's JSON")
    return Roles(ys=(0,))


_LONGITUDE, _LATITUDE = re.compile(r"lon(g|gitude)?$|lng$", re.I), re.compile(r"lat(itude)?$", re.I)


def _map(named: Roles, columns: Sequence[Column]) -> Roles:
    """Longitude and latitude: the columns named so, or the first two numbers; or a column of GeoJSON points."""
    roles = [role_of(column) for column in columns]
    free = [index for index in range(len(columns)) if index not in named.series]
    texts = [index for index in free if roles[index] == "text"]
    points = [i for i in free if any(isinstance(v, dict) and v.get("type") == "Point" for v in _sample(columns[i]))]
    if points and named.x in (None, *points):
        return Roles(named.x if named.x is not None else points[0], series=named.series or tuple(texts))
    numbers = [index for index in free if roles[index] == "number"]
    x = named.x if named.x is not None else _called(_LONGITUDE, numbers, columns, 0)
    y = named.ys[0] if named.ys else _called(_LATITUDE, [i for i in numbers if i != x], columns, 0)
    if x is None or y is None or roles[x] != "number" or roles[y] != "number":
        raise NotDrawnError("a map takes two columns of numbers, longitude and latitude, or one of GeoJSON points")
    return Roles(x, (y,), named.series or tuple(texts))


def _called(pattern: re.Pattern[str], numbers: Sequence[int], columns: Sequence[Column], default: int) -> int | None:
    named = [index for index in numbers if pattern.search(columns[index].name)]
    return next(iter([*named, *numbers[default:]]), None)


def _sample(column: Column) -> list[Any]:
    return column.values(0, _LOOKED_AT) if isinstance(column.data, DynamicValues) else []


CHOOSERS: dict[str, Callable[[Roles, Sequence[Column]], Roles]] = {
    "timechart": _with_axes(_time, "a datetime"),
    "anomalychart": _with_axes(_time, "a datetime"),
    "linechart": _with_axes(_line, "a number, datetime or text"),
    "areachart": _with_axes(_line, "a number, datetime or text"),
    "scatterchart": _with_axes(_number, "a number, datetime or text"),
    "columnchart": _with_axes(_category, "a text, number or datetime"),
    "barchart": _with_axes(_category, "a text, number or datetime"),
    "piechart": _pie,
    "ladderchart": _ladder,
    "card": _card,
    "treemap": _treemap,
    "sankey": _sankey,
    "plotly": _plotly,
    "map": _map,
}
"""How each visualization chooses its columns, from those that the query names and all columns."""
