"""The company as numbers: hosts, accounts and sources by their position, with the names that tables give them."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from kqlext.samples.columns import pick
from kqlext.samples.data.company import ACCOUNTS, DOMAIN, HOSTS
from kqlext.samples.data.intrusion import SERVER, SILENCE_END, SILENCE_START, SPRAY_ADDRESS
from kqlext.samples.draws import Numbers, moment

SYSTEM_LOGON = 0x3E7
HOST_NAMES = tuple(host.name for host in HOSTS)
HOST_ADDRESSES = tuple(host.address for host in HOSTS)
# Machine accounts follow the named ones, in the order of the hosts.
ACCOUNT_NAMES = (*(account.name for account in ACCOUNTS), *(f"{name}$" for name in HOST_NAMES))
ACCOUNT_SIDS = tuple(
    "S-1-5-18" if name.endswith("$") else f"S-1-5-21-1004336348-1177238915-682003330-{1104 + number}"
    for number, name in enumerate(ACCOUNT_NAMES)
)
HOMES = (*(HOST_NAMES.index(account.home) for account in ACCOUNTS), *range(len(HOSTS)))
# Where a logon comes from: a host, nowhere (the keyboard), the intruder.
SOURCES = (*HOST_ADDRESSES, "-", SPRAY_ADDRESS)
SOURCE_NAMES = (*HOST_NAMES, "-", SPRAY_ADDRESS)
KEYBOARD = len(HOSTS)


def computers(hosts: Numbers) -> pa.Array:
    return pick([f"{name}.{DOMAIN}" for name in HOST_NAMES], hosts)


def servers() -> Numbers:
    """For each host whether it is one."""
    return np.array([host.server for host in HOSTS])


def heard(table: Numbers) -> Numbers:
    """False where the intruder had stopped the server's log agent."""
    silent = (table["time"] >= moment(SILENCE_START)) & (table["time"] < moment(SILENCE_END))
    mask: Numbers = ~(silent & (table["host"] == HOST_NAMES.index(SERVER)))
    return mask
