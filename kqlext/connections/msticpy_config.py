"""msticpy's ``msticpyconfig.yaml``: its Sentinel workspaces and Kusto clusters. PyYAML's safe loader reads it.

Read are ``AzureSentinel`` (or ``MSSentinel``) ``.Workspaces``, ``KustoClusters`` with ``ClusterDefaults``,
``DataProviders.Kusto-NAME`` and ``Azure.cloud``; ClusterGroups and all else of the file are not.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from kqlext.connections.profiles import Profile, with_problem
from kqlext.connections.strings import ConnectionSpec
from kqlext.errors import KqlConnectionError
from kqlext.references import EnvironmentVariable, Value
from kqlext.surroundings import Origin, Surroundings, read_text

VARIABLE, FILE = "MSTICPYCONFIG", "msticpyconfig.yaml"

_CLOUDS = {"global": "public", "usgov": "usgovernment", "cn": "china", "de": "germany"}
# Keys of a workspace and of the Args of both kinds -> keys of a connection.
_WORKSPACE = (("workspaceid", "workspace"), ("tenantid", "tenant"))
_CLUSTER = (("cluster", "cluster"), ("database", "database"), ("defaultdatabase", "database"), ("tenantid", "tenant"))
_SIGN_IN = (("clientid", "clientid"), ("clientsecret", "clientsecret"), ("certificate", "certificatepemfile"))
_NEEDED = {
    "loganalytics": (("workspace", "WorkspaceId"),),
    "azuredataexplorer": (("cluster", "Cluster"), ("database", "Database")),
}


def config_file(around: Surroundings) -> tuple[Path, bool] | None:
    """The file that msticpy would read (it reads one), and whether it is the user's own; None where there is none."""
    named = around.environment.get(VARIABLE)
    candidates = [(around.folder / Path(named).expanduser(), True)] if named else []
    candidates += [(around.folder / FILE, False), (around.home / ".msticpy" / FILE, True)]
    return next(((path, own) for path, own in candidates if path.is_file()), None)


def msticpy_profiles(path: Path, shown: str, own: bool) -> Sequence[Profile]:
    """Its connections.

    Raises:
        KqlConnectionError: it cannot be read, or is no YAML; it says the place and shows nothing of the file.
    """
    text = read_text(path, shown)
    table = _loaded(text, shown)
    origin = Origin(shown, lambda keys: _place(text, keys), own, path.parent)
    reader = _Reader(origin, _cloud(table))
    return [*reader.workspaces(table), *reader.clusters(table), *reader.providers(table)]


def _loaded(text: str, shown: str) -> Any:
    import yaml

    try:
        return yaml.safe_load(text)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f", line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        raise _no_yaml(f"{shown}{place}") from None
    except Exception:  # noqa: BLE001 - PyYAML's constructors raise what int(), date() and dict() raise
        raise _no_yaml(shown) from None


def _no_yaml(place: str) -> KqlConnectionError:
    return KqlConnectionError(
        f"{place}: this is no YAML.", hint="check indentation and quotes: msticpy cannot read it either"
    )


def _place(text: str, keys: tuple[str, ...]) -> str:
    """The line of the deepest key on the path that is there."""
    import yaml

    node = yaml.compose(text, yaml.SafeLoader)
    line = None
    for key in keys:
        pairs = node.value if isinstance(node, yaml.MappingNode) else []
        found = next(((name, value) for name, value in pairs if str(name.value) == key), None)
        if found is None:
            break
        line, node = found[0].start_mark.line + 1, found[1]
    return f"line {line}" if line else ""


def _entries(table: Any, *path: str) -> Iterator[tuple[str, Any]]:
    """The names and values of a mapping at a path; nothing where there is none."""
    for name in path:
        table = table.get(name) if isinstance(table, Mapping) else None
    if isinstance(table, Mapping):
        yield from ((str(name), value) for name, value in table.items())


def _cloud(table: Any) -> str:
    written = next((value for name, value in _entries(table, "Azure") if name == "cloud"), None)
    return str(written).strip() if written else ""


class _WrongValueError(Exception):
    """What is wrong with a value, and a hint; it never leaves this module."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.message, self.hint = message, hint


@dataclass(frozen=True)
class _Part:
    """A mapping of the file, its path below the connection's, and the meaning of its keys."""

    path: tuple[str, ...]
    table: Mapping[str, Any]
    meanings: Sequence[tuple[str, str]]


@dataclass(frozen=True)
class _Reader:
    origin: Origin
    cloud: str

    def workspaces(self, table: Any) -> Iterator[Profile]:
        for section in ("AzureSentinel", "MSSentinel"):
            for name, settings in _entries(table, section, "Workspaces"):
                keys = (section, "Workspaces", name)
                own = dict(_entries(settings))
                args = dict(_entries(settings, "Args"))
                also = tuple(str(own[key]) for key in ("WorkspaceName", "WorkspaceId") if isinstance(own.get(key), str))
                profile = Profile(name, None, self.origin, keys, also=also)
                yield self._profile(
                    profile, "loganalytics", [_Part((), own, _WORKSPACE), _Part(("Args",), args, _SIGN_IN)]
                )

    def clusters(self, table: Any) -> Iterator[Profile]:
        defaults = dict(_entries(table, "KustoClusters", "ClusterDefaults", "Args"))
        for name, settings in _entries(table, "KustoClusters"):
            if name == "ClusterDefaults":
                continue
            yield self._cluster(name, ("KustoClusters", name), settings, defaults)

    def providers(self, table: Any) -> Iterator[Profile]:
        for name, settings in _entries(table, "DataProviders"):
            prefix, dash, own_name = name.partition("-")
            if prefix == "Kusto" and dash and own_name:
                yield self._cluster(own_name, ("DataProviders", name), settings, {})

    def _cluster(self, name: str, keys: tuple[str, ...], settings: Any, defaults: Mapping[str, Any]) -> Profile:
        args = dict(_entries(settings, "Args"))
        own = {key.lower() for key in args}
        inherited = {key: value for key, value in defaults.items() if key.lower() not in own}
        profile = Profile(name, None, self.origin, keys)
        return self._profile(
            profile, "azuredataexplorer", [_Part(("Args",), {**args, **inherited}, (*_CLUSTER, *_SIGN_IN))]
        )

    def _profile(self, profile: Profile, scheme: str, parts: Sequence[_Part]) -> Profile:
        """The profile with the connection of its keys, or with what is wrong with one."""
        found: dict[str, Value] = {}
        paths: dict[str, tuple[str, ...]] = {}
        for part in parts:
            by_name = {key.lower(): (key, value) for key, value in part.table.items()}
            meanings = part.meanings if _signs_in(by_name) else [pair for pair in part.meanings if pair not in _SIGN_IN]
            for theirs, ours in meanings:
                key, value = by_name.get(theirs, ("", None))
                if value is None or value == "" or ours in found:
                    continue
                paths[ours] = (*part.path, key)
                try:
                    found[ours] = _value(value)
                except _WrongValueError as error:
                    return with_problem(profile, error.message, error.hint, *part.path, key)
        missing = next((theirs for ours, theirs in _NEEDED[scheme] if ours not in found), None)
        if missing:
            return with_problem(profile, f"{missing} is missing.", f"add {missing}: with its value")
        return self._with_cloud(replace(profile, paths=paths), ConnectionSpec(scheme, tuple(found.items())))

    def _with_cloud(self, profile: Profile, spec: ConnectionSpec) -> Profile:
        if not self.cloud:
            return replace(profile, spec=spec)
        cloud = _CLOUDS.get(self.cloud.lower())
        if cloud is None:
            place = self.origin.of("Azure", "cloud")
            error = KqlConnectionError(f"{place}: there is no such cloud.", hint=f"write one of {', '.join(_CLOUDS)}")
            return replace(profile, problem=error)
        return replace(profile, spec=replace(spec, keys=(*spec.keys, ("cloud", cloud))))


def _signs_in(by_name: Mapping[str, tuple[str, Any]]) -> bool:
    """Whether an application signs in; elsewhere msticpy takes its own chain, as the default sign-in does here."""
    has = {key for key, (_, value) in by_name.items() if value not in (None, "")}
    integrated = by_name.get("integratedauth", ("", None))[1] is True
    return not integrated and "clientid" in has and bool({"clientsecret", "certificate"} & has)


def _value(value: Any) -> Value:
    """A value of the file.

    Raises:
        _WrongValueError: it is neither text nor a secret in the environment.
    """
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, Mapping):
        variable = value.get("EnvironmentVar")
        if isinstance(variable, str) and variable:
            return EnvironmentVariable(variable)
        if "KeyVault" in value:
            hint = "put the secret into an environment variable: {EnvironmentVar: NAME}"
            raise _WrongValueError("the secret is in a key vault, which kqlext does not read.", hint)
        raise _WrongValueError("this is no secret that kqlext knows.", "write {EnvironmentVar: NAME}")
    raise _WrongValueError("this is no text.", "write it in quotes")
