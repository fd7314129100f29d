"""A cell of several kinds: KQL, commands and other magics, with blank lines between them, as Kqlmagic takes it. Pure.

    %%kql samples
    StormEvents | count
                                a blank line, then one of
    --schema StormEvents        a command
    %kql -dl 5 StormEvents      a line magic
    %%py                        Python, or another cell magic, up to the next line that begins with %%
    -dl 5 StormEvents           KQL with a connection or options of its own

None of these is KQL: a statement begins with no %, - or scheme. All stand at the begin of a line, outside of strings.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from kqlext import syntax
from kqlext.kqlmagic_names import foreign_commands, foreign_options
from kqlext.options import command_names, option_names
from kqlext.text import normalize_name

SectionKind = Literal["kql", "line", "line_magic", "cell_magic", "python"]


@dataclass(frozen=True, slots=True)
class Section:
    """One part of a cell.

    Attributes:
        kind: ``kql`` for a cell of KQL, ``line`` for a line of ``%kql``, or what else is run.
        name: of the magic.
        line: what stands on the magic's line.
        text: the lines below it. Those of KQL have a blank line for each before them: line numbers are the cell's.
    """

    kind: SectionKind
    name: str = ""
    line: str = ""
    text: str = ""


_MAGIC = re.compile(r"(%%?)([A-Za-z_][\w.]*)(?:[^\S\n]+([^\n]*?))?[^\S\n]*$", re.MULTILINE)
_COMMAND = re.compile(r"--([A-Za-z][\w-]*)(?=[\s;=]|$)")
_OPTION = re.compile(r"-!?([A-Za-z][\w-]*)(?=[\s;=]|$)")
_SCHEME = re.compile(r"[A-Za-z][\w-]*://")
_PYTHON = ("py", "pyrw")


def sections(line: str, body: str) -> list[Section]:
    """The sections of a cell; one of KQL where it holds nothing else."""
    starts = [0, *_starts(body)]
    found: list[Section] = []
    for start, end in pairwise([*starts, len(body)]):
        text = body[start:end]
        if not text.strip() and (start or end < len(body)) and not (start == 0 and line.strip()):
            continue
        found.append(_section(text, body[:start], line if start == 0 and not found else ""))
    return found


def _starts(body: str) -> Iterator[int]:
    """Where sections begin, besides the first."""
    literals = [(token.start, token.end) for token in syntax.tokens(body) if token.kind == "string"]
    position, blank, inside = 0, True, ""
    for whole in body.splitlines(keepends=True):
        start, position = position, position + len(whole)
        if any(begin < start < end for begin, end in literals) and not inside:
            blank = False
            continue
        if inside == "cell_magic":
            begins = whole.startswith("%%")
        else:
            begins = (blank or inside == "line") and (_is_other(whole) or (blank and start > 0 and _has_head(whole)))
        if begins or (inside == "line" and whole.strip()):
            if start:
                yield start
            inside = _inside(whole)
        blank = not whole.strip()


def _inside(line: str) -> str:
    """What the lines below one belong to: a cell magic, nothing, or KQL."""
    if line.startswith("%%"):
        return "" if re.match(r"%%kql\b", line) else "cell_magic"
    return "line" if _is_other(line) else ""


def _is_other(line: str) -> bool:
    """Whether a line is a command or a magic."""
    command = _COMMAND.match(line)
    names = {**command_names(), **foreign_commands()}
    return bool(_MAGIC.match(line)) or (command is not None and normalize_name(command[1]) in names)


def _has_head(line: str) -> bool:
    """Whether a line is KQL behind a connection or options."""
    option = _OPTION.match(line)
    names = {**option_names(), **foreign_options()}
    return bool(_SCHEME.match(line)) or (option is not None and normalize_name(option[1]) in names)


def _section(text: str, before: str, line: str) -> Section:
    padding = re.sub(r"[^\n]", "", before)
    magic = None if line.strip() else _MAGIC.match(text)
    if magic is None:
        if _COMMAND.match(text) and not line.strip():
            return Section("line", "kql", text.strip())
        return Section("kql", "kql", line, padding + text)
    percents, name, written = magic.groups()
    rest = text[magic.end() :].removeprefix("\n")
    if percents == "%":
        return Section("line" if name == "kql" else "line_magic", name, written or "")
    if name == "kql":  # its line is the first of the text, in the same columns
        return Section("kql", name, "", f"{padding}{' ' * len('%%kql')}{text[len('%%kql') :]}")
    return Section("python" if name in _PYTHON else "cell_magic", name, written or "", rest)
