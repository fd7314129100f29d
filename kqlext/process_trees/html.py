"""A tree as HTML that folds: ``<details>`` alone, without script and style sheet, in the colours of the page.

It reads the same in a notebook that is not trusted. Values are data: escaped, control and bidirectional
characters written out.
"""

from __future__ import annotations

import json
from html import escape
from typing import TYPE_CHECKING

from kqlext.process_trees.outline import ABSENT, Line, Outline, heading, more
from kqlext.text import one_line, printable
from kqlext.visualization.labels import middle_out

if TYPE_CHECKING:
    from kqlext.process_trees.tree import ProcessTree

_MOST_BYTES = 220_000  # of all rows as a notebook saves them
SHORT = 30_000
"""The same beside a figure."""
_DEEPEST = 100  # levels: a browser takes some hundred elements in each other
_OPEN = 100  # rows that are seen before anything is unfolded
_NAME, _VALUE = 100, 60  # characters of a name, a user
_WARNING = (
    '<p role="alert" style="border-left:3px solid #c77700;padding-left:.6em;margin:.3em 0"><b>Warning:</b> {}</p>'
)
_COMMAND = ' <span style="font-family:monospace;word-break:break-word">{}</span>'
_INDENT = "margin-left:1.3em"
_LEAF = f'<div style="{_INDENT};padding-left:1em">'


def html(tree: ProcessTree, most_bytes: int = _MOST_BYTES) -> str:
    """The tree, as much of it as a notebook may hold; what is left out is said where it would stand."""
    outline = Outline(tree)
    rows: dict[int, str] = {}
    size = 0
    for number in outline.nearest(_DEEPEST):
        row = _row(outline.line(number))
        size += len(json.dumps(row, ensure_ascii=False).encode("utf-8", "surrogatepass")) + 120
        if size > most_bytes:
            break
        rows[number] = row
    above = "".join([*(_WARNING.format(_text(note)) for note in tree.notes), *_heads(tree), _legend(outline)])
    return (
        # The classes keep JupyterLab from taking `$a = 1; $b` for mathematics.
        f'<div class="tex2jax_ignore mathjax_ignore">{above}'
        '<div style="overflow:auto;max-height:40em" tabindex="0" role="region" '
        f'aria-label="process tree">{"".join(_body(outline, rows))}</div></div>'
    )


def _heads(tree: ProcessTree) -> list[str]:
    title = [f"<b>{_text(tree.title)}</b>"] if tree.title else []
    return [f'<p style="margin:.3em 0">{line}</p>' for line in [*title, _text(heading(tree))]]


def _body(outline: Outline, rows: dict[int, str]) -> list[str]:
    """The rows within each other."""
    hidden = outline.left_out(rows)
    parents = {outline.parents[number] for number in rows}
    opened = _opened(outline, rows)
    several, host = len(set(outline.hosts)) > 1, None
    parts: list[str] = []
    line: list[int] = []  # those whose element is open

    def close(depth: int) -> None:
        while len(line) > depth:
            number = line.pop()
            parts.append(f"{_rest(hidden[number])}</details>" if number in hidden else "</details>")

    for number in sorted(rows):
        close(outline.depths[number])
        if several and outline.parents[number] < 0 and outline.hosts[number] != host:
            host = outline.hosts[number]
            parts.append(f'<div style="margin-top:.5em"><b>{_text(host or "(no host)")}</b></div>')
        if number in parents or number in hidden:
            state = " open" if number in opened else ""
            parts.append(f'<details{state} style="{_INDENT}"><summary>{rows[number]}</summary>')
            line.append(number)
        else:
            parts.append(f"{_LEAF}{rows[number]}</div>")
    close(0)
    if -1 in hidden:
        parts.append(_rest(hidden[-1]))
    return parts


def _rest(count: int) -> str:
    text = f"… {more(count)} left out here: filter(host=, root=, text=) shows fewer, to_pandas() has all"
    return f"{_LEAF}<i>{text}</i></div>"


def _opened(outline: Outline, rows: dict[int, str]) -> set[int]:
    """Those that are unfolded: what is near the top, as long as there is room on a page or two."""
    counts: dict[int, int] = {}
    for number in rows:
        counts[outline.parents[number]] = counts.get(outline.parents[number], 0) + 1
    seen = counts.get(-1, 0)
    opened = {-1}
    for number in rows:
        if outline.parents[number] in opened and seen + counts.get(number, 0) <= _OPEN:
            opened.add(number)
            seen += counts.get(number, 0)
    return opened


def _row(line: Line) -> str:
    name = _text(middle_out(line.name, _NAME))
    title = f' title="{escape(one_line(middle_out(line.full_name, 300)))}"' if line.full_name != line.name else ""
    colour = f"border-left:.6em solid {line.colour};padding-left:.3em" if line.colour else ""
    mark = f' style="{colour}"' if colour else ""
    parts = [f"<b{mark}{title}>{name}</b>"]
    if line.matched:
        parts = [f"<b{mark}{title}><u>{name}</u> ◀</b>"]
    parts += [_text(middle_out(part, _VALUE)) for part in (line.process_id, line.user) if part]
    parts += [f"<i>{ABSENT}</i>"] if line.absent else []
    parts += [line.time] if line.time else []
    return " · ".join(parts) + (_COMMAND.format(_text(line.command)) if line.command else "")


def _legend(outline: Outline) -> str:
    if not outline.legend:
        return ""
    values = [
        f'<span style="border-left:.6em solid {colour};padding-left:.3em;margin-right:1em">'
        f"{_text(middle_out('(none)' if value is None else value, _VALUE))}</span>"
        for value, colour in outline.legend.items()
    ]
    others = len(set(outline.colours)) - len(values)
    rest = f"<span>and {others:,} more in grey</span>" if others > 0 else ""
    return f'<p style="margin:.3em 0">{_text(outline.tree.color or "")}: {"".join(values)}{rest}</p>'


def _text(text: str) -> str:
    return escape(printable(text).replace("\n", " ").replace("\t", " "), quote=False)
