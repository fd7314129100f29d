"""JupyterLab in Debian's Chromium, light and dark: fixtures that `conftest` takes in."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
import pytest

from .lab import Lab

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
# No connection of the browser's own: the machines that run this have no network.
_QUIET = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--force-color-profile=srgb",
]  # fmt: skip
SHOTS = Path(__file__).parent.parent / "browser" / "shots"


@dataclass
class Notebook:
    """A notebook that is open in a browser."""

    page: Any
    theme: str
    name: str

    def run(self, number: int) -> None:
        """Run the cell with this number."""
        cell = self.page.locator(".jp-CodeCell").nth(number)
        cell.locator(".cm-content").click()
        self.page.keyboard.press("Shift+Enter")

    def output(self, number: int) -> Any:
        return self.page.locator(".jp-CodeCell").nth(number).locator(".jp-Cell-outputArea")

    def plot(self, number: int) -> Any:
        """The chart that plotly draws of an output. Its extension shows the picture until the pointer is there."""
        output = self.output(number)
        output.scroll_into_view_if_needed()
        picture, plot = output.locator("img.plot-img"), output.locator(".js-plotly-plot .main-svg").first
        picture.or_(plot).first.wait_for(state="attached")
        if not plot.count():
            box = picture.bounding_box()
            self.page.mouse.move(box["x"] + 20, box["y"] + 20)
        plot.wait_for()
        return plot

    def save(self, lab: Lab) -> Path:
        """Save the notebook; gives the file."""
        self.page.keyboard.press("Control+s")
        self.page.locator(".jp-mod-dirty").first.wait_for(state="detached")
        return next(lab.folder.glob(f"{self.name}.ipynb"))

    def shot(self, name: str) -> Path:
        """A picture of what is seen, kept for whoever runs the suite to look at."""
        SHOTS.mkdir(exist_ok=True)
        path = SHOTS / f"{name}-{self.theme}.png"
        self.page.screenshot(path=path)
        return path

    def contrast(self, locator: Any) -> float:
        """The ratio of the luminances of a text and of what is behind it (WCAG 2): 4.5 can be read."""
        # A line that is renewed may be taken off the page meanwhile: it has no colours then.
        text, behind = next(filter(None, (locator.evaluate(_COLOURS) for _ in range(20))))
        bright, dark = sorted((_luminance(text), _luminance(behind)), reverse=True)
        return (bright + 0.05) / (dark + 0.05)


_COLOURS = """element => {
    if (!element.isConnected) return null;
    const parts = colour => colour.match(/[\\d.]+/g).map(Number);
    let owner = element;
    while (owner && (parts(getComputedStyle(owner).backgroundColor)[3] ?? 1) === 0) owner = owner.parentElement;
    return [parts(getComputedStyle(element).color), parts(getComputedStyle(owner).backgroundColor)];
}"""


def _luminance(colour: list[float]) -> float:
    linear = [value / 255 / 12.92 if value <= 10 else ((value / 255 + 0.055) / 1.055) ** 2.4 for value in colour[:3]]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


# Of one module: playwright keeps an event loop running in this thread for as long as it is there.
@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed, and scripts/test could not install it (Debian's package chromium)")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=_QUIET)
        yield browser
        browser.close()


@pytest.fixture(scope="module", params=["light", "dark"])
def lab(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    made = Lab(tmp_path_factory.mktemp("lab"), request.param)
    yield made
    made.close()


@pytest.fixture
def open_notebook(chromium: Any, lab: Lab, request: pytest.FixtureRequest) -> Iterator[Any]:
    """Opens a notebook of these cells; `outputs` are saved with it, as those of somebody else: it is not trusted."""
    contexts = []

    def opened(*sources: str, outputs: dict[int, list[Any]] | None = None) -> Notebook:
        cells = [nbformat.v4.new_code_cell(source) for source in sources]
        for number, saved in (outputs or {}).items():
            cells[number]["outputs"] = saved
        kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
        name = f"{request.node.originalname}.ipynb"
        nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=kernel), lab.folder / name)
        context = chromium.new_context(viewport={"width": 1200, "height": 900})
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(120_000)
        page.goto(lab.url(name))
        page.locator(".jp-CodeCell").first.wait_for()
        page.get_by_text("| Idle").wait_for()  # of the kernel, in the status bar
        return Notebook(page, lab.theme, Path(name).stem)

    yield opened
    for context in contexts:
        context.close()
