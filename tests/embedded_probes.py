"""What the embedded engine does with each operator and function of KQL, found by running a probe of each.

``embedded/probes.tsv`` has a kind, a name and a probe in a line: a query, or an expression, which is printed. A probe
that gives one boolean is right only where it gives true.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import duckdb_kql

import kqlext
from kqlext import samples
from kqlext.client import Client
from kqlext.errors import KqlError
from kqlext.services.local_functions import tables

FILE = Path(__file__).parent / "embedded" / "probes.tsv"
_BEGINNINGS = ("print ", "range ", "datatable", "let ", "union ", "find ", "search ", "declare ", "set ", "restrict ")
# Their answers are other ones each time.
RANDOM = ("rand", "new_guid", "sample", "sample-distinct", "take_any", "now", "ago")


@dataclass(frozen=True)
class Probe:
    kind: str  # "operator", "scalar", "aggregate" or "plugin"
    name: str
    text: str

    @property
    def query(self) -> str:
        """The probe as a query."""
        whole = " | " in self.text or ";" in self.text or self.text.startswith((*_BEGINNINGS, "evaluate "))
        return self.text if whole else f"print x = {self.text}"


@dataclass(frozen=True)
class Found:
    """``status`` is "engine", "kqlext", "mended", "differs", "refused" or "wrong"; ``note`` says what or why."""

    probe: Probe
    status: str
    note: str = ""


def probes() -> tuple[Probe, ...]:
    lines = FILE.read_text(encoding="utf-8").splitlines()
    return tuple(Probe(kind, name, text) for kind, name, text in (line.split("\t") for line in lines))


def found() -> tuple[Found, ...]:
    """All probes, run on kqlext's embedded engine and on duckdb-kql as it is."""
    with kqlext.connect("samples://") as client, kqlext.connect("duckdb://") as empty, duckdb.connect() as bare:
        samples.load(bare)
        # Without tables it is quicker.
        return tuple(_found(probe, client if _reads_tables(probe) else empty, bare) for probe in probes())


def _reads_tables(probe: Probe) -> bool:
    return any(word in probe.text for word in ("StormEvents", "SecurityAlert", "*", "samples", "database"))


def _found(probe: Probe, client: Client, bare: duckdb.DuckDBPyConnection) -> Found:
    try:
        result = client.query(probe.query)
        rows = [tuple(row) for row in result]
    except KqlError as error:
        return Found(probe, "refused", error.hint or error.message)
    if len(rows) == 1 and len(rows[0]) == 1 and (rows[0][0] is False or rows[0][0] is None):
        return Found(probe, "wrong", repr(rows))
    if result.warnings:
        return Found(probe, "differs", result.warnings[0])
    try:
        alone = duckdb_kql.query(bare, probe.query).fetchall()
    except Exception:  # noqa: BLE001 (whatever it raises, it does not have it)
        return Found(probe, "kqlext")
    if probe.kind in ("scalar", "aggregate") and probe.name in tables.names():
        return Found(probe, "mended")
    if probe.name in RANDOM or _plain(alone) == _plain(rows):
        return Found(probe, "engine")
    return Found(probe, "mended", f"{alone[:2]} -> {rows[:2]}")


def _plain(rows: list[tuple[Any, ...]]) -> list[str]:
    return sorted(repr([_value(value) for value in row]) for row in rows)


def _value(value: Any) -> Any:
    """Values of both in one form: JSON is its value, numbers are floats, times have no zone."""
    if isinstance(value, str):
        try:
            return _value(json.loads(value)) if value[:1] in ("[", "{", '"') else value
        except ValueError:
            return value
    if isinstance(value, list):
        return [_value(each) for each in value]
    if isinstance(value, dict):
        return {key: _value(each) for key, each in value.items()}
    if isinstance(value, int | float) and not isinstance(value, bool):
        return round(float(value), 9)
    return value.replace(tzinfo=None) if hasattr(value, "tzinfo") else value
