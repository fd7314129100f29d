"""kqlext in a Python script, without IPython: ``kql(...)`` and ``connect(...)``."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Mapping, Sequence
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING, Any

from kqlext.answers import Question, answer
from kqlext.cell import Cell, QueryText
from kqlext.connections.registry import Connection
from kqlext.errors import KqlCellError, KqlConnectionError, KqlInterrupt, Span
from kqlext.execution import Watch
from kqlext.options import OPTIONS
from kqlext.services.base import Progress
from kqlext.session import Session, nothing_connected
from kqlext.syntax import has_code

if TYPE_CHECKING:
    from kqlext.result import Result
    from kqlext.schemas.listing import SchemaListing


class Client:
    """One open connection: ``query``, ``schema``, ``close``, and a context manager that closes.

        with connect("https://help.kusto.windows.net/Samples") as samples:
            result = samples.query("StormEvents | where State == s | count", params={"s": "TEXAS"})

    It may be used from several threads; the connection is shared.
    """

    def __init__(self, session: Session, connection: Connection) -> None:
        """Use ``connect``."""
        self._session = session
        self._connection = connection
        self._closed = False
        self._watch: Watch | None = None

    @property
    def connection(self) -> Connection:
        """The open connection behind it.

        Raises:
            KqlConnectionError: it was closed.
        """
        self._check_open()
        return self._connection

    def query(
        self,
        text: str,
        params: Mapping[str, object] | None = None,
        *,
        timeout: float | None = None,
        timespan: object = None,
        properties: Mapping[str, object] | None = None,
        strict: bool = False,
        max_inline: int | None = None,
        cache: str | None = None,
        use_cache: str | None = None,
    ) -> Result:
        """Run one query or management command.

        Args:
            text: KQL; statements are separated by ``;``.
            params: values by name. The text is not touched: Kusto gets them as query parameters, other services as
                ``let`` statements before the query. DataFrames and Results are tables.
            timeout: seconds after which it is given up, here and on the server.
            timespan: a timedelta (back from now), a pair of start and end, or ISO 8601 text.
            properties: client request properties.
            strict: whether an answer that is not complete is an error.
            max_inline: bytes that a DataFrame may become in the text of the query; None for the default, 1 MB.
            cache: the folder in which the answer is recorded.
            use_cache: the folder of recorded answers that are played back; with ``cache`` too, the service is asked for
                what is not there.

        Raises:
            KqlError: see ``kqlext.errors``.
        """
        options: dict[str, object] = {"timeout": timeout, "timespan": timespan, "strict": strict}
        options |= {"cache": cache, "use_cache": use_cache}
        if max_inline is not None:
            options["max_inline"] = max_inline
        return self._answer(text, params or {}, properties or {}, options)

    async def query_async(self, text: str, params: Mapping[str, object] | None = None, **arguments: Any) -> Result:
        """The same as ``query``, in a thread of its own. Cancelling it tells the service to stop.

        Raises:
            KqlError: see ``kqlext.errors``.
            asyncio.CancelledError: it was cancelled.
        """
        given_up = _GivenUp()
        call = partial(self._watched(given_up)._query_unless_given_up, text, params, **arguments)
        running = asyncio.get_running_loop().run_in_executor(None, call)
        try:
            result = await asyncio.shield(running)
        except asyncio.CancelledError:
            given_up.set()
            await asyncio.wait([running])  # until the service was told; a tenth of a second or so
            running.exception()
            raise
        assert result is not None
        return result

    def schema(self) -> SchemaListing:
        """Table -> column -> Kusto type; ``.schema`` has functions and descriptions too.

        Raises:
            KqlError: as running a management command does.
        """
        from kqlext.schemas.listing import SchemaListing

        self._check_open()
        return SchemaListing(self._session.schemas.read(self._connection))

    def close(self) -> None:
        """Close the connection. May be called twice."""
        self._closed = True
        self._session.close()

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        state = ", closed" if self._closed else ""
        return f"<kqlext connection {self._connection.id}{state}>"

    def _check_open(self) -> None:
        if self._closed:
            raise KqlConnectionError(f"{self._connection.id} is closed.", hint="connect again")

    def _watched(self, watch: Watch) -> Client:
        """The same client, whose queries are watched."""
        client = Client(self._session, self._connection)
        client._closed, client._watch = self._closed, watch
        return client

    def _query_unless_given_up(self, *arguments: Any, **keywords: Any) -> Result | None:
        try:
            return self.query(*arguments, **keywords)
        except KqlInterrupt:
            return None

    def _answer(
        self, text: str, params: Mapping[str, object], properties: Mapping[str, object], options: Mapping[str, object]
    ) -> Result:
        self._check_open()
        if not isinstance(text, str):
            raise KqlCellError(f"A query is text, not a {type(text).__name__}.", hint="pass values as params={...}")
        if not has_code(text):
            raise KqlCellError("There is no query in this text.", hint="write KQL")
        cell = Cell(text, properties=tuple(properties.items()))
        known = {**_DEFAULTS, **options, "params": params, "params_dict": {}}
        return answer(self._session, Question(QueryText(text, Span(0, len(text))), cell, known, {}, self._watch))


_DEFAULTS: Mapping[str, object] = {option.name: option.default for option in OPTIONS}


class _GivenUp(threading.Event):
    """A watch that interrupts the wait for a query once it is set."""

    def __call__(self, running: Sequence[Progress], done: int) -> None:
        if self.is_set():
            raise KeyboardInterrupt


def connect(connection: str | None = None, /, **values: object) -> Client:
    """Open a connection.

    Args:
        connection: a connection string, ``samples`` or ``@name`` of a named connection, as in a cell; None for the
            default connection (``KQLEXT_CONNECTION``, ``default`` in kqlext.toml).
        values: what names in the connection string stand for: ``connect("kusto://token=mine;...", mine=token)``.

    Raises:
        KqlError: it cannot be opened.
    """
    session = Session()
    try:
        if connection is None:
            if session.connect_default(_DEFAULTS, values) is None:
                raise nothing_connected(session.registry)
        else:
            session.connect(connection, _DEFAULTS, values)
    except BaseException:
        session.close()
        raise
    assert session.registry.current is not None
    return Client(session, session.registry.current)


def kql(
    text: str,
    params: Mapping[str, object] | None = None,
    *,
    connection: Client | str | None = None,
    **arguments: Any,
) -> Result:
    """Run one query; the arguments are those of ``Client.query``.

    Args:
        connection: what ``connect`` gave, or what it takes; None for the default connection. What is not open yet is
            opened for this query and closed after it.

    Raises:
        KqlError: see ``kqlext.errors``.
    """
    if isinstance(connection, Client):
        return connection.query(text, params, **arguments)
    with connect(connection) as client:
        return client.query(text, params, **arguments)
