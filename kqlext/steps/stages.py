"""The stages of a query, and the batch that runs each of them once. Pure.

A *stage* is what one step of ``-steps`` counts: the source of the pipeline, each operator behind a ``|`` outside of
brackets, each ``let`` of a table, and each table that a `join`, `lookup` or `union` reads. The batch defines each as
``let name = materialize(...)`` of the one before it, asks for ``name | count`` and ``name | take 3``, and ends in the
query's own answer:

    let step_1 = materialize(StormEvents | where State == 'TEXAS');
    StormEvents | count; StormEvents | take 3; step_1 | count; step_1 | take 3;
    step_1 | summarize Events = count() by EventType

A stage whose rows are in an order that counts (behind `sort`, `top`, `serialize`, `range`, until an operator that keeps
none) is never read from a materialized table, since those have no order: what follows is computed from the last stage
before that.

Sources: "Batches" and "materialize()" of the Kusto Query Language.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from kqlext.errors import Span

StageKind = Literal["let", "source", "sample", "operand", "operator"]

HEAD = 3
"""Rows of a stage that are shown."""

Piece = str | Span
"""Own text, or a piece of the query."""


@dataclass(frozen=True)
class Stage:
    """One stage.

    Attributes:
        span: where it stands in the query; of a sample, where what it samples ends.
        expression: what gives its rows, in the batch.
        name: under which the batch keeps its rows; empty where it does not.
        share: whether the batch has yet to define the name.
        before: the index of the stage whose rows it is given, or None.
    """

    kind: StageKind
    span: Span
    expression: tuple[Piece, ...]
    name: str = ""
    share: bool = True
    before: int | None = None

    @property
    def rows(self) -> tuple[Piece, ...]:
        """What gives its rows to other statements of the batch."""
        return (self.name,) if self.name else self.expression


@dataclass(frozen=True)
class Plan:
    """A query's stages in the order in which they are shown; the last one gives the answer.

    Attributes:
        text: the query.
        sample: rows of the source that go through the pipeline, or None for all.
        visualization: what the `render` asks for that was taken off its end.
        prelude: what stands before all stages: ``set``, ``declare`` and ``let`` statements; each piece with the index
            of the stage that it defines, or None.
    """

    text: str
    stages: tuple[Stage, ...]
    prelude: tuple[tuple[Piece, int | None], ...] = ()
    visualization: dict[str, str] | None = None
    sample: int | None = None


@dataclass(frozen=True)
class _Part:
    """Where a piece of a batch came from."""

    sent: Span
    origin: Span | None
    stage: int | None


@dataclass(frozen=True)
class Batch:
    """Statements that give two tables for each of a plan's stages; for the last, of all, the query's own answer."""

    text: str
    stages: tuple[Stage, ...]
    parts: tuple[_Part, ...] = field(repr=False)

    def origin(self, span: Span) -> tuple[Span | None, int | None]:
        """Where a span of the batch stands in the query, and the stage that it is of."""
        part = next((part for part in self.parts if part.sent.start <= span.start < part.sent.end), None)
        if part is None:
            return None, None
        if part.origin is None:
            return (None if part.stage is None else self.stages[part.stage].span), part.stage
        start = part.origin.start + span.start - part.sent.start
        return Span(start, min(part.origin.end, max(start + 1, start + span.end - span.start))), part.stage


# --- the batch -------------------------------------------------------------------------------------------


def batch(plan: Plan, count: int | None = None) -> Batch:
    """The batch of a plan; or of its first ``count`` stages alone, without an answer."""
    stages = plan.stages[:count]
    counted = stages[:-1] if count is None else stages
    # What stands behind the definition of a stage that is left out is of no use to those before it.
    needed = itertools.takewhile(lambda item: item[1] is None or item[1] < len(stages), plan.prelude)
    pieces: list[tuple[Piece, int | None]] = list(needed)
    for index, stage in enumerate(counted):
        if stage.name and stage.share:
            pieces.append((f"let {stage.name} = materialize(\n", index))
            pieces += [(piece, index) for piece in stage.expression]
            pieces.append(("\n);\n", index))
    for index, stage in enumerate(counted):
        for ending in ("\n| count;\n", f"\n| take {HEAD};\n"):
            pieces += [(piece, index) for piece in stage.rows]
            pieces.append((ending, index))
    if count is None:
        last = stages[-1]
        pieces += [(piece, len(stages) - 1) for piece in (last.expression if last.share else last.rows)]
    return _written(plan.text, pieces, stages)


def _written(text: str, pieces: Sequence[tuple[Piece, int | None]], stages: tuple[Stage, ...]) -> Batch:
    parts, texts, position = [], [], 0
    for piece, stage in pieces:
        written = piece if isinstance(piece, str) else piece.of(text)
        end = position + len(written)
        parts.append(_Part(Span(position, end), None if isinstance(piece, str) else piece, stage))
        texts.append(written)
        position = end
    return Batch("".join(texts), stages, tuple(parts))
