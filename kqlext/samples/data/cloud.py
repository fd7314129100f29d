"""What is done in the directory, in Office and in Azure: the ordinary, and what the intruder did there."""

from __future__ import annotations

from dataclasses import dataclass

from kqlext.samples.data.credentials import MACHINE_PASSWORD, SCANNER_PASSWORD
from kqlext.samples.data.intrusion import VICTIM


@dataclass(frozen=True)
class DirectoryChange:
    """A kind of row of AuditLogs; without a `time` its time is drawn, `weight` says how often."""

    operation: str
    category: str
    service: str
    kind: str
    target: str  # "user", "device", or the name of what was changed
    weight: float = 0.0
    time: str = ""
    property_name: str = ""
    new_value: str = ""
    by: str = "adm-rossi"  # "user": each for themselves; otherwise an account, or a service's name


DIRECTORY_CHANGES: tuple[DirectoryChange, ...] = (
    DirectoryChange("Update user", "UserManagement", "Core Directory", "Update", "user", 30, "", "Department",
                    '"Sales"', "HR synchronization"),
    DirectoryChange("Update device", "Device", "Core Directory", "Update", "device", 26, "",
                    "Included Updated Properties", '"DeviceOSVersion"', "Device Registration Service"),
    DirectoryChange("Add member to group", "GroupManagement", "Core Directory", "Assign", "user", 9, "",
                    "Group.DisplayName", '"Sales"'),
    DirectoryChange("Remove member from group", "GroupManagement", "Core Directory", "Unassign", "user", 5, "",
                    "Group.DisplayName", '"Sales"'),
    DirectoryChange("Change user password", "UserManagement", "Core Directory", "Update", "user", 6, by="user"),
    DirectoryChange("Reset user password", "UserManagement", "Core Directory", "Update", "user", 3),
    DirectoryChange("User registered security info", "UserManagement", "Authentication Methods", "Update", "user", 4,
                    by="user"),
    DirectoryChange("Update policy", "Policy", "Core Directory", "Update", "Sign-in for guests", 1),
    DirectoryChange("Consent to application", "ApplicationManagement", "Core Directory", "Assign", "Contoso Expenses",
                    2, "", "ConsentAction.Permissions", '"Scope: User.Read"', "user"),
)  # fmt: skip
# After the sign-in: a second factor of the intruder's own, and an application that reads mail.
INTRUDERS_CHANGES: tuple[DirectoryChange, ...] = (
    DirectoryChange("User registered security info", "UserManagement", "Authentication Methods", "Update", "user",
                    0, "2024-03-13T08:47:05.240", "", "", VICTIM),
    DirectoryChange("Add service principal", "ApplicationManagement", "Core Directory", "Add", "Mail Sync Helper",
                    0, "2024-03-13T08:56:31.017", "", "", VICTIM),
    DirectoryChange("Add delegated permission grant", "ApplicationManagement", "Core Directory", "Assign",
                    "Mail Sync Helper", 0, "2024-03-13T08:56:31.402", "DelegatedPermissionGrant.Scope",
                    '"Mail.Read offline_access"', VICTIM),
    DirectoryChange("Consent to application", "ApplicationManagement", "Core Directory", "Assign",
                    "Mail Sync Helper", 0, "2024-03-13T08:56:31.655", "ConsentAction.Permissions",
                    '"Scope: Mail.Read offline_access"', VICTIM),
)  # fmt: skip
CONSENTED_APPLICATION = "Mail Sync Helper"


@dataclass(frozen=True)
class OfficeOperation:
    """A kind of row of OfficeActivity."""

    workload: str
    record_type: str
    operation: str
    weight: float = 0.0
    time: str = ""
    account: str = ""
    parameters: str = ""


OFFICE_OPERATIONS: tuple[OfficeOperation, ...] = (
    OfficeOperation("SharePoint", "SharePointFileOperation", "FileAccessed", 38),
    OfficeOperation("SharePoint", "SharePointFileOperation", "FileModified", 16),
    OfficeOperation("SharePoint", "SharePointFileOperation", "FileDownloaded", 8),
    OfficeOperation("OneDrive", "SharePointFileOperation", "FileUploaded", 7),
    OfficeOperation("OneDrive", "SharePointFileOperation", "FileSyncUploadedFull", 6),
    OfficeOperation("Exchange", "ExchangeItemAggregated", "MailItemsAccessed", 18),
    OfficeOperation("Exchange", "ExchangeItem", "Send", 9),
    OfficeOperation("MicrosoftTeams", "MicrosoftTeams", "TeamsSessionStarted", 7),
)
_FORGETFUL = '[{"Name":"Name","Value":"Expenses"},{"Name":"SubjectContainsWords","Value":"Receipt"},'
# Planted: rules of three people and of the intruder, what the intruder read, a password given in clear.
PLANTED_OFFICE: tuple[OfficeOperation, ...] = (
    OfficeOperation("Exchange", "ExchangeAdmin", "New-InboxRule", 0, "2024-03-12T10:14:20.511", "pnovak",
                    _FORGETFUL + '{"Name":"MoveToFolder","Value":"Expenses"}]'),
    OfficeOperation("Exchange", "ExchangeAdmin", "New-InboxRule", 0, "2024-03-14T13:40:02.077", "ahart",
                    _FORGETFUL + '{"Name":"MoveToFolder","Value":"Archive"}]'),
    OfficeOperation("Exchange", "ExchangeAdmin", "Set-InboxRule", 0, "2024-03-15T09:21:47.903", "lgreen",
                    _FORGETFUL + '{"Name":"MoveToFolder","Value":"Travel"}]'),
    OfficeOperation("Exchange", "ExchangeAdmin", "New-MailUser", 0, "2024-03-12T14:02:36.180", "adm-rossi",
                    '[{"Name":"Name","Value":"scanner"},{"Name":"Password","Value":"' + SCANNER_PASSWORD + '"}]'),
)  # fmt: skip
INTRUDERS_OFFICE: tuple[OfficeOperation, ...] = (
    OfficeOperation("Exchange", "ExchangeItemAggregated", "MailItemsAccessed", 0, "2024-03-13T08:44:08.310", VICTIM),
    OfficeOperation("Exchange", "ExchangeAdmin", "New-InboxRule", 0, "2024-03-13T08:49:52.733", VICTIM,
                    '[{"Name":"Name","Value":"."},{"Name":"SubjectOrBodyContainsWords","Value":'
                    '"invoice;password;suspicious;helpdesk"},{"Name":"MoveToFolder","Value":"RSS Feeds"},'
                    '{"Name":"MarkAsRead","Value":"True"},{"Name":"StopProcessingRules","Value":"True"}]'),
    OfficeOperation("Exchange", "ExchangeItemAggregated", "MailItemsAccessed", 0, "2024-03-13T08:52:17.004", VICTIM),
    OfficeOperation("Exchange", "ExchangeItemAggregated", "MailItemsAccessed", 0, "2024-03-13T09:10:41.668", VICTIM),
    OfficeOperation("SharePoint", "SharePointFileOperation", "FileDownloaded", 0, "2024-03-13T09:03:12.250", VICTIM),
    OfficeOperation("SharePoint", "SharePointFileOperation", "FileDownloaded", 0, "2024-03-13T09:03:15.870", VICTIM),
    OfficeOperation("SharePoint", "SharePointFileOperation", "FileDownloaded", 0, "2024-03-13T09:03:19.412", VICTIM),
)  # fmt: skip
OFFICE_FILES = (
    "Budget 2024.xlsx", "Forecast Q2.xlsx", "Suppliers.xlsx", "Bank details.xlsx", "Minutes.docx", "Offer 4711.docx",
    "Price list.pdf", "Rota.xlsx", "Travel.docx", "Onboarding.pptx",
)  # fmt: skip


@dataclass(frozen=True)
class AzureOperation:
    """A kind of row of AzureActivity: `name` as OperationNameValue, `resource` below the resource group."""

    name: str
    group: str
    resource: str
    status: str = "Success"
    weight: float = 0.0
    time: str = ""
    caller: str = "mrossi"
    properties: str = ""


AZURE_OPERATIONS: tuple[AzureOperation, ...] = (
    AzureOperation("MICROSOFT.COMPUTE/VIRTUALMACHINES/START/ACTION", "build", "virtualMachines/build-01", weight=12),
    AzureOperation("MICROSOFT.COMPUTE/VIRTUALMACHINES/DEALLOCATE/ACTION", "build", "virtualMachines/build-01",
                   weight=12),
    AzureOperation("MICROSOFT.STORAGE/STORAGEACCOUNTS/LISTKEYS/ACTION", "backup", "storageAccounts/contosobackup",
                   weight=9, caller="svc-backup"),
    AzureOperation("MICROSOFT.INSIGHTS/ALERTRULES/WRITE", "soc", "alertRules/disk", weight=3, caller="dmoyo"),
    AzureOperation("MICROSOFT.RESOURCES/TAGS/WRITE", "web", "sites/intranet", weight=4, caller="rchen"),
    AzureOperation("MICROSOFT.WEB/SITES/RESTART/ACTION", "web", "sites/intranet", weight=3, caller="rchen"),
    AzureOperation("MICROSOFT.WEB/SITES/RESTART/ACTION", "web", "sites/intranet", "Failure", 1, "", "rchen"),
    AzureOperation("MICROSOFT.AUTHORIZATION/ROLEASSIGNMENTS/WRITE", "soc", "workspaces/soc", weight=1,
                   caller="adm-rossi"),
    AzureOperation("MICROSOFT.NETWORK/NETWORKSECURITYGROUPS/SECURITYRULES/WRITE", "build",
                   "networkSecurityGroups/build", weight=1),
)  # fmt: skip
# A deployment that names the machine's password.
DEPLOYMENT = AzureOperation(
    "MICROSOFT.RESOURCES/DEPLOYMENTS/WRITE", "build", "deployments/build-02", time="2024-03-14T11:08:52.316",
    properties='{"parameters":{"vmName":{"value":"build-02"},"adminUsername":{"value":"builder"},'
    '"adminPassword":{"value":"' + MACHINE_PASSWORD + '"}}}',
)  # fmt: skip
# What the victim's account is not allowed to do.
INTRUDERS_AZURE: tuple[AzureOperation, ...] = (
    AzureOperation("MICROSOFT.STORAGE/STORAGEACCOUNTS/LISTKEYS/ACTION", "backup", "storageAccounts/contosobackup",
                   "Failure", 0, "2024-03-13T09:05:33.120", VICTIM),
    AzureOperation("MICROSOFT.AUTHORIZATION/ROLEASSIGNMENTS/WRITE", "soc", "workspaces/soc",
                   "Failure", 0, "2024-03-13T09:07:02.844", VICTIM),
    AzureOperation("MICROSOFT.AUTHORIZATION/ROLEASSIGNMENTS/WRITE", "build", "virtualMachines/build-01",
                   "Failure", 0, "2024-03-13T09:07:41.190", VICTIM),
)  # fmt: skip
