"""Charts drawn by plotly.js in a real page: what is seen of them, and that nothing is fetched.

All figures stand on one page, which the browser opens once, without network: its policy forbids every request, and
each that is tried is reported.
"""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import plotly
import pytest
from charts import result_of
from pictured import CASES, HOSTILE, LEGENDS

from kqlext.visualization.drawing import MIME_TYPE

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome", "chrome"))), None)
PLOTLY_JS = Path(plotly.__file__).parent / "package_data" / "plotly.min.js"

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed: apt-get install chromium")

PAGE = """<!doctype html><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy"
 content="default-src 'none'; script-src 'unsafe-inline' file:; style-src 'unsafe-inline'; img-src data: blob:">
<body><script>
const tried = [], found = {};
addEventListener('securitypolicyviolation', event => tried.push(event.blockedURI + ' ' + event.violatedDirective));
addEventListener('error', event => tried.push(String(event.message)));
</script><script src="PLOTLY_JS"></script><script>
const figures = FIGURES;
const count = (div, selector) => div.querySelectorAll(selector).length;
(async () => {
  for (const [name, figure] of Object.entries(figures)) {
    const div = document.createElement('div');
    div.style.width = '860px';
    document.body.append(div);
    await Plotly.newPlot(div, figure.data, figure.layout, figure.config);
    found[name] = {
      lines: [...div.querySelectorAll('.scatterlayer .js-line')].map(line => line.getAttribute('d')),
      points: count(div, '.scatterlayer .point'), fills: count(div, '.scatterlayer .js-fill'),
      bars: [...div.querySelectorAll('.barlayer .point path')].map(bar => bar.getBoundingClientRect().toJSON()),
      slices: count(div, '.slice'), links: count(div, 'a:not(.modebar-btn)'), flows: count(div, '.sankey-link'),
      legend: [...div.querySelectorAll('.legendtext')].map(text => text.textContent),
      texts: [...div.querySelectorAll('text')].map(text => text.textContent).filter(text => text),
      types: Object.fromEntries(Object.entries(div._fullLayout).filter(([key]) => /^[xy]axis/.test(key))
        .map(([key, axis]) => [key, axis.type])),
      height: div.querySelector('.main-svg').getBoundingClientRect().height,
    };
    div.remove();
  }
  const out = document.createElement('pre');
  out.id = 'found';
  out.textContent = JSON.stringify({found, tried});
  document.body.append(out);
})().catch(error => { tried.push(String(error)); });
</script>"""


@dataclass(frozen=True)
class Drawn:
    """What the page holds of each chart, and what it tried to fetch or failed at."""

    found: dict[str, dict[str, Any]]
    tried: list[str]


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Drawn:
    figures = {}
    for name, (columns, rows, kind, properties) in CASES.items():
        figures[name] = result_of(columns, rows, kind, **properties)._repr_mimebundle_()[MIME_TYPE]
    folder = tmp_path_factory.mktemp("charts")
    page = PAGE.replace("PLOTLY_JS", PLOTLY_JS.as_uri()).replace("FIGURES", json.dumps(figures).replace("</", "<\\/"))
    (folder / "page.html").write_text(page, encoding="utf-8")
    assert CHROMIUM is not None
    run = subprocess.run(
        [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--window-size=900,700",
         f"--user-data-dir={folder / 'profile'}", "--virtual-time-budget=60000", "--dump-dom",
         (folder / "page.html").as_uri()],
        capture_output=True, text=True, check=True, timeout=120,
    )  # fmt: skip
    written = re.search(r'<pre id="found">(.*?)</pre>', run.stdout, re.DOTALL)
    assert written, run.stdout[-2_000:] + run.stderr[-2_000:]
    return Drawn(**json.loads(html.unescape(written[1])))


def test_nothing_is_fetched_and_nothing_fails(drawn: Drawn) -> None:
    assert drawn.tried == []
    assert set(drawn.found) == set(CASES)


@pytest.mark.parametrize(
    ("name", "lines", "points"),
    [
        ("timechart", 2, 20), ("gaps", 2, 9), ("linechart", 1, 10), ("areachart", 2, 20), ("stacked area", 2, 0),
        ("stacked100 area", 2, 0), ("scatterchart", 0, 10), ("map", 0, 2), ("anomalychart", 1, 11), ("panels", 2, 20),
        ("axes", 2, 20), ("hostile series", 0, 2),
    ],
)  # fmt: skip
def test_lines_and_points(drawn: Drawn, name: str, lines: int, points: int) -> None:
    found = drawn.found[name]
    assert (len([line for line in found["lines"] if "L" in line]), found["points"]) == (lines, points)


def test_a_gap_is_a_gap(drawn: Drawn) -> None:
    before, after = ([float(x) for x in re.findall(r"[ML]([\d.]+)", line)] for line in drawn.found["gaps"]["lines"])
    assert after[0] - before[-1] == pytest.approx((after[-1] - before[0]) * 2 / 9, rel=0.01)


def test_a_single_point_is_seen(drawn: Drawn) -> None:
    assert drawn.found["one point"]["points"] == 1


@pytest.mark.parametrize(
    ("name", "fills"), [("areachart", 2), ("stacked area", 2), ("area with a gap", 2), ("timechart", 0)]
)
def test_areas_are_filled(drawn: Drawn, name: str, fills: int) -> None:
    assert drawn.found[name]["fills"] == fills


@pytest.mark.parametrize(
    ("name", "count"), [("columnchart", 3), ("columns of time", 20), ("barchart", 3), ("ladderchart", 2), ("plotly", 2)]
)
def test_bars(drawn: Drawn, name: str, count: int) -> None:
    assert len([bar for bar in drawn.found[name]["bars"] if bar["width"] > 1 and bar["height"] > 1]) == count


def test_columns_stand_and_bars_lie_the_first_on_top(drawn: Drawn) -> None:
    columns, bars = drawn.found["columnchart"]["bars"], drawn.found["barchart"]["bars"]
    assert columns[0]["height"] == pytest.approx(5 * columns[2]["height"], rel=0.05)
    assert columns[0]["x"] < columns[1]["x"] < columns[2]["x"]
    assert bars[0]["width"] == pytest.approx(5 * bars[2]["width"], rel=0.05)
    assert bars[0]["y"] < bars[1]["y"] < bars[2]["y"]


def test_stacked_columns_stand_on_one_another(drawn: Drawn) -> None:
    bars = drawn.found["columns of time"]["bars"]
    assert bars[0]["x"] == pytest.approx(bars[10]["x"])
    assert bars[10]["bottom"] == pytest.approx(bars[0]["top"], abs=0.5)


def test_shares_are_of_100(drawn: Drawn) -> None:
    for name in ("stacked100 area", "stacked100 bars"):
        assert "100%" in drawn.found[name]["texts"]


def test_slices_areas_and_flows(drawn: Drawn) -> None:
    assert drawn.found["piechart"]["slices"] == 3
    assert {"TEXAS", "KANSAS", "(empty)"} <= set(drawn.found["piechart"]["legend"])
    assert drawn.found["treemap"]["slices"] == 6  # with the one around all
    assert drawn.found["sankey"]["flows"] == 2


@pytest.mark.parametrize(
    ("name", "texts"),
    [
        ("timechart", {"By day", "T", "n"}),
        ("linechart", {"x axis", "y"}),
        ("columnchart", {"how many", "s", "TEXAS", "KANSAS", "(empty)"}),
        ("barchart", {"TEXAS", "KANSAS", "(empty)", "n", "s"}),
        ("map", {"longitude", "latitude", "40°"}),
        ("panels", {"n", "m", "T"}),
        ("axes", {"n", "m", "T"}),
        ("card", {"1,234,567", "n", "all is well", "s"}),
        ("ladderchart", {"a", "b", "A – B"}),
        ("sankey", {"a", "b", "x"}),
    ],
)
def test_texts(drawn: Drawn, name: str, texts: set[str]) -> None:
    assert texts <= set(drawn.found[name]["texts"])


@pytest.mark.parametrize(("name", "legend"), LEGENDS.items())
def test_legends(drawn: Drawn, name: str, legend: list[str]) -> None:
    assert drawn.found[name]["legend"] == legend


@pytest.mark.parametrize(
    ("name", "x", "y"),
    [
        ("timechart", "date", "linear"), ("linechart", "linear", "log"), ("columnchart", "category", "linear"),
        ("barchart", "linear", "category"), ("columns of time", "date", "linear"), ("ladderchart", "date", "category"),
    ],
)  # fmt: skip
def test_axes(drawn: Drawn, name: str, x: str, y: str) -> None:
    assert drawn.found[name]["types"] == {"xaxis": x, "yaxis": y}


@pytest.mark.parametrize("name", CASES)
def test_every_chart_has_a_height_and_no_link(drawn: Drawn, name: str) -> None:
    assert drawn.found[name]["height"] >= 200
    assert drawn.found[name]["links"] == 0


@pytest.mark.parametrize("name", [name for name in CASES if name.startswith("hostile")])
def test_hostile_texts_are_seen_as_they_are(drawn: Drawn, name: str) -> None:
    assert any(text.startswith(HOSTILE) for text in drawn.found[name]["texts"]), drawn.found[name]["texts"]
