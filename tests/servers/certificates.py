"""A certificate authority for the tests, so that loopback servers can speak TLS that clients verify."""

from __future__ import annotations

import ssl
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Self

import trustme

LOOPBACK_NAMES = ("127.0.0.1", "localhost", "::1")


class CertificateAuthority:
    """An authority for one test run; `pem` is its own certificate, for `verify=` or REQUESTS_CA_BUNDLE.

    That is a file, because clients take files; it lives in a temporary folder until `close()`.
    """

    def __init__(self) -> None:
        self._authority = trustme.CA(organization_name="kqlext tests")
        self._folder = TemporaryDirectory(prefix="kqlext-authority-")
        self.pem = Path(self._folder.name) / "authority.pem"
        self._authority.cert_pem.write_to_path(str(self.pem))

    def server_context(self, *names: str) -> ssl.SSLContext:
        """A server's TLS settings with a certificate for these host names (loopback unless told)."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._authority.issue_cert(*(names or LOOPBACK_NAMES)).configure_cert(context)
        return context

    def close(self) -> None:
        self._folder.cleanup()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
