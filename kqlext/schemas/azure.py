"""What Azure Monitor says of a workspace or application: the answer of ``/metadata``. Pure.

Source: "Metadata - Get" of the Log Analytics API, shared/reference/azure-services.md section 5.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kqlext.errors import KqlResponseError
from kqlext.schemas.gently import gently
from kqlext.schemas.model import Column, Function, TableSchema
from kqlext.schemas.signatures import parse_parameters


def of_metadata(document: Any) -> tuple[tuple[TableSchema, ...], tuple[Function, ...]]:
    """The tables and functions.

    Raises:
        KqlResponseError: the document has another form.
    """
    try:
        tables = tuple(map(_table, gently(document["tables"])))
        functions = tuple(map(_function, gently(document.get("functions") or ())))
    except (AttributeError, LookupError, TypeError) as error:
        raise KqlResponseError(f"The metadata of the service are malformed: {type(error).__name__} {error}.") from None
    return tables, functions


def _table(entry: Mapping[str, Any]) -> TableSchema:
    columns = tuple(Column(str(c["name"]), str(c["type"]), _text(c.get("description"))) for c in entry["columns"])
    return TableSchema(str(entry["name"]), columns, description=_text(entry.get("description")))


def _function(entry: Mapping[str, Any]) -> Function:
    parameters = parse_parameters(_text(entry.get("parameters")))
    body = _text(entry.get("body"))
    described = _text(entry.get("description")) or _text(entry.get("displayName"))
    return Function(str(entry["name"]), parameters, f"{{\n{body}\n}}" if body else "", described)


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
