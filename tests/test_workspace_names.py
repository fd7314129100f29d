"""Workspaces by name: a cell, Azure Resource Graph that runs the lookup, and Log Analytics that is asked by the id."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from conftest import Shell
from servers import resource_graph as scripted
from servers.certificates import CertificateAuthority
from servers.engine import RefusedError
from servers.graph import json_answer
from servers.loopback import Answer
from servers.monitor import OTHER_WORKSPACE, WORKSPACE, MonitorServer
from servers.resource_graph import ResourceGraphServer, Workspace

from kqlext import errors
from kqlext.connections.strings import ConnectionSpec, parse_connection
from kqlext.services import make_opener
from kqlext.services.base import Query, Service

TWINS = [Workspace("twin", f"{number:08}-0000-4000-8000-000000000000", f"group-{number}") for number in range(12)]
WORKSPACES = (
    Workspace("My-SOC", WORKSPACE),
    Workspace("My-SOC-2", OTHER_WORKSPACE),
    *TWINS,
    Workspace("without-id", ""),
)
GIVE_THE_ID = "give the workspace's id: the Workspace ID is the GUID on the workspace's overview page"


@pytest.fixture
def monitor() -> Iterator[MonitorServer]:
    with MonitorServer() as running:
        yield running


@pytest.fixture
def graph() -> Iterator[ResourceGraphServer]:
    with ResourceGraphServer(tls=False, anonymous=True, workspaces=WORKSPACES) as running:
        yield running


def connection(monitor: MonitorServer, graph: ResourceGraphServer, name: str = "my-soc", more: str = "") -> str:
    return f"loganalytics://workspace='{name}';datasourceurl='{monitor.url}';managementurl='{graph.url}'{more}"


def opened(text: str) -> Service:
    parsed = parse_connection(text)
    assert isinstance(parsed, ConnectionSpec)
    return make_opener()(parsed)


# --- found -----------------------------------------------------------------------------------------------


def test_a_name_is_looked_up_once_and_queried_by_its_id(
    shell: Shell, monitor: MonitorServer, graph: ResourceGraphServer
) -> None:
    assert shell.text(f"%kql {connection(monitor, graph)}").startswith("Connected to my-soc@loganalytics (")
    assert shell.run("%kql SigninLogs | count")[0][0] > 0
    shell.run("%kql --schema SigninLogs")
    assert {request.source for request in monitor.requests} == {WORKSPACE}
    assert len(graph.requests) == 1
    listed = shell.text("%kql --conn")
    assert "* my-soc@loganalytics" in listed
    assert f"{monitor.url}/v1/workspaces/{WORKSPACE}, anonymous; the name my-soc was looked up" in listed


def test_nothing_is_sent_when_it_is_opened(shell: Shell, monitor: MonitorServer, graph: ResourceGraphServer) -> None:
    shell.run(f"%kql -!vc {connection(monitor, graph, more=';alias=' + repr('soc'))}")
    assert "the name my-soc is looked up when it is first used" in shell.text("%kql --conn")
    assert graph.requests == monitor.requests == []
    shell.run("%kql soc@loganalytics print 1")
    assert [len(graph.requests), len(monitor.requests)] == [1, 1]


def test_what_the_lookup_asks(monitor: MonitorServer, graph: ResourceGraphServer) -> None:
    opened(connection(monitor, graph)).execute(Query("print 1"))
    (request,) = graph.requests
    assert "where type =~ 'microsoft.operationalinsights/workspaces' and name =~ 'my-soc'" in request.body["query"]
    assert "subscriptions" not in request.body


def test_the_schema_by_name(monitor: MonitorServer, graph: ResourceGraphServer) -> None:
    assert opened(connection(monitor, graph)).schema()
    assert monitor.requests[0].source == WORKSPACE


def test_a_search_by_name(monitor: MonitorServer, graph: ResourceGraphServer) -> None:
    opened(connection(monitor, graph)).execute(Query("SigninLogs | take 1", search=True, timespan="PT6H"))
    assert (monitor.requests[0].source, monitor.requests[0].action) == (WORKSPACE, "search")


def test_queries_side_by_side_look_it_up_once(monitor: MonitorServer, graph: ResourceGraphServer) -> None:
    service = opened(connection(monitor, graph))
    threads = [threading.Thread(target=service.execute, args=(Query("print 1"),)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [len(graph.requests), len(monitor.requests)] == [1, 4]


def test_the_lookup_signs_in_as_the_connection_does(
    shell: Shell, authority: CertificateAuthority, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(authority.pem))
    scopes: list[str] = []

    class Holder:
        def get_token(self, *wanted: str, **_: object) -> object:
            scopes.extend(wanted)
            return type("Token", (), {"token": "the-token", "expires_on": 4_000_000_000})

    shell.variables["mine"] = Holder()
    with MonitorServer(tls=authority) as monitor, ResourceGraphServer(authority, workspaces=WORKSPACES) as graph:
        monitor.tokens = {"the-token"}
        shell.run(f"%kql {connection(monitor, graph, more=';token=mine;cloud=' + repr('usgovernment'))}")
        assert {request.headers["Authorization"] for request in graph.requests} == {"Bearer the-token"}
    assert scopes == ["https://management.usgovcloudapi.net/.default", "https://api.loganalytics.us/.default"]


# --- not found -------------------------------------------------------------------------------------------


def test_no_workspace_has_the_name(shell: Shell, monitor: MonitorServer, graph: ResourceGraphServer) -> None:
    with pytest.raises(errors.KqlConnectionError) as caught:
        shell.run(f"%kql {connection(monitor, graph, 'other-soc')}")
    assert caught.value.message == "There is no workspace other-soc among those that you may read."
    assert "the role Reader on the workspace or its subscription" in caught.value.hint
    assert GIVE_THE_ID in caught.value.hint
    assert monitor.requests == []
    assert shell.text("%kql --conn").startswith("Nothing is connected")


def test_several_workspaces_have_the_name(shell: Shell, monitor: MonitorServer, graph: ResourceGraphServer) -> None:
    with pytest.raises(errors.KqlConnectionError) as caught:
        shell.run(f"%kql {connection(monitor, graph, 'TWIN')}")
    first, *lines = caught.value.message.splitlines()
    assert first == "There are 12 workspaces called TWIN:"
    assert lines[0] == f"  {TWINS[0].workspace_id} in resource group group-0, subscription sub-1"
    assert lines[-1] == "  and 2 more"
    assert caught.value.hint == f"take one by its id: workspace='{TWINS[0].workspace_id}'"
    assert monitor.requests == []


def test_a_workspace_without_an_id(monitor: MonitorServer, graph: ResourceGraphServer) -> None:
    with pytest.raises(errors.KqlResponseError, match="The workspace without-id was found, but not its id"):
        opened(connection(monitor, graph, "without-id")).check()


FAILURES: dict[str, tuple[Answer, type[errors.KqlError], str]] = {
    "401": (
        scripted.management_error(401, "AuthenticationFailed", "No token."),
        errors.KqlAuthenticationError,
        "sign in again",
    ),
    "403": (scripted.forbidden(), errors.KqlAuthenticationError, "Reader on the subscriptions"),
    "429": (scripted.throttled(3600), errors.KqlThrottledError, "wait 3,600 seconds"),
    "500": (scripted.management_error(500, "Internal", "Broken."), errors.KqlServiceError, "run the cell again"),
    "refused": (
        scripted.query_refused(RefusedError("SYN0002", "Bad", 1, 2, "x")),
        errors.KqlServiceError,
        "give the workspace's id",
    ),
    "no JSON": (Answer(b"<html>"), errors.KqlResponseError, "give the workspace's id"),
    "other JSON": (Answer(b'{"data": {"columns": [], "rows": [[1]]}}'), errors.KqlResponseError, "id"),
    "left out": (
        json_answer({"data": {"columns": [], "rows": []}}, headers={"x-ms-tenant-subscription-limit-hit": "true"}),
        errors.KqlServiceError,
        "give the workspace's id",
    ),
}


@pytest.mark.parametrize("name", FAILURES)
def test_a_lookup_that_fails(name: str, monitor: MonitorServer, graph: ResourceGraphServer) -> None:
    answer, kind, hint = FAILURES[name]
    graph.on(lambda _: True, answer)
    service = opened(connection(monitor, graph))
    with pytest.raises(kind) as caught:
        service.execute(Query("print 1"))
    assert type(caught.value) is kind
    assert caught.value.message.startswith("The lookup of the workspace's name my-soc failed: ")
    assert hint in caught.value.hint
    assert GIVE_THE_ID in caught.value.hint
    assert (caught.value.span, monitor.requests) == (None, [])


def test_a_lookup_that_failed_is_tried_again(monitor: MonitorServer, graph: ResourceGraphServer) -> None:
    graph.on(lambda _: True, scripted.forbidden(), json_answer(page(WORKSPACE)))
    service = opened(connection(monitor, graph))
    with pytest.raises(errors.KqlAuthenticationError):
        service.execute(Query("print 1"))
    service.execute(Query("print 1"))
    assert monitor.requests[0].source == WORKSPACE


def page(workspace_id: str) -> dict[str, object]:
    names = ("id", "subscriptionId", "resourceGroup", "workspaceId")
    columns = [{"name": name, "type": "string"} for name in names]
    return {"data": {"columns": columns, "rows": [["/x", "s", "g", workspace_id]]}}


def test_a_network_that_is_down(monitor: MonitorServer) -> None:
    with ResourceGraphServer(tls=False, anonymous=True) as closed:
        text = connection(monitor, closed)
    with pytest.raises(errors.KqlNetworkError, match=r"name my-soc failed: .* reached"):
        opened(text).check()


def test_a_sign_in_that_fails(monitor: MonitorServer, graph: ResourceGraphServer, shell: Shell) -> None:
    shell.run("def broken(): raise ValueError('S3cret')")
    with pytest.raises(errors.KqlAuthenticationError) as caught:
        shell.run(f"%kql {connection(monitor, graph, more=';token=broken')}")
    assert caught.value.message.startswith("The lookup of the workspace's name my-soc failed: The token of")
    assert "S3cret" not in str(caught.value)


# --- refused when it is opened ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    ["a' or true //", "a'b-c", "a\\b-c", 'a"b-c', "abc", "a" * 64, "-abcd", "abcd-", "a_bcd", "größe", "a\nbcd", "*"],
)
def test_what_is_no_name_of_a_workspace_asks_nothing(
    name: str, shell: Shell, monitor: MonitorServer, graph: ResourceGraphServer
) -> None:
    shell.variables["name"] = name
    text = connection(monitor, graph).replace("'my-soc'", "name")
    with pytest.raises(errors.KqlConnectionError, match="neither the id nor the name of a workspace"):
        shell.run(f"%kql {text}")
    assert graph.requests == monitor.requests == []


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("loganalytics://workspace='my-soc';appkey='k'", "cannot be looked up with an appkey", "Workspace ID"),
        ("loganalytics://workspace='my-soc';anonymous", "cannot be looked up without a sign-in", "Workspace ID"),
        (
            "loganalytics://workspace='my-soc';token='t';managementurl='https://arm.example'",
            "arm.example is not among the hosts of Azure Resource Manager",
            "trusted",
        ),
        ("loganalytics://workspace='my-soc';token='t';managementurl='http://arm.example'", "is not https", "https"),
        ("appinsights://appid='my-app'", "'my-app' is no id", "Application ID"),
    ],
)
def test_names_that_cannot_be_looked_up(text: str, message: str, hint: str) -> None:
    with pytest.raises(errors.KqlConnectionError) as caught:
        opened(text)
    assert message in caught.value.message
    assert hint in caught.value.hint


def test_a_resource_manager_that_the_connection_trusts() -> None:
    service = opened("loganalytics://workspace='my-soc';token='t';managementurl='https://arm.example';trusted")
    assert service.info.database == "my-soc"
