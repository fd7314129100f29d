"""What `render` can ask for that no service knows, only kqlext: taken off a query that is sent. One table. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kqlext import syntax
from kqlext.errors import KqlCellError, Span
from kqlext.render_clause import split_render
from kqlext.services.base import Query


@dataclass(frozen=True)
class OwnKind:
    """A visualization of kqlext's own.

    Attributes:
        name: as in ``| render name``, in lower case.
        option: the option that shows any result so.
        module: what draws it. It has ``figure(result, properties)``, and where ``bundles`` says so also
            ``mime_bundle(result, properties)``; both raise ``NotDrawnError`` with the reason in one line. Where it has
            ``plainer(figure)``, what that gives is translated into Vega-Lite.
        columns: the properties whose values are columns.
        properties: all others.
        arguments: what can be given in Python only.
        bundles: whether it is shown by a mime bundle of its own, which is not only its figure.
    """

    name: str
    option: str
    module: str
    columns: tuple[str, ...]
    properties: tuple[str, ...]
    bundles: bool = False
    arguments: tuple[str, ...] = ()


OWN_KINDS: Mapping[str, OwnKind] = {
    kind.name: kind
    for kind in (
        OwnKind(
            "timeline",
            "timeline",
            "kqlext.visualization.timeline",
            ("time", "start", "end", "group", "label", "tooltip", "color"),
            ("reference", "title", "height", "slider"),
            arguments=("overlay",),
        ),
        OwnKind(
            "processtree",
            "process_tree",
            "kqlext.visualization.process_tree",
            ("color",),
            ("host", "root", "text", "schema", "view", "title"),
            bundles=True,
        ),
    )
}


def taken_off(query: Query, on_table: bool = False) -> tuple[Query, dict[str, str] | None]:
    """A query without the `render` of our own that ends it, and what that asks for by lower-case name, or None.

    Args:
        on_table: whether a query without anything before the `render` reads a table of the notebook (``-on``).

    Raises:
        KqlCellError: nothing stands before it.
    """
    left, asked = split_render(query.text)
    if asked is None or asked["visualization"] not in OWN_KINDS:
        return query, None
    if not syntax.has_code(left) and not on_table:
        error = KqlCellError("There is no query before this render.", hint="begin with a table, or use -on name")
        error.text, error.span = query.text, Span(len(left), len(query.text))
        raise error
    return query.replace(Span(len(left), len(query.text)), ""), asked


def asked_by_option(options: Mapping[str, Any]) -> dict[str, str] | None:
    """What ``-timeline`` and their like ask for, or None.

    Raises:
        KqlCellError: there are several of them.
    """
    asked = [kind for kind in OWN_KINDS.values() if options.get(kind.option)]
    if len(asked) > 1:
        names = " and ".join(f"-{kind.option}" for kind in asked)
        raise KqlCellError(f"{names} do not go together.", hint="keep one of the two")
    return {"visualization": asked[0].name} if asked else None
