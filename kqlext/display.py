"""What IPython shows besides results: one-line notices, and a sign-in's. The only caller of IPython.display."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from html import escape
from typing import Any

from kqlext.connections.prompts import DeviceCode
from kqlext.services.base import Progress
from kqlext.text import plural, printable


class Notice:
    """One line, or a few, for the reader; no data."""

    def __init__(self, text: str) -> None:
        self.text = printable(text)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        tag = "pre" if "\n" in self.text else "span"
        return {
            "text/plain": self.text,
            "text/html": f'<{tag} class="tex2jax_ignore mathjax_ignore">{escape(self.text)}</{tag}>',
        }

    def __repr__(self) -> str:
        return self.text


def show(item: object) -> None:
    """Display something that is not the cell's last value; None is nothing."""
    if item is None:
        return
    from IPython.display import display

    display(item)  # type: ignore[no-untyped-call]


def takes_input() -> bool:
    """Whether somebody sits in front: a kernel's front end that takes input, or a terminal."""
    from IPython.core.getipython import get_ipython

    kernel = getattr(get_ipython(), "kernel", None)
    if kernel is not None:
        return bool(getattr(kernel, "_allow_stdin", False))
    return sys.stdin is not None and sys.stdin.isatty()


class SignInPrompt:
    """What a sign-in shows in a notebook: plain HTML and text, so that no code is left once it is done."""

    def can_ask(self) -> bool:
        """Whether the kernel's front end takes input, which it does not while a notebook is run by a program."""
        return takes_input()

    def __call__(self, news: DeviceCode | str) -> Callable[[str], None]:
        """Display it; gives a function that puts one line in its place."""
        from IPython.display import display

        item = Notice(news) if isinstance(news, str) else _DeviceCodeNotice(news)
        handle = display(item, display_id=True)  # type: ignore[no-untyped-call]
        # Outside of a shell there is no display to replace anything on.
        return lambda line: show(Notice(line)) if handle is None else handle.update(Notice(line))


class PageScript:
    """A script for the page of a notebook, which is run there and taken away at once: none of it is saved."""

    def __init__(self, html: Callable[[], str]) -> None:
        """Args: html: makes the output that holds the script, if there is a page."""
        self._html = html

    def _ipython_display_(self) -> None:
        from IPython.core.getipython import get_ipython
        from IPython.display import display

        if getattr(get_ipython(), "kernel", None) is None:
            return
        script = {"text/html": self._html(), "text/plain": ""}
        handle = display(script, raw=True, display_id=True)  # type: ignore[no-untyped-call]
        handle.update(Notice(""))


# --- progress --------------------------------------------------------------------------------------------

_FIRST_AFTER, _AGAIN_AFTER = 1.0, 0.5  # seconds


class ProgressLine:
    """One line about queries that take longer than a second, renewed twice a second, gone when they are done.

    A notebook that a program runs, and a terminal that is none, show nothing.
    """

    def __init__(self) -> None:
        self._began = self._renewed = time.monotonic()
        self._show: Callable[[str], None] | None = None

    def __call__(self, running: Sequence[Progress], done: int) -> None:
        """Show how far they are, if it is time to."""
        now = time.monotonic()
        if now - self._began < _FIRST_AFTER or (self._show and now - self._renewed < _AGAIN_AFTER):
            return
        self._renewed = now
        self._show = self._show or _place()
        self._show(progress_text(running, done, now - self._began))

    def close(self) -> None:
        """Take the line away."""
        if self._show is not None:
            self._show("")


def progress_text(running: Sequence[Progress], done: int, elapsed: float) -> str:
    """``receiving · 120,000 rows · 12.3 MB · 4 s · interrupt to cancel``."""
    states = [progress.state for progress in running]
    state = next((name for name in ("receiving", "running", "connecting") if name in states), "finishing")
    rows, size = sum(progress.rows for progress in running), sum(progress.bytes for progress in running)
    parts = [f"{done} of {done + len(running)} done", state] if done + len(running) > 1 else [state]
    parts += [plural(rows, "row")] if rows else []
    parts += [f"{size / 1e6:.1f} MB"] if size else []
    return " · ".join([*parts, f"{elapsed:.0f} s", "interrupt to cancel"])


def _place() -> Callable[[str], None]:
    """What shows a line in the place of the one before, and nothing for an empty one."""
    from IPython.core.getipython import get_ipython
    from IPython.display import display

    if not takes_input():
        return _write_nowhere
    if getattr(get_ipython(), "kernel", None) is None:
        return _write_on_terminal if sys.stderr.isatty() else _write_nowhere
    handle = display(Notice(""), display_id=True)  # type: ignore[no-untyped-call]
    return lambda line: handle.update(Notice(line))


def _write_nowhere(_: str) -> None:
    """Nobody looks."""


def _write_on_terminal(line: str) -> None:
    sys.stderr.write(f"\r\x1b[K{line}")
    sys.stderr.flush()


class _DeviceCodeNotice(Notice):
    """The address as a link, the code in monospace."""

    def __init__(self, news: DeviceCode) -> None:
        super().__init__(str(news))
        self._news = news

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        address, code = escape(self._news.address), escape(self._news.code)
        link = f'<a href="{address}" target="_blank" rel="noopener noreferrer">{address}</a>'
        safe = self._news.address.startswith("https://")
        html = escape(self.text).replace(address, link if safe else address).replace(code, f"<code>{code}</code>")
        return {"text/plain": self.text, "text/html": f"<span>{html}</span>"}
