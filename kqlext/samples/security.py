"""SecurityEvent: the Windows events of logons (4624, 4625) and of new processes (4688)."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from kqlext.samples.columns import Columns, arrow_table, decimals, guid, hexadecimals, pick, texts
from kqlext.samples.company import (
    ACCOUNT_NAMES,
    ACCOUNT_SIDS,
    HOST_NAMES,
    KEYBOARD,
    SOURCES,
    SYSTEM_LOGON,
    computers,
    heard,
)
from kqlext.samples.data.company import ACCOUNTS, NETBIOS_DOMAIN
from kqlext.samples.draws import Numbers, Random, below
from kqlext.samples.logons import SUB_STATUSES
from kqlext.samples.processes import FILE_NAMES, PATHS, SYSTEM, SYSTEM_PROCESS_ID, command_lines

_LOGON_TYPES: Mapping[int, tuple[str, str, str]] = MappingProxyType({  # name, logon process, package
    2: ("2 - Interactive", "User32", "Negotiate"), 3: ("3 - Network", "Kerberos", "Kerberos"),
    5: ("5 - Service", "Advapi", "Negotiate"), 7: ("7 - Unlock", "User32", "Negotiate"),
    10: ("10 - RemoteInteractive", "User32", "Negotiate"),
})  # fmt: skip
_LOGON_ACTIVITIES = ("4624 - An account was successfully logged on.", "4625 - An account failed to log on.")


def security_events(processes: Numbers, logons: Numbers) -> pa.Table:
    table = pa.concat_tables([
        arrow_table("SecurityEvent", _logon_events(Random(4625), logons[heard(logons)])),
        arrow_table("SecurityEvent", _process_events(processes, processes[heard(processes)])),
    ])  # fmt: skip
    return table.take(pc.sort_indices(table, [("TimeGenerated", "ascending")]))


def _windows_event(table: Numbers, activity: Any) -> Columns:
    """The columns that every row of SecurityEvent has."""
    names = [f"{NETBIOS_DOMAIN}\\{name}" for name in ACCOUNT_NAMES]
    return {
        "TimeGenerated": table["time"], "Computer": computers(table["host"]), "Activity": activity,
        "Account": pick(names, table["account"]), "SourceSystem": "OpsManager", "Channel": "Security",
        "AccountType": pick(["User", "Machine"], table["account"] >= len(ACCOUNTS)),
        "EventSourceName": "Microsoft-Windows-Security-Auditing", "ManagementGroupName": "AOI-contoso",
        "SourceComputerId": pick([guid(name) for name in HOST_NAMES], table["host"]),
    }  # fmt: skip


def _process_events(processes: Numbers, rows: Numbers) -> Columns:
    parents = processes[rows["parent"]]
    known = rows["parent"] >= 0
    common = _windows_event(rows, "4688 - A new process has been created.")
    return {
        **common, "EventID": 4688, "Task": 13312, "Level": "8", "SubjectAccount": common["Account"],
        "SubjectUserName": pick(ACCOUNT_NAMES, rows["account"]), "SubjectDomainName": NETBIOS_DOMAIN,
        "SubjectUserSid": pick(ACCOUNT_SIDS, rows["account"]), "SubjectLogonId": hexadecimals(rows["logon"]),
        "TargetAccount": "-\\-", "TargetUserName": "-", "TargetDomainName": "-", "TargetLogonId": "0x0",
        "TargetUserSid": "S-1-0-0", "NewProcessId": hexadecimals(rows["process_id"]),
        "NewProcessName": pick(PATHS, rows["program"]), "Process": pick(FILE_NAMES, rows["program"]),
        "ProcessId": hexadecimals(np.where(known, parents["process_id"], SYSTEM_PROCESS_ID)),
        "ParentProcessName": pick(PATHS, np.where(known, parents["program"], SYSTEM)),
        "CommandLine": texts(command_lines(rows)), "TokenElevationType": "%%1936",
        "MandatoryLabel": pick(["S-1-16-16384", "S-1-16-8192"], rows["logon"] != SYSTEM_LOGON),
    }  # fmt: skip


def _logon_events(random: Random, logons: Numbers) -> Columns:
    failed = logons["sub_status"] > 0
    kinds = np.searchsorted(list(_LOGON_TYPES), logons["type"])
    name, process, package = ([each[part] for each in _LOGON_TYPES.values()] for part in range(3))
    common = _windows_event(logons, pick(_LOGON_ACTIVITIES, failed))
    remote = logons["source"] != KEYBOARD
    return {
        **common, "EventID": 4624 + failed, "Task": 12544, "Level": pick(["8", "16"], failed),
        "TargetAccount": common["Account"], "TargetUserName": pick(ACCOUNT_NAMES, logons["account"]),
        "TargetDomainName": NETBIOS_DOMAIN, "TargetUserSid": pick(ACCOUNT_SIDS, logons["account"]),
        "TargetLogonId": hexadecimals(np.where(failed, 0, logons["logon"])), "LogonType": logons["type"],
        "LogonTypeName": pick(name, kinds), "LogonProcessName": pick(process, kinds),
        "AuthenticationPackageName": pick(package, kinds), "IpAddress": pick(SOURCES, logons["source"]),
        "IpPort": decimals(np.where(remote, 49152 + below(random, 16000, len(logons)), 0)),
        "WorkstationName": pick([*HOST_NAMES, "-", "-"], logons["source"]), "SubjectUserName": "-",
        "SubjectAccount": "-\\-", "SubjectDomainName": "-", "SubjectUserSid": "S-1-0-0", "SubjectLogonId": "0x0",
        "ProcessId": "0x0", "ProcessName": "-", "Status": pick(["", "0xc000006d"], failed),
        "SubStatus": pick(SUB_STATUSES, logons["sub_status"]),
        "FailureReason": pick(["", "%%2313", "%%2309"], logons["sub_status"]),
    }  # fmt: skip
