"""Tables put together as Kusto's `union` does, where names or types of their columns do not agree.

Columns of one name and several types become one each, with the type behind the name (``Id_long``, ``Id_string``).
Names that differ only in case are one column here, under the first spelling, since the engine does not tell them apart.

Source: "union operator" of the Kusto Query Language.
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from kqlext.schemas.model import Column
from kqlext.services.local_operators.engine import Workspace
from kqlext.services.local_tables import filled, literal, quoted


@dataclass(frozen=True)
class Arm:
    """One of the tables: its name in the engine, its columns, and what the result calls it."""

    table: str
    columns: tuple[Column, ...]
    label: str


def agree(arms: Sequence[Sequence[Column]]) -> bool:
    """Whether tables can be put together by the names of their columns."""
    known: dict[str, Column] = {}
    for columns in arms:
        for column in columns:
            other = known.setdefault(column.name.lower(), column)
            if (other.name, other.type) != (column.name, column.type):
                return False
    return True


def spellings(arms: Sequence[Sequence[Column]]) -> list[tuple[str, str]]:
    """Pairs of names that differ only in case; the first is the one that both get."""
    known: dict[str, str] = {}
    found = []
    for columns in arms:
        for column in columns:
            first = known.setdefault(column.name.lower(), column.name)
            if first != column.name and (first, column.name) not in found:
                found.append((first, column.name))
    return found


def merged(workspace: Workspace, arms: Sequence[Arm], source: str = "", inner: bool = False, text: str = "") -> str:
    """A view of the rows of all tables.

    Args:
        source: the name of a column of the tables' names; none where it is empty.
        inner: whether only the columns stay that all tables have.
        text: the name of a column of all that is in a row as text, to be searched; none where it is empty.
    """
    named = _named([arm.columns for arm in arms])
    order = list(dict.fromkeys(name for names in named for name in names))
    if inner:
        order = [name for name in order if all(name in names for names in named)]
    own = [*([source] if source else []), *([text] if text else [])]
    dynamic = _dynamic(named)
    selects = [
        _select(arm, names, [name for name in names if name in order], dynamic, source, text)
        for arm, names in zip(arms, named, strict=True)
    ]
    workspace.spelled(spellings([arm.columns for arm in arms]))
    alone = _left_out(named)
    cells = [f"{filled(quoted(name))} AS {quoted(name)}" if name in alone else quoted(name) for name in order]
    columns = ", ".join([*map(quoted, own), *cells])
    return workspace.view(f"SELECT {columns} FROM ({' UNION ALL BY NAME '.join(selects)})")


def _left_out(named: Sequence[dict[str, Column]]) -> set[str]:
    """The strings that some tables have not: in their rows they are empty, since a string is never null in Kusto."""
    strings = {name for names in named for name, column in names.items() if column.type == "string"}
    return {name for name in strings if any(name not in names for names in named)}


def _named(arms: Sequence[Sequence[Column]]) -> list[dict[str, Column]]:
    """For each table: the name in the result of each column."""
    types: dict[str, dict[str, None]] = {}
    spelled: dict[str, str] = {}
    for columns in arms:
        for column in columns:
            types.setdefault(column.name.lower(), {})[column.type] = None
            spelled.setdefault(column.name.lower(), column.name)
    taken = {name for name, kinds in types.items() if len(kinds) == 1}
    names = {(name, kind): spelled[name] for name in taken for kind in types[name]}
    for name, kinds in types.items():
        for kind in kinds if len(kinds) > 1 else ():
            names[name, kind] = _free(f"{spelled[name]}_{kind}", taken)
            taken.add(names[name, kind].lower())
    return [{names[column.name.lower(), column.type]: column for column in columns} for columns in arms]


def _free(name: str, taken: Collection[str]) -> str:
    """A name that no column has, with a number behind it where one has it."""
    numbered = (f"{name}{number or ''}" for number in itertools.count())
    return next(each for each in numbered if each.lower() not in taken)


def _dynamic(named: Sequence[dict[str, Column]]) -> set[str]:
    """The dynamic columns: in the engine they may be JSON or lists, which do not go together."""
    return {name for names in named for name, column in names.items() if column.type == "dynamic"}


def _select(arm: Arm, names: dict[str, Column], kept: Sequence[str], dynamic: set[str], source: str, text: str) -> str:
    pieces = [f"{literal(arm.label)} AS {quoted(source)}"] if source else []
    if text:
        pieces.append(f"{searched(arm.columns)} AS {quoted(text)}")
    pieces += [
        f"{f'to_json({quoted(names[name].name)})' if name in dynamic else quoted(names[name].name)} AS {quoted(name)}"
        for name in kept
    ]
    return f"SELECT {', '.join(pieces)} FROM {quoted(arm.table)}"


def searched(columns: Sequence[Column]) -> str:
    """SQL of all that is in a row, as Kusto writes it: a line for each column."""
    return f"concat_ws(chr(10), {', '.join(['NULL', *map(_as_text, columns)])})"


def _as_text(column: Column) -> str:
    name = quoted(column.name)
    match column.type:
        case "datetime":
            return f"strftime({name}, '%Y-%m-%dT%H:%M:%S.%f') || '0Z'"
        case "bool":
            return f"CASE {name} WHEN true THEN 'True' WHEN false THEN 'False' END"
    return f"CAST({name} AS VARCHAR)"
