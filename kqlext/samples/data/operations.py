"""What the workspace measures: counters of the hosts, and how much each table takes in."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Counter:
    """A performance counter: one value every `minutes`, `level` give or take `spread`, higher at work by `work`."""

    object_name: str
    name: str
    instance: str
    minutes: int
    level: float
    spread: float
    work: float = 0.0
    hosts: tuple[str, ...] = ()  # none named: all


CPU = Counter("Processor", "% Processor Time", "_Total", 30, 6.0, 5.0, 22.0)
MEMORY = Counter("Memory", "Available MBytes", "", 120, 9200.0, 500.0, -3800.0)
SYSTEM_DISK = Counter("LogicalDisk", "% Free Space", "C:", 120, 61.0, 0.6)
DATA_DISK = Counter("LogicalDisk", "% Free Space", "D:", 120, 41.0, 0.4, 0.0, ("SRV-FILE01", "SRV-SQL01"))
COUNTERS: tuple[Counter, ...] = (CPU, MEMORY, SYSTEM_DISK, DATA_DISK)

# The disk that fills: from Monday's level in a straight line to what is left at the end of Sunday.
FULL_HOST, FULL_LEFT = "SRV-SQL01", 2.4
# A build that does not end: the processor of one workstation.
BUSY_HOST, BUSY_START, BUSY_END, BUSY_LEVEL = "WS-ENG-02", "2024-03-14T13:00", "2024-03-14T16:30", 96.0

# Table, solution, megabytes an hour at work, at night, whether it is billed.
INGESTION: tuple[tuple[str, str, float, float, bool], ...] = (
    ("SecurityEvent", "Security", 61.0, 14.0, True), ("CommonSecurityLog", "Security", 38.0, 9.0, True),
    ("Syslog", "LogManagement", 11.0, 8.0, True), ("SigninLogs", "LogManagement", 9.0, 0.6, True),
    ("AuditLogs", "LogManagement", 0.9, 0.1, True), ("DeviceProcessEvents", "SecurityInsights", 22.0, 6.0, True),
    ("DeviceNetworkEvents", "SecurityInsights", 29.0, 8.0, True),
    ("DeviceFileEvents", "SecurityInsights", 17.0, 3.0, True),
    ("DeviceLogonEvents", "SecurityInsights", 4.0, 1.1, True), ("DeviceInfo", "SecurityInsights", 0.4, 0.4, True),
    ("EmailEvents", "SecurityInsights", 2.2, 0.3, True), ("Perf", "LogManagement", 7.0, 7.0, True),
    ("OfficeActivity", "SecurityInsights", 5.0, 0.5, False), ("AzureActivity", "LogManagement", 0.7, 0.3, False),
    ("SecurityAlert", "SecurityInsights", 0.02, 0.01, False), ("Heartbeat", "LogManagement", 0.12, 0.12, False),
)  # fmt: skip
# Somebody turned on debug messages on Friday.
LOUD_TABLE, LOUD_START, LOUD_END, LOUD_FACTOR = "Syslog", "2024-03-15T09:00", "2024-03-16T00:00", 9.0
