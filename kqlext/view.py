"""How a result is shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from kqlext.visualization.look import Look


@dataclass(frozen=True)
class View:
    """How a result is shown.

    Attributes:
        display_limit: rows of a table, None for all, less than none for no table.
        max_bytes: about how much a result writes into a notebook, however many rows were asked for.
        statistics: whether the caption has a line of the service's own account of its work.
        plot_package: ``plotly``, or ``none`` for tables only.
        plotly_layout: what charts have in their layout instead of their own.
        look: the colours of charts.
        dynamic_as_text: whether dynamic values are JSON text in pandas.
        grid: the id of the element that a grid goes into, where the table is to be one.
        chart_image: whether a picture is saved with each chart, where vl-convert is installed.
    """

    display_limit: int | None = 50
    max_bytes: int = 60_000
    statistics: bool = False
    plot_package: str = "plotly"
    plotly_layout: Mapping[str, Any] | None = None
    look: Look = field(default_factory=Look)
    dynamic_as_text: bool = False
    grid: str | None = None
    chart_image: bool = True
