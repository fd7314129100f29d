"""For what a Kusto service wants its tokens: what its cloud metadata say, asked once and never with a token.

Source: ``GET {host}/v1/rest/auth/metadata``, as azure-kusto-data reads it; shared/reference/azure-services.md 1.7.
"""

from __future__ import annotations

import threading
from typing import Any
from urllib.parse import urlsplit

import orjson
from azure.core.credentials import AccessToken, TokenCredential

from kqlext import __version__
from kqlext.connections.clouds import cloud_of
from kqlext.errors import KqlAuthenticationError, KqlResponseError, KqlServiceError
from kqlext.services.addresses import is_kusto
from kqlext.services.http import HttpClient

_PATH = "/v1/rest/auth/metadata"
_WAIT = 30.0  # seconds for the metadata, which no query has to wait for but the first
# Services that have no metadata, and the application that their tokens are for.
_WITHOUT_METADATA = {"api.securityplatform.microsoft.com": "4500ebfb-89b6-4b14-a480-7f749797bfcd"}


class MetadataCredential:
    """A credential whose tokens are for what the service's metadata name."""

    def __init__(self, credential: TokenCredential, cluster: str) -> None:
        self._credential = credential
        self._cluster = cluster
        self._scope: str | None = None
        self._lock = threading.Lock()

    def get_token(self, *_: str, **options: Any) -> AccessToken:
        """A token of the credential, for the service's own resource.

        Raises:
            KqlError: the metadata cannot be read, or name a resource that is not Kusto's.
        """
        return self._credential.get_token(self._own_scope(), **options)

    def authorize(self, *_: str) -> None:
        """Have a token for the next request. Raises as ``get_token`` does."""
        getattr(self._credential, "authorize", self._credential.get_token)(self._own_scope())

    def _own_scope(self) -> str:
        with self._lock:
            if self._scope is None:
                self._scope = f"{resource_of(self._cluster)}/.default"
        return self._scope

    def renew(self) -> None:
        """The service refused the token: a credential that can get another is told so."""
        renew = getattr(self._credential, "renew", None)
        if renew is not None:
            renew()


def resource_of(cluster: str) -> str:
    """The resource for which a cluster wants its tokens.

    Raises:
        KqlNetworkError, KqlServiceError, KqlResponseError: the metadata cannot be read.
        KqlAuthenticationError: they name a resource that is not Kusto's: who has a token for that could use it
            elsewhere.
    """
    address = urlsplit(cluster)
    client = HttpClient(f"{address.scheme}://{address.netloc}", None, "", f"kqlext/{__version__}")
    try:
        answer = client.get(_PATH, {"Accept": "application/json"}, _WAIT)
    finally:
        client.close()
    if answer.status == 404:
        return default_resource(cluster)
    if answer.status != 200:
        raise KqlServiceError(f"{address.hostname} answers {answer.status} when asked how to sign in.")
    resource = _resource(answer.body)
    if not is_kusto(resource):
        raise KqlAuthenticationError(
            f"{address.hostname} wants a token for {resource}, which is no Kusto service: none is sent.",
            hint="check the cluster's address",
        )
    return resource


def default_resource(cluster: str) -> str:
    """The resource of a service that has no metadata."""
    host = urlsplit(cluster).hostname or ""
    known = (resource for name, resource in _WITHOUT_METADATA.items() if host == name or host.endswith(f".{name}"))
    return next(known, f"https://kusto.kusto{cloud_of(cluster).suffix}")


def _resource(body: bytes) -> str:
    try:
        settings = orjson.loads(body)["AzureAD"]
        resource = str(settings["KustoServiceResourceId"]).rstrip("/")
        return resource.replace(".kusto.", ".kustomfa.") if settings.get("LoginMfaRequired") else resource
    except (orjson.JSONDecodeError, AttributeError, LookupError, TypeError):
        raise KqlResponseError("The cluster does not say how to sign in: its cloud metadata are malformed.") from None
