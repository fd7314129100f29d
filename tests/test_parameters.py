"""Which tables of a notebook a query may name."""

from __future__ import annotations

import datetime as dt

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from kqlext.errors import KqlCellError
from kqlext.parameters import is_table, iso_timespan, notebook_tables

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


DAY = dt.datetime(2024, 1, 1)
BERLIN = dt.timezone(dt.timedelta(hours=1))
TIMESPANS: list[tuple[object, str | None]] = [
    (None, None),
    ("P1D", "P1D"),
    ("PT6H30M", "PT6H30M"),
    ("7d", "P7D"),
    ("24h", "PT24H"),
    ("90m", "PT90M"),
    ("10s", "PT10S"),
    ("2024-01-01/2024-01-02T10:00:00Z", "2024-01-01/2024-01-02T10:00:00Z"),
    ("2024-01-01T00:00:00Z/P1D", "2024-01-01T00:00:00Z/P1D"),
    (dt.timedelta(days=1), "P1D"),
    (dt.timedelta(hours=36, milliseconds=5), "P1DT43200.005S"),
    ((DAY, dt.datetime(2024, 1, 2, 1, tzinfo=BERLIN)), "2024-01-01T00:00:00Z/2024-01-02T00:00:00Z"),
    ([dt.date(2024, 1, 1), "2024-01-02"], "2024-01-01/2024-01-02"),
    ((DAY, dt.timedelta(hours=1)), "2024-01-01T00:00:00Z/P0DT3600S"),
    ((pd.Timestamp("2024-01-01", tz="UTC"), pd.Timedelta("1h")), "2024-01-01T00:00:00Z/P0DT3600S"),
]


@pytest.mark.parametrize(("value", "text"), TIMESPANS)
def test_timespans(value: object, text: str | None) -> None:
    assert iso_timespan(value) == text


@pytest.mark.parametrize(
    "value",
    ["yesterday", "P", "PT", 5, (DAY,), (DAY, 5), (DAY, DAY - dt.timedelta(1)), dt.timedelta(0), "0d", "1 d", "1w",
     ("P1D", "P1D"),
     (pd.NaT, pd.NaT), (DAY, pd.NaT), (pd.NaT, DAY), pd.NaT, (DAY, dt.timedelta(-1))],
)  # fmt: skip
def test_what_is_no_timespan(value: object) -> None:
    with pytest.raises(KqlCellError) as caught:
        iso_timespan(value)
    assert caught.value.message.startswith("-timespan ")
