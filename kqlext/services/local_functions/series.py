"""Series: computed element by element, filled, filtered, summed up, fitted by a line. Pure.

Source: the pages of these functions in the Kusto Query Language reference ("Time series analysis").
"""

from __future__ import annotations

import itertools
import math
import operator
from collections.abc import Callable
from typing import Any

from kqlext.services.local_functions.rows import Function
from kqlext.services.local_functions.several import column_functions

Series = list[Any]


def is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def numbers(series: Any) -> list[float] | None:
    """The numbers of a series, or None where something else is among them."""
    if not isinstance(series, list) or not all(is_number(item) for item in series):
        return None
    return [float(item) for item in series]


# --- element by element --------------------------------------------------------------------------------------


def _each(compute: Callable[[Any], Any]) -> Callable[[Any], Series | None]:
    """A function of a number for each number of a series; what is none, or has no value, is null."""

    def apply(series: Any) -> Series | None:
        if not isinstance(series, list):
            return None
        return [_value(compute, item) if is_number(item) else None for item in series]

    return apply


def _pairs(compute: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Series | None]:
    """The same of two series; a number stands for a series of it."""

    def apply(one: Any, other: Any) -> Series | None:
        if not isinstance(one, list) and not isinstance(other, list):
            return None
        size = max(len(side) for side in (one, other) if isinstance(side, list))
        left, right = (side if isinstance(side, list) else [side] * size for side in (one, other))
        return [
            _value(compute, a, b) if is_number(a) and is_number(b) else None
            for a, b in itertools.zip_longest(left, right)
        ]

    return apply


def _value(compute: Callable[..., Any], *arguments: Any) -> Any:
    try:
        result = compute(*arguments)
    except OverflowError:
        return math.inf
    except ValueError:
        return math.nan
    return None if isinstance(result, complex) else result


def _divided(a: float, b: float) -> float:
    if b:
        return a / b
    return math.nan if not a or math.isnan(a) else math.copysign(math.inf, a)


def _log(value: float) -> float:
    return -math.inf if value == 0 else math.log(value)


def _power(a: float, b: float) -> Any:
    return math.inf if a == 0 and b < 0 else float(a) ** b


_EACH: dict[str, Callable[[Any], Any]] = {
    "abs": abs,
    "acos": math.acos,
    "asin": math.asin,
    "atan": math.atan,
    "ceiling": math.ceil,
    "cos": math.cos,
    "exp": math.exp,
    "floor": math.floor,
    "log": _log,
    "sign": lambda value: (value > 0) - (value < 0),
    "sin": math.sin,
    "tan": math.tan,
}
_PAIRS: dict[str, Callable[[Any, Any], Any]] = {
    "add": operator.add,
    "subtract": operator.sub,
    "multiply": operator.mul,
    "divide": _divided,
    "pow": _power,
    "greater": operator.gt,
    "greater_equals": operator.ge,
    "less": operator.lt,
    "less_equals": operator.le,
    "equals": operator.eq,
    "not_equals": operator.ne,
}


# --- missing values ------------------------------------------------------------------------------------------


def _fill_const(series: Any, constant: Any, missing: Any) -> Series | None:
    return [constant if item == missing else item for item in series] if isinstance(series, list) else None


def _fill_forward(series: Any, missing: Any) -> Series | None:
    if not isinstance(series, list):
        return None
    last = missing
    return [last := last if item == missing else item for item in series]


def _fill_backward(series: Any, missing: Any) -> Series | None:
    filled = _fill_forward(series[::-1], missing) if isinstance(series, list) else None
    return None if filled is None else filled[::-1]


def _fill_linear(series: Any, missing: Any, edges: bool | None, constant: Any) -> Series | None:
    """Missing values on the line between their neighbours; whole numbers stay whole."""
    if not isinstance(series, list):
        return None
    known = [index for index, item in enumerate(series) if item != missing]
    if not known:
        return [0.0 if constant is None else constant] * len(series)
    whole = all(isinstance(series[index], int) for index in known)
    filled = list(series)
    for left, right in itertools.pairwise(known):
        for index in range(left + 1, right):
            value = series[left] + (series[right] - series[left]) * (index - left) / (right - left)
            filled[index] = int(value) if whole else value
    if edges is None or edges:
        filled[: known[0]] = [series[known[0]]] * known[0]
        filled[known[-1] + 1 :] = [series[known[-1]]] * (len(series) - known[-1] - 1)
    return filled


# --- filters -------------------------------------------------------------------------------------------------


def _fir(series: Any, weights: Any, normalize: bool | None, center: bool | None) -> Series | None:
    values, factors = numbers(series), numbers(weights)
    if values is None or not factors:
        return None
    negative = any(factor < 0 for factor in factors)
    if normalize if normalize is not None else not negative:
        total = sum(factors)
        if negative or not total:
            return None
        factors = [factor / total for factor in factors]
    ahead = (len(factors) - 1) // 2 if center else 0
    return [
        sum(
            factor * values[at]
            for place, factor in enumerate(factors)
            if 0 <= (at := index + ahead - place) < len(values)
        )
        for index in range(len(values))
    ]


def _iir(series: Any, numerators: Any, denominators: Any) -> Series | None:
    values, b, a = numbers(series), numbers(numerators), numbers(denominators)
    if values is None or not b or not a or a[0] == 0:
        return None
    found: list[float] = []
    for index in range(len(values)):
        total = sum(weight * values[index - place] for place, weight in enumerate(b) if place <= index)
        total -= sum(weight * found[index - place] for place, weight in enumerate(a) if 0 < place <= index)
        found.append(total / a[0])
    return found


# --- summed up -----------------------------------------------------------------------------------------------


def _sum(series: Any) -> float | None:
    values = numbers(series)
    return None if values is None else math.fsum(values)


def _product(series: Any) -> float | None:
    values = numbers(series)
    return None if values is None else math.prod(values)


def _magnitude(series: Any) -> float | None:
    values = numbers(series)
    return None if values is None else math.hypot(*values)


def _dot_product(one: Any, other: Any) -> float | None:
    left, right = numbers(one), numbers(other)
    if left is None or right is None or len(left) != len(right):
        return None
    return math.fsum(a * b for a, b in zip(left, right, strict=True))


def _cosine(one: Any, other: Any, length: float | None, other_length: float | None) -> float | None:
    if not isinstance(one, list) or not isinstance(other, list):
        return None
    pairs = [(a, b) for a, b in zip(one, other, strict=False) if is_number(a) and is_number(b)]
    if not pairs:
        return None
    left = math.hypot(*(a for a, _ in pairs)) if length is None else length
    right = math.hypot(*(b for _, b in pairs)) if other_length is None else other_length
    return _divided(math.fsum(a * b for a, b in pairs), left * right)


def _pearson(one: Any, other: Any) -> float | None:
    left, right = numbers(one), numbers(other)
    if not left or not right or len(left) != len(right):
        return None
    mean, other_mean = math.fsum(left) / len(left), math.fsum(right) / len(right)
    return _cosine([a - mean for a in left], [b - other_mean for b in right], None, None)


def stats(series: Any, ignore_nonfinite: bool | None) -> dict[str, Any] | None:
    if not isinstance(series, list):
        return None
    finite = [(index, float(item)) for index, item in enumerate(series) if is_number(item) and math.isfinite(item)]
    if not finite or (len(finite) < len(series) and not ignore_nonfinite):
        names = ("min", "min_idx", "max", "max_idx", "avg", "stdev", "variance", "sum")
        return {**dict.fromkeys(names), "len": len(series)}
    values = [value for _, value in finite]
    least, most = min(values), max(values)
    total = math.fsum(values)
    variance = _variance([value - total / len(values) for value in values])
    return {
        "min": least,
        "min_idx": next(index for index, value in finite if value == least),
        "max": most,
        "max_idx": next(index for index, value in finite if value == most),
        "avg": total / len(values),
        "stdev": math.sqrt(variance),
        "variance": variance,
        "sum": total,
        "len": len(values),
    }


def _variance(deviations: list[float]) -> float:
    """Of a sample, from its deviations from the mean; of one value it is 0."""
    return math.fsum(value * value for value in deviations) / (len(deviations) - 1) if len(deviations) > 1 else 0.0


# --- a line --------------------------------------------------------------------------------------------------


def line(values: list[float]) -> tuple[float, float]:
    """Slope and interception of the line through values at 1, 2, 3 that is nearest to them."""
    count = len(values)
    middle, mean = (count + 1) / 2, math.fsum(values) / count
    spread = math.fsum((x - middle) ** 2 for x in range(1, count + 1))
    slope = math.fsum((x - middle) * (y - mean) for x, y in enumerate(values, 1)) / spread if spread else 0.0
    return slope, mean - slope * middle


def fit_line(series: Any) -> dict[str, Any] | None:
    values = numbers(series)
    if not values:
        return None
    slope, interception = line(values)
    fitted = [slope * x + interception for x in range(1, len(values) + 1)]
    mean = math.fsum(values) / len(values)
    variance = _variance([value - mean for value in values])
    residual = _variance([value - near for value, near in zip(values, fitted, strict=True)])
    return {
        "rsquare": 1 - residual / variance if variance else 1.0,
        "slope": slope,
        "variance": variance,
        "rvariance": residual,
        "interception": interception,
        "line_fit": fitted,
    }


_FIT = Function("series_fit_line", "dynamic", python=fit_line, returns="dynamic")
_STATS = Function("series_stats", "dynamic bool?", python=stats, returns="dynamic")

WHOLE = (_FIT, _STATS)
"""What several columns are taken from."""

FUNCTIONS = (
    *(Function(f"series_{name}", "dynamic", python=_each(f), returns="dynamic") for name, f in _EACH.items()),
    *(Function(f"series_{name}", "dynamic dynamic", python=_pairs(f), returns="dynamic") for name, f in _PAIRS.items()),
    Function("series_fill_const", "dynamic dynamic dynamic?", python=_fill_const, returns="dynamic"),
    Function("series_fill_forward", "dynamic dynamic?", python=_fill_forward, returns="dynamic"),
    Function("series_fill_backward", "dynamic dynamic?", python=_fill_backward, returns="dynamic"),
    Function("series_fill_linear", "dynamic dynamic? bool? dynamic?", python=_fill_linear, returns="dynamic"),
    Function("series_fir", "dynamic dynamic bool? bool?", python=_fir, returns="dynamic"),
    Function("series_iir", "dynamic dynamic dynamic", python=_iir, returns="dynamic"),
    Function("series_sum", "dynamic", python=_sum, returns="real"),
    Function("series_product", "dynamic", python=_product, returns="real"),
    Function("series_magnitude", "dynamic", python=_magnitude, returns="real"),
    Function("series_dot_product", "dynamic dynamic", python=_dot_product, returns="real"),
    Function("series_cosine_similarity", "dynamic dynamic real? real?", python=_cosine, returns="real"),
    Function("series_pearson_correlation", "dynamic dynamic", python=_pearson, returns="real"),
    Function("series_stats_dynamic", "dynamic bool?", python=stats, returns="dynamic"),
    Function("series_fit_line_dynamic", "dynamic", python=fit_line, returns="dynamic"),
    *(row for whole in WHOLE for row in column_functions(whole)),
)
