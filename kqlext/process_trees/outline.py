"""A tree as an outline that is bounded: which of its processes are shown, and the text of them for a terminal."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kqlext.process_trees.processes import Text, moments, short_name
from kqlext.text import one_line, shorten
from kqlext.visualization.table import text_width

if TYPE_CHECKING:
    from kqlext.process_trees.tree import ProcessTree

_ROWS = 150  # of text
_DEEPEST = 40  # levels of text, after which there is no room
_COMMAND = 400  # characters of a command line
_COLOURS = 9  # values that have a colour of their own
_OTHERS = "#7f7f7f"
ABSENT = "no start on record"


@dataclass(frozen=True)
class Line:
    """What is shown of one process; data, not yet markup."""

    name: str
    full_name: str
    process_id: str
    user: str
    time: str
    command: str
    absent: bool
    matched: bool
    colour: str | None
    value: str


class Outline:
    """The processes of a tree as a forest of their own.

    Attributes:
        parents: the place of each one's parent among them, -1 for those whose parent is none of them.
        below: how many of them are below each.
    """

    def __init__(self, tree: ProcessTree) -> None:
        self.tree = tree
        places = tree.places.tolist()
        index = {place: number for number, place in enumerate(places)}
        parent = tree.processes.forest.parent
        self.parents = [index.get(above, -1) for above in parent[tree.places].tolist()]
        self.below = [0] * len(places)
        for number in range(len(places) - 1, -1, -1):
            if self.parents[number] >= 0:
                self.below[self.parents[number]] += 1 + self.below[number]
        self.depths: list[int] = []
        for above in self.parents:
            self.depths.append(self.depths[above] + 1 if above >= 0 else 0)
        hosts = tree.processes.hosts
        self.hosts = [hosts[place] for place in places]
        self._times = moments(tree.processes.forest.time)
        self.colours, self.legend = _colours(tree)

    def __len__(self) -> int:
        return len(self.parents)

    def line(self, number: int) -> Line:
        """What is shown of one of them."""
        place = int(self.tree.places[number])
        processes = self.tree.processes

        def said(field: str) -> str:
            return processes.texts(field)[place] or ""

        value = self.colours[number] if self.colours else None
        return Line(
            short_name(said("name")), said("name"), id_as_shown(said("process_id"), processes.hexadecimal),
            said("user"),
            self._times[place] or "", shorten(said("command_line"), _COMMAND),
            bool(processes.forest.generation[place]), place in self.tree.matches,
            self.legend.get(value, _OTHERS) if self.colours else None, "(none)" if value is None else value,
        )  # fmt: skip

    def nearest(self, deepest: int) -> list[int]:
        """All that are not too deep, each behind its parent: first those near the top, the first of many children."""
        distances: list[float] = []
        children: Counter[int] = Counter()
        for above in self.parents:
            start = distances[above] + 1 if above >= 0 else 0.0
            distances.append(start + math.log2(1 + children[above]))
            children[above] += 1
        near = [number for number in range(len(self)) if self.depths[number] < deepest]
        return sorted(near, key=lambda number: (distances[number], number))

    def left_out(self, shown: set[int] | dict[int, str]) -> dict[int, int]:
        """How many below each of the shown are not, where the nearest of those above them is meant; -1 is for roots."""
        counts: dict[int, int] = {}
        for number, above in enumerate(self.parents):
            if number not in shown and (above < 0 or above in shown):
                counts[above] = counts.get(above, 0) + 1 + self.below[number]
        return counts


def heading(tree: ProcessTree) -> str:
    """The line above a tree, without its title."""
    return f"{tree.summary()} · times in UTC"


def _title(tree: ProcessTree) -> list[str]:
    return [one_line(tree.title)] if tree.title else []


def id_as_shown(text: str, hexadecimal: bool) -> str:
    """``500``, or ``500 (0x1f4)`` where the source writes ids in hexadecimal."""
    return f"{text} ({int(text):#x})" if hexadecimal and text.isdecimal() else text


def _colours(tree: ProcessTree) -> tuple[list[Text], dict[Text, str]]:
    """The value by which each process is coloured, and the colours of the most frequent values."""
    if tree.color is None:
        return [], {}
    column = tree.processes.column(tree.color)
    values = [column[place] for place in tree.places.tolist()]
    frequent = [value for value, _ in Counter(values).most_common(_COLOURS)]
    styles = tree.look.styles([value or "" for value in frequent])
    return values, {value: style.colour for value, style in zip(frequent, styles, strict=False)}


# --- text ------------------------------------------------------------------------------------------------


def text(tree: ProcessTree) -> str:
    """The tree for a terminal: as wide as that is, and no longer than some pages."""
    outline = Outline(tree)
    shown = set(outline.nearest(_DEEPEST)[:_ROWS])
    hidden = outline.left_out(shown)
    below: dict[int, list[int]] = {}
    for number in sorted(shown):
        below.setdefault(outline.parents[number], []).append(number)
    lines = [*(f"Warning: {one_line(note)}" for note in tree.notes), *_title(tree), heading(tree)]
    several, host = len(set(outline.hosts)) > 1, None
    waiting = [(number, "", "") for number in reversed(below.get(-1, []))]
    while waiting:
        number, before, indent = waiting.pop()
        if number < 0:
            lines.append(f"{before}… {more(hidden[-1 - number])}")
            continue
        if several and outline.parents[number] < 0 and outline.hosts[number] != host:
            host = outline.hosts[number]
            lines.append(one_line(host or "(no host)"))
        lines.append(shorten(before + _text_line(outline.line(number)), text_width()))
        children = below.get(number, []) + ([-1 - number] if number in hidden else [])
        for child in reversed(children):
            last = child == children[-1]
            waiting.append((child, f"{indent}{'└─ ' if last else '├─ '}", f"{indent}{'   ' if last else '│  '}"))
    if -1 in hidden:
        lines.append(f"… {more(hidden[-1])}")
    return "\n".join(lines)


def more(count: int) -> str:
    """``1 more process``."""
    return f"{count:,} more {'process' if count == 1 else 'processes'}"


def _text_line(line: Line) -> str:
    name = f"*{line.name}*" if line.matched else line.name
    parts = [name, line.process_id, line.user, ABSENT if line.absent else "", line.time, line.command]
    return one_line("  ".join(part for part in parts if part))
