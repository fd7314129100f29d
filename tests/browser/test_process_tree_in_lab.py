"""A process tree in JupyterLab, light and dark: what is seen, folded and unfolded. Pictures are kept in shots/."""

from __future__ import annotations

from typing import Any

from nbformat.v4 import new_output

from kqlext import connect

READABLE = 4.5  # WCAG 2, level AA
PROCESSES = "SecurityEvent | where EventID == 4688"
SOME = "host='ws-fin-02', text='-enc', color=SubjectUserName"


def unfold(notebook: Any, number: int, shot: str) -> None:
    """The first of the processes that are folded shows its children once it is clicked on."""
    folded = notebook.output(number).locator("details:not([open]):visible")
    folded.first.wait_for()
    notebook.shot(shot)
    one = folded.first.element_handle()
    inside = one.query_selector(":scope > details, :scope > div")
    assert not inside.is_visible()
    one.query_selector(":scope > summary").click()
    inside.wait_for_element_state("visible")
    # Long command lines are broken: nothing is wider than the cell.
    tree = notebook.output(number).locator(".jp-RenderedHTMLCommon")
    assert tree.evaluate("one => one.scrollWidth <= one.clientWidth")


def test_an_intrusion_is_seen(open_notebook: Any) -> None:
    notebook = open_notebook(
        "%load_ext kqlext\n%kql samples",
        f"%%kql\n{PROCESSES}\n| render processtree with ({SOME})",
        f"%kql {PROCESSES} | render processtree",
        f"%kql {PROCESSES} | render processtree with (view=chart, {SOME})",
    )
    notebook.run(0)
    notebook.output(0).get_by_text("Connected to samples@local").wait_for()
    notebook.run(1)
    mark = notebook.output(1).get_by_text("-nop -w hidden")
    mark.wait_for()
    notebook.page.mouse.move(0, 0)
    notebook.shot("process-tree")
    for text in (
        mark,
        notebook.output(1).get_by_text("no start on record"),
        notebook.output(1).locator("summary b").last,
    ):
        assert notebook.contrast(text) >= READABLE
    assert notebook.output(1).locator("details").evaluate_all("all => all.every(one => one.open)")
    notebook.output(1).locator("summary").first.click()
    mark.wait_for(state="hidden")

    notebook.run(2)
    unfold(notebook, 2, "process-tree-of-a-week")

    notebook.run(3)
    notebook.plot(3)
    notebook.shot("process-tree-chart")


def test_a_tree_of_somebody_else_is_folded_too(open_notebook: Any) -> None:
    with connect("samples") as samples:
        tree = samples.query(PROCESSES).process_tree(host="ws-fin-02", color="SubjectUserName")
    bundle = tree._repr_mimebundle_()
    notebook = open_notebook("1", outputs={0: [new_output("display_data", bundle)]})
    details = notebook.output(0).locator("details")
    details.first.wait_for()
    assert details.count() == bundle["text/html"].count("<details")
    unfold(notebook, 0, "process-tree-untrusted")
    colours = notebook.output(0).locator("summary b").first.evaluate("one => getComputedStyle(one).borderLeftWidth")
    assert colours != "0px"
