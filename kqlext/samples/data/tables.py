"""The columns of the sample tables, with their Kusto types."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType


def _schema(columns: str) -> Mapping[str, str]:
    """Columns with their Kusto types from `type: Column Column ...; type: ...`, in that order."""
    return MappingProxyType(
        {
            column: kusto_type.strip()
            for kusto_type, names in (group.split(":") for group in columns.split(";"))
            for column in names.split()
        }
    )


TABLES: Mapping[str, Mapping[str, str]] = MappingProxyType({
    "StormEvents": _schema("""
        datetime: StartTime EndTime; int: EpisodeId EventId; string: State EventType; int: InjuriesDirect
        InjuriesIndirect DeathsDirect DeathsIndirect DamageProperty DamageCrops; string: Source
        BeginLocation EndLocation; real: BeginLat BeginLon EndLat EndLon; string: EpisodeNarrative
        EventNarrative; dynamic: StormSummary
    """),
    "SecurityEvent": _schema("""
        string: TenantId; datetime: TimeGenerated; string: SourceSystem Account AccountType Computer
        EventSourceName Channel; int: Task; string: Level; int: EventID; string: Activity SourceComputerId
        ManagementGroupName AuthenticationPackageName CommandLine FailureReason IpAddress IpPort
        LogonProcessName; int: LogonType; string: LogonTypeName MandatoryLabel NewProcessId NewProcessName
        ParentProcessName Process ProcessId ProcessName Status SubStatus SubjectAccount SubjectDomainName
        SubjectLogonId SubjectUserName SubjectUserSid TargetAccount TargetDomainName TargetLogonId
        TargetUserName TargetUserSid TokenElevationType WorkstationName Type
    """),
    "SecurityAlert": _schema("""
        string: TenantId; datetime: TimeGenerated; string: DisplayName AlertName AlertSeverity Description
        ProviderName VendorName VendorOriginalId SystemAlertId AlertType ConfidenceLevel; real:
        ConfidenceScore; bool: IsIncident; datetime: StartTime EndTime ProcessingEndTime; string:
        RemediationSteps ExtendedProperties Entities SourceSystem ExtendedLinks ProductName
        ProductComponentName AlertLink Status CompromisedEntity Tactics Techniques Type
    """),
    "SigninLogs": _schema("""
        string: TenantId SourceSystem; datetime: TimeGenerated; string: OperationName Category ResultType
        ResultDescription; long: DurationMs; string: CorrelationId Identity Location AppDisplayName AppId
        AuthenticationRequirement ClientAppUsed ConditionalAccessStatus; datetime: CreatedDateTime;
        dynamic: DeviceDetail; bool: IsInteractive; string: Id IPAddress; dynamic: LocationDetails;
        string: ResourceDisplayName RiskDetail RiskLevelAggregated RiskLevelDuringSignIn RiskState;
        dynamic: Status; string: UserAgent UserDisplayName UserId UserPrincipalName UserType Type
    """),
    "DeviceProcessEvents": _schema("""
        string: TenantId; datetime: TimeGenerated Timestamp; string: DeviceId DeviceName ActionType
        FileName FolderPath SHA256; long: ProcessId; string: ProcessCommandLine ProcessIntegrityLevel
        ProcessTokenElevation; datetime: ProcessCreationTime; string: AccountDomain AccountName
        AccountSid; long: LogonId; string: InitiatingProcessAccountDomain InitiatingProcessAccountName;
        long: InitiatingProcessLogonId; string: InitiatingProcessSHA256 InitiatingProcessFileName
        InitiatingProcessFolderPath; long: InitiatingProcessId; string: InitiatingProcessCommandLine;
        datetime: InitiatingProcessCreationTime; long: InitiatingProcessParentId; string:
        InitiatingProcessParentFileName; datetime: InitiatingProcessParentCreationTime; long: ReportId;
        string: SourceSystem Type
    """),
    "DeviceNetworkEvents": _schema("""
        string: TenantId; datetime: TimeGenerated Timestamp; string: DeviceId DeviceName ActionType
        RemoteIP; int: RemotePort; string: RemoteUrl LocalIP; int: LocalPort; string: Protocol
        RemoteIPType InitiatingProcessFileName InitiatingProcessFolderPath; long: InitiatingProcessId;
        string: InitiatingProcessCommandLine; datetime: InitiatingProcessCreationTime; string:
        InitiatingProcessAccountDomain InitiatingProcessAccountName; long: ReportId; string: SourceSystem
        Type
    """),
    "Heartbeat": _schema("""
        string: TenantId SourceComputerId; datetime: TimeGenerated; string: SourceSystem
        ManagementGroupName Category Computer OSType OSName OSMajorVersion OSMinorVersion Version
        ComputerEnvironment ComputerIP RemoteIPCountry; real: RemoteIPLatitude RemoteIPLongitude; bool:
        IsGatewayInstalled; string: Type
    """),
    "Perf": _schema("""
        string: TenantId; datetime: TimeGenerated; string: Computer ObjectName CounterName InstanceName; real:
        CounterValue; string: CounterPath SourceSystem Type _ResourceId
    """),
    "Usage": _schema("""
        string: TenantId; datetime: TimeGenerated; string: DataType Solution; datetime: StartTime EndTime; real:
        Quantity; string: QuantityUnit ResourceUri MeterId; bool: IsBillable; string: SourceSystem Type
    """),
    "AuditLogs": _schema("""
        string: TenantId SourceSystem; datetime: TimeGenerated; string: ResourceId OperationName
        OperationVersion Category ResultType ResultDescription; long: DurationMs; string: CorrelationId Identity
        Level; dynamic: AdditionalDetails; string: Id; dynamic: InitiatedBy; string: LoggedByService Result
        ResultReason; dynamic: TargetResources; string: AADTenantId ActivityDisplayName; datetime:
        ActivityDateTime; string: AADOperationType Type
    """),
    "OfficeActivity": _schema("""
        string: TenantId; datetime: TimeGenerated; string: RecordType Operation OrganizationId UserType UserKey
        OfficeWorkload ResultStatus OfficeId OfficeObjectId UserId ClientIP Site_Url SourceRelativeUrl
        SourceFileName SourceFileExtension ItemType UserAgent ClientInfoString Client_IPAddress MailboxOwnerUPN
        LogonUserDisplayName Logon_Type Parameters ExternalAccess OriginatingServer SourceSystem Type
    """),
    "EmailEvents": _schema("""
        string: TenantId; datetime: TimeGenerated Timestamp; string: NetworkMessageId InternetMessageId
        SenderMailFromAddress SenderFromAddress SenderDisplayName SenderMailFromDomain SenderFromDomain SenderIPv4
        RecipientEmailAddress RecipientObjectId Subject; long: EmailClusterId; string: EmailDirection
        DeliveryAction DeliveryLocation ThreatTypes ThreatNames DetectionMethods ConfidenceLevel EmailAction
        EmailLanguage AuthenticationDetails; int: AttachmentCount UrlCount; string: ReportId SourceSystem Type
    """),
    "DeviceFileEvents": _schema("""
        string: TenantId; datetime: TimeGenerated Timestamp; string: DeviceId DeviceName ActionType FileName
        FolderPath SHA256; long: FileSize; string: FileOriginUrl FileOriginIP RequestProtocol RequestAccountName
        InitiatingProcessAccountDomain InitiatingProcessAccountName InitiatingProcessAccountSid
        InitiatingProcessFileName InitiatingProcessFolderPath; long: InitiatingProcessId; string:
        InitiatingProcessCommandLine; datetime: InitiatingProcessCreationTime; long: ReportId; string:
        SourceSystem Type
    """),
    "DeviceLogonEvents": _schema("""
        string: TenantId; datetime: TimeGenerated Timestamp; string: DeviceId DeviceName ActionType LogonType
        AccountDomain AccountName AccountSid Protocol FailureReason; bool: IsLocalAdmin; long: LogonId; string:
        RemoteDeviceName RemoteIP RemoteIPType; int: RemotePort; string: InitiatingProcessFileName
        InitiatingProcessCommandLine; dynamic: AdditionalFields; long: ReportId; string: SourceSystem Type
    """),
    "DeviceInfo": _schema("""
        string: TenantId; datetime: TimeGenerated Timestamp; string: DeviceId DeviceName ClientVersion PublicIP
        OSArchitecture OSPlatform; long: OSBuild; bool: IsAzureADJoined; string: JoinType; dynamic:
        LoggedOnUsers; string: MachineGroup DeviceCategory DeviceType OnboardingStatus OSVersion OSVersionInfo
        Model Vendor; long: ReportId; string: SourceSystem Type
    """),
    "CommonSecurityLog": _schema("""
        string: TenantId; datetime: TimeGenerated; string: DeviceVendor DeviceProduct DeviceVersion
        DeviceEventClassID Activity LogSeverity ApplicationProtocol CommunicationDirection Computer
        DestinationHostName DestinationIP; int: DestinationPort; string: DeviceAction DeviceAddress DeviceName
        Message Protocol; long: ReceivedBytes SentBytes; string: RequestURL RequestMethod
        RequestClientApplication SimplifiedDeviceAction SourceHostName SourceIP; int: SourcePort; string:
        SourceUserName; datetime: StartTime EndTime; string: SourceSystem Type
    """),
    "Syslog": _schema("""
        string: TenantId SourceSystem; datetime: TimeGenerated; string: Computer; datetime: EventTime; string:
        Facility HostName SeverityLevel SyslogMessage; int: ProcessID; string: HostIP ProcessName Type
        _ResourceId
    """),
    "AzureActivity": _schema("""
        string: TenantId SourceSystem; datetime: TimeGenerated; string: CallerIpAddress CategoryValue
        CorrelationId Authorization; dynamic: Authorization_d; string: Level OperationNameValue Properties;
        dynamic: Properties_d; string: Caller EventDataId; datetime: EventSubmissionTimestamp; string:
        HTTPRequest OperationId ResourceGroup ResourceProviderValue ActivityStatusValue ActivitySubstatusValue
        Hierarchy SubscriptionId Type _ResourceId
    """),
})  # fmt: skip
