"""The tables of connections: which services there are, how they are written, and which keys they take. Pure."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Scheme:
    """One kind of service: how it is written, and the keys that its connections take."""

    name: str
    aliases: tuple[str, ...]
    mandatory: tuple[str, ...]
    keys: tuple[str, ...]


SIGN_IN_KEYS = (
    "tenant", "aadurl", "clientid", "clientsecret", "username", "password", "code", "interactive", "azcli", "vscode",
    "msi", "notebookutils", "databricks", "token", "anonymous", "certificate", "certificatethumbprint",
    "certificatepemfile",
)  # fmt: skip
"""Keys that say how to sign in; every service with a sign-in takes them. ``appkey`` is the services' own."""

SCHEMES: tuple[Scheme, ...] = (
    Scheme(
        "azuredataexplorer",
        ("adx", "ade", "kusto", "https", "http"),
        ("database",),
        ("cluster", "database", "alias", "cloud", "trusted", *SIGN_IN_KEYS),
    ),
    Scheme("aria", (), ("database",), ("database", "alias", "trusted", *SIGN_IN_KEYS)),
    Scheme(
        "defender",
        ("hunting",),
        (),
        ("alias", "cloud", "datasourceurl", "trusted", *SIGN_IN_KEYS),
    ),
    Scheme(
        "resourcegraph",
        ("arg",),
        (),
        (
            "subscriptions",
            "managementgroups",
            "alias",
            "cloud",
            "datasourceurl",
            "trusted",
            *SIGN_IN_KEYS,
        ),
    ),
    Scheme(
        "applicationinsights",
        ("appinsights",),
        ("appid",),
        ("appid", "alias", "cloud", "datasourceurl", "trusted", "appkey", *SIGN_IN_KEYS),
    ),
    Scheme("aimon", (), ("appid",), ("appid", "alias", "datasourceurl", "trusted", "appkey", *SIGN_IN_KEYS)),
    Scheme(
        "loganalytics",
        (),
        ("workspace",),
        ("workspace", "alias", "cloud", "datasourceurl", "managementurl", "trusted", "appkey", *SIGN_IN_KEYS),
    ),
    Scheme("cache", ("file",), ("folder",), ("folder", "connection", "alias")),
    Scheme("duckdb", (), (), ("database", "path", "alias")),
    Scheme("samples", (), (), ("alias",)),
)

VALUELESS = frozenset({"code", "interactive", "azcli", "vscode", "notebookutils", "anonymous", "trusted"})
OPTIONAL_VALUE = frozenset({"msi", "databricks"})
LISTS = frozenset({"subscriptions", "managementgroups"})
"""Keys with several values: a text with commas, or a list of the notebook."""
EMBEDDED = ("duckdb", "samples")
"""The schemes of the engine in this process, which reads tables of the notebook by their names."""
CACHE = "cache"
"""The scheme of recorded answers."""
REPEATABLE = frozenset({"path"})
SECRETS = frozenset({"clientsecret", "password", "appkey", "certificate", "token"})


def takes_sign_in(scheme: str) -> bool:
    """Whether connections of a scheme sign in at all."""
    return any(known.name == scheme and "token" in known.keys for known in SCHEMES)


def takes_cloud(scheme: str, has_cluster: bool) -> bool:
    """Whether a connection of a scheme is in a cloud of its own.

    One that may name a cluster, and does not, is in the cloud of the connection that it has its cluster from.
    """
    keys = next((known.keys for known in SCHEMES if known.name == scheme), ())
    return "cloud" in keys and (has_cluster or "cluster" not in keys)
