"""Endpoints of the public and the sovereign clouds: ONE table, and how a cluster's name becomes its address."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from kqlext.errors import KqlConnectionError
from kqlext.text import did_you_mean, normalize_name, shorten


@dataclass(frozen=True)
class Cloud:
    """One cloud: its name, Kqlmagic's names for it, and the addresses of its services.

    ``suffix`` ends the hosts of Kusto clusters, ``proxy_suffix`` those of Azure Monitor's Kusto proxies. A token's
    scope is an address and ``/.default``; that of Log Analytics in the public cloud is its older address
    (``log_analytics_resource``). An empty address: the cloud has no such service.
    """

    name: str
    aliases: tuple[str, ...]
    suffix: str
    login: str
    proxy_suffix: str = ""
    log_analytics: str = ""
    log_analytics_resource: str = ""
    application_insights: str = ""
    graph: str = ""
    management: str = ""
    portal: str = ""
    data_explorer: str = ""


CLOUDS: tuple[Cloud, ...] = (
    Cloud(
        "public",
        (),
        suffix=".windows.net",
        login="https://login.microsoftonline.com",
        log_analytics="https://api.loganalytics.azure.com",
        log_analytics_resource="https://api.loganalytics.io",
        application_insights="https://api.applicationinsights.io",
        graph="https://graph.microsoft.com",
        management="https://management.azure.com",
        portal="https://portal.azure.com",
        data_explorer="https://dataexplorer.azure.com",
    ),
    Cloud(
        "usgovernment",
        ("government", "fairfax"),
        suffix=".usgovcloudapi.net",
        login="https://login.microsoftonline.us",
        proxy_suffix=".azure.us",
        log_analytics="https://api.loganalytics.us",
        log_analytics_resource="https://api.loganalytics.us",
        application_insights="https://api.applicationinsights.us",
        graph="https://graph.microsoft.us",
        management="https://management.usgovcloudapi.net",
        portal="https://portal.azure.us",
        data_explorer="https://dataexplorer.azure.us",
    ),
    Cloud(
        "china",
        ("mooncake",),
        suffix=".chinacloudapi.cn",
        login="https://login.partner.microsoftonline.cn",
        proxy_suffix=".azure.cn",
        log_analytics="https://api.loganalytics.azure.cn",
        log_analytics_resource="https://api.loganalytics.azure.cn",
        application_insights="https://api.applicationinsights.azure.cn",
        graph="https://microsoftgraph.chinacloudapi.cn",
        management="https://management.chinacloudapi.cn",
        portal="https://portal.azure.cn",
        data_explorer="https://dataexplorer.azure.cn",
    ),
    # Closed in 2021; its cluster names still resolve as they did in Kqlmagic.
    Cloud("germany", ("blackforest",), suffix=".cloudapi.de", login="https://login.microsoftonline.de"),
)


def cloud(name: str) -> Cloud:
    """The cloud of that name, in any of its spellings.

    Raises:
        KqlConnectionError: there is no such cloud.
    """
    wanted = normalize_name(name)
    found = next((cloud for cloud in CLOUDS if wanted in (cloud.name, *cloud.aliases)), None)
    if found is None:
        names = [name for cloud in CLOUDS for name in (cloud.name, *cloud.aliases)]
        hint = did_you_mean(name, names) or f"clouds are {', '.join(names)}"
        raise KqlConnectionError(f"There is no cloud {shorten(name, 40)}.", hint=hint)
    return found


def cloud_of(url: str) -> Cloud:
    """The cloud to which a host belongs; the public one where the host does not say."""
    host = _host(url)
    return next((cloud for cloud in CLOUDS if _is_of(host, cloud)), CLOUDS[0])


def _is_of(host: str, cloud: Cloud) -> bool:
    proxy = bool(cloud.proxy_suffix) and host.endswith(cloud.proxy_suffix)
    return proxy or host.endswith(cloud.suffix) or host in _hosts(cloud)


def _hosts(cloud: Cloud) -> set[str]:
    """The hosts of a cloud's services that are no Kusto clusters."""
    addresses = (cloud.log_analytics, cloud.application_insights, cloud.graph, cloud.management)
    return {_host(address) for address in addresses if address}


def cluster_url(cluster: str, cloud_name: str = "public") -> str:
    """The address of a cluster that is given by URL, host or short name (as Kqlmagic resolves them).

    ``help`` is ``https://help.kusto.windows.net``; a host on this machine is http.
    """
    cluster = cluster.strip().rstrip("/")
    if "://" in cluster:
        return cluster
    if is_loopback(f"http://{cluster}"):
        return f"http://{cluster}"
    if re.search(r"\.kusto(mfa)?\.|[/:]", cluster) or any(cluster.endswith(known.suffix) for known in CLOUDS):
        return f"https://{cluster}"
    return f"https://{cluster}.kusto{cloud(cloud_name).suffix}"


ARIA = "https://kusto.aria.microsoft.com"
"""The cluster of ``aria://``."""
_LAKE = re.compile(r"([\w-]+\.)?api\.securityplatform\.microsoft\.com/lake/kql")
_PROXY = re.compile(
    r"(?:ade|adx)\.(monitor|loganalytics|applicationinsights)\.[\w.]+"
    r"/subscriptions/([^/]{1,8})[^/]*(?:/resourcegroups/([^/]+)(?:/providers/[^/]+/[^/]+/([^/]+))?)?",
    re.IGNORECASE,
)


def friendly_name(url: str) -> str:
    """The cluster's name in ``database@cluster``: ``help``, ``sentinel_lake``, or ``127_0_0_1_31415``.

    A proxy of Azure Monitor is named by its host, the begin of the subscription, and the resource group and name.
    """
    if url == ARIA:
        return "aria"
    host_and_path = url.split("://", 1)[-1]
    if public := re.fullmatch(r"([\w.-]+)\.kusto\.windows\.net", host_and_path):
        return public.group(1)
    if lake := _LAKE.fullmatch(host_and_path):
        return f"{lake.group(1).rstrip('.')}_sentinel_lake" if lake.group(1) else "sentinel_lake"
    if proxy := _PROXY.fullmatch(host_and_path):
        host_and_path = "_".join(filter(None, proxy.groups()))
    return re.sub(r"[/.:\[\]-]", "_", host_and_path)


def is_loopback(url: str) -> bool:
    """Whether a URL's host is this machine."""
    host = _host(url)
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _host(url: str) -> str:
    """The host of a URL; none where it is no URL, as with brackets that do not close."""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""
