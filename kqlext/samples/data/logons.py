"""Ordinary logons and sign-ins, and the password that nobody renewed."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class LogonNoise:
    """Ordinary logons: `who` is people, machines or one account; `target` is servers, itself or one host."""

    count: int
    pattern: str
    who: str
    target: str
    logon_type: int
    sub_status: str = ""  # not empty: the logon failed


LOGON_NOISE: tuple[LogonNoise, ...] = (
    LogonNoise(3400, "office", "people", "servers", 3),
    LogonNoise(1500, "always", "machines", "SRV-DC01", 3),
    LogonNoise(900, "always", "machines", "itself", 5),
    LogonNoise(420, "office", "people", "itself", 7),
    LogonNoise(130, "night", "svc-backup", "servers", 3),
    LogonNoise(340, "always", "svc-monitor", "servers", 3),
    LogonNoise(12, "office", "adm-rossi", "servers", 10),
    LogonNoise(60, "office", "people", "itself", 2, "0xc000006a"),
    LogonNoise(90, "office", "people", "servers", 3, "0xc000006a"),
    LogonNoise(330, "always", "svc-sql", "SRV-FILE01", 3, "0xc0000071"),  # a password that nobody renewed
)

# ResultType, ResultDescription, AuthenticationRequirement, ConditionalAccessStatus, weight.
SIGNIN_RESULTS: tuple[tuple[str, str, str, str, int], ...] = (
    ("0", "", "multiFactorAuthentication", "success", 700),
    ("0", "", "singleFactorAuthentication", "success", 230),
    ("50126", "Invalid username or password or Invalid on-premise username or password.",
     "singleFactorAuthentication", "notApplied", 22),
    ("50140", "This occurred due to 'Keep me signed in' interrupt when the user was signing-in.",
     "singleFactorAuthentication", "success", 20),
    ("50074", "Strong Authentication is required.", "multiFactorAuthentication", "failure", 14),
    ("53003", "Access has been blocked by Conditional Access policies.",
     "multiFactorAuthentication", "failure", 4),
    ("0", "", "singleFactorAuthentication", "notApplied", 0),  # the intruder's only
)  # fmt: skip
# Application, client, weight.
SIGNIN_APPLICATIONS: tuple[tuple[str, str, int], ...] = (
    ("Office 365 Exchange Online", "Mobile Apps and Desktop clients", 30),
    ("Microsoft Teams", "Mobile Apps and Desktop clients", 28),
    ("OfficeHome", "Browser", 18),
    ("Office 365 SharePoint Online", "Browser", 15),
    ("Azure Portal", "Browser", 5),
    ("Contoso Expenses", "Browser", 4),
    ("Office 365 Exchange Online", "Authenticated SMTP", 0),  # the intruder's only
)  # fmt: skip
