"""The functions that give several columns, and which. Pure.

Each becomes one function a column (``series_stats__avg``), which takes it out of the one that computes them all.
"""

from __future__ import annotations

from kqlext.services.local_functions.rows import PREFIX, SQL_TYPES, Function

_FIT = ("rsquare", "slope", "variance", "rvariance", "interception", "line_fit")
SEVERAL: dict[str, tuple[str, ...]] = {
    "series_fit_line": _FIT,
    "series_stats": ("min", "min_idx", "max", "max_idx", "avg", "stdev", "variance"),
    "series_decompose": ("baseline", "seasonal", "trend", "residual"),
    "series_decompose_anomalies": ("ad_flag", "ad_score", "baseline"),
}
_TYPES = {
    **dict.fromkeys(("min_idx", "max_idx"), "long"),
    **dict.fromkeys(("line_fit", "baseline", "seasonal", "trend", "residual"), "dynamic"),
    **dict.fromkeys(("ad_flag", "ad_score"), "dynamic"),
}


def column_function(function: str, column: str) -> str:
    """The name of the function that gives one column."""
    return f"{function}__{column}"


def column_functions(whole: Function) -> list[Function]:
    """One function for each column of a function whose Python gives a bag of them."""
    found = []
    for column in SEVERAL[whole.name]:
        kind = _TYPES.get(column, "real")
        inputs = ", ".join(f"{{{index}}}" for index in range(len(whole.kinds)))
        bag = f"{PREFIX}{whole.name}({inputs})"
        value = f"({bag} -> '$.{column}')"
        sql = f"nullif({value}, CAST('null' AS JSON))" if kind == "dynamic" else f"CAST({value} AS {SQL_TYPES[kind]})"
        found.append(Function(column_function(whole.name, column), whole.arguments, sql, returns=kind))
    return found
