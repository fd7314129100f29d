"""What the notebook's variables say of a query that a service refuses, and of one that names no table."""

from __future__ import annotations

import types
from collections.abc import Mapping

from kqlext import lets, syntax
from kqlext.errors import KqlError, KqlQueryError
from kqlext.parameters import is_table
from kqlext.text import did_you_mean


def point_at_variable(error: KqlError, text: str, known: Mapping[str, object], namespace: Mapping[str, object]) -> None:
    """Add to the hint of an error what the notebook holds under the name that the service does not know.

    Args:
        known: where ``let x = name;`` looks names up.
        namespace: the variables of the notebook.
    """
    missing = getattr(error, "unresolved", None)
    if missing is None:
        return
    for name, variable in lets.aliases(text).items():
        if missing in (name, variable) and variable not in known:
            near = did_you_mean(variable, (key for key in known if not key.startswith("_")))
            told = f"there is no variable {variable} in the notebook" + (f"; {near}" if near else "")
            error.hint = f"{error.hint}; {told}" if missing == variable and error.hint else told
            return
    held = None if missing.startswith("_") else namespace.get(missing)
    if held is None or callable(held) or isinstance(held, types.ModuleType) or is_table(held):
        return
    kind = type(held).__name__
    told = f"{missing} is a variable of the notebook ({kind}): -params {missing} gives its value to the query"
    if "table" in error.message and "column" not in error.message:
        told = f"{missing} of the notebook is a {kind}, and tables are DataFrames: pd.DataFrame({missing}) makes one"
    error.hint = f"{told}; {error.hint}" if error.hint.startswith("did you mean") else told


def check_begin(text: str, target: str | None) -> None:
    """Raise for a query that begins with a pipe, where no table is named that it would read.

    Args:
        target: the variable that ``-o`` names.

    Raises:
        KqlQueryError: it does.
    """
    first = next((token for token in syntax.tokens(text) if token.kind != "comment"), None)
    if first is None or first.text != "|":
        return
    hint = "write a table before it, or read a result of the notebook with -on name"
    if target is not None:
        hint = f"-o took {target} for the name of the variable: write -o name {target} | ..."
    raise KqlQueryError("The query begins with a pipe: it names no table.", text=text, span=first.span, hint=hint)
