"""Each way to sign in, end to end: a cell, the real azure-identity, a token endpoint and a Kusto service over TLS."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest
from conftest import Shell
from servers.certificates import CertificateAuthority, application_certificate
from servers.identity import ACCESS, DEVICE_PAGE, TENANT, USER, Application, IdentityServer
from servers.kusto import QUERY, KustoServer, redirect, unauthorized
from servers.world import SECRET, World

from kqlext import errors


def ask(shell: Shell, connection: str) -> None:
    """Connect, which sends a query, and query."""
    shell.run(f"%kql {connection}")
    assert shell.run("%kql print answer = 42")[0][0] == 42


# --- applications ----------------------------------------------------------------------------------------


def test_a_client_secret(world: World, shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    world.identity.applications["app"] = Application(secret=SECRET)
    monkeypatch.setenv("APP_SECRET", SECRET)
    ask(shell, world.connection("clientid='app'", "clientsecret=$APP_SECRET", f"tenant='{TENANT}'"))
    assert world.tokens()[0].startswith(ACCESS)
    assert world.identity.grants() == ["client_credentials"]
    assert world.identity.requests[-1].form["scope"].startswith(("https://127.0.0.1/", "https://kusto."))
    assert all(request.path.startswith(f"/{TENANT}/") for request in world.identity.requests)


def test_a_wrong_client_secret_is_one_sentence(world: World, shell: Shell) -> None:
    world.identity.applications["app"] = Application(secret=SECRET)
    with pytest.raises(errors.KqlAuthenticationError) as caught:
        ask(shell, world.connection("clientid='app'", "clientsecret='wr0ngS3cret'", f"tenant='{TENANT}'"))
    assert caught.value.message == (
        "The sign-in (client secret) failed: AADSTS7000215: Invalid client secret provided."
    )
    assert caught.value.hint == "check the client secret: its value is wanted, not its id"
    assert "wr0ngS3cret" not in "".join(caught.value._render_traceback_())
    assert world.tokens() == []


@pytest.mark.parametrize("form", ["certificate=pem", "certificatepemfile=path", "certificatepemfile='{path}'"])
def test_a_certificate(form: str, world: World, shell: Shell, tmp_path: Path) -> None:
    pem, certificate = application_certificate()
    path = tmp_path / "app.pem"
    path.write_bytes(pem)
    shell.variables.update(pem=pem.decode(), path=str(path))
    world.identity.applications["app"] = Application(certificate=certificate)
    keys = ("clientid='app'", f"tenant='{TENANT}'", "certificatethumbprint='ab12'", form.format(path=path))
    ask(shell, world.connection(*keys))
    assert world.identity.grants() == ["client_credentials"]


@pytest.mark.parametrize(
    "text", ["no certificate", "-----BEGIN PRIVATE KEY-----\nS3cretKey\n-----END PRIVATE KEY-----"]
)
def test_text_that_is_no_certificate(text: str, world: World, shell: Shell) -> None:
    shell.variables["pem"] = text
    with pytest.raises(errors.KqlError) as caught:
        ask(shell, world.connection("clientid='app'", f"tenant='{TENANT}'", "certificate=pem"))
    assert "(certificate)" in caught.value.message
    assert "S3cretKey" not in str(caught.value)
    assert "PEM" in caught.value.hint


def test_a_managed_identity(world: World, shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in world.identity.managed_identity.items():
        monkeypatch.setenv(name, value)
    resource = "/subscriptions/s/resourcegroups/g/providers/Microsoft.ManagedIdentity/userAssignedIdentities/mine"
    world.identity.managed_identities |= {"client", resource}
    ask(shell, world.connection("msi", aadurl=False))
    ask(shell, world.connection("msi='client'", aadurl=False))
    ask(shell, world.connection("msi", "clientid='client'", aadurl=False))
    ask(shell, world.connection(f"msi='{resource}'", aadurl=False))
    shell.variables["identity"] = {"client_id": "client"}
    ask(shell, f"-try_msi=identity {world.connection(aadurl=False, database='D1')}")
    ask(shell, f"-try_msi='system' {world.connection(aadurl=False, database='D2')}")
    asked = [request.form.get("client_id") or request.form.get("mi_res_id") for request in world.identity.requests]
    assert asked == [None, "client", "client", resource]
    with pytest.raises(errors.KqlAuthenticationError) as caught:
        ask(shell, world.connection("msi='other'", aadurl=False))
    # azure-identity before 1.26 has a sentence of its own in the place of the service's.
    said = ("No managed identity other is assigned", "App Service managed identity configuration not found")
    assert any(sentence in caught.value.message for sentence in said)
    assert "elsewhere write azcli or code" in caught.value.hint


AZ = """
import json, sys
print(sys.argv[1:], file=open({log!r}, "a"))
if {logged_in!r}:
    print(json.dumps({{"accessToken": {token!r}, "expires_on": {expires}, "tokenType": "Bearer"}}))
else:
    sys.exit("ERROR: Please run 'az login' to setup account.")
"""


@pytest.mark.parametrize("way", ["azcli", "option", "config", "default"])
def test_the_azure_cli(way: str, world: World, shell: Shell) -> None:
    log, token = str(world.home / "az.log"), world.identity.issue()
    world.program("az", AZ.format(log=log, token=token, logged_in=True, expires=int(time.time()) + 3600))
    if way == "config":
        shell.run("%config KqlMagics.try_azcli_login = True")
    options = "-try_azcli_login " if way == "option" else ""
    ask(shell, options + world.connection(*(["azcli"] if way == "azcli" else []), aadurl=False))
    assert set(world.tokens()) == {token}
    # The command line tool takes a second: its token is kept.
    assert len(Path(log).read_text().splitlines()) == 1


def test_the_azure_cli_when_nobody_is_logged_in(world: World, shell: Shell) -> None:
    world.program("az", AZ.format(log=str(world.home / "az.log"), token="", logged_in=False, expires=0))
    with pytest.raises(errors.KqlAuthenticationError) as caught:
        ask(shell, world.connection("azcli", aadurl=False))
    assert caught.value.message == "The sign-in (Azure CLI) failed: Please run 'az login' to set up an account."
    assert caught.value.hint == "run `az login` in a terminal, then the cell again"


def test_no_azure_cli(world: World, shell: Shell) -> None:
    with pytest.raises(errors.KqlAuthenticationError, match="Azure CLI not found on path"):
        ask(shell, world.connection("azcli", aadurl=False))


# --- tokens of the notebook ------------------------------------------------------------------------------


class Holder:
    """A credential as azure-identity's are."""

    def __init__(self, identity: IdentityServer) -> None:
        self.identity = identity
        self.scopes: list[str] = []

    def get_token(self, *scopes: str, **_: Any) -> Any:
        self.scopes += scopes
        return type("Token", (), {"token": self.identity.issue(), "expires_on": int(time.time()) + 3600})


def test_tokens_of_the_notebook(world: World, shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    text, holder = world.identity.issue(), Holder(world.identity)
    monkeypatch.setenv("TOKEN", text)
    v1 = {"tokenType": "Bearer", "accessToken": text, "expiresOn": "2099-01-01", "refreshToken": "r"}
    v2 = {"token_type": "bearer", "access_token": text, "expires_on": int(time.time()) + 3600}
    shell.variables.update(text=text, v1=v1, v2=v2, v3=json.dumps(v2), holder=holder, get=world.identity.issue)
    names = ("$TOKEN", "text", "v1", "v2", "v3", "holder", "get", "holder.identity.issue")
    for number, name in enumerate(names):
        ask(shell, world.connection(f"token={name}", aadurl=False, database=f"D{number}"))
    ask(shell, f"-try_token=v2 {world.connection(aadurl=False, database='Kqlmagic')}")
    assert holder.scopes
    assert "…" not in shell.text("%kql --conn")
    assert world.identity.requests == []


def test_a_function_is_called_again_when_its_token_is_refused(world: World, shell: Shell) -> None:
    shell.variables["get"] = world.identity.issue
    ask(shell, world.connection("token=get", aadurl=False))
    world.identity.revoke()
    ask(shell, world.connection("token=get", aadurl=False))
    assert len(set(world.tokens())) == len(world.tokens()) == 3


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("1/0", "The token of the connection could not be had: ZeroDivisionError."),
        ("None", "The token of the connection is of type NoneType."),
        ("''", "The token of the connection is of type str."),
        ("{}", "The token of the connection is of type dict."),
        ("b'S3cret'", "The token of the connection is of type bytes."),
    ],
)
def test_what_is_no_token(code: str, message: str, world: World, shell: Shell) -> None:
    shell.run(f"def get(): return {code}")
    with pytest.raises(errors.KqlAuthenticationError) as caught:
        ask(shell, world.connection("token=get", aadurl=False))
    assert caught.value.message == message
    assert world.tokens() == []


def test_a_credential_of_the_notebook_that_fails(world: World, shell: Shell) -> None:
    shell.run("from azure.identity import ClientSecretCredential")
    shell.run(
        f"theirs = ClientSecretCredential({TENANT!r}, 'app', 'wr0ngS3cret', authority={world.identity.url!r}, "
        "disable_instance_discovery=True)"
    )
    world.identity.applications["app"] = Application(secret=SECRET)
    with pytest.raises(errors.KqlAuthenticationError, match=r"\(token\) failed: AADSTS7000215"):
        ask(shell, world.connection("token=theirs", aadurl=False))


def test_a_token_that_has_expired(world: World, shell: Shell) -> None:
    shell.variables["old"] = {"access_token": world.identity.issue(), "expires_on": 1}
    with pytest.raises(errors.KqlAuthenticationError) as caught:
        ask(shell, world.connection("token=old", aadurl=False))
    assert caught.value.message == "The token of the connection expired on 1970-01-01 00:00 UTC."
    assert world.tokens() == []


def test_a_token_that_the_service_refuses(world: World, shell: Shell) -> None:
    shell.variables["text"] = f"{ACCESS}another"
    with pytest.raises(errors.KqlAuthenticationError, match="401"):
        ask(shell, world.connection("token=text", aadurl=False))
    assert len(world.tokens()) == 1


# --- long sessions ---------------------------------------------------------------------------------------


def test_a_short_lived_token_is_refreshed(world: World, shell: Shell) -> None:
    world.identity.applications["app"] = Application(secret=SECRET)
    world.identity.lifetime = 200
    ask(shell, world.connection("clientid='app'", f"clientsecret='{SECRET}'", f"tenant='{TENANT}'"))
    shell.run("%kql print 3")
    assert len(set(world.tokens())) == 3


@pytest.mark.parametrize("way", ["secret", "code"])
def test_a_refused_token_is_renewed_once(way: str, world: World, shell: Shell) -> None:
    world.identity.applications["app"] = Application(secret=SECRET)
    keys = {"secret": ["clientid='app'", f"clientsecret='{SECRET}'", f"tenant='{TENANT}'"], "code": ["code"]}[way]
    ask(shell, world.connection(*keys))
    world.identity.revoke()
    assert shell.run("%kql print answer = 42")[0][0] == 42
    assert len(world.tokens()) == 4
    assert world.tokens()[2] != world.tokens()[3]
    if way == "code":
        assert world.identity.grants() == ["device_code", "device_code", "refresh_token"]


def test_a_service_that_refuses_every_token_is_asked_twice(world: World, shell: Shell) -> None:
    world.identity.applications["app"] = Application(secret=SECRET)
    world.kusto.on(lambda request: request.endpoint == QUERY, unauthorized())
    with pytest.raises(errors.KqlAuthenticationError, match="401"):
        ask(shell, world.connection("clientid='app'", f"clientsecret='{SECRET}'", f"tenant='{TENANT}'"))
    assert len(world.tokens()) == 2


# --- users -----------------------------------------------------------------------------------------------


def test_a_device_code_is_shown_and_replaced(world: World, shell: Shell) -> None:
    shell.run(f"%kql {world.connection('code')}")
    first, *_, last = shell.shown
    assert DEVICE_PAGE in first["text/plain"]
    assert "USER00001" in first["text/plain"]
    assert f'<a href="{DEVICE_PAGE}"' in first["text/html"]
    assert "<code>USER00001</code>" in first["text/html"]
    assert "<script" not in first["text/html"]
    assert "onclick" not in first["text/html"]
    replaced = next(item for item in shell.shown if "Signed in as" in item["text/plain"])
    assert replaced["text/plain"].startswith(f"Signed in as {USER}.")
    assert "allow_unencrypted_token_cache" in replaced["text/plain"]
    assert "USER00001" not in replaced["text/plain"] + replaced["text/html"]
    # Another database of the cluster, and another service, are the same sign-in.
    ask(shell, world.connection("code", database="Other"))
    assert world.identity.grants() == ["device_code", "device_code"]
    assert not (world.home / ".config").exists()
    assert not (world.home / ".IdentityService").exists()
    assert "Connected" in last["text/plain"] or last is replaced


@pytest.mark.parametrize(("outcome", "code"), [("expired", "AADSTS70020"), ("declined", "AADSTS70018")])
def test_a_device_code_that_comes_to_nothing(outcome: str, code: str, world: World, shell: Shell) -> None:
    world.identity.device, world.identity.pending = outcome, 0
    with pytest.raises(errors.KqlAuthenticationError) as caught:
        shell.run(f"%kql {world.connection('code')}")
    assert caught.value.message.startswith(f"The sign-in (device code) failed: {code}: ")
    assert "Trace ID" not in caught.value.message
    assert "for a new code" in caught.value.hint
    assert shell.shown[-1]["text/plain"] == "The sign-in was not completed."
    world.identity.device = "granted"
    ask(shell, world.connection("code"))


BROWSER = """
import sys, urllib.request
urllib.request.urlopen(sys.argv[1]).read()
"""


def test_a_browser(
    world: World, shell: Shell, monkeypatch: pytest.MonkeyPatch, authority: CertificateAuthority
) -> None:
    """A program that opens the page as a browser does, and follows the redirect back to the kernel."""
    world.program("browser", BROWSER)
    monkeypatch.setenv("BROWSER", str(world.home / "bin" / "browser") + " %s &")
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.pem))
    ask(shell, world.connection("interactive", "username='reader@example.com'"))
    assert world.identity.grants() == ["authorization_code"]
    page = next(request for request in world.identity.requests if request.path.endswith("/authorize"))
    assert page.form["login_hint"] == "reader@example.com"


def test_where_there_is_no_browser(world: World, shell: Shell) -> None:
    with pytest.raises(errors.KqlAuthenticationError) as caught:
        ask(shell, world.connection("interactive"))
    assert "write code instead" in caught.value.hint


@pytest.mark.parametrize(("secret", "works"), [(SECRET, True), ("wr0ngS3cret", False)])
def test_the_environment(secret: str, works: bool, world: World, shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    """A service principal that is refused is an error, and not passed over for another sign-in."""
    world.identity.applications["app"] = Application(secret=SECRET)
    own = {"TOKEN_CREDENTIALS": "prod", "CLIENT_ID": "app", "TENANT_ID": TENANT, "CLIENT_SECRET": secret}
    for name, value in own.items():
        monkeypatch.setenv(f"AZURE_{name}", value)
    if works:
        ask(shell, world.connection())
        return
    with pytest.raises(errors.KqlAuthenticationError) as caught:
        ask(shell, world.connection())
    assert "  environment variables: AADSTS7000215: Invalid client secret provided" in caught.value.message
    assert "check the client secret" in caught.value.hint
    assert set(world.identity.grants()) == {"client_credentials"}


def test_a_sign_in_service_that_cannot_be_reached(world: World, shell: Shell) -> None:
    world.identity.close()
    keys = ("clientid='app'", f"clientsecret='{SECRET}'", f"tenant='{TENANT}'")
    with pytest.raises(errors.KqlNetworkError) as caught:
        ask(shell, world.connection(*keys))
    assert caught.value.message.startswith(f"The sign-in service {world.identity.url} cannot be reached: ")
    assert world.tokens() == []


def test_a_tenant_that_is_none(world: World, shell: Shell) -> None:
    with pytest.raises(errors.KqlConnectionError, match=r"\(client secret\) cannot be used: Invalid tenant"):
        ask(shell, world.connection("clientid='app'", f"clientsecret='{SECRET}'", "tenant='no/tenant'"))


def test_nothing_works(world: World, shell: Shell, capfd: pytest.CaptureFixture[str]) -> None:
    """Nobody is there to enter a code: the tests have no terminal."""
    with pytest.raises(errors.KqlAuthenticationError) as caught:
        ask(shell, world.connection(aadurl=False))
    first, *tried = caught.value.message.splitlines()
    assert first == "No sign-in was found:"
    assert "  Azure CLI: Azure CLI not found on path" in tried
    assert tried[-1] == "  device code: nobody is there to enter one"
    assert all(len(line) < 220 and ": " in line for line in tried)
    assert "az login" in caught.value.hint
    assert capfd.readouterr().err == ""


# --- what a run leaves -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "form", ["-try_token 'S3cret'", "-try_token=S3cret.a-b", '-trytoken "S3cret"', "token='S3cret'"]
)
def test_a_token_in_a_cell_is_not_shown_by_its_error(form: str, shell: Shell) -> None:
    option = form.startswith("-")
    with pytest.raises(errors.KqlCellError) as caught:
        shell.run(f"%kql {form if option else 'kusto://cluster=x;database=y;' + form} -nope print 1")
    assert caught.value.message == "There is no option -nope."
    assert "S3cret" not in "".join(caught.value._render_traceback_())
    assert "print 1" in str(caught.value)


def test_a_token_does_not_follow_a_redirect(world: World, shell: Shell) -> None:
    shell.variables["text"] = world.identity.issue()
    with KustoServer(tls=False) as elsewhere:
        world.kusto.on(lambda request: request.endpoint == QUERY, redirect(f"{elsewhere.url}{QUERY}"))
        with pytest.raises(errors.KqlServiceError, match="redirect"):
            ask(shell, world.connection("token=text", aadurl=False))
        assert elsewhere.requests == []


def test_a_token_does_not_go_over_plain_http(shell: Shell) -> None:
    with pytest.raises(errors.KqlConnectionError, match="is not https"):
        shell.run("%kql kusto://cluster='http://help.kusto.windows.net';database='x';token='S3cret'")
