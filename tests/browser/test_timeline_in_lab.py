"""A timeline of a cell in JupyterLab, light and dark. Pictures are kept in shots/."""

from __future__ import annotations

from typing import Any

CELL = """%%kql
SecurityAlert
| where TimeGenerated between (datetime(2024-03-13) .. 1d)
| render timeline with (group=CompromisedEntity, color=AlertSeverity, title='Alerts of the day')
"""


def test_a_cell_shows_its_events(open_notebook: Any) -> None:
    notebook = open_notebook("%load_ext kqlext\n%kql samples", CELL)
    notebook.run(0)
    notebook.output(0).get_by_text("Connected to samples@local").wait_for()
    notebook.run(1)
    notebook.plot(1)
    output = notebook.output(1)
    output.locator(".rangeslider-container").wait_for()
    notebook.shot("timeline")
    lanes = output.locator(".ytick text").all_text_contents()
    counts = [int(lane.rpartition("(")[2].rstrip(")")) for lane in lanes]
    assert "WS-FIN-02 (4)" in lanes
    assert output.locator(".cartesianlayer .scatterlayer .point").count() == sum(counts)
    assert output.locator(".legendtext").all_text_contents() == ["Low", "Medium", "High", "Informational"]
