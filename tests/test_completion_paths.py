"""Paths that are completed: what is offered of a folder, and how it is written."""

from __future__ import annotations

from pathlib import Path

import pytest

from kqlext.completion.paths import paths, takes_path
from kqlext.completion.places import find

FILES = [
    "a.csv",
    "b.kql",
    "my hunts/q.kql",
    "my hunts/it's.kql",
    "logs/x.csv",
    ".hidden/x",
    "it's/x",
    'a "b"/x',
    "é.kql",
]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in FILES:
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.touch()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


def offered(cell: str) -> list[str]:
    cursor = cell.index("¦")
    place = find(cell.replace("¦", ""), cursor)
    assert place is not None
    assert takes_path(place)
    return [completion.text for completion in paths(place, cell[cursor + 1 : cursor + 2])]


ALL = ["b.kql", "é.kql", '\'a "b"/', "a.csv", "\"it's/", "logs/", '"my hunts/']


@pytest.mark.parametrize(
    ("cell", "texts"),
    [
        ("%%kql -file ¦", ALL),
        ("%%kql -file lo¦", ["logs/"]),
        ("%%kql -file=lo¦\nprint 1", ["logs/"]),
        ("%kql -file ./lo¦", ["./logs/"]),
        ("%kql -file logs/¦ -dl 5", ["logs/x.csv"]),
        ("%kql -file ~¦", ["~/"]),
        ("%kql -file ~/b¦", ["~/b.kql"]),
        ("%kql -file my¦", ['"my hunts/']),
        ("%kql -file 'my¦'", ["'my hunts/"]),
        ('%kql -file "my hunts/q¦', ['"my hunts/q.kql"']),
        ('%kql -file "my hunts/q¦"', ['"my hunts/q.kql']),
        ('%kql -file "my hunts/i¦', ['"my hunts/it\'s.kql"']),
        ("%kql -file .h¦", [".hidden/"]),
        ("%kql -file none/¦", []),
        ("%kql -file ~nobody-of-this-name/¦", []),
        ("%kql -file \0¦", []),
        ("%kql -cache ¦", ['\'a "b"/', "\"it's/", "logs/", '"my hunts/']),
        ("%kql --cache lo¦", ["logs/"]),
        ("%kql --cache_list ¦", ['\'a "b"/', "\"it's/", "logs/", '"my hunts/']),
        ("%kql -tables lo¦", ["logs/"]),
        ("%kql -tables x=logs/¦", ["x=logs/x.csv"]),
        ("%kql -dsn_filename a.¦", ["a.csv"]),
    ],
)
@pytest.mark.usefixtures("folder")
def test_paths(cell: str, texts: list[str]) -> None:
    assert sorted(offered(cell)) == sorted(texts)


@pytest.mark.usefixtures("folder")
def test_queries_come_first_where_one_is_run() -> None:
    assert offered("%kql -file ¦")[:2] == ["b.kql", "é.kql"]
    assert offered("%kql -tables ¦")[0] != "b.kql"


@pytest.mark.usefixtures("folder")
def test_a_folder_is_followed_by_another_completion() -> None:
    (first,) = offered("%kql -file my¦")
    assert offered(f"%kql -file {first}q¦") == ['"my hunts/q.kql"']


@pytest.mark.parametrize("cell", ["%kql --tables lo", "%kql -type pa", "%kql lo", "%kql --help "])
def test_no_path(cell: str) -> None:
    place = find(cell, len(cell))
    assert place is not None
    assert not takes_path(place)
