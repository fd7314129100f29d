"""What a chart shows, in one sentence or two: for who cannot see it. Pure.

plotly's SVG has neither a role nor a title; the description stands in the figure's ``layout.meta`` and is plain text:
whoever puts it into markup has to escape it.
"""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import Any

import numpy as np

from kqlext.decode.tables import Table
from kqlext.text import listing, one_line, plural, shorten
from kqlext.visualization.labels import middle_out, named
from kqlext.visualization.look import Figure
from kqlext.visualization.points import Points
from kqlext.visualization.properties import ChartSpec
from kqlext.visualization.values import json_moments

_NAME, _NAMES = 40, 5  # characters of a name, and names that are listed
_NOTE, _NOTES = 200, 4

_NOUNS = {
    "timechart": "Time chart", "anomalychart": "Anomaly chart", "linechart": "Line chart", "areachart": "Area chart",
    "scatterchart": "Scatter chart", "columnchart": "Column chart", "barchart": "Bar chart",
}  # fmt: skip


def description(spec: ChartSpec, table: Table, drawn: Points | Sequence[Figure], notes: Sequence[str] = ()) -> str:
    """``Time chart of Events over StartTime, 3 series (TEXAS, KANSAS, OHIO), from ... to ..., Events from 1 to 240.``

    Numbers have six digits at most, as those of an axis, shares none behind the point.

    Args:
        drawn: the points of a chart with axes, the traces of any other.
        notes: what is not in the picture, a sentence each.
    """
    title = [f"{one_line(middle_out(spec.title, 120))}."] if spec.title else []
    parts = _of_points(spec, table, drawn) if isinstance(drawn, Points) else _of_traces(spec, table, drawn)
    return " ".join([*title, f"{', '.join(parts)}.", *(one_line(shorten(note, _NOTE)) for note in notes[:_NOTES])])


def _of_points(spec: ChartSpec, table: Table, points: Points) -> list[str]:
    assert spec.x is not None
    over = "by" if points.role == "category" else "over"
    parts = [f"{_kind(spec)} of {_columns(spec.ys, table)} {over} {_columns((spec.x,), table)}"]
    if len(points.series) > 1 and spec.series:
        parts.append(f"{len(points.series):,} series {_among(one.name for one in points.series)}")
    if points.role == "category":
        many = len(points.categories)
        parts.append(f"{many:,} categor{'y' if many == 1 else 'ies'} {_among(map(named, points.categories))}")
    else:
        span = _span(np.concatenate([one.x for one in points.series]), points.role == "time")
        parts.append(span if points.role == "time" else f"{_columns((spec.x,), table)} {span}")
    for index in spec.ys[:_NAMES]:
        own = [one.y for one in points.series if one.column == index]
        if own and np.isfinite(values := np.concatenate(own)).any():
            parts.append(f"{_columns((index,), table)} {_span(values)}")
    marks = sum(int((np.nan_to_num(mark) != 0).sum()) for one in points.series for _, mark in one.anomalies)
    return [*parts, *([plural(marks, "marked point")] if spec.anomalies else [])]


def _kind(spec: ChartSpec) -> str:
    stacked = {"stacked": ", stacked,", "stacked100": ", stacked to 100 %,"}.get(spec.stacking, "")
    return f"{_NOUNS[spec.kind]}{stacked}"


def _columns(indices: Sequence[int], table: Table) -> str:
    return listing((_name(table.columns[index].name) for index in indices), _NAMES)


def _name(text: Any) -> str:
    return one_line(middle_out(named(str(text)), _NAME))


def _among(names: Any) -> str:
    return f"({listing(map(_name, names), _NAMES)})"


def _span(values: Any, is_time: bool = False) -> str:
    """``from 1 to 240``; of one value ``1``."""
    if is_time:
        first, last = json_moments(np.array([values.min(), values.max()]))
    else:
        first, last = (_number(float(end)) for end in (np.nanmin(values), np.nanmax(values)))
    return f"at {first}" if first == last else f"from {first} to {last}"


def _number(value: float) -> str:
    whole = value == int(value) and abs(value) < 2**53
    return f"{int(value):,}" if whole else f"{value:,.6g}"


# --- charts without common axes ----------------------------------------------------------------------------


def _of_traces(spec: ChartSpec, table: Table, traces: Sequence[Figure]) -> list[str]:
    describe = _map if spec.map else _SHAPES[spec.kind]
    return describe(spec, table, traces)


def _pie(spec: ChartSpec, table: Table, traces: Sequence[Figure]) -> list[str]:
    assert spec.x is not None
    (trace,) = traces
    total = sum(trace["values"])
    order = sorted(range(len(trace["values"])), key=lambda place: -trace["values"][place])
    shares = [f"{_label(trace['labels'][place])} {trace['values'][place] / total:.0%}" for place in order]
    return [
        f"Pie chart of {_columns(spec.ys, table)} by {_columns((spec.x,), table)}",
        f"{plural(len(order), 'slice')} ({listing(shares, _NAMES)})",
    ]


def _tree(spec: ChartSpec, table: Table, traces: Sequence[Figure]) -> list[str]:
    (trace,) = traces
    tops = [place for place, parent in enumerate(trace["parents"]) if not parent]
    tops.sort(key=lambda place: -trace["values"][place])
    areas = [f"{_label(trace['labels'][place])} {_number(trace['values'][place])}" for place in tops]
    return [
        f"Tree map of {_columns(spec.ys, table)} by {_columns(spec.series, table)}",
        f"{plural(len(tops), 'area')} ({listing(areas, _NAMES)})",
    ]


def _card(spec: ChartSpec, table: Table, _: Sequence[Figure]) -> list[str]:
    values = [f"{_columns((index,), table)} {_name(table.columns[index].texts(0, 1)[0])}" for index in spec.ys]
    return [f"Card: {listing(values, _NAMES)}"]


def _ladder(spec: ChartSpec, table: Table, traces: Sequence[Figure]) -> list[str]:
    assert spec.x is not None
    rows = list(dict.fromkeys(map(_label, traces[0]["y"])))
    between = f"{_columns((spec.x,), table)} to {_columns(spec.ys, table)}"
    pairs = traces[0]["customdata"]
    first, last = min(pair[0] for pair in pairs), max(pair[1] for pair in pairs)
    return [f"Ladder chart from {between}", f"{plural(len(pairs), 'bar')} in {plural(len(rows), 'row')} {_among(rows)}",
            f"from {first} to {last}"]  # fmt: skip


def _flows(spec: ChartSpec, table: Table, traces: Sequence[Figure]) -> list[str]:
    start, end = (_columns((index,), table) for index in spec.series)
    return [
        f"Flows of {_columns(spec.ys, table)} from {start} to {end}",
        plural(len(traces[0]["link"]["value"]), "flow"),
    ]


def _map(spec: ChartSpec, table: Table, traces: Sequence[Figure]) -> list[str]:
    seen = [trace for trace in traces if trace["mode"] == "markers"]
    places = {place for trace in seen for place in zip(trace["x"], trace["y"], strict=True)}
    sized = spec.kind == "piechart"
    what = f"Map of {_columns(spec.ys[-1:], table)} at {plural(len(places), 'place')}" if sized else "Map of points"
    count = [] if sized else [plural(sum(len(trace["x"]) for trace in seen), "point")]
    return [what, *count, *_series(traces), *(f"{name} {_ends(seen, axis)}" for name, axis in _DEGREES)]


_DEGREES = (("longitude", "x"), ("latitude", "y"))


def _pivot(spec: ChartSpec, table: Table, traces: Sequence[Figure]) -> list[str]:
    assert spec.x is not None
    by = _columns((spec.x, *spec.levels), table)
    x = traces[0]["x"]
    many = len(x[0] if spec.levels else x)
    categories = f"{many:,} categor{'y' if many == 1 else 'ies'}"
    return [f"Pivot chart of {_columns(spec.ys, table)} by {by}", categories, *_series(traces), _ends(traces, "y")]


def _lanes(spec: ChartSpec, table: Table, traces: Sequence[Figure]) -> list[str]:
    assert spec.x is not None
    events = traces[-1]
    lanes = list(dict.fromkeys(map(_label, events["y"])))
    of = f" of {_columns(spec.series, table)}" if spec.series else ""
    first, last = min(events["x"]), max(events["x"])
    return [f"Time pivot of {plural(len(events['x']), 'event')} over {_columns((spec.x,), table)}",
            f"{plural(len(lanes), 'lane')}{of} {_among(lanes)}", f"from {first} to {last}"]  # fmt: skip


def _graph(spec: ChartSpec, table: Table, traces: Sequence[Figure]) -> list[str]:
    lines, nodes = traces
    start, end = (_columns((index,), table) for index in spec.series)
    edges = plural(lines["x"].count(None), "edge")
    return [f"Graph of {plural(len(nodes['x']), 'node')} {_among(map(_label, nodes['text']))} and {edges}",
            f"from {start} to {end}"]  # fmt: skip


def _space(spec: ChartSpec, table: Table, traces: Sequence[Figure]) -> list[str]:
    assert spec.x is not None
    axes = zip((spec.x, *spec.ys), "xyz", strict=True)
    spans = [f"{_columns((index,), table)} {_ends(traces, letter)}" for index, letter in axes]
    points = plural(sum(len(trace["x"]) for trace in traces), "point")
    return [f"3D chart of {_columns((spec.x, *spec.ys), table)}", points, *_series(traces), *spans]


def _series(traces: Sequence[Figure]) -> list[str]:
    shown = [_label(trace["name"]) for trace in traces if trace.get("showlegend", True)]
    return [f"{len(shown):,} series {_among(shown)}"] if len(shown) > 1 else []


def _ends(traces: Sequence[Figure], axis: str) -> str:
    return _span(np.array([value for trace in traces for value in trace[axis] if value is not None], dtype=float))


def _label(text: str) -> str:
    """A label of a figure as the text that it was."""
    return _name(html.unescape(text))


_SHAPES = {
    "piechart": _pie, "treemap": _tree, "card": _card, "ladderchart": _ladder, "sankey": _flows, "pivotchart": _pivot,
    "timepivot": _lanes, "graph": _graph, "3dchart": _space,
}  # fmt: skip
