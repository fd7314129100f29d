"""The cells of a table, as HTML and as text: escaped, cut where they are long, and null told from an empty text.

A null is a dimmed, italic ``null`` in HTML and ``<null>`` in text; an empty string is an empty cell. Dynamic values
that do not fit on a line are folded (``<details>``), so that a table with JSON in it can be read.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING

from kqlext.decode.dynamic import DynamicValues, json_text
from kqlext.text import one_line, printable, shorten

if TYPE_CHECKING:
    from kqlext.decode.tables import Column

_LINE = 60  # characters of a cell in a terminal, and of a dynamic value that is not folded
_DEEPEST = 12  # levels of JSON that are indented: no value is longer for its depth than it is for its length
_LEFT, _RIGHT = ' style="text-align:left', ' style="text-align:right'
_NULL = '<i style="opacity:.7" title="no value">null</i>'
_NULL_TEXT = "<null>"


class JsonText(str):
    """The text of a dynamic value that is an object or an array."""

    __slots__ = ()


Text = str | None
"""What a cell holds: None is null."""


def cell_texts(column: Column, rows: int) -> list[Text]:
    """The first rows of a column as Kusto writes them."""
    if isinstance(column.data, DynamicValues):
        return [_dynamic_text(value) for value in column.data.slice(0, rows)]
    absent = column.data.slice(0, rows).is_null().to_pylist()
    return [None if null else text for text, null in zip(column.texts(0, rows), absent, strict=True)]


def _dynamic_text(value: object) -> Text:
    if isinstance(value, str):
        return value
    text = json_text(value)
    return JsonText(text) if text is not None and isinstance(value, dict | list) else text


def ranks(column: Column, rows: int) -> list[int]:
    """The place of each of the first rows in the ascending order of Kusto's `sort`: null, NaN, all else by its value.

    Values that are equal have one place, and no digit is lost. Dynamic values are compared as text.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    if isinstance(column.data, DynamicValues):
        data = pa.array(cell_texts(column, rows), pa.string())
    else:
        data = column.data.slice(0, rows)
    places = pc.rank(data, tiebreaker="dense").to_pylist()
    absent = data.is_null().to_pylist()
    no_number = data.is_null(nan_is_null=True).to_pylist()
    return [0 if null else 1 if nan else place + 1 for place, null, nan in zip(places, absent, no_number, strict=True)]


# --- HTML ------------------------------------------------------------------------------------------------


def html_header(column: Column, most: int) -> str:
    """The header of a column, cut to ``most`` characters; its type is the title."""
    name = html_text(shorten(column.name, most))
    return f'<th scope="col" title="{escape(column.type)}"{_style(column)}">{name}</th>'


def html_row(texts: Sequence[Text], columns: Sequence[Column], most: int, order: Sequence[int] = ()) -> str:
    """A row.

    Args:
        most: about how many characters a cell has.
        order: what a grid sorts the cells by.
    """
    # An unfolded value is tall: its neighbours are to be read beside its first line.
    side = ";vertical-align:top" if any(map(_is_folded, texts)) else ""
    sorted_by = [f' data-order="{number}"' for number in order] or [""] * len(texts)
    cells = [
        f"<td{by}{_style(column)}{side}{_cell(text, most)}</td>"
        for text, column, by in zip(texts, columns, sorted_by, strict=True)
    ]
    return f"<tr>{''.join(cells)}</tr>"


def _is_folded(text: Text) -> bool:
    return isinstance(text, JsonText) and len(text) > _LINE


def _cell(text: Text, most: int) -> str:
    """A cell from the end of its style on."""
    if text is None:
        return f'">{_NULL}'
    if isinstance(text, JsonText) and _is_folded(text):
        return f'">{_folded(text, most)}'
    return f'{_space(text)}">{_cut(text, text[:most], len(text) > most)}'


def html_text(text: str) -> str:
    """Data as the text of an element: a quote is no markup there."""
    return escape(printable(text), quote=False)


def _style(column: Column) -> str:
    return _RIGHT if column.align == "right" else _LEFT


def _folded(text: JsonText, most: int) -> str:
    """A dynamic value behind its beginning; opened, with a line for each of its values."""
    inside, complete = indented(text, 2 * most)
    return (
        f'<details><summary style="white-space:nowrap">{html_text(shorten(text, min(_LINE, most)))}</summary>'
        f'<pre style="margin:0;white-space:pre-wrap">{_cut(text, inside, not complete)}</pre></details>'
    )


def _cut(text: str, shown: str, is_cut: bool) -> str:
    return html_text(shown) + (f"… <i>({len(text):,} characters)</i>" if is_cut else "")


_BREAKS = re.compile(r"[\s-]")


def _space(text: str) -> str:
    """How a cell treats white space: as it is written, on one line, or with room for a long text."""
    if "\n" in text or "  " in text:
        return ";white-space:pre-wrap"
    if len(text) > 150:
        return ";min-width:24em"
    return ";white-space:nowrap" if len(text) <= 40 and _BREAKS.search(text) else ""


_TOKENS = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|\[\]|\{\}|[\[\]{},:]|[^\[\]{},:"\s]+')


def indented(text: JsonText, most: int) -> tuple[str, bool]:
    """JSON with a line for each value, and whether that is all of it.

    It reads no further than ``most`` characters, and does not recurse: values may be nested thousands of levels deep.
    """
    parts: list[str] = []
    depth = size = 0
    for match in _TOKENS.finditer(text):
        part = match.group()
        if part in ("{", "["):
            depth += 1
            part += _new_line(depth)
        elif part in ("}", "]"):
            depth -= 1
            part = _new_line(depth) + part
        elif part == ",":
            part += _new_line(depth)
        elif part == ":":
            part += " "
        parts.append(part[: most + 1])
        size += len(part)
        if size > most:
            return "".join(parts)[:most], False
    return "".join(parts), True


def _new_line(depth: int) -> str:
    return "\n" + "  " * min(depth, _DEEPEST)


# --- text ------------------------------------------------------------------------------------------------


def plain_cell(text: Text) -> str:
    """A cell on one line; a string that reads as null does is quoted."""
    if text is None:
        return _NULL_TEXT
    if text == _NULL_TEXT:
        return f'"{text}"'
    # Cut first, so that a cell of megabytes costs nothing: no character becomes shorter when written out.
    return shorten(one_line(text[: _LINE + 1]), _LINE)
