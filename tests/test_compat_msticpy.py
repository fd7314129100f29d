"""The driver for msticpy. msticpy is 120 packages large, and no part of the suite's environment."""

from __future__ import annotations

import datetime as dt
import re
import subprocess
import sys
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest
from conftest import ROOT

from kqlext.compat.msticpy_arguments import check_names, length, stamp, ticks, timespan
from kqlext.errors import KqlCellError
from kqlext.time_range import iso

SOURCE = SimpleNamespace(
    name="list_alerts",
    params={"host_name": {"type": "str", "aliases": ["hostname"]}, "table": {"type": "str", "aliases": "tab"}},
)
"""What a query's definition has of which arguments are read."""


@pytest.mark.parametrize(
    ("name", "value", "read"),
    [
        ("start", "2024-03-11", "2024-03-11T00:00:00Z"),
        ("start", dt.datetime(2024, 3, 11, 8, 30, 0, 1), "2024-03-11T08:30:00.0000010Z"),
        ("start", dt.date(2024, 3, 11), "2024-03-11T00:00:00Z"),
        ("end", "2024-03-11T08:30:00+02:00", "2024-03-11T06:30:00Z"),
        ("end", pd.Timestamp("2024-03-11T23:59:59.999999999"), "2024-03-11T23:59:59.9999999Z"),
        ("start", pd.Timestamp("2024-03-11T23:59:59.999999999"), "2024-03-12T00:00:00Z"),
    ],
)
def test_times(name: str, value: object, read: str) -> None:
    assert iso(ticks(name, value)) == read


def test_days_from_now() -> None:
    assert ticks("end", -2.5) - ticks("start", -3) == pytest.approx(12 * 3600 * 10**7, abs=10**8)


@pytest.mark.parametrize("value", ["soon", "", None, True, pd.NaT, [1], 10**12, float("nan"), "2024-13-01"])
def test_what_is_no_time(value: object) -> None:
    with pytest.raises(KqlCellError, match="start is no time"):
        ticks("start", value)


def test_a_stamp_is_the_tick() -> None:
    assert ticks("end", stamp(17_101_152_000_000_001)) == 17_101_152_000_000_001


@pytest.mark.parametrize(
    ("written", "hours"),
    [("1D", 24), ("1d", 24), ("6H", 6), ("30min", 0.5), ("30m", 0.5), ("2 days", 48), (dt.timedelta(hours=2), 2)],
)
def test_lengths(written: object, hours: float) -> None:
    assert length(written) == hours * 3600 * 10**7


@pytest.mark.parametrize("written", ["often", "", "-1D", "0h", None, dt.timedelta(0), "1ns"])
def test_what_is_no_length(written: object) -> None:
    with pytest.raises(KqlCellError, match="no length of time"):
        length(written)


@pytest.mark.parametrize(
    ("given", "source", "span"),
    [
        ({}, None, None),
        ({"time_span": None}, None, None),
        ({"time_span": {"start": "2024-03-11", "end": None}}, None, None),
        (
            {"time_span": {"start": "2024-03-11", "end": "2024-03-12"}},
            None,
            "2024-03-11T00:00:00Z/2024-03-12T00:00:00Z",
        ),
        ({"time_span": {"start": "-3d@d", "end": "2024-03-12"}}, SOURCE, None),
    ],
)
def test_time_ranges(given: dict[str, Any], source: object, span: str | None) -> None:
    assert timespan(given, source) == span


def test_a_time_range_that_no_text_has_is_an_error() -> None:
    with pytest.raises(KqlCellError, match="start is no time"):
        timespan({"time_span": {"start": "-3d@d", "end": "2024-03-12"}}, None)


def test_names() -> None:
    check_names({"timeout": 5, "time_span": {}, "start": 1, "hostname": "x", "tab": "T", "progress": True}, SOURCE)
    with pytest.raises(KqlCellError, match=r"list_alerts takes no hostnam\.\n.*did you mean 'hostname'"):
        check_names({"hostnam": "x"}, SOURCE)
    with pytest.raises(KqlCellError, match=r"The query takes no timeot\.\n.*did you mean 'timeout'"):
        check_names({"timeot": 5}, None)


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
