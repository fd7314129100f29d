"""Databases of the embedded engine: opened, and what of their tables, or of an answer, KQL does not know."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb
import duckdb_kql

from kqlext.errors import KqlConnectionError, KqlUnsupportedError
from kqlext.services import local_tables
from kqlext.services.local_tables import quoted

# No extension is fetched from anywhere, and a name in a query never finds a variable of this module.
_SETTINGS = {"autoinstall_known_extensions": "false", "python_enable_replacements": "false"}


def refuse_renamed(columns: Sequence[str], sql: str) -> None:
    """Refuse an answer with a column that DuckDB gave another name, since there is one that differs only in case.

    Raises:
        KqlUnsupportedError: names both columns.
    """
    folded = {column.lower(): column for column in columns}
    for column in columns:
        base = column.rpartition("_")[0]
        other = folded.get(base.lower(), base)
        if other != base and quoted(column) not in sql and quoted(base) in sql:
            raise KqlUnsupportedError(
                f"The embedded engine does not tell the columns {other} and {base} apart: they differ only in case.",
                hint=f"give one another name before they meet: | project-rename Other{base} = {base}",
            )


def whole_json(relation: Any) -> Any:
    """Rows with each list of JSON values (`make_list` of dynamic ones) as one JSON value: Arrow knows such a list only
    as one of texts.
    """
    kinds = [str(kind) for kind in relation.types]
    if not any("JSON" in kind and kind != "JSON" for kind in kinds):
        return relation
    columns = [
        f"to_json({quoted(name)}) AS {quoted(name)}" if "JSON" in kind and kind != "JSON" else quoted(name)
        for name, kind in zip(relation.columns, kinds, strict=True)
    ]
    return relation.project(", ".join(columns))


def connect(database: str, read_only: bool = False) -> Any:
    """A connection of the engine to a database file, or to one in memory.

    Raises:
        KqlConnectionError: the file is no database, or another program holds it.
    """
    try:
        connection = duckdb_kql.connect(database, read_only=read_only, config=dict(_SETTINGS))
    except duckdb.Error as error:
        raise KqlConnectionError(
            f"The database cannot be opened: {str(error).splitlines()[0]}",
            hint="check that the file is a DuckDB database, and that no other program holds it open for writing",
        ) from None
    return connection


def database_file(written: str) -> Path:
    """The file of ``duckdb:///path``: absolute, as in a URL, or relative, as SQLAlchemy reads three slashes."""
    candidates = [Path(written).expanduser(), Path(written.lstrip("/")).expanduser()]
    found = next((path for path in candidates if path.is_file()), None)
    if found is None:
        tried = " or ".join(dict.fromkeys(str(path) for path in candidates))
        raise KqlConnectionError(
            f"There is no database file {tried}.",
            hint="a path is absolute, or relative to where the kernel runs; duckdb:// is an empty database in memory",
        )
    return found


def normalize_tables(connection: Any) -> None:
    """Put views over tables whose columns have types that KQL does not know."""
    rows = connection.execute(
        "SELECT table_catalog, table_schema, table_name, list(data_type ORDER BY ordinal_position) "
        "FROM information_schema.columns WHERE table_catalog = current_database() AND table_schema = 'main' "
        "GROUP BY ALL"
    ).fetchall()
    for catalog, owner, name, kinds in rows:
        if local_tables.needs_view(kinds):
            source = ".".join(quoted(part) for part in (catalog, owner, name))
            local_tables.normalized_view(connection, name, source)
