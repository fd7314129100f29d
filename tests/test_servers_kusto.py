"""Our loopback Kusto service, held to the protocol by the official client: it reads what the service sends.

Where the client does not read something (fragments, progress, errors in the last frame), the test says so,
and the shape is checked here.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import requests
from azure.kusto.data import ClientRequestProperties, KustoClient, KustoConnectionStringBuilder
from azure.kusto.data._cloud_settings import CloudSettings
from azure.kusto.data.exceptions import (
    KustoApiError,
    KustoError,
    KustoMultiApiError,
    KustoNetworkError,
    KustoServiceError,
    KustoThrottlingError,
    KustoTokenParsingError,
    KustoUnsupportedApiError,
)
from azure.kusto.data.response import KustoResponseDataSet
from servers import kusto
from servers.certificates import CertificateAuthority
from servers.kusto import MANAGEMENT, METADATA, QUERY, QUERY_V1, Answer, KustoServer
from servers.kusto_frames import (
    EVERY_TYPE,
    NO_VISUALIZATION,
    STATISTICS,
    TableSpec,
    cloud_metadata,
    one_api_error,
    v1,
    v2,
    v2_fragmented,
    v2_progressive,
)

# Only where a hang would be the failure.
PATIENCE = 60.0
JSON_HEADERS = {"Accept": "application/json", "Content-Type": "application/json; charset=utf-8"}
CITIES = TableSpec("Cities", (("Name", "string"), ("People", "long")), (("Oslo", 717710), ("Wien", 2002821)))
SMALLEST_LONG = -(2**63)
STREAMABLE = replace(EVERY_TYPE, rows=[row for row in EVERY_TYPE.rows if SMALLEST_LONG not in row])
PARTIAL_ERROR = one_api_error(
    "LimitsExceeded", "Request is invalid.", "E_QUERY_RESULT_SET_TOO_LARGE", "more than 500000 records"
)


@pytest.fixture(autouse=True)
def _without_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


@pytest.fixture
def server() -> Iterator[KustoServer]:
    with KustoServer() as running:
        yield running


@pytest.fixture
def client(server: KustoServer) -> Iterator[KustoClient]:
    with KustoClient(KustoConnectionStringBuilder.with_no_authentication(server.url)) as opened:
        yield opened


def post(server: KustoServer, csl: str = "T", **changes: Any) -> requests.Response:
    """One query without the SDK, to see the answer as it is."""
    arguments: dict[str, Any] = {"json": {"db": "Samples", "csl": csl}, "headers": JSON_HEADERS}
    return requests.post(server.url + QUERY, timeout=PATIENCE, **(arguments | changes))


def raw_rows(table: Any) -> list[list[Any]]:
    return [list(row) for row in table.raw_rows]


def wire_rows(table: TableSpec) -> list[list[Any]]:
    return [list(row) for row in table.rows]


def column_pairs(table: Any) -> tuple[tuple[str, str], ...]:
    return tuple((column.column_name, column.column_type) for column in table.columns)


def in_thread(work: Callable[[], Any]) -> tuple[threading.Thread, list[Any]]:
    """The started thread, and a list that holds what the work returned or raised once it has ended."""
    outcome: list[Any] = []

    def run() -> None:
        try:
            outcome.append(work())
        except Exception as error:  # noqa: BLE001 (the test looks at it)
            outcome.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    return thread, outcome


# --- whole answers ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("command", "body"),
    [
        ("EveryType", v2(EVERY_TYPE)),
        ("EveryType", v2(EVERY_TYPE, properties=False, completion=False)),
        (".show every type", v1(EVERY_TYPE)),
        (".show every type", v1(EVERY_TYPE, contents=True)),
    ],
    ids=["v2", "v2-bare", "v1", "v1-with-contents"],
)
def test_every_type_arrives_as_it_was_sent(server: KustoServer, client: KustoClient, command: str, body: bytes) -> None:
    server.on(command, body)
    [table] = client.execute("Samples", command).primary_results
    assert column_pairs(table) == EVERY_TYPE.columns
    assert raw_rows(table) == wire_rows(EVERY_TYPE)


def test_the_client_converts_every_type(server: KustoServer, client: KustoClient) -> None:
    server.on("EveryType", v2(EVERY_TYPE))
    [table] = client.execute("Samples", "EveryType").primary_results
    ordinary, precise, nulls, largest, smallest, tick = (row.to_dict() for row in table)
    assert ordinary["datetime_value"] == datetime(2024, 1, 1, 0, 0, 0, 123456, tzinfo=UTC)
    assert ordinary["dynamic_value"] == {"a": 1, "b": [1, "x", None, {"deep": [[]]}]}
    assert precise["long_value"] == 9007199254740993
    assert precise["timespan_value"] == -timedelta(days=1, hours=2, minutes=3, seconds=4.5)
    assert precise["real_value"] == "NaN"
    assert {value for name, value in nulls.items() if name != "string_value"} == {None}
    assert nulls["string_value"] == ""
    assert largest["decimal_value"] == Decimal("1.23456789012345678901234567890")
    assert largest["datetime_value"] == datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)
    assert largest["timespan_value"].days == 10675199
    assert smallest["datetime_value"] == datetime(1, 1, 1, tzinfo=UTC)
    assert smallest["long_value"] == SMALLEST_LONG
    assert tick["real_value"] == 5e-324


def test_every_kusto_type_is_there_with_null_and_without() -> None:
    types = {kusto_type for _, kusto_type in EVERY_TYPE.columns}
    expected = "bool datetime decimal dynamic guid int long real string timespan"
    assert types == set(expected.split())
    for index, (name, kusto_type) in enumerate(EVERY_TYPE.columns):
        values = [row[index] for row in EVERY_TYPE.rows]
        assert (None in values) is (kusto_type != "string"), name


def test_v1_with_dotnet_types_only(server: KustoServer, client: KustoClient) -> None:
    """The client falls back on DataType in lower case, so that it converts only what is called the same."""
    server.on(".show every type", v1(EVERY_TYPE, column_types=False))
    [table] = client.execute_mgmt("Samples", ".show every type").primary_results
    assert dict(column_pairs(table)) == {
        "bool_value": "SByte",
        "datetime_value": "DateTime",
        "decimal_value": "SqlDecimal",
        "dynamic_value": "Object",
        "guid_value": "Guid",
        "int_value": "Int32",
        "long_value": "Int64",
        "real_value": "Double",
        "string_value": "String",
        "timespan_value": "TimeSpan",
    }
    assert raw_rows(table) == wire_rows(EVERY_TYPE)
    assert table[0]["datetime_value"] == datetime(2024, 1, 1, 0, 0, 0, 123456, tzinfo=UTC)
    assert table[0]["timespan_value"] == timedelta(hours=1, minutes=2, seconds=3)
    assert table[0]["decimal_value"] == "1.5"


def test_several_primary_tables(server: KustoServer, client: KustoClient) -> None:
    server.on("fork", v2(CITIES, EVERY_TYPE, TableSpec("Empty", CITIES.columns)))
    response = client.execute_query("Samples", "fork")
    assert [table.table_name for table in response.primary_results] == ["Cities", "EveryType", "Empty"]
    assert [len(table) for table in response.primary_results] == [2, len(EVERY_TYPE.rows), 0]
    assert [table.table_id for table in response] == [0, 1, 2, 3, 4]


def test_several_v1_tables_are_named_by_the_table_of_contents(server: KustoServer, client: KustoClient) -> None:
    server.on(".show two", v1(CITIES, EVERY_TYPE, visualization={"Visualization": "card"}))
    response = client.execute_mgmt("Samples", ".show two")
    names = ["Cities", "EveryType", "@ExtendedProperties", "QueryStatus", "Table_4"]
    assert [table.table_name for table in response] == names
    assert [table.table_name for table in response.primary_results] == ["Cities", "EveryType"]
    assert json.loads(response[2][0]["Value"])["Visualization"] == "card"  # by name only Table_2 is found
    assert response.errors_count == 0


def visualizations(response: KustoResponseDataSet) -> dict[int, dict[str, Any]]:
    rows = response["@ExtendedProperties"].rows
    return {row["TableId"]: json.loads(row["Value"]) for row in rows if row["Key"] == "Visualization"}


CHART = {"Visualization": "timechart", "Title": "Storms", "YColumns": ["a", "b"], "Ymin": 0}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (None, {1: {}, 2: {}}),
        (CHART, {1: CHART, 2: CHART}),
        ([None, CHART], {1: {}, 2: CHART}),
    ],
    ids=["none", "for-all", "for-the-second"],
)
def test_visualization_is_json_text_in_extended_properties(
    server: KustoServer, client: KustoClient, given: Any, expected: dict[int, dict[str, Any]]
) -> None:
    server.on("T | render", v2(CITIES, CITIES, visualization=given))
    found = visualizations(client.execute_query("Samples", "T | render"))
    assert found == {table: NO_VISUALIZATION | changes for table, changes in expected.items()}


@pytest.mark.parametrize("statistics", [None, {"ExecutionTime": 1.5}])
def test_statistics_are_in_the_completion_information(
    server: KustoServer, client: KustoClient, statistics: dict[str, Any] | None
) -> None:
    server.on("T", v2(CITIES, statistics=statistics))
    information = client.execute_query("Samples", "T")["QueryCompletionInformation"]
    [consumption] = [row for row in information if row["EventTypeName"] == "QueryResourceConsumption"]
    assert json.loads(consumption["Payload"]) == (statistics or STATISTICS)


# --- fragments and progress ---------------------------------------------------------------------------------


def frames_by_line(body: bytes) -> list[dict[str, Any]]:
    """As a reader of lines decodes fragmented v2: a bracket or comma, and a frame."""
    *lines, last = body.splitlines()
    assert [line[:1] for line in lines] == [b"["] + [b","] * (len(lines) - 1)
    assert last == b"]"
    return [json.loads(line[1:]) for line in lines]


def collected(frames: list[dict[str, Any]], table: int) -> list[list[Any]]:
    """The rows of a table after all of its fragments."""
    rows: list[list[Any]] = []
    for frame in frames:
        if frame["FrameType"] == "TableFragment" and frame["TableId"] == table:
            kept = rows if frame["TableFragmentType"] == "DataAppend" else []
            rows = kept + frame["Rows"]
    return rows


@pytest.mark.parametrize("rows_per_fragment", [1, 4, 100])
def test_fragments_are_frames_on_lines_of_their_own(server: KustoServer, rows_per_fragment: int) -> None:
    server.on("T", v2_fragmented(EVERY_TYPE, CITIES, rows_per_fragment=rows_per_fragment))
    frames = frames_by_line(post(server).content)
    pieces = -(-len(EVERY_TYPE.rows) // rows_per_fragment), -(-len(CITIES.rows) // rows_per_fragment)
    table = ["TableHeader", "TableFragment", "TableCompletion"]
    assert [frame["FrameType"] for frame in frames] == [
        *("DataSetHeader", "DataTable"),
        *(table[0], *[table[1]] * pieces[0], table[2]),
        *(table[0], *[table[1]] * pieces[1], table[2]),
        *("DataTable", "DataSetCompletion"),
    ]
    assert frames[0] == {
        "FrameType": "DataSetHeader",
        "IsProgressive": False,
        "Version": "v2.0",
        "IsFragmented": True,
        "ErrorReportingPlacement": "EndOfTable",
    }
    assert collected(frames, 1) == wire_rows(EVERY_TYPE)
    assert collected(frames, 2) == wire_rows(CITIES)
    counts = [frame["RowCount"] for frame in frames if frame["FrameType"] == "TableCompletion"]
    assert counts == [len(EVERY_TYPE.rows), len(CITIES.rows)]


def test_fragments_without_newlines_are_the_same_frames() -> None:
    one_line = v2_fragmented(EVERY_TYPE, newlines=False)
    assert b"\n" not in one_line
    assert json.loads(one_line) == frames_by_line(v2_fragmented(EVERY_TYPE))


def test_errors_of_fragments_stand_at_the_end_of_the_table_and_of_the_data_set() -> None:
    frames = json.loads(v2_fragmented(CITIES, table_errors=[PARTIAL_ERROR], errors=[PARTIAL_ERROR]))
    holders = [frame["FrameType"] for frame in frames if frame.get("OneApiErrors") == [PARTIAL_ERROR]]
    assert holders == ["TableCompletion", "DataSetCompletion"]
    assert frames[-1]["HasErrors"] is True


def test_progressive_frames_replace_what_they_showed_first(server: KustoServer) -> None:
    server.on("T", v2_progressive(EVERY_TYPE))
    frames = post(server).json()
    assert frames[0]["IsProgressive"] is True
    assert [frame["FrameType"] for frame in frames[2:-2]] == [
        *("TableHeader", "TableFragment", "TableProgress", "TableFragment", "TableProgress"),
        "TableCompletion",
    ]
    assert [frame.get("TableFragmentType") for frame in frames if "Rows" in frame][1:3] == [
        "DataAppend",
        "DataReplace",
    ]
    assert collected(frames, 1) == wire_rows(EVERY_TYPE)


@pytest.mark.parametrize("build", [v2_fragmented, v2_progressive])
def test_the_client_refuses_frames_in_pieces(
    server: KustoServer, client: KustoClient, build: Callable[..., bytes]
) -> None:
    """Its streaming reader says so; its ordinary one drops the frames without a word."""
    server.on("T", build(EVERY_TYPE))
    with pytest.raises(KustoUnsupportedApiError):
        list(client.execute_streaming_query("Samples", "T"))
    response = client.execute_query("Samples", "T")
    assert response.primary_results == []
    assert response.tables_names == ["@ExtendedProperties", "QueryCompletionInformation"]


@pytest.mark.parametrize("chunked", [False, True])
def test_the_client_streams_whole_tables(server: KustoServer, client: KustoClient, chunked: bool) -> None:
    server.on("T", Answer(v2(STREAMABLE, CITIES), chunked=chunked, drip=(64, 0.0)))
    streamed = client.execute_streaming_query("Samples", "T").iter_primary_results()
    rows = [[row.to_list() for row in table] for table in streamed]
    whole = client.execute_query("Samples", "T").primary_results
    assert rows == [[row.to_list() for row in table] for table in whole]


def test_the_smallest_long_ends_the_client_s_stream(server: KustoServer, client: KustoClient) -> None:
    """Its JSON reader (yajl) takes it for an overflow, and the client for the end of the stream."""
    server.on("T", v2(TableSpec("T", (("n", "long"),), ((1,), (SMALLEST_LONG,)))))
    table = next(client.execute_streaming_query("Samples", "T").iter_primary_results())
    assert next(table)["n"] == 1
    with pytest.raises(KustoTokenParsingError):
        next(table)


# --- errors -------------------------------------------------------------------------------------------------


def test_semantic_error(server: KustoServer, client: KustoClient) -> None:
    message = "'where' operator: Failed to resolve column or scalar expression named 'Stat'"
    server.on("T | where Stat == 1", kusto.semantic_error("SEM0100", message, text="T | where Stat == 1"))
    with pytest.raises(KustoApiError) as caught:
        client.execute_query("Samples", "T | where Stat == 1")
    error = caught.value.get_api_error()
    assert (error.code, error.permanent) == ("General_BadRequest", True)
    assert "SEM0100" in error.description
    assert message in error.description
    assert caught.value.is_semantic_error()
    inner = caught.value.http_response.json()["error"]["innererror"]
    assert (inner["code"], inner["@errorMessage"]) == ("SEM0100", message)
    assert "@line" not in inner


def test_syntax_error_tells_the_place(server: KustoServer, client: KustoClient) -> None:
    server.on("T |", kusto.syntax_error(1, 3, text="T |"))
    with pytest.raises(KustoApiError) as caught:
        client.execute_query("Samples", "T |")
    error = caught.value.http_response.json()["error"]
    assert error["@text"] == "T |"
    assert (error["innererror"]["@line"], error["innererror"]["@pos"]) == (1, 3)
    assert not caught.value.is_semantic_error()


def test_row_errors_are_raised_by_both_readers(server: KustoServer, client: KustoClient) -> None:
    server.on("T", v2(CITIES, row_errors={"OneApiErrors": [PARTIAL_ERROR]}))
    with pytest.raises(KustoMultiApiError) as caught:
        client.execute_query("Samples", "T")
    [error] = caught.value.get_api_errors()
    assert (error.code, error.message) == ("LimitsExceeded", "Request is invalid.")
    seen: list[str] = []
    table = next(client.execute_streaming_query("Samples", "T").iter_primary_results())
    with pytest.raises(KustoMultiApiError):
        seen.extend(row["Name"] for row in table)
    assert seen == ["Oslo", "Wien"]


def test_errors_in_the_last_frame_escape_the_client(server: KustoServer, client: KustoClient) -> None:
    server.on("T", v2(CITIES, errors=[PARTIAL_ERROR]))
    response = client.execute_query("Samples", "T")
    assert len(response.primary_results[0]) == 2
    assert response.errors_count == 0
    last = post(server).json()[-1]
    assert last == {
        "FrameType": "DataSetCompletion",
        "HasErrors": True,
        "Cancelled": False,
        "OneApiErrors": [PARTIAL_ERROR],
    }


def test_deferred_errors_are_rows_of_the_completion_information(server: KustoServer, client: KustoClient) -> None:
    server.on("T", v2(CITIES, deferred_error="more than 500000 records"))
    response = client.execute_query("Samples", "T")
    assert response.errors_count == 1
    assert "more than 500000 records" in response.get_exceptions()[0]


def test_throttled_and_then_answered(server: KustoServer, client: KustoClient) -> None:
    server.on("T", kusto.throttled(retry_after=7), v2(CITIES))
    with pytest.raises(KustoThrottlingError) as caught:
        client.execute_query("Samples", "T")
    assert caught.value.args[1].headers["Retry-After"] == "7"
    for _ in range(2):
        assert len(client.execute_query("Samples", "T").primary_results[0]) == 2


@pytest.mark.parametrize(
    ("answer", "raised", "status"),
    [
        (kusto.unauthorized(), KustoServiceError, 401),
        (kusto.forbidden(), KustoApiError, 403),
        (kusto.not_found(), KustoServiceError, 404),
        (kusto.internal_error(), KustoApiError, 500),
        (kusto.unavailable(), KustoApiError, 503),
        (kusto.gateway_timeout(), KustoServiceError, 504),
        (kusto.redirect(), KustoServiceError, 302),
        (kusto.not_json(), KustoServiceError, 200),
        (kusto.cut_json(), KustoServiceError, 200),
    ],
    ids=lambda value: str(value.status) if isinstance(value, Answer) else None,
)
def test_failures(
    server: KustoServer, client: KustoClient, answer: Answer, raised: type[KustoServiceError], status: int
) -> None:
    server.on("T", answer)
    with pytest.raises(raised) as caught:
        client.execute_query("Samples", "T")
    assert type(caught.value) is raised
    assert caught.value.http_response.status_code == status


def test_passing_failures_say_that_they_are_not_permanent(server: KustoServer) -> None:
    for answer in (kusto.internal_error(), kusto.throttled(), kusto.unavailable(retry_after=3)):
        server.on("T", answer)
        assert post(server).json()["error"]["@permanent"] is False
    assert post(server).headers["Retry-After"] == "3"


def test_unauthorized_has_a_challenge_and_no_body(server: KustoServer) -> None:
    server.on("T", kusto.unauthorized())
    response = post(server)
    assert response.content == b""
    assert response.headers["WWW-Authenticate"].startswith("Bearer ")


@pytest.mark.parametrize(
    "answer",
    [kusto.cut_body(), Answer(v2(EVERY_TYPE), cut=0), Answer(v2(EVERY_TYPE), cut=300, chunked=True)],
    ids=["cut", "nothing", "chunked"],
)
def test_a_body_that_breaks_off(server: KustoServer, client: KustoClient, answer: Answer) -> None:
    server.on("T", answer)
    with pytest.raises(KustoNetworkError):
        client.execute_query("Samples", "T")
    server.on("T", v2(CITIES))
    assert len(client.execute_query("Samples", "T").primary_results[0]) == 2


# --- what the server keeps, and what it refuses -------------------------------------------------------------


def test_requests_are_kept_as_they_came(server: KustoServer, client: KustoClient) -> None:
    properties = ClientRequestProperties()
    properties.set_option("notruncation", True)
    properties.set_parameter("city", "Oslo")
    properties.client_request_id = "tests;1"
    properties.application = "kqlext"
    client.execute_query("Samples", "T | count", properties)
    client.execute_mgmt("Samples", ".show tables")
    query, command = server.requests
    assert (query.method, query.path, query.endpoint) == ("POST", QUERY, QUERY)
    assert (query.csl, query.database) == ("T | count", "Samples")
    assert dict(query.options) == {"notruncation": True}
    assert dict(query.parameters) == {"city": "Oslo"}
    assert query.client_request_id == query.headers["X-MS-CLIENT-REQUEST-ID"] == "tests;1"
    assert query.headers["x-ms-app"] == "kqlext"
    assert (command.endpoint, command.csl) == (MANAGEMENT, ".show tables")
    assert dict(command.options) == {}


def test_properties_may_be_an_object(server: KustoServer) -> None:
    body = {"csl": "T", "properties": {"Options": {"servertimeout": "00:01:00"}, "Parameters": {"n": 1}}}
    response = post(server, json=body, headers=JSON_HEADERS | {"x-ms-client-request-id": "tests;2"})
    assert response.headers["x-ms-client-request-id"] == "tests;2"
    [request] = server.requests
    assert request.database is None
    assert (dict(request.options), dict(request.parameters)) == ({"servertimeout": "00:01:00"}, {"n": 1})


def test_what_is_not_scripted_gets_one_row(server: KustoServer, client: KustoClient) -> None:
    for command in ("anything", ".show anything"):
        assert client.execute("Samples", command).primary_results[0][0]["answer"] == 42
    old = requests.post(server.url + QUERY_V1, json={"csl": "T"}, headers=JSON_HEADERS, timeout=PATIENCE)
    assert [table["TableName"] for table in old.json()["Tables"]] == [f"Table_{n}" for n in range(4)]
    server.default[QUERY] = kusto.unavailable()
    with pytest.raises(KustoApiError):
        client.execute("Samples", "anything")


def test_the_latest_rule_goes_first_and_text_is_stripped(server: KustoServer, client: KustoClient) -> None:
    server.on(lambda request: request.options.get("notruncation") is True, v2(CITIES))
    server.on("T\n| count", v2(CITIES, CITIES))
    server.on(" T\n| count  ", v2(CITIES, CITIES, CITIES))
    assert len(client.execute_query("Samples", "\nT\n| count\n").primary_results) == 3
    properties = ClientRequestProperties()
    properties.set_option("notruncation", True)
    assert client.execute_query("Samples", "U", properties).primary_results[0].table_name == "Cities"
    with pytest.raises(ValueError, match="no answer"):
        server.on("T")


@pytest.mark.parametrize(
    ("method", "path", "headers", "content", "status"),
    [
        ("POST", "/v2/rest/nothing", JSON_HEADERS, '{"csl": "T"}', 404),
        ("GET", "/", JSON_HEADERS, "", 404),
        ("GET", QUERY, JSON_HEADERS, "", 405),
        ("PUT", MANAGEMENT, JSON_HEADERS, '{"csl": "T"}', 405),
        ("POST", METADATA, JSON_HEADERS, '{"csl": "T"}', 405),
        ("POST", QUERY, {"Content-Type": "application/json"}, '{"csl": "T"}', 406),
        ("POST", QUERY, {"Accept": "application/json"}, '{"csl": "T"}', 415),
        ("POST", QUERY, JSON_HEADERS, "csl=T", 400),
        ("POST", QUERY, JSON_HEADERS, '{"db": "Samples"}', 400),
        ("POST", QUERY, JSON_HEADERS, '{"csl": "T", "properties": "none"}', 400),
        ("POST", QUERY, JSON_HEADERS, "[]", 400),
    ],
)
def test_what_the_protocol_forbids_is_refused(
    server: KustoServer, method: str, path: str, headers: dict[str, str], content: str, status: int
) -> None:
    url = server.url + path
    response = requests.request(method, url, data=content, headers=headers, timeout=PATIENCE)
    assert response.status_code == status
    assert response.headers["Content-Type"].startswith("application/json" if status == 400 else "text/html")
    assert len(server.requests) == 1


def test_a_path_in_front_of_the_rest_paths() -> None:
    with KustoServer(base="/subscriptions/1/providers") as server:
        assert server.url.endswith("/subscriptions/1/providers")
        assert post(server).status_code == 200
        root = server.url.removesuffix(server.base)
        bare = requests.post(root + QUERY, json={"csl": "T"}, headers=JSON_HEADERS, timeout=PATIENCE)
        assert bare.status_code == 404
        assert requests.get(root + METADATA, timeout=PATIENCE).json()["AzureAD"]


# --- connections, encodings, time ---------------------------------------------------------------------------


def test_two_queries_use_one_connection(server: KustoServer, client: KustoClient) -> None:
    server.on("refused", kusto.semantic_error("SEM0001", "no"))
    client.execute_query("Samples", "T")
    with pytest.raises(KustoApiError):
        client.execute_query("Samples", "refused")
    client.execute_mgmt("Samples", ".show tables")
    assert len(server.requests) == 3
    assert len({request.connection for request in server.requests}) == 1


def test_connections_can_be_dropped_between_queries(server: KustoServer, client: KustoClient) -> None:
    client.execute_query("Samples", "T")
    server.drop_connections()
    client.execute_query("Samples", "T")
    assert len({request.connection for request in server.requests}) == 2


def test_a_closed_server_answers_nobody(client: KustoClient, server: KustoServer) -> None:
    client.execute_query("Samples", "T")
    server.close()
    with pytest.raises(KustoNetworkError):
        client.execute_query("Samples", "T")


@pytest.mark.parametrize(
    ("answer", "accepted", "encoding"),
    [
        (Answer(v2(EVERY_TYPE)), "gzip, deflate", "gzip"),
        (Answer(v2(EVERY_TYPE), chunked=True), "gzip, deflate", "gzip"),
        (Answer(v2(EVERY_TYPE)), "identity", None),
        (Answer(v2(EVERY_TYPE), gzip=False), "gzip, deflate", None),
    ],
)
def test_gzip_for_those_who_accept_it(server: KustoServer, answer: Answer, accepted: str, encoding: str | None) -> None:
    server.on("T", answer)
    response = post(server, headers=JSON_HEADERS | {"Accept-Encoding": accepted}, stream=True)
    sent = response.raw.read(decode_content=False)
    assert response.headers.get("Content-Encoding") == encoding
    assert (sent[:2] == b"\x1f\x8b") is (encoding == "gzip")
    assert (sent == answer.body) is (encoding is None)
    assert ("Content-Length" in response.headers) is not answer.chunked


def test_the_client_reads_gzip(server: KustoServer, client: KustoClient) -> None:
    server.on("T", v2(EVERY_TYPE))
    responses: list[requests.Response] = []
    # There is no public way to the answer's headers.
    client._session.hooks["response"].append(lambda response, **_: responses.append(response))
    [table] = client.execute_query("Samples", "T").primary_results
    assert responses[0].headers["Content-Encoding"] == "gzip"
    assert raw_rows(table) == wire_rows(EVERY_TYPE)


def test_slow_answers_arrive_whole(server: KustoServer, client: KustoClient) -> None:
    server.on("T", Answer(v2(EVERY_TYPE), delay=0.01, drip=(100, 0.001)))
    [table] = client.execute_query("Samples", "T").primary_results
    assert raw_rows(table) == wire_rows(EVERY_TYPE)


@pytest.mark.parametrize(
    ("slow", "raised"),
    [
        (Answer(v2(EVERY_TYPE), drip=(1, 3600.0)), KustoNetworkError),
        (Answer(v2(EVERY_TYPE), drip=(1, 3600.0), chunked=True), KustoNetworkError),
        (Answer(v2(EVERY_TYPE), delay=3600.0), KustoApiError),
    ],
    ids=["drip", "chunked-drip", "delay"],
)
def test_cancel_ends_a_slow_answer(
    server: KustoServer, client: KustoClient, slow: Answer, raised: type[KustoError]
) -> None:
    server.on("slow", slow)
    properties = ClientRequestProperties()
    properties.client_request_id = "tests;slow"
    thread, outcome = in_thread(lambda: client.execute_query("Samples", "slow", properties))
    server.wait_for(lambda request: request.csl == "slow", PATIENCE)
    client.execute_mgmt("Samples", ".cancel query \"tests;other\" with (reason='not this one')")
    assert thread.is_alive()
    client.execute_mgmt("Samples", '.cancel query "tests;slow"')
    thread.join(PATIENCE)
    assert not thread.is_alive()
    assert isinstance(outcome[0], raised)
    assert server.cancelled == ["tests;other", "tests;slow"]


def test_close_ends_a_slow_answer(server: KustoServer, client: KustoClient) -> None:
    server.on("slow", Answer(v2(EVERY_TYPE), drip=(1, 3600.0)))
    thread, outcome = in_thread(lambda: client.execute_query("Samples", "slow"))
    server.wait_for(lambda request: request.csl == "slow", PATIENCE)
    server.close()
    thread.join(PATIENCE)
    assert not thread.is_alive()
    assert isinstance(outcome[0], KustoNetworkError)


def test_waiting_for_a_request_that_does_not_come(server: KustoServer) -> None:
    with pytest.raises(TimeoutError):
        server.wait_for(lambda request: request.csl == "never", timeout=0.01)


# --- sign-in and TLS ----------------------------------------------------------------------------------------


def test_cloud_metadata_are_read_by_the_client(server: KustoServer) -> None:
    server.default[METADATA] = Answer(
        cloud_metadata("https://login.example", resource="https://kusto.example", mfa_required=True)
    )
    CloudSettings._cloud_cache.pop(server.url, None)  # another server may have had this port
    cloud = CloudSettings.get_cloud_info_for_cluster(server.url)
    assert cloud.login_endpoint == "https://login.example"
    assert cloud.kusto_service_resource_id == "https://kusto.example"
    assert cloud.login_mfa_required is True
    [request] = server.requests
    assert (request.method, request.path, request.body) == ("GET", METADATA, None)


def test_a_host_without_cloud_metadata_is_in_the_public_cloud(server: KustoServer) -> None:
    server.default[METADATA] = kusto.not_found()
    CloudSettings._cloud_cache.pop(server.url, None)
    assert CloudSettings.get_cloud_info_for_cluster(server.url) == CloudSettings.DEFAULT_CLOUD


def test_tls_with_an_authority_that_the_client_trusts(monkeypatch: pytest.MonkeyPatch) -> None:
    with KustoServer(tls=True) as server:
        assert server.url.startswith("https://")
        response = requests.get(server.url + METADATA, verify=server.ca_path, timeout=PATIENCE)
        assert response.json()["AzureAD"]["KustoServiceResourceId"] == "https://kusto.kusto.windows.net"
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", server.ca_path)
        builder = KustoConnectionStringBuilder.with_aad_application_token_authentication(server.url, "secret")
        with KustoClient(builder) as client:
            for _ in range(2):
                assert client.execute_query("Samples", "T").primary_results[0][0]["answer"] == 42
        first, second = [request for request in server.requests if request.endpoint == QUERY]
        assert first.headers["Authorization"] == "Bearer secret"
        assert first.connection == second.connection


def test_tls_is_refused_by_those_who_do_not_trust_the_authority() -> None:
    with KustoServer(tls=True) as server:
        with pytest.raises(requests.exceptions.SSLError):
            requests.get(server.url + METADATA, timeout=PATIENCE)
        assert server.requests == []


def test_servers_can_share_an_authority() -> None:
    with CertificateAuthority() as authority, KustoServer(authority) as one, KustoServer(authority) as two:
        assert one.ca_path == two.ca_path == str(authority.pem)
        for server in (one, two):
            url = server.url.replace("127.0.0.1", "localhost")
            assert requests.get(url + METADATA, verify=server.ca_path, timeout=PATIENCE).ok
        one.close()
        assert authority.pem.exists()


def test_a_plain_server_has_no_authority(server: KustoServer) -> None:
    with pytest.raises(ValueError, match="plain http"):
        _ = server.ca_path
