"""A small company: its domain, hosts and accounts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

DOMAIN = "contoso.com"
NETBIOS_DOMAIN = "CONTOSO"
TENANT = "5b1d9c1e-0d3f-4a55-9d0a-6f2a7c1e8b40"
OFFICE_ADDRESS = "192.0.2.10"  # where the office's traffic leaves for the internet


@dataclass(frozen=True)
class Host:
    """A computer; `onboarded` says that the endpoint sensor (Device* tables) runs on it."""

    name: str
    address: str
    server: bool = False
    onboarded: bool = True


HOSTS: tuple[Host, ...] = (
    Host("WS-FIN-01", "10.1.10.11"), Host("WS-FIN-02", "10.1.10.12"), Host("WS-SALES-01", "10.1.20.11"),
    Host("WS-SALES-02", "10.1.20.12"), Host("WS-ENG-01", "10.1.30.11"), Host("WS-ENG-02", "10.1.30.12"),
    Host("WS-HR-01", "10.1.40.11"), Host("SRV-DC01", "10.1.1.10", True),
    Host("SRV-FILE01", "10.1.1.20", True), Host("SRV-SQL01", "10.1.1.30", True),
    Host("SRV-RAS01", "10.1.1.40", True, False),
)  # fmt: skip


@dataclass(frozen=True)
class Account:
    """Somebody, or a service; `home` is the computer it works from, `activity` its weight in the noise."""

    name: str
    display: str
    home: str
    activity: int = 0
    city: str = "London"


ACCOUNTS: tuple[Account, ...] = (
    Account("ahart", "Amelia Hart", "WS-FIN-01", 10), Account("jlind", "Jonas Lind", "WS-FIN-02", 11),
    Account("pnovak", "Petra Novak", "WS-SALES-01", 14, "Leeds"),
    Account("osilva", "Oscar Silva", "WS-SALES-02", 13, "Bristol"),
    Account("rchen", "Rosa Chen", "WS-ENG-01", 9), Account("dmoyo", "Daniel Moyo", "WS-ENG-02", 8, "Reading"),
    Account("kfoster", "Kate Foster", "WS-HR-01", 7),
    Account("tbrandt", "Tom Brandt", "WS-SALES-01", 6, "Leeds"),
    Account("ysato", "Yuki Sato", "WS-ENG-01", 8), Account("lgreen", "Laura Green", "WS-HR-01", 5, "Reading"),
    Account("mrossi", "Marco Rossi", "WS-ENG-02", 9),
    Account("adm-rossi", "Marco Rossi (administrator)", "SRV-DC01"),
    Account("svc-backup", "Backup service", "SRV-FILE01"),
    Account("svc-sql", "Database service", "SRV-SQL01"),
    Account("svc-monitor", "Monitoring service", "SRV-DC01"),
)  # fmt: skip
PEOPLE = sum(account.activity > 0 for account in ACCOUNTS)  # they stand first

# City, state, latitude, longitude.
CITIES: Mapping[str, tuple[str, float, float]] = MappingProxyType({
    "London": ("England", 51.507, -0.128), "Leeds": ("England", 53.801, -1.549),
    "Bristol": ("England", 51.455, -2.588), "Reading": ("England", 51.454, -0.973),
    "Amsterdam": ("Noord-Holland", 52.374, 4.89),
})  # fmt: skip
