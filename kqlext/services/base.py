"""What every service gives and takes: ``Query`` in, ``Response`` out."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, Literal, Protocol

from kqlext import __version__
from kqlext.edits import Edit, place, written
from kqlext.errors import KqlError, Span
from kqlext.schemas.model import DatabaseSchema

CLIENT_HEADERS = {
    "Accept": "application/json",
    "Content-Type": "application/json; charset=utf-8",
    "x-ms-app": "kqlext",
    "x-ms-client-version": f"kqlext/{__version__}",
}
"""What every request says about its body and its client."""

ResponseFormat = Literal["kusto_v2", "kusto_v1", "azure_tables", "arrow", "hunting", "resource_graph"]


def new_client_request_id(like: str = "") -> str:
    """An id under which a service logs one query; ASCII. With the tag of another one, where it is to be like that."""
    return f"{like.rpartition(';')[0] or 'kqlext.query'};{uuid.uuid4()}"


LARGEST_ANSWER = 4 * 2**30
"""Bytes of an answer, unzipped, after which it is given up where nobody says another number."""


@dataclass
class Progress:
    """How far a query is. Written by the thread that runs it; any other may read it.

    Attributes:
        state: ``connecting`` (and signing in), ``running`` once the request is on its way, ``receiving`` from the first
            byte of the answer.
        rows: rows of the result that were decoded until now.
        bytes: bytes of the answer that came until now, unzipped.
        most_bytes: those after which the answer is given up: a few MB of gzip can hold more than any memory does.
    """

    state: Literal["connecting", "running", "receiving"] = "connecting"
    rows: int = 0
    bytes: int = 0
    most_bytes: int = LARGEST_ANSWER

    def anew(self) -> Progress:
        """Of another query with the same limit."""
        return Progress(most_bytes=self.most_bytes)


@dataclass(frozen=True)
class Query:
    """One query, ready to be sent.

    Attributes:
        text: the KQL, verbatim.
        properties: client request properties, by name.
        timeout: seconds after which it is given up, or None for the service's own limit.
        timespan: the time range of the whole query as an ISO 8601 duration or interval (``P1D``, ``start/end``),
            for services that take one beside the text.
        search: whether the tables are of a plan that is searched, at a price for each GB (Log Analytics).
        parameters: values of the parameters that the text declares, for services that take them.
        tables: tables of the notebook that the text may name; only the embedded engine reads them.
        keep_raw: whether the answer is kept as it comes, beside what is read of it.
        client_request_id: under which the service logs the query; ASCII.
        edits: what made this text of the one that the user wrote.
        progress: how far it is; the service and the decoder write it.
    """

    text: str
    properties: Mapping[str, object] = field(default_factory=dict)
    timeout: float | None = None
    timespan: str | None = None
    search: bool = False
    parameters: Mapping[str, object] = field(default_factory=dict)
    tables: Mapping[str, object] = field(default_factory=dict)
    keep_raw: bool = False
    client_request_id: str = field(default_factory=new_client_request_id)
    edits: tuple[Edit, ...] = ()
    progress: Progress = field(default_factory=Progress, compare=False, repr=False)

    def insert(self, offset: int, text: str) -> Query:
        """The query with more text in it. ``restore`` then gives places as the user sees them."""
        return self.replace(Span(offset, offset), text)

    def replace(self, span: Span, text: str, name: str = "") -> Query:
        """The query with another text in a span's place; ``name`` says whose it is, if not the user's of the cell."""
        edit = Edit(span.start, span.of(self.text), text, name)
        return replace(self, text=edit.apply(self.text), edits=(*self.edits, edit))

    @property
    def written(self) -> str:
        """The text as the user wrote it."""
        return written(self.text, self.edits)

    @contextmanager
    def pointing(self, span: Span) -> Iterator[None]:
        """Let errors point at a piece of the text, where it stands in what the user wrote."""
        try:
            yield
        except KqlError as error:
            error.text, error.span = self.text, span
            self.restore(error)
            raise

    def restore(self, error: KqlError) -> None:
        """Let an error about this text point into the text that the user wrote."""
        about = error.text or ""
        if not self.edits or error.span is None or not about:
            return
        if len(about) != len(self.text) and not self.text.startswith(about):  # as a query without its render does
            return
        found = place(self.text, self.edits, error.span)
        error.text, error.span, error.text_name = found.text, found.span, found.name


def timespan_notes(query: Query, service: str) -> tuple[str, ...]:
    """What a service without a time range beside the text has to say of one."""
    if query.timespan is None:
        return ()
    return (f"-timespan did nothing: {service} has no time range beside the query; filter in the query.",)


def search_notes(query: Query, service: str) -> tuple[str, ...]:
    """What a service without tables of the basic and auxiliary plans has to say of ``-search``."""
    return (f"-search did nothing: {service} has no tables of the basic or auxiliary plan.",) if query.search else ()


def ignored_properties(query: Query, service: str) -> tuple[str, ...]:
    """What a service without request properties has to say of those of a query."""
    names = ", ".join(f"+{name}" for name in query.properties)
    return (f"{service} has no request properties: {names} did nothing.",) if names else ()


@dataclass(frozen=True)
class ArrowAnswer:
    """One table of an engine in this process: Arrow columns, and the Kusto type of each."""

    table: Any
    types: tuple[str, ...]


class BodyPieces(Protocol):
    """The body of an answer while it arrives."""

    def __iter__(self) -> Iterator[bytes]:
        """The body, unzipped, in pieces. Raises KqlNetworkError where it breaks off. Can be read once."""
        ...

    def close(self) -> None:
        """Stop reading: what has not come yet is not waited for. May be called twice, from any thread."""
        ...


@dataclass(frozen=True)
class Response:
    """What came back, undecoded: bytes of the wire format, or Arrow tables of the embedded engine.

    ``pieces`` is there in the place of ``body`` where the answer is still arriving; who has the response closes it.

    ``visualization`` is set only by services whose answer cannot carry one; ``warnings`` is what the service
    itself has to say about the answer, and ``partial`` whether it said that rows are missing. ``pages`` has the
    bodies of a service that gives its rows in pages.
    """

    format: ResponseFormat
    body: bytes = b""
    pieces: BodyPieces | None = None
    pages: tuple[bytes, ...] = ()
    tables: tuple[ArrowAnswer, ...] = ()
    visualization: Mapping[str, object] | None = None
    warnings: tuple[str, ...] = ()
    partial: bool = False
    client_request_id: str | None = None
    progress: Progress = field(default_factory=Progress, compare=False, repr=False)


@dataclass(frozen=True)
class ServiceInfo:
    """How a service is called: ``database@cluster`` and one line that describes it. Holds no secret.

    ``real_name`` is the database's own name where ``database`` turned out to be its pretty name, ``resource`` the Azure
    resource id, where it is known. ``address`` tells what is asked from all else in the world; it is empty for an
    engine in this process.
    """

    cluster: str
    database: str
    description: str
    real_name: str = ""
    resource: str = ""
    address: str = ""


class Service(Protocol):
    """One database of one service. Every method raises errors of ``kqlext.errors`` only."""

    info: ServiceInfo
    cancels: bool
    """Whether the service can stop a query."""
    takes_timespan: bool
    """Whether it takes a time range beside the query."""
    takes_parameters: bool
    """Whether it takes values of declared query parameters beside the query."""

    def authorize(self) -> None:
        """Have a token, where one is needed: a sign-in that asks its user does so now, in this thread."""
        ...

    def execute(self, query: Query) -> Response:
        """Run a query or management command and give the undecoded answer."""
        ...

    def cancel(self, query: Query) -> None:
        """Stop a query that another thread waits for, where the service ``cancels``. Takes a few seconds at most."""
        ...

    def check(self) -> Response:
        """The answer to the smallest question: the service is there, lets us in, and has the database."""
        ...

    def schema(self) -> DatabaseSchema | None:
        """What the database holds, or None where only management commands tell. Columns may be left out."""
        ...

    def close(self) -> None:
        """Let go of connections and files. May be called twice."""
        ...
