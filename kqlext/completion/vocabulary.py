"""The words of KQL, for completion without the language service, and for ``%kql --help summarize``.

The operators are those of the KQL reference, with their syntax in one line. Functions stand in ``functions.tsv``, which
``scripts/functions.py`` writes: their names, parameters and types as Microsoft's language service tells them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal

_REFERENCE = "https://learn.microsoft.com/kusto/query/"

FunctionKind = Literal["scalar", "aggregate", "plugin"]


@dataclass(frozen=True, slots=True)
class Word:
    """An operator, statement or function: how it is written, and the page of the reference that is about it."""

    name: str
    kind: str
    syntax: str
    page: str


_OPERATORS = {
    "as": "T | as name",
    "consume": "T | consume",
    "count": "T | count",
    "distinct": "T | distinct column, ... (or *)",
    "evaluate": "T | evaluate plugin(argument, ...)",
    "extend": "T | extend name = expression, ...",
    "facet": "T | facet by column, ... [with (| operator ...)]",
    "fork": "T | fork name = (operator ...) ...",
    "getschema": "T | getschema",
    "graph-match": "G | graph-match pattern where condition project name = expression, ...",
    "graph-to-table": "G | graph-to-table nodes [as N], edges [as E]",
    "invoke": "T | invoke function(argument, ...)",
    "join": "T | join kind=inner (T2) on column, $left.a == $right.b",
    "limit": "T | limit rows",
    "lookup": "T | lookup kind=leftouter (T2) on column, $left.a == $right.b",
    "make-graph": "T | make-graph source --> target [with N on id]",
    "make-series": "T | make-series name = aggregate(...) default=0 on column from start to end step size by column",
    "mv-apply": "T | mv-apply name = array to typeof(type) on (operator | ...)",
    "mv-expand": "T | mv-expand name = array to typeof(type), ... [limit rows]",
    "order": "T | order by column desc, ... [nulls last]",
    "parse": "T | parse kind=simple column with 'text' name:type 'text' ...",
    "parse-kv": "T | parse-kv column as (key:type, ...) with (pair_delimiter=' ', kv_delimiter='=')",
    "parse-where": "T | parse-where kind=simple column with 'text' name:type 'text' ...",
    "partition": "T | partition hint.strategy=native by column (operator | ...)",
    "project": "T | project name = expression, ...",
    "project-away": "T | project-away column, ... (also with *)",
    "project-keep": "T | project-keep column, ... (also with *)",
    "project-rename": "T | project-rename new = old, ...",
    "project-reorder": "T | project-reorder column, ... (also with *, asc or desc)",
    "reduce": "T | reduce by column [with threshold=0.1]",
    "render": "T | render visualization [with (property=value, ...)]",
    "sample": "T | sample rows",
    "sample-distinct": "T | sample-distinct values of column",
    "scan": "T | scan declare (name:type, ...) with (step name: condition => name = expression; ...)",
    "search": "T | search [kind=case_sensitive] 'text'",
    "serialize": "T | serialize name = expression, ...",
    "sort": "T | sort by column desc, ... [nulls last]",
    "summarize": "T | summarize name = aggregate(...), ... by column, name = bin(column, size), ...",
    "take": "T | take rows",
    "top": "T | top rows by column desc [nulls last]",
    "top-hitters": "T | top-hitters values of column [by weight]",
    "top-nested": "T | top-nested values of column by aggregate(...), ...",
    "union": "T | union kind=outer T2, ... [withsource=name]",
    "where": "T | where condition",
}
"""What may stand behind a pipe."""

_BEGINNINGS = {
    "datatable": "datatable (name:type, ...) [value, ...]",
    "declare": "declare query_parameters (name:type = default, ...);",
    "externaldata": "externaldata (name:type, ...) ['url'] with (format='csv')",
    "find": "find in (T, ...) where condition project column, ...",
    "let": "let name = expression;",
    "print": "print name = expression, ...",
    "range": "range name from start to end step size",
    "search": "search in (T, ...) 'text'",
    "set": "set option = value;",
    "union": "union kind=outer T, ... [withsource=name]",
}
"""What may begin a statement."""

_PAGES = {
    "as": "as-operator", "limit": "take-operator", "order": "sort-operator", "parse-kv": "parse-kv-operator",
    "project-rename": "project-rename-operator", "top-nested": "top-nested-operator", "declare":
    "query-parameters-statement", "let": "let-statement", "set": "set-statement", "range": "range-operator",
}  # fmt: skip

KEYWORDS = (
    "and", "or", "not", "by", "on", "in", "asc", "desc", "nulls first", "nulls last", "between", "has", "has_any",
    "has_all", "has_cs", "hasprefix", "hassuffix", "contains", "contains_cs", "startswith", "startswith_cs", "endswith",
    "endswith_cs", "matches regex", "typeof", "materialize", "toscalar", "dynamic", "datetime", "timespan", "true",
    "false", "kind=", "with", "$left", "$right",
)  # fmt: skip
"""What may stand within an operator."""

OTHER_OPERATORS = (
    "filter",
    "mvexpand",
    "mvapply",
    "macro-expand",
    "project-smart",
    "find",
    "graph-shortest-paths",
    "graph-mark-components",
    "assert-schema",
)
"""Older names of operators, and those that are seldom seen: they may stand behind a pipe, and are not offered."""

JOIN_KINDS = (
    "anti", "fullouter", "inner", "innerunique", "leftanti", "leftantisemi", "leftouter", "leftsemi", "rightanti",
    "rightantisemi", "rightouter", "rightsemi",
)  # fmt: skip

CHART_KINDS = ("default", "map", "stacked", "stacked100", "unstacked")
"""The values of the property ``kind`` of `render`."""

COLUMN_PROPERTIES = ("xcolumn", "ycolumns", "series", "anomalycolumns")
"""The properties of `render` whose values are columns."""


@cache
def functions() -> dict[str, Word]:
    """Kusto's own functions by name; where a scalar one and an aggregate share a name, the scalar one."""
    found: dict[str, Word] = {}
    for line in (files("kqlext.completion") / "functions.tsv").read_text("utf-8").splitlines():
        kind, name, syntax = line.split("\t")
        found[name] = Word(name, kind, syntax, _function_page(kind, name))
    return found


def operators() -> dict[str, Word]:
    """What may stand behind a pipe, by name."""
    return {name: Word(name, "operator", syntax, _operator_page(name)) for name, syntax in _OPERATORS.items()}


def beginnings() -> dict[str, Word]:
    """What may begin a statement, by name."""
    return {name: Word(name, "statement", syntax, _operator_page(name)) for name, syntax in _BEGINNINGS.items()}


def visualizations() -> tuple[str, ...]:
    """What may stand behind `render`, in lower case."""
    # They come with pyarrow: who renders nothing need not wait for it.
    from kqlext.visualization.choosers import CHOOSERS
    from kqlext.visualization.properties import NO_CHART

    return tuple(sorted({*CHOOSERS, *filter(None, NO_CHART), "stackedareachart"}))


def words() -> dict[str, Word]:
    """All of them by name."""
    return {**functions(), **beginnings(), **operators()}


def _operator_page(name: str) -> str:
    return _REFERENCE + _PAGES.get(name, f"{name}-operator")


_SUFFIXES = {"scalar": "function", "aggregate": "aggregation-function", "plugin": "plugin"}


def _function_page(kind: str, name: str) -> str:
    return f"{_REFERENCE}{name.replace('_', '-')}-{_SUFFIXES[kind]}"
