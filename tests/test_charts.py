"""A chart's spec and its table -> a plotly figure: what is drawn, what is left out and said, what data cannot do."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

import plotly.graph_objects as go
import pytest
from charts import result_of, table_of
from figures import DAYS, drawn, notes, refused, traces
from hypothesis import given, settings
from hypothesis import strategies as st

from kqlext.result import Result
from kqlext.visualization.charts import figure
from kqlext.visualization.choosers import CHOOSERS
from kqlext.visualization.look import Figure, Look
from kqlext.visualization.properties import NotDrawnError, chart_spec

# --- lines ---------------------------------------------------------------------------------------------------


def test_a_line_goes_along_time_and_gaps_stay_gaps() -> None:
    found = drawn("T:datetime n:long", [[DAYS[2], 5], [DAYS[0], 1], [DAYS[1], None]], "timechart")
    assert traces(found) == [("n", ["2024-01-01", "2024-01-02", "2024-01-03"], [1, None, 5])]
    (trace,) = found["data"]
    assert (trace["type"], trace["connectgaps"], trace["mode"]) == ("scatter", False, "lines+markers")
    layout = found["layout"]
    assert (layout["xaxis"]["type"], layout["yaxis"]["type"]) == ("date", "linear")
    assert (layout["xaxis"]["title"]["text"], layout["yaxis"]["title"]["text"]) == ("T", "n")
    assert layout["showlegend"] is False


@pytest.mark.parametrize(
    ("moment", "written"),
    [
        ("2024-01-01T00:00:00Z", "2024-01-01"),
        ("2024-01-01T10:30:00Z", "2024-01-01T10:30"),
        ("2024-01-01T10:30:15Z", "2024-01-01T10:30:15"),
        ("2024-01-01T10:30:15.25Z", "2024-01-01T10:30:15.250"),
        ("2024-01-01T10:30:15.0000007Z", "2024-01-01T10:30:15"),
        ("0001-01-01T00:00:00Z", "0001-01-01"),
        ("9999-12-31T23:59:59.9999999Z", "9999-12-31T23:59:59.999999"),
    ],
)
def test_datetimes_are_those_of_the_table(moment: str, written: str) -> None:
    assert drawn("T:datetime n:long", [[moment, 1]], "timechart")["data"][0]["x"] == [written]


def test_of_many_series_those_of_the_greatest_totals_are_drawn() -> None:
    rows = [[DAYS[day], f"s{i}", (30 - i) / 2, i / 2 if i % 2 else None] for i in range(30) for day in (0, 1)]
    found = drawn("T:datetime s:string n:real m:real", rows, "timechart")
    sizes = [(f"s{i}:{name}", size) for i in range(30) for name, size in (("n", 30 - i), ("m", i if i % 2 else 0))]
    largest = sorted(sizes, key=lambda pair: -pair[1])[:20]
    assert [name for name, _, _ in traces(found)] == [name for name, _ in sizes if name in dict(largest)]
    assert notes(found) == ["The 20 largest of 60 series by total."]


def test_series_of_texts_and_of_columns() -> None:
    rows = [[DAYS[0], "a", "x", 1, 2], [DAYS[0], "b", "", 3, 4], [DAYS[1], "a", "x", 5, 6]]
    found = drawn("T:datetime s:string t:string n:long m:real", rows, "timechart")
    assert traces(found) == [
        ("a:x:n", ["2024-01-01", "2024-01-02"], [1, 5]),
        ("a:x:m", ["2024-01-01", "2024-01-02"], [2, 6]),
        ("b:(empty):n", ["2024-01-01"], [3]),
        ("b:(empty):m", ["2024-01-01"], [4]),
    ]
    assert found["layout"]["showlegend"] is True


def test_a_null_series_has_a_name() -> None:
    found = drawn("T:datetime b:bool n:long", [[DAYS[0], None, 1], [DAYS[0], True, 2]], "timechart")
    assert [trace["name"] for trace in found["data"]] == ["(null)", "true"]


def test_arrays_are_taken_apart() -> None:
    rows = [["a", [1, None, 3], DAYS[:3]], ["b", [4, 5], DAYS[:2]], ["c", [], []], ["d", None, DAYS[:2]]]
    found = drawn("s:string n:numbers T:times", rows, "timechart")
    days = ["2024-01-01", "2024-01-02", "2024-01-03"]
    assert traces(found) == [("a", days, [1, None, 3]), ("b", days[:2], [4, 5]), ("d", days[:2], [None, None])]


def test_arrays_as_a_service_writes_them() -> None:
    """Log Analytics gives dynamic as JSON text; NaN is a text in both."""
    found = drawn("n:numbers T:times", [[json.dumps([1.5, "NaN", 2]), json.dumps(DAYS[:3])]], "linechart")
    assert found["data"][0]["y"] == [1.5, None, 2.0]


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ([[[1, 2], DAYS[:3]]], "the arrays of 'n' and 'T' are not of the same length"),
        ([[[1, 2], DAYS[:2]], [7, DAYS[:2]]], "'n' does not hold an array in every row"),
        ([[[1, 2], DAYS[:2]], [["x", 2], DAYS[:2]]], "an array holds values of several types"),
        ([[[1, 2], DAYS[:2]], [[1, 2], ["soon", "later"]]], "an array holds values of several types"),
        ([[[None, None], DAYS[:2]]], "there is no value to be drawn"),
    ],
)
def test_arrays_that_do_not_match(rows: Any, reason: str) -> None:
    assert refused("n:numbers T:times", rows, "timechart") == reason


def test_infinite_values_and_rows_without_x() -> None:
    rows = [[DAYS[0], 1.0], [DAYS[1], "Infinity"], [DAYS[2], "NaN"], [None, 4.0]]
    found = drawn("T:datetime n:real", rows, "timechart")
    assert found["data"][0]["y"] == [1, None, None]
    assert notes(found) == ["1 row without T left out.", "1 infinite value left out."]


@pytest.mark.parametrize("rows", [[[DAYS[0], None]], [[DAYS[0], "NaN"], [DAYS[1], None]], [[None, 1.0]]])
def test_nothing_to_be_drawn(rows: Any) -> None:
    assert refused("T:datetime n:real", rows, "timechart") == "there is no value to be drawn"


def test_a_point_between_gaps_is_seen() -> None:
    rows = [[f"2024-01-01T00:{i // 60:02}:{i % 60:02}Z", None if i % 7 == 3 else i] for i in range(200)]
    assert drawn("T:datetime n:long", rows, "timechart")["data"][0]["mode"] == "lines"
    rows[5][1] = None
    rows[3][1], rows[4][1] = None, 4
    assert drawn("T:datetime n:long", rows, "timechart")["data"][0]["mode"] == "lines+markers"


def test_accumulate() -> None:
    rows = [[DAYS[2], 3], [DAYS[0], 1], [DAYS[1], None]]
    assert drawn("T:datetime n:long", rows, "timechart", accumulate="true")["data"][0]["y"] == [1, None, 4]


def test_durations_are_seconds() -> None:
    found = drawn("T:datetime d:timespan", [[DAYS[0], "00:01:30.5"], [DAYS[1], None]], "timechart")
    assert found["data"][0]["y"] == [90.5, None]
    assert found["layout"]["yaxis"]["title"]["text"] == "d (s)"


def test_anomalies_as_flags_and_as_values() -> None:
    rows = [[DAYS[0], 5, 0, None], [DAYS[1], 50, 1, 60], [DAYS[2], 4, -1, None]]
    columns = "T:datetime n:long flags:int values:long"
    found = drawn(columns, rows, "anomalychart", anomalycolumns="flags,values", ycolumns="n")
    assert traces(found)[1:] == [
        ("flags", ["2024-01-02", "2024-01-03"], [50, 4]),
        ("values", ["2024-01-02"], [60]),
    ]
    assert [trace["mode"] for trace in found["data"]] == ["lines+markers", "markers", "markers"]


def test_the_documented_anomaly_chart() -> None:
    """make-series and series_decompose_anomalies: num, its baseline and score, and the flags as markers on num."""
    rows = [["s", DAYS[:3], [1, 90, 2], [0, 1, 0], [0.1, 9.9, 0.1], [1, 2, 2]]]
    columns = "sid:string T:times num:numbers anomalies:numbers score:numbers baseline:numbers"
    found = drawn(columns, rows, "anomalychart", anomalycolumns=["anomalies"], title="Web app")
    assert [trace["name"] for trace in found["data"]] == ["s:num", "s:num: anomalies", "s:score", "s:baseline"]
    assert found["data"][1]["y"] == [90]


def test_panels_and_axes() -> None:
    rows = [[day, n, n * 100, n * 0.5] for n, day in enumerate(DAYS)]
    columns = "T:datetime a:long b:long c:real"
    panels = drawn(columns, rows, "timechart", ysplit="panels")
    assert [trace.get("yaxis") for trace in panels["data"]] == [None, "y2", "y3"]
    domains = [panels["layout"][name]["domain"] for name in ("yaxis", "yaxis2", "yaxis3")]
    assert domains[0][0] > domains[1][1] > domains[1][0] > domains[2][1] > domains[2][0] == 0
    assert [panels["layout"][name]["title"]["text"] for name in ("yaxis", "yaxis2", "yaxis3")] == ["a", "b", "c"]
    axes = drawn(columns, rows, "timechart", ysplit="axes")
    assert [axes["layout"][name].get("overlaying") for name in ("yaxis", "yaxis2", "yaxis3")] == [None, "y", "y"]


def test_at_most_five_panels() -> None:
    found = drawn(
        "T:datetime a:int b:int c:int d:int e:int f:int", [[DAYS[0], *range(6)]], "timechart", ysplit="panels"
    )
    assert [trace["name"] for trace in found["data"]] == list("abcde")
    assert notes(found) == ["At most 5 panels; not in the chart: f."]


def test_limits_and_logarithms() -> None:
    rows = [[day, 10**n] for n, day in enumerate(DAYS[:4])]
    found = drawn("T:datetime n:long", rows, "timechart", yaxis="log", ymin=1, ymax=1000)
    assert (found["layout"]["yaxis"]["type"], found["layout"]["yaxis"]["range"]) == ("log", [0.0, 3.0])
    assert drawn("T:datetime n:long", rows, "timechart", ymax=50)["layout"]["yaxis"]["range"] == [None, 50.0]
    rows.append([DAYS[5], 0])
    found = drawn("T:datetime n:long", rows, "timechart", yaxis="log")
    assert notes(found) == ["1 value of zero or less not on a logarithmic axis."]


@pytest.mark.parametrize(
    ("kind", "properties"),
    [("columnchart", {}), ("piechart", {}), ("treemap", {}), ("pivotchart", {}), ("linechart", {"accumulate": True})],
)
@pytest.mark.filterwarnings("error")
def test_sums_beyond_a_double_are_refused(kind: str, properties: Any) -> None:
    rows = [["a", 1e308], ["a", 1e308], ["b", 1.0]]
    assert refused("s:string n:real", rows, kind, **properties) == (
        "values add up to more than a number of 64 bits holds"
    )


def test_dynamic_numbers_are_numbers() -> None:
    rows = [[DAYS[0], 3], [DAYS[1], "NaN"], [DAYS[2], None], [DAYS[3], 2.5], [DAYS[4], "Infinity"]]
    found = drawn("T:datetime x:scalars", rows, "timechart")
    assert found["data"][0]["y"] == [3, None, None, 2.5, None]
    assert notes(found) == ["1 infinite value left out."]
    assert drawn("x:scalars y:scalars", [[3, 1], [1, 2]], "scatterchart")["data"][0]["x"] == [1, 3]
    bars = drawn("x:scalars n:long", [[30, 1], [4, 3], [30, 2]], "columnchart", xcolumn="x")
    assert bars["layout"]["xaxis"]["categoryarray"] == ["4", "30"]


@pytest.mark.parametrize("value", ["x", True, [1], {"a": 1}, "3"])
def test_dynamic_values_that_are_not_all_numbers(value: Any) -> None:
    rows = [[DAYS[0], number] for number in range(200)] + [[DAYS[0], value]]
    assert refused("T:datetime x:scalars", rows, "timechart") == (
        "there is no column of numbers for the y axis beside 'T'"
    )
    with_number = [[*row, 1] for row in rows]
    assert notes(drawn("T:datetime x:scalars n:long", with_number, "timechart")) == ["Not in the chart: x."]


# --- many ------------------------------------------------------------------------------------------------------


def test_series_whose_names_look_alike_stay_two() -> None:
    rows = [[DAYS[0], "x" * 50 + middle + "x" * 50, 1] for middle in "ab"]
    found = drawn("T:datetime s:string n:long", rows, "timechart")
    assert found["data"][1]["name"] == found["data"][0]["name"] + " (2)"
    assert found["data"][1]["line"]["color"] != found["data"][0]["line"]["color"]
    twice = drawn("T:datetime n:long n:long", [[DAYS[0], 1, 2]], "timechart")
    assert [trace["name"] for trace in twice["data"]] == ["n", "n (2)"]
    ladder = drawn("s:string A:long B:long", [["x" * 50 + m + "x" * 50, 1, 2] for m in "ab"], "ladderchart")
    assert len(set(ladder["data"][0]["y"])) == 2


def test_many_series_the_largest_are_drawn() -> None:
    rows = [[day, f"s{number}", number] for number in range(5_000) for day in DAYS[:2]]
    found = drawn("T:datetime s:string n:long", rows, "timechart")
    assert [trace["name"] for trace in found["data"]] == [f"s{number}" for number in range(4_980, 5_000)]
    assert notes(found) == ["The 20 largest of 5,000 series by total."]


@pytest.mark.parametrize("kind", ["areachart", "columnchart", "barchart"])
def test_many_stacked_series_keep_their_total(kind: str) -> None:
    rows = [[day, f"s{number}", number] for number in range(30) for day in DAYS[:2]]
    found = drawn("T:datetime s:string n:long", rows, kind, kind="stacked")
    assert [trace["name"] for trace in found["data"]][-1] == "(10 others)"
    values = "x" if kind == "barchart" else "y"
    assert sum(trace[values][0] for trace in found["data"]) == sum(range(30))


def test_a_long_line_is_thinned_and_keeps_its_peaks_and_gaps() -> None:
    rows = [
        [f"2024-01-{1 + i // 86_400:02}T{i // 3600 % 24:02}:{i // 60 % 60:02}:{i % 60:02}Z", i % 10]
        for i in range(90_000)
    ]
    rows[45_678][1], rows[50_001][1], rows[60_000][1] = 1_000, -1_000, None
    found = drawn("T:datetime n:long", rows, "timechart")
    (trace,) = found["data"]
    assert len(trace["x"]) < 4_000
    assert {1_000, -1_000, None} <= set(trace["y"])
    assert trace["x"][0] == "2024-01-01T00:00:00"
    assert trace["x"][-1].startswith("2024-01-02T00:59:59")
    assert notes(found) == [f"{len(trace['x']):,} of 90,000 points: every peak is drawn; the Result has all."]


def test_many_stacked_points_are_refused() -> None:
    rows = [[f"2024-01-01T{i // 3600:02}:{i // 60 % 60:02}:{i % 60:02}Z", s, 1] for i in range(15_000) for s in "ab"]
    assert refused("T:datetime s:string n:long", rows, "areachart", kind="stacked") == (
        "30,000 points are too many to be stacked; summarize into wider bins"
    )


def test_many_dots_that_lie_on_one_another_are_drawn_once() -> None:
    rows = [[i % 300, i % 7] for i in range(30_000)]
    found = drawn("x:long y:long", rows, "scatterchart")
    points = set(zip(found["data"][0]["x"], found["data"][0]["y"], strict=True))
    assert points == {(i % 300, i % 7) for i in range(30_000)}
    assert len(found["data"][0]["x"]) == len(points)


def test_many_categories_and_many_bars() -> None:
    found = drawn("s:string n:long", [[f"c{i}", i] for i in range(1_000)], "columnchart")
    assert found["data"][0]["x"] == [f"c{i}" for i in range(800, 1_000)]
    assert notes(found) == ["The 200 largest of 1,000 categories by total."]
    rows = [[f"2024-01-01T{i // 3600:02}:{i // 60 % 60:02}:{i % 60:02}Z", 1] for i in range(6_000)]
    assert refused("T:datetime n:long", rows, "columnchart") == (
        "6,000 bars are too many to be seen; summarize into wider bins"
    )


# --- bars ------------------------------------------------------------------------------------------------------


def test_columns_and_bars() -> None:
    rows = [["b", 2], ["a", 3], ["", None]]
    column = drawn("s:string n:long", rows, "columnchart")
    assert traces(column) == [("n", ["b", "a", "(empty)"], [2, 3, None])]
    assert column["layout"]["xaxis"]["categoryarray"] == ["b", "a", "(empty)"]
    bar = drawn("s:string n:long", rows, "barchart", xtitle="which", ytitle="how many")
    assert traces(bar) == [("n", [2, 3, None], ["b", "a", "(empty)"])]
    layout = bar["layout"]
    assert (layout["yaxis"]["type"], layout["yaxis"]["autorange"]) == ("category", "reversed")
    assert (layout["yaxis"]["title"]["text"], layout["xaxis"]["title"]["text"]) == ("which", "how many")


@pytest.mark.parametrize(
    ("kind", "mode", "norm"),
    [("unstacked", "group", None), ("stacked", "relative", None), ("stacked100", "relative", "percent")],
)
def test_how_bars_are_stacked(kind: str, mode: str, norm: str | None) -> None:
    found = drawn("s:string t:string n:long", [["a", "x", 1], ["a", "y", 2]], "columnchart", kind=kind)
    assert (found["layout"]["barmode"], found["layout"].get("barnorm")) == (mode, norm)


@pytest.mark.parametrize(("kind", "norm"), [("stacked", None), ("stacked100", "percent")])
def test_how_areas_are_stacked(kind: str, norm: str | None) -> None:
    rows = [[DAYS[0], "x", 1], [DAYS[0], "y", 2]]
    found = drawn("T:datetime t:string n:long", rows, "areachart", kind=kind)
    assert {trace["stackgroup"] for trace in found["data"]} == {"stack"}
    assert found["data"][0].get("groupnorm") == norm
    unstacked = drawn("T:datetime t:string n:long", rows, "areachart")
    assert {trace["fill"] for trace in unstacked["data"]} == {"tozeroy"}


def test_an_area_is_not_filled_where_there_is_a_gap() -> None:
    rows = [[day, None if n in (3, 4) else n] for n, day in enumerate(DAYS[:8])]
    found = drawn("T:datetime n:long", rows, "areachart")
    assert [trace["y"] for trace in found["data"]] == [[0, 1, 2], [5, 6, 7]]
    assert [trace.get("showlegend") for trace in found["data"]] == [None, False]
    assert found["layout"]["showlegend"] is False
    found = drawn("T:datetime n:long", rows, "areachart", kind="stacked")
    assert notes(found) == ["Gaps are drawn as zero, since the areas are stacked."]
    many = [[f"2024-01-01T00:{i // 60:02}:{i % 60:02}Z", None if i % 2 else i] for i in range(200)]
    (line,) = drawn("T:datetime n:long", many, "areachart")["data"]
    assert "fill" not in line


def test_a_single_bar_of_time_is_named() -> None:
    found = drawn("T:datetime n:long", [[DAYS[0], 5]], "columnchart")
    assert (found["data"][0]["x"], found["layout"]["xaxis"]["type"]) == (["2024-01-01T00:00:00Z"], "category")


def test_shares_of_negative_values_are_refused() -> None:
    rows = [["a", "x", -1], ["a", "y", 2]]
    for kind in ("columnchart", "barchart", "areachart"):
        assert refused("s:string t:string n:long", rows, kind, kind="stacked100") == (
            "there are negative values, which have no share of 100 %"
        )


def test_rows_of_one_category_are_added_up() -> None:
    found = drawn("s:string n:long", [["a", 1], ["b", 5], ["a", 2]], "columnchart")
    assert traces(found) == [("n", ["a", "b"], [3, 5])]
    assert notes(found) == ["Rows of one series with the same x are added up."]


@pytest.mark.parametrize(
    ("rows", "is_sorted", "order"),
    [
        ([[30, 1], [4, 9], [200, 3]], None, ["4", "30", "200"]),
        ([[30, 9], [4, 5], [200, 3]], None, ["30", "4", "200"]),  # sorted by n
        ([[30, 9], [4, 5], [200, 3]], False, ["4", "30", "200"]),
        ([[30, 1], [4, 9], [200, 3]], True, ["30", "4", "200"]),
    ],
)
def test_order_of_numbers_as_categories(rows: Any, is_sorted: bool | None, order: list[str]) -> None:
    found = drawn("i:int n:long", rows, "columnchart", **({} if is_sorted is None else {"isquerysorted": is_sorted}))
    assert found["layout"]["xaxis"]["categoryarray"] == order
    assert found["layout"]["xaxis"]["type"] == "category"


@pytest.mark.parametrize(
    ("properties", "kind", "limits"),
    [
        ({"xaxis": "log"}, "log", None),
        ({"xmax": 50}, "linear", [None, 50.0]),
        ({"xmin": 2, "xmax": 9}, "linear", [2, 9]),
    ],
)
def test_numbers_with_limits_or_a_logarithm_are_an_axis(properties: Any, kind: str, limits: Any) -> None:
    axis = drawn("i:int n:long", [[30, 1], [4, 9], [200, 3]], "columnchart", **properties)["layout"]["xaxis"]
    assert (axis["type"], axis.get("range")) == (kind, limits)


def test_many_numbers_are_an_axis() -> None:
    found = drawn("i:int n:long", [[i, i] for i in range(1_000)], "columnchart")
    assert (found["layout"]["xaxis"]["type"], len(found["data"][0]["x"])) == ("linear", 1_000)


# --- shapes ----------------------------------------------------------------------------------------------------


def test_a_pie() -> None:
    found = drawn("s:string n:long", [["a", 1], ["b", 5], ["a", 2], ["", 4], ["c", None]], "piechart")
    (trace,) = found["data"]
    assert dict(zip(trace["labels"], trace["values"], strict=True)) == {"a": 3, "b": 5, "(empty)": 4, "c": 0}
    assert notes(found) == ["1 row without n left out."]


def test_a_pie_of_many_slices_has_the_rest_as_one() -> None:
    found = drawn("s:string n:long", [[f"s{i}", i] for i in range(100)], "piechart")
    (trace,) = found["data"]
    assert (len(trace["labels"]), trace["labels"][-1]) == (21, "(80 others)")
    assert sum(trace["values"]) == sum(range(100))


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ([["a", -1], ["b", 5]], "'n' has negative values, which have no size"),
        ([["a", 0]], "'n' has no value above zero"),
        ([["a", None]], "'n' has no value above zero"),
    ],
)
@pytest.mark.parametrize("kind", ["piechart", "treemap"])
def test_sizes_that_are_none(kind: str, rows: Any, reason: str) -> None:
    assert refused("s:string n:long", rows, kind) == reason


def test_a_treemap() -> None:
    found = drawn("s:string t:string n:long", [["a", "x", 1], ["a", "y", 2], ["b", "x", 4]], "treemap")
    (trace,) = found["data"]
    by_id = dict(zip(trace["ids"], trace["labels"], strict=True))
    areas = zip(trace["parents"], trace["labels"], trace["values"], strict=True)
    assert [(by_id.get(parent), name, value) for parent, name, value in areas] == [
        (None, "a", 3), ("a", "x", 1), ("a", "y", 2), (None, "b", 4), ("b", "x", 4),
    ]  # fmt: skip


def test_cards() -> None:
    rows = [[1_234_567, "x<y", None, 0.5, DAYS[0]], [1, "z", 1, 1.0, DAYS[1]]]
    found = drawn("n:long s:string m:long r:real T:datetime", rows, "card")
    texts = [note["text"] for note in found["layout"]["annotations"]]
    values = ["<b>1,234,567</b>", "<b>x&lt;y</b>", "<b>(null)</b>", "<b>0.5</b>", "<b>2024-01-01T00:00:00Z</b>"]
    assert texts == [text for pair in zip(values, "nsmrT", strict=True) for text in pair]
    assert notes(found) == ["The first of 2 rows."]


def test_a_ladder() -> None:
    rows = [["a", DAYS[0], DAYS[1]], ["b", DAYS[1], "2024-01-02T12:00:00Z"], ["a", DAYS[3], None]]
    found = drawn("s:string A:datetime B:datetime", rows, "ladderchart")
    (trace,) = found["data"]
    assert (trace["y"], trace["base"], trace["x"]) == (
        ["a", "b"],
        ["2024-01-01", "2024-01-02"],
        [86_400_000, 43_200_000],
    )
    assert notes(found) == ["1 row without start or end left out."]
    assert refused("s:string A:long B:long", [["a", 2, 1]], "ladderchart") == "'B' is before 'A' in some rows"


def test_flows() -> None:
    found = drawn("s:string t:string n:long", [["a", "b", 1], ["b", "a", 2]], "sankey")
    (trace,) = found["data"]
    assert trace["node"]["label"] == ["a", "b", "b", "a"]
    assert trace["link"]["source"] == [0, 1]
    assert trace["link"]["target"] == [2, 3]


def test_a_map_is_drawn_without_the_network() -> None:
    found = drawn(
        "Lon:real Lat:real s:string", [[8.5, 47.4, "a"], [None, 1.0, "a"], [-70, 3, "b"]], "scatterchart", kind="map"
    )
    assert traces(found) == [("a", [8.5], [47.4]), ("b", [-70.0], [3.0])]
    assert {trace["type"] for trace in found["data"]} == {"scatter"}
    assert "geo" not in found["layout"]
    points = [[{"type": "Point", "coordinates": [8.5, 47.4]}], [None], [{"type": "Point", "coordinates": ["x", 1]}]]
    assert traces(drawn("p:point", points, "scatterchart", kind="map")) == [("p", [8.5], [47.4])]
    assert refused("Lon:real Lat:real", [[200.0, 3.0]], "scatterchart", kind="map") == (
        "longitudes are from -180 to 180, latitudes from -90 to 90"
    )


def test_a_map_of_many_series() -> None:
    rows = [[n % 90, n % 50, f"s{n % 5_000}"] for n in range(20_000)]
    found = drawn("Lon:real Lat:real s:string", rows, "scatterchart", kind="map")
    assert len(found["data"]) == 21
    assert (found["data"][0]["name"], found["data"][0]["legendrank"]) == ("(4,980 others)", 2_000)
    assert "The 20 largest of 5,000 series by rows, the others as one." in notes(found)


FIGURE = {"data": [{"type": "bar", "x": ["a"], "y": [1]}], "layout": {"title": {"text": "<b>A</b> <a href='x'>b</a>"}}}


def test_a_figure_of_the_query() -> None:
    found = drawn("f:string", [[json.dumps(FIGURE)]], "plotly")
    assert found["data"] == FIGURE["data"]
    assert found["layout"]["title"]["text"] == "<b>A</b> &lt;a href='x'>b&lt;/a>"
    assert "sendChartToCloud" in found["layout"]["modebar"]["remove"]
    assert drawn("f:dynamic", [[FIGURE]], "plotly") == found


@pytest.mark.parametrize("text", ["", "x", "[]", "{}", '{"data": 3}', '{"data": [3]}', "null", "3"])
def test_what_is_no_figure(text: str) -> None:
    assert refused("f:string", [[text]], "plotly") == "the first cell does not hold a figure's JSON"


@pytest.mark.parametrize(
    "change",
    [
        {"data": [{"type": "scattermapbox"}]},
        {"data": [{"type": "choropleth"}]},
        {"data": [{"type": "scattergeo"}]},
        {"data": [{"type": "scattermap"}]},
        {"data": [{"type": "image", "source": "x"}]},
        {"layout": {"images": [{"source": "logo.png"}]}},
        {"layout": {"template": {"layout": {"images": [{"name": "x"}]}}}},
        {"layout": {"updatemenus": [{"buttons": [{"args": [{"x": "https://example.org/a.png"}]}]}]}},
        {"layout": {"mapbox": {"style": "open-street-map"}}},
    ],
)
def test_a_figure_that_fetches_is_refused(change: Any) -> None:
    assert "would fetch from elsewhere" in refused("f:string", [[json.dumps({**FIGURE, **change})]], "plotly")


def test_heatmaps_and_treemaps_fetch_nothing() -> None:
    for kind in ("heatmap", "treemap", "scatter"):
        assert drawn("f:string", [[json.dumps({"data": [{"type": kind}]})]], "plotly")["data"] == [{"type": kind}]


# --- data is never markup ------------------------------------------------------------------------------------

HOSTILE = [
    "<b>x</b>",
    "<a href='javascript:alert(1)'>x</a>",
    "$\\alpha$",
    "&lt;",
    "<br>",
    "a\nb",
    "\x1b[0m\u202e",
    "%{x}",
]


def every_text(value: Any) -> list[str]:
    """The texts that plotly draws."""
    if isinstance(value, dict):
        return [text for key, inner in value.items() if key not in ("customdata", "meta") for text in every_text(inner)]
    if isinstance(value, list):
        return [text for inner in value for text in every_text(inner)]
    return [value] if isinstance(value, str) else []


OURS = re.compile(r'</?b>|<br>|<span style="font-size:11px">|</span>|<extra></extra>|%\{(y|customdata\[\d\])\}')


def assert_plain(found: Figure) -> None:
    for text in every_text(found):
        plain = OURS.sub("", text)
        assert not set(plain) & set("<>$\x1b\u202e\n"), text
        assert "%{" not in plain


@pytest.mark.parametrize("value", HOSTILE, ids=ascii)
@pytest.mark.parametrize(
    "kind", ["timechart", "columnchart", "barchart", "piechart", "treemap", "scatterchart", "card"]
)
def test_hostile_names_and_values(kind: str, value: str) -> None:
    columns = [("T", "datetime"), (value, "string"), (value + "2", "long")]
    result = result_of("T:datetime s:string n:long", [[DAYS[0], value, 1]], kind)
    table = result.table
    renamed = tuple(replace(c, name=name) for c, (name, _) in zip(table.columns, columns, strict=True))
    table = replace(table, columns=renamed)
    spec = chart_spec({"visualization": kind, "title": value, "xtitle": value}, table.columns)
    found = figure(spec, table, Look(), [value])
    go.Figure(found)
    if kind != "card":
        assert_plain(found)
    assert len([trace for trace in found["data"] if trace.get("type") != "treemap"]) <= 1


def test_texts_that_look_alike_when_shortened_stay_two() -> None:
    rows = [["x" * 100 + "a", 1], ["x" * 100 + "b", 2], ["\x1b", 3], ["\\x1b", 4]]
    labels = drawn("s:string n:long", rows, "columnchart")["data"][0]["x"]
    assert labels == ["x" * 16 + "…" + "x" * 14 + "a", "x" * 16 + "…" + "x" * 14 + "b", "\\x1b", "\\x1b (2)"]
    rows = [["x" * 30 + middle + "x" * 30, 1] for middle in "abc"]
    assert [text[-3:] for text in drawn("s:string n:long", rows, "columnchart")["data"][0]["x"]] == [
        "xxx",
        "(2)",
        "(3)",
    ]
    pie = drawn("s:string n:long", [["\x1b", 3], ["\\x1b", 4]], "piechart")["data"][0]
    assert pie["values"] == [4, 3]


# --- any data ------------------------------------------------------------------------------------------------

numbers = st.integers(-(2**63), 2**63 - 1) | st.none()
reals = st.floats(allow_nan=True) | st.none()
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "datetime": st.sampled_from([*DAYS, "0001-01-01T00:00:00Z", "9999-12-31T23:59:59.9999999Z"]) | st.none(),
    "string": st.sampled_from(["", "a", "b", *HOSTILE]),
    "long": numbers,
    "real": reals,
    "timespan": st.sampled_from(["00:00:00", "-1.00:00:00", "10675199.02:48:05.4775807"]) | st.none(),
    "bool": st.booleans() | st.none(),
    "decimal": st.sampled_from(["1.5", "-79228162514264337593543950335", "0.0000000000000000001"]) | st.none(),
    "numbers": st.lists(st.integers() | st.floats() | st.none(), max_size=3) | st.none(),
    "times": st.lists(st.sampled_from(DAYS) | st.none(), max_size=3) | st.none(),
    "dynamic": st.sampled_from([{"a": 1}, 3, "x", [1], ["x"], None]),
    "scalars": st.integers(-(2**63), 2**64 - 1) | st.floats() | st.none(),
    "point": st.tuples(st.floats(-180, 180), st.floats(-90, 90)).map(
        lambda place: {"type": "Point", "coordinates": list(place)}
    ),
}


@st.composite
def tables(draw: st.DrawFn) -> tuple[str, list[list[Any]]]:
    types = draw(st.lists(st.sampled_from(sorted(VALUES)), min_size=1, max_size=5))
    rows = draw(st.lists(st.tuples(*(VALUES[kind] for kind in types)), max_size=6))
    return " ".join(f"c{i}:{kind}" for i, kind in enumerate(types)), [list(row) for row in rows]


@given(
    tables(),
    st.sampled_from(sorted(CHOOSERS)),
    st.fixed_dictionaries(
        {},
        optional={
            "kind": st.sampled_from(["stacked", "stacked100", "map"]),
            "ysplit": st.sampled_from(["axes", "panels"]),
            "yaxis": st.just("log"),
            "xaxis": st.just("log"),
            "accumulate": st.just(True),
            "anomalycolumns": st.just("c1"),
            "isquerysorted": st.booleans(),
        },
    ),
)
@settings(deadline=None, max_examples=400)
@pytest.mark.filterwarnings("error::RuntimeWarning")
def test_any_table_is_drawn_or_has_a_reason(data: Any, kind: str, properties: dict[str, Any]) -> None:
    columns, rows = data
    table = table_of(columns, rows)
    try:
        found = figure(chart_spec({"visualization": kind, **properties}, table.columns), table, Look())
    except NotDrawnError as error:
        found, reason = None, str(error)
    if found is None:
        assert reason
        assert "\n" not in reason
        return
    json.dumps(found, allow_nan=False)
    if kind != "plotly":
        go.Figure(found)
    if kind != "card":
        assert_plain(found)


def test_colours_stay_with_their_names() -> None:
    look = Look()

    def colours(*names: str) -> dict[str, str]:
        table = table_of("T:datetime s:string n:long", [[DAYS[0], name, 1] for name in names])
        found = figure(chart_spec({"visualization": "timechart"}, table.columns), table, look)
        return {trace["name"]: trace["line"]["color"] for trace in found["data"]}

    first, second = colours("a", "b", "c"), colours("c", "d", "a")
    assert (first["a"], first["c"]) == (second["a"], second["c"])
    assert len({*first.values(), *second.values()}) == 4
    many = colours(*"efghijklmnopqrst")
    assert max(list(many.values()).count(colour) for colour in many.values()) == 2  # 16 names, 10 colours


def test_a_result_with_no_table_has_no_chart() -> None:
    from kqlext.decode.tables import DataSet
    from kqlext.origin import Origin

    result = Result(DataSet((), {"visualization": "timechart"}), Origin("a@b", "T", 0.1))
    assert set(result._repr_mimebundle_()) == {"text/html", "text/plain"}


@pytest.mark.parametrize(
    ("kind", "ends", "written"),
    [
        ("timechart", {"xmin": "datetime(2024-01-02)"}, ["2024-01-02T00:00:00", "2024-01-03"]),
        ("timechart", {"xmax": "datetime(2024-01-02)"}, ["2024-01-01", "2024-01-02T00:00:00"]),
        # Columns are seen whole at the end that is not given.
        ("columnchart", {"xmin": "datetime(2024-01-02)"}, ["2024-01-02T00:00:00", "2024-01-03T12:00"]),
    ],
)
def test_an_axis_of_time_has_both_ends_or_none(kind: str, ends: dict[str, str], written: list[str]) -> None:
    rows = [[day, 1] for day in DAYS[:3]]
    assert drawn("T:datetime n:long", rows, kind, **ends)["layout"]["xaxis"]["range"] == written


@pytest.mark.parametrize("ends", [{"xmin": "datetime(2025-01-01)"}, {"xmax": "datetime(2023-01-01)"}])
def test_an_end_of_time_beyond_all_points(ends: dict[str, str]) -> None:
    with pytest.raises(NotDrawnError, match="no point is "):
        drawn("T:datetime n:long", [[day, 1] for day in DAYS[:3]], "timechart", **ends)
