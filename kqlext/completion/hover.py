"""What is known of the word at the cursor of a cell: for Shift-Tab in a notebook."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from kqlext import syntax
from kqlext.completion.basic import tables_of
from kqlext.completion.places import Place
from kqlext.completion.service import Scope
from kqlext.completion.vocabulary import beginnings, functions, operators
from kqlext.errors import Span
from kqlext.options import COMMANDS, OPTIONS, Command, Option
from kqlext.schemas.model import Column, DatabaseSchema, Function, TableSchema
from kqlext.syntax import Token
from kqlext.text import normalize_name, plural

_MOST_COLUMNS = 100  # of a table that are shown
_WORD_END = re.compile(r"[\w-]*")
_LAST_WORD = re.compile(r"[\w-]*\Z")


def word_end(cell: str, cursor: int) -> int:
    """Where the word at the cursor ends."""
    match = _WORD_END.match(cell, cursor)
    return match.end() if match is not None else cursor


def of_head(place: Place) -> str:
    """What a word of the head means: an option, its value, a command or its argument; nothing of others."""
    if place.kind == "option":
        name = normalize_name(place.word.lstrip("-!"))
        return next((_option(one) for one in OPTIONS if name in _names(one.name, one.aliases)), "")
    if place.kind == "value" and place.option is not None:
        return _option(place.option)
    if place.kind == "command":
        name = normalize_name(place.word.lstrip("-"))
        return next((_command(one) for one in COMMANDS if name in _names(one.name, one.aliases)), "")
    return _command(place.command) if place.kind == "argument" and place.command is not None else ""


def of_query(query: str, offset: int, scope: Scope) -> str:
    """What a word of a query means: the one at an offset, or the function in whose brackets that is; or nothing."""
    code = [token for token in syntax.tokens(query) if token.kind != "comment"]
    index = next((i for i, token in enumerate(code) if _is_word(token) and token.start <= offset <= token.end), None)
    if index is not None and (found := _of_word(code, index, query, scope)):
        return found
    called = _called(code, offset)
    return _of_word(code, called, query, scope) if called is not None else ""


def _of_word(code: Sequence[Token], index: int, query: str, scope: Scope) -> str:
    name = _name(code, index)
    before, after = (code[index - 1].text if index else ";"), (code[index + 1].text if index + 1 < len(code) else "")
    if before == "|" and name in operators():
        return operators()[name].text()
    if after == "(" and before != ".":
        own = _functions(scope)
        return _function(own[name]) if name in own else functions()[name].text() if name in functions() else ""
    if before == ".":  # of database('name'), or a key of a dynamic value
        of_database = index > 1 and code[index - 2].text == ")"
        return _of_name(name, query, scope) if of_database else ""
    defined = _let(name, query) if before != "let" else ""
    return defined or _of_name(name, query, scope) or (beginnings()[name].text() if name in beginnings() else "")


def _of_name(name: str, query: str, scope: Scope) -> str:
    tables = tables_of(query, scope)
    columns = [(table, column) for table in tables for column in table.columns if column.name == name]
    if columns and not any(table.name == name for table in tables):
        return "\n".join(dict.fromkeys(_column(column, table) for table, column in columns))
    known = [*tables, *scope.tables()]
    return next((_table(table) for table in known if table.name == name), "")


def _is_word(token: Token) -> bool:
    return token.kind in ("name", "string")


def _name(code: Sequence[Token], index: int) -> str:
    """The name that a token is, or quotes in ``['...']``."""
    token = code[index]
    if token.kind == "name":
        return token.text
    quoted = 0 < index < len(code) - 1 and (code[index - 1].text, code[index + 1].text) == ("[", "]")
    return syntax.unquote(token.text) if quoted else ""


def _called(code: Sequence[Token], offset: int) -> int | None:
    """The name before the innermost bracket that is open at an offset."""
    opened: list[int] = []
    for index, token in enumerate(code):
        if token.start >= offset:
            break
        if token.kind == "symbol" and token.text == "(":
            opened.append(index)
        elif token.kind == "symbol" and token.text == ")" and opened:
            opened.pop()
    names = [index - 1 for index in opened if index and code[index - 1].kind == "name"]
    return names[-1] if names else None


def _let(name: str, query: str) -> str:
    """The ``let`` statement that defines a name."""
    for place in syntax.statements(query):
        words = [token.text for token in syntax.tokens(place.of(query)) if token.kind != "comment"][:2]
        if words == ["let", name]:
            return _shortened(place, query)
    return ""


def _shortened(place: Span, text: str) -> str:
    lines = place.of(text).splitlines()
    return "\n".join(lines[:20] + ["..."] * (len(lines) > 20))


def _functions(scope: Scope) -> dict[str, Function]:
    schema = scope.current or DatabaseSchema("", "", (), ())
    return {function.name: function for function in schema.functions}


# --- texts ----------------------------------------------------------------------------------------------------------


def _option(option: Option) -> str:
    names = ", ".join(f"-{name}" for name in (option.name, *option.aliases))
    choices = f"one of {', '.join(option.choices)}" if option.choices else ""
    default = "" if option.default is None else f"default: {str(option.default).lower()}"
    return _lines([names, option.help, choices, default])


def _command(command: Command) -> str:
    names = ", ".join(f"--{name}" for name in (command.name, *command.aliases))
    return _lines([f"{names} {command.argument}".rstrip(), command.help])


def _table(table: TableSchema) -> str:
    shown = [f"    {column.name}: {column.type}" for column in table.columns[:_MOST_COLUMNS]]
    more = len(table.columns) - len(shown)
    head = f"{table.name} ({table.kind}, {plural(len(table.columns), 'column')})"
    return _lines([head, table.description, *shown, f"    and {plural(more, 'more column')}" if more else ""])


def _column(column: Column, table: TableSchema) -> str:
    return _lines([f"{column.name}: {column.type} (column of {table.name})", column.description])


def _function(function: Function) -> str:
    return _lines([f"{function.name}{function.signature()}", function.description, "function of the database"])


def _lines(parts: Iterable[str]) -> str:
    return "\n".join(part for part in parts if part)


def _names(name: str, aliases: Iterable[str]) -> set[str]:
    return {normalize_name(one) for one in (name, *aliases)}
