"""Data as text of a plotly figure. plotly reads tags, entities, links, templates and TeX in a text; data has none."""

from __future__ import annotations

from collections.abc import Iterable

from kqlext.text import one_line

_LENGTH = 60  # characters of a name or category; the table has all of it
# The entities are turned back into the characters when plotly draws them.
_MEANINGFUL = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "$": "&#36;"})
_TEMPLATE = ("%{", "%&#123;")  # which plotly fills in from a figure's ``meta``


def plain(text: str) -> str:
    """``text`` so that plotly draws these very characters, however long."""
    return one_line(text).translate(_MEANINGFUL).replace(*_TEMPLATE)


def named(text: str | None) -> str:
    """A value by which something is called; null and the empty text get a name. Not yet for plotly."""
    return "(null)" if text is None else text or "(empty)"


def middle_out(text: str, limit: int) -> str:
    """``text``, or where it is longer its begin and its end: paths and command lines differ in either."""
    half = (limit - 1) // 2
    return text if len(text) <= limit else f"{text[: limit - 1 - half]}…{text[-half:]}"


def another(name: str, taken: set[str]) -> str:
    """``name``, or with a number behind it where it is taken; it is taken then."""
    candidate, number = name, 2
    while candidate in taken:
        candidate, number = f"{name} ({number})", number + 1
    taken.add(candidate)
    return candidate


def label(text: str | None, limit: int = _LENGTH) -> str:
    """A name or value for an axis, a legend or a hover text."""
    return plain(middle_out(named(text), limit))


def labels(texts: Iterable[str | None], limit: int = _LENGTH) -> list[str]:
    """Labels that differ where the texts differ, so that plotly does not take two for one."""
    taken: dict[str, str | None] = {}
    known: dict[str | None, str] = {}
    result = []
    for text in texts:
        made = candidate = known.get(text) or label(text, limit)
        number = 2
        while candidate in taken and taken[candidate] != text:
            candidate, number = f"{made} ({number})", number + 1
        taken[candidate] = text
        known[text] = candidate
        result.append(candidate)
    return result
