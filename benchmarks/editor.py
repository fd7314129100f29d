"""How long an editor waits: completion through a real kernel, on a schema of 700 tables with 40 columns; memory.

    .venv/bin/python benchmarks/editor.py [rounds]

The database is one of a loopback Kusto service that only tells its schema. No peer is measured: none completes KQL.
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from jupyter_client.manager import start_new_kernel

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from servers.kusto import Answer, KustoServer  # noqa: E402
from servers.kusto_frames import TableSpec, v1  # noqa: E402

TABLES, COLUMNS, FUNCTIONS = 700, 40, 300
TYPES = ("string", "long", "datetime", "dynamic", "real", "bool")
EDITOR = "get_ipython().magics_manager.registry['KqlMagics'].editor()"

# What is completed, and what must be among it; each round completes another table.
CASES = {
    "tables": ("%%kql\nTable_{n}", "Table_{n}"),
    "operators": ("%%kql\nTable_{n}\n| ", "summarize"),
    "columns": ("%%kql\nTable_{n}\n| where ", "Column_{n}_7"),
    "columns after summarize": ("%%kql\nTable_{n}\n| summarize Events = count() by Column_{n}_1\n| where ", "Events"),
    "columns after join": ("%%kql\nTable_{n}\n| join kind=inner (Table_1) on Column_1_1\n| where Colu", "Column_{n}_7"),
    "options": ("%%kql -di", "-display_limit"),
}
DIAGNOSED = (
    "Table_{n} | where Column_{n}_7 > 1 and Colum_{n}_8 == 'x' | summarize count() by bin(Column_{n}_2, 1h) | take 3"
)


def schema() -> str:
    """The schema as `.show database schema as json` gives it."""
    tables = {
        f"Table_{n}": {
            "Name": f"Table_{n}",
            "OrderedColumns": [{"Name": f"Column_{n}_{c}", "CslType": TYPES[c % len(TYPES)]} for c in range(COLUMNS)],
        }
        for n in range(TABLES)
    }
    functions = {
        f"Function_{n}": {
            "Name": f"Function_{n}",
            "InputParameters": [{"Name": "least", "CslType": "long"}],
            "Body": f"{{ Table_{n} | where Column_{n}_1 > least }}",
        }
        for n in range(FUNCTIONS)
    }
    return json.dumps({"Databases": {"Large": {"Name": "Large", "Tables": tables, "Functions": functions}}})


class Notebook:
    """A kernel that this process talks to."""

    def __init__(self) -> None:
        environment = {
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        }
        self.manager, self.client = start_new_kernel(kernel_name="python3", env=environment)
        self.process = int(self.run("import os; print(os.getpid())"))

    def run(self, code: str) -> str:
        seen: list[str] = []

        def note(message: dict[str, Any]) -> None:
            content = message["content"]
            seen.append(content.get("text") or content.get("data", {}).get("text/plain") or "")
            seen.extend(content.get("traceback", ()))

        self.client.execute_interactive(code, timeout=120, output_hook=note)
        return "".join(seen).strip()

    def complete(self, cell: str) -> tuple[float, list[str]]:
        """Milliseconds until the answer, and what is offered."""
        began = time.perf_counter()
        content = self.client.complete(cell, len(cell), reply=True, timeout=60)["content"]
        return 1000 * (time.perf_counter() - began), content["matches"]

    def processor_time(self) -> float:
        """Milliseconds of all processors that the kernel took until now."""
        words = Path(f"/proc/{self.process}/stat").read_text().rpartition(")")[2].split()
        return 1000 * (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")

    def memory(self) -> float:
        """Resident MB of the kernel."""
        return float(self.run("print(int(open('/proc/self/statm').read().split()[1]) * 4096 / 1e6)"))

    def close(self) -> None:
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)


def line(name: str, values: Sequence[float]) -> str:
    median, p95 = statistics.median(values), statistics.quantiles(values, n=20)[-1]
    return f"| {name} | {median:,.0f} ms | {p95:,.0f} ms | {min(values):,.0f} to {max(values):,.0f} ms |"


def main(rounds: int) -> None:
    with KustoServer() as server:
        table = TableSpec("Table_0", (("DatabaseSchema", "string"),), ((schema(),),))
        server.on(".show database ['Large'] schema as json", Answer(v1(table)))
        notebook = Notebook()
        try:
            measure(notebook, server, rounds)
        finally:
            notebook.close()
    delays()


def delays() -> None:
    """How long queries take while the schema is read and the service loads, and without that."""
    print("\n| a query of one value | first | median of 39 more | longest |\n|---|---|---|---|")
    for _ in range(3):
        for when in ("ahead", "never"):
            with KustoServer() as server:
                table = TableSpec("Table_0", (("DatabaseSchema", "string"),), ((schema(),),))
                server.on(".show database ['Large'] schema as json", Answer(v1(table)))
                notebook = Notebook()
                try:
                    times = queried(notebook, server, when)
                finally:
                    notebook.close()
            first, *more = times
            print(f"| schema read: {when} | {first:.0f} ms | {statistics.median(more):.0f} ms | {max(more):.0f} ms |")


def queried(notebook: Notebook, server: KustoServer, when: str) -> list[float]:
    """Milliseconds of 40 queries right after a connect."""
    notebook.run("%load_ext kqlext")
    notebook.run(f"%config KqlMagics.keep_schema = False\n%config KqlMagics.read_schema = '{when}'")
    notebook.run(f"%kql kusto://anonymous;cluster='{server.url}';database='Large'")
    times = []
    for _ in range(40):
        began = time.perf_counter()
        notebook.run("%kql print x = 1")
        times.append(1000 * (time.perf_counter() - began))
        time.sleep(0.02)
    return times


def measure(notebook: Notebook, server: KustoServer, rounds: int) -> None:
    load = "import time; began = time.perf_counter()\n%load_ext kqlext\nprint(1000 * (time.perf_counter() - began))"
    print(f"`%load_ext kqlext`: {float(notebook.run(load)):.0f} ms")
    notebook.run(f"%kql kusto://anonymous;cluster='{server.url}';database='Large'")
    before = notebook.memory()
    took, offered = notebook.complete("%%kql\nTable_5")
    print(f"first completion, while the service is loaded: {took:.0f} ms, {len(offered)} offered")
    began = time.perf_counter()
    notebook.run(f"{EDITOR}.service.wait(90)")
    print(f"loaded after {time.perf_counter() - began:.1f} s more")
    while "Column_5_7" not in notebook.complete("%%kql\nTable_5 | where ")[1]:
        time.sleep(0.2)
    print("\n| completed | median | 95th percentile | range | processor time |\n|---|---|---|---|---|")
    for name, (cell, wanted) in CASES.items():
        times, worked = [], notebook.processor_time()
        for n in range(2, rounds + 2):
            took, offered = notebook.complete(cell.replace("{n}", str(n)))
            assert wanted.replace("{n}", str(n)) in offered, (cell, offered[:5])
            times.append(took)
        print(line(name, times), f"{(notebook.processor_time() - worked) / rounds:.0f} ms |")
    code = f"""
import time
_service, _times = {EDITOR}.service, []
for n in range(2, {rounds} + 2):
    _text = {DIAGNOSED!r}.replace("{{n}}", str(n))
    _began = time.perf_counter()
    _found = _service.diagnostics(_text, True, 10)
    _times.append(1000 * (time.perf_counter() - _began))
    assert [one.code for one in _found] == ["KS142"], _found
print(_times)
"""
    worked = notebook.processor_time()
    print(line("diagnostics", json.loads(notebook.run(code))), end="")
    print(f" {(notebook.processor_time() - worked) / rounds:.0f} ms |")
    print(f"\nresident memory: {before:.0f} MB before the first completion, {notebook.memory():.0f} MB now")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 21)
