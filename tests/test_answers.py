"""Where a query runs: ``-on`` a table of the notebook, the embedded engine, or another connection than the current."""

from __future__ import annotations

import pandas as pd
import pytest
from conftest import Shell
from servers.kusto import KustoServer

from kqlext import errors


@pytest.fixture
def both(shell: Shell, kusto: KustoServer) -> Shell:
    """A shell with a service as the current connection, and results of it."""
    shell.run("%kql samples")
    shell.run("%kql storms << StormEvents | project State, EventType, StartTime")
    shell.run(f"%kql {kusto.url}/db")
    shell.variables["frame"] = pd.DataFrame({"State": ["TEXAS", "KANSAS"], "n": [1, 2]})
    return shell


def test_a_result_is_drilled_into_without_asking_the_service(both: Shell, kusto: KustoServer) -> None:
    before = len(kusto.requests)
    result = both.run("%kql -on storms | summarize n = count() by State | top 1 by n")
    assert result[0]["State"] == "TEXAS"
    assert result.query == "| summarize n = count() by State | top 1 by n"
    assert both.run("%kql -on _kql | project n").columns == {"n": "long"}
    assert both.run("%kql -on frame | where n == 2")[0]["State"] == "KANSAS"
    assert len(kusto.requests) == before
    assert both.run("%kql T")[0][0] == 42


def test_the_engine_joins_what_the_notebook_has(both: Shell) -> None:
    result = both.run("%%kql -on local\nstorms\n| join kind=inner (frame) on State\n| summarize count() by State, n")
    assert sorted(row["State"] for row in result) == ["KANSAS", "TEXAS"]


def test_another_connection_once(both: Shell) -> None:
    assert both.run("%kql -on samples@local StormEvents | count")[0][0] > 1000
    assert both.run("%kql T")[0][0] == 42


def test_a_place_in_a_query_that_begins_with_a_pipe(both: Shell) -> None:
    with pytest.raises(errors.KqlQueryError) as caught:
        both.run("%%kql -on storms\n| where State == 'TEXAS'\n| project Nope")
    assert "line 3: | project Nope\n                    ^^^^" in str(caught.value)


def test_a_time_range_of_a_query_that_begins_with_a_pipe(both: Shell) -> None:
    cell = "%kql -on storms -timespan 2007-03-01/2007-04-01 | where StartTime >= _startTime and StartTime < _endTime"
    result = both.run(cell)
    assert {row["StartTime"].month for row in result} == {3}
    assert result.query.startswith("| where")


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        ("%kql -on nothing print 1", "nothing is no open connection"),
        ("%kql -on storms -over db print 1", "has -on and -over"),
        ("%kql -on local | count", "extraneous input"),
        ("%kql -on local T | count", "There is no table 'T'"),
    ],
)
def test_wrong_places(both: Shell, cell: str, message: str) -> None:
    with pytest.raises(errors.KqlError, match=message):
        both.run(cell)
    assert both.run("%kql T")[0][0] == 42
