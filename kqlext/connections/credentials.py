"""ConnectionSpec -> the credential that signs its requests, or None for anonymous. azure-identity is lazy."""

from __future__ import annotations

import time
from threading import RLock
from typing import Any

from kqlext.connections import logs, token_cache
from kqlext.connections.clouds import is_loopback
from kqlext.connections.prompts import Prompt, TerminalPrompt
from kqlext.connections.schemes import SECRETS, SIGN_IN_KEYS
from kqlext.connections.sign_in import SignIn, Source, authority, chosen
from kqlext.connections.sign_in_errors import refused, sentence
from kqlext.connections.strings import ConnectionSpec
from kqlext.errors import KqlAuthenticationError, KqlConnectionError, KqlError, KqlNetworkError

_MARGIN = 300
"""Seconds before its end from which a token is not used any more."""

_READY = 60.0  # seconds for which a token is held for the request that it was asked for


class Credential:
    """What azure-core calls a TokenCredential: it speaks in errors of kqlext, keeps its tokens, and shows none."""

    def __init__(self, sign_in: SignIn) -> None:
        self._sign_in = sign_in
        self._source: Source | None = None
        self._tokens: dict[tuple[str, ...], Any] = {}
        self._ready: list[tuple[float, tuple[str, ...], Any]] = []  # tokens of `authorize`, until a request takes one
        self._lock = RLock()  # queries that run side by side ask their user once

    def __repr__(self) -> str:
        return f"Credential({self._sign_in.method.name})"

    def get_token(self, *scopes: str, **options: Any) -> Any:
        """A token for the scopes, valid for the next minutes.

        Raises:
            KqlAuthenticationError: there is none: what the method said, in short.
            KqlConnectionError: a key of the connection cannot be used, such as a certificate that is none.
            KqlNetworkError: the sign-in service cannot be reached.
        """
        with self._lock:
            kept = self._tokens.get(scopes)
            if not options.get("claims"):
                if _lasts(kept):
                    return kept
                if ready := self._take_ready(scopes):
                    return ready
            kept = self._tokens[scopes] = self._asked(*scopes, **options)
            return kept

    def authorize(self, *scopes: str) -> None:
        """Have a token for the next request: whoever is asked for it is asked now, in this thread.

        A function of the notebook that does not say for how long its tokens are good is still asked once a request.
        Raises as ``get_token`` does.
        """
        with self._lock:
            token = self.get_token(*scopes)
            if not _lasts(token):
                self._ready.append((time.monotonic(), scopes, token))

    def _take_ready(self, scopes: tuple[str, ...]) -> Any:
        now = time.monotonic()
        self._ready = [entry for entry in self._ready if now - entry[0] < _READY]
        found = next((entry for entry in self._ready if entry[1] == scopes), None)
        if found is not None:
            self._ready.remove(found)
        return found and found[2]

    def renew(self) -> None:
        """The service refused the token: the next one is to be another."""
        with self._lock:
            self._tokens.clear()
            self._ready.clear()
            if self._source is not None:
                self._source.renew()

    def forget(self) -> None:
        """Keep neither tokens nor what was asked of the user."""
        with self._lock:
            self._tokens.clear()
            self._ready.clear()
            self._source = None

    def _asked(self, *scopes: str, **options: Any) -> Any:
        from azure.core.exceptions import AzureError

        logs.tame()
        try:
            if self._source is None:
                self._source = self._sign_in.method.source(self._sign_in)
            return self._source.get_token(*scopes, **options)
        except KqlError:
            raise
        except AzureError as error:
            failure = self._failure(error)
            if isinstance(failure, KqlAuthenticationError) and not self._sign_in.method.of_a_user:
                self._source = None  # a secret that was typed may be what is wrong: it is asked for again
            raise failure from None
        except (ValueError, TypeError) as error:
            self._source = None
            raise KqlConnectionError(
                f"The keys of the sign-in ({self._sign_in.method.name}) cannot be used: "
                f"{self._without_secrets(sentence(str(error)))}.",
                hint=self._sign_in.method.hint,
            ) from None

    def _failure(self, error: Exception) -> KqlError:
        from azure.core.exceptions import ClientAuthenticationError

        text = self._without_secrets(str(error))
        cause = error.__cause__
        if not isinstance(error, ClientAuthenticationError) or _is_network(cause):
            where = self._sign_in.authority or "login.microsoftonline.com"
            return KqlNetworkError(
                f"The sign-in service {where} cannot be reached: {sentence(text)}.",
                hint="check your network and proxy, then run the cell again",
            )
        return refused(self._sign_in.method.name, text, self._sign_in.method.hint)

    def _without_secrets(self, text: str) -> str:
        for key in SECRETS:
            secret = self._sign_in.keys.get(key)
            if isinstance(secret, str) and len(secret) > 3:
                text = text.replace(secret, "…")
        return text


def _lasts(token: Any) -> bool:
    return token is not None and token.expires_on - time.time() >= _MARGIN


class SignIns:
    """The sign-ins of one session: connections with the same keys share one, so that nobody is asked twice.

    ``allow_unencrypted`` may be set at any time; it holds for the sign-ins made from then on.
    """

    def __init__(self, prompt: Prompt | None = None) -> None:
        self._prompt = prompt or TerminalPrompt()
        self._credentials: list[tuple[object, Credential]] = []
        self.allow_unencrypted = False

    def credential(self, spec: ConnectionSpec, address: str) -> Credential:
        """The credential for a connection's keys. Sends nothing and asks nothing.

        Raises:
            KqlConnectionError: keys that do not make a sign-in.
        """
        method = chosen(spec)
        where, known = authority(spec, address)
        keys = {key: value for key, value in spec.keys if key in SIGN_IN_KEYS}
        identity = (keys, where, self.allow_unencrypted)
        for made, credential in self._credentials:
            if made == identity:
                return credential
        sign_in = SignIn(method, keys, where, known, self._prompt, self.allow_unencrypted)
        credential = Credential(sign_in)
        self._credentials.append((identity, credential))
        return credential

    def sign_out(self) -> int:
        """Forget every token and who signed in, here and in the stores; gives how many sign-ins were remembered.

        Raises:
            KqlAuthenticationError: the store of tokens cannot be opened.
        """
        for _, credential in self._credentials:
            credential.forget()
        count = token_cache.Records().remove_all()
        try:
            token_cache.remove_tokens()
        except Exception as error:  # noqa: BLE001 (each system's store has errors of its own)
            raise KqlAuthenticationError(
                f"The stored tokens could not be removed: {type(error).__name__}.",
                hint="remove the folder .IdentityService in your home folder, and kqlext's entries in the keyring",
            ) from None
        return count


def credential_for(spec: ConnectionSpec, address: str, default: SignIns) -> Credential | None:
    """The credential for a service at an address: None for ``anonymous``, and for services on this machine over http
    that ask for no sign-in.

    Args:
        default: the session's sign-ins, which say how where the spec does not.

    Raises:
        KqlConnectionError: keys that do not make a sign-in.
    """
    given = [key for key, _ in spec.keys if key in SIGN_IN_KEYS]
    if "anonymous" in spec:
        if given != ["anonymous"]:
            other = next(key for key in given if key != "anonymous")
            raise KqlConnectionError(f"{other} does not go with anonymous.", hint="take one of the two out")
        return None
    if not given and is_loopback(address) and address.startswith("http://"):
        return None
    return default.credential(spec, address)


def _is_network(cause: BaseException | None) -> bool:
    from azure.core.exceptions import ServiceRequestError, ServiceResponseError

    return isinstance(cause, ServiceRequestError | ServiceResponseError)
