"""Log Analytics (which is Microsoft Sentinel) and Application Insights, over the query API of Azure Monitor.

Source: "Azure Monitor Log Analytics API" (overview, request format, prefer options, timeouts, cross-resource
queries, search), and shared/reference/azure-services.md section 2.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from threading import Lock
from typing import Any
from urllib.parse import quote

import orjson
from azure.core.credentials import TokenCredential

from kqlext import __version__
from kqlext.connections.prompts import ask_secret, is_left_open
from kqlext.errors import KqlAuthenticationError, KqlCellError, KqlError, KqlResponseError, KqlUnsupportedError
from kqlext.parameters import iso_timespan
from kqlext.schemas.azure import of_metadata
from kqlext.schemas.model import DatabaseSchema
from kqlext.services.addresses import sign_in_text
from kqlext.services.azure_errors import failure
from kqlext.services.base import Query, Response, ServiceInfo
from kqlext.services.http import HttpAnswer, HttpClient, json_body
from kqlext.services.monitor_targets import Target
from kqlext.services.workspace_names import WorkspaceLookup

_GRACE = 30.0  # seconds beyond the service's own limit, for the way there and back
_LIMIT, _LONGEST = 180.0, 600.0  # seconds: the service's default, and the most that it grants
_HEADERS = {
    "Accept": "application/json",
    # Without it the service answers 200 and nothing.
    "Content-Type": "application/json; charset=utf-8",
    "x-ms-app": "kqlext",
    "x-ms-client-version": f"kqlext/{__version__}",
}
_SEARCHED = "This was a search of tables that are billed for each GB that a query scans; -timespan is what it scans."
_NO_DATA = "The service has no data of this source yet (it answered 204): there is no table."


class ApiKey:
    """A key that is sent in the place of a token; where the connection leaves it open, it is asked for when needed."""

    def __init__(self, written: str) -> None:
        self._written = written
        self._typed = ""
        self._lock = Lock()  # queries that run side by side ask their user once

    def __repr__(self) -> str:
        return "ApiKey()"

    def text(self) -> str:
        """The key.

        Raises:
            KqlAuthenticationError: it is to be typed, and nobody did.
        """
        if not is_left_open("appkey", self._written):
            return self._written
        with self._lock:
            self._typed = self._typed or ask_secret("appkey")
            return self._typed

    def forget(self) -> None:
        """The service refused it: one that was typed is asked for again."""
        self._typed = ""


class MonitorService:
    """One workspace, application or resource of Azure Monitor, over HTTP."""

    cancels = False
    takes_timespan = True
    takes_parameters = False

    def __init__(
        self,
        target: Target,
        credential: TokenCredential | ApiKey | None = None,
        trusted: bool = False,
        lookup: WorkspaceLookup | None = None,
    ) -> None:
        """Open the service; nothing is sent.

        Args:
            target: what is queried, and where.
            credential: None for anonymous.
            trusted: whether a token may go to any host, as the user said.
            lookup: finds the id of a target that is given by name; asked when the service is first used.

        Raises:
            KqlConnectionError: the address is no http(s) URL, or a credential would go to a host that is none of
                the service's, or over plain http.
        """
        key = credential if isinstance(credential, ApiKey) else None
        token = None if isinstance(credential, ApiKey) else credential
        target.check_address(token=token is not None, key=key is not None, trusted=trusted)
        self._signing = "by key" if key else sign_in_text(token is not None, trusted)
        self._lookup = lookup
        self._lock = Lock()  # queries that run side by side look the workspace up once
        self.info = ServiceInfo(
            target.kind.name,
            target.name,
            self._description(target),
            resource=target.resource,
            address=_address(target),
        )
        self._target = target
        self._key = key
        self._client = HttpClient(target.endpoint, token, target.scope, f"kqlext/{__version__}")

    def authorize(self) -> None:
        """Have a token, or the key; and a token for the lookup of a name that is still to come."""
        if self._key is not None:
            self._key.text()
        self._client.authorize()
        if self._target.is_name and self._lookup is not None:
            self._lookup.authorize()

    def execute(self, query: Query) -> Response:
        """Run a query, or with ``Query.search`` search tables of the basic and auxiliary plans."""
        target = self._found()
        try:
            body, notes = self._body(query)
            path = target.path + (self._search(body) if query.search else "/query")
            headers = {**self._headers(query.client_request_id), "Prefer": _prefer(query.timeout)}
            wait = query.timeout if query.timeout is not None else _LIMIT
            answer = self._client.post(path, json_body(body), headers, wait + _GRACE, progress=query.progress)
            if answer.status not in (200, 204):
                raise self._failure(answer, query)
        except KqlError as error:
            error.request_id = query.client_request_id
            raise
        empty = answer.status == 204
        said = [*notes, *([_SEARCHED] if query.search else []), *([_NO_DATA] if empty else [])]
        return Response(
            "azure_tables",
            b'{"tables":[]}' if empty else answer.body,
            warnings=tuple(said),
            client_request_id=query.client_request_id,
        )

    def cancel(self, query: Query) -> None:
        """Nothing: the service has no way to stop a query."""

    def check(self) -> Response:
        """Run the smallest query: it needs the service, the right to query, and the workspace or application."""
        return self.execute(Query("print kqlext=1", timeout=60))

    def schema(self) -> DatabaseSchema:
        """Tables and functions, from the service's metadata.

        Raises:
            KqlUnsupportedError: the connection is of one resource, of which there are none.
        """
        if self._target.is_resource:
            raise KqlUnsupportedError(
                f"{self.info.database} is one resource: the service lists tables of whole workspaces only.",
                hint="connect to the workspace by its id, or run search * | distinct $table",
            )
        target, query = self._found(), Query("")
        try:
            answer = self._client.get(f"{target.path}/metadata", self._headers(query.client_request_id), _LIMIT)
            if answer.status not in (200, 204):
                raise self._failure(answer, query)
            tables, functions = of_metadata(_document(answer))
            return DatabaseSchema(self.info.cluster, self.info.database, tables, functions)
        except KqlError as error:
            error.request_id = query.client_request_id
            raise

    def close(self) -> None:
        self._client.close()
        if self._lookup is not None:
            self._lookup.close()

    def _found(self) -> Target:
        """The target, after its workspace's name has been looked up where it is given by name."""
        with self._lock:
            if self._target.is_name and self._lookup is not None:
                self._target = self._target.with_workspace_id(*self._lookup.workspace())
                self.info = replace(
                    self.info,
                    description=self._description(self._target),
                    resource=self._target.resource,
                    address=_address(self._target),
                )
            return self._target

    def _description(self, target: Target) -> str:
        if self._lookup is None:
            return f"{target.endpoint}{target.path}, {self._signing}"
        state = "is looked up when it is first used" if target.is_name else "was looked up"
        return f"{target.endpoint}{target.path}, {self._signing}; the name {target.name} {state}"

    def _failure(self, answer: HttpAnswer, query: Query) -> KqlError:
        error = failure(answer, query, self._target.kind.source)
        if self._key is not None and isinstance(error, KqlAuthenticationError):
            self._key.forget()
        return error

    def _headers(self, client_request_id: str) -> dict[str, str]:
        key = {"x-api-key": self._key.text()} if self._key else {}
        return {**_HEADERS, **key, "x-ms-client-request-id": client_request_id}

    def _body(self, query: Query) -> tuple[dict[str, object], list[str]]:
        """The body of a request, and what is to be said of properties that it cannot hold."""
        others = self._target.kind.others
        body: dict[str, object] = {"query": query.text}
        notes = []
        timespan = _timespan(query)
        if timespan is not None:
            body["timespan"] = timespan
        for name, value in query.properties.items():
            if name == others:
                body[others] = _texts(name, value)
            elif name != "timespan":
                known = f"+{others} and +timespan"
                notes.append(f"+{name} did nothing: {self._target.kind.source.title} knows {known}.")
        return body, notes

    def _search(self, body: Mapping[str, object]) -> str:
        """The path of a search, which takes its time range in the address and needs one."""
        if self._target.is_resource or self._target.kind.key != "workspace":
            raise KqlCellError("-search works on a Log Analytics workspace, named by its id.", hint="leave -search out")
        if "timespan" not in body:
            raise KqlCellError(
                "-search needs -timespan: every GB of that time is scanned and billed.",
                hint="write for example -timespan PT6H",
            )
        return f"/search?timespan={quote(str(body['timespan']), safe='')}"


def _prefer(timeout: float | None) -> str:
    """What the answer shall hold, and how long the service may take: it knows whole seconds."""
    if timeout is not None and timeout > _LONGEST:
        raise KqlCellError(
            f"-timeout {timeout:g} is too long: the service takes {_LONGEST:.0f} s at most.",
            hint=f"write -timeout {_LONGEST:.0f}, or ask for less at a time",
        )
    wait = [] if timeout is None else [f"wait={math.ceil(timeout)}"]
    return ",".join([*wait, "include-statistics=true", "include-render=true"])


def _timespan(query: Query) -> str | None:
    written = query.properties.get("timespan")
    if written is None:
        return query.timespan
    if query.timespan is not None:
        raise KqlCellError("The time range is given twice.", hint="keep -timespan, remove +timespan")
    return iso_timespan(written)


def _texts(name: str, value: object) -> list[str]:
    """The values of a property that lists workspaces or applications; one text is a list of one."""
    values = [value] if isinstance(value, str) else value
    if not isinstance(values, (list, tuple)) or not all(isinstance(item, str) and item for item in values):
        raise KqlCellError(
            f"+{name} is no list of texts.", hint=f'write +{name}=["id", "id"], with ids, names or resource ids'
        )
    return list(values)


def _document(answer: HttpAnswer) -> Any:
    if answer.status == 204:
        return {"tables": []}
    try:
        return orjson.loads(answer.body)
    except orjson.JSONDecodeError as error:
        raise KqlResponseError(f"The metadata of the service are malformed: {type(error).__name__} {error}.") from None


def _address(target: Target) -> str:
    return f"{target.endpoint}{target.path or f'/{target.name}'}"
