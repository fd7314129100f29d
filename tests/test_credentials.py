"""Which sign-in a connection's keys ask for, and what is refused. Signing in itself is in test_sign_in.py."""

from __future__ import annotations

import re
from collections.abc import Mapping

import pytest

from kqlext import errors
from kqlext.connections.credentials import SignIns, credential_for
from kqlext.connections.given_tokens import Token
from kqlext.connections.prompts import TerminalPrompt
from kqlext.connections.schemes import SCHEMES, SIGN_IN_KEYS
from kqlext.connections.sign_in import METHODS, authority, chosen, keys_of_options
from kqlext.connections.sign_in_errors import HINTS, chain_attempts, refused, sentence
from kqlext.connections.strings import ConnectionSpec, parse_connection
from kqlext.references import Held

HELP = "https://help.kusto.windows.net"


def spec(keys: str) -> ConnectionSpec:
    parsed = parse_connection(f"kusto://cluster='help';database='Samples';{keys}")
    assert isinstance(parsed, ConnectionSpec)
    return parsed


@pytest.mark.parametrize(
    ("keys", "cluster", "signed_in"),
    [
        ("", HELP, True),
        ("anonymous", HELP, False),
        ("", "http://127.0.0.1:8080", False),
        ("", "http://localhost:8080", False),
        ("azcli", "http://localhost:8080", True),
        ("", "https://127.0.0.1:8080", True),
        ("", "http://cluster.example", True),  # refused by the service, which sends no token over http
    ],
)
def test_who_is_signed_in(keys: str, cluster: str, signed_in: bool) -> None:
    assert (credential_for(spec(keys), cluster, SignIns()) is not None) is signed_in


def test_connections_with_the_same_keys_share_a_sign_in() -> None:
    sign_ins = SignIns()
    first = credential_for(spec("code;alias='a'"), HELP, sign_ins)
    assert credential_for(spec("code"), "https://other.kusto.windows.net", sign_ins) is first
    assert credential_for(spec("code;tenant='t'"), HELP, sign_ins) is not first
    assert credential_for(spec("code"), "https://help.kusto.usgovcloudapi.net", sign_ins) is not first
    assert credential_for(spec("code"), HELP, SignIns()) is not first


@pytest.mark.parametrize(
    ("keys", "method"),
    [
        ("", "default"),
        ("tenant='t'", "default"),
        ("code", "device code"),
        ("code;clientid='c';tenant='t'", "device code"),
        ("interactive", "browser"),
        ("interactive;username='me@example.com'", "browser"),
        ("azcli;tenant='t'", "Azure CLI"),
        ("vscode", "VS Code"),
        ("msi", "managed identity"),
        ("msi='id'", "managed identity"),
        ("msi;clientid='c'", "managed identity"),
        ("clientid='c';clientsecret='s';tenant='t'", "client secret"),
        ("clientid='c';tenant='t'", "client secret"),
        ("clientid='c';tenant='t';certificate='pem'", "certificate"),
        ("clientid='c';tenant='t';certificatepemfile='f';certificatethumbprint='ab'", "certificate"),
        ("token='t'", "token"),
    ],
)
def test_the_method_that_keys_ask_for(keys: str, method: str) -> None:
    assert chosen(spec(keys)).name == method


@pytest.mark.parametrize(
    ("keys", "message", "hint"),
    [
        ("username='u';password='S3cret'", "no sign-in with username and password", "device code"),
        ("username='u'", "no sign-in with username and password", "device code"),
        ("code;username='u'", "no sign-in with username and password", "device code"),
        ("code;clientsecret='S3cret'", "clientsecret does not go with code", "take one"),
        ("token='S3cret';tenant='t'", "tenant does not go with token", "take one"),
        ("azcli;code", "azcli does not go with code", "take one"),
        ("anonymous;code", "code does not go with anonymous", "take one"),
        ("clientsecret='S3cret';tenant='t'", "needs clientid too", "clientid='...'"),
        ("clientsecret='S3cret';clientid='c'", "needs tenant too", "tenant='...'"),
        ("certificate='S3cret';tenant='t'", "needs clientid too", "clientid='...'"),
        ("certificatethumbprint='ab';tenant='t';clientid='c'", "needs certificatepemfile too", "certificatepemfile="),
        ("aadurl='http://login.example';code", "aadurl is no https address", "login.microsoftonline.com"),
        ("aadurl='https://u:S3cret@login.example';code", "aadurl is no https address", "login.microsoftonline.com"),
    ],
)
def test_keys_that_make_no_sign_in(keys: str, message: str, hint: str) -> None:
    with pytest.raises(errors.KqlConnectionError) as caught:
        credential_for(spec(keys), HELP, SignIns())
    assert message in caught.value.message
    assert hint in caught.value.hint
    assert "S3cret" not in str(caught.value)


@pytest.mark.parametrize(
    ("keys", "address", "expected"),
    [
        ("", HELP, (None, True)),
        ("", "https://help.kusto.usgovcloudapi.net", ("https://login.microsoftonline.us", True)),
        ("", "https://api.loganalytics.us", ("https://login.microsoftonline.us", True)),
        ("", "https://graph.microsoft.com", (None, True)),
        ("cloud='china'", "https://api.loganalytics.azure.cn", ("https://login.partner.microsoftonline.cn", True)),
        ("aadurl='https://login.microsoftonline.us/'", HELP, ("https://login.microsoftonline.us", True)),
        ("aadurl='login.example'", HELP, ("https://login.example", False)),
        ("aadurl='https://login.example/some-tenant'", HELP, ("https://login.example", False)),
    ],
)
def test_where_a_connection_signs_in(keys: str, address: str, expected: tuple[str | None, bool]) -> None:
    assert authority(spec(keys), address) == expected


@pytest.mark.parametrize(
    ("keys", "options", "added"),
    [
        ("", {}, ()),
        ("", {"try_azcli_login": True}, (("azcli", ""),)),
        ("tenant='t'", {"try_azcli_login": True}, (("azcli", ""),)),
        ("code", {"try_azcli_login": True}, ()),
        ("anonymous", {"try_token": "t"}, ()),
        ("", {"try_vscode_login": True}, (("vscode", ""),)),
        ("", {"try_azcli_login": True, "try_token": "t"}, (("token", "t"),)),
        ("", {"try_msi": "system"}, (("msi", ""),)),
        ("", {"try_msi": "an-id"}, (("msi", "an-id"),)),
        ("", {"try_msi": "{'client_id': 'an-id'}"}, (("msi", "an-id"),)),
        ("", {"try_msi": {"msi_res_id": "/an/id"}}, (("msi", "/an/id"),)),
        ("", {"try_msi": True}, (("msi", ""),)),
    ],
)
def test_options_of_kqlmagic(keys: str, options: Mapping[str, object], added: object) -> None:
    assert keys_of_options(spec(keys), options) == added


def test_an_option_may_hold_an_object() -> None:
    value = {"access_token": "S3cret"}
    ((key, held),) = keys_of_options(spec(""), {"try_token": value})
    assert (key, held) == ("token", Held(value))
    assert held != Held(dict(value))
    assert "S3cret" not in repr(held) + repr(Token("S3cret", 1))


def test_a_port_of_a_managed_identity_is_refused() -> None:
    with pytest.raises(errors.KqlConnectionError, match="does not take object_id"):
        keys_of_options(spec(""), {"try_msi": {"object_id": "x"}})


def test_every_key_belongs_to_a_method_and_to_the_services() -> None:
    used = {key for method in METHODS for key in (*method.signs, *method.takes, *method.needs)}
    assert used | {"anonymous", "password"} == set(SIGN_IN_KEYS)
    assert all(set(method.needs) <= {*method.signs, *method.takes} and method.hint for method in METHODS)
    for scheme in SCHEMES:
        assert set(SIGN_IN_KEYS) <= set(scheme.keys) or scheme.name in ("cache", "duckdb", "samples")


CHAIN = """DefaultAzureCredential failed to retrieve a token from the included credentials.
Attempted credentials:
\tEnvironmentCredential: EnvironmentCredential authentication unavailable. Environment variables are not set.
Visit https://aka.ms/azsdk/python/identity/environmentcredential/troubleshoot to troubleshoot this issue.
\tManagedIdentityCredential: no response from the IMDS endpoint.
\tAzureCliCredential: Azure CLI not found on path
To mitigate this issue, please refer to the troubleshooting guidelines here at https://aka.ms/azsdk."""


def test_the_members_of_the_chain() -> None:
    assert chain_attempts(CHAIN) == [
        ("environment variables", "Environment variables are not set"),
        ("managed identity", "no response from the IMDS endpoint"),
        ("Azure CLI", "Azure CLI not found on path"),
    ]


@pytest.mark.parametrize(
    ("text", "short"),
    [
        ("Authentication failed: AADSTS90002: No tenant 'a.b'. Check it. Trace ID: 1", "AADSTS90002: No tenant 'a.b'"),
        ("AADSTS53003: It is blocked\r\nTrace ID: 1\r\nCorrelation ID: 2", "AADSTS53003: It is blocked"),
        ("App Service is not there. Token request error: (x) None, No identity. More.", "No identity"),
        ("", "no reason given"),
        ("x" * 1000, "x" * 199 + "…"),
    ],
)
def test_one_sentence(text: str, short: str) -> None:
    assert sentence(text) == short


def test_codes_have_hints() -> None:
    error = refused("client secret", "AADSTS700016: Application was not found. Trace ID: 1", "the method's own")
    assert error.hint == HINTS["AADSTS700016"]
    assert refused("client secret", "AADSTS1: New.", "the method's own").hint == "the method's own"
    assert all(re.fullmatch(r"AADSTS\d+", code) for code in HINTS)


def test_a_credential_shows_nothing_of_itself() -> None:
    credential = credential_for(spec("clientid='c';tenant='t';clientsecret='S3cret'"), HELP, SignIns())
    assert repr(credential) == "Credential(client secret)"
    assert "S3cret" not in repr(vars(credential))


def test_the_prompt_of_a_script_writes_on_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    replace = TerminalPrompt()("Enter this.")
    replace("Signed in.")
    assert capsys.readouterr() == ("", "Enter this.\nSigned in.\n")
