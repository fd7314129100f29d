"""Links that open a query in the web page or program of its service. Pure.

Sources: "Create a query deep link" of Azure Data Explorer; links that the pages of Logs and Resource Graph in the Azure
portal and of Defender's advanced hunting share, decoded (shared/reference/azure-services.md section 6).
"""

from __future__ import annotations

import base64
import gzip
import re
from collections.abc import Callable
from dataclasses import dataclass
from html import escape
from typing import Any
from urllib.parse import quote, urlsplit

from kqlext.connections.clouds import ARIA, cloud, cluster_url
from kqlext.connections.registry import Connection
from kqlext.errors import KqlCellError, KqlUnsupportedError
from kqlext.obfuscation import hides
from kqlext.text import did_you_mean, normalize_name

LONGEST = 8_000
"""Characters of a link: most servers take no longer address."""
CUT = 2_000
"""Characters from which on some mail and chat programs cut a link."""


@dataclass(frozen=True)
class Place:
    """Where a query ran, as far as a link needs it; no secret.

    Attributes:
        scheme: of the connection.
        cluster: its URL, of Kusto services.
        database: its own name.
        cloud: the name of the cloud.
        tenant: where the connection names one.
        resource: the Azure resource id of what was asked, where it is known.
    """

    scheme: str
    cluster: str = ""
    database: str = ""
    cloud: str = "public"
    tenant: str = ""
    resource: str = ""


@dataclass(frozen=True)
class Linked:
    """What a link is made of.

    Attributes:
        place: None where there is no one place: ``reason`` says why.
        text: the query as it was sent, every value in it.
        timespan: the time range beside it, ISO 8601.
    """

    place: Place | None
    text: str = ""
    timespan: str | None = None
    reason: str = ""


class Link(str):
    """The address, which shows itself as a link."""

    page: str

    def __new__(cls, address: str, page: str) -> Link:
        link = super().__new__(cls, address)
        link.page = page
        return link

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        address, page = escape(self), escape(self.page)
        note = f" ({len(self):,} characters: some programs cut links at {CUT:,})" if len(self) > CUT else ""
        anchor = f'<a href="{address}" target="_blank" rel="noopener noreferrer">Open the query in {page}</a>{note}'
        return {"text/plain": f"{self.page}{note}: {self}", "text/html": anchor}


def place_of(connection: Connection) -> Place:
    """The place that a connection asks."""
    spec, info = connection.spec, connection.service.info
    if spec.scheme in ("azuredataexplorer", "aria"):
        url = ARIA if spec.scheme == "aria" else cluster_url(str(spec.get("cluster")), _cloud(connection))
        return Place(spec.scheme, url, info.real_name or info.database, _cloud(connection), _tenant(connection))
    return Place(spec.scheme, "", info.database, _cloud(connection), _tenant(connection), info.resource)


def _cloud(connection: Connection) -> str:
    return cloud(str(connection.spec.get("cloud") or "public")).name


def _tenant(connection: Connection) -> str:
    tenant = connection.spec.get("tenant")
    return tenant if isinstance(tenant, str) and re.fullmatch(r"[\w.-]+", tenant) else ""


def link(linked: Linked, to: str | None = None, workspace_id: str = "") -> Link:
    """The link to a query.

    Args:
        to: ``data_explorer``, ``kusto_explorer`` (or Kqlmagic's ``Kusto.WebExplorer`` and ``Kusto.Explorer``),
            ``fabric``; None for the page of the service.
        workspace_id: of the Fabric workspace that holds the database, for ``fabric``.

    Raises:
        KqlCellError: there is no such page.
        KqlUnsupportedError: there is no link; the message says why.
    """
    place = linked.place
    if place is None:
        raise _none(linked.reason or "this answer is of no service")
    found = _destination(place, to)
    if hides(linked.text):
        raise _none(
            "the query holds obfuscated literals (h'...'), which a link would show",
            "take the secret out of the query, or open the page and paste it there",
        )
    if not linked.text:
        raise _none("the query declares its parameters itself, and a link holds no values")
    address = found.address(place, linked, workspace_id)
    if len(address) > LONGEST:
        raise _none(
            f"it would have {len(address):,} characters, and most servers take {LONGEST:,}",
            "shorten the query, or paste it: result.query",
        )
    return Link(address, found.title)


def _none(why: str, hint: str = "result.query is the text") -> KqlUnsupportedError:
    return KqlUnsupportedError(f"There is no link: {why}.", hint=hint)


def encoded(text: str, encoding: str = "utf-8") -> str:
    """gzip and base64, as these pages read it."""
    return base64.b64encode(gzip.compress(text.encode(encoding), mtime=0)).decode()


# --- pages ---------------------------------------------------------------------------------------------------


def _data_explorer(place: Place, linked: Linked, _: str) -> str:
    host = cloud(place.cloud).data_explorer
    if not host:
        raise _none(f"the cloud {place.cloud} has no Azure Data Explorer")
    short = re.fullmatch(r"https://([\w-]+(?:\.[\w-]+)?)\.kusto\.windows\.net", _https(place))
    cluster = short[1] if short else quote(place.cluster, safe="")
    tenant = f"&tenant={place.tenant}" if place.tenant else ""
    database = quote(place.database, safe="")
    return f"{host}/clusters/{cluster}/databases/{database}?query={quote(encoded(linked.text), safe='')}{tenant}"


def _kusto_explorer(place: Place, linked: Linked, _: str) -> str:
    if urlsplit(_https(place)).path not in ("", "/"):
        raise _none("Kusto.Explorer is opened by clusters themselves, and this one is behind a proxy")
    database = quote(place.database, safe="")
    return f"{place.cluster.rstrip('/')}/{database}?query={quote(encoded(linked.text), safe='')}&web=0"


_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


def _fabric(place: Place, linked: Linked, workspace_id: str) -> str:
    if not _GUID.fullmatch(workspace_id) or not _GUID.fullmatch(place.database):
        raise _none(
            "Fabric's page needs the ids of the workspace and of the database",
            "result.link('fabric', workspace_id='...'), with the database given by its id; or result.link()",
        )
    query = quote(encoded(linked.text), safe="")
    return f"https://app.fabric.microsoft.com/groups/{workspace_id}/databases/{place.database}?query={query}"


def _https(place: Place) -> str:
    """The cluster's address, which others can open."""
    address = urlsplit(place.cluster)
    if address.scheme != "https" or "@" in address.netloc:
        raise _none("the cluster is not reached over https, so that no page can open it")
    return place.cluster


def _logs(place: Place, linked: Linked, _: str) -> str:
    query = quote(quote(encoded(linked.text), safe=""), safe="")
    share = f"source/LogsBlade.AnalyticsShareLinkToQuery/q/{query}"
    timespan = f"/timespan/{quote(linked.timespan, safe='')}" if linked.timespan else ""
    portal = _portal(place)
    if place.database.upper() == "DEMO_WORKSPACE":
        return f"{portal}/#view/Microsoft_Azure_Monitoring_Logs/DemoLogsBlade/resourceId/%2FDemo/{share}{timespan}"
    if not place.resource:
        raise _none(
            "the Azure portal opens a resource by its resource id, which is not known",
            "connect by the workspace's name or resource id: workspace='/subscriptions/...'",
        )
    blade = "Microsoft_OperationsManagementSuite_Workspace/Logs.ReactView/resourceId"
    where = f"#@{place.tenant}/blade" if place.tenant else "#view"
    return f"{portal}/{where}/{blade}/{quote(place.resource, safe='')}/{share}{timespan}"


def _resource_graph(place: Place, linked: Linked, _: str) -> str:
    where = f"#@{place.tenant}/blade" if place.tenant else "#view"
    return f"{_portal(place)}/{where}/HubsExtension/ArgQueryBlade/query/{quote(linked.text, safe='')}"


def _portal(place: Place) -> str:
    portal = cloud(place.cloud).portal
    if not portal:
        raise _none(f"the cloud {place.cloud} has no portal")
    return portal


_RANGES = {"P1D": "day", "P7D": "week", "P30D": "month"}  # those that the page names


def _defender(place: Place, linked: Linked, _: str) -> str:
    if place.cloud != "public":
        raise _none(f"the address of advanced hunting in the cloud {place.cloud} is not documented")
    query = encoded(linked.text, "utf-16-le").replace("+", "-").replace("/", "_").rstrip("=")
    ranged = f"&timeRangeId={_RANGES[linked.timespan]}" if linked.timespan in _RANGES else ""
    tenant = f"&tid={place.tenant}" if place.tenant else ""
    return f"https://security.microsoft.com/v2/advanced-hunting?query={query}{ranged}{tenant}"


@dataclass(frozen=True)
class Destination:
    """A page or program: its names, its title, the schemes whose queries it opens, and how its address is made."""

    name: str
    aliases: tuple[str, ...]
    title: str
    schemes: tuple[str, ...]
    address: Callable[[Place, Linked, str], str]


_KUSTO = ("azuredataexplorer", "aria")
_MONITOR = ("loganalytics", "applicationinsights", "aimon")
DESTINATIONS: tuple[Destination, ...] = (
    Destination("data_explorer", ("Kusto.WebExplorer",), "Azure Data Explorer", _KUSTO, _data_explorer),
    Destination("kusto_explorer", ("Kusto.Explorer",), "Kusto.Explorer", _KUSTO, _kusto_explorer),
    Destination("fabric", (), "Microsoft Fabric", _KUSTO, _fabric),
    Destination("logs", (), "the Azure portal", _MONITOR, _logs),
    Destination("resource_graph", (), "the Azure portal", ("resourcegraph",), _resource_graph),
    Destination("defender", (), "Microsoft Defender", ("defender",), _defender),
)
"""The first that opens the queries of a scheme is the one where nobody names another."""


def _destination(place: Place, to: str | None) -> Destination:
    fitting = [known for known in DESTINATIONS if place.scheme in known.schemes]
    if not fitting:
        raise _none("the embedded engine runs in this process, and no page opens it")
    names = {normalize_name(name): known for known in fitting for name in (known.name, *known.aliases)}
    if to is None:
        return fitting[0]
    found = names.get(normalize_name(to))
    if found is None:
        hint = did_you_mean(to, names) or f"there is {', '.join(known.name for known in fitting)}"
        raise KqlCellError(f"There is no page {to} of this service.", hint=hint)
    return found
