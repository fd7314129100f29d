"""Functions of the engine's that answer otherwise than Kusto, or do not take all of their arguments. Pure.

Source: the pages of these functions in the Kusto Query Language reference.
"""

from __future__ import annotations

from typing import Any

from duckdb_kql.translate import _numeric_bin

from kqlext.services.local_functions import dynamics
from kqlext.services.local_functions.rows import Function, once
from kqlext.services.local_functions.times import bin_of


def _part(text: str, delimiter: str, index: int) -> list[str] | None:
    """One part of a text, in an array; an empty one where there is no such part."""
    parts = text.split(delimiter) if delimiter else [text]
    return [parts[index]] if 0 <= index < len(parts) else []


def _joined(arrays: list[Any]) -> list[Any] | None:
    if not all(isinstance(array, list) for array in arrays):
        return None
    return [item for array in arrays for item in array]


def _sort(descending: bool, place: int) -> Any:
    """Sorts the first of its arguments, and gives the one at a place in the order that this makes."""

    def sort(arguments: list[Any]) -> Any:
        return dynamics.sorted_arrays(arguments, descending)[place]

    return sort


# What is no JSON is a text.
_PARSE = once(
    "{0}",
    "_j",
    "CASE WHEN typeof(_j) = 'VARCHAR' AND CAST(_j AS VARCHAR) <> '' "
    "THEN coalesce(TRY_CAST(_j AS JSON), to_json(CAST(_j AS VARCHAR))) ELSE TRY_CAST(_j AS JSON) END",
)

_MOST_ARRAYS = 8

FUNCTIONS = (
    *(Function(name, "any", _PARSE, returns="dynamic") for name in ("parse_json", "todynamic")),
    Function("split", "text text", "to_json(str_split({0}, {1}))", returns="dynamic", counts=(2,)),
    Function("split__part", "text text long", python=_part, returns="dynamic"),
    Function("array_concat", "dynamic*", python=_joined, returns="dynamic"),
    Function("array_sort_asc", "dynamic*", python=_sort(False, 0), returns="dynamic"),
    Function("array_sort_desc", "dynamic*", python=_sort(True, 0), returns="dynamic"),
    *(
        Function(f"array_sort_{order}__{place}", "dynamic*", python=_sort(order == "desc", place), returns="dynamic")
        for order in ("asc", "desc")
        for place in range(_MOST_ARRAYS)
    ),
    # Numbers: as the engine bins them, from the fixed point on.
    Function("bin_at", "any any any", "(" + _numeric_bin("({0} - {2})", "{1}") + " + {2})"),
)

TEMPORAL = {
    "bin": Function("bin", "any any", bin_of("{0}", "{1}")),
    "floor": Function("floor", "any any", bin_of("{0}", "{1}")),
    "bin_at": Function("bin_at", "any any any", bin_of("{0}", "{1}", "{2}")),
}
"""Those of a datetime or a timespan, where the size of a bin is a timespan."""
