"""What Microsoft Graph and Azure Resource Manager answer when they fail -> errors of ``kqlext.errors``. Pure.

Sources: "Microsoft Graph error responses"; "Troubleshoot errors using Azure Resource Graph". Graph names a place in
its message. Resource Graph has a list of details, of which those of the parser have a place: ``line`` from 1,
``characterPositionInLine`` from 0, and -1 for both where the place is not known.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kqlext.errors import (
    KqlAuthenticationError,
    KqlError,
    KqlQueryError,
    KqlServiceError,
    KqlThrottledError,
)
from kqlext.services.base import Query
from kqlext.services.http import HttpAnswer
from kqlext.services.kusto_errors import (
    common_failure,
    error_entry,
    find_name,
    one_api_error,
    plain_reason,
    query_error,
    wait,
)
from kqlext.text import shorten


@dataclass(frozen=True)
class Failures:
    """What differs from service to service: its name and address, and what to do where it refuses.

    ``permission`` says what one needs to be let in, ``quota`` what the service's limits are.
    """

    name: str
    url: str
    permission: str
    quota: str


def failure(answer: HttpAnswer, query: Query, service: Failures) -> KqlError:
    """The error that an answer of another status than 200 stands for."""
    status, entry = answer.status, error_entry(answer.body)
    code, message = _code_and_message(entry) if entry else (str(status), plain_reason(answer))
    if status == 400 and entry is not None:
        return _refused_query(entry, query)
    if status == 401:
        return KqlAuthenticationError(
            f"401: {message}",
            code=code if entry else None,
            hint="sign in again, in the right tenant (key tenant), and not with the key anonymous; "
            + service.permission,
        )
    if status == 403:
        return KqlAuthenticationError(f"403: {message}", code=code if entry else None, hint=service.permission)
    if status == 429:
        return throttled(message, code, answer.headers.get("retry-after", ""), service)
    if status == 404:
        return KqlServiceError(
            f"There is no {service.name} at {service.url} (404).",
            hint="check the keys cloud and datasourceurl of the connection",
            code="404",
        )
    return common_failure(answer, service.url, code, message)


def throttled(message: str, code: str | None, pause: str, service: Failures) -> KqlThrottledError:
    """The service asks for fewer requests, and for a pause of so many seconds where it says so."""
    hint = f"{wait(pause) or 'wait,'} and run the cell again; {service.quota}"
    return KqlThrottledError(message, code=code, hint=hint)


_NO_MESSAGE = "the service gave no reason"


def _code_and_message(entry: Mapping[str, Any]) -> tuple[str | None, str]:
    code, message = one_api_error(entry)
    return code, _NO_MESSAGE if message == "unknown error" else message


# --- refused queries -------------------------------------------------------------------------------------

# Resource Graph's own way to say that there is no such table.
_NO_TABLE = re.compile(r"[Tt]able '?([\w.]+)'? (?:is invalid|is not supported|does not exist)")


def _refused_query(entry: Mapping[str, Any], query: Query) -> KqlQueryError:
    detail = _detail(entry)
    if detail is None:
        code, message = _code_and_message(entry)
        return query_error(message, code, entry, query)
    error = query_error(_detail_message(entry, detail), str(detail.get("code") or "") or None, _place(detail), query)
    if unknown := _NO_TABLE.search(error.message):
        error.unresolved = unknown.group(1)
    name = error.unresolved or str(detail.get("token") or "")
    if error.span is None and name:
        error.span = find_name(query.text, name)
    return error


def _detail(entry: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The detail that says most: the first that has a place, or a token, or else the last."""
    details = entry.get("details")
    found = [detail for detail in details if isinstance(detail, dict)] if isinstance(details, list) else []
    placed = (detail for detail in found if _place(detail) or detail.get("token"))
    return next(placed, found[-1] if found else None)


def _place(detail: Mapping[str, Any]) -> dict[str, Any]:
    """The place of a detail as Kusto's errors have it; nothing where it is not known."""
    line, position = detail.get("line"), detail.get("characterPositionInLine")
    if not isinstance(line, int) or not isinstance(position, int) or line < 1 or position < 0:
        return {}
    return {"line": line, "pos": position, "token": detail.get("token")}


def _detail_message(entry: Mapping[str, Any], detail: Mapping[str, Any]) -> str:
    """A sentence of a detail, whose own message is often but its code."""
    code, message, token = (str(detail.get(key) or "") for key in ("code", "message", "token"))
    if message and message != code:
        return message
    general = next((str(other.get("message") or "") for other in entry["details"] if isinstance(other, dict)), "")
    reason = f"It cannot be read at '{shorten(token, 60)}'." if token else ""
    return " ".join(filter(None, (general if general != message else "The query is refused.", reason)))
