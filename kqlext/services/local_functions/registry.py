"""duckdb-kql with our functions, for as long as one translation takes; and DuckDB with those that a query names.

duckdb-kql finds a function in the dictionaries of its translator: ``_SPECIAL_FORMS`` (how a call becomes SQL),
``SCALAR_FUNCTIONS`` and ``AGGREGATE_FUNCTIONS`` (what there is). This module and ``patches`` are all that knows them.
"""

from __future__ import annotations

import inspect
import json
import math
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

from duckdb_kql import KqlUnsupportedError, ir, translate
from duckdb_kql.translate import functions as engine

from kqlext.services.local_functions import mended
from kqlext.services.local_functions.macros import MACROS
from kqlext.services.local_functions.patches import PATCHES
from kqlext.services.local_functions.rows import PREFIX, SQL_TYPES, Aggregate, Function, as_dynamic, once
from kqlext.services.local_functions.tables import AGGREGATES, FUNCTIONS, HELPERS

_LOCK = threading.Lock()  # the dictionaries are the process's
_MISSING = object()


@contextmanager
def extended() -> Iterator[None]:
    """Let duckdb-kql translate our functions too, in this thread; one translation at a time."""
    with _LOCK, ExitStack() as undo:
        owner = threading.get_ident()
        for name in {*FUNCTIONS, *mended.TEMPORAL}:
            before = translate._SPECIAL_FORMS.get(name)
            undo.enter_context(_set(translate._SPECIAL_FORMS, name, _form(name, owner, before)))
        # One that is none of SCALAR_FUNCTIONS may not stand around an aggregate: strcat_array(make_list(x)).
        for name in translate._SPECIAL_FORMS:
            if name not in engine.SCALAR_FUNCTIONS:
                undo.enter_context(_set(engine.SCALAR_FUNCTIONS, name, _Known(name, "template", "")))
        for name, aggregate in AGGREGATES.items():
            known = engine.AGGREGATE_FUNCTIONS.get(name)
            undo.enter_context(_set(engine.AGGREGATE_FUNCTIONS, name, _spec(aggregate, owner, known)))
        for module, name, ours in PATCHES:
            undo.enter_context(_set(vars(module), name, _in_thread(owner, ours, vars(module)[name])))
        yield


def _in_thread(owner: int, ours: Callable[..., Any], before: Callable[..., Any]) -> Callable[..., Any]:
    def chosen(*arguments: Any, **named: Any) -> Any:
        return ours(before, *arguments, **named) if threading.get_ident() == owner else before(*arguments, **named)

    return chosen


@contextmanager
def _set(table: dict[str, Any], name: str, value: object) -> Iterator[None]:
    before = table.get(name, _MISSING)
    table[name] = value
    try:
        yield
    finally:
        if before is _MISSING:
            del table[name]
        else:
            table[name] = before


class _Known(engine.FunctionSpec):
    """A row that says that there is a function; who has not entered ``extended`` does not get it."""

    def render(self, args: list[str]) -> str:
        raise ValueError("no DuckDB mapping in this wave")


def _form(name: str, owner: int, before: Any) -> Callable[[ir.FunctionCall], str | None]:
    def form(node: ir.FunctionCall) -> str | None:
        row = _row(name, node) if threading.get_ident() == owner else None
        if row is None:
            return before(node) if before else None
        if not row.takes(len(node.args)):
            raise KqlUnsupportedError(f"function:{row.name}", hint=_arity(row))
        return row.render([_argument(row.kind(index), argument) for index, argument in enumerate(node.args)])

    return form


def _row(name: str, node: ir.FunctionCall) -> Function | None:
    """The row that computes a call, or None for the engine's own."""
    if name in mended.TEMPORAL and len(node.args) > 1 and translate._is_timespan_expr(node.args[1]):
        return mended.TEMPORAL[name]
    row = FUNCTIONS.get(name)
    return None if row is None or (row.counts and len(node.args) not in row.counts) else row


def _arity(row: Function) -> str:
    most = "" if row.variadic else f" to {len(row.kinds)}" if len(row.kinds) != row.required else ""
    least = f"{row.required} or more" if row.variadic else f"{row.required}"
    return f"{row.name}() takes {least}{most} argument(s)"


def _argument(kind: str, node: ir.Expr) -> str:
    """SQL of an argument, of the type that its kind has."""
    if kind == "text":
        return translate.render_kql_tostring(node)
    rendered = translate.render_expr(node)
    if kind == "any":
        return rendered
    return once(rendered, "_d", as_dynamic("_d")) if kind == "dynamic" else f"CAST({rendered} AS {SQL_TYPES[kind]})"


@dataclass(frozen=True)
class _Spec(engine.AggregateSpec):
    row: Aggregate | None = None
    owner: int = 0
    before: Any = None

    def render(self, args: list[str]) -> str:
        if threading.get_ident() != self.owner:
            if self.before is None:
                raise ValueError("no DuckDB mapping in this wave")
            return str(self.before.render(args))
        assert self.row is not None
        if len(args) not in self.row.sql:
            raise ValueError(f"{self.name}() takes {' or '.join(map(str, self.row.sql))} argument(s)")
        return self.row.sql[len(args)].format(*args)


def _spec(row: Aggregate, owner: int, before: Any) -> _Spec:
    return _Spec(
        row.name, "", name_prefix=row.column, name_is_argument=not row.column, row=row, owner=owner, before=before
    )


# --- in DuckDB -----------------------------------------------------------------------------------------------

_NAMES = re.compile(rf"\b{PREFIX}(\w+)\(")


def install(connection: Any, sql: str, installed: set[str]) -> None:
    """Make the macros and Python functions that ``sql`` names; ``installed`` has those that the connection has."""
    for name in set(_NAMES.findall(sql)) - installed:
        if name in MACROS:
            connection.execute(f"CREATE TEMP MACRO {PREFIX}{name}{MACROS[name]}")
            installed.add(name)
        row = FUNCTIONS.get(name) or HELPERS.get(name)
        if row is not None and row.python is not None:
            kinds = [*row.kinds[:-1], "dynamic"] if row.variadic else row.kinds
            connection.create_function(
                PREFIX + name,
                _called(row),
                [SQL_TYPES[kind] for kind in kinds],
                SQL_TYPES[row.returns],
                null_handling="special",
                side_effects=row.volatile,
            )
            installed.add(name)


def _called(row: Function) -> Callable[..., Any]:
    """Its Python function as DuckDB calls it: with the text of dynamic values, and null where one is needed."""
    python = row.python
    assert python is not None
    dynamics = [kind == "dynamic" for kind in row.kinds]
    required = len(row.kinds) if row.variadic else row.required

    def called(*arguments: Any) -> Any:
        if None in arguments[:required]:
            return None
        given = (
            json.loads(value) if is_dynamic and value is not None else value
            for is_dynamic, value in zip(dynamics, arguments, strict=True)
        )
        result = python(*given)
        return to_json(result) if row.returns == "dynamic" and result is not None else result

    # DuckDB counts the parameters.
    positions = [inspect.Parameter(f"a{index}", inspect.Parameter.POSITIONAL_ONLY) for index in range(len(row.kinds))]
    called.__signature__ = inspect.Signature(positions)  # type: ignore[attr-defined]
    return called


def to_json(value: Any) -> str:
    """A value as a dynamic one is written: a number that JSON has not is a text."""
    try:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    except ValueError:
        return json.dumps(_finite(value), ensure_ascii=False, separators=(",", ":"))


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_finite(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    return value
