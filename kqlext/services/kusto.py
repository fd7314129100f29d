"""Azure Data Explorer, Fabric Eventhouse, Synapse, the emulator and `duckdb-kql serve`: v2 queries, v1 management.

Source: "Query/management HTTP request" of the Kusto REST API, and shared/reference/azure-services.md section 1.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from azure.core.credentials import TokenCredential

from kqlext import __version__, syntax
from kqlext.connections.clouds import cloud_of, friendly_name, is_loopback
from kqlext.errors import KqlConnectionError, KqlError
from kqlext.services.base import Query, Response, ServiceInfo, search_notes, timespan_notes
from kqlext.services.http import HttpClient, json_body
from kqlext.services.kusto_errors import failure

_GRACE = 30.0  # seconds beyond the server's own limit, for the way there and back
_LIMITS = {"query": 240.0, "mgmt": 600.0}  # the service's defaults, in seconds
_HEADERS = {
    "Accept": "application/json",
    "Content-Type": "application/json; charset=utf-8",
    "x-ms-app": "kqlext",
    "x-ms-client-version": f"kqlext/{__version__}",
    "x-ms-version": "2024-12-12",
}


class KustoService:
    """One database of a Kusto cluster, over HTTP."""

    def __init__(self, cluster: str, database: str, credential: TokenCredential | None = None) -> None:
        """Args: cluster: its URL. database: its name. credential: None for anonymous.

        Raises:
            KqlConnectionError: the address is no http(s) URL, or a credential would go to a host that is no
                Kusto service, or over plain http.
        """
        _check_address(cluster, credential)
        signed_in = "signed in" if credential else "anonymous"
        self.info = ServiceInfo(friendly_name(cluster), database, f"{cluster}, {signed_in}")
        scope = f"https://{urlsplit(cluster).hostname}/.default"
        self._client = HttpClient(cluster, credential, scope, f"kqlext/{__version__}")

    def execute(self, query: Query) -> Response:
        """Run a query (v2) or, where the text begins with a dot, a management command (v1)."""
        command = syntax.is_command(query.text)
        endpoint, path = ("mgmt", "/v1/rest/mgmt") if command else ("query", "/v2/rest/query")
        options = dict(query.properties)
        if query.timeout is not None:
            options["servertimeout"] = _timespan(query.timeout)
        body = {"db": self.info.database, "csl": query.text, "properties": {"Options": options}}
        headers = {**_HEADERS, "x-ms-client-request-id": query.client_request_id}
        repeatable = not command or bool(re.match(r"\s*\.\s*show\b", _without_comments(query.text)))
        wait = query.timeout if query.timeout is not None else _LIMITS[endpoint]
        try:
            answer = self._client.post(path, json_body(body), headers, wait + _GRACE, repeatable)
            if answer.status != 200:
                raise failure(answer, query, self.info)
        except KqlError as error:
            error.request_id = query.client_request_id
            raise
        return Response(
            "kusto_v1" if command else "kusto_v2",
            answer.body,
            warnings=(*timespan_notes(query, "Kusto"), *search_notes(query, "Kusto")),
            client_request_id=query.client_request_id,
        )

    def check(self) -> Response:
        """Run the smallest query: it needs the server, the right to query, and the database."""
        return self.execute(Query("print kqlext=1", timeout=60))

    def catalogue(self) -> None:
        """None: management commands tell."""

    def close(self) -> None:
        self._client.close()


def _check_address(cluster: str, credential: TokenCredential | None) -> None:
    address = urlsplit(cluster)
    if address.scheme not in ("http", "https") or not address.hostname:
        raise KqlConnectionError(
            f"{cluster!r} is no address of a cluster.",
            hint="write a name like help, or https://help.kusto.windows.net",
        )
    if address.username is not None or address.password is not None:
        raise KqlConnectionError(
            "The cluster's address holds a user or a password.", hint="leave out what stands before the @"
        )
    if credential is None or is_loopback(cluster):
        return
    if address.scheme != "https":
        raise KqlConnectionError(
            f"{cluster} is not https: a sign-in token would go over the network in the clear.",
            hint="use https, or the key anonymous for a service without sign-in",
        )
    _check_trusted(cluster)


def _check_trusted(cluster: str) -> None:
    """A token for Kusto goes only to the hosts that Microsoft lists as Kusto services."""
    from azure.kusto.data.exceptions import KustoClientInvalidConnectionStringException
    from azure.kusto.data.kusto_trusted_endpoints import well_known_kusto_endpoints

    try:
        well_known_kusto_endpoints.validate_trusted_endpoint(cluster, cloud_of(cluster).login)
    except KustoClientInvalidConnectionStringException:
        raise KqlConnectionError(
            f"{urlsplit(cluster).hostname} is not among the hosts of Kusto services: no token is sent to it.",
            hint="check the cluster's name; for a service of your own without sign-in add the key anonymous",
        ) from None


def _timespan(seconds: float) -> str:
    whole = int(seconds)
    return f"{whole // 3600:02}:{whole // 60 % 60:02}:{whole % 60:02}"


def _without_comments(text: str) -> str:
    return re.sub(r"^\s*(//[^\n]*\n\s*)*", "", text)
