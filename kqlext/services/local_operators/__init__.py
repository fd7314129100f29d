"""Operators that the embedded engine lacks, given to it.

duckdb-kql translates a whole query to SQL, or refuses it. A query that it would refuse is taken apart here before: an
operator that others can say is written anew (`project-reorder` is a `project` of all columns), and of any other the
rows before it become a temporary table, the operator's rows another one that SQL makes of it, and the rest of the query
reads that. So each operator is by itself, works wherever a pipeline may stand (in `join`, `union`, `let`, `toscalar`),
and the engine translates all else as ever. Tables keep the order of their rows. They are dropped when the query ends.

| module      | operators                                                                            |
|-------------|--------------------------------------------------------------------------------------|
| columns     | project-reorder, project-keep, project-away and distinct with `*`, serialize, as     |
| functions   | functions that give a table, views, invoke                                           |
| sources     | brackets around a table, materialize, table()                                        |
| unions      | union of tables whose columns do not agree, search, find, where over all columns     |

What is asked of a place is in ``places``, the loop that finds the next one in ``expansion``; ``engine`` has the
temporary tables. An error points into the query as it was written, through ``Query.replace``.
"""

from __future__ import annotations

from kqlext.services.base import Query
from kqlext.services.local_operators import apply, columns, functions, nested, plugins, series, sources, unions, windows
from kqlext.services.local_operators.engine import Workspace
from kqlext.services.local_operators.expansion import Expansion
from kqlext.services.local_operators.places import Handler

_OPERATORS: dict[str, Handler] = {
    "project-reorder": columns.reordered,
    "project-keep": columns.kept,
    "project-away": columns.put_away,
    "distinct": columns.distinct,
    "serialize": columns.serialized,
    "count": columns.counted,
    "as": columns.aliased,
    "make-series": series.make_series,
    "mv-apply": apply.mv_apply,
    "mvapply": apply.mv_apply,
    "partition": apply.partition,
    "evaluate": plugins.evaluate,
    "top-nested": nested.top_nested,
    "top-hitters": nested.top_hitters,
    "sample": nested.sample,
    "sample-distinct": nested.sample_distinct,
    "invoke": functions.invoked,
    "union": unions.union,
    "search": unions.search,
    "where": unions.where,
    "filter": unions.where,
}

_SOURCES: dict[str, Handler] = {
    "(": sources.bracketed,
    "union": unions.union,
    "search": unions.search,
    "find": unions.find,
}


def expanded(text: str, workspace: Workspace) -> list[Query]:
    """A statement, with the ones that prepare it, in what the engine understands: several where it gives several tables.

    Raises:
        KqlError: about ``text``.
    """
    return [Expansion(workspace, _OPERATORS, _SOURCES, (windows.windows,)).expanded(Query(text))]
