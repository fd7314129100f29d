"""`kql()` and `connect()` in Python, without IPython."""

from __future__ import annotations

import asyncio
import datetime as dt
import subprocess
import sys
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from servers.kusto import ONE_ROW, Answer, KustoServer
from servers.kusto_frames import v2
from test_import_hygiene import modules_after

import kqlext
from kqlext import connect, errors, kql


def test_a_query_of_one_call() -> None:
    result = kql("StormEvents | where State == s | count", params={"s": "TEXAS"}, connection="samples")
    assert result[0][0] > 0
    assert result.query == "StormEvents | where State == s | count"


def test_a_connection() -> None:
    with connect("samples") as samples:
        frame = pd.DataFrame({"State": ["TEXAS"]})
        result = samples.query("StormEvents | join kind=inner (t) on State | distinct State", params={"t": frame})
        assert [row["State"] for row in result] == ["TEXAS"]
        assert kql("print x = n", {"n": 5}, connection=samples)[0][0] == 5
        assert samples.schema()["StormEvents"]["State"] == "string"
        week = (dt.datetime(2007, 3, 1), dt.datetime(2007, 4, 1))
        march = samples.query("StormEvents | where StartTime between (_startTime .. _endTime)", timespan=week)
        assert {row["StartTime"].month for row in march} == {3}
        assert repr(samples) == "<kqlext connection samples@local>"
    assert repr(samples) == "<kqlext connection samples@local, closed>"
    with pytest.raises(errors.KqlConnectionError, match="is closed"):
        samples.query("print 1")
    samples.close()


def test_parameters_on_kusto(kusto: KustoServer) -> None:
    with connect(f"{kusto.url}/db") as client:
        client.query("T | take n", {"n": 5, "s": "x"}, timeout=7, properties={"notruncation": True})
    sent = kusto.requests[-1]
    assert sent.csl == "declare query_parameters(n:long, s:string); T | take n"
    assert sent.parameters == {"n": 5, "s": "x"}
    assert sent.options["notruncation"] is True
    assert sent.options["servertimeout"] == "00:00:07"


def test_names_in_a_connection_are_given(kusto: KustoServer) -> None:
    text = f"kusto://anonymous;cluster='{kusto.url}';database=name"
    with connect(text, name="mine") as client:
        client.query("T")
    assert kusto.requests[-1].database == "mine"
    with pytest.raises(errors.KqlError, match="no variable name"):
        connect(text)


@pytest.mark.parametrize(
    ("text", "params", "message"),
    [
        ("print x", {"x": b"a"}, "The parameter x: Bytes have no literal"),
        ("print x", {"a b": 1}, "no name for a parameter"),
        ("", None, "no query"),
        ("// nothing", None, "no query"),
        (5, None, "A query is text, not a int"),
        ("let y = x; print y", None, "no column 'y'"),
    ],
)
def test_what_cannot_be_asked(text: str, params: dict[str, object] | None, message: str) -> None:
    with connect("samples") as samples:
        with pytest.raises(errors.KqlError, match=message):
            samples.query(text, params)
        assert samples.query("print 1")[0][0] == 1


def test_an_error_has_its_place() -> None:
    with pytest.raises(errors.KqlQueryError) as caught:
        kql("StormEvents\n| where Sttae == s", {"s": 1}, connection="samples")
    assert "  line 2: | where Sttae == s\n                  ^^^^^" in str(caught.value)


def test_no_connection(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(errors.KqlConnectionError, match="Nothing is connected"):
        kql("print 1")
    monkeypatch.setenv("KQLEXT_CONNECTION", "samples")
    assert kql("print 1")[0][0] == 1


# --- async -----------------------------------------------------------------------------------------------


def awaited(question: Coroutine[Any, Any, Any]) -> Any:
    """What a coroutine gives; in a thread, since the browser of other tests keeps a loop running in this one."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, question).result()


def test_queries_side_by_side() -> None:
    async def ask() -> list[int]:
        with connect("samples") as samples:
            results = await asyncio.gather(*(samples.query_async("print x = n", {"n": n}) for n in range(4)))
            return [result[0][0] for result in results]

    assert awaited(ask()) == [0, 1, 2, 3]


def test_an_error_of_an_awaited_query() -> None:
    async def ask() -> None:
        with connect("samples") as samples:
            with pytest.raises(errors.KqlQueryError):
                await samples.query_async("Nope")
            with pytest.raises(TypeError):
                await samples.query_async("print 1", nope=5)
            assert (await samples.query_async("print 1", strict=True))[0][0] == 1

    awaited(ask())


def test_a_cancelled_query_is_cancelled_at_the_service(kusto: KustoServer) -> None:
    kusto.on("slow", Answer(v2(ONE_ROW), delay=60))

    async def ask() -> None:
        with connect(f"{kusto.url}/db") as client:
            running = asyncio.create_task(client.query_async("slow"))
            while not any(request.csl == "slow" for request in kusto.requests):
                await asyncio.sleep(0.02)
            running.cancel()
            with pytest.raises(asyncio.CancelledError):
                await running
            assert (await client.query_async("T"))[0][0] == 42
            while not kusto.cancelled:
                await asyncio.sleep(0.02)

    awaited(ask())
    asked = next(request for request in kusto.requests if request.csl == "slow")
    assert kusto.cancelled == [asked.headers["x-ms-client-request-id"]]


# --- without IPython -------------------------------------------------------------------------------------


def test_ipython_is_not_imported() -> None:
    code = "import kqlext; assert kqlext.kql('print 1', connection='samples')[0][0] == 1"
    assert not modules_after(code) & {"IPython", "ipykernel", "traitlets", "plotly", "azure.identity"}


def test_importing_the_names_is_light() -> None:
    added = modules_after("from kqlext import kql, connect")
    assert not added & {"pandas", "numpy", "pyarrow", "duckdb", "azure.core", "azure.identity", "IPython"}


def test_a_script_prints_nothing_of_its_own() -> None:
    code = "from kqlext import connect\nwith connect('samples') as c: print(len(c.query('print x = n', {'n': 1})))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert (run.stdout.strip(), run.stderr) == ("1", "")


def test_the_names_are_public() -> None:
    assert {"kql", "connect"} <= set(kqlext.__all__)
