"""The text of a notebook cell and a cursor -> what stands at the cursor. Pure.

The cell is cut with the grammar of ``head`` and ``syntax``, as it is when it runs; what is not there yet, because
somebody is typing it, is no error here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, NamedTuple

from kqlext import syntax
from kqlext.errors import KqlCellError, Span
from kqlext.head import LEADING, TARGET, Head
from kqlext.options import Command, Option, option_names
from kqlext.references import EnvironmentVariable, Reference
from kqlext.text import normalize_name

PlaceKind = Literal["query", "option", "value", "property", "command", "argument", "connection", "beginning", "nothing"]
Names = tuple[str, ...] | Reference | EnvironmentVariable


@dataclass(frozen=True, slots=True)
class Place:
    """What stands at a cursor.

    Attributes:
        kind: ``query``: KQL. ``option``: an option's name. ``value``: its value. ``property``: a client request
            property. ``command``: a command's name. ``argument``: its argument. ``connection``: a connection string.
            ``beginning``: a word that may begin the query, or be a connection's name. ``nothing``: a comment, or a head
            that cannot be read.
        word: what is typed of it: the text from ``start``, an offset in the cell, to the cursor.
        query: the KQL at the cursor, and ``offset`` in it; also where a word may begin it.
        option, command: to which a value or an argument belongs.
        connection: the connection that the cell names, ``on`` what its ``-on`` or ``-over`` does.
        uses: the saved queries that its ``-with`` names, or the name of one, or of a variable that holds their names.
    """

    kind: PlaceKind
    word: str
    start: int
    query: str = ""
    offset: int = 0
    option: Option | None = None
    command: Command | None = None
    connection: str = ""
    on: str = ""
    uses: Names = ()


class _Known(NamedTuple):
    """What the head of a cell says of its queries."""

    connection: str
    on: str
    uses: Names


_CELL = re.compile(r"(?:[^\S\n]*(?:#[^\n]*)?\n)*%%kql\b")
_LINE = re.compile(r"[^\S\n]*(?:[\w.,*'\"\[\]()\t ]+=[^\S\n]*)?%kql(?=\s)")
_OPTION_BEFORE = re.compile(r"(?<!\S)-!?([A-Za-z][\w-]*)(?:=|[^\S\n]+)\Z")
_EQUALS = re.compile(r"-!?([A-Za-z][\w-]*)=")


def find(cell: str, cursor: int) -> Place | None:
    """What stands at the cursor of a notebook cell; None where that is no KQL, or Python."""
    match = _CELL.match(cell)
    if match is not None:
        begin = match.end() - len("%%kql")
        if cursor <= match.end():
            return None
        return _place(cell[begin:], cursor - begin, len("%%kql"), begin) or Place("nothing", "", cursor)
    begin, end = _logical_line(cell, cursor)
    line = cell[begin:end].replace("\\\n", "  ")
    match = _LINE.match(line)
    if match is None or cursor - begin <= match.end():
        return None
    start = match.end() - len("%kql")
    return _place(line[start:], cursor - begin - start, len("%kql"), begin + start) or Place("nothing", "", cursor)


def _logical_line(cell: str, cursor: int) -> tuple[int, int]:
    """The line at the cursor, with those that a backslash joins to it."""
    begin = cell.rfind("\n", 0, cursor) + 1
    while begin >= 2 and cell[begin - 2] == "\\":
        begin = cell.rfind("\n", 0, begin - 1) + 1
    end = cell.find("\n", cursor)
    while end > 0 and cell[end - 1] == "\\":
        end = cell.find("\n", end + 1)
    return begin, len(cell) if end < 0 else end


def _place(text: str, cursor: int, magic: int, shift: int) -> Place | None:
    """Args: text: from the magic on. magic: the length of its name. shift: where the text begins in the cell."""
    word_start = _word_start(text, cursor)
    head = Head(text[:word_start], magic)
    try:
        head.read()
    except KqlCellError:
        option = _option_before(text[:word_start])
        return Place("value", text[word_start:cursor], word_start + shift, option=option) if option else None
    if head.command is not None:
        start = text.find(head.command.argument, head.command.span.end) if head.command.argument else word_start
        start = min(max(start, head.command.span.end + 1), word_start)
        return Place("argument", text[word_start:cursor], word_start + shift, command=head.command.command)
    known = _Known(head.connection.text if head.connection else "", _on(head), _uses(head))
    if text[head.position : word_start].strip():
        return _in_query(text, cursor, head.position, shift, known)
    return _in_head(text, word_start, cursor, shift, known)


def _in_head(text: str, start: int, cursor: int, shift: int, known: _Known) -> Place | None:
    word = text[start:cursor]
    if word.startswith("--"):
        return Place("command", word, start + shift)
    if word.startswith("+"):
        return Place("property", word, start + shift)
    if match := _EQUALS.match(word):
        option = option_names().get(normalize_name(match.group(1)))
        return Place("value", word[match.end() :], start + match.end() + shift, option=option) if option else None
    if word.startswith("-"):
        return Place("option", word, start + shift)
    if "://" in word:
        return Place("connection", word, start + shift)
    place = _in_query(text, cursor, start, shift, known)
    if place is None or place.start != start + shift:
        return place
    return Place("beginning", word, start + shift, place.query, place.offset, None, None, *known)


def _in_query(text: str, cursor: int, begin: int, shift: int, known: _Known) -> Place | None:
    """The query at the cursor of those that begin at ``begin``."""
    spans = [span.shifted(begin) for span in syntax.queries(text[begin:])] or [Span(begin, len(text))]
    index = max((i for i, span in enumerate(spans) if span.start <= cursor), default=0)
    start = min(spans[index].start, cursor)
    end = spans[index + 1].start if index + 1 < len(spans) else len(text)
    leading = LEADING.match(text, start, end)
    target = TARGET.match(text, leading.end() if leading else start, end)
    if target is not None and target.end() <= cursor:
        start = target.end()
    query = text[start:end]
    offset = cursor - start
    if _is_no_code(query, offset):
        return None
    word = re.search(r"[\w$]*\Z", query[:offset])
    assert word is not None
    return Place("query", word.group(), cursor - len(word.group()) + shift, query, offset, None, None, *known)


def _is_no_code(query: str, offset: int) -> bool:
    """Whether an offset is within a comment."""
    return any(
        token.kind == "comment" and token.start < offset <= token.end for token in syntax.tokens(query[: offset + 1])
    )


def _uses(head: Head) -> Names:
    for use in head.options:
        if use.option.name == "with" and isinstance(use.value, (tuple, Reference, EnvironmentVariable)):
            return use.value
    return ()


def _on(head: Head) -> str:
    for use in head.options:
        if use.option.name == "on":
            return str(use.value)
        if use.option.name == "over":
            return use.value[0] if isinstance(use.value, tuple) else ""
    return ""


def _option_before(text: str) -> Option | None:
    """The option whose value comes next."""
    match = _OPTION_BEFORE.search(text)
    return option_names().get(normalize_name(match.group(1))) if match else None


def _word_start(text: str, cursor: int) -> int:
    """Where the word at the cursor begins, as words of the head are: up to white space outside of quotes."""
    line = text.rfind("\n", 0, cursor) + 1
    start, quote = line, ""
    for position in range(line, cursor):
        character = text[position]
        if quote:
            quote = "" if character == quote else quote
        elif character in "'\"":
            quote = character
        elif character.isspace():
            start = position + 1
    return start
