"""The commands of the README do what it says; its cells run in test_pages.py."""

from __future__ import annotations

import subprocess

from conftest import ROOT
from pages import blocks_of


def test_the_commands_run() -> None:
    """`scripts/test` is given a part to run, since all of it would run this test again."""
    commands = [line for block in blocks_of("README.md") if block.language == "sh" for line in block.text.splitlines()]
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
