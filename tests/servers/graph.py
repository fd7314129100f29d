"""Microsoft Graph's advanced hunting on loopback: the KQL runs on DuckDB over the sample tables.

It is strict where Graph is: a wrong path, method or Content-Type, a body without Query, no token, and a `render`
are refused. Nulls are left out of the results.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from email.message import Message
from typing import Any

from .certificates import CertificateAuthority
from .engine import RefusedError, engine
from .kusto_frames import encode
from .loopback import Answer, LoopbackServer, Request, html

HUNTING = "/v1.0/security/runHuntingQuery"

NET_TYPES = {
    "string": "String",
    "long": "Int64",
    "int": "Int32",
    "real": "Double",
    "bool": "SByte",
    "datetime": "DateTime",
    "timespan": "TimeSpan",
    "guid": "Guid",
    "decimal": "SqlDecimal",
    "dynamic": "Object",
}


def hunting_results(columns: Sequence[tuple[str, str]], rows: Sequence[Sequence[Any]]) -> dict[str, Any]:
    """Results as Graph writes them, of columns with .NET types."""
    names = [name for name, _ in columns]
    return {
        "@odata.context": "https://graph.microsoft.com/v1.0/$metadata#microsoft.graph.security.huntingQueryResults",
        "schema": [{"name": name, "type": kind} for name, kind in columns],
        "results": [{name: value for name, value in zip(names, row, strict=True) if value is not None} for row in rows],
    }


def json_answer(body: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Answer:
    """An answer whose body is this, as JSON."""
    return Answer(encode(body), status, headers or {})


def read_json(content: bytes) -> Any:
    """The JSON of a body; None where it is none."""
    try:
        return json.loads(content)
    except ValueError:
        return None


class GraphServer(LoopbackServer[Request]):
    """One tenant's Microsoft Graph. `anonymous` lets requests in that have no token."""

    def __init__(self, tls: bool | CertificateAuthority = True, anonymous: bool = False) -> None:
        self._anonymous = anonymous
        super().__init__(tls)

    def read(self, method: str, target: str, headers: Message, content: bytes, connection: int) -> Request:
        return Request(method, target, headers, read_json(content), connection)

    def text_of(self, request: Request) -> str | None:
        return request.body.get("Query") if isinstance(request.body, dict) else None

    def refusal(self, request: Request) -> Answer | None:
        headers = request.headers
        signed = self._anonymous or headers.get("Authorization", "").startswith("Bearer ")
        checks = (
            (request.path != HUNTING, html(404, "Not Found")),
            (request.method != "POST", html(405, "Method Not Allowed")),
            (not signed, graph_error(401, "InvalidAuthenticationToken", "Access token is empty.")),
            (
                not headers.get("Content-Type", "").startswith("application/json"),
                graph_error(415, "UnsupportedMediaType", "JSON, please."),
            ),
            (not isinstance(self.text_of(request), str), graph_error(400, "BadRequest", "Query is missing.")),
        )
        return next((answer for failed, answer in checks if failed), None)

    def reply(self, request: Request) -> Answer:
        text = request.body["Query"]
        if "render " in text:
            return graph_error(400, "BadRequest", "The operator 'render' is not supported.")
        try:
            table = engine().run(text)
        except RefusedError as refused:
            return query_refused(refused)
        columns = [(name, NET_TYPES[kind]) for name, kind in table.columns]
        return json_answer(hunting_results(columns, table.rows))


def graph_error(status: int, code: str, message: str, retry_after: int | None = None) -> Answer:
    """An error as Graph writes it."""
    inner = {"date": "2024-03-26T09:39:50", "request-id": "r", "client-request-id": "c"}
    headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
    return json_answer({"error": {"code": code, "message": message, "innerError": inner}}, status, headers)


def query_refused(refused: RefusedError) -> Answer:
    """400 for a query with a mistake: the place stands in the message and counts from 1."""
    if refused.line < 1:
        return graph_error(400, "BadRequest", f"{refused.message}. Fix semantic errors in your query.")
    place = f"on line [{refused.line},{refused.column + 1}]"
    return graph_error(
        400, "BadRequest", f"{refused.message} at '{refused.token}' {place}. Fix syntax errors in your query."
    )


def forbidden() -> Answer:
    return graph_error(403, "Forbidden", "Insufficient privileges to complete the operation.")


def throttled(retry_after: int | None = 0) -> Answer:
    return graph_error(429, "TooManyRequests", "The tenant has reached its CPU quota.", retry_after)


def gateway_timeout() -> Answer:
    """504 as Graph says it: with a body that says nothing."""
    return graph_error(504, "UnknownError", "")
