"""Dynamic values: JSON in a string becomes what it says, each by itself, whatever stands beside it."""

from __future__ import annotations

import gc
from typing import Any

import orjson
import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kqlext.decode.columns import column_of
from kqlext.decode.dynamic import DynamicValues, json_value
from kqlext.decode.wire import collector_off


def values_of(texts: list[str | None]) -> Any:
    """What the column of an answer makes of them."""
    data = column_of("x", "dynamic", texts, []).data
    assert isinstance(data, DynamicValues)
    return data.values


def each_by_itself(texts: list[str | None]) -> list[Any]:
    return [json_value(text) if text is not None and text[:1] in ("{", "[") else text for text in texts]


PIECES = ["{", "}", "[", "]", '{"a":1}', "[1,2]", '{"a":1},{"b":2}', "[1", "[2]]", '"', ",", "[]", '[{"x":null}]', "1"]


@given(st.lists(st.none() | st.sampled_from(PIECES) | st.lists(st.sampled_from(PIECES)).map("".join), min_size=1))
@example(['{"a":1}', "[2]", "{}"])
@example(['{"a":1},{"b":2}', "[1", "[2]]"])  # three texts that are three values only together
@example(["[1],[2]", "[3", "]"])
@example(['{"a":[', "]}"])
def test_texts_side_by_side_are_read_each_by_itself(texts: list[str | None]) -> None:
    assert values_of(texts) == each_by_itself(texts)


@pytest.mark.parametrize(
    ("texts", "values"),
    [
        (['{"a":1}', "[1,2]"], [{"a": 1}, [1, 2]]),
        (['{"a":1}', None, "[1]"], [{"a": 1}, None, [1]]),
        (['{"a":1}', "plain", "5", "", "null"], [{"a": 1}, "plain", "5", "", "null"]),
        (["{broken", '{"a":1}'], ["{broken", {"a": 1}]),
        (['{"é":"ü😀"}', '["\\u0041\\n"]'], [{"é": "ü😀"}, ["A\n"]]),
    ],
)
def test_json_in_strings(texts: list[str | None], values: list[Any]) -> None:
    assert values_of(texts) == values


def test_every_value_is_an_object_of_its_own() -> None:
    first, second = values_of(['{"a":[1]}'] * 2)
    first["a"].append(2)
    assert second == {"a": [1]}


def test_many_pieces_stay_in_order() -> None:
    texts = [orjson.dumps({"n": n}).decode() for n in range(20_000)]
    values = values_of(texts)
    assert [value["n"] for value in values] == list(range(20_000))


def test_a_slice_of_texts_from_elsewhere() -> None:
    whole = pa.array(['{"a":0}', '{"a":1}', '{"a":2}'])
    assert DynamicValues(pieces=[whole.slice(1, 2)], documents=True).values == [{"a": 1}, {"a": 2}]


def test_the_collector_is_as_it_was() -> None:
    class Node:
        pass

    with collector_off():
        assert not gc.isenabled()
        with collector_off():
            pass
        assert not gc.isenabled()
    assert gc.isenabled()
    gc.collect()
    gc.freeze()
    frozen = gc.get_freeze_count()
    try:
        with collector_off():
            kept = [{"a": [n]} for n in range(1_000)]
        assert gc.get_freeze_count() == frozen, "what somebody froze stays frozen, and nothing is added"
    finally:
        gc.unfreeze()
    assert len(kept) == 1_000
    with collector_off():
        node = Node()
        node.self = node  # type: ignore[attr-defined]
        del node
    assert gc.get_freeze_count() == 0
    assert gc.collect() >= 1, "garbage that was made meanwhile is still collected"
