"""What the functions of the stand-in for Kqlmagic do: ``kql``, ``kql_stop``, ``%load_ext``. See ``kqlmagic``."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from kqlext import errors
from kqlext.cell import Cell, parse
from kqlext.compat.kqlmagic_errors import as_of_kqlmagic
from kqlext.connections.given_tokens import parsed
from kqlext.connections.schemes import takes_sign_in
from kqlext.connections.sign_in import METHODS
from kqlext.connections.strings import ConnectionSpec, format_spec, parse_connection
from kqlext.display import Notice, show
from kqlext.errors import KqlCellError, Span
from kqlext.head import Fragment, OptionUse
from kqlext.option_values import read_option
from kqlext.options import OPTIONS, Option, option_names
from kqlext.references import EnvironmentVariable, Reference
from kqlext.text import did_you_mean, normalize_name

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from kqlext.connections.registry import Registry
    from kqlext.pipeline import Pipeline

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
        self._namespace: dict[str, Any] = {}
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
        """Run what a cell of ``%%kql`` may hold; gives the answer of its last query or the value of its command.

        It is not displayed: a notebook displays it where it is the cell's last expression.

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
        self.close()
        shell = running_shell()
        magics: Any = shell.magics_manager.registry.get("KqlMagics") if shell is not None else None
        if magics is not None:
            magics.close()

    def close(self) -> None:
        """Close the session outside of IPython."""
        if self._own is not None:
            self._own.close()

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
        if isinstance(value, Notice) and (target := _last_target(cell)):
            if not cell.silent:
                show(value)
            shell = running_shell()
            return (self._namespace if shell is None else shell.user_ns)[target]
        return dict(value) if command == "schema" and isinstance(value, Mapping) else value

    def _pipeline(self) -> Pipeline:
        shell = running_shell()
        if shell is not None:
            self.load_ipython_extension(shell)
            magics: Any = shell.magics_manager.registry["KqlMagics"]
            pipeline: Pipeline = magics.pipeline()
            return pipeline
        if self._own is None:
            from kqlext.pipeline import Pipeline

            self._own = Pipeline(self._namespace, _Settings())
        return self._own

    def _configured(self, name: str, written: str | None) -> dict[str, object] | None:
        """What ``--config`` gives of an option that is Kqlmagic's alone; None for any other."""
        known = {normalize_name(option): option for option in (*_KEPT, _TOKEN)}
        option = known.get(normalize_name(name))
        if option is None:
            return None
        text = None if written is None else written.strip().removesuffix(";").strip()
        if option == _TOKEN:
            if text is not None:
                self._token = _token(text)
            return {name: None if self._token is None else "…"}
        if text is not None:
            value = parsed(text)
            self._kept[option] = text if value is None else value
        return {name: self._kept[option]}

    def _signed_in(self, cell: Cell) -> Cell:
        """The cell whose connection signs in with the token that was set, where it names no other way than ``code``.

        Kqlmagic tries such a token first, and asks for a code where there is none.
        """
        if self._token is None or cell.connection is None or "://" not in cell.connection.text:
            return cell
        spec = parse_connection(cell.connection.text)
        if not isinstance(spec, ConnectionSpec) or not takes_sign_in(spec.scheme) or _names_a_way(spec):
            return cell
        # A token is of one tenant: who is asked for it has been told which.
        keys = tuple((key, value) for key, value in spec.keys if key not in _OF_CODE)
        text = format_spec(ConnectionSpec(spec.scheme, keys))
        newest = self._tokens.setdefault(text, _NewestToken())
        newest.value = self._token
        uses = (*cell.options, _use(_TOKEN, newest))
        return replace(cell, connection=Fragment(text, cell.connection.span), options=uses)


_OF_CODE = ("code", "tenant", "clientid", "aadurl")
"""The keys of a sign-in by code."""


def _names_a_way(spec: ConnectionSpec) -> bool:
    """Whether a connection names a way to sign in, besides ``code``."""
    ways = {key for method in METHODS for key in method.signs} | {"anonymous", "appkey"}
    return any(key in spec for key in ways - set(_OF_CODE if "code" in spec else ()))


def connection_lines(registry: Registry) -> list[str]:
    """The open connections as Kqlmagic lists them: ``' * name@cluster'``, the star for the current one."""
    return [f" {'*' if connection is registry.current else ' '} {connection.id}" for connection in registry]


def _last_target(cell: Cell) -> str | None:
    """The name that the answer of the last query was bound to."""
    last = cell.queries[-1].target if cell.queries else cell.target
    output = next((use.value for use in cell.options if use.option.name == "o"), None)
    return last.text if last is not None else None if output is None else str(output)


def running_shell() -> InteractiveShell | None:
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
