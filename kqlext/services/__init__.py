"""Services: a resolved ConnectionSpec -> the service that answers its queries."""

from __future__ import annotations

from collections.abc import Callable

from kqlext.connections.clouds import cluster_url
from kqlext.connections.credentials import SignIns, credential_for
from kqlext.connections.strings import SIGN_IN_KEYS, ConnectionSpec
from kqlext.errors import KqlConnectionError
from kqlext.services.base import Service

_ARIA = "https://kusto.aria.microsoft.com"
_BESIDE_AN_APPKEY = ("tenant", "aadurl")  # Kqlmagic took them with an appkey, for which they mean nothing


def make_opener(sign_ins: SignIns | None = None) -> Callable[[ConnectionSpec], Service]:
    """A function that opens services; they share the sign-ins."""
    default = sign_ins or SignIns()

    def open_service(spec: ConnectionSpec) -> Service:
        if spec.scheme in ("azuredataexplorer", "aria"):
            return _open_kusto(spec, default)
        if spec.scheme in ("loganalytics", "applicationinsights", "aimon"):
            return _open_monitor(spec, default)
        if spec.scheme in ("duckdb", "samples"):
            from kqlext.services.local import open_local

            return open_local(spec)
        raise KqlConnectionError(
            f"{spec.scheme}:// is not supported yet: there is kusto:// (https://), loganalytics://, "
            "applicationinsights://, duckdb:// and samples.",
            hint="%kql --help connections shows what a connection may be",
        )

    return open_service


def _open_kusto(spec: ConnectionSpec, default: SignIns) -> Service:
    from kqlext.services.kusto import KustoService

    cluster = (
        _ARIA if spec.scheme == "aria" else cluster_url(str(spec.get("cluster")), str(spec.get("cloud") or "public"))
    )
    return KustoService(cluster, str(spec.get("database")), credential_for(spec, cluster, default))


def _open_monitor(spec: ConnectionSpec, default: SignIns) -> Service:
    from kqlext.services.monitor import ApiKey, MonitorService
    from kqlext.services.monitor_targets import target_of

    target = target_of(spec)
    if "appkey" not in spec:
        return MonitorService(target, credential_for(spec, target.endpoint, default))
    other = next((key for key in SIGN_IN_KEYS if key in spec and key not in _BESIDE_AN_APPKEY), None)
    if other:
        raise KqlConnectionError(f"The keys appkey and {other} are two ways to sign in.", hint="keep one of the two")
    return MonitorService(target, ApiKey(str(spec.get("appkey"))))
