"""Calls that need the columns they stand on, or give several, written as calls that do not. Pure.

``column_ifexists``, ``pack_all`` and ``ingestion_time`` become what they are on these columns; what gives several
columns becomes one call for each (``items``, ``aggregate_items``).

Source: the pages of these functions in the Kusto Query Language reference.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from duckdb_kql import KqlUnsupportedError, ir, translate

from kqlext.services.local_functions.aggregate_items import aggregates_of
from kqlext.services.local_functions.items import columns_of
from kqlext.services.local_functions.moments import MOMENTS


def expanded(node: Any, columns: Sequence[str] | None) -> Any:
    """An operator or a source with its calls written as the columns that it stands on make them."""
    node = _rebuilt(node, columns or ())
    if isinstance(node, ir.Summarize):
        # A column that a key is made of stays: by bin(t, 1h) makes another t of it.
        keys = {column.name for key in node.by if (column := _column(key.expr)) is not None}
        others = None if columns is None else [column for column in columns if column not in keys]
        aggregates = [_with_steps(named) for named in node.aggregates]
        found = [new for named in aggregates for new in aggregates_of(named, others)]
        return node if found == list(node.aggregates) else dataclasses.replace(node, aggregates=tuple(found))
    if isinstance(node, (ir.Extend, ir.Project, ir.PrintSource)):
        found = [new for named in node.expressions for new in columns_of(named, isinstance(node, ir.Project))]
        return node if found == list(node.expressions) else dataclasses.replace(node, expressions=tuple(found))
    return node


def _column(key: ir.Expr) -> ir.ColumnRef | None:
    """The column that a key is, also as text; None where it is made of one."""
    if isinstance(key, ir.FunctionCall) and key.name == "tostring" and len(key.args) == 1:
        key = key.args[0]
    return key if isinstance(key, ir.ColumnRef) else None


# --- calls that need the columns -----------------------------------------------------------------------------


def _rebuilt(node: Any, columns: Sequence[str]) -> Any:
    def call(node: Any) -> Any:
        if isinstance(node, ir.BinaryOp):
            _refuse_dynamics(node)
            return _quotient(node)
        if not isinstance(node, ir.FunctionCall):
            return node
        name = node.name.lower()
        if name in ALIASES:
            node = dataclasses.replace(node, name=ALIASES[name])
        node = _with_texts(node)
        replacement = _CALLS.get(node.name.lower())
        return replacement(node, columns) if replacement else node

    return _mapped(node, call, {})


def _mapped(node: Any, change: Callable[[Any], Any], memo: dict[int, Any]) -> Any:
    """The tree with each node changed, from the leaves on. What does not change stays the same object, since duckdb-kql
    computes one that it meets twice once; nested queries have their own columns."""
    if id(node) in memo:
        return memo[id(node)]
    result = node
    if isinstance(node, (tuple, list)):
        items = [_mapped(item, change, memo) for item in node]
        if any(new is not old for new, old in zip(items, node, strict=True)):
            result = type(node)(items)
    elif dataclasses.is_dataclass(node) and not isinstance(node, (type, ir.Query)):
        values = {field.name: getattr(node, field.name) for field in dataclasses.fields(node)}
        changes = {name: new for name, old in values.items() if (new := _mapped(old, change, memo)) is not old}
        result = change(dataclasses.replace(node, **changes) if changes else node)
    memo[id(node)] = result
    return result


ALIASES = {
    "argmax": "arg_max",
    "argmin": "arg_min",
    "array_strcat": "strcat_array",
    "arraylength": "array_length",
    "base64_decodestring": "base64_decode_tostring",
    "base64_encodestring": "base64_encode_tostring",
    "datepart": "datetime_part",
    "make_dictionary": "make_bag",
    "makelist": "make_list",
    "makeset": "make_set",
    "notempty": "isnotempty",
    "pack_dictionary": "bag_pack",
    "parsejson": "parse_json",
    "parseurl": "parse_url",
    "totime": "totimespan",
}
"""Older names of functions, which queries still use."""


def _quotient(node: ir.BinaryOp) -> ir.Expr:
    """A division as a call that DuckDB decides by its types, unless duckdb-kql knows already that it is of numbers."""
    sides = (node.left, node.right)
    if any(translate._nested_aggregate(side) for side in sides):
        return node
    known = translate._is_real_expr, translate._is_int_expr
    numbers = all(isinstance(side, ir.Literal) and side.kind != "timespan" for side in sides)
    if node.op != "/" or numbers or any(is_known(side) for is_known in known for side in sides):
        return node
    return ir.FunctionCall("number__quotient", sides)


_ORDER = ("<", "<=", ">", ">=")


def _refuse_dynamics(node: ir.BinaryOp) -> None:
    """``d.a < d.b``, which Kusto refuses, and the engine answers by the order of their texts: 10 < 9."""
    if node.op in _ORDER and translate._is_dynamic_expr(node.left) and translate._is_dynamic_expr(node.right):
        raise KqlUnsupportedError(
            f"operator:{node.op}",
            hint="dynamic values have no order: say which is meant with tolong(), toreal() or tostring()",
        )


_TEXTS = {
    **dict.fromkeys(("countof", "parse_ipv4", "parse_ipv6", "parse_url", "replace_regex", "replace_string"), 0),
    **dict.fromkeys(("trim", "trim_end", "trim_start"), 1),
    **dict.fromkeys(("extract", "replace"), 2),
    "extract_all": -1,
}
"""Where those of the engine's functions have their text that take a dynamic column for its JSON, quotes and all."""


def _with_texts(call: ir.FunctionCall) -> ir.FunctionCall:
    """A call whose text is one, also where it stands in a column that holds dynamic values."""
    place = _TEXTS.get(call.name.lower())
    if place is None or not -len(call.args) <= place < len(call.args):
        return call
    text = call.args[place]
    if isinstance(text, ir.Literal) or translate._is_string_expr(text):
        return call
    place %= len(call.args)
    written = ir.FunctionCall("tostring", (text,))
    return dataclasses.replace(call, args=(*call.args[:place], written, *call.args[place + 1 :]))


def _column_if_exists(call: ir.FunctionCall, columns: Sequence[str]) -> ir.Expr:
    if len(call.args) != 2 or not isinstance(call.args[0], ir.Literal) or call.args[0].kind != "string":
        raise KqlUnsupportedError(f"function:{call.name}", hint=f"{call.name}() takes a text and a default value")
    name = str(call.args[0].value)
    return ir.ColumnRef(name) if name in columns else call.args[1]


def _pack_all(call: ir.FunctionCall, columns: Sequence[str]) -> ir.Expr:
    bag = ir.FunctionCall("bag_pack", tuple(_pairs([ir.ColumnRef(column) for column in columns])))
    if not call.args:
        return bag
    if call.args[0] != ir.Literal(True, "bool"):
        raise KqlUnsupportedError("function:pack_all", hint="pack_all() takes nothing or true")
    return ir.FunctionCall("bag__without_empty", (bag,))


def _bag_pack_columns(call: ir.FunctionCall, _: Sequence[str]) -> ir.Expr:
    if not call.args or not all(isinstance(argument, ir.ColumnRef) for argument in call.args):
        raise KqlUnsupportedError("function:bag_pack_columns", hint="bag_pack_columns() takes columns")
    return ir.FunctionCall("bag_pack", tuple(_pairs(call.args)))


def _pairs(columns: Sequence[ir.Expr]) -> Iterator[ir.Expr]:
    for column in columns:
        assert isinstance(column, ir.ColumnRef)
        yield ir.Literal(column.name, "string")
        yield column


_TIMES = ("TimeGenerated", "Timestamp")


def _ingestion_time(_: ir.FunctionCall, columns: Sequence[str]) -> ir.Expr:
    column = next((name for name in _TIMES if name in columns), None)
    if column is None:
        raise KqlUnsupportedError(
            "function:ingestion_time",
            hint="ingestion_time() takes the column TimeGenerated or Timestamp here, and there is none",
        )
    return ir.ColumnRef(column)


_CONVERSIONS = {
    "bool": "tobool",
    "boolean": "tobool",
    "date": "todatetime",
    "datetime": "todatetime",
    "decimal": "todouble",
    "double": "todouble",
    "dynamic": "todynamic",
    "guid": "toguid",
    "int": "toint",
    "long": "tolong",
    "real": "todouble",
    "string": "tostring",
    "time": "totimespan",
    "timespan": "totimespan",
}


def _typed(call: ir.FunctionCall, _: Sequence[str]) -> ir.Expr:
    """``extract(…, typeof(long))`` as ``tolong(extract(…))``."""
    kind = call.args[-1] if call.args else None
    if not isinstance(kind, ir.FunctionCall) or kind.name != "typeof" or len(kind.args) != 1:
        return call
    assert isinstance(kind.args[0], ir.Literal)
    conversion = _CONVERSIONS.get(str(kind.args[0].value))
    if conversion is None:
        return call
    return ir.FunctionCall(conversion, (dataclasses.replace(call, args=call.args[:-1]),))


_FOLDED = ("string", "long", "int", "real", "bool")


def _pack_array(call: ir.FunctionCall, _: Sequence[str]) -> ir.Expr:
    """An array of literals as a literal: the engine looks for the terms of one at once, for others row by row."""
    values = [item.value for item in call.args if isinstance(item, ir.Literal) and item.kind in _FOLDED]
    if len(values) < len(call.args) or not values or any(value is None or value != value for value in values):
        return call
    return ir.Literal(json.dumps(values, ensure_ascii=False), "dynamic")


def _split(call: ir.FunctionCall, _: Sequence[str]) -> ir.Expr:
    return ir.FunctionCall("split__part", call.args) if len(call.args) == 3 else call


def _to_double(call: ir.FunctionCall, _: Sequence[str]) -> ir.Expr:
    return dataclasses.replace(call, name="todouble")  # the engine computes decimals as reals


def _absolute(call: ir.FunctionCall, _: Sequence[str]) -> ir.Expr:
    """Lengths of time have one too. DuckDB decides by the type, which an aggregate has not yet."""
    return call if translate._nested_aggregate(call) else dataclasses.replace(call, name="number__absolute")


def _replace(call: ir.FunctionCall, _: Sequence[str]) -> ir.Expr:
    """The older name of ``replace_regex``, which has its text last."""
    if len(call.args) != 3:
        raise KqlUnsupportedError("function:replace", hint="replace() takes a regex, its replacement and a text")
    return ir.FunctionCall("replace_regex", (call.args[2], *call.args[:2]))


_CALLS: dict[str, Callable[[ir.FunctionCall, Sequence[str]], ir.Expr]] = {
    "column_ifexists": _column_if_exists,
    "columnifexists": _column_if_exists,
    "pack_all": _pack_all,
    "bag_pack_columns": _bag_pack_columns,
    "ingestion_time": _ingestion_time,
    "pack_array": _pack_array,
    "split": _split,
    "todecimal": _to_double,
    **MOMENTS,
    "abs": _absolute,
    "replace": _replace,
    "extract": _typed,
    "extractjson": _typed,
    "extract_json": _typed,
}

EXPANDED = frozenset({*_CALLS, "percentiles", "percentilesw"})
"""The names of the functions that become others here."""


# --- paths ---------------------------------------------------------------------------------------------------


def _with_steps(node: Any) -> Any:
    """``make_list(x)[0]`` as a call, since a path may not lead through an aggregate."""

    def step(node: Any) -> Any:
        if not isinstance(node, ir.PathAccess) or not isinstance(node.base, ir.FunctionCall):
            return node
        keys = [name if (name := step.name) is not None else getattr(step.index, "value", None) for step in node.steps]
        if not all(isinstance(key, (str, int)) for key in keys):
            return node
        return ir.FunctionCall("bag__at", (node.base, ir.Literal(json.dumps(keys), "dynamic")))

    return _mapped(node, step, {})
