"""A query -> the same in what the engine understands: operators are replaced one by one, the innermost first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from kqlext import syntax
from kqlext.errors import KqlUnsupportedError, Span
from kqlext.schemas.model import Column
from kqlext.services.base import Query
from kqlext.services.local_operators import clauses, functions, lets, sources
from kqlext.services.local_operators.engine import Workspace
from kqlext.services.local_operators.lets import Let
from kqlext.services.local_operators.places import Change, Handler, Place
from kqlext.steps import pipes

_OWN_BODIES = frozenset("mv-apply mvapply partition fork facet scan macro-expand".split())
"""Operators whose brackets hold operators that read what stands before them."""

_MOST_CHANGES = 500


class Expansion:
    """Expands the queries of one execution; their tables are the workspace's."""

    def __init__(
        self,
        workspace: Workspace,
        operators: Mapping[str, Handler],
        sources: Mapping[str, Handler],
        everywhere: Sequence[Handler],
    ) -> None:
        self.workspace = workspace
        self._operators = operators
        self._sources = sources
        self._everywhere = everywhere
        self._known: dict[str, list[Column]] = {}
        self.unordered: set[str] = set()
        """The query's own tables whose rows are in no order that counts."""
        self.views: dict[str, str] = {}
        """The query's own tables that stand for a view, and the view's name."""

    def rows(self, query: Query, name: str = "") -> str:
        """A table of the rows that a query gives."""
        return self.workspace.rows(self.expanded(query), name)

    def columns(self, query: Query) -> list[Column]:
        """The columns that a query gives; looked up once for each text."""
        if query.text not in self._known:
            self._known[query.text] = self.workspace.columns(self.expanded(query))
        return self._known[query.text]

    def expanded(self, query: Query) -> Query:
        """A query in what the engine understands.

        Raises:
            KqlError: about the text before the query's edits.
        """
        for _ in range(_MOST_CHANGES):
            with self.workspace.errors_of(query):
                change = self._next(query.text)
            if change is None:
                return query
            query = change.apply(query)
        raise KqlUnsupportedError(
            f"The query has more than {_MOST_CHANGES} operators that the embedded engine has to take apart.",
            hint="run a part of it at a time",
        )

    def last(self, text: str) -> Place | None:
        """The last operator of a text's last statement; None where it has none."""
        running = [span for span in syntax.statements(text) if not syntax.prepares(span.of(text))]
        pieces = pipes.pipeline(text, running[-1]) if running else []
        return Place(text, lets.lets(text), running[-1], pieces[-1], self) if len(pieces) > 1 else None

    # --- the next change ---

    def _next(self, text: str) -> Change | None:
        running = [span for span in syntax.statements(text) if not syntax.prepares(span.of(text))]
        if not running:
            return None
        statement = running[-1]
        defined = lets.lets(text)
        wanted = {let.name for let in lets.needed(text, defined, statement)}
        tabular = {
            let.name
            for let in defined
            if let.function is not None and lets.is_tabular(text, let.function, self.workspace.tables(), defined)
        }
        for let in defined:
            if let.function is None:
                change = self._in_value(text, defined, tabular, let.value)
                if change is not None:
                    return change if let.name in wanted else _blot(text, let.statement)
        change = self._in_value(text, defined, tabular, statement)
        if change is None:
            # All their calls are gone.
            done = next((let for let in defined if let.name in tabular), None)
            return _blot(text, done.statement) if done is not None else None
        return change

    def _in_value(self, text: str, defined: Sequence[Let], tabular: set[str], span: Span) -> Change | None:
        call = functions.last_call(text, span, tabular) if tabular else None
        if call is not None:
            place = Place(text, defined, span, call.span, self)
            return functions.called(place, call)
        change = sources.called_tables(Place(text, defined, span, span, self))
        if change is not None:
            return change
        return self._in_pipeline(text, defined, span)

    def _in_pipeline(self, text: str, defined: Sequence[Let], span: Span) -> Change | None:
        pieces = pipes.pipeline(text, span)
        for index, piece in enumerate(pieces):
            name = pipes.operator(text, piece)
            if not (index and name in _OWN_BODIES):
                for inner in _groups(text, piece):
                    change = self._in_group(text, defined, inner)
                    if change is not None:
                        return change
            place = Place(text, defined, span, piece, self)
            handler = (self._operators if index else self._sources).get(name)
            change = handler(place) if handler is not None else None
            for general in () if change is not None or not index else self._everywhere:
                change = change or general(place)
            if change is not None:
                return change
        return None

    def _in_group(self, text: str, defined: Sequence[Let], inner: Span) -> Change | None:
        inner = clauses.trimmed(text, inner)
        if not inner.of(text):
            return None
        is_pipeline = len(pipes.pipeline(text, inner)) > 1 or pipes.first(text, inner) in self._sources
        if is_pipeline:
            return self._in_pipeline(text, defined, inner)
        for deeper in _groups(text, inner):
            change = self._in_group(text, defined, deeper)
            if change is not None:
                return change
        return None


def _groups(text: str, span: Span) -> Iterator[Span]:
    for _, inner in clauses.brackets(text, span):
        yield inner


def _blot(text: str, statement: Span) -> Change:
    """A statement taken out, with its semicolon."""
    end = text.find(";", statement.end)
    whole = Span(statement.start, end + 1 if end >= 0 else statement.end)
    return Change.of(whole, "")
