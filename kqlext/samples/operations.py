"""Perf and Usage: what an operator of the workspace looks at."""

from __future__ import annotations

import numpy as np

from kqlext.samples.columns import Columns, fill, guid, pick
from kqlext.samples.company import HOST_NAMES, computers, heard
from kqlext.samples.data.operations import (
    BUSY_END,
    BUSY_HOST,
    BUSY_LEVEL,
    BUSY_START,
    COUNTERS,
    CPU,
    DATA_DISK,
    FULL_HOST,
    FULL_LEFT,
    INGESTION,
    LOUD_END,
    LOUD_FACTOR,
    LOUD_START,
    LOUD_TABLE,
    Counter,
)
from kqlext.samples.draws import DAY, HOUR, MINUTE, PATTERNS, SECOND, WEEK_START, Numbers, Random, moment, rows_of

_SAMPLE = np.dtype([("host", np.int64), ("time", np.int64), ("counter", np.int64), ("value", np.float64)])
_SUBSCRIPTION = guid("subscription")
_WORKSPACE = f"/subscriptions/{_SUBSCRIPTION}/resourcegroups/soc/providers/microsoft.operationalinsights/workspaces/soc"


def performance(random: Random) -> Columns:
    rows = np.concatenate([_samples(random, number, counter) for number, counter in enumerate(COUNTERS)])
    rows = rows[heard(rows)]
    names = {"Object": "object_name", "Name": "name", "Instance": "instance"}
    parts = {key: pick([getattr(each, name) for each in COUNTERS], rows["counter"]) for key, name in names.items()}
    within = pick([f"({each.instance})" if each.instance else "" for each in COUNTERS], rows["counter"])
    hosts = computers(rows["host"])
    return {
        "TimeGenerated": rows["time"], "Computer": hosts, "ObjectName": parts["Object"],
        "CounterName": parts["Name"], "InstanceName": parts["Instance"], "CounterValue": rows["value"].copy(),
        "CounterPath": fill("\\\\<Host>\\<Object><Within>\\<Name>", Host=hosts, Within=within, **parts),
        "SourceSystem": "OpsManager",
    }  # fmt: skip


def usage(random: Random) -> Columns:
    hour, number = (each.ravel() for each in np.meshgrid(np.arange(7 * 24), np.arange(len(INGESTION))))
    table, solution, at_work, at_night, billed = zip(*INGESTION, strict=True)
    times = WEEK_START + hour * HOUR
    share = _at_work(times)
    size = share * np.array(at_work)[number] + (1 - share) * np.array(at_night)[number]
    loud = (number == table.index(LOUD_TABLE)) & (times >= moment(LOUD_START)) & (times < moment(LOUD_END))
    size *= (0.85 + 0.3 * random.random_sample(len(size))) * np.where(loud, LOUD_FACTOR, 1.0)
    return {
        "TimeGenerated": times + 59 * MINUTE, "StartTime": times, "EndTime": times + HOUR - SECOND,
        "DataType": pick(table, number), "Solution": pick(solution, number), "Quantity": np.round(size, 4),
        "QuantityUnit": "MBytes", "ResourceUri": _WORKSPACE, "SourceSystem": "OMS",
        "MeterId": guid("meter"), "IsBillable": np.array(billed)[number].astype(np.int64),
    }  # fmt: skip


def _samples(random: Random, number: int, counter: Counter) -> Numbers:
    hosts = [HOST_NAMES.index(name) for name in counter.hosts or HOST_NAMES]
    beats = np.arange(7 * DAY // (counter.minutes * MINUTE))
    host, beat = (each.ravel() for each in np.meshgrid(hosts, beats))
    time = WEEK_START + beat * counter.minutes * MINUTE + (host * 53 + 19) * SECOND
    value = counter.level + counter.spread * (2 * random.random_sample(len(host)) - 1) + counter.work * _at_work(time)
    if counter == DATA_DISK:
        gone = (time - WEEK_START) / (7 * DAY) * (counter.level - FULL_LEFT)
        value -= np.where(host == HOST_NAMES.index(FULL_HOST), gone, 0.0)
    if counter == CPU:
        busy = (time >= moment(BUSY_START)) & (time < moment(BUSY_END)) & (host == HOST_NAMES.index(BUSY_HOST))
        value = np.where(busy, BUSY_LEVEL + counter.spread / 2 * random.random_sample(len(host)), value)
    return rows_of(_SAMPLE, len(host), host=host, time=time, counter=number, value=np.round(value, 3))


def _at_work(times: Numbers) -> Numbers:
    """How much is going on: 1 in the busiest hour of the week."""
    days, hours = (np.array(weights) for weights in PATTERNS["office"])
    since = times - WEEK_START
    share: Numbers = days[since // DAY] * hours[since % DAY // HOUR] / (days.max() * hours.max())
    return share
