"""Graphs in layers, and points in three dimensions."""

from __future__ import annotations

from typing import Any

import pytest
from figures import drawn, notes, refused

EDGES = "s:string t:string"


def nodes(found: Any) -> dict[str, tuple[float, float]]:
    dots = found["data"][1]
    return dict(zip(dots["text"], zip(dots["x"], dots["y"], strict=True), strict=True))


def lines(found: Any) -> list[list[tuple[float, float]]]:
    parts: list[list[tuple[float, float]]] = [[]]
    for x, y in zip(found["data"][0]["x"], found["data"][0]["y"], strict=True):
        if x is None:
            parts.append([])
        else:
            parts[-1].append((x, y))
    return parts[:-1]


def test_nodes_stand_in_layers_and_edges_end_at_them() -> None:
    found = drawn(EDGES, [["a", "b"], ["a", "c"], ["b", "d"], ["c", "d"]], "graph")
    places = nodes(found)
    assert list(places) == ["a", "b", "c", "d"]
    assert places["a"][0] < places["b"][0] == places["c"][0] < places["d"][0]
    assert [line[-1] for line in lines(found)] == [places["b"], places["c"], places["d"], places["d"]]
    assert all(len(line) == 2 for line in lines(found))
    assert found["data"][1]["hovertext"] == ["a: 0 in, 2 out", "b: 1 in, 1 out", "c: 1 in, 1 out", "d: 2 in, 0 out"]
    # An arrow at the end of each line, and nowhere else.
    lengths = [size for size in found["data"][0]["marker"]["size"] if size]
    assert len(lengths) == 4
    assert found["layout"]["xaxis"]["visible"] is False


def test_edges_do_not_cross_where_they_need_not() -> None:
    found = drawn(EDGES, [["a", "x"], ["b", "y"], ["c", "z"], ["r", "c"], ["r", "a"], ["r", "b"]], "graph")
    places = nodes(found)
    assert sorted("abc", key=lambda name: places[name][1]) == [
        {"x": "a", "y": "b", "z": "c"}[name] for name in sorted("xyz", key=lambda name: places[name][1])
    ]


def test_edges_back_and_aside_are_bent() -> None:
    found = drawn(EDGES, [["a", "b"], ["a", "c"], ["b", "c"], ["c", "a"]], "graph")
    assert [len(line) > 2 for line in lines(found)] == [False, False, True, True]
    places = nodes(found)
    assert [line[-1] for line in lines(found)[2:]] == [places["c"], places["a"]]
    low = max(y for line in lines(found) for _, y in line)
    assert found["layout"]["yaxis"]["range"][0] > low


def test_a_circle_begins_with_its_first_node() -> None:
    places = nodes(drawn(EDGES, [["p", "q"], ["q", "r"], ["r", "p"]], "graph"))
    assert places["p"][0] < places["q"][0] < places["r"][0]


def test_what_is_left_out_of_a_graph_is_said() -> None:
    found = drawn(EDGES, [["a", "b"], ["a", "b"], ["a", ""], [None, "b"], ["b", "b"]], "graph")
    assert notes(found) == [
        "2 rows without s or t left out.",
        "2 edges of 3 rows: each is drawn once.",
        "1 edge from a node to itself not drawn.",
    ]
    assert list(nodes(found)) == ["a", "b"]


def test_numbers_are_nodes_too() -> None:
    assert list(nodes(drawn("source:long target:long", [[1, 2], [2, 3]], "graph"))) == ["1", "2", "3"]


def test_the_same_graph_is_drawn_the_same() -> None:
    rows = [[f"n{i % 17}", f"n{i * i % 23}"] for i in range(60)]
    assert drawn(EDGES, rows, "graph") == drawn(EDGES, rows, "graph")


def test_names_that_are_cut_stay_two() -> None:
    rows = [["x" * 50 + middle + "x" * 50, "y"] for middle in "ab"]
    found = drawn(EDGES, rows, "graph")
    assert len(set(found["data"][1]["text"])) == 3


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ([["", "b"]], "there are 0 nodes and 0 edges, of at most 150 and 500"),
        ([["a", f"{n}"] for n in range(150)], "there are 151 nodes and 150 edges, of at most 150 and 500"),
        ([[f"{n // 30}", f"{n % 30}"] for n in range(600)], "there are 30 nodes and 600 edges, of at most 150 and 500"),
    ],
)
def test_graphs_that_cannot_be_read(rows: Any, reason: str) -> None:
    assert refused(EDGES, rows, "graph") == reason


def test_one_edge_to_itself_is_a_node() -> None:
    found = drawn(EDGES, [["a", "a"]], "graph")
    assert list(nodes(found)) == ["a"]
    assert lines(found) == []


# --- three dimensions --------------------------------------------------------------------------------------


def test_points_in_three_dimensions() -> None:
    rows = [[1, 2, 3.5, "a"], [4, 5, 6, "b"], [7, None, 9, "a"]]
    found = drawn("x:real y:real z:real s:string", rows, "3Dchart", xtitle="across")
    first, second = found["data"]
    assert (first["type"], first["name"], first["x"], first["y"], first["z"]) == ("scatter3d", "a", [1], [2], [3.5])
    assert (second["name"], second["z"]) == ("b", [6])
    scene = found["layout"]["scene"]
    assert [scene[axis]["title"]["text"] for axis in ("xaxis", "yaxis", "zaxis")] == ["across", "y", "z"]
    assert notes(found) == ["1 row without all three numbers left out."]


def test_titles_in_webgl_hold_no_markup() -> None:
    found = drawn("x<b>$:real y:real z:real", [[1, 2, 3]], "3Dchart")
    assert found["layout"]["scene"]["xaxis"]["title"]["text"] == "x"
    assert notes(found) == ["x is x&lt;b&gt;&#36;."]


def test_many_points_and_many_series() -> None:
    rows = [[n, n, n, f"s{n % 30}"] for n in range(2_000)]
    found = drawn("x:real y:real z:real s:string", rows, "3Dchart")
    assert len(found["data"]) == 21
    assert (found["data"][0]["name"], found["data"][0]["legendrank"]) == ("(10 others)", 2_000)
    assert refused("x:real y:real z:real", [[n, n, n] for n in range(2_001)], "3Dchart") == (
        "there are 2,001 points: 1 to 2,000 are drawn"
    )
    assert refused("x:real y:real z:real", [[None, 1, 2]], "3Dchart") == "there are 0 points: 1 to 2,000 are drawn"
