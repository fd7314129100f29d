"""Small pure helpers on text that several rooms need: nearest names, safe and bounded text."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable

# C0 and C1 controls and other line separators would move the cursor or colour the terminal, bidirectional
# controls would reorder what a reader sees (CVE-2021-42574), surrogates cannot be written at all. None of
# them may come out of data.
_UNSAFE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def printable(text: str) -> str:
    """``text`` with control and bidirectional characters written as ``\\x1b`` or ``\\u202e``.

    Line feeds and tabs stay.
    """
    return _UNSAFE.sub(lambda match: _escape(match.group()), text)


def _escape(character: str) -> str:
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


def one_line(text: str) -> str:
    """``printable`` text in which line feeds and tabs are written as ``\\n`` and ``\\t``."""
    return printable(text).replace("\n", "\\n").replace("\t", "\\t")


def shorten(text: str, limit: int) -> str:
    """``text``, or its first ``limit - 1`` characters and an ellipsis where it is longer."""
    return text if len(text) <= limit else text[: limit - 1] + "…"


def normalize_name(name: str) -> str:
    """A name as Kqlmagic compares them: case, ``_`` and ``-`` do not count."""
    return name.replace("_", "").replace("-", "").lower()


def nearest(name: str, candidates: Iterable[str], cutoff: float = 0.6) -> str | None:
    """The candidate that looks most like ``name``, or None where none is near."""
    by_normal_form = {normalize_name(candidate): candidate for candidate in candidates}
    found = difflib.get_close_matches(normalize_name(name), list(by_normal_form), n=1, cutoff=cutoff)
    return by_normal_form[found[0]] if found else None


def did_you_mean(name: str, candidates: Iterable[str], cutoff: float = 0.6) -> str:
    """``did you mean 'x'?`` for the nearest candidate, or an empty string."""
    near = nearest(name, candidates, cutoff)
    return f"did you mean '{near}'?" if near else ""


def listing(names: Iterable[str], limit: int = 12) -> str:
    """``a, b, c``, or the first names and how many more there are; ``none`` where there is none."""
    known = list(names)
    more = len(known) - limit
    return (", ".join(known[:limit]) + (f" and {more} more" if more > 0 else "")) or "none"


def plural(count: int, noun: str) -> str:
    """``1 row``, ``53,412 rows``."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def age_text(seconds: float) -> str:
    """``3 hours ago``, in the largest unit of which it is at least one."""
    units = (("day", 86_400), ("hour", 3_600), ("minute", 60))
    found = next(((name, int(seconds // length)) for name, length in units if seconds >= length), None)
    return f"{plural(found[1], found[0])} ago" if found else "just now"
