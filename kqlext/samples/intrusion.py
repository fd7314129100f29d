"""The intruder's logons and connections; its processes are in `kqlext.samples.processes`."""

from __future__ import annotations

import numpy as np

from kqlext.samples.company import HOST_ADDRESSES, HOST_NAMES
from kqlext.samples.data.company import PEOPLE
from kqlext.samples.data.intrusion import (
    BEACON_ADDRESS,
    BEACON_END,
    BEACON_JITTER_SECONDS,
    BEACON_SECONDS,
    BEACON_START,
    SERVER,
    SPRAY_ROUND_SECONDS,
    SPRAY_ROUNDS,
    SPRAY_START,
    SPRAY_USER_SECONDS,
)
from kqlext.samples.draws import SECOND, Numbers, Random, moment
from kqlext.samples.processes import located


def password_spray() -> tuple[Numbers, Numbers]:
    """Accounts and times: each round tries everybody once."""
    turns, people = np.arange(SPRAY_ROUNDS), np.arange(PEOPLE)
    turn, account = (each.ravel() for each in np.meshgrid(turns, people, indexing="ij"))
    hurry = turn * 1_310_000 % (2 * SECOND) + account * 730_000 % SECOND  # not quite regular
    seconds = turn * SPRAY_ROUND_SECONDS + account * SPRAY_USER_SECONDS
    return account, moment(SPRAY_START) + seconds * SECOND + hurry


def intruder_connections(random: Random, processes: Numbers) -> tuple[Numbers, Numbers, list[str], Numbers]:
    """Processes, times, addresses and ports: the beacon, and the two ways to the server."""
    beats = np.arange(moment(BEACON_START), moment(BEACON_END), BEACON_SECONDS * SECOND)
    jitter = (random.random_sample(len(beats)) * 2 - 1) * BEACON_JITTER_SECONDS * SECOND
    (stager,), (share,), (desktop,) = (located(processes, key) for key in ("stager", "share", "desktop"))
    server = HOST_ADDRESSES[HOST_NAMES.index(SERVER)]
    times = np.array([*(beats + jitter.astype(np.int64)), *(processes["time"][[share, desktop]] + 180_000)])
    owner = np.array([*(stager for _ in beats), share, desktop])
    port = np.array([*(443 for _ in beats), 445, 3389])
    return owner, times, [*(BEACON_ADDRESS for _ in beats), server, server], port
