"""`mv-apply` and `partition`: a subquery for each row's array, or for each value of a column.

Sources: "mv-apply operator" and "partition operator" of the Kusto Query Language.
"""

from __future__ import annotations

import re

from kqlext.errors import Span
from kqlext.services.local_operators import clauses
from kqlext.services.local_operators.grouped import applied, new_group
from kqlext.services.local_operators.places import Change, Place
from kqlext.services.local_tables import quoted
from kqlext.steps import pipes

_MOST_PARTITIONS = 64


def mv_apply(place: Place) -> Change:
    """`mv-apply`: the columns that are not expanded come first, of the subquery's values where it has them."""
    words = list(pipes.outer(place.text, place.arguments))
    if len(words) < 4 or [word.text for word in words[-3:]] != ["on", "(", ")"]:
        raise place.wrong("mv-apply needs a subquery.", None, "write mv-apply x = column on (where x > 1)")
    expanded = clauses.trimmed(place.text, Span(place.arguments.start, words[-3].start))
    body = clauses.trimmed(place.text, Span(words[-2].end, words[-1].start))
    rows = place.rows()
    known = [column.name for column in place.workspace.table_columns(rows)]
    group = new_group(place)
    numbered = place.workspace.create(f"SELECT *, row_number() OVER () AS {group} FROM {quoted(rows)}")
    each = place.run(f"{numbered} | mv-expand {expanded.of(place.text)}")
    result = applied(place, each, group, body)
    found = [column.name for column in place.workspace.table_columns(result) if column.name != group]
    first = [column for column in known if column not in _replaced(place, expanded)]
    cells = [f"{'r' if column in found else 's'}.{quoted(column)}" for column in first]
    cells += [f"r.{quoted(column)}" for column in found if column not in first]
    table = place.workspace.create(
        f"SELECT {', '.join(cells)} FROM {quoted(result)} r JOIN {quoted(numbered)} s USING ({group}) ORDER BY r.rowid"
    )
    return place.table(table)


def _replaced(place: Place, expanded: Span) -> set[str]:
    """The columns in whose places their elements stand."""
    _, rest = clauses.parameters(place.text, expanded)
    names = set()
    for item in clauses.items(place.text, rest):
        alone = Span(item.start, item.start + len(re.split(r"\s+to\s+typeof|\s+limit\s", item.of(place.text))[0]))
        name, expression = clauses.assigned(place.text, alone)
        column = clauses.column(place.text, expression)
        if column is not None and name in ("", column):
            names.add(column)
    return names


def partition(place: Place) -> Change:
    """`partition by Column ( ... )`: the answers of the subqueries, one behind the other."""
    parameters, rest = clauses.parameters(place.text, place.arguments)
    words = list(pipes.outer(place.text, rest))
    if words and words[0].text == "by" and len(words) > 3:
        body = Span(words[-2].end, words[-1].start)
        column = clauses.column(place.text, clauses.trimmed(place.text, Span(words[0].end, words[-2].start)))
    else:
        raise place.wrong("partition needs a column.", None, "write partition by Column (top 1 by x)")
    if words[-2].text == "{":
        raise place.refused(
            "The embedded engine has partition with ( ) only, not with tables of its own.", words[-2].span
        )
    if column is None:
        raise place.wrong("partition is by a column.", words[1].span)
    group = new_group(place)
    rows = place.run(f"{place.rows()} | extend __kqlext_key = {clauses.name(column)}")
    numbered = place.workspace.create(
        f"SELECT * EXCLUDE (__kqlext_key), min(n) OVER (PARTITION BY __kqlext_key) AS {group} "
        f"FROM (SELECT *, row_number() OVER () AS n FROM {quoted(rows)}) ORDER BY n"
    )
    numbered = place.workspace.create(f"SELECT * EXCLUDE (n) FROM {quoted(numbered)} ORDER BY rowid")
    if parameters.get("hint.strategy", "legacy") == "legacy":
        count = place.workspace.fetch(f"SELECT count(DISTINCT {group}) FROM {quoted(numbered)}")[0][0]
        if count > _MOST_PARTITIONS:
            raise place.wrong(
                f"{column} has {count:,} values; partition takes {_MOST_PARTITIONS} at most.",
                words[1].span,
                "write partition hint.strategy=native by …",
            )
    result = applied(place, numbered, group, clauses.trimmed(place.text, body))
    return place.table(place.workspace.create(f"SELECT * EXCLUDE ({group}) FROM {quoted(result)} ORDER BY rowid"))
