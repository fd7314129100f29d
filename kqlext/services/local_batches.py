"""A query of several statements for an engine that runs one at a time. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from kqlext import syntax
from kqlext.errors import KqlError, Span

_MATERIALIZED = re.compile(r"let\s+(\w+)\s*=\s*materialize\s*\(")


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement that gives rows.

    Attributes:
        text: the query with all blotted out but the statement and what prepares it, so that places in it are places in
            the query.
        span: where the statement stands.
        table: the name that those behind it have for its rows, where it is to be computed once; else empty.
        alone: whether it is the only one.
    """

    text: str
    span: Span
    table: str = ""
    alone: bool = False

    def placed(self, error: KqlError, text: str) -> KqlError:
        """The error about ``text``, the whole query; of several statements, it points at this one at least."""
        if error.span is None and not self.alone:
            error.span = self.span
        if error.span is not None:
            error.text = text
        return error


def statements(text: str, tables: Collection[str]) -> list[Statement]:
    """The statements of a query that give rows, in order.

    Where there are several, each ``let name = materialize(...)`` is one too, unless its name is one of ``tables``.
    """
    spans = syntax.statements(text)
    preparing = [span for span in spans if syntax.prepares(span.of(text))]
    running = [span for span in spans if span not in preparing]
    if len(running) < 2:
        return [Statement(text, Span(0, len(text)), alone=True)]
    taken = {table.lower() for table in tables}
    found = []
    before: list[Span] = []
    for span in spans:
        name, body = _materialized(text, span)
        if span in running:
            found.append(Statement(_only(text, [*before, span]), span))
        elif name and name.lower() not in taken:
            found.append(Statement(_only(text, [*before, body]), body, name))
        else:
            before.append(span)
    return found


def _materialized(text: str, span: Span) -> tuple[str, Span]:
    """The name and the inside of a statement ``let name = materialize(...)``; an empty name for any other."""
    match = _MATERIALIZED.match(text, span.start, span.end)
    if match is None:
        return "", span
    depth = 1
    for token in syntax.tokens(text, match.end()):
        if token.kind == "symbol":
            depth += (token.text in "([{") - (token.text in ")]}")
        if not depth:
            rest = text[token.end : span.end]
            return ("" if syntax.has_code(rest) else match[1]), Span(match.end(), token.start)
    return "", span


def _only(text: str, spans: Sequence[Span]) -> str:
    kept, position = [], 0
    for span in spans:
        kept.append(re.sub(r"[^\n]", " ", text[position : span.start]))
        kept.append(span.of(text))
        position = span.end
        if span is not spans[-1]:
            kept.append(";")
            position += 1
    return "".join(kept)
