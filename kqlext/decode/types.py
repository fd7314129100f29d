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

A column comes in pieces, and what it becomes is for all of its values to say: nanoseconds or microseconds, the scale of
decimals, text where one value is none of its type. So a piece is kept as the Arrow array that says exactly what came
over the wire, where there is one (``KustoType.packed``), and is converted when the last one is there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

import pyarrow as pa
import pyarrow.compute as pc

from kqlext.decode.dynamic import DynamicValues
from kqlext.decode.pieces import JsonValues, Piece, are_arrow, joined, wire_values
from kqlext.decode.timespans import NotOfTypeError, read_timespans, unpack_timespans, whole_number

_NS_FROM, _NS_UNTIL = "1677-09-23", "2262-04-10"  # whole days, in any time zone, that they reach


@dataclass(frozen=True)
class KustoType:
    """One scalar type.

    Attributes:
        packed: an Arrow array of which ``to_pylist`` gives the wire values back as they were; raises one of
            ``MISFITS`` where there is none.
        convert: column data of all pieces of a column, which are packed values or ``JsonValues`` of what could not be
            packed; may add a warning, and raises one of ``MISFITS``.
    """

    name: str
    aliases: tuple[str, ...]
    align: Literal["left", "right"]
    packed: Callable[[Sequence[Any]], Any]
    convert: Callable[[Sequence[Piece], list[str]], Any]


# --- wire values -> Arrow --------------------------------------------------------------------------------

ARROW_ERRORS = (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError, OverflowError, TypeError)
MISFITS: tuple[type[Exception], ...] = (ValueError, ArithmeticError, KeyError, *ARROW_ERRORS)
"""What says that values are none of their column's type."""

_REALS = {"NaN": float("nan"), "Infinity": float("inf"), "-Infinity": float("-inf")}
_BOOLS = {True: True, False: False, "true": True, "false": False, "True": True, "False": False}


def as_text(values: Sequence[Any]) -> Any:
    """Texts as an Arrow array. Raises one of ``MISFITS`` where a value is neither text nor None."""
    return pa.array(values, pa.string())


def _as(arrow_type: Any, *kinds: type) -> Callable[[Sequence[Any]], Any]:
    """An array of values that are of these kinds or None: others may look like them once they are in Arrow."""
    known = {*kinds, type(None)}

    def packed(values: Sequence[Any]) -> Any:
        if not set(map(type, values)) <= known:
            raise NotOfTypeError("not only plain values")
        return pa.array(values, arrow_type)

    return packed


Reader = Callable[[Any, list[str]], Any]


def _conversion(read: Reader, unpack: Reader = lambda array, _: array) -> Callable[[Sequence[Piece], list[str]], Any]:
    """Of a column that is all packed by ``unpack``, of any other by ``read``, which is given wire values."""

    def convert(pieces: Sequence[Piece], notes: list[str]) -> Any:
        return unpack(joined(pieces), notes) if are_arrow(pieces) else read(wire_values(pieces), notes)

    return convert


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
        return pa.array([whole_number(value) for value in values], arrow_type)

    return read


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


def _unpack_decimal(texts: Any, warnings: list[str]) -> Any:
    return _read_decimal(texts.to_pylist(), warnings)


def _read_text(values: Sequence[Any], _: list[str]) -> Any:
    return as_text(values)


def _read_datetime(values: Sequence[Any], warnings: list[str]) -> Any:
    return _unpack_datetime(as_text(values), warnings)


def _unpack_datetime(texts: Any, warnings: list[str]) -> Any:
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


def _convert_dynamic(pieces: Sequence[Piece], _: list[str]) -> Any:
    # Some services send dynamic values as JSON, others as JSON in a string (v1, Log Analytics). Where a column
    # holds an object or array, its strings are strings.
    nested = any(isinstance(piece, JsonValues) and piece.nested for piece in pieces)
    return DynamicValues(pieces=pieces, documents=not nested)


def _zoned(texts: Any) -> Any:
    """ISO 8601 texts, some of them only a date or without a zone, all as Arrow reads them: UTC is meant."""
    texts = pc.replace_substring_regex(texts, r"^(\d{4}-\d\d-\d\d)$", r"\1T00:00:00Z")
    zoned = pc.match_substring_regex(texts, r"(Z|[+-]\d\d:?\d\d)$")
    return pc.if_else(zoned, texts, pc.binary_join_element_wise(texts, "Z", ""))


_text = _conversion(_read_text)
_whole_32, _whole_64 = _integers(pa.int32()), _integers(pa.int64())

TYPES: tuple[KustoType, ...] = (
    KustoType("bool", ("boolean", "sbyte"), "left", _as(pa.bool_(), bool), _conversion(_read_bool)),
    KustoType("int", ("int32", "int16", "byte"), "right", _as(pa.int32(), int), _conversion(_whole_32)),
    KustoType("long", ("int64", "uint32", "uint64"), "right", _as(pa.int64(), int), _conversion(_whole_64)),
    KustoType("real", ("double", "single", "float"), "right", _as(pa.float64(), float), _conversion(_read_real)),
    KustoType("decimal", ("sqldecimal",), "right", as_text, _conversion(_read_decimal, _unpack_decimal)),
    KustoType("datetime", ("date",), "left", as_text, _conversion(_read_datetime, _unpack_datetime)),
    KustoType("timespan", ("time",), "right", as_text, _conversion(read_timespans, unpack_timespans)),
    KustoType("string", (), "left", as_text, _text),
    KustoType("guid", ("uuid", "uniqueid"), "left", as_text, _text),
    KustoType("dynamic", ("object",), "left", as_text, _convert_dynamic),
)
_BY_NAME = {name: kusto_type for kusto_type in TYPES for name in (kusto_type.name, *kusto_type.aliases)}


def find_type(name: str) -> KustoType | None:
    """The type of a Kusto, CSL or .NET name (``long``, ``Int64``, ``System.Int64``), or None."""
    return _BY_NAME.get(name.rsplit(".", 1)[-1].lower())
