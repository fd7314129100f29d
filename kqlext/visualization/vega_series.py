"""What the series of a figure are told apart by: names, colours, dashes, symbols; and the scales of their values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from kqlext.visualization.labels import another
from kqlext.visualization.look import Figure
from kqlext.visualization.vega_text import as_seen

_DASHES = {"solid": [1, 0], "dash": [6, 4], "dot": [2, 2], "dashdot": [6, 3, 2, 3], "longdash": [10, 4]}
CROSS = "M-.5,-.5L.5,.5M.5,-.5L-.5,.5"
SYMBOLS = {
    "circle": "circle", "square": "square", "diamond": "diamond", "cross": "cross", "triangle-up": "triangle-up",
    "x": CROSS,
}  # fmt: skip
# How much lighter a colour is that others have had: Vega-Lite has no patterns, and areas no dashes.
_LIGHTER = {"": 0.0, "/": 0.35, "x": 0.55, ".": 0.7, "-": 0.8}
_LIGHTER_AREAS = dict(zip(_DASHES, _LIGHTER.values(), strict=True))
_SCATTER = set(
    "type mode name x y xaxis yaxis line marker connectgaps fill fillcolor stackgroup groupnorm legendgroup "
    "showlegend legendrank hoverinfo opacity".split()
)
_BAR = set("type name x y base yaxis orientation marker customdata hovertemplate showlegend legendgroup".split())
_LINE, _MARKER = {"color", "width", "dash"}, {"color", "symbol", "size", "opacity", "pattern", "line"}


class CannotBeSaidError(Exception):
    """A figure has a part that Vega-Lite, or this translation, does not have."""


@dataclass(frozen=True)
class Scale:
    """An axis of a figure. Values of a date are milliseconds, those of a category its names."""

    kind: str
    categories: tuple[str, ...] = ()

    @property
    def type(self) -> str:
        return {"date": "temporal", "category": "nominal"}.get(self.kind, "quantitative")

    def values(self, written: Sequence[Any]) -> list[Any]:
        """Values as rows have them; None where there is none, or none that the axis can have."""
        if self.kind == "category":
            return [None if value is None else as_seen(value) for value in written]
        if self.kind == "date":
            if not all(value is None or isinstance(value, str) for value in written):
                raise CannotBeSaidError("dates")
            ticks = np.array(written, dtype="datetime64[us]")
            numbers = ticks.astype(np.int64)
            return [
                None if missing else tick // 1_000 if tick % 1_000 == 0 else tick / 1_000
                for tick, missing in zip(numbers.tolist(), np.isnat(ticks).tolist(), strict=True)
            ]
        return [None if value is None or (self.kind == "log" and value <= 0) else value for value in written]


@dataclass(frozen=True)
class Entry:
    """A series in the legend: its name and how it is told from others."""

    name: str
    colour: str
    dash: str = "solid"
    symbol: str = "circle"
    shown: bool = True
    rank: int = 1_000


def entries_of(traces: Sequence[Figure]) -> tuple[list[Entry], list[int]]:
    """The entries of the legend, and the place of each trace's: traces of one name and colour share it.

    Raises:
        CannotBeSaidError: a trace has a part that is not known here.
    """
    entries: list[Entry] = []
    places = []
    for trace in traces:
        made = _entry(trace)
        same = [place for place, other in enumerate(entries) if (other.name, other.colour) == (made.name, made.colour)]
        if not same:
            entries.append(replace(made, name=another(made.name, {other.name for other in entries})))
        places.append(same[0] if same else len(entries) - 1)
    return entries, places


def _entry(trace: Figure) -> Entry:
    known = {"scatter": _SCATTER, "bar": _BAR}.get(trace.get("type", ""), set())
    if not known or not set(trace) <= known:
        raise CannotBeSaidError(str(trace.get("type")))
    line, marker = trace.get("line", {}), trace.get("marker", {})
    if not set(line) <= _LINE or not set(marker) <= _MARKER or isinstance(marker.get("size"), list):
        raise CannotBeSaidError("look")
    colour = marker.get("color") if trace["type"] == "bar" or trace.get("mode") == "markers" else line.get("color")
    dash, symbol = line.get("dash", "solid"), marker.get("symbol", "circle")
    if not isinstance(colour, str) or dash not in _DASHES or symbol not in SYMBOLS:
        raise CannotBeSaidError("look")
    share = _LIGHTER[marker.get("pattern", {}).get("shape", "")]
    if "stackgroup" in trace:
        share = _LIGHTER_AREAS[dash]
    colour = _lighter(colour, share) if share else colour
    shown, rank = trace.get("showlegend", True), trace.get("legendrank", 1_000)
    return Entry(as_seen(trace.get("name", "")), colour, dash, symbol, shown, rank)


def _lighter(colour: str, share: float) -> str:
    parts = (int(colour[index : index + 2], 16) for index in (1, 3, 5))
    return "#" + "".join(f"{round(part + (255 - part) * share):02x}" for part in parts)


def styles_of(entries: Sequence[Entry]) -> Mapping[str, list[Any]]:
    """What series are told apart by beside colour, where they need it: channel -> a value for each."""
    found: dict[str, list[Any]] = {
        "strokeDash": [_DASHES[entry.dash] for entry in entries],
        "shape": [SYMBOLS[entry.symbol] for entry in entries],
    }
    return {channel: values for channel, values in found.items() if any(value != values[0] for value in values)}
