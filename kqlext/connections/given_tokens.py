"""``token=`` of a connection: a token as text, as a dict, from a callable, or from an object with ``get_token``."""

from __future__ import annotations

import ast
import base64
import json
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

from kqlext.errors import KqlAuthenticationError
from kqlext.text import normalize_name


class Token(NamedTuple):
    """What azure-core wants of a token: its text, and when it expires (seconds since 1970)."""

    token: str
    expires_on: int

    def __repr__(self) -> str:
        return "Token(…)"


FOREVER = 2**33
"""When a token expires that does not say when."""
_HINT = "token= takes a token, a dict with access_token, a function that gives one, or an object with get_token"


class GivenToken:
    """Gives the token that the connection brought; a function is called again before each request."""

    def __init__(self, value: object) -> None:
        self._value = value

    def get_token(self, *scopes: str, **options: Any) -> Any:
        """A token for the scopes.

        Raises:
            KqlAuthenticationError: it has expired, it is none, or the function or object failed.
            AzureError: as the object raises it.
        """
        from azure.core.exceptions import AzureError

        get_token = getattr(self._value, "get_token", None)
        failed = None
        try:
            given = get_token(*scopes, **options) if callable(get_token) else self._called()
        except AzureError:
            raise
        except Exception as error:  # noqa: BLE001 (the user's code may raise anything)
            # Only the kind: its text may hold what it was about. So it is not the context of ours either.
            failed = type(error).__name__
        if failed is not None:
            raise KqlAuthenticationError(
                f"The token of the connection could not be had: {failed}.",
                hint="call it in a cell of its own to see why",
            )
        token = read_token(given)
        if callable(get_token):
            return token
        if callable(self._value):
            # A function knows best: where its token does not say for how long it is good, it is called every time.
            return token if token.expires_on != FOREVER else Token(token.token, 0)
        if token.expires_on <= time.time():
            when = datetime.fromtimestamp(token.expires_on, UTC).strftime("%Y-%m-%d %H:%M UTC")
            raise KqlAuthenticationError(
                f"The token of the connection expired on {when}.",
                hint="get a new one, or give a function that gets one: token=my_function",
            )
        return token

    def renew(self) -> None:
        """Nothing: a function is called again anyway."""

    def _called(self) -> object:
        return self._value() if callable(self._value) else self._value


def read_token(given: object) -> Token:
    """The token in what a connection or a function gives: a text, a dict, or an object of azure-core.

    Raises:
        KqlAuthenticationError: there is none in it.
    """
    if isinstance(given, str) and given.strip().startswith("{"):
        given = parsed(given.strip())
    if isinstance(given, str) and given.strip():
        text = given.strip().removeprefix("Bearer ")
        return Token(text, _expiry_of(text))
    if isinstance(given, Mapping):
        fields = {normalize_name(str(name)): value for name, value in given.items()}
        held, expires = fields.get("accesstoken") or fields.get("token"), str(fields.get("expireson"))
        if isinstance(held, str) and held:
            return Token(held, int(expires) if expires.isdigit() else _expiry_of(held))
    held, until = getattr(given, "token", None), getattr(given, "expires_on", None)
    if isinstance(held, str) and isinstance(until, int | float):
        return Token(held, int(until))
    raise KqlAuthenticationError(f"The token of the connection is of type {type(given).__name__}.", hint=_HINT)


def parsed(text: str) -> object:
    """A dict written in the connection or option, as JSON or as Python; None where it is neither."""
    readers: tuple[Callable[[str], object], ...] = (json.loads, ast.literal_eval)
    for read in readers:
        try:
            return read(text)
        except (ValueError, SyntaxError, RecursionError, MemoryError):
            continue
    return None


def _expiry_of(token: str) -> int:
    """When a token says that it expires; never, where it is no JWT."""
    parts = token.split(".")
    if len(parts) != 3:
        return FOREVER
    try:
        claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
        return int(claims["exp"])
    except (ValueError, KeyError, TypeError):
        return FOREVER
