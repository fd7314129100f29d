"""CSV, Parquet and JSON files as tables of the embedded engine.

A CSV file is read as text by pyarrow, which refuses a line with more or fewer values than the header, and its columns
get a type only where every value is surely of it: `0x1610`, `00123` and `01/02/2024` stay texts. JSON is read once, for
the same reason: DuckDB guesses formats of dates, and a guess must not depend on the query. Parquet has types, and is
read where a query needs it.
"""

from __future__ import annotations

import csv
import glob
import gzip
import re
from collections import Counter
from pathlib import Path
from typing import Any

from kqlext.errors import KqlConnectionError
from kqlext.services.local_tables import literal, normalized_view, quoted
from kqlext.text import shorten

_READERS = {
    ".csv": "csv", ".tsv": "csv", ".parquet": "parquet", ".json": "json", ".jsonl": "json", ".ndjson": "json",
}  # fmt: skip

_NUMBER = r"-?(?:0|[1-9]\d*)"
_TIME = r"\d{4}-\d\d-\d\d(?:[ T]\d\d:\d\d(?::\d\d(?:\.\d{1,6}0*)?)?)?"

# What every value of a CSV column looks like -> how it is read; the first that fits all counts. A time without a
# zone is UTC. Times finer than a microsecond stay texts, since the engine would cut them.
_CSV_TYPES: tuple[tuple[str, str], ...] = (
    (r"(?i)true|false", "CAST({} AS BOOLEAN)"),
    (_NUMBER, "TRY_CAST({} AS BIGINT)"),
    (rf"{_NUMBER}(?:\.\d+)?(?:[eE][+-]?\d+)?", "CAST({} AS DOUBLE)"),
    (rf"{_TIME}(?: ?(?:Z|UTC|[+-]\d\d:?\d\d))?", "(CAST({} AS TIMESTAMPTZ) AT TIME ZONE 'UTC')"),
)


def add_files(connection: Any, pattern: str, taken: set[str]) -> list[str]:
    """Make tables of files: ``logs/*.csv`` one each, by the file's name; ``logs=logs/*.csv`` one of all.

    Args:
        taken: names of tables that no file may take the place of.

    Raises:
        KqlConnectionError: no file is there, a file cannot be read, a name is taken, or two would be the same. No
            table was made then.
    """
    tables = _tables(pattern)
    folded = {name.lower() for name in taken}
    blocked = next((table for table in tables if table.lower() in folded), None)
    if blocked is not None:
        raise KqlConnectionError(
            f"There is a table {blocked} already.", hint=f"give the file's table another name: other_{blocked}=path"
        )
    made: list[str] = []
    try:
        for table, files in tables.items():
            made.append(table)
            _add(connection, table, files)
    except KqlConnectionError:
        for table in made:
            _drop(connection, table)
        raise
    return made


def _tables(pattern: str) -> dict[str, list[str]]:
    """Table -> its files."""
    name, equals, rest = pattern.partition("=")
    named = bool(equals) and re.fullmatch(r"\s*[^\W\d]\w*\s*", name) is not None
    path = str(Path((rest if named else pattern).strip()).expanduser())
    files = sorted(glob.glob(path, recursive=True)) if glob.has_magic(path) else [path] * Path(path).is_file()
    if not files:
        raise KqlConnectionError(
            f"There is no file {path}.", hint=f"paths are relative to {Path.cwd().name}/, where the kernel runs"
        )
    if named:
        return {name.strip(): files}
    stems = {file: Path(file).name.split(".")[0] for file in files}
    counts = Counter(stem.lower() for stem in stems.values())
    twice = next((stem for stem in stems.values() if counts[stem.lower()] > 1), None)
    if twice is not None:
        raise KqlConnectionError(
            f"Two files would be the table {twice}.", hint=f"read them as one table: {twice}=path/*.csv"
        )
    return {stem: [file] for file, stem in stems.items()}


def _add(connection: Any, table: str, files: list[str]) -> None:
    import duckdb
    import pyarrow as pa

    kinds = {_kind(file) for file in files}
    if len(kinds) > 1 or None in kinds:
        raise KqlConnectionError(
            f"{files[0]} is no kind of file that can be a table.",
            hint="CSV, Parquet and JSON files can, a table's files all of one kind",
        )
    _drop(connection, table)
    try:
        _MAKERS[str(kinds.pop())](connection, table, files)
    except (duckdb.Error, pa.ArrowInvalid, pa.ArrowKeyError, UnicodeError, OSError) as error:
        raise _unreadable(files, error) from None


def _kind(file: str) -> str | None:
    suffixes = [suffix.lower() for suffix in Path(file).suffixes if suffix.lower() != ".gz"]
    return _READERS.get(suffixes[-1]) if suffixes else None


def _unreadable(files: list[str], error: Exception) -> KqlConnectionError:
    reason = re.split(r"\n\s*\n|\nPossible|\n\* ", str(error))[0].replace("\n", " ")
    foreign = re.search(r"utf-?8|unicode|codec", reason, re.IGNORECASE)
    hint = (
        "save the file as UTF-8" if foreign else "mend the line, or read the file with pandas and query the DataFrame"
    )
    names = files[0] if len(files) == 1 else f"{files[0]} and {len(files) - 1} more"
    return KqlConnectionError(f"{names} cannot be read: {shorten(reason, 300)}", hint=hint)


def _drop(connection: Any, table: str) -> None:
    connection.execute(f"DROP VIEW IF EXISTS temp.{quoted(table)}")
    connection.execute(f"DROP TABLE IF EXISTS temp.{quoted(_content(table))}")


def _content(table: str) -> str:
    """The table that holds what was read; the view over it has the file table's own name."""
    return f"__kqlext_file_{table}"


def _paths(files: list[str]) -> str:
    return f"[{', '.join(literal(file) for file in files)}]"


def _make_parquet(connection: Any, table: str, files: list[str]) -> None:
    normalized_view(connection, table, f"read_parquet({_paths(files)})")


def _make_json(connection: Any, table: str, files: list[str]) -> None:
    content = f"temp.{quoted(_content(table))}"
    connection.execute(f"CREATE TEMP TABLE {quoted(_content(table))} AS SELECT * FROM read_json({_paths(files)})")
    normalized_view(connection, table, content)


# --- CSV -------------------------------------------------------------------------------------------------


def _make_csv(connection: Any, table: str, files: list[str]) -> None:
    import pyarrow as pa

    parts = [_read_csv(file) for file in files]
    different = next((file for file, part in zip(files, parts, strict=True) if part.schema != parts[0].schema), None)
    if different is not None:
        raise KqlConnectionError(
            f"{different} has other columns than {files[0]}.", hint="the files of one table have the same columns"
        )
    content = quoted(_content(table))
    connection.register("__kqlext_csv", pa.concat_tables(parts))
    try:
        columns = ", ".join(
            f"{expression} AS {quoted(column)}" for column, expression in _typed(connection, parts[0].column_names)
        )
        connection.execute(f"CREATE TEMP TABLE {content} AS SELECT {columns} FROM __kqlext_csv")
    finally:
        connection.unregister("__kqlext_csv")
    normalized_view(connection, table, f"temp.{content}")


def _read_csv(file: str) -> Any:
    """A CSV file as columns of text; an empty value without quotes is null."""
    import pyarrow as pa
    from pyarrow import csv as arrow_csv

    header, delimiter = _header(file)
    return arrow_csv.read_csv(
        file,
        read_options=arrow_csv.ReadOptions(column_names=header, skip_rows=1),
        parse_options=arrow_csv.ParseOptions(delimiter=delimiter, newlines_in_values=True),
        convert_options=arrow_csv.ConvertOptions(
            column_types=dict.fromkeys(header, pa.string()),
            null_values=[""],
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
        ),
    )


def _header(file: str) -> tuple[list[str], str]:
    """The names in a CSV file's first line, made different, and the character between them."""
    opener = gzip.open if file.lower().endswith(".gz") else open
    with opener(file, "rt", encoding="utf-8-sig") as lines:
        line = lines.readline()
    delimiter = "\t" if ".tsv" in file.lower() else max(",;\t|", key=line.count)
    names = next(csv.reader([line], delimiter=delimiter), [])
    result: list[str] = []
    for position, name in enumerate(names):
        base = candidate = name.strip() or f"column{position}"
        number = 1
        while candidate.lower() in (taken.lower() for taken in result):
            candidate, number = f"{base}_{number}", number + 1
        result.append(candidate)
    return result, delimiter


def _typed(connection: Any, columns: list[str]) -> list[tuple[str, str]]:
    """Each column and the expression that reads it, decided over all of its values."""
    tests = [
        f"coalesce(bool_and(regexp_full_match({quoted(column)}, {literal(pattern)})), false)"
        for column in columns
        for pattern, _ in _CSV_TYPES
    ]
    wide = [
        f"bool_and(TRY_CAST({quoted(column)} AS BIGINT) IS NOT NULL OR {quoted(column)} IS NULL)" for column in columns
    ]
    answers = connection.execute(f"SELECT {', '.join([*tests, *wide])} FROM __kqlext_csv").fetchone() if columns else ()
    result = []
    for index, column in enumerate(columns):
        fits = answers[index * len(_CSV_TYPES) : (index + 1) * len(_CSV_TYPES)]
        expression = next((cast for (_, cast), fit in zip(_CSV_TYPES, fits, strict=True) if fit), "{}")
        if "BIGINT" in expression and not answers[len(tests) + index]:
            expression = "{}"  # integers that 64 bits do not hold
        result.append((column, expression.format(quoted(column))))
    return result


_MAKERS = {"csv": _make_csv, "parquet": _make_parquet, "json": _make_json}
