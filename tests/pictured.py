"""Charts of every kind, small: columns, rows, kind and properties. They are drawn in browsers and by vl-convert."""

from __future__ import annotations

import json
from typing import Any

DAYS = [f"2024-01-{day:02}T00:00:00Z" for day in range(1, 11)]
HOSTILE = "<a href='javascript:a()'>x</a><b>&lt;$y$"
BY_DAY = [[day, s, n + (s == "b")] for n, day in enumerate(DAYS, 1) for s in "ab"]
SERIES, CATEGORIES, PLAIN = "T:datetime s:string n:long", "s:string n:long", "T:datetime n:long m:long"
STATES = [["TEXAS", 5], ["KANSAS", 3], ["", 1]]

MANY = [[day, f"series {s:02}", s * 5 + n % 4] for n, day in enumerate(DAYS) for s in range(12)]

CASES: dict[str, tuple[str, Any, str, dict[str, Any]]] = {
    "timechart": (SERIES, BY_DAY, "timechart", {"title": "By day"}),
    "gaps": (PLAIN, [[day, None if n == 4 else n, n] for n, day in enumerate(DAYS)], "timechart", {"ycolumns": "n"}),
    "area with a gap": (PLAIN, [[day, None if n == 4 else n, n] for n, day in enumerate(DAYS)], "areachart", {
        "ycolumns": "n"}),
    "one point": (SERIES, BY_DAY[:1], "timechart", {}),
    "linechart": ("x:int y:int", [[n, n * n] for n in range(1, 11)], "linechart", {"yaxis": "log", "xtitle": "x axis"}),
    "areachart": (SERIES, BY_DAY, "areachart", {}),
    "stacked area": (SERIES, BY_DAY, "areachart", {"kind": "stacked"}),
    "stacked100 area": (SERIES, BY_DAY, "areachart", {"kind": "stacked100"}),
    "columnchart": (CATEGORIES, STATES, "columnchart", {"ytitle": "how many"}),
    "columns of time": (SERIES, BY_DAY, "columnchart", {"kind": "stacked"}),
    "barchart": (CATEGORIES, STATES, "barchart", {"legend": "hidden"}),
    "stacked100 bars": (SERIES, BY_DAY, "barchart", {"kind": "stacked100", "xcolumn": "s", "series": "T"}),
    "piechart": (CATEGORIES, STATES, "piechart", {}),
    "scatterchart": ("x:real y:real s:string", [[n, n % 3, "ab"[n % 2]] for n in range(10)], "scatterchart", {}),
    "map": ("Lon:real Lat:real", [[8.5, 47.4], [-100.0, 40.0]], "scatterchart", {"kind": "map"}),
    "anomalychart": (PLAIN, [[day, n, n == 3] for n, day in enumerate(DAYS)], "anomalychart", {"anomalycolumns": "m"}),
    "panels": (PLAIN, [[day, n, n * 9] for n, day in enumerate(DAYS)], "timechart", {"ysplit": "panels"}),
    "axes": (PLAIN, [[day, n, n * 9] for n, day in enumerate(DAYS)], "timechart", {"ysplit": "axes"}),
    "ladderchart": ("s:string A:datetime B:datetime", [["a", *DAYS[:2]], ["b", *DAYS[2:4]]], "ladderchart", {}),
    "card": ("n:long s:string", [[1234567, "all is well"]], "card", {}),
    "treemap": ("s:string t:string n:long", [["a", "x", 1], ["a", "y", 2], ["b", "z", 3]], "treemap", {}),
    "sankey": ("s:string t:string n:long", [["a", "x", 1], ["b", "x", 2]], "sankey", {}),
    "plotly": ("f:string", [[json.dumps({"data": [{"type": "bar", "x": ["p", "q"], "y": [1, 2]}]})]], "plotly", {}),
    "columns side by side": ("s:string t:string n:long", [["x", "a", 3], ["x", "b", -2], ["y", "a", 1], ["y", "b", 4]],
                            "columnchart", {}),
    "negative columns, stacked": ("s:string t:string n:long", [
        ["x", "a", 3], ["x", "b", -2], ["x", "c", -1], ["y", "a", 1]], "columnchart", {"kind": "stacked"}),
    "columns of time side by side": (SERIES, BY_DAY, "columnchart", {}),
    "columns on a log axis": (CATEGORIES, [["a", 1], ["b", 10], ["c", 1000]], "columnchart", {"yaxis": "log"}),
    "line by category": (CATEGORIES, [["z", 3], ["a", 1], ["m", 2]], "linechart", {}),
    "stacked area with a gap": (SERIES, [row for row in BY_DAY if row[:2] != [DAYS[3], "b"]], "areachart", {
        "kind": "stacked"}),
    "limits": (SERIES, BY_DAY, "timechart", {"ymin": 2, "ymax": 5, "xmin": "datetime(2024-01-03)"}),
    "an end of time": (SERIES, BY_DAY, "columnchart", {"xmax": "datetime(2024-01-03)"}),
    "many lines": (SERIES, MANY, "timechart", {}),
    "many columns": (SERIES, MANY, "columnchart", {"kind": "stacked"}),
    "many points": (SERIES, MANY, "scatterchart", {}),
    "notes": (SERIES, [*BY_DAY, [None, "a", 3]], "timechart", {"title": "With notes", "colour": "red"}),
    "pivotchart": ("s:string t:string n:long", [["a", "x", 1], ["a", "y", 2], ["b", "z", 3]], "pivotchart", {}),
    "pivotchart of one level": (CATEGORIES, STATES, "pivotchart", {}),
    "timepivot with ends": ("s:string A:datetime B:datetime", [["a", *DAYS[:2]], ["b", *DAYS[2:4]]], "timepivot", {
        "xcolumn": "A", "ycolumns": "B"}),
    "timepivot": ("s:string A:datetime B:datetime", [["a", *DAYS[:2]], ["b", *DAYS[2:4]]], "timepivot", {}),
    "graph": ("s:string t:string n:long", [["a", "x", 1], ["b", "x", 2]], "graph", {}),
    "3Dchart": ("x:real y:real z:real", [[1, 2, 3], [2, 5, 3], [3, 3, 1]], "3Dchart", {}),
    "pies on a map": ("Lon:real Lat:real s:string n:long", [
        [8.5, 47.4, "a", 3], [8.5, 47.4, "b", 1], [-100.0, 40.0, "a", 5]], "piechart", {"kind": "map"}),
    "hostile columns": (CATEGORIES, [[HOSTILE, 5], ["b", 3]], "columnchart", {"title": HOSTILE, "xtitle": HOSTILE}),
    "hostile series": (SERIES, [[DAYS[0], HOSTILE, 1], [DAYS[1], "b", 2]], "timechart", {}),
    "hostile pie": (CATEGORIES, [[HOSTILE, 5], ["b", 3]], "piechart", {}),
    "hostile treemap": (CATEGORIES, [[HOSTILE, 5], ["b", 3]], "treemap", {}),
    "hostile sankey": ("s:string t:string n:long", [[HOSTILE, "b", 3]], "sankey", {}),
}  # fmt: skip

LEGENDS: dict[str, list[str]] = {
    "timechart": ["a", "b"],
    "columnchart": [],
    "barchart": [],
    "anomalychart": ["n", "m"],
    "axes": ["n", "m"],
}
"""The entries of the legend of some of them, whoever draws it."""
