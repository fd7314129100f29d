"""`fork` and `facet`, which give several tables, at the end of a query.

Sources: "fork operator" and "facet operator" of the Kusto Query Language.
"""

from __future__ import annotations

from collections.abc import Iterator

from kqlext.errors import Span
from kqlext.services.base import Query
from kqlext.services.local_operators import clauses
from kqlext.services.local_operators.places import Place
from kqlext.steps import pipes


def parts(place: Place) -> list[Query]:
    """The queries of the tables, each of the query's text with the operator replaced."""
    word = pipes.operator(place.text, place.span)
    found = list(_forked(place) if word == "fork" else _facets(place))
    if not found:
        raise place.wrong(f"{word} needs at least one {'subquery' if word == 'fork' else 'column'}.")
    rows = place.rows()
    source = Span(place.pipeline.start, place.before.end)
    queries = []
    for span, operator in found:
        # The piece stays what it is, so that an error points at it.
        query = Query(place.text).replace(Span(span.end, place.span.end), "")
        query = query.replace(Span(source.end, span.start), f"\n| {operator}")
        queries.append(query.replace(source, rows))
    return queries


def _forked(place: Place) -> Iterator[tuple[Span, str]]:
    """The subqueries of `fork name=(...) (...)`: pieces of the text, and what is written before each."""
    for _, inner in clauses.brackets(place.text, place.arguments):
        span = clauses.trimmed(place.text, inner)
        if span.of(place.text):
            yield span, ""


def _facets(place: Place) -> Iterator[tuple[Span, str]]:
    """The table of `with ( ... )`, then one of values and their counts for each column."""
    cut = clauses.clauses(place.text, place.arguments, ("by", "with"))
    by, rest = cut.get("by"), cut.get("with")
    if rest is not None:
        inner = next((inner for _, inner in clauses.brackets(place.text, rest)), rest)
        span = clauses.trimmed(place.text, inner)
        yield span, ""
    for span in clauses.items(place.text, by) if by is not None else []:
        column = clauses.column(place.text, span)
        if column is None:
            raise place.wrong("facet is by columns.", span)
        yield span, f"summarize {clauses.name(f'count_{column}')} = count() by "
