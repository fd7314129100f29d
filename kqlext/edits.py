"""Changes to a text that is sent, and the way back: places of what was sent are places of what the user wrote. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from kqlext.errors import Span


@dataclass(frozen=True, slots=True)
class Edit:
    """A piece of a text that another takes the place of.

    Attributes:
        start: the offset of both, in the text as the edits before this one left it.
        removed: what stood there; empty where something is only added.
        text: what stands there now.
        name: what the new text is called where it has an author of its own, so that errors point into it.
    """

    start: int
    removed: str
    text: str
    name: str = ""

    def apply(self, whole: str) -> str:
        """The text after this edit."""
        assert whole.startswith(self.removed, self.start)
        return whole[: self.start] + self.text + whole[self.start + len(self.removed) :]

    def undo(self, whole: str) -> str:
        """The text before this edit."""
        return whole[: self.start] + self.removed + whole[self._end :]

    def restored(self, span: Span) -> Span:
        """A span of the text after this edit, in the text before it; what is inside becomes all that was removed."""
        start, end = span.start, span.end
        begin, until = self.start, self.start + len(self.removed)
        moved = until - self._end
        return Span(
            start if start <= begin else begin if start < self._end else start + moved,
            end if end <= begin else until if end <= self._end else end + moved,
        )

    def holds(self, span: Span) -> bool:
        """Whether a span is all in the new text."""
        return self.start <= span.start and span.end <= self._end and span.start < self._end

    @property
    def _end(self) -> int:
        return self.start + len(self.text)


def written(text: str, edits: Sequence[Edit]) -> str:
    """The text as it was before all edits."""
    for edit in reversed(edits):
        text = edit.undo(text)
    return text


@dataclass(frozen=True, slots=True)
class Place:
    """A span in a text that somebody wrote; ``name`` is empty for the text that was edited."""

    text: str
    span: Span
    name: str = ""


def place(text: str, edits: Sequence[Edit], span: Span) -> Place:
    """Where a span of the edited text stands in what was written: in the text before the edits, or in a named one."""
    for edit in reversed(edits):
        if edit.name and edit.holds(span):
            return Place(edit.text, Span(span.start - edit.start, span.end - edit.start), edit.name)
        text, span = edit.undo(text), edit.restored(span)
    return Place(text, span)
