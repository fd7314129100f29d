"""The answers of one query from several connections -> one answer, with a column that names the connection."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from kqlext.decode.concatenate import Piece, concatenate
from kqlext.decode.tables import DataSet, Table
from kqlext.errors import KqlError

SOURCE_COLUMN = "Connection"
"""The column that says from which connection a row came: ``name@cluster``."""


def gathered(sources: Sequence[str], outcomes: Sequence[DataSet | KqlError], strict: bool) -> DataSet:
    """One answer: the tables of all sources that gave any, one below the other in the order of the sources.

    A source that failed is a warning, and makes the answer partial; what others warned of begins with their names.

    Args:
        strict: whether a source that failed is an error.

    Raises:
        KqlError: every source failed, or one did and ``strict`` is set: the first one's error, with its name.
    """
    answers: list[tuple[str, DataSet]] = []
    failures: list[tuple[str, KqlError]] = []
    for source, outcome in zip(sources, outcomes, strict=True):
        if isinstance(outcome, DataSet):
            answers.append((source, outcome))
        else:
            failures.append((source, outcome))
    if failures and (strict or not answers):
        raise _failure(failures, len(sources))
    warnings = [f"{source} failed, its rows are missing: {_in_one_line(error)}" for source, error in failures]
    warnings += [f"{source}: {warning}" for source, answer in answers for warning in answer.warnings]
    statistics = {source: dict(answer.statistics) for source, answer in answers if answer.statistics}
    return DataSet(
        tuple(_tables(answers, warnings)),
        visualization=next((answer.visualization for _, answer in answers if answer.visualization), None),
        statistics=statistics or None,
        warnings=tuple(warnings),
        partial=bool(failures) or any(answer.partial for _, answer in answers),
    )


def _tables(answers: Sequence[tuple[str, DataSet]], warnings: list[str]) -> Iterator[Table]:
    """The first tables of all sources as one table, the second ones as one, and so on."""
    for number in range(max(len(answer.tables) for _, answer in answers)):
        pieces = [Piece(source, answer.tables[number]) for source, answer in answers if number < len(answer.tables)]
        yield concatenate(pieces, SOURCE_COLUMN, warnings)


def _failure(failures: Sequence[tuple[str, KqlError]], count: int) -> KqlError:
    """The first error. What all say alike is the query's fault, and no source's."""
    source, error = failures[0]
    others = [other for other in failures[1:] if other[1].message != error.message]
    if len(failures) == count > 1 and not others:
        return error
    if others:
        error.hint = "; ".join(
            [error.hint, *(f"{name} failed too: {_in_one_line(other)}" for name, other in others)]
        ).removeprefix("; ")
    error.source = source
    return error


def _in_one_line(error: KqlError) -> str:
    code = f"{error.code}: " if error.code and not error.message.startswith(error.code) else ""
    hint = f" ({error.hint})" if error.hint else ""
    return " ".join(f"{code}{error.message}{hint}".split())
