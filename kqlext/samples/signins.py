"""SigninLogs: people at the office and at home, and the intruder."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from kqlext.samples.columns import Columns, guid, guids, pick
from kqlext.samples.company import ACCOUNT_NAMES
from kqlext.samples.data.company import ACCOUNTS, CITIES, DOMAIN, OFFICE_ADDRESS, Account
from kqlext.samples.data.intrusion import SPRAY_ADDRESS, SPRAY_SUCCESS, VICTIM
from kqlext.samples.data.logons import SIGNIN_APPLICATIONS, SIGNIN_RESULTS
from kqlext.samples.draws import Numbers, Random, below, moment, rows_of, weighted, work_times
from kqlext.samples.intrusion import password_spray

_SIGNIN_COUNT = 3_900
_SIGNIN = np.dtype([(name, np.int64) for name in ("time", "account", "result", "application", "place")])
_WRONG_PASSWORD = 2  # positions in SIGNIN_RESULTS
_INTRUDERS_SUCCESS = len(SIGNIN_RESULTS) - 1
_INTRUDER = 2  # position in `_places_of`, after the office and home


def signin_logs(random: Random) -> Columns:
    activity = [account.activity for account in ACCOUNTS]
    noise = rows_of(
        _SIGNIN, _SIGNIN_COUNT, time=work_times(random, "office", _SIGNIN_COUNT),
        account=weighted(random, activity, _SIGNIN_COUNT), place=below(random, 1.4, _SIGNIN_COUNT),
        result=weighted(random, [result[4] for result in SIGNIN_RESULTS], _SIGNIN_COUNT),
        application=weighted(random, [weight for *_, weight in SIGNIN_APPLICATIONS], _SIGNIN_COUNT),
    )  # fmt: skip
    account, times = password_spray()
    spray = rows_of(_SIGNIN, len(times) + 1, place=_INTRUDER, application=len(SIGNIN_APPLICATIONS) - 1)
    spray["account"] = [*account, ACCOUNT_NAMES.index(VICTIM)]
    spray["time"] = [*times, moment(SPRAY_SUCCESS)]
    spray["result"] = [*(_WRONG_PASSWORD for _ in times), _INTRUDERS_SUCCESS]
    return _signin_columns(random, np.concatenate([noise, spray]))


def _signin_columns(random: Random, rows: Numbers) -> Columns:
    applications, clients = ([str(each[part]) for each in SIGNIN_APPLICATIONS] for part in range(2))
    risky = (rows["place"] == _INTRUDER) & (rows["result"] == _INTRUDERS_SUCCESS)
    displays = pick([each.display for each in ACCOUNTS], rows["account"])
    risk = pick(["none", "medium"], risky)
    application = pick(applications, rows["application"])
    return {
        **_place_columns(rows), **_result_columns(rows),
        "TimeGenerated": rows["time"], "CreatedDateTime": rows["time"], "SourceSystem": "Azure AD",
        "OperationName": "Sign-in activity", "Category": "SignInLogs", "Id": guids("sign-in", len(rows)),
        "DurationMs": 20 + below(random, 900, len(rows)), "CorrelationId": guids("correlation", len(rows)),
        "Identity": displays, "UserDisplayName": displays, "IsInteractive": True, "UserType": "Member",
        "AppDisplayName": application, "ResourceDisplayName": application,
        "AppId": pick([guid(name) for name in applications], rows["application"]),
        "ClientAppUsed": pick(clients, rows["application"]), "RiskDetail": "none", "RiskLevelAggregated": risk,
        "RiskLevelDuringSignIn": risk, "RiskState": pick(["none", "atRisk"], risky),
        "UserId": pick([guid(each.name) for each in ACCOUNTS], rows["account"]),
        "UserPrincipalName": pick([f"{each.name}@{DOMAIN}" for each in ACCOUNTS], rows["account"]),
    }  # fmt: skip


def _result_columns(rows: Numbers) -> Columns:
    code, reason, requirement, access = ([str(each[part]) for each in SIGNIN_RESULTS] for part in range(4))
    status = [
        json.dumps({"errorCode": int(each), "failureReason": text or "Other.", "additionalDetails": ""})
        for each, text in zip(code, reason, strict=True)
    ]
    columns = {
        "ResultType": code, "ResultDescription": reason, "Status": status,
        "AuthenticationRequirement": requirement, "ConditionalAccessStatus": access,
    }  # fmt: skip
    return {name: pick(values, rows["result"]) for name, values in columns.items()}


def _place_columns(rows: Numbers) -> Columns:
    """Where an account signs in from: three places for each account."""
    places = [place for number, account in enumerate(ACCOUNTS) for place in _places_of(number, account)]
    codes = rows["account"] * 3 + rows["place"]
    return {name: pick([place[name] for place in places], codes) for name in places[0]}


def _places_of(number: int, account: Account) -> list[dict[str, str]]:
    device = {
        "deviceId": guid(account.home), "displayName": account.home, "operatingSystem": "Windows10",
        "browser": "Edge 122.0.0", "isCompliant": True, "isManaged": True, "trustType": "Hybrid Azure AD joined",
    }  # fmt: skip
    stranger = {"deviceId": "", "displayName": "", "operatingSystem": "Linux", "browser": "Python"}
    agent = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Edg/122.0.0.0"
    office, home = _located("London", "GB"), _located(account.city, "GB")
    return [
        _place(OFFICE_ADDRESS, office, device, agent),
        _place(f"198.51.100.{110 + number}", home, device, agent),
        _place(SPRAY_ADDRESS, _located("Amsterdam", "NL"), stranger, "python-requests/2.31.0"),
    ]


def _located(city: str, country: str) -> dict[str, Any]:
    region, latitude, longitude = CITIES[city]
    return {
        "city": city, "state": region, "countryOrRegion": country,
        "geoCoordinates": {"latitude": latitude, "longitude": longitude},
    }  # fmt: skip


def _place(address: str, location: dict[str, Any], device: dict[str, Any], agent: str) -> dict[str, str]:
    return {
        "IPAddress": address, "Location": location["countryOrRegion"], "LocationDetails": json.dumps(location),
        "DeviceDetail": json.dumps(device), "UserAgent": agent,
    }  # fmt: skip
