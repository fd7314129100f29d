"""The JSON of answers: read at once or frame by frame, with errors that say what came instead."""

from __future__ import annotations

import gc
from collections import deque
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import orjson

from kqlext.errors import KqlResponseError

_SPACE = b" \t\r\n"  # what JSON takes for white space


@contextmanager
def well_formed(part: str) -> Iterator[None]:
    """An answer of another shape than the protocol's is malformed, wherever that shows."""
    try:
        yield
    except (AttributeError, LookupError, TypeError, ValueError) as error:
        raise KqlResponseError(f"{part} of the answer is malformed: {type(error).__name__} {error}.") from error


@contextmanager
def reading(part: str) -> Iterator[None]:
    """``well_formed`` without cyclic garbage collection, for an answer that has come as a whole.

    Let go of its values inside: what is still there when the collector is back, it looks at.
    """
    with well_formed(part), collector_off():
        yield


@contextmanager
def collector_off() -> Iterator[None]:
    """No cyclic garbage collection: it takes over half of the time where millions of small lists are made.

    What was made meanwhile counts as old at the end: the next collection would go through all of it, for nothing.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            if not gc.get_freeze_count():  # what somebody froze must stay so
                gc.freeze()
                gc.unfreeze()
            gc.enable()


def load_json(body: bytes, size: int | None = None) -> Any:
    """The JSON of an answer's body.

    Args:
        size: how many bytes came, where ``body`` is the last part of them.

    Raises:
        KqlResponseError: it is none, with its first characters; or it breaks off.
    """
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        begin = body[:80].decode("utf-8", "replace").strip()
        if begin[:1] in ("[", "{"):
            raise _damaged(len(body) if size is None else size) from None
        raise KqlResponseError(f"The answer is no JSON, it begins with: {begin!r}") from None


def json_array(frames: Any) -> list[Any]:
    """The frames of a whole body. Raises KqlResponseError where that is no array."""
    if not isinstance(frames, list):
        raise KqlResponseError("The answer holds no Kusto v2 frames.")
    return frames


def read_frames(pieces: Iterable[bytes]) -> Generator[Any, None, None]:
    """The elements of a JSON array, each as soon as it is there.

    Kusto writes one frame a line where it is asked to: ``[`` and the first, then ``,`` and the next, then ``]``. From
    the first line that is not so, the rest of the body is read as a whole, as it is where the server knows no such
    lines. The frames are those of the whole body either way.

    The collector is off at each ``yield``: close the generator where it is not read to its end.

    Raises:
        KqlResponseError: the body is no JSON array, or breaks off.
    """
    lines = _Lines(pieces)
    opening, closed = b"[", False
    for line in lines:
        text = line.strip(_SPACE)
        if not text:
            continue
        if opening == b"," and text == b"]" and not closed:
            closed = True
            continue
        if closed or (opening == b"," and text[:1] != b","):
            raise _damaged(lines.drain())
        # Until the frame is used up: whatever is young when the collector comes back, it looks at.
        with collector_off():
            frame = _frame(text, opening)
            if frame is not None:
                del text, line  # a line may be long
                yield frame.pop()
                opening = b","
                continue
            rest = _rest(line, lines, first=opening == b"[")
            del line, text
            while rest:
                yield rest.pop(0)
        return
    if not closed:
        load_json(b"" if opening == b"[" else b"[", lines.size)


def _frame(text: bytes, opening: bytes) -> list[Any] | None:
    """The frame that is all of a line; None where there is none, a list of one so that it has no second owner."""
    if text[:1] != opening:
        return None
    try:
        return [orjson.loads(text[1:])]
    except orjson.JSONDecodeError:
        return None


def _rest(line: bytes, lines: _Lines, first: bool) -> list[Any]:
    """The frames from a line to the end of the body."""
    rest = line + lines.rest()
    if not first:
        rest = b"[" + rest.lstrip(_SPACE)[1:]
    frames = json_array(load_json(rest, lines.size))
    if not first and not frames:  # a comma with nothing behind it
        raise _damaged(lines.size)
    return frames


def _damaged(size: int) -> KqlResponseError:
    return KqlResponseError(
        f"The answer is no whole JSON: it breaks off or is damaged ({size:,} bytes came).",
        hint="run the cell again; if it happens again, ask for fewer rows or look at the proxies on the way",
    )


class _Lines:
    """The lines of a body that comes in pieces. ``size`` counts the bytes that came."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self.size = 0
        self._pieces = iter(pieces)
        self._whole: deque[bytes] = deque()
        self._last: list[bytes] = []

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        while not self._whole:
            piece = next(self._pieces, None)
            if piece is None:
                if not self._last:
                    raise StopIteration
                self._whole.append(b"".join(self._last))
                self._last = []
                break
            self.size += len(piece)
            begin, *others = piece.split(b"\n")
            self._last.append(begin)
            if others:
                self._whole.append(b"".join(self._last))
                self._whole.extend(others[:-1])
                self._last = [others[-1]]
        return self._whole.popleft()

    def rest(self) -> bytes:
        """All that no line was made of yet, behind the newline that ended the last one."""
        pieces = list(self._pieces)
        self.size += sum(map(len, pieces))
        ready = [b"\n" + line for line in self._whole]
        if self._last or pieces:
            ready += [b"\n", *self._last, *pieces]
        self._whole.clear()
        self._last = []
        return b"".join(ready)

    def drain(self) -> int:
        """Read to the end; how many bytes came in all."""
        self._whole.clear()
        self._last = []
        for piece in self._pieces:
            self.size += len(piece)
        return self.size
