"""kqlext in a real terminal `ipython`: typed through a pseudo-terminal, read off its screen."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pexpect
import pytest

ANSI = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[=>]|\r")


class Terminal:
    def __init__(self, folder: Path) -> None:
        environment = {**os.environ, "IPYTHONDIR": str(folder), "TERM": "dumb", "COLUMNS": "100"}
        self.process = pexpect.spawn(
            sys.executable,
            ["-m", "IPython", "--simple-prompt", "--no-banner", "--colors=NoColor", "--no-confirm-exit"],
            env=environment, encoding="utf-8", timeout=60, dimensions=(40, 100), echo=False,
        )  # fmt: skip
        self.process.expect(r"In \[1\]: ")

    def type(self, *lines: str) -> str:
        """Type lines, and the blank ones that end a cell of several; gives what comes before the next prompt."""
        for line in lines:
            self.process.sendline(line)
            if line is not lines[-1]:
                self.process.expect(r"   \.\.\.: ")
        for _ in range(2 if len(lines) > 1 else 0):
            self.process.expect(r"   \.\.\.: ")
            self.process.sendline("")
        self.process.expect(r"In \[\d+\]: ")
        return ANSI.sub("", self.process.before or "").strip()


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    opened = Terminal(tmp_path)
    yield opened
    opened.process.sendline("exit")
    opened.process.expect(pexpect.EOF)
    # The terminal ends before the process does, which close() would not wait for.
    assert opened.process.wait() == 0
    opened.process.close()


def test_the_samples_in_a_terminal(terminal: Terminal) -> None:
    assert terminal.type("%load_ext kqlext") == ""
    assert terminal.type("%kql samples").endswith("Connected to samples@local (the embedded sample database)")
    shown = terminal.type("%%kql top <<", "StormEvents", "| summarize Events = count() by State", "| top 2 by Events")
    assert "top: Result of 2 rows × 2 columns" in shown
    shown = terminal.type("top")
    assert "| TEXAS  |" in shown
    assert re.search(r"2 rows · \d+\.\d\d s · samples@local", shown)
    assert "of 22 columns fit here" in terminal.type("%kql StormEvents | take 1")
    assert terminal.type("top.to_dataframe().shape").endswith("(2, 2)")
    assert terminal.type("%kql print 1;") == ""


def test_duckdb_kql_serve_in_a_terminal(terminal: Terminal, duckdb_kql_url: str) -> None:
    terminal.type("%load_ext kqlext")
    terminal.type(f"%kql kusto://anonymous;cluster='{duckdb_kql_url}';database='memory'")
    assert "|   1 |" in terminal.type("%kql print one = 1")
    error = terminal.type("%kql print 1 | project nope")
    assert error.splitlines()[0].startswith("KqlQueryError: General_BadRequest: ")
    assert error.splitlines()[2].strip() == "^^^^"
    assert "Traceback" not in error


def test_steps_fit_a_terminal(terminal: Terminal) -> None:
    terminal.type("%load_ext kqlext")
    terminal.type("%kql samples")
    shown = terminal.type("%kql -steps StormEvents | where State == 'Texas' | summarize Storms = count() by EventType")
    lines = shown.splitlines()
    assert max(map(len, lines)) <= 100
    assert [line for line in lines if "<-- all rows are lost here" in line and "| where" in line]
