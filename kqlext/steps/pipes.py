"""The operators of a pipeline, and the tables that they read, as far as tokens tell. Pure.

Sources: "Window functions overview" (which operators order rows, and which keep the order), "join operator", "lookup
operator" and "union operator" of the Kusto Query Language.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from kqlext import syntax
from kqlext.errors import Span
from kqlext.syntax import Token

ORDERS = frozenset("sort order top top-hitters serialize range getschema scan".split())
"""Operators and sources whose rows are in an order that counts."""

_KEEPS_NO_ORDER = frozenset(
    """summarize count distinct join lookup union make-series sample sample-distinct reduce evaluate top-nested
    partition""".split()
)
_READ_TABLES = frozenset("join lookup union".split())


def tokens(text: str, span: Span) -> Iterator[Token]:
    """The tokens of a span, comments left out."""
    for token in syntax.tokens(text, span.start):
        if token.start >= span.end:
            return
        if token.kind != "comment":
            yield token


def outer(text: str, span: Span) -> Iterator[Token]:
    """The tokens of a span outside of its brackets, and those brackets; no comments."""
    depth = 0
    for token in tokens(text, span):
        closes = token.kind == "symbol" and token.text in ")]}"
        depth -= closes
        if depth <= 0:
            yield token
        depth += token.kind == "symbol" and token.text in "([{"


def pipeline(text: str, span: Span) -> list[Span]:
    """The source of a pipeline, and each operator with its ``|``; without white space at their ends."""
    cuts = [token.start for token in outer(text, span) if token.text == "|" and token.kind == "symbol"]
    pieces = []
    for start, end in zip([span.start, *cuts], [*cuts, span.end], strict=True):
        piece = text[start:end]
        begin = start + len(piece) - len(piece.lstrip())
        pieces.append(Span(begin, begin + len(piece.strip())))
    return pieces


def first(text: str, span: Span) -> str:
    return next((token.text for token in outer(text, span)), "")


def operator(text: str, span: Span) -> str:
    """The name of an operator, or the first word of a source."""
    return next((token.text for token in outer(text, span) if token.text != "|"), "")


def orders(name: str, ordered: bool) -> bool:
    """Whether the rows behind an operator are in an order that counts, where those before it are or are not."""
    return name in ORDERS or (ordered and name not in _KEEPS_NO_ORDER)


def _behind_parameters(words: Sequence[Token]) -> Sequence[Token]:
    """What stands behind ``kind=inner hint.strategy=shuffle``."""
    index = 0
    while index + 2 < len(words):
        equals = 3 if words[index + 1].text == "." else 1
        if index + equals + 1 >= len(words) or words[index + equals].text != "=":
            break
        index += equals + 2
    return words[index:]


def _tables(words: Sequence[Token], many: bool) -> Iterator[Span]:
    """The operands: what stands in brackets, without them, and bare names; no wildcards, no calls."""
    index = 0
    while index < len(words):
        word = words[index]
        behind = words[index + 1].text if index + 1 < len(words) else ""
        if word.text == "(" and behind == ")":
            yield Span(word.end, words[index + 1].start)
            index += 1
        elif word.kind == "name" and behind in (("", ",") if many else ("", "on")):
            yield word.span
        if not many or (index + 1 < len(words) and words[index + 1].text != ","):
            return
        index += 2


def operands(text: str, span: Span) -> list[Span]:
    """The tables that an operator or source reads by its side, where it is one that does."""
    words = [word for word in outer(text, span) if word.text != "|"]
    if not words or words[0].text not in _READ_TABLES:
        return []
    return list(_tables(_behind_parameters(words[1:]), many=words[0].text == "union"))
