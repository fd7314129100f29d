"""Queries run in threads of their own while the caller's thread waits, so that an interrupt lands at once.

An interrupt goes on to the services: each query that still runs is cancelled there, and the interrupt is raised again.
Sign-ins ask their user from the caller's thread, before any other thread begins.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future, wait
from dataclasses import dataclass, field, replace
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Protocol

from kqlext.connections.registry import Connection
from kqlext.errors import KqlError, KqlInterrupt, KqlServiceError
from kqlext.services.base import Progress, Query, Response
from kqlext.text import listing

if TYPE_CHECKING:
    from kqlext.decode import DataSet

AT_ONCE = 8
"""Queries of one cell that run side by side."""

GRACE = 5.0
"""Seconds beyond ``-timeout`` that a service has to say itself that a query took too long."""

_TICK = 0.1  # seconds after which a wait looks up: without an end, Windows would not let an interrupt through
_CANCEL_GRACE = 0.1  # seconds that an interrupt waits for the cancellation to be on its way


@dataclass(frozen=True)
class Job:
    """One query for one connection."""

    connection: Connection
    query: Query


class Watch(Protocol):
    """Looks at queries while they run, some ten times a second, in the thread that waits for them."""

    def __call__(self, running: Sequence[Progress], done: int) -> None:
        """Args: running: of those that are not done. done: how many are."""
        ...


@dataclass
class _Task:
    """A job and what became of it."""

    job: Job
    future: Future[DataSet | KqlError] = field(default_factory=Future)
    began: float | None = None
    given_up: KqlError | None = None
    response: Response | None = None

    def stop_reading(self) -> None:
        """Let the thread end that reads the answer: nobody waits for it any more."""
        if self.response is not None and self.response.pieces is not None:
            self.response.pieces.close()

    @property
    def runs(self) -> bool:
        return self.given_up is None and not self.future.done()

    @property
    def is_overdue(self) -> bool:
        limit = self.job.query.timeout
        if not self.runs or limit is None or self.began is None:
            return False
        return time.monotonic() - self.began > limit + GRACE


def run_all(jobs: Sequence[Job], at_once: int = AT_ONCE, watch: Watch | None = None) -> list[DataSet | KqlError]:
    """The answer of each job, or the error that it ended with, in the order of the jobs.

    Args:
        at_once: jobs that run side by side; the others wait.
        watch: is shown how far they are.

    Raises:
        KqlInterrupt: the user gave up; the services were told.
    """
    import kqlext.decode  # noqa: F401 (here, so that no two threads import pyarrow at once)

    tasks = [_Task(job) for job in jobs]
    waiting: SimpleQueue[_Task] = SimpleQueue()
    for task in tasks:
        try:
            task.job.connection.service.authorize()
        except KqlError as error:
            task.future.set_result(error)
        else:
            waiting.put(task)
    for _ in range(min(at_once, waiting.qsize())):
        _start_worker(waiting)
    try:
        _wait(tasks, waiting, watch)
    except KeyboardInterrupt:
        running = [task for task in tasks if not task.future.cancel() and task.runs]
        _cancel(running)
        raise KqlInterrupt(_account(running)) from None
    return [task.given_up or task.future.result() for task in tasks]


def _wait(tasks: Sequence[_Task], waiting: SimpleQueue[_Task], watch: Watch | None) -> None:
    """Wait until every task is done, or was given up because it took longer than its limit."""
    while running := [task for task in tasks if task.runs]:
        wait([task.future for task in running], timeout=_TICK)
        overdue = [task for task in running if task.is_overdue]
        _cancel(overdue)
        for task in overdue:
            task.given_up = _overdue(task.job)
            _start_worker(waiting)  # its own may never come back
        if watch is not None:
            still = [task.job.query.progress for task in tasks if task.runs]
            watch(still, len(tasks) - len(still))


def _overdue(job: Job) -> KqlServiceError:
    assert job.query.timeout is not None
    return KqlServiceError(
        f"kqlext gave the query up: {job.connection.id} did not end it within its {job.query.timeout:g} s.",
        hint="ask for less, or raise -timeout (seconds)",
        request_id=job.query.client_request_id,
    )


def _start_worker(waiting: SimpleQueue[_Task]) -> None:
    threading.Thread(target=_work, args=(waiting,), name="kqlext query", daemon=True).start()


def _work(waiting: SimpleQueue[_Task]) -> None:
    from kqlext.decode import decode, kept

    with contextlib.suppress(Empty):
        while True:
            task = waiting.get_nowait()
            if not task.future.set_running_or_notify_cancel():
                continue
            task.began, query = time.monotonic(), task.job.query
            try:
                response = task.response = task.job.connection.service.execute(query)
                raw: tuple[bytes, ...] = ()
                if query.keep_raw:
                    response, raw = kept(response)
                data_set = decode(response)
                task.future.set_result(replace(data_set, raw=raw) if raw else data_set)
            except KqlError as error:
                query.restore(error)
                task.future.set_result(error)
            except BaseException as error:  # noqa: BLE001 (it is raised in the caller's thread)
                task.future.set_exception(error)
            if task.given_up is not None:
                return  # another worker took this one's place


def _account(tasks: Sequence[_Task]) -> str:
    told = [task.job.connection.id for task in tasks if task.job.connection.service.cancels]
    names = listing(dict.fromkeys(told))
    return f"the query was given up; {names} was told to stop it." if told else "the query was given up."


def _cancel(tasks: Sequence[_Task]) -> None:
    """Tell the services, in threads that nobody waits for longer than a moment, and stop reading."""
    told = [task.job for task in tasks if task.job.connection.service.cancels]
    threads = [threading.Thread(target=_tell, args=(job,), name="kqlext cancel", daemon=True) for job in told]
    for thread in threads:
        thread.start()
    for task in tasks:
        task.stop_reading()
    for thread in threads[:1]:
        thread.join(_CANCEL_GRACE)


def _tell(job: Job) -> None:
    with contextlib.suppress(KqlError):  # it ended meanwhile, or nobody may cancel: there is no one to tell
        job.connection.service.cancel(job.query)
