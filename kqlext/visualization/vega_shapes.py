"""Pies and cards as Vega-Lite: figures that have no axes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kqlext.visualization.look import GRID, TEXT, Figure
from kqlext.visualization.vega_series import CannotBeSaidError
from kqlext.visualization.vega_text import as_seen

_SIZE = {"width": 720, "autosize": {"type": "fit", "contains": "padding"}}
_LEAST_WRITTEN = 4  # percent of a slice that has room for its share


def pie(traces: Sequence[Figure], legend: bool) -> dict[str, Any]:
    """Slices in the order of the figure, from the top clockwise; the legend has their shares."""
    if len(traces) != 1 or not isinstance(traces[0].get("marker", {}).get("colors"), list):
        raise CannotBeSaidError("pies")
    (trace,) = traces
    values = [value or 0 for value in trace["values"]]
    total = sum(values)
    shares = [100 * value / total for value in values]
    names = [as_seen(name) for name in trace["labels"]]
    entries = [f"{name}  {share:.3g} %" for name, share in zip(names, shares, strict=True)]
    rows = [
        {"i": i, "s": entry, "n": name, "y": value, "t": f"{share:.3g} %" if share >= _LEAST_WRITTEN else ""}
        for i, (entry, name, value, share) in enumerate(zip(entries, names, values, shares, strict=True))
    ]
    angle = {"field": "y", "type": "quantitative", "stack": True}
    common = {"theta": angle, "order": {"field": "i", "type": "quantitative"}}
    colour = {
        "field": "s", "type": "nominal", "scale": {"domain": entries, "range": trace["marker"]["colors"]},
        "legend": {"title": None} if legend else None,
    }  # fmt: skip
    tooltip = [{"field": "n", "type": "nominal", "title": "slice"}, {"field": "y", "type": "nominal", "title": "value"}]
    slices = {
        "mark": {"type": "arc", "stroke": GRID, "outerRadius": 140},
        "encoding": {**common, "color": colour, "tooltip": tooltip},
    }
    texts = {
        "mark": {"type": "text", "radius": 162, "fill": TEXT, "fontSize": 12},
        "encoding": {**common, "text": {"field": "t", "type": "nominal"}, "detail": {"field": "i", "type": "nominal"}},
    }
    return {"height": 400, **_SIZE, "data": {"values": rows}, "layer": [slices, texts]}


def card(figure: Figure) -> dict[str, Any]:
    """The texts of a card, each at its place."""
    page = figure["layout"]
    if any(trace.get("x") for trace in figure["data"]) or page.get("xaxis", {}).get("visible") is not False:
        raise CannotBeSaidError("annotations")
    layers = []
    for side in ("bottom", "top"):
        rows = [
            {"x": one["x"], "y": one["y"], "t": as_seen(one["text"]), "z": one["font"]["size"]}
            for one in page["annotations"]
            if one.get("yanchor") == side
        ]
        weight = "bold" if side == "bottom" else "normal"
        layers.append({
            "data": {"values": rows},
            "mark": {"type": "text", "baseline": side, "fill": TEXT, "fontWeight": weight},
            "encoding": {
                **{at: {"field": at, "type": "quantitative", "axis": None, "scale": {"domain": [0, 1]}} for at in "xy"},
                "text": {"field": "t", "type": "nominal"},
                "size": {"field": "z", "type": "quantitative", "scale": None},
            },
        })  # fmt: skip
    return {"height": page["height"], **_SIZE, "layer": layers}
