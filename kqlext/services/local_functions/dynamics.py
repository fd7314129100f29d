"""Arrays, sets and property bags. Pure.

Source: the pages of these functions in the Kusto Query Language reference ("Dynamic/array functions").
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterable
from typing import Any

from kqlext.services.local_functions.rows import Function

Bag = dict[str, Any]


def _same(value: Any) -> str:
    """What tells a value from others: 1 is not true, and 1.0 not 1."""
    return json.dumps(value, sort_keys=True)


# --- arrays --------------------------------------------------------------------------------------------------


def _choice(conditions: Any, when_true: Any, when_false: Any) -> list[Any] | None:
    if not isinstance(conditions, list):
        return None

    def pick(index: int, condition: Any) -> Any:
        if not isinstance(condition, (bool, int, float)):
            return None
        chosen = when_true if condition else when_false
        if not isinstance(chosen, list):
            return chosen
        return chosen[index] if index < len(chosen) else None

    return [pick(index, condition) for index, condition in enumerate(conditions)]


def _sum(array: Any) -> float | None:
    """The sum of an array of numbers alone; of nulls beside them, that of the others."""
    numbers = [item for item in array if item is not None] if isinstance(array, list) else []
    if not numbers or not all(isinstance(item, (int, float)) and not isinstance(item, bool) for item in numbers):
        return None
    return float(sum(numbers))


def _rotated(array: Any, count: int) -> list[Any] | None:
    if not isinstance(array, list):
        return None
    at = count % len(array) if array else 0
    return array[at:] + array[:at]


def _shifted(array: Any, count: int, filler: Any) -> list[Any] | None:
    if not isinstance(array, list):
        return None
    if filler is None and array and all(isinstance(item, str) for item in array):
        filler = ""
    empty = [filler] * min(abs(count), len(array))
    return array[count:] + empty if count >= 0 else empty + array[: max(len(array) + count, 0)]


def _parts(array: Any, indices: Any) -> list[Any] | None:
    if not isinstance(array, list):
        return None
    places = indices if isinstance(indices, list) else [indices]
    if not all(isinstance(place, int) for place in places):
        return None
    size = len(array)
    bounds = [0, *(min(max(place + size if place < 0 else place, 0), size) for place in places), size]
    return [array[start:end] for start, end in itertools.pairwise(bounds)]


def _sort_key(value: Any) -> tuple[int, Any]:
    """Numbers before texts before all else, as Kusto sorts them."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return 0, value
    return (1, value) if isinstance(value, str) else (2, json.dumps(value, sort_keys=True))


def sorted_arrays(arguments: list[Any], descending: bool) -> list[Any]:
    """The first array sorted, and the others in its order; the last argument may say whether nulls are last."""
    nulls_last = arguments.pop() if len(arguments) > 1 and isinstance(arguments[-1], bool) else True
    first = arguments[0] if isinstance(arguments[0], list) else None
    if first is None:
        return [None] * len(arguments)
    values = [index for index, item in enumerate(first) if item is not None]
    values.sort(key=lambda index: _sort_key(first[index]), reverse=descending)
    nulls = [index for index, item in enumerate(first) if item is None]
    order = values + nulls if nulls_last else nulls + values
    return [
        [array[index] for index in order] if isinstance(array, list) and len(array) == len(first) else None
        for array in arguments
    ]


# --- sets ----------------------------------------------------------------------------------------------------


def _distinct(values: Iterable[Any]) -> dict[str, Any]:
    return {_same(value): value for value in values}


def _union(arrays: list[Any]) -> list[Any] | None:
    if not all(isinstance(array, list) for array in arrays):
        return None
    return list(_distinct(item for array in arrays for item in array).values())


def _intersection(arrays: list[Any]) -> list[Any] | None:
    if not all(isinstance(array, list) for array in arrays):
        return None
    others = [set(_distinct(array)) for array in arrays[1:]]
    return [value for key, value in _distinct(arrays[0]).items() if all(key in other for other in others)]


def _difference(arrays: list[Any]) -> list[Any] | None:
    if not all(isinstance(array, list) for array in arrays):
        return None
    others = {key for array in arrays[1:] for key in _distinct(array)}
    return [value for key, value in _distinct(arrays[0]).items() if key not in others]


def _jaccard(one: Any, other: Any) -> float | None:
    if not isinstance(one, list) or not isinstance(other, list):
        return None
    first, second = set(_distinct(one)), set(_distinct(other))
    union = first | second
    return len(first & second) / len(union) if union else float("nan")


def _equal_sets(one: Any, other: Any) -> bool | None:
    if not isinstance(one, list) or not isinstance(other, list):
        return None
    return set(_distinct(one)) == set(_distinct(other))


# --- bags ----------------------------------------------------------------------------------------------------

_STEP = re.compile(r"""\.(\w+)|\['([^']*)'\]|\["([^"]*)"\]""")


def _path(key: str) -> list[str]:
    """The keys that a JSON path leads through, or the key itself where it is none. Indices are not among them."""
    if not key.startswith("$"):
        return [key]
    steps, end = [], 1
    while match := _STEP.match(key, end):
        steps.append(next(group for group in match.groups() if group is not None))
        end = match.end()
    return steps if steps and end == len(key) else [key]


def _has_key(bag: Any, key: str) -> bool | None:
    if not isinstance(bag, dict):
        return None
    for step in _path(key):
        if not isinstance(bag, dict) or step not in bag:
            return False
        bag = bag[step]
    return True


def _without(bag: Any, keys: Any) -> Bag | None:
    if not isinstance(bag, dict) or not isinstance(keys, list):
        return None
    for key in keys:
        if isinstance(key, str):
            _remove(bag, _path(key))
    return bag


def _remove(bag: Any, path: list[str]) -> None:
    for step in path[:-1]:
        bag = bag.get(step) if isinstance(bag, dict) else None
    if isinstance(bag, dict):
        bag.pop(path[-1], None)


def _with(bag: Any, key: str, value: Any) -> Bag | None:
    if not isinstance(bag, dict):
        return None
    path, inner = _path(key), bag
    for step in path[:-1]:
        if not isinstance(inner.get(step), dict):
            inner[step] = {}
        inner = inner[step]
    inner[path[-1]] = value
    return bag


def merged(bags: Iterable[Any]) -> Bag:
    """All properties of several bags; the first that has a key keeps it. What is no bag is left out."""
    result: Bag = {}
    for bag in bags:
        if isinstance(bag, dict):
            result = (
                {**bag, **result} if not result else {**result, **{k: v for k, v in bag.items() if k not in result}}
            )
    return result


def _zipped(keys: Any, values: Any) -> Bag | None:
    if not isinstance(keys, list) or not isinstance(values, list):
        return None
    filled = [*values, *[None] * (len(keys) - len(values))]
    return {key: value for key, value in zip(keys, filled, strict=False) if isinstance(key, str)}


def _keys(bag: Any) -> list[str] | None:
    return list(bag) if isinstance(bag, dict) else None


def _without_empty(bag: Any) -> Bag | None:
    return {key: value for key, value in bag.items() if value not in (None, "")} if isinstance(bag, dict) else None


def _at(value: Any, keys: list[Any]) -> Any:
    for key in keys:
        try:
            value = value[key]
        except (KeyError, IndexError, TypeError):
            return None
    return value


def _place(array: Any, wanted: Any, start: int | None, length: int | None, occurrence: int | None) -> int | None:
    """The place of a value in an array, or -1."""
    if not isinstance(array, list) or (occurrence or 0) < 0 or (length or 0) < -1:
        return None
    begin = max(len(array) + start, 0) if start is not None and start < 0 else start or 0
    end = len(array) if length is None or length < 0 else min(begin + length, len(array))
    found = [index for index in range(begin, end) if _same(array[index]) == _same(wanted)]
    count = 1 if occurrence is None else occurrence
    return found[count - 1] if 0 < count <= len(found) else -1


FUNCTIONS = (
    *(
        Function(name, "dynamic dynamic dynamic", python=_choice, returns="dynamic")
        for name in ("array_iff", "array_iif")
    ),
    Function("array_sum", "dynamic", python=_sum, returns="real"),
    Function("array_rotate_left", "dynamic long", python=_rotated, returns="dynamic"),
    Function("array_rotate_right", "dynamic long", python=lambda a, n: _rotated(a, -n), returns="dynamic"),
    Function("array_shift_left", "dynamic long dynamic?", python=_shifted, returns="dynamic"),
    Function(
        "array_shift_right", "dynamic long dynamic?", python=lambda a, n, d: _shifted(a, -n, d), returns="dynamic"
    ),
    Function("array_split", "dynamic dynamic", python=_parts, returns="dynamic"),
    Function("array_index_of", "dynamic dynamic long? long? long?", python=_place, returns="long"),
    Function("set_union", "dynamic*", python=_union, returns="dynamic"),
    Function("set_intersect", "dynamic*", python=_intersection, returns="dynamic"),
    Function("set_difference", "dynamic*", python=_difference, returns="dynamic"),
    Function("set_equals", "dynamic dynamic", python=_equal_sets, returns="bool"),
    Function("jaccard_index", "dynamic dynamic", python=_jaccard, returns="real"),
    Function("bag_keys", "dynamic", python=_keys, returns="dynamic"),
    Function("bag_has_key", "dynamic text", python=_has_key, returns="bool"),
    Function("bag_merge", "dynamic*", python=merged, returns="dynamic"),
    Function("bag_remove_keys", "dynamic dynamic", python=_without, returns="dynamic"),
    Function("bag_set_key", "dynamic text dynamic", python=_with, returns="dynamic"),
    Function("bag__without_empty", "dynamic", python=_without_empty, returns="dynamic"),
    Function("bag__at", "dynamic dynamic", python=_at, returns="dynamic"),
    Function("bag_zip", "dynamic dynamic", python=_zipped, returns="dynamic"),
    Function("dynamic_to_json", "dynamic", "CAST({0} AS VARCHAR)"),
)
