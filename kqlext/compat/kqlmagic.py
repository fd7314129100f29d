"""A stand-in for the package Kqlmagic: what imports that gets kqlext.

    from kqlext.compat import kqlmagic
    kqlmagic.install()

    %load_ext Kqlmagic
    from Kqlmagic import kql

``install`` is of this process only and writes nothing. There are the names that notebooks and msticpy (up to 2.18)
import; ``MODULES`` lists them. ``Kqlmagic.kql`` gives what ``%kql`` gives, with what callers of Kqlmagic rely on:

| call                               | gives                                                                    |
|------------------------------------|--------------------------------------------------------------------------|
| ``kql('... \\n;', options={...})`` | a Result, or a DataFrame with ``auto_dataframe``                         |
| ``kql('--conn')``                  | a list of texts, ``' * name@cluster'`` for the current connection        |
| ``kql('--schema')``                | a dict: table -> column -> type                                          |
| ``kql('--config name')``           | a dict: name -> value; ValueError for a name that there is not           |
| what fails                         | raises ``KqlError``, ``KqlEngineError`` or ``AuthenticationError`` below |

Its errors are errors of kqlext too, with the same message and hint. Source: shared/reference/hunting.md section 1.1,
the calls of msticpy 2.18, and kqlmagic.md section 3.8.
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Mapping, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

from kqlext import errors
from kqlext.compat.kqlmagic_calls import StandIn, running_shell
from kqlext.compat.kqlmagic_errors import AuthenticationError, KqlEngineError, KqlError

__all__ = ["MODULES", "AuthenticationError", "KqlEngineError", "KqlError", "install", "uninstall"]

NAME = "Kqlmagic"

MODULES: Mapping[str, tuple[str, ...]] = {
    NAME: ("kql", "kql_stop", "load_ipython_extension", "unload_ipython_extension", "__version__"),
    f"{NAME}.kql_engine": ("KqlEngineError",),
    f"{NAME}.kql_proxy": ("KqlResponse",),
    f"{NAME}.kql_response": ("KqlError",),
    f"{NAME}.my_aad_helper": ("AuthenticationError",),
    f"{NAME}.results": ("ResultSet",),
}
"""The modules of the package that there are, and the names in each."""


class _Finder(MetaPathFinder, Loader):
    """Finds and fills the modules of the package; also those that are reloaded, as ``%reload_ext`` does."""

    def __init__(self) -> None:
        self.stand_in = StandIn()

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname not in MODULES:
            return None
        return ModuleSpec(fullname, self, origin=__name__, is_package=fullname == NAME)

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return None

    def exec_module(self, module: ModuleType) -> None:
        module.__doc__ = f"kqlext in the place of {NAME}."
        objects = _objects(self.stand_in)
        for name in MODULES[module.__name__]:
            setattr(module, name, objects[name])


def _objects(stand_in: StandIn) -> dict[str, object]:
    from kqlext import Result, __version__

    return {
        "kql": stand_in.kql,
        "kql_stop": stand_in.kql_stop,
        "load_ipython_extension": stand_in.load_ipython_extension,
        "unload_ipython_extension": stand_in.unload_ipython_extension,
        "__version__": __version__,
        "AuthenticationError": AuthenticationError,
        "KqlEngineError": KqlEngineError,
        "KqlError": KqlError,
        "KqlResponse": Result,
        "ResultSet": Result,
    }


def install(*, replace: bool = False) -> None:
    """Let ``import Kqlmagic``, ``%load_ext Kqlmagic`` and their like give kqlext, in this process.

    Args:
        replace: also where Kqlmagic itself is installed; without it that is an error.

    Raises:
        KqlError: Kqlmagic itself is installed, or was imported already. Nothing was changed.
    """
    if _installed() is not None:
        return
    if NAME in sys.modules:
        raise errors.KqlError(
            "Kqlmagic itself is imported already.",
            hint="restart the kernel, and call install() before anything imports Kqlmagic",
        )
    if not replace and importlib.util.find_spec(NAME) is not None:
        raise errors.KqlError(
            "Kqlmagic itself is installed here.",
            hint="remove it (pip uninstall Kqlmagic), or let kqlext stand before it: install(replace=True)",
        )
    sys.meta_path.insert(0, _Finder())


def uninstall() -> None:
    """Undo ``install``. The extension is unloaded where it was loaded as Kqlmagic only; names imported before stay."""
    finder = _installed()
    if finder is None:
        return
    manager = shell.extension_manager if (shell := running_shell()) is not None else None
    if manager is not None and NAME in manager.loaded:
        if "kqlext" in manager.loaded:
            manager.loaded.discard(NAME)
        else:
            manager.unload_extension(NAME)
    finder.stand_in.close()
    sys.meta_path.remove(finder)
    for name in [name for name, module in sys.modules.items() if getattr(module, "__loader__", None) is finder]:
        del sys.modules[name]


def _installed() -> _Finder | None:
    return next((finder for finder in sys.meta_path if isinstance(finder, _Finder)), None)
