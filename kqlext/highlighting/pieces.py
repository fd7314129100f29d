"""The text of a cell -> its pieces with a kind each, by which they are coloured. Pure, and never an error.

The head is cut as it is when the cell runs. `labextension/static/kql.js` does the same line by line, as an
editor needs it; a test holds both to the same pieces.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from kqlext import syntax
from kqlext.errors import KqlCellError
from kqlext.head import TARGET, Head
from kqlext.highlighting.words import (
    CLAUSES,
    CONSTANTS,
    LITERALS,
    OPERATORS,
    PARAMETRIC,
    SOURCES,
    STATEMENTS,
    TYPES,
)
from kqlext.syntax import Token

Kind = Literal[
    "magic", "option", "value", "connection", "target",
    "comment", "string", "number", "constant", "keyword", "type", "function", "variable", "definition", "property",
    "parameter", "special", "operator", "punctuation",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of a text; white space is in none."""

    kind: Kind
    start: int
    end: int


_CELL = re.compile(r"(?P<comments>(?:[^\S\n]*(?:#[^\n]*)?\n)*)(?P<magic>%%kql\b)")
LINE = re.compile(r"""^(?P<before>(?:[\w.,*'"\[\]() \t]+=)?[^\S\n]*)%kql(?!\w)[^\n]*""", re.MULTILINE)
"""A line of Python with a ``%kql`` magic in it, at its beginning or behind ``x =``."""
_PYTHON_COMMENT = re.compile(r"#[^\n]*")


def is_cell(text: str) -> bool:
    """Whether a text is a ``%%kql`` cell; Python comments may stand before it."""
    return _CELL.match(text) is not None


def pieces(text: str) -> Iterator[Piece]:
    """The pieces of a ``%%kql`` cell, of a ``%kql`` line from its ``%`` on, or of KQL alone."""
    magic = _CELL.match(text)
    if magic is not None:
        for comment in _PYTHON_COMMENT.finditer(text, 0, magic.start("magic")):
            yield Piece("comment", *comment.span())
        yield Piece("magic", *magic.span("magic"))
        yield from _cell(text, magic.end())
    elif re.match(r"%kql(?!\w)", text):
        yield Piece("magic", 0, 4)
        yield from _cell(text, 4)
    else:
        yield from _query(text, 0)


def _cell(text: str, position: int) -> Iterator[Piece]:
    head = Head(text, position)
    # What is being typed is often wrong: the head then ends where it goes wrong.
    with contextlib.suppress(KqlCellError):
        head.read()
    yield from _head(head, position)
    yield from _query(text, head.position)


_REST = re.compile(
    r"""\s*(?:(?P<comment>//[^\n]*) | (?P<option>\+[A-Za-z]\w*(?==)) | (?P<operator><<|=)
    | (?P<value>(?:"[^"\n]*"|'[^'\n]*'|\S)+))""",
    re.VERBOSE,
)


def _head(head: Head, position: int) -> Iterator[Piece]:
    """The pieces of a head: what it knows, and between them values, properties and comments."""
    known = [Piece("option", use.span.start, use.span.end) for use in head.options]
    if head.command is not None:
        known.append(Piece("option", head.command.span.start, head.command.span.end))
    if head.connection is not None:
        known.append(Piece("connection", head.connection.span.start, head.connection.span.end))
    if head.target is not None:
        known.append(Piece("target", head.target.span.start, head.target.span.end))
    for piece in sorted(known, key=lambda piece: piece.start):
        yield from _between(head.text, position, piece.start)
        yield piece
        position = piece.end
    yield from _between(head.text, position, head.position)


def _between(text: str, position: int, end: int) -> Iterator[Piece]:
    while match := _REST.match(text, position, end):
        kind: Kind = match.lastgroup  # type: ignore[assignment]
        yield Piece(kind, *match.span(kind))
        position = match.end()


# --- KQL ---------------------------------------------------------------------------------------------------

_BLANK_LINE = re.compile(r"\n[^\S\n]*\n")
_NEXT = re.compile(r"[^\S\n]*(\S{0,2})")
_VERB = re.compile(r"\.[A-Za-z]+(?:-[a-z]+)*")
_SPECIAL = re.compile(r"\$(?:left|right)\b")
_LITERAL = re.compile(r"[\w:.+\-/ ]+(?=\))")
_BEGINS = ("", ";", "<<")
_PUNCTUATION = frozenset("()[]{},;:.")
# What may stand behind a column that is called like an operator.
_BEHIND_COLUMN = frozenset(",)=.+-/<>!%")


def _query(text: str, start: int) -> Iterator[Piece]:
    """The pieces of KQL. What a word is follows from the two tokens before it and from what comes next in its line."""
    before = earlier = ""
    end = start
    while (token := next(syntax.tokens(text, end), None)) is not None:
        if _BLANK_LINE.search(text, end, token.start):
            before = ""
        if token.kind == "comment":
            yield Piece("comment", token.start, token.end)
            end = token.end
            continue
        piece = _piece(text, token, before, earlier)
        yield piece
        end = piece.end
        if piece.kind == "target":
            continue
        earlier, before = before, text[piece.start : piece.end]
        literal = _LITERAL.match(text, end) if before == "(" and earlier in LITERALS else None
        if literal is not None and any(map(str.isdigit, literal[0])):
            yield Piece("number", *literal.span())
            end = literal.end()


def _piece(text: str, token: Token, before: str, earlier: str) -> Piece:
    """The piece that begins with a token; it may take in more of them."""
    begins = before in _BEGINS and token.kind != "string"
    if begins and (verb := _VERB.match(text, token.start)):
        return Piece("keyword", *verb.span())
    if begins and (target := TARGET.match(text, token.start)):
        return Piece("target", *target.span(1))
    if special := _SPECIAL.match(text, token.start):
        return Piece("special", *special.span())
    following = _NEXT.match(text, token.end)
    kind = _kind(token, before, earlier, following[1] if following else "")
    return Piece(kind, token.start, token.end)


def _kind(token: Token, before: str, earlier: str, following: str) -> Kind:
    if token.kind == "name":
        return _name_kind(token.text, before, earlier, following)
    if token.kind != "symbol":
        return token.kind
    return "punctuation" if token.text in _PUNCTUATION else "operator"


def _name_kind(word: str, before: str, earlier: str, following: str) -> Kind:
    if before == ".":
        return "property"
    if word in CONSTANTS:
        return "constant"
    if _is_operator(word, before, following):
        return "keyword"
    assigned = following[:1] == "=" and following not in ("==", "=~", "=>")
    if assigned and before in PARAMETRIC:
        return "parameter"
    if word in CLAUSES and not assigned and before != ",":
        return "keyword"
    if word in TYPES and (before == ":" or following[:1] == "(" or (before, earlier) == ("(", "typeof")):
        return "type"
    if before == "let":
        return "definition"
    if before == "render" or (before, earlier) == ("=", "kind"):
        return "constant"
    return "function" if following[:1] == "(" else "variable"


def _is_operator(word: str, before: str, following: str) -> bool:
    """Whether a word is an operator or begins a statement, and is no column or function of such a name."""
    if word in STATEMENTS:
        return before in (*_BEGINS, "{")
    if word not in OPERATORS or following == "()":
        return False
    if before in (*_BEGINS, "|", "<|"):
        return True
    places = ("(", "{", "=>", "=") if word in SOURCES else ("(", "{", "=>")
    return before in places and following[:1] not in _BEHIND_COLUMN
