"""The pieces of an operator's text: items between commas, words at which a clause begins, parameters. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from kqlext import syntax
from kqlext.errors import KqlQueryError, Span
from kqlext.steps import pipes
from kqlext.syntax import Token


def name(text: str) -> str:
    """A column or table as KQL writes it, whatever its name holds."""
    return "['" + text.replace("\\", "\\\\").replace("'", "\\'") + "']"


def names(columns: Sequence[str]) -> str:
    return ", ".join(map(name, columns))


def trimmed(text: str, span: Span) -> Span:
    """A span without the white space at its ends."""
    piece = span.of(text)
    start = span.start + len(piece) - len(piece.lstrip())
    return Span(start, start + len(piece.strip()))


def items(text: str, span: Span) -> list[Span]:
    """The pieces between the commas outside of brackets; none for nothing."""
    cuts = [word.start for word in pipes.outer(text, span) if word.kind == "symbol" and word.text == ","]
    pieces = [
        trimmed(text, Span(start, end))
        for start, end in zip([span.start, *(cut + 1 for cut in cuts)], [*cuts, span.end], strict=True)
    ]
    return [] if len(pieces) == 1 and not pieces[0].of(text) else pieces


def assigned(text: str, span: Span) -> tuple[str, Span]:
    """The name and the expression of ``Name = expression``; an empty name where there is none."""
    words = list(pipes.outer(text, span))
    if len(words) > 2 and words[1].text == "=" and words[0].kind == "name":
        return words[0].text, Span(words[2].start, span.end)
    # ['my name'] = expression
    if len(words) > 3 and [words[0].text, words[1].text, words[2].text] == ["[", "]", "="]:
        inner = text[words[0].end : words[1].start].strip()
        return syntax.unquote(inner), Span(words[3].start, span.end)
    return "", span


def column(text: str, span: Span) -> str | None:
    """The column that an expression is, or None where it is any other expression."""
    words = list(pipes.outer(text, span))
    if len(words) == 1 and words[0].kind == "name":
        return words[0].text
    if [word.text for word in words] == ["[", "]"]:
        inner = text[words[0].end : words[1].start].strip()
        if inner[:1] in "'\"" and syntax.is_closed(inner):
            return syntax.unquote(inner)
    return None


@dataclass(frozen=True)
class Clauses:
    """An operator cut at the words that begin its clauses: ``by``, ``on``, ``with`` ..."""

    head: Span
    found: dict[str, Span]

    def get(self, word: str) -> Span | None:
        return self.found.get(word)


def clauses(text: str, span: Span, words: Sequence[str]) -> Clauses:
    """Cut a span at the first of each of ``words`` outside of brackets; each clause is what stands behind its word."""
    places: list[tuple[str, Token]] = []
    before = ""
    for word in pipes.outer(text, span):
        fresh = word.kind == "name" and word.text in words and word.text not in (place for place, _ in places)
        if fresh and before not in (",", ".", "=="):
            places.append((word.text, word))
        before = word.text
    ends = [*(place.start for _, place in places), span.end]
    head = trimmed(text, Span(span.start, ends[0]))
    found = {word: trimmed(text, Span(place.end, end)) for (word, place), end in zip(places, ends[1:], strict=True)}
    return Clauses(head, found)


_PARAMETERS = frozenset("kind withsource with_source isfuzzy with_itemindex flags bagexpansion id".split())


def parameters(text: str, span: Span) -> tuple[dict[str, str], Span]:
    """The ``kind=inner hint.strategy=shuffle`` that a span begins with, and the rest of it."""
    words = list(pipes.outer(text, span))
    found: dict[str, str] = {}
    index = 0
    while index + 2 < len(words):
        equals = 3 if words[index + 1].text == "." else 1
        if index + equals + 1 >= len(words) or words[index + equals].text != "=":
            break
        key = "".join(word.text for word in words[index : index + equals])
        if key not in _PARAMETERS and not key.startswith("hint."):
            break
        found[key] = words[index + equals + 1].text
        index += equals + 2
    return found, trimmed(text, Span(words[index].start if index < len(words) else span.end, span.end))


def behind(text: str, operator: Span) -> Span:
    """An operator without its ``|`` and its name."""
    words = pipes.outer(text, operator)
    first = next(words)
    last = next(words) if first.text == "|" else first
    return trimmed(text, Span(last.end, operator.end))


def bracket(text: str, span: Span) -> Span | None:
    """The inside of a span that is one pair of brackets, or None."""
    words = list(pipes.outer(text, span))
    if len(words) == 2 and words[0].text in "([" and words[1].text in ")]":
        return trimmed(text, Span(words[0].end, words[1].start))
    return None


def brackets(text: str, span: Span) -> Iterator[tuple[str, Span]]:
    """The inside of each outermost pair of round brackets, with the word before it."""
    words = list(pipes.outer(text, span))
    for index, word in enumerate(words[:-1]):
        if word.kind == "symbol" and word.text == "(" and words[index + 1].text == ")":
            yield words[index - 1].text if index else "", Span(word.end, words[index + 1].start)


def inside(text: str, span: Span) -> Span | None:
    """The inside of the first pair of round brackets; None where it is not closed."""
    return next((inner for _, inner in brackets(text, span)), None)


def refuse(text: str, span: Span, message: str, hint: str = "") -> KqlQueryError:
    """An error about a piece of a query."""
    return KqlQueryError(message, text=text, span=span, hint=hint)
