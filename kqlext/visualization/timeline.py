"""Events over time: `| render timeline`, ``-timeline``, ``r.timeline()`` and ``kqlext.timeline()``.

A timeline has lanes along one axis of time (UTC), marks of events, bars of those that have an end, and lines of events
that others are looked at against. It is a figure of plotly as JSON, as all charts are.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from kqlext.own_kinds import OWN_KINDS
from kqlext.parameters import is_table
from kqlext.syntax import tokens
from kqlext.text import listing, plural
from kqlext.visualization.drawing import Shown, own, warning_lines
from kqlext.visualization.labels import middle_out
from kqlext.visualization.look import Figure, axis, layout
from kqlext.visualization.roles import NotDrawnError
from kqlext.visualization.timeline_events import Events, events_of
from kqlext.visualization.timeline_marks import lane_labels, marks_of, traces
from kqlext.visualization.timeline_references import Reference, lines, references
from kqlext.visualization.timeline_vega import plainer

if TYPE_CHECKING:
    from kqlext.decode.tables import Table
    from kqlext.result import Result

__all__ = ["figure", "plainer", "timeline"]

_LANE, _ENTRY = 26, 20  # pixels of a lane, and of an entry of the legend
_LEAST = 130  # of the lanes together
_SLIDER = 44
_TALLEST = 4_000


def timeline(
    data: object,
    *,
    time: str | None = None,
    start: str | None = None,
    end: str | None = None,
    group: Any = None,
    label: str | None = None,
    tooltip: Any = None,
    color: Any = None,
    reference: Any = None,
    overlay: Any = None,
    title: str | None = None,
    height: int | None = None,
    slider: bool | None = None,
) -> Shown:
    """A table as events over time, to be displayed; several tables on one axis.

    Columns are named by a text, several by a list or with commas. What has no time is left out, and said. More than
    2,500 events are drawn as counts of each lane and stretch of time.

    Args:
        data: a Result, a pandas, polars or Arrow table, a list of dicts; or a dict of several by name.
        time: the column of times (also called ``start``): datetimes, or texts in ISO 8601; without a zone they are UTC.
            Without it TimeGenerated, Timestamp, StartTime and their like, else the first datetime.
        end: the column of ends; events that have one are bars.
        group: the columns whose values make the lanes.
        label: the column that heads the tooltips and, of up to 60 events, stands beside the marks.
        tooltip: the columns of the tooltips; without it a few that tell most.
        color: the columns whose values make the colours.
        reference: times that a line marks: a datetime or several, ``{name: time}``, rows of a table, or a table.
        overlay: more tables, a dict by name, or one.
        height: in pixels.
        slider: whether the axis has a slider below it, as it has unless it is False.

    Raises:
        KqlConversionError: it is no table, or cannot be read.
    """
    from kqlext.frames import result_of

    properties = {
        "time": time, "start": start, "end": end, "group": group, "label": label, "tooltip": tooltip, "color": color,
        "reference": reference, "overlay": overlay, "title": title, "height": height, "slider": slider,
    }  # fmt: skip
    if isinstance(data, Mapping) and data and all(is_table(value) or _is_rows(value) for value in data.values()):
        results = {str(name): result_of(value, str(name)) for name, value in data.items()}
        first, *others = results
        more = {**{name: results[name] for name in others}, **_overlaid(overlay)}
        return own(results[first], "timeline", {**properties, "overlay": {first: results[first], **more}})
    return own(result_of(data), "timeline", properties)


def _is_rows(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(row, Mapping) for row in value)


def figure(result: Result, asked: Mapping[str, Any]) -> Figure:
    """The figure of a timeline.

    Raises:
        NotDrawnError: there is none of this table; the message is the reason.
        KqlConversionError: a table beside it cannot be read.
    """
    notes = [f"There is no property {name}; it is left out." for name in asked if name not in _KNOWN]
    events = events_of(_tables(result, asked.get("overlay")), asked, notes)
    found = references(asked.get("reference"), notes)
    marks = marks_of(events, notes)
    data = traces(events, marks, result.view.look, notes)
    lanes = len(events.lanes)
    top = -1.2 if found else -0.5
    ends = _range(events, found)
    data += lines(found, lanes, top + 0.35, ends)
    said = _account(events)
    warned = [f"Warning: {warning}" for warning in warning_lines(result)]
    title = None if asked.get("title") in (None, "") else str(asked["title"])
    entries = sum(trace.get("showlegend", True) for trace in data)
    page = layout(title, [*warned, f"{said}.", *notes], showlegend=entries > 1, barmode="overlay", hovermode="closest")
    slider = _slider(asked.get("slider"))
    page["legend"] = {"tracegroupgap": 0}
    inner = max(_LEAST, _LANE * (lanes + bool(found)), _ENTRY * entries - _SLIDER if entries > 1 else 0)
    page["height"] = _height(asked.get("height"), page["margin"]["t"] + 90 + _SLIDER * slider + inner)
    room = _SLIDER / max(120, page["height"] - page["margin"]["t"] - 60)
    shown = [str(moment.astype("datetime64[ms]")) for moment in ends]
    page["xaxis"] = axis(
        f"{listing(dict.fromkeys(source.time.name for source in events.sources), 3)} (UTC)", "date",
        range=shown, rangeslider={"visible": True, "thickness": round(room, 3), "range": shown} if slider else {},
    )  # fmt: skip
    page["yaxis"] = axis(
        ", ".join(events.grouped), tickmode="array", tickvals=list(range(lanes)), ticktext=lane_labels(events),
        range=[lanes - 0.5, top], showgrid=False, zeroline=False, fixedrange=True,
    )  # fmt: skip
    page["meta"] = {"description": _description(title, said, events, found, notes)}
    return {"data": data, "layout": page}


_KNOWN = {
    "visualization", "isquerysorted", *OWN_KINDS["timeline"].columns, *OWN_KINDS["timeline"].properties,
    *OWN_KINDS["timeline"].arguments,
}  # fmt: skip


# --- tables ------------------------------------------------------------------------------------------------


def _tables(result: Result, overlay: Any) -> dict[str, Table]:
    more = _overlaid(overlay)
    if any(one is result for one in more.values()):  # it has a name of its own among the others
        return {name: one.table for name, one in more.items()}
    name = _source_name(result)
    while name in more:
        name += " (first)"
    return {name: result.table, **{key: one.table for key, one in more.items()}}


def _overlaid(overlay: Any) -> dict[str, Result]:
    from kqlext.frames import result_of

    if overlay is None:
        return {}
    if not isinstance(overlay, Mapping):
        one = result_of(overlay, "overlay")
        return {_source_name(one, "overlay"): one}
    return {str(name): result_of(table, str(name)) for name, table in overlay.items()}


def _source_name(result: Result, default: str = "events") -> str:
    """What a result is called: the table that its query begins with."""
    code = [token for token in tokens(result.query) if token.kind != "comment"]
    begins = code[:1] if len(code) == 1 or (len(code) > 1 and code[1].text == "|") else []
    return begins[0].text if begins and begins[0].kind == "name" else default


# --- the page ----------------------------------------------------------------------------------------------


def _slider(value: Any) -> bool:
    return str(value).lower() not in ("false", "0", "no", "none") or value is None


def _height(value: Any, default: int) -> int:
    if value in (None, ""):
        return min(_TALLEST, default)
    try:
        height = int(str(value))
    except ValueError:
        height = 0
    if not 100 <= height <= _TALLEST:
        raise NotDrawnError(f"height takes pixels, from 100 to {_TALLEST:,}")
    return height


def _range(events: Events, found: list[Reference]) -> tuple[Any, Any]:
    """All of the events, and a little beside them."""
    ends = events.end[~np.isnat(events.end)]
    marked = np.array([one.time for one in found], dtype="datetime64[us]")
    every = np.concatenate([events.start[:1], events.start[-1:], ends, marked]).astype("datetime64[us]")
    first, last = every.min(), every.max()
    beside = max((last - first) // 40, np.timedelta64(1_000, "us")) if last > first else np.timedelta64(1, "s")
    least, most = np.datetime64("0001-01-01", "us"), np.datetime64("9999-12-31", "us")
    return max(first - beside, least), min(last + beside, most)


def _account(events: Events) -> str:
    """``363 events from 2019-01-15 05:15:03 to 2019-01-15 06:15:01 UTC in 12 lanes``."""
    first, last = (
        str(moment.astype("datetime64[ms]")).replace("T", " ") for moment in (events.start[0], events.start[-1])
    )
    span = f"at {first}" if first == last else f"from {first} to {last}"
    lanes = f" in {plural(len(events.lanes), 'lane')}" if len(events.lanes) > 1 else ""
    return f"{plural(len(events), 'event')} {span} UTC{lanes}".replace(".000", "")


def _description(title: str | None, said: str, events: Events, found: list[Reference], notes: list[str]) -> str:
    parts = [f"{title}."] if title else []
    parts.append(f"Timeline of {said}.")
    if len(events.lanes) > 1:
        parts.append(f"Lanes: {_names(events.lanes)}.")
    if len(events.colours) > 1:
        parts.append(f"Colours: {_names(events.colours)}.")
    if found:
        parts.append(f"Marked: {_names(one.name for one in found)}.")
    return " ".join([*parts, *notes[:4]])


def _names(texts: Iterable[str]) -> str:
    return listing((middle_out(text, 40) for text in texts), 5)
