"""The ways to sign in: ONE table of methods, chosen by a connection's keys, and how each gets its tokens.

azure-identity does the signing in; it is imported when the first token is asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

from kqlext.connections.clouds import CLOUDS, cloud, cloud_of
from kqlext.connections.given_tokens import GivenToken
from kqlext.connections.notebook_services import Databricks, NotebookUtils
from kqlext.connections.prompts import Prompt, ask_secret, is_left_open
from kqlext.connections.schemes import SIGN_IN_KEYS
from kqlext.connections.strings import ConnectionSpec
from kqlext.connections.users import ChainThenDevice, UserSignIn
from kqlext.errors import KqlConnectionError
from kqlext.references import Held


class Source(Protocol):
    """Gives tokens; keeps what it needs for the next one."""

    def get_token(self, *scopes: str, **options: Any) -> Any:
        """A token for the scopes. Raises what azure-identity raises."""
        ...

    def renew(self) -> None:
        """The last token was refused: do not give it again."""
        ...


@dataclass(frozen=True)
class Method:
    """One way to sign in: any of ``signs`` chooses it, ``takes`` may stand beside them."""

    name: str
    signs: tuple[str, ...]
    takes: tuple[str, ...]
    needs: tuple[str, ...]
    source: Callable[[SignIn], Source]
    hint: str

    @property
    def of_a_user(self) -> bool:
        """Whether a person may have signed in, who must not be asked again for a passing failure."""
        return self.source in (_device_code, _browser, _default)


@dataclass(frozen=True)
class SignIn:
    """What a connection says of its sign-in: the method and its keys.

    ``authority`` is where it signs in, ``known`` whether that is one of Microsoft's clouds.
    """

    method: Method
    keys: Mapping[str, object] = field(repr=False)
    authority: str | None
    known: bool
    prompt: Prompt
    allow_unencrypted: bool

    def text(self, key: str) -> str | None:
        """The value of a key, where it is given and not empty."""
        return str(self.keys.get(key) or "") or None

    def options(self, tenant: bool = True) -> dict[str, Any]:
        """What azure-identity's constructors take of it."""
        given = {
            "authority": self.authority,
            "tenant_id": self.text("tenant") if tenant else None,
            # Microsoft's list of authorities does not hold an address of one's own.
            "disable_instance_discovery": None if self.known else True,
        }
        return {name: value for name, value in given.items() if value is not None}


class Made:
    """A credential of azure-identity, made when first asked for, and anew when its last token was refused."""

    def __init__(self, make: Callable[[], Any]) -> None:
        self._make = make
        self._credential: Any = None

    def get_token(self, *scopes: str, **options: Any) -> Any:
        if self._credential is None:
            self._credential = self._make()
        return self._credential.get_token(*scopes, **options)

    def renew(self) -> None:
        self._credential = None


def _token(sign_in: SignIn) -> Source:
    value = sign_in.keys["token"]
    return GivenToken(value.value if isinstance(value, Held) else value)


def _device_code(sign_in: SignIn) -> Source:
    return _user("DeviceCodeCredential", sign_in)


def _browser(sign_in: SignIn) -> Source:
    return _user("InteractiveBrowserCredential", sign_in)


def _user(kind: str, sign_in: SignIn) -> UserSignIn:
    options = sign_in.options()
    if client := sign_in.text("clientid"):
        options["client_id"] = client
    if hint := sign_in.text("username"):
        options["login_hint"] = hint
    return UserSignIn(kind, options, sign_in.prompt, sign_in.allow_unencrypted)


def _azure_cli(sign_in: SignIn) -> Source:
    from azure.identity import AzureCliCredential

    return Made(lambda: AzureCliCredential(tenant_id=sign_in.text("tenant") or "", process_timeout=30))


def _vs_code(sign_in: SignIn) -> Source:
    from azure.identity import VisualStudioCodeCredential

    return Made(lambda: VisualStudioCodeCredential(**sign_in.options()))


def _managed_identity(sign_in: SignIn) -> Source:
    from azure.identity import ManagedIdentityCredential

    which = sign_in.text("msi") or sign_in.text("clientid")
    if which and "/" in which:
        return Made(lambda: ManagedIdentityCredential(identity_config={"resource_id": which}))
    return Made(lambda: ManagedIdentityCredential(client_id=which))


def _notebook_utils(_: SignIn) -> Source:
    return NotebookUtils()


def _databricks(sign_in: SignIn) -> Source:
    return Databricks(sign_in.text("databricks"))


def _certificate(sign_in: SignIn) -> Source:
    from azure.identity import CertificateCredential

    tenant, client = str(sign_in.keys["tenant"]), str(sign_in.keys["clientid"])
    options = sign_in.options(tenant=False)
    path = sign_in.text("certificatepemfile")
    try:
        data = Path(path).expanduser().read_bytes() if path else str(sign_in.keys["certificate"]).encode()
    except OSError as error:
        raise KqlConnectionError(
            f"The certificate file cannot be read: {error.strerror}.", hint=f"it is {path}"
        ) from None
    return Made(lambda: CertificateCredential(tenant, client, certificate_data=data, **options))


def _client_secret(sign_in: SignIn) -> Source:
    from azure.identity import ClientSecretCredential

    tenant, client = str(sign_in.keys["tenant"]), str(sign_in.keys["clientid"])
    secret = sign_in.text("clientsecret") or ""
    if is_left_open("clientsecret", secret):
        secret = ask_secret("clientsecret")
    return Made(lambda: ClientSecretCredential(tenant, client, secret, **sign_in.options(tenant=False)))


def _default(sign_in: SignIn) -> Source:
    from azure.identity import DefaultAzureCredential

    tenant = sign_in.text("tenant")
    chain = Made(lambda: DefaultAzureCredential(additionally_allowed_tenants=["*"], **sign_in.options(tenant=False)))
    options = {"tenant_id": tenant} if tenant else {}
    # The notebook's service knows one tenant and one place to sign in, which are not those that the connection names.
    notebook = None if tenant or sign_in.text("aadurl") else NotebookUtils()
    return ChainThenDevice(notebook, chain, _user("DeviceCodeCredential", sign_in), options)


METHODS: tuple[Method, ...] = (
    Method("token", ("token",), (), (), _token, "get a new token"),
    Method(
        "device code",
        ("code",),
        ("tenant", "aadurl", "clientid"),
        (),
        _device_code,
        "run the cell again for a new code",
    ),
    Method(
        "browser",
        ("interactive",),
        ("tenant", "aadurl", "clientid", "username"),
        (),
        _browser,
        "where the kernel has no browser, write code instead of interactive",
    ),
    Method("Azure CLI", ("azcli",), ("tenant",), (), _azure_cli, "run `az login` in a terminal, then the cell again"),
    Method("VS Code", ("vscode",), ("tenant",), (), _vs_code, "sign in with VS Code's Azure Resources extension"),
    Method(
        "managed identity",
        ("msi",),
        ("clientid",),
        (),
        _managed_identity,
        "this works on a machine in Azure to which the identity is assigned; elsewhere write azcli or code",
    ),
    Method(
        "Fabric or Synapse",
        ("notebookutils",),
        (),
        (),
        _notebook_utils,
        "this works in notebooks of Fabric and Synapse; elsewhere write azcli or code",
    ),
    Method(
        "Databricks",
        ("databricks",),
        (),
        (),
        _databricks,
        "this works in notebooks of Azure Databricks; elsewhere write azcli or code",
    ),
    Method(
        "certificate",
        ("certificate", "certificatepemfile", "certificatethumbprint"),
        ("tenant", "aadurl", "clientid"),
        ("clientid", "tenant"),
        _certificate,
        "check that the certificate is PEM text with its private key, and registered with the application",
    ),
    Method(
        "client secret",
        ("clientsecret", "clientid"),
        ("tenant", "aadurl"),
        ("clientid", "tenant"),
        _client_secret,
        "check clientid, clientsecret and tenant",
    ),
    Method("default", (), ("tenant", "aadurl"), (), _default, "run `az login` in a terminal"),
)
"""In the order in which a connection's keys choose: the last one needs none."""


def chosen(spec: ConnectionSpec) -> Method:
    """The method that a connection's keys ask for.

    Raises:
        KqlConnectionError: user name and password, keys of two methods, or a key that the method needs is missing.
    """
    given = [key for key, _ in spec.keys if key in SIGN_IN_KEYS]
    if "password" in given or ("username" in given and "interactive" not in given):
        raise KqlConnectionError(
            "There is no sign-in with username and password: it cannot do multi-factor authentication.",
            hint="write code (device code), interactive (browser) or azcli instead; for a program clientid and "
            "clientsecret of an application",
        )
    method = next(method for method in METHODS if not method.signs or any(key in given for key in method.signs))
    other = next((key for key in given if key not in (*method.signs, *method.takes)), None)
    if other:
        by = next((key for key in method.signs if key in given), "the default sign-in")
        raise KqlConnectionError(
            f"{other} does not go with {by} ({method.name}).", hint="take one of the two out of the connection"
        )
    missing = next((key for key in method.needs if key not in given), None)
    if (
        missing is None
        and method.name == "certificate"
        and given.count("certificatethumbprint") == len([key for key in given if key in method.signs])
    ):
        missing = "certificatepemfile"
    if missing:
        raise KqlConnectionError(
            f"A sign-in with {method.name} needs {missing} too.", hint=f"add {missing}='...' to the connection"
        )
    return method


def authority(spec: ConnectionSpec, address: str) -> tuple[str | None, bool]:
    """Where a connection signs in (None: where azure-identity does by itself), and whether it is one of the clouds.

    Raises:
        KqlConnectionError: aadurl is no https address: secrets would go there in the clear.
    """
    written = spec.get("aadurl")
    if not written:
        named = str(spec.get("cloud") or "")
        login = (cloud(named) if named else cloud_of(address)).login
        return (None if login == CLOUDS[0].login else login), True
    url = str(written).rstrip("/")
    parts = urlsplit(url if "://" in url else f"https://{url}")
    if parts.scheme != "https" or not parts.hostname or parts.username is not None:
        raise KqlConnectionError(
            "aadurl is no https address.", hint="write aadurl='https://login.microsoftonline.com', without a tenant"
        )
    address = f"https://{parts.netloc}"
    return address, any(address.lower() == known.login for known in CLOUDS)


OPTION_KEYS: tuple[tuple[str, str], ...] = (
    ("try_token", "token"),
    ("try_msi", "msi"),
    ("try_azcli_login", "azcli"),
    ("try_vscode_login", "vscode"),
)
"""Kqlmagic's options, in its order, and the key of a connection that each stands for."""


def keys_of_options(spec: ConnectionSpec, options: Mapping[str, Any]) -> tuple[tuple[str, Any], ...]:
    """The sign-in key that options give to a connection that names no method."""
    methods = {key for method in METHODS for key in method.signs} | {"anonymous", "appkey", "username", "password"}
    if any(key in methods for key, _ in spec.keys):
        return ()
    chosen_option = next(((name, key) for name, key in OPTION_KEYS if options.get(name)), None)
    if chosen_option is None:
        return ()
    name, key = chosen_option
    value = options[name]
    if key == "token":
        return ((key, value if isinstance(value, str) else Held(value)),)
    return ((key, _identity(value) if key == "msi" else ""),)


def _identity(value: object) -> str:
    """The managed identity that Kqlmagic's ``try_msi`` names: a dict with an id, an id, or true for the system's."""
    if isinstance(value, Mapping):
        wanted = ("client_id", "msi_res_id", "resource_id")
        found = next((str(value[name]) for name in wanted if value.get(name)), "")
        other = next((name for name in value if name not in wanted), None)
        if other and not found:
            raise KqlConnectionError(
                f"-try_msi does not take {other}.",
                hint="it takes client_id or msi_res_id; none for the system's identity",
            )
        return found
    text = str(value)
    if text.startswith("{"):
        from kqlext.connections.given_tokens import parsed

        inner = parsed(text)
        return _identity(inner) if isinstance(inner, Mapping) else ""
    return "" if text.lower() in ("true", "system") else text
