"""A decoded table -> a file: Parquet with all its types, or CSV as Kusto writes values."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kqlext.errors import KqlConversionError

if TYPE_CHECKING:
    from kqlext.decode.tables import Column, Table

_WRITTEN_BY_ARROW = ("bool", "int", "long", "real", "decimal", "string", "guid")


def to_parquet(table: Table, path: str | os.PathLike[str]) -> Path:
    """Write a table as Parquet: times in nanoseconds or microseconds, dynamic as JSON text, the Kusto type of each
    column in its metadata.

    Raises:
        KqlConversionError: a name stands twice, which readers of Parquet do not take; the file cannot be written.
    """
    import pyarrow as pa
    from pyarrow import parquet

    _check_names(table)
    try:
        parquet.write_table(table.to_arrow(), path)
    except (OSError, pa.ArrowException) as error:
        raise _not_written(path, error) from None
    return Path(path)


def to_csv(table: Table, path: str | os.PathLike[str]) -> Path:
    """Write a table as CSV, in UTF-8 with a header.

    Times, durations and dynamic values stand as Kusto writes them, texts in quotes, and a null as nothing at all, so
    that it is no empty text.

    Raises:
        KqlConversionError: a name stands twice; the file cannot be written.
    """
    import pyarrow as pa
    from pyarrow import csv

    arrays = _csv_arrays(table)
    try:
        csv.write_csv(pa.table(arrays, names=table.column_names), path)
    except (OSError, pa.ArrowException) as error:
        raise _not_written(path, error) from None
    return Path(path)


def csv_text(table: Table) -> str:
    """The same as a text.

    Raises:
        KqlConversionError: a name stands twice.
    """
    import pyarrow as pa
    from pyarrow import csv

    sink = pa.BufferOutputStream()
    csv.write_csv(pa.table(_csv_arrays(table), names=table.column_names), sink)
    return str(sink.getvalue().to_pybytes(), "utf-8")


def _csv_arrays(table: Table) -> list[Any]:
    _check_names(table)
    return [_csv_array(column) for column in table.columns]


def _csv_array(column: Column) -> Any:
    import pyarrow as pa

    if column.type in _WRITTEN_BY_ARROW:
        return column.data
    # Nulls are told from the values: as texts they are empty, as empty texts are.
    values = column.values(0, len(column))
    texts = column.texts(0, len(column))
    return pa.array([None if value is None else text for value, text in zip(values, texts, strict=True)], pa.string())


def _check_names(table: Table) -> None:
    names = table.column_names
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise KqlConversionError(
            f"Column '{twice}' stands twice, which files do not take.", hint="rename one in the query: project-rename"
        )


def _not_written(path: str | os.PathLike[str], error: Exception) -> KqlConversionError:
    return KqlConversionError(f"{os.fspath(path)} cannot be written: {error}", hint="check the folder and its rights")
