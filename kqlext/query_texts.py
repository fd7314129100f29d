"""KQL that stands outside of the cell: in a variable (``-query``) or a file (``-file``)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from kqlext.cell import MAX_LENGTH, Cell, Source, queries_of, refuse_one_target
from kqlext.errors import KqlCellError, Span
from kqlext.head import OptionUse
from kqlext.references import Reference
from kqlext.text import one_line, shorten

OPTIONS = ("query", "file")


def with_texts(cell: Cell, options: Mapping[str, Any]) -> Cell:
    """The cell with the queries of the variable or file that it names; a cell that names none as it is.

    Raises:
        KqlCellError: there is no such text, it holds no query, or several for one target.
    """
    uses = [use for use in cell.options if use.option.name in OPTIONS]
    if not uses:
        return cell
    if len(uses) > 1:
        raise _error(cell, uses[1], "The cell has -query and -file.", "keep one of the two")
    if cell.queries:
        message = f"-{uses[0].option.name} names a query, and the cell holds one."
        raise _error(cell, uses[0], message, "keep one of the two")
    source = _source(cell, uses[0], options)
    if len(source.text) > MAX_LENGTH:
        raise _error(cell, uses[0], f"{source.name} holds more than {MAX_LENGTH:,} characters.", "it is no query")
    queries = queries_of(source.text, source)
    if not queries:
        raise _error(cell, uses[0], f"There is no query in {source.name}.", "it holds only white space and comments")
    output = next((use.span for use in cell.options if use.option.name == "o"), None)
    target = output if cell.target is None else cell.target.span
    if target is not None and (len(queries) > 1 or queries[0].target is not None):
        raise refuse_one_target(cell.text, len(queries), target)
    if cell.target is not None:
        queries = (replace(queries[0], target=cell.target),)
    return replace(cell, queries=queries)


def _source(cell: Cell, use: OptionUse, options: Mapping[str, Any]) -> Source:
    value = options[use.option.name]
    if use.option.name == "file":
        return _of_file(cell, use, str(value))
    name = use.value.path if isinstance(use.value, Reference) else "the text of -query"
    if not isinstance(value, str):
        message = f"{name} holds no text, but a value of type {type(value).__name__}."
        raise _error(cell, use, message, "-query takes the name of a variable that holds KQL")
    return Source(value, name)


def _of_file(cell: Cell, use: OptionUse, written: str) -> Source:
    path, shown = Path(written).expanduser(), shorten(one_line(written), 200)
    try:
        if path.stat().st_size > 4 * MAX_LENGTH:
            raise _error(cell, use, f"{shown} holds more than {MAX_LENGTH:,} characters.", "it is no query")
        return Source(path.read_text(encoding="utf-8-sig"), one_line(path.name))
    except OSError as error:
        hint = "a path is absolute, or relative to the folder in which the kernel runs"
        raise _error(cell, use, f"{shown} cannot be read: {error.strerror}.", hint) from None
    except UnicodeDecodeError:
        raise _error(cell, use, f"{shown} is no UTF-8 text.", "save it with the encoding UTF-8") from None


def _error(cell: Cell, use: OptionUse, message: str, hint: str) -> KqlCellError:
    return KqlCellError(message, hint=hint, text=cell.text, span=Span(use.span.start, use.span.end))
