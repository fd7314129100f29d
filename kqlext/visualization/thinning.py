"""Few enough points to be seen, and to be kept in a notebook: what is left out is said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from kqlext.visualization.labels import another
from kqlext.visualization.look import TEXT, Figure, Look, Style
from kqlext.visualization.points import MOST_CATEGORIES, Points, Series, row_name
from kqlext.visualization.properties import ChartSpec
from kqlext.visualization.roles import NotDrawnError

MOST_POINTS = 20_000
MOST_BARS = 5_000
_PIXELS = 1_000  # columns of pixels that a chart is taken to have


@dataclass(frozen=True)
class FewSeries:
    """The names of series that are drawn, each series' place among them, and whether the last is the rest."""

    names: list[str]
    places: Any
    rest: bool

    def styles(self, look: Look) -> list[Style]:
        """A style for each; the rest is grey."""
        found = list(look.styles(self.names))
        return [*found[:-1], replace(found[-1], colour=TEXT)] if self.rest else found

    def backwards(self, traces: Sequence[Figure]) -> list[Figure]:
        """The traces, the rest behind all others and last in the legend."""
        if not self.rest or not traces or traces[-1]["name"] != self.names[-1]:
            return list(traces)
        return [{**traces[-1], "legendrank": 2_000}, *traces[:-1]]


def few_series(
    names: Sequence[tuple[str | None, ...]], weights: Any, by: str, most: int, notes: list[str]
) -> FewSeries:
    """The heaviest series, as they came, all others as one."""
    taken: set[str] = set()
    if len(names) <= most:
        return FewSeries([another(row_name(name), taken) for name in names], np.arange(len(names)), False)
    keep = np.sort(np.argsort(-weights, kind="stable")[:most])
    places = np.full(len(names), most, dtype=np.int64)
    places[keep] = np.arange(most)
    notes.append(f"The {most} largest of {len(names):,} series by {by}, the others as one.")
    rest = another(f"({len(names) - most:,} others)", taken)
    return FewSeries([*(another(row_name(names[index]), taken) for index in keep), rest], places, True)


def few_enough(spec: ChartSpec, points: Points) -> Points:
    """The points, or fewer, with a note.

    Raises:
        NotDrawnError: bars are too many, and none of them can be left out.
    """
    notes: list[str] = []
    bars = spec.kind in ("barchart", "columnchart")
    points = _few_bars(points, notes) if bars else _few_points(spec, points, notes)
    return replace(points, notes=(*points.notes, *notes))


def _few_bars(points: Points, notes: list[str]) -> Points:
    count = len(points.categories)
    if points.role == "category" and count > MOST_CATEGORIES:
        totals = np.zeros(count)
        for one in points.series:
            np.add.at(totals, one.x, np.abs(np.nan_to_num(one.y)))
        keep = np.sort(np.argsort(-totals, kind="stable")[:MOST_CATEGORIES])
        place = np.full(count, -1, dtype=np.int64)
        place[keep] = np.arange(len(keep))
        notes.append(f"The {MOST_CATEGORIES} largest of {count:,} categories by total.")
        series = [replace(one, x=place[one.x][place[one.x] >= 0], y=one.y[place[one.x] >= 0]) for one in points.series]
        points = replace(points, series=tuple(series), categories=tuple(points.categories[i] for i in keep))
    bars = sum(len(one.x) for one in points.series)
    if bars > MOST_BARS:
        raise NotDrawnError(f"{bars:,} bars are too many to be seen; summarize into wider bins")
    return points


def _few_points(spec: ChartSpec, points: Points, notes: list[str]) -> Points:
    count = sum(len(one.x) for one in points.series)
    if count <= MOST_POINTS:
        return points
    if spec.stacking != "unstacked":  # areas on one another need the same x
        raise NotDrawnError(f"{count:,} points are too many to be stacked; summarize into wider bins")
    if spec.kind == "scatterchart":
        series, what = apart(points.series), "of those that lie on one another one is drawn"
    else:
        most = max(30, MOST_POINTS // len(points.series))
        series, what = [thinned(one, min(_PIXELS, most // 3)) for one in points.series], "every peak is drawn"
    drawn = sum(len(one.x) for one in series)
    notes.append(f"{drawn:,} of {count:,} points: {what}; the Result has all.")
    return replace(points, series=tuple(series))


def thinned(one: Series, columns: int) -> Series:
    """The least and the greatest value, and a gap, of each column of pixels along x; marks of anomalies stay."""
    if len(one.x) <= 3 * columns:
        return one
    x = one.x.astype(float)
    span = x[-1] - x[0]
    place = (
        np.minimum(((x - x[0]) / span * columns).astype(np.int64), columns - 1)
        if span > 0
        else np.zeros(len(x), dtype=np.int64)
    )
    # Rows come along x, so those of one column of pixels stand together.
    starts = np.flatnonzero(np.diff(place, prepend=-1))
    columns_of = np.cumsum(np.diff(place, prepend=-1) != 0) - 1
    keep = {0, len(x) - 1}
    there = np.isfinite(one.y)
    for values in (np.where(there, one.y, np.inf), np.where(there, -one.y, np.inf), there.astype(float)):
        least = np.minimum.reduceat(values, starts)
        keep.update(_firsts(np.flatnonzero(values == least[columns_of]), columns_of))
    for _, marks in one.anomalies:
        keep.update(np.flatnonzero(np.nan_to_num(marks))[:MOST_POINTS].tolist())
    rows = np.array(sorted(keep), dtype=np.int64)
    return replace(
        one, x=one.x[rows], y=one.y[rows], anomalies=tuple((index, marks[rows]) for index, marks in one.anomalies)
    )


def _firsts(rows: Any, columns_of: Any) -> list[int]:
    """The first of these rows in each column of pixels."""
    found: list[int] = rows[np.unique(columns_of[rows], return_index=True)[1]].tolist()
    return found


def apart(series: Sequence[Series], most: int = MOST_POINTS) -> list[Series]:
    """One point of each cell of a raster, which is made coarser until the points are few enough."""
    xs, ys = (np.concatenate([getattr(one, axis).astype(float) for one in series]) for axis in "xy")
    owner = np.repeat(np.arange(len(series)), [len(one.x) for one in series])
    for cells in (1_000, 500, 350, 250, 170, 120, 85, 60, 45, 30):
        place = (owner * cells + _cells(xs, cells)) * cells + _cells(ys, cells)
        keep = np.sort(np.unique(place, return_index=True)[1])
        if len(keep) <= most:
            break
    bounds = np.concatenate([[0], np.cumsum([len(one.x) for one in series])])
    result = []
    for number, one in enumerate(series):
        rows = keep[(keep >= bounds[number]) & (keep < bounds[number + 1])] - bounds[number]
        result.append(replace(one, x=one.x[rows], y=one.y[rows]))
    return result


def _cells(values: Any, cells: int) -> Any:
    low, high = np.nanmin(values), np.nanmax(values)
    share = (values - low) / (high - low) if high > low else np.zeros(len(values))
    return np.minimum(np.nan_to_num(share) * cells, cells - 1).astype(np.int64)
