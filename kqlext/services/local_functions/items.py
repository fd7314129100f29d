"""What an item of ``extend``, ``project`` or ``print`` gives: one column, or those of a call that gives several. Pure.

Source: what ``project`` and ``extend`` do with fewer names than columns is said on the pages of series_fit_2lines() and
series_stats() of the Kusto Query Language reference.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence

from duckdb_kql import KqlUnsupportedError, ir
from duckdb_kql.translate import naming
from duckdb_kql.translate.functions import lookup, lookup_aggregate

from kqlext.services.local_functions.several import SEVERAL, column_function


class Names(str):
    """The names before a ``=``: the first of them, and all."""

    all: tuple[str, ...]

    def __new__(cls, names: Sequence[str]) -> Names:
        self = super().__new__(cls, names[0])
        self.all = tuple(names)
        return self


def columns_of(named: ir.NamedExpr, is_project: bool) -> Iterator[ir.NamedExpr]:
    """What one item of ``extend``, ``project`` or ``print`` gives: the columns that are named, and where none is, all;
    ``project`` adds the rest to several names."""
    names = names_of(named)
    call = named.expr
    columns = _given(call)
    if columns is None:
        yield from one_column(named, names)
        return
    assert isinstance(call, ir.FunctionCall)
    if len(names) > len(columns):
        raise KqlUnsupportedError(
            f"function:{call.name}", hint=f"{call.name}() takes at most {len(columns)} names for its columns"
        )
    for index, column in enumerate(columns):
        if index < len(names):
            name = names[index]
        elif not names or (is_project and len(names) > 1):
            base = naming.expression_name(call.args[0])
            if base is None:
                raise KqlUnsupportedError(
                    f"function:{call.name}",
                    hint=f"{call.name}() takes names for its columns: ({', '.join(columns)}) = {call.name}(…)",
                )
            name = f"{base}_sorted" if call.name in _SORTS else f"{call.name}_{base}_{column}"
        else:
            return
        yield ir.NamedExpr(ir.FunctionCall(column_function(call.name, column), call.args), name)


_SORTS = ("array_sort_asc", "array_sort_desc")


def _given(call: ir.Expr) -> tuple[str, ...] | None:
    """The columns that a call gives, where they are several."""
    if not isinstance(call, ir.FunctionCall):
        return None
    if call.name in _SORTS:
        count = sum(not (isinstance(a, ir.Literal) and a.kind == "bool") for a in call.args)
        return tuple(str(index) for index in range(count)) if 1 < count <= 8 else None
    return SEVERAL.get(call.name)


def names_of(named: ir.NamedExpr) -> tuple[str, ...]:
    """The names that stand before the ``=``."""
    if isinstance(named.name, Names):
        return named.name.all
    return (named.name,) if named.name else ()


def one_column(named: ir.NamedExpr, names: Sequence[str]) -> Iterator[ir.NamedExpr]:
    """The item itself, which takes one name."""
    if len(names) > 1:
        called = named.expr.name if isinstance(named.expr, ir.FunctionCall) else ""
        if not called:
            raise KqlUnsupportedError("function:value", hint="A value takes one name: it gives one column")
        if lookup(called) is None and lookup_aggregate(called) is None:
            raise KqlUnsupportedError(f"function:{called}")
        raise KqlUnsupportedError(f"function:{called}", hint=f"{called}() takes one name: it gives one column")
    yield dataclasses.replace(named, name=names[0]) if isinstance(named.name, Names) else named
