"""How KQL is coloured outside of a browser: the pieces, Pygments, the terminal's prompt, nbconvert, the wheel."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pexpect
import pytest
from colour_cases import MARKED, unmarked
from conftest import ROOT
from hypothesis import given
from hypothesis import strategies as st
from pygments.lexers import get_lexer_by_name
from pygments.token import Token
from test_docs import generator

import kqlext
from kqlext import cell
from kqlext.completion import vocabulary
from kqlext.decode.types import TYPES as SCALAR_TYPES
from kqlext.highlighting import words
from kqlext.highlighting.lexer import KqlCellLexer
from kqlext.highlighting.pieces import pieces

EXTENSION = ROOT / "kqlext" / "labextension"
PLAIN = ("variable", "punctuation")


def found(text: str) -> list[tuple[str, str]]:
    """Kinds and texts, without those of plain ones; pieces of one kind with nothing between are one."""
    result: list[tuple[str, str]] = []
    end = -1
    for piece in pieces(text):
        if piece.kind in PLAIN:
            continue
        between = text[end : piece.start].strip(" ") if end >= 0 else "-"
        joins = not between and result[-1][0] == piece.kind and piece.kind == "value"
        start = end - len(result.pop()[1]) if joins else piece.start
        result.append((piece.kind, text[start : piece.end]))
        end = piece.end
    return result


@pytest.mark.parametrize("name", MARKED)
def test_pieces(name: str) -> None:
    text, expected = unmarked(MARKED[name])
    assert found(text) == expected


NO_ONE_QUERY = ("a command", "what is no option", "several queries")


@pytest.mark.parametrize("name", [name for name in MARKED if name not in NO_ONE_QUERY])
def test_the_head_ends_where_it_does_when_the_cell_runs(name: str) -> None:
    text = unmarked(MARKED[name])[0]
    text = text[text.index("%%kql") :]
    line, _, body = text.removeprefix("%%kql").strip(" ").partition("\n")
    begin = cell.parse(line, body or "\n").queries[0].span.start
    for piece in pieces(text):
        if piece.kind != "comment" and text[piece.start : piece.end] not in ("=", "<<"):
            in_head = piece.kind in ("magic", "option", "value", "connection", "target")
            assert in_head == (piece.start < begin)


FRAGMENTS = [
    "%%kql ", "%kql", "\n", "\n\n", "'", '"', "```", "~~~", "@'", 'h@"', "\\", "//", "datetime(", "2024-01-01)",
    "$left", ".", "..", "|", "<<", "<|", "-o ", "-params {", "--schema", "+x=", "samples", "a@b", "[x]", "where ",
    "count", "(", ")", "=", ";", "let ", " ", "\t", "#", "é", "😀", "\x00", "x",
]  # fmt: skip


@given(st.lists(st.sampled_from(FRAGMENTS), max_size=40).map("".join) | st.text(max_size=60))
def test_every_character_of_any_text_is_in_one_piece_or_white(text: str) -> None:
    end = 0
    for piece in pieces(text):
        assert piece.start >= end
        assert piece.end > piece.start
        assert not text[end : piece.start].strip()
        end = piece.end
    assert not text[end:].strip()
    assert "".join(value for *_, value in KqlCellLexer().get_tokens_unprocessed(text)) == text


def test_types_are_those_that_are_decoded() -> None:
    known = {name for kusto_type in SCALAR_TYPES for name in (kusto_type.name, *kusto_type.aliases)}
    assert {kusto_type.name for kusto_type in SCALAR_TYPES} <= words.TYPES <= known
    assert words.LITERALS <= words.TYPES


def test_the_words_of_the_jupyterlab_extension_are_fresh() -> None:
    written = (EXTENSION / "static" / "words.js").read_text(encoding="utf-8")
    assert written == generator().words_module(), "run scripts/docs.py"


def test_the_jupyterlab_extension_says_its_version() -> None:
    package = json.loads((EXTENSION / "package.json").read_text(encoding="utf-8"))
    assert (package["name"], package["version"]) == ("kqlext", kqlext.__version__)
    assert (EXTENSION / package["jupyterlab"]["_build"]["load"]).exists()


def test_nothing_is_an_error_for_pygments() -> None:
    for marked in MARKED.values():
        for kind, _ in KqlCellLexer().get_tokens(unmarked(marked)[0]):
            assert kind not in Token.Error


def test_pygments_knows_the_lexer_by_name() -> None:
    assert isinstance(get_lexer_by_name("kqlext"), KqlCellLexer)


# --- nbconvert -------------------------------------------------------------------------------------------

CONFIGURATION = 'c.HighlightMagicsPreprocessor.languages = {"%%kql": "kqlext"}'


def test_nbconvert_colours_cells(tmp_path: Path, clean_environment: dict[str, str]) -> None:
    assert f"`{CONFIGURATION}`" in (ROOT / "docs" / "editor.md").read_text(encoding="utf-8")
    sources = ["%%kql top <<\nT | where $left.a in (datetime(2024-01-01))", "for x in y: pass", "%kql T | where a"]
    cells = [nbformat.v4.new_code_cell(source) for source in sources]
    language = {"name": "python", "pygments_lexer": "ipython3"}
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata={"language_info": language}), tmp_path / "n.ipynb")
    (tmp_path / "jupyter_nbconvert_config.py").write_text(f"c = get_config()\n{CONFIGURATION}\n")
    subprocess.run(
        [sys.executable, "-m", "nbconvert", "--to", "html", "--template", "basic", "n.ipynb"],
        cwd=tmp_path, env={**clean_environment, "JUPYTER_CONFIG_DIR": str(tmp_path)}, check=True, capture_output=True,
    )  # fmt: skip
    html = (tmp_path / "n.html").read_text(encoding="utf-8")
    spans = re.findall(r'<span class="(\w+)">([^<]+)</span>', html)
    for span in [
        ("nd", "%%kql"),
        ("nv", "top"),
        ("k", "where"),
        ("bp", "$left"),
        ("kt", "datetime"),
        ("m", "2024-01-01"),
    ]:
        assert span in spans
    assert ("k", "for") in spans
    assert spans.count(("k", "where")) == 1
    assert 'class="err"' not in html


# --- the terminal ----------------------------------------------------------------------------------------

SGR = r"\x1b\[[\d;]*m"
RUN = re.compile(r"\x1b\[([\d;]*)m([^\x1b]*)")


class Prompt:
    """A real terminal `ipython` with its own prompt, in colour."""

    def __init__(self, folder: Path) -> None:
        environment = {**os.environ, "IPYTHONDIR": str(folder), "TERM": "xterm-256color", "PROMPT_TOOLKIT_NO_CPR": "1"}
        arguments = ["-m", "IPython", "--no-banner", "--no-confirm-exit", "--colors=Linux"]
        self.process = pexpect.spawn(
            sys.executable, arguments, env=environment, encoding="utf-8", timeout=60, dimensions=(40, 120)
        )
        self._ran = 0
        self._await_prompt()

    def run(self, line: str) -> None:
        """Run a line."""
        self.process.send(line + "\r")
        self._await_prompt()

    def colours(self, typed: str) -> dict[str, str]:
        """The colour of each word of what is typed, once it stands there."""
        self.process.send(typed.replace("\n", "\r"))  # a new line: what is typed so far is not all of it
        self.process.send("\x0c")  # draws all of it again
        self.process.expect_exact("\x1b[2J")
        self.process.expect_exact(typed.split()[-1])
        drawn = self.process.before + self.process.after
        self.process.send("\x03")  # clears it
        drawn = drawn[drawn.index("]: ") :]
        return {text.strip(): colour for colour, text in RUN.findall(drawn) if text.strip()}

    def _await_prompt(self) -> None:
        self._ran += 1
        self.process.expect(rf"In \[(?:{SGR})*{self._ran}(?:{SGR})*\]: ")


@pytest.fixture
def prompt(tmp_path: Path) -> Iterator[Prompt]:
    opened = Prompt(tmp_path)
    yield opened
    opened.process.close(force=True)


def test_the_prompt_colours_kql_while_kqlext_is_loaded(prompt: Prompt) -> None:
    typed = "%%kql\nT | where a in (1) and bbb"
    before = prompt.colours(typed)
    assert "where" not in before  # it is a part of what is plain
    prompt.run("%load_ext kqlext")
    cell_colours = prompt.colours(typed)
    assert cell_colours["where"] == cell_colours["in"] == cell_colours["and"]
    assert cell_colours["where"] not in (cell_colours["T"], cell_colours["1"])
    line = prompt.colours("for y in z:\nx = %kql T | where a // bbb")
    assert line["for"] != line["y"]
    assert line["where"] == cell_colours["where"]
    assert line["// bbb"] not in (line["where"], line["x"])
    prompt.run("%unload_ext kqlext")
    assert prompt.colours(typed) == before


# --- loaded when first used ------------------------------------------------------------------------------

LAZY = """
import sys
print('kqlext' in sys.modules)
%kql duckdb://
x = %kql print a = 1
print(x[0]['a'], 'pygments' in [name for name in sys.modules if 'kqlext.highlighting.prompt' in name])
%unload_ext kqlext
"""


def test_the_magic_is_loaded_when_it_is_first_used(tmp_path: Path, clean_environment: dict[str, str]) -> None:
    profile = tmp_path / "profile_default"
    profile.mkdir()
    (profile / "ipython_config.py").write_text("c = get_config()\nc.MagicsManager.lazy_magics = {'kql': 'kqlext'}\n")
    (tmp_path / "script.ipy").write_text(LAZY)
    run = subprocess.run(
        [sys.executable, "-m", "IPython", "--colors=NoColor", tmp_path / "script.ipy"],
        env={**clean_environment, "IPYTHONDIR": str(tmp_path)}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert run.stdout.split() == ["False", "1", "False"]
    assert run.stderr == ""


# --- the wheel -------------------------------------------------------------------------------------------


def test_the_wheel_brings_the_jupyterlab_extension(tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)],
        cwd=ROOT, check=True, capture_output=True,
    )  # fmt: skip
    (wheel,) = tmp_path.glob("*.whl")
    target = f"kqlext-{kqlext.__version__}.data/data/share/jupyter/labextensions/kqlext/"
    with zipfile.ZipFile(wheel) as archive:
        packed = {name.removeprefix(target): archive.read(name) for name in archive.namelist() if target in name}
    files = {str(path.relative_to(EXTENSION)): path.read_bytes() for path in EXTENSION.rglob("*") if path.is_file()}
    assert packed == files


def test_words_that_are_completed_are_coloured() -> None:
    completed = {*vocabulary.operators(), *vocabulary.OTHER_OPERATORS}
    assert completed <= words.OPERATORS
    assert completed | set(vocabulary.beginnings()) >= words.OPERATORS
    assert set(vocabulary.beginnings()) <= words.STATEMENTS | words.SOURCES
    within = {keyword.split()[0].rstrip("=") for keyword in vocabulary.KEYWORDS}
    elsewhere = {"kind", "materialize", "toscalar", "$left", "$right"}  # coloured by where they stand
    assert within - elsewhere <= words.CLAUSES | words.TYPES | words.CONSTANTS
