"""How long a large result takes from the query to a DataFrame, and the memory that it costs. Peers in the same run.

    benchmarks/peers.sh              makes the peers' environments
    python benchmarks/results.py [rounds] [rows] [words of a table's title]

Every measurement has a process of its own, against a canned service on loopback in another (`canned.py`), after a
first small query that imports what is needed. Rounds are interleaved; the table gives medians, the range, and the
ratio to the row that is the yardstick. Peak memory is what the resident set rose above that of the small query.
"""

from __future__ import annotations

import json
import os
import platform
import socket
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parent.parent
OWN = Path(sys.executable)
PEERS = Path(os.environ.get("KQLEXT_PEERS", ROOT / ".venv-peers"))
KQLMAGIC = PEERS / "kqlmagic/bin/python"

BEGIN = """
import gc, json, resource, statistics, sys, time
URL, FOLDER = sys.argv[1:3]
def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
def measured(work, rows):
    before = peak()
    began = time.perf_counter()
    made = work()
    seconds = time.perf_counter() - began
    assert rows is None or len(made) == rows, len(made)
    print("MEASURED" + json.dumps({"seconds": seconds, "megabytes": peak() - before}))
def median(work, times=200):
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        work()
        taken.append(time.perf_counter() - began)
    print("MEASURED" + json.dumps({"seconds": statistics.median(taken), "megabytes": 0}))
"""

SHELL = """
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config
config = Config()
config.HistoryManager.enabled = False
shell = InteractiveShell.instance(config=config)
def run(cell):
    done = shell.run_cell(cell, store_history=False)
    done.raise_error()
    return done.result
"""

KQLEXT = f"""{BEGIN}{SHELL}
run("%load_ext kqlext")
run(f"%kql {{CONNECTION.format(url=URL)}}")
run("%kql -feedback=False -o df one")
def ask(query):
    run(f"%kql -feedback=False -o df {{query}}")
    return shell.user_ns["df"]
"""
KUSTO = "CONNECTION = \"kusto://anonymous;cluster='{url}';database='db'\"\n"
PLAIN = "CONNECTION = \"kusto://anonymous;cluster='{url}';database='plain'\"\n"
WORKSPACE = (
    "CONNECTION = \"loganalytics://anonymous;workspace='8a3f1c52-6d0e-4a7b-9c35-2f1de0b47a96';datasourceurl='{url}'\"\n"
)

FLOOR = f"""{BEGIN}
import orjson, requests
session = requests.Session()
def ask(query):
    gc.disable()
    return orjson.loads(session.post(URL + "/v2/rest/query", json={{"db": "db", "csl": query}}).content)
ask("one")
"""

REQUESTS = f"""{BEGIN}
import pandas, requests
session = requests.Session()
def ask(query):
    table = session.post(URL + "/v2/rest/query", json={{"db": "db", "csl": query}}).json()[1]
    return pandas.DataFrame(table["Rows"], columns=[column["ColumnName"] for column in table["Columns"]])
ask("one")
"""

SDK = f"""{BEGIN}
import warnings
warnings.simplefilter("ignore")
from azure.kusto.data import KustoClient, KustoConnectionStringBuilder
from azure.kusto.data.helpers import dataframe_from_result_table
client = KustoClient(KustoConnectionStringBuilder.with_no_authentication(URL))
def ask(query):
    return dataframe_from_result_table(client.execute_query("db", query).primary_results[0])
ask("one")
"""

MONITOR_SDK = f"""{BEGIN}
import pandas
from azure.core.credentials import AzureKeyCredential
from azure.core.pipeline.policies import AzureKeyCredentialPolicy
from azure.monitor.query import LogsQueryClient
policy = AzureKeyCredentialPolicy(AzureKeyCredential("key"), "x-api-key")
client = LogsQueryClient(object(), endpoint=URL, authentication_policy=policy)
def ask(query):
    table = client.query_workspace("8a3f1c52-6d0e-4a7b-9c35-2f1de0b47a96", query, timespan=None).tables[0]
    return pandas.DataFrame(table.rows, columns=table.columns)
ask("one")
"""

OLD = f"""{BEGIN}{SHELL}
run("%load_ext Kqlmagic")
run(f"%kql kusto://anonymous;cluster='{{URL}}';database='db'")
def ask(query):
    run(f"%kql df << -ad {{query}}")
    return shell.user_ns["df"]
ask("one")
"""

EMBEDDED = f"""{BEGIN}{SHELL}
run("%load_ext kqlext")
run(f"%kql duckdb:// -tables {{FOLDER}}/numbers.parquet")
def ask(query):
    run(f"%kql -feedback=False -o df {{query}}")
    return shell.user_ns["df"]
ask("numbers | take 1")
"""

DUCKDB = f"""{BEGIN}
import duckdb
connection = duckdb.connect()
connection.execute(f"CREATE VIEW numbers AS FROM '{{FOLDER}}/numbers.parquet'")
def ask(query):
    return connection.execute(query).df()
ask("FROM numbers LIMIT 1")
"""


TRANSLATED = f"""{BEGIN}
import duckdb_kql
from duckdb_kql.engine import schema
connection = duckdb_kql.connect()
connection.execute(f"CREATE VIEW numbers AS FROM '{{FOLDER}}/numbers.parquet'")
def ask(query):
    sql = duckdb_kql.to_sql(query, schema=schema(connection))
    return connection.execute(str(sql)).df()
ask("numbers | take 1")
"""


@dataclass(frozen=True)
class Subject:
    """One way to do the work of a table: its name, its program, and how often it is run."""

    name: str
    program: str
    python: Path = OWN
    once: bool = False


@dataclass(frozen=True)
class Work:
    """One table: its title, what is compared, and the name of the row that ratios are taken to."""

    title: str
    subjects: tuple[Subject, ...]
    yardstick: str
    unit: str = "s"
    taken: dict[str, list[dict[str, float]]] = field(default_factory=dict)


def _frame(begin: str, query: str, rows: int) -> str:
    return f"{begin}\nmeasured(lambda: ask({query!r}), {rows})\n"


def works(rows: int) -> list[Work]:
    own, floor, sdk = "kqlext, whole cell", "floor: requests, orjson, collector off", "azure-kusto-data, DataFrame"

    def kusto(query: str, title: str) -> Work:
        subjects = (
            Subject(own, KUSTO + _frame(KQLEXT, query, rows)),
            Subject("kqlext, of a server without frames", PLAIN + _frame(KQLEXT, query, rows)),
            Subject(floor, _frame(FLOOR, query, 3)),
            Subject(sdk, _frame(SDK, query, rows)),
            Subject("requests, json, DataFrame", _frame(REQUESTS, query, rows)),
        )
        return Work(title, subjects, floor)

    def monitor(query: str, columns: str) -> Work:
        subjects = (
            Subject(own, WORKSPACE + _frame(KQLEXT, query, rows // 2)),
            Subject("azure-monitor-query, DataFrame", _frame(MONITOR_SDK, query, rows // 2)),
        )
        return Work(f"Log Analytics, {rows // 2:,} rows x 5 columns ({columns})", subjects, own)

    tenth = "tenth"
    return [
        kusto("events", f"{rows:,} rows x 5 columns (datetime, string, long, real, bool)"),
        kusto("spans", f"{rows:,} rows x 5 columns (datetime, string, long, timespan, dynamic)"),
        Work(
            f"{rows // 10:,} rows x 5 columns (datetime, string, long, real, bool)",
            (
                Subject(own, KUSTO + _frame(KQLEXT, tenth, rows // 10)),
                Subject("Kqlmagic -ad, whole cell", _frame(OLD, tenth, rows // 10), KQLMAGIC, once=True),
            ),
            own,
        ),
        monitor("flat", "datetime, string, long, real, bool"),
        monitor("logs", "datetime, string, int, real, dynamic"),
        Work(
            "ten rows over a kept-alive connection",
            (
                Subject("bare POST, not even parsed", BARE),
                Subject(own, KUSTO + KQLEXT + "\nmedian(lambda: ask('ten'))\n"),
                Subject("azure-kusto-data, DataFrame", SDK + "\nmedian(lambda: ask('ten'))\n"),
                Subject("Kqlmagic -ad, whole cell", OLD + "\nmedian(lambda: ask('ten'), 5)\n", KQLMAGIC, once=True),
            ),
            "bare POST, not even parsed",
            "ms",
        ),
        Work(
            f"embedded engine, Parquet of {rows * 10:,} rows, count and sum by a column",
            (
                Subject("DuckDB itself", _frame(DUCKDB, "SELECT k, count(*), sum(v) FROM numbers GROUP BY k", 1000)),
                Subject(
                    "duckdb-kql's translation, then DuckDB",
                    _frame(TRANSLATED, "numbers | summarize count(), sum(v) by k", 1000),
                ),
                Subject(own, _frame(EMBEDDED, "numbers | summarize count(), sum(v) by k", 1000)),
            ),
            "duckdb-kql's translation, then DuckDB",
        ),
    ]


BARE = f"""{BEGIN}
import requests
session = requests.Session()
median(lambda: session.post(URL + "/v2/rest/query", json={{"db": "db", "csl": "ten"}}).content)
"""

OUTPUT = f"""{KUSTO}{KQLEXT}
result = run("%kql tenth")
bundle = result._repr_mimebundle_()
print("MEASURED" + json.dumps({{"rows": len(result), "bytes": len(json.dumps(bundle))}}))
"""


def measure(program: str, python: Path, url: str, folder: str) -> dict[str, float]:
    """What a program in a process of its own measured."""
    silent = {
        "KQLMAGIC_LOAD_MODE": "silent",
        "KQLMAGIC_CONFIGURATION": "enable_add_items_to_help=False;auto_popup_schema=False;add_schema_to_help=False",
    }
    run = subprocess.run(
        [python, "-c", program, url, folder], env={**os.environ, **silent}, capture_output=True, text=True, check=False
    )
    if "MEASURED" not in run.stdout:
        raise RuntimeError(f"{run.stdout[-2000:]}\n{run.stderr[-2000:]}")
    measured: dict[str, float] = json.loads(run.stdout.split("MEASURED")[1].splitlines()[0])
    return measured


@contextmanager
def service(rows: int) -> Iterator[str]:
    """The canned service, ready."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [OWN, str(Path(__file__).parent / "canned.py"), str(port), str(rows)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        try:
            if server.stdout.readline() != "ready\n":
                raise RuntimeError("the canned service did not start")
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()


def _numbers(folder: str, rows: int) -> None:
    """A Parquet file of keys and values."""
    program = (
        'import duckdb, sys; duckdb.execute(f"COPY (SELECT (i * 7919) % 1000 AS k, i % 12345 AS v FROM '
        "range({sys.argv[1]}) r(i)) TO '{sys.argv[2]}/numbers.parquet'\")"
    )
    subprocess.run([OWN, "-c", program, str(rows), folder], check=True)


def _table(work: Work) -> str:
    scale = 1_000 if work.unit == "ms" else 1
    medians = {name: statistics.median(run["seconds"] for run in runs) for name, runs in work.taken.items()}
    lines = [f"| {work.title} | median | range | ratio | peak memory |", "|---|---|---|---|---|"]
    for name, runs in work.taken.items():
        seconds = [run["seconds"] * scale for run in runs]
        memory = statistics.median(run["megabytes"] for run in runs)
        lines.append(
            f"| {name} | **{medians[name] * scale:,.2f} {work.unit}** | {min(seconds):,.2f} to {max(seconds):,.2f} "
            f"| {medians[name] / medians[work.yardstick]:,.2f} | {f'{memory:,.0f} MB' if memory else ''} |"
        )
    return "\n".join(lines)


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    rows = int(sys.argv[2]) if len(sys.argv) > 2 else 1_000_000
    wanted = sys.argv[3] if len(sys.argv) > 3 else ""
    print(
        f"Python {platform.python_version()}, {os.cpu_count()} cores, {platform.machine()}, {count} rounds, "
        f"load {os.getloadavg()[0]:.1f}\n"
    )
    with tempfile.TemporaryDirectory() as folder, service(rows) as url:
        _numbers(folder, rows * 10)
        for work in works(rows):
            if wanted not in work.title:
                continue
            for number in range(count):
                for subject in work.subjects:
                    if subject.python.exists() and not (subject.once and number):
                        work.taken.setdefault(subject.name, []).append(
                            measure(subject.program, subject.python, url, folder)
                        )
            print(_table(work), end="\n\n", flush=True)
        shown = measure(OUTPUT, OWN, url, folder)
        print(f"The saved output of a result of {shown['rows']:,} rows: {shown['bytes']:,} bytes.")


if __name__ == "__main__":
    main()
