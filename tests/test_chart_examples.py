"""The documentation's StormEvents examples of each visualization, run on the embedded engine's `samples`.

Where an example needs what the engine has not (`make-series`, `geo_point_to_s2cell`) or another table, a made table of
the same columns stands for it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from charts import result_of
from figures import DAYS

from kqlext import connect
from kqlext.result import Result
from kqlext.visualization.drawing import MIME_TYPE

EXAMPLES: dict[str, tuple[str, str, int]] = {
    # id -> the query, how its description begins, the number of traces
    "timechart": ("""
        StormEvents
        | where StartTime between (datetime(2007-01-01) .. datetime(2007-12-31)) and DamageCrops > 0
        | summarize EventCount = count() by bin(StartTime, 7d)
        | render timechart with (title='Crop damage', xtitle='Date', ytitle='Events', legend=hidden)""",
        "Crop damage. Time chart of EventCount over StartTime, from 200", 1),
    "timechart of states": ("""
        StormEvents
        | where State in ('TEXAS', 'NEBRASKA', 'KANSAS') and EventType == 'Hail'
        | summarize count=count() by State, bin(StartTime, 1d)
        | render timechart with (ysplit=axes, ycolumns=count, series=State)""",
        "Time chart of count over StartTime, 3 series (", 3),
    "timechart in panels": ("""
        StormEvents
        | summarize Injuries = sum(InjuriesDirect), Deaths = sum(DeathsDirect) by bin(StartTime, 1d)
        | render timechart with (ysplit=panels)""",
        "Time chart of Injuries, Deaths over StartTime, from 2007-01-01 to 2007-12-31", 2),
    "linechart": ("""
        StormEvents
        | where State == 'VIRGINIA'
        | project StartTime, DamageProperty
        | render linechart""",
        "Line chart of DamageProperty over StartTime, from 2007-", 1),
    "areachart": ("""
        StormEvents
        | where State == 'VIRGINIA' and EventType in ('Hail', 'Flood')
        | summarize count() by StartTime = startofmonth(StartTime), EventType
        | render areachart with (kind=unstacked)""",
        "Area chart of count_ over StartTime, 2 series (", 2),
    "stackedareachart": ("""
        StormEvents
        | where State in ('TEXAS', 'KANSAS')
        | summarize Events = count() by StartTime = startofmonth(StartTime), State
        | render stackedareachart""",
        "Area chart, stacked, of Events over StartTime, 2 series (", 2),
    "barchart": ("""
        StormEvents
        | summarize event_count=count() by State
        | where event_count > 1000
        | project State, event_count
        | sort by event_count
        | render barchart with (title='Storms by state')""",
        "Storms by state. Bar chart of event_count by State, 25 categories (TEXAS, KANSAS, ", 1),
    "columnchart": ("""
        StormEvents
        | summarize event_count=count() by State
        | sort by event_count
        | where event_count > 10
        | project State, event_count
        | render columnchart""",
        "Column chart of event_count by State, ", 1),
    "columnchart in panels": ("""
        StormEvents
        | summarize TotalDeaths = sum(DeathsDirect), TotalInjuries = sum(InjuriesDirect) by State
        | top 5 by TotalDeaths
        | render columnchart with (ysplit=panels)""",
        "Column chart of TotalDeaths, TotalInjuries by State, 5 c", 2),
    "piechart": ("""
        StormEvents
        | summarize statecount=count() by State
        | sort by statecount
        | limit 10
        | render piechart with (title='Storm Events by State')""",
        "Storm Events by State. Pie chart of statecount by State, 10 slices (TEXAS ", 1),
    "scatterchart": ("""
        StormEvents
        | summarize Injuries = sum(InjuriesDirect), Damage = sum(DamageProperty) by State
        | project-away State
        | render scatterchart with (xtitle='Injuries', ytitle='Damage')""",
        "Scatter chart of Damage over Injuries, Injuries from ", 1),
    "points on a map": ("""
        StormEvents
        | where isnotnull(BeginLon)
        | take 100
        | project BeginLon, BeginLat
        | render scatterchart with (kind = map)""",
        "Map of points, 100 points, longitude from -", 1),
    "series on a map": ("""
        StormEvents
        | where isnotnull(BeginLon) and EventType in ('Hail', 'Tornado', 'Flood')
        | render scatterchart with (kind = map, xcolumn = BeginLon, ycolumns = BeginLat, series = EventType)""",
        "Map of points, 4,550 points, 3 series (", 3),
    "bubbles on a map": ("""
        StormEvents
        | where isnotnull(BeginLon) and State == 'FLORIDA'
        | summarize count_ = count() by lon = round(BeginLon, 0), lat = round(BeginLat, 0)
        | extend Events = 'count'
        | render piechart with (kind = map)""",
        "Map of count_ at ", 1),
    "pies on a map": ("""
        StormEvents
        | where isnotnull(BeginLon) and State == 'FLORIDA' and EventType in ('Hail', 'Tornado', 'Flood')
        | summarize count_ = count() by EventType, lon = round(BeginLon, 0), lat = round(BeginLat, 0)
        | render piechart with (kind = map)""",
        "Map of count_ at ", 4),
    "ladderchart": ("""
        StormEvents
        | where State has 'Washington'
        | summarize StartTime = min(StartTime), EndTime = max(EndTime) by EventType
        | render ladderchart""",
        "Ladder chart from StartTime to EndTime, 17 bars in 17 rows (", 1),
    "card": ("""
        StormEvents
        | where State == 'VIRGINIA' and EventType == 'Flood'
        | count
        | render card with (title='Floods in Virginia')""",
        "Floods in Virginia. Card: Count ", 1),
    "treemap": ("""
        StormEvents
        | summarize StormEvents=count() by EventType, State
        | sort by StormEvents
        | limit 30
        | render treemap with (title='Storm Events')""",
        "Storm Events. Tree map of StormEvents by EventType, State, ", 1),
    "timepivot": ("""
        let midwest = dynamic(['ILLINOIS', 'INDIANA', 'IOWA', 'KANSAS', 'MICHIGAN', 'MINNESOTA', 'MISSOURI', 'OHIO']);
        StormEvents
        | where EventType == 'Flood' and State in (midwest)
        | render timepivot with (series=State)""",
        "Time pivot of 544 events over StartTime, 8 lanes of State (", 2),
    "pivotchart": ("""
        StormEvents
        | where State in ('TEXAS', 'KANSAS')
        | summarize Events = count() by State, EventType
        | render pivotchart""",
        "Pivot chart of Events by State, EventType, ", 1),
}  # fmt: skip


@pytest.fixture(scope="module")
def samples() -> Iterator[Any]:
    client = connect("samples")
    yield client
    client.close()


def shown(result: Result) -> dict[str, Any]:
    figure: dict[str, Any] = result._repr_mimebundle_()[MIME_TYPE]
    return figure


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_of_the_documentation(name: str, samples: Any) -> None:
    query, begin, count = EXAMPLES[name]
    figure = shown(samples.query(query))
    assert figure["layout"]["meta"]["description"].startswith(begin), figure["layout"]["meta"]
    assert len(figure["data"]) == count


def test_a_table_is_a_table(samples: Any) -> None:
    assert MIME_TYPE not in samples.query("StormEvents | take 10 | render table")._repr_mimebundle_()


def test_anomalies_of_a_made_series() -> None:
    """As `make-series` and `series_decompose_anomalies` give them."""
    rows = [[DAYS, [*range(30), 400], [*[0] * 30, 1], [*range(31)]]]
    columns = "TimeStamp:times num:numbers anomalies:numbers baseline:numbers"
    figure = shown(result_of(columns, rows, "anomalychart", anomalycolumns="anomalies", title="Web app"))
    assert [(trace["name"], trace["mode"]) for trace in figure["data"]] == [
        ("num", "lines+markers"), ("anomalies", "markers"), ("baseline", "lines+markers"),
    ]  # fmt: skip
    assert figure["data"][1]["y"] == [400]


def test_cells_of_a_grid_on_a_map() -> None:
    """As `geo_s2cell_to_central_point` gives them."""
    rows = [[{"type": "Point", "coordinates": [-80.1 - n, 26.7]}] for n in range(5)]
    figure = shown(result_of("geo_s2cell_to_central_point:point", rows, "scatterchart", kind="map"))
    assert len(figure["data"][0]["x"]) == 5


def test_a_figure_of_plotly() -> None:
    """As the PlotlyTemplate table of the documentation's cluster gives it."""
    rows = [['{"data": [{"type": "scatter3d", "x": [1], "y": [2], "z": [3]}], "layout": {"title": {"text": "A"}}}']]
    figure = shown(result_of("plotly:string", rows, "plotly"))
    assert figure["data"][0]["type"] == "scatter3d"
