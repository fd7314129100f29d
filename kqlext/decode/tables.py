"""Decoded answers: ``Column`` and ``Table`` of Arrow data, and the ``DataSet`` that one response makes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from kqlext.decode.dynamic import DynamicValues, json_text
from kqlext.decode.timespans import TICKS_PER_SECOND, format_timespan
from kqlext.decode.types import find_type


@dataclass(frozen=True)
class Column:
    """One column: its name (which may be empty or stand twice), its Kusto type, and its data.

    ``data`` is an Arrow array, or ``DynamicValues`` for dynamic.
    """

    name: str
    type: str
    data: Any

    def __len__(self) -> int:
        return len(self.data)

    @property
    def align(self) -> str:
        """``right`` for numbers and durations, ``left`` for all else."""
        found = find_type(self.type)
        return found.align if found else "left"

    def values(self, start: int, stop: int) -> list[Any]:
        """Python values of some rows: datetimes are aware (UTC), timespans timedeltas, nulls None.

        A datetime or timespan with a seventh digit comes as a pandas Timestamp or Timedelta, which keep it.
        """
        if isinstance(self.data, DynamicValues):
            return list(self.data.slice(start, stop))
        piece = self.data.slice(start, max(0, stop - start))
        if pa.types.is_timestamp(piece.type) or pa.types.is_duration(piece.type):
            return [_time_value(value) for value in _microseconds(piece)]
        return piece.to_pylist()  # type: ignore[no-any-return]

    def texts(self, start: int, stop: int) -> list[str]:
        """Some rows as Kusto writes them; null is an empty text."""
        if isinstance(self.data, DynamicValues):
            return [value if isinstance(value, str) else json_text(value) or "" for value in self.values(start, stop)]
        piece = self.data.slice(start, max(0, stop - start))
        if pa.types.is_timestamp(piece.type) or pa.types.is_duration(piece.type):
            write = format_datetime if pa.types.is_timestamp(piece.type) else format_timespan
            return ["" if ticks is None else write(ticks) for ticks in _ticks(piece)]
        return [_scalar_text(value) for value in piece.to_pylist()]


def _scalar_text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, float):
        return {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}.get(str(value), repr(value))
    return str(value)


def _ticks(piece: Any) -> list[int | None]:
    per_unit = {"ns": -100, "us": 10, "ms": 10_000, "s": TICKS_PER_SECOND}[piece.type.unit]
    units = piece.cast(pa.int64()).to_pylist()
    if per_unit < 0:
        return [None if unit is None else unit // 100 for unit in units]
    return [None if unit is None else unit * per_unit for unit in units]


_EPOCH = dt.datetime(1970, 1, 1)


def format_datetime(ticks: int) -> str:
    """``2024-01-01T00:00:00.1234567Z`` of ticks since 1970; the fraction only where there is one."""
    seconds, fraction = divmod(ticks, TICKS_PER_SECOND)
    text = (_EPOCH + dt.timedelta(seconds=seconds)).isoformat()
    return f"{text}.{fraction:07}Z" if fraction else f"{text}Z"


def _microseconds(piece: Any) -> list[Any]:
    """Values of a time array, through microseconds where that loses nothing (then pandas is not needed)."""
    if piece.type.unit != "ns":
        return piece.to_pylist()  # type: ignore[no-any-return]
    coarse = pa.timestamp("us", "UTC") if pa.types.is_timestamp(piece.type) else pa.duration("us")
    try:
        return pc.cast(piece, coarse).to_pylist()  # type: ignore[no-any-return]
    except pa.ArrowInvalid:
        return piece.to_pylist()  # type: ignore[no-any-return]


def _time_value(value: Any) -> Any:
    if isinstance(value, dt.datetime) and value.tzinfo is not None and type(value) is dt.datetime:
        return value.astimezone(dt.UTC)
    return value


@dataclass(frozen=True)
class Table:
    """One table of an answer: columns of equal length."""

    name: str
    columns: tuple[Column, ...]
    num_rows: int

    @property
    def column_names(self) -> list[str]:
        return [column.name for column in self.columns]

    def to_arrow(self) -> Any:
        """A ``pyarrow.Table``. Dynamic columns become JSON text; each field's metadata names its Kusto type."""
        arrays, fields = [], []
        for column in self.columns:
            data = column.data.texts() if isinstance(column.data, DynamicValues) else column.data
            arrays.append(data)
            fields.append(pa.field(column.name, data.type, metadata={"kusto_type": column.type}))
        return pa.table(arrays, schema=pa.schema(fields))


@dataclass(frozen=True)
class DataSet:
    """All that one response says.

    Attributes:
        tables: the primary results, in order.
        visualization: what `render` asks for, by lower-case property name, or None.
        statistics: what the service says about its own work (time, memory, rows scanned), if it does.
        warnings: one sentence each, to be shown with the result.
        partial: whether the service said that rows are missing.
        completion: what a Kusto service says when it is done: ``query_info``, and ``frame``, its last one.
        raw: the answer as it came, in pages; empty unless it was to be kept.
    """

    tables: tuple[Table, ...]
    visualization: Mapping[str, Any] | None = None
    statistics: Mapping[str, Any] | None = None
    warnings: tuple[str, ...] = ()
    partial: bool = False
    completion: Mapping[str, Any] = field(default_factory=dict)
    raw: tuple[bytes, ...] = ()
