"""``cache://folder``: answers that were recorded with ``-cache folder``, played back without a service.

What plays them is ``replays``, which knows what was asked; here is the connection.
"""

from __future__ import annotations

from pathlib import Path
from typing import NoReturn

from kqlext.connections.strings import ConnectionSpec
from kqlext.errors import KqlConnectionError, KqlUnsupportedError
from kqlext.services.base import Query, Response, ServiceInfo


class ReplayService:
    """One folder of recordings.

    Attributes:
        folder: where they are.
        connection: ``name@cluster`` of those that are played; None for all.
    """

    cancels = False
    takes_timespan = True
    takes_parameters = False

    def __init__(self, folder: Path, connection: str | None = None) -> None:
        """Raises: KqlConnectionError: there is no such folder."""
        self.folder = folder
        self.connection = connection
        self.info = ServiceInfo("cache", folder.name or "recordings", f"recordings in {folder}")
        self.check()

    def authorize(self) -> None:
        """Nothing: nobody is asked."""

    def execute(self, query: Query) -> NoReturn:
        """Raise: among several connections, or in pieces, nothing is played.

        Raises:
            KqlUnsupportedError: always.
        """
        raise KqlUnsupportedError(
            "Recordings are played one query at a time.",
            hint=f"-use_cache {self.folder} plays what -over and -split gave, with the connections open",
        )

    def cancel(self, query: Query) -> None:
        """Nothing: nothing runs."""

    def check(self) -> Response:
        """An empty answer, where the folder is there."""
        if not self.folder.is_dir():
            raise KqlConnectionError(
                f"There is no folder {self.folder} of recordings.",
                hint="-cache folder records; a path is absolute, or relative to the folder in which the kernel runs",
            )
        return Response("arrow")

    def schema(self) -> NoReturn:
        """Raise: recordings are answers, not tables.

        Raises:
            KqlUnsupportedError: always.
        """
        raise KqlUnsupportedError("Recordings have no schema.", hint=f"%kql --cache_list {self.folder} lists them")

    def close(self) -> None:
        """Nothing is open."""


def open_replay(spec: ConnectionSpec) -> ReplayService:
    """Open ``cache://folder``.

    Raises:
        KqlConnectionError: there is no such folder.
    """
    connection = spec.get("connection")
    return ReplayService(Path(str(spec.get("folder"))).expanduser(), None if connection is None else str(connection))
