"""A tree as a plotly figure: a bar for each process in a row of its own, indented by its depth."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kqlext.process_trees.outline import ABSENT, Line, Outline, heading, more
from kqlext.visualization.labels import label, middle_out, plain
from kqlext.visualization.look import GRID, TEXT, Figure, layout

if TYPE_CHECKING:
    from kqlext.process_trees.tree import ProcessTree

_MOST_ROWS = 300  # of which each takes 700 bytes in a notebook
_DEEPEST = 60
_ROW, _SEEN = 22, 40  # pixels of a row, and rows that are seen at once
_WIDTH = 14  # bars end so many levels to the right of the deepest
_COMMAND, _HOVER = 120, 400
_COLOUR = "#1f77b4"
_STRIPE = 0.2  # levels


def figure(tree: ProcessTree) -> Figure:
    """The figure as JSON values."""
    outline = Outline(tree)
    shown = sorted(outline.nearest(_DEEPEST)[:_MOST_ROWS])
    rows = {number: row for row, number in enumerate(shown)}
    lines = [outline.line(number) for number in shown]
    end = max((outline.depths[number] for number in shown), default=0) + _WIDTH
    groups: dict[str | None, list[int]] = {}
    for row, line in enumerate(lines):
        groups.setdefault(line.value if line.colour else None, []).append(row)
    traces = [_connectors(outline, rows)]
    traces += [
        trace
        for name, of in groups.items()
        for trace in _bars(name, [(row, lines[row], outline.depths[shown[row]]) for row in of], end)
    ]
    notes = [heading(tree), *tree.notes]
    if len(shown) < len(outline):
        notes.append(
            f"{more(len(outline) - len(shown)).capitalize()} not drawn: filter(host=, root=, text=) shows fewer."
        )
    if len(shown) > _SEEN:
        notes.append("Drag up and down to see the other rows.")
    seen = min(len(shown), _SEEN)
    made = layout(tree.title, notes)
    return {"data": traces, "layout": {**made, **_rows_layout(made, seen, end, len(groups) > 1)}}


def _rows_layout(made: dict[str, Any], seen: int, end: int, legend: bool) -> dict[str, Any]:
    margin = {**made["margin"], "l": 12, "b": 12}
    return {
        "height": margin["t"] + margin["b"] + _ROW * max(seen, 3),
        "margin": margin,
        "barmode": "overlay", "bargap": 0.1, "dragmode": "pan", "showlegend": legend,
        "legend": {"orientation": "v"},
        "xaxis": {"visible": False, "range": [0, end], "fixedrange": True, "type": "linear"},
        "yaxis": {"visible": False, "range": [seen - 0.5, -0.5], "type": "linear"},
        "meta": {"description": "a tree of processes: a bar for each, indented by its depth"},
    }  # fmt: skip


def _bars(name: str | None, rows: list[tuple[int, Line, int]], end: int) -> list[Figure]:
    """A stripe of the colour, and behind it a bar that is faint, so that the text in it is read on any page."""
    colour = next(line.colour for _, line, _ in rows) or _COLOUR
    title = label(name) if name is not None else ""
    common = {
        "type": "bar", "orientation": "h", "y": [row for row, _, _ in rows], "legendgroup": title, "name": title,
    }  # fmt: skip
    stripe = {
        **common, "base": [depth for _, _, depth in rows], "x": [_STRIPE] * len(rows), "hoverinfo": "skip",
        "marker": {"color": colour, "line": {"width": 0}},
    }  # fmt: skip
    bar = {
        **common, "base": [depth + _STRIPE for _, _, depth in rows], "x": [end - depth for _, _, depth in rows],
        "text": [_caption(line) for _, line, _ in rows], "hovertext": [_hover(line) for _, line, _ in rows],
        "hovertemplate": "%{hovertext}<extra></extra>", "texttemplate": "%{text}", "showlegend": False,
        "textposition": "inside", "insidetextanchor": "start", "textangle": 0, "constraintext": "none",
        "textfont": {"color": TEXT, "size": 12},
        "marker": {"color": _faint(colour), "line": {"width": 0}},
    }  # fmt: skip
    return [stripe, bar]


def _connectors(outline: Outline, rows: dict[int, int]) -> Figure:
    xs: list[float | None] = []
    ys: list[float | None] = []
    for number, row in rows.items():
        above = outline.parents[number]
        if above >= 0:
            at = outline.depths[above] + 0.5
            xs += [at, at, outline.depths[number], None]
            ys += [rows[above] + 0.45, row, row, None]
    return {
        "type": "scatter", "mode": "lines", "x": xs, "y": ys, "hoverinfo": "skip", "showlegend": False,
        "line": {"color": GRID, "width": 1},
    }  # fmt: skip


def _caption(line: Line) -> str:
    parts = [line.process_id, ABSENT if line.absent else line.time, middle_out(line.command, _COMMAND)]
    name = plain(middle_out(line.name, 60))
    return f"<b>{name}</b>{' ◀' if line.matched else ''} " + plain(" · ".join(part for part in parts if part))


def _hover(line: Line) -> str:
    parts = [("", line.full_name), ("id ", line.process_id), ("user ", line.user), ("", line.time),
             ("", ABSENT if line.absent else ""), ("", line.command)]  # fmt: skip
    texts = [prefix + middle_out(part, _HOVER) for prefix, part in parts if part]
    return "<br>".join(plain(piece) for text in texts for piece in _wrapped(text))


def _wrapped(text: str) -> list[str]:
    return [text[start : start + 80] for start in range(0, len(text), 80)]


def _faint(colour: str) -> str:
    red, green, blue = (int(colour[index : index + 2], 16) for index in (1, 3, 5))
    return f"rgba({red},{green},{blue},0.12)"
