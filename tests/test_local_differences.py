"""Where the embedded engine may answer otherwise than Kusto, the result says so."""

from __future__ import annotations

import pytest
from conftest import Shell

from kqlext.services.local_differences import differences, read_otherwise


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


TABLES = {"StormEvents": ["State", "StartTime", "Count", "User"], "Regions": ["Region", "state_code"]}


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("StormEvents | where State == state", ["state"]),
        ("stormevents | where state == 'TEXAS' or state == 'OHIO'", ["stormevents", "state"]),
        ("StormEvents | where State == 'state' // state", []),
        ("let state = 'TEXAS'; StormEvents | where State == state", []),
        ("let Bad = 1; StormEvents | where StartTime in (bad)", ["bad"]),
        ("StormEvents | extend state = 1 | where state > 0 | project starttime = StartTime, starttime", []),
        ("StormEvents | extend Total = 1 | where total > 0", ["total"]),
        ("StormEvents | summarize count() by State | count", []),
        ("StormEvents | evaluate bag_unpack(d) | where state == 1", []),
        ("StormEvents | where d.state == 1 and $left.state == 1", []),
        ("StormEvents | parse State with * 'x' user 'y'", []),
        ("StormEvents | where State_Code == 1", []),  # a column of a table that the query does not name
        ("let f = (state: string) { state }; StormEvents | where State == f('a')", []),
    ],
)
def test_names_that_differ_only_in_case(query: str, names: list[str]) -> None:
    assert [note.split("`")[1] for note in read_otherwise(query, TABLES)] == names


def test_a_variable_is_not_silently_a_column(shell: Shell) -> None:
    """`State == state` compares a column with itself: all rows, where the writer meant those of the variable."""
    shell.run("%kql samples")
    shell.run("state = 'TEXAS'")
    result = shell.run("%kql StormEvents | where State == state | count")
    assert result[0][0] == 59066
    assert result.warnings[0].startswith("`state` is read as State: ")
    assert "-params state" in result.warnings[0]
    told = shell.run("%kql -params state StormEvents | where State == state | count")
    assert (told[0][0], told.warnings) == (4657, ())
