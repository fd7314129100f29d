"""Discs and pies on a map: which places, how large, which shares."""

from __future__ import annotations

import math
from typing import Any

import pytest
from figures import drawn, notes, refused

PLACES, POINTS = "Lon:real Lat:real s:string n:long", "s:string p:point n:long"


def pies(rows: Any, columns: str = PLACES, **properties: Any) -> Any:
    return drawn(columns, rows, "piechart", kind="map", **properties)


def test_discs_where_each_place_has_one_colour() -> None:
    found = pies([[8.5, 47.4, "a", 3], [-70, 3, "b", 9], [-70, 3, "b", 3]])
    first, second = found["data"]
    assert (first["name"], first["x"], first["y"], first["marker"]["size"]) == ("a", [8.5], [47.4], [3])
    assert (second["name"], second["x"], second["y"], second["marker"]["size"]) == ("b", [-70.0], [3.0], [12])
    assert {trace["marker"]["sizemode"] for trace in found["data"]} == {"area"}
    assert first["marker"]["sizeref"] == second["marker"]["sizeref"]
    assert second["text"] == ["b: 12"]
    assert notes(found) == ["The area of a disc is n; the largest is 12."]
    assert found["layout"]["showlegend"] is True
    assert "geo" not in found["layout"]


def outlines(trace: Any) -> list[list[tuple[float, float]]]:
    parts: list[list[tuple[float, float]]] = [[]]
    for x, y in zip(trace["x"], trace["y"], strict=True):
        if x is None:
            parts.append([])
        else:
            parts[-1].append((x, y))
    return [part for part in parts if part]


def area(outline: list[tuple[float, float]]) -> float:
    """Of a polygon, in units of the chart, where a degree of latitude is 1.25 of longitude."""
    around = zip(outline, [*outline[1:], outline[0]], strict=True)
    return abs(sum(x * next_y - next_x * y for (x, y), (next_x, next_y) in around)) / 2 * 1.25


def test_pies_where_colours_share_a_place() -> None:
    found = pies([[8, 47, "a", 30], [8, 47, "b", 10], [0, 40, "b", 20]])
    a, b, hover = found["data"]
    (quarters,), (quarter, whole) = outlines(a), outlines(b)
    assert area(quarters) == pytest.approx(3 * area(quarter), rel=0.02)
    assert area(quarters) + area(quarter) == pytest.approx(2 * area(whole), rel=0.02)
    # The slice of a begins at the top and goes round to the right: its first corner is the place itself.
    assert quarters[0] == (8, 47)
    assert quarters[1][0] == pytest.approx(8)
    assert quarters[1][1] > 47
    assert max(x for x, _ in quarters) - 8 == pytest.approx((quarters[1][1] - 47) * 1.25, rel=0.01)
    assert (hover["x"], hover["y"]) == ([8.0, 0.0], [47.0, 40.0])
    assert hover["text"] == ["40<br>a: 30<br>b: 10", "20<br>b: 20"]
    assert hover["marker"]["opacity"] == 0
    assert notes(found) == ["The area of a pie is n; the largest is 40."]


def test_pies_of_a_small_region_are_round() -> None:
    found = pies([[8.5, 47.4, "a", 1], [8.5, 47.4, "b", 1], [8.5001, 47.4001, "a", 1]])
    (half, whole) = outlines(found["data"][0])
    radius = math.sqrt(area(whole) / math.pi)
    assert area(half) == pytest.approx(area(whole), rel=0.05)  # half of two
    assert max(x for x, _ in whole) - 8.5001 == pytest.approx(radius, rel=0.05)


def test_points_of_geojson_and_no_colour() -> None:
    point = {"type": "Point", "coordinates": [8.5, 47.4]}
    found = pies([["a", point, 3], ["b", None, 4], ["c", point, None]], POINTS)
    (trace,) = found["data"]
    assert (trace["name"], trace["x"], trace["text"]) == ("a", [8.5], ["a: 3"])
    assert notes(found)[:2] == ["1 row without a place left out.", "1 row without n left out."]
    (trace,) = pies([[point, 3]], "p:point n:long")["data"]
    assert (trace["name"], trace["text"]) == ("n", ["n: 3"])


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ([[8, 47, "a", -1]], "'n' has negative values, which have no size"),
        ([[8, 47, "a", None]], "'n' has no value above zero"),
        ([[8, 47, "a", 0]], "'n' has no value above zero"),
        ([[None, 47, "a", 1]], "longitudes are from -180 to 180, latitudes from -90 to 90"),
        ([[8, 91, "a", 1]], "longitudes are from -180 to 180, latitudes from -90 to 90"),
        ([[None, 47, "a", 1], [8, 47, "a", 0]], "'n' has no value above zero at any place"),
    ],
)
def test_what_is_no_map_of_pies(rows: Any, reason: str) -> None:
    assert refused(PLACES, rows, "piechart", kind="map") == reason


def test_many_places_and_many_colours() -> None:
    rows = [[n % 150, n % 80, f"s{n // 40 % 40}", n] for n in range(1, 3_000)]
    found = pies(rows)
    said = notes(found)
    assert "The 10 largest of 40 series by total, the others as one." in said
    assert any(line.startswith("The 100 largest of ") for line in said)
    assert [trace.get("name") for trace in found["data"]][-2] == "(30 others)"
    assert len(found["data"][-1]["x"]) == 100


def test_a_place_of_zero_is_said() -> None:
    assert "1 place with a total of zero left out." in notes(pies([[8, 47, "a", 1], [9, 47, "a", 0]]))
