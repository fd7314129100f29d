"""Where the embedded engine may answer otherwise than Kusto, the result says so."""

from __future__ import annotations

import pytest
from conftest import Shell

from kqlext.services.local_differences import differences


@pytest.mark.parametrize(
    ("query", "functions"),
    [
        ("print series_decompose_anomalies(dynamic([1]))", ["series_decompose_anomalies"]),
        ("print series_outliers (y), series_outliers(z)", ["series_outliers"]),
        ("print series_seasonal(y) | extend series_decompose(y)", ["series_seasonal", "series_decompose"]),
        ("print 'series_outliers(y)' // series_outliers(y)", []),
        ("T | where series_outliers > 1", []),
        ("T | summarize make_list(x, 2), make_set(x, 3) by bin(t, 7d)", []),
    ],
)
def test_the_functions_that_kusto_does_not_explain(query: str, functions: list[str]) -> None:
    assert [note.partition("(")[0].strip("`") for note in differences(query)] == functions


def test_a_result_says_it(shell: Shell) -> None:
    shell.run("%kql duckdb://")
    result = shell.run("%kql print y = dynamic([1,2,3]) | extend s = series_outliers(y)")
    assert result.warnings == (
        "`series_outliers(…)`: Kusto does not say how it scales the scores of its default test; "
        "the embedded engine may answer otherwise.",
    )
    assert shell.run("%kql print s = series_sum(dynamic([1,2,3]))").warnings == ()
