"""``| render processtree``, and ``kqlext.process_tree`` for any table: parents and children of processes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from kqlext.errors import KqlError
from kqlext.text import did_you_mean, one_line
from kqlext.visualization.look import Figure
from kqlext.visualization.roles import NotDrawnError

if TYPE_CHECKING:
    from kqlext.process_trees.tree import ProcessTree
    from kqlext.result import Result

_VIEWS = ("tree", "chart")
_KNOWN = ("visualization", "isquerysorted", "view", "schema", "host", "root", "text", "color", "title")


def process_tree(
    data: object,
    *,
    schema: str | Mapping[str, str] | None = None,
    host: str | None = None,
    root: str | int | None = None,
    text: str | None = None,
    color: str | None = None,
    title: str | None = None,
) -> ProcessTree:
    """The tree of the processes whose starts a table tells: a Result, a pandas, polars or Arrow table.

    A parent is looked for by its id on the host of its child: it is the latest start with that id that is not after the
    child's, unless its name or its time of creation, where the child's event has them, say that it is another process.
    A parent of which there is no start stands there all the same, by what its children tell. The order of the rows
    does not count. What the `render processtree` of a Result's query asks for holds unless it is given here.

    Args:
        schema: where the events come from (windows, defender, sysmon, asim, auditd, osquery, hx), or which columns to
            take: ``{'time': 'T', 'name': 'Image', 'process_id': 'Pid', 'parent_id': 'ParentPid'}``. Without it the
            columns tell.
        host, root, text: show only some of the processes; see ``ProcessTree.filter``.
        color: a column by whose values the processes are coloured.
        title: what stands above the tree.

    Raises:
        KqlConversionError: the table has not the columns of such events, or no such host, process or column.
    """
    from kqlext.result import Result
    from kqlext.visualization.drawing import asked_of

    arguments = {"schema": schema, "host": host, "root": root, "text": text, "color": color, "title": title}
    given = {name: value for name, value in arguments.items() if value is not None}
    return _made(data, asked_of(data, {"visualization": "processtree", **given}) if isinstance(data, Result) else given)


def _made(data: object, asked: Mapping[str, Any]) -> ProcessTree:
    """The tree of a table with what is asked for; a property that it has not is said."""
    import pandas as pd

    from kqlext.frames import result_of
    from kqlext.process_trees.tree import make_tree
    from kqlext.visualization.drawing import warning_lines

    schema = asked.get("schema")
    if isinstance(data, pd.DataFrame):
        tree = make_tree(data, schema)
    else:
        result = result_of(data)
        origin = (f"{result.origin.elapsed:.2f} s", result.origin.shown) if result is data else ()
        tree = make_tree(result.to_pandas(), schema, tuple(warning_lines(result)), origin, result.view.look)
    which = [asked.get(name) for name in ("host", "root", "text")]
    if which != [None, None, None]:
        tree = tree.filter(*which)
    unknown = [name for name in asked if name not in _KNOWN]
    notes = (*tree.notes, *(f"There is no property {name}; it is left out." for name in unknown))
    return replace(tree.colored(asked.get("color")), title=asked.get("title"), notes=notes)


def mime_bundle(result: Result, asked: Mapping[str, Any]) -> dict[str, Any]:
    """The tree as HTML and text, or with ``view=chart`` also as a figure.

    Raises:
        NotDrawnError: there is no tree of this result; the message is the reason.
    """
    from kqlext.visualization import drawing

    as_chart = _is_chart(asked)
    tree = _tree(result, asked)
    if not as_chart:
        return tree._repr_mimebundle_()
    return {**drawing.plotly_form(drawing.figure(result, asked)), **tree.chart_fallback()}


def figure(result: Result, asked: Mapping[str, Any]) -> Figure:
    """The tree as a figure of plotly.

    Raises:
        NotDrawnError: there is no tree of this result; the message is the reason.
    """
    from kqlext.process_trees.drawing import figure as draw

    return draw(_tree(result, asked))


def _tree(result: Result, asked: Mapping[str, Any]) -> ProcessTree:
    try:
        return _made(result, asked)
    except KqlError as error:
        message = error.message.rstrip(".")
        raise NotDrawnError(f"{message[:1].lower()}{message[1:]} ({error.hint})") from None


def _is_chart(asked: Mapping[str, Any]) -> bool:
    view = str(asked.get("view") or "tree").lower()
    if view not in _VIEWS:
        hint = did_you_mean(view, _VIEWS) or "it has the views tree and chart"
        raise NotDrawnError(f"a processtree has no view {one_line(view)} ({hint})")
    return view == "chart"
