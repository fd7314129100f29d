"""Advanced hunting against a server that runs the queries: what goes over the wire, and every way in which it fails."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from conftest import Shell, StaticCredential
from servers import graph as scripted
from servers.certificates import CertificateAuthority
from servers.graph import HUNTING, GraphServer
from servers.kusto import internal_error, not_found, not_json, redirect
from servers.loopback import Answer

from kqlext import errors
from kqlext.connections.strings import ConnectionSpec
from kqlext.decode import decode
from kqlext.schemas import TableSchema
from kqlext.schemas.reading import read_schema, read_table
from kqlext.services import make_opener
from kqlext.services.base import Query
from kqlext.services.defender import DefenderService

GRAPH = "https://graph.microsoft.com"


@pytest.fixture
def graph(trusted: CertificateAuthority) -> Iterator[GraphServer]:
    """A server that wants a token."""
    with GraphServer(trusted) as server:
        yield server


@pytest.fixture
def service(graph: GraphServer) -> Iterator[DefenderService]:
    opened = DefenderService(graph.url, StaticCredential(), GRAPH)
    yield opened
    opened.close()


@pytest.fixture
def hunting_shell(shell: Shell, trusted: CertificateAuthority) -> Iterator[Shell]:
    """A shell that is connected to a server without sign-in."""
    with GraphServer(trusted, anonymous=True) as server:
        shell.variables["server"] = server
        shell.text(f"%kql defender://anonymous;datasourceurl='{server.url}'")
        yield shell


def values(service: DefenderService, text: str, **more: Any) -> list[list[Any]]:
    table = decode(service.execute(Query(text, **more))).tables[0]
    return [column.values(0, table.num_rows) for column in table.columns]


# --- requests --------------------------------------------------------------------------------------------


def test_a_query_runs(graph: GraphServer, service: DefenderService) -> None:
    text = "DeviceProcessEvents | where FileName =~ 'schtasks.exe' | project Timestamp, DeviceName, ProcessId | take 1"
    table = decode(service.execute(Query(text))).tables[0]
    assert [(column.name, column.type) for column in table.columns] == [
        ("Timestamp", "datetime"), ("DeviceName", "string"), ("ProcessId", "long"),
    ]  # fmt: skip
    assert table.num_rows == 1
    (request,) = graph.requests
    assert (request.method, request.path, request.body) == ("POST", HUNTING, {"Query": text})


def test_a_request_says_who_asks_and_under_which_id(graph: GraphServer, service: DefenderService) -> None:
    query = Query("print 1")
    response = service.execute(query)
    (request,) = graph.requests
    for header in ("client-request-id", "x-ms-client-request-id"):
        assert request.headers[header] == query.client_request_id == response.client_request_id
    assert request.headers["Content-Type"] == "application/json; charset=utf-8"
    assert request.headers["x-ms-app"] == "kqlext"
    assert request.headers["Authorization"] == "Bearer the-token"


def test_tokens_are_for_the_graph_of_the_cloud(graph: GraphServer) -> None:
    credential = StaticCredential()
    DefenderService(graph.url, credential, "https://graph.microsoft.us").execute(Query("print 1"))
    assert credential.scopes == [("https://graph.microsoft.us/.default",)]


def test_a_timespan_goes_beside_the_query(graph: GraphServer, service: DefenderService) -> None:
    service.execute(Query("print 1", timespan="P7D"))
    service.execute(Query("print 1", timespan="2024-03-11/2024-03-12"))
    assert [request.body["Timespan"] for request in graph.requests] == ["P7D", "2024-03-11/2024-03-12"]


def test_render_is_taken_off_and_given(graph: GraphServer, service: DefenderService) -> None:
    text = "DeviceProcessEvents\n| summarize n = count() by FileName // |\n| render barchart with (title='a | b')\n"
    data_set = decode(service.execute(Query(text)))
    assert data_set.visualization == {"visualization": "barchart", "title": "a | b"}
    assert graph.requests[0].body["Query"] == text[: text.index("| render")]
    assert data_set.tables[0].num_rows > 3


def test_request_properties_do_nothing_and_that_is_said(service: DefenderService) -> None:
    data_set = decode(service.execute(Query("print 1", {"notruncation": True})))
    assert data_set.warnings == ("Advanced hunting has no request properties: +notruncation did nothing.",)


# --- where tokens go -------------------------------------------------------------------------------------


@pytest.mark.parametrize("address", [GRAPH, "https://graph.microsoft.us", "https://microsoftgraph.chinacloudapi.cn"])
def test_hosts_of_graph_are_known(address: str) -> None:
    assert DefenderService(address, StaticCredential(), address).info.description == f"{address}, signed in"


@pytest.mark.parametrize(
    "address",
    ["https://graph.microsoft.com.evil.example", "https://graph.microsoft.com:8443", "http://graph.microsoft.com"],
)
def test_a_token_goes_nowhere_else(address: str) -> None:
    with pytest.raises(errors.KqlConnectionError, match=r"not among the hosts of Microsoft Graph|is not https"):
        DefenderService(address, StaticCredential(), GRAPH)


def test_a_host_that_the_connection_trusts() -> None:
    service = DefenderService("https://proxy.example", StaticCredential(), GRAPH, trusted=True)
    assert service.info.description == "https://proxy.example, signed in, a host that the connection trusts"


@pytest.mark.parametrize(
    ("keys", "cluster", "address"),
    [
        ((), "hunting@defender", GRAPH),
        ((("cloud", "government"),), "hunting@defender", "https://graph.microsoft.us"),
        ((("datasourceurl", "https://graph.microsoft.us/"),), "hunting@defender", "https://graph.microsoft.us"),
    ],
)
def test_opening(keys: tuple[tuple[str, str], ...], cluster: str, address: str) -> None:
    info = make_opener()(ConnectionSpec("defender", keys)).info
    assert (f"{info.database}@{info.cluster}", info.description) == (cluster, f"{address}, signed in")


def test_a_cloud_without_graph() -> None:
    with pytest.raises(errors.KqlConnectionError, match="The cloud germany has no defender://"):
        make_opener()(ConnectionSpec("defender", (("cloud", "germany"),)))


# --- failures --------------------------------------------------------------------------------------------

FAILURES: dict[str, tuple[Answer, type[errors.KqlError], str, str]] = {
    "401": (
        scripted.graph_error(401, "InvalidAuthenticationToken", "Lifetime validation failed."),
        errors.KqlAuthenticationError,
        "401: Lifetime validation failed.",
        "sign in again",
    ),
    "403": (scripted.forbidden(), errors.KqlAuthenticationError, "403: Insufficient", "ThreatHunting.Read.All"),
    "404": (not_found(), errors.KqlServiceError, "There is no advanced hunting at https://127.0.0.1", "datasourceurl"),
    "429": (scripted.throttled(3600), errors.KqlThrottledError, "CPU quota", "wait 3,600 seconds"),
    "429 without a pause": (scripted.throttled(None), errors.KqlThrottledError, "CPU quota", "45 calls a minute"),
    "500": (internal_error(), errors.KqlServiceError, "500: An unexpected error occurred.", "run the cell again"),
    "504": (
        scripted.gateway_timeout(),
        errors.KqlServiceError,
        "gave the query up: the service gave no reason",
        "less",
    ),
    "302": (redirect("https://evil.example/"), errors.KqlServiceError, "a redirect to evil.example", "address"),
    "page": (not_json(), errors.KqlResponseError, "The answer is no JSON", "proxy"),
    "cut": (Answer(b'{"schema": ['), errors.KqlResponseError, "no whole JSON", "run the cell again"),
    "no results": (Answer(b'{"value": 1}'), errors.KqlResponseError, "no schema of hunting results", "Graph"),
}


@pytest.mark.parametrize("name", FAILURES)
def test_a_failure_is_one_clear_error(name: str, graph: GraphServer, service: DefenderService) -> None:
    answer, kind, message, hint = FAILURES[name]
    graph.on("T", answer)
    query = Query("T")
    with pytest.raises(kind) as caught:
        decode(service.execute(query))
    assert type(caught.value) is kind
    assert message in caught.value.message
    assert hint in caught.value.hint
    assert caught.value.request_id == query.client_request_id
    assert "the-token" not in str(caught.value)
    assert values(service, "print 1") == [[1]]  # the connection is usable afterwards


def test_no_token_is_a_sign_in_that_is_missing(graph: GraphServer) -> None:
    with pytest.raises(errors.KqlAuthenticationError) as caught:
        DefenderService(graph.url, None, GRAPH).check()
    assert caught.value.message == "401: Access token is empty."
    assert "ThreatHunting.Read.All" in caught.value.hint


def test_a_management_command_is_refused_here(graph: GraphServer, service: DefenderService) -> None:
    with pytest.raises(errors.KqlUnsupportedError, match="no management commands"):
        service.execute(Query(".show tables"))
    assert graph.requests == []


def test_the_names_of_the_tables_need_no_request(graph: GraphServer, service: DefenderService) -> None:
    schema = read_schema(service)
    assert schema.table("DeviceProcessEvents") == TableSchema("DeviceProcessEvents", ())
    assert graph.requests == []


def test_the_columns_of_a_table_are_asked_for(graph: GraphServer, service: DefenderService) -> None:
    table = read_table(service, "DeviceProcessEvents")
    assert table.types()["ProcessId"] == "long"
    assert [request.body["Query"] for request in graph.requests] == ["DeviceProcessEvents | getschema"]
    known = replace(read_schema(service), tables=(table,))
    assert read_schema(service, known).table("DeviceProcessEvents") == table, "columns that were read are kept"


# --- through the magic -----------------------------------------------------------------------------------


def test_cells_run_on_defender(hunting_shell: Shell) -> None:
    shell = hunting_shell
    assert "hunting@defender" in shell.text("%kql --conn")
    shell.run(
        "%%kql hits << -timespan PT6H\nDeviceProcessEvents\n| summarize n = count() by FileName\n| render piechart"
    )
    hits = shell.variables["hits"]
    assert hits.columns == {"FileName": "string", "n": "long"}
    assert len(hits) > 3
    assert hits.visualization == {"visualization": "piechart"}
    assert shell.variables["server"].requests[-1].body["Timespan"] == "PT6H"


def test_an_error_points_into_the_cell(hunting_shell: Shell) -> None:
    cell = "%%kql -timeout 60\nDeviceProcessEvents\n| where FileNme == 'x'"
    with pytest.raises(errors.KqlQueryError) as caught:
        hunting_shell.run(cell)
    assert caught.value.span is not None
    assert caught.value.span.of(cell) == "FileNme"


def test_the_columns_of_one_table(hunting_shell: Shell) -> None:
    shell = hunting_shell
    text = shell.text("%kql --schema DeviceProcessEvents")
    assert "DeviceName: string\n" in text
    assert "ProcessId: long\n" in text
    assert "EmailEvents" in shell.run("%kql --schema")
    with pytest.raises(errors.KqlQueryError, match="Nope"):
        shell.run("%kql --schema Nope")


def test_a_table_of_the_notebook_stands_in(hunting_shell: Shell) -> None:
    shell = hunting_shell
    shell.run("import pandas as pd\nsuspects = pd.DataFrame({'FileName': ['a.exe', 'b.exe']})")
    shell.run("%kql n << suspects | count")
    assert shell.variables["n"][0][0] == 2


def test_a_connect_without_sign_in_fails_and_changes_nothing(graph: GraphServer, shell: Shell) -> None:
    shell.run("%kql samples")
    with pytest.raises(errors.KqlAuthenticationError):
        shell.run(f"%kql defender://anonymous;datasourceurl='{graph.url}'")
    assert "defender" not in shell.text("%kql --conn")
