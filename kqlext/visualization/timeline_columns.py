"""The columns of a timeline: which one is the time, what its values are, and what a tooltip shows. Pure.

Names are those of Log Analytics, Microsoft Defender and Azure Data Explorer tables, the time an event begins first.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from kqlext.decode.dynamic import DynamicValues
from kqlext.decode.tables import Column, Table
from kqlext.text import one_line, plural, shorten
from kqlext.visualization.points import moments, texts
from kqlext.visualization.roles import NotDrawnError, find_columns

TIME_NAMES = (
    "TimeGenerated", "Timestamp", "StartTime", "StartTimeUtc", "FlowStartTime", "EventTime", "TimeCreatedUtc",
    "TimeCreated", "UtcTime", "EventStartTime", "CreatedDateTime", "CreatedTime", "ActivityDateTime", "calendarTime",
    "time", "datetime", "date",
)  # fmt: skip
"""What a column of times is called, the first that is there counts; compared without case."""

_TOLD = (
    "AlertName", "DisplayName", "AlertSeverity", "Severity", "SeverityLevel", "Level", "Account", "AccountName",
    "UserPrincipalName", "TargetUserName", "SubjectUserName", "User", "Computer", "DeviceName", "HostName",
    "NewProcessName", "FileName", "ProcessName", "Image", "CommandLine", "ProcessCommandLine", "ActionType", "EventID",
    "Activity", "OperationName", "ResultType", "LogonType", "IpAddress", "IPAddress", "SrcIP", "DestIP", "RemoteIP",
    "RemoteUrl", "DestPort", "SyslogMessage", "Message",
)  # fmt: skip
_TOOLTIPS = 5  # columns that a tooltip has where none are named
_DULL = re.compile(r"(?i)tenantid|type|sourcesystem|managementgroupname|mg|.*resourceid|sourcecomputerid|.*guid|_.*")
_ISO = re.compile(r"\d{4}-\d\d-\d\d(?:[T ]\d.*)?")
_LOOKED_AT = 50
_DATE = dt.date
_LEAST, _MOST = np.datetime64("0001-01-01", "us"), np.datetime64("9999-12-31T23:59:59.999999", "us")


def column_named(asked: Mapping[str, Any], name: str, table: Table) -> Column | None:
    """The one column that a property names, or None where it is not given.

    Raises:
        NotDrawnError: there is no such column, or there are several.
    """
    found = find_columns(asked.get(name), table.columns, name)
    if len(found) > 1:
        raise NotDrawnError(f"{name} takes one column")
    return table.columns[found[0]] if found else None


def columns_named(asked: Mapping[str, Any], name: str, table: Table) -> tuple[int, ...]:
    """The places of the columns that a property names."""
    return find_columns(asked.get(name), table.columns, name)


def time_column(table: Table) -> Column:
    """The time of each row where nobody says which: by its name, else the first datetime, else the first that holds
    times as ISO 8601 text.

    Raises:
        NotDrawnError: there is none.
    """
    known = [
        column
        for name in TIME_NAMES
        for column in table.columns
        if column.name.lower() == name.lower() and may_be_time(column)
    ]
    by_type = [column for column in table.columns if column.type == "datetime"]
    found = [*(column for column in known if column.type == "datetime"), *known, *by_type]
    found = found or [column for column in table.columns if may_be_time(column)]
    called_so = [column for name in TIME_NAMES for column in table.columns if column.name.lower() == name.lower()]
    if not found and called_so:
        times(called_so[0], "time", [])  # says what is wrong with it
    if not found:
        raise NotDrawnError("there is no column of datetimes, and no text that is a time (2024-01-31T12:00:00Z)")
    return found[0]


def start_of(end: Column, table: Table) -> Column | None:
    """The column that is called as that of the ends is, if there is one: StartTimeUtc of EndTimeUtc."""
    wanted = re.sub("(?i)end", lambda match: _START[match[0].islower(), match[0].isupper()], end.name)
    return next((one for one in table.columns if one.name == wanted != end.name and may_be_time(one)), None)


_START = {(True, False): "start", (False, True): "START", (False, False): "Start"}


def may_be_time(column: Column) -> bool:
    """Whether a column is a datetime, or its first texts are times."""
    if column.type == "datetime":
        return True
    if column.type != "string":
        return False
    begin = [text for text in column.texts(0, _LOOKED_AT) if text]
    return bool(begin) and sum(_moment(text) is not None for text in begin) * 2 > len(begin)


def times(column: Column, what: str, notes: list[str], needed: bool = True) -> Any:
    """The values of a column as numpy's datetimes in UTC, in microseconds; NaT where there is none.

    Texts are read as ISO 8601 only: 7/8/2019 is July in one country and August in another.

    Args:
        what: the property, for errors.
        needed: whether a row without a value is left out, which is said.

    Raises:
        NotDrawnError: it is no datetime, and no text of one.
    """
    if column.type == "datetime" and not isinstance(column.data, DynamicValues):
        found = moments(column.data).astype("datetime64[us]")
        _say_missing(int(np.isnat(found).sum()) if needed else 0, column, notes)
        return found
    if column.type not in ("string", "dynamic"):
        raise NotDrawnError(f"{what} '{column.name}' is {column.type}, not a datetime")
    written = texts(column)
    read = [None if not text else _moment(text) for text in written]
    wrong = [text for text, moment in zip(written, read, strict=True) if text and moment is None]
    if wrong and not any(moment is not None for moment in read):
        shown = one_line(shorten(str(wrong[0]), 40))
        raise NotDrawnError(
            f"{what} '{column.name}' is text such as '{shown}', which is no ISO 8601 time: make it a datetime first, "
            "with todatetime() or pandas.to_datetime()"
        )
    _say_missing(sum(not text for text in written) if needed else 0, column, notes)
    if wrong:
        shown = one_line(shorten(str(wrong[0]), 40))
        rows = f"{plural(len(wrong), 'row')} whose {column.name} is no time"
        notes.append(f"{rows} {'left out' if needed else 'drawn without it'}, such as '{shown}'.")
    zoned = sum(moment is not None and moment.tzinfo is not None for moment in read)
    there = sum(moment is not None for moment in read)
    if 0 < zoned < there:
        notes.append(f"{plural(there - zoned, 'time')} of {column.name} without a zone taken as UTC.")
    return np.array([_numpy(moment) for moment in read], dtype="datetime64[us]")


def _say_missing(count: int, column: Column, notes: list[str]) -> None:
    if count:
        notes.append(f"{plural(count, 'row')} without {column.name} left out.")


def moment_of(value: Any) -> Any:
    """One time of Python, pandas, numpy or text as numpy's, in UTC; None where it is none. Naive ones are UTC."""
    if isinstance(value, np.datetime64):
        found = value.astype("datetime64[us]")
        return None if np.isnat(found) else found
    if isinstance(value, str):
        text = value.strip()
        if text.lower().startswith("datetime(") and text.endswith(")"):
            text = text[9:-1].strip().strip("'\"")
        value = _moment(text)
    if isinstance(value, dt.datetime) and value == value:  # NaT is a datetime that is not itself
        return _numpy(value)
    return np.datetime64(value, "us") if type(value) is _DATE else None


def _moment(text: str) -> dt.datetime | None:
    text = text.strip()
    if not _ISO.fullmatch(text):
        return None
    try:
        return dt.datetime.fromisoformat(text)
    except ValueError:
        return None


def _numpy(moment: dt.datetime | None) -> Any:
    if moment is None:
        return np.datetime64("NaT", "us")
    # Not astimezone, which knows no time before year 1 that a zone may make of one in it.
    naive = np.datetime64(moment.replace(tzinfo=None).isoformat(), "us")
    offset = moment.utcoffset()
    shifted = naive if offset is None else naive - np.timedelta64(round(offset.total_seconds() * 1e6), "us")
    return min(max(shifted, _LEAST), _MOST)


# --- tooltips ----------------------------------------------------------------------------------------------


def default_tooltips(table: Table, taken: Sequence[str]) -> tuple[int, ...]:
    """A few columns that tell most of an event: those that hunters look at, else the first that are not dull."""
    names = [column.name for column in table.columns]
    found = [names.index(name) for name in _TOLD if name in names and name not in taken]
    others = [
        place
        for place, column in enumerate(table.columns)
        if column.type in ("string", "int", "long", "bool", "real") and column.name not in taken
        if place not in found and not _DULL.fullmatch(column.name)
    ]
    return tuple((found + others if len(found) < 2 else found)[:_TOOLTIPS])


def texts_of(column: Column, rows: Any) -> list[str]:
    """The values of some rows as text, null as an empty one."""
    if isinstance(column.data, DynamicValues):
        return [column.texts(row, row + 1)[0] for row in rows.tolist()]
    data = column.data.take(pa.array(rows, pa.int64()))
    return Column(column.name, column.type, data).texts(0, len(rows))
