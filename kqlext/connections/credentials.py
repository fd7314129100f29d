"""ConnectionSpec -> the credential that signs its requests, or None for anonymous. azure-identity is lazy."""

from __future__ import annotations

import logging
from typing import Any

from kqlext.connections.clouds import is_loopback
from kqlext.connections.strings import ConnectionSpec
from kqlext.errors import KqlAuthenticationError, KqlConnectionError

_SUPPORTED = frozenset({"anonymous"})
_SIGN_IN_KEYS = (
    "tenant",
    "aadurl",
    "clientid",
    "clientsecret",
    "username",
    "password",
    "code",
    "appkey",
    "certificate",
    "certificatethumbprint",
    "certificatepemfile",
)


class DefaultChain:
    """azure-identity's DefaultAzureCredential, made when the first token is asked for (0.3 s of imports)."""

    def __init__(self) -> None:
        self._chain: Any = None

    def get_token(self, *scopes: str, **options: Any) -> Any:
        """A token for the scopes, from the environment, a managed identity, or a developer tool's sign-in.

        Raises:
            KqlAuthenticationError: no member of the chain has one; names what each said, in short.
        """
        from azure.core.exceptions import ClientAuthenticationError
        from azure.identity import DefaultAzureCredential

        if self._chain is None:
            # Every member that has no credential logs some lines on stderr; the error below says it once.
            logging.getLogger("azure.identity").setLevel(logging.CRITICAL)
            self._chain = DefaultAzureCredential()
        try:
            return self._chain.get_token(*scopes, **options)
        except ClientAuthenticationError as error:
            raise KqlAuthenticationError(
                f"No sign-in was found: {_shortened(str(error))}",
                hint="run `az login` in a terminal, or set AZURE_CLIENT_ID, AZURE_TENANT_ID and AZURE_CLIENT_SECRET",
            ) from None


def credential_for(spec: ConnectionSpec, cluster: str, default: DefaultChain) -> DefaultChain | None:
    """The credential for a Kusto cluster: None for ``anonymous`` and for services on this machine.

    Raises:
        KqlConnectionError: a sign-in key that this version does not have, or a token that would leave over http.
    """
    unsupported = next((key for key in _SIGN_IN_KEYS if key in spec), None)
    if unsupported:
        raise KqlConnectionError(
            f"The key {unsupported} is not supported yet: there is anonymous, and the default sign-in.",
            hint=f"leave {unsupported} out: what `az login`, the environment or a managed identity gives is used then",
        )
    if "anonymous" in spec or (is_loopback(cluster) and cluster.startswith("http://")):
        return None
    return default


def _shortened(text: str) -> str:
    """The chain's 1.7 kB message, one clause for each member."""
    lines = [line.strip() for line in text.splitlines()[1:] if ": " in line]
    members = [line.split(": ")[0].removesuffix("Credential") for line in lines if "Credential: " in line]
    return f"tried {', '.join(members)}." if members else text.splitlines()[0]
