"""The tables and columns of a database, read from its service."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import orjson

from kqlext.decode import Table, decode
from kqlext.decode.types import find_type
from kqlext.errors import KqlQueryError, KqlResponseError, KqlServiceError, KqlUnsupportedError
from kqlext.literals import string
from kqlext.services.base import Query, Service

DatabaseSchema = dict[str, dict[str, str]]
"""Table -> column -> Kusto type, in the service's own order."""


def read_schema(service: Service) -> DatabaseSchema:
    """Tables, materialized views and external tables with their columns.

    Raises:
        KqlError: as running a management command does.
    """
    known = service.catalogue()
    if known is not None:
        return {table: dict(columns) for table, columns in known.items()}
    database = service.info.real_name or service.info.database
    try:
        table = _first_table(service, f".show database {_quoted(database)} schema as json")
        return _of_json(orjson.loads(table.columns[0].values(0, 1)[0]))
    except (KqlQueryError, KqlServiceError, KqlResponseError, KqlUnsupportedError, LookupError, ValueError):
        if service.info.real_name not in ("", database):  # the service has learned that the name is a pretty one
            return read_schema(service)
        # duckdb-kql and some principals are refused that one; this one they may run.
        return _of_entities(_first_table(service, ".show databases entities"), database)


def read_table(service: Service, table: str) -> dict[str, str]:
    """The columns of one table with their Kusto types, from a row of it: for services that list no tables.

    Raises:
        KqlError: as running a query does.
    """
    name = table if re.fullmatch(r"[^\W\d]\w*", table) else _quoted(table)
    answer = decode(service.execute(Query(f"{name} | take 1"))).tables[0]
    return {column.name: column.type for column in answer.columns}


def _quoted(name: str) -> str:
    escaped = string(name)[1:-1].replace("'", "\\'")
    return f"['{escaped}']"


def _first_table(service: Service, command: str) -> Table:
    return decode(service.execute(Query(command))).tables[0]


def _of_json(schema: Mapping[str, Any]) -> DatabaseSchema:
    found: DatabaseSchema = {}
    for database in schema["Databases"].values():
        for kind in ("Tables", "MaterializedViews", "ExternalTables"):
            for name, table in (database.get(kind) or {}).items():
                found[name] = {
                    column["Name"]: column.get("CslType") or _csl_type(column["Type"])
                    for column in table["OrderedColumns"]
                }
    return found


def _csl_type(net_type: str) -> str:
    known = find_type(net_type)
    return known.name if known else net_type


_COLUMN = re.compile(r"\s*(?:\['(.*?)'\]|\[\"(.*?)\"\]|([^:,]+?))\s*:\s*(\w+)\s*(?:,|$)")


def _of_entities(entities: Table, database: str) -> DatabaseSchema:
    columns = {column.name: column.values(0, entities.num_rows) for column in entities.columns}
    names = ("DatabaseName", "EntityType", "EntityName", "CslOutputSchema")
    if not set(names) <= set(columns):
        raise KqlResponseError(f"The service does not say which tables {database} has.")
    return {
        entity: {next(filter(None, groups[:3])): groups[3] for groups in _COLUMN.findall(output or "")}
        for owner, kind, entity, output in zip(*(columns[name] for name in names), strict=True)
        if owner == database and kind not in ("Function", "EntityGroup")
    }
