"""``%config Kqlmagic``: Kqlmagic's name for the session's settings. There is one state, that of ``KqlMagics``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from traitlets.config import Config

from kqlext import traits
from kqlext.kqlmagic_names import Foreign, foreign_options, says_nothing_happens
from kqlext.options import Option, option_names
from kqlext.text import normalize_name, shorten

if TYPE_CHECKING:
    from kqlext.magic import KqlMagics


class Kqlmagic:
    """What IPython's ``%config`` finds under Kqlmagic's name: it hands every question on to ``KqlMagics``."""

    def __init__(self, magics: KqlMagics) -> None:
        self._magics = magics
        self._said: set[str] = set()

    @classmethod
    def class_traits(cls, **metadata: Any) -> dict[str, Any]:
        """The settings, as those of ``KqlMagics``."""
        return traits.traits() if metadata.get("config", True) else {}

    @classmethod
    def class_get_help(cls, inst: Kqlmagic | None = None) -> str:
        """What ``%config Kqlmagic`` prints."""
        from kqlext.magic import KqlMagics

        return KqlMagics.class_get_help(None if inst is None else inst._magics)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        option = option_names().get(normalize_name(name))
        if option is None or not option.configurable:
            raise AttributeError(f"kqlext has no setting {name}; %kql --config lists them")
        return getattr(self._magics, option.name)

    def update_config(self, config: Config) -> None:
        """Set what a line ``%config Kqlmagic.name = value`` says.

        Raises:
            ValueError: there is no such setting, it is refused, or the value is none for it. IPython prints it.
        """
        for name, value in dict(config.get("Kqlmagic", {})).items():
            foreign = foreign_options().get(normalize_name(name))
            if foreign is not None:
                self._take_foreign(name, foreign)
                continue
            option = option_names().get(normalize_name(name))
            if option is not None and not option.configurable:
                raise ValueError(f"{option.name} is set in a cell only: write -{option.name} there")
            if option is None:
                raise ValueError(f"kqlext has no setting {shorten(name, 40)}; %kql --config lists them")
            self._magics.set_option(option.name, _as_option(option, value))

    def _take_foreign(self, name: str, foreign: Foreign) -> None:
        if foreign.refused:
            raise ValueError(f"Kqlmagic.{name} is not here: {foreign.reason}; {foreign.instead}")
        if foreign.name not in self._said:
            from kqlext.display import Notice, show

            self._said.add(foreign.name)
            show(Notice(says_nothing_happens(foreign, f"Kqlmagic.{name}")))


def _as_option(option: Option, value: Any) -> Any:
    """A value as Kqlmagic takes it, as the option does: None and numbers for texts."""
    if option.kind == "choice" and value is None and "none" in option.choices:
        return "none"
    return str(value) if option.kind == "text" and isinstance(value, (int, float)) else value
