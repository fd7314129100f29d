"""Links to the pages of services: taken apart again, they hold the query that was sent."""

from __future__ import annotations

import base64
import datetime as dt
import gzip
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from conftest import Shell
from hypothesis import assume, given
from hypothesis import strategies as st
from servers.certificates import CertificateAuthority
from servers.kusto import KustoServer
from servers.monitor import RESOURCE, WORKSPACE, MonitorServer

from kqlext import errors
from kqlext.connections.registry import Connection
from kqlext.connections.strings import ConnectionSpec, parse_connection
from kqlext.links import LONGEST, Link, Linked, Place, link, place_of
from kqlext.obfuscation import hides
from kqlext.services import make_opener

QUERY = "StormEvents\n| where State == 'TEXAS' and Note has \"a+b/c=&#?%\" // ü 東京\n| take 10"


def decoded(text: str, encoding: str = "utf-8") -> str:
    return gzip.decompress(base64.b64decode(text, validate=True)).decode(encoding)


def query_of(address: str) -> str:
    """The query that Azure Data Explorer or Kusto.Explorer would read from a link."""
    (encoded,) = parse_qs(urlsplit(address).query, strict_parsing=True)["query"]
    return decoded(encoded)


def place(text: str) -> Place:
    """The place of a connection that is opened, of which nothing is asked."""
    spec = parse_connection(text)
    assert isinstance(spec, ConnectionSpec)
    service = make_opener()(spec)
    made = place_of(Connection("x", service.info.cluster, spec, service))
    service.close()
    return made


def made(text: str, query: str = QUERY, to: str | None = None, **more: Any) -> Link:
    return link(Linked(place(text), query, more.pop("timespan", None)), to, **more)


# --- Kusto ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("connection", "page"),
    [
        ("https://help.kusto.windows.net/Samples;anonymous", "https://dataexplorer.azure.com/clusters/help/databases/Samples"),
        (
            "kusto://anonymous;cluster='mine.westeurope';database='My db/1'",
            "https://dataexplorer.azure.com/clusters/mine.westeurope/databases/My%20db%2F1",
        ),
        (
            "https://x.z9.kusto.fabric.microsoft.com/db;anonymous",
            "https://dataexplorer.azure.com/clusters/https%3A%2F%2Fx.z9.kusto.fabric.microsoft.com/databases/db",
        ),
        (
            "kusto://anonymous;cluster='mine';cloud='usgovernment';database='db'",
            "https://dataexplorer.azure.us/clusters/https%3A%2F%2Fmine.kusto.usgovcloudapi.net/databases/db",
        ),
        (
            "https://mine.kusto.chinacloudapi.cn/db;anonymous;cloud='china'",
            "https://dataexplorer.azure.cn/clusters/https%3A%2F%2Fmine.kusto.chinacloudapi.cn/databases/db",
        ),
        (
            "https://adx.monitor.azure.com/subscriptions/s/resourcegroups/g/providers/p/workspaces/w;anonymous",
            "https://dataexplorer.azure.com/clusters/https%3A%2F%2Fadx.monitor.azure.com%2Fsubscriptions%2Fs%2F"
            "resourcegroups%2Fg%2Fproviders%2Fp%2Fworkspaces%2Fw/databases/w",
        ),
        ("aria://anonymous;database='db'", "https://dataexplorer.azure.com/clusters/https%3A%2F%2Fkusto.aria.microsoft.com/databases/db"),
    ],
)  # fmt: skip
def test_azure_data_explorer(connection: str, page: str) -> None:
    address = made(connection)
    assert address.partition("?")[0] == page
    assert query_of(address) == QUERY
    assert address.page == "Azure Data Explorer"


def test_a_tenant() -> None:
    address = made("https://help.kusto.windows.net/Samples;tenant='contoso.com'")
    assert parse_qs(urlsplit(address).query)["tenant"] == ["contoso.com"]


@pytest.mark.parametrize("name", ["kusto_explorer", "Kusto.Explorer", "kusto.explorer"])
def test_kusto_explorer(name: str) -> None:
    address = made("https://help.kusto.windows.net/Samples;anonymous", to=name)
    assert address.startswith("https://help.kusto.windows.net/Samples?query=")
    assert parse_qs(urlsplit(address).query)["web"] == ["0"]
    assert query_of(address) == QUERY


def test_fabric() -> None:
    database, workspace = "11111111-2222-3333-4444-555555555555", "66666666-7777-8888-9999-000000000000"
    connection = f"https://x.z9.kusto.fabric.microsoft.com/{database};anonymous"
    address = made(connection, to="fabric", workspace_id=workspace)
    assert address.startswith(f"https://app.fabric.microsoft.com/groups/{workspace}/databases/{database}?query=")
    assert query_of(address) == QUERY
    for wrong in ("", "mine", f"{workspace}/../x"):
        with pytest.raises(errors.KqlUnsupportedError, match="needs the ids"):
            made(connection, to="fabric", workspace_id=wrong)


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=200))
def test_every_text_comes_back(text: str) -> None:
    assume(not hides(text))
    address = link(Linked(Place("azuredataexplorer", "https://help.kusto.windows.net", "Samples"), text))
    assert query_of(address) == text
    assert address.isascii()


# --- Azure Monitor, Resource Graph, Defender -----------------------------------------------------------------

ARM = "/subscriptions/s/resourceGroups/g/providers/Microsoft.OperationalInsights/workspaces/soc"


def logs_query(address: str) -> str:
    """The query that the Logs page reads: its part of the address is encoded twice."""
    parts = urlsplit(address).fragment.split("/")
    assert parts[parts.index("source") + 1] == "LogsBlade.AnalyticsShareLinkToQuery"
    return decoded(unquote(unquote(parts[parts.index("q") + 1])))


def test_logs() -> None:
    address = made(f"loganalytics://workspace='{ARM}';tenant='contoso.com'", timespan="P1D")
    assert logs_query(address) == QUERY
    page, _, fragment = address.partition("#")
    assert page == "https://portal.azure.com/"
    parts = fragment.split("/")
    assert parts[0] == "@contoso.com"
    assert unquote(parts[parts.index("resourceId") + 1]) == ARM
    assert parts[-2:] == ["timespan", "P1D"]
    assert "%253D" in address or "%3D" not in address


def test_a_time_range_and_a_cloud() -> None:
    span = "2024-01-01T00:00:00Z/2024-01-02T00:00:00Z"
    address = made(f"loganalytics://workspace='{ARM}';cloud='china';anonymous", timespan=span)
    assert address.startswith("https://portal.azure.cn/#view/Microsoft_OperationsManagementSuite_Workspace/")
    assert unquote(address.rpartition("/")[2]) == span
    assert "timespan" not in made(f"loganalytics://workspace='{ARM}';anonymous")


def test_the_demonstration_data() -> None:
    address = made("loganalytics://workspace='DEMO_WORKSPACE';appkey='DEMO_KEY'")
    assert "/DemoLogsBlade/resourceId/%2FDemo/" in address
    assert logs_query(address) == QUERY


def test_resource_graph() -> None:
    address = made("resourcegraph://")
    assert address.startswith("https://portal.azure.com/#view/HubsExtension/ArgQueryBlade/query/")
    assert unquote(address.rpartition("/")[2]) == QUERY


def test_defender() -> None:
    address = made("defender://tenant='contoso.com'", timespan="P7D")
    (encoded,) = parse_qs(urlsplit(address).query)["query"]
    assert set(encoded) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
    padded = encoded.replace("-", "+").replace("_", "/") + "=" * (-len(encoded) % 4)
    assert decoded(padded, "utf-16-le") == QUERY
    assert parse_qs(urlsplit(address).query)["timeRangeId"] == ["week"]
    assert "timeRangeId" not in made("defender://", timespan="P2D")


# --- no link -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("connection", "query", "message"),
    [
        ("samples", "T", "the embedded engine runs in this process"),
        ("duckdb://", "T", "the embedded engine runs in this process"),
        ("kusto://anonymous;cluster='http://127.0.0.1:8080';database='db'", "T", "not reached over https"),
        ("https://help.kusto.windows.net/Samples", "T | where a == h'secret'", "obfuscated literals"),
        ("https://help.kusto.windows.net/Samples", "externaldata(a:string)[h@'https://x;sas']", "obfuscated literals"),
        ("https://help.kusto.windows.net/Samples", "", "declares its parameters itself"),
        ("resourcegraph://", f"print '{'x' * LONGEST}'", "characters, and most servers take"),
        (f"loganalytics://workspace='{WORKSPACE}'", "T", "opens a resource by its resource id"),
        (f"applicationinsights://appid='{WORKSPACE}'", "T", "opens a resource by its resource id"),
        ("defender://cloud='usgovernment'", "T", "is not documented"),
    ],
)  # fmt: skip
def test_there_is_none(connection: str, query: str, message: str) -> None:
    with pytest.raises(errors.KqlUnsupportedError) as caught:
        made(connection, query)
    assert message in caught.value.message
    assert "secret" not in str(caught.value).replace("take the secret out", "")
    assert caught.value.hint


def test_a_page_that_the_service_has_not() -> None:
    with pytest.raises(errors.KqlCellError) as caught:
        made("https://help.kusto.windows.net/Samples", to="kusto_explorr")
    assert "kusto" in caught.value.hint
    with pytest.raises(errors.KqlCellError, match="no page fabric"):
        made("defender://", to="fabric")


# --- results and cells ---------------------------------------------------------------------------------------


@pytest.fixture
def cluster(trusted: CertificateAuthority) -> Iterator[KustoServer]:
    with KustoServer(tls=trusted) as server:
        yield server


@pytest.fixture
def connected(shell: Shell, cluster: KustoServer) -> Shell:
    shell.run(f"%kql {cluster.url}/db;anonymous")
    return shell


def test_the_link_of_a_result_has_what_was_sent(connected: Shell, cluster: KustoServer) -> None:
    connected.variables.update(limit=5, since=dt.datetime(2024, 1, 1))
    result = connected.run("%kql let n = limit; let s = since; T | where t > s | take n")
    assert query_of(result.link()) == cluster.requests[-1].csl
    assert "long(5)" in query_of(result.link())
    assert result.deep_link() == result.link("Kusto.WebExplorer")
    assert result.deep_link("Kusto.Explorer").startswith(f"{cluster.url}/db?query=")
    assert query_of(connected.run("%kql -params limit T | take limit").link()) == "let limit = long(5); T | take limit"
    ranged = connected.run("%kql -timespan 2024-01-01/2024-01-02 T | where t > _startTime")
    assert query_of(ranged.link()) == cluster.requests[-1].csl
    assert query_of(ranged.link()).startswith("let _startTime = datetime(2024-01-01T00:00:00Z); ")


def test_a_query_that_declares_its_parameters(connected: Shell) -> None:
    connected.variables["n"] = 5
    result = connected.run("%kql -params n declare query_parameters(n:long = 1); T | take n")
    with pytest.raises(errors.KqlUnsupportedError, match="declares its parameters"):
        result.link()


def test_a_cell_shows_it_above_the_result(connected: Shell) -> None:
    result = connected.run("%kql -link T | take 1")
    assert len(result) == 1
    (shown,) = connected.shown
    assert shown["text/plain"] == f"Azure Data Explorer: {result.link()}"
    assert shown["text/html"] == (
        f'<a href="{str(result.link()).replace("&", "&amp;")}" target="_blank" rel="noopener noreferrer">'
        "Open the query in Azure Data Explorer</a>"
    )
    connected.run("%kql -sql -qld Kusto.Explorer T | take 1")
    assert connected.shown[0]["text/plain"].startswith("Kusto.Explorer: https://")
    connected.run("%kql -show_query_link rows << T | take 1")
    assert connected.shown[0]["text/plain"].startswith("Azure Data Explorer: https://")
    connected.run("%kql T | take 1")
    assert connected.shown == []


def test_a_cell_without_one_says_why(connected: Shell) -> None:
    connected.run("%kql -link T | where a == h'secret'")
    assert connected.shown[0]["text/plain"] == (
        "There is no link: the query holds obfuscated literals (h'...'), which a link would show."
    )
    connected.run("%kql samples")
    connected.run("%kql -link StormEvents | count")
    assert "the embedded engine" in connected.shown[0]["text/plain"]


def test_a_long_link_is_said_to_be_long(connected: Shell) -> None:
    noise = [f"{7**power:x}" for power in (5_000, 20_000)]  # digits that do not compress
    link = connected.run(f"%kql print '{noise[0]}'").link()
    assert 2_000 < len(link) <= LONGEST
    assert "characters: some programs cut links at 2,000" in link._repr_mimebundle_()["text/html"]
    with pytest.raises(errors.KqlUnsupportedError, match="most servers take 8,000"):
        connected.run(f"%kql print '{noise[1]}'").link()


def test_several_connections_and_recorded_answers(connected: Shell, cluster: KustoServer, tmp_path: Any) -> None:
    connected.run(f"%kql {cluster.url}/other;anonymous")
    name = cluster.url.removeprefix("https://").replace(".", "_").replace(":", "_")
    result = connected.run(f"%kql -over db@{name},other@{name} T")
    with pytest.raises(errors.KqlUnsupportedError, match="several connections"):
        result.link()
    connected.run(f"%kql -cache '{tmp_path}' T")
    with pytest.raises(errors.KqlUnsupportedError, match="a recorded one"):
        connected.run(f"%kql -use_cache '{tmp_path}' T").link()


def test_a_resource_of_log_analytics(shell: Shell) -> None:
    with MonitorServer() as server:
        shell.run(f"%kql loganalytics://workspace='{RESOURCE}';datasourceurl='{server.url}'")
        result = shell.run("%kql -timespan P1D SigninLogs | count")
        assert logs_query(result.link()) == "SigninLogs | count"
        assert result.link().endswith("/timespan/P1D")
