"""``kqlext.toml`` and ``pyproject.toml``: their table of kqlext, and the line of each key. tomllib reads them."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kqlext.errors import KqlConnectionError
from kqlext.surroundings import Origin, Surroundings, read_text

FILE = "kqlext.toml"
IN_PROJECTS = ((FILE, ()), ("pyproject.toml", ("tool", "kqlext")))
"""The files of a project folder, the nearer first, and where their table of kqlext is."""


@dataclass(frozen=True)
class TomlFile:
    """One of these files, which is there."""

    path: Path
    prefix: tuple[str, ...]
    shown: str
    own: bool

    def read(self) -> tuple[Mapping[str, Any], Origin]:
        """Its table of kqlext, and how to say where a key of that table is.

        Raises:
            KqlConnectionError: it cannot be read, or is no TOML; it says the place and shows nothing of the file.
        """
        text = read_text(self.path, self.shown)
        if self.prefix and self.prefix[-1] not in text:
            return {}, Origin(self.shown)  # a pyproject.toml that says nothing of us is none of our business
        table = _loaded(text, self.shown)
        for name in self.prefix:
            table = table.get(name, {}) if isinstance(table, Mapping) else {}
        if not isinstance(table, Mapping):
            raise KqlConnectionError(
                f"{self.shown}: {'.'.join(self.prefix)} is no table.",
                hint=f"write [{'.'.join(self.prefix)}.connections]",
            )
        return table, Origin(self.shown, self._place(text), self.own, self.path.parent)

    def _place(self, text: str) -> Any:
        def place(keys: tuple[str, ...]) -> str:
            line = line_of(text, (*self.prefix, *keys))
            return f"line {line}" if line else ""

        return place


def toml_files(around: Surroundings) -> list[TomlFile]:
    """The files that are there, the nearest first: those of the project's folders, then the user's own."""
    candidates = [(folder / name, prefix, False) for folder in around.project_folders() for name, prefix in IN_PROJECTS]
    candidates.append((around.configuration / FILE, (), True))
    found = {
        path: TomlFile(path, prefix, around.shown(path), own) for path, prefix, own in candidates if path.is_file()
    }
    return list(found.values())


_AT = re.compile(r" \(at (.*)\)$")
_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"")


def _loaded(text: str, shown: str) -> Mapping[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        message = str(error)
        at = _AT.search(message)
        where = at.group(1) if at else ""
        # What stands between quotes in it is of the file.
        reason = _QUOTED.sub("…", message[: at.start()] if at else message)
        raise KqlConnectionError(
            f"{', '.join(part for part in (shown, where) if part)}: this is no TOML: {reason}.",
            hint="write texts in quotes, a table as [connections.name], one key = value on a line",
        ) from None
    except (RecursionError, ValueError):
        # ValueError: numbers and dates that Python cannot hold.
        raise KqlConnectionError(f"{shown}: this is no TOML that can be read.", hint="write texts in quotes") from None


_HEADER = re.compile(r"\s*\[\[?(.*?)\]\]?\s*(?:#.*)?")
_KEY = re.compile(r"""\s*((?:[\w-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[\w-]+|"[^"]*"|'[^']*'))*)\s*=""")
_FENCE = re.compile(r'"""|\'\'\'')


def line_of(text: str, keys: tuple[str, ...]) -> int | None:
    """The number of the line on which a key or table is written, or that of its table; None: not found.

    tomllib gives no places. Lines inside of texts of several lines are passed over.
    """
    best: tuple[int, int] | None = None
    header: tuple[str, ...] = ()
    inside = False
    for number, line in enumerate(text.splitlines(), 1):
        fences = len(_FENCE.findall(line))
        was_inside, inside = inside, inside ^ bool(fences % 2)
        if was_inside:
            continue
        if found := _HEADER.fullmatch(line):
            header = path = _dotted(found.group(1))
        elif found := _KEY.match(line):
            path = header + _dotted(found.group(1))
        else:
            continue
        near = len(path) >= max(1, len(keys) - 1) and path == keys[: len(path)]
        if near and (best is None or len(path) > best[0]):
            best = (len(path), number)
    return best[1] if best else None


def _dotted(written: str) -> tuple[str, ...]:
    """``a."b c".d`` -> its names."""
    try:
        table: Any = tomllib.loads(f"{written} = 1")
    except (tomllib.TOMLDecodeError, RecursionError):
        return ()
    names = []
    while isinstance(table, dict) and table:
        name, table = next(iter(table.items()))
        names.append(name)
    return tuple(names)
