"""Time ranges: read from ISO 8601, cut into pieces, and put to a query. Pure.

A range is half-open, in ticks of 100 ns since 1970, UTC.
"""

from __future__ import annotations

import datetime as dt
import itertools
import re
from collections.abc import Collection
from dataclasses import dataclass, replace

from kqlext import syntax
from kqlext.errors import KqlCellError
from kqlext.services.base import Query, new_client_request_id

TICKS_PER_SECOND = 10_000_000
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_UNITS = {"d": 86_400, "h": 3_600, "m": 60, "s": 1}  # KQL's timespan literals, in seconds
_LITERAL = re.compile(r"(\d+(?:\.\d+)?)([dhms])")
_DURATION = re.compile(
    r"P(?=.)(?:(?P<weeks>\d+)W)?(?:(?P<days>\d+)D)?(?:T(?:(?P<hours>\d+)H)?(?:(?P<minutes>\d+)M)?"
    r"(?:(?P<seconds>\d+)(?:\.(?P<fraction>\d{1,7}))?S)?)?"
)
_SECONDS = {"weeks": 604_800, "days": 86_400, "hours": 3_600, "minutes": 60, "seconds": 1}
_DATE = re.compile(r"(\d{4}-\d\d-\d\d)(?:T(\d\d:\d\d)(?::(\d\d)(?:\.(\d{1,7})\d*)?)?(Z|[+-]\d\d:?\d\d)?)?")


@dataclass(frozen=True, order=True)
class TimeRange:
    """From ``start`` until just before ``end``, in ticks."""

    start: int
    end: int

    def kql(self, names: Collection[str]) -> str:
        """``let`` statements that give some of ``ENDS`` to the ends of the range."""
        ends = zip(ENDS, (self.start, self.end), strict=True)
        return "".join(f"let {name} = datetime({iso(end)}); " for name, end in ends if name in names)

    def __str__(self) -> str:
        return f"{iso(self.start)}/{iso(self.end)}"

    def cut(self, length: int) -> list[TimeRange]:
        """Pieces of a length in ticks that tile the range, the last one shorter where it must be."""
        starts = range(self.start, self.end, length)
        return [TimeRange(start, min(start + length, self.end)) for start in starts]

    def halves(self) -> list[TimeRange]:
        """Two pieces that tile the range; itself where it is a single tick."""
        return self.cut(max(1, (self.end - self.start + 1) // 2))


def ticks_of(moment: dt.datetime) -> int:
    """Ticks of an aware datetime."""
    return (moment - _EPOCH) // dt.timedelta(microseconds=1) * 10


_FIRST, _LAST = (ticks_of(moment.replace(tzinfo=dt.UTC)) for moment in (dt.datetime.min, dt.datetime.max))


def iso(ticks: int) -> str:
    """``2024-01-01T00:00:00Z``, with seven digits behind the second where it has a fraction."""
    seconds, fraction = divmod(ticks, TICKS_PER_SECOND)
    text = (_EPOCH + dt.timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%S")
    return f"{text.zfill(19)}.{fraction:07}Z" if fraction else f"{text.zfill(19)}Z"


def parse_range(text: str, now: dt.datetime) -> TimeRange:
    """The range of an ISO 8601 duration (back from ``now``) or interval, as ``parameters.iso_timespan`` gives it.

    Raises:
        KqlCellError: it has years or months, which have no fixed length, or no end of its own.
    """
    first, _, second = text.partition("/")
    if first.startswith("P"):
        end = _moment(second) if second else ticks_of(now)
        start = end - _duration(first)
    else:
        start = _moment(first)
        end = ticks_of(now) if not second else start + _duration(second) if second.startswith("P") else _moment(second)
    if not _FIRST <= start <= end <= _LAST:
        raise KqlCellError(f"The time range {text} is none: it ends before it begins, or leaves the years 1 to 9999.")
    return TimeRange(start, end)


def parse_length(value: object) -> int:
    """A length of time in ticks: ``1h``, ``30m``, ``PT1H``, or a timedelta.

    Raises:
        KqlCellError: it is none, or not above zero.
    """
    ticks = 0
    if isinstance(value, dt.timedelta):
        ticks = value // dt.timedelta(microseconds=1) * 10
    elif isinstance(value, str) and (literal := _LITERAL.fullmatch(value)):
        ticks = round(float(literal[1]) * _UNITS[literal[2]] * TICKS_PER_SECOND)
    elif isinstance(value, str) and _DURATION.fullmatch(value):
        ticks = _duration(value)
    if ticks <= 0:
        raise KqlCellError(
            f"{value!r:.60} is no length of time.", hint="write 1h, 30m, 1d or PT6H, or name a timedelta"
        )
    return ticks


def _duration(text: str) -> int:
    match = _DURATION.fullmatch(text)
    if match is None:
        raise KqlCellError(
            f"{text} has no fixed length in days, hours, minutes and seconds.", hint="write days, as in P30D"
        )
    parts = match.groupdict(default="0")
    seconds = sum(int(parts[name]) * length for name, length in _SECONDS.items())
    return seconds * TICKS_PER_SECOND + int(parts["fraction"].ljust(7, "0"))


def _moment(text: str) -> int:
    match = _DATE.fullmatch(text)
    assert match is not None  # iso_timespan lets nothing else through
    date, clock, seconds, fraction, zone = match.groups()
    try:
        moment = dt.datetime.fromisoformat(
            f"{date}T{clock or '00:00'}:{seconds or '00'}{(zone or 'Z').replace('Z', '+00:00')}"
        )
    except ValueError:
        raise KqlCellError(f"-timespan: {text} is no day and time.", hint="write 2024-01-31T23:59:59Z") from None
    return ticks_of(moment) + int((fraction or "0").ljust(7, "0"))


# --- queries over a range ------------------------------------------------------------------------------------

ENDS = ("_startTime", "_endTime")
"""Names of the start and the end of the time range in a query, as dashboards of Azure Data Explorer have them."""


def ranged(query: Query, takes_timespan: bool, now: dt.datetime) -> Query:
    """The query with its timespan as the ends that its text names, where it names them."""
    if query.timespan is None or not named_ends(query.text):
        return query
    return over_range(query, takes_timespan, parse_range(query.timespan, now))


def over_range(query: Query, takes_timespan: bool, span: TimeRange, last: bool = True) -> Query:
    """The query over a time range: beside it where the service takes one, and as ``_startTime`` and ``_endTime``
    where the text names them.

    Args:
        takes_timespan: whether the service takes one.
        last: whether the range ends where the user said. Another one ends where the next begins: a service that
            counts the end in must not give a row of that moment twice, unless the text names both ends itself.
    """
    named = named_ends(query.text)
    end = span.end if last or len(named) == 2 else span.end - 1
    timespan = f"{iso(span.start)}/{iso(end)}" if takes_timespan else None
    query = replace(
        query,
        timespan=timespan,
        client_request_id=new_client_request_id(query.client_request_id),
        progress=query.progress.anew(),
    )
    if not named:
        return query
    statements = syntax.statements(query.text)
    first = next((place for place in statements if not syntax.is_option(place.of(query.text))), None)
    return query if first is None else query.insert(first.start, span.kql(set(ENDS) - _own_names(query.text)))


def named_ends(text: str) -> set[str]:
    """Those of ``ENDS`` that a query names, and does not define itself."""
    return set(ENDS) & set(_words(text)) - _own_names(text)


def _own_names(text: str) -> set[str]:
    """The names that ``let`` statements of a query define."""
    return {name for let, name in itertools.pairwise(_words(text)) if let == "let"}


def _words(text: str) -> list[str]:
    return [token.text for token in syntax.tokens(text) if token.kind != "comment"]
