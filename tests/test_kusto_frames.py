"""Answers of a Kusto service, bytes -> tables: every shape of frames, errors inside a 200, damaged bytes."""

from __future__ import annotations

import gc
import json
import math
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from servers.kusto_frames import (
    EVERY_TYPE,
    STATISTICS,
    TableSpec,
    encode,
    one_api_error,
    v1,
    v2,
    v2_fragmented,
    v2_progressive,
)

from kqlext.decode import decode
from kqlext.decode.dynamic import DynamicValues
from kqlext.decode.kusto_frames import decode_v1, decode_v2
from kqlext.decode.tables import DataSet, Table
from kqlext.decode.timespans import format_timespan
from kqlext.decode.wire import collector_off, load_json
from kqlext.errors import KqlConversionError, KqlError, KqlQueryError, KqlResponseError
from kqlext.origin import Origin
from kqlext.result import Result
from kqlext.services.base import Response

CITIES = TableSpec("Cities", (("Name", "string"), ("People", "long")), (("Oslo", 717710), ("Wien", 2002821)))
NOBODY = TableSpec("Cities", CITIES.columns)
TOO_LARGE = one_api_error("LimitsExceeded", "Request is invalid.", "E_RESULT_SET_TOO_LARGE", "more than 500000 records")
SHAPES: dict[str, Callable[..., DataSet]] = {
    "v2": lambda *tables: decode_v2(v2(*tables)),
    "v2 fragmented": lambda *tables: decode_v2(v2_fragmented(*tables)),
    "v2 fragmented on one line": lambda *tables: decode_v2(v2_fragmented(*tables, newlines=False)),
    "v2 progressive": lambda *tables: decode_v2(v2_progressive(*tables)),
    "v1": lambda *tables: decode_v1(v1(*tables)),
    "v1 with .NET types": lambda *tables: decode_v1(v1(*tables, column_types=False)),
    "v1 with contents": lambda *tables: decode_v1(v1(*tables, contents=True)),
}


def rows(table: Table) -> list[tuple[Any, ...]]:
    return list(zip(*(column.values(0, table.num_rows) for column in table.columns), strict=True))


# --- shapes ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape_holds_the_same_values(shape: str) -> None:
    (table,) = SHAPES[shape](EVERY_TYPE).tables
    (expected,) = SHAPES["v2"](EVERY_TYPE).tables
    assert [(column.name, column.type) for column in table.columns] == list(EVERY_TYPE.columns)
    assert repr(rows(table)) == repr(rows(expected))
    assert table.num_rows == len(EVERY_TYPE.rows)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("tables", [(CITIES, NOBODY), (EVERY_TYPE, CITIES, CITIES)], ids=["two", "three"])
def test_several_tables(shape: str, tables: tuple[TableSpec, ...]) -> None:
    data_set = SHAPES[shape](*tables)
    assert [table.num_rows for table in data_set.tables] == [len(table.rows) for table in tables]
    assert (data_set.partial, rows(data_set.tables[-1])) == (False, list(tables[-1].rows))


@pytest.mark.parametrize("shape", SHAPES)
def test_no_rows(shape: str) -> None:
    (table,) = SHAPES[shape](TableSpec("Nothing", EVERY_TYPE.columns)).tables
    assert (table.num_rows, [column.type for column in table.columns]) == (0, [kind for _, kind in EVERY_TYPE.columns])


@pytest.mark.parametrize("shape", SHAPES)
def test_names_that_stand_twice_or_are_empty(shape: str) -> None:
    spec = TableSpec("T", (("a", "int"), ("a", "string"), ("", "bool"), ("", "real")), ((1, "x", True, 0.5),))
    (table,) = SHAPES[shape](spec).tables
    assert (table.column_names, rows(table)) == (["a", "a", "", ""], [(1, "x", True, 0.5)])


def test_no_tables() -> None:
    assert decode_v2(v2()).tables == ()
    assert decode_v1(b'{"Tables":[]}').tables == ()


def test_rows_without_columns() -> None:
    (table,) = decode_v2(v2(TableSpec("T", (), ((), ())))).tables
    assert (table.num_rows, table.columns) == (2, ())


# --- visualization and statistics ------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [v2, v2_fragmented, v2_progressive])
def test_visualization(shape: Callable[..., bytes]) -> None:
    asked = {"Visualization": "timechart", "Title": "A\ntitle", "YColumns": ["a", "b"]}
    visualization = decode_v2(shape(CITIES, visualization=asked)).visualization
    assert visualization is not None
    assert [visualization[key] for key in ("visualization", "title", "ycolumns")] == [
        "timechart",
        "A\ntitle",
        ["a", "b"],
    ]
    assert decode_v2(shape(CITIES)).visualization is None


def test_visualization_as_an_object() -> None:
    body = v2(CITIES, visualization={"Visualization": "card"})
    frames = json.loads(body)
    frames[1]["Rows"][0][2] = json.loads(frames[1]["Rows"][0][2])
    visualization = decode_v2(encode(frames)).visualization
    assert visualization is not None
    assert visualization["visualization"] == "card"


def test_statistics() -> None:
    assert decode_v2(v2(CITIES)).statistics == STATISTICS
    assert decode_v1(v1(CITIES)).statistics is None


@pytest.mark.parametrize("place", [(1, 0, 2), (3, 1, 11)], ids=["visualization", "statistics"])
@pytest.mark.parametrize("value", ["no JSON", "[1]", 5, [1], "{"])
def test_what_cannot_be_read_beside_the_rows_costs_no_row(place: tuple[int, int, int], value: Any) -> None:
    frames = json.loads(v2(CITIES))
    frame, row, column = place
    frames[frame]["Rows"][row][column] = value
    data_set = decode_v2(encode(frames))
    assert rows(data_set.tables[0]) == list(CITIES.rows)
    assert [warning.endswith("cannot be read.") for warning in data_set.warnings] == [True]


# --- errors inside an answer of status 200 ---------------------------------------------------------------

PLACES: dict[str, Callable[[TableSpec], bytes]] = {
    "last element of the rows": lambda table: v2(table, row_errors={"OneApiErrors": [TOO_LARGE]}),
    "DataSetCompletion": lambda table: v2(table, errors=[TOO_LARGE]),
    "QueryCompletionInformation": lambda table: v2(
        table, deferred_error="E_RESULT_SET_TOO_LARGE: more than 500000 records"
    ),
    "TableCompletion": lambda table: v2_fragmented(table, table_errors=[TOO_LARGE]),
    "DataSetCompletion after fragments": lambda table: v2_fragmented(table, errors=[TOO_LARGE]),
}


@pytest.mark.parametrize("place", PLACES)
def test_an_error_keeps_the_rows_that_came(place: str) -> None:
    data_set = decode_v2(PLACES[place](CITIES))
    assert rows(data_set.tables[0]) == list(CITIES.rows)
    assert data_set.partial
    (warning,) = data_set.warnings
    assert warning.startswith("The result is not complete. ")
    assert "more than 500000 records" in warning


@pytest.mark.parametrize("place", PLACES)
def test_an_error_without_any_row_is_raised(place: str) -> None:
    with pytest.raises(KqlQueryError, match="more than 500000 records") as caught:
        decode_v2(PLACES[place](NOBODY))
    assert "TOO_LARGE" in str(caught.value.code)


def test_rows_of_another_table_are_kept_too() -> None:
    data_set = decode_v2(v2(CITIES, NOBODY, row_errors={"OneApiErrors": [TOO_LARGE]}))
    assert (data_set.partial, [table.num_rows for table in data_set.tables]) == (True, [2, 0])


def test_the_same_error_in_two_places_is_said_once() -> None:
    body = v2(CITIES, row_errors={"OneApiErrors": [TOO_LARGE]}, errors=[TOO_LARGE])
    assert len(decode_v2(body).warnings) == 1


def test_two_errors_are_both_said() -> None:
    warnings = decode_v2(v2(CITIES, errors=[TOO_LARGE, one_api_error("Other", "Another limit")])).warnings
    assert [("Another limit" in warning) for warning in warnings] == [False, True]


def test_exceptions_of_v1() -> None:
    answer = json.loads(v1(CITIES)) | {"Exceptions": ["Query execution has exceeded the allowed limits"]}
    data_set = decode_v1(encode(answer))
    assert (data_set.partial, len(data_set.tables[0].columns)) == (True, 2)
    with pytest.raises(KqlQueryError, match="exceeded the allowed limits"):
        decode_v1(encode(json.loads(v1(NOBODY)) | {"Exceptions": ["Query execution has exceeded the allowed limits"]}))


@pytest.mark.parametrize(
    ("change", "text"),
    [({"Cancelled": True}, "was cancelled"), ({"HasErrors": True}, "without saying which")],
    ids=["cancelled", "errors without text"],
)
def test_the_last_frame_says_that_rows_are_missing(change: dict[str, bool], text: str) -> None:
    frames = json.loads(v2(CITIES))
    frames[-1].update(change)
    data_set = decode_v2(encode(frames))
    assert data_set.partial
    assert text in data_set.warnings[0]


def test_fewer_rows_than_announced_are_said() -> None:
    frames = json.loads(v2_fragmented(CITIES, rows_per_fragment=1))
    del frames[next(i for i, frame in enumerate(frames) if frame["FrameType"] == "TableFragment")]
    data_set = decode_v2(encode(frames))
    assert data_set.warnings == ("The service announced 2 rows of table 'Cities', 1 came.",)


def test_decode_adds_the_request_id_and_the_warnings_of_the_service() -> None:
    response = Response("kusto_v2", v2(CITIES), warnings=("Slow.",), client_request_id="an id")
    assert decode(response).warnings == ("Slow.",)
    with pytest.raises(KqlResponseError) as caught:
        decode(Response("kusto_v2", b"", client_request_id="an id"))
    assert caught.value.request_id == "an id"


# --- damaged answers -------------------------------------------------------------------------------------

NO_ANSWERS = [
    (b"", "begins with: ''"),
    (b"<!DOCTYPE html><title>Sign in</title>", "begins with: '<!DOCTYPE html>"),
    (b"\xff\xfe", "is no JSON"),
    (b"[", "breaks off"),
    (v2(CITIES)[:-20], "breaks off"),
    (b'[{"FrameType":"\xff"}]', "breaks off or is damaged"),
    (b"null", "no Kusto v2 frames"),
    (b"{}", "no Kusto v2 frames"),
    (b"[1]", "no Kusto v2 frames"),
    (b"[]", "cut off"),
    (v2(CITIES, completion=False), "cut off"),
    (b"[{}]", "malformed"),
    (b'[{"FrameType":"TableFragment","TableId":1,"Rows":[]}]', "malformed"),
]


@pytest.mark.parametrize(("body", "text"), NO_ANSWERS)
def test_no_answer(body: bytes, text: str) -> None:
    with pytest.raises(KqlResponseError) as caught:
        decode_v2(body)
    assert text in caught.value.message


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"null", b'{"Tables":5}', b'{"Tables":[5]}', b'{"Tables":[{}]}', v1(CITIES)[:-9]]
)
def test_no_answer_of_v1(body: bytes) -> None:
    with pytest.raises(KqlResponseError):
        decode_v1(body)


@pytest.mark.parametrize(
    "change",
    [
        {"Rows": 5}, {"Rows": [5, 5]}, {"Rows": ["ab", "cd"]}, {"Rows": [["Oslo"]]}, {"Rows": [None]},
        {"Columns": 5}, {"Columns": [5]}, {"Columns": None}, {"Columns": []}, {"TableId": []},
    ],
    ids=str,
)  # fmt: skip
def test_malformed_tables(change: dict[str, Any]) -> None:
    frames = json.loads(v2(CITIES))
    frames[2].update(change)
    with pytest.raises(KqlResponseError):
        decode_v2(encode(frames))


@pytest.mark.parametrize(
    "errors", [5, [5], {"error": {}}, [{"error": "text"}], [{"error": {"code": []}}], "text"], ids=str
)
def test_malformed_errors(errors: Any) -> None:
    frames = json.loads(v2(CITIES))
    frames[-1]["OneApiErrors"] = errors
    assert_only_kql_errors(decode_v2, encode(frames))


@pytest.mark.parametrize("entry", [[0], [99, "QueryResult", "", "", ""], ["x", "QueryResult", "", "", ""], 5], ids=str)
def test_malformed_table_of_contents(entry: Any) -> None:
    answer = json.loads(v1(CITIES, contents=True))
    answer["Tables"][-1]["Rows"].append(entry)
    with pytest.raises(KqlResponseError):
        decode_v1(encode(answer))


# --- the garbage collector -------------------------------------------------------------------------------


@pytest.mark.parametrize("body", [v2(CITIES), b"", b"[{}]", v2(NOBODY, errors=[TOO_LARGE])], ids=range(4))
def test_the_collector_is_on_again(body: bytes) -> None:
    assert gc.isenabled()
    assert_only_kql_errors(decode_v2, body)
    assert gc.isenabled()


def test_the_collector_is_off_while_an_answer_is_read_and_stays_off_where_it_was() -> None:
    with collector_off():
        assert not gc.isenabled()
        decode_v2(v2(CITIES))
        assert not gc.isenabled()
    assert gc.isenabled()


def test_no_collection_runs_while_an_answer_is_read() -> None:
    body = v2(TableSpec("T", (("a", "long"), ("b", "string")), [(number, "x") for number in range(20_000)]))
    seen: list[str] = []
    gc.callbacks.append(lambda phase, _: seen.append(phase))
    try:
        with collector_off():  # what makes the arguments below is not what is measured
            seen.clear()
            decode_v2(body)
            assert seen == []
    finally:
        gc.callbacks.pop()


# --- random tables ---------------------------------------------------------------------------------------

EPOCH_TICKS = 621_355_968_000_000_000  # from year 1 to 1970
LAST_TICK = 3_155_378_975_999_999_999  # 9999-12-31T23:59:59.9999999Z since year 1
DAY = 864_000_000_000
NEAR_DATES = (EPOCH_TICKS - 106_749 * DAY, EPOCH_TICKS + 106_749 * DAY)
NEAR_SPANS = 106_751 * DAY
# What nanoseconds hold: whole days, as kqlext.decode.types says.
NS_DATES = range(-106_750 * DAY, 106_750 * DAY)
NS_SPANS = range(-((2**63 - 1) // 100), (2**63 - 1) // 100 + 1)


@dataclass(frozen=True)
class Typed:
    """A column: its name and type, what goes over the wire, and the values that it stands for."""

    name: str
    type: str
    wire: list[Any]
    values: list[Any]


def datetime_text(ticks: int) -> str:
    seconds, fraction = divmod(ticks, 10_000_000)
    return f"{(datetime(1, 1, 1) + timedelta(seconds=seconds)).isoformat()}.{fraction:07}Z"


def real_wire(value: float) -> Any:
    return value if math.isfinite(value) else {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}[str(value)]


texts = st.text(max_size=12)
json_values = st.recursive(
    # A text that looks like JSON stands for JSON where a column holds nothing but texts: test_types has it.
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False, allow_infinity=False)
    | texts.filter(lambda text: not text.startswith(("{", "["))),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)  # fmt: skip
decimals = st.builds(
    lambda digits, scale: Decimal(digits).scaleb(-scale), st.integers(-(10**28) + 1, 10**28 - 1), st.integers(0, 10)
)
dates = st.integers(0, LAST_TICK)
spans = st.integers(-(2**63), 2**63 - 1)
# Kusto type -> strategies of (wire, value), one of which a column takes; ticks stand for times.
VALUES: dict[str, list[Any]] = {
    "bool": [st.booleans().map(lambda value: (value, value))],
    "int": [st.integers(-(2**31), 2**31 - 1).map(lambda value: (value, value))],
    "long": [st.integers(-(2**63), 2**63 - 1).map(lambda value: (value, value))],
    "real": [st.floats().map(lambda value: (real_wire(value), value))],
    "decimal": [decimals.map(lambda value: (str(value), value))],
    "datetime": [
        limits.map(lambda ticks: (datetime_text(ticks), ticks - EPOCH_TICKS))
        for limits in (dates, st.integers(*NEAR_DATES))
    ],
    "timespan": [
        limits.map(lambda ticks: (format_timespan(ticks), ticks))
        for limits in (spans, st.integers(-NEAR_SPANS, NEAR_SPANS))
    ],
    "string": [texts.map(lambda value: (value, value))],
    "guid": [st.uuids().map(lambda value: (str(value), str(value)))],
    "dynamic": [json_values.map(lambda value: (value, value))],
}


@st.composite
def typed_columns(draw: Any) -> list[Typed]:
    """Up to five columns of equal length, of any types and names."""
    length = draw(st.integers(0, 4))
    columns = []
    for name in draw(st.lists(st.sampled_from(["a", "", "a_1", "column_0"]) | texts, min_size=1, max_size=5)):
        kind = draw(st.sampled_from(sorted(VALUES)))
        values = draw(st.sampled_from(VALUES[kind]))
        nullable = values if draw(st.booleans()) else values | st.just((None, None))
        pairs = draw(st.lists(nullable, min_size=length, max_size=length))
        columns.append(Typed(name, kind, [pair[0] for pair in pairs], [pair[1] for pair in pairs]))
    return columns


def table_of(columns: list[Typed]) -> TableSpec:
    names = tuple((column.name, column.type) for column in columns)
    return TableSpec("T", names, list(zip(*(column.wire for column in columns), strict=True)))


def held(column: Typed) -> tuple[list[Any], bool]:
    """The values as a column holds them, and whether a digit was cut: of times the ticks."""
    reach = {"datetime": NS_DATES, "timespan": NS_SPANS}.get(column.type)
    if reach is None or all(ticks is None or ticks in reach for ticks in column.values):
        return column.values, False
    coarse = [None if ticks is None else ticks // 10 * 10 for ticks in column.values]
    return coarse, coarse != column.values


def plain(value: Any) -> Any:
    """A Python value of a cell, made comparable: ticks of times, reals with their sign, NaN as a text."""
    if isinstance(value, (pd.Timestamp, pd.Timedelta)):
        return value.value // 100
    if isinstance(value, datetime):
        value -= datetime(1970, 1, 1, tzinfo=value.tzinfo)
    if isinstance(value, timedelta):
        return value // timedelta(microseconds=1) * 10
    return repr(value) if isinstance(value, float) else value


def same(found: list[Any], expected: list[Any]) -> bool:
    return [plain(value) for value in found] == [plain(value) for value in expected]


@given(typed_columns(), st.sampled_from(sorted(SHAPES)))
@settings(deadline=None, max_examples=150)
def test_random_tables_decode_to_the_same_values(columns: list[Typed], shape: str) -> None:
    data_set = SHAPES[shape](table_of(columns))
    (table,) = data_set.tables
    assert [(column.name, column.type) for column in table.columns] == [
        (column.name, column.type) for column in columns
    ]
    for column, typed in zip(table.columns, columns, strict=True):
        assert same(column.values(0, table.num_rows), held(typed)[0])
        assert len(column.texts(0, table.num_rows)) == table.num_rows
        assert isinstance(column.data, (DynamicValues, pa.Array, pa.ChunkedArray))
    # Nothing is said but that a digit was cut, and that always.
    assert len(data_set.warnings) == sum(held(typed)[1] for typed in columns)


# --- random damage ---------------------------------------------------------------------------------------

BODIES: list[tuple[Callable[[bytes], DataSet], bytes]] = [
    (decode_v2, v2(EVERY_TYPE, CITIES, visualization={"Visualization": "timechart"})),
    (decode_v2, v2(CITIES, errors=[TOO_LARGE], row_errors={"OneApiErrors": [TOO_LARGE]})),
    (decode_v2, v2_fragmented(EVERY_TYPE, table_errors=[TOO_LARGE])),
    (decode_v2, v2_progressive(CITIES)),
    (decode_v1, v1(EVERY_TYPE)),
    (decode_v1, v1(CITIES, NOBODY, contents=True)),
]
JUNK: list[Any] = [
    None, True, 0, -1, 2**63, 1.5, 1e300, "", "x", "TableFragment", [], {}, [[]], [5], {"error": "x"},
    {"OneApiErrors": 1},
]  # fmt: skip


def outcome(decoder: Callable[[bytes], DataSet], body: bytes) -> DataSet | KqlError:
    try:
        return decoder(body)
    except KqlError as error:
        return error


def assert_only_kql_errors(decoder: Callable[[bytes], DataSet], body: bytes) -> None:
    """Whatever the bytes are: a data set that can be used, or an error of ours that can be shown."""
    decoded = outcome(decoder, body)
    if isinstance(decoded, KqlError):
        assert decoded._render_traceback_()
        return
    result = Result(decoded, Origin("Samples@help", "T", 0.5))
    assert result.to_pandas().shape == (len(result), len(result.table.columns))
    assert result.to_arrow().num_columns == len(result.table.columns)
    shown = set(result._repr_mimebundle_())  # a table is HTML and text, a chart has more forms but no HTML
    assert "text/plain" in shown
    assert len(shown) > 1
    assert len(list(result)) == len(result)
    with suppress(KqlConversionError):
        result.to_polars()


@given(st.sampled_from(BODIES), st.data())
@settings(deadline=None, max_examples=150)
def test_damaged_bytes(case: tuple[Callable[[bytes], DataSet], bytes], data: st.DataObject) -> None:
    decoder, body = case
    place = data.draw(st.integers(0, len(body) - 1))
    damage = data.draw(st.sampled_from(["cut", "flip", "remove", "insert"]))
    rest = {
        "cut": b"",
        "flip": bytes([body[place] ^ 1 << data.draw(st.integers(0, 7))]) + body[place + 1 :],
        "remove": body[place + data.draw(st.integers(1, 40)) :],
        "insert": data.draw(st.binary(max_size=3)) + body[place:],
    }[damage]
    assert_only_kql_errors(decoder, body[:place] + rest)


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every container of a JSON value with each of its keys."""
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
        yield value, key
        if isinstance(inner, (dict, list)):
            yield from places(inner)


@given(st.sampled_from(BODIES), st.data())
@settings(deadline=None, max_examples=300)
def test_right_json_of_the_wrong_shape(case: tuple[Callable[[bytes], DataSet], bytes], data: st.DataObject) -> None:
    decoder, body = case
    answer = json.loads(body)
    container, key = data.draw(st.sampled_from(list(places(answer))))
    if data.draw(st.booleans()):
        container[key] = data.draw(st.sampled_from(JUNK))
    else:
        del container[key]
    assert_only_kql_errors(decoder, json.dumps(answer).encode())


@given(st.binary(max_size=30) | json_values.map(lambda value: json.dumps(value).encode()))
@settings(deadline=None, max_examples=100)
def test_any_bytes(body: bytes) -> None:
    assert_only_kql_errors(decode_v2, body)
    assert_only_kql_errors(decode_v1, body)


def test_json_nested_without_end() -> None:
    with pytest.raises(KqlResponseError):
        load_json(b"[" * 100_000)
