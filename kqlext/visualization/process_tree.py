"""Parents and children of processes: a tree."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from kqlext.visualization.drawing import Shown, own
from kqlext.visualization.look import Figure
from kqlext.visualization.roles import NotDrawnError

if TYPE_CHECKING:
    from kqlext.result import Result


def process_tree(data: object, **properties: Any) -> Shown:
    """A table as a tree of processes, to be displayed.

    Raises:
        KqlConversionError: it is no table.
    """
    from kqlext.frames import result_of

    return own(result_of(data), "processtree", properties)


def figure(result: Result, asked: Mapping[str, Any]) -> Figure:  # noqa: ARG001
    raise NotDrawnError("process trees are not there yet")


def mime_bundle(result: Result, asked: Mapping[str, Any]) -> dict[str, Any]:  # noqa: ARG001
    raise NotDrawnError("process trees are not there yet")
