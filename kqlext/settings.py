"""Where an option's value comes from: its default < ``%config KqlMagics`` < the magic's own line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from kqlext.errors import KqlCellError, Span
from kqlext.head import OptionUse
from kqlext.option_values import read_option
from kqlext.options import OPTIONS, option_names
from kqlext.references import EnvironmentVariable, Reference, resolve
from kqlext.text import did_you_mean, normalize_name, shorten


def effective(
    uses: Sequence[OptionUse],
    session: Mapping[str, Any],
    namespace: Mapping[str, Any],
    environment: Mapping[str, str],
    text: str,
) -> dict[str, Any]:
    """The value of every option for one cell.

    Args:
        session: the values of the session's configurable options.
        text: the cell, for errors.

    Raises:
        KqlCellError: a name that is not in the notebook, or whose value is none of the option's kind.
    """
    values = {option.name: session.get(option.name, option.default) for option in OPTIONS}
    for use in uses:
        values[use.option.name] = _value(use, namespace, environment, text)
    return values


def given(options: Mapping[str, Any]) -> dict[str, Any]:
    """Values of options by any of their spellings, as a caller in Python gives them -> by the options' names.

    Raises:
        KqlCellError: there is no such option, or the value is none for it.
    """
    found: dict[str, Any] = {}
    for name, value in options.items():
        option = option_names().get(normalize_name(name))
        if option is None:
            near = did_you_mean(name, (known.name for known in OPTIONS))
            raise KqlCellError(
                f"There is no option {shorten(name, 40)}.", hint=near or "%kql --help options lists them"
            )
        literal = option.kind in ("flag", "integer", "choice") and value is not None
        found[option.name] = read_option(option, str(value), str(value), Span(0, 0)) if literal else value
    return found


def _value(use: OptionUse, namespace: Mapping[str, Any], environment: Mapping[str, str], text: str) -> Any:
    if not isinstance(use.value, (Reference, EnvironmentVariable)):
        return use.value
    if use.option.kind == "names":
        return names_of(use.value, namespace)
    try:
        found = resolve(use.value, namespace, environment)
    except KqlCellError as error:
        error.text, error.span = text, use.span
        near = error.hint.startswith("did you mean")
        if use.option.kind in _TAKES and isinstance(use.value, Reference) and not near:
            error.hint = f"-{use.option.name} takes {_TAKES[use.option.kind]}, or a variable that holds one"
        raise
    if use.option.kind in ("value", "timespan") or (use.option.kind == "flag" and isinstance(found, bool)):
        return found
    if found is None and use.option.kind == "integer":
        return None
    try:
        value = read_option(use.option, str(found), text, use.span)
    except KqlCellError:
        raise _wrong(use, text) from None  # its message shows the value, which may be a secret
    if isinstance(value, (Reference, EnvironmentVariable)):
        raise _wrong(use, text)
    return value


def names_of(value: Reference | EnvironmentVariable, namespace: Mapping[str, Any]) -> tuple[str, ...]:
    """The names that a variable holds, or the word itself: it may be the name of something else."""
    path = value.path if isinstance(value, Reference) else f"${value.name}"
    found = namespace.get(path)
    if isinstance(found, (list, tuple)) and found and all(isinstance(name, str) for name in found):
        return tuple(found)
    return (path,)


_TAKES = {"flag": "True or False", "integer": "a whole number, or None"}  # by the kind of an option


def _wrong(use: OptionUse, text: str) -> KqlCellError:
    name = use.value.path if isinstance(use.value, Reference) else f"${getattr(use.value, 'name', '')}"
    hint = f"-{use.option.name} takes {_TAKES.get(use.option.kind, 'text')}"
    return KqlCellError(f"{name} is no value for -{use.option.name}.", hint=hint, text=text, span=use.span)
