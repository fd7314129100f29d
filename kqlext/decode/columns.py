"""Rows as they arrive -> ``Table``: each column grows by pieces, and becomes what all of its values allow."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from kqlext.decode.dynamic import json_text
from kqlext.decode.pieces import Piece, are_arrow, joined, pack, wire_values
from kqlext.decode.tables import Column, Table
from kqlext.decode.types import MISFITS, as_text, find_type
from kqlext.errors import KqlResponseError

_PIECE_CELLS, _PIECE_ROWS = 160_000, (64, 8_192)
"""How large a piece is: its values stay in the processor's cache on the way from rows to columns. The least and the
most rows keep the pieces of very wide tables from being too many, and those of narrow ones from being too long."""
_ENOUGH_ROWS = 1_024
"""Rows that become a piece at once, so that few Python objects are there while the next rows are waited for."""


class ColumnBuilder:
    """One column that grows."""

    def __init__(self, name: str, type_name: str) -> None:
        self._name = name
        self._type_name = type_name
        self._type = find_type(type_name)
        self._packed = self._type.packed if self._type else as_text
        self._pieces: list[Piece] = []

    def add(self, values: Sequence[Any]) -> None:
        """Take wire values: strings, numbers, lists and objects, as they stand in the JSON."""
        self._pieces += pack(values, self._packed, MISFITS)

    def clear(self) -> None:
        self._pieces.clear()

    def finish(self, warnings: list[str]) -> Column:
        """The column. Adds to ``warnings`` what could not be kept as it was; takes no values after that."""
        pieces = self._pieces or pack([], self._packed, MISFITS)
        self._pieces = []
        name, kusto_type = self._name, self._type
        if kusto_type is None:
            warnings.append(f"Column '{name}' has the unknown type {self._type_name!r} and is kept as text.")
            return Column(name, "string", _texts(pieces))
        notes: list[str] = []
        try:
            data = kusto_type.convert(pieces, notes)
        except MISFITS:
            warnings.append(
                f"Column '{name}' is of type {kusto_type.name}, but holds values that are not; it is kept as text."
            )
            return Column(name, "string", _texts(pieces))
        warnings.extend(f"Column '{name}' {note}." for note in notes)
        return Column(name, kusto_type.name, data)


def _texts(pieces: Sequence[Piece]) -> Any:
    if are_arrow(pieces) and all(str(piece.type) == "string" for piece in pieces):  # type: ignore[attr-defined]
        return joined(pieces)
    return as_text([value if isinstance(value, str) else json_text(value) for value in wire_values(pieces)])


class TableBuilder:
    """One table that grows by rows. ``num_rows`` counts those that it took."""

    def __init__(self, name: str, columns: Sequence[tuple[str, str]]) -> None:
        """Args: columns: name and type of each."""
        self._name = name
        self._columns = [ColumnBuilder(label, type_name) for label, type_name in columns]
        self._piece_rows = _rows_of_a_piece(len(columns))
        self._rows: list[Any] = []
        self.num_rows = 0

    def add(self, rows: list[Any]) -> None:
        """Take rows of wire values.

        Raises:
            KqlResponseError: a row is no list, or not as long as there are columns.
        """
        if not set(map(type, rows)) <= {list} or not set(map(len, rows)) <= {len(self._columns)}:
            raise KqlResponseError(f"A row of table {self._name!r} has not as many values as the table has columns.")
        self.num_rows += len(rows)
        self._rows = self._rows + rows if self._rows else rows
        if len(self._rows) >= min(self._piece_rows, _ENOUGH_ROWS):
            self._flush()

    def clear(self) -> None:
        """Forget every row: others take their place."""
        self._rows = []
        self.num_rows = 0
        for column in self._columns:
            column.clear()

    def finish(self, warnings: list[str]) -> Table:
        """The table. Adds to ``warnings`` as ``ColumnBuilder.finish`` does."""
        self._flush()
        return Table(self._name, tuple(column.finish(warnings) for column in self._columns), self.num_rows)

    def _flush(self) -> None:
        rows, self._rows = self._rows, []
        for start in range(0, len(rows), self._piece_rows):
            piece = rows[start : start + self._piece_rows]
            for column, values in zip(self._columns, zip(*piece, strict=True), strict=True):
                column.add(values)


def _rows_of_a_piece(width: int) -> int:
    least, most = _PIECE_ROWS
    return max(least, min(most, _PIECE_CELLS // max(1, width)))


def table_of_rows(name: str, columns: Sequence[tuple[str, str]], rows: list[Any], warnings: list[str]) -> Table:
    """A table of rows that are all there. Raises and warns as ``TableBuilder`` does."""
    builder = TableBuilder(name, columns)
    builder.add(rows)
    return builder.finish(warnings)


def make_table(
    name: str,
    columns: Sequence[tuple[str, str]],
    values: Iterable[Sequence[Any]],
    num_rows: int,
    warnings: list[str],
) -> Table:
    """A table of wire values, given column by column. Adds to ``warnings`` what could not be kept as it was."""
    made = [
        column_of(label, type_name, data, warnings) for (label, type_name), data in zip(columns, values, strict=True)
    ]
    return Table(name, tuple(made), num_rows)


def column_of(name: str, type_name: str, values: Sequence[Any], warnings: list[str]) -> Column:
    """A column of wire values that are all there. Warns as ``ColumnBuilder.finish`` does."""
    builder = ColumnBuilder(name, type_name)
    for start in range(0, len(values), _PIECE_ROWS[1]):
        builder.add(values[start : start + _PIECE_ROWS[1]])
    return builder.finish(warnings)
