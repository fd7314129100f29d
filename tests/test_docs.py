"""Pages that are made from the code are what the code makes."""

from __future__ import annotations

import importlib.util
from types import ModuleType

import pytest
from conftest import ROOT

from kqlext.connections.schemes import SCHEMES
from kqlext.connections.sign_in import METHODS


def generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("docs_generator", ROOT / "scripts" / "docs.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", ["connections.md", "kqlmagic.md", "render.md", "upstream.md"])
def test_pages_are_fresh(name: str) -> None:
    made = generator().PAGES[name]()
    assert (ROOT / "docs" / name).read_text(encoding="utf-8") == made, "run scripts/docs.py"


def test_the_page_of_connections_has_all_of_them() -> None:
    page = (ROOT / "docs" / "connections.md").read_text(encoding="utf-8")
    for scheme in SCHEMES:
        assert f"| `{scheme.name}://` |" in page
    for method in METHODS:
        assert f"| {method.name} |" in page
