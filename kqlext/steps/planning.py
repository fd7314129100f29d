"""A query -> its stages: cut at each ``|`` outside of brackets, with the tables that operators read. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from kqlext import syntax
from kqlext.errors import KqlCellError, Span
from kqlext.render_clause import split_render
from kqlext.steps import pipes
from kqlext.steps.stages import Piece, Plan, Stage, StageKind
from kqlext.syntax import Token

MOST = 200
"""Steps of a query: each is two statements of the batch."""

_TABULAR = frozenset("datatable externaldata print union search find materialize".split())
_SMALL = frozenset("datatable print range materialize".split())  # what a materialize would not help
_ELSEWHERE = frozenset("cluster database workspace app adx arg table external_table materialized_view".split())
_NAMES_TIME = frozenset("ago now datetime startofday startofweek startofmonth _startTime _endTime".split())


def plan(text: str, sample: int | None = None, keeps_order: bool = False) -> Plan:
    """Cut a query into its stages.

    Args:
        sample: rows of the source that go through the pipeline; None for all. Filters of the time right behind the
            source come before it: a sample of all times seldom has a row of the last hour.
        keeps_order: whether materialized tables keep the order of their rows.

    Raises:
        KqlCellError: it is a management command, not one statement that gives rows, or has more than ``MOST`` stages.
    """
    if syntax.is_command(text):
        raise KqlCellError("A management command has no steps.", hint="leave -steps out")
    text, visualization = split_render(text)
    spans = syntax.statements(text)
    running = [span for span in spans if not syntax.prepares(span.of(text))]
    if len(running) != 1 or running[0] != spans[-1]:
        raise KqlCellError(
            "-steps takes one statement that gives rows, at the end of a query.",
            hint="put each into a cell of its own, or a blank line between them in the place of the ;",
        )
    planned = _Planner(text, spans[:-1], sample, keeps_order, visualization).plan(running[0])
    if len(planned.stages) > MOST:
        raise KqlCellError(
            f"The query has {len(planned.stages):,} steps; -steps runs at most {MOST}.",
            hint="step through a part of it: -save names a query that others use",
        )
    return planned


@dataclass
class _Let:
    """A ``let`` statement whose right side surely is a table."""

    name: str
    statement: Span
    value: Span
    pieces: list[Span]


class _Planner:
    """Puts the stages of one query together."""

    def __init__(
        self, text: str, spans: list[Span], sample: int | None, keeps_order: bool, render: dict[str, str] | None
    ) -> None:
        self._text = text
        self._statements = spans
        self._sample = sample
        self._keeps_order = keeps_order
        self._render = render
        self._lets = {let.name: let for let in map(self._table_let, spans) if let is not None}
        self._stages: list[Stage] = []
        self._prefix = "kqlext_step_"
        while self._prefix in text:
            self._prefix += "_"

    def plan(self, statement: Span) -> Plan:
        pieces, inlined = self._whole_pipeline(statement)
        if not pieces[0].of(self._text):
            raise KqlCellError(
                "The query begins with |, and no table is named.",
                hint="-on name reads a table of the notebook",
                text=self._text,
                span=Span(statement.start, statement.start + 1),
            )
        prelude: list[tuple[Piece, int | None]] = []
        for span in self._statements:
            let = next((let for let in self._lets.values() if let.statement == span), None)
            if let is None:
                prelude += [(span, None), ("\n;\n", None)]
            elif let.name not in inlined:
                prelude += [(piece, len(self._stages)) for piece in self._definition(let)]
                self._stages.append(Stage("let", span, (let.name,), let.name, share=False))
        self._add_pipeline(pieces)
        return Plan(self._text, tuple(self._stages), tuple(prelude), self._render, self._sample)

    def _whole_pipeline(self, statement: Span) -> tuple[list[Span], set[str]]:
        """The pieces of the pipeline, and the names of the ``let`` statements that they are of too.

        A ``let`` that only the pipeline begins with is the pipeline's beginning; so is what stands there in brackets.
        """
        pieces, inlined = pipes.pipeline(self._text, statement), set()
        while True:
            words = list(pipes.outer(self._text, pieces[0]))
            let = self._lets.get(words[0].text) if len(words) == 1 else None
            if [word.text for word in words] == ["(", ")"]:
                pieces[:1] = pipes.pipeline(self._text, Span(words[0].end, words[1].start))
            elif let is not None and len(let.pieces) > 1 and self._is_named_once(let):
                inlined.add(let.name)
                pieces[:1] = let.pieces
            else:
                return pieces, inlined

    # --- let statements ---

    def _table_let(self, span: Span) -> _Let | None:
        words = list(pipes.outer(self._text, span))
        if [word.text for word in words[:3:2]] != ["let", "="] or len(words) < 4:
            return None
        value = Span(words[3].start, span.end)
        pieces = pipes.pipeline(self._text, value)
        behind = words[4].text if len(words) > 4 else ""
        is_range = words[3].text == "range" and behind != "("
        if len(pieces) > 1 or words[3].text in _TABULAR or is_range or self._is_bracketed_table(words[3:]):
            return _Let(words[1].text, span, value, pieces)
        return None

    def _is_bracketed_table(self, words: Sequence[Token]) -> bool:
        """Whether ``( ... )`` holds a pipeline, and is not the parameters of a function."""
        if [word.text for word in words] != ["(", ")"]:
            return False
        return len(pipes.pipeline(self._text, Span(words[0].end, words[1].start))) > 1

    def _is_named_once(self, let: _Let) -> bool:
        return len(re.findall(rf"\b{re.escape(let.name)}\b", self._text)) == 2

    def _definition(self, let: _Let) -> list[Piece]:
        """The statement as the batch has it: materialized, where that keeps what it says."""
        ordered = self._is_ordered(let.pieces) and not self._keeps_order
        if ordered or pipes.first(self._text, let.value) in _SMALL:
            return [let.statement, "\n;\n"]
        return [Span(let.statement.start, let.value.start), "materialize(\n", let.value, "\n);\n"]

    def _is_ordered(self, pieces: Sequence[Span]) -> bool:
        ordered = False
        for piece in pieces:
            ordered = pipes.orders(pipes.operator(self._text, piece), ordered)
        return ordered

    # --- the pipeline ---

    def _add_pipeline(self, pieces: Sequence[Span]) -> None:
        operators = list(pieces[1:])
        chain, ordered = self._source(pieces[0]) if self._sample is None else self._sampled(pieces[0], operators)
        whole: tuple[Piece, ...] = (pieces[0],) if self._sample is None else (*chain, "\n| where true")
        aliased = False
        for operator in operators:
            # `withsource` tells of a table by its name, `as` gives one: such a query is read from its beginning.
            aliased = aliased or pipes.operator(self._text, operator) == "as"
            by_name = aliased or self._tells_names(operator)
            replaced = self._operands(operator)
            whole = (*whole, "\n", *replaced)
            chain = whole if by_name else (*chain, "\n", *replaced)
            ordered = pipes.orders(pipes.operator(self._text, operator), ordered)
            name = self._next() if self._keeps_order or not ordered else ""
            stage = self._add("operator", operator, chain, name)
            if not ordered:
                chain = stage.rows

    def _source(self, source: Span) -> tuple[tuple[Piece, ...], bool]:
        """The stage of the source; gives what the operators behind it read, and whether that is in an order."""
        read = self._operands(source)
        ordered = pipes.first(self._text, source) in pipes.ORDERS
        bare = self._bare_name(source)
        if bare in self._lets:
            self._add("source", source, (source,), bare, share=False)
        elif self._is_table(source) or pipes.first(self._text, source) in _SMALL or (ordered and not self._keeps_order):
            self._add("source", source, read, "")
        else:
            self._add("source", source, read, self._next())
        return (read if ordered else self._stages[-1].rows), ordered

    def _sampled(self, source: Span, operators: list[Span]) -> tuple[tuple[Piece, ...], bool]:
        """The stages up to the sample of the source; takes the filters of the time before it off the operators."""
        chain: tuple[Piece, ...] = (source,)
        counted = self._is_table(source)  # which costs nothing; any other source would run as a whole
        if counted:
            bare = self._bare_name(source)
            self._add("source", source, chain, bare if bare in self._lets else "", share=False)
        end = source.end
        while operators and self._filters_time(operators[0]):
            operator = operators.pop(0)
            chain, end = (*chain, "\n", operator), operator.end
            if counted:
                self._add("operator", operator, chain, "")
        span = Span(end, end) if counted else Span(source.start, end)
        return self._add("sample", span, (*chain, f"\n| take {self._sample}"), self._next()).rows, False

    def _is_table(self, span: Span) -> bool:
        """Whether a source is a table by its name, here or elsewhere."""
        first = pipes.first(self._text, span)
        return bool(self._bare_name(span)) or first == "[" or first in _ELSEWHERE

    def _add(self, kind: StageKind, span: Span, expression: tuple[Piece, ...], name: str, share: bool = True) -> Stage:
        before = None
        if kind in ("operator", "sample"):
            behind = (i for i in reversed(range(len(self._stages))) if self._stages[i].kind not in ("operand", "let"))
            before = next(behind, None)
        stage = Stage(kind, span, expression, name, share and bool(name), before)
        self._stages.append(stage)
        return stage

    def _next(self) -> str:
        return f"{self._prefix}{len(self._stages) + 1}"

    def _filters_time(self, operator: Span) -> bool:
        words = {token.text for token in pipes.tokens(self._text, operator)}
        return pipes.operator(self._text, operator) in ("where", "filter") and bool(_NAMES_TIME & words)

    def _bare_name(self, span: Span) -> str:
        words = list(pipes.outer(self._text, span))
        return words[0].text if len(words) == 1 and words[0].kind == "name" else ""

    # --- tables that an operator reads ---

    def _operands(self, operator: Span) -> tuple[Piece, ...]:
        """Add a stage for each table that an operator reads; gives the operator with their names in their places."""
        # `withsource` shows what its operands are called: they keep their places.
        keep = self._tells_names(operator)
        pieces: list[Piece] = []
        position = operator.start
        for span in pipes.operands(self._text, operator):
            name = self._operand(span, keep)
            if name:
                pieces += [Span(position, span.start), name]
                position = span.end
        return (*pieces, Span(position, operator.end))

    def _tells_names(self, operator: Span) -> bool:
        return any(word.text in ("withsource", "with_source") for word in pipes.outer(self._text, operator))

    def _operand(self, span: Span, keep: bool) -> str:
        """The stage of one operand; gives the name that may stand in its place."""
        bare = self._bare_name(span)
        if bare in self._lets or self._names_alias(span):
            return ""
        is_pipeline = len(pipes.pipeline(self._text, span)) > 1
        name = self._next() if is_pipeline and not keep else ""
        self._add("operand", span, (span,), name)
        return name

    def _names_alias(self, span: Span) -> bool:
        """Whether a table may be one that ``| as name`` names, which only its own query knows."""
        words = [token.text for token in syntax.tokens(self._text) if token.kind != "comment"]
        names = {words[index + 2] for index in range(len(words) - 2) if words[index : index + 2] == ["|", "as"]}
        return any(token.text in names for token in pipes.tokens(self._text, span))
