"""``-steps``: a query run operator by operator, in one batch, and what each step gave."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from kqlext.connections.registry import Connection
from kqlext.connections.schemes import EMBEDDED
from kqlext.decode.dynamic import DynamicValues
from kqlext.decode.tables import DataSet, Table
from kqlext.errors import KqlCellError, KqlError, KqlQueryError, KqlResponseError, KqlUnsupportedError, Span
from kqlext.execution import Job, Watch, run_all
from kqlext.services.base import Query, new_client_request_id
from kqlext.steps import pipes
from kqlext.steps.planning import plan
from kqlext.steps.stages import HEAD, Batch, Plan, Stage, StageKind, batch
from kqlext.text import plural

_PLACES = re.compile(r"\s*(?:\[line:position=\d+:\d+\]|on line \[\d+,\s*\d+\])")
_BATCHES = ("azuredataexplorer", "aria")  # schemes of services that answer several statements at once


@dataclass(frozen=True)
class Step:
    """One step of a query: an operator of its pipeline, or a table beside it.

    Attributes:
        number: from 1.
        kind: ``let``, ``source``, ``sample`` (of ``-sample``), ``operand`` (what a `join`, `lookup` or `union` reads)
            or ``operator``.
        text: as it is written, on one line and without comments.
        rows_in: rows of the step before in the pipeline; None where it reads no other step.
        rows: rows behind it.
        columns: column -> Kusto type, behind it.
        added, removed, retyped: names of columns, against the step before.
        head: its first three rows.
    """

    number: int
    kind: StageKind
    text: str
    rows_in: int | None
    rows: int
    columns: Mapping[str, str]
    added: tuple[str, ...]
    removed: tuple[str, ...]
    retyped: tuple[str, ...]
    head: Table = field(repr=False)

    @property
    def loses_all(self) -> bool:
        """Whether rows came in, and none is left."""
        return not self.rows and bool(self.rows_in)


@dataclass(frozen=True)
class Stepped:
    """The steps of a query with the seconds that they took, as shown above an answer or an error."""

    steps: tuple[Step, ...]
    connection: str
    elapsed: float = 0.0
    failed: str = ""
    """The operator that failed behind them."""

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        from kqlext.visualization.steps import mime_bundle

        return mime_bundle(self)

    def __repr__(self) -> str:
        return f"<{plural(len(self.steps), 'step')} of {self.connection}>"


def run_steps(
    connection: Connection, query: Query, sample: int | None, watch: Watch | None = None
) -> tuple[DataSet, tuple[Step, ...]]:
    """The answer of a query, and its steps.

    Args:
        sample: rows of the source that go through the pipeline; None for all, on the embedded engine only.

    Raises:
        KqlCellError: the query has no steps, or the service answers no batch or needs ``-sample``.
        KqlError: a step failed. The message has its number, ``done`` those before it.
    """
    embedded = connection.spec.scheme in EMBEDDED
    _check(connection, sample, embedded)
    planned = plan(query.text, sample, keeps_order=embedded)
    run = _Run(connection, query, planned, watch)
    try:
        steps, answer = run.steps()
    except (KqlQueryError, KqlUnsupportedError) as error:
        if getattr(error, "unresolved", None) in query.tables:
            query.restore(error)
            raise  # a table of the notebook, which another engine has
        raise run.explained(error, certain=embedded) from None
    note = _sample_note(steps, sample)
    warnings = tuple(dict.fromkeys([*([note] if note else []), *answer.warnings]))  # one table's are the next one's
    return replace(answer, visualization=answer.visualization or planned.visualization, warnings=warnings), steps


def _check(connection: Connection, sample: int | None, embedded: bool) -> None:
    if embedded:
        return
    if connection.spec.scheme not in _BATCHES:
        raise KqlCellError(
            f"{connection.id} does not answer several statements at once, which -steps needs.",
            hint="fetch some rows (some << T | take 1000) and write %%kql -steps -on some, then | where ...",
        )
    if sample is None:
        raise KqlCellError(
            f"-steps keeps the rows of every step: on {connection.id} it needs -sample.",
            hint="%%kql -steps -sample 1000 takes 1,000 rows of the source through the query",
        )


class _Run:
    """One query on its way through its stages."""

    def __init__(self, connection: Connection, query: Query, planned: Plan, watch: Watch | None) -> None:
        self._connection = connection
        self._query = query
        self._plan = planned
        self._watch = watch
        self._stage: int | None = None

    def steps(self) -> tuple[tuple[Step, ...], DataSet]:
        """All steps, and the answer of the query."""
        return self._collected(None)

    def _collected(self, count: int | None) -> tuple[tuple[Step, ...], DataSet]:
        """The first steps and no table, or all steps and the answer."""
        stages = self._plan.stages[:count]
        answer = self._answer(count)
        pairs = 2 * (len(stages) - (count is None))
        if len(answer.tables) < pairs:
            raise KqlResponseError(f"The service gave {plural(len(answer.tables), 'table')} for {pairs:,} statements.")
        if any(table.num_rows != 1 for table in answer.tables[:pairs:2]):  # an answer that breaks off
            raise KqlResponseError(" ".join(["The rows of a step were not counted.", *answer.warnings]))
        counts = [table.columns[0].values(0, 1)[0] for table in answer.tables[:pairs:2]]
        heads = list(answer.tables[1:pairs:2])
        final = answer.tables[pairs:]
        if count is None:
            counts.append(sum(table.num_rows for table in final))
            heads.append(_head(final[0]) if final else Table("", (), 0))
        steps: list[Step] = []
        for index, (stage, rows, head) in enumerate(zip(stages, counts, heads, strict=True)):
            before = None if stage.before is None else steps[stage.before]
            steps.append(_step(index + 1, stage.kind, label(self._plan, stage), before, rows, head))
        return tuple(steps), replace(answer, tables=final)

    def _answer(self, count: int | None) -> DataSet:
        """The answer of a batch; an error points into the query, and ``_stage`` has the stage that it is about."""
        made = batch(self._plan, count)
        query = replace(self._query, text=made.text, edits=())
        if count is not None:
            query = replace(query, client_request_id=new_client_request_id(), progress=query.progress.anew())
        (outcome,) = run_all([Job(self._connection, query)], watch=self._watch)
        if isinstance(outcome, KqlError):
            self._place(outcome, made)
            raise outcome
        return outcome

    def _place(self, error: KqlError, made: Batch) -> None:
        # What a message says of a place is one in the batch, which nobody sees.
        error.message = _PLACES.sub("", error.message)
        span, self._stage = (None, None) if error.span is None else made.origin(error.span)
        error.text, error.span = (None, None) if span is None else (self._query.text, span)

    def explained(self, error: KqlError, certain: bool) -> KqlError:
        """The error with the step that failed, and the steps before it.

        Args:
            certain: whether the place of an error is the step that failed. A service may know none, or name a column
                that stands at several places: there, the steps are run up to it.
        """
        guess = self._stage
        if certain:
            number, done = guess, self._until(guess or 0)
        else:
            number, done = self._found(guess)
        if number is None or not done:
            self._query.restore(error)
            return error  # of the first step, or no step's
        self._point_into(error, self._plan.stages[number].span)
        self._query.restore(error)
        error.message = f"Step {number + 1} of {len(self._plan.stages)}: {error.message}"
        error.done = Stepped(done, self._connection.id, failed=label(self._plan, self._plan.stages[number]))
        return error

    def _point_into(self, error: KqlError, stage: Span) -> None:
        """Let an error that points elsewhere point at the same word in the stage, or at all of that."""
        text, span = self._query.text, error.span
        if span is not None and stage.start <= span.start < stage.end:
            return
        word = "" if span is None else span.of(text)
        same = (token.span for token in pipes.tokens(text, stage) if token.text == word)
        error.text, error.span = text, next(same, stage)

    def _found(self, guess: int | None) -> tuple[int, tuple[Step, ...]]:
        """The stage that fails, and the steps before it; a good guess saves requests."""
        done: tuple[Step, ...] = ()
        fails = len(self._plan.stages)  # so many stages do
        while fails - len(done) > 1:
            tries = [guess, None if guess is None else guess + 1, (fails + len(done)) // 2]
            count = next(count for count in tries if count is not None and len(done) < count < fails)
            found = self._until(count)
            if found is None:
                fails = count
            else:
                done = found
        return len(done), done

    def _until(self, count: int) -> tuple[Step, ...] | None:
        """The first steps, or None where one of them fails too."""
        try:
            return self._collected(count)[0] if count else ()
        except (KqlQueryError, KqlUnsupportedError):
            return None


def label(planned: Plan, stage: Stage) -> str:
    """A stage as it is written, on one line and without comments."""
    written: list[str] = []
    position = stage.span.start
    for token in pipes.tokens(planned.text, stage.span):
        written += [" " if written and token.start > position else "", token.text]
        position = token.end
    if stage.kind == "sample":
        written.append(f" (-sample {planned.sample})" if written else f"-sample {planned.sample}")
    return "".join(written)


def _head(table: Table) -> Table:
    columns = []
    for column in table.columns:
        rows = column.data.slice(0, HEAD)
        dynamic = isinstance(column.data, DynamicValues)
        columns.append(replace(column, data=DynamicValues(list(rows)) if dynamic else rows))
    return Table(table.name, tuple(columns), min(table.num_rows, HEAD))


def _step(number: int, kind: StageKind, text: str, before: Step | None, rows: int, head: Table) -> Step:
    columns = {column.name: column.type for column in head.columns}
    known = columns if before is None else before.columns
    return Step(
        number,
        kind,
        text,
        None if before is None else before.rows,
        rows,
        columns,
        tuple(name for name in columns if name not in known),
        tuple(name for name in known if name not in columns),
        tuple(name for name, kind in columns.items() if known.get(name, kind) != kind),
        head,
    )


def _sample_note(steps: tuple[Step, ...], sample: int | None) -> str:
    """What is to be said of an answer that is of some rows only."""
    step = next((step for step in steps if step.kind == "sample"), None)
    if step is None or sample is None or step.rows < sample or step.rows == step.rows_in:
        return ""
    of = "" if step.rows_in is None else f" of {step.rows_in:,}"
    return f"-sample: this answer, and the steps behind the sample, are of {step.rows:,}{of} rows."
