"""What may stand at the cursor of a cell: our own grammar's words, and KQL's from the language service or our tables.

No completion waits longer than ``BUDGET``: what is not there by then, such as a schema that is being read or a service
that is being loaded, is left out.
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from kqlext import lets, syntax
from kqlext.completion import basic, hover, own_words, paths, places
from kqlext.completion.own_words import Known
from kqlext.completion.places import Place
from kqlext.completion.service import Item, LanguageService, Scope, ServiceUnavailable
from kqlext.completion.vocabulary import operators, visualizations
from kqlext.completion.words import Completion, Completions, beginning_with, completions
from kqlext.connections.registry import Connection
from kqlext.connections.strings import ConnectionSpec, parse_connection
from kqlext.errors import KqlError
from kqlext.own_kinds import OWN_KINDS
from kqlext.parameters import is_table
from kqlext.saved import prepended
from kqlext.schemas.model import DatabaseSchema, TableSchema
from kqlext.schemas.notebook import notebook_tables
from kqlext.services.base import Query
from kqlext.session import Session
from kqlext.settings import names_of

BUDGET = 0.4
"""Seconds that a completion takes at most."""
_LONGEST = 20_000  # characters of a cell that is completed
_FOR_SCHEMA = 0.2  # seconds of it that a schema may take

# Kusto.Language's kinds -> words for which front ends have icons; all others are keywords.
_TYPES = {
    "Column": "field", "Table": "class", "MaterializedView": "class", "ExternalTable": "class", "Database": "module",
    "Cluster": "module", "Variable": "variable", "Parameter": "variable", "BuiltInFunction": "function",
    "AggregateFunction": "function", "DatabaseFunction": "function", "LocalFunction": "function", "RenderChart": "enum",
    "Option": "property", "Identifier": "text",
}  # fmt: skip
_LET_VALUE = re.compile(r"\blet\s+\w+\s*=\s*(?:[^\W\d]\w*)?\Z")
_OWN_RENDER = re.compile(rf"\|\s*render\s+(?:{'|'.join(OWN_KINDS)})\b[^|]*\Z", re.IGNORECASE)
_TAIL = re.compile(r"""\s*(?:\n\|\s*)?["']?\s*\Z""")
_DASHED_OPERATOR = re.compile(r"\|\s*([^\W\d]\w*-[\w-]*)\Z")  # to KQL `project-` is a subtraction
_WORD = re.compile(r"\w")


class Editor:
    """Completes the cells of one notebook."""

    def __init__(self, session: Session, namespace: Mapping[str, Any]) -> None:
        self._session = session
        self._namespace = namespace
        self.service = LanguageService()
        self._frames: dict[str, tuple[object, tuple[str, ...], TableSchema]] = {}

    def complete(self, cell: str, cursor: int) -> Completions | None:
        """What may stand at the cursor, which may be nothing; None where the cursor is in no KQL."""
        if _is_too_long(cell):
            return Completions(cursor, ())
        place = places.find(cell, cursor)
        if place is None:
            return None
        deadline = time.monotonic() + BUDGET
        self.service.start()
        if place.kind == "nothing":
            return Completions(place.start, ())
        if place.kind == "property":
            return self._properties(place, deadline)
        if paths.takes_path(place):
            return Completions(place.start, paths.paths(place, cell[cursor : cursor + 1]))
        place = self._with_saved(place)
        connection = self.connection(place)
        self._ask_for_columns(place, connection)
        scope = self.scope(connection, deadline)
        known = Known(self._session, self._namespace, tuple(table.name for table in scope.tables()))
        own = beginning_with(place.word, own_words.completions_of(place, known))
        if place.kind not in ("query", "beginning"):
            return Completions(place.start, own)
        query = self._query(place, cursor, scope, deadline)
        if place.kind == "query" or not own:
            return query
        return Completions(place.start, (*own, *query.items) if query.start == place.start else own)

    def inspect(self, cell: str, cursor: int) -> str | None:
        """What is known of the word at the cursor, in lines: nothing of some words; None where the cursor is in no KQL.

        A column that the query makes is described where the language service is there.
        """
        if _is_too_long(cell):
            return ""
        end = hover.word_end(cell, cursor)
        place = places.find(cell, end)
        if place is None:
            return None
        deadline = time.monotonic() + BUDGET
        self.service.start()
        if place.kind not in ("query", "beginning"):
            return hover.of_head(place)
        place = self._with_saved(place)
        scope = self.scope(self.connection(place), deadline)
        offset = place.offset - (end - cursor)
        return hover.of_query(place.query, offset, scope) or self._told(place.query, offset, scope, deadline)

    def _told(self, query: str, offset: int, scope: Scope, deadline: float) -> str:
        """What the language service says of a word."""
        try:
            self.service.wait(0)
            self.service.use(scope, max(0.0, deadline - time.monotonic()))
            told = self.service.describe(query, offset, max(0.0, deadline - time.monotonic()))
        except ServiceUnavailable:
            return ""
        return "" if told.startswith("(literal)") else told

    def _with_saved(self, place: Place) -> Place:
        """The place with the saved queries of ``-with`` before its query, as they are when it runs."""
        uses = place.uses if isinstance(place.uses, tuple) else names_of(place.uses, self._namespace)
        if not uses or place.offset < lets.beginning(place.query):
            return place
        try:
            whole = prepended(Query(place.query), uses, self._session.saved).text
        except KqlError:  # there is no such query: whoever runs the cell is told
            return place
        return replace(place, query=whole, offset=place.offset + len(whole) - len(place.query))

    def connection(self, place: Place) -> Connection | None:
        """The connection that a query at a place asks, where it is open."""
        registry = self._session.registry
        wanted = place.on or place.connection
        if not wanted:
            return registry.current
        spec = _spec(wanted)
        return next((one for one in registry if wanted in (one.id, one.name) or one.spec == spec), None)

    def scope(self, connection: Connection | None, deadline: float, patience: float = _FOR_SCHEMA) -> Scope:
        """What a query on a connection may name, as far as it is known in time.

        Args:
            patience: seconds of that time which the schema of the connection may take.
        """
        schemas = self._session.schemas
        current, others = None, []
        if connection is not None:
            current = schemas.wait(connection, min(patience, max(0.0, deadline - time.monotonic())))
        for other in self._session.registry:
            schema = schemas.known(other) if other is not connection else None
            if schema is not None:
                others.append(schema)
        return Scope(current, tuple(others), self.notebook())

    def _ask_for_columns(self, place: Place, connection: Connection | None) -> None:
        """Services that list only names of tables tell the columns of one that is asked for: of those in the query."""
        if connection is not None:
            for name in sorted(syntax.table_candidates(place.query)):
                self._session.schemas.known_table(connection, name)

    def held_scope(self, connection: Connection) -> Scope:
        """The same, of what is there already: nobody is asked, and nothing is waited for."""
        return Scope(self._session.schemas.held(connection), (), self.notebook())

    def read_again(self, connection: Connection) -> DatabaseSchema:
        """The schema of a connection, asked for now.

        Raises:
            KqlError: as running a management command does.
        """
        return self._session.schemas.read(connection)

    def notebook(self) -> tuple[TableSchema, ...]:
        """The tables of the notebook; one that is the same object with the same columns is not looked at again."""
        found: dict[str, tuple[object, tuple[str, ...], TableSchema]] = {}
        for name, value in list(self._namespace.items()):
            if name.startswith("_") or not is_table(value):
                continue
            names = tuple(map(str, getattr(value, "columns", ())))
            known = self._frames.get(name)
            if known is None or known[0] is not value or known[1] != names:
                known = (value, names, notebook_tables({name: value})[0])
            found[name] = known
        self._frames = found
        return tuple(table for _, _, table in found.values())

    def _query(self, place: Place, cursor: int, scope: Scope, deadline: float) -> Completions:
        begin = cursor - place.offset
        before = place.query[: place.offset]
        if dashed := _DASHED_OPERATOR.search(before):
            return Completions(begin + dashed.start(1), beginning_with(dashed[1], completions(operators(), "keyword")))
        extra = own_words.variables(self._namespace) if _LET_VALUE.search(before) else []
        if _OWN_RENDER.search(before):  # of which the language service knows nothing
            found = basic.complete(place.query, place.offset, scope)
            start = place.offset - len(_word(before))
            return Completions(begin + start, beginning_with(before[start:], found))
        try:
            self.service.wait(0)
            self.service.use(scope, max(0.0, deadline - time.monotonic()))
            start, items = self.service.complete(place.query, place.offset, max(0.0, deadline - time.monotonic()))
        except ServiceUnavailable:
            found = [*extra, *basic.complete(place.query, place.offset, scope)]
            start = place.offset - len(_word(before))
        else:
            found = [*extra, *_of_service(items)]
        return Completions(begin + start, beginning_with(before[start:], found))

    def _properties(self, place: Place, deadline: float) -> Completions:
        """Client request properties are those that a ``set`` statement knows."""
        name, seconds = place.word[1:], max(0.0, deadline - time.monotonic())
        try:
            self.service.wait(0)
            _, items = self.service.complete(f"set {name}", len(name) + 4, seconds)
        except ServiceUnavailable:
            items = []
        found = [Completion(f"+{item.text.strip()}=", "property") for item in items if item.kind == "Option"]
        return Completions(place.start, tuple(found))

    def close(self) -> None:
        """End the language service."""
        self.service.close()


def _is_too_long(cell: str) -> bool:
    """Whether a cell of KQL takes longer to read than a completion may."""
    return len(cell) > _LONGEST and cell[:200].lstrip().startswith("%%kql")


def _of_service(items: list[Item]) -> list[Completion]:
    found = [
        Completion(_TAIL.sub("", item.text), _TYPES.get(item.kind, "keyword"))
        for item in items
        if item.kind != "Punctuation" and (_WORD.search(item.text) or item.kind == "ScalarInfix")
    ]
    if any(item.kind == "RenderChart" for item in items):
        found += [Completion(kind, "enum") for kind in visualizations()]
    return found


def _word(before: str) -> str:
    match = re.search(r"[\w$]*\Z", before)
    assert match is not None
    return match.group()


def _spec(text: str) -> ConnectionSpec | None:
    try:
        meant = parse_connection(text)
    except KqlError:
        return None
    return meant if isinstance(meant, ConnectionSpec) else None
