"""What a pipeline may begin with, and calls that stand for a table.

Sources: "materialize()", "table()", "workspace()" and "Cross-cluster and cross-database queries" of the Kusto Query
Language.
"""

from __future__ import annotations

from collections.abc import Callable

from kqlext import syntax
from kqlext.errors import Span
from kqlext.services.local_operators import clauses
from kqlext.services.local_operators.external import external_data
from kqlext.services.local_operators.places import Change, Place
from kqlext.steps import pipes
from kqlext.syntax import Token


def bracketed(place: Place) -> Change | None:
    """`(T | where ...) | count`: the brackets go."""
    words = list(pipes.outer(place.text, place.span))
    if [word.text for word in words] != ["(", ")"]:
        return None
    return Change(((words[0].span, " "), (words[1].span, " ")))


_ELSEWHERE = {
    "workspace": "tables of another workspace",
    "app": "tables of Application Insights",
    "adx": "tables of another cluster",
    "arg": "tables of Azure Resource Graph",
    "resource": "tables of another resource",
    "external_table": "external tables",
}


def called_tables(place: Place) -> Change | None:
    """Calls in a statement that stand for a table: `materialize`, `table`, and those that ask elsewhere."""
    code = list(pipes.tokens(place.text, place.span))
    for index, token in enumerate(code[:-1]):
        before = code[index - 1].text if index else ""
        if token.text == "$" and code[index + 1].text == "table" and token.end == code[index + 1].start:
            return Change.of(Span(token.start, code[index + 1].end), clauses.name("$table"))
        if token.kind != "name" or code[index + 1].text != "(" or before == ".":
            continue
        if token.text in _ELSEWHERE and _begins_table(code, index):
            raise place.refused(
                f"The embedded engine has no {_ELSEWHERE[token.text]}.",
                token.span,
                "it has the tables of its own database, of files, and of the notebook",
            )
        handler = _CALLS.get(token.text)
        change = handler(place, code, index) if handler is not None else None
        if change is not None:
            return change
    return None


def _begins_table(code: list[Token], index: int) -> bool:
    """Whether a call is a table by its place: behind it stands a dot, or nothing but operators."""
    if index and code[index - 1].text not in ("(", ",", "=", "union", "join", "lookup"):
        return False
    depth = 0
    for token in code[index + 1 :]:
        depth += (token.text == "(") - (token.text == ")")
        if not depth:
            behind = code[code.index(token) + 1].text if code.index(token) + 1 < len(code) else ""
            return behind in (".", "", "|")
    return False


def _materialized(_place: Place, code: list[Token], index: int) -> Change:
    """Each query runs by itself here: what it gives is computed once anyway, or as often as it is named."""
    return Change.of(code[index].span, " ")


def _table(place: Place, code: list[Token], index: int) -> Change | None:
    inside = clauses.inside(place.text, Span(code[index + 1].start, place.span.end))
    if inside is None:
        return None
    arguments = clauses.items(place.text, inside)
    written = arguments[0].of(place.text) if arguments else ""
    if written[:1] not in ("'", '"', "@", "h") or not syntax.is_closed(written):
        return None
    return Change.of(Span(code[index].start, inside.end + 1), clauses.name(syntax.unquote(written)))


_CALLS: dict[str, Callable[[Place, list[Token], int], Change | None]] = {
    "materialize": _materialized,
    "table": _table,
    "externaldata": external_data,
    "external_data": external_data,
}
