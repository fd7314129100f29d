"""A service's account of its work on a query -> one line for people. Pure.

Source: ``QueryResourceConsumption`` of Kusto, and ``statistics`` of Azure Monitor, which is the same but for
the spelling of names (shared/reference/azure-services.md sections 1.4 and 2.3).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from kqlext.text import normalize_name, plural

_CLOCK = re.compile(r"(?:(\d+)\.)?(\d+):(\d+):(\d+(?:\.\d+)?)")


@dataclass(frozen=True)
class _Figure:
    """Where a figure stands, by names without case, ``_`` and blanks, and how it reads."""

    path: tuple[str, ...]
    text: Callable[[Any], str]


def _seconds(value: Any) -> str:
    clock = _CLOCK.fullmatch(str(value))
    if clock:
        days, hours, minutes, seconds = (float(part or 0) for part in clock.groups())
        value = ((days * 24 + hours) * 60 + minutes) * 60 + seconds
    return f"{float(value):.2f} s"


def _size(value: Any) -> str:
    size = float(value)
    for unit in ("B", "kB", "MB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} GB"


def _scanned(noun: str) -> Callable[[Any], str]:
    def text(value: Any) -> str:
        counts = _folded(value)
        return f"{int(counts['scanned']):,} of {plural(int(counts['total']), noun)} scanned"

    return text


def _hits(value: Any) -> str:
    counts = _folded(value)
    total = int(counts["total"])
    if not total:
        raise ValueError("nothing was looked for in the cache")
    return f"cache hits {100 * int(counts['hits']) / total:.0f} %"


_FIGURES = (
    _Figure(("executiontime",), lambda value: f"server {_seconds(value)}"),
    _Figure(("resourceusage", "cpu", "totalcpu"), lambda value: f"CPU {_seconds(value)}"),
    _Figure(("resourceusage", "memory", "peakpernode"), lambda value: f"peak memory {_size(value)}"),
    _Figure(("inputdatasetstatistics", "rows"), _scanned("row")),
    _Figure(("inputdatasetstatistics", "extents"), _scanned("extent")),
    _Figure(("resourceusage", "cache", "memory"), _hits),
)


def statistics_line(statistics: Mapping[str, Any] | None) -> str:
    """``server 0.02 s · CPU 0.03 s · peak memory 2.1 MB · 1,024 of 59,066 rows scanned``.

    Several queries (``-over``, ``-split``) are summed up in their count; figures that are missing are left out, and
    nothing is left where there is none.
    """
    if not statistics:
        return ""
    folded = _folded(statistics)
    whole = _folded(folded["query"]) if isinstance(folded.get("query"), Mapping) else folded
    found = [text for figure in _FIGURES if (text := _text(figure, whole))]
    if not found and all(isinstance(value, Mapping) for value in statistics.values()):
        return f"{plural(len(statistics), 'query').replace('querys', 'queries')}: see .statistics"
    return " · ".join(found)


def _text(figure: _Figure, statistics: Mapping[str, Any]) -> str:
    value: Any = statistics
    try:
        for name in figure.path:
            value = _folded(value)[name]
        return figure.text(value)
    except (AttributeError, LookupError, TypeError, ValueError):
        return ""  # another service, or another version of it, has no such figure


def _folded(mapping: Mapping[str, Any]) -> dict[str, Any]:
    return {normalize_name(str(name)).replace(" ", ""): value for name, value in mapping.items()}
