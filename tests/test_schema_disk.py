"""Schemas in the user's cache folder."""

from __future__ import annotations

import datetime as dt
import json
import os
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
from test_schema_model import SCHEMA

from kqlext.schemas import DatabaseSchema
from kqlext.schemas.disk import SchemaFiles, cache_folder

ADDRESS = "https://help.kusto.windows.net"
KEPT = replace(SCHEMA, tables=SCHEMA.tables[:3], functions=())


@pytest.fixture
def files(tmp_path: Path) -> SchemaFiles:
    return SchemaFiles(tmp_path / "schemas")


def the_file(tmp_path: Path) -> Path:
    (path,) = (tmp_path / "schemas").iterdir()
    return path


def test_a_schema_is_read_as_it_was_written(files: SchemaFiles) -> None:
    assert files.read(ADDRESS, "Samples") is None
    files.write(ADDRESS, KEPT)
    found = files.read(ADDRESS, "Samples")
    assert found == KEPT
    assert found is not None
    assert found.read_at == KEPT.read_at
    assert found.read_at.tzinfo == dt.UTC
    assert files.read(ADDRESS, "Other") is None
    assert files.read(f"{ADDRESS}/other", "Samples") is None


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such permissions")
def test_only_its_user_may_read_it_and_its_name_says_nothing(files: SchemaFiles, tmp_path: Path) -> None:
    files.write(ADDRESS, KEPT)
    path = the_file(tmp_path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert "help" not in path.name
    assert "Samples" not in path.name


def test_what_functions_hold_stays_out(files: SchemaFiles, tmp_path: Path) -> None:
    secret = "https://store/x;sig=QQQ"
    function = replace(SCHEMA.functions[0], body=f"{{ externaldata(a:long)[h@'{secret}'] }}")
    texts = replace(function.parameters[1], default=f"'{secret}'")
    kept = replace(function, parameters=(function.parameters[0], texts, *function.parameters[2:]))
    files.write(ADDRESS, replace(SCHEMA, functions=(function, replace(kept, name="G"))))
    assert "QQQ" not in the_file(tmp_path).read_text()
    found = files.read(ADDRESS, "Samples")
    assert found is not None
    assert found.version == "", "the service is to be asked for all of it"
    assert [f.signature() for f in found.functions] == [
        "(R:(a:long), n:long=5, s:string)",
        '(R:(a:long), n:long="", s:string)',
    ]
    assert found.table("frame") is None, "the notebook's tables are not the database's"


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"5", b"[]", b"{}", b'{"format": 1}', b"\xff", b'{"format": 2, "database": "Samples"}',
     b'{"format": 1, "database": "Samples", "schema": {"Databases": 5}, "cluster": "c"}'],
)  # fmt: skip
def test_a_damaged_file_is_as_none(files: SchemaFiles, tmp_path: Path, content: bytes) -> None:
    files.write(ADDRESS, KEPT)
    the_file(tmp_path).write_bytes(content)
    assert files.read(ADDRESS, "Samples") is None
    files.write(ADDRESS, KEPT)
    assert files.read(ADDRESS, "Samples") == KEPT


def test_every_cut_of_a_file_is_as_none(files: SchemaFiles, tmp_path: Path) -> None:
    files.write(ADDRESS, KEPT)
    whole = the_file(tmp_path).read_bytes()
    for length in range(len(whole)):
        the_file(tmp_path).write_bytes(whole[:length])
        assert files.read(ADDRESS, "Samples") is None


def test_a_write_that_fails_leaves_what_was_there(
    files: SchemaFiles, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files.write(ADDRESS, KEPT)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    files.write(ADDRESS, replace(KEPT, tables=()))
    assert files.read(ADDRESS, "Samples") == KEPT
    assert the_file(tmp_path), "no half of a file is left beside it"


def test_a_folder_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    files = SchemaFiles(tmp_path / "file" / "schemas")
    files.write(ADDRESS, KEPT)
    assert files.read(ADDRESS, "Samples") is None


def test_old_files_go(files: SchemaFiles, tmp_path: Path) -> None:
    files.write(ADDRESS, KEPT)
    old = time.time() - 91 * 86_400
    os.utime(the_file(tmp_path), (old, old))
    files.write(ADDRESS, DatabaseSchema("help", "Other", (), ()))
    assert files.read(ADDRESS, "Samples") is None
    assert json.loads(the_file(tmp_path).read_bytes())["database"] == "Other"


def test_what_cannot_go_keeps_no_other_old_file(files: SchemaFiles, tmp_path: Path) -> None:
    old = time.time() - 91 * 86_400
    files.write(ADDRESS, KEPT)
    folder = the_file(tmp_path).parent
    files.write(ADDRESS, DatabaseSchema("help", "Other", (), ()))
    for name in ("0", "z"):  # one of them is listed before a file
        (folder / name).mkdir()
    for path in folder.iterdir():
        os.utime(path, (old, old))
    files.write(ADDRESS, KEPT)
    assert len([path for path in folder.iterdir() if path.is_file()]) == 1


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
def test_a_moment_that_there_is_not_is_as_no_file(files: SchemaFiles, tmp_path: Path, moment: str) -> None:
    files.write(ADDRESS, KEPT)
    document = json.loads(the_file(tmp_path).read_text())
    the_file(tmp_path).write_text(json.dumps({**document, "read_at": moment}))
    assert files.read(ADDRESS, KEPT.database) is None


def test_the_users_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOCALAPPDATA" if sys.platform == "win32" else "XDG_CACHE_HOME", str(tmp_path))
    SchemaFiles().write(ADDRESS, KEPT)
    assert list((cache_folder() / "schemas").iterdir())
    assert cache_folder().is_relative_to(tmp_path)
    assert SchemaFiles().read(ADDRESS, "Samples") == KEPT
