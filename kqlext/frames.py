"""DataFrames and what is like them -> ``Result``, so that what draws a result draws them too."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from kqlext.errors import KqlConversionError
from kqlext.parameters import is_table
from kqlext.result import Result
from kqlext.text import one_line, shorten


def result_of(data: object, name: str = "the data") -> Result:
    """A pandas, polars or Arrow table, a list of dicts, a dict of lists, or a Result, as a Result.

    A column that holds values of several types, or of a type that KQL has not, becomes text.

    Args:
        data: the table. Of pandas the index is a column too where it has a name, or is one of times.
        name: how errors call it.

    Raises:
        KqlConversionError: it is no table, or has two columns of one name.
    """
    if isinstance(data, Result):
        return data
    from kqlext.decode.arrow_tables import decode_arrow
    from kqlext.origin import Origin
    from kqlext.services.base import ArrowAnswer

    table, types = _typed(name, data)
    return Result(decode_arrow([ArrowAnswer(table, types)]), Origin(one_line(type(data).__name__), "", 0.0))


def _typed(name: str, data: object) -> tuple[Any, tuple[str, ...]]:
    import pyarrow as pa

    from kqlext.datatables import column_type
    from kqlext.services.local_tables import to_arrow

    try:
        arrow, dynamic = to_arrow(name, _readable(name, data), as_it_is=True)
    except KqlConversionError:
        raise
    except (ValueError, TypeError, NotImplementedError, OverflowError, AttributeError) as error:
        first = next(iter(str(error).splitlines()), type(error).__name__)
        raise KqlConversionError(
            f"{name} cannot be read: {one_line(shorten(first, 200))}", hint="look at its columns' types and texts"
        ) from None
    columns, types = [], []
    for field, values in zip(arrow.schema, arrow.columns, strict=True):
        try:
            types.append(column_type(name, field, field.name in dynamic))
            columns.append(values)
        except KqlConversionError:
            types.append("string")
            columns.append(pa.array([_text(value) for value in values.to_pylist()], pa.string()))
    return pa.table(columns, names=arrow.column_names), tuple(types)


def _readable(name: str, data: object) -> object:
    """What Arrow can read: of pandas with columns of one type each, of plain Python as a pandas table."""
    if isinstance(data, Mapping) or (isinstance(data, Sequence) and not isinstance(data, (str, bytes))):
        import pandas as pd

        if not isinstance(data, Mapping) and not all(isinstance(row, Mapping) for row in data):
            raise _no_table(name, data)
        data = pd.DataFrame(data if isinstance(data, Mapping) else list(data))
    if not is_table(data):
        raise _no_table(name, data)
    if type(data).__module__.partition(".")[0] != "pandas":
        return data
    frame: Any = data
    if frame.columns.nlevels > 1 or not frame.columns.is_unique:
        return frame  # whoever reads it says what is wrong
    if frame.index.name is None and str(frame.index.dtype).startswith("datetime64") and "index" not in frame.columns:
        frame = frame.rename_axis("index")  # a time series of pandas
    mixed = {label: _one_type(frame[label]) for label in frame.columns if str(frame[label].dtype).startswith(_MIXED)}
    frame = frame.copy(deep=False)
    for label, values in mixed.items():
        frame[label] = values
    return frame


# Types of pandas whose columns may hold anything, or what Arrow would take for a number.
_MIXED = ("object", "category", "period", "interval", "complex", "Sparse")


def _one_type(series: Any) -> Any:
    """A column of objects as it is, where all of them are of one kind; else as texts."""
    import pyarrow as pa

    if series.dtype != object:
        series = series.astype(object)
    if series.map(lambda value: isinstance(value, (dict, list, tuple, set))).any():
        return series.map(_in_json)
    zones = {value.tzinfo is None for value in series if isinstance(value, dt.datetime) and value == value}
    if len(zones) == 2:  # Arrow would take the naive ones as UTC and not say so; what reads texts does
        return series.map(_text)
    try:
        pa.array(series, from_pandas=True)
    except (pa.ArrowException, ValueError, TypeError, OverflowError):
        return series.map(_text)
    return series


def _in_json(value: Any) -> Any:
    """A value that can stand in JSON; what cannot is text."""
    if isinstance(value, dict):
        return {str(key): _in_json(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set)):
        return [_in_json(item) for item in value]
    if value is None or isinstance(value, (bool, int, str)) or (isinstance(value, float) and value == value):
        return value
    return _text(value)


def _text(value: Any) -> str | None:
    if value is None or value != value:  # NaN, NaT
        return None
    if isinstance(value, dt.datetime):
        return value.isoformat()
    return value if isinstance(value, str) else str(value)


def _no_table(name: str, data: object) -> KqlConversionError:
    return KqlConversionError(
        f"{name} is of the type {one_line(type(data).__name__)}, which is no table.",
        hint="give a Result, a pandas, polars or Arrow table, or a list of dicts",
    )
