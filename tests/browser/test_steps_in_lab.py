"""What a reader sees of ``-steps`` in JupyterLab, light and dark. Pictures are kept in shots/."""

from __future__ import annotations

from typing import Any

from nbformat.v4 import new_output

from kqlext import connect
from kqlext.steps.running import Step, Stepped

READABLE = 4.5  # WCAG 2, level AA
CELL = """%%kql -steps
let deadly = StormEvents | where DeathsDirect > 0 | summarize Deaths = sum(DeathsDirect) by State;
StormEvents
| where StartTime between (datetime(2007-03-01) .. 60d) // spring
| where EventType in ('Tornado', 'Hail')
| join kind=inner (deadly) on State
| extend Damage = DamageProperty + DamageCrops
| where Damage > 100 and State == 'Texas'
| summarize Events = count() by EventType
"""


def test_steps_of_somebody_else_are_folded_too(open_notebook: Any) -> None:
    with connect("samples") as samples:
        result = samples.query("StormEvents | take 5")
    step = Step(1, "source", "StormEvents", None, 5, result.columns, (), (), (), result.table)
    bundle = Stepped((step,), "samples@local")._repr_mimebundle_()
    notebook = open_notebook("1", outputs={0: [new_output("display_data", bundle)]})
    fold = notebook.output(0).locator("details")
    fold.wait_for()
    assert not fold.locator("table").is_visible()
    fold.locator("summary").click()
    fold.locator("td").first.wait_for(state="visible")


def test_the_step_that_loses_the_rows_is_seen(open_notebook: Any) -> None:
    notebook = open_notebook("%load_ext kqlext\n%kql samples", CELL)
    notebook.run(0)
    notebook.output(0).get_by_text("Connected to samples@local").wait_for()
    notebook.run(1)
    mark = notebook.output(1).get_by_text("all rows are lost here")
    mark.wait_for()
    notebook.page.mouse.move(0, 0)
    notebook.shot("steps")
    assert notebook.contrast(mark) >= READABLE
    table = notebook.output(1).locator("table").first
    assert "| where Damage > 100 and State == 'Texas'" in mark.locator("xpath=ancestor::tr").inner_text()
    heads = notebook.output(1).locator("details")
    assert heads.count() == 6  # none of what lost all, nor of what follows
    assert not heads.nth(1).locator("table").is_visible()
    width = table.bounding_box()["width"]
    heads.nth(1).locator("summary").click()
    first = heads.nth(1).locator("td").first
    first.wait_for(state="visible")
    assert notebook.contrast(first) >= READABLE
    notebook.shot("steps-open")
    assert table.bounding_box()["width"] == width
    assert table.locator("caption").first.inner_text().startswith("8 steps · ")
