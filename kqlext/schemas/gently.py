"""Long work that leaves room for others: a query that runs meanwhile is not to wait for a schema."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from itertools import count
from typing import TypeVar

Item = TypeVar("Item")

_AT_ONCE = 8  # tables with some forty columns take under a millisecond
_PAUSE = 0.0001  # seconds; another thread that waits for the interpreter gets it, which it would else after 5 ms


def gently(items: Iterable[Item]) -> Iterator[Item]:
    """The items, with a short pause every few of them."""
    for number, item in zip(count(1), items, strict=False):
        yield item
        if number % _AT_ONCE == 0:
            time.sleep(_PAUSE)
