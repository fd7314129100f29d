"""Operators that the embedded engine lacks by itself: each with the examples of its page, and on small tables."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from local_operator_cases import CASES, DAY1

from kqlext import syntax
from kqlext.connections.strings import ConnectionSpec
from kqlext.decode import decode
from kqlext.decode.tables import DataSet, Table
from kqlext.errors import KqlError, KqlQueryError, KqlUnsupportedError
from kqlext.services.base import Query
from kqlext.services.local import LocalService, open_local


@pytest.fixture(scope="module")
def engine() -> Iterator[LocalService]:
    opened = open_local(ConnectionSpec("duckdb", ()))
    for statement in (
        "CREATE TABLE T AS SELECT 1::BIGINT AS a, 'x' AS b, TIMESTAMP '2024-01-01' AS t UNION ALL "
        "SELECT 2, 'y', TIMESTAMP '2024-01-02'",
        "CREATE TABLE U AS SELECT 1::BIGINT AS a, 'u' AS c",
        "CREATE TABLE V AS SELECT 'q' AS a, true AS B",
    ):
        opened._connection.execute(statement)
    yield opened
    left = opened._connection.execute(
        "SELECT table_name FROM duckdb_tables() WHERE temporary UNION ALL "
        "SELECT view_name FROM duckdb_views() WHERE temporary AND NOT internal"
    ).fetchall()
    opened.close()
    assert left == [], "a query left tables of its own"


def data(engine: LocalService, text: str) -> DataSet:
    return decode(engine.execute(Query(text)))


def rows(table: Table) -> list[tuple[Any, ...]]:
    return list(zip(*[column.values(0, table.num_rows) for column in table.columns], strict=True))


def names(table: Table) -> str:
    return " ".join(column.name for column in table.columns)


@pytest.mark.parametrize(("query", "columns", "expected"), CASES, ids=[case[0][:60] for case in CASES])
def test_an_operator(engine: LocalService, query: str, columns: str, expected: list[tuple[Any, ...]]) -> None:
    table = data(engine, query).tables[0]
    assert names(table) == columns
    assert rows(table) == expected


# --- several tables --------------------------------------------------------------------------------------------------


def test_fork_gives_a_table_for_each_subquery(engine: LocalService) -> None:
    answer = data(
        engine, "T | where a > 0 | fork (where a > 1 | project a) n = (summarize n = count() | project-reorder n)"
    )
    assert [(names(table), rows(table)) for table in answer.tables] == [("a", [(2,)]), ("n", [(2,)])]


def test_facet_gives_the_values_of_columns(engine: LocalService) -> None:
    answer = data(engine, "T | sort by a asc | facet by b, a with (where a > 1 | project b)")
    assert [names(table) for table in answer.tables] == ["b", "b count_b", "a count_a"]
    assert rows(answer.tables[0]) == [("y",)]
    assert sorted(rows(answer.tables[1])) == [("x", 1), ("y", 1)]


def test_several_statements_are_expanded_each(engine: LocalService) -> None:
    answer = data(engine, "let X = materialize(T | project-reorder b); X | count; X | where a > 1 | project-keep b")
    assert [rows(table) for table in answer.tables] == [[(2,)], [("y",)]]


def test_wildcards_do_not_match_what_other_statements_keep(engine: LocalService) -> None:
    answer = data(
        engine, "let X = materialize(T | take 1); X | count; union withsource=S * | distinct S | sort by S asc"
    )
    assert rows(answer.tables[1]) == [("T",), ("U",), ("V",)]
    assert rows(data(engine, "let X = materialize(T); X | count; union X, T | count").tables[1]) == [(4,)]


@pytest.mark.parametrize("rest", ["", " | take 1"])
def test_columns_of_a_join_that_differ_only_in_case_are_refused(engine: LocalService, rest: str) -> None:
    with pytest.raises(KqlUnsupportedError, match="does not tell the columns b and B apart") as caught:
        data(engine, f"T | project b | join kind=inner (datatable(B:string)['x']) on $left.b == $right.B{rest}")
    assert "project-rename OtherB = B" in caught.value.hint


def test_options_that_change_nothing_are_said(engine: LocalService) -> None:
    answer = data(engine, "set notruncation;\nset servertimeout = 10m; T | project-reorder b | count")
    assert rows(answer.tables[0]) == [(2,)]
    assert answer.warnings == ("The embedded engine has no limits: set notruncation, set servertimeout did nothing.",)
    with pytest.raises(KqlUnsupportedError, match="truncationmaxrecords"):
        data(engine, "set truncationmaxrecords = 1; T")


def test_now_is_one_moment_in_all_parts(engine: LocalService) -> None:
    query = "print a = now() | serialize | extend b = now() | project-reorder b | extend same = a == b"
    assert rows(data(engine, query).tables[0])[0][2] is True


def test_columns_that_differ_only_in_case_become_one_and_it_is_said(engine: LocalService) -> None:
    answer = data(engine, "union T, V | project b_string, b_bool")
    assert answer.warnings == (
        "The columns b and B are one here, b: the embedded engine does not tell names apart that differ only in case.",
    )
    assert rows(answer.tables[0])[-1] == ("", True)


def test_lists_of_dynamic_values_are_values(engine: LocalService) -> None:
    query = "print d = dynamic(['a', {'b': 1}]) | mv-expand d | summarize l = make_list(d)"
    assert rows(data(engine, query).tables[0]) == [(["a", {"b": 1}],)]


# --- files -----------------------------------------------------------------------------------------------------------


def test_externaldata_reads_local_files(engine: LocalService, tmp_path: Path) -> None:
    (tmp_path / "a b.csv").write_text('name,n,t\n"x, y",1,2024-01-01\n,007,\n')
    (tmp_path / "a.json").write_text('{"name": "j", "n": 5, "d": {"a": 1}}\n{"name": "k"}\n')
    (tmp_path / "a.txt").write_text("one, two\nthree\n")
    (tmp_path / "a.tsv").write_text("one\ttwo\n")
    pq.write_table(pa.table({"name": ["p"], "n": [7]}), tmp_path / "a.parquet")
    columns = "externaldata(name:string, n:long, t:datetime)"
    first = data(engine, f"{columns}['{tmp_path}/a b.csv'] with (format='csv', ignoreFirstRecord=true)").tables[0]
    assert rows(first) == [("x, y", 1, DAY1), ("", 7, None)]
    cases = [
        (
            f"externaldata(name:string, n:long, d:dynamic)[@'{tmp_path}/a.json'] | extend a = tolong(d.a) "
            "| project-away d",
            [("j", 5, 1), ("k", None, None)],
        ),
        (
            f"externaldata(line:string)[h@'{tmp_path}/a.txt'] with (format='txt') | where line has 'two'",
            [("one, two",)],
        ),
        (f"let X = external_data(a:string, b:string)['file://{tmp_path}/a.tsv']; X | project b", [("two",)]),
        (f"externaldata(name:string, n:long, more:real)['{tmp_path}/a.parquet']", [("p", 7, None)]),
        (
            f"T | join kind=inner (externaldata(b:string, n:long)['{tmp_path}/a.parquet'] "
            "| extend a = 1) on a | project n",
            [(7,)],
        ),
    ]
    for query, expected in cases:
        assert rows(data(engine, query).tables[0]) == expected, query


# --- errors ----------------------------------------------------------------------------------------------------------

ERRORS = [
    ("T | project-reorder t, nope", KqlQueryError, "There is no column 'nope'.", "nope"),
    ("T | project-away b-*", KqlQueryError, "neither a column nor a wildcard", "b-*"),
    ("T | project-away *", KqlQueryError, "No column would be left.", "*"),
    ("T | project-keep nope*", KqlQueryError, "No column would be left.", "nope*"),
    ("T | project-rename x = nope", KqlQueryError, "There is no column 'nope'.", "nope"),
    ("T | project-rename b = a", KqlQueryError, "There is a column b already.", "b = a"),
    ("T | project-rename a = b, b = a", KqlQueryError, "There is a column a already.", "a = b"),
    ("T | take -1", KqlQueryError, "The number of rows is below zero.", "-1"),
    ("T | where nope > 1 | project-reorder b", KqlQueryError, "There is no column 'nope'.", "nope"),
    ("T | project-reorder b | where nope > 1", KqlQueryError, "There is no column 'nope'.", "nope"),
    ("Nope | project-reorder b", KqlQueryError, "There is no table 'Nope'.", "Nope"),
    ("T | wheer a > 1 | project-reorder b", KqlQueryError, "'wheer' is no operator", "wheer"),
    ("let f = (x:long) { T | where nope == x }; f(1)", KqlQueryError, "There is no column 'nope'.", "nope"),
    ("let f = (x:long) { T | where a == x }; f()", KqlQueryError, "f takes 1 argument, and 0 came.", "f()"),
    ("let f = (x:long) { T | where a == x }; f(1, 2)", KqlQueryError, "f takes 1 argument, and 2 came.", "f(1, 2)"),
    ("let f = (x:long) { T | where a == x }; f | count", KqlQueryError, "f is a function", "f"),
    ("let f = (R:(a:long)) { R }; f(Nope)", KqlQueryError, "There is no table 'Nope'.", "Nope"),
    ("T | invoke FileProfile(SHA1, 1000)", KqlUnsupportedError, "no function FileProfile", "FileProfile"),
    ("T | invoke f(1)", KqlUnsupportedError, "no function f", "f"),
    ("let f = (x:long) { T }; T | invoke f(1)", KqlQueryError, "The first parameter of f is no table.", "f"),
    ("search in (Nope) 'x'", KqlQueryError, "There is no table 'Nope'.", "Nope"),
    ("search in (Q*) 'x'", KqlQueryError, "No table matches.", "Q*"),
    ("T | search in (U) 'x'", KqlQueryError, "begins a query", "in (U) 'x'"),
    ("find in (T) where a == 1", KqlUnsupportedError, "find only with project", "find"),
    ("union isfuzzy=true (Nope | take 1)", KqlQueryError, "None of the tables is there.", "(Nope | take 1)"),
    ("union withsource=b T, U", KqlUnsupportedError, "There is a column b already.", "b"),
    ("T | union withsource=B U", KqlUnsupportedError, "There is a column B already.", "B"),
    ("union kind=inner (T | project b), U", KqlQueryError, "The tables have no column in common.", "union"),
    ("union kind=inner (print a=1), (print a='x')", KqlQueryError, "The tables have no column in common.", "union"),
    ("union T, Nope*", KqlQueryError, "No table matches Nope*.", "Nope*"),
    ("union isfuzzy=true Nope*", KqlQueryError, "None of the tables is there.", "Nope*"),
    ("search in (T, U) nope == 1", KqlQueryError, "No table has a column of the predicate.", "nope == 1"),
    ("range x from 'a' to 'b' step 1", KqlQueryError, "There is no range of the types string, string, long.", None),
    ("range x from now() to 5 step 1d", KqlQueryError, "There is no range of the types datetime", None),
    ("T | extend n = todynamic(b) | sort by n", KqlQueryError, "A dynamic value has no order.", "n"),
    ("T | extend n = todynamic(b) | top 1 by n", KqlQueryError, "A dynamic value has no order.", "n"),
    ("T | extend n = todynamic(b) | summarize max(n)", KqlQueryError, "A dynamic value has no order.", "n"),
    ("T | extend n = todynamic(b) | summarize arg_min(n, *)", KqlQueryError, "A dynamic value has no order.", "n"),
    ("T | where datetime(2024-13-01) > now()", KqlQueryError, "datetime(2024-13-01) is no time.", "2024-13-01"),
    ("T | where b == 12", KqlQueryError, "the type long is needed, and 'x' is none.", "b"),
    ("T | join kind=inner (T) on $left.a == $right.b", KqlQueryError, "the type long is needed, and 'x'", "b"),
    ("workspace('x').T | take 1", KqlUnsupportedError, "no tables of another workspace", "workspace"),
    ("T | union workspace('x').T", KqlUnsupportedError, "no tables of another workspace", "workspace"),
    ("arg('').Resources | count", KqlUnsupportedError, "no tables of Azure Resource Graph", "arg"),
    ("T | extend p = prev(a)", KqlQueryError, "prev needs rows that are in an order.", "prev"),
    ("T | sort by a asc | summarize count() by b | extend p = prev(b)", KqlQueryError, "prev needs rows", "prev"),
    (
        "T | sort by a asc | extend p = row_cumsum()",
        KqlQueryError,
        "row_cumsum takes 1 to 2 arguments.",
        "row_cumsum()",
    ),
    ("T | make-series n = count() on b step 1", KqlQueryError, "The axis is of the type string.", "b"),
    ("T | make-series n = count() on t", KqlQueryError, "make-series needs a step.", "t"),
    ("T | make-series n = count() step 1d", KqlQueryError, "make-series needs an axis.", "make-series"),
    ("T | make-series n = count() on t step 0d", KqlQueryError, "The step is not above zero.", "0d"),
    ("T | make-series n = count() on t from 5 step 1d", KqlQueryError, "This is of the type long", "5"),
    ("T | make-series n = take_any(b) on t step 1d", KqlQueryError, "this gives the type string", "n = take_any(b)"),
    ("T | make-series n = sum(nope) on t step 1d", KqlQueryError, "There is no column 'nope'.", "nope"),
    ("T | make-series n = count() on t step 1microsecond", KqlQueryError, "86,400,000,001 values", "make-series"),
    ("T | mv-apply x = a on ()", KqlQueryError, "An operator is missing", None),
    ("T | mv-apply x = a (take 1)", KqlQueryError, "mv-apply needs a subquery.", "mv-apply"),
    (
        "T | mv-apply x = a on (evaluate narrow())",
        KqlUnsupportedError,
        "no evaluate in the brackets of mv-apply",
        "evaluate",
    ),
    ("T | mv-apply x = pack_array(a) on (where nope > 1)", KqlQueryError, "There is no column 'nope'.", "nope"),
    ("T | mv-apply x = pack_array(a) on (join U on a)", KqlUnsupportedError, "no join in the brackets", "join"),
    ("T | partition by b { U }", KqlUnsupportedError, "partition with ( ) only", "{"),
    ("range x from 1 to 65 step 1 | partition by x (take 1)", KqlQueryError, "x has 65 values", "x"),
    ("T | evaluate autocluster()", KqlUnsupportedError, "no plugin autocluster", "autocluster"),
    ("T | evaluate bag_unpack(b)", KqlQueryError, "b is of the type string", "b"),
    ("T | evaluate bag_unpack(nope)", KqlQueryError, "There is no column 'nope'.", "nope"),
    ("T | extend d = bag_pack('a', 1) | evaluate bag_unpack(d)", KqlQueryError, "would make a column a", None),
    (
        "print d = dynamic({'x': 1, 'X': 2}), y = 1 | evaluate bag_unpack(d)",
        KqlUnsupportedError,
        "upper and lower case",
        None,
    ),
    ("print d = dynamic({}) | evaluate bag_unpack(d)", KqlQueryError, "no column would be left", None),
    ("T | evaluate pivot(nope)", KqlQueryError, "There is no column 'nope'.", "nope"),
    ("T | extend b = '' | evaluate pivot(b)", KqlQueryError, "A column would have no name.", None),
    ("T | top-nested 3 of b", KqlQueryError, "top-nested needs what it is of and what it is by.", None),
    ("T | sample b", KqlQueryError, "'b'", None),
    ("T | sample 1.5", KqlQueryError, "This is no whole number.", "1.5"),
    ("T | parse-kv b as (x)", KqlQueryError, "A key needs a type.", "x"),
    ("T | parse-kv b as (x:string) with (regex='[')", KqlQueryError, "This is no regular expression", None),
    ("T | scan with (step s: true;)", KqlUnsupportedError, "The embedded engine has no scan.", "scan"),
    ("T | reduce by b", KqlUnsupportedError, "The embedded engine has no reduce.", "reduce"),
    ("T | fork (where nope > 1) (count)", KqlQueryError, "There is no column 'nope'.", "nope"),
    (
        "externaldata(a:string)['https://example.org/a.csv'] with (format='csv')",
        KqlUnsupportedError,
        "reads files of this computer only",
        "'https://example.org/a.csv'",
    ),
    ("externaldata(a:string)['/nowhere/a.csv']", KqlQueryError, "There is no file /nowhere/a.csv.", "'/nowhere/a.csv'"),
    ("externaldata(a)['/nowhere/a.csv']", KqlQueryError, "This is no column with a type.", "a"),
]


@pytest.mark.parametrize(("query", "kind", "message", "place"), ERRORS, ids=[case[0][:60] for case in ERRORS])
def test_an_error(engine: LocalService, query: str, kind: type[KqlError], message: str, place: str | None) -> None:
    with pytest.raises(kind) as caught:
        data(engine, query)
    assert message in caught.value.message
    assert caught.value.span is not None
    assert caught.value.text is not None
    assert place is None or caught.value.span.of(caught.value.text) == place
    assert caught.value.text == query
    assert "__kqlext" not in str(caught.value)


def refusal(engine: LocalService, query: str) -> KqlError | None:
    """The error of a query, or None where it runs."""
    try:
        data(engine, query)
    except KqlError as error:
        return error
    return None


def damaged(query: str, random: Random) -> str:
    """A query with one token left out, doubled or replaced, or cut off behind it."""
    tokens = list(syntax.tokens(query))
    token, other = random.choice(tokens), random.choice(tokens)
    before, behind = query[: token.start], query[token.end :]
    return random.choice(
        (before + behind, before, f"{before}{token.text} {token.text}{behind}", before + other.text + behind)
    )


def test_a_damaged_query_is_an_error_that_says_where(engine: LocalService) -> None:
    random = Random(8)
    for _ in range(150):
        query = damaged(random.choice(CASES)[0], random)
        error = refusal(engine, query)
        assert "__kqlext" not in str(error), query
        if error is not None and error.span is not None:
            assert (error.text, error.span.end <= len(query) + 1) == (query, True)


# --- on the sample tables, against what the engine has ---------------------------------------------------------------

SAME = [
    ("StormEvents | project-keep State | distinct *", "StormEvents | distinct State"),
    (
        "let f = (s:string) { StormEvents | where State == s }; f('TEXAS') | summarize count() by EventType",
        "StormEvents | where State == 'TEXAS' | summarize count() by EventType",
    ),
    (
        "StormEvents | make-series n = count() on StartTime step 1d by State | mv-expand n to typeof(long) "
        "| summarize n = sum(n) by State",
        "StormEvents | summarize n = count() by State",
    ),
    (
        "StormEvents | extend a = pack_array(State, EventType) | mv-apply a to typeof(string) on (where a == State) "
        "| summarize n = count() by State",
        "StormEvents | summarize n = count() by State",
    ),
    (
        "StormEvents | top-hitters 3 of State | project State",
        "StormEvents | summarize n = count() by State | top 3 by n | project State",
    ),
    (
        "StormEvents | sort by State asc, EventId asc | extend is_new = prev(State) != State | where is_new "
        "| project State",
        "StormEvents | distinct State",
    ),
    (
        "StormEvents | evaluate pivot(State, count(), EventType) | project EventType, n = TEXAS | where n > 0",
        "StormEvents | where State == 'TEXAS' | summarize n = count() by EventType",
    ),
]


@pytest.mark.parametrize(("query", "other"), SAME, ids=[case[0][:60] for case in SAME])
def test_the_same_as_another_query(query: str, other: str) -> None:
    samples = open_local(ConnectionSpec("samples", ()))
    try:
        found, expected = (data(samples, text).tables[0] for text in (query, other))
        assert sorted(rows(found)) == sorted(rows(expected))
        assert found.num_rows > 1
    finally:
        samples.close()
