"""How a cluster's name becomes its address, in each cloud."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kqlext import options
from kqlext.connections.clouds import CLOUDS, cloud, cloud_of, cluster_url, friendly_name, is_loopback
from kqlext.errors import KqlConnectionError


@pytest.mark.parametrize(
    ("cluster", "url"),
    [
        ("help", "https://help.kusto.windows.net"),
        (" help ", "https://help.kusto.windows.net"),
        ("help.westeurope", "https://help.westeurope.kusto.windows.net"),
        ("help.kusto.windows.net", "https://help.kusto.windows.net"),
        ("x.kusto.chinacloudapi.cn", "https://x.kusto.chinacloudapi.cn"),
        ("x.kustomfa.windows.net", "https://x.kustomfa.windows.net"),
        ("x.kusto.fabric.microsoft.com", "https://x.kusto.fabric.microsoft.com"),
        ("x.other.windows.net", "https://x.other.windows.net"),
        ("https://help.kusto.windows.net", "https://help.kusto.windows.net"),
        ("https://help.kusto.windows.net/", "https://help.kusto.windows.net"),
        ("http://10.0.0.1:8080", "http://10.0.0.1:8080"),
        ("10.0.0.1:8080", "https://10.0.0.1:8080"),
        ("host.example:8443", "https://host.example:8443"),
        ("host.example/path", "https://host.example/path"),
        ("localhost", "http://localhost"),
        ("localhost:8080", "http://localhost:8080"),
        ("127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("[::1]:8080", "http://[::1]:8080"),
        ("https://127.0.0.1:8080", "https://127.0.0.1:8080"),
    ],
)
def test_cluster_url(cluster: str, url: str) -> None:
    assert cluster_url(cluster) == url


@pytest.mark.parametrize(
    ("name", "url"),
    [
        ("public", "https://help.kusto.windows.net"),
        ("usgovernment", "https://help.kusto.usgovcloudapi.net"),
        ("government", "https://help.kusto.usgovcloudapi.net"),
        ("Fairfax", "https://help.kusto.usgovcloudapi.net"),
        ("china", "https://help.kusto.chinacloudapi.cn"),
        ("mooncake", "https://help.kusto.chinacloudapi.cn"),
        ("germany", "https://help.kusto.cloudapi.de"),
        ("black_forest", "https://help.kusto.cloudapi.de"),
    ],
)
def test_sovereign_clouds(name: str, url: str) -> None:
    assert cluster_url("help", name) == url
    assert cluster_url("help.kusto.windows.net", name) == "https://help.kusto.windows.net"
    assert cloud_of(url) == cloud(name)


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://adx.monitor.azure.com/subscriptions/s", "public"),
        ("https://ade.loganalytics.io/subscriptions/s", "public"),
        ("https://adx.monitor.azure.us/subscriptions/s", "usgovernment"),
        ("https://adx.loganalytics.azure.us", "usgovernment"),
        ("https://adx.monitor.azure.cn/subscriptions/s", "china"),
        ("https://adx.monitor.azure.cn.example", "public"),
        ("https://azure.us.example", "public"),
    ],
)
def test_the_cloud_of_a_proxy(url: str, name: str) -> None:
    assert cloud_of(url).name == name


def test_every_cloud_of_the_option_is_known() -> None:
    assert set(options.CLOUDS) == {name for known in CLOUDS for name in (known.name, *known.aliases)}


def test_an_unknown_cloud() -> None:
    with pytest.raises(KqlConnectionError) as caught:
        cluster_url("help", "mooncak")
    assert caught.value.message == "There is no cloud mooncak."
    assert caught.value.hint == "did you mean 'mooncake'?"


@pytest.mark.parametrize("url", ["https://host.example", "http://[", "", "nonsense", "https://windows.net.example"])
def test_other_hosts_are_in_the_public_cloud(url: str) -> None:
    assert cloud_of(url).name == "public"


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://help.kusto.windows.net", "help"),
        ("https://help.westeurope.kusto.windows.net", "help.westeurope"),
        ("https://help.kusto.chinacloudapi.cn", "help_kusto_chinacloudapi_cn"),
        ("http://127.0.0.1:31500", "127_0_0_1_31500"),
        ("https://my-host.example/a", "my_host_example_a"),
        ("http://[::1]:80", "___1__80"),
        ("https://api.securityplatform.microsoft.com/lake/kql", "sentinel_lake"),
        ("https://westeurope.api.securityplatform.microsoft.com/lake/kql", "westeurope_sentinel_lake"),
        ("https://adx.monitor.azure.com/subscriptions/0a1b2c3d-0000-4000-8000-000000000000", "monitor_0a1b2c3d"),
        (
            "https://adx.monitor.azure.com/subscriptions/0a1b2c3d-0000-4000-8000-000000000000/resourceGroups/rg"
            "/providers/microsoft.operationalinsights/workspaces/my-ws",
            "monitor_0a1b2c3d_rg_my_ws",
        ),
        ("https://ade.loganalytics.io/subscriptions/s/resourcegroups/r", "loganalytics_s_r"),
        ("https://kusto.aria.microsoft.com", "aria"),
    ],
)
def test_friendly_name(url: str, name: str) -> None:
    assert friendly_name(url) == name


@pytest.mark.parametrize("url", ["http://localhost", "http://127.0.0.1:80/x", "https://127.9.9.9", "http://[::1]:80"])
def test_loopback(url: str) -> None:
    assert is_loopback(url)


@pytest.mark.parametrize(
    "url",
    [
        "https://help.kusto.windows.net",
        "http://127.0.0.1.example",
        "http://127.0.0.1@evil.example",
        "http://[",
        "http://10.0.0.1",
        "",
    ],
)
def test_no_loopback(url: str) -> None:
    assert not is_loopback(url)


@settings(deadline=None, max_examples=100)
@given(st.text() | st.text("[]:/.@%a1?#", max_size=12))
def test_any_name_has_an_address(cluster: str) -> None:
    url = cluster_url(cluster)
    assert "://" in url
    assert cluster.strip().rstrip("/") in url
    friendly_name(url)
    cloud_of(url)
