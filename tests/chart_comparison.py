"""The kinds of public use, property by property: what the documentation says of each, and what is drawn.

test_chart_comparison.py draws each case for each of its kinds and looks at the figure; docs/render.md shows the texts.
The documentation is that of the KQL reference: "render operator", the page of each visualization, "Geospatial
visualizations". An empty ``difference`` is "as documented".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

DAYS = [f"2024-01-{day:02}T00:00:00Z" for day in range(1, 6)]
TIMES, LINES, BARS = ("timechart", "anomalychart"), ("linechart", "areachart"), ("columnchart", "barchart")
POINTS = (*LINES, "scatterchart")
AXES = (*TIMES, *POINTS, *BARS)
ALL = (*AXES, "piechart")


@dataclass(frozen=True)
class Compared:
    """One property of some kinds, with a table, a `render`, and what has to be seen in each figure.

    What is seen is named by a path. Of a bar chart x and y are exchanged: ``x`` is always the axis of ``xcolumn``.
    """

    property: str
    kinds: tuple[str, ...]
    documented: str
    columns: str
    rows: list[list[Any]]
    seen: Mapping[str, Any]
    difference: str = ""
    given: Mapping[str, Any] = field(default_factory=dict)


_N = [[day, n] for n, day in enumerate(DAYS, 1)]
_NM = [[day, n, 10 * n] for n, day in enumerate(DAYS, 1)]
_ST = [[DAYS[0], "a", "p", 1], [DAYS[0], "b", "p", 2], [DAYS[0], "a", "q", 3]]
_XY = [[1, 10, 5], [10, 100, 6], [100, 1000, 7]]
_PIE = [["a", 1, 9], ["b", 3, 9]]
_STACKS = [["a", "p", 1], ["a", "q", 3], ["b", "p", 2], ["b", "q", 2]]
_STACKS_OF_TIME = [[DAYS[0], "p", 1], [DAYS[0], "q", 3], [DAYS[1], "p", 2], [DAYS[1], "q", 2]]
_LEFT_OUT = "{} does not go with piechart; it is left out."

COMPARED = [
    # --- columns
    Compared("columns", TIMES, "x is the first datetime; all other numbers are y; texts make a line each.",
             "s:string n:long T:datetime m:real", [["a", 1, DAYS[0], 2], ["b", 3, DAYS[0], 4]],
             {"x.type": "date", "names": ["a:n", "a:m", "b:n", "b:m"]},
             "Log Analytics documents one text and ignores more: here all of them make the lines, on every service."),
    Compared("columns", POINTS, "x is the first column, which should be a number; the other numbers are y.",
             "x:long y:real z:real", _XY, {"x.type": "linear", "x.values": [1, 10, 100], "names": ["y", "z"]}),
    Compared("columns", LINES, "x should be a number.", "s:string n:long m:long", [["a", 1, 2], ["b", 2, 3]],
             {"x.type": "category", "x.values": ["a", "b"], "names": ["n", "m"]},
             "A text that is first is x where there is no datetime."),
    Compared("columns", ("scatterchart",), "x should be a number.", "s:string n:long", [["a", 1], ["b", 2]],
             {"x.type": "category", "x.values": ["a", "b"]}, "A text is x where a number alone is left for y."),
    Compared("columns", BARS, "The first column (text, datetime or number) is the axis of categories, numbers are y.",
             "s:string n:long m:long", [["b", 1, 2], ["a", 3, 4]],
             {"x.type": "category", "x.values": ["b", "a"], "names": ["n", "m"]}),
    Compared("columns", BARS, "A number is a category like any other.", "i:int n:long", [[30, 1], [4, 3], [30, 2]],
             {"x.type": "category", "x.categoryarray": ["4", "30"]},
             "Numbers stand in their own order unless the query sorts; rows of one category are added up."),
    Compared("columns", ("barchart",), "Bars lie, columns stand.", "s:string n:long", [["a", 1]],
             {"data.0.orientation": "h"}),
    Compared("columns", ("piechart",), "The first column is the colour, the second, a number, the size.",
             "s:string n:long", [["a", 1], ["b", 3]], {"data.0.labels": ["b", "a"], "data.0.values": [3, 1]},
             "Texts are sorted by size, the largest at the top."),
    Compared("columns", ("piechart",), "The other columns are sizes.", "s:string n:long m:long", _PIE,
             {"data.0.values": [3, 1], "notes": ["Not in the chart: m."]}, "One number is drawn, the others are said."),
    # --- one property after another
    Compared("title", ALL, "The title of the visualization.", "T:datetime n:long", _N, {"title": "By <day>"},
             given={"title": "By <day>"}),
    Compared("legend", AXES, "`hidden` or `visible`, which is the default.", "T:datetime s:string t:string n:long", _ST,
             {"layout.showlegend": False}, given={"legend": "hidden"}),
    Compared("legend", ("piechart",), "`hidden` or `visible`, which is the default.", "s:string n:long m:long", _PIE,
             {"layout.showlegend": False}, given={"legend": "hidden", "ycolumns": "n"}),
    Compared("legend", AXES, "It is visible by default.", "T:datetime n:long", _N, {"layout.showlegend": False},
             "A chart of one series has none: its axis says what it is."),
    Compared("series", AXES, "The values of these columns, taken together, make a series.",
             "T:datetime s:string t:string n:long", _ST, {"names": ["p:a", "p:b", "q:a"]}, given={"series": "t,s"}),
    Compared("series", ("piechart",), "It is in the list of properties; no meaning is given.",
             "s:string t:string n:long", [["a", "x", 1], ["a", "y", 2]],
             {"data.0.labels": ["a"], "data.0.values": [3]},
             "Only the first column makes slices; their rows are added up.", {"series": "t"}),
    Compared("xcolumn", AXES, "The column of the x axis.", "T:datetime U:datetime n:long", [[DAYS[0], DAYS[1], 1]] * 2,
             {"x.title": "U"}, given={"xcolumn": "U"}),
    Compared("xcolumn", ("piechart",), "The column of the x axis.", "s:string t:string n:long", [["a", "x", 1]],
             {"data.0.labels": ["x"]}, "It is the column of colours.", {"xcolumn": "t"}),
    Compared("ycolumns", AXES, "The columns of values.", "T:datetime n:long m:long", _NM,
             {"names": ["m"], "y.title": "m"}, given={"ycolumns": "m"}),
    Compared("ycolumns", ("piechart",), "The columns of values.", "s:string n:long m:long", _PIE,
             {"data.0.values": [9, 9]}, given={"ycolumns": "m"}),
    Compared("xtitle", AXES, "The title of the x axis.", "T:datetime n:long", _N, {"x.title": "when"},
             given={"xtitle": "when"}),
    Compared("ytitle", AXES, "The title of the y axis.", "T:datetime n:long", _N, {"y.title": "how many"},
             given={"ytitle": "how many"}),
    Compared("xtitle, ytitle", ("piechart",), "Titles of the axes.", "s:string n:long", [["a", 1]],
             {"data.0.labels": ["a"], "notes": [_LEFT_OUT.format("xtitle"), _LEFT_OUT.format("ytitle")]},
             "A pie has no axes: left out, and said.", {"xtitle": "x", "ytitle": "y"}),
    Compared("xaxis", (*POINTS, *BARS), "`linear` or `log`.", "x:long y:real z:real", _XY, {"x.type": "log"},
             given={"xaxis": "log"}),
    Compared("xaxis", TIMES, "`linear` or `log`.", "T:datetime n:long", _N,
             {"x.type": "date", "notes": ["xaxis=log is for numbers; the axis is linear."]},
             "A datetime has no logarithm: the axis is linear, and it is said.", {"xaxis": "log"}),
    Compared("yaxis", AXES, "`linear` or `log`.", "T:datetime n:long", [*_N, [DAYS[0], 0]][1:],
             {"y.type": "log", "notes": ["1 value of zero or less not on a logarithmic axis."]},
             "What is zero or less is not drawn, and counted.", {"yaxis": "log"}),
    Compared("xaxis, yaxis", ("piechart",), "`linear` or `log`.", "s:string n:long", [["a", 1]],
             {"notes": [_LEFT_OUT.format("xaxis"), _LEFT_OUT.format("yaxis")]},
             "A pie has no axes: left out, and said.", {"xaxis": "log", "yaxis": "log"}),
    Compared("ymin, ymax", AXES, "The least and the greatest value of the y axis.", "T:datetime n:long", _N,
             {"y.range": [-5.0, 3.0]}, given={"ymin": -5, "ymax": 3}),
    Compared("xmin, xmax", (*TIMES, *POINTS), "Kusto's visualization object has them; their meaning is not given.",
             "T:datetime n:long", _N, {"x.range": ["2024-01-02T00:00:00", "2024-01-04T00:00:00"]},
             "The ends of the x axis: numbers, or datetimes.",
             {"xmin": "datetime(2024-01-02)", "xmax": "datetime(2024-01-04)"}),
    Compared("accumulate", AXES, "Each value is added to all of its predecessors.", "T:datetime n:long", _N,
             {"y.values": [1, 3, 6, 10, 15]}, given={"accumulate": True}),
    Compared("accumulate", ("piechart",), "Each value is added to all of its predecessors.", "s:string n:long",
             [["a", 1], ["b", 3]], {"data.0.values": [3, 1], "notes": [_LEFT_OUT.format("accumulate")]},
             "The slices of a pie have no order to be added up in: left out, and said.", {"accumulate": True}),
    Compared("ysplit", (*TIMES, *POINTS, "columnchart"), "`axes`: one chart with an axis for each series.",
             "T:datetime n:long m:long", _NM, {"layout.yaxis2.side": "right", "layout.yaxis2.title.text": "m"},
             "An axis for each column of values, which all series of that column share.", {"ysplit": "axes"}),
    Compared("ysplit", (*TIMES, *POINTS, "columnchart"), "`panels`: a chart for each column of values, at most five.",
             "T:datetime n:long m:long", _NM, {"layout.yaxis.title.text": "n", "layout.yaxis2.title.text": "m",
                                                "layout.yaxis2.anchor": "x", "data.1.yaxis": "y2"},
             given={"ysplit": "panels"}),
    Compared("ysplit", ("barchart",), "Not among the properties of a bar chart.", "T:datetime n:long m:long", _NM,
             {"notes": ["ysplit=panels does not go with barchart; it is left out."]}, given={"ysplit": "panels"}),
    Compared("ysplit", ("piechart",), "`none`, `axes` or `panels`.", "s:string n:long", [["a", 1]],
             {"notes": [_LEFT_OUT.format("ysplit")]}, "A pie has no axes: left out, and said.", {"ysplit": "panels"}),
    # --- kind
    Compared("kind", BARS, "`default`, `unstacked`: each bar stands on its own.", "s:string t:string n:long", _STACKS,
             {"layout.barmode": "group"}, given={"kind": "unstacked"}),
    Compared("kind", BARS, "`stacked`: on one another.", "s:string t:string n:long", _STACKS,
             {"layout.barmode": "relative"}, given={"kind": "stacked"}),
    Compared("kind", BARS, "`stacked100`: on one another, each stretched to the same length.",
             "s:string t:string n:long", _STACKS,
             {"layout.barmode": "relative", "layout.barnorm": "percent", "y.ticksuffix": "%"},
             given={"kind": "stacked100"}),
    Compared("kind", ("areachart",), "`default`, `unstacked`: each area stands on its own.",
             "T:datetime t:string n:long", _STACKS_OF_TIME,
             {"data.0.fill": "tozeroy", "data.1.fill": "tozeroy"}, given={"kind": "unstacked"}),
    Compared("kind", ("areachart",), "`stacked`: stacked to the right.", "T:datetime t:string n:long", _STACKS_OF_TIME,
             {"data.0.stackgroup": "stack", "data.1.stackgroup": "stack"},
             "On one another, as the pictures show it.", {"kind": "stacked"}),
    Compared("kind", ("areachart",), "`stacked100`: stacked, each stretched to the same width.",
             "T:datetime t:string n:long", _STACKS_OF_TIME,
             {"data.0.stackgroup": "stack", "data.0.groupnorm": "percent", "y.ticksuffix": "%"},
             given={"kind": "stacked100"}),
    Compared("kind", (*TIMES, "linechart", "scatterchart"), "No stacking.", "T:datetime n:long", _N,
             {"y.values": [1, 2, 3, 4, 5], "notes": ["kind=stacked does not go with {kind}; it is left out."]},
             given={"kind": "stacked"}),
    Compared("kind", ("scatterchart",), "`map`: longitude and latitude or a GeoJSON point; a series is optional.",
             "Lon:real Lat:real s:string", [[8.5, 47.4, "a"], [-70, 3, "b"]],
             {"x.values": [8.5], "y.values": [47.4], "names": ["a", "b"],
              "x.title": "longitude", "y.title": "latitude"},
             "On a grid of degrees without a map below, which would be fetched from elsewhere.", {"kind": "map"}),
    Compared("kind", ("piechart",), "`map`: longitude and latitude or a GeoJSON point, a colour, a number.",
             "p:point s:string n:long",
             [[{"type": "Point", "coordinates": [8, 47]}, "a", 1], [{"type": "Point", "coordinates": [8, 47]}, "b", 3]],
             {"names": ["a", "b"], "data.2.text": ["4<br>b: 3<br>a: 1"],
              "notes": ["The area of a pie is n; the largest is 4."]},
             "On the same grid; discs where no colours share a place. At most 100 places, and the palette's colours.",
             {"kind": "map"}),
    Compared("anomalycolumns", ("anomalychart",), "These columns are drawn as points on the chart.",
             "T:datetime n:long score:real flag:int", [[day, n, None, n == 3] for n, day in enumerate(DAYS, 1)],
             {"names": ["n", "flag"], "data.1.mode": "markers", "data.1.x": ["2024-01-03"], "data.1.y": [3]},
             "Flags (-1, 0, 1), as `series_decompose_anomalies` gives them, are points on the line; other values at "
             "their own height.", {"anomalycolumns": "flag", "ycolumns": "n"}),
]  # fmt: skip
