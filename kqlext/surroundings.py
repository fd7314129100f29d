"""Where a notebook runs: its folder, the user's home and the environment, and the files that are found from there."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from kqlext.connections.token_cache import configuration_folder
from kqlext.errors import KqlConnectionError
from kqlext.text import one_line, shorten

_MAX_BYTES = 4_000_000
_NOWHERE = Path("/nonexistent")


@dataclass(frozen=True)
class Surroundings:
    """The current folder, the home, the user's configuration folder, and the environment."""

    folder: Path
    home: Path
    configuration: Path
    environment: Mapping[str, str] = field(repr=False)

    def shown(self, path: Path) -> str:
        """A path as a reader knows it: relative to the current folder, one around it or ``~``, where it is in one."""
        if path.is_relative_to(self.folder):
            return one_line(path.relative_to(self.folder).as_posix())
        if path.parent in self.folder.parents and path.parent != self.home:
            return one_line("../" * (list(self.folder.parents).index(path.parent) + 1) + path.name)
        home = path.is_relative_to(self.home)
        return one_line(f"~/{path.relative_to(self.home).as_posix()}" if home else str(path))

    def project_folders(self) -> Iterator[Path]:
        """The current folder, and its parents up to the one that holds ``.git``; without one only the current."""
        folders = [self.folder, *self.folder.parents]
        root = next((index for index, folder in enumerate(folders) if (folder / ".git").exists()), 0)
        yield from folders[: root + 1]


def here() -> Surroundings:
    """Those of this process, as they are now."""
    try:
        folder = Path.cwd()
    except OSError:  # it was deleted: there are no files in it
        folder = _NOWHERE
    return Surroundings(folder, _home(), configuration_folder(), os.environ)


def _home() -> Path:
    try:
        return Path.home()
    except RuntimeError:  # a user without a home, as in some containers
        return _NOWHERE


@dataclass(frozen=True)
class Origin:
    """Where a connection or a setting is defined.

    Attributes:
        shown: the file or the environment variable, as a reader knows it.
        place: the line (and column) of a key, given as its path; empty where that is not known.
        own: whether it is the user's own, not that of the folder in which the notebook happens to be.
        folder: to which paths in it are relative; None for the current one.
    """

    shown: str
    place: Callable[[tuple[str, ...]], str] = lambda _: ""
    own: bool = False
    folder: Path | None = None

    def of(self, *keys: str) -> str:
        """``kqlext.toml, line 4, connections.soc.tenant``."""
        dotted = ".".join(shorten(one_line(key), 60) for key in keys)
        return ", ".join(part for part in (self.shown, self.place(keys), dotted) if part)


def read_text(path: Path, shown: str) -> str:
    """The text of a file.

    Raises:
        KqlConnectionError: it cannot be read, is no UTF-8, or is far too large for what it should hold.
    """
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise KqlConnectionError(
                f"{shown} is larger than {_MAX_BYTES // 1_000_000} MB.", hint="it is not such a file: rename or mend it"
            )
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise KqlConnectionError(f"{shown} cannot be read: {error.strerror}.", hint="check its permissions") from None
    except UnicodeDecodeError as error:
        raise KqlConnectionError(
            f"{shown} is no UTF-8 text (byte {error.start:,}).", hint="save it with the encoding UTF-8"
        ) from None
