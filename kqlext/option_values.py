"""Values of options and request properties: a word of a cell's head -> a value, or a name still to be looked up."""

from __future__ import annotations

import ast
import json
import re

from kqlext.errors import KqlCellError, Span
from kqlext.kqlmagic_names import foreign_options
from kqlext.options import NO_MINIMUM, Option, option_names
from kqlext.references import EnvironmentVariable, Reference, Value, parse_value
from kqlext.text import nearest, normalize_name


def is_flag(name: str) -> bool:
    """Whether a normalized name is an option that stands without a value."""
    option, foreign = option_names().get(name), foreign_options().get(name)
    return option.kind == "flag" if option is not None else foreign is not None and foreign.flag


_WORDS = {"true": True, "false": False, "none": None, "null": None}


def read_option(option: Option, word: str, text: str, span: Span) -> object:
    """The value of an option from the word behind it, or a ``Reference`` still to be looked up.

    Raises:
        KqlCellError: the word is no value of the option's kind.
    """
    value = parse_value(word)
    plain = value if isinstance(value, str) else word
    if option.kind == "choice":
        by_name = {normalize_name(choice): choice for choice in option.choices}
        if normalize_name(plain) in by_name:
            return by_name[normalize_name(plain)]
        near = nearest(plain, option.choices)
        hint = f"did you mean {near}?" if near else f"one of {', '.join(option.choices)}"
        raise KqlCellError(f"-{option.name} cannot be {plain}.", hint=hint, text=text, span=span)
    if option.kind in ("flag", "integer"):
        return _read_literal(option, plain, value, text, span)
    if option.kind == "names":
        return value if isinstance(value, (Reference, EnvironmentVariable)) else _read_names(option, plain, text, span)
    if option.kind == "timespan" and re.match(r"PT?\d", word):
        return word
    if option.kind in ("value", "timespan"):
        return plain if value is None else value
    return plain if isinstance(value, Reference) else (plain if value is None else value)


def _read_literal(option: Option, plain: str, value: Value | None, text: str, span: Span) -> object:
    if option.kind == "integer" and re.fullmatch(r"-?\d{1,9}", plain) and int(plain) >= option.minimum:
        return int(plain)
    if plain.lower() in _WORDS and (option.kind == "flag") is (_WORDS[plain.lower()] is not None):
        return _WORDS[plain.lower()]
    if value is not None and not isinstance(value, str):
        return value
    least = f" of at least {option.minimum}" if option.minimum > NO_MINIMUM else ""
    wanted = "true or false" if option.kind == "flag" else f"a whole number{least}, or none"
    raise KqlCellError(f"-{option.name} cannot be {plain}: it takes {wanted}.", text=text, span=span)


def _read_names(option: Option, plain: str, text: str, span: Span) -> tuple[str, ...]:
    names = tuple(name.strip() for name in plain.split(","))
    if not all(names):
        hint = f"write -{option.name} a,b,c without spaces, or put the names in quotes"
        raise KqlCellError(f"-{option.name} has an empty name.", hint=hint, text=text, span=span)
    return names


def read_property(word: str) -> object:
    """The value of a client request property: quoted text, JSON (numbers, true ...), a list or dict as JSON or Python
    writes it, or the bare word.

    Raises:
        KqlCellError: it begins as a list or dict and is none.
    """
    if word[0] in "'\"" and isinstance(value := parse_value(word), str):
        return value
    try:
        return json.loads(word)
    except (ValueError, RecursionError):
        if word[0] not in "[{(":
            return parse_value(word) if word.startswith("$") else word
    try:
        return ast.literal_eval(word)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        hint = 'write ["a","b"], or name a dict of the notebook with -query_properties'
        raise KqlCellError("This is no list and no dict of plain values.", hint=hint) from None
