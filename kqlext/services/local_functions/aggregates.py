"""Aggregates as DuckDB computes them, and the Python functions that some of them need. Pure.

Source: the pages of these aggregates in the Kusto Query Language reference ("Aggregation functions").
"""

from __future__ import annotations

from typing import Any

from kqlext.services.local_functions.rows import Aggregate, Function, as_dynamic, once

_ITEM = as_dynamic("{0}")
_LIST = f"coalesce(list({_ITEM}) FILTER (WHERE {{0}} IS NOT NULL), [])"
_LIST_IF = f"coalesce(list({_ITEM}) FILTER (WHERE {{0}} IS NOT NULL AND {{1}}), [])"
# A set is of the elements of arrays, not of the arrays.
_ELEMENTS = f"CASE WHEN json_type(to_json({{0}})) = 'ARRAY' THEN CAST(to_json({{0}}) AS JSON[]) ELSE [{_ITEM}] END"
_SET = f"coalesce(list_distinct(flatten(list({_ELEMENTS}) FILTER (WHERE {{0}} IS NOT NULL))), [])"
_SET_IF = f"coalesce(list_distinct(flatten(list({_ELEMENTS}) FILTER (WHERE {{0}} IS NOT NULL AND {{1}}))), [])"
_BAG = "coalesce(kqlext_bag_merge(to_json(list({0}) FILTER (WHERE {0} IS NOT NULL))), CAST('{{}}' AS JSON))"
_BAG_IF = _BAG.replace("IS NOT NULL)", "IS NOT NULL AND {1})")
_SHARES = "list_transform(CAST({1} AS DOUBLE[]), lambda _p: _p / 100)"
_ORDERED = "list_sort(list({{'v': {0}, 'w': {1}}}) FILTER (WHERE {0} IS NOT NULL AND {1} > 0))"
_RANKED = "_w[kqlext_weighted_rank(to_json(list_transform(_w, lambda _e: _e.w)), CAST({0} AS DOUBLE))].v"
_WEIGHTED = once(_ORDERED, "_w", _RANKED.format("{2}"))
_WEIGHTED_ARRAY = once(
    _ORDERED, "_w", f"to_json(list_transform(CAST({{2}} AS DOUBLE[]), lambda _p: {_RANKED.format('_p')}))"
)


def _array(values: str, count: str = "") -> str:
    """A list as a dynamic array, or so many of its first elements."""
    return f"to_json(list_slice({values}, 1, greatest({count}, 0)))" if count else f"to_json({values})"


def _mean(value: str, condition: str = "") -> str:
    """The mean of numbers, times or lengths of time; of no numbers it is NaN."""
    mean = f"avg({value}){condition}"
    return f"CASE WHEN {mean} IS NULL AND typeof({mean}) = 'DOUBLE' THEN 'NaN' ELSE {mean} END"


def _weighted_rank(weights: list[float], percentile: float) -> int | None:
    """The place, from 1, of the first of ordered values up to which the weights are that share of all."""
    reached, needed = 0.0, sum(weights) * percentile / 100
    for place, weight in enumerate(weights, 1):
        reached += weight
        if reached >= needed:
            return place
    return len(weights) or None


# --- the schema of values ------------------------------------------------------------------------------------


def _schema(values: list[Any]) -> Any:
    """The smallest schema that has all values: a type, an object of schemas, or an array of what may stand there."""
    found: list[Any] = []
    fields: dict[str, list[Any]] = {}
    items: list[Any] = []
    shapes: list[str] = []
    for value in values:
        if isinstance(value, dict):
            shapes.append("object")
            for key, item in value.items():
                fields.setdefault(key, []).append(item)
        elif isinstance(value, list):
            shapes.append("object")
            items += value
        elif (kind := _type(value)) and kind not in found:
            found.append(kind)
    if shapes:
        indexer = {"`indexer`": _schema(items)} if items else {}
        found.append({**indexer, **{key: _schema(inner) for key, inner in fields.items()}})
    return found[0] if len(found) == 1 else found


def _type(value: Any) -> str | None:
    names = {bool: "bool", int: "long", float: "double", str: "string"}
    return names.get(type(value))


HELPERS = (
    Function("weighted_rank", "dynamic real", python=_weighted_rank, returns="long"),
    Function("schema", "dynamic", python=_schema, returns="dynamic"),
)

AGGREGATES = (
    Aggregate("make_list", {1: _array(_LIST), 2: _array(_LIST, "{1}")}, "list"),
    Aggregate("make_list_if", {2: _array(_LIST_IF), 3: _array(_LIST_IF, "{2}")}, "list"),
    Aggregate("make_list_with_nulls", {1: f"to_json(coalesce(list({_ITEM}), []))"}, "list"),
    Aggregate("make_set", {1: _array(_SET), 2: _array(_SET, "{1}")}, "set"),
    Aggregate("make_set_if", {2: _array(_SET_IF), 3: _array(_SET_IF, "{2}")}, "set"),
    Aggregate("sum", {1: "kqlext_total({0})"}, "sum"),
    Aggregate("sumif", {2: "kqlext_total_if({0}, {1})"}, "sumif"),
    Aggregate("avg", {1: _mean("{0}")}, "avg"),
    Aggregate("avgif", {2: _mean("{0}", " FILTER (WHERE {1})")}, "avgif"),
    Aggregate("make_bag", {1: _BAG}, "bag"),
    Aggregate("make_bag_if", {2: _BAG_IF}, "bag"),
    Aggregate("buildschema", {1: "kqlext_schema(to_json(list({0}) FILTER (WHERE {0} IS NOT NULL)))"}, "schema"),
    Aggregate("maxif", {2: "max({0}) FILTER (WHERE {1})"}, "maxif"),
    Aggregate("minif", {2: "min({0}) FILTER (WHERE {1})"}, "minif"),
    Aggregate("take_anyif", {2: "any_value({0}) FILTER (WHERE {1})"}, ""),
    Aggregate("anyif", {2: "any_value({0}) FILTER (WHERE {1})"}, "anyif"),
    Aggregate("countif", {1: "count(*) FILTER (WHERE {0})"}, "countif"),
    Aggregate("count__rows", {1: "count(*)"}, "count"),
    Aggregate("percentile", {2: "quantile_disc(kqlext_whole({0}), {1} / 100.0)"}, "percentile"),
    Aggregate("count_distinct", {1: "count(DISTINCT {0})"}, "count_distinct"),
    Aggregate("count_distinctif", {2: "count(DISTINCT {0}) FILTER (WHERE {1})"}, "count_distinctif"),
    Aggregate("stdevp", {1: "coalesce(stddev_pop({0}), 0.0)"}, "stdevp"),
    Aggregate("variancep", {1: "coalesce(var_pop({0}), 0.0)"}, "variancep"),
    Aggregate("variancepif", {2: "coalesce(var_pop({0}) FILTER (WHERE {1}), 0.0)"}, "variancepif"),
    Aggregate("covariance", {2: "coalesce(covar_samp({0}, {1}), 0.0)"}, "covariance"),
    Aggregate("covarianceif", {3: "coalesce(covar_samp({0}, {1}) FILTER (WHERE {2}), 0.0)"}, "covarianceif"),
    Aggregate("covariancep", {2: "coalesce(covar_pop({0}, {1}), 0.0)"}, "covariancep"),
    Aggregate("covariancepif", {3: "coalesce(covar_pop({0}, {1}) FILTER (WHERE {2}), 0.0)"}, "covariancepif"),
    Aggregate("binary_all_and", {1: "CAST(bit_and({0}) AS BIGINT)"}, ""),
    Aggregate("binary_all_or", {1: "CAST(bit_or({0}) AS BIGINT)"}, ""),
    Aggregate("binary_all_xor", {1: "CAST(bit_xor({0}) AS BIGINT)"}, ""),
    Aggregate("take_any__row", {1: "any_value({{'v': {0}}})['v']"}, ""),
    Aggregate("percentiles_array", {2: f"to_json(quantile_disc({{0}}, {_SHARES}))"}, "percentiles"),
    Aggregate("percentilesw_array", {3: _WEIGHTED_ARRAY}, "percentile"),
    Aggregate("percentilew", {3: _WEIGHTED}, "percentile"),
)
