"""Events -> the traces of a figure: a mark for each event, or where they are too many one for all of a stretch of time.

A notebook keeps what is drawn, so that marks and tooltips have a limit in bytes; what is not there is said in notes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from kqlext.text import plural
from kqlext.visualization.labels import label, labels
from kqlext.visualization.look import TEXT, Figure, Look, Style
from kqlext.visualization.timeline_columns import texts_of
from kqlext.visualization.timeline_events import Events
from kqlext.visualization.values import json_moments, json_numbers

MOST_EVENTS = 2_500
"""Events that have a mark each."""
_MOST_MARKS = 1_500  # of more events than that
_BYTES = 195_000  # of marks and tooltips
# Bytes of a mark, and of a bar more than that, beside its time and tooltip: each value is a line of a saved notebook.
_MARK, _BAR, _COUNT = 46, 44, 44
_WIDEST, _NARROWEST = 400, 30  # characters of a tooltip
_VALUE = 120  # characters of a value in it
_BESIDE, _MOST_BESIDE = 32, 60  # characters of a label beside a mark, and events that have one
_COLUMNS = 2_000  # stretches of time, of which no screen has more
_LEGEND = 30  # characters of a name in the legend
_SMALLEST, _LARGEST = 5, 20  # pixels of a mark of many events
_WIDTH = 1_500  # twice the pixels of a lane, since marks may overlap
_UNITS = (1, 2, 5, 10, 15, 30)
_SECOND, _DAY = 1_000_000, 86_400_000_000
# Microseconds of a stretch of time, and how it is called.
_STRETCHES: tuple[tuple[int, str], ...] = (
    *((n * 1_000, plural(n, "millisecond")) for n in (1, 10, 100)),
    *((n * _SECOND, plural(n, "second")) for n in _UNITS),
    *((n * 60 * _SECOND, plural(n, "minute")) for n in _UNITS),
    *((n * 3_600 * _SECOND, plural(n, "hour")) for n in (1, 2, 3, 6, 12)),
    *((n * _DAY, plural(n, "day")) for n in (1, 2, 7, 14, 30, 90, 365, 3_650, 36_500, 365_000)),
)
_HOVER = "%{x|%Y-%m-%d %H:%M:%S.%6f}<br>%{hovertext}<extra></extra>"
_BAR_HOVER = "%{hovertext}<extra></extra>"


@dataclass(frozen=True)
class Marks:
    """What is drawn: the events, or for each stretch of time one of many.

    Attributes:
        place: of the event, for its tooltip.
        count: how many events a mark is; ``last`` is the last one's start.
    """

    place: Any
    start: Any
    end: Any
    lane: Any
    colour: Any
    count: Any
    last: Any


def marks_of(events: Events, notes: list[str]) -> Marks:
    """A mark for each event, or for many the events of a stretch of time together."""
    every = np.arange(len(events))
    if len(events) <= MOST_EVENTS and _size_of(events.start, events.end) <= _BYTES:
        one = np.ones(len(events), dtype=np.int64)
        return Marks(every, events.start, events.end, events.lane, events.colour, one, events.start)
    key, name = _stretches(events)
    # Events stand along time, so that the first and last of a key are those in time.
    order = np.argsort(key, kind="stable")
    begins = np.flatnonzero(np.diff(key[order], prepend=key[order][0] - 1))
    counts = np.diff(np.append(begins, len(order)))
    first, last = order[begins], order[begins + counts - 1]
    along = np.argsort(events.start[first], kind="stable")
    first, last, counts = first[along], last[along], counts[along]
    notes.append(
        f"{len(events):,} events as {len(first):,} marks: one is all events of a lane and colour within {name}, "
        "as large as they are many; filter the query to see each, the Result has all."
    )
    if not np.isnat(events.end).all():
        notes.append("With so many events no ends are drawn.")
    nothing = np.full(len(first), np.datetime64("NaT", "us"))
    return Marks(
        first, events.start[first], nothing, events.lane[first], events.colour[first], counts, events.start[last]
    )


def _size_of(starts: Any, ends: Any) -> int:
    """Bytes of marks with these starts and ends, without tooltips."""
    return _size_of_mark(starts) * len(starts) + _BAR * int((~np.isnat(ends)).sum())


def _size_of_mark(starts: Any) -> int:
    return _MARK + max(map(len, json_moments(starts[:MOST_EVENTS])), default=0)


def _stretches(events: Events) -> tuple[Any, str]:
    """The shortest stretches of time that are few enough marks: the key of each event's, and how long they are."""
    ticks = events.start.astype(np.int64)
    strip = events.lane * len(events.colours) + events.colour
    least = int(ticks[-1] - ticks[0]) / _COLUMNS
    most = min(_MOST_MARKS, _BYTES // (_size_of_mark(events.start) + _COUNT))
    key, name = strip, ""
    for width, name in [one for one in _STRETCHES if one[0] >= least] or _STRETCHES[-1:]:  # noqa: B007
        bins = ticks // width - ticks[0] // width
        key = strip * (int(bins[-1]) + 1) + bins
        if len(np.unique(key)) <= most:
            break
    return key, name


def traces(events: Events, marks: Marks, look: Look, notes: list[str]) -> list[Figure]:
    """Bars of those that have an end, points of the others; a series for each colour."""
    is_bar = ~np.isnat(marks.end)
    hovers = _tooltips(events, marks, is_bar, notes)
    beside = _labels_beside(events, marks, notes)
    found: list[Figure] = []
    styles = list(look.styles(events.colours))
    if events.rest:
        styles[-1] = replace(styles[-1], colour=TEXT)
    for colour, (name, style) in enumerate(zip(labels(events.colours, _LEGEND), styles, strict=True)):
        own = marks.colour == colour
        shown = True
        for rows, draw in ((np.flatnonzero(own & is_bar), _bars), (np.flatnonzero(own & ~is_bar), _points)):
            if not len(rows):
                continue
            texts = {"hovertext": [hovers[row] for row in rows]} if hovers else {}
            words = [beside[row] for row in rows] if beside else None
            trace = draw(marks, rows, style, words)
            template = {"hovertemplate": _BAR_HOVER if trace["type"] == "bar" else _HOVER} if hovers else {}
            if not hovers:
                template = {"hovertemplate": _HOVER.replace("<br>%{hovertext}", "")}
            group = {"legendgroup": name, **({} if shown else {"showlegend": False})}
            found.append({**trace, "name": name, **group, **texts, **template})
            shown = False
    return found


def _points(marks: Marks, rows: Any, style: Style, beside: Sequence[str] | None) -> Figure:
    count = marks.count[rows]
    size: Any = 8
    if (marks.count > 1).any():
        most = np.log(max(2, int(marks.count.max())))
        # Where many stand beside each other they are smaller, so that they do not become one.
        beside_each_other = len(marks.lane) / len(np.unique(marks.lane))
        largest = min(_LARGEST, max(_SMALLEST + 4, _WIDTH / beside_each_other))
        size = json_numbers(np.round(_SMALLEST + (largest - _SMALLEST) * np.log(count) / most))
    words = {"mode": "markers+text", "text": list(beside), "textposition": "middle right"} if beside else {}
    return {
        "type": "scatter", "mode": "markers", "x": json_moments(marks.start[rows]), "y": marks.lane[rows].tolist(),
        "marker": {"color": style.colour, "symbol": style.symbol, "size": size, "opacity": 0.65, "line": {"width": 0}},
        **words,
    }  # fmt: skip


def _bars(marks: Marks, rows: Any, style: Style, beside: Sequence[str] | None) -> Figure:
    """plotly takes the length of a bar of time in milliseconds."""
    length = (marks.end[rows] - marks.start[rows]).astype(np.int64) / 1e3
    words = {"text": list(beside), "textposition": "auto", "insidetextanchor": "start"} if beside else {}
    return {
        "type": "bar", "orientation": "h", "base": json_moments(marks.start[rows]), "x": json_numbers(length),
        "y": marks.lane[rows].tolist(), "width": 0.55,
        "marker": {"color": style.colour, "opacity": 0.5, "line": {"width": 2, "color": style.colour}}, **words,
    }  # fmt: skip


# --- texts -------------------------------------------------------------------------------------------------


def _tooltips(events: Events, marks: Marks, is_bar: Any, notes: list[str]) -> list[str]:
    """The tooltip of each mark, as wide as there is room for; none where that is too little."""
    count = len(marks.place)
    room = (_BYTES - _size_of(marks.start, marks.end)) // count
    many = bool((marks.count > 1).any())
    width = min(_WIDEST, room)
    if width < _NARROWEST and not many:
        notes.append(f"No tooltips: {len(events):,} events have no room for them.")
        return []
    width = max(width, _NARROWEST)
    lines = _lines(events, marks, min(_VALUE, max(12, width - 16)))
    cut = 0
    found = []
    for row in range(count):
        own = _of_mark(marks, row) if marks.count[row] > 1 else _head(marks, row, is_bar[row]) + lines[row]
        text, fits = _fitting(own, width if marks.count[row] == 1 else _WIDEST)
        cut += not fits
        found.append(text)
    if cut and not many:
        notes.append(f"{plural(cut, 'tooltip')} cut short: of {len(events):,} events there is no room for more.")
    return found


def _head(marks: Marks, row: int, is_bar: bool) -> list[str]:
    if not is_bar:
        return []
    start, end = (str(moment).replace("T", " ") for moment in (marks.start[row], marks.end[row]))
    return [f"{start} – {end}".replace(".000000", "")]


def _of_mark(marks: Marks, row: int) -> list[str]:
    """How many, and when the last is; when the first is stands before it."""
    day, _, hour = str(marks.last[row].astype("datetime64[ms]")).partition("T")
    same_day = str(marks.start[row].astype("datetime64[D]")) == day
    return [f"<b>{marks.count[row]:,} events</b> to {hour if same_day else f'{day} {hour}'}"]


def _fitting(lines: Sequence[str], width: int) -> tuple[str, bool]:
    """As many lines as there is room for, and whether these are all. No line is cut: it might be within an entity."""
    kept: list[str] = []
    size = 0
    for line in lines:
        size += len(line.encode()) + 4
        if size > width:
            return "<br>".join(kept), False
        kept.append(line)
    return "<br>".join(kept), True


def _lines(events: Events, marks: Marks, limit: int) -> list[list[str]]:
    """The lines of the tooltip of each mark that is one event: its label, its columns; each value cut at the limit."""
    found: list[list[str]] = [[] for _ in marks.place]
    alone = np.flatnonzero(marks.count == 1)
    for number, source in enumerate(events.sources):
        own = alone[events.source[marks.place[alone]] == number]
        rows = events.row[marks.place[own]]
        if source.label is not None:
            for row, text in zip(own, texts_of(source.label, rows), strict=True):
                found[row] += [f"<b>{label(text, limit)}</b>"] if text else []
        for column in source.tooltips:
            name = label(column.name, 40)
            for row, text in zip(own, texts_of(column, rows), strict=True):
                found[row] += [f"{name}: {label(text, limit)}"] if text else []
    return found


def _labels_beside(events: Events, marks: Marks, notes: list[str]) -> list[str]:
    if all(source.label is None for source in events.sources):
        return []
    if len(events) > _MOST_BESIDE:
        notes.append(f"Labels stand in the tooltips: beside the marks of {len(events):,} events there is no room.")
        return []
    found = [""] * len(marks.place)
    for number, source in enumerate(events.sources):
        own = np.flatnonzero(events.source[marks.place] == number)
        if source.label is not None:
            for row, text in zip(own, texts_of(source.label, events.row[marks.place[own]]), strict=True):
                found[row] = label(text, _BESIDE) if text else ""
    return found


def lane_labels(events: Events) -> list[str]:
    """The names of the lanes, each with its number of events."""
    counts = np.bincount(events.lane, minlength=len(events.lanes)).tolist()
    names = labels(events.lanes, 40)
    return [f"{name} ({count:,})" for name, count in zip(names, counts, strict=True)]
