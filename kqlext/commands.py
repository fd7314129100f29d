"""What each ``--command`` does. ``options.COMMANDS`` is their table; here is one function for each."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from kqlext.cell import Cell
from kqlext.connections import named
from kqlext.connections.registry import Connection
from kqlext.display import Notice
from kqlext.errors import KqlCellError, KqlConnectionError, KqlQueryError, Span
from kqlext.head import CommandUse
from kqlext.help import TOPICS, help_text
from kqlext.kqlmagic_names import foreign_options, says_nothing_happens
from kqlext.option_values import read_option
from kqlext.options import OPTIONS, option_names
from kqlext.recordings import folder_of, recordings
from kqlext.references import EnvironmentVariable, Reference
from kqlext.session import Session
from kqlext.setting_files import LayeredSettings
from kqlext.surroundings import here
from kqlext.text import did_you_mean, normalize_name, one_line, plural, shorten

if TYPE_CHECKING:
    from kqlext.completion.editor import Editor


@dataclass(frozen=True)
class Context:
    """What commands work on."""

    session: Session
    settings: LayeredSettings
    options: Callable[[], Mapping[str, Any]]
    namespace: Mapping[str, Any]
    editor: Callable[[], Editor]


def run(cell: Cell, context: Context) -> object:
    """Run the command of a cell; gives what is to be shown and returned.

    Raises:
        KqlError: an argument that names nothing; nothing was changed.
    """
    assert cell.command is not None
    try:
        return _FUNCTIONS[cell.command.command.name](cell.command, context)
    except KqlCellError as error:
        if error.span is None:
            error.text, error.span = cell.text, cell.command.span
        raise
    except KqlQueryError as error:
        raise error.relocate(cell.text, cell.command.begin) from None


def connection_line(connection: Connection) -> str:
    """``Samples@help (https://help.kusto.windows.net, signed in)``."""
    return f"{connection.id} ({connection.service.info.description})"


# --- help --------------------------------------------------------------------------------------------------


def _help(use: CommandUse, _: Context) -> Notice:
    topic = normalize_name(use.argument)
    if not topic or topic == "help":
        return Notice(help_text())
    topic = normalize_name(_TOPICS_OF_KQLMAGIC.get(topic, topic))
    found = next((name for name in TOPICS if topic in (name, name[:-1], name[:4])), None)
    if found is not None:
        return Notice(TOPICS[found][1]())
    from kqlext.completion.vocabulary import words

    known = words()
    word = known.get(use.argument) or known.get(use.argument.lower())
    if word is None:
        hint = did_you_mean(use.argument, [*TOPICS, *known], cutoff=0.75) or f"topics are {', '.join(TOPICS)}"
        raise KqlCellError(f"There is no help on {use.argument}.", hint=hint)
    return Notice(word.text())


def _explain(use: CommandUse, context: Context) -> object:
    from kqlext.completion.explain import explain

    return explain(use, context.session, context.editor(), context.options(), context.namespace)


def _format(use: CommandUse, context: Context) -> object:
    from kqlext.completion.explain import formatted

    return formatted(use, context.editor())


_TOPICS_OF_KQLMAGIC = {
    **dict.fromkeys(("query", "kql", "faq", "clientrequestproperties", "requesttags"), "usage"),
    **dict.fromkeys(("config", "cache"), "options"),
    **dict.fromkeys(
        ("appinsights", "applicationinsights", "loganalytics", "azuremonitor", "kusto", "adx", "azuredataexplorer",
         "aria", "sso", "env"),
        "connections",
    ),
}  # fmt: skip


def _version(_: CommandUse, __: Context) -> Notice:
    from importlib.metadata import PackageNotFoundError, version

    from kqlext import __version__

    lines = [f"kqlext {__version__}"]
    for package in ("ipython", "duckdb", "duckdb-kql", "pandas", "pyarrow", "plotly", "azure-core", "azure-identity"):
        try:
            lines.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            lines.append(f"{package} is not installed")
    return Notice("\n".join(lines))


# --- connections -----------------------------------------------------------------------------------------


def _conn(use: CommandUse, context: Context) -> Notice:
    registry = context.session.registry
    if use.argument.startswith("@"):
        return Notice(named.shown_one(use.argument, here()))
    if use.argument and use.argument != "*":
        names = [name.strip() for name in use.argument.split(",")]
        return Notice("\n".join(connection_line(registry.find(name)) for name in names))
    named_lines = list(named.listing_lines(here()))
    if not registry:
        lines = ["Nothing is connected." if named_lines else "Nothing is connected: try %kql samples"]
    else:
        lines = [f"{'*' if item is registry.current else ' '} {connection_line(item)}" for item in registry]
    return Notice(
        "\n".join([*lines, *(["Named connections:"] if named_lines else []), *(f"  {n}" for n in named_lines)])
    )


def _close(use: CommandUse, context: Context) -> Notice:
    registry = context.session.registry
    if use.argument == "*":
        count = len(registry)
        registry.close_all()
        return Notice(f"Closed {plural(count, 'connection')}.")
    connection = registry.find(use.argument) if use.argument else registry.current
    if connection is None:
        raise KqlConnectionError("Nothing is connected.", hint="%kql --conn lists the open connections")
    registry.close(connection)
    return Notice(f"Closed {connection.id}.")


def _schema(use: CommandUse, context: Context) -> object:
    from kqlext.schemas import commands

    asked = commands.read(use, context.session, context.options(), context.namespace)
    return {"schema": commands.schema, "tables": commands.tables, "functions": commands.functions}[use.command.name](
        asked
    )


def _signout(_: CommandUse, context: Context) -> Notice:
    count = context.session.sign_ins.sign_out()
    return Notice(f"Signed out: {plural(count, 'sign-in')} forgotten." if count else "Signed out.")


def _palettes(use: CommandUse, _: Context) -> object:
    from kqlext.visualization.palette import PaletteListing, palette, palette_names

    names = [use.argument] if use.argument else palette_names()
    return PaletteListing([(name, palette(name)) for name in names])


def _palette(_: CommandUse, context: Context) -> object:
    from kqlext.visualization.look import read_look
    from kqlext.visualization.palette import Colours, PaletteListing

    options = context.options()
    return PaletteListing([(options["palette_name"], read_look(options, Colours()).palette)])


# --- settings --------------------------------------------------------------------------------------------


class SettingsListing(dict[str, Any]):
    """Settings by name, that show themselves as text with where each was set."""

    def __init__(self, values: Mapping[str, Any], origins: Mapping[str, str]) -> None:
        super().__init__(values)
        self._origins = origins

    def __repr__(self) -> str:
        lines = []
        for name, value in self.items():
            place = f"  ({self._origins[name]})" if name in self._origins else ""
            lines.append(f"{name} = {value!r}{place}")
        return "\n".join(lines)


_NEXT_SETTING = re.compile(r",\s*(?=[A-Za-z]\w*\s*(?:=|,|$))")


def _config(use: CommandUse, context: Context) -> dict[str, Any]:
    if not use.argument:
        return SettingsListing(context.settings.values(), context.settings.origins())
    parts = _NEXT_SETTING.split(use.argument)
    return {name: value for part in parts for name, value in _one_setting(replace(use, argument=part), context).items()}


def _one_setting(use: CommandUse, context: Context) -> dict[str, Any]:
    name, equals, written = use.argument.partition("=")
    foreign = foreign_options().get(normalize_name(name.strip()))
    if foreign is not None:
        if foreign.refused:
            message = f"{name.strip()}, known from Kqlmagic, is not here: {foreign.reason}."
            raise KqlCellError(message, hint=foreign.instead)
        return {name.strip(): says_nothing_happens(foreign, name.strip())}
    option = option_names().get(normalize_name(name.strip()))
    if option is None or not option.configurable:
        raise KqlCellError(
            f"There is no setting {name.strip()}.",
            hint=did_you_mean(name.strip(), [known.name for known in OPTIONS if known.configurable])
            or "%kql --config lists them",
        )
    if equals:
        value = read_option(option, written.strip(), use.argument, Span(len(name) + 1, len(use.argument)))
        if isinstance(value, (Reference, EnvironmentVariable)):
            raise KqlCellError(f"{written.strip()} is no value for {option.name}.", hint=option.help)
        context.settings.set_option(option.name, value)
        return {option.name: value}
    return {option.name: context.settings.values()[option.name]}


# --- recordings ------------------------------------------------------------------------------------------


def _cache(use: CommandUse, context: Context) -> Notice:
    return _switch("cache", use, context)


def _use_cache(use: CommandUse, context: Context) -> Notice:
    return _switch("use_cache", use, context)


_SWITCHED = {"cache": "Answers are recorded in", "use_cache": "Answers are played back from"}


def _switch(option: str, use: CommandUse, context: Context) -> Notice:
    """Set the folder of -cache or -use_cache for the session, or show it."""
    if use.argument.lower() == "none":
        return _stop(option, context)
    if use.argument:
        context.settings.set_option(option, use.argument)
    folder = folder_of(context.settings.values()[option])
    if folder is None:
        return Notice(f"--{option} names a folder: none is in use.")
    return Notice(f"{_SWITCHED[option]} {folder}; --{option}_stop ends that.")


def _stop(option: str, context: Context) -> Notice:
    context.settings.set_option(option, "none")
    return Notice("Answers are recorded no more." if option == "cache" else "Services are asked again.")


def _cache_list(use: CommandUse, context: Context) -> Notice:
    values = context.settings.values()
    current = context.session.registry.current
    replayed = getattr(current.service, "folder", None) if current is not None else None
    named = (use.argument, values["use_cache"], values["cache"])
    folder = next(filter(None, map(folder_of, named)), replayed)
    if folder is None:
        raise KqlCellError("No folder of recordings is in use.", hint="write %kql --cache_list folder")
    found = recordings(folder)
    lines = [
        f"{one.recorded:%Y-%m-%d %H:%M} UTC  {one.connection}  "
        f"{plural(sum(table.rows for table in one.tables), 'row')}  {shorten(one_line(one.query), 120)}"
        for one in found
    ]
    return Notice("\n".join([f"{plural(len(found), 'recorded answer')} in {folder}", *lines]))


_FUNCTIONS: dict[str, Callable[[CommandUse, Context], object]] = {
    "help": _help,
    "explain": _explain,
    "format": _format,
    "version": _version,
    "conn": _conn,
    "close": _close,
    "schema": _schema,
    "tables": _schema,
    "functions": _schema,
    "signout": _signout,
    "palettes": _palettes,
    "palette": _palette,
    "cache": _cache,
    "cache_stop": lambda _, context: _stop("cache", context),
    "use_cache": _use_cache,
    "use_cache_stop": lambda _, context: _stop("use_cache", context),
    "cache_list": _cache_list,
    "config": _config,
}
