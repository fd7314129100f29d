"""AuditLogs, OfficeActivity and AzureActivity: what people do to the directory, to documents, to resources."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any, Protocol, TypeVar

import numpy as np
import pyarrow as pa

from kqlext.samples.columns import Columns, guid, guids, pick, texts
from kqlext.samples.data.cloud import (
    AZURE_OPERATIONS,
    DEPLOYMENT,
    DIRECTORY_CHANGES,
    INTRUDERS_AZURE,
    INTRUDERS_CHANGES,
    INTRUDERS_OFFICE,
    OFFICE_FILES,
    OFFICE_OPERATIONS,
    PLANTED_OFFICE,
    AzureOperation,
    DirectoryChange,
    OfficeOperation,
)
from kqlext.samples.data.company import ACCOUNTS, DOMAIN, OFFICE_ADDRESS, TENANT
from kqlext.samples.data.intrusion import SPRAY_ADDRESS, VICTIM
from kqlext.samples.draws import MINUTE, SECOND, Numbers, Random, below, moment, weighted, work_times

_CHANGE_COUNT, _OFFICE_COUNT, _AZURE_COUNT = 260, 1_900, 240
_NAMES = tuple(account.name for account in ACCOUNTS)
_SUBSCRIPTION = guid("subscription")
_BROWSER_AGENT = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Edg/122.0.0.0"


class _Kind(Protocol):
    @property
    def weight(self) -> float: ...


_K = TypeVar("_K", bound=_Kind)


def _drawn(random: Random, kinds: Sequence[_K], count: int) -> tuple[list[_K], Numbers, list[str]]:
    """Kinds, times and people."""
    positions = weighted(random, [kind.weight for kind in kinds], count).tolist()
    accounts = weighted(random, [account.activity for account in ACCOUNTS], count).tolist()
    times = work_times(random, "office", count)
    return [kinds[position] for position in positions], times, [_NAMES[account] for account in accounts]


def _moments(kinds: Iterable[Any]) -> list[int]:
    return [moment(kind.time) for kind in kinds]


def _mapped(function: Callable[..., str], *columns: Sequence[Any]) -> pa.Array:
    """Texts made of the rows of those columns; each different row is made once."""
    rows = list(zip(*columns, strict=True))
    made = {row: function(*row) for row in set(rows)}
    return texts([made[row] for row in rows])


def _principal(name: str) -> str:
    return f"{name}@{DOMAIN}"


def _display(name: str) -> str:
    return next(account.display for account in ACCOUNTS if account.name == name)


# ---- AuditLogs -----------------------------------------------------------------------------------


def audit_logs(random: Random) -> Columns:
    drawn, times, people = _drawn(random, DIRECTORY_CHANGES, _CHANGE_COUNT)
    kinds = [*drawn, *INTRUDERS_CHANGES]
    # Who changes something for another is named by the kind.
    targets = [*people, *(VICTIM for _ in INTRUDERS_CHANGES)]
    actors = [target if kind.by == "user" else kind.by for kind, target in zip(kinds, targets, strict=True)]
    addresses = [*(OFFICE_ADDRESS for _ in drawn), *(SPRAY_ADDRESS for _ in INTRUDERS_CHANGES)]
    when = np.array([*times, *_moments(INTRUDERS_CHANGES)])
    operations = texts([kind.operation for kind in kinds])
    return {
        "TimeGenerated": when + 90 * SECOND, "ActivityDateTime": when, "SourceSystem": "Azure AD", "Level": "4",
        "ResourceId": f"/tenants/{TENANT}/providers/Microsoft.aadiam", "OperationName": operations,
        "OperationVersion": "1.0", "ActivityDisplayName": operations, "Result": "success", "ResultType": "",
        "Category": texts([kind.category for kind in kinds]), "DurationMs": 0,
        "ResultReason": texts(["User registered Authenticator App" if "security info" in kind.operation else ""
                               for kind in kinds]),
        "CorrelationId": guids("change", len(kinds)), "Id": guids("directory", len(kinds)),
        "Identity": texts([_display(actor) if actor in _NAMES else actor for actor in actors]),
        "LoggedByService": texts([kind.service for kind in kinds]), "AADTenantId": TENANT,
        "AADOperationType": texts([kind.kind for kind in kinds]), "AdditionalDetails": _mapped(_details, kinds),
        "InitiatedBy": _mapped(_initiator, actors, addresses),
        "TargetResources": _mapped(_target, kinds, targets),
    }  # fmt: skip


def _initiator(actor: str, address: str) -> str:
    if actor not in _NAMES:
        return json.dumps({"app": {"displayName": actor, "servicePrincipalId": guid(actor)}})
    user = {"id": guid(actor), "userPrincipalName": _principal(actor), "ipAddress": address, "roles": []}
    return json.dumps({"user": user})


def _target(change: DirectoryChange, person: str) -> str:
    names: dict[str, dict[str, str]] = {
        "user": {"type": "User", "userPrincipalName": _principal(person), "displayName": _display(person)},
        "device": {"type": "Device", "displayName": ACCOUNTS[_NAMES.index(person)].home},
    }
    named = names.get(change.target) or {"type": "ServicePrincipal", "displayName": change.target}
    modified = [{"displayName": change.property_name, "oldValue": "[]", "newValue": change.new_value}]
    properties = modified if change.property_name else []
    return json.dumps([{"id": guid(change.target + person), **named, "modifiedProperties": properties}])


def _details(change: DirectoryChange) -> str:
    agent = "EvoSTS" if change.category == "ApplicationManagement" else ""
    return json.dumps([{"key": "User-Agent", "value": agent}] if agent else [])


# ---- OfficeActivity ------------------------------------------------------------------------------


def office_activity(random: Random) -> Columns:
    drawn, times, people = _drawn(random, OFFICE_OPERATIONS, _OFFICE_COUNT)
    planted: list[OfficeOperation] = [*PLANTED_OFFICE, *INTRUDERS_OFFICE]
    kinds = [*drawn, *planted]
    accounts = [*people, *(kind.account for kind in planted)]
    intruder = np.arange(len(kinds)) >= len(kinds) - len(INTRUDERS_OFFICE)
    at_home = np.array([*(below(random, 1.4, len(drawn))), *(0 for _ in planted)])
    addresses = np.where(intruder, 1, np.where(at_home > 0, 2 + np.array([_NAMES.index(a) for a in accounts]), 0))
    homes = [f"198.51.100.{110 + number}" for number in range(len(ACCOUNTS))]
    client = pick([OFFICE_ADDRESS, SPRAY_ADDRESS, *homes], addresses)
    principals = _mapped(_principal, accounts)
    is_file = np.array([kind.record_type == "SharePointFileOperation" for kind in kinds])
    is_mail = np.array([kind.workload == "Exchange" for kind in kinds])
    file = np.where(is_file, 1 + below(random, len(OFFICE_FILES), len(kinds)), 0)
    names = ["", *OFFICE_FILES]
    site = f"https://{DOMAIN.split('.')[0]}.sharepoint.example/sites/finance/"
    return {
        "TimeGenerated": np.array([*times, *_moments(planted)]), "SourceSystem": "OfficeActivityManager",
        "RecordType": texts([kind.record_type for kind in kinds]), "OrganizationId": TENANT,
        "Operation": texts([kind.operation for kind in kinds]), "UserId": principals, "UserKey": principals,
        "UserType": texts(["Admin" if account.startswith("adm-") else "Regular" for account in accounts]),
        "OfficeWorkload": texts([kind.workload for kind in kinds]), "OfficeId": guids("office", len(kinds)),
        "ResultStatus": pick(["", "Succeeded"], is_mail), "ClientIP": client,
        "Client_IPAddress": client, "Site_Url": pick(["", site], is_file),
        "SourceRelativeUrl": pick(["", "Shared Documents"], is_file), "SourceFileName": pick(names, file),
        "SourceFileExtension": pick([name.rpartition(".")[2] for name in names], file),
        "OfficeObjectId": pick(["", *(f"{site}Shared Documents/{name}" for name in OFFICE_FILES)], file),
        "ItemType": pick(["", "File"], is_file),
        "UserAgent": pick([_BROWSER_AGENT, "python-requests/2.31.0"], intruder),
        "ClientInfoString": pick(["", "Client=OWA;Action=ViaProxy", "Client=REST;;"], is_mail * (1 + intruder)),
        "MailboxOwnerUPN": texts([_principal(account) if mail else "" for account, mail in
                                  zip(accounts, is_mail.tolist(), strict=True)]),
        "LogonUserDisplayName": _mapped(_display, accounts), "Logon_Type": "Owner",
        "Parameters": texts([kind.parameters for kind in kinds]), "ExternalAccess": "False",
    }  # fmt: skip


# ---- AzureActivity -------------------------------------------------------------------------------


def azure_activity(random: Random) -> Columns:
    drawn, times, _ = _drawn(random, AZURE_OPERATIONS, _AZURE_COUNT)
    planted = [DEPLOYMENT, *INTRUDERS_AZURE]
    rows = [*zip(drawn, times.tolist(), strict=True), *zip(planted, _moments(planted), strict=True)]
    # Each operation is told twice: that it began, and how it ended.
    began = [(replace(kind, status="Start"), time) for kind, time in rows]
    ended = [(kind, time + 4 * SECOND) for kind, time in rows]
    kinds: list[AzureOperation] = [kind for kind, _ in [*began, *ended]]
    addresses = [SPRAY_ADDRESS if kind.caller == VICTIM else OFFICE_ADDRESS for kind in kinds]
    rights, properties = _mapped(_rights, kinds), _mapped(_properties, kinds)
    failed = np.array([kind.status == "Failure" for kind in kinds])
    denied = failed & np.array([kind.caller == VICTIM for kind in kinds])
    when = np.array([time for _, time in [*began, *ended]])
    both = [*range(len(rows)), *range(len(rows))]
    return {
        "TimeGenerated": when, "EventSubmissionTimestamp": when + 2 * MINUTE, "SourceSystem": "Azure",
        "CallerIpAddress": texts(addresses), "CategoryValue": "Administrative",
        "CorrelationId": pick([guid(f"azure {number}") for number in range(len(rows))], np.array(both)),
        "Authorization": rights, "Authorization_d": rights,
        "Level": pick(["Informational", "Error"], failed), "OperationNameValue": texts([kind.name for kind in kinds]),
        "Properties": properties, "Properties_d": properties,
        "Caller": texts([_principal(kind.caller) for kind in kinds]), "EventDataId": guids("event", len(kinds)),
        "OperationId": pick([guid(f"operation {number}") for number in range(len(rows))], np.array(both)),
        "HTTPRequest": _mapped(_http_request, addresses),
        "ResourceGroup": texts([kind.group.upper() for kind in kinds]), "Hierarchy": TENANT,
        "ResourceProviderValue": texts([kind.name.split("/")[0] for kind in kinds]),
        "ActivityStatusValue": texts([kind.status for kind in kinds]), "SubscriptionId": _SUBSCRIPTION,
        "ActivitySubstatusValue": pick(["", "Forbidden"], denied),
        "_ResourceId": _mapped(lambda kind: _resource(kind).lower(), kinds),
    }  # fmt: skip


def _http_request(address: str) -> str:
    return json.dumps({"method": "PUT", "clientIpAddress": address})


def _rights(operation: AzureOperation) -> str:
    return json.dumps({"action": operation.name, "scope": _resource(operation)})


def _properties(operation: AzureOperation) -> str:
    told = {"entity": _resource(operation), "message": operation.name}
    return operation.properties or json.dumps(told)


def _resource(operation: AzureOperation) -> str:
    provider = operation.name.split("/")[0].title()
    return f"/subscriptions/{_SUBSCRIPTION}/resourceGroups/{operation.group}/providers/{provider}/{operation.resource}"
