"""One session: its connections, and the way of a query through them. Knows nothing of IPython."""

from __future__ import annotations

import datetime as dt
import os
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from kqlext import parameters
from kqlext.cell import Cell, QueryText
from kqlext.connections.credentials import SignIns
from kqlext.connections.prompts import Prompt
from kqlext.connections.registry import Connection, Registry
from kqlext.connections.schemes import LISTS, takes_cloud, takes_sign_in
from kqlext.connections.sign_in import keys_of_options
from kqlext.connections.strings import ConnectionSpec
from kqlext.errors import KqlCellError, KqlConnectionError, KqlError, KqlPartialResultError, KqlQueryError
from kqlext.execution import Job, Watch, run_all
from kqlext.references import Held, Value, resolve
from kqlext.services import make_opener
from kqlext.services.base import Progress, Query, Service, new_client_request_id
from kqlext.text import listing
from kqlext.time_range import parse_length, parse_range, ranged

if TYPE_CHECKING:
    from kqlext.decode import DataSet
    from kqlext.result import Result

_EMBEDDED = ("duckdb", "samples")


class Session:
    """The connections of one notebook or script."""

    def __init__(self, prompt: Prompt | None = None) -> None:
        """Args: prompt: shows what a sign-in has to say; None writes it on stderr."""
        self.sign_ins = SignIns(prompt)
        self.registry = Registry(make_opener(self.sign_ins))
        self._notebook: Connection | None = None

    def connect(self, text: str, options: Mapping[str, Any], namespace: Mapping[str, Any]) -> Connection:
        """Open or find what a connection string names, and make it the current connection.

        Raises:
            KqlError: it cannot be used; the current connection stays as it was.
        """

        def resolved(spec: ConnectionSpec) -> ConnectionSpec:
            keys: tuple[tuple[str, Value], ...] = tuple(
                (key, _value_of(key, resolve(value, namespace, os.environ))) for key, value in spec.keys
            )
            if takes_sign_in(spec.scheme):
                keys = (*keys, *keys_of_options(spec, options))
            cloud = options["cloud"]
            if takes_cloud(spec.scheme, "cluster" in spec) and "cloud" not in spec and cloud != "public":
                keys = (*keys, ("cloud", cloud))
            return replace(spec, keys=keys)

        self.sign_ins.allow_unencrypted = options["allow_unencrypted_token_cache"]
        return self.registry.connect(text, resolved, _check if options["validate_connection_string"] else None)

    def prepare(self, cell: Cell, options: Mapping[str, Any], namespace: Mapping[str, Any]) -> list[str]:
        """Connect where the cell says so; gives the names of tables that -tables added."""
        if cell.connection is not None:
            self.connect(cell.connection.text, options, namespace)
        elif options["conn"] is not None:
            self.connect(_text_of("-conn", options["conn"]), options, namespace)
        return [] if options["tables"] is None else self._add_files(options["tables"], options, namespace)

    def run(
        self,
        query: QueryText,
        cell: Cell,
        options: Mapping[str, Any],
        namespace: Mapping[str, Any],
        watch: Watch | None = None,
    ) -> Result:
        """Run one query of a cell on the current connection, or where its options say.

        A query that names a table which the service does not know, but the notebook has, runs on the embedded
        engine; so does one where nothing is connected.

        Args:
            watch: is shown how far the query is.

        Raises:
            KqlError: as services and decoders raise; positions point into the cell.
            KqlInterrupt: the user gave up.
        """
        timespan = parameters.iso_timespan(options["timespan"])
        request = Query(query.text, dict(cell.properties), options["timeout"], timespan, options["search"])
        try:
            if options["over"] is not None:
                result = self._answer_of_all(request, cell, options, namespace, watch)
            elif options["split"] is not None:
                result = self._answer_of_pieces(request, options["split"], watch)
            else:
                tables = parameters.notebook_tables(query.text, namespace)
                result = self._answer_of_current(replace(request, tables=tables), watch)
        except KqlError as error:
            raise error.relocate(cell.text, query.span.start) from None
        if options["strict"] and result.partial:
            raise KqlPartialResultError(" ".join(result.warnings), request_id=result.origin.client_request_id)
        return result

    def connection(self, name: str, options: Mapping[str, Any], namespace: Mapping[str, Any]) -> Connection:
        """The connection that a name or a connection string means, opened where it is not; the current one stays.

        Raises:
            KqlError: there is none, or it cannot be opened.
        """
        if "://" not in name:
            return self.registry.find(name)
        before = self.registry.current
        try:
            return self.connect(name, options, namespace)
        finally:
            self.registry.current = before

    def _answer_of_all(
        self,
        request: Query,
        cell: Cell,
        options: Mapping[str, Any],
        namespace: Mapping[str, Any],
        watch: Watch | None,
    ) -> Result:
        """Run a query on the connections that -over names, side by side; one answer of all."""
        from kqlext.fan_out import run_over

        if cell.connection is not None or options["conn"] is not None:
            raise KqlCellError("The cell names a connection, and others with -over.", hint="keep one of the two")
        if options["split"] is not None:
            raise KqlCellError("-over and -split do not go together yet.", hint="keep one of the two")
        began, now = time.perf_counter(), dt.datetime.now(dt.UTC)
        connections = [self.connection(name, options, namespace) for name in options["over"]]
        requests = [
            replace(request, client_request_id=new_client_request_id(), progress=Progress()) for _ in connections
        ]
        queries = [
            ranged(one, connection.service.takes_timespan, now)
            for one, connection in zip(requests, connections, strict=True)
        ]
        data_set = run_over(connections, queries, options["strict"], watch)
        return _result(data_set, listing(item.id for item in connections), request, began)

    def _answer_of_pieces(self, request: Query, length: object, watch: Watch | None) -> Result:
        """Run a query on the pieces of its time range; one answer of all."""
        from kqlext.splitting import run_split

        if request.timespan is None:
            raise KqlCellError("-split needs -timespan, the range to cut.", hint="write -timespan start/end, or P7D")
        connection = self.registry.current
        if connection is None:
            raise _not_connected()
        began, whole = time.perf_counter(), parse_range(request.timespan, dt.datetime.now(dt.UTC))
        data_set = run_split(connection, request, whole, parse_length(length), watch)
        return _result(data_set, connection.id, request, began)

    def _answer_of_current(self, request: Query, watch: Watch | None) -> Result:
        connection = self.registry.current
        if connection is None:
            if not request.tables:
                raise _not_connected()
            connection = self._notebook_engine()
        try:
            return _answer(connection, request, watch)
        except KqlQueryError as error:
            if connection.spec.scheme in _EMBEDDED or error.unresolved not in request.tables:
                raise
            return self._answer_from_notebook(request, error, watch)

    def _answer_from_notebook(self, request: Query, refusal: KqlQueryError, watch: Watch | None) -> Result:
        """Run a query that a service refused for a table of the notebook on the embedded engine."""
        try:
            return _answer(self._notebook_engine(), request, watch)
        except KqlQueryError as error:
            if error.unresolved is None or error.unresolved in request.tables:
                raise
            # It names a table of the service too: what the service said is the error.
            refusal.hint = f"{refusal.unresolved} is a table of the notebook: a service cannot join it with its own"
            raise refusal from None

    def close(self) -> None:
        """Close every connection."""
        self.registry.close_all()
        if self._notebook is not None:
            self._notebook.service.close()
            self._notebook = None

    def _notebook_engine(self) -> Connection:
        """The embedded engine for tables of the notebook alone; never the current connection."""
        if self._notebook is None:
            spec = ConnectionSpec("duckdb", (("alias", "notebook"),))
            service = make_opener()(spec)
            self._notebook = Connection("notebook", service.info.cluster, spec, service)
        return self._notebook

    def _add_files(self, pattern: str, options: Mapping[str, Any], namespace: Mapping[str, Any]) -> list[str]:
        before = self.registry.current
        current = before
        if current is None or current.spec.scheme not in _EMBEDDED:
            current = self.connect("duckdb://", options, namespace)
        try:
            return current.service.add_files(pattern)  # type: ignore[attr-defined,no-any-return]
        except KqlError:
            if current is not before:
                self.registry.close(current)
                self.registry.current = before
            raise


def _value_of(key: str, value: object) -> Value:
    """A key's value as text; a token may be an object that gives one."""
    return Held(value) if key == "token" and not isinstance(value, str) else _text_of(key, value)


def _text_of(key: str, value: object) -> str:
    if key in LISTS and isinstance(value, (list, tuple)) and all(isinstance(item, str) for item in value):
        return ",".join(value)
    if not isinstance(value, str):
        raise KqlConnectionError(
            f"The value of {key} is of type {type(value).__name__}, not text.",
            hint="a connection is made of texts",
        )
    return value


def _check(service: Service) -> None:
    """Raise unless the service answers a test query as it should."""
    from kqlext.decode import decode

    decode(service.check())


def _not_connected() -> KqlConnectionError:
    return KqlConnectionError(
        "Nothing is connected yet.",
        hint="connect first: %kql samples, %kql duckdb://, or %kql https://help.kusto.windows.net/Samples",
    )


def _answer(connection: Connection, request: Query, watch: Watch | None) -> Result:
    began = time.perf_counter()
    query = ranged(request, connection.service.takes_timespan, dt.datetime.now(dt.UTC))
    (outcome,) = run_all([Job(connection, query)], watch=watch)
    if isinstance(outcome, KqlError):
        raise outcome
    return _result(outcome, connection.id, replace(request, client_request_id=query.client_request_id), began)


def _result(data_set: DataSet, source: str, request: Query, began: float) -> Result:
    from kqlext.result import Origin, Result

    elapsed = time.perf_counter() - began
    return Result(data_set, Origin(source, request.text, elapsed, request.client_request_id))
