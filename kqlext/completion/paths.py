"""Completion of paths: values of options such as ``-file``, and arguments of commands such as ``--cache``."""

from __future__ import annotations

import itertools
import os
import re
from collections.abc import Iterator
from pathlib import Path

from kqlext.completion.places import Place
from kqlext.completion.words import Completion

_FILES = ("file", "dsn_filename", "tables")
_FOLDERS = ("cache", "use_cache", "cache_list")
_OF_QUERIES = (".kql", ".csl", ".kusto", ".txt")
_MOST_ENTRIES = 2000  # of a folder that are looked at
_QUOTED = re.compile(r"""[\s'"()\[\]{};]""")  # what cannot stand in a word without quotes


def takes_path(place: Place) -> bool:
    """Whether a path is to stand at a place."""
    return _name(place) in (*_FILES, *_FOLDERS)


def paths(place: Place, behind: str) -> tuple[Completion, ...]:
    """The files and folders that begin with what is typed; in quotes where they hold spaces.

    A path may be relative to the kernel's folder, or begin with ``~``. A folder ends with ``/``, and with an open
    quote, so that the next completion goes on in it.

    Args:
        behind: the character at the cursor, which may be the closing quote.
    """
    name, word = _name(place), place.word
    prefix = ""
    if name == "tables" and "=" in word:  # name=glob
        prefix, word = word[: word.index("=") + 1], word[word.index("=") + 1 :]
    quote = word[:1] if word[:1] in ("'", '"') else ""
    found = sorted(_entries(word[len(quote) :], files=name in _FILES), key=lambda path: _rank(path, name))
    return tuple(Completion(prefix + _written(path, quote, closes=behind != (quote or '"')), "path") for path in found)


def _name(place: Place) -> str:
    if place.kind == "value" and place.option is not None:
        return place.option.name
    if place.kind == "argument" and place.command is not None and place.command.name in _FOLDERS:
        return place.command.name
    return ""


def _entries(typed: str, files: bool) -> Iterator[str]:
    if typed == "~":
        yield "~/"
        return
    folder, slash, begin = typed.rpartition("/")
    try:
        with os.scandir(Path((folder + slash) or ".").expanduser()) as entries:
            for entry in itertools.islice(entries, _MOST_ENTRIES):
                is_folder = entry.is_dir()
                is_shown = entry.name.startswith(begin) and (begin or not entry.name.startswith("."))
                if is_shown and (files or is_folder):
                    yield f"{folder}{slash}{entry.name}{'/' if is_folder else ''}"
    except (OSError, RuntimeError, ValueError):  # no such folder or user, no right to see it, a null byte
        return


def _rank(path: str, name: str) -> tuple[bool, str]:
    """Queries come first where the KQL of a file is run."""
    return name == "file" and not path.endswith(_OF_QUERIES), path


def _written(path: str, quote: str, closes: bool) -> str:
    quote = quote or ("'" if '"' in path else '"' if _QUOTED.search(path) else "")
    return quote + path + (quote if closes and not path.endswith("/") else "")
