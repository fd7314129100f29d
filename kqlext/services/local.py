"""The embedded engine: duckdb-kql translates KQL to SQL, DuckDB runs it, in this process.

Differences from a Kusto service are the engine's: it has not all operators (``KqlUnsupportedError``), computes
decimal as double, holds times to the microsecond, and does not tell names apart that differ only in case.
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import duckdb
import duckdb_kql
from duckdb_kql.engine import schema as engine_schema
from duckdb_kql.types import kusto_type

from kqlext.connections.strings import ConnectionSpec
from kqlext.errors import (
    KqlConnectionError,
    KqlConversionError,
    KqlError,
    KqlQueryError,
    KqlUnsupportedError,
)
from kqlext.render_clause import find_render
from kqlext.schemas.model import Column, DatabaseSchema, TableSchema
from kqlext.services import (
    local_batches,
    local_databases,
    local_files,
    local_functions,
    local_operators,
    local_tables,
)
from kqlext.services.base import (
    ArrowAnswer,
    Query,
    Response,
    ServiceInfo,
    ignored_properties,
    search_notes,
    timespan_notes,
)
from kqlext.services.local_differences import differences, read_otherwise
from kqlext.services.local_errors import translated
from kqlext.services.local_operators.engine import Workspace, insist
from kqlext.services.local_rewrites import option_notes, rewritten
from kqlext.services.local_tables import quoted

_CLOSED = "connect again"
_COLUMNS = (
    "SELECT table_name, column_name, data_type FROM information_schema.columns "
    "WHERE table_catalog = ? AND table_schema = 'main' ORDER BY table_name, ordinal_position"
)
# Only the connection that made them sees these.
_TEMPORARY = (
    "SELECT table_name, column_name, data_type FROM duckdb_columns() "
    "WHERE database_name = 'temp' AND NOT starts_with(table_name, '__kqlext_') ORDER BY table_name, column_index"
)


class LocalService:
    """One database of the embedded engine."""

    cancels = True
    takes_timespan = False
    takes_parameters = False

    def __init__(self, connection: Any, info: ServiceInfo, writable: bool) -> None:
        self.info = info
        self._connection = connection
        self._writable = writable
        self._lock = threading.Lock()
        self._closed = False
        self._files: set[str] = set()
        self._functions: set[str] = set()  # of ours that the connection has

    def authorize(self) -> None:
        """Nothing: no one signs in here."""

    def execute(self, query: Query) -> Response:
        """Run each statement of a query that gives rows, or a management command."""
        query.progress.state = "running"
        with self._lock, self._deadline(query.timeout):
            if self._closed:
                raise KqlConnectionError(f"{self.info.database}@{self.info.cluster} is closed.", hint=_CLOSED)
            read = rewritten(query)
            notes = [
                *ignored_properties(query, "The embedded engine"),
                *timespan_notes(query, "the embedded engine"),
                *search_notes(query, "the embedded engine"),
                *differences(query.text),
                *option_notes(query),
            ]
            with self._notebook_tables(query, notes) as refused:
                notes += read_otherwise(query.text, {**dict.fromkeys(query.tables, ()), **self._schema()})
                try:
                    answers = self._run_all(replace(query, text=read.text), refused, notes)
                except KqlError as error:
                    read.restore(error)
                    raise
        render = find_render(query.text)
        visualization = {"visualization": render[0], **render[1]} if render else None
        answered = tuple(answer for answer in answers if answer is not None)
        return Response("arrow", tables=answered, visualization=visualization, warnings=tuple(notes))

    def cancel(self, query: Query) -> None:
        """Interrupt whatever runs."""
        self._connection.interrupt()

    def check(self) -> Response:
        """An empty answer: the database was opened when the service was made."""
        return Response("arrow")

    def schema(self) -> DatabaseSchema:
        """Tables of the database, and of files. Queries wait no longer than it takes to look at the temporary ones."""
        try:
            with self._lock:
                temporary = self._connection.execute(_TEMPORARY).fetchall()
                database = self._connection.execute("SELECT current_database()").fetchone()[0]
                cursor = self._connection.cursor()
            with cursor:
                rows = cursor.execute(_COLUMNS, [database]).fetchall()
        except duckdb.Error:
            if not self._closed:
                raise
            raise KqlConnectionError(f"{self.info.database}@{self.info.cluster} is closed.", hint=_CLOSED) from None
        found: dict[str, dict[str, Column]] = {}
        for table, column, kind in [*rows, *temporary]:
            # A view over a table with foreign types comes later and stands for it.
            found.setdefault(table, {})[column] = Column(column, kusto_type(kind))
        tables = tuple(TableSchema(name, tuple(columns.values())) for name, columns in sorted(found.items()))
        return DatabaseSchema(self.info.cluster, self.info.database, tables, ())

    def add_files(self, pattern: str) -> list[str]:
        """Make tables of files; gives their names. Files that were added before are read anew."""
        with self._lock:
            known = {name for name in self._schema() if "." not in name}
            added = local_files.add_files(self._connection, pattern, known - self._files)
            self._files.update(added)
            return added

    def close(self) -> None:
        with self._lock:
            self._closed = True
            self._connection.close()

    def _run_all(
        self, query: Query, refused: dict[str, KqlConversionError], notes: list[str]
    ) -> list[ArrowAnswer | None]:
        """The answers of a query's statements. What one of several materializes is computed once, as a table."""
        kept: list[str] = []
        answers: list[ArrowAnswer | None] = []
        try:
            for statement in local_batches.statements(query.text, self._schema()):
                try:
                    with self._workspace(query, refused, kept, notes) as workspace:
                        for part in local_operators.expanded(statement.text, workspace):
                            answers += self._run(part, statement.table, workspace)
                except KqlError as error:
                    raise statement.placed(error, query.text) from None
                if statement.table:
                    kept.append(statement.table)
        finally:
            for table in kept:
                insist(self._connection, f"DROP TABLE temp.{quoted(table)}")
        return answers

    def _run(self, part: Query, table: str, workspace: Workspace) -> list[ArrowAnswer | None]:
        """The answer of a part of a statement; none where a table keeps it."""
        with workspace.errors_of(part):
            sql, parameters = self._translated(part.text, workspace)
            if table:
                self._connection.execute(f"CREATE TEMP TABLE {quoted(table)} AS {sql}", parameters)
                return []
            relation = self._connection.sql(sql, params=parameters)
            if relation is None:
                return []
            local_databases.refuse_renamed(relation.columns, sql)
            relation = local_databases.whole_json(relation)
            return [ArrowAnswer(relation.to_arrow_table(), tuple(kusto_type(kind) for kind in relation.types))]

    @contextmanager
    def _workspace(
        self, query: Query, refused: dict[str, KqlConversionError], kept: list[str], notes: list[str]
    ) -> Iterator[Workspace]:
        """The tables of one statement, which are dropped behind it."""

        def refusal(error: Exception, text: str) -> KqlError:
            # The query's writer does not know the tables that are made on the way.
            given_up = isinstance(error, duckdb.InterruptException)
            tables = [] if given_up else self._schema()
            known = [name for name in tables if name not in kept and name not in workspace.own]
            return translated(error, replace(query, text=text), refused, known)

        workspace = Workspace(
            self._connection,
            lambda text: self._translated(text, workspace),
            refusal,
            self._schema,
            self._writable,
            kept,
        )
        try:
            yield workspace
        finally:
            notes += workspace.notes
            workspace.drop()

    def _translated(self, text: str, workspace: Workspace) -> tuple[str, Any]:
        """The SQL of one statement, and its parameters or None."""
        try:
            with local_functions.extended():
                sql = duckdb_kql.to_sql(
                    text, schema=self._schema(workspace.own), allow_write=self._writable, query_now=workspace.moment
                )
        except RecursionError:
            raise KqlUnsupportedError(
                "The query is nested too deeply for the embedded engine.",
                hint="write it with fewer nested brackets",
            ) from None
        if sql.unbound:
            raise KqlQueryError(
                f"The query declares {', '.join(sql.unbound)} without a value.",
                hint="give the parameter a default: declare query_parameters(n:long = 5);",
            )
        local_functions.install(self._connection, str(sql), self._functions)
        return str(sql), sql.parameters or None

    def _schema(self, own: Collection[str] = ()) -> dict[str, list[str]]:
        """Table -> columns as the translator wants it; temporary views count as tables of the database.

        Args:
            own: tables that a query made on its way.
        """
        known: dict[str, list[str]] = engine_schema(self._connection)
        temporary = {name.removeprefix("temp."): columns for name, columns in known.items() if name.startswith("temp.")}
        return {
            **known,
            **{n: columns for n, columns in temporary.items() if not n.startswith("__kqlext_") or n in own},
        }

    @contextmanager
    def _notebook_tables(self, query: Query, notes: list[str]) -> Iterator[dict[str, KqlConversionError]]:
        """Make the notebook's tables that the query may name visible to it, for its duration.

        A name in a query may as well be a column's, so a table that the engine cannot take is an error only
        once the engine misses it; those are given by name.
        """
        registered: list[str] = []
        refused: dict[str, KqlConversionError] = {}
        # DuckDB does not tell names apart that differ only in case.
        known = {name.lower(): name for name in self._schema()} if query.tables else {}
        _check_different(list(query.tables))
        try:
            for name, value in query.tables.items():
                if name.lower() in known:
                    table = known[name.lower()]
                    notes.append(
                        f"{table} is the table of {self.info.database}; the notebook's variable {name} is not read."
                    )
                    continue
                try:
                    registered.append(name)
                    local_tables.register(self._connection, name, value)
                except KqlConversionError as error:
                    refused[name] = error
            yield refused
        finally:
            for name in registered:
                local_tables.unregister(self._connection, name)

    @contextmanager
    def _deadline(self, seconds: float | None) -> Iterator[None]:
        if seconds is None:
            yield
            return
        done = threading.Event()
        thread = threading.Thread(
            target=self._interrupt_after, args=(seconds, done), name="kqlext deadline", daemon=True
        )
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()

    def _interrupt_after(self, seconds: float, done: threading.Event) -> None:
        """Interrupt until the query has ended: what comes before the engine runs is lost."""
        pause = seconds
        while not done.wait(pause):
            self._connection.interrupt()
            pause = 0.1


# --- opening ---------------------------------------------------------------------------------------------


def open_local(spec: ConnectionSpec) -> LocalService:
    """Open the sample database, a DuckDB file (read-only), or an empty database with files as its tables.

    Raises:
        KqlConnectionError: there is no such file, or it cannot be read.
    """
    if spec.scheme == "samples":
        from kqlext import samples

        connection = local_databases.connect(":memory:")
        # Its own database, so that `.show` commands and database('samples') know it by that name.
        connection.execute("ATTACH ':memory:' AS samples")
        connection.execute("USE samples")
        samples.load(connection)
        return LocalService(connection, ServiceInfo("local", "samples", "the embedded sample database"), writable=True)
    written = str(spec.get("database") or "")
    path = local_databases.database_file(written) if written and written != ":memory:" else None
    connection = local_databases.connect(str(path) if path else ":memory:", read_only=path is not None)
    if path is not None:
        local_databases.normalize_tables(connection)
    info = ServiceInfo("local", path.stem if path else "memory", f"the embedded engine, {path or 'in memory'}")
    service = LocalService(connection, info, writable=path is None)
    for key, pattern in spec.keys:
        if key == "path":
            service.add_files(str(pattern))
    return service


def _check_different(names: list[str]) -> None:
    folded: dict[str, str] = {}
    for name in names:
        other = folded.setdefault(name.lower(), name)
        if other != name:
            raise KqlConversionError(
                f"The query may name {other} or {name} of the notebook.",
                hint="the embedded engine does not tell names apart that differ only in case: rename one",
            )
