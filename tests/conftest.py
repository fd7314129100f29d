"""Fixtures that start real things: a shell, `duckdb-kql serve`, our own Kusto endpoint."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from azure.core.credentials import AccessToken
from hypothesis import settings
from servers.browser import chromium, lab, open_notebook  # noqa: F401 (fixtures)
from servers.certificates import CertificateAuthority
from servers.kusto import KustoServer
from servers.world import World

import kqlext
from kqlext.client import Client

ROOT = Path(__file__).parent.parent

# CI looks at the same examples each time: what it finds is of the change at hand. Elsewhere they are new ones.
settings.register_profile("kqlext", deadline=None, print_blob=True, derandomize="CI" in os.environ)
settings.load_profile("kqlext")


# A shell that starts the suite in the background has it ignore interrupts, which some tests are about.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """The servers of the tests are on this machine; a proxy must not stand between."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1,localhost")
    monkeypatch.setenv("no_proxy", "127.0.0.1,localhost")


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """What the developer has set for kqlext must not change what the tests see."""
    for name in [name for name in os.environ if name.upper().startswith(("KQLEXT_", "KQLMAGIC_", "MSTICPYCONFIG"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path_factory.getbasetemp() / "no-configuration"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.getbasetemp() / "cache"))


class StaticCredential:
    """A credential as azure-identity's are, with one token."""

    def __init__(self) -> None:
        self.scopes: list[tuple[str, ...]] = []

    def get_token(self, *scopes: str, **_: Any) -> AccessToken:
        self.scopes.append(scopes)
        return AccessToken("the-token", 4_000_000_000)


class Shell:
    """A fresh IPython shell with kqlext loaded, that gives what a cell shows and raises what it raises."""

    def __init__(self) -> None:
        from IPython.core.interactiveshell import InteractiveShell
        from traitlets.config import Config

        config = Config()
        config.HistoryManager.enabled = False
        InteractiveShell.clear_instance()
        self.ip = InteractiveShell.instance(config=config)
        self.ip.display_formatter.active_types = list(self.ip.display_formatter.format_types)
        self.shown: list[dict[str, str]] = []
        self.ip.display_pub.publish = self._publish  # type: ignore[method-assign]
        self.ip.run_cell("%load_ext kqlext").raise_error()

    @property
    def variables(self) -> dict[str, Any]:
        return self.ip.user_ns

    def run(self, cell: str) -> Any:
        """Run a cell as a notebook does; gives its value. What it displays is in ``shown``, formatted."""
        self.shown = []
        result = self.ip.run_cell(cell, store_history=True)
        result.raise_error()
        return result.result

    def text(self, cell: str) -> str:
        """What a cell shows as text: displayed items first, its value last."""
        value = self.run(cell)
        parts = [bundle["text/plain"] for bundle in self.shown]
        if value is not None:
            parts.append(self.ip.display_formatter.format(value)[0]["text/plain"])
        return "\n".join(parts)

    def _publish(self, data: dict[str, str], **_: Any) -> None:
        self.shown.append(data)


@pytest.fixture
def shell() -> Iterator[Shell]:
    fresh = Shell()
    yield fresh
    fresh.ip.run_cell("%unload_ext kqlext")
    # With a cache of outputs to flush, reset() collects garbage, here and again at exit: half a second for each test.
    fresh.ip.displayhook.do_full_cache = False
    fresh.ip.reset(new_session=False)
    type(fresh.ip).clear_instance()


@pytest.fixture(scope="module")
def engine() -> Iterator[Client]:
    """The embedded engine, with no tables."""
    connection = kqlext.connect("duckdb://")
    yield connection
    connection.close()


def rows(engine: Client, query: str) -> list[tuple[Any, ...]]:
    """What a query gives."""
    return [tuple(row) for row in engine.query(query)]


@pytest.fixture
def kusto() -> Iterator[KustoServer]:
    """Our own scripted Kusto endpoint, over http."""
    with KustoServer() as server:
        yield server


@pytest.fixture(scope="session")
def authority() -> Iterator[CertificateAuthority]:
    """The authority whose certificates the tests' servers have."""
    with CertificateAuthority() as made:
        yield made


@pytest.fixture
def trusted(authority: CertificateAuthority, monkeypatch: pytest.MonkeyPatch) -> CertificateAuthority:
    """The tests' authority, which this process trusts."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(authority.pem))
    return authority


@pytest.fixture
def world(authority: CertificateAuthority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """A token endpoint and a Kusto service, on a machine with nothing else; this process is on it."""
    made = World(authority, tmp_path)
    for name in set(os.environ) - set(made.environment) - {"PYTEST_CURRENT_TEST"}:
        monkeypatch.delenv(name)
    for name, value in made.environment.items():
        monkeypatch.setenv(name, value)
    yield made
    made.close()


@pytest.fixture(scope="session")
def duckdb_kql_url() -> Iterator[str]:
    """The address of a real `duckdb-kql serve` with an empty database called memory."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    program = Path(sys.executable).parent / "duckdb-kql"
    with subprocess.Popen(
        [program, "serve", "--port", str(port), "--allow-write"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as server:
        try:
            _wait_for(lambda: _answers(port), server)
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _wait_for(condition: Callable[[], bool], server: subprocess.Popen[bytes]) -> None:
    for _ in range(600):
        if condition():
            return
        if server.poll() is not None:
            raise RuntimeError(f"duckdb-kql serve ended: {server.stdout.read() if server.stdout else ''!r}")
        time.sleep(0.05)
    raise RuntimeError("duckdb-kql serve did not answer within 30 s")


@pytest.fixture
def clean_environment() -> dict[str, str]:
    """The environment for a process of its own, without what pytest or a shell added."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "IPYTHON", "KQL"))}
