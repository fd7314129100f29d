"""Advanced hunting of Microsoft Defender, through Microsoft Graph's ``runHuntingQuery``.

Source: "security: runHuntingQuery" of the Graph reference, shared/reference/azure-services.md section 4. The
service has no `render`: one that ends a query is taken off before the query is sent, and what it asks for is
given as the answer's visualization.
"""

from __future__ import annotations

from azure.core.credentials import TokenCredential

from kqlext import __version__, syntax
from kqlext.errors import KqlError, KqlUnsupportedError
from kqlext.render_clause import split_render
from kqlext.schemas.model import DatabaseSchema, TableSchema
from kqlext.schemas.names import HUNTING_TABLES
from kqlext.services.addresses import check_address, is_graph, sign_in_text
from kqlext.services.base import CLIENT_HEADERS, Query, Response, ServiceInfo, ignored_properties, search_notes
from kqlext.services.graph_errors import Failures, failure
from kqlext.services.http import HttpClient, json_body

_PATH = "/v1.0/security/runHuntingQuery"
_LIMIT = 200.0  # seconds after which the service gives a query up
_GRACE = 30.0  # seconds beyond that, for the way there and back
_PERMISSION = "this needs the permission ThreatHunting.Read.All, and a role in Defender that may read the data"
_QUOTA = "a tenant has at least 45 calls a minute, and CPU minutes for each quarter of an hour: ask for less at a time"


class DefenderService:
    """The hunting tables of one tenant."""

    cancels = False
    takes_timespan = True
    takes_parameters = False

    def __init__(
        self, graph: str, credential: TokenCredential | None, resource: str, name: str = "", trusted: bool = False
    ) -> None:
        """Open the service; nothing is sent.

        Args:
            graph: the address of Microsoft Graph.
            credential: signs the requests; None for none.
            resource: the address that its tokens are for.
            name: of the tenant, where one is named.
            trusted: whether a token may go to any host, as the user said.

        Raises:
            KqlConnectionError: a token would go to a host that is not Microsoft Graph, or over plain http.
        """
        check_address(graph, credential is not None, "Microsoft Graph", lambda url: trusted or is_graph(url))
        signing = sign_in_text(credential is not None, trusted)
        self.info = ServiceInfo("defender", name or "hunting", f"{graph}, {signing}", address=f"{graph}/{name}")
        self._failures = Failures("advanced hunting", graph, _PERMISSION, _QUOTA)
        self._client = HttpClient(graph, credential, f"{resource}/.default", f"kqlext/{__version__}")

    def authorize(self) -> None:
        """Have a token."""
        self._client.authorize()

    def execute(self, query: Query) -> Response:
        """Run a query over the last 30 days, or over its timespan."""
        if syntax.is_command(query.text):
            raise KqlUnsupportedError(
                "Advanced hunting has no management commands.",
                hint="write a query: DeviceProcessEvents | take 10",
            )
        text, visualization = split_render(query.text)
        body = {"Query": text} | ({"Timespan": query.timespan} if query.timespan else {})
        # Graph's own name for the id, and the one of all other services.
        headers = {
            **CLIENT_HEADERS,
            **dict.fromkeys(("client-request-id", "x-ms-client-request-id"), query.client_request_id),
        }
        try:
            wait = query.timeout if query.timeout is not None else _LIMIT + _GRACE
            answer = self._client.post(_PATH, json_body(body), headers, wait, progress=query.progress)
            if answer.status != 200:
                raise failure(answer, query, self._failures)
        except KqlError as error:
            error.request_id = query.client_request_id
            raise
        return Response(
            "hunting",
            answer.body,
            visualization=visualization,
            warnings=(*ignored_properties(query, "Advanced hunting"), *search_notes(query, "Advanced hunting")),
            client_request_id=query.client_request_id,
        )

    def cancel(self, query: Query) -> None:
        """Nothing: the service has no way to stop a query."""

    def check(self) -> Response:
        """Run the smallest query: it needs the service, and the right to query."""
        return self.execute(Query("print kqlext=1", timeout=60))

    def schema(self) -> DatabaseSchema:
        """The names of the tables that the service is known for, without columns: it lists none itself."""
        tables = tuple(TableSchema(name, ()) for name in HUNTING_TABLES)
        return DatabaseSchema(self.info.cluster, self.info.database, tables, ())

    def close(self) -> None:
        self._client.close()
