"""Our loopback Azure Monitor, held to the protocol by the official client: it reads what the service sends."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests
from azure.core.credentials import AccessToken, AzureKeyCredential
from azure.core.exceptions import HttpResponseError, ServiceRequestError
from azure.core.pipeline.policies import AzureKeyCredentialPolicy
from azure.monitor.query import LogsQueryClient, LogsQueryPartialResult, LogsQueryResult, LogsQueryStatus
from servers import monitor
from servers.certificates import CertificateAuthority
from servers.kusto_frames import TableSpec
from servers.monitor import APP, OTHER_WORKSPACE, RESOURCE, WORKSPACE, Answer, MonitorServer
from servers.monitor_tables import EVERY_TYPE, TOO_LARGE, partial_error, tables

PATIENCE = 60.0
ONE = TableSpec("PrimaryResult", (("n", "long"),), ((1,),))
DAY = (datetime(2024, 3, 13, tzinfo=UTC), datetime(2024, 3, 14, tzinfo=UTC))


class StaticCredential:
    """A credential as azure-identity's are, with one token."""

    def get_token(self, *scopes: str, **_: Any) -> AccessToken:
        return AccessToken("the-token", 4_000_000_000)


@pytest.fixture
def server() -> Iterator[MonitorServer]:
    with MonitorServer() as running:
        yield running


@pytest.fixture
def client(server: MonitorServer) -> Iterator[LogsQueryClient]:
    with LogsQueryClient(StaticCredential(), endpoint=server.url) as opened:
        yield opened


def ask(client: LogsQueryClient, query: str, **arguments: Any) -> LogsQueryResult | LogsQueryPartialResult:
    arguments = {"timespan": None, "workspace_id": WORKSPACE, "enforce_https": False} | arguments
    return client.query_workspace(query=query, **arguments)


def post(server: MonitorServer, path: str, **changes: Any) -> requests.Response:
    return requests.post(server.url + path, timeout=PATIENCE, **({"json": {"query": "print 1"}} | changes))


# --- answers ---------------------------------------------------------------------------------------------


def test_the_query_is_run(client: LogsQueryClient) -> None:
    answer = ask(client, "SigninLogs | where ResultType == '50126' | summarize n = count() by IPAddress | top 1 by n")
    assert answer.status is LogsQueryStatus.SUCCESS
    (table,) = answer.tables
    assert (table.name, table.columns, table.columns_types) == (
        "PrimaryResult",
        ["IPAddress", "n"],
        ["string", "long"],
    )
    assert [list(row) for row in table.rows] == [["203.0.113.57", 66]]


def test_types_are_kusto_s(client: LogsQueryClient) -> None:
    text = (
        "print a=1, b=1.5, c='x', d=datetime(2024-01-01 00:00:00.5), e=time(1.02:03:04.5), f=true, g=int(3), "
        "h=guid(74be27de-1e4e-49d9-b579-fe0b331d3642), i=dynamic({'a': [1, 2]}), j=real(nan), k=long(null)"
    )
    (table,) = ask(client, text).tables
    kinds = ["long", "real", "string", "datetime", "timespan", "bool", "int", "guid", "dynamic", "real", "long"]
    assert table.columns_types == kinds
    assert list(table.rows[0]) == [
        1, 1.5, "x", datetime(2024, 1, 1, 0, 0, 0, 500000, UTC), "1.02:03:04.5000000", True, 3,
        "74be27de-1e4e-49d9-b579-fe0b331d3642", '{"a":[1,2]}', "NaN", None,
    ]  # fmt: skip


def test_the_time_range_cuts(client: LogsQueryClient) -> None:
    text = "SigninLogs | summarize a = min(TimeGenerated), z = max(TimeGenerated)"
    first, last = ask(client, text, timespan=DAY).tables[0].rows[0]
    assert DAY[0] <= first <= last <= DAY[1]
    assert ask(client, "SigninLogs | count", timespan=timedelta(days=1)).tables[0].rows[0][0] == 0


def test_every_type_arrives_as_it_was_sent(server: MonitorServer) -> None:
    server.on("T", tables(EVERY_TYPE))
    answer = post(server, f"/v1/workspaces/{WORKSPACE}/query", json={"query": "T"}).json()
    assert answer["tables"][0]["rows"] == [list(row) for row in EVERY_TYPE.rows]


def test_statistics_and_render_come_to_those_who_ask(client: LogsQueryClient) -> None:
    text = "SigninLogs | summarize n = count() by ResultType | render barchart with (title='By result', xcolumn=n)"
    plain = ask(client, text)
    assert (plain.statistics, plain.visualization) == (None, None)
    full = ask(client, text, include_statistics=True, include_visualization=True)
    assert full.visualization == {"visualization": "barchart", "title": "By result", "xColumn": "n"}
    assert full.statistics["query"]["datasetStatistics"]
    assert ask(client, "print 1", include_visualization=True).visualization["visualization"] == "table"


def test_a_partial_result(server: MonitorServer, client: LogsQueryClient) -> None:
    server.on("T", tables(ONE, error=partial_error(TOO_LARGE)))
    answer = ask(client, "T")
    assert answer.status is LogsQueryStatus.PARTIAL
    assert isinstance(answer, LogsQueryPartialResult)
    assert answer.partial_error.code == "PartialError"
    assert TOO_LARGE in str(answer.partial_error.details)
    assert len(answer.partial_data[0].rows) == 1


def test_resources_applications_and_several_workspaces(server: MonitorServer, client: LogsQueryClient) -> None:
    answer = client.query_resource(RESOURCE, "print 1", timespan=None, enforce_https=False)
    assert answer.tables[0].rows[0][0] == 1
    ask(client, "print 1", additional_workspaces=[OTHER_WORKSPACE])
    assert [request.source for request in server.requests] == [RESOURCE, WORKSPACE]
    assert server.requests[1].body["workspaces"] == [OTHER_WORKSPACE]
    assert post(server, f"/v1/apps/{APP}/query").json()["tables"][0]["rows"] == [[1]]


def test_a_search_needs_its_time_range_in_the_address(server: MonitorServer) -> None:
    path = f"/v1/workspaces/{WORKSPACE}/search"
    assert post(server, path).status_code == 400
    assert post(server, path + "?timespan=P1D").json()["tables"][0]["rows"] == [[1]]


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_metadata(server: MonitorServer, method: str) -> None:
    address = f"{server.url}/v1/workspaces/{WORKSPACE}/metadata"
    answer = requests.request(method, address, timeout=PATIENCE).json()
    (table,) = (table for table in answer["tables"] if table["name"] == "SigninLogs")
    assert {"name": "IPAddress", "type": "string", "description": ""} in table["columns"]


# --- refusals --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "inner"),
    [
        ("print 1\n| whre x", {"code": "SYN0002", "line": 2, "pos": 1, "token": "|"}),
        ("Nope | take 1", {"code": "SEM0100"}),
        ("SigninLogs | where Nope > 1", {"code": "SEM0100"}),
    ],
)
def test_a_wrong_query(client: LogsQueryClient, query: str, inner: dict[str, Any]) -> None:
    with pytest.raises(HttpResponseError) as caught:
        ask(client, query)
    assert caught.value.status_code == 400
    deepest = caught.value.response.json()["error"]["innererror"]["innererror"]
    assert deepest.items() >= inner.items()


def test_tokens_and_keys(server: MonitorServer) -> None:
    path = f"/v1/workspaces/{WORKSPACE}/query"
    server.tokens, server.keys = {"good"}, {"k"}
    assert post(server, path).status_code == 401
    assert post(server, path, headers={"Authorization": "Bearer bad"}).status_code == 403
    assert post(server, path, headers={"x-api-key": "bad"}).status_code == 403
    assert post(server, path, headers={"Authorization": "Bearer good"}).status_code == 200
    assert post(server, path, headers={"X-Api-Key": "k"}).status_code == 200


def test_the_demonstration_wants_its_key(server: MonitorServer) -> None:
    policy = AzureKeyCredentialPolicy(AzureKeyCredential("DEMO_KEY"), "x-api-key")
    with LogsQueryClient(StaticCredential(), endpoint=server.url, authentication_policy=policy) as demo:
        assert demo.query_workspace("DEMO_WORKSPACE", "print 1", timespan=None).tables[0].rows[0][0] == 1
    assert post(server, "/v1/workspaces/DEMO_WORKSPACE/query").status_code == 401


def test_what_the_client_makes_of_failures(server: MonitorServer, client: LogsQueryClient) -> None:
    with pytest.raises(HttpResponseError, match="ResourceNotFoundError"):
        ask(client, "print 1", workspace_id=APP)
    server.on("T", monitor.unauthorized())
    with pytest.raises(HttpResponseError, match="AuthorizationRequiredError"):
        ask(client, "T")
    server.on("T", monitor.throttled(retry_after=0), tables(ONE))
    assert ask(client, "T").tables[0].rows[0][0] == 1
    server.on("T", monitor.gateway_timeout())
    with pytest.raises(HttpResponseError, match="GatewayTimeout"):
        ask(client, "T", retry_total=0)


@pytest.mark.parametrize(
    ("path", "changes", "status"),
    [
        ("/v1/elsewhere", {}, 404),
        (f"/v1/workspaces/{APP}/query", {}, 404),
        (f"/v1/apps/{WORKSPACE}/query", {}, 404),
        (f"/v1/workspaces/{WORKSPACE}/query", {"json": {"csl": "print 1"}}, 400),
        (f"/v1/workspaces/{WORKSPACE}/query", {"json": {"query": "print 1", "timespan": "yesterday"}}, 400),
        (f"/v1/workspaces/{WORKSPACE}/query", {"json": {"query": "print 1", "workspaces": "one"}}, 400),
    ],
)
def test_what_the_protocol_forbids(server: MonitorServer, path: str, changes: dict[str, Any], status: int) -> None:
    assert post(server, path, **changes).status_code == status


def test_without_a_content_type_nothing_is_answered(server: MonitorServer) -> None:
    answer = post(server, f"/v1/workspaces/{WORKSPACE}/query", json=None, data=b'{"query": "print 1"}')
    assert (answer.status_code, answer.content) == (200, b"")


def test_no_content_has_no_body_and_the_connection_stays(server: MonitorServer) -> None:
    server.on("T", monitor.no_content())
    with requests.Session() as session:
        address = f"{server.url}/v1/workspaces/{WORKSPACE}/query"
        empty = session.post(address, json={"query": "T"}, timeout=PATIENCE)
        session.post(address, json={"query": "print 1"}, timeout=PATIENCE)
    assert (empty.status_code, empty.content) == (204, b"")
    assert len({request.connection for request in server.requests}) == 1


def test_tls(trusted: CertificateAuthority, monkeypatch: pytest.MonkeyPatch) -> None:
    with MonitorServer(trusted) as server:
        with LogsQueryClient(StaticCredential(), endpoint=server.url) as client:
            answer = client.query_workspace(WORKSPACE, "print 1", timespan=None)
            assert answer.tables[0].rows[0][0] == 1
        monkeypatch.delenv("REQUESTS_CA_BUNDLE")
        with LogsQueryClient(StaticCredential(), endpoint=server.url) as client, pytest.raises(ServiceRequestError):
            client.query_workspace(WORKSPACE, "print 1", timespan=None, retry_total=0)


def test_a_body_that_breaks_off(server: MonitorServer) -> None:
    server.on("T", Answer(tables(EVERY_TYPE), cut=50, gzip=False))
    with pytest.raises(requests.exceptions.RequestException):
        post(server, f"/v1/workspaces/{WORKSPACE}/query", json={"query": "T"})
