"""Tables -> the events of a timeline: when, in which lane, in which colour. What is left out is said in notes. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from kqlext.decode.tables import Column, Table
from kqlext.text import listing, plural
from kqlext.visualization.labels import another
from kqlext.visualization.points import row_name, series_names
from kqlext.visualization.roles import NotDrawnError
from kqlext.visualization.thinning import few_series
from kqlext.visualization.timeline_columns import (
    column_named,
    columns_named,
    default_tooltips,
    start_of,
    time_column,
    times,
)

MOST_LANES, MOST_COLOURS = 50, 20
Name = tuple[str | None, ...]


@dataclass(frozen=True)
class Source:
    """One table of a timeline: its name, and what of it is shown beside the marks."""

    name: str
    table: Table
    time: Column
    label: Column | None
    tooltips: tuple[Column, ...]


@dataclass(frozen=True)
class Events:
    """All events along time, as arrays of one length.

    Attributes:
        sources: the tables.
        source, row: the table of each event, and its row there.
        start, end: datetimes in microseconds; ``end`` is NaT where the event has no duration.
        lane, colour: places in ``lanes`` and ``colours``.
        lanes, colours: their names, not yet for plotly.
        rest: whether the last colour stands for all others.
        grouped: the names of the columns whose values make the lanes.
    """

    sources: tuple[Source, ...]
    source: Any
    row: Any
    start: Any
    end: Any
    lane: Any
    colour: Any
    lanes: tuple[str, ...]
    colours: tuple[str, ...]
    rest: bool
    grouped: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.start)


@dataclass(frozen=True)
class _Part:
    """The events of one table: their names of lanes and colours, and each event's place among them."""

    source: Source
    rows: Any
    start: Any
    end: Any
    lanes: tuple[list[Name], Any]
    colours: tuple[list[Name], Any]
    grouped: tuple[str, ...]


def events_of(tables: Mapping[str, Table], asked: Mapping[str, Any], notes: list[str]) -> Events:
    """The events of one table, or of several on one axis.

    Where there are several, a column that a property names need not be in all of them.

    Raises:
        NotDrawnError: a column is not there, there is no column of times, or no row has a time.
    """
    several = len(tables) > 1
    used = {name: table for name, table in tables.items() if table.num_rows}
    if not used:
        raise NotDrawnError("there are no rows")
    if several and len(used) < len(tables):
        notes.append(f"No rows: {listing(name for name in tables if name not in used)}.")
    if several:
        _check_named(asked, used)
    parts = [
        _part(name, table, _own(asked, table) if several else asked, several, notes) for name, table in used.items()
    ]
    if not any(len(part.rows) for part in parts):
        raise NotDrawnError(f"no row has a time in {listing(dict.fromkeys(part.source.time.name for part in parts))}")
    start, end = (np.concatenate([getattr(part, name) for part in parts]) for name in ("start", "end"))
    order = np.argsort(start, kind="stable")
    lane_names, lane = _together([part.lanes for part in parts])
    colour_names, colour = _together([part.colours for part in parts])
    lanes, lane = _few_lanes(lane_names, lane, sort=any(part.grouped for part in parts), notes=notes)
    counts = np.bincount(colour, minlength=len(colour_names))
    few = few_series(colour_names, counts, "events", MOST_COLOURS, notes)
    return Events(
        tuple(part.source for part in parts),
        np.repeat(np.arange(len(parts)), [len(part.rows) for part in parts])[order],
        np.concatenate([part.rows for part in parts])[order],
        start[order], end[order], lane[order], few.places[colour][order],
        lanes, tuple(few.names), few.rest, tuple(dict.fromkeys(name for part in parts for name in part.grouped)),
    )  # fmt: skip


_COLUMNS = ("time", "start", "end", "group", "label", "tooltip", "color")


def _names_of(value: Any) -> list[str]:
    return [part.strip() for part in value.split(",")] if isinstance(value, str) else list(map(str, value or ()))


def _own(asked: Mapping[str, Any], table: Table) -> dict[str, Any]:
    """The properties without those that name a column which this table has not; of a tooltip what it has."""
    names = set(table.column_names)
    own: dict[str, Any] = {}
    for key, value in asked.items():
        if key not in _COLUMNS or value in (None, "") or (isinstance(value, str) and value in names):
            own[key] = value
            continue
        wanted = _names_of(value)
        kept = [name for name in wanted if name in names] if key == "tooltip" else wanted
        if kept and set(kept) <= names:
            own[key] = value if kept == wanted else kept
    return own


def _check_named(asked: Mapping[str, Any], tables: Mapping[str, Table]) -> None:
    for key in _COLUMNS:
        value = asked.get(key)
        is_name = isinstance(value, str) and any(value in table.column_names for table in tables.values())
        for wanted in _names_of(value) if key == "tooltip" and not is_name else [value]:
            if wanted and not any(key in _own({key: wanted}, table) for table in tables.values()):
                raise NotDrawnError(f"{key} names {wanted!r}, which no table has")


def _part(name: str, table: Table, asked: Mapping[str, Any], several: bool, notes: list[str]) -> _Part:
    own: list[str] = []
    last = column_named(asked, "end", table)
    column = column_named(asked, "time", table) or column_named(asked, "start", table)
    column = column or (start_of(last, table) if last else None) or time_column(table)
    start = times(column, "time", own)
    rows = np.flatnonzero(~np.isnat(start))
    end = _ends(last, start, rows, own)
    groups, colours = columns_named(asked, "group", table), columns_named(asked, "color", table)
    label = column_named(asked, "label", table)
    grouped = tuple(table.columns[place].name for place in groups)
    shown = columns_named(asked, "tooltip", table)
    if not shown:
        taken = [column.name, *([label.name] if label else []), *grouped]
        shown = default_tooltips(table, [*taken, *(table.columns[place].name for place in colours)])
        shown = (*colours, *shown) if colours else shown
    source = Source(name, table, column, label, tuple(table.columns[place] for place in shown))
    notes += [f"{name}: {note}" for note in own] if several else own
    return _Part(
        source, rows, start[rows], end,
        _named(groups, table, rows, (name,)),
        _named(colours, table, rows, (name,)),
        grouped,
    )  # fmt: skip


def _ends(column: Column | None, start: Any, rows: Any, notes: list[str]) -> Any:
    """The end of each event, NaT where it has none or where that is not after its start."""
    nothing = np.full(len(rows), np.datetime64("NaT", "us"))
    if column is None:
        return nothing
    end = times(column, "end", notes, needed=False)[rows]
    before = ~np.isnat(end) & (end < start[rows])
    if before.any():
        notes.append(f"{plural(int(before.sum()), 'event')} with {column.name} before the start: drawn without an end.")
    return np.where(np.isnat(end) | (end <= start[rows]), nothing, end)


def _named(columns: Sequence[int], table: Table, rows: Any, default: Name) -> tuple[list[Name], Any]:
    if not columns:
        return [default], np.zeros(len(rows), dtype=np.int64)
    names, groups = series_names(columns, table)
    return names, groups[rows]


def _together(parts: Sequence[tuple[list[Name], Any]]) -> tuple[list[Name], Any]:
    """The names of all tables, and each event's place among them."""
    known: dict[Name, int] = {}
    places = []
    for names, own in parts:
        among = np.array([known.setdefault(name, len(known)) for name in names], dtype=np.int64)
        places.append(among[own] if len(own) else own)
    return list(known), np.concatenate(places)


def _few_lanes(names: list[Name], lane: Any, sort: bool, notes: list[str]) -> tuple[tuple[str, ...], Any]:
    """The lanes of most events, in the order of their names; all others are one more, so that no event is lost."""
    counts = np.bincount(lane, minlength=len(names))
    used = np.flatnonzero(counts)
    order = sorted(used.tolist(), key=lambda place: _sorting(names[place])) if sort else used.tolist()
    kept = order
    if len(order) > MOST_LANES:
        most = set(used[np.argsort(-counts[used], kind="stable")][:MOST_LANES].tolist())
        kept = [place for place in order if place in most]
        notes.append(f"The {MOST_LANES} lanes of most events, of {len(order):,}; the others are the last lane.")
    place = np.full(len(names), len(kept), dtype=np.int64)
    place[kept] = np.arange(len(kept))
    taken: set[str] = set()
    found = [another(row_name(names[one]), taken) for one in kept]
    if len(kept) < len(order):
        found.append(another(f"({len(order) - len(kept):,} others)", taken))
    return tuple(found), place[lane]


def _sorting(name: Name) -> list[tuple[int, float, str]]:
    """Numbers in their order, texts without case, null and the empty text last."""
    return [
        (3, 0.0, "") if not text else (1, float(text), text) if _NUMBER.fullmatch(text) else (2, 0.0, text.casefold())
        for text in name
    ]


_NUMBER = re.compile(r"-?\d{1,15}(?:\.\d{1,15})?")
