"""`parse` whose pattern begins with a column, and `parse-kv`.

Sources: "parse operator" and "parse-kv operator" of the Kusto Query Language.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from kqlext import syntax
from kqlext.errors import Span
from kqlext.services.local_operators import clauses
from kqlext.services.local_operators.places import Change, Place
from kqlext.services.local_tables import quoted
from kqlext.steps import pipes


def parse(place: Place) -> Change | None:
    """`parse x with A " " B`: the engine wants a text before the first column, and takes texts only."""
    _, rest = clauses.parameters(place.text, place.arguments)
    parts = clauses.clauses(place.text, rest, ("with",))
    pattern = parts.get("with")
    first = next(iter(pipes.outer(place.text, pattern)), None) if pattern is not None else None
    if pattern is None or first is None:
        return None
    if first.kind == "string" or first.text == "*":
        column = clauses.column(place.text, parts.head)
        return Change.of(parts.head, f"tostring({clauses.name(column)})") if column is not None else None
    mark = '"\x01"'
    return Change(
        (
            (parts.head, f"strcat({mark}, {parts.head.of(place.text)})"),
            (Span(pattern.start, pattern.start), f"{mark} "),
        )
    )


# --- parse-kv --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Rules:
    """How keys and values stand in a text."""

    pair: str
    key: str
    quotes: tuple[tuple[str, str], ...]
    escapes: frozenset[str]
    greedy: bool
    regex: str


def parse_kv(place: Place) -> Change:
    """`parse-kv text as (key: type, ...) with (...)`: a column for each key."""
    import pyarrow as pa

    parts = clauses.clauses(place.text, place.arguments, ("as", "with"))
    keys = parts.get("as")
    inside = clauses.bracket(place.text, keys) if keys is not None else None
    if inside is None:
        raise place.wrong("parse-kv needs keys.", None, "write parse-kv Text as (Key: string) with (…)")
    wanted = dict(_key(place, item) for item in clauses.items(place.text, inside))
    rules = _rules(place, parts.get("with"))
    read = _reader(rules, tuple(wanted))
    rows = place.run(f"{place.rows()} | extend __kqlext_text = tostring({parts.head.of(place.text)})")
    known = [column.name for column in place.workspace.table_columns(rows) if column.name != "__kqlext_text"]
    texts = [text for (text,) in place.workspace.fetch(f"SELECT DISTINCT __kqlext_text FROM {quoted(rows)}")]
    values = {"__kqlext_text": texts} | {key: [read(text or "").get(key) for text in texts] for key in wanted}
    found = place.workspace.load(pa.table({key: pa.array(column, pa.string()) for key, column in values.items()}))
    columns = [*(f"r.{quoted(name)}" for name in known if name not in wanted), *(f"f.{quoted(key)}" for key in wanted)]
    table = place.workspace.create(
        f"SELECT {', '.join(columns)} FROM {quoted(rows)} r JOIN {quoted(found)} f "
        "ON r.__kqlext_text IS NOT DISTINCT FROM f.__kqlext_text ORDER BY r.rowid"
    )
    typed = [
        f"{clauses.name(key)} = to{kind}({clauses.name(key)})"
        if kind != "string"
        else f"{clauses.name(key)} = coalesce({clauses.name(key)}, '')"
        for key, kind in wanted.items()
    ]
    return place.table(f"{table}\n| extend {', '.join(typed)}")


def _key(place: Place, item: Span) -> tuple[str, str]:
    words = list(pipes.outer(place.text, item))
    colon = next((word for word in words if word.text == ":"), None)
    if colon is None:
        raise place.wrong("A key needs a type.", item, "write Key: string")
    name = clauses.column(place.text, clauses.trimmed(place.text, Span(item.start, colon.start)))
    kind = place.text[colon.end : item.end].strip()
    if name is None or not re.fullmatch(
        r"string|long|int|real|double|bool|datetime|timespan|guid|decimal|dynamic", kind
    ):
        raise place.wrong("This is no key with a type.", item, "write Key: string")
    return name, kind


def _rules(place: Place, options: Span | None) -> _Rules:
    inside = clauses.bracket(place.text, options) if options is not None else None
    found: dict[str, list[str]] = {}
    for item in clauses.items(place.text, inside) if inside is not None else []:
        name, value = clauses.assigned(place.text, item)
        written = value.of(place.text)
        found.setdefault(name, []).append(syntax.unquote(written) if syntax.is_closed(written) else written)
    unknown = set(found) - {"pair_delimiter", "kv_delimiter", "quote", "escape", "greedy", "regex"}
    if unknown:
        raise place.wrong(f"parse-kv has no {sorted(unknown)[0]}.", options)
    regex = found.get("regex", [""])[0]
    if regex:
        try:
            groups = re.compile(regex).groups
        except re.error as error:
            raise place.wrong(f"This is no regular expression: {error}.", options) from None
        if groups != 2:
            raise place.wrong("The regular expression has two groups: the key, and the value.", options)
    quotes = tuple((quote[0], quote[-1]) for quote in found.get("quote", []) if quote)
    return _Rules(
        found.get("pair_delimiter", [""])[0],
        found.get("kv_delimiter", [""])[0],
        quotes,
        frozenset("".join(found.get("escape", []))),
        found.get("greedy", ["false"])[0] == "true",
        regex,
    )


def _reader(rules: _Rules, keys: tuple[str, ...]) -> Callable[[str], Mapping[str, str]]:
    if rules.regex:
        pattern = re.compile(rules.regex)
        return lambda text: _first([(match[1], match[2]) for match in pattern.finditer(text)], keys)
    tokens = _piece_pattern(rules)
    if rules.greedy:
        return lambda text: _greedy(rules, keys, text)
    return lambda text: _first(_pairs(rules, tokens, text), keys)


def _first(pairs: list[tuple[str, str]], keys: tuple[str, ...]) -> Mapping[str, str]:
    """The first value of each key."""
    found: dict[str, str] = {}
    for key, value in pairs:
        if key.strip() in keys:
            found.setdefault(key.strip(), value.strip())
    return found


def _piece_pattern(rules: _Rules) -> re.Pattern[str]:
    """A quoted text, a delimiter between pairs, one between a key and its value, or one other character."""
    escape = f"[{re.escape(''.join(sorted(rules.escapes)))}]" if rules.escapes else "(?!)"
    quoted_texts = [
        rf"{re.escape(start)}((?:{escape}.|(?!{re.escape(end)}).)*){re.escape(end)}" for start, end in rules.quotes
    ]
    delimiters = [re.escape(rules.pair), re.escape(rules.key)] if rules.pair else [r"[^\w\s]|\s|_", r"(?!)"]
    pieces = "|".join([*quoted_texts, f"(?P<pair>{delimiters[0]})", f"(?P<key>{delimiters[1]})", "(?P<other>.)"])
    if rules.pair:
        # A delimiter between pairs may be a part of the one between keys and values, or the other way round.
        longer_first = sorted([("pair", rules.pair), ("key", rules.key)], key=lambda item: -len(item[1]))
        pieces = "|".join(
            [*quoted_texts, *(f"(?P<{name}>{re.escape(written)})" for name, written in longer_first), "(?P<other>.)"]
        )
    return re.compile(pieces, re.DOTALL)


def _pairs(rules: _Rules, pattern: re.Pattern[str], text: str) -> list[tuple[str, str]]:
    """Keys and values in the order in which they stand."""
    words: list[str | None] = []  # None for a delimiter
    marks: list[str] = []
    word, quoted_word = "", False
    for match in pattern.finditer(text):
        if match.lastgroup in ("pair", "key"):
            words.append(word if word.strip() or quoted_word else None)
            marks.append(match.lastgroup)
            word, quoted_word = "", False
        elif match.lastgroup == "other":
            word += match.group()
        else:
            inner = next((group for group in match.groups() if group is not None), "")
            word += (
                re.sub(f"[{re.escape(''.join(sorted(rules.escapes)))}](.)", r"\1", inner) if rules.escapes else inner
            )
            quoted_word = True
    words.append(word if word.strip() or quoted_word else None)
    marks.append("pair")
    if not rules.pair:
        alone = [word for word in words if word is not None]
        return list(itertools.pairwise(alone))
    pairs = []
    key: str | None = None
    for word_or_none, mark in zip(words, marks, strict=True):
        found = word_or_none or ""
        if key is None:
            key = found if mark == "key" else None
        elif mark == "pair":
            pairs.append((key, found))
            key = None
    return pairs


def _greedy(rules: _Rules, keys: tuple[str, ...], text: str) -> Mapping[str, str]:
    """Values that run until the next key."""
    edge = re.escape(rules.pair)
    names = "|".join(re.escape(key) for key in sorted(keys, key=len, reverse=True))
    starts = list(re.finditer(rf"(?:^|(?<={edge}))\s*({names})\s*{re.escape(rules.key)}", text))
    ends = [*(match.start() for match in starts[1:]), len(text)]
    pairs = [
        (match[1], text[match.end() : end].removesuffix(rules.pair))
        for match, end in zip(starts, ends, strict=False)  # of no start there is one end
    ]
    return _first(pairs, keys)
