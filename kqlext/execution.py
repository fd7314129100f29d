"""Queries run in threads of their own while the caller's thread waits, so that an interrupt lands at once.

An interrupt goes on to the services: each query that still runs is cancelled there, and the interrupt is raised again.
Sign-ins ask their user from the caller's thread, before any other thread begins.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Sequence
from concurrent.futures import Future, wait
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING

from kqlext.connections.registry import Connection
from kqlext.errors import KqlError, KqlInterrupt
from kqlext.services.base import Query
from kqlext.text import listing

if TYPE_CHECKING:
    from kqlext.decode import DataSet

AT_ONCE = 8
"""Queries of one cell that run side by side."""

_TICK = 0.1  # seconds after which a wait looks up: without an end, Windows would not let an interrupt through
_CANCEL_GRACE = 0.1  # seconds that an interrupt waits for the cancellation to be on its way


@dataclass(frozen=True)
class Job:
    """One query for one connection."""

    connection: Connection
    query: Query


_Task = tuple[Job, "Future[DataSet | KqlError]"]


def run_all(jobs: Sequence[Job], at_once: int = AT_ONCE) -> list[DataSet | KqlError]:
    """The answer of each job, or the error that it ended with, in the order of the jobs.

    Args:
        at_once: jobs that run side by side; the others wait.

    Raises:
        KqlInterrupt: the user gave up; the services were told.
    """
    import kqlext.decode  # noqa: F401 (here, so that no two threads import pyarrow at once)

    tasks: list[_Task] = [(job, Future()) for job in jobs]
    waiting: SimpleQueue[_Task] = SimpleQueue()
    for job, future in tasks:
        try:
            job.connection.service.authorize()
        except KqlError as error:
            future.set_result(error)
        else:
            waiting.put((job, future))
    for _ in range(min(at_once, waiting.qsize())):
        threading.Thread(target=_work, args=(waiting,), name="kqlext query", daemon=True).start()
    try:
        while wait([future for _, future in tasks], timeout=_TICK).not_done:
            pass
    except KeyboardInterrupt:
        running = [job for job, future in tasks if not future.cancel() and not future.done()]
        _cancel(running)
        raise KqlInterrupt(_account(running)) from None
    return [future.result() for _, future in tasks]


def _work(waiting: SimpleQueue[_Task]) -> None:
    from kqlext.decode import decode

    with contextlib.suppress(Empty):
        while True:
            job, future = waiting.get_nowait()
            if not future.set_running_or_notify_cancel():
                continue
            try:
                future.set_result(decode(job.connection.service.execute(job.query)))
            except KqlError as error:
                job.query.restore(error)
                future.set_result(error)
            except BaseException as error:  # noqa: BLE001 (it is raised in the caller's thread)
                future.set_exception(error)


def _account(jobs: Sequence[Job]) -> str:
    told = [job.connection.id for job in jobs if job.connection.service.cancels]
    return f"the query was given up; {listing(told)} was told to stop it." if told else "the query was given up."


def _cancel(jobs: Sequence[Job]) -> None:
    """Tell the services, in threads that nobody waits for longer than a moment."""
    threads = [
        threading.Thread(target=_tell, args=(job,), name="kqlext cancel", daemon=True)
        for job in jobs
        if job.connection.service.cancels
    ]
    for thread in threads:
        thread.start()
    for thread in threads[:1]:
        thread.join(_CANCEL_GRACE)


def _tell(job: Job) -> None:
    with contextlib.suppress(KqlError):  # it ended meanwhile, or nobody may cancel: there is no one to tell
        job.connection.service.cancel(job.query)
