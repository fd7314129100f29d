"""Answers of the same query from several sources -> one, as KQL's ``union withsource=`` puts tables together.

Columns meet by name and type: one that a source does not have is null there, and one that has another type there
becomes two columns, ``name_long`` and ``name_string``. Rows stand in the order of the sources.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from kqlext.decode.columns import column_of
from kqlext.decode.dynamic import DynamicValues
from kqlext.decode.pieces import joined
from kqlext.decode.tables import Column, Table

_Key = tuple[str, int, str]  # a column's name, which one of that name it is, and its type


@dataclass(frozen=True)
class Piece:
    """The table of one source."""

    source: str
    table: Table


def concatenate_all(
    sources: Sequence[tuple[str, Sequence[Table]]], source_column: str | None, warnings: list[str]
) -> tuple[Table, ...]:
    """The first tables of all sources as one table, the second ones as one, and so on."""
    count = max(len(tables) for _, tables in sources)
    by_place = (
        [Piece(name, tables[place]) for name, tables in sources if place < len(tables)] for place in range(count)
    )
    return tuple(concatenate(pieces, source_column, warnings) for pieces in by_place)


def concatenate(pieces: Sequence[Piece], source_column: str | None, warnings: list[str]) -> Table:
    """One table of all rows, with the source of each in a first column where one is asked for.

    Adds to ``warnings`` where columns did not meet, and what could not be kept as it was.
    """
    columns = [_keyed(piece.table) for piece in pieces]
    keys = list(dict.fromkeys(key for own in columns for key in own))
    split = _split_names(keys)
    labels = _labels(keys, split)
    warnings += [_split_note(name, labels) for name in dict.fromkeys(key[0] for key in keys if key[:2] in split)]
    warnings += _missing_notes(pieces, columns, keys, split)
    made = [_column(key, labels[key], pieces, columns, warnings) for key in keys]
    if source_column is not None:
        made.insert(0, _sources(pieces, source_column, made, warnings))
    return Table(pieces[0].table.name, tuple(made), sum(piece.table.num_rows for piece in pieces))


def _sources(pieces: Sequence[Piece], wanted: str, others: Sequence[Column], warnings: list[str]) -> Column:
    name = _free_name(wanted, {column.name for column in others})
    if name != wanted:
        warnings.append(f"The result has a column {wanted} of its own: the source is in {name}.")
    sources = [pa.repeat(pa.scalar(piece.source, pa.string()), piece.table.num_rows) for piece in pieces]
    return Column(name, "string", joined(sources))


def _keyed(table: Table) -> dict[_Key, Column]:
    counts: dict[str, int] = {}
    keyed = {}
    for column in table.columns:
        number = counts[column.name] = counts.get(column.name, 0) + 1
        keyed[column.name, number, column.type] = column
    return keyed


def _split_names(keys: Iterable[_Key]) -> set[tuple[str, int]]:
    """The columns that have several types."""
    counts = Counter((name, number) for name, number, _ in keys)
    return {column for column, count in counts.items() if count > 1}


def _labels(keys: Iterable[_Key], split: set[tuple[str, int]]) -> dict[_Key, str]:
    """The names of the columns; one that has several types has its type in it, and no name of another column."""
    labels = {key: key[0] for key in keys if key[:2] not in split}
    taken = set(labels.values())
    for key in keys:
        if key not in labels:
            labels[key] = _free_name(f"{key[0]}_{key[2]}", taken)
            taken.add(labels[key])
    return labels


def _split_note(name: str, labels: Mapping[_Key, str]) -> str:
    made = " and ".join(label for key, label in labels.items() if key[0] == name and label != name)
    return f"Column '{name}' has not the same type everywhere: it became {made}."


def _missing_notes(
    pieces: Sequence[Piece], columns: Sequence[dict[_Key, Column]], keys: Iterable[_Key], split: set[tuple[str, int]]
) -> Iterable[str]:
    for piece, own in zip(pieces, columns, strict=True):
        missing = [key[0] for key in keys if key not in own and key[:2] not in split]
        if missing:
            yield f"{piece.source} has no column {', '.join(missing)}: its rows are null there."


def _column(
    key: _Key,
    label: str,
    pieces: Sequence[Piece],
    columns: Sequence[dict[_Key, Column]],
    warnings: list[str],
) -> Column:
    kind = key[2]
    found = [own.get(key) for own in columns]
    if kind == "dynamic":
        return Column(label, kind, _dynamic(found, pieces))
    arrays = [
        column_of(label, kind, [None] * piece.table.num_rows, []).data if column is None else column.data
        for column, piece in zip(found, pieces, strict=True)
    ]
    notes: list[str] = []
    data = join(arrays, notes)
    warnings += [f"Column '{label}' {note}." for note in notes]
    return Column(label, kind, data)


def _dynamic(found: Sequence[Column | None], pieces: Sequence[Piece]) -> DynamicValues:
    """The values of all sources, none of them decoded before somebody asks for it."""
    parts = [
        pa.nulls(piece.table.num_rows) if column is None else column.data
        for column, piece in zip(found, pieces, strict=True)
    ]
    return DynamicValues(pieces=parts)


def _free_name(wanted: str, taken: set[str]) -> str:
    name, number = wanted, 0
    while name in taken:
        number += 1
        name = f"{wanted}_{number}"
    return name


# --- arrays of one Kusto type, which Arrow may hold in several ways ------------------------------------------


def join(arrays: Sequence[Any], notes: list[str]) -> Any:
    """One Arrow array of several that hold values of one Kusto type.

    Times in nanoseconds and in microseconds meet in microseconds, where they were put for years or lengths that
    nanoseconds do not reach; decimals meet in the scale and precision that hold both.
    """
    flat = [array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array for array in arrays]
    kinds = list(dict.fromkeys(array.type for array in flat if array.null_count < len(array)))
    target = _common(kinds) if kinds else flat[0].type
    return joined([_as(array, target, notes) for array in flat])


def _common(kinds: Sequence[Any]) -> Any:
    if len(kinds) == 1:
        return kinds[0]
    if all(pa.types.is_decimal(kind) for kind in kinds):
        scale = max(kind.scale for kind in kinds)
        precision = max(kind.precision - kind.scale for kind in kinds) + scale
        return pa.decimal128(precision, scale) if precision <= 38 else pa.decimal256(precision, scale)
    coarse = next((kind for kind in kinds if getattr(kind, "unit", "ns") != "ns"), None)
    return coarse or kinds[0]


def _as(array: Any, target: Any, notes: list[str]) -> Any:
    if array.type == target:
        return array
    if array.null_count == len(array):
        return pa.nulls(len(array), target)
    try:
        return array.cast(target)
    except pa.ArrowInvalid:
        if getattr(array.type, "unit", "") != "ns":
            raise
    note = "is held in microseconds, as in another source: a seventh digit is cut"
    if note not in notes:
        notes.append(note)
    return array.cast(target, safe=False)
