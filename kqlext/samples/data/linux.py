"""Two Linux machines: what they write to their logs, and what they should not have written."""

from __future__ import annotations

from dataclasses import dataclass

from kqlext.samples.data.credentials import ACCESS_KEY, BEARER_TOKEN, DATABASE_PASSWORD, STORAGE_KEY

WEB, BACKUP = "LNX-WEB01", "LNX-BAK01"
LINUX_HOSTS = ((WEB, "10.1.1.50"), (BACKUP, "10.1.1.60"))


@dataclass(frozen=True)
class Message:
    """A kind of message; `<user>`, `<address>` and `<port>` in the text are filled in."""

    process: str
    facility: str
    severity: str
    text: str
    weight: float = 0.0
    pattern: str = "always"  # one of draws.PATTERNS


MESSAGES: tuple[Message, ...] = (
    Message("sshd", "authpriv", "info", "Accepted publickey for <user> from <address> port <port> ssh2", 12, "office"),
    Message("sshd", "authpriv", "info", "Failed password for <user> from <address> port <port> ssh2", 3, "office"),
    Message("sshd", "authpriv", "info", "Connection closed by <address> port <port> [preauth]", 5),
    Message("CRON", "cron", "info", "(root) CMD (/usr/lib/sysstat/sa1 1 1)", 30),
    Message("CRON", "authpriv", "info", "pam_unix(cron:session): session opened for user root(uid=0) by (uid=0)", 14),
    Message("sudo", "authpriv", "notice",
            "<user> : TTY=pts/0 ; PWD=/home/<user> ; USER=root ; COMMAND=/usr/bin/apt update", 3, "office"),
    Message("systemd", "daemon", "info", "Started Daily apt download activities.", 5, "night"),
    Message("systemd", "daemon", "info", "logrotate.service: Deactivated successfully.", 6, "night"),
    Message("nginx", "local7", "err", "connect() failed (111: Connection refused) while connecting to upstream", 2),
    Message("kernel", "kern", "warning", "[UFW BLOCK] IN=eth0 OUT= SRC=<address> DST=10.1.1.50 PROTO=TCP DPT=23", 9),
)  # fmt: skip
OPERATORS = ("dmoyo", "rchen", "mrossi")
STRANGERS = ("203.0.113.9", "203.0.113.177", "198.51.100.240")

# Time, host, process, facility, severity, text.
CARELESS: tuple[tuple[str, str, str, str, str, str], ...] = (
    ("2024-03-12T01:30:02.114", BACKUP, "sudo", "authpriv", "notice",
     "backup : TTY=unknown ; PWD=/srv/backup ; USER=root ; COMMAND=/usr/bin/mysqldump -u crm "
     f"--password={DATABASE_PASSWORD} crm"),
    ("2024-03-12T01:34:40.870", BACKUP, "backup", "local0", "info",
     f'curl -sS -H "Authorization: Bearer {BEARER_TOKEN}" https://management.example/jobs/nightly'),
    ("2024-03-14T10:12:09.005", WEB, "deploy", "local0", "debug",
     f"environment: AWS_ACCESS_KEY_ID={ACCESS_KEY} AWS_REGION=eu-west-2"),
    ("2024-03-15T09:02:55.431", WEB, "deploy", "local0", "debug",
     f"settings: DefaultEndpointsProtocol=https;AccountName=contosobackup;AccountKey={STORAGE_KEY};"
     "EndpointSuffix=core.windows.net"),
)  # fmt: skip
# The intruder tried this door first.
KNOCK_START, KNOCK_COUNT, KNOCK_SECONDS = "2024-03-13T07:51:08", 24, 17
KNOCK_USERS = ("root", "admin", "test", "oracle", "ubuntu", "backup")
