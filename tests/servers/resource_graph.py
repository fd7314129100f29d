"""Azure Resource Graph on loopback, in pages: the KQL runs on DuckDB over a table of made resources, or of workspaces.

It is strict where the service is: a wrong path, method, API version or body, no token, and a `render` are refused.
As the service does, it gives no `$skipToken` where a query has take, limit or sample, or its result no `id`.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from email.message import Message
from typing import Any
from urllib.parse import parse_qs, urlsplit

from . import loopback
from .certificates import CertificateAuthority
from .engine import RefusedError, engine
from .graph import json_answer, read_json
from .kusto_frames import TableSpec
from .loopback import Answer, LoopbackServer, html

RESOURCES = "/providers/Microsoft.ResourceGraph/resources"
API_VERSIONS = ("2021-03-01", "2022-10-01", "2024-04-01")
MOST_ROWS = 1_000
COUNT = 2_345
"""How many resources there are."""

_TYPES = {
    "string": "string",
    "long": "integer",
    "int": "integer",
    "real": "number",
    "bool": "boolean",
    "dynamic": "object",
}
_TABLE = f"""
    CREATE TABLE Resources AS SELECT
        '/subscriptions/s/resourceGroups/g' || n % 7 || '/providers/Microsoft.Compute/disks/disk' || n AS id,
        'disk' || n AS name,
        n AS size,
        n / 4 AS share,
        n % 2 = 0 AS encrypted,
        CASE WHEN n % 3 = 0 THEN NULL ELSE json_object('owner', 'team' || n % 5, 'numbers', json_array(n, NULL)) END
            AS tags,
        CASE WHEN n % 10 = 0 THEN NULL ELSE 'westeurope' END AS location
    FROM range({COUNT}) AS numbers(n)
"""
_TYPE = "microsoft.operationalinsights/workspaces"


@dataclass(frozen=True)
class Workspace:
    """A Log Analytics workspace, as the service knows it."""

    name: str
    workspace_id: str
    group: str = "soc"
    subscription: str = "sub-1"

    def row(self, kind: str) -> tuple[str, ...]:
        """The row of this workspace, or of a resource of another type with its name."""
        identity = f"/subscriptions/{self.subscription}/resourceGroups/{self.group}/providers/{kind}/{self.name}"
        properties = json.dumps({"customerId": self.workspace_id, "sku": {"name": "PerGB2018"}})
        return (identity, self.name, kind, self.subscription, self.group, properties)


def _table_of(workspaces: Sequence[Workspace]) -> str:
    """The table with these workspaces, each beside a solution that is called as it is."""
    rows = [workspace.row(kind) for workspace in workspaces for kind in (_TYPE, "microsoft.operationsmanagement/x")]
    values = ", ".join("(" + ", ".join(f"'{cell}'" for cell in row) + ")" for row in rows)
    return (
        "CREATE TABLE Resources AS SELECT * REPLACE (properties::JSON AS properties) "
        f"FROM (VALUES {values}) AS t(id, name, type, subscriptionId, resourceGroup, properties)"
    )


_NO_PAGES = re.compile(r"\b(take|limit|sample)\b")


@dataclass(frozen=True)
class Request(loopback.Request):
    """What a client sent, and the version of the API that it asked for."""

    version: str


class ResourceGraphServer(LoopbackServer[Request]):
    """One tenant's Resource Graph. `anonymous` lets requests in that have no token."""

    def __init__(
        self,
        tls: bool | CertificateAuthority = True,
        anonymous: bool = False,
        workspaces: Sequence[Workspace] = (),
    ) -> None:
        self._table = _table_of(workspaces) if workspaces else _TABLE
        self._anonymous = anonymous
        self.headers: dict[str, str] = {"x-ms-user-quota-remaining": "14", "x-ms-user-quota-resets-after": "00:00:05"}
        super().__init__(tls)

    def read(self, method: str, target: str, headers: Message, content: bytes, connection: int) -> Request:
        address = urlsplit(target)
        version = parse_qs(address.query).get("api-version", [""])[0]
        return Request(method, address.path, headers, read_json(content), connection, version)

    def text_of(self, request: Request) -> str | None:
        return request.body.get("query") if isinstance(request.body, dict) else None

    def refusal(self, request: Request) -> Answer | None:
        signed = self._anonymous or request.headers.get("Authorization", "").startswith("Bearer ")
        checks = (
            (request.path != RESOURCES, html(404, "Not Found")),
            (request.method != "POST", html(405, "Method Not Allowed")),
            (
                request.version not in API_VERSIONS,
                management_error(400, "InvalidApiVersionParameter", f"No version {request.version}."),
            ),
            (not signed, management_error(401, "AuthenticationFailed", "Authentication failed. No token was sent.")),
            (not isinstance(self.text_of(request), str), management_error(400, "BadRequest", "No query.")),
        )
        return next((answer for failed, answer in checks if failed), None)

    def reply(self, request: Request) -> Answer:
        text, options = request.body["query"], request.body.get("options") or {}
        if "render " in text:
            return query_refused(RefusedError("InvalidQueryLanguage", "InvalidQueryLanguage", token="render"))
        try:
            table = engine(self._table).run(text)
        except RefusedError as refused:
            return query_refused(refused)
        most = min(options.get("$top") or MOST_ROWS, MOST_ROWS)
        return json_answer(_page(table, text, most, options), headers=self.headers)


def _page(table: TableSpec, text: str, most: int, options: dict[str, Any]) -> dict[str, Any]:
    token = options.get("$skipToken")
    start = int(base64.b64decode(token)) if token else 0
    piece = table.rows[start : start + most]
    more = start + len(piece) < len(table.rows)
    pages = more and not _NO_PAGES.search(text) and "id" in [name for name, _ in table.columns]
    names = [name for name, _ in table.columns]
    as_table = options.get("resultFormat") == "table"
    columns = [{"name": name, "type": _TYPES.get(kind, "string")} for name, kind in table.columns]
    return {
        "totalRecords": len(table.rows),
        "count": len(piece),
        "resultTruncated": "true" if more and not pages else "false",
        **({"$skipToken": base64.b64encode(str(start + most).encode()).decode()} if pages else {}),
        "data": {"columns": columns, "rows": piece}
        if as_table
        else [dict(zip(names, row, strict=True)) for row in piece],
        "facets": [],
    }


def management_error(status: int, code: str, message: str, *details: dict[str, Any], **headers: str) -> Answer:
    """An error as Azure Resource Manager writes it."""
    entry = {"code": code, "message": message, **({"details": list(details)} if details else {})}
    return json_answer({"error": entry}, status, {name.replace("_", "-"): value for name, value in headers.items()})


def query_refused(refused: RefusedError) -> Answer:
    """400 for a query with a mistake: the details have the place, columns from 0, and -1 where it is not known."""
    general = (
        "Query is invalid. Please refer to the documentation for the Azure Resource Graph service and fix the error "
        "before retrying."
    )
    place = {"line": refused.line, "characterPositionInLine": refused.column, "token": refused.token}
    syntax = refused.code != "SEM0100"
    code = {"SYN0002": "ParserFailure", "SEM0100": "Default"}.get(refused.code, refused.code)
    detail = {"code": code, "message": code, **place} if syntax else {"code": code, "message": refused.message}
    support = "Please provide below info when asking for support: timestamp = 2024-12-04T14:16:57Z, correlationId = c."
    return management_error(400, "BadRequest", support, {"code": "InvalidQuery", "message": general}, detail)


def forbidden() -> Answer:
    message = "The client does not have authorization to perform action 'Microsoft.ResourceGraph/resources/read'."
    return management_error(403, "AuthorizationFailed", message)


def throttled(retry_after: int = 0) -> Answer:
    return management_error(
        429, "RateLimiting", "Please provide below info when asking for support.", Retry_After=str(retry_after)
    )
