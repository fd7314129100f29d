"""`render` and columns -> what is drawn: the tables that test_chart_spec.py checks and that docs/render.md shows.

Expectations are of the KQL reference ("render operator" and the page of each visualization), not of the code.
"""

from __future__ import annotations

from typing import Any

# The kinds that Kusto's own parser knows (KustoFacts.ChartTypes).
EVERY_KIND = """table list barchart piechart ladderchart timechart linechart anomalychart pivotchart areachart
stackedareachart scatterchart timepivot columnchart timeline 3Dchart card treemap plotly graph sankey""".split()


TIME = [
    # x is the first datetime, wherever it stands; y all numbers; series all texts, taken together
    ("T:datetime n:long", "T / n / "),
    ("n:long T:datetime", "T / n / "),
    ("T:datetime n:int m:real d:decimal", "T / n,m,d / "),
    ("T:datetime s:string n:long", "T / n / s"),
    ("s:string T:datetime n:long", "T / n / s"),
    ("s:string T:datetime g:guid b:bool n:long", "T / n / s,g,b"),
    ("T:datetime U:datetime n:long", "T / n / "),
    ("T:datetime n:long d:timespan", "T / n / "),
    ("T:datetime d:timespan", "T / d / "),
    ("T:datetime n:long x:dynamic", "T / n / "),
    # make-series: arrays against the array of times
    ("n:numbers T:times", "T / n / "),
    ("n:numbers T:times s:string", "T / n / s"),
    ("s:string n:numbers m:numbers T:times", "T / n,m / s"),
    ("s:string n:numbers T:times k:long", "T / n / s"),
    ("T:datetime n:long a:numbers", "T / n / "),
    # a dynamic column that holds only numbers, as `bag.x` does: y only where no column is a number
    ("T:datetime x:scalars", "T / x / "),
    ("T:datetime s:string x:scalars y:scalars", "T / x,y / s"),
    ("T:datetime n:long x:scalars", "T / n / "),
    ("T:datetime d:timespan x:scalars", "T / x / "),
]

LINE = [
    # x is the first column, a number or datetime; a text only where there is no datetime
    ("x:real y:real", "x / y / "),
    ("x:long y:long z:long", "x / y,z / "),
    ("x:long s:string y:long", "x / y / s"),
    ("T:datetime n:long", "T / n / "),
    ("s:string T:datetime n:long", "T / n / s"),
    ("s:string n:long T:datetime", "T / n / s"),
    ("n:long T:datetime", "T / n / "),
    ("s:string n:long", "s / n / "),
    ("s:string a:long b:long", "s / a,b / "),
    ("s:string t:string n:long", "s / n / t"),
    ("n:long s:string", "s / n / "),
    ("d:timespan n:long", "d / n / "),
    ("n:numbers T:times", "T / n / "),
    ("s:string n:numbers T:times", "T / n / s"),
    ("x:scalars y:scalars", "x / y / "),
    ("s:string x:scalars", "s / x / "),
]

SCATTER = [
    ("x:real y:real", "x / y / "),
    ("x:real y:real s:string", "x / y / s"),
    ("s:string x:real y:real", "x / y / s"),
    ("x:int y:long z:decimal", "x / y,z / "),
    ("T:datetime n:long", "T / n / "),
    ("s:string n:long", "s / n / "),
    ("s:string T:datetime n:long", "T / n / s"),
    ("x:scalars y:scalars s:string", "x / y / s"),
    ("x:scalars n:long y:real", "n / y / "),
]

BARS = [
    # x is the first column as a category
    ("s:string n:long", "s / n / "),
    ("s:string n:long m:real", "s / n,m / "),
    ("s:string t:string n:long", "s / n / t"),
    ("s:string t:guid u:bool n:long", "s / n / t,u"),
    ("T:datetime n:long", "T / n / "),
    ("T:datetime s:string n:long", "T / n / s"),
    ("i:int n:long", "i / n / "),
    ("i:int s:string n:long", "i / n / s"),
    ("b:bool n:long", "b / n / "),
    ("g:guid n:long", "g / n / "),
    ("n:long s:string", "s / n / "),
    ("s:string d:timespan", "s / d / "),
    ("s:string n:long x:dynamic", "s / n / "),
    ("n:numbers T:times", "T / n / "),
    ("s:string x:scalars", "s / x / "),
]

PIE = [
    ("s:string n:long", "s / n / "),
    ("s:string t:string n:long", "s / n / "),
    ("s:string n:long m:long", "s / n / "),
    ("n:long s:string", "s / n / "),
    ("T:datetime n:long", "T / n / "),
    ("i:int n:long", "i / n / "),
    ("b:bool n:decimal", "b / n / "),
    ("s:string x:scalars", "s / x / "),
]

PIVOT = [
    # sums by two levels of categories; the texts that are left make the series
    ("s:string n:long", "s / n / "),
    ("s:string t:string n:long", "s / n /  / levels t"),
    ("s:string t:string u:string v:bool n:long m:real", "s / n,m / u,v / levels t"),
    ("T:datetime s:string n:long", "T / n /  / levels s"),
    ("n:long s:string", "s / n / "),
]

LANES = [
    # the first datetime, the end where a name says so; a lane for each value of the first text
    ("T:datetime s:string", "T /  / s"),
    ("s:string T:datetime t:string n:long", "T /  / s"),
    ("StartTime:datetime EndTime:datetime s:string", "StartTime / EndTime / s"),
    ("T:datetime U:datetime", "T /  / "),
]

EDGES = [
    ("s:string t:string", " /  / s,t"),
    ("name:string SourceNodeId:long TargetNodeId:long", " /  / SourceNodeId,TargetNodeId"),
    ("dst:string src:string n:long", " /  / src,dst"),
    ("Child:string Parent:string", " /  / Parent,Child"),
    ("s:string t:string u:string", " /  / s,t"),
]

DEFAULTS = [
    *[(kind, columns, expected) for kind in ("timechart", "anomalychart") for columns, expected in TIME],
    *[
        (kind, columns, expected)
        for kind in ("linechart", "areachart", "stackedareachart")
        for columns, expected in LINE
    ],
    *[("scatterchart", columns, expected) for columns, expected in SCATTER],
    *[(kind, columns, expected) for kind in ("columnchart", "barchart") for columns, expected in BARS],
    *[("piechart", columns, expected) for columns, expected in PIE],
    *[("pivotchart", columns, expected) for columns, expected in PIVOT],
    *[("timepivot", columns, expected) for columns, expected in LANES],
    *[("graph", columns, expected) for columns, expected in EDGES],
    ("3Dchart", "x:real y:long z:decimal s:string", "x / y,z / s"),
    ("3Dchart", "s:string x:real y:long z:int w:int", "x / y,z / s"),
    # the last two columns are start and end
    ("ladderchart", "s:string a:datetime b:datetime", "a / b / s"),
    ("ladderchart", "s:string t:guid a:long b:int", "a / b / s,t"),
    ("ladderchart", "a:datetime b:datetime", "a / b / "),
    ("card", "n:long s:string T:datetime", " / n,s,T / "),
    ("treemap", "s:string t:string n:long", " / n / s,t"),
    ("treemap", "n:long s:string", " / n / s"),
    ("sankey", "s:string t:string n:long", " / n / s,t"),
    ("plotly", "s:string", " / s / "),
    ("scatterchart with (kind=map)", "Longitude:real Latitude:real s:string", "Longitude / Latitude / s"),
    ("scatterchart with (kind=map)", "BeginLat:real BeginLon:real", "BeginLon / BeginLat / "),
    ("scatterchart with (kind=map)", "x:real y:real", "x / y / "),
    ("scatterchart with (kind=map)", "s:string p:point", "p /  / s"),
    ("scatterchart with (kind=map)", "latitude:scalars longitude:scalars", "longitude / latitude / "),
    # a place, a colour and a size
    ("piechart with (kind=map)", "Longitude:real Latitude:real s:string n:long", "Longitude / Latitude,n / s"),
    ("piechart with (kind=map)", "s:string p:point n:long", "p / n / s"),
    ("piechart with (kind=map)", "p:point n:real", "p / n / "),
    ("piechart with (kind=map)", "n:long BeginLat:real BeginLon:real", "BeginLon / BeginLat,n / "),
    ("piechart with (kind=map)", "x:real y:real z:real", "x / y,z / "),
]


COLUMNS = "s:string T:datetime U:datetime n:long m:real t:string"

NAMED = [
    ("timechart with (xcolumn=U)", "U / n,m / s,t"),
    ("timechart with (ycolumns=m)", "T / m / s,t"),
    ("timechart with (ycolumns=m, n)", "T / m,n / s,t"),
    ("timechart with (series=t)", "T / n,m / t"),
    ("timechart with (series=t, s)", "T / n,m / t,s"),
    ("timechart with (series=m)", "T / n / m"),
    ("timechart with (xcolumn=U, ycolumns=n, series=s)", "U / n / s"),
    ("anomalychart with (anomalycolumns=m)", "T / n / s,t / m"),
    ("anomalychart with (anomalycolumns=m, ycolumns=n)", "T / n / s,t / m"),
    ("linechart with (xcolumn=m)", "m / n / s,t"),
    ("areachart with (xcolumn=n, ycolumns=m)", "n / m / s,t"),
    ("scatterchart with (xcolumn=m, ycolumns=n, series=t)", "m / n / t"),
    ("columnchart with (xcolumn=t)", "t / n,m / s"),
    ("barchart with (xcolumn=T, ycolumns=n)", "T / n / s,t"),
    ("barchart with (xcolumn=n)", "n / m / s,t"),
    ("piechart with (xcolumn=t, ycolumns=m)", "t / m / "),
    ("card with (ycolumns=n, t)", " / n,t / "),
    ("treemap with (series=t, ycolumns=m)", " / m / t"),
    ("ladderchart with (xcolumn=T, ycolumns=U, series=s)", "T / U / s"),
    ("pivotchart with (xcolumn=t, ycolumns=m, series=T)", "t / m / T / levels s"),
    ("pivotchart with (series=s)", "T / n,m / s / levels U"),
    ("timepivot with (series=t)", "T /  / t"),
    ("timepivot with (series=t, s)", "T /  / t,s"),
    ("timepivot with (xcolumn=U, ycolumns=T)", "U / T / s"),
    ("graph with (series=t, s)", " /  / t,s"),
    ("sankey with (series=t, s, ycolumns=m)", " / m / t,s"),
    ("scatterchart with (kind=map, xcolumn=n, ycolumns=m, series=t)", "n / m / t"),
]


PROPERTIES: list[tuple[str, dict[str, Any]]] = [
    ("timechart with (title='By <state>')", {"title": "By <state>"}),
    ("timechart title=By state", {"title": "By state"}),
    ("timechart with (xtitle='when', ytitle='how many')", {"x_axis.title": "when", "y_axis.title": "how many"}),
    ("timechart with (legend=hidden)", {"legend": False}),
    ("timechart with (legend=visible)", {"legend": True}),
    ("timechart with (accumulate=true)", {"accumulate": True}),
    ("timechart with (accumulate=false)", {"accumulate": False}),
    ("timechart with (yaxis=log)", {"y_axis.log": True, "notes": ()}),
    ("timechart with (yaxis=linear)", {"y_axis.log": False}),
    ("timechart with (ymin=-5, ymax=1.5e3)", {"y_axis.minimum": -5.0, "y_axis.maximum": 1500.0}),
    ("timechart with (ymin=NaN, ymax=3)", {"y_axis.minimum": None, "y_axis.maximum": 3.0}),
    ("timechart with (xmin=datetime(2024-01-01), xmax='2024-01-02 01:00+01:00')",
     {"x_axis.minimum": "2024-01-01T00:00:00", "x_axis.maximum": "2024-01-02T00:00:00"}),
    ("scatterchart with (xcolumn=n, xaxis=log, xmin=1)", {"x_axis.log": True, "x_axis.minimum": 1.0}),
    ("timechart with (ysplit=axes)", {"split": "axes"}),
    ("timechart with (ysplit=panels)", {"split": "panels"}),
    ("timechart with (ysplit=panels, ycolumns=n)", {"split": "none"}),
    ("timechart with (ysplit=none)", {"split": "none"}),
    ("areachart with (kind=stacked)", {"kind": "areachart", "stacking": "stacked"}),
    ("areachart with (kind=stacked100)", {"stacking": "stacked100"}),
    ("areachart with (kind=unstacked)", {"stacking": "unstacked"}),
    ("areachart", {"stacking": "unstacked"}),
    ("stackedareachart", {"kind": "areachart", "stacking": "stacked"}),
    ("columnchart", {"stacking": "unstacked"}),
    ("columnchart with (kind=default)", {"stacking": "unstacked"}),
    ("columnchart with (kind=stacked)", {"stacking": "stacked"}),
    ("barchart with (kind=Stacked100)", {"stacking": "stacked100"}),
    ("timechart with (kind=unstacked)", {"stacking": "unstacked", "notes": ()}),
    # what a chart does not know is left out, and said
    ("timechart with (kind=stacked)", {"notes": ("kind=stacked does not go with timechart; it is left out.",)}),
    ("timechart with (xaxis=log)", {"notes": ("xaxis=log is for numbers; the axis is linear.",)}),
    ("timechart with (colour=red)", {"notes": ("There is no property colour; it is left out.",)}),
    ("timechart with (anomalycolumns=n)", {"notes": ("anomalycolumns does not go with timechart; it is left out.",)}),
    ("timechart with (by=s)", {"notes": ("by does not go with timechart; it is left out.",)}),
    ("piechart with (annotation='x')", {"notes": (
        "annotation does not go with piechart; it is left out.", "Not in the chart: T, U, m, t.")}),
    ("pivotchart with (yaxis=log, ymin=1)", {"y_axis.log": True, "y_axis.minimum": 1.0}),
    ("card with (xcolumn=n)", {"x": None, "notes": ("xcolumn does not go with card; it is left out.",)}),
    ("card with (xtitle=a, legend=hidden)", {"notes": ("xtitle does not go with card; it is left out.",)}),
    ("scatterchart with (kind=map, xcolumn=n, ycolumns=m, ymin=3, xtitle=lon)", {
        "map": True, "x_axis.title": "lon", "y_axis.minimum": None,
        "notes": ("ymin does not go with kind=map; it is left out.",)}),
    ("piechart with (ymin=low)", {"notes": (
        "ymin does not go with piechart; it is left out.", "Not in the chart: T, U, m, t.")}),
    ("card with (ymin=3)", {"notes": ("ymin does not go with card; it is left out.",)}),
    ("barchart with (ysplit=panels)", {"split": "none", "notes": (
        "Not in the chart: T, U.", "ysplit=panels does not go with barchart; it is left out.")}),
    ("columnchart with (xcolumn=t, ycolumns=n, xmin=3)", {
        "notes": ("xmin is for numbers and datetimes; it is left out.",)}),
    ("timechart with (yaxis=log, ymin=0)", {
        "y_axis.minimum": None, "notes": ("ymin=0 is not on an axis with a logarithmic scale; it is left out.",)}),
]  # fmt: skip


REFUSED = [
    ("T:datetime", "timechart", "there is no column of numbers for the y axis beside 'T'"),
    ("s:string n:long", "timechart", "there is no column for the x axis: it takes a datetime"),
    ("T:datetime s:string", "columnchart", "there is no column of numbers for the y axis beside 'T'"),
    ("s:string", "piechart", "there is no column of numbers for the y axis beside 's'"),
    ("x:dynamic n:long", "timechart", "there is no column for the x axis: it takes a datetime"),
    ("T:datetime n:numbers", "timechart", "there is no column of numbers for the y axis beside 'T'"),
    ("T:times n:long", "timechart", "there is no column of numbers for the y axis beside 'T'"),
    ("T:datetime n:long", "timechart with (xcolumn=n)", "xcolumn 'n' is long, not a datetime"),
    ("T:datetime n:long", "timechart with (xcolumn=N)", "xcolumn names 'N', which is no column; did you mean 'n'?"),
    ("T:datetime n:long", "timechart with (ycolumns=T)", "there is no column for the x axis: it takes a datetime"),
    ("T:datetime s:string", "timechart with (ycolumns=s)", "column 's' is string, not a number"),
    ("T:datetime n:long", "timechart with (ycolumns=zzzz)",
     "ycolumns names 'zzzz', which is no column; columns are T, n"),
    ("T:datetime n:long", "timechart with (series=zzzz)", "series names 'zzzz', which is no column; columns are T, n"),
    ("T:datetime n:long", "timechart with (xcolumn=T, n)", "xcolumn takes one column"),
    ("T:datetime n:long", "timechart with (yaxis=cubic)", "yaxis cannot be 'cubic': it is linear or log"),
    ("T:datetime n:long", "timechart with (legend=left)", "legend cannot be 'left': it is visible or hidden"),
    ("T:datetime n:long", "timechart with (ymin=low)", "ymin cannot be 'low': it takes a number"),
    ("T:datetime n:long", "timechart with (ymin=3, ymax=3)", "ymin is not less than ymax"),
    ("T:datetime n:long", "timechart with (xmin=3)", "xmin cannot be '3': it takes a datetime"),
    ("T:datetime n:long", "timechart with (xmin=datetime(soon))",
     "xmin cannot be 'datetime(soon)': it takes a datetime"),
    ("T:datetime n:long", "timechart with (kind=fancy)",
     "kind cannot be 'fancy': it is unstacked, stacked, stacked100 or map"),
    ("T:datetime n:long m:long", "timechart with (ysplit=rows)",
     "ysplit cannot be 'rows': it is none or axes or panels"),
    ("s:string n:long", "piechart with (kind=map)",
     "a map takes two columns of numbers, longitude and latitude, or one of GeoJSON points"),
    ("Lon:real Lat:real s:string", "piechart with (kind=map)",
     "pies on a map take a number for their size beside the place"),
    ("p:point s:string", "piechart with (kind=map)", "pies on a map take a number for their size beside the place"),
    ("s:string n:long", "scatterchart with (kind=map)",
     "a map takes two columns of numbers, longitude and latitude, or one of GeoJSON points"),
    ("s:string a:datetime b:long", "ladderchart",
     "the last two columns, start and end, are not two datetimes or two numbers"),
    ("s:string", "ladderchart", "it takes two columns, the start and the end"),
    ("s:string t:string", "treemap", "there is no column of numbers for the size"),
    ("n:long m:long", "treemap", "there is no column of texts for the areas"),
    ("s:string n:long", "sankey", "it takes two columns of texts, from and to, and one number"),
    ("n:long", "plotly", "the first column does not hold a figure's JSON"),
    ("n:numbers T:times", "piechart", "a pie is not drawn of arrays"),
    ("T:datetime n:long", "nonsense", "kqlext knows no such visualization"),
    ("n:long m:real", "pivotchart", "there is no column of texts or datetimes to pivot by"),
    ("s:string t:string", "pivotchart", "there is no column of numbers to be added up"),
    ("s:string x:dynamic", "pivotchart", "there is no column of numbers to be added up"),
    ("s:string n:long", "timepivot", "there is no datetime for the axis of time"),
    ("T:datetime n:long", "timepivot with (xcolumn=n)", "there is no datetime for the axis of time"),
    ("T:datetime n:long", "timepivot with (ycolumns=n)", "column 'n' is long, not a datetime"),
    ("s:string n:long", "graph", "it takes two columns, the source and the target of each edge"),
    ("s:string t:string u:string", "graph with (series=s)",
     "it takes two columns, the source and the target of each edge"),
    ("x:real y:real s:string", "3Dchart", "it takes three columns of numbers"),
    ("x:real y:real z:real s:string", "3Dchart with (xcolumn=s)", "it takes three columns of numbers"),
    ("T:datetime x:dynamic", "timechart with (ycolumns=x)", "column 'x' is dynamic, not a number"),
    ("T:datetime n:long", "table", ""),
    ("T:datetime n:long", "list", ""),
]  # fmt: skip
