"""The options that can be set for a session, as traits for ``%config KqlMagics``."""

from __future__ import annotations

from typing import Any

import traitlets

from kqlext.options import OPTIONS, Option

_TRAITS: dict[str, Any] = {
    "flag": traitlets.Bool,
    "integer": traitlets.Integer,
    "text": traitlets.Unicode,
    "name": traitlets.Unicode,
    "value": traitlets.Unicode,
}


def configurable_names() -> list[str]:
    """The options that can be set for a session."""
    return [option.name for option in OPTIONS if option.configurable]


def traits() -> dict[str, Any]:
    """A configurable trait for each option that can be set for a session."""
    return {option.name: _trait(option) for option in OPTIONS if option.configurable}


def _trait(option: Option) -> Any:
    if option.kind == "choice":
        trait: Any = traitlets.CaselessStrEnum(option.choices, option.default, help=option.help)
    else:
        allow_none = {"allow_none": True} if option.kind == "integer" else {}
        trait = _TRAITS[option.kind](option.default, help=option.help, **allow_none)
    return trait.tag(config=True)
