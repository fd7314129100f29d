"""What is said of the limits of services names a way out."""

from __future__ import annotations

import pytest

from kqlext.decode.limits import kusto_advice, monitor_advice

KUSTO = [
    (
        "LimitsExceeded Query result set has exceeded the internal record count limit 500000 "
        "(E_QUERY_RESULT_SET_TOO_LARGE; 80DA0003)",
        "+notruncation=true",
    ),
    ("LimitsExceeded Query result set has exceeded the internal data size limit 67108864 (80DA0003)", "-split"),
    ("E_RUNAWAY_QUERY the hash table is too large (80DA0001)", "+maxmemoryconsumptionperiterator"),
    ("E_LOW_MEMORY_CONDITION bad allocation (80DA0007)", "filter earlier"),
    ("Query timed out (80DA0002)", "-timeout"),
]
MONITOR = [
    ("The results of this query exceed the set limit of 64000000 bytes, so not all records were returned.", "project"),
    ("The results of this query exceed the set limit of 500000 records, so not all were returned.", "summarize"),
    ("Something else", "-split"),
]


@pytest.mark.parametrize(("message", "advice"), KUSTO)
def test_kusto(message: str, advice: str) -> None:
    assert advice in kusto_advice(message)


def test_what_is_not_known_gets_no_advice() -> None:
    assert kusto_advice("General_InternalServerError something") == ""


@pytest.mark.parametrize(("message", "advice"), MONITOR)
def test_azure_monitor(message: str, advice: str) -> None:
    assert advice in monitor_advice(message)
