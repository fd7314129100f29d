"""What a Kusto service answers when it fails -> errors of ``kqlext.errors``. Pure.

Source: OneApi errors of the Kusto REST API; the positions in messages are those of Kusto, Log Analytics and
duckdb-kql. What is the same of every service over HTTP is public here: ``azure_errors`` uses it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import orjson

from kqlext import syntax
from kqlext.errors import (
    KqlAuthenticationError,
    KqlError,
    KqlQueryError,
    KqlServiceError,
    KqlThrottledError,
    Span,
)
from kqlext.services.base import Query, ServiceInfo
from kqlext.services.http import HttpAnswer
from kqlext.text import plural, shorten


def one_api_error(entry: Mapping[str, Any]) -> tuple[str | None, str]:
    """Code and message of a OneApi error, the innermost that it holds."""
    error: Mapping[str, Any] = entry.get("error", entry)
    code, message = error.get("code"), error.get("@message") or error.get("message") or "unknown error"
    while isinstance(error.get("innererror"), Mapping):
        error = error["innererror"]
        code = error.get("code") or code
        message = error.get("@errorMessage") or error.get("@message") or error.get("message") or message
    return None if code is None else str(code), str(message)


_SIGN_IN_HINTS = {
    401: "sign in again, in the tenant of the cluster (key tenant), and not with the key anonymous",
    403: "ask for the role Database Viewer of this database, or sign in as someone who has it",
}


def failure(answer: HttpAnswer, query: Query, info: ServiceInfo) -> KqlError:
    """The error that an answer of another status than 200 stands for."""
    status, entry = answer.status, error_entry(answer.body)
    code, message = one_api_error(entry) if entry else (str(status), plain_reason(answer))
    if status in (401, 403):
        return KqlAuthenticationError(f"{status}: {message}", hint=_SIGN_IN_HINTS[status], code=code if entry else None)
    if status == 400 and entry is not None:
        return query_error(message, code, entry, query)
    if status == 404 and entry is not None:
        return KqlServiceError(message, code=code, hint="check the database's name, and the cluster's")
    if status == 404:
        return KqlServiceError(
            f"There is no Kusto service at {info.description.partition(',')[0]} (404).",
            hint="check the cluster's name and the path behind it",
            code="404",
        )
    return common_failure(answer, info.cluster, code, message)


def wait(pause: str) -> str:
    """What to do about a pause of so many seconds, as a header says it; nothing where it says none."""
    return f"wait {plural(int(pause), 'second')}" if pause.isdigit() else ""


def common_failure(answer: HttpAnswer, name: str, code: str | None, message: str) -> KqlError:
    """The error of a status that means the same of every service: too many requests, given up, a redirect.

    Args:
        name: what the service is called.
        code, message: what the answer says of itself; the status and ``plain_reason`` where it is no OneApi error.
    """
    status = answer.status
    if status == 429:
        pause = answer.headers.get("retry-after", "")
        hint = f"{wait(pause)} and run the cell again, or ask for less at a time" if wait(pause) else ""
        return KqlThrottledError(message, code=code, hint=hint)
    if 300 <= status < 400:
        target = urlsplit(answer.headers.get("location", "")).hostname or "somewhere else"
        return KqlServiceError(
            f"{name} answers {status}, a redirect to {target}, which is not followed.",
            hint="write the address of the service itself",
            code=str(status),
        )
    if status in (504, 408):
        return KqlServiceError(
            f"The service gave the query up: {message}",
            code=code,
            hint="ask for less, or raise -timeout (seconds)",
        )
    return KqlServiceError(f"{status}: {message}", code=None if code == str(status) else code)


# How services say that a database is not there, where their code does not.
_NO_DATABASE = re.compile(r"[Dd]atabase '[^']*' .*?(?:not found|does not exist|could not be found|not exist)")
_NO_DATABASE_CODES = ("BadRequest_DatabaseNotExist", "BadRequest_EntityNotFound", "DatabaseNotFound")


def is_missing_database(answer: HttpAnswer) -> bool:
    """Whether an answer of another status than 200 says that the request's database is not there."""
    entry = error_entry(answer.body)
    if entry is None:
        return False
    code, message = one_api_error(entry)
    about_databases = "database" in message.lower()
    return (code in _NO_DATABASE_CODES and about_databases) or bool(_NO_DATABASE.search(message))


def error_entry(body: bytes) -> Mapping[str, Any] | None:
    """What stands under ``error`` in an answer's body, or None."""
    try:
        answer = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    entry = answer.get("error") if isinstance(answer, dict) else None
    return entry if isinstance(entry, dict) else None


def plain_reason(answer: HttpAnswer) -> str:
    """A readable line of a body that is no OneApi error, such as a gateway's page."""
    if not answer.body.strip():
        return "the service gave no reason"
    text = re.sub(r"<(script|style)\b.*?</\1>|<[^>]*>", " ", answer.body.decode("utf-8", "replace"), flags=re.DOTALL)
    return shorten(" ".join(text.split()), 200) or "the service gave no reason"


# Where a message says which name it does not know; group 1 is the name.
_UNRESOLVED = (
    re.compile(r"Failed to resolve .*?named '([^']+)'"),
    re.compile(r"Failed to resolve (?:table or column|scalar|table|column|entity)[^']*'([^']+)'"),
    re.compile(r"'([^']+)' could not be resolved|The name '([^']+)' does not refer"),
    re.compile(r"Table with name (\S+) does not exist"),
    re.compile(r'Column "([^"]+)" referenced that exists|Referenced (?:column|table) "([^"]+)" (?:was )?not found'),
    re.compile(r'Referenced column "([^"]+)" not found|schema error for \'([^\']+)\''),
)
# Where a message says a place, and the number of the first column: Kusto counts from 0 (issue 256 of
# azure-kusto-python shows it), Log Analytics' "on line [1,1]" from 1, duckdb-kql from 0.
_POSITIONS = (
    (re.compile(r"line:position\s*=\s*(\d+):(\d+)|\[(\d+):(\d+)\]"), 0),
    (re.compile(r"on line \[(\d+),\s*(\d+)\]"), 1),
    (re.compile(r"(?:could not parse KQL|unsupported KQL construct .*?) at (\d+):(\d+)"), 0),
)

# Kusto repeats the query in its message; the error shows the line of the cell instead.
_REPEATED_QUERY = re.compile(r"\s*\[line:position=\d+:\d+\]\.? Query: '.*'\s*$", re.DOTALL)


def query_error(
    message: str, code: str | None, entry: Mapping[str, Any], query: Query, first_column: int = 0
) -> KqlQueryError:
    """A refused query, with the place in its text that the service gives or that its message names.

    Args:
        first_column: what the service calls the first column of a line, where it gives one beside the message.
    """
    name = unresolved_name(message)
    shown = _REPEATED_QUERY.sub("", message)
    error = KqlQueryError(
        shown, code=code, text=query.text, span=_place(entry, message, name, query.text, first_column)
    )
    error.unresolved = name
    if code in ("BadRequest_EntityNotFound", "BadRequest_DatabaseNotExist") or "Database '" in message:
        error.hint = "check the database's name: %kql --conn lists the open connections"
    return error


def unresolved_name(message: str) -> str | None:
    """The table or column that a service's message says it does not know."""
    for pattern in _UNRESOLVED:
        if match := pattern.search(message):
            return next(group for group in match.groups() if group)
    return None


def _place(entry: Mapping[str, Any], message: str, name: str | None, text: str, first_column: int) -> Span | None:
    inner: Mapping[str, Any] = entry
    while isinstance(inner.get("innererror"), Mapping):
        inner = inner["innererror"]
    line, position, token = (inner.get(f"@{key}", inner.get(key)) for key in ("line", "pos", "token"))
    if _is_number(line) and _is_number(position):
        offset = _token_offset(text, offset_of(text, int(line), int(position) - first_column), str(token or ""))
        return Span(offset, offset + len(str(token))) if token else _token_at(text, offset)
    for pattern, first in _POSITIONS:
        if match := pattern.search(message):
            numbers = [int(group) for group in match.groups() if group is not None]
            return _token_at(text, offset_of(text, numbers[0], numbers[1] - first))
    return find_name(text, name) if name else None


def _token_at(text: str, offset: int) -> Span:
    found = next(syntax.tokens(text, offset), None)
    return found.span if found and found.start == offset else Span(offset, offset + 1)


def _is_number(value: object) -> bool:
    return str(value).isascii() and str(value).isdigit()


def _token_offset(text: str, offset: int, token: str) -> int:
    """Where the token that the service names really begins: services disagree whether columns begin at 0 or 1."""
    near = (offset, offset - 1, offset + 1)
    return next((place for place in near if token and place >= 0 and text.startswith(token, place)), offset)


def offset_of(text: str, line: int, column: int) -> int:
    """The offset of a place given by line (from 1) and column (from 0)."""
    start = 0
    for _ in range(line - 1):
        newline = text.find("\n", start)
        if newline < 0:
            break
        start = newline + 1
    return min(max(start + column, 0), len(text))


def find_name(text: str, name: str) -> Span | None:
    """Where a name stands in a query: as an identifier, or quoted in ``['...']``."""
    for token in syntax.tokens(text):
        quoted = token.kind == "string" and syntax.unquote(token.text) == name
        if quoted or (token.kind == "name" and token.text == name):
            return token.span
    return None
