"""What IPython does not allow by itself: comments before ``%%kql``, ``%%kql query`` on one line, a silent ``;``.

The transformers only move lines and add a ``;``, or refuse a cell; KQL is never looked at. They run again on their own
output without changing it.
"""

from __future__ import annotations

import re
import tokenize

from IPython.core.inputtransformer2 import make_tokens_by_line

from kqlext.errors import KqlCellError, Span

_CELL = re.compile(r"%%kql\b")
_CELL_INSIDE = re.compile(r"\s*(%%kql)\b")
_NO_CODE = (tokenize.INDENT, tokenize.DEDENT, tokenize.NEWLINE, tokenize.NL, tokenize.COMMENT)
_LINE_CALL = re.compile(r"get_ipython\(\)\.run_(?:line|cell)_magic\('kql', ")
_SILENT = re.compile(r";(?:\\n|\s)*['\"]\)\s*$")


def cell_prefix(lines: list[str]) -> list[str]:
    """Put ``%%kql`` first where Python comments stand before it, and give a one-line cell an empty body.

    The lines before it stay as blank ones behind it, so that line numbers are those of the cell.
    """
    first = next((i for i, line in enumerate(lines) if line.strip() and not line.lstrip().startswith("#")), None)
    if first is None or not _CELL.match(lines[first]):
        return lines
    head = lines[first] if lines[first].endswith("\n") else lines[first] + "\n"
    body = ["\n"] * first + lines[first + 1 :]
    return [head, *(body or ["\n"])]


# In a terminal a cell magic is complete at a blank line; the body added above must not look like one.
cell_prefix.has_side_effects = True  # type: ignore[attr-defined]


def refuse_cell_inside(lines: list[str]) -> list[str]:
    """The lines as they are, unless a ``%%kql`` stands behind Python code: IPython would read its KQL as Python.

    Raises:
        KqlCellError: it does.
    """
    place = next((i for i, line in enumerate(lines) if _CELL_INSIDE.match(line)), None)
    before = [line for line in lines[:place] if line.strip() and not line.lstrip().startswith("#")]
    if place is None or not before or before[0].startswith("%%") or not _begins_statement(lines, place):
        return lines
    match = _CELL_INSIDE.match(lines[place])
    assert match is not None
    offset = sum(map(len, lines[:place]))
    raise KqlCellError(
        "%%kql stands behind Python code in its cell.",
        hint="put it into a cell of its own; in a function or a loop write %kql and the query on one line",
        text="".join(lines),
        span=Span(*match.span(1)).shifted(offset),
    )


def _begins_statement(lines: list[str], place: int) -> bool:
    """Whether a line is not the inside of a string or a bracket."""
    statements = make_tokens_by_line(lines[: place + 1])
    codes = [[token for token in statement if token.type not in _NO_CODE] for statement in statements]
    return any(code and code[0].string == "%" and code[0].start[0] == place + 1 for code in codes)


# An error is for when the cell runs, not while it is typed.
refuse_cell_inside.has_side_effects = True  # type: ignore[attr-defined]


def silence(lines: list[str]) -> list[str]:
    """Let Python's own rule keep quiet: a last ``%kql ...;`` becomes ``run_line_magic(...);``."""
    last = next((i for i in range(len(lines) - 1, -1, -1) if lines[i].strip()), None)
    if last is None or not _LINE_CALL.match(lines[last]) or not _SILENT.search(lines[last]):
        return lines
    line = lines[last].rstrip("\n")
    return [*lines[:last], line + ";\n", *lines[last + 1 :]]
