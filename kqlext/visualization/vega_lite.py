"""A figure -> a Vega-Lite v5 specification of the same chart, for a JupyterLab without plotly and for images.

It is made from the figure, not from the table again, so that series, labels, colours, gaps and notes are decided once.
What Vega-Lite does not have (treemaps, flows), and every figure with a part that is not known here, has none. It holds
no expression made of data, no address and no link; names of columns are titles, never names of fields.

The grammar: https://vega.github.io/vega-lite/docs/. JupyterLab 4 comes with Vega-Lite 5.6, so nothing newer is used.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Mapping, Sequence
from typing import Any

from kqlext.visualization.look import GRID, TEXT, Figure
from kqlext.visualization.vega_marks import Layer, Traces
from kqlext.visualization.vega_series import CannotBeSaidError, Scale, styles_of
from kqlext.visualization.vega_shapes import card, pie
from kqlext.visualization.vega_text import as_seen, title_lines, tooltip_name

MIME_TYPE = "application/vnd.vegalite.v5+json"
WIDTH = 720  # pixels of the whole chart, legend included
_PANEL_WIDTH = 480  # of the axes of panels, to which the labels come
_MOST_LABELS = 40  # of categories that stand beside each other, up to which each is labelled
_ROOM = 8  # beside points, so that they are seen whole
_AXIS_ROOM = 64  # of each further axis
# Fixed expressions: what plotly calls a suffix of ticks.
_SUFFIXES = {"%": "datum.label + '%'", "°": "datum.label + '°'"}
_TIMES = ((86_400_000, "%Y-%m-%d"), (60_000, "%Y-%m-%d %H:%M"), (1_000, "%Y-%m-%d %H:%M:%S"))
# Ticks of a time axis, by the coarsest unit that they begin.
_TICKS = {
    "year": "%Y", "quarter": "%Y-%m", "month": "%Y-%m", "week": "%Y-%m-%d", "date": "%Y-%m-%d", "day": "%Y-%m-%d",
    "hours": "%m-%d %H:%M", "minutes": "%H:%M", "seconds": "%H:%M:%S", "milliseconds": "%S.%L",
}  # fmt: skip
_FINEST = "%Y-%m-%d %H:%M:%S.%L"

# What a layout of plotly's own (-plotly_layout) may cause, which has more forms of a value than ours.
_FOREIGN = (KeyError, TypeError, ValueError)

Spec = dict[str, Any]


def vega_lite(figure: Figure) -> Spec | None:
    """The specification, or None where Vega-Lite cannot draw this figure."""
    page = figure["layout"]
    description = page.get("meta", {}).get("description", "")
    notes: list[str] = []
    try:
        if any(page.get(part) for part in ("shapes", "images", "scene", "geo", "polar")):
            return None
        if figure["data"] and figure["data"][0]["type"] == "pie":
            body = pie(figure["data"], legend=page.get("showlegend", True))
        elif page.get("annotations"):
            body = card(figure)
        else:
            body, notes = _with_axes(figure)
    except (CannotBeSaidError, *_FOREIGN):
        return None
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
        **({"description": description} if description else {}),
        **_title(page, notes),
        **body,
        "config": _CONFIG,
        "usermeta": {"embedOptions": _EMBEDDING},
    }


# SVG has texts that can be read aloud. The menu has no entry that sends the data to an editor elsewhere.
_EMBEDDING = {"renderer": "svg", "actions": {"export": True, "source": False, "compiled": False, "editor": False}}
_CONFIG: Spec = {
    "background": None,  # so that the page's shows
    "view": {"stroke": None},
    "title": {"color": TEXT, "subtitleColor": TEXT, "fontSize": 15, "subtitleFontSize": 11, "anchor": "start",
              "frame": "bounds", "offset": 12},
    "axis": {"labelColor": TEXT, "titleColor": TEXT, "gridColor": GRID, "domainColor": GRID, "tickColor": GRID,
             "labelFontSize": 12, "titleFontSize": 13, "titleFontWeight": "normal", "labelOverlap": "greedy",
             "labelSeparation": 6},
    "legend": {"labelColor": TEXT, "titleColor": TEXT, "labelFontSize": 12, "labelLimit": 180, "symbolLimit": 100},
}  # fmt: skip


def _title(page: Mapping[str, Any], notes: Sequence[str]) -> Spec:
    large, small = title_lines(page.get("title", {}).get("text"))
    small = [*small, *notes]
    if not large and not small:
        return {}
    # A subtitle is drawn below a title only.
    return {"title": {"text": large or " ", **({"subtitle": small} if small else {})}}


def _with_axes(figure: Figure) -> tuple[Spec, list[str]]:
    page = figure["layout"]
    written = {name.replace("axis", ""): axis for name, axis in page.items() if name[:5] in ("xaxis", "yaxis")}
    if set(written) - {name for name in written if name == "x" or name[0] == "y"} or "x" not in written:
        raise CannotBeSaidError("axes")
    scales = {name: _scale(name, axis, figure["data"]) for name, axis in written.items()}
    traces = Traces(figure, scales["x"], {name: scale for name, scale in scales.items() if name[0] == "y"})
    layers = list(traces.layers())
    maker = _Maker(written, scales, traces)
    names = list(dict.fromkeys(layer.axis for layer in layers))
    groups = [[layer for layer in layers if layer.axis == name] for name in names]
    series = [{"k": place, "s": entry.name} for place, entry in enumerate(traces.entries)]
    body: Spec = {"datasets": {"series": series}}
    height = page.get("height", 400)
    if any("domain" in written[name] for name in names):
        panels = [
            {"width": _PANEL_WIDTH, "height": max(60, height // len(names) - 60), "layer": maker.layers(group, last)}
            for group, last in zip(groups, [name == names[-1] for name in names], strict=True)
        ]
        body |= {"vconcat": panels, "resolve": {"scale": {"x": "shared", "color": "shared"}}}
        return body, traces.notes
    body |= {"width": WIDTH, "height": height, "autosize": {"type": "fit", "contains": "padding"}}
    if len(names) == 1:
        return {**body, "layer": maker.layers(layers, last=True)}, traces.notes
    sides = [{"layer": maker.layers(group, last=True)} for group in groups]
    return {**body, "layer": sides, "resolve": {"scale": {"y": "independent"}}}, traces.notes


def _scale(name: str, axis: Mapping[str, Any], traces: Sequence[Figure]) -> Scale:
    kind = str(axis.get("type"))
    if kind not in ("date", "category", "log", "linear"):
        raise CannotBeSaidError(kind)
    names = axis.get("categoryarray")
    if kind == "category" and names is None:
        own = [trace for trace in traces if name == "x" or trace.get("yaxis", "y") == name]
        names = [value for trace in own for value in trace[name[0]]]
    return Scale(kind, tuple(dict.fromkeys(as_seen(one) for one in names or ())))


class _Maker:
    """Layers of a specification, with what all of one figure have in common."""

    def __init__(self, axes: Mapping[str, Mapping[str, Any]], scales: Mapping[str, Scale], traces: Traces) -> None:
        self._axes, self._scales, self._traces = axes, scales, traces
        page = traces.figure["layout"]
        self._legend = bool(page.get("showlegend", len(traces.entries) > 1))
        self._bars = any(trace["type"] == "bar" for trace in traces.all)
        self._points = all(trace.get("mode") == "markers" for trace in traces.all)
        self._areas = any(trace.get("stackgroup") or trace.get("fill") for trace in traces.all)

    def layers(self, layers: Sequence[Layer], last: bool) -> list[Spec]:
        """
        Args:
            last: whether the x axis below is labelled.
        """
        return [self._layer(layer, last) for layer in layers]

    def _layer(self, layer: Layer, last: bool) -> Spec:
        encoding: Spec = {}
        for channel, field in layer.encoding.items():
            if channel == "tooltip":
                continue
            if channel in ("x", "y"):
                encoding[channel] = {**self._channel(channel, layer, last), **field}
            elif channel in ("xOffset", "yOffset"):
                names = [entry.name for entry in self._traces.entries]
                encoding[channel] = {**field, "type": "nominal", "scale": {"domain": names}}
            else:
                encoding[channel] = dict(field)
        if any("g" in row for row in layer.rows):
            encoding["detail"] = {"field": "g", "type": "nominal"}
        encoding |= self._look(layer)
        encoding["tooltip"] = self._tooltip(layer)
        clipped = any(
            _ends(self._axes[n]) != (None, None) and self._scales[n].kind != "category" for n in ("x", layer.axis)
        )
        series = {"lookup": "k", "from": {"data": {"name": "series"}, "key": "k", "fields": ["s"]}}
        # The description of the chart is read, not that of each of its marks.
        return {
            "data": _data(layer.rows), "transform": [series],
            "mark": {**layer.mark, "aria": False, **({"clip": True} if clipped else {})}, "encoding": encoding,
        }  # fmt: skip

    def _channel(self, channel: str, layer: Layer, last: bool) -> Spec:
        """The axis of x or y."""
        name = "x" if channel == "x" else layer.axis
        axis, scale = self._axes[name], self._scales[name]
        drawn: Spec = {
            "title": as_seen(axis.get("title", {}).get("text", "")) or None,
            "grid": axis.get("showgrid", True),
        }
        if suffix := axis.get("ticksuffix"):
            drawn["labelExpr"] = _SUFFIXES[suffix]
        if channel == "x" and scale.kind in ("date", "linear"):
            drawn["tickCount"] = 8
        if scale.kind == "date":
            drawn["format"] = _TICKS
        if scale.kind == "category":
            drawn["labelLimit"] = 260 if channel == "y" else 140
            drawn["labelOverlap"] = "greedy" if channel == "x" and len(scale.categories) > _MOST_LABELS else False
            if channel == "x":
                drawn["labelAngle"] = -40 if self._crowded(name) else 0
        if axis.get("overlaying"):
            place = int(name[1:]) - 2
            drawn |= {"orient": "right", **({"offset": _AXIS_ROOM * place} if place else {})}
        if channel == "x" and not last:
            drawn |= {"labels": False, "title": None, "ticks": False}
        if axis.get("visible") is False:
            drawn = {"labels": False, "ticks": False, "domain": False, "grid": False, "title": None}
        return {"type": scale.type, "axis": drawn, "scale": self._domain(channel, axis, scale)}

    def _crowded(self, name: str) -> bool:
        names = self._scales[name].categories
        return name == "x" and sum(len(one) + 2 for one in names) > 90

    def _domain(self, channel: str, axis: Mapping[str, Any], scale: Scale) -> Spec:
        ends = _ends(axis)
        reverse = axis.get("autorange") == "reversed" or (None not in ends and ends[0] > ends[1])
        if scale.kind == "category":
            kind = "band" if self._bars else "point"
            turned = reverse if channel == "x" else not reverse
            return {"type": kind, "domain": list(scale.categories), **({"reverse": True} if turned else {})}
        kind = {"date": "utc", "log": "log"}.get(scale.kind, "linear")
        from_zero = kind == "linear" and (self._areas or self._bars) and channel == self._upwards()
        drawn: Spec = {
            "type": kind,
            "nice": kind != "utc" and ends == (None, None),
            **({"reverse": True} if reverse else {}),
        }
        if kind == "linear":
            drawn["zero"] = from_zero
        if self._points and _ends(axis) == (None, None):
            drawn["padding"] = _ROOM
        if ends == (None, None) and channel == self._upwards() and self._of_100():
            ends = (None, 100)
        if kind == "log" and self._bars and channel == self._upwards() and ends[0] is None:
            drawn["domainMin"] = self._below_all(scale)
        for key, end in zip(("domainMin", "domainMax"), ends, strict=True):
            if end is not None:
                (drawn[key],) = scale.values([10**end if scale.kind == "log" else end])
        return drawn

    def _below_all(self, scale: Scale) -> float:
        """Where bars of a logarithmic axis stand: at a power of ten, so that the least has a height too."""
        key = self._upwards()
        values = [value for trace in self._traces.all for value in scale.values(trace[key]) if value is not None]
        return float(10 ** math.floor(math.log10(min(values, default=1)) - 0.01))

    def _of_100(self) -> bool:
        page = self._traces.figure["layout"]
        return bool(page.get("barnorm")) or any(trace.get("groupnorm") for trace in self._traces.all)

    def _upwards(self) -> str:
        """The axis of the values."""
        return "x" if any(trace.get("orientation") == "h" for trace in self._traces.all) else "y"

    def _look(self, layer: Layer) -> Spec:
        entries = sorted(self._traces.entries, key=lambda entry: entry.rank)
        names = [entry.name for entry in entries]
        shown = [entry.name for entry in entries if entry.shown]
        legend: Spec | None = {"title": None, **({"values": shown} if shown != names else {})} if self._legend else None
        own: Spec = {"field": "s", "type": "nominal", "legend": legend}
        look = {"color": {**own, "scale": {"domain": names, "range": [entry.colour for entry in entries]}}}
        styles = styles_of(entries)
        for channel in layer.styles:
            if channel in styles:
                look[channel] = {**own, "scale": {"domain": names, "range": styles[channel]}}
        return look

    def _tooltip(self, layer: Layer) -> list[Spec]:
        taken: set[str] = set()
        lines: list[Spec] = []
        for field, channel in layer.encoding["tooltip"]:
            name = "x" if channel == "x" else layer.axis
            title = as_seen(self._axes[name].get("title", {}).get("text", "")) or channel
            line: Spec = {"field": field, "type": "nominal", "title": tooltip_name(title, taken)}
            if self._scales[name].kind == "date":
                form = _time_format([row[field] for row in layer.rows])
                # The scale is what makes it UTC: a time unit would be written in the reader's own zone.
                line |= {"type": "temporal", "scale": {"type": "utc"}, "format": form}
            lines.append(line)
        if len(self._traces.entries) > 1:
            lines.append({"field": "s", "type": "nominal", "title": tooltip_name("series", taken)})
        return lines


def _data(rows: Sequence[Mapping[str, Any]]) -> Spec:
    """Rows as CSV, which is one line of a saved notebook, where JSON would be a line for each value."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(names)
    writer.writerows([row.get(name) for name in names] for row in rows)
    kinds = {name: "string" if any(isinstance(row.get(name), str) for row in rows) else "number" for name in names}
    return {"values": text.getvalue(), "format": {"type": "csv", "parse": kinds}}


def _ends(axis: Mapping[str, Any]) -> tuple[Any, Any]:
    """The begin and the end of an axis, None where the data say; of a logarithmic one they are exponents."""
    begin, end = axis.get("range", (None, None))
    return begin, end


def _time_format(values: Sequence[float]) -> str:
    return next((form for size, form in _TIMES if all(value % size == 0 for value in values)), _FINEST)


def resized(spec: Spec, width: int | None, height: int | None) -> Spec:
    """The same, in pixels of the whole; panels are so wide and high together without their labels."""
    if "vconcat" in spec:
        panels = spec["vconcat"]
        sizes = {**({"width": width} if width else {}), **({"height": height // len(panels)} if height else {})}
        return {**spec, "vconcat": [{**panel, **sizes} for panel in panels]}
    return {**spec, **({"width": width} if width else {}), **({"height": height} if height else {})}
