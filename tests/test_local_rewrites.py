"""What the embedded engine reads otherwise than Kusto is written anew or refused: each case is run on the engine."""

from __future__ import annotations

from typing import Any

import pytest
from conftest import Shell

from kqlext import connect, errors
from kqlext.client import Client
from kqlext.services.base import Query
from kqlext.services.local_rewrites import rewritten


@pytest.fixture(scope="module")
def engine() -> Client:
    return connect("samples")


STRINGS = [
    (r'"\u0041"', "A"),
    (r"'a\x41b'", "aAb"),
    (r'"\U0001F993"', "🦓"),
    (r'"\ud83e\udd93"', "🦓"),
    (r'"\u0022\u0027\u005c\u000a\u0009"', "\"'\\\n\t"),
    (r'"\a\b\f\v\0"', "\a\b\f\v\0"),
    (r'"\101\07"', "A\x07"),
    (r'"\\u0041"', r"\u0041"),
    (r'@"\u0041"', r"\u0041"),
    (r'"\n\r\t\\\'\""', "\n\r\t\\'\""),
    ("h'abc'", "abc"),
    ('H"a\\u0041"', "aA"),
    ("h@'a''b'", "a'b"),
    ("```one\ntwo \"'\\ ```", "one\ntwo \"'\\ "),
    ("h~~~a\\u0041~~~", r"a\u0041"),
    ("``````", ""),
    ("'plain'", "plain"),
]


@pytest.mark.parametrize(("literal", "value"), STRINGS)
def test_strings(literal: str, value: str, engine: Client) -> None:
    assert engine.query(f"print x = {literal}")[0]["x"] == value
    assert engine.query(f"print x = dynamic({{'a': {literal.lstrip('hH')}}})")[0]["x"] == {"a": value}
    assert engine.query(f"print n = strlen({literal}), x = 1 // {literal}".replace("\n", " "))[0]["x"] == 1


NAMES = [
    ("StormEvents | summarize count = count() by State | where count > 1000 | count", None),
    ("StormEvents | summarize count = count() by State | sort by count desc | take 1 | project count", None),
    ("StormEvents | summarize count = count() by State | summarize x = max(count) | project x", None),
    ("StormEvents | take 5 | project order = 1, table = 'x' | where order == 1 and table == 'x' | count", 5),
    ("print d = dynamic({'count': 3, 'table': 1, 'kind': 2}) | project x = tolong(d.count) + tolong(d.kind)", 5),
    ("print a = dynamic([1, 2]) | mv-apply a on (count) | project Count", 2),
    ("StormEvents | take 10 | partition by State (count) | summarize sum(Count)", 10),
    ("print a = dynamic([1, 2, 3]) | mv-expand a limit 2 | count", 2),
    ("StormEvents | join kind=inner (StormEvents | take 3) on EventId | count", 3),
    ("StormEvents | fork (count) (take 1)", None),
    ("let order = datatable(n:long)[1, 2]; order | where n > 1 | count", 1),
    ("let take = 5; let limit = 2; print extend = take + limit", 7),
    ("datatable(order:long, limit:long)[1, 2] | project x = order + limit", 3),
    ("let f = (serialize:long) { serialize + 1 }; print f(2)", 3),
    ("print summarize = 1, consume = 2 | extend scan = summarize + consume, regex = 3 | project scan + regex", 6),
    ("print a = 'x1' | parse kind=regex a with 'x' n:long | project n", 1),
]


@pytest.mark.parametrize(("query", "value"), NAMES)
def test_words_as_names(query: str, value: int | None, engine: Client) -> None:
    answer = engine.query(query)
    assert len(answer) == 1
    assert value is None or answer[0][0] == value


def test_a_verbatim_string_ends_with_its_quote(engine: Client) -> None:
    query = r"""print a = @"C:\" | where a startswith @"C:\" and not(a =~ @"D:\") and a !in (@'x\', "b")"""
    assert engine.query(query)[0]["a"] == "C:\\"


COUNTS = [
    ("let n = 5; StormEvents | take n", 5),
    ("let n = long(5); StormEvents | limit n | count", 1),
    ("let n = int(5); let m = n; StormEvents | top m by EventId", 5),
    ("let n=3; StormEvents | where EventId in ((StormEvents | take n | project EventId))", 3),
]


@pytest.mark.parametrize(("query", "rows"), COUNTS)
def test_counts(query: str, rows: int, engine: Client) -> None:
    assert len(engine.query(query)) == rows


def test_keys_of_a_join_in_either_order(engine: Client) -> None:
    tables = "datatable(a:string, n:long)['x', 1] | join kind=inner (datatable(b:string, m:long)['x', 1]) on "
    answers = [engine.query(tables + keys) for keys in ("$left.a == $right.b", "$right.b == $left.a")]
    assert [list(answer[0]) for answer in answers] == [["x", 1, "x", 1]] * 2
    both = engine.query(f"{tables}$right.b == $left.a, $left.n == $right.m | count")
    assert both[0][0] == 1
    with pytest.raises(errors.KqlQueryError) as caught:
        engine.query(f"{tables}$right.nope == $left.a")
    assert caught.value.message == "There is no column 'nope'."
    assert caught.value.span is not None


def test_a_count_of_the_notebook(shell: Shell) -> None:
    shell.run("%kql samples")
    shell.variables["how_many"] = 4
    assert len(shell.run("%kql let n = how_many; StormEvents | take n")) == 4
    assert len(shell.run("%kql -params how_many StormEvents | take how_many")) == 4


@pytest.mark.parametrize(
    "query",
    [
        "StormEvents | where n == 1 | take 5",
        "let n = 5; StormEvents | take n + 1",
        "let n = 5.5; StormEvents | take n",
        "let n = toscalar(T | count); StormEvents | take n",
        "let n = 5; let f = (n:long) { StormEvents | take n }; f(1)",
        "print 'take n', x = 'h' // \\u0041",
        "T | where h == 'x'",
    ],
)
def test_left_as_it_is(query: str) -> None:
    assert rewritten(Query(query)).text == query


@pytest.mark.parametrize("query", ["let n = 5; print take, n", "let n = 5; StormEvents | extend take = n"])
def test_a_column_of_that_name_counts_nothing(query: str) -> None:
    assert rewritten(Query(query)).text == query.replace("take", " ['take'] ")


@pytest.mark.parametrize(
    ("query", "at"),
    [
        ("print datetime(2024-01-01T00:00:00.1234567Z)", "datetime(2024-01-01T00:00:00.1234567Z)"),
        ("T | where t > todatetime('2024-01-01 00:00:00.0000001')", "todatetime('2024-01-01 00:00:00.0000001')"),
        ("print x = date(2024-01-01 00:00:00.123456789)", "date(2024-01-01 00:00:00.123456789)"),
        (r"print '\ud83e'", r"'\ud83e'"),
    ],
)
def test_refused(query: str, at: str, engine: Client) -> None:
    with pytest.raises(errors.KqlUnsupportedError) as caught:
        engine.query(query)
    assert caught.value.span is not None
    assert caught.value.span.of(query) == at


def test_a_seventh_digit_that_is_nothing(engine: Client) -> None:
    assert engine.query("print x = datetime(2024-01-01T00:00:00.1234560Z)")[0]["x"].microsecond == 123456


def test_no_character(engine: Client) -> None:
    with pytest.raises(errors.KqlQueryError, match="is no character"):
        engine.query(r"print '\Uffffffff'")


@pytest.mark.parametrize(
    ("cell", "line"),
    [
        (r"%%kql" "\n" r"let n = 5; print '\u0041\u0042', h'x';" "\nStormEvents | where Sttae == h'x' | take n", 3),
        (r"%%kql" "\n" r"let n = limit; StormEvents | where A == '\u0041' | where Sttae == h'x' | take n", 2),
    ],
)
def test_an_error_points_into_what_the_user_wrote(cell: str, line: int, shell: Shell) -> None:
    shell.run("%kql samples")
    shell.variables["limit"] = 12345
    with pytest.raises(errors.KqlQueryError) as caught:
        shell.run(cell)
    at: Any = caught.value.span
    assert at.of(caught.value.text) in ("Sttae", "A")
    assert f"line {line}: " in str(caught.value)


@pytest.mark.parametrize(
    "query",
    [
        "let first = 5; print first",
        "let last = datatable(a:long)[1]; last | count",
        "let f = (x:long, time:long) { x + time }; print f(1, 2)",
        "datatable(kind:string)['a'] | project kind",
        "StormEvents | extend desc = 5",
        "StormEvents | summarize n = count() by date = startofday(StartTime)",
        "StormEvents | where first > 5",
        "StormEvents | project first",
    ],
)
def test_words_that_are_names_in_brackets_only(query: str, engine: Client) -> None:
    """Kusto refuses them too: Microsoft's language service says so."""
    with pytest.raises(errors.KqlQueryError, match="is a word of KQL, and a name in brackets only") as caught:
        engine.query(query)
    assert caught.value.span is not None
    word = caught.value.span.of(query)
    assert word in ("first", "last", "time", "kind", "desc", "date")
    assert caught.value.span.start == query.index(word)
    assert f"write ['{word}']" in caught.value.hint


def test_names_in_brackets(engine: Client) -> None:
    query = "let ['first'] = 5; print ['last'] = ['first'] | extend ['desc'] = ['last'] + 1 | project ['desc']"
    assert engine.query(query)[0][0] == 6
