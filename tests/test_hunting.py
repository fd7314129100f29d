"""Hunting results, decoded."""

from __future__ import annotations

import json
from typing import Any

import pytest
from servers.graph import NET_TYPES, hunting_results

from kqlext import errors
from kqlext.decode.hunting import MOST_ROWS, decode_hunting

# A column's name, .NET type, a value on the wire, and the Kusto type and text that it becomes.
EVERY_TYPE: tuple[tuple[str, str, Any, str, str], ...] = (
    ("s", "String", "x", "string", "x"),
    ("l", "Int64", 9007199254740993, "long", "9007199254740993"),
    ("i", "Int32", -1, "int", "-1"),
    ("r", "Double", 1.5, "real", "1.5"),
    ("b", "SByte", 1, "bool", "true"),
    ("t", "TimeSpan", "1.02:03:04.5", "timespan", "1.02:03:04.5000000"),
    ("d", "DateTime", "2024-03-26T09:39:50.7688641Z", "datetime", "2024-03-26T09:39:50.7688641Z"),
    ("g", "Guid", "74be27de-1e4e-49d9-b579-fe0b331d3642", "guid", "74be27de-1e4e-49d9-b579-fe0b331d3642"),
    ("n", "SqlDecimal", "1.50", "decimal", "1.50"),
    ("o", "Object", {"a": [1, None]}, "dynamic", '{"a":[1,null]}'),
)


def body(answer: object) -> bytes:
    return json.dumps(answer).encode()


def test_every_type_and_a_row_of_nulls() -> None:
    columns = [(name, kind) for name, kind, *_ in EVERY_TYPE]
    assert {kind for _, kind in columns} == set(NET_TYPES.values())
    rows = [[value for _, _, value, *_ in EVERY_TYPE], [None] * len(columns)]
    data_set = decode_hunting(body(hunting_results(columns, rows)))
    (table,) = data_set.tables
    found = [(column.name, column.type, *column.texts(0, 2)) for column in table.columns]
    assert found == [(name, kind, text, "") for name, _, _, kind, text in EVERY_TYPE]
    assert [column.values(1, 2) for column in table.columns] == [[None]] * len(columns)
    assert data_set.warnings == ()


def test_older_names_of_keys_and_types_with_a_namespace() -> None:
    answer = {"Schema": [{"Name": "n", "Type": "System.Int64"}], "Results": [{"n": 1}, {}]}
    (table,) = decode_hunting(body(answer)).tables
    assert [(column.name, column.type, column.values(0, 2)) for column in table.columns] == [("n", "long", [1, None])]


def test_columns_stand_in_the_order_of_the_schema() -> None:
    answer = {
        "schema": [{"name": "b", "type": "Int64"}, {"name": "a", "type": "Int64"}],
        "results": [{"a": 1, "b": 2}, {"b": 4, "a": 3}],
    }
    (table,) = decode_hunting(body(answer)).tables
    assert table.column_names == ["b", "a"]
    assert [column.values(0, 2) for column in table.columns] == [[2, 4], [1, 3]]


def test_an_empty_result_keeps_its_columns() -> None:
    data_set = decode_hunting(body(hunting_results([("a", "Int64"), ("b", "DateTime")], [])))
    (table,) = data_set.tables
    assert (table.num_rows, [column.type for column in table.columns]) == (0, ["long", "datetime"])
    assert (data_set.warnings, data_set.partial) == ((), False)


def test_json_in_a_text_is_dynamic() -> None:
    (table,) = decode_hunting(body(hunting_results([("o", "Object")], [['{"a":1}'], ["[1,2]"], ["x"]]))).tables
    assert table.columns[0].values(0, 3) == [{"a": 1}, [1, 2], "x"]


def test_values_that_the_schema_does_not_name_are_said() -> None:
    answer = {
        "schema": [{"name": "a", "type": "Int64"}],
        "results": [{"a": 1, "a@odata.type": "#Int64", "z": 2}, {"y": 3}],
    }
    data_set = decode_hunting(body(answer))
    assert data_set.warnings == ("The results hold values under y, z, which the schema does not name.",)


def test_a_full_result_may_be_cut() -> None:
    results = [{"n": 1}] * MOST_ROWS
    schema = [{"name": "n", "type": "Int64"}]
    data_set = decode_hunting(body({"schema": schema, "results": results}))
    assert data_set.partial
    assert data_set.warnings[0].startswith("The result may not be complete: it has 100,000 rows")
    one_less = decode_hunting(body({"schema": schema, "results": results[1:]}))
    assert (one_less.partial, one_less.warnings) == (False, ())


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (b"<html>sign in</html>", "The answer is no JSON"),
        (b'{"schema": [', "The answer is no whole JSON"),
        (b"[]", "no schema"),
        (b'{"value": []}', "no schema"),
        (b'{"schema": []}', "no list of hunting results"),
        (b'{"schema": [], "results": [[1]]}', "no list of hunting results"),
        (b'{"schema": [{"name": "a"}], "results": []}', "malformed"),
        (b'{"schema": [1], "results": []}', "malformed"),
    ],
)
def test_a_malformed_answer(answer: bytes, message: str) -> None:
    with pytest.raises(errors.KqlResponseError) as caught:
        decode_hunting(answer)
    assert message in caught.value.message
    assert caught.value.hint
