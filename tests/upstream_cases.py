"""What we found in duckdb-kql, each as a query that it answers otherwise than Kusto, or refuses.

Tests run the queries on duckdb-kql as it is: where one gives what is expected, upstream has mended it, and ours can go.
"""

from __future__ import annotations

from dataclasses import dataclass

import duckdb
import duckdb_kql

VERSION = "1.1.2"
TABLES = """
    CREATE TABLE T AS
        FROM (VALUES (1::BIGINT, 'x', TIMESTAMP '2024-01-01'), (2, 'y', TIMESTAMP '2024-01-02')) AS T(a, b, t);
    CREATE TABLE U AS SELECT 1::BIGINT AS a, 'u' AS c;
    CREATE TABLE V AS SELECT 'q' AS a, true AS B;
    CREATE TABLE W AS
        SELECT 1::BIGINT AS a, INTERVAL 1 HOUR AS d, TIMESTAMP '2024-01-01' AS t, JSON '["x"]' AS l, 'x' AS s;
"""
SHOWN = """\
- `T(a:long, b:string, t:datetime)` has (1, x, 2024-01-01) and (2, y, 2024-01-02),
- `U(a:long, c:string)` has (1, u), `V(a:string, B:bool)` has (q, true),
- `W(a:long, d:timespan, t:datetime, l:dynamic, s:string)` has (1, 1h, 2024-01-01, ["x"], x)."""
REFUSED, FAILS = "refused", "DuckDB fails"


@dataclass(frozen=True)
class Report:
    """A query; ``got`` is its rows as Python shows them, or ``refused``, or ``DuckDB fails``."""

    query: str
    got: str
    expected: str


def outcome(query: str) -> str:
    """What duckdb-kql makes of a query, without kqlext; of several lines, the last one's answer counts."""
    with duckdb.connect() as connection:
        connection.execute(TABLES)
        try:
            rows = [duckdb_kql.query(connection, line).fetchall() for line in query.splitlines()]
            return repr(rows[-1])
        except duckdb_kql.KqlError:
            return REFUSED
        except AssertionError:
            return "AssertionError"
        except duckdb.Error:
            return FAILS


WRONG: tuple[Report, ...] = (
    Report("print datetime_part('millisecond', datetime(2024-01-01 00:00:03.765))", "[(3765,)]", "765"),
    Report("print make_timespan(1, 12, 30.123)", "[(datetime.timedelta(seconds=4350),)]", "01:12:30.1230000"),
    Report("print replace('a', 'b', 'banana')", "[('a',)]", "bbnbnb: the regex, its replacement, the text"),
    Report("print round(2.15, 1)", "[(2.1,)]", "2.2, as the page of round() has it"),
    Report("print todatetime('infinity')", "[(datetime.datetime(9999, 12, 31, 23, 59, 59, 999999),)]", "null"),
    Report(
        "print todatetime('Sat, 8 Nov 14 15:05:02 GMT')",
        "[(datetime.datetime(14, 11, 8, 15, 5, 2),)]",
        "2014-11-08T15:05:02Z: RFC 822, with a year of two digits",
    ),
    Report("W | extend x = l[0] | project extract('(.)$', 1, x)", """[('"',)]""", "x: the text, not its JSON"),
    Report("print x = 1.0, y = 0.0 | project x / y", "[(None,)]", "Infinity"),
    Report("print d = dynamic({'a': 10, 'b': 9}) | where d.a > d.b | count", "[(0,)]", "a refusal, as that of == is"),
    Report("print tostring(split('a,b', ','))", "[('[a, b]',)]", """["a","b"], the text of JSON"""),
    Report("T | summarize l = make_list(b) | project tostring(l)", "[('[x, y]',)]", """["x","y"]"""),
    Report(
        "T | summarize l = make_list(t) | project tostring(l[0])",
        "[('2024-01-01 00:00:00',)]",
        "2024-01-01T00:00:00.0000000Z",
    ),
    Report(
        "range x from 1 to 9 step 1 | summarize l = make_list(x, 2) | project array_length(l)",
        "[(9,)]",
        "2: the limit counts",
    ),
    Report("print array_sort_asc(dynamic([3, 1, 10, 2]))", "[('[1,10,2,3]',)]", "[1,2,3,10]: by number"),
    Report(
        "print array_concat(dynamic([1]), dynamic(['a']))",
        "[('[1, \"a\"]',)]",
        """[1,"a"], without a blank as all other dynamics""",
    ),
    Report(
        "print bin(datetime(2024-01-02), 7d)",
        "[(datetime.datetime(2023, 12, 28, 0, 0),)]",
        "2024-01-01: bins of datetimes begin at 0001-01-01",
    ),
    Report("print bin(1.5s, 100ms)", "[(datetime.timedelta(seconds=2),)]", "1.5 s"),
    Report(
        "print bin(datetime(2024-01-01 00:00:00.3), 100ms)",
        "[(datetime.datetime(2024, 1, 1, 0, 0, 0, 200000),)]",
        "00:00:00.3",
    ),
    Report("print parse_json('no JSON')", "[(None,)]", "the dynamic string: no JSON"),
    Report("print base64_decode_tostring('w6k=')", "[('\\\\xC3\\\\xA9',)]", "é"),
    Report("W | where s has_any (l) | count", "[(0,)]", "1: the elements of the array are looked for"),
    Report("print gettype(array_index_of(dynamic(['a']), 'a'))", "[('int',)]", "long"),
    Report(
        "T | extend (p, q) = pack_array(a, b) | project-away t",
        "[(1, 'x', '[1,\"x\"]'), (2, 'y', '[2,\"y\"]')]",
        "p = 1 and q = 'x', or a refusal: the second name is dropped",
    ),
    Report(
        "union T, V | project b, b_1",
        "[('x', 'x'), ('y', 'y'), ('true', 'true')]",
        "columns of one name and two types stay apart, as a_long and a_string",
    ),
    Report(
        ".set-or-replace T <| T | where a > 1\nT | count",
        "[(0,)]",
        "one row: the table is emptied before the query reads it",
    ),
    Report("range x from 0.5 to 2.0 step 0.5", "[]", "0.5, 1, 1.5, 2"),
    Report(
        "datatable(x:real) [real(nan), 1.0] | sort by x desc | project isnan(x)",
        "[(True,), (False,)]",
        "false, true: NaN stands beside null, behind all numbers",
    ),
    Report("T | project-rename x = nope | project-away t", "[(1, 'x'), (2, 'y')]", "an error: there is no column nope"),
    Report(
        "T | summarize arg_max(t, *) by bin(a, 10) | project-away t",
        "[(0, 'y')]",
        "0, 2, y: the column that the key is made of is a1",
    ),
    Report("T | where a > 9 | summarize max(b)", "[(None,)]", "an empty text: a string is never null"),
)


FAILING: tuple[Report, ...] = (
    Report("range x from 1h to 2h step 1h | count", FAILS, "2"),
    Report("T | parse a with '1' n:long", FAILS, "what is no text is parsed as its text"),
    Report("T | summarize count(a)", REFUSED, "2, as count_a"),
    Report(
        "T | extend e = t + 10m | where e between (t .. 15m) | count",
        FAILS,
        "2: the upper bound is t + 15m, also of columns",
    ),
    Report(
        "datatable(s:string) ['[\"a\"]', 'b'] | summarize l = make_set(s)",
        FAILS,
        "two strings: one that holds JSON is not taken apart",
    ),
    Report("print 1d / 2", FAILS, "12 h"),
    Report("W | summarize sum(d), avg(d), avg(t)", FAILS, "1 h, 1 h, 2024-01-01"),
    Report("T | summarize strcat_array(make_list(b), ',')", REFUSED, "x,y"),
    Report("T | summarize x = case(count() > 1, 'many', 'few')", REFUSED, "many"),
    Report("T | summarize make_list(a)[0]", REFUSED, "1"),
    Report("W | where s in (l) | count", FAILS, "1"),
    Report("datatable(k:string, d:dynamic) ['x', dynamic({'x': 5})] | project d[k]", REFUSED, "5"),
    Report("print extract('([0-9]+)', 1, 'a12', typeof(long))", REFUSED, "12"),
    Report("print split('a,b', ',', 1)", REFUSED, '["b"]'),
    Report("print indexof('abcabc', 'c', 3, 10, 1)", REFUSED, "5"),
    Report("T | summarize take_any(*)", REFUSED, "one row of the table"),
    Report("T | summarize percentiles(a, 50, 90)", REFUSED, "columns percentile_a_50 and percentile_a_90"),
    Report("let f = (X:(a:long)) { X | where a > 1 }; f(T)", "AssertionError", "one row"),
)
SYNTAX: tuple[Report, ...] = (
    Report("T | join kind=inner T on $left.a == $right.a and $left.b == $right.b | count", FAILS, "2"),
    Report("T | serialize", REFUSED, "the rows, in order"),
    Report("T | count as n", REFUSED, "n = 2"),
    Report("(T | where a > 1) | count", REFUSED, "1"),
    Report("table('T') | count", REFUSED, "2"),
    Report("materialize(T) | count", REFUSED, "2"),
    Report(
        "T | summarize count = count() by b | where count > 0",
        REFUSED,
        "two rows: count, table, order, top ... may be names",
    ),
    Report("print d = dynamic({'count': 3}) | project d.count", REFUSED, "3"),
    Report("let n = 1; T | take n", REFUSED, "one row"),
    Report("T | parse b with p ' ' q", REFUSED, "a pattern may begin with a column"),
    Report("let f = () { T }; f()", REFUSED, "two rows: a function may give a table"),
    Report("let v = view () { T }; v", REFUSED, "two rows"),
    Report(
        "let f = (X:(a:long), n:long) { U | join kind=inner X on a | where a > n }; T | invoke f(0)", REFUSED, "one row"
    ),
)
OPERATORS: tuple[Report, ...] = tuple(
    Report(query, REFUSED, "as the operator's page says")
    for query in (
        "T | as X | count", "T | consume", "T | evaluate bag_unpack(b)", "T | evaluate pivot(b)",
        "T | evaluate narrow()", "externaldata(x:string) ['list.csv']", "T | facet by b", "find in (T) where a == 1",
        "T | fork (count) (take 1)",
        "T | make-series n = count() on t step 1d", "print l = dynamic([1]) | mv-apply l on (summarize sum(tolong(l)))",
        "T | parse-kv b as (x:long)", "T | partition by b (take 1)", "T | project-away a*", "T | project-keep a",
        "T | project-reorder b", "T | distinct *", "T | reduce by b", "T | sample 1", "T | sample-distinct 1 of a",
        "T | scan declare (s:long) with (step x: true => s = a;)", "search 'x'", "T | serialize n = row_number()",
        "T | top-hitters 1 of b", "T | top-nested 1 of b by count()", "T | where * has 'x'",
        "T | sort by a asc | extend p = prev(a)",
    )
)  # fmt: skip
REPORTS = (*WRONG, *FAILING, *SYNTAX, *OPERATORS)
