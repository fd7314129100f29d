"""ONE table of the Kusto scalar types: how each comes over the wire, what Arrow holds, how it is shown.

Sources: "Scalar data types" of the KQL reference; the wire forms are those of the v1 and v2 REST answers.

| Kusto    | wire                                    | Arrow                                              |
|----------|-----------------------------------------|----------------------------------------------------|
| bool     | true, false, 0, 1                       | bool                                               |
| int      | number                                  | int32                                              |
| long     | number                                  | int64, nulls as nulls (never through float)        |
| real     | number, "NaN", "Infinity", "-Infinity"  | float64; NaN is a value, null is null              |
| decimal  | text                                    | decimal128 or decimal256 of the scale that it needs|
| datetime | ISO 8601 UTC, 7 digits                  | timestamp[ns, UTC]; [us, UTC] outside 1677..2262   |
| timespan | [-][d.]hh:mm:ss[.fffffff], or ticks     | duration[ns]; [us] beyond 292 years                |
| string   | text                                    | string                                             |
| guid     | text                                    | string                                             |
| dynamic  | JSON, or JSON in a string               | Python values; JSON text where Arrow is asked for  |
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

import orjson
import pyarrow as pa
import pyarrow.compute as pc

TICKS_PER_SECOND = 10_000_000
_NS_TICKS = (2**63 - 1) // 100  # the most ticks that nanoseconds in 64 bits can count
_NS_FROM, _NS_UNTIL = "1677-09-23", "2262-04-10"  # whole days, in any time zone, that they reach


class NotOfTypeError(ValueError):
    """A value on the wire is none of its column's type."""


@dataclass(frozen=True)
class KustoType:
    """One scalar type. ``read`` makes Arrow data of the wire values of a column, and may add a warning."""

    name: str
    aliases: tuple[str, ...]
    align: Literal["left", "right"]
    read: Callable[[Sequence[Any], list[str]], Any]


class DynamicValues:
    """A column of dynamic values: Python objects, decoded from JSON text when they are first asked for."""

    def __init__(self, values: Sequence[Any] | None = None, texts: Any = None) -> None:
        self._values = values
        self._texts = texts

    def __len__(self) -> int:
        return len(self._texts if self._values is None else self._values)

    @property
    def values(self) -> Sequence[Any]:
        """The decoded values: dict, list, str, int, float, bool or None."""
        if self._values is None:
            self._values = [None if text is None else _json_value(text) for text in self._texts.to_pylist()]
        return self._values

    def texts(self) -> Any:
        """The values as JSON text, an Arrow string array; null stays null."""
        if self._texts is None:
            assert self._values is not None
            self._texts = pa.array([json_text(value) for value in self._values], pa.string())
        return self._texts

    def slice(self, start: int, stop: int) -> Sequence[Any]:
        """The values of some rows; only these are decoded."""
        if self._values is not None:
            return self._values[start:stop]
        texts = self._texts.slice(start, max(0, stop - start)).to_pylist()
        return [None if text is None else _json_value(text) for text in texts]


def json_text(value: Any) -> str | None:
    """A dynamic value as compact JSON, or None for null."""
    if value is None:
        return None
    try:
        return orjson.dumps(value, default=str, option=orjson.OPT_NON_STR_KEYS).decode()
    except orjson.JSONEncodeError:  # it is nested deeper than orjson writes, though not deeper than it reads
        return json.dumps(value, default=str, ensure_ascii=False, separators=(",", ":"))


def _json_value(text: str) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return text


# --- wire values -> Arrow --------------------------------------------------------------------------------

ARROW_ERRORS = (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError, OverflowError, TypeError)
_REALS = {"NaN": float("nan"), "Infinity": float("inf"), "-Infinity": float("-inf")}
_BOOLS = {True: True, False: False, "true": True, "false": False, "True": True, "False": False}


def _read_bool(values: Sequence[Any], _: list[str]) -> Any:
    try:
        return pa.array(values, pa.bool_())
    except ARROW_ERRORS:
        return pa.array([None if value is None else _BOOLS[value] for value in values], pa.bool_())


def _integers(arrow_type: Any) -> Callable[[Sequence[Any], list[str]], Any]:
    def read(values: Sequence[Any], _: list[str]) -> Any:
        if float not in set(map(type, values)):  # of a float, Arrow would cut the fraction off
            try:
                return pa.array(values, arrow_type)
            except ARROW_ERRORS:
                pass
        return pa.array([_integer(value) for value in values], arrow_type)

    return read


def _integer(value: Any) -> int | None:
    if value is None or value == "":
        return None
    if isinstance(value, float) and not value.is_integer():
        raise NotOfTypeError(f"{value} is no whole number")
    return int(value)


def _read_real(values: Sequence[Any], _: list[str]) -> Any:
    try:
        return pa.array(values, pa.float64())
    except ARROW_ERRORS:
        return pa.array([_real(value) for value in values], pa.float64())


def _real(value: Any) -> float | None:
    if value is None or value == "":
        return None
    return _REALS[value] if isinstance(value, str) and value in _REALS else float(value)


def _read_decimal(values: Sequence[Any], warnings: list[str]) -> Any:
    if float in set(map(type, values)):
        warnings.append("came as floating-point numbers: digits beyond the 17th may be lost")
    numbers = [None if value is None or value == "" else Decimal(str(value)) for value in values]
    if all(number is None for number in numbers):
        return pa.nulls(len(numbers), pa.decimal128(38, 0))
    return pa.array(numbers)


def _read_text(values: Sequence[Any], _: list[str]) -> Any:
    return pa.array(values, pa.string())


def _read_datetime(values: Sequence[Any], warnings: list[str]) -> Any:
    texts = pa.array(values, pa.string())
    if isinstance(texts, pa.ChunkedArray):
        texts = texts.combine_chunks()
    if pc.any(pc.equal(texts, "")).as_py():
        texts = pc.if_else(pc.equal(texts, ""), pa.scalar(None, pa.string()), texts)
    if texts.null_count == len(texts):
        return pa.nulls(len(texts), pa.timestamp("ns", "UTC"))
    if not pc.all(pc.ends_with(texts, "Z")).as_py():
        texts = _zoned(texts)
    # ISO 8601 sorts as text. The cast itself does not tell: Arrow 15 lets nanoseconds wrap around.
    bounds = pc.min_max(texts).as_py()
    if _NS_FROM <= bounds["min"] and bounds["max"] < _NS_UNTIL:
        return pc.cast(texts, pa.timestamp("ns", "UTC"))
    finer = pc.match_substring_regex(texts, r"\.\d{6}0*[1-9]")
    if pc.any(finer).as_py():
        warnings.append("is held in microseconds, since it has years outside 1677..2262: a seventh digit is cut")
    return pc.cast(pc.replace_substring_regex(texts, r"(\.\d{6})\d+", r"\1"), pa.timestamp("us", "UTC"))


def _zoned(texts: Any) -> Any:
    """ISO 8601 texts, some of them only a date or without a zone, all as Arrow reads them: UTC is meant."""
    texts = pc.replace_substring_regex(texts, r"^(\d{4}-\d\d-\d\d)$", r"\1T00:00:00Z")
    zoned = pc.match_substring_regex(texts, r"(Z|[+-]\d\d:?\d\d)$")
    return pc.if_else(zoned, texts, pc.binary_join_element_wise(texts, "Z", ""))


_TIMESPAN = re.compile(r"(-)?(?:(\d+)\.)?(\d{1,2}):(\d{2}):(\d{2})(?:\.(\d{1,7}))?")


def parse_timespan(text: str) -> int:
    """The ticks (100 ns) of ``[-][d.]hh:mm:ss[.fffffff]``.

    Raises:
        NotOfTypeError: the text is no timespan.
    """
    match = _TIMESPAN.fullmatch(text)
    if match is None:
        raise NotOfTypeError(f"{text!r} is no timespan")
    sign, days, hours, minutes, seconds, fraction = match.groups()
    whole = ((int(days or 0) * 24 + int(hours)) * 60 + int(minutes)) * 60 + int(seconds)
    ticks = whole * TICKS_PER_SECOND + int((fraction or "").ljust(7, "0"))
    return -ticks if sign else ticks


def format_timespan(ticks: int) -> str:
    """``[-][d.]hh:mm:ss[.fffffff]``, as Kusto writes it."""
    seconds, fraction = divmod(abs(ticks), TICKS_PER_SECOND)
    days, seconds = divmod(seconds, 86_400)
    clock = f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    text = (f"{days}." if days else "") + clock + (f".{fraction:07}" if fraction else "")
    return "-" + text if ticks < 0 else text


def _read_timespan(values: Sequence[Any], warnings: list[str]) -> Any:
    known: dict[Any, int | None] = {None: None, "": None}
    ticks: list[int | None] = []
    for value in values:
        if value not in known:
            known[value] = parse_timespan(value) if isinstance(value, str) else _integer(value)
        ticks.append(known[value])
    return durations(ticks, warnings)


def durations(ticks: Sequence[int | None], warnings: list[str]) -> Any:
    """Ticks as Arrow durations: nanoseconds, or microseconds where those do not reach."""
    known = [tick for tick in ticks if tick is not None]
    if not known or (-_NS_TICKS <= min(known) and max(known) <= _NS_TICKS):
        return pa.array([None if tick is None else tick * 100 for tick in ticks], pa.duration("ns"))
    if any(tick % 10 for tick in known):
        warnings.append("is held in microseconds, since it goes beyond 292 years: a seventh digit is cut")
    return pa.array([None if tick is None else tick // 10 for tick in ticks], pa.duration("us"))


def _read_dynamic(values: Sequence[Any], _: list[str]) -> Any:
    # Some services send dynamic values as JSON, others as JSON in a string (v1, Log Analytics). Where a column
    # holds an object or array, its strings are strings.
    if any(isinstance(value, (dict, list)) for value in values):
        return DynamicValues(list(values))
    return DynamicValues([_document(value) for value in values])


def _document(value: Any) -> Any:
    if isinstance(value, str) and value[:1] in ("{", "["):
        return _json_value(value)
    return value


TYPES: tuple[KustoType, ...] = (
    KustoType("bool", ("boolean", "sbyte"), "left", _read_bool),
    KustoType("int", ("int32", "int16", "byte"), "right", _integers(pa.int32())),
    KustoType("long", ("int64", "uint32", "uint64"), "right", _integers(pa.int64())),
    KustoType("real", ("double", "single", "float"), "right", _read_real),
    KustoType("decimal", ("sqldecimal",), "right", _read_decimal),
    KustoType("datetime", ("date",), "left", _read_datetime),
    KustoType("timespan", ("time",), "right", _read_timespan),
    KustoType("string", (), "left", _read_text),
    KustoType("guid", ("uuid", "uniqueid"), "left", _read_text),
    KustoType("dynamic", ("object",), "left", _read_dynamic),
)
_BY_NAME = {name: kusto_type for kusto_type in TYPES for name in (kusto_type.name, *kusto_type.aliases)}


def find_type(name: str) -> KustoType | None:
    """The type of a Kusto, CSL or .NET name (``long``, ``Int64``, ``System.Int64``), or None."""
    return _BY_NAME.get(name.rsplit(".", 1)[-1].lower())
