"""Result -> variables of the notebook. Names and types are checked before the query runs."""

from __future__ import annotations

import builtins
import functools
import importlib.util
import keyword
import types
import unicodedata
from collections.abc import Callable, MutableMapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kqlext.errors import KqlCellError, Span

if TYPE_CHECKING:
    from kqlext.result import Result

LAST_RESULT = "_kql"
"""The variable that always holds the last Result, besides Kqlmagic's two."""

_LAST_OF_KQLMAGIC = "_kql_last_result_"

_CACHED = type(functools.lru_cache(len))  # what a function under @cache is
_FUNCTIONS = (types.FunctionType, types.BuiltinFunctionType, types.MethodType, _CACHED, functools.partial)
_PROTECTED: dict[str, tuple[type, ...]] = {"module": (types.ModuleType,), "class": (type,), "function": _FUNCTIONS}

CONVERSIONS: dict[str, Callable[[Result], Any]] = {
    "result": lambda result: result,
    "pandas": lambda result: result.to_pandas(),
    "arrow": lambda result: result.to_arrow(),
    "polars": lambda result: result.to_polars(),
}


@dataclass(frozen=True)
class Binding:
    """A variable to bind, and as what."""

    name: str
    type: str


def check_name(name: str, namespace: MutableMapping[str, Any], text: str, span: Span | None) -> None:
    """Raise unless ``name`` may be bound in the notebook.

    Raises:
        KqlCellError: it is no identifier, or would overwrite a builtin, a function, a class or a module.
    """

    def refuse(message: str, hint: str) -> KqlCellError:
        return KqlCellError(message, hint=hint, text=text, span=span)

    if keyword.iskeyword(name):
        raise refuse(f"{name} is no name for a variable.", f"it is a word of Python's own: write {name}_, for example")
    if not name.isidentifier():
        raise refuse(
            f"{name} is no name for a variable.",
            "a name holds letters, digits and _, and begins with no digit",
        )
    if unicodedata.normalize("NFKC", name) != name:  # Python reads it as the other: nobody could use the variable
        raise refuse(
            f"Python reads {name} as {unicodedata.normalize('NFKC', name)}.", "write the name in plain letters"
        )
    if hasattr(builtins, name) or name in ("get_ipython", "In", "Out", "exit", "quit"):
        raise refuse(f"{name} is a builtin of Python or IPython.", f"choose another name, such as {name}_")
    what = next((what for what, kind in _PROTECTED.items() if isinstance(namespace.get(name), kind)), None)
    if what is not None:
        raise refuse(f"{name} is a {what} of the notebook.", f"choose another name, or `del {name}` first")


def check_type(kind: str) -> None:
    """Raise unless a result can be made into ``kind`` here.

    Raises:
        KqlCellError: its library is not installed.
    """
    if kind == "polars" and importlib.util.find_spec("polars") is None:
        raise KqlCellError("polars is not installed.", hint="%pip install polars, or -type pandas")


def bind(result: Result, bindings: list[Binding], namespace: MutableMapping[str, Any], raw_name: str) -> list[Any]:
    """Convert first, then bind all, so that a failed conversion leaves every variable as it was."""
    values = [CONVERSIONS[binding.type](result) for binding in bindings]
    for binding, value in zip(bindings, values, strict=True):
        namespace[binding.name] = value
    namespace[raw_name] = namespace[LAST_RESULT] = namespace[_LAST_OF_KQLMAGIC] = result
    return values


def bind_columns(result: Result, namespace: MutableMapping[str, Any]) -> list[str]:
    """Bind each column of a result to a variable of its name, as a tuple of Python values; gives the names.

    Raises:
        KqlCellError: a column's name is none for a variable, or stands twice; nothing was bound.
    """
    names = result.table.column_names
    for name in names:
        check_name(name, namespace, "", None)
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise KqlCellError(f"Column {twice} stands twice.", hint="rename one in the query: project-rename")
    for column in result.table.columns:
        namespace[column.name] = tuple(column.values(0, len(column)))
    return names
