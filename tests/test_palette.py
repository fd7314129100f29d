"""Palettes by name, by part and as lists; colours that stay with their names."""

from __future__ import annotations

from typing import Any

import pytest
from conftest import Shell
from hypothesis import given
from hypothesis import strategies as st

from kqlext.errors import KqlCellError
from kqlext.visualization.palette import Colours, palette, palette_names

TAB10 = palette()


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("tab10", TAB10),
        ("TAB10", TAB10),
        ("tab10_r", TAB10[::-1]),
        ("tab10[2:4]", TAB10[2:4]),
        ("tab10[2:4]_r", TAB10[2:4][::-1]),
        ("tab10[:2]", TAB10[:2]),
        ("tab10[-2:]", TAB10[-2:]),
        ("['rgb(255, 0, 16)', '#00FF00']", ("#ff0010", "#00ff00")),
        ('["rgb(999,0,0)"]', ("#ff0000",)),
    ],
)
def test_names(name: str, expected: tuple[str, ...]) -> None:
    assert palette(name) == expected


def test_counts() -> None:
    assert palette("deep6", 3) == palette("deep6")[:3]
    assert palette("deep6", 8) == (*palette("deep6"), *palette("deep6")[:2])
    viridis = palette("viridis", 5)
    assert (len(viridis), viridis[0], viridis[-1]) == (5, palette("viridis")[0], palette("viridis")[-1])
    assert len(palette("viridis[4:11]", 3)) == 3
    assert len(set(palette("Blues", 12))) == 12
    assert palette("viridis", 1)[0] in palette("viridis")


def test_reverse_and_desaturation() -> None:
    assert palette(reverse=True) == TAB10[::-1]
    assert palette(reverse=True, count=3) == TAB10[:3][::-1]
    assert all(colour[1:3] == colour[3:5] == colour[5:7] for colour in palette(desaturation=0))
    assert palette(desaturation=0.5) != TAB10


@pytest.mark.parametrize(
    ("arguments", "message", "hint"),
    [
        ({"name": "tab11"}, "There is no palette tab11.", "did you mean 'tab10'?"),
        ({"name": "?"}, "There is no palette ?.", "--palettes"),
        ({"name": "tab10[20:30]"}, "The palette tab10[20:30] has no colour.", "tab10 has 10"),
        ({"name": "tab10[1:2:3]"}, "There is no palette tab10[1:2:3].", ""),
        ({"name": "['red']"}, "['red'] is no list of colours.", "write ["),
        ({"name": "[__import__('os')]"}, "[__import__('os')] is no list of colours.", "write ["),
        ({"name": "[]"}, "[] is no list of colours.", "write ["),
        ({"desaturation": 2.0}, "-palette_desaturation cannot be 2.0.", "from 0"),
        ({"desaturation": float("nan")}, "-palette_desaturation cannot be nan.", "from 0"),
        ({"count": 1_000}, "-palette_colors cannot be 1000.", "from 1 to 256"),
    ],
)
def test_mistakes(arguments: dict[str, Any], message: str, hint: str) -> None:
    with pytest.raises(KqlCellError) as caught:
        palette(**arguments)
    assert caught.value.message == message
    assert hint in (caught.value.hint or "")


def test_every_palette_is_of_colours() -> None:
    names = palette_names()
    assert {"tab10", "deep", "colorblind6", "Viridis", "Set1", "Blues"} <= set(names)
    for name in names:
        for colour in palette(name, 10):
            assert len(colour) == 7
            int(colour[1:], 16)


@given(st.lists(st.lists(st.text(max_size=2), unique=True, max_size=12), max_size=5))
def test_two_names_share_a_colour_only_where_none_is_free(charts: list[list[str]]) -> None:
    colours = Colours()
    for names in charts:
        places = colours.places(names, 10)
        assert len(set(places)) == min(10, len(names))


def test_new_names_do_not_take_the_place_of_old_ones() -> None:
    colours = Colours()
    assert colours.places(["a", "b"], 3) == [0, 1]
    assert colours.places(["c"], 3) == [2]
    assert colours.places(["d", "e", "a"], 3) == [1, 2, 0]
    assert colours.places(["d", "b"], 3) == [2, 1]  # b came first
    assert colours.places(["d", "a"], 3) == [1, 0]


def test_palettes_are_shown(shell: Shell) -> None:
    shown = shell.run("%kql --palettes")
    assert repr(shown).startswith("tab10          #1f77b4 #ff7f0e")
    html = shown._repr_mimebundle_()["text/html"]
    assert "<script" not in html
    assert html.count("background:#1f77b4") >= 1
    assert list(shell.run("%kql --palettes tab10[2:4]_r").palettes.values()) == [TAB10[2:4][::-1]]
    with pytest.raises(KqlCellError, match="There is no palette nope"):
        shell.run("%kql --palettes nope")
