"""The processes of the week, those of the intrusion among them."""

from __future__ import annotations

from typing import Any

import numpy as np

from kqlext.samples.company import ACCOUNT_NAMES, HOMES, HOST_NAMES, SYSTEM_LOGON
from kqlext.samples.data.company import ACCOUNTS, HOSTS, PEOPLE
from kqlext.samples.data.intrusion import INTRUSION, VICTIM
from kqlext.samples.data.programs import BOOT, CHILD_SPAWNS, PROGRAMS, SERVICE_SPAWNS, SESSION_SPAWNS
from kqlext.samples.draws import DAY, HOUR, MINUTE, SECOND, WEEK_START, Numbers, Random, below, moment, rows_of

PROGRAM_KEYS = (*PROGRAMS, *(step.key for step in INTRUSION))
PATHS = (*(program.path for program in PROGRAMS.values()), *(step.path for step in INTRUSION))
FILE_NAMES = tuple(path.rpartition("\\")[2] for path in PATHS)
# What a process that is not on record counts as.
SYSTEM = PROGRAM_KEYS.index("system")
SYSTEM_PROCESS_ID = 4

_PROCESS = np.dtype([(name, np.int64) for name in (
    "host", "time", "program", "parent", "account", "logon", "process_id", "argument")])  # fmt: skip


def processes_of_the_week(random: Random) -> Numbers:
    """Every process, in the order of time; `parent` is a row, -1 where it is not on record."""
    table = _with_services(random, _booted())
    table = _with_programs(random, _with_sessions(random, table))
    for spawn in CHILD_SPAWNS:
        parents = located(table, spawn.parent)
        parents = np.repeat(parents, (spawn.weight + random.random_sample(len(parents))).astype(np.int64))
        delay = (0.02 + random.exponential(spawn.seconds, len(parents))) * SECOND
        table = _spawned(table, spawn.child, parents, table["time"][parents] + delay.astype(np.int64))
    table["argument"] = below(random, 720, len(table))
    return _numbered(random, _intruded(table))


def located(table: Numbers, key: str) -> Numbers:
    return np.flatnonzero(table["program"] == PROGRAM_KEYS.index(key))


def command_lines(table: Numbers) -> list[str]:
    commands = [(program.command, program.arguments) for program in PROGRAMS.values()]
    commands += [(step.command, ("",)) for step in INTRUSION]
    rows = zip(table["program"].tolist(), table["account"].tolist(), table["argument"].tolist(), strict=True)
    return [
        commands[program][0].replace("<user>", ACCOUNT_NAMES[account])
        .replace("<argument>", commands[program][1][argument % len(commands[program][1])])
        for program, account, argument in rows
    ]  # fmt: skip


def _spawned(table: Numbers, key: str, parents: Numbers, times: Any, **changes: Any) -> Numbers:
    """The table with children of those rows; host, account and logon come from the parent unless changed."""
    inherited = {name: table[name][parents] for name in ("host", "account", "logon")}
    fields = {**inherited, **changes, "program": PROGRAM_KEYS.index(key), "parent": parents, "time": times}
    return np.concatenate([table, rows_of(_PROCESS, len(parents), **fields)])


def _booted() -> Numbers:
    hosts = np.arange(len(HOSTS))
    # The machines were restarted one after another in the first minutes of the week.
    boot = WEEK_START + 3 * SECOND + hosts * 37 * SECOND
    (first, _, _), *others = BOOT
    table = rows_of(_PROCESS, len(HOSTS), host=hosts, time=boot, program=PROGRAM_KEYS.index(first), parent=-1,
                    account=len(ACCOUNTS) + hosts, logon=SYSTEM_LOGON)  # fmt: skip
    for child, parent, seconds in others:
        table = _spawned(table, child, located(table, parent), boot + int(seconds * SECOND))
    return table


def _with_services(random: Random, table: Numbers) -> Numbers:
    for spawn in SERVICE_SPAWNS:
        count = int(spawn.weight * 7 * len(HOSTS))
        parents = located(table, spawn.parent)[below(random, len(HOSTS), count)]
        times = WEEK_START + 10 * MINUTE + below(random, 7 * DAY - HOUR, count)
        table = _spawned(table, spawn.child, parents, times)
    return table


def _with_sessions(random: Random, table: Numbers) -> Numbers:
    """Each person logs on once a working day: userinit.exe and explorer.exe below winlogon.exe."""
    person, day = (each.ravel() for each in np.meshgrid(np.arange(PEOPLE), np.arange(7), indexing="ij"))
    present = random.random_sample(len(person)) < np.where(day < 5, 0.93, 0.06)
    present |= (person == ACCOUNT_NAMES.index(VICTIM)) & (day == 2)
    person, day = person[present], day[present]
    start = WEEK_START + day * DAY + int(7.6 * HOUR) + below(random, 1.4 * HOUR, len(person))
    parents = located(table, "winlogon")[np.array(HOMES)[person]]  # one a host, in the order of the hosts
    logon = 0x41000 + np.arange(len(person)) * 0x1A2B7
    table = _spawned(table, "userinit", parents, start, account=person, logon=logon)
    return _spawned(table, "explorer", located(table, "userinit"), start + int(1.6 * SECOND))


def _with_programs(random: Random, table: Numbers) -> Numbers:
    """What people start in their sessions."""
    for spawn in SESSION_SPAWNS:
        sessions = located(table, "explorer")
        parents = sessions[below(random, len(sessions), int(spawn.weight * len(sessions)))]
        times = table["time"][parents] + SECOND * 20 + below(random, 8.7 * HOUR, len(parents))
        table = _spawned(table, spawn.child, parents, times)
    return table


def _intruded(table: Numbers) -> Numbers:
    for step in INTRUSION:
        rows = located(table, step.parent)
        time, host = moment(step.time), HOST_NAMES.index(step.host)
        rows = rows[(table["host"][rows] == host) & (table["time"][rows] < time)]
        parent = rows[[np.argmax(table["time"][rows])]]
        changes = {"logon": step.logon} if step.logon else {}
        table = _spawned(table, step.key, parent, time, account=ACCOUNT_NAMES.index(step.account), **changes)
    return table


def _numbered(random: Random, table: Numbers) -> Numbers:
    """Sorted by time, with process ids that are not used twice on a host."""
    order = np.argsort(table["time"], kind="stable")
    position = np.empty_like(order)
    position[order] = np.arange(len(order))
    table = table[order]
    table["parent"] = np.where(table["parent"] < 0, -1, position[table["parent"]])
    for host in range(len(HOSTS)):
        mine = table["host"] == host
        table["process_id"][mine] = 512 + 4 * np.argsort(random.random_sample(8000), kind="stable")[: mine.sum()]
    return table
