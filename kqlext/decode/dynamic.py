"""Columns of dynamic values: kept as JSON text, and made Python values when somebody asks for them."""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence
from itertools import chain
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.compute as pc

from kqlext.decode.pieces import Piece, joined
from kqlext.decode.wire import collector_off


class DynamicValues:
    """A column of dynamic values: Python objects, decoded from JSON when they are first asked for."""

    def __init__(
        self,
        values: Sequence[Any] | None = None,
        texts: Any = None,
        pieces: Sequence[Piece] | None = None,
        documents: bool = False,
    ) -> None:
        """One of the three holds the values.

        Args:
            values: decoded.
            texts: a JSON text each, an Arrow string array.
            pieces: wire values of some rows each.
            documents: whether a string in ``pieces`` that begins as an object or array does is JSON.
        """
        self._values = values
        self._texts = texts
        self._pieces = [] if pieces is None else list(pieces)
        self._documents = documents
        self._decoded: tuple[int, list[Any]] = (-1, [])  # the last piece that was looked into

    def __len__(self) -> int:
        if self._values is not None:
            return len(self._values)
        return sum(map(len, self._pieces)) if self._texts is None else len(self._texts)

    @property
    def values(self) -> Sequence[Any]:
        """The decoded values: dict, list, str, int, float, bool or None."""
        if self._values is None:
            with collector_off():
                if self._texts is not None:
                    self._values = [None if text is None else json_value(text) for text in self._texts.to_pylist()]
                else:
                    self._values = list(chain.from_iterable(map(self._piece, range(len(self._pieces)))))
                    self._decoded = (-1, [])
        return self._values

    def to_pylist(self) -> list[Any]:
        """The decoded values, as a piece of a longer column gives them."""
        return list(self.values)

    def texts(self) -> Any:
        """The values as JSON text, an Arrow string array; null stays null."""
        if self._texts is not None:
            return self._texts
        if self._values is not None or not self._pieces:
            return _json_texts(self._values or [])
        return joined([_json_texts(self._piece(index)) for index in range(len(self._pieces))])

    def slice(self, start: int, stop: int) -> Sequence[Any]:
        """The values of some rows; of the others few are decoded."""
        if self._values is not None:
            return self._values[start:stop]
        if self._texts is not None:
            texts = self._texts.slice(start, max(0, stop - start)).to_pylist()
            return [None if text is None else json_value(text) for text in texts]
        found: list[Any] = []
        begin = 0
        for index, piece in enumerate(self._pieces):
            end = begin + len(piece)
            if start < end and begin < stop:
                found += self._piece(index)[max(0, start - begin) : stop - begin]
            begin = end
        return found

    def _piece(self, index: int) -> list[Any]:
        if self._decoded[0] != index:
            piece = self._pieces[index]
            with collector_off():
                self._decoded = (index, _documents(piece) if self._documents else piece.to_pylist())
        return self._decoded[1]


def json_text(value: Any) -> str | None:
    """A dynamic value as compact JSON, or None for null."""
    if value is None:
        return None
    try:
        return orjson.dumps(value, default=str, option=orjson.OPT_NON_STR_KEYS).decode()
    except orjson.JSONEncodeError:  # it is nested deeper than orjson writes, though not deeper than it reads
        return json.dumps(value, default=str, ensure_ascii=False, separators=(",", ":"))


def json_value(text: str) -> Any:
    """The value of a JSON text; the text where it is none."""
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return text


def _json_texts(values: Sequence[Any]) -> Any:
    return pa.array([json_text(value) for value in values], pa.string())


_OPENING = ("{", "[")


def _documents(piece: Piece) -> list[Any]:
    """The values of a piece, of which those that are JSON in a string are decoded."""
    if isinstance(piece, pa.Array) and (decoded := _read_at_once(piece)) is not None:
        return decoded
    values = piece.to_pylist()
    try:
        return [orjson.loads(value) if type(value) is str and value[:1] in _OPENING else value for value in values]
    except orjson.JSONDecodeError:  # one only looks like JSON
        return [json_value(value) if type(value) is str and value[:1] in _OPENING else value for value in values]


def _read_at_once(texts: Any) -> list[Any] | None:
    """The values of JSON texts, read as one array; None where one of them is not an object or array by itself.

    No Python string is made of a text, which takes a third of the time of reading them one by one. Between the texts
    stands a number that nobody can have put into the data: where it is every second value, each text is one value.
    """
    if not len(texts) or texts.null_count or not pa.types.is_string(texts.type):
        return None
    if not pc.all(pc.is_in(pc.utf8_slice_codeunits(texts, 0, 1), pa.array(_OPENING))).as_py():
        return None
    mark = secrets.randbits(62)
    text = pc.binary_join(pa.ListArray.from_arrays([0, len(texts)], texts), f",{mark},")[0].as_buffer()
    try:
        values = orjson.loads(b"".join((b"[", memoryview(text), b"]")))
    except orjson.JSONDecodeError:
        return None
    marks = values[1::2]
    return values[::2] if len(values) == 2 * len(texts) - 1 and marks.count(mark) == len(marks) else None
