"""A person signs in: by device code or in a browser, once, and is remembered; and the default chain before that."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any, Protocol

from kqlext.connections.notebook_services import NotebookUtils
from kqlext.connections.prompts import MAY_ASK, DeviceCode, Prompt
from kqlext.connections.sign_in_errors import chain_attempts, code_of, nothing_found, sentence
from kqlext.connections.token_cache import Records, persistence
from kqlext.errors import KqlAuthenticationError

_NOT_REMEMBERED = (
    "This kernel remembers it, the next one does not: the system has no encrypted store (libsecret). To keep it in a "
    "plain file that only you can read: %config KqlMagics.allow_unencrypted_token_cache = True, then %kql --close and "
    "connect again."
)


class _Tokens(Protocol):
    def get_token(self, *scopes: str, **options: Any) -> Any: ...

    def renew(self) -> None: ...


class UserSignIn:
    """azure-identity's DeviceCodeCredential or InteractiveBrowserCredential, asked only where it has to be."""

    def __init__(self, kind: str, options: dict[str, Any], prompt: Prompt, allow_unencrypted: bool) -> None:
        """Args: kind: the credential's class. options: what it takes, beside what is remembered."""
        self._kind = kind
        self._options = options
        self._prompt = prompt
        self._allow_unencrypted = allow_unencrypted
        self._name = tuple(str(options.get(key) or "default") for key in ("authority", "tenant_id", "client_id"))
        self._records = Records()
        self._credential: Any = None
        self._persistent = False
        self._replace: Callable[[str], None] | None = None
        self._renewal: dict[str, str] = {}

    def get_token(self, *scopes: str, **options: Any) -> Any:
        """A token of who is signed in; else the user is asked to sign in."""
        from azure.identity import AuthenticationRequiredError

        try:
            return self.remembered(*scopes, **options)
        except AuthenticationRequiredError:
            self._ask(*scopes)
        # With the renewal still on: the cache may hold the token that was refused beside the new one.
        return self.remembered(*scopes, **options)

    def remembered(self, *scopes: str, **options: Any) -> Any:
        """A token without asking anybody.

        Raises:
            AuthenticationRequiredError: of azure-identity: nobody is signed in, or no longer.
        """
        if self._credential is None:
            self._credential = self._made()
        token = self._credential.get_token(*scopes, **{**self._renewal, **options})
        self._renewal = {}
        return token

    def renew(self) -> None:
        # What a service asks for when it wants a token that is newer than now: the cache is not read then, the
        # refresh token is used.
        newer = {"access_token": {"nbf": {"essential": True, "value": str(int(time.time()))}}}
        self._renewal = {"claims": json.dumps(newer)}

    def _made(self) -> Any:
        import azure.identity

        options = dict(self._options)
        kept = persistence(self._allow_unencrypted)
        self._persistent = kept is not None
        record = self._records.read(*self._name) if kept else None
        if record is not None:
            # The record has its own authority and client.
            options = {name: value for name, value in options.items() if name not in ("authority", "client_id")}
        if self._kind == "DeviceCodeCredential":
            options["prompt_callback"] = self._show
        return getattr(azure.identity, self._kind)(
            **options,
            cache_persistence_options=kept,
            authentication_record=record,
            disable_automatic_authentication=True,
        )

    def _ask(self, *scopes: str) -> None:
        """Let the user sign in; whatever comes of it, no code stays on the screen."""
        if not MAY_ASK.get():
            raise KqlAuthenticationError("Nobody is signed in.", hint="run a query, which asks you to")
        if self._kind == "InteractiveBrowserCredential" and not _has_display():
            raise KqlAuthenticationError(
                "The kernel's machine has no display to open a browser on.",
                hint="write code instead of interactive: a code is then shown, to be entered in any browser",
            )
        outcome = "The sign-in was not completed."
        try:
            # It looks into the cache first, and would take the token that was refused if the renewal were left out.
            record = self._credential.authenticate(scopes=scopes, **self._renewal)
            outcome = f"Signed in as {record.username}."
            if self._persistent:
                self._records.write(record, *self._name)
            else:
                outcome = f"{outcome} {_NOT_REMEMBERED}"
        finally:
            if self._replace is not None:
                self._replace(outcome)
            elif outcome.endswith(_NOT_REMEMBERED):
                self._prompt(outcome)
            self._replace = None

    def _show(self, address: str, code: str, expires: datetime) -> None:
        self._replace = self._prompt(DeviceCode(address, code, expires))

    @property
    def can_ask(self) -> bool:
        return MAY_ASK.get() and self._prompt.can_ask()


def _has_display() -> bool:
    """Whether a browser can be opened here; a text browser would wait for keys that never come."""
    if not sys.platform.startswith("linux"):
        return True
    return any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER", "WSL_DISTRO_NAME"))


class ChainThenDevice:
    """The notebook's service, azure-identity's default chain, the device code of somebody who is there to enter it.

    Who once gave a token for a scope gives the next one too: who one is does not change within a session.
    """

    def __init__(
        self, notebook: NotebookUtils | None, chain: _Tokens, user: UserSignIn, options: dict[str, Any]
    ) -> None:
        """Args: notebook: None where its tokens are not wanted. options: what the chain takes with each request."""
        self._notebook = notebook
        self._by_notebook: dict[tuple[str, ...], bool] = {}
        self._chain = chain
        self._user = user
        self._options = options
        self._by_user = False

    def get_token(self, *scopes: str, **options: Any) -> Any:
        """A token of the first that has one.

        Raises:
            KqlAuthenticationError: none has; names each and what it said.
        """
        attempts: list[tuple[str, str]] = []
        if self._notebook is not None and self._by_notebook.get(scopes, self._notebook.is_there):
            if scopes in self._by_notebook:
                return self._notebook.get_token(*scopes, **options)
            token = self._notebook.attempt(*scopes)
            if not isinstance(token, str):
                self._by_notebook[scopes] = True
                return token
            attempts = [("notebookutils", token)]
        token = self._without_notebook(attempts, *scopes, **options)
        self._by_notebook[scopes] = False
        return token

    def _without_notebook(self, attempts: list[tuple[str, str]], *scopes: str, **options: Any) -> Any:
        from azure.core.exceptions import ClientAuthenticationError

        if self._by_user:
            return self._user.get_token(*scopes, **options)
        try:
            return self._chain.get_token(*scopes, **self._options, **options)
        except ClientAuthenticationError as error:
            attempts = [*attempts, *chain_attempts(str(error))]
            # A member that had a credential and was refused is what the user must hear of.
            if code_of(str(error)):
                raise nothing_found(attempts) from None
        try:
            ask = self._user.get_token if self._user.can_ask else self._user.remembered
            token = ask(*scopes, **options)
        except ClientAuthenticationError as error:
            why = sentence(str(error)) if self._user.can_ask else "nobody is there to enter one"
            raise nothing_found([*attempts, ("device code", why)]) from None
        self._by_user = True
        return token

    def renew(self) -> None:
        self._chain.renew()
        self._user.renew()
