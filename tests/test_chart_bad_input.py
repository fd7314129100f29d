"""Bad input to every kind of chart: a table and why, or a chart that says what is not in it; never an exception."""

from __future__ import annotations

from typing import Any

import pytest
from figures import DAYS, drawn, notes, refused

from kqlext.visualization.choosers import CHOOSERS

# A table that each kind draws: columns, one row of them, and its properties.
GOOD: dict[str, tuple[str, list[Any], dict[str, Any]]] = {
    **{kind: ("T:datetime s:string n:real", [DAYS[0], "a", 1.0], {}) for kind in (
        "timechart", "anomalychart", "linechart", "areachart", "stackedareachart", "scatterchart", "columnchart",
        "barchart", "pivotchart", "timepivot", "card")},
    "piechart": ("s:string n:real", ["a", 1.0], {}),
    "treemap": ("s:string t:string n:real", ["a", "b", 1.0], {}),
    "sankey": ("s:string t:string n:real", ["a", "b", 1.0], {}),
    "graph": ("s:string t:string", ["a", "b"], {}),
    "ladderchart": ("s:string a:real b:real", ["a", 1.0, 2.0], {}),
    "3dchart": ("x:real y:real z:real", [1.0, 2.0, 3.0], {}),
    "points on a map": ("x:real y:real", [1.0, 2.0], {"kind": "map"}),
    "pies on a map": ("x:real y:real n:real s:string", [1.0, 2.0, 3.0, "a"], {"kind": "map"}),
    "plotly": ("f:string", ['{"data": []}'], {}),
}  # fmt: skip
NO_VALUE, NO_SIZE, NO_PLACE = (
    "there is no value to be drawn",
    "'n' has no value above zero",
    "longitudes are from -180 to 180, latitudes from -90 to 90",
)
ALL_NULL = {
    "piechart": NO_SIZE, "treemap": NO_SIZE, "sankey": NO_SIZE, "timepivot": "'T' has no value", "card": None,
    "graph": "there are 0 nodes and 0 edges, of at most 150 and 500",
    "ladderchart": "there are 0 rows with start and end, of at most 2,000",
    "3dchart": "there are 0 points: 1 to 2,000 are drawn", "points on a map": NO_PLACE, "pies on a map": NO_PLACE,
    "plotly": "the first cell does not hold a figure's JSON",
}  # fmt: skip


def visualization(kind: str) -> str:
    return {"points on a map": "scatterchart", "pies on a map": "piechart"}.get(kind, kind)


def types(kind: str) -> list[str]:
    return [column.rsplit(":", 1)[1] for column in GOOD[kind][0].split()]


def test_every_kind_is_here() -> None:
    assert set(CHOOSERS) <= set(GOOD)


@pytest.mark.parametrize("kind", GOOD)
def test_one_row(kind: str) -> None:
    columns, row, properties = GOOD[kind]
    found = drawn(columns, [row], visualization(kind), **properties)
    assert kind == "plotly" or found["layout"]["meta"]["description"]


@pytest.mark.parametrize("kind", GOOD)
def test_no_rows(kind: str) -> None:
    columns, _, properties = GOOD[kind]
    assert refused(columns, [], visualization(kind), **properties) == "there are no rows"


@pytest.mark.parametrize("kind", GOOD)
def test_all_null(kind: str) -> None:
    columns, _, properties = GOOD[kind]
    rows = [["" if type == "string" else None for type in types(kind)]] * 3
    reason = ALL_NULL.get(kind, NO_VALUE)
    if reason is None:
        assert notes(drawn(columns, rows, visualization(kind), **properties))
    else:
        assert refused(columns, rows, visualization(kind), **properties) == reason


@pytest.mark.parametrize("value", ["Infinity", "-Infinity", "NaN"])
@pytest.mark.parametrize("kind", [kind for kind in GOOD if "real" in types(kind)])
def test_infinities_are_not_drawn(kind: str, value: str) -> None:
    columns, row, properties = GOOD[kind]
    bad = [value if type == "real" else cell for cell, type in zip(row, types(kind), strict=True)]
    found = drawn(columns, [row, bad], visualization(kind), **properties)
    assert kind in ("card", "timepivot") or value == "NaN" or notes(found)


@pytest.mark.parametrize("title", ["<script>alert(1)</script>", 'it\'s "quoted"', "a\\b", "x" * 500, "%{x} $y$ &amp;"])
@pytest.mark.parametrize("kind", [kind for kind in GOOD if kind != "plotly"])
def test_titles_are_text(kind: str, title: str) -> None:
    columns, row, properties = GOOD[kind]
    text = drawn(columns, [row], visualization(kind), title=title, **properties)["layout"]["title"]["text"]
    first = text.split("<br>")[0]
    inner = first.removeprefix("<b>").removesuffix("</b>")
    assert not set(inner) & set("<>$")
    assert "%{" not in inner
    assert len(inner) <= 100


@pytest.mark.parametrize("kind", [kind for kind in GOOD if kind != "plotly"])
def test_properties_that_are_not_there_are_said(kind: str) -> None:
    columns, row, properties = GOOD[kind]
    said = notes(drawn(columns, [row], visualization(kind), colour="red", by="x", annotation="y", **properties))
    assert "There is no property colour; it is left out." in said
    assert sum("does not go with" in note for note in said) == 2


@pytest.mark.parametrize("name", ["xcolumn", "ycolumns", "series"])
@pytest.mark.parametrize("kind", ["timechart", "linechart", "columnchart", "piechart", "pivotchart", "ladderchart"])
def test_missing_columns_are_named(kind: str, name: str) -> None:
    columns, row, _ = GOOD[kind]
    assert refused(columns, [row], kind, **{name: "zzzz"}).startswith(f"{name} names 'zzzz', which is no column")


@pytest.mark.parametrize("kind", ["timechart", "columnchart", "barchart", "scatterchart", "pivotchart", "3dchart"])
def test_columns_of_one_name_are_two(kind: str) -> None:
    found = drawn("T:datetime s:string n:real n:real n:real", [[DAYS[0], "a", 1.0, 2.0, 3.0]], kind)
    assert kind == "3dchart" or len({trace["name"] for trace in found["data"]}) == 3


@pytest.mark.parametrize("kind", ["timechart", "areachart", "columnchart", "scatterchart", "timepivot", "anomalychart"])
def test_ten_years_between_two_points(kind: str) -> None:
    rows = [["2014-01-01T00:00:00Z", "a", 1.0], ["2024-01-01T00:00:00Z", "a", 2.0]]
    found = drawn("T:datetime s:string n:real", rows, kind)
    assert found["data"][0]["x"] == ["2014-01-01", "2024-01-01"]
    assert found["layout"]["xaxis"]["type"] == "date"


def test_a_thinned_line_keeps_both_sides_of_ten_years() -> None:
    rows = [[f"{year}-01-{1 + n // 1440:02}T{n // 60 % 24:02}:{n % 60:02}:00Z", n]
            for year in (2014, 2024) for n in range(12_000)]  # fmt: skip
    (trace,) = drawn("T:datetime n:long", rows, "timechart")["data"]
    assert (trace["x"][0], trace["x"][-1]) == ("2014-01-01T00:00", "2024-01-09T07:59")
    assert trace["y"].count(11_999) == 2  # the peaks of both


@pytest.mark.parametrize("kind", ["timechart", "linechart", "columnchart", "barchart", "scatterchart", "pivotchart"])
def test_negative_values_on_a_logarithmic_axis(kind: str) -> None:
    rows = [[DAYS[0], "a", -1.0], [DAYS[1], "a", 10.0]]
    found = drawn("T:datetime s:string n:real", rows, kind, yaxis="log")
    assert "1 value of zero or less not on a logarithmic axis." in notes(found)


@pytest.mark.parametrize("kind", ["timechart", "linechart", "areachart", "scatterchart", "columnchart", "barchart"])
def test_five_thousand_series(kind: str) -> None:
    rows = [[DAYS[0], f"s{number}", float(number)] for number in range(5_000)]
    found = drawn("T:datetime s:string n:real", rows, kind)
    assert len(found["data"]) == 20
    assert "The 20 largest of 5,000 series by total." in notes(found)


@pytest.mark.parametrize("kind", ["piechart", "treemap", "sankey", "pies on a map"])
def test_negative_sizes(kind: str) -> None:
    columns, row, properties = GOOD[kind]
    bad = [-1.0 if name.startswith("n:") else cell for name, cell in zip(columns.split(), row, strict=True)]
    assert refused(columns, [row, bad], visualization(kind), **properties) == (
        "'n' has negative values, which have no size"
    )
