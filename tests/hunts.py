"""Our list of hunting queries (``tests/hunting/*.kql``), and a sample database in which they find something today.

A file holds the queries of a theme. Each begins with ``//# theme/name``, which is no part of it; ``[rows: 0]`` behind
the name says that it finds nothing, ``[rows: any]`` that it depends on the day.
"""

from __future__ import annotations

import re
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

import duckdb

import kqlext
from kqlext import samples
from kqlext.client import Client
from kqlext.errors import KqlError
from kqlext.result import Result

FOLDER = Path(__file__).parent / "hunting"
LAST_DAY = date(2024, 3, 17)  # of the sample database
# Literals and comments: what stands in them is no construct.
_NOT_CODE = re.compile(r"""@"(?:[^"]|"")*"|@'(?:[^']|'')*'|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|//[^\n]*""")
_HEADER = re.compile(r"^//# (?P<name>\S+)(?: \[rows: (?P<rows>0|any)\])?$")


@dataclass(frozen=True)
class Hunt:
    """A query; ``rows`` is "some", "0" or "any"."""

    name: str
    text: str
    rows: str = "some"


@dataclass(frozen=True)
class Outcome:
    """What a query gave: so many rows, or the error."""

    hunt: Hunt
    rows: int = 0
    error: KqlError | None = None
    result: Result | None = None

    @property
    def reason(self) -> str:
        """The error's message without what differs from query to query."""
        return re.sub(r"'[^']*'|\"[^\"]*\"", "'...'", self.error.message) if self.error else ""


def hunts() -> tuple[Hunt, ...]:
    """All of them, in the order of the files and of the text."""
    found: list[Hunt] = []
    for path in sorted(FOLDER.glob("*.kql")):
        header, lines = None, []
        for line in [*path.read_text(encoding="utf-8").splitlines(), "//# end"]:
            match = _HEADER.match(line)
            if match is None:
                lines.append(line)
                continue
            if header is not None:
                found.append(Hunt(header["name"], "\n".join(lines).strip(), header["rows"] or "some"))
            header, lines = match, []
    return tuple(found)


def days_later() -> int:
    """How far the samples are moved: whole weeks, so that their week ended within the last seven days."""
    return (datetime.now() - timedelta(days=1) - datetime(LAST_DAY.year, LAST_DAY.month, LAST_DAY.day)).days // 7 * 7


def write_recent_samples(path: Path) -> None:
    """The sample database as a DuckDB file, with every time moved, so that ``ago(14d)`` reaches the whole week."""
    with duckdb.connect(str(path)) as connection:
        samples.load(connection)
        for table, columns in samples.TABLES.items():
            if table != "StormEvents":
                times = [column for column, kind in columns.items() if kind == "datetime"]
                moved = ", ".join(f"{column} = {column} + INTERVAL {days_later()} DAY" for column in times)
                connection.execute(f"UPDATE {table} SET {moved}")


@contextmanager
def recent_samples() -> Iterator[Client]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "samples.duckdb"
        write_recent_samples(path)
        with kqlext.connect(f"duckdb://{path}") as client:
            yield client


def run(client: Client, queries: tuple[Hunt, ...]) -> list[Outcome]:
    outcomes = []
    for hunt in queries:
        try:
            result = client.query(hunt.text)
            outcomes.append(Outcome(hunt, len(result), None, result))
        except KqlError as error:
            outcomes.append(Outcome(hunt, error=error))
    return outcomes


def reasons(outcomes: list[Outcome]) -> list[tuple[str, int, str]]:
    """Why queries do not run: reason, how many, the first of them; the most frequent first."""
    counted = Counter(outcome.reason for outcome in outcomes if outcome.error)
    first = {outcome.reason: outcome.hunt.name for outcome in reversed(outcomes)}
    return [(reason, count, first[reason]) for reason, count in counted.most_common()]


# ---- how often a construct occurs ----------------------------------------------------------------


@dataclass(frozen=True)
class Share:
    """A construct, and in how many of a hundred public hunting queries it occurs."""

    kind: str  # "operator", "function", "aggregate" or "render kind"
    name: str
    percent: float

    def pattern(self) -> str:
        """A regular expression that finds it in a query without literals."""
        if self.kind in ("function", "aggregate") or self.name in ("externaldata", "datatable"):
            return rf"\b{self.name}\s*\("
        if self.kind == "render kind":
            return rf"\brender\s+{self.name}\b"
        if self.name in ("union", "search"):
            return rf"\b{self.name}\b(?!\s*=)"
        written = {"sort": "(?:sort|order)", "take": "(?:take|limit)"}.get(self.name, self.name)
        return rf"(?:\||on \(\s*)\s*{written}\b(?![-\w])"


def shares() -> tuple[Share, ...]:
    """The sixty most frequent constructs of 5,351 public hunting queries, as Microsoft's parser counts them."""
    lines = (FOLDER / "shares.tsv").read_text(encoding="utf-8").splitlines()
    return tuple(Share(kind, name, float(percent)) for kind, name, percent in (line.split("\t") for line in lines))


def share_of(share: Share, queries: tuple[Hunt, ...]) -> float:
    """In how many of a hundred of these queries the construct occurs."""
    code = [_NOT_CODE.sub(lambda match: "" if match[0].startswith("//") else '""', hunt.text) for hunt in queries]
    return 100 * sum(bool(re.search(share.pattern(), text)) for text in code) / len(code)
