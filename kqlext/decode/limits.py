"""How services say that a limit cut an answer short -> what to do about it. Pure.

Source: "Query limits" of Kusto, "Azure Monitor service limits", and shared/reference/azure-services.md 1.3, 2.4 and 4.
"""

from __future__ import annotations

import re

_PIECES = "-split 1h with -timespan asks in pieces"
_KUSTO = (
    (
        re.compile(r"RESULT_SET_TOO_LARGE|80DA0003|records?\b.*\blimit|500,?000 records|64 ?MB", re.IGNORECASE),
        f"Kusto gives 500,000 rows or 64 MB at most: +notruncation=true lifts that, {_PIECES}, or summarize.",
    ),
    (
        re.compile(r"RUNAWAY|LOW_MEMORY|80DA0001|80DA0007|memory", re.IGNORECASE),
        f"The query needs too much memory: filter earlier, {_PIECES}, or raise +maxmemoryconsumptionperiterator.",
    ),
    (
        re.compile(r"timeout|timed out|80DA0002", re.IGNORECASE),
        f"Raise -timeout (seconds), ask for less, or {_PIECES}.",
    ),
)
_MONITOR = (
    (re.compile(r"64,?000,?000 bytes|bytes"), f"64 MB is the most: ask for fewer columns (project), or {_PIECES}."),
    (re.compile(r"500,?000"), f"500,000 rows is the most: aggregate (summarize), or {_PIECES}."),
)
_OTHER_KUSTO, _OTHER_MONITOR = "", f"Ask for less, or {_PIECES}."


def kusto_advice(message: str) -> str:
    """What to do about what Kusto says of an answer that is not complete; nothing, where that is not known."""
    return next((advice for limit, advice in _KUSTO if limit.search(message)), _OTHER_KUSTO)


def monitor_advice(message: str) -> str:
    """What to do about what Azure Monitor says of an answer that is not complete."""
    return next((advice for limit, advice in _MONITOR if limit.search(message)), _OTHER_MONITOR)
