"""A loopback service of canned answers, in a process of its own: Kusto (v2, also in frames) and Log Analytics.

    python benchmarks/canned.py PORT ROWS     says "ready" once its answers are made

The query is the name of an answer: events, spans, tenth, ten (Kusto), logs and flat (Log Analytics). What it does not
know it answers with one row. The database `plain` ignores what a client asks of the frames, as proxies do.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import orjson

FRAGMENT_ROWS = 5_000
EVENTS = ("datetime", "string", "long", "real", "bool")
SPANS = ("datetime", "string", "long", "timespan", "dynamic")
LOGS = ("datetime", "string", "int", "real", "dynamic")
_STATES = ("TEXAS", "KANSAS", "OHIO", "NEW YORK", "CALIFORNIA")


def _time(number: int) -> str:
    moment = datetime(2024, 1, 1) + timedelta(microseconds=number * 1_234_567)
    return f"{moment.isoformat(timespec='microseconds')}{number % 10}Z"


def _span(draw: random.Random) -> str:
    days, seconds = divmod(draw.randrange(400_000), 86_400)
    clock = f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}.{draw.randrange(10**7):07}"
    return f"{days}.{clock}" if days else clock


def _document(number: int, draw: random.Random) -> dict[str, Any]:
    return {"id": number, "name": f"user{number % 1000}", "tags": ["a", "b"], "score": round(draw.random(), 3)}


def rows(kind: str, count: int) -> Iterator[list[Any]]:
    """Rows as they go over the wire, the same in every run."""
    draw = random.Random(1)
    for number in range(count):
        begin = [_time(number), f"{_STATES[number % 5]}-{number:07}"]
        if kind == "events":
            yield [*begin, draw.getrandbits(44), draw.random() * 1e4, number % 3 == 0]
        elif kind == "spans":
            yield [*begin, draw.getrandbits(44), _span(draw), _document(number, draw)]
        else:
            yield [*begin, number % 5000, draw.random() * 1e4, orjson.dumps(_document(number, draw)).decode()]


def kusto(types: tuple[str, ...], data: list[list[Any]]) -> dict[bool, bytes]:
    """The answer in fragments (True) and whole (False)."""
    columns = [{"ColumnName": f"c{number}", "ColumnType": kind} for number, kind in enumerate(types)]
    table = {"TableId": 1, "TableKind": "PrimaryResult", "TableName": "PrimaryResult", "Columns": columns}
    header = {"FrameType": "DataSetHeader", "IsProgressive": False, "Version": "v2.0"}
    last = {"FrameType": "DataSetCompletion", "HasErrors": False, "Cancelled": False}
    fragments = [
        {
            "FrameType": "TableFragment",
            "TableFragmentType": "DataAppend",
            "TableId": 1,
            "Rows": data[start : start + FRAGMENT_ROWS],
        }
        for start in range(0, len(data), FRAGMENT_ROWS)
    ]
    completion = {"FrameType": "TableCompletion", "TableId": 1, "RowCount": len(data)}
    frames = [{**header, "IsFragmented": True}, {"FrameType": "TableHeader", **table}, *fragments, completion, last]
    return {
        True: b"[" + b"\n,".join(map(orjson.dumps, frames)) + b"\n]",
        False: orjson.dumps([header, {"FrameType": "DataTable", **table, "Rows": data}, last]),
    }


def logs(types: tuple[str, ...], data: list[list[Any]]) -> bytes:
    """The answer of Log Analytics, which has dynamic values as JSON in strings."""
    columns = [{"name": f"c{number}", "type": kind} for number, kind in enumerate(types)]
    return orjson.dumps({"tables": [{"name": "PrimaryResult", "columns": columns, "rows": data}]})


def answers(count: int) -> Callable[[str, dict[str, Any]], bytes]:
    """What to answer to a path and a request."""
    canned = {
        "events": kusto(EVENTS, list(rows("events", count))),
        "spans": kusto(SPANS, list(rows("spans", count))),
        "tenth": kusto(EVENTS, list(rows("events", count // 10))),
        "ten": kusto(EVENTS, list(rows("events", 10))),
        "one": kusto(("long",), [[10]]),  # what Kqlmagic expects of its test query
    }
    tables = {
        "logs": logs(LOGS, list(rows("logs", count // 2))),
        "flat": logs(EVENTS, list(rows("events", count // 2))),
        "one": logs(LOGS, list(rows("logs", 1))),
    }
    # To every command: the databases, for which Kqlmagic looks.
    columns = [{"ColumnName": name, "DataType": "String"} for name in ("DatabaseName", "PrettyName")]
    names = {"TableName": "Table_0", "Columns": columns, "Rows": [["db", ""], ["plain", ""]]}
    databases = orjson.dumps({"Tables": [names]})

    def answer(path: str, request: dict[str, Any]) -> bytes:
        if path.startswith("/v1/workspaces/"):
            return tables.get(request["query"].strip(), tables["one"])
        if "/mgmt" in path:
            return databases
        properties = request.get("properties") or {}
        properties = orjson.loads(properties) if isinstance(properties, str) else properties
        options = properties.get("Options") or {}
        in_fragments = bool(options.get("results_v2_fragment_primary_tables")) and request.get("db") != "plain"
        return canned.get(request["csl"].strip(), canned["one"])[in_fragments]

    return answer


def serve(port: int, count: int) -> None:
    """Answer until the process is ended."""
    answer = answers(count)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            content = self.rfile.read(int(self.headers["Content-Length"]))
            self._send(200, answer(self.path, orjson.loads(content)))

        def do_GET(self) -> None:  # the metadata of a cloud, which a client may do without
            self._send(404, b"{}")

        def _send(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", "application/json; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *arguments: Any) -> None:
            """Nothing: what is printed are figures."""

    with ThreadingHTTPServer(("127.0.0.1", port), Handler) as server:
        print("ready", flush=True)
        server.serve_forever()


if __name__ == "__main__":
    serve(int(sys.argv[1]), int(sys.argv[2]))
