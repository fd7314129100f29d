"""docs/ as a site: built strictly, and its pages fetch nothing from another host."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pages
import pytest
from conftest import ROOT
from mkdocs_pages import PAGES

_FETCHES = {"script": "src", "img": "src", "link": "href", "iframe": "src", "source": "src", "object": "data"}
_CSS = re.compile(r"""url\(\s*["']?([^"')]+)|@import\s+["']([^"']+)""")


class _Fetched(HTMLParser):
    """The addresses that a page fetches when it is opened: scripts, styles, pictures, frames."""

    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag in _FETCHES and values.get(_FETCHES[tag]) and values.get("rel") not in ("next", "prev", "canonical"):
            self.addresses.append(values[_FETCHES[tag]] or "")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built as `scripts/test` builds it."""
    folder = tmp_path_factory.mktemp("site")
    pages.build(folder)
    return folder


def fetched(site: Path) -> Iterator[tuple[Path, str]]:
    """File, address: what the files of the site fetch."""
    for path in site.rglob("*.html"):
        page = _Fetched()
        page.feed(path.read_text(encoding="utf-8"))
        yield from ((path, address) for address in page.addresses)
    for path in site.rglob("*.css"):
        yield from ((path, first or second) for first, second in _CSS.findall(path.read_text(encoding="utf-8")))


def test_every_page_is_there(site: Path) -> None:
    names = [path.name for path in (ROOT / "docs").glob("*.md")] + list(PAGES.values())
    assert [name for name in names if not (site / name.replace(".md", ".html")).exists()] == []


def test_no_page_fetches_from_another_host(site: Path) -> None:
    addresses = [address for _, address in fetched(site)]
    assert any(address.endswith(".css") for address in addresses)
    assert any(address.endswith(".js") for address in addresses)
    assert [address for address in addresses if re.match(r"(\w+:)?//", address)] == []


def test_what_a_page_fetches_is_there(site: Path) -> None:
    missing = [
        (path.name, address)
        for path, address in fetched(site)
        if not address.startswith("data:") and not (path.parent / address.partition("?")[0].partition("#")[0]).exists()
    ]
    assert [name for name in missing if name[0] != "404.html"] == []
