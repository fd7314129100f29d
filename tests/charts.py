"""Small tables for tests of charts: ``table_of('T:datetime n:long', rows)``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kqlext.decode.columns import table_of_rows
from kqlext.decode.tables import DataSet, Table
from kqlext.origin import Origin
from kqlext.result import Result
from kqlext.view import View

# What a column holds where a test does not care.
SAMPLES: dict[str, list[Any]] = {
    "bool": [True, False],
    "datetime": ["2024-01-01T00:00:00Z", "2024-01-02T00:00:00Z"],
    "timespan": ["00:00:01", "00:01:00"],
    "int": [1, 2],
    "long": [3, 4],
    "real": [0.5, 1.5],
    "decimal": ["1.5", "2.5"],
    "string": ["a", "b"],
    "guid": ["74be27de-1e4e-49d9-b579-fe0b331d3642"] * 2,
    "dynamic": [{"a": 1}, None],
    "times": [["2024-01-01T00:00:00Z", "2024-01-02T00:00:00Z"]] * 2,
    "numbers": [[1, 2], [3, None]],
    "texts": [["a", "b"]] * 2,
    "scalars": [2, 2.5],
    "point": [{"type": "Point", "coordinates": [8.5, 47.4]}] * 2,
}
_DYNAMIC = ("times", "numbers", "texts", "point", "scalars")


def table_of(columns: str, rows: Sequence[Sequence[Any]] | None = None) -> Table:
    """A table of columns ``name:type``, of these rows or of two that hold something of each type."""
    pairs = [tuple(column.rsplit(":", 1)) for column in columns.split()]
    if rows is None:
        rows = list(zip(*(SAMPLES[kind] for _, kind in pairs), strict=True))
    types = [(name, "dynamic" if kind in _DYNAMIC else kind) for name, kind in pairs]
    return table_of_rows("T", types, [list(row) for row in rows], [])


def result_of(
    columns: str,
    rows: Sequence[Sequence[Any]] | None = None,
    visualization: str | None = None,
    view: View | None = None,
    warnings: tuple[str, ...] = (),
    **properties: Any,
) -> Result:
    """A result of such a table with a `render`."""
    asked = {"visualization": visualization, **properties} if visualization else None
    data_set = DataSet((table_of(columns, rows),), asked, warnings=warnings)
    return Result(data_set, Origin("Samples@help", "T", 0.42), view)
