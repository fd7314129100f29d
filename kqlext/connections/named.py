"""What a cell means by ``@name`` and ``[section]``, the default connection, and the listing of what has a name."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from kqlext.connections import profiles
from kqlext.connections.profile_files import section_profile, sources
from kqlext.connections.profile_tables import profile_of_string
from kqlext.connections.strings import ConnectionSpec
from kqlext.errors import KqlConnectionError
from kqlext.references import parse_value
from kqlext.surroundings import Origin, Surroundings
from kqlext.toml_files import toml_files

DEFAULT_VARIABLES = ("KQLEXT_CONNECTION", "KQLMAGIC_CONNECTION_STR")


@dataclass(frozen=True)
class Meant:
    """A connection, or the text that spells one, and where that has it from: a file and line, or a variable."""

    spec: str | ConnectionSpec
    shown: str = ""


def meant(text: str, dsn_filename: str, around: Surroundings) -> Meant:
    """The connection of ``@name`` or ``[section]``; any other text as it is.

    Raises:
        KqlConnectionError: it is not defined, or its definition cannot be used.
    """
    if text.startswith("@"):
        profile = profiles.find(_name(text), sources(around))
    elif text.startswith("[") and text.endswith("]"):
        profile = section_profile(text[1:-1], dsn_filename, around)
    else:
        return Meant(text)
    return Meant(profile.resolved(around.environment), profile.origin.of(*profile.keys))


def _name(text: str) -> str:
    """The name behind the @, with or without quotes."""
    written = text[1:].strip()
    read = parse_value(written)
    return read if isinstance(read, str) else written


def default_connection(around: Surroundings) -> Meant | None:
    """The connection for a query where nothing is connected: that of the environment, else of the nearest file that
    names one.

    A file that cannot be read may name one: none is taken from behind it.

    Raises:
        KqlConnectionError: what is named is not there or cannot be used.
    """
    for variable in DEFAULT_VARIABLES:
        if text := around.environment.get(variable, "").strip():
            return Meant(_spec(text, Origin(variable, own=True), (), around), variable)
    for file in toml_files(around):
        try:
            table, origin = file.read()
        except KqlConnectionError:
            return None
        if "default" in table:
            return Meant(_spec(_default_name(table["default"], origin), origin, ("default",), around), origin.shown)
    return None


def _default_name(value: Any, origin: Origin) -> str:
    if not isinstance(value, str) or not value.strip() or "://" in value:
        raise KqlConnectionError(
            f"{origin.of('default')}: this is no name of a connection.",
            hint='write default = "name" of [connections.name]',
        )
    return f"@{value.strip().removeprefix('@')}"


def _spec(text: str, origin: Origin, keys: tuple[str, ...], around: Surroundings) -> ConnectionSpec:
    if not text.startswith("@"):
        return profile_of_string("", text, origin, keys).resolved(around.environment)
    try:
        return profiles.find(_name(text), sources(around)).resolved(around.environment)
    except KqlConnectionError as error:
        raise KqlConnectionError(f"{origin.of(*keys)}: {error.message}", hint=error.hint) from None


def listing_lines(around: Surroundings) -> Iterator[str]:
    """A line for each named connection and each source that cannot be read; no secrets."""
    for item in profiles.listed(sources(around)):
        where = f"{item.shown}, but {item.shadowed_by} comes first" if item.shadowed_by else item.shown
        yield f"{profiles.written(item.name)}  {item.text}  ({where})" if item.name else f"{item.text}  ({item.shown})"


def shown_one(text: str, around: Surroundings) -> str:
    """One named connection as the listing shows it.

    Raises:
        KqlConnectionError: it is not defined.
    """
    profile = profiles.find(_name(text), sources(around))
    return f"{profiles.written(profile.name)}  {profile.describe()}  ({profile.origin.of(*profile.keys)})"


def names(around: Surroundings) -> list[str]:
    """What may be written in the place of a connection."""
    return [profiles.written(name) for name in profiles.names(sources(around))]
