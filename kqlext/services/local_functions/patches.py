"""Functions of duckdb-kql's that ours stand in for while ``extended`` is in force; each is given the one before it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

from duckdb_kql import ir, lower, schema, translate

from kqlext.services.local_functions.expansion import Names, expanded
from kqlext.services.local_functions.rows import once
from kqlext.services.local_functions.tables import FUNCTIONS


def _resolved(before: Callable[..., Any], op: ir.Operator, columns: list[str] | None) -> Any:
    return before(expanded(op, columns), columns)


def _resolved_source(before: Callable[..., Any], source: ir.Source) -> Any:
    return before(expanded(source, None))


def _named(before: Callable[..., Any], node: Any) -> ir.NamedExpr:
    """``(a, b) = f()`` with both names: duckdb-kql takes the first one and says nothing."""
    named: ir.NamedExpr = before(node)
    children = lower._rule_children(lower._collapse(node))
    if named.name is None or len(children) != 2:
        return named
    names = lower._find_names(children[0])
    return named if len(names) < 2 else dataclasses.replace(named, name=Names(names))


def _expression(before: Callable[..., Any], node: Any) -> Any:
    """``typeof(long)`` as a call; ``expanded`` knows where it may stand."""
    if lower._cls(lower._collapse(node)) == "TypeLiteralExpression":
        kind = lower._collapse(node).getText().removeprefix("typeof(").removesuffix(")").strip()
        return ir.FunctionCall("typeof", (ir.Literal(kind, "string"),))
    return before(node)


def _is_dynamic(before: Callable[..., bool], node: ir.Expr) -> bool:
    if isinstance(node, ir.FunctionCall) and (row := FUNCTIONS.get(node.name.lower())) is not None:
        return row.returns == "dynamic" and row.takes(len(node.args))
    return before(node)


_TEXT = "CASE typeof({index}) WHEN 'JSON' THEN to_json({index}) ->> '$' ELSE CAST({index} AS VARCHAR) END"
_STEP = once(
    f"struct_pack(i := {{index}}, t := {_TEXT})",
    "_p",
    "CASE WHEN typeof(_p.i) = 'VARCHAR' OR (typeof(_p.i) = 'JSON' AND json_type(to_json(_p.i)) = 'VARCHAR') "
    "THEN '$.\"' || replace(replace(_p.t, '\\', '\\\\'), '\"', '\\\"') || '\"' "
    "ELSE '$[' || CASE WHEN starts_with(_p.t, '-') THEN '#' ELSE '' END || _p.t || ']' END",
)


def _path(before: Callable[..., str], node: ir.PathAccess) -> str:
    """``d[key]``: duckdb-kql takes a key that is computed for a number, but it may be a text."""
    if translate._static_path(node.steps) is not None:
        return before(node)
    sql = translate.render_expr(node.base)
    for step in node.steps:
        static = translate._static_path((step,))
        if static is None and step.index is not None:
            where = _STEP.format(index=translate.render_expr(step.index))
        else:
            where = translate.quote_string(static or "$")
        sql = f"json_extract({sql}, {where})"
    return sql


PATCHES: tuple[tuple[Any, str, Callable[..., Any]], ...] = (
    (schema, "resolve_let_refs", _resolved),
    (schema, "resolve_source_let_refs", _resolved_source),
    (lower, "_lower_named", _named),
    (lower, "_lower_expr", _expression),
    (translate, "_is_dynamic", _is_dynamic),
    (translate, "render_path", _path),
)
"""Where each is, what it is called, and what stands in its place."""
