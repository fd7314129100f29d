"""A chart in words: what somebody hears who cannot see it."""

from __future__ import annotations

from typing import Any

import pytest
from charts import table_of

from kqlext.visualization.charts import figure
from kqlext.visualization.look import Look
from kqlext.visualization.properties import chart_spec

DAYS = [f"2024-01-{day:02}T00:00:00Z" for day in range(1, 32)]
BY_DAY = [[day, s, n + (s == "b") * 0.5] for n, day in enumerate(DAYS[:3]) for s in "ab"]
SERIES, CATEGORIES = "T:datetime s:string n:real", "s:string n:long"
STATES = [["TEXAS", 6], ["KANSAS", 3], ["", 1]]
FLOWS = [["a", "x", 1], ["a", "y", 2], ["b", "x", 4]]


def described(columns: str, rows: Any, visualization: str, **properties: Any) -> str:
    table = table_of(columns, rows)
    found = figure(chart_spec({"visualization": visualization, **properties}, table.columns), table, Look())
    text: str = found["layout"]["meta"]["description"]
    return text


@pytest.mark.parametrize(
    ("columns", "rows", "visualization", "properties", "text"),
    [
        (SERIES, BY_DAY, "timechart", {},
         "Time chart of n over T, 2 series (a, b), from 2024-01-01 to 2024-01-03, n from 0 to 2.5."),
        (SERIES, BY_DAY, "areachart", {"kind": "stacked100"},
         "Area chart, stacked to 100 %, of n over T, 2 series (a, b), from 2024-01-01 to 2024-01-03, n from 0 to 2.5."),
        (SERIES, BY_DAY[:1], "timechart", {"title": "One"}, "One. Time chart of n over T, at 2024-01-01, n at 0."),
        ("x:long y:long z:real", [[1, 2000000, 1 / 3], [9, -5, None]], "linechart", {},
         "Line chart of y, z over x, x from 1 to 9, y from -5 to 2,000,000, z at 0.333333."),
        (CATEGORIES, STATES, "columnchart", {},
         "Column chart of n by s, 3 categories (TEXAS, KANSAS, (empty)), n from 1 to 6."),
        (CATEGORIES, [[f"s{i}", i] for i in range(9)], "barchart", {"kind": "stacked"},
         "Bar chart, stacked, of n by s, 9 categories (s0, s1, s2, s3, s4 and 4 more), n from 0 to 8."),
        ("T:datetime n:long a:int", [[day, n, n == 2] for n, day in enumerate(DAYS[:9])], "anomalychart",
         {"anomalycolumns": "a"},
         "Anomaly chart of n over T, from 2024-01-01 to 2024-01-09, n from 0 to 8, 1 marked point."),
        (CATEGORIES, STATES, "piechart", {}, "Pie chart of n by s, 3 slices (TEXAS 60%, KANSAS 30%, (empty) 10%)."),
        ("s:string t:string n:long", FLOWS, "treemap", {}, "Tree map of n by s, t, 2 areas (b 4, a 3)."),
        ("s:string t:string n:long", FLOWS, "sankey", {}, "Flows of n from s to t, 3 flows."),
        ("n:long s:string", [[12, "ok"]], "card", {}, "Card: n 12, s ok."),
        ("s:string A:datetime B:datetime", [["a", DAYS[0], DAYS[1]], ["b", DAYS[1], DAYS[3]]], "ladderchart", {},
         "Ladder chart from A to B, 2 bars in 2 rows (a, b), from 2024-01-01 to 2024-01-04."),
        ("Lon:real Lat:real s:string", [[8.5, 47.4, "a"], [-70, 3, "b"]], "scatterchart", {"kind": "map"},
         "Map of points, 2 points, 2 series (a, b), longitude from -70 to 8.5, latitude from 3 to 47.4."),
        ("Lon:real Lat:real s:string n:long", [[8.5, 47.4, "a", 2], [-70, 3, "b", 1]], "piechart", {"kind": "map"},
         "Map of n at 2 places, 2 series (a, b), longitude from -70 to 8.5, latitude from 3 to 47.4. "
         "The area of a disc is n; the largest is 2."),
        ("s:string t:string n:long", FLOWS, "pivotchart", {}, "Pivot chart of n by s, t, 3 categories, from 1 to 4."),
        ("s:string T:datetime", [["a", DAYS[1]], ["b", DAYS[0]], ["a", DAYS[4]]], "timepivot", {},
         "Time pivot of 3 events over T, 2 lanes of s (a, b), from 2024-01-01 to 2024-01-05."),
        ("s:string t:string n:long", FLOWS, "graph", {},
         "Graph of 4 nodes (a, x, y, b) and 3 edges, from s to t. Not in the chart: n."),
        ("x:real y:real z:real", [[1, 2, 3], [2, 5, 3]], "3Dchart", {},
         "3D chart of x, y, z, 2 points, x from 1 to 2, y from 2 to 5, z at 3."),
    ],
)  # fmt: skip
def test_descriptions(columns: str, rows: Any, visualization: str, properties: Any, text: str) -> None:
    assert described(columns, rows, visualization, **properties) == text


def test_what_is_left_out_is_said() -> None:
    rows = [[day, f"s{number}", number] for number in range(30) for day in DAYS[:2]]
    text = described("T:datetime s:string n:long x:dynamic", [[*row, None] for row in rows], "timechart")
    assert text.endswith("n from 10 to 29. Not in the chart: x. The 20 largest of 30 series by total.")


def test_a_description_is_short_and_one_line() -> None:
    rows = [[DAYS[0], f"{i}" + "x" * 5_000 + "\n\x1b", 1] for i in range(500)]
    text = described(SERIES, rows, "timechart", title="y" * 5_000)
    assert len(text) < 600
    assert not set(text) & {"\n", "\x1b"}


def test_names_are_those_of_the_data() -> None:
    text = described(CATEGORIES, [["<b>$x</b>", 1], ["a&amp;b", 2]], "piechart")
    assert text == "Pie chart of n by s, 2 slices (a&amp;b 67%, <b>$x</b> 33%)."


def test_the_figure_of_a_query_keeps_its_own_meta() -> None:
    table = table_of("f:string", [['{"data": [], "layout": {"meta": {"x": 1}}}']])
    found = figure(chart_spec({"visualization": "plotly"}, table.columns), table, Look())
    assert found["layout"]["meta"] == {"x": 1}
