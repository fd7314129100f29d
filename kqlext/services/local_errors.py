"""Errors of duckdb-kql and DuckDB -> errors of ``kqlext.errors``, in KQL's terms and with their place. Pure."""

from __future__ import annotations

import re

import duckdb
import duckdb_kql
from duckdb_kql.translate.functions import AGGREGATE_FUNCTIONS, SCALAR_FUNCTIONS
from duckdb_kql.types import kusto_type

from kqlext import syntax
from kqlext.errors import KqlConversionError, KqlError, KqlQueryError, KqlUnsupportedError, Span
from kqlext.services import local_functions
from kqlext.services.base import Query
from kqlext.services.kusto_errors import find_name, offset_of, unresolved_name
from kqlext.services.local_functions.refusals import REFUSALS
from kqlext.services.local_functions.rows import NO_ORDER, NO_TIME, PREFIX
from kqlext.syntax import Token
from kqlext.text import did_you_mean, listing

_AT = re.compile(r" at (\d+):(\d+)")


_OVERFLOW = re.compile(r"Overflow in \w+ of (?P<type>INT32|INT64) \((?P<what>.+)\)!")
_LITERAL = re.compile(r"'(?P<what>-?\d+)' could not be parsed as a literal of type '(?P<type>int|long)'")
# A Python function of ours that cannot take what it was given.
_RAISED = re.compile(
    r"Invalid Input Error: Python exception occurred while executing the UDF: ValueError: (.*)", re.DOTALL
)


def translated(error: Exception, query: Query, refused: dict[str, KqlConversionError], known: list[str]) -> KqlError:
    """The engine's error in KQL's terms: its own message without the SQL, and the place in the query.

    Args:
        refused: why a table of the notebook could not be taken, by its name.
        known: the tables that the engine has.
    """
    text = query.text
    if isinstance(error, duckdb.InterruptException):
        after = "" if query.timeout is None else f" after {query.timeout:g} s"
        return KqlQueryError(f"The query was given up{after}.", hint="ask for less, or raise -timeout")
    message = re.split(r"\n\s*\n|\nLINE ", str(error))[0].replace("\n", " ")
    if twins := re.search(r"columns '(.+?)' and '(.+?)' differ only in case", message):
        return KqlUnsupportedError(
            f"The embedded engine does not tell the columns {twins[1]} and {twins[2]} apart: they differ only in case.",
            text=text,
            span=_last_name(text, twins[2]) or _last_name(text, twins[1]),
            hint=f"give one another name before they meet: | project-rename Other{twins[2]} = {twins[2]}",
        )
    if beyond := _OVERFLOW.search(message) or _LITERAL.search(message):
        kind = {"INT32": "int", "INT64": "long"}.get(beyond["type"], beyond["type"])
        hint = f"compute with {'long or real values: tolong(x), ' if kind == 'int' else 'real values: '}toreal(x)"
        hint = hint if "Overflow" in message else "write it as real(...)"
        return KqlQueryError(
            f"{beyond['what']} is no {kind}: that has {32 if kind == 'int' else 64} bits.",
            text=text,
            span=_span(message, text, None),
            hint=hint,
        )
    if isinstance(error, duckdb_kql.KqlSyntaxError):
        return _syntax_error(message, text)
    if isinstance(error, duckdb_kql.KqlUnsupportedError):
        return _unsupported(message, text)
    if raised := _RAISED.match(message):
        return KqlQueryError(f"{raised[1]}.", text=text, span=find_name(text, raised[1].partition("()")[0]))
    if (literal := message.removeprefix(f"Invalid Input Error: {NO_TIME}")) != message:
        place = text.find(literal)
        return KqlQueryError(
            f"datetime({literal}) is no time.",
            text=text,
            span=Span(place, place + len(literal)) if place >= 0 else None,
            hint="write datetime(2024-12-31) or datetime(2024-12-31 23:59:59)",
        )
    if (column := message.removeprefix(f"Invalid Input Error: {NO_ORDER}")) != message:
        return KqlQueryError(
            "A dynamic value has no order.",
            text=text,
            span=_last_name(text, column) if column else None,
            hint="write tolong(), toreal(), todatetime() or tostring() around it",
        )
    if clash := _clash(message):
        column = re.search(r"from source column (\w+)", message)
        hint = _CONVERT if " type" in clash else ""
        found = KqlQueryError(clash, text=text, span=find_name(text, column[1]) if column else None, hint=hint)
        found.is_vague = True
        return found
    if overload := re.search(r"No function matches .*?'(\S+?)\((.*?)\)'", message):
        function, types = (
            overload.group(1).removeprefix(PREFIX),
            ", ".join(map(kusto_type, re.split(r",\s*", overload.group(2)))),
        )
        others = [kind for kind in types.split(", ") if kind not in ("string", "dynamic")]
        if function in _OF_TEXTS and others:
            return KqlQueryError(f"A text is needed, and a value of the type {others[0]} stands there.", hint=_CONVERT)
        return KqlQueryError(f"The embedded engine has no {function} for ({types}).", hint=_CONVERT)
    name = unresolved_name(str(error)) or _unresolved_column(message)
    if name is not None and name in refused:
        return refused[name]
    if name is not None and ("Table with name" in message or "unknown table" in message):
        return _unknown_table(name, text, known)
    if name is not None and "Binder Error" in message:
        return _unknown_column(name, text, str(error))
    return KqlQueryError(message, text=text, span=_span(message, text, name))


_CONVERT = "convert the values first, for example with tostring(), tolong() or todatetime()"
# What DuckDB calls the functions that has, contains, startswith, parse, strlen() and the like are made of.
_OF_TEXTS = frozenset(
    """regexp_matches regexp_extract regexp_extract_all regexp_replace ilike_escape like_escape replace length strlen
    contains starts_with ends_with prefix suffix instr lower upper trim ltrim rtrim reverse string_split""".split()
)
_NUMBERS = {"INT32": "int", "INT64": "long", "INT128": "long", "BOOL": "bool"}


def _clash(message: str) -> str:
    """What to say where values of two types meet that have nothing in common, or no column is left; else nothing."""
    if "SELECT clause without selection list" in message:
        return "No column would be left."
    if text := re.search(r"Could not convert string '(.*?)' to (\w+)", message):
        kind = _NUMBERS.get(text[2]) or kusto_type(text[2])
        return f"A text stands where a value of the type {kind} is needed, and '{text[1]}' is none."
    if types := re.search(r"Unimplemented type for cast \((\w+) -> (\w+)\)", message):
        return f"A value of the type {kusto_type(types[2])} is needed, and a {kusto_type(types[1])} stands there."
    if types := re.search(r"Cannot compare values of types? (\w+) and (?:type )?(\w+)", message):
        return f"Values of the types {kusto_type(types[1])} and {kusto_type(types[2])} cannot be compared."
    return ""


# What DuckDB says of a column that is not there where `project-away` leaves it out, or `summarize` groups by it.
_NO_COLUMN = re.compile(
    r'Column "([^"]+)" in EXCLUDE list not found|Alias with name "([^"]+)" exists, but aliases'
    r'|Values list "_[lr]" does not have a column named "([^"]+)"'  # a key of a join
)


def _unresolved_column(message: str) -> str | None:
    match = _NO_COLUMN.search(message)
    return match and next(filter(None, match.groups()))


def _unknown_table(name: str, text: str, known: list[str]) -> KqlQueryError:
    tables = [table for table in known if "." not in table]
    hint = did_you_mean(name, tables) or (f"the tables are {listing(tables)}" if tables else "there are no tables")
    error = KqlQueryError(f"There is no table '{name}'.", text=text, span=find_name(text, name), hint=hint)
    error.unresolved = name
    return error


def _unknown_column(name: str, text: str, message: str) -> KqlQueryError:
    candidates = re.search(r"Candidate bindings: (.*)", message)
    found = re.findall(r'"([^"]+)"', candidates.group(1)) if candidates else []
    columns = [column for column in found if not column.startswith("__kqlext_")]
    known = f"there are columns such as {', '.join(columns)}" if columns else "| getschema shows the columns"
    hint = did_you_mean(name, columns) or f"{known}; a text is written in quotes"
    error = KqlQueryError(f"There is no column '{name}'.", text=text, span=_last_name(text, name), hint=hint)
    error.unresolved = name
    return error


def _last_name(text: str, name: str) -> Span | None:
    """Where a column's name stands: a table of the same name stands before it."""
    places = [token.span for token in syntax.tokens(text) if token.kind == "name" and token.text == name]
    return places[-1] if places else find_name(text, name)


# How the translator adds where it is in its own work, which says nothing to who wrote the query.
_INTERNAL = re.compile(r"\s*\((?:no DuckDB mapping in this wave|not implemented in this wave)[^)]*(?:\)[^)]*)?\)$")
_CALLED = re.compile(r"unsupported KQL construct '(function|aggregate):(\w+)'(?: \((.*)\))?", re.DOTALL)


def _misspelt(name: str) -> str:
    """What was meant by a name that is no function of KQL's; nothing where it is one."""
    from kqlext.completion.vocabulary import functions

    if name in functions():
        return ""
    return did_you_mean(name, sorted({*SCALAR_FUNCTIONS, *AGGREGATE_FUNCTIONS, *local_functions.names()} - {name}))


def _unsupported(message: str, text: str) -> KqlError:
    span = _span(message, text, None)
    if called := _CALLED.search(message):
        kind, name, said = called.groups()
        if said and "in this wave" not in said:
            kinds = KqlQueryError if " take" in said else KqlUnsupportedError
            return kinds(f"{said}." if name in said else f"{name}(): {said}.", text=text, span=find_name(text, name))
        hint = REFUSALS.get(name.lower()) or _misspelt(name)
        return KqlUnsupportedError(
            f"The embedded engine has no {kind} {name}.", text=text, span=find_name(text, name), hint=hint
        )
    # Its own words are those of the operator as it is written.
    shown = _AT.sub("", _INTERNAL.sub("", message))
    return KqlUnsupportedError(shown, text=text, span=span)


_OPERATORS = (
    "where", "project", "extend", "summarize", "sort", "order", "top", "take", "limit", "count", "distinct", "join",
    "union", "lookup", "render", "parse", "project-away", "project-rename", "mv-expand", "print", "range", "let",
)  # fmt: skip


# Words of KQL that Kusto too takes as names in brackets only, as Microsoft's language service says.
_RESERVED = frozenset(
    """first last asc desc time date kind by in has contains and or where project union print of to true false int long
    string real datetime timespan dynamic decimal set search find invoke sample materialize as between like toscalar
    datatable externaldata title flags startswith""".split()
)
_NAMING = frozenset("let extend project summarize print by ,".split())
_NEVER_VALUES = frozenset("first last time date kind title flags".split())  # syntax before = and ( and behind nulls


def _reserved_name(text: str, span: Span | None) -> Token | None:
    """The word of KQL that is meant as a name: where it is given one, or behind the place where the parser stopped."""
    code = [token for token in syntax.tokens(text) if token.kind != "comment"]
    words = ["", *(token.text for token in code), ""]
    for before, token, behind in zip(words, code, words[2:], strict=False):
        if token.kind != "name" or token.text not in _RESERVED:
            continue
        is_given = (before in _NAMING and behind == "=") or (before in ("(", ",") and behind == ":")
        is_read = token.text in _NEVER_VALUES and behind not in ("=", "(") and before not in (".", "nulls")
        if is_given or (is_read and span is not None and token.start >= span.start):
            return token
    return None


def _syntax_error(message: str, text: str) -> KqlQueryError:
    """The parser's error at its place; a word after a pipe that is no operator gets the nearest one."""
    span = _span(message, text, None)
    if reserved := _reserved_name(text, span):
        name = reserved.text
        return KqlQueryError(
            f"'{name}' is a word of KQL, and a name in brackets only.",
            text=text,
            span=reserved.span,
            hint=f"write ['{name}'] wherever it is meant, or take another name",
        )
    # The parser lists every token that it would have taken, often a hundred.
    message = re.sub(r" expecting \{.{60,}\}$", "", _AT.sub("", message))
    if "'<EOF>'" in message:
        message = "The query ends where more was expected."
    error = KqlQueryError(message, text=text, span=span)
    if span is not None:
        words = [token for token in syntax.tokens(text, span.start) if token.kind != "comment"][:2]
        word = words[1] if len(words) == 2 and words[0].text == "|" else None
        if word is not None and word.text.lower() not in _OPERATORS:
            error.span = word.span
            error.message = f"'{word.text}' is no operator that may stand here."
            error.hint = did_you_mean(word.text, _OPERATORS)
    return error


def _span(message: str, text: str, name: str | None) -> Span | None:
    if match := _AT.search(message):
        offset = offset_of(text, int(match.group(1)), int(match.group(2)))
        token = next(syntax.tokens(text, offset), None)
        return token.span if token is not None and token.start == offset else Span(offset, offset + 1)
    return find_name(text, name) if name else None
