"""What an item of ``summarize`` gives: percentiles, ``take_any`` and ``arg_max`` become one call for each column. Pure.

Source: the pages of these aggregates in the Kusto Query Language reference.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from duckdb_kql import KqlUnsupportedError, ir
from duckdb_kql.translate import naming

from kqlext.services.local_functions.items import names_of, one_column


def aggregates_of(named: ir.NamedExpr, others: Sequence[str] | None) -> Iterator[ir.NamedExpr]:
    """What one item of ``summarize`` gives; ``others`` are the columns that ``*`` stands for, None where not known."""
    call, names = named.expr, names_of(named)
    name = call.name.lower() if isinstance(call, ir.FunctionCall) else ""
    arguments = call.args if isinstance(call, ir.FunctionCall) else ()
    if name in ("percentile", "percentiles") and len(arguments) > 1:
        yield from _percentiles("percentile", arguments[:1], arguments[1:], names)
    elif name in ("percentilew", "percentilesw") and len(arguments) > 2:
        yield from _percentiles("percentilew", arguments[:2], arguments[2:], names)
    elif name == "percentiles_array" and len(arguments) > 1:
        yield _array(name, arguments[:1], arguments[1:], names, "percentiles")
    elif name == "percentilesw_array" and len(arguments) > 2:
        yield _array(name, arguments[:2], arguments[2:], names, "percentile")
    elif name == "take_any" and (len(arguments) > 1 or isinstance(next(iter(arguments), None), ir.Wildcard)):
        taken = [ir.ColumnRef(column) for column in others or ()] if len(arguments) == 1 else arguments
        for index, argument in enumerate(taken):
            row = ir.FunctionCall("take_any__row", (argument,))
            yield ir.NamedExpr(row, names[index] if index < len(names) else None)
    elif name in ("arg_max", "arg_min") and len(names) > 1:
        raise KqlUnsupportedError(f"aggregate:{name}", hint=f"{name}() takes one name here; rename the others later")
    elif name in ("arg_max", "arg_min") and ir.Wildcard() in arguments and others is not None:
        yield _extreme(name, arguments, names, others)
    else:
        yield from one_column(named, names)


def _extreme(function: str, arguments: Sequence[ir.Expr], names: Sequence[str], others: Sequence[str]) -> ir.NamedExpr:
    """``arg_max(x, *)`` with the columns that it gives."""
    given = tuple(argument for argument in arguments if argument != ir.Wildcard())
    kept = [column for name in others if (column := ir.ColumnRef(name)) not in given]
    if len(given) + len(kept) > 1:
        return ir.NamedExpr(ir.FunctionCall(function, (*given, *kept)), names[0] if names else None)
    name = names[0] if names else naming.expression_name(given[0])
    return ir.NamedExpr(ir.FunctionCall(function.removeprefix("arg_"), given), name)


def _percentiles(
    function: str, values: Sequence[ir.Expr], percentiles: Sequence[ir.Expr], names: Sequence[str]
) -> Iterator[ir.NamedExpr]:
    base = naming.expression_name(values[0]) or ""
    for index, percentile in enumerate(percentiles):
        name = names[index] if index < len(names) else f"percentile_{base}_{_written(percentile)}"
        yield ir.NamedExpr(ir.FunctionCall(function, (*values, percentile)), name)


def _array(
    function: str, values: Sequence[ir.Expr], percentiles: Sequence[ir.Expr], names: Sequence[str], prefix: str
) -> ir.NamedExpr:
    if len(percentiles) == 1 and isinstance(percentiles[0], ir.Literal) and percentiles[0].kind == "dynamic":
        array = percentiles[0]
    else:
        array = ir.Literal(json.dumps([_number(percentile) for percentile in percentiles]), "dynamic")
    name = names[0] if names else f"{prefix}_{naming.expression_name(values[0]) or ''}"
    return ir.NamedExpr(ir.FunctionCall(function, (*values, array)), name)


def _number(percentile: ir.Expr) -> float:
    if not isinstance(percentile, ir.Literal) or not isinstance(percentile.value, (int, float)):
        raise KqlUnsupportedError("aggregate:percentiles", hint="percentiles are numbers")
    return percentile.value


def _written(percentile: ir.Expr) -> str:
    number = _number(percentile)
    return str(int(number)) if float(number).is_integer() else str(number).replace(".", "_")
