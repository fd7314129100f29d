"""The pages of the documentation and the code blocks in them, and how a page is run: top to bottom, in one session.

Languages are ``python`` (a cell), ``text`` (the error that the cell before it ends with) and ``sh`` (commands). A block
that is not run has the reason above it, in a comment that readers do not see:

    <!-- not run: needs msticpy, which scripts/msticpy installs -->
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest
from conftest import ROOT, Shell

PAGES = ("README.md", "CONTRIBUTING.md", *sorted(f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md")))

ENDPOINT = "http://127.0.0.1:31415"
"""The service on this machine that the pages speak of."""

_BLOCK = re.compile(
    r"^(?:<!-- not run: (?P<reason>[^\n]+) -->\n+)?^```(?P<language>\S*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL
)


@dataclass(frozen=True)
class Block:
    """One code block; ``reason`` is why it is not run, nothing where it is."""

    language: str
    text: str
    reason: str = ""


def text_of(page: str) -> str:
    return (ROOT / page).read_text(encoding="utf-8")


def blocks_of(page: str) -> list[Block]:
    return [Block(m["language"], m["text"], m["reason"] or "") for m in _BLOCK.finditer(text_of(page))]


def fill(folder: Path) -> None:
    """The files that the pages speak of."""
    (folder / "logs").mkdir()
    (folder / "logs" / "requests.csv").write_text("status,path\n200,/a\n200,/b\n500,/c\n")
    for name in ("events", "archive"):
        with duckdb.connect(str(folder / f"{name}.duckdb")) as connection:
            connection.execute("CREATE TABLE Events AS SELECT 'Error' AS level, 'disk full' AS message")


def run(page: str, shell: Shell, capsys: pytest.CaptureFixture[str], endpoint: str = "") -> None:
    """Run the cells of a page in one session, which loads kqlext itself where it needs it.

    Args:
        endpoint: the address that ``ENDPOINT`` stands for.
    """
    shell.ip.run_cell("%unload_ext kqlext")
    blocks = [block for block in blocks_of(page) if block.language in ("python", "text") and not block.reason]
    printed = ""
    for position, block in enumerate(blocks):
        if block.language == "text":
            assert printed == block.text.strip()
            continue
        fails = position + 1 < len(blocks) and blocks[position + 1].language == "text"
        capsys.readouterr()
        result = shell.ip.run_cell(block.text.replace(ENDPOINT, endpoint or ENDPOINT), store_history=True)
        printed = "".join(capsys.readouterr()).strip()
        assert result.success is not fails, f"{page}: {block.text}\n{printed}"


def build(folder: Path) -> None:
    """Build the site into a folder, as `scripts/test` does: a link or anchor that leads nowhere fails."""
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(folder)]
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    made = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert made.returncode == 0, made.stdout + made.stderr
