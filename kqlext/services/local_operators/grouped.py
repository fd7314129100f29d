"""A subquery that runs for each of many groups of rows at once: that of `mv-apply` and of `partition`.

Each operator of the subquery keeps the groups apart, by a column of their numbers: `summarize` has it among its keys,
`top` and `take` count within it. What cannot is refused.
"""

from __future__ import annotations

from collections.abc import Callable

from kqlext.errors import Span
from kqlext.services.local_operators import clauses
from kqlext.services.local_operators.clauses import name
from kqlext.services.local_operators.places import Place
from kqlext.services.local_operators.windows import GROUPS
from kqlext.services.local_tables import quoted
from kqlext.steps import pipes

_Handler = Callable[[Place, str, str, Span], str]
"""The place, the rows, the column of the groups, the operator's arguments -> its rows."""


def new_group(place: Place) -> str:
    """A name for a column that numbers groups; those around it have other ones."""
    return f"{GROUPS}{len(place.workspace.own)}"


def applied(place: Place, rows: str, group: str, body: Span) -> str:
    """A table of what a subquery gives for each group of the rows of a table; groups keep their order.

    Args:
        rows: the table.
        group: its column that numbers the groups, as ``new_group`` names it.
        body: the subquery: operators without a source, the first without its ``|``.
    """
    for operator in pipes.pipeline(place.text, body):
        if not operator.of(place.text).strip("| \n"):
            raise place.wrong("An operator is missing in the brackets.", body)
        word = pipes.operator(place.text, operator)
        handler = _OPERATORS.get(word)
        if handler is None:
            raise place.refused(
                f"The embedded engine has no {word} in the brackets of {pipes.operator(place.text, place.span)}.",
                _word(place, operator),
                f"these may stand there: {', '.join(sorted(_OPERATORS))}",
            )
        arguments = _arguments(place, operator)
        rows = handler(place, rows, group, arguments)
    return place.workspace.create(f"SELECT * FROM {quoted(rows)} ORDER BY {group}, rowid")


def _word(place: Place, operator: Span) -> Span:
    return next(token.span for token in pipes.outer(place.text, operator) if token.text != "|")


def _arguments(place: Place, operator: Span) -> Span:
    return clauses.trimmed(place.text, Span(_word(place, operator).end, operator.end))


def _as_it_is(word: str) -> _Handler:
    """An operator that looks at each row by itself, or keeps the groups together anyway."""
    return lambda place, rows, _, arguments: place.run(f"{rows} | {word} {arguments.of(place.text)}")


def _with_group(word: str) -> _Handler:
    """An operator that names columns: the group's is one more."""
    return lambda place, rows, group, arguments: place.run(f"{rows} | {word} {name(group)}, {arguments.of(place.text)}")


def _summarized(place: Place, rows: str, group: str, arguments: Span) -> str:
    parts = clauses.clauses(place.text, arguments, ("by",))
    by = parts.get("by")
    keys = f", {by.of(place.text)}" if by is not None and by.of(place.text) else ""
    return place.run(f"{rows} | summarize {parts.head.of(place.text)} by {name(group)}{keys}")


def _counted(place: Place, rows: str, group: str, arguments: Span) -> str:
    if arguments.of(place.text):
        raise place.refused("The embedded engine has count without a name there.", arguments)
    return place.run(f"{rows} | summarize Count = count() by {name(group)}")


def _top(place: Place, rows: str, group: str, arguments: Span) -> str:
    parts = clauses.clauses(place.text, arguments, ("by",))
    by = parts.get("by")
    if by is None:
        raise place.wrong("top needs what it is by.", arguments)
    return _first(place, place.run(f"{rows} | sort by {by.of(place.text)}"), group, place.number(parts.head))


def _taken(place: Place, rows: str, group: str, arguments: Span) -> str:
    return _first(place, rows, group, place.number(arguments))


def _first(place: Place, rows: str, group: str, count: int) -> str:
    return place.workspace.create(
        f"SELECT * FROM {quoted(rows)} "
        f"QUALIFY row_number() OVER (PARTITION BY {group} ORDER BY rowid) <= {count} ORDER BY rowid"
    )


def _serialized(place: Place, rows: str, group: str, arguments: Span) -> str:
    return _as_it_is("extend")(place, rows, group, arguments) if arguments.of(place.text) else rows


_EACH_ROW = "where filter extend sort order project-rename project-away parse parse-where mv-expand mv-apply"
_OPERATORS: dict[str, _Handler] = {
    **{word: _as_it_is(word) for word in _EACH_ROW.split()},
    **{word: _with_group(word) for word in ("project", "distinct", "project-keep", "project-reorder")},
    "summarize": _summarized,
    "count": _counted,
    "top": _top,
    "take": _taken,
    "limit": _taken,
    "serialize": _serialized,
}
