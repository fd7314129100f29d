"""Values of the notebook -> what a query takes along. Here: the tables that the embedded engine may read."""

from __future__ import annotations

from collections.abc import Mapping

from kqlext import syntax

_TABLE_TYPES = frozenset(
    {
        ("pandas", "DataFrame"),
        ("polars", "DataFrame"),
        ("pyarrow", "Table"),
        ("pyarrow", "RecordBatch"),
        ("kqlext", "Result"),
    }
)


def is_table(value: object) -> bool:
    """Whether a value is a table that the embedded engine can read. Imports none of the libraries."""
    kind = type(value)
    return (kind.__module__.partition(".")[0], kind.__name__) in _TABLE_TYPES


def notebook_tables(text: str, namespace: Mapping[str, object]) -> dict[str, object]:
    """The tables of the notebook whose names stand in a query where a table's may."""
    names = syntax.table_candidates(text)
    return {name: namespace[name] for name in sorted(names) if name in namespace and is_table(namespace[name])}
