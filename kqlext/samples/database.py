"""The sample tables, drawn and written to a database."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kqlext.samples.alerts import security_alerts
from kqlext.samples.cloud import audit_logs, azure_activity, office_activity
from kqlext.samples.columns import arrow_table, create
from kqlext.samples.devices import device_process_events
from kqlext.samples.draws import Random
from kqlext.samples.endpoints import device_info, device_logon_events
from kqlext.samples.files import device_file_events
from kqlext.samples.firewall import common_security_log
from kqlext.samples.heartbeats import heartbeats
from kqlext.samples.linux import syslog
from kqlext.samples.logons import logons_of_the_week
from kqlext.samples.mails import email_events
from kqlext.samples.network import device_network_events
from kqlext.samples.operations import performance, usage
from kqlext.samples.processes import processes_of_the_week
from kqlext.samples.security import security_events
from kqlext.samples.signins import signin_logs
from kqlext.samples.storms import storm_events

if TYPE_CHECKING:
    import duckdb


def create_tables(connection: duckdb.DuckDBPyConnection) -> None:
    """All of them are drawn before the first one is created."""
    processes = processes_of_the_week(Random(2024_03_11))
    logons = logons_of_the_week(Random(4624), processes)
    network = arrow_table("DeviceNetworkEvents", device_network_events(Random(443), processes))
    columns = {
        "StormEvents": storm_events(Random(2007)), "SecurityAlert": security_alerts(Random(40)),
        "SigninLogs": signin_logs(Random(50126)), "DeviceProcessEvents": device_process_events(processes),
        "Heartbeat": heartbeats(), "Perf": performance(Random(61)), "Usage": usage(Random(62)),
        "AuditLogs": audit_logs(Random(63)), "OfficeActivity": office_activity(Random(64)),
        "AzureActivity": azure_activity(Random(65)), "EmailEvents": email_events(Random(66)),
        "DeviceFileEvents": device_file_events(Random(67), processes),
        "DeviceLogonEvents": device_logon_events(Random(68), logons), "DeviceInfo": device_info(),
        "Syslog": syslog(Random(69)), "CommonSecurityLog": common_security_log(Random(70), network),
    }  # fmt: skip
    tables = {name: arrow_table(name, each) for name, each in columns.items()}
    tables |= {"SecurityEvent": security_events(processes, logons), "DeviceNetworkEvents": network}
    for name, table in tables.items():
        create(connection, name, table)
