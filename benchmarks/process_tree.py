"""The CPU time of a process tree of 25,000 events: from the DataFrame to the tree, and to what a notebook saves of it.

.venv/bin/python benchmarks/process_tree.py [rounds]
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

import pandas as pd

from kqlext import connect, process_tree

EVENTS = 25_000
SOURCES = {"SecurityEvent": "Computer", "DeviceProcessEvents": "DeviceName"}


def frames(count: int) -> dict[str, pd.DataFrame]:
    """So many starts of processes: the week of the sample database, on as many more hosts as that takes."""
    made = {}
    with connect("samples") as samples:
        for table, host in SOURCES.items():
            kept = "| where EventID == 4688" if table == "SecurityEvent" else ""
            week = samples.query(f"{table} {kept}").to_pandas()
            weeks = [week.assign(**{host: week[host] + f"-{copy}"}) for copy in range(-(-count // len(week)))]
            made[table] = pd.concat(weeks, ignore_index=True).head(count)
    return made


def median(rounds: int, work: Callable[[], Any]) -> str:
    work()  # imports, and is thrown away
    taken = []
    for _ in range(rounds):
        began = time.process_time()
        work()
        taken.append(1000 * (time.process_time() - began))
    return f"{statistics.median(taken):.0f} ms ({min(taken):.0f} to {max(taken):.0f})"


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 7
    for count in (1_000, EVENTS):
        for name, frame in frames(count).items():
            tree = process_tree(frame)
            print(f"{name}, {count:,} events, {len(tree):,} processes")
            print("  build", median(rounds, lambda frame=frame: process_tree(frame)))
            # The texts of a tree are kept: each round shows one that was just made.
            print("  build and show", median(rounds, lambda frame=frame: process_tree(frame)._repr_mimebundle_()))
            print("  build and draw", median(rounds, lambda frame=frame: process_tree(frame).to_plotly()))
            print("  to_pandas", median(rounds, tree.to_pandas))
            shown, drawn = len(json.dumps(tree._repr_mimebundle_())), len(tree.to_plotly().to_json())
            print(f"  {shown // 1000} KB saved as a tree, {drawn // 1000} KB as a figure")


if __name__ == "__main__":
    main()
