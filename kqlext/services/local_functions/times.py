"""Times and lengths of time. Pure.

Source: the pages of these functions in the Kusto Query Language reference ("Datetime and timespan functions").
"""

from __future__ import annotations

import datetime as dt
import re

from duckdb_kql.translate.functions import _DATETIME_FORMATS

from kqlext.services.local_functions.rows import Function, once

BEGIN = 62_135_596_800_000_000
"""Microseconds from 0001-01-01, where Kusto's datetimes begin, to 1970-01-01, where DuckDB's do."""


def bin_of(value: str, size: str, fixed: str = "") -> str:
    """SQL of the bin of a datetime or a timespan: what is above its lower edge is taken off, to the microsecond.

    The bins of datetimes begin in the year 1 and those of timespans at zero, or at ``fixed``. Which it is, is known to
    DuckDB alone; both less an interval are what they were.
    """
    begin = f"CASE typeof(_b.v) WHEN 'INTERVAL' THEN 0 ELSE {BEGIN} END"
    above = f"epoch_us(_b.v) + {begin}" if not fixed else f"epoch_us(_b.v) - epoch_us({fixed})"
    rest = once(
        f"struct_pack(x := {above}, r := epoch_us({size}))", "_r", "(_r.x % NULLIF(_r.r, 0) + _r.r) % NULLIF(_r.r, 0)"
    )
    return once(f"struct_pack(v := {value})", "_b", f"_b.v - to_microseconds({rest})")


_ELEMENT = re.compile(r"(d{1,8}|f{1,7}|F{1,7}|H{1,2}|h{1,2}|m{1,2}|s{1,2}|[ /\-:,._\[\]])")


def _format(span: dt.timedelta, pattern: str) -> str:
    """A length of time as a pattern says. Its sign is not among what a pattern can say."""
    total = abs(span)
    ticks = total.microseconds * 10
    parts = {
        "d": total.days,
        "h": total.seconds // 3600,
        "m": total.seconds // 60 % 60,
        "s": total.seconds % 60,
    }
    shown, place = "", 0
    while place < len(pattern):
        match = _ELEMENT.match(pattern, place)
        if match is None:
            raise ValueError(f"format_timespan() has no {pattern[place]!r}")
        element, place = match.group(), match.end()
        kind = element[0].lower()
        if kind == "f":
            fraction = f"{ticks:07}"[: len(element)]
            shown += fraction if element[0] == "f" else fraction.rstrip("0")
        elif kind in parts:
            shown += f"{parts[kind]:0{len(element)}}"
        else:
            shown += element
    return shown


_EXACT = (
    "CASE WHEN {0} % 1000 <> 0 THEN CAST(error('the embedded engine holds times to the microsecond; these nanoseconds "
    "are finer') AS TIMESTAMP) ELSE make_timestamp({0} // 1000) END"
)

# By the tick, which is finer than DuckDB's times are: 1.001 s are 1,000,999.99… microseconds as a real.
_MICROSECONDS = "CAST(round({seconds} * 10000000) AS BIGINT) // 10"
_MADE = (
    "CASE WHEN {5} >= 0 AND {5} < 60 THEN TRY(make_timestamp({0}, {1}, {2}, {3}, {4}, 0) + to_microseconds("
    + _MICROSECONDS.format(seconds="{5}")
    + ")) END"
)
_MADE_SPAN = (
    "CASE WHEN {1} BETWEEN 0 AND 23 AND {2} BETWEEN 0 AND 59 AND {3} >= 0 AND {3} < 60 "
    "THEN to_days(CAST({0} AS INTEGER)) + to_microseconds(({1} * 60 + {2}) * 60000000 + "
    + _MICROSECONDS.format(seconds="{3}")
    + ") END"
)

# The formats that Kusto reads of those that DuckDB does: no infinity, no epoch, no years before 1, no names of zones.
_ISO = (
    r"(\d{{3}}[1-9]|\d{{2}}[1-9]0|\d[1-9]00|[1-9]000)[-/]\d{{1,2}}[-/]\d{{1,2}}"
    r"([T ]+\d{{1,2}}:\d{{2}}(:\d{{2}}([.,]\d+)?)?\s*(Z|UTC|GMT|[-+]\d{{2}}(:?\d{{2}})?)?)?"
)
_CLOCKS = ("%H:%M:%S", "%H:%M")
_DATES = tuple(f"{date}{year}" for year in ("%y", "%Y") for date in ("%a, %d %b ", "%d %b ", "%A, %d-%b-", "%d-%b-"))
_RFC = "[" + ", ".join(f"'{date} {clock}'" for date in _DATES for clock in _CLOCKS) + "]"
_FORMATS = "[" + ", ".join(f"'{text}'" for text in _DATETIME_FORMATS if "%a" not in text) + "]"
_RFC_TEXT = r"([A-Za-z]+, )?\d{{1,2}}[- ][A-Za-z]{{3}}[- ](\d{{2}}){{1,2}} \d{{1,2}}:\d{{2}}(:\d{{2}})?( (GMT|UTC))?"
_READ = (
    "CASE typeof({0}) WHEN 'TIMESTAMP' THEN TRY_CAST({0} AS TIMESTAMP) ELSE "
    + once(
        "trim(CASE typeof({0}) WHEN 'JSON' THEN to_json({0}) ->> '$' ELSE CAST({0} AS VARCHAR) END)",
        "_w",
        f"CASE WHEN regexp_full_match(_w, '{_ISO}') THEN TRY_CAST(_w AS TIMESTAMPTZ) AT TIME ZONE 'UTC' "
        f"WHEN regexp_full_match(_w, '{_RFC_TEXT}') THEN try_strptime(regexp_replace(_w, ' (GMT|UTC)$', ''), {_RFC}) "
        f"WHEN regexp_matches(_w, '\\d') THEN try_strptime(_w, {_FORMATS}) END",
    )
    + " END"
)

FUNCTIONS = (
    Function("todatetime", "any", _READ, returns="datetime"),
    Function("make_timespan", "long long long real", _MADE_SPAN, returns="timespan"),
    Function("make_datetime", "long long long long long real", _MADE),
    Function("unixtime_seconds_todatetime", "real", "make_timestamp(CAST(round({0} * 1000000) AS BIGINT))"),
    Function("unixtime_milliseconds_todatetime", "real", "make_timestamp(CAST(round({0} * 1000) AS BIGINT))"),
    Function("unixtime_microseconds_todatetime", "long", "make_timestamp({0})"),
    Function("unixtime_nanoseconds_todatetime", "long", _EXACT),
    Function("datetime_utc_to_local", "datetime text", "({0} AT TIME ZONE 'UTC' AT TIME ZONE {1})"),
    Function("datetime_local_to_utc", "datetime text", "({0} AT TIME ZONE {1} AT TIME ZONE 'UTC')"),
    Function("datetime_list_timezones", "", "(SELECT to_json(list(name ORDER BY name)) FROM pg_timezone_names())"),
    Function("format_timespan", "timespan text", python=_format, returns="text"),
)
