"""kqlext.toml and pyproject.toml: which are read, the lines of keys, and what is said of a file that is none."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kqlext.errors import KqlConnectionError
from kqlext.surroundings import Surroundings
from kqlext.toml_files import TomlFile, line_of, toml_files

TEXT = '''default = "a"
# [connections.comment]
[settings]   # of the session
display_limit = 5

[connections.soc]
service = "x"
"tenant" = 5
text = """
[connections.inside]
tenant = 1
"""

[ connections . "two words" ]
service = "y"

[connections]
inline = { service = "z" }
dotted.service = "w"
'''


@pytest.mark.parametrize(
    ("keys", "line"),
    [
        (("default",), 1),
        (("settings",), 3),
        (("settings", "display_limit"), 4),
        (("settings", "nothing"), 3),
        (("connections", "soc"), 6),
        (("connections", "soc", "tenant"), 8),
        (("connections", "soc", "missing"), 6),
        (("connections", "two words", "service"), 15),
        (("connections", "inline", "service"), 18),
        (("connections", "dotted", "service"), 19),
        (("connections", "comment"), 17),
        (("connections", "inside", "tenant"), None),
        (("nothing",), None),
        ((), None),
    ],
)
def test_lines(keys: tuple[str, ...], line: int | None) -> None:
    assert line_of(TEXT, keys) == line


def file(folder: Path, text: str | bytes, name: str = "kqlext.toml") -> TomlFile:
    (folder / name).write_bytes(text.encode() if isinstance(text, str) else text)
    around = Surroundings(folder, folder / "home", folder / "configuration", {})
    (found,) = [item for item in toml_files(around) if item.path.name == name]
    return found


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a = s3cr3t", "kqlext.toml, line 1, column 5: this is no TOML: Invalid value."),
        ("\na = 's3cr3t", "kqlext.toml, end of document: this is no TOML: Expected …."),
        ("a = 1\na = 's3cr3t'", "kqlext.toml, end of document: this is no TOML: Cannot overwrite a value."),
        ("s3cr3t", "kqlext.toml, end of document: this is no TOML: Expected … after a key in a key/value pair."),
        (b"a = '\xff'", "kqlext.toml is no UTF-8 text (byte 5)."),
        ("a = " + "[" * 100_000, "kqlext.toml: this is no TOML that can be read."),
        ("a = " + "1" * 5_000, "kqlext.toml: this is no TOML that can be read."),
        (" " * 4_000_001, "kqlext.toml is larger than 4 MB."),
    ],
)
def test_what_is_no_toml(text: str | bytes, message: str, tmp_path: Path) -> None:
    with pytest.raises(KqlConnectionError) as caught:
        file(tmp_path, text).read()
    assert caught.value.message == message
    assert caught.value.hint
    assert "s3cr3t" not in str(caught.value)


def test_a_byte_order_mark_is_no_mistake(tmp_path: Path) -> None:
    assert file(tmp_path, b"\xef\xbb\xbfdefault = 'a'").read()[0] == {"default": "a"}


@pytest.mark.parametrize(
    ("text", "table"),
    [
        ("no TOML", {}),
        ("[tool.kqlext]\ndefault = 'a'", {"default": "a"}),
        ("[project]\nname = 'kqlext'", {}),
        ("tool = 'kqlext'", {}),
    ],
)
def test_a_pyproject(text: str, table: object, tmp_path: Path) -> None:
    assert file(tmp_path, text, "pyproject.toml").read()[0] == table


def test_a_pyproject_in_which_kqlext_is_no_table(tmp_path: Path) -> None:
    with pytest.raises(KqlConnectionError, match=r"pyproject.toml: tool.kqlext is no table"):
        file(tmp_path, "[tool]\nkqlext = 5", "pyproject.toml").read()


def test_a_folder_of_that_name_is_no_file(tmp_path: Path) -> None:
    (tmp_path / "kqlext.toml").mkdir()
    assert toml_files(Surroundings(tmp_path, tmp_path, tmp_path, {})) == []


@given(st.text(), st.lists(st.text(), max_size=4))
def test_any_text_has_lines(text: str, keys: list[str]) -> None:
    line = line_of(text, tuple(keys))
    assert line is None or 1 <= line <= len(text.splitlines())
