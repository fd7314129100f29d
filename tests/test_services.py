"""What holds for every service over HTTP: one table of services, and each situation that a query can meet.

The sign-in is real: azure-identity asks the loopback token endpoint, and the services let in who has its tokens.
What is special to a service stands in its own test module.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from servers import graph, kusto, monitor, monitor_tables, resource_graph
from servers.certificates import CertificateAuthority
from servers.identity import ACCESS, TENANT, Application
from servers.kusto import METADATA, KustoServer
from servers.kusto_frames import TableSpec, one_api_error, v2
from servers.loopback import Answer, LoopbackServer, redirect
from servers.monitor import APP, WORKSPACE, MonitorServer
from servers.world import SECRET, World

from kqlext import errors
from kqlext.connections.strings import ConnectionSpec, parse_connection
from kqlext.decode import DataSet, decode
from kqlext.services import make_opener
from kqlext.services.base import Query, Service

ONE = TableSpec("PrimaryResult", (("n", "long"),), ((1,),))


@dataclass(frozen=True)
class Kind:
    """A service: how to start and to name it, and how it says what.

    part       an answer from which rows are missing, and the sentence that says so
    wrong      401 for a token of another tenant
    role       what the error of 403 tells the user to ask for
    types      Kusto types that the service sends as others
    """

    start: Callable[[CertificateAuthority], LoopbackServer[Any]]
    connection: str
    one: Answer
    part: tuple[Answer, str]
    throttled: Callable[[int], Answer]
    unavailable: Answer
    refused: Answer
    wrong: Answer
    forbidden: Answer
    role: str
    types: Mapping[str, str] = field(default_factory=dict)


def _samples(authority: CertificateAuthority) -> KustoServer:
    server = KustoServer(authority)
    server.samples = True
    return server


_HUNTED = graph.hunting_results([("n", "Int64")], [[1]])
_PAGE: dict[str, Any] = {
    "totalRecords": 1, "count": 1, "resultTruncated": "false",
    "data": {"columns": [{"name": "n", "type": "integer"}], "rows": [[1]]},
}  # fmt: skip
_TOO_MUCH = one_api_error("LimitsExceeded", "Query result set has exceeded the limit of 500000 records.")
_WRONG_TENANT = "The access token is from the wrong issuer. It must match the tenant of the subscription."
_LOG_ANALYTICS = Kind(
    MonitorServer,
    f"loganalytics://workspace='{WORKSPACE}'",
    Answer(monitor_tables.tables(ONE)),
    (Answer(monitor_tables.tables(ONE, error=monitor_tables.partial_error(monitor_tables.TOO_LARGE))), "64000000"),
    monitor.throttled,
    monitor.unavailable(),
    monitor.unauthorized(),
    Answer(monitor_tables.error("InvalidTokenError", _WRONG_TENANT), 401),
    monitor.insufficient_access(),
    "Log Analytics Reader or Microsoft Sentinel Reader",
)
KINDS: dict[str, Kind] = {
    "kusto": Kind(
        _samples,
        "kusto://database='Samples'",
        Answer(v2(ONE)),
        (Answer(v2(ONE, errors=[_TOO_MUCH])), "exceeded the limit of 500000"),
        kusto.throttled,
        kusto.unavailable(retry_after=0),
        kusto.unauthorized(),
        Answer(b"Issuer validation failed.", 401, {"Content-Type": "text/plain"}),
        kusto.forbidden(),
        "Database Viewer",
    ),
    "loganalytics": _LOG_ANALYTICS,
    "applicationinsights": replace(
        _LOG_ANALYTICS, connection=f"applicationinsights://appid='{APP}'", role="Monitoring Reader"
    ),
    "defender": Kind(
        graph.GraphServer,
        "defender://",
        graph.json_answer(_HUNTED),
        (graph.json_answer(graph.hunting_results([("n", "Int64")], [[1]] * 100_000)), "100,000 rows"),
        graph.throttled,
        graph.graph_error(503, "ServiceUnavailable", "The service is unavailable.", 0),
        graph.graph_error(401, "InvalidAuthenticationToken", "Lifetime validation failed, the token is expired."),
        graph.graph_error(401, "InvalidAuthenticationToken", "The tenant of the token is not onboarded."),
        graph.forbidden(),
        "ThreatHunting.Read.All",
    ),
    "resourcegraph": Kind(
        resource_graph.ResourceGraphServer,
        "resourcegraph://",
        graph.json_answer(_PAGE),
        (graph.json_answer(_PAGE | {"totalRecords": 2, "resultTruncated": "true"}), "1 row of 2 came"),
        resource_graph.throttled,
        resource_graph.management_error(503, "ServerBusy", "The server is busy.", Retry_After="0"),
        resource_graph.management_error(401, "ExpiredAuthenticationToken", "The access token has expired."),
        resource_graph.management_error(401, "InvalidAuthenticationTokenTenant", _WRONG_TENANT),
        resource_graph.forbidden(),
        "role Reader",
        {"datetime": "string", "timespan": "string"},
    ),
}


class Running:
    """A service that runs, and a client of it that signs in as an application."""

    def __init__(self, kind: Kind, world: World, authority: CertificateAuthority, tenant: str = TENANT) -> None:
        self.kind = kind
        self.world = world
        self.server = kind.start(authority)
        self.server.on(self._is_refused, kind.refused)
        self.service = self.opened("clientid='app'", f"clientsecret='{SECRET}'")

    def opened(self, *keys: str) -> Service:
        address = "cluster" if self.kind.connection.startswith("kusto") else "datasourceurl"
        scheme, _, own = self.kind.connection.partition("://")
        parts = [
            own,
            f"{address}='{self.server.url}'",
            *keys,
            f"tenant='{TENANT}'",
            f"aadurl='{self.world.identity.url}'",
        ]
        spec = parse_connection(f"{scheme}://" + ";".join(filter(None, parts)))
        assert isinstance(spec, ConnectionSpec)
        return make_opener()(spec)

    def answer(self, *answers: Answer) -> None:
        """What those get who are let in and ask for T, one after the other."""
        self.server.on(lambda request: self.server.text_of(request) == "T" and not self._is_refused(request), *answers)

    def ask(self, text: str = "T") -> DataSet:
        return decode(self.service.execute(Query(text)))

    def values(self, text: str = "T") -> list[list[Any]]:
        table = self.ask(text).tables[0]
        return [column.values(0, table.num_rows) for column in table.columns]

    def fails(self, kind: type[errors.KqlError], text: str = "T") -> Any:
        """The error of a query, which shows no secret and leaves the service usable."""
        query = Query(text)
        with pytest.raises(kind) as caught:
            decode(self.service.execute(query))
        error = caught.value
        assert type(error) is kind
        assert error.request_id == query.client_request_id
        shown = "\n".join([str(error), repr(error), *error._render_traceback_()])
        assert ACCESS not in shown
        assert SECRET not in shown
        asked = len(self.queries)
        assert self.values("print answer = 42") == [[42]]
        assert len(self.queries) == asked + 1
        return error

    @property
    def queries(self) -> list[Any]:
        """The requests that held a query."""
        return [request for request in self.server.requests if request.path != METADATA]

    @property
    def asked(self) -> int:
        """How many requests asked for T."""
        return sum(self.server.text_of(request) == "T" for request in self.queries)

    def close(self) -> None:
        self.service.close()
        self.server.close()

    def _is_refused(self, request: Any) -> bool:
        return request.path != METADATA and not self.world.identity.accepts(request.headers["Authorization"])


@pytest.fixture(params=KINDS)
def running(request: pytest.FixtureRequest, world: World, authority: CertificateAuthority) -> Iterator[Running]:
    world.identity.applications["app"] = Application(secret=SECRET)
    started = Running(KINDS[request.param], world, authority)
    yield started
    started.close()


# --- answers ---------------------------------------------------------------------------------------------


def test_a_query(running: Running) -> None:
    assert running.values("print answer = 42, text = 'Zürich 東京 🌪'") == [[42], ["Zürich 東京 🌪"]]
    assert ACCESS in running.queries[0].headers["Authorization"]


def test_an_empty_result_has_its_columns(running: Running) -> None:
    data_set = running.ask("print answer = 42, text = 'x' | where answer < 0")
    (table,) = data_set.tables
    assert [(column.name, column.type) for column in table.columns] == [("answer", "long"), ("text", "string")]
    assert (table.num_rows, data_set.partial, data_set.warnings) == (0, False, ())


def test_a_partial_result_says_so_and_keeps_its_rows(running: Running) -> None:
    answer, sentence = running.kind.part
    running.answer(answer)
    data_set = running.ask()
    assert data_set.partial
    assert sentence in data_set.warnings[0]
    assert data_set.tables[0].columns[0].values(0, 1) == [1]


TYPED = {
    "long": "9007199254740993", "real": "1.5", "bool": "true", "datetime": "datetime(2024-01-01 00:00:00.5)",
    "timespan": "time(1.02:03:04.5)", "dynamic": "dynamic({'a': [1, null]})", "string": "'x'",
}  # fmt: skip


def test_types_and_their_nulls(running: Running) -> None:
    columns = ", ".join(f"{name}_ = {value}" for name, value in TYPED.items())
    nulls = ", ".join(f"{name}_ = {name}(null)" for name in TYPED if name != "string")
    (table,) = running.ask(f"print row = 1, {columns} | union (print row = 2, {nulls}) | order by row asc").tables
    kinds = {column.name.removesuffix("_"): column.type for column in table.columns[1:]}
    assert kinds == {name: running.kind.types.get(name, name) for name in TYPED}
    first = {column.name.removesuffix("_"): column.texts(0, 1)[0] for column in table.columns[1:]}
    assert first["long"] == "9007199254740993"
    assert (first["real"], first["bool"], first["string"], first["dynamic"]) == ("1.5", "true", "x", '{"a":[1,null]}')
    assert first["datetime"] == "2024-01-01T00:00:00.5000000Z"
    assert first["timespan"] == "1.02:03:04.5000000"
    null = {column.name.removesuffix("_"): column.values(1, 2)[0] for column in table.columns[1:]}
    assert {name: value for name, value in null.items() if value is not None} in ({}, {"string": ""})


# --- wrong queries ---------------------------------------------------------------------------------------


def test_a_syntax_error_has_its_place(running: Running) -> None:
    text = "print 1\n| take 1 take"
    error = running.fails(errors.KqlQueryError, text)
    assert (error.span.start, error.span.of(text)) == (text.rindex("take"), "take")


def test_an_unknown_column_has_its_place(running: Running) -> None:
    text = "print answer = 42\n| where anwser == 1"
    error = running.fails(errors.KqlQueryError, text)
    assert (error.unresolved, error.span.of(text)) == ("anwser", "anwser")


def test_a_query_that_json_cannot_hold(running: Running) -> None:
    with pytest.raises(errors.KqlCellError, match="cannot be written as JSON"):
        running.service.execute(Query("print '\ud800'"))
    assert running.queries == []


# --- a busy service --------------------------------------------------------------------------------------


def test_a_busy_service_is_asked_again(running: Running) -> None:
    running.answer(running.kind.throttled(0), running.kind.unavailable, running.kind.one)
    assert running.values() == [[1]]
    assert running.asked == 3


def test_a_service_that_stays_busy(running: Running) -> None:
    running.answer(running.kind.throttled(0))
    assert "wait 0 seconds" in running.fails(errors.KqlThrottledError).hint
    assert running.asked == 4


def test_a_long_pause_is_said_and_not_sat_through(running: Running) -> None:
    running.answer(running.kind.throttled(3600))
    assert "wait 3,600 seconds" in running.fails(errors.KqlThrottledError).hint
    assert running.asked == 1


def test_a_service_that_stays_unavailable(running: Running) -> None:
    running.answer(running.kind.unavailable)
    error = running.fails(errors.KqlServiceError)
    assert error.message.startswith("503: ")
    assert running.asked == 4


# --- sign-in ---------------------------------------------------------------------------------------------


def test_a_refused_token_is_renewed_once(running: Running) -> None:
    running.answer(running.kind.one)
    assert running.values() == [[1]]
    running.world.identity.revoke()
    assert running.values() == [[1]]
    assert running.asked == 3
    assert running.queries[1].headers["Authorization"] != running.queries[2].headers["Authorization"]
    assert running.world.identity.grants() == ["client_credentials"] * 2


@pytest.mark.parametrize("answer", ["refused", "wrong"])
def test_a_service_that_refuses_every_token(answer: str, running: Running) -> None:
    running.answer(getattr(running.kind, answer))
    error = running.fails(errors.KqlAuthenticationError)
    assert error.message.startswith("401: ")
    assert "tenant" in error.hint
    assert running.asked == 2


def test_a_role_that_is_missing_is_named(running: Running) -> None:
    running.answer(running.kind.forbidden)
    error = running.fails(errors.KqlAuthenticationError)
    assert error.message.startswith("403: ")
    assert running.kind.role in error.hint
    assert running.asked == 1


def test_an_application_of_another_tenant_reaches_no_service(running: Running) -> None:
    service = running.opened("clientid='another'", f"clientsecret='{SECRET}'")
    with pytest.raises(errors.KqlAuthenticationError, match="AADSTS700016") as caught:
        service.execute(Query("T"))
    assert "check clientid and tenant" in caught.value.hint
    assert running.queries == []


# --- a faulty network ------------------------------------------------------------------------------------

BROKEN: dict[str, Answer] = {
    "closed in the head": Answer(b"x" * 100, cut=0),
    "reset before the head": Answer(reset=True),
    "closed in the body": Answer(b"[" * 1000, cut=200, gzip=False),
    "reset in the body": Answer(b"[" * 1000, cut=200, gzip=False, reset=True),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_connection_that_breaks(name: str, running: Running) -> None:
    """The query may have run, so it is not sent again."""
    running.answer(BROKEN[name])
    error = running.fails(errors.KqlNetworkError)
    assert "broke" in error.message
    assert "run the cell again" in error.hint
    assert running.asked == 1


def test_a_slow_body_comes_whole(running: Running) -> None:
    body = running.kind.one.body
    running.answer(replace(running.kind.one, drip=(len(body) // 5, 0.02), gzip=False))
    assert running.values() == [[1]]


def test_a_redirect_is_refused_and_no_token_follows_it(running: Running) -> None:
    with KustoServer() as elsewhere:
        running.answer(redirect(f"{elsewhere.url}/v2/rest/query"))
        error = running.fails(errors.KqlServiceError)
        assert elsewhere.requests == []
    assert "a redirect to 127.0.0.1, which is not followed" in error.message
    assert running.asked == 1
