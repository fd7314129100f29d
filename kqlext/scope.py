"""The variables that a ``%kql`` in a function sees: the function's own, then the notebook's."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Mapping, MutableMapping
from typing import Any


class Scope(ChainMap[str, Any]):
    """Names of a function over those of the notebook. What is bound goes to the notebook: a function's are its own."""

    def __setitem__(self, name: str, value: Any) -> None:
        self.maps[-1][name] = value


def scope(local: Mapping[str, Any] | None, notebook: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """The variables for a magic that was called where ``local`` are the names."""
    return notebook if local is None or local is notebook else Scope(dict(local), notebook)
