"""``ChartSpec`` and a table -> a plotly figure, as JSON values: charts with axes here, others in ``shapes``.

A figure is made without plotly, so a query with `render` does not import it; ``Result.to_plotly`` does.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np

from kqlext.decode.tables import Column, Table
from kqlext.text import listing
from kqlext.visualization import shapes
from kqlext.visualization.description import description
from kqlext.visualization.labels import label, labels
from kqlext.visualization.look import Figure, Look, Style, axis, layout, limits
from kqlext.visualization.points import Points, Series, points_of
from kqlext.visualization.properties import ChartSpec
from kqlext.visualization.roles import NotDrawnError, role_of
from kqlext.visualization.thinning import few_enough
from kqlext.visualization.values import json_moments, json_numbers

_BARS = ("barchart", "columnchart")
_MOST_PANELS = 5
_MARKED, _MARKED_SERIES = 60, 6  # points of a line, and lines, up to which each point has a marker
_MOST_PIECES = 50  # of an area with gaps; with more it is a line
_ANOMALY = "#d62728"


def figure(spec: ChartSpec, table: Table, look: Look, warnings: Sequence[str] = ()) -> Figure:
    """The figure of a chart.

    Args:
        warnings: the result's, which are drawn above the chart.

    Raises:
        NotDrawnError: the values of the table make no such chart; the message says why.
    """
    warned = [f"Warning: {warning}" for warning in warnings]
    if spec.kind in shapes.DRAWN or spec.map:
        return shapes.figure(spec, table, look, warned)
    spec = _at_most_five(spec, table)
    points = few_enough(spec, points_of(spec, table))
    names = [one.name for one in points.series]
    parts = zip(points.series, labels(names), _x_values(spec, points), look.styles(names), _modes(points), strict=True)
    data = [trace for part in parts for trace in _traces(spec, table, _Part(*part))]
    left_out = [*spec.notes, *points.notes]
    notes = [*warned, *left_out]
    several = sum(trace.get("showlegend", True) for trace in data) > 1
    page = layout(spec.title, notes, showlegend=spec.legend and several, **_barmode(spec))
    page["meta"] = {"description": description(spec, table, points, left_out)}
    _add_axes(spec, table, points, page)
    return {"data": data, "layout": page}


def _at_most_five(spec: ChartSpec, table: Table) -> ChartSpec:
    left = spec.ys[_MOST_PANELS:]
    if spec.split == "none" or not left:
        return spec
    note = f"At most {_MOST_PANELS} {spec.split}; not in the chart: {listing(table.columns[i].name for i in left)}."
    return replace(spec, ys=spec.ys[:_MOST_PANELS], notes=(*spec.notes, note))


# --- traces ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Part:
    """A series, its label, its x as JSON values, and how it is drawn."""

    series: Series
    name: str
    x: list[Any]
    style: Style
    mode: str


def _traces(spec: ChartSpec, table: Table, part: _Part) -> Iterable[Figure]:
    one, x, style = part.series, part.x, part.style
    y = json_numbers(one.y)
    panel = _panels(spec).get(one.column, "")
    common: Figure = {"name": part.name, **({"yaxis": f"y{panel}"} if panel else {})}
    if spec.kind in _BARS:
        marker: Figure = {"color": style.colour, **({"pattern": {"shape": style.pattern}} if style.pattern else {})}
        across = {"x": y, "y": x, "orientation": "h"} if spec.kind == "barchart" else {"x": x, "y": y}
        yield {"type": "bar", **across, "marker": marker, **common}
        return
    if spec.kind == "scatterchart":
        marker = {"color": style.colour, "symbol": style.symbol, "size": 6, "opacity": 0.75}
        yield {"type": "scatter", "mode": "markers", "x": x, "y": y, "marker": marker, **common}
        return
    line: Figure = {"color": style.colour, "width": 2, **({"dash": style.dash} if style.dash != "solid" else {})}
    trace = {
        "type": "scatter", "mode": part.mode, "line": line, "marker": {"size": 5, "symbol": style.symbol},
        "connectgaps": False, **common,
    }  # fmt: skip
    if spec.kind == "areachart":
        yield from _area(spec, {**trace, "x": x, "y": y}, style, panel)
    else:
        yield {**trace, "x": x, "y": y}
    yield from _anomalies(spec, table, one, x, common)


def _modes(points: Points) -> Iterable[str]:
    """Lines; with markers where a few lines have few points, and where a point between gaps would not be seen."""
    for one in points.series:
        there = np.isfinite(one.y)
        alone = there & ~np.append(there[1:], False) & ~np.append(False, there[:-1])
        few = len(one.y) <= _MARKED and len(points.series) <= _MARKED_SERIES
        yield "lines+markers" if few or alone.any() else "lines"


def _area(spec: ChartSpec, trace: Figure, style: Style, panel: str) -> Iterable[Figure]:
    """An area; where it has gaps one for each piece, since plotly fills gaps."""
    if spec.stacking != "unstacked":
        share = {"groupnorm": "percent"} if spec.stacking == "stacked100" else {}
        yield {**trace, "stackgroup": f"stack{panel}", "mode": "lines", **share}
        return
    bounds = [-1, *(index for index, value in enumerate(trace["y"]) if value is None), len(trace["y"])]
    pieces = [slice(start + 1, stop) for start, stop in pairwise(bounds) if stop > start + 1]
    fill = {"fill": "tozeroy", "fillcolor": style.faint}
    if len(pieces) == 1 or len(pieces) > _MOST_PIECES:
        yield {**trace, **(fill if len(pieces) == 1 else {})}
        return
    group = {"legendgroup": trace["name"]}
    for number, piece in enumerate(pieces):
        legend = {} if number == 0 else {"showlegend": False}
        yield {**trace, **fill, **group, **legend, "x": trace["x"][piece], "y": trace["y"][piece]}


def _anomalies(spec: ChartSpec, table: Table, one: Series, x: list[Any], common: Figure) -> Iterable[Figure]:
    """Markers: on the line where a column holds flags (-1, 0, 1), else at the values that it holds."""
    for index, marks in one.anomalies:
        there = np.isfinite(marks)
        flags = bool(np.isin(marks[there], (-1, 0, 1)).all())
        rows = np.flatnonzero(there & (marks != 0) if flags else there)
        if not len(rows):
            continue
        column = label(table.columns[index].name)
        yield {
            "type": "scatter", "mode": "markers", "x": [x[row] for row in rows],
            "y": json_numbers((one.y if flags else marks)[rows]),
            "marker": {"color": _ANOMALY, "symbol": "x", "size": 9}, **common,
            "name": f"{common['name']}: {column}" if spec.series else column,
        }  # fmt: skip


def _barmode(spec: ChartSpec) -> Figure:
    if spec.kind not in _BARS:
        return {"hovermode": "closest"}
    more = {"barnorm": "percent"} if spec.stacking == "stacked100" else {}
    return {"barmode": "group" if spec.stacking == "unstacked" else "relative", "bargap": 0.15, **more}


# --- values ------------------------------------------------------------------------------------------------


def _x_values(spec: ChartSpec, points: Points) -> list[list[Any]]:
    if points.role == "category":
        names = _category_labels(spec, points)
        return [[names[place] for place in one.x] for one in points.series]
    if points.role == "number":
        return [json_numbers(one.x) for one in points.series]
    return [json_moments(one.x) for one in points.series]


# --- axes --------------------------------------------------------------------------------------------------


def _panels(spec: ChartSpec) -> dict[int, str]:
    """The number of the y axis of each column of values; the first has none."""
    if spec.split == "none":
        return {}
    return {index: str(n) if n > 1 else "" for n, index in enumerate(spec.ys[:_MOST_PANELS], 1)}


def _add_axes(spec: ChartSpec, table: Table, points: Points, drawn: Figure) -> None:
    assert spec.x is not None
    name = _axis_name(table.columns[spec.x])
    kind = {"time": "date", "category": "category"}.get(points.role, "log" if spec.x_axis.log else "linear")
    title = name if spec.x_axis.title is None else spec.x_axis.title
    along = axis(title, kind, **limits(*_x_ends(spec, points), kind), **_categories(spec, points))
    values = [_value_axis(spec, table, (index,)) for index in spec.ys] if spec.split != "none" else []
    if spec.kind == "barchart":
        # The first category on top, and room for the names of all.
        reverse = {} if "range" in along else {"autorange": "reversed"}
        drawn["yaxis"], drawn["xaxis"] = {**along, **reverse}, _value_axis(spec, table, spec.ys)
        bars = len(points.categories) * (1 if spec.stacking != "unstacked" else max(1, len(points.series) // 3))
        drawn["height"] = max(400, min(4_000, drawn["margin"]["t"] + 80 + 18 * bars))
        return
    drawn["xaxis"], drawn["yaxis"] = along, _value_axis(spec, table, spec.ys)
    if spec.split == "axes":
        _side_by_side(drawn, values[:_MOST_PANELS])
    elif spec.split == "panels":
        _one_below_another(drawn, values[:_MOST_PANELS])


def _x_ends(spec: ChartSpec, points: Points) -> tuple[float | str | None, float | str | None]:
    """Begin and end of the x axis. One of time has both or none: plotly takes no range of which one end is missing.

    Raises:
        NotDrawnError: no point is between them.
    """
    low, high = spec.x_axis.minimum, spec.x_axis.maximum
    if points.role != "time" or (low is None) == (high is None):
        return low, high
    x = np.unique(np.concatenate([one.x for one in points.series]))
    beside = np.diff(x).min() // 2 if spec.kind in _BARS and len(x) > 1 else np.timedelta64(0, "us")
    first, last = x[0] - beside, x[-1] + beside
    if (low is not None and np.datetime64(str(low)) >= last) or (
        high is not None and np.datetime64(str(high)) <= first
    ):
        raise NotDrawnError(f"no point is {'after xmin' if high is None else 'before xmax'}")
    begin, end = json_moments(np.array([first, last]))
    return (begin if low is None else low), (end if high is None else high)


def _value_axis(spec: ChartSpec, table: Table, ys: Sequence[int]) -> Figure:
    names = [
        f"{table.columns[index].name}{' (s)' if role_of(table.columns[index]) == 'duration' else ''}" for index in ys
    ]
    title = spec.y_axis.title if spec.y_axis.title is not None and len(ys) == len(spec.ys) else ", ".join(names[:3])
    if len(ys) > 3 and spec.y_axis.title is None:
        title = ""  # the legend has the names
    kind = "log" if spec.y_axis.log else "linear"
    more: Figure = {"ticksuffix": "%"} if spec.stacking == "stacked100" else {}
    return axis(title, kind, **limits(spec.y_axis.minimum, spec.y_axis.maximum, kind), **more)


def _axis_name(column: Column) -> str:
    return f"{column.name} (s)" if role_of(column) == "duration" else column.name


def _categories(spec: ChartSpec, points: Points) -> Figure:
    if points.role != "category":
        return {}
    return {"showgrid": False, "categoryorder": "array", "categoryarray": _category_labels(spec, points)}


def _category_labels(spec: ChartSpec, points: Points) -> list[str]:
    return labels(points.categories, 60 if spec.kind == "barchart" else 32)  # characters that leave room for the chart


def _side_by_side(drawn: Figure, axes: Sequence[Figure]) -> None:
    """A y axis for each column: the first on the left, the others on the right."""
    room = 0.09
    drawn["xaxis"]["domain"] = [0, 1 - room * max(0, len(axes) - 2)]
    drawn["yaxis"] = axes[0]
    for number, one in enumerate(axes[1:], 2):
        free = {"anchor": "free", "position": 1 - room * (len(axes) - number)} if number > 2 else {"anchor": "x"}
        drawn[f"yaxis{number}"] = {
            **one,
            "overlaying": "y",
            "side": "right",
            "showgrid": False,
            "tickmode": "auto",
            **free,
        }
    drawn["legend"] = {"orientation": "h", "y": -0.2}


def _one_below_another(drawn: Figure, axes: Sequence[Figure]) -> None:
    share, room = 1 / len(axes), 0.06
    for number, one in enumerate(axes, 1):
        low = 1 - number * share
        domain = [low + (room / 2 if number < len(axes) else 0), low + share - (room / 2 if number > 1 else 0)]
        drawn[f"yaxis{number if number > 1 else ''}"] = {**one, "domain": domain, "anchor": "x"}
    drawn["xaxis"]["anchor"] = f"y{len(axes)}" if len(axes) > 1 else "y"
    drawn["height"] = 120 + 170 * len(axes)
