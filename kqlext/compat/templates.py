"""Values -> KQL in the query templates of msticpy. Pure; knows nothing of msticpy.

A template is KQL with ``{names}``. A value that stands in a string literal of the template is a text: it is escaped as
that kind of literal is, so that it never ends it. What stands outside is KQL by the template's own design: tables,
operators to add, lists and times, which the functions here write.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from string import Formatter

from kqlext import syntax
from kqlext.errors import KqlCellError
from kqlext.literals import literal, string
from kqlext.syntax import Token

_AS_WRITTEN = frozenset({"path_separator"})
"""Parameters whose values are written as a KQL string holds them, as msticpy's own default of this one is."""

_INSIDE = re.compile(r"""(?:[^\\"'\n\r\u2028\u2029]|\\.)*""")  # what a string literal holds, whatever its quotes
_64_BITS = range(-(2**63), 2**63)
_BLANK_LINES = re.compile(r"\n\s*\n")


def fill(template: str, values: Mapping[str, object]) -> str:
    """The query of a template.

    Args:
        values: by name; those of lists and times as ``values_of_list`` and ``moment`` write them.

    Raises:
        KqlCellError: the template wants a value that is not given, or one cannot stand where it wants it.
        KqlConversionError: a text is none that KQL can hold.
    """
    pieces, names = _parsed(template)
    missing = next((name for name in names if name not in values), None)
    if missing is not None:
        raise KqlCellError(f"The query has no value for {missing}.", hint=f"give {missing}=...")
    marks = [f"{_mark(template)}{number}_" for number in range(len(names))]
    text = "".join(piece + mark for piece, mark in zip(pieces, [*marks, ""], strict=True))
    found: dict[str, str] = {}
    for token in syntax.tokens(text):
        if token.kind in ("string", "comment"):
            for mark, name in zip(marks, names, strict=True):
                if mark in token.text:
                    found[mark] = _within(token, name, str(values[name]))
    text = _BLANK_LINES.sub("\n", text)
    for mark, name in zip(marks, names, strict=True):
        text = text.replace(mark, found.get(mark, str(values[name])), 1)
    return text


def values_of_list(values: Iterable[object]) -> str:
    """The literals of values, with commas between them: as ``in (...)`` takes them.

    Raises:
        KqlConversionError: KQL cannot hold one of them.
    """
    return ", ".join(_item(value) for value in values)


def _item(value: object) -> str:
    if isinstance(value, str):
        return string(value)
    # Plain digits: a list may stand in dynamic([...]), which takes no long(1).
    return str(value) if type(value) is int and value in _64_BITS else literal(value).text


def moment(value: object) -> str:
    """A time as ``datetime(...)`` takes it: ISO 8601 in UTC, to the tick of 100 ns.

    Raises:
        KqlConversionError: it is finer than that.
    """
    return literal(value).text.removeprefix("datetime(").removesuffix(")")


def _parsed(template: str) -> tuple[list[str], list[str]]:
    """The pieces of a template and the names between them; there is one piece more than names."""
    pieces, names = [""], []
    for text, name, _, _ in Formatter().parse(template):
        pieces[-1] += text
        if name is not None:
            names.append(name)
            pieces.append("")
    return pieces, names


def _mark(template: str) -> str:
    """A word that does not stand in the template."""
    mark = "kqlext_value_"
    while mark in template:
        mark += "x"
    return mark


def _within(token: Token, name: str, value: str) -> str:
    """A value as it stands in a string literal or a comment."""
    if token.kind == "comment":
        return " ".join(value.split())
    opening = token.text.lstrip("hH")[:4]
    escape = next((write for begin, write in _KINDS.items() if opening.startswith(begin)), _escaped)
    if name in _AS_WRITTEN:
        if _INSIDE.fullmatch(value):
            return value
        raise KqlCellError(f"The value of {name} is no text as a KQL string holds it.", hint=r"write \\ for one \ ")
    return escape(value)


def _escaped(value: str) -> str:
    return string(value)[1:-1].replace("'", "\\'")


def _doubled(quote: str) -> Callable[[str], str]:
    """Of verbatim strings, which know no escape but the doubled quote and hold no line feed."""

    def write(value: str) -> str:
        if any(character in value for character in "\n\r\u2028\u2029"):
            raise KqlCellError("A value of several lines cannot stand in a verbatim string of the query.")
        return value.replace(quote, quote * 2)

    return write


def _without(fence: str) -> Callable[[str], str]:
    """Of multi-line strings, which know no escape."""

    def write(value: str) -> str:
        if fence[0] in value:
            raise KqlCellError(f"A value with {fence[0]} cannot stand between {fence} of the query.")
        return value

    return write


_KINDS: Mapping[str, Callable[[str], str]] = {
    '@"': _doubled('"'),
    "@'": _doubled("'"),
    "```": _without("```"),
    "~~~": _without("~~~"),
}
