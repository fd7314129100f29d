"""Python values as KQL literals, and back through the embedded engine: the same value, or an error that says why."""

from __future__ import annotations

import collections
import datetime as dt
import enum
import math
import subprocess
import sys
import uuid
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import numpy as np
import orjson
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kqlext import syntax
from kqlext.decode import decode
from kqlext.errors import KqlConversionError
from kqlext.literals import Literal, literal
from kqlext.services.base import Query, Service
from kqlext.session import Session

BERLIN = dt.timezone(dt.timedelta(hours=1))


class Colour(enum.Enum):
    RED = "red"
    NUMBER = 5


class Level(enum.IntEnum):
    HIGH = 3


LITERALS: list[tuple[object, str]] = [
    (True, "true"), (False, "false"), (np.bool_(True), "true"),
    (5, "long(5)"), (-5, "long(-5)"), (2**63 - 1, "long(9223372036854775807)"),
    (-(2**63), "long(-9223372036854775808)"),
    (2**63, "decimal(9223372036854775808.0)"), (np.uint64(2**64 - 1), "decimal(18446744073709551615.0)"),
    (-(10**33), "decimal(-1000000000000000000000000000000000.0)"), (np.int8(-7), "long(-7)"), (Level.HIGH, "long(3)"),
    (1.5, "real(1.5)"), (1e-7, "real(1e-07)"), (-0.0, "real(-0.0)"), (math.nan, "real(nan)"),
    (math.inf, "real(+inf)"),
    (-math.inf, "real(-inf)"), (np.float64(0.1), "real(0.1)"), (np.float32(0.5), "real(0.5)"),
    (np.float16(0.5), "real(0.5)"),
    (Decimal("1.50"), "decimal(1.50)"), (Decimal("1E+3"), "decimal(1000.0)"), (Decimal("-1E-3"), "decimal(-0.001)"),
    ("it's \"q\" \\ \n\t\r", r'"it' + "'" + r's \"q\" \\ \n\t\r"'), ("", '""'), ("é😀", '"é😀"'), (np.str_("x"), '"x"'),
    ("\x00\u2028\x85", r'"\u0000\u2028\u0085"'), ("{x} // | ;", '"{x} // | ;"'), (Colour.RED, '"red"'),
    (None, "dynamic(null)"), (pd.NA, "dynamic(null)"), (pd.NaT, "datetime(null)"),
    (np.datetime64("NaT"), "datetime(null)"), (np.timedelta64("NaT"), "timespan(null)"),
    (dt.datetime(2024, 1, 2, 3, 4, 5), "datetime(2024-01-02T03:04:05Z)"),
    (dt.datetime(2024, 1, 2, 0, 30, tzinfo=BERLIN), "datetime(2024-01-01T23:30:00Z)"),
    (dt.datetime(1, 1, 1), "datetime(0001-01-01T00:00:00Z)"),
    (dt.datetime.max, "datetime(9999-12-31T23:59:59.9999990Z)"),
    (dt.date(2024, 2, 29), "datetime(2024-02-29T00:00:00Z)"),
    (pd.Timestamp("2024-01-02T03:04:05.123456700"), "datetime(2024-01-02T03:04:05.1234567Z)"),
    (pd.Timestamp("2024-01-02", tz="Europe/Berlin"), "datetime(2024-01-01T23:00:00Z)"),
    (np.datetime64("2024-01-02T03:04:05.1234567"), "datetime(2024-01-02T03:04:05.1234567Z)"),
    (np.datetime64("2024-03"), "datetime(2024-03-01T00:00:00Z)"),
    (dt.timedelta(days=1, microseconds=1), "timespan(1.00:00:00.0000010)"), (dt.timedelta(0), "timespan(0.00:00:00)"),
    (-dt.timedelta(hours=1), "timespan(-0.01:00:00)"), (pd.Timedelta(100, "ns"), "timespan(0.00:00:00.0000001)"),
    (np.timedelta64(5, "m"), "timespan(0.00:05:00)"), (pd.Timedelta("-1 days +00:00:01"), "timespan(-0.23:59:59)"),
    (uuid.UUID(int=5), "guid(00000000-0000-0000-0000-000000000005)"),
    ([1, "a", None, True], 'dynamic([1,"a",null,true])'), ((), "dynamic([])"), ({3, 1, 2}, "dynamic([1,2,3])"),
    ({"a": {"b'\"": [1.5]}}, "dynamic({\"a\":{\"b'\\\"\":[1.5]}})"), (frozenset("ba"), 'dynamic(["a","b"])'),
    (range(3), "dynamic([0,1,2])"), (collections.OrderedDict(a=1), 'dynamic({"a":1})'), ({}.keys(), "dynamic([])"),
    (np.array([1, 2]), "dynamic([1,2])"), (np.array([[1.5], [2.5]]), "dynamic([[1.5],[2.5]])"),
    (np.array(7), "long(7)"),
    (pd.Series(["x", None]), 'dynamic(["x",null])'), (pd.Index([1]), "dynamic([1])"),
    (pd.Series([1, None], dtype="Int64"), "dynamic([1,null])"), (pd.Categorical(["a"]), 'dynamic(["a"])'),
    (pd.Series(pd.to_datetime(["2024-01-01"])), "dynamic([datetime(2024-01-01T00:00:00Z)])"),
    (np.array(["2024-01-01"], "datetime64[ns]"), "dynamic([datetime(2024-01-01T00:00:00Z)])"),
    (pl.Series([1, 2]), "dynamic([1,2])"), (pa.array(["x", None]), 'dynamic(["x",null])'), (pa.scalar(5), "long(5)"),
    (pa.chunked_array([[1], [2]]), "dynamic([1,2])"),
    (pl.Series([dt.datetime(2024, 1, 1)]).dt.cast_time_unit("ns"), "dynamic([datetime(2024-01-01T00:00:00Z)])"),
    ([Decimal("0.5"), dt.timedelta(1)], 'dynamic([0.5,"1.00:00:00"])'), (pd.Series([0.5, None]), "dynamic([0.5,null])"),
    ([uuid.UUID(int=1)], 'dynamic(["00000000-0000-0000-0000-000000000001"])'),
    ([pd.NaT, pd.NA], "dynamic([null,null])"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("value", "text"), LITERALS, ids=[f"{number} {text[:40]}" for number, (_, text) in enumerate(LITERALS)]
)
def test_literals(value: object, text: str) -> None:
    assert literal(value).text == text


ITSELF: list[Any] = []
ITSELF.append(ITSELF)

REFUSED: list[tuple[object, str]] = [
    (b"ab", "Bytes have no literal"), (bytearray(b"ab"), "Bytes"), (memoryview(b"ab"), "Bytes"),
    (np.bytes_(b"x"), "Bytes"),
    (10**34, "more than 34 digits"), (10**10_000, "more than 34 digits"), (Decimal("1e40"), "too long"),
    (Decimal("1E-40"), "too long"), (Decimal("nan"), "no finite number"),
    ("a\ud800b", "half a character at offset 1"),
    ({"\udfff": 1}, "half a character"), (dt.time(1), "time of day"), (pd.Timestamp(1), "finer than the tick"),
    (pd.Timedelta(1, "ns"), "finer than the tick"), (np.datetime64(1, "ns"), "finer than the tick"),
    (np.timedelta64(1, "ps"), "no literal"), (np.timedelta64(1, "Y"), "no literal"),
    (np.datetime64("20000-01-01"), "outside the years"), (dt.timedelta.max, "longer than"),
    (dt.datetime(1, 1, 1, tzinfo=BERLIN), "outside the years"), (1j, "complex has no literal"),
    (np.complex64(1), "no literal"), (np.longdouble(1), "no literal"), (object(), "object has no literal"),
    (len, "has no literal"), (pd.Period("2024"), "Period of pandas"), (pd.DataFrame(), "DataFrame of pandas"),
    (pl.DataFrame(), "DataFrame of polars"), (pa.table({}), "Table of Arrow"), ([b"x"], "Bytes"),
    ({1: 2}, "key of type int"),
    ([math.nan], "no such number"), ([2**63], "beyond 64 bits"),
    ([Decimal("0.1000000000000000000000001")], "no double"),
    ([dt.timedelta.max], "longer than"), (ITSELF, "nested more than"), (iter([]), "no literal"),
]  # fmt: skip


@pytest.mark.parametrize(("value", "message"), REFUSED, ids=range(len(REFUSED)))
def test_what_has_no_literal(value: object, message: str) -> None:
    with pytest.raises(KqlConversionError, match=message) as caught:
        literal(value)
    assert caught.value.hint


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (dt.datetime(2024, 1, 1), None),
        (pd.Timestamp("2024-01-02T03:04:05.1234567"), "to the microsecond"),
        (pd.Timedelta(100, "ns"), "to the microsecond"),
        (Decimal("0.1"), None),
        (Decimal("0.1000000000000000000000001"), "none is exactly"),
        (2**63 + 1, "none is exactly"),
        (2**64, None),
    ],
)
def test_what_the_embedded_engine_cannot_hold(value: object, message: str | None) -> None:
    if message is None:
        literal(value, embedded=True)
    else:
        with pytest.raises(KqlConversionError, match=message):
            literal(value, embedded=True)


def test_nothing_is_imported() -> None:
    code = "import sys, kqlext.literals as l; l.literal([1, {'a': None}]); print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"numpy", "pandas", "pyarrow", "polars", "duckdb", "IPython"} & set(run.stdout.split())


# --- value -> literal -> print -> the same value ----------------------------------------------------------


@pytest.fixture(scope="module")
def engine() -> Iterator[Service]:
    session = Session()
    yield session.notebook_engine().service
    session.close()


def printed(engine: Service, value: object) -> tuple[str, Any]:
    """The Kusto type and the value that `print` gives of a value's literal."""
    answer = decode(engine.execute(Query(f"print x = {literal(value, embedded=True).text}"))).tables[0]
    column = answer.columns[0]
    return column.type, column.values(0, 1)[0]


texts = st.text(st.characters(exclude_categories=("Cs",)))
finite = st.floats(allow_nan=False, allow_infinity=False)
json = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | texts | finite,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=8,
)  # fmt: skip


@given(st.integers(-(2**63), 2**63 - 1))
def test_integers(engine: Service, value: int) -> None:
    assert printed(engine, value) == ("long", value)
    assert printed(engine, np.int64(value)) == ("long", value)


@given(st.floats())
def test_floats(engine: Service, value: float) -> None:
    """duckdb-kql gives 0.0 for -0.0; the two are equal."""
    kind, found = printed(engine, value)
    assert kind == "real"
    assert found == value or (math.isnan(found) and math.isnan(value))


@given(st.decimals(allow_nan=False, allow_infinity=False, places=4, min_value=-(10**9), max_value=10**9))
def test_decimals(engine: Service, value: Decimal) -> None:
    """duckdb-kql computes decimals as doubles, so what it prints is real; a decimal that no double is, is refused."""
    kind, found = printed(engine, value)
    assert kind == "real"
    assert Decimal(repr(found)) == value


@given(texts)
def test_texts(engine: Service, value: str) -> None:
    assert printed(engine, value) == ("string", value)


@given(st.datetimes(timezones=st.none() | st.timezones()))
def test_datetimes(engine: Service, value: dt.datetime) -> None:
    try:
        utc = value.replace(tzinfo=dt.UTC) if value.tzinfo is None else value.astimezone(dt.UTC)
    except OverflowError:
        return
    assert printed(engine, value) == ("datetime", utc)


@given(st.dates())
def test_dates(engine: Service, value: dt.date) -> None:
    assert printed(engine, value) == ("datetime", dt.datetime(value.year, value.month, value.day, tzinfo=dt.UTC))


@given(st.timedeltas(dt.timedelta(days=-106_000), dt.timedelta(days=106_000)))
def test_lengths_of_time(engine: Service, value: dt.timedelta) -> None:
    kind, found = printed(engine, value)
    assert kind == "timespan"
    assert pd.Timedelta(found) == pd.Timedelta(value)


@given(st.uuids())
def test_uuids(engine: Service, value: uuid.UUID) -> None:
    assert printed(engine, value) == ("guid", str(value))


@given(st.booleans())
def test_booleans(engine: Service, value: bool) -> None:
    assert printed(engine, value) == ("bool", value)


@given(json.filter(lambda value: isinstance(value, (list, dict))))
def test_dynamic(engine: Service, value: object) -> None:
    kind, found = printed(engine, value)
    assert kind == "dynamic"
    found = orjson.loads(found) if isinstance(found, str) else found
    assert found == value


@given(json, st.booleans())
def test_a_value_is_one_literal_whatever_it_holds(value: object, embedded: bool) -> None:
    """The same tokens stand around it: nothing in it is syntax."""
    text = f"let x = {literal(value, embedded).text}; print x"
    assert [span.of(text)[:5] for span in syntax.statements(text)] == ["let x", "print"]
    if not embedded:
        assert not any(character in text for character in "\n\r\u2028\u2029\x00")


def test_the_type_is_said() -> None:
    assert literal(5) == Literal("long", "long(5)")
    assert literal([5]).type == "dynamic"
