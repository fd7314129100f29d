"""Sign-ins that a notebook service gives its kernels: Fabric and Synapse by `notebookutils`, Databricks by `dbutils`.

Sources: "NotebookUtils credentials utilities for Fabric"; "Introduction to Microsoft Spark Utilities" of Synapse; "Use
Unity Catalog service credentials to connect to external cloud services" of Databricks. All of it is looked for, and
imported, when a token is first asked for.
"""

from __future__ import annotations

import os
import pkgutil
import sys
import time
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any
from urllib.parse import urlsplit

from kqlext.connections.given_tokens import FOREVER, GivenToken, Token, read_token
from kqlext.errors import KqlAuthenticationError, KqlConnectionError

# Where the function stands: in Fabric, in Synapse, in older runtimes of Synapse.
_GET_TOKEN = (
    "notebookutils.credentials.getToken",
    "notebookutils.mssparkutils.credentials.getToken",
    "mssparkutils.credentials.getToken",
)
# Services that the function knows by a short name: the end of their hosts, and the name. Others it takes by address.
_SHORT_NAMES = ((".kusto.windows.net", "kusto"), (".kusto.fabric.microsoft.com", "kusto"))


class NotebookUtils:
    """Tokens of whoever runs the notebook in Fabric or Synapse."""

    def get_token(self, *scopes: str, **_: Any) -> Token:
        """A token for the scopes.

        Raises:
            KqlAuthenticationError: there is none.
        """
        token = self.attempt(*scopes)
        if isinstance(token, Token):
            return token
        raise KqlAuthenticationError(
            f"The sign-in (Fabric or Synapse) failed: {token}.",
            hint="the key notebookutils works in notebooks of Fabric and Synapse, for the services that they give "
            "tokens for; elsewhere leave it out, or write azcli or code",
        )

    def renew(self) -> None:
        """Nothing: it is asked again anyway."""

    @property
    def is_there(self) -> bool:
        """Whether a module of the name can be imported; it is not."""
        return any(_is_module(path.partition(".")[0]) for path in _GET_TOKEN)

    def attempt(self, *scopes: str) -> Token | str:
        """A token for the scopes, or why there is none."""
        function = _function()
        if isinstance(function, str):
            return function
        reason = ""
        for audience in _audiences(scopes[0]):
            token = _asked(function, audience)
            if isinstance(token, Token):
                return token
            reason = reason or f"getToken('{audience}') {token}"
        return reason


def _function() -> Callable[[str], object] | str:
    """The function that gives tokens, or why there is none."""
    reasons = []
    for path in _GET_TOKEN:
        if not _is_module(path.partition(".")[0]):
            continue
        try:
            found = pkgutil.resolve_name(path)
        except AttributeError:
            found = None
        except Exception as error:  # noqa: BLE001 (what runs is the import of a module that is not ours)
            reasons.append(f"notebookutils cannot be used: {type(error).__name__}")
            continue
        if callable(found):
            return found  # type: ignore[no-any-return]
        reasons.append("notebookutils has no credentials.getToken")
    return reasons[0] if reasons else "there is no module notebookutils"


def _is_module(name: str) -> bool:
    return name in sys.modules or find_spec(name) is not None


def _audiences(scope: str) -> tuple[str, ...]:
    """What a scope's service may be called in a call of ``getToken``."""
    resource = scope.removesuffix("/.default").rstrip("/")
    host = urlsplit(resource).hostname or ""
    return (*dict.fromkeys(name for end, name in _SHORT_NAMES if host.endswith(end)), resource)


def _asked(function: Callable[[str], object], audience: str) -> Token | str:
    """A token that is good for now, or what came in its place."""
    try:
        given = function(audience)
    except Exception as error:  # noqa: BLE001 (it raises what its Java side raises)
        # Only the kind: the text is pages of Java.
        return f"failed: {type(error).__name__}"
    if not isinstance(given, str) or not given.strip():
        return f"gave no token but {'an empty text' if isinstance(given, str) else type(given).__name__}"
    try:
        token = read_token(given)
    except KqlAuthenticationError:
        return "gave no token"
    if token.expires_on <= time.time():
        return "gave a token that has expired"
    # Where the token does not say for how long it is good, the function is asked every time.
    return token if token.expires_on != FOREVER else Token(token.token, 0)


_DEFAULT_CREDENTIAL = "DATABRICKS_DEFAULT_SERVICE_CREDENTIAL_NAME"
_OF_DATABRICKS = (
    "the key databricks works in notebooks of Azure Databricks (runtime 16.2 or later), with a service credential of "
    "Unity Catalog on which you have the privilege ACCESS"
)


class Databricks:
    """Tokens of a service credential of Unity Catalog."""

    def __init__(self, name: str | None) -> None:
        """Args: name: of the service credential; None for the one that the compute names."""
        self._name = name
        self._provider: GivenToken | None = None

    def get_token(self, *scopes: str, **options: Any) -> Any:
        """A token for the scopes.

        Raises:
            KqlConnectionError: no service credential is named.
            KqlAuthenticationError: this is no Databricks, or it does not give the credential.
            AzureError: as the credential raises it.
        """
        if self._provider is None:
            self._provider = self._made()
        return self._provider.get_token(*scopes, **options)

    def renew(self) -> None:
        self._provider = None

    def _made(self) -> GivenToken:
        name = self._name or os.environ.get(_DEFAULT_CREDENTIAL)
        if not name:
            raise KqlConnectionError(
                "The connection names no service credential of Databricks.",
                hint=f"write databricks='name', or set {_DEFAULT_CREDENTIAL} on the compute",
            )
        try:
            dbutils = pkgutil.resolve_name("databricks.sdk.runtime:dbutils")
        except Exception as error:  # noqa: BLE001 (elsewhere the import looks for a workspace, and fails in many ways)
            reason = f"there is no Databricks here ({type(error).__name__})"
            raise KqlAuthenticationError(f"The sign-in (Databricks) failed: {reason}.", hint=_OF_DATABRICKS) from None
        try:
            provider = dbutils.credentials.getServiceCredentialsProvider(name)
        except Exception as error:  # noqa: BLE001 (it raises what its Java side raises)
            raise KqlAuthenticationError(
                f"The sign-in (Databricks) failed: the service credential {name} cannot be had "
                f"({type(error).__name__}).",
                hint=_OF_DATABRICKS,
            ) from None
        if not callable(getattr(provider, "get_token", None)):
            raise KqlAuthenticationError(
                f"The sign-in (Databricks) failed: the service credential {name} is not one of Azure "
                f"({type(provider).__name__}).",
                hint=_OF_DATABRICKS,
            )
        return GivenToken(provider)
