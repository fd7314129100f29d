"""What IPython shows besides results: one-line notices, and a sign-in's. The only caller of IPython.display."""

from __future__ import annotations

import sys
from collections.abc import Callable
from html import escape
from typing import Any

from kqlext.connections.prompts import DeviceCode
from kqlext.text import printable


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
    """Display something that is not the cell's last value."""
    from IPython.display import display

    display(item)  # type: ignore[no-untyped-call]


class SignInPrompt:
    """What a sign-in shows in a notebook: plain HTML and text, so that no code is left once it is done."""

    def can_ask(self) -> bool:
        """Whether the kernel's front end takes input, which it does not while a notebook is run by a program."""
        from IPython.core.getipython import get_ipython

        kernel = getattr(get_ipython(), "kernel", None)
        if kernel is not None:
            return bool(getattr(kernel, "_allow_stdin", False))
        return sys.stdin is not None and sys.stdin.isatty()

    def __call__(self, news: DeviceCode | str) -> Callable[[str], None]:
        """Display it; gives a function that puts one line in its place."""
        from IPython.display import display

        item = Notice(news) if isinstance(news, str) else _DeviceCodeNotice(news)
        handle = display(item, display_id=True)  # type: ignore[no-untyped-call]
        # Outside of a shell there is no display to replace anything on.
        return lambda line: show(Notice(line)) if handle is None else handle.update(Notice(line))


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
