"""The logons of the week: sessions, noise, the planted ones and the password spray."""

from __future__ import annotations

import numpy as np

from kqlext.samples.company import ACCOUNT_NAMES, HOMES, HOST_NAMES, KEYBOARD, SOURCE_NAMES, SYSTEM_LOGON, servers
from kqlext.samples.data.company import ACCOUNTS, PEOPLE
from kqlext.samples.data.intrusion import PLANTED_LOGONS, SPRAY_ADDRESS
from kqlext.samples.data.logons import LOGON_NOISE, LogonNoise
from kqlext.samples.draws import SECOND, Numbers, Random, below, moment, rows_of, work_times
from kqlext.samples.intrusion import password_spray
from kqlext.samples.processes import located

SUB_STATUSES = ("", "0xc000006a", "0xc0000071")

_LOGON = np.dtype([(name, np.int64) for name in (
    "host", "time", "account", "source", "type", "sub_status", "logon")])  # fmt: skip


def logons_of_the_week(random: Random, processes: Numbers) -> Numbers:
    parts = [_session_logons(processes), *(_noisy_logons(random, noise) for noise in LOGON_NOISE)]
    logons = np.concatenate([*parts, _planted_logons(), _sprayed_logons()])
    drawn = 0x900000 + below(random, 0x4000000, len(logons))
    logons["logon"] = np.where(logons["logon"] == 0, drawn, logons["logon"])
    return logons


def _session_logons(processes: Numbers) -> Numbers:
    sessions = processes[located(processes, "userinit")]
    return rows_of(_LOGON, len(sessions), host=sessions["host"], time=sessions["time"] - SECOND, type=2,
                   account=sessions["account"], source=KEYBOARD, logon=sessions["logon"])  # fmt: skip


def _noisy_logons(random: Random, noise: LogonNoise) -> Numbers:
    groups = {"people": range(PEOPLE), "machines": range(len(ACCOUNTS), len(ACCOUNT_NAMES))}
    members = np.array(groups.get(noise.who) or [ACCOUNT_NAMES.index(noise.who)])
    account = members[below(random, len(members), noise.count)]
    home, choice = np.array(HOMES)[account], np.flatnonzero(servers())
    targets = {"itself": home, "servers": choice[below(random, len(choice), noise.count)]}
    local = noise.target == "itself"
    return rows_of(
        _LOGON, noise.count, time=work_times(random, noise.pattern, noise.count), account=account,
        host=targets[noise.target] if noise.target in targets else HOST_NAMES.index(noise.target),
        source=KEYBOARD if local else home, type=noise.logon_type, sub_status=SUB_STATUSES.index(noise.sub_status),
        logon=SYSTEM_LOGON if noise.logon_type == 5 else 0,
    )  # fmt: skip


def _planted_logons() -> Numbers:
    times, hosts, accounts, sources, types, logons = zip(*PLANTED_LOGONS, strict=True)
    return rows_of(
        _LOGON, len(times), time=[moment(each) for each in times], type=types, logon=logons,
        host=[HOST_NAMES.index(each) for each in hosts], account=[ACCOUNT_NAMES.index(each) for each in accounts],
        source=[SOURCE_NAMES.index(each) for each in sources],
    )  # fmt: skip


def _sprayed_logons() -> Numbers:
    account, times = password_spray()
    return rows_of(_LOGON, len(times), time=times + SECOND, host=HOST_NAMES.index("SRV-RAS01"), type=3,
                   account=account, source=SOURCE_NAMES.index(SPRAY_ADDRESS), sub_status=1)  # fmt: skip
