"""Schemas that outlive the kernel: one file for each address and database, in the user's cache folder.

A file holds names, types and descriptions. Bodies of functions and texts that are defaults of parameters may hold
what is nobody's to read, and are left out; such a schema has no version, so that the service is asked for all of it.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
import os
import re
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from kqlext.errors import KqlResponseError
from kqlext.schemas.kusto import of_json
from kqlext.schemas.model import DatabaseSchema, Function, Parameter

_FORMAT = 1
_FORGOTTEN_AFTER = 90 * 86_400  # seconds after which a file that nobody has written anew is removed
_MOST = 64 * 2**20  # bytes of a file that is read
_PLAIN = re.compile(r"-?[\w.]+")  # numbers, true, 1d: a default that is no text


def cache_folder() -> Path:
    """The user's folder for what kqlext can fetch again."""
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local") / "kqlext" / "cache"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "kqlext"


class SchemaFiles:
    """Keeps schemas on disk. What cannot be written is not kept, what cannot be read is not there."""

    def __init__(self, folder: Path | None = None) -> None:
        """Args: folder: for the files; None for the user's."""
        self._folder = folder

    def read(self, address: str, database: str) -> DatabaseSchema | None:
        """The schema that was kept; ``read_at`` is its age."""
        import orjson

        try:
            path = self._path(address, database)
            if path.stat().st_size > _MOST:
                return None
            kept = orjson.loads(path.read_bytes())
            if kept["format"] != _FORMAT or kept["database"] != database:
                return None
            tables, functions, _ = of_json(kept["schema"], database)
            read_at = dt.datetime.fromisoformat(kept["read_at"]).astimezone(dt.UTC)
            return DatabaseSchema(str(kept["cluster"]), database, tables, functions, str(kept["version"]), read_at)
        except (OSError, RuntimeError, KqlResponseError, LookupError, TypeError, ValueError, OverflowError):
            return None

    def write(self, address: str, schema: DatabaseSchema) -> None:
        """Keep a schema, in the place of the one before: whole or not at all."""
        import orjson

        kept = _names_only(schema)
        document = {
            "format": _FORMAT,
            "cluster": kept.cluster,
            "database": kept.database,
            "version": kept.version,
            "read_at": kept.read_at.isoformat(),
            "schema": kept.kusto_json(),
        }
        with contextlib.suppress(OSError, RuntimeError):  # no home, no space, no permission: nothing is kept
            path = self._path(address, schema.database)
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with _replacing(path) as file:
                file.write(orjson.dumps(document))
            self._forget_old()

    def _forget_old(self) -> None:
        oldest = time.time() - _FORGOTTEN_AFTER
        for path in self._where().iterdir():
            with contextlib.suppress(OSError):  # another kernel was faster, or it is none of ours
                if path.stat().st_mtime < oldest:
                    path.unlink()

    def _path(self, address: str, database: str) -> Path:
        name = hashlib.sha256(f"{address}\n{database}".encode()).hexdigest()[:32]
        return self._where() / f"{name}.json"

    def _where(self) -> Path:
        return self._folder or cache_folder() / "schemas"


@contextlib.contextmanager
def _replacing(path: Path) -> Iterator[Any]:
    """A file that only its user may read, and that takes the place of another once it is whole."""
    handle, name = tempfile.mkstemp(dir=path.parent, suffix=".new")
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
        os.replace(name, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(name)
        raise


def _names_only(schema: DatabaseSchema) -> DatabaseSchema:
    functions = tuple(map(_without_texts, schema.functions))
    tables = tuple(table for table in schema.tables if table.kind != "notebook")
    return replace(
        schema,
        tables=tables,
        functions=functions,
        version=schema.version if functions == schema.functions else "",
    )


def _without_texts(function: Function) -> Function:
    return replace(function, body="", parameters=tuple(map(_without_text, function.parameters)))


def _without_text(parameter: Parameter) -> Parameter:
    if parameter.default is None or _PLAIN.fullmatch(parameter.default):
        return parameter
    return replace(parameter, default='""')
