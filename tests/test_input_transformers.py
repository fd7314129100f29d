"""The input transformers as functions on lines; in a shell they are tested in test_magic.py."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kqlext.input_transformers import cell_prefix, silence

PREFIXES = [
    (["%%kql print 1\n"], ["%%kql print 1\n", "\n"]),
    (["%%kql print 1"], ["%%kql print 1\n", "\n"]),
    (["%%kql\n", "print 1\n"], ["%%kql\n", "print 1\n"]),
    (["# a\n", "%%kql x <<\n", "T\n"], ["%%kql x <<\n", "\n", "T\n"]),
    (["# a\n", "\n", "  # b\n", "%%kql T\n"], ["%%kql T\n", "\n", "\n", "\n"]),
    (["%%kqlother\n"], ["%%kqlother\n"]),
    (["# a\n", "x = 1\n", "%%kql\n"], ["# a\n", "x = 1\n", "%%kql\n"]),
    (["%kql print 1\n"], ["%kql print 1\n"]),
    ([], []),
]


@pytest.mark.parametrize(("lines", "expected"), PREFIXES)
def test_cell_prefix(lines: list[str], expected: list[str]) -> None:
    assert cell_prefix(lines) == expected
    assert cell_prefix(expected) == expected


SILENT = [
    ("get_ipython().run_line_magic('kql', 'print 1;')\n", True),
    ("get_ipython().run_line_magic('kql', \"print 'a';\")\n", True),
    ("get_ipython().run_cell_magic('kql', '', 'print 1\\n;\\n')\n", True),
    ("get_ipython().run_line_magic('kql', \"print ';'\")\n", False),
    ("get_ipython().run_line_magic('sql', 'select 1;')\n", False),
    ("x = get_ipython().run_line_magic('kql', 'print 1;')\n", False),
    ("print(';')\n", False),
]


@pytest.mark.parametrize(("line", "silent"), SILENT)
def test_silence(line: str, silent: bool) -> None:
    changed = silence(["x = 1\n", line, "\n"])
    assert (changed != ["x = 1\n", line, "\n"]) is silent
    assert silence(changed) == changed


@given(
    st.lists(st.text(alphabet="# %kql;\n'x", max_size=12).map(lambda text: text.replace("\n", "") + "\n"), max_size=5)
)
def test_both_can_run_again_on_their_own_output(lines: list[str]) -> None:
    assert cell_prefix(cell_prefix(lines)) == cell_prefix(lines)
    assert silence(silence(lines)) == silence(lines)
