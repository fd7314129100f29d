"""DeviceProcessEvents: what the endpoint sensor says of processes; and how it calls hosts and accounts."""

from __future__ import annotations

import hashlib

import numpy as np

from kqlext.samples.columns import Columns, pick, texts
from kqlext.samples.company import ACCOUNT_NAMES, ACCOUNT_SIDS, HOST_NAMES, SYSTEM_LOGON
from kqlext.samples.data.company import DOMAIN, HOSTS
from kqlext.samples.draws import WEEK_START, Numbers
from kqlext.samples.processes import FILE_NAMES, PATHS, SYSTEM, SYSTEM_PROCESS_ID, command_lines

# The endpoint sensor calls a machine account by its Windows name.
DEVICE_ACCOUNTS = tuple("system" if name.endswith("$") else name for name in ACCOUNT_NAMES)
DEVICE_DOMAINS = tuple("nt authority" if name.endswith("$") else "contoso" for name in ACCOUNT_NAMES)


def devices(hosts: Numbers) -> Columns:
    """What the endpoint sensor says of its host: lower-case names, as the real one."""
    return {
        "DeviceName": pick([f"{name}.{DOMAIN}".lower() for name in HOST_NAMES], hosts),
        "DeviceId": pick([hashlib.sha256(name.encode()).hexdigest()[:40] for name in HOST_NAMES], hosts),
    }


def onboarded(table: Numbers) -> Numbers:
    mask: Numbers = np.array([host.onboarded for host in HOSTS])[table["host"]]
    return mask


def device_process_events(processes: Numbers) -> Columns:
    rows = processes[onboarded(processes)]
    return {
        **devices(rows["host"]), "TimeGenerated": rows["time"], "Timestamp": rows["time"], "SourceSystem": "Azure",
        "ActionType": "ProcessCreated", "FileName": pick(FILE_NAMES, rows["program"]),
        "FolderPath": pick(PATHS, rows["program"]), "SHA256": pick(_hashes(), rows["program"]),
        "ProcessId": rows["process_id"], "ProcessCommandLine": texts(command_lines(rows)),
        "ProcessCreationTime": rows["time"], "ProcessTokenElevation": "TokenElevationTypeDefault",
        "ProcessIntegrityLevel": pick(["System", "Medium"], rows["logon"] != SYSTEM_LOGON),
        "AccountDomain": pick(DEVICE_DOMAINS, rows["account"]), "AccountSid": pick(ACCOUNT_SIDS, rows["account"]),
        "AccountName": pick(DEVICE_ACCOUNTS, rows["account"]), "LogonId": rows["logon"],
        "ReportId": 1000 + np.arange(len(rows)), **_initiating(processes, rows),
    }  # fmt: skip


def _initiating(processes: Numbers, rows: Numbers) -> Columns:
    """The parents of those rows, and what is told of the parents' parents."""
    parents = processes[rows["parent"]]  # row -1 stands in where there is none; replaced below
    grandparents = processes[parents["parent"]]
    known = rows["parent"] >= 0
    both_known = known & (parents["parent"] >= 0)
    program = np.where(known, parents["program"], SYSTEM)
    account = np.where(known, parents["account"], rows["account"])
    commands = [*command_lines(processes), ""]
    return {
        "InitiatingProcessAccountDomain": pick(DEVICE_DOMAINS, account),
        "InitiatingProcessAccountName": pick(DEVICE_ACCOUNTS, account),
        "InitiatingProcessLogonId": np.where(known, parents["logon"], SYSTEM_LOGON),
        "InitiatingProcessSHA256": pick(_hashes(), program),
        "InitiatingProcessFileName": pick(FILE_NAMES, program),
        "InitiatingProcessFolderPath": pick(PATHS, program),
        "InitiatingProcessId": np.where(known, parents["process_id"], SYSTEM_PROCESS_ID),
        "InitiatingProcessCommandLine": pick(commands, np.where(known, rows["parent"], len(processes))),
        "InitiatingProcessCreationTime": np.where(known, parents["time"], WEEK_START),
        "InitiatingProcessParentId": np.where(both_known, grandparents["process_id"], SYSTEM_PROCESS_ID),
        "InitiatingProcessParentFileName": pick(FILE_NAMES, np.where(both_known, grandparents["program"], SYSTEM)),
        "InitiatingProcessParentCreationTime": np.where(both_known, grandparents["time"], WEEK_START),
    }


def _hashes() -> list[str]:
    return [hashlib.sha256(path.encode()).hexdigest() for path in PATHS]
