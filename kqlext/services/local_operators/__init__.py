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
| unions      | union of tables whose columns do not agree, search, find                             |
| ranges      | range of reals, ints and timespans                                                   |
| conditions  | where over all columns, between (column .. timespan)                                 |
| series      | make-series                                                                          |
| windows     | prev, next, row_number and the other window functions                                |
| apply       | mv-apply, partition                                                                  |
| plugins     | evaluate: bag_unpack, pivot, narrow, ipv4_lookup                                     |
| nested      | top-nested, top-hitters, sample, sample-distinct                                     |
| parsing     | parse of patterns that begin with a column, parse-kv                                 |
| external    | externaldata of files of this computer                                               |
| several     | fork, facet                                                                          |

What is asked of a place is in ``places``, the loop that finds the next one in ``expansion``; ``engine`` has the
temporary tables. An error points into the query as it was written, through ``Query.replace``.
"""

from __future__ import annotations

import re
from dataclasses import replace

from kqlext.errors import Span
from kqlext.services.base import Query
from kqlext.services.local_operators import (
    apply,
    columns,
    conditions,
    functions,
    nested,
    parsing,
    plugins,
    ranges,
    series,
    several,
    sources,
    unions,
    windows,
)
from kqlext.services.local_operators.engine import Workspace
from kqlext.services.local_operators.expansion import Expansion
from kqlext.services.local_operators.places import Handler
from kqlext.steps import pipes

_OPERATORS: dict[str, Handler] = {
    "project-reorder": columns.reordered,
    "project-keep": columns.kept,
    "project-away": columns.put_away,
    "project-rename": columns.renamed,
    "distinct": columns.distinct,
    "serialize": columns.serialized,
    "count": columns.counted,
    "as": columns.aliased,
    "make-series": series.make_series,
    "parse": parsing.parse,
    "parse-where": parsing.parse,
    "parse-kv": parsing.parse_kv,
    "mv-apply": apply.mv_apply,
    "mvapply": apply.mv_apply,
    "partition": apply.partition,
    "evaluate": plugins.evaluate,
    **dict.fromkeys(("take", "limit", "top"), nested.counted),
    "top-nested": nested.top_nested,
    "top-hitters": nested.top_hitters,
    "sample": nested.sample,
    "sample-distinct": nested.sample_distinct,
    "invoke": functions.invoked,
    "union": unions.union,
    "search": unions.search,
    "where": conditions.where,
    "filter": conditions.where,
    **dict.fromkeys(("scan", "reduce", "consume", "assert-schema"), columns.missing),
}

_SOURCES: dict[str, Handler] = {
    "(": sources.bracketed,
    "union": unions.union,
    "search": unions.search,
    "find": unions.find,
    "range": ranges.ranged,
}


_GENERAL: tuple[Handler, ...] = (windows.windows, conditions.between)

_FILLS = re.compile(r"\s*\.(?:set|append|set-or-append|set-or-replace)\b[^<]*<\|")


def _filling(text: str, start: int, workspace: Workspace) -> Query:
    """A command that fills a table with a query's rows: they are there before the table is emptied."""
    query = Query(text)
    expansion = Expansion(workspace, _OPERATORS, _SOURCES, _GENERAL)
    rows = expansion.rows(query.replace(Span(0, start), re.sub(r"[^\n]", " ", text[:start])))
    return query.replace(Span(start, len(text)), f" {rows}")


def expanded(text: str, workspace: Workspace) -> list[Query]:
    """A statement, and the ones that prepare it, in what the engine understands; several where it gives several tables.

    Raises:
        KqlError: about ``text``.
    """
    command = _FILLS.match(text)
    if command is not None:
        return [_filling(text, command.end(), workspace)] if workspace.writable else [Query(text)]
    expansion = Expansion(workspace, _OPERATORS, _SOURCES, _GENERAL)
    query = expansion.expanded(Query(text))
    last = expansion.last(query.text)
    if last is None or pipes.operator(query.text, last.span) not in ("fork", "facet"):
        return [query]
    with workspace.errors_of(query):
        found = [expansion.expanded(part) for part in several.parts(last)]
    return [replace(part, edits=(*query.edits, *part.edits)) for part in found]
