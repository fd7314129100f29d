"""The schemas of a session's connections: asked for at once, read in the background, never in the way of a query.

A connection whose schema cannot be read has none, and nobody is told: completion is what is lost. Nobody is asked to
sign in for it either. ``read`` is for a user who wants to see the schema, or why there is none.
"""

from __future__ import annotations

import contextlib
import contextvars
import datetime as dt
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Literal

from kqlext.connections.prompts import MAY_ASK
from kqlext.connections.registry import Connection
from kqlext.connections.schemes import EMBEDDED
from kqlext.errors import KqlUnsupportedError
from kqlext.schemas.disk import SchemaFiles
from kqlext.schemas.model import DatabaseSchema, TableSchema
from kqlext.services.base import Service

LASTS = 600.0
"""Seconds for which the schema of a service is taken for what it is."""
LASTS_EMBEDDED = 2.0
"""The same for the embedded engine, which is asked in milliseconds."""
_RETRY_AFTER = 300.0  # seconds for which a service that refused is left alone
_WRITTEN_AFTER = dt.timedelta(days=1)  # after which a file is written anew although nothing has changed

ReadSchema = Literal["ahead", "asked", "never"]
"""When schemas are read in the background: after the first answer of a connection, once something asks, not at all."""


@dataclass
class _Entry:
    """What is known of one connection; its fields are read and written under the store's lock."""

    service: Service
    schema: DatabaseSchema | None = None
    checked: float | None = None  # when the service last said that this is its schema
    failed: float | None = None  # when it last refused
    running: threading.Event | None = None
    wanted: threading.Event = field(default_factory=threading.Event)  # somebody waits for what was read ahead
    tried: set[str] = field(default_factory=set)  # tables whose columns were asked for


class Schemas:
    """Holds what is known of each connection.

    Attributes:
        when: when schemas are read in the background.
        kept: whether they are kept on disk.
    """

    def __init__(self, files: SchemaFiles | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        """Args: files: where schemas are kept; None for the user's cache folder. clock: gives seconds."""
        self._files = files or SchemaFiles()
        self._clock = clock
        self._entries: dict[str, _Entry] = {}
        self._lock = threading.Lock()
        self.when: ReadSchema = "ahead"
        self.kept = True

    def known(self, connection: Connection) -> DatabaseSchema | None:
        """What is known now, without waiting. Where that is nothing or old, it is read in the background."""
        with self._lock:
            entry = self._entry(connection)
            entry.wanted.set()
            if self.when != "never" and entry.running is None and self._is_due(entry, connection):
                self._start(entry, lambda: self._work(entry, connection))
            return entry.schema

    def held(self, connection: Connection) -> DatabaseSchema | None:
        """What is known now; nobody is asked."""
        with self._lock:
            return self._entry(connection).schema

    def known_table(self, connection: Connection, name: str) -> TableSchema | None:
        """What is known of one table now, without waiting.

        Its columns are read in the background, once, where the service tells them only of a table that a query names.
        """
        from kqlext.schemas.reading import lists_names_only

        schema = self.known(connection)
        table = schema.table(name) if schema is not None else None
        if table is None or table.columns or self.when == "never" or not lists_names_only(connection.service):
            return table
        with self._lock:
            entry = self._entry(connection)
            if entry.running is None and name not in entry.tried:
                entry.tried.add(name)
                self._start(entry, lambda: self._read_columns(entry, connection, name))
        return table

    def read_ahead(self, connection: Connection, after: float = 0.0) -> None:
        """Read the schema in the background where it was not yet asked for, since somebody may want it soon.

        Args: after: seconds until it begins, unless somebody wants it before.
        """
        with self._lock:
            entry = self._entry(connection)
            untouched = entry.running is None and entry.checked is None and entry.failed is None
            if self.when == "ahead" and untouched:
                self._start(entry, lambda: self._work_later(entry, connection, after))

    def is_fresh(self, connection: Connection) -> bool:
        """Whether what is known was read, or found to be unchanged, a short while ago."""
        with self._lock:
            return self._is_fresh(self._entry(connection), connection)

    def wait(self, connection: Connection, seconds: float) -> DatabaseSchema | None:
        """What is known, after waiting so long at most for what is being read."""
        known = self.known(connection)
        with self._lock:
            running = self._entry(connection).running
        if running is None:
            return known
        running.wait(seconds)
        with self._lock:
            return self._entry(connection).schema

    def read(self, connection: Connection) -> DatabaseSchema:
        """Ask the service now, in this thread.

        Raises:
            KqlError: as running a management command does.
        """
        with self._lock:
            entry = self._entry(connection)
        return self._read(entry, connection)

    def table(self, connection: Connection, name: str) -> TableSchema | None:
        """One table with its columns, which are asked for where only its name is known; None where there is none.

        Raises:
            KqlError: as running a management command or query does.
        """
        from kqlext.schemas.reading import lists_names_only, read_table

        try:
            table = self.read(connection).table(name)
        except KqlUnsupportedError as refusal:  # one resource: its tables can be queried, and are listed nowhere
            try:
                return read_table(connection.service, name)
            except KqlUnsupportedError:  # recordings: neither
                raise refusal from None
        if (table is not None and table.columns) or not lists_names_only(connection.service):
            return table
        with self._lock:
            entry = self._entry(connection)
        return self._read_columns(entry, connection, name)

    # --- what stands behind it -------------------------------------------------------------------------------

    def _entry(self, connection: Connection) -> _Entry:
        """The entry of a connection; one that was closed and opened again begins anew."""
        entry = self._entries.get(connection.id)
        if entry is None or entry.service is not connection.service:
            entry = self._entries[connection.id] = _Entry(connection.service)
        return entry

    def _is_fresh(self, entry: _Entry, connection: Connection) -> bool:
        lasts = LASTS_EMBEDDED if connection.spec.scheme in EMBEDDED else LASTS
        return entry.checked is not None and self._clock() - entry.checked < lasts

    def _is_due(self, entry: _Entry, connection: Connection) -> bool:
        refused = entry.failed is not None and self._clock() - entry.failed < _RETRY_AFTER
        return not refused and not self._is_fresh(entry, connection)

    def _start(self, entry: _Entry, work: Callable[[], object]) -> None:
        """Work in a thread of its own, where nobody is asked anything."""
        entry.running = done = threading.Event()
        context = contextvars.copy_context()
        context.run(MAY_ASK.set, False)

        def run() -> None:
            with contextlib.suppress(Exception):  # nobody waits for it: what is lost is completion
                work()
            with self._lock:
                entry.running = None
            done.set()

        threading.Thread(target=context.run, args=(run,), name="kqlext schema", daemon=True).start()

    def _work_later(self, entry: _Entry, connection: Connection, after: float) -> None:
        entry.wanted.wait(after)
        if entry.checked is None:  # nobody has read it meanwhile
            self._work(entry, connection)

    def _work(self, entry: _Entry, connection: Connection) -> None:
        try:
            self._read(entry, connection)
        except BaseException:
            with self._lock:
                entry.failed = self._clock()
            raise

    def _read(self, entry: _Entry, connection: Connection) -> DatabaseSchema:
        """Ask the service for what has changed since what is known, here or on disk."""
        from kqlext.schemas.reading import read_schema

        info = connection.service.info
        if entry.schema is None and self.kept and info.address:
            kept = self._files.read(info.address, info.database)
            with self._lock:
                entry.schema = entry.schema or kept
        known = entry.schema
        schema = read_schema(connection.service, known)
        with self._lock:
            entry.schema, entry.checked, entry.failed = schema, self._clock(), None
        if known is None or schema != known or schema.read_at - known.read_at > _WRITTEN_AFTER:
            self._to_disk(connection, schema)
        return schema

    def _read_columns(self, entry: _Entry, connection: Connection, name: str) -> TableSchema:
        from kqlext.schemas.reading import read_table

        table = read_table(connection.service, name)
        with self._lock:
            if entry.schema is None:
                return table
            others = [other for other in entry.schema.tables if other.name != name]
            tables = tuple(sorted([*others, table], key=lambda table: table.name))
            schema = entry.schema = replace(entry.schema, tables=tables)
        self._to_disk(connection, schema)
        return table

    def _to_disk(self, connection: Connection, schema: DatabaseSchema) -> None:
        address = connection.service.info.address
        if self.kept and address:
            self._files.write(address, schema)
