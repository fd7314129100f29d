"""Pivot charts and time pivots: sums by two levels of categories, events in lanes."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from figures import DAYS, drawn, notes, refused, traces

TWO, SPANS = "s:string t:string n:long", "s:string StartTime:datetime EndTime:datetime"


def test_two_levels_stand_in_groups() -> None:
    rows = [["a", "x", 1], ["b", "x", 2], ["a", "y", 4], ["a", "x", 8]]
    found = drawn(TWO, rows, "pivotchart")
    assert traces(found) == [("n", [["a", "a", "b"], ["x", "y", "x"]], [9, 4, 2])]
    layout = found["layout"]
    assert (layout["xaxis"]["type"], layout["barmode"]) == ("multicategory", "group")
    assert (layout["xaxis"]["title"]["text"], layout["yaxis"]["title"]["text"]) == ("s, t", "n")
    assert notes(found) == ["Rows of one cell are added up."]


def test_one_level_and_no_value() -> None:
    found = drawn("s:string n:real m:real", [["a", 1.5, None], ["b", "Infinity", 2]], "pivotchart")
    assert traces(found) == [("n", ["a", "b"], [1.5, None]), ("m", ["a", "b"], [None, 2])]
    assert found["layout"]["xaxis"]["type"] == "category"
    assert notes(found) == ["1 infinite value of n left out."]
    assert refused("s:string n:long", [["a", None]], "pivotchart") == "there is no value to be drawn"


def test_series_of_a_pivot() -> None:
    rows = [["a", "x", "p", 1], ["a", "x", "q", 2], ["b", "", "p", 3]]
    found = drawn("s:string t:string u:string n:long", rows, "pivotchart")
    x = [["a", "b"], ["x", "(empty)"]]
    assert traces(found) == [("p", x, [1, 3]), ("q", x, [2, None])]


def test_a_logarithmic_pivot() -> None:
    rows = [["a", "x", 10], ["a", "y", 0]]
    found = drawn(TWO, rows, "pivotchart", yaxis="log", ymin=1, ymax=100)
    assert (found["layout"]["yaxis"]["type"], found["layout"]["yaxis"]["range"]) == ("log", [0.0, 2.0])
    assert notes(found) == ["1 value of zero or less not on a logarithmic axis."]


def test_many_cells_and_many_series() -> None:
    rows = [[f"s{n % 50}", f"t{n // 50 % 10}", f"u{n % 30}", n] for n in range(3_000)]
    found = drawn("s:string t:string u:string n:long", rows, "pivotchart")
    assert len(found["data"]) == 20
    assert len(found["data"][0]["x"][0]) == 200
    outer = found["data"][0]["x"][0]
    assert len(list(dict.fromkeys(outer))) == 1 + sum(one != other for one, other in pairwise(outer))
    assert notes(found)[:2] == [
        "The 200 largest of 500 categories by total.",
        "The 20 largest of 30 series by total.",
    ]


# --- time pivot --------------------------------------------------------------------------------------------


def test_events_stand_in_lanes() -> None:
    rows = [["OHIO", DAYS[2]], ["IOWA", DAYS[0]], ["OHIO", DAYS[5]], ["", DAYS[1]], ["IOWA", None]]
    found = drawn("State:string T:datetime", rows, "timepivot")
    days = ["2024-01-03", "2024-01-01", "2024-01-06", "2024-01-02"]
    assert traces(found) == [("T", days, ["OHIO", "IOWA", "OHIO", "(empty)"])]
    layout = found["layout"]
    assert layout["yaxis"]["categoryarray"] == ["OHIO", "IOWA", "(empty)"]
    assert layout["yaxis"]["range"] == [2.5, -0.5]  # the first lane on top
    assert (layout["xaxis"]["type"], layout["yaxis"]["type"]) == ("date", "category")
    assert notes(found) == ["1 row without T left out."]


def test_lanes_of_one_beginning_stand_together() -> None:
    rows = [["a", "x", DAYS[0]], ["b", "x", DAYS[0]], ["a", "y", DAYS[0]]]
    found = drawn("s:string t:string T:datetime", rows, "timepivot", series="s,t")
    assert found["layout"]["yaxis"]["categoryarray"] == ["a:x", "a:y", "b:x"]


def test_a_line_goes_to_the_end() -> None:
    rows = [["a", DAYS[0], DAYS[2]], ["a", DAYS[4], None], ["a", DAYS[5], DAYS[5]], ["a", DAYS[6], DAYS[1]]]
    found = drawn(SPANS, rows, "timepivot")
    spans, events = found["data"]
    assert (spans["x"], spans["y"], spans["mode"]) == (["2024-01-01", "2024-01-03", None], ["a", "a", None], "lines")
    assert len(events["x"]) == 4
    assert notes(found) == ["1 event with EndTime before the start: drawn without an end."]


def test_no_series_is_one_lane() -> None:
    assert traces(drawn("T:datetime n:long", [[DAYS[0], 1]], "timepivot")) == [("T", ["2024-01-01"], ["(all)"])]
    assert refused("T:datetime", [[None]], "timepivot") == "'T' has no value"


def test_many_events_and_many_lanes() -> None:
    rows: list[list[Any]] = [
        [f"s{n % 70}", f"2024-01-{1 + n % 28:02}T{n // 28 % 24:02}:{n % 60:02}:00Z"] for n in range(20_000)
    ]
    rows += [["s0", DAYS[30]]] * 400
    found = drawn("s:string T:datetime", rows, "timepivot")
    (events,) = found["data"]
    assert len(events["x"]) <= 2_000
    assert len(found["layout"]["yaxis"]["categoryarray"]) == 50
    assert events["x"].count("2024-01-31T00:00") == 1
    said = notes(found)
    assert said[0] == "The 50 largest of 70 lanes by rows."
    assert said[1].startswith(f"{len(events['x']):,} of ")


@pytest.mark.parametrize("year", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59.9999999Z"])
def test_the_ends_of_time(year: str) -> None:
    found = drawn(SPANS, [["a", DAYS[0], year], ["b", year, year]], "timepivot")
    assert len(found["data"][-1]["x"]) == 2
