"""Kqlmagic's surface, row by row: what works is run, what does nothing says so once, what is refused says what to write."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import kqlmagic_cases as cases
import pytest
from conftest import Shell
from kqlmagic_cases import BETTER, IS_REFUSED, NOTHING, WORKS, Row
from servers.certificates import application_certificate
from servers.kusto import QUERY, KustoServer
from servers.monitor import APP, DEMO_KEY, OTHER_WORKSPACE, WORKSPACE, MonitorServer

from kqlext import kqlmagic_names
from kqlext.errors import KqlError
from kqlext.kqlmagic_members import METHODS, REFUSED, VALUES
from kqlext.kqlmagic_names import foreign_commands, foreign_options
from kqlext.options import COMMANDS, OPTIONS, command_names, option_names
from kqlext.text import normalize_name

Write = Callable[[str], str]


@pytest.fixture(scope="module")
def kusto() -> Iterator[KustoServer]:
    with KustoServer() as server:
        server.samples = True
        yield server


@pytest.fixture(scope="module")
def monitor() -> Iterator[MonitorServer]:
    with MonitorServer() as server:
        yield server


@pytest.fixture(scope="module")
def notebook() -> Iterator[Shell]:
    """One session for all rows: what a row says once, or sets, is its own."""
    shell = Shell()
    yield shell
    shell.ip.run_cell("%unload_ext kqlext")
    type(shell.ip).clear_instance()


@pytest.fixture
def shell(notebook: Shell) -> Shell:
    """The session, on the sample database."""
    notebook.run("%kql samples;")
    return notebook


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the certificate of an application."""
    folder = tmp_path_factory.mktemp("kqlmagic")
    (folder / "app.pem").write_bytes(application_certificate()[0])
    return folder


@pytest.fixture
def write(kusto: KustoServer, monitor: MonitorServer, files: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Puts addresses, files and the query into a cell of the table."""
    (files / "odbc.ini").write_text(f"[LAB]\ncluster='{kusto.url}'\ndatabase='Samples'\nanonymous=\n")
    monkeypatch.setenv("KUSTO_CLUSTER", kusto.url)
    monkeypatch.setenv("PALETTE", "deep")
    places = {
        "kusto": kusto.url,
        "friendly": re.sub(r"\W", "_", kusto.url.partition("://")[2]),
        "monitor": monitor.url,
        "workspace": WORKSPACE,
        "other": OTHER_WORKSPACE,
        "app": APP,
        "demo_key": DEMO_KEY,
        "certificate": str(files / "app.pem"),
        "ini": str(files / "odbc.ini"),
        "folder": str(files / "recorded"),
    }

    def filled(text: str) -> str:
        for name, value in places.items():
            text = text.replace(f"{{{name}}}", value)
        return re.sub(r"(?<![\w'\"])T(?![\w'\"])", cases.T, text)

    return filled


def ids(row: Row) -> str:
    return row.name


def holds(shell: Shell, row: Row, cell: str, check: str = "") -> None:
    """Run a row's cell and ask what must be true then."""
    shell.variables["shown"] = shell.text(cell)
    shell.variables["r"] = shell.variables.get("_kql")
    assert shell.run(check or row.check) is True, f"{cell}\n{shell.variables['shown']}"


def is_refused(shell: Shell, row: Row, cell: str) -> None:
    with pytest.raises(KqlError) as caught:
        shell.run(cell)
    assert row.error in f"{caught.value.message} {caught.value.hint}"
    assert row.error


def does_nothing(shell: Shell, cell: str) -> None:
    """The cell says so once, and else does what it would do."""
    first, second = shell.text(cell), shell.text(cell)
    assert first.count("does nothing here") == 1
    assert "does nothing here" not in second


def is_so(shell: Shell, row: Row, cell: str) -> None:
    if row.status == IS_REFUSED:
        is_refused(shell, row, cell)
    elif row.status == NOTHING:
        does_nothing(shell, cell)
    else:
        holds(shell, row, cell)


# --- the tables ------------------------------------------------------------------------------------------


def test_the_table_has_every_option_and_command() -> None:
    assert len(cases.ALL_OPTIONS) == 91
    listed = {row.name for row in cases.OPTIONS}
    assert set(cases.ALL_OPTIONS) - listed == cases.LATER_OPTIONS
    assert listed - set(cases.ALL_OPTIONS) == {"plotly_config", "try_kqlmaic_sso"}  # settings without an option
    assert {row.name for row in cases.COMMANDS} == set(cases.ALL_COMMANDS) - cases.LATER_COMMANDS
    assert {row.status for row in cases.OPTIONS} == {WORKS, BETTER, NOTHING, IS_REFUSED}


def test_no_name_is_both_kqlext_s_and_foreign() -> None:
    assert not set(option_names()) & set(foreign_options())
    assert not set(command_names()) & set(foreign_commands())
    spellings = [normalize_name(name) for one in kqlmagic_names.OPTIONS for name in (one.name, *one.aliases)]
    own = [normalize_name(name) for one in OPTIONS for name in (one.name, *one.aliases)]
    assert len({*spellings, *own}) == len(spellings) + len(own)
    assert len(command_names()) == sum(1 + len(command.aliases) for command in COMMANDS)


def test_the_table_has_every_member() -> None:
    text = " ".join(row.name for row in cases.MEMBERS)
    assert not [name for name in (*VALUES, *METHODS, *REFUSED) if name not in text]


# --- rows ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("row", cases.CONNECTIONS, ids=ids)
def test_a_connection(row: Row, shell: Shell, write: Write) -> None:
    shell.run("%kql --close *")
    is_so(shell, row, write(row.cell))


@pytest.mark.parametrize("row", cases.CELLS, ids=ids)
def test_a_cell(row: Row, shell: Shell, write: Write) -> None:
    is_so(shell, row, write(row.cell))


@pytest.mark.parametrize("row", cases.OPTIONS, ids=ids)
def test_an_option(row: Row, shell: Shell, write: Write) -> None:
    is_so(shell, row, write(row.cell))


@pytest.mark.parametrize("row", [row for row in cases.OPTIONS if row.aliases], ids=ids)
def test_an_abbreviation(row: Row) -> None:
    names = {**option_names(), **foreign_options()}
    meant = {names[normalize_name(name)].name for name in (row.name, *row.aliases)}
    assert len(meant) == 1


@pytest.mark.parametrize("row", cases.COMMANDS, ids=ids)
def test_a_command(row: Row, shell: Shell, write: Write) -> None:
    is_so(shell, row, write(row.cell))


@pytest.mark.parametrize("row", cases.VARIABLES, ids=ids)
def test_a_variable(row: Row, shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in row.name.split(", "):
        monkeypatch.setenv(name, row.cell)
    if row.name == "KQLMAGIC_CONNECTION_STR":
        shell.run("%kql --close *;")
    if row.status == NOTHING:
        does_nothing(shell, "%kql print 1")
    else:
        holds(shell, row, f"%kql {cases.T}")


@pytest.mark.parametrize("row", cases.PROPERTIES, ids=ids)
def test_a_request_property_of_kusto(row: Row, shell: Shell, kusto: KustoServer) -> None:
    name = row.name.replace("...", "x")
    shell.run(f"%kql kusto://anonymous;cluster='{kusto.url}';database='Samples' -!vc +{name}={row.cell} print 1")
    *_, request = [request for request in kusto.requests if request.endpoint == QUERY]
    sent = request.options[name]
    assert str(sent).replace(" ", "").replace("'", '"').lower() in (row.cell.replace("'", "").lower(), "ahunt")


@pytest.mark.parametrize("row", cases.MONITOR_PROPERTIES, ids=ids)
def test_a_request_property_of_azure_monitor(row: Row, shell: Shell, write: Write, monitor: MonitorServer) -> None:
    where = "appinsights://appid='{app}'" if row.name == "applications" else "loganalytics://workspace='{workspace}'"
    shell.run(write(f"%kql {where};anonymous;datasourceurl='{{monitor}}' -!vc +{row.name}={row.cell} print 1"))
    assert row.check in monitor.requests[-1].body


@pytest.mark.parametrize("row", cases.MEMBERS, ids=ids)
def test_a_member(row: Row, shell: Shell, write: Write) -> None:
    shell.run(write(cases.MEMBER_CELL))
    shell.variables["r"] = shell.variables["_kql"]
    if row.status == IS_REFUSED:
        with pytest.raises((AttributeError, TypeError), match=row.error):
            shell.run(row.check)
    else:
        assert shell.run(row.check) is True
