"""Kusto.Explorer's interactive pivots as still pictures: sums by two levels of categories, events in lanes of time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from kqlext.decode.tables import Column, Table
from kqlext.text import plural
from kqlext.visualization.labels import another, label, labels
from kqlext.visualization.look import GRID, Drawn, Figure, Look, axis, limits
from kqlext.visualization.points import (
    MOST_CATEGORIES,
    MOST_SERIES,
    moments,
    numbers,
    row_name,
    series_name,
    series_names,
    sums_of,
)
from kqlext.visualization.properties import ChartSpec
from kqlext.visualization.roles import NotDrawnError
from kqlext.visualization.values import json_moments, json_numbers

_MOST_LANES = 50
_MOST_EVENTS = 2_000

_ADDED_UP = "Rows of one cell are added up."

Names = list[tuple[str | None, ...]]


def pivot_chart(spec: ChartSpec, table: Table, look: Look, notes: list[str]) -> Drawn:
    """Columns that stand in groups: the inner level of x within the outer, a colour for each series."""
    assert spec.x is not None
    cells, places = series_names((spec.x, *spec.levels), table)
    names, groups = series_names(spec.series, table)
    values = {index: _finite(table.columns[index], notes) for index in spec.ys}
    if not any(np.isfinite(one).any() for one in values.values()):
        raise NotDrawnError("there is no value to be drawn")
    order = _largest_cells(cells, places, values, notes)
    kept = _largest_series(len(names), groups, values, notes)
    sums = [_sums(places, len(cells), groups == group, values[index], notes)[order] for group, index in kept]
    taken: set[str] = set()
    raw = [another(series_name(names[g], table.columns[index].name, len(spec.ys) > 1), taken) for g, index in kept]
    levels = [labels(cells[place][level] for place in order) for level in range(1 + len(spec.levels))]
    x = levels if spec.levels else levels[0]
    data = []
    for y, name, style in zip(sums, labels(raw), look.styles(raw), strict=True):
        marker = {"color": style.colour, **({"pattern": {"shape": style.pattern}} if style.pattern else {})}
        data.append({"type": "bar", "x": x, "y": json_numbers(y), "name": name, "marker": marker})
    if spec.y_axis.log and (low := sum(int((one <= 0).sum()) for one in sums)):
        notes.append(f"{plural(low, 'value')} of zero or less not on a logarithmic axis.")
    return data, {**_axes(spec, table), "showlegend": spec.legend and len(data) > 1, "barmode": "group", "bargap": 0.15}


def _axes(spec: ChartSpec, table: Table) -> Figure:
    assert spec.x is not None
    kind = "log" if spec.y_axis.log else "linear"
    under = ", ".join(table.columns[index].name for index in (spec.x, *spec.levels))
    title = ", ".join(table.columns[index].name for index in spec.ys) if len(spec.ys) <= 3 else ""
    categories: Figure = {"type": "multicategory", "dividercolor": GRID} if spec.levels else {"type": "category"}
    x = {**axis(_titled(spec.x_axis.title, under), showgrid=False), **categories}
    y = axis(_titled(spec.y_axis.title, title), kind, **limits(spec.y_axis.minimum, spec.y_axis.maximum, kind))
    return {"xaxis": x, "yaxis": y}


def _titled(wanted: str | None, otherwise: str) -> str:
    return otherwise if wanted is None else wanted


def _finite(column: Column, notes: list[str]) -> Any:
    values = numbers(column)
    if infinite := int(np.isinf(values).sum()):
        notes.append(f"{plural(infinite, 'infinite value')} of {column.name} left out.")
    return np.where(np.isfinite(values), values, np.nan)


def _sums(places: Any, count: int, of_series: Any, values: Any, notes: list[str]) -> Any:
    """The sum of each cell; NaN where it has no value."""
    rows = of_series & np.isfinite(values)
    counts = np.bincount(places[rows], minlength=count)
    if (counts > 1).any() and _ADDED_UP not in notes:
        notes.append(_ADDED_UP)
    return np.where(counts > 0, sums_of(places[rows], values[rows], count), np.nan)


def _largest_cells(cells: Names, places: Any, values: dict[int, Any], notes: list[str]) -> list[int]:
    """The cells of the greatest totals."""
    if len(cells) > MOST_CATEGORIES:
        notes.append(f"The {MOST_CATEGORIES} largest of {len(cells):,} categories by total.")
    with np.errstate(over="ignore"):
        totals = sum(_totals(places, one, len(cells)) for one in values.values())
    return _together(cells, np.argsort(-totals, kind="stable")[:MOST_CATEGORIES].tolist())


def _largest_series(count: int, groups: Any, values: dict[int, Any], notes: list[str]) -> list[tuple[int, int]]:
    """The series of the greatest totals, as the number of the group and the column of values."""
    totals = {index: _totals(groups, one, count) for index, one in values.items()}
    found = [(group, index) for group in range(count) for index in values]
    if len(found) <= MOST_SERIES:
        return found
    notes.append(f"The {MOST_SERIES} largest of {len(found):,} series by total.")
    return sorted(sorted(found, key=lambda key: -totals[key[1]][key[0]])[:MOST_SERIES])


def _totals(places: Any, values: Any, count: int) -> Any:
    return sums_of(places, np.nan_to_num(np.abs(values)), count)


def _together(cells: Names, keep: Sequence[int]) -> list[int]:
    """Paths in the order in which they come, but so that those of one beginning stand together."""
    firsts: dict[tuple[str | None, ...], int] = {}
    for place, path in enumerate(cells):
        for level in range(len(path)):
            firsts.setdefault(path[: level + 1], place)
    return sorted(keep, key=lambda place: [firsts[cells[place][: n + 1]] for n in range(len(cells[place]))])


# --- time pivot --------------------------------------------------------------------------------------------


def time_pivot(spec: ChartSpec, table: Table, look: Look, notes: list[str]) -> Drawn:
    """Events along time, a lane for each value of the series; a line to the end of those that have one."""
    assert spec.x is not None
    first = table.columns[spec.x]
    start = moments(first.data)
    there = ~np.isnat(start)
    if not there.all():
        notes.append(f"{plural(int((~there).sum()), 'row')} without {first.name} left out.")
    if not there.any():
        raise NotDrawnError(f"'{first.name}' has no value")
    names, groups = series_names(spec.series, table)
    lanes = _lanes(names, groups[there], notes)
    place = np.full(len(names), -1, dtype=np.int64)
    place[lanes] = np.arange(len(lanes))
    rows = _few_events(start, place[groups], np.flatnonzero(there & (place[groups] >= 0)), notes)
    taken: set[str] = set()
    lane_names = labels(another(row_name(names[lane]) or "(all)", taken) for lane in lanes)
    y = [lane_names[lane] for lane in place[groups[rows]]]
    (style,) = look.styles([first.name])
    marker = {"color": style.colour, "size": 7, "opacity": 0.6}
    events = {"type": "scatter", "mode": "markers", "x": json_moments(start[rows]), "y": y, "marker": marker,
              "name": label(first.name), "hoverinfo": "x+y"}  # fmt: skip
    data = [*_spans(spec, table, start, rows, y, style.colour, notes), events]
    down = axis(
        _titled(spec.y_axis.title, ", ".join(table.columns[index].name for index in spec.series)), "category",
        categoryorder="array", categoryarray=lane_names, range=[len(lanes) - 0.5, -0.5],
    )  # fmt: skip
    along = axis(_titled(spec.x_axis.title, first.name), "date")
    height = max(300, 140 + 22 * len(lanes))
    return data, {"xaxis": along, "yaxis": down, "height": height, "showlegend": False, "hovermode": "closest"}


def _lanes(names: Names, groups: Any, notes: list[str]) -> list[int]:
    """The lanes of most events."""
    counts = np.bincount(groups, minlength=len(names))
    used = np.flatnonzero(counts)
    keep = used[np.argsort(-counts[used], kind="stable")[:_MOST_LANES]]
    if len(used) > _MOST_LANES:
        notes.append(f"The {_MOST_LANES} largest of {len(used):,} lanes by rows.")
    return _together(names, keep.tolist())


def _few_events(start: Any, lanes: Any, rows: Any, notes: list[str]) -> Any:
    """The rows, or one of those that lie on one another in a lane."""
    if len(rows) <= _MOST_EVENTS:
        return rows
    ticks = start[rows].astype("datetime64[us]").astype(np.int64)
    span = max(1, int(ticks.max() - ticks.min()))
    for columns in (1_000, 500, 250, 100, 40):
        pixel = (ticks - ticks.min()).astype(float) / span * columns
        keep = np.unique(lanes[rows] * (columns + 1) + pixel.astype(np.int64), return_index=True)[1]
        if len(keep) <= _MOST_EVENTS:
            break
    notes.append(
        f"{len(keep):,} of {len(rows):,} events: of those that lie on one another one is drawn; the Result has all."
    )
    return rows[np.sort(keep)]


def _spans(
    spec: ChartSpec, table: Table, start: Any, rows: Any, y: Sequence[str], colour: str, notes: list[str]
) -> list[Figure]:
    """Lines from the start of each event to its end."""
    if not spec.ys:
        return []
    last = table.columns[spec.ys[0]]
    end = moments(last.data)[rows]
    begin = start[rows].astype(end.dtype)
    before = ~np.isnat(end) & (end < begin)
    if before.any():
        notes.append(f"{plural(int(before.sum()), 'event')} with {last.name} before the start: drawn without an end.")
    whole = np.flatnonzero(~np.isnat(end) & (end > begin))
    if not len(whole):
        return []
    ends = zip(json_moments(begin[whole]), json_moments(end[whole]), strict=True)
    x = [moment for pair in ends for moment in (*pair, None)]
    lanes = [lane for place in whole.tolist() for lane in (y[place], y[place], None)]
    line = {"width": 3, "color": colour}
    return [{"type": "scatter", "mode": "lines", "x": x, "y": lanes, "line": line, "opacity": 0.5, "hoverinfo": "skip",
             "connectgaps": False, "name": label(last.name)}]  # fmt: skip
