"""The words by which KQL and the head of a cell are coloured, for the Pygments lexer and for JupyterLab alike.

`scripts/docs.py` writes them into the JupyterLab extension (`labextension/static/words.js`).
"""

from __future__ import annotations

from kqlext import syntax
from kqlext.options import COMMANDS, OPTIONS
from kqlext.text import normalize_name

OPERATORS = syntax.OPERATORS - {"materialize", "toscalar"} | {
    "count", "getschema", "consume", "serialize", "graph-to-table", "graph-shortest-paths", "graph-mark-components",
    "assert-schema", "project-smart",
}  # fmt: skip
"""Words behind a pipe."""

STATEMENTS = syntax.PREPARES
"""Words that begin a statement which prepares the query."""

SOURCES = syntax.BEGINNING - syntax.PREPARES
"""Operators that need no table before them, so that they also stand behind ``=``."""

CLAUSES = syntax.JOINING | {"asc", "desc", "typeof"}
"""Words within an operator or between two operands."""

TYPES = frozenset(
    "bool boolean datetime date decimal dynamic guid uuid uniqueid int long real double string timespan time".split()
)
"""The scalar types, by which columns are declared and literals written."""

LITERALS = frozenset("datetime date timespan time guid uuid uniqueid".split())
"""Types whose literals are written in brackets without quotes."""

CONSTANTS = frozenset({"true", "false", "null"})

PARAMETRIC = syntax.TAKES_PARAMETERS
"""Operators behind which ``name=value`` is a parameter."""


def tables() -> dict[str, list[str]]:
    """All of it by name, as the JupyterLab extension takes it; options and commands normalized."""
    spellings = [(normalize_name(name), option) for option in OPTIONS for name in (option.name, *option.aliases)]
    return {
        "operators": sorted(OPERATORS),
        "statements": sorted(STATEMENTS),
        "sources": sorted(SOURCES),
        "clauses": sorted(CLAUSES),
        "types": sorted(TYPES),
        "literals": sorted(LITERALS),
        "constants": sorted(CONSTANTS),
        "parametric": sorted(PARAMETRIC),
        "flags": sorted(name for name, option in spellings if option.kind == "flag"),
        "options": sorted(name for name, option in spellings if option.kind != "flag"),
        "commands": sorted(normalize_name(command.name) for command in COMMANDS),
    }
