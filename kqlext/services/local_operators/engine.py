"""Temporary tables of one query: where operators that the engine lacks keep their rows."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import duckdb
import duckdb_kql
from duckdb_kql.types import kusto_type

from kqlext.errors import KqlError, KqlQueryError, Span
from kqlext.schemas.model import Column
from kqlext.services.base import Query
from kqlext.services.local_tables import quoted
from kqlext.text import did_you_mean, listing

PREFIX = "__kqlext_rows_"

_TRIES = 100
_OWN = re.compile(r"__kqlext_\w+")  # names that who wrote the query does not know

Translate = Callable[[str], tuple[str, Any]]
"""KQL -> SQL and its parameters."""

Refusal = Callable[[Exception, str], KqlError]
"""The engine's error about a KQL text -> an error of kqlext with its place."""


class Workspace:
    """The engine's tables, and those that a query adds for its own time."""

    def __init__(
        self,
        connection: Any,
        translate: Translate,
        refusal: Refusal,
        tables: Callable[[], dict[str, list[str]]],
        writable: bool,
        kept: Collection[str] = (),
    ) -> None:
        self.moment = dt.datetime.now(dt.UTC)
        """What `now()` is in all parts of the query."""
        self.writable = writable
        """Whether commands may change the database."""
        self._kept = kept
        self._connection = connection
        self._translate = translate
        self._refusal = refusal
        self._tables = tables
        self._own: list[str] = []
        self._views: set[str] = set()
        self.notes: list[str] = []
        """What is to be said of the answer."""

    @property
    def own(self) -> Collection[str]:
        """The tables that the query added."""
        return self._own

    def tables(self) -> dict[str, list[str]]:
        """The tables of the database and of the notebook, without the query's own, and their columns."""
        return {
            table: columns for table, columns in self._tables().items() if "." not in table and table not in self._own
        }

    def matching(self, wildcard: str) -> list[str]:
        """The tables that a wildcard stands for; none that only other statements of the query made."""
        pattern = ".*".join(map(re.escape, wildcard.split("*")))
        names = [table for table in self.tables() if table not in self._kept]
        return sorted(table for table in names if re.fullmatch(pattern, table, re.DOTALL))

    def columns(self, query: Query) -> list[Column]:
        """The columns that a query gives. It does not run."""
        with self.errors_of(query):
            sql, parameters = self._translate(query.text)
            rows = self._connection.execute(f"DESCRIBE {sql}", parameters).fetchall()
        return [Column(name, kusto_type(kind)) for name, kind, *_ in rows]

    def rows(self, query: Query, name: str = "") -> str:
        """A new table of the rows that a query gives, in their order."""
        with self.errors_of(query):
            sql, parameters = self._translate(query.text)
            return self.create(sql, parameters, name)

    @contextmanager
    def errors_of(self, query: Query) -> Iterator[None]:
        """Let errors of the engine be those of kqlext, about the text before the query's edits."""
        try:
            yield
        except KqlError as error:
            query.restore(error)
            raise
        except (duckdb.Error, duckdb_kql.KqlError, AssertionError) as error:
            found = self._refusal(error, query.text)
            found.message, found.hint = (_OWN.sub("…", text) for text in (found.message, found.hint))
            query.restore(found)
            raise found from None

    def create(self, sql: str, parameters: Any = None, name: str = "") -> str:
        """A new table of the rows that SQL gives."""
        name = name or f"{PREFIX}{len(self._own) + 1}"
        self._connection.execute(f"CREATE TEMP TABLE {quoted(name)} AS {sql}", parameters)
        self._own.append(name)
        return name

    def is_kept(self, name: str) -> bool:
        """Whether a name is one of a table that the query added, and no view."""
        return name in self._own and name not in self._views

    def load(self, rows: Any) -> str:
        """A new table of an Arrow table."""
        self._connection.register("__kqlext_arrow", rows)
        try:
            return self.create("SELECT * FROM __kqlext_arrow")
        finally:
            self._connection.unregister("__kqlext_arrow")

    def view(self, sql: str) -> str:
        """A new view; it is read when it is used."""
        name = f"{PREFIX}{len(self._own) + 1}"
        self._connection.execute(f"CREATE TEMP VIEW {quoted(name)} AS {sql}")
        self._own.append(name)
        self._views.add(name)
        return name

    def fetch(self, sql: str) -> list[tuple[Any, ...]]:
        rows: list[tuple[Any, ...]] = self._connection.execute(sql).fetchall()
        return rows

    def table_columns(self, table: str) -> list[Column]:
        """The columns of a table."""
        return [Column(name, kusto_type(kind)) for name, kind, *_ in self.fetch(f"DESCRIBE {quoted(table)}")]

    def spelled(self, pairs: Iterable[tuple[str, str]]) -> None:
        """Say which columns became one because their names differ only in case."""
        for first, other in pairs:
            self.notes.append(
                f"The columns {first} and {other} are one here, {first}: the embedded engine does not tell names apart "
                "that differ only in case."
            )

    def unknown_table(self, name: str, text: str, span: Span) -> KqlQueryError:
        tables = list(self.tables())
        hint = did_you_mean(name, tables) or (f"the tables are {listing(tables)}" if tables else "there are no tables")
        error = KqlQueryError(f"There is no table '{name}'.", text=text, span=span, hint=hint)
        error.unresolved = name
        return error

    def drop(self) -> None:
        """Drop the tables that the query added."""
        while self._own:
            name = self._own.pop()
            kind = "VIEW" if name in self._views else "TABLE"
            insist(self._connection, f"DROP {kind} IF EXISTS temp.{quoted(name)}")


def insist(connection: Any, sql: str) -> None:
    """Run a short statement, though whoever gave the query up may interrupt it as well."""
    for _ in range(_TRIES):
        try:
            connection.execute(sql)
        except duckdb.InterruptException:
            continue
        return
