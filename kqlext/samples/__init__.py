"""The sample database: a year of storms, and a week of a small company with one planted intrusion.

`load` draws every table from fixed seeds and fixed times: no file, no network, no clock. `StormEvents` has
the columns of Azure Data Explorer's sample table; the others have names and types of Microsoft Sentinel's, each
with the columns that hunters use. Eleven hosts and fifteen accounts of CONTOSO work from Monday 2024-03-11 to
Sunday 2024-03-17 (UTC). The
intrusion, all on Wednesday 2024-03-13 unless a day is named:

    07:44-07:58  203.0.113.57 knocks at the firewall and at sshd of LNX-WEB01: CommonSecurityLog, Syslog
    08:02-08:39  203.0.113.57 sprays passwords: SigninLogs ResultType 50126 and SecurityEvent 4625 on
                 SRV-RAS01, all eleven people, six rounds seven minutes apart
    08:43        it signs in as jlind: SigninLogs ResultType 0 without MFA, SecurityEvent 4624 on SRV-RAS01
    08:44-09:10  it reads jlind's mail, hides answers with an inbox rule and downloads files (OfficeActivity),
                 registers a second factor of its own, consents to "Mail Sync Helper" (AuditLogs), and is refused
                 in Azure (AzureActivity)
    09:24        four people get Invoice_March from billing@fabrikam-invoices.example: EmailEvents
    09:31        on WS-FIN-02 OUTLOOK.EXE opens Invoice_March.docm, and WINWORD.EXE starts powershell.exe
                 -enc: SecurityEvent 4688 and DeviceProcessEvents, with the same times and process ids;
                 DeviceFileEvents has this document, and later d.dmp, sync.ps1 and CacheSync
    09:31-       that powershell.exe calls 198.51.100.23:443 every 300 s, give or take 8 s, until Thursday
                 16:00: DeviceNetworkEvents, CommonSecurityLog
    09:33-09:35  whoami /all, net group "Domain Admins" /domain, nltest /dclist, net view
    09:48        rundll32.exe comsvcs.dll, MiniDump: adm-rossi had logged on to WS-FIN-02 on Tuesday 15:10
    10:02-10:21  adm-rossi from WS-FIN-02 (10.1.10.12) on SRV-FILE01: 4624 type 3, then type 10, DeviceLogonEvents;
                 DeviceNetworkEvents to 10.1.1.20 ports 445 and 3389
    10:26        schtasks /create CacheSync as SYSTEM; it runs at 12:26 below svchost.exe
    10:58-11:01  wevtutil cl Security, net stop HealthService: SRV-FILE01 then has no Heartbeat, no Perf and
                 no SecurityEvent until 11:52
    08:44-14:10  seven of the SecurityAlerts tell parts of it; the other 34 are noise

Noise that a hunt has to tell apart: a service account with an expired password (4625 all week), a monitoring
script with an encoded command, agents that call home on the hour, people who mistype, spam, strangers at every door.

For an operator: in `Perf` disk D: of SRV-SQL01 fills over the week, and the processor of WS-ENG-02 is busy on
Thursday from 13:00 to 16:30; in `Usage` `Syslog` is nine times as loud on Friday from 09:00.
Made-up secrets lie about in Syslog, CommonSecurityLog, AzureActivity and OfficeActivity;
`kqlext.samples.data.credentials` lists them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kqlext.samples.data.tables import TABLES

if TYPE_CHECKING:
    import duckdb

__all__ = ["TABLES", "load"]


def load(connection: duckdb.DuckDBPyConnection) -> None:
    """Create the sample tables in the connection's current database."""
    from kqlext.samples.database import create_tables  # numpy and pyarrow, only for who wants the samples

    create_tables(connection)
