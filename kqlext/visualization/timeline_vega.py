"""The figure of a timeline -> one with only what the translation into Vega-Lite has: names of lanes, fewer marks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from kqlext.visualization.look import Figure
from kqlext.visualization.values import json_moments

_MOST = 700  # marks: the picture is small, and Vega-Lite's own charts have at most 2,000 rows
_COLUMNS = 300  # of which a bar takes at least one
_SIZES = ((8, 0.55), (13, 0.7), (21, 0.8))  # pixels up to which marks are drawn as one size, and their opacity
_KEPT = ("type", "name", "legendgroup", "showlegend")
# Lanes of nothing above and below the others, so that lines of reference events go through all.
_ABOVE, _BELOW = "\u00a0", "\u00a0\u00a0"


def plainer(figure: Figure) -> Figure:
    """Tooltips are left out, and labels beside marks: Vega-Lite tells time, lane and colour of each mark."""
    page = figure["layout"]
    lanes = list(page["yaxis"]["ticktext"])
    lines = [trace for trace in figure["data"] if "line" in trace]
    if lines:
        lanes = [_ABOVE, *lanes, _BELOW]
    others = [trace for trace in figure["data"] if "line" not in trace]
    kept = _few(others)
    begin, end = (np.datetime64(moment, "us") for moment in page["xaxis"]["range"])
    least = float((end - begin) / np.timedelta64(1, "ms")) / _COLUMNS
    data = [
        made
        for trace, rows in zip(others, kept, strict=True)
        for made in _marks(trace, rows, lanes, bool(lines), least)
    ]
    data += [_line(trace) for trace in lines]
    down = {key: page["yaxis"][key] for key in ("title", "automargin", "gridcolor", "showgrid")}
    along = {key: value for key, value in page["xaxis"].items() if key != "rangeslider"}
    down |= {"type": "category", "categoryorder": "array", "categoryarray": lanes, "autorange": "reversed"}
    shown = {**page, "xaxis": along, "yaxis": down}
    drawn, count = (sum(map(len, some)) for some in (kept, (trace["y"] for trace in others)))
    if drawn < count:
        note = f'<span style="font-size:11px">{drawn:,} of these {count:,} marks are in this picture.</span>'
        shown["title"] = {**page["title"], "text": f"{page['title']['text']}<br>{note}"}
    return {"data": data, "layout": shown}


def _few(traces: Sequence[Figure]) -> list[list[int]]:
    """The rows of each trace that are drawn: of those that lie on one another one, and if need be every so many."""
    counts = [len(trace["y"]) for trace in traces]
    if sum(counts) <= _MOST:
        return [list(range(count)) for count in counts]
    ticks = np.concatenate([np.array(trace.get("base", trace["x"]), dtype="datetime64[us]") for trace in traces])
    share = (ticks - ticks.min()) / max(ticks.max() - ticks.min(), np.timedelta64(1, "us"))
    lane = np.concatenate([np.array(trace["y"], dtype=np.int64) for trace in traces])
    owner = np.repeat(np.arange(len(traces)), counts)
    for columns in (700, 350, 175, 80, 40):
        key = (owner * (lane.max() + 1) + lane) * (columns + 1) + (share * columns).astype(np.int64)
        keep = np.sort(np.unique(key, return_index=True)[1])
        if len(keep) <= _MOST:
            break
    keep = keep[:: -(-len(keep) // _MOST)]
    begins = np.concatenate([[0], np.cumsum(counts)])
    return [(keep[owner[keep] == number] - begins[number]).tolist() for number in range(len(traces))]


def _marks(trace: Figure, rows: Sequence[int], lanes: Sequence[str], shifted: bool, least: float) -> Iterator[Figure]:
    """Bars that are too short to be seen become points. Args: least: milliseconds of a bar."""
    if trace["type"] != "bar":
        yield from _points(trace, rows, lanes, shifted)
        return
    long = [row for row in rows if trace["x"][row] >= least]
    short = [row for row in rows if trace["x"][row] < least]
    if long:
        yield from _bars(trace, long, lanes, shifted)
    if short:
        point = {
            **trace,
            "type": "scatter",
            "x": trace["base"],
            "marker": {"color": trace["marker"]["color"], "size": 8},
        }
        yield from _points({**point, "showlegend": not long and trace.get("showlegend", True)}, short, lanes, shifted)


def _points(trace: Mapping[str, Any], rows: Sequence[int], lanes: Sequence[str], shifted: bool) -> Iterator[Figure]:
    size = trace["marker"]["size"]
    sizes = size if isinstance(size, list) else [size] * len(trace["y"])
    begin, several = 0, isinstance(size, list)
    first = True
    for end, opacity in _SIZES if several else ((100, 0.65),):
        own = [row for row in rows if begin < sizes[row] <= end]
        begin = end
        if own:
            marker = {key: value for key, value in trace["marker"].items() if key != "line"}
            marker |= {"size": (end - 1 if several else size), "opacity": opacity}
            common = _common(trace) if first else {**_common(trace), "showlegend": False}
            first = False
            yield {
                **common, "mode": "markers", "x": [trace["x"][row] for row in own],
                "y": _names(trace, own, lanes, shifted), "marker": marker, **({"opacity": opacity} if several else {}),
            }  # fmt: skip


def _bars(trace: Mapping[str, Any], rows: Sequence[int], lanes: Sequence[str], shifted: bool) -> Iterator[Figure]:
    starts = [trace["base"][row] for row in rows]
    length = np.array([round(trace["x"][row] * 1_000) for row in rows], dtype="timedelta64[us]")
    ends = json_moments(np.array(starts, dtype="datetime64[us]") + length)
    marker = {key: value for key, value in trace["marker"].items() if key != "line"}
    yield {
        **_common(trace), "orientation": "h", "base": starts, "x": [trace["x"][row] for row in rows],
        "y": _names(trace, rows, lanes, shifted), "marker": marker,
        "customdata": [list(pair) for pair in zip(starts, ends, strict=True)],
    }  # fmt: skip


def _line(trace: Mapping[str, Any]) -> Figure:
    return {**_common(trace), "mode": "lines", "x": trace["x"], "y": [_ABOVE, _BELOW], "line": trace["line"]}


def _common(trace: Mapping[str, Any]) -> dict[str, Any]:
    return {key: trace[key] for key in _KEPT if key in trace}


def _names(trace: Mapping[str, Any], rows: Sequence[int], lanes: Sequence[str], shifted: bool) -> list[str]:
    return [lanes[trace["y"][row] + shifted] for row in rows]
