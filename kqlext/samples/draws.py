"""Draws from seeded generators, and times as microseconds since 1970."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, TypeAlias

import numpy as np

Numbers: TypeAlias = "np.ndarray[Any, Any]"
Random: TypeAlias = np.random.RandomState  # its stream is frozen across numpy versions

SECOND = 1_000_000
MINUTE, HOUR, DAY = 60 * SECOND, 3600 * SECOND, 86_400 * SECOND


def moment(text: str) -> int:
    return int(np.datetime64(text, "us").astype(np.int64))


def below(random: Random, bound: Any, count: int) -> Numbers:
    """Whole numbers from 0 below `bound`, which may differ by row; one double each, on every platform."""
    numbers: Numbers = (random.random_sample(count) * bound).astype(np.int64)
    return numbers


def weighted(random: Random, weights: Sequence[float] | Numbers, count: int) -> Numbers:
    """Positions in `weights`; with a row of weights for every draw, one position in each."""
    sums = np.cumsum(np.asarray(weights, np.float64), axis=-1)
    chance = random.random_sample(count) * sums[..., -1]
    if sums.ndim == 1:
        return np.searchsorted(sums, chance, "right")
    positions: Numbers = (sums <= chance[:, None]).sum(axis=1)
    return positions


WEEK_START = moment("2024-03-11")
WEEK_END = WEEK_START + 7 * DAY
# Weights of the seven days, of the 24 hours.
PATTERNS: Mapping[str, tuple[tuple[float, ...], tuple[float, ...]]] = MappingProxyType({
    "office": ((10, 11, 11, 10, 9, 0.6, 0.4),
               (0.1, 0, 0, 0, 0, 0.1, 0.5, 3, 9, 12, 11, 9, 6, 9, 11, 10, 8, 5, 2, 1, 0.7, 0.5, 0.3, 0.2)),
    "night": ((1,) * 7, (0, 9, 3) + (0,) * 21),
    "always": ((1,) * 7, (1,) * 24),
})  # fmt: skip


def work_times(random: Random, pattern: str, count: int) -> Numbers:
    days, hours = PATTERNS[pattern]
    times = WEEK_START + below(random, HOUR, count)
    times += weighted(random, days, count) * DAY + weighted(random, hours, count) * HOUR
    return times


def rows_of(dtype: np.dtype[Any], count: int, **fields: Any) -> Numbers:
    rows = np.zeros(count, dtype)
    for name, value in fields.items():
        rows[name] = value
    return rows
