"""KQL run on DuckDB over the sample tables, for the services of the tests that are to give real answers.

An answer is a `TableSpec` with values as Kusto sends them (see `kusto_frames`), but a text that is missing is None:
each service writes that in its own way.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from threading import Lock
from typing import Any

import duckdb
import duckdb_kql
import isodate
import pyarrow as pa
from duckdb_kql.engine import schema
from duckdb_kql.types import kusto_type

from kqlext import samples, syntax
from kqlext.errors import KqlError, Span
from kqlext.services.base import Query, ServiceInfo
from kqlext.services.local import LocalService

from .kusto_frames import TableSpec

_TEMPORARY_VIEWS = "SELECT view_name FROM duckdb_views() WHERE temporary AND NOT internal"
_RENDER = re.compile(r"\|\s*render\s+(\w+)(?:\s+with\s*\((.*?)\))?\s*;?\s*$", re.DOTALL)
_SETTING = re.compile(r"""(\w+)\s*=\s*(?:"([^"]*)"|'([^']*)'|(\w+))""")
_CAMEL = {name.lower(): name for name in ("xColumn", "yColumns", "xTitle", "yTitle", "xAxis", "yAxis", "ySplit")}


class RefusedError(Exception):
    """A query that the engine refuses, as Kusto says it.

    `line` counts from 1 and `column` from 0, where the place is known; `token` is what stands there.
    """

    def __init__(self, code: str, message: str, line: int = -1, column: int = -1, token: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.line = line
        self.column = column
        self.token = token


class Engine:
    """The sample tables, and those that `extra` creates in SQL. It may be asked from any thread."""

    def __init__(self, *extra: str) -> None:
        self._connection = _database(*extra)
        self._extra = extra
        self._lock = Lock()
        self._service: tuple[duckdb.DuckDBPyConnection, LocalService] | None = None

    def run(self, text: str, timespan: str | None = None) -> TableSpec:
        """The primary result of a query, over the tables cut to a time range (ISO 8601) where one is given.

        Raises:
            RefusedError: the query does not parse, or names what is not there.
        """
        with self._connection.cursor() as cursor:
            if timespan is not None:
                _cut(cursor, timespan)
            try:
                sql = duckdb_kql.to_sql(text, schema=schema(cursor), allow_write=False)
                relation = cursor.sql(str(sql), params=sql.parameters or None)
                types = [kusto_type(kind) for kind in relation.types]
                rows = [[_wire(v, kind) for v, kind in zip(row, types, strict=True)] for row in relation.fetchall()]
            except (duckdb.Error, duckdb_kql.KqlError) as error:
                if table := self._more(text, timespan):
                    return table
                raise _refused(str(error), text) from None
            return TableSpec("PrimaryResult", tuple(zip(relation.columns, types, strict=True)), rows)

    def _more(self, text: str, timespan: str | None) -> TableSpec | None:
        """What kqlext's own engine answers, which has more of KQL than duckdb-kql; None if it does not.

        Its functions in Python belong to one connection, so it has one, and one query at a time.
        """
        with self._lock:
            if self._service is None:
                connection = _database(*self._extra)
                self._service = connection, LocalService(connection, ServiceInfo("test", "Samples", ""), writable=True)
            connection, service = self._service
            try:
                if timespan is not None:
                    _cut(connection, timespan)
                (answer,) = service.execute(Query(text)).tables
            except KqlError:
                return None
            finally:
                for (view,) in connection.execute(_TEMPORARY_VIEWS).fetchall():
                    connection.execute(f'DROP VIEW temp."{view}"')
        columns = [
            [_wire(value, kind) for value in column.to_pylist()]
            for column, kind in zip(answer.table.columns, answer.types, strict=True)
        ]
        names = tuple(zip(answer.table.column_names, answer.types, strict=True))
        return TableSpec("PrimaryResult", names, [list(row) for row in zip(*columns, strict=True)])

    def run_batch(self, text: str) -> list[TableSpec]:
        """The primary results of a query of one or several statements.

        Raises:
            RefusedError: as ``run`` does; its place is one in the whole text.
        """
        spans = syntax.statements(text)
        running = [span for span in spans if not syntax.prepares(span.of(text))]
        return [self.run(_only(text, [*(s for s in spans if s not in running), span])) for span in running]


def _database(*extra: str) -> duckdb.DuckDBPyConnection:
    connection = duckdb_kql.connect(":memory:")
    samples.load(connection)
    for statement in extra:
        connection.execute(statement)
    return connection


def _only(text: str, spans: list[Span]) -> str:
    """The text with blanks in the place of all statements but some."""
    kept = {place for span in spans for place in range(span.start, span.end)}
    kept |= {span.end for span in spans[:-1]}
    return "".join(c if place in kept or c == "\n" else " " for place, c in enumerate(text))


@cache
def engine(*extra: str) -> Engine:
    """The engine with these extra tables, one for all servers of a run."""
    return Engine(*extra)


def with_texts(table: TableSpec) -> TableSpec:
    """The table as services write it whose texts are never null."""
    texts = [kind == "string" for _, kind in table.columns]
    rows = [["" if v is None and text else v for v, text in zip(row, texts, strict=True)] for row in table.rows]
    return replace(table, rows=rows)


def render(text: str) -> Mapping[str, str] | None:
    """What `render` at the end of a query asks for, in Azure Monitor's spelling."""
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
        return None
    if kind == "dynamic":
        return json.loads(value) if isinstance(value, str) else value
    if isinstance(value, datetime):
        return f"{value.replace(tzinfo=None).isoformat(timespec='microseconds')}0Z"
    if isinstance(value, timedelta):
        return _timespan(value)
    if isinstance(value, pa.MonthDayNano):
        return _timespan(timedelta(days=value.days, microseconds=value.nanoseconds // 1000))
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    return value if isinstance(value, bool | int | float) and kind != "decimal" else str(value)


def _timespan(value: timedelta) -> str:
    sign, value = ("-", -value) if value < timedelta(0) else ("", value)
    hours, minutes = value.seconds // 3600, value.seconds // 60 % 60
    days = f"{value.days}." if value.days else ""
    fraction = f".{value.microseconds:06}0" if value.microseconds else ""
    return f"{sign}{days}{hours:02}:{minutes:02}:{value.seconds % 60:02}{fraction}"


_PLACE = re.compile(r" at (\d+):(\d+)")
_COLUMN = re.compile(r'Referenced column "([^"]+)"')
_TABLE = re.compile(r"Table with name (\S+) does not exist|unknown table '?(\w+)")


def _refused(message: str, text: str) -> RefusedError:
    if place := _PLACE.search(message):
        line, column = int(place[1]), int(place[2])
        rest = text.splitlines()[line - 1][column:] if line <= len(text.splitlines()) else ""
        token = re.match(r"\w+|\S|$", rest)
        return RefusedError("SYN0002", "Query could not be parsed", line, column, token[0] if token else "")
    if column := _COLUMN.search(message):
        text = f"'where' operator: Failed to resolve column or scalar expression named '{column[1]}'"
        return RefusedError("SEM0100", text)
    if table := _TABLE.search(message):
        name = next(filter(None, table.groups()))
        return RefusedError("SEM0100", f"'table' operator: Failed to resolve table or column expression named '{name}'")
    return RefusedError("SEM0001", message.splitlines()[0])
