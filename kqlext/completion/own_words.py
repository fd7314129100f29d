"""Completions of kqlext's own grammar: options and their values, commands, connections, names of the notebook."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from kqlext.completion.places import Place
from kqlext.completion.vocabulary import words
from kqlext.completion.words import Completion, completions
from kqlext.connections import named
from kqlext.connections.schemes import OPTIONAL_VALUE, SCHEMES, VALUELESS
from kqlext.errors import KqlError
from kqlext.help import TOPICS
from kqlext.options import COMMANDS, OPTIONS, Command, Option
from kqlext.parameters import is_table
from kqlext.session import Session
from kqlext.surroundings import here


@dataclass(frozen=True)
class Known:
    """What a notebook holds: its connections and saved queries, its variables, the tables of its database."""

    session: Session
    namespace: Mapping[str, Any]
    tables: tuple[str, ...] = ()


def completions_of(place: Place, known: Known) -> list[Completion]:
    """What may stand at a place of the head; of a query nothing."""
    if place.kind == "option":
        dash = "-!" if place.word.startswith("-!") else "-"
        options = [option.name for option in OPTIONS if dash == "-" or option.kind == "flag"]
        return completions([f"{dash}{name}" for name in options], "property")
    if place.kind == "command":
        return completions([f"--{command.name}" for command in COMMANDS], "keyword")
    if place.kind == "value" and place.option is not None:
        return _values(place.option, place.word, known)
    if place.kind == "argument" and place.command is not None:
        return _arguments(place.command, known)
    if place.kind == "connection":
        return _keys(place.word)
    return _connections(known) if place.kind == "beginning" else []


def variables(namespace: Mapping[str, Any]) -> list[Completion]:
    """The names of the notebook that a query may take values of."""
    module = type(re)
    names = sorted(
        name
        for name, value in list(namespace.items())
        if not name.startswith("_")
        and name not in ("In", "Out", "exit", "quit", "get_ipython", "open")
        and not isinstance(value, (module, type))
    )
    return completions(names, "variable")


def _values(option: Option, word: str, known: Known) -> list[Completion]:
    names = [connection.id for connection in known.session.registry]
    if option.choices:
        return completions(option.choices, "enum")
    if option.kind == "flag":
        return completions(("true", "false"), "value")
    if option.name == "on":
        tables = [name for name, value in list(known.namespace.items()) if not name.startswith("_") and is_table(value)]
        return [*completions([*names, "local"], "module"), *completions(sorted(tables), "class")]
    if option.name == "over":
        return _in_list(word, names)
    if option.name == "with":
        return _in_list(word, known.session.saved)
    if option.name == "conn":
        return [*completions([*_profiles(), *names], "module"), *variables(known.namespace)]
    if option.name == "palette_name":
        from kqlext.visualization.palette import palette_names

        return completions(palette_names(), "enum")
    if option.name == "params":
        return [Completion(_before(word) + item.text, item.type) for item in variables(known.namespace)]
    if option.kind in ("value", "timespan", "name") or option.name == "params_dict":
        return variables(known.namespace)
    return []


def _in_list(word: str, names: Iterable[str]) -> list[Completion]:
    return completions([_before(word) + name for name in names], "module")


def _before(word: str) -> str:
    """What a list with commas holds before the name that is being typed."""
    return word[: word.rfind(",") + 1]


def _arguments(command: Command, known: Known) -> list[Completion]:
    names = [connection.id for connection in known.session.registry]
    if command.name == "help":
        return [*completions(TOPICS, "text"), *[Completion(word.name, "function") for word in words().values()]]
    if command.name in ("conn", "close"):
        return completions([*names, *(_profiles() if command.name == "conn" else ["*"])], "module")
    if command.name == "config":
        return completions([option.name for option in OPTIONS if option.configurable], "property")
    if command.name == "palettes":
        from kqlext.visualization.palette import palette_names

        return completions(palette_names(), "enum")
    return completions([*known.tables, *names], "class") if command.connects else []


def _connections(known: Known) -> list[Completion]:
    """What opens a connection or switches to one."""
    names = [name for connection in known.session.registry for name in dict.fromkeys((connection.id, connection.name))]
    schemes = [f"{scheme.name}://" for scheme in SCHEMES if scheme.name != "samples"]
    return [*completions([*names, *_profiles(), "samples"], "module"), *completions([*schemes, "kusto://"], "module")]


def _profiles() -> list[str]:
    try:
        return named.names(here())
    except KqlError:  # a file that cannot be read: whoever runs the cell is told
        return []


def _keys(word: str) -> list[Completion]:
    """The keys of a connection string behind ``://`` or ``;``."""
    scheme, _, rest = word.partition("://")
    known = next((one for one in SCHEMES if scheme.lower() in (one.name.lower(), *one.aliases)), None)
    if known is None or scheme.lower() in ("http", "https"):
        return []
    before = word[: word.rfind(";") + 1] if ";" in rest else f"{scheme}://"
    plain = VALUELESS | OPTIONAL_VALUE
    return completions([before + (key if key in plain else f"{key}=") for key in known.keys], "property")
