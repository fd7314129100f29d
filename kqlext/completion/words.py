"""What a completion is, whoever found it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Completion:
    """A text for the place of the word at the cursor; ``type`` is a word that front ends have icons for."""

    text: str
    type: str


@dataclass(frozen=True, slots=True)
class Completions:
    """What may stand in a cell from ``start`` to the cursor, best first."""

    start: int
    items: tuple[Completion, ...]


def completions(texts: Iterable[str], kind: str) -> list[Completion]:
    """Completions of one type."""
    return [Completion(text, kind) for text in texts]


def beginning_with(word: str, items: Iterable[Completion]) -> tuple[Completion, ...]:
    """Those that begin with a word, whatever its case, each once; those in its very case first."""
    typed = word.lower()
    found = {item.text: item for item in items if item.text.lower().startswith(typed)}
    return tuple(sorted(found.values(), key=lambda item: not item.text.startswith(word)))


_PLAIN_NAME = re.compile(r"[^\W\d]\w*")


def as_written(name: str) -> str:
    """The name of a table or column as KQL reads it."""
    if _PLAIN_NAME.fullmatch(name):
        return name
    escaped = name.replace("\\", "\\\\").replace("'", "\\'")
    return f"['{escaped}']"
