"""`make-series`: an array of aggregated values along an axis, for each group.

Bins begin at `from`, or where `bin()` begins them; a series without `from` or `to` spans the bins that have rows. With
`in range(start, stop, step)` bins begin where `bin()` begins them, and the one of `stop` is in.

Source: "make-series operator" of the Kusto Query Language.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from kqlext.errors import Span
from kqlext.services.local_functions.rows import as_dynamic
from kqlext.services.local_operators import clauses
from kqlext.services.local_operators.clauses import Clauses
from kqlext.services.local_operators.places import Change, Place
from kqlext.services.local_tables import quoted
from kqlext.steps import pipes

_MOST = 2**20
_NUMBERS = ("int", "long", "real", "decimal")
_X, _BIN, _ROW = "__kqlext_x", "__kqlext_bin", "__kqlext_row"
# What an axis of a type is counted in, where its bins begin, and how its values are written in an array.
_SCALES = {
    "datetime": ("epoch_us({})", "-62135596800000000", "strftime(make_timestamp({}), '%Y-%m-%dT%H:%M:%S.%f') || '0Z'"),
    "timespan": ("CAST(extract(epoch FROM {}) * 1000000 AS BIGINT)", "0", ""),
    "long": ("{}", "0", "{}"),
    "int": ("CAST({} AS BIGINT)", "0", "CAST({} AS INTEGER)"),
    "real": ("CAST({} AS DOUBLE)", "0.0", "{}"),
}


@dataclass(frozen=True)
class _Aggregate:
    written: Span
    default: Span | None


@dataclass(frozen=True)
class _Axis:
    """The axis as numbers: SQL of the first bin's start, of the end (both empty where they are not given), the step."""

    start: str
    end: str
    step: str
    inclusive: bool
    scale: tuple[str, str, str]
    kind: str

    @property
    def origin(self) -> str:
        return self.scale[1] if self.inclusive or not self.start else self.start


def make_series(place: Place) -> Change:
    """`make-series`."""
    parameters, rest = clauses.parameters(place.text, place.arguments)
    parts = clauses.clauses(place.text, rest, ("on", "by"))
    where = parts.get("on")
    if where is None:
        raise place.wrong("make-series needs an axis.", None, "write on TimeGenerated step 1h")
    aggregates = [_aggregate(place.text, span) for span in clauses.items(place.text, parts.head)]
    axis_parts = clauses.clauses(place.text, where, ("from", "to", "step", "in"))
    name, expression = clauses.assigned(place.text, axis_parts.head)
    name = name or clauses.column(place.text, axis_parts.head) or ""
    if not name:
        raise place.refused("The embedded engine takes a column as the axis.", axis_parts.head, "name it: on x = …")
    rows = place.run(f"{place.rows()} | extend {clauses.name(_X)} = {expression.of(place.text)}")
    axis = _axis(place, axis_parts, rows)
    by = parts.get("by")
    keys, values, binned = _binned(place, rows, axis, aggregates, by)
    defaults = [_default(place, aggregate) for aggregate in aggregates]
    nonempty = parameters.get("kind") == "nonempty" and by is None
    return place.table(_arrays(place, binned, axis, name, keys, values, defaults, nonempty))


def _aggregate(text: str, span: Span) -> _Aggregate:
    words = list(pipes.outer(text, span))
    for word, equals in itertools.pairwise(words):
        if word.text == "default" and equals.text == "=" and word is not words[0]:
            written = clauses.trimmed(text, Span(span.start, word.start))
            return _Aggregate(written, clauses.trimmed(text, Span(equals.end, span.end)))
    return _Aggregate(span, None)


def _axis(place: Place, parts: Clauses, rows: str) -> _Axis:
    kind = next(column.type for column in place.workspace.table_columns(rows) if column.name == _X)
    if kind not in _SCALES:
        raise place.wrong(f"The axis is of the type {kind}.", parts.head, "take a column of times or numbers")
    scale = _SCALES[kind]
    inside = parts.get("in")
    if inside is not None:
        bracket = next(clauses.brackets(place.text, inside), None)
        given = clauses.items(place.text, bracket[1]) if bracket and bracket[0] == "range" else []
        if len(given) != 3:
            raise place.wrong("in takes range(start, stop, step).", inside)
        start, end, step = (_number(place, span, scale, kind) for span in given)
    else:
        found = [parts.get("from"), parts.get("to"), parts.get("step")]
        if found[2] is None:
            raise place.wrong("make-series needs a step.", parts.head, "write step 1h")
        start, end, step = ("" if span is None else _number(place, span, scale, kind) for span in found)
    if place.workspace.fetch(f"SELECT coalesce({step} > 0, false)")[0][0] is not True:
        raise place.wrong("The step is not above zero.", parts.get("step") or inside)
    return _Axis(start, end, step, inside is not None, scale, kind)


def _number(place: Place, span: Span, scale: tuple[str, str, str], kind: str) -> str:
    """SQL of a bound or a step, in what the axis is counted in."""
    table = place.run(f"print value = {span.of(place.text)}")
    found = place.workspace.table_columns(table)[0].type
    if found == "timespan":
        scale = _SCALES["timespan"]
    elif found == "datetime" or kind not in ("datetime", "timespan"):
        scale = _SCALES[kind]
    else:
        raise place.wrong(f"This is of the type {found}, and the axis of the type {kind}.", span)
    value = place.workspace.fetch(f"SELECT {scale[0].format('value')} FROM {quoted(table)}")[0][0]
    if value is None:
        raise place.wrong("This is null.", span)
    return repr(value) if kind == "real" else str(value)


def _binned(
    place: Place, rows: str, axis: _Axis, aggregates: Sequence[_Aggregate], by: Span | None
) -> tuple[list[str], list[str], str]:
    """The aggregates of each group and bin: names of the groups' columns, of the aggregates, and the table."""
    x = axis.scale[0].format(quoted(_X))
    number = f"CAST(floor(({x} - {axis.origin}) / CAST({axis.step} AS DOUBLE)) AS BIGINT)"
    if axis.kind != "real":
        away = f"({x} - {axis.origin})"
        number = f"({away} - (({away} % {axis.step}) + {axis.step}) % {axis.step}) // {axis.step}"
    bins = place.workspace.create(
        f"SELECT * EXCLUDE ({_X}), CAST({number} AS BIGINT) AS {_BIN}, row_number() OVER () AS {_ROW} "
        f"FROM {quoted(rows)} WHERE {_X} IS NOT NULL"
    )
    written = ", ".join(aggregate.written.of(place.text) for aggregate in aggregates)
    keys = f"{by.of(place.text)}, " if by is not None and by.of(place.text) else ""
    first = f"{clauses.name(_ROW)} = min({clauses.name(_ROW)})"
    table = place.run(f"{bins} | summarize {written}, {first} by {keys}{clauses.name(_BIN)}")
    columns = place.workspace.table_columns(table)
    middle = [column.name for column in columns].index(_BIN)
    values = columns[middle + 1 : -1]
    for column, aggregate in zip(values, aggregates, strict=True):
        if column.type not in _NUMBERS:
            raise place.wrong(f"make-series takes numbers; this gives the type {column.type}.", aggregate.written)
    return [column.name for column in columns[:middle]], [column.name for column in values], table


def _default(place: Place, aggregate: _Aggregate) -> str:
    """SQL of what stands for a bin without rows."""
    if aggregate.default is None:
        return "0"
    table = place.run(f"print value = {aggregate.default.of(place.text)}")
    return f"(SELECT value FROM {quoted(table)})"


def _arrays(
    place: Place,
    binned: str,
    axis: _Axis,
    name: str,
    keys: Sequence[str],
    values: Sequence[str],
    defaults: Sequence[str],
    nonempty: bool,
) -> str:
    """A table of a row for each group: its columns, an array of each aggregate, and one of the axis."""
    source = quoted(binned)
    group = ", ".join(map(quoted, keys))
    low, high = _limits(axis)
    spans = (
        f"SELECT {group + ', ' if keys else ''}{low} AS __kqlext_low, {high} AS __kqlext_high, "
        f"min({_ROW}) AS __kqlext_first FROM {source} "
        + (f"GROUP BY {group}" if keys else ("" if nonempty else "HAVING count(*) > 0"))
    )
    longest = place.workspace.fetch(f"SELECT coalesce(max(__kqlext_high - __kqlext_low), 0) FROM ({spans})")[0][0]
    if longest > _MOST:
        raise place.wrong(
            f"A series would have {longest:,} values; make-series gives {_MOST:,} at most.", None, "take a longer step"
        )
    grid = f"SELECT *, unnest(range(__kqlext_low, __kqlext_high)) AS {_BIN} FROM ({spans})"
    same = " AND ".join(
        [f"g.{_BIN} = b.{_BIN}", *(f"g.{quoted(key)} IS NOT DISTINCT FROM b.{quoted(key)}" for key in keys)]
    )
    arrays = [
        f"to_json(list({as_dynamic(f'(CASE WHEN b.{_BIN} IS NULL THEN {default} ELSE b.{quoted(value)} END)')} "
        f"ORDER BY g.{_BIN})) AS {quoted(value)}"
        for value, default in zip(values, defaults, strict=True)
    ]
    position = f"{axis.origin} + g.{_BIN} * {axis.step}"
    shown = _timespan(position) if axis.kind == "timespan" else axis.scale[2].format(position)
    arrays.append(f"to_json(list({shown} ORDER BY g.{_BIN})) AS {quoted(name)}")
    chosen = [*(f"g.{quoted(key)}" for key in keys), *arrays]
    return place.workspace.create(
        f"SELECT {', '.join(chosen)} FROM ({grid}) g LEFT JOIN {source} b ON {same} "
        f"GROUP BY {''.join(f'g.{quoted(key)}, ' for key in keys)}g.__kqlext_first ORDER BY g.__kqlext_first"
    )


def _limits(axis: _Axis) -> tuple[str, str]:
    """SQL of the first bin of a series, and of the one behind its last."""
    step = f"CAST({axis.step} AS DOUBLE)"
    if axis.inclusive:
        first = f"CAST(ceil(({axis.start} - {axis.origin}) / {step}) AS BIGINT)"
        return first, f"CAST(floor(({axis.end} - {axis.origin}) / {step}) AS BIGINT) + 1"
    low = "0" if axis.start else f"min({_BIN})"
    high = f"CAST(ceil(({axis.end} - {axis.origin}) / {step}) AS BIGINT)" if axis.end else f"max({_BIN}) + 1"
    return f"CAST({low} AS BIGINT)", f"CAST({high} AS BIGINT)"


def _timespan(microseconds: str) -> str:
    """SQL of a timespan as Kusto writes it."""
    value = f"abs({microseconds})"
    day = 86_400_000_000
    return (
        f"(CASE WHEN {microseconds} < 0 THEN '-' ELSE '' END || "
        f"CASE WHEN {value} >= {day} THEN ({value} // {day}) || '.' ELSE '' END || "
        f"printf('%02d:%02d:%02d', {value} // 3600000000 % 24, {value} // 60000000 % 60, {value} // 1000000 % 60) || "
        f"CASE WHEN {value} % 1000000 > 0 THEN printf('.%06d0', {value} % 1000000) ELSE '' END)"
    )
