"""An OpenID token endpoint on loopback, over TLS, that the real azure-identity and MSAL code talks to.

    with IdentityServer(authority) as identity:
        identity.applications["app"] = Application(secret="...")
        ... a client signs in at identity.url, tenant and all ...
        assert identity.accepts(token)

It knows what Microsoft Entra's v2.0 endpoint knows of the flows that kqlext uses: client credentials (secret or
signed assertion), device code, authorization code, refresh token; and App Service's managed identity, which is
plain http. Its tokens all begin with a word that a test can search for in what a run leaves.
"""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.message import Message
from threading import RLock
from typing import Any, Self
from urllib.parse import parse_qs, urlencode, urlsplit

from . import loopback
from .certificates import CertificateAuthority
from .json_web_tokens import encode, is_signed
from .loopback import Answer, LoopbackServer, redirect

TENANT = "7e57ab1e-0000-4000-8000-00000000aaaa"
USER = "reader@example.com"
DEVICE_PAGE = "https://microsoft.com/devicelogin"

ACCESS = "SECRETaccess"
REFRESH = "SECRETrefresh"
DEVICE = "SECRETdevice"
MARKS = (ACCESS, REFRESH, DEVICE)
"""What access tokens, refresh tokens and device codes hold; none may be found outside of the wire."""

_TRACE = " Trace ID: 11111111-2222-3333-4444-555555555555 Correlation ID: 66666666-7777-8888-9999-000000000000"


@dataclass(frozen=True)
class Application:
    """A registered service principal: its secret, or the certificate that its assertions are signed with."""

    secret: str | None = None
    certificate: bytes | None = None


class Request(loopback.Request):
    """What a client sent: `body` is the form of a POST or the query of a GET."""

    @property
    def form(self) -> Mapping[str, str]:
        return self.body

    @property
    def grant(self) -> str:
        return self.form.get("grant_type", "").rpartition(":")[2]


@dataclass(frozen=True)
class Refusal(Exception):  # noqa: N818 (a refusal is an answer, and no error of ours)
    """An OAuth error answer."""

    error: str
    description: str
    status: int = 400


@dataclass
class _Device:
    """One device code that waits for its user."""

    scope: str
    asked: int = 0


@dataclass
class _State:
    requests: list[Request] = field(default_factory=list)
    tokens: dict[str, float] = field(default_factory=dict)  # access token -> when it expires
    refresh_tokens: set[str] = field(default_factory=set)
    devices: dict[str, _Device] = field(default_factory=dict)
    codes: dict[str, str] = field(default_factory=dict)  # authorization code -> nonce of who asked


class IdentityServer:
    """One token service. `lifetime` is that of its tokens, in seconds.

    device  what becomes of a device code: "granted", "expired" or "declined", after `pending` polls
    """

    def __init__(self, authority: CertificateAuthority) -> None:
        self.applications: dict[str, Application] = {}
        self.managed_identities: set[str] = {""}  # client or resource ids; "" is the system's own
        self.lifetime = 3600
        self.pending = 1
        self.device = "granted"
        self.identity_header = "SECRETidentityheader"
        self._lock = RLock()
        self._state = _State()
        self._secure = _Endpoint(self, authority)
        self._plain = _Endpoint(self, False)

    @property
    def url(self) -> str:
        """The authority, without a tenant."""
        return self._secure.url

    @property
    def managed_identity(self) -> dict[str, str]:
        """The environment of a machine with a managed identity, as App Service sets it."""
        return {"IDENTITY_ENDPOINT": f"{self._plain.url}/msi/token", "IDENTITY_HEADER": self.identity_header}

    @property
    def requests(self) -> list[Request]:
        with self._lock:
            return list(self._state.requests)

    def grants(self) -> list[str]:
        """The grant of each request to the token endpoint."""
        return [request.grant for request in self.requests if request.path.endswith("/token") and request.grant]

    def issue(self, lifetime: float | None = None, mark: str = ACCESS) -> str:
        """A new access token, which begins with the mark."""
        token = f"{mark}.{uuid.uuid4().hex}"
        with self._lock:
            self._state.tokens[token] = time.time() + (self.lifetime if lifetime is None else lifetime)
        return token

    def accepts(self, authorization: str | None) -> bool:
        """Whether an Authorization header holds a token that is valid now."""
        with self._lock:
            return self._state.tokens.get((authorization or "").removeprefix("Bearer "), 0) > time.time()

    def revoke(self) -> None:
        """No access token that is out is valid any more; refresh tokens are."""
        with self._lock:
            self._state.tokens = dict.fromkeys(self._state.tokens, 0.0)

    def end_sessions(self) -> None:
        """Neither access nor refresh tokens are valid any more: users must sign in again."""
        self.revoke()
        with self._lock:
            self._state.refresh_tokens.clear()

    def close(self) -> None:
        self._secure.close()
        self._plain.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def answer(self, request: Request) -> dict[str, Any] | str:
        """For the handler: the JSON that answers, or the address to which the browser goes."""
        with self._lock:
            self._state.requests.append(request)
            tenant, _, rest = request.path.strip("/").partition("/")
            routes: dict[str, Callable[[str, Request], dict[str, Any] | str]] = {
                "v2.0/.well-known/openid-configuration": self._configuration,
                "oauth2/v2.0/devicecode": self._device_code,
                "oauth2/v2.0/token": self._token,
                "oauth2/v2.0/authorize": self._authorize,
                "token": self._managed_identity,
            }
            if rest not in routes:
                raise Refusal("not_found", f"no such path {request.path}", 404)
            return routes[rest](tenant, request)

    def _configuration(self, tenant: str, _: Request) -> dict[str, Any]:
        base = f"{self.url}/{tenant}"
        return {
            "issuer": f"{self.url}/{TENANT}/v2.0",
            "token_endpoint": f"{base}/oauth2/v2.0/token",
            "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
            "device_authorization_endpoint": f"{base}/oauth2/v2.0/devicecode",
        }

    def _device_code(self, _: str, request: Request) -> dict[str, Any]:
        code = f"{DEVICE}{uuid.uuid4().hex}"
        self._state.devices[code] = _Device(request.form["scope"])
        return {
            "device_code": code,
            "user_code": f"USER{len(self._state.devices):05}",
            "verification_uri": DEVICE_PAGE,
            "expires_in": 900,
            "interval": 1,
            "message": "To sign in, use a web browser",
        }

    def _authorize(self, _: str, request: Request) -> str:
        code = f"{DEVICE}{uuid.uuid4().hex}"
        self._state.codes[code] = request.form.get("nonce", "")
        return f"{request.form['redirect_uri']}?{urlencode({'code': code, 'state': request.form['state']})}"

    def _token(self, tenant: str, request: Request) -> dict[str, Any]:
        flows = {
            "client_credentials": self._client_credentials,
            "device_code": self._device_grant,
            "refresh_token": self._refresh,
            "authorization_code": self._redeem,
        }
        if request.grant not in flows:
            raise Refusal("unsupported_grant_type", f"AADSTS70003: The app requested {request.grant}." + _TRACE)
        flows[request.grant](tenant, request)
        user = request.grant != "client_credentials"
        return {
            "token_type": "Bearer",
            "expires_in": self.lifetime,
            "ext_expires_in": self.lifetime,
            "access_token": self.issue(),
            **(self._user_part(request) if user else {}),
        }

    def _client_credentials(self, tenant: str, request: Request) -> None:
        identity = request.form["client_id"]
        application = self.applications.get(identity)
        if application is None:
            message = (
                f"AADSTS700016: Application with identifier '{identity}' was not found in the directory '{tenant}'."
            )
            raise Refusal("unauthorized_client", message + " This can happen if it is not installed." + _TRACE)
        if "client_assertion" in request.form:
            audience = f"{self.url}/{tenant}/oauth2/v2.0/token"
            if not _is_by(application, request.form["client_assertion"], identity, audience):
                raise Refusal("invalid_client", "AADSTS700027: The certificate is not registered." + _TRACE, 401)
        elif application.secret is None or request.form.get("client_secret") != application.secret:
            message = (
                "AADSTS7000215: Invalid client secret provided. Ensure the secret being sent is the client secret "
            )
            raise Refusal("invalid_client", message + f"value, not its ID, for app '{identity}'." + _TRACE, 401)

    def _device_grant(self, _: str, request: Request) -> None:
        device = self._state.devices.get(request.form["device_code"])
        if device is None:
            raise Refusal("invalid_grant", "AADSTS70000: The device code is not known." + _TRACE)
        device.asked += 1
        if device.asked <= self.pending:
            raise Refusal("authorization_pending", "AADSTS70016: Authorization is pending." + _TRACE)
        if self.device != "granted":
            known = {
                "expired": Refusal("expired_token", "AADSTS70020: The device code has expired." + _TRACE),
                "declined": Refusal("authorization_declined", "AADSTS70018: The user declined." + _TRACE),
            }
            raise known[self.device]

    def _refresh(self, _: str, request: Request) -> None:
        if request.form["refresh_token"] not in self._state.refresh_tokens:
            raise Refusal("invalid_grant", "AADSTS50173: The grant was revoked; sign in again." + _TRACE)

    def _redeem(self, _: str, request: Request) -> None:
        if request.form["code"] not in self._state.codes:
            raise Refusal("invalid_grant", "AADSTS70000: The code is not known." + _TRACE)

    def _user_part(self, request: Request) -> dict[str, Any]:
        token = f"{REFRESH}{uuid.uuid4().hex}"
        self._state.refresh_tokens.add(token)
        now = int(time.time())
        claims = {
            "iss": f"{self.url}/{TENANT}/v2.0",
            "aud": request.form["client_id"],
            "sub": "the-user",
            "oid": "the-user",
            "tid": TENANT,
            "preferred_username": USER,
            "iat": now,
            "exp": now + 3600,
            "nonce": self._state.codes.pop(request.form.get("code", ""), ""),
        }
        return {
            "refresh_token": token,
            "id_token": f"{encode({'alg': 'none', 'typ': 'JWT'})}.{encode(claims)}.",
            "client_info": encode({"uid": "the-user", "utid": TENANT}),
            "scope": self._scope(request),
        }

    def _scope(self, request: Request) -> str:
        """What was granted of the service's scopes. A device code's polls do not repeat what it was asked for."""
        device = self._state.devices.get(request.form.get("device_code", ""))
        asked = device.scope if device else request.form.get("scope", "")
        return " ".join(scope for scope in asked.split() if scope not in ("openid", "profile", "offline_access"))

    def _managed_identity(self, _: str, request: Request) -> dict[str, Any]:
        if request.headers.get("X-IDENTITY-HEADER") != self.identity_header:
            raise Refusal("unauthorized", "no identity header", 401)
        identity = request.form.get("client_id") or request.form.get("mi_res_id", "")
        if identity not in self.managed_identities:
            raise Refusal("invalid_request", f"No managed identity {identity} is assigned to this machine.")
        expires = int(time.time()) + self.lifetime
        return {
            "access_token": self.issue(),
            "expires_on": str(expires),
            "resource": request.form["resource"],
            "token_type": "Bearer",
        }


class _Endpoint(LoopbackServer[Request]):
    """One address at which the token service listens."""

    def __init__(self, identity: IdentityServer, tls: bool | CertificateAuthority) -> None:
        self._identity = identity
        super().__init__(tls)

    def read(self, method: str, target: str, headers: Message, content: bytes, connection: int) -> Request:
        address = urlsplit(target)
        fields = parse_qs(content.decode() if method == "POST" else address.query)
        form = {name: values[0] for name, values in fields.items()}
        return Request(method, address.path, headers, form, connection)

    def refusal(self, request: Request) -> Answer | None:
        return None

    def reply(self, request: Request) -> Answer:
        try:
            answer = self._identity.answer(request)
        except Refusal as refusal:
            body = {"error": refusal.error, "error_description": refusal.description, "message": refusal.description}
            return Answer(json.dumps(body).encode(), refusal.status)
        return redirect(answer) if isinstance(answer, str) else Answer(json.dumps(answer).encode())

    def text_of(self, request: Request) -> str | None:
        return None


def _is_by(application: Application, assertion: str, identity: str, audience: str) -> bool:
    return application.certificate is not None and is_signed(assertion, application.certificate, identity, audience)
