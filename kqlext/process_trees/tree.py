"""``ProcessTree``: processes with their parents and children. It shows itself, and becomes a DataFrame or a figure."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from kqlext.errors import KqlConversionError
from kqlext.process_trees.building import build
from kqlext.process_trees.processes import Processes, short_name
from kqlext.process_trees.reading import Numbers, base_name, host_name, id_text, read_starts
from kqlext.process_trees.schemas import find_columns
from kqlext.text import did_you_mean, listing, one_line, plural
from kqlext.visualization.labels import another
from kqlext.visualization.look import Look

if TYPE_CHECKING:
    from collections.abc import Mapping

_SEARCHED = ("name", "command_line", "user")
_DEEPEST_PATH = (
    100  # names of a path; the paths of a chain of thousands of processes would be as long as the square of it
)
_OWN = ("key", "parent_key", "depth", "path", "is_root", "is_leaf", "is_absent", "children", "descendants")


@dataclass(frozen=True, eq=False, repr=False)
class ProcessTree:
    """Processes of one or more hosts, each below the process that started it; see ``kqlext.process_tree``.

    In a notebook it shows itself as a tree that folds, in a terminal as text. ``filter``, ``roots``, ``ancestors``,
    ``descendants`` and ``siblings`` give trees of some of its processes; all that ``to_pandas`` says of a process (its
    depth, whether it is a leaf) stays that of the whole tree.

    A process is named by its key (``host|id|time``, as in ``to_pandas``), its id (500, ``'500'``, ``'0x1f4'``) or its
    name (``'cmd.exe'``): all that are called so are meant, on all hosts or on ``host``.

    Attributes:
        processes: all processes, and the table that they come from.
        places: those that are in this tree, in the order in which it is read.
        notes: what was left out of the table, one sentence each.
        origin: where the table comes from.
        color: the column by whose values the processes are coloured.
        matches: those in which a text was found.
    """

    processes: Processes
    places: Numbers
    notes: tuple[str, ...] = ()
    origin: tuple[str, ...] = ()
    color: str | None = None
    title: str | None = None
    look: Look = field(default_factory=Look)
    matches: frozenset[int] = frozenset()

    def __len__(self) -> int:
        return len(self.places)

    @property
    def hosts(self) -> list[str]:
        """The hosts of these processes."""
        hosts = self.processes.hosts
        return list(dict.fromkeys(hosts[place] for place in self.places.tolist()))

    # --- some of the processes ----------------------------------------------------------------------------

    def roots(self) -> ProcessTree:
        """The processes that have no parent."""
        return self._part(self.places[self.processes.forest.parent[self.places] < 0])

    def ancestors(self, process: str | int, host: str | None = None) -> ProcessTree:
        """The processes, and all above them.

        Raises:
            KqlConversionError: there is no such process.
        """
        return self._part(self._with_ancestors(self._find(process, host)))

    def descendants(self, process: str | int, host: str | None = None) -> ProcessTree:
        """The processes, and all below them.

        Raises:
            KqlConversionError: there is no such process.
        """
        return self._part(self._below(self._find(process, host)))

    def siblings(self, process: str | int, host: str | None = None) -> ProcessTree:
        """The processes with the same parent, these among them.

        Raises:
            KqlConversionError: there is no such process.
        """
        found = self._find(process, host)
        parents = self.processes.forest.parent
        with_parent = np.isin(parents[self.places], parents[found][parents[found] >= 0])
        return self._part(np.union1d(self.places[with_parent], found))

    def filter(self, host: str | None = None, root: str | int | None = None, text: str | None = None) -> ProcessTree:
        """The processes of a host, of the trees below some processes, or with a text and all above those.

        Args:
            host: its name, whatever the case, with or without the domain.
            root: a process, as said above.
            text: a part of the name, the command line or the user, whatever the case.

        Raises:
            KqlConversionError: there is no such host or process.
        """
        places = self.places
        if host is not None:
            places = places[self._on(host)[places]]
        if root is not None:
            places = np.intersect1d(places, self._below(self._find(root, host)))
        if text is None:
            return self._part(places)
        wanted = text.lower()
        columns = [self.processes.texts(name) for name in _SEARCHED]
        found = [
            place for place in places.tolist() if any(wanted in (column[place] or "").lower() for column in columns)
        ]
        above = np.intersect1d(places, self._with_ancestors(np.array(found, dtype=np.int64)))
        return replace(self, places=above, matches=frozenset(found))

    def colored(self, column: str | None) -> ProcessTree:
        """The same tree, coloured by the values of a column.

        Raises:
            KqlConversionError: there is no such column.
        """
        if column is not None:
            self.processes.column(column)
        return replace(self, color=column)

    def _part(self, places: Numbers) -> ProcessTree:
        return replace(self, places=places)

    def _on(self, host: str) -> Numbers:
        """Whether each process runs on a host."""
        wanted = host_name(host) or ""
        names = [(name or "").lower() for name in self.processes.hosts]
        found = np.array([name == wanted or name.startswith(f"{wanted}.") for name in names], dtype=bool)
        if not found[self.places].any():
            raise KqlConversionError(
                f"There is no host {one_line(host)} in this tree.",
                hint=did_you_mean(host, self.hosts) or f"there are {listing(map(one_line, self.hosts))}",
            )
        return found

    def _find(self, process: str | int, host: str | None) -> Numbers:
        there = np.zeros(len(self.processes.forest), dtype=bool)
        there[self.places] = True
        if host is not None:
            there &= self._on(host)
        wanted = str(process)
        known = (
            (wanted, self.processes.keys),
            (id_text(process), self.processes.texts("process_id")),
            (base_name(wanted), [base_name(name) for name in self.processes.texts("name")]),
        )
        for value, values in known:
            found = np.flatnonzero(there & np.array([each == value for each in values], dtype=bool))
            if value is not None and len(found):
                return found
        names = dict.fromkeys(known[2][1][place] or "" for place in np.flatnonzero(there).tolist())
        raise KqlConversionError(
            f"There is no process {one_line(wanted)} in this tree.",
            hint=did_you_mean(wanted, names) or "name a key of to_pandas(), an id or a name",
        )

    def _below(self, found: Numbers) -> Numbers:
        forest = self.processes.forest
        below = np.zeros(len(forest) + 1, dtype=np.int64)
        np.add.at(below, found, 1)
        np.add.at(below, found + forest.descendants[found] + 1, -1)
        return self.places[(np.cumsum(below) > 0)[self.places]]

    def _with_ancestors(self, found: Numbers) -> Numbers:
        parents = self.processes.forest.parent
        wanted = set(found.tolist())
        for place in found.tolist():
            above = int(parents[place])
            while above >= 0 and above not in wanted:
                wanted.add(above)
                above = int(parents[above])
        return np.intersect1d(self.places, np.array(sorted(wanted), dtype=np.int64))

    # --- forms --------------------------------------------------------------------------------------------

    def to_pandas(self) -> pd.DataFrame:
        """A DataFrame with a row for each process, in the order in which the tree is read: all columns of the table,

        - ``key``, ``parent_key``: ``host|id|time``; those of a root's parent are null;
        - ``depth``: 1 of a root;
        - ``path``: the names from the root down (``winword.exe > cmd.exe``), null more than 100 processes deep;
        - ``is_root``, ``is_leaf``, ``children``, ``descendants``;
        - ``is_absent``: whether there is no start of it, so that its columns are only what its children tell.

        Columns of the table that are called so get a number.
        """
        forest, places = self.processes.forest, self.places
        keys = np.array([*self.processes.keys, None], dtype=object)
        own = {
            "key": keys[places], "parent_key": keys[forest.parent[places]], "depth": forest.depth[places],
            "path": self._paths[places], "is_root": forest.parent[places] < 0, "is_leaf": forest.children[places] == 0,
            "is_absent": forest.generation[places] > 0, "children": forest.children[places],
            "descendants": forest.descendants[places],
        }  # fmt: skip
        taken = set(_OWN)
        rows = self.processes.rows(places)
        rows.columns = pd.Index([another(str(name), taken) for name in rows.columns])
        return pd.concat([rows, pd.DataFrame(own)], axis=1)

    @cached_property
    def _paths(self) -> Any:
        paths: list[str | None] = []
        forest = self.processes.forest
        names = map(short_name, self.processes.texts("name"))
        for name, parent, depth in zip(names, forest.parent.tolist(), forest.depth.tolist(), strict=True):
            above = paths[parent] if parent >= 0 else None
            path = name if above is None else f"{above} > {name}"
            paths.append(path if depth <= _DEEPEST_PATH else None)
        return np.array(paths, dtype=object)

    def to_plotly(self) -> Any:
        """The tree as a ``plotly.graph_objects.Figure``: a bar for each process, indented by its depth."""
        import plotly.graph_objects as go

        from kqlext.process_trees.drawing import figure

        return go.Figure(figure(self))

    def summary(self) -> str:
        """``369 processes · 6 roots · depth 5 · Windows 4688 (SecurityEvent)``."""
        forest, count = self.processes.forest, len(self.processes.forest)
        shown = f"{len(self):,} of {_processes(count)}" if len(self) < count else _processes(count)
        absent = int((forest.generation[self.places] > 0).sum())
        parts = [shown + (f" ({absent:,} without a start on record)" if absent else "")]
        hosts = self.hosts
        parts += [plural(len(hosts), "host")] if len(hosts) > 1 else hosts
        if self.matches:
            parts.append(f"{len(self.matches):,} with the text")
        if len(self) == count > 0:
            parts.append(plural(int((forest.parent[self.places] < 0).sum()), "root"))
            parts.append(f"depth {int(forest.depth[self.places].max())}")
        return one_line(
            " · ".join([part for part in parts if part] + [f"from {self.processes.columns.title}", *self.origin])
        )

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        from kqlext.process_trees.html import html
        from kqlext.process_trees.outline import text

        return {"text/html": html(self), "text/plain": text(self)}

    def chart_fallback(self) -> dict[str, Any]:
        """The same, shorter: what front ends show that do not draw the figure beside it."""
        from kqlext.process_trees.html import SHORT, html
        from kqlext.process_trees.outline import text

        return {"text/html": html(self, SHORT), "text/plain": text(self)}

    def __repr__(self) -> str:
        return f"<ProcessTree: {self.summary()}>"


def _processes(count: int) -> str:
    return f"{count:,} process" if count == 1 else f"{count:,} processes"


def make_tree(
    frame: pd.DataFrame,
    schema: str | Mapping[str, str] | None = None,
    notes: tuple[str, ...] = (),
    origin: tuple[str, ...] = (),
    look: Look | None = None,
) -> ProcessTree:
    """The tree of a DataFrame of events; see ``kqlext.process_tree``."""
    taken: set[str] = set()
    frame = frame.set_axis([another(str(name), taken) for name in frame.columns], axis=1)
    columns = find_columns(list(frame.columns), schema)
    starts, unread = read_starts(frame, columns)
    forest, cut = build(starts)
    processes = Processes(frame, columns, forest)
    return ProcessTree(processes, np.arange(len(forest)), (*notes, *unread, *cut), origin, look=look or Look())
