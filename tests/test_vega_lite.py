"""Figures as Vega-Lite: what the specification says, and what Vega draws of it (as SVG, by vl-convert).

That JupyterLab draws the same is tested in browser/test_charts_in_lab.py.
"""

from __future__ import annotations

import csv
import io
import json
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
import vl_convert
from charts import result_of
from pictured import BY_DAY, CASES, DAYS, HOSTILE, PLAIN, SERIES

from kqlext.view import View
from kqlext.visualization.drawing import figure
from kqlext.visualization.vega_lite import vega_lite

ONLY_PLOTLY = {
    "treemap", "sankey", "plotly", "pivotchart", "graph", "3Dchart", "pies on a map", "hostile treemap",
    "hostile sankey",
}  # fmt: skip
DRAWN = [name for name in CASES if name not in ONLY_PLOTLY]


@cache
def spec_of(name: str) -> Any:
    columns, rows, kind, properties = CASES[name]
    return vega_lite(figure(result_of(columns, rows, kind, **properties)))


@cache
def picture(name: str) -> ET.Element:
    # The version nearest to JupyterLab's.
    return ET.fromstring(vl_convert.vegalite_to_svg(spec_of(name), vl_version="5.8", allowed_base_urls=[]))


def marks(name: str, kind: str) -> list[str]:
    """The outlines of the marks of a kind that stand for data."""
    groups = [g for g in picture(name).iter() if {f"mark-{kind}", "role-mark"} <= set(g.get("class", "").split())]
    return [path.get("d", "") for g in groups for path in g.iter() if path.tag.endswith("path")]


def written(name: str, role: str | None = None) -> list[str]:
    groups = [g for g in picture(name).iter() if role is None or role in g.get("class", "").split()]
    texts = [text for g in groups for text in g.iter() if text.tag.endswith("text")]
    lines = [list(text) or [text] for text in texts]  # a text of several lines has a part for each
    return list(dict.fromkeys(line.text or "" for parts in lines for line in parts))


def layers(spec: Any) -> Iterator[Any]:
    """The layers that have marks."""
    if "mark" in spec:
        yield spec
    for inner in (*spec.get("layer", ()), *spec.get("vconcat", ())):
        yield from layers(inner)


def rows_of(spec: Any) -> list[dict[str, Any]]:
    """The rows of the first layer; what is not a text is a number, or None."""
    data = next(layers(spec))["data"]
    kinds = data["format"]["parse"]
    return [
        {name: value if kinds[name] == "string" else float(value) if value else None for name, value in row.items()}
        for row in csv.DictReader(io.StringIO(data["values"]))
    ]


def encoded(name: str, channel: str) -> Any:
    return next(layers(spec_of(name)))["encoding"][channel]


# --- what is drawn -------------------------------------------------------------------------------------------


def test_what_only_plotly_draws_has_no_specification() -> None:
    assert {name for name in CASES if spec_of(name) is None} == ONLY_PLOTLY


@pytest.mark.parametrize(
    ("name", "lines", "points"),
    [
        ("timechart", 2, 20), ("gaps", 1, 9), ("linechart", 1, 10), ("one point", 1, 1), ("scatterchart", 0, 10),
        ("map", 0, 2), ("anomalychart", 1, 11), ("panels", 2, 20), ("axes", 2, 20), ("line by category", 1, 3),
        ("many lines", 12, 0), ("many points", 0, 120), ("areachart", 2, 0),
        ("timepivot", 0, 2), ("timepivot with ends", 2, 2),
    ],
)  # fmt: skip
def test_lines_and_points(name: str, lines: int, points: int) -> None:
    assert (len(marks(name, "line")), len(marks(name, "symbol"))) == (lines, points)


def test_a_gap_is_a_gap() -> None:
    (line,) = marks("gaps", "line")
    assert line.count("M") == 2
    pieces = marks("area with a gap", "area")
    assert len(pieces) == 2
    ends = [[float(x) for x in re.findall(r"[ML](-?[\d.]+),", piece)] for piece in pieces]
    assert max(ends[0]) < min(ends[1])


@pytest.mark.parametrize(
    ("name", "areas"), [("areachart", 2), ("stacked area", 2), ("stacked100 area", 2), ("area with a gap", 2)]
)
def test_areas(name: str, areas: int) -> None:
    assert len(marks(name, "area")) == areas


@pytest.mark.parametrize(
    ("name", "bars"),
    [
        ("columnchart", 3), ("barchart", 3), ("columns of time", 20), ("columns of time side by side", 20),
        ("columns side by side", 4), ("negative columns, stacked", 4), ("stacked100 bars", 20), ("ladderchart", 2),
        ("columns on a log axis", 3), ("many columns", 120), ("pivotchart of one level", 3),
    ],
)  # fmt: skip
def test_bars(name: str, bars: int) -> None:
    sizes = [box(outline) for outline in marks(name, "rect")]
    assert len(sizes) == bars
    # The bars of one of the series are of height zero, in a few places.
    assert sum(width > 1 and height > 1 for _, _, width, height in sizes) >= bars * 0.9


def box(outline: str) -> tuple[float, float, float, float]:
    """Left, top, width and height of ``M0,0h10v5h-10Z``."""
    left, top, width, height = map(float, re.match(r"M([-\d.e]+),([-\d.e]+)h([-\d.e]+)v([-\d.e]+)", outline).groups())  # type: ignore[union-attr]
    return left, top, width, height


def test_columns_stand_side_by_side_without_touching_their_neighbours() -> None:
    columns = [box(outline) for outline in marks("columns of time side by side", "rect")]
    a, b = columns[:10], columns[10:]
    for (left, _, width, _), (other, _, _, _), (following, _, _, _) in zip(a, b, a[1:], strict=False):
        assert other == pytest.approx(left + width, abs=1.1)
        assert other + width < following


def test_stacked_columns_stand_on_one_another() -> None:
    columns = [box(outline) for outline in marks("columns of time", "rect")]
    for (left, top, _, _), (other, above, _, height) in zip(columns[:10], columns[10:], strict=True):
        assert left == pytest.approx(other)
        assert above + height == pytest.approx(top, abs=0.5)


def test_values_below_zero_hang_from_zero_on_one_another() -> None:
    rows = rows_of(spec_of("negative columns, stacked"))
    at_x = {row["k"]: (row["b"], row["y"], row["v"]) for row in rows if row["x"] == "x"}
    assert at_x == {0: (0, 3, 3), 1: (0, -2, -2), 2: (-2, -3, -1)}


def test_shares_are_of_100() -> None:
    for name in ("stacked100 area", "stacked100 bars"):
        rows = rows_of(spec_of(name))
        tops: dict[Any, float] = {}
        for row in rows:
            tops[row["x"]] = max(tops.get(row["x"], 0), row["y"])
        assert list(tops.values()) == pytest.approx([100] * len(tops))
        assert "50%" in written(name)


def test_a_gap_in_stacked_areas_is_zero() -> None:
    rows = rows_of(spec_of("stacked area with a gap"))
    assert [row["v"] for row in rows if row["k"] == 1][3] == 0


def test_a_line_by_category_goes_as_the_rows_come() -> None:
    (line,) = marks("line by category", "line")
    across = [float(x) for x in re.findall(r"[ML](-?[\d.]+),", line)]
    assert across == sorted(across)
    assert written("line by category", "role-axis-label")[:3] == ["z", "a", "m"]


def test_lying_bars_have_the_first_on_top() -> None:
    tops = [box(outline)[1] for outline in marks("barchart", "rect")]
    assert tops == sorted(tops)
    down = [box(outline)[1] for outline in marks("ladderchart", "rect")]
    assert down == sorted(down)


def test_limits_clip() -> None:
    assert encoded("limits", "y")["scale"]["domainMin"] == 2
    assert encoded("limits", "y")["scale"]["domainMax"] == 5
    assert encoded("limits", "x")["scale"]["domainMin"] == 1_704_240_000_000  # 2024-01-03T00:00Z
    assert all(layer["mark"]["clip"] for layer in layers(spec_of("limits")))


def test_times_are_utc() -> None:
    assert encoded("timechart", "x")["scale"]["type"] == "utc"
    for name in ("timechart", "columns of time", "ladderchart"):
        vega = json.dumps(vl_convert.vegalite_to_vega(spec_of(name), vl_version="5.8"))
        assert set(re.findall(r"\w+Format\([^)]*\)", vega)) <= {
            r"utcFormat(datum[\"x\"], '%Y-%m-%d')", r"utcFormat(datum[\"r\"], '%Y-%m-%d')",
        }  # fmt: skip
    labels = written("timechart", "role-axis-label")
    assert {"2024-01-03", "2024-01-05"} <= set(labels)


def test_parts_of_a_millisecond_are_kept() -> None:
    rows = [["2024-01-01T00:00:00.0000005Z", 1], ["2024-01-01T00:00:00.0012345Z", 2]]
    spec = vega_lite(figure(result_of("T:datetime n:long", rows, "timechart")))
    values = [row["x"] for row in rows_of(spec)]
    assert values == pytest.approx([1_704_067_200_000, 1_704_067_200_001.234], abs=0.001)


@pytest.mark.parametrize(
    ("name", "x", "y"),
    [
        ("timechart", "utc", "linear"), ("linechart", "linear", "log"), ("columnchart", "band", "linear"),
        ("barchart", "linear", "band"), ("line by category", "point", "linear"), ("ladderchart", "utc", "band"),
    ],
)  # fmt: skip
def test_scales(name: str, x: str, y: str) -> None:
    assert (encoded(name, "x")["scale"]["type"], encoded(name, "y")["scale"]["type"]) == (x, y)


@pytest.mark.parametrize(
    ("name", "legend"),
    [
        ("timechart", ["a", "b"]), ("columnchart", []), ("barchart", []), ("anomalychart", ["n", "m"]),
        ("axes", ["n", "m"]), ("panels", ["n", "m"]), ("area with a gap", []),
        ("piechart", ["TEXAS  55.6 %", "KANSAS  33.3 %", "(empty)  11.1 %"]),
    ],
)  # fmt: skip
def test_legends(name: str, legend: list[str]) -> None:
    assert written(name, "role-legend-label") == legend


def test_series_of_one_colour_are_told_apart() -> None:
    colours = encoded("many lines", "color")["scale"]["range"]
    dashes = encoded("many lines", "strokeDash")["scale"]["range"]
    assert colours[0] == colours[10]
    assert dashes[0] != dashes[10]
    symbols = encoded("many points", "shape")["scale"]["range"]
    assert symbols[0] != symbols[10]
    assert len(set(encoded("many columns", "color")["scale"]["range"])) == 12


@pytest.mark.parametrize(
    ("name", "texts"),
    [
        ("timechart", {"By day", "T", "n"}), ("columnchart", {"how many", "s", "TEXAS", "KANSAS", "(empty)"}),
        ("linechart", {"x axis", "y"}), ("map", {"longitude", "latitude", "42°"}), ("panels", {"n", "m", "T"}),
        ("card", {"1,234,567", "n", "all is well", "s"}), ("ladderchart", {"a", "b", "A – B"}),
        ("piechart", {"55.6 %", "11.1 %"}),
        ("notes", {"With notes", "There is no property colour; it is left out.", "1 row without T left out."}),
    ],
)  # fmt: skip
def test_texts(name: str, texts: set[str]) -> None:
    assert texts <= set(written(name))


def test_every_category_is_labelled() -> None:
    names = [f"CATEGORY {n:02}" for n in range(20)]
    spec = vega_lite(figure(result_of("s:string n:long", [[name, 1] for name in names], "columnchart")))
    svg = ET.fromstring(vl_convert.vegalite_to_svg(spec, vl_version="5.8", allowed_base_urls=[]))
    # Vega makes a label that it leaves out transparent.
    seen = [text.text for text in svg.iter() if text.tag.endswith("text") and text.get("opacity", "1") == "1"]
    assert set(names) <= set(seen)


# --- what it does not hold -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [name for name in DRAWN if name.startswith("hostile")])
def test_hostile_texts_are_seen_as_they_are(name: str) -> None:
    assert any(text.startswith(HOSTILE[:11]) for text in written(name))
    assert not [one for one in picture(name).iter() if one.tag.endswith(("}a", "}script", "}image"))]


def values_of(spec: Any, key: str) -> Iterator[Any]:
    """Whatever stands under a key, anywhere outside of the data."""
    if isinstance(spec, dict):
        for name, inner in spec.items():
            if name == key:
                yield inner
            if name not in ("values", "datasets"):
                yield from values_of(inner, key)
    elif isinstance(spec, list):
        for inner in spec:
            yield from values_of(inner, key)


@pytest.mark.parametrize("name", DRAWN)
def test_no_expression_of_data_and_no_address(name: str) -> None:
    spec = spec_of(name)
    for key in ("expr", "signal", "calculate", "filter", "href", "url", "test"):
        assert list(values_of(spec, key)) == []
    assert set(values_of(spec, "labelExpr")) <= {"datum.label + '%'", "datum.label + '°'"}
    # Names of columns and series are never names of fields.
    fields = set(values_of(spec, "field"))
    assert all(re.fullmatch("[a-z]", field) for field in fields)


def test_names_that_a_tooltip_would_fetch_or_make_its_heading() -> None:
    rows = [["//elsewhere/x.png", 1], ["b", 2]]
    spec = vega_lite(figure(result_of("image:string title:long", rows, "columnchart")))
    titles = [line["title"] for line in next(layers(spec))["encoding"]["tooltip"]]
    assert titles == ["image (2)", "title (2)"]


def test_names_with_signs_of_field_paths_and_quotes() -> None:
    name = "a.b[0]'\"\\"
    rows = [[day, "x", n] for n, day in enumerate(DAYS)]
    result = result_of("T:datetime s:string n:long", rows, "timechart", title=name, xtitle=name, ytitle=name)
    spec = vega_lite(figure(result))
    svg = vl_convert.vegalite_to_svg(spec, vl_version="5.8", allowed_base_urls=[])
    assert "".join(ET.fromstring(svg).itertext()).count(name) == 3
    titles = [line["title"] for line in next(layers(spec))["encoding"]["tooltip"]]
    assert titles == ["a.b[0]'″⧵", "a.b[0]'″⧵ (2)"]


@pytest.mark.parametrize("version", ["5.8", "5.21"])
@pytest.mark.parametrize("kind", ["timechart", "columnchart", "barchart", "areachart", "scatterchart"])
def test_no_expression_that_vega_lite_makes_has_a_text_of_the_data(kind: str, version: str) -> None:
    evil = "');evil(\"\\"
    rows = [["2024-01-01", evil, 1], ["2024-01-02", "b" + evil, 2]]
    properties = {"title": evil, "xtitle": evil, "ytitle": evil}
    result = result_of("T:datetime s:string n:long", rows, kind, **properties)
    vega = vl_convert.vegalite_to_vega(vega_lite(figure(result)), vl_version=version)
    expressions = [text for key in ("signal", "update", "expr", "test") for text in every(vega, key)]
    assert [text for text in expressions if "evil" in text] == [
        text for text in expressions if "');evil(″⧵" in text and '"' in text
    ]
    assert not any(evil in text for text in expressions)


def every(value: Any, key: str) -> Iterator[str]:
    if isinstance(value, dict):
        for name, inner in value.items():
            if name == key and isinstance(inner, str):
                yield inner
            yield from every(inner, key)
    elif isinstance(value, list):
        for inner in value:
            yield from every(inner, key)


# --- many points ---------------------------------------------------------------------------------------------


def many(count: int, chart: str, **properties: Any) -> Any:
    rows = [[n, (n * 7919) % 1_000 + (5_000 if n == count // 3 else 0)] for n in range(count)]
    return vega_lite(figure(result_of("x:long y:long", rows, chart, **properties)))


@pytest.mark.parametrize("kind", ["linechart", "areachart"])
def test_a_long_line_keeps_its_peaks_and_says_so(kind: str) -> None:
    spec = many(15_000, kind)
    rows = rows_of(spec)
    assert len(rows) <= 2_000
    assert max(row["y"] for row in rows) >= 5_000
    assert spec["title"]["subtitle"] == [f"{len(rows):,} of 15,000 points are in this picture; the Result has all."]


def test_of_many_points_those_that_can_be_told_apart() -> None:
    spec = many(15_000, "scatterchart")
    assert len(rows_of(spec)) <= 2_000
    assert "of 15,000 points are in this picture" in spec["title"]["subtitle"][0]


def test_what_cannot_be_thinned_is_not_said() -> None:
    assert many(3_000, "areachart", kind="stacked") is None
    rows = [[f"c{n % 150}", f"s{n // 150}", 1] for n in range(2_100)]
    assert vega_lite(figure(result_of("s:string t:string n:long", rows, "columnchart"))) is None


def test_every_series_of_many_points_is_there() -> None:
    rows = [[n % 97, (n * 31) % 89, f"s{n % 20:02}"] for n in range(15_000)]
    spec = vega_lite(figure(result_of("x:long y:long s:string", rows, "scatterchart")))
    drawn = rows_of(spec)
    assert 500 <= len(drawn) <= 2_020
    assert {row["k"] for row in drawn} == set(range(20))


@pytest.mark.parametrize("name", DRAWN)
def test_small_specifications(name: str) -> None:
    assert len(json.dumps(spec_of(name))) < 20_000


# --- a layout of plotly's own --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "layout",
    [
        {"shapes": [{"type": "line"}]},
        {"annotations": [{"text": "x", "x": 1, "y": 1}]},
        {"xaxis": {"range": [0, 5]}},
        {"xaxis": {"range": ["soon", "later"]}},
        {"yaxis": {"ticksuffix": " €"}},
        {"xaxis2": {"type": "linear"}},
    ],
)
def test_what_is_not_known_is_not_said(layout: dict[str, Any]) -> None:
    result = result_of(SERIES, BY_DAY, "timechart", View(plotly_layout=layout))
    assert vega_lite(figure(result)) is None


def test_what_is_known_is_taken() -> None:
    layout = {"height": 700, "title": {"text": "<b>A</b> <i>title</i>"}, "yaxis": {"type": "log", "range": [0, 2]}}
    spec = vega_lite(
        figure(result_of(PLAIN, [[DAYS[0], 1, 2], [DAYS[1], 3, 4]], "timechart", View(plotly_layout=layout)))
    )
    assert (spec["height"], spec["title"]["text"]) == (700, ["A title"])
    assert next(layers(spec))["encoding"]["y"]["scale"]["domainMax"] == 100


def test_notes_are_seen_without_a_title() -> None:
    rows = [*([day, 1] for day in DAYS[:3]), [None, 2]]
    spec = vega_lite(figure(result_of("T:datetime n:long", rows, "timechart")))
    assert "1 row without T left out." in vl_convert.vegalite_to_svg(spec, allowed_base_urls=[])
