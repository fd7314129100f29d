"""What the embedded engine reads otherwise than Kusto (duckdb-kql 1.1.2): written anew where that is exact, or refused.

Sources: "The string data type" of the Kusto Query Language, and how the language's own parser reads its escapes;
tests/test_local_rewrites.py runs each on the engine.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from kqlext import syntax
from kqlext.errors import KqlQueryError, KqlUnsupportedError, Span
from kqlext.literals import string
from kqlext.services.base import Query
from kqlext.syntax import Token


def rewritten(query: Query) -> Query:
    """The query as the engine reads it right. Its edits are these alone: ``restore`` leads to the query's own text.

    Raises:
        KqlQueryError: what Kusto refuses too, but with less to say.
        KqlUnsupportedError: the engine would read it otherwise than Kusto, and there is no other way to write it.
    """
    text = query.text
    code = [token for token in syntax.tokens(text) if token.kind != "comment"]
    _refuse(text, code)
    changes = [(token.span, found) for token in code if token.kind == "string" and (found := _plain(token, text))]
    changes += _counts(code)
    changes += _names(code)
    changes += _keys(code)
    changes += _both_keys(code)
    changes += [(span, " " * (span.end - span.start)) for _, span in _idle_options(text)]
    result = Query(text)
    for span, found in sorted(changes, key=lambda change: -change[0].start):
        result = result.replace(span, found)
    return result


# --- keys of joins -------------------------------------------------------------------------------------------

_KEY = ("$", "right", ".", None, "==", "$", "left", ".", None)


def _keys(code: Sequence[Token]) -> list[tuple[Span, str]]:
    """``$right.a == $left.b`` as ``$left.b == $right.a``: the engine takes the sides for those of the join."""
    found = []
    for index in range(len(code) - len(_KEY) + 1):
        words = code[index : index + len(_KEY)]
        names = words[3], words[8]
        if all(wanted in (None, word.text) for wanted, word in zip(_KEY, words, strict=True)) and all(
            name.kind == "name" and name.text not in _MEMBERS for name in names
        ):
            for word, other in ((words[1], "left"), (words[6], "right"), (names[0], names[1].text)):
                found.append((word.span, other))
            found.append((names[1].span, names[0].text))
    return found


def _both_keys(code: Sequence[Token]) -> list[tuple[Span, str]]:
    """``on $left.a == $right.b and $left.c == $right.d`` with a comma, which is all that the engine takes."""
    found = []
    for start, token in enumerate(code):
        end = _behind_key(code, start + 1) if token.text == "on" and token.kind == "name" else 0
        while end and end < len(code) and code[end].text in (",", "and"):
            behind = _behind_key(code, end + 1)
            if behind and code[end].text == "and":
                found.append((code[end].span, ","))
            end = behind
    return found


def _behind_key(code: Sequence[Token], index: int) -> int:
    """The place behind the key of a join that begins there; 0 where there is none."""
    words = [token.text for token in code[index : index + len(_KEY)]]
    if len(words) == len(_KEY) and [words[0], words[2], words[4], words[5], words[7]] == ["$", ".", "==", "$", "."]:
        return index + len(_KEY)
    is_name = bool(words) and code[index].kind == "name" and words[1:2] not in (["("], ["."])
    return index + 1 if is_name else 0


# --- options -------------------------------------------------------------------------------------------------

# Options that only say how much a service may spend, or that it must not cut its answer.
_IDLE = frozenset(
    """notruncation norequesttimeout servertimeout maxmemoryconsumptionperiterator queryconsistency
    max_memory_consumption_per_query_per_node query_fanout_nodes_percent query_fanout_threads_percent""".split()
)


def option_notes(query: Query) -> list[str]:
    """What the engine has to say of the ``set`` statements of a query that change nothing here."""
    names = ", ".join(f"set {name}" for name, _ in _idle_options(query.text))
    return [f"The embedded engine has no limits: {names} did nothing."] if names else []


def _idle_options(text: str) -> list[tuple[str, Span]]:
    found = []
    for span in syntax.statements(text):
        words = [token.text for token in syntax.tokens(span.of(text)) if token.kind != "comment"]
        if words[0] == "set" and len(words) > 1 and words[1].lower() in _IDLE:
            end = text.find(";", span.end)
            found.append((words[1], Span(span.start, end + 1 if end >= 0 else span.end)))
    return found


# --- refused -------------------------------------------------------------------------------------------------

_FINE = re.compile(r"\d:\d\d:\d\d\.\d{6}0*[1-9]")
_DATETIMES = ("datetime", "date", "todatetime")


def _refuse(text: str, code: Sequence[Token]) -> None:
    single = syntax.find_single_equals(text)
    if single is not None:
        raise KqlQueryError("A condition compares with ==, not with =.", text=text, span=single, hint="write ==")
    for index, token in enumerate(code[:-1]):
        if token.text in _DATETIMES and code[index + 1].text == "(":
            end = next((other.end for other in code[index + 1 :] if other.text == ")"), len(text))
            if _FINE.search(text, token.start, end):
                raise KqlUnsupportedError(
                    "The embedded engine holds times to the microsecond; this one is finer.",
                    text=text,
                    span=Span(token.start, end),
                    hint="round it to six digits behind the second",
                )


# --- strings -------------------------------------------------------------------------------------------------

_ESCAPE = re.compile(
    r"\\(?:u(?P<u>[0-9A-Fa-f]{4})|U(?P<U>[0-9A-Fa-f]{8})|x(?P<x>[0-9A-Fa-f]{2})|(?P<octal>[0-7]{1,3})|(?P<other>.))",
    re.DOTALL,
)
_CONTROLS = {"a": "\a", "b": "\b", "f": "\f", "v": "\v"}
_WRITTEN = {"\\": "\\\\", "'": "\\'", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def _plain(token: Token, text: str) -> str | None:
    """A string literal without what the engine does not know: the h of an obfuscated one, several lines, and escapes;
    None where there is none of these.
    """
    written = token.text[1:] if token.text[0] in "hH" else token.text
    if written.startswith(("```", "~~~")):
        closed = len(written) >= 6 and written.endswith(written[:3])
        return string(written[3:-3], embedded=True) if closed else None
    if not written.startswith("@") and "\\" in written:
        written = _joined(_ESCAPE.sub(lambda match: _character(match, token, text), written), token, text)
    return None if written == token.text else written


def _character(match: re.Match[str], token: Token, text: str) -> str:
    if match["other"] is not None:
        return _CONTROLS.get(match["other"], match.group())
    octal = match["octal"]
    code = int(octal, 8) if octal is not None else int(match["u"] or match["U"] or match["x"], 16)
    if octal == "0":
        return match.group()
    if code > 0x10FFFF:
        raise KqlQueryError(
            f"{match.group()} is no character.", text=text, span=Span(*match.span()).shifted(token.start)
        )
    return _WRITTEN.get(chr(code), chr(code))


_PAIR, _HALF = re.compile("[\ud800-\udbff][\udc00-\udfff]"), re.compile("[\ud800-\udfff]")


def _joined(written: str, token: Token, text: str) -> str:
    """The literal with each pair of surrogates as the one character that they are."""
    whole = _PAIR.sub(lambda pair: pair[0].encode("utf-16", "surrogatepass").decode("utf-16"), written)
    if _HALF.search(whole):
        raise KqlUnsupportedError(
            "The embedded engine has no half characters (lone surrogates).", text=text, span=token.span
        )
    return whole


# --- names ---------------------------------------------------------------------------------------------------

# Words that KQL takes as names where the engine wants them in brackets.
_WORDS = frozenset(
    """count table order filter top join distinct parse sort extend summarize take limit serialize scan consume
    regex""".split()
)
_MEMBERS = _WORDS | {"kind"}
_BEFORE_NAME = frozenset(
    """, = == != =~ !~ < > <= >= + - * / % by and or of let print where filter extend project project-away project-keep
    project-rename project-reorder summarize distinct""".split()
)
_BODIES = frozenset("on fork with union join lookup facet".split())  # their brackets hold operators


def _names(code: Sequence[Token]) -> list[tuple[Span, str]]:
    """Words that are columns: `where count > 5`, `d.count`."""
    found = []
    for index, token in enumerate(code[1:], 1):
        before, behind = code[index - 1], code[index + 1].text if index + 1 < len(code) else ""
        if token.kind != "name" or token.text not in _MEMBERS or behind == "(":
            continue
        if before.text == "." and before.end == token.start:
            found.append((Span(before.start, token.end), f"['{token.text}'] "))
        elif token.text in _WORDS and _is_named(code, index, behind):
            found.append((token.span, f" ['{token.text}'] "))  # -[ and ]- are one token to the engine
    return found


def _is_named(code: Sequence[Token], index: int, behind: str) -> bool:
    """Whether a word is a name: a column, what is declared, or what a `let` named where a query or body begins."""
    before = code[index - 1].text
    if before == "=" and code[index - 2].text == "kind":  # parse kind=regex
        return False
    declared = before == "(" and behind == ":"
    return before in _BEFORE_NAME or before in (";", "{") or declared or _is_argument(code, index)


def _is_argument(code: Sequence[Token], index: int) -> bool:
    """Whether a word is the first argument of a function, and no operator that begins a subquery."""
    if index < 3 or code[index - 1].text != "(" or code[index - 2].kind != "name":
        return False
    return code[index - 2].text not in _BODIES and code[index - 3].text != "by"


# --- counts --------------------------------------------------------------------------------------------------

_COUNTED = ("take", "limit", "top")


def _counts(code: Sequence[Token]) -> list[tuple[Span, str]]:
    """`take n` with a `let n = 5`: the name, and the number that stands for it."""
    numbers = _integers(code)
    found, depth = [], 0
    for index, token in enumerate(code):
        symbol = token.text if token.kind == "symbol" else ""
        depth += (symbol == "{") - (symbol == "}")  # in a function's body a name may be its parameter
        after = code[index + 1] if index + 1 < len(code) else None
        if depth or after is None or after.text not in numbers or index == 0 or token.text not in _COUNTED:
            continue
        ends = index + 2 == len(code) or code[index + 2].text in ("|", ";", ")", "by")
        if code[index - 1].text == "|" and ends:
            found.append((after.span, numbers[after.text]))
    return found


def _integers(code: Sequence[Token]) -> dict[str, str]:
    """The names that a `let` of the query gives to a whole number, and that number."""
    found: dict[str, str] = {}
    starts = [
        index for index, token in enumerate(code) if token.text == "let" and (not index or code[index - 1].text == ";")
    ]
    for start in starts:
        end = next((index for index in range(start, len(code)) if code[index].text == ";"), len(code))
        words = [token.text for token in code[start + 1 : end]]
        if len(words) < 3 or words[1] != "=":
            continue
        name, value = words[0], words[2:]
        if value[0] in ("int", "long") and value[1:2] == ["("] and value[-1] == ")":
            value = value[2:-1]
        found.pop(name, None)
        if len(value) == 1 and (value[0].isdecimal() or value[0] in found):
            found[name] = found.get(value[0], value[0])
    return found
