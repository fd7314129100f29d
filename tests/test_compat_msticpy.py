"""The driver for msticpy. msticpy is 120 packages large, and no part of the suite's environment."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest
from conftest import ROOT


def test_only_the_driver_imports_msticpy() -> None:
    modules = list((ROOT / "kqlext").rglob("*.py"))
    imports = re.compile(r"^\s*(?:import|from) msticpy\b", re.MULTILINE)
    importing = [path for path in modules if imports.search(path.read_text(encoding="utf-8"))]
    assert {path.relative_to(ROOT).as_posix() for path in importing} == {"kqlext/compat/msticpy.py"}


def test_the_scenario(clean_environment: dict[str, str]) -> None:
    pytest.importorskip("msticpy", "3", reason="msticpy is not installed: scripts/msticpy runs the scenario")
    command = [sys.executable, ROOT / "tests" / "scenarios" / "query_provider.py"]
    run = subprocess.run(command, env=clean_environment, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
