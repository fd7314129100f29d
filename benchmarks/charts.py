"""The CPU time of a chart that is made of many points: from Arrow columns to the bundle that a notebook saves.

.venv/bin/python benchmarks/charts.py [rounds]
"""

from __future__ import annotations

import json
import statistics
import sys
import time

import numpy as np
import pyarrow as pa

from kqlext.decode.tables import Column, DataSet, Table
from kqlext.origin import Origin
from kqlext.result import Result

POINTS, SERIES = 100_000, 10


def results() -> dict[str, Result]:
    """A timechart of 100,000 points in each of 10 series: as 10 columns, and as 1,000,000 rows with a series column."""
    random = np.random.default_rng(1)
    seconds = pa.array(np.arange(POINTS)).cast(pa.timestamp("s", "UTC"))
    columns = [Column(f"v{n}", "real", pa.array(random.normal(size=POINTS))) for n in range(SERIES)]
    wide = Table("T", (Column("T", "datetime", seconds), *columns), POINTS)
    long = Table(
        "T",
        (
            Column("T", "datetime", pa.array(np.repeat(np.arange(POINTS), SERIES)).cast(pa.timestamp("s", "UTC"))),
            Column("s", "string", pa.array([f"s{n}" for n in range(SERIES)] * POINTS)),
            Column("v", "real", pa.array(random.normal(size=POINTS * SERIES))),
        ),
        POINTS * SERIES,
    )
    asked = {"visualization": "timechart"}
    return {name: Result(DataSet((t,), asked), Origin("a@b", "T", 0.0)) for name, t in (("wide", wide), ("long", long))}


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 7
    for name, result in results().items():
        result._repr_mimebundle_()  # imports, and is thrown away
        taken = []
        for _ in range(rounds):
            began = time.process_time()
            bundle = result._repr_mimebundle_()
            taken.append(1000 * (time.process_time() - began))
        size = len(json.dumps(bundle)) // 1000
        print(f"{name}: {statistics.median(taken):.0f} ms ({min(taken):.0f} to {max(taken):.0f}), {size} KB saved")


if __name__ == "__main__":
    main()
