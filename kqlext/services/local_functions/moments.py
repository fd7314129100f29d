"""Calls of times that the engine has in another form, written in that. Pure.

Source: the pages of these functions in the Kusto Query Language reference ("Datetime and timespan functions").
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence

from duckdb_kql import KqlUnsupportedError, ir


def _make_datetime(call: ir.FunctionCall, _: Sequence[str]) -> ir.Expr:
    if len(call.args) == 1:
        return dataclasses.replace(call, name="todatetime")
    if len(call.args) not in (3, 5, 6):
        raise KqlUnsupportedError("function:make_datetime", hint="make_datetime() takes 1, 3, 5 or 6 arguments")
    zeros = (ir.Literal(0, "long"),) * (6 - len(call.args))
    return dataclasses.replace(call, args=(*call.args, *zeros))


def _make_timespan(call: ir.FunctionCall, _: Sequence[str]) -> ir.Expr:
    if not 2 <= len(call.args) <= 4:
        raise KqlUnsupportedError("function:make_timespan", hint="make_timespan() takes 2, 3 or 4 arguments")
    zero = ir.Literal(0, "long")
    days = () if len(call.args) == 4 else (zero,)
    seconds = (zero,) if len(call.args) == 2 else ()
    return dataclasses.replace(call, args=(*days, *call.args, *seconds))


def _datetime_part(call: ir.FunctionCall, _: Sequence[str]) -> ir.Expr:
    """Fractions of the second: the engine gives the whole seconds with them."""
    part, moment = (call.args[0], call.args[1:]) if len(call.args) == 2 else (None, ())
    name = str(part.value).lower() if isinstance(part, ir.Literal) else ""
    if name not in _FRACTIONS:
        return call
    counted, one, factor = _FRACTIONS[name]
    whole = dataclasses.replace(call, args=(ir.Literal(counted, "string"), *moment))
    rest = ir.BinaryOp("%", whole, ir.Literal(one, "long"))
    return ir.BinaryOp("*", rest, ir.Literal(factor, "long"))


_FRACTIONS = {
    "millisecond": ("millisecond", 1_000, 1),
    "microsecond": ("microsecond", 1_000_000, 1),
    "nanosecond": ("microsecond", 1_000_000, 1_000),
}
"""Part -> the one that the engine counts, how many of it a second has, and how many of the part it is."""


def _datetime_diff(call: ir.FunctionCall, _: Sequence[str]) -> ir.Expr:
    """Weeks that begin on Sunday: the engine counts others. And nanoseconds, by the microsecond."""
    part = call.args[0] if len(call.args) == 3 else None
    name = str(part.value).lower() if isinstance(part, ir.Literal) else ""
    if name == "nanosecond":
        count = dataclasses.replace(call, args=(ir.Literal("microsecond", "string"), *call.args[1:]))
        return ir.BinaryOp("*", count, ir.Literal(1000, "long"))
    if name != "week":
        return call
    weeks = [ir.FunctionCall("startofweek", (moment,)) for moment in call.args[1:]]
    days = ir.FunctionCall("datetime_diff", (ir.Literal("day", "string"), *weeks))
    return ir.BinaryOp("/", days, ir.Literal(7, "long"))


MOMENTS: dict[str, Callable[[ir.FunctionCall, Sequence[str]], ir.Expr]] = {
    "make_datetime": _make_datetime,
    "make_timespan": _make_timespan,
    "datetime_diff": _datetime_diff,
    "datetime_part": _datetime_part,
}
"""By the name of the function: a call, and the columns that it stands on."""
