"""Operators that the embedded engine lacks: a query, its columns, its rows. Most are the examples of their pages."""

from __future__ import annotations

import datetime as dt
from typing import Any

UTC = dt.UTC
DAY1, DAY2 = dt.datetime(2024, 1, 1, tzinfo=UTC), dt.datetime(2024, 1, 2, tzinfo=UTC)

Case = tuple[str, str, list[tuple[Any, ...]]]

# --- columns -----------------------------------------------------------------------------------------------------

COLUMNS: list[Case] = [
    ("print a='a', b='b', c='c' | project-reorder b", "b a c", [("b", "a", "c")]),
    ("print b='b', a2='2', a3='3', a1='1' | project-reorder a* asc", "a1 a2 a3 b", [("1", "2", "3", "b")]),
    ("print b=0, a2=2, a3=3, a1=1 | project-reorder a* desc", "a3 a2 a1 b", [(3, 2, 1, 0)]),
    ("print b=0, a2=2, a3=3, a1=1 | project-reorder a*", "a2 a3 a1 b", [(2, 3, 1, 0)]),
    ("print a100=100, a20=20 | project-reorder a* granny-asc", "a20 a100", [(20, 100)]),
    ("print a100=100, a20=20 | project-reorder a* granny-desc", "a100 a20", [(100, 20)]),
    ("print a=1, b=2, c=3 | project-reorder c, *", "c a b", [(3, 1, 2)]),
    ("print ['a b']=1, c=2 | project-reorder c, ['a b']", "c a b", [(2, 1)]),
    ("print a=1, b=2, c=3 | project-keep c, a", "a c", [(1, 3)]),
    ("print a1=1, a2=2, b=3 | project-keep a*", "a1 a2", [(1, 2)]),
    ("print a1=1, a2=2, b=3 | project-away a*", "b", [(3,)]),
    ("print a1=1, a2=2, b=3 | project-away *2, b", "a1", [(1,)]),
    ("T | union T | distinct * | count", "Count", [(2,)]),
    ("T | union T | distinct hint.strategy=shuffle a | count", "Count", [(2,)]),
    ("T | project-rename x = a, ['y y'] = b | project-away t", "x y y", [(1, "x"), (2, "y")]),
    ("T | top -1 by a", "a b t", []),
    ("T | project a, b | distinct * | sort by a asc", "a b", [(1, "x"), (2, "y")]),
    ("T | count as many", "many", [(2,)]),
    ("T | where a > 5 | count as many", "many", [(0,)]),
    (
        "T | as X | where a > 1 | project a | union withsource=S (X | project a), X | project S, a "
        "| sort by S asc, a asc",
        "S a",
        [("X", 1), ("X", 2), ("union_arg0", 2), ("union_arg1", 1), ("union_arg1", 2)],
    ),
    (
        "T | as hint.materialized=true X | join kind=inner (X | project a, z = a * 10) on a | project a, z",
        "a z",
        [(1, 10), (2, 20)],
    ),
    ("T | sort by a desc | serialize | project a", "a", [(2,), (1,)]),
]

# --- functions that give a table -----------------------------------------------------------------------------------

FUNCTIONS: list[Case] = [
    ("let f = () { T | where a > 1 }; f() | project b", "b", [("y",)]),
    ("let f = (x:long) { T | where a == x }; f(1) | project b", "b", [("x",)]),
    ("let f = (x:long, y:string = 'x') { T | where a >= x and b == y }; f(0) | project a", "a", [(1,)]),
    ("let f = (x:long) { T | where a == x }; let n = 2; f(n) | project b", "b", [("y",)]),
    ("let k = 1; let f = (x:long) { T | where a == x + k }; f(1) | project b", "b", [("y",)]),
    ("let x = 2; let f = (x:long) { T | where a == x }; f(1) | project b", "b", [("x",)]),
    ("let x = 2; let y = x; let f = (x:long) { T | where a == y }; f(1) | project b", "b", [("y",)]),
    # A column goes before a parameter of its name.
    ("let f = (a:long) { T | where a == 2 }; f(1) | project a", "a", [(2,)]),
    ("let f = (R:(a:long)) { R | where a > 1 }; f(T) | project b", "b", [("y",)]),
    ("let f = (R:(*)) { R | count }; f((T | where a > 1))", "Count", [(1,)]),
    ("let f = (R:(*), n:long) { let m = n + 1; R | where a == m | project a }; T | invoke f(1)", "a", [(2,)]),
    ("let f = (R:(a:long)) { U | join kind=inner R on a | project a, b }; T | invoke f()", "a b", [(1, "x")]),
    (
        "let g = (x:long) { T | where a == x }; let f = (x:long) { g(x) | union (g(x + 1)) }; f(1) | summarize sum(a)",
        "sum_a",
        [(3,)],
    ),
    ("let v = view () { T | where a > 1 }; v | project a", "a", [(2,)]),
    ("let v = view () { T | where a > 1 }; union v, U | project a", "a", [(2,), (1,)]),
    ("let f = () { T }; T | where a in ((f() | where a > 1 | project a)) | project b", "b", [("y",)]),
    ("let f = () { T }; T | join kind=inner (f() | project a, z = 'z') on a | project z", "z", [("z",), ("z",)]),
    ("let f = () { T | project-reorder b }; f()  | project-away t", "b a", [("x", 1), ("y", 2)]),
    ("let f = (x:long) { x * 2 }; T | extend d = f(a) | project-keep d", "d", [(2,), (4,)]),
    ("let f = (s:string) { T | where b == substring(s, 1) }; f(';x') | project a", "a", [(1,)]),
]

# --- sources -----------------------------------------------------------------------------------------------------

SOURCES: list[Case] = [
    ("materialize(T) | count", "Count", [(2,)]),
    ("T | join kind=inner (materialize(T | where a > 1)) on a | project a", "a", [(2,)]),
    ("let M = materialize(T | project-reorder b); M | where a > 1 | project b", "b", [("y",)]),
    ("T | where a in (materialize(T | where a > 1 | project a)) | project a", "a", [(2,)]),
    ("(T | where a > 1) | project a", "a", [(2,)]),
    ("((T)) | project a", "a", [(1,), (2,)]),
    ("table('T') | where a > 1 | project a", "a", [(2,)]),
    ("print x = toscalar(T | project-reorder b | take 1)", "x", [("x",)]),
    ("let X = (T | project-keep a); X | join kind=inner (T | distinct *) on a | project b", "b", [("x",), ("y",)]),
]

SOURCES += [
    ("declare query_parameters(n:long = 2); T | where a == n | project-reorder b | project a", "a", [(2,)]),
    ("declare query_parameters(n:long = 2); let f = () { T | where a == n }; f() | project a", "a", [(2,)]),
    ("set query_now = datetime(2024-01-01); T | take 1 | serialize x = now() | project x", "x", [(DAY1,)]),
]

# --- union, search, find -------------------------------------------------------------------------------------------

UNIONS: list[Case] = [
    ("union isfuzzy=true (Nope | where x > 1), (T | where a > 1) | project a", "a", [(2,)]),
    ("union isfuzzy=true Nope, T | count", "Count", [(2,)]),
    ("T | union isfuzzy=true (Nope) | count", "Count", [(2,)]),
    ("union withsource=S U*, T | distinct S | sort by S asc", "S", [("T",), ("U",)]),
    ("union withsource=S * | summarize n = count() by S | sort by S asc", "S n", [("T", 2), ("U", 1), ("V", 1)]),
    ("union kind=inner T, U | sort by a asc", "a", [(1,), (1,), (2,)]),
    # Columns of one name and two types are two columns.
    (
        "union U, (V | project-keep a) | sort by a_long asc nulls last",
        "a_long c a_string",
        [(1, "u", ""), (None, "", "q")],
    ),
    ("T | project a | union (V | project a) | where isnotempty(a_string) | project a_string", "a_string", [("q",)]),
    ("T | union withsource=S (T | project-reorder b) | distinct S | sort by S asc", "S", [("T",), ("union_arg1",)]),
    ("T | project-reorder b | union withsource=S T | distinct S | sort by S asc", "S", [("T",), ("union_arg0",)]),
    ("union withsource='S' T, V | distinct S | sort by S asc", "S", [("T",), ("V",)]),
    ("search 'u' | project $table, a_long, c", "$table a_long c", [("U", 1, "u")]),
    ("search in (T, U) b:'x' or c == 'u' | sort by $table asc | project $table, a", "$table a", [("T", 1), ("U", 1)]),
    ("search in (T) 'x' and a == 1 | project a", "a", [(1,)]),
    ("search in (T) 'x' and a == 2 | project a", "a", []),
    ("search in (T*) ('x' or 'y') and not('y') | project a", "a", [(1,)]),
    ("search kind=case_sensitive in (T) 'X' | count", "Count", [(0,)]),
    ("search kind=case_insensitive in (T) 'X' | count", "Count", [(1,)]),
    ("search in (T) '2' | project a", "a", [(2,)]),
    ("T | search 'y' | project $table, a", "$table a", [("T", 2)]),
    ("print s='the error42 x' | search 'err*' | count", "Count", [(1,)]),
    ("print s='the error42 x' | search 'err' | count", "Count", [(0,)]),
    ("print s='the error42 x' | search '*r42' | count", "Count", [(1,)]),
    ("print s='the error42 x' | search '*rro*' | count", "Count", [(1,)]),
    ("print s='the error42 x' | search 'e*42' | count", "Count", [(1,)]),
    ("print s='the error42 x' | search 'e*4' | count", "Count", [(0,)]),
    ("print s='the error42 x' | search * | count", "Count", [(1,)]),
    ("print s='one', r='two' | search 'one two' | count", "Count", [(0,)]),
    ("print s='one', r='two' | search s matches regex 'o.e' | count", "Count", [(1,)]),
    ("T | where * has 'x' | project a", "a", [(1,)]),
    ("T | where * has 'x' or * == 'y' | count", "Count", [(2,)]),
    ("T | where * == 2 | project b", "b", [("y",)]),
    ("find in (T, U) where a == 1 project a, c", "source_ a c", [("T", 1, ""), ("U", 1, "u")]),
    ("find withsource=S in (T, U) 'u' project c", "S c", [("U", "u")]),
]

VIEWS = "let View_1 = view () { print x=1 }; let View_2 = view () { print x=toint(2) }; "
TENS = "let R1 = view () { range C from 1 to 10 step 1 }; let R2 = view () { range C from 1 to 20 step 1 }; "
UNIONS += [
    (f"{VIEWS}union withsource=S View_1, View_2", "S x_long x_int", [("View_1", 1, None), ("View_2", None, 2)]),
    (
        f"{VIEWS}let View_3 = view () {{ print x_long=3 }}; union withsource=S View_1, View_2, View_3",
        "S x_long1 x_int x_long",
        [("View_1", 1, None, None), ("View_2", None, 2, None), ("View_3", None, None, 3)],
    ),
    (
        "let View_1 = view () { print x=1 }; let View_2 = view () { print x=1 }; "
        "let OtherView_1 = view () { print x=1 }; union isfuzzy=true View*, SomeView*, OtherView* | count",
        "Count",
        [(3,)],
    ),
    ("let T_1 = view () { print a=5 }; union withsource=S T* | project S, a", "S a", [("T", 1), ("T", 2), ("T_1", 5)]),
    (f"{TENS}search C == 5", "$table C", [("R1", 5), ("R2", 5)]),
    (f"{TENS}search in (R*) C > 10 | count", "Count", [(10,)]),
    (f"{TENS}find where C == 5 project C", "source_ C", [("R1", 5), ("R2", 5)]),
    # Only tables that have a column of the predicate, unless a term stands by itself.
    ("search in (T, U) c == 'u'", "$table a c", [("U", 1, "u")]),
    ("search in (T, U) ['c']:'u' or c == 'z'", "$table a c", [("U", 1, "u")]),
    ("range x from 1 to 1 step 1 | as T1 | search *", "$table x", [("T1", 1)]),
    (
        "union withsource=S (range x from 1 to 1 step 1 | as T1), (range x from 1 to 1 step 1 | as T2)",
        "S x",
        [("T1", 1), ("T2", 1)],
    ),
]

# --- ranges ----------------------------------------------------------------------------------------------------------

HOUR = dt.timedelta(hours=1)
RANGES: list[Case] = [
    ("range x from 0.5 to 2.0 step 0.5", "x", [(0.5,), (1.0,), (1.5,), (2.0,)]),
    ("range x from 1 to 2 step 0.5", "x", [(1.0,), (1.5,), (2.0,)]),
    ("range x from 3.0 to 1 step -1", "x", [(3.0,), (2.0,), (1.0,)]),
    ("range x from 3.0 to 1 step 1", "x", []),
    ("range x from real(null) to 1.0 step 1", "x", []),
    ("range x from 1h to 3h step 1h", "x", [(HOUR,), (2 * HOUR,), (3 * HOUR,)]),
    ("range x from 1d to 3d step 36h", "x", [(24 * HOUR,), (60 * HOUR,)]),
    ("range x from int(1) to int(2) step int(1) | extend t = gettype(x)", "x t", [(1, "int"), (2, "int")]),
    ("range x from int(1) to 2 step 1 | extend t = gettype(x)", "x t", [(1, "long"), (2, "long")]),
    ("range x from 1 to 1000000000000 step 1 | take 1", "x", [(1,)]),  # one after the other
    ("range x from datetime(2024-01-02) to datetime(2024-01-01) step -1d", "x", [(DAY2,), (DAY1,)]),
    ("let n = 2.5; range x from 0 to n step 0.5 | count", "Count", [(6,)]),
    ("let ['some n'] = 20; range y from 0 to ['some n'] step 10", "y", [(0,), (20 // 2,), (20,)]),
    ("let f = (n:real) { range x from 0.0 to n step 0.5 }; f(1.0) | count", "Count", [(3,)]),
    ("print m = toscalar(range y from 1.5 to 3 step 1 | summarize max(y))", "m", [(2.5,)]),
]

# --- sort ------------------------------------------------------------------------------------------------------------

# "Using special floating-point values" of the page of sort.
REALS = "datatable(r:real)[1, real(nan), real(null), real(+inf), real(-inf)]"
SORTED: list[Case] = [
    (f"{REALS} | sort by r asc | project t = tostring(r)", "t", [("",), ("NaN",), ("-inf",), ("1.0",), ("inf",)]),
    (f"{REALS} | sort by r | project t = tostring(r)", "t", [("inf",), ("1.0",), ("-inf",), ("NaN",), ("",)]),
    # Whole numbers that are one as reals.
    (
        "datatable(a:long)[9007199254740993, 9007199254740992] | sort by a asc",
        "a",
        [(9007199254740992,), (9007199254740993,)],
    ),
    (
        f"{REALS} | sort by r asc nulls last | project t = tostring(r)",
        "t",
        [("-inf",), ("1.0",), ("inf",), ("NaN",), ("",)],
    ),
    (
        f"{REALS} | sort by r desc nulls first | project t = tostring(r)",
        "t",
        [("",), ("NaN",), ("inf",), ("1.0",), ("-inf",)],
    ),
    (f"{REALS} | top 2 by r | project t = tostring(r)", "t", [("inf",), ("1.0",)]),
]

# --- joins -----------------------------------------------------------------------------------------------------------

JOINED: list[Case] = [
    ("T | join kind=inner (T) on $left.a == $right.a and $left.b == $right.b | count", "Count", [(2,)]),
    ("T | join kind=inner (T) on $left.a == $right.a and $right.b == $left.b | count", "Count", [(2,)]),
    ("T | join kind=inner (T) on a and b | count", "Count", [(2,)]),
    ("T | lookup (T | project a, b, z = 'z') on $left.a == $right.a and b | project z", "z", [("z",), ("z",)]),
]

# --- conditions ------------------------------------------------------------------------------------------------------

CONDITIONS: list[Case] = [
    ("T | extend e = t + 10m | where e between (t .. 15m) | count", "Count", [(2,)]),
    ("T | extend e = t + 20m | where e between (t .. 15m) | count", "Count", [(0,)]),
    ("T | extend e = t + 20m | where e !between (t .. 15m) | count", "Count", [(2,)]),
    ("let w = 15m; T | extend e = t + 10m | where e between (t .. w) | count", "Count", [(2,)]),
    ("T | extend s = 5m, l = 1m | where s between (l .. 10m) | count", "Count", [(2,)]),
    ("T | where t between (datetime(2024-01-01) .. 1h) | project a", "a", [(1,)]),
]

# --- window functions ------------------------------------------------------------------------------------------------

SALARIES = "datatable (name:string, month:int, salary:long)['Alice',1,1000,'Bob',1,1000,'Alice',2,2000,'Bob',2,1950]"
DEPARTURES = (
    "datatable (Airline:string, Departures:long)['LH',3,'LY',100,'UA',3,'BA',2,'EL',3] | sort by Departures asc "
)
WINDOWS: list[Case] = [
    (
        "range a from 3 to 1 step -1 | extend p = prev(a), n = next(a, 2, 99)",
        "a p n",
        [(3, None, 1), (2, 3, 99), (1, 2, 99)],
    ),
    ("T | sort by a asc | extend p = prev(b) | project p", "p", [("",), ("x",)]),
    ("T | serialize n = row_number(7) | project n", "n", [(7,), (8,)]),
    ("T | sort by a desc | where prev(b) == 'y' | project a", "a", [(1,)]),
    ("T | sort by a asc | extend d = t - prev(t) | project d", "d", [(None,), (dt.timedelta(days=1),)]),
    ("T | sort by a asc | where row_number() == 2 and a == 2 | project-away t", "a b", [(2, "y")]),
    (
        "range a from 1 to 10 step 1 | where a % 2 == 0 | serialize cs = row_cumsum(a)",
        "a cs",
        [(2, 2), (4, 6), (6, 12), (8, 20), (10, 30)],
    ),
    (
        f"{SALARIES} | sort by name asc, month asc | extend total = row_cumsum(salary, name != prev(name)) "
        "| project total",
        "total",
        [(1000,), (3000,), (1000,), (2950,)],
    ),
    (
        f"{SALARIES} | sort by name asc, salary desc | extend r = row_number(1, prev(name) != name) | project name, r",
        "name r",
        [("Alice", 1), ("Alice", 2), ("Bob", 1), ("Bob", 2)],
    ),
    (f"{DEPARTURES} | extend r = row_rank_dense(Departures) | project r", "r", [(1,), (2,), (2,), (2,), (3,)]),
    (f"{DEPARTURES} | extend r = row_rank_min(Departures) | project r", "r", [(1,), (2,), (2,), (2,), (5,)]),
    (
        "datatable (ID:string, T:datetime)['1',datetime(2024-04-11 10:00),'2',datetime(2024-04-11 10:18),"
        "'1',datetime(2024-04-11 11:00),'3',datetime(2024-04-11 11:30),'2',datetime(2024-04-11 13:30),"
        "'2',datetime(2024-04-11 10:16)] | sort by ID asc, T asc "
        "| extend s = row_window_session(T, 1h, 5m, ID != prev(ID)) | project x = format_datetime(s, 'HH:mm')",
        "x",
        [("10:00",), ("11:00",), ("10:16",), ("10:16",), ("13:30",), ("11:30",)],
    ),
    ("T | sort by a asc | summarize s = sum(a + row_number())", "s", [(6,)]),
    # Without a name, a column has a number.
    (
        "T | sort by a desc | project a | extend row_number(), prev(a), row_cumsum(a), next(a)",
        "a Column1 Column2 Column3 Column4",
        [(2, 1, None, 2, 1), (1, 2, 2, 3, None)],
    ),
    ("T | project b | serialize row_number(), prev(b)", "b Column1 Column2", [("x", 1, ""), ("y", 2, "x")]),
    (
        "T | sort by a desc | project a, tostring(row_number()), x = prev(a) + 1, prev(a) + 1",
        "a Column1 x Column2",
        [(2, "1", None, None), (1, "2", 3, 3)],
    ),
    ("T | sort by a desc | summarize max(row_number()) by prev(a)", "Column1 max_", [(None, 1), (2, 2)]),
]

# --- make-series -----------------------------------------------------------------------------------------------------

METRICS = """datatable(timestamp:datetime, metric:real)[datetime(2016-12-31T06:00), 50, datetime(2017-01-01), 4,
datetime(2017-01-02), 3, datetime(2017-01-03), 4, datetime(2017-01-03T03:00), 6, datetime(2017-01-05), 8,
datetime(2017-01-05T13:40), 13, datetime(2017-01-06), 4, datetime(2017-01-07), 3, datetime(2017-01-08), 8,
datetime(2017-01-08T21:00), 8,
datetime(2017-01-09), 2, datetime(2017-01-09T12:00), 11, datetime(2017-01-10T05:00), 5]"""
RANGE = "from datetime(2017-01-01) to datetime(2017-01-10) step 1d"


def days(first: str, count: int) -> list[str]:
    start = dt.date.fromisoformat(first)
    return [f"{start + dt.timedelta(days=number)}T00:00:00.0000000Z" for number in range(count)]


SERIES: list[Case] = [
    (
        f"{METRICS} | make-series avg(metric) on timestamp {RANGE}",
        "avg_metric timestamp",
        [([4.0, 3.0, 5.0, 0.0, 10.5, 4.0, 3.0, 8.0, 6.5], days("2017-01-01", 9))],
    ),
    (f"{METRICS} | take 0 | make-series avg(metric) default=1.0 on timestamp {RANGE} | count", "Count", [(0,)]),
    (
        f"{METRICS} | take 0 | make-series kind=nonempty avg(metric) default=1.0 on timestamp {RANGE}",
        "avg_metric timestamp",
        [([1.0] * 9, days("2017-01-01", 9))],
    ),
    (
        "T | make-series n = count() on t step 12h",
        "n t",
        [([1, 0, 1], ["2024-01-01T00:00:00.0000000Z", "2024-01-01T12:00:00.0000000Z", "2024-01-02T00:00:00.0000000Z"])],
    ),
    (
        "T | make-series n = count() on t step 1d by b",
        "b n t",
        [("x", [1], days("2024-01-01", 1)), ("y", [1], days("2024-01-02", 1))],
    ),
    (
        "T | make-series n = count() default=long(null),"
        " m = max(a) on t from datetime(2023-12-31) step 1d by who = toupper(b)",
        "who n m t",
        [("X", [None, 1], [0, 1], days("2023-12-31", 2)), ("Y", [None, None, 1], [0, 0, 2], days("2023-12-31", 3))],
    ),
    ("T | make-series sum(a) on t to datetime(2024-01-02) step 1d", "sum_a t", [([1], days("2024-01-01", 1))]),
    (
        "T | make-series n = count() on t in range(datetime(2024-01-01), datetime(2024-01-03), 1d)",
        "n t",
        [([1, 1, 0], days("2024-01-01", 3))],
    ),
    (
        "T | extend v = iff(a == 1, long(null), a) | make-series avg(v), sum(v) on a from 1 to 4 step 1",
        "avg_v sum_v a",
        [(["NaN", 2.0, 0.0], [0, 2, 0], [1, 2, 3])],
    ),
    ("T | make-series n = count() on a from 0 to 4 step 1", "n a", [([0, 1, 1, 0], [0, 1, 2, 3])]),
    (
        "T | extend r = a / 2.0 | make-series n = count() on r from 0.25 to 1.25 step 0.5",
        "n r",
        [([1, 1], [0.25, 0.75])],
    ),
    ("range x from -3 to 3 step 2 | make-series n = count() on x step 2", "n x", [([1, 1, 1, 1], [-4, -2, 0, 2])]),
    (
        "T | extend z = t - datetime(2024-01-01) | make-series n = count() on z step 12h",
        "n z",
        [([1, 0, 1], ["00:00:00", "12:00:00", "1.00:00:00"])],
    ),
    # Bins of three days begin where Kusto's do: with 0001-01-01.
    ("T | make-series n = count() on t step 3d", "n t", [([2], days("2024-01-01", 1))]),
    (
        "let step_ = 1d; let from_ = datetime(2024-01-01); T "
        "| make-series n = count() on t from from_ to from_ + 2d step step_ "
        "| mv-expand n to typeof(long) | summarize sum(n)",
        "sum_n",
        [(2,)],
    ),
    (
        "T | make-series n = count() on t from datetime(2024-01-01) to datetime(2024-01-03) step 1d by b "
        "| project b, total = array_length(n)",
        "b total",
        [("x", 2), ("y", 2)],
    ),
]

# --- mv-apply and partition ------------------------------------------------------------------------------------------

ARRAYS = "datatable (i: int, A: dynamic)[0, dynamic([5, 1, 3]), 1, dynamic([4, 10, 8, 7])]"
APPLIED: list[Case] = [
    (
        "datatable (i: int, A: dynamic)[0, dynamic([7]), 1, dynamic([6, 11, 7])] "
        "| mv-apply B=A to typeof(long) on (take 100)",
        "i A B",
        [(0, [7], 7), (1, [6, 11, 7], 6), (1, [6, 11, 7], 11), (1, [6, 11, 7], 7)],
    ),
    (f"{ARRAYS} | mv-apply e=A to typeof(long) on (top 1 by e)", "i A e", [(0, [5, 1, 3], 5), (1, [4, 10, 8, 7], 10)]),
    (
        f"{ARRAYS} | mv-apply B=A to typeof(long) on (top 2 by B | summarize Top2=make_list(B)) | project i, Top2",
        "i Top2",
        [(0, [5, 3]), (1, [10, 8])],
    ),
    (
        f"{ARRAYS} | mv-apply with_itemindex=index value=A to typeof(long) on (where index >= 2)",
        "i A value index",
        [(0, [5, 1, 3], 3, 2), (1, [4, 10, 8, 7], 8, 2), (1, [4, 10, 8, 7], 7, 3)],
    ),
    (
        "datatable (V:int, A:dynamic, B:dynamic)[1, dynamic(['A1','A2','A3']), dynamic([10,30,7])] "
        "| mv-apply C=A, D=B to typeof(long) on (top 2 by D | summarize C=make_list(C), D=make_list(D)) "
        "| project V, C, D",
        "V C D",
        [(1, ["A2", "A1"], [30, 10])],
    ),
    (
        "datatable (V: int, A: dynamic, B: dynamic)[1, dynamic(['A1','A2']), dynamic(['B1','B2','B3'])] "
        "| mv-apply X=A, Y=B on (extend O = strcat(X, '_', Y) | summarize O=make_list(O)) | project O",
        "O",
        [(["A1_B1", "A2_B2", "_B3"],)],
    ),
    (f"{ARRAYS} | mv-apply A to typeof(long) on (count)", "i Count", [(0, 3), (1, 4)]),
    (
        f"{ARRAYS} | mv-apply A to typeof(long) on (where A > 4 | project z = A, i2 = i)",
        "i z i2",
        [(0, 5, 0), (1, 10, 1), (1, 8, 1), (1, 7, 1)],
    ),
    (
        f"{ARRAYS} | mv-apply A to typeof(long) on (summarize s = sum(A) by odd = A % 2 | where odd == 1)",
        "i odd s",
        [(0, 1, 9), (1, 1, 7)],
    ),
    (f"{ARRAYS} | mv-apply A to typeof(long) on (sort by A asc | take 1)", "i A", [(0, 1), (1, 4)]),
    # What is not expanded comes first, whatever the subquery makes of it.
    (
        f"{ARRAYS} | where i == 0 | mv-apply x = A to typeof(long) on (summarize m = max(x) by i)",
        "i A m",
        [(0, [5, 1, 3], 5)],
    ),
    (f"{ARRAYS} | where i == 0 | mv-apply A to typeof(long) on (top 1 by A | extend i = 'q')", "i A", [("q", 5)]),
    (f"let n = 1; {ARRAYS} | mv-apply A to typeof(long) on (top n by A desc) | summarize sum(A)", "sum_A", [(15,)]),
    (
        "T | union (T | extend a = a * 10) | partition hint.strategy=native by b (sort by a asc | extend p = prev(a), "
        "n = row_number() | project b, a, p, n) | sort by b asc, n asc",
        "b a p n",
        [("x", 1, None, 1), ("x", 10, 1, 2), ("y", 2, None, 1), ("y", 20, 2, 2)],
    ),
    (
        f"{ARRAYS} | mv-apply A to typeof(long) on (sort by A asc | extend s = row_cumsum(A) | top 1 by s)",
        "i A s",
        [(0, 5, 9), (1, 10, 29)],
    ),
    (
        "print d = dynamic([[1, 2], [3]]), n = 5 "
        "| mv-apply d on (mv-apply d to typeof(long) on (summarize s = sum(d)) | summarize m = max(s), k = count())",
        "n m k",
        [(5, 3, 2)],
    ),
    ("T | union T | partition hint.strategy=native by b (summarize n = count() by b)", "b n", [("x", 2), ("y", 2)]),
    (
        "T | union (T | extend a = a * 10) | partition by b (top 1 by a desc | project b, a)",
        "b a",
        [("x", 10), ("y", 20)],
    ),
]

# --- plugins ---------------------------------------------------------------------------------------------------------

BAGS = """datatable(d:dynamic)[dynamic({"Name": "John", "Age": 20}),
dynamic({"Name": "Dave", "Height": 170, "Age": 40})]"""
NETWORKS = """let N = datatable(network:string, c:string)['111.68.128.0/17','AS','5.8.0.0/19','EU',
'46.36.200.51/32','OC',
'2.20.183.0/24','EU']; let I = datatable(ip:string)['2.20.183.12','5.8.1.2','192.165.12.17','nonsense']; I """
PLUGINS: list[Case] = [
    (f"{BAGS} | evaluate bag_unpack(d)", "Age Height Name", [(20, None, "John"), (40, 170, "Dave")]),
    (f"{BAGS} | evaluate bag_unpack(d, 'P_')", "P_Age P_Height P_Name", [(20, None, "John"), (40, 170, "Dave")]),
    (
        f"{BAGS} | extend Name = 'old' | evaluate bag_unpack(d, columnsConflict='replace_source')",
        "Age Height Name",
        [(20, None, "John"), (40, 170, "Dave")],
    ),
    (
        f"{BAGS} | extend Name = 'old' | evaluate bag_unpack(d, columnsConflict='keep_source')",
        "Name Age Height",
        [("old", 20, None), ("old", 40, 170)],
    ),
    (f"{BAGS} | evaluate bag_unpack(d, ignoredProperties=dynamic(['Age', 'Height']))", "Name", [("John",), ("Dave",)]),
    (
        f"{BAGS} | extend s = 'S' | evaluate bag_unpack(d) : (*, Name:string, Age:long)",
        "s Name Age",
        [("S", "John", 20), ("S", "Dave", 40)],
    ),
    (
        "datatable(d:dynamic)[dynamic({'a': 1.5, 'b': true, 'c': [1], 'e': 1}), dynamic(null),"
        " dynamic({'e': 'x', 'a': 2.5})] "
        "| evaluate bag_unpack(d)",
        "a b c e",
        [(1.5, True, [1], 1), (None, None, None, None), (2.5, None, None, "x")],
    ),
    ('print d = dynamic({"it\'s": 1}) | evaluate bag_unpack(d)', "it's", [(1,)]),
    ("T | extend d = bag_pack('n', a) | evaluate bag_unpack(d) | where n > 1 | project n", "n", [(2,)]),
    ("T | project b, a | evaluate pivot(b)", "a x y", [(1, 1, 0), (2, 0, 1)]),
    ("T | evaluate pivot(b, sum(a))", "t x y", [(DAY1, 1, 0), (DAY2, 0, 2)]),
    ("T | evaluate pivot(b, max(a), t)", "t x y", [(DAY1, 1, None), (DAY2, None, 2)]),
    ("T | evaluate pivot(b, make_list(a), t) | project-away t", "x y", [([1], []), ([], [2])]),
    ("T | project b | evaluate pivot(b)", "x y", [(1, 1)]),
    ("T | project a, b | take 1 | evaluate narrow()", "Row Column Value", [(0, "a", "1"), (0, "b", "x")]),
    (
        f"{NETWORKS} | evaluate ipv4_lookup(N, ip, network)",
        "ip network c",
        [("2.20.183.12", "2.20.183.0/24", "EU"), ("5.8.1.2", "5.8.0.0/19", "EU")],
    ),
    (
        f"{NETWORKS} | evaluate ipv4_lookup(N, ip, network, return_unmatched = true) | where isempty(c) | project ip",
        "ip",
        [("192.165.12.17",), ("nonsense",)],
    ),
]

# --- top-nested and samples ------------------------------------------------------------------------------------------

SALES = "datatable(s:string, k:string, n:long)['a','x',5,'a','y',3,'b','x',10,'c','z',1]"
NESTED: list[Case] = [
    (
        f"{SALES} | top-nested 2 of s by sum(n), top-nested 1 of k by sum(n)",
        "s aggregated_s k aggregated_k",
        [("b", 10, "x", 10), ("a", 8, "x", 5)],
    ),
    (f"{SALES} | top-nested 1 of s with others='rest' by sum(n)", "s aggregated_s", [("b", 10), ("rest", 9)]),
    # What is not among the top of a level has the others' name on the levels below it too, where they give one.
    (
        f"{SALES} | top-nested 1 of s with others='O' by sum(n), top-nested 1 of k with others='P' by sum(n)",
        "s aggregated_s k aggregated_k",
        [("b", 10, "x", 10), ("O", 9, "P", 9)],
    ),
    (
        f"{SALES} | top-nested 2 of s with others='O' by sum(n), top-nested 1 of k by sum(n)",
        "s aggregated_s k aggregated_k",
        [("b", 10, "x", 10), ("a", 8, "x", 5), ("O", 1, "", None)],
    ),
    (
        f"{SALES} | top-nested 2 of s by sum(n), top-nested 1 of k by sum(n), "
        "top-nested 1 of n with others=-1 by count()",
        "s aggregated_s k aggregated_k n aggregated_n",
        [
            ("b", 10, "x", 10, 10, 1),
            ("a", 8, "x", 5, 5, 1),
            ("a", 8, "", None, -1, 1),
            ("", None, "", None, -1, 1),
        ],
    ),
    (
        f"{SALES} | top-nested of s by Ignore=max(1), top-nested 1 of k by m=max(n) asc | project-away Ignore*",
        "s k m",
        [("a", "y", 3), ("b", "x", 10), ("c", "z", 1)],
    ),
    (
        f"{SALES} | top-nested 1 of big = n > 9 by count() | project big, aggregated_big",
        "big aggregated_big",
        [(False, 3)],
    ),
    (f"{SALES} | top-hitters 1 of s by n", "s approximate_sum_n", [("b", 10)]),
    (f"{SALES} | top-hitters 1 of s", "s approximate_count_s", [("a", 2)]),
    (f"{SALES} | sample 2 | count", "Count", [(2,)]),
    (f"{SALES} | sample 20 | count", "Count", [(4,)]),
    (f"{SALES} | sample-distinct 10 of s | count", "Count", [(3,)]),
    (f"let n = 2; {SALES} | sample-distinct n of s | count", "Count", [(2,)]),
    ("let f = (R:(a:long), n:long) { R | top n by a | project a }; T | invoke f(1)", "a", [(2,)]),
    ("let n = 1; T | take n + 1 | count", "Count", [(2,)]),
    ("let f = (n:long) { T | take n }; f(1) | count", "Count", [(1,)]),
]

# --- parse -----------------------------------------------------------------------------------------------------------

PARSED: list[Case] = [
    (
        "print n = 1234, d = dynamic({'a':5}) | parse n with '1' m:long | parse d with * '\"a\":' q:long '}' "
        "| project m, q",
        "m q",
        [(234, 5)],
    ),
    ("print b='k v' | parse b with a ' ' c", "b a c", [("k v", "k", "v")]),
    ("print b='12-34' | parse b with a:long '-' c:long | project a, c", "a c", [(12, 34)]),
    ("print b='12-x' | parse-where b with a:long '-' c:long | count", "Count", [(0,)]),
    ("print b='axxb' | parse kind=regex b with a 'x+?x' c | project a, c", "a c", [("a", "b")]),
    (
        "print s='ThreadId:458745723, Machine:Node001, Text: The service is up, Level: Info' "
        "| parse-kv s as (Text: string, "
        "ThreadId:long, Machine: string) with (pair_delimiter=',', kv_delimiter=':') | project-away s",
        "Text ThreadId Machine",
        [("The service is up", 458745723, "Node001")],
    ),
    (
        'print s=\'src=10.1.1.123 failure="connection aborted" "event time"=2021-01-01T10:00:54\' | parse-kv s as '
        "(['event time']:datetime, src:string, failure:string) with (pair_delimiter=' ', kv_delimiter='=', quote='\"') "
        "| project src, failure, y = getyear(['event time'])",
        "src failure y",
        [("10.1.1.123", "connection aborted", 2021)],
    ),
    (
        "print s='a=(x y) (b c)=(2)' "
        "| parse-kv s as (a:string, ['b c']:long) with (pair_delimiter=' ', kv_delimiter='=', "
        "quote='()') | project-away s",
        "a b c",
        [("x y", 2)],
    ),
    (
        "print s='a=\"sent \\\\\"bye!\\\\\"\" b=1' | parse-kv s as (a:string, b:long) with (pair_delimiter=' ', "
        "kv_delimiter='=', quote='\"', escape='\\\\') | project-away s",
        "a b",
        [('sent "bye!"', 1)],
    ),
    (
        "print s='name=John Doe phone=555 5555 city=New York' "
        "| parse-kv s as (name:string, phone:string, city:string) with "
        "(pair_delimiter=' ', kv_delimiter='=') | project-away s",
        "name phone city",
        [("John", "555", "New")],
    ),
    (
        "print s='name=John Doe phone=555 5555 city=New York' "
        "| parse-kv s as (name:string, phone:string, city:string) with "
        "(pair_delimiter=' ', kv_delimiter='=', greedy=true) | project-away s",
        "name phone city",
        [("John Doe", "555 5555", "New York")],
    ),
    (
        "print s='nothing' | parse-kv s as (name:string, age:long) with "
        "(pair_delimiter=' ', kv_delimiter='=', greedy=true) | project-away s",
        "name age",
        [("", None)],
    ),
    (
        "print s='2021-01-01T10:00:34 [INFO] ThreadId:458745723, Machine:Node001, Text: Started' "
        "| parse-kv s as (Text: string, "
        "ThreadId:long, Machine: string) | project-away s",
        "Text ThreadId Machine",
        [("Started", 458745723, "Node001")],
    ),
    (
        'print s=\'["referer url: https://h/r?x=1", "id: 5"]\' '
        "| parse-kv s as (['referer url']:string, id: long, none:string) "
        'with (regex=@\'"([\\w ]+)\\s*:\\s*([^"]*)"\') | project-away s',
        "referer url id none",
        [("https://h/r?x=1", 5, "")],
    ),
]

CASES = [
    case
    for group in (
        COLUMNS,
        FUNCTIONS,
        SOURCES,
        UNIONS,
        RANGES,
        SORTED,
        JOINED,
        CONDITIONS,
        WINDOWS,
        SERIES,
        APPLIED,
        PLUGINS,
        NESTED,
        PARSED,
    )
    for case in group
]
