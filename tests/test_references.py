"""Values of heads and connection strings: read, looked up, and never shown where they may be secret."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kqlext.errors import KqlCellError
from kqlext.references import EnvironmentVariable, Reference, hide_secrets, parse_value, quote, resolve


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("'a b'", "a b"),
        ('"a b"', "a b"),
        ("''", ""),
        ("'it''s'", "it's"),
        ('"say ""x"""', 'say "x"'),
        ("'a\"b'", 'a"b'),
        ("'C:\\x'", "C:\\x"),
        ("$HOME", EnvironmentVariable("HOME")),
        ("name", Reference("name")),
        ("größe_1", Reference("größe_1")),
        ("a.b['c d'].e[0][-1]", Reference("a.b['c d'].e[0][-1]")),
        ('a["c"]', Reference('a["c"]')),
        ("1234-abcd", None),
        ("$", None),
        ("${HOME}", None),
        ("$1", None),
        ("'open", None),
        ("'", None),
        ("", None),
        ("f()", None),
        ("a + b", None),
        ("a[b]", None),
        ("a.", None),
        ("a[" + "9" * 5000 + "]", None),
        ("__import__('os').system('x')", None),
    ],
)
def test_parse_value(text: str, value: object) -> None:
    assert parse_value(text) == value


@settings(deadline=None, max_examples=100)
@given(st.text())
def test_quoted_text_is_read_back(text: str) -> None:
    assert parse_value(quote(text)) == text
    assert parse_value('"' + text.replace('"', '""') + '"') == text


NOTEBOOK: dict[str, Any] = {
    "cluster": "help",
    "clusters": {"prod": "p", "it": {"x": ["a", "b"]}},
    "config": SimpleNamespace(tenant="t", keys={"a": 1}),
    "number": 5,
}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("cluster", "help"),
        ("number", 5),
        ("clusters['prod']", "p"),
        ('clusters[ "prod" ]', "p"),
        ("clusters['it']['x'][-1]", "b"),
        ("config.tenant", "t"),
        ("config.keys['a']", 1),
    ],
)
def test_a_name_is_looked_up(path: str, value: object) -> None:
    assert resolve(Reference(path), NOTEBOOK, {}) == value


@pytest.mark.parametrize(
    ("path", "message", "hint"),
    [
        ("clutser", "There is no variable clutser in the notebook.", "did you mean 'cluster'?"),
        ("zzz", "There is no variable zzz in the notebook.", "'zzz'"),
        ("clusters['dev']", "clusters['dev'] cannot be looked up: KeyError at ['dev'].", "check the name"),
        ("config.user", "config.user cannot be looked up: AttributeError at .user.", "check the name"),
        ("number[0]", "number[0] cannot be looked up: TypeError at [0].", "check the name"),
        ("cluster[99]", "cluster[99] cannot be looked up: IndexError at [99].", "check the name"),
        ("cluster[999999999999999999]", "IndexError", "check the name"),
    ],
)
def test_a_name_that_is_not_there(path: str, message: str, hint: str) -> None:
    with pytest.raises(KqlCellError) as caught:
        resolve(Reference(path), NOTEBOOK, {})
    assert message in caught.value.message
    assert hint in caught.value.hint


def test_environment_variables() -> None:
    assert resolve(EnvironmentVariable("A"), {"A": "wrong"}, {"A": "right"}) == "right"
    with pytest.raises(KqlCellError) as caught:
        resolve(EnvironmentVariable("B"), {"B": "wrong"}, {"A": "s3cr3t"})
    assert caught.value.message == "The environment variable B is not set."
    assert "s3cr3t" not in str(caught.value)


def test_text_stands_for_itself() -> None:
    assert resolve("cluster", NOTEBOOK, {}) == "cluster"


# --- secrets ---------------------------------------------------------------------------------------------

SECRET = "s3cr3t"


@pytest.mark.parametrize(
    "text",
    [
        "kusto://clientsecret='s3cr3t';cluster='help'",
        'kusto://cluster="help";clientsecret="s3cr3t"',
        "kusto://Client_Secret = 's3cr3t' ; cluster = 'help'",
        "kusto://clientsecret=s3cr3t",
        "kusto://clientsecret=s3cr3t)s3cr3t;cluster='help'",
        "kusto://clientsecret=a s3cr3t;cluster='help'",
        "kusto://clientsecret='it''s s3cr3t; really';cluster='help'",
        "kusto://clientsecret='open s3cr3t",
        "kusto://clientsecret='open s3cr3t;database='x'",
        "kusto://cluster='open;clientsecret='s3cr3t'",
        "kusto://cluster=help clientsecret='s3cr3t'",
        "kusto://cluster='help'clientsecret='s3cr3t'",
        "kusto://cluster='a''b;clientsecret=s3cr3t'",
        "'kusto://cluster=''help'';clientsecret=''s3cr3t'''",
        "kusto().clientsecret('s3cr3t').cluster('help')",
        "kusto://cluster('help').clientsecret(s3cr3t)",
        "kusto://clientsecret(a)s3cr3t).cluster('help')",
        "kusto://clientsekret='s3cr3t'",
        "kusto://pasword='s3cr3t';username='me'",
        "loganalytics://workspace='w';appkey='s3cr3t'",
        "kusto://cluster='help';clientsecret:'s3cr3t';database='d'",
        "kusto://clientsecret=ab;s3cr3t;cluster='help'",
        "kusto://clientsecret=$s3cr3t!;cluster='help'",
        "https://me:s3cr3t@help.kusto.windows.net/Samples",
        "https://me:a@s3cr3t@help.kusto.windows.net/Samples",
        "duckdb://x.duckdb?key=s3cr3t",
        "certificate='-----BEGIN\ns3cr3t\n-----'",
    ],
)
def test_secrets_are_hidden_at_the_same_offsets(text: str) -> None:
    hidden = hide_secrets(text)
    assert SECRET not in hidden
    assert len(hidden) == len(text)
    assert [i for i, c in enumerate(hidden) if c == "\n"] == [i for i, c in enumerate(text) if c == "\n"]


@pytest.mark.parametrize(
    "text",
    [
        "kusto://code;cluster='help';database='Samples';alias='s'",
        "kusto://anonymous;cluster='http://127.0.0.1:8080';database='db'",
        "kusto://code().cluster('help').database('Samples')",
        "kusto://clientid='a-b';clientsecret=$SECRET;tenant=t;database='d'",
        "https://help.kusto.windows.net/Samples",
        "Samples@help",
        "duckdb:///data/x.duckdb",
        "loganalytics://code;workspace='w'",
    ],
)
def test_what_is_no_secret_stays(text: str) -> None:
    assert hide_secrets(text) == text


@settings(deadline=None, max_examples=100)
@given(st.text() | st.text("ab=;'\"() \n$@:/.", max_size=30))
def test_any_text_keeps_its_length(text: str) -> None:
    assert len(hide_secrets(text)) == len(text)


@settings(deadline=None, max_examples=100)
@given(
    st.sampled_from(["clientsecret", "Client-Secret", "password", "appkey", "APP_KEY", "pasword", "clientsecrt", "x"]),
    st.text("abc;='\"() .:/@$", max_size=10),
    st.text("abc;='\"() .:/@$", max_size=10),
    st.sampled_from(["kusto://cluster='help';database='d';{}", "kusto://{};cluster='help'", "{}", "'kusto://{};x'"]),
)
def test_no_quoted_secret_is_left(key: str, before: str, after: str, form: str) -> None:
    text = form.format(f"{key}={quote(f'{before}QQQ{after}')}")
    assert "QQQ" not in hide_secrets(text)
