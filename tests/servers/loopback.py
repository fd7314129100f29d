"""The sockets below every server of the tests: loopback, TLS where wanted, nothing left behind by close()."""

from __future__ import annotations

import socket
import socketserver
import ssl
import sys
import threading
from contextlib import suppress
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Generic, TypeVar

from .certificates import CertificateAuthority

Owner = TypeVar("Owner")


class LoopbackServer(ThreadingHTTPServer, Generic[Owner]):
    """Listens on a free port from the moment it is made until `close()`; a handler finds its `owner` here."""

    request_queue_size = 128

    def __init__(
        self, owner: Owner, handler: type[BaseHTTPRequestHandler], authority: CertificateAuthority | None
    ) -> None:
        self.owner = owner
        self.context: ssl.SSLContext | None = authority.server_context() if authority else None
        self.connections: set[socket.socket] = set()
        super().__init__(("127.0.0.1", 0), handler)
        # The poll is how long close() may take: with the library's half second, a suite would wait minutes.
        serve = partial(self.serve_forever, poll_interval=0.02)
        self._thread = threading.Thread(target=serve, name=type(owner).__name__, daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"{'https' if self.context else 'http'}://127.0.0.1:{self.server_port}"

    def drop_connections(self) -> None:
        """Close every connection under its client, as a service does with idle ones."""
        for connection in tuple(self.connections):
            with suppress(OSError):
                # Below TLS: SSLSocket.shutdown() would pull the session from under the thread that reads.
                socket.socket.shutdown(connection, socket.SHUT_RDWR)

    def close(self) -> None:
        """May be called twice."""
        if not self._thread.is_alive():
            return
        self.shutdown()
        self.drop_connections()
        self.server_close()
        self._thread.join()

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
