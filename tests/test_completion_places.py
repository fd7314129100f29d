"""What stands at the cursor of a cell."""

from __future__ import annotations

import pytest

from kqlext.completion.places import Place, find


def place(cell: str) -> Place | None:
    cursor = cell.index("¦")
    return find(cell.replace("¦", ""), cursor)


@pytest.mark.parametrize(
    ("cell", "kind", "word"),
    [
        ("%%kql ¦", "beginning", ""),
        ("%%kql\n¦", "beginning", ""),
        ("%%kql\nSto¦", "beginning", "Sto"),
        ("%kql Sto¦", "beginning", "Sto"),
        ("x = %kql Sto¦", "beginning", "Sto"),
        ("a, b['c'] = %kql Sto¦", "beginning", "Sto"),
        ("%%kql samples\nSto¦", "beginning", "Sto"),
        ("%%kql -o x\nStormEvents | wh¦", "query", "wh"),
        ("%%kql a <<\nStormEvents | wh¦", "query", "wh"),
        ("%kql StormEvents \\\n  | wh¦", "query", "wh"),
        ("y = 1\n%kql StormEvents | wh¦\nz = 2", "query", "wh"),
        ("%%kql -di¦", "option", "-di"),
        ("%%kql -o x -di¦", "option", "-di"),
        ("%%kql -type ¦", "value", ""),
        ("%%kql -type=pa¦", "value", "pa"),
        ("%%kql -dl 5 +que¦", "property", "+que"),
        ("%kql --co¦", "command", "--co"),
        ("%kql --conn Sa¦", "argument", "Sa"),
        ("%kql kusto://clu¦", "connection", "kusto://clu"),
        ("%%kql\n// a comm¦", "nothing", ""),
        ("%%kql -nonsense x\nT¦", "nothing", ""),
    ],
)
def test_places(cell: str, kind: str, word: str) -> None:
    found = place(cell)
    assert found is not None
    assert (found.kind, found.word) == (kind, word)
    assert kind == "nothing" or cell[found.start :].startswith(f"{word}¦")


@pytest.mark.parametrize(
    "cell",
    ["¦", "%%k¦ql", "%%kql¦", "%kql¦", "import os¦", "x = 1\ny¦ = '%kql'", "%%sql\nSELECT¦", "%kql T\nprint(x¦)"],
)  # fmt: skip
def test_no_place_of_kql(cell: str) -> None:
    assert place(cell) is None


@pytest.mark.parametrize(
    ("cell", "query", "connection", "on"),
    [
        ("%%kql\nA | take 1\n\nB | wh¦", "B | wh", "", ""),
        ("%%kql\nA | wh¦\n\nB | take 1", "A | wh\n\n", "", ""),
        ("%%kql\nA | where x == 1 ¦\n\nB | take 1", "A | where x == 1 \n\n", "", ""),
        ("%%kql\nlet a = 1;\n\nB | wh¦", "let a = 1;\n\nB | wh", "", ""),
        ("%%kql Samples@help -dl 5\nB | wh¦", "B | wh", "Samples@help", ""),
        ("%%kql -on storms\n| wh¦", "| wh", "", "storms"),
        ("%%kql -over a,b\nB | wh¦", "B | wh", "", "a"),
        ("%%kql\na << A | take 1\n\nb << B | wh¦", " B | wh", "", ""),
    ],
)
def test_the_query_at_the_cursor(cell: str, query: str, connection: str, on: str) -> None:
    found = place(cell)
    assert found is not None
    assert (found.query, found.connection, found.on) == (query, connection, on)
    assert query[: found.offset].endswith(cell[: cell.index("¦")][-3:])
