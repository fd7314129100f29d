"""What Log Analytics and Application Insights answer when they fail -> errors of ``kqlext.errors``. Pure.

Source: "Azure Monitor Log Analytics API errors", and shared/reference/azure-services.md section 2.3. What went
wrong stands in the deepest ``innererror``; lines and columns there begin at 1.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from kqlext.errors import KqlAuthenticationError, KqlError, KqlServiceError
from kqlext.services.base import Query
from kqlext.services.http import HttpAnswer
from kqlext.services.kusto_errors import common_failure, error_entry, one_api_error, plain_reason, query_error

_FIRST_COLUMN = 1


@dataclass(frozen=True)
class Source:
    """What is queried, in the words of errors: ``title`` names the service, ``role`` what its readers have."""

    title: str
    noun: str
    role: str
    where_the_id_stands: str


LOG_ANALYTICS = Source(
    "Log Analytics",
    "workspace or resource",
    "Log Analytics Reader or Microsoft Sentinel Reader on the workspace",
    "the Workspace ID is the GUID on the workspace's overview page in the Azure portal",
)
APPLICATION_INSIGHTS = Source(
    "Application Insights",
    "application",
    "Monitoring Reader on the application",
    "the Application ID is the GUID under API Access of the application in the Azure portal",
)

# Codes behind which stands another cause than a role that is missing.
_SIGN_IN_HINTS = {
    "InvalidAuthenticationTokenAudience": "the token is for another cloud or service: check the keys cloud, tenant "
    "and datasourceurl",
    "InvalidTokenError": "sign in again (for example with `az login`), in the tenant of the workspace",
    "InvalidApiKeyError": "the key appkey is none of this service, or was withdrawn; leave it out to sign in instead",
}


def failure(answer: HttpAnswer, query: Query, source: Source) -> KqlError:
    """The error that an answer of another status than 200 and 204 stands for."""
    status, entry = answer.status, error_entry(answer.body)
    code, message = azure_error(entry) if entry else (str(status), plain_reason(answer))
    if status in (401, 403):
        sign_in = (
            "sign in again, in the right tenant (key tenant)" if status == 401 else "sign in as someone who has it"
        )
        hint = _SIGN_IN_HINTS.get(str(code)) or f"ask for the role {source.role}, or {sign_in}"
        return KqlAuthenticationError(f"{status}: {message}", hint=hint, code=code if entry else None)
    if status == 400 and entry is not None:
        return query_error(message, code, entry, query, _FIRST_COLUMN)
    if status == 404:
        service = f"There is no {source.title} service at this address (404)."
        missing = f"There is no such {source.noun} (404): {message}" if entry else service
        return KqlServiceError(missing, code=code, hint=f"check the id: {source.where_the_id_stands}")
    return common_failure(answer, source.title, code, message)


def azure_error(entry: Mapping[str, Any]) -> tuple[str | None, str]:
    """Code and message of an error, the innermost that it holds."""
    code, message = one_api_error({"error": entry})
    return None if code is None else str(code), message


def partial_errors(entry: Mapping[str, Any]) -> Iterator[tuple[str | None, str]]:
    """Code and message of each of the details of an error that stands beside rows; its own where it has none."""
    details = entry.get("details")
    for detail in details if isinstance(details, list) and details else [entry]:
        yield azure_error(detail if isinstance(detail, Mapping) else {"message": str(detail)})
