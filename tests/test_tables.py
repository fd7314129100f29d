"""Columns and tables: names that stand twice or are empty, slices, and the way to Arrow."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest
from servers.kusto_frames import EVERY_TYPE

from kqlext.decode.columns import make_table
from kqlext.decode.tables import Column, DataSet, Table, format_datetime

NAMES = [name for name, _ in EVERY_TYPE.columns]


def every_type() -> tuple[Table, list[str]]:
    warnings: list[str] = []
    values = list(zip(*EVERY_TYPE.rows, strict=True))
    return make_table("T", EVERY_TYPE.columns, values, len(EVERY_TYPE.rows), warnings), warnings


def test_every_type_at_once() -> None:
    table, warnings = every_type()
    assert table.column_names == NAMES
    assert [column.type for column in table.columns] == [kusto_type for _, kusto_type in EVERY_TYPE.columns]
    assert [len(column) for column in table.columns] == [6] * 10
    # The largest datetime and timespan do not fit with the smallest: both are said, nothing else is.
    assert [warning.split("'")[1] for warning in warnings] == ["datetime_value", "timespan_value"]


def test_alignment() -> None:
    table, _ = every_type()
    right = {column.type for column in table.columns if column.align == "right"}
    assert right == {"decimal", "int", "long", "real", "timespan"}
    assert Column("x", "no such type", pa.array(["a"])).align == "left"


@pytest.mark.parametrize(("start", "stop"), [(0, 0), (0, 6), (2, 4), (5, 9), (6, 6), (4, 2)])
def test_slices_of_values_and_texts(start: int, stop: int) -> None:
    for column in every_type()[0].columns:
        assert repr(column.values(start, stop)) == repr(column.values(0, 6)[start:stop])
        assert column.texts(start, stop) == column.texts(0, 6)[start:stop]


def test_names_that_stand_twice_or_are_empty() -> None:
    """Defect 6 of the SDK: duplicate names made it crash."""
    columns = [("a", "long"), ("a", "string"), ("", "real"), ("", "bool")]
    table = make_table("T", columns, [[1], ["x"], [0.5], [True]], 1, [])
    assert table.column_names == ["a", "a", "", ""]
    arrow = table.to_arrow()
    assert arrow.column_names == ["a", "a", "", ""]
    assert [column.to_pylist() for column in arrow.columns] == [[1], ["x"], [0.5], [True]]


def test_arrow_fields_name_their_kusto_type() -> None:
    table, _ = every_type()
    arrow = table.to_arrow()
    assert [field.metadata[b"kusto_type"].decode() for field in arrow.schema] == [
        kind for _, kind in EVERY_TYPE.columns
    ]
    assert arrow.column("dynamic_value").to_pylist() == [
        '{"a":1,"b":[1,"x",null,{"deep":[[]]}]}',
        '[1,2.5,"three"]',
        None,
        '"a bare string"',
        '{"":{"é":false}}',
        "9007199254740993",
    ]


@pytest.mark.parametrize("columns", [(), (("a", "dynamic"), ("b", "decimal"))])
def test_tables_without_rows(columns: Any) -> None:
    arrow = make_table("T", columns, [[]] * len(columns), 0, []).to_arrow()
    assert (arrow.num_rows, arrow.num_columns) == (0, len(columns))


@pytest.mark.parametrize(
    ("ticks", "text"),
    [
        (0, "1970-01-01T00:00:00Z"),
        (-1, "1969-12-31T23:59:59.9999999Z"),
        (-621_355_968_000_000_000, "0001-01-01T00:00:00Z"),
        (2_534_023_007_999_999_999, "9999-12-31T23:59:59.9999999Z"),
    ],
)
def test_format_datetime(ticks: int, text: str) -> None:
    assert format_datetime(ticks) == text


def test_a_data_set_is_whole_by_default() -> None:
    data_set = DataSet(())
    assert (data_set.partial, data_set.warnings, data_set.visualization) == (False, (), None)
