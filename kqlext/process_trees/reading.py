"""A table of events -> ``Starts``: numbers that can be compared, in an order that is not that of the rows. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import pandas as pd

from kqlext.errors import KqlConversionError
from kqlext.process_trees.schemas import Columns
from kqlext.text import one_line, plural, shorten

Numbers = Any
"""An array of numbers."""

NO_TIME = np.iinfo(np.int64).min
"""The time that is not known."""

_HEXADECIMAL = re.compile(r"0[xX][0-9a-fA-F]+")
_WHOLE = re.compile(r"([+-]?[0-9]+)(?:\.0*)?")
_DATED = r"\s*[0-9]{4}-[0-9]{2}-[0-9]{2}"
_CALENDAR = r"[A-Z][a-z]{2} [A-Z][a-z]{2} +[0-9]"  # osquery's
_CALENDAR_FORMAT = "%a %b %d %H:%M:%S %Y UTC"
_LONGEST = 40  # characters of a number
_NOTHING = ("", "-")  # what Windows writes where there is no value


@dataclass(frozen=True)
class Starts:
    """The starts of processes; each array has one item for each start.

    Numbers stand for texts: hosts and names are the same whatever their case, of paths only the last part counts, and
    -1 is none. Times are ticks of 100 ns since 1970, or ``NO_TIME``.

    Attributes:
        row: the place of the row in the table.
        is_created: whether ``time`` is when the process began by its own account, not by that of who wrote it down.
    """

    row: Numbers
    host: Numbers
    id: Numbers
    name: Numbers
    time: Numbers
    is_created: Numbers
    parent_id: Numbers
    parent_name: Numbers
    parent_time: Numbers
    grandparent_id: Numbers
    grandparent_name: Numbers
    grandparent_time: Numbers

    def __len__(self) -> int:
        return len(self.row)

    def take(self, places: Numbers) -> Starts:
        """Some of them."""
        return Starts(**{field.name: getattr(self, field.name)[places] for field in fields(self)})


def read_starts(frame: pd.DataFrame, columns: Columns) -> tuple[Starts, tuple[str, ...]]:
    """The starts in a table, and what is to be known of rows that are none: one sentence each.

    Rows of other events are left out where a column tells; rows without an id or time, and rows that say the same as
    another, are left out too, and counted. Starts are in the order of time; what is at the same time, in that of what
    it says, so that the order of the rows does not count.

    Raises:
        KqlConversionError: a column of times holds none.
    """
    notes: list[str] = []
    rows = _rows_of_starts(frame, columns, notes)
    part: Any = frame.iloc[rows]

    def read(read_value: Callable[[Any], str | None], *fields: str) -> list[Numbers]:
        return _codes([_texts(part, columns, field, read_value) for field in fields])

    process_id, parent_id, grandparent_id = read(id_text, "process_id", "parent_id", "grandparent_id")
    name, parent_name, grandparent_name = read(base_name, "name", "parent_name", "grandparent_name")
    (host,) = read(host_name, "host")
    moments, created, parent_time, grandparent_time = (
        _ticks(part, columns, field) for field in ("time", "created", "parent_created", "grandparent_created")
    )
    starts = Starts(
        rows, host, process_id, name, np.where(created == NO_TIME, moments, created), created != NO_TIME,
        parent_id, parent_name, parent_time, grandparent_id, grandparent_name, grandparent_time,
    )  # fmt: skip
    said = [code for field in ("command_line", "user", "logon_id", "target_logon_id") for code in read(text_of, field)]
    return _distinct(starts, said, notes), tuple(notes)


def _rows_of_starts(frame: pd.DataFrame, columns: Columns, notes: list[str]) -> Numbers:
    if not columns.filter:
        return np.arange(len(frame))
    wanted = columns.starts.lower()
    is_start = [(kind or "").lower() == wanted for kind in mapped(frame[columns.filter], id_text)]
    rows = np.flatnonzero(np.array(is_start, dtype=bool))
    if len(rows) < len(frame):
        others = plural(len(frame) - len(rows), "row")
        notes.append(f"{others} of other events left out: {columns.filter} is not {columns.starts}.")
    return rows


def _distinct(starts: Starts, said: list[Numbers], notes: list[str]) -> Starts:
    """The starts that can be placed, each once, in order."""
    there = (starts.id >= 0) & (starts.time != NO_TIME)
    if not there.all():
        notes.append(f"{plural(int((~there).sum()), 'row')} without a process id or a time left out.")
    last = np.where(starts.name < 0, np.iinfo(np.int64).max, starts.name)  # those without a name are behind the others
    keys = [*reversed(said), starts.grandparent_time, starts.grandparent_name, starts.grandparent_id,
            starts.parent_time, starts.parent_name, starts.parent_id, last, starts.id, starts.host,
            starts.time]  # fmt: skip
    order = np.lexsort([key[there] for key in keys])
    order = np.flatnonzero(there)[order]
    again = np.zeros(len(order), dtype=bool)
    if len(order):
        again[1:] = True
        for key in keys:
            again[1:] &= key[order][1:] == key[order][:-1]
    if again.any():
        notes.append(f"{plural(int(again.sum()), 'repeated row')} left out.")
    return starts.take(order[~again])


# --- columns ---------------------------------------------------------------------------------------------


def mapped(series: Any, read_value: Callable[[Any], str | None]) -> list[str | None]:
    """What is read from each value; each different value is read once, and a null is None."""
    try:
        codes, values = pd.factorize(series)
    except TypeError:  # dynamic values
        codes, values = pd.factorize(series.map(_hashable))
    read = [read_value(value) for value in values]
    read.append(None)
    return [read[code] for code in codes]


def _texts(
    part: pd.DataFrame, columns: Columns, field: str, read_value: Callable[[Any], str | None]
) -> list[str | None]:
    if field not in columns.fields:
        return [None] * len(part)
    return mapped(part[columns.fields[field]], read_value)


def _codes(texts: list[list[str | None]]) -> list[Numbers]:
    """Numbers for texts, the same for the same text in all of the columns, in the order of the texts; -1 for none."""
    together = np.array([text for column in texts for text in column], dtype=object)
    codes, _ = pd.factorize(together, sort=True)
    return list(codes.astype(np.int64).reshape(len(texts), -1))


def _hashable(value: Any) -> Any:
    return json.dumps(value, default=str, sort_keys=True) if isinstance(value, dict | list) else value


def text_of(value: Any) -> str | None:
    """A value as a text; what Windows writes where there is none, is none."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    text = str(value)
    return None if text.strip() in _NOTHING else text


def id_text(value: Any) -> str | None:
    """The id of a process in decimal digits, whether it is ``0x1f4``, ``'500'``, ``500`` or, from a CSV, ``500.0``.

    What is no number stands for itself, such as Sysmon's ``{365ABB72-...}``.
    """
    text = (text_of(value) or "").strip()
    if _HEXADECIMAL.fullmatch(text):
        return str(int(text, 16))
    if (whole := _WHOLE.fullmatch(text)) and len(text) < _LONGEST:
        return str(int(whole[1]))
    return text.lower() or None


def base_name(value: Any) -> str | None:
    """The last part of a path, in lower case: one table has the whole of it where another has the name."""
    text = (text_of(value) or "").strip().strip('"')
    return re.split(r"[\\/]", text.rstrip("\\/"))[-1].lower() or None


def host_name(value: Any) -> str | None:
    """Names of hosts are the same whatever their case, for Windows and for DNS."""
    return (text_of(value) or "").strip().lower() or None


def is_hexadecimal(series: Any) -> bool:
    """Whether ids are written in hexadecimal, which is how Windows' tools then show them too."""
    return any(_HEXADECIMAL.fullmatch(value.strip()) for value in pd.unique(series) if isinstance(value, str))


def _ticks(part: pd.DataFrame, columns: Columns, field: str) -> Numbers:
    """Times as ticks of 100 ns; those without a zone are in UTC."""
    if field not in columns.fields:
        return np.full(len(part), NO_TIME)
    series = part[columns.fields[field]]
    moments = _moments(series, columns.fields[field])
    units = moments.to_numpy().astype(np.int64)
    per_unit = {"s": 10_000_000, "ms": 10_000, "us": 10, "ns": 0}[np.datetime_data(moments.dtype)[0]]
    ticks = units * per_unit if per_unit else units // 100
    return np.where(moments.isna().to_numpy(), NO_TIME, ticks)


def _moments(series: Any, name: str) -> Any:
    """Datetimes without a zone, in UTC.

    Raises:
        KqlConversionError: the column has values, and none is a time.
    """
    if isinstance(series.dtype, pd.DatetimeTZDtype):
        return series.dt.tz_convert("UTC").dt.tz_localize(None)
    if pd.api.types.is_datetime64_dtype(series.dtype):
        return series
    read = None
    if not pd.api.types.is_numeric_dtype(series.dtype) and not pd.api.types.is_timedelta64_dtype(series.dtype):
        texts = pd.Series(mapped(series, text_of), index=series.index, dtype=object)
        read = _parsed(texts, _DATED, "ISO8601")
        calendar = _parsed(texts, _CALENDAR, _CALENDAR_FORMAT)
        read = read.where(read.notna(), calendar.astype(read.dtype))
    if read is None or (read.isna().all() and series.notna().any()):
        sample = shorten(one_line(str(series.dropna().iloc[0])), 40) if series.notna().any() else "numbers"
        raise KqlConversionError(
            f"Column {name} holds no times that can be read, but such as {sample}.",
            hint="todatetime() in the query makes times, or pandas.to_datetime",
        )
    return read.dt.tz_localize(None)


def _parsed(texts: Any, beginning: str, form: str) -> Any:
    """The texts that begin so as times; pandas would also take "today" for one, whatever the format."""
    begins = texts.str.match(beginning, na=False).astype(bool)
    return pd.to_datetime(texts.where(begins), utc=True, errors="coerce", format=form)
