"""Every kind of chart in a saved notebook of somebody else (not trusted) in JupyterLab, with and without plotly.

All charts stand in one notebook, each as the output of a cell. Pictures of all of them are kept in shots/.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import nbformat
import pytest
from charts import result_of
from nbformat.v4 import new_code_cell, new_notebook, new_output
from pictured import CASES, HOSTILE, LEGENDS
from servers.browser import SHOTS
from servers.lab import Lab

from kqlext.visualization.vega_lite import MIME_TYPE as VEGA_LITE

BUNDLES = {
    name: result_of(columns, rows, kind, **properties)._repr_mimebundle_()
    for name, (columns, rows, kind, properties) in CASES.items()
}
IN_VEGA_LITE = [name for name, bundle in BUNDLES.items() if VEGA_LITE in bundle]
NOT_IN_VEGA_LITE = [name for name in BUNDLES if name not in IN_VEGA_LITE]

# What is seen of each cell: by plotly, by Vega, or a table.
SEEN = """cells => cells.map(cell => {
    const of = (parent, selector) => [...(parent ? parent.querySelectorAll(selector) : [])];
    const plot = cell.querySelector('.js-plotly-plot'), vega = cell.querySelector('.vega-embed svg.marks');
    const shown = plot || vega;
    const size = shown ? shown.getBoundingClientRect() : {width: 0, height: 0};
    const lit = getComputedStyle(document.body).backgroundColor;
    return {
        by: plot ? 'plotly' : vega ? 'vega' : cell.querySelector('table') ? 'table' : 'text',
        width: size.width, height: size.height,
        texts: of(shown, 'text').map(text => text.textContent).filter(text => text),
        colours: [...new Set(of(vega, 'text').map(text => text.getAttribute('fill')))],
        lines: of(vega, '.mark-line path, .mark-area.role-mark path').map(path => path.getAttribute('d')),
        areas: of(vega, '.mark-area path').length,
        bars: of(vega, '.mark-rect.role-mark path').map(path => path.getBoundingClientRect().toJSON()),
        points: of(vega, '.mark-symbol.role-mark path').length,
        slices: of(vega, '.mark-arc path').length,
        legend: of(vega, '.role-legend-label text').map(text => text.textContent),
        label: cell.querySelector('.vega-embed [role=graphics-document]')?.getAttribute('aria-label'),
        menu: of(cell, '.vega-actions a').map(entry => entry.textContent),
        links: of(cell, 'a').filter(a => !a.closest('.modebar, .vega-actions')).length,
        pictures: of(vega, 'image').length,
        text: cell.textContent,
    };
})"""


@dataclass(frozen=True)
class Page:
    """What the notebook shows of each chart, and what the browser asked for that is not on this machine."""

    theme: str
    plotly: bool
    seen: dict[str, dict[str, Any]]
    elsewhere: list[str]
    tooltip: str


# With plotly in one theme: its figures are the same in both. test_lab.py looks at one on dark.
@pytest.fixture(
    scope="module",
    params=[("light", False), ("dark", False), ("light", True)],
    ids=["light", "dark", "light-plotly"],
)
def page(request: pytest.FixtureRequest, chromium: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    theme, plotly = request.param
    lab = Lab(tmp_path_factory.mktemp("lab"), theme, plotly)
    try:
        yield _opened(lab, chromium, theme, plotly)
    finally:
        lab.close()


def _opened(lab: Lab, chromium: Any, theme: str, plotly: bool) -> Page:
    cells = [new_code_cell(f"# {name}") for name in BUNDLES]
    for cell, bundle in zip(cells, BUNDLES.values(), strict=True):
        # Without the picture, so that the chart itself is looked at.
        data = {kind: value for kind, value in bundle.items() if kind != "image/png"}
        cell["outputs"] = [new_output("execute_result", data, execution_count=1)]
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    nbformat.write(new_notebook(cells=cells, metadata=kernel), lab.folder / "charts.ipynb")
    context = chromium.new_context(viewport={"width": 1200, "height": 900}, timezone_id="America/New_York")
    elsewhere: list[str] = []
    opened = context.new_page()
    opened.on("request", lambda request: elsewhere.append(request.url) if "//127.0.0.1" not in request.url else None)
    opened.set_default_timeout(180_000)  # 50 charts at once, on a machine that runs other tests
    opened.goto(lab.url("charts.ipynb"))
    outputs = opened.locator(".jp-CodeCell .jp-Cell-outputArea")
    outputs.first.wait_for()
    SHOTS.mkdir(exist_ok=True)
    drawn = ".js-plotly-plot .main-svg, .js-plotly-plot canvas, .vega-embed svg.marks, table"
    for number, name in enumerate(BUNDLES):
        output = outputs.nth(number)
        output.scroll_into_view_if_needed()
        output.locator(drawn).first.wait_for(state="attached")
        output.screenshot(path=SHOTS / f"{name.replace(' ', '-')}-{'plotly' if plotly else 'vega'}-{theme}.png")
    seen = dict(zip(BUNDLES, outputs.evaluate_all(SEEN), strict=True))
    tooltip = ""
    if not plotly:
        outputs.nth(list(BUNDLES).index("columns of time")).locator(".mark-rect.role-mark path").first.hover()
        tooltip = opened.locator("#vg-tooltip-element.visible").inner_text()
    context.close()
    return Page(theme, plotly, seen, [url for url in elsewhere if not url.startswith(("data:", "blob:"))], tooltip)


def test_nothing_is_fetched(page: Page) -> None:
    assert page.elsewhere == []
    assert [name for name, seen in page.seen.items() if seen["links"] or seen["pictures"]] == []


@pytest.mark.parametrize("name", CASES)
def test_every_chart_is_drawn_by_what_there_is(page: Page, name: str) -> None:
    seen = page.seen[name]
    by = "plotly" if page.plotly else "vega" if name in IN_VEGA_LITE else "table"
    assert seen["by"] == by
    if by != "table":
        assert seen["width"] >= 500
        assert seen["height"] >= 150


def test_one_end_of_an_axis_of_time(page: Page) -> None:
    """plotly draws such an axis from the other end of the data, or not at all, where it is left to fill that in."""
    texts = page.seen["limits"]["texts"]
    assert not [text for text in texts if text in ("Jan 2", "2024-01-02")]
    assert [text for text in texts if text in ("Jan 5", "Jan 6", "2024-01-05", "2024-01-06")]


# --- by Vega -------------------------------------------------------------------------------------------------


# Only of the page without plotly.
by_vega = pytest.mark.parametrize("page", [("light", False), ("dark", False)], ids=["light", "dark"], indirect=True)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("timechart", {"lines": 2, "points": 20}), ("gaps", {"lines": 1, "points": 9}),
        ("area with a gap", {"areas": 2}), ("linechart", {"lines": 1, "points": 10}),
        ("anomalychart", {"lines": 1, "points": 11}), ("scatterchart", {"lines": 0, "points": 10}),
        ("panels", {"lines": 2, "points": 20}), ("axes", {"lines": 2, "points": 20}), ("stacked area", {"areas": 2}),
        ("columnchart", {"bars": 3}), ("barchart", {"bars": 3}), ("columns of time", {"bars": 20}),
        ("columns side by side", {"bars": 4}), ("ladderchart", {"bars": 2}), ("piechart", {"slices": 3}),
    ],
)  # fmt: skip
@by_vega
def test_marks(page: Page, name: str, expected: dict[str, int]) -> None:
    seen = page.seen[name]
    counts = {kind: len(seen[kind]) if isinstance(seen[kind], list) else seen[kind] for kind in expected}
    assert counts == expected
    if name == "gaps":
        assert seen["lines"][0].count("M") == 2


@pytest.mark.parametrize(("name", "legend"), LEGENDS.items())
@by_vega
def test_legends(page: Page, name: str, legend: list[str]) -> None:
    assert page.seen[name]["legend"] == legend


@pytest.mark.parametrize(
    ("name", "texts"),
    [
        ("timechart", {"By day", "T", "n", "2024-01-03", "2024-01-05"}),
        ("columnchart", {"how many", "s", "TEXAS", "KANSAS", "(empty)"}),
        ("linechart", {"x axis", "10", "100"}), ("stacked100 bars", {"50%", "a", "b"}), ("card", {"1,234,567"}),
    ],
)  # fmt: skip
@by_vega
def test_texts(page: Page, name: str, texts: set[str]) -> None:
    assert texts <= set(page.seen[name]["texts"])


@by_vega
def test_columns_are_on_one_another_as_in_the_picture(page: Page) -> None:
    bars = page.seen["columns of time"]["bars"]
    assert bars[0]["x"] == pytest.approx(bars[10]["x"])
    assert bars[10]["bottom"] == pytest.approx(bars[0]["top"], abs=0.5)


@by_vega
def test_what_is_read_aloud_and_what_the_menu_offers(page: Page) -> None:
    for name in IN_VEGA_LITE:
        assert page.seen[name]["label"] == BUNDLES[name][VEGA_LITE]["description"]
        assert page.seen[name]["menu"] == ["Save as SVG", "Save as PNG"]


@by_vega
def test_texts_are_seen_on_light_and_dark(page: Page) -> None:
    for name in IN_VEGA_LITE:
        assert set(page.seen[name]["colours"]) == {"#7b7b7b"}


def test_tooltips_are_utc(page: Page) -> None:
    if not page.plotly:
        assert page.tooltip.split() == ["T:", "2024-01-01", "n:", "1", "series:", "a"]


@by_vega
def test_a_table_says_where_its_chart_is(page: Page) -> None:
    for name in NOT_IN_VEGA_LITE:
        assert "a chart in VS Code, and in JupyterLab with plotly; here a table" in page.seen[name]["text"]


def test_hostile_texts_are_seen_as_they_are(page: Page) -> None:
    for name in (name for name in CASES if name.startswith("hostile")):
        assert HOSTILE[:11] in page.seen[name]["text"] + "".join(page.seen[name]["texts"])
