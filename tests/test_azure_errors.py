"""Errors of Azure Monitor: the deepest one counts, places begin at 1, and each names what to do."""

from __future__ import annotations

from typing import Any

import pytest
from servers import monitor
from servers.monitor import Answer
from servers.monitor_tables import error, query_problem

from kqlext import errors
from kqlext.services.azure_errors import APPLICATION_INSIGHTS, LOG_ANALYTICS, Source, failure, partial_errors
from kqlext.services.base import Query
from kqlext.services.http import HttpAnswer

TEXT = "SigninLogs\n| where Nope == 1\n| foo"


def failed(answer: Answer, text: str = TEXT, source: Source = LOG_ANALYTICS) -> errors.KqlError:
    headers = {name.lower(): value for name, value in answer.headers.items()}
    return failure(HttpAnswer(answer.status, headers, answer.body), Query(text), source)


def refused(kind: str, *inner: dict[str, Any]) -> errors.KqlQueryError:
    found = failed(Answer(query_problem(kind, *inner), 400))
    assert isinstance(found, errors.KqlQueryError)
    return found


def test_a_syntax_error_points_at_its_place() -> None:
    message = "Query could not be parsed at 'foo' on line [3,3]"
    found = refused("SyntaxError", {"code": "SYN0002", "message": message, "line": 3, "pos": 3, "token": "foo"})
    assert (found.code, found.message) == ("SYN0002", message)
    assert found.span is not None
    assert (found.span.start, found.span.of(TEXT)) == (TEXT.index("foo"), "foo")


def test_a_place_without_a_token_counts_from_one() -> None:
    found = refused("SyntaxError", {"code": "SYN0002", "message": "Wrong.", "line": 2, "pos": 3})
    assert found.span is not None
    assert found.span.start == TEXT.index("where")


@pytest.mark.parametrize(("line", "pos"), [(1, 0), (0, 0), (99, 99), (1, 10_000), ("3", "3"), ("x", None), (None, 2)])
def test_places_that_are_none_still_give_an_error(line: Any, pos: Any) -> None:
    found = refused("SyntaxError", {"code": "SYN0002", "message": "Wrong.", "line": line, "pos": pos})
    assert str(found).startswith("SYN0002: Wrong.")


def test_a_place_that_only_the_message_names() -> None:
    found = refused("SyntaxError", {"code": "SYN0002", "message": "Query could not be parsed at 'foo' on line [3,3]"})
    assert found.span is not None
    assert found.span.of(TEXT) == "foo"


def test_a_semantic_error_points_at_the_name() -> None:
    message = "'where' operator: Failed to resolve column or scalar expression named 'Nope'"
    found = refused("SemanticError", {"code": "SEM0100", "message": message})
    assert (found.code, found.unresolved) == ("SEM0100", "Nope")
    assert found.span is not None
    assert found.span.of(TEXT) == "Nope"
    assert "line 2: | where Nope == 1" in str(found)


def test_a_refusal_without_inner_errors() -> None:
    found = failed(Answer(error("BadArgumentError", "The timespan is wrong"), 400))
    assert (type(found), found.code, found.message) == (
        errors.KqlQueryError,
        "BadArgumentError",
        "The timespan is wrong",
    )


FAILURES: dict[str, tuple[Answer, type[errors.KqlError], str, str]] = {
    "401": (monitor.unauthorized(), errors.KqlAuthenticationError, "401: Valid authentication", "Log Analytics Reader"),
    "403": (monitor.insufficient_access(), errors.KqlAuthenticationError, "403: ", "Microsoft Sentinel Reader"),
    "audience": (monitor.wrong_audience(), errors.KqlAuthenticationError, "another audience", "keys cloud"),
    "tenant": (Answer(error("InvalidTokenError", "No."), 403), errors.KqlAuthenticationError, "403: No.", "az login"),
    "key": (Answer(error("InvalidApiKeyError", "No."), 403), errors.KqlAuthenticationError, "403: No.", "key appkey"),
    "404": (
        Answer(error("ResourceNotFoundError", "The resource could not be found"), 404),
        errors.KqlServiceError,
        "There is no such workspace or resource (404): The resource could not be found",
        "Workspace ID",
    ),
    "404 page": (monitor.html(404, "Not Found"), errors.KqlServiceError, "There is no Log Analytics", "Workspace ID"),
    "429": (monitor.throttled(7), errors.KqlThrottledError, "Maximum requests count 200", "wait 7 seconds"),
    "504": (monitor.gateway_timeout(), errors.KqlServiceError, "The service gave the query up", "-timeout"),
    "500": (monitor.internal_error(), errors.KqlServiceError, "500: Something went wrong", "run the cell again"),
    "502 page": (monitor.html(502, "Bad Gateway"), errors.KqlServiceError, "502: Bad Gateway", "run the cell again"),
    "400 page": (monitor.html(400, "Bad Request"), errors.KqlServiceError, "400: Bad Request", "run the cell again"),
    "302": (
        monitor.redirect("https://evil.example/x"),
        errors.KqlServiceError,
        "Log Analytics answers 302, a redirect to evil.example",
        "address",
    ),
}


@pytest.mark.parametrize("name", FAILURES)
def test_a_failure_is_one_clear_error(name: str) -> None:
    answer, kind, message, hint = FAILURES[name]
    found = failed(answer)
    assert type(found) is kind
    assert message in found.message
    assert hint in found.hint


def test_application_insights_names_its_own_role_and_id() -> None:
    assert "Monitoring Reader" in failed(monitor.insufficient_access(), source=APPLICATION_INSIGHTS).hint
    missing = Answer(error("ResourceNotFoundError", "The resource could not be found"), 404)
    assert "Application ID" in failed(missing, source=APPLICATION_INSIGHTS).hint


@pytest.mark.parametrize("body", [b"", b"{", b"5", b'{"error": 5}', b'{"error": {}}', b'{"error": {"innererror": 5}}'])
@pytest.mark.parametrize("status", [302, 400, 401, 404, 418, 429, 500])
def test_whatever_the_body_is_there_is_an_error(status: int, body: bytes) -> None:
    assert failed(Answer(body, status))._render_traceback_()


def test_details_of_a_partial_error() -> None:
    inner = {"code": "EngineError", "message": "outer", "innererror": {"code": -2133196797, "message": "the limit"}}
    assert list(partial_errors({"code": "PartialError", "details": [inner]})) == [("-2133196797", "the limit")]
    assert list(partial_errors({"code": "PartialError", "message": "some"})) == [("PartialError", "some")]
