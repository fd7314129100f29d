"""What docs/render.md says of the kinds of public use is what their figures show."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest
from chart_comparison import ALL, COMPARED, Compared
from figures import drawn, notes

from kqlext.visualization.look import Figure

CASES = [
    pytest.param(case, kind, id=f"{kind}-{case.property}-{n}") for n, case in enumerate(COMPARED) for kind in case.kinds
]


def seen(found: Figure, kind: str, path: str) -> Any:
    """What a figure holds at a path; the axes of bars are exchanged, as they lie."""
    begin, _, rest = path.partition(".")
    if begin == "notes":
        return [html.unescape(note) for note in notes(found)]
    if begin == "names":
        return [trace["name"] for trace in found["data"] if trace.get("showlegend", True)]
    if begin == "title":
        return html.unescape(re.sub("</?b>", "", found["layout"]["title"]["text"].split("<br>")[0]))
    if begin in ("x", "y"):
        letter = "yx"["xy".index(begin)] if kind == "barchart" else begin
        path = {"values": f"data.0.{letter}", "title": f"layout.{letter}axis.title.text"}.get(
            rest, f"layout.{letter}axis.{rest}"
        )
    value: Any = found
    for part in path.split("."):
        value = value[int(part)] if isinstance(value, list) else value[part]
    return value


@pytest.mark.parametrize(("case", "kind"), CASES)
def test_what_is_said_is_seen(case: Compared, kind: str) -> None:
    found = drawn(case.columns, case.rows, kind, **case.given)
    for path, value in case.seen.items():
        expected = [note.format(kind=kind) for note in value] if path == "notes" else value
        assert seen(found, kind, path) == expected, path


DOCUMENTED = {
    "accumulate": ALL, "legend": ALL, "series": ALL, "title": ALL, "xaxis": ALL, "xcolumn": ALL, "xtitle": ALL,
    "yaxis": ALL, "ycolumns": ALL, "ytitle": ALL,
    "ymin": [kind for kind in ALL if kind != "piechart"], "ymax": [kind for kind in ALL if kind != "piechart"],
    "ysplit": [kind for kind in ALL if kind not in ("barchart", "areachart")],
    "kind": ["areachart", "barchart", "columnchart", "piechart", "scatterchart"], "anomalycolumns": ["anomalychart"],
}  # fmt: skip
"""The lists of supported properties on the pages of the visualizations."""


@pytest.mark.parametrize("name", DOCUMENTED)
def test_every_documented_property_is_compared(name: str) -> None:
    compared = {kind for case in COMPARED for kind in case.kinds if name in case.property.split(", ")}
    assert set(DOCUMENTED[name]) <= compared


def test_the_columns_of_every_kind_are_compared() -> None:
    assert {kind for case in COMPARED if case.property == "columns" for kind in case.kinds} == set(ALL)
