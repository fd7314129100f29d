"""A certificate authority for the tests, so that loopback servers can speak TLS that clients verify."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Self

import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

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


def application_certificate() -> tuple[bytes, bytes]:
    """A service principal's certificate: PEM with its private key (the client's), and without (the service's)."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "kqlext tests")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
        .public_bytes(serialization.Encoding.PEM)
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return private + certificate, certificate
