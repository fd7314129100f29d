"""KQL run on DuckDB over the sample tables, for services of the tests that are to give real answers."""

from __future__ import annotations

import datetime as dt
import json
import re
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import duckdb
import duckdb_kql
from duckdb_kql.engine import schema
from duckdb_kql.types import kusto_type

from kqlext import samples


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


@dataclass(frozen=True)
class Rows:
    """An answer: columns of Kusto types, and rows of values as JSON has them."""

    columns: Sequence[tuple[str, str]]
    rows: list[list[Any]]


class Engine:
    """The sample tables, and those that `extra` creates in SQL. One query at a time, from any thread."""

    def __init__(self, *extra: str) -> None:
        self._connection = duckdb_kql.connect(":memory:")
        self._lock = threading.Lock()
        samples.load(self._connection)
        for statement in extra:
            self._connection.execute(statement)

    def run(self, text: str) -> Rows:
        """The answer to a query.

        Raises:
            RefusedError: the query has a mistake.
        """
        try:
            with self._lock:
                sql = duckdb_kql.to_sql(text, schema=schema(self._connection))
                relation = self._connection.sql(str(sql), params=sql.parameters or None)
                types = [kusto_type(kind) for kind in relation.types]
                rows = [
                    [_wire(value, kind) for value, kind in zip(row, types, strict=True)] for row in relation.fetchall()
                ]
                return Rows(list(zip(relation.columns, types, strict=True)), rows)
        except (duckdb.Error, duckdb_kql.KqlError) as error:
            raise _refused(str(error), text) from None


@cache
def engine(*extra: str) -> Engine:
    """The engine with these extra tables, one for all servers of a run."""
    return Engine(*extra)


def _wire(value: Any, kind: str) -> Any:
    if value is None:
        return None
    if kind == "dynamic":
        return json.loads(value) if isinstance(value, str) else value
    if isinstance(value, dt.datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%S.") + f"{value.microsecond:06}0Z"
    if isinstance(value, dt.timedelta):
        return f"{value.days}.{dt.datetime.min + value - dt.timedelta(value.days):%H:%M:%S.%f}0"
    if isinstance(value, float) and value != value:
        return "NaN"
    return value if isinstance(value, bool | int | float | str) else str(value)


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
        return RefusedError("SEM0100", f"Failed to resolve column or scalar expression named '{column[1]}'")
    if table := _TABLE.search(message):
        name = next(filter(None, table.groups()))
        return RefusedError("SEM0100", f"'table' operator: Failed to resolve table or column expression named '{name}'")
    return RefusedError("SEM0001", message.splitlines()[0])
