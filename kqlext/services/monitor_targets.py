"""What a ``loganalytics://`` or ``applicationinsights://`` connection queries, and at which address. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from urllib.parse import SplitResult, quote, urlsplit

from kqlext.connections.clouds import CLOUDS, cloud
from kqlext.connections.strings import ConnectionSpec
from kqlext.errors import KqlConnectionError, KqlResponseError
from kqlext.services.addresses import check_address
from kqlext.services.azure_errors import APPLICATION_INSIGHTS, LOG_ANALYTICS, Source
from kqlext.text import shorten

_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_RESOURCE = re.compile(r"/subscriptions(/(?!\.{1,2}(?:/|$))[^/?#]+)+/?", re.IGNORECASE)
# "Naming rules and restrictions for Azure resources", Microsoft.OperationalInsights/workspaces.
_WORKSPACE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{2,61}[A-Za-z0-9]")


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
        cloud: the cloud of the address.
        resource: the Azure resource id, where it is known.

    Where a workspace is given by its name, ``path`` is empty until ``with_workspace_id`` says which one it is.
    """

    kind: Kind
    name: str
    endpoint: str
    path: str
    scope: str
    cloud: str
    resource: str = ""

    @property
    def is_resource(self) -> bool:
        """Whether it is one Azure resource, given by its resource id."""
        return self.path.startswith("/v1/subscriptions/")

    @property
    def is_name(self) -> bool:
        """Whether the id of the workspace is still to be looked up."""
        return not self.path

    def with_workspace_id(self, workspace_id: str, resource: str = "") -> Target:
        """The same target, once the id of its workspace, and its resource id, are known.

        Raises:
            KqlResponseError: it is no id.
        """
        if not _GUID.fullmatch(workspace_id):
            raise KqlResponseError(f"The workspace {self.name} was found, but not its id.", hint=_HOW_TO_NAME)
        return replace(self, path=f"/v1/{self.kind.collection}/{workspace_id}", resource=resource)

    def check_address(self, token: bool, key: bool, trusted: bool) -> None:
        """Raise KqlConnectionError unless the address is safe for the token or key that goes there."""
        check_address(
            self.endpoint,
            token or key,
            self.kind.source.title,
            # A key is of one service, and its user wrote the address beside it.
            lambda url: trusted or not token or _endpoint_of(self.kind, url) is not None,
        )


def target_of(spec: ConnectionSpec) -> Target:
    """What a spec of one of ``KINDS`` names.

    Raises:
        KqlConnectionError: the cloud has no such service, the address is none, or what stands in the id's place can
            be neither an id nor a workspace's name.
    """
    kind = next(kind for kind in KINDS if kind.name == spec.scheme)
    own = _own_endpoint(kind, str(spec.get("cloud") or "public"))
    url = str(spec.get("datasourceurl") or own.url).rstrip("/")
    endpoint = _endpoint_of(kind, url) or own
    written = str(spec.get(kind.key)).strip()
    is_workspace = kind.key == "workspace"
    if is_workspace and _RESOURCE.fullmatch(written):
        resource = written.rstrip("/")
        path = f"/v1{quote(resource, safe='/()')}"
        return Target(kind, resource.rpartition("/")[2], url, path, endpoint.scope, endpoint.cloud, resource)
    if _GUID.fullmatch(written) or written.upper() == kind.demo:
        return Target(kind, written, url, f"/v1/{kind.collection}/{written}", endpoint.scope, endpoint.cloud)
    if is_workspace and _WORKSPACE_NAME.fullmatch(written):
        return Target(kind, written, url, "", endpoint.scope, endpoint.cloud)
    raise _no_id(kind, written)


_HOW_TO_NAME = (
    f"{LOG_ANALYTICS.where_the_id_stands}; or give a resource id (/subscriptions/...); alias='...' gives it a name"
)


def _no_id(kind: Kind, written: str) -> KqlConnectionError:
    shown = repr(shorten(written, 80))
    if kind.key == "workspace":
        return KqlConnectionError(
            f"{shown} is neither the id nor the name of a workspace: a name has 4 to 63 letters, digits and hyphens.",
            hint=_HOW_TO_NAME,
        )
    return KqlConnectionError(
        f"{shown} is no id: {kind.source.title} is asked by id, names are not looked up.",
        hint=f"{kind.source.where_the_id_stands}; alias='...' gives it a name",
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
