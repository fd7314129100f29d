"""What a sign-in tells its user and asks of them. Knows nothing of IPython: ``display`` gives the notebook's prompt."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from getpass import getpass
from typing import Protocol

from kqlext.errors import KqlAuthenticationError
from kqlext.text import normalize_name

MAY_ASK: ContextVar[bool] = ContextVar("kqlext may ask", default=True)
"""Whether a sign-in may ask its user: what runs in the background, unasked, may not."""


@dataclass(frozen=True)
class DeviceCode:
    """Where the user enters which code, and until when."""

    address: str
    code: str
    expires: datetime

    def __str__(self) -> str:
        until = self.expires.astimezone().strftime("%H:%M")
        return f"To sign in, open {self.address} and enter the code {self.code} (valid until {until})."


class Prompt(Protocol):
    """Shows a sentence or a device code."""

    def can_ask(self) -> bool:
        """Whether somebody is there to answer."""
        ...

    def __call__(self, news: DeviceCode | str) -> Callable[[str], None]:
        """Show it; gives a function that puts one line in its place."""
        ...


class TerminalPrompt:
    """For scripts: lines on stderr, since stdout is the script's own."""

    def can_ask(self) -> bool:
        return sys.stdin is not None and sys.stdin.isatty() and sys.stderr.isatty()

    def __call__(self, news: DeviceCode | str) -> Callable[[str], None]:
        self._write(str(news))
        return self._write

    def _write(self, text: str) -> None:
        print(text, file=sys.stderr, flush=True)


def is_left_open(key: str, value: str) -> bool:
    """Whether a connection has no value for a key, or Kqlmagic's sign that it is to be asked for: ``<appkey>``."""
    text = value.strip()
    return not text or (text.startswith("<") and text.endswith(">") and normalize_name(text[1:-1]) == key)


def ask_secret(key: str) -> str:
    """The value of a key that the connection leaves open, typed by the user and shown nowhere.

    Raises:
        KqlAuthenticationError: nobody is there to type, or nothing was typed.
    """
    try:
        typed = getpass(f"{key}: ") if MAY_ASK.get() else ""
    except (EOFError, NotImplementedError):  # a kernel without input raises IPython's kind of the second
        typed = ""
    if not typed:
        raise KqlAuthenticationError(
            f"The connection has no {key}, and none was typed.",
            hint=f"write {key}=$NAME, and set the environment variable NAME before the kernel starts",
        )
    return typed
