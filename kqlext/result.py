"""``Result``: what a query gave. A lazy façade over Arrow columns; rows and frames are made when asked for."""

from __future__ import annotations

import copy
import operator
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

from kqlext.decode.dynamic import DynamicValues
from kqlext.decode.tables import DataSet, Table
from kqlext.errors import KqlConversionError
from kqlext.origin import Origin
from kqlext.rows import Row
from kqlext.text import plural
from kqlext.view import View

if TYPE_CHECKING:
    import pandas

    from kqlext.links import Link
    from kqlext.process_trees.tree import ProcessTree
    from kqlext.steps.running import Step
    from kqlext.visualization.drawing import Shown

_CHUNK = 1_000  # rows that iteration turns into Python values at a time


class Result(Sequence[Row]):
    """The answer of one query.

    It is a sequence of rows (``len(r)``, ``r[0]``, ``r[0]['State']``, ``r[:10]``), converts to a table of pandas,
    polars or Arrow, and shows itself as a table, or as the chart that the query's `render` asks for. Where a query gave
    several tables, these speak of the first; ``tables`` has them all.

    Attributes:
        tables: the decoded tables.
        origin: the connection, the query and the time that it took (seconds).
        warnings: what could not be kept or was cut, one sentence each; shown with the table.
        partial: whether the service said that rows are missing.
        visualization: what `render` asks for (``{'visualization': 'timechart', ...}``), or None.
        statistics: the service's own account of its work, or None.
        options: the options of the cell, without those that may hold a secret.
        steps: with ``-steps`` what each operator of the query gave, else empty.

    Kqlmagic's other names (``records_count``, ``submit`` ...) stand in ``kqlmagic_members``.
    """

    def __init__(self, data_set: DataSet, origin: Origin, view: View | None = None) -> None:
        self.tables: tuple[Table, ...] = data_set.tables
        self.origin = origin
        self.view = view or View()
        self.warnings: tuple[str, ...] = data_set.warnings
        self.partial: bool = data_set.partial
        self.visualization: Mapping[str, Any] | None = data_set.visualization
        self.statistics: Mapping[str, Any] | None = data_set.statistics
        self.completion: Mapping[str, Any] = data_set.completion
        self.raw = data_set.raw
        self.options: Mapping[str, Any] = {}
        self.again: Callable[..., Result] | None = None
        self.steps: tuple[Step, ...] = ()

    @property
    def table(self) -> Table:
        """The first table; an empty one where the answer has none."""
        return self.tables[0] if self.tables else Table("", (), 0)

    @property
    def columns(self) -> dict[str, str]:
        """Column -> Kusto type, of the first table."""
        return {column.name: column.type for column in self.table.columns}

    @property
    def query(self) -> str:
        """The KQL that was sent."""
        return self.origin.query

    # --- rows ---------------------------------------------------------------------------------------------

    def __len__(self) -> int:
        return self.table.num_rows

    def __bool__(self) -> bool:
        return len(self) > 0

    @overload
    def __getitem__(self, key: int) -> Row: ...
    @overload
    def __getitem__(self, key: slice) -> list[Row]: ...
    def __getitem__(self, key: int | slice) -> Row | list[Row]:
        if isinstance(key, slice):
            indices = range(*key.indices(len(self)))
            if indices.step == 1:
                return self._rows(indices.start, indices.stop)
            return [self[index] for index in indices]
        if not hasattr(key, "__index__"):
            raise TypeError(f"a Result is indexed by row number; for a column write r.to_pandas()[{key!r}]")
        key = operator.index(key)
        index = key + len(self) if key < 0 else key
        if not 0 <= index < len(self):
            raise IndexError(f"row {key} of a result of {plural(len(self), 'row')}")
        return self._rows(index, index + 1)[0]

    def __iter__(self) -> Iterator[Row]:
        for start in range(0, len(self), _CHUNK):
            yield from self._rows(start, min(start + _CHUNK, len(self)))

    def _rows(self, start: int, stop: int) -> list[Row]:
        names = self.table.column_names
        columns = [column.values(start, stop) for column in self.table.columns]
        if not columns:
            return [Row((), ())] * max(0, stop - start)
        return [Row(names, values) for values in zip(*columns, strict=True)]

    def to_dict(self) -> dict[str, list[Any]]:
        """Column -> list of Python values; of columns with one name the last counts."""
        return {column.name: column.values(0, len(self)) for column in self.table.columns}

    # --- frames -------------------------------------------------------------------------------------------

    def to_arrow(self) -> Any:
        """A ``pyarrow.Table``: dynamic is JSON text; each field's metadata names its Kusto type."""
        return self.table.to_arrow()

    def to_pandas(self) -> pandas.DataFrame:
        """A pandas DataFrame.

        long int64, int int32, real float64, bool bool, and their nullable dtypes (Int64, Int32, Float64, boolean) only
        where there are nulls; datetime datetime64[ns, UTC], or [us, UTC] with years outside 1677..2262; timespan
        timedelta64[ns], or [us] beyond 292 years; decimal ``decimal.Decimal`` and dynamic Python values in object
        columns; string and guid as pandas holds text. With -dynamic_to_dataframe str dynamic is JSON text.
        """
        import pandas as pd

        as_text = self.view.dynamic_as_text
        series = [_to_series(pd, column.data, as_text) for column in self.table.columns]
        if not series:
            return pd.DataFrame(index=range(len(self)))
        frame: pandas.DataFrame = pd.concat(series, axis=1, keys=range(len(series)))
        frame.columns = pd.Index(self.table.column_names)
        return frame

    def to_dataframe(self) -> pandas.DataFrame:
        """The same as ``to_pandas``, under Kqlmagic's name."""
        return self.to_pandas()

    def to_polars(self) -> Any:
        """A polars DataFrame: dynamic is JSON text; empty and repeated names get a number.

        Raises:
            KqlConversionError: polars is not installed, or cannot hold a column.
        """
        try:
            import polars
        except ImportError:
            raise KqlConversionError("polars is not installed.", hint="%pip install polars") from None
        table = self.to_arrow()
        for name, kind in zip(table.column_names, table.schema.types, strict=True):
            if str(kind).startswith("decimal256"):  # of these polars panics, which is no Exception
                raise KqlConversionError(
                    f"polars cannot hold column '{name}': its decimals need more than 38 digits.",
                    hint="use to_pandas() or to_arrow()",
                )
        try:
            return polars.from_arrow(table.rename_columns(_unique(table.column_names)))
        except polars.exceptions.PolarsError as error:
            raise KqlConversionError(
                f"polars cannot hold the result: {error}", hint="use to_pandas() or to_arrow()"
            ) from None

    # --- files, other tables ------------------------------------------------------------------------------

    def to_parquet(self, path: str | os.PathLike[str]) -> Path:
        """Write the table as Parquet and give the path; see ``export.to_parquet``.

        Raises:
            KqlConversionError: a name stands twice, or the file cannot be written.
        """
        from kqlext import export

        return export.to_parquet(self.table, path)

    @overload
    def to_csv(self, filename: str | os.PathLike[str]) -> Path: ...
    @overload
    def to_csv(self, filename: None = None) -> str: ...
    def to_csv(self, filename: str | os.PathLike[str] | None = None) -> Path | str:
        """Write the table as CSV and give the path, or give the text where there is no file name.

        Raises:
            KqlConversionError: a name stands twice, or the file cannot be written.
        """
        from kqlext import export

        return export.csv_text(self.table) if filename is None else export.to_csv(self.table, filename)

    def fork_result(self, number: int) -> Result:
        """The result of one of several tables (batches, ``fork``), from 0 on: its rows, and all else of this one.

        Raises:
            IndexError: there are not so many.
        """
        if not 0 <= number < len(self.tables):
            raise IndexError(f"table {number} of a result of {plural(len(self.tables), 'table')}")
        data_set = DataSet((self.tables[number],), self.visualization, self.statistics, self.warnings, self.partial)
        forked = Result(data_set, self.origin, self.view)
        forked.completion, forked.raw, forked.options = self.completion, self.raw, self.options
        return forked

    # --- links --------------------------------------------------------------------------------------------

    def link(self, to: str | None = None, workspace_id: str = "") -> Link:
        """A link that opens the query in the page of its service: text, which a notebook shows as a link.

        It holds the whole query with its values. Arguments as of ``links.link``: ``r.link('kusto_explorer')``.

        Raises:
            KqlCellError: the service has no such page.
            KqlUnsupportedError: there is no link; the message says why.
        """
        from kqlext import links

        return links.link(self.origin.linked or links.Linked(None), to, workspace_id)

    def deep_link(self, qld_param: str | None = None) -> Link:
        """The same as ``link``, under Kqlmagic's name: ``Kusto.WebExplorer`` or ``Kusto.Explorer``."""
        return self.link(qld_param)

    # --- display ------------------------------------------------------------------------------------------

    def show_chart(self, visualization: str | None = None, **properties: Any) -> None:
        """Display the chart of the query's `render`, or of another kind, with its properties changed.

        ``r.show_chart('columnchart', kind='stacked', title='By state', ycolumns=['Events'])``

        Raises:
            KqlConversionError: neither the query nor the call names a chart.
        """
        from kqlext.display import show
        from kqlext.visualization.drawing import chart

        show(chart(self, _properties(visualization, properties)))

    def timeline(self, **properties: Any) -> Shown:
        """The rows as events over time, to be displayed; see ``kqlext.timeline``.

        What the query's `render timeline` asks for holds unless it is given here.

        ``r.timeline(group='Computer', color='Severity', overlay={'Logons': logons})``
        """
        from kqlext.visualization.drawing import own

        return own(self, "timeline", properties)

    def process_tree(self, **properties: Any) -> ProcessTree:
        """The rows as a tree of processes, which shows itself; see ``kqlext.process_tree``.

        What the query's `render processtree` asks for holds unless it is given here.

        ``r.process_tree(text='-enc').ancestors('powershell.exe').to_pandas()``
        """
        from kqlext.visualization.process_tree import process_tree

        return process_tree(self, **properties)

    def show_table(self, display_limit: int | None = -1) -> None:
        """Display the table, whatever the query's `render` says.

        Args:
            display_limit: how many rows, None for all, -1 for as many as the cell said.
        """
        from kqlext.display import show
        from kqlext.visualization.drawing import Shown
        from kqlext.visualization.table import mime_bundle

        shown = copy.copy(self)
        if display_limit != -1:
            shown.view = replace(self.view, display_limit=display_limit)
        show(Shown(mime_bundle(shown)))

    def to_plotly(self, visualization: str | None = None, **properties: Any) -> Any:
        """The chart as a ``plotly.graph_objects.Figure``; arguments as of ``show_chart``.

        Raises:
            KqlConversionError: there is no such chart of this result; the message says why.
        """
        from kqlext.visualization.drawing import to_plotly

        return to_plotly(self, _properties(visualization, properties))

    @property
    def plotly_fig(self) -> Any:
        """The same as ``to_plotly()``, under Kqlmagic's name."""
        return self.to_plotly()

    def to_image(
        self, path: str | os.PathLike[str], format: str | None = None, *, engine: str | None = None, **options: Any
    ) -> str:
        """Write the chart to a file, and give its path; needs ``kqlext[image]``, or ``kqlext[kaleido]`` and a Chrome.

        Args:
            format: png, svg, pdf or jpeg, webp with kaleido; without it the end of the path says.
            engine: vl-convert (Vega-Lite's picture, without a browser) or kaleido (plotly's); without it vl-convert
                where it is installed and can draw the chart, else kaleido.
            options: ``width`` and ``height`` in pixels, ``scale``.

        Raises:
            KqlConversionError: there is no chart, or what writes it is not there.
        """
        from kqlext.visualization.drawing import to_image

        return to_image(self, str(path), format, engine, options)

    if not TYPE_CHECKING:  # or no misspelt name would be found

        def __getattr__(self, name: str) -> Any:
            if name.startswith("_"):
                raise AttributeError(name)
            from kqlext.kqlmagic_members import member

            return member(self, name)

    def __getstate__(self) -> dict[str, Any]:
        # A copy or a pickle must not take the notebook's variables with it.
        return {**self.__dict__, "again": None}

    def __dir__(self) -> list[str]:
        from kqlext.kqlmagic_members import names

        return sorted([*super().__dir__(), *names()])

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        if self.visualization is None or self.view.grid:
            from kqlext.visualization.table import mime_bundle as table_bundle

            return dict(table_bundle(self))
        from kqlext.visualization.drawing import mime_bundle

        return mime_bundle(self)

    def __repr__(self) -> str:
        table = self.table
        size = f"{plural(table.num_rows, 'row')} × {plural(len(table.columns), 'column')}"
        return f"<Result: {size} of {self.origin.shown}>"


def _properties(visualization: str | None, properties: Mapping[str, Any]) -> dict[str, Any]:
    named = {"visualization": visualization} if visualization else {}
    return {**named, **{name.lower(): value for name, value in properties.items()}}


def _to_series(pd: Any, data: Any, as_text: bool = False) -> Any:
    if isinstance(data, DynamicValues) and as_text:
        return data.texts().to_pandas()
    if isinstance(data, DynamicValues):
        return pd.Series(list(data.values), dtype=object)
    if data.null_count and str(data.type) == "double":
        # Made by hand, since every conversion of pandas takes NaN for a null.
        mask = data.is_null().to_numpy(zero_copy_only=False) if hasattr(data, "offset") else data.is_null().to_numpy()
        return pd.Series(pd.arrays.FloatingArray(data.fill_null(0.0).to_numpy().copy(), mask.copy()))
    nullable = {"int32": pd.Int32Dtype(), "int64": pd.Int64Dtype(), "bool": pd.BooleanDtype()}
    if data.null_count and str(data.type) in nullable:
        return pd.Series(nullable[str(data.type)].__from_arrow__(data))
    return data.to_pandas()


def _unique(names: list[str]) -> list[str]:
    """Names made different, as polars needs them: ``a``, ``a_1``, and ``column_0`` for an empty one."""
    taken: set[str] = set()
    result = []
    for position, name in enumerate(names):
        # polars ends a name at a NUL character.
        base = candidate = name.replace("\0", "\\x00") or f"column_{position}"
        number = 0
        while candidate in taken or (candidate in names and candidate != name):
            number += 1
            candidate = f"{base}_{number}"
        taken.add(candidate)
        result.append(candidate)
    return result
