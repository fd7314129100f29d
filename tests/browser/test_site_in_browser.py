"""The documentation in Chromium, light, dark and narrow: no other host is asked, nothing runs over the edge."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pages
import pytest
from servers.browser import SHOTS

WINDOWS = {"light": (1280, 900), "dark": (1280, 900), "narrow": (390, 800)}
SHOWN = ("index", "connecting", "hunting", "magic", "api", "architecture", "permissions")


class _Handler(SimpleHTTPRequestHandler):
    """Serves files, and writes no log."""

    def log_message(self, format: str, *arguments: Any) -> None:
        return


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where the site is served."""
    folder = tmp_path_factory.mktemp("site")
    pages.build(folder)
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, directory=str(folder))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture(params=list(WINDOWS))
def window(request: pytest.FixtureRequest, chromium: Any) -> Iterator[Any]:
    """A window of the browser, its name, and what went wrong in it."""
    width, height = WINDOWS[request.param]
    scheme = "dark" if request.param == "dark" else "light"
    context = chromium.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)
    page = context.new_page()
    yield page, request.param
    context.close()


def test_pages_fetch_nothing_from_elsewhere(window: tuple[Any, str], address: str) -> None:
    page, name = window
    asked: list[str] = []
    errors: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: errors.append(str(error)))
    wide = []
    SHOTS.mkdir(exist_ok=True)
    for path in [Path(page).stem for page in pages.PAGES if page.startswith("docs/")] if name == "narrow" else SHOWN:
        page.goto(f"{address}/{path}.html")
        if page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
            wide.append(path)
        if path in SHOWN:
            page.screenshot(path=SHOTS / f"site-{path}-{name}.png")
    assert [url for url in asked if not url.startswith((address, "data:"))] == []
    assert errors == []
    assert wide == []


@pytest.mark.parametrize("window", ["light"], indirect=True)
def test_the_search_finds_a_page(window: tuple[Any, str], address: str) -> None:
    page, _ = window
    # What is typed before the page has its index is not searched for.
    page.goto(f"{address}/index.html", wait_until="networkidle")
    page.locator("input.md-search__input").press_sequentially("allow_unencrypted_token_cache")
    page.locator(".md-search-result__item a").first.wait_for(timeout=120_000)
    found = page.locator(".md-search-result__item").all_inner_texts()
    assert any("Sign-in" in text or "The magic" in text for text in found)
