"""What a reader sees in JupyterLab, light and dark: progress, a warning, a wide table. Pictures are kept in shots/."""

from __future__ import annotations

import json
import re
from typing import Any

import nbformat
from nbformat.v4 import new_output
from servers.kusto import Answer, KustoServer
from servers.kusto_frames import TableSpec, one_api_error, v2

from kqlext.decode.kusto_frames import decode_v2
from kqlext.origin import Origin
from kqlext.result import Result

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
    notebook.plot(1)
    notebook.page.wait_for_timeout(500)
    notebook.shot("chart")
    assert notebook.output(1).locator(".scatterlayer .trace").count() == 3
    legend = notebook.output(1).locator(".legendtext")
    assert sorted(legend.all_text_contents()) == ["Flood", "Hail", "Tornado"]
    assert notebook.output(1).locator(".gtitle").text_content() == "Storms"


# --- what stands in cells --------------------------------------------------------------------------------

HOSTILE = "<script>document.title = 'run'</script><img src=x onerror=\"document.title = 'run'\">"
EVENT = {"user": "alice", "groups": ["admins", "hunters"], "html": HOSTILE, "address": "javascript:alert(1)"}
CELLS = TableSpec(
    "PrimaryResult",
    (("n", "long"), ("text", "string"), ("url", "string"), ("event", "dynamic"), ("at", "datetime")),
    (
        (9007199254740993, "null", "https://example.org/?a=1&b=2", EVENT, "2024-01-01T00:00:00.1234567Z"),
        (None, "", "javascript:alert(1)", {"short": True}, None),
        (2, HOSTILE, "http://example.org", None, "2024-01-01T00:00:00Z"),
    ),
)


def test_cells_in_a_notebook_that_is_not_trusted(open_notebook: Any) -> None:
    result = Result(decode_v2(v2(CELLS)), Origin("Samples@help", "T", 0.1))
    output = new_output("execute_result", result._repr_mimebundle_(), execution_count=1)
    notebook = open_notebook("%kql T", outputs={0: [output]})
    cells = notebook.output(0).locator("td")
    cells.first.wait_for()
    fold = cells.nth(3).locator("details")
    assert fold.locator("pre").is_hidden()
    # By keyboard alone.
    fold.locator("summary").focus()
    notebook.page.keyboard.press("Enter")
    inside = fold.locator("pre")
    inside.wait_for()
    notebook.shot("cells")
    assert json.loads(inside.inner_text()) == EVENT
    assert inside.inner_text().count("\n") == 8
    assert notebook.contrast(inside) >= READABLE
    # Its neighbours stand beside its first line.
    assert abs(cells.nth(1).bounding_box()["y"] - cells.nth(3).bounding_box()["y"]) < 1
    assert cells.nth(1).evaluate("cell => getComputedStyle(cell).verticalAlign") == "top"
    # Null is told from the text null and from an empty text.
    null, text = cells.nth(5).locator("i"), cells.nth(1)
    assert (null.inner_text(), null.get_attribute("title"), text.inner_text()) == ("null", "no value", "null")
    assert (text.locator("i").count(), cells.nth(6).inner_text()) == (0, "")
    assert cells.nth(5).evaluate("cell => getComputedStyle(cell).textAlign") == "right"
    assert faded_contrast(notebook, null) >= READABLE
    # Data is no markup: no link, no picture, nothing that ran.
    assert cells.nth(11).inner_text() == HOSTILE
    assert notebook.output(0).locator("a, img, script").count() == 0
    assert notebook.page.title() != "run"


def faded_contrast(notebook: Any, locator: Any) -> float:
    """The contrast of a text that is partly seen through: its colour is mixed with the page's."""
    locator.evaluate(
        """element => {
            const numbers = text => text.match(/[\\d.]+/g).map(Number);
            const behind = node => numbers(getComputedStyle(node).backgroundColor);
            const opacity = getComputedStyle(element).opacity, parts = numbers(getComputedStyle(element).color);
            let owner = element;
            while ((behind(owner)[3] ?? 1) === 0) owner = owner.parentElement;
            const share = opacity * (parts[3] ?? 1), under = behind(owner);
            const mixed = [0, 1, 2].map(i => share * parts[i] + (1 - share) * under[i]);
            element.style.opacity = 1;
            element.style.color = `rgb(${mixed.join(', ')})`;
        }"""
    )
    return float(notebook.contrast(locator))


def test_a_table_scrolls_by_keyboard(open_notebook: Any, kusto: KustoServer) -> None:
    kusto.on("T", v2(TableSpec("PrimaryResult", (("n", "long"),), [[number] for number in range(50)])))
    notebook = open_notebook(f"%load_ext kqlext\n%kql {kusto.url}/db", "%kql T")
    notebook.run(0)
    notebook.output(0).get_by_text("Connected to db@").wait_for()
    notebook.run(1)
    region = notebook.output(1).get_by_role("region", name="table")
    region.wait_for()
    assert region.get_by_role("columnheader", name="n").count() == 1
    region.focus()
    notebook.page.keyboard.press("End")
    notebook.page.wait_for_function("box => box.scrollTop > 100", arg=region.element_handle())


# --- the grid --------------------------------------------------------------------------------------------


def test_a_grid_sorts_and_filters_and_is_not_saved(open_notebook: Any, lab: Any, kusto: KustoServer) -> None:
    rows = [(number * 7 % 101, HOSTILE if number == 50 else f"row {number}", EVENT) for number in range(100)]
    rows[3] = (None, *rows[3][1:])
    columns = (("n", "long"), (f"<b>{HOSTILE}</b>", "string"), ("event", "dynamic"))
    kusto.on("T", v2(TableSpec("PrimaryResult", columns, rows)))
    requests: list[str] = []
    notebook = open_notebook(f"%load_ext kqlext\n%kql {kusto.url}/db", "%kql -grid -dl 10 T")
    notebook.page.on("request", lambda request: requests.append(request.url))
    notebook.run(0)
    notebook.output(0).get_by_text("Connected to db@").wait_for()
    notebook.run(1)
    output = notebook.output(1)
    grid = output.locator("table.dataTable")
    grid.wait_for()
    notebook.shot("grid")
    assert output.locator("table:visible").count() == 1  # the plain table is hidden
    assert "100 rows" in grid.locator("caption").inner_text()
    first = grid.locator("tbody tr").first.locator("td").first

    for order, least in (("ascending", "null"), ("descending", "100")):
        grid.locator("thead th").first.get_by_role("button").focus()
        notebook.page.keyboard.press("Enter")
        grid.locator(f"thead th[aria-sort={order}]").wait_for()
        assert first.inner_text() == least

    output.get_by_label("Filter:").fill("onerror")
    output.get_by_text("1 to 25 of 100 rows").wait_for()  # it stands in every event
    output.get_by_label("Filter:").fill("")
    output.get_by_label("Filter <b><script>").fill("onerror")
    output.get_by_text("1 to 1 of 1 rows (of 100)").wait_for()
    assert grid.locator("tbody td").nth(1).inner_text() == HOSTILE
    grid.locator("summary").click()
    notebook.shot("grid-filtered")
    assert json.loads(grid.locator("pre").inner_text()) == EVENT
    assert grid.locator("a, img, script").count() == 0
    assert notebook.page.title() != "run"
    notebook.page.mouse.move(0, 0)
    assert notebook.contrast(grid.locator("tbody td").nth(1)) >= READABLE
    assert notebook.contrast(grid.locator("caption")) >= READABLE
    assert [url for url in requests if not url.startswith((lab.url("x")[:20], "blob:", "data:"))] == []

    saved = notebook.save(lab)
    (place, table) = nbformat.read(saved, as_version=4).cells[1].outputs
    assert place.data["text/plain"] == ""
    assert table.data["text/html"].count("<tr") == 11
    assert "<script" not in place.data["text/html"] + table.data["text/html"]
    assert saved.stat().st_size < 20_000
    # Read anew, it is the table, in its trusted page too.
    notebook.page.reload()
    caption = notebook.output(1).locator("caption")
    caption.wait_for()
    assert "10 of 100 rows" in caption.inner_text()
    assert notebook.output(1).locator("table.dataTable").count() == 0


def test_grids_below_what_is_seen(open_notebook: Any) -> None:
    """Run All: the page has not drawn the last cells yet when their outputs come."""
    cells = [f"%kql -grid StormEvents | take {count}" for count in range(60, 72)]
    notebook = open_notebook("%load_ext kqlext\n%kql samples", *cells)
    notebook.page.get_by_role("menuitem", name="Run", exact=True).click()
    notebook.page.get_by_text("Run All Cells", exact=True).click()
    grids = notebook.page.locator("table.dataTable")
    notebook.page.wait_for_function("() => document.querySelectorAll('table.dataTable').length === 12")
    grids.last.scroll_into_view_if_needed()
    assert grids.last.locator("caption").inner_text().startswith("71 rows")
