"""Syslog: two Linux machines, without the agent that sends heartbeats."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from kqlext.samples.columns import Columns, guid, pick, texts
from kqlext.samples.data.company import DOMAIN, OFFICE_ADDRESS
from kqlext.samples.data.intrusion import SPRAY_ADDRESS
from kqlext.samples.data.linux import (
    CARELESS,
    KNOCK_COUNT,
    KNOCK_SECONDS,
    KNOCK_START,
    KNOCK_USERS,
    LINUX_HOSTS,
    MESSAGES,
    OPERATORS,
    STRANGERS,
    WEB,
    Message,
)
from kqlext.samples.draws import SECOND, Random, below, moment, work_times

_MESSAGE_COUNT = 2_400
_KNOCK = Message("sshd", "authpriv", "info", "")
_HOST_NAMES = [name for name, _ in LINUX_HOSTS]


class _Line(NamedTuple):
    time: int
    host: int
    message: Message
    text: str
    process_id: int


def syslog(random: Random) -> Columns:
    lines = [line for message in MESSAGES for line in _ordinary(random, message)]
    lines += [*_careless(), *_knocks()]
    group = f"/subscriptions/{guid('subscription')}/resourcegroups/linux/providers/microsoft.compute"
    resources = [f"{group}/virtualmachines/{name}".lower() for name in _HOST_NAMES]
    time, host = np.array([line.time for line in lines]), np.array([line.host for line in lines])
    messages = [line.message for line in lines]
    return {
        "TimeGenerated": time + SECOND, "EventTime": time, "SourceSystem": "Linux",
        "Computer": pick([f"{name.lower()}.{DOMAIN}" for name in _HOST_NAMES], host),
        "HostName": pick([name.lower() for name in _HOST_NAMES], host),
        "HostIP": pick([address for _, address in LINUX_HOSTS], host),
        "Facility": texts([each.facility for each in messages]),
        "SeverityLevel": texts([each.severity for each in messages]),
        "ProcessName": texts([each.process for each in messages]),
        "ProcessID": np.array([line.process_id for line in lines]),
        "SyslogMessage": texts([line.text for line in lines]),
        "_ResourceId": pick(resources, host),
    }  # fmt: skip


def _ordinary(random: Random, message: Message) -> list[_Line]:
    count = int(_MESSAGE_COUNT * message.weight / sum(each.weight for each in MESSAGES))
    times = work_times(random, message.pattern, count).tolist()
    hosts, users = below(random, len(LINUX_HOSTS), count).tolist(), below(random, len(OPERATORS), count).tolist()
    ports, strangers = 1024 + below(random, 60_000, count), below(random, len(STRANGERS), count).tolist()
    known = message.process == "sshd" and message.pattern == "office"
    lines = []
    for time, host, user, port, stranger in zip(times, hosts, users, ports.tolist(), strangers, strict=True):
        address = OFFICE_ADDRESS if known else STRANGERS[stranger]
        text = message.text.replace("<user>", OPERATORS[user]).replace("<address>", address)
        lines.append(_Line(time, host, message, text.replace("<port>", str(port)), 600 + port % 30_000))
    return lines


def _careless() -> list[_Line]:
    return [
        _Line(moment(time), _HOST_NAMES.index(host), Message(process, facility, severity, ""), text, 4000 + number)
        for number, (time, host, process, facility, severity, text) in enumerate(CARELESS)
    ]


def _knocks() -> list[_Line]:
    lines = []
    for number in range(KNOCK_COUNT):
        user = KNOCK_USERS[number % len(KNOCK_USERS)]
        text = f"Failed password for invalid user {user} from {SPRAY_ADDRESS} port {40112 + 7 * number} ssh2"
        time = moment(KNOCK_START) + number * KNOCK_SECONDS * SECOND
        lines.append(_Line(time, _HOST_NAMES.index(WEB), _KNOCK, text, 5100 + number))
    return lines
