"""Completion through a real kernel: what must be among the completions at a cursor, with and without the service."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from servers.kernel import Kernel
from servers.kusto import Answer, KustoServer
from servers.kusto_frames import TableSpec, v1

from kqlext.completion.service import why_not

SETUP = """
import pandas as pd
frame = pd.DataFrame({'number': [1], 'two words': ['x']})
states = ['TEXAS']
saved_ones = ["texas"]
hunt = 'StormEvents | take 1'
%kql -save texas -no_execute StormEvents | where State == 'TEXAS'
%kql -save floods -with texas -no_execute texas | summarize Floods = count() by Place = State
import pathlib
pathlib.Path('hunts').mkdir()
pathlib.Path('hunts/logons.kql').touch()
"""

# Cell with its cursor (¦, or the end), what must be offered, whether it is offered without the language service too.
CASES = [
    # tables
    ("%%kql\nSto", "StormEvents", True),
    ("%%kql\n", "StormEvents SecurityAlert frame let print", True),
    ("%kql Sto", "StormEvents", True),
    ("x = %kql Sto", "StormEvents", True),
    ("  %kql Sto", "StormEvents", True),
    ("# a comment\n%%kql\nSto", "StormEvents", True),
    ("%%kql\n// a comment\nSto", "StormEvents", True),
    ("%%kql top <<\nSto", "StormEvents", True),
    ("%%kql\ntop << Sto", "StormEvents", True),
    ("%%kql -dl 5 -q\nSto", "StormEvents", True),
    ("%%kql\n-dl 5\nSto", "StormEvents", True),
    ("%%kql\nfra", "frame", True),
    ("%%kql\nStormEvents | join kind=inner (Sto", "StormEvents", True),
    ("%%kql\nStormEvents | union Sec", "SecurityAlert", True),
    ("%%kql\nlet storms = StormEvents | take 5;\nsto", "storms", True),
    ("%%kql\nStormEvents\n| count\n\nSec", "SecurityAlert", True),
    # operators
    ("%%kql\nStormEvents | ", "where summarize project-away mv-expand render", True),
    ("%%kql\nStormEvents\n| su", "summarize", True),
    ("%%kql\nStormEvents | project-", "project-away project-keep", True),
    ("%kql StormEvents | wh", "where", True),
    ("%kql StormEvents \\\n| wh", "where", True),
    ("%%kql\nStormEvents | ¦\n| take 5", "where", True),
    # columns
    ("%%kql\nStormEvents | where St", "State StartTime", True),
    ("%%kql\nStormEvents | where state", "State", True),
    ("%%kql\nStormEvents | where ¦\n| take 5", "State EventType", True),
    ("%%kql\nStormEvents\n\n| where Sta", "State", True),
    ("%%kql\nStormEvents | project State, Ev", "EventType", True),
    ("%%kql\nStormEvents | summarize count() by St", "State", True),
    ("%%kql\nStormEvents | summarize Storms = count() by State | where ", "Storms State", True),
    ("%%kql\nStormEvents | summarize count() by State | order by co", "count_", True),
    ("%%kql\nStormEvents | extend Whole = DeathsDirect + 1 | where Who", "Whole", True),
    ("%%kql\nStormEvents | project-rename Where = State | where Whe", "Where", False),
    ("%%kql\nStormEvents | join (StormEvents) on Sta", "State", True),
    ("%%kql\nSecurityAlert | join (SecurityEvent) on $left.Comp", "CompromisedEntity", False),
    ("%%kql\nStormEvents | join (StormEvents | summarize Most = count() by State) on State | where Mo", "Most", True),
    ("%%kql\nframe | where ", "number ['two words']", True),
    ("%%kql\nlet storms = StormEvents | project Only = State;\nstorms | where On", "Only", True),
    ("%%kql\nStormEvents | top 3 by Dea", "DeathsDirect", True),
    ("%%kql\nStormEvents | mv-expand Sto", "StormSummary", True),
    ("%%kql\nStormEvents | where State == 'TEXAS' and Ev", "EventType", True),
    # functions and words
    ("%%kql\nStormEvents | where StartTime > ag", "ago(", True),
    ("%%kql\nStormEvents | summarize dco", "dcount(", True),
    ("%%kql\nStormEvents | summarize cou", "count() countif(", False),
    ("%%kql\nStormEvents | extend x = strc", "strcat( strcmp(", True),
    ("%%kql\nStormEvents | evaluate bag", "bag_unpack(", True),
    ("%%kql\nStormEvents | where State == 'x' an", "and", True),
    ("%%kql\nStormEvents | order by State de", "desc", True),
    ("%%kql\nStormEvents | join kind=", "inner leftouter leftanti", True),
    ("%%kql\nStormEvents | where State starts", "startswith", True),
    # render
    ("%%kql\nStormEvents | render ", "timechart piechart sankey", True),
    ("%%kql\nStormEvents | render colu", "columnchart", True),
    ("%%kql\nStormEvents | render ti", "timechart timeline timepivot", True),
    ("%%kql\nStormEvents | render timeline with (", "group= color= tooltip= reference=", True),
    ("%%kql\nStormEvents | render timeline with (group=", "State EventType", True),
    ("%%kql\nStormEvents | render timechart with (", "title= xcolumn= ycolumns=", True),
    ("%%kql\nStormEvents | render areachart with (kind=", "stacked stacked100 unstacked", True),
    # our own grammar
    ("%%kql -dis", "-display_limit", True),
    ("%kql -!fe", "-!feedback", True),
    ("%%kql -type ", "pandas polars arrow", True),
    ("%%kql -type=p", "pandas polars", True),
    ("%%kql -on ", "local samples@local frame", True),
    ("%%kql -over samples@local,Lo", "samples@local,Logs@{cluster}", True),
    ("%%kql -with ", "texas", True),
    ("%%kql -query hu", "hunt", True),
    ("%%kql -with texas\nte", "texas", True),
    ("%%kql -with texas\ntexas | where Sta", "State", True),
    ("%%kql -with saved_ones\ntexas | where Sta", "State", True),
    ("%%kql -with floods\nset notruncation;\nfloods | where Pla¦ == 'x'\n| take 5", "Place", True),
    ("%%kql -with texas\nStormEvents | join (te", "texas", True),
    ("%%kql -file hu", "hunts/", True),
    ("%%kql -file=hunts/lo", "hunts/logons.kql", True),
    ("%%kql -file \"hunts/", '"hunts/logons.kql"', True),
    ("%%kql -file ./hunts/¦ -dl 5", "./hunts/logons.kql", True),
    ("%%kql -tables logs=hunts/", "logs=hunts/logons.kql", True),
    ("%kql --use_cache hu", "hunts/", True),
    ("%%kql -params fra", "frame", True),
    ("%%kql -palette_name tab", "tab10 tab20", True),
    ("%kql --con", "--config --conn", True),
    ("%kql --help summ", "summarize", True),
    ("%kql --schema Storm", "StormEvents", True),
    ("%kql --close ", "samples@local *", True),
    ("%kql --config dis", "display_limit", True),
    ("%kql sam", "samples samples@local", True),
    ("%kql Lo", "Logs@{cluster}", True),
    ("%kql kusto://clu", "kusto://cluster=", True),
    ("%kql kusto://cluster='help';data", "kusto://cluster='help';database=", True),
    ("%kql +query_da", "+query_datascope=", False),
    ("%%kql\nlet names = sta", "states", True),
    # other databases
    ("%%kql Logs@{cluster}\nReq", "Requests", True),
    ("%%kql -on Logs@{cluster}\nRequests | where Sta", "Status", True),
    ("%%kql Logs@{cluster}\ndatabase('Archive').", "Old", True),
    ("%%kql Logs@{cluster}\ndatabase('Archive').Old | where Ye", "Year", True),
    ("%%kql Logs@{cluster}\nMy", "MyFunction(", True),
]  # fmt: skip

# In KQL, and nothing to offer: what is typed stays, and no name of Python comes.
NOTHING = [
    "%%kql\n// sta",
    "%%kql\nStormEvents | where State == 'sta",
    "%%kql\nStormEvents | where zzzz",
    "%%kql -nonsense 5\nsta",
    "%%kql\nStormEvents | take 5 | where sys",
]


def _schema(name: str, table: str, column: str) -> Answer:
    columns = [{"Name": column, "CslType": "long"}]
    function = {
        "Name": "MyFunction",
        "InputParameters": [{"Name": "n", "CslType": "long"}],
        "Body": "{ Requests | take n }",
    }
    tables = {table: {"Name": table, "OrderedColumns": columns}}
    text = json.dumps({"Databases": {name: {"Name": name, "Tables": tables, "Functions": {"MyFunction": function}}}})
    return Answer(v1(TableSpec("Table_0", (("DatabaseSchema", "string"),), ((text,),))))


@pytest.fixture(scope="module")
def server() -> Iterator[KustoServer]:
    with KustoServer() as kusto:
        kusto.on(".show database ['Logs'] schema as json", _schema("Logs", "Requests", "Status"))
        kusto.on(".show database ['Archive'] schema as json", _schema("Archive", "Old", "Year"))
        yield kusto


def _started(folder: Path, server: KustoServer) -> Kernel:
    """A kernel with the sample database as its current connection and two databases of a cluster."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", str(Path(sys.executable).parent), prepend=":")
        for variable in ("XDG_CONFIG_HOME", "XDG_CACHE_HOME"):
            patch.setenv(variable, str(folder / variable.lower()))
        kernel = Kernel(folder)
    for database in ("Logs", "Archive"):
        kernel.run(f"%kql kusto://anonymous;cluster='{server.url}';database='{database}'")
    kernel.run("%kql samples")
    kernel.run(SETUP)
    return kernel


EDITOR = "get_ipython().magics_manager.registry['KqlMagics'].editor()"


@pytest.fixture(scope="module")
def basic(tmp_path_factory: pytest.TempPathFactory, server: KustoServer) -> Iterator[Kernel]:
    """A kernel without the language service."""
    kernel = _started(tmp_path_factory.mktemp("basic"), server)
    kernel.run(f"{EDITOR}.service.close()")
    _wait_for_schemas(kernel, server)
    yield kernel
    kernel.close()


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory, server: KustoServer) -> Iterator[Kernel]:
    """A kernel with it, loaded."""
    if why_not():
        pytest.skip(f"there is no KQL language service here: {why_not()}")
    kernel = _started(tmp_path_factory.mktemp("full"), server)
    kernel.run(f"{EDITOR}.service.wait(90)")
    _wait_for_schemas(kernel, server)
    yield kernel
    kernel.close()


def _wait_for_schemas(kernel: Kernel, server: KustoServer) -> None:
    """What is read in the background is there once its names are offered."""
    cluster = _cluster(server)
    for cell, name in (("%%kql\nSto", "StormEvents"), (f"%%kql Logs@{cluster}\ndatabase('Archive').", "Old")):
        _until(kernel, cell, name)


def _until(kernel: Kernel, cell: str, name: str) -> None:
    for _ in range(600):
        if name in kernel.complete(cell)[0]:
            return
        time.sleep(0.1)
    raise AssertionError(f"{name} is not offered in {cell!r}")


def _cluster(server: KustoServer) -> str:
    return server.url.removeprefix("http://").replace(".", "_").replace(":", "_")


def _missing(kernel: Kernel, server: KustoServer, cell: str, wanted: str) -> set[str]:
    cell, wanted = (text.replace("{cluster}", _cluster(server)) for text in (cell, wanted))
    names = {"['two words']"} if "['two words']" in wanted else set()
    matches, _, _ = kernel.complete(cell)
    return ({*wanted.replace("['two words']", "").split(), *names}) - set(matches)


@pytest.mark.parametrize(("cell", "wanted", "_"), CASES, ids=[cell for cell, *_ in CASES])
def test_with_the_language_service(full: Kernel, server: KustoServer, cell: str, wanted: str, _: bool) -> None:
    assert not _missing(full, server, cell, wanted)


@pytest.mark.parametrize(("cell", "wanted"), [(cell, wanted) for cell, wanted, without in CASES if without])
def test_without_it(basic: Kernel, server: KustoServer, cell: str, wanted: str) -> None:
    assert not _missing(basic, server, cell, wanted)


@pytest.mark.parametrize("cell", NOTHING)
def test_no_python_in_kql(full: Kernel, basic: Kernel, cell: str) -> None:
    for kernel in (full, basic):
        matches, _, replaced = kernel.complete(cell)
        assert matches == [replaced]


@pytest.mark.parametrize("cell", ["sta", "frame.nu", "print(sta", "x = 1  # %kql\nsta", "'%kql'\nsta"])
def test_python_is_left_alone(full: Kernel, cell: str) -> None:
    matches, _, _ = full.complete(cell)
    assert "states" in matches or "number" in " ".join(matches)


def test_columns_come_before_functions_and_have_types(full: Kernel) -> None:
    matches, types, replaced = full.complete("%%kql\nStormEvents | where S")
    assert replaced == "S"
    assert [types[text] for text in matches[:2]] == ["field", "field"]
    assert types["strcat("] == "function"
    assert full.complete("%%kql\nSto")[1]["StormEvents"] == "class"


def test_what_is_replaced_is_the_word_at_the_cursor(full: Kernel) -> None:
    assert full.complete("%%kql\nprint '😀', 'é' | extend stat¦ | take 1")[2] == "stat"
    assert full.complete("%%kql\nStormEvents | project-aw")[2] == "project-aw"
    assert full.complete("%kql --hel")[2] == "--hel"


def test_unloading_removes_it(tmp_path: Path, server: KustoServer) -> None:
    kernel = _started(tmp_path, server)
    _until(kernel, "%%kql\nSto", "StormEvents")
    kernel.run("%unload_ext kqlext")
    assert "StormEvents" not in kernel.complete("%%kql\nSto")[0]
    threads = kernel.run("import threading; print([t.name for t in threading.enumerate() if 'language' in t.name])")
    assert threads.strip() == "[]"
    kernel.close()
