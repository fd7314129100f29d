"""Log Analytics and Application Insights against a real server that runs the KQL, as services and through the magic."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from conftest import Shell, StaticCredential
from servers import monitor
from servers.certificates import CertificateAuthority
from servers.kusto_frames import TableSpec
from servers.monitor import APP, DEMO_KEY, OTHER_WORKSPACE, RESOURCE, WORKSPACE, Answer, MonitorServer
from servers.monitor_tables import EVERY_TYPE, TOO_LARGE, partial_error, tables

from kqlext import errors, samples
from kqlext.connections.strings import ConnectionSpec, parse_connection
from kqlext.decode import DataSet, decode
from kqlext.services import make_opener
from kqlext.services.base import Query, Service
from kqlext.services.monitor import ApiKey, MonitorService
from kqlext.services.monitor_targets import Target, target_of

ONE = TableSpec("PrimaryResult", (("n", "long"),), ((1,),))
KEY = "k3y-that-nobody-may-see"


@pytest.fixture
def server() -> Iterator[MonitorServer]:
    with MonitorServer() as running:
        yield running


def spec(text: str) -> ConnectionSpec:
    parsed = parse_connection(text)
    assert isinstance(parsed, ConnectionSpec)
    return parsed


def opened(server: MonitorServer, source: str = f"loganalytics://workspace='{WORKSPACE}'", more: str = "") -> Service:
    return make_opener()(spec(f"{source};datasourceurl='{server.url}'{more}"))


@pytest.fixture
def service(server: MonitorServer) -> Iterator[Service]:
    made = opened(server)
    yield made
    made.close()


def answer(service: Service, text: str, **more: Any) -> DataSet:
    return decode(service.execute(Query(text, **more)))


def values(data_set: DataSet) -> list[list[Any]]:
    table = data_set.tables[0]
    return [column.values(0, table.num_rows) for column in table.columns]


# --- answers ---------------------------------------------------------------------------------------------


def test_a_query_is_run(service: Service) -> None:
    text = "SigninLogs | where ResultType == '50126' | summarize n = count() by IPAddress | top 1 by n"
    assert values(answer(service, text)) == [["203.0.113.57"], [66]]


def test_progress(server: MonitorServer, service: Service) -> None:
    body = tables(ONE)
    server.on("T", body)
    query = Query("T")
    service.execute(query)
    assert (query.progress.state, query.progress.bytes) == ("receiving", len(body))


def test_every_type_with_its_null(server: MonitorServer, service: Service) -> None:
    server.on("T", tables(EVERY_TYPE))
    (table,) = answer(service, "T").tables
    assert [(column.name, column.type) for column in table.columns] == list(EVERY_TYPE.columns)
    null = next(position for position, row in enumerate(EVERY_TYPE.rows) if row[0] is None)
    cells = {column.type: column.values(null, null + 1)[0] for column in table.columns}
    assert cells.pop("string") == ""
    assert set(cells.values()) == {None}


def test_statistics_and_visualization(service: Service) -> None:
    data_set = answer(service, "SigninLogs | summarize n = count() by ResultType | render piechart with (title='T')")
    assert data_set.visualization == {"visualization": "piechart", "title": "T"}
    assert data_set.statistics is not None
    assert data_set.statistics["executionTime"] > 0
    assert answer(service, "print 1").visualization is None


def test_a_workspace_without_data(server: MonitorServer, service: Service) -> None:
    server.on("T", monitor.no_content())
    data_set = answer(service, "T")
    assert (data_set.tables, len(data_set.warnings)) == ((), 1)
    assert "204" in data_set.warnings[0]
    assert values(answer(service, "print 1")) == [[1]]


def test_the_schema(server: MonitorServer, service: Service) -> None:
    assert service.schema().types() == {name: dict(columns) for name, columns in samples.TABLES.items()}
    assert opened(server, f"appinsights://appid='{APP}'").schema()
    assert [request.path.rpartition("/")[2] for request in server.requests] == ["metadata", "metadata"]
    assert {request.method for request in server.requests} == {"GET"}


@pytest.mark.parametrize("body", [b"", b"5", b"{}", b'{"tables": [5]}', b'{"tables": [{"name": "T"}]}'])
def test_metadata_that_are_malformed(body: bytes, server: MonitorServer, service: Service) -> None:
    server.on(lambda request: request.action == "metadata", body)
    with pytest.raises(errors.KqlResponseError, match="The metadata of the service are malformed"):
        service.schema()


def test_the_schema_of_a_workspace_without_data(server: MonitorServer, service: Service) -> None:
    server.on(lambda request: request.action == "metadata", monitor.no_content(), monitor.insufficient_access())
    assert service.schema().tables == ()
    with pytest.raises(errors.KqlAuthenticationError, match="insufficient access") as caught:
        service.schema()
    assert caught.value.request_id


# --- requests --------------------------------------------------------------------------------------------


def test_what_a_request_holds(server: MonitorServer, service: Service) -> None:
    query = Query("print 1", timeout=90)
    response = service.execute(query)
    (request,) = server.requests
    assert request.path == f"/v1/workspaces/{WORKSPACE}/query"
    assert request.body == {"query": "print 1"}
    assert request.prefer == {"wait": "90", "include-statistics": "true", "include-render": "true"}
    assert request.client_request_id == query.client_request_id == response.client_request_id
    assert request.headers["x-ms-app"] == "kqlext"
    assert request.headers["Content-Type"] == "application/json; charset=utf-8"
    assert "Authorization" not in request.headers


def test_without_a_timeout_the_service_s_own_holds(server: MonitorServer, service: Service) -> None:
    answer(service, "print 1")
    assert "wait" not in server.requests[0].prefer


def test_a_timeout_beyond_the_service_s_longest(server: MonitorServer, service: Service) -> None:
    answer(service, "print 1", timeout=600)
    with pytest.raises(errors.KqlCellError, match="takes 600 s at most") as caught:
        answer(service, "print 1", timeout=601)
    assert "-timeout 600" in caught.value.hint
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("source", "path"),
    [
        (f"loganalytics://workspace='{WORKSPACE}'", f"/v1/workspaces/{WORKSPACE}/query"),
        (f"applicationinsights://appid='{APP}'", f"/v1/apps/{APP}/query"),
        (f"appInsights://appid='{APP}'", f"/v1/apps/{APP}/query"),
        (f"aimon://appid='{APP}'", f"/v1/apps/{APP}/query"),
        (f"loganalytics://workspace='{RESOURCE}'", f"/v1{RESOURCE}/query".replace(" ", "%20")),
        (f"loganalytics://workspace='{RESOURCE}/'", f"/v1{RESOURCE}/query".replace(" ", "%20")),
    ],
)
def test_each_source_has_its_path(source: str, path: str, server: MonitorServer) -> None:
    assert values(decode(opened(server, source).check())) == [[1]]
    assert server.requests[0].path == path


def test_a_resource_is_called_by_its_last_name_and_has_no_schema(server: MonitorServer) -> None:
    service = opened(server, f"loganalytics://workspace='{RESOURCE}'")
    assert (service.info.database, service.info.cluster) == ("web1", "loganalytics")
    with pytest.raises(errors.KqlUnsupportedError, match="web1 is one resource"):
        service.schema()


@pytest.mark.parametrize("given", [[OTHER_WORKSPACE, "by-name"], OTHER_WORKSPACE])
def test_further_workspaces(given: Any, server: MonitorServer, service: Service) -> None:
    answer(service, "print 1", properties={"workspaces": given})
    assert server.requests[0].body["workspaces"] == (given if isinstance(given, list) else [given])


def test_further_applications(server: MonitorServer) -> None:
    service = opened(server, f"applicationinsights://appid='{APP}'")
    data_set = answer(service, "print 1", properties={"applications": ["a"], "workspaces": ["w"]})
    assert server.requests[0].body == {"query": "print 1", "applications": ["a"]}
    assert data_set.warnings == ("+workspaces did nothing: Application Insights knows +applications and +timespan.",)


@pytest.mark.parametrize("given", [5, None, "", [5], [""], {"a": 1}])
def test_workspaces_that_are_no_list_of_texts(given: Any, server: MonitorServer, service: Service) -> None:
    with pytest.raises(errors.KqlCellError, match=r"\+workspaces is no list of texts"):
        answer(service, "print 1", properties={"workspaces": given})
    assert server.requests == []


def test_other_properties_do_nothing_and_say_so(service: Service) -> None:
    data_set = answer(service, "print 1", properties={"notruncation": True})
    assert data_set.warnings == ("+notruncation did nothing: Log Analytics knows +workspaces and +timespan.",)


def test_the_time_range_cuts(server: MonitorServer, service: Service) -> None:
    everything = values(answer(service, "SigninLogs | count"))[0][0]
    day = values(answer(service, "SigninLogs | count", timespan="2024-03-13/P1D"))[0][0]
    assert 0 < day < everything
    assert values(answer(service, "SigninLogs | count", properties={"timespan": ["2024-03-13", "2024-03-14"]})) == [
        [day]
    ]
    assert [request.body.get("timespan") for request in server.requests] == [
        None,
        "2024-03-13/P1D",
        "2024-03-13/2024-03-14",
    ]


def test_a_time_range_that_is_none_or_given_twice(server: MonitorServer, service: Service) -> None:
    with pytest.raises(errors.KqlCellError, match="given twice"):
        answer(service, "print 1", timespan="P1D", properties={"timespan": "P1D"})
    with pytest.raises(errors.KqlCellError, match="cannot be 'yesterday'"):
        answer(service, "print 1", properties={"timespan": "yesterday"})
    assert server.requests == []


# --- search ----------------------------------------------------------------------------------------------


def test_a_search_says_what_it_costs(server: MonitorServer, service: Service) -> None:
    data_set = answer(service, "SigninLogs | take 1", search=True, timespan="2024-03-13/2024-03-14")
    (request,) = server.requests
    assert (request.action, request.parameters) == ("search", {"timespan": "2024-03-13/2024-03-14"})
    assert request.body["timespan"] == "2024-03-13/2024-03-14"
    assert data_set.tables[0].num_rows == 1
    assert "billed for each GB" in data_set.warnings[0]


@pytest.mark.parametrize(
    ("source", "timespan", "message"),
    [
        (f"loganalytics://workspace='{WORKSPACE}'", None, "-search needs -timespan"),
        (f"loganalytics://workspace='{RESOURCE}'", "P1D", "-search works on a Log Analytics workspace"),
        (f"applicationinsights://appid='{APP}'", "P1D", "-search works on a Log Analytics workspace"),
    ],
)
def test_a_search_that_cannot_be(source: str, timespan: str | None, message: str, server: MonitorServer) -> None:
    with pytest.raises(errors.KqlCellError, match=message):
        answer(opened(server, source), "T", search=True, timespan=timespan)
    assert server.requests == []


# --- sign-in ---------------------------------------------------------------------------------------------


def target(url: str, source: str = f"loganalytics://workspace='{WORKSPACE}'") -> Target:
    return target_of(spec(f"{source};datasourceurl='{url}'"))


def test_a_token_goes_over_tls(trusted: CertificateAuthority) -> None:
    with MonitorServer(trusted) as server:
        server.tokens = {"the-token"}
        credential = StaticCredential()
        assert values(decode(MonitorService(target(server.url), credential).check())) == [[1]]
        assert credential.scopes == [("https://api.loganalytics.io/.default",)]
        assert server.requests[0].headers["Authorization"] == "Bearer the-token"


def test_an_unknown_certificate_is_refused() -> None:
    with MonitorServer(tls=True) as server, pytest.raises(errors.KqlNetworkError) as caught:
        MonitorService(target(server.url), StaticCredential()).check()
    assert "certificate verify failed" in caught.value.message
    assert server.requests == []


@pytest.mark.parametrize(
    ("connection", "endpoint", "scope"),
    [
        (
            "loganalytics://workspace='DEMO_WORKSPACE'",
            "https://api.loganalytics.azure.com",
            "https://api.loganalytics.io/.default",
        ),
        (
            "loganalytics://workspace='DEMO_WORKSPACE';cloud='usgovernment'",
            "https://api.loganalytics.us",
            "https://api.loganalytics.us/.default",
        ),
        (
            "loganalytics://workspace='DEMO_WORKSPACE';cloud='mooncake'",
            "https://api.loganalytics.azure.cn",
            "https://api.loganalytics.azure.cn/.default",
        ),
        (
            "loganalytics://workspace='DEMO_WORKSPACE';datasourceurl='https://westus2.api.loganalytics.us/'",
            "https://westus2.api.loganalytics.us",
            "https://api.loganalytics.us/.default",
        ),
        (
            "applicationinsights://appid='DEMO_APP'",
            "https://api.applicationinsights.io",
            "https://api.applicationinsights.io/.default",
        ),
        (
            "applicationinsights://appid='DEMO_APP';cloud='china'",
            "https://api.applicationinsights.azure.cn",
            "https://api.applicationinsights.azure.cn/.default",
        ),
    ],
)
def test_endpoints_and_scopes_of_the_clouds(connection: str, endpoint: str, scope: str) -> None:
    found = target_of(spec(connection))
    assert (found.endpoint, found.scope) == (endpoint, scope)
    assert MonitorService(found, StaticCredential()).info.database.startswith("DEMO_")


def test_a_cloud_without_the_service() -> None:
    with pytest.raises(errors.KqlConnectionError, match="The cloud germany has no Log Analytics") as caught:
        target_of(spec("loganalytics://workspace='DEMO_WORKSPACE';cloud='germany'"))
    assert "public, usgovernment, china" in caught.value.hint


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("http://api.loganalytics.io", "is not https"),
        ("https://api.example.com", "is not among the hosts of Log Analytics"),
        ("https://api.loganalytics.io.evil.example", "is not among the hosts of Log Analytics"),
        ("https://evilapi.loganalytics.io", "is not among the hosts of Log Analytics"),
        ("https://api.applicationinsights.io", "is not among the hosts of Log Analytics"),
        ("https://me:s3cr3t@api.loganalytics.io", "holds a user or a password"),
        ("ftp://api.loganalytics.io", "is no address"),
        ("https://[api", "is no address"),
        ("https://api.loganalytics.io:x", "is no address"),
        ("https://api.loganalytics.io?x=1", "is no address"),
        ("nonsense", "is no address"),
    ],
)
def test_a_token_is_never_made_for_another_host(url: str, message: str) -> None:
    credential = StaticCredential()
    with pytest.raises(errors.KqlConnectionError) as caught:
        MonitorService(target(url), credential)
    assert message in caught.value.message
    assert "s3cr3t" not in str(caught.value)
    assert credential.scopes == []


TRUSTING = [
    f"loganalytics://workspace='{WORKSPACE}';token='t';datasourceurl=",
    f"applicationinsights://appid='{APP}';token='t';datasourceurl=",
    f"aimon://appid='{APP}';token='t';datasourceurl=",
]


@pytest.mark.parametrize("written", TRUSTING)
def test_a_token_goes_to_a_host_that_the_connection_trusts(written: str) -> None:
    with pytest.raises(errors.KqlConnectionError, match="is not among the hosts of") as caught:
        make_opener()(spec(f"{written}'https://logs.example'"))
    assert "trusted to get your token" in caught.value.hint
    trusting = make_opener()(spec(f"{written}'https://logs.example';trusted"))
    assert "signed in, a host that the connection trusts" in trusting.info.description
    with pytest.raises(errors.KqlConnectionError, match="is not https"):
        make_opener()(spec(f"{written}'http://logs.example';trusted"))


def test_aria_takes_trusted() -> None:
    assert "kusto.aria.microsoft.com" in make_opener()(spec("aria://database='d';trusted;token='t'")).info.description


def test_a_key_does_not_go_over_the_network_in_the_clear() -> None:
    with pytest.raises(errors.KqlConnectionError, match="is not https"):
        MonitorService(target("http://api.example.com"), ApiKey(KEY))
    assert KEY not in repr(ApiKey(KEY))


def test_the_demonstration_workspace(server: MonitorServer) -> None:
    service = opened(server, "loganalytics://workspace='DEMO_WORKSPACE'", f";appkey='{DEMO_KEY}'")
    assert values(decode(service.check())) == [[1]]
    assert server.requests[0].headers["x-api-key"] == DEMO_KEY


def test_a_key_and_another_sign_in() -> None:
    with pytest.raises(errors.KqlConnectionError, match="appkey and clientid are two ways to sign in") as caught:
        make_opener()(spec(f"loganalytics://workspace='{WORKSPACE}';appkey='{KEY}';clientid='i'"))
    assert KEY not in str(caught.value)


def test_a_tenant_beside_a_key_changes_nothing(server: MonitorServer) -> None:
    service = opened(server, more=f";appkey='{KEY}';tenant='t'")
    assert values(decode(service.check())) == [[1]]


@pytest.mark.parametrize(
    "name",
    ["a" * 64, "x", "/subscriptions", "../workspaces", "a b", "/subscriptions/x/../y", f"{WORKSPACE}/query", "a-b-"],
)
def test_what_is_neither_id_nor_name(name: str) -> None:
    with pytest.raises(errors.KqlConnectionError, match="is neither the id nor the name of a workspace") as caught:
        target_of(spec(f"loganalytics://workspace='{name}'"))
    assert "Workspace ID" in caught.value.hint
    assert "/subscriptions/..." in caught.value.hint
    with pytest.raises(errors.KqlConnectionError, match="is no id") as caught:
        target_of(spec(f"applicationinsights://appid='{name}'"))
    assert "Application ID" in caught.value.hint


# --- failures --------------------------------------------------------------------------------------------

FAILURES: dict[str, tuple[Answer, type[errors.KqlError], str]] = {
    "401": (monitor.unauthorized(), errors.KqlAuthenticationError, "Microsoft Sentinel Reader"),
    "403": (monitor.insufficient_access(), errors.KqlAuthenticationError, "Log Analytics Reader"),
    "500": (monitor.internal_error(), errors.KqlServiceError, "run the cell again"),
    "504": (monitor.gateway_timeout(), errors.KqlServiceError, "-timeout"),
    "302": (monitor.redirect("https://evil.example/"), errors.KqlServiceError, "address"),
    "a page": (monitor.html(200, "Please sign in"), errors.KqlResponseError, "proxy"),
    "empty": (Answer(b""), errors.KqlResponseError, "proxy"),
    "cut JSON": (Answer(tables(EVERY_TYPE)[:300]), errors.KqlResponseError, "run the cell again"),
    "cut body": (Answer(tables(EVERY_TYPE), cut=300, gzip=False), errors.KqlNetworkError, "run the cell again"),
    "other JSON": (Answer(b'{"x": 1}'), errors.KqlResponseError, "address"),
}


@pytest.mark.parametrize("name", FAILURES)
def test_a_failure_is_one_clear_error(name: str, server: MonitorServer, service: Service) -> None:
    scripted, kind, hint = FAILURES[name]
    server.on("T", scripted)
    query = Query("T")
    with pytest.raises(kind) as caught:
        decode(service.execute(query))
    assert type(caught.value) is kind
    assert hint in caught.value.hint
    assert caught.value.request_id == query.client_request_id
    assert len(server.requests) == 1
    assert values(answer(service, "print 1")) == [[1]]


def test_an_unknown_workspace(server: MonitorServer) -> None:
    with pytest.raises(errors.KqlServiceError, match="There is no such workspace"):
        opened(server, f"loganalytics://workspace='{APP}'").check()


@pytest.mark.parametrize(
    ("text", "at", "code", "unresolved"),
    [
        ("SigninLogs\n| take 1\n| whre x", "|", "SYN0002", None),
        ("SigninLogs\n| where Nope == 1", "Nope", "SEM0100", "Nope"),
        ("Nope | take 1", "Nope", "SEM0100", "Nope"),
    ],
)
def test_a_wrong_query_has_its_place(text: str, at: str, code: str, unresolved: str | None, service: Service) -> None:
    with pytest.raises(errors.KqlQueryError) as caught:
        service.execute(Query(text))
    error = caught.value
    assert (error.code, error.unresolved) == (code, unresolved)
    assert error.span is not None
    assert (error.span.start, error.span.of(text)) == (text.rindex(at), at)


# --- through the magic -----------------------------------------------------------------------------------


def connect(shell: Shell, server: MonitorServer, more: str = ";alias='soc'") -> str:
    return shell.text(f"%kql loganalytics://workspace='{WORKSPACE}';datasourceurl='{server.url}'{more}")


def test_a_cell_connects_and_runs(shell: Shell, server: MonitorServer) -> None:
    assert connect(shell, server).startswith("Connected to soc@loganalytics (")
    assert server.requests[0].query == "print kqlext=1"
    result = shell.run("%%kql\nSigninLogs\n| summarize n = count() by ResultType\n| top 1 by n")
    assert (result[0]["ResultType"], result.columns) == ("0", {"ResultType": "string", "n": "long"})
    assert "* soc@loganalytics" in shell.text("%kql --conn")
    assert "IPAddress:string" in shell.text("%kql --schema SigninLogs").replace("IPAddress: string", "IPAddress:string")


def test_cells_switch_between_connections_by_name(shell: Shell, server: MonitorServer) -> None:
    connect(shell, server, "")
    shell.run(f"%kql appinsights://appid='{APP}';datasourceurl='{server.url}';alias='web'")
    shell.run(f"%kql {WORKSPACE}@loganalytics print 1")
    shell.run("%kql web@applicationinsights print 2")
    assert [request.source for request in server.requests] == [WORKSPACE, APP, WORKSPACE, APP]


@pytest.mark.parametrize(
    ("option", "sent"),
    [
        ("-timespan P1D", "P1D"),
        ("-timespan=PT6H", "PT6H"),
        ("-timespan 2024-03-13/2024-03-14", "2024-03-13/2024-03-14"),
        ("-timespan back", "P2D"),
        ("-timespan day", "2024-03-13T00:00:00Z/2024-03-14T00:00:00Z"),
        ("-timespan since", "2024-03-13T00:00:00Z/P0DT43200S"),
        ("+timespan=P1D", "P1D"),
        ("+timespan='2024-03-13/2024-03-14'", "2024-03-13/2024-03-14"),
        ('+timespan=["2024-03-13","2024-03-14"]', "2024-03-13/2024-03-14"),
    ],
)
def test_time_ranges_arrive_in_the_body(option: str, sent: str, shell: Shell, server: MonitorServer) -> None:
    shell.run(
        "from datetime import datetime, timedelta\n"
        "back = timedelta(days=2)\n"
        "day = datetime(2024, 3, 13), datetime(2024, 3, 14)\n"
        "since = datetime(2024, 3, 13), timedelta(hours=12)"
    )
    connect(shell, server)
    shell.run(f"%kql {option} SigninLogs | count")
    assert server.requests[-1].body["timespan"] == sent


def test_workspaces_of_a_cell(shell: Shell, server: MonitorServer) -> None:
    connect(shell, server)
    shell.run(f'%kql +workspaces=["{OTHER_WORKSPACE}"] print 1')
    shell.run(f"%kql +workspaces={OTHER_WORKSPACE} print 1")
    assert [request.body["workspaces"] for request in server.requests[1:]] == [[OTHER_WORKSPACE]] * 2


def test_a_search_of_a_cell(shell: Shell, server: MonitorServer) -> None:
    connect(shell, server)
    shown = shell.text("%kql -search -timespan 2024-03-13/2024-03-14 SigninLogs | take 1")
    assert "billed for each GB" in shown
    assert server.requests[-1].action == "search"
    with pytest.raises(errors.KqlCellError, match="needs -timespan"):
        shell.run("%kql -search SigninLogs | take 1")


def test_elsewhere_a_search_does_nothing_and_says_so(shell: Shell) -> None:
    assert "-search did nothing: the embedded engine" in shell.text("%kql samples -search StormEvents | take 1")


def test_warnings_are_shown(shell: Shell, server: MonitorServer) -> None:
    connect(shell, server)
    server.on("T", tables(ONE, error=partial_error(TOO_LARGE)))
    assert "The result is not complete." in shell.text("%kql T")
    server.on("U", monitor.no_content())
    assert "no data" in shell.text("%kql U")


def test_an_error_points_into_the_cell(shell: Shell, server: MonitorServer) -> None:
    connect(shell, server)
    cell = "%%kql -timespan P7D\nSigninLogs\n| where Nope == 1"
    with pytest.raises(errors.KqlQueryError) as caught:
        shell.run(cell)
    assert "line 3: | where Nope == 1" in str(caught.value)


def test_a_table_of_the_notebook_runs_on_the_embedded_engine(shell: Shell, server: MonitorServer) -> None:
    connect(shell, server)
    shell.run("import pandas as pd; mine = pd.DataFrame({'a': [1, 2]})")
    assert shell.run("%kql mine | summarize total = sum(a)")[0]["total"] == 3


def test_the_cloud_of_the_session(shell: Shell) -> None:
    shell.run("%kql --config cloud=china")
    shell.run(f"%kql -!vc loganalytics://workspace='{WORKSPACE}';anonymous")
    assert "https://api.loganalytics.azure.cn/v1/" in shell.text("%kql --conn")


def test_a_refused_connection_is_none(shell: Shell, server: MonitorServer) -> None:
    server.tokens = {"another"}
    with pytest.raises(errors.KqlAuthenticationError, match="401"):
        connect(shell, server)
    assert shell.text("%kql --conn").startswith("Nothing is connected")
