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
from kqlext.services.local_tables import quoted
from kqlext.steps import pipes

GROUP = "__kqlext_group"


def applied(place: Place, rows: str, body: Span) -> str:
    """A table of what a subquery gives for each group of the rows of a table; groups keep their order.

    Args:
        rows: the table; its column ``GROUP`` numbers the groups.
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
        rows = handler(place, rows, word, arguments)
    return place.workspace.create(f"SELECT * FROM {quoted(rows)} ORDER BY {GROUP}, rowid")


def _word(place: Place, operator: Span) -> Span:
    return next(token.span for token in pipes.outer(place.text, operator) if token.text != "|")


def _arguments(place: Place, operator: Span) -> Span:
    return clauses.trimmed(place.text, Span(_word(place, operator).end, operator.end))


def _as_it_is(place: Place, rows: str, word: str, arguments: Span) -> str:
    return place.run(f"{rows} | {word} {arguments.of(place.text)}")


def _with_group(place: Place, rows: str, word: str, arguments: Span) -> str:
    return place.run(f"{rows} | {word} {name(GROUP)}, {arguments.of(place.text)}")


def _summarized(place: Place, rows: str, word: str, arguments: Span) -> str:
    parts = clauses.clauses(place.text, arguments, ("by",))
    by = parts.get("by")
    keys = f", {by.of(place.text)}" if by is not None and by.of(place.text) else ""
    return place.run(f"{rows} | summarize {parts.head.of(place.text)} by {name(GROUP)}{keys}")


def _counted(place: Place, rows: str, word: str, arguments: Span) -> str:
    return place.run(f"{rows} | summarize Count = count() by {name(GROUP)}")


def _top(place: Place, rows: str, word: str, arguments: Span) -> str:
    parts = clauses.clauses(place.text, arguments, ("by",))
    by = parts.get("by")
    if by is None:
        raise place.wrong("top needs what it is by.", arguments)
    return _first(place, place.run(f"{rows} | sort by {by.of(place.text)}"), place.number(parts.head))


def _taken(place: Place, rows: str, word: str, arguments: Span) -> str:
    return _first(place, rows, place.number(arguments))


def _first(place: Place, rows: str, count: int) -> str:
    return place.workspace.create(
        f"SELECT * FROM {quoted(rows)} "
        f"QUALIFY row_number() OVER (PARTITION BY {GROUP} ORDER BY rowid) <= {count} ORDER BY rowid"
    )


def _serialized(place: Place, rows: str, word: str, arguments: Span) -> str:
    return _as_it_is(place, rows, "extend", arguments) if arguments.of(place.text) else rows


_Handler = Callable[[Place, str, str, Span], str]
_OPERATORS: dict[str, _Handler] = {
    **dict.fromkeys(
        ("where", "filter", "extend", "sort", "order", "project-rename", "parse", "parse-where", "mv-expand",
         "project-away", "mv-apply", "join", "lookup"), _as_it_is,
    ),
    **dict.fromkeys(("project", "distinct", "project-keep", "project-reorder"), _with_group),
    "summarize": _summarized,
    "count": _counted,
    "top": _top,
    "take": _taken,
    "limit": _taken,
    "serialize": _serialized,
}  # fmt: skip
