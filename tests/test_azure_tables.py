"""Answers of Azure Monitor, bytes -> tables: types, partial results, visualization, damaged bytes."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from servers.kusto_frames import EVERY_TYPE as KUSTO_EVERY_TYPE
from servers.kusto_frames import TableSpec, encode, v2
from servers.monitor_tables import (
    EVERY_TYPE,
    NO_RENDER,
    STATISTICS,
    TOO_LARGE,
    TOO_MANY,
    partial_error,
    tables,
    with_dynamic_texts,
)
from test_kusto_frames import JUNK, Typed, assert_only_kql_errors, held, places, same, table_of, typed_columns

from kqlext.decode.azure_tables import decode_azure_tables
from kqlext.decode.kusto_frames import decode_v2
from kqlext.decode.tables import Table
from kqlext.errors import KqlQueryError, KqlResponseError

CITIES = TableSpec("Cities", (("Name", "string"), ("People", "long")), (("Oslo", 717710), ("Wien", 2002821)))
NOBODY = TableSpec("Cities", CITIES.columns)


def rows(table: Table) -> list[tuple[Any, ...]]:
    return list(zip(*(column.values(0, table.num_rows) for column in table.columns), strict=True))


def test_every_type_is_as_kusto_s_frames_give_it() -> None:
    data_set = decode_azure_tables(tables(EVERY_TYPE))
    (table,) = data_set.tables
    assert [(column.name, column.type) for column in table.columns] == list(EVERY_TYPE.columns)
    (kusto,) = decode_v2(v2(KUSTO_EVERY_TYPE)).tables
    found, expected = rows(table), rows(kusto)
    dynamic = [kind for _, kind in EVERY_TYPE.columns].index("dynamic")
    # A dynamic that is a bare number cannot be told from one that is a text.
    assert [row[dynamic] for row in found][-1] == str(expected[-1][dynamic])
    assert repr([_without(row, dynamic) for row in found]) == repr([_without(row, dynamic) for row in expected])
    assert [row[dynamic] for row in found][:-1] == [row[dynamic] for row in expected][:-1]


def _without(row: tuple[Any, ...], position: int) -> tuple[Any, ...]:
    return row[:position] + row[position + 1 :]


def test_bools_that_are_numbers() -> None:
    (table,) = decode_azure_tables(tables(TableSpec("T", (("b", "bool"),), ((1,), (0,), (None,), (True,))))).tables
    assert rows(table) == [(True,), (False,), (None,), (True,)]


def test_several_tables_and_none() -> None:
    data_set = decode_azure_tables(tables(CITIES, NOBODY))
    assert [table.num_rows for table in data_set.tables] == [2, 0]
    assert (rows(data_set.tables[0]), data_set.partial, data_set.warnings) == (list(CITIES.rows), False, ())
    assert decode_azure_tables(tables()).tables == ()


def test_names_that_stand_twice_or_are_empty() -> None:
    spec = TableSpec("T", (("a", "int"), ("a", "string"), ("", "bool")), ((1, "x", True),))
    (table,) = decode_azure_tables(tables(spec)).tables
    assert (table.column_names, rows(table)) == (["a", "a", ""], [(1, "x", True)])


def test_visualization_by_lower_case_name() -> None:
    render = NO_RENDER | {"visualization": "barchart", "title": "By hour", "xColumn": "TimeGenerated"}
    visualization = decode_azure_tables(tables(CITIES, render=render)).visualization
    assert visualization is not None
    assert [visualization[key] for key in ("visualization", "title", "xcolumn", "isquerysorted")] == [
        "barchart",
        "By hour",
        "TimeGenerated",
        False,
    ]


@pytest.mark.parametrize("render", [None, {}, NO_RENDER, {"visualization": None}, {"visualization": "Table"}])
def test_a_table_is_no_visualization(render: dict[str, Any] | None) -> None:
    assert decode_azure_tables(tables(CITIES, render=render)).visualization is None


def test_statistics() -> None:
    assert decode_azure_tables(tables(CITIES, statistics=STATISTICS)).statistics == STATISTICS["query"]
    assert decode_azure_tables(tables(CITIES, statistics={})).statistics is None
    assert decode_azure_tables(tables(CITIES)).statistics is None


@pytest.mark.parametrize("part", ["render", "statistics"])
def test_what_is_beside_the_rows_costs_them_nothing(part: str) -> None:
    answer = json.loads(tables(CITIES)) | {part: ["odd"]}
    data_set = decode_azure_tables(encode(answer))
    assert data_set.tables[0].num_rows == 2
    assert [warning.endswith("cannot be read.") for warning in data_set.warnings] == [True]


# --- partial results -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("message", "advice"), [(TOO_LARGE, "fewer columns"), (TOO_MANY, "summarize"), ("Something else.", "Ask for less")]
)
def test_a_partial_result_names_its_limit_and_what_to_do(message: str, advice: str) -> None:
    data_set = decode_azure_tables(tables(CITIES, error=partial_error(message)))
    assert (data_set.partial, data_set.tables[0].num_rows) == (True, 2)
    (warning,) = data_set.warnings
    assert warning.startswith(f"The result is not complete. {message} ")
    assert advice in warning


def test_each_detail_is_said_once() -> None:
    warnings = decode_azure_tables(tables(CITIES, error=partial_error(TOO_LARGE, TOO_MANY, TOO_LARGE))).warnings
    assert [TOO_LARGE in warnings[0], TOO_MANY in warnings[1], len(warnings)] == [True, True, 2]


@pytest.mark.parametrize(
    ("error", "message"),
    [
        ({"code": "PartialError", "message": "Some errors."}, "Some errors."),
        ({"code": "PartialError", "message": "Some errors.", "details": []}, "Some errors."),
        ({"details": ["plain"]}, "plain"),
        ("plain", "plain"),
    ],
)
def test_errors_of_other_shapes(error: Any, message: str) -> None:
    data_set = decode_azure_tables(encode(json.loads(tables(CITIES)) | {"error": error}))
    assert (data_set.partial, len(data_set.warnings)) == (True, 1)
    assert message in data_set.warnings[0]


@pytest.mark.parametrize(
    "body", [tables(NOBODY, error=partial_error(TOO_LARGE)), encode({"error": {"message": TOO_LARGE}})]
)
def test_an_error_without_rows_is_raised(body: bytes) -> None:
    with pytest.raises(KqlQueryError) as caught:
        decode_azure_tables(body)
    assert caught.value.message == TOO_LARGE


# --- what is no answer -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "The answer is no JSON"),
        (b"<html>Sign in</html>", "begins with: '<html>"),
        (tables(CITIES)[:-20], "no whole JSON"),
        (b"[]", "no tables of Azure Monitor"),
        (b"{}", "no tables of Azure Monitor"),
        (b'{"tables": 5}', "no tables of Azure Monitor"),
        (b'{"tables": [5]}', "malformed"),
        (b'{"tables": [{"name": "T"}]}', "malformed"),
        (tables(TableSpec("T", (("a", "long"),), ((1, 2),))), "as many"),
        (json.dumps({"tables": [{"name": "T", "columns": [], "rows": [{"a": 1}]}]}).encode(), "as many"),
    ],
)
def test_what_is_malformed_is_one_error(body: bytes, message: str) -> None:
    with pytest.raises(KqlResponseError) as caught:
        decode_azure_tables(body)
    assert message in caught.value.message


# --- random tables and random damage ---------------------------------------------------------------------


@given(typed_columns())
@settings(max_examples=60)
def test_random_tables_decode_to_the_same_values(columns: list[Typed]) -> None:
    data_set = decode_azure_tables(tables(with_dynamic_texts(table_of(columns))))
    (table,) = data_set.tables
    for column, typed in zip(table.columns, columns, strict=True):
        assert (column.name, column.type) == (typed.name, typed.type)
        if typed.type != "dynamic":
            assert same(column.values(0, table.num_rows), held(typed)[0])


BODIES = [
    tables(EVERY_TYPE, CITIES, statistics=STATISTICS, render=NO_RENDER | {"visualization": "piechart"}),
    tables(CITIES, error=partial_error(TOO_LARGE)),
    tables(NOBODY, error=partial_error(TOO_LARGE, TOO_MANY)),
]


@given(st.sampled_from(BODIES), st.data())
@settings(max_examples=60)
def test_damaged_bytes(body: bytes, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(body) - 1))
    rest = data.draw(st.sampled_from([b"", body[place + 1 :], b"]" + body[place:], b"9" + body[place:]]))
    assert_only_kql_errors(decode_azure_tables, body[:place] + rest)


@given(st.sampled_from(BODIES), st.data())
@settings(max_examples=150)
def test_right_json_of_the_wrong_shape(body: bytes, data: st.DataObject) -> None:
    answer = json.loads(body)
    container, key = data.draw(st.sampled_from(list(places(answer))))
    if data.draw(st.booleans()):
        container[key] = data.draw(st.sampled_from(JUNK))
    else:
        del container[key]
    assert_only_kql_errors(decode_azure_tables, json.dumps(answer).encode())
