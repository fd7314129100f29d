"""Values written in a cell's head or in a connection string: text, a notebook name, an environment variable.

A name is looked up (``name``, ``name.attribute``, ``name['key']``, ``name[0]``), never evaluated.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from kqlext.errors import KqlCellError
from kqlext.text import did_you_mean, normalize_name


@dataclass(frozen=True, slots=True)
class Reference:
    """A name of the notebook, with attributes and subscripts: ``settings.clusters['prod']``."""

    path: str


@dataclass(frozen=True, slots=True)
class EnvironmentVariable:
    """``$NAME``: the value of an environment variable."""

    name: str


@dataclass(frozen=True, slots=True, eq=False)
class Held:
    """An object of the notebook that is no text, such as a credential: itself, shown nowhere."""

    value: object = field(repr=False)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Held) and other.value is self.value

    def __hash__(self) -> int:
        return id(self.value)


Value = str | Reference | EnvironmentVariable | Held

_STEP = r"""(?:\.[^\W\d]\w*|\[\s*-?\d{1,18}\s*\]|\[\s*'[^']*'\s*\]|\[\s*"[^"]*"\s*\])"""
PATH = rf"[^\W\d]\w*{_STEP}*"
"""A regular expression of names with attributes and subscripts."""
_PATH = re.compile(PATH)
_STEPS = re.compile(_STEP)
_ENVIRONMENT = re.compile(r"\$[^\W\d]\w*")


def parse_value(text: str) -> Value | None:
    """The value that ``text`` spells, or None where it is neither quoted, a name nor ``$NAME``.

    Quotes are single or double; a doubled quote inside is the quote itself, and nothing else is special.
    """
    if len(text) >= 2 and text[0] in "'\"" and text[-1] == text[0]:
        return text[1:-1].replace(text[0] * 2, text[0])
    if _ENVIRONMENT.fullmatch(text):
        return EnvironmentVariable(text[1:])
    if _PATH.fullmatch(text):
        return Reference(text)
    return None


def quote(text: str) -> str:
    """``text`` in single quotes, so that ``parse_value`` gives it back."""
    return "'" + text.replace("'", "''") + "'"


def resolve(value: Value, namespace: Mapping[str, object], environment: Mapping[str, str]) -> object:
    """What a value stands for.

    Raises:
        KqlCellError: no such name, attribute, key or environment variable. The message names it, and never
            shows a value.
    """
    if isinstance(value, str):
        return value
    if isinstance(value, EnvironmentVariable):
        if value.name not in environment:
            raise KqlCellError(
                f"The environment variable {value.name} is not set.",
                hint=f"set {value.name} before the notebook's kernel starts, or write the value in quotes",
            )
        return environment[value.name]
    return value.value if isinstance(value, Held) else _look_up(value.path, namespace)


def _look_up(path: str, namespace: Mapping[str, object]) -> object:
    name = re.match(r"\w+", path)
    assert name is not None
    if name.group() not in namespace:
        hint = did_you_mean(name.group(), (key for key in namespace if not key.startswith("_")))
        raise KqlCellError(
            f"There is no variable {name.group()} in the notebook.",
            hint=hint or f"a word without quotes is looked up as a name: for the text itself write '{path}'",
        )
    found = namespace[name.group()]
    for step in _STEPS.findall(path, name.end()):
        try:
            found = _take(found, step)
        except Exception as error:  # noqa: BLE001 - a property of the notebook's own may raise anything
            raise KqlCellError(
                f"{path} cannot be looked up: {type(error).__name__} at {step}.",
                hint="check the name, or assign the value to a variable of its own first",
            ) from None
    return found


def _take(owner: object, step: str) -> object:
    if step.startswith("."):
        return getattr(owner, step[1:])
    key = step[1:-1].strip()
    subscript = key[1:-1] if key[0] in "'\"" else int(key)
    return owner[subscript]  # type: ignore[index]


# Keys of connection strings whose values may be shown; a key that is misspelt may hold a secret.
_PLAIN_KEYS = frozenset(
    {
        "cluster",
        "database",
        "alias",
        "cloud",
        "workspace",
        "appid",
        "path",
        "folder",
        "connection",
        "tenant",
        "clientid",
        "username",
        "datasourceurl",
        "managementurl",
        "databricks",
        "subscriptions",
        "managementgroups",
    }
)
_KEY = re.compile(r"(?<![\w-])([\w-]+)\s*[=(]\s*")
# Only what is surely the whole value: where quotes do not match, a secret may stand inside of them.
_PLAIN_VALUE = re.compile(r"""(?:'[^'"=;]*'|"[^'"=;]*"|[^'"=;()\s]*)(?=[;)\s'"]|$)""")
_VARIABLE = re.compile(r"""\$[^\W\d]\w*(?=[;)\s'"]|$)""")
_ANY_VALUE = re.compile(r"""(?:'[^']*'?|"[^"]*"?|[^;'"])*""")
_ANY_ARGUMENT = re.compile(r"""(?:'[^']*'?|"[^"]*"?|[^)'"]|\)(?![.\s'"]|$))*""")
# A word between two `;` that has no value: a flag, or the rest of a secret that holds a `;`.
_LONE = re.compile(r"(?<=;)[^;=(]+(?=;|$)")
_FLAGS = frozenset(
    {"code", "interactive", "azcli", "vscode", "msi", "notebookutils", "databricks", "anonymous", "trusted", ""}
)
_USER = re.compile(r"(?<=://)[^/\s'\"]+(?=@)")


def hide_secrets(text: str) -> str:
    """A connection string with values that may be secrets blotted out, at the same offsets."""
    pieces, position = [], 0
    while match := _KEY.search(text, position):
        start = match.end()
        plain = _PLAIN_VALUE if normalize_name(match.group(1)) in _PLAIN_KEYS else _VARIABLE
        if shown := plain.match(text, start):
            pieces.append(text[position : shown.end()])
            position = shown.end()
            continue
        value = (_ANY_VALUE if "=" in match.group() else _ANY_ARGUMENT).match(text, start)
        end = value.end() if value else start
        pieces += [text[position:start], _blot(text[start:end])]
        position = end
    keyed = "".join([*pieces, text[position:]])
    lone = _LONE.sub(lambda match: _blot(match.group()) if _is_no_flag(match.group()) else match.group(), keyed)
    return hide_user(lone)


def hide_user(address: str) -> str:
    """An address without the user and password before its host."""
    return _USER.sub(lambda match: _blot(match.group()), address)


def _is_no_flag(word: str) -> bool:
    return normalize_name(word.strip(" \t\r\n'\"")) not in _FLAGS


def _blot(secret: str) -> str:
    return re.sub(r"[^\n]", "…", secret)
