"""What msticpy hands to its drivers beside a query: names, times and lengths. Imports pandas, and not msticpy."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import pandas as pd

from kqlext.errors import KqlCellError
from kqlext.text import did_you_mean, listing
from kqlext.time_range import TimeRange, parse_length, ticks_of

_OPTIONS = ("timeout", "fail_on_partial", "time_span")
_KNOWN = frozenset(
    {*_OPTIONS, "fail_if_partial", "default_time_params", "args", "start", "end", "progress", "retry_on_error", "debug"}
)
"""Arguments that a query may have; the others than ``_OPTIONS`` are what msticpy hands on to its drivers."""


def check_names(arguments: Mapping[str, Any], source: Any) -> None:
    """Raise for an argument that nobody takes: a parameter that is misspelt would go unseen, with too many rows.

    Args:
        source: the query's definition, with its ``name`` and ``params``; None for a query that has none.

    Raises:
        KqlCellError: there is one.
    """
    parameters = source.params if source is not None else {}
    aliases = {alias for properties in parameters.values() for alias in _texts(properties.get("aliases"))}
    unknown = next((name for name in arguments if name not in _KNOWN | aliases), None)
    if unknown is not None:
        known = [*parameters, *sorted(aliases), *_OPTIONS]
        name = source.name if source is not None else "The query"
        raise KqlCellError(
            f"{name} takes no {unknown}.", hint=did_you_mean(unknown, known) or f"it takes {listing(known)}"
        )


def _texts(written: object) -> list[str]:
    if isinstance(written, str):
        return [written]
    return [str(text) for text in written] if isinstance(written, list) else []


def timespan(arguments: Mapping[str, Any], source: Any) -> str | None:
    """The time range beside the query; None without one, or where it stands in the text only (``start='-3d'``).

    Raises:
        KqlCellError: its ends are no times, and no text has them.
    """
    given = arguments.get("time_span") or {}
    ends = {name: given.get(name) for name in ("start", "end")}
    if None in ends.values():
        return None
    try:
        return str(TimeRange(*(ticks(name, value) for name, value in ends.items())))
    except KqlCellError:
        if source is None:
            raise
        return None


def ticks(name: str, value: object) -> int:
    """A datetime, a text of one, or days from now, in ticks; without a zone it is UTC.

    Raises:
        KqlCellError: it is none.
    """
    try:
        if isinstance(value, int | float) and not isinstance(value, bool):
            return ticks_of(dt.datetime.now(dt.UTC) + dt.timedelta(days=value))
        moment = pd.Timestamp(value)  # type: ignore[arg-type]
        if pd.isna(moment):
            raise ValueError("NaT")
        moment = moment.tz_localize("UTC") if moment.tzinfo is None else moment.tz_convert("UTC")
        nanoseconds = int(moment.as_unit("ns").value)
        # No row is between two ticks: a start there is the one behind, an end the one before.
        return -(-nanoseconds // 100) if name == "start" else nanoseconds // 100
    except (ValueError, TypeError, AttributeError, OverflowError):
        raise KqlCellError(f"{name} is no time: {value!r:.60}.", hint="give a datetime, or 2024-03-11T08:00") from None


def length(split_by: object) -> int:
    """A length of time in ticks: as of ``-split`` (``1d``, ``6h``), in any case, or as pandas writes it (``30min``).

    Raises:
        KqlCellError: it is none, or not above zero.
    """
    with suppress(KqlCellError):
        return parse_length(split_by.lower() if isinstance(split_by, str) else split_by)
    try:
        found = int(pd.Timedelta(split_by).value) // 100  # type: ignore[arg-type]
    except (ValueError, TypeError):
        found = 0
    if found <= 0:
        raise KqlCellError(f"split_query_by={split_by!r:.60} is no length of time.", hint="write 1d, 6h or 30min")
    return found


def stamp(tick: int) -> pd.Timestamp:
    """A moment in ticks, as msticpy takes it."""
    return pd.Timestamp(tick * 100, tz="UTC")
