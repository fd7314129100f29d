"""The events that a timeline marks by a line: times, rows of a table, or times by their names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kqlext.parameters import is_table
from kqlext.text import one_line, shorten
from kqlext.visualization.labels import label
from kqlext.visualization.look import Figure
from kqlext.visualization.roles import NotDrawnError
from kqlext.visualization.timeline_columns import TIME_NAMES, moment_of, time_column, times
from kqlext.visualization.values import json_moments

MOST = 50
_IN_LEGEND = 10  # that have a name beside their line and in the legend
_NAMES = ("AlertName", "DisplayName", "AlertDisplayName", "Title", "Name", "Activity", "ActionType", "Description")
_COLOUR = "#d62728"
_APART = 0.25  # of the axis, which a name beside a line takes
_TIMES = frozenset(name.lower() for name in TIME_NAMES)


@dataclass(frozen=True)
class Reference:
    """A time that is marked, and what it is called."""

    time: Any
    name: str


def references(given: Any, notes: list[str]) -> list[Reference]:
    """What ``reference=`` gives, along time.

    Args:
        given: a time, several (in a text with commas between them), a Result or DataFrame, one of its rows, or a dict
            of times by name.

    Raises:
        NotDrawnError: it is none of these.
    """
    if given is None or (isinstance(given, str) and not given):
        return []
    found = sorted(_read(given, notes), key=lambda one: one.time)
    if len(found) > MOST:
        notes.append(f"The first {MOST} of {len(found):,} reference events.")
    return found[:MOST]


def _read(given: Any, notes: list[str]) -> Iterator[Reference]:
    if is_table(given):
        yield from _of_table(given, notes)
    elif _is_row(given):
        yield _of_row(given)
    elif isinstance(given, Mapping):
        for name, value in given.items():
            yield Reference(_required(value), one_line(str(name)))
    elif isinstance(given, str):
        for text in given.split(","):
            yield _named(_required(text))
    elif isinstance(given, Sequence) or (hasattr(given, "__iter__") and not hasattr(given, "isoformat")):
        for value in given:
            yield from [_of_row(value)] if _is_row(value) else [_named(_required(value))]
    else:
        yield _named(_required(given))


def _of_table(given: Any, notes: list[str]) -> Iterator[Reference]:
    from kqlext.frames import result_of

    table = result_of(given, "reference").table
    if not table.num_rows:
        notes.append("The table of reference events has no rows.")
        return
    own: list[str] = []
    moments = times(time_column(table), "reference", own)
    notes += [f"Reference events: {note}" for note in own]
    called = next((column for name in _NAMES for column in table.columns if column.name == name), None)
    names = called.texts(0, table.num_rows) if called else [""] * table.num_rows
    for moment, name in zip(moments, names, strict=True):
        if moment == moment:
            yield Reference(moment, name) if name else _named(moment)


def _is_row(value: Any) -> bool:
    """Whether it is a row: a Row of a Result, a Series of pandas, or a dict that has a column of times."""
    names = _row_of(value)
    return names is not None and any(str(name).lower() in _TIMES for name in names)


def _row_of(value: Any) -> Mapping[Any, Any] | None:
    if isinstance(value, Mapping):
        return value
    for convert in ("asdict", "to_dict"):
        if hasattr(value, convert) and not is_table(value):
            found = getattr(value, convert)()
            return found if isinstance(found, Mapping) else None
    return None


def _of_row(value: Any) -> Reference:
    row = {str(name): item for name, item in (_row_of(value) or {}).items()}
    found = [item for known in TIME_NAMES for name, item in row.items() if name.lower() == known.lower()]
    moment = next((moment for item in found if (moment := moment_of(item)) is not None), None)
    if moment is None:
        raise NotDrawnError("reference is a row without a time")
    name = next((str(row[name]) for name in _NAMES if row.get(name)), "")
    return Reference(moment, one_line(name)) if name else _named(moment)


def _required(value: Any) -> Any:
    moment = moment_of(value)
    if moment is None:
        raise NotDrawnError(f"reference cannot be {one_line(shorten(str(value), 40))!r}: it takes a time in ISO 8601")
    return moment


def _named(moment: Any) -> Reference:
    return Reference(moment, json_moments(moment.reshape(1))[0].replace("T", " "))


def lines(found: Sequence[Reference], lanes: int, top: float, ends: tuple[Any, Any]) -> list[Figure]:
    """A dashed line through all lanes for each; those that are few and apart have their names beside them.

    Args:
        top: where the lines begin, in lanes.
        ends: of the axis.
    """
    traces: list[Figure] = []
    few = len(found) <= _IN_LEGEND
    begin, end = (moment.astype("datetime64[us]").astype(float) for moment in ends)
    written = -_APART
    for number, one in enumerate(found):
        (x,) = json_moments(one.time.reshape(1))
        name = label(one.name, 30)
        place = (one.time.astype("datetime64[us]").astype(float) - begin) / (end - begin)
        apart = few and place - written >= _APART
        written = place if apart else written
        side = "middle left" if place > 1 - _APART else "middle right"
        words = {"mode": "lines+text", "text": [name, ""], "textposition": side} if apart else {}
        legend: Figure = {"name": name} if few else {"name": f"{len(found):,} reference events"}
        shown = {} if few or number == 0 else {"showlegend": False}
        traces.append({
            "type": "scatter", "mode": "lines", "x": [x, x], "y": [top, lanes - 0.5], **words, **legend, **shown,
            "line": {"color": _COLOUR, "width": 1.5, "dash": "dash"}, "hovertext": [name, name],
            "legendgroup": f"reference {number}" if few else "references",
            "hovertemplate": "%{hovertext}<br>%{x|%Y-%m-%d %H:%M:%S.%6f}<extra></extra>",
        })  # fmt: skip
    return traces
