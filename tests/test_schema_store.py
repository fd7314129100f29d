"""The schemas of a session: in the background, never in the way, and nobody is asked to sign in for them."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from servers import kusto as scripted
from servers.graph import GraphServer
from servers.kusto import Answer, KustoServer
from test_schema_reading import AS_JSON, IF_LATER, SAMPLES, UNCHANGED, as_json

from kqlext import errors
from kqlext.connections.credentials import SignIns
from kqlext.connections.prompts import MAY_ASK, ask_secret
from kqlext.connections.registry import Connection
from kqlext.connections.strings import ConnectionSpec
from kqlext.schemas.disk import SchemaFiles
from kqlext.schemas.store import LASTS, LASTS_EMBEDDED, Schemas
from kqlext.services import make_opener
from kqlext.services.base import Query
from kqlext.services.defender import DefenderService
from kqlext.services.kusto import KustoService


class Clock:
    """Seconds that pass where a test says so."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def schemas(tmp_path: Path, clock: Clock) -> Schemas:
    return Schemas(SchemaFiles(tmp_path), clock)


@pytest.fixture
def samples(kusto: KustoServer) -> Connection:
    kusto.on(AS_JSON, as_json({**SAMPLES, "Functions": {}}))
    kusto.on(IF_LATER, Answer(UNCHANGED))
    return opened(kusto)


def opened(kusto: KustoServer) -> Connection:
    return Connection("Samples", "c", ConnectionSpec("azuredataexplorer", ()), KustoService(kusto.url, "Samples"))


@pytest.fixture
def embedded() -> Iterator[Connection]:
    spec = ConnectionSpec("samples", ())
    service = make_opener()(spec)
    yield Connection("samples", "local", spec, service)
    service.close()


def asked(kusto: KustoServer) -> list[str]:
    return [request.csl for request in kusto.requests]


def test_what_is_not_known_is_read_meanwhile(kusto: KustoServer, samples: Connection, schemas: Schemas) -> None:
    assert schemas.known(samples) is None
    assert not schemas.is_fresh(samples)
    found = schemas.wait(samples, 30)
    assert found is not None
    assert "T" in found.types()
    assert schemas.known(samples) == found
    assert schemas.is_fresh(samples)
    assert asked(kusto) == [AS_JSON]


def test_nothing_is_asked_until_something_asks(kusto: KustoServer, samples: Connection, schemas: Schemas) -> None:
    schemas.when = "asked"
    schemas.read_ahead(samples)
    assert asked(kusto) == []
    schemas.when = "never"
    assert schemas.known(samples) is None
    assert schemas.wait(samples, 0) is None
    assert asked(kusto) == []
    schemas.when = "ahead"
    schemas.read_ahead(samples)
    assert schemas.wait(samples, 30) is not None
    schemas.read_ahead(samples)
    assert asked(kusto) == [AS_JSON]


def test_what_is_read_ahead_begins_later_or_once_somebody_wants_it(
    kusto: KustoServer, samples: Connection, schemas: Schemas
) -> None:
    schemas.read_ahead(samples, after=3600)
    assert schemas.held(samples) is None
    assert asked(kusto) == []
    assert schemas.wait(samples, 30) is not None
    assert asked(kusto) == [AS_JSON]


def test_an_old_schema_is_given_while_it_is_read_anew(
    kusto: KustoServer, samples: Connection, schemas: Schemas, clock: Clock
) -> None:
    first = schemas.wait(samples, 30)
    clock.now += LASTS + 1
    assert not schemas.is_fresh(samples)
    assert schemas.known(samples) is first
    second = schemas.wait(samples, 30)
    assert second == first
    assert schemas.is_fresh(samples)
    assert asked(kusto) == [AS_JSON, IF_LATER]


def test_the_next_session_has_it_at_once(
    kusto: KustoServer, samples: Connection, schemas: Schemas, tmp_path: Path
) -> None:
    schemas.wait(samples, 30)
    kusto.on(IF_LATER, Answer(UNCHANGED, delay=60), Answer(UNCHANGED))
    later, connection = Schemas(SchemaFiles(tmp_path)), opened(kusto)
    assert later.known(connection) is None
    deadline = time.monotonic() + 20
    while (known := later.known(connection)) is None and time.monotonic() < deadline:
        time.sleep(0.005)
    assert known is not None, "before the service has answered"
    assert not later.is_fresh(connection)
    latest = Schemas(SchemaFiles(tmp_path))
    assert latest.wait(connection, 30) == known
    assert latest.is_fresh(connection)


def test_nothing_is_kept_where_the_user_says_so(samples: Connection, schemas: Schemas, tmp_path: Path) -> None:
    schemas.kept = False
    assert schemas.wait(samples, 30) is not None
    assert list(tmp_path.iterdir()) == []


def test_who_may_not_read_it_loses_nothing_else(
    kusto: KustoServer, schemas: Schemas, clock: Clock, capfd: pytest.CaptureFixture[str]
) -> None:
    kusto.on(lambda request: request.csl.startswith(".show"), scripted.forbidden())
    connection = opened(kusto)
    assert schemas.wait(connection, 30) is None
    refused = len(kusto.requests)
    assert schemas.wait(connection, 30) is None
    assert len(kusto.requests) == refused, "it is left alone for some minutes"
    assert not schemas.is_fresh(connection)
    assert capfd.readouterr() == ("", "")
    with pytest.raises(errors.KqlAuthenticationError):
        schemas.read(connection)
    assert connection.service.execute(Query("T")).pieces is not None
    clock.now += 301
    schemas.wait(connection, 30)
    assert len(kusto.requests) > refused + 2


def test_a_slow_service_keeps_nobody_waiting(kusto: KustoServer, schemas: Schemas) -> None:
    kusto.on(AS_JSON, Answer(as_json(SAMPLES).body, delay=20))
    connection = opened(kusto)
    assert schemas.wait(connection, 0.1) is None
    connection.service.execute(Query("T | count"))
    assert schemas.known(connection) is None, "the query was answered before"
    assert asked(kusto) == [AS_JSON, "T | count"]


def test_a_connection_that_was_opened_again_begins_anew(
    kusto: KustoServer, samples: Connection, schemas: Schemas
) -> None:
    schemas.wait(samples, 30)
    assert schemas.known(opened(kusto)) is None


def test_a_connection_that_was_closed_meanwhile(kusto: KustoServer, schemas: Schemas) -> None:
    kusto.on(AS_JSON, Answer(as_json(SAMPLES).body, delay=0.3))
    connection = opened(kusto)
    schemas.known(connection)
    connection.service.close()
    schemas.wait(connection, 30)
    assert not [thread for thread in threading.enumerate() if thread.name == "kqlext schema"]


def test_the_embedded_engine(embedded: Connection, schemas: Schemas, clock: Clock, tmp_path: Path) -> None:
    found = schemas.wait(embedded, 30)
    assert found is not None
    assert "StormEvents" in found.types()
    assert list(tmp_path.iterdir()) == [], "what this process holds need not be kept"
    clock.now += LASTS_EMBEDDED + 0.1
    service: Any = embedded.service
    (tmp_path / "made.csv").write_text("a,b\n1,x\n")
    service.add_files(str(tmp_path / "made.csv"))
    schemas.known(embedded)
    found = schemas.wait(embedded, 30)
    assert found is not None
    assert found.types()["made"] == {"a": "long", "b": "string"}


def test_the_schema_of_an_engine_that_works_waits_elsewhere(embedded: Connection, schemas: Schemas) -> None:
    service: Any = embedded.service
    with service._lock:  # as a query holds it
        assert schemas.wait(embedded, 0.05) is None
    assert schemas.wait(embedded, 30) is not None


def test_nobody_is_asked_in_the_background() -> None:
    MAY_ASK.set(True)
    outcome: list[str] = []

    def ask() -> None:
        MAY_ASK.set(False)
        try:
            ask_secret("appkey")
        except errors.KqlAuthenticationError as error:
            outcome.append(error.message)
        spec = ConnectionSpec("azuredataexplorer", (("code", ""), ("tenant", "t")))
        try:
            SignIns().credential(spec, "https://help.kusto.windows.net").get_token("https://x/.default")
        except errors.KqlAuthenticationError as error:
            outcome.append(error.message)

    thread = threading.Thread(target=ask)
    thread.start()
    thread.join()
    assert outcome == ["The connection has no appkey, and none was typed.", "Nobody is signed in."]


def test_columns_of_a_service_that_lists_none_are_read_meanwhile(schemas: Schemas, tmp_path: Path) -> None:
    with GraphServer(tls=False, anonymous=True) as server:
        service = DefenderService(server.url, None, server.url)
        connection = Connection("hunting", "defender", ConnectionSpec("defender", ()), service)
        schemas.wait(connection, 30)
        assert schemas.known_table(connection, "EmailEvents") is not None
        assert schemas.known_table(connection, "Nope") is None
        schemas.wait(connection, 30)
        table = schemas.known_table(connection, "DeviceProcessEvents")
        assert table is not None
        assert table.columns == ()
        schemas.wait(connection, 30)
        found = schemas.known_table(connection, "DeviceProcessEvents")
        assert found is not None
        assert found.types()["ProcessId"] == "long"
        asked = [request.body["Query"] for request in server.requests]
        assert asked == ["EmailEvents | getschema", "DeviceProcessEvents | getschema"]
        schemas.known_table(connection, "EmailEvents")
        schemas.wait(connection, 30)
        assert len(server.requests) == 2, "what the service refused is not asked for again"
        kept = Schemas(SchemaFiles(tmp_path)).read(connection).table("DeviceProcessEvents")
        assert kept == found, "the next session has the columns"
