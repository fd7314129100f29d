"""Parameters and columns of functions as KQL writes them: ``(T:(a:long, b:string), n:long=5)``. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from kqlext import syntax
from kqlext.schemas.model import TABULAR, Column, Parameter
from kqlext.syntax import Token

_OPENING, _CLOSING = ("(", "[", "{"), (")", "]", "}")


def parse_parameters(text: str) -> tuple[Parameter, ...]:
    """The parameters between the brackets of ``text``; what cannot be read is left out."""
    return tuple(filter(None, (_parameter(text, words) for words in _members(_inner(text)))))


def parse_columns(text: str) -> tuple[Column, ...]:
    """The columns of ``a:long, ['b c']:string``, with or without brackets around them."""
    found = (_named(words) for words in _members(_inner(text)))
    return tuple(Column(name, kind[0].text) for name, kind in filter(None, found) if kind)


def _parameter(text: str, words: Sequence[Token]) -> Parameter | None:
    named = _named(words)
    if named is None or not named[1]:
        return None
    name, kind = named
    if kind[0].text == "(":
        columns = tuple(Column(*pair) for pair in _column_pairs(kind))
        return Parameter(name, TABULAR, columns=columns)
    equals = next((index for index, word in enumerate(kind) if word.text == "="), None)
    default = text[kind[equals].end : kind[-1].end].strip() if equals is not None else None
    return Parameter(name, kind[0].text, default)


def _column_pairs(kind: Sequence[Token]) -> Iterator[tuple[str, str]]:
    for words in _members(kind[1:-1]):
        if (named := _named(words)) and named[1]:
            yield named[0], named[1][0].text


def _inner(text: str) -> list[Token]:
    """The tokens of a text, without the brackets that stand around all of it."""
    words = [word for word in syntax.tokens(text) if word.kind != "comment"]
    return words[1:-1] if len(words) > 1 and words[0].text == "(" and words[-1].text == ")" else words


def _members(words: Sequence[Token]) -> Iterator[list[Token]]:
    """What stands between commas outside of brackets."""
    member: list[Token] = []
    depth = 0
    for word in words:
        if word.kind == "symbol":
            depth += (word.text in _OPENING) - (word.text in _CLOSING)
            if word.text == "," and depth == 0:
                yield member
                member = []
                continue
        member.append(word)
    if member:
        yield member


def _named(words: Sequence[Token]) -> tuple[str, Sequence[Token]] | None:
    """The name before the colon, and what stands behind it."""
    colon = next((index for index, word in enumerate(words) if word.text == ":"), None)
    if not colon:
        return None
    name = words[:colon]
    quoted = next((word for word in name if word.kind == "string"), None)
    return (syntax.unquote(quoted.text) if quoted else "".join(word.text for word in name)), words[colon + 1 :]
