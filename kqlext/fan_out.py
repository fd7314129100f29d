"""The answers of one query from several connections -> one answer, with a column that names the connection."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from kqlext.connections.registry import Connection
from kqlext.decode.concatenate import concatenate_all
from kqlext.decode.tables import DataSet
from kqlext.errors import KqlCellError, KqlError
from kqlext.execution import Job, Watch, run_all
from kqlext.services.base import Query

SOURCE_COLUMN = "Connection"
"""The column that says from which connection a row came: ``name@cluster``."""


def run_over(
    connections: Sequence[Connection],
    queries: Sequence[Query],
    strict: bool,
    watch: Watch | None = None,
    explained: Callable[[Connection, Query, KqlError], KqlError] | None = None,
) -> DataSet:
    """The answer of a query from several connections, which are asked side by side.

    Args:
        queries: one for each connection.
        explained: gives the error that is raised with what else is known of it.

    Raises:
        KqlCellError: a connection stands twice.
        KqlError: as ``gathered`` does.
    """
    names = [connection.id for connection in connections]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise KqlCellError(f"-over names {twice} twice.", hint="its rows would be there twice: name it once")
    jobs = dict(zip(names, map(Job, connections, queries), strict=True))
    outcomes = run_all(list(jobs.values()), watch=watch)

    def of_source(name: str, error: KqlError) -> KqlError:
        return error if explained is None else explained(jobs[name].connection, jobs[name].query, error)

    return gathered(names, outcomes, strict, of_source)


def gathered(
    sources: Sequence[str],
    outcomes: Sequence[DataSet | KqlError],
    strict: bool,
    explained: Callable[[str, KqlError], KqlError] | None = None,
) -> DataSet:
    """One answer: the tables of all sources that gave any, one below the other in the order of the sources.

    A source that failed is a warning, and makes the answer partial; what others warned of begins with their names.

    Args:
        strict: whether a source that failed is an error.
        explained: gives the error of a source with what else is known of it.

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
        raise _failure(failures, len(sources), explained)
    warnings = [f"{source} failed, its rows are missing: {error.in_one_line()}" for source, error in failures]
    warnings += [f"{source}: {warning}" for source, answer in answers for warning in answer.warnings]
    statistics = {source: dict(answer.statistics) for source, answer in answers if answer.statistics}
    return DataSet(
        concatenate_all([(source, answer.tables) for source, answer in answers], SOURCE_COLUMN, warnings),
        visualization=next((answer.visualization for _, answer in answers if answer.visualization), None),
        statistics=statistics or None,
        warnings=tuple(warnings),
        partial=bool(failures) or any(answer.partial for _, answer in answers),
    )


def _failure(
    failures: Sequence[tuple[str, KqlError]], count: int, explained: Callable[[str, KqlError], KqlError] | None
) -> KqlError:
    """The first error. What all say alike is the query's fault, and no source's."""
    source, error = failures[0]
    others = [other for other in failures[1:] if other[1].message != error.message]
    if explained is not None:
        error = explained(source, error)
    if len(failures) == count > 1 and not others:
        return error
    if others:
        error.hint = "; ".join(
            [error.hint, *(f"{name} failed too: {other.in_one_line()}" for name, other in others)]
        ).removeprefix("; ")
    error.source = source
    return error
