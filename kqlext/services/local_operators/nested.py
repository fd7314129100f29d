"""`top-nested`, `top-hitters`, `sample` and `sample-distinct`; `take` and `top` with a name for their number.

Sources: the pages of these operators in the Kusto Query Language.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from kqlext.errors import Span
from kqlext.services.local_operators import clauses
from kqlext.services.local_operators.clauses import name
from kqlext.services.local_operators.places import Change, Place
from kqlext.services.local_tables import filled, quoted
from kqlext.steps import pipes


def sample(place: Place) -> Change:
    """`sample n`: any rows, chosen at random."""
    count = place.number(place.arguments)
    rows = place.rows()
    table = place.workspace.create(f"SELECT * FROM {quoted(rows)} USING SAMPLE reservoir({max(count, 0)} ROWS)")
    place.expansion.unordered.add(table)
    return place.table(table)


def counted(place: Place) -> Change | None:
    """`take n` and `top n by x` with a name for the number, which the engine wants written."""
    span = clauses.clauses(place.text, place.arguments, ("by",)).head
    written = span.of(place.text)
    if written.startswith("-") and pipes.operator(place.text, place.span) != "top":
        raise place.wrong("The number of rows is below zero.", span)
    return None if not written or written.lstrip("-").isdecimal() else Change.of(span, str(place.number(span)))


def sample_distinct(place: Place) -> Change:
    """`sample-distinct n of expression`."""
    parts = clauses.clauses(place.text, place.arguments, ("of",))
    of = parts.get("of")
    if of is None:
        raise place.wrong("sample-distinct needs an expression.", None, "write sample-distinct 10 of Column")
    count = place.number(parts.head)
    return place.instead(f"| distinct {of.of(place.text)} | take {count}")


def top_hitters(place: Place) -> Change:
    """`top-hitters n of expression [by sum]`: exact here."""
    parts = clauses.clauses(place.text, place.arguments, ("of", "by"))
    of, by = parts.get("of"), parts.get("by")
    if of is None:
        raise place.wrong("top-hitters needs an expression.", None, "write top-hitters 10 of Column")
    count = place.number(parts.head)
    key = place.columns_of_kql(f"{place.before.of(place.text)} | distinct {of.of(place.text)}")[0].name
    made = f"approximate_count_{key}"
    if by is not None:
        summed = place.columns_of_kql(f"{place.before.of(place.text)} | project {by.of(place.text)}")[0].name
        made = f"approximate_sum_{summed}"
    value = f"sum({by.of(place.text)})" if by is not None else "count()"
    return place.instead(
        f"| summarize {name(made)} = {value} by {of.of(place.text)}\n| top {count} by {name(made)} desc"
    )


# --- top-nested ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Level:
    """One clause of `top-nested`; ``key`` and ``value`` are its columns."""

    count: int | None
    expression: Span
    others: Span | None
    aggregate: Span
    descending: bool
    key: str
    value: str


def top_nested(place: Place) -> Change:
    """`top-nested`: the top values of each level within those of the levels before."""
    rows = place.rows()
    levels = []
    for number, span in enumerate(clauses.items(place.text, place.arguments)):
        level = _level(place, rows, span, number)
        kind = f"{name(level.key)} = {_without_name(place, level.expression)}"
        rows = place.run(f"{rows} | extend {name(_hidden(number))} = {kind.split(' = ', 1)[1]}")
        levels.append(level)
    others = []
    for number, level in enumerate(levels):
        ranked = _with_values(place, rows, levels, number)
        rows = ranked
        if level.count is not None:
            within = f"{quoted(_rank(number))} <= {level.count}"
            rows = place.workspace.create(f"SELECT * FROM {quoted(ranked)} WHERE {within} ORDER BY rowid")
            if any(each.others is not None for each in levels[number:]):
                beyond = place.workspace.create(f"SELECT * FROM {quoted(ranked)} WHERE NOT ({within}) ORDER BY rowid")
                others.append(_others(place, beyond, levels, number))
    columns = [name for number in range(len(levels)) for name in (_hidden(number), _value(number))]
    ranks = [f"min({quoted(_rank(number))}) AS {quoted(_rank(number))}" for number in range(len(levels))]
    groups = ", ".join(map(quoted, columns))
    tables = " UNION ALL BY NAME ".join(
        [f"SELECT {groups}, {', '.join(ranks)} FROM {quoted(rows)} GROUP BY {groups}", *others]
    )
    names = [name for level in levels for name in (level.key, level.value)]
    texts = {column.name for column in place.workspace.table_columns(rows) if column.type == "string"}
    shown = [filled(quoted(column)) if column in texts else quoted(column) for column in columns]
    given = [f"{column} AS {quoted(name)}" for column, name in zip(shown, names, strict=True)]
    order = ", ".join(f"{quoted(_rank(number))} NULLS FIRST" for number in range(len(levels)))
    return place.table(place.workspace.create(f"SELECT {', '.join(given)} FROM ({tables}) ORDER BY {order}"))


def _hidden(number: int) -> str:
    return f"__kqlext_key_{number}"


def _value(number: int) -> str:
    return f"__kqlext_value_{number}"


def _rank(number: int) -> str:
    return f"__kqlext_rank_{number}"


def _without_name(place: Place, span: Span) -> str:
    return clauses.assigned(place.text, span)[1].of(place.text)


def _level(place: Place, rows: str, span: Span, number: int) -> _Level:
    text = place.text
    words = list(pipes.outer(text, span))
    start = words[0].end if number and words and words[0].text == "top-nested" else span.start
    parts = clauses.clauses(text, Span(start, span.end), ("of", "with", "by"))
    of, others, by = parts.get("of"), parts.get("with"), parts.get("by")
    if of is None or by is None or not by.of(text):
        raise place.wrong(
            "top-nested needs what it is of and what it is by.", span, "write top-nested 3 of A by count()"
        )
    constant = None
    if others is not None:
        found = list(pipes.outer(text, others))
        if [word.text for word in found[:2]] != ["others", "="]:
            raise place.wrong("Behind with stands others = a value.", others)
        constant = clauses.trimmed(text, Span(found[1].end, others.end))
    last = list(pipes.outer(text, by))[-1]
    ascending = last.text in ("asc", "desc")
    aggregate = clauses.trimmed(text, Span(by.start, last.start)) if ascending else by
    key = place.columns_of_kql(f"{rows} | distinct {of.of(text)}")[0].name
    value = clauses.assigned(text, aggregate)[0] or f"aggregated_{key}"
    count = place.number(parts.head) if parts.head.of(text) else None
    return _Level(count, of, constant, aggregate, last.text != "asc", key, value)


def _others(place: Place, rows: str, levels: Sequence[_Level], number: int) -> str:
    """SQL of a row for what is not among the top of a level: its value, and that of each level below it, where they
    name the others; nothing where they do not.
    """
    text = place.text
    named = [index for index in range(number, len(levels)) if levels[index].others is not None]
    values = [f"{name(_value(index))} = {_without_name(place, levels[index].aggregate)}" for index in named]
    before = [make(index) for index in range(number) for make in (_hidden, _value, _rank)]
    grouped = place.run(f"{rows} | summarize {', '.join(values)} by {', '.join([*map(name, before), 'one = 1'])}")
    keys = []
    for index in named:
        level = levels[index]
        assert level.others is not None
        constant = place.run(f"print value = {level.others.of(text)}")
        given = place.workspace.table_columns(constant)[0].type
        kind = next(c.type for c in place.workspace.table_columns(rows) if c.name == _hidden(index))
        if kind != given:
            raise place.wrong(f"The others are of the type {given}, and {level.key} of the type {kind}.", level.others)
        keys.append(f"(SELECT value FROM {quoted(constant)}) AS {quoted(_hidden(index))}")
    columns = [*map(quoted, [*before, *(_value(index) for index in named)]), *keys]
    return f"SELECT {', '.join(columns)}, {levels[number].count} + 1 AS {quoted(_rank(number))} FROM {quoted(grouped)}"


def _with_values(place: Place, rows: str, levels: Sequence[_Level], number: int) -> str:
    level = levels[number]
    keys = [_hidden(index) for index in range(number + 1)]
    aggregate = _without_name(place, level.aggregate)
    values = place.run(f"{rows} | summarize {name(_value(number))} = {aggregate} by {', '.join(map(name, keys))}")
    outer = ", ".join(map(quoted, keys[:-1]))
    order = f"{quoted(_value(number))} {'DESC' if level.descending else 'ASC'} NULLS LAST, rowid"
    ranked = place.workspace.create(
        f"SELECT *, row_number() OVER ({f'PARTITION BY {outer} ' if outer else ''}ORDER BY {order}) "
        f"AS {quoted(_rank(number))} FROM {quoted(values)}"
    )
    same = " AND ".join(f"r.{quoted(key)} IS NOT DISTINCT FROM v.{quoted(key)}" for key in keys)
    return place.workspace.create(
        f"SELECT r.*, v.{quoted(_value(number))}, v.{quoted(_rank(number))} "
        f"FROM {quoted(rows)} r JOIN {quoted(ranked)} v ON {same} ORDER BY r.rowid"
    )
