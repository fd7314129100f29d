"""What all figures have in common: the layout that suits a light and a dark page, titles, axes, colours of series."""

from __future__ import annotations

import json
import math
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from kqlext.errors import KqlCellError
from kqlext.visualization.labels import plain
from kqlext.visualization.palette import Colours, palette

Figure = dict[str, Any]
"""A plotly figure as JSON values: ``data`` and ``layout``. Making one does not need plotly."""

Drawn = tuple[list[Figure], Figure]
"""What draws one kind of chart gives: the traces, and what the layout has beside the common."""

SHARING = ["sendChartToCloud", "sendDataToCloud"]
"""Buttons of plotly.js that would upload the chart's data: a result goes nowhere."""

TEXT, GRID = "#7b7b7b", "rgba(127,127,127,0.28)"  # both are seen on white and on black
_CLEAR = "rgba(0,0,0,0)"
_DASHES = ("solid", "dash", "dot", "dashdot", "longdash")
_SYMBOLS = ("circle", "square", "diamond", "cross", "triangle-up")
_PATTERNS = ("", "/", "x", ".", "-")
_TITLE_LINE, _MOST_TITLE = 80, 3  # characters of a line of the title, and lines
_STANDOFF = 12  # pixels between the labels of an axis and its title: without it the title stands on long labels
_LINE = 130  # characters of a line below the title
_MOST_LINES = 8


@dataclass(frozen=True)
class Look:
    """The colours of a notebook's charts."""

    palette: tuple[str, ...] = field(default_factory=palette)
    colours: Colours = field(default_factory=Colours)

    def styles(self, names: Sequence[str]) -> Iterator[Style]:
        """A style for each series. Series of one colour differ in dashes, symbols and patterns."""
        used: dict[int, int] = {}
        for place in self.colours.places(names, len(self.palette)):
            turn = used[place] = used.get(place, -1) + 1
            yield Style(self.palette[place], *(of[turn % len(of)] for of in (_DASHES, _SYMBOLS, _PATTERNS)))


def read_look(options: Mapping[str, Any], colours: Colours) -> Look:
    """The colours that options ask for.

    Raises:
        KqlCellError: there is no such palette, or a number that it cannot have.
    """
    written = options["palette_desaturation"]
    try:
        share = float(written)
    except ValueError:
        raise KqlCellError(f"-palette_desaturation cannot be {written}.", hint="from 0 (grey) to 1") from None
    chosen = palette(options["palette_name"], options["palette_colors"], share, options["palette_reverse"])
    return Look(chosen, colours)


def plotly_layout(value: Any) -> dict[str, Any] | None:
    """The layout that -plotly_layout gives, as JSON values.

    Raises:
        KqlCellError: it is none that plotly takes.
    """
    if value is None:
        return None
    import plotly.graph_objects as go

    hint = "a variable that holds a dict: my_layout = {'height': 600}"
    if not isinstance(value, (dict, go.Layout)):
        raise KqlCellError("-plotly_layout takes a dict of plotly's layout.", hint=hint)
    try:
        figure: dict[str, Any] = json.loads(go.Figure(layout=value).to_json())
    except (ValueError, TypeError) as error:
        first = next(iter(str(error).strip().splitlines()), "")
        raise KqlCellError(f"plotly does not take this -plotly_layout: {first}", hint=hint) from None
    return {name: part for name, part in figure["layout"].items() if name != "template" or "template" in value}


@dataclass(frozen=True)
class Style:
    """How one series is drawn."""

    colour: str
    dash: str
    symbol: str
    pattern: str

    @property
    def faint(self) -> str:
        """The colour of an area, through which others are seen."""
        red, green, blue = (int(self.colour[index : index + 2], 16) for index in (1, 3, 5))
        return f"rgba({red},{green},{blue},0.25)"


def layout(title: str | None, notes: Sequence[str], **more: Any) -> dict[str, Any]:
    """A figure's layout: no background, so that the page's shows; the notes in small letters below the title."""
    lines = [line for note in notes for line in textwrap.wrap(note, _LINE)]
    if len(lines) > _MOST_LINES:
        lines = [*lines[: _MOST_LINES - 1], "… more of this in the result's .warnings"]
    heading = [f"<b>{plain(line)}</b>" for line in textwrap.wrap(title or "", _TITLE_LINE)[:_MOST_TITLE]]
    height = 22 * len(heading) + 20 * len(lines)
    heading += [f'<span style="font-size:11px">{plain(line)}</span>' for line in lines]
    return {
        "height": 400 + height,  # without one, the chart of a notebook is flat
        "font": {"color": TEXT}, "paper_bgcolor": _CLEAR, "plot_bgcolor": _CLEAR,
        "margin": {"l": 60, "r": 24, "t": 24 + height, "b": 48},
        "title": {
            "text": "<br>".join(heading), "font": {"size": 15}, "x": 0, "xanchor": "left", "xref": "container",
            "y": 1, "yanchor": "top", "yref": "container", "pad": {"t": 12, "l": 12},
        },
        "modebar": {"bgcolor": _CLEAR, "color": "rgba(127,127,127,0.6)", "activecolor": TEXT, "remove": SHARING},
        "hoverlabel": {"bgcolor": "#333333", "bordercolor": "#777777", "font": {"color": "#f2f2f2"}, "namelength": -1},
        **more,
    }  # fmt: skip


def axis(title: str, kind: str = "linear", **more: Any) -> dict[str, Any]:
    """An axis: its type is always said, so that plotly guesses none from the data."""
    return {
        "type": kind, "title": {"text": plain(title), "standoff": _STANDOFF}, "automargin": True,
        "gridcolor": GRID, "zerolinecolor": GRID, "linecolor": GRID, **more,
    }  # fmt: skip


def limits(minimum: float | str | None, maximum: float | str | None, kind: str) -> dict[str, Any]:
    """The range of an axis of this type, if it has one; plotly takes the ends of a logarithmic one as exponents."""
    ends = [minimum, maximum]
    if ends == [None, None] or kind == "category":
        return {}
    return {"range": [math.log10(end) if kind == "log" and isinstance(end, (int, float)) else end for end in ends]}
