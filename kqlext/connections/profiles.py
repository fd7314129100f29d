"""Named connections (``@name``): looked up in sources, the nearest first. What a source is, is in ``profile_files``."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from kqlext.connections.clouds import CLOUDS
from kqlext.connections.strings import ConnectionSpec, describe
from kqlext.errors import KqlConnectionError
from kqlext.references import EnvironmentVariable, Value
from kqlext.surroundings import Origin
from kqlext.text import did_you_mean, listing, one_line, shorten


@dataclass(frozen=True)
class Profile:
    """One named connection. ``problem`` is what is wrong with it, which is raised when it is used.

    ``also`` are other names by which it is found; ``keys`` the path of its table in the file that defines it; ``paths``
    those of its keys below that, where the file calls them otherwise.
    """

    name: str
    spec: ConnectionSpec | None
    origin: Origin
    keys: tuple[str, ...] = ()
    problem: KqlConnectionError | None = None
    also: tuple[str, ...] = ()
    paths: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def resolved(self, environment: Mapping[str, str]) -> ConnectionSpec:
        """The connection, with the values of environment variables, and its name as alias.

        Raises:
            KqlConnectionError: ``problem``; a variable that is not set; a key that only the user's own files may hold.
        """
        if self.problem is not None or self.spec is None:
            raise self.problem or KqlConnectionError(f"@{self.name} is no connection.")
        keys: list[tuple[str, Value]] = []
        for key, value in self.spec.keys:
            variable = isinstance(value, EnvironmentVariable)
            text = self._variable(key, value.name, environment) if isinstance(value, EnvironmentVariable) else value
            self._check_own(key, text, variable)
            keys.append((key, self._anchored(key, text)))
        if self.name and "alias" not in self.spec:
            keys.append(("alias", re.sub(r"[^\w.-]", "_", self.name)))
        return ConnectionSpec(self.spec.scheme, tuple(keys))

    def _variable(self, key: str, name: str, environment: Mapping[str, str]) -> str:
        if name not in environment:
            raise KqlConnectionError(
                f"{self._place(key)}: the environment variable {shorten(name, 60)} is not set.",
                hint="set it before the notebook's kernel starts, or with %env, then run the cell again",
            )
        return environment[name]

    def _place(self, key: str) -> str:
        return self.origin.of(*self.keys, *self.paths.get(key, (key,)))

    def _check_own(self, key: str, value: Value, variable: bool) -> None:
        """A folder that somebody else wrote must not send this user's tokens and secrets to hosts of its choice."""
        assert self.spec is not None
        elsewhere = key == "aadurl" and str(value).rstrip("/").lower() not in {cloud.login for cloud in CLOUDS}
        # Without a sign-in any host is asked: it would be told the variable.
        told = variable and ("anonymous" in self.spec or "datasourceurl" in self.spec)
        if self.origin.own or not (key == "trusted" or elsewhere or told):
            return
        if told:
            raise KqlConnectionError(
                f"{self._place(key)}: files of a project cannot send a variable anywhere.",
                hint="write the connection in kqlext.toml of your configuration folder, or the value itself",
            )
        raise KqlConnectionError(
            f"{self._place(key)}: files of a project cannot say where else sign-ins may go.",
            hint=f"write {key} in kqlext.toml of your configuration folder, or in the cell",
        )

    def _anchored(self, key: str, value: Value) -> Value:
        """A relative path in a file is relative to the file's folder."""
        folder = self.origin.folder
        assert self.spec is not None
        is_path = key in ("path", "folder", "certificatepemfile") or (
            key == "database" and self.spec.scheme == "duckdb" and value != ":memory:"
        )
        if not is_path or folder is None or not isinstance(value, str):
            return value
        table, equals, rest = value.partition("=")
        named = key == "path" and bool(equals) and table.strip().isidentifier()
        path = rest.strip() if named else value
        if path.startswith("~") or (Path(path).is_absolute() and (key != "database" or Path(path).is_file())):
            return value
        # duckdb:///file may be relative too, see the embedded engine.
        whole = folder / (path.lstrip("/") if key == "database" else path)
        return f"{table}={whole}" if named else str(whole)

    def describe(self) -> str:
        """The connection in one line without its secrets, or what is wrong with it."""
        if self.problem is not None:
            return _not_used(self.problem)
        return shorten(one_line(describe(self.spec)), 200) if self.spec else ""


@dataclass(frozen=True)
class Source:
    """A place that defines named connections. ``read`` raises where the whole of it cannot be used."""

    shown: str
    read: Callable[[], Sequence[Profile]] = field(repr=False)


@dataclass(frozen=True)
class Listed:
    """A named connection, or a source that cannot be read, as a listing shows it."""

    name: str
    text: str
    shown: str
    shadowed_by: str = ""


def _not_used(error: KqlConnectionError) -> str:
    return f"cannot be used: {shorten(one_line(error.message), 300)}"


def profile_key(name: str) -> str:
    """A name as names of connections are compared: without case, ``_`` as ``-``."""
    return name.casefold().replace("-", "_").strip()


def find(name: str, sources: Sequence[Source]) -> Profile:
    """The named connection that the nearest source defines.

    Raises:
        KqlConnectionError: no source has it, or one that may have it cannot be read.
    """
    wanted = profile_key(name)
    known: dict[str, str] = {}
    for source in sources:
        profiles = source.read()
        found = (
            *(profile for profile in profiles if profile.name == name),
            *(profile for profile in profiles if profile_key(profile.name) == wanted),
            *(profile for profile in profiles if wanted in map(profile_key, profile.also)),
        )
        if found:
            return found[0]
        for profile in profiles:
            known.setdefault(profile_key(profile.name), written(profile.name))
    near = did_you_mean(f"@{name}", known.values())
    others = f"there is {listing(known.values())}; " if known else ""
    where = f"looked in {listing(source.shown for source in sources)}" if sources else "nothing here defines one"
    raise KqlConnectionError(
        f"There is no connection named {shorten(one_line(name), 80)}.",
        hint=f"{near} ({where})" if near else others + where,
    )


def written(name: str) -> str:
    """A name as a cell takes it: ``@name``, or ``@'name with spaces'``."""
    shown = one_line(name)
    quote = '"' if "'" in shown else "'"
    return f"@{shown}" if re.fullmatch(r"[\w.-]+", name) else f"@{quote}{shown}{quote}"


def listed(sources: Sequence[Source]) -> Iterator[Listed]:
    """Every named connection of the sources, and the sources that cannot be read."""
    seen: dict[str, str] = {}
    for source in sources:
        try:
            profiles = source.read()
        except KqlConnectionError as error:
            yield Listed("", _not_used(error), source.shown)
            continue
        nearer, own = dict(seen), set[str]()
        for profile in profiles:
            key, shown = profile_key(profile.name), profile.origin.shown
            hidden_by = nearer.get(key, shown if profile.name in own else "")
            yield Listed(profile.name, profile.describe(), shown, hidden_by)
            own.add(profile.name)
            seen.setdefault(key, shown)


def names(sources: Sequence[Source]) -> list[str]:
    """The names that a hint may offer; sources that cannot be read are passed over."""
    return list(dict.fromkeys(item.name for item in listed(sources) if item.name))


def with_problem(profile: Profile, message: str, hint: str, *keys: str) -> Profile:
    """The profile, with a mistake at one of its keys."""
    error = KqlConnectionError(f"{profile.origin.of(*profile.keys, *keys)}: {message}", hint=hint)
    return replace(profile, problem=error)
