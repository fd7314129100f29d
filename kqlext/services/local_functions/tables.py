"""The tables of all functions and aggregates, by their names. Pure."""

from __future__ import annotations

from kqlext.services.local_functions import (
    addresses,
    aggregates,
    decomposition,
    dynamics,
    encodings,
    geography,
    hashes,
    mended,
    numbers,
    parsing,
    series,
    texts,
    times,
)
from kqlext.services.local_functions.expansion import ALIASES, EXPANDED
from kqlext.services.local_functions.rows import Aggregate, Function
from kqlext.services.local_functions.several import SEVERAL

MODULES = (addresses, decomposition, dynamics, encodings, geography, mended, numbers, parsing, series, texts, times)
FUNCTIONS: dict[str, Function] = {row.name: row for module in MODULES for row in module.FUNCTIONS}
AGGREGATES: dict[str, Aggregate] = {row.name: row for row in aggregates.AGGREGATES}
_HELPERS = (*aggregates.HELPERS, *hashes.HELPERS, *texts.HELPERS, *decomposition.WHOLE, *series.WHOLE)
HELPERS: dict[str, Function] = {row.name: row for row in _HELPERS}
"""Those that only the SQL of others calls."""


def names() -> set[str]:
    """What a query can call of these, whether the engine has it too or not."""
    return {name for name in {*FUNCTIONS, *AGGREGATES, *SEVERAL, *ALIASES, *EXPANDED} if "__" not in name}
