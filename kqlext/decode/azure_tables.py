"""The tables JSON of Log Analytics and Application Insights -> ``DataSet``.

Source: "Azure Monitor Log Analytics API response format", and shared/reference/azure-services.md section 2.3.
An error can stand beside the tables of an answer of status 200: then they hold what fitted into a limit.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kqlext.decode.columns import table_of_rows
from kqlext.decode.limits import monitor_advice
from kqlext.decode.tables import DataSet, Table
from kqlext.decode.wire import load_json, reading
from kqlext.errors import KqlQueryError, KqlResponseError
from kqlext.services.azure_errors import partial_errors


def decode_azure_tables(body: bytes) -> DataSet:
    """Decode the answer of ``/v1/workspaces/{id}/query`` and its like.

    Raises:
        KqlResponseError: it is no JSON, is cut off, or holds no tables.
        KqlQueryError: the service failed the query and sent no row at all.
    """
    with reading("A part"):
        return _data_set(load_json(body))


def _data_set(answer: Any) -> DataSet:
    tables = answer.get("tables") if isinstance(answer, dict) else None
    failures = _failures(answer) if isinstance(answer, dict) else []
    if not isinstance(tables, list) and not failures:
        raise KqlResponseError("The answer holds no tables of Azure Monitor.")
    if failures and not any(table["rows"] for table in tables or []):
        code, message = failures[0]
        raise KqlQueryError(message, code=code, hint="the service failed the query after it had begun")
    warnings = [f"The result is not complete. {message} {monitor_advice(message)}" for _, message in failures]
    return DataSet(
        tuple(_table(table, warnings) for table in tables or []),
        visualization=_visualization(answer.get("render"), warnings),
        statistics=_statistics(answer.get("statistics"), warnings),
        warnings=tuple(warnings),
        partial=bool(failures),
    )


def _failures(answer: Mapping[str, Any]) -> list[tuple[str | None, str]]:
    """Code and message of each error inside the answer, each once."""
    error = answer.get("error")
    if not error:
        return []
    entry = error if isinstance(error, dict) else {"message": str(error)}
    return list(dict.fromkeys(partial_errors(entry)))


def _table(table: Mapping[str, Any], warnings: list[str]) -> Table:
    columns = [(str(column.get("name") or ""), str(column.get("type") or "")) for column in table["columns"]]
    return table_of_rows(str(table.get("name") or ""), columns, table["rows"], warnings)


def _visualization(render: Any, warnings: list[str]) -> dict[str, Any] | None:
    """What `render` asks for, by lower-case name; None where that is a table, as it is without `render`."""
    properties = _object(render, "What `render` asks for", warnings)
    if str(properties.get("visualization") or "table").lower() == "table":
        return None
    return {name.lower(): value for name, value in properties.items()}


def _statistics(statistics: Any, warnings: list[str]) -> dict[str, Any] | None:
    whole = _object(statistics, "The statistics of the query", warnings)
    return _object(whole.get("query"), "The statistics of the query", warnings) or None


def _object(value: Any, what: str, warnings: list[str]) -> dict[str, Any]:
    """A JSON object; what is none is said, and costs the rows nothing."""
    if value and not isinstance(value, dict):
        warnings.append(f"{what} cannot be read.")
    return value if isinstance(value, dict) else {}
