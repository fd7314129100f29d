"""What a row of the tables says: one function or aggregate of KQL, and how DuckDB computes it. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from duckdb_kql.translate import _kql_datetime_text, _kql_timespan_text

PREFIX = "kqlext_"
"""What the names of functions begin with that are registered with DuckDB."""

Kind = str  # text, dynamic, real, long, bool, datetime, timespan, guid, any

SQL_TYPES = {
    "text": "VARCHAR",
    "dynamic": "JSON",
    "real": "DOUBLE",
    "long": "BIGINT",
    "bool": "BOOLEAN",
    "datetime": "TIMESTAMP",
    "timespan": "INTERVAL",
    "guid": "UUID",
    "decimal": "DECIMAL(38, 0)",
}


NO_TIME = "no time: "
"""What DuckDB says before a datetime literal that cannot be read."""
NO_ORDER = "no order: "
"""What it says before the column, if it is one, whose dynamic values are to be ordered."""


def once(value: str, name: str, body: str) -> str:
    """SQL of ``body``, in which ``name`` stands for a value that is computed once."""
    return f"list_transform([{value}], lambda {name}: {body})[1]"


_NOT_FINITE = " ".join(
    f"WHEN '{written}' THEN to_json('{text}')"
    for written, text in (("nan", "NaN"), ("-nan", "NaN"), ("inf", "Infinity"), ("-inf", "-Infinity"))
)


def as_dynamic(value: str) -> str:
    """SQL of a value as it stands in a dynamic one: times, and numbers that JSON has not, as Kusto writes them."""
    return (
        f"CASE typeof({value}) "
        f"WHEN 'TIMESTAMP' THEN to_json({_kql_datetime_text(f'CAST({value} AS TIMESTAMP)')}) "
        f"WHEN 'INTERVAL' THEN to_json({_kql_timespan_text(f'CAST({value} AS INTERVAL)')}) "
        f"WHEN 'DOUBLE' THEN CASE CAST({value} AS VARCHAR) {_NOT_FINITE} ELSE to_json({value}) END "
        f"ELSE to_json({value}) END"
    )


@dataclass(frozen=True)
class Function:
    """A scalar function.

    Attributes:
        name: as KQL calls it.
        arguments: the kind of each argument, ``text dynamic long?``: with ``?`` it may be left out, and with ``*`` any
            number of the last one is taken. A ``text`` is never null, an ``any`` comes as it is.
        sql: a template with ``{0}``, ``{1}``; what is left out is NULL, and the ``*`` ones are joined by commas.
        python: what computes it where SQL cannot. It is not called where an argument without ``?`` is null; a
            ``dynamic`` comes as what it holds, and the ``*`` ones as one list.
        returns: the kind of what ``python`` gives.
        volatile: whether two calls with the same arguments differ.
        counts: the numbers of arguments for which this stands in the place of the engine's own; empty for all.
    """

    name: str
    arguments: str = ""
    sql: str = ""
    python: Callable[..., Any] | None = None
    returns: Kind = "any"
    volatile: bool = False
    counts: tuple[int, ...] = ()

    @cached_property
    def kinds(self) -> tuple[Kind, ...]:
        return tuple(kind.rstrip("?*") for kind in self.arguments.split())

    @property
    def variadic(self) -> bool:
        return self.arguments.endswith("*")

    @cached_property
    def required(self) -> int:
        return sum(not kind.endswith(("?", "*")) for kind in self.arguments.split())

    def kind(self, index: int) -> Kind:
        """The kind of one argument of a call."""
        return self.kinds[min(index, len(self.kinds) - 1)]

    def takes(self, count: int) -> bool:
        """Whether it can be called with so many arguments."""
        return self.required <= count and (self.variadic or count <= len(self.kinds))

    def render(self, arguments: Sequence[str]) -> str:
        """SQL of a call whose arguments are SQL of their kinds."""
        given = list(arguments)
        if self.variadic:
            fixed = len(self.kinds) - 1
            joined = ", ".join(given[fixed:])
            given = [*given[:fixed], joined if self.sql else f"json_array({joined})"]
        given += [self._missing(index) for index in range(len(given), len(self.kinds))]
        if self.sql:
            return self.sql.format(*given)
        return f"{PREFIX}{self.name}({', '.join(given)})"

    def _missing(self, index: int) -> str:
        kind = self.kinds[index]
        return f"CAST(NULL AS {SQL_TYPES[kind]})" if kind in SQL_TYPES else "NULL"


@dataclass(frozen=True)
class Aggregate:
    """An aggregate.

    Attributes:
        name: as KQL calls it.
        sql: by the number of arguments, a template with ``{0}``, ``{1}``.
        column: what the name of an unnamed result begins with; empty where it is that of the argument.
    """

    name: str
    sql: dict[int, str]
    column: str
