"""The points of a chart with axes: a table's columns -> series of x and y, sorted, added up, and bounded in number.

Works on whole columns (numpy, which comes with Arrow). What is left out is said in ``notes``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from kqlext.decode.columns import column_of
from kqlext.decode.dynamic import DynamicValues
from kqlext.decode.tables import Column, Table
from kqlext.text import plural
from kqlext.visualization.labels import another, middle_out, named
from kqlext.visualization.properties import ChartSpec
from kqlext.visualization.roles import NUMERIC, NotDrawnError, role_of

MOST_SERIES = 20
_NAME = 40  # characters of a part of a series' name
MOST_CATEGORIES = 200  # beyond these, numbers are an axis


@dataclass(frozen=True)
class Series:
    """One line, area or group of bars; its name is not yet for plotly.

    ``x`` and ``y`` are numpy arrays; a gap is NaN in ``y``.
    """

    name: str
    column: int
    x: Any
    y: Any
    anomalies: tuple[tuple[int, Any], ...] = ()


@dataclass(frozen=True)
class Points:
    """All that is drawn. ``role`` is what x is: time, number or category (then x are places in ``categories``)."""

    role: str
    series: tuple[Series, ...]
    categories: tuple[str | None, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Flat:
    """The rows, arrays taken apart: x, the number of each row's series, and columns of values."""

    role: str
    x: Any
    groups: Any
    values: dict[int, Any]
    categories: list[str | None]


def points_of(spec: ChartSpec, table: Table) -> Points:
    """The points of a chart.

    Raises:
        NotDrawnError: arrays do not match, or there is nothing, or too much, to be seen.
    """
    notes: list[str] = []
    names, groups = series_names(spec.series, table)
    flat = _exploded(spec, table, groups) if spec.arrays else _flat(spec, table, groups, notes)
    flat = _finite(flat, notes)
    if not any(np.isfinite(flat.values[index]).any() for index in spec.ys):
        raise NotDrawnError("there is no value to be drawn")
    adds_up = spec.kind in ("barchart", "columnchart") or spec.stacking != "unstacked"
    series = _split(spec, table, flat, names, None if adds_up else _drawn_places(spec, flat, len(names), notes))
    if adds_up:
        series = [_added_up(one, notes) for one in series]
    if spec.stacking == "stacked100" and any((one.y < 0).any() for one in series):
        raise NotDrawnError("there are negative values, which have no share of 100 %")
    taken: set[str] = set()
    series = [replace(one, name=another(one.name, taken)) for one in _largest(spec, series, notes)]
    if spec.kind == "areachart" and spec.stacking != "unstacked" and any(np.isnan(one.y).any() for one in series):
        notes.append("Gaps are drawn as zero, since the areas are stacked.")
    if spec.accumulate:
        series = [replace(one, y=_running_total(one.y)) for one in series]
    _check_logarithm(spec, flat.role, series, notes)
    return Points(flat.role, tuple(series), tuple(flat.categories), tuple(dict.fromkeys(notes)))


# --- columns -----------------------------------------------------------------------------------------------


def whole(data: Any) -> Any:
    """An Arrow array in one piece."""
    if isinstance(data, pa.ChunkedArray):
        return pa.concat_arrays(data.chunks) if data.num_chunks else pa.array([], data.type)
    return data


def numbers(column: Column) -> Any:
    """A column of numbers or durations (in seconds) as floats; null is NaN."""
    if isinstance(column.data, DynamicValues):
        return np.array([np.nan if value is None else float(value) for value in column.data.values], dtype=float)
    data = whole(column.data)
    if pa.types.is_duration(data.type):
        per_second = {"s": 1, "ms": 1e3, "us": 1e6, "ns": 1e9}[data.type.unit]
        return np.asarray(data.cast(pa.int64()).cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)) / (
            per_second
        )
    return np.array(pc.cast(data, pa.float64(), safe=False).to_numpy(zero_copy_only=False), dtype=float)


def moments(data: Any) -> Any:
    """Timestamps of Arrow as numpy's, in UTC; null is NaT."""
    data = whole(data)
    units = pc.fill_null(data.cast(pa.int64()), np.iinfo(np.int64).min)
    return units.to_numpy().astype("int64").view(f"datetime64[{data.type.unit}]")


def texts(column: Column) -> list[str | None]:
    """A column's values as Kusto writes them; null is None, which an empty text is not."""
    written: list[str | None] = list(column.texts(0, len(column)))
    if isinstance(column.data, DynamicValues):
        return [None if value is None else text for value, text in zip(column.data.values, written, strict=True)]
    if column.data.null_count:
        valid = pc.is_valid(column.data).to_pylist()
        return [text if there else None for text, there in zip(written, valid, strict=True)]
    return written


def series_names(columns: Sequence[int], table: Table) -> tuple[list[tuple[str | None, ...]], Any]:
    """The series in the order in which they come first, and each row's."""
    groups = np.zeros(table.num_rows, dtype=np.int64)
    names: list[tuple[str | None, ...]] = [()]
    for index in columns:
        places, values = coded(table.columns[index])
        together = groups * max(1, len(values)) + places
        found, firsts, inverse = np.unique(together, return_index=True, return_inverse=True)
        order = np.argsort(firsts)
        rank = np.empty(len(order), dtype=np.int64)
        rank[order] = np.arange(len(order))
        groups = rank[inverse]
        names = [(*names[code // len(values)], values[code % len(values)]) for code in found[order].tolist()]
    return names, groups


def coded(column: Column) -> tuple[Any, list[str | None]]:
    """The values of a column as they come first, as text, and each row's place among them."""
    if isinstance(column.data, DynamicValues):
        places: dict[str | None, int] = {}
        rows = np.array([places.setdefault(text, len(places)) for text in texts(column)], dtype=np.int64)
        return rows, list(places)
    encoded = pc.dictionary_encode(whole(column.data), null_encoding="encode")
    values = Column(column.name, column.type, encoded.dictionary)
    return encoded.indices.to_numpy(zero_copy_only=False).astype(np.int64), texts(values)


def _flat(spec: ChartSpec, table: Table, groups: Any, notes: list[str]) -> _Flat:
    assert spec.x is not None
    column = table.columns[spec.x]
    values = {index: numbers(table.columns[index]) for index in (*spec.ys, *spec.anomalies)}
    role = role_of(column)
    categories: list[str | None] = []
    if role == "time" and not _is_single_bar(spec, column):
        x = moments(column.data)
        there = ~np.isnat(x)
    elif role in NUMERIC and not _are_categories(spec, column):
        role, x = "number", numbers(column)
        there = np.isfinite(x)
    else:
        x, categories = _categories(spec, column, values)
        role, there = "category", np.ones(len(x), dtype=bool)
    if not there.all():
        notes.append(f"{plural(int((~there).sum()), 'row')} without {column.name} left out.")
        x, groups = x[there], groups[there]
        values = {index: data[there] for index, data in values.items()}
    return _Flat(role, x, groups, values, categories)


def _is_single_bar(spec: ChartSpec, column: Column) -> bool:
    """Whether there is one time only, of which nothing says how wide its bar is."""
    return spec.kind in ("barchart", "columnchart") and len(coded(column)[1]) == 1


def _are_categories(spec: ChartSpec, column: Column) -> bool:
    """Whether numbers are categories of bars: not where they are too many, or the query speaks of an axis."""
    axis = spec.x_axis
    if spec.kind not in ("barchart", "columnchart") or axis.log or (axis.minimum, axis.maximum) != (None, None):
        return False
    return len(np.unique(numbers(column))) <= MOST_CATEGORIES


def _categories(spec: ChartSpec, column: Column, values: dict[int, Any]) -> tuple[Any, list[str | None]]:
    """The place of each row's category, and the categories: as the rows come, numbers in their own order.

    Numbers stay as the rows come where the query sorts its rows, or where the rows are sorted by y.
    """
    x, categories = coded(column)
    if role_of(column) in NUMERIC and not spec.sorted and not _is_sorted(spec, values):
        firsts = np.unique(x, return_index=True)[1]
        order = np.argsort(numbers(column)[firsts], kind="stable")
        rank = np.empty(len(order), dtype=np.int64)
        rank[order] = np.arange(len(order))
        return rank[x], [categories[index] for index in order]
    return x, categories


def _is_sorted(spec: ChartSpec, values: dict[int, Any]) -> bool:
    steps = np.diff(values[spec.ys[0]])
    return spec.sorted is None and len(steps) > 1 and bool((steps <= 0).all() or (steps >= 0).all())


def _exploded(spec: ChartSpec, table: Table, groups: Any) -> _Flat:
    """The elements of arrays, row by row, against those of x."""
    assert spec.x is not None
    lists = {index: _lists(table.columns[index]) for index in (spec.x, *spec.ys, *spec.anomalies)}
    lengths = np.array([len(row) for row in lists[spec.x]], dtype=np.int64)
    for index in (*spec.ys, *spec.anomalies):
        if any(len(row) not in (0, length) for row, length in zip(lists[index], lengths, strict=True)):
            name, other = table.columns[index].name, table.columns[spec.x].name
            raise NotDrawnError(f"the arrays of '{name}' and '{other}' are not of the same length")
    role = "time" if role_of(table.columns[spec.x]) == "times" else "number"
    along = _elements(lists[spec.x], "datetime" if role == "time" else "real")
    values = {
        index: numbers(_elements([row or [None] * n for row, n in zip(lists[index], lengths, strict=True)], "real"))
        for index in (*spec.ys, *spec.anomalies)
    }
    x = moments(along.data) if role == "time" else numbers(along)
    there = ~np.isnat(x) if role == "time" else np.isfinite(x)
    return _Flat(role, x[there], np.repeat(groups, lengths)[there], {i: data[there] for i, data in values.items()}, [])


def _lists(column: Column) -> list[list[Any]]:
    rows = column.values(0, len(column))
    if any(row is not None and not isinstance(row, list) for row in rows):
        raise NotDrawnError(f"'{column.name}' does not hold an array in every row")
    return [row or [] for row in rows]


def _elements(rows: Sequence[Sequence[Any]], kind: str) -> Column:
    """The elements of all rows, one behind the other."""
    column = column_of("", kind, [element for row in rows for element in row], [])
    if column.type != kind:
        raise NotDrawnError("an array holds values of several types")
    return column


# --- series ------------------------------------------------------------------------------------------------


def _finite(flat: _Flat, notes: list[str]) -> _Flat:
    infinite = sum(int(np.isinf(data).sum()) for data in flat.values.values())
    if infinite:
        notes.append(f"{plural(infinite, 'infinite value')} left out.")
    return replace(flat, values={i: np.where(np.isinf(data), np.nan, data) for i, data in flat.values.items()})


def _drawn_places(spec: ChartSpec, flat: _Flat, count: int, notes: list[str]) -> set[tuple[int, int]] | None:
    """The groups and the positions of their columns whose series have the greatest totals; None where all are drawn.

    Rows that nobody summarized are a series each: to make them all, as ``_largest`` needs them, takes a second for
    100,000.
    """
    rows = np.bincount(flat.groups, minlength=count)
    found = int((rows > 0).sum()) * len(spec.ys)
    if found <= MOST_SERIES:
        return None
    sizes = [np.abs(np.nan_to_num(flat.values[index])) for index in spec.ys]
    totals = np.stack([np.bincount(flat.groups, weights=size, minlength=count) for size in sizes], axis=1)
    totals[rows == 0] = -1
    places = np.argsort(-totals, axis=None, kind="stable")[:MOST_SERIES]
    notes.append(f"The {MOST_SERIES} largest of {found:,} series by total.")
    return {
        (int(group), int(position)) for group, position in zip(*np.unravel_index(places, totals.shape), strict=True)
    }


def _split(
    spec: ChartSpec,
    table: Table,
    flat: _Flat,
    names: Sequence[tuple[str | None, ...]],
    places: set[tuple[int, int]] | None,
) -> list[Series]:
    """A series for each group of rows and each column of values, along x; of all, or of some places."""
    wanted = None if places is None else {group for group, _ in places}
    order = np.lexsort((flat.x, flat.groups))
    bounds = np.searchsorted(flat.groups[order], np.arange(len(names) + 1))
    result = []
    for number, group in enumerate(names):
        rows = order[bounds[number] : bounds[number + 1]]
        if len(rows) == 0 or (wanted is not None and number not in wanted):
            continue
        for position, index in enumerate(spec.ys):
            if places is not None and (number, position) not in places:
                continue
            marks = tuple((a, flat.values[a][rows]) for a in _anomalies_of(spec, position))
            name = series_name(group, table.columns[index].name, len(spec.ys) > 1)
            result.append(Series(name, index, flat.x[rows], flat.values[index][rows], marks))
    return result


def _anomalies_of(spec: ChartSpec, position: int) -> tuple[int, ...]:
    """The columns of anomalies that belong to a column of values: its own where there are as many, else the first's."""
    if len(spec.anomalies) == len(spec.ys):
        return spec.anomalies[position : position + 1]
    return spec.anomalies if position == 0 else ()


def row_name(group: Sequence[str | None]) -> str:
    """``TEXAS:Hail``: the values of several columns as one name, each cut where it is long."""
    return ":".join(middle_out(named(text), _NAME) for text in group)


def series_name(group: Sequence[str | None], column: str, several: bool) -> str:
    """``TEXAS``, ``TEXAS:Hail:Events``, or the column's name: as Kusto's own charts name them."""
    parts = [row_name(group)] if group else []
    return ":".join([*parts, middle_out(named(column), _NAME)] if several or not parts else parts)


def _added_up(one: Series, notes: list[str]) -> Series:
    """One value for each x: bars of one x would hide each other."""
    x, places = np.unique(one.x, return_inverse=True)
    if len(x) == len(one.x):
        return one
    notes.append("Rows of one series with the same x are added up.")
    valid = np.isfinite(one.y)
    sums = sums_of(places, np.where(valid, one.y, 0), len(x))
    counts = np.bincount(places, weights=valid, minlength=len(x))
    return replace(one, x=x, y=np.where(counts > 0, sums, np.nan), anomalies=())


def _largest(spec: ChartSpec, series: list[Series], notes: list[str]) -> list[Series]:
    """The series of the greatest totals, as they came; where they are stacked, one more for all others.

    Those that are neither added up nor stacked are so few already, see ``_drawn_places``.
    """
    if len(series) <= MOST_SERIES:
        return series
    with np.errstate(over="ignore"):
        totals = np.array([np.nansum(np.abs(one.y)) for one in series])
    keep = set(np.argsort(-totals, kind="stable")[:MOST_SERIES].tolist())
    drawn = [one for index, one in enumerate(series) if index in keep]
    rest = [one for index, one in enumerate(series) if index not in keep]
    if spec.stacking == "unstacked":
        notes.append(f"The {MOST_SERIES} largest of {len(series):,} series by total.")
        return drawn
    notes.append(f"The {MOST_SERIES} largest of {len(series):,} series by total, the others as one.")
    x, y = (np.concatenate([getattr(one, axis) for one in rest]) for axis in "xy")
    return [*drawn, _added_up(Series(f"({len(rest):,} others)", rest[0].column, x, y), [])]


def sums_of(places: Any, values: Any, count: int) -> Any:
    """The sum of the values of each place.

    Raises:
        NotDrawnError: a sum is beyond what a double holds.
    """
    with np.errstate(over="ignore"):
        return _bounded(np.bincount(places, weights=values, minlength=count))


def _running_total(y: Any) -> Any:
    with np.errstate(over="ignore"):
        return np.where(np.isfinite(y), _bounded(np.cumsum(np.nan_to_num(y))), np.nan)


def _bounded(sums: Any) -> Any:
    if not np.isfinite(sums).all():
        raise NotDrawnError("values add up to more than a number of 64 bits holds")
    return sums


def _check_logarithm(spec: ChartSpec, role: str, series: Sequence[Series], notes: list[str]) -> None:
    low = sum(int((one.y <= 0).sum()) for one in series) if spec.y_axis.log else 0
    low += sum(int((one.x <= 0).sum()) for one in series) if spec.x_axis.log and role == "number" else 0
    if low:
        notes.append(f"{plural(low, 'value')} of zero or less not on a logarithmic axis.")
