"""Answers of a Kusto service while they arrive: the same as whole ones, and every way in which they can break."""

from __future__ import annotations

import gc
import json
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from conftest import Shell
from hypothesis import example, given, settings
from hypothesis import strategies as st
from servers.kusto import Answer, KustoServer, throttled
from servers.kusto_frames import (
    EVERY_TYPE,
    TableSpec,
    encode,
    one_api_error,
    v1,
    v2,
    v2_fragmented,
    v2_progressive,
)

from kqlext.decode import decode
from kqlext.decode.kusto_frames import decode_v2, decode_v2_pieces
from kqlext.decode.tables import DataSet
from kqlext.errors import KqlError, KqlNetworkError, KqlQueryError, KqlResponseError
from kqlext.origin import Origin
from kqlext.result import Result
from kqlext.services.base import LARGEST_ANSWER, Progress, Query
from kqlext.services.kusto import KustoService

CITIES = TableSpec("Cities", (("Name", "string"), ("People", "long")), (("Oslo", 717710), ("Wien", 2002821)))
NOBODY = TableSpec("Cities", CITIES.columns)
TOO_LARGE = one_api_error("LimitsExceeded", "Request is invalid.", "E_RESULT_SET_TOO_LARGE", "more than 500000 records")
LONG = TableSpec(
    "Long",
    (("n", "long"), ("when", "datetime"), ("x", "real"), ("d", "dynamic"), ("for", "timespan")),
    [[n, "2024-01-01T00:00:00.0000001Z", n / 2, {"n": [n]}, "1.00:00:00.5"] for n in range(5_000)],
)


def on_lines(frames: list[Any]) -> bytes:
    """Frames as Kusto writes them where it is asked for newlines."""
    return b"[" + b"\n,".join(encode(frame) for frame in frames) + b"\n]"


def in_pieces(body: bytes, sizes: Iterator[int]) -> Iterator[bytes]:
    start = 0
    while start < len(body):
        size = next(sizes)
        yield body[start : start + size]
        start += size


def streamed(body: bytes, size: int = 100) -> DataSet:
    return decode_v2_pieces(in_pieces(body, iter(lambda: size, None)), Progress())


def said(data_set: DataSet) -> tuple[Any, ...]:
    """All that an answer says, comparable."""
    tables = [
        (table.name, table.num_rows, [(c.name, c.type, repr(c.values(0, len(c))), c.texts(0, len(c))) for c in columns])
        for table, columns in ((table, table.columns) for table in data_set.tables)
    ]
    schemas = [table.to_arrow().schema for table in data_set.tables]
    return tables, schemas, data_set.warnings, data_set.partial, data_set.visualization, data_set.statistics


def outcome(decoder: Callable[[], DataSet]) -> tuple[Any, ...] | type[KqlError]:
    try:
        return said(decoder())
    except KqlError as error:
        return KqlError if error._render_traceback_() else type(error)


def assert_the_same(body: bytes, size: int) -> None:
    whole = outcome(lambda: decode_v2(body))
    assert outcome(lambda: streamed(body, size)) == whole
    assert gc.isenabled()


# --- whole == streamed -----------------------------------------------------------------------------------

BODIES: dict[str, bytes] = {
    "whole tables": v2(EVERY_TYPE, CITIES, visualization={"Visualization": "timechart"}),
    "whole tables on lines": on_lines(json.loads(v2(EVERY_TYPE, CITIES))),
    "fragments": v2_fragmented(EVERY_TYPE, CITIES, visualization={"Visualization": "card"}),
    "fragments on one line": v2_fragmented(EVERY_TYPE, newlines=False),
    "fragments of one row": v2_fragmented(EVERY_TYPE, rows_per_fragment=1),
    "progressive": v2_progressive(EVERY_TYPE, CITIES),
    "progressive on lines": on_lines(json.loads(v2_progressive(EVERY_TYPE, CITIES))),
    "errors in the rows": on_lines(json.loads(v2(CITIES, row_errors={"OneApiErrors": [TOO_LARGE]}))),
    "errors of a table": v2_fragmented(CITIES, table_errors=[TOO_LARGE]),
    "errors of the data set": v2_fragmented(CITIES, errors=[TOO_LARGE]),
    "errors in the information": on_lines(json.loads(v2(CITIES, deferred_error="more than 500000 records"))),
    "errors and no row": v2_fragmented(NOBODY, table_errors=[TOO_LARGE]),
    "many rows": v2_fragmented(LONG, rows_per_fragment=700),
    "no tables": on_lines(json.loads(v2())),
    "no row": v2_fragmented(TableSpec("Nothing", EVERY_TYPE.columns)),
    "no column": v2_fragmented(TableSpec("T", (), ((), (), ()))),
    "v1": v1(CITIES),
}


@pytest.mark.parametrize("size", [1, 97, 1_000_000])
@pytest.mark.parametrize("name", BODIES)
def test_a_streamed_answer_is_the_same_as_a_whole_one(name: str, size: int) -> None:
    if size > 1 or len(BODIES[name]) < 20_000:
        assert_the_same(BODIES[name], size)


# What the rows of later fragments do to a column that began as its type says.
LATE: dict[str, tuple[str, list[Any]]] = {
    "a year beyond nanoseconds": ("datetime", ["2024-01-01T00:00:00.1234567Z", "0001-01-01T00:00:00.0000000Z"]),
    "a datetime without a zone": ("datetime", ["2024-01-01T00:00:00.1234567Z", "2024-01-01", None, ""]),
    "no datetime": ("datetime", ["2024-01-01T00:00:00Z", "2024-01-01 00:00", "soon", 5]),
    "a timespan beyond nanoseconds": ("timespan", ["01:02:03.1234567", "-10675199.02:48:05.4775808"]),
    "a timespan with one digit": ("timespan", ["01:02:03", "1:02:03", "99999.23:59:59.9999999", "-0.00:00:01", ""]),
    "ticks": ("timespan", ["01:02:03", 10_000_000, None, 1.0]),
    "no timespan": ("timespan", ["01:02:03", "\u0661\u0661:00:00", "1 day"]),
    "another scale": ("decimal", ["1.5", None, "-0.000001", "12345678901234567890"]),
    "a decimal as a number": ("decimal", ["1.5", 2.25, 3]),
    "a long as text": ("long", [1, 2**53 + 1, "9007199254740993", ""]),
    "a long that is true": ("long", [1, True, 2.0]),
    "a long with a fraction": ("long", [1, 2, 2.5]),
    "a long beyond 64 bits": ("long", [1, 2**63, -1]),
    "an int beyond 32 bits": ("int", [1, 2**31]),
    "a real that is whole": ("real", [1.5, 2, 3, 4.25]),
    "a real that is not finite": ("real", [1.5, "NaN", -0.0, "-Infinity", None]),
    "a real that is true": ("real", [1.5, True]),
    "no real": ("real", [1.5, 3, 1e22, "much"]),
    "a bool as a number": ("bool", [True, 1, 0, None]),
    "no bool": ("bool", [True, "maybe"]),
    "a number in a string column": ("string", ["a", None, "", 5, {"b": [1.0]}]),
    "a number in a guid column": ("guid", ["74be27de-1e4e-49d9-b579-fe0b331d3642", 5]),
    "JSON in strings, then JSON": ("dynamic", ['{"a": 1}', "[1, 2.50]", "x", {"a": 1}]),
    "JSON in strings": ("dynamic", ['{"a": 1}', "[1, 2.50]", "{", "x", 5, None, True]),
    "only strings": ("dynamic", ['{"a": 1}', "[1, 2.50]", "{", "x"]),
    "an unknown type": ("money", ["a", 5, {"b": 1}]),
}


@pytest.mark.parametrize("late", LATE)
@pytest.mark.parametrize("rows_per_fragment", [1, 1_100])
def test_a_late_value_changes_the_whole_column(late: str, rows_per_fragment: int) -> None:
    kind, values = LATE[late]
    first, *others = values
    rows = [[first]] * (1 if rows_per_fragment == 1 else 3_000) + [[value] for value in others]
    table = TableSpec("T", (("x", kind),), rows)
    assert_the_same(v2_fragmented(table, rows_per_fragment=rows_per_fragment), 1_000)
    (column,) = streamed(v2_fragmented(table, rows_per_fragment=rows_per_fragment)).tables[0].columns
    (expected,) = decode_v2(v2(TableSpec("T", (("x", kind),), [[first], *rows[-len(others) :]]))).tables[0].columns
    assert repr(column.values(len(rows) - len(others), len(rows))) == repr(expected.values(1, len(expected)))


def test_dynamic_values_are_text_until_they_are_asked_for() -> None:
    values = ({"unread": n} for n in range(9_000))
    body = v2_fragmented(TableSpec("T", (("d", "dynamic"),), [[value] for value in values]))
    (column,) = streamed(body).tables[0].columns
    gc.collect()
    assert not [thing for thing in gc.get_objects() if type(thing) is dict and thing.keys() == {"unread"}]
    assert column.values(8_998, 9_000) == [{"unread": 8_998}, {"unread": 8_999}]
    assert column.texts(0, 1) == ['{"unread":0}']


def test_json_nested_deeper_than_is_written() -> None:
    deep: Any = 1
    for _ in range(400):
        deep = [deep]
    body = v2_fragmented(TableSpec("T", (("d", "dynamic"), ("s", "string")), [[deep, deep], [1, "x"]]))
    assert_the_same(body, 50)
    assert streamed(body).tables[0].columns[0].values(0, 1) == [deep]


def test_frames_of_an_unknown_type_say_nothing() -> None:
    frames = json.loads(v2_fragmented(CITIES))
    frames.insert(3, {"FrameType": "TableWeather", "TableId": 1, "Rows": [["Rain", 5]]})
    assert said(streamed(on_lines(frames))) == said(decode_v2(v2(CITIES)))


@pytest.mark.parametrize("row", [["Oslo"], ["Oslo", 1, 2], [], 5, None, "ab", [["Oslo", 1]]], ids=str)
def test_a_row_that_is_not_as_long_as_the_table_is_wide(row: Any) -> None:
    frames = json.loads(v2_fragmented(CITIES))
    next(frame for frame in frames if frame["FrameType"] == "TableFragment")["Rows"].append(row)
    with pytest.raises(KqlResponseError):
        streamed(on_lines(frames))
    assert gc.isenabled()


def test_100_000_columns() -> None:
    columns = tuple((f"c{number}", "long") for number in range(100_000))
    row = list(range(100_000))
    (table,) = streamed(v2_fragmented(TableSpec("T", columns, [row] * 3), rows_per_fragment=1), 100_000).tables
    assert [column.values(2, 3)[0] for column in table.columns] == row


# --- random damage ---------------------------------------------------------------------------------------

SMALL = [name for name, body in BODIES.items() if len(body) < 20_000]
JUNK: list[Any] = [
    None, True, 0, -1, 2**63, 1.5, 1e300, "", "x", "TableFragment", [], {}, [[]], [5], {"error": "x"},
    {"OneApiErrors": 1}, "\u2028", "1.00:00:00", "2024-01-01", "[1]", "DataReplace", "TableHeader", "PrimaryResult",
]  # fmt: skip
sizes = st.integers(1, 400)


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every container of a JSON value with each of its keys."""
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
        yield value, key
        if isinstance(inner, (dict, list)):
            yield from places(inner)


@given(st.sampled_from([name for name in SMALL if name != "v1"]), sizes, st.data())
@settings(deadline=None, max_examples=300)
def test_frames_of_the_wrong_shape(name: str, size: int, data: st.DataObject) -> None:
    frames = json.loads(BODIES[name])
    for _ in range(data.draw(st.integers(1, 3))):
        container, key = data.draw(st.sampled_from(list(places(frames)) or [([None], 0)]))
        change = data.draw(st.sampled_from(["junk", "remove", "repeat"]))
        if change == "junk":
            container[key] = data.draw(st.sampled_from(JUNK))
        elif change == "remove":
            del container[key]
        elif isinstance(container, list):
            container.insert(key, container[key])
    assert_the_same(b"[" + b"\n,".join(json.dumps(frame).encode() for frame in frames) + b"\n]", size)


@given(st.sampled_from(SMALL), sizes, st.data())
@settings(deadline=None, max_examples=300)
def test_damaged_bytes(name: str, size: int, data: st.DataObject) -> None:
    body = bytearray(BODIES[name])
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(0, len(body)))
        removed = data.draw(st.integers(0, 3) | st.integers(0, 4_000))
        body[place : place + removed] = data.draw(st.sampled_from([b"", b"\n", b"]", b",", b"[", b"{}", b"\xff", b"0"]))
    assert_the_same(bytes(body), size)


@given(st.lists(st.sampled_from([b"[", b"]", b"{}", b",", b"\n", b" ", b'{"FrameType":"DataSetCompletion"}', b"1"])))
@example([b"[", b"{}", b"\n", b"]", b" ", b'{"FrameType":"DataSetCompletion"}', b"]"])
@settings(deadline=None, max_examples=500)
def test_brackets_and_lines_in_any_order(parts: list[bytes]) -> None:
    assert_the_same(b"".join(parts), 3)


# --- over HTTP -------------------------------------------------------------------------------------------


@pytest.fixture
def service(kusto: KustoServer) -> Iterator[KustoService]:
    opened = KustoService(kusto.url, "Samples")
    yield opened
    opened.close()


def usable(service: KustoService) -> bool:
    return decode(service.execute(Query("print 1"))).tables[0].num_rows == 1


WAYS: dict[str, dict[str, Any]] = {
    "zipped": {},
    "not zipped": {"gzip": False},
    "chunked": {"chunked": True},
    "chunked, not zipped": {"chunked": True, "gzip": False},
    "in small pieces": {"drip": (1_000, 0)},
    "in small chunks": {"drip": (1_000, 0), "chunked": True},
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", ["fragments", "many rows", "whole tables", "progressive on lines"])
def test_every_way_of_sending(kusto: KustoServer, service: KustoService, name: str, way: str) -> None:
    kusto.on("T", Answer(BODIES[name], **WAYS[way]))
    response = service.execute(Query("T"))
    assert response.pieces is not None
    assert said(decode(response)) == said(decode_v2(BODIES[name]))
    assert usable(service)
    assert len({request.connection for request in kusto.requests}) == 1


def test_a_server_without_such_frames(duckdb_kql_url: str) -> None:
    service = KustoService(duckdb_kql_url, "memory")
    table = decode(service.execute(Query("range n from 1 to 3000 step 1"))).tables[0]
    assert (table.num_rows, table.columns[0].values(2_999, 3_000)) == (3_000, [3_000])
    assert usable(service)


def test_frames_are_decoded_while_the_next_is_not_there(kusto: KustoServer, service: KustoService) -> None:
    body = BODIES["many rows"]
    kusto.on("T", Answer(body, gzip=False, chunked=True, drip=(len(body) - 2_000, 60)))
    query = Query("T")
    answer = service.execute(query)
    done = threading.Event()

    def run() -> None:
        with pytest.raises(KqlNetworkError):
            decode(answer)
        done.set()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    while query.progress.rows < 4_200:  # six of eight fragments
        assert not done.wait(0.01)
    assert query.progress.state == "receiving"
    kusto.drop_connections()
    assert done.wait(30)


def test_progress_counts_rows_and_unzipped_bytes(kusto: KustoServer, service: KustoService) -> None:
    kusto.on("T", BODIES["many rows"])
    query = Query("T")
    assert query.progress == Progress("connecting", 0, 0)
    response = service.execute(query)
    assert query.progress.state == "receiving"
    decode(response)
    assert query.progress == Progress("receiving", 5_000, len(BODIES["many rows"]))
    assert "progress" not in repr(query)
    assert query == Query("T", client_request_id=query.client_request_id)


def test_progress_of_replaced_rows_counts_those_that_are_left(kusto: KustoServer, service: KustoService) -> None:
    kusto.on("T", BODIES["progressive on lines"])
    query = Query("T", {"results_progressive_enabled": True})
    decode(service.execute(query))
    assert kusto.requests[0].options["results_progressive_enabled"] is True
    assert query.progress.rows == len(EVERY_TYPE.rows) + len(CITIES.rows)


def test_a_query_runs_before_its_answer_begins(kusto: KustoServer, service: KustoService) -> None:
    kusto.on("T", Answer(BODIES["fragments"], delay=60))
    query = Query("T")
    thread = threading.Thread(target=lambda: outcome(lambda: decode(service.execute(query))), daemon=True)
    thread.start()
    kusto.wait_for(lambda request: request.csl == "T")
    assert query.progress.state == "running"
    kusto.drop_connections()


@pytest.mark.parametrize("way", [{}, {"chunked": True}], ids=["length", "chunked"])
@pytest.mark.parametrize("sent", [0, 1, 3_000, 100_000])
def test_a_body_that_breaks_off_in_a_frame(
    kusto: KustoServer, service: KustoService, sent: int, way: dict[str, Any]
) -> None:
    kusto.on("T", Answer(BODIES["many rows"], gzip=False, cut=sent, **way))
    with pytest.raises(KqlNetworkError, match="broke") as caught:
        decode(service.execute(Query("T", client_request_id="an id")))
    assert caught.value.request_id == "an id"
    assert usable(service)
    assert gc.isenabled()


def test_a_server_that_stops_sending(
    kusto: KustoServer, service: KustoService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kqlext.services.kusto._GRACE", 0.1)
    kusto.on("T", Answer(BODIES["many rows"], gzip=False, drip=(100_000, 60)))
    with pytest.raises(KqlNetworkError, match="sent nothing for"):
        decode(service.execute(Query("T", timeout=0.3)))
    assert usable(service)


def test_a_server_that_never_answers(
    kusto: KustoServer, service: KustoService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kqlext.services.kusto._GRACE", 0.1)
    kusto.on("T", Answer(delay=60))
    with pytest.raises(KqlNetworkError, match="sent nothing for"):
        service.execute(Query("T", timeout=0.3))
    assert usable(service)


def test_bytes_that_are_no_gzip(kusto: KustoServer, service: KustoService) -> None:
    kusto.on("T", Answer(b"\x1f\x8b" + b"no gzip" * 9, headers={"Content-Encoding": "gzip"}, gzip=False))
    with pytest.raises(KqlNetworkError, match="broke"):
        decode(service.execute(Query("T")))
    assert usable(service)


@pytest.mark.parametrize("body", [b" " * 40_000_000, b"[" + b" " * 40_000_000, b"\n" * 40_000_000], ids=[0, 1, 2])
def test_a_gzip_bomb(kusto: KustoServer, service: KustoService, body: bytes) -> None:
    kusto.on("T", Answer(body))
    query = Query("T", progress=Progress(most_bytes=5_000_000))
    with pytest.raises(KqlNetworkError, match=r"larger than 5,000,000 bytes, unzipped"):
        decode(service.execute(query))
    assert query.progress.bytes <= 5_000_000
    assert usable(service)


def test_a_bomb_that_is_an_error(kusto: KustoServer, service: KustoService) -> None:
    kusto.on("T", Answer(b" " * 40_000_000, status=400))
    with pytest.raises(KqlNetworkError, match="larger than"):
        service.execute(Query("T", progress=Progress(most_bytes=5_000_000)))
    assert usable(service)


def test_who_stops_reading_closes_the_socket(kusto: KustoServer, service: KustoService) -> None:
    kusto.on("T", Answer(BODIES["many rows"], gzip=False, drip=(10_000, 0.5)))
    response = service.execute(Query("T"))
    assert response.pieces is not None
    next(iter(response.pieces))
    response.pieces.close()
    response.pieces.close()
    assert usable(service)
    assert len({request.connection for request in kusto.requests}) == 2


def test_damage_closes_the_socket_and_leaves_the_service_usable(kusto: KustoServer, service: KustoService) -> None:
    frames = json.loads(v2_fragmented(CITIES))
    frames[2]["Columns"] = 5
    kusto.on("T", Answer(on_lines(frames), gzip=False, drip=(2_000, 0.01)))
    with pytest.raises(KqlResponseError, match="malformed") as caught:
        decode(service.execute(Query("T", client_request_id="an id")))
    assert caught.value.request_id == "an id"
    assert usable(service)


def test_a_busy_service_is_asked_again(kusto: KustoServer, service: KustoService) -> None:
    kusto.on("T", throttled(0), BODIES["fragments"])
    assert decode(service.execute(Query("T"))).tables[0].num_rows == len(EVERY_TYPE.rows)


@pytest.mark.parametrize("name", ["errors in the rows", "errors of a table", "errors of the data set"])
def test_errors_inside_a_stream_keep_the_rows(kusto: KustoServer, service: KustoService, name: str) -> None:
    kusto.on("T", BODIES[name])
    result = Result(decode(service.execute(Query("T"))), Origin("Samples@help", "T", 0.5))
    assert (len(result), result.partial) == (2, True)
    assert "more than 500000 records" in result.warnings[0]
    kusto.on("N", BODIES["errors and no row"])
    with pytest.raises(KqlQueryError, match="more than 500000 records"):
        decode(service.execute(Query("N")))


def test_the_connection_is_not_held_where_nobody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        service = KustoService(f"http://127.0.0.1:{server.getsockname()[1]}", "Samples")
        server.close()
        with pytest.raises(KqlNetworkError, match="cannot be reached"):
            service.execute(Query("T"))


def test_the_largest_body_is_far_beyond_what_the_service_gives() -> None:
    assert LARGEST_ANSWER >= 20 * 64_000_000


def test_the_limit_is_the_users_to_set(shell: Shell, kusto: KustoServer) -> None:
    kusto.on("T", Answer(b" " * 40_000_000))
    shell.run(f"%kql {kusto.url}/db")
    with pytest.raises(KqlNetworkError, match="larger than 5,000,000 bytes") as caught:
        shell.run("%kql -max_answer 5 T")
    assert "-max_answer" in caught.value.hint
    shell.run("%config KqlMagics.max_answer = 1")
    with pytest.raises(KqlNetworkError, match="larger than 1,000,000 bytes"):
        shell.run("%kql T")
