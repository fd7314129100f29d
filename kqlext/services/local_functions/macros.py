"""SQL macros that do one thing with numbers and another with lengths of time, which duckdb-kql cannot tell apart. Pure.

DuckDB takes the overload of the types that it finds, and the one without types for all others. It does not know the
type of an aggregate yet when it chooses: none may stand in what such a macro takes.
"""

from __future__ import annotations

_DAY = 86_400_000_000


def span_of(microseconds: str) -> str:
    """SQL of a length of time; its days apart, since Arrow counts the rest in nanoseconds of 64 bits."""
    return (
        f"to_days(CAST({microseconds} // {_DAY} AS INTEGER)) + to_microseconds(CAST({microseconds} % {_DAY} AS BIGINT))"
    )


# Reals are divided by zero too; what DuckDB's // gives has their type, and a literal takes that of its CASE.
_BY_ZERO = "typeof(a // NULLIF(b, 0)) IN ('DOUBLE', 'FLOAT') AND b = 0 AND"
_DIVIDED = (
    f"CASE WHEN {_BY_ZERO} (a = 0 OR isnan(TRY_CAST(a AS DOUBLE))) THEN 'NaN' WHEN {_BY_ZERO} a > 0 THEN 'Infinity' "
    f"WHEN {_BY_ZERO} a < 0 THEN '-Infinity' ELSE a // NULLIF(b, 0) END"
)

_SUM, _SUM_IF = "coalesce(sum(epoch_us(x)), 0)", "coalesce(sum(epoch_us(x)) FILTER (WHERE p), 0)"
MACROS: dict[str, str] = {
    "total": f"(x INTERVAL) AS {span_of(_SUM)}, (x) AS coalesce(sum(x), 0)",
    "total_if": f"(x INTERVAL, p) AS {span_of(_SUM_IF)}, (x, p) AS coalesce(sum(x) FILTER (WHERE p), 0)",
    # Percentiles of whole numbers are longs.
    "whole": "(x INTEGER) AS CAST(x AS BIGINT), (x) AS x",
    # Whole numbers are divided as such.
    "quotient": (
        "(a INTERVAL, b INTERVAL) AS epoch_us(a) / NULLIF(epoch_us(b), 0), "
        f"(a INTERVAL, b BIGINT) AS {span_of('(epoch_us(a) // NULLIF(b, 0))')}, "
        f"(a INTERVAL, b DOUBLE) AS {span_of('CAST(trunc(epoch_us(a) / NULLIF(b, 0)) AS BIGINT)')}, "
        f"(a, b) AS {_DIVIDED}"
    ),
    "absolute": (
        f"(x INTERVAL) AS {span_of('abs(epoch_us(x))')}, "
        "(x) AS abs(CASE WHEN false THEN CAST(NULL AS BIGINT) ELSE x END)"
    ),
}
"""Name -> parameters and bodies."""
