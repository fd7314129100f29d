"""One session: its connections, and the way of a query through them. Knows nothing of IPython."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from kqlext import parameters
from kqlext.cell import Cell, QueryText
from kqlext.connections import named
from kqlext.connections.credentials import SignIns
from kqlext.connections.prompts import Prompt
from kqlext.connections.registry import Connection, Registry
from kqlext.connections.sign_in import keys_of_options
from kqlext.connections.strings import LISTS, ConnectionSpec, takes_sign_in
from kqlext.errors import KqlConnectionError, KqlError, KqlQueryError
from kqlext.references import Held, Value, resolve
from kqlext.services import make_opener
from kqlext.services.base import Query, Service
from kqlext.surroundings import here
from kqlext.text import listing

if TYPE_CHECKING:
    from kqlext.result import Result

_EMBEDDED = ("duckdb", "samples")
_OF_A_CLOUD = ("loganalytics", "applicationinsights", "defender", "resourcegraph")


class Session:
    """The connections of one notebook or script."""

    def __init__(self, prompt: Prompt | None = None) -> None:
        """Args: prompt: shows what a sign-in has to say; None writes it on stderr."""
        self.sign_ins = SignIns(prompt)
        self.registry = Registry(make_opener(self.sign_ins))
        self._notebook: Connection | None = None

    def connect(self, text: str, options: Mapping[str, Any], namespace: Mapping[str, Any]) -> Connection:
        """Open or find what a connection string, ``@name`` or ``[section]`` means, and make it the current connection.

        Raises:
            KqlError: it cannot be used; the current connection stays as it was.
        """
        self.registry.current = connection = self._opened(
            named.meant(text, options["dsn_filename"], here()), options, namespace
        )
        return connection

    def connection(self, name: str, options: Mapping[str, Any], namespace: Mapping[str, Any]) -> Connection:
        """The connection that ``name``, ``name@cluster``, ``@name`` or a connection string means, opened where it is
        not; the current one stays.

        Raises:
            KqlError: there is none, or it cannot be opened.
        """
        if "@" in name or "://" in name or name == "samples" or name.startswith("["):
            return self._opened(named.meant(name, options["dsn_filename"], here()), options, namespace)
        return self.registry.find(name)

    def connect_default(self, options: Mapping[str, Any], namespace: Mapping[str, Any]) -> str | None:
        """Where nothing is open, connect to the default connection; gives where that is named, None without one.

        Raises:
            KqlError: there is one that cannot be used.
        """
        if self.registry:
            return None
        default = named.default_connection(here())
        if default is None:
            return None
        try:
            self.registry.current = self._opened(default.spec, options, namespace)
        except KqlError as error:
            error.message = f"{error.message} (It is the default connection of {default.shown}.)"
            raise
        return default.shown

    def _opened(
        self, meant: str | ConnectionSpec, options: Mapping[str, Any], namespace: Mapping[str, Any]
    ) -> Connection:
        """Open or find a connection; the current one stays."""

        def resolved(spec: ConnectionSpec) -> ConnectionSpec:
            keys: tuple[tuple[str, Value], ...] = tuple(
                (key, _value_of(key, resolve(value, namespace, os.environ))) for key, value in spec.keys
            )
            if takes_sign_in(spec.scheme):
                keys = (*keys, *keys_of_options(spec, options))
            cloud = options["cloud"]
            of_a_cloud = "cluster" in spec or spec.scheme in _OF_A_CLOUD
            if of_a_cloud and "cloud" not in spec and cloud != "public":
                keys = (*keys, ("cloud", cloud))
            return replace(spec, keys=keys)

        self.sign_ins.allow_unencrypted = options["allow_unencrypted_token_cache"]
        return self.registry.open(meant, resolved, _check if options["validate_connection_string"] else None)

    def prepare(self, cell: Cell, options: Mapping[str, Any], namespace: Mapping[str, Any]) -> list[str]:
        """Connect where the cell says so; gives the names of tables that -tables added."""
        if cell.connection is not None:
            self.connect(cell.connection.text, options, namespace)
        elif options["conn"] is not None:
            self.connect(_text_of("-conn", options["conn"]), options, namespace)
        return [] if options["tables"] is None else self._add_files(options["tables"], options, namespace)

    def run(self, query: QueryText, cell: Cell, options: Mapping[str, Any], namespace: Mapping[str, Any]) -> Result:
        """Run one query of a cell on the current connection.

        A query that names a table which the service does not know, but the notebook has, runs on the embedded
        engine; so does one where nothing is connected.

        Raises:
            KqlError: as services and decoders raise; positions point into the cell.
        """
        tables = parameters.notebook_tables(query.text, namespace)
        timespan = parameters.iso_timespan(options["timespan"])
        request = Query(
            query.text, dict(cell.properties), options["timeout"], timespan, options["search"], tables=tables
        )
        connection = self.registry.current
        if connection is None:
            if not tables:
                raise nothing_connected()
            connection = self._notebook_engine()
        try:
            try:
                return _answer(connection, request)
            except KqlQueryError as error:
                embedded = connection.spec.scheme in _EMBEDDED
                if embedded or error.unresolved not in tables:
                    raise
                return self._answer_from_notebook(request, error)
        except KqlError as error:
            raise error.relocate(cell.text, query.span.start) from None

    def _answer_from_notebook(self, request: Query, refusal: KqlQueryError) -> Result:
        """Run a query that a service refused for a table of the notebook on the embedded engine."""
        try:
            return _answer(self._notebook_engine(), request)
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


def nothing_connected() -> KqlConnectionError:
    """The error where a connection is needed and there is none; its hint has the named ones."""
    known = [f"%kql {name}" for name in named.names(here())]
    others = ["%kql samples", "%kql duckdb://", "%kql https://help.kusto.windows.net/Samples"]
    return KqlConnectionError(
        "Nothing is connected yet.",
        hint=f"connect first: {listing(known)} (%kql --conn lists them), or %kql samples"
        if known
        else f"connect first: {', '.join(others[:-1])}, or {others[-1]}",
    )


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


def _answer(connection: Connection, request: Query) -> Result:
    from kqlext.decode import decode
    from kqlext.result import Origin, Result

    began = time.perf_counter()
    data_set = decode(connection.service.execute(request))
    elapsed = time.perf_counter() - began
    return Result(data_set, Origin(connection.id, request.text, elapsed, request.client_request_id))
