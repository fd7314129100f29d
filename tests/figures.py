"""Figures of small tables, for tests of charts: plotly's own validation takes each of them, and JSON too."""

from __future__ import annotations

import json
from typing import Any

import plotly.graph_objects as go
import pytest
from charts import table_of

from kqlext.visualization.charts import figure
from kqlext.visualization.look import Figure, Look
from kqlext.visualization.properties import NotDrawnError, chart_spec

DAYS = [f"2024-01-{day:02}T00:00:00Z" for day in range(1, 32)]


def drawn(columns: str, rows: Any, visualization: str, **properties: Any) -> Figure:
    """The figure of a table of these columns and rows."""
    table = table_of(columns, rows)
    found = figure(chart_spec({"visualization": visualization, **properties}, table.columns), table, Look())
    json.dumps(found, allow_nan=False)
    go.Figure(found)
    return found


def refused(columns: str, rows: Any, visualization: str, **properties: Any) -> str:
    """Why there is no figure."""
    with pytest.raises(NotDrawnError) as caught:
        drawn(columns, rows, visualization, **properties)
    return str(caught.value)


def traces(found: Figure) -> list[tuple[Any, ...]]:
    """Name, x and y of each trace."""
    return [(trace["name"], trace["x"], trace["y"]) for trace in found["data"]]


def notes(found: Figure) -> list[str]:
    """The lines below the title."""
    return [
        line.split(">")[1].split("<")[0] for line in found["layout"]["title"]["text"].split("<br>") if "11px" in line
    ]
