"""What a reader sees in JupyterLab, light and dark: progress, a warning, a wide table. Pictures are kept in shots/."""

from __future__ import annotations

import re
from typing import Any

from nbformat.v4 import new_output
from servers.kusto import Answer, KustoServer
from servers.kusto_frames import TableSpec, one_api_error, v2

from kqlext.decode.kusto_frames import decode_v2
from kqlext.result import Origin, Result

READABLE = 4.5  # WCAG 2, level AA


def test_progress_is_seen_and_goes_away(open_notebook: Any, kusto: KustoServer) -> None:
    kusto.on("slow", Answer(v2(TableSpec("PrimaryResult", (("n", "long"),), ((7,),))), delay=6))
    notebook = open_notebook(f"%load_ext kqlext\n%kql {kusto.url}/db", "%kql slow")
    notebook.run(0)
    notebook.output(0).get_by_text("Connected to db@").wait_for()
    notebook.run(1)
    line = notebook.output(1).get_by_text(re.compile(r" · \d s · interrupt to cancel"))
    line.wait_for()
    notebook.shot("progress")
    assert notebook.contrast(line) >= READABLE
    cell = notebook.output(1).locator("td")
    cell.wait_for()
    assert cell.inner_text() == "7"
    assert "interrupt to cancel" not in notebook.output(1).inner_text()
    assert notebook.contrast(cell) >= READABLE


def test_a_warning_stands_above_the_rows(open_notebook: Any, kusto: KustoServer) -> None:
    table = TableSpec("PrimaryResult", (("n", "long"), ("name", "string")), ((1, "<b>one</b>"), (2, "two")))
    error = one_api_error("LimitsExceeded", "Invalid.", "E_QUERY_RESULT_SET_TOO_LARGE", "Too many records.")
    kusto.on("T", v2(table, errors=[error]))
    notebook = open_notebook(f"%load_ext kqlext\n%kql {kusto.url}/db", "%kql T")
    notebook.run(0)
    notebook.output(0).get_by_text("Connected to db@").wait_for()
    notebook.run(1)
    alert = notebook.output(1).get_by_role("alert")
    alert.wait_for()
    notebook.shot("partial")
    assert "The result is not complete." in alert.inner_text()
    assert "+notruncation=true" in alert.inner_text()
    assert alert.bounding_box()["y"] < notebook.output(1).locator("table").bounding_box()["y"]
    assert notebook.output(1).locator("td").nth(1).inner_text() == "<b>one</b>"
    assert notebook.contrast(alert) >= READABLE


def test_a_wide_table_is_cut_and_says_so(open_notebook: Any, kusto: KustoServer) -> None:
    columns = tuple((f"column_{number}", "string") for number in range(500))
    rows = tuple(tuple(f"{row}/{number} " + "x" * 40 for number in range(500)) for row in range(60))
    kusto.on("T", v2(TableSpec("PrimaryResult", columns, rows)))
    notebook = open_notebook(f"%load_ext kqlext\n%kql {kusto.url}/db", "%kql T")
    notebook.run(0)
    notebook.output(0).get_by_text("Connected to db@").wait_for()
    notebook.run(1)
    caption = notebook.output(1).locator("caption")
    caption.wait_for()
    notebook.shot("wide")
    assert re.search(r"\d+ of 60 rows · .* · \d+ of 500 columns fit here, to_pandas\(\) has all", caption.inner_text())
    assert notebook.contrast(caption) >= READABLE
    # It scrolls in a box of its own: the notebook is not made wider.
    box = notebook.output(1).locator("div.tex2jax_ignore").bounding_box()
    assert box["width"] < 1200
    assert box["height"] < 900


def test_a_saved_notebook_of_somebody_else_shows_its_table(open_notebook: Any) -> None:
    """Not trusted: JupyterLab takes out what could run; the table has nothing of that."""
    table = TableSpec("PrimaryResult", (("n", "long"), ("text", "string")), ((1, "<script>alert(1)</script>"),))
    result = Result(decode_v2(v2(table)), Origin("Samples@help", "T", 0.1))
    output = new_output("execute_result", result._repr_mimebundle_(), execution_count=1)
    notebook = open_notebook("%kql T", outputs={0: [output]})
    cell = notebook.output(0).locator("td").nth(1)
    cell.wait_for()
    notebook.shot("saved")
    assert cell.inner_text() == "<script>alert(1)</script>"
    assert notebook.output(0).locator("td").first.evaluate("cell => getComputedStyle(cell).textAlign") == "right"


def test_a_chart_is_drawn(open_notebook: Any) -> None:
    query = (
        "StormEvents | summarize Events = count() by Month = startofmonth(StartTime), EventType "
        "| where EventType in ('Hail', 'Flood', 'Tornado') | render timechart with (title='Storms')"
    )
    notebook = open_notebook("%load_ext kqlext\n%kql samples", f"%kql {query}")
    notebook.run(0)
    notebook.output(0).get_by_text("Connected to samples@local").wait_for()
    notebook.run(1)
    plot = notebook.output(1).locator(".js-plotly-plot .main-svg").first
    plot.wait_for()
    notebook.page.wait_for_timeout(500)
    notebook.shot("chart")
    assert notebook.output(1).locator(".scatterlayer .trace").count() == 3
    legend = notebook.output(1).locator(".legendtext")
    assert sorted(legend.all_text_contents()) == ["Flood", "Hail", "Tornado"]
    assert notebook.output(1).locator(".gtitle").text_content() == "Storms"
