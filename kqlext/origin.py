"""Where a result came from."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kqlext.text import age_text

if TYPE_CHECKING:
    from kqlext.links import Linked


@dataclass(frozen=True)
class Origin:
    """Where a result came from, for captions.

    Attributes:
        connection: ``name@cluster``.
        query: the KQL as it was written, ``sent`` with the values that it took.
        elapsed: seconds that it took, from ``started`` on, in seconds since 1970.
        client_request_id: under which the service logs it.
        recorded: when it was recorded, where it was played back.
        linked: what a link to the query is made of.
    """

    connection: str
    query: str
    elapsed: float
    client_request_id: str | None = None
    sent: str = ""
    started: float = 0.0
    recorded: dt.datetime | None = None
    linked: Linked | None = None

    @property
    def shown(self) -> str:
        """``Samples@help``; of a recorded answer with its time and its age."""
        if self.recorded is None:
            return self.connection
        age = dt.datetime.now(dt.UTC) - self.recorded
        return f"{self.connection}, recorded {self.recorded:%Y-%m-%d %H:%M} UTC, {age_text(age.total_seconds())}"
