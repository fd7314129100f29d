"""Values of the notebook -> what a query takes along: tables for the embedded engine, and time ranges."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence

from kqlext import syntax
from kqlext.errors import KqlCellError

_TABLE_TYPES = frozenset(
    {
        ("pandas", "DataFrame"),
        ("polars", "DataFrame"),
        ("pyarrow", "Table"),
        ("pyarrow", "RecordBatch"),
        ("kqlext", "Result"),
    }
)


def is_table(value: object) -> bool:
    """Whether a value is a table that the embedded engine can read. Imports none of the libraries."""
    kinds = type(value).__mro__  # a GeoDataFrame is a DataFrame too
    return any((kind.__module__.partition(".")[0], kind.__name__) in _TABLE_TYPES for kind in kinds)


def notebook_tables(text: str, namespace: Mapping[str, object]) -> dict[str, object]:
    """The tables of the notebook whose names stand in a query where a table's may."""
    names = syntax.table_candidates(text)
    return {name: namespace[name] for name in sorted(names) if name in namespace and is_table(namespace[name])}


_ISO_DATE = r"\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?"
_ISO_DURATION = r"P(?=.)(?:\d+(?:\.\d+)?[YMWD])*(?:T(?:\d+(?:\.\d+)?[HMS])+)?"
_ISO_TIMESPAN = re.compile(
    rf"{_ISO_DURATION}|{_ISO_DATE}(?:/(?:{_ISO_DATE}|{_ISO_DURATION}))?|{_ISO_DURATION}/{_ISO_DATE}"
)


_KQL_TIMESPAN = re.compile(r"(?=.*[1-9])(\d{1,7})([dhms])")


def iso_timespan(value: object) -> str | None:
    """A time range as an ISO 8601 duration or interval, which Azure Monitor and Graph take.

    Args:
        value: None, ISO text, a timespan of KQL (``7d``), a timedelta (back from now, both), or a pair of start and
            end, each a datetime (naive is UTC), a date or ISO text; the end may be a timedelta after the start.

    Raises:
        KqlCellError: it is none of these, or ends before it begins.
    """
    if value is None:
        return None
    if isinstance(value, str) and _ISO_TIMESPAN.fullmatch(value):
        return value
    if isinstance(value, str) and (literal := _KQL_TIMESPAN.fullmatch(value)):
        return f"P{literal[1]}D" if literal[2] == "d" else f"PT{literal[1]}{literal[2].upper()}"
    if isinstance(value, dt.timedelta) and value > dt.timedelta(0):
        return _iso_duration(value)
    if isinstance(value, Sequence) and not isinstance(value, str) and len(value) == 2:
        start, end = value
        if isinstance(start, dt.datetime) and isinstance(end, dt.datetime) and _utc(end) < _utc(start):
            raise KqlCellError("-timespan ends before it begins.", hint="give the start first")
        first, second = _iso_end(start), _iso_end(end)
        # A missing value of pandas (NaT) is a datetime too.
        if first and second and not first.startswith("P") and _ISO_TIMESPAN.fullmatch(f"{first}/{second}"):
            return f"{first}/{second}"
    raise KqlCellError(
        f"-timespan cannot be {value!r:.60}.",
        hint="write 1d, PT6H or 2024-01-01/2024-01-02, or name a variable with a timedelta or (start, end)",
    )


def _iso_end(value: object) -> str | None:
    if isinstance(value, dt.datetime):
        return _utc(value).isoformat().replace("+00:00", "Z")
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, dt.timedelta):
        return _iso_duration(value)
    return value if isinstance(value, str) and re.fullmatch(_ISO_DATE, value) else None


def _utc(value: dt.datetime) -> dt.datetime:
    return value.replace(tzinfo=dt.UTC) if value.tzinfo is None else value.astimezone(dt.UTC)


def _iso_duration(value: dt.timedelta) -> str:
    seconds = value.seconds + value.microseconds / 1_000_000
    text = f"{seconds:.6f}".rstrip("0").rstrip(".")
    return f"P{value.days}DT{text}S" if text != "0" else f"P{value.days}D"
