"""What a ``loganalytics://`` or ``applicationinsights://`` connection queries, and at which address. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import SplitResult, quote, urlsplit

from kqlext.connections.clouds import CLOUDS, cloud, is_loopback
from kqlext.connections.strings import ConnectionSpec
from kqlext.errors import KqlConnectionError
from kqlext.services.azure_errors import APPLICATION_INSIGHTS, LOG_ANALYTICS, Source
from kqlext.text import shorten

_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_RESOURCE = re.compile(r"/subscriptions(/(?!\.{1,2}(?:/|$))[^/?#]+)+/?", re.IGNORECASE)


@dataclass(frozen=True)
class Endpoint:
    """An address of the API in one cloud, its other addresses, and the scope of its tokens."""

    cloud: str
    url: str
    older_urls: tuple[str, ...]
    scope: str


@dataclass(frozen=True)
class Kind:
    """One of the services of Azure Monitor.

    Attributes:
        name: the scheme, which is the cluster in ``name@cluster``.
        key: the key that names what is queried.
        collection: where ids stand in the path.
        others: the request property, and field of the body, for further ids.
        demo: the id of the public demonstration data.
    """

    name: str
    key: str
    collection: str
    others: str
    demo: str
    source: Source
    endpoints: tuple[Endpoint, ...]


def _scope(url: str) -> str:
    return f"{url}/.default"


_AIMON = "https://api.aimon.applicationinsights.io"
_OF_APPLICATIONS = tuple(
    Endpoint(known.name, known.application_insights, (), _scope(known.application_insights))
    for known in CLOUDS
    if known.application_insights
)

KINDS: tuple[Kind, ...] = (
    Kind(
        "loganalytics",
        "workspace",
        "workspaces",
        "workspaces",
        "DEMO_WORKSPACE",
        LOG_ANALYTICS,
        tuple(
            Endpoint(
                known.name, known.log_analytics, (known.log_analytics_resource,), _scope(known.log_analytics_resource)
            )
            for known in CLOUDS
            if known.log_analytics
        ),
    ),
    Kind("applicationinsights", "appid", "apps", "applications", "DEMO_APP", APPLICATION_INSIGHTS, _OF_APPLICATIONS),
    Kind(
        "aimon",
        "appid",
        "apps",
        "applications",
        "DEMO_APP",
        APPLICATION_INSIGHTS,
        (Endpoint("public", _AIMON, (), _scope(_AIMON)),),
    ),
)


@dataclass(frozen=True)
class Target:
    """What a connection queries.

    Attributes:
        name: as it is called in ``name@cluster``.
        endpoint: the address of the service, without a slash at its end.
        path: of what is queried, below the address; ``/query`` follows.
        scope: of the tokens for it.
        is_resource: whether it is one Azure resource, given by its resource id.
    """

    kind: Kind
    name: str
    endpoint: str
    path: str
    scope: str
    is_resource: bool = False

    def check_address(self, token: bool, key: bool) -> None:
        """Raise KqlConnectionError unless the address is one, and safe for the token or key that goes there."""
        address = _split(self.endpoint)
        if address.username is not None or address.password is not None:
            raise KqlConnectionError(
                "The address datasourceurl holds a user or a password.", hint="leave out what stands before the @"
            )
        if is_loopback(self.endpoint) or not (token or key):
            return
        if address.scheme != "https":
            raise KqlConnectionError(
                f"{self.endpoint} is not https: a token or key would go over the network in the clear.",
                hint="use https, or the key anonymous for a service without sign-in",
            )
        if token and _endpoint_of(self.kind, self.endpoint) is None:
            raise KqlConnectionError(
                f"{address.hostname} is not among the hosts of {self.kind.source.title}: no token is sent to it.",
                hint="leave datasourceurl out; for a service of your own without sign-in add the key anonymous",
            )


def target_of(spec: ConnectionSpec) -> Target:
    """What a spec of one of ``KINDS`` names.

    Raises:
        KqlConnectionError: the cloud has no such service, the address is none, or a name stands in an id's place.
    """
    kind = next(kind for kind in KINDS if kind.name == spec.scheme)
    own = _own_endpoint(kind, str(spec.get("cloud") or "public"))
    url = str(spec.get("datasourceurl") or own.url).rstrip("/")
    scope = (_endpoint_of(kind, url) or own).scope
    written = str(spec.get(kind.key)).strip()
    if kind.key == "workspace" and _RESOURCE.fullmatch(written):
        resource = written.rstrip("/")
        path = f"/v1{quote(resource, safe='/()')}"
        return Target(kind, resource.rpartition("/")[2], url, path, scope, is_resource=True)
    if not _GUID.fullmatch(written) and written.upper() != kind.demo:
        raise _no_id(kind, written)
    return Target(kind, written, url, f"/v1/{kind.collection}/{written}", scope)


def _no_id(kind: Kind, written: str) -> KqlConnectionError:
    also = ", or give a resource id (/subscriptions/...)" if kind.key == "workspace" else ""
    return KqlConnectionError(
        f"{shorten(written, 80)!r} is no id: {kind.source.title} is asked by id, names are not looked up.",
        hint=f"{kind.source.where_the_id_stands}{also}; alias='...' gives it a name",
    )


def _own_endpoint(kind: Kind, cloud_name: str) -> Endpoint:
    wanted = cloud(cloud_name).name
    found = next((endpoint for endpoint in kind.endpoints if endpoint.cloud == wanted), None)
    if found is None:
        known = ", ".join(endpoint.cloud for endpoint in kind.endpoints)
        raise KqlConnectionError(
            f"The cloud {wanted} has no {kind.source.title}.", hint=f"clouds that have it are {known}"
        )
    return found


def _endpoint_of(kind: Kind, url: str) -> Endpoint | None:
    """The endpoint that a URL is of, by its host or a host below it (as of one region)."""
    host = _split(url).hostname or ""
    for endpoint in kind.endpoints:
        names = [urlsplit(known).hostname or "" for known in (endpoint.url, *endpoint.older_urls)]
        if any(host == name or host.endswith(f".{name}") for name in names):
            return endpoint
    return None


def _split(url: str) -> SplitResult:
    try:
        address = urlsplit(url)
        well_formed = address.scheme in ("http", "https") and bool(address.hostname) and address.port != 0
    except ValueError:  # brackets that do not close, a port that is no number
        well_formed = False
    if not well_formed or address.query or address.fragment:
        raise KqlConnectionError(
            "The value of datasourceurl is no address of a service.",
            hint="write https://api.loganalytics.azure.com, or leave datasourceurl out",
        )
    return address
