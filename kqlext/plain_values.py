"""Values of Python and its libraries -> the few kinds that KQL has literals of. Imports none of the libraries."""

from __future__ import annotations

import datetime as dt
import enum
import re
import uuid
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from kqlext.errors import KqlConversionError

_EPOCH = dt.datetime(1970, 1, 1)
_MICROSECOND = dt.timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Null:
    """No value, of a Kusto type."""

    type: str


@dataclass(frozen=True, slots=True)
class Moment:
    """Ticks of 100 ns since 1970, UTC."""

    ticks: int


@dataclass(frozen=True, slots=True)
class Length:
    """A length of time in ticks of 100 ns."""

    ticks: int


Plain = Null | bool | int | float | Decimal | str | Moment | Length | uuid.UUID | Mapping[Any, Any] | list[Any]


def refusal(what: str, hint: str) -> KqlConversionError:
    """The error for a value that cannot be written down exactly."""
    return KqlConversionError(what, hint=hint)


def plain(value: object) -> Plain:
    """What a value is, in the kinds that KQL knows; the items of a list or dict are as they were.

    Raises:
        KqlConversionError: it is none of these, or holds more than KQL can.
    """
    if isinstance(value, enum.Enum):
        return plain(value.value)
    library = type(value).__module__.partition(".")[0]
    if library in _LIBRARIES and (found := _LIBRARIES[library](value)) is not value:
        return plain(found)
    if value is None or isinstance(value, (Null, Moment, Length, bool, float, Decimal, uuid.UUID, Mapping)):
        return Null("dynamic") if value is None else float(value) if isinstance(value, float) else value
    if isinstance(value, (int, str)):
        return int(value) if isinstance(value, int) else str.__str__(value)
    if isinstance(value, dt.datetime):
        return Moment(_ticks_of(value))
    if isinstance(value, dt.date):
        return Moment(_ticks_of(dt.datetime(value.year, value.month, value.day)))
    if isinstance(value, dt.timedelta):
        return Length(_length_of(value))
    if isinstance(value, (bytes, bytearray, memoryview)):
        raise refusal("Bytes have no literal in KQL.", "make them text first: value.decode(), or value.hex()")
    if isinstance(value, dt.time):
        raise refusal("A time of day has no literal in KQL.", "combine it with a date, or make it a timedelta")
    if isinstance(value, Set):
        return sorted(value, key=_order)
    if isinstance(value, Sequence):
        return list(value)
    raise refusal(
        f"A value of the type {type(value).__name__} has no literal in KQL.",
        "values are numbers, texts, times, UUIDs, and lists and dicts of these; tables are DataFrames and Results",
    )


def _order(value: object) -> tuple[str, Any]:
    """Sets have no order: one that is the same each time, so that a query is."""
    return type(value).__name__, value if isinstance(value, (str, int, float, dt.date)) else repr(value)


def _ticks(nanoseconds: int, of: str) -> int:
    ticks, rest = divmod(nanoseconds, 100)
    if rest:
        raise refusal(
            f"A {of} is finer than the tick of 100 ns that KQL has.", "round it to microseconds: value.round('us')"
        )
    return ticks


def _ticks_of(value: dt.datetime) -> int:
    """A naive one is UTC. A Timestamp has nanoseconds beside what a datetime has."""
    nanoseconds: int = getattr(value, "nanosecond", 0)
    moment = dt.datetime(value.year, value.month, value.day, value.hour, value.minute, value.second, value.microsecond)
    offset = value.utcoffset() or dt.timedelta(0)
    whole = (moment - _EPOCH) // _MICROSECOND - offset // _MICROSECOND
    return _ticks(whole * 1_000 + nanoseconds, "time")


def _length_of(value: dt.timedelta) -> int:
    whole = (value.days * 86_400 + value.seconds) * 1_000_000 + value.microseconds
    return _ticks(whole * 1_000 + getattr(value, "nanoseconds", 0), "length of time")


# --- numpy, pandas, polars, Arrow ------------------------------------------------------------------------

_NANOSECONDS = {
    "W": 604_800 * 10**9, "D": 86_400 * 10**9, "h": 3_600 * 10**9, "m": 60 * 10**9, "s": 10**9, "ms": 10**6,
    "us": 1_000, "ns": 1,
}  # fmt: skip
_UNIT = re.compile(r"[<>=|]?[mM]8\[(\d*)(\w+)\]")


def _of_numpy(value: Any) -> object:
    if getattr(value, "ndim", 0) != 0:
        return list(value)
    if type(value).__name__ == "ndarray":
        return value[()]  # an array of no dimension
    kind = value.dtype.kind
    if kind in "mM":
        return _of_numpy_time(value, kind)
    if kind not in "biufUS" or not isinstance(value.item(), (bool, int, float, str, bytes)):
        raise refusal(f"A {type(value).__name__} of numpy has no literal in KQL.", "make it a float or a text first")
    return value.item()


def _of_numpy_time(value: Any, kind: str) -> object:
    if value != value:  # as NaN, NaT is not itself
        return Null("datetime" if kind == "M" else "timespan")
    count, unit = _UNIT.fullmatch(value.dtype.str).groups()  # type: ignore[union-attr]
    if kind == "M" and unit in ("Y", "M"):
        return value.astype("datetime64[D]")
    if unit not in _NANOSECONDS:
        raise refusal(f"A {value.dtype.name} has no literal in KQL.", "convert it to seconds or nanoseconds first")
    ticks = _ticks(int(value.astype("int64")) * int(count or 1) * _NANOSECONDS[unit], "time")
    return Moment(ticks) if kind == "M" else Length(ticks)


def _of_pandas(value: Any) -> object:
    name = type(value).__name__
    if name in ("NaTType", "NAType"):
        return Null("datetime" if name == "NaTType" else "dynamic")
    if isinstance(value, (dt.datetime, dt.timedelta)):
        return value
    if getattr(value, "ndim", None) == 1:  # a NaN of pandas is a value that is missing
        return [None if missing else item for item, missing in zip(value, value.isna(), strict=True)]
    raise refusal(f"A {name} of pandas has no literal in KQL.", "make it a time or a text first")


def _of_polars(value: Any) -> object:
    if type(value).__name__ != "Series":
        raise refusal(f"A {type(value).__name__} of polars has no literal in KQL.", "take a column, or its values")
    return value.to_arrow()  # Python's own times would cut nanoseconds off


def _of_arrow(value: Any) -> object:
    read = getattr(value, "as_py", None) or getattr(value, "to_pylist", None)
    if read is None or type(value).__name__ in ("Table", "RecordBatch"):
        raise refusal(f"A {type(value).__name__} of Arrow has no literal in KQL.", "take a column, or its values")
    return read()


_LIBRARIES = {"numpy": _of_numpy, "pandas": _of_pandas, "polars": _of_polars, "pyarrow": _of_arrow}
