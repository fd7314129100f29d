"""Operators that the embedded engine lacks, in cells: charts, steps, tables of the notebook, commands, files."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pandas as pd
import pytest
from conftest import Shell

from kqlext import connect
from kqlext.errors import KqlError, KqlQueryError


@pytest.fixture
def samples(shell: Shell) -> Shell:
    shell.run("%kql samples")
    return shell


def test_a_series_is_drawn(samples: Shell) -> None:
    result = samples.run(
        "%%kql\nStormEvents\n| where State in ('TEXAS', 'KANSAS')\n"
        "| make-series Events = count() on StartTime from datetime(2007-01-01) to datetime(2008-01-01) step 7d\n"
        "  by State\n"
        "| render timechart"
    )
    figure = result.to_plotly()
    assert sorted(trace.name for trace in figure.data) == ["KANSAS", "TEXAS"]
    assert {len(trace.x) for trace in figure.data} == {53}


def test_steps_show_operators_of_ours(samples: Shell) -> None:
    shown = samples.text(
        "%%kql -steps\nlet busy = () { StormEvents | summarize n = count() by State };\n"
        "busy()\n| as Busy\n| top-nested 2 of State by max(n)\n| project-reorder aggregated_State"
    )
    assert "aggregated_State" in shown
    assert "top-nested 2 of State by max(n)" in shown


def test_tables_of_the_notebook(samples: Shell) -> None:
    samples.variables["hosts"] = pd.DataFrame({"name": ["a", "b"], "tags": [{"os": "w"}, {"os": "l", "n": 2}]})
    result = samples.run("%%kql\nhosts | evaluate bag_unpack(tags) | project-reorder os")
    assert result.to_pandas().astype(object).where(lambda frame: frame.notna(), None).values.tolist() == [
        ["w", "a", None],
        ["l", "b", 2],
    ]
    assert len(samples.run("%%kql\nsearch in (hosts, StormEvents) 'b' | where $table == 'hosts'")) == 1


def test_nothing_is_left_behind_and_the_schema_shows_nothing_of_it(samples: Shell) -> None:
    samples.run("%%kql\nStormEvents | take 3 | as Few | join kind=inner Few on EventId | project-reorder State")
    with pytest.raises(KqlError):
        samples.run("%%kql\nStormEvents | serialize | where nope == 1 | project-reorder State")
    assert len(samples.run("%kql .show tables | where TableName startswith '__' or TableName == 'Few'")) == 0
    with pytest.raises(KqlError, match="no table 'Few'"):
        samples.run("%kql Few")


def test_a_command_reads_a_table_before_it_empties_it() -> None:
    client = connect("duckdb://")
    client.query(".set W <| datatable(a:long, b:string)[1, 'x', 2, 'y'] | project-reorder b")
    client.query(".set-or-replace W <| W | where a > 1")
    assert [tuple(row) for row in client.query("W")] == [("y", 2)]
    with pytest.raises(KqlQueryError, match="no column 'nope'") as caught:
        client.query(".set-or-replace W <| W | where nope > 1")
    assert caught.value.span is not None
    assert caught.value.span.of(caught.value.text or "") == "nope"
    assert len(client.query("W")) == 1


def test_a_database_that_is_only_read(tmp_path: Path) -> None:
    with duckdb.connect(str(tmp_path / "a.duckdb")) as connection:
        connection.execute("CREATE TABLE T AS SELECT 1::BIGINT AS a, [1, 2] AS l, DATE '2024-01-01' AS d")
    client = connect(f"duckdb:///{tmp_path}/a.duckdb")
    answer = client.query("T | mv-apply l to typeof(long) on (where l > 1) | make-series n = count() on d step 1d")
    assert answer[0]["n"] == [1]
    assert [tuple(row) for row in client.query("union * | project a")] == [(1,)]


def test_an_operator_is_given_up_in_time() -> None:
    client = connect("samples")
    endless = "range x from 1 to 1000000 step 1 | extend k = 1 | as X | join kind=inner X on k | summarize max(x1 + x)"
    with pytest.raises(KqlError, match="given up after 1 s"):
        client.query(endless, timeout=1)
    with pytest.raises(KqlError, match="no table 'X'"):
        client.query("X")
    assert len(client.query("StormEvents | take 1 | project-reorder State")) == 1
