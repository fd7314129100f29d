"""Tables of the notebook in the embedded engine, and the views that give any table the types that KQL knows.

Everything comes in as a view whose columns have the types that KQL knows: dates and zoned timestamps as UTC
timestamps, structs and lists as JSON (dynamic), durations as intervals. What the engine cannot hold exactly is an
error that says how to make it fit; nothing is rounded.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from typing import Any

from kqlext.errors import KqlConversionError
from kqlext.text import plural, shorten

_READERS = {
    ".csv": "read_csv",
    ".tsv": "read_csv",
    ".parquet": "read_parquet",
    ".json": "read_json",
    ".jsonl": "read_json",
    ".ndjson": "read_json",
}

# DuckDB type -> the expression that makes KQL's type of it; {} is the column. First match counts.
_CASTS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"TIMESTAMP WITH TIME ZONE"), "({} AT TIME ZONE 'UTC')"),
    (re.compile(r"DATE|TIMESTAMP_S|TIMESTAMP_MS"), "CAST({} AS TIMESTAMP)"),
    (re.compile(r".*\[\d*\]|(STRUCT|MAP|UNION|LIST)\b.*", re.DOTALL), "to_json({})"),
    (re.compile(r"FLOAT"), "CAST({} AS DOUBLE)"),
    (re.compile(r"ENUM\b.*", re.DOTALL), "CAST({} AS VARCHAR)"),
    (re.compile(r"TIME"), "to_microseconds(epoch_us({}))"),
    (re.compile(r'"NULL"'), "CAST({} AS VARCHAR)"),
)


def quoted(name: str) -> str:
    """A name as a DuckDB identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A text as a DuckDB string."""
    return "'" + text.replace("'", "''") + "'"


def filled(sql: str) -> str:
    """SQL of a text that is empty where it is null: a string is never null in Kusto."""
    return f"coalesce({sql}, '')"


def normalized_view(connection: Any, name: str, source: str, dynamic: frozenset[str] = frozenset()) -> None:
    """Make a temporary view ``name`` over ``source`` (SQL of a table) with KQL's types."""
    columns = connection.execute(f"DESCRIBE SELECT * FROM {source}").fetchall()
    expressions = [
        f"{f'CAST({quoted(column)} AS JSON)' if column in dynamic else _cast(column, kind)} AS {quoted(column)}"
        for column, kind, *_ in columns
    ]
    connection.execute(f"CREATE OR REPLACE TEMP VIEW {quoted(name)} AS SELECT {', '.join(expressions)} FROM {source}")


def _cast(column: str, kind: str) -> str:
    expression = next((cast for pattern, cast in _CASTS if pattern.fullmatch(kind)), "{}")
    return expression.format(quoted(column))


def needs_view(kinds: list[str]) -> bool:
    """Whether a table has a column of a type that KQL does not know."""
    return any(pattern.fullmatch(kind) for kind in kinds for pattern, _ in _CASTS)


def register(connection: Any, name: str, value: object) -> None:
    """Make a notebook's table a temporary view ``name``, until ``unregister``.

    Raises:
        KqlConversionError: a column holds what the engine cannot, or two names differ only in case.
    """
    try:
        table, dynamic = to_arrow(name, value)
        if not table.num_columns:
            raise no_columns(name)
        connection.register(_raw(name), table)
        normalized_view(connection, name, quoted(_raw(name)), dynamic)
    except KqlConversionError:
        raise
    except Exception as error:  # noqa: BLE001 - what pandas, polars, Arrow and DuckDB raise on odd data is without end
        reason = shorten(str(error).splitlines()[0] if str(error) else type(error).__name__, 200)
        raise KqlConversionError(
            f"The embedded engine cannot take {name}: {reason}",
            hint="look at its columns' types, and convert what is neither number, text, time nor JSON",
        ) from None


def no_columns(name: str) -> KqlConversionError:
    """The error of a table of the notebook that has no column."""
    return KqlConversionError(f"{name} has no columns.", hint="give it one, or leave it out")


def unregister(connection: Any, name: str) -> None:
    connection.execute(f"DROP VIEW IF EXISTS temp.{quoted(name)}")
    connection.unregister(_raw(name))


def _raw(name: str) -> str:
    return f"__kqlext_{name}"


def to_arrow(name: str, value: object, as_it_is: bool = False) -> tuple[Any, frozenset[str]]:
    """A pandas, polars or Arrow table or a Result as Arrow, and the names of its dynamic columns.

    Args:
        as_it_is: whether the engine is not to read it: nothing is made to fit it.
    """
    import pyarrow as pa

    dynamic: frozenset[str] = frozenset()
    if type(value).__module__.partition(".")[0] == "pandas":
        table, dynamic = _from_pandas(name, value, as_it_is)
    elif isinstance(value, pa.RecordBatch):
        table = pa.Table.from_batches([value])
    elif isinstance(value, pa.Table):
        table = value
    else:
        table = value.to_arrow()  # type: ignore[attr-defined]
    _check_names(name, table.column_names, as_it_is)
    kusto = {field.name for field in table.schema if (field.metadata or {}).get(b"kusto_type") == b"dynamic"}
    if as_it_is:
        return table, dynamic | kusto
    columns = {column: _exact(name, column, table.column(column)) for column in table.column_names}
    return pa.table(columns), dynamic | kusto


def _from_pandas(name: str, frame: Any, as_it_is: bool) -> tuple[Any, frozenset[str]]:
    import pyarrow as pa

    if getattr(frame.columns, "nlevels", 1) > 1:
        raise KqlConversionError(
            f"{name} has columns in several levels.",
            hint="join the levels: df.columns = ['_'.join(c) for c in df.columns]",
        )
    if any(label is not None for label in frame.index.names):
        frame = frame.reset_index()
    frame = frame.set_axis([str(column) for column in frame.columns], axis=1)
    _check_names(name, list(frame.columns), as_it_is)
    arrays, dynamic = {}, set()
    for column in frame.columns:
        series = frame[column]
        if series.dtype == object and series.map(lambda cell: isinstance(cell, (dict, list, tuple, set))).any():
            dynamic.add(column)
            arrays[column] = pa.array([_json(name, column, cell) for cell in series], pa.string())
            continue
        try:
            arrays[column] = pa.array(series, from_pandas=True)
        except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError, OverflowError) as error:
            several = isinstance(error, (pa.ArrowInvalid, pa.ArrowTypeError))
            what = "values of several types" if several else "what is no type of KQL"
            make = "make them one type" if several else "convert them"
            raise KqlConversionError(
                f"Column '{column}' of {name} holds {what}: {error}",
                hint=f"{make} first, for example {name}['{column}'].astype(str)",
            ) from None
    return pa.table(arrays), frozenset(dynamic)


def _json(name: str, column: str, cell: Any) -> str | None:
    if cell is None or (isinstance(cell, float) and cell != cell):
        return None
    try:
        return json.dumps(sorted(cell) if isinstance(cell, set) else cell, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise KqlConversionError(
            f"Column '{column}' of {name} holds a value that is no JSON: {error}",
            hint="only dicts and lists of texts, numbers, booleans and None can be dynamic",
        ) from None


def _check_names(name: str, columns: list[str], case_counts: bool) -> None:
    known = {column: column if case_counts else column.lower() for column in columns}
    folded = Counter(known[column] for column in columns)
    twice = [column for column in columns if folded[known[column]] > 1]
    if twice:
        called = list(dict.fromkeys(twice))
        raise KqlConversionError(
            f"{name} has {plural(len(twice), 'column')} called {', '.join(map(repr, called))}.",
            hint="rename them: each column has a name of its own"
            if case_counts or len(called) < len(twice)
            else "the embedded engine does not tell names apart that differ only in case: rename them",
        )


def _exact(name: str, column: str, data: Any) -> Any:
    """Arrow data as the engine takes it, or an error where it would have to round."""
    import pyarrow as pa

    kind = data.type
    if isinstance(kind, pa.BaseExtensionType) and kind.extension_name != "arrow.json":
        raise KqlConversionError(
            f"Column '{column}' of {name} is of the type {kind}, which the embedded engine has not.",
            hint=f"convert it first, for example with {name}['{column}'].astype(str) or .dt.to_timestamp()",
        )
    if pa.types.is_dictionary(kind):
        data = data.cast(kind.value_type)
        kind = data.type
    if (pa.types.is_timestamp(kind) or pa.types.is_duration(kind)) and kind.unit == "ns":
        coarse = pa.timestamp("us", kind.tz) if pa.types.is_timestamp(kind) else pa.duration("us")
        try:
            return data.cast(coarse)
        except pa.ArrowInvalid:
            raise KqlConversionError(
                f"Column '{column}' of {name} has times finer than a microsecond; the embedded engine has not.",
                hint=f"round them first: {name}['{column}'] = {name}['{column}'].dt.floor('us')",
            ) from None
    if pa.types.is_decimal256(kind):
        raise KqlConversionError(
            f"Column '{column}' of {name} has decimals of more than 38 digits.",
            hint=f"make them texts or floats first: {name}['{column}'].astype(str)",
        )
    return data.cast(pa.float32()) if pa.types.is_float16(kind) else data
