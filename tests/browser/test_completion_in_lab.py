"""Tab and Shift-Tab in JupyterLab: what is offered and told in a cell of KQL."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from servers.browser import Notebook

CELLS = ("%load_ext kqlext\n%kql samples", "%%kql\nStormEvents\n| where Sta")


def test_tab_offers_columns(open_notebook: Callable[..., Notebook]) -> None:
    notebook = open_notebook(*CELLS)
    notebook.run(0)
    notebook.output(0).get_by_text("Connected to samples@local").wait_for()
    code = notebook.page.locator(".jp-CodeCell").nth(1).locator(".cm-content")
    code.click()
    notebook.page.keyboard.press("Control+End")
    notebook.page.keyboard.press("Tab")
    offered = notebook.page.locator(".jp-Completer-item")
    offered.first.wait_for()
    texts = offered.locator(".jp-Completer-match").all_inner_texts()
    assert texts[0] in ("State", "StartTime")
    assert {"State", "StartTime"} <= set(texts)
    assert "staticmethod" not in texts
    notebook.shot("completion")


def _typed(notebook: Notebook, number: int, text: str) -> Any:
    """The editor of a cell, with a text typed into it."""
    code = notebook.page.locator(".jp-CodeCell").nth(number).locator(".cm-content")
    code.click()
    notebook.page.keyboard.press("Control+a")
    notebook.page.keyboard.insert_text(text)
    return code


def test_a_second_tab_inserts_a_single_match(open_notebook: Callable[..., Notebook]) -> None:
    notebook = open_notebook(CELLS[0], "")
    notebook.run(0)
    notebook.output(0).get_by_text("Connected to samples@local").wait_for()
    for text, whole in (("%kql -displ", "%kql -display_limit"), ("%kql StormEvents | summar", "summarize")):
        code = _typed(notebook, 1, text)
        notebook.page.keyboard.press("Tab")
        offered = notebook.page.locator(".jp-Completer:not(.lm-mod-hidden) .jp-Completer-item")
        offered.first.wait_for()
        assert offered.count() == 1
        notebook.page.keyboard.press("Tab")
        code.get_by_text(whole, exact=True).first.wait_for()


def test_shift_tab_tells_of_a_word(open_notebook: Callable[..., Notebook]) -> None:
    notebook = open_notebook(CELLS[0], "")
    notebook.run(0)
    notebook.output(0).get_by_text("Connected to samples@local").wait_for()
    _typed(notebook, 1, "%%kql\nStormEvents | summarize count() by State")
    notebook.page.keyboard.press("Shift+Tab")
    told = notebook.page.locator(".jp-Tooltip")
    told.get_by_text("State: string (column of StormEvents)").wait_for()
    _typed(notebook, 1, "%kql StormEvents | summarize")
    notebook.page.keyboard.press("Shift+Tab")
    told.get_by_text("Aggregates the rows of each group").wait_for()
    page = told.locator("a")
    assert page.get_attribute("href") == "https://learn.microsoft.com/kusto/query/summarize-operator"
    assert notebook.contrast(told.locator("pre").first) >= 4.5
    notebook.shot("hover")
