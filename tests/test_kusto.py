"""The Kusto service against real servers: what goes over the wire, and every way in which it can fail."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from typing import Any

import pytest
from conftest import Shell, StaticCredential
from servers import kusto as scripted
from servers.certificates import CertificateAuthority
from servers.kusto import MANAGEMENT, METADATA, QUERY, Answer, KustoServer
from servers.kusto_frames import EVERY_TYPE, TableSpec, cloud_metadata, encode, one_api_error, v1, v2

from kqlext import errors
from kqlext.connections.strings import ConnectionSpec
from kqlext.decode import decode
from kqlext.services import make_opener
from kqlext.services.base import Query
from kqlext.services.kusto import KustoService
from kqlext.services.kusto_errors import offset_of, unresolved_name
from kqlext.services.kusto_metadata import MetadataCredential, default_resource

ONE = TableSpec("PrimaryResult", (("n", "long"),), ((1,),))
STREAMED = {
    "results_v2_newlines_between_frames": True,
    "results_v2_fragment_primary_tables": True,
    "results_error_reporting_placement": "end_of_table",
}


@pytest.fixture
def service(kusto: KustoServer) -> Iterator[KustoService]:
    opened = KustoService(kusto.url, "Samples")
    yield opened
    opened.close()


def rows(service: KustoService, text: str) -> list[list[Any]]:
    table = decode(service.execute(Query(text))).tables[0]
    return [column.values(0, table.num_rows) for column in table.columns]


# --- requests --------------------------------------------------------------------------------------------


def test_a_query_goes_to_v2_and_a_command_to_v1(kusto: KustoServer, service: KustoService) -> None:
    service.execute(Query("print 1"))
    service.execute(Query("// a comment\n.show tables"))
    assert [request.endpoint for request in kusto.requests] == [QUERY, MANAGEMENT]
    assert [request.csl for request in kusto.requests] == ["print 1", "// a comment\n.show tables"]
    assert {request.database for request in kusto.requests} == {"Samples"}


def test_a_request_says_who_asks_and_under_which_id(kusto: KustoServer, service: KustoService) -> None:
    query = Query("print 1")
    response = service.execute(query)
    (request,) = kusto.requests
    assert request.client_request_id == query.client_request_id == response.client_request_id
    assert query.client_request_id.startswith("kqlext.query;")
    assert request.headers["x-ms-app"] == "kqlext"
    assert request.headers["x-ms-client-version"].startswith("kqlext/")
    assert request.headers["Accept"] == "application/json"
    assert "gzip" in request.headers["Accept-Encoding"]
    assert "Authorization" not in request.headers


def test_properties_and_timeout_are_request_options(kusto: KustoServer, service: KustoService) -> None:
    service.execute(Query("print 1", {"notruncation": True}, timeout=90))
    assert kusto.requests[0].options == {**STREAMED, "notruncation": True, "servertimeout": "00:01:30"}


def test_how_the_answer_is_streamed_is_a_property_like_others(kusto: KustoServer, service: KustoService) -> None:
    service.execute(Query("print 1", {"results_v2_fragment_primary_tables": False}))
    assert kusto.requests[0].options == {**STREAMED, "results_v2_fragment_primary_tables": False}


def test_commands_have_no_frames(kusto: KustoServer, service: KustoService) -> None:
    service.execute(Query(".show tables", {"notruncation": True}))
    assert kusto.requests[0].options == {"notruncation": True}


def test_queries_share_one_connection(kusto: KustoServer, service: KustoService) -> None:
    for _ in range(3):
        decode(service.execute(Query("print 1")))
    assert len({request.connection for request in kusto.requests}) == 1


def test_a_dropped_connection_is_opened_again(kusto: KustoServer, service: KustoService) -> None:
    service.execute(Query("print 1"))
    kusto.drop_connections()
    assert rows(service, "print 1")
    assert len({request.connection for request in kusto.requests}) == 2


def test_unicode_goes_and_comes_whole(kusto: KustoServer, service: KustoService) -> None:
    text = "print 'Zürich 東京 🌪'"
    kusto.on(text, v2(TableSpec("PrimaryResult", (("s", "string"),), (("Zürich 東京 🌪",),))))
    assert rows(service, text) == [["Zürich 東京 🌪"]]


def test_every_type_comes_the_same_through_both_endpoints(kusto: KustoServer, service: KustoService) -> None:
    kusto.on("T", v2(EVERY_TYPE))
    kusto.on(".show T", v1(EVERY_TYPE))
    # repr, since NaN is not equal to itself
    assert repr(rows(service, "T")) == repr(rows(service, ".show T"))


# --- sign-in ---------------------------------------------------------------------------------------------


def test_a_token_goes_over_loopback_http() -> None:
    with KustoServer() as server:
        service = KustoService(server.url, "Samples", StaticCredential())
        service.execute(Query("print 1"))
        assert signed(server) == ["Bearer the-token"]


def signed(server: KustoServer) -> list[str | None]:
    """What each request but that for the metadata was signed with."""
    return [request.headers["Authorization"] for request in server.requests if request.endpoint != METADATA]


def test_a_token_goes_over_tls(trusted: CertificateAuthority) -> None:
    with KustoServer(trusted) as server:
        credential = StaticCredential()
        KustoService(server.url, "Samples", credential).execute(Query("print 1"))
        assert signed(server) == ["Bearer the-token"]
        assert credential.scopes == [("https://kusto.kusto.windows.net/.default",)]


def test_the_metadata_are_asked_for_once_and_without_a_token(kusto: KustoServer) -> None:
    credential = StaticCredential()
    service = KustoService(kusto.url, "Samples", credential)
    assert kusto.requests == []
    for _ in range(3):
        service.execute(Query("print 1"))
    asked = [request for request in kusto.requests if request.endpoint == METADATA]
    assert [request.headers["Authorization"] for request in asked] == [None]
    assert signed(kusto) == ["Bearer the-token"] * 3
    assert set(credential.scopes) == {("https://kusto.kusto.windows.net/.default",)}


def test_a_credential_that_can_get_another_token_is_told_to(kusto: KustoServer) -> None:
    renewed = []

    class Renewable(StaticCredential):
        def renew(self) -> None:
            renewed.append(True)

    MetadataCredential(Renewable(), kusto.url).renew()
    MetadataCredential(StaticCredential(), kusto.url).renew()
    assert renewed == [True]
    assert kusto.requests == []


def test_nobody_asks_for_metadata_without_a_credential(kusto: KustoServer, service: KustoService) -> None:
    service.execute(Query("print 1"))
    assert [request.endpoint for request in kusto.requests] == [QUERY]


@pytest.mark.parametrize(
    ("metadata", "scope"),
    [
        (Answer(cloud_metadata(resource="https://kusto.kusto.usgovcloudapi.net")), "kusto.kusto.usgovcloudapi.net"),
        (Answer(cloud_metadata(mfa_required=True)), "kusto.kustomfa.windows.net"),
        (scripted.not_found(), "kusto.kusto.windows.net"),
    ],
    ids=["sovereign", "mfa", "none"],
)
def test_the_scope_is_what_the_metadata_say(metadata: Answer, scope: str, kusto: KustoServer) -> None:
    kusto.on(lambda request: request.endpoint == METADATA, metadata)
    credential = StaticCredential()
    KustoService(kusto.url, "Samples", credential).execute(Query("print 1"))
    assert credential.scopes == [(f"https://{scope}/.default",)]


@pytest.mark.parametrize(
    ("metadata", "kind", "message"),
    [
        (scripted.internal_error(), errors.KqlServiceError, "answers 500 when asked how to sign in"),
        (scripted.redirect("https://evil.example/"), errors.KqlServiceError, "answers 302 when asked"),
        (scripted.not_json(), errors.KqlResponseError, "does not say how to sign in"),
        (Answer(b'{"AzureAD": 1}'), errors.KqlResponseError, "does not say how to sign in"),
        (
            Answer(cloud_metadata(resource="https://management.azure.com")),
            errors.KqlAuthenticationError,
            "wants a token for https://management.azure.com, which is no Kusto service",
        ),
    ],
    ids=["500", "302", "page", "malformed", "another service"],
)
def test_metadata_that_are_of_no_use(
    metadata: Answer, kind: type[errors.KqlError], message: str, kusto: KustoServer
) -> None:
    kusto.on(lambda request: request.endpoint == METADATA, metadata)
    credential = StaticCredential()
    query = Query("print 1")
    with pytest.raises(kind, match=message) as caught:
        KustoService(kusto.url, "Samples", credential).execute(query)
    assert caught.value.request_id == query.client_request_id
    assert credential.scopes == []
    assert {request.endpoint for request in kusto.requests} == {METADATA}


@pytest.mark.parametrize(
    ("cluster", "resource"),
    [
        ("https://api.securityplatform.microsoft.com/lake/kql", "4500ebfb-89b6-4b14-a480-7f749797bfcd"),
        ("https://westeurope.api.securityplatform.microsoft.com/lake/kql", "4500ebfb-89b6-4b14-a480-7f749797bfcd"),
        ("https://x.kusto.chinacloudapi.cn", "https://kusto.kusto.chinacloudapi.cn"),
        ("https://help.kusto.windows.net", "https://kusto.kusto.windows.net"),
    ],
)
def test_the_resource_of_a_service_without_metadata(cluster: str, resource: str) -> None:
    assert default_resource(cluster) == resource


# --- addresses -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("base", ["/lake/kql", "/subscriptions/s/resourcegroups/r/providers/p/workspaces/w"])
def test_the_rest_path_stands_behind_the_path_of_a_cluster(base: str) -> None:
    credential = StaticCredential()
    with KustoServer(base=base) as server:
        service = KustoService(server.url, "w", credential)
        service.execute(Query("print 1"))
        service.execute(Query(".show tables"))
        assert [request.path for request in server.requests] == [METADATA, base + QUERY, base + MANAGEMENT]


def test_a_host_that_the_connection_trusts() -> None:
    service = KustoService("https://kusto.contoso.example", "Samples", StaticCredential(), trusted=True)
    assert service.info.description == "https://kusto.contoso.example, signed in, a host that the connection trusts"
    with pytest.raises(errors.KqlConnectionError, match="is not https"):
        KustoService("http://kusto.contoso.example", "Samples", StaticCredential(), trusted=True)


def test_trust_is_a_key_of_the_connection() -> None:
    open_service = make_opener()
    keys = (("cluster", "https://kusto.contoso.example"), ("database", "d"))
    with pytest.raises(errors.KqlConnectionError) as caught:
        open_service(ConnectionSpec("azuredataexplorer", keys))
    assert "trusted" in caught.value.hint
    service = open_service(ConnectionSpec("azuredataexplorer", (*keys, ("trusted", ""))))
    assert "a host that the connection trusts" in service.info.description


# --- pretty names ----------------------------------------------------------------------------------------

GUID = "5d1c4c07-7a5c-4b27-b0a1-3ba9d3b2a1f0"
DATABASES = TableSpec(
    "Table_0",
    (("DatabaseName", "string"), ("PrettyName", "string")),
    (("0b7e", None), (GUID, "Sales & Returns")),
)


def knows_only(server: KustoServer, name: str) -> None:
    """Let the server know one database."""
    missing = scripted.semantic_error("BadRequest_EntityNotFound", "Database 'x' was not found.")
    server.on(lambda request: request.database not in (name, "NetDefaultDB"), missing)
    server.on(".show databases", v1(DATABASES))


def test_a_pretty_name_is_looked_up_once(kusto: KustoServer) -> None:
    knows_only(kusto, GUID)
    service = KustoService(kusto.url, "sales & returns")
    for _ in range(2):
        decode(service.execute(Query("print 1")))
    service.execute(Query(".show tables"))
    assert [(request.csl, request.database) for request in kusto.requests] == [
        ("print 1", "sales & returns"),
        (".show databases", "NetDefaultDB"),
        ("print 1", GUID),
        ("print 1", GUID),
        (".show tables", GUID),
    ]
    assert (service.info.database, service.info.real_name) == ("sales & returns", GUID)


def test_a_database_with_neither_name_is_looked_up_once(kusto: KustoServer) -> None:
    knows_only(kusto, GUID)
    service = KustoService(kusto.url, "Nope")
    for _ in range(2):
        with pytest.raises(errors.KqlQueryError) as caught:
            service.execute(Query("print 1"))
        assert "check the database's name" in caught.value.hint
    assert [request.csl for request in kusto.requests] == ["print 1", ".show databases", "print 1"]


@pytest.mark.parametrize("answer", [scripted.forbidden(), scripted.not_json(), Answer(v1(ONE)), Answer(b"[]")])
def test_a_lookup_that_tells_nothing_leaves_the_first_error(answer: Answer, kusto: KustoServer) -> None:
    knows_only(kusto, GUID)
    kusto.on(".show databases", answer)
    with pytest.raises(errors.KqlQueryError, match="Database 'x' was not found"):
        KustoService(kusto.url, "sales & returns").execute(Query("print 1"))


def test_no_other_error_looks_a_name_up(kusto: KustoServer, service: KustoService) -> None:
    kusto.on("T", scripted.semantic_error("SEM0100", "Failed to resolve table expression named 'T'"))
    with pytest.raises(errors.KqlQueryError):
        service.execute(Query("T"))
    assert [request.csl for request in kusto.requests] == ["T"]


def test_an_unknown_certificate_is_refused() -> None:
    with KustoServer(tls=True) as server, pytest.raises(errors.KqlNetworkError) as caught:
        KustoService(server.url, "Samples").execute(Query("print 1"))
    assert "certificate verify failed" in caught.value.message


@pytest.mark.parametrize(
    ("cluster", "message"),
    [
        ("http://cluster.example.com", "is not https"),
        ("https://cluster.example.com", "is not among the hosts of Kusto services"),
        ("https://help.kusto.windows.net.evil.example", "is not among the hosts of Kusto services"),
    ],
)
def test_a_token_is_never_made_for_another_host(cluster: str, message: str) -> None:
    credential = StaticCredential()
    with pytest.raises(errors.KqlConnectionError) as caught:
        KustoService(cluster, "Samples", credential)
    assert message in caught.value.message
    assert credential.scopes == []


@pytest.mark.parametrize(
    "cluster",
    ["https://help.kusto.windows.net", "https://abc.z1.kusto.fabric.microsoft.com", "https://x.kusto.chinacloudapi.cn"],
)
def test_hosts_of_kusto_are_trusted(cluster: str) -> None:
    assert KustoService(cluster, "Samples", StaticCredential()).info.database == "Samples"


@pytest.mark.parametrize("cluster", ["ftp://help.kusto.windows.net", "https://", "nonsense"])
def test_an_address_that_is_none(cluster: str) -> None:
    with pytest.raises(errors.KqlConnectionError, match="is no address of a service"):
        KustoService(cluster, "Samples")


def test_an_address_with_a_password_is_refused_without_showing_it() -> None:
    with pytest.raises(errors.KqlConnectionError) as caught:
        KustoService("https://me:s3cr3t@help.kusto.windows.net", "Samples")
    assert "s3cr3t" not in str(caught.value)


# --- through the magic -----------------------------------------------------------------------------------


def test_a_cluster_with_a_path_through_the_magic(shell: Shell) -> None:
    workspace = "/subscriptions/s/resourcegroups/r/providers/microsoft.operationalinsights/workspaces/w"
    with KustoServer(base=workspace) as server:
        assert shell.text(f"%kql {server.url}").startswith("Connected to w@127_0_0_1_")
        shell.run("%kql n << print 1")
        assert {(request.endpoint, request.database) for request in server.requests} == {(QUERY, "w")}
    assert shell.variables["n"][0][0] == 42


def test_a_pretty_name_through_the_magic(shell: Shell, kusto: KustoServer) -> None:
    knows_only(kusto, GUID)
    text = shell.text(f"%kql kusto://cluster='{kusto.url}';database='Sales & Returns'")
    assert text.startswith("Connected to Sales & Returns@127_0_0_1_")
    shell.run("%kql n << print 1")
    assert kusto.requests[-1].database == GUID


def test_a_host_that_is_not_trusted_through_the_magic(shell: Shell) -> None:
    with pytest.raises(errors.KqlConnectionError) as caught:
        shell.run("%kql https://kusto.contoso.example/d")
    assert "no token is sent to it" in caught.value.message
    shell.run("%config KqlMagics.validate_connection_string = False")
    text = shell.text("%kql https://kusto.contoso.example/d;trusted")
    assert "a host that the connection trusts" in text


# --- failures --------------------------------------------------------------------------------------------

FAILURES: dict[str, tuple[Answer, type[errors.KqlError], str, str]] = {
    "401": (scripted.unauthorized(), errors.KqlAuthenticationError, "401: the service gave no reason", "sign"),
    "403": (scripted.forbidden(), errors.KqlAuthenticationError, "403", "the role Database Viewer"),
    "404": (scripted.not_found(), errors.KqlServiceError, "There is no Kusto service at", "check the cluster's name"),
    "500": (scripted.internal_error(), errors.KqlServiceError, "500", "run the cell again"),
    "504": (scripted.gateway_timeout(), errors.KqlServiceError, "The service gave the query up", "-timeout"),
    "302": (
        scripted.redirect("https://evil.example/"),
        errors.KqlServiceError,
        "a redirect to evil.example",
        "address",
    ),
    "no JSON": (scripted.not_json(), errors.KqlResponseError, "The answer is no JSON", "proxy"),
    "cut JSON": (scripted.cut_json(), errors.KqlResponseError, "The answer is no whole JSON", "run the cell again"),
    "cut body": (scripted.cut_body(), errors.KqlNetworkError, "broke", "run the cell again"),
    "no frames": (Answer(b'{"x": 1}'), errors.KqlResponseError, "no Kusto v2 frames", "address"),
    "no last frame": (Answer(v2(ONE, completion=False)), errors.KqlResponseError, "before its last frame", "proxy"),
}


@pytest.mark.parametrize("name", FAILURES)
def test_a_failure_is_one_clear_error(name: str, kusto: KustoServer, service: KustoService) -> None:
    answer, kind, message, hint = FAILURES[name]
    kusto.on("T", answer)
    kusto.on("print 1", v2(ONE))
    query = Query("T")
    with pytest.raises(kind) as caught:
        decode(service.execute(query))
    assert type(caught.value) is kind
    assert message in caught.value.message
    assert hint in caught.value.hint
    assert caught.value.request_id == query.client_request_id
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    assert rows(service, "print 1") == [[1]]  # the connection is usable afterwards


@pytest.mark.parametrize("command", [".set T <| print 1", ".drop table T", "// .show\n.append T <| print 1"])
def test_a_command_that_writes_is_never_sent_twice(command: str, kusto: KustoServer, service: KustoService) -> None:
    kusto.on(command, scripted.throttled(retry_after=0))
    with pytest.raises(errors.KqlThrottledError):
        service.execute(Query(command))
    assert len(kusto.requests) == 1


def test_a_gateway_that_gave_up_is_asked_again(kusto: KustoServer, service: KustoService) -> None:
    kusto.on("T", scripted.gateway_timeout(), v2(ONE))
    assert rows(service, "T") == [[1]]
    kusto.on(".drop table T", scripted.gateway_timeout())
    with pytest.raises(errors.KqlServiceError, match="gave the query up"):
        service.execute(Query(".drop table T"))
    assert len([request for request in kusto.requests if request.csl == ".drop table T"]) == 1


PERMANENT = Answer(encode(one_api_error("TooManyRequests", "The request was denied for good.", permanent=True)), 429)
TIMED_OUT = Answer(encode(one_api_error("Timeout", "The query took too long.", permanent=False)), 504)


@pytest.mark.parametrize(
    "answer", [scripted.internal_error(), scripted.forbidden(), PERMANENT, TIMED_OUT], ids=["500", "403", "429", "504"]
)
def test_no_other_failure_is_sent_twice(answer: Answer, kusto: KustoServer, service: KustoService) -> None:
    kusto.on("T", answer)
    with pytest.raises(errors.KqlError):
        service.execute(Query("T"))
    assert len(kusto.requests) == 1


def test_a_server_that_is_not_there() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, not listening: connections are refused
        address = f"http://127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(errors.KqlNetworkError) as caught:
            KustoService(address, "Samples").check()
    assert caught.value.message == (
        f"{address} cannot be reached: Failed to establish a new connection: [Errno 111] Connection refused"
    )
    assert "check the cluster's name" in caught.value.hint


# --- query errors ----------------------------------------------------------------------------------------


def test_a_semantic_error_points_at_the_name(kusto: KustoServer, service: KustoService) -> None:
    text = 'StormEvents\n| where Sttae == "TEXAS"'
    message = "'where' operator: Failed to resolve column or scalar expression named 'Sttae'"
    kusto.on(text, scripted.semantic_error("SEM0100", message))
    with pytest.raises(errors.KqlQueryError) as caught:
        service.execute(Query(text))
    error = caught.value
    assert (error.code, error.message, error.unresolved) == ("SEM0100", message, "Sttae")
    assert error.span is not None
    assert error.span.of(text) == "Sttae"


def test_a_syntax_error_points_at_its_position(kusto: KustoServer, service: KustoService) -> None:
    text = "StormEvents\n| wher State"
    kusto.on(text, scripted.syntax_error(2, 2, "A recognition error occurred.", text))
    with pytest.raises(errors.KqlQueryError) as caught:
        service.execute(Query(text))
    assert caught.value.span is not None
    assert caught.value.span.start == text.index("wher State")


@pytest.mark.parametrize(
    ("message", "at"),
    [
        ("Syntax error: SYN0002: A recognition error occurred. [line:position=1:14]. Query: 'select'", "my_table"),
        ("Query could not be parsed at 'from' on line [1,10]", "from"),
        ("could not parse KQL at 1:7: mismatched input '*'", "*"),
        ("Failed to resolve table or column expression named 'my_table'", "my_table"),
    ],
)
def test_positions_in_messages(message: str, at: str, kusto: KustoServer, service: KustoService) -> None:
    text = "select * from my_table;"
    kusto.on(text, scripted.semantic_error("SYN0002", message))
    with pytest.raises(errors.KqlQueryError) as caught:
        service.execute(Query(text))
    assert caught.value.span is not None
    assert caught.value.span.of(text) == at
    assert "Query: '" not in caught.value.message


ODD_ERRORS = [
    {"error": {"@message": {"x": 1}, "code": [1]}},
    {"error": {"innererror": {"innererror": {"code": "X", "@line": "a", "@pos": -5}}}},
    {"error": {"innererror": 5, "message": None}},
    {"error": {}},
    {"error": "text"},
    [],
]


@pytest.mark.parametrize("body", ODD_ERRORS, ids=str)
def test_an_odd_error_body_is_still_one_error(body: object, kusto: KustoServer, service: KustoService) -> None:
    kusto.on("T", Answer(json.dumps(body).encode(), status=400))
    with pytest.raises(errors.KqlError) as caught:
        service.execute(Query("T"))
    assert str(caught.value)


@pytest.mark.parametrize(
    ("message", "name"),
    [
        ("'extend' operator: Failed to resolve scalar expression named 'x'", "x"),
        ("'table' operator: Failed to resolve table expression named 'aaa'", "aaa"),
        ("Catalog Error: Table with name T does not exist!", "T"),
        ('Binder Error: Referenced column "nope" not found in FROM clause!', "nope"),
        ("The name 'Sttae' does not refer to any known column", "Sttae"),
        ("Something else entirely", None),
    ],
)
def test_unresolved_names(message: str, name: str | None) -> None:
    assert unresolved_name(message) == name


def test_offsets() -> None:
    assert offset_of("ab\ncd\nef", 2, 1) == 4
    assert offset_of("ab", 9, 9) == 2


# --- against duckdb-kql serve ----------------------------------------------------------------------------


def test_duckdb_kql_serve_answers(duckdb_kql_url: str) -> None:
    service = KustoService(duckdb_kql_url, "memory")
    service.check()
    text = "print a=1, b=1.5, c='x', d=datetime(2024-01-01 00:00:00.5), e=time(1.02:03:04.5), f=true, g=long(null)"
    table = decode(service.execute(Query(text))).tables[0]
    assert [column.type for column in table.columns] == [
        "long",
        "real",
        "string",
        "datetime",
        "timespan",
        "bool",
        "long",
    ]
    assert [column.texts(0, 1)[0] for column in table.columns] == [
        "1", "1.5", "x", "2024-01-01T00:00:00.5000000Z", "1.02:03:04.5000000", "true", "",
    ]  # fmt: skip


def test_duckdb_kql_serve_refuses_with_a_place(duckdb_kql_url: str) -> None:
    service = KustoService(duckdb_kql_url, "memory")
    with pytest.raises(errors.KqlQueryError) as caught:
        service.execute(Query("print 1\n| whre x"))
    assert caught.value.span is not None
    assert caught.value.span.start == 8


def test_a_database_that_is_not_there(duckdb_kql_url: str) -> None:
    with pytest.raises(errors.KqlError) as caught:
        KustoService(duckdb_kql_url, "nope").check()
    assert "check the database's name" in caught.value.hint
