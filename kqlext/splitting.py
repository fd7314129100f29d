"""``-split``: a query over a long time range as queries over its pieces, so that each answer stays below the limits.

The pieces tile the range: no moment stands in two of them, none in no one. A piece whose answer is not complete is
halved until the halves are; one that fails for no fault of the query is asked again, alone. The rows are put together
in the order of time.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from operator import itemgetter

from kqlext import syntax
from kqlext.connections.registry import Connection
from kqlext.connections.schemes import EMBEDDED
from kqlext.decode.concatenate import concatenate_all
from kqlext.decode.tables import DataSet
from kqlext.errors import (
    KqlCellError,
    KqlError,
    KqlNetworkError,
    KqlQueryError,
    KqlServiceError,
    KqlThrottledError,
)
from kqlext.execution import Job, Watch, run_all
from kqlext.services.base import Query
from kqlext.time_range import TICKS_PER_SECOND, TimeRange, iso, named_ends, over_range

AT_ONCE = 4
"""Pieces that are queried side by side."""

MOST = 1_000
"""Pieces into which a range may be cut at first, and pieces that may be halved after that."""

_SHORTEST = TICKS_PER_SECOND  # a piece of this length is not halved any more
_RETRIES = 2  # times that a piece which failed is asked again
_TRANSIENT = (KqlNetworkError, KqlServiceError, KqlThrottledError)
# What services say of a query that asks for too much: less at a time may do.
_TOO_MUCH = re.compile(r"RESULT_SET_TOO_LARGE|RUNAWAY_QUERY|LOW_MEMORY_CONDITION|LimitsExceeded|80DA000[137]")
# Operators whose answer over a range is not the answers over its pieces put together.
_NOT_BY_ROW = frozenset(
    {
        "summarize", "count", "take", "limit", "top", "sort", "order", "distinct", "join", "make-series", "sample",
        "top-nested", "top-hitters", "sample-distinct", "serialize", "scan", "partition", "reduce", "evaluate",
    }
)  # fmt: skip


@dataclass
class _Pieces:
    """The pieces of a range: those still to be asked, and what the others gave."""

    fresh: list[TimeRange]
    again: list[TimeRange] = field(default_factory=list)
    tries: Counter[TimeRange] = field(default_factory=Counter)
    answers: list[tuple[TimeRange, DataSet]] = field(default_factory=list)
    failures: list[tuple[TimeRange, KqlError]] = field(default_factory=list)
    halved: dict[TimeRange, TimeRange] = field(default_factory=dict)  # half -> the piece that it was of
    rows: dict[TimeRange, int] = field(default_factory=dict)  # of the answers that were not complete

    def leave(self, asked: list[TimeRange]) -> None:
        """These are being asked."""
        if asked is self.fresh:
            self.fresh = []
        else:
            self.again = []

    def take(self, piece: TimeRange, outcome: DataSet | KqlError) -> None:
        """Note what was answered for a piece; halve it, or ask again, where that may help.

        Raises:
            KqlError: the query is wrong in every piece, or nobody may run it.
        """
        if _is_too_much(outcome) and self._helps_to_halve(piece, outcome):
            halves = piece.halves()
            self.halved.update(dict.fromkeys(halves, piece))
            self.fresh += halves
        elif isinstance(outcome, DataSet):
            self.answers.append((piece, outcome))
        elif _is_too_much(outcome):
            self.failures.append((piece, outcome))
        elif not isinstance(outcome, _TRANSIENT):
            raise outcome
        elif self.tries[piece] < _RETRIES:
            self.tries[piece] += 1
            self.again.append(piece)
        else:
            self.failures.append((piece, outcome))

    def _helps_to_halve(self, piece: TimeRange, outcome: DataSet | KqlError) -> bool:
        if piece.end - piece.start <= _SHORTEST or len(self.halved) >= 2 * MOST:
            return False
        if not isinstance(outcome, DataSet):
            return True
        rows = self.rows[piece] = sum(table.num_rows for table in outcome.tables)
        # What is cut at a limit has as many rows as the longer piece had, which was cut at the same one. Where it has
        # half of them, rows are missing for another reason, such as a workspace that nobody may read.
        whole = self.rows.get(self.halved[piece]) if piece in self.halved else None
        return whole is None or 2 * rows > whole


def run_split(
    connection: Connection, query: Query, whole: TimeRange, length: int, watch: Watch | None = None
) -> DataSet:
    """The answer of a query over the pieces of a time range, in the order of time.

    Args:
        length: of a piece, in ticks.

    Raises:
        KqlCellError: there would be too many pieces, or the service cannot be told the time range.
        KqlError: as ``run_pieces`` does.
    """
    if syntax.is_command(query.text):
        raise KqlCellError("A management command has no time range to split.", hint="leave -split out")
    pieces, takes = pieces_of(whole, length), connection.service.takes_timespan
    if not takes and len(named_ends(query.text)) < 2:
        # With one end open, each piece would have the rows of all that follow it.
        raise KqlCellError(
            f"{connection.id} takes no time range beside the query: -split cannot cut it.",
            hint="name both ends in the query: | where Timestamp >= _startTime and Timestamp < _endTime",
        )

    def query_of(piece: TimeRange) -> Query:
        return over_range(query, takes, piece, last=piece.end == whole.end)

    return run_pieces(connection, pieces, query_of, watch)


def pieces_of(whole: TimeRange, length: int) -> list[TimeRange]:
    """The pieces of a range, each of a length in ticks.

    Raises:
        KqlCellError: there would be none, or too many.
    """
    count = -(-(whole.end - whole.start) // length)
    if count < 1:
        raise KqlCellError("The time range is empty.", hint="give -timespan a start and an end")
    if count > MOST:
        raise KqlCellError(f"-split would make {count:,} queries; at most {MOST:,} are.", hint="take longer pieces")
    return whole.cut(length)


def run_pieces(
    connection: Connection,
    ranges: list[TimeRange],
    query_of: Callable[[TimeRange], Query],
    watch: Watch | None = None,
) -> DataSet:
    """The answers for pieces of a time range as one, in the order of time.

    A piece that fails after all is a warning, and makes the answer partial.

    Args:
        query_of: the query over a piece, or over a half of one.

    Raises:
        KqlError: the query is wrong, or every piece failed.
    """
    pieces = _Pieces(ranges)
    while asked := pieces.fresh or pieces.again:
        # What failed is asked again alone, once the others are done.
        # The embedded engine runs one at a time: a piece that waits for it must not use up its -timeout.
        at_once = AT_ONCE if pieces.fresh and connection.spec.scheme not in EMBEDDED else 1
        pieces.leave(asked)
        outcomes = run_all([Job(connection, query_of(piece)) for piece in asked], at_once, watch)
        for piece, outcome in zip(asked, outcomes, strict=True):
            pieces.take(piece, outcome)
        if not (pieces.answers or pieces.fresh or pieces.failures) and isinstance(outcomes[0], KqlError):
            raise outcomes[0]  # not one was answered: it is no matter of single pieces
    return _gathered(pieces, query_of(ranges[0]).text)


def _is_too_much(outcome: DataSet | KqlError) -> bool:
    """Whether a shorter piece may be answered where this one was not, or not in full."""
    if isinstance(outcome, DataSet):
        return outcome.partial
    return isinstance(outcome, KqlQueryError) and bool(_TOO_MUCH.search(f"{outcome.code} {outcome.message}"))


def _gathered(pieces: _Pieces, text: str) -> DataSet:
    answers, failures = sorted(pieces.answers, key=itemgetter(0)), sorted(pieces.failures, key=itemgetter(0))
    if not answers:
        raise failures[0][1]
    warnings = [
        f"The rows from {iso(piece.start)} until {iso(piece.end)} are missing: {error.in_one_line()}"
        for piece, error in failures
    ]
    for piece, answer in answers:
        begin = f"From {iso(piece.start)} until {iso(piece.end)}: " if answer.partial else ""
        warnings += [f"{begin}{warning}" for warning in answer.warnings]
    for operator in sorted(_NOT_BY_ROW & syntax.operators(text)):
        warnings.append(f"-split: `{operator}` worked on each piece of the time range by itself, not on the whole.")
    sources = [(str(piece), answer.tables) for piece, answer in answers]
    tables = concatenate_all(sources, None, warnings)
    return DataSet(
        tables,
        visualization=next((answer.visualization for _, answer in answers if answer.visualization), None),
        statistics={str(piece): dict(answer.statistics) for piece, answer in answers if answer.statistics} or None,
        warnings=tuple(dict.fromkeys(warnings)),
        partial=bool(failures) or any(answer.partial for _, answer in answers),
    )
