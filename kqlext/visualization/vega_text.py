"""Texts of a plotly figure as they are seen: Vega-Lite draws every text literally, without tags or entities."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

from kqlext.visualization.labels import another

_BREAK = re.compile(r"<br\s*/?>", re.I)
_TAG = re.compile(r"<[^<>]*>")
# Vega-Lite makes an expression of the names in a tooltip, and writes quotes in it but not what stands before them.
_IN_EXPRESSIONS = str.maketrans({"\\": "\u29f5", '"': "\u2033"})  # signs that look alike
# vega-tooltip takes values of these names for a picture to be fetched, and for a heading.
_MEANINGFUL = ("image", "title")


def as_seen(markup: Any) -> str:
    """One text. Data holds no tag, only entities; what is left are tags of our own or of a figure's author."""
    return unescape(_TAG.sub("", str(markup)))


def title_lines(markup: Any) -> tuple[list[str], list[str]]:
    """The lines of a title, and those in small letters below it."""
    lines = [line for line in _BREAK.split(str(markup or "")) if line]
    small = [line for line in lines if line.startswith("<span")]
    return [as_seen(line) for line in lines if line not in small], [as_seen(line) for line in small]


def tooltip_name(text: str, taken: set[str]) -> str:
    """The name of a line of a tooltip; it is taken then."""
    taken.update(_MEANINGFUL)
    return another(text.translate(_IN_EXPRESSIONS), taken)
