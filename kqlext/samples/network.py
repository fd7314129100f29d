"""DeviceNetworkEvents: whom the processes talk to."""

from __future__ import annotations

import numpy as np

from kqlext.samples.columns import Columns, pick, texts
from kqlext.samples.company import HOST_ADDRESSES
from kqlext.samples.data.intrusion import BEACON_ADDRESS, BEACON_URL, INTRUSION
from kqlext.samples.data.programs import PROGRAMS, REMOTES, Program
from kqlext.samples.devices import DEVICE_ACCOUNTS, DEVICE_DOMAINS, devices, onboarded
from kqlext.samples.draws import HOUR, MINUTE, SECOND, WEEK_END, WEEK_START, Numbers, Random, below, weighted
from kqlext.samples.intrusion import intruder_connections
from kqlext.samples.processes import FILE_NAMES, PATHS, command_lines, located

_CONNECTION_COUNT = 6_000


def device_network_events(random: Random, processes: Numbers) -> Columns:
    beacons, beacon_times, remote, remote_ports = intruder_connections(random, processes)
    drawn, drawn_times, drawn_services = _ordinary_connections(random, processes)
    agents, calls = _agents_calling_home(processes)
    times = np.concatenate([drawn_times, calls, beacon_times])
    services = np.concatenate([drawn_services, np.full(len(calls), len(REMOTES) - 1)])
    rows, count = processes[np.concatenate([drawn, agents, beacons])], len(times)
    failed = (below(random, 100, count) < 4) & (np.arange(count) < len(services))  # the intruder's succeed
    _, urls, addresses, ports = ([each[part] for each in REMOTES] for part in range(4))
    remotes = [*(addresses[service] for service in services), *remote]
    outside = [BEACON_URL if address == BEACON_ADDRESS else "" for address in remote]
    private = np.array([each.startswith("10.") for each in remotes])
    return {
        **devices(rows["host"]), "TimeGenerated": times, "Timestamp": times, "SourceSystem": "Azure",
        "ActionType": pick(["ConnectionSuccess", "ConnectionFailed"], failed),
        "RemoteIP": texts(remotes), "RemoteUrl": texts([*(urls[service] for service in services), *outside]),
        "RemotePort": np.concatenate([np.array(ports)[services], remote_ports]), "Protocol": "Tcp",
        "RemoteIPType": pick(["Public", "Private"], private), "LocalIP": pick(HOST_ADDRESSES, rows["host"]),
        "LocalPort": 49152 + below(random, 16000, count), "ReportId": 1000 + np.arange(count),
        "InitiatingProcessFileName": pick(FILE_NAMES, rows["program"]),
        "InitiatingProcessFolderPath": pick(PATHS, rows["program"]), "InitiatingProcessId": rows["process_id"],
        "InitiatingProcessCommandLine": texts(command_lines(rows)), "InitiatingProcessCreationTime": rows["time"],
        "InitiatingProcessAccountDomain": pick(DEVICE_DOMAINS, rows["account"]),
        "InitiatingProcessAccountName": pick(DEVICE_ACCOUNTS, rows["account"]),
    }  # fmt: skip


def _agents_calling_home(processes: Numbers) -> tuple[Numbers, Numbers]:
    """Processes and times: each agent calls on the hour, regular, yet harmless."""
    agents = located(processes, "agent")
    agents = agents[onboarded(processes[agents])]
    hours = WEEK_START + np.arange(1, 7 * 24) * HOUR
    calls = (hours[None, :] + agents[:, None] % 97 * SECOND).ravel()
    return np.repeat(agents, len(hours)), calls


def _ordinary_connections(random: Random, processes: Numbers) -> tuple[Numbers, Numbers, Numbers]:
    """Processes, times and services: what a program talks to is its group of REMOTES."""
    programs = [*PROGRAMS.values(), *(Program(step.path, step.command) for step in INTRUSION)]
    traffic = np.array([program.traffic for program in programs])[processes["program"]]
    # What runs all week (services) talks as much as many short processes do.
    lively = np.where(processes["time"] < WEEK_START + 10 * MINUTE, 12, 1)
    weights = traffic * lively * onboarded(processes)
    drawn = weighted(random, weights, _CONNECTION_COUNT)
    groups = [group for group, *_ in REMOTES]
    first = np.array([groups.index(each.remotes) if each.remotes else 0 for each in programs])
    size = np.array([groups.count(each.remotes) for each in programs])
    program, start = processes["program"][drawn], processes["time"][drawn]
    service = first[program] + below(random, size[program], _CONNECTION_COUNT)
    lasting = np.where(start < WEEK_START + 10 * MINUTE, WEEK_END - start, 40 * MINUTE)
    times = start + SECOND + below(random, lasting - SECOND, _CONNECTION_COUNT)
    return drawn, np.minimum(times, WEEK_END - SECOND), service
