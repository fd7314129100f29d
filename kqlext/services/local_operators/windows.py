"""Window functions over rows that are in order, in any operator: `prev`, `next`, `row_number`, `row_cumsum`,
`row_rank_dense`, `row_rank_min` and `row_window_session`. Each call becomes a column of the rows before the operator.

Sources: "Window functions overview" and the pages of these functions in the Kusto Query Language.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from kqlext.errors import Span
from kqlext.services.local_operators import clauses
from kqlext.services.local_operators.places import Change, Place, is_own
from kqlext.services.local_tables import filled, quoted
from kqlext.steps import pipes
from kqlext.syntax import Token

# Operators whose answer has none of the columns before them but those that they name.
_CHOOSES = frozenset("project summarize distinct count make-series top-nested top-hitters".split())

# Operators that make columns, which may be without a name.
_NAMES = frozenset("extend project serialize summarize print".split())

GROUPS = "__kqlext_group_"
"""How columns begin that number groups of rows, each of which is to be looked at by itself."""

_RUN = "OVER (PARTITION BY __kqlext_run ORDER BY __kqlext_position)"


@dataclass(frozen=True)
class _Function:
    """A window function.

    Attributes:
        least, most: how many arguments it takes.
        value: SQL of its value; {0} and so on are its arguments.
        rest: SQL of arguments that are left out.
        restart: which argument says where it begins anew.
        term: which argument's changes it counts.
    """

    least: int
    most: int
    value: str
    rest: tuple[str, ...] = ()
    restart: int | None = None
    term: int | None = None


_FUNCTIONS = {
    "prev": _Function(1, 3, f"lag({{0}}, {{1}}, {{2}}) {_RUN}", ("", "1", "NULL")),
    "next": _Function(1, 3, f"lead({{0}}, {{1}}, {{2}}) {_RUN}", ("", "1", "NULL")),
    "row_number": _Function(0, 2, "__kqlext_number + {0} - 1", ("1",), restart=1),
    "row_cumsum": _Function(1, 2, f"sum({{0}}) {_RUN}", restart=1),
    "row_rank_dense": _Function(1, 2, f"CAST(sum(__kqlext_new) {_RUN} AS BIGINT)", restart=1, term=0),
    "row_rank_min": _Function(
        1, 2, f"max(CASE __kqlext_new WHEN 1 THEN __kqlext_number END) {_RUN}", restart=1, term=0
    ),
    "row_window_session": _Function(3, 4, "__kqlext_start"),
}
_SESSIONS = ("row_window_session",)


def windows(place: Place) -> Change | None:
    """The last call of a window function in an operator, as a column of the rows before it."""
    text = place.text
    calls = window_calls(place)
    if not calls:
        return None
    token = calls[-1]
    inside = clauses.inside(text, Span(token.end, place.span.end))
    if inside is None:
        return None
    call = Span(token.start, inside.end + 1)
    arguments = clauses.items(text, inside)
    function = _FUNCTIONS[token.text]
    if not function.least <= len(arguments) <= function.most:
        raise place.wrong(f"{token.text} takes {function.least} to {function.most} arguments.", call)
    if pipes.operator(text, place.span) != "serialize" and not _is_serialized(place):
        raise place.wrong(
            f"{token.text} needs rows that are in an order.", token.span, "put | sort by … or | serialize before it"
        )
    column = f"__kqlext_window_{len(place.workspace.own)}"
    table = _with_column(place, token.text, arguments, column)
    value = column if _is_named(place, call) else f"iff(true, {column}, {column})"
    edits = [(Span(place.pipeline.start, place.before.end), table), (call, value)]
    if pipes.operator(text, place.span) not in _CHOOSES:
        edits.append((Span(place.span.end, place.span.end), f"\n| project-away {clauses.name(column)}"))
    return Change(tuple(edits))


def _is_named(place: Place, call: Span) -> bool:
    """Whether what a call stands in has a name. Without one the call must not become a column, which would give it its
    own: Kusto numbers such columns.
    """
    items = clauses.items(place.text, place.arguments)
    around = next((item for item in items if item.start <= call.start < item.end), call)
    return pipes.operator(place.text, place.span) not in _NAMES or bool(clauses.assigned(place.text, around)[0])


def window_calls(place: Place) -> list[Token]:
    """The names of the window functions that an operator calls."""
    code = list(pipes.tokens(place.text, place.span))
    return [
        token
        for before, token, behind in zip(code, code[1:], code[2:], strict=False)
        if token.text in _FUNCTIONS and behind.text == "(" and before.text != "."
    ]


def _is_serialized(place: Place) -> bool:
    """Whether the rows before an operator are in an order that counts, or may be."""
    pieces = pipes.pipeline(place.text, place.before)
    source = clauses.column(place.text, pieces[0])
    if source is None:
        ordered = pipes.operator(place.text, pieces[0]) not in ("datatable", "union", "print", "externaldata")
    elif is_own(source):
        ordered = source not in place.expansion.unordered
    else:
        ordered = source not in place.workspace.tables()
    for piece in pieces:
        ordered = pipes.orders(pipes.operator(place.text, piece), ordered)
    return ordered


def _with_column(place: Place, name: str, arguments: Sequence[Span], column: str) -> str:
    """A table of the rows before the operator with a window function's value as one more column."""
    given = [f"{column}_{index}" for index in range(len(arguments))]
    rows = place.rows()
    columns = [known.name for known in place.workspace.table_columns(rows)]
    if arguments:
        pairs = zip(given, arguments, strict=True)
        added = ", ".join(f"{clauses.name(argument)} = {span.of(place.text)}" for argument, span in pairs)
        rows = place.run(f"{rows} | extend {added}")
    function = _FUNCTIONS[name]
    value = function.value.format(*map(quoted, given), *function.rest[len(given) :])
    if name in ("prev", "next"):
        kinds = {known: kind for known, kind, *_ in place.workspace.fetch(f"DESCRIBE {quoted(rows)}")}
        value = filled(value) if kinds[given[0]] == "VARCHAR" else value
    sessions = f" JOIN {_sessions(place, rows, given)} USING (__kqlext_position)" if name in _SESSIONS else ""
    restart = given[function.restart] if function.restart is not None and function.restart < len(given) else ""
    groups = "".join(f"{quoted(name)}, " for name in columns if name.startswith(GROUPS))
    begins = f"CASE WHEN {quoted(restart)} THEN 1 ELSE 0 END" if restart else "0"
    around = f"OVER ({f'PARTITION BY {groups[:-2]} ' if groups else ''}ORDER BY __kqlext_position)"
    term = quoted(given[function.term]) if function.term is not None else "0"
    return place.workspace.create(
        f"WITH numbered AS (SELECT *, row_number() OVER () AS __kqlext_position FROM {quoted(rows)}), "
        f"grouped AS (SELECT *, row({groups}sum({begins}) {around}) AS __kqlext_run FROM numbered), "
        f"marked AS (SELECT *, row_number() {_RUN} AS __kqlext_number, "
        f"CASE WHEN {term} IS DISTINCT FROM lag({term}) {_RUN} OR row_number() {_RUN} = 1 THEN 1 ELSE 0 END "
        f"AS __kqlext_new FROM grouped) "
        f"SELECT {', '.join([*map(quoted, columns), f'{value} AS {quoted(column)}'])} FROM marked{sessions} "
        "ORDER BY __kqlext_position"
    )


def _sessions(place: Place, rows: str, given: Sequence[str]) -> str:
    """A table of when the session of each row began, which depends on all rows before it."""
    import pyarrow as pa

    columns = [column.name for column in place.workspace.table_columns(rows)]
    group = f"row({', '.join(['0', *(quoted(name) for name in columns if name.startswith(GROUPS))])})"
    wanted = ", ".join(map(quoted, given))
    starts = _session_starts(place.workspace.fetch(f"SELECT {group}, {wanted} FROM {quoted(rows)}"))
    positions = pa.array(range(1, len(starts) + 1), pa.int64())
    table = pa.table({"__kqlext_position": positions, "__kqlext_start": pa.array(starts, pa.timestamp("us"))})
    return quoted(place.workspace.load(table))


def _session_starts(rows: Sequence[tuple[Any, ...]]) -> list[dt.datetime | None]:
    starts: list[dt.datetime | None] = []
    first: dt.datetime | None = None
    before: dt.datetime | None = None
    around: Any = None
    for group, moment, from_first, between, *restart in rows:
        if group != around:
            first, around = None, group
        if moment is None:
            first = None
        elif (
            restart == [True] or first is None or before is None or moment >= min(first + from_first, before + between)
        ):
            first = moment
        starts.append(first)
        before = moment
    return starts
