"""Completion in IPython, in the kernel and in the terminal alike: a matcher of its API v2 (IPython 8.6 and later)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from IPython.core.completer import SimpleCompletion, context_matcher

if TYPE_CHECKING:
    from IPython.core.completer import CompletionContext

    from kqlext.completion.editor import Editor

IDENTIFIER = "kqlext"
_FIRST = 1000.0  # its priority: IPython's own matchers come after it

Matcher = Callable[["CompletionContext"], Any]


def make_matcher(editor: Callable[[], Editor], adds_brackets: bool = False) -> Matcher:
    """A matcher that completes KQL and keeps all others out of it, Jedi above all. It never raises.

    Args:
        editor: gives what completes; it is called with the first completion in KQL.
        adds_brackets: whether the front end shows ``()`` behind what is called a function, as IPython's terminal does.
    """

    @context_matcher(priority=_FIRST, identifier=IDENTIFIER)  # type: ignore[untyped-decorator]
    def kql_matcher(context: CompletionContext) -> dict[str, Any]:
        text = context.full_text
        if "%kql" not in text:
            return _nothing()
        cursor = _offset(text, context.cursor_line, context.cursor_position)
        try:
            found = editor().complete(text, cursor)
        except Exception:  # noqa: BLE001 (IPython would print the traceback into what is being typed)
            return _nothing()
        if found is None:
            return _nothing()
        typed = text[found.start : cursor]
        # Others are kept out only where there is something: what is typed already changes nothing.
        items = [(item.text, item.type) for item in found.items] or [(typed, "text")]
        if adds_brackets:
            items = [(text, "method" if kind == "function" else kind) for text, kind in items]
        return {
            "completions": [SimpleCompletion(text=text, type=kind) for text, kind in items],
            "suppress": True,
            "ordered": True,
            "matched_fragment": typed,
        }

    matcher: Matcher = kql_matcher
    return matcher


def is_ours(other: object) -> bool:
    """Whether a matcher of a shell is the one that ``make_matcher`` made."""
    return getattr(other, "matcher_identifier", None) == IDENTIFIER


def _nothing() -> dict[str, Any]:
    return {"completions": [], "suppress": False}


def _offset(text: str, line: int, column: int) -> int:
    return sum(len(before) + 1 for before in text.split("\n")[:line]) + column
