"""Asks a service for its schema, in the calling thread.

| service                  | tables and columns from                                        | functions from |
|--------------------------|----------------------------------------------------------------|----------------|
| Kusto and its like       | ``.show database schema as json``, or ``.show databases entities`` | the same   |
| Log Analytics, App Insights | ``/metadata``                                                | the same       |
| Defender, Resource Graph | a list of names; columns of a table when it is asked for       | -              |
| embedded engine          | DuckDB's catalogue                                             | -              |
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import replace
from typing import TYPE_CHECKING

import orjson

from kqlext.decode import Table, decode
from kqlext.errors import KqlQueryError, KqlResponseError, KqlServiceError, KqlUnsupportedError
from kqlext.literals import string
from kqlext.schemas.kusto import Content, of_entities, of_json
from kqlext.schemas.model import Column, DatabaseSchema, TableSchema
from kqlext.services.base import Query, Service

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

_REFUSALS = (KqlQueryError, KqlServiceError, KqlResponseError, KqlUnsupportedError, LookupError, ValueError)
_RESOURCE_GRAPH = "resourcegraph"
_LIMIT = 60.0  # seconds for the service to say what it has


def read_schema(service: Service, known: DatabaseSchema | None = None) -> DatabaseSchema:
    """What the database holds.

    Args:
        known: what was read before: a service that tells what has changed since is asked for that only, and columns
            that were asked for one by one are kept.

    Raises:
        KqlError: as running a management command does.
    """
    told = service.schema()
    if told is None:
        return _of_commands(service, known)
    if known is None:
        return told
    return replace(told, tables=tuple(_with_columns(table, known) for table in told.tables))


def _with_columns(table: TableSchema, known: DatabaseSchema) -> TableSchema:
    return table if table.columns else known.table(table.name) or table


def read_table(service: Service, name: str) -> TableSchema:
    """One table, whose columns a query tells: for services that list names only.

    Raises:
        KqlError: as running a query does.
    """
    if service.info.cluster == _RESOURCE_GRAPH:  # which has no getschema
        answer = _first_table(service, f"{table_text(name)} | take 1")
        return TableSchema(name, tuple(Column(column.name, column.type) for column in answer.columns))
    rows = _rows(_first_table(service, f"{table_text(name)} | getschema"))
    if not {"ColumnName", "ColumnType"} <= set(rows):
        raise KqlResponseError(f"The service does not say which columns {name} has.")
    return TableSchema(name, tuple(map(Column, rows["ColumnName"], rows["ColumnType"])))


def lists_names_only(service: Service) -> bool:
    """Whether a service tells the columns of a table only where a query asks for them."""
    return service.info.cluster in ("defender", _RESOURCE_GRAPH)


def table_text(name: str) -> str:
    """The name of a table as a query has it."""
    return name if re.fullmatch(r"[^\W\d]\w*", name) else _quoted(name)


def _quoted(name: str) -> str:
    escaped = string(name)[1:-1].replace("'", "\\'")
    return f"['{escaped}']"


# --- Kusto -----------------------------------------------------------------------------------------------


def _of_commands(service: Service, known: DatabaseSchema | None) -> DatabaseSchema:
    database = service.info.real_name or service.info.database
    try:
        content = _changed(service, database, known.version) if known is not None and known.version else None
        if content is None:
            content = _whole(service, database)
    except _REFUSALS:
        if service.info.real_name not in ("", database):  # the service has learned that the name is a pretty one
            return _of_commands(service, known)
        # duckdb-kql and some principals are refused that one; this one they may run.
        content = of_entities(_rows(_first_table(service, ".show databases entities")), database)
    tables, functions, version = content
    if known is not None and version == known.version and not tables and not functions:
        return replace(known, read_at=dt.datetime.now(dt.UTC))
    return DatabaseSchema(service.info.cluster, service.info.database, tables, functions, version)


def _whole(service: Service, database: str) -> Content:
    answer = _first_table(service, f".show database {_quoted(database)} schema as json")
    return of_json(orjson.loads(answer.columns[0].values(0, 1)[0]), database)


def _changed(service: Service, database: str, version: str) -> Content | None:
    """The content where it has changed since a version; nothing but the version where it has not.

    None where the service does not say: not every one knows the condition.
    """
    command = f'.show database {_quoted(database)} schema if_later_than "{version}" as json'
    try:
        answer = _first_table(service, command)
        if answer.num_rows == 0:
            return (), (), version
        return of_json(orjson.loads(answer.columns[0].values(0, 1)[0]), database)
    except _REFUSALS:
        return None


def _first_table(service: Service, text: str) -> Table:
    return decode(service.execute(Query(text, timeout=_LIMIT))).tables[0]


def _rows(table: Table) -> Mapping[str, Any]:
    return {column.name: column.values(0, table.num_rows) for column in table.columns}
