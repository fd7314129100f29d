"""Settings of files and of the environment, below those that the user set in the session.

[settings] of kqlext.toml, [tool.kqlext.settings]    the user's own, then the project's, the nearer over the farther
KQLMAGIC_CONFIGURATION="option=value;..."             of Kqlmagic; options that are not here are ignored
KQLEXT_OPTION                                         one option
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol

from kqlext.connections.profile_files import VARIABLE as CONNECTION_VARIABLE
from kqlext.errors import KqlCellError, KqlConnectionError, KqlSettingsError, Span
from kqlext.kqlmagic_names import VARIABLES, Foreign, foreign_options, says_nothing_happens
from kqlext.option_values import read_option
from kqlext.options import NO_MINIMUM, OPTIONS, Option, option_names
from kqlext.references import EnvironmentVariable, Reference
from kqlext.surroundings import Origin, Surroundings, here
from kqlext.text import did_you_mean, listing, nearest, normalize_name, one_line, shorten
from kqlext.toml_files import TomlFile, toml_files

PREFIX = "KQLEXT_"
OF_KQLMAGIC = "KQLMAGIC_CONFIGURATION"
TABLES = ("connections", "settings", "default")
"""What kqlext.toml may hold."""

_OWN = frozenset({"allow_unencrypted_token_cache", "cache"})
"""Options that weaken the protection of secrets, or write files: a project's files cannot set them."""


class SessionSettings(Protocol):
    """What was set in the session, as ``KqlMagics`` holds it."""

    def values(self) -> dict[str, Any]:
        """The value of each configurable option."""
        ...

    def chosen(self) -> set[str]:
        """The options that the user set."""
        ...

    def set_option(self, name: str, value: Any) -> None:
        """Set one."""
        ...


class LayeredSettings:
    """The session's settings over those of files and the environment, which are read anew where they changed."""

    def __init__(self, session: SessionSettings) -> None:
        self._session = session
        self._tables: dict[Path, tuple[object, tuple[Mapping[str, Any], Origin] | KqlConnectionError]] = {}
        self._said: set[str] = set()

    def values(self) -> dict[str, Any]:
        """The value of each configurable option.

        Raises:
            KqlSettingsError: a file or the environment has a setting that there is not, or a value that is none for it.
        """
        chosen = self._session.chosen()
        found = {name: value for name, (value, _) in self._found().items() if name not in chosen}
        return {**self._session.values(), **found}

    def origins(self) -> dict[str, str]:
        """The options that do not have their default value, and where each was set."""
        places: dict[str, str] = {name: place for name, (_, place) in self._found().items()}
        return {**places, **dict.fromkeys(sorted(self._session.chosen()), "this session")}

    def set_option(self, name: str, value: Any) -> None:
        """Set one for the session."""
        self._session.set_option(name, value)

    def news(self) -> list[str]:
        """What of the files and the environment is not used and was not said yet."""
        around = here()
        found = [_not_used(self._read(file)) for file in toml_files(around)]
        unknown = [name for name, _, option in _of_kqlmagic(around) if option is None]
        known = foreign_options()
        strange = [name for name in unknown if normalize_name(name) not in known]
        if strange:
            found.append(f"{OF_KQLMAGIC}: kqlext has no {listing(shorten(one_line(name), 40) for name in strange)}.")
        foreign = [known[normalize_name(name)] for name in unknown if name not in strange]
        found += _do_nothing([*foreign, *(one for one in VARIABLES if one.name in around.environment)])
        fresh = [text for text in found if text and text not in self._said]
        self._said.update(fresh)
        return fresh

    def _found(self) -> dict[str, tuple[Any, str]]:
        """Option -> its value and the place that sets it."""
        around = here()
        found: dict[str, tuple[Any, str]] = {}
        for file in reversed(toml_files(around)):
            read = self._read(file)
            if not isinstance(read, KqlConnectionError):
                found.update(_of_table(*read))
        for name, word, option in _of_kqlmagic(around):
            if option is not None:
                found[option.name] = (
                    _of_word(option, word, f"{OF_KQLMAGIC}, {shorten(one_line(name), 40)}"),
                    OF_KQLMAGIC,
                )
        found.update(_of_variables(around))
        return found

    def _read(self, file: TomlFile) -> tuple[Mapping[str, Any], Origin] | KqlConnectionError:
        try:
            stat = file.path.stat()
            stamp: object = (stat.st_mtime_ns, stat.st_size, file.shown)
        except OSError:
            stamp = None
        kept = self._tables.get(file.path)
        if kept is None or stamp is None or kept[0] != stamp:
            try:
                kept = (stamp, file.read())
            except KqlConnectionError as error:
                kept = (stamp, error)
            self._tables[file.path] = kept
        return kept[1]


def _do_nothing(foreign: list[Foreign]) -> Iterator[str]:
    """What is said of settings of Kqlmagic's that do nothing here: one line, and one for each that has another way."""
    silent = [one for one in foreign if not one.refused]
    if len(silent) == 1:
        yield says_nothing_happens(silent[0], silent[0].name)
    elif silent:
        yield f"{listing(one.name for one in silent)}, known from Kqlmagic, do nothing here."
    for one in foreign:
        if one.refused:
            yield f"{says_nothing_happens(one, one.name)} Instead: {one.instead}."


def _not_used(read: object) -> str:
    return f"Not used: {read.message}" if isinstance(read, KqlConnectionError) else ""


def _mistake(place: str, message: str, hint: str) -> KqlSettingsError:
    return KqlSettingsError(f"{place}: {message}", hint=hint)


def _of_table(table: Mapping[str, Any], origin: Origin) -> Iterator[tuple[str, tuple[Any, str]]]:
    unknown = next((name for name in table if name not in TABLES), None)
    if unknown is not None:
        hint = did_you_mean(unknown, TABLES) or f"there may be {', '.join(TABLES)}"
        raise _mistake(origin.of(unknown), "kqlext has no such table.", hint)
    settings = table.get("settings", {})
    if not isinstance(settings, Mapping):
        raise _mistake(origin.of("settings"), "this is no table.", "write [settings] and below it option = value")
    for name, value in settings.items():
        place = origin.of("settings", name)
        option = _configurable(name)
        if option is None:
            raise _mistake(place, "there is no such setting.", _nearest_hint(name))
        if option.name in _OWN and not origin.own:
            hint = "set it in kqlext.toml of your configuration folder, or with %config KqlMagics"
            raise _mistake(place, "a project's files cannot set this.", hint)
        yield option.name, (_of_toml(option, value, place), place)


def _of_toml(option: Option, value: Any, place: str) -> Any:
    if option.kind == "flag" and isinstance(value, bool):
        return value
    is_number = option.kind == "integer" and isinstance(value, int) and not isinstance(value, bool)
    is_text = option.kind != "flag" and isinstance(value, str) and (option.kind != "integer" or value.lower() == "none")
    if not is_number and not is_text:
        raise _wrong(option, place)
    return value if option.kind in ("text", "name", "value") else _of_word(option, str(value), place)


def _of_word(option: Option, word: str, place: str) -> Any:
    try:
        value = read_option(option, word.strip(), word, Span(0, len(word)))
    except KqlCellError:
        raise _wrong(option, place) from None  # its message shows the value
    if isinstance(value, (Reference, EnvironmentVariable)):
        raise _wrong(option, place)
    return value


def _wrong(option: Option, place: str) -> KqlSettingsError:
    least = f" of at least {option.minimum}" if option.minimum > NO_MINIMUM else ""
    wanted = {
        "flag": "true or false",
        "integer": f'a whole number{least}, or "none"',
        "choice": f"one of {', '.join(option.choices)}",
    }.get(option.kind, "text")
    return _mistake(place, f"this is no value for {option.name}.", f"it takes {wanted}")


def _configurable(name: str) -> Option | None:
    option = option_names().get(normalize_name(name))
    return option if option is not None and option.configurable else None


def _nearest_hint(name: str) -> str:
    names = [option.name for option in OPTIONS if option.configurable]
    return did_you_mean(name, names) or f"settings are {', '.join(names)}"


def _of_kqlmagic(around: Surroundings) -> Iterator[tuple[str, str, Option | None]]:
    """The names, values and options of Kqlmagic's variable; None where kqlext has no such option."""
    for part in around.environment.get(OF_KQLMAGIC, "").strip("\"' ").split(";"):
        name, equals, value = part.partition("=")
        if name.strip():
            yield name.strip(), value.strip() if equals else "true", _configurable(name.strip())


def _of_variables(around: Surroundings) -> Iterator[tuple[str, tuple[Any, str]]]:
    for variable, value in sorted(around.environment.items()):
        name = variable[len(PREFIX) :]
        if not variable.upper().startswith(PREFIX) or f"{variable.upper()}_".startswith(CONNECTION_VARIABLE):
            continue
        option = _configurable(name)
        if option is not None:
            yield option.name, (_of_word(option, value, variable), variable)
        elif near := nearest(name, (known.name for known in OPTIONS if known.configurable), cutoff=0.85):
            # A name that is nothing like an option may be somebody else's variable.
            raise _mistake(variable, "there is no such setting.", f"did you mean {PREFIX}{near.upper()}?")
