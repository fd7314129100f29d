"""Tables of recordings: Parquet files that give back the columns that were written, with their Kusto types.

The file's own columns are numbered: names may be empty or stand twice, and stand in the recording. Dynamic values are
JSON text.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyarrow import parquet

from kqlext.decode.dynamic import DynamicValues
from kqlext.decode.tables import Column, DataSet, Table
from kqlext.recordings import RecordedColumn, RecordedTable, Recording, table_name


def _are_texts(kind: Any) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


_HELD: dict[str, Callable[[Any], bool]] = {
    "bool": pa.types.is_boolean,
    "int": pa.types.is_int32,
    "long": pa.types.is_int64,
    "real": pa.types.is_float64,
    "decimal": lambda kind: pa.types.is_decimal(kind) or pa.types.is_float64(kind),
    "datetime": lambda kind: pa.types.is_timestamp(kind) and kind.tz == "UTC",
    "timespan": pa.types.is_duration,
    "string": _are_texts,
    "guid": _are_texts,
    "dynamic": _are_texts,
}
"""Kusto type -> whether an Arrow type is one that its columns have."""


def write_table(table: Table, folder: Path, index: int) -> RecordedTable:
    """Write a table into the folder of a recording; gives what the recording says of it."""
    arrays = [
        column.data.texts() if isinstance(column.data, DynamicValues) else column.data for column in table.columns
    ]
    numbered = pa.table(arrays, names=[str(number) for number in range(len(arrays))])
    file = io.BytesIO()
    parquet.write_table(numbered, file, compression="zstd")
    content = file.getvalue()
    (folder / table_name(index)).write_bytes(content)
    columns = tuple(RecordedColumn(column.name, column.type) for column in table.columns)
    return RecordedTable(table.name, table.num_rows, columns, hashlib.sha256(content).hexdigest())


def read_recording(recording: Recording) -> DataSet:
    """The answer that was recorded.

    Raises:
        KqlResponseError: a file is missing, or is not what was written.
    """
    tables = tuple(_read_table(recording, index) for index in range(len(recording.tables)))
    return DataSet(tables, recording.visualization, recording.statistics, recording.warnings, recording.partial)


def _read_table(recording: Recording, index: int) -> Table:
    said, path = recording.tables[index], recording.table_path(index)
    try:
        content = path.read_bytes()
    except OSError as error:
        raise recording.damaged(f"{path.name} cannot be read ({error.strerror})") from None
    if hashlib.sha256(content).hexdigest() != said.sha256:
        raise recording.damaged(f"{path.name} is not the file that was written")
    try:
        found = parquet.ParquetFile(pa.BufferReader(content)).read()
    except (pa.ArrowException, OSError, ValueError) as error:
        raise recording.damaged(f"{path.name} is no Parquet file ({type(error).__name__})") from None
    held = [_HELD.get(column.type) for column in said.columns]
    fits = len(held) == found.num_columns and (not held or found.num_rows == said.rows) and said.rows >= 0
    if not fits or not all(is_held and is_held(kind) for is_held, kind in zip(held, found.schema.types, strict=True)):
        raise recording.damaged(f"{path.name} does not hold the columns that {said.name or 'the table'} has")
    columns = tuple(
        Column(column.name, column.type, _data(column.type, found.column(number)))
        for number, column in enumerate(said.columns)
    )
    return Table(said.name, columns, said.rows)


def _data(kusto_type: str, data: Any) -> Any:
    whole = data.combine_chunks()
    return DynamicValues(texts=whole) if kusto_type == "dynamic" else whole
