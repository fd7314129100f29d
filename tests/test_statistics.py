"""The line that says what a service did for a query."""

from __future__ import annotations

from typing import Any

import pytest
from conftest import Shell
from servers.kusto import KustoServer
from servers.kusto_frames import STATISTICS as KUSTO
from servers.monitor_tables import STATISTICS as MONITOR

from kqlext.statistics import statistics_line

CASES: list[tuple[Any, str]] = [
    (
        KUSTO,
        "server 0.63 s · CPU 0.03 s · peak memory 52.1 MB · 1,024 of 59,066 rows scanned · 2 of 3 extents scanned",
    ),
    (
        MONITOR,
        "server 0.02 s · CPU 0.02 s · peak memory 2.1 MB · 1,024 of 59,066 rows scanned · 2 of 3 extents scanned"
        " · cache hits 100 %",
    ),
    (None, ""),
    ({}, ""),
    ({"ExecutionTime": "soon", "resource_usage": [], "input_dataset_statistics": {"rows": {"total": None}}}, ""),
    ({"resource_usage": {"cpu": {"total cpu": "1.02:00:00"}}}, "CPU 93600.00 s"),
    ({"resource_usage": {"memory": {"peak_per_node": 999}}}, "peak memory 999 B"),
    ({"resource_usage": {"memory": {"peak_per_node": 4.5e9}}}, "peak memory 4.5 GB"),
    ({"a@help": KUSTO, "b@help": KUSTO}, "2 queries: see .statistics"),
]


@pytest.mark.parametrize(("statistics", "line"), CASES)
def test_the_line(statistics: Any, line: str) -> None:
    assert statistics_line(statistics) == line


def test_it_is_shown_where_it_is_asked_for(shell: Shell, kusto: KustoServer) -> None:
    shell.run(f"%kql {kusto.url}/db")
    assert "rows scanned" not in shell.text("%kql T")
    assert "1,024 of 59,066 rows scanned" in shell.text("%kql -stats T")
    shell.run("%kql samples")
    assert "scanned" not in shell.text("%kql -stats print 1")
