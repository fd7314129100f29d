"""Binding: names that may not be bound, and that a failed conversion leaves every variable as it was."""

from __future__ import annotations

import abc
import collections
import enum
import functools
import math
import os
import types
from pathlib import Path
from typing import Any

import pytest
from servers.kusto_frames import EVERY_TYPE, TableSpec, v2

from kqlext.binding import LAST_RESULT, Binding, bind, check_name, check_type
from kqlext.decode.kusto_frames import decode_v2
from kqlext.errors import KqlCellError, KqlConversionError, Span
from kqlext.origin import Origin
from kqlext.result import Result

CELL = "target << StormEvents"
SPAN = Span(0, 6)


def refused(name: str, **namespace: Any) -> KqlCellError:
    before = dict(namespace)
    with pytest.raises(KqlCellError) as caught:
        check_name(name, namespace, CELL, SPAN)
    assert namespace == before
    return caught.value


@pytest.mark.parametrize(
    "name", ["1a", "a b", "a.b", "a-b", "", "a[0]", "for", "None", "class", "a\n", "<script>", "x;y", "lambda", "²"]
)
def test_no_names(name: str) -> None:
    error = refused(name)
    assert "is no name for a variable" in error.message
    assert (error.text, error.span) == (CELL, SPAN)


def test_a_keyword_is_called_one() -> None:
    assert refused("class").hint == "it is a word of Python's own: write class_, for example"


@pytest.mark.parametrize(
    "name", ["print", "list", "__name__", "__import__", "get_ipython", "In", "Out", "exit", "quit", "type"]
)
def test_builtins(name: str) -> None:
    assert "is a builtin" in refused(name).message


class Plain:
    def method(self) -> None: ...


class Abstract(abc.ABC):
    @abc.abstractmethod
    def method(self) -> None: ...


class Colour(enum.Enum):
    RED = 1


@functools.cache
def cached() -> int:
    return 1


async def asynchronous() -> None: ...


PROTECTED = [
    (math, "module"),
    (types.ModuleType("mine"), "module"),
    (Plain, "class"),
    (Abstract, "class"),
    (Colour, "class"),
    (collections.namedtuple("Point", "x y"), "class"),
    (refused, "function"),
    (lambda: 1, "function"),
    (asynchronous, "function"),
    (math.sin, "function"),
    (os.getcwd, "function"),
    (Plain().method, "function"),
    ([].append, "function"),
    (cached, "function"),
    (functools.partial(print, 1), "function"),
]


@pytest.mark.parametrize(
    ("value", "what"), PROTECTED, ids=[f"{number} {what}" for number, (_, what) in enumerate(PROTECTED)]
)
def test_what_the_notebook_defined(value: Any, what: str) -> None:
    error = refused("target", target=value)
    assert error.message == f"target is a {what} of the notebook."
    assert "del target" in error.hint


@pytest.mark.parametrize("value", [1, "text", None, [1], {}, Path("x"), Colour.RED, Plain()])
def test_values_may_be_overwritten(value: Any) -> None:
    check_name("target", {"target": value}, CELL, SPAN)


@pytest.mark.parametrize("name", ["x", "_", "_x1", "größe", "東京", "match", "case", "df"])
def test_names(name: str) -> None:
    check_name(name, {}, CELL, SPAN)


@pytest.mark.parametrize("name", ["ｐｒｉｎｔ", "ﬁle", "xª"])
def test_names_that_python_reads_as_others(name: str) -> None:
    """``ﬁle`` in a cell is the variable ``file``: bound under its own letters, it could never be read."""
    assert "Python reads" in refused(name).message


def test_types() -> None:
    for kind in ("result", "pandas", "arrow", "polars"):
        check_type(kind)


def result_of(table: TableSpec) -> Result:
    return Result(decode_v2(v2(table)), Origin("Samples@help", "T", 0.1))


def test_bind() -> None:
    result = result_of(TableSpec("T", (("a", "int"),), ((1,),)))
    namespace: dict[str, Any] = {"other": 1}
    plan = [Binding("r", "result"), Binding("df", "pandas"), Binding("pa", "arrow"), Binding("pl", "polars")]
    values = bind(result, plan, namespace, "_kql_raw_result_")
    assert [type(namespace[item.name]).__module__.partition(".")[0] for item in plan] == [
        "kqlext",
        "pandas",
        "pyarrow",
        "polars",
    ]
    assert all(namespace[item.name] is value for item, value in zip(plan, values, strict=True))
    assert namespace[LAST_RESULT] is namespace["_kql_raw_result_"] is result
    assert namespace["other"] == 1


def test_without_a_target_only_the_last_result_is_bound() -> None:
    result = result_of(EVERY_TYPE)
    namespace: dict[str, Any] = {}
    assert bind(result, [], namespace, "raw") == []
    assert namespace == {"raw": result, LAST_RESULT: result, "_kql_last_result_": result}


def test_a_failed_conversion_leaves_all_variables_as_they_were() -> None:
    """The decimals of EVERY_TYPE do not fit polars; the pandas frame before it would have."""
    namespace: dict[str, Any] = {"df": "before", LAST_RESULT: "before"}
    before = dict(namespace)
    with pytest.raises(KqlConversionError):
        bind(result_of(EVERY_TYPE), [Binding("df", "pandas"), Binding("pl", "polars")], namespace, "raw")
    assert namespace == before
