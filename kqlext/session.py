"""One session: its connections, how they are opened, and the default one. Knows nothing of IPython."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from kqlext.cell import Cell
from kqlext.connections import named
from kqlext.connections.credentials import SignIns
from kqlext.connections.prompts import Prompt
from kqlext.connections.registry import Connection, Registry
from kqlext.connections.schemes import EMBEDDED, LISTS, takes_cloud, takes_sign_in
from kqlext.connections.sign_in import keys_of_options
from kqlext.connections.strings import ConnectionSpec
from kqlext.errors import KqlConnectionError, KqlError
from kqlext.recordings import folder_of
from kqlext.references import Held, Value, resolve
from kqlext.saved import SavedQuery
from kqlext.schemas.store import Schemas
from kqlext.services import make_opener
from kqlext.services.base import Service
from kqlext.surroundings import here
from kqlext.text import listing


class Session:
    """The connections and saved queries of one notebook or script."""

    def __init__(self, prompt: Prompt | None = None) -> None:
        """Args: prompt: shows what a sign-in has to say; None writes it on stderr."""
        self.sign_ins = SignIns(prompt)
        self.registry = Registry(make_opener(self.sign_ins))
        self._notebook: Connection | None = None
        self.saved: dict[str, SavedQuery] = {}
        self.schemas = Schemas()

    def connect(self, text: str, options: Mapping[str, Any], namespace: Mapping[str, Any]) -> Connection:
        """Open or find what a connection string, ``@name`` or ``[section]`` means, and make it the current connection.

        Raises:
            KqlError: it cannot be used; the current connection stays as it was.
        """
        self.registry.current = connection = self._meant(text, options, namespace)
        return connection

    def connection(self, name: str, options: Mapping[str, Any], namespace: Mapping[str, Any]) -> Connection:
        """The connection that ``name``, ``name@cluster``, ``@name`` or a connection string means, opened where it is
        not; the current one stays. It is asked no test query: the query that is to come does as well.

        Raises:
            KqlError: there is none, or it cannot be opened.
        """
        if "@" in name or "://" in name or name == "samples" or name.startswith("["):
            return self._meant(name, {**options, "validate_connection_string": False}, namespace)
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

    def _meant(self, text: str, options: Mapping[str, Any], namespace: Mapping[str, Any]) -> Connection:
        """Open or find what a text means; the current connection stays."""
        found = named.meant(text, options["dsn_filename"], here())
        try:
            return self._opened(found.spec, options, namespace)
        except KqlConnectionError as error:
            if found.shown:
                error.message = f"{error.message} (It is defined in {found.shown}.)"
            raise

    def _opened(
        self, meant: str | ConnectionSpec, options: Mapping[str, Any], namespace: Mapping[str, Any]
    ) -> Connection:
        """Open or find a connection; the current one stays."""

        def resolved(spec: ConnectionSpec) -> ConnectionSpec:
            keys: tuple[tuple[str, Value], ...] = tuple(
                (key, _value_of(key, resolve(value, namespace, os.environ))) for key, value in spec.keys
            )
            if options["code_auth_interactive_mode"] == "auth_code":
                keys = tuple(("interactive", "") if key == "code" else (key, value) for key, value in keys)
            if takes_sign_in(spec.scheme):
                keys = (*keys, *keys_of_options(spec, options))
            cloud = options["cloud"]
            if takes_cloud(spec.scheme, "cluster" in spec) and "cloud" not in spec and cloud != "public":
                keys = (*keys, ("cloud", cloud))
            return replace(spec, keys=keys)

        self.sign_ins.allow_unencrypted = options["allow_unencrypted_token_cache"]
        validates = (
            options["validate_connection_string"] and folder_of(options["use_cache"]) is None
        )  # which asks nobody
        return self.registry.open(meant, resolved, _check if validates else None)

    def prepare(self, cell: Cell, options: Mapping[str, Any], namespace: Mapping[str, Any]) -> list[str]:
        """Connect where the cell says so; gives the names of tables that -tables added."""
        if cell.connection is not None:
            self.connect(cell.connection.text, options, namespace)
        elif options["conn"] is not None:
            self.connect(_text_of("-conn", options["conn"]), options, namespace)
        return [] if options["tables"] is None else self._add_files(options["tables"], options, namespace)

    def close(self) -> None:
        """Close every connection."""
        self.registry.close_all()
        if self._notebook is not None:
            self._notebook.service.close()
            self._notebook = None

    def notebook_engine(self) -> Connection:
        """The embedded engine for tables of the notebook alone; never the current connection."""
        if self._notebook is None:
            spec = ConnectionSpec("duckdb", (("alias", "notebook"),))
            service = make_opener()(spec)
            self._notebook = Connection("notebook", service.info.cluster, spec, service)
        return self._notebook

    def _add_files(self, pattern: str, options: Mapping[str, Any], namespace: Mapping[str, Any]) -> list[str]:
        before = self.registry.current
        current = before
        if current is None or current.spec.scheme not in EMBEDDED:
            current = self.connect("duckdb://", options, namespace)
        try:
            return current.service.add_files(pattern)  # type: ignore[attr-defined,no-any-return]
        except KqlError:
            if current is not before:
                self.registry.close(current)
                self.registry.current = before
            raise


def nothing_connected(registry: Registry) -> KqlConnectionError:
    """The error where a connection is needed and there is no current one; its hint has what is open, or has a name."""
    if registry:
        return KqlConnectionError(
            "The current connection was closed.",
            hint=f"switch to one that is open: {listing(f'%kql {connection.id}' for connection in registry)}",
        )
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
