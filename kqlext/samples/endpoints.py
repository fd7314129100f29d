"""DeviceLogonEvents and DeviceInfo: what the endpoint sensor says of logons, and of its host."""

from __future__ import annotations

import json

import numpy as np

from kqlext.samples.columns import Columns, pick
from kqlext.samples.company import ACCOUNT_SIDS, HOST_NAMES, KEYBOARD, SOURCE_NAMES, SOURCES, servers
from kqlext.samples.data.company import ACCOUNTS, HOSTS, OFFICE_ADDRESS
from kqlext.samples.devices import DEVICE_ACCOUNTS, DEVICE_DOMAINS, devices, onboarded
from kqlext.samples.draws import HOUR, SECOND, WEEK_START, Numbers, Random, below

_LOGON_TYPES = {2: "Interactive", 3: "Network", 5: "Service", 7: "Unlock", 10: "RemoteInteractive"}
_REPORT_HOURS = 4


def device_logon_events(random: Random, logons: Numbers) -> Columns:
    """Logons of people and services; those of the machines themselves are left out, as the sensor does."""
    rows = logons[onboarded(logons) & (logons["account"] < len(ACCOUNTS))]
    failed, remote = rows["sub_status"] > 0, rows["source"] != KEYBOARD
    kinds = np.searchsorted(list(_LOGON_TYPES), rows["type"])
    administrator = np.array([name.startswith(("adm-", "svc-")) for name in DEVICE_ACCOUNTS])
    addresses = [address if address != "-" else "" for address in SOURCES]
    names = [*(name.lower() for name in HOST_NAMES), *("" for _ in SOURCE_NAMES[KEYBOARD:])]
    local = [json.dumps({"IsLocalLogon": each}) for each in (True, False)]
    return {
        **devices(rows["host"]), "TimeGenerated": rows["time"], "Timestamp": rows["time"], "SourceSystem": "Azure",
        "ActionType": pick(["LogonSuccess", "LogonFailed"], failed),
        "LogonType": pick([*_LOGON_TYPES.values()], kinds), "AccountDomain": pick(DEVICE_DOMAINS, rows["account"]),
        "AccountName": pick(DEVICE_ACCOUNTS, rows["account"]), "AccountSid": pick(ACCOUNT_SIDS, rows["account"]),
        "Protocol": pick(["Negotiate", "Kerberos"], rows["type"] == 3),
        "FailureReason": pick(["", "InvalidUserNameOrPassword", "PasswordExpired"], rows["sub_status"]),
        "IsLocalAdmin": administrator[rows["account"]].astype(np.int64),
        "LogonId": np.where(failed, 0, rows["logon"]), "RemoteDeviceName": pick(names, rows["source"]),
        "RemoteIP": pick(addresses, rows["source"]), "RemoteIPType": pick(["", "Private"], remote),
        "RemotePort": np.where(remote, 49152 + below(random, 16000, len(rows)), 0),
        "InitiatingProcessFileName": "lsass.exe", "InitiatingProcessCommandLine": "lsass.exe",
        "AdditionalFields": pick(local, remote), "ReportId": 1000 + np.arange(len(rows)),
    }  # fmt: skip


def device_info() -> Columns:
    """Each host every four hours, with who is at it."""
    watched = np.flatnonzero([host.onboarded for host in HOSTS])
    host, report = (each.ravel() for each in np.meshgrid(watched, np.arange(7 * 24 // _REPORT_HOURS)))
    time = WEEK_START + report * _REPORT_HOURS * HOUR + (host * 61 + 29) * SECOND
    server = servers()
    residents = [[account.name for account in ACCOUNTS if account.home == name] for name in HOST_NAMES]
    users = [json.dumps([{"UserName": name, "DomainName": "CONTOSO"} for name in names]) for names in residents]
    return {
        **devices(host), "TimeGenerated": time, "Timestamp": time, "SourceSystem": "Azure",
        "ClientVersion": "10.8735.22621.3235", "PublicIP": OFFICE_ADDRESS, "OSArchitecture": "64-bit",
        "OSPlatform": pick(["Windows11", "WindowsServer2022"], server[host]), "OSVersion": "10.0",
        "OSBuild": np.where(server, 20348, 22631)[host], "OSVersionInfo": pick(["23H2", "21H2"], server[host]),
        "IsAzureADJoined": 1 - server[host].astype(np.int64), "DeviceCategory": "Endpoint",
        "JoinType": pick(["Hybrid Azure AD Join", "Domain Join"], server[host]), "LoggedOnUsers": pick(users, host),
        "MachineGroup": pick(["Workstations", "Servers"], server[host]), "OnboardingStatus": "Onboarded",
        "DeviceType": pick(["Workstation", "Server"], server[host]), "Vendor": "Litware",
        "Model": pick(["Book 14", "Rack 2"], server[host]), "ReportId": 1000 + np.arange(len(time)),
    }  # fmt: skip
