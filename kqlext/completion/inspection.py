"""Shift-Tab in a notebook: a kernel's answer to ``inspect_request``, of which IPython has no hook for magics.

A kernel that is not ipykernel's, and the terminal, have no such request; ``%kql?`` is IPython's own.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from html import escape
from typing import TYPE_CHECKING, Any

from kqlext.text import printable

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from kqlext.completion.editor import Editor

_OURS = "_kqlext_replaces"
"""The attribute under which our function keeps the kernel's own."""


def install(shell: InteractiveShell, editor: Callable[[], Editor]) -> None:
    """Let the kernel of a shell answer for KQL; for all other cells it answers as before."""
    kernel: Any = getattr(shell, "kernel", None)
    own = getattr(kernel, "do_inspect", None)
    if own is None or hasattr(own, _OURS):
        return

    @functools.wraps(own)
    def do_inspect(code: str, cursor_pos: int, *arguments: Any, **keywords: Any) -> Any:
        text = _inspected(editor, code, cursor_pos)
        return own(code, cursor_pos, *arguments, **keywords) if text is None else _reply(text)

    setattr(do_inspect, _OURS, own)
    kernel.do_inspect = do_inspect


def uninstall(shell: InteractiveShell) -> None:
    """Let the kernel answer for all cells itself again."""
    kernel: Any = getattr(shell, "kernel", None)
    own = getattr(getattr(kernel, "do_inspect", None), _OURS, None)
    if own is None:
        return
    if getattr(own, "__func__", None) is type(kernel).do_inspect:
        del kernel.do_inspect
    else:
        kernel.do_inspect = own  # somebody else's, who was here first


def _inspected(editor: Callable[[], Editor], code: str, cursor: int) -> str | None:
    """What is known of the word at the cursor; None where that is no KQL. It never raises."""
    if "%kql" not in code:
        return None
    try:
        return editor().inspect(code, cursor)
    except Exception:  # noqa: BLE001 (the front end would wait for an answer)
        return None


def _reply(text: str) -> dict[str, Any]:
    lines = [printable(line) for line in text.split("\n")]
    data = {"text/plain": "\n".join(lines), "text/html": f"<pre>{'<br>'.join(map(_html, lines))}</pre>"} if text else {}
    return {"status": "ok", "found": bool(text), "data": data, "metadata": {}}


def _html(line: str) -> str:
    if line.startswith("https://learn.microsoft.com/"):
        return f'<a href="{escape(line)}" target="_blank" rel="noopener">{escape(line)}</a>'
    return escape(line)
