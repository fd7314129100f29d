"""What a result with a `render` shows: one mime bundle of a chart in several forms, or the table alone.

Each front end shows the first form that it knows, none of them runs a script or calls anybody:

- plotly's figure as JSON: JupyterLab and Notebook 7 by the extension that comes with plotly, VS Code by itself;
- Vega-Lite: a JupyterLab or Notebook 7 without plotly;
- PNG, where vl-convert is installed: nbconvert, GitHub, mail;
- the table as text: a terminal, and all others.

JupyterLab prefers HTML to Vega-Lite, so there is HTML only with a chart that has no Vega-Lite.
"""

from __future__ import annotations

import base64
import importlib
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from kqlext.errors import KqlCellError, KqlConversionError
from kqlext.own_kinds import OWN_KINDS, OwnKind
from kqlext.text import did_you_mean, listing, one_line, plural
from kqlext.visualization import images
from kqlext.visualization import table as tables
from kqlext.visualization.vega_lite import MIME_TYPE as VEGA_LITE
from kqlext.visualization.vega_lite import Spec, vega_lite

if TYPE_CHECKING:
    from kqlext.result import Result
    from kqlext.visualization.look import Figure

MIME_TYPE = "application/vnd.plotly.v1+json"
_FALLBACK_BYTES = 20_000  # of the table beside a chart
# With "responsive" the output of JupyterLab has no height. plotly's own page for sharing a chart takes its data.
_CONFIG = {"displaylogo": False, "typesetMath": False, "showSendToCloud": False, "plotlyServerURL": ""}
_OWN_BYTES = 275_000  # of a chart of our own with its picture, without the table
_FEW = 5  # warnings that are written above a chart

Properties = Mapping[str, Any]


def mime_bundle(result: Result, properties: Properties | None = None) -> dict[str, Any]:
    """The chart and its table, or the table with one line why there is no chart."""
    kind = _kind(result, properties)
    if kind in ("", "table", "list"):
        return dict(tables.mime_bundle(result))
    own_kind = OWN_KINDS.get(kind)
    try:
        if own_kind is not None and own_kind.bundles:
            _check_wanted(result, properties)
            return dict(_module(own_kind).mime_bundle(result, asked_of(result, properties)))
        drawn = figure(result, properties)
    except _not_drawn() as reason:
        remark = f"render {kind}: shown as a table, since {reason}" if str(reason) else f"render {kind}"
        return dict(tables.mime_bundle(result, remark))
    bundle: dict[str, Any] = plotly_form(drawn)
    spec = _vega_lite(kind, drawn)
    if spec is None:
        remark = f"render {kind}: a chart in VS Code, and in JupyterLab with plotly; here a table"
        return {**bundle, **tables.mime_bundle(result, remark, _FALLBACK_BYTES)}
    bundle[VEGA_LITE] = spec
    png, lacking = images.picture(spec) if result.view.chart_image else (None, "")
    if png is not None and own_kind is not None and _saved_bytes(bundle) + len(png) * 4 // 3 > _OWN_BYTES:
        png, lacking = None, "no picture: the notebook would be too large"
    if png is not None:
        bundle["image/png"] = base64.b64encode(png).decode()
    remark = f"render {kind}: a chart in notebooks; here a table{lacking and f' ({lacking})'}"
    return {**bundle, "text/plain": tables.mime_bundle(result, remark, _FALLBACK_BYTES)["text/plain"]}


def _saved_bytes(bundle: Mapping[str, Any]) -> int:
    """About how much a notebook is larger by these: it is saved with a line for each value."""
    return len(json.dumps(bundle, indent=1, ensure_ascii=False).encode(errors="replace"))


def plotly_form(drawn: Figure) -> dict[str, Any]:
    """The part of a bundle that plotly shows."""
    return {MIME_TYPE: {**drawn, "config": _CONFIG}}


def _vega_lite(kind: str, drawn: Figure) -> Spec | None:
    """The same chart in Vega-Lite; none of a figure that the query gives, which may have parts that it lacks."""
    if kind in OWN_KINDS:
        plainer = getattr(_module(OWN_KINDS[kind]), "plainer", None)
        return None if plainer is None else vega_lite(plainer(drawn))
    return None if kind == "plotly" else vega_lite(drawn)


def figure(result: Result, properties: Properties | None = None) -> Figure:
    """The figure that the query, or these properties, ask for.

    Raises:
        NotDrawnError: there is no such chart of this result; the message is the reason.
    """
    from kqlext.visualization.charts import figure as draw
    from kqlext.visualization.properties import chart_spec

    _check_wanted(result, properties)
    asked, own_kind = asked_of(result, properties), OWN_KINDS.get(_kind(result, properties))
    if own_kind is not None:
        drawn = _module(own_kind).figure(result, asked)
    else:
        drawn = draw(chart_spec(asked, result.table.columns), result.table, result.view.look, warning_lines(result))
    return {**drawn, "layout": _merged(drawn["layout"], result.view.plotly_layout or {})}


def _check_wanted(result: Result, properties: Properties | None) -> None:
    from kqlext.visualization.properties import NotDrawnError

    if result.view.plot_package == "none" and properties is None:
        raise NotDrawnError("-plot_package is none")
    if len(result.tables) > 1 and properties is None:
        raise NotDrawnError(f"the answer has {len(result.tables)} tables; r.show_chart() draws the first")


def _module(kind: OwnKind) -> Any:
    return importlib.import_module(kind.module)


def to_plotly(result: Result, properties: Properties) -> Any:
    """The figure as a ``plotly.graph_objects.Figure``.

    Raises:
        KqlConversionError: there is no such chart of this result.
    """
    drawn = _required(result, properties, "name a chart: r.to_plotly('timechart')")
    import plotly.graph_objects as go

    try:
        return go.Figure(drawn)
    except ValueError as error:  # of a figure that the query gave
        first = str(error).strip().splitlines()[0]
        raise KqlConversionError(f"plotly does not take this figure: {one_line(first)}") from None


def _required(result: Result, properties: Properties, hint: str) -> Figure:
    kind = _kind(result, properties)
    if not kind:
        raise KqlConversionError("The query has no render.", hint=hint)
    try:
        return figure(result, properties)
    except _not_drawn() as reason:
        text = str(reason) or "it is a table"
        raise KqlConversionError(f"There is no {kind} of this result: {text}.", hint="to_pandas() has all") from None


def to_image(result: Result, path: str, format: str | None, engine: str | None, options: Mapping[str, Any]) -> str:
    """Write the chart of the query's `render`; see ``images.write``.

    Raises:
        KqlConversionError: there is no chart, or it cannot be written.
    """
    drawn = _required(result, {}, "only the chart of a query's render is written")
    # Of a layout of plotly's own only plotly knows all.
    spec = None if result.view.plotly_layout and engine is None else _vega_lite(_kind(result, None), drawn)
    return images.write(lambda: to_plotly(result, {}), spec, path, format, engine, options)


class Shown:
    """A chart or a table of a result, to be displayed; outside of a notebook its text."""

    def __init__(self, bundle: Mapping[str, Any]) -> None:
        self._bundle = dict(bundle)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        return self._bundle

    def __repr__(self) -> str:
        return str(self._bundle["text/plain"])


def chart(result: Result, properties: Properties) -> Shown:
    """The chart of these properties.

    Raises:
        KqlConversionError: neither the query nor the properties name a chart.
    """
    if not _kind(result, properties):
        raise KqlConversionError("The query has no render.", hint="name a chart: r.show_chart('timechart')")
    return Shown(mime_bundle(result, properties))


def own(result: Result, kind: str, properties: Properties) -> Shown:
    """A result as one of kqlext's own kinds; the properties of a `render` of this kind stay unless they are given.

    Raises:
        KqlCellError: there is no such property.
    """
    known = (*OWN_KINDS[kind].columns, *OWN_KINDS[kind].properties, *OWN_KINDS[kind].arguments)
    for name in properties:
        if name.lower() not in known:
            hint = did_you_mean(name, known) or f"it has {listing(known)}"
            raise KqlCellError(f"A {kind} has no property {one_line(name)}.", hint=hint)
    given = {name.lower(): value for name, value in properties.items() if value is not None}
    if "start" in given:  # another name of time, which must win over that of the query
        given.setdefault("time", given["start"])
    return chart(result, {"visualization": kind, **given})


def asked_of(result: Result, properties: Properties | None) -> dict[str, Any]:
    """The properties of the query and those that are given; another kind has none of the query's."""
    own_of_query = result.visualization or {}
    kinds = (own_of_query.get("visualization"), (properties or {}).get("visualization"))
    if None not in kinds and kinds[0] != kinds[1] and any(str(kind).lower() in OWN_KINDS for kind in kinds):
        own_of_query = {}
    return {**own_of_query, **(properties or {})}


def _kind(result: Result, properties: Properties | None) -> str:
    return one_line(str(asked_of(result, properties).get("visualization") or ""))[:40].lower()


def warning_lines(result: Result) -> list[str]:
    more = len(result.warnings) - _FEW
    return [
        *result.warnings[:_FEW],
        *([f"{plural(more, 'more warning')} in the result's .warnings"] if more > 0 else []),
    ]


def _merged(layout: Mapping[str, Any], wanted: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(layout)
    for name, value in wanted.items():
        own = merged.get(name)
        merged[name] = _merged(own, value) if isinstance(own, dict) and isinstance(value, Mapping) else value
    return merged


def _not_drawn() -> type[Exception]:
    from kqlext.visualization.roles import NotDrawnError

    return NotDrawnError
