"""`kind=map`: points, discs and pies by longitude and latitude, on a grid of degrees.

Outlines of countries would be fetched from elsewhere, which a result does not do.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from kqlext.decode.tables import Table
from kqlext.text import plural
from kqlext.visualization.labels import label, labels
from kqlext.visualization.look import Drawn, Figure, Look, Style, axis
from kqlext.visualization.points import MOST_SERIES, numbers, series_names
from kqlext.visualization.properties import ChartSpec
from kqlext.visualization.roles import NUMBERS, NotDrawnError, role_of
from kqlext.visualization.thinning import few_series
from kqlext.visualization.values import json_number, total_sizes

_MOST_DOTS = 5_000
_MOST_PLACES = 100  # of discs and pies
_TALLER = 1.25  # how much longer a degree of latitude is drawn than one of longitude
_LARGEST = 36  # pixels across the largest disc
_RADIUS = 0.05  # of the largest pie, as a share of the map
_CORNERS = 40  # of a whole pie's outline


def points(spec: ChartSpec, table: Table, look: Look, notes: list[str]) -> Drawn:
    """A marker for each row."""
    assert spec.x is not None
    longitude, latitude, there = _places(spec, table, notes)
    names, groups = series_names(spec.series, table)
    few = few_series(names, np.bincount(groups, minlength=len(names)), "rows", MOST_SERIES, notes)
    raw, groups = few.names if spec.series else [table.columns[spec.x].name], few.places[groups]
    rows = np.flatnonzero(there)
    if len(rows) > _MOST_DOTS:
        cells = np.round(longitude, 1) * 10_000 + np.round(latitude, 1)
        together = np.stack([groups.astype(float), cells])[:, rows]
        rows = rows[np.sort(np.unique(together, axis=1, return_index=True)[1])]
        step = -(-len(rows) // _MOST_DOTS)
        firsts = np.unique(groups[rows], return_index=True)[1]  # no series is without a point
        rows = rows[np.union1d(firsts, np.arange(0, len(rows), step))]
        notes.append(f"{len(rows):,} of {int(there.sum()):,} points; the Result has all.")
    data = []
    for number, (name, style) in enumerate(zip(labels(raw), few.styles(look), strict=True)):
        own = rows[groups[rows] == number]
        if not len(own):
            continue
        marker = {"color": style.colour, "symbol": style.symbol, "size": 6, "opacity": 0.6}
        x, y = np.round(longitude[own], 4).tolist(), np.round(latitude[own], 4).tolist()
        data.append({"type": "scatter", "mode": "markers", "x": x, "y": y, "name": name, "marker": marker})
    return few.backwards(data), _layout(spec, data)


def pies(spec: ChartSpec, table: Table, look: Look, notes: list[str]) -> Drawn:
    """A disc for each place, its area the total there; pies where several colours share a place."""
    longitude, latitude, there = _places(spec, table, notes)
    size = table.columns[spec.ys[-1]]
    names, groups = series_names(spec.series, table)
    most = min(MOST_SERIES, len(look.palette))  # discs and slices differ in nothing but colour
    few = few_series(names, total_sizes(size, groups, len(names), notes), "total", most, notes)
    raw, groups = few.names if spec.series else [size.name], few.places[groups]
    spots, place = np.unique(np.stack([longitude, latitude], axis=1)[there], axis=0, return_inverse=True)
    places = np.full(len(there), len(spots), dtype=np.int64)  # rows without a place have one behind the last
    places[there] = place.reshape(-1)
    totals = total_sizes(size, places, len(spots) + 1, [])[:-1]
    keep = _largest_places(totals, size.name, notes)
    rank = np.full(len(spots) + 1, len(keep), dtype=np.int64)
    rank[keep] = np.arange(len(keep))
    cells = total_sizes(size, rank[places] * len(raw) + groups, (len(keep) + 1) * len(raw), [])
    amounts = cells.reshape(-1, len(raw))[: len(keep)]
    several = bool(((amounts > 0).sum(axis=1) > 1).any())
    largest = label(f"{json_number(float(totals[keep[0]])):,}")
    notes.append(f"The area of a {'pie' if several else 'disc'} is {size.name}; the largest is {largest}.")
    if several:
        data = _slices(spots[keep], amounts, labels(raw), few.styles(look))
    else:
        data = few.backwards(_discs(spots[keep], amounts, labels(raw), few.styles(look)))
    return data, _layout(spec, data)


def _largest_places(totals: Any, name: str, notes: list[str]) -> Any:
    """The places that have a size, the largest first."""
    order = np.argsort(-totals, kind="stable")
    order = order[totals[order] > 0]
    if not len(order):
        raise NotDrawnError(f"'{name}' has no value above zero at any place")
    if len(order) < len(totals):
        notes.append(f"{plural(len(totals) - len(order), 'place')} with a total of zero left out.")
    if len(order) > _MOST_PLACES:
        notes.append(f"The {_MOST_PLACES} largest of {len(order):,} places by total.")
    return order[:_MOST_PLACES]


def _discs(spots: Any, amounts: Any, names: Sequence[str], styles: Sequence[Style]) -> list[Figure]:
    most = float(amounts.max())
    data = []
    for number, (name, style) in enumerate(zip(names, styles, strict=True)):
        own = np.flatnonzero(amounts[:, number] > 0)
        values = [json_number(value) for value in amounts[own, number].tolist()]
        if not values:
            continue
        marker = {
            "color": style.colour, "symbol": "circle", "opacity": 0.6, "line": {"width": 1, "color": style.colour},
            "size": values, "sizemode": "area", "sizeref": 2 * most / _LARGEST**2, "sizemin": 2,
        }  # fmt: skip
        x, y = (np.round(spots[own, part], 4).tolist() for part in (0, 1))
        data.append({
            "type": "scatter", "mode": "markers", "x": x, "y": y, "name": name, "marker": marker,
            "text": [f"{name}: {value:,}" for value in values], "hoverinfo": "text",
        })  # fmt: skip
    return data


def _slices(spots: Any, amounts: Any, names: Sequence[str], styles: Sequence[Style]) -> list[Figure]:
    """Pies as outlines in degrees, so that they stay at their places: a trace for each colour, one of hover texts."""
    span = max(np.ptp(spots[:, 0]), np.ptp(spots[:, 1]) * _TALLER) or 1.0
    totals = amounts.sum(axis=1)
    radii = _RADIUS * span * np.sqrt(totals / totals.max())
    digits = int(max(4, 4 - np.floor(np.log10(radii.max()))))
    begins = np.cumsum(amounts, axis=1) - amounts
    data: list[Figure] = []
    for number, (name, style) in enumerate(zip(names, styles, strict=True)):
        x: list[float | None] = []
        y: list[float | None] = []
        for spot in np.flatnonzero(amounts[:, number] > 0):
            share = np.array([begins[spot, number], begins[spot, number] + amounts[spot, number]]) / totals[spot]
            outline = np.round(_outline(spots[spot], radii[spot], share), digits)
            x += [*outline[:, 0].tolist(), None]
            y += [*outline[:, 1].tolist(), None]
        if x:
            fill = {"fill": "toself", "fillcolor": style.colour, "line": {"width": 0.5, "color": style.colour}}
            trace = {"type": "scatter", "mode": "lines", "x": x, "y": y, "name": name, "hoverinfo": "skip"}
            data.append({**trace, **fill, "opacity": 0.8})
    middle = {"x": np.round(spots[:, 0], digits).tolist(), "y": np.round(spots[:, 1], digits).tolist()}
    texts = [_parts(names, parts, total) for parts, total in zip(amounts.tolist(), totals.tolist(), strict=True)]
    seen = {"type": "scatter", "mode": "markers", "marker": {"size": 12, "opacity": 0}, "showlegend": False}
    return [*data, {**seen, **middle, "text": texts, "hoverinfo": "text"}]


def _parts(names: Sequence[str], amounts: Sequence[float], total: float) -> str:
    """What a pie is made of, the largest first."""
    order = sorted((place for place, amount in enumerate(amounts) if amount > 0), key=lambda place: -amounts[place])
    return "<br>".join([f"{json_number(total):,}", *(f"{names[p]}: {json_number(amounts[p]):,}" for p in order)])


def _outline(spot: Any, radius: float, share: Any) -> Any:
    """A slice from the one share of the circle to the other, clockwise from the top."""
    corners = 1 + max(1, int(np.ceil((share[1] - share[0]) * _CORNERS)))
    arc = _arc(spot, radius, np.linspace(share[0], share[1], corners))
    return arc if share[1] - share[0] >= 1 else np.vstack([spot, arc, spot])


def _arc(spot: Any, radius: float, shares: Any) -> Any:
    angles = 2 * np.pi * shares
    return np.stack([spot[0] + radius * np.sin(angles), spot[1] + radius / _TALLER * np.cos(angles)], axis=1)


def _layout(spec: ChartSpec, data: Sequence[Figure]) -> Figure:
    degrees: dict[str, Any] = {"ticksuffix": "°", "zeroline": False, "constrain": "domain"}
    along = axis(spec.x_axis.title or "longitude", **degrees)
    up = axis(spec.y_axis.title or "latitude", **degrees, scaleanchor="x", scaleratio=_TALLER)
    several = sum(trace.get("showlegend", True) for trace in data) > 1
    legend = {"itemsizing": "constant"}
    return {"xaxis": along, "yaxis": up, "showlegend": spec.legend and several, "legend": legend, "height": 500}


def _places(spec: ChartSpec, table: Table, notes: list[str]) -> tuple[Any, Any, Any]:
    """Longitudes, latitudes, and which rows have both.

    Raises:
        NotDrawnError: there is no place, or one is not on the earth.
    """
    assert spec.x is not None
    column = table.columns[spec.x]
    if role_of(column) in NUMBERS:
        longitude, latitude = numbers(column), numbers(table.columns[spec.ys[0]])
    else:
        pairs = np.array([_point(value) for value in column.values(0, len(column))], dtype=float).reshape(-1, 2)
        longitude, latitude = pairs[:, 0], pairs[:, 1]
    there = np.isfinite(longitude) & np.isfinite(latitude)
    if not there.all():
        notes.append(f"{plural(int((~there).sum()), 'row')} without a place left out.")
    if not there.any() or (np.abs(longitude[there]) > 180).any() or (np.abs(latitude[there]) > 90).any():
        raise NotDrawnError("longitudes are from -180 to 180, latitudes from -90 to 90")
    return longitude, latitude, there


def _point(value: Any) -> tuple[float, float]:
    found = value.get("coordinates") if isinstance(value, dict) and value.get("type") == "Point" else None
    if isinstance(found, list) and len(found) >= 2 and all(isinstance(part, (int, float)) for part in found[:2]):
        return float(found[0]), float(found[1])
    return float("nan"), float("nan")


DRAWN: dict[str, Callable[[ChartSpec, Table, Look, list[str]], Drawn]] = {"scatterchart": points, "piechart": pies}
