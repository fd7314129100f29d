"""Aggregates and series functions of the embedded engine: each answers what the Kusto Query Language reference says."""

from __future__ import annotations

import datetime as dt
import math
from typing import Any

import pytest
from conftest import rows

from kqlext.errors import KqlError

UTC = dt.UTC


NUMBERS = "range x from 1 to 5 step 1"
TIMES = """datatable(a:int, d:timespan, t:datetime)[
    1, 1h, datetime(2020-01-01), 2, 3h, datetime(2020-01-03), int(null), timespan(null), datetime(null)]"""
SETS = "datatable(g:string, a:dynamic)['x', dynamic([1,2]), 'x', dynamic([2,3]), 'y', dynamic(5), 'y', dynamic(null)]"
TEXTS = """datatable(s:string)['["a"]', 'b', 'b']"""

# A query behind a table, and the one row that it gives.
ONE_ROW = [
    (NUMBERS, "make_list(x, 2)", [1, 2]),
    (NUMBERS, "make_list(x, 0)", []),
    (NUMBERS, "make_list(x, 99)", [1, 2, 3, 4, 5]),
    (NUMBERS, "make_list_if(x, x > 3)", [4, 5]),
    (NUMBERS, "make_list_if(x, x > 3, 1)", [4]),
    (NUMBERS, "make_list_if(x, x > 9)", []),
    (NUMBERS, "array_length(make_set(x, 2))", 2),
    (NUMBERS, "array_sort_asc(make_set(x % 2))", [0, 1]),
    (NUMBERS, "array_sort_asc(make_set_if(x, x > 3))", [4, 5]),
    (NUMBERS, "array_length(make_set_if(x, x > 1, 3))", 3),
    (NUMBERS, "maxif(x, x < 3)", 2),
    (NUMBERS, "minif(x, x > 3)", 4),
    (NUMBERS, "maxif(x, x > 9)", None),
    (NUMBERS, "count_distinct(x % 2)", 2),
    (NUMBERS, "count_distinctif(x % 2, x == 1)", 1),
    (NUMBERS, "stdevp(x)", math.sqrt(2)),
    (NUMBERS, "variancep(x)", 2.0),
    (NUMBERS, "variancepif(x, x < 3)", 0.25),
    (NUMBERS, "covariance(x, 2 * x)", 5.0),
    (NUMBERS, "covariancep(x, 2 * x)", 4.0),
    (NUMBERS, "covarianceif(x, 2 * x, x < 3)", 1.0),
    (NUMBERS, "covariancepif(x, 2 * x, x < 3)", 0.5),
    (NUMBERS, "take_anyif(x, x == 2)", 2),
    (NUMBERS, "min(tostring(x)) == '1' and isempty(maxif(tostring(x), x > 9))", True),
    (f"{NUMBERS} | where x > 9", "min(tostring(x))", ""),
    (f"{NUMBERS} | where x > 9", "take_any(tostring(x))", ""),
    (NUMBERS, "take_anyif(tostring(x), x > 9)", ""),
    (NUMBERS, "binary_all_or(x)", 7),
    (NUMBERS, "binary_all_and(x)", 0),
    (NUMBERS, "binary_all_xor(x)", 1),
    (NUMBERS, "percentiles_array(x, 20, 50)", [1, 3]),
    (NUMBERS, "percentiles_array(x, dynamic([20, 50]))", [1, 3]),
    (NUMBERS, "percentilew(x, 6 - x, 50)", 2),
    (NUMBERS, "percentilew(x, x, 100)", 5),
    (NUMBERS, "round(avg(x), 1)", 3.0),
    (TIMES, "make_list(t)", ["2020-01-01T00:00:00.0000000Z", "2020-01-03T00:00:00.0000000Z"]),
    (TIMES, "make_list(d)", ["01:00:00", "03:00:00"]),
    (
        "datatable(r:real)[real(nan), 1.5, real(+inf), real(-inf)]",
        "make_list(r)",
        ["NaN", 1.5, "Infinity", "-Infinity"],
    ),
    (TIMES, "make_list_with_nulls(a)", [1, 2, None]),
    (NUMBERS, "make_list(x)[1]", 2),
    (TIMES, "tostring(make_list(t)[-1])", "2020-01-03T00:00:00.0000000Z"),
    (TEXTS, "make_bag(bag_pack('k', s)).k", '["a"]'),
    (TIMES, "avg(d)", dt.timedelta(hours=2)),
    (TIMES, "avg(t)", dt.datetime(2020, 1, 2, tzinfo=UTC)),
    (TIMES, "avgif(d, a > 1)", dt.timedelta(hours=3)),
    (TIMES, "avgif(d, a > 5)", None),
    (TIMES, "avg(a)", 1.5),
    (TIMES, "sum(d)", dt.timedelta(hours=4)),
    (TIMES, "sumif(d, a > 1)", dt.timedelta(hours=3)),
    (TIMES, "sumif(d, a > 5)", dt.timedelta()),
    (TIMES, "sum(a)", 3),
    (TIMES, "sumif(a, a > 5)", 0),
    (TIMES, "sum(a * 0.5)", 1.5),
    (TIMES, "sum(a) / count()", 1),
    (TIMES, "iff(count() > 1, sum(a) / 2, 0)", 1),
    (TIMES, "sum(d / 2)", dt.timedelta(hours=2)),
    ("datatable(d:timespan)[100000d, 100000d]", "sum(d)", dt.timedelta(days=200_000)),
    ("datatable(d:timespan)[100000d, 100000d]", "sum(-1 * d)", dt.timedelta(days=-200_000)),
    (TEXTS, "array_sort_asc(make_set(s))", ['["a"]', "b"]),
    (TEXTS, "tostring(make_list(s))", '["[\\"a\\"]","b","b"]'),
    (TEXTS, "strcat_array(make_list(s, 2), '|')", '["a"]|b'),
    (NUMBERS, "iff(count() > 3, 'many', 'few')", "many"),
    (TIMES, "datetime_diff('hour', max(t), min(t))", 48),
    ("datatable(p:dynamic)[dynamic({'a':1}), dynamic({'b':2}), dynamic(5)]", "make_bag(p)", {"a": 1, "b": 2}),
    ("datatable(p:dynamic)[dynamic({'a':1}), dynamic({'a':2})]", "make_bag(p)", {"a": 1}),
    ("datatable(p:dynamic, k:int)[dynamic({'a':1}), 1, dynamic({'b':2}), 2]", "make_bag_if(p, k == 2)", {"b": 2}),
    ("datatable(p:dynamic)[]", "make_bag(p)", {}),
    (
        """datatable(value: dynamic)[dynamic({"x":1,"y":3.5}), dynamic({"x":"somevalue","z":[1,2,3]}),
        dynamic({"y":{"w":"zzz"},"t":["aa","bb"],"z":["foo"]})]""",
        "buildschema(value)",
        {
            "x": ["long", "string"],
            "y": ["double", {"w": "string"}],
            "z": {"`indexer`": ["long", "string"]},
            "t": {"`indexer`": "string"},
        },
    ),
]


@pytest.mark.parametrize(("table", "aggregate", "expected"), ONE_ROW, ids=[row[1] for row in ONE_ROW])
def test_an_aggregate(engine: Any, table: str, aggregate: str, expected: Any) -> None:
    ((found,),) = rows(engine, f"{table} | summarize r = {aggregate}")
    assert (found, type(found)) == (expected, type(expected))


def test_an_average_of_nothing(engine: Any) -> None:
    ((number, time),) = rows(engine, f"{TIMES} | where a > 5 | summarize avg(a), avg(t)")
    assert math.isnan(number)
    assert time is None


def test_sets_are_of_the_elements_of_arrays(engine: Any) -> None:
    found = rows(engine, f"{SETS} | summarize s = array_sort_asc(make_set(a)) by g | sort by g asc")
    assert found == [("x", [1, 2, 3]), ("y", [5])]


WEIGHTED = "datatable(n:long, v:long)[8, 10, 6, 20, 3, 30, 1, 40]"

NAMED = [
    (
        f"{NUMBERS} | summarize percentiles(x, 20, 50, 99.9)",
        {"percentile_x_20": 1, "percentile_x_50": 3, "percentile_x_99_9": 5},
    ),
    (f"{NUMBERS} | summarize (a, b) = percentiles(x, 20, 50)", {"a": 1, "b": 3}),
    (f"{NUMBERS} | summarize a = percentiles(x, 20, 50)", {"a": 1, "percentile_x_50": 3}),
    (f"{NUMBERS} | summarize percentiles(x, 50), count() by k = 1", {"k": 1, "percentile_x_50": 3, "count_": 5}),
    (f"{NUMBERS} | summarize percentile(x, 99.9), percentile(x, 50)", {"percentile_x_99_9": 5, "percentile_x_50": 3}),
    (f"{NUMBERS} | summarize percentiles_array(x, 20)", {"percentiles_x": [1]}),
    (
        f"{WEIGHTED} | summarize percentilesw(v, n, 50, 75, 99.9)",
        {"percentile_v_50": 20, "percentile_v_75": 20, "percentile_v_99_9": 40},
    ),
    (f"{WEIGHTED} | summarize percentilesw_array(v, n, dynamic([50, 75, 99.9]))", {"percentile_v": [20, 20, 40]}),
    (f"{NUMBERS} | where x == 2 | extend y = 3 | summarize take_any(*)", {"x": 2, "y": 3}),
    (f"{NUMBERS} | where x == 2 | extend y = 3 | summarize take_any(*) by x", {"x": 2, "y": 3}),
    (f"{NUMBERS} | where x == 2 | extend y = 3 | summarize take_any(y, x)", {"y": 3, "x": 2}),
    (f"{NUMBERS} | where x == 2 | extend y = 3 | summarize (p, q) = take_any(y, x)", {"p": 3, "q": 2}),
    (f"{NUMBERS} | summarize make_list_if(x, x > 4), make_set_if(x, x > 4)", {"list_x": [5], "set_x": [5]}),
    (
        f"{NUMBERS} | where x > 4 | summarize makelist(x), makeset(x), argmax(x, x)",
        {"list_x": [5], "set_x": [5], "x": 5, "x1": 5},
    ),
    (f"{NUMBERS} | summarize take_anyif(x, x > 4), maxif(x, true)", {"x": 5, "maxif_x": 5}),
    (
        "datatable(b:bool, n:int)[true, 1, false, int(null)] | summarize countif(b), countif(n > 0), count(n), count()",
        {"countif_b": 1, "countif_": 1, "count_n": 2, "count_": 2},
    ),
    (f"{NUMBERS} | summarize binary_all_or(x), binary_all_and(x)", {"x": 7, "x1": 0}),
    (f"{NUMBERS} | where x == 2 | extend y = 3 | summarize arg_max(y, *) by bin(x, 5)", {"x": 0, "y": 3, "x1": 2}),
    (f"{NUMBERS} | where x == 2 | extend y = 3 | summarize take_any(*) by bin(x, 5)", {"x": 0, "x1": 2, "y": 3}),
    (f"{NUMBERS} | where x == 2 | extend y = 3 | summarize arg_max(y, *) by k = x", {"k": 2, "y": 3}),
    (f"{NUMBERS} | where x == 2 | extend y = 3 | summarize arg_max(y, x, *)", {"y": 3, "x": 2}),
    (f"{NUMBERS} | where x == 2 | summarize arg_max(x, *)", {"x": 2}),
    # A text of no rows is empty.
    (
        f"{TEXTS} | where s == 'q' | summarize min(s), m = max(s), take_any(s), arg_max(s, *), x = max(strlen(s))",
        {"min_s": "", "m": "", "s": "", "s1": "", "x": None},
    ),
    (
        f"{TEXTS} | where s == 'b' | summarize minif(s, s == 'q'), take_anyif(s, s == 'q') by k = 1",
        {"k": 1, "minif_s": "", "s": ""},
    ),
    (
        "print y = dynamic([2,5,6,8]) | project (r, s) = series_fit_line(y)",
        {
            "r": pytest.approx(0.9626666666),
            "s": pytest.approx(1.9),
            "series_fit_line_y_variance": 6.25,
            "series_fit_line_y_rvariance": pytest.approx(0.2333333333),
            "series_fit_line_y_interception": pytest.approx(0.5),
            "series_fit_line_y_line_fit": pytest.approx([2.4, 4.3, 6.2, 8.1]),
        },
    ),
    ("print y = dynamic([2,5]) | extend (r, s) = series_fit_line(y) | project-away y", {"r": 1.0, "s": 3.0}),
    ("print y = dynamic([2,5]) | extend r = series_fit_line(y) | project-away y", {"r": 1.0}),
    ("print y = dynamic([2,1]) | project array_sort_asc(y)", {"y_sorted": [1, 2]}),
]  # fmt: skip


@pytest.mark.parametrize(("query", "expected"), NAMED, ids=[query[:70] for query, _ in NAMED])
def test_how_columns_are_called(engine: Any, query: str, expected: dict[str, Any]) -> None:
    result = engine.query(query)
    assert dict(zip(result.columns, result[0], strict=True)) == expected
    assert list(result.columns) == list(expected)


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("print x = 1 | summarize (a, b) = count()", "takes one name"),
        ("print x = 1 | summarize count(x > 0)", "count() takes nothing or a column"),
        ("print x = 1 | summarize (a, b) = arg_max(x, x)", "arg_max() takes one name here"),
        ("print x = 1 | summarize percentiles(x, 'a')", "percentiles are numbers"),
        ("print x = 1 | summarize make_list_if(x)", "make_list_if() takes 2 or 3 argument(s)"),
        ("print series_fit_line(dynamic([1]))", "series_fit_line() takes names for its columns"),
        ("print (a,b,c,d,e,f,g) = series_fit_line(dynamic([1]))", "takes at most 6 names"),
        ("print series_outliers(dynamic([1,2]), 'x')", "the kind of outliers is 'ctukey' or 'tukey'"),
        (
            "print series_outliers(dynamic([1,2]), 'ctukey', 0, 1, 99)",
            "the percentiles of outliers are between 2 and 98",
        ),
        ("print series_decompose_forecast(dynamic([1,2]), 1, 0, 'x')", "the trend of a series is"),
        ("print series_decompose_forecast(dynamic([1,2]), 1, -2)", "the seasonality of a series is"),
    ],
)
def test_what_is_refused(engine: Any, query: str, message: str) -> None:
    with pytest.raises(KqlError) as caught:
        engine.query(query)
    assert message in caught.value.message


# --- series --------------------------------------------------------------------------------------------------

NULLS = "dynamic([null, 111, null, 36, 41, null, null, 16, 61, 33, null, null])"
REALS = "dynamic([null, 111.0, null, 36.0, 41.0, null, null, 16.0, 61.0, 33.0, null, null])"
FILLED = [111, 111, 73.5, 36, 41, pytest.approx(32.667, abs=1e-3), pytest.approx(24.333, abs=1e-3), 16, 61, 33]
LINE = "series_fit_line_dynamic(dynamic([2,5,6,8,11,15,17,18,25,26,30,30]))"
FIVE = "dynamic([8,12,14,12,10,10,12,14,12,10,10,12,14,12,10,10,12,14,12,10])"
SEASONS = "dynamic([2,5,3,4,3,2,1,2,3,4,3,2,1,2,3,4,3,2,1,2,3,4,3,2,1])"
STATS = "dynamic([23,46,23,87,4,8,3,75,2,56,13,75,32,16,29])"

SERIES = [
    ("series_add(dynamic([1,2,4]), dynamic([4,2,1]))", [5, 4, 5]),
    ("series_add(dynamic([1,2,'x']), dynamic([4]))", [5, None, None]),
    ("series_subtract(dynamic([1,2,4]), dynamic([4,2,1]))", [-3, 0, 3]),
    ("series_multiply(10, dynamic([1,0,-1]))", [10, 0, -10]),
    ("series_divide(dynamic([1,2,4]), dynamic([4,2,1]))", [0.25, 1.0, 4.0]),
    ("series_divide(dynamic([1,0,-1]), dynamic([0,0,0]))", ["Infinity", "NaN", "-Infinity"]),
    ("series_pow(dynamic([1,2,3]), dynamic([2,2,2]))", [1.0, 4.0, 9.0]),
    ("series_greater(dynamic([1,2,4]), dynamic([4,2,1]))", [False, False, True]),
    ("series_greater_equals(dynamic([1,2,4]), dynamic([4,2,1]))", [False, True, True]),
    ("series_less(dynamic([1,2,4]), dynamic([4,2,1]))", [True, False, False]),
    ("series_less_equals(dynamic([1,2,4]), dynamic([4,2,1]))", [True, True, False]),
    ("series_equals(dynamic([1,2,4]), dynamic([4,2,1]))", [False, True, False]),
    ("series_not_equals(dynamic([1,2,4]), dynamic([4,2,1]))", [True, False, True]),
    ("series_abs(dynamic([-6.5,0,8.2]))", [6.5, 0, 8.2]),
    ("series_sign(dynamic([-6,0,8]))", [-1, 0, 1]),
    ("series_ceiling(dynamic([-1.5,1,2.5]))", [-1, 1, 3]),
    ("series_floor(dynamic([-1.5,1,2.5]))", [-2, 1, 2]),
    ("series_exp(dynamic([0,1]))", [1.0, math.e]),
    ("series_log(dynamic([1,0,-1]))", [0.0, "-Infinity", "NaN"]),
    ("series_acos(dynamic([1,2]))", [0.0, "NaN"]),
    ("series_sum(dynamic([1,2,3,4]))", 10.0),
    ("series_sum(dynamic([1,'x']))", None),
    ("series_product(dynamic([1,2,3,4]))", 24.0),
    ("series_magnitude(dynamic([1,2,3,4]))", math.sqrt(30)),
    ("series_dot_product(dynamic([1,2,4]), dynamic([4,2,1]))", 12.0),
    ("series_cosine_similarity(dynamic([0.1,0.2,0.1,0.2]), dynamic([0.11,0.2,0.11,0.21]))", pytest.approx(0.999353438)),
    ("series_cosine_similarity(dynamic([0.1,0.2,0.1,0.2]), dynamic([1,2,3,4]))", pytest.approx(0.923760430703401)),
    ("series_cosine_similarity(dynamic([]), dynamic([1]))", None),
    ("series_pearson_correlation(dynamic([1,2,3,4,5]), dynamic([2,4,6,8,10]))", pytest.approx(1)),
    ("series_fill_const(dynamic([111,null,36]), 0.0)", [111, 0.0, 36]),
    ("series_fill_const(dynamic([111,0,36]), -1, 0)", [111, -1, 36]),
    ("series_fill_forward(dynamic([null,null,36,41,null,null,16]))", [None, None, 36, 41, 41, 41, 16]),
    ("series_fill_backward(dynamic([111,null,36,41,null]))", [111, 36, 36, 41, None]),
    (f"series_fill_linear({NULLS})", [111, 111, 73, 36, 41, 32, 24, 16, 61, 33, 33, 33]),
    (f"series_fill_linear({REALS})", [*FILLED, 33, 33]),
    (f"series_fill_linear({REALS}, double(null), false)", [None, *FILLED[1:], None, None]),
    ("series_fill_linear(dynamic([null,null]))", [0.0, 0.0]),
    ("series_fill_linear(dynamic([null,null]), double(null), true, 3.14159)", [3.14159, 3.14159]),
    ("series_iir(range(1.0, 4, 1), dynamic([1]), dynamic([1,-1]))", [1.0, 3.0, 6.0, 10.0]),
    ("series_iir(dynamic([1]), dynamic([1]), dynamic([0,1]))", None),
    ("series_fir(dynamic([0,0,2,2,3]), dynamic([1,-1]), false, false)", [0, 0, 2, 0, 1]),
    ("series_fir(dynamic([0,0,10,0,0]), dynamic([1,1,1,1,1]))", [0, 0, 2, 2, 2]),
    ("series_fir(dynamic([0,0,10,0,0]), dynamic([1,1,1]), false, true)", [0, 10, 10, 10, 0]),
    ("series_fir(dynamic([1]), dynamic([1,-1]), true)", None),
    (
        f"series_stats_dynamic({STATS})",
        {
            "min": 2.0, "min_idx": 8, "max": 87.0, "max_idx": 3, "avg": 32.8, "sum": 492.0, "len": 15,
            "stdev": pytest.approx(28.503633853548269), "variance": pytest.approx(812.45714285714291),
        },
    ),
    ("series_stats_dynamic(dynamic([1,null,3])).avg", None),
    ("series_stats_dynamic(dynamic([1,null,3]), true).avg", 2.0),
    (f"{LINE}.slope", pytest.approx(2.730, abs=1e-3)),
    (f"{LINE}.interception", pytest.approx(-1.666, abs=1e-3)),
    (f"{LINE}.variance", pytest.approx(98.628, abs=1e-3)),
    (f"{LINE}.rvariance", pytest.approx(1.686, abs=1e-3)),
    (f"{LINE}.rsquare", pytest.approx(0.982, abs=1e-3)),
    (f"series_seasonal({SEASONS})", [1, 2, 3, 4, 3, 2] * 4 + [1]),
    (f"series_seasonal({FIVE})", [10, 12, 14, 12, 10] * 4),
    ("series_seasonal(dynamic([1,3,5,2,4,6,1,3,5,2,4,6]))", [0] * 12),
    ("series_seasonal(dynamic([1,3,5,1,3,5,2,4,6]), 3)", [1, 3, 5] * 3),
    ("series_seasonal(dynamic([1,3,5,2,4,6,1,3,5,2,4,6]), 3)", [1.5, 3.5, 5.5] * 4),
    ("series_outliers(dynamic([1,2,3,4,100]), 'tukey')", [-0.5, 0, 0, 0, 48]),
    ("series_outliers(dynamic([5,5,5,5]), 'tukey')", [0, 0, 0, 0]),
    ("series_outliers(dynamic([1,null,2,3,4,100]), 'tukey')[1]", 0.0),
    ("series_decompose_forecast(dynamic([1,2,3,4,0,0]), 2, 0, 'linefit')", pytest.approx([1, 2, 3, 4, 5, 6])),
    ("series_decompose_forecast(dynamic([1,5,1,5,1,5,0,0]), 2, 2, 'none')", [1, 5, 1, 5, 1, 5, 1, 5]),
    ("series_decompose_forecast(dynamic([1,null]), 1)", None),
]  # fmt: skip


@pytest.mark.parametrize(("expression", "expected"), SERIES, ids=[row[0][:70] for row in SERIES])
def test_a_series_function(engine: Any, expression: str, expected: Any) -> None:
    ((found,),) = rows(engine, f"print x = {expression}")
    assert found == expected


def test_a_series_taken_apart(engine: Any) -> None:
    """Median of each phase, then the mean of the rest: by hand."""
    ((baseline, seasonal, trend, residual),) = rows(
        engine,
        "print y = dynamic([1,10,2,11,9,12]) | project (b, s, t, r) = series_decompose(y, 2)",
    )
    assert seasonal == [2, 11, 2, 11, 2, 11]
    assert trend == [pytest.approx(1)] * 6  # (-1 - 1 + 0 + 0 + 7 + 1) / 6
    assert baseline == pytest.approx([3, 12, 3, 12, 3, 12])
    assert residual == pytest.approx([-2, -2, -1, -1, 6, 0])


# The reference's example with a noise that is the same each time: of the runs with its rand(), one in forty had a
# seventh point (150 runs).
WEEKS = """let ts = range t from 1 to 24*7*5 step 1
| extend Timestamp = datetime(2018-03-01 05:00) + 1h * t
| extend y = 2.0 * ((t*t*t + 17*t) % 1009) / 1009 + iff((t/24)%7 >= 5, 10.0, 15.0) - (((t%24)/10)*((t%24)/10))
| extend y = iff(t==150 or t==200 or t==780, y-8.0, y)
| extend y = iff(t==300 or t==400 or t==600, y+8.0, y)
| summarize Timestamp = make_list(Timestamp, 10000), y = make_list(y, 10000);
ts | extend series_decompose_anomalies(y)
| mv-expand Timestamp to typeof(datetime), flag = series_decompose_anomalies_y_ad_flag to typeof(long)
| where flag != 0 | project (Timestamp - datetime(2018-03-01 05:00)) / 1h, flag"""


def test_the_anomalies_of_the_reference_are_found(engine: Any) -> None:
    """The period of a week is found, and the six points that were moved by 8 are all that stands out."""
    result = engine.query(WEEKS)
    assert sorted(tuple(row) for row in result) == [(150, -1), (200, -1), (300, 1), (400, 1), (600, 1), (780, -1)]
    assert [warning[:32] for warning in result.warnings] == ["`series_decompose_anomalies(…)`:"]
