"""A result as a capped, escaped HTML table and as prettytable text: the two halves of its mime bundle.

The HTML has no script and no style sheet, takes its colours from the page (dark or light), and reads the same in
an untrusted notebook. Values are data: escaped, control and bidirectional characters written out.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from html import escape
from typing import TYPE_CHECKING

from kqlext.statistics import statistics_line
from kqlext.text import one_line, plural, printable, shorten
from kqlext.visualization.cells import Text, cell_texts, html_header, html_row, html_text, plain_cell, ranks

if TYPE_CHECKING:
    from kqlext.decode.tables import Column, Table
    from kqlext.result import Result

_CELL = 1_000  # characters of a value that the HTML shows, fewer where there are very many columns
_COLUMNS = 2_000  # columns that are looked at
_SIDE_BY_SIDE = 50  # columns from which on cells are not cut shorter for more of them
_FEW_ROWS = 10  # rows for which the columns that are shown leave room
_TEXT_SHARE = 4  # the text takes one part in so many of what a result may write
_WARNINGS, _WARNING_LENGTH = 20, 400  # warnings that are shown, and characters of each
_WARNINGS_SIZE = 12_000  # bytes of HTML that they may take
_TEXT_WIDTH = 160  # columns where no terminal says its own, as in a notebook
_GRID_ELSEWHERE = "-grid: a grid in JupyterLab, in the page in which the cell ran; here a table"
_WARNING = (
    '<p role="alert" style="border-left:3px solid #c77700;padding-left:.6em;margin:.3em 0"><b>Warning:</b> {}</p>'
)


@dataclass(frozen=True)
class _Shown:
    """The part of a table that is shown: its texts column by column, and the bytes that it may take."""

    table: Table
    columns: Sequence[Column]
    texts: list[list[Text]]
    rows: int
    budget: int
    remark: str = ""
    sortable: bool = False


def mime_bundle(result: Result, remark: str = "", max_bytes: int | None = None) -> dict[str, str]:
    """``text/html`` and ``text/plain`` of all tables of a result, its warnings first.

    Args:
        remark: what the caption of the first table says besides.
        max_bytes: the bound on what is written, where it is less than the view's.
    """
    most = min(result.view.max_bytes, max_bytes or result.view.max_bytes)
    warned = 2 * sum(len(escape(warning).encode()) + 150 for warning in _warnings(result))
    budget = max(5_000, most - warned) // max(1, len(result.tables))
    budget -= budget // _TEXT_SHARE
    shown = [_take(table, result.view.display_limit, budget) for table in result.tables]
    remark = remark or (_GRID_ELSEWHERE if result.view.grid else "")
    shown[:1] = [replace(first, remark=remark) for first in shown[:1]]
    html = _html(result, shown, result.view.display_limit)
    if result.view.grid:
        html = f'<div id="{result.view.grid}"><div>{html}</div></div>'
    return {"text/html": html, "text/plain": _plain(result, shown)}


def grid_tables(result: Result, rows: int, max_bytes: int) -> str:
    """The HTML of all tables with so many rows of each, whose cells say how they are sorted (``data-order``)."""
    budget = max_bytes // max(1, len(result.tables))
    shown = [_take(table, rows, budget) for table in result.tables]
    return _html(result, [replace(one, sortable=True) for one in shown], rows)


def _take(table: Table, limit: int | None, budget: int) -> _Shown:
    rows = table.num_rows if limit is None else min(table.num_rows, max(0, limit))
    columns = table.columns[:_COLUMNS]
    # A row of empty cells still takes some bytes: no more rows than could fit are turned into text.
    rows = min(rows, max(1, budget // max(1, 30 * min(len(columns), _SIDE_BY_SIDE))))
    texts = [cell_texts(column, rows) for column in columns]
    return _Shown(table, columns, texts, rows, budget)


def _warnings(result: Result) -> list[str]:
    """The warnings, as many and as much of each as is shown, without control characters."""
    texts: list[str] = []
    size = 0
    for warning in result.warnings[:_WARNINGS]:
        text = shorten(printable(warning).replace("\t", " "), _WARNING_LENGTH)
        size += len(escape(text).encode())
        if size > _WARNINGS_SIZE:
            break
        texts.append(text)
    more = len(result.warnings) - len(texts)
    return [*texts, f"{plural(more, 'more warning')} in the result's .warnings"] if more else texts


def bare(table: Table, max_bytes: int) -> tuple[str, str]:
    """HTML and text of a small table without a caption, each with as many columns as fit into the bytes."""
    shown = _take(table, None, max_bytes)
    most = max(8, min(_CELL, max_bytes // max(1, 4 * min(len(shown.columns), _SIDE_BY_SIDE))))
    head, _ = _html_head(shown, most)
    columns = shown.columns[: len(head)]
    rows = [html_row(row, columns, most) for row in zip(*shown.texts[: len(head)], strict=True)]
    more = f"<p>{len(head):,} of {plural(len(table.columns), 'column')}</p>" if len(head) < len(table.columns) else ""
    html = f"<table><thead><tr>{''.join(head)}</tr></thead><tbody>{''.join(rows)}</tbody></table>{more}"
    return html, _text_table(replace(shown, budget=_TEXT_SHARE * max_bytes))[0] if shown.columns else ""


def caption(result: Result, shown: _Shown, rows: int, number: int) -> str:
    """``50 of 53,412 rows · 0.42 s · Samples@help``, with what is to be known about the display."""
    table = shown.table
    count = plural(table.num_rows, "row") if rows == table.num_rows else f"{rows:,} of {plural(table.num_rows, 'row')}"
    parts = [count, f"{result.origin.elapsed:.2f} s", result.origin.shown]
    if len(result.tables) > 1:
        parts.insert(0, f"table {number} of {len(result.tables)}")
    if result.view.statistics and number == len(result.tables) and (line := statistics_line(result.statistics)):
        parts.append(line)
    if shown.remark:
        parts.append(shown.remark)
    if shown.sortable and rows < table.num_rows:
        parts.append("the grid sorts and filters these rows only, to_pandas() has all")
    return one_line(" · ".join(parts))


# --- HTML ------------------------------------------------------------------------------------------------


def _html(result: Result, shown: Sequence[_Shown], limit: int | None) -> str:
    warnings = [_WARNING.format(escape(warning)) for warning in _warnings(result)]
    if limit is not None and limit < 0:
        tables = [f"<p>{html_text(caption(result, one, one.rows, n))}</p>" for n, one in enumerate(shown, 1)]
    else:
        tables = [_html_table(result, one, number) for number, one in enumerate(shown, 1)]
    return "".join([*warnings, *(tables or [f"<p>no table · {html_text(result.origin.shown)}</p>"])])


def _html_table(result: Result, shown: _Shown, number: int) -> str:
    most = max(8, min(_CELL, shown.budget // max(1, 4 * min(len(shown.columns), _SIDE_BY_SIDE))))
    head, size = _html_head(shown, most)
    columns = shown.columns[: len(head)]
    orders = [ranks(column, shown.rows) for column in columns] if shown.sortable else []
    body: list[str] = []
    for number_of_row, row in enumerate(zip(*shown.texts[: len(head)], strict=True)):
        html = html_row(row, columns, most, [order[number_of_row] for order in orders])
        size += _written(html)
        if size > shown.budget and body:
            break
        body.append(html)
    rows = len(body) if shown.columns else shown.rows
    title = html_text(caption(result, shown, rows, number)) + _columns_note(shown, len(head))
    return (
        # The classes keep JupyterLab from taking `$a = 1; $b` for mathematics.
        # What scrolls can be reached by keyboard, also in browsers that do not see to it themselves.
        '<div class="tex2jax_ignore mathjax_ignore" style="overflow:auto;max-height:32em" '
        f'tabindex="0" role="region" aria-label="{_label(result, number)}"><table>'
        f'<caption style="caption-side:top;text-align:left;white-space:nowrap;width:1px">{title}</caption>'
        f"<thead><tr>{''.join(head)}</tr></thead><tbody>{''.join(body)}</tbody></table></div>"
    )


def _label(result: Result, number: int) -> str:
    return f"table {number} of {len(result.tables)}" if len(result.tables) > 1 else "table"


def _html_head(shown: _Shown, most: int) -> tuple[list[str], int]:
    """The headers of the columns for which there is room, with some rows below them; and what the headers take."""
    head: list[str] = []
    size = room = 0
    rows = min(_FEW_ROWS, shown.rows)
    for column, texts in zip(shown.columns, shown.texts, strict=True):
        header = html_header(column, most)
        room += _written(header) + sum(_written(html_row([text], [column], most)) for text in texts[:rows])
        if room > shown.budget and head:
            break
        head.append(header)
        size += _written(header)
    return head, size


def _written(html: str) -> int:
    """The bytes that it takes in a notebook, where quotes, backslashes and line feeds are escaped."""
    return len(html.encode()) + sum(map(html.count, ('"', "\\", "\n", "\t")))


def _columns_note(shown: _Shown, fitting: int) -> str:
    columns = len(shown.table.columns)
    return f" · {fitting:,} of {plural(columns, 'column')} fit here, to_pandas() has all" if fitting < columns else ""


# --- text ------------------------------------------------------------------------------------------------


def _plain(result: Result, shown: Sequence[_Shown]) -> str:
    parts = [f"Warning: {warning}" for warning in _warnings(result)]
    limit = result.view.display_limit
    for number, one in enumerate(shown, 1):
        if one.columns and (limit is None or limit >= 0):
            text, rows, note = _text_table(one)
            parts += [text, caption(result, one, rows, number) + note]
        else:
            parts.append(caption(result, one, one.rows, number))
    return "\n".join(parts) or one_line(f"no table · {result.origin.connection}")


def _text_table(shown: _Shown) -> tuple[str, int, str]:
    """The table as text, its rows, and what the caption says of columns that the width has no room for."""
    budget = shown.budget // (_TEXT_SHARE - 1)
    rows = min(shown.rows, max(1, budget // 10))
    cells = [[plain_cell(text) for text in texts[:rows]] for texts in shown.texts]
    names = [plain_cell(column.name) for column in shown.columns]
    keep = _fitting([max(map(len, [name, *column])) for name, column in zip(names, cells, strict=True)])
    align = [shown.columns[index].align for index in keep]
    lines = _pretty([names[index] for index in keep], [cells[index] for index in keep], align)
    size = sum(_written(line) + 2 for line in [*lines[:3], lines[-1]])
    kept: list[str] = []
    for line in lines[3:-1]:
        size += _written(line) + 2
        if size > budget and kept:
            break
        kept.append(line)
    return "\n".join([*lines[:3], *kept, lines[-1]]), len(kept), _columns_note(shown, len(keep))


def _pretty(names: Sequence[str], columns: Sequence[Sequence[str]], align: Sequence[str]) -> list[str]:
    """The lines of a table: a rule, the names, a rule, a line for each row, a rule."""
    from prettytable import PrettyTable

    # The names go in as a first row: prettytable refuses names that stand twice.
    table = PrettyTable([str(index) for index in range(len(names))], header=False)
    for index, side in enumerate(align):
        table.align[str(index)] = "r" if side == "right" else "l"
    table.add_row(list(names), divider=True)
    for row in zip(*columns, strict=True):
        table.add_row(list(row))
    lines: list[str] = table.get_string().split("\n")
    # Without rows there is no rule below the names in some versions.
    return lines if columns and len(columns[0]) else [*lines[:3], lines[-1]]


def text_width() -> int:
    """The columns of characters that a text may be wide."""
    # The terminal in which a notebook's server was started is not where its cells are read.
    in_terminal = sys.stdout is not None and sys.stdout.isatty()
    return shutil.get_terminal_size((_TEXT_WIDTH, 24)).columns if in_terminal else _TEXT_WIDTH


def _fitting(widths: Sequence[int]) -> list[int]:
    """The first columns that fit side by side, at least one."""
    room = text_width() - 1
    keep: list[int] = []
    for index, width in enumerate(widths):
        room -= width + 3
        if room < 0 and keep:
            break
        keep.append(index)
    return keep
