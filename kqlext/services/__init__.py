"""Services: a resolved ConnectionSpec -> the service that answers its queries."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from kqlext.connections.clouds import ARIA, Cloud, cloud, cluster_url, is_loopback
from kqlext.connections.credentials import Credential, SignIns, credential_for
from kqlext.connections.schemes import SIGN_IN_KEYS
from kqlext.connections.strings import ConnectionSpec
from kqlext.errors import KqlConnectionError
from kqlext.services.base import Service

if TYPE_CHECKING:
    from kqlext.services.monitor_targets import Target
    from kqlext.services.workspace_names import WorkspaceLookup

_BESIDE_AN_APPKEY = ("tenant", "aadurl")  # Kqlmagic took them with an appkey, for which they mean nothing


def make_opener(sign_ins: SignIns | None = None) -> Callable[[ConnectionSpec], Service]:
    """A function that opens services; they share the sign-ins."""
    shared = sign_ins or SignIns()

    def open_service(spec: ConnectionSpec) -> Service:
        opener = _OPENERS.get(spec.scheme)
        if opener is None:
            raise KqlConnectionError(
                f"{spec.scheme}:// is not supported yet: there is {', '.join(f'{name}://' for name in _OPENERS)}.",
                hint="%kql --help connections shows what a connection may be",
            )
        return opener(spec, shared)

    return open_service


def _open_kusto(spec: ConnectionSpec, sign_ins: SignIns) -> Service:
    from kqlext.services.kusto import KustoService

    cluster = (
        ARIA if spec.scheme == "aria" else cluster_url(str(spec.get("cluster")), str(spec.get("cloud") or "public"))
    )
    credential = credential_for(spec, cluster, sign_ins)
    return KustoService(cluster, str(spec.get("database")), credential, "trusted" in spec)


def _open_monitor(spec: ConnectionSpec, sign_ins: SignIns) -> Service:
    from kqlext.services.monitor import ApiKey, MonitorService
    from kqlext.services.monitor_targets import target_of

    target = target_of(spec)
    if "appkey" not in spec:
        credential = credential_for(spec, target.endpoint, sign_ins)
        lookup = _workspace_lookup(spec, target, credential) if target.is_name else None
        return MonitorService(target, credential, "trusted" in spec, lookup)
    if target.is_name:
        raise KqlConnectionError(
            f"The workspace {target.name} is given by its name, which cannot be looked up with an appkey.",
            hint=f"give its id: {target.kind.source.where_the_id_stands}",
        )
    other = next((key for key in SIGN_IN_KEYS if key in spec and key not in _BESIDE_AN_APPKEY), None)
    if other:
        raise KqlConnectionError(f"The keys appkey and {other} are two ways to sign in.", hint="keep one of the two")
    return MonitorService(target, ApiKey(str(spec.get("appkey"))))


def _workspace_lookup(spec: ConnectionSpec, target: Target, credential: Credential | None) -> WorkspaceLookup:
    """What finds a workspace by its name, through Azure Resource Graph in the connection's cloud."""
    from kqlext.services.resource_graph import ResourceGraphService
    from kqlext.services.workspace_names import WorkspaceLookup

    resource = cloud(target.cloud).management
    management = str(spec.get("managementurl") or resource).rstrip("/")
    if credential is None and not is_loopback(management):
        raise KqlConnectionError(
            f"The workspace {target.name} is given by its name, which cannot be looked up without a sign-in.",
            hint=f"give its id: {target.kind.source.where_the_id_stands}",
        )
    return WorkspaceLookup(
        target.name, ResourceGraphService(management, credential, resource, trusted="trusted" in spec)
    )


def _open_defender(spec: ConnectionSpec, sign_ins: SignIns) -> Service:
    from kqlext.services.defender import DefenderService

    resource = _address("graph", spec)
    graph = str(spec.get("datasourceurl") or resource).rstrip("/")
    tenant = str(spec.get("tenant") or "")
    return DefenderService(graph, credential_for(spec, graph, sign_ins), resource, tenant, "trusted" in spec)


def _open_resource_graph(spec: ConnectionSpec, sign_ins: SignIns) -> Service:
    from kqlext.services.resource_graph import ResourceGraphService, Scope

    resource = _address("management", spec)
    management = str(spec.get("datasourceurl") or resource).rstrip("/")
    scope = Scope(_members(spec, "subscriptions"), _members(spec, "managementgroups"))
    credential = credential_for(spec, management, sign_ins)
    return ResourceGraphService(management, credential, resource, scope, "trusted" in spec)


def _open_local(spec: ConnectionSpec, _: SignIns) -> Service:
    from kqlext.services.local import open_local

    return open_local(spec)


def _open_replay(spec: ConnectionSpec, _: SignIns) -> Service:
    from kqlext.services.replay import open_replay

    return open_replay(spec)


_OPENERS: dict[str, Callable[[ConnectionSpec, SignIns], Service]] = {
    "azuredataexplorer": _open_kusto,
    "aria": _open_kusto,
    "loganalytics": _open_monitor,
    "applicationinsights": _open_monitor,
    "aimon": _open_monitor,
    "defender": _open_defender,
    "resourcegraph": _open_resource_graph,
    "cache": _open_replay,
    "duckdb": _open_local,
    "samples": _open_local,
}


def supported_schemes() -> tuple[str, ...]:
    """The schemes whose connections can be opened."""
    return tuple(_OPENERS)


def _address(service: str, spec: ConnectionSpec) -> str:
    """The address of a service in the connection's cloud.

    Raises:
        KqlConnectionError: there is no such cloud, or it has no such service.
    """
    found: Cloud = cloud(str(spec.get("cloud") or "public"))
    address = str(getattr(found, service))
    if not address:
        raise KqlConnectionError(f"The cloud {found.name} has no {spec.scheme}://.", hint="check the key cloud")
    return address


def _members(spec: ConnectionSpec, key: str) -> tuple[str, ...]:
    """The values of a key that takes several, which stand between commas."""
    members = tuple(part.strip() for part in str(spec.get(key) or "").split(",") if part.strip())
    if key in spec and not members:
        # Without members the whole tenant would be asked.
        raise KqlConnectionError(f"The key {key} is empty.", hint=f"name some, or leave {key} out for the whole tenant")
    return members
