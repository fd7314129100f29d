"""The ``let`` statements of a query and the functions among them, as far as tokens tell. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from kqlext import syntax
from kqlext.errors import Span
from kqlext.services.local_operators.clauses import assigned, clauses, items, trimmed
from kqlext.steps import pipes

_SOURCES = frozenset("datatable print externaldata materialize union search find range".split())


@dataclass(frozen=True)
class Parameter:
    """A parameter of a function; ``default`` is KQL, empty where there is none."""

    name: str
    tabular: bool
    default: str


@dataclass(frozen=True)
class Function:
    """A function that a ``let`` statement defines; ``body`` is what stands between its braces."""

    parameters: tuple[Parameter, ...]
    body: Span
    view: bool


@dataclass(frozen=True)
class Let:
    """A ``let`` statement."""

    name: str
    statement: Span
    value: Span
    function: Function | None


def lets(text: str) -> list[Let]:
    """The ``let`` statements of a text, in order."""
    found = []
    for statement in syntax.statements(text):
        words = list(pipes.outer(text, statement))
        if len(words) < 4 or words[0].text != "let":
            continue
        name, value = assigned(text, Span(words[1].start, statement.end))
        if name:
            found.append(Let(name, statement, value, _function(text, value)))
    return found


def _function(text: str, value: Span) -> Function | None:
    words = list(pipes.outer(text, value))
    texts = [word.text for word in words]
    view = bool(texts) and texts[0] == "view" and texts[1:2] in (["("], ["{"])
    rest = words[1:] if view else words
    if [word.text for word in rest] == ["(", ")", "{", "}"]:
        declared = Span(rest[0].end, rest[1].start)
        body = Span(rest[2].end, rest[3].start)
    elif [word.text for word in rest] == ["{", "}"]:
        declared, body = Span(rest[0].end, rest[0].end), Span(rest[0].end, rest[1].start)
    else:
        return None
    parameters = tuple(_parameter(text, span) for span in items(text, declared))
    return Function(parameters, trimmed(text, body), view)


def _parameter(text: str, span: Span) -> Parameter:
    cut = clauses(text, span, ())
    words = list(pipes.outer(text, cut.head))
    name = words[0].text if words else ""
    equals = next((word for word in words if word.text == "="), None)
    tabular = len(words) > 2 and words[2].text == "("
    return Parameter(name, tabular, text[equals.end : span.end].strip() if equals else "")


def named(text: str, span: Span) -> set[str]:
    """The names in a span."""
    found = {token.text for token in pipes.tokens(text, span) if token.kind == "name"}
    return found | {syntax.unquote(token.text) for token in pipes.tokens(text, span) if token.kind == "string"}


def needed(text: str, defined: Sequence[Let], span: Span) -> list[Let]:
    """The ``let`` statements that a span needs, in order: those that it names, and those that they name."""
    wanted = named(text, span)
    chosen: list[Let] = []
    for let in reversed([let for let in defined if let.statement.end <= span.start]):
        if let.name in wanted:
            chosen.append(let)
            wanted |= named(text, let.value)
    return chosen[::-1]


def is_tabular(text: str, function: Function, tables: Iterable[str], defined: Sequence[Let]) -> bool:
    """Whether a function gives a table: its last statement is a pipeline, or names what is one."""
    statements = syntax.statements(function.body.of(text))
    if not statements:
        return False
    last = statements[-1].shifted(function.body.start)
    inner = {let.name for let in lets(function.body.of(text)) if _is_tabular_value(function.body.of(text), let)}
    known = {*tables, *inner, *(parameter.name for parameter in function.parameters if parameter.tabular)}
    known |= {let.name for let in defined if let.function is None and _is_tabular_value(text, let)}
    known |= {
        let.name
        for let in defined
        if let.function is not None and let.function is not function and is_tabular(text, let.function, tables, [])
    }
    return is_table(text, last, known)


def _is_tabular_value(text: str, let: Let) -> bool:
    return let.function is None and is_table(text, let.value, ())


def is_table(text: str, span: Span, known: Iterable[str]) -> bool:
    """Whether an expression surely is a table; ``known`` are names of tables."""
    words = list(pipes.outer(text, span))
    while [word.text for word in words] == ["(", ")"]:
        span = trimmed(text, Span(words[0].end, words[1].start))
        words = list(pipes.outer(text, span))
    if len(pipes.pipeline(text, span)) > 1:
        return True
    if not words:
        return False
    behind = words[1].text if len(words) > 1 else ""
    if words[0].text in _SOURCES and not (words[0].text == "range" and behind == "("):
        return True
    return words[0].text in known and (len(words) == 1 or behind == "(")
