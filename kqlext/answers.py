"""A query of a cell -> a Result: from the current connection, from several (``-over``), or in pieces (``-split``)."""

from __future__ import annotations

import datetime as dt
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Protocol

from kqlext import lets, own_kinds, parameters, syntax
from kqlext.cell import Cell, QueryText, Source
from kqlext.connections.registry import Connection
from kqlext.connections.schemes import CACHE, EMBEDDED
from kqlext.datatables import datatable
from kqlext.errors import KqlCellError, KqlError, KqlPartialResultError, KqlQueryError
from kqlext.execution import Job, Watch, run_all
from kqlext.links import Linked, place_of
from kqlext.notebook_hints import check_begin, point_at_variable
from kqlext.recordings import folder_of
from kqlext.references import Reference
from kqlext.replays import Tape, tape_of
from kqlext.saved import prepended
from kqlext.services.base import Progress, Query, new_client_request_id
from kqlext.session import Session, nothing_connected
from kqlext.substitution import substituted
from kqlext.text import listing
from kqlext.time_range import parse_length, parse_range, ranged
from kqlext.values import Values, bind, dict_of, given, inlined

if TYPE_CHECKING:
    from kqlext.decode import DataSet
    from kqlext.result import Result


LOCAL = "local"
"""What -on calls the embedded engine with the tables of the notebook."""


class Check(Protocol):
    """Looks for mistakes of queries before and after they are sent."""

    def before(self, connection: Connection, query: Query, mode: str) -> None:
        """Raise a KqlQueryError where ``mode`` (``-check``) is ``error`` and the query has a mistake."""
        ...

    def after(self, connection: Connection, query: Query, mode: str, error: KqlError) -> KqlError:
        """The error of a query with what is known of its mistakes."""
        ...


@dataclass(frozen=True)
class Question:
    """One query of a cell, and all that says how it is to be answered.

    ``watch`` is shown how far the query is; ``values`` is what the query may take from Python; ``check`` looks for its
    mistakes.
    """

    query: QueryText
    cell: Cell
    options: Mapping[str, Any]
    namespace: Mapping[str, Any]
    watch: Watch | None = None
    values: Values = field(default_factory=Values)
    check: Check | None = None


def answer(session: Session, question: Question) -> Result:
    """The answer to one query of a cell.

    A query that names a table which the service does not know, but the notebook has, runs on the embedded engine; so
    does one where nothing is connected.

    Raises:
        KqlError: as services and decoders raise; positions point into the cell.
        KqlInterrupt: the user gave up.
    """
    options, query = question.options, question.query
    question = replace(question, values=_values(question))
    properties, identity = _asked(question)
    timespan = parameters.iso_timespan(options["timespan"])
    request = Query(
        query.text,
        properties,
        options["timeout"],
        timespan,
        options["search"],
        keep_raw=options["keep_raw"],
        client_request_id=identity,
        progress=Progress(most_bytes=_bytes(options["max_answer"])),
    )
    try:
        _check_steps(options)
        request, drawn = _without_own_render(request, question)
        if options["with"] is not None:
            request = prepended(request, options["with"], session.saved)
        tape = _tape(session, request, question)
        if tape is not None and options["steps"]:
            raise KqlCellError("Steps are neither recorded nor played back.", hint="leave -steps out, or what records")
        played = tape.play() if tape is not None else None
        result = _of_services(session, request, question) if played is None else played
        if tape is not None and played is None:
            tape.record(result)
        result.visualization = drawn or result.visualization
    except KqlError as error:
        point_at_variable(error, query.text, question.values.named, question.namespace)
        where = query.source or Source(question.cell.text, "")
        raise error.relocate(where.text, query.span.start, where.name) from None
    if options["strict"] and result.partial:
        raise KqlPartialResultError(" ".join(result.warnings), request_id=result.origin.client_request_id)
    return result


def _of_services(session: Session, request: Query, question: Question) -> Result:
    options = question.options
    if options["over"] is not None:
        return _of_several(session, request, question)
    if options["split"] is not None:
        return _of_pieces(session, request, question)
    if options["on"] is not None:
        return _of_named(session, request, question)
    return _of_current(session, request, question)


def _tape(session: Session, request: Query, question: Question) -> Tape | None:
    """How the answer is recorded or played back, where the cell or the connection says so."""
    options, current, namespace = question.options, session.registry.current, question.namespace
    if not any(map(folder_of, (options["cache"], options["use_cache"]))) and not any(
        item.spec.scheme == CACHE for item in session.registry
    ):
        return None
    if options["over"] is not None:
        return tape_of(request, question.values, options, _sources(session, question))
    name = options["on"]
    tables = parameters.notebook_tables(request.text, namespace)
    if name == LOCAL or (name is not None and parameters.is_table(namespace.get(name))):
        tables.update({} if name == LOCAL else {name: namespace[name]})
        connection: Connection | None = session.notebook_engine()
    else:
        connection = current if name is None else session.connection(name, options, namespace)
    if connection is None and not tables:
        raise nothing_connected(session.registry)
    asked = [connection or session.notebook_engine()]
    return tape_of(replace(request, tables=tables), question.values, options, asked)


def _without_own_render(request: Query, question: Question) -> tuple[Query, Mapping[str, Any] | None]:
    """The query as services know it, and what only kqlext draws: what its `render` or an option asks for."""
    values, options = question.values, question.options
    left, asked = own_kinds.taken_off(request, on_table=options["on"] is not None)
    if asked is not None and values.substitutes:
        asked = own_kinds.taken_off(substituted(request, values.named), on_table=True)[1]
    by_option = own_kinds.asked_by_option(options)
    same = asked is not None and by_option is not None and asked["visualization"] == by_option["visualization"]
    return left, asked if same or by_option is None else by_option


def _check_steps(options: Mapping[str, Any]) -> None:
    other = next((name for name in ("over", "split") if options[name] is not None), None)
    if options["steps"] and other is not None:
        raise KqlCellError(f"-steps and -{other} do not go together.", hint="keep one of the two")


def _values(question: Question) -> Values:
    """What the options let the query take; an error points at the option."""
    try:
        return given(question.options, question.namespace)
    except KqlError as error:
        use = next((use for use in question.cell.options if use.option.name in ("params", "params_dict")), None)
        if use is not None:
            error.text, error.span = question.cell.text, use.span
        raise


_TAG = re.compile(r"[A-Za-z0-9._-]{0,60}")


def _asked(question: Question) -> tuple[dict[str, object], str]:
    """The request properties that the cell asks for, and the client request id; an error points at the option."""
    options = question.options
    properties: dict[str, object] = {}
    try:
        if options["query_properties"] is not None:
            properties.update(dict_of("query_properties", options["query_properties"], question.namespace))
        if options["request_cache_max_age"]:
            properties["query_results_cache_max_age"] = str(dt.timedelta(seconds=options["request_cache_max_age"]))
        if not _TAG.fullmatch(options["request_id_tag"]):
            raise KqlCellError("-request_id_tag cannot be this.", hint="up to 60 letters, digits, dots, _ and -")
    except KqlCellError as error:
        names = ("query_properties", "request_id_tag")
        use = next((use for use in question.cell.options if use.option.name in names), None)
        if use is not None:
            error.text, error.span = question.cell.text, use.span
        raise
    tag = f"kqlext.query;{options['request_id_tag']};" if options["request_id_tag"] else ""
    return {**properties, **dict(question.cell.properties)}, new_client_request_id(tag)


def _of_several(session: Session, request: Query, question: Question) -> Result:
    """The answers of the connections that -over names, asked side by side, as one."""
    from kqlext.fan_out import run_over

    options = question.options
    if question.cell.connection is not None or options["conn"] is not None:
        raise KqlCellError("The cell names a connection, and others with -over.", hint="keep one of the two")
    if options["on"] is not None:
        raise KqlCellError("The cell has -on and -over.", hint="keep one of the two")
    if options["split"] is not None:
        raise KqlCellError("-over and -split do not go together yet.", hint="keep one of the two")
    connections = _sources(session, question)
    began, now = time.perf_counter(), dt.datetime.now(dt.UTC)
    values = question.values
    queries = [_for(connection, _another(request), values, now) for connection in connections]
    for connection, query in zip(connections, queries, strict=True):
        _check(question, connection, query)
    data_set = run_over(connections, queries, options["strict"], question.watch)
    linked = Linked(None, reason="several connections were asked")
    return _result(data_set, listing(connection.id for connection in connections), queries[0], began, linked)


def _sources(session: Session, question: Question) -> list[Connection]:
    """The connections that -over names."""
    use = next((use for use in question.cell.options if use.option.name == "over"), None)
    word = use.value.path if use is not None and isinstance(use.value, Reference) else ""
    is_list = question.options["over"] != (word,)
    opened = next((item.id for item in session.registry if word in (item.name, item.id)), None)
    if is_list and opened:
        hint = f"write {opened} for the connection, or rename the variable"
        raise KqlCellError(f"-over {word}: {opened} is open, and a list of the notebook is called {word}.", hint=hint)
    if word and not opened and not is_list and isinstance(question.namespace.get(word), (list, tuple, set, str)):
        raise KqlCellError(
            f"-over {word}: no connection is called so, and the variable {word} is no list of names.",
            hint=f"{word} = ['a', 'b'] names open connections, or has connection strings",
        )
    return [session.connection(name, question.options, question.namespace) for name in question.options["over"]]


def _of_pieces(session: Session, request: Query, question: Question) -> Result:
    """The answers for the pieces of the time range, as one."""
    from kqlext.splitting import run_split

    if request.timespan is None:
        raise KqlCellError("-split needs -timespan, the range to cut.", hint="write -timespan start/end, or P7D")
    name = question.options["on"]
    current = session.registry.current
    connection = current if name is None else session.connection(name, question.options, question.namespace)
    if connection is None:
        raise nothing_connected(session.registry)
    began, whole = time.perf_counter(), parse_range(request.timespan, dt.datetime.now(dt.UTC))
    bound = bind(request, question.values, connection)
    _check(question, connection, ranged(bound, connection.service.takes_timespan, dt.datetime.now(dt.UTC)))
    data_set = run_split(connection, bound, whole, parse_length(question.options["split"]), question.watch)
    return _result(data_set, connection.id, bound, began, _linked(connection, request, bound, question.values))


def _of_named(session: Session, request: Query, question: Question) -> Result:
    """The answer of what -on names: a table of the notebook, the embedded engine, or a connection."""
    name, namespace = question.options["on"], question.namespace
    if name == LOCAL or parameters.is_table(namespace.get(name)):
        tables = parameters.notebook_tables(request.text, namespace)
        if name != LOCAL:
            tables[name] = namespace[name]
            start = len(request.text) - len(request.text.lstrip())
            if request.text.startswith("|", start) or not syntax.has_code(request.text):
                request = request.insert(start, f"{_table_name(name)} ")
        return _of_one(session.notebook_engine(), replace(request, tables=tables), question)
    return _of_one(session.connection(name, question.options, namespace), request, question)


def _table_name(name: str) -> str:
    """A name as KQL reads it, whatever else it means there."""
    return f"['{name}']"


def _of_current(session: Session, request: Query, question: Question) -> Result:
    check_begin(request.text, question.options["o"])
    tables = parameters.notebook_tables(request.text, question.namespace)
    request = replace(request, tables=tables)
    connection = session.registry.current
    if connection is None:
        if not tables:
            raise nothing_connected(session.registry)
        connection = session.notebook_engine()
    try:
        return _of_one(connection, request, question)
    except KqlQueryError as error:
        if connection.spec.scheme in EMBEDDED or error.unresolved not in tables:
            raise
        return _of_notebook(session, _another(request), question, error)


def _of_notebook(session: Session, request: Query, question: Question, refusal: KqlQueryError) -> Result:
    """The embedded engine's answer to a query that a service refused for a table of the notebook."""
    try:
        return _of_one(session.notebook_engine(), request, question)
    except KqlQueryError as error:
        if error.unresolved is None or error.unresolved in request.tables:
            raise
        # It names a table of the service too: what the service said is the error.
        name = refusal.unresolved
        refusal.hint = (
            f"{name} is a table of the notebook, which a service does not see: write let {name} = {name}; before the "
            "query, which sends its rows along"
        )
        raise refusal from None


def _of_one(connection: Connection, request: Query, question: Question) -> Result:
    began = time.perf_counter()
    query = _for(connection, request, question.values, dt.datetime.now(dt.UTC))
    _check(question, connection, query)
    if question.options["steps"]:
        from kqlext.steps.running import run_steps

        data_set, steps = run_steps(connection, query, question.options["sample"], question.watch)
    else:
        (outcome,) = run_all([Job(connection, query)], watch=question.watch)
        if isinstance(outcome, KqlError):
            if question.check is not None:
                outcome = question.check.after(connection, query, question.options["check"], outcome)
            raise outcome
        data_set, steps = outcome, ()
    result = _result(data_set, connection.id, query, began, _linked(connection, request, query, question.values))
    result.steps = steps
    return result


def _linked(connection: Connection, request: Query, sent: Query, values: Values) -> Linked:
    """What a link to the query is made of: the text that was sent, in which all values stand that went beside it."""
    place = place_of(connection)
    if connection.spec.scheme in EMBEDDED or (sent.parameters and lets.declared(request.text) is not None):
        return Linked(place)
    if not sent.parameters:
        return Linked(place, sent.text, sent.timespan)
    written = inlined(request, values, lambda name, value: datatable(name, value, values.max_inline))
    ranging = ranged(written, connection.service.takes_timespan, dt.datetime.now(dt.UTC))
    return Linked(place, ranging.text, ranging.timespan)


def _check(question: Question, connection: Connection, query: Query) -> None:
    """Refuse a query with mistakes before it is sent, where ``-check error`` asks for that."""
    if question.check is not None:
        question.check.before(connection, query, question.options["check"])


def _for(connection: Connection, request: Query, values: Values, now: dt.datetime) -> Query:
    """The request as a connection takes it: with its values and its time range."""
    return ranged(bind(request, values, connection), connection.service.takes_timespan, now)


def _bytes(megabytes: int | None) -> int:
    return 2**63 if megabytes is None else megabytes * 10**6


def _another(request: Query) -> Query:
    """The same query, as one of its own."""
    identity = new_client_request_id(request.client_request_id)
    return replace(request, client_request_id=identity, progress=request.progress.anew())


def _result(data_set: DataSet, source: str, request: Query, began: float, linked: Linked) -> Result:
    from kqlext.origin import Origin
    from kqlext.result import Result

    elapsed = time.perf_counter() - began
    origin = Origin(
        source,
        request.written,
        elapsed,
        request.client_request_id,
        sent=request.text,
        started=time.time() - elapsed,
        linked=linked,
    )
    return Result(data_set, origin)
