"""Arrow tables of the embedded engine -> ``DataSet``: the same columns as a Kusto service would give."""

from __future__ import annotations

import datetime as dt
import math
import uuid
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from kqlext.decode.dynamic import DynamicValues
from kqlext.decode.tables import Column, DataSet, Table
from kqlext.decode.timespans import TICKS_PER_SECOND, durations, format_timespan
from kqlext.decode.types import ARROW_ERRORS
from kqlext.services.base import ArrowAnswer

_YEAR_1, _YEAR_10000 = -62_135_596_800_000_000, 253_402_300_800_000_000  # microseconds since 1970


def decode_arrow(answers: Sequence[ArrowAnswer]) -> DataSet:
    """Type the columns of engine results. Warns of every column that could not become its Kusto type."""
    warnings: list[str] = []
    tables = []
    for answer in answers:
        names = answer.table.column_names
        columns = tuple(
            _column(name, kusto_type, answer.table.column(index), warnings)
            for index, (name, kusto_type) in enumerate(zip(names, answer.types, strict=True))
        )
        tables.append(Table("PrimaryResult", columns, answer.table.num_rows))
    return DataSet(tuple(tables), warnings=tuple(warnings))


def _column(name: str, kusto_type: str, data: Any, warnings: list[str]) -> Column:
    try:
        notes: list[str] = []
        if kusto_type not in _CONVERTERS:
            raise pa.ArrowInvalid("an unknown type")
        converted = _CONVERTERS[kusto_type](data, notes)
        warnings.extend(f"Column '{name}' {note}." for note in notes)
        return Column(name, kusto_type, converted)
    except ARROW_ERRORS as error:
        if kusto_type == "long" and pa.types.is_decimal(data.type):  # a sum that 64 bits do not hold
            warnings.append(f"Column '{name}' holds integers beyond 64 bits and is a decimal.")
            return Column(name, "decimal", data.cast(pa.decimal128(38, 0)))
        warnings.append(f"Column '{name}' cannot be held as {kusto_type} and is kept as text ({error}).")
        return Column(name, "string", _as_text(data))


def _as_text(data: Any) -> Any:
    if pa.types.is_timestamp(data.type):  # numpy writes the years that Python does not know
        values = [None if v is None else np.datetime64(v, data.type.unit) for v in data.cast(pa.int64()).to_pylist()]
    else:
        values = data.to_pylist()
    return pa.array([None if value is None else str(value) for value in values], pa.string())


def _cast(arrow_type: Any) -> Callable[[Any, list[str]], Any]:
    return lambda data, _: data.cast(arrow_type)


def _text(data: Any, _: list[str]) -> Any:
    if pa.types.is_binary(data.type):
        return pa.array([None if value is None else value.hex() for value in data.to_pylist()], pa.string())
    return data.cast(pa.string())


def _datetime(data: Any, _: list[str]) -> Any:
    if not pa.types.is_timestamp(data.type):
        data = data.cast(pa.timestamp("us"))
    unit = "ns" if data.type.unit == "ns" else "us"
    data = data.cast(pa.timestamp(unit, data.type.tz))
    bounds = pc.min_max(data.cast(pa.int64())).as_py()
    if unit == "us" and bounds["min"] is not None and not _YEAR_1 <= bounds["min"] <= bounds["max"] < _YEAR_10000:
        raise pa.ArrowInvalid("years outside 1..9999")
    return pc.assume_timezone(data, "UTC") if data.type.tz is None else data.cast(pa.timestamp(unit, "UTC"))


def _timespan(data: Any, notes: list[str]) -> Any:
    if pa.types.is_time(data.type):
        return data.cast(pa.int64()).cast(pa.duration(data.type.unit))
    if pa.types.is_duration(data.type):
        return data
    return durations([_interval_ticks(interval) for interval in data.to_pylist()], notes)


def _interval_ticks(interval: Any) -> int | None:
    if interval is None:
        return None
    if interval.months:
        raise pa.ArrowInvalid("an interval of months has no fixed length")
    ticks: int = interval.days * 86_400 * TICKS_PER_SECOND + interval.nanoseconds // 100
    return ticks


def _dynamic(data: Any, _: list[str]) -> Any:
    if pa.types.is_string(data.type) or pa.types.is_large_string(data.type):
        return DynamicValues(texts=data)
    return DynamicValues([_in_dynamic(value) for value in data.to_pylist()])


def _in_dynamic(value: Any) -> Any:
    """A value inside of a dynamic one, which is JSON in Kusto: times and lengths of time are texts, and so is NaN."""
    if isinstance(value, list):
        return [_in_dynamic(item) for item in value]
    if isinstance(value, dict):
        return {str(key): _in_dynamic(item) for key, item in value.items()}
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, dt.datetime):
        zoned = value if value.tzinfo is not None else value.replace(tzinfo=dt.UTC)
        return f"{zoned.astimezone(dt.UTC).replace(tzinfo=None).isoformat(timespec='microseconds')}0Z"
    if isinstance(value, pa.MonthDayNano) and not value.months:
        ticks = _interval_ticks(value)
        return None if ticks is None else format_timespan(ticks)
    return str(value) if isinstance(value, (uuid.UUID, dt.date, dt.time, pa.MonthDayNano)) else value


_CONVERTERS: dict[str, Callable[[Any, list[str]], Any]] = {
    "bool": _cast(pa.bool_()),
    "int": _cast(pa.int32()),
    "long": _cast(pa.int64()),
    "real": _cast(pa.float64()),
    "decimal": lambda data, _: data,
    "string": _text,
    "guid": _text,
    "datetime": _datetime,
    "timespan": _timespan,
    "dynamic": _dynamic,
}
