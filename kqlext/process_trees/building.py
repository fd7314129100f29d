"""Links between processes -> ``Forest``: the processes in the order in which a tree is read. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from kqlext.process_trees.linking import link
from kqlext.process_trees.reading import NO_TIME, Numbers, Starts
from kqlext.text import plural


@dataclass(frozen=True)
class Forest:
    """Processes, each behind its parent and before its parent's next child; children in the order of their starts.

    Attributes:
        parent: the place of the parent, -1 of a root.
        depth: 1 of a root.
        row: the row of the table that tells of the process.
        generation: 0 where that row is its start, 1 where it is that of a child, 2 where it is that of a grandchild.
        time: ticks of 100 ns since 1970, or ``NO_TIME``.
        children, descendants: how many there are.
    """

    parent: Numbers
    depth: Numbers
    row: Numbers
    generation: Numbers
    time: Numbers
    children: Numbers
    descendants: Numbers

    def __len__(self) -> int:
        return len(self.parent)


def build(starts: Starts) -> tuple[Forest, tuple[str, ...]]:
    """The forest of some starts, and what is to be known of it: one sentence each."""
    links = link(starts)
    absent = links.absent
    first = np.where(absent.time == NO_TIME, starts.time[absent.child], absent.time)
    order = np.lexsort([np.concatenate([starts.time, first]), np.concatenate([starts.host, absent.host])])
    parents, circles = _without_circles(links.parent.tolist(), order.tolist())
    sequence, depths = _preorder(parents, order.tolist())

    places = np.empty(len(sequence), dtype=np.int64)
    places[sequence] = np.arange(len(sequence))
    above = np.array(parents, dtype=np.int64)[sequence]
    parent = np.where(above < 0, -1, places[above])
    rows = np.concatenate([starts.row, starts.row[absent.child]])
    generation = np.concatenate([np.zeros(len(starts), dtype=np.int64), absent.generation])
    times = np.concatenate([starts.time, absent.time])
    depth = np.array(depths, dtype=np.int64)
    children = np.bincount(parent[parent >= 0], minlength=len(parent))
    forest = Forest(parent, depth, rows[sequence], generation[sequence], times[sequence], children, _descendants(depth))
    return forest, (
        (f"{plural(circles, 'circle')} of parents cut: its first process is shown as a root.",) if circles else ()
    )


def _without_circles(parents: list[int], order: list[int]) -> tuple[list[int], int]:
    """The parents, and how many were taken away since a process would be its own ancestor.

    That takes events at the same time, or parents that are only told of. The first process of a circle becomes a root.
    """
    done = [False] * len(parents)
    rank = {process: place for place, process in enumerate(order)}
    circles = 0
    for start in order:
        process = start
        line: list[int] = []
        seen: set[int] = set()
        while process >= 0 and not done[process]:
            if process in seen:
                top = min(line[line.index(process) :], key=rank.__getitem__)
                parents[top] = -1
                circles += 1
                break
            line.append(process)
            seen.add(process)
            process = parents[process]
        for passed in line:
            done[passed] = True
    return parents, circles


def _preorder(parents: list[int], order: list[int]) -> tuple[list[int], list[int]]:
    """The processes as a tree is read, and the depth of each."""
    children: list[list[int]] = [[] for _ in parents]
    waiting: list[tuple[int, int]] = []
    for process in reversed(order):
        if parents[process] < 0:
            waiting.append((process, 1))
        else:
            children[parents[process]].append(process)
    sequence, depths = [], []
    while waiting:
        process, depth = waiting.pop()
        sequence.append(process)
        depths.append(depth)
        waiting.extend((child, depth + 1) for child in children[process])
    return sequence, depths


def _descendants(depth: Any) -> Any:
    """How many follow each that are deeper than it, before one that is not."""
    counts = [0] * len(depth)
    line: list[int] = []
    for place, level in enumerate([*depth.tolist(), 0]):
        while len(line) >= max(level, 1):
            above = line.pop()
            counts[above] = place - above - 1
        line.append(place)
    return np.array(counts, dtype=np.int64)
