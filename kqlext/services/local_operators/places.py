"""Where an operator stands, and what takes its place."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from kqlext import syntax
from kqlext.errors import KqlError, KqlUnsupportedError, Span
from kqlext.schemas.model import Column
from kqlext.services.base import Query
from kqlext.services.local_operators import clauses
from kqlext.services.local_operators.engine import PREFIX, Workspace
from kqlext.services.local_operators.lets import Let, needed
from kqlext.steps import pipes

if TYPE_CHECKING:
    from kqlext.services.local_operators.expansion import Expansion


@dataclass(frozen=True)
class Change:
    """Pieces of a text and what stands in their places."""

    edits: tuple[tuple[Span, str], ...]

    @classmethod
    def of(cls, span: Span, text: str) -> Change:
        return cls(((span, text),))

    def apply(self, query: Query) -> Query:
        for span, text in sorted(self.edits, key=lambda edit: -edit[0].start):
            query = query.replace(span, text)
        return query


@dataclass(frozen=True)
class Place:
    """An operator, or the source, of a pipeline of a text.

    All that stands before it is what the engine understands already.

    Attributes:
        text: the whole query.
        lets: its ``let`` statements.
        pipeline: the pipeline up to its end.
        span: the operator with its ``|``, or the source.
    """

    text: str
    lets: Sequence[Let]
    pipeline: Span
    span: Span
    expansion: Expansion = field(repr=False)

    @property
    def workspace(self) -> Workspace:
        return self.expansion.workspace

    @property
    def before(self) -> Span:
        """The pipeline before the operator."""
        return clauses.trimmed(self.text, Span(self.pipeline.start, self.span.start))

    @property
    def arguments(self) -> Span:
        """What stands behind the operator's name."""
        return clauses.behind(self.text, self.span)

    # --- what the engine gives ---

    def columns(self) -> list[Column]:
        """The columns of the rows before the operator."""
        return self.columns_of(self.before)

    def columns_of(self, span: Span) -> list[Column]:
        """The columns of a table that the text writes."""
        with self.own_places():
            return self.expansion.columns(Query(self.scope(span)))

    def rows(self) -> str:
        """A table of the rows before the operator."""
        return self.rows_of(self.before)

    def source(self) -> str:
        """The table before the operator where it is one of the database, which is only read; else one of its rows."""
        name = clauses.column(self.text, self.before)
        is_table = name in self.workspace.tables() and name not in {let.name for let in self.lets}
        return name if name is not None and is_table else self.rows()

    def rows_of(self, span: Span) -> str:
        """A table of the rows of a table that the text writes."""
        name = clauses.column(self.text, span)
        if name is not None and self.workspace.is_kept(name):
            return name
        with self.own_places():
            return self.expansion.rows(Query(self.scope(span)))

    def run(self, kql: str) -> str:
        """A table of the rows that KQL gives, which may name the text's ``let`` statements."""
        with self.own_places():
            return self.expansion.rows(self._with(kql))

    def columns_of_kql(self, kql: str) -> list[Column]:
        with self.own_places():
            return self.expansion.columns(self._with(kql))

    def value(self, span: Span) -> object:
        """The value of an expression that reads no column."""
        table = self.run(f"print value = {span.of(self.text)}")
        return self.workspace.fetch(f'SELECT value FROM "{table}"')[0][0]

    def number(self, span: Span) -> int:
        """The whole number that an expression is."""
        written = span.of(self.text)
        found = int(written) if re.fullmatch(r"\d{1,18}", written) else self.value(span)
        if not isinstance(found, (int, float)) or found != int(found) or isinstance(found, bool):
            raise clauses.refuse(self.text, span, "This is no whole number.", "write a number, or a let that is one")
        return int(found)

    # --- what stands in its place ---

    def instead(self, kql: str) -> Change:
        """Other operators in its place."""
        return Change.of(self.span, f"\n{kql}" if kql else "")

    def table(self, name: str) -> Change:
        """A table in the place of the pipeline up to here, the operator with it."""
        return Change.of(Span(self.pipeline.start, self.span.end), name)

    def refused(self, message: str, span: Span | None = None, hint: str = "") -> KqlUnsupportedError:
        return KqlUnsupportedError(message, text=self.text, span=span or self.span_of_name, hint=hint)

    def wrong(self, message: str, span: Span | None = None, hint: str = "") -> KqlError:
        return clauses.refuse(self.text, span or self.span_of_name, message, hint)

    @property
    def span_of_name(self) -> Span:
        """The operator's name, or what a source begins with."""
        match = re.compile(r"\|?\s*([\w-]+|\S)").match(self.text, self.span.start)
        return Span(*match.span(1)) if match else self.span

    # --- scopes ---

    def scope(self, span: Span) -> str:
        """The text with all blotted out but a span and the statements that it needs."""
        return only(self.text, [let.statement for let in needed(self.text, self.lets, span)], span)

    def _with(self, kql: str) -> Query:
        """The statements that KQL needs, and the KQL in the operator's place."""
        whole = Query(self.text).replace(self.span, kql)
        span = Span(self.span.start, self.span.start + len(kql))
        chosen = [let.statement for let in needed(whole.text, self.lets, span)]
        blotted = Query(only(self.text, chosen, self.span))
        return blotted.replace(self.span, kql)

    @contextmanager
    def own_places(self) -> Iterator[None]:
        """Let an error about a blotted text be about the whole text; one about what was made of it, the operator's."""
        try:
            yield
        except KqlError as error:
            if not error.text_name:
                if error.span is None or error.text is None or len(error.text) != len(self.text):
                    error.span = self.span
                if error.span == self.span:
                    error.span = _named_in(error, self) or self.span_of_name
                error.text = self.text
            raise


def _named_in(error: KqlError, place: Place) -> Span | None:
    """The first word of an operator that an error's message names, where it is about what was made of the operator."""
    named = set(re.findall(r"'(\w+)'|(?:function|aggregate) (\w+)", error.message))
    words = {word for pair in named for word in pair if word}
    return next((token.span for token in pipes.tokens(place.text, place.arguments) if token.text in words), None)


def only(text: str, statements: Sequence[Span], span: Span) -> str:
    """A text with all blotted out but some statements and a span behind them, and ``set`` and ``declare``."""
    options = [each for each in syntax.statements(text) if syntax.is_option(each.of(text)) and each.end <= span.start]
    kept, position = [], 0
    for statement in sorted([*options, *statements], key=lambda each: each.start):
        kept += [_blotted(text[position : statement.start]), statement.of(text), ";"]
        position = statement.end + 1
    return "".join([*kept, _blotted(text[position : span.start]), span.of(text), _blotted(text[span.end :])])


def _blotted(text: str) -> str:
    return re.sub(r"[^\n]", " ", text)


def is_own(table: str) -> bool:
    """Whether a table is one that a query made for its own time."""
    return table.startswith(PREFIX)


Handler = Callable[[Place], Change | None]
"""Gives what takes an operator's place, or None where the engine's own is right."""
