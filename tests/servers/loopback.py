"""What our loopback services share: real HTTP/1.1 over real sockets, with or without TLS, and scripted answers.

A service is a `LoopbackServer` that reads its own requests, refuses what its protocol forbids, and answers what no
test has scripted.
"""

from __future__ import annotations

import gzip
import os
import socket
import socketserver
import ssl
import struct
import sys
import threading
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email.message import Message
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Generic, Self, TypeVar

from .certificates import CertificateAuthority

_JSON = "application/json; charset=utf-8"
_HTML = "text/html; charset=utf-8"


@dataclass(frozen=True)
class Request:
    """What a client sent. `body` is None where it cannot be read; `connection` is the client's port."""

    method: str
    path: str  # without what follows a question mark
    headers: Message  # looked up without regard to case
    body: Any
    connection: int

    @property
    def client_request_id(self) -> str:
        return str(self.headers.get("x-ms-client-request-id", ""))


@dataclass(frozen=True)
class Answer:
    """What the server sends, and how.

    cut     send only so many bytes of those that Content-Length announces, then close the connection
    reset   break the connection, before the head or where `cut` is
    delay   seconds before the first byte
    drip    (bytes, seconds): the body in pieces of so many bytes with a pause between them
    gzip    compress for a client that accepts it; `cut` and `drip` then count compressed bytes
    chunked Transfer-Encoding: chunked, as the service itself does, instead of Content-Length
    """

    body: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    cut: int | None = None
    reset: bool = False
    delay: float = 0
    drip: tuple[int, float] | None = None
    gzip: bool = True
    chunked: bool = False


def html(status: int, title: str, headers: Mapping[str, str] | None = None) -> Answer:
    """A page, as gateways answer."""
    page = f"<html><head><title>{title}</title></head><body><h1>{status} {title}</h1></body></html>"
    return Answer(page.encode(), status, {"Content-Type": _HTML, **(headers or {})})


def redirect(location: str = "https://elsewhere.example/v2/rest/query") -> Answer:
    """302 to another host, where a token must not follow."""
    return Answer(b"", 302, {"Location": location, "Content-Type": _HTML})


RequestT = TypeVar("RequestT", bound=Request)


@dataclass
class _Rule(Generic[RequestT]):
    matches: Callable[[RequestT], bool]
    answers: list[Answer]

    def next_answer(self) -> Answer:
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


class LoopbackServer(Generic[RequestT]):
    """One loopback service. It listens from the moment it is made until `close()`.

    tls   True, or an authority to share: https with a certificate of it; `ca_path` is what clients trust
    base  a path in front of the service's own, as in https://adx.monitor.azure.com/subscriptions/…
    """

    stopped = html(503, "Service Unavailable")
    """What a request gets that ended before its first byte."""

    def __init__(self, tls: bool | CertificateAuthority = False, base: str = "") -> None:
        self.base = base
        self._authority = CertificateAuthority() if tls is True else tls or None
        self._owns_authority = tls is True
        self._changed = threading.Condition()
        self._rules: list[_Rule[RequestT]] = []
        self._requests: list[RequestT] = []
        self._running: set[tuple[str, threading.Event]] = set()
        self._http = _HttpServer(self, self._authority.server_context() if self._authority else None)
        # The poll is how long close() may take: with the library's half second, a suite would wait minutes.
        serve = partial(self._http.serve_forever, poll_interval=0.02)
        self._thread = threading.Thread(target=serve, name="loopback-server", daemon=True)
        self._thread.start()

    # --- what a service says of itself ---------------------------------------------------------------------

    def read(self, method: str, target: str, headers: Message, content: bytes, connection: int) -> RequestT:
        """The request that a client sent; `target` is the path with all that follows it."""
        raise NotImplementedError

    def refusal(self, request: RequestT) -> Answer | None:
        """Why the protocol forbids this request, if it does."""
        raise NotImplementedError

    def reply(self, request: RequestT) -> Answer:
        """The answer to a request that no rule matches."""
        raise NotImplementedError

    def text_of(self, request: RequestT) -> str | None:
        """The query, for rules that are given as text; None where it is no query."""
        raise NotImplementedError

    def seen(self, request: RequestT) -> None:
        """What a request does beside being answered; called under the lock."""

    # --- for tests -------------------------------------------------------------------------------------------

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
    def requests(self) -> list[RequestT]:
        """Every request until now, refused ones included."""
        with self._changed:
            return list(self._requests)

    def on(self, query: str | Callable[[RequestT], bool], *answers: Answer | bytes) -> None:
        """Answer this query text, or what the predicate accepts, with these one by one; the last one stays.

        A later `on` goes before an earlier one. Bytes are the body of an ordinary answer.
        """
        if not answers:
            raise ValueError("no answer given")
        matches = query if callable(query) else partial(self._has_text, query.strip())
        prepared = [Answer(answer) if isinstance(answer, bytes) else answer for answer in answers]
        with self._changed:
            self._rules.insert(0, _Rule(matches, prepared))

    def wait_for(self, predicate: Callable[[RequestT], bool], timeout: float = 30) -> RequestT:
        """The first request that the predicate accepts, once it is there; by then it can be cancelled."""

        def found() -> RequestT | None:
            return next((request for request in self._requests if predicate(request)), None)

        with self._changed:
            request = self._changed.wait_for(found, timeout)
        if request is None:
            raise TimeoutError(f"no such request within {timeout} s")
        return request

    def drop_connections(self) -> None:
        """Close every connection under its client, as a service does with idle ones."""
        for connection in tuple(self._http.connections):
            with suppress(OSError):
                # Below TLS: SSLSocket.shutdown() would pull the session from under the thread that reads.
                socket.socket.shutdown(connection, socket.SHUT_RDWR)

    def close(self) -> None:
        with self._changed:
            for _, ended in self._running:
                ended.set()
        self._http.shutdown()
        self.drop_connections()
        self._http.server_close()
        self._thread.join()
        if self._authority and self._owns_authority:
            self._authority.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # --- for the handler -------------------------------------------------------------------------------------

    @contextmanager
    def answering(self, request: RequestT) -> Iterator[tuple[Answer, threading.Event]]:
        """The answer to this request, and the event that ends it before its time."""
        entry = (request.client_request_id, threading.Event())
        with self._changed:
            # Before anybody can see the request: a cancel that follows on seeing it is never too early.
            self._running.add(entry)
            self._requests.append(request)
            answer = self.refusal(request) or self._choose(request)
            self.seen(request)
            self._changed.notify_all()
        try:
            yield answer, entry[1]
        finally:
            with self._changed:
                self._running.discard(entry)

    def _choose(self, request: RequestT) -> Answer:
        rule = next((rule for rule in self._rules if rule.matches(request)), None)
        return rule.next_answer() if rule else self.reply(request)

    def _has_text(self, text: str, request: RequestT) -> bool:
        query = self.text_of(request)
        return query is not None and query.strip() == text


class _HttpServer(ThreadingHTTPServer):
    """The sockets: TLS where wanted, and the open connections, so that close() leaves none behind."""

    request_queue_size = 128

    def __init__(self, service: LoopbackServer[Any], context: ssl.SSLContext | None) -> None:
        self.service = service
        self.context = context
        self.connections: set[socket.socket] = set()
        super().__init__(("127.0.0.1", 0), _Handler)

    def server_bind(self) -> None:
        # Not HTTPServer's: that looks its own name up in DNS, which takes seconds on some machines.
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = "127.0.0.1", int(self.server_address[1])

    def get_request(self) -> tuple[socket.socket, Any]:
        connection, address = super().get_request()
        if self.context:
            # The handshake comes with the first read, in the connection's own thread; here it blocked all.
            connection = self.context.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
        self.connections.add(connection)
        return connection, address

    def shutdown_request(self, request: Any) -> None:
        self.connections.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        # Clients that hang up, or that do not trust the certificate, are what some tests are about.
        if not isinstance(sys.exc_info()[1], ConnectionError | ssl.SSLError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    server: _HttpServer
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # head and body are two writes: Nagle would put 40 ms between them

    def do_POST(self) -> None:
        service = self.server.service
        content = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        request = service.read(self.command, self.path, self.headers, content, self.client_address[1])
        with service.answering(request) as (answer, ended):
            stops_early = answer.delay > 0 and ended.wait(answer.delay)
            if answer.cut is not None or not answer.reset:
                self._send(request, service.stopped if stops_early else answer, ended)
            if answer.reset:
                self._reset()

    do_GET = do_PUT = do_PATCH = do_DELETE = do_POST  # noqa: N815 (http.server's names)

    def log_message(self, format: str, *arguments: Any) -> None:
        """Nothing: test output is for test results."""

    def _send(self, request: Request, answer: Answer, ended: threading.Event) -> None:
        packed = answer.gzip and answer.body and "gzip" in request.headers.get("Accept-Encoding", "")
        payload = gzip.compress(answer.body, mtime=0) if packed else answer.body
        without_body = answer.status == 204
        sized = {"Transfer-Encoding": "chunked"} if answer.chunked else {"Content-Length": str(len(payload))}
        headers = {
            "Content-Type": _JSON,
            "x-ms-client-request-id": request.client_request_id,
            "x-ms-activity-id": str(uuid.uuid4()),
            **({"Content-Encoding": "gzip"} if packed else {}),
            **({} if without_body else sized),
            **answer.headers,
        }
        self.send_response(answer.status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        if not without_body:
            self._send_body(payload[: answer.cut], answer, ended)

    def _reset(self) -> None:
        """End the connection as a crashed service does: what is under way is lost, and the client is told so."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        os.close(self.connection.detach())
        self.close_connection = True

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
