"""The schemas of a session's connections: asked for at once, read in the background, never in the way of a query.

A connection whose schema cannot be read has none, and nobody is told: completion is what is lost. Nobody is asked to
sign in for it either. ``read`` is for a user who wants to see the schema, or why there is none.
"""

from __future__ import annotations

import contextvars
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
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
            if self.when != "never" and entry.running is None and not self._is_fresh(entry, connection):
                self._start(entry, connection)
            return entry.schema

    def held(self, connection: Connection) -> DatabaseSchema | None:
        """What is known now; nobody is asked."""
        with self._lock:
            return self._entry(connection).schema

    def read_ahead(self, connection: Connection) -> None:
        """Read the schema in the background where it was not yet asked for, since somebody may want it soon."""
        if self.when == "ahead" and connection.id not in self._entries:
            self.known(connection)

    def is_fresh(self, connection: Connection) -> bool:
        """Whether what is known was read, or found to be unchanged, a short while ago."""
        with self._lock:
            entry = self._entry(connection)
            return entry.schema is not None and self._is_fresh(entry, connection)

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
            known = self._entry(connection).schema
        return self._read(connection, known or self._from_disk(connection))

    def table(self, connection: Connection, name: str) -> TableSchema | None:
        """One table with its columns, which are asked for where only its name is known; None where there is none.

        Raises:
            KqlError: as running a management command or query does.
        """
        from kqlext.schemas.reading import lists_names_only, read_table

        try:
            table = self.read(connection).table(name)
        except KqlUnsupportedError:  # one resource: its tables can be queried, and are listed nowhere
            return read_table(connection.service, name)
        if (table is not None and table.columns) or not lists_names_only(connection.service):
            return table
        table = read_table(connection.service, name)
        self._add(connection, table)
        return table

    # --- what stands behind it -------------------------------------------------------------------------------

    def _entry(self, connection: Connection) -> _Entry:
        """The entry of a connection; one that was closed and opened again begins anew."""
        entry = self._entries.get(connection.id)
        if entry is None or entry.service is not connection.service:
            entry = self._entries[connection.id] = _Entry(connection.service)
        return entry

    def _is_fresh(self, entry: _Entry, connection: Connection) -> bool:
        now = self._clock()
        if entry.failed is not None and now - entry.failed < _RETRY_AFTER:
            return True
        lasts = LASTS_EMBEDDED if connection.spec.scheme in EMBEDDED else LASTS
        return entry.checked is not None and now - entry.checked < lasts

    def _start(self, entry: _Entry, connection: Connection) -> None:
        entry.running = threading.Event()
        context = contextvars.copy_context()
        context.run(MAY_ASK.set, False)
        thread = threading.Thread(
            target=context.run, args=(self._work, entry, connection), name="kqlext schema", daemon=True
        )
        thread.start()

    def _work(self, entry: _Entry, connection: Connection) -> None:
        try:
            known = entry.schema
            if known is None:
                known = entry.schema = self._from_disk(connection)
            self._read(connection, known)
        except Exception:  # noqa: BLE001 (nobody waits for it: what is lost is completion)
            entry.failed = self._clock()
        finally:
            with self._lock:
                running, entry.running = entry.running, None
            assert running is not None
            running.set()

    def _read(self, connection: Connection, known: DatabaseSchema | None) -> DatabaseSchema:
        from kqlext.schemas.reading import read_schema

        schema = read_schema(connection.service, known)
        with self._lock:
            entry = self._entry(connection)
            entry.schema, entry.checked, entry.failed = schema, self._clock(), None
        self._to_disk(connection, schema)
        return schema

    def _add(self, connection: Connection, table: TableSchema) -> None:
        with self._lock:
            entry = self._entry(connection)
            if entry.schema is None:
                return
            others = tuple(other for other in entry.schema.tables if other.name != table.name)
            schema = entry.schema = replace(entry.schema, tables=(*others, table))
        self._to_disk(connection, schema)

    def _from_disk(self, connection: Connection) -> DatabaseSchema | None:
        info = connection.service.info
        return self._files.read(info.address, info.database) if self.kept and info.address else None

    def _to_disk(self, connection: Connection, schema: DatabaseSchema) -> None:
        address = connection.service.info.address
        if self.kept and address:
            self._files.write(address, schema)
