"""Tab in JupyterLab: what is offered in a cell of KQL."""

from __future__ import annotations

from collections.abc import Callable

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
