"""What the embedded engine may answer otherwise than Kusto, seen in the text of a query. Pure.

Source: the pages of these functions in the Kusto Query Language reference, which say less than one needs to compute
what Kusto computes; ``local_functions.decomposition`` says what is computed here.
"""

from __future__ import annotations

import itertools

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
