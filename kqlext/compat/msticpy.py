"""A driver for the query providers of msticpy (2.18 and later): its queries run on a connection of kqlext.

    from kqlext import connect
    from kqlext.compat.msticpy import KqlextDriver
    from msticpy.data import QueryProvider

    provider = QueryProvider("MSSentinel", driver=KqlextDriver(connect("@soc")))
    provider.connect()
    provider.SecurityAlert.list_alerts(start="2024-03-11", end="2024-03-18", split_query_by="1d")

msticpy's queries, with their parameters, print, help and pivots, are as ever. What the driver does otherwise:

- A value that stands in quotes in a query is a text, and never ends the quotes: give ``C:\\Windows`` as it is.
- ``split_query_by`` is the ``-split`` of kqlext. The pieces tile the range to the tick, are asked four at a time, again
  where one failed and by halves where one was too large; the rows come in the order of time. What is missing in the
  end is a warning. A range that is shorter than a piece is one piece.
- ``add_connection`` asks all connections at once; the column ``Connection`` says whose each row is, and one that fails
  is a warning. With it, queries are not split.
- Incomplete answers are a RuntimeWarning, or an error with ``fail_on_partial=True``. Errors are kqlext's own.
- Tables of Defender that Sentinel keeps have ``Timestamp`` too, as in Defender, which msticpy's process trees need.

Contract: ``DriverBase`` of msticpy 2.18.0 and 3.0.2, and shared/reference/hunting.md section 1.5.
"""

from __future__ import annotations

import datetime as dt
import sys
import time
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import FrameType
from typing import Any

import pandas as pd
from msticpy.common.wsconfig import WorkspaceConfig
from msticpy.data.core.query_defns import Formatters
from msticpy.data.drivers.driver_base import DriverBase, DriverProps

from kqlext.client import Client, connect
from kqlext.compat.msticpy_arguments import check_names, length, stamp, ticks, timespan
from kqlext.compat.templates import fill, moment, values_of_list
from kqlext.connections.registry import Connection
from kqlext.connections.schemes import EMBEDDED
from kqlext.errors import KqlCellError, KqlConnectionError, KqlPartialResultError, KqlUnsupportedError
from kqlext.fan_out import run_over
from kqlext.origin import Origin
from kqlext.references import quote
from kqlext.result import Result
from kqlext.services.base import Query, new_client_request_id
from kqlext.splitting import pieces_of, run_pieces
from kqlext.text import listing
from kqlext.time_range import TimeRange, ranged


class KqlextDriver(DriverBase):  # type: ignore[misc]
    """Runs the queries of one provider."""

    def __init__(self, connection: Client | str | None = None, **arguments: Any) -> None:
        """Args: connection: what ``kqlext.connect`` gave or takes; None where ``connect`` of the provider says it.

        arguments: ``timeout`` (seconds), ``fail_on_partial``, for all queries; msticpy's own.
        """
        super().__init__(**arguments)
        self._loaded = True
        self._given = connection
        self._clients: dict[str, Client] = {}
        self._timeout: float | None = arguments.get("timeout")
        self._fail_on_partial = bool(arguments.get("fail_on_partial", False))
        self._schema: dict[str, dict[str, str]] | None = None
        properties = {
            DriverProps.FORMATTERS: {
                Formatters.DATETIME: moment,
                Formatters.LIST: values_of_list,
                Formatters.PARAM_HANDLER: fill,
            },
            # What msticpy runs in threads loses pieces that fail, and their order; kqlext has threads of its own.
            DriverProps.SUPPORTS_THREADING: False,
            # On connect, msticpy puts these in the place of the provider's own.
            DriverProps.PUBLIC_ATTRS: {
                "add_connection": self.add_connection,
                "list_connections": self.list_connections,
                "_exec_split_query": self._split,
            },
        }
        for name, value in properties.items():
            self.set_driver_property(name, value)
        # By default Python shows a warning once; each incomplete answer is one of its own. Filters of the user win.
        warnings.simplefilter("always", IncompleteWarning, append=True)

    # --- connections ------------------------------------------------------------------------------------------

    def connect(self, connection_str: Client | str | None = None, **arguments: Any) -> bool:
        """Connect; without arguments to the connection that the driver was made with, or the default connection.

        Args:
            connection_str: what ``kqlext.connect`` gave or takes.
            arguments: ``workspace``, the name of a named connection, as those of msticpyconfig.yaml are; ``timeout``
                and ``fail_on_partial`` for all queries.

        Raises:
            KqlError: it cannot be opened.
        """
        self._timeout = arguments.pop("timeout", self._timeout)
        self._fail_on_partial = bool(arguments.pop("fail_on_partial", self._fail_on_partial))
        client = _opened(connection_str, arguments, self._given)
        self._clients = {"": client}
        self._schema = None
        self.current_connection = client.connection.id
        self._connected = True
        return True

    def add_connection(self, connection_str: Client | str | None = None, alias: str | None = None, **more: Any) -> None:
        """Ask a further connection with each query.

        Raises:
            KqlError: it cannot be opened, or is asked already.
        """
        self._check_connected()
        client = _opened(connection_str, more)
        if any(client.connection.id == known.connection.id for known in self._clients.values()):
            raise KqlConnectionError(
                f"{client.connection.id} is asked already: its rows would be there twice.",
                hint="give the connection a name of its own (alias='...') if it is another one",
            )
        self._clients[alias or str(len(self._clients) - 1)] = client

    def list_connections(self) -> list[str]:
        """The connections that are asked, each with its alias."""
        return [f"{alias or 'Default'}: {client.connection.id}" for alias, client in self._clients.items()]

    @property
    def schema(self) -> dict[str, dict[str, str]]:
        """Table -> column -> Kusto type, read when first asked for.

        Raises:
            KqlError: as reading it does.
        """
        self._check_connected()
        if self._schema is None:
            self._schema = {table: dict(columns) for table, columns in self._clients[""].schema().items()}
        return self._schema

    def _check_connected(self) -> None:
        if not self._clients:
            raise KqlConnectionError("The provider is not connected.", hint="call its connect() first")

    # --- queries ----------------------------------------------------------------------------------------------

    def query(self, query: str, query_source: Any = None, **arguments: Any) -> pd.DataFrame:
        """The answer as a DataFrame; arguments as of ``query_with_results``."""
        return self.query_with_results(query, query_source=query_source, **arguments)[0]

    def query_with_results(self, query: str, **arguments: Any) -> tuple[pd.DataFrame, Result]:
        """The answer as a DataFrame and as a Result.

        Args:
            arguments: ``timeout`` (seconds); ``fail_on_partial``, whether an answer that is not complete is an error;
                ``time_span``, a dict with ``start`` and ``end``, for services that take it beside the query.

        Raises:
            KqlError: as running a query does.
        """
        self._check_connected()
        source = arguments.pop("query_source", None)
        check_names(arguments, source)
        span = None if arguments.get("default_time_params") else timespan(arguments, source)
        timeout, strict = arguments.get("timeout", self._timeout), self._is_strict(arguments)
        connections = [client.connection for client in self._clients.values()]
        if source is not None and not all(one.service.takes_timespan for one in connections):
            span = None  # queries of msticpy's have it in their text
        if len(connections) == 1:
            result = self._clients[""].query(query, timeout=timeout, timespan=span, strict=strict)
        else:
            result = _of_several(connections, Query(query, timeout=timeout, timespan=span), strict)
        return _frame(result), result

    def _split(
        self, split_by: object, query_source: Any, query_params: dict[str, Any], debug: bool = False, **arguments: Any
    ) -> pd.DataFrame | str:
        """What msticpy calls for a query with ``split_query_by``; with ``debug`` the texts of the queries.

        Raises:
            KqlError: as ``-split`` does.
        """
        self._check_connected()
        if len(self._clients) > 1:
            raise KqlUnsupportedError(
                "A query on several connections is not split.", hint="leave split_query_by out, or ask each by itself"
            )
        chosen = arguments.pop("query_options", None)
        options = chosen or {name: value for name, value in arguments.items() if name not in query_params}
        check_names(options, query_source)
        missing = next((name for name in ("start", "end") if query_params.get(name) is None), None)
        if missing is not None:
            raise KqlCellError(
                f"{query_source.name} has no {missing}: it cannot be split.", hint="leave split_query_by out"
            )
        whole = TimeRange(*(ticks(name, query_params.pop(name)) for name in ("start", "end")))
        if whole.end < whole.start:
            raise KqlCellError("The time range ends before it begins.", hint="check start and end")
        pieces = pieces_of(whole, length(split_by)) if whole.start < whole.end else [whole]
        connection, timeout = self._clients[""].connection, options.get("timeout", self._timeout)
        # Queries of msticpy count both ends in. The embedded engine counts in microseconds.
        step = 10 if connection.spec.scheme in EMBEDDED else 1

        def query_of(piece: TimeRange) -> Query:
            own = replace(piece, end=piece.end if piece.end == whole.end else piece.end - step)
            ends = {"start": stamp(own.start), "end": stamp(own.end)}
            text = query_source.create_query(formatters=self.formatters, **ends, **query_params)
            return Query(text, timeout=timeout, timespan=str(own) if connection.service.takes_timespan else None)

        if debug:
            return "\n\n".join(f"{piece}\n{query_of(piece).text}" for piece in pieces)
        began = time.perf_counter()
        data_set = run_pieces(connection, pieces, query_of)
        origin = Origin(connection.id, query_source.name, time.perf_counter() - began)
        return _frame(_complete(Result(data_set, origin), self._is_strict(options)))

    def _is_strict(self, arguments: Mapping[str, Any]) -> bool:
        return bool(arguments.get("fail_on_partial", arguments.get("fail_if_partial", self._fail_on_partial)))


# --- connections ----------------------------------------------------------------------------------------------


def _opened(connection: object, arguments: dict[str, Any], given: Client | str | None = None) -> Client:
    """The connection that a call of msticpy's means."""
    workspace = arguments.pop("workspace", None)
    if arguments:
        raise KqlConnectionError(
            f"A connection of kqlext takes no {listing(arguments)}.",
            hint="how to sign in stands in the connection: kqlext.connect(\"loganalytics://workspace='...';azcli\")",
        )
    meant = f"@{quote(workspace)}" if workspace is not None else given if connection is None else connection
    if isinstance(meant, WorkspaceConfig):
        keys = {"workspace": WorkspaceConfig.CONF_WS_ID, "tenant": WorkspaceConfig.CONF_TENANT_ID}
        meant = "loganalytics://" + ";".join(
            f"{key}={quote(meant[name])}" for key, name in keys.items() if name in meant
        )
    if isinstance(meant, Client):
        return meant
    if meant is None or isinstance(meant, str):
        return connect(meant)
    raise KqlConnectionError(
        f"A {type(meant).__name__} is no connection.", hint="give what kqlext.connect takes or gave"
    )


# --- answers -----------------------------------------------------------------------------------------------


class IncompleteWarning(RuntimeWarning):
    """An answer is not all that was asked for: rows are missing, or a value was kept in another form."""


def _of_several(connections: Sequence[Connection], request: Query, strict: bool) -> Result:
    now, began = dt.datetime.now(dt.UTC), time.perf_counter()
    queries = [
        ranged(replace(request, client_request_id=new_client_request_id()), one.service.takes_timespan, now)
        for one in connections
    ]
    data_set = run_over(connections, queries, strict)
    names = listing(connection.id for connection in connections)
    return _complete(Result(data_set, Origin(names, request.text, time.perf_counter() - began)), strict)


def _complete(result: Result, strict: bool) -> Result:
    if strict and result.partial:
        raise KqlPartialResultError(" ".join(result.warnings))
    return result


def _levels_to_caller() -> int:
    """How far above the calling function is the first that is neither kqlext's nor msticpy's: whose query it was."""
    frame: FrameType | None = sys._getframe(1)
    level = 1
    while frame is not None and str(frame.f_globals.get("__name__")).partition(".")[0] in ("kqlext", "msticpy"):
        frame, level = frame.f_back, level + 1
    return level


def _frame(result: Result) -> pd.DataFrame:
    """The answer as a DataFrame; what is to be said of it is said."""
    for text in result.warnings:
        warnings.warn(text, IncompleteWarning, stacklevel=_levels_to_caller())
    frame = result.to_pandas()
    names = set(frame.columns)
    # Sentinel's copies of Defender's tables have another name for it, which msticpy's process trees do not know.
    if {"TimeGenerated", "InitiatingProcessId"} <= names and "Timestamp" not in names:
        frame["Timestamp"] = frame["TimeGenerated"]
    return frame
