"""What a Result has under Kqlmagic's names, made when it is asked for. docs/kqlmagic.md lists them.

``VALUES`` are attributes, ``METHODS`` are called, ``REFUSED`` are errors that say what to write instead.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from kqlext.errors import KqlConversionError
from kqlext.kqlmagic_names import foreign_options
from kqlext.text import normalize_name, plural

if TYPE_CHECKING:
    from kqlext.result import Result


def member(result: Result, name: str) -> Any:
    """The attribute of a result that has this name in Kqlmagic.

    Raises:
        AttributeError: there is none, or it is refused.
        KqlConversionError: there is one, and this result cannot give it.
    """
    if name in VALUES:
        return VALUES[name](result)
    if name in METHODS:
        return partial(METHODS[name], result)
    if name in REFUSED:
        raise AttributeError(f"{name}, known from Kqlmagic, is not here: {REFUSED[name]}")
    raise AttributeError(f"a Result has no {name}; to_pandas() and to_polars() give a DataFrame")


def names() -> list[str]:
    """The names that a Result answers to besides its own."""
    return [*VALUES, *METHODS]


# --- rows and columns ------------------------------------------------------------------------------------


def dicts_iterator(result: Result) -> Iterator[dict[str, Any]]:
    """Each row as a dict."""
    return (row.asdict() for row in result)


def _dataframe_types(result: Result) -> list[str]:
    return [str(dtype) for dtype in result.to_pandas().dtypes]


# --- the answer as it came -------------------------------------------------------------------------------


def _raw_json(result: Result) -> Any:
    """The answer's JSON, parsed anew at each call; a list of the pages where there were several."""
    import orjson

    if not result.raw:
        raise KqlConversionError(
            "The answer was not kept as it came.",
            hint="run the query with -keep_raw; the embedded engine, -over and -split have no such answer",
        )
    pages = [orjson.loads(page) for page in result.raw]
    return pages[0] if len(pages) == 1 else pages


def _query_info(result: Result) -> Mapping[str, Any]:
    """What the service says of the query when it is done; of a service that says nothing, that it is done."""
    text = " ".join(result.warnings) if result.partial else "Query completed successfully"
    return {"StatusCode": 0, "StatusDescription": text, **(result.completion.get("query_info") or {})}


# --- display ---------------------------------------------------------------------------------------------


def _table(result: Result, display_limit: int | None = -1, **options: Any) -> None:
    """The table in the cell's output; options of Kqlmagic's windows do nothing."""
    _check(options)
    result.show_table(display_limit)


def _chart(result: Result, visualization: str | None = None, **properties: Any) -> None:
    """The chart in the cell's output; options of Kqlmagic's windows do nothing."""
    known = foreign_options()
    result.show_chart(visualization, **{n: v for n, v in properties.items() if not _of_windows(n, known)})


def _whole(result: Result, **options: Any) -> None:
    """The chart or table in the cell's output; options of Kqlmagic's windows do nothing."""
    from kqlext.display import show

    _check(options)
    show(result)


def _link(result: Result, destination: str | None = None) -> None:
    """The link to the query, in the cell's output."""
    from kqlext.display import show

    show(result.deep_link(destination))


_WINDOW = ("file_name", "button_text", "before_text", "after_text")


def _of_windows(name: str, known: Mapping[str, Any]) -> bool:
    return name in _WINDOW or (normalize_name(name) in known and not known[normalize_name(name)].refused)


def _check(options: Mapping[str, Any]) -> None:
    known = foreign_options()
    wrong = next((name for name in options if not _of_windows(name, known)), None)
    if wrong is not None:
        raise TypeError(f"there is no argument {wrong}; display_limit is one")


def _is_chart(result: Result) -> bool:
    from kqlext.visualization.drawing import MIME_TYPE

    return MIME_TYPE in result._repr_mimebundle_()


# --- palettes --------------------------------------------------------------------------------------------


class Colours(tuple[str, ...]):
    """Colours (``#1f77b4``) that show themselves."""

    __slots__ = ()

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        from kqlext.visualization.palette import PaletteListing

        return PaletteListing([("palette", self)])._repr_mimebundle_()


def _palettes(_: Result) -> dict[str, Colours]:
    from kqlext.visualization.palette import palette, palette_names

    return {name: Colours(palette(name)) for name in palette_names()}


def get_color_from_palette(result: Result, index: int, name: str | None = None) -> str:
    """One colour of the result's palette, or of another; beyond its end it begins anew."""
    from kqlext.visualization.palette import palette

    colours = result.view.look.palette if name is None else palette(name)
    return colours[index % len(colours)]


# --- once more -------------------------------------------------------------------------------------------


def submit(
    result: Result,
    override_vars: Mapping[str, Any] | None = None,
    override_options: Mapping[str, Any] | None = None,
    override_query_properties: Mapping[str, Any] | None = None,
    override_connection: str | None = None,
) -> Result:
    """Run the query again, on its connection, with the values that variables have now; gives a new Result.

    Args:
        override_vars: values in the place of the notebook's variables.
        override_options: options by name, in the place of the cell's.
        override_query_properties: request properties beside the cell's.
        override_connection: another connection.

    Raises:
        KqlError: as running a query does; this result stays as it is.
    """
    if result.again is None:
        raise KqlConversionError("This result was not made by a cell.", hint="run its query again: connect(...).query")
    return result.again(
        override_vars or {}, override_options or {}, override_query_properties or {}, override_connection
    )


def refresh(result: Result) -> Result:
    """Run the query again and put the answer in this Result's place; gives it.

    Raises:
        KqlError: as ``submit`` does.
    """
    result.__dict__.update(submit(result).__dict__)
    return result


VALUES: dict[str, Callable[[Result], Any]] = {
    "records_count": len,
    "columns_name": lambda result: result.table.column_names,
    "field_names": lambda result: result.table.column_names,
    "columns_type": lambda result: [column.type for column in result.table.columns],
    "columns_datafarme_type": _dataframe_types,
    "is_partial_table": lambda result: result.partial,
    "parametrized_query": lambda result: result.origin.sent or result.query,
    "connection": lambda result: result.origin.connection,
    "title": lambda result: (result.visualization or {}).get("title"),
    "visualization_properties": lambda result: dict(result.visualization or {}),
    "start_time": lambda result: result.origin.started,
    "end_time": lambda result: result.origin.started + result.origin.elapsed,
    "elapsed_timespan": lambda result: result.origin.elapsed,
    "feedback_info": lambda result: [f"{plural(len(result), 'record')} in {result.origin.elapsed:.2f} s"],
    "feedback_warning": lambda result: list(result.warnings),
    "raw_json": _raw_json,
    "completion_query_info": _query_info,
    "completion_query_resource_consumption": lambda result: result.statistics or {},
    "dataSetCompletion": lambda result: result.completion.get("frame") or {},
    "palette": lambda result: Colours(result.view.look.palette),
    "palettes": _palettes,
}

METHODS: dict[str, Callable[..., Any]] = {
    "dicts_iterator": dicts_iterator,
    "display_table": _table,
    "popup_table": _table,
    "display_Chart": _chart,
    "chart_display": _chart,
    "popup_Chart": _chart,
    "chart_popup": _chart,
    "popup": _whole,
    "show_result": _whole,
    "show_button_to_deep_link": _link,
    "is_chart": _is_chart,
    "get_color_from_palette": get_color_from_palette,
    "submit": submit,
    "refresh": refresh,
}

_DRAW = "write show_chart('piechart'), show_chart('columnchart') or show_chart('linechart')"
_GUESS = "write the columns: show_chart('piechart', xcolumn='State', ycolumns='Events')"

REFUSED: dict[str, str] = {
    "cursor": "no service sends one with an answer; query `print cursor_current()`",
    "display_info": "it was Kqlmagic's own; tables and charts are shown, and nothing is noted of it",
    "suppress_result": "it was Kqlmagic's own; a last ; shows nothing",
    "pie": _DRAW,
    "bar": _DRAW,
    "plot": _DRAW,
    "build_columns": _GUESS,
    "guess_pie_columns": _GUESS,
    "guess_plot_columns": _GUESS,
}
