"""The little of JSON Web Tokens that the token endpoint needs: to write one, and to check an application's."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Mapping
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509 import load_pem_x509_certificate


def encode(part: Mapping[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=")


def decode(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def is_signed(assertion: str, certificate: bytes, identity: str, audience: str) -> bool:
    """Whether a client assertion is about this application, for this endpoint, and signed by its certificate."""
    head, claims, signature = assertion.split(".")
    algorithm = json.loads(decode(head))["alg"]
    said = json.loads(decode(claims))
    key = load_pem_x509_certificate(certificate).public_key()
    assert isinstance(key, rsa.RSAPublicKey)
    digest = hashes.SHA256()
    scheme = padding.PKCS1v15() if algorithm == "RS256" else padding.PSS(padding.MGF1(digest), digest.digest_size)
    try:
        key.verify(decode(signature), f"{head}.{claims}".encode(), scheme, digest)
    except InvalidSignature:
        return False
    return bool(said["iss"] == said["sub"] == identity and said["aud"] == audience and said["exp"] > time.time())
