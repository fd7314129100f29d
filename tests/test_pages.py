"""Every code block of the README, CONTRIBUTING and docs/ runs, or stands in a table here with its reason."""

from __future__ import annotations

import ast
import os
import re
import shlex
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import ROOT, Shell
from IPython.core.inputtransformer2 import TransformerManager
from pages import ENDPOINT, PAGES, Block, blocks_of, fill, run, text_of

from kqlext.compat import kqlmagic

NOT_RUN = {
    ("docs/msticpy.md", "needs msticpy: scripts/msticpy runs it"): 2,
}
"""(page, reason) -> how many of its blocks are not run for it."""

RUN_ELSEWHERE = {
    "docs/migration.md": "tests/test_migration.py",
}
"""Pages whose run is looked at more closely in a test of their own."""

_CELLS = [page for page in PAGES if any(block.language == "python" for block in blocks_of(page))]


@pytest.mark.parametrize("page", PAGES)
def test_every_kind_of_block_is_known(page: str) -> None:
    assert {block.language for block in blocks_of(page)} <= {"python", "text", "sh"}
    text = text_of(page)
    assert len(re.findall(r"^\s*(?:```|~~~)", text, re.MULTILINE)) == 2 * len(blocks_of(page))
    for block in blocks_of(page):
        text = text.replace(f"```{block.language}\n{block.text}```", "")
    assert re.findall(r"\n\n(?: {4}|\t).*", text) == []  # indented code, which nobody would run


def test_what_is_not_run_has_its_reason() -> None:
    found: dict[tuple[str, str], int] = {}
    for page in PAGES:
        for block in blocks_of(page):
            if block.reason:
                found[page, block.reason] = found.get((page, block.reason), 0) + 1
    assert found == NOT_RUN
    for test in RUN_ELSEWHERE.values():
        assert "pages.run(" in (ROOT / test).read_text(encoding="utf-8")


@pytest.fixture
def _no_stand_in() -> Iterator[None]:
    """What the pages install is gone afterwards."""
    yield
    kqlmagic.uninstall()


@pytest.mark.usefixtures("_no_stand_in")
@pytest.mark.parametrize("page", [page for page in _CELLS if page not in RUN_ELSEWHERE])
def test_the_cells_run(
    page: str, shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
    request: pytest.FixtureRequest,
) -> None:  # fmt: skip
    fill(tmp_path)
    monkeypatch.chdir(tmp_path)
    endpoint = request.getfixturevalue("duckdb_kql_url") if ENDPOINT in text_of(page) else ""
    run(page, shell, capsys, endpoint)


@pytest.mark.parametrize(
    "block", [block for page in PAGES for block in blocks_of(page) if block.reason and block.language == "python"]
)
def test_what_is_not_run_is_python(block: Block) -> None:
    ast.parse(TransformerManager().transform_cell(block.text))


# --- commands of a shell ---------------------------------------------------------------------------------------

COMMANDS = {
    "README.md": "tests/test_readme.py runs them",
    "CONTRIBUTING.md": "they run this suite, or what it checks by itself",
}
"""Pages with commands, and why they are only looked at here."""

_LINES = {
    page: [line for block in blocks_of(page) if block.language == "sh" for line in block.text.splitlines()]
    for page in PAGES
}


def test_pages_with_commands_are_known() -> None:
    assert {page for page, lines in _LINES.items() if lines} == set(COMMANDS)


@pytest.mark.parametrize("line", [line for lines in _LINES.values() for line in lines])
def test_commands_name_what_there_is(line: str) -> None:
    program, *words = shlex.split(line)
    if program.startswith(".venv/bin/"):
        extras = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"]
        needs = {re.split(r"\W", need)[0] for extra in ("demo", "docs", "test") for need in extras[extra]}
        assert Path(program).name in {"python", *needs}
    else:
        assert os.access(ROOT / program, os.X_OK)
        text = (ROOT / program).read_text("utf-8")
        assert [word for word in words if word.startswith("--") and word not in text] == []
    paths = [word for word in words if "/" in word or word in ("kqlext", "tests", "scripts", "benchmarks")]
    assert [path for path in paths if not (ROOT / path).exists()] == []
