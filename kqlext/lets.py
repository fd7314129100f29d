"""``let`` and ``declare`` statements of a query, as far as its tokens tell. Pure."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from kqlext import syntax
from kqlext.errors import Span
from kqlext.syntax import Token

_NO_NAMES = frozenset({"true", "false", "null", "typeof", "dynamic"})
_DECLARE = ["declare", "query_parameters"]


def bare_lets(text: str) -> list[tuple[str, Span]]:
    """The right sides of ``let x = name;`` that are one bare name, which nothing before them in the text defines.

    Names in brackets or with a dot, and statements inside of functions, are none.
    """
    return [(value, span) for _, value, span in _bare_lets(text)]


def aliases(text: str) -> dict[str, str]:
    """``let`` name -> the bare name that is its right side, which nothing before it defines."""
    return {name: value for name, value, _ in _bare_lets(text)}


def _bare_lets(text: str) -> list[tuple[str, str, Span]]:
    found = []
    defined = set(_NO_NAMES)
    for start, words in _statements(text):
        match [word.text for word in words]:
            case ["let", name, "=", value] if words[3].kind == "name" and value not in defined:
                found.append((name, value, words[3].span.shifted(start)))
                defined.add(name)
            case ["let", name, *_]:
                defined.add(name)
            case ["declare", *_]:
                defined |= _with_types(words)
    return found


def declared(text: str) -> set[str] | None:
    """The names in the text's own ``declare query_parameters(...)``; None where it has none."""
    own = [words for _, words in _statements(text) if [word.text for word in words[:2]] == _DECLARE]
    return set().union(*map(_with_types, own)) if own else None


def beginning(text: str) -> int:
    """The offset where ``let`` statements may be put: before the first statement that is no ``set`` or ``declare``."""
    places = syntax.statements(text)
    return next((place.start for place in places if not syntax.is_option(place.of(text))), len(text))


def defined_names(text: str) -> set[str]:
    """The names that the ``let`` statements of a text define."""
    return {words[1].text for _, words in _statements(text) if len(words) > 1 and words[0].text == "let"}


def _statements(text: str) -> Iterator[tuple[int, list[Token]]]:
    """Where each statement begins, and its tokens; of a command such as ``.set T <| query``, those of its query."""
    for place in syntax.statements(text):
        words = [token for token in syntax.tokens(place.of(text)) if token.kind != "comment"]
        arrow = next((index for index, word in enumerate(words) if word.text == "<|"), -1)
        yield place.start, words[arrow + 1 :]


def _with_types(words: list[Token]) -> set[str]:
    return {name.text for name, colon in itertools.pairwise(words) if colon.text == ":" and name.kind == "name"}
