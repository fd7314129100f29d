"""What IPython does not allow by itself: comments before ``%%kql``, ``%%kql query`` on one line, a silent ``;``.

The transformers only move lines and add a ``;``; KQL is never looked at. They run again on their own output
without changing it.
"""

from __future__ import annotations

import re

_CELL = re.compile(r"%%kql\b")
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


def silence(lines: list[str]) -> list[str]:
    """Let Python's own rule keep quiet: a last ``%kql ...;`` becomes ``run_line_magic(...);``."""
    last = next((i for i in range(len(lines) - 1, -1, -1) if lines[i].strip()), None)
    if last is None or not _LINE_CALL.match(lines[last]) or not _SILENT.search(lines[last]):
        return lines
    line = lines[last].rstrip("\n")
    return [*lines[:last], line + ";\n", *lines[last + 1 :]]
