"""Connection string -> ``ConnectionSpec`` or ``ConnectionName``. Pure.

    kusto://help.kusto.windows.net/Samples        URL form, https:// too; keys may follow: ;alias='s'
    kusto://cluster='help';database='Samples'     Kqlmagic's key form
    kusto://cluster('help').database('Samples')   Kqlmagic's function form
    defender://, resourcegraph://                 services that need no key
    duckdb:///path/file.duckdb, duckdb://?path=*.csv, samples
    cache://folder                                recorded answers
    Samples@help                                  an open connection, or another database of an open cluster

Schemes and keys are compared without case, ``_`` and ``-``. A value is quoted text, ``$ENV``, or a name of the
notebook; text that can be none of these (a GUID, a URL) stands for itself.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote

from kqlext.connections.schemes import OPTIONAL_VALUE, REPEATABLE, SCHEMES, SECRETS, VALUELESS, Scheme
from kqlext.errors import KqlConnectionError, Span
from kqlext.references import Value, hide_secrets, hide_user, parse_value
from kqlext.references import quote as quote_value
from kqlext.text import did_you_mean, normalize_name


@dataclass(frozen=True)
class ConnectionSpec:
    """A connection as it was written: the scheme, and its keys with values still to be looked up.

    Its ``repr`` hides secrets.
    """

    scheme: str
    keys: tuple[tuple[str, Value], ...] = field(repr=False)

    def get(self, key: str) -> Value | None:
        """The value of a key, or None where it is not given."""
        return next((value for name, value in self.keys if name == key), None)

    def __contains__(self, key: str) -> bool:
        return any(name == key for name, _ in self.keys)

    def __repr__(self) -> str:
        return f"ConnectionSpec({describe(self)!r})"


@dataclass(frozen=True)
class ConnectionName:
    """``name@cluster``: an alias or a database, and the friendly name of a cluster that is open."""

    name: str
    cluster: str


def describe(spec: ConnectionSpec) -> str:
    """The spec in key form, secrets as dots."""
    keys = tuple((key, "…" if key in SECRETS else value) for key, value in spec.keys)
    shown = tuple((key, hide_user(value) if isinstance(value, str) else value) for key, value in keys)
    return format_spec(ConnectionSpec(spec.scheme, shown))


def format_spec(spec: ConnectionSpec) -> str:
    """The spec in key form, so that ``parse_connection`` gives it back. Holds its secrets."""
    parts = []
    for key, value in spec.keys:
        if key in VALUELESS or (key in OPTIONAL_VALUE and value == ""):
            parts.append(key)
        else:
            written = quote_value(value) if isinstance(value, str) else getattr(value, "path", None)
            parts.append(f"{key}={written or '$' + getattr(value, 'name', '')}")
    return f"{spec.scheme}://{';'.join(parts)}"


@dataclass(frozen=True)
class _Part:
    """A piece of a connection string, and its offset in the whole."""

    text: str
    start: int

    def split(self, separator: str) -> list[_Part]:
        """Its pieces between separators that stand outside quotes and brackets."""
        parts, depth, quote, begin = [], 0, "", 0
        for position, character in enumerate(self.text):
            if quote:
                quote = "" if character == quote else quote
            elif character in "'\"":
                quote = character
            elif character in "([":
                depth += 1
            elif character in ")]":
                depth -= 1
            elif character == separator and not depth:
                parts.append(_Part(self.text[begin:position], self.start + begin))
                begin = position + 1
        parts.append(_Part(self.text[begin:], self.start + begin))
        return [part for part in parts if part.text.strip()]


def parse_connection(text: str) -> ConnectionSpec | ConnectionName:
    """Read a connection string or name.

    Raises:
        KqlConnectionError: an unknown scheme or key (with the nearest one), a key without its value, a missing
            mandatory key. The message holds no value of the string, since that may be a secret.
    """
    text = text.strip()
    if text == "samples":
        return ConnectionSpec("samples", ())
    scheme_text, separator, rest = text.partition("://")
    if not separator or not _SHOWN_WORD.fullmatch(scheme_text):
        return _parse_name(text)
    scheme = _scheme(scheme_text, text)
    keys = tuple(_keys(scheme, scheme_text, _Part(rest, len(scheme_text) + len(separator)), text))
    _check(scheme, scheme_text, keys)
    return ConnectionSpec(scheme.name, keys)


# What an error may show of a text that is something else than was expected: no value, which may be a secret.
_SHOWN_WORD = re.compile(r"[\w -]{1,40}")
_SHOWN_NAME = re.compile(r"[\w@. -]{1,80}")
_NAME = re.compile(r"([^=;'\"()/\n]+)@([\w.-]+)")


def _parse_name(text: str) -> ConnectionName:
    match = _NAME.fullmatch(text)
    if match is None:
        # The text may come from a variable or the environment: it is not shown.
        raise KqlConnectionError(
            "This is no connection: it has no scheme and no @cluster.",
            hint="write for example kusto://help.kusto.windows.net/Samples, or Samples@help once that is open",
        )
    return ConnectionName(match.group(1), match.group(2))


def _error(message: str, hint: str, text: str, span: Span) -> KqlConnectionError:
    return KqlConnectionError(message, hint=hint, text=hide_secrets(text), span=span)


def _scheme(written: str, text: str) -> Scheme:
    names = {name: scheme for scheme in SCHEMES for name in (scheme.name, *scheme.aliases)}
    found = names.get(normalize_name(written))
    if found is None:
        hint = did_you_mean(written, names) or f"known are {', '.join(f'{name}://' for name in names)}"
        raise _error(f"There is no service {written}://.", hint, text, Span(0, len(written)))
    return found


def _keys(scheme: Scheme, scheme_text: str, rest: _Part, text: str) -> Iterator[tuple[str, Value]]:
    separator = ";"
    if scheme.name == "azuredataexplorer" and _is_url(scheme_text, rest.text):
        address, _, keys = rest.text.partition(";")
        web = scheme_text.lower() in ("http", "https")
        yield from _kusto_url(f"{scheme_text.lower()}://{address}" if web else address)
        rest = _Part(keys, rest.start + len(address) + 1)
    elif scheme.name == "cache" and not _is_key_form(rest.text):
        path, _, keys = rest.text.partition(";")
        if path.strip():
            yield "folder", path.strip()
        rest = _Part(keys, rest.start + len(path) + 1)
    elif scheme.name == "duckdb" and not _is_key_form(rest.text):
        yield from _duckdb_url(scheme, scheme_text, rest, text)
        return
    elif _is_function_form(rest.text):
        separator = "."
    parts = (part for part in rest.split(separator) if not _is_fed(part.text))
    yield from (_key(scheme, scheme_text, part, text, separator == ".") for part in parts)


def _is_url(scheme_text: str, rest: str) -> bool:
    """Key and function form begin with a word and ``=``, ``;``, ``(``, or are one key; all else is an address."""
    if scheme_text.lower() in ("http", "https"):
        return True
    word = re.match(r"\s*([\w-]+)\s*(.?)", rest)
    if word is None or word.group(2) in ("=", "(", ";"):
        return False
    return not (word.group(2) == "" and normalize_name(word.group(1)) in VALUELESS | OPTIONAL_VALUE)


def _is_key_form(rest: str) -> bool:
    word = re.match(r"\s*([\w-]+)\s*[=(]", rest)
    return word is not None and "/" not in word.group() and not rest.startswith("?")


def _is_function_form(rest: str) -> bool:
    return bool(re.match(r"\s*[\w-]+\s*\(", rest))


def _is_fed(part: str) -> bool:
    """``Fed=true`` in a pasted Kusto connection string asks for what https connections do anyway."""
    key, _, value = part.partition("=")
    return normalize_name(key.strip().replace(" ", "")) in ("fed", "aadfederatedsecurity") and (
        value.strip().lower() == "true"
    )


# Addresses of which a path is a part; where it ends with the resource that is the database, that is group 1.
_CLUSTER_PATHS = re.compile(
    r"(?:[a-z]+://)?[^/]+(?:/lake/kql|/subscriptions/[^/]+(?:/resourcegroups/[^/]+(?:/providers/[^/]+/[^/]+/([^/]+))?)?)",
    re.IGNORECASE,
)


def _kusto_url(address: str) -> Iterator[tuple[str, Value]]:
    whole = address.rstrip("/")
    if path_cluster := _CLUSTER_PATHS.fullmatch(whole):
        yield "cluster", whole
        if path_cluster.group(1):
            yield "database", unquote(path_cluster.group(1))
        return
    prefix, separator, path = address.rpartition("/")
    web = "://" in address
    if not separator or (web and prefix.endswith("/")):
        yield "cluster", address.rstrip("/")
        return
    yield "cluster", prefix
    if path:
        yield "database", unquote(path)


def _duckdb_url(scheme: Scheme, scheme_text: str, rest: _Part, text: str) -> Iterator[tuple[str, Value]]:
    path, mark, query = rest.text.partition("?")
    if path.strip():
        yield "database", unquote(path)
    start = rest.start + len(path) + len(mark)
    for key, value in parse_qsl(query, keep_blank_values=True):
        at = max(start, text.find(key, start))
        yield _known_key(scheme, scheme_text, _Part(key, at), text, valued=True), value


_KEY_AND_VALUE = re.compile(r"\s*([^=]+?)\s*(?:=(.*))?", re.DOTALL)
_KEY_AND_ARGUMENT = re.compile(r"\s*([\w-]+)\s*\((.*)\)\s*", re.DOTALL)


def _key(scheme: Scheme, scheme_text: str, part: _Part, text: str, function: bool) -> tuple[str, Value]:
    match = (_KEY_AND_ARGUMENT if function else _KEY_AND_VALUE).fullmatch(part.text)
    if match is None:
        raise KqlConnectionError(
            f"This {scheme_text}:// connection cannot be read.",
            hint="write key='value' parts separated by ;, or key('value') parts separated by dots",
        )
    written = _Part(match.group(1), part.start + match.start(1))
    span = Span(written.start, written.start + len(written.text))
    key = _known_key(scheme, scheme_text, written, text, valued=match.group(2) is not None)
    value = (match.group(2) or "").strip()
    if key in VALUELESS:
        if value not in ("", "''", '""'):
            raise _error(f"The key {key} takes no value.", f"write only {key}", text, span)
        return key, ""
    if not value and key in OPTIONAL_VALUE:
        return key, ""
    if not value:
        raise _error(f"The key {key} needs a value.", f"write {key}='...'", text, span)
    parsed = parse_value(value)
    return key, value if parsed is None else parsed


def _known_key(scheme: Scheme, scheme_text: str, written: _Part, text: str, valued: bool) -> str:
    """The key as it is called; a word without a value may be part of a secret, and is shown if it is nearly a key."""
    key = normalize_name(written.text)
    if key in scheme.keys:
        return key
    near = did_you_mean(written.text, scheme.keys) if len(written.text) <= 40 else ""
    shown = _SHOWN_WORD.fullmatch(written.text) and (valued or near)
    raise _error(
        f"Connections of {scheme_text}:// have no key {written.text if shown else 'like this'}.",
        near or f"its keys are {', '.join(scheme.keys)}",
        text,
        Span(written.start, written.start + len(written.text)),
    )


def _check(scheme: Scheme, scheme_text: str, keys: tuple[tuple[str, Value], ...]) -> None:
    counts = Counter(key for key, _ in keys)
    twice = next((key for key, count in counts.items() if count > 1 and key not in REPEATABLE), None)
    if twice:
        raise KqlConnectionError(f"The key {twice} is given twice.", hint="keep one of the two")
    missing = next((key for key in scheme.mandatory if key not in counts), None)
    if missing:
        example = "https://cluster/database" if "cluster" in scheme.keys else f"{scheme_text}://{missing}='...'"
        raise KqlConnectionError(
            f"Connections of {scheme_text}:// need {'an' if missing == 'appid' else 'a'} {missing}.",
            hint=f"write {missing}='...', as in {example}",
        )
