"""Where the embedded engine's answer is not Kusto's, the result says so: each case is run on the engine."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pytest
from conftest import Shell

from kqlext.services.local_differences import differences

ROWS = "range x from 1 to 9 step 1 | extend t = datetime(2024-01-01) + x * 1d"
BEGIN = dt.datetime(1, 1, 1, tzinfo=dt.UTC)


@pytest.fixture
def engine(shell: Shell) -> Shell:
    shell.run("%kql duckdb://")
    return shell


def cell(engine: Shell, query: str) -> tuple[Any, tuple[str, ...]]:
    result = engine.run(f"%kql {query}")
    return result[0][0], result.warnings


@pytest.mark.parametrize("function", ["make_list", "make_set"])
def test_a_limit_that_does_nothing(engine: Shell, function: str) -> None:
    found, warnings = cell(engine, f"{ROWS} | summarize {function}(x, 2)")
    assert len(found) == 9
    assert warnings == (f"`{function}(…, 2)`: the embedded engine keeps all values, whatever the limit.",)
    assert cell(engine, f"{ROWS} | summarize {function}(x)")[1] == ()


@pytest.mark.parametrize(
    ("span", "length"),
    [
        ("7d", dt.timedelta(days=7)),
        ("7m", dt.timedelta(minutes=7)),
        ("5h", dt.timedelta(hours=5)),
        ("25h", dt.timedelta(hours=25)),
        ("1.5d", dt.timedelta(days=1.5)),
        ("11s", dt.timedelta(seconds=11)),
        ("4d", dt.timedelta(days=4)),
        ("time(7.00:00:00)", dt.timedelta(days=7)),
        ("timespan(00:07)", dt.timedelta(minutes=7)),
        ("7days", dt.timedelta(days=7)),
    ],
)
@pytest.mark.parametrize("moment", ["2024-01-02T03:04:05", "1969-12-31T23:59:59", "0999-05-06T07:08:09"])
def test_bins_that_begin_elsewhere(engine: Shell, span: str, length: dt.timedelta, moment: str) -> None:
    """The bin is not that of Kusto, whose datetimes begin in the year 1; what the note says to write gives that."""
    value = dt.datetime.fromisoformat(f"{moment}+00:00")
    kusto = value - (value - BEGIN) % length
    found, (warning,) = cell(engine, f"print bin(datetime({moment}), {span})")
    assert warning.startswith(f"`bin(…, {span})`: the embedded engine counts bins of datetimes from 1970-01-01")
    assert abs(found - kusto) < length
    (written,) = re.findall(r"Kusto's are (.*) here\.", warning)
    right, _ = cell(engine, f"print {written.replace('x', f'datetime({moment})')}")
    assert right == kusto


def test_a_week_begins_otherwise(engine: Shell) -> None:
    """2024-01-02 was a Tuesday: Kusto's bin is of the Monday before, the engine's of a Thursday."""
    assert cell(engine, "print bin(datetime(2024-01-02), 7d)")[0] == dt.datetime(2023, 12, 28, tzinfo=dt.UTC)
    assert cell(engine, "print bin(datetime(2024-01-02) + 3d, 7d) - 3d")[0] == dt.datetime(2024, 1, 1, tzinfo=dt.UTC)


def test_bins_below_a_second(engine: Shell) -> None:
    found, warnings = cell(engine, "print bin(datetime(2024-01-01 00:00:00.3), 0.1s)")
    assert found == dt.datetime(2024, 1, 1, 0, 0, 0, 200_000, tzinfo=dt.UTC)  # Kusto's is .3
    assert ["floating point" in warning for warning in warnings] == [True]
    found, warnings = cell(engine, "print bin(1.5s, 100ms)")
    assert found == dt.timedelta(seconds=2)  # Kusto's is 1.5 s
    assert ["rounded to seconds" in warning for warning in warnings] == [True]


def test_a_bin_of_a_difference(engine: Shell) -> None:
    """It is a timespan in Kusto; the engine knows no types when it translates."""
    difference = "datetime(2024-01-02 03:00) - datetime(2024-01-01)"
    found, (warning,) = cell(engine, f"print bin({difference}, 1h)")
    assert found == dt.datetime(1970, 1, 2, 3, tzinfo=dt.UTC)
    assert "bin(totimespan(…), 1h) gives Kusto's" in warning
    assert cell(engine, f"print bin(totimespan({difference}), 1h)") == (dt.timedelta(hours=27), ())
    assert cell(engine, "print bin(datetime(2024-01-02 03:00) - 1h, 1h)")[1] == ()
    assert cell(engine, "let s = 1h; print bin(datetime(2024-01-02 03:00) - s, 1h)")[1] == ()


@pytest.mark.parametrize("span", ["1d", "1h", "30m", "15m", "12h", "2d", "1s", "10m", "6h", "1min"])
@pytest.mark.parametrize("moment", ["2024-01-02T03:04:05", "1969-12-31T23:59:59"])
def test_the_usual_bins_are_kustos(engine: Shell, span: str, moment: str) -> None:
    number, unit = re.fullmatch(r"(\d+)(\w+)", span).groups()  # type: ignore[union-attr]
    name = {"d": "days", "h": "hours", "m": "minutes", "min": "minutes", "s": "seconds"}[unit]
    length = dt.timedelta(**{name: int(number)})
    value = dt.datetime.fromisoformat(f"{moment}+00:00")
    assert cell(engine, f"print bin(datetime({moment}), {span})") == (value - (value - BEGIN) % length, ())


@pytest.mark.parametrize(
    "query",
    [
        "T | summarize count() by bin(x, 7)",
        "T | summarize count() by bin(x, 0.5)",
        "T | where text has 'bin(t, 7d)' // bin(t, 7d)",
        "print bin(25h, 7h)",
        "print bin(totimespan('1.01:00:00'), 7h)",
        "print bin(totimespan(a - b), 7h)",
        "T | summarize count() by bin(t - 1h, 1d), bin(-t, 1d)",
        "T | extend y = bin_at(t, 7d, datetime(2024-01-01))",
        "T | extend y = startofweek(t), z = startofweek(t, -1)",
        "T | extend y = d.bin(t, 7d)",
        "T | summarize make_set(pack('a', x))",
        "T | extend bin = 7d",
        "bin(",
        "bin(t,",
    ],
)
def test_nothing_to_say(query: str) -> None:
    assert differences(query) == []


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("let s = 7d; T | summarize count() by bin(t, s)", 1),
        ("T | summarize count() by floor(t, 7d)", 1),
        ("T | summarize count() by bin(todatetime(strcat(a, ',', b)), 7d)", 1),
        ("T | summarize count() by bin(t, 7d) | summarize count() by bin(t, 7d)", 1),
        ("T | summarize make_set(x, 5), make_list(x, 5), count() by bin(t, 7d)", 3),
        ("T | summarize make_list(pack('a', x), 2 + 3)", 1),
        ("T | summarize count() by bin(t, 7ms)", 2),
    ],
)
def test_what_is_said(query: str, count: int) -> None:
    assert len(differences(query)) == count


def test_startofweek_is_kustos(engine: Shell) -> None:
    assert cell(engine, "print startofweek(datetime(2017-01-01 10:10:17), -1)") == (
        dt.datetime(2016, 12, 25, tzinfo=dt.UTC),
        (),
    )
