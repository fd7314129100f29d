"""KQL in JupyterLab's editor, light and dark: each piece has the colour that JupyterLab has for its kind.

What the pieces are says `kqlext.highlighting`; here they are read off the page. Pictures are kept in shots/.
"""

from __future__ import annotations

import re
from typing import Any

from colour_cases import MARKED, unmarked

from kqlext.highlighting.pieces import Kind, pieces

# JupyterLab's colours by their CSS variables; None is the colour of plain text.
COLOURS: dict[Kind, str | None] = {
    "magic": "meta", "option": "attribute", "value": "string", "connection": "string-2", "target": "def",
    "comment": "comment", "string": "string", "number": "number", "constant": "atom", "keyword": "keyword",
    "type": "builtin", "function": "def", "variable": None, "definition": "def", "property": "property",
    "parameter": "attribute", "special": "variable-2", "operator": "operator", "punctuation": "punctuation",
}  # fmt: skip

PYTHON = """\
import math
x = %kql samples StormEvents | where State in ('TEXAS') | count // all
text = '''
%kql T | where in a string
'''
for state in range(7 // 2):
    %kql -o df T | summarize count() by bin(x, 1d);
    print(state)  # %kql in a comment"""
ONLY_PYTHON = "for where in range(3):\n    print(where // 2, '%%kql')  # not KQL"

# The colour of each character of a cell, as it is seen.
_SEEN = """cell => [...cell.querySelectorAll('.cm-line')].map(line => {
    const walk = document.createTreeWalker(line, NodeFilter.SHOW_TEXT);
    const runs = [];
    while (walk.nextNode()) runs.push([walk.currentNode.data, getComputedStyle(walk.currentNode.parentElement).color]);
    return runs;
})"""
_VARIABLES = """(editor, names) => names.map(name => {
    const probe = editor.appendChild(document.createElement('span'));
    if (name) probe.style.color = `var(--jp-mirror-editor-${name}-color)`;
    const colour = getComputedStyle(probe).color;
    probe.remove();
    return colour;
})"""


def seen(notebook: Any, number: int) -> list[tuple[str, str]]:
    """Each character of a cell that is not white, with its colour."""
    lines = notebook.page.locator(".jp-CodeCell").nth(number).evaluate(_SEEN)
    return [(one, colour) for line in lines for text, colour in line for one in text if not one.isspace()]


def palette(page: Any) -> dict[str | None, str]:
    """JupyterLab's colours, in the theme of the page."""
    names = [*sorted({name for name in COLOURS.values() if name}), None]
    editor = page.locator(".cm-content").last
    return dict(zip(names, editor.evaluate(_VARIABLES, names), strict=True))


def expected(text: str, colours: dict[str | None, str]) -> list[tuple[str, str]]:
    """What is to be seen of a ``%%kql`` cell or a ``%kql`` line."""
    return [
        (one, colours[COLOURS[piece.kind]])
        for piece in pieces(text)
        for one in text[piece.start : piece.end]
        if not one.isspace()
    ]


def colour_at(characters: list[tuple[str, str]], text: str) -> str:
    """The colour of the first character of a text, white space left out."""
    shown = "".join(one for one, _ in characters)
    return characters[shown.index(re.sub(r"\s", "", text))][1]


def test_each_piece_has_its_colour(open_notebook: Any) -> None:
    texts = {name: unmarked(marked)[0] for name, marked in MARKED.items()}
    notebook = open_notebook(*texts.values(), PYTHON, ONLY_PYTHON, "")
    problems: list[str] = []
    notebook.page.on("pageerror", lambda error: problems.append(str(error)))
    notebook.page.set_viewport_size({"width": 1400, "height": 1600})
    # The last cell, so that no bracket of the others is marked as that at the cursor.
    notebook.page.locator(".jp-CodeCell").last.locator(".cm-content").click()
    notebook.page.locator(".jp-CodeCell").nth(len(texts) + 1).locator("span", has_text="for").wait_for()
    colours = palette(notebook.page)
    assert len(set(colours.values())) > 8
    notebook.shot("colour")
    for number, (name, text) in enumerate(texts.items()):
        assert seen(notebook, number) == expected(text, colours), name
    lines_within_python(seen(notebook, len(texts)), colours)
    python = seen(notebook, len(texts) + 1)
    wanted = {"for": "keyword", "where in": None, "'%%kql'": "string", "# not": "comment"}
    for text, colour in wanted.items():
        assert colour_at(python, text) == colours[colour], text
    assert problems == []


def lines_within_python(characters: list[tuple[str, str]], colours: dict[str | None, str]) -> None:
    shown = "".join(one for one, _ in characters)
    for line in (PYTHON.splitlines()[1].removeprefix("x = "), PYTHON.splitlines()[6].strip()):
        begin = shown.index(re.sub(r"\s", "", line))
        wanted = expected(line, colours)
        assert characters[begin : begin + len(wanted)] == wanted
    python = {"import": "keyword", "math": None, "%kql T | where": "string", "for s": "keyword", "# %kql": "comment"}
    for text, name in python.items():
        assert colour_at(characters, text) == colours[name], text


def test_a_cell_becomes_kql_while_it_is_typed(open_notebook: Any) -> None:
    notebook = open_notebook("", "")
    notebook.page.locator(".jp-CodeCell").first.locator(".cm-content").click()
    keyboard = notebook.page.keyboard
    keyboard.type("%%kql\nT | where x in (1)")
    colours = palette(notebook.page)
    assert seen(notebook, 0) == expected("%%kql\nT | where x in (1)", colours)
    keyboard.press("Control+/")  # comments the line out as KQL does
    assert seen(notebook, 0) == expected("%%kql\n// T | where x in (1)", colours)
    keyboard.press("Control+/")
    keyboard.press("Control+Home")
    keyboard.press("Delete")
    keyboard.press("Delete")
    assert ("w", colours["keyword"]) not in seen(notebook, 0)
    assert ("n", colours["keyword"]) in seen(notebook, 0)  # Python's own `in`


def test_a_file_of_kql(chromium: Any, lab: Any) -> None:
    text = "// hunt\nlet x = 1;\nT | where a == ```b\nc``` and d == x"
    (lab.folder / "hunt.kql").write_text(text)
    page = chromium.new_page()
    page.goto(lab.url("hunt.kql"))
    editor = page.locator(".jp-FileEditor")
    editor.locator("span", has_text="where").wait_for()
    lines = editor.evaluate(_SEEN)
    shown = [(one, colour) for line in lines for run, colour in line for one in run if not one.isspace()]
    assert shown == expected(text, palette(page))
    page.close()
