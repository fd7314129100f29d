"""Azure Monitor's query API on loopback: Log Analytics, Application Insights and resources. It runs the KQL.

    with MonitorServer(tls=True) as server:
        server.on("SigninLogs", throttled(), tables(SPEC))   # scripted; all else is run on the sample tables
        ... a client queries server.url for WORKSPACE ...
        assert server.requests[0].prefer == {"wait": "60", "include-statistics": "true"}

It is strict where the API is: a wrong path, method, id or body, a token or key that it does not know. Statistics and
`render` come to those who ask for them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from email.message import Message
from typing import Any
from urllib.parse import parse_qs, unquote

from kqlext import samples

from . import loopback
from .certificates import CertificateAuthority
from .engine import RefusedError, engine, render, with_texts
from .kusto_frames import JsonObject
from .loopback import Answer, LoopbackServer, html, redirect
from .monitor_tables import NO_RENDER, STATISTICS, error, metadata, query_refused, tables, with_dynamic_texts

__all__ = ["Answer", "MonitorServer", "Request", "redirect"]

WORKSPACE = "11111111-2222-3333-4444-555555555555"
OTHER_WORKSPACE = "a1111111-2222-3333-4444-555555555555"
THIRD_WORKSPACE = "b1111111-2222-3333-4444-555555555555"
APP = "66666666-7777-8888-9999-000000000000"
RESOURCE = "/subscriptions/0000/resourceGroups/rg (1)/providers/Microsoft.Compute/virtualMachines/web1"
IDS = {"workspaces": (WORKSPACE, OTHER_WORKSPACE, THIRD_WORKSPACE, "DEMO_WORKSPACE"), "apps": (APP, "DEMO_APP")}
DEMO_KEY = "DEMO_KEY"

_OF_IDS = re.compile(r"/v1/(workspaces|apps)/([^/]+)/(query|search|metadata)")
_OF_RESOURCES = re.compile(r"/v1/(subscriptions/.+)/(query)")
_TIMESPAN = re.compile(r"(P[\dDTHMS.]+|\d{4}-[^/]+)(/(P[\dDTHMS.]+|\d{4}-[^/]+))?")


@dataclass(frozen=True)
class Request(loopback.Request):
    """What a client sent: `action` is query, search or metadata of `source`, or empty on an unknown path."""

    collection: str  # workspaces, apps or subscriptions
    source: str
    action: str
    parameters: Mapping[str, str]

    @property
    def query(self) -> str:
        return str(self.body.get("query", "")) if isinstance(self.body, dict) else ""

    @property
    def prefer(self) -> dict[str, str]:
        parts = (part.partition("=") for part in self.headers.get("Prefer", "").split(",") if part.strip())
        return {name.strip(): value.strip() for name, _, value in parts}


class MonitorServer(LoopbackServer[Request]):
    """One loopback Azure Monitor; see `LoopbackServer`.

    `tokens` and `keys` are those that it lets in; without any it lets in everybody. The demonstration data always
    want their key.
    """

    def __init__(self, tls: bool | CertificateAuthority = False) -> None:
        self.tokens: set[str] = set()
        self.keys: set[str] = set()
        super().__init__(tls)

    def read(self, method: str, target: str, headers: Message, content: bytes, connection: int) -> Request:
        path, _, parameters = target.partition("?")
        match = _OF_IDS.fullmatch(path)
        resource = _OF_RESOURCES.fullmatch(path)
        collection, source, action = match.groups() if match else ("", "", "")
        if resource:
            collection, source, action = "subscriptions", "/" + unquote(resource[1]), resource[2]
        return Request(
            method=method,
            path=path,
            headers=headers,
            body=_decoded(content),
            connection=connection,
            collection=collection,
            source=source,
            action=action,
            parameters={name: values[-1] for name, values in parse_qs(parameters).items()},
        )

    def refusal(self, request: Request) -> Answer | None:
        known = request.collection == "subscriptions" or request.source in IDS.get(request.collection, ())
        allowed = ("GET", "POST") if request.action == "metadata" else ("POST",)
        posted = request.action in ("query", "search")
        problem = _problem(request) if posted else ""
        checks = (
            (not request.action, _error(404, "PathNotFoundError", "The requested path does not exist")),
            (request.method not in allowed, html(405, "Method Not Allowed")),
            (not self._lets_in(request), _not_let_in(request)),
            (not known, _error(404, "ResourceNotFoundError", "The resource could not be found")),
            # As the service does, which then has read nothing.
            (posted and "application/json" not in request.headers.get("Content-Type", ""), Answer(b"")),
            (problem, _error(400, "BadArgumentError", problem)),
        )
        return next((answer for failed, answer in checks if failed), None)

    def reply(self, request: Request) -> Answer:
        if request.action == "metadata":
            return Answer(metadata(samples.TABLES))
        body: JsonObject = request.body
        try:
            table = with_dynamic_texts(with_texts(engine().run(request.query, body.get("timespan"))))
        except RefusedError as refused:
            return Answer(query_refused(refused), 400)
        wanted = {name for name, value in request.prefer.items() if value == "true"}
        statistics = STATISTICS if "include-statistics" in wanted else None
        rendered = (render(request.query) or NO_RENDER) if "include-render" in wanted else None
        return Answer(tables(table, statistics=statistics, render=rendered))

    def text_of(self, request: Request) -> str | None:
        return request.query if request.method == "POST" else None

    def _lets_in(self, request: Request) -> bool:
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        key = request.headers.get("x-api-key", "")
        if request.source.startswith("DEMO_"):
            return key == DEMO_KEY
        return not (self.tokens or self.keys) or token in self.tokens or key in self.keys


def _decoded(content: bytes) -> Any:
    try:
        return json.loads(content)
    except ValueError:
        return None


def _problem(request: Request) -> str:
    """What is wrong with the body of a query, or nothing."""
    body = request.body
    if not isinstance(body, dict) or not isinstance(body.get("query"), str):
        return "The request had some invalid properties: query"
    spans = [body.get("timespan"), request.parameters.get("timespan")]
    if any(span is not None and not _TIMESPAN.fullmatch(str(span)) for span in spans):
        return "The request had some invalid properties: timespan"
    if request.action == "search" and (spans[1] is None or request.collection != "workspaces"):
        return "A search needs a timespan"
    # The SDK sends null where it has none.
    lists = [body.get(name) or [] for name in ("workspaces", "applications")]
    if not all(isinstance(items, list) and all(isinstance(item, str) for item in items) for items in lists):
        return "The request had some invalid properties: workspaces"
    return ""


def _not_let_in(request: Request) -> Answer:
    if request.headers.get("x-api-key"):
        return _error(403, "InvalidApiKeyError", "The API key is not valid")
    if request.headers.get("Authorization"):
        return insufficient_access()
    return unauthorized()


def _error(status: int, code: str, message: str, headers: Mapping[str, str] | None = None) -> Answer:
    return Answer(error(code, message), status, headers or {})


def unauthorized() -> Answer:
    message = "Valid authentication was not provided"
    return _error(401, "AuthorizationRequiredError", message, {"WWW-Authenticate": "Bearer"})


def insufficient_access() -> Answer:
    return _error(403, "InsufficientAccessError", "The provided credentials have insufficient access")


def wrong_audience() -> Answer:
    return _error(403, "InvalidAuthenticationTokenAudience", "The access token is of another audience")


def throttled(retry_after: int | None = 1) -> Answer:
    headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
    return _error(429, "ThrottledError", "Maximum requests count 200 within 30 seconds was exceeded", headers)


def unavailable() -> Answer:
    return _error(503, "ServiceUnavailable", "The service is unavailable", {"Retry-After": "0"})


def gateway_timeout() -> Answer:
    return _error(504, "GatewayTimeout", "The query was not done within the time that it was given")


def internal_error() -> Answer:
    return _error(500, "InternalServerError", "Something went wrong")


def no_content() -> Answer:
    """204: the workspace has no data yet."""
    return Answer(b"", 204)
