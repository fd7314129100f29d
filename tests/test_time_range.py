"""Time ranges: read exactly, cut without a gap, put into a query at the right place."""

from __future__ import annotations

import datetime as dt
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kqlext.errors import KqlCellError, KqlQueryError, Span
from kqlext.services.base import Query
from kqlext.time_range import TimeRange, iso, named_ends, over_range, parse_length, parse_range, ranged, ticks_of

NOW = dt.datetime(2024, 6, 1, 12, 0, 0, 5, tzinfo=dt.UTC)
HOUR = 3_600 * 10_000_000


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("P1D", "2024-05-31T12:00:00.0000050Z", "2024-06-01T12:00:00.0000050Z"),
        ("P2W", "2024-05-18T12:00:00.0000050Z", "2024-06-01T12:00:00.0000050Z"),
        ("PT1H30M0.5S", "2024-06-01T10:29:59.5000050Z", "2024-06-01T12:00:00.0000050Z"),
        ("2024-05-01", "2024-05-01T00:00:00Z", "2024-06-01T12:00:00.0000050Z"),
        ("2024-05-01/2024-05-02", "2024-05-01T00:00:00Z", "2024-05-02T00:00:00Z"),
        ("2024-05-01T10:00/PT1H", "2024-05-01T10:00:00Z", "2024-05-01T11:00:00Z"),
        ("P1D/2024-05-02T00:00:00Z", "2024-05-01T00:00:00Z", "2024-05-02T00:00:00Z"),
        (
            "2024-05-01T00:00:00.1234567Z/2024-05-01T02:00:00+02:00",
            "2024-05-01T00:00:00.1234567Z",
            None,
        ),
        ("2024-05-01T00:00:00-01:30/2024-05-02", "2024-05-01T01:30:00Z", "2024-05-02T00:00:00Z"),
        ("0001-01-01/9999-12-31T23:59:59.9999999Z", "0001-01-01T00:00:00Z", None),
    ],
)
def test_iso_texts_are_read_to_the_tick(text: str, start: str, end: str | None) -> None:
    if end is None:
        with pytest.raises(KqlCellError, match="is none: it ends before it begins, or leaves the years"):
            parse_range(text, NOW)
        return
    found = parse_range(text, NOW)
    assert (iso(found.start), iso(found.end)) == (start, end)


@pytest.mark.parametrize("text", ["P1M", "P1Y", "2024-01-01/P1M", "P999999999D", "2024-01-02/2024-01-01"])
def test_what_has_no_fixed_ends_is_refused(text: str) -> None:
    with pytest.raises(KqlCellError):
        parse_range(text, NOW)


@pytest.mark.parametrize(
    ("value", "ticks"),
    [("1h", HOUR), ("1.5h", HOUR * 3 // 2), ("30m", HOUR // 2), ("1d", 24 * HOUR), ("10s", HOUR // 360),
     ("PT1H", HOUR), ("P1D", 24 * HOUR), (dt.timedelta(hours=1), HOUR)],
)  # fmt: skip
def test_lengths(value: object, ticks: int) -> None:
    assert parse_length(value) == ticks


@pytest.mark.parametrize("value", ["0h", "1", "x", "-1h", "P1M", "", 5, None, dt.timedelta(0), dt.timedelta(-1)])
def test_what_is_no_length_is_refused(value: object) -> None:
    with pytest.raises(KqlCellError):
        parse_length(value)


RANGES = st.tuples(st.integers(0, 10**17), st.integers(1, 10**12)).map(lambda pair: TimeRange(pair[0], sum(pair)))


@given(RANGES, st.integers(10**9, 10**12))
def test_pieces_tile_the_range(whole: TimeRange, length: int) -> None:
    pieces = whole.cut(length)
    assert [pieces[0].start, *(piece.end for piece in pieces)] == [*(piece.start for piece in pieces), whole.end]
    assert all(0 < piece.end - piece.start <= length for piece in pieces)
    halves = whole.halves()
    assert (halves[0].start, halves[-1].end) == (whole.start, whole.end)
    assert all(first.end == second.start for first, second in itertools.pairwise(halves))


@given(st.datetimes(timezones=st.just(dt.UTC)))
def test_a_moment_is_the_same_as_text(moment: dt.datetime) -> None:
    text = iso(ticks_of(moment))
    assert parse_range(f"{text}/9999-12-31T23:59:59Z", NOW).start == ticks_of(moment)


MAY = "2024-05-01/2024-05-02"
LETS = "let _startTime = datetime(2024-05-01T00:00:00Z); let _endTime = datetime(2024-05-02T00:00:00Z); "


@pytest.mark.parametrize(
    ("text", "sent"),
    [
        ("T | where t >= _startTime", LETS + "T | where t >= _startTime"),
        ("// c\nset x;\nT | where t < _endTime", "// c\nset x;\n" + LETS + "T | where t < _endTime"),
        ("T | where s == '_startTime' // _endTime", None),
        ("let _startTime = ago(1d);\nT | where t > _startTime", None),
        (
            "let _startTime = ago(1d);\nT | where t between (_startTime .. _endTime)",
            "let _endTime = datetime(2024-05-02T00:00:00Z); "
            "let _startTime = ago(1d);\nT | where t between (_startTime .. _endTime)",
        ),
        ("T | where t > ago(1d)", None),
    ],
)
def test_the_ends_are_named_where_the_text_names_them(text: str, sent: str | None) -> None:
    assert bool(named_ends(text)) is (sent is not None)
    query = ranged(Query(text, timespan=MAY), takes_timespan=False, now=NOW)
    if sent is None:
        assert (query.text, query.timespan) == (text, MAY)
    else:
        assert (query.text, query.timespan) == (sent, None)


def test_a_service_that_takes_a_timespan_gets_the_same_one() -> None:
    query = ranged(Query("T | where t >= _startTime", timespan="P1D"), takes_timespan=True, now=NOW)
    assert query.timespan == "2024-05-31T12:00:00.0000050Z/2024-06-01T12:00:00.0000050Z"
    assert "datetime(2024-05-31T12:00:00.0000050Z)" in query.text


def test_a_piece_that_another_follows_ends_a_tick_before_it() -> None:
    query = over_range(Query("T"), True, TimeRange(0, HOUR), last=False)
    assert query.timespan == "1970-01-01T00:00:00Z/1970-01-01T00:59:59.9999999Z"
    assert over_range(Query("T"), True, TimeRange(0, HOUR)).timespan == "1970-01-01T00:00:00Z/1970-01-01T01:00:00Z"


def test_a_piece_whose_ends_the_query_names_is_asked_for_as_a_whole() -> None:
    """A service that leaves the end out must not leave the tick before it out too."""
    query = over_range(Query("T | where t >= _startTime and t < _endTime"), True, TimeRange(0, HOUR), last=False)
    assert query.timespan == "1970-01-01T00:00:00Z/1970-01-01T01:00:00Z"
    query = over_range(Query("T | where t >= _startTime"), True, TimeRange(0, HOUR), last=False)
    assert query.timespan == "1970-01-01T00:00:00Z/1970-01-01T00:59:59.9999999Z"


@pytest.mark.parametrize("text", ["2024-13-01/2024-12-31", "2024-02-30/P1D", "2024-01-01T25:00/P1D", "P1D/2024-00-01"])
def test_what_is_no_day_is_an_error_of_the_cell(text: str) -> None:
    with pytest.raises(KqlCellError, match="is no day and time"):
        parse_range(text, NOW)


def test_an_error_points_into_what_the_user_wrote() -> None:
    text = "set x;\nT | where Nope >= _startTime"
    query = ranged(Query(text, timespan=MAY), False, NOW)
    place = query.text.index("Nope")
    error = KqlQueryError("no", text=query.text, span=Span(place, place + 4))
    query.restore(error)
    assert error.text == text
    assert error.span is not None
    assert error.span.of(text) == "Nope"
    inside = KqlQueryError(
        "no", text=query.text, span=Span(query.text.index("_endTime"), query.text.index("_endTime") + 3)
    )
    query.restore(inside)
    assert inside.span is not None
    assert inside.span.start == text.index("T |")
