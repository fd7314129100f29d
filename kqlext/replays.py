"""Answers recorded (``-cache folder``) and played back (``-use_cache folder``, ``cache://folder``)."""

from __future__ import annotations

import datetime as dt
import hashlib
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kqlext import syntax
from kqlext.connections.registry import Connection
from kqlext.connections.schemes import EMBEDDED, SIGN_IN_KEYS
from kqlext.connections.strings import ConnectionSpec, describe
from kqlext.errors import KqlCellError, KqlConversionError, KqlResponseError
from kqlext.links import Linked
from kqlext.obfuscation import obfuscated
from kqlext.recordings import Asked, Draft, Recording, find, folder_of, make_folder, missing
from kqlext.services.base import Query
from kqlext.services.replay import ReplayService
from kqlext.text import listing, shorten
from kqlext.values import Values, inlined

if TYPE_CHECKING:
    from kqlext.decode import DataSet
    from kqlext.result import Result

_ROWS = 10_000  # that are looked at together for a fingerprint
_SHOWS = "show"  # the only commands that change nothing
_NO_PART = frozenset({"alias", "trusted", "appkey", *SIGN_IN_KEYS}) - {"tenant"}  # of what is asked


@dataclass(frozen=True)
class Tape:
    """A question that is recorded or played back.

    Attributes:
        plays: the folder to play from, and ``records`` the one to record into; None for not doing so.
        any_source: whether a recording of any connection will do (``cache://``).
        connection: how that connection must have been called, where the user said so.
        connections: those that are asked.
        tables: those of the notebook that the query may name.
    """

    asked: Asked
    plays: Path | None
    records: Path | None
    connections: Sequence[Connection]
    any_source: bool = False
    connection: str | None = None
    tables: Mapping[str, object] = field(default_factory=dict)

    def play(self) -> Result | None:
        """The recorded answer, or None where there is none and the services are to be asked.

        Raises:
            KqlConnectionError: the folder cannot be read.
            KqlQueryError: there is no recording, and the services are not to be asked.
            KqlResponseError: the recording is damaged.
        """
        if self.plays is None:
            return None
        from kqlext.origin import Origin
        from kqlext.result import Result

        began = time.perf_counter()
        found = self._found(self.plays)
        if found is None:
            if self.records is not None:
                return None
            raise missing(self.plays, self.asked, self._source, self._shown)
        recording, data_set = found
        elapsed = time.perf_counter() - began
        origin = Origin(
            recording.connection,
            self.asked.query,
            elapsed,
            recording.client_request_id,
            sent=self.asked.text,
            started=recording.recorded.timestamp(),
            recorded=recording.recorded,
            linked=Linked(None, reason="the answer is a recorded one"),
        )
        return Result(data_set, origin)

    def _found(self, folder: Path) -> tuple[Recording, DataSet] | None:
        from kqlext.decode.recorded import read_recording

        while True:
            recording = find(folder, self.asked, self._source, self._fingerprint, self.connection)
            try:
                return None if recording is None else (recording, read_recording(recording))
            except KqlResponseError:
                if recording is None or recording.path.is_dir():  # else a newer one took its place meanwhile
                    raise

    def record(self, result: Result) -> None:
        """Record an answer; where that fails, the result warns of it, since the answer is there."""
        if self.records is None:
            return
        if syntax.is_command(self.asked.text) and not _shows(self.asked.text):
            result.warnings = (*result.warnings, "Not recorded: of commands, only .show has an answer to play back.")
            return
        import pyarrow as pa

        try:
            self._write(result)
        except (OSError, pa.ArrowException, ValueError) as error:
            reason = shorten(str(error), 200)
            result.warnings = (*result.warnings, f"Not recorded in {self.records}: {type(error).__name__} {reason}")

    def _write(self, result: Result) -> None:
        from kqlext.decode.recorded import write_table

        assert self.records is not None
        with Draft(self.records) as draft:
            draft.finish(
                Recording(
                    key=self.asked.key,
                    source=self._sources,
                    connection=result.origin.connection,
                    query=obfuscated(self.asked.query),
                    recorded=dt.datetime.now(dt.UTC),
                    elapsed=result.origin.elapsed,
                    tables=tuple(write_table(table, draft.path, index) for index, table in enumerate(result.tables)),
                    client_request_id=result.origin.client_request_id,
                    visualization=result.visualization,
                    statistics=result.statistics,
                    warnings=result.warnings,
                    partial=result.partial,
                    notebook_tables=self._fingerprints() if self._reads_notebook(result) else {},
                )
            )

    def _fingerprint(self, name: str) -> str | None:
        """Of a table of the notebook; None where the embedded engine could not read it either."""
        try:
            return _fingerprint(name, self.tables[name]) if name in self.tables else None
        except KqlConversionError:
            return None

    def _fingerprints(self) -> dict[str, str]:
        return {name: found for name in self.tables if (found := self._fingerprint(name)) is not None}

    def _reads_notebook(self, result: Result) -> bool:
        """Whether tables of the notebook could take part in the answer: only the embedded engine reads them."""
        embedded = any(item.spec.scheme in EMBEDDED for item in self.connections)
        return embedded or result.origin.connection != self._shown

    @property
    def _source(self) -> str | None:
        return None if self.any_source else self._sources

    @property
    def _sources(self) -> str:
        return ", ".join(source_of(connection) for connection in self.connections)

    @property
    def _shown(self) -> str:
        return listing(connection.id for connection in self.connections)


def tape_of(
    request: Query, values: Values, options: Mapping[str, Any], connections: Sequence[Connection]
) -> Tape | None:
    """How the request is recorded or played back; None where it is neither.

    Args:
        request: with the tables of the notebook that it may name.
        connections: those that are asked, in their order.

    Raises:
        KqlCellError: the folder of -cache cannot be made.
        KqlConversionError: a value of the query has no literal, or a table that a `let` names cannot be read.
    """
    plays, records = folder_of(options["use_cache"]), folder_of(options["cache"])
    service = connections[0].service if len(connections) == 1 else None
    connection = None
    if isinstance(service, ReplayService):
        if plays is not None or records is not None:
            raise KqlCellError(
                f"{connections[0].id} plays recordings: -cache and -use_cache have no place beside it.",
                hint="leave them out, or connect to a service",
            )
        plays, connection = service.folder, service.connection
    if plays is None and records is None:
        return None
    if records is not None:
        make_folder(records)
    asked = Asked(
        request.written,
        inlined(request, values, _fingerprint).text,
        request.timespan,
        request.properties,
        request.search,
        str(options["split"] or ""),
    )
    any_source = isinstance(service, ReplayService)
    return Tape(asked, plays, records, connections, any_source, connection, request.tables)


def source_of(connection: Connection) -> str:
    """What is asked, without how it is signed in to; the same for all ways to write it."""
    spec = connection.spec
    if spec.scheme in ("azuredataexplorer", "aria"):
        return f"{spec.get('database')}@{connection.cluster}"
    return describe(ConnectionSpec(spec.scheme, tuple(pair for pair in spec.keys if pair[0] not in _NO_PART)))


def _shows(text: str) -> bool:
    words = [token.text for token in syntax.tokens(text) if token.kind != "comment"]
    return words[1:2] == [_SHOWS]


def _fingerprint(name: str, value: object) -> str:
    """A hash of a table's columns and values."""
    from kqlext.services.local_tables import to_arrow

    try:
        table, _ = to_arrow(name, value, as_it_is=True)
    except (ValueError, TypeError, NotImplementedError) as error:
        raise KqlConversionError(
            f"{name} cannot be read: {shorten(str(error), 200)}", hint="look at its columns' types and texts"
        ) from None
    digest = hashlib.sha256(repr(table.column_names).encode())
    for start in range(0, table.num_rows, _ROWS):
        for column in table.slice(start, _ROWS).columns:
            digest.update(repr(column.to_pylist()).encode("utf-8", "surrogatepass"))
    return f"table:{digest.hexdigest()}"
