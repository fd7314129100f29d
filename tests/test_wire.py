"""Frames out of a body that comes in pieces: the same as out of the whole body, however it is cut and written."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from kqlext.decode.wire import read_frames
from kqlext.errors import KqlResponseError

FRAMES = [{"a": 1}, {"b": "é\n"}, {"c": [[]]}]


def frames(*pieces: bytes) -> list[object]:
    return list(read_frames(pieces))


def in_pieces(body: bytes, size: int) -> Iterator[bytes]:
    return (body[start : start + size] for start in range(0, len(body), size))


WRITTEN = {
    "a frame a line": b'[{"a":1}\n,{"b":"\xc3\xa9\\n"}\n,{"c":[[]]}\n]',
    "lines that end as on Windows": b'[{"a":1}\r\n,{"b":"\xc3\xa9\\n"}\r\n,{"c":[[]]}\r\n]\r\n',
    "one line": b'[{"a":1},{"b":"\xc3\xa9\\n"},{"c":[[]]}]',
    "one line, and a newline": b'[{"a":1},{"b":"\xc3\xa9\\n"},{"c":[[]]}]\n',
    "commas at the ends of lines": b'[{"a":1},\n{"b":"\xc3\xa9\\n"},\n{"c":[[]]}]',
    "brackets alone": b'[\n{"a":1}\n,\n{"b":"\xc3\xa9\\n"}\n,\n{"c":[[]]}\n]',
    "indented": b'[\n  {\n    "a": 1\n  },\n  {\n    "b": "\xc3\xa9\\n"\n  },\n  {"c": [[]]}\n]\n',
    "two frames on a line": b'[{"a":1}\n,{"b":"\xc3\xa9\\n"},{"c":[[]]}\n]',
    "a frame over two lines": b'[{"a":1}\n,{"b":\n"\xc3\xa9\\n"}\n,{"c":[[]]}\n]',
    "the last bracket behind the last frame": b'[{"a":1}\n,{"b":"\xc3\xa9\\n"}\n,{"c":[[]]}]',
    "empty lines": b'\n[{"a":1}\n\n , {"b":"\xc3\xa9\\n"}\n\n,{"c":[[]]} \n\n]\n\n',
}


@pytest.mark.parametrize("written", WRITTEN)
@pytest.mark.parametrize("size", [1, 2, 7, 1000])
def test_however_it_is_written_and_cut(written: str, size: int) -> None:
    assert list(read_frames(in_pieces(WRITTEN[written], size))) == FRAMES


def test_no_frames() -> None:
    assert frames(b"[]") == frames(b"[", b"\n]") == []


@pytest.mark.parametrize(
    "body",
    [
        b'[{"a":1}', b'[{"a":1}\n', b'[{"a":1}\n,', b'[{"a":1}\n,\n]', b'[{"a":1}\n,]', b'[{"a":1}\n{"b":2}\n]',
        b'[{"a":1}\n,{"b":2}\n]]', b'[{"a":1}\n]\n]', b'[{"a":1}\n,{"b":2}\n]\n,{"c":3}\n]', b'[{"a":1}\n,{"b":',
        b'[{"a":1}\n] {"b":2}]', b'[{"a":1}\n]{"b":2}\n]', b'[{"a":1}\n\x0b]', b'[{"a":1}\n,{"b":"\xff"}\n]', b"[",
    ],
)  # fmt: skip
@pytest.mark.parametrize("size", [1, 1000])
def test_damage_is_said_with_the_bytes_that_came(body: bytes, size: int) -> None:
    with pytest.raises(KqlResponseError, match=rf"breaks off or is damaged \({len(body)} bytes came\)"):
        list(read_frames(in_pieces(body, size)))


@pytest.mark.parametrize("body", [b"", b" \n ", b"<html>\n<p>Sign in</p>", b"\xff\xfe"])
def test_what_is_no_json_is_shown(body: bytes) -> None:
    with pytest.raises(KqlResponseError, match="The answer is no JSON, it begins with: "):
        frames(body)


@pytest.mark.parametrize("body", [b"null", b"{}", b'{"a":1}\n', b"5"])
def test_what_is_no_array(body: bytes) -> None:
    with pytest.raises(KqlResponseError, match="holds no Kusto v2 frames"):
        frames(body)


def test_a_frame_is_there_before_the_next_is_asked_for() -> None:
    asked: list[int] = []

    def pieces() -> Iterator[bytes]:
        for number in range(3):
            asked.append(number)
            yield b'%b{"n":%d}\n' % (b"," if number else b"[", number)
        yield b"]"

    reader = read_frames(pieces())
    assert next(reader) == {"n": 0}
    assert asked == [0]
    assert [frame["n"] for frame in reader] == [1, 2]


def test_the_collector_rests_while_a_frame_is_used_and_is_on_when_the_next_is_waited_for() -> None:
    seen: list[bool] = []

    def pieces() -> Iterator[bytes]:
        for piece in (b'[{"a":1}\n', b',{"b":2}\n', b"]"):
            seen.append(gc.isenabled())
            yield piece

    assert [gc.isenabled() for _ in read_frames(pieces())] == [False, False]
    assert seen == [True, True, True]
    assert gc.isenabled()


def test_the_collector_is_on_again_where_reading_stops_early() -> None:
    reader = read_frames([b'[{"a":1}\n,{"b":2}\n]'])
    next(reader)
    reader.close()
    assert gc.isenabled()
