"""What a column is made of before it is one: the wire values of some rows each, packed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import orjson
import pyarrow as pa


class Piece(Protocol):
    """Wire values of some rows: an Arrow array or ``JsonValues``, from which they come back as they were."""

    def __len__(self) -> int: ...
    def to_pylist(self) -> list[Any]: ...


class JsonValues:
    """Wire values of some rows as one JSON text: a fraction of what Python objects take.

    ``nested`` says whether an object or array is among them.
    """

    def __init__(self, values: Sequence[Any]) -> None:
        self._length = len(values)
        self.nested = not {dict, list}.isdisjoint(map(type, values))
        self._text: Any = None
        self._values: list[Any] = []
        try:
            # In Arrow's memory: long texts that come and go beside those that stay leave holes in Python's.
            self._text = pa.array([orjson.dumps(values)], pa.large_binary())[0]
        except TypeError:  # it is nested deeper than orjson writes, though not deeper than it reads
            self._values = list(values)

    def __len__(self) -> int:
        return self._length

    def to_pylist(self) -> list[Any]:
        return self._values if self._text is None else orjson.loads(memoryview(self._text.as_buffer()))


def pack(
    values: Sequence[Any], packed: Callable[[Sequence[Any]], Any], misfits: tuple[type[Exception], ...]
) -> Sequence[Piece]:
    """Wire values, as ``packed`` makes an Arrow array of them, or as JSON where it raises one of ``misfits``."""
    try:
        array = packed(values)
    except misfits:
        return [JsonValues(values)]
    chunks: Sequence[Piece] = array.chunks if isinstance(array, pa.ChunkedArray) else [array]
    return chunks


def are_arrow(pieces: Sequence[Piece]) -> bool:
    """Whether each is an Arrow array."""
    return all(isinstance(piece, pa.Array) for piece in pieces)


def wire_values(pieces: Sequence[Piece]) -> list[Any]:
    """The values of all pieces, as they came over the wire."""
    return [value for piece in pieces for value in piece.to_pylist()]


def joined(arrays: Sequence[Any]) -> Any:
    """Arrow arrays of one type as one array; as a chunked one where texts are longer than an array can hold."""
    try:
        return arrays[0] if len(arrays) == 1 else pa.concat_arrays(arrays)
    except pa.ArrowInvalid:
        return pa.chunked_array(arrays)
