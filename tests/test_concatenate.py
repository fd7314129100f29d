"""Tables of several sources become one, without a value that changes."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from kqlext.decode.columns import table_of_rows
from kqlext.decode.concatenate import Piece, concatenate
from kqlext.decode.tables import Table

Columns = list[tuple[str, str]]


def table(columns: Columns, *rows: list[Any]) -> Table:
    warnings: list[str] = []
    made = table_of_rows("PrimaryResult", columns, list(rows), warnings)
    assert not warnings
    return made


def joined(*tables: Table, column: str = "Connection") -> tuple[Table, list[str]]:
    warnings: list[str] = []
    pieces = [Piece(f"s{number}@here", one) for number, one in enumerate(tables, 1)]
    return concatenate(pieces, column, warnings), warnings


def rows(made: Table) -> list[list[Any]]:
    return [list(row) for row in zip(*(column.values(0, made.num_rows) for column in made.columns), strict=True)]


def header(made: Table) -> list[tuple[str, str]]:
    return [(column.name, column.type) for column in made.columns]


def test_rows_stand_in_the_order_of_the_sources_under_their_names() -> None:
    columns = [("a", "long"), ("b", "string")]
    made, warnings = joined(table(columns, [1, "x"], [2, None]), table(columns), table(columns, [3, ""]))
    assert header(made) == [("Connection", "string"), *columns]
    assert rows(made) == [["s1@here", 1, "x"], ["s1@here", 2, None], ["s3@here", 3, ""]]
    assert made.num_rows == 3
    assert warnings == []


def test_a_column_that_a_source_does_not_have_is_null_there() -> None:
    made, warnings = joined(table([("a", "long")], [1]), table([("b", "dynamic"), ("a", "long")], [{"k": 1}, 2]))
    assert header(made) == [("Connection", "string"), ("a", "long"), ("b", "dynamic")]
    assert rows(made) == [["s1@here", 1, None], ["s2@here", 2, {"k": 1}]]
    assert warnings == ["s1@here has no column b: its rows are null there."]


def test_a_column_of_two_types_becomes_two_as_in_a_union() -> None:
    made, warnings = joined(table([("a", "long")], [1]), table([("a", "string")], ["x"]))
    assert header(made) == [("Connection", "string"), ("a_long", "long"), ("a_string", "string")]
    assert rows(made) == [["s1@here", 1, None], ["s2@here", None, "x"]]
    assert warnings == ["Column 'a' has not the same type everywhere: it became a_long and a_string."]


def test_a_column_that_is_split_takes_no_name_of_another() -> None:
    made, warnings = joined(table([("a", "long"), ("a_long", "long")], [1, 2]), table([("a", "string")], ["x"]))
    names = ["Connection", "a_long", "a_long_1", "a_string"]
    assert sorted(column.name for column in made.columns) == names
    assert dict(zip([name for name, _ in header(made)], rows(made)[0], strict=True)) == {
        "Connection": "s1@here", "a_long_1": 1, "a_long": 2, "a_string": None,
    }  # fmt: skip
    assert "Column 'a' has not the same type everywhere: it became a_long_1 and a_string." in warnings


def test_columns_of_one_name_meet_in_their_order() -> None:
    columns = [("a", "long"), ("a", "long")]
    made, warnings = joined(table(columns, [1, 2]), table(columns, [3, 4]))
    assert rows(made) == [["s1@here", 1, 2], ["s2@here", 3, 4]]
    assert warnings == []


def test_the_source_does_not_hide_a_column_of_its_name() -> None:
    made, warnings = joined(table([("Connection", "string")], ["theirs"]))
    assert rows(made) == [["s1@here", "theirs"]]
    assert header(made)[0] == ("Connection_1", "string")
    assert warnings == ["The result has a column Connection of its own: the source is in Connection_1."]


def test_a_name_that_a_split_made_is_taken_too() -> None:
    made, _ = joined(table([("x", "long")], [1]), table([("x", "string")], ["y"]), column="x_long")
    assert header(made)[0][0] == "x_long_1"


NANOSECONDS, MICROSECONDS = "2024-01-01T00:00:00.1234567Z", "0001-01-01T00:00:00Z"
VALUES: list[tuple[str, list[Any], list[Any], list[str]]] = [
    ("bool", [True, None], [False], []),
    ("int", [1, None], [-(2**31)], []),
    ("long", [2**63 - 1, None], [-(2**63)], []),
    ("real", [0.5, None, "NaN"], ["-Infinity"], []),
    ("decimal", ["1.25", None], ["123456789012345678901234567890.1"], []),
    ("decimal", [None], ["0.0000000000000000000000000000000001"], []),
    ("decimal", ["1" * 34], ["0." + "0" * 33 + "1"], []),
    ("string", ["", None], ["\0ü"], []),
    ("guid", ["3b1a8f0e-6b7f-4f0a-9d2e-000000000001", None], [None], []),
    ("dynamic", [{"a": [1]}, None], ["text", 5], []),
    ("datetime", [NANOSECONDS, None], ["2024-01-02T00:00:00Z"], []),
    ("datetime", ["2024-01-01T00:00:00.123456Z"], [MICROSECONDS], []),
    ("datetime", [None], [MICROSECONDS], []),
    ("timespan", ["00:00:00.0000001", None], ["-1.00:00:00"], []),
    ("timespan", ["00:00:01"], ["200000.00:00:00"], []),
    ("datetime", [NANOSECONDS], [MICROSECONDS], ["held in microseconds"]),
    ("timespan", ["00:00:00.0000001"], ["200000.00:00:00"], ["held in microseconds"]),
]


@pytest.mark.parametrize(("kind", "first", "second", "notes"), VALUES)
def test_values_of_every_type_stay_what_they_are(
    kind: str, first: list[Any], second: list[Any], notes: list[str]
) -> None:
    """As they are alone, also where Arrow holds them in another unit or precision in the other source."""
    columns = [("v", kind)]
    alone = [table(columns, *([value] for value in values)) for values in (first, second)]
    for ordered in (alone, alone[::-1]):
        made, warnings = joined(*ordered)
        expected = [text for one in ordered for text in one.columns[0].texts(0, one.num_rows)]
        shown = made.columns[1].texts(0, made.num_rows)
        if notes:
            assert len(warnings) == 1
            assert notes[0] in warnings[0]
            expected = [text.replace("1234567", "1234560").replace(".0000001", "") for text in expected]
        else:
            assert warnings == []
            # A decimal is shown with the digits that its column has.
            expected = expected if kind != "decimal" else [str(Decimal(text)) if text else "" for text in expected]
        if kind == "decimal":
            assert [Decimal(text) if text else None for text in shown] == [
                Decimal(text) if text else None for text in expected
            ]
        else:
            assert shown == expected
        assert made.columns[1].type == kind
        assert made.to_arrow().num_rows == made.num_rows
