"""Small helpers on text."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kqlext.text import did_you_mean, listing, nearest, normalize_name, one_line, plural, printable, shorten


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain\n\ttext é 日本 👍", "plain\n\ttext é 日本 👍"),
        ("\x1b[31m", "\\x1b[31m"),
        ("a\rb\x00\x7f\x85\x0b", "a\\x0db\\x00\\x7f\\x85\\x0b"),
        ("\u202e\u2066\u200e\u061c", "\\u202e\\u2066\\u200e\\u061c"),
        ("a\u2028b\u2029c", "a\\u2028b\\u2029c"),
        ("\ud800", "\\ud800"),
    ],
)
def test_printable(text: str, shown: str) -> None:
    assert printable(text) == shown


@settings(deadline=None, max_examples=100)
@given(st.text(st.characters()))
def test_printable_text_is_harmless(text: str) -> None:
    shown = printable(text)
    shown.encode()
    assert all(unicodedata.category(c) not in ("Cc", "Cs", "Zl", "Zp") or c in "\n\t" for c in shown)
    assert printable(shown) == shown
    assert "\n" not in one_line(text)


def test_one_line() -> None:
    assert one_line("a\n\tb\x1b") == "a\\n\\tb\\x1b"


@pytest.mark.parametrize(
    ("text", "limit", "short"), [("abc", 3, "abc"), ("abcd", 3, "ab…"), ("", 1, ""), ("ab", 1, "…")]
)
def test_shorten(text: str, limit: int, short: str) -> None:
    assert shorten(text, limit) == short


def test_normalize_name() -> None:
    assert normalize_name("Client-ID_x") == "clientidx"


@pytest.mark.parametrize(
    ("name", "near"),
    [("clutser", "cluster"), ("CLUS-TER", "cluster"), ("databas", "database"), ("zzz", None), ("", None)],
)
def test_nearest(name: str, near: str | None) -> None:
    assert nearest(name, ["cluster", "database", "Data_Base_2"]) == near
    assert did_you_mean(name, ["cluster", "database"]) == (f"did you mean '{near}'?" if near else "")


def test_nearest_gives_the_name_as_it_is_written() -> None:
    assert nearest("displaylimt", ["display_limit"]) == "display_limit"
    assert nearest("x", []) is None


@pytest.mark.parametrize(("count", "text"), [(0, "0 rows"), (1, "1 row"), (2, "2 rows"), (53412, "53,412 rows")])
def test_plural(count: int, text: str) -> None:
    assert plural(count, "row") == text


@pytest.mark.parametrize(
    ("names", "text"),
    [
        ([], "none"),
        (["a"], "a"),
        (list("abc"), "a, b, c"),
        ([f"t{n}" for n in range(14)], "t0, t1, t2, t3, t4, t5, t6, t7, t8, t9, t10, t11 and 2 more"),
    ],
)
def test_listing(names: list[str], text: str) -> None:
    assert listing(names) == text
