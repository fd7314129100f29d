"""Resource Graph against a server that runs queries and pages rows; the official client reads the server too."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError
from azure.mgmt.resourcegraph import ResourceGraphClient
from azure.mgmt.resourcegraph.models import QueryRequest, QueryRequestOptions, ResultFormat
from conftest import Shell, StaticCredential
from servers import resource_graph as scripted
from servers.certificates import CertificateAuthority
from servers.graph import json_answer
from servers.kusto import internal_error, not_found, not_json, redirect
from servers.loopback import Answer
from servers.resource_graph import COUNT, RESOURCES, ResourceGraphServer

from kqlext import errors
from kqlext.connections.strings import ConnectionSpec
from kqlext.decode import decode
from kqlext.decode.resource_graph import decode_pages
from kqlext.decode.tables import DataSet
from kqlext.schemas import TableSchema
from kqlext.schemas.reading import read_schema, read_table
from kqlext.services import make_opener
from kqlext.services.base import Query
from kqlext.services.resource_graph import ResourceGraphService, Scope

MANAGEMENT = "https://management.azure.com"
EVERYTHING = "Resources | project id, name, size"


@pytest.fixture
def graph(trusted: CertificateAuthority) -> Iterator[ResourceGraphServer]:
    """A server that wants a token."""
    with ResourceGraphServer(trusted) as server:
        yield server


@pytest.fixture
def service(graph: ResourceGraphServer) -> Iterator[ResourceGraphService]:
    opened = ResourceGraphService(graph.url, StaticCredential(), MANAGEMENT)
    yield opened
    opened.close()


@pytest.fixture
def connected(shell: Shell, trusted: CertificateAuthority) -> Iterator[tuple[Shell, ResourceGraphServer]]:
    """A shell, and a server without sign-in whose address is the shell's variable `url`."""
    with ResourceGraphServer(trusted, anonymous=True) as server:
        shell.variables["url"] = server.url
        yield shell, server


def run(service: ResourceGraphService, text: str, **more: Any) -> DataSet:
    return decode(service.execute(Query(text, **more)))


def column(data_set: DataSet, index: int) -> list[Any]:
    table = data_set.tables[0]
    return table.columns[index].values(0, table.num_rows)


def page(rows: list[list[Any]], token: str | None = None, total: int | None = None, **more: Any) -> dict[str, Any]:
    """One page with a column n of integers."""
    return {
        "totalRecords": len(rows) if total is None else total,
        "count": len(rows),
        "resultTruncated": "false",
        **({} if token is None else {"$skipToken": token}),
        "data": {"columns": [{"name": "n", "type": "integer"}], "rows": rows},
        **more,
    }


# --- the official client reads the server ----------------------------------------------------------------


@pytest.fixture
def client(graph: ResourceGraphServer) -> Iterator[ResourceGraphClient]:
    opened = ResourceGraphClient(
        StaticCredential(),
        base_url=graph.url,
        credential_scopes=[f"{MANAGEMENT}/.default"],
        connection_verify=graph.ca_path,
    )
    with opened:
        yield opened


def test_the_official_client_reads_every_page(client: ResourceGraphClient) -> None:
    names: list[str] = []
    token = None
    for _ in range(3):
        options = QueryRequestOptions(skip_token=token, result_format=ResultFormat.TABLE)
        answer = client.resources(QueryRequest(query=EVERYTHING, options=options))
        assert (answer.total_records, answer.result_truncated) == (COUNT, "false")
        assert [entry["type"] for entry in answer.data["columns"]] == ["string", "string", "integer"]
        names += [row[1] for row in answer.data["rows"]]
        token = answer.skip_token
    assert token is None
    assert names == [f"disk{number}" for number in range(COUNT)]


def test_the_official_client_reads_objects_and_cut_results(client: ResourceGraphClient) -> None:
    answer = client.resources(QueryRequest(query="Resources | project name"))
    assert (answer.count, answer.total_records, answer.result_truncated) == (1_000, COUNT, "true")
    assert answer.skip_token is None
    assert answer.data[1] == {"name": "disk1"}


def test_the_official_client_reads_errors(client: ResourceGraphClient) -> None:
    with pytest.raises(HttpResponseError) as caught:
        client.resources(QueryRequest(query="Resources | take 1 take"))
    assert caught.value.error is not None
    assert [detail.code for detail in caught.value.error.details] == ["InvalidQuery", "ParserFailure"]


# --- pages -----------------------------------------------------------------------------------------------


def test_every_row_comes_once(graph: ResourceGraphServer, service: ResourceGraphService) -> None:
    query = Query(EVERYTHING)
    data_set = decode(service.execute(query))
    assert column(data_set, 1) == [f"disk{number}" for number in range(COUNT)]
    assert column(data_set, 2) == list(range(COUNT))
    assert (data_set.partial, data_set.warnings) == (False, ())
    assert [request.client_request_id.removeprefix(query.client_request_id) for request in graph.requests] == [
        "", ";2", ";3",
    ]  # fmt: skip
    assert [request.body["options"].get("$skipToken") is None for request in graph.requests] == [True, False, False]
    assert {request.body["query"] for request in graph.requests} == {EVERYTHING}


def test_a_result_without_id_is_partial_and_says_why(service: ResourceGraphService) -> None:
    data_set = run(service, "Resources | project name")
    assert data_set.tables[0].num_rows == 1_000
    assert data_set.partial
    assert "1,000 rows of 2,345 came" in data_set.warnings[0]
    assert "keep id in what is projected" in data_set.warnings[0]


@pytest.mark.parametrize("text", ["Resources | take 10", "Resources | take 5000 | project id | take 1000 | take 3"])
def test_a_small_result_is_whole(text: str, service: ResourceGraphService) -> None:
    data_set = run(service, text)
    assert (data_set.partial, data_set.warnings) == (False, ())


@pytest.mark.parametrize(
    ("count", "total", "truncated", "partial"),
    [
        (5, 5, "true", False),  # the query asked for more than there are
        (5, 6, "true", True),
        (5, 6, "false", True),
        (1_000, 1_000, "true", True),
        (1_000, 1_000, "false", False),
        (5, None, "true", True),
        (5, None, "false", False),
    ],
)
def test_when_rows_are_missing(count: int, total: int | None, truncated: str, partial: bool) -> None:
    answer = page([[number] for number in range(count)], resultTruncated=truncated)
    answer["totalRecords"] = total
    data_set = decode_pages([json.dumps(answer).encode()])
    assert (data_set.partial, bool(data_set.warnings)) == (partial, partial)


def test_a_page_that_fails_is_an_error(graph: ResourceGraphServer, service: ResourceGraphService) -> None:
    graph.on("T", json_answer(page([[1]], "next", 2)), internal_error())
    query = Query("T")
    with pytest.raises(errors.KqlServiceError) as caught:
        service.execute(query)
    assert caught.value.request_id == query.client_request_id


def test_pages_that_never_end(graph: ResourceGraphServer, service: ResourceGraphService) -> None:
    graph.on("T", json_answer(page([[1]], "same")))
    with pytest.raises(errors.KqlResponseError, match="the same page again"):
        service.execute(Query("T"))
    assert len(graph.requests) == 2


def test_a_query_whose_time_is_over_asks_for_no_further_page(
    graph: ResourceGraphServer, service: ResourceGraphService
) -> None:
    with pytest.raises(errors.KqlServiceError, match="given up after 1e-09 s and 0 pages"):
        service.execute(Query("Resources", timeout=1e-9))
    assert graph.requests == []


def test_a_column_whose_type_changes_from_page_to_page_is_dynamic() -> None:
    other = page([["x"], [None]], total=3)
    other["data"]["columns"][0]["type"] = "string"
    data_set = decode_pages([json.dumps(item).encode() for item in (page([[1]], "next", 3), other)])
    (table,) = data_set.tables
    assert (table.columns[0].type, table.columns[0].values(0, 3)) == ("dynamic", [1, "x", None])


MALFORMED: dict[str, tuple[list[Any], str]] = {
    "no object": ([[]], "no table of resources"),
    "no data": ([{"error": 1}], "no table of resources"),
    "objects": ([{"data": [{"n": 1}]}], "no table of resources"),
    "a short row": ([page([[]])], "has not as many values"),
    "no list": ([page([5])], "has not as many values"),  # type: ignore[list-item]
    "no type": ([{"data": {"columns": [{"name": "n"}], "rows": []}}], "malformed"),
    "other columns": (
        [page([[1]]), {"data": {"columns": [{"name": "m", "type": "integer"}], "rows": []}}],
        "not the same columns",
    ),
}


@pytest.mark.parametrize("name", MALFORMED)
def test_a_malformed_answer(name: str) -> None:
    pages, message = MALFORMED[name]
    with pytest.raises(errors.KqlResponseError) as caught:
        decode_pages([json.dumps(item).encode() for item in pages])
    assert message in caught.value.message
    assert caught.value.hint


# --- requests --------------------------------------------------------------------------------------------


def test_a_request_says_what_is_asked_and_by_whom(graph: ResourceGraphServer) -> None:
    credential = StaticCredential()
    service = ResourceGraphService(graph.url, credential, MANAGEMENT, Scope(("s1", "s2"), ("m",)))
    query = Query("Resources | take 1")
    service.execute(query)
    (request,) = graph.requests
    assert (request.path, request.version) == (RESOURCES, "2022-10-01")
    assert request.body == {
        "subscriptions": ["s1", "s2"],
        "managementGroups": ["m"],
        "query": query.text,
        "options": {"resultFormat": "table", "$top": 1_000, "allowPartialScopes": True},
    }
    assert request.client_request_id == query.client_request_id
    assert request.headers["x-ms-app"] == "kqlext"
    assert request.headers["Authorization"] == "Bearer the-token"
    assert set(credential.scopes) == {("https://management.azure.com/.default",)}


def test_without_a_scope_the_tenant_is_asked(graph: ResourceGraphServer, service: ResourceGraphService) -> None:
    service.check()
    assert not {"subscriptions", "managementGroups"} & set(graph.requests[0].body)


def test_types_and_nulls(service: ResourceGraphService) -> None:
    data_set = run(service, "Resources | where size < 11 | project id, size, share, encrypted, tags, location")
    (table,) = data_set.tables
    assert [one.type for one in table.columns] == ["string", "long", "real", "bool", "dynamic", "string"]
    assert column(data_set, 1)[:2] == [0, 1]
    assert column(data_set, 2)[:2] == [0.0, 0.25]
    assert column(data_set, 3)[:2] == [True, False]
    assert column(data_set, 4)[:2] == [None, {"owner": "team1", "numbers": [1, None]}]
    assert column(data_set, 5)[:2] == [None, "westeurope"]


def test_render_is_taken_off_and_given(graph: ResourceGraphServer, service: ResourceGraphService) -> None:
    data_set = run(service, "Resources | summarize n = count() by location | render piechart")
    assert data_set.visualization == {"visualization": "piechart"}
    assert "render" not in graph.requests[0].body["query"]


def test_what_does_nothing_is_said(service: ResourceGraphService) -> None:
    data_set = run(service, "Resources | take 1", properties={"x": 1}, timespan="P1D")
    assert data_set.warnings == (
        "Azure Resource Graph has no request properties: +x did nothing.",
        "-timespan did nothing: Azure Resource Graph has no time range beside the query; filter in the query.",
    )


def test_subscriptions_that_the_service_left_out_are_said(
    graph: ResourceGraphServer, service: ResourceGraphService
) -> None:
    graph.on("T", json_answer(page([[1]]), headers={"x-ms-tenant-subscription-limit-hit": "true"}))
    data_set = run(service, "T")
    assert data_set.partial
    assert "Name subscriptions or managementgroups" in data_set.warnings[0]
    assert column(data_set, 0) == [1]


# --- quota -----------------------------------------------------------------------------------------------


def used_up(resets_after: str, **more: Any) -> Answer:
    headers = {"x-ms-user-quota-remaining": "0", "x-ms-user-quota-resets-after": resets_after}
    return json_answer(page([[1]], **more), headers=headers)


def test_a_short_pause_is_waited_for(graph: ResourceGraphServer, service: ResourceGraphService) -> None:
    graph.on("T", used_up("00:00:01", token="next", total=2), json_answer(page([[2]])))
    assert column(run(service, "T"), 0) == [1, 2]


def test_a_long_pause_is_an_error_that_names_it(graph: ResourceGraphServer, service: ResourceGraphService) -> None:
    graph.on("T", used_up("01:00:00"))
    service.execute(Query("T"))
    with pytest.raises(errors.KqlThrottledError) as caught:
        service.execute(Query("T"))
    assert "wait 3,600 seconds" in caught.value.hint
    assert "15 queries in 5 seconds" in caught.value.hint
    assert len(graph.requests) == 1


@pytest.mark.parametrize("clock", ["", "soon", "5"])
def test_a_quota_that_cannot_be_read_holds_nothing_up(
    clock: str, graph: ResourceGraphServer, service: ResourceGraphService
) -> None:
    graph.on("T", used_up(clock))
    for _ in range(2):
        service.execute(Query("T"))
    assert len(graph.requests) == 2


# --- failures --------------------------------------------------------------------------------------------

FAILURES: dict[str, tuple[Answer, type[errors.KqlError], str, str]] = {
    "401": (
        scripted.management_error(401, "ExpiredAuthenticationToken", "The access token expiry UTC time is earlier."),
        errors.KqlAuthenticationError,
        "401: The access token expiry",
        "sign in again",
    ),
    "403": (scripted.forbidden(), errors.KqlAuthenticationError, "403: The client does not have", "role Reader"),
    "404": (not_found(), errors.KqlServiceError, "There is no Azure Resource Graph at https://127", "datasourceurl"),
    "429": (scripted.throttled(3600), errors.KqlThrottledError, "Please provide below info", "wait 3,600 seconds"),
    "500": (internal_error(), errors.KqlServiceError, "500: An unexpected error occurred.", "run the cell again"),
    "302": (redirect("https://evil.example/"), errors.KqlServiceError, "a redirect to evil.example", "address"),
    "page": (not_json(), errors.KqlResponseError, "The answer is no JSON", "proxy"),
    "cut": (Answer(b'{"data": {'), errors.KqlResponseError, "no whole JSON", "run the cell again"),
    "no table": (Answer(b"{}"), errors.KqlResponseError, "no table of resources", "Azure Resource Manager"),
}


@pytest.mark.parametrize("name", FAILURES)
def test_a_failure_is_one_clear_error(name: str, graph: ResourceGraphServer, service: ResourceGraphService) -> None:
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
    assert run(service, "Resources | take 1").tables[0].num_rows == 1  # the connection is usable afterwards


def test_no_token_is_a_sign_in_that_is_missing(graph: ResourceGraphServer) -> None:
    with pytest.raises(errors.KqlAuthenticationError) as caught:
        ResourceGraphService(graph.url, None, MANAGEMENT).check()
    assert "role Reader" in caught.value.hint


def refused(service: ResourceGraphService, text: str) -> errors.KqlQueryError:
    with pytest.raises(errors.KqlQueryError) as caught:
        service.execute(Query(text))
    return caught.value


def test_a_syntax_error_points_at_its_place(service: ResourceGraphService) -> None:
    text = "Resources\n| take 1 take"
    error = refused(service, text)
    assert error.code == "ParserFailure"
    assert error.message.startswith("Query is invalid.")
    assert error.message.endswith("It cannot be read at 'take'.")
    assert error.span is not None
    assert (error.span.of(text), error.span.start) == ("take", text.rindex("take"))


def test_a_semantic_error_points_at_the_name(service: ResourceGraphService) -> None:
    text = "Resources | where nme == 'x'"
    error = refused(service, text)
    assert (error.code, error.unresolved) == ("Default", "nme")
    assert error.span is not None
    assert error.span.of(text) == "nme"


@pytest.mark.parametrize(
    ("details", "message", "unresolved", "at"),
    [
        # as in azure-powershell issue 13762: the place is not known, the token is
        (
            [{"code": "InvalidQueryLanguage", "message": "InvalidQueryLanguage", "line": -1, "token": "evaluate"}],
            "The query is refused. It cannot be read at 'evaluate'.",
            None,
            "evaluate",
        ),
        (
            [
                {
                    "code": "DisallowedLogicalTableName",
                    "message": "Table Rsources is invalid, unsupported or disallowed.",
                }
            ],
            "Table Rsources is invalid, unsupported or disallowed.",
            "Rsources",
            "Rsources",
        ),
        ([{"code": "X", "message": ""}], "The query is refused.", None, None),
        ([1, None], "The whole.", None, None),
        ([], "The whole.", None, None),
        ("nonsense", "The whole.", None, None),
    ],
)
def test_details_of_refused_queries(
    details: Any,
    message: str,
    unresolved: str | None,
    at: str | None,
    graph: ResourceGraphServer,
    service: ResourceGraphService,
) -> None:
    text = "Rsources | evaluate bag_unpack(tags)"
    error = {"code": "BadRequest", "message": "The whole.", "details": details}
    graph.on(text, json_answer({"error": error}, 400))
    caught = refused(service, text)
    assert (caught.message, caught.unresolved) == (message, unresolved)
    assert (caught.span.of(text) if caught.span else None) == at


def test_a_management_command_is_refused_here(graph: ResourceGraphServer, service: ResourceGraphService) -> None:
    with pytest.raises(errors.KqlUnsupportedError, match="no management commands"):
        service.execute(Query(".show tables"))
    assert graph.requests == []


def test_the_names_of_the_tables_need_no_request(graph: ResourceGraphServer, service: ResourceGraphService) -> None:
    assert read_schema(service).table("ResourceContainers") == TableSchema("ResourceContainers", ())
    assert graph.requests == []
    assert read_table(service, "Resources").types()["size"] == "long"


# --- opening ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("keys", "name", "address"),
    [
        ((), "tenant", MANAGEMENT),
        ((("cloud", "china"),), "tenant", "https://management.chinacloudapi.cn"),
        ((("subscriptions", " s1 , s2,"),), "s1+1", MANAGEMENT),
        ((("managementgroups", "m"),), "m", MANAGEMENT),
    ],
)
def test_opening(keys: tuple[tuple[str, str], ...], name: str, address: str) -> None:
    info = make_opener()(ConnectionSpec("resourcegraph", keys)).info
    assert (info.cluster, info.database, info.description) == ("resourcegraph", name, f"{address}, signed in")


def test_a_scope_that_names_nothing_is_not_the_tenant() -> None:
    with pytest.raises(errors.KqlConnectionError, match="The key subscriptions is empty"):
        make_opener()(ConnectionSpec("resourcegraph", (("subscriptions", " , "),)))


@pytest.mark.parametrize("address", ["https://management.azure.com.evil.example", "http://management.azure.com"])
def test_a_token_goes_nowhere_else(address: str) -> None:
    with pytest.raises(errors.KqlConnectionError):
        ResourceGraphService(address, StaticCredential(), MANAGEMENT)


# --- through the magic -----------------------------------------------------------------------------------


def test_cells_run_on_resource_graph(connected: tuple[Shell, ResourceGraphServer]) -> None:
    shell, server = connected
    shell.variables["mine"] = ["s1", "s2"]
    text = shell.text("%kql resourcegraph://anonymous;datasourceurl=url;subscriptions=mine;alias='disks'")
    assert "disks@resourcegraph" in text
    shell.run(f"%kql -o found {EVERYTHING}")
    assert len(shell.variables["found"]) == COUNT
    assert server.requests[-1].body["subscriptions"] == ["s1", "s2"]


def test_a_partial_result_is_said_in_its_output(connected: tuple[Shell, ResourceGraphServer]) -> None:
    shell, _ = connected
    shell.run("%kql arg://anonymous;datasourceurl=url")
    text = shell.text("%kql Resources | project name")
    assert "The result is not complete: 1,000 rows of 2,345 came" in text


def test_the_columns_of_one_table(connected: tuple[Shell, ResourceGraphServer]) -> None:
    shell, _ = connected
    shell.run("%kql resourcegraph://anonymous;datasourceurl=url")
    assert shell.run("%kql --schema Resources") == {
        "id": "string", "name": "string", "size": "long", "share": "real", "encrypted": "bool", "tags": "dynamic",
        "location": "string",
    }  # fmt: skip


def test_an_error_points_into_the_cell(connected: tuple[Shell, ResourceGraphServer]) -> None:
    shell, _ = connected
    shell.run("%kql resourcegraph://anonymous;datasourceurl=url")
    cell = "%%kql\n\nResources\n| where nme == 'x'"
    with pytest.raises(errors.KqlQueryError) as caught:
        shell.run(cell)
    assert caught.value.span is not None
    assert caught.value.span.of(cell) == "nme"


@pytest.mark.parametrize("value", [[1], {"s": 1}, 5])
def test_a_scope_is_text_or_a_list_of_texts(value: object, connected: tuple[Shell, ResourceGraphServer]) -> None:
    shell, _ = connected
    shell.variables["mine"] = value
    with pytest.raises(errors.KqlConnectionError, match="subscriptions"):
        shell.run("%kql resourcegraph://anonymous;datasourceurl=url;subscriptions=mine")


def test_the_option_cloud_is_for_connections_that_name_none(shell: Shell) -> None:
    shell.run("%config KqlMagics.validate_connection_string = False")
    text = shell.text("%kql -cloud government resourcegraph://")
    assert "https://management.usgovcloudapi.net" in text
    assert "https://graph.microsoft.us" in shell.text("%kql -cloud usgovernment defender://")
