"""The sample tables, drawn and written to a database."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kqlext.samples.alerts import security_alerts
from kqlext.samples.columns import arrow_table, create
from kqlext.samples.devices import device_process_events
from kqlext.samples.draws import Random
from kqlext.samples.heartbeats import heartbeats
from kqlext.samples.network import device_network_events
from kqlext.samples.processes import processes_of_the_week
from kqlext.samples.security import security_events
from kqlext.samples.signins import signin_logs
from kqlext.samples.storms import storm_events

if TYPE_CHECKING:
    import duckdb


def create_tables(connection: duckdb.DuckDBPyConnection) -> None:
    """All of them are drawn before the first one is created."""
    processes = processes_of_the_week(Random(2024_03_11))
    tables = {
        "StormEvents": arrow_table("StormEvents", storm_events(Random(2007))),
        "SecurityEvent": security_events(processes),
        "SecurityAlert": arrow_table("SecurityAlert", security_alerts(Random(40))),
        "SigninLogs": arrow_table("SigninLogs", signin_logs(Random(50126))),
        "DeviceProcessEvents": arrow_table("DeviceProcessEvents", device_process_events(processes)),
        "DeviceNetworkEvents": arrow_table("DeviceNetworkEvents", device_network_events(Random(443), processes)),
        "Heartbeat": arrow_table("Heartbeat", heartbeats()),
    }
    for name, table in tables.items():
        create(connection, name, table)
