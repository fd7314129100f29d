"""Runs the sections of a cell one after the other: KQL by the pipeline, other magics and Python by the shell."""

from __future__ import annotations

import ast
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from kqlext.cell import Cell, parse
from kqlext.display import show
from kqlext.head import OptionUse

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from kqlext.pipeline import Pipeline
    from kqlext.sections import Section

_OF_ALL = ("timespan", "split", "on", "over", "params", "params_dict", "with", "search")
"""Options that hold for all KQL of a cell, besides those that can be set for a session."""


def run(parts: list[Section], pipeline: Pipeline, shell: InteractiveShell) -> object:
    """Run the sections; shows the values of all but the last, and gives that one.

    The options of the first KQL hold for the KQL behind it too, where that does not set them itself.

    Raises:
        Exception: what a section raises; those before it are done, those behind it are not run.
    """
    last: object = None
    general: tuple[OptionUse, ...] | None = None
    for part in parts:
        if last is not None:
            show(last)
        if part.kind == "kql":
            cell = parse(part.line, part.text)
            last = pipeline.run_cell(_with_options(cell, general or ()), is_line=False)
            general = tuple(use for use in cell.options if _is_general(use)) if general is None else general
        elif part.kind == "line":
            last = pipeline.run_cell(parse(part.line), is_line=not part.line.rstrip().endswith(";"))
        else:
            last = _run_other(part, shell)
    return last


def _is_general(use: OptionUse) -> bool:
    return use.option.configurable or use.option.name in _OF_ALL


def _with_options(cell: Cell, general: tuple[OptionUse, ...]) -> Cell:
    own = {use.option.name for use in cell.options}
    return replace(cell, options=(*cell.options, *(use for use in general if use.option.name not in own)))


def _run_other(part: Section, shell: InteractiveShell) -> Any:
    if part.kind == "line_magic":
        return shell.run_line_magic(part.name, part.line)
    if part.kind == "cell_magic":
        return shell.run_cell_magic(part.name, part.line, part.text)  # type: ignore[no-untyped-call]
    return _run_python(f"{part.line}\n{part.text}", shell)


def _run_python(text: str, shell: InteractiveShell) -> Any:
    """Run Python in the notebook, as a cell of its own would; gives the value of a last expression."""
    tree = ast.parse(shell.transform_cell(text))  # type: ignore[no-untyped-call]
    final = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    shell.ex(compile(tree, "<%%py>", "exec"))  # type: ignore[no-untyped-call]
    if final is None:
        return None
    return shell.ev(compile(ast.Expression(final.value), "<%%py>", "eval"))  # type: ignore[no-untyped-call]
