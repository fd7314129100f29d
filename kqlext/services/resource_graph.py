"""Azure Resource Graph: a subset of KQL over the resources of subscriptions, management groups or a tenant.

Sources: "Resources" of the Resource Graph REST reference, "Guidance for throttled requests in Azure Resource
Graph", "Working with large Azure resource data sets", shared/reference/azure-services.md section 4. The service
has no `render`: one that ends a query is taken off before the query is sent, and given as the visualization.
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from azure.core.credentials import TokenCredential

from kqlext import __version__, syntax
from kqlext.errors import KqlError, KqlResponseError, KqlServiceError, KqlUnsupportedError
from kqlext.render_clause import split_render
from kqlext.schemas.model import DatabaseSchema, TableSchema
from kqlext.schemas.names import RESOURCE_GRAPH_TABLES
from kqlext.services.addresses import check_address, is_management, sign_in_text
from kqlext.services.base import (
    CLIENT_HEADERS,
    Query,
    Response,
    ServiceInfo,
    ignored_properties,
    search_notes,
    timespan_notes,
)
from kqlext.services.graph_errors import Failures, failure, throttled
from kqlext.services.http import LONGEST_PAUSE, HttpAnswer, HttpClient, json_body

_PATH = "/providers/Microsoft.ResourceGraph/resources?api-version=2022-10-01"
_PAGE_ROWS = 1_000  # the most that the service gives at once
_WAIT = 120.0  # seconds without a byte after which a page is given up
_PERMISSION = "this needs the role Reader on the subscriptions, or on one resource in them"
_QUOTA = "a user has 15 queries in 5 seconds, and each page of a result is one"


@dataclass(frozen=True)
class Scope:
    """What is asked: subscriptions, management groups, or with neither the whole tenant."""

    subscriptions: tuple[str, ...] = ()
    management_groups: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """A short name of it: the first of its members, and how many follow."""
        members = (*self.subscriptions, *self.management_groups)
        more = f"+{len(members) - 1}" if len(members) > 1 else ""
        return f"{members[0]}{more}" if members else "tenant"

    def body(self) -> dict[str, list[str]]:
        """The part of a request that says it."""
        named = {"subscriptions": list(self.subscriptions), "managementGroups": list(self.management_groups)}
        return {key: members for key, members in named.items() if members}


class ResourceGraphService:
    """The resources of one scope."""

    cancels = False
    takes_timespan = False
    takes_parameters = False

    def __init__(
        self,
        management: str,
        credential: TokenCredential | None,
        resource: str,
        scope: Scope = Scope(),
        trusted: bool = False,
    ) -> None:
        """Open the service; nothing is sent.

        Args:
            management: the address of Azure Resource Manager.
            credential: signs the requests; None for none.
            resource: the address that its tokens are for.
            trusted: whether a token may go to any host, as the user said.

        Raises:
            KqlConnectionError: a token would go to a host that is not Azure Resource Manager, or over plain http.
        """
        check_address(
            management, credential is not None, "Azure Resource Manager", lambda url: trusted or is_management(url)
        )
        signing = sign_in_text(credential is not None, trusted)
        self.info = ServiceInfo("resourcegraph", scope.name, f"{management}, {signing}", address=management)
        self._scope = scope
        self._failures = Failures("Azure Resource Graph", management, _PERMISSION, _QUOTA)
        self._client = HttpClient(management, credential, f"{resource}/.default", f"kqlext/{__version__}")
        self._quota = _Quota()

    def authorize(self) -> None:
        """Have a token."""
        self._client.authorize()

    def execute(self, query: Query) -> Response:
        """Run a query and read its pages to the end."""
        if syntax.is_command(query.text):
            raise KqlUnsupportedError(
                "Azure Resource Graph has no management commands.", hint="write a query: Resources | take 10"
            )
        text, visualization = split_render(query.text)
        try:
            answers = self._pages(text, query)
        except KqlError as error:
            error.request_id = query.client_request_id
            raise
        left_out = _scope_warnings(answers)
        warnings = (
            *ignored_properties(query, "Azure Resource Graph"),
            *search_notes(query, "Azure Resource Graph"),
            *timespan_notes(query, "Azure Resource Graph"),
            *left_out,
        )
        return Response(
            "resource_graph",
            pages=tuple(answer.body for answer in answers),
            visualization=visualization,
            warnings=warnings,
            partial=bool(left_out),
            client_request_id=query.client_request_id,
        )

    def cancel(self, query: Query) -> None:
        """Nothing: the service has no way to stop a query."""

    def check(self) -> Response:
        """Run the smallest query: it needs the service, the right to query, and the scope."""
        return self.execute(Query("Resources | take 1 | project id", timeout=60))

    def schema(self) -> DatabaseSchema:
        """The names of the tables that the service is known for, without columns: it lists none itself."""
        tables = tuple(TableSchema(name, ()) for name in RESOURCE_GRAPH_TABLES)
        return DatabaseSchema(self.info.cluster, self.info.database, tables, ())

    def close(self) -> None:
        self._client.close()

    def _pages(self, text: str, query: Query) -> list[HttpAnswer]:
        """The answers with all pages of a query."""
        ends = None if query.timeout is None else time.monotonic() + query.timeout
        answers: list[HttpAnswer] = []
        tokens: list[str] = []
        while not answers or tokens:
            if ends is not None and time.monotonic() > ends:
                raise KqlServiceError(
                    f"The query was given up after {query.timeout:g} s and {len(answers)} pages.",
                    hint="ask for less, or raise -timeout (seconds)",
                )
            answers.append(self._page(text, query, len(answers) + 1, tokens[-1] if tokens else None))
            following = _skip_token(answers[-1].body)
            if following in tokens:
                raise KqlResponseError(
                    "The service gives the same page again and again.", hint="sort the result by a column, such as id"
                )
            if following is None:
                break
            tokens.append(following)
        return answers

    def _page(self, text: str, query: Query, number: int, skip_token: str | None) -> HttpAnswer:
        options: dict[str, Any] = {"resultFormat": "table", "$top": _PAGE_ROWS, "allowPartialScopes": True}
        if skip_token is not None:
            options["$skipToken"] = skip_token
        body = {**self._scope.body(), "query": text, "options": options}
        identity = query.client_request_id if number == 1 else f"{query.client_request_id};{number}"
        self._quota.wait(self._failures)
        wait = query.timeout if query.timeout is not None else _WAIT
        headers = {**CLIENT_HEADERS, "x-ms-client-request-id": identity}
        answer = self._client.post(_PATH, json_body(body), headers, wait, progress=query.progress)
        self._quota.note(answer.headers)
        if answer.status != 200:
            raise failure(answer, query, self._failures)
        return answer


class _Quota:
    """What the service says about the requests that are left, and when there are new ones."""

    def __init__(self) -> None:
        self._free_at = 0.0

    def note(self, headers: Mapping[str, str]) -> None:
        """Read the headers of an answer: how many requests are left, and after how long (hh:mm:ss) there are more."""
        clock = re.fullmatch(r"(\d+):(\d\d):(\d\d)(?:\.\d+)?", headers.get("x-ms-user-quota-resets-after", ""))
        if headers.get("x-ms-user-quota-remaining") == "0" and clock:
            hours, minutes, seconds = map(int, clock.groups())
            self._free_at = time.monotonic() + (hours * 60 + minutes) * 60 + seconds

    def wait(self, service: Failures) -> None:
        """Wait until there are requests.

        Raises:
            KqlThrottledError: that is longer than a user would sit through.
        """
        pause = self._free_at - time.monotonic()
        if pause > LONGEST_PAUSE:
            raise throttled("The quota of requests is used up.", None, f"{pause:.0f}", service)
        if pause > 0:
            time.sleep(pause)


def _skip_token(body: bytes) -> str | None:
    try:
        page = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None  # for the decoder to say
    token = page.get("$skipToken") if isinstance(page, dict) else None
    return str(token) if token else None


def _scope_warnings(answers: Sequence[HttpAnswer]) -> tuple[str, ...]:
    """What the service says about subscriptions that it left out."""
    if not any(answer.headers.get("x-ms-tenant-subscription-limit-hit", "").lower() == "true" for answer in answers):
        return ()
    return (
        "The result is not complete: there are more subscriptions than the service asks at once (10,000), and it "
        "left some out. Name subscriptions or managementgroups in the connection.",
    )
