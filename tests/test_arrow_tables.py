"""Arrow tables of the embedded engine -> the columns that a Kusto service would give; some from DuckDB itself."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from kqlext.decode import decode
from kqlext.decode.arrow_tables import decode_arrow
from kqlext.decode.tables import Column
from kqlext.origin import Origin
from kqlext.result import Result
from kqlext.services.base import ArrowAnswer, Response


def read(type_name: str, data: Any) -> tuple[Column, tuple[str, ...]]:
    data_set = decode_arrow([ArrowAnswer(pa.table({"x": data}), (type_name,))])
    result = Result(data_set, Origin("samples", "T", 0.1))
    assert (len(result.to_pandas()), result.to_arrow().num_rows) == (len(data), len(data))
    assert "text/html" in result._repr_mimebundle_()
    return data_set.tables[0].columns[0], data_set.warnings


def from_duckdb(type_name: str, *expressions: str) -> tuple[Column, tuple[str, ...]]:
    query = " UNION ALL ".join(f"SELECT {expression} AS x" for expression in expressions)
    return read(type_name, duckdb.sql(query).to_arrow_table().column(0))


SAME: list[tuple[str, Any, list[Any]]] = [
    ("bool", pa.array([True, None]), [True, None]),
    ("int", pa.array([1, None], pa.int8()), [1, None]),
    ("long", pa.array([2**53 + 1, None]), [2**53 + 1, None]),
    ("real", pa.array([1.5, None], pa.float32()), [1.5, None]),
    ("decimal", pa.array([Decimal("1.50"), None]), [Decimal("1.50"), None]),
    ("string", pa.array(["a", None], pa.large_string()), ["a", None]),
    ("guid", pa.array(["74be27de-1e4e-49d9-b579-fe0b331d3642"]), ["74be27de-1e4e-49d9-b579-fe0b331d3642"]),
    ("string", pa.array([b"\x00\xff", None]), ["00ff", None]),
    ("datetime", pa.array([0, None], pa.timestamp("us")), [datetime(1970, 1, 1, tzinfo=UTC), None]),
    ("datetime", pa.array([0], pa.timestamp("s", "Europe/Vienna")), [datetime(1970, 1, 1, tzinfo=UTC)]),
    ("datetime", pa.array([1], pa.date32()), [datetime(1970, 1, 2, tzinfo=UTC)]),
    ("datetime", pa.array([None], pa.timestamp("us")), [None]),
    ("timespan", pa.array([time(1, 2, 3)], pa.time64("us")), [timedelta(hours=1, minutes=2, seconds=3)]),
    ("timespan", pa.array([timedelta(-1), None], pa.duration("us")), [timedelta(-1), None]),
    ("timespan", pa.array([(0, -1, -1_000), None], pa.month_day_nano_interval()), [-timedelta(1, 0, 1), None]),
    ("dynamic", pa.array(['{"a":[1]}', "[", None]), [{"a": [1]}, "[", None]),
    ("dynamic", pa.array([[1, 2], None]), [[1, 2], None]),
]


@pytest.mark.parametrize(("type_name", "data", "values"), SAME, ids=[f"{case[0]} {case[1].type}" for case in SAME])
@pytest.mark.parametrize("chunked", [False, True])
def test_columns(type_name: str, data: Any, values: list[Any], chunked: bool) -> None:
    column, warnings = read(type_name, pa.chunked_array([data, data]) if chunked else data)
    assert (column.type, warnings) == (type_name, ())
    assert column.values(0, len(column)) == values * (1 + chunked)


def test_sums_beyond_64_bits_are_decimals() -> None:
    column, warnings = from_duckdb("long", "9223372036854775807::HUGEINT + 1", "NULL")
    assert (column.type, column.values(0, 2)) == ("decimal", [Decimal(2**63), None])
    assert warnings == ("Column 'x' holds integers beyond 64 bits and is a decimal.",)


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        ("TIMESTAMP '9999-12-31 00:00:00' + INTERVAL 1 DAY", "10000-01-01T00:00:00.000000"),
        ("TIMESTAMP '0001-01-01 00:00:00' - INTERVAL 1 DAY", "0000-12-31T00:00:00.000000"),
    ],
)
def test_years_that_no_datetime_has_are_kept_as_text(expression: str, text: str) -> None:
    column, warnings = from_duckdb("datetime", expression, "NULL")
    assert (column.type, column.values(0, 2)) == ("string", [text, None])
    assert "cannot be held as datetime and is kept as text (years outside 1..9999)" in warnings[0]


def test_the_first_and_the_last_datetime() -> None:
    column, warnings = from_duckdb("datetime", "TIMESTAMP '0001-01-01'", "TIMESTAMP '9999-12-31 23:59:59.999999'")
    assert (column.type, warnings) == ("datetime", ())
    assert column.texts(0, 2) == ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59.9999990Z"]


MISFITS = [
    ("int", pa.array([2**40, None]), ["1099511627776", None]),
    ("long", pa.array([1.5, None]), ["1.5", None]),
    (
        "timespan",
        pa.array([(1, 0, 0)], pa.month_day_nano_interval()),
        ["MonthDayNano(months=1, days=0, nanoseconds=0)"],
    ),
    ("bool", pa.array(["x"]), ["x"]),
    ("geography", pa.array(["x", None]), ["x", None]),
]


@pytest.mark.parametrize(("type_name", "data", "values"), MISFITS, ids=[case[0] for case in MISFITS])
def test_misfits_are_kept_as_text_and_said(type_name: str, data: Any, values: list[Any]) -> None:
    column, warnings = read(type_name, data)
    assert (column.type, column.values(0, len(data))) == ("string", values)
    assert [f"Column 'x' cannot be held as {type_name} and is kept as text" in warning for warning in warnings] == [
        True
    ]


def test_names_that_stand_twice() -> None:
    table = pa.table([pa.array([1]), pa.array(["a"])], names=["x", "x"])
    (decoded,) = decode_arrow([ArrowAnswer(table, ("long", "string"))]).tables
    assert [column.values(0, 1) for column in decoded.columns] == [[1], ["a"]]


def test_visualization_and_warnings_of_the_engine() -> None:
    answer = ArrowAnswer(pa.table({"x": pa.array([], pa.int64())}), ("long",))
    response = Response("arrow", tables=(answer,), visualization={"visualization": "card"}, warnings=("Slow.",))
    data_set = decode(response)
    assert (data_set.visualization, data_set.warnings) == ({"visualization": "card"}, ("Slow.",))
    assert data_set.tables[0].num_rows == 0
