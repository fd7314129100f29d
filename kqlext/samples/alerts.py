"""SecurityAlert: seven alerts tell parts of the intrusion, the others are noise."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np

from kqlext.samples.columns import Columns, fill, guids, pick, texts
from kqlext.samples.data.alerts import INTRUSION_ALERTS, NOISE_ALERT_COUNT, NOISE_ALERTS, Alert
from kqlext.samples.data.company import ACCOUNTS, DOMAIN, PEOPLE
from kqlext.samples.draws import SECOND, Numbers, Random, below, moment, work_times


def security_alerts(random: Random) -> Columns:
    alerts, time = _drawn(random)
    old = np.arange(len(alerts)) >= len(INTRUSION_ALERTS)
    names, providers = texts([each.name for each in alerts]), texts([each.provider for each in alerts])
    properties = [{"Alert Source": each.provider, "Tactic": each.tactics} for each in alerts]
    return {
        "TimeGenerated": time + 240 * SECOND, "StartTime": time - 120 * SECOND, "EndTime": time,
        "ProcessingEndTime": time + 200 * SECOND, "DisplayName": names, "AlertName": names, "AlertType": names,
        "AlertSeverity": texts([each.severity for each in alerts]), "ConfidenceLevel": "Unknown",
        "Description": fill("<Name>. See the entities of this alert.", Name=names), "IsIncident": False,
        "ProviderName": providers, "VendorName": "Microsoft", "ProductName": "Microsoft Sentinel",
        "SystemAlertId": guids("alert", len(alerts)), "VendorOriginalId": guids("original", len(alerts)),
        "SourceSystem": "Detection", "Status": pick(["New", "Resolved"], old),
        "RemediationSteps": '["Read the entities","Isolate the host if they are unexpected"]',
        "ExtendedProperties": texts([json.dumps(each) for each in properties]),
        "Entities": texts([_entities(each) for each in alerts]),
        "CompromisedEntity": texts([each.host or each.account for each in alerts]),
        "Tactics": texts([each.tactics for each in alerts]),
        "Techniques": texts([json.dumps([each.techniques]) for each in alerts]),
    }  # fmt: skip


def _drawn(random: Random) -> tuple[list[Alert], Numbers]:
    """The alerts and their times, the intrusion's first."""
    times = work_times(random, "office", NOISE_ALERT_COUNT)
    kinds = [NOISE_ALERTS[number] for number in below(random, len(NOISE_ALERTS), NOISE_ALERT_COUNT)]
    accounts = [ACCOUNTS[number] for number in below(random, PEOPLE, NOISE_ALERT_COUNT)]
    noise = [
        replace(kind, host=kind.host or account.home, account=kind.account or account.name)
        for kind, account in zip(kinds, accounts, strict=True)
    ]
    return [*INTRUSION_ALERTS, *noise], np.array([*(moment(each.time) for each in INTRUSION_ALERTS), *times])


def _entities(alert: Alert) -> str:
    host = {"HostName": alert.host, "DnsDomain": DOMAIN, "OSFamily": "Windows", "Type": "host"}
    account = {"Name": alert.account, "UPNSuffix": DOMAIN, "Type": "account"}
    address = {"Address": alert.address, "Type": "ip"}
    named = ((alert.host, host), (alert.account, account), (alert.address, address))
    entities = [entity for name, entity in named if name]
    return json.dumps([{"$id": str(number), **entity} for number, entity in enumerate(entities, 2)])
