"""CommonSecurityLog: the firewall of the office sees what the processes send to the internet, and who knocks."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from kqlext.samples.columns import Columns, numbers, pick, texts
from kqlext.samples.company import HOST_ADDRESSES, HOST_NAMES
from kqlext.samples.data.company import OFFICE_ADDRESS
from kqlext.samples.data.credentials import PORTAL_PASSWORD, SHARED_SIGNATURE
from kqlext.samples.data.intrusion import BEACON_ADDRESS, SPRAY_ADDRESS
from kqlext.samples.draws import SECOND, Random, below, moment

_FIREWALL = "fw-edge-01"
_KNOCK_START, _KNOCK_PORTS = "2024-03-13T07:44:20", (22, 23, 25, 80, 443, 445, 1433, 3389, 5985, 8080)
# Time, host, remote name, address, request: addresses with a secret in them.
_TELLING_REQUESTS = (
    ("2024-03-12T16:20:11", "WS-ENG-01", "contosobackup.blob.example", "198.51.100.61",
     "https://contosobackup.blob.example/exports/crm.bak?sv=2022-11-02&sr=b&sp=r&sig=" + SHARED_SIGNATURE),
    ("2024-03-14T14:47:35", "WS-SALES-02", "shop.northwind.example", "203.0.113.82",
     "http://shop.northwind.example/login?user=osilva&password=" + PORTAL_PASSWORD),
)  # fmt: skip


def common_security_log(random: Random, network: pa.Table) -> Columns:
    """`network` is DeviceNetworkEvents; the company's own services (192.0.2.0/24) do not pass here."""
    # Arrow's functions would import pandas to look at the texts that they are given.
    outside = [address.startswith(("203.0.113.", "198.51.100.")) for address in network["RemoteIP"].to_pylist()]
    seen = network.take(numbers(np.flatnonzero(outside)))
    passed, telling = len(seen), len(_TELLING_REQUESTS)
    knocks, ports = 6 * len(_KNOCK_PORTS), [*_KNOCK_PORTS] * 6
    count = passed + telling + knocks
    times = np.concatenate([
        seen["TimeGenerated"].cast(pa.int64()).to_pylist(), [moment(each[0]) for each in _TELLING_REQUESTS],
        moment(_KNOCK_START) + np.arange(knocks) * 4 * SECOND,
    ])  # fmt: skip
    knocked = np.arange(count) >= passed + telling
    remote = seen["RemoteIP"].to_pylist()
    beacon = np.array([address == BEACON_ADDRESS for address in remote] + [False] * (telling + knocks))
    urls = seen["RemoteUrl"].to_pylist()
    asked = seen["RemotePort"].to_pylist()
    requests = [_request(url, port) for url, port in zip(urls, asked, strict=True)]
    hosts = [HOST_NAMES.index(each[1]) for each in _TELLING_REQUESTS]
    sources = [*seen["LocalIP"].to_pylist(), *(HOST_ADDRESSES[host] for host in hosts), *[SPRAY_ADDRESS] * knocks]
    names = dict(zip(HOST_ADDRESSES, HOST_NAMES, strict=True))
    users = [*seen["InitiatingProcessAccountName"].to_pylist(), "ysato", "osilva", *[""] * knocks]
    sent = np.where(beacon, 380 + below(random, 40, count), 400 + below(random, 30_000, count))
    received = np.where(beacon, 210 + below(random, 30, count), 800 + below(random, 900_000, count))
    action = ["allow", "deny"]
    return {
        "TimeGenerated": times, "StartTime": times - SECOND, "EndTime": times, "SourceSystem": "OpsManager",
        "DeviceVendor": "Palo Alto Networks", "DeviceProduct": "PAN-OS", "DeviceVersion": "11.0.2",
        "DeviceEventClassID": pick(["end", "drop"], knocked), "Activity": "TRAFFIC",
        "LogSeverity": pick(["1", "3"], knocked), "ApplicationProtocol": pick(["ssl", "not-applicable"], knocked),
        "CommunicationDirection": pick(["Outbound", "Inbound"], knocked), "Computer": _FIREWALL,
        "DeviceName": _FIREWALL, "DeviceAddress": "10.1.1.1", "Protocol": "TCP",
        "DestinationHostName": texts([*urls, *(each[2] for each in _TELLING_REQUESTS), *[""] * knocks]),
        "DestinationIP": texts([*remote, *(each[3] for each in _TELLING_REQUESTS),
                                *[OFFICE_ADDRESS] * knocks]),
        "DestinationPort": np.array([*asked, 443, 80, *ports]), "DeviceAction": pick(action, knocked),
        "SimplifiedDeviceAction": pick(action, knocked),
        "Message": pick(["", "no policy allows this"], knocked),
        "SentBytes": np.where(knocked, 60, sent), "ReceivedBytes": np.where(knocked, 0, received),
        "RequestURL": texts([*requests, *(each[4] for each in _TELLING_REQUESTS), *[""] * knocks]),
        "RequestMethod": pick(["GET", ""], knocked), "SourceIP": texts(sources),
        "RequestClientApplication": pick(["Mozilla/5.0 (Windows NT 10.0)", ""], knocked | beacon),
        "SourceHostName": texts([names.get(source, "") for source in sources]),
        "SourcePort": 49152 + below(random, 16000, count), "SourceUserName": texts(users),
    }  # fmt: skip


def _request(name: str, port: int) -> str:
    return f"{'https' if port == 443 else 'http'}://{name}/"
