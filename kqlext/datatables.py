"""DataFrames and Results -> ``datatable(...)[...]``, for services that cannot read the notebook's tables. Pure."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

from kqlext.errors import KqlConversionError
from kqlext.literals import dynamic, literal, string
from kqlext.options import MAX_INLINE
from kqlext.text import plural, shorten


def datatable(name: str, value: object, limit: int | None = MAX_INLINE, embedded: bool = False) -> str:
    """A pandas, polars or Arrow table or a Result as KQL: exact types, and each value as its literal.

    Kusto's strings are never null: a missing text becomes an empty one.

    Args:
        name: of the variable, for errors.
        limit: bytes that the text may have; None for no limit.
        embedded: whether it is for the embedded engine (see ``literal``).

    Raises:
        KqlConversionError: it is too large, has no columns or two of one name, or holds what KQL cannot.
    """
    from kqlext.services.local_tables import no_columns, to_arrow

    try:
        table, dynamics = to_arrow(name, value, as_it_is=True)
    except (ValueError, TypeError, NotImplementedError) as error:
        raise KqlConversionError(
            f"{name} cannot be read: {shorten(str(error), 200)}", hint="look at its columns' types and texts"
        ) from None
    if not table.num_columns:
        raise no_columns(name)
    if limit is not None and table.num_rows * table.num_columns * 2 > limit:  # no cell takes less
        raise _too_large(name, table, limit)
    kinds = [column_type(name, table.field(column), column in dynamics) for column in table.column_names]
    header = ",".join(f"[{string(column)}]:{kind}" for column, kind in zip(table.column_names, kinds, strict=True))
    parts, size = [f"datatable({header})[\n"], 0
    for row in _rows(name, table, kinds, embedded):
        parts.append(row)
        size += len(row.encode())
        if limit is not None and size > limit:
            raise _too_large(name, table, limit)
    return "".join([*parts, "]"])


def _too_large(name: str, table: Any, limit: int) -> KqlConversionError:
    return KqlConversionError(
        f"{name} has {plural(table.num_rows, 'row')} and {plural(table.num_columns, 'column')}: as part of the query "
        f"it would be longer than {limit:,} bytes.",
        hint=f"take the rows and columns that the query needs ({name}[['key']].drop_duplicates()), put it into a table "
        "of the service, query it with -on local, or raise -max_inline",
    )


def column_type(name: str, field: Any, is_dynamic: bool) -> str:
    """The Kusto type of an Arrow field.

    Raises:
        KqlConversionError: there is none for it.
    """
    import pyarrow.types as pt

    kind = field.type.value_type if pt.is_dictionary(field.type) else field.type
    said = (field.metadata or {}).get(b"kusto_type", b"").decode()
    if is_dynamic or said == "guid":
        return "dynamic" if is_dynamic else "guid"
    small = pt.is_integer(kind) and (kind.bit_width < 32 or pt.is_int32(kind))
    kinds: tuple[tuple[bool, str], ...] = (
        (pt.is_boolean(kind), "bool"),
        (small, "int"),
        (pt.is_uint64(kind), "decimal"),
        (pt.is_integer(kind), "long"),
        (pt.is_floating(kind), "real"),
        (pt.is_decimal(kind), "decimal"),
        (pt.is_timestamp(kind) or pt.is_date(kind), "datetime"),
        (pt.is_duration(kind), "timespan"),
        (pt.is_string(kind) or pt.is_large_string(kind) or str(kind) == "string_view" or pt.is_null(kind), "string"),
        (pt.is_nested(kind) and not (pt.is_map(kind) or pt.is_union(kind)), "dynamic"),
    )
    found = next((kusto for matches, kusto in kinds if matches), None)
    if found is None:
        raise KqlConversionError(
            f"Column '{field.name}' of {name} is of the type {kind}, which KQL has not.",
            hint=f"make it text first: {name}['{field.name}'].astype(str)",
        )
    return found


def _rows(name: str, table: Any, kinds: list[str], embedded: bool) -> Iterator[str]:
    """A line for each row, with a comma behind all but the last."""
    for start in range(0, table.num_rows, _CHUNK):
        piece = table.slice(start, _CHUNK)
        columns = []
        for index, kind in enumerate(kinds):
            values = piece.column(index).to_pylist()
            try:
                columns.append([_cell(value, kind, embedded) for value in values])
            except KqlConversionError as error:
                error.message = f"Column '{table.column_names[index]}' of {name}: {error.message}"
                raise
        for offset, cells in enumerate(zip(*columns, strict=True), start + 1):
            yield ",".join(cells) + (",\n" if offset < table.num_rows else "\n")


def _cell(value: Any, kind: str, embedded: bool) -> str:
    if value is None:
        return '""' if kind == "string" else f"{kind}(null)"
    if kind == "int":
        return f"int({value})"
    if kind == "dynamic":
        return dynamic(_of_json(value), embedded)
    read = _READ.get(kind)
    return literal(read(value) if read else value, embedded).text


def _of_json(value: Any) -> Any:
    """The value of JSON text; a text that is none is itself."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value


_CHUNK = 1_000
_READ: dict[str, Callable[[Any], Any]] = {
    "guid": uuid.UUID,
    "decimal": lambda value: value if isinstance(value, Decimal) else Decimal(value),
}
