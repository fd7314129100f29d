"""A table of keys and values, as files hold it, or a connection string -> ``Profile``. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from kqlext.connections.profiles import Profile
from kqlext.connections.schemes import LISTS, OPTIONAL_VALUE, REPEATABLE, SCHEMES, VALUELESS, Scheme
from kqlext.connections.strings import ConnectionSpec, parse_connection
from kqlext.errors import KqlConnectionError
from kqlext.references import EnvironmentVariable, Reference, Value, parse_value
from kqlext.surroundings import Origin
from kqlext.text import did_you_mean, normalize_name

_WORD = re.compile(r"[\w -]{1,40}")
_WEB = ("http", "https")


class _Mistake(Exception):  # noqa: N818 - it never leaves this module
    """What is wrong with a table: the key, the sentence and the hint."""

    def __init__(self, key: str, message: str, hint: str) -> None:
        super().__init__(message)
        self.key, self.message, self.hint = key, message, hint


def profile_of_string(name: str, text: str, origin: Origin, keys: tuple[str, ...] = ()) -> Profile:
    """The connection that a connection string spells."""
    try:
        return Profile(name, _of_string(text), origin, keys)
    except _Mistake as mistake:
        return _wrong(name, origin, keys, mistake)


def profile_of_table(name: str, table: object, origin: Origin, keys: tuple[str, ...]) -> Profile:
    """The connection of ``connection = "..."``, or of ``service`` and the keys that its scheme has."""
    try:
        if not isinstance(table, Mapping):
            hint = f'write [{".".join(keys)}] and below it connection = "loganalytics://..."'
            raise _Mistake("", "this is no table.", hint)
        return Profile(name, _of_table(table), origin, keys)
    except _Mistake as mistake:
        return _wrong(name, origin, keys, mistake)


def profile_of_section(name: str, section: Mapping[str, str | None], origin: Origin) -> Profile:
    """The connection of a section of an INI file, in which all values are texts; the service follows from the keys.

    A key with an empty value is as good as not there (Kqlmagic's rule), but for keys that take none: Kqlmagic could
    not express ``code`` and ``anonymous`` in such a file.
    """
    given = {key: value for key, value in section.items() if value or _may_be_empty(key)}
    service = next(
        (scheme for scheme in SCHEMES for key in given if normalize_name(key) in scheme.mandatory),
        None,
    )
    try:
        if "service" not in given and service is None:
            wanted = ", ".join(dict.fromkeys(key for scheme in SCHEMES for key in scheme.mandatory))
            raise _Mistake("", f"this section has none of {wanted}.", "one of them says which service it is")
        values = {key: _unquoted(key, value) for key, value in given.items()}
        return Profile(name, _of_table({"service": service.name if service else "", **values}), origin, (name,))
    except _Mistake as mistake:
        return _wrong(name, origin, (name,), mistake)


def _may_be_empty(key: str) -> bool:
    """Also a key that is unknown: a line without a value that is not understood is not passed over."""
    valued = {name for scheme in SCHEMES for name in scheme.keys} - VALUELESS - OPTIONAL_VALUE
    return normalize_name(key) not in valued


def _unquoted(key: str, value: str | None) -> object:
    if normalize_name(key) in VALUELESS:
        return {"": True, "true": True, "false": False}.get((value or "").strip().lower(), value)
    if normalize_name(key) in OPTIONAL_VALUE:
        return value or ""
    read = parse_value(value) if value else None
    return read if isinstance(read, str) else value


def _wrong(name: str, origin: Origin, keys: tuple[str, ...], mistake: _Mistake) -> Profile:
    place = origin.of(*keys, mistake.key) if mistake.key else origin.of(*keys)
    problem = KqlConnectionError(f"{place}: {mistake.message}", hint=mistake.hint)
    return Profile(name, None, origin, keys, problem)


def _of_string(text: str) -> ConnectionSpec:
    try:
        parsed = parse_connection(text)
    except KqlConnectionError as error:
        raise _Mistake("", error.message, error.hint) from None
    if not isinstance(parsed, ConnectionSpec):
        raise _Mistake("", "this names an open connection.", "write the whole of it: scheme://key='value';...")
    named = next((key for key, value in parsed.keys if isinstance(value, Reference)), None)
    if named:
        hint = f"write the text in quotes, {named}='...', or {named}=$NAME for an environment variable"
        raise _Mistake("", f"the value of {named} is a name of the notebook, which nothing here knows.", hint)
    return parsed


def _of_table(table: Mapping[Any, object]) -> ConnectionSpec:
    if "connection" in table:
        other = next((str(key) for key in table if key != "connection"), None)
        if other is not None:
            hint = "write it into the connection string, or write service = and all keys one by one"
            raise _Mistake(other, "a key does not go beside connection.", hint)
        text = table["connection"]
        if not isinstance(text, str):
            raise _Mistake("connection", f"this is {_kind(text)}, not text.", "write a connection string in quotes")
        try:
            return _of_string(text)
        except _Mistake as mistake:
            raise _Mistake("connection", mistake.message, mistake.hint) from None
    scheme = _scheme(table.get("service"))
    keys: dict[str, list[Value]] = {}
    for written, value in table.items():
        if written == "service":
            continue
        key = _known_key(scheme, str(written), value)
        if key in keys:
            raise _Mistake(str(written), f"the key {key} is given twice.", "keep one of the two")
        keys[key] = list(_values(key, value))
    missing = next((key for key in scheme.mandatory if not keys.get(key)), None)
    if missing:
        raise _Mistake(
            "", f"connections of the service {scheme.name} need the key {missing}.", f'write {missing} = "..."'
        )
    return ConnectionSpec(scheme.name, tuple((key, value) for key, values in keys.items() for value in values))


def _scheme(written: object) -> Scheme:
    names = {name: scheme for scheme in SCHEMES for name in (scheme.name, *scheme.aliases) if name not in _WEB}
    if written is None:
        hint = 'write service = "loganalytics" and its keys, or connection = "loganalytics://..."'
        raise _Mistake("", "this has neither service nor connection.", hint)
    found = names.get(normalize_name(written)) if isinstance(written, str) else None
    if found is None:
        hint = did_you_mean(written, names) if isinstance(written, str) else ""
        raise _Mistake("service", "there is no such service.", hint or f"services are {', '.join(names)}")
    return found


def _known_key(scheme: Scheme, written: str, value: object) -> str:
    key = normalize_name(written)
    if key in scheme.keys:
        return key
    near = did_you_mean(written, scheme.keys) if len(written) <= 40 else ""
    # What stands in a key's place without a value may be the rest of a secret.
    shown = _WORD.fullmatch(written) and (near or value is not None)
    raise _Mistake(
        written if shown else "",
        f"connections of the service {scheme.name} have no such key.",
        near or f"its keys are {', '.join(scheme.keys)}",
    )


def _values(key: str, value: object) -> Iterator[Value]:
    """The values of a key; none where it is switched off."""
    if key in VALUELESS or (key in OPTIONAL_VALUE and isinstance(value, bool)):
        if not isinstance(value, bool):
            raise _Mistake(key, f"this is {_kind(value)}, not true or false.", f"write {key} = true")
        if value:
            yield ""
    elif isinstance(value, str):
        yield _value(key, value)
    elif isinstance(value, list) and all(isinstance(item, str) for item in value) and key in LISTS | REPEATABLE:
        if not value:
            raise _Mistake(key, "this list is empty.", f"name some, or leave {key} out")
        yield from [",".join(value)] if key in LISTS else [_value(key, item) for item in value]
    else:
        several = f' or {key} = ["...", "..."]' if key in LISTS | REPEATABLE else ""
        raise _Mistake(key, f"this is {_kind(value)}, not text.", f'write {key} = "..."{several}')


def _value(key: str, text: str) -> Value:
    if not text.strip() and key not in OPTIONAL_VALUE:
        raise _Mistake(key, "this is empty.", f"write a value, or leave {key} out")
    read = parse_value(text)
    return read if isinstance(read, EnvironmentVariable) else text


_KINDS: tuple[tuple[type, str], ...] = (
    (bool, "true or false"),
    (int, "a number"),
    (float, "a number"),
    (str, "text"),
    (list, "a list"),
    (dict, "a table"),
    (type(None), "nothing"),
)


def _kind(value: object) -> str:
    """What a value is, without showing it."""
    return next((name for kind, name in _KINDS if isinstance(value, kind)), "a date or time")
