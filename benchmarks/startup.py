"""How long a user waits at the start: `%load_ext`, and from a fresh kernel to the first table. Peers in the same run.

    benchmarks/peers.sh [rounds]     makes the peers' environments, then runs this

Rounds are interleaved, so that noise of the machine falls on all alike; the table gives medians and the range.
"""

from __future__ import annotations

import json
import os
import platform
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from jupyter_client.manager import KernelManager

ROOT = Path(__file__).parent.parent
PEERS = ROOT / ".venv-peers"
OWN = Path(sys.executable)
QUERY = "range x from 1 to 10 step 1 | extend s = strcat('row ', tostring(x)), y = x * 1.5"

LOAD = """
import json, sys, time
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config
config = Config()
config.HistoryManager.enabled = False
shell = InteractiveShell.instance(config=config)
before = len(sys.modules)
began = time.perf_counter()
shell.run_line_magic("load_ext", {extension!r})
print("MEASURED" + json.dumps([time.perf_counter() - began, len(sys.modules) - before]))
"""

SILENT = {
    "KQLMAGIC_LOAD_MODE": "silent",
    "KQLMAGIC_CONFIGURATION": "enable_add_items_to_help=False;auto_popup_schema=False;add_schema_to_help=False",
}


@dataclass(frozen=True)
class Subject:
    """One extension: its interpreter, its name for `%load_ext`, and how a cell of it connects."""

    name: str
    python: Path
    extension: str
    connect: str = ""


SUBJECTS = (
    Subject("kqlext", OWN, "kqlext", "%kql kusto://anonymous;cluster='{url}';database='memory'"),
    Subject(
        "Kqlmagic 0.1.114, tuned", PEERS / "kqlmagic/bin/python", "Kqlmagic",
        "%kql kusto://anonymous;cluster='{url}';database='memory'",
    ),
    Subject("ipython-sql", PEERS / "ipython-sql/bin/python", "sql"),
)  # fmt: skip


def load(subject: Subject) -> tuple[float, int]:
    """Seconds and modules that `%load_ext` adds to a plain IPython shell, in a process of its own."""
    code = LOAD.format(extension=subject.extension)
    run = subprocess.run(
        [subject.python, "-c", code], env={**os.environ, **SILENT}, capture_output=True, text=True, check=True
    )
    seconds, modules = json.loads(run.stdout.split("MEASURED")[1])
    return seconds, modules


def first_result(subject: Subject, url: str) -> float:
    """Seconds from a started, idle kernel over load and connect to the first table of ten rows."""
    manager = KernelManager()
    manager.kernel_spec.argv = [str(subject.python), "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    manager.start_kernel(env={**os.environ, **SILENT}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    client = manager.client()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=60)
        client.execute_interactive("1", output_hook=lambda _: None)
        began = time.perf_counter()
        for cell in (f"%load_ext {subject.extension}", subject.connect.format(url=url), f"%kql {QUERY}"):
            reply = client.execute_interactive(cell, output_hook=lambda _: None, timeout=120)
            if reply["content"]["status"] != "ok":
                raise RuntimeError(f"{subject.name}: {cell}: {reply['content']}")
        return time.perf_counter() - began
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


@contextmanager
def endpoint() -> Iterator[str]:
    """A `duckdb-kql serve` on loopback."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    program = OWN.parent / "duckdb-kql"
    with subprocess.Popen(
        [program, "serve", "--port", str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as server:
        try:
            for _ in range(200):
                with socket.socket() as probe:
                    if probe.connect_ex(("127.0.0.1", port)) == 0:
                        break
                time.sleep(0.05)
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()


def rounds(count: int, subjects: tuple[Subject, ...], measure: Callable[[Subject], float]) -> dict[str, list[float]]:
    """Every subject once in each round, after one that is thrown away (it fills the disk's cache)."""
    times: dict[str, list[float]] = {subject.name: [] for subject in subjects}
    for number in range(count + 1):
        for subject in subjects:
            seconds = measure(subject)
            if number:
                times[subject.name].append(seconds)
    return times


def row(name: str, times: list[float], more: str = "") -> str:
    low, middle, high = min(times) * 1e3, statistics.median(times) * 1e3, max(times) * 1e3
    return f"| {name} | **{middle:,.0f} ms** | {low:,.0f} to {high:,.0f} ms |{more}"


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 7
    print(
        f"Python {platform.python_version()}, {os.cpu_count()} cores, {platform.machine()}, {count} rounds, "
        f"load {os.getloadavg()[0]:.1f}\n"
    )
    modules: dict[str, int] = {}

    def measure_load(subject: Subject) -> float:
        seconds, modules[subject.name] = load(subject)
        return seconds

    print("| `%load_ext` in a plain shell | median | range | modules |\n|---|---|---|---|")
    for name, times in rounds(count, SUBJECTS, measure_load).items():
        print(row(name, times, f" {modules[name]:,} |"))
    print("\n| idle kernel to first table | median | range |\n|---|---|---|")
    with endpoint() as url:
        kql = tuple(subject for subject in SUBJECTS if subject.connect)
        for name, times in rounds(count, kql, lambda subject: first_result(subject, url)).items():
            print(row(name, times))


if __name__ == "__main__":
    main()
