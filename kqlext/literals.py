"""Python values -> typed KQL literals. Pure; imports none of the libraries whose values it takes.

A literal says exactly what the value is, or there is none: what KQL cannot hold is an error that says how to make it
fit. A value is never code: whatever a text holds, its literal is one string.

| Python                                | KQL                                                              |
|---------------------------------------|------------------------------------------------------------------|
| bool, numpy.bool_                     | bool                                                             |
| int, numpy integers                   | long; decimal beyond 64 bits                                     |
| float, numpy floats                   | real, with nan and infinities                                    |
| Decimal                               | decimal, up to 34 digits                                         |
| str, numpy.str_                       | string; bytes are an error                                       |
| datetime, Timestamp, datetime64, date | datetime in UTC (naive is UTC), to the tick of 100 ns            |
| timedelta, Timedelta, timedelta64     | timespan, to the tick                                            |
| UUID                                  | guid                                                             |
| None, NaT, NA                         | null: of dynamic, or of datetime or timespan where that is known |
| list, tuple, set, dict, Series, array | dynamic                                                          |
| Enum                                  | what its value is                                                |

Sources: the scalar data types of the KQL reference; how the language's own parser ends a string (a line separator,
U+2028, ends it as a line feed does).
"""

from __future__ import annotations

import datetime as dt
import math
import re
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from kqlext.plain_values import Length, Moment, Null, plain, refusal
from kqlext.time_range import TICKS_PER_SECOND, iso, ticks_of

_DIGITS = 34  # that 128 bits surely hold, before and behind the point together
_64_BITS = range(-(2**63), 2**63)
_YEARS = range(*(ticks_of(moment.replace(tzinfo=dt.UTC)) for moment in (dt.datetime.min, dt.datetime.max)))
_DEEPEST = 50


@dataclass(frozen=True, slots=True)
class Literal:
    """A value as KQL: its type, and the literal."""

    type: str
    text: str


def literal(value: object, embedded: bool = False) -> Literal:
    """The KQL literal of a value.

    Args:
        embedded: whether it is for the embedded engine, which takes control characters of a text as they are and knows
            no escapes for them, computes decimals as doubles, and holds times to the microsecond.

    Raises:
        KqlConversionError: KQL, or the embedded engine, cannot hold the value exactly.
    """
    found = plain(value)
    write = _WRITERS.get(type(found))
    if write is not None:
        return write(found, embedded)
    return Literal("dynamic", dynamic(found, embedded))


def dynamic(value: object, embedded: bool = False) -> str:
    """Any value as one of type dynamic, also a text or a number.

    Raises:
        KqlConversionError: as ``literal``.
    """
    return f"dynamic({_json(value, embedded, 0)})"


def string(value: str, embedded: bool = False) -> str:
    """A text as a string literal in double quotes.

    Raises:
        KqlConversionError: it holds half a character (a lone surrogate).
    """
    broken = _SURROGATE.search(value)
    if broken is not None:
        raise refusal(
            f"A text holds half a character at offset {broken.start():,} (the lone surrogate U+{ord(broken[0]):04X}).",
            "text.encode('utf-8', 'replace').decode() puts ? in the place of what is broken",
        )
    special = _SHORT_SPECIAL if embedded else _SPECIAL
    return f'"{special.sub(_escaped, value)}"'


_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_SHORT_SPECIAL = re.compile(r'[\\"\n\r\t]')
_SPECIAL = re.compile(r'[\\"\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff]')
_SURROGATE = re.compile("[\ud800-\udfff]")


def _escaped(found: re.Match[str]) -> str:
    return _ESCAPES.get(found[0]) or f"\\u{ord(found[0]):04x}"


def timespan_text(ticks: int) -> str:
    """``[-]d.hh:mm:ss[.fffffff]``."""
    seconds, fraction = divmod(abs(ticks), TICKS_PER_SECOND)
    days, seconds = divmod(seconds, 86_400)
    clock = f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    return f"{'-' if ticks < 0 else ''}{days}.{clock}" + (f".{fraction:07}" if fraction else "")


# --- one function for each kind of scalar ----------------------------------------------------------------


def _bool(value: bool, _: bool) -> Literal:
    return Literal("bool", "true" if value else "false")


def _int(value: int, embedded: bool) -> Literal:
    if value in _64_BITS:
        return Literal("long", f"long({value})")
    if abs(value) >= 10**_DIGITS:
        raise refusal(
            f"A whole number of more than {_DIGITS} digits is too long for KQL.",
            f"a long has 64 bits and a decimal {_DIGITS} digits: make it a text, with hex() if it is very long",
        )
    return _decimal(Decimal(value), embedded)


def _float(value: float, _: bool) -> Literal:
    if math.isfinite(value):
        return Literal("real", f"real({value!r})")
    return Literal("real", "real(nan)" if math.isnan(value) else "real(+inf)" if value > 0 else "real(-inf)")


def _decimal(value: Decimal, embedded: bool) -> Literal:
    if not value.is_finite():
        raise refusal("A Decimal that is no finite number has no literal in KQL.", "make it a float: float(value)")
    exponent = value.as_tuple().exponent
    assert isinstance(exponent, int)
    before, behind = max(0, value.adjusted() + 1), max(0, -exponent)
    if before + behind > _DIGITS:
        raise refusal(
            f"A Decimal with {before} digits before the point and {behind} behind it is too long for KQL.",
            f"a decimal holds {_DIGITS} digits: round it, or make it a text with str()",
        )
    if embedded and _as_double(value) is None:
        raise refusal(
            f"The embedded engine computes decimals as doubles, and none is exactly {value}.",
            "make it a float, or a text with str(); a Kusto service takes it as it is",
        )
    text = format(value, "f")
    return Literal("decimal", f"decimal({text if behind else text + '.0'})")


def _as_double(value: Decimal) -> str | None:
    """A double that is, or reads as, just this number; None without one."""
    double = float(value)
    return repr(double) if value in (Decimal(repr(double)), Decimal(double)) else None


def _text(value: str, embedded: bool) -> Literal:
    return Literal("string", string(value, embedded))


def _datetime(value: Moment, embedded: bool) -> Literal:
    if value.ticks // 10 * 10 not in range(_YEARS.start, _YEARS.stop + 1):
        raise refusal("A time is outside the years 1 to 9999, in UTC.", "KQL has no others")
    _check_fineness(value.ticks, embedded)
    return Literal("datetime", f"datetime({iso(value.ticks)})")


def _timespan(value: Length, embedded: bool) -> Literal:
    if value.ticks not in _64_BITS:
        raise refusal("A length of time is longer than KQL's timespan holds.", "it holds 10,675,199 days")
    _check_fineness(value.ticks, embedded)
    return Literal("timespan", f"timespan({timespan_text(value.ticks)})")


def _check_fineness(ticks: int, embedded: bool) -> None:
    if embedded and ticks % 10:
        raise refusal("The embedded engine holds times to the microsecond; one is finer.", "round it: t.round('us')")


def _guid(value: uuid.UUID, _: bool) -> Literal:
    return Literal("guid", f"guid({value})")


def _null(value: Null, _: bool) -> Literal:
    return Literal(value.type, f"{value.type}(null)")


_WRITERS: Mapping[type, Callable[[Any, bool], Literal]] = {
    bool: _bool,
    int: _int,
    float: _float,
    Decimal: _decimal,
    str: _text,
    Moment: _datetime,
    Length: _timespan,
    uuid.UUID: _guid,
    Null: _null,
}


# --- dynamic ---------------------------------------------------------------------------------------------


def _json(value: object, embedded: bool, depth: int) -> str:
    """A value inside ``dynamic(...)``: JSON, but for KQL's own escapes in its texts, and times."""
    if depth > _DEEPEST:
        raise refusal(f"A value is nested more than {_DEEPEST} levels deep.", "flatten it; it may contain itself")
    value = plain(value)
    if isinstance(value, Mapping):
        items = (f"{_key(key, embedded)}:{_json(item, embedded, depth + 1)}" for key, item in value.items())
        return f"{{{','.join(items)}}}"
    if isinstance(value, list):
        return f"[{','.join(_json(item, embedded, depth + 1) for item in value)}]"
    write = _IN_JSON.get(type(value))
    return _WRITERS[type(value)](value, embedded).text if write is None else write(value)


def _key(key: object, embedded: bool) -> str:
    text = plain(key)
    if not isinstance(text, str):
        raise refusal(f"A dict has a key of type {type(key).__name__}.", "make its keys texts: {str(k): v for ...}")
    return string(text, embedded)


def _json_int(value: int) -> str:
    if value not in _64_BITS:
        raise refusal("A whole number in a list or dict is beyond 64 bits.", "make it a text with str()")
    return str(value)


def _json_float(value: float) -> str:
    if not math.isfinite(value):
        raise refusal(f"A list or dict holds {value}; dynamic values have no such number.", "put None in its place")
    return repr(value)


def _json_decimal(value: Decimal) -> str:
    text = _as_double(value) if value.is_finite() else None
    if text is None:
        raise refusal(f"A list or dict holds Decimal('{value}'), which no double is exactly.", "make it a text")
    return text


def _json_length(value: Length) -> str:
    _timespan(value, False)
    return f'"{timespan_text(value.ticks)}"'


_IN_JSON: Mapping[type, Callable[[Any], str]] = {
    int: _json_int,
    float: _json_float,
    Decimal: _json_decimal,
    Length: _json_length,
    uuid.UUID: lambda value: f'"{value}"',
    Null: lambda _: "null",
}
