"""What the embedded engine answers otherwise than Kusto without saying so (duckdb-kql 1.1.2), seen in the text. Pure.

Sources: "bin()", "make_list() (aggregation function)", "make_set() (aggregation function)" and "The datetime data type"
of the Kusto Query Language; tests/test_local_differences.py runs each on the engine.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from kqlext import syntax
from kqlext.syntax import Token
from kqlext.time_range import TICKS_PER_SECOND

_DAY = 86_400 * TICKS_PER_SECOND
_EPOCH = 719_162 * _DAY  # 1970-01-01 since 0001-01-01, where Kusto's datetimes begin
_UNITS = {
    **dict.fromkeys(("d", "day", "days"), _DAY),
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours"), 3_600 * TICKS_PER_SECOND),
    **dict.fromkeys(("m", "min", "minute", "minutes"), 60 * TICKS_PER_SECOND),
    **dict.fromkeys(("s", "sec", "second", "seconds"), TICKS_PER_SECOND),
    **dict.fromkeys(("ms", "milli", "millis", "millisecond", "milliseconds"), 10_000),
    **dict.fromkeys(("micro", "micros", "microsecond", "microseconds"), 10),
    **dict.fromkeys(("tick", "ticks"), 1),
}
_LITERAL = re.compile(r"(\d+(?:\.\d+)?)([a-z]+)")
_CLOCK = re.compile(r"(?:(\d+)\.)?(\d+):(\d+)(?::(\d+(?:\.\d{1,7})?))?")
_TIMESPANS = ("time", "timespan", "totimespan")  # functions that give a length of time


@dataclass(frozen=True)
class _Call:
    name: str
    arguments: Sequence[Sequence[Token]]


def differences(text: str) -> list[str]:
    """A sentence for each thing in a query that the engine answers otherwise than Kusto."""
    code = [token for token in syntax.tokens(text) if token.kind != "comment"]
    spans = _named_spans(code)
    notes: list[str] = []
    for call in _calls(code):
        if call.name in ("make_list", "make_set"):
            shown = f"{call.name}(…, {_written(call.arguments[1])})"
            notes.append(f"`{shown}`: the embedded engine keeps all values, whatever the limit.")
        elif ticks := _ticks(call.arguments[1], spans):
            notes += _of_bins(call, ticks, spans)
    return list(dict.fromkeys(notes))


def _of_bins(call: _Call, ticks: int, spans: Mapping[str, int]) -> Iterator[str]:
    shown = f"{call.name}(…, {_written(call.arguments[1])})"
    if _is_difference(call.arguments[0], spans):
        yield (
            f"`{shown}`: the embedded engine takes a difference for a datetime, which is one of 1970 where it is a "
            f"timespan; {call.name}(totimespan(…), {_written(call.arguments[1])}) gives Kusto's."
        )
    elif (ticks_off := _EPOCH % ticks) and not _is_length(call.arguments[0]):
        shift = _literal(ticks_off)
        yield (
            f"`{shown}`: the embedded engine counts bins of datetimes from 1970-01-01, Kusto from 0001-01-01, where "
            f"they begin {shift} earlier; Kusto's are {call.name}(x + {shift}, {_literal(ticks)}) - {shift} here."
        )
    if ticks % TICKS_PER_SECOND:
        yield (
            f"`{shown}`: the embedded engine computes in floating point: a datetime at the edge of a bin may fall into "
            "the one before, and a timespan is rounded to seconds."
        )


def _calls(code: Sequence[Token]) -> Iterator[_Call]:
    """The calls with two arguments of the functions that are looked at."""
    for index, token in enumerate(code[:-1]):
        is_member = index > 0 and code[index - 1].text == "."
        if token.text in ("bin", "floor", "make_list", "make_set") and code[index + 1].text == "(" and not is_member:
            arguments = _arguments(code, index + 2)
            if len(arguments) == 2 and all(arguments):
                yield _Call(token.text, arguments)


def _arguments(code: Sequence[Token], start: int) -> list[list[Token]]:
    """The arguments of a call whose bracket is open before ``start``."""
    found: list[list[Token]] = [[]]
    depth = 0
    for token in code[start:]:
        symbol = token.text if token.kind == "symbol" else ""
        depth += (symbol in ("(", "[", "{")) - (symbol in (")", "]", "}"))
        if depth < 0:
            break
        if symbol == "," and not depth:
            found.append([])
        else:
            found[-1].append(token)
    return found


def _named_spans(code: Sequence[Token]) -> dict[str, int]:
    """The names that a ``let`` gives to lengths of time."""
    found = {}
    for index, token in enumerate(code):
        if token.text == "let" and len(code) > index + 3 and code[index + 2].text == "=":
            end = next((i for i in range(index + 3, len(code)) if code[i].text == ";"), len(code))
            if ticks := _ticks(code[index + 3 : end], {}):
                found[code[index + 1].text] = ticks
    return found


def _ticks(argument: Sequence[Token], named: Mapping[str, int]) -> int:
    """The length of a literal timespan, or of a name for one; 0 where it is none."""
    words = [token.text for token in argument]
    while len(words) > 2 and words[0] == "(" and words[-1] == ")":
        words = words[1:-1]
    if len(words) == 1 and words[0] in named:
        return named[words[0]]
    if len(words) > 3 and words[0] in _TIMESPANS and words[1] == "(" and words[-1] == ")":
        words = words[2:-1]
    written = "".join(words).strip("'\"")
    if literal := _LITERAL.fullmatch(written):
        return round(Fraction(literal[1]) * _UNITS.get(literal[2], 0))
    if clock := _CLOCK.fullmatch(written):
        days, hours, minutes, seconds = (Fraction(part or 0) for part in clock.groups())
        return round((((days * 24 + hours) * 60 + minutes) * 60 + seconds) * TICKS_PER_SECOND)
    return 0


def _is_length(argument: Sequence[Token]) -> bool:
    """Whether a value surely is a timespan, whose bins begin at zero everywhere."""
    if argument[0].text in _TIMESPANS:
        return True
    names = [token.text for token in argument if token.kind == "name"]
    return set(names) <= set(_TIMESPANS) and any(token.kind in ("number", "string") for token in argument)


def _is_difference(argument: Sequence[Token], spans: Mapping[str, int]) -> bool:
    """Whether a value is one thing less another that is no literal timespan: of two datetimes it is a timespan."""
    depth = 0
    for index, token in enumerate(argument):
        symbol = token.text if token.kind == "symbol" else ""
        depth += (symbol in ("(", "[", "{")) - (symbol in (")", "]", "}"))
        if symbol == "-" and index and not depth:
            behind = argument[index + 1 :]
            return bool(behind) and not _is_length(behind) and not _ticks(behind, spans)
    return False


def _written(argument: Sequence[Token]) -> str:
    return "".join(token.text for token in argument)


def _literal(ticks: int) -> str:
    """``3d``, ``90m``: a length of time in the largest unit of which it is a whole number."""
    unit = next(name for name in ("d", "h", "m", "s", "ms", "microsecond", "tick") if ticks % _UNITS[name] == 0)
    return f"{ticks // _UNITS[unit]}{unit}"
