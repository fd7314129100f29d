"""kqlext runs KQL (Kusto Query Language) in notebook cells.

``%load_ext kqlext`` registers ``%kql`` and ``%%kql``; ``kql()`` and ``connect()`` are for scripts. Importing
this package imports nothing heavy: the names below come from their modules when they are first asked for (PEP 562).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from kqlext.client import connect, kql
    from kqlext.errors import (
        KqlAuthenticationError,
        KqlCellError,
        KqlConnectionError,
        KqlConversionError,
        KqlError,
        KqlInterrupt,
        KqlNetworkError,
        KqlPartialResultError,
        KqlQueryError,
        KqlResponseError,
        KqlServiceError,
        KqlSettingsError,
        KqlThrottledError,
        KqlUnsupportedError,
    )
    from kqlext.result import Result
    from kqlext.visualization.process_tree import process_tree
    from kqlext.visualization.timeline import timeline

__version__ = "0.1.0"

__all__ = [
    "KqlAuthenticationError",
    "KqlCellError",
    "KqlConnectionError",
    "KqlConversionError",
    "KqlError",
    "KqlInterrupt",
    "KqlNetworkError",
    "KqlPartialResultError",
    "KqlQueryError",
    "KqlResponseError",
    "KqlServiceError",
    "KqlSettingsError",
    "KqlThrottledError",
    "KqlUnsupportedError",
    "Result",
    "connect",
    "kql",
    "load_ipython_extension",
    "process_tree",
    "timeline",
    "unload_ipython_extension",
]

_ROOMS = {
    "Result": "result",
    "connect": "client",
    "kql": "client",
    "process_tree": "visualization.process_tree",
    "timeline": "visualization.timeline",
}


def __getattr__(name: str) -> Any:
    import importlib

    if name in _ROOMS:
        return getattr(importlib.import_module(f"kqlext.{_ROOMS[name]}"), name)
    if name in __all__:
        return getattr(importlib.import_module("kqlext.errors"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])


def load_ipython_extension(shell: InteractiveShell) -> None:
    """``%load_ext kqlext``: register ``%kql`` and ``%%kql`` with an IPython shell."""
    from kqlext import magic

    magic.load(shell)


def unload_ipython_extension(shell: InteractiveShell) -> None:
    """``%unload_ext kqlext``: close the connections and take everything off the shell again."""
    from kqlext import magic

    magic.unload(shell)
