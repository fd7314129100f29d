"""The sample database: its shape, that it is the same everywhere, that a hunter finds what was planted."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import duckdb
import duckdb_kql
import pytest

from kqlext import samples

ROWS = {
    "StormEvents": 59066,
    "SecurityEvent": 14459,
    "SecurityAlert": 41,
    "SigninLogs": 3967,
    "DeviceProcessEvents": 6843,
    "DeviceNetworkEvents": 8038,
    "Heartbeat": 11083,
}
# By heart, not from samples.columns.TYPES: the test is of that table too.
DUCKDB_TYPES = {
    "string": "VARCHAR",
    "long": "BIGINT",
    "int": "INTEGER",
    "real": "DOUBLE",
    "bool": "BOOLEAN",
    "datetime": "TIMESTAMP",
    "dynamic": "JSON",
}
STORM_EVENTS = (
    "StartTime:datetime, EndTime:datetime, EpisodeId:int, EventId:int, State:string, EventType:string,"
    " InjuriesDirect:int, InjuriesIndirect:int, DeathsDirect:int, DeathsIndirect:int, DamageProperty:int,"
    " DamageCrops:int, Source:string, BeginLocation:string, EndLocation:string, BeginLat:real, BeginLon:real,"
    " EndLat:real, EndLon:real, EpisodeNarrative:string, EventNarrative:string, StormSummary:dynamic"
)
# Columns that other code and the examples rely on; the whole lists are compared with samples.TABLES.
USED_COLUMNS = {
    "SecurityEvent": """
        TimeGenerated Computer EventID Activity Account AccountType TargetUserName TargetDomainName
        TargetLogonId LogonType LogonProcessName IpAddress WorkstationName SubjectUserName
        SubjectDomainName SubjectLogonId NewProcessId NewProcessName ProcessId ParentProcessName
        CommandLine Status SubStatus Channel SourceComputerId TenantId Type
    """,
    "SecurityAlert": """
        TimeGenerated StartTime EndTime DisplayName AlertName AlertSeverity Description ProviderName
        VendorName SystemAlertId Tactics Techniques CompromisedEntity Entities ExtendedProperties Status
    """,
    "SigninLogs": """
        TimeGenerated UserPrincipalName UserDisplayName AppDisplayName IPAddress Location ResultType
        ResultDescription ClientAppUsed ConditionalAccessStatus DeviceDetail LocationDetails Status
        AuthenticationRequirement RiskLevelDuringSignIn CorrelationId
    """,
    "DeviceProcessEvents": """
        TimeGenerated Timestamp DeviceId DeviceName ActionType FileName FolderPath SHA256 ProcessId
        ProcessCommandLine ProcessCreationTime AccountName AccountDomain LogonId
        InitiatingProcessFileName InitiatingProcessFolderPath InitiatingProcessId
        InitiatingProcessCommandLine InitiatingProcessCreationTime InitiatingProcessParentFileName
        InitiatingProcessParentId ReportId
    """,
    "DeviceNetworkEvents": """
        TimeGenerated Timestamp DeviceId DeviceName ActionType RemoteIP RemotePort RemoteUrl LocalIP
        LocalPort Protocol InitiatingProcessFileName InitiatingProcessId InitiatingProcessCommandLine
        InitiatingProcessAccountName ReportId
    """,
    "Heartbeat": """
        TimeGenerated Computer ComputerIP OSType OSName Version Category ComputerEnvironment
        RemoteIPCountry RemoteIPLatitude RemoteIPLongitude TenantId
    """,
}
DAY = datetime(2024, 3, 13)


@pytest.fixture(scope="module")
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as loaded:
        samples.load(loaded)
        yield loaded


def sql(connection: duckdb.DuckDBPyConnection, text: str) -> list[tuple[Any, ...]]:
    return connection.execute(text).fetchall()


def kql(connection: duckdb.DuckDBPyConnection, text: str) -> list[tuple[Any, ...]]:
    return duckdb_kql.query(connection, text).fetchall()


def digests(connection: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """Of every value of every row of each table, and of the order in which the rows were written."""
    return {name: sql(connection, f'SELECT sum(hash(rowid, row)) FROM "{name}" AS row')[0][0] for name in ROWS}


@pytest.fixture(scope="module")
def expected_digests(connection: duckdb.DuckDBPyConnection) -> dict[str, int]:
    return digests(connection)


# ---- shape ---------------------------------------------------------------------------------------


def test_tables_and_row_counts(connection: duckdb.DuckDBPyConnection) -> None:
    names = [name for (name,) in sql(connection, "SELECT table_name FROM duckdb_tables()")]
    assert sorted(names) == sorted(ROWS) == sorted(samples.TABLES)
    assert {name: sql(connection, f'SELECT count(*) FROM "{name}"')[0][0] for name in names} == ROWS
    # Nothing that was registered is left over.
    assert sql(connection, "SELECT view_name FROM duckdb_views() WHERE NOT internal") == []


@pytest.mark.parametrize("table", ROWS)
def test_columns_and_types(connection: duckdb.DuckDBPyConnection, table: str) -> None:
    found = [(name, kind) for name, kind, *_ in sql(connection, f'DESCRIBE "{table}"')]
    assert found == [(name, DUCKDB_TYPES[kind]) for name, kind in samples.TABLES[table].items()]


def test_storm_events_have_the_columns_of_azure_data_explorer() -> None:
    found = ", ".join(f"{name}:{kind}" for name, kind in samples.TABLES["StormEvents"].items())
    assert found == STORM_EVENTS


@pytest.mark.parametrize("table", USED_COLUMNS)
def test_the_columns_that_hunts_use_are_there(table: str) -> None:
    assert [name for name in USED_COLUMNS[table].split() if name not in samples.TABLES[table]] == []


def test_identifiers_have_the_types_of_the_real_tables() -> None:
    tables = samples.TABLES
    assert (tables["SecurityEvent"]["EventID"], tables["SecurityEvent"]["LogonType"]) == ("int", "int")
    assert tables["SecurityEvent"]["NewProcessId"] == tables["SecurityEvent"]["ProcessId"] == "string"
    assert tables["DeviceProcessEvents"]["ProcessId"] == tables["DeviceProcessEvents"]["LogonId"] == "long"
    assert tables["SigninLogs"]["ResultType"] == tables["SecurityAlert"]["Entities"] == "string"
    dynamic = [name for name, kind in tables["SigninLogs"].items() if kind == "dynamic"]
    assert dynamic == ["DeviceDetail", "LocationDetails", "Status"]


@pytest.mark.parametrize("table", ROWS)
def test_strings_are_never_null(connection: duckdb.DuckDBPyConnection, table: str) -> None:
    kinds = ("string", "datetime", "dynamic")
    never = [name for name, kind in samples.TABLES[table].items() if kind in kinds]
    nulls = " OR ".join(f'"{name}" IS NULL' for name in never)
    assert sql(connection, f'SELECT count(*) FROM "{table}" WHERE {nulls}') == [(0,)]


def test_rows_are_in_the_order_of_time_and_within_the_period(connection: duckdb.DuckDBPyConnection) -> None:
    for table, columns in samples.TABLES.items():
        time = next(name for name, kind in columns.items() if kind == "datetime")
        times = [value for (value,) in sql(connection, f'SELECT "{time}" FROM "{table}" ORDER BY rowid')]
        first, last = ("2007", "2008") if table == "StormEvents" else ("2024-03-11", "2024-03-18")
        assert times == sorted(times)
        assert first <= times[0].isoformat() < times[-1].isoformat() < last


def test_a_second_load_into_the_same_database_is_refused(connection: duckdb.DuckDBPyConnection) -> None:
    with pytest.raises(duckdb.CatalogException):
        samples.load(connection)
    assert sql(connection, "SELECT count(*) FROM StormEvents") == [(59066,)]


# ---- the same everywhere -------------------------------------------------------------------------


def test_two_loads_are_equal(expected_digests: dict[str, int]) -> None:
    with duckdb.connect() as other:
        other.execute("SET threads = 1")
        samples.load(other)
        assert digests(other) == expected_digests


def test_another_process_with_another_hash_seed_loads_the_same(expected_digests: dict[str, int]) -> None:
    program = (
        "import duckdb, sys; from kqlext import samples\n"
        "c = duckdb.connect(); samples.load(c); assert 'pandas' not in sys.modules\n"
        "from test_samples import digests; print(digests(c))"
    )
    places = os.pathsep.join(path for path in sys.path if path)
    environment = {**os.environ, "PYTHONHASHSEED": "7", "PYTHONPATH": places, "TZ": "Asia/Tokyo"}
    command = [sys.executable, "-c", program]
    run = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert run.stdout.strip() == str(expected_digests)


# One small answer a table: it says, where the digests would only differ, that the draws have changed.
PINNED: dict[str, tuple[str, list[tuple[Any, ...]]]] = {
    "StormEvents": (
        "StormEvents | summarize Events = count() by State | top 5 by Events",
        [("TEXAS", 4657), ("KANSAS", 3379), ("IOWA", 2115), ("WISCONSIN", 2041), ("ILLINOIS", 2032)],
    ),
    "SecurityEvent": (
        "SecurityEvent | summarize Events = count() by EventID | sort by EventID asc",
        [(4624, 6750), (4625, 543), (4688, 7166)],
    ),
    "SecurityAlert": (
        "SecurityAlert | summarize Alerts = count() by AlertSeverity | sort by AlertSeverity asc",
        [("High", 3), ("Informational", 5), ("Low", 19), ("Medium", 14)],
    ),
    "SigninLogs": (
        "SigninLogs | summarize SignIns = count() by ResultType | sort by ResultType asc",
        [("0", 3669), ("50074", 66), ("50126", 148), ("50140", 73), ("53003", 11)],
    ),
    "DeviceProcessEvents": (
        "DeviceProcessEvents | summarize Processes = count() by FileName | top 3 by Processes",
        [("msedge.exe", 1872), ("svchost.exe", 1019), ("taskhostw.exe", 756)],
    ),
    "DeviceNetworkEvents": (
        "DeviceNetworkEvents | summarize Connections = count() by RemotePort | sort by RemotePort asc",
        [(80, 482), (389, 171), (443, 7034), (445, 176), (1433, 174), (3389, 1)],
    ),
    "Heartbeat": (
        "Heartbeat | summarize Beats = count() by OSName | sort by OSName asc",
        [("Windows 11 Enterprise", 7056), ("Windows Server 2022 Datacenter", 4027)],
    ),
}


@pytest.mark.parametrize("name", PINNED)
def test_pinned_values(connection: duckdb.DuckDBPyConnection, name: str) -> None:
    query, expected = PINNED[name]
    assert kql(connection, query) == expected


# ---- storms --------------------------------------------------------------------------------------


def test_storms_have_their_seasons_and_regions(connection: duckdb.DuckDBPyConnection) -> None:
    months = dict(kql(connection, """
        StormEvents | where EventType in ("Hail", "Tornado")
        | summarize Events = count() by Month = monthofyear(StartTime)"""))  # fmt: skip
    assert months[4] + months[5] + months[6] > sum(months.values()) / 2
    assert kql(connection, """
        StormEvents | where EventType == "Winter Storm" and monthofyear(StartTime) == 7""") == []  # fmt: skip
    assert kql(connection, 'StormEvents | where EventType has "Hurricane" and State == "KANSAS"') == []
    assert kql(connection, "StormEvents | where EndTime < StartTime") == []
    assert sql(connection, "SELECT count(DISTINCT EventId) FROM StormEvents") == [(59066,)]


def test_storms_have_gaps_and_a_skew(connection: duckdb.DuckDBPyConnection) -> None:
    [(unplaced, unnamed, harmless, costly)] = kql(connection, """
        StormEvents
        | summarize countif(isnull(BeginLat)), countif(isempty(BeginLocation)), countif(DamageProperty == 0),
            countif(DamageProperty > 1000000)""")  # fmt: skip
    assert 0 < unplaced == unnamed < 30_000
    assert harmless > 40_000
    assert 50 < costly < 3_000


def test_the_summary_of_a_storm_agrees_with_its_columns(connection: duckdb.DuckDBPyConnection) -> None:
    assert kql(connection, """
        StormEvents
        | where tolong(StormSummary.TotalDamages) != DamageProperty + DamageCrops
            or tostring(StormSummary.Details.Location) != State
            or todatetime(StormSummary.StartTime) != StartTime
        | count""") == [(0,)]  # fmt: skip


# ---- processes -----------------------------------------------------------------------------------

ORPHANS = """
    SELECT count(*) FROM {table} AS child WHERE {condition} NOT EXISTS (
        SELECT 1 FROM {table} AS parent
        WHERE parent.{host} = child.{host} AND parent.{pid} = child.{parent_pid}
          AND parent.{path} = child.{parent_path} AND parent.TimeGenerated < child.TimeGenerated)"""


def test_a_4688_names_an_earlier_process_of_its_host_as_parent(connection: duckdb.DuckDBPyConnection) -> None:
    query = ORPHANS.format(table="SecurityEvent", condition="EventID = 4688 AND", host="Computer",
                           pid="NewProcessId", parent_pid="ProcessId", path="NewProcessName",
                           parent_path="ParentProcessName")  # fmt: skip
    # The first of each of the eleven hosts, and those whose parent started in the silence of the server.
    assert 11 <= sql(connection, query)[0][0] < 30
    assert sql(connection, "SELECT count(*) FROM SecurityEvent WHERE EventID = 4688"
                           " AND NOT regexp_full_match(NewProcessId, '0x[0-9a-f]+')") == [(0,)]  # fmt: skip


def test_a_device_process_event_names_its_parent(connection: duckdb.DuckDBPyConnection) -> None:
    query = ORPHANS.format(table="DeviceProcessEvents", condition="", host="DeviceName", pid="ProcessId",
                           parent_pid="InitiatingProcessId", path="FolderPath",
                           parent_path="InitiatingProcessFolderPath")  # fmt: skip
    assert sql(connection, query) == [(10,)]  # the first of each onboarded host


def test_process_ids_are_not_used_twice_on_a_host(connection: duckdb.DuckDBPyConnection) -> None:
    assert sql(connection, """
        SELECT 1 FROM DeviceProcessEvents GROUP BY DeviceName, ProcessId HAVING count(*) > 1
        """) == []  # fmt: skip


def test_both_sensors_saw_the_same_processes(connection: duckdb.DuckDBPyConnection) -> None:
    [(seen, both)] = sql(connection, """
        SELECT count(*), count(device.ProcessId)
        FROM SecurityEvent AS event LEFT JOIN DeviceProcessEvents AS device
        ON lower(event.Computer) = device.DeviceName
          AND event.NewProcessId = format('0x{:x}', device.ProcessId)
          AND event.TimeGenerated = device.TimeGenerated AND event.CommandLine = device.ProcessCommandLine
        WHERE event.EventID = 4688 AND event.Computer NOT LIKE 'SRV-RAS01%'""")  # fmt: skip
    assert both == seen > 6_500


def test_a_connection_belongs_to_a_process_that_had_started(connection: duckdb.DuckDBPyConnection) -> None:
    assert sql(connection, """
        SELECT count(*) FROM DeviceNetworkEvents AS network ANTI JOIN DeviceProcessEvents AS process
        ON network.DeviceName = process.DeviceName AND network.InitiatingProcessId = process.ProcessId
          AND network.InitiatingProcessFileName = process.FileName
          AND network.TimeGenerated > process.TimeGenerated""") == [(0,)]  # fmt: skip


# ---- the hunt ------------------------------------------------------------------------------------


def test_hunt_password_spray_and_its_success(connection: duckdb.DuckDBPyConnection) -> None:
    assert kql(connection, """
        // Who failed for many accounts and got in at last?
        let sprayers = SigninLogs
            | where ResultType == "50126"
            | summarize Failures = count(), Users = dcount(UserPrincipalName), Last = max(TimeGenerated)
                by IPAddress
            | where Users >= 10 and Failures / Users >= 5;
        SigninLogs
        | where ResultType == "0" and Location != "GB"
        | join kind=inner sprayers on IPAddress
        | where TimeGenerated > Last
        | project TimeGenerated, UserPrincipalName, IPAddress, Failures, Users""") == [
        (DAY + timedelta(hours=8, minutes=43, seconds=17), "jlind@contoso.com", "203.0.113.57", 66, 11)
    ]  # fmt: skip


def test_hunt_spray_in_the_security_log(connection: duckdb.DuckDBPyConnection) -> None:
    assert kql(connection, """
        SecurityEvent
        | where EventID in (4624, 4625) and LogonType == 3
        | summarize Failed = countif(EventID == 4625), Succeeded = countif(EventID == 4624),
            Accounts = dcountif(TargetUserName, EventID == 4625) by IpAddress, Computer
        | where Accounts > 5
        | project IpAddress, Computer, Failed, Accounts, Succeeded""") == [
        ("203.0.113.57", "SRV-RAS01.contoso.com", 66, 11, 1)
    ]  # fmt: skip


def test_hunt_office_starts_a_script(connection: duckdb.DuckDBPyConnection) -> None:
    [(time, computer, pid, user, device_pid, parent)] = kql(connection, """
        SecurityEvent
        | where EventID == 4688 and ParentProcessName endswith "\\\\WINWORD.EXE" and CommandLine has "-enc"
        | extend DeviceName = tolower(Computer)
        | join kind=inner (DeviceProcessEvents | where InitiatingProcessFileName =~ "winword.exe")
            on DeviceName, $left.CommandLine == $right.ProcessCommandLine
        | project TimeGenerated, Computer, NewProcessId, SubjectUserName, ProcessId1,
            InitiatingProcessCommandLine
        """)  # fmt: skip
    assert (computer, user) == ("WS-FIN-02.contoso.com", "jlind")
    assert time == DAY + timedelta(hours=9, minutes=31, seconds=22, milliseconds=640)
    assert int(pid, 16) == device_pid
    assert parent.endswith('Invoice_March.docm" /o ""')


def test_hunt_discovery_and_credential_dump_below_the_script(connection: duckdb.DuckDBPyConnection) -> None:
    assert kql(connection, """
        let stager = DeviceProcessEvents
            | where InitiatingProcessFileName =~ "WINWORD.EXE" and FileName =~ "powershell.exe"
            | project DeviceName, InitiatingProcessId = ProcessId;
        DeviceProcessEvents
        | join kind=inner stager on DeviceName, InitiatingProcessId
        | where ProcessCommandLine has_any ("whoami", "Domain Admins", "nltest", "MiniDump")
        | sort by TimeGenerated asc
        | project FileName""") == [
        ("whoami.exe",), ("net.exe",), ("nltest.exe",), ("rundll32.exe",)]  # fmt: skip


def test_hunt_lateral_movement(connection: duckdb.DuckDBPyConnection) -> None:
    assert kql(connection, """
        // An administrator's remote desktop that comes from a workstation.
        SecurityEvent
        | where EventID == 4624 and LogonType in (3, 10) and Computer startswith "SRV-"
        | where TargetUserName startswith "adm-" and WorkstationName startswith "WS-"
        | sort by TimeGenerated asc
        | project Computer, LogonType, TargetUserName, IpAddress""") == [
        ("SRV-FILE01.contoso.com", 3, "adm-rossi", "10.1.10.12"),
        ("SRV-FILE01.contoso.com", 10, "adm-rossi", "10.1.10.12"),
    ]  # fmt: skip


def test_hunt_what_the_remote_session_did(connection: duckdb.DuckDBPyConnection) -> None:
    """The logon id ties the 4624 to the processes of its session."""
    names = [name for (name,) in kql(connection, """
        SecurityEvent
        | where EventID == 4624 and LogonType == 10 and WorkstationName == "WS-FIN-02"
        | project Computer, SubjectLogonId = TargetLogonId
        | join kind=inner (SecurityEvent | where EventID == 4688) on Computer, SubjectLogonId
        | sort by TimeGenerated asc
        | project Process""")]  # fmt: skip
    assert names[:3] == ["userinit.exe", "explorer.exe", "cmd.exe"]
    assert names[3:] == ["schtasks.exe", "wevtutil.exe", "net.exe", "net1.exe"]


def test_hunt_beacon(connection: duckdb.DuckDBPyConnection) -> None:
    [(device, address, count, slots, port)] = kql(connection, """
        // Few hosts, many connections, one in each slot of five minutes: not how people browse.
        DeviceNetworkEvents
        | where RemoteIPType == "Public" and ActionType == "ConnectionSuccess"
        | summarize Connections = count(), Hosts = dcount(DeviceName), Device = take_any(DeviceName),
            Slots = dcount(bin(TimeGenerated, 5m)), Port = take_any(RemotePort) by RemoteIP
        | where Hosts == 1 and Connections > 100
        | project Device, RemoteIP, Connections, Slots, Port""")  # fmt: skip
    assert (device, address, count, port) == ("ws-fin-02.contoso.com", "198.51.100.23", 366, 443)
    assert slots > 350  # dcount is an estimate
    [(mean, deviation)] = sql(connection, """
        SELECT avg(gap), stddev(gap) FROM (SELECT epoch(TimeGenerated - lag(TimeGenerated) OVER (ORDER BY
        TimeGenerated)) AS gap FROM DeviceNetworkEvents WHERE RemoteIP = '198.51.100.23')""")  # fmt: skip
    assert 299 < mean < 301
    assert 3 < deviation < 9


def test_hunt_silence_after_the_log_was_cleared(connection: duckdb.DuckDBPyConnection) -> None:
    silent = kql(connection, """
        Heartbeat
        | summarize Beats = count() by Computer, Hour = bin(TimeGenerated, 1h)
        | where Beats < 6""")  # fmt: skip
    assert silent == [("SRV-FILE01.contoso.com", DAY + timedelta(hours=11), 1)]
    assert kql(connection, """
        SecurityEvent
        | where Computer startswith "SRV-FILE01"
        | where TimeGenerated between (datetime(2024-03-13 11:01:12) .. datetime(2024-03-13 11:51:59))
        """) == []  # fmt: skip
    assert kql(connection, """
        SecurityEvent
        | where CommandLine has_any ("wevtutil cl", "net stop HealthService")
        | where ParentProcessName endswith "cmd.exe"
        | sort by TimeGenerated asc | project CommandLine""") == [
        ("wevtutil cl Security",), ("net stop HealthService",)]  # fmt: skip


def test_hunt_alerts_by_entity(connection: duckdb.DuckDBPyConnection) -> None:
    found = kql(connection, """
        SecurityAlert
        | where AlertSeverity in ("High", "Medium") and Status == "New"
        | mv-expand Entity = parse_json(Entities)
        | where tostring(Entity.Type) == "host"
        | summarize Alerts = dcount(SystemAlertId) by Host = tostring(Entity.HostName)
        | sort by Alerts desc
        | project Host, Alerts""")  # fmt: skip
    assert found == [("WS-FIN-02", 3), ("SRV-FILE01", 2)]


def test_the_script_that_looks_alike_is_noise(connection: duckdb.DuckDBPyConnection) -> None:
    """A hunt for encoded commands alone finds many hosts."""
    [(hosts,)] = kql(connection, """
        SecurityEvent
        | where EventID == 4688 and CommandLine contains "-enc"
        | summarize dcount(Computer)""")  # fmt: skip
    assert hosts > 5
