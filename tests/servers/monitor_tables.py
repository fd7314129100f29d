"""The bytes of Azure Monitor's answers: tables, partial results, errors, metadata. Pure functions over `TableSpec`s.

Rows are JSON values as they travel: as Kusto's (see `kusto_frames`), but a dynamic value is JSON in a string.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from .engine import RefusedError
from .kusto_frames import EVERY_TYPE as KUSTO_EVERY_TYPE
from .kusto_frames import JsonObject, TableSpec, encode


def _as_text(value: Any) -> Any:
    return (
        value
        if value is None or isinstance(value, str)
        else json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    )


def with_dynamic_texts(spec: TableSpec) -> TableSpec:
    """A table of Kusto's as Azure Monitor sends it."""
    dynamic = [kind == "dynamic" for _, kind in spec.columns]
    rows = [[_as_text(v) if text else v for v, text in zip(row, dynamic, strict=True)] for row in spec.rows]
    return replace(spec, rows=rows)


EVERY_TYPE = with_dynamic_texts(KUSTO_EVERY_TYPE)

# fmt: off
STATISTICS: JsonObject = {
    "query": {
        "executionTime": 0.0156,
        "resourceUsage": {
            "cache": {"memory": {"hits": 12, "misses": 0, "total": 12}},
            "cpu": {"user": "00:00:00.0156250", "kernel": "00:00:00", "totalCpu": "00:00:00.0156250"},
            "memory": {"peakPerNode": 2097360},
        },
        "inputDatasetStatistics": {"extents": {"total": 3, "scanned": 2}, "rows": {"total": 59066, "scanned": 1024}},
        "datasetStatistics": [{"tableRowCount": 10, "tableSize": 23255}],
    }
}
# What a service sends for a query without `render`.
NO_RENDER: JsonObject = {
    "visualization": "table", "title": None, "accumulate": False, "isQuerySorted": False, "kind": None,
    "annotation": "", "by": None, "xColumn": None, "yColumns": None, "series": None, "ymin": "NaN", "ymax": "NaN",
}
# fmt: on

TOO_LARGE = "The results of this query exceed the set limit of 64000000 bytes, so not all records were returned."
TOO_MANY = "The results of this query exceed the set limit of 500000 records, so not all records were returned."


def tables(
    *specs: TableSpec,
    statistics: Mapping[str, Any] | None = None,
    render: Mapping[str, Any] | None = None,
    error: Mapping[str, Any] | None = None,
) -> bytes:
    """An answer of status 200; what is None is left out."""
    answer: JsonObject = {"tables": [_table(spec) for spec in specs]}
    beside = {"statistics": statistics, "render": render, "error": error}
    return encode(answer | {name: value for name, value in beside.items() if value is not None})


def _table(spec: TableSpec) -> JsonObject:
    columns = [{"name": name, "type": kind} for name, kind in spec.columns]
    return {"name": spec.name, "columns": columns, "rows": [list(row) for row in spec.rows]}


def partial_error(*messages: str) -> JsonObject:
    """What stands beside the tables of a partial result: a detail for each message."""
    return {
        "code": "PartialError",
        "message": "There were some errors when processing your query.",
        "details": [
            {
                "code": "EngineError",
                "message": "Something went wrong processing your query on the server.",
                "innererror": {"code": "-2133196797", "message": text, "severity": 2, "severityName": "Error"},
            }
            for text in messages
        ],
    }


def error(code: str, message: str, *inner: Mapping[str, Any]) -> bytes:
    """An error's body; each of `inner` is the `innererror` of the one before."""
    nested: JsonObject = {}
    for entry in reversed(inner):
        nested = {"innererror": {**entry, **nested}}
    return encode({"error": {"message": message, "code": code, "correlationId": "cf1f0f1a", **nested}})


def metadata(known: Mapping[str, Mapping[str, str]]) -> bytes:
    """The metadata of a workspace with these tables (table -> column -> type)."""
    listed = [
        {
            "id": f"t/{name}",
            "name": name,
            "description": f"Records of {name}",
            "timespanColumn": "TimeGenerated",
            "labels": [],
            "columns": [{"name": column, "type": kind, "description": ""} for column, kind in columns.items()],
            "related": {"categories": [], "solutions": []},
        }
        for name, columns in known.items()
    ]
    return encode({"tables": listed, "functions": [], "solutions": [], "workspaces": []})


def query_problem(kind: str, *inner: Mapping[str, Any]) -> bytes:
    """A refused query: kind is `SyntaxError` or `SemanticError`, the inner errors tell more and more."""
    outer = {"code": kind, "message": f"A {kind.removesuffix('Error').lower()} error occurred."}
    return error("BadArgumentError", "The request had some invalid properties", outer, *inner)


def query_refused(refused: RefusedError) -> bytes:
    """A query that the engine refuses: a place counts from 1 here."""
    inner: JsonObject = {"code": refused.code, "message": refused.message}
    if refused.line < 1:
        return query_problem("SemanticError", inner)
    line, column, token = refused.line, refused.column + 1, refused.token
    inner["message"] += f" at '{token}' on line [{line},{column}]"
    return query_problem("SyntaxError", inner | {"line": line, "pos": column, "token": token})
