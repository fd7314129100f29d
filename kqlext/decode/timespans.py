"""Timespans: ``[-][d.]hh:mm:ss[.fffffff]`` or ticks of 100 ns -> Arrow durations."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from kqlext.decode.pieces import joined

TICKS_PER_SECOND = 10_000_000
_NS_TICKS = (2**63 - 1) // 100  # the most ticks that nanoseconds in 64 bits can count
_TIMESPAN = re.compile(r"(-)?(?:(\d+)\.)?(\d{1,2}):(\d{2}):(\d{2})(?:\.(\d{1,7}))?")

# What is read for many rows at once: as Kusto writes it, up to so many days that nanoseconds reach them. Or nothing.
_SHORT = r"^(-?(\d{1,5}\.)?\d{2}:\d{2}:\d{2}(\.\d{1,7})?)?$"
_SLICE = 32_768  # rows for which intermediate arrays stay in the processor's cache


class NotOfTypeError(ValueError):
    """A value on the wire is none of its column's type."""


def parse_timespan(text: str) -> int:
    """The ticks (100 ns) of ``[-][d.]hh:mm:ss[.fffffff]``.

    Raises:
        NotOfTypeError: the text is no timespan.
    """
    match = _TIMESPAN.fullmatch(text)
    if match is None:
        raise NotOfTypeError(f"{text!r} is no timespan")
    sign, days, hours, minutes, seconds, fraction = match.groups()
    whole = ((int(days or 0) * 24 + int(hours)) * 60 + int(minutes)) * 60 + int(seconds)
    ticks = whole * TICKS_PER_SECOND + int((fraction or "").ljust(7, "0"))
    return -ticks if sign else ticks


def format_timespan(ticks: int) -> str:
    """``[-][d.]hh:mm:ss[.fffffff]``, as Kusto writes it."""
    seconds, fraction = divmod(abs(ticks), TICKS_PER_SECOND)
    days, seconds = divmod(seconds, 86_400)
    clock = f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    text = (f"{days}." if days else "") + clock + (f".{fraction:07}" if fraction else "")
    return "-" + text if ticks < 0 else text


def whole_number(value: Any) -> int | None:
    """An integer of a wire value that may be text or a float.

    Raises:
        NotOfTypeError: it has a fraction.
        ValueError: it is no number.
    """
    if value is None or value == "":
        return None
    if isinstance(value, float) and not value.is_integer():
        raise NotOfTypeError(f"{value} is no whole number")
    return int(value)


def durations(ticks: Sequence[int | None], warnings: list[str]) -> Any:
    """Ticks as Arrow durations: nanoseconds, or microseconds where those do not reach."""
    known = [tick for tick in ticks if tick is not None]
    if not known or (-_NS_TICKS <= min(known) and max(known) <= _NS_TICKS):
        return pa.array([None if tick is None else tick * 100 for tick in ticks], pa.duration("ns"))
    if any(tick % 10 for tick in known):
        warnings.append("is held in microseconds, since it goes beyond 292 years: a seventh digit is cut")
    return pa.array([None if tick is None else tick // 10 for tick in ticks], pa.duration("us"))


def read_timespans(values: Sequence[Any], warnings: list[str]) -> Any:
    """Durations of wire values: texts, ticks, None. Raises ValueError where a value is none."""
    known: dict[Any, int | None] = {None: None, "": None}
    ticks: list[int | None] = []
    for value in values:
        if value not in known:
            known[value] = parse_timespan(value) if isinstance(value, str) else whole_number(value)
        ticks.append(known[value])
    return durations(ticks, warnings)


def unpack_timespans(texts: Any, warnings: list[str]) -> Any:
    """The same of an Arrow string array."""
    if isinstance(texts, pa.ChunkedArray) or pc.any(pc.invert(pc.match_substring_regex(texts, _SHORT))).as_py():
        return read_timespans(texts.to_pylist(), warnings)
    return joined([_short(texts.slice(start, _SLICE)) for start in range(0, max(1, len(texts)), _SLICE)])


def _short(texts: Any) -> Any:
    """Durations of texts of the short form, digit by digit, each digit for all rows at once."""
    _, offsets, characters = texts.buffers()
    if characters is None or not characters.size:
        return pa.nulls(len(texts), pa.duration("ns"))
    data = np.frombuffer(characters, np.uint8)
    bounds = np.frombuffer(offsets, np.int32)[texts.offset : texts.offset + len(texts) + 1]
    start, end = bounds[:-1], bounds[1:]
    colon = start + pc.fill_null(pc.find_substring(texts, ":"), 0).to_numpy()

    def digit(place: Any) -> Any:
        """The digit at a place of each row; 0 where the row has none there."""
        value = np.take(data, place, mode="clip").astype(np.int64) - 48
        return np.where((place >= start) & (place < end) & (value >= 0) & (value <= 9), value, 0)

    days = sum(digit(colon - 4 - power) * 10**power for power in range(5))
    hours, minutes, seconds = (digit(colon + at) * 10 + digit(colon + at + 1) for at in (-2, 1, 4))
    fraction = sum(digit(colon + 7 + place) * 10 ** (6 - place) for place in range(7))
    ticks = (((days * 24 + hours) * 60 + minutes) * 60 + seconds) * TICKS_PER_SECOND + fraction
    negative = np.take(data, start, mode="clip") == ord("-")
    nanoseconds = pa.array(np.where(negative, -ticks, ticks) * 100, pa.int64(), mask=start == end)
    return nanoseconds.cast(pa.duration("ns"))
