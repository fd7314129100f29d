"""Workers read while the main thread waits; an interrupt goes on to the services."""

from __future__ import annotations

import _thread
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from conftest import Shell
from servers import kusto as kusto_server
from servers import monitor
from servers.kusto import ONE_ROW, Answer, KustoServer
from servers.kusto_frames import v2

from kqlext.errors import KqlInterrupt, KqlServiceError
from kqlext.execution import Job, run_all
from kqlext.services.base import Query


@contextmanager
def interrupted(after: float = 0.5) -> Iterator[None]:
    """A Ctrl-C while the block runs."""
    timer = threading.Timer(after, _thread.interrupt_main)
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def wait_for(condition: object) -> None:
    for _ in range(1500):
        if condition():  # type: ignore[operator]
            return
        time.sleep(0.02)
    raise AssertionError("it did not happen within 30 s")


def test_an_interrupt_cancels_the_query_at_the_service(shell: Shell, kusto: KustoServer) -> None:
    kusto.on("slow", Answer(v2(ONE_ROW), delay=60))
    shell.run(f"%kql {kusto.url}/db")
    with interrupted():
        result = shell.ip.run_cell("%kql slow")
    assert isinstance(result.error_in_exec, KqlInterrupt)
    assert "was told to stop it" in str(result.error_in_exec)
    slow = next(request for request in kusto.requests if request.csl == "slow")
    wait_for(lambda: kusto.cancelled == [slow.client_request_id])
    assert shell.run("%kql T")[0][0] == 42


def test_an_interrupt_is_shown_without_a_traceback(
    shell: Shell, kusto: KustoServer, capsys: pytest.CaptureFixture[str]
) -> None:
    kusto.on("slow", Answer(v2(ONE_ROW), delay=60))
    shell.run(f"%kql {kusto.url}/db")
    capsys.readouterr()
    with interrupted():
        shell.ip.run_cell("%kql slow")
    shown = capsys.readouterr().out
    assert shown.strip().startswith("KeyboardInterrupt: the query was given up; db@")
    assert len(shown.strip().splitlines()) == 1


def test_every_query_of_a_fan_out_is_cancelled(shell: Shell, kusto: KustoServer) -> None:
    kusto.on("slow", Answer(v2(ONE_ROW), delay=60))
    shell.run(f"%kql {kusto.url}/one")
    shell.run(f"%kql {kusto.url}/two")
    with interrupted():
        result = shell.ip.run_cell("%kql -over one,two slow")
    assert isinstance(result.error_in_exec, KqlInterrupt)
    sent = {request.client_request_id for request in kusto.requests if request.csl == "slow"}
    wait_for(lambda: set(kusto.cancelled) == sent)
    assert len(sent) == 2


def test_a_service_that_cannot_cancel_is_left(shell: Shell) -> None:
    with monitor.MonitorServer() as server:
        server.on(lambda request: request.query == "slow", Answer(b"{}", delay=60))
        shell.run(f"%kql -!vc loganalytics://workspace='{monitor.WORKSPACE}';datasourceurl='{server.url}'")
        with interrupted():
            result = shell.ip.run_cell("%kql slow")
        assert str(result.error_in_exec) == "the query was given up."
        assert len(shell.run("%kql print 1")) == 1


def test_an_error_of_our_own_is_raised_where_it_can_be_seen(shell: Shell, kusto: KustoServer) -> None:
    """What no KqlError is comes from the worker into the cell."""
    shell.run(f"%kql {kusto.url}/db")
    service = shell.ip.magics_manager.registry["KqlMagics"]._pipeline.session.registry.current.service
    service.execute = None
    with pytest.raises(TypeError):
        shell.run("%kql T")


def test_a_service_that_does_not_keep_the_limit_is_given_up(shell: Shell, kusto: KustoServer) -> None:
    """Bytes come all the time, so that no read times out; the limit is of the whole query, and it says who ended it."""
    kusto.on("slow", Answer(v2(ONE_ROW), drip=(1, 0.05), gzip=False))
    shell.run(f"%kql {kusto.url}/db")
    with pytest.raises(KqlServiceError, match="kqlext gave the query up: db@") as caught:
        shell.run("%kql -timeout 1 slow")
    assert caught.value.message.endswith("did not end it within its 1 s.")
    slow = next(request for request in kusto.requests if request.csl == "slow")
    assert caught.value.request_id == slow.client_request_id
    assert slow.options["servertimeout"] == "00:00:01"
    wait_for(lambda: kusto.cancelled == [slow.client_request_id])
    wait_for(lambda: "kqlext query" not in [thread.name for thread in threading.enumerate()])
    assert shell.run("%kql T")[0][0] == 42


def test_what_waits_behind_queries_that_never_end_is_run(shell: Shell) -> None:
    """A service that cannot cancel holds its worker: the query that waited for it gets another one."""
    with monitor.MonitorServer() as server:
        shell.run(f"%kql -!vc loganalytics://workspace='{monitor.WORKSPACE}';datasourceurl='{server.url}'")
        connection = shell.ip.magics_manager.registry["KqlMagics"]._pipeline.session.registry.current
        server.on(lambda request: request.query == "slow", Answer(b"{}", delay=60))
        jobs = [Job(connection, Query(text, timeout=1)) for text in ("slow", "slow", "print 1", "print 2")]
        outcomes = run_all(jobs, at_once=2)
        assert [type(outcome).__name__ for outcome in outcomes] == [*["KqlServiceError"] * 2, *["DataSet"] * 2]


def test_a_service_that_gives_up_says_so(shell: Shell, kusto: KustoServer) -> None:
    kusto.on("slow", kusto_server.gateway_timeout())
    shell.run(f"%kql {kusto.url}/db")
    with pytest.raises(KqlServiceError, match="The service gave the query up"):
        shell.run("%kql -timeout 1 slow")
