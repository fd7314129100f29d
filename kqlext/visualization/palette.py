"""Named sequences of colours, as in Kqlmagic, and the colour that a series keeps in all charts of a notebook."""

from __future__ import annotations

import colorsys
import math
import re
from collections.abc import Collection, Sequence
from html import escape

from kqlext.errors import KqlCellError
from kqlext.text import did_you_mean

DEFAULT = "tab10"

_NAMED: dict[str, str] = {
    "tab10": "1f77b4 ff7f0e 2ca02c d62728 9467bd 8c564b e377c2 7f7f7f bcbd22 17becf",
    "tab20": "1f77b4 aec7e8 ff7f0e ffbb78 2ca02c 98df8a d62728 ff9896 9467bd c5b0d5 8c564b c49c94 e377c2 f7b6d2 7f7f7f "
    "c7c7c7 bcbd22 dbdb8d 17becf 9edae5",
    "deep": "4c72b0 dd8452 55a868 c44e52 8172b3 937860 da8bc3 8c8c8c ccb974 64b5cd",
    "muted": "4878d0 ee854a 6acc64 d65f5f 956cb4 8c613c dc7ec0 797979 d5bb67 82c6e2",
    "pastel": "a1c9f4 ffb482 8de5a1 ff9f9b d0bbff debb9b fab0e4 cfcfcf fffea3 b9f2f0",
    "bright": "023eff ff7c00 1ac938 e8000b 8b2be2 9f4800 f14cc1 a3a3a3 ffc400 00d7ff",
    "dark": "001c7f b1400d 12711c 8c0800 591e71 592f0d a23582 3c3c3c b8850a 006374",
    "colorblind": "0173b2 de8f05 029e73 d55e00 cc78bc ca9161 fbafe4 949494 ece133 56b4e9",
    "deep6": "4c72b0 55a868 c44e52 8172b3 ccb974 64b5cd",
    "muted6": "4878d0 6acc64 d65f5f 956cb4 d5bb67 82c6e2",
    "pastel6": "a1c9f4 8de5a1 ff9f9b d0bbff fffea3 b9f2f0",
    "bright6": "023eff 1ac938 e8000b 8b2be2 ffc400 00d7ff",
    "dark6": "001c7f 12711c 8c0800 591e71 b8850a 006374",
    "colorblind6": "0173b2 029e73 d55e00 cc78bc ece133 56b4e9",
}
_SCALES = ("sequential", "diverging", "cyclical")
_SLICE = re.compile(r"(?P<name>.+?)\[(?P<start>-?\d*):(?P<stop>-?\d*)\](?P<reverse>_r)?")
_COLOUR = re.compile(r"#(?P<hex>[0-9a-f]{6})|rgb\(\s*(?P<r>\d+)\s*,\s*(?P<g>\d+)\s*,\s*(?P<b>\d+)\s*\)", re.I)
_MOST = 256  # colours of a palette


def palette(
    name: str = DEFAULT, count: int | None = None, desaturation: float = 1.0, reverse: bool = False
) -> tuple[str, ...]:
    """The colours of a palette, as ``#rrggbb``.

    Args:
        name: a name, ``name_r`` for it reversed, ``name[2:6]`` for a part, or a list ``['#ff0000', 'rgb(0,0,255)']``.
        count: how many colours; of a continuous scale so many in equal steps, else the first, or over again.
        desaturation: 1.0 leaves the colours as they are, 0.0 makes them grey.

    Raises:
        KqlCellError: there is no such palette, or its text cannot be read.
    """
    if not 0 <= desaturation <= 1:
        raise KqlCellError(f"-palette_desaturation cannot be {desaturation}.", hint="from 0 (grey) to 1")
    if count is not None and not 1 <= count <= _MOST:
        raise KqlCellError(f"-palette_colors cannot be {count}.", hint=f"from 1 to {_MOST}")
    colours, continuous = _find(name.strip())
    if count is not None:
        colours = _sample(colours, count) if continuous else [colours[i % len(colours)] for i in range(count)]
    if reverse:
        colours = colours[::-1]
    return tuple(_desaturated(colour, desaturation) for colour in colours)


def palette_names() -> list[str]:
    """The names of all palettes."""
    return [*_NAMED, *_plotly_palettes()]


def _find(name: str) -> tuple[list[str], bool]:
    """The colours, and whether they are points of a continuous scale."""
    if name.startswith("["):
        return _listed(name), False
    if cut := _SLICE.fullmatch(name):
        colours, continuous = _find(cut["name"])
        start, stop = (int(cut[end]) if cut[end] not in ("", "-") else None for end in ("start", "stop"))
        part = (_sample(colours, 10) if continuous and len(colours) < 10 else colours)[start:stop]
        if not part:
            raise KqlCellError(f"The palette {name} has no colour.", hint=f"{cut['name']} has {len(colours)}")
        return (part[::-1] if cut["reverse"] else part), False
    known = _NAMED.get(name.lower())
    if known is not None:
        return [f"#{code}" for code in known.split()], False
    others = {key.lower(): value for key, value in _plotly_palettes().items()}
    if name.lower() in others:
        return others[name.lower()]
    if name.lower().endswith("_r"):
        colours, continuous = _find(name[:-2])
        return colours[::-1], continuous
    raise KqlCellError(
        f"There is no palette {name}.", hint=did_you_mean(name, palette_names()) or "%kql --palettes shows them"
    )


def _listed(text: str) -> list[str]:
    """The colours of a list that is written out; nothing of it is evaluated."""
    found = list(_COLOUR.finditer(text))
    rest = _COLOUR.sub("", text).strip()
    if not found or rest.strip("[]'\", \t"):
        raise KqlCellError(f"{text} is no list of colours.", hint="write ['#1f77b4', 'rgb(255,127,14)']")
    return [_hex(match) for match in found]


def _hex(match: re.Match[str]) -> str:
    if match["hex"]:
        return f"#{match['hex'].lower()}"
    return "#" + "".join(f"{min(255, int(match[part])):02x}" for part in "rgb")


def _plotly_palettes() -> dict[str, tuple[list[str], bool]]:
    """The palettes that come with plotly, among them most of matplotlib's."""
    import plotly.colors

    found: dict[str, tuple[list[str], bool]] = {}
    for group in ("qualitative", *_SCALES):
        module = getattr(plotly.colors, group)
        for name, colours in vars(module).items():
            if not name.startswith("_") and not name.endswith("_r") and isinstance(colours, list):
                codes = [match for colour in colours if (match := _COLOUR.fullmatch(str(colour)))]
                if codes and len(codes) == len(colours):
                    found.setdefault(name, ([_hex(code) for code in codes], group != "qualitative"))
    return found


def _sample(colours: Sequence[str], count: int) -> list[str]:
    """So many colours in equal steps along the scale."""
    if count == 1:
        return [colours[len(colours) // 2]]
    result = []
    for index in range(count):
        place = index * (len(colours) - 1) / (count - 1)
        low = math.floor(place)
        high, share = min(low + 1, len(colours) - 1), place - low
        pair = zip(_channels(colours[low]), _channels(colours[high]), strict=True)
        result.append("#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in pair))
    return result


def _channels(colour: str) -> list[int]:
    return [int(colour[index : index + 2], 16) for index in (1, 3, 5)]


def _desaturated(colour: str, share: float) -> str:
    if share == 1:
        return colour
    hue, lightness, saturation = colorsys.rgb_to_hls(*(channel / 255 for channel in _channels(colour)))
    return "#" + "".join(f"{round(c * 255):02x}" for c in colorsys.hls_to_rgb(hue, lightness, saturation * share))


class Colours:
    """Which place of a palette each series has: the same in all charts of one notebook."""

    def __init__(self) -> None:
        self._places: dict[str, int] = {}

    def places(self, names: Sequence[str], count: int) -> list[int]:
        """For each name a place from 0 to ``count - 1``; two names of one chart share one only where none is free.

        Names that were seen before keep their place, the first of them where two have the same.
        """
        wanted = set(names)
        found: dict[str, int] = {}
        for name in [name for name in self._places if name in wanted]:
            found[name] = _free(self._places[name], found.values(), count)
        for name in dict.fromkeys(names):
            if name not in found:
                found[name] = self._places[name] = _free(len(self._places), found.values(), count)
        return [found[name] for name in names]


def _free(wanted: int, taken: Collection[int], count: int) -> int:
    """The first place from the wanted one on that is not taken, or the wanted one where all are."""
    places = (place % count for place in range(wanted, wanted + count))
    return next((place for place in places if place not in taken), wanted % count)


class PaletteListing:
    """Palettes with their colours, for ``%kql --palettes``."""

    def __init__(self, palettes: Sequence[tuple[str, Sequence[str]]]) -> None:
        self.palettes = dict(palettes)

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        rows = "".join(
            f'<tr><th scope="row" style="text-align:left">{escape(name)}</th><td style="text-align:left">'
            + "".join(f'<span title="{c}" style="background:{c};padding:0 .7em">&nbsp;</span>' for c in colours)
            + "</td></tr>"
            for name, colours in self.palettes.items()
        )
        return {"text/html": f"<table>{rows}</table>", "text/plain": repr(self)}

    def __repr__(self) -> str:
        return "\n".join(f"{name:<14} {' '.join(colours)}" for name, colours in self.palettes.items())
