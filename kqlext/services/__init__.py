"""Services: a resolved ConnectionSpec -> the service that answers its queries."""

from __future__ import annotations

from collections.abc import Callable

from kqlext.connections.clouds import cluster_url
from kqlext.connections.credentials import SignIns, credential_for
from kqlext.connections.strings import ConnectionSpec
from kqlext.errors import KqlConnectionError
from kqlext.services.base import Service

_ARIA = "https://kusto.aria.microsoft.com"


def make_opener(sign_ins: SignIns | None = None) -> Callable[[ConnectionSpec], Service]:
    """A function that opens services; they share the sign-ins."""
    default = sign_ins or SignIns()

    def open_service(spec: ConnectionSpec) -> Service:
        if spec.scheme in ("azuredataexplorer", "aria"):
            return _open_kusto(spec, default)
        if spec.scheme in ("duckdb", "samples"):
            from kqlext.services.local import open_local

            return open_local(spec)
        raise KqlConnectionError(
            f"{spec.scheme}:// is not supported yet: there is kusto:// (https://), duckdb:// and samples.",
            hint="a Log Analytics workspace can be reached through its Kusto proxy on adx.monitor.azure.com",
        )

    return open_service


def _open_kusto(spec: ConnectionSpec, default: SignIns) -> Service:
    from kqlext.services.kusto import KustoService

    cluster = (
        _ARIA if spec.scheme == "aria" else cluster_url(str(spec.get("cluster")), str(spec.get("cloud") or "public"))
    )
    return KustoService(cluster, str(spec.get("database")), credential_for(spec, cluster, default))
