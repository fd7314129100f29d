"""Numbers, random values, and what a query asks about itself. Pure.

Source: the pages of these functions in the Kusto Query Language reference ("Mathematical functions", "Conversion
functions").
"""

from __future__ import annotations

import datetime as dt
import math
import re
from typing import Any

from duckdb_kql.translate import _kql_datetime_text

from kqlext.services.local_functions.rows import PREFIX, Function, once

_UNITS = ("Bytes", "KB", "MB", "GB", "TB", "PB", "EB")


def _bytes(size: float, precision: int | None, unit: str | None) -> str:
    """A size in the unit that is asked for, or the largest of which it is one or more."""
    digits = precision or 0
    if unit:
        if unit not in _UNITS:
            raise ValueError(f"format_bytes() knows the units {', '.join(_UNITS)}")
        power = _UNITS.index(unit)
    else:
        power = 0
        while abs(size) >= 1024 ** (power + 1) and power < len(_UNITS) - 1:
            power += 1
    shown = f"{size / 1024**power:.{digits}f}"
    return f"{shown.rstrip('0').rstrip('.') if '.' in shown else shown} {_UNITS[power]}"


_HEX = once(
    "{0}", "_h", "printf('%x', CASE typeof(_h) WHEN 'INTEGER' THEN CAST(_h AS BIGINT) & 4294967295 ELSE _h END)"
)

_HASHED = (
    f"CASE typeof(_a) WHEN 'TIMESTAMP' THEN {_kql_datetime_text('CAST(_a AS TIMESTAMP)')} ELSE CAST(_a AS VARCHAR) END"
)
_MOST = 1_048_576
_SPAN = re.compile(r"(-)?(?:(\d+)\.)?(\d\d):(\d\d):(\d\d)(?:\.(\d{7}))?")
_Bound = int | float | dt.datetime | dt.timedelta


def _bound(value: Any) -> _Bound:
    """A number, a time or a length of time, which dynamic values write as texts."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return value
    if isinstance(value, str):
        if span := _SPAN.fullmatch(value):
            sign, days, hours, minutes, seconds, ticks = span.groups()
            length = dt.timedelta(int(days or 0), int(seconds), int(ticks or 0) // 10, 0, int(minutes), int(hours))
            return -length if sign else length
        if value.endswith("Z") and len(value) == 28:
            return dt.datetime.fromisoformat(value[:-2])
    raise ValueError("range() takes numbers, datetimes or timespans")


def _range(start: Any, stop: Any, step: Any) -> list[Any] | None:
    """Numbers or times from ``start`` as far as ``stop``; no more than Kusto gives."""
    first, last = _bound(start), _bound(stop)
    by: Any = _bound(step) if step is not None else dt.timedelta(hours=1) if isinstance(first, dt.datetime) else 1
    zero = dt.timedelta() if isinstance(by, dt.timedelta) else 0
    if by == zero:
        return None
    found: list[Any] = []
    current: Any = first
    while (current <= last if by > zero else current >= last) and len(found) < _MOST:
        found.append(current)
        current = first + by * len(found)
    return [_dynamic(item) for item in found]


def _dynamic(value: _Bound) -> Any:
    if isinstance(value, dt.datetime):
        return f"{value:%Y-%m-%dT%H:%M:%S.%f}0Z"
    if isinstance(value, dt.timedelta):
        total = abs(value)
        clock = dt.timedelta(seconds=total.seconds)
        days = f"{total.days}." if total.days else ""
        fraction = f".{total.microseconds:06}0" if total.microseconds else ""
        return f"{'-' if value < dt.timedelta() else ''}{days}{str(clock).zfill(8)}{fraction}"
    return value


# As the page has it, round(2.15, 1) is 2.2: 21.5 is rounded, where DuckDB takes 2.15 for the 2.1499… that it is.
_ROUNDED = once(
    "struct_pack(x := CAST({0} AS DOUBLE), p := CAST({1} AS INTEGER))",
    "_q",
    "CASE WHEN _q.p < 0 THEN round(_q.x / power(10.0, -_q.p)) * power(10.0, -_q.p) "
    "WHEN isfinite(_q.x * power(10.0, _q.p)) THEN round(_q.x * power(10.0, _q.p)) / power(10.0, _q.p) "
    "WHEN _q.p >= 0 THEN _q.x END",
)

FUNCTIONS = (
    Function("round", "any any", _ROUNDED, returns="real", counts=(2,)),
    Function("rand", "long?", "CASE WHEN {0} IS NULL THEN random() ELSE floor(random() * {0}) END"),
    Function("range", "dynamic dynamic dynamic?", python=_range, returns="dynamic"),
    *(
        Function(name, "any", once("{0}", "_a", f"{PREFIX}hash_of(typeof(_a), {_HASHED})"))
        for name in ("hash", "hash_xxhash64")
    ),
    Function("number__quotient", "any any", f"{PREFIX}quotient({{0}}, {{1}})"),
    Function("number__absolute", "any", f"{PREFIX}absolute({{0}})"),
    Function("new_guid", "", "uuid()"),
    Function(
        "tohex",
        "any long?",
        once(_HEX, "_x", "lpad(_x, CAST(greatest(length(_x), least(coalesce({1}, 0), 16)) AS INTEGER), '0')"),
    ),
    Function("format_bytes", "real long? text?", python=_bytes, returns="text"),
    Function("loggamma", "real", "lgamma({0})"),
    Function("erf", "real", python=math.erf, returns="real"),
    Function("erfc", "real", python=math.erfc, returns="real"),
    Function("bitset_count_ones", "long", "CAST(bit_count({0}) AS BIGINT)"),
    Function("around", "any any any", "({0} BETWEEN {1} - {2} AND {1} + {2})"),
    Function(
        "assert",
        "bool text",
        "CASE WHEN {0} THEN TRUE ELSE CAST(error('assert() failed with message: ' || {1}) AS BOOLEAN) END",
    ),
    Function("current_database", "", "current_database()"),
)
