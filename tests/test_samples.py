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
from kqlext.samples.data.credentials import CREDENTIALS, Credential

ROWS = {
    "StormEvents": 59066,
    "SecurityEvent": 14459,
    "SecurityAlert": 41,
    "SigninLogs": 3967,
    "DeviceProcessEvents": 6843,
    "DeviceNetworkEvents": 8038,
    "Heartbeat": 11083,
    "Perf": 5710,
    "Usage": 2688,
    "AuditLogs": 264,
    "OfficeActivity": 1911,
    "EmailEvents": 1104,
    "DeviceFileEvents": 1801,
    "DeviceLogonEvents": 3835,
    "DeviceInfo": 420,
    "CommonSecurityLog": 4126,
    "Syslog": 2420,
    "AzureActivity": 488,
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
    "Perf": "TimeGenerated Computer ObjectName CounterName InstanceName CounterValue",
    "Usage": "TimeGenerated StartTime EndTime DataType Solution Quantity QuantityUnit IsBillable",
    "AuditLogs": """
        TimeGenerated OperationName Category Result InitiatedBy TargetResources AdditionalDetails Identity
        ActivityDisplayName LoggedByService CorrelationId
    """,
    "OfficeActivity": """
        TimeGenerated OfficeWorkload RecordType Operation UserId UserType ClientIP OfficeObjectId Parameters
        SourceFileName Site_Url UserAgent ResultStatus
    """,
    "EmailEvents": """
        TimeGenerated Timestamp NetworkMessageId SenderFromAddress SenderFromDomain SenderIPv4
        RecipientEmailAddress Subject EmailDirection DeliveryAction DeliveryLocation ThreatTypes
        AttachmentCount UrlCount
    """,
    "DeviceFileEvents": """
        TimeGenerated Timestamp DeviceName ActionType FileName FolderPath SHA256 FileSize FileOriginUrl
        InitiatingProcessFileName InitiatingProcessCommandLine InitiatingProcessAccountName
    """,
    "DeviceLogonEvents": """
        TimeGenerated Timestamp DeviceName ActionType LogonType AccountName AccountDomain RemoteIP
        RemoteDeviceName IsLocalAdmin FailureReason LogonId
    """,
    "DeviceInfo": "TimeGenerated DeviceId DeviceName OSPlatform OSBuild PublicIP LoggedOnUsers MachineGroup DeviceType",
    "CommonSecurityLog": """
        TimeGenerated DeviceVendor DeviceProduct DeviceAction Activity SourceIP SourcePort SourceUserName
        DestinationIP DestinationPort DestinationHostName Protocol SentBytes ReceivedBytes RequestURL
    """,
    "Syslog": "TimeGenerated EventTime Computer HostIP Facility SeverityLevel ProcessName ProcessID SyslogMessage",
    "AzureActivity": """
        TimeGenerated OperationNameValue ActivityStatusValue Caller CallerIpAddress ResourceGroup
        Authorization_d Properties_d CategoryValue CorrelationId SubscriptionId
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
    assert (tables["Perf"]["CounterValue"], tables["Usage"]["Quantity"]) == ("real", "real")
    assert tables["AuditLogs"]["InitiatedBy"] == tables["DeviceInfo"]["LoggedOnUsers"] == "dynamic"
    assert tables["DeviceLogonEvents"]["LogonType"] == tables["OfficeActivity"]["Parameters"] == "string"
    assert (tables["CommonSecurityLog"]["SentBytes"], tables["EmailEvents"]["UrlCount"]) == ("long", "int")
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
    "Perf": (
        "Perf | summarize Samples = count() by CounterName | sort by Samples desc",
        [("% Processor Time", 3694), ("% Free Space", 1092), ("Available MBytes", 924)],
    ),
    "Usage": (
        "Usage | summarize Megabytes = round(sum(Quantity)) by IsBillable | sort by Megabytes desc",
        [(True, 16364.0), (False, 347.0)],
    ),
    "AuditLogs": (
        "AuditLogs | summarize Changes = count() by OperationName | top 3 by Changes",
        [("Update user", 87), ("Update device", 82), ("Add member to group", 36)],
    ),
    "OfficeActivity": (
        "OfficeActivity | summarize Operations = count() by OfficeWorkload | sort by Operations desc",
        [("SharePoint", 1098), ("Exchange", 480), ("OneDrive", 221), ("MicrosoftTeams", 112)],
    ),
    "EmailEvents": (
        "EmailEvents | summarize Mails = count() by DeliveryAction | sort by Mails desc",
        [("Delivered", 1012), ("Junked", 54), ("Blocked", 38)],
    ),
    "DeviceFileEvents": (
        "DeviceFileEvents | summarize Files = count() by ActionType | sort by Files desc",
        [("FileCreated", 826), ("FileModified", 821), ("FileDeleted", 86), ("FileRenamed", 68)],
    ),
    "DeviceLogonEvents": (
        "DeviceLogonEvents | summarize Logons = count() by ActionType | sort by Logons desc",
        [("LogonSuccess", 3380), ("LogonFailed", 455)],
    ),
    "DeviceInfo": (
        "DeviceInfo | summarize Reports = count() by OSPlatform | sort by Reports desc",
        [("Windows11", 294), ("WindowsServer2022", 126)],
    ),
    "CommonSecurityLog": (
        "CommonSecurityLog | summarize Sessions = count(), Sent = sum(SentBytes) by DeviceAction | sort by Sent desc",
        [("allow", 4066, 57209284), ("deny", 60, 3600)],
    ),
    "Syslog": (
        "Syslog | summarize Messages = count() by ProcessName | top 3 by Messages",
        [("CRON", 1185), ("sshd", 561), ("systemd", 295)],
    ),
    "AzureActivity": (
        "AzureActivity | summarize Events = count() by ActivityStatusValue | sort by Events desc",
        [("Start", 244), ("Success", 238), ("Failure", 6)],
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


# ---- the intrusion in the other tables -----------------------------------------------------------


def test_hunt_the_mail_that_brought_the_document(connection: duckdb.DuckDBPyConnection) -> None:
    assert kql(connection, """
        // A sender whom nobody knew before, with an attachment that was opened some minutes later.
        EmailEvents
        | where EmailDirection == "Inbound" and AttachmentCount > 0 and DeliveryAction == "Delivered"
        | join kind=leftanti (EmailEvents | where TimeGenerated < datetime(2024-03-13)) on SenderFromDomain
        | extend AccountName = tostring(split(RecipientEmailAddress, "@")[0]), Received = TimeGenerated
        | join kind=inner (DeviceFileEvents | where FileName endswith ".docm") on
            $left.AccountName == $right.InitiatingProcessAccountName
        | where TimeGenerated1 between (Received .. (Received + 15m))
        | project SenderFromAddress, AccountName, FileName, DeviceName""") == [
        ("billing@fabrikam-invoices.example", "jlind", "Invoice_March.docm", "ws-fin-02.contoso.com")
    ]  # fmt: skip


def test_hunt_what_the_intruder_did_in_the_cloud(connection: duckdb.DuckDBPyConnection) -> None:
    address = "203.0.113.57"
    assert kql(connection, f"""
        union
            (OfficeActivity | where ClientIP == "{address}" | project TimeGenerated, What = Operation),
            (AuditLogs | where tostring(InitiatedBy.user.ipAddress) == "{address}"
                | project TimeGenerated = ActivityDateTime, What = OperationName),
            (AzureActivity | where CallerIpAddress == "{address}" and ActivityStatusValue == "Failure"
                | project TimeGenerated, What = OperationNameValue)
        | summarize First = min(TimeGenerated), Times = count() by What
        | sort by First asc
        | project What, Times""") == [
        ("MailItemsAccessed", 3), ("User registered security info", 1), ("New-InboxRule", 1),
        ("Add service principal", 1), ("Add delegated permission grant", 1), ("Consent to application", 1),
        ("FileDownloaded", 3), ("MICROSOFT.STORAGE/STORAGEACCOUNTS/LISTKEYS/ACTION", 1),
        ("MICROSOFT.AUTHORIZATION/ROLEASSIGNMENTS/WRITE", 2),
    ]  # fmt: skip


def test_hunt_files_of_the_intrusion(connection: duckdb.DuckDBPyConnection) -> None:
    """Each was written by a process that DeviceProcessEvents has, after its start."""
    assert kql(connection, """
        DeviceFileEvents
        | where FileName in ("Invoice_March.docm", "d.dmp", "sync.ps1", "CacheSync") and ActionType == "FileCreated"
        | join kind=inner (DeviceProcessEvents | project DeviceName, InitiatingProcessId = ProcessId,
            Started = TimeGenerated, Program = FileName) on DeviceName, InitiatingProcessId
        | where Started < TimeGenerated and Program == InitiatingProcessFileName
        | sort by TimeGenerated asc
        | project FileName, Program""") == [
        ("Invoice_March.docm", "OUTLOOK.EXE"), ("d.dmp", "rundll32.exe"), ("sync.ps1", "cmd.exe"),
        ("CacheSync", "svchost.exe"),
    ]  # fmt: skip


def test_the_endpoint_sensor_and_the_security_log_saw_the_same_logons(connection: duckdb.DuckDBPyConnection) -> None:
    [(seen, both)] = sql(connection, """
        SELECT count(*), count(event.TimeGenerated)
        FROM DeviceLogonEvents AS device LEFT JOIN SecurityEvent AS event
        ON lower(event.Computer) = device.DeviceName AND event.TimeGenerated = device.TimeGenerated
          AND event.TargetUserName = device.AccountName
          AND event.EventID = if(device.ActionType = 'LogonSuccess', 4624, 4625)""")  # fmt: skip
    # The log agent of SRV-FILE01 stood still for an hour; the sensor did not.
    assert seen - 40 < both < seen == 3835


def test_the_firewall_saw_the_beacon(connection: duckdb.DuckDBPyConnection) -> None:
    assert kql(connection, """
        CommonSecurityLog
        | where DeviceAction == "allow"
        | summarize Sessions = count(), Largest = max(SentBytes), Smallest = min(SentBytes)
            by SourceIP, DestinationIP
        | where Sessions > 100 and Largest - Smallest < 64""") == [
        ("10.1.10.12", "198.51.100.23", 366, 419, 380)]  # fmt: skip


def test_hunt_knocks_before_the_spray(connection: duckdb.DuckDBPyConnection) -> None:
    assert kql(connection, """
        Syslog
        | where ProcessName == "sshd" and SyslogMessage has "invalid user"
        | parse SyslogMessage with * "invalid user " User " from " Address " port " *
        | summarize Tries = count(), Users = dcount(User), Last = max(EventTime) by Address""") == [
        ("203.0.113.57", 24, 6, DAY + timedelta(hours=7, minutes=57, seconds=39))]  # fmt: skip
    assert kql(connection, """
        CommonSecurityLog | where DeviceAction == "deny" | summarize dcount(DestinationPort), count() by SourceIP
        """) == [("203.0.113.57", 10, 60)]  # fmt: skip


@pytest.mark.parametrize("credential", CREDENTIALS, ids=lambda credential: credential.kind)
def test_a_credential_lies_where_the_list_says(connection: duckdb.DuckDBPyConnection, credential: Credential) -> None:
    found = {
        (table, column)
        for table, columns in samples.TABLES.items()
        for column, kind in columns.items()
        if kind in ("string", "dynamic") and connection.execute(
            f'SELECT count(*) FROM "{table}" WHERE contains(CAST("{column}" AS VARCHAR), ?)', [credential.secret]
        ).fetchone() != (0,)
    }  # fmt: skip
    # What Azure's log has as text it has as dynamic too.
    assert found - {("AzureActivity", "Properties_d")} == {(credential.table, credential.column)}


# ---- an operator's questions ---------------------------------------------------------------------


def test_a_disk_fills_and_a_processor_is_busy(connection: duckdb.DuckDBPyConnection) -> None:
    assert kql(connection, """
        Perf
        | where CounterName == "% Free Space"
        | summarize arg_max(TimeGenerated, CounterValue) by Computer, InstanceName
        | where CounterValue < 10
        | project Computer, InstanceName, CounterValue""") == [("SRV-SQL01.contoso.com", "D:", 2.999)]  # fmt: skip
    assert kql(connection, """
        Perf
        | where CounterName == "% Processor Time" and CounterValue > 90
        | summarize min(TimeGenerated), count() by Computer""") == [
        ("WS-ENG-02.contoso.com", datetime(2024, 3, 14, 13, 4, 44), 7)]  # fmt: skip
    assert kql(connection, """
        Perf
        | where Computer startswith "SRV-FILE01"
        | where TimeGenerated between (datetime(2024-03-13 11:01:12) .. datetime(2024-03-13 11:51:59))
        """) == []  # fmt: skip


def test_a_table_grows_loud(connection: duckdb.DuckDBPyConnection) -> None:
    assert kql(connection, """
        Usage
        | summarize Megabytes = sum(Quantity) by DataType, Day = bin(StartTime, 1d)
        | join kind=inner (Usage | summarize Usual = sum(Quantity) / 7 by DataType) on DataType
        | where Megabytes > 3 * Usual
        | project DataType, Day""") == [("Syslog", datetime(2024, 3, 15))]  # fmt: skip
