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
| dynamic           | dynamic that holds only numbers; y only where no column is one |
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
LOOKED_AT = 50  # rows, and elements of an array, that tell what a dynamic column holds
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
    levels: tuple[int, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def claimed(self) -> set[int]:
        return {*(() if self.x is None else (self.x,)), *self.ys, *self.series, *self.anomalies}


def role_of(column: Column) -> str:
    """What a column can be in a chart."""
    if not isinstance(column.data, DynamicValues):
        return _ROLES.get(column.type, "other")
    begin = column.values(0, LOOKED_AT)
    sample = next((value for value in begin if isinstance(value, list) and value), None)
    if sample is None:
        return "dynamic" if _are_numbers(begin, column.data) else "other"
    elements = [element for element in sample[:LOOKED_AT] if element is not None]
    if all(_is_number(element) for element in elements):
        return "numbers"
    return "times" if all(isinstance(e, str) and _MOMENT.match(e) for e in elements) else "other"


def _are_numbers(begin: Sequence[Any], data: DynamicValues) -> bool:
    """Whether all values are numbers, or null; all of them are decoded only where the first ones are."""
    if any(value is not None and not _is_number(value) for value in begin):
        return False
    there = [value for value in data.values if value is not None]
    return all(map(_is_number, there)) and not all(isinstance(value, str) for value in there)


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
NUMBERS = ("number", "dynamic")
NUMERIC = (*NUMBERS, "duration")


def _time(roles: Sequence[str]) -> list[int]:
    return [*positions(roles, "time"), *positions(roles, "times")]


def _line(roles: Sequence[str]) -> list[int]:
    if roles[0] == "text" and "time" not in roles and "times" not in roles:
        return [0, *positions(roles, *_POINTS), *positions(roles, "dynamic")]
    return _number(roles)


def _number(roles: Sequence[str]) -> list[int]:
    return [
        index for some in (_POINTS, ("times", "numbers"), ("dynamic",), ("text",)) for index in positions(roles, *some)
    ]


def _category(roles: Sequence[str]) -> list[int]:
    return [*positions(roles, *_POINTS, "text"), *positions(roles, "times", "numbers"), *positions(roles, "dynamic")]


def positions(roles: Sequence[str], *wanted: str) -> list[int]:
    """Where these roles are."""
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
    usable = ("numbers",) if arrays else NUMERIC
    for index in (*named.ys, *named.anomalies):
        if roles[index] not in usable:
            wanted = "arrays of numbers, as x is one" if arrays else "a number"
            raise NotDrawnError(f"column {columns[index].name!r} is {columns[index].type}, not {wanted}")
    taken = named.claimed
    free = [index for index in range(len(columns)) if index not in taken]
    found = (tuple(index for index in free if roles[index] == role) for role in usable)
    ys = named.ys or next(filter(None, found), ())
    if not ys:
        return None
    series = named.series or tuple(index for index in free if roles[index] == "text")
    left = [columns[index].name for index in free if index not in (*ys, *series)]
    return replace(named, ys=ys, series=series, arrays=arrays, notes=() if named.ys else left_out(left))


def left_out(names: Iterable[str]) -> tuple[str, ...]:
    """The note that these columns are not in the chart, if there are any."""
    known = list(names)
    return (f"Not in the chart: {listing(known, 6)}.",) if known else ()


category_axis = _with_axes(_category, "a text, number or datetime")


AXES_CHOOSERS: dict[str, Callable[[Roles, Sequence[Column]], Roles]] = {
    "timechart": _with_axes(_time, "a datetime"),
    "anomalychart": _with_axes(_time, "a datetime"),
    "linechart": _with_axes(_line, "a number, datetime or text"),
    "areachart": _with_axes(_line, "a number, datetime or text"),
    "scatterchart": _with_axes(_number, "a number, datetime or text"),
    "columnchart": category_axis,
    "barchart": category_axis,
}
"""How each chart with axes chooses its columns, from those that the query names and all columns."""
