"""Made-up hosts whose processes start and end, whose ids are used again: what really happened, and the events of it."""

from __future__ import annotations

import datetime as dt
import random
from dataclasses import dataclass, field
from typing import Any

START = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
NAMES = ("cmd.exe", "powershell.exe", "svchost.exe", "bash")


@dataclass(eq=False)
class Process:
    """One process; of those that are not on record there is no event."""

    host: str
    id: int
    name: str
    time: int
    parent: Process | None
    on_record: bool
    label: str
    last_seen: int = 0
    children: list[Process] = field(default_factory=list)


def world(seed: int, count: int, hosts: int, ids: int, absent: int) -> list[Process]:
    """The processes of some hosts: ids come from a small pool, and are used again once their process has ended.

    Two things happen at one time now and then, but no id is used again at the very time at which it was seen last.

    Args:
        count: processes on record.
        absent: processes of each host that were there before anything was recorded.
    """
    draw = random.Random(seed)
    processes: list[Process] = []
    alive: dict[str, list[Process]] = {}
    last: dict[tuple[str, int], int] = {}
    for number in range(hosts):
        host = f"Host-{number}"
        free = draw.sample(range(1, ids), min(absent, ids - 1))
        alive[host] = [Process(host, i, draw.choice(NAMES), -9, None, False, f"{host}/absent {i}", -9) for i in free]
        processes += alive[host]
        last.update({(host, i): -9 for i in free})
    now = 0
    for number in range(count):
        now += draw.choice((0, 1, 1, 5))
        host = draw.choice(list(alive))
        while len(alive[host]) > 1 and draw.random() < 0.4:
            alive[host].remove(draw.choice(alive[host]))
        used = {process.id for process in alive[host]}
        free = [i for i in range(1, ids) if i not in used and last.get((host, i), -10) < now]
        if not free:
            continue
        parent = draw.choice(alive[host])
        made = Process(host, draw.choice(free), draw.choice(NAMES), now, parent, True, f"event {number}", now)
        parent.children.append(made)
        last[host, parent.id] = last[host, made.id] = now
        alive[host].append(made)
        processes.append(made)
    return processes


def moment(time: int) -> dt.datetime:
    return START + dt.timedelta(milliseconds=time)


def security_events(processes: list[Process], names: bool = True) -> list[dict[str, Any]]:
    """The 4688 of each process on record."""
    return [
        {
            "TimeGenerated": moment(one.time), "Computer": one.host, "EventID": 4688, "CommandLine": one.label,
            "NewProcessId": hex(one.id), "NewProcessName": f"C:\\Windows\\{one.name}", "ProcessId": hex(one.parent.id),
            "ParentProcessName": f"C:\\Windows\\{one.parent.name.upper()}" if names else None,
        }
        for one in processes if one.on_record and one.parent
    ]  # fmt: skip


def device_events(processes: list[Process], delay: int = 3) -> list[dict[str, Any]]:
    """The row of DeviceProcessEvents of each process on record, written down some milliseconds after its creation."""
    rows = []
    for one in processes:
        if one.on_record and one.parent:
            above = one.parent.parent
            rows.append({
                "Timestamp": moment(one.time + delay * (one.id % 3)), "DeviceName": one.host, "ProcessId": one.id,
                "FileName": one.name, "ProcessCommandLine": one.label, "ProcessCreationTime": moment(one.time),
                "ActionType": "ProcessCreated", "InitiatingProcessId": one.parent.id,
                "InitiatingProcessFileName": one.parent.name, "InitiatingProcessCreationTime": moment(one.parent.time),
                "InitiatingProcessParentId": above.id if above else None,
                "InitiatingProcessParentFileName": above.name if above else None,
                "InitiatingProcessParentCreationTime": moment(above.time) if above else None,
            })  # fmt: skip
    return rows
