"""What Kusto says of its databases: ``.show database schema as json`` and ``.show databases entities``. Pure.

Source: "Schema show commands" of the Kusto documentation, shared/reference/azure-services.md section 5.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from kqlext.errors import KqlResponseError
from kqlext.schemas.gently import gently
from kqlext.schemas.model import JSON_KEYS, TABULAR, Column, Function, Parameter, TableKind, TableSchema
from kqlext.schemas.signatures import parse_columns, parse_parameters

Content = tuple[tuple[TableSchema, ...], tuple[Function, ...], str]
"""Tables, functions and version of a database."""

_KINDS: tuple[TableKind, ...] = ("table", "materialized view", "external table")
_ENTITIES: Mapping[str, TableKind] = {
    "Table": "table",
    "MaterializedView": "materialized view",
    "ExternalTable": "external table",
}


def of_json(document: Any, database: str) -> Content:
    """The content of a database in the JSON form.

    Raises:
        KqlResponseError: the document has another form, or no such database.
    """
    try:
        databases = document["Databases"]
        found = databases[database] if database in databases or len(databases) != 1 else next(iter(databases.values()))
        entries = ((name, entry, kind) for kind in _KINDS for name, entry in (found.get(JSON_KEYS[kind]) or {}).items())
        tables = tuple(_table(*entry) for entry in gently(entries))
        functions = tuple(_function(*entry) for entry in gently((found.get("Functions") or {}).items()))
        return tables, functions, _version(found)
    except (AttributeError, LookupError, TypeError) as error:
        raise KqlResponseError(f"The schema of {database} is malformed: {type(error).__name__} {error}.") from None


def _version(database: Mapping[str, Any]) -> str:
    """``v5.2``, as ``if_later_than`` takes it."""
    major, minor = database.get("MajorVersion"), database.get("MinorVersion")
    return f"v{major}.{minor}" if isinstance(major, int) and isinstance(minor, int) else ""


def _table(name: str, entry: Mapping[str, Any], kind: TableKind) -> TableSchema:
    columns = tuple(map(_column, entry["OrderedColumns"]))
    return TableSchema(name, columns, kind, _text(entry.get("DocString")))


def _column(entry: Mapping[str, Any]) -> Column:
    return Column(entry["Name"], _type(entry), _text(entry.get("DocString")))


def _function(name: str, entry: Mapping[str, Any]) -> Function:
    parameters = tuple(map(_parameter, entry.get("InputParameters") or ()))
    return Function(name, parameters, _text(entry.get("Body")), _text(entry.get("DocString")))


def _parameter(entry: Mapping[str, Any]) -> Parameter:
    if entry.get("Columns") is not None and not entry.get("CslType"):
        return Parameter(entry["Name"], TABULAR, columns=tuple(map(_column, entry["Columns"])))
    return Parameter(entry["Name"], _type(entry), entry.get("CslDefaultValue"))


def _type(entry: Mapping[str, Any]) -> str:
    """The Kusto type; servers of before 2018 say only .NET's."""
    if entry.get("CslType"):
        return str(entry["CslType"])
    from kqlext.decode.types import find_type

    known = find_type(entry["Type"])
    return known.name if known else str(entry["Type"])


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def of_entities(rows: Mapping[str, Sequence[Any]], database: str) -> Content:
    """The content of a database in the columns of ``.show databases entities``.

    Raises:
        KqlResponseError: a column is missing.
    """
    names = ("DatabaseName", "EntityType", "EntityName", "CslOutputSchema")
    if not set(names) <= set(rows):
        raise KqlResponseError(f"The service does not say which tables {database} has.")
    entities = [entity for entity in _entities(rows) if entity["DatabaseName"] == database]
    tables = tuple(
        TableSchema(
            entity["EntityName"],
            parse_columns(_text(entity["CslOutputSchema"])),
            _ENTITIES[entity["EntityType"]],
            _text(entity.get("DocString")),
        )
        for entity in entities
        if entity["EntityType"] in _ENTITIES
    )
    functions = tuple(
        Function(
            entity["EntityName"],
            parse_parameters(_text(entity.get("CslInputSchema"))),
            _text(entity.get("Content")),
            _text(entity.get("DocString")),
        )
        for entity in entities
        if entity["EntityType"] == "Function"
    )
    return tables, functions, ""


def _entities(rows: Mapping[str, Sequence[Any]]) -> Iterator[dict[str, Any]]:
    for values in zip(*rows.values(), strict=True):
        yield dict(zip(rows, values, strict=True))
