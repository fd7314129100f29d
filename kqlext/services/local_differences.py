"""What the embedded engine may answer otherwise than Kusto, seen in the text of a query. Pure.

Source: the pages of these functions in the Kusto Query Language reference, which say less than one needs to compute
what Kusto computes; ``local_functions.decomposition`` says what is computed here.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence

from kqlext import syntax

_PERIOD = "how it finds the period of a series"
_SCORES = "how it scales the scores of its default test"
_UNSAID: dict[str, tuple[str, ...]] = {
    "series_decompose": (_PERIOD,),
    "series_decompose_forecast": (_PERIOD,),
    "series_seasonal": (_PERIOD,),
    "series_decompose_anomalies": (_PERIOD, _SCORES),
    "series_outliers": (_SCORES,),
}


def differences(text: str) -> list[str]:
    """A sentence for each function in a query whose answer may be another than Kusto's."""
    code = [token for token in syntax.tokens(text) if token.kind != "comment"]
    called = [token.text for token, after in itertools.pairwise(code) if token.text in _UNSAID and after.text == "("]
    return [
        f"`{name}(…)`: Kusto does not say {' nor '.join(_UNSAID[name])}; the embedded engine may answer otherwise."
        for name in dict.fromkeys(called)
    ]


_WORDS = (
    syntax.OPERATORS
    | syntax.JOINING
    | syntax.BEGINNING
    | syntax.PREPARES
    | frozenset("bool date datetime decimal dynamic guid int long real string time timespan true false null".split())
    | frozenset("asc desc count kind inner outer typeof".split())
)
_INSIDE = (".", "$")


def read_otherwise(text: str, tables: Mapping[str, Sequence[str]]) -> list[str]:
    """A sentence for each name in a query that is read as another one, which differs in case: Kusto refuses it.

    Only what is surely a name is looked at: no function, no property of a dynamic value, no word of KQL's own.

    Args:
        tables: the names of the columns by table.
    """
    code = [token for token in syntax.tokens(text) if token.kind != "comment"]
    if any(token.text == "evaluate" for token in code):  # a plugin gives columns that no text names
        return []
    named = {token.text.lower() for token in code if token.kind == "name"}
    known = {name for table in tables if table.lower() in named for name in (table, *tables[table])}
    candidates = []
    for before, token, after in zip([None, *code], code, [*code[1:], None], strict=False):
        if token.kind != "name":
            continue
        previous, following = before.text if before else "", after.text if after else ""
        defined = (
            previous == "let" or following in ("=", ":") or previous == "with" or (before and before.kind == "string")
        )
        if defined:
            known.add(token.text)
        elif following != "(" and previous not in _INSIDE and token.text not in _WORDS:
            candidates.append(token.text)
    meant = {name.lower(): name for name in sorted(known)}
    return [
        f"`{name}` is read as {meant[name.lower()]}: the embedded engine does not tell names apart that differ only in "
        f"case; Kusto does, and refuses the query. The value of a variable comes in by -params {name}."
        for name in dict.fromkeys(candidates)
        if name not in known and name.lower() in meant
    ]
