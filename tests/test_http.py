"""The transport: a proxy on the way. All else that it does is seen in test_kusto.py."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from servers.kusto_frames import TableSpec, v2

from kqlext.decode import decode
from kqlext.errors import KqlCellError
from kqlext.services.base import Query
from kqlext.services.http import json_body
from kqlext.services.kusto import KustoService

ANSWER = v2(TableSpec("PrimaryResult", (("n", "long"),), ((1,),)))


class Proxy(BaseHTTPRequestHandler):
    """Answers for every host that it is asked for, and remembers the addresses."""

    asked: list[str]

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.asked.append(self.path)
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(ANSWER)))
        self.end_headers()
        self.wfile.write(ANSWER)

    def log_message(self, *_: object) -> None:
        """Nothing: the tests look at ``asked``."""


@pytest.fixture
def proxy() -> Iterator[tuple[str, list[str]]]:
    handler = type("Recording", (Proxy,), {"asked": []})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", handler.asked  # type: ignore[attr-defined]
        server.shutdown()


def test_a_proxy_of_the_environment_is_used(proxy: tuple[str, list[str]], monkeypatch: pytest.MonkeyPatch) -> None:
    address, asked = proxy
    monkeypatch.setenv("HTTP_PROXY", address)
    monkeypatch.setenv("http_proxy", address)
    response = KustoService("http://cluster.example", "Samples").execute(Query("print 1"))
    assert decode(response).tables[0].num_rows == 1
    assert asked == ["http://cluster.example/v2/rest/query"]


@pytest.mark.parametrize("value", ["\ud800", {"limit": 2**70}, {"x": {1, 2}}])
def test_what_json_cannot_hold_is_said(value: object) -> None:
    with pytest.raises(KqlCellError, match="cannot be written as JSON"):
        json_body({"value": value})


def test_no_proxy_is_honoured(
    proxy: tuple[str, list[str]], monkeypatch: pytest.MonkeyPatch, duckdb_kql_url: str
) -> None:
    address, asked = proxy
    monkeypatch.setenv("HTTP_PROXY", address)
    monkeypatch.setenv("http_proxy", address)
    KustoService(duckdb_kql_url, "memory").execute(Query("print 1"))
    assert asked == []
