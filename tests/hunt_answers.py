"""The answers of hunting queries in SQL, written from what each asks and not from how the engine translates it."""

from __future__ import annotations

ANSWERS: dict[str, str] = {
    "alerts/by-severity": "SELECT AlertSeverity, count(*) FROM SecurityAlert GROUP BY ALL",
    "alerts/false-positive-rate": """
        SELECT AlertName, sum((Status = 'Resolved')::INT), count(*), round(avg((Status = 'Resolved')::INT), 2)
        FROM SecurityAlert GROUP BY AlertName HAVING count(*) > 1""",
    "alerts/providers-a-day": """
        SELECT ProviderName, date_trunc('day', TimeGenerated), count(*) FROM SecurityAlert GROUP BY ALL""",
    "alerts/extended-properties": """
        SELECT ExtendedProperties::JSON ->> '$."Alert Source"', Tactics, count(*) FROM SecurityAlert GROUP BY ALL""",
    "cloud/initiators-kind": """
        SELECT if(InitiatedBy::VARCHAR LIKE '{"user"%', 'person', 'application'), AADOperationType, count(*)
        FROM AuditLogs GROUP BY ALL""",
    "cloud/by-operation": "SELECT OperationName, count(*) FROM AuditLogs GROUP BY ALL",
    "cloud/workloads-a-day": """
        SELECT OfficeWorkload, date_trunc('day', TimeGenerated), count(*) FROM OfficeActivity GROUP BY ALL""",
    "cloud/azure-failures": """
        SELECT TimeGenerated, Caller, CallerIpAddress, OperationNameValue, Authorization_d ->> 'scope',
            ActivitySubstatusValue FROM AzureActivity WHERE ActivityStatusValue = 'Failure'""",
    "cloud/delay-of-the-log": """
        SELECT INTERVAL 90 SECOND, INTERVAL 90 SECOND FROM AuditLogs
        WHERE TimeGenerated - ActivityDateTime = INTERVAL 90 SECOND HAVING count(*) = 264""",
    "endpoint/comsvcs": """
        SELECT Timestamp, DeviceName, AccountName, FileName, ProcessCommandLine, InitiatingProcessFileName
        FROM DeviceProcessEvents WHERE ProcessCommandLine LIKE '%comsvcs%full%'""",
    "endpoint/net-group": """
        SELECT Timestamp, DeviceName, AccountName, ProcessCommandLine FROM DeviceProcessEvents
        WHERE lower(FileName) IN ('net.exe', 'net1.exe') AND ProcessCommandLine LIKE '%"Domain Admins"%'""",
    "endpoint/programs-in-downloads": """
        SELECT DISTINCT DeviceName, FileName, FileOriginUrl FROM DeviceFileEvents
        WHERE FolderPath LIKE '%\\Downloads\\%' AND FileName IN ('Setup.exe', 'Viewer.msi')""",
    "endpoint/event-4688-words": """
        SELECT TimeGenerated, Computer || ' (' || SubjectUserName || ')', CommandLine FROM SecurityEvent
        WHERE EventID = 4688 AND regexp_matches(CommandLine, 'schtasks|wevtutil|HealthService')""",
    "files/by-action": "SELECT ActionType, count(*) FROM DeviceFileEvents GROUP BY ALL",
    "files/folders": """
        SELECT regexp_extract(FolderPath, '^(.*\\\\)', 1) AS Folder, count(*) FROM DeviceFileEvents
        GROUP BY ALL HAVING count(*) > 50""",
    "files/renamed": """
        SELECT DeviceName, InitiatingProcessAccountName, date_trunc('hour', Timestamp), count(*)
        FROM DeviceFileEvents WHERE ActionType = 'FileRenamed' GROUP BY ALL HAVING count(*) >= 3""",
    "identity/added-to-groups": """
        SELECT DISTINCT TargetResources ->> '$[0].userPrincipalName', InitiatedBy ->> '$.user.userPrincipalName'
        FROM AuditLogs WHERE OperationName = 'Add member to group'""",
    "identity/coordinates": """
        SELECT DISTINCT IPAddress, (LocationDetails ->> '$.geoCoordinates.latitude')::DOUBLE,
            (LocationDetails ->> '$.geoCoordinates.longitude')::DOUBLE FROM SigninLogs WHERE Location <> 'GB'""",
    "identity/consents-not-of-ours": """
        SELECT TimeGenerated, TargetResources ->> '$[0].displayName', InitiatedBy ->> '$.user.userPrincipalName'
        FROM AuditLogs WHERE OperationName = 'Consent to application'
            AND TargetResources::VARCHAR LIKE '%Mail Sync Helper%'""",
    "identity/exceptions": """
        SELECT DISTINCT TargetUserName, Computer FROM SecurityEvent
        WHERE EventID = 4625 AND TargetUserName <> 'svc-sql'""",
    "intelligence/common-function": """
        SELECT IPAddress, count(*) FROM SigninLogs WHERE ResultType = '50126' GROUP BY ALL HAVING count(*) > 10""",
    "linux/by-facility": "SELECT Facility, count(*) FROM Syslog GROUP BY ALL",
    "linux/accepted-keys": """
        SELECT regexp_extract(SyslogMessage, 'publickey for (\\S+)', 1),
            regexp_extract(SyslogMessage, 'from (\\S+)', 1), HostName, count(*)
        FROM Syslog WHERE SyslogMessage LIKE 'Accepted publickey%' GROUP BY ALL""",
    "logons/failed-by-hour": """
        SELECT date_trunc('hour', TimeGenerated), Computer, count(*) FROM SecurityEvent
        WHERE EventID = 4625 GROUP BY ALL""",
    "logons/failures-by-address": """
        SELECT IpAddress, Computer, count(*), count(DISTINCT TargetUserName) FROM SecurityEvent
        WHERE EventID = 4625 GROUP BY ALL HAVING count(DISTINCT TargetUserName) > 5""",
    "logons/logon-id-reuse": """
        SELECT count(*) FROM (SELECT 1 FROM SecurityEvent WHERE EventID = 4624 AND TargetLogonId <> '0x3e7'
        GROUP BY Computer, TargetLogonId HAVING count(*) > 1)""",
    "logons/failure-percent": """
        SELECT AccountName, round(100.0 * sum((ActionType = 'LogonFailed')::INT) / count(*), 1) AS Percent,
            sum((ActionType = 'LogonFailed')::INT), count(*)
        FROM DeviceLogonEvents GROUP BY AccountName HAVING Percent > 50""",
    "logons/type-names": """
        SELECT CASE LogonType WHEN 2 THEN 'interactive' WHEN 3 THEN 'network' WHEN 5 THEN 'service'
            WHEN 7 THEN 'unlock' ELSE 'remote desktop' END, count(*)
        FROM SecurityEvent WHERE EventID = 4624 GROUP BY ALL""",
    "mail/recipients-of-the-lure": """
        SELECT split_part(RecipientEmailAddress, '@', 1), DeliveryAction, DeliveryLocation, Timestamp
        FROM EmailEvents WHERE SenderFromAddress = 'billing@fabrikam-invoices.example'""",
    "mail/links-and-attachments": """
        SELECT SenderFromDomain, sum(UrlCount), sum(AttachmentCount), count(*), round(sum(UrlCount) / count(*), 2)
        FROM EmailEvents GROUP BY SenderFromDomain HAVING round(sum(UrlCount) / count(*), 2) > 0.5""",
    "mail/a-day": "SELECT date_trunc('day', Timestamp), EmailDirection, count(*) FROM EmailEvents GROUP BY ALL",
    "network/bytes-by-hour": """
        SELECT date_trunc('hour', TimeGenerated), sum(SentBytes), sum(ReceivedBytes)
        FROM CommonSecurityLog GROUP BY ALL""",
    "network/networks": """
        SELECT CASE WHEN RemoteIP LIKE '10.1.1.%' THEN 'servers' WHEN RemoteIP LIKE '192.0.2.%' THEN 'own services'
            ELSE 'internet' END, count(*) FROM DeviceNetworkEvents GROUP BY ALL""",
    "network/services-by-name": """
        SELECT CASE RemotePort WHEN 80 THEN 'http' WHEN 389 THEN 'ldap' WHEN 443 THEN 'https' WHEN 445 THEN 'smb'
            WHEN 1433 THEN 'sql' ELSE 'rdp' END, count(*) FROM DeviceNetworkEvents GROUP BY ALL""",
    "network/failed-connections": """
        SELECT RemoteIP, sum((ActionType = 'ConnectionFailed')::INT) AS Failed, count(*),
            round(100.0 * Failed / count(*), 1) FROM DeviceNetworkEvents GROUP BY RemoteIP HAVING Failed > 5""",
    # Kusto names the branches of a union that are no tables by their number.
    "network/address-in-all-logs": """
        SELECT Log, min(TimeGenerated), max(TimeGenerated), count(*) FROM (
            SELECT 'union_arg0' AS Log, TimeGenerated FROM SigninLogs WHERE IPAddress = '203.0.113.57'
            UNION ALL SELECT 'union_arg1', TimeGenerated FROM SecurityEvent WHERE IpAddress = '203.0.113.57'
            UNION ALL SELECT 'union_arg2', TimeGenerated FROM OfficeActivity WHERE ClientIP = '203.0.113.57'
            UNION ALL SELECT 'union_arg3', TimeGenerated FROM CommonSecurityLog
                WHERE SourceIP = '203.0.113.57') GROUP BY Log""",
    "operations/volume-by-table": """
        SELECT DataType, round(sum(Quantity) / 1000, 3) FROM Usage WHERE IsBillable GROUP BY ALL""",
    "operations/silent-hours": """
        SELECT Computer, date_trunc('hour', TimeGenerated) AS Hour, count(*) FROM Heartbeat
        GROUP BY ALL HAVING count(*) < 6""",
    "operations/gaps": """
        SELECT Computer, max(Gap) FROM (
            SELECT Computer, date_diff('minute', lag(TimeGenerated) OVER (
                PARTITION BY Computer ORDER BY TimeGenerated), TimeGenerated) AS Gap FROM Heartbeat)
        GROUP BY Computer HAVING max(Gap) > 15""",
    "processes/pivot-by-host": """
        SELECT DeviceName, count(*) FILTER (FileName = 'PING.EXE'), count(*) FILTER (FileName = 'cmd.exe'),
            count(*) FILTER (FileName = 'ipconfig.exe'), count(*) FILTER (FileName = 'net.exe'),
            count(*) FILTER (FileName = 'powershell.exe') FROM DeviceProcessEvents
        WHERE lower(FileName) IN ('cmd.exe', 'powershell.exe', 'net.exe', 'ipconfig.exe', 'ping.exe') GROUP BY ALL""",
    "processes/integrity": "SELECT ProcessIntegrityLevel, count(*) FROM DeviceProcessEvents GROUP BY ALL",
    "processes/rare-parents": """
        SELECT InitiatingProcessFileName || ' -> ' || FileName FROM DeviceProcessEvents
        GROUP BY InitiatingProcessFileName, FileName HAVING count(*) = 1""",
    "processes/encoded-commands": """
        SELECT ProcessCommandLine, InitiatingProcessFileName, count(*), count(DISTINCT DeviceName)
        FROM DeviceProcessEvents WHERE FileName = 'powershell.exe'
            AND regexp_matches(ProcessCommandLine, ' -(enc|EncodedCommand) ') GROUP BY ALL""",
    "signins/by-country": """
        SELECT Location, count(*), count(DISTINCT UserPrincipalName) FROM SigninLogs GROUP BY ALL""",
    "signins/failures-a-day": """
        SELECT date_trunc('day', TimeGenerated), count(*) FROM SigninLogs
        WHERE ResultType NOT IN ('0', '50140') GROUP BY ALL""",
    "signins/office-or-home": """
        SELECT CASE WHEN IPAddress = '192.0.2.10' THEN 'office' WHEN IPAddress LIKE '198.51.100.%' THEN 'home'
            ELSE 'stranger' END, count(*), count(DISTINCT UserPrincipalName) FROM SigninLogs GROUP BY ALL""",
}
