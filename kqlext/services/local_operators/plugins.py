"""Plugins of `evaluate`: bag_unpack, pivot, narrow and ipv4_lookup.

What `bag_unpack` and `pivot` make columns of is in alphabetical order, so that the columns do not depend on how the
engine happened to order rows. A text in a bag stays a text: the engine does not know which were times.

Sources: "evaluate operator", "bag_unpack plugin", "pivot plugin", "narrow plugin" and "ipv4_lookup plugin" of the Kusto
Query Language.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from kqlext import syntax
from kqlext.errors import Span
from kqlext.schemas.model import Column
from kqlext.services.local_operators import clauses
from kqlext.services.local_operators.columns import unknown_column
from kqlext.services.local_operators.places import Change, Place
from kqlext.services.local_tables import filled, literal, quoted
from kqlext.steps import pipes
from kqlext.text import listing


@dataclass(frozen=True)
class _Call:
    """A plugin's call: its arguments, those with names, and the columns that it says it gives."""

    name: str
    arguments: tuple[Span, ...]
    named: dict[str, Span]
    schema: Span | None


def evaluate(place: Place) -> Change:
    """`evaluate plugin(...)`."""
    _, rest = clauses.parameters(place.text, place.arguments)
    words = list(pipes.outer(place.text, rest))
    if len(words) < 3 or words[1].text != "(":
        raise place.wrong("evaluate calls a plugin.", None, "write evaluate bag_unpack(column)")
    handler = _PLUGINS.get(words[0].text)
    if handler is None:
        raise place.refused(
            f"The embedded engine has no plugin {words[0].text}.", words[0].span, f"it has {listing(_PLUGINS)}"
        )
    items = clauses.items(place.text, Span(words[1].end, words[2].start))
    pairs = [clauses.assigned(place.text, item) for item in items]
    schema = Span(words[4].end, words[5].start) if [word.text for word in words[3:6]] == [":", "(", ")"] else None
    call = _Call(
        words[0].text,
        tuple(span for name, span in pairs if not name),
        {name: span for name, span in pairs if name},
        schema,
    )
    return place.table(handler(place, call))


def _column(place: Place, call: _Call, index: int) -> str:
    """An argument that is a column of the rows before."""
    if index >= len(call.arguments):
        raise place.wrong(f"{call.name} needs a column.", place.arguments)
    span = call.arguments[index]
    name = clauses.column(place.text, span)
    known = [column.name for column in place.columns()]
    if name is None:
        raise place.wrong("This is no column.", span, "make it one before: | extend x = …")
    if name not in known:
        raise unknown_column(place.text, span, name, known)
    return name


def _text(place: Place, call: _Call, name: str, index: int) -> str:
    """An argument that is a text; empty where it is left out."""
    span = call.named.get(name) or (call.arguments[index] if index < len(call.arguments) else None)
    if span is None:
        return ""
    written = span.of(place.text)
    return syntax.unquote(written) if syntax.is_closed(written) else str(place.value(span))


# --- bag_unpack ------------------------------------------------------------------------------------------------

_BAG_TYPES = {"VARCHAR": "string", "BIGINT": "long", "UBIGINT": "long", "DOUBLE": "real", "BOOLEAN": "bool"}
_READ = {
    "string": "({} ->> '$')",
    "long": "CAST({} AS BIGINT)",
    "real": "CAST({} AS DOUBLE)",
    "bool": "CAST({} AS BOOLEAN)",
    "dynamic": "{}",
}
_CONFLICTS = ("error", "replace_source", "keep_source")


def bag_unpack(place: Place, call: _Call) -> str:
    """The bags of a column as columns, behind the others."""
    column = _column(place, call, 0)
    prefix = _text(place, call, "OutputColumnPrefix", 1)
    conflict = _text(place, call, "columnsConflict", 2) or "error"
    if conflict not in _CONFLICTS:
        raise place.wrong(f"columnsConflict is one of {listing(_CONFLICTS)}.", place.arguments)
    kind = next(known.type for known in place.columns() if known.name == column)
    if kind != "dynamic":
        raise place.wrong(
            f"bag_unpack takes a dynamic column; {column} is of the type {kind}.",
            call.arguments[0],
            f"make it one: | extend {column} = parse_json({column})" if kind == "string" else "",
        )
    rows = place.rows()
    others = [known.name for known in place.workspace.table_columns(rows) if known.name != column]
    types = _types(place, rows, column, _ignored(place, call))
    made = {prefix + key: (key, kind) for key, kind in sorted(types.items())}
    _refuse_twins(place, list(made))
    folded = {name.lower() for name in others}
    clashing = [name for name in made if name.lower() in folded]
    if clashing and conflict == "error":
        raise place.wrong(
            f"bag_unpack would make a column {clashing[0]}, and there is one.",
            place.arguments,
            "give the new columns a prefix: bag_unpack(bag, 'x_'), or columnsConflict='keep_source'",
        )
    if conflict == "keep_source":
        made = {name: pair for name, pair in made.items() if name not in clashing}
    else:
        taken = {name.lower() for name in clashing}
        others = [name for name in others if name.lower() not in taken]
    bag = f"to_json({quoted(column)})"
    value = {name: _READ[kind].format(f"json_extract({bag}, {_path(key)})") for name, (key, kind) in made.items()}
    expressions = [
        f"{filled(value[name]) if kind == 'string' else value[name]} AS {quoted(name)}"
        for name, (_, kind) in made.items()
    ]
    chosen = [*map(quoted, others), *expressions]
    if not chosen:
        raise place.wrong("No bag has anything in it: no column would be left.", place.arguments)
    table = place.workspace.create(f"SELECT {', '.join(chosen)} FROM {quoted(rows)} ORDER BY rowid")
    return _as_declared(place, table, call.schema, others)


def _ignored(place: Place, call: _Call) -> set[str]:
    span = call.named.get("ignoredProperties") or (call.arguments[3] if len(call.arguments) > 3 else None)
    if span is None:
        return set()
    found = json.loads(str(place.value(span)))
    return {str(name) for name in found} if isinstance(found, list) else {str(found)}


def _types(place: Place, rows: str, column: str, ignored: set[str]) -> dict[str, str]:
    """The keys of all bags and the type of each."""
    found = place.workspace.fetch(
        f"WITH bags AS (SELECT to_json({quoted(column)}) AS bag FROM {quoted(rows)}), "
        "keys AS (SELECT bag, unnest(json_keys(bag)) AS key FROM bags WHERE json_type(bag) = 'OBJECT') "
        "SELECT key, list(DISTINCT json_type(bag, '$.\"' || replace(key, '\"', '\\\"') || '\"')) FROM keys GROUP BY key"
    )
    types = {}
    for key, kinds in found:
        if key in ignored:
            continue
        seen = {_BAG_TYPES.get(kind, "dynamic") for kind in kinds if kind != "NULL"}
        types[key] = seen.pop() if len(seen) == 1 else "dynamic"
    return types


def _path(key: str) -> str:
    escaped = key.replace('"', '\\"')
    return literal(f'$."{escaped}"')


def _refuse_twins(place: Place, names: Sequence[str]) -> None:
    counts = Counter(name.lower() for name in names)
    twin = next((name for name in names if counts[name.lower()] > 1), None)
    if twin is not None:
        raise place.refused(
            f"Several columns would be called {twin} but for upper and lower case.",
            place.arguments,
            "the embedded engine does not tell such names apart; leave all but one out",
        )
    if "" in names:
        raise place.wrong("A column would have no name.", place.arguments, "give a prefix, or filter such rows out")


def _as_declared(place: Place, table: str, schema: Span | None, source: Sequence[str]) -> str:
    """The table with the columns that a call says it gives: `: (*, Name:string)`."""
    if schema is None:
        return table
    known = [column.name for column in place.workspace.table_columns(table)]
    columns: list[str] = []
    for item in clauses.items(place.text, schema):
        name, _, kind = (part.strip() for part in item.of(place.text).partition(":"))
        name = clauses.column(place.text, Span(item.start, item.start + len(name))) or name
        if name == "*":
            columns += map(clauses.name, source)
        elif name in known:
            columns.append(f"{clauses.name(name)} = to{kind}({clauses.name(name)})")
        else:
            columns.append(f"{clauses.name(name)} = {kind}(null)" if kind != "string" else f"{clauses.name(name)} = ''")
    return place.run(f"{table} | project {', '.join(columns)}")


# --- pivot -----------------------------------------------------------------------------------------------------

_ZERO = {
    "count": "0",
    "dcount": "0",
    "sum": "0",
    "countif": "0",
    "make_list": "'[]'",
    "make_set": "'[]'",
    "make_bag": "'{}'",
}


def pivot(place: Place, call: _Call) -> str:
    """The values of a column as columns, each with an aggregate of its rows."""
    column = _column(place, call, 0)
    known = [found.name for found in place.columns()]
    aggregate, others = "count()", [name for name in known if name != column]
    rest = range(1, len(call.arguments))
    if len(call.arguments) > 1 and clauses.column(place.text, call.arguments[1]) is None:
        span = call.arguments[1]
        aggregate, rest = span.of(place.text), range(2, len(call.arguments))
        inside = {token.text for token in pipes.tokens(place.text, span)}
        others = [name for name in others if name not in inside]
    if len(rest):
        others = [_column(place, call, index) for index in rest]
    keys = "".join(f"{clauses.name(name)}, " for name in others)
    keys += f"__kqlext_pivot = tostring({clauses.name(column)})"
    rows = place.workspace.create(f"SELECT *, row_number() OVER () AS __kqlext_row FROM {quoted(place.rows())}")
    values_of = f"__kqlext_value = {aggregate}, __kqlext_first = min(__kqlext_row)"
    cells = place.run(f"{rows} | summarize {values_of} by {keys}")
    values = sorted(
        value or "" for (value,) in place.workspace.fetch(f"SELECT DISTINCT __kqlext_pivot FROM {quoted(cells)}")
    )
    _refuse_twins(place, [*others, *values])
    zero = _ZERO.get(aggregate.split("(")[0].strip(), "NULL")
    picked = [
        f"coalesce(any_value(__kqlext_value) FILTER (WHERE __kqlext_pivot = {literal(value)}), {zero}) "
        f"AS {quoted(value)}"
        for value in values
    ]
    if not others and not picked:
        raise place.wrong(f"{column} has no values: no column would be left.", place.arguments)
    group = ", ".join(map(quoted, others))
    table = place.workspace.create(
        f"SELECT {', '.join([*map(quoted, others), *picked])} FROM {quoted(cells)} "
        + (f"GROUP BY {group} ORDER BY min(__kqlext_first)" if others else "")
    )
    return _as_declared(place, table, call.schema, others)


# --- narrow ----------------------------------------------------------------------------------------------------


def narrow(place: Place, call: _Call) -> str:
    """A row for each value: the number of its row, its column, and itself as a text."""
    if call.arguments:
        raise place.wrong("narrow takes no arguments.", call.arguments[0])
    names = [column.name for column in place.columns()]
    written = ", ".join(
        f"{clauses.name(f'c{index}')} = tostring({clauses.name(name)})" for index, name in enumerate(names)
    )
    texts = place.run(f"{place.rows()} | project {written}")
    pairs = ", ".join(
        f"{{'name': {literal(name)}, 'value': {quoted(f'c{index}')}}}" for index, name in enumerate(names)
    )
    return place.workspace.create(
        f'SELECT row AS "Row", pair.name AS "Column", pair.value AS "Value" FROM '
        f"(SELECT CAST(rowid AS BIGINT) AS row, unnest([{pairs}]) AS pair FROM {quoted(texts)}) ORDER BY row"
    )


# --- ipv4_lookup -----------------------------------------------------------------------------------------------

_OCTETS = r"^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})(?:/(\d{1,2}))?$"


def _address(text: str) -> str:
    """SQL of an IPv4 address as a number; null for what is none."""
    parts = [f"TRY_CAST(regexp_extract({text}, {literal(_OCTETS)}, {index}) AS BIGINT)" for index in range(1, 5)]
    right = " AND ".join(f"{part} <= 255" for part in parts)
    return f"CASE WHEN {right} THEN {parts[0]} * 16777216 + {parts[1]} * 65536 + {parts[2]} * 256 + {parts[3]} END"


def _bits(text: str) -> str:
    """SQL of how many bits of an address count; null for what is no such number."""
    written = f"regexp_extract({text}, {literal(_OCTETS)}, 5)"
    bits = f"TRY_CAST({written} AS INTEGER)"
    return f"CASE WHEN {written} = '' THEN 32 WHEN {bits} <= 32 THEN {bits} END"


def ipv4_lookup(place: Place, call: _Call) -> str:
    """The rows with those of a second table whose network holds their address."""
    if len(call.arguments) < 3:
        raise place.wrong(
            "ipv4_lookup takes a table, a column of addresses, and the table's column of networks.", place.arguments
        )
    table = place.rows_of(call.arguments[0])
    source = _column(place, call, 1)
    network = clauses.column(place.text, call.arguments[2]) or ""
    others = place.workspace.table_columns(table)
    known = [column.name for column in others]
    if network not in known:
        raise unknown_column(place.text, call.arguments[2], network, known)
    rest = list(call.arguments[3:])
    unmatched = call.named.get("return_unmatched")
    if unmatched is None and rest and rest[-1].of(place.text) in ("true", "false"):
        unmatched = rest.pop()
    if rest:
        raise place.refused(
            "The embedded engine has ipv4_lookup by addresses only.", rest[0], "join by the other columns behind it"
        )
    keep = unmatched is not None and unmatched.of(place.text) == "true"
    rows = place.rows()
    left = [column.name for column in place.workspace.table_columns(rows)]
    folded = {name.lower() for name in left}
    right = [f"{_cell(column)} AS {quoted(_other(column.name, folded))}" for column in others]
    bits = f"least({_bits('l.' + quoted(source))}, {_bits('r.' + quoted(network))})"
    shift = f"(32 - {bits})"
    return place.workspace.create(
        f"SELECT {', '.join([*(f'l.{quoted(name)}' for name in left), *right])} FROM {quoted(rows)} l "
        f"{'LEFT' if keep else 'INNER'} JOIN {quoted(table)} r ON "
        f"({_address('l.' + quoted(source))} >> {shift}) = ({_address('r.' + quoted(network))} >> {shift}) "
        "ORDER BY l.rowid, r.rowid"
    )


def _cell(column: Column) -> str:
    """SQL of a cell of the second table: without a partner a string is empty, since it is never null in Kusto."""
    cell = f"r.{quoted(column.name)}"
    return filled(cell) if column.type == "string" else cell


def _other(name: str, taken: set[str]) -> str:
    """A name that is free: with a number behind it, as Kusto names the columns of a join."""
    number = 1
    found = name
    while found.lower() in taken:
        found, number = f"{name}{number}", number + 1
    taken.add(found.lower())
    return found


_PLUGINS: dict[str, Callable[[Place, _Call], str]] = {
    "bag_unpack": bag_unpack,
    "pivot": pivot,
    "narrow": narrow,
    "ipv4_lookup": ipv4_lookup,
}
