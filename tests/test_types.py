"""The types table: every Kusto type's wire forms, one column at a time, with nulls, extremes and misfits."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kqlext.decode.columns import make_table
from kqlext.decode.dynamic import DynamicValues, json_text
from kqlext.decode.tables import Column
from kqlext.decode.timespans import NotOfTypeError, format_timespan, parse_timespan
from kqlext.decode.types import TYPES, find_type

SECOND = 10_000_000
DAY = 86_400 * SECOND
LARGEST = 2**63 - 1


def read(type_name: str, *values: Any) -> tuple[Column, list[str]]:
    """A column of wire values, and the warnings that it gave."""
    warnings: list[str] = []
    table = make_table("T", [("x", type_name)], [values], len(values), warnings)
    return table.columns[0], warnings


def arrow_type(column: Column) -> str:
    return "dynamic" if isinstance(column.data, DynamicValues) else str(column.data.type)


EXACT: list[tuple[str, str, tuple[Any, ...], str, list[Any]]] = [
    ("bools", "bool", (True, False, None), "bool", [True, False, None]),
    ("v1 sends bools as 0 and 1", "bool", (1, 0, None), "bool", [True, False, None]),
    ("bools as text", "bool", ("true", "False", None), "bool", [True, False, None]),
    ("ints", "int", (2**31 - 1, -(2**31), None), "int32", [2**31 - 1, -(2**31), None]),
    ("long beside a null never goes through float", "long", (2**53 + 1, None), "int64", [2**53 + 1, None]),
    ("longs at the ends", "long", (LARGEST, -(2**63), 0), "int64", [LARGEST, -(2**63), 0]),
    ("longs as text", "long", ("9007199254740993", "", None), "int64", [2**53 + 1, None, None]),
    ("whole floats are longs", "long", (1.0, 2, None), "int64", [1, 2, None]),
    ("reals", "real", (1.5, -0.0, 5e-324, None, 3), "double", [1.5, -0.0, 5e-324, None, 3.0]),
    ("infinities", "real", ("Infinity", "-Infinity", None), "double", [math.inf, -math.inf, None]),
    ("decimals", "decimal", ("1.5", "-0.25", None), "decimal128(3, 2)", [Decimal("1.5"), Decimal("-0.25"), None]),
    (
        "a decimal of 34 digits",
        "decimal",
        ("-1.234567890123456789012345678901234",),
        "decimal128(34, 33)",
        [Decimal("-1.234567890123456789012345678901234")],
    ),
    (
        "decimals that need more than 38 digits together",
        "decimal",
        ("9999999999999999999999999999", "0.0000000000000000000000000001"),
        "decimal256(56, 28)",
        [Decimal("9999999999999999999999999999"), Decimal("1E-28")],
    ),
    ("a decimal with an exponent", "decimal", ("1E+5", "1.5"), "decimal128(7, 1)", [Decimal(100000), Decimal("1.5")]),
    ("decimals, all null", "decimal", (None, ""), "decimal128(38, 0)", [None, None]),
    ("strings", "string", ("", " ", "Zürich 東京 🦓\n\0", None), "string", ["", " ", "Zürich 東京 🦓\n\0", None]),
    ("guids", "guid", ("74be27de-1e4e-49d9-b579-fe0b331d3642",), "string", ["74be27de-1e4e-49d9-b579-fe0b331d3642"]),
    ("dynamic values", "dynamic", ({"a": [None]}, "[1]", None, 2.5), "dynamic", [{"a": [None]}, "[1]", None, 2.5]),
    ("dynamic values as JSON text", "dynamic", ('{"a":1}', "[1]", "[x", "x"), "dynamic", [{"a": 1}, [1], "[x", "x"]),
    ("timespans as ticks", "timespan", (10, None), "duration[ns]", [timedelta(microseconds=1), None]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("type_name", "wire", "arrow", "values"), [case[1:] for case in EXACT], ids=[c[0] for c in EXACT]
)
def test_values_are_exact(type_name: str, wire: tuple[Any, ...], arrow: str, values: list[Any]) -> None:
    column, warnings = read(type_name, *wire)
    assert (column.type, arrow_type(column), warnings) == (type_name, arrow, [])
    assert column.values(0, len(wire)) == values
    assert [type(value) for value in column.values(0, len(wire))] == [type(value) for value in values]


DATETIMES = [
    # wire, as it is written back, Arrow type, whether a digit is cut
    ("2024-01-01T00:00:00.1234567Z", "2024-01-01T00:00:00.1234567Z", "ns", False),
    ("2024-01-01T00:00:00Z", "2024-01-01T00:00:00Z", "ns", False),
    ("2024-02-29T23:59:59.1Z", "2024-02-29T23:59:59.1000000Z", "ns", False),
    ("1969-12-31T23:59:59.9999999Z", "1969-12-31T23:59:59.9999999Z", "ns", False),
    ("2024-01-01T00:00:00", "2024-01-01T00:00:00Z", "ns", False),
    ("2024-01-01 00:00:00.1", "2024-01-01T00:00:00.1000000Z", "ns", False),
    ("2024-01-01", "2024-01-01T00:00:00Z", "ns", False),
    ("2024-01-01T01:00:00+01:00", "2024-01-01T00:00:00Z", "ns", False),
    ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z", "us", False),
    ("9999-12-31T23:59:59.9999999Z", "9999-12-31T23:59:59.9999990Z", "us", True),
    ("1677-09-23T00:00:00.0000001Z", "1677-09-23T00:00:00.0000001Z", "ns", False),
    ("2262-04-09T23:59:59.9999999Z", "2262-04-09T23:59:59.9999999Z", "ns", False),
    # The last days that nanoseconds reach are held in microseconds: Arrow 15 lets them wrap around.
    ("1677-09-21T00:12:43.1452241Z", "1677-09-21T00:12:43.1452240Z", "us", True),
    ("2262-04-11T23:47:16.9Z", "2262-04-11T23:47:16.9000000Z", "us", False),
]


@pytest.mark.parametrize(("wire", "text", "unit", "cut"), DATETIMES)
def test_datetimes(wire: str, text: str, unit: str, cut: bool) -> None:
    column, warnings = read("datetime", wire, None, "")
    assert arrow_type(column) == f"timestamp[{unit}, tz=UTC]"
    assert column.texts(0, 3) == [text, "", ""]
    assert [("a seventh digit is cut" in warning) for warning in warnings] == [True] * cut


def test_datetimes_of_all_years_stand_in_one_column() -> None:
    """Defect 5 of the SDK: such a mixture became NaT."""
    column, warnings = read("datetime", "0001-01-01T00:00:00Z", "2024-01-01T00:00:00.123456Z", "9999-12-31T00:00:00Z")
    assert warnings == []
    assert column.values(0, 3) == [
        datetime(1, 1, 1, tzinfo=UTC),
        datetime(2024, 1, 1, 0, 0, 0, 123456, tzinfo=UTC),
        datetime(9999, 12, 31, tzinfo=UTC),
    ]


def test_times_with_a_seventh_digit_come_as_pandas_scalars() -> None:
    stamps, _ = read("datetime", "2024-01-01T00:00:00.1234567Z")
    spans, _ = read("timespan", "00:00:00.0000001")
    assert stamps.values(0, 1) == [pd.Timestamp("2024-01-01T00:00:00.1234567Z")]
    assert spans.values(0, 1) == [pd.Timedelta(100, unit="ns")]


TIMESPANS = [
    ("00:00:00", 0),
    ("01:02:03", 3723 * SECOND),
    ("00:00:00.0000001", 1),
    ("-00:00:00.0000001", -1),
    ("1.00:00:00", DAY),
    ("-1.02:03:04.5", -(DAY + 7384 * SECOND + SECOND // 2)),
    ("365.23:59:59.9999999", 366 * DAY - 1),
    ("106751.23:47:16.8547758", (2**63 - 1) // 100),
    ("106751.23:47:16.8547759", (2**63 - 1) // 100 + 1),
    ("10675199.02:48:05.4775807", LARGEST),
    ("-10675199.02:48:05.4775808", -(2**63)),
]


@pytest.mark.parametrize(("text", "ticks"), TIMESPANS)
def test_timespan_texts(text: str, ticks: int) -> None:
    assert parse_timespan(text) == ticks
    written = format_timespan(ticks)
    assert parse_timespan(written) == ticks
    assert written.rstrip("0").rstrip(".") == text.rstrip("0").rstrip(".")


@pytest.mark.parametrize("text", ["", "1", "1:2:3", "01:02", "1d", "+01:00:00", "01:02:03.12345678", "01:02:03 "])
def test_no_timespans(text: str) -> None:
    with pytest.raises(NotOfTypeError, match="no timespan"):
        parse_timespan(text)


@given(st.integers(-(2**63), LARGEST))
@settings(deadline=None, max_examples=200)
def test_timespan_round_trip(ticks: int) -> None:
    assert parse_timespan(format_timespan(ticks)) == ticks


@given(st.tuples(st.sampled_from(["", "-"]), st.integers(0, 10_675_198), st.times(), st.integers(0, 9)))
@settings(deadline=None, max_examples=200)
def test_timespan_text_round_trip(parts: tuple[str, int, Any, int]) -> None:
    sign, days, time, tick = parts
    text = f"{sign}{f'{days}.' if days else ''}{time:%H:%M:%S}.{time.microsecond:06}{tick}"
    ticks = parse_timespan(text)
    assert format_timespan(ticks) in (text, text.removesuffix(".0000000"), "00:00:00")
    assert parse_timespan(format_timespan(ticks)) == ticks


def test_negative_timespans_with_days() -> None:
    """Defect 2 of the SDK: the days of a negative timespan were taken off twice."""
    column, _ = read("timespan", "-1.02:03:04.5")
    assert column.values(0, 1) == [-timedelta(days=1, hours=2, minutes=3, seconds=4.5)]
    assert column.texts(0, 1) == ["-1.02:03:04.5000000"]


@pytest.mark.parametrize(
    ("wire", "unit", "cut"),
    [
        ("106751.23:47:16.8547758", "ns", False),
        ("-106751.23:47:16.8547758", "ns", False),
        ("106751.23:47:16.8547760", "us", False),
        ("10675199.02:48:05.4775807", "us", True),
        ("-10675199.02:48:05.4775808", "us", True),
    ],
)
def test_timespans_beyond_nanoseconds(wire: str, unit: str, cut: bool) -> None:
    """Defect 6 of the SDK: OutOfBoundsTimedelta."""
    column, warnings = read("timespan", wire, None)
    assert arrow_type(column) == f"duration[{unit}]"
    assert len(warnings) == cut
    assert abs(parse_timespan(column.texts(0, 1)[0]) - parse_timespan(wire)) < (10 if cut else 1)
    assert column.values(0, 2)[1] is None


def test_nan_is_a_value_and_null_is_none() -> None:
    """Defect 6 of the SDK: NaN became <NA>."""
    column, _ = read("real", "NaN", None, 1)
    nan, null, one = column.values(0, 3)
    assert math.isnan(nan)
    assert (null, one) == (None, 1.0)
    assert column.texts(0, 3) == ["NaN", "", "1.0"]


MISFITS = [
    ("bool", 2, "2"),
    ("bool", "maybe", "maybe"),
    ("bool", [], "[]"),
    ("int", 2**31, "2147483648"),
    ("int", "x", "x"),
    ("long", 2**63, "9223372036854775808"),
    ("long", 1.5, "1.5"),
    ("long", "NaN", "NaN"),
    ("long", {"a": 1}, '{"a":1}'),
    ("real", "x", "x"),
    ("real", [1], "[1]"),
    ("decimal", "x", "x"),
    ("decimal", "NaN", "NaN"),
    ("decimal", "1E+400", "1E+400"),
    ("decimal", "9" * 77, "9" * 77),
    ("datetime", "yesterday", "yesterday"),
    ("datetime", "2023-02-29T00:00:00Z", "2023-02-29T00:00:00Z"),
    ("datetime", "10000-01-01T00:00:00Z", "10000-01-01T00:00:00Z"),
    ("datetime", 5, "5"),
    ("timespan", "a while", "a while"),
    ("timespan", 1.5, "1.5"),
    ("timespan", "9999999999.00:00:00", "9999999999.00:00:00"),
    ("timespan", [1], "[1]"),
    ("string", 1, "1"),
    ("string", {"é": None}, '{"é":null}'),
    ("guid", 1, "1"),
]


@pytest.mark.parametrize(("type_name", "wire", "text"), MISFITS)
def test_what_a_type_cannot_hold_is_kept_as_text_and_said(type_name: str, wire: Any, text: str) -> None:
    column, warnings = read(type_name, None, wire)
    assert (column.type, column.values(0, 2)) == ("string", [None, text])
    assert warnings == [f"Column 'x' is of type {type_name}, but holds values that are not; it is kept as text."]


def test_decimals_as_numbers_are_said() -> None:
    column, warnings = read("decimal", 1.5)
    assert column.values(0, 1) == [Decimal("1.5")]
    assert "floating-point" in warnings[0]


def test_an_unknown_type_is_kept_as_text_and_said() -> None:
    """Defect 6 of the SDK: an exception."""
    column, warnings = read("geography", "a", 1, None, {"b": [True]})
    assert (column.type, column.values(0, 4)) == ("string", ["a", "1", None, '{"b":[true]}'])
    assert warnings == ["Column 'x' has the unknown type 'geography' and is kept as text."]


@pytest.mark.parametrize("kusto_type", TYPES, ids=lambda kusto_type: kusto_type.name)
@pytest.mark.parametrize("count", [0, 1, 3])
def test_columns_without_a_value_keep_their_type(kusto_type: Any, count: int) -> None:
    empty, _ = read(kusto_type.name)
    column, warnings = read(kusto_type.name, *[None] * count)
    assert column.values(0, count) == [None] * count
    assert column.texts(0, count) == [""] * count
    assert (column.type, arrow_type(column), warnings) == (kusto_type.name, arrow_type(empty), [])


@pytest.mark.parametrize(
    ("name", "kusto_type"),
    [
        ("long", "long"), ("LONG", "long"), ("Int64", "long"), ("System.Int64", "long"), ("System.Int32", "int"),
        ("SByte", "bool"), ("System.Boolean", "bool"), ("Double", "real"), ("String", "string"),
        ("System.Data.SqlTypes.SqlDecimal", "decimal"), ("DateTime", "datetime"), ("date", "datetime"),
        ("TimeSpan", "timespan"), ("time", "timespan"), ("Guid", "guid"), ("uuid", "guid"), ("Object", "dynamic"),
    ],
)  # fmt: skip
def test_names_of_types(name: str, kusto_type: str) -> None:
    found = find_type(name)
    assert found is not None
    assert found.name == kusto_type


@pytest.mark.parametrize("name", ["", ".", "geography", "System.", "longer"])
def test_unknown_names(name: str) -> None:
    assert find_type(name) is None


def test_dynamic_values_nested_deeper_than_orjson_writes() -> None:
    value: Any = 1
    for _ in range(300):
        value = [value]
    assert json_text(value) == "[" * 300 + "1" + "]" * 300
    column, _ = read("dynamic", value)
    assert column.texts(0, 1) == ["[" * 300 + "1" + "]" * 300]


def test_dynamic_text_is_decoded_row_by_row() -> None:
    column, _ = read("dynamic", "[1]", "{", '{"a":null}')
    assert column.values(1, 3) == ["{", {"a": None}]
    assert column.data.texts().to_pylist() == ["[1]", '"{"', '{"a":null}']


TEXTS = [
    ("bool", True, "true"),
    ("real", 1e22, "1e+22"),
    ("real", "-Infinity", "-Infinity"),
    ("decimal", "0.0000000000000000000000000001", "0.0000000000000000000000000001"),
    ("decimal", "0.000000000", "0.000000000"),
    ("decimal", "1E+5", "100000"),
    ("dynamic", {"a": [1, "é"]}, '{"a":[1,"é"]}'),
    ("dynamic", "plain", "plain"),
    ("dynamic", False, "false"),
    ("long", -1, "-1"),
]


@pytest.mark.parametrize(("type_name", "wire", "text"), TEXTS)
def test_texts_are_as_kusto_writes_them(type_name: str, wire: Any, text: str) -> None:
    assert read(type_name, wire)[0].texts(0, 1) == [text]


def test_decimals_are_never_written_with_an_exponent() -> None:
    column, _ = read("decimal", "0", "0.0000000000000000000000000001")
    assert not any(re.search("[eE]", text) for text in column.texts(0, 2))
