"""KQL on DuckDB for the loopback Azure Monitor: the sample tables, and rows as they travel, with exact Kusto types."""

from __future__ import annotations

import json
import math
import re
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import duckdb
import duckdb_kql
import isodate
from duckdb_kql.engine import schema
from duckdb_kql.types import kusto_type

from kqlext import samples

from .kusto_frames import JsonObject, TableSpec
from .monitor_tables import query_problem

_RENDER = re.compile(r"\|\s*render\s+(\w+)(?:\s+with\s*\((.*?)\))?\s*;?\s*$", re.DOTALL)
_SETTING = re.compile(r"""(\w+)\s*=\s*(?:"([^"]*)"|'([^']*)'|(\w+))""")
_CAMEL = {name.lower(): name for name in ("xColumn", "yColumns", "xTitle", "yTitle", "xAxis", "yAxis", "ySplit")}


class RefusedError(Exception):
    """The query is wrong; `body` is what the service answers."""

    def __init__(self, body: bytes) -> None:
        super().__init__(body)
        self.body = body


@cache
def _samples() -> duckdb.DuckDBPyConnection:
    connection = duckdb_kql.connect(":memory:")
    samples.load(connection)
    return connection


def run(text: str, timespan: str | None = None) -> TableSpec:
    """The primary result of a query over the sample tables, cut to a time range where one is given.

    Raises:
        RefusedError: the query does not parse, or names what is not there.
    """
    with _samples().cursor() as cursor:
        if timespan is not None:
            _cut(cursor, timespan)
        try:
            sql = duckdb_kql.to_sql(text, schema=schema(cursor), allow_write=False)
            relation = cursor.sql(str(sql), params=sql.parameters or None)
            types = [kusto_type(kind) for kind in relation.types]
            rows = [[_wire(v, kind) for v, kind in zip(row, types, strict=True)] for row in relation.fetchall()]
        except (duckdb.Error, duckdb_kql.KqlError) as error:
            raise RefusedError(_refusal(str(error))) from None
        return TableSpec("PrimaryResult", tuple(zip(relation.columns, types, strict=True)), rows)


def render(text: str) -> JsonObject | None:
    """What `render` at the end of a query asks for, as the service writes it."""
    match = _RENDER.search(text)
    if match is None:
        return None
    settings = {name: next(filter(None, values), "") for name, *values in _SETTING.findall(match[2] or "")}
    return {"visualization": match[1], **{_CAMEL.get(name.lower(), name): value for name, value in settings.items()}}


def _cut(cursor: duckdb.DuckDBPyConnection, timespan: str) -> None:
    start, end = (moment.astimezone(UTC).replace(tzinfo=None) for moment in _range(timespan))
    for table, columns in samples.TABLES.items():
        if "TimeGenerated" in columns:
            condition = f"TimeGenerated BETWEEN '{start}' AND '{end}'"
            cursor.execute(f'CREATE TEMP VIEW "{table}" AS SELECT * FROM memory.main."{table}" WHERE {condition}')


def _range(timespan: str) -> tuple[datetime, datetime]:
    first, _, second = timespan.partition("/")
    if first.startswith("P"):
        now = datetime.now(UTC)
        return now - isodate.parse_duration(first), now
    start = _moment(first)
    if second.startswith("P"):
        return start, start + isodate.parse_duration(second)
    return start, _moment(second)


def _moment(text: str) -> datetime:
    read = datetime.fromisoformat(text)
    return read if read.tzinfo else read.replace(tzinfo=UTC)


def _wire(value: Any, kind: str) -> Any:
    if value is None:
        return "" if kind == "string" else None
    if isinstance(value, datetime):
        return f"{value.replace(tzinfo=None).isoformat(timespec='microseconds')}0Z"
    if isinstance(value, timedelta):
        return _timespan(value)
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if kind == "dynamic" and not isinstance(value, str):
        return json.dumps(value, default=str)
    return value if isinstance(value, bool | int | float) and kind != "decimal" else str(value)


def _timespan(value: timedelta) -> str:
    sign, value = ("-", -value) if value < timedelta(0) else ("", value)
    hours, minutes = value.seconds // 3600, value.seconds // 60 % 60
    days = f"{value.days}." if value.days else ""
    fraction = f".{value.microseconds:06}0" if value.microseconds else ""
    return f"{sign}{days}{hours:02}:{minutes:02}:{value.seconds % 60:02}{fraction}"


def _refusal(message: str) -> bytes:
    """The engine's error in the service's words: the place counted from 1, the name that is not known."""
    if place := re.search(r"could not parse KQL at (\d+):(\d+): .*?'(.*?)'", message):
        line, column, token = int(place[1]), int(place[2]) + 1, place[3]
        text = f"Query could not be parsed at '{token}' on line [{line},{column}]"
        return query_problem(
            "SyntaxError", {"code": "SYN0002", "message": text, "line": line, "pos": column, "token": token}
        )
    if name := re.search(r"Table with name (\S+) does not exist", message):
        text = f"'where' operator: Failed to resolve table or column expression named '{name[1]}'"
        return query_problem("SemanticError", {"code": "SEM0100", "message": text})
    if name := re.search(r'Referenced column "([^"]+)" not found', message):
        text = f"'where' operator: Failed to resolve scalar expression named '{name[1]}'"
        return query_problem("SemanticError", {"code": "SEM0100", "message": text})
    return query_problem("SemanticError", {"code": "SEM0001", "message": message.splitlines()[0]})
