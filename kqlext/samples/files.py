"""DeviceFileEvents: what the processes write."""

from __future__ import annotations

import hashlib

import numpy as np

from kqlext.samples.columns import Columns, pick, texts
from kqlext.samples.company import ACCOUNT_SIDS, HOST_NAMES
from kqlext.samples.data.files import FILE_KINDS, PLANTED_FILES, FileKind, PlantedFile
from kqlext.samples.devices import DEVICE_ACCOUNTS, DEVICE_DOMAINS, devices, onboarded
from kqlext.samples.draws import MINUTE, SECOND, WEEK_END, Numbers, Random, below, moment
from kqlext.samples.processes import FILE_NAMES, PATHS, command_lines, located

_FILE_COUNT = 1_800


def device_file_events(random: Random, processes: Numbers) -> Columns:
    owners, times, actions, paths, sizes, origins = [], [], [], [], [], []
    for kind in FILE_KINDS:
        owner, time, path, size, origin = _written(random, processes, kind)
        owners.append(owner)
        times.append(time)
        sizes.append(size)
        paths += path
        origins += origin
        actions += [kind.action] * len(owner)
    planted = np.array([_writer(processes, each) for each in PLANTED_FILES])
    rows = processes[np.concatenate([*owners, planted])]
    when = np.concatenate([*times, [moment(each.time) for each in PLANTED_FILES]])
    paths += [each.path for each in PLANTED_FILES]
    origins += ["" for _ in PLANTED_FILES]
    accounts = pick(DEVICE_ACCOUNTS, rows["account"])
    return {
        **devices(rows["host"]), "TimeGenerated": when, "Timestamp": when, "SourceSystem": "Azure",
        "ActionType": texts([*actions, *(each.action for each in PLANTED_FILES)]),
        "FileName": texts([path.rpartition("\\")[2] for path in paths]), "FolderPath": texts(paths),
        "SHA256": texts([hashlib.sha256(path.encode()).hexdigest() for path in paths]),
        "FileSize": np.concatenate([*sizes, [each.size for each in PLANTED_FILES]]),
        "FileOriginUrl": texts(origins), "FileOriginIP": pick(["", "203.0.113.80"], np.array(origins) != ""),
        "RequestProtocol": "Local", "RequestAccountName": accounts, "ReportId": 1000 + np.arange(len(when)),
        "InitiatingProcessAccountDomain": pick(DEVICE_DOMAINS, rows["account"]),
        "InitiatingProcessAccountName": accounts,
        "InitiatingProcessAccountSid": pick(ACCOUNT_SIDS, rows["account"]),
        "InitiatingProcessFileName": pick(FILE_NAMES, rows["program"]),
        "InitiatingProcessFolderPath": pick(PATHS, rows["program"]), "InitiatingProcessId": rows["process_id"],
        "InitiatingProcessCommandLine": texts(command_lines(rows)), "InitiatingProcessCreationTime": rows["time"],
    }  # fmt: skip


def _written(
    random: Random, processes: Numbers, kind: FileKind
) -> tuple[Numbers, Numbers, list[str], Numbers, list[str]]:
    """Processes, times, paths, sizes and addresses of the files of a kind."""
    writers = located(processes, kind.program)
    writers = writers[onboarded(processes[writers])]
    count = int(_FILE_COUNT * kind.weight / sum(each.weight for each in FILE_KINDS))
    owner = writers[below(random, len(writers), count)]
    times = processes["time"][owner] + SECOND + below(random, 30 * MINUTE, count)
    names = [kind.names[number] for number in below(random, len(kind.names), count)]
    accounts = processes["account"][owner].tolist()
    folders = [kind.folder.replace("<user>", DEVICE_ACCOUNTS[account]) for account in accounts]
    paths = [folder + name for folder, name in zip(folders, names, strict=True)]
    sizes = 512 + below(random, kind.largest, count)
    origins = [kind.origin and kind.origin + name.replace(" ", "%20") for name in names]
    return owner, np.minimum(times, WEEK_END - SECOND), paths, sizes, origins


def _writer(processes: Numbers, file: PlantedFile) -> int:
    rows = located(processes, file.program)
    mine = (processes["host"][rows] == HOST_NAMES.index(file.host)) & (processes["time"][rows] < moment(file.time))
    return int(rows[mine][-1])
