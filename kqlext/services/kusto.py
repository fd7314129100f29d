"""Azure Data Explorer, Fabric Eventhouse, Synapse, the emulator and `duckdb-kql serve`: v2 queries, v1 management.

Source: "Query/management HTTP request" of the Kusto REST API, and shared/reference/azure-services.md section 1.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

import orjson
from azure.core.credentials import TokenCredential

from kqlext import __version__, syntax
from kqlext.connections.clouds import friendly_name
from kqlext.errors import KqlError
from kqlext.services.addresses import check_address, is_kusto, sign_in_text
from kqlext.services.base import CLIENT_HEADERS, Query, Response, ServiceInfo, search_notes, timespan_notes
from kqlext.services.http import HttpAnswer, HttpClient, HttpStream, json_body
from kqlext.services.kusto_errors import failure, is_missing_database
from kqlext.services.kusto_metadata import MetadataCredential

_GRACE = 30.0  # seconds beyond the server's own limit, for the way there and back
_LIMITS = {"query": 240.0, "mgmt": 600.0}  # the service's defaults, in seconds
_CANCEL_LIMIT = 5.0  # seconds for the service to take a cancellation
_ANY_DATABASE = "NetDefaultDB"  # what clients call the database of commands that are about none
# Frames that can be decoded one by one: the service is asked for them, and a property of the query may ask otherwise.
_STREAMED: Mapping[str, object] = {
    "results_v2_newlines_between_frames": True,
    "results_v2_fragment_primary_tables": True,
    "results_error_reporting_placement": "end_of_table",
}
_HEADERS = {
    **CLIENT_HEADERS,
    "x-ms-version": "2024-12-12",
}


class KustoService:
    """One database of a Kusto cluster, over HTTP."""

    cancels = True
    takes_timespan = False
    takes_parameters = True

    def __init__(
        self, cluster: str, database: str, credential: TokenCredential | None = None, trusted: bool = False
    ) -> None:
        """Open the service; nothing is sent.

        Args:
            cluster: its URL, with the path that some proxies have.
            database: its name, or its pretty name.
            credential: None for anonymous.
            trusted: whether a token may go to any host, as the user said.

        Raises:
            KqlConnectionError: the address is no http(s) URL, or a credential would go to a host that is no
                Kusto service, or over plain http.
        """
        check_address(cluster, credential is not None, "Kusto services", lambda url: trusted or is_kusto(url))
        signing = sign_in_text(credential is not None, trusted)
        self.info = ServiceInfo(friendly_name(cluster), database, f"{cluster}, {signing}", address=cluster)
        self._looked_up = False
        # The scope is what the service's metadata say, once there is something to sign.
        signer = MetadataCredential(credential, cluster) if credential else None
        self._client = HttpClient(cluster, signer, "", f"kqlext/{__version__}")

    def authorize(self) -> None:
        """Have a token."""
        self._client.authorize()

    def execute(self, query: Query) -> Response:
        """Run a query (v2), whose answer is given as it arrives, or a management command (v1): a text with a dot."""
        command = syntax.is_command(query.text)
        try:
            stream = self._open(query, self.info.real_name or self.info.database)
            if stream.status != 200:
                stream = self._again(stream.read(), query)
            body = stream.read().body if command else b""
        except KqlError as error:
            error.request_id = query.client_request_id
            raise
        return Response(
            "kusto_v1" if command else "kusto_v2",
            body,
            pieces=None if command else stream,
            warnings=(*timespan_notes(query, "Kusto"), *search_notes(query, "Kusto")),
            client_request_id=query.client_request_id,
            progress=query.progress,
        )

    def cancel(self, query: Query) -> None:
        """Cancel a query by its client request id."""
        command = Query(f'.cancel query "{query.client_request_id}"', timeout=_CANCEL_LIMIT)
        self._open(command, self.info.real_name or self.info.database).read()

    def check(self) -> Response:
        """Run the smallest query: it needs the server, the right to query, and the database."""
        return self.execute(Query("print kqlext=1", timeout=60))

    def schema(self) -> None:
        """None: management commands tell."""

    def close(self) -> None:
        self._client.close()

    def _again(self, refusal: HttpAnswer, query: Query) -> HttpStream:
        """The answer to a query that was refused, under the database's own name; or the error that the refusal is."""
        if is_missing_database(refusal) and self._find_real_name():
            stream = self._open(query, self.info.real_name)
            if stream.status == 200:
                return stream
            refusal = stream.read()
        raise failure(refusal, query, self.info)

    def _open(self, query: Query, database: str) -> HttpStream:
        command = syntax.is_command(query.text)
        endpoint, path = ("mgmt", "/v1/rest/mgmt") if command else ("query", "/v2/rest/query")
        options = dict(query.properties) if command else {**_STREAMED, **query.properties}
        if query.timeout is not None:
            options["servertimeout"] = _timespan(query.timeout)
        properties: dict[str, object] = {"Options": options}
        if query.parameters:
            properties["Parameters"] = dict(query.parameters)
        body = {"db": database, "csl": query.text, "properties": properties}
        headers = {**_HEADERS, "x-ms-client-request-id": query.client_request_id}
        repeatable = not command or bool(re.match(r"\s*\.\s*show\b", _without_comments(query.text)))
        wait = query.timeout if query.timeout is not None else _LIMITS[endpoint]
        return self._client.open(path, json_body(body), headers, wait + _GRACE, repeatable, query.progress)

    def _find_real_name(self) -> bool:
        """Look once whether the database's name is a pretty one, as in Fabric; whether that gave its own name."""
        if self._looked_up:
            return False
        self._looked_up = True
        answer = self._open(Query(".show databases", timeout=60), _ANY_DATABASE).read()
        real_name = _real_name(answer.body, self.info.database) if answer.status == 200 else ""
        self.info = replace(self.info, real_name=real_name)
        return bool(real_name)


def _real_name(body: bytes, pretty_name: str) -> str:
    """The name of the database with that pretty name in the answer to `.show databases`; none where there is none."""
    try:
        table = orjson.loads(body)["Tables"][0]
        columns = [column["ColumnName"] for column in table["Columns"]]
        own, pretty = columns.index("DatabaseName"), columns.index("PrettyName")
        wanted = pretty_name.casefold()
        return next((str(row[own]) for row in table["Rows"] if str(row[pretty]).casefold() == wanted), "")
    except (orjson.JSONDecodeError, LookupError, TypeError, ValueError):
        return ""  # what is missing is the database: the error about that says more


def _timespan(seconds: float) -> str:
    whole = int(seconds)
    return f"{whole // 3600:02}:{whole // 60 % 60:02}:{whole % 60:02}"


def _without_comments(text: str) -> str:
    return re.sub(r"^\s*(//[^\n]*\n\s*)*", "", text)
