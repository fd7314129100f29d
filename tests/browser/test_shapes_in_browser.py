"""Pivots, graphs, maps of pies and points in space as plotly.js draws them in a real page, and in JupyterLab."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import plotly
import pytest
from charts import result_of
from nbformat.v4 import new_output

from kqlext.visualization.drawing import MIME_TYPE

PLOTLY_JS = Path(plotly.__file__).parent / "package_data" / "plotly.min.js"
DAYS = [f"2024-01-{day:02}T00:00:00Z" for day in range(1, 11)]
HOSTILE = "<a href='javascript:a()'>x</a><b>&lt;$y$ %{x}"
PLACES = "Lon:real Lat:real s:string n:long"

CASES: dict[str, tuple[str, Any, str, dict[str, Any]]] = {
    "pivotchart": ("s:string t:string n:long", [["a", "x", 1], ["a", "y", 2], ["b", "x", 4]], "pivotchart", {}),
    "timepivot": ("State:string StartTime:datetime EndTime:datetime",
                  [["a long name of a state", day, end] for day, end in pairwise(DAYS)]
                  + [["b", DAYS[4], None]], "timepivot", {}),
    "graph": ("source:string target:string",
              [["a", "b"], ["a", "c"], ["b", "c"], ["c", "a"], ["c", "d"]], "graph", {}),
    "discs": (PLACES, [[8.5, 47.4, "a", 3], [-70, 3, "b", 12]], "piechart", {"kind": "map"}),
    "pies": (PLACES, [[8, 47, "a", 30], [8, 47, "b", 10], [0, 40, "b", 20]], "piechart", {"kind": "map"}),
    "barchart": ("State:string n:long", [["a name that is long", 5], ["b", 3]], "barchart", {}),
    "plotly": ("f:string", [['{"data": [{"type": "bar", "x": ["p"], "y": [1]}],'
                             '"layout": {"modebar": {"add": ["sendChartToCloud"]}}}']], "plotly", {}),
    "hostile pivotchart": ("s:string t:string n:long", [[HOSTILE, HOSTILE, 1]], "pivotchart", {"title": HOSTILE}),
    "hostile timepivot": ("s:string T:datetime", [[HOSTILE, DAYS[0]]], "timepivot", {"title": HOSTILE}),
    "hostile graph": ("s:string t:string", [[HOSTILE[:12], HOSTILE[-12:]]], "graph", {"title": HOSTILE}),
    "hostile discs": (PLACES, [[8, 47, HOSTILE, 30], [9, 47, "b", 30]], "piechart", {"kind": "map", "title": HOSTILE}),
}  # fmt: skip

PAGE = """<!doctype html><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy"
 content="default-src 'none'; script-src 'unsafe-inline' file:; style-src 'unsafe-inline'; img-src data: blob:">
<body><script>
const tried = [];
addEventListener('securitypolicyviolation', event => tried.push(event.blockedURI + ' ' + event.violatedDirective));
addEventListener('error', event => tried.push(String(event.message)));
</script><script src="PLOTLY_JS"></script><script>
const boxes = (div, selector) => [...div.querySelectorAll(selector)].map(one => one.getBoundingClientRect().toJSON());
async function draw(figure) {
  const div = document.createElement('div');
  div.style.width = '860px';
  document.body.replaceChildren(div);
  await Plotly.newPlot(div, figure.data, figure.layout, figure.config);
  return {
    points: boxes(div, '.scatterlayer .point'), bars: boxes(div, '.barlayer .point path'),
    lines: [...div.querySelectorAll('.scatterlayer .js-line')].map(line => line.getAttribute('d')),
    fills: boxes(div, '.scatterlayer .js-fill'), links: div.querySelectorAll('a:not(.modebar-btn)').length,
    legend: [...div.querySelectorAll('.legendtext')].map(text => text.textContent),
    texts: [...div.querySelectorAll('text')].map(text => text.textContent).filter(text => text),
    buttons: [...div.querySelectorAll('.modebar-btn')].map(button => button.dataset.title),
    title: boxes(div, '.ytitle')[0], labels: boxes(div, '.ytick text'),
    height: div.querySelector('.main-svg').getBoundingClientRect().height, tried,
  };
}
</script>"""


@pytest.fixture(scope="module")
def drawn(chromium: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    path = tmp_path_factory.mktemp("shapes") / "page.html"
    path.write_text(PAGE.replace("PLOTLY_JS", PLOTLY_JS.as_uri()), encoding="utf-8")
    page = chromium.new_page(viewport={"width": 900, "height": 700})
    page.goto(path.as_uri())
    figures = {
        name: result_of(columns, rows, kind, **properties)._repr_mimebundle_()[MIME_TYPE]
        for name, (columns, rows, kind, properties) in CASES.items()
    }
    yield {name: page.evaluate("draw", json.loads(json.dumps(figure))) for name, figure in figures.items()}
    page.close()


@pytest.mark.parametrize("name", CASES)
def test_nothing_is_fetched_and_nothing_fails(drawn: dict[str, Any], name: str) -> None:
    assert drawn[name]["tried"] == []
    assert drawn[name]["links"] == 0
    assert drawn[name]["height"] >= 300


@pytest.mark.parametrize("name", CASES)
def test_no_button_uploads_the_chart(drawn: dict[str, Any], name: str) -> None:
    buttons = drawn[name]["buttons"]
    assert any("Download" in title for title in buttons)
    assert not [title for title in buttons if re.search("share|cloud|edit|upload", title, re.I)]


@pytest.mark.parametrize("name", [name for name in CASES if name.startswith("hostile")])
def test_hostile_texts_are_seen_as_they_are(drawn: dict[str, Any], name: str) -> None:
    assert any(text.startswith(HOSTILE) for text in drawn[name]["texts"]), drawn[name]["texts"]


def test_a_pivot_has_two_levels_of_names(drawn: dict[str, Any]) -> None:
    found = drawn["pivotchart"]
    assert [found["texts"].count(name) for name in ("a", "b", "x", "y")] == [1, 1, 2, 1]
    first, second, third = found["bars"]
    assert third["height"] == pytest.approx(4 * first["height"], rel=0.05)
    assert first["x"] < second["x"] < third["x"]


def test_events_lie_in_their_lanes(drawn: dict[str, Any]) -> None:
    found = drawn["timepivot"]
    heights = [round(point["y"]) for point in found["points"]]
    assert sorted(map(heights.count, set(heights))) == [1, 9]
    assert heights[-1] == max(heights)  # the second lane is below the first
    assert len(found["lines"]) == 9


@pytest.mark.parametrize("name", ["timepivot", "barchart"])
def test_the_title_of_an_axis_is_clear_of_its_labels(drawn: dict[str, Any], name: str) -> None:
    assert drawn[name]["title"]["right"] <= min(label["left"] for label in drawn[name]["labels"])


def test_a_graph_has_its_nodes_and_edges(drawn: dict[str, Any]) -> None:
    found = drawn["graph"]
    assert {"a", "b", "c", "d"} <= set(found["texts"])
    assert len(found["lines"]) == 3 + 2 * 10  # those that go back or aside are bent, in ten pieces
    assert len([box for box in found["points"] if box["width"] > 8]) >= 4


def test_discs_and_pies(drawn: dict[str, Any]) -> None:
    small, large = drawn["discs"]["points"]
    assert large["width"] == pytest.approx(2 * small["width"], rel=0.1)  # of four times the area
    assert drawn["discs"]["legend"] == drawn["pies"]["legend"] == ["a", "b"]
    assert len(drawn["pies"]["fills"]) == 2
    assert drawn["pies"]["fills"][1]["width"] > drawn["pies"]["fills"][0]["width"]  # b is at both places


def test_a_saved_notebook_draws_them(open_notebook: Any) -> None:
    """Not trusted; the pictures are kept to be looked at."""
    kinds = ("pivotchart", "timepivot", "graph", "discs", "pies")
    figures = [result_of(*CASES[name][:3], **CASES[name][3])._repr_mimebundle_() for name in kinds]
    space = result_of("x:real y:real z:real s:string", [[n, n * n, n % 3, "ab"[n % 2]] for n in range(9)], "3Dchart")
    bundles = [*figures, space._repr_mimebundle_()]
    outputs = {n: [new_output("execute_result", bundle, execution_count=1)] for n, bundle in enumerate(bundles)}
    notebook = open_notebook(*(f"%kql {name}" for name in (*kinds, "3Dchart")), outputs=outputs)
    for number, name in enumerate((*kinds, "space")):
        output = notebook.output(number)
        notebook.plot(number)
        notebook.page.wait_for_timeout(300)
        notebook.shot(f"chart-{name}")
        if name != "space":  # WebGL is not to be had everywhere
            assert output.locator(".cartesianlayer .subplot").count() == 1
