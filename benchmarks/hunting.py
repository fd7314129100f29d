"""Timelines of event tables: the time from a DataFrame to the bundle that a notebook saves, and its size there.

.venv/bin/python benchmarks/hunting.py [rounds]
"""

from __future__ import annotations

import statistics
import sys
import time

import nbformat
import numpy as np
import pandas as pd
from nbformat.v4 import new_code_cell, new_notebook, new_output

import kqlext

ROWS = (363, 10_890, 108_900)
PROGRAMS = [f"C:\\Windows\\System32\\program{n}.exe" for n in range(68)]


def events(count: int) -> pd.DataFrame:
    """Starts of processes, with the columns that a timeline shows: so many in a day."""
    random = np.random.default_rng(count)
    programs = random.choice(PROGRAMS, count)
    return pd.DataFrame({
        "TimeGenerated": pd.Timestamp("2024-01-01") + pd.to_timedelta(random.integers(0, 86_400_000, count), unit="ms"),
        "Computer": random.choice([f"host{n}" for n in range(12)], count),
        "Account": random.choice(["SYSTEM", "admin", "user"], count),
        "NewProcessName": programs,
        "CommandLine": [f'"{program}" --run {n}' for n, program in enumerate(programs)],
    })  # fmt: skip


def saved_bytes(shown: object) -> int:
    """The size of a notebook that holds this output."""
    bundle = shown._repr_mimebundle_()  # type: ignore[attr-defined]
    output = new_output("execute_result", data=bundle, execution_count=1)
    return len(nbformat.writes(new_notebook(cells=[new_code_cell("", outputs=[output])])).encode())


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 7
    kqlext.timeline(events(10))  # imports, and is thrown away
    for count in ROWS:
        frame = events(count)
        wall, cpu = [], []
        for _ in range(rounds):
            began, used = time.perf_counter(), time.process_time()
            shown = kqlext.timeline(frame, group="Computer", color="Account")
            wall.append(time.perf_counter() - began)
            cpu.append(time.process_time() - used)
        print(
            f"timeline of {count:,} rows: {statistics.median(wall):.2f} s ({min(wall):.2f} to {max(wall):.2f}), "
            f"{statistics.median(cpu):.2f} s of CPU, {saved_bytes(shown) / 1000:,.0f} KB saved"
        )


if __name__ == "__main__":
    main()
