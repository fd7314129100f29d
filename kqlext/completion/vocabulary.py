"""The words of KQL, for completion without the language service, and for ``%kql --help summarize``.

The operators and statements are those of the KQL reference; ``operators.tsv`` has their syntax in one line and what
they do. Functions stand in ``functions.tsv``, which ``scripts/functions.py`` writes: names, parameters and types as
Microsoft's language service tells them.
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
    """An operator, statement or function of KQL.

    Attributes:
        syntax: how it is written; the forms of a function are separated by ``; ``.
        page: the page of the reference that is about it.
        description: what it does, in a sentence; nothing where that is not known.
    """

    name: str
    kind: str
    syntax: str
    page: str
    description: str = ""

    def text(self) -> str:
        """All of that, in lines."""
        return "\n".join(filter(None, [*self.syntax.split("; "), self.description, self.page]))


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
    return _operators("operator")


def beginnings() -> dict[str, Word]:
    """What may begin a statement, by name."""
    return _operators("statement")


@cache
def _operators(kind: str) -> dict[str, Word]:
    lines = (files("kqlext.completion") / "operators.tsv").read_text("utf-8").splitlines()
    rows = [line.split("\t") for line in lines]
    return {
        name: Word(name, kind, syntax, _REFERENCE + page, description)
        for found, name, page, syntax, description in rows
        if found == kind
    }


def visualizations() -> tuple[str, ...]:
    """What may stand behind `render`, in lower case."""
    # They come with pyarrow: who renders nothing need not wait for it.
    from kqlext.own_kinds import OWN_KINDS
    from kqlext.visualization.choosers import CHOOSERS
    from kqlext.visualization.properties import NO_CHART

    return tuple(sorted({*CHOOSERS, *OWN_KINDS, *filter(None, NO_CHART), "stackedareachart"}))


def words() -> dict[str, Word]:
    """All of them by name."""
    return {**functions(), **beginnings(), **operators()}


_SUFFIXES = {"scalar": "function", "aggregate": "aggregation-function", "plugin": "plugin"}


def _function_page(kind: str, name: str) -> str:
    return f"{_REFERENCE}{name.replace('_', '-')}-{_SUFFIXES[kind]}"
