"""The tables of the notebook as a schema: DataFrames, Arrow tables and Results, which a query may name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kqlext.errors import KqlConversionError
from kqlext.parameters import is_table
from kqlext.schemas.model import Column, TableSchema

_ROWS = 100  # rows that say what a column of objects holds
_ANY = "dynamic"  # what a column counts as whose type nobody can say: it goes everywhere


def notebook_tables(namespace: Mapping[str, object]) -> tuple[TableSchema, ...]:
    """The tables that the variables hold, by name. No table is read as a whole, and none raises."""
    found = [(name, value) for name, value in list(namespace.items()) if not name.startswith("_") and is_table(value)]
    return tuple(TableSchema(name, _columns(name, value), "notebook") for name, value in sorted(found))


def _columns(name: str, value: Any) -> tuple[Column, ...]:
    if type(value).__module__.startswith("kqlext."):
        return tuple(Column(column, kind) for column, kind in value.columns.items())
    from kqlext.datatables import column_type
    from kqlext.services.local_tables import to_arrow

    first = value.slice(0, _ROWS) if hasattr(value, "slice") else value.head(_ROWS)
    try:
        table, dynamics = to_arrow(name, first, as_it_is=True)
    except Exception:  # noqa: BLE001 (what pandas and Arrow raise on odd data is without end)
        return tuple(Column(str(column), _ANY) for column in _names(value))
    columns = []
    for field in table.schema:
        try:
            columns.append(Column(field.name, column_type(name, field, field.name in dynamics)))
        except KqlConversionError:
            columns.append(Column(field.name, _ANY))
    return tuple(columns)


def _names(value: Any) -> list[Any]:
    return list(getattr(value, "columns", ()) if type(value).__module__.startswith("pandas") else value.schema.names())
