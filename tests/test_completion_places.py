"""What stands at the cursor of a cell."""

from __future__ import annotations

import pytest

from kqlext.completion import basic, hover
from kqlext.completion.diagnostics import of_tokens
from kqlext.completion.places import Place, find
from kqlext.completion.service import Scope
from kqlext.schemas import Column, DatabaseSchema, TableSchema


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


# Texts that somebody is typing, or pasted.
ODD = [
    "= = =", "(((((", "))))", "|", "| where", ";;;", "<<", "a <<", "a << b <<", "let", "let x", "let a = ;\na | ", ".",
    ".show tab",
    "[", "['", "[]", "['a b'] | where ['", "print '\\", "print @'\\' | St", "```a\nb", "kind =", "sum(", "x.", "$left.",
    "T\r\n| where State == 'a'\r\n| ", "\tT\t|\twhere\tSta", "😀😀 | where é", "\ufeffT | wh", "\u2028T", "\x00",
    "\ud800",
    "T | render timechart with(", "T | evaluate", "T | project $", "T | where kind = =", "T | join (T) on $left.",
    "-o", "-type=", "-file '", "--", "+", "kusto://", "kusto://cluster='a b';", "@", "[x", "\\\nfoo", "a, b",
]  # fmt: skip
SCOPE = Scope(DatabaseSchema("c", "d", (TableSchema("T", (Column("State", "string"), Column("n", "long"))),), ()))


@pytest.mark.parametrize("text", ODD)
def test_an_odd_text_breaks_nothing(text: str) -> None:
    for cell in (f"%%kql {text}", f"%%kql\n{text}", f"x = %kql {text}"):
        for cursor in range(len(cell) + 1):
            found = find(cell, cursor)
            assert found is None or 0 <= found.start <= cursor
    for offset in range(len(text) + 1):
        basic.complete(text, offset, SCOPE)
        hover.of_query(text, offset, SCOPE)
    for mistake in of_tokens(text, SCOPE):
        assert 0 <= mistake.span.start < mistake.span.end <= len(text)
