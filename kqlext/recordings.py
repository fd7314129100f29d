"""Recorded answers in a folder: what identifies one, how it lies on the disk, and how it is found again.

Each recording is a folder of its own inside of the one that the user names: `recording.json` says what was asked, when,
of whom, and what the answer says of itself; `table_0.parquet` and so on hold its tables (see `decode.recorded`). A
recording appears whole (it is written elsewhere in the folder and renamed) and is never changed, so that several
kernels may record into one folder. It is data: nothing in it is run, and no path in it is followed.

What is secret is not written: obfuscated literals (`h'...'`) of the query are blotted out, values of the notebook stand
in the key only, which is a hash, and the connection is there without its sign-in.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
import json
import os
import re
import secrets
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from difflib import SequenceMatcher
from functools import cached_property
from pathlib import Path
from typing import Any

from kqlext import syntax
from kqlext.errors import KqlCellError, KqlConnectionError, KqlError, KqlQueryError, KqlResponseError
from kqlext.obfuscation import hides, obfuscated
from kqlext.text import listing, one_line, shorten

FORMAT = "kqlext recording 1"
MANIFEST = "recording.json"
_NAME = re.compile(r"([0-9a-f]{20})-\d{8}T\d{6}-[0-9a-f]{8}")
_ROUNDS = 200_000  # of the hash of a query that holds a secret, which could else be tried out
_TRIES = 10  # to read while others record
_CLOSE, _MOST_CLOSE = 0.3, 3


@dataclass(frozen=True)
class Asked:
    """What was asked, apart from the connection: a recording answers the same question only.

    Attributes:
        query: the text as the user wrote it, shown where recordings are listed.
        text: the text with every value of the notebook in it.
        timespan, properties, search, split: as of ``Query`` and of the cell's options.
    """

    query: str
    text: str
    timespan: str | None = None
    properties: Mapping[str, object] = field(default_factory=dict)
    search: bool = False
    split: str = ""

    @cached_property
    def key(self) -> str:
        """A hash; white space and comments of the text do not count."""
        is_kql = not any("language" in name for name in self.properties)  # SQL has other comments
        words: Sequence[str] = normalized(self.text) if is_kql else [self.text]
        others = [self.timespan, sorted((name, repr(value)) for name, value in self.properties.items())]
        content = json.dumps([*others, self.search, self.split, words]).encode()
        if hides(self.text):
            return hashlib.pbkdf2_hmac("sha256", content, FORMAT.encode(), _ROUNDS).hex()
        return hashlib.sha256(content).hexdigest()


def normalized(text: str) -> list[str]:
    """The tokens of a query, without comments and the `;` at its end."""
    words = [token.text for token in syntax.tokens(text) if token.kind != "comment"]
    while words and words[-1] == ";":
        words.pop()
    return words


@dataclass(frozen=True)
class RecordedColumn:
    """Name and Kusto type of one column."""

    name: str
    type: str


@dataclass(frozen=True)
class RecordedTable:
    """One table: its name, columns and rows, and the SHA-256 of its file."""

    name: str
    rows: int
    columns: tuple[RecordedColumn, ...]
    sha256: str


@dataclass(frozen=True)
class Recording:
    """All of a recording but its rows.

    Attributes:
        key: of what was asked (``Asked.key``).
        source: which connections were asked, without their sign-in.
        connection: how they are called: ``name@cluster``.
        query: the text, obfuscated literals blotted out.
        recorded: when, in UTC.
        elapsed: seconds that the answer took.
        notebook_tables: name -> fingerprint of the tables of the notebook that took part.
        path: the folder that holds it.
    """

    key: str
    source: str
    connection: str
    query: str
    recorded: dt.datetime
    elapsed: float
    tables: tuple[RecordedTable, ...]
    client_request_id: str | None = None
    visualization: Mapping[str, Any] | None = None
    statistics: Mapping[str, Any] | None = None
    warnings: tuple[str, ...] = ()
    partial: bool = False
    notebook_tables: Mapping[str, str] = field(default_factory=dict)
    path: Path = field(default_factory=Path, compare=False)

    def table_path(self, index: int) -> Path:
        """The file of a table."""
        return self.path / table_name(index)

    def damaged(self, why: str) -> KqlResponseError:
        """The error for a recording that cannot be read."""
        return _damaged(self.path, why)


def table_name(index: int) -> str:
    """The file of the table with that number."""
    return f"table_{index}.parquet"


def folder_of(written: object) -> Path | None:
    """The folder that an option or command names; `none` is none."""
    text = str(written or "").strip()
    return None if text.lower() in ("", "none") else Path(text).expanduser()


# --- finding -------------------------------------------------------------------------------------------------


def recordings(folder: Path, key: str = "") -> list[Recording]:
    """The recordings of a folder, the newest first.

    Args:
        key: of those that are looked for; nothing for all.

    Raises:
        KqlConnectionError: there is no such folder.
        KqlResponseError: one is damaged.
    """
    for _ in range(_TRIES):
        found = [_read(path) for path in _paths(folder, key)]
        if None not in found:  # where one is gone, its newer one was not in the listing yet
            break
    return sorted((one for one in found if one is not None), key=lambda one: one.recorded, reverse=True)


def find(
    folder: Path,
    asked: Asked,
    source: str | None,
    fingerprint: Callable[[str], str | None],
    connection: str | None = None,
) -> Recording | None:
    """The newest recording of what is asked.

    Args:
        source: of whom it was asked; None for anybody.
        fingerprint: of a table of the notebook, by its name; None where there is none.
        connection: only recordings of connections that are called so.

    Raises:
        KqlConnectionError: as ``recordings`` does.
        KqlQueryError: several connections gave answers to it.
        KqlResponseError: as ``recordings`` does.
    """
    key = asked.key
    alike = [
        one
        for one in recordings(folder, key)
        if one.key == key
        and source in (None, one.source)
        and connection in (None, one.connection)
        and all(fingerprint(name) == recorded for name, recorded in one.notebook_tables.items())
    ]
    sources = {one.source: one.connection for one in alike}
    if len(sources) > 1:
        raise KqlQueryError(
            f"The query was recorded from {len(sources)} connections: {listing(sorted(sources.values()))}.",
            hint=f"say which: cache://folder='{folder}';connection='{alike[0].connection}'",
        )
    return alike[0] if alike else None


def missing(folder: Path, asked: Asked, source: str | None, shown: str) -> KqlQueryError:
    """The error where there is no recording; it lists those that are close."""
    words = " ".join(normalized(asked.text))
    known = recordings(folder)
    same = [one for one in known if one.key == asked.key]
    if same and source is not None and all(one.source != source for one in same):
        hint = f"it was recorded from {same[0].connection}: cache://{folder} plays it, whatever is connected"
    elif same:
        names = listing(sorted(set().union(*(one.notebook_tables for one in same))))
        hint = f"it was recorded with other tables of the notebook: {names}"
    else:
        hint = _close(known, words, asked)
    of = "" if source is None else f" from {shown}"
    return KqlQueryError(f"The folder {folder} has no recording of this query{of}.", hint=hint)


def _close(known: Sequence[Recording], words: str, asked: Asked) -> str:
    if not known:
        return "the folder holds no recordings: -cache records"
    scored = [(SequenceMatcher(None, words, " ".join(normalized(one.query))).ratio(), one) for one in known[:1_000]]
    if any(normalized(one.query) == normalized(obfuscated(asked.query)) for one in known):
        return "it was recorded with other values, another time range or other request properties"
    near = sorted((pair for pair in scored if pair[0] >= _CLOSE), key=lambda pair: -pair[0])[:_MOST_CLOSE]
    shown = [f"`{shorten(one_line(one.query), 120)}` ({one.connection})" for _, one in near]
    more = f"--cache_list shows what there is ({len(known):,})"
    return f"close ones are {'; '.join(shown)}; {more}" if shown else more


def _paths(folder: Path, key: str) -> Iterator[Path]:
    try:
        names = sorted(os.listdir(folder))
    except OSError as error:
        raise KqlConnectionError(
            f"The folder {folder} of recordings cannot be read: {error.strerror}.",
            hint="a path is absolute, or relative to the folder in which the kernel runs",
        ) from None
    for name in names:
        match = _NAME.fullmatch(name)
        if match and key.startswith(match[1] if key else ""):
            yield folder / name


def _read(path: Path) -> Recording | None:
    """One recording; None where a newer one took its place meanwhile."""
    try:
        found = json.loads((path / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        if not path.is_dir():
            return None
        raise _damaged(path, f"{MANIFEST} cannot be read ({type(error).__name__})") from None
    try:
        if found["format"] != FORMAT:
            raise _damaged(path, f"its format is {found['format']!r:.40}, not {FORMAT!r}")
        return _of_manifest(found, path)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise _damaged(path, f"{MANIFEST} is malformed: {type(error).__name__} {error}") from None


def _of_manifest(found: Any, path: Path) -> Recording:
    tables = tuple(
        RecordedTable(
            str(table["name"]),
            int(table["rows"]),
            tuple(RecordedColumn(str(column["name"]), str(column["type"])) for column in table["columns"]),
            str(table["sha256"]),
        )
        for table in found["tables"]
    )
    recorded = dt.datetime.fromisoformat(found["recorded"])
    if recorded.tzinfo is None:
        raise ValueError("a time without a zone")
    request_id = found["client_request_id"]
    return Recording(
        key=str(found["key"]),
        source=str(found["source"]),
        connection=one_line(str(found["connection"])),
        query=str(found["query"]),
        recorded=recorded,
        elapsed=float(found["elapsed"]),
        tables=tables,
        client_request_id=None if request_id is None else str(request_id),
        visualization=_mapping(found["visualization"]),
        statistics=_mapping(found["statistics"]),
        warnings=tuple(str(warning) for warning in found["warnings"]),
        partial=bool(found["partial"]),
        notebook_tables={str(name): str(value) for name, value in found["notebook_tables"].items()},
        path=path,
    )


def _mapping(value: Any) -> Mapping[str, Any] | None:
    if value is not None and not isinstance(value, dict):
        raise TypeError("a list or text where names and values are expected")
    return value


def _damaged(path: Path, why: str) -> KqlResponseError:
    return KqlResponseError(
        f"The recording {path} is damaged: {why}.", hint="delete that folder, and record the query again with -cache"
    )


# --- recording -----------------------------------------------------------------------------------------------


def make_folder(folder: Path) -> None:
    """Make the folder where it is not there.

    Raises:
        KqlCellError: it cannot be made, or not written to.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        problem = "" if os.access(folder, os.W_OK | os.X_OK) else "it may not be written to"
    except OSError as error:
        problem = str(error.strerror)
    if problem:
        raise KqlCellError(f"-cache cannot record into {folder}: {problem}.", hint="name another folder")


class Draft:
    """A recording that is being written; ``finish`` makes it one, and leaving without that leaves nothing."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.path = folder / f".draft-{secrets.token_hex(8)}"

    def __enter__(self) -> Draft:
        self.path.mkdir()
        return self

    def finish(self, recording: Recording) -> None:
        """Write what is said of the answer, and let the recording appear; older ones of the same go."""
        manifest = {"format": FORMAT, **asdict(recording), "recorded": recording.recorded.isoformat()}
        del manifest["path"]
        text = json.dumps(manifest, indent=1, ensure_ascii=False, default=str)
        (self.path / MANIFEST).write_text(text, encoding="utf-8")
        older = [one for one in _readable(self._folder, recording.key) if _same(one, recording)]
        name = f"{recording.key[:20]}-{recording.recorded:%Y%m%dT%H%M%S}-{secrets.token_hex(4)}"
        self.path.rename(self._folder / name)
        for one in older:
            _remove(one.path)

    def __exit__(self, *_: object) -> None:
        shutil.rmtree(self.path, ignore_errors=True)


def _remove(path: Path) -> None:
    """Remove a recording, as a whole: nobody is to see half of it."""
    aside = path.with_name(f".old-{secrets.token_hex(8)}")
    with contextlib.suppress(OSError):  # another kernel was faster, or a reader has it open (Windows)
        path.rename(aside)
        shutil.rmtree(aside, ignore_errors=True)


def _readable(folder: Path, key: str) -> Iterator[Recording]:
    for path in _paths(folder, key):
        try:
            found = _read(path)
        except KqlError:
            continue  # it stays until somebody reads of it
        if found is not None:
            yield found


def _same(one: Recording, other: Recording) -> bool:
    return (one.key, one.source, one.notebook_tables) == (other.key, other.source, other.notebook_tables)
