"""Nodes and edges in layers, and points in three dimensions. Neither is documented for `render`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from kqlext.decode.tables import Table
from kqlext.text import plural
from kqlext.visualization.labels import label, labels
from kqlext.visualization.look import TEXT, Drawn, Figure, Look
from kqlext.visualization.points import MOST_SERIES, coded, numbers, series_names
from kqlext.visualization.properties import ChartSpec
from kqlext.visualization.roles import NotDrawnError
from kqlext.visualization.thinning import few_series
from kqlext.visualization.values import json_numbers

_MOST_NODES, _MOST_EDGES = 150, 500
_ARROW, _STANDOFF = 9, 6  # pixels
_LABELS = (30, 24, 18, 14)  # characters beside a node
_SWEEPS = 4  # over the layers, to untangle the edges
_BENDS = 10  # pieces of an edge that does not go to the next layer
_WIDTH, _CHARACTER, _GAP = 780, 6.6, 44  # pixels: of the chart, of a character, between a label and the next layer
_EDGE = "rgba(127,127,127,0.6)"
_MOST_POINTS = 2_000

Edge = tuple[int, int]


def graph(spec: ChartSpec, table: Table, look: Look, notes: list[str]) -> Drawn:
    """Edges from left to right, nodes in layers by their steps from one that nothing goes to."""
    nodes, edges = _edges(spec, table, notes)
    texts, places, width = _spaced(_layout(len(nodes), edges), nodes)
    x: list[float | None] = []
    y: list[float | None] = []
    for start, end in edges:
        along, up = _line(places[start], places[end], len(texts[start]))
        x += [*along, None]
        y += [*up, None]
    ends = [behind is None for behind in [*x[1:], 0.0]]
    sizes, standoffs = [_ARROW if end else 0 for end in ends], [_STANDOFF if end else 0 for end in ends]
    arrows = {"symbol": "arrow", "angleref": "previous", "color": TEXT, "size": sizes, "standoff": standoffs}
    lines = {"type": "scatter", "mode": "lines+markers", "x": x, "y": y, "line": {"color": _EDGE, "width": 1.2},
             "marker": arrows, "hoverinfo": "skip"}  # fmt: skip
    (style,) = look.styles([", ".join(table.columns[index].name for index in spec.series)])
    into, out_of = (np.bincount([edge[end] for edge in edges], minlength=len(nodes)).tolist() for end in (1, 0))
    dots = {
        "type": "scatter", "mode": "markers+text", "x": [place[0] for place in places], "y": [p[1] for p in places],
        "text": texts, "textposition": "middle right", "textfont": {"size": 11},
        "marker": {"color": style.colour, "size": 10},
        "hovertext": [f"{text}: {i:,} in, {o:,} out" for text, i, o in zip(labels(nodes), into, out_of, strict=True)],
        "hoverinfo": "text", "cliponaxis": False,
    }  # fmt: skip
    hidden: Figure = {"visible": False, "type": "linear"}
    tallest = max([*(place[1] for place in places), *(up for up in y if up is not None)]) + 0.5
    return [lines, dots], {
        "xaxis": {**hidden, "range": [-10, width]}, "yaxis": {**hidden, "range": [tallest, -0.5]},
        "showlegend": False, "hovermode": "closest", "height": int(max(320, 140 + 24 * tallest)),
    }  # fmt: skip


def _spaced(
    places: Sequence[tuple[int, float]], nodes: Sequence[str | None]
) -> tuple[list[str], list[tuple[float, float]], float]:
    """Labels that end before the next layer begins, the places with x in pixels, and the width."""
    layers = range(1 + max(layer for layer, _ in places))
    for limit in _LABELS:  # shorter ones where the page is not wide enough
        texts = labels(nodes, limit)
        longest = [max(len(text) for (at, _), text in zip(places, texts, strict=True) if at == n) for n in layers]
        room = np.array([_CHARACTER * length + _GAP for length in longest], dtype=float)
        if room.sum() <= _WIDTH:
            room += (_WIDTH - room.sum()) / len(room)
            break
    begins = (np.cumsum(room) - room).tolist()
    return texts, [(begins[layer], up) for layer, up in places], float(room.sum())


def _edges(spec: ChartSpec, table: Table, notes: list[str]) -> tuple[list[str | None], list[Edge]]:
    """The nodes as they come first, and each pair that has an edge, once.

    Raises:
        NotDrawnError: there are none, or more than can be told from one another.
    """
    source, target = (table.columns[index] for index in spec.series)
    (starts, start_names), (ends, end_names) = coded(source), coded(target)
    rows = [(start_names[a], end_names[b]) for a, b in zip(starts.tolist(), ends.tolist(), strict=True)]
    whole = [row for row in rows if row[0] not in (None, "") and row[1] not in (None, "")]
    if len(whole) < len(rows):
        notes.append(f"{plural(len(rows) - len(whole), 'row')} without {source.name} or {target.name} left out.")
    pairs = list(dict.fromkeys(whole))
    if len(pairs) < len(whole):
        notes.append(f"{plural(len(pairs), 'edge')} of {len(whole):,} rows: each is drawn once.")
    loops = sum(start == end for start, end in pairs)
    if loops:
        notes.append(f"{plural(loops, 'edge')} from a node to itself not drawn.")
    nodes = list(dict.fromkeys(name for pair in pairs for name in pair))
    if not nodes or len(nodes) > _MOST_NODES or len(pairs) > _MOST_EDGES:
        most = f"of at most {_MOST_NODES} and {_MOST_EDGES}"
        raise NotDrawnError(f"there are {plural(len(nodes), 'node')} and {plural(len(pairs), 'edge')}, {most}")
    place = {name: number for number, name in enumerate(nodes)}
    return nodes, [(place[start], place[end]) for start, end in pairs if start != end]


def _layout(count: int, edges: Sequence[Edge]) -> list[tuple[int, float]]:
    """The place of each node: x is its layer; within a layer, nodes stand near those that they have edges with."""
    layers = _layers(count, edges)
    neighbours: list[list[int]] = [[] for _ in range(count)]
    for start, end in edges:
        neighbours[start].append(end)
        neighbours[end].append(start)
    tallest = max(len(layer) for layer in layers)
    up = np.zeros(count)

    def spread(layer: Sequence[int]) -> None:
        for rank, node in enumerate(layer):
            up[node] = (rank + 0.5) * tallest / len(layer)

    for layer in layers:
        spread(layer)
    for sweep in range(_SWEEPS):
        for number in range(len(layers)) if sweep % 2 == 0 else range(len(layers) - 1, -1, -1):
            beside = set().union(*(layers[other] for other in (number - 1, number + 1) if 0 <= other < len(layers)))
            means = {}
            for node in layers[number]:
                near = [up[other] for other in neighbours[node] if other in beside]
                means[node] = float(np.mean(near)) if near else float(up[node])
            layers[number].sort(key=lambda node, means=means: means[node])  # type: ignore[misc]
            spread(layers[number])
    across = {node: number for number, layer in enumerate(layers) for node in layer}
    return [(across[node], float(up[node])) for node in range(count)]


def _layers(count: int, edges: Sequence[Edge]) -> list[list[int]]:
    """Nodes by their steps from one that no edge goes to; of a circle, from its node that comes first."""
    following: list[list[int]] = [[] for _ in range(count)]
    entered = [False] * count
    for start, end in edges:
        following[start].append(end)
        entered[end] = True
    depth: dict[int, int] = dict.fromkeys((node for node in range(count) if not entered[node]), 0)
    waiting = list(depth)
    layers: list[list[int]] = [list(waiting)]
    while len(depth) < count or waiting:
        if not waiting:  # what is left goes round
            first = next(node for node in range(count) if node not in depth)
            depth[first] = 0
            waiting = [first]
            layers[0].append(first)
        reached = []
        for node in waiting:
            for other in following[node]:
                if other not in depth:
                    depth[other] = depth[node] + 1
                    reached.append(other)
        if reached:
            level = depth[reached[0]]
            layers += [[] for _ in range(level + 1 - len(layers))]
            layers[level] += reached
        waiting = reached
    return [layer for layer in layers if layer]


def _line(start: tuple[float, float], end: tuple[float, float], characters: int) -> tuple[list[float], list[float]]:
    """From behind a node's label straight to the next layer; else from the node, bent, not to run through others."""
    if end[0] > start[0]:
        return [start[0] + 10 + _CHARACTER * characters, end[0]], [start[1], end[1]]
    share = np.linspace(0, 1, _BENDS + 1)
    middle = (start[0] - _GAP, (start[1] + end[1]) / 2)
    if end[0] < start[0]:
        middle = ((start[0] + end[0]) / 2, max(start[1], end[1]) + 1.5)
    bend = [
        np.round((1 - share) ** 2 * first + 2 * share * (1 - share) * between + share**2 * last, 2).tolist()
        for first, between, last in zip(start, middle, end, strict=True)
    ]
    return bend[0], bend[1]


# --- three dimensions --------------------------------------------------------------------------------------


def space(spec: ChartSpec, table: Table, look: Look, notes: list[str]) -> Drawn:
    """A marker for each row in three dimensions, which can be turned."""
    assert spec.x is not None
    columns = [table.columns[index] for index in (spec.x, *spec.ys)]
    values = [numbers(column) for column in columns]
    there = np.isfinite(np.stack(values)).all(axis=0)
    if not there.all():
        notes.append(f"{plural(int((~there).sum()), 'row')} without all three numbers left out.")
    if not there.any() or there.sum() > _MOST_POINTS:
        raise NotDrawnError(f"there are {int(there.sum()):,} points: 1 to {_MOST_POINTS:,} are drawn")
    names, groups = series_names(spec.series, table)
    few = few_series(names, np.bincount(groups[there], minlength=len(names)), "rows", MOST_SERIES, notes)
    raw = few.names if spec.series else [columns[-1].name]
    data = []
    for number, (name, style) in enumerate(zip(labels(raw), few.styles(look), strict=True)):
        rows = there & (few.places[groups] == number)
        if not rows.any():
            continue
        places: dict[str, Any] = dict(zip("xyz", (json_numbers(one[rows]) for one in values), strict=True))
        symbol = style.symbol if style.symbol in ("circle", "square", "diamond", "cross") else "x"
        marker = {"color": style.colour, "size": 4, "symbol": symbol, "opacity": 0.8}
        data.append({"type": "scatter3d", "mode": "markers", **places, "name": name, "marker": marker})
    wanted = (spec.x_axis.title, spec.y_axis.title, None)
    names_of_axes = [column.name if title is None else title for title, column in zip(wanted, columns, strict=True)]
    axes = {
        f"{letter}axis": {"title": {"text": _title(letter, name, notes)}, "gridcolor": TEXT, "color": TEXT}
        for letter, name in zip("xyz", names_of_axes, strict=True)
    }
    scene = {**axes, "camera": {"eye": {"x": 1.6, "y": 1.6, "z": 1.1}, "center": {"x": 0, "y": 0, "z": -0.15}}}
    legend = {"itemsizing": "constant"}
    shown = spec.legend and len(data) > 1
    return few.backwards(data), {"scene": scene, "showlegend": shown, "legend": legend, "height": 560}


def _title(letter: str, name: str, notes: list[str]) -> str:
    """The title of an axis in WebGL, where plotly reads tags but no entities: a letter where it has such signs."""
    if label(name) == name:
        return name
    notes.append(f"{letter} is {name}.")
    return letter
