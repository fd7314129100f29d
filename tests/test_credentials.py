"""Which credential a connection gets, and what is said where there is none."""

from __future__ import annotations

import logging
import re
from pathlib import Path

import pytest

from kqlext import errors
from kqlext.connections.credentials import DefaultChain, credential_for
from kqlext.connections.strings import ConnectionSpec


def spec(*keys: str) -> ConnectionSpec:
    return ConnectionSpec("azuredataexplorer", tuple((key, "secret-value") for key in keys))


@pytest.mark.parametrize(
    ("keys", "cluster", "signed_in"),
    [
        ((), "https://help.kusto.windows.net", True),
        (("anonymous",), "https://help.kusto.windows.net", False),
        ((), "http://127.0.0.1:8080", False),
        ((), "http://localhost:8080", False),
        ((), "https://127.0.0.1:8080", True),
        ((), "http://cluster.example", True),  # refused by the service, which sends no token over http
    ],
)
def test_who_is_signed_in(keys: tuple[str, ...], cluster: str, signed_in: bool) -> None:
    default = DefaultChain()
    assert credential_for(spec(*keys), cluster, default) is (default if signed_in else None)


@pytest.mark.parametrize("key", ["code", "clientid", "clientsecret", "username", "password", "tenant", "certificate"])
def test_a_sign_in_key_that_is_not_there_yet_is_named(key: str) -> None:
    with pytest.raises(errors.KqlConnectionError) as caught:
        credential_for(spec("anonymous", key), "https://help.kusto.windows.net", DefaultChain())
    assert caught.value.message.startswith(f"The key {key} is not supported yet")
    assert f"leave {key} out" in caught.value.hint
    assert "secret-value" not in str(caught.value)


def test_no_sign_in_is_one_short_error(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The real chain, on a machine where it finds nothing: no tools on the path, no variables, no cache."""
    for name in (
        "AZURE_CLIENT_ID",
        "AZURE_TENANT_ID",
        "AZURE_CLIENT_SECRET",
        "AZURE_USERNAME",
        "AZURE_FEDERATED_TOKEN_FILE",
    ):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AZURE_TOKEN_CREDENTIALS", "dev")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(errors.KqlAuthenticationError) as caught:
        DefaultChain().get_token("https://help.kusto.windows.net/.default")
    assert re.fullmatch(r"No sign-in was found: tried \w+(, \w+)*\.", caught.value.message)
    assert "az login" in caught.value.hint
    assert len(caught.value.message) < 250
    assert capsys.readouterr() == ("", "")
    assert logging.getLogger("azure.identity").isEnabledFor(logging.CRITICAL)
