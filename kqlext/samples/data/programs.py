"""What runs on the hosts, what starts it, and whom it talks to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True)
class Program:
    """An executable and how it is started; `<user>` and `<argument>` in the command are filled in."""

    path: str
    command: str
    arguments: tuple[str, ...] = ("",)
    traffic: int = 0  # weight in DeviceNetworkEvents
    remotes: str = ""  # the group of REMOTES that it talks to


SYSTEM32 = "C:\\Windows\\System32\\"
POWERSHELL = "WindowsPowerShell\\v1.0\\powershell.exe"  # below SYSTEM32
OFFICE = "C:\\Program Files\\Microsoft Office\\root\\Office16\\"
_BROWSER = "C:\\Program Files (x86)\\Microsoft\\Edge\\Application\\msedge.exe"
_DOCUMENTS = ("Budget 2024.xlsx", "Forecast Q2.xlsx", "Minutes.docx", "Offer 4711.docx", "Travel.docx", "Rota.xlsx")


def _windows(
    name: str, command: str = "", arguments: tuple[str, ...] = ("",), traffic: int = 0, remotes: str = ""
) -> Program:
    return Program(SYSTEM32 + name, command or SYSTEM32 + name, arguments, traffic, remotes)


# fmt: off
PROGRAMS: Mapping[str, Program] = MappingProxyType({
    "system": Program("System", ""),
    "smss": _windows("smss.exe", "\\SystemRoot\\System32\\smss.exe"),
    "wininit": _windows("wininit.exe", "wininit.exe"),
    "winlogon": _windows("winlogon.exe", "winlogon.exe"),
    "services": _windows("services.exe"),
    "lsass": _windows("lsass.exe"),
    "schedule": _windows("svchost.exe", SYSTEM32 + "svchost.exe -k netsvcs -p -s Schedule"),
    "network": _windows("svchost.exe", SYSTEM32 + "svchost.exe -k NetworkService -p", traffic=3, remotes="update"),
    "dcom": _windows("svchost.exe", SYSTEM32 + "svchost.exe -k DcomLaunch -p"),
    "defender": Program("C:\\ProgramData\\Microsoft\\Windows Defender\\Platform\\4.18.24020.7-0\\MsMpEng.exe",
                        '"MsMpEng.exe"', traffic=2, remotes="update"),
    "agent": Program("C:\\Program Files\\Microsoft Monitoring Agent\\Agent\\MonitoringHost.exe",
                     '"MonitoringHost.exe" -Embedding', traffic=1, remotes="monitor"),
    "svchost": _windows("svchost.exe", SYSTEM32 + "svchost.exe -k <argument>",
                        ("netsvcs -p -s wuauserv", "LocalService -p", "wsappx -p -s ClipSVC", "netsvcs -p -s BITS",
                         "UnistackSvcGroup"), traffic=1, remotes="update"),
    "taskhost": _windows("taskhostw.exe", "taskhostw.exe <argument>",
                         ("", "Install $(Arg0)", "SYSTEM", "KEYROAMING")),
    "background": _windows("backgroundTaskHost.exe", SYSTEM32 + "backgroundTaskHost.exe -ServerName:App<argument>.mca",
                           ("XFB9", "Q7T2", "1K0C")),
    "wmi": _windows("wbem\\WmiPrvSE.exe", SYSTEM32 + "wbem\\wmiprvse.exe -secured -Embedding"),
    "defrag": _windows("defrag.exe", SYSTEM32 + "defrag.exe -c -h -k -g -$"),
    "inventory": _windows(POWERSHELL, 'powershell.exe -NoProfile -File "C:\\Scripts\\<argument>.ps1"',
                          ("inventory", "patchlevel")),
    # A monitoring script: encoded, yet harmless, so that "-enc" alone finds too much.
    "encoded": _windows(POWERSHELL, "powershell.exe -NoProfile -EncodedCommand RwBlAHQALQBTAGUAcgB2AGkAYwBlAA=="),
    "console": _windows("conhost.exe", "\\??\\C:\\Windows\\system32\\conhost.exe 0xffffffff -ForceV1"),
    "userinit": _windows("userinit.exe"),
    "explorer": Program("C:\\Windows\\explorer.exe", "C:\\Windows\\Explorer.EXE", traffic=1, remotes="share"),
    "outlook": Program(OFFICE + "OUTLOOK.EXE", f'"{OFFICE}OUTLOOK.EXE"', traffic=7, remotes="mail"),
    "word": Program(OFFICE + "WINWORD.EXE", f'"{OFFICE}WINWORD.EXE" /n "C:\\Users\\<user>\\Documents\\<argument>"',
                    _DOCUMENTS[2:5], 1, "share"),
    "excel": Program(OFFICE + "EXCEL.EXE", f'"{OFFICE}EXCEL.EXE" "C:\\Users\\<user>\\Documents\\<argument>"',
                     _DOCUMENTS[:2] + _DOCUMENTS[5:], 1, "share"),
    "edge": Program(_BROWSER, f'"{_BROWSER}" --profile-directory=<argument>', ("Default", "Work"), 6, "web"),
    "tab": Program(_BROWSER, f'"{_BROWSER}" --type=<argument>', ("renderer", "utility", "gpu-process"), 1, "web"),
    "teams": Program("C:\\Program Files\\WindowsApps\\MSTeams\\ms-teams.exe", '"ms-teams.exe"', traffic=6,
                     remotes="chat"),
    "notepad": _windows("notepad.exe", '"C:\\Windows\\System32\\notepad.exe" <argument>',
                        ("", "notes.txt", "todo.txt")),
    "cmd": _windows("cmd.exe", '"C:\\Windows\\System32\\cmd.exe"'),
    "ping": _windows("PING.EXE", "ping <argument>", ("srv-file01", "srv-sql01", "10.1.1.10"), 1, "share"),
    "ipconfig": _windows("ipconfig.exe", "ipconfig /all"),
    "splash": _windows("splwow64.exe", "C:\\Windows\\splwow64.exe 8192"),
})
# fmt: on

# Child, parent, seconds after the boot; the first one's parent is not on record, as in a real log.
BOOT: tuple[tuple[str, str, float], ...] = (
    ("smss", "system", 0.2), ("wininit", "smss", 2.1), ("winlogon", "smss", 2.4),
    ("services", "wininit", 2.9), ("lsass", "wininit", 3.0), ("dcom", "services", 3.6),
    ("network", "services", 4.0), ("schedule", "services", 4.3), ("defender", "services", 6.2),
    ("agent", "services", 7.5),
)  # fmt: skip


@dataclass(frozen=True)
class Spawn:
    """`weight` children of a kind for the parents of a kind; `seconds` is the mean delay after the parent."""

    child: str
    parent: str
    weight: float
    seconds: float = 0.0


# Per host and day, around the clock.
SERVICE_SPAWNS: tuple[Spawn, ...] = (
    Spawn("svchost", "services", 14), Spawn("taskhost", "schedule", 11), Spawn("background", "dcom", 8),
    Spawn("wmi", "dcom", 7), Spawn("defrag", "schedule", 0.6), Spawn("inventory", "schedule", 1.5),
    Spawn("encoded", "agent", 0.5),
)  # fmt: skip
# Per session of a user, over the working day.
SESSION_SPAWNS: tuple[Spawn, ...] = (
    Spawn("outlook", "explorer", 3), Spawn("edge", "explorer", 11), Spawn("teams", "explorer", 3),
    Spawn("word", "explorer", 6), Spawn("excel", "explorer", 7), Spawn("notepad", "explorer", 3),
    Spawn("cmd", "explorer", 2),
)  # fmt: skip
# Per parent of that kind.
CHILD_SPAWNS: tuple[Spawn, ...] = (
    Spawn("tab", "edge", 1.9, 200.0), Spawn("console", "cmd", 1.0, 0.03), Spawn("ping", "cmd", 0.7, 40.0),
    Spawn("ipconfig", "cmd", 0.5, 60.0), Spawn("console", "inventory", 1.0, 0.03),
    Spawn("splash", "word", 0.3, 30.0), Spawn("console", "encoded", 1.0, 0.03),
    Spawn("edge", "outlook", 0.9, 900.0),
)  # fmt: skip

# Group, name, address, port. Nothing here is the intruder's.
REMOTES: tuple[tuple[str, str, str, int], ...] = (
    ("web", "www.wingtiptoys.example", "203.0.113.80", 443),
    ("web", "news.adatum.example", "203.0.113.81", 443),
    ("web", "shop.northwind.example", "203.0.113.82", 443),
    ("web", "maps.tailspin.example", "198.51.100.61", 443),
    ("web", "wiki.fourthcoffee.example", "198.51.100.62", 443),
    ("web", "video.proseware.example", "198.51.100.63", 443),
    ("web", "intranet.contoso.com", "10.1.1.20", 443), ("mail", "mail.contoso.com", "192.0.2.25", 443),
    ("mail", "autodiscover.contoso.com", "192.0.2.26", 443),
    ("chat", "chat.contoso.com", "192.0.2.31", 443),
    ("update", "update.litware.example", "198.51.100.90", 443),
    ("update", "cdn.litware.example", "198.51.100.91", 80), ("share", "", "10.1.1.20", 445),
    ("share", "", "10.1.1.10", 389), ("share", "", "10.1.1.30", 1433),
    ("monitor", "monitor.contoso.com", "192.0.2.40", 443),
)  # fmt: skip
