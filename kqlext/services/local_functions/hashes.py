"""The hash of a value. Pure.

Source: hash() and hash_xxhash64() of the Kusto Query Language reference say that it is xxHash64 (seed 0, as its own
specification has it); their examples show that a text is hashed as UTF-8, and a datetime as its ticks.
"""

from __future__ import annotations

import datetime as dt

from kqlext.services.local_functions.rows import Function

_MASK = (1 << 64) - 1
_PRIMES = (0x9E3779B185EBCA87, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9, 0x85EBCA77C2B2AE63, 0x27D4EB2F165667C5)
_BEGIN = dt.datetime(1, 1, 1)


def _rotated(value: int, bits: int) -> int:
    return (value << bits | value >> 64 - bits) & _MASK


def _round(lane: int, word: int) -> int:
    return _rotated((lane + word * _PRIMES[1]) & _MASK, 31) * _PRIMES[0] & _MASK


def xxhash64(data: bytes) -> int:
    """The hash of bytes, as a signed number."""
    first, second, third, fourth, fifth = _PRIMES
    whole = len(data) // 32 * 32
    if whole:
        lanes = [(first + second) & _MASK, second, 0, -first & _MASK]
        for start in range(0, whole, 8):
            lane = start // 8 % 4
            lanes[lane] = _round(lanes[lane], int.from_bytes(data[start : start + 8], "little"))
        value = sum(_rotated(lane, bits) for lane, bits in zip(lanes, (1, 7, 12, 18), strict=True)) & _MASK
        for lane in lanes:
            value = ((value ^ _round(0, lane)) * first + fourth) & _MASK
    else:
        value = fifth
    value = (value + len(data)) & _MASK
    rest = data[whole:]
    while len(rest) >= 8:
        value = (_rotated(value ^ _round(0, int.from_bytes(rest[:8], "little")), 27) * first + fourth) & _MASK
        rest = rest[8:]
    if len(rest) >= 4:
        value = (_rotated(value ^ int.from_bytes(rest[:4], "little") * first & _MASK, 23) * second + third) & _MASK
        rest = rest[4:]
    for byte in rest:
        value = _rotated(value ^ byte * fifth & _MASK, 11) * first & _MASK
    value = (value ^ value >> 33) * second & _MASK
    value = (value ^ value >> 29) * third & _MASK
    value ^= value >> 32
    return value - (1 << 64) if value >> 63 else value


def _hash(kind: str, text: str) -> int:
    if kind == "TIMESTAMP":
        ticks = (dt.datetime.fromisoformat(text[:-2]) - _BEGIN) // dt.timedelta(microseconds=1) * 10
        return xxhash64(ticks.to_bytes(8, "little"))
    if kind != "VARCHAR":
        raise ValueError(
            "hash() takes a text or a datetime here: how others are hashed is not documented; use tostring()"
        )
    return xxhash64(text.encode())


HELPERS = (Function("hash_of", "text text", python=_hash, returns="long"),)
