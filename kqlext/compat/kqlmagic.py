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
import json
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import TYPE_CHECKING, Any

from kqlext import errors
from kqlext.cell import Cell, parse
from kqlext.connections.given_tokens import parsed
from kqlext.connections.strings import ConnectionSpec, format_spec, parse_connection
from kqlext.errors import KqlCellError, Span
from kqlext.head import Fragment, OptionUse, read_option
from kqlext.options import OPTIONS, Option, option_names
from kqlext.references import EnvironmentVariable, Reference
from kqlext.text import did_you_mean, normalize_name

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from kqlext.connections.registry import Registry
    from kqlext.pipeline import Pipeline

NAME = "Kqlmagic"


# --- errors ----------------------------------------------------------------------------------------------------


class KqlError(errors.KqlError):
    """What a service answered. ``args[0]`` is JSON, as of Kqlmagic's: ``{"error": {"code": ..., "message": ...}}``."""


class KqlEngineError(errors.KqlError):
    """What was wrong before a service answered: the connection, the cell, the network."""


class AuthenticationError(errors.KqlError):
    """There is no credential, or the service refused it."""


class UnknownOptionError(KqlEngineError, ValueError):
    """There is no such option."""


_ANSWERS = (
    errors.KqlQueryError,
    errors.KqlThrottledError,
    errors.KqlServiceError,
    errors.KqlResponseError,
    errors.KqlPartialResultError,
)


def as_of_kqlmagic(error: errors.KqlError, configures: bool = False) -> errors.KqlError:
    """The error of Kqlmagic's that stands for one of kqlext's, with all that it knows.

    Args:
        configures: whether it is of ``--config``.
    """
    kind: type[errors.KqlError] = KqlEngineError
    if isinstance(error, errors.KqlAuthenticationError):
        kind = AuthenticationError
    elif isinstance(error, _ANSWERS):
        kind = KqlError
    elif configures and isinstance(error, KqlCellError):
        kind = UnknownOptionError
    made = kind(error.message)
    made.__dict__.update(error.__dict__)
    entry = {"code": error.code or type(error).__name__, "message": error.message}
    made.args = (json.dumps({"error": entry}) if kind is KqlError else str(error),)
    return made


# --- kql() -----------------------------------------------------------------------------------------------------

_SET = re.compile(r"\s*--config\s+([\w-]+)\s*(?:=(.*))?", re.DOTALL)
_KEPT: Mapping[str, object] = {
    # Errors are raised, whatever this says.
    "short_errors": True,
    # kqlext names itself to services, and nobody else.
    "request_user_agent_tag": "",
    # kqlext adds nothing to a Help menu.
    "enable_add_items_to_help": False,
}
"""Options of Kqlmagic's that do nothing here, but are set and read back by callers; and their values at first."""
_TOKEN = "try_token"


@dataclass(eq=False)
class _NewestToken:
    """The token that was set last for a connection: the service calls for it before each request.

    Kqlmagic's callers set a new token when the old one has expired, and connect again. It is the same connection.
    """

    value: object = field(default=None, repr=False)

    def __call__(self) -> object:
        return self.value


class _Settings:
    """The session's settings where there is no IPython."""

    def __init__(self) -> None:
        self._values = {option.name: option.default for option in OPTIONS if option.configurable}
        self._chosen: set[str] = set()

    def values(self) -> dict[str, Any]:
        return dict(self._values)

    def chosen(self) -> set[str]:
        return self._chosen

    def set_option(self, name: str, value: Any) -> None:
        self._values[name] = value
        self._chosen.add(name)


class StandIn:
    """What the functions of the package Kqlmagic do, and the state that they share.

    In IPython that is the session of ``%kql``; elsewhere it is one of its own.
    """

    def __init__(self) -> None:
        self._own: Pipeline | None = None
        self._forget()

    def _forget(self) -> None:
        self._kept = dict(_KEPT)
        self._token: object = None
        self._tokens: dict[str, _NewestToken] = {}

    def kql(
        self,
        text: str = "",
        options: Mapping[str, object] | None = None,
        query_properties: Mapping[str, object] | None = None,
        vars: Mapping[str, object] | None = None,
        connection_string: str | None = None,
        global_ns: Mapping[str, object] | None = None,
        local_ns: Mapping[str, object] | None = None,
    ) -> object:
        """Run what a cell of ``%%kql`` may hold; gives the value of its last query or its command.

        The value is not displayed: a notebook displays it where it is the cell's last expression.

        Args:
            options: options by name, as the text may have them too, which come first.
            query_properties: client request properties by name.
            vars, local_ns, global_ns: where ``let x = name;`` looks names up, in this order; without them in the
                notebook.
            connection_string: the connection, where the text names none.

        Raises:
            KqlError: what the service answered.
            AuthenticationError: nobody signed in, or the service refused who did.
            KqlEngineError: all else that went wrong.
            ValueError: ``--config`` of an option that there is not.
        """
        setting = _SET.fullmatch(text)
        try:
            if setting is not None and (kept := self._configured(setting[1], setting[2])) is not None:
                return kept
            cell = _with_arguments(parse(text if text.strip() else connection_string or ""), options, query_properties)
            if connection_string is not None and text.strip():
                cell = _connected(cell, connection_string)
            if vars is not None or local_ns is not None or global_ns is not None:
                names = {**(global_ns or {}), **(local_ns or {}), **(vars or {})}
                cell = replace(cell, options=(_use("params_dict", names), *cell.options))
            return self._run(self._signed_in(cell))
        except errors.KqlError as error:
            raise as_of_kqlmagic(error, configures=setting is not None) from error

    def kql_stop(self) -> None:
        """Close all connections and forget what was set here."""
        self._forget()
        shell = _shell()
        magics: Any = shell.magics_manager.registry.get("KqlMagics") if shell is not None else None
        for owner in (self._own, magics):
            if owner is not None:
                owner.close()

    def load_ipython_extension(self, shell: InteractiveShell) -> None:
        """``%load_ext Kqlmagic``: that of kqlext, unless it is loaded already."""
        import kqlext

        if "KqlMagics" not in shell.magics_manager.registry:
            kqlext.load_ipython_extension(shell)

    def unload_ipython_extension(self, shell: InteractiveShell) -> None:
        """``%unload_ext Kqlmagic``: that of kqlext."""
        import kqlext

        kqlext.unload_ipython_extension(shell)

    def _run(self, cell: Cell) -> object:
        pipeline = self._pipeline()
        value = pipeline.run_cell(cell, is_line=True)
        command = cell.command.command.name if cell.command else ""
        if command == "conn" and cell.command and not cell.command.argument:
            return connection_lines(pipeline.session.registry)
        return dict(value) if command == "schema" and isinstance(value, Mapping) else value

    def _pipeline(self) -> Pipeline:
        shell = _shell()
        if shell is not None:
            self.load_ipython_extension(shell)
            magics: Any = shell.magics_manager.registry["KqlMagics"]
            pipeline: Pipeline = magics.pipeline()
            return pipeline
        if self._own is None:
            from kqlext.pipeline import Pipeline

            self._own = Pipeline({}, _Settings())
        return self._own

    def _configured(self, name: str, written: str | None) -> dict[str, object] | None:
        """What ``--config`` gives of an option that is Kqlmagic's alone; None for any other."""
        known = {normalize_name(option): option for option in (*_KEPT, _TOKEN)}
        option = known.get(normalize_name(name))
        if option is None:
            return None
        if option == _TOKEN:
            if written is not None:
                self._token = _token(written.strip().removesuffix(";").strip())
            return {name: None if self._token is None else "…"}
        if written is not None:
            value = parsed(written.strip())
            self._kept[option] = written.strip() if value is None else value
        return {name: self._kept[option]}

    def _signed_in(self, cell: Cell) -> Cell:
        """The cell whose connection signs in with the token that was set, as Kqlmagic tries before all other ways.

        Such a connection has ``code`` for where there is no token.
        """
        if self._token is None or cell.connection is None or "://" not in cell.connection.text:
            return cell
        spec = parse_connection(cell.connection.text)
        if not isinstance(spec, ConnectionSpec):
            return cell
        # A token is of one tenant: who is asked for it has been told which.
        text = format_spec(ConnectionSpec(spec.scheme, tuple((k, v) for k, v in spec.keys if k not in _BY_CODE)))
        newest = self._tokens.setdefault(text, _NewestToken())
        newest.value = self._token
        uses = (*cell.options, _use(_TOKEN, newest))
        return replace(cell, connection=Fragment(text, cell.connection.span), options=uses)


_BY_CODE = ("code", "tenant")


def connection_lines(registry: Registry) -> list[str]:
    """The open connections as Kqlmagic lists them: ``' * name@cluster'``, the star for the current one."""
    return [f" {'*' if connection is registry.current else ' '} {connection.id}" for connection in registry]


def _shell() -> InteractiveShell | None:
    from IPython.core.getipython import get_ipython

    return get_ipython()


def _token(written: str) -> object:
    value = None if written in ("None", "''", '""') else parsed(written)
    if value is None and written not in ("None", "''", '""'):
        raise KqlCellError("The value of try_token is no dict.", hint="write {'access_token': '...'}")
    return value


def _use(name: str, value: object) -> OptionUse:
    return OptionUse(option_names()[normalize_name(name)], value, Span(0, 0))


def _with_arguments(cell: Cell, options: Mapping[str, object] | None, properties: Mapping[str, object] | None) -> Cell:
    """The cell with the options and request properties that a call gives beside its text; those of the text count."""
    return replace(
        cell,
        options=(*_uses(options or {}), *cell.options),
        properties=tuple({**(properties or {}), **dict(cell.properties)}.items()),
    )


def _uses(options: Mapping[str, object]) -> Iterator[OptionUse]:
    known = option_names()
    for name, value in options.items():
        option = known.get(normalize_name(name))
        if option is None:
            hint = did_you_mean(name, [item.name for item in OPTIONS]) or "%kql --help options lists the options"
            raise KqlCellError(f"There is no option {name}.", hint=hint)
        yield OptionUse(option, _option_value(option, value), Span(0, 0))


def _option_value(option: Option, value: object) -> object:
    """The value of an option from a Python value."""
    if option.kind in ("value", "timespan") or (value is None and option.default is None):
        return value
    if option.kind == "names" and not isinstance(value, str):
        return tuple(value) if isinstance(value, Sequence) else (str(value),)
    text = str(value)
    read = read_option(option, text, text, Span(0, len(text)))
    if not isinstance(read, (Reference, EnvironmentVariable)):
        return read
    if option.kind in ("text", "name"):
        return text
    raise KqlCellError(f"This is no value for the option {option.name}.", hint=option.help)


def _connected(cell: Cell, connection: str) -> Cell:
    if cell.connection is not None:
        raise KqlCellError("The call names a connection, and its text another.", hint="keep one of the two")
    return replace(cell, connection=Fragment(connection, Span(0, 0)))


# --- the package -----------------------------------------------------------------------------------------------


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
        from kqlext import Result, __version__

        module.__doc__ = f"kqlext in the place of {NAME}."
        others = {"__version__": __version__, "KqlResponse": Result, "ResultSet": Result}
        for name in MODULES[module.__name__]:
            found = getattr(self.stand_in, name, None) or others.get(name) or globals()[name]
            setattr(module, name, found)


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
    """Undo ``install``: the extension is unloaded where it was loaded as Kqlmagic. Names imported before stay."""
    finder = _installed()
    if finder is None:
        return
    shell = _shell()
    if shell is not None and shell.extension_manager is not None and NAME in shell.extension_manager.loaded:
        shell.extension_manager.unload_extension(NAME)
    finder.stand_in.kql_stop()
    sys.meta_path.remove(finder)
    for name in [name for name, module in sys.modules.items() if getattr(module, "__loader__", None) is finder]:
        del sys.modules[name]


def _installed() -> _Finder | None:
    return next((finder for finder in sys.meta_path if isinstance(finder, _Finder)), None)
