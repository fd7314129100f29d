"""Who started whom: the parent of each start, and the processes that were there before anybody wrote them down. Pure.

A process id is used again once its process has ended, so that a parent is looked for among the starts with its id on
the same host. It is

1. the start at the very time at which the event says that its parent was created, where it says that;
2. else the latest start not after the child, if what is known of its name and time does not speak against it. A start
   at the child's own time counts only if its name is the parent's, or one of them is not known;
3. else a process of which there is no start. Children share one if they have the same host and the same id, name and
   time of their parent, and if no process with that id was started between them.

A process whose parent has its own id has none: two processes that live at the same time do not share an id.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np

from kqlext.process_trees.reading import NO_TIME, Numbers, Starts

_NONE = -1


@dataclass(frozen=True)
class Known:
    """Processes that may be parents; arrays as of ``Starts``."""

    host: Numbers
    id: Numbers
    name: Numbers
    time: Numbers
    is_created: Numbers


@dataclass(frozen=True)
class Asked:
    """What is known of the parent of each child."""

    host: Numbers
    id: Numbers
    name: Numbers
    created: Numbers
    child_id: Numbers
    child_time: Numbers


@dataclass(frozen=True)
class Absent:
    """Processes of which there is no start.

    Attributes:
        time: when they were created, or ``NO_TIME``.
        since: when their id was last used before, or ``NO_TIME``.
        child: the first start that speaks of them; ``generation`` 1 are parents, 2 the parents of such parents.
    """

    host: Numbers
    id: Numbers
    name: Numbers
    time: Numbers
    since: Numbers
    child: Numbers
    generation: Numbers

    def __len__(self) -> int:
        return len(self.id)


@dataclass(frozen=True)
class Links:
    """The parent of each process, -1 for none: of the starts, then of the absent, by their places in that order."""

    parent: Numbers
    absent: Absent


def link(starts: Starts) -> Links:
    """The parents of starts, with those that are absent; of these the parents too, where the events name them."""
    known = Known(starts.host, starts.id, starts.name, starts.time, starts.is_created)
    asked = Asked(starts.host, starts.parent_id, starts.parent_name, starts.parent_time, starts.id, starts.time)
    parent, since = find_parents(known, asked)
    children = np.flatnonzero((parent == _NONE) & (asked.id >= 0) & (asked.id != asked.child_id))
    absent, which = _absent(asked, since, children, starts.grandparent_id)
    parent[children] = len(starts) + which

    # The same once more for the absent, by what their first children say of their parents.
    known = _joined(known, Known(absent.host, absent.id, absent.name, absent.time, np.ones(len(absent), dtype=bool)))
    first = absent.child
    when = np.where(absent.time == NO_TIME, starts.time[first], absent.time)
    asked = Asked(absent.host, starts.grandparent_id[first], starts.grandparent_name[first],
                  starts.grandparent_time[first], absent.id, when)  # fmt: skip
    above, since = find_parents(known, asked)
    children = np.flatnonzero((above == _NONE) & (asked.id >= 0) & (asked.id != asked.child_id))
    older, which = _absent(asked, since, children, asked.id)
    places = len(starts) + len(absent) + np.arange(len(older))
    same = {key: len(starts) + place for place, key in enumerate(_keys(absent))}
    found = [same.get(key) for key in _keys(older)]
    new = np.array([place is None for place in found], dtype=bool)
    places[new] = len(starts) + len(absent) + np.arange(int(new.sum()))
    places[~new] = [place for place in found if place is not None]
    above[children] = places[which]
    older = _part(replace(older, child=first[older.child], generation=older.generation + 1), new)
    return Links(np.concatenate([parent, above, np.full(len(older), _NONE)]), _joined(absent, older))


def find_parents(known: Known, asked: Asked) -> tuple[Numbers, Numbers]:
    """The place of each one's parent among the known, or -1; and when that id was last used before, or ``NO_TIME``."""
    usable = np.flatnonzero(known.time != NO_TIME)
    known = _part(known, usable)
    count = len(known.id)
    ids = _grouped((known.host, known.id), (asked.host, asked.id))
    names = _grouped((ids[:count], known.name), (ids[count:], asked.name))
    _, moments = np.unique(np.concatenate([known.time, asked.child_time, asked.created]), return_inverse=True)
    times, at_child, at_created = np.split(moments.reshape(-1), [count, count + len(asked.id)])
    by_id, by_name = _Index(ids[:count], times), _Index(names[:count], times)
    group, named = ids[count:], names[count:]

    told = (asked.created != NO_TIME) & (asked.created <= asked.child_time)
    exact = np.where(told, _first_of(by_name.at(named, at_created), by_id.at(group, at_created)), _NONE)

    def agreeing(place: Numbers, moment: Numbers) -> Numbers:
        """The start of that name at a moment, or the one at ``place`` unless its name speaks against it."""
        silent = (asked.name < 0) | (_taken(known.name, place, _NONE) < 0)
        same = np.where(asked.name < 0, _NONE, by_name.at(named, moment))
        return np.where(place < 0, _NONE, np.where(same >= 0, same, np.where(silent, place, _NONE)))

    before = by_id.before(group, at_child)
    at_once = agreeing(by_id.at(group, at_child), at_child)
    latest: Numbers = np.where(at_once >= 0, at_once, agreeing(before, _taken(times, before, 0)))
    # One that was created at a known other time, or written down before the parent was created, is another process.
    other = _taken(known.is_created, latest, False) | (_taken(known.time, latest, NO_TIME) < asked.created)
    latest = np.where(told & other, _NONE, latest)

    found = np.where((asked.id >= 0) & (asked.id != asked.child_id), _first_of(exact, latest), _NONE)
    return _taken(usable, found, _NONE), _taken(known.time, before, NO_TIME)


class _Index:
    """The places of starts by a group and a moment; of several at one moment the last."""

    def __init__(self, groups: Numbers, moments: Numbers) -> None:
        self._scale = 1 << 31
        keys = groups * self._scale + moments
        self._order = np.argsort(keys, kind="stable")
        self._keys = keys[self._order]

    def at(self, groups: Numbers, moments: Numbers) -> Numbers:
        wanted = groups * self._scale + moments
        place = np.searchsorted(self._keys, wanted, side="right") - 1
        return np.where(_taken(self._keys, place, _NONE) == wanted, _taken(self._order, place, _NONE), _NONE)

    def before(self, groups: Numbers, moments: Numbers) -> Numbers:
        place = np.searchsorted(self._keys, groups * self._scale + moments, side="left") - 1
        there = (_taken(self._keys, place, -self._scale) // self._scale) == groups
        return np.where(there, _taken(self._order, place, _NONE), _NONE)


def _absent(asked: Asked, since: Numbers, children: Numbers, grandparents: Numbers) -> tuple[Absent, Numbers]:
    """The processes that these children ask for and that are not there, and which of them is the parent of each."""
    told = (asked.created != NO_TIME) & (asked.created <= asked.child_time)
    created = np.where(told, asked.created, NO_TIME)[children]
    # What was created at a known time is that process, however it is called.
    names = np.where(created == NO_TIME, asked.name[children], _NONE)
    used = np.where(created == NO_TIME, since[children], NO_TIME)
    keys = np.stack([asked.host[children], asked.id[children], names, created, used], axis=1)
    _, which = np.unique(keys, axis=0, return_inverse=True)
    which = which.reshape(-1)
    # The first child speaks for all, of those that can tell of the grandparent.
    order = np.lexsort([children, grandparents[children] < 0, which])
    one = order[np.flatnonzero(np.diff(which[order], prepend=_NONE))]
    child = children[one]
    generation = np.ones(len(one), dtype=np.int64)
    return Absent(
        asked.host[child], asked.id[child], asked.name[child], created[one], used[one], child, generation
    ), which


def _keys(absent: Absent) -> list[tuple[int, ...]]:
    names = np.where(absent.time == NO_TIME, absent.name, _NONE)
    keys = np.stack([absent.host, absent.id, names, absent.time, absent.since], axis=1)
    return [tuple(key) for key in keys.tolist()]


def _grouped(*pairs: tuple[Numbers, Numbers]) -> Numbers:
    """Numbers from 0 that are the same for the same pair."""
    first, second = (np.concatenate(parts) for parts in zip(*pairs, strict=True))
    _, groups = np.unique((first + 1) * (second.max(initial=0) + 2) + second + 1, return_inverse=True)
    return groups.reshape(-1)


def _taken(values: Numbers, places: Numbers, default: Any) -> Numbers:
    """The values at some places, and the default at -1."""
    return np.append(values, np.array([default], dtype=values.dtype))[places]


def _first_of(first: Numbers, second: Numbers) -> Numbers:
    return np.where(first >= 0, first, second)


def _part(whole: Any, places: Numbers) -> Any:
    return type(whole)(*(getattr(whole, field.name)[places] for field in fields(whole)))


def _joined(first: Any, second: Any) -> Any:
    kind = type(first)
    return kind(*(np.concatenate([getattr(first, f.name), getattr(second, f.name)]) for f in fields(kind)))
