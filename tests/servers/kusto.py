"""A Kusto service on loopback that tests script: real HTTP/1.1 over real sockets, with or without TLS.

    with KustoServer() as server:
        server.on("T | take 1", throttled(), v2(TABLE))     # first refused, from then on answered
        ... a client queries server.url ...
        assert server.requests[0].options == {"notruncation": True}

It is strict where the protocol is: a wrong path, method, Accept, Content-Type or body is refused. What it can
say comes from `kusto_frames` (whole answers) and from the failures at the end of this module.
"""

from __future__ import annotations

import gzip
import json
import re
import threading
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import Message
from functools import partial
from http.server import BaseHTTPRequestHandler
from typing import Any, Self

from .certificates import CertificateAuthority
from .kusto_frames import EVERY_TYPE, TableSpec, cloud_metadata, encode, one_api_error, v1, v2
from .loopback import LoopbackServer

QUERY = "/v2/rest/query"
QUERY_V1 = "/v1/rest/query"
MANAGEMENT = "/v1/rest/mgmt"
METADATA = "/v1/rest/auth/metadata"
METHODS = {QUERY: "POST", QUERY_V1: "POST", MANAGEMENT: "POST", METADATA: "GET"}

ONE_ROW = TableSpec("PrimaryResult", (("answer", "long"),), ((42,),))

_CANCEL = re.compile(r"""\.cancel\s+query\s+(["'])(.+?)\1""")
_JSON = "application/json; charset=utf-8"
_HTML = "text/html; charset=utf-8"


@dataclass(frozen=True)
class Request:
    """What a client sent. `body` is None where it was no Kusto request; `connection` is the client's port."""

    method: str
    path: str
    endpoint: str  # the path without the server's `base`: one of METHODS, or unknown
    headers: Message  # looked up without regard to case
    body: Any
    csl: str
    database: str | None
    options: Mapping[str, Any]
    parameters: Mapping[str, Any]
    connection: int

    @property
    def client_request_id(self) -> str:
        return str(self.headers.get("x-ms-client-request-id", ""))


@dataclass(frozen=True)
class Answer:
    """What the server sends, and how.

    cut     send only so many bytes of those that Content-Length announces, then close the connection
    delay   seconds before the first byte
    drip    (bytes, seconds): the body in pieces of so many bytes with a pause between them
    gzip    compress for a client that accepts it; `cut` and `drip` then count compressed bytes
    chunked Transfer-Encoding: chunked, as the service itself does, instead of Content-Length
    """

    body: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    cut: int | None = None
    delay: float = 0
    drip: tuple[int, float] | None = None
    gzip: bool = True
    chunked: bool = False


Predicate = Callable[[Request], bool]


@dataclass
class _Rule:
    matches: Predicate
    answers: list[Answer]

    def next_answer(self) -> Answer:
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


class KustoServer:
    """One loopback Kusto service. It listens from the moment it is made until `close()`.

    tls   True, or an authority to share: https with a certificate of it; `ca_path` is what clients trust
    base  a path in front of the REST paths, as in https://adx.monitor.azure.com/subscriptions/…
    """

    def __init__(self, tls: bool | CertificateAuthority = False, base: str = "") -> None:
        self.default: dict[str, Answer] = {
            QUERY: Answer(v2(ONE_ROW)),
            QUERY_V1: Answer(v1(ONE_ROW, contents=True)),
            MANAGEMENT: Answer(v1(ONE_ROW)),
            METADATA: Answer(cloud_metadata()),
        }
        self.base = base
        self._authority = CertificateAuthority() if tls is True else tls or None
        self._owns_authority = tls is True
        self._changed = threading.Condition()
        self._rules: list[_Rule] = []
        self._requests: list[Request] = []
        self._cancelled: list[str] = []
        self._running: set[tuple[str, threading.Event]] = set()
        self._http = LoopbackServer(self, _Handler, self._authority)

    @property
    def url(self) -> str:
        return f"{'https' if self._authority else 'http'}://127.0.0.1:{self._http.server_port}{self.base}"

    @property
    def ca_path(self) -> str:
        """The PEM file of the authority that signed this server's certificate."""
        if self._authority is None:
            raise ValueError("this server speaks plain http; make it with tls=True")
        return str(self._authority.pem)

    @property
    def requests(self) -> list[Request]:
        """Every request until now, refused ones included."""
        with self._changed:
            return list(self._requests)

    @property
    def cancelled(self) -> list[str]:
        """The client request ids that `.cancel query` named."""
        with self._changed:
            return list(self._cancelled)

    def on(self, query: str | Predicate, *answers: Answer | bytes) -> None:
        """Answer this query text, or what the predicate accepts, with these one by one; the last one stays.

        A later `on` goes before an earlier one. Bytes are the body of an ordinary answer.
        """
        if not answers:
            raise ValueError("no answer given")
        matches = query if callable(query) else partial(_has_text, query.strip())
        prepared = [Answer(answer) if isinstance(answer, bytes) else answer for answer in answers]
        with self._changed:
            self._rules.insert(0, _Rule(matches, prepared))

    def wait_for(self, predicate: Predicate, timeout: float = 30) -> Request:
        """The first request that the predicate accepts, once it is there; by then it can be cancelled."""

        def found() -> Request | None:
            return next((request for request in self._requests if predicate(request)), None)

        with self._changed:
            request = self._changed.wait_for(found, timeout)
        if request is None:
            raise TimeoutError(f"no such request within {timeout} s")
        return request

    def drop_connections(self) -> None:
        """Close every connection under its client, as a service does with idle ones."""
        self._http.drop_connections()

    def close(self) -> None:
        with self._changed:
            for _, ended in self._running:
                ended.set()
        self._http.close()
        if self._authority and self._owns_authority:
            self._authority.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextmanager
    def answering(self, request: Request) -> Iterator[tuple[Answer, threading.Event]]:
        """For the handler: the answer to this request, and the event that ends it before its time."""
        entry = (request.client_request_id, threading.Event())
        with self._changed:
            # Before anybody can see the request: a cancel that follows on seeing it is never too early.
            self._running.add(entry)
            self._requests.append(request)
            answer = _refusal(request) or self._choose(request)
            self._cancel(request)
            self._changed.notify_all()
        try:
            yield answer, entry[1]
        finally:
            with self._changed:
                self._running.discard(entry)

    def _choose(self, request: Request) -> Answer:
        rule = next((rule for rule in self._rules if rule.matches(request)), None)
        return rule.next_answer() if rule else self.default[request.endpoint]

    def _cancel(self, request: Request) -> None:
        command = _CANCEL.match(request.csl.strip())
        if request.endpoint != MANAGEMENT or command is None:
            return
        self._cancelled.append(command[2])
        for identity, ended in self._running:
            if identity == command[2]:
                ended.set()


class _Handler(BaseHTTPRequestHandler):
    server: LoopbackServer[KustoServer]
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # head and body are two writes: Nagle would put 40 ms between them

    def do_POST(self) -> None:
        request = self._request()
        with self.server.owner.answering(request) as (answer, ended):
            stops_early = answer.delay > 0 and ended.wait(answer.delay)
            self._send(request, stopped() if stops_early else answer, ended)

    do_GET = do_PUT = do_PATCH = do_DELETE = do_POST  # noqa: N815 (http.server's names)

    def log_message(self, format: str, *arguments: Any) -> None:
        """Nothing: test output is for test results."""

    def _request(self) -> Request:
        content = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        path, base = self.path.partition("?")[0], self.server.owner.base
        under_base = path != METADATA and path.startswith(base)  # metadata belong to the host, not to a base
        body, properties = _decoded(content)
        return Request(
            method=self.command,
            path=path,
            endpoint=path.removeprefix(base) if under_base else path if path == METADATA else "",
            headers=self.headers,
            body=body,
            csl=body["csl"] if body else "",
            database=body.get("db") if body else None,
            options=properties.get("Options", {}),
            parameters=properties.get("Parameters", {}),
            connection=self.client_address[1],
        )

    def _send(self, request: Request, answer: Answer, ended: threading.Event) -> None:
        packed = answer.gzip and answer.body and "gzip" in request.headers.get("Accept-Encoding", "")
        payload = gzip.compress(answer.body, mtime=0) if packed else answer.body
        headers = {
            "Content-Type": _JSON,
            "x-ms-client-request-id": request.client_request_id,
            "x-ms-activity-id": str(uuid.uuid4()),
            **({"Content-Encoding": "gzip"} if packed else {}),
            **({"Transfer-Encoding": "chunked"} if answer.chunked else {"Content-Length": str(len(payload))}),
            **answer.headers,
        }
        self.send_response(answer.status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self._send_body(payload[: answer.cut], answer, ended)

    def _send_body(self, payload: bytes, answer: Answer, ended: threading.Event) -> None:
        size, pause = answer.drip or (max(len(payload), 1), 0)
        frame = b"%x\r\n%b\r\n" if answer.chunked else b""
        for start in range(0, len(payload), size):
            if start and ended.wait(pause):
                self.close_connection = True
                return
            piece = payload[start : start + size]
            self.wfile.write(frame % (len(piece), piece) if frame else piece)
        if answer.cut is not None:
            self.close_connection = True
        elif frame:
            self.wfile.write(b"0\r\n\r\n")


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


def _has_text(text: str, request: Request) -> bool:
    return request.method == "POST" and request.csl.strip() == text


def _refusal(request: Request) -> Answer | None:
    """Why the protocol forbids this request, if it does."""
    method, headers = METHODS.get(request.endpoint), request.headers
    posted = request.method == "POST"
    checks = (
        (method is None, not_found()),
        (request.method != method, _html(405, "Method Not Allowed", {"Allow": method or ""})),
        (posted and "application/json" not in headers.get("Accept", ""), _html(406, "Not Acceptable")),
        (posted and "application/json" not in headers.get("Content-Type", ""), _html(415, "JSON, please")),
        (posted and request.body is None, _one_api(400, "BadRequest", "the body is no Kusto request")),
    )
    return next((answer for failed, answer in checks if failed), None)


def _html(status: int, title: str, headers: Mapping[str, str] | None = None) -> Answer:
    page = f"<html><head><title>{title}</title></head><body><h1>{status} {title}</h1></body></html>"
    return Answer(page.encode(), status, {"Content-Type": _HTML, **(headers or {})})


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
    return _html(404, "Not Found")


def throttled(retry_after: int | None = 1) -> Answer:
    message = "The request was denied due to exceeding capacity. Please retry later."
    return _one_api(429, "TooManyRequests", message, retry_after, permanent=False)


def internal_error() -> Answer:
    return _one_api(500, "General_InternalServerError", "An unexpected error occurred.", permanent=False)


def unavailable(retry_after: int | None = None) -> Answer:
    message = "The service is unavailable. Please retry later."
    return _one_api(503, "ServiceUnavailable", message, retry_after, permanent=False)


def gateway_timeout() -> Answer:
    return _html(504, "Gateway Timeout")


def redirect(location: str = "https://elsewhere.example/v2/rest/query") -> Answer:
    """302 to another host, where a token must not follow."""
    return Answer(b"", 302, {"Location": location, "Content-Type": _HTML})


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


def not_json() -> Answer:
    """200 with a page, as a captive portal or a sign-in proxy answers."""
    return _html(200, "Please sign in")


def cut_json(body: bytes | None = None) -> Answer:
    """200, whole as HTTP, whose JSON stops in the middle."""
    whole = body or v2(EVERY_TYPE)
    return Answer(whole[: len(whole) // 2])


def cut_body(sent: int = 200) -> Answer:
    """200 of which only so many bytes arrive before the connection closes."""
    return Answer(v2(EVERY_TYPE), cut=sent, gzip=False)
