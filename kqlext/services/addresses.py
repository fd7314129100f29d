"""Where a sign-in token may go: to https, or to this machine, and to hosts of the service that it is for."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

from kqlext.connections.clouds import CLOUDS, cloud_of, is_loopback
from kqlext.errors import KqlConnectionError


def check_address(url: str, signed_in: bool, what: str, known: Callable[[str], bool]) -> None:
    """Refuse an address before anything is sent to it.

    Args:
        url: the service's address.
        signed_in: whether a token would go there.
        what: what is there, in the plural: ``Kusto services``.
        known: whether a URL is that of such a service; asked only where a token would leave this machine.

    Raises:
        KqlConnectionError: it is no http(s) URL, it holds a password, or a token would go over plain http or to
            a host that is not known.
    """
    address = urlsplit(url)
    if address.scheme not in ("http", "https") or not address.hostname:
        raise KqlConnectionError(f"{url!r} is no address of a service.", hint="write https:// and the name of a host")
    if address.username is not None or address.password is not None:
        raise KqlConnectionError(
            "The connection's address holds a user or a password.", hint="leave out what stands before the @"
        )
    if not signed_in or is_loopback(url):
        return
    if address.scheme != "https":
        raise KqlConnectionError(
            f"{url} is not https: a sign-in token would go over the network in the clear.",
            hint="use https, or the key anonymous for a service without sign-in",
        )
    if not known(url):
        raise KqlConnectionError(
            f"{address.hostname} is not among the hosts of {what}: no token is sent to it.",
            hint="check the name; a service of your own takes the key anonymous, or trusted to get your token",
        )


def sign_in_text(signed_in: bool, trusted: bool) -> str:
    """How requests are signed, for the description of a service."""
    if not signed_in:
        return "anonymous"
    return "signed in, a host that the connection trusts" if trusted else "signed in"


def is_kusto(url: str) -> bool:
    """Whether Microsoft lists the host of a URL among those of Kusto services."""
    from azure.kusto.data.exceptions import KustoClientInvalidConnectionStringException
    from azure.kusto.data.kusto_trusted_endpoints import well_known_kusto_endpoints

    try:
        well_known_kusto_endpoints.validate_trusted_endpoint(url, cloud_of(url).login)
    except KustoClientInvalidConnectionStringException:
        return False
    return True


def is_graph(url: str) -> bool:
    """Whether a URL is that of Microsoft Graph in one of the clouds."""
    return _origin(url) in {_origin(cloud.graph) for cloud in CLOUDS if cloud.graph}


def is_management(url: str) -> bool:
    """Whether a URL is that of Azure Resource Manager in one of the clouds."""
    return _origin(url) in {_origin(cloud.management) for cloud in CLOUDS if cloud.management}


def _origin(url: str) -> tuple[str | None, int | None]:
    address = urlsplit(url)
    return address.hostname, address.port
