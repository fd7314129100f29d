"""Alerts: those of the intrusion, and the noise."""

from __future__ import annotations

from dataclasses import dataclass

from kqlext.samples.data.intrusion import ADMINISTRATOR, BEACON_ADDRESS, SERVER, SPRAY_ADDRESS, VICTIM, VICTIM_HOST


@dataclass(frozen=True)
class Alert:
    """A kind of alert; with a `time` it is one of the intrusion's, without one its time is drawn."""

    name: str
    severity: str
    tactics: str
    techniques: str
    provider: str
    time: str = ""
    host: str = ""
    account: str = ""
    address: str = ""


INTRUSION_ALERTS: tuple[Alert, ...] = (
    Alert("Password spray from one address", "Medium", "CredentialAccess", "T1110", "IPC",
          "2024-03-13T08:44:30", "", "", SPRAY_ADDRESS),
    Alert("Sign-in with unfamiliar properties", "Medium", "InitialAccess", "T1078", "IPC",
          "2024-03-13T08:51:02", "", VICTIM, SPRAY_ADDRESS),
    Alert("Office application started an encoded script", "High", "Execution", "T1059", "MDATP",
          "2024-03-13T09:32:15", VICTIM_HOST, VICTIM, ""),
    Alert("Dump of credentials from memory", "High", "CredentialAccess", "T1003", "MDATP",
          "2024-03-13T09:50:41", VICTIM_HOST, VICTIM, ""),
    Alert("Remote desktop session from a workstation with open alerts", "Medium", "LateralMovement", "T1021", "MDATP",
          "2024-03-13T10:25:09", SERVER, ADMINISTRATOR, "10.1.10.12"),
    Alert("Security log was cleared", "High", "DefenseEvasion", "T1070", "ASI Scheduled Alerts",
          "2024-03-13T11:00:12", SERVER, ADMINISTRATOR, ""),
    Alert("Periodic connections to a rare address", "Medium", "CommandAndControl", "T1071", "ASI Scheduled Alerts",
          "2024-03-13T14:10:00", VICTIM_HOST, VICTIM, BEACON_ADDRESS),
)  # fmt: skip
NOISE_ALERTS: tuple[Alert, ...] = (
    Alert("Unwanted software was blocked", "Low", "Execution", "T1204", "MDATP"),
    Alert("Sign-in with unfamiliar properties", "Low", "InitialAccess", "T1078", "IPC"),
    Alert("Mail reported by a user as phishing", "Low", "InitialAccess", "T1566", "OATP"),
    Alert("Many failed logons of a service account", "Informational", "CredentialAccess", "T1110",
          "ASI Scheduled Alerts", "", SERVER, "svc-sql"),
    Alert("Unusual number of files was downloaded", "Medium", "Exfiltration", "T1567", "MCAS"),
    Alert("Script with an encoded command", "Medium", "Execution", "T1059", "MDATP"),
)  # fmt: skip
NOISE_ALERT_COUNT = 34
