"""`range` of reals, ints and timespans, of which the engine makes longs, or nothing.

Source: "range operator" of the Kusto Query Language.
"""

from __future__ import annotations

from kqlext.errors import Span
from kqlext.services.local_functions.macros import span_of
from kqlext.services.local_operators import clauses
from kqlext.services.local_operators.places import Change, Place
from kqlext.services.local_tables import quoted

_WHOLE = ("int", "long")
_NUMBERS = (*_WHOLE, "real", "decimal")
# The types of what it is from, to and by -> SQL of the three in what is counted, and of the values.
_REALS = ("CAST({} AS DOUBLE)", "{}")
_SPANS = ("epoch_us({})", span_of("{}"))


def ranged(place: Place) -> Change | None:
    """`range x from 0.5 to 2.0 step 0.5`; None where the engine's own is right."""
    text = place.text
    parts = clauses.clauses(text, place.arguments, ("from", "to", "step"))
    bounds = [span for word in ("from", "to", "step") if (span := parts.get(word)) is not None]
    name = clauses.column(text, parts.head)
    if name is None or len(bounds) != 3 or all(span.of(text).lstrip("-").isdecimal() for span in bounds):
        return None
    written = ", ".join(f"{bound} = ({span.of(text)})" for bound, span in zip("abc", bounds, strict=True))
    table = place.run(f"print {written}")
    kinds = [column.type for column in place.workspace.table_columns(table)]
    if kinds == ["datetime", "datetime", "timespan"] or (set(kinds) <= set(_WHOLE) and "long" in kinds):
        return None
    if kinds == ["int"] * 3:
        return place.table(_values(place, table, name, "CAST({} AS BIGINT)", "CAST({} AS INTEGER)"))
    if set(kinds) <= set(_NUMBERS):
        return place.table(_values(place, table, name, *_REALS))
    if kinds == ["timespan"] * 3:
        return place.table(_values(place, table, name, *_SPANS))
    whole = Span(bounds[0].start, bounds[2].end)
    raise place.wrong(
        f"There is no range of the types {', '.join(kinds)}.", whole, "numbers go by a number, times by a timespan"
    )


def _values(place: Place, bounds: str, name: str, counted: str, value: str) -> str:
    """A table of the values; none where a bound is null, or the step leads away."""
    first, last, step = (counted.format(bound) for bound in "abc")
    count = "CASE WHEN c <> 0 AND isfinite((b - a) / c) THEN greatest(CAST(floor((b - a) / c) AS BIGINT) + 1, 0) END"
    return place.workspace.create(
        f"SELECT {value.replace('{}', '(a + i * c)')} AS {quoted(name)} "
        f"FROM (SELECT a, c, unnest(range({count})) AS i "
        f"FROM (SELECT {first} AS a, {last} AS b, {step} AS c FROM {quoted(bounds)})) ORDER BY i"
    )
