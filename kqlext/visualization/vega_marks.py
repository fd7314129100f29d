"""The traces of a figure as layers of Vega-Lite: rows of short field names, a mark, and what it encodes.

Names of columns and series are values of the rows or titles, never names of fields, and no expression is made of data.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any

import numpy as np

from kqlext.visualization.look import Figure
from kqlext.visualization.points import Series
from kqlext.visualization.thinning import apart, thinned
from kqlext.visualization.vega_series import CROSS, SYMBOLS, CannotBeSaidError, Scale, entries_of

MOST_ROWS = 2_000  # of a chart: a row is some 30 to 90 bytes, and a mark that the browser keeps
_COLUMNS = 700  # of pixels
_XY = (("x", "x"), ("y", "y"))


@dataclass(frozen=True)
class Layer:
    """Rows, their mark, and what they encode.

    Attributes:
        rows: ``x``, ``y`` and others that ``encoding`` names, ``k`` the entry of the legend, ``g`` the trace.
        encoding: channel -> field; ``tooltip`` is pairs of a field and the axis that it is a value of.
        axis: the y axis of the figure (y, y2, ...).
        styles: what its series differ in beside colour, where they need it.
    """

    mark: Mapping[str, Any]
    rows: Sequence[Mapping[str, Any]]
    encoding: Mapping[str, Any]
    axis: str = "y"
    styles: tuple[str, ...] = ()


@dataclass
class Traces:
    """The traces of a figure, checked, with the entry of the legend that each belongs to."""

    figure: Figure
    x: Scale
    y: Mapping[str, Scale]
    notes: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.all: list[Figure] = list(self.figure["data"])
        self.entries, self.entry_of = entries_of(self.all)

    def layers(self) -> Iterator[Layer]:
        """One for each axis and kind of mark, in the order of the traces."""
        together: dict[tuple[Any, ...], list[int]] = {}
        for number, trace in enumerate(self.all):
            look = trace.get("line", {}).get("width", 2), trace.get("opacity", 1)
            together.setdefault((trace.get("yaxis", "y"), _form(trace), *look), []).append(number)
        most, count = MOST_ROWS // max(1, len(self.all)), 0
        for (axis, form, *_), numbers in together.items():
            if axis not in self.y:
                raise CannotBeSaidError(axis)
            for layer in self._of_form(form, axis, numbers, most):
                count += len(layer.rows)
                if count > MOST_ROWS + len(self.all):  # each line has its last point
                    raise CannotBeSaidError("rows")
                yield layer

    def _of_form(self, form: str, axis: str, numbers: Sequence[int], most: int) -> Iterator[Layer]:
        if form == "bar":
            yield self._bars(axis, numbers)
        elif form == "span":
            yield self._spans(axis, numbers)
        elif form == "stack":
            yield self._stacked_areas(axis, numbers)
        else:
            yield self._lines(form, axis, numbers, most)

    # --- lines, points, areas -----------------------------------------------------------------------------

    def _lines(self, form: str, axis: str, numbers: Sequence[int], most: int) -> Layer:
        rows: list[dict[str, Any]] = []
        for number, x, y in self._few(form, axis, numbers, most):
            rows += self._points(number, x, y) if form == "markers" else self._pieces(number, x, y)
        marker = self.all[numbers[0]].get("marker", {})
        symbol = SYMBOLS[marker.get("symbol", "circle")]
        size = marker.get("size", 5) ** 2
        encoding = {"x": {"field": "x"}, "y": {"field": "y", "stack": None}, "tooltip": _XY}
        if form == "markers":
            size *= 2.5 if symbol == CROSS else 1  # which has no area of its own
            point = {"type": "point", "size": size, "filled": symbol != CROSS, "opacity": marker.get("opacity", 1)}
            mark = {**point, "strokeWidth": 0 if point["filled"] else 2.5}
            return Layer(mark, rows, encoding, axis, ("shape",))
        lines = {"order": {"value": None}}
        if form == "area" and self.y[axis].kind != "log":  # from zero, which a logarithmic axis does not have
            mark = {"type": "area", "fillOpacity": 0.25, "line": {"strokeWidth": 2, "aria": False}}
            return Layer(mark, rows, {**encoding, **lines}, axis)
        point_or_none = {"point": {"size": size, "aria": False}} if "markers" in form else {}
        trace = self.all[numbers[0]]
        width = {"strokeWidth": trace.get("line", {}).get("width", 2), "opacity": trace.get("opacity", 1)}
        return Layer({"type": "line", **width, **point_or_none}, rows, {**encoding, **lines}, axis, ("strokeDash",))

    def _points(self, number: int, x: Sequence[Any], y: Sequence[Any]) -> Iterator[dict[str, Any]]:
        pairs = ((at, value) for at, value in zip(x, y, strict=True) if at is not None and value is not None)
        return ({"x": at, "y": value, "k": self.entry_of[number]} for at, value in pairs)

    def _pieces(self, number: int, x: Sequence[Any], y: Sequence[Any]) -> Iterator[dict[str, Any]]:
        """The points of a line. It is broken at a missing y, and where x is missing another begins (``g``)."""
        shared = self.entry_of.count(self.entry_of[number]) > 1 or None in x
        piece = 0
        for at, value in zip(x, y, strict=True):
            if at is None:
                piece += 1
                continue
            yield {"x": at, "y": value, "k": self.entry_of[number], **({"g": f"{number}.{piece}"} if shared else {})}

    def _few(
        self, form: str, axis: str, numbers: Sequence[int], most: int
    ) -> Iterator[tuple[int, list[Any], list[Any]]]:
        """The points of each trace; where they are many those that can be told apart."""
        found = [(n, self.x.values(self.all[n]["x"]), self.y[axis].values(self.all[n]["y"])) for n in numbers]
        count = sum(len(x) for _, x, _ in found)
        if self.x.kind == "category" or count <= most * len(numbers) or any(None in x for _, x, _ in found):
            yield from found
            return
        series = [Series("", 0, np.array(x, dtype=float), np.array(y, dtype=float)) for _, x, y in found]
        if form == "markers":
            few = apart(series, most * len(numbers))
            step = -(-sum(len(one.x) for one in few) // (most * len(numbers)))
            few = [replace(one, x=one.x[::step], y=one.y[::step]) for one in few]
        else:
            few = [thinned(one, min(_COLUMNS, max(10, most // 3))) for one in series]
        drawn = sum(len(one.x) for one in few)
        self.notes.append(
            f"Of those, {drawn:,} are in this picture."
            if _is_thinned(self.figure)
            else f"{drawn:,} of {count:,} points are in this picture; the Result has all."
        )
        for number, one in zip(numbers, few, strict=True):
            yield number, _json(one.x), _json(one.y)

    def _stacked_areas(self, axis: str, numbers: Sequence[int]) -> Layer:
        """Areas on one another; where one has no value it is zero, as the figure's notes say."""
        share = any(self.all[number].get("groupnorm") for number in numbers)
        places: dict[Any, None] = {}
        values: dict[int, dict[Any, float]] = {}
        for number in numbers:
            trace = self.all[number]
            along = self.x.values(trace["x"])
            places.update(dict.fromkeys(along))
            values[number] = {at: value or 0 for at, value in zip(along, trace["y"], strict=True)}
        order = [at for at in self.x.categories if at in places] if self.x.kind == "category" else sorted(places)
        if len(order) * len(numbers) > MOST_ROWS or self.y[axis].kind == "log":
            raise CannotBeSaidError("stack")
        filled = {number: {at: own.get(at, 0) for at in order} for number, own in values.items()}
        rows = [
            {"x": at, "y": top, "b": base, "v": value, "k": self.entry_of[number]}
            for number, at, base, top, value in _stacked(filled, share)
        ]
        encoding = {
            "x": {"field": "x"}, "y": {"field": "y", "stack": None}, "y2": {"field": "b"}, "order": {"value": None},
            "tooltip": (("x", "x"), ("v", "y")),
        }  # fmt: skip
        return Layer({"type": "area", "fillOpacity": 0.7}, rows, encoding, axis)

    # --- bars ---------------------------------------------------------------------------------------------

    def _bars(self, axis: str, numbers: Sequence[int]) -> Layer:
        """Bars beside or on one another; upright, or lying where the figure's x and y are exchanged."""
        page = self.figure["layout"]
        lying = self.all[numbers[0]].get("orientation") == "h"
        at_key, value_key = ("y", "x") if lying else ("x", "y")
        along, up = (self.y[axis], self.x) if lying else (self.x, self.y[axis])
        values: dict[int, dict[Any, Any]] = {}
        for number in numbers:
            trace = self.all[number]
            pairs = zip(along.values(trace[at_key]), up.values(trace[value_key]), strict=True)
            values[number] = {at: value for at, value in pairs if at is not None and value is not None}
        on_one_another = page.get("barmode") == "relative"
        if on_one_another and up.kind == "log":
            raise CannotBeSaidError("stack")
        encoding: dict[str, Any] = {at_key: {"field": "x"}, value_key: {"field": "y", "stack": None}}
        if on_one_another:
            rows = [
                {"x": at, "y": top, "b": base, "v": value, "k": self.entry_of[number]}
                for number, at, base, top, value in _stacked(values, bool(page.get("barnorm")))
            ]
            encoding[f"{value_key}2"] = {"field": "b"}
        else:
            rows = [
                {"x": at, "y": value, "k": self.entry_of[number]}
                for number, own in values.items()
                for at, value in own.items()
            ]
        tooltip = (("x", at_key), ("v" if on_one_another else "y", value_key))
        beside = not on_one_another and len(numbers) > 1
        if along.kind == "category":
            if beside:
                encoding[f"{at_key}Offset"] = {"field": "s"}
        else:
            rows = _wide(rows, self.entry_of, numbers if beside else numbers[:1])
            if not on_one_another and up.kind == "log":  # which has no zero where these bars could begin
                raise CannotBeSaidError("bars")
            encoding = {f"{value_key}2": {"datum": 0}, **encoding}
            encoding |= {at_key: {"field": "l"}, f"{at_key}2": {"field": "r"}}
        return Layer({"type": "bar"}, rows, {**encoding, "tooltip": tooltip}, axis)

    def _spans(self, axis: str, numbers: Sequence[int]) -> Layer:
        """Bars from a start to an end, each row of its own name."""
        rows = []
        for number in numbers:
            trace = self.all[number]
            starts, ends = (self.x.values([pair[end] for pair in trace["customdata"]]) for end in (0, 1))
            names = self.y[axis].values(trace["y"])
            rows += [
                {"x": start, "r": end, "y": name, "k": self.entry_of[number]}
                for start, end, name in zip(starts, ends, names, strict=True)
            ]
        encoding = {
            "x": {"field": "x"},
            "x2": {"field": "r"},
            "y": {"field": "y"},
            "tooltip": (("y", "y"), ("x", "x"), ("r", "x")),
        }
        mark = {"type": "bar", "opacity": 0.8, "minBandSize": 4, "strokeWidth": 1}
        return Layer(mark, rows, encoding, axis)


def _form(trace: Figure) -> str:
    if trace["type"] == "bar":
        return "span" if "base" in trace else "bar"
    if "stackgroup" in trace:
        return "stack"
    if trace.get("fill", "none") != "none":
        if trace["fill"] != "tozeroy":
            raise CannotBeSaidError("fill")
        return "area"
    if trace.get("mode") not in ("lines", "markers", "lines+markers"):
        raise CannotBeSaidError("mode")
    return str(trace["mode"])


def _stacked(values: Mapping[int, Mapping[Any, float]], share: bool) -> Iterator[tuple[int, Any, float, float, float]]:
    """Trace, place, begin, end and value: values above zero upwards, others downwards; shares are of 100."""
    totals: dict[Any, float] = {}
    for own in values.values():
        for at, value in own.items():
            totals[at] = totals.get(at, 0) + value
    reached: dict[tuple[Any, bool], float] = {}
    for number, own in values.items():
        for at, value in own.items():
            size = (value / totals[at] * 100 if totals[at] else 0) if share else value
            base = reached.get((at, size < 0), 0)
            reached[at, size < 0] = base + size
            yield number, at, base, base + size, value


def _wide(rows: Sequence[Mapping[str, Any]], entry_of: Sequence[int], beside: Sequence[int]) -> list[dict[str, Any]]:
    """Bars of an axis of times or numbers, as wide as plotly makes them: 0.85 of the least distance."""
    places = sorted({row["x"] for row in rows})
    width = 0.85 * min((after - before for before, after in pairwise(places)), default=1)
    turn = {entry_of[number]: index for index, number in enumerate(beside)}
    share = width / len(beside)
    result = []
    for row in rows:
        left = row["x"] - width / 2 + share * (turn.get(row["k"], 0) if len(beside) > 1 else 0)
        result.append({**row, "l": left, "r": left + share})
    return result


def _is_thinned(figure: Figure) -> bool:
    return "the Result has all." in str(figure["layout"].get("title", {}).get("text", ""))


def _json(values: Any) -> list[Any]:
    return [None if value != value else int(value) if value == int(value) else value for value in values.tolist()]
