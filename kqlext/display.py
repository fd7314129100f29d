"""What IPython shows besides results: one-line notices. The only caller of IPython.display."""

from __future__ import annotations

from html import escape
from typing import Any

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
