"""Heartbeat: every agent says every ten minutes that it is there."""

from __future__ import annotations

import numpy as np

from kqlext.samples.columns import Columns, guid, pick
from kqlext.samples.company import HOST_ADDRESSES, HOST_NAMES, computers, heard, servers
from kqlext.samples.draws import MINUTE, SECOND, WEEK_START, rows_of

_BEAT = np.dtype([("host", np.int64), ("time", np.int64)])


def heartbeats() -> Columns:
    host, beat = (each.ravel() for each in np.meshgrid(np.arange(len(HOST_NAMES)), np.arange(7 * 144)))
    times = WEEK_START + beat * 10 * MINUTE + (host * 53 + 11) * SECOND
    rows = rows_of(_BEAT, len(host), host=host, time=times)
    rows = rows[heard(rows)]
    systems = ["Windows 11 Enterprise", "Windows Server 2022 Datacenter"]
    return {
        "TimeGenerated": rows["time"], "SourceSystem": "OpsManager", "ManagementGroupName": "AOI-contoso",
        "SourceComputerId": pick([guid(name) for name in HOST_NAMES], rows["host"]), "Category": "Direct Agent",
        "Computer": computers(rows["host"]), "OSName": pick(systems, servers()[rows["host"]]),
        "OSType": "Windows", "OSMajorVersion": "10", "OSMinorVersion": "0", "Version": "10.20.18053.0",
        "ComputerEnvironment": "Non-Azure", "ComputerIP": pick(HOST_ADDRESSES, rows["host"]),
        "RemoteIPCountry": "United Kingdom", "RemoteIPLatitude": 51.507, "RemoteIPLongitude": -0.128,
        "IsGatewayInstalled": False,
    }  # fmt: skip
