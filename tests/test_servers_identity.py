"""Our token endpoint, held to the protocol by azure-identity's own credentials: they sign in at it."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from azure.core.exceptions import ClientAuthenticationError
from azure.identity import (
    CertificateCredential,
    ClientSecretCredential,
    CredentialUnavailableError,
    DeviceCodeCredential,
    ManagedIdentityCredential,
)
from servers.certificates import CertificateAuthority, application_certificate
from servers.identity import ACCESS, DEVICE_PAGE, TENANT, USER, Application, IdentityServer

SCOPE = "https://kusto.kusto.windows.net/.default"


@pytest.fixture
def identity(trusted: CertificateAuthority) -> Iterator[IdentityServer]:
    with IdentityServer(trusted) as server:
        yield server


def at(server: IdentityServer, **more: Any) -> dict[str, Any]:
    return {"authority": server.url, "disable_instance_discovery": True, **more}


def test_a_client_secret(identity: IdentityServer) -> None:
    identity.applications["app"] = Application(secret="right")
    token = ClientSecretCredential(TENANT, "app", "right", **at(identity)).get_token(SCOPE)
    assert token.token.startswith(ACCESS)
    assert identity.accepts(f"Bearer {token.token}")
    assert not identity.accepts("Bearer another")
    assert identity.requests[-1].form["scope"] == SCOPE
    identity.revoke()
    assert not identity.accepts(f"Bearer {token.token}")


@pytest.mark.parametrize(("application", "code"), [("app", "AADSTS7000215"), ("other", "AADSTS700016")])
def test_a_wrong_client_secret(identity: IdentityServer, application: str, code: str) -> None:
    identity.applications["app"] = Application(secret="right")
    with pytest.raises(ClientAuthenticationError, match=code):
        ClientSecretCredential(TENANT, application, "wrong", **at(identity)).get_token(SCOPE)


def test_a_certificate(identity: IdentityServer, tmp_path: Path) -> None:
    pem, certificate = application_certificate()
    identity.applications["app"] = Application(certificate=certificate)
    path = tmp_path / "app.pem"
    path.write_bytes(pem)
    token = CertificateCredential(TENANT, "app", str(path), **at(identity)).get_token(SCOPE)
    assert identity.accepts(f"Bearer {token.token}")
    another, _ = application_certificate()
    with pytest.raises(ClientAuthenticationError, match="AADSTS700027"):
        CertificateCredential(TENANT, "app", certificate_data=another, **at(identity)).get_token(SCOPE)


def test_a_device_code_that_is_pending_then_granted_then_refreshed(identity: IdentityServer) -> None:
    prompts: list[tuple[str, str, datetime.datetime]] = []
    credential = DeviceCodeCredential(prompt_callback=lambda *prompt: prompts.append(prompt), **at(identity))
    record = credential.authenticate(scopes=[SCOPE])
    assert (record.username, record.tenant_id) == (USER, TENANT)
    assert f"https://{record.authority}" == identity.url
    assert prompts[0][:2] == (DEVICE_PAGE, "USER00001")
    assert identity.accepts(f"Bearer {credential.get_token(SCOPE).token}")
    assert identity.grants() == ["device_code", "device_code"]
    other = credential.get_token("https://api.loganalytics.io/.default")
    assert identity.accepts(f"Bearer {other.token}")
    assert identity.grants()[2:] == ["refresh_token"]
    assert len(prompts) == 1


@pytest.mark.parametrize(("outcome", "code"), [("expired", "AADSTS70020"), ("declined", "AADSTS70018")])
def test_a_device_code_that_is_not_granted(identity: IdentityServer, outcome: str, code: str) -> None:
    identity.device, identity.pending = outcome, 0
    with pytest.raises(ClientAuthenticationError, match=code):
        DeviceCodeCredential(prompt_callback=lambda *_: None, **at(identity)).get_token(SCOPE)


def test_a_managed_identity(identity: IdentityServer, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in identity.managed_identity.items():
        monkeypatch.setenv(name, value)
    identity.managed_identities.add("mine")
    assert identity.accepts(f"Bearer {ManagedIdentityCredential().get_token(SCOPE).token}")
    assert identity.accepts(f"Bearer {ManagedIdentityCredential(client_id='mine').get_token(SCOPE).token}")
    with pytest.raises(
        (CredentialUnavailableError, ClientAuthenticationError),
        match=r"No managed identity theirs|managed identity configuration not found",
    ):
        ManagedIdentityCredential(client_id="theirs").get_token(SCOPE)
