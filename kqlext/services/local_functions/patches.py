"""Functions of duckdb-kql's that ours stand in for while ``extended`` is in force; each is given the one before it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any

from duckdb_kql import KqlUnsupportedError, ir, lower, schema, translate

from kqlext.services.local_functions.expansion import expanded
from kqlext.services.local_functions.items import Names
from kqlext.services.local_functions.rows import NO_ORDER, NO_TIME, PREFIX, once
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
    """``typeof(long)`` as a call; ``expanded`` knows where it may stand. ``count(x)`` too: it counts all."""
    inner = lower._collapse(node)
    given = lower._rule_children(inner) if lower._cls(inner) == "CountExpression" else ()
    if given:
        counted = tuple(lower._lower_expr(argument) for argument in given)
        if not all(isinstance(argument, ir.ColumnRef) for argument in counted):
            hint = "count() takes nothing or a column; countif() a condition"
            raise KqlUnsupportedError("aggregate:count", hint=hint)
        return ir.FunctionCall("count__rows", counted)
    if lower._cls(inner) == "TypeLiteralExpression":
        kind = inner.getText().removeprefix("typeof(").removesuffix(")").strip()
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


def _term_match(
    before: Callable[..., str],
    haystack: str,
    needle: str,
    *,
    case_sensitive: bool = False,
    needle_text: str | None = None,
    lead: bool = True,
    trail: bool = True,
) -> str:
    """``has`` of what is computed: duckdb-kql makes a regular expression of it for every row, in milliseconds."""
    if needle_text is not None:
        return before(haystack, needle, case_sensitive=case_sensitive, needle_text=needle_text, lead=lead, trail=trail)
    return _has(haystack, needle, case_sensitive, lead, trail)


def _has(text: str, term: str, case_sensitive: bool, lead: bool, trail: bool) -> str:
    return f"{PREFIX}has({text}, {term}, {case_sensitive}, {lead}, {trail})"


# Case counts, negated, a boundary before the term, one behind it.
_TERMS = {
    f"{no}{name}{case}": (bool(case), bool(no), name != "hassuffix", name != "hasprefix")
    for name in ("has", "hasprefix", "hassuffix")
    for no in ("", "!")
    for case in ("", "_cs")
}


def _term_operator(before: Callable[..., str | None], node: ir.BinaryOp, sides: Sequence[str]) -> str | None:
    found = before(node, sides)
    if found is not None or node.op not in _TERMS or (isinstance(node.right, ir.Literal)):
        return found
    case_sensitive, negated, lead, trail = _TERMS[node.op]
    matched = _has(sides[0], sides[1], case_sensitive, lead, trail)
    return f"(NOT {matched})" if negated else matched


def _apart(items: Sequence[ir.Expr]) -> tuple[list[ir.Expr], list[ir.Expr]]:
    """The columns among the items of a list, which may hold arrays, and the others."""
    columns: list[ir.Expr] = [item for item in items if isinstance(item, (ir.ColumnRef, ir.PathAccess))]
    return columns, [item for item in items if item not in columns]


def _in_list(before: Callable[..., str], node: ir.InList) -> str:
    """``x in (d)`` with an array in the column d: its elements are what is compared with."""
    columns, others = _apart(node.items)
    if node.subquery is not None or not columns:
        return before(node)

    def tests(values: Sequence[str]) -> str:
        plain = dataclasses.replace(node, items=tuple(others), negated=False)
        found = [translate._in_toscalar(node, values[0], translate.render_expr(column)) for column in columns]
        found += [translate._render_in_list(plain, values[0])] if others else []
        return translate._in_result(f"({' OR '.join(found)})", node, values[0])

    return translate._in_string_context(((node.value, translate.render_expr(node.value)),), tests)


def _has_list(before: Callable[..., str], node: ir.HasList, value: str) -> str:
    """The same of ``has_any`` and ``has_all``."""
    columns, others = _apart(node.items)
    if node.subquery is not None or not columns:
        return before(node, value)
    found = [translate._has_toscalar(node, value, translate.render_expr(column)) for column in columns]
    found += [before(dataclasses.replace(node, items=tuple(others)), value)] if others else []
    return translate._has_list_result(f"({(' AND ' if node.require_all else ' OR ').join(found)})", node)


def _join(before: Callable[..., str], op: ir.Join, prev: str, left: list[str], right_sql: str, right: list[str]) -> str:
    """An outer join whose strings without a partner are empty: duckdb-kql leaves them null, which Kusto's never are."""
    sql = before(op, prev, left, right_sql, right)
    renamed = translate._renamed(left, right)
    alone = {"leftouter": renamed, "rightouter": left, "fullouter": [*left, *renamed]}.get(op.kind, [])
    return _filled(sql, [*left, *renamed], alone) if alone else sql


def _lookup(
    before: Callable[..., str], op: ir.Lookup, prev: str, left: list[str], right_sql: str, right: list[str]
) -> str:
    """The same of ``lookup``."""
    sql = before(op, prev, left, right_sql, right)
    columns = schema.lookup_output_columns(left, right, [key.right for key in op.keys])
    return _filled(sql, columns, columns[len(left) :]) if op.kind == "leftouter" else sql


def _union(
    before: Callable[..., str], op: ir.Union, prev: str, left: list[str], query: ir.Query, known: Any, leading: bool
) -> str:
    """The same of ``union``, for columns that some of its tables have not."""
    sql = before(op, prev, left, query, known, leading)
    columns = schema.union_output_columns(op, left, known)
    common = schema.union_output_columns(dataclasses.replace(op, kind="inner"), left, known)
    alone = [name for name in columns if name not in common]
    return _filled(sql, columns, alone) if alone else sql


def _sort_keys(before: Callable[..., str], keys: Sequence[ir.SortKey]) -> str:
    """What `sort` and `top` sort by: NaN stands beside null, where duckdb-kql has it above all numbers."""
    return ", ".join(f"{_not_a_number(key)}, {before((key,))}" for key in keys)


def _not_a_number(key: ir.SortKey) -> str:
    """A key before the key: numbers, NaN, null, or the other way round. Its type is known to DuckDB alone."""
    sql = translate.render_expr(key.expr)
    is_nan = f"typeof({sql}) IN ('DOUBLE', 'FLOAT') AND isnan(TRY_CAST({sql} AS DOUBLE))"
    nulls_first = key.ascending if key.nulls_first is None else key.nulls_first
    dynamic = f"WHEN typeof({sql}) = 'JSON' THEN {_no_order(key.expr)}"
    rank = f"CASE {dynamic} WHEN {sql} IS NULL THEN 2 WHEN {is_nan} THEN 1 ELSE 0 END"
    return f"{rank} {'DESC' if nulls_first else 'ASC'}"


_ORDERED = frozenset("max min maxif minif".split())


def _aggregate(before: Callable[..., str], call: ir.FunctionCall) -> str:
    """``max`` and the like of dynamic values, which Kusto refuses: duckdb-kql compares them as texts, 7 above 10."""
    sql = before(call)
    return _of_ordered(sql, call.args[0]) if call.name.lower() in _ORDERED and call.args else sql


def _arg_max(
    before: Callable[..., list[tuple[str, str]] | None], named: ir.NamedExpr, keys: list[str], columns: list[str] | None
) -> list[tuple[str, str]] | None:
    """The same of ``arg_max`` and ``arg_min``."""
    found = before(named, keys, columns)
    targets = translate.arg_max_targets(named, keys, columns)
    if found is None or targets is None:
        return found
    (name, sql), *others = found
    return [(name, _of_ordered(sql, targets[1])), *others]


def _of_ordered(sql: str, argument: ir.Expr) -> str:
    is_dynamic = f"any_value(typeof({translate.render_expr(argument)})) = 'JSON'"
    return f"CASE WHEN {is_dynamic} THEN {_no_order(argument)} ELSE {sql} END"


def _no_order(expression: ir.Expr) -> str:
    name = expression.name if isinstance(expression, ir.ColumnRef) else ""
    return f"error({translate.quote_string(f'{NO_ORDER}{name}')})"


# The type of a column is not known before DuckDB reads the SQL; of any other than a string the empty one is null.
_FILL = "coalesce({0}, cast_to_type(CASE typeof({0}) WHEN 'VARCHAR' THEN '' END, {0}))"


def _filled(sql: str, columns: Sequence[str], alone: Sequence[str]) -> str:
    names = {name: translate.quote_ident(name) for name in columns}
    kept = [f"{_FILL.format(name)} AS {name}" if key in alone else name for key, name in names.items()]
    return f"SELECT {', '.join(kept)} FROM ({sql})"


def _summarize(before: Callable[..., str], op: ir.Summarize, prev: str, columns: list[str] | None = None) -> str:
    """Aggregates of no strings are empty: duckdb-kql leaves them null."""
    sql = before(op, prev, columns)
    keys, aggregates = translate.summarize_names(op, columns)
    names = [name for group in aggregates for name in group]
    return _filled(sql, [*keys, *names], names) if names else sql


_TICKS = "fffffff"


def _format_elements(before: Callable[[str], list[str]], fmt: str) -> list[str]:
    """With the seventh digit of a second, which is 0 of times to the microsecond."""
    first, *others = (before(part) if part else [] for part in fmt.split(_TICKS))
    return [*first, *(element for part in others for element in (_TICKS, *part))]


def _fraction(before: Callable[[str, str], str], value: str, element: str) -> str:
    return f"(strftime({value}, '%f') || '0')" if element == _TICKS else before(value, element)


def _literal(before: Callable[..., str], literal: ir.Literal) -> str:
    """A datetime that cannot be read is an error: to duckdb-kql it is null, and a comparison with it finds nothing."""
    sql = before(literal)
    if literal.kind != "datetime" or literal.value is None:
        return sql
    return f"coalesce({sql}, CAST(error({translate.quote_string(f'{NO_TIME}{literal.value}')}) AS TIMESTAMP))"


def _range(before: Callable[..., str], source: ir.RangeSource) -> str:
    """Whole numbers that are written out come one after the other: in the array that duckdb-kql makes of them first,
    three thousand millions end the process, and cannot be interrupted."""
    bounds = (source.start, source.stop, source.step)
    if not all(isinstance(bound, ir.Literal) and bound.kind == "long" and bound.value is not None for bound in bounds):
        return before(source)
    written = ", ".join(translate.render_expr(bound) for bound in bounds)
    return f"SELECT n AS {translate.quote_ident(source.name)} FROM generate_series({written}) AS numbers(n)"


PATCHES: tuple[tuple[Any, str, Callable[..., Any]], ...] = (
    (schema, "resolve_let_refs", _resolved),
    (schema, "resolve_source_let_refs", _resolved_source),
    (lower, "_lower_named", _named),
    (lower, "_lower_expr", _expression),
    (translate, "_is_dynamic", _is_dynamic),
    (translate, "_format_elements", _format_elements),
    (translate, "_fraction", _fraction),
    (translate, "render_literal", _literal),
    (translate, "render_path", _path),
    (translate, "render_range", _range),
    (translate, "term_match_sql", _term_match),
    (translate, "_render_term_operator", _term_operator),
    (translate, "render_in_list", _in_list),
    (translate, "_render_has_list", _has_list),
    (translate, "_render_aggregate_call", _aggregate),
    (translate, "_render_arg_max", _arg_max),
    (translate, "render_summarize", _summarize),
    (translate, "render_sort_keys", _sort_keys),
    (translate, "render_join", _join),
    (translate, "render_lookup", _lookup),
    (translate, "render_union", _union),
)
"""Where each is, what it is called, and what stands in its place."""
