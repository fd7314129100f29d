"""Where named connections are defined, the nearest first: ONE list of sources, and a reader for each kind of file.

    KQLEXT_CONNECTION_NAME      the environment
    kqlext.toml, pyproject.toml the current folder and its parents up to the one with .git
    kqlext.toml                 the user's configuration folder
    msticpyconfig.yaml          as msticpy finds it
    config.json                 of a Microsoft Sentinel notebook, in . and ..

An INI file is read for ``[section]`` alone, as in Kqlmagic.
"""

from __future__ import annotations

import configparser
import json
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from kqlext.connections.msticpy_config import config_file, msticpy_profiles
from kqlext.connections.profile_tables import profile_of_section, profile_of_string, profile_of_table
from kqlext.connections.profiles import Profile, Source, profile_key, with_problem
from kqlext.connections.strings import ConnectionSpec
from kqlext.errors import KqlConnectionError
from kqlext.surroundings import Origin, Surroundings, read_text
from kqlext.text import did_you_mean, listing, one_line, shorten
from kqlext.toml_files import TomlFile, toml_files

VARIABLE = "KQLEXT_CONNECTION_"
CONFIG_JSON = "config.json"
_OF_SENTINEL = ("tenant_id", "subscription_id", "resource_group", "workspace_id", "workspace_name")

DOCUMENTED: tuple[tuple[str, str, str], ...] = (
    (f"`{VARIABLE}NAME`", "the environment", "a connection string"),
    (
        "`kqlext.toml`, `pyproject.toml`",
        "the current folder, and its parents up to the one that holds `.git`",
        "`[connections.NAME]`, `[tool.kqlext.connections.NAME]`",
    ),
    (
        "`kqlext.toml`",
        "your configuration folder (`~/.config/kqlext`, on Windows `%APPDATA%\\kqlext`)",
        "`[connections.NAME]`",
    ),
    (
        "`msticpyconfig.yaml`",
        "`MSTICPYCONFIG`, the current folder, `~/.msticpy`: the first that is there",
        "`AzureSentinel.Workspaces`, `KustoClusters` (without their groups), `DataProviders.Kusto-NAME`",
    ),
    ("`config.json`", "the current folder and its parent", ", ".join(f"`{key}`" for key in _OF_SENTINEL)),
)
"""What is read, where it is looked for, and what of it; for the docs."""


def sources(around: Surroundings) -> list[Source]:
    """The sources that are there."""
    found = [Source(variable, partial(_of_variable, variable, around)) for variable in _variables(around.environment)]
    found += [Source(file.shown, partial(_of_toml, file)) for file in toml_files(around)]
    if (config := config_file(around)) is not None:
        path, own = config
        found.append(Source(around.shown(path), partial(msticpy_profiles, path, around.shown(path), own)))
    for folder in dict.fromkeys((around.folder, around.folder.parent)):
        path = folder / CONFIG_JSON
        if path.is_file():
            found.append(Source(around.shown(path), partial(_of_sentinel, path, around.shown(path))))
    return found


def _variables(environment: Mapping[str, str]) -> list[str]:
    return sorted(name for name in environment if name.upper().startswith(VARIABLE) and len(name) > len(VARIABLE))


def _of_variable(variable: str, around: Surroundings) -> Sequence[Profile]:
    name = variable[len(VARIABLE) :].lower()
    return [profile_of_string(name, around.environment[variable], Origin(variable, own=True))]


def _of_toml(file: TomlFile) -> Sequence[Profile]:
    table, origin = file.read()
    tables = table.get("connections", {})
    if not isinstance(tables, Mapping):
        raise KqlConnectionError(
            f"{origin.of(*file.prefix, 'connections')}: this is no table.",
            hint=f'write [{".".join((*file.prefix, "connections", "NAME"))}] and below it connection = "..."',
        )
    return [profile_of_table(name, keys, origin, ("connections", name)) for name, keys in tables.items()]


# --- Microsoft Sentinel's config.json ----------------------------------------------------------------------


def _of_sentinel(path: Path, shown: str) -> Sequence[Profile]:
    """The workspace of a config.json that has a workspace's keys; any other file of that name is not ours."""
    text = read_text(path, shown)
    if not all(f'"{key}"' in text for key in _OF_SENTINEL):
        return []
    try:
        table = json.loads(text)
    except json.JSONDecodeError as error:
        raise KqlConnectionError(
            f"{shown}, line {error.lineno}, column {error.colno}: this is no JSON.", hint=f"mend it, or rename {shown}"
        ) from None
    except (RecursionError, ValueError):
        raise KqlConnectionError(
            f"{shown}: this is no JSON that can be read.", hint=f"mend or rename {shown}"
        ) from None
    # The template that Sentinel copies for a new notebook has {{...}} in the values' place.
    if not isinstance(table, dict) or not all(key in table for key in _OF_SENTINEL) or "{{" in str(table):
        return []
    origin = Origin(shown, lambda keys: _line_of_json(text, keys[-1]) if keys else "")
    name = table["workspace_name"] if isinstance(table["workspace_name"], str) else ""
    profile = Profile(shorten(name.strip(), 100) or "workspace", None, origin)
    for key in ("workspace_name", "workspace_id", "tenant_id"):
        if not isinstance(table[key], str) or not table[key].strip():
            return [with_problem(profile, "this is no text.", f'write "{key}": "..."', key)]
    keys = (("workspace", table["workspace_id"].strip()), ("tenant", table["tenant_id"].strip()))
    return [Profile(profile.name, ConnectionSpec("loganalytics", keys), origin, also=(table["workspace_id"].strip(),))]


def _line_of_json(text: str, key: str) -> str:
    lines = text.splitlines()
    return next((f"line {number}" for number, line in enumerate(lines, 1) if f'"{key}"' in line), "")


# --- Kqlmagic's INI file -----------------------------------------------------------------------------------


def section_profile(section: str, filename: str, around: Surroundings) -> Profile:
    """The connection of ``[section]`` in an INI file; its path is relative to the current folder.

    Raises:
        KqlConnectionError: there is no such file or section, or it is no INI file.
    """
    path = around.folder / Path(filename).expanduser()
    shown = around.shown(path)
    if not path.is_file():
        raise KqlConnectionError(
            f"[{shorten(one_line(section), 80)}] is looked for in {shown}, which is not there.",
            hint="-dsn_filename names another INI file; a connection of kqlext.toml is written @name",
        )
    text = read_text(path, shown)
    parser = _parsed(text, shown)
    exact = [name for name in parser.sections() if name.strip() == section.strip()]
    alike = [name for name in parser.sections() if profile_key(name) == profile_key(section)]
    if len(exact or alike) != 1:
        raise KqlConnectionError(
            f"{shown} has no section [{shorten(one_line(section), 80)}].",
            hint=did_you_mean(section, parser.sections())
            or (
                f"its sections are {listing(map(one_line, parser.sections()))}" if parser.sections() else "it has none"
            ),
        )
    name = (exact or alike)[0]
    origin = Origin(shown, lambda keys: _line_of_ini(text, keys), folder=path.parent)
    return profile_of_section(name, dict(parser.items(name)), origin)


def _parsed(text: str, shown: str) -> Any:
    parser = configparser.RawConfigParser(allow_no_value=True)
    try:
        parser.read_string(text)
    except configparser.Error as error:
        # What it says holds lines of the file, in which secrets may stand.
        errors = getattr(error, "errors", None)
        line = errors[0][0] if errors else getattr(error, "lineno", None)
        what = {
            configparser.DuplicateSectionError: "this section is there twice",
            configparser.DuplicateOptionError: "this key is there twice",
            configparser.MissingSectionHeaderError: "there is a line before the first [section]",
        }.get(type(error), "this is no INI file")
        raise KqlConnectionError(
            f"{shown}{f', line {line}' if line else ''}: {what}.",
            hint="write [section] on a line of its own, and below it key = value",
        ) from None
    except AttributeError:
        # configparser of Python 3.11 and 3.12 where a key without a value has a continuation line.
        raise KqlConnectionError(
            f"{shown}: a line is indented below a key without a value.", hint="begin keys at the start of a line"
        ) from None
    return parser


def _line_of_ini(text: str, keys: tuple[str, ...]) -> str:
    inside, found = False, ""
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith("["):
            inside = line[1:].partition("]")[0] == keys[0]
            found = f"line {number}" if inside else found
        elif inside and len(keys) > 1 and line.replace(":", "=").partition("=")[0].strip().lower() == keys[1].lower():
            return f"line {number}"
    return found
