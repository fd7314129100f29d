"""Functions that give a table: `let f = (x:long) { T | where n == x }`, views, and `invoke`.

A call becomes a table: the function's body runs by itself, with the query's ``let`` statements and one more for each
parameter, so that a column goes before a parameter of its name, as in Kusto.

Sources: "User-defined functions", "let statement" and "invoke operator" of the Kusto Query Language.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from kqlext import syntax
from kqlext.errors import Span
from kqlext.services.base import Query
from kqlext.services.local_operators import clauses
from kqlext.services.local_operators.lets import Function, Let, named, needed
from kqlext.services.local_operators.places import Change, Place, only
from kqlext.steps import pipes
from kqlext.text import plural

_ELSEWHERE = {
    "FileProfile": "Microsoft Defender looks files up: run the query on defender, or define your own: "
    "let FileProfile = (T:(*), hash:string) { T };",
    "SeenBy": "Microsoft Defender knows this: run the query on defender",
}


@dataclass(frozen=True)
class Call:
    """A call of a function, or a view by its name alone."""

    name: str
    span: Span
    arguments: tuple[Span, ...]
    brackets: bool


def last_call(text: str, span: Span, names: set[str]) -> Call | None:
    """The last call of one of some functions in a span: no argument of it holds another. `invoke` is none."""
    code = list(pipes.tokens(text, span))
    for index in reversed(range(len(code))):
        token = code[index]
        before = code[index - 1].text if index else ""
        if token.kind != "name" or token.text not in names or before in (".", "invoke"):
            continue
        behind = code[index + 1].text if index + 1 < len(code) else ""
        if behind in ("=", ":") or (behind == "*" and code[index + 1].start == token.end):
            continue  # a name, a parameter, a wildcard
        if behind != "(":
            return Call(token.text, token.span, (), False)
        inside = clauses.inside(text, Span(code[index + 1].start, span.end))
        if inside is None:
            return None
        return Call(token.text, Span(token.start, inside.end + 1), tuple(clauses.items(text, inside)), True)
    return None


def called(place: Place, call: Call) -> Change:
    """A call as a table of its rows."""
    let = _defined(place, call.name)
    assert let.function is not None
    given = call.arguments
    if not call.brackets and not let.function.view and let.function.parameters:
        raise place.wrong(f"{call.name} is a function: it is called with brackets.", call.span, f"write {call.name}(…)")
    table = _body(place, let, let.function, call, None, given)
    if let.function.view:
        place.expansion.views[table] = call.name
    return Change.of(call.span, table)


def invoked(place: Place) -> Change | None:
    """`T | invoke f(x)`: the rows before it are the function's first table."""
    words = list(pipes.outer(place.text, place.arguments))
    name = words[0].text if words else ""
    let = next((let for let in place.lets if let.name == name and let.function is not None), None)
    if let is None or let.function is None:
        raise place.refused(
            f"The embedded engine has no function {name}.",
            words[0].span if words else None,
            _ELSEWHERE.get(name, "define it in the query: let f = (T:(*)) { T | ... };"),
        )
    if not let.function.parameters or not let.function.parameters[0].tabular:
        raise place.wrong(f"The first parameter of {name} is no table.", words[0].span, f"call it: {name}(…)")
    if len(words) < 3 or words[1].text != "(":
        raise place.wrong("invoke calls a function.", words[0].span, f"write invoke {name}()")
    inside = Span(words[1].end, words[2].start)
    given = tuple(clauses.items(place.text, inside))
    call = Call(name, Span(words[0].start, words[2].end), given, True)
    return place.table(_body(place, let, let.function, call, place.rows(), given))


def _defined(place: Place, name: str) -> Let:
    return next(let for let in reversed(place.lets) if let.name == name and let.statement.end <= place.span.start)


def _body(place: Place, let: Let, function: Function, call: Call, piped: str | None, given: tuple[Span, ...]) -> str:
    """A table of what a function's body gives for the arguments of a call."""
    values: list[str] = [] if piped is None else [piped]
    pairs = list(zip(function.parameters[len(values) :], given, strict=False))
    for parameter, span in pairs:
        values.append(place.rows_of(span) if parameter.tabular else f"({span.of(place.text)})")
    missing = function.parameters[len(values) :]
    if len(given) > len(pairs) or any(not parameter.default for parameter in missing):
        raise place.wrong(
            f"{call.name} takes {plural(len(function.parameters), 'argument')}, and {len(given)} came.", call.span
        )
    values += [f"({parameter.default})" for parameter in missing]
    return _evaluated(place, let, function, values)


def _evaluated(place: Place, let: Let, function: Function, values: list[str]) -> str:
    text = place.text
    body = function.body
    arguments = " ".join(values)
    outer = [other for other in place.lets if other.name != let.name and other.statement.end <= place.span.start]
    chosen = _scope(text, outer, body, _names(arguments))
    earlier = [other for other in chosen if other.statement.end <= body.start]
    taken = {other.name for other in chosen} | _names(arguments)
    renamed = {
        parameter.name: _fresh(parameter.name, text) for parameter in function.parameters if parameter.name in taken
    }
    query = Query(only(text, [other.statement for other in earlier], body))
    tokens = [token for token in pipes.tokens(text, body) if token.kind == "name" and token.text in renamed]
    for token in reversed(tokens):
        query = query.replace(token.span, renamed[token.text])
    later = "".join(f"{other.statement.of(text)};\n" for other in chosen if other not in earlier)
    bound = later + "".join(
        f"let {renamed.get(parameter.name, parameter.name)} = {value};\n"
        for parameter, value in zip(function.parameters, values, strict=True)
    )
    query = query.insert(body.start, bound)
    with place.own_places():
        return place.expansion.rows(query)


def _scope(text: str, outer: list[Let], body: Span, wanted: set[str]) -> list[Let]:
    """The statements that a body, and names in the arguments of its call, need; in order."""
    chosen = {other.name for other in needed(text, outer, body)}
    for other in reversed(outer):
        if other.name in wanted or other.name in chosen:
            chosen.add(other.name)
            wanted = wanted | named(text, other.value)
    return [other for other in outer if other.name in chosen]


def _names(text: str) -> set[str]:
    return {token.text for token in syntax.tokens(text) if token.kind == "name"}


def _fresh(name: str, text: str) -> str:
    number = 2
    while re.search(rf"\b{re.escape(name)}__{number}\b", text):
        number += 1
    return f"{name}__{number}"
