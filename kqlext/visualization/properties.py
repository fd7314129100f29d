"""`render` -> ``ChartSpec``: which columns are x, series and y, and what the properties ask for. Pure.

Sources: "render operator" and the pages of each visualization in the KQL reference. A property that cannot be used
ends in ``NotDrawnError`` with one line why; one that a chart of this kind does not know is a note, as in Kusto.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from kqlext.decode.tables import Column
from kqlext.visualization.choosers import CHOOSERS, MAP_CHOOSERS
from kqlext.visualization.roles import NUMERIC, NotDrawnError, Roles, find_columns, role_of

__all__ = ["Axis", "ChartSpec", "NotDrawnError", "chart_spec"]

Stacking = Literal["unstacked", "stacked", "stacked100"]


@dataclass(frozen=True)
class Axis:
    """What the properties say of one axis: limits are numbers, or texts of datetimes."""

    title: str | None = None
    log: bool = False
    minimum: float | str | None = None
    maximum: float | str | None = None


@dataclass(frozen=True)
class ChartSpec:
    """What is to be drawn. Columns are their positions, since names may be empty or stand twice.

    Attributes:
        kind: the visualization: ``timechart``, ``areachart`` (also for stackedareachart), ...
        x: the column of the x axis (of categories, of the slices of a pie, of the start of a ladder), if there is one.
        ys: the columns of values.
        series: the columns whose values, taken together, make a series; the levels of a treemap.
        anomalies: the columns of anomalies, drawn as markers.
        arrays: x and ys are arrays, as of make-series, to be taken apart against each other.
        sorted: whether the query sorts its rows; None where the service does not say.
        notes: what of the query is not in the picture, a sentence each.
        levels: the columns of categories within those of x (pivotchart).
    """

    kind: str
    x: int | None = None
    ys: tuple[int, ...] = ()
    series: tuple[int, ...] = ()
    anomalies: tuple[int, ...] = ()
    arrays: bool = False
    map: bool = False
    stacking: Stacking = "unstacked"
    split: Literal["none", "axes", "panels"] = "none"
    x_axis: Axis = field(default_factory=Axis)
    y_axis: Axis = field(default_factory=Axis)
    title: str | None = None
    legend: bool = True
    accumulate: bool = False
    sorted: bool | None = None
    notes: tuple[str, ...] = ()
    levels: tuple[int, ...] = ()


NO_CHART = {
    "": "", "table": "", "list": "",
}  # fmt: skip
"""Visualizations that are tables, and why; nothing for those that are meant to be."""

_STACKED_KINDS = ("areachart", "barchart", "columnchart")
_AXES_KINDS = ("timechart", "anomalychart", "linechart", "areachart", "scatterchart", "barchart", "columnchart")

_Y_KINDS = (*_AXES_KINDS, "pivotchart")
_TITLED_KINDS = (*_Y_KINDS, "ladderchart", "timepivot", "3dchart", "map")
_COLUMNED_KINDS = (*_Y_KINDS, "piechart", "ladderchart", "timepivot", "3dchart", "treemap", "map")

# Property -> the kinds that it says something to; for all others it is a note. `map` is what `kind=map` draws.
KNOWN: dict[str, tuple[str, ...] | None] = {
    "visualization": None, "title": None, "legend": None, "isquerysorted": None, "by": (), "annotation": (),
    "kind": None, "series": (*_COLUMNED_KINDS, "sankey", "graph"), "ycolumns": (*_COLUMNED_KINDS, "sankey", "card"),
    "xcolumn": _COLUMNED_KINDS, "xtitle": _TITLED_KINDS, "ytitle": _TITLED_KINDS,
    "xaxis": _AXES_KINDS, "yaxis": _Y_KINDS, "ymin": _Y_KINDS, "ymax": _Y_KINDS,
    "xmin": _AXES_KINDS, "xmax": _AXES_KINDS, "ysplit": _AXES_KINDS, "accumulate": _AXES_KINDS,
    "anomalycolumns": ("anomalychart",),
}  # fmt: skip


def chart_spec(visualization: Mapping[str, Any], columns: Sequence[Column]) -> ChartSpec:
    """What `render` asks for, of a table of these columns.

    Args:
        visualization: values by lower-case property name, of the service or read from the text.

    Raises:
        NotDrawnError: no such chart can be drawn of this table; the reason is empty where a table is asked for.
    """
    written = _text(visualization.get("visualization")) or ""
    kind = written.lower()
    properties = {name: value for name, value in visualization.items() if not _unset(value)}
    if kind in NO_CHART:
        raise NotDrawnError(NO_CHART[kind])
    stacking: Stacking = "unstacked"
    if kind == "stackedareachart":
        kind, stacking = "areachart", "stacked"
    if kind not in CHOOSERS:
        raise NotDrawnError("kqlext knows no such visualization")
    if not columns or len(columns[0]) == 0:
        raise NotDrawnError("there are no rows")
    notes: list[str] = []
    stacking, is_map = _kind_property(kind, properties, stacking, notes)
    properties = _known("map" if is_map else kind, properties, notes)
    roles = Roles(
        x=_one(find_columns(properties.get("xcolumn"), columns, "xcolumn"), "xcolumn"),
        ys=find_columns(properties.get("ycolumns"), columns, "ycolumns"),
        series=find_columns(properties.get("series"), columns, "series"),
        anomalies=find_columns(properties.get("anomalycolumns"), columns, "anomalycolumns")
        if kind == "anomalychart"
        else (),
    )
    chosen = (MAP_CHOOSERS if is_map else CHOOSERS)[kind](roles, columns)
    notes += chosen.notes
    axes_role = "category" if chosen.x is None else role_of(columns[chosen.x])
    return ChartSpec(
        kind, chosen.x, chosen.ys, chosen.series, chosen.anomalies, chosen.arrays, is_map, stacking,
        _split(kind, properties, len(chosen.ys), notes),
        _axis("x", properties, axes_role, notes), _axis("y", properties, "number", notes),
        _text(properties.get("title")), _word(properties, "legend", ("visible", "hidden")) != "hidden",
        _flag(properties.get("accumulate")), _flag_or_none(visualization.get("isquerysorted")), tuple(notes),
        chosen.levels,
    )  # fmt: skip


# --- single properties -------------------------------------------------------------------------------------


def _known(kind: str, properties: Mapping[str, Any], notes: list[str]) -> dict[str, Any]:
    """The properties that say something to this kind."""
    known = {}
    for name, value in properties.items():
        kinds = KNOWN.get(name, ())
        if kinds is None or kind in kinds:
            known[name] = value
        elif name not in KNOWN:
            notes.append(f"There is no property {name}; it is left out.")
        elif not _is_default(value):
            notes.append(f"{name} does not go with {'kind=map' if kind == 'map' else kind}; it is left out.")
    return known


def _is_default(value: Any) -> bool:
    text = (_text(value) or "").lower()
    return text in ("false", "none", "linear", "nan", "")


def _kind_property(
    kind: str, properties: Mapping[str, Any], stacking: Stacking, notes: list[str]
) -> tuple[Stacking, bool]:
    value = (_text(properties.get("kind")) or "default").lower()
    if value == "default":
        return stacking, False
    if value in ("unstacked", "stacked", "stacked100") and kind in _STACKED_KINDS:
        return value, False  # type: ignore[return-value]
    if value == "unstacked":
        return stacking, False
    if value == "map" and kind in MAP_CHOOSERS:
        return stacking, True
    if value in ("stacked", "stacked100", "map"):
        notes.append(f"kind={value} does not go with {kind}; it is left out.")
        return stacking, False
    raise NotDrawnError(f"kind cannot be {value!r}: it is unstacked, stacked, stacked100 or map")


def _split(kind: str, properties: Mapping[str, Any], count: int, notes: list[str]) -> Literal["none", "axes", "panels"]:
    value = _word(properties, "ysplit", ("none", "axes", "panels"))
    if value not in ("axes", "panels") or count < 2:
        return "none"
    if kind == "barchart":
        notes.append(f"ysplit={value} does not go with barchart; it is left out.")
        return "none"
    return value  # type: ignore[return-value]


def _axis(letter: str, properties: Mapping[str, Any], role: str, notes: list[str]) -> Axis:
    log = _word(properties, f"{letter}axis", ("linear", "log")) == "log"
    if log and role not in ("numbers", *NUMERIC):
        notes.append(f"{letter}axis=log is for numbers; the axis is linear.")
        log = False
    low, high = (_limit(f"{letter}{end}", properties, role, log, notes) for end in ("min", "max"))
    if low is not None and high is not None and not low < high:  # type: ignore[operator]
        raise NotDrawnError(f"{letter}min is not less than {letter}max")
    return Axis(_text(properties.get(f"{letter}title")), log, low, high)


def _limit(name: str, properties: Mapping[str, Any], role: str, log: bool, notes: list[str]) -> float | str | None:
    value = properties.get(name)
    if value is None:
        return None
    text = str(value).strip()
    if role in ("time", "times"):
        return _moment(name, text)
    if role not in ("numbers", *NUMERIC):
        notes.append(f"{name} is for numbers and datetimes; it is left out.")
        return None
    try:
        number = float(text)
    except ValueError:
        raise NotDrawnError(f"{name} cannot be {text!r}: it takes a number") from None
    if not math.isfinite(number):
        return None
    if log and number <= 0:
        notes.append(f"{name}={text} is not on an axis with a logarithmic scale; it is left out.")
        return None
    return number


def _moment(name: str, text: str) -> str:
    """The text of a datetime, as ISO 8601 in UTC without a zone."""
    import datetime as dt

    inner = text.removeprefix("datetime(").removesuffix(")").strip().strip("'\"")
    try:
        moment = dt.datetime.fromisoformat(inner)
    except ValueError:
        raise NotDrawnError(f"{name} cannot be {text!r}: it takes a datetime") from None
    return (moment.astimezone(dt.UTC).replace(tzinfo=None) if moment.tzinfo else moment).isoformat()


def _word(properties: Mapping[str, Any], name: str, allowed: tuple[str, ...]) -> str | None:
    value = _text(properties.get(name))
    if value is None:
        return None
    if value.lower() not in allowed:
        raise NotDrawnError(f"{name} cannot be {value!r}: it is {' or '.join(allowed)}")
    return value.lower()


def _one(found: tuple[int, ...], name: str) -> int | None:
    if len(found) > 1:
        raise NotDrawnError(f"{name} takes one column")
    return found[0] if found else None


def _unset(value: Any) -> bool:
    if isinstance(value, (list, tuple)):
        return not value
    return value is None or value == "" or str(value).lower() == "nan"


def _text(value: Any) -> str | None:
    return None if _unset(value) else str(value)


def _flag(value: Any) -> bool:
    return str(value).lower() in ("true", "1")


def _flag_or_none(value: Any) -> bool | None:
    return None if value is None else _flag(value)
