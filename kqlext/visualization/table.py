"""A result as a capped, escaped HTML table and as prettytable text: the two halves of its mime bundle.

The HTML has no script and no style sheet, takes its colours from the page (dark or light), and reads the same in
an untrusted notebook. Values are data: escaped, control and bidirectional characters written out.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

from kqlext.text import one_line, plural, printable, shorten

if TYPE_CHECKING:
    from kqlext.decode.tables import Column, Table
    from kqlext.result import Result

MAX_BYTES = 500_000
"""About how much HTML one result writes into a notebook, however many rows were asked for."""

_CELL = 1_000  # characters of a value that the HTML shows, fewer where there are very many columns
_COLUMNS = 2_000  # columns that the HTML shows
_WARNINGS = 20  # warnings that are shown, and _CELL characters of each
_TEXT_CELL = 60  # the same in a terminal
_TEXT_WIDTH = 160  # columns where no terminal says its own
_LEFT, _RIGHT = ' style="text-align:left"', ' style="text-align:right"'
_WARNING = (
    '<p role="alert" style="border-left:3px solid #c77700;padding-left:.6em;margin:.3em 0"><b>Warning:</b> {}</p>'
)


@dataclass(frozen=True)
class _Shown:
    """The part of a table that is shown: its texts column by column, and the bytes that it may take."""

    table: Table
    columns: Sequence[Column]
    texts: list[list[str]]
    rows: int
    budget: int


def mime_bundle(result: Result) -> dict[str, str]:
    """``text/html`` and ``text/plain`` of all tables of a result, its warnings first."""
    budget = MAX_BYTES // max(1, len(result.tables))
    shown = [_take(table, result.view.display_limit, budget) for table in result.tables]
    return {"text/html": _html(result, shown), "text/plain": _plain(result, shown)}


def _take(table: Table, limit: int | None, budget: int) -> _Shown:
    rows = table.num_rows if limit is None else min(table.num_rows, max(0, limit))
    columns = table.columns[:_COLUMNS]
    # A row of empty cells still takes some bytes: no more rows than could fit are turned into text.
    rows = min(rows, max(1, budget // max(1, 30 * len(columns))))
    texts = [column.texts(0, rows) for column in columns]
    return _Shown(table, columns, texts, rows, budget)


def _warnings(result: Result) -> list[str]:
    """The warnings, as many and as much of each as is shown, without control characters."""
    texts = [shorten(printable(warning).replace("\t", " "), _CELL) for warning in result.warnings[:_WARNINGS]]
    more = len(result.warnings) - len(texts)
    return [*texts, f"{plural(more, 'more warning')} in the result's .warnings"] if more else texts


def caption(result: Result, table: Table, rows: int, number: int) -> str:
    """``50 of 53,412 rows · 0.42 s · Samples@help``, with what is to be known about the display."""
    count = plural(table.num_rows, "row") if rows == table.num_rows else f"{rows:,} of {plural(table.num_rows, 'row')}"
    parts = [count, f"{result.origin.elapsed:.2f} s", result.origin.connection]
    if len(result.tables) > 1:
        parts.insert(0, f"table {number} of {len(result.tables)}")
    kind = (result.visualization or {}).get("visualization")
    if kind and str(kind).lower() != "table" and number == 1:
        parts.append(f"render {kind}: shown as a table, charts are not drawn yet")
    return one_line(" · ".join(parts))


# --- HTML ------------------------------------------------------------------------------------------------


def _html(result: Result, shown: Sequence[_Shown]) -> str:
    warnings = [_WARNING.format(escape(warning)) for warning in _warnings(result)]
    limit = result.view.display_limit
    if limit is not None and limit < 0:
        tables = [f"<p>{_text(caption(result, one.table, one.rows, n))}</p>" for n, one in enumerate(shown, 1)]
    else:
        tables = [_html_table(result, one, number) for number, one in enumerate(shown, 1)]
    return "".join([*warnings, *(tables or [f"<p>no table · {_text(result.origin.connection)}</p>"])])


def _html_table(result: Result, shown: _Shown, number: int) -> str:
    most = max(1, min(_CELL, shown.budget // max(1, 4 * len(shown.columns))))
    head = "".join(_header(column, most) for column in shown.columns)
    styles = [_RIGHT if column.align == "right" else _LEFT for column in shown.columns]
    body: list[str] = []
    size = 0
    for row in zip(*shown.texts, strict=True):
        html = "<tr>" + "".join(_cell(text, style, most) for text, style in zip(row, styles, strict=True)) + "</tr>"
        size += len(html.encode())
        if size > shown.budget and body:
            break
        body.append(html)
    rows = len(body) if shown.columns else shown.rows
    title = _text(caption(result, shown.table, rows, number)) + _columns_note(shown, len(shown.columns))
    return (
        # The classes keep JupyterLab from taking `$a = 1; $b` for mathematics.
        '<div class="tex2jax_ignore mathjax_ignore" style="overflow:auto;max-height:32em"><table>'
        f'<caption style="caption-side:top;text-align:left">{title}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{''.join(body)}</tbody></table></div>"
    )


def _columns_note(shown: _Shown, fitting: int) -> str:
    columns = len(shown.table.columns)
    return f" · {fitting:,} of {plural(columns, 'column')} fit here" if fitting < columns else ""


def _header(column: Column, most: int) -> str:
    style = _RIGHT if column.align == "right" else _LEFT
    return f'<th scope="col" title="{escape(column.type)}"{style}>{_text(shorten(column.name, most))}</th>'


def _cell(text: str, style: str, most: int) -> str:
    shown = _text(text[:most])
    if len(text) > most:
        shown += f"… <i>({len(text):,} characters)</i>"
    return f'<td{style[:-1]}{_space(text)}">{shown}</td>'


_BREAKS = re.compile(r"[\s-]")


def _space(text: str) -> str:
    """How a cell treats white space: as it is written, on one line, or with room for a long text."""
    if "\n" in text or "  " in text:
        return ";white-space:pre-wrap"
    if len(text) > 150:
        return ";min-width:24em"
    return ";white-space:nowrap" if len(text) <= 40 and _BREAKS.search(text) else ""


def _text(text: str) -> str:
    return escape(printable(text))


# --- text ------------------------------------------------------------------------------------------------


def _plain(result: Result, shown: Sequence[_Shown]) -> str:
    parts = [f"Warning: {warning}" for warning in _warnings(result)]
    limit = result.view.display_limit
    for number, one in enumerate(shown, 1):
        if one.columns and (limit is None or limit >= 0):
            text, rows, note = _text_table(one)
            parts += [text, caption(result, one.table, rows, number) + note]
        else:
            parts.append(caption(result, one.table, one.rows, number))
    return "\n".join(parts) or one_line(f"no table · {result.origin.connection}")


def _text_table(shown: _Shown) -> tuple[str, int, str]:
    """The table as text, its rows, and what the caption says of columns that the width has no room for."""
    from prettytable import PrettyTable

    rows = min(shown.rows, max(1, shown.budget // _TEXT_WIDTH))
    cells = [[_text_cell(text) for text in texts[:rows]] for texts in shown.texts]
    names = [_text_cell(column.name) for column in shown.columns]
    keep = _fitting([max(map(len, [name, *column])) for name, column in zip(names, cells, strict=True)])
    # The names go in as a first row: prettytable refuses names that stand twice.
    table = PrettyTable([str(index) for index in keep], header=False)
    for index in keep:
        table.align[str(index)] = "r" if shown.columns[index].align == "right" else "l"
    table.add_row([names[index] for index in keep], divider=True)
    for row in zip(*(cells[index] for index in keep), strict=True):
        table.add_row(list(row))
    return table.get_string(), rows, _columns_note(shown, len(keep))


def _text_cell(text: str) -> str:
    # Cut first, so that a cell of megabytes costs nothing: no character becomes shorter when written out.
    return shorten(one_line(text[: _TEXT_CELL + 1]), _TEXT_CELL)


def _fitting(widths: Sequence[int]) -> list[int]:
    """The first columns that fit side by side, at least one."""
    room = shutil.get_terminal_size((_TEXT_WIDTH, 24)).columns - 1
    keep: list[int] = []
    for index, width in enumerate(widths):
        room -= width + 3
        if room < 0 and keep:
            break
        keep.append(index)
    return keep
