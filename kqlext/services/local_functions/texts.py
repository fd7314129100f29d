"""Texts: searched, compared, replaced. Pure.

Source: the pages of these functions in the Kusto Query Language reference ("String functions").
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from kqlext.services.local_functions.rows import Function


def _index(text: str, wanted: str, start: int | None, length: int | None, occurrence: int | None) -> int | None:
    """The place of a text in another one, within so many characters of the start and of each place that is found."""
    count = 1 if occurrence is None else occurrence
    reach = -1 if length is None else length
    if count < 0 or reach < -1:
        return None
    begin = max(len(text) + start, 0) if start is not None and start < 0 else start or 0
    found = begin - 1
    for _ in range(max(count, 1)):
        begin = found + 1
        found = text.find(wanted, begin, len(text) if reach < 0 else min(begin + reach, len(text)))
        if found < 0:
            return -1
    return found


def _translated(old: str, new: str, text: str) -> str:
    """Each character of ``old`` as that of ``new`` in its place; where ``new`` ends, its last one stands for it."""
    if not new:
        return "".join(character for character in text if character not in old)
    return text.translate({ord(c): new[min(place, len(new) - 1)] for place, c in reversed(list(enumerate(old)))})


def _quoted_regex(text: str) -> str:
    return re.sub(r"[\\^$.|?*+()\[\]{}\-&~#]", lambda match: "\\" + match.group(), text)


def _replaced(text: str, lookups: Any, rewrites: Any) -> str | None:
    """The first lookup wins where two would overlap; what is no text replaces nothing."""
    if not isinstance(lookups, list) or not isinstance(rewrites, list):
        return None
    pieces = [(text, True)]  # and whether it may still be replaced
    for place, lookup in enumerate(lookups):
        if isinstance(lookup, str) and lookup and place < len(rewrites):
            rewrite = rewrites[place] if isinstance(rewrites[place], str) else lookup
            pieces = [new for piece in pieces for new in _divided(*piece, lookup, rewrite)]
    return "".join(piece for piece, _ in pieces)


def _divided(text: str, is_open: bool, lookup: str, rewrite: str) -> Iterator[tuple[str, bool]]:
    if not is_open:
        yield text, False
        return
    first, *others = text.split(lookup)
    yield first, True
    for other in others:
        yield rewrite, False
        yield other, True


def _index_of_regex(
    text: str, pattern: str, start: int | None, length: int | None, occurrence: int | None
) -> int | None:
    count = 1 if occurrence is None else occurrence
    reach = -1 if length is None else length
    begin = start or 0
    if begin < 0 or count < 0 or reach < -1:
        return None
    end = len(text) if reach < 0 else min(begin + reach, len(text))
    found = list(re.finditer(pattern, text[begin:end]))
    return begin + found[count - 1].start() if 0 < count <= len(found) else -1


def _repeated(value: Any, count: int) -> list[Any] | None:
    if count > 1_000_000:
        raise ValueError("repeat() makes no more than a million values here")
    return [value] * count if count >= 0 else None


def _has_term(text: str, term: str, case_sensitive: bool, lead: bool, trail: bool) -> bool:
    """Whether a text has a term: letters and digits before or behind it make it another one, unless it ends without."""
    if not case_sensitive:
        text, term = text.lower(), term.lower()
    found = text.find(term)
    if found < 0 or not term:
        return found == 0
    before, behind = lead and _is_of_term(term[0]), trail and _is_of_term(term[-1])
    while found >= 0:
        end = found + len(term)
        if not (before and found and _is_of_term(text[found - 1])) and not (
            behind and end < len(text) and _is_of_term(text[end])
        ):
            return True
        found = text.find(term, found + 1)
    return False


def _is_of_term(character: str) -> bool:
    return character.isalpha() or character.isnumeric()


def _has_any_index(text: str, terms: Any) -> int | None:
    """The place of the first of several terms that a text has."""
    if not isinstance(terms, list):
        return None
    found = (place for place, term in enumerate(terms) if _has_term(text, _written(term), False, True, True))
    return next(found, -1)


def _written(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


HELPERS = (Function("has", "text text bool bool bool", python=_has_term, returns="bool"),)

FUNCTIONS = (
    Function("indexof", "text text long? long? long?", python=_index, returns="long", counts=(3, 4, 5)),
    Function("indexof_regex", "text text long? long? long?", python=_index_of_regex, returns="long"),
    Function("has_any_index", "text dynamic", python=_has_any_index, returns="long"),
    Function("strcmp", "text text", "CAST(CASE WHEN {0} < {1} THEN -1 WHEN {0} > {1} THEN 1 ELSE 0 END AS BIGINT)"),
    Function(
        "strrep",
        "text long text",
        "array_to_string(list_transform(generate_series(1, {1}), lambda _: {0}), {2})",
        counts=(3,),
    ),
    Function("translate", "text text text", python=_translated, returns="text"),
    Function("regex_quote", "text", python=_quoted_regex, returns="text"),
    Function("replace_strings", "text dynamic dynamic", python=_replaced, returns="text"),
    Function("string_size", "text", "CAST(bit_length({0}) // 8 AS BIGINT)"),
    Function("isascii", "text", "regexp_full_match({0}, '[\\x00-\\x7F]*', 's')"),
    Function("isutf8", "text", "({0} IS NOT NULL)"),
    Function("repeat", "dynamic long", python=_repeated, returns="dynamic"),
)
