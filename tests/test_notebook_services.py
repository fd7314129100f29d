"""Sign-ins of notebook services: packages as Fabric, Synapse and Databricks have them, with real tokens."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from conftest import Shell
from servers.identity import ACCESS, TENANT, Application
from servers.world import SECRET, World

from kqlext import errors
from kqlext.connections.notebook_services import NotebookUtils

MODULES = ("notebookutils", "mssparkutils", "databricks")

# What the platform does behind its function: it signs somebody in at the token endpoint.
TOKEN = """
import json, os, urllib.parse, urllib.request, ssl

def token(audience):
    with open({log!r}, "a") as log:
        print(json.dumps(audience), file=log)
    form = {{"grant_type": "client_credentials", "client_id": "app", "client_secret": {secret!r}, "scope": "x"}}
    context = ssl.create_default_context(cafile=os.environ["REQUESTS_CA_BUNDLE"])
    data = urllib.parse.urlencode(form).encode()
    url = "{identity}/{tenant}/oauth2/v2.0/token"
    return json.load(urllib.request.urlopen(url, data, context=context))["access_token"]
"""
FABRIC = "def getToken(audience, name=''):\n    return token(audience)\n"
GIVES = "def getToken(audience, name=''):\n    return {}\n"
# As the package of PyPI that stands in for it: every attribute is None, and so is every answer.
DUMMY = "def __getattr__(name):\n    pass\n"


@pytest.fixture
def package(world: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Callable[..., None]]:
    """Writes modules where Python finds them."""
    root = tmp_path / "site"
    root.mkdir()
    monkeypatch.syspath_prepend(str(root))
    world.environment["PYTHONPATH"] += f":{root}"
    world.identity.applications["app"] = Application(secret=SECRET)
    about = {"log": str(tmp_path / "audiences"), "secret": SECRET, "identity": world.identity.url, "tenant": TENANT}

    def write(path: str, code: str) -> None:
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        for folder in file.parent.relative_to(root).parents:
            if str(folder) != ".":
                (root / folder / "__init__.py").touch()
        (file.parent / "__init__.py").touch()
        file.write_text((TOKEN.format(**about) if "token(" in code else "") + code)

    yield write
    for name in [name for name in sys.modules if name.partition(".")[0] in MODULES]:
        del sys.modules[name]


def audiences(tmp_path: Path) -> list[str]:
    log = tmp_path / "audiences"
    return [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []


def ask(shell: Shell, connection: str) -> None:
    shell.run(f"%kql {connection}")
    assert shell.run("%kql print answer = 42")[0][0] == 42


# --- Fabric and Synapse ----------------------------------------------------------------------------------

PLACES = {
    "Fabric": ("notebookutils/credentials.py", FABRIC),
    "Synapse": ("notebookutils/mssparkutils/credentials.py", FABRIC),
    "older": ("mssparkutils/credentials.py", FABRIC),
    "an object": ("notebookutils/__init__.py", "class credentials:\n    getToken = staticmethod(lambda a: token(a))\n"),
}


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("keys", [[], ["notebookutils"]])
def test_the_notebook_signs_in(
    place: str, keys: list[str], world: World, shell: Shell, package: Callable[..., None], tmp_path: Path
) -> None:
    package(*PLACES[place])
    ask(shell, world.connection(*keys, aadurl=False))
    assert len(world.tokens()) == 2
    assert all(token.startswith(ACCESS) for token in world.tokens())
    # Its tokens do not say for how long they are good: it is asked each time, and keeps them itself.
    assert audiences(tmp_path) == ["kusto", "kusto"]


def test_a_service_without_a_short_name_is_asked_for_by_its_address(
    package: Callable[..., None], tmp_path: Path
) -> None:
    package("notebookutils/credentials.py", FABRIC)
    assert not isinstance(NotebookUtils().attempt("https://api.loganalytics.io/.default"), str)
    assert not isinstance(NotebookUtils().attempt("https://help.kusto.chinacloudapi.cn/.default"), str)
    assert audiences(tmp_path) == ["https://api.loganalytics.io", "https://help.kusto.chinacloudapi.cn"]


def test_an_address_where_the_short_name_is_not_known(
    world: World, shell: Shell, package: Callable[..., None], tmp_path: Path
) -> None:
    package("notebookutils/credentials.py", "def getToken(name):\n    return token(name) if '/' in name else 1/0\n")
    ask(shell, world.connection(aadurl=False))
    assert set(audiences(tmp_path)) == {"https://kusto.kusto.windows.net"}


@pytest.mark.parametrize("keys", [[f"tenant='{TENANT}'"], ["azcli"], ["code"]])
def test_it_is_not_asked_where_the_connection_says_how(
    keys: list[str], world: World, shell: Shell, package: Callable[..., None], tmp_path: Path
) -> None:
    package("notebookutils/credentials.py", FABRIC)
    world.identity.device, world.identity.pending = "declined", 0
    with pytest.raises(errors.KqlAuthenticationError):
        shell.run(f"%kql {world.connection(*keys, aadurl='code' in keys)}")
    assert audiences(tmp_path) == []


@pytest.mark.parametrize(
    ("path", "code", "said"),
    [
        ("credentials.py", GIVES.format("None"), "getToken('kusto') gave no token but NoneType"),
        ("credentials.py", GIVES.format("''"), "getToken('kusto') gave no token but an empty text"),
        ("credentials.py", GIVES.format("'{}'"), "getToken('kusto') gave no token"),
        ("credentials.py", GIVES.format("int('S3cret')"), "getToken('kusto') failed: ValueError"),
        ("credentials.py", GIVES.format("'e30.eyJleHAiOiAxfQ.x'"), "getToken('kusto') gave a token that has expired"),
        ("credentials.py", "1/0\n", "notebookutils cannot be used: ZeroDivisionError"),
        ("__init__.py", DUMMY, "notebookutils has no credentials.getToken"),
        ("other.py", "", "notebookutils has no credentials.getToken"),
    ],
)
@pytest.mark.parametrize("explicit", [False, True])
def test_a_notebookutils_that_gives_no_token(
    path: str, code: str, said: str, explicit: bool, world: World, shell: Shell, package: Callable[..., None]
) -> None:
    package(f"notebookutils/{path}", code)
    with pytest.raises(errors.KqlAuthenticationError) as caught:
        shell.run(f"%kql {world.connection(*(['notebookutils'] if explicit else []), aadurl=False)}")
    if explicit:
        assert caught.value.message == f"The sign-in (Fabric or Synapse) failed: {said}."
        assert "elsewhere leave it out" in caught.value.hint
    else:
        first, second, *others = caught.value.message.splitlines()
        assert (first, second) == ("No sign-in was found:", f"  notebookutils: {said}")
        assert "  Azure CLI: Azure CLI not found on path" in others
    assert "S3cret" not in str(caught.value)
    assert world.tokens() == []


def test_the_chain_is_asked_after_a_notebookutils_that_gives_no_token(
    world: World, shell: Shell, package: Callable[..., None], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The chain signed in: the notebook is not asked again, or a session would change who it is."""
    package("notebookutils/credentials.py", "def getToken(name):\n    token(name)\n")
    for name, value in world.identity.managed_identity.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AZURE_TOKEN_CREDENTIALS", "prod")
    world.identity.lifetime = 200  # every query needs a new token
    ask(shell, world.connection(aadurl=False))
    shell.run("%kql print 3")
    assert len(set(world.tokens())) == 3
    assert audiences(tmp_path) == ["kusto", "https://kusto.kusto.windows.net"]


def test_a_notebook_that_signed_in_is_not_replaced(
    world: World, shell: Shell, package: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    package(
        "notebookutils/credentials.py", "left = [1, 2]\ndef getToken(name):\n    left.pop()\n    return token(name)\n"
    )
    ask(shell, world.connection(aadurl=False))
    for name, value in world.identity.managed_identity.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(errors.KqlAuthenticationError, match=r"\(Fabric or Synapse\) failed: .* IndexError"):
        shell.run("%kql print 3")


def test_no_notebookutils(world: World, shell: Shell) -> None:
    with pytest.raises(errors.KqlAuthenticationError) as caught:
        shell.run(f"%kql {world.connection('notebookutils', aadurl=False)}")
    assert caught.value.message == "The sign-in (Fabric or Synapse) failed: there is no module notebookutils."
    with pytest.raises(errors.KqlAuthenticationError) as caught:
        shell.run(f"%kql {world.connection(aadurl=False)}")
    assert "notebookutils" not in caught.value.message


def test_it_is_imported_when_a_token_is_asked_for(world: World, package: Callable[..., None]) -> None:
    package("notebookutils/credentials.py", FABRIC)
    shown = "print('here', sorted(name for name in sys.modules if name.startswith('notebookutils')))"
    written = world.run(
        f"%kql -!vc {world.connection(aadurl=False)}", f"import sys; {shown}", "%kql print answer = 42", shown
    )
    assert "here []" in written
    assert "here ['notebookutils', 'notebookutils.credentials']" in written
    assert "42" in written


# --- Databricks ------------------------------------------------------------------------------------------

DBUTILS = """
import time

class Credential:
    def __init__(self, name):
        self.name = name
    def get_token(self, *scopes, **options):
        audience = [self.name, *scopes]
        return type("AccessToken", (), {"token": token(audience), "expires_on": int(time.time()) + 3600})

class credentials:
    @staticmethod
    def getServiceCredentialsProvider(name):
        if name != "kusto-reader":
            raise PermissionError("S3cret")
        return Credential(name)

class dbutils:
    credentials = credentials
"""
RUNTIME = "databricks/sdk/runtime/__init__.py"


@pytest.mark.parametrize("form", ["databricks='kusto-reader'", "databricks", "databricks=name"])
def test_a_service_credential_of_databricks(
    form: str,
    world: World,
    shell: Shell,
    package: Callable[..., None],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    package(RUNTIME, DBUTILS)
    shell.variables["name"] = "kusto-reader"
    if "=" not in form:
        monkeypatch.setenv("DATABRICKS_DEFAULT_SERVICE_CREDENTIAL_NAME", "kusto-reader")
    ask(shell, world.connection(form, aadurl=False))
    assert set(world.tokens()) == {world.tokens()[0]}
    assert audiences(tmp_path) == [["kusto-reader", "https://kusto.kusto.windows.net/.default"]]
    world.identity.revoke()
    ask(shell, world.connection(form, aadurl=False))
    assert len(set(world.tokens())) == 2


@pytest.mark.parametrize(
    ("form", "code", "kind", "message"),
    [
        ("databricks='x'", None, errors.KqlAuthenticationError, "there is no Databricks here (ModuleNotFoundError)"),
        (
            "databricks='x'",
            "int('S3cret')",
            errors.KqlAuthenticationError,
            "no Databricks here (ValueError)",
        ),
        ("databricks='x'", "", errors.KqlAuthenticationError, "there is no Databricks here (AttributeError)"),
        (
            "databricks='x'",
            "class dbutils: pass",
            errors.KqlAuthenticationError,
            "the service credential x cannot be had (AttributeError)",
        ),
        ("databricks='x'", DBUTILS, errors.KqlAuthenticationError, "credential x cannot be had (PermissionError)"),
        (
            "databricks='kusto-reader'",
            DBUTILS.replace("return Credential(name)", "return {}"),
            errors.KqlAuthenticationError,
            "the service credential kusto-reader is not one of Azure (dict)",
        ),
        ("databricks", DBUTILS, errors.KqlConnectionError, "names no service credential of Databricks"),
    ],
)
def test_a_databricks_that_gives_no_credential(
    form: str,
    code: str | None,
    kind: type[errors.KqlError],
    message: str,
    world: World,
    shell: Shell,
    package: Callable[..., None],
) -> None:
    if code is not None:
        package(RUNTIME, code)
    with pytest.raises(kind) as caught:
        shell.run(f"%kql {world.connection(form, aadurl=False)}")
    assert message in caught.value.message
    assert "atabricks" in caught.value.hint
    assert "S3cret" not in str(caught.value)
    assert world.tokens() == []
