"""The schema of a database as data. Imports nothing heavy.

The JSON form is that of ``.show database schema as json``, which Microsoft's language service takes as well.
Source: shared/reference/azure-services.md section 5.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Any, Literal

from kqlext.schemas.gently import gently

TableKind = Literal["table", "materialized view", "external table", "notebook"]

JSON_KEYS: dict[TableKind, str] = {
    "table": "Tables",
    "materialized view": "MaterializedViews",
    "external table": "ExternalTables",
    "notebook": "Tables",
}
"""Under which key the JSON form has tables of a kind."""

TABULAR = "table"
"""The type of a parameter that takes a table."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column; ``type`` is a Kusto scalar type (``long``)."""

    name: str
    type: str
    description: str = ""

    def _json(self) -> dict[str, Any]:
        return {"Name": self.name, "CslType": self.type, "DocString": self.description or None}


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of a function.

    Attributes:
        type: a Kusto scalar type, or ``table``.
        default: the literal that stands for it where a call leaves it out; None where a call must not.
        columns: those that a table must have; none where it may have any.
    """

    name: str
    type: str
    default: str | None = None
    columns: tuple[Column, ...] = ()

    def _json(self) -> dict[str, Any]:
        if self.type == TABULAR:
            return {"Name": self.name, "Columns": [{"Name": c.name, "CslType": c.type} for c in self.columns]}
        default = {} if self.default is None else {"CslDefaultValue": self.default}
        return {"Name": self.name, "CslType": self.type, **default}


@dataclass(frozen=True, slots=True)
class TableSchema:
    """A table, or what is queried as one.

    Attributes:
        columns: in the service's own order; none where only the table's name is known yet.
        kind: ``notebook`` is a DataFrame or Result of the notebook.
    """

    name: str
    columns: tuple[Column, ...]
    kind: TableKind = "table"
    description: str = ""

    def types(self) -> dict[str, str]:
        """Column -> Kusto type."""
        return {column.name: column.type for column in self.columns}

    def _json(self) -> dict[str, Any]:
        columns = [column._json() for column in self.columns]
        return {"Name": self.name, "DocString": self.description or None, "OrderedColumns": columns}


@dataclass(frozen=True, slots=True)
class Function:
    """A function that the database keeps; ``body`` is KQL in braces, or empty where it is not known."""

    name: str
    parameters: tuple[Parameter, ...]
    body: str = ""
    description: str = ""

    def signature(self) -> str:
        """``(T:(a:long), n:long=5)``."""
        return f"({', '.join(map(_parameter_text, self.parameters))})"

    def _json(self) -> dict[str, Any]:
        return {
            "Name": self.name,
            "Body": self.body,
            "DocString": self.description or None,
            "InputParameters": [parameter._json() for parameter in self.parameters],
        }


@dataclass(frozen=True)
class DatabaseSchema:
    """What one database holds.

    Attributes:
        cluster: of the connection that it was read on (``help``, ``loganalytics``, ``local``).
        database: as the connection calls it.
        version: the service's own (``v3.1``), with which it says whether anything changed; empty where there is none.
        read_at: when the service said so, in UTC. It does not count where schemas are compared.
    """

    cluster: str
    database: str
    tables: tuple[TableSchema, ...]
    functions: tuple[Function, ...]
    version: str = ""
    read_at: dt.datetime = field(default_factory=lambda: dt.datetime.now(dt.UTC), compare=False)

    def table(self, name: str) -> TableSchema | None:
        """The table of that name, or None."""
        return next((table for table in self.tables if table.name == name), None)

    def types(self) -> dict[str, dict[str, str]]:
        """Table -> column -> Kusto type."""
        return {table.name: table.types() for table in self.tables}

    def kusto_json(self) -> dict[str, Any]:
        """The form of ``.show database schema as json``: what Microsoft's language service takes."""
        content: dict[str, dict[str, Any]] = {key: {} for key in ("Tables", "MaterializedViews", "ExternalTables")}
        for table in gently(self.tables):
            content[JSON_KEYS[table.kind]][table.name] = table._json()
        functions = {function.name: function._json() for function in self.functions}
        return {"Databases": {self.database: {"Name": self.database, **content, "Functions": functions}}, "Plugins": []}


def _parameter_text(parameter: Parameter) -> str:
    if parameter.type == TABULAR:
        columns = ", ".join(f"{column.name}:{column.type}" for column in parameter.columns)
        return f"{parameter.name}:({columns or '*'})"
    default = "" if parameter.default is None else f"={parameter.default}"
    return f"{parameter.name}:{parameter.type}{default}"
