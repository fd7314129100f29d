"""Completion of KQL without the language service: by the tokens before the cursor, the schema and our own tables.

What stands before a pipe is not followed: columns are those of the tables that the query names, and the names that it
makes. Pure.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from kqlext import syntax
from kqlext.completion.service import Scope
from kqlext.completion.vocabulary import (
    CHART_KINDS,
    COLUMN_PROPERTIES,
    JOIN_KINDS,
    KEYWORDS,
    beginnings,
    functions,
    operators,
    visualizations,
)
from kqlext.completion.words import Completion, as_written, completions
from kqlext.lets import defined_names
from kqlext.own_kinds import OWN_KINDS
from kqlext.schemas.model import TableSchema
from kqlext.syntax import Token

_TABULAR = frozenset({"join", "lookup", "union", "in", "materialize", "toscalar", "invoke"})
_AGGREGATING = frozenset({"summarize", "make-series", "top-nested", "mv-apply"})
_COUNTED = frozenset({"take", "limit", "sample", "count", "getschema", "consume"})  # whose operand is no name
_INNER = ("isquerysorted", "by", "annotation", "visualization")  # properties that nobody writes


def complete(query: str, offset: int, scope: Scope) -> list[Completion]:
    """What may stand at an offset of a query, whatever is typed of it."""
    code = [token for token in syntax.tokens(query[:offset]) if token.kind != "comment"]
    word = _pop_word(code, offset)
    if _within_string(code, offset):
        return []
    last = code[-1].text if code else ";"
    if last == "." and not word.startswith("$"):
        return _members(code, scope)
    operator = _operator(code)
    if last == "|":
        return completions(operators(), "keyword")
    if last == ";" or (last == "=" and _begins_let(code)):
        return [*_tables(query, scope), *completions(beginnings(), "keyword"), *_functions("scalar")]
    if operator == "render":
        return _render(code, query, scope)
    if operator == "evaluate" and last == "evaluate":
        return _functions("plugin")
    if operator == "join" and [token.text for token in code[-2:]] == ["kind", "="]:
        return completions(JOIN_KINDS, "enum")
    if last in _TABULAR or (last == "(" and len(code) > 1 and code[-2].text in _TABULAR - {"in"}):
        return _tables(query, scope)
    if operator == "union" or (last == "(" and operator in ("join", "lookup")):
        return [*_tables(query, scope), *completions(KEYWORDS, "keyword")]
    if operator in _COUNTED:
        return []
    aggregates = _functions("aggregate") if operator in _AGGREGATING else []
    names = [*_columns(query, scope), *completions(sorted(defined_names(query)), "variable")]
    return [*names, *aggregates, *_functions("scalar"), *completions(KEYWORDS, "keyword")]


def _pop_word(code: list[Token], offset: int) -> str:
    """Take the word at the cursor off the tokens before it."""
    if code and code[-1].end == offset and code[-1].kind == "name":
        return code.pop().text
    return ""


def _within_string(code: Sequence[Token], offset: int) -> bool:
    if not code or code[-1].kind != "string" or code[-1].end != offset:
        return False
    text = code[-1].text.lstrip("hH@")
    return len(text) < 2 or text[-1] != text[0]


def _operator(code: Sequence[Token]) -> str:
    """The operator at the end of the tokens: the word behind the last pipe that no bracket has closed."""
    depth = 0
    for index in range(len(code) - 1, -1, -1):
        token, begins = code[index], index == 0 or code[index - 1].text in ("|", ";")
        if token.text in (")", "]"):
            depth += 1
        elif token.text in ("(", "["):
            depth = max(0, depth - 1)
        elif not depth and (token.text in ("|", ";") or (token.kind == "name" and begins)):
            return "" if token.kind == "symbol" else token.text
    return ""


def _begins_let(code: Sequence[Token]) -> bool:
    return len(code) >= 3 and code[-3].text == "let"


def _render(code: Sequence[Token], query: str, scope: Scope) -> list[Completion]:
    from kqlext.visualization.properties import KNOWN  # comes with pyarrow

    texts = [token.text for token in code]
    last = texts[-1]
    if last == "render":
        return completions(visualizations(), "enum")
    own = next((OWN_KINDS.get(kind.lower()) for word, kind in itertools.pairwise(texts) if word == "render"), None)
    if last in ("(", ",", "with") or texts[-2] == "render":
        known = [name for name in KNOWN if name not in _INNER] if own is None else [*own.columns, *own.properties]
        properties = completions([f"{name}=" for name in known], "property")
        return [*(completions(["with ("], "keyword") if texts[-2] == "render" else []), *properties]
    if last == "=" and texts[-2] == "kind":
        return completions(CHART_KINDS, "enum")
    columns = COLUMN_PROPERTIES if own is None else own.columns
    return _columns(query, scope) if last == "=" and texts[-2] in columns else []


def _members(code: Sequence[Token], scope: Scope) -> list[Completion]:
    """What may stand behind ``database('name').``; of the keys of a dynamic value nothing is known."""
    match [(token.kind, token.text) for token in code[-5:]]:
        case [("name", "database"), ("symbol", "("), ("string", name), ("symbol", ")"), ("symbol", ".")]:
            wanted = syntax.unquote(name)
            tables = [table for schema in scope.others if schema.database == wanted for table in schema.tables]
            return completions([as_written(table.name) for table in tables], "class")
    return []


def _tables(query: str, scope: Scope) -> list[Completion]:
    own = scope.current.functions if scope.current is not None else ()
    return [
        *completions(sorted(defined_names(query)), "variable"),
        *completions([as_written(table.name) for table in scope.tables()], "class"),
        *completions([f"{function.name}(" for function in own], "function"),
    ]


def tables_of(query: str, scope: Scope) -> tuple[TableSchema, ...]:
    """The tables that a query names."""
    mentioned = syntax.table_candidates(query)
    members = {name.text for dot, name in itertools.pairwise(_code(query)) if dot.text == "."}
    own = [table for table in scope.tables() if table.name in mentioned]
    return (*own, *(table for table in _of_others(scope) if table.name in members))


def _of_others(scope: Scope) -> list[TableSchema]:
    return [table for schema in scope.others for table in schema.tables]


def made_names(query: str) -> list[str]:
    """The names that a query makes: ``name = expression`` behind an operator."""
    code = [token for token in syntax.tokens(query) if token.kind != "comment"]
    return [
        name.text
        for before, name, equals in zip(["", *(token.text for token in code)], code, code[1:], strict=False)
        if name.kind == "name" and equals.text == "=" and before not in ("let", "|", "(") and name.text != "kind"
    ]


def _columns(query: str, scope: Scope) -> list[Completion]:
    names = [as_written(column.name) for table in tables_of(query, scope) for column in table.columns]
    made = made_names(query)
    counted = (
        ["count_"] if any(a.text == "count" and b.text == "(" for a, b in itertools.pairwise(_code(query))) else []
    )
    return completions(dict.fromkeys([*made, *counted, *names]), "field")


def _code(query: str) -> list[Token]:
    return [token for token in syntax.tokens(query) if token.kind != "comment"]


def _functions(kind: str) -> list[Completion]:
    return completions([f"{word.name}(" for word in functions().values() if word.kind == kind], "function")
