"""What azure-identity and MSAL say when a sign-in fails -> one sentence, the code, and what to do. Pure."""

from __future__ import annotations

import re

from kqlext.errors import KqlAuthenticationError
from kqlext.text import shorten

HINTS: dict[str, str] = {
    "AADSTS7000215": "check the client secret: its value is wanted, not its id",
    "AADSTS7000222": "the client secret has expired: make a new one for the application",
    "AADSTS700016": "check clientid and tenant: the application must be registered or installed in that tenant",
    "AADSTS700027": "upload this certificate to the application's registration, or use the one that is there",
    "AADSTS90002": "check the tenant: its id, or one of its domain names",
    "AADSTS50076": "this needs multi-factor authentication: sign in with the key code or interactive",
    "AADSTS50079": "this needs multi-factor authentication: sign in with the key code or interactive",
    "AADSTS50173": "the sign-in was revoked: run the cell again to sign in again",
    "AADSTS53003": "a Conditional Access policy forbids this way to sign in: try interactive or azcli",
    "AADSTS65001": "the application needs consent for this service: ask an administrator of the tenant",
    "AADSTS70018": "the sign-in was declined: run the cell again for a new code",
    "AADSTS70019": "run the cell again for a new code",
    "AADSTS70020": "run the cell again for a new code",
    "AADSTS70043": "the sign-in has expired by policy: run the cell again to sign in again",
    "AADSTS500011": "the tenant does not know this service: check the cluster's name and the tenant",
}
"""What to do about the codes that people meet most."""

_ANY_WAY = (
    "run `az login` in a terminal, add the key code to the connection, or set AZURE_CLIENT_ID, AZURE_TENANT_ID and "
    "AZURE_CLIENT_SECRET"
)
_CODE = re.compile(r"AADSTS\d+")
_NOISE = re.compile(
    r"\s*(?:Trace ID:|Correlation ID:|Visit https?://|To mitigate this issue|\r?\n|Timestamp:).*", re.DOTALL
)
# What a managed identity's endpoint says, behind a sentence that is beside the point.
_CAUSE = re.compile(r"Token request error: \(\w+\) (?:None, )?(.+)", re.DOTALL)
_PREAMBLE = re.compile(r"^\w+Credential authentication unavailable[.,:]\s+")
_MEMBER = re.compile(r"^\t(\w+?)(?:Credential)?(?:: (.*))?$", re.MULTILINE)
_NAMES = {
    "Environment": "environment variables",
    "WorkloadIdentity": "workload identity",
    "ManagedIdentity": "managed identity",
    "SharedTokenCache": "shared token cache",
    "VisualStudioCode": "VS Code",
    "AzureCli": "Azure CLI",
    "AzurePowerShell": "Azure PowerShell",
    "AzureDeveloperCli": "Azure Developer CLI",
    "InteractiveBrowser": "browser",
}


def sentence(text: str) -> str:
    """The first sentence of a long message, its code kept, its trace ids and links left out."""
    text = text.removeprefix("Authentication failed: ").strip()
    if cause := _CAUSE.search(text):
        text = cause.group(1)
    text = _PREAMBLE.sub("", text)
    if code := _CODE.search(text):
        text = text[code.start() :]
    first = re.split(r"(?<=[.!?])\s", _NOISE.sub("", text).strip(), maxsplit=1)[0]
    return shorten(" ".join(first.split()).rstrip(".") or "no reason given", 200)


def code_of(text: str) -> str | None:
    """The AADSTS code in a message."""
    found = _CODE.search(text)
    return found.group() if found else None


def chain_attempts(text: str) -> list[tuple[str, str]]:
    """The members that the default chain's message lists, and why each had no token."""
    return [(_NAMES.get(name, name), sentence(why or "")) for name, why in _MEMBER.findall(text)]


def refused(method: str, text: str, hint: str) -> KqlAuthenticationError:
    """The error for one method that failed."""
    code = code_of(text)
    return KqlAuthenticationError(f"The sign-in ({method}) failed: {sentence(text)}.", hint=HINTS.get(code or "", hint))


def nothing_found(attempts: list[tuple[str, str]]) -> KqlAuthenticationError:
    """The error where every method was tried."""
    lines = [f"  {name}: {why}" for name, why in attempts]
    code = next((code for _, why in attempts if (code := code_of(why))), None)
    return KqlAuthenticationError("\n".join(["No sign-in was found:", *lines]), hint=HINTS.get(code or "", _ANY_WAY))
