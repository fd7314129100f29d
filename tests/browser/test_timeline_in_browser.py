"""Timelines as plotly.js draws them in a real page: every event is seen, tooltips are text, the slider is there."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import plotly
import pytest
from servers.browser import SHOTS

from kqlext.visualization.drawing import MIME_TYPE
from kqlext.visualization.timeline import timeline

PLOTLY_JS = Path(plotly.__file__).parent / "package_data" / "plotly.min.js"
HOSTILE = "<a href='javascript:a()'>x</a><b>&lt;$y$ %{x}"
TIMES = pd.date_range("2024-01-01", periods=40, freq="17min")
EVENTS = pd.DataFrame({
    "TimeGenerated": TIMES, "Computer": [f"host {n % 4}" for n in range(40)], "Severity": ["Low", "High"] * 20,
    "End": [time + pd.Timedelta("1h") if n % 5 == 0 else None for n, time in enumerate(TIMES)],
    "CommandLine": [HOSTILE] * 40,
})  # fmt: skip
PAGE = """<!doctype html><meta charset="utf-8">
<body style="background: COLOUR"><div id="plot" style="width: 900px"></div><script src="PLOTLY_JS"></script>"""


@pytest.fixture(scope="module", params=["white", "#111111"])
def page(request: pytest.FixtureRequest, chromium: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    written = tmp_path_factory.mktemp("timeline") / "page.html"
    text = PAGE.replace("COLOUR", request.param).replace("PLOTLY_JS", PLOTLY_JS.as_uri())
    written.write_text(text, encoding="utf-8")
    opened = chromium.new_page(viewport={"width": 940, "height": 700})
    opened.goto(written.as_uri())
    opened.theme = "light" if request.param == "white" else "dark"
    yield opened
    opened.close()


def draw(page: Any, name: str, data: object, **properties: Any) -> dict[str, Any]:
    figure = timeline(data, **properties)._repr_mimebundle_()[MIME_TYPE]
    page.evaluate(
        f"figure => Plotly.newPlot('plot', figure.data, figure.layout, {json.dumps(figure['config'])})", figure
    )
    SHOTS.mkdir(exist_ok=True)
    page.locator("#plot").screenshot(path=SHOTS / f"timeline-{name}-{page.theme}.png")
    found: dict[str, Any] = page.evaluate("""() => {
        const all = selector => [...document.querySelectorAll(selector)];
        const plot = document.querySelector('.cartesianlayer');
        return {
            points: plot.querySelectorAll('.scatterlayer .point').length,
            bars: [...plot.querySelectorAll('.barlayer .point path')].map(bar => bar.getBoundingClientRect().width),
            lines: plot.querySelectorAll('.scatterlayer .js-line').length,
            lanes: all('.ytick text').map(text => text.textContent),
            legend: all('.legendtext').map(text => text.textContent),
            slider: all('.rangeslider-container').length,
            links: all('#plot a:not(.modebar-btn)').length,
            width: plot.querySelector('.scatterlayer').getBoundingClientRect().width,
        };
    }""")
    return found


def test_every_event_is_seen(page: Any) -> None:
    found = draw(
        page, "lanes", EVENTS, group="Computer", color="Severity", end="End", reference={"the alert": TIMES[9]},
        title="Events",
    )  # fmt: skip
    assert found["points"] == 32
    assert len(found["bars"]) == 8
    assert all(width > 5 for width in found["bars"])
    assert found["lanes"] == [f"host {n} (10)" for n in range(4)]
    assert found["legend"] == ["Low", "High", "the alert"]
    assert (found["lines"], found["slider"], found["links"]) == (1, 1, 0)


def test_a_tooltip_is_text(page: Any) -> None:
    draw(page, "tooltip", EVENTS.head(1), group="CommandLine", tooltip="CommandLine,Severity", slider=False)
    page.evaluate("Plotly.Fx.hover('plot', [{curveNumber: 0, pointNumber: 0}])")
    text = page.locator(".hoverlayer .hovertext text.nums")
    assert text.text_content().startswith("2024-01-01 00:00:00.0")
    assert f"CommandLine: {HOSTILE}" in text.text_content()
    assert page.locator(".hoverlayer a").count() == 0
    lane = page.locator(".ytick text").first.text_content()
    assert lane == f"{HOSTILE[:20]}…{HOSTILE[-19:]} (1)"


def test_many_events_are_marks_that_say_how_many(page: Any) -> None:
    times = pd.date_range("2024-01-01", periods=20_000, freq="7s")
    frame = pd.DataFrame({"TimeGenerated": times, "Computer": [f"host {n % 5}" for n in range(20_000)]})
    found = draw(page, "many", frame, group="Computer")
    assert 100 < found["points"] <= 1_500
    assert found["lanes"] == [f"host {n} (4,000)" for n in range(5)]
    page.evaluate("Plotly.Fx.hover('plot', [{curveNumber: 0, pointNumber: 5}])")
    assert " events to " in page.locator(".hoverlayer .hovertext text.nums").text_content()
