"""``Result``: rows, slices, and the ways to pandas, Arrow, polars and dict, exact for every type."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import polars
import pyarrow as pa
import pytest
from hypothesis import given, settings
from servers.kusto_frames import EVERY_TYPE, TableSpec, v2
from test_kusto_frames import Typed, held, plain, same, table_of, typed_columns

from kqlext.decode.kusto_frames import decode_v2
from kqlext.decode.tables import DataSet
from kqlext.errors import KqlConversionError
from kqlext.origin import Origin
from kqlext.result import Result
from kqlext.rows import Row

ORIGIN = Origin("Samples@help", "StormEvents", 0.42)
CITIES = TableSpec(
    "Cities", (("Name", "string"), ("People", "long")), [(f"City {number}", number) for number in range(2_500)]
)


def result_of(*tables: TableSpec) -> Result:
    return Result(decode_v2(v2(*tables)), ORIGIN)


def column_result(type_name: str, *values: Any) -> Result:
    return result_of(TableSpec("T", (("x", type_name),), [(value,) for value in values]))


# --- rows ------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def cities() -> Result:
    return result_of(CITIES)


def test_rows(cities: Result) -> None:
    assert len(cities) == 2_500
    assert cities
    assert (cities[0][0], cities[0]["Name"], cities[0]["People"], cities[-1]["People"]) == (
        "City 0",
        "City 0",
        0,
        2_499,
    )
    assert cities[7] == ("City 7", 7)
    assert list(cities[7]) == ["City 7", 7]
    assert cities[np.int64(7)] == cities[7]
    assert cities[7].asdict() == {"Name": "City 7", "People": 7}
    assert (cities[7].keys(), len(cities[7]), cities[7][-1], cities[7][:1]) == (["Name", "People"], 2, 7, ("City 7",))
    assert repr(cities[7]) == "Row(Name='City 7', People=7)"
    assert cities.columns == {"Name": "string", "People": "long"}
    assert cities.query == "StormEvents"


def test_iteration_crosses_its_chunks(cities: Result) -> None:
    assert [row["People"] for row in cities] == list(range(2_500))
    assert [row["People"] for row in reversed(cities)] == list(range(2_499, -1, -1))
    assert cities.index(("City 1500", 1_500)) == 1_500
    assert ("City 2499", 2_499) in cities


@pytest.mark.parametrize(
    "key",
    [
        slice(None),
        slice(10),
        slice(-3, None),
        slice(5, 2),
        slice(2_490, 9_999),
        slice(0, 20, 7),
        slice(None, None, -500),
    ],
    ids=str,
)
def test_slices(cities: Result, key: slice) -> None:
    assert [row["People"] for row in cities[key]] == list(range(2_500))[key]


@pytest.mark.parametrize("index", [2_500, -2_501])
def test_no_such_row(cities: Result, index: int) -> None:
    with pytest.raises(IndexError, match=f"row {index} of a result of 2,500 rows"):
        cities[index]


@pytest.mark.parametrize("key", ["Name", 1.0, None])
def test_a_result_is_indexed_by_row(cities: Result, key: Any) -> None:
    with pytest.raises(TypeError, match="indexed by row number"):
        cities[key]


def test_no_such_column(cities: Result) -> None:
    with pytest.raises(KeyError, match=r"no column 'Nmae'; did you mean 'Name'\?"):
        cities[0]["Nmae"]
    with pytest.raises(KeyError, match="columns: Name, People"):
        cities[0]["xyz"]


def test_rows_are_values() -> None:
    assert Row(["a"], [1]) == Row(["a"], [1])
    assert Row(["a"], [1]) != Row(["b"], [1])
    assert len({Row(["a"], [1]), Row(["a"], [1])}) == 1
    assert Row(["a"], [1]) != [1]


def test_names_that_stand_twice_or_are_empty() -> None:
    result = result_of(
        TableSpec("T", (("a", "int"), ("a", "string"), ("", "bool"), ("", "real")), ((1, "x", True, 0.5),))
    )
    assert (result[0]["a"], result[0][1], result[0][""]) == (1, "x", True)
    assert list(result.to_pandas().columns) == ["a", "a", "", ""]
    assert result.to_pandas().iloc[0].tolist() == [1, "x", True, 0.5]
    assert result.to_arrow().column_names == ["a", "a", "", ""]
    assert result.to_polars().columns == ["a", "a_1", "column_2", "column_3"]
    assert result.to_polars().row(0) == (1, "x", True, 0.5)


@pytest.mark.parametrize("result", [result_of(), Result(DataSet(()), ORIGIN), result_of(TableSpec("T", (), ()))])
def test_nothing(result: Result) -> None:
    assert (len(result), bool(result), list(result), result[:5], result.columns) == (0, False, [], [], {})
    assert result.to_pandas().shape == (0, 0)
    assert (result.to_arrow().shape, result.to_polars().shape, result.to_dict()) == ((0, 0), (0, 0), {})


def test_rows_without_columns() -> None:
    result = result_of(TableSpec("T", (), ((), ())))
    assert (len(result), result[:], result.to_pandas().shape) == (2, [(), ()], (2, 0))


def test_the_first_of_several_tables_counts() -> None:
    result = result_of(CITIES, EVERY_TYPE)
    assert (len(result), [table.num_rows for table in result.tables]) == (2_500, [2_500, 6])
    assert repr(result) == "<Result: 2,500 rows × 2 columns of Samples@help>"


# --- pandas ----------------------------------------------------------------------------------------------

TEXT = str(pd.Series(["a"]).dtype) if pd.__version__ >= "3" else "object"
DTYPES = [
    # type, values, dtype without and with a null
    ("bool", (True, False), "bool", "boolean"),
    ("int", (1, -1), "int32", "Int32"),
    ("long", (2**53 + 1, -(2**63)), "int64", "Int64"),
    ("real", (1.5, "NaN"), "float64", "Float64"),
    ("decimal", ("1.5", "2"), "object", "object"),
    ("datetime", ("2024-01-01T00:00:00.1234567Z",), "datetime64[ns, UTC]", "datetime64[ns, UTC]"),
    ("datetime", ("0001-01-01T00:00:00Z", "9999-12-31T00:00:00Z"), "datetime64[us, UTC]", "datetime64[us, UTC]"),
    ("timespan", ("-1.02:03:04.5",), "timedelta64[ns]", "timedelta64[ns]"),
    ("timespan", ("10675199.02:48:05.4775800",), "timedelta64[us]", "timedelta64[us]"),
    ("string", ("a", ""), TEXT, TEXT),
    ("guid", ("74be27de-1e4e-49d9-b579-fe0b331d3642",), TEXT, TEXT),
    ("dynamic", ({"a": 1}, [1]), "object", "object"),
]


@pytest.mark.parametrize(("type_name", "values", "without", "with_null"), DTYPES)
def test_dtypes(type_name: str, values: tuple[Any, ...], without: str, with_null: str) -> None:
    """Nullable dtypes only where there are nulls."""
    assert str(column_result(type_name, *values).to_pandas().dtypes.iloc[0]) == without
    series = column_result(type_name, *values, None).to_pandas().iloc[:, 0]
    assert str(series.dtype) == with_null
    assert pd.isna(series.iloc[-1])
    assert (
        str(column_result(type_name, *[None] * 2).to_pandas().dtypes.iloc[0]).split("[")[0] == with_null.split("[")[0]
    )
    assert len(column_result(type_name).to_pandas()) == 0


def test_longs_beside_a_null() -> None:
    """Defect 1 of the SDK: 9007199254740993 became 9007199254740992."""
    assert column_result("long", 2**53 + 1, None).to_pandas()["x"].iloc[0] == 2**53 + 1


def test_negative_timespans_with_days() -> None:
    """Defect 2 of the SDK: -0.914 days."""
    assert column_result("timespan", "-1.02:03:04.5").to_pandas()["x"].iloc[0] == pd.Timedelta("-2 days +21:56:55.5")


def test_decimals_are_exact() -> None:
    """Defect 3 of the SDK: floats."""
    assert column_result("decimal", "1.10", None).to_pandas()["x"].tolist() == [Decimal("1.1"), None]


def test_null_bools_are_not_false() -> None:
    """Defect 4 of the SDK."""
    assert column_result("bool", None, False).to_pandas()["x"].tolist() == [pd.NA, False]


def test_datetimes_of_all_years_are_never_nat() -> None:
    """Defect 5 of the SDK."""
    result = column_result("datetime", "0001-01-01T00:00:00Z", "2024-01-01T00:00:00.123456Z", "9999-12-31T00:00:00Z")
    assert result.to_pandas()["x"].dt.year.tolist() == [1, 2024, 9999]


def test_nan_is_no_null() -> None:
    """Defect 6 of the SDK: NaN became <NA>."""
    values = column_result("real", "NaN", None, "Infinity").to_pandas()["x"].tolist()
    assert math.isnan(values[0])
    assert values[1:] == [pd.NA, math.inf]


def test_no_warning_of_pandas(recwarn: pytest.WarningsRecorder) -> None:
    """Defect 6 of the SDK: a Pandas4Warning each time."""
    result_of(EVERY_TYPE).to_pandas()
    assert [str(warning.message) for warning in recwarn] == []


def test_to_dataframe_is_to_pandas(cities: Result) -> None:
    pd.testing.assert_frame_equal(cities.to_dataframe(), cities.to_pandas())


def test_frames_may_be_changed() -> None:
    """A frame is the reader's own: writing into it must not fail, nor reach the result."""
    result = column_result("real", 1.5, None)
    frame = result.to_pandas()
    frame.loc[0, "x"] = 2.5
    assert (frame["x"].iloc[0], result[0]["x"]) == (2.5, 1.5)


# --- polars ----------------------------------------------------------------------------------------------


def test_polars_names_never_collide() -> None:
    names = ["a", "a", "a_1", "", "column_3", "a"]
    result = result_of(TableSpec("T", tuple((name, "int") for name in names), ((1, 2, 3, 4, 5, 6),)))
    frame = result.to_polars()
    assert frame.columns == ["a", "a_2", "a_1", "column_3_1", "column_3", "a_3"]
    assert frame.row(0) == (1, 2, 3, 4, 5, 6)


def test_decimals_that_polars_cannot_hold() -> None:
    result = result_of(EVERY_TYPE)
    with pytest.raises(KqlConversionError, match=r"'decimal_value'.* more than 38 digits"):
        result.to_polars()


# --- random tables ---------------------------------------------------------------------------------------


def from_pandas(series: Any, typed: Typed) -> list[Any]:
    """The values of a pandas column as ``held`` gives them."""
    if typed.type in ("datetime", "timespan"):
        return ticks(series.dt.tz_localize(None).to_numpy() if typed.type == "datetime" else series.to_numpy())
    missing = (pd.NA, None) if typed.type == "real" else (pd.NA, None, np.nan)
    return [None if any(value is one for one in missing) else value for value in series.tolist()]


def ticks(values: Any) -> list[int | None]:
    factor = {"ns": -100, "us": 10}[np.datetime_data(values.dtype)[0]]
    units = [None if unit == -(2**63) else unit for unit in values.view("int64").tolist()]
    return [None if unit is None else (unit * factor if factor > 0 else unit // -factor) for unit in units]


def from_arrow(column: Any, typed: Typed) -> list[Any]:
    if typed.type in ("datetime", "timespan"):
        return [None if one is None else one // 100 if column.type.unit == "ns" else one * 10 for one in units(column)]
    values = column.to_pylist()
    return [None if value is None else json.loads(value) for value in values] if typed.type == "dynamic" else values


def units(column: Any) -> list[int | None]:
    found: list[int | None] = column.cast(pa.int64()).to_pylist()
    return found


def from_polars(series: Any, typed: Typed) -> list[Any]:
    if typed.type in ("datetime", "timespan"):
        unit = series.dtype.time_unit
        found = series.cast(polars.Int64).to_list()
        return [None if one is None else one // 100 if unit == "ns" else one * 10 for one in found]
    values: list[Any] = series.to_list()
    return [None if value is None else json.loads(value) for value in values] if typed.type == "dynamic" else values


@given(typed_columns())
@settings(deadline=None, max_examples=120)
def test_random_tables_survive_every_conversion(columns: list[Typed]) -> None:
    result = result_of(table_of(columns))
    frame, arrow, polar = result.to_pandas(), result.to_arrow(), result.to_polars()
    assert list(frame.columns) == arrow.column_names == [typed.name for typed in columns]
    assert frame.shape == arrow.shape == polar.shape == (len(result), len(columns))
    for position, typed in enumerate(columns):
        expected, _ = held(typed)
        assert same(from_pandas(frame.iloc[:, position], typed), expected)
        assert same(from_arrow(arrow.column(position), typed), expected)
        assert same(from_polars(polar.to_series(position), typed), expected)
    last = {typed.name: typed for typed in columns}
    assert {name: same(values, held(last[name])[0]) for name, values in result.to_dict().items()} == dict.fromkeys(
        last, True
    )


@given(typed_columns())
@settings(deadline=None, max_examples=60)
def test_rows_columns_and_slices_agree(columns: list[Typed]) -> None:
    result = result_of(table_of(columns))
    by_column = [held(typed)[0] for typed in columns]
    expected = [[plain(values[row]) for values in by_column] for row in range(len(result))]
    assert [[plain(value) for value in row] for row in result] == expected
    assert [[plain(value) for value in result[row]] for row in range(len(result))] == expected
    assert [[plain(value) for value in row] for row in result[1:3]] == expected[1:3]


def test_datetimes_are_aware() -> None:
    assert column_result("datetime", "2024-01-01T00:00:00Z")[0]["x"] == datetime(2024, 1, 1, tzinfo=UTC)
    assert column_result("datetime", "2024-01-01T00:00:00Z")[0]["x"].tzinfo is UTC
