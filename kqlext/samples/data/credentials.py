"""Credentials that lie about in the logs.

None of them opens anything: each is derived from a few words, in the shape that its kind has.
"""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass


@dataclass(frozen=True)
class Credential:
    """A secret, and the only column where it was written."""

    kind: str
    table: str
    column: str
    secret: str


def _digest(words: str) -> bytes:
    return hashlib.sha512(words.encode()).digest()


def _segment(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


_CLAIMS = {"aud": "https://management.example", "sub": "svc-backup", "exp": 1710374400}
BEARER_TOKEN = ".".join(
    (_segment(b'{"alg":"HS256","typ":"JWT"}'), _segment(json.dumps(_CLAIMS).encode()), _segment(_digest("token")[:32]))
)
STORAGE_KEY = base64.b64encode(_digest("storage account")).decode()
SHARED_SIGNATURE = base64.b64encode(_digest("shared access")[:32]).decode().replace("+", "%2B").replace("/", "%2F")
ACCESS_KEY = "AKIA" + base64.b32encode(_digest("access key")[:10]).decode()
DATABASE_PASSWORD = "Nightly-" + _digest("database").hex()[:10]
PORTAL_PASSWORD = "Portal-" + _digest("portal").hex()[:8]
MACHINE_PASSWORD = "Vm!" + _digest("machine").hex()[:12]
SCANNER_PASSWORD = "Scan#" + _digest("scanner").hex()[:8]

CREDENTIALS: tuple[Credential, ...] = (
    Credential("password on a command line", "Syslog", "SyslogMessage", DATABASE_PASSWORD),
    Credential("bearer token", "Syslog", "SyslogMessage", BEARER_TOKEN),
    Credential("access key", "Syslog", "SyslogMessage", ACCESS_KEY),
    Credential("storage account key", "Syslog", "SyslogMessage", STORAGE_KEY),
    Credential("shared access signature", "CommonSecurityLog", "RequestURL", SHARED_SIGNATURE),
    Credential("password in an address", "CommonSecurityLog", "RequestURL", PORTAL_PASSWORD),
    Credential("password of a machine", "AzureActivity", "Properties", MACHINE_PASSWORD),
    Credential("password of a mailbox", "OfficeActivity", "Parameters", SCANNER_PASSWORD),
)
