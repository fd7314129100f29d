"""Columns as Arrow arrays, and the tables made of them.

`pyarrow.array` and `pyarrow.scalar` import pandas to find out whether they were given something of it, which would
be a quarter of the time of the first load. So arrays are made from their buffers, scalars are taken from arrays.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from kqlext.samples.data.company import TENANT
from kqlext.samples.data.tables import TABLES
from kqlext.samples.draws import Numbers

if TYPE_CHECKING:
    import duckdb

Columns: TypeAlias = Mapping[str, Any]  # numbers, Arrow arrays, or one value for all rows

# Kusto type -> DuckDB type, Arrow type on the way there.
TYPES: Mapping[str, tuple[str, pa.DataType]] = MappingProxyType({
    "string": ("VARCHAR", pa.string()), "long": ("BIGINT", pa.int64()), "int": ("INTEGER", pa.int32()),
    "real": ("DOUBLE", pa.float64()), "bool": ("BOOLEAN", pa.bool_()), "datetime": ("TIMESTAMP", pa.timestamp("us")),
    "dynamic": ("JSON", pa.string()),
})  # fmt: skip


def create(connection: duckdb.DuckDBPyConnection, name: str, table: pa.Table) -> None:
    kinds = TABLES[name].items()
    casts = ", ".join(f'CAST("{column}" AS {TYPES[kind][0]}) AS "{column}"' for column, kind in kinds)
    connection.register("_kqlext_sample", table)
    try:
        connection.execute(f'CREATE TABLE "{name}" AS SELECT {casts} FROM _kqlext_sample')
    finally:
        connection.unregister("_kqlext_sample")


def arrow_table(name: str, columns: Columns) -> pa.Table:
    """A table of that name, sorted by its first time; a column not given is empty text or null."""
    kinds = TABLES[name]
    unknown = set(columns) - set(kinds)
    if unknown:
        raise ValueError(f"{name} has no columns {sorted(unknown)}")
    time = next(column for column, kind in kinds.items() if kind == "datetime")
    order = np.argsort(columns[time], kind="stable")
    given = {"Type": name, "TenantId": TENANT, **columns}
    arrays = [_array(kind, given.get(column), len(order)) for column, kind in kinds.items()]
    return pa.Table.from_arrays(arrays, names=list(kinds)).take(numbers(order))


def _array(kind: str, value: Any, count: int) -> pa.Array:
    arrow_type = TYPES[kind][1]
    if value is None and kind == "string":
        value = ""  # a Kusto string is never null
    if value is None:
        return pa.nulls(count, arrow_type)
    if isinstance(value, str):
        return pa.repeat(text_scalar(value), count)
    if isinstance(value, int | float):
        value = np.full(count, value)
    if kind == "real":
        return _reals(value)
    return (numbers(value) if isinstance(value, np.ndarray) else value).cast(arrow_type)


def _reals(values: Numbers) -> pa.Array:
    """NaN stands for null."""
    valid = np.packbits(~np.isnan(values), bitorder="little")
    return pa.Array.from_buffers(pa.float64(), len(values), [pa.py_buffer(valid), pa.py_buffer(values)])


def numbers(values: Numbers) -> pa.Array:
    buffer = pa.py_buffer(np.ascontiguousarray(values, np.int64))
    return pa.Array.from_buffers(pa.int64(), len(values), [None, buffer])


def texts(values: Sequence[str]) -> pa.Array:
    encoded = [value.encode() for value in values]
    offsets = np.zeros(len(encoded) + 1, np.int32)
    np.cumsum([len(value) for value in encoded], out=offsets[1:])
    buffers = [None, pa.py_buffer(offsets), pa.py_buffer(b"".join(encoded))]
    return pa.Array.from_buffers(pa.string(), len(encoded), buffers)


def text_scalar(value: str) -> pa.Scalar:
    return texts([value])[0]


def pick(values: Sequence[str], codes: Numbers) -> pa.Array:
    return texts(values).take(numbers(codes))


def fill(template: str, **columns: pa.Array) -> pa.Array:
    """`template` with each `<name>` replaced by that column, row by row."""
    parts = re.split(r"<(\w+)>", template)
    pieces = [columns[part] if odd % 2 else text_scalar(part) for odd, part in enumerate(parts)]
    return pc.binary_join_element_wise(*pieces, text_scalar(""))


def decimals(values: Numbers) -> pa.Array:
    return numbers(values).cast(pa.string())


def hexadecimals(values: Numbers) -> pa.Array:
    return texts([hex(value) for value in values.tolist()])


def iso_times(values: Numbers) -> pa.Array:
    """Whole seconds, as in 2007-12-31T23:59:00."""
    seconds = numbers(values).cast(pa.timestamp("us")).cast(pa.timestamp("s"))
    return pc.replace_substring(seconds.cast(pa.string()), " ", "T")


def guid(name: str) -> str:
    digits = hashlib.sha256(name.encode()).hexdigest()
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:32]}"


def guids(kind: str, count: int) -> pa.Array:
    return texts([guid(f"{kind} {number}") for number in range(count)])
