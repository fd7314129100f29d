"""What a session leaves behind is searched for every secret that went through it.

One real kernel signs in to the loopback services in every way that there is, rightly and wrongly, with all logs at
DEBUG. After each cell it writes down all that a user could look at: objects, errors, what was raised before them.
Then the notebook, the logs, stdout and stderr, and every file of the home and the temporary folder are searched.

Two places may hold a secret: IPython's history has the cells as they were typed, so what was typed in them
literally and nothing else; and the token cache that was asked for as a plain file has the tokens of the user.
"""

from __future__ import annotations

import shutil
import sys
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_notebook
from servers import kusto, monitor
from servers.certificates import CertificateAuthority, application_certificate
from servers.graph import GraphServer
from servers.identity import MARKS, TENANT, USER, Application, IdentityServer
from servers.json_web_tokens import encode
from servers.kusto import METADATA
from servers.loopback import Answer
from servers.monitor import WORKSPACE, MonitorServer
from servers.resource_graph import ResourceGraphServer
from servers.world import SECRET, World

TYPED = {
    "clientsecret": "TYPEDclientsecret~1",
    "wrong secret": "TYPEDwrongsecret~2",
    "mistyped key": "TYPEDmistypedkey~3",
    "open quote": "TYPEDopenquote~4",
    "password": "TYPEDpassword~5",
    "password in an address": "TYPEDurlpassword~6",
    "appkey": "TYPEDappkey~7",
    "wrong appkey": "TYPEDwrongappkey~8",
    "option": "TYPEDoptiontoken~9",
    "misplaced option": "TYPEDmisplaced~10",
    "dict": "TYPEDdicttoken~11",
    "certificate": "TYPEDcertificate~12",
    "another scheme": "TYPEDotherscheme~13",
}
"""Secrets that stand in a cell: IPython's history holds them, as it holds each cell."""

KEY = "HIDDENappkey~1"
RAISED = "HIDDENraised~2"
ID_TOKEN = encode({"alg": "none", "typ": "JWT"}) + "."
IN_A_FILE = "HIDDENinafile~3"
NAMED = """
[connections.named]
service = "kusto"
cluster = "{cluster}"
database = "N1"
clientid = "app"
tenant = "{tenant}"
aadurl = "{authority}"
clientsecret = "$APP_SECRET"

[connections.wrong]
connection = "kusto://cluster='{cluster}';database='N2';clientid='app';tenant='{tenant}';aadurl='{authority}';\
clientsecret='{secret}'"
"""
CACHE = ".IdentityService"
HISTORY = "history.sqlite"

# Run in the kernel: it writes down what can be seen of kqlext after each cell.
WATCH = """
import io, logging, os, sys, traceback
from IPython.lib.pretty import pretty
logging.basicConfig(filename='debug.log', level=logging.DEBUG, force=True)
for _name in ('azure', 'azure.identity', 'azure.core', 'msal', 'urllib3', 'requests', 'kqlext'):
    logging.getLogger(_name).setLevel(logging.DEBUG)
%load_ext kqlext

def _frames(error):
    # Python shows the line of each frame: that of the cell is what was typed.
    frames = traceback.extract_tb(error.__traceback__)
    return [frame for frame in frames if 'ipykernel_' not in frame.filename]

def _chain(error):
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__

def _objects(value, seen):
    if id(value) in seen:
        return
    seen[id(value)] = value
    if isinstance(value, dict):
        for item in list(value.values()):
            yield from _objects(item, seen)
    elif isinstance(value, (list, tuple, set, frozenset)):
        for item in value:
            yield from _objects(item, seen)
    elif type(value).__module__.startswith('kqlext'):
        yield value
        own = {name: getattr(value, name) for name in getattr(value, '__slots__', ()) if hasattr(value, name)}
        yield from _objects({**own, **getattr(value, '__dict__', {})}, seen)

def _watch(result):
    shell = get_ipython()
    pipeline = getattr(shell.magics_manager.registry.get('KqlMagics'), '_pipeline', None)
    session = getattr(pipeline, 'session', None)
    error = result.error_in_exec or result.error_before_exec
    with open('seen.txt', 'a') as file:
        values = {name: value for name, value in shell.user_ns.items() if not name.startswith('_')}
        for found in _objects([session, values, result.result, list(_chain(error)), shell.user_ns.get('_kql')], {}):
            print(type(found).__name__, repr(found), str(found), pretty(found), f'{found}', file=file)
            if type(found).__name__.endswith('Service'):
                print(vars(found), file=file)
        for one in _chain(error):
            print(type(one).__name__, repr(one), str(one), one.args, file=file)
            print('Traceback', *traceback.format_list(_frames(one)), file=file)
            print(*getattr(one, '_render_traceback_', list)(), file=file)

get_ipython().events.register('post_run_cell', _watch)
"""

HELPERS = f"""
import time
pem = open(os.environ['PEM_FILE']).read()
secret = os.environ['APP_SECRET']
text = os.environ['TOKEN']
fields = {{'access_token': text, 'expires_on': int(time.time()) + 3600}}
expired = {{'access_token': text, 'expires_on': 1}}
def get(): return text
def fail(): raise ValueError('{RAISED[:6]}' + '{RAISED[6:]}')
class Holder:
    def get_token(self, *scopes, **_): fail()
holder = Holder()
keys = {{'app': secret}}
"""


class Services:
    """The services of the world, and connections to them."""

    def __init__(self, world: World, authority: CertificateAuthority, stack: ExitStack) -> None:
        self.world = world
        self.monitor = stack.enter_context(MonitorServer(authority))
        self.defender = stack.enter_context(GraphServer(authority))
        self.resources = stack.enter_context(ResourceGraphServer(authority))
        keys = (KEY, TYPED["appkey"])
        for server in (self.monitor, self.defender, self.resources):
            server.on(lambda request: not self._known(request, keys), monitor.unauthorized())
        world.kusto.samples = True
        faults = {
            "Refused": kusto.unauthorized(),
            "Forbidden": kusto.forbidden(),
            "Busy": kusto.throttled(3600),
            "Elsewhere": kusto.redirect(),
            "Broken": Answer(reset=True),
            "Page": kusto.not_json(),
        }
        for text, answer in faults.items():
            world.kusto.on(text, answer)
        self.faults = tuple(faults)

    def _known(self, request: Any, keys: tuple[str, ...]) -> bool:
        accepted = self.world.identity.accepts(request.headers.get("Authorization"))
        return request.path == METADATA or accepted or request.headers.get("x-api-key") in keys

    def logs(self, *keys: str) -> str:
        return f"loganalytics://workspace='{WORKSPACE}';datasourceurl='{self.monitor.url}';" + ";".join(keys)

    def cells(self, option: str) -> list[str]:
        """Each sign-in with queries that succeed and fail; each way to write one wrongly. `option` is a good token."""
        kusto, authority = self.world.connection, f"aadurl='{self.world.identity.url}'"
        app, tenant = "clientid='app'", f"tenant='{TENANT}'"
        by_secret = (app, "clientsecret=$APP_SECRET", tenant)
        connections = [
            kusto(*by_secret),
            kusto(app, "clientsecret=secret", tenant, database="D1"),
            kusto(app, "clientsecret=keys['app']", tenant, database="D2"),
            kusto("clientid='typed'", f"clientsecret='{TYPED['clientsecret']}'", tenant),
            kusto("clientid='signed'", "certificate=pem", tenant),
            kusto("clientid='signed'", "certificatepemfile=$PEM_FILE", tenant),
            kusto("token=text", aadurl=False),
            kusto("token=$TOKEN", aadurl=False, database="D3"),
            kusto("token=fields", aadurl=False),
            kusto("token=get", aadurl=False),
            f"-try_token=text {kusto(aadurl=False, database='D4')}",
            f"-try_token '{option}' {kusto(aadurl=False, database='D5')}",
            kusto("azcli", aadurl=False),
            kusto("msi", aadurl=False),
            kusto("code"),
            self.logs("appkey=$MONITOR_KEY"),
            self.logs(f"appkey='{TYPED['appkey']}'"),
            self.logs(*by_secret, authority),
            f"defender://datasourceurl='{self.defender.url}';" + ";".join([*by_secret, authority]),
            f"resourcegraph://datasourceurl='{self.resources.url}';" + ";".join([*by_secret, authority]),
        ]
        wrong = [
            kusto(app, f"clientsecret='{TYPED['wrong secret']}'", tenant),
            kusto(app, f"clientsecrett='{TYPED['mistyped key']}'", tenant),
            kusto(app, tenant) + f";clientsecret='{TYPED['open quote']}",
            kusto("username='me'", f"password='{TYPED['password']}'"),
            kusto(app, tenant, f"certificate='{TYPED['certificate']}'"),
            f"https://me:{TYPED['password in an address']}@help.kusto.windows.net/Samples",
            f"nowhere://cluster='x';clientsecret='{TYPED['another scheme']}'",
            self.logs(f"appkey='{TYPED['wrong appkey']}'"),
            kusto(f'''token="{{'access_token': '{TYPED["dict"]}', 'expires_on': 1}}"''', aadurl=False),
            f"-try_token {TYPED['misplaced option']} -nope {kusto(aadurl=False)}",
            kusto("token=expired", aadurl=False),
            kusto("token=fail", aadurl=False),
            kusto("token=holder", aadurl=False),
            kusto("token=keys['none']", aadurl=False),
            kusto("token=fields", aadurl=False).replace(self.world.kusto.url, "https://127.0.0.1:9"),
            kusto("token=text", aadurl=False).replace(self.world.kusto.url, "https://kusto.contoso.example"),
        ]
        named = ["@named", "-over @named,@wrong print 1", "-strict -over @named,@wrong print 1", "--conn @wrong"]
        queries = ["%kql answer << print answer = 42", "answer", "%kql print 1 | take 1 take", "%kql --conn"]
        faults = [f"%kql {text}" for text in self.faults]
        return [
            *(cell for connection in connections for cell in (f"%kql {connection}", *queries)),
            *(f"%kql {connection}" for connection in wrong),
            *(f"%kql {cell}" for cell in named),
            f"%kql {kusto(*by_secret)}",
            *faults,
            "%kql --schema", "%kql --config", "%kql --help", "%who", "%tb", "%xmode Verbose", "%kql Forbidden",
            "%config KqlMagics.allow_unencrypted_token_cache = True",
            *(f"%kql {kusto('code', database='Kept')}", "%kql --close") * 2,
            f"%kql {kusto('code', database='Kept')}", "%kql Refused", "%kql print 1",
        ]  # fmt: skip


AZ = """
import json
print(json.dumps({{"accessToken": {token!r}, "expires_on": {expires}, "tokenType": "Bearer"}}))
"""


@dataclass(frozen=True)
class Left:
    """What a session left, by where it stands; the secrets that went through it, by name.

    `failures` are the classes of the errors that it showed, `arrived` the grants and keys that servers were sent.
    """

    places: dict[str, bytes]
    secrets: dict[str, str]
    failures: list[str]
    arrived: list[str]

    def names_in(self, place: str) -> set[str]:
        """The secrets that stand in a place."""
        return {name for name, secret in self.secrets.items() if secret.encode() in self.places[place]}


@pytest.fixture
def left(
    world: World,
    authority: CertificateAuthority,
    tmp_path_factory: pytest.TempPathFactory,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> Left:
    """A session from its first to its last cell, and what it left."""
    pem, certificate = application_certificate()
    pem_file = tmp_path_factory.mktemp("elsewhere") / "app.pem"
    pem_file.write_bytes(pem)
    world.identity.applications |= {
        "app": Application(secret=SECRET),
        "typed": Application(secret=TYPED["clientsecret"]),
        "signed": Application(certificate=certificate),
    }
    world.program("az", AZ.format(token=world.identity.issue(), expires=int(time.time()) + 3600))
    temporary = world.home / "tmp"
    temporary.mkdir()
    own = {"APP_SECRET": SECRET, "PEM_FILE": str(pem_file), "TOKEN": world.identity.issue(), "MONITOR_KEY": KEY}
    machine = {**world.environment, **world.identity.managed_identity, "TMPDIR": str(temporary)}
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent))
    with ExitStack() as stack:
        services = Services(world, authority, stack)
        option = world.identity.issue(mark=TYPED["option"])
        settings = world.home / ".config" / "kqlext" / "kqlext.toml"
        settings.parent.mkdir(parents=True)
        addresses = {"cluster": world.kusto.url, "authority": world.identity.url}
        settings.write_text(NAMED.format(**addresses, tenant=TENANT, secret=IN_A_FILE))
        notebook = executed([WATCH, HELPERS, *services.cells(option)], world.home, {**machine, **own})
        keys = [request.headers.get("x-api-key") for request in services.monitor.requests]
    settings.unlink()  # it holds the one secret that was written into it
    shutil.rmtree(world.home / "bin")  # the program that stands in for `az`, and gives a token
    secrets = {
        "private key": pem.decode().splitlines()[3],
        "certificate of the application": certificate.decode().splitlines()[3],
        **secrets_of(world.identity),
    }
    outputs = dict(zip(("stdout", "stderr"), capfd.readouterr(), strict=True))
    errors = [output for cell in notebook.cells for output in cell.outputs if output.output_type == "error"]
    return Left(
        {**texts_of(notebook), **{place: text.encode() for place, text in outputs.items()}, **files_of(world.home)},
        secrets,
        [error.ename for error in errors],
        [*world.identity.grants(), *filter(None, keys)],
    )


def executed(cells: list[str], home: Path, environment: dict[str, str]) -> Any:
    notebook = new_notebook(cells=[new_code_cell(cell) for cell in cells])
    client = NotebookClient(
        notebook,
        timeout=120,
        kernel_name="python3",
        allow_errors=True,
        ipython_hist_file=str(home / HISTORY),
        resources={"metadata": {"path": str(home)}},
    )
    client.execute(env=environment)
    return notebook


def secrets_of(identity: IdentityServer) -> dict[str, str]:
    """Those that are written in this module, that the token endpoint gave out, and that it was sent."""
    sent = {
        f"{name} {number}": request.form[name]
        for number, request in enumerate(identity.requests)
        for name in ("client_assertion", "code_verifier")
        if name in request.form
    }
    marks = dict(zip(("access token", "refresh token", "device code"), MARKS, strict=True))
    hidden = {
        "client secret": SECRET,
        "client secret of a file": IN_A_FILE,
        "appkey of the environment": KEY,
        "text of an error": RAISED,
    }
    given = {"identity header": identity.identity_header, "id token": ID_TOKEN, "user code": "USER0000"}
    return {**marks, **TYPED, **hidden, **given, **sent}


def texts_of(notebook: Any) -> dict[str, bytes]:
    """The cells in which no secret was typed, and all outputs."""
    typed = [any(value in cell.source for value in TYPED.values()) for cell in notebook.cells]
    cells = "\n".join(cell.source for cell, hidden in zip(notebook.cells, typed, strict=True) if not hidden)
    for cell in notebook.cells:
        cell.source = ""
    return {"cells": cells.encode(), "notebook": nbformat.writes(notebook).encode()}


def files_of(home: Path) -> dict[str, bytes]:
    return {str(path.relative_to(home)): path.read_bytes() for path in sorted(home.rglob("*")) if path.is_file()}


def test_no_secret_is_left_behind(left: Left) -> None:
    caches = {place for place in left.places if place.startswith(f"{CACHE}/")}
    elsewhere = set(left.places) - caches - {HISTORY}
    assert {place: names for place in elsewhere if (names := left.names_in(place))} == {}
    # What was typed, and nothing else.
    assert left.names_in(HISTORY) == set(TYPED)
    # The plain file that was asked for.
    assert {name for place in caches for name in left.names_in(place)} == {"access token", "refresh token", "id token"}
    assert_searched(left)


def assert_searched(left: Left) -> None:
    """That the session did what it is searched for: a search of nothing finds nothing."""
    methods = {"client_credentials", "device_code", "refresh_token"}
    assert methods | {KEY, TYPED["appkey"], TYPED["wrong appkey"]} <= set(left.arrived)
    log = left.places["debug.log"].decode()
    assert not [name for name in ("DEBUG:urllib3", "DEBUG:msal", "azure.identity", "azure.core") if name not in log]
    seen = left.places["seen.txt"].decode()
    kinds = "Session Registry Connection ConnectionSpec SignIns Credential SignIn GivenToken UserSignIn Result"
    services = "KustoService MonitorService DefenderService ResourceGraphService ApiKey Held"
    assert not [name for name in f"{kinds} {services}".split() if f"\n{name} " not in seen]
    assert "kqlext/services/http.py" in seen
    assert set(left.failures) == {
        f"Kql{kind}Error" for kind in "Authentication Connection Cell Query Network Service Throttled Response".split()
    }
    shown = left.places["notebook"].decode()
    assert f"Signed in as {USER}" in shown
    assert "Connected to named@" in shown
    assert " failed, its rows are missing: The sign-in" in shown
