"""Figures without common axes: pies, tree maps, cards, ladders, flows, plotly's own JSON; others by their modules."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import orjson

from kqlext.decode.dynamic import DynamicValues
from kqlext.decode.tables import Table
from kqlext.text import listing, plural
from kqlext.visualization import graphs, maps, pivots
from kqlext.visualization.description import description
from kqlext.visualization.labels import another, label, labels, named
from kqlext.visualization.look import GRID, SHARING, TEXT, Drawn, Figure, Look, axis, layout
from kqlext.visualization.points import coded, moments, numbers, row_name, series_names, texts
from kqlext.visualization.properties import ChartSpec
from kqlext.visualization.roles import NotDrawnError, role_of
from kqlext.visualization.values import json_moments, json_number, json_numbers, total_sizes

_MOST_SLICES = 20
_MOST_AREAS = 1_000
_MOST_ROWS = 200  # of a ladder
_MOST_STEPS = 2_000
_MOST_FLOWS = 500
_MOST_CARDS = 12
_MOST_JSON = 2_000_000  # characters of a figure that a query gives


def figure(spec: ChartSpec, table: Table, look: Look, notes: Sequence[str]) -> Figure:
    """The figure of one of these.

    Raises:
        NotDrawnError: the values of the table make no such chart.
    """
    draw = (maps.DRAWN if spec.map else DRAWN)[spec.kind]
    own: list[str] = []
    data, more = draw(spec, table, look, own)
    if spec.kind == "plotly":
        return {"data": data, "layout": more}
    more["meta"] = {"description": description(spec, table, data, [*spec.notes, *own])}
    return {"data": data, "layout": layout(spec.title, [*notes, *spec.notes, *own], **more)}


def _pie(spec: ChartSpec, table: Table, look: Look, notes: list[str]) -> Drawn:
    """Slices by size, those of numbers and times in their order; many small ones are one: a pie has all of it."""
    assert spec.x is not None
    places, names = coded(table.columns[spec.x])
    sizes = total_sizes(table.columns[spec.ys[0]], places, len(names), notes)
    order = np.argsort(-sizes, kind="stable")
    keep, rest = order[:_MOST_SLICES], order[_MOST_SLICES:]
    if role_of(table.columns[spec.x]) != "text":
        keep = np.sort(keep)
    slices = labels(names[place] for place in keep)
    values = sizes[keep].tolist()
    kept = look.colours.places([named(names[place]) for place in keep], len(look.palette))
    colours = [look.palette[place] for place in kept]
    if len(rest):
        notes.append(f"The {_MOST_SLICES} largest of {len(names):,} slices, the others as one.")
        slices, values, colours = (
            [*slices, f"({len(rest):,} others)"],
            [*values, float(sizes[rest].sum())],
            [*colours, TEXT],
        )
    trace = {
        "type": "pie", "labels": slices, "values": [json_number(value) for value in values], "sort": False,
        "direction": "clockwise", "marker": {"colors": colours, "line": {"color": GRID, "width": 1}},
        "textinfo": "label+percent" if len(slices) <= 8 else "percent",
        "textposition": "auto" if len(slices) <= 8 else "inside",
        "automargin": True, "hoverinfo": "label+value+percent",
    }  # fmt: skip
    return [trace], {"showlegend": spec.legend}


def _treemap(spec: ChartSpec, table: Table, look: Look, notes: list[str]) -> Drawn:
    """Areas within areas, one level for each column of texts."""
    names, groups = series_names(spec.series, table)
    sizes = total_sizes(table.columns[spec.ys[0]], groups, len(names), notes)
    if len(names) > _MOST_AREAS:
        notes.append(f"The {_MOST_AREAS:,} largest of {len(names):,} areas.")
    totals: dict[tuple[str | None, ...], float] = {}
    for place in np.sort(np.argsort(-sizes, kind="stable")[:_MOST_AREAS]):
        for level in range(1, len(spec.series) + 1):
            path = names[place][:level]
            totals[path] = totals.get(path, 0.0) + float(sizes[place])
    ids = {path: str(number) for number, path in enumerate(totals)}
    tops = [path for path in totals if len(path) == 1]
    colours = look.colours.places([named(path[0]) for path in tops], len(look.palette))
    places = dict(zip((path[0] for path in tops), colours, strict=True))
    trace = {
        "type": "treemap", "ids": list(ids.values()), "labels": [label(path[-1]) for path in totals],
        "parents": [ids[path[:-1]] if len(path) > 1 else "" for path in totals],
        "values": [json_number(value) for value in totals.values()], "branchvalues": "total",
        "marker": {"colors": [look.palette[places[path[0]]] for path in totals]},
        "textinfo": "label+value", "hoverinfo": "label+value+percent root",
    }  # fmt: skip
    return [trace], {}


def _card(spec: ChartSpec, table: Table, _: Look, notes: list[str]) -> Drawn:
    """The values of the first row, large, each with its column's name."""
    shown = spec.ys[:_MOST_CARDS]
    if len(spec.ys) > len(shown):
        notes.append(f"The first {_MOST_CARDS} of {len(spec.ys):,} columns.")
    if table.num_rows > 1:
        notes.append(f"The first of {table.num_rows:,} rows.")
    across = min(len(shown), 4)
    down = -(-len(shown) // across)
    annotations = []
    for number, index in enumerate(shown):
        row, column = divmod(number, across)
        x, y = (column + 0.5) / across, 1 - (row + 0.5) / down
        value = _card_value(table.columns[index])
        place = {"x": x, "y": y, "xref": "paper", "yref": "paper", "showarrow": False, "xanchor": "center"}
        size = 40 if len(value) <= 8 else 26 if len(value) <= 12 else 17
        annotations += [
            {**place, "text": f"<b>{value}</b>", "font": {"size": size}, "yanchor": "bottom"},
            {**place, "text": label(table.columns[index].name), "font": {"size": 13}, "yanchor": "top"},
        ]
    hidden = {"visible": False, "fixedrange": True}
    more = {"annotations": annotations, "xaxis": hidden, "yaxis": hidden, "height": 110 + 110 * down}
    return [{"type": "scatter", "x": [], "y": [], "mode": "markers", "hoverinfo": "skip"}], more


def _card_value(column: Any) -> str:
    value = column.values(0, 1)[0]
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    if isinstance(value, float) and np.isfinite(value):
        return f"{value:,.6g}" if abs(value) < 1e15 else repr(value)
    return label(None if value is None else column.texts(0, 1)[0])


def _ladder(spec: ChartSpec, table: Table, look: Look, notes: list[str]) -> Drawn:
    """A bar from the start to the end of each row, rows of one name beside each other."""
    assert spec.x is not None
    first, last = table.columns[spec.x], table.columns[spec.ys[0]]
    is_time = first.type == "datetime"
    start, end = (moments(column.data) if is_time else numbers(column) for column in (first, last))
    there = ~(np.isnat(start) | np.isnat(end)) if is_time else np.isfinite(start) & np.isfinite(end)
    if not there.all():
        notes.append(f"{plural(int((~there).sum()), 'row')} without start or end left out.")
    if (end[there] < start[there]).any():
        raise NotDrawnError(f"'{last.name}' is before '{first.name}' in some rows")
    if not there.any() or there.sum() > _MOST_STEPS:
        raise NotDrawnError(f"there are {int(there.sum()):,} rows with start and end, of at most {_MOST_STEPS:,}")
    names, groups = series_names(spec.series, table)
    if len(names) > _MOST_ROWS:
        raise NotDrawnError(f"{len(names):,} rows of bars are more than {_MOST_ROWS}")
    taken: set[str] = set()
    rows = labels(another(row_name(name) or "(all)", taken) for name in names)
    start, end = start[there], end[there]
    # plotly takes the length of a bar of time in milliseconds.
    length = (end - start).astype("timedelta64[us]").astype(float) / 1e3 if is_time else end - start
    write = json_moments if is_time else json_numbers
    (style,) = look.styles([last.name])
    trace = {
        "type": "bar", "orientation": "h", "base": write(start), "x": json_numbers(length),
        "y": [rows[group] for group in groups[there]],
        "marker": {"color": style.colour, "opacity": 0.8, "line": {"width": 1, "color": style.colour}},
        "customdata": [list(pair) for pair in zip(write(start), write(end), strict=True)],
        "hovertemplate": "%{y}<br>%{customdata[0]} – %{customdata[1]}<extra></extra>",
    }  # fmt: skip
    title = spec.x_axis.title if spec.x_axis.title is not None else f"{first.name} – {last.name}"
    down = axis(spec.y_axis.title or "", "category", categoryorder="array", categoryarray=rows, autorange="reversed")
    height = max(300, 140 + 22 * len(rows))
    return [trace], {
        "xaxis": axis(title, "date" if is_time else "linear"), "yaxis": down, "height": height, "barmode": "overlay",
    }  # fmt: skip


def _sankey(spec: ChartSpec, table: Table, look: Look, notes: list[str]) -> Drawn:
    """Flows from the texts of one column to those of another."""
    names, groups = series_names(spec.series, table)
    sizes = total_sizes(table.columns[spec.ys[0]], groups, len(names), notes)
    if len(names) > _MOST_FLOWS:
        raise NotDrawnError(f"{len(names):,} flows are more than {_MOST_FLOWS}")
    # A name on the left and the same on the right are two, since a flow must not go round.
    nodes = list(dict.fromkeys([(0, name[0]) for name in names] + [(1, name[1]) for name in names]))
    place = {node: index for index, node in enumerate(nodes)}
    raw = list(dict.fromkeys(named(text) for _, text in nodes))
    by_name = dict(zip(raw, look.colours.places(raw, len(look.palette)), strict=True))
    colours = [look.palette[by_name[named(text)]] for _, text in nodes]
    trace = {
        "type": "sankey",
        "node": {"label": [label(text) for _, text in nodes], "color": colours, "pad": 12},
        "link": {
            "source": [place[(0, name[0])] for name in names], "target": [place[(1, name[1])] for name in names],
            "value": [json_number(size) for size in sizes.tolist()], "color": GRID,
        },
    }  # fmt: skip
    return [trace], {"height": max(400, 120 + 14 * len(nodes))}


# --- a figure that the query gives -------------------------------------------------------------------------

# What plotly fetches from elsewhere: maps, and images. A result calls nobody.
_FETCHING = re.compile(r"scattergeo|choropleth.*|.*mapbox|(scatter|density)map|image")
_LINK = re.compile(r"<(?=\s*/?\s*a\b)", re.I)
_ADDRESS = re.compile(r"\s*([a-z]+:)?//", re.I)


def _plotly(spec: ChartSpec, table: Table, _: Look, __: list[str]) -> Drawn:
    """The figure in the first cell. Its texts keep plotly's tags, but neither links nor TeX."""
    column = table.columns[spec.ys[0]]
    value = column.values(0, 1)[0]
    text = "" if isinstance(column.data, DynamicValues) else texts(column)[0] or ""
    if len(text) > _MOST_JSON:
        raise NotDrawnError(f"the figure has more than {_MOST_JSON:,} characters")
    try:
        found = value if isinstance(value, dict) else orjson.loads(text)
    except orjson.JSONDecodeError:
        raise NotDrawnError("the first cell does not hold a figure's JSON") from None
    data = found.get("data") if isinstance(found, dict) else None
    if not isinstance(data, list) or not all(isinstance(trace, dict) for trace in data):
        raise NotDrawnError("the first cell does not hold a figure's JSON")
    own = found.get("layout")
    fetching = [str(trace.get("type")) for trace in data if _FETCHING.fullmatch(str(trace.get("type")))]
    clean = [_harmless(trace, fetching) for trace in data]
    drawn = _harmless(own if isinstance(own, dict) else {}, fetching)
    if fetching:
        raise NotDrawnError(f"its figure would fetch from elsewhere ({label(listing(dict.fromkeys(fetching), 3))})")
    bar = drawn.get("modebar")
    return clean, {**drawn, "modebar": {**(bar if isinstance(bar, dict) else {}), "add": [], "remove": SHARING}}


def _harmless(value: Any, fetching: list[str]) -> Any:
    """The same without links and TeX; what would be fetched is added to ``fetching``."""
    if isinstance(value, dict):
        fetching += [key for key in ("images", "mapbox") if value.get(key)]
        return {str(key): _harmless(inner, fetching) for key, inner in value.items()}
    if isinstance(value, list):
        return [_harmless(inner, fetching) for inner in value]
    if isinstance(value, str):
        if _ADDRESS.match(value):
            fetching.append(value)
        return _LINK.sub("&lt;", value.replace("$", "&#36;"))
    return value


DRAWN: dict[str, Callable[[ChartSpec, Table, Look, list[str]], Drawn]] = {
    "piechart": _pie,
    "treemap": _treemap,
    "card": _card,
    "ladderchart": _ladder,
    "sankey": _sankey,
    "plotly": _plotly,
    "pivotchart": pivots.pivot_chart,
    "timepivot": pivots.time_pivot,
    "graph": graphs.graph,
    "3dchart": graphs.space,
}
