"""POST and GET over azure-core's pipeline: keep-alive, gzip, proxy, retries, redacted logs, tokens where they are safe.

A body comes as a whole, or in pieces as it arrives; either way only up to a size, whatever was zipped.

Every failure below HTTP is a ``KqlNetworkError`` or ``KqlAuthenticationError``; a status is for the caller to read.
"""

from __future__ import annotations

import logging
import random
import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from azure.core.credentials import TokenCredential
from azure.core.exceptions import (
    AzureError,
    ClientAuthenticationError,
    ServiceRequestError,
    ServiceRequestTimeoutError,
    ServiceResponseError,
    ServiceResponseTimeoutError,
)
from azure.core.pipeline import Pipeline, PipelineRequest, PipelineResponse
from azure.core.pipeline.policies import (
    BearerTokenCredentialPolicy,
    HttpLoggingPolicy,
    ProxyPolicy,
    RetryPolicy,
    SansIOHTTPPolicy,
    UserAgentPolicy,
)
from azure.core.pipeline.transport import RequestsTransport
from azure.core.rest import HttpRequest
from requests.exceptions import RequestException

from kqlext.connections.clouds import is_loopback
from kqlext.errors import KqlAuthenticationError, KqlCellError, KqlNetworkError
from kqlext.services.base import Progress
from kqlext.text import shorten

CONNECT_TIMEOUT = 20.0
"""Seconds to wait for a connection to the service."""

LONGEST_PAUSE = 30.0
"""Seconds that a busy service may ask us to wait before it is asked again."""

_PIECE = 128 * 1024  # bytes read at a time; what they unzip to may be a thousand times that

_BUSY = frozenset({429, 503})
_PERMANENT = re.compile(rb'"@permanent"\s*:\s*true')
_GATEWAY_PATIENCE = 60.0  # seconds after which a gateway that gave up is not asked again: the query is what takes long


class _BusyRetryPolicy(RetryPolicy[HttpRequest, Any]):
    """Retries only what the service says to retry: 429 and 503, and a gateway's 504; never what a write command did.

    A service that asks for a longer pause than a user would sit through gets none: that is an error.
    """

    def is_retry(self, settings: dict[str, Any], response: PipelineResponse[Any, Any]) -> bool:
        soon = (self.get_retry_after(response) or 0) <= LONGEST_PAUSE
        answer = response.http_response
        if not (settings["repeatable"] and soon):
            return False
        if answer.status_code in _BUSY:
            return not _PERMANENT.search(answer.read())
        of_gateway = answer.status_code == 504 and "json" not in (answer.headers.get("Content-Type") or "")
        return of_gateway and time.monotonic() - settings["began"] < _GATEWAY_PATIENCE

    def configure_retries(self, options: dict[str, Any]) -> dict[str, Any]:
        own = {"repeatable": options.pop("repeatable", True), "began": time.monotonic()}
        return {**super().configure_retries(options), **own}

    def get_backoff_time(self, settings: dict[str, Any]) -> float:
        """Spread, so that queries which were refused together do not come back together."""
        pause: float = super().get_backoff_time(settings)
        return pause * random.uniform(0.5, 1.0)


class _TokenPolicy(BearerTokenCredentialPolicy[HttpRequest, Any]):
    """Asks the credential before each request, since it is the credential that knows of a sign-out; and once more
    where the service refuses a token that should be valid, and another one is to be had."""

    def on_request(self, request: PipelineRequest[HttpRequest]) -> None:
        self._token = None
        super().on_request(request)

    def send(self, request: PipelineRequest[HttpRequest]) -> PipelineResponse[HttpRequest, Any]:
        response = super().send(request)
        # azure-core asks for a challenge, which not every service sends with its 401.
        challenged = "WWW-Authenticate" in response.http_response.headers
        if response.http_response.status_code == 401 and not challenged and self._renewed(request):
            return self.next.send(request)
        return response

    def on_challenge(self, request: PipelineRequest[HttpRequest], response: PipelineResponse[HttpRequest, Any]) -> bool:
        return super().on_challenge(request, response) or self._renewed(request)

    def _renewed(self, request: PipelineRequest[HttpRequest]) -> bool:
        """Whether the request now has another token than the one that was refused."""
        renew = getattr(self._credential, "renew", None)
        if renew is None:
            return False
        refused = request.http_request.headers.get("Authorization")
        renew()
        self.authorize_request(request, *self._scopes)
        return bool(request.http_request.headers.get("Authorization") != refused)


class _ProgressPolicy(SansIOHTTPPolicy[HttpRequest, Any]):
    """Says that a request is on its way: signed, and handed to the transport."""

    def on_request(self, request: PipelineRequest[HttpRequest]) -> None:
        progress: Progress | None = request.context.options.pop("progress", None)  # none left where it is sent again
        if progress is not None:
            progress.state = "running"


@dataclass(frozen=True)
class HttpAnswer:
    """Status, headers (names in lower case) and the whole body, unzipped."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class HttpStream:
    """Status, headers (names in lower case), and the body, unzipped, in pieces as it arrives."""

    def __init__(self, client: HttpClient, response: Any, timeout: float, progress: Progress) -> None:
        self.status: int = response.status_code
        self.headers: Mapping[str, str] = {name.lower(): value for name, value in response.headers.items()}
        self._client = client
        self._response = response
        self._timeout = timeout
        self._progress = progress

    def __iter__(self) -> Iterator[bytes]:
        """The pieces. The connection is free for the next request after the last one; whoever stops earlier closes.

        Raises:
            KqlNetworkError: the answer broke off, nothing came for too long, or it is longer than may be.
        """
        size = 0
        try:
            for piece in self._response.iter_bytes():
                size += len(piece)
                if size > self._progress.most_bytes:
                    raise self._client.too_large(self._progress.most_bytes)
                self._progress.bytes += len(piece)
                yield piece
        except (AzureError, RequestException) as error:
            raise self._client.failure(error, self._timeout) from None
        finally:
            self.close()

    def read(self) -> HttpAnswer:
        """The whole body. Raises as iteration does."""
        return HttpAnswer(self.status, self.headers, b"".join(self))

    def close(self) -> None:
        """Close the socket where the body was not read to its end. May be called twice."""
        self._response.close()


def json_body(request: Mapping[str, object]) -> bytes:
    """The body of a request.

    Raises:
        KqlCellError: the query or a property holds what JSON cannot: half of a surrogate pair, an endless integer.
    """
    try:
        return orjson.dumps(request)
    except TypeError as error:
        raise KqlCellError(
            f"The request cannot be written as JSON: {error}.", hint="look at the query's characters and the properties"
        ) from None


class HttpClient:
    """Keeps the connections to one service open. Follows no redirect: it would carry the token elsewhere."""

    def __init__(
        self,
        url: str,
        credential: TokenCredential | None,
        scope: str,
        user_agent: str,
    ) -> None:
        self._url = url
        self._credential, self._scope = credential, scope
        # A token may go over plain http only where it does not leave this machine.
        self._safe: dict[str, Any] = {"enforce_https": False} if credential and is_loopback(url) else {}
        # What azure-core warns of is in our errors; without a handler logging would print it on stderr.
        azure = logging.getLogger("azure")
        if not azure.handlers:
            azure.addHandler(logging.NullHandler())
        self._transport = RequestsTransport(connection_data_block_size=_PIECE)
        policies: list[Any] = [
            UserAgentPolicy(user_agent, user_agent_overwrite=True),
            ProxyPolicy(),
            _BusyRetryPolicy(retry_total=3, retry_status=3, retry_backoff_factor=0.4, retry_backoff_max=10),
        ]
        if credential is not None:
            policies.append(_TokenPolicy(credential, scope))
        policies += [HttpLoggingPolicy(), _ProgressPolicy()]
        self._pipeline: Pipeline[HttpRequest, Any] = Pipeline(self._transport, policies)

    def authorize(self) -> None:
        """Have a token, so that the next request need not ask for one.

        Raises:
            KqlError: there is none.
        """
        if self._credential is not None:
            getattr(self._credential, "authorize", self._credential.get_token)(self._scope)

    def post(
        self,
        path: str,
        body: bytes,
        headers: Mapping[str, str],
        timeout: float,
        repeatable: bool = True,
        progress: Progress | None = None,
    ) -> HttpAnswer:
        """Send JSON and read the whole answer. Takes and raises what ``open`` does."""
        return self.open(path, body, headers, timeout, repeatable, progress).read()

    def open(
        self,
        path: str,
        body: bytes,
        headers: Mapping[str, str],
        timeout: float,
        repeatable: bool = True,
        progress: Progress | None = None,
    ) -> HttpStream:
        """Send JSON and give the answer once it begins.

        Args:
            timeout: seconds without a byte after which the answer is given up.
            repeatable: whether a busy service may be asked again with the same request.
            progress: where to write how far it is.

        Raises:
            KqlNetworkError: no connection, a time-out, TLS, or an answer that broke off.
            KqlAuthenticationError: no credential gave a token.
        """
        request = HttpRequest("POST", self._url + path, headers=dict(headers), content=body)
        return self._send(request, timeout, repeatable, progress or Progress())

    def get(self, path: str, headers: Mapping[str, str], timeout: float) -> HttpAnswer:
        """Ask for what stands at a path, and read it whole. Raises as ``open`` does."""
        request = HttpRequest("GET", self._url + path, headers=dict(headers))
        return self._send(request, timeout, repeatable=True, progress=Progress()).read()

    def close(self) -> None:
        self._transport.close()

    def _send(self, request: HttpRequest, timeout: float, repeatable: bool, progress: Progress) -> HttpStream:
        try:
            response = self._pipeline.run(
                request,
                stream=True,
                connection_timeout=CONNECT_TIMEOUT,
                read_timeout=timeout,
                repeatable=repeatable,
                progress=progress,
                **self._safe,
            ).http_response
        except AzureError as error:
            raise self.failure(error, timeout) from None
        progress.state = "receiving"
        return HttpStream(self, response, timeout, progress)

    def too_large(self, most_bytes: int) -> KqlNetworkError:
        """What there is to say of an answer that does not end."""
        return KqlNetworkError(
            f"The answer of {self._url} is larger than {most_bytes:,} bytes, unzipped, and was given up.",
            hint="ask for less at a time (project, summarize, a shorter time), or raise -max_answer (MB)",
        )

    def failure(self, error: Exception, timeout: float) -> KqlNetworkError | KqlAuthenticationError:
        """What an error of the transport says to a user."""
        reason = shorten(" ".join(_innermost(error).split()), 300)
        if isinstance(error, ClientAuthenticationError):
            return KqlAuthenticationError(f"No credential gave a token for {self._url}: {reason}")
        if isinstance(error, ServiceRequestTimeoutError):
            return KqlNetworkError(f"{self._url} did not answer within {CONNECT_TIMEOUT:.0f} s.")
        # azure-core before 1.36 lets what requests says of a body through as it is.
        if isinstance(error, ServiceResponseTimeoutError) or "Read timed out" in reason:
            return KqlNetworkError(
                f"{self._url} sent nothing for {timeout:.0f} s.",
                hint="give it longer with -timeout, or ask for less",
            )
        if isinstance(error, ServiceRequestError):
            return KqlNetworkError(f"{self._url} cannot be reached: {reason}")
        if isinstance(error, ServiceResponseError):
            return KqlNetworkError(f"The connection to {self._url} broke: {reason}")
        return KqlNetworkError(f"The answer of {self._url} broke off: {reason}")


def _innermost(error: BaseException) -> str:
    """The text of the first cause: urllib3 and requests wrap it several times."""
    seen: BaseException = error
    while True:
        inner = getattr(seen, "inner_exception", None) or getattr(seen, "reason", None)
        if not isinstance(inner, BaseException):
            inner = next((arg for arg in seen.args if isinstance(arg, BaseException)), None)
        if inner is None or inner is seen:
            # urllib3 puts the connection object in front of what happened to it.
            return re.sub(r"^<?HTTPS?Connection\w*\([^)]*\)[^:]*: ", "", str(seen))
        seen = inner
