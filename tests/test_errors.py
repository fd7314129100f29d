"""How errors print: the line, the caret under the right columns, one hint; the same everywhere."""

from __future__ import annotations

import inspect
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kqlext import errors
from kqlext.errors import KqlCellError, KqlError, KqlNetworkError, KqlQueryError, Span, caret_lines

CLASSES = [item for _, item in inspect.getmembers(errors, inspect.isclass) if issubclass(item, KqlError)]


def test_the_tree_in_the_docstring_is_the_tree() -> None:
    drawn = re.findall(r"── (Kql\w+)", errors.__doc__ or "")
    assert sorted(drawn) == sorted(item.__name__ for item in CLASSES if item is not KqlError)
    assert all(item.__base__ is KqlError for item in CLASSES if item is not KqlError)


@pytest.mark.parametrize("error_class", CLASSES, ids=lambda item: item.__name__)
def test_every_error_is_raised_with_the_same_arguments(error_class: type[KqlError]) -> None:
    error = error_class("It failed.", hint="do this", code="E1", text="T | x", span=Span(4, 5), request_id="r;1")
    assert str(error) == "E1: It failed.\n  line 1: T | x\n              ^\nHint: do this\nClient request id: r;1"
    assert error._render_traceback_() == [
        f"{error_class.__name__}: E1: It failed.",
        "  line 1: T | x",
        "              ^",
        "Hint: do this",
        "Client request id: r;1",
    ]
    assert error.args == ("It failed.",)


def test_what_is_not_known_is_not_printed() -> None:
    assert str(KqlError("It failed.")) == "It failed."
    assert str(KqlError("E1: It failed.", code="E1")) == "E1: It failed."
    assert str(KqlError("It failed.", text="T")) == "It failed."
    assert str(KqlNetworkError("It failed.")).splitlines()[1].startswith("Hint: check the cluster's name")


def test_control_characters_are_written_out() -> None:
    error = KqlError("a\x1b[31mb\u202ec", hint="\x07", text="\x1bT", span=Span(1, 2), request_id="\x00")
    assert "\x1b" not in str(error)
    assert str(error).splitlines() == [
        "a\\x1b[31mb\\u202ec",
        "  line 1: \\x1bT",
        "              ^",
        "Hint: \\x07",
        "Client request id: \\x00",
    ]


def test_relocate() -> None:
    error = KqlQueryError("No x.", text="T | x", span=Span(4, 5))
    assert error.relocate("%%kql\nT | x", 6) is error
    assert error.span is not None
    assert error.span.of(error.text or "") == "x"
    assert str(error).splitlines()[1] == "  line 2: T | x"
    assert KqlQueryError("No x.").relocate("T", 1).span is None


@pytest.mark.parametrize(
    ("text", "span", "line", "under"),
    [
        ("T | x", (4, 5), "  line 1: T | x", "x"),
        ("a\nbcd\ne", (3, 4), "  line 2: bcd", "c"),
        ("a\nbcd\ne", (3, 99), "  line 2: bcd", "cd"),
        ("a\r\nbcd\r\n", (3, 6), "  line 2: bcd", "bcd"),
        ("\tx", (1, 2), "  line 1:  x", "x"),
        ("T", (1, 1), "  line 1: T", " "),
        ("T", (99, 100), "  line 1: T", " "),
        ("T", (-5, 0), "  line 1: T", "T"),
        ("a\nb", (1, 1), "  line 1: a", " "),
        ("", (0, 0), "  line 1: ", " "),
        ("日本 x", (3, 4), "  line 1: 日本 x", None),
    ],
)
def test_caret_lines(text: str, span: tuple[int, int], line: str, under: str | None) -> None:
    shown, carets = caret_lines(text, Span(*span))
    assert shown == line
    if under is not None:
        begin = carets.index("^")
        assert (shown + " " * 99)[begin : begin + carets.count("^")] == under
    assert set(carets) == {" ", "^"}


@pytest.mark.parametrize(
    ("before", "columns"),
    [("日本", 4), ("e\u0301", 1), ("\u200b", 0), ("👍", 2), ("a\ufe0f", 1), ("\x1b", 4), ("ｶ", 1), ("Ａ", 2)],
)
def test_the_caret_counts_columns_of_the_terminal(before: str, columns: int) -> None:
    _, carets = caret_lines(f"{before}x", Span(len(before), len(before) + 1))
    assert carets == " " * (len("  line 1: ") + columns) + "^"


def test_a_wide_span_has_wide_carets() -> None:
    assert caret_lines("a日本b", Span(1, 3))[1] == " " * 11 + "^^^^"


@pytest.mark.parametrize("column", [0, 10, 49, 50, 51, 99, 100, 5000, 9_990])
def test_a_long_line_is_cut_around_the_span(column: int) -> None:
    text = "x" * column + "HERE!" + "y" * (10_000 - column)
    shown, carets = caret_lines(text, Span(column, column + 5))
    assert len(shown) < 120
    begin = carets.index("^")
    assert shown[begin : begin + 5] == "HERE!"
    assert carets.count("^") == 5
    assert shown.startswith("  line 1: …") is (column > 50)
    assert shown.endswith("…") is (column < 9_950)


def test_a_span_longer_than_the_window() -> None:
    shown, carets = caret_lines("x" * 1000, Span(0, 1000))
    assert len(carets) <= len(shown)


@settings(deadline=None, max_examples=150)
@given(st.text(max_size=300), st.integers(-5, 310), st.integers(-5, 310))
def test_any_span_can_be_shown(text: str, start: int, end: int) -> None:
    error = KqlCellError("x", text=text, span=Span(start, end))
    message, line, carets, _ = str(error).split("\n")
    assert line.startswith("  line ")
    assert set(carets) == {" ", "^"}
    str(error).encode()
    assert error._render_traceback_()[0] == f"KqlCellError: {message}"
