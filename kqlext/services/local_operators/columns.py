"""Operators that choose and order columns by name, and `serialize`, `as` and `count as`.

Sources: "project-reorder operator", "project-keep operator", "project-away operator", "distinct operator" and "as
operator" of the Kusto Query Language.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from kqlext.errors import KqlQueryError, Span
from kqlext.services.base import Query
from kqlext.services.local_operators import clauses
from kqlext.services.local_operators.clauses import names
from kqlext.services.local_operators.places import Change, Place
from kqlext.services.local_operators.windows import window_calls
from kqlext.steps import pipes
from kqlext.text import did_you_mean

_ORDERS = ("granny-asc", "granny-desc", "asc", "desc")


def reordered(place: Place) -> Change | None:
    """`project-reorder`: the columns that match come first, the others behind."""
    known = [column.name for column in place.columns()]
    chosen: list[str] = []
    for item in clauses.items(place.text, place.arguments):
        pattern, order = _ordered(place.text, item)
        found = [name for name in _matching(place, pattern, known) if name not in chosen]
        chosen += _ORDER[order](found) if order else found
    return place.instead(f"| project {names([*chosen, *(name for name in known if name not in chosen)])}")


def kept(place: Place) -> Change | None:
    """`project-keep`: the columns that match, in the table's order."""
    known = [column.name for column in place.columns()]
    wanted = _all_matching(place, known)
    if not wanted:
        raise place.wrong("No column would be left.", place.arguments)
    return place.instead(f"| project {names([name for name in known if name in wanted])}")


def put_away(place: Place) -> Change | None:
    """`project-away` with a wildcard: the columns that do not match."""
    if "*" not in place.arguments.of(place.text):
        return None
    known = [column.name for column in place.columns()]
    unwanted = _all_matching(place, known)
    rest = [name for name in known if name not in unwanted]
    if not rest:
        raise place.wrong("No column would be left.", place.arguments)
    return place.instead(f"| project {names(rest)}")


def renamed(place: Place) -> Change | None:
    """`project-rename`: refused where a column is not there, which the engine passes over, or there already."""
    known = [column.name for column in place.columns()]
    for item in clauses.items(place.text, place.arguments):
        new, expression = clauses.assigned(place.text, item)
        old = clauses.column(place.text, expression)
        if not new or old is None:
            raise place.wrong("project-rename takes columns.", item, "write project-rename New = Old")
        if old not in known:
            raise unknown_column(place.text, expression, old, known)
        other = next((name for name in known if name.lower() == new.lower() and name != old), None)
        if other is not None:
            raise place.wrong(f"There is a column {other} already.", item, "take another name, or project")
    return None


def distinct(place: Place) -> Change | None:
    """`distinct *`: distinct by all columns. Hints say nothing here."""
    hints, rest = clauses.parameters(place.text, place.arguments)
    if rest.of(place.text) == "*":
        return place.instead(f"| distinct {names([column.name for column in place.columns()])}")
    return place.instead(f"| distinct {rest.of(place.text)}") if hints else None


def serialized(place: Place) -> Change | None:
    """`serialize`: a table has an order; its columns are those of an `extend`. Window functions in it go first."""
    if window_calls(place):
        return None
    arguments = place.arguments.of(place.text)
    return place.table(f"{place.rows()}\n| extend {arguments}" if arguments else place.rows())


def counted(place: Place) -> Change | None:
    """`count as Name`."""
    words = list(pipes.outer(place.text, place.arguments))
    if not words or words[0].text != "as":
        return None
    name = clauses.column(place.text, Span(words[0].end, place.arguments.end))
    return place.instead(f"| summarize {clauses.name(name or '')} = count()") if name else None


def aliased(place: Place) -> Change | None:
    """`as Name`: a table of that name, for what stands behind."""
    _, rest = clauses.parameters(place.text, place.arguments)
    name = clauses.column(place.text, rest)
    if name is None:
        raise place.wrong("as takes a name.", place.arguments)
    if any(name.lower() == table.lower() for table in place.workspace.tables()):
        raise place.refused(f"There is a table {name} already.", rest, "take another name behind as")
    with place.own_places():
        return place.table(place.expansion.rows(Query(place.scope(place.before)), name))


def missing(place: Place) -> Change:
    """An operator that the engine has not, and that no other can say."""
    raise place.refused(f"The embedded engine has no {pipes.operator(place.text, place.span)}.")


# --- names and wildcards ---------------------------------------------------------------------------------------


def _ordered(text: str, item: Span) -> tuple[Span, str]:
    """A pattern, and how the columns that it matches are ordered."""
    written = item.of(text)
    for order in _ORDERS:
        found = re.search(rf"\s({order})\s*$", written)
        if found:
            return clauses.trimmed(text, Span(item.start, item.start + found.start())), order
    return item, ""


def _all_matching(place: Place, known: list[str]) -> set[str]:
    found: set[str] = set()
    for item in clauses.items(place.text, place.arguments):
        found.update(_matching(place, item, known))
    return found


def _matching(place: Place, pattern: Span, known: list[str]) -> list[str]:
    """The columns that a name or wildcard stands for, in the table's order."""
    name = clauses.column(place.text, pattern)
    if name is not None:
        if name not in known:
            raise unknown_column(place.text, pattern, name, known)
        return [name]
    written = pattern.of(place.text)
    if not re.fullmatch(r"[\w*]+", written):
        raise place.wrong("This is neither a column nor a wildcard.", pattern, "write a name, or one with *: Device*")
    return [column for column in known if matches(written, column)]


def matches(wildcard: str, name: str) -> bool:
    """Whether a wildcard such as ``Device*`` matches a name; upper and lower case differ."""
    return re.fullmatch(".*".join(map(re.escape, wildcard.split("*"))), name, re.DOTALL) is not None


def unknown_column(text: str, span: Span, name: str, known: Iterable[str]) -> KqlQueryError:
    known = list(known)
    hint = did_you_mean(name, known) or "| getschema shows the columns"
    error = KqlQueryError(f"There is no column '{name}'.", text=text, span=span, hint=hint)
    error.unresolved = name
    return error


def _granny(name: str) -> list[tuple[int, int, str]]:
    """A key by which numbers in names are ordered as numbers."""
    parts = re.findall(r"\d+|\D+", name)
    return [(0, int(part), "") if part.isdecimal() else (1, 0, part) for part in parts]


_ORDER: dict[str, Callable[[list[str]], list[str]]] = {
    "asc": sorted,
    "desc": lambda found: sorted(found, reverse=True),
    "granny-asc": lambda found: sorted(found, key=_granny),
    "granny-desc": lambda found: sorted(found, key=_granny, reverse=True),
}
