"""Every code block of the README is executed, in order, in one shell, in a folder that holds what they speak of."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from conftest import ROOT, Shell

from kqlext.compat import kqlmagic


def blocks_of(path: Path) -> list[tuple[str, str]]:
    """The code blocks of a page: the language of each, and its text."""
    return re.findall(r"^```(\w+)\n(.*?)^```$", path.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


BLOCKS = blocks_of(ROOT / "README.md")


def fill(folder: Path) -> None:
    """The files that the README's connections name."""
    (folder / "logs").mkdir()
    (folder / "logs" / "requests.csv").write_text("status,path\n200,/a\n200,/b\n500,/c\n")
    for name in ("events", "archive"):
        with duckdb.connect(str(folder / f"{name}.duckdb")) as connection:
            connection.execute("CREATE TABLE Events AS SELECT 'Error' AS level, 'disk full' AS message")


def run_blocks(blocks: list[tuple[str, str]], shell: Shell, capsys: pytest.CaptureFixture[str]) -> None:
    """Run the Python of a page in one session; a text behind it is the error that it ends with."""
    shell.ip.run_cell("%unload_ext kqlext")
    printed = ""
    for position, (kind, block) in enumerate(blocks):
        if kind == "python":
            capsys.readouterr()
            result = shell.ip.run_cell(block, store_history=True)
            printed = "".join(capsys.readouterr()).strip()
            fails = position + 1 < len(blocks) and blocks[position + 1][0] == "text"
            assert result.success is not fails, f"{block}\n{printed}"
        elif kind == "text":
            assert printed == block.strip()


def test_every_kind_of_block_is_known() -> None:
    assert {kind for kind, _ in BLOCKS} == {"sh", "python", "text"}


@pytest.fixture
def _no_stand_in() -> Iterator[None]:
    """What the README installs is gone afterwards."""
    yield
    kqlmagic.uninstall()


@pytest.mark.usefixtures("_no_stand_in")
def test_the_cells_run(
    shell: Shell, duckdb_kql_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    fill(tmp_path)
    monkeypatch.chdir(tmp_path)
    # The README's endpoint is the one that the fixture started.
    blocks = [(kind, block.replace("http://127.0.0.1:31415", duckdb_kql_url)) for kind, block in BLOCKS]
    run_blocks(blocks, shell, capsys)
    assert shell.variables["top"][0]["State"] == "TEXAS"


def test_the_commands_run() -> None:
    """`scripts/test` is given a part to run, since all of it would run this test again."""
    commands = [line for kind, block in BLOCKS if kind == "sh" for line in block.splitlines()]
    assert commands == ["scripts/demo", "scripts/test"]
    demo = subprocess.run(["scripts/demo"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert demo.returncode == 0, demo.stderr
    assert "| IPAddress " in demo.stdout
    written = ROOT / demo.stdout.strip().rpartition(" ")[2]
    assert "203.0.113.57" in written.read_text(encoding="utf-8")
    part = subprocess.run(
        ["scripts/test", "tests/test_exports.py", "-q"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert part.returncode == 0, part.stdout
    assert " passed" in part.stdout
