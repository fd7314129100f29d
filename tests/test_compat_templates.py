"""Query templates of msticpy: a value in quotes never changes the structure of the query."""

from __future__ import annotations

import datetime as dt

import duckdb_kql
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kqlext import syntax
from kqlext.compat.templates import fill, moment, values_of_list
from kqlext.errors import KqlCellError, KqlConversionError, KqlError

TEMPLATE = """
{table} // of {text}
| where TimeGenerated >= datetime({start})
| where Computer has "{text}" or Computer startswith 'x{text}' or EventID in ({events})
| where Path matches regex @"\\{{1,3}}{text}" or Name == h"{text}"

| extend parts = split(Path, "{separator}"), rest = dynamic([{names}])
{more}
"""

# Any character but half ones, which are errors.
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


def filled(text: str) -> str:
    values = {
        "table": "SecurityEvent",
        "text": text,
        "start": moment(dt.datetime(2024, 3, 11, tzinfo=dt.UTC)),
        "events": values_of_list([4624, 4625]),
        "names": values_of_list(["it's", 'a "b"']),
        "separator": "/",
        "more": "| take 5",
    }
    return fill(TEMPLATE, values)


def test_a_template_is_filled() -> None:
    assert (
        filled("WS")
        == r"""
SecurityEvent // of WS
| where TimeGenerated >= datetime(2024-03-11T00:00:00Z)
| where Computer has "WS" or Computer startswith 'xWS' or EventID in (4624, 4625)
| where Path matches regex @"\{1,3}WS" or Name == h"WS"
| extend parts = split(Path, "/"), rest = dynamic(["it's", "a \"b\""])
| take 5
"""
    )


@given(TEXTS)
def test_a_value_in_quotes_is_one_text(text: str) -> None:
    try:
        query = filled(text)
    except KqlCellError:
        assert set(text) & set("\n\r\u2028\u2029")  # of several lines, in a verbatim string
        return
    tokens = [token for token in syntax.tokens(query) if token.kind != "comment"]
    benign = [token for token in syntax.tokens(filled("WS")) if token.kind != "comment"]
    assert [token.kind for token in tokens] == [token.kind for token in benign]
    strings = [token.text for token in tokens if token.kind == "string"]
    assert strings[2] == '@"\\{1,3}' + text.replace('"', '""') + '"'
    for quoted, before in ((strings[0], ""), (strings[1], "x"), (strings[3].removeprefix("h"), "")):
        # Of the control characters, some are written as \u001f, which unquote leaves to the service.
        assert syntax.unquote(quoted) == before + text or not text.isprintable()


@given(st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp", "Cf"]), max_size=20))
def test_an_engine_reads_the_value_back(text: str) -> None:
    with duckdb_kql.connect(":memory:") as connection:
        for template in ('print x = "{text}"', "print x = '{text}'", 'print x = @"{text}"'):
            assert duckdb_kql.kql(connection, fill(template, {"text": text})).fetchall() == [(text,)]


@pytest.mark.parametrize(
    ("values", "written"),
    [
        (["a'b", 'c"d', "e\\f", "x\ny"], r'''"a'b", "c\"d", "e\\f", "x\ny"'''),
        ([1, True, -5], "1, true, -5"),
        ([2**63], f"decimal({2**63}.0)"),
        ([1.5], "real(1.5)"),
        ([], ""),
    ],
)
def test_lists(values: list[object], written: str) -> None:
    assert values_of_list(values) == written


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (dt.datetime(2024, 3, 11, 8, 30), "2024-03-11T08:30:00Z"),
        (dt.datetime(2024, 3, 11, 8, 30, tzinfo=dt.timezone(dt.timedelta(hours=2))), "2024-03-11T06:30:00Z"),
        (pd.Timestamp("2024-03-11T23:59:59.9999999Z"), "2024-03-11T23:59:59.9999999Z"),
    ],
)
def test_times(value: object, written: str) -> None:
    assert moment(value) == written


@pytest.mark.parametrize(
    ("template", "values", "said"),
    [
        ("T | where a == {b}", {}, "no value for b"),
        ("T | where a == @'{b}'", {"b": "x\ny"}, "several lines"),
        ("T | where a == ```{b}```", {"b": "``` | take 1"}, "cannot stand between"),
        ('T | extend split(a, "{path_separator}")', {"path_separator": '" | take 1'}, "no text as a KQL string"),
        ('T | extend split(a, "{path_separator}")', {"path_separator": "\\"}, "no text as a KQL string"),
        ("T | where a == '{b}'", {"b": "\ud800"}, "half a character"),
    ],
)
def test_values_that_cannot_stand_there(template: str, values: dict[str, object], said: str) -> None:
    with pytest.raises((KqlCellError, KqlConversionError)) as caught:
        fill(template, values)
    assert said in str(caught.value)
    assert isinstance(caught.value, KqlError)


def test_a_separator_is_written_as_in_kql() -> None:
    assert fill('split(a, "{path_separator}")', {"path_separator": "\\\\"}) == r'split(a, "\\")'


def test_a_value_that_looks_like_a_template_is_none() -> None:
    assert fill("T | where a == '{b}' and c == '{d}'", {"b": "{d}", "d": "kqlext_value_0_"}) == (
        "T | where a == '{d}' and c == 'kqlext_value_0_'"
    )


def test_a_comment_stays_one() -> None:
    assert fill("T // {b}\n| take 1", {"b": "x\n| take 5"}) == "T // x | take 5\n| take 1"
