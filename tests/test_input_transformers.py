"""The input transformers as functions on lines; in a shell they are tested in test_magic.py."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kqlext.errors import KqlCellError
from kqlext.input_transformers import cell_prefix, refuse_cell_inside, silence

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


INSIDE = [
    (["x = 1\n", "%%kql\n", "T | take 5\n"], "line 2"),
    (["def f():\n", "    %%kql\n", "    T\n"], "line 2"),
    (["%kql samples\n", "\n", "%%kql x <<\n", "T\n"], "line 3"),
    (["!ls 'a\n", "%%kql\n", "T\n"], "line 2"),
]


@pytest.mark.parametrize(("lines", "place"), INSIDE)
def test_a_cell_inside_of_a_cell_is_refused(lines: list[str], place: str) -> None:
    with pytest.raises(KqlCellError, match="stands behind Python code") as caught:
        refuse_cell_inside(lines)
    assert f"{place}: " in str(caught.value)
    assert caught.value.span is not None
    assert caught.value.span.of("".join(lines)) == "%%kql"


@pytest.mark.parametrize(
    "lines",
    [
        ["%%kql\n", "T\n", "%%kql\n"],
        ["# a\n", "\n", "%%kql\n", "T\n"],
        ["%%time\n", "%%kql\n", "T\n"],
        ["text = '''\n", "%%kql\n", "'''\n"],
        ["x = (5\n", "%%kql\n", ")\n"],
        ["x = 1\n", "%%kqlother\n"],
        ["x = 1\n"],
        [],
    ],
)
def test_other_cells_are_left_as_they_are(lines: list[str]) -> None:
    assert refuse_cell_inside(lines) == lines


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
