"""Conditions over all columns, `where * has "x"`, and ranges that begin with a column, `between (Start .. 15m)`.

Sources: "where operator" and "between operator" of the Kusto Query Language.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from kqlext.errors import Span
from kqlext.services.local_operators import clauses
from kqlext.services.local_operators.places import Change, Place
from kqlext.steps import pipes
from kqlext.syntax import Token

_BEFORE_STAR = ("(", "and", "or", "not")


def where(place: Place) -> Change | None:
    """`where * has "x"`: true where it is for one column at least."""
    words = list(pipes.tokens(place.text, place.arguments))
    for index, word in enumerate(words[:-2]):
        if word.text == "*" and (index == 0 or words[index - 1].text in _BEFORE_STAR):
            return _over_all(place, words, index)
    return None


def _over_all(place: Place, words: Sequence[Token], star: int) -> Change:
    last = star + (3 if words[star + 1].text == "matches" else 2)
    if last >= len(words) or words[last].kind not in ("string", "number", "name"):
        raise place.refused("The embedded engine compares all columns with one value only.", words[star].span)
    written = place.text[words[star + 1].start : words[last].end]
    if words[last].kind == "number":
        numbers = [column for column in place.columns() if column.type in ("int", "long", "real", "decimal")]
        columns = [f"{clauses.name(column.name)} {written}" for column in numbers] or ["false"]
    else:
        columns = [f"tostring({clauses.name(column.name)}) {written}" for column in place.columns()]
    return Change.of(Span(words[star].start, words[last].end), f"({' or '.join(columns)})")


_LENGTH = re.compile(r"\d+(?:\.\d+)?[a-z]+")
_TIMES = ("datetime", "ago", "now", "todatetime", "startofday", "endofday")


def between(place: Place) -> Change | None:
    """`x between (Start .. 15m)`: until 15 minutes behind Start, where that is a datetime and no literal."""
    words = list(pipes.tokens(place.text, place.span))
    for index, word in enumerate(words[:-1]):
        if word.text != "between" or words[index + 1].text != "(":
            continue
        inside = clauses.inside(place.text, Span(word.end, place.span.end))
        outer = pipes.outer(place.text, inside) if inside is not None else ()
        dots = next((token for token in outer if token.text == ".."), None)
        if inside is None or dots is None:
            continue
        low = clauses.trimmed(place.text, Span(inside.start, dots.start))
        high = clauses.trimmed(place.text, Span(dots.end, inside.end))
        first = next(pipes.outer(place.text, low), None)
        if first is None or first.kind != "name" or first.text in _TIMES or not _is_length(place, high):
            continue
        written = low.of(place.text)
        kind = place.columns_of_kql(f"{place.before.of(place.text)}\n| project x = ({written})")[0].type
        if kind == "datetime":
            return Change.of(high, f"(({written}) + {high.of(place.text)})")
    return None


def _is_length(place: Place, span: Span) -> bool:
    """Whether an expression is a timespan as far as its words tell: a literal, or a `let` of one."""
    written = span.of(place.text)
    let = next((let for let in place.lets if let.name == written), None)
    return _LENGTH.fullmatch(let.value.of(place.text) if let is not None else written) is not None
