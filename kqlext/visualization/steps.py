"""The steps of a query (``-steps``) as an HTML table, each with its first rows folded, and as text."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING

from kqlext.text import listing, one_line, plural, printable, shorten
from kqlext.visualization.table import bare, text_width

if TYPE_CHECKING:
    from kqlext.steps.running import Step, Stepped

_MOST = 50  # steps that are shown
_BYTES = 60_000  # that their first rows may take, about
_LABEL, _TEXT_LABEL = 160, 60  # characters of an operator
_NUMBERS_WIDTH = 55  # of the text's other columns, and of the lines between
_COLUMNS, _TEXT_COLUMNS = 5, 3  # names of columns that are listed


def mime_bundle(stepped: Stepped) -> dict[str, str]:
    """``text/html`` and ``text/plain`` of the steps."""
    steps = stepped.steps[:_MOST]
    share = min(4_000, _BYTES // (2 * max(1, len(steps))))
    heads = [bare(step.head, share) for step in steps]
    return {
        "text/html": _html(stepped, steps, [html for html, _ in heads]),
        "text/plain": _plain(stepped, steps, [text for _, text in heads]),
    }


def _caption(stepped: Stepped, shown: int) -> str:
    parts = [plural(len(stepped.steps), "step")]
    if shown < len(stepped.steps):
        parts = [f"{shown:,} of {parts[0]}, the Result's .steps has all"]
    if stepped.failed:
        parts.append(f"step {len(stepped.steps) + 1} failed: {shorten(stepped.failed, _TEXT_LABEL)}")
    if stepped.elapsed:
        parts.append(f"{stepped.elapsed:.2f} s")
    return one_line(" · ".join([*parts, stepped.connection]))


def _label(step: Step, limit: int) -> str:
    return shorten(one_line(f"reads {step.text}" if step.kind == "operand" else step.text), limit)


def _mark(step: Step) -> str:
    """What is to be seen at a glance."""
    if step.rows:
        return ""
    return "all rows are lost here" if step.rows_in else "no rows" if step.rows_in is None else ""


def _kept(step: Step) -> str:
    """The share of the rows that came in, which a step let through: never 0 % or 100 % where it is not."""
    if not step.rows_in:
        return ""
    share = 100 * step.rows / step.rows_in
    if 0 < share < 0.1:
        return "< 0.1 %"
    if 99.9 < share < 100:
        return "> 99.9 %"
    return f"{share:,.1f} %" if share % 1 else f"{share:,.0f} %"


def _columns(step: Step, most: int) -> str:
    """``+ Events · − StartTime, EndTime and 20 more``; of a step that reads no other, how many there are."""
    if step.rows_in is None:
        return plural(len(step.columns), "column")
    parts = [
        f"{sign} {listing(map(one_line, names), most)}"
        for sign, names in (("+", step.added), ("−", step.removed), ("another type:", step.retyped))
        if names
    ]
    return " · ".join(parts)


# --- HTML ------------------------------------------------------------------------------------------------

_LEFT, _RIGHT = ' style="text-align:left"', ' style="text-align:right;white-space:nowrap"'
_NAMES = (
    ("", _RIGHT),
    ("step", _LEFT),
    ("rows in", _RIGHT),
    ("rows out", _RIGHT),
    ("kept", _RIGHT),
    ("columns", _LEFT),
)


def _html(stepped: Stepped, steps: Sequence[Step], heads: Sequence[str]) -> str:
    head = "".join(f'<th scope="col"{style}>{name}</th>' for name, style in _NAMES)
    rows = "".join(_html_row(step, rows) for step, rows in zip(steps, heads, strict=True))
    return (
        '<div class="tex2jax_ignore mathjax_ignore" style="overflow:auto" tabindex="0" role="region" '
        'aria-label="steps of the query"><table>'
        '<caption style="caption-side:top;text-align:left;white-space:nowrap;width:1px">'
        f"{escape(_caption(stepped, len(steps)))}</caption>"
        f"<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>"
    )


def _html_row(step: Step, head: str) -> str:
    label = f"<code>{escape(_label(step, _LABEL))}</code>"
    if mark := _mark(step):
        label += f' <b style="border-left:3px solid #c77700;padding-left:.4em">◀ {mark}</b>'
    rows = f"{step.rows:,}" if step.rows else "<b>0</b>"
    cells = (
        (str(step.number), _RIGHT),
        (label, _LEFT),
        ("" if step.rows_in is None else f"{step.rows_in:,}", _RIGHT),
        (rows, _RIGHT),
        (_kept(step), _RIGHT),
        (escape(printable(_columns(step, _COLUMNS))), _LEFT),
    )
    return "<tr>" + "".join(f"<td{style}>{html}</td>" for html, style in cells) + "</tr>" + _folded(step, head)


def _folded(step: Step, head: str) -> str:
    """The row below a step's, with its first rows."""
    if not step.head.num_rows:
        return ""
    rows = plural(step.head.num_rows, "row")
    # As wide as the other columns are: rows that are wider do not push these aside.
    return (
        f'<tr><td></td><td colspan="{len(_NAMES) - 1}"{_LEFT[:-1]};padding-top:0">'
        f'<details style="width:0;min-width:100%;overflow:auto"><summary style="white-space:nowrap">{rows}</summary>'
        f"{head}</details></td></tr>"
    )


# --- text ------------------------------------------------------------------------------------------------


def _plain(stepped: Stepped, steps: Sequence[Step], heads: Sequence[str]) -> str:
    from prettytable import PrettyTable

    room = max(40, text_width() - _NUMBERS_WIDTH)
    for_label, for_columns = room * 4 // 7, room * 3 // 7
    table = PrettyTable(["", *(name for name, _ in _NAMES[1:])])
    for name, style in _NAMES:
        table.align[name] = "r" if style == _RIGHT else "l"
    for step in steps:
        mark = f"  <-- {_mark(step)}" if _mark(step) else ""
        label = _label(step, max(12, for_label - len(mark))) + mark
        rows_in = "" if step.rows_in is None else f"{step.rows_in:,}"
        table.add_row(
            [
                step.number,
                label,
                rows_in,
                f"{step.rows:,}",
                _kept(step),
                shorten(_columns(step, _TEXT_COLUMNS), for_columns),
            ]
        )
    parts = [table.get_string(), _caption(stepped, len(steps))]
    for step, head in zip(steps, heads, strict=True):
        if step.head.num_rows:
            parts += ["", f"{step.number}: {_label(step, _TEXT_LABEL)}", head]
    return "\n".join(parts)
