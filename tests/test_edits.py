"""A text that was edited, and places in it as places in what was written."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from kqlext.edits import Edit, place, written
from kqlext.errors import KqlQueryError, Span
from kqlext.services.base import Query


@st.composite
def edited(draw: st.DrawFn) -> Query:
    """A query that was edited several times."""
    query = Query(draw(st.text(max_size=20)))
    for _ in range(draw(st.integers(0, 4))):
        start = draw(st.integers(0, len(query.text)))
        end = draw(st.integers(start, len(query.text)))
        query = query.replace(Span(start, end), draw(st.text(max_size=6)))
    return query


@given(st.text(max_size=20), edited())
def test_what_was_written_comes_back(text: str, query: Query) -> None:
    again = Query(text)
    for edit in query.edits:
        start = min(edit.start, len(again.text))
        again = again.replace(Span(start, min(start + len(edit.removed), len(again.text))), edit.text)
    assert again.written == text


@given(edited(), st.data())
def test_places_stay_in_order_and_inside(query: Query, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(query.text)))
    end = data.draw(st.integers(start, len(query.text)))
    found = place(query.text, query.edits, Span(start, end))
    assert found.text == query.written
    assert 0 <= found.span.start <= found.span.end <= len(found.text)


@given(st.text("ab", min_size=3), st.text("xy"), st.text("zw"), st.data())
def test_what_was_not_edited_is_found_again(text: str, first: str, second: str, data: st.DataObject) -> None:
    middle = data.draw(st.integers(1, len(text) - 1))
    query = Query(text).replace(Span(middle, len(text)), second).insert(0, first)
    span = Span(len(first), len(first) + middle)
    assert place(query.text, query.edits, span).span.of(text) == text[:middle]


def test_inside_of_what_was_replaced_is_all_of_it() -> None:
    query = Query("let x = name; print x").replace(Span(8, 12), "long(12345)")
    assert query.text == "let x = long(12345); print x"
    assert place(query.text, query.edits, Span(13, 18)).span == Span(8, 12)
    assert place(query.text, query.edits, Span(27, 28)).span == Span(20, 21)


def test_an_error_in_a_named_text_points_into_that() -> None:
    query = Query("errors | count").insert(0, ";\n").replace(Span(0, 0), "T | where Nope == n", "errors")
    query = query.insert(0, "let errors = ")
    query = query.replace(Span(query.text.index("== n") + 3, query.text.index("== n") + 4), "long(5)")
    start = query.text.index("Nope")
    error = KqlQueryError("no", text=query.text, span=Span(start, start + 4))
    query.restore(error)
    assert (error.text, error.span, error.text_name) == ("T | where Nope == n", Span(10, 14), "errors")
    assert "  errors, line 1: T | where Nope == n\n                            ^^^^" in str(error)
    assert error.relocate("a cell", 100).span == Span(10, 14)
    assert query.written == "errors | count"


def test_an_error_about_the_query_without_its_render() -> None:
    query = Query("T | where Nope | render piechart").insert(0, "let a = 1; ")
    text = query.text[: query.text.index("| render")]
    error = KqlQueryError("no", text=text, span=Span(text.index("Nope"), text.index("Nope") + 4))
    query.restore(error)
    assert error.span is not None
    assert error.span.of(query.written) == "Nope"


def test_edits_are_undone_from_the_last() -> None:
    edits = (Edit(0, "", "ab"), Edit(1, "b", "cd"))
    assert written("acdX", edits) == "X"
