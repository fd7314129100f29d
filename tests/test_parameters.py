"""Which tables of a notebook a query may name."""

from __future__ import annotations

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from kqlext.parameters import is_table, notebook_tables

FRAME = pd.DataFrame({"x": [1]})


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (FRAME, True), (pl.DataFrame({"x": [1]}), True), (pa.table({"x": [1]}), True),
        (FRAME.x, False), ([1], False), ("DataFrame", False), (pd.DataFrame, False), (None, False),
    ],
)  # fmt: skip
def test_tables(value: object, expected: bool) -> None:
    assert is_table(value) is expected


QUERIES = [
    ("t | where x > 3", {"t"}),
    ("x | where t > 3", {"t"}),  # a column may be called so too: the engine looks only where a table stands
    ("['my table'] | count", {"my table"}),
    ('union t, ["my table"]', {"t", "my table"}),
    ("T | where a == 't' // t", set()),
    ("database('d').t | count", set()),
    ("t(1)", set()),
    ("print t = 1", set()),
    ("T | join kind=inner t on $left.t == $right.t", {"t"}),
]


@pytest.mark.parametrize(("text", "names"), QUERIES)
def test_tables_that_a_query_names(text: str, names: set[str]) -> None:
    namespace = {"t": FRAME, "my table": FRAME, "other": FRAME, "x": 5}
    assert set(notebook_tables(text, namespace)) == names
