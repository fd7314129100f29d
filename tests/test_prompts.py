"""What a sign-in asks of its user: secrets and codes, in a real terminal and in a notebook that a program runs."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import nbformat
import pexpect
import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbformat.v4 import new_code_cell, new_notebook
from servers.identity import MARKS, TENANT, USER, Application
from servers.monitor import WORKSPACE, MonitorServer
from servers.world import SECRET, World

from kqlext.connections.prompts import is_left_open

PROMPT = r"In \[\d+\]: "
Execute = Callable[..., nbformat.NotebookNode]


@pytest.fixture
def terminal(world: World) -> Iterator[pexpect.spawn[str]]:
    """IPython in a pseudo-terminal, with kqlext loaded; what it writes is in ``logfile_read``."""
    process = pexpect.spawn(
        sys.executable,
        ["-m", "IPython", "--simple-prompt", "--no-banner", "--colors=NoColor", "--no-confirm-exit"],
        env={**world.environment, "TERM": "dumb"}, encoding="utf-8", timeout=60, dimensions=(40, 200), echo=False,
    )  # fmt: skip
    with (world.home / "screen").open("w") as process.logfile_read:
        process.expect(PROMPT)
        process.sendline("%load_ext kqlext")
        process.expect(PROMPT)
        yield process
        process.sendline("exit")
        process.expect(pexpect.EOF)
        process.close()


@pytest.mark.parametrize("written", ["", ";clientsecret='<clientsecret>'"])
def test_a_secret_that_is_missing_is_asked_for(written: str, world: World, terminal: pexpect.spawn[str]) -> None:
    world.identity.applications["app"] = Application(secret=SECRET)
    connection = world.connection("clientid='app'", f"tenant='{TENANT}'") + written
    terminal.sendline(f"%kql {connection}")
    terminal.expect("clientsecret: ")
    terminal.sendline("wr0ngS3cret")
    terminal.expect("AADSTS7000215")
    terminal.expect(PROMPT)
    terminal.sendline(f"%kql {connection}")
    terminal.expect("clientsecret: ")
    terminal.sendline(SECRET)
    terminal.expect("Connected to Samples@")
    terminal.expect(PROMPT)
    # Another database of the cluster is the same sign-in; a refused token is renewed with what was typed.
    world.identity.revoke()
    terminal.sendline("%kql Other@" + world.kusto.url.split("//")[1].replace(".", "_").replace(":", "_"))
    terminal.expect("Connected to Other@")
    terminal.expect(PROMPT)
    screen = (world.home / "screen").read_text()
    assert SECRET not in screen
    assert "wr0ngS3cret" not in screen


@pytest.mark.parametrize("written", ["<appkey>", "<app_key>", ""])
def test_an_appkey_that_is_left_open_is_asked_for(written: str, terminal: pexpect.spawn[str], world: World) -> None:
    with MonitorServer() as monitor:
        monitor.keys = {SECRET}
        connection = f"loganalytics://workspace='{WORKSPACE}';datasourceurl='{monitor.url}';appkey='{written}'"
        terminal.sendline(f"%kql {connection}")
        terminal.expect("appkey: ")
        terminal.sendline("wr0ngS3cret")
        terminal.expect("The API key is not valid")
        terminal.expect(PROMPT)
        terminal.sendline(f"%kql {connection}")
        terminal.expect("appkey: ")
        terminal.sendline(SECRET)
        terminal.expect("Connected to ")
        terminal.expect(PROMPT)
        terminal.sendline("%kql SigninLogs | take 1")
        terminal.expect("1 row")
        terminal.expect(PROMPT)
        # A key that was withdrawn is asked for again, by the query after the one that was refused.
        monitor.keys = {"another"}
        terminal.sendline("%kql print 1")
        terminal.expect("The API key is not valid")
        terminal.expect(PROMPT)
        terminal.sendline("%kql print 1")
        terminal.expect("appkey: ")
        terminal.sendline("another")
        terminal.expect("1 row")
        terminal.expect(PROMPT)
    screen = (world.home / "screen").read_text()
    assert SECRET not in screen
    assert "wr0ngS3cret" not in screen


def test_nobody_is_there_to_type_an_appkey(execute: Execute) -> None:
    with pytest.raises(CellExecutionError) as caught:
        execute(f"%kql loganalytics://workspace='{WORKSPACE}';appkey='<appkey>'")
    assert "The connection has no appkey, and none was typed." in caught.value.evalue


@pytest.mark.parametrize(
    ("key", "value", "open_"),
    [
        ("appkey", "", True),
        ("appkey", " ", True),
        ("appkey", "<appkey>", True),
        ("clientsecret", "<Client_Secret>", True),
        ("clientsecret", "<appkey>", False),
        ("clientsecret", "clientsecret", False),
        ("clientsecret", "<clientsecret", False),
        ("clientsecret", "<", False),
    ],
)
def test_which_values_are_left_open(key: str, value: str, open_: bool) -> None:
    assert is_left_open(key, value) is open_


def test_the_default_is_a_code_where_somebody_is_there(world: World, terminal: pexpect.spawn[str]) -> None:
    terminal.sendline(f"%kql {world.connection()}")
    terminal.expect("enter the code USER00001")
    terminal.expect(f"Signed in as {USER}")
    terminal.expect("Connected to Samples@")
    terminal.expect(PROMPT)
    terminal.sendline("%kql print 1")
    terminal.expect("42")
    terminal.expect(PROMPT)
    assert world.identity.grants() == ["device_code", "device_code"]


def test_an_interrupt_ends_the_waiting(world: World, terminal: pexpect.spawn[str]) -> None:
    world.identity.pending = 10_000
    terminal.sendline(f"%kql {world.connection('code')}")
    terminal.expect("enter the code USER00001")
    terminal.sendintr()
    terminal.expect("The sign-in was not completed.")
    terminal.expect(PROMPT)
    world.identity.pending = 0
    terminal.sendline(f"%kql {world.connection('code')}")
    terminal.expect(f"Signed in as {USER}")
    terminal.expect(PROMPT)


@pytest.fixture
def execute(world: World, monkeypatch: pytest.MonkeyPatch) -> Execute:
    """Runs cells in a kernel, as a program runs a notebook; gives the notebook."""

    def run(*cells: str) -> nbformat.NotebookNode:
        notebook = new_notebook(cells=[new_code_cell(cell) for cell in ("%load_ext kqlext", *cells)])
        resources = {"metadata": {"path": str(world.home)}}
        client = NotebookClient(notebook, timeout=120, kernel_name="python3", resources=resources)
        client.execute(env=world.environment)
        return notebook

    monkeypatch.setenv("PATH", str(Path(sys.executable).parent))
    return run


def test_no_code_stays_in_a_notebook(world: World, execute: Execute) -> None:
    notebook = execute(f"%kql {world.connection('code')}", "%kql print answer = 42")
    saved = nbformat.writes(notebook)
    assert f"Signed in as {USER}." in saved
    assert "USER0000" not in saved
    assert not any(mark in saved for mark in MARKS)
    assert not [output for cell in notebook.cells for output in cell.outputs if output.output_type == "stream"]


def test_nobody_is_there_to_type_a_secret(world: World, execute: Execute) -> None:
    with pytest.raises(CellExecutionError) as caught:
        execute(f"%kql {world.connection('clientid=' + repr('app'), f'tenant={TENANT!r}')}")
    assert caught.value.ename == "KqlAuthenticationError"
    assert "The connection has no clientsecret, and none was typed." in caught.value.evalue
    assert "clientsecret=$NAME" in caught.value.evalue


def test_nobody_is_there_to_enter_a_code(world: World, execute: Execute) -> None:
    with pytest.raises(CellExecutionError) as caught:
        execute(f"%kql {world.connection()}")
    assert caught.value.ename == "KqlAuthenticationError"
    assert "device code: nobody is there to enter one" in caught.value.evalue
    assert world.identity.requests == []
