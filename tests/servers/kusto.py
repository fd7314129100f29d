"""A Kusto service on loopback that tests script: real HTTP/1.1 over real sockets, with or without TLS.

    with KustoServer() as server:
        server.on("T | take 1", throttled(), v2(TABLE))     # first refused, from then on answered
        ... a client queries server.url ...
        assert server.requests[0].options == {"notruncation": True}

It is strict where the protocol is: a wrong path, method, Accept, Content-Type or body is refused. What it can
say comes from `kusto_frames` (whole answers) and from the failures at the end of this module.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from email.message import Message
from typing import Any

from . import loopback
from .certificates import CertificateAuthority
from .engine import RefusedError, engine, render, with_texts
from .kusto_frames import EVERY_TYPE, TableSpec, cloud_metadata, encode, one_api_error, v1, v2
from .loopback import Answer, LoopbackServer, html, redirect

__all__ = ["Answer", "KustoServer", "Request", "redirect"]

QUERY = "/v2/rest/query"
QUERY_V1 = "/v1/rest/query"
MANAGEMENT = "/v1/rest/mgmt"
METADATA = "/v1/rest/auth/metadata"
METHODS = {QUERY: "POST", QUERY_V1: "POST", MANAGEMENT: "POST", METADATA: "GET"}

ONE_ROW = TableSpec("PrimaryResult", (("answer", "long"),), ((42,),))

_CANCEL = re.compile(r"""\.cancel\s+query\s+(["'])(.+?)\1""")


@dataclass(frozen=True)
class Request(loopback.Request):
    """What a client sent. `endpoint` is the path without the server's `base`: one of METHODS, or unknown."""

    endpoint: str
    csl: str
    database: str | None
    options: Mapping[str, Any]
    parameters: Mapping[str, Any]


class KustoServer(LoopbackServer[Request]):
    """One loopback Kusto service; see `LoopbackServer`. Where `samples` is set, queries run on the sample tables."""

    def __init__(self, tls: bool | CertificateAuthority = False, base: str = "") -> None:
        self.samples = False
        self.default: dict[str, Answer] = {
            QUERY: Answer(v2(ONE_ROW)),
            QUERY_V1: Answer(v1(ONE_ROW, contents=True)),
            MANAGEMENT: Answer(v1(ONE_ROW)),
            METADATA: Answer(cloud_metadata()),
        }
        self.stopped = stopped()
        self._cancelled: list[str] = []
        super().__init__(tls, base)

    @property
    def cancelled(self) -> list[str]:
        """The client request ids that `.cancel query` named."""
        with self._changed:
            return list(self._cancelled)

    def read(self, method: str, target: str, headers: Message, content: bytes, connection: int) -> Request:
        path = target.partition("?")[0]
        under_base = path != METADATA and path.startswith(self.base)  # metadata belong to the host, not to a base
        body, properties = _decoded(content)
        return Request(
            method=method,
            path=path,
            endpoint=path.removeprefix(self.base) if under_base else path if path == METADATA else "",
            headers=headers,
            body=body,
            csl=body["csl"] if body else "",
            database=body.get("db") if body else None,
            options=properties.get("Options", {}),
            parameters=properties.get("Parameters", {}),
            connection=connection,
        )

    def refusal(self, request: Request) -> Answer | None:
        method, headers = METHODS.get(request.endpoint), request.headers
        posted = request.method == "POST"
        checks = (
            (method is None, not_found()),
            (request.method != method, html(405, "Method Not Allowed", {"Allow": method or ""})),
            (posted and "application/json" not in headers.get("Accept", ""), html(406, "Not Acceptable")),
            (posted and "application/json" not in headers.get("Content-Type", ""), html(415, "JSON, please")),
            (posted and request.body is None, _one_api(400, "BadRequest", "the body is no Kusto request")),
        )
        return next((answer for failed, answer in checks if failed), None)

    def reply(self, request: Request) -> Answer:
        return (
            sample_answer(request.csl) if self.samples and request.endpoint == QUERY else self.default[request.endpoint]
        )

    def text_of(self, request: Request) -> str | None:
        return request.csl if request.method == "POST" else None

    def seen(self, request: Request) -> None:
        command = _CANCEL.match(request.csl.strip())
        if request.endpoint != MANAGEMENT or command is None:
            return
        self._cancelled.append(command[2])
        for identity, ended in self._running:
            if identity == command[2]:
                ended.set()


def _decoded(content: bytes) -> tuple[dict[str, Any] | None, dict[str, Any]]:
    """The body and its properties, which may be an object or, as the SDK sends them, JSON text of one."""
    try:
        body = json.loads(content)
        properties = body.get("properties") or {}
        properties = json.loads(properties) if isinstance(properties, str) else properties
        if not isinstance(body["csl"], str) or not isinstance(properties, dict):
            return None, {}
    except (ValueError, KeyError, AttributeError):
        return None, {}
    return body, properties


def _one_api(status: int, code: str, message: str, retry_after: int | None = None, **details: Any) -> Answer:
    headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
    return Answer(encode(one_api_error(code, message, **details)), status, headers)


def unauthorized() -> Answer:
    """401 as the service says it: in a header; there is no body."""
    challenge = 'Bearer authorization_uri="https://login.microsoftonline.com/organizations"'
    return Answer(b"", 401, {"WWW-Authenticate": challenge, "Content-Type": "text/plain"})


def forbidden(message: str = "Principal is not authorized to read database 'Samples'.") -> Answer:
    return _one_api(403, "Forbidden", message)


def not_found() -> Answer:
    """404 from a gateway that knows no such path."""
    return html(404, "Not Found")


def throttled(retry_after: int | None = 1) -> Answer:
    message = "The request was denied due to exceeding capacity. Please retry later."
    return _one_api(429, "TooManyRequests", message, retry_after, permanent=False)


def internal_error() -> Answer:
    return _one_api(500, "General_InternalServerError", "An unexpected error occurred.", permanent=False)


def unavailable(retry_after: int | None = None) -> Answer:
    message = "The service is unavailable. Please retry later."
    return _one_api(503, "ServiceUnavailable", message, retry_after, permanent=False)


def gateway_timeout() -> Answer:
    return html(504, "Gateway Timeout")


def stopped() -> Answer:
    """What a query gets that was cancelled before its first byte. Code and status are ours."""
    return _one_api(400, "General_QueryCanceled", "Query execution has been cancelled.")


_INVALID = "Request is invalid and cannot be executed."


def semantic_error(code: str, message: str, text: str | None = None) -> Answer:
    """400 for a query that parses and means nothing, as `SEM0100`."""
    return _one_api(400, "General_BadRequest", _INVALID, inner_code=code, inner_message=message, text=text)


def syntax_error(
    line: int, position: int, message: str = "Query could not be parsed", text: str | None = None
) -> Answer:
    """400 for a query that does not parse, with the place."""
    details = one_api_error(
        "General_BadRequest",
        _INVALID,
        inner_code="SYN0002",
        inner_message=f"{message} [line:position={line}:{position}]",
        line=line,
        position=position,
        text=text,
    )
    return Answer(encode(details), 400)


def sample_answer(text: str) -> Answer:
    """What a query over the sample tables gives, or why it is refused."""
    try:
        tables = [with_texts(table) for table in engine().run_batch(text)]
    except RefusedError as refused:
        if refused.line < 1:
            return semantic_error(refused.code, refused.message, text)
        return syntax_error(refused.line, refused.column, refused.message, text)
    rendered = {name[0].upper() + name[1:]: value for name, value in (render(text) or {}).items()}
    return Answer(v2(*tables, visualization=rendered))


def not_json() -> Answer:
    """200 with a page, as a captive portal or a sign-in proxy answers."""
    return html(200, "Please sign in")


def cut_json(body: bytes | None = None) -> Answer:
    """200, whole as HTTP, whose JSON stops in the middle."""
    whole = body or v2(EVERY_TYPE)
    return Answer(whole[: len(whole) // 2])


def cut_body(sent: int = 200) -> Answer:
    """200 of which only so many bytes arrive before the connection closes."""
    return Answer(v2(EVERY_TYPE), cut=sent, gzip=False)
