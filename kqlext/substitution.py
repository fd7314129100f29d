"""``{name}`` in a query (``-format``) -> the value of a variable: a literal, or a part of the string around it. Pure.

| written                      | becomes                                                                       |
|------------------------------|-------------------------------------------------------------------------------|
| `{name}`                     | a typed literal, as in `let x = name;`; inside of `dynamic(...)` its JSON     |
| `'... {name} ...'`           | the text, number or UUID as a part of the string, escaped for its quotes      |
| `{name:name}`                | `["..."]`, the name of a column or table                                      |
| `{name:raw}`                 | the text or whole number as it is: KQL, whatever it holds                     |
| `{{`, `}}`                   | `{`, `}`                                                                      |

A name may have attributes and subscripts (`row.State`, `names['a']`, `names[0]`); it is looked up, never evaluated.
Comments stay as they are.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from kqlext import syntax
from kqlext.errors import KqlCellError, KqlConversionError, Span
from kqlext.literals import dynamic, literal, string
from kqlext.parameters import is_table
from kqlext.plain_values import plain
from kqlext.references import PATH, Reference, resolve
from kqlext.services.base import Query
from kqlext.syntax import Token

_FIELD = re.compile(rf"\{{\s*(?P<path>{PATH})\s*(?::\s*(?P<form>[^{{}}\s]*)\s*)?\}}")
_FORMS = ("name", "raw")
_TOUCHED = re.compile(r"[\w.@'\"`~]")
_BRACES = re.compile(r"\{\{|\}\}|[{}]")
# Functions that read what stands in their brackets as the text of one literal.
_LITERALS = frozenset("bool boolean date datetime decimal double guid int long real time timespan uniqueid".split())


def substituted(query: Query, named: Mapping[str, object], embedded: bool = False) -> Query:
    """The query with each ``{name}`` in it replaced.

    Args:
        named: the variables that may be named.
        embedded: whether it is for the embedded engine (see ``literals.literal``).

    Raises:
        KqlCellError: a brace that is no ``{name}``, a name that there is not, or a place where the value cannot stand.
        KqlConversionError: the value has no literal, or cannot be a part of the string.
    """
    changes = list(_changes(query, named, embedded))
    for span, text in reversed(changes):  # from the end, so that the spans before stay right
        query = query.replace(span, text)
    return query


def _changes(query: Query, named: Mapping[str, object], embedded: bool) -> Iterator[tuple[Span, str]]:
    before, end = _Before(), 0
    for token in syntax.tokens(query.text):
        if token.kind == "comment" or token.start < end:
            continue
        found = None
        if token.kind == "string":
            yield from _of_string(query, token, named, embedded)
        elif token.text in ("{", "}"):
            found, span = _brace(query, token.start, len(query.text))
            end = span.end
            if found is None:
                yield span, token.text
            else:
                with query.pointing(span):
                    yield span, _of_code(found, span, query.text, before, named, embedded)
        if found is None:
            before.add(token.text, token.kind)
        else:
            before.words, before.end = (before.words[1], "value"), end


@dataclass
class _Before:
    """What stands before a place in the code: its last two words, where the last value ended, and for each open bracket
    whether it is in a dynamic literal.
    """

    words: tuple[str, str] = ("", "")
    end: int = -1
    dynamic: list[bool] = field(default_factory=list)

    def add(self, word: str, kind: str) -> None:
        if kind == "symbol" and word in ("(", "[", "{"):
            self.dynamic.append(self.in_dynamic or (word == "(" and self.words[1] == "dynamic"))
        elif kind == "symbol" and word in (")", "]", "}") and self.dynamic:
            self.dynamic.pop()
        self.words = (self.words[1], word)

    @property
    def in_dynamic(self) -> bool:
        return bool(self.dynamic) and self.dynamic[-1]


def _of_string(query: Query, token: Token, named: Mapping[str, object], embedded: bool) -> Iterator[tuple[Span, str]]:
    position = token.start
    while brace := _BRACES.search(query.text, position, token.end):
        found, span = _brace(query, brace.start(), token.end)
        position = span.end
        if found is None:
            yield span, brace.group()[0]
        else:
            with query.pointing(span):
                yield span, _in_string(found, token, named, embedded)


def _brace(query: Query, start: int, end: int) -> tuple[re.Match[str] | None, Span]:
    """What a brace begins: a field, or with None one of the two that stand for one brace."""
    text = query.text
    if text[start : start + 2] in ("{{", "}}") and start + 2 <= end:
        return None, Span(start, start + 2)
    found = _FIELD.match(text, start, end)
    if found is not None:
        return found, Span(*found.span())
    close = text.find("}", start, min(end, start + 80))
    span = Span(start, close + 1 if text[start] == "{" and close > 0 else start + 1)
    error = KqlCellError(
        f"With -format, {span.of(text)} names no variable.",
        hint=f"write {text[start] * 2} for a brace; a name has no operators and calls: assign the value first",
        text=text,
        span=span,
    )
    query.restore(error)
    raise error


# --- in code -------------------------------------------------------------------------------------------------


def _of_code(
    found: re.Match[str], span: Span, text: str, before: _Before, named: Mapping[str, object], embedded: bool
) -> str:
    path, form = found["path"], _form(found)
    value = _value(path, named)
    if form == "raw":
        return _raw(path, value)
    if form == "name":
        return f"[{string(_name(path, value), embedded)}]"
    # Next to these a literal would become another one: @"...", "..."'...', 12.
    if before.end == span.start or _TOUCHED.search(text[max(0, span.start - 1) : span.end + 1].replace(found[0], "")):
        raise KqlCellError(
            f"{span.of(text)} touches what stands beside it.",
            hint=f"put a space between; {{{path}:raw}} puts the value in as it is, also into a word",
        )
    if is_table(value):
        raise KqlCellError(f"{path} is a table.", hint=f"write let t = {path}; and use t")
    _check_place(path, value, before.words)
    if before.in_dynamic:
        return dynamic(value, embedded)[len("dynamic(") : -1]
    number = plain(value)
    is_count = isinstance(number, int) and not isinstance(number, bool) and 0 <= number < 2**63
    return str(number) if is_count else literal(value, embedded).text


def _check_place(path: str, value: object, words: tuple[str, str]) -> None:
    if isinstance(value, str) and words[1] in ("", ";", "|", "<|"):
        raise KqlCellError(
            f"{path} is a text, which cannot stand here.",
            hint=f"{{{path}:name}} is the name of a table, {{{path}:raw}} the text as KQL",
        )
    if words[1] == "(" and words[0] in _LITERALS:
        raise KqlCellError(
            f"{{{path}}} is a whole literal, and {words[0]}(...) takes the text of one.",
            hint=f"leave {words[0]}( ) out, or write to{words[0]}({{{path}}}) to convert the value",
        )


def _value(path: str, named: Mapping[str, object]) -> object:
    try:
        return resolve(Reference(path), named, {})
    except KqlCellError as error:
        if not error.hint.startswith("did you mean"):
            error.hint = f"write {{{{{path}}}}} for the braces themselves"
        raise


def _form(found: re.Match[str]) -> str:
    form = found["form"]
    if form is None or form in _FORMS:
        return form or ""
    raise KqlCellError(
        f"There is no form :{form} of a value.",
        hint="{x} is a literal, {x:name} a name, {x:raw} the text as it is; format a number in Python",
    )


def _raw(path: str, value: object) -> str:
    found = plain(value)
    if isinstance(found, str) or (isinstance(found, int) and not isinstance(found, bool)):
        return str(found)
    raise KqlCellError(
        f"{path} is a {type(value).__name__}: only texts and whole numbers stand in a query as they are.",
        hint=f"{{{path}}} is its literal",
    )


def _name(path: str, value: object) -> str:
    found = plain(value)
    if not isinstance(found, str) or not found:
        raise KqlCellError(f"{path} is no text, or an empty one, and cannot be a name.", hint="give it a text")
    return found


# --- in strings ----------------------------------------------------------------------------------------------

_LINES = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff]")


def _in_string(written: re.Match[str], token: Token, named: Mapping[str, object], embedded: bool) -> str:
    """The value as a part of a string literal, which it neither ends nor changes otherwise."""
    path, form = written["path"], _form(written)
    found = plain(_value(path, named))
    if form == "name":
        raise KqlCellError(f"{{{path}:name}} stands in a string.", hint=f"write {{{path}}} there")
    if isinstance(found, bool) or not isinstance(found, (str, int, uuid.UUID)):
        raise KqlConversionError(
            f"{path} is a {type(found).__name__}, which has no one text.",
            hint=f"take the string's quotes off: {{{path}}} is its literal; or make it a text in Python",
        )
    value = str(found)
    if form == "raw":
        return value
    opening = token.text[1:] if token.text[0] in "hH" else token.text
    if opening.startswith("@"):
        _refuse_if(_LINES.search(value) is not None, path, "@ strings hold no line feeds and control characters")
        return value.replace(opening[1], opening[1] * 2)
    if opening.startswith(("```", "~~~")):
        _refuse_if(opening[0] in value, path, f"it holds {opening[0]}, which may end the string")
        return value
    escaped = string(value, embedded)[1:-1]
    return escaped.replace("'", "\\'") if opening.startswith("'") else escaped


def _refuse_if(refused: bool, path: str, why: str) -> None:
    if refused:
        raise KqlConversionError(
            f"{path} cannot be a part of this string: {why}.", hint="write the string in plain quotes, or use a let"
        )
