"""The example notebooks in a real kernel, on the sample database and on services; and that a wrong cell stops a run."""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import nbformat
import pytest
from conftest import ROOT
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbformat.v4 import new_code_cell, new_notebook
from servers.certificates import CertificateAuthority
from servers.identity import TENANT, Application
from servers.kusto import QUERY, KustoServer
from servers.monitor import OTHER_WORKSPACE, WORKSPACE, MonitorServer, unauthorized
from servers.world import SECRET, World

from kqlext.samples.data.alerts import INTRUSION_ALERTS
from kqlext.samples.data.credentials import CREDENTIALS
from kqlext.samples.data.intrusion import (
    ADMINISTRATOR,
    BEACON_ADDRESS,
    INTRUSION,
    PLANTED_LOGONS,
    SERVER,
    SPRAY_ADDRESS,
    SPRAY_ROUNDS,
    SPRAY_START,
    VICTIM,
    VICTIM_HOST,
)
from kqlext.samples.data.operations import BUSY_HOST, FULL_HOST, LOUD_START, LOUD_TABLE

EXAMPLES = sorted((ROOT / "examples").glob("*.ipynb"))
CONNECT = "%kql samples"
GALLERY = "charts"
"""The one example that is large: it is all pictures."""
ON_A_WORKSPACE = [path.stem for path in EXAMPLES if path.stem != "data_explorer"]
CAPTION = re.compile(
    r"(?m)^(?!.*\d processes).*? · \d+\.\d\d s · .*$| · \d+\.\d\d s · \S+@\S+|^Connected to .*$"
    r"|^Warning: .*[Tt]he embedded engine .*(\n|$)"
)
"""What names the service, its haste, or what only the embedded engine has to say."""


def execute(notebook: Any, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent), prepend=":")
    NotebookClient(
        notebook, timeout=120, kernel_name="python3", resources={"metadata": {"path": str(folder)}}
    ).execute()
    return notebook


def bundles(cell: Any) -> list[dict[str, str]]:
    return [output["data"] for output in cell.get("outputs", []) if "data" in output]


def texts(notebook: Any) -> list[list[str]]:
    """What each cell shows as text, without captions."""
    return [[CAPTION.sub("", bundle["text/plain"]).strip() for bundle in bundles(cell)] for cell in notebook.cells]


def tables(notebook: Any) -> list[str]:
    return [text for cell in texts(notebook) for text in cell if text.startswith("+--")]


def read(name: str) -> Any:
    return nbformat.read(ROOT / "examples" / f"{name}.ipynb", as_version=4)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_runs_and_shows_what_it_shows(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each query is also one for Microsoft's language service, where that is installed."""
    monkeypatch.setenv("KQLEXT_CHECK", "error")
    saved = read(path.stem)
    run = execute(read(path.stem), path.parent, monkeypatch)
    for cell, kept in zip(run.cells, saved.cells, strict=True):
        assert len(bundles(cell)) == len(bundles(kept)), cell.source
        assert not [o for o in cell.get("outputs", []) if o.output_type == "stream"], cell.source
        for bundle in bundles(cell):
            assert "<script" not in bundle.get("text/html", "")
            assert "<style" not in bundle.get("text/html", "") or "dataframe" in bundle["text/html"]
    assert tables(run) == tables(saved) != []
    assert [name for name, _ in failures(run)] == [name for name, _ in failures(saved)]


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_is_saved_as_it_is_to_be_shared(path: Path) -> None:
    """Small, run from top to bottom, without the times, the folders and the errors of who ran it last."""
    saved = read(path.stem)
    assert path.stat().st_size < (1_000_000 if path.stem == GALLERY else 300_000)
    assert not [cell for cell in saved.cells if "execution" in cell.metadata]
    counts = [cell.execution_count for cell in saved.cells if cell.cell_type == "code"]
    assert counts == list(range(1, len(counts) + 1))
    shown = str([cell.get("outputs") for cell in saved.cells])
    assert not [part for part in ("/home/", "/root/", "/tmp/", "site-packages", str(ROOT)) if part in shown]
    allowed = [cell for cell in saved.cells if "raises-exception" in cell.metadata.get("tags", [])]
    assert len(failures(saved)) == len(allowed)
    assert sum(CONNECT in cell.source.splitlines() for cell in saved.cells) == 1


def test_the_index_names_every_example() -> None:
    index = (ROOT / "examples" / "README.md").read_text(encoding="utf-8")
    assert sorted(re.findall(r"\]\((\w+)\.ipynb\)", index)) == [path.stem for path in EXAMPLES]


def rows(table: str) -> list[list[str]]:
    """The rows of a table as text, without its head."""
    lines = [line for line in table.splitlines() if line.startswith("|")]
    return [[value.strip() for value in line.strip("|").split("|")] for line in lines[1:]]


def test_the_forest_finds_the_planted_logons() -> None:
    """After the administrator's own sessions are put aside, those that were planted are left, and nothing else."""
    (found,) = [rows(table) for table in tables(read("anomalous_logons")) if "| Rank |" in table]
    planted = [(time, account, host.lower()) for time, host, account, *_ in PLANTED_LOGONS]
    assert [(time.rstrip("Z")[:23], user, to) for time, user, _, to, *_ in found] == planted
    assert max(int(row[-1]) for row in found) <= 16


def test_the_list_tells_whose_the_alerts_are_and_what_it_does_not_know() -> None:
    whose, _, unknown, silent, *_ = [rows(table) for table in tables(read("assets"))]
    open_alerts = [alert for alert in INTRUSION_ALERTS if alert.host]
    assert [(row[2], row[-1]) for row in whose] == [(alert.host.lower(), alert.name) for alert in open_alerts]
    assert {(row[2], row[4]) for row in whose} == {("ws-fin-02", "Jonas Lind"), ("srv-file01", "Marco Rossi")}
    assert [row[0] for row in unknown] == ["SRV-RAS01.contoso.com"]
    assert [row[0] for row in silent] == ["srv-print01.contoso.com", "ws-hr-02.contoso.com"]


def test_the_investigation_finds_the_intrusion() -> None:
    """Where it came from, whose account it took, on which hosts it ran, whom it calls, and when."""
    (facts,) = [rows(table) for table in tables(read("sentinel")) if "| Fact " in table]
    told = {(time[:19], fact, who, where.partition(".")[0].upper()) for time, fact, who, where in facts}
    spray = f"{11 * SPRAY_ROUNDS} wrong passwords for 11 accounts"
    assert (SPRAY_START, spray, SPRAY_ADDRESS, "CLOUD") in told
    assert (PLANTED_LOGONS[1][0][:19], "signed in, logon type 3", VICTIM, "SRV-RAS01") in told
    assert any(f" connections to {BEACON_ADDRESS}" in fact and where == VICTIM_HOST for _, fact, _, where in told)
    hosts = {(who, where) for _, _, who, where in told if who}
    assert {(VICTIM, VICTIM_HOST), (ADMINISTRATOR, SERVER)} <= hosts
    steps = {step.key: step for step in INTRUSION}
    for key in ("stager", "dump"):
        assert (steps[key].time[:19], steps[key].command[:44], VICTIM, VICTIM_HOST) in told
    for key in ("task", "clear", "stop", "sync"):
        assert (steps[key].time[:19], SERVER) in {(time, where) for time, _, _, where in told}
    assert any(fact == "silent until 11:57" and where == SERVER for _, fact, _, where in told)


def test_the_investigation_draws_a_tree_and_timelines() -> None:
    shown = [bundle["text/plain"] for cell in read("sentinel").cells for bundle in bundles(cell)]
    (tree,) = [text for text in shown if text.startswith("What Outlook started")]
    names = [name for name in re.findall(r"(\w+\.exe) +\d+ \(0x", tree, re.IGNORECASE) if name != "OUTLOOK.EXE"]
    assert names[:3] == ["WINWORD.EXE", "powershell.exe", "whoami.exe"]
    assert "MiniDump" in tree
    assert sum("render timeline: a chart in notebooks" in text for text in shown) == 2


def test_the_scan_finds_all_credentials_and_shows_none() -> None:
    scan = read("credential_scan")
    (found,) = [rows(table) for table in tables(scan) if "| Secrets |" in table]
    assert Counter((row[0], row[1]) for row in found) == Counter((each.table, each.column) for each in CREDENTIALS)
    text = (ROOT / "examples" / "credential_scan.ipynb").read_text(encoding="utf-8")
    for credential in CREDENTIALS:
        for part in (credential.secret, unquote(credential.secret)):
            assert part[:3] in text  # masked
            assert not [part[at : at + 6] for at in range(len(part) - 5) if part[at : at + 6] in text]


def test_the_operator_finds_what_is_wrong() -> None:
    shown = [rows(table) for table in tables(read("log_analytics"))]
    gone, silent, busy, _, full = shown[:5]
    loud = next(table for table in shown if table and table[0][:2] == [LOUD_TABLE, f"{LOUD_START[:10]}T00:00:00Z"])
    assert gone == []
    assert [row[0].partition(".")[0] for row in silent] == [SERVER]
    assert [row[0].partition(".")[0] for row in busy if row[-1] != "0"] == [BUSY_HOST]
    assert [(row[0].partition(".")[0], row[1]) for row in full] == [(FULL_HOST, "D:")]
    assert len(loud) == 1


@pytest.fixture
def application(world: World, monkeypatch: pytest.MonkeyPatch) -> str:
    """The keys by which an application signs in, of whose secret only the environment knows."""
    world.identity.applications["app"] = Application(secret=SECRET)
    monkeypatch.setenv("APP_SECRET", SECRET)
    return f"clientid='app';clientsecret=$APP_SECRET;tenant='{TENANT}';aadurl='{world.identity.url}'"


@pytest.fixture
def monitor(world: World, authority: CertificateAuthority) -> Iterator[MonitorServer]:
    """Azure Monitor on the world's machine: it takes the tokens of the world's token endpoint."""
    with MonitorServer(tls=authority) as server:
        server.on(lambda request: not world.identity.accepts(request.headers["Authorization"]), unauthorized())
        yield server


def on_a_service(name: str, connection: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    """An example on another connection: one line of it is changed."""
    notebook = read(name)
    (cell,) = (cell for cell in notebook.cells if CONNECT in cell.source.splitlines())
    cell.source = cell.source.replace(CONNECT, f"%kql {connection}")
    return execute(notebook, ROOT / "examples", monkeypatch)


@pytest.mark.parametrize("name", ON_A_WORKSPACE)
def test_an_example_shows_the_same_on_log_analytics(
    name: str, world: World, application: str, monitor: MonitorServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection = f"loganalytics://workspace='{WORKSPACE}';datasourceurl='{monitor.url}';{application}"
    service, saved = on_a_service(name, connection, monkeypatch), read(name)
    assert texts(service) == texts(saved)
    assert failures(service) == failures(saved)
    assert len(monitor.requests) >= 5
    assert set(world.identity.grants()) == {"client_credentials"}


def test_the_storms_show_the_same_on_data_explorer(
    world: World, application: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.kusto.samples = True
    connection = f"kusto://cluster='{world.kusto.url}';database='Samples';{application}"
    service, saved = on_a_service("data_explorer", connection, monkeypatch), read("data_explorer")
    assert texts(service) == texts(saved)
    assert failures(service) == failures(saved) == [("KqlQueryError", "Sttae")]
    queries = [request for request in world.kusto.requests if request.endpoint == QUERY]
    assert len(queries) > 20
    (options,) = [request.options for request in queries if request.options.get("notruncation")]
    assert options["servertimeout"] == "00:01:00"


def failures(notebook: Any) -> list[tuple[str, str]]:
    """The errors of a notebook, each with what its caret stands under."""
    found = [output for cell in notebook.cells for output in cell.get("outputs", []) if output.output_type == "error"]
    return [(error.ename, _under_the_caret(error.evalue)) for error in found]


def _under_the_caret(text: str) -> str:
    lines = text.splitlines()
    at = next(number for number, line in enumerate(lines) if re.fullmatch(r" *\^+", line))
    return lines[at - 1][lines[at].index("^") : len(lines[at])]


def test_cells_in_a_kernel_show_bind_and_convert(
    duckdb_kql_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cells = [
        "%load_ext kqlext",
        f"%kql kusto://anonymous;cluster='{duckdb_kql_url}';database='memory'",
        "%%kql rows <<\nrange x from 1 to 60 step 1\n\n| extend s = strcat('<b>', x)",
        "rows",
        "int(rows.to_dataframe().x.sum()), type(rows.to_polars()).__name__, rows.to_arrow().num_rows",
        "%kql print 1;",
        "%kql print a = 1\n%kql print b = 2",
    ]
    run = execute(new_notebook(cells=[new_code_cell(cell) for cell in cells]), tmp_path, monkeypatch)
    shown = [bundles(cell) for cell in run.cells]
    assert [len(one) for one in shown] == [0, 1, 1, 1, 1, 0, 2]
    html = shown[3][0]["text/html"]
    assert "50 of 60 rows · " in html
    assert html.count("<tr>") == 51
    assert "&lt;b&gt;50" in html
    assert shown[4][0]["text/plain"] == "(1830, 'DataFrame', 60)"


@pytest.mark.parametrize("cell", ["%kql nope | take 5", "%%kql\nprint 1\n| whre x", "%kql -nope print 1"])
def test_run_all_stops_at_an_error(cell: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    notebook = new_notebook(
        cells=[new_code_cell(code) for code in ("%load_ext kqlext\n%kql duckdb://", cell, "after = 1")]
    )
    with pytest.raises(CellExecutionError) as caught:
        execute(notebook, tmp_path, monkeypatch)
    assert caught.value.ename.startswith("Kql")
    assert "Traceback" not in "\n".join(notebook.cells[1].outputs[0].traceback)
    assert "kqlext/" not in "\n".join(notebook.cells[1].outputs[0].traceback)
    assert notebook.cells[2].execution_count is None


def test_a_notebook_of_kqlmagic_s_user_runs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Every form of a cell, on the sample database and on services of this machine; it checks its values itself."""
    with KustoServer() as kusto, MonitorServer() as monitor:
        kusto.samples = True
        monkeypatch.setenv("KUSTO_URL", kusto.url)
        monkeypatch.setenv("MONITOR_URL", monitor.url)
        path = ROOT / "tests" / "notebooks" / "kqlmagic.ipynb"
        run = execute(nbformat.read(path, as_version=4), tmp_path, monkeypatch)
    said = " ".join(bundle["text/plain"] for cell in run.cells for bundle in bundles(cell))
    assert said.count("does nothing here") == 4  # show_init_banner, -pw, -show_query_time, -table_package
    assert not [output for cell in run.cells for output in cell.get("outputs", []) if output.output_type == "stream"]
    sent = next(asked for asked in kusto.requests if ";notebook;" in asked.headers["x-ms-client-request-id"])
    assert (sent.options["query_take_max_records"], sent.options["notruncation"]) == (5, True)
    assert [asked.body["workspaces"] for asked in monitor.requests if "workspaces" in asked.body] == [[OTHER_WORKSPACE]]
    assert not list(tmp_path.iterdir())
