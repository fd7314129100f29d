"""Columns of values as a figure holds them: JSON numbers, datetimes as text, and totals that can be a size."""

from __future__ import annotations

from typing import Any

import numpy as np

from kqlext.decode.tables import Column
from kqlext.text import plural
from kqlext.visualization.points import numbers, sums_of
from kqlext.visualization.roles import NotDrawnError

_UNITS = (("D", 86_400_000_000), ("m", 60_000_000), ("s", 1_000_000), ("ms", 1_000), ("us", 1))  # microseconds


def json_numbers(values: Any) -> list[float | int | None]:
    """Numbers for JSON: whole ones as integers, NaN as null."""
    there = np.isfinite(values)
    if bool((values[there] == np.floor(values[there])).all()) and bool((np.abs(values[there]) < 2**53).all()):
        whole = np.where(there, values, 0).astype(np.int64).tolist()
    else:
        whole = values.tolist()
    return whole if there.all() else [value if ok else None for value, ok in zip(whole, there.tolist(), strict=True)]


def json_moments(values: Any) -> list[str]:
    """Datetimes in UTC as texts that plotly takes as they are, as short as they can be."""
    ticks = values.astype("datetime64[us]").astype(np.int64)
    unit: Any = next(unit for unit, size in _UNITS if (ticks % size == 0).all())
    return list(np.datetime_as_string(values.astype("datetime64[us]"), unit=unit).tolist())


def json_number(value: float) -> float | int:
    """One number for JSON: a whole one as an integer."""
    return int(value) if value == int(value) else value


def total_sizes(column: Column, places: Any, count: int, notes: list[str]) -> Any:
    """The total of each place; rows without a value are left out, and said in ``notes``.

    Args:
        places: the place of each row, from 0.
        count: how many places there are.

    Raises:
        NotDrawnError: a value is negative, or none is above zero: such have no size; or a total is too large.
    """
    values = numbers(column)
    valid = np.isfinite(values)
    if (values[valid] < 0).any():
        raise NotDrawnError(f"'{column.name}' has negative values, which have no size")
    if not (values[valid] > 0).any():
        raise NotDrawnError(f"'{column.name}' has no value above zero")
    if not valid.all():
        notes.append(f"{plural(int((~valid).sum()), 'row')} without {column.name} left out.")
    there = np.where(valid, values, 0)
    sums_of(np.zeros(len(there), dtype=np.int64), there, 1)  # shares are of all
    return sums_of(places, there, count)
