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


COUNTS = [
    ("let n = 5; StormEvents | take n", 5),
    ("let n = long(5); StormEvents | limit n | count", 1),
    ("let n = int(5); let m = n; StormEvents | top m by EventId", 5),
    ("let n=3; StormEvents | where EventId in ((StormEvents | take n | project EventId))", 3),
]


@pytest.mark.parametrize(("query", "rows"), COUNTS)
def test_counts(query: str, rows: int, engine: Client) -> None:
    assert len(engine.query(query)) == rows


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
        "let n = 5; print take, n",
        "let n = 5; StormEvents | extend take = n",
        "print 'take n', x = 'h' // \\u0041",
        "T | where h == 'x'",
    ],
)
def test_left_as_it_is(query: str) -> None:
    assert rewritten(Query(query)).text == query


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
