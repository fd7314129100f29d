"""Series taken apart into season, trend and the rest, and what stands out of it. Pure.

Sources: the pages of series_decompose(), series_decompose_anomalies(), series_decompose_forecast(), series_seasonal()
and series_outliers() of the Kusto Query Language reference. They say what the components are, but neither how a period
is found nor how the default scores are scaled; ``local_differences`` tells who uses either. Here

- a period is the lag, from 4 to less than half of the series, at which the series is most like itself: where its
  autocorrelation has its highest peak, if that, without the bias of few pairs, is above the threshold;
- ``ctukey`` is Tukey's test with the range from the 10th to the 90th percentile, scaled as if the values were normally
  distributed to the one from the 25th to the 75th. With it, the anomalies of the reference's examples are those that it
  describes.
"""

from __future__ import annotations

import math
from typing import Any

from kqlext.services.local_functions.rows import Function
from kqlext.services.local_functions.series import is_number, line, numbers
from kqlext.services.local_functions.several import column_functions

_SHORTEST = 4
_SCORE = 0.6  # above which a period counts, unless a query says another number
_SEASONAL_SCORE = 0.7
_QUARTILES = {"tukey": (25.0, 75.0), "ctukey": (10.0, 90.0)}


def _period(values: list[float], threshold: float) -> int:
    """The length of the season, or 0."""
    import numpy as np

    count = len(values)
    deviations = np.asarray(values) - np.mean(values)
    power = float(deviations @ deviations)
    if count < 2 * _SHORTEST or not power:
        return 0
    size = 1 << (2 * count - 1).bit_length()
    spectrum = np.fft.rfft(deviations, size)
    likeness = np.fft.irfft(spectrum * np.conj(spectrum), size)[: count // 2 + 1] / power
    peaks = [
        lag
        for lag in range(_SHORTEST, count // 2)
        if likeness[lag] > likeness[lag - 1] and likeness[lag] >= likeness[lag + 1]
        if likeness[lag] * count / (count - lag) > threshold
    ]
    return max(peaks, key=lambda lag: float(likeness[lag]), default=0)


def _seasonal(values: list[float], period: int, count: int) -> list[float]:
    """The median of each phase, for so many points."""
    if period <= 0:
        return [0.0] * count
    medians = [_percentile(sorted(values[phase::period]), 50.0) for phase in range(min(period, len(values)))]
    medians += [0.0] * (period - len(medians))
    return [medians[index % period] for index in range(count)]


def _decompose(
    series: Any, seasonality: int | None, trend: str | None, test_points: int | None, threshold: float | None
) -> dict[str, list[float]] | None:
    values = numbers(series)
    if not values:
        return None
    count = len(values)
    learned = values[: count - test_points] if test_points and 0 < test_points < count else values
    period = -1 if seasonality is None else seasonality
    if period == -1:
        period = _period(learned, _SCORE if threshold is None else threshold)
    if period < 0:
        raise ValueError("the seasonality of a series is -1, 0 or a period")
    seasonal = _seasonal(learned, period, count)
    rest = [value - season for value, season in zip(learned, seasonal, strict=False)]
    going = _trend(rest, trend or "avg", count)
    baseline = [season + way for season, way in zip(seasonal, going, strict=True)]
    residual = [value - base for value, base in zip(values, baseline, strict=True)]
    return {"baseline": baseline, "seasonal": seasonal, "trend": going, "residual": residual}


def _trend(values: list[float], kind: str, count: int) -> list[float]:
    if kind == "none":
        return [0.0] * count
    if kind == "avg":
        return [math.fsum(values) / len(values)] * count
    if kind == "linefit":
        slope, interception = line(values)
        return [slope * x + interception for x in range(1, count + 1)]
    raise ValueError("the trend of a series is 'avg', 'linefit' or 'none'")


def _forecast(
    series: Any, points: int, seasonality: int | None, trend: str | None, threshold: float | None
) -> list[float] | None:
    found = _decompose(series, seasonality, trend, points, threshold)
    return None if found is None else found["baseline"]


def _season_of(series: Any, period: int | None) -> list[float] | None:
    values = numbers(series)
    if not values:
        return None
    length = _period(values, _SEASONAL_SCORE) if period is None or period == -1 else period
    return _seasonal(values, length, len(values))


# --- what stands out -----------------------------------------------------------------------------------------


def _percentile(ordered: list[float], share: float) -> float:
    place = (len(ordered) - 1) * share / 100
    low = math.floor(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


def _scale(low: float, high: float) -> float:
    """How much smaller a normal distribution's range between the quartiles is than that between two percentiles."""
    from statistics import NormalDist

    normal = NormalDist()
    return (normal.inv_cdf(0.75) - normal.inv_cdf(0.25)) / (normal.inv_cdf(high / 100) - normal.inv_cdf(low / 100))


def _outliers(
    series: Any, kind: str | None, ignored: float | None, least: float | None, most: float | None
) -> list[float] | None:
    if not isinstance(series, list):
        return None
    test = kind or "ctukey"
    if test not in _QUARTILES:
        raise ValueError("the kind of outliers is 'ctukey' or 'tukey'")
    low, high = _QUARTILES[test]
    if test == "ctukey":
        low, high = low if least is None else least, high if most is None else most
        if not 2 <= low < high <= 98:
            raise ValueError("the percentiles of outliers are between 2 and 98")
    counted = [index for index, item in enumerate(series) if is_number(item) and item != ignored]
    ordered = sorted(float(series[index]) for index in counted)
    if not ordered:
        return [0.0] * len(series)
    lower, upper = _percentile(ordered, low), _percentile(ordered, high)
    unit = (upper - lower) * _scale(low, high)
    scores = [0.0] * len(series)
    for index in counted:
        beyond = max(series[index] - upper, 0.0) + min(series[index] - lower, 0.0)
        scores[index] = beyond / unit if unit else math.copysign(math.inf, beyond) if beyond else 0.0
    return scores


def _anomalies(
    series: Any,
    threshold: float | None,
    seasonality: int | None,
    trend: str | None,
    test_points: int | None,
    method: str | None,
    seasonality_threshold: float | None,
) -> dict[str, Any] | None:
    found = _decompose(series, seasonality, trend, test_points, seasonality_threshold)
    if found is None:
        return None
    scores = _outliers(found["residual"], method, None, None, None) or []
    limit = 1.5 if threshold is None else threshold
    flags = [(score > limit) - (score < -limit) for score in scores]
    return {"ad_flag": flags, "ad_score": scores, "baseline": found["baseline"]}


WHOLE = (
    Function("series_decompose", "dynamic long? text? long? real?", python=_decompose, returns="dynamic"),
    Function(
        "series_decompose_anomalies",
        "dynamic real? long? text? long? text? real?",
        python=_anomalies,
        returns="dynamic",
    ),
)

FUNCTIONS = (
    Function("series_decompose_forecast", "dynamic long long? text? real?", python=_forecast, returns="dynamic"),
    Function("series_seasonal", "dynamic long?", python=_season_of, returns="dynamic"),
    Function("series_outliers", "dynamic text? real? real? real?", python=_outliers, returns="dynamic"),
    *(row for whole in WHOLE for row in column_functions(whole)),
)
