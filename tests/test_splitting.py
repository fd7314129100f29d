"""``-split``: no row twice, none lost, whatever the server does to single answers."""

from __future__ import annotations

import datetime as dt
import random
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from conftest import Shell
from hypothesis import given, settings
from hypothesis import strategies as st
from servers import kusto as kusto_server
from servers import monitor
from servers.kusto import QUERY, Answer, KustoServer, Request
from servers.kusto_frames import TableSpec, one_api_error, v2
from servers.monitor import MonitorServer

from kqlext import errors
from kqlext.connections.registry import Connection
from kqlext.connections.strings import ConnectionSpec
from kqlext.decode import DataSet
from kqlext.services import make_opener
from kqlext.services.base import Query
from kqlext.splitting import run_split
from kqlext.time_range import TICKS_PER_SECOND, TimeRange, iso, parse_range, ticks_of

TEXT = "Events | where Timestamp >= _startTime and Timestamp < _endTime"
_ENDS = re.compile(r"_startTime = datetime\((.*?)\); let _endTime = datetime\((.*?)\);")
START = 1_700_000_000 * TICKS_PER_SECOND
SECOND = TICKS_PER_SECOND


FAULTS = [
    kusto_server.throttled(3600),
    kusto_server.internal_error(),
    kusto_server.gateway_timeout(),
    kusto_server.cut_body(),
]


class EventServer(KustoServer):
    """Events at given ticks. It truncates, and the first time that it is asked for a range it may fail."""

    def __init__(self, moments: list[int], limit: int, faults: random.Random, share: float) -> None:
        self.moments, self.limit, self.faults, self.share = sorted(moments), limit, faults, share
        self.asked: list[TimeRange] = []
        super().__init__()

    def reply(self, request: Request) -> Answer:
        match = _ENDS.search(request.csl)
        if request.endpoint != QUERY or match is None:
            return super().reply(request)
        asked = TimeRange(*(_ticks(text) for text in match.groups()))
        first = asked not in self.asked
        self.asked.append(asked)
        if first and self.faults.random() < self.share:
            return self.faults.choice(FAULTS)
        found = [moment for moment in self.moments if asked.start <= moment < asked.end]
        table = TableSpec("PrimaryResult", (("t", "long"),), tuple((moment,) for moment in found[: self.limit]))
        cut = [one_api_error("E_QUERY_RESULT_SET_TOO_LARGE", "the result is too large")]
        return Answer(v2(table, errors=cut if len(found) > self.limit else ()))


def _ticks(text: str) -> int:
    whole, _, fraction = text.rstrip("Z").partition(".")
    return ticks_of(dt.datetime.fromisoformat(f"{whole}+00:00")) + int(fraction.ljust(7, "0") or 0)


@contextmanager
def connected(server: KustoServer) -> Iterator[Connection]:
    spec = ConnectionSpec("azuredataexplorer", (("cluster", server.url), ("database", "db")))
    service = make_opener()(spec)
    yield Connection("db", "here", spec, service)
    service.close()


def moments_of(data_set: DataSet) -> list[Any]:
    return data_set.tables[0].columns[0].values(0, data_set.tables[0].num_rows)


def answer_of(connection: Connection, whole: TimeRange, length: int, may_fail: bool) -> DataSet | None:
    """The answer; None where not one piece was answered at first, which is an error and no answer."""
    try:
        return run_split(connection, Query(TEXT), whole, length)
    except (errors.KqlNetworkError, errors.KqlServiceError, errors.KqlThrottledError):
        if not may_fail:
            raise
        return None


@settings(max_examples=30)
@given(
    moments=st.lists(st.integers(0, 100 * SECOND), max_size=60),
    limit=st.integers(1, 20),
    length=st.integers(3 * SECOND, 120 * SECOND),
    seed=st.integers(0, 2**20),
    share=st.sampled_from([0.0, 0.3, 0.9]),
)
def test_no_row_twice_and_none_lost(moments: list[int], limit: int, length: int, seed: int, share: float) -> None:
    """A server that drops connections, throttles, fails and truncates: the rows are those of the whole range."""
    moments = [START + moment for moment in moments]
    whole = TimeRange(START, START + 90 * SECOND)
    expected = sorted(moment for moment in moments if moment < whole.end)
    with EventServer(moments, limit, random.Random(seed), share) as server, connected(server) as connection:
        data_set = answer_of(connection, whole, length, may_fail=share > 0)
        if data_set is None:
            return
        found = moments_of(data_set)
        if not data_set.partial:
            assert found == expected
            return
        # Only a piece that cannot be halved any more may lack rows, and it is said.
        assert data_set.warnings
        assert found == sorted(found)
        assert all(found.count(moment) <= expected.count(moment) for moment in found)
        crowded = [piece for piece in server.asked if piece.end - piece.start <= SECOND]
        missing = set(expected) - set(found)
        assert all(any(piece.start <= moment < piece.end for piece in crowded) for moment in missing)


def test_pieces_tile_and_are_asked_once_where_all_is_well() -> None:
    moments = [START + number * SECOND for number in range(90)]
    whole = TimeRange(START, START + 90 * SECOND)
    with EventServer(moments, 1000, random.Random(0), 0) as server, connected(server) as connection:
        data_set = run_split(connection, Query(TEXT), whole, 25 * SECOND)
        assert moments_of(data_set) == moments
        assert sorted(server.asked) == whole.cut(25 * SECOND)
        assert data_set.warnings == ()


def test_a_piece_that_does_not_fit_is_halved() -> None:
    moments = [START + number * SECOND for number in range(64)]
    whole = TimeRange(START, START + 64 * SECOND)
    with EventServer(moments, 10, random.Random(0), 0) as server, connected(server) as connection:
        data_set = run_split(connection, Query(TEXT), whole, 64 * SECOND)
        assert moments_of(data_set) == moments
        assert not data_set.partial
        assert len(server.asked) == 1 + 2 + 4 + 8


class PartialServer(EventServer):
    """Says of every answer that rows are missing, for a reason that has nothing to do with their number."""

    def reply(self, request: Request) -> Answer:
        answer = super().reply(request)
        match = _ENDS.search(request.csl)
        if match is None:
            return answer
        start, end = (_ticks(text) for text in match.groups())
        found = [moment for moment in self.moments if start <= moment < end]
        table = TableSpec("PrimaryResult", (("t", "long"),), tuple((moment,) for moment in found))
        return Answer(v2(table, errors=[one_api_error("Forbidden", "one of the clusters cannot be read")]))


def test_what_is_missing_for_another_reason_is_not_asked_for_again_and_again() -> None:
    """Halving does not bring it: 2 × 4,096 seconds would be as many queries."""
    moments = [START + number * SECOND for number in range(0, 8192, 16)]
    whole = TimeRange(START, START + 8192 * SECOND)
    with PartialServer(moments, 10, random.Random(0), 0) as server, connected(server) as connection:
        data_set = run_split(connection, Query(TEXT), whole, 4096 * SECOND)
        assert moments_of(data_set) == moments
        assert data_set.partial
        assert "one of the clusters cannot be read" in data_set.warnings[0]
        assert len(server.asked) == 2 + 4


def test_what_is_too_much_even_for_a_second_is_a_warning() -> None:
    moments = [START + number * SECOND for number in range(4)]
    with EventServer(moments, 10, random.Random(0), 0) as server, connected(server) as connection:
        lost = f"datetime({iso(START + 2 * SECOND)}); let"
        refused = kusto_server.semantic_error("E_RUNAWAY_QUERY", "E_RUNAWAY_QUERY: it takes too much memory")
        server.on(lambda request: lost in request.csl.split("_endTime")[0] + "; let", refused)
        data_set = run_split(connection, Query(TEXT), TimeRange(START, START + 4 * SECOND), 2 * SECOND)
        assert moments_of(data_set) == [moments[0], moments[1], moments[3]]
        assert data_set.partial
        assert "until 2023-11-14T22:13:23Z are missing: " in data_set.warnings[0]


def test_a_piece_that_keeps_failing_is_a_warning_with_its_range() -> None:
    moments = [START + number * SECOND for number in range(4)]
    whole = TimeRange(START, START + 4 * SECOND)
    with EventServer(moments, 10, random.Random(0), 0) as server, connected(server) as connection:
        lost = f"datetime({iso(START + 2 * SECOND)}); let"
        server.on(lambda request: lost in request.csl.split("_endTime")[0] + "; let", kusto_server.internal_error())
        data_set = run_split(connection, Query(TEXT), whole, SECOND)
        assert moments_of(data_set) == [moments[0], moments[1], moments[3]]
        assert data_set.partial
        (warning,) = data_set.warnings
        assert warning.startswith("The rows from 2023-11-14T22:13:22Z until 2023-11-14T22:13:23Z are missing: ")
        failing = [request for request in server.requests if lost in request.csl.split("_endTime")[0] + "; let"]
        assert len(failing) == 3


def test_a_wrong_query_is_one_error_with_its_place(shell: Shell, kusto: KustoServer) -> None:
    kusto.on(
        lambda request: "Nope" in request.csl,
        kusto_server.semantic_error("SEM0100", "Failed to resolve column named 'Nope'"),
    )
    shell.run(f"%kql {kusto.url}/db")
    with pytest.raises(errors.KqlQueryError) as caught:
        shell.run("%%kql -timespan 2024-01-01/2024-01-03 -split 1d\nT | where Nope >= _startTime and t < _endTime")
    assert "line 2: T | where Nope >= _startTime and t < _endTime\n                    ^^^^" in str(caught.value)


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        ("%kql -split 1h T", "-split needs -timespan"),
        ("%kql -split 1h -timespan P1D T", "takes no time range beside the query"),
        ("%kql -split 1s -timespan P1D T | where t > _startTime", "would make 86,400 queries"),
        ("%kql -split 1h -timespan P1D T | where t > _startTime", "takes no time range beside the query"),
        (
            "%kql -split 1h -timespan P1D let _endTime = now(); T | where t between (_startTime .. _endTime)",
            "both ends",
        ),
        ("%kql -split never -timespan P1D T", "There is no variable never"),
        ("%kql -split 0h -timespan P1D T", "is no length of time"),
        ("%kql -split 1h -timespan P1M T", "no fixed length"),
        ("%kql -split 1h -timespan P1D .show tables", "has no time range to split"),
        ("%kql -split 1h -timespan 2024-01-01/2024-01-01 T", "The time range is empty"),
        ("%kql -split 1h -timespan P1D -over db T", "do not go together"),
    ],
)
def test_refused_before_anything_is_sent(shell: Shell, kusto: KustoServer, cell: str, message: str) -> None:
    shell.run(f"%kql {kusto.url}/db")
    before = len(kusto.requests)
    with pytest.raises(errors.KqlCellError, match=message):
        shell.run(cell)
    assert len(kusto.requests) == before


@pytest.fixture
def workspace(shell: Shell) -> Iterator[tuple[Shell, MonitorServer]]:
    with MonitorServer() as server:
        shell.run(f"%kql -!vc loganalytics://workspace='{monitor.WORKSPACE}';datasourceurl='{server.url}'")
        yield shell, server


def test_log_analytics_is_split_by_its_timespan(workspace: tuple[Shell, MonitorServer]) -> None:
    """The query names no range: the service is told each, and the rows are those of the whole."""
    shell, server = workspace
    bounds = shell.run("%kql SigninLogs | summarize a = min(TimeGenerated), b = max(TimeGenerated)")[0]
    shell.variables["span"] = (bounds["a"], bounds["b"])
    columns = "SigninLogs | project TimeGenerated, UserPrincipalName, IPAddress"
    whole = shell.run(f"%kql -timespan span {columns}")
    before = len(server.requests)
    pieces = shell.run(f"%kql -timespan span -split 1d {columns}")
    assert len(server.requests) - before > 5
    assert sorted(map(tuple, pieces)) == sorted(map(tuple, whole))
    assert pieces.columns == whole.columns
    assert pieces.warnings == ()


def test_rows_at_the_very_ends_stand_once(workspace: tuple[Shell, MonitorServer]) -> None:
    """A service that counts the end of a timespan in, asked for pieces that begin where rows stand."""
    shell, _ = workspace
    rows = shell.run("%kql SigninLogs | top 2 by TimeGenerated asc | project TimeGenerated")
    first, second = (row["TimeGenerated"] for row in rows)
    shell.variables["span"], shell.variables["length"] = (first, first + 3 * (second - first)), second - first
    query = "SigninLogs | project TimeGenerated"
    assert len(shell.run(f"%kql -timespan span -split length {query}")) == len(
        shell.run(f"%kql -timespan span {query}")
    )


def test_operators_that_look_at_all_rows_are_said(workspace: tuple[Shell, MonitorServer]) -> None:
    shell, _ = workspace
    result = shell.run(
        "%kql -timespan 2024-01-01/2024-01-03 -split 1d SigninLogs | summarize n = count() | where n >= 0"
    )
    assert len(result) == 2
    assert result.warnings == (
        "-split: `summarize` worked on each piece of the time range by itself, not on the whole.",
    )
    assert not result.partial


def test_the_range_of_a_query_on_the_embedded_engine(shell: Shell) -> None:
    """-timespan holds where the query names it, also for services that take none."""
    shell.run("%kql samples")
    text = "StormEvents | where StartTime >= _startTime and StartTime < _endTime | project StartTime"
    result = shell.run(f"%kql -timespan 2007-03-01/2007-04-01 {text}")
    assert len(result) > 10
    assert result.warnings == ()
    assert result.query == text
    assert {row[0].month for row in result} == {3}
    assert list(
        map(tuple, shell.run(f"%kql -timespan 2007-03-01/2007-04-01 -split 7d {text} | order by StartTime asc"))
    ) == sorted(map(tuple, result))


def test_pieces_on_the_embedded_engine_do_not_wait_for_each_other_on_their_own_time(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It runs one query at a time: each piece has all of its -timeout."""
    shell.run("%kql samples")
    service = shell.ip.magics_manager.registry["KqlMagics"]._pipeline.session.registry.current.service
    running: list[str] = []
    most: list[int] = []
    execute = service.execute

    def counted(query: Query) -> Any:
        running.append(query.text)
        most.append(len(running))
        try:
            return execute(query)
        finally:
            running.remove(query.text)

    monkeypatch.setattr(service, "execute", counted)
    text = "StormEvents | where StartTime >= _startTime and StartTime < _endTime | project StartTime"
    shell.run(f"%kql -timespan 2007-03-01/2007-04-01 -split 1d {text}")
    assert set(most) == {1}


def test_now_is_one_moment_for_all_pieces() -> None:
    now = dt.datetime(2024, 1, 2, tzinfo=dt.UTC)
    assert [str(piece) for piece in parse_range("P1D", now).cut(12 * 3600 * SECOND)] == [
        "2024-01-01T00:00:00Z/2024-01-01T12:00:00Z",
        "2024-01-01T12:00:00Z/2024-01-02T00:00:00Z",
    ]
