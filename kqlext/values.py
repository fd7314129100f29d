"""Values of Python in a query: ``let x = name;`` of the text, and declared parameters (``-params``)."""

from __future__ import annotations

import json
import types
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from kqlext import lets, syntax
from kqlext.connections.registry import Connection
from kqlext.connections.schemes import EMBEDDED
from kqlext.datatables import datatable
from kqlext.errors import KqlCellError, KqlError
from kqlext.literals import Literal, literal
from kqlext.options import MAX_INLINE
from kqlext.parameters import is_table
from kqlext.plain_values import plain
from kqlext.references import Reference, parse_value, resolve
from kqlext.services.base import Query
from kqlext.substitution import substituted
from kqlext.text import listing, shorten

_NO_VALUES = (types.ModuleType, types.FunctionType, types.BuiltinFunctionType, types.MethodType, type)


@dataclass(frozen=True)
class Values:
    """What a query may take from Python.

    Attributes:
        named: variables that the right side of a ``let`` may name.
        declared: parameters of the query, by name.
        substitutes: whether ``{name}`` in the text stands for a variable.
        max_inline: bytes that a table may become in the text of the query; None for no limit.
    """

    named: Mapping[str, object] = field(default_factory=dict, repr=False)
    declared: Mapping[str, object] = field(default_factory=dict, repr=False)
    max_inline: int | None = MAX_INLINE
    substitutes: bool = False


def bind(query: Query, values: Values, connection: Connection) -> Query:
    """The query with its values, as the connection's service takes them.

    Where ``-format`` says so, ``{name}`` becomes a literal first. The right side of a ``let`` becomes a literal in its
    place. Declared values go beside the query where the service takes parameters, and as leading ``let`` statements
    elsewhere. The embedded engine reads tables by name.

    Raises:
        KqlCellError: a parameter cannot be declared.
        KqlConversionError: a value has no literal; points at its name where that stands in the query.
    """
    embedded = connection.spec.scheme in EMBEDDED
    if values.substitutes:
        query = substituted(query, values.named, embedded)
    query = _with_lets(query, values, connection, embedded)
    return _with_declared(query, values, connection, embedded) if values.declared else query


def inlined(query: Query, values: Values, write_table: Callable[[str, object], str]) -> Query:
    """The query with all of its values in its text, as no service takes it: for keys and links.

    Args:
        write_table: what stands in the place of a table.

    Raises:
        KqlConversionError: as ``bind`` does.
    """

    def written(name: str, value: object) -> str:
        return write_table(name, value) if is_table(value) else literal(value).text

    if values.substitutes:
        query = substituted(query, values.named)
    for name, span in reversed(lets.bare_lets(query.text)):
        if _is_value(name, values):
            with query.pointing(span):
                text = written(name, values.named[name])
            query = query.replace(span, text)
    statements = [f"let {name} = {written(name, value)}; " for name, value in values.declared.items()]
    return query.insert(lets.beginning(query.text), "".join(statements)) if statements else query


# --- let x = name; ---------------------------------------------------------------------------------------


def _with_lets(query: Query, values: Values, connection: Connection, embedded: bool) -> Query:
    found = [(name, span) for name, span in lets.bare_lets(query.text) if _is_value(name, values)]
    if not found:
        return query
    schema = connection.service.schema() if embedded else None
    tables = {table.name for table in schema.tables} if schema else set()
    for name, span in reversed(found):  # from the end, so that the spans before stay right
        value = values.named[name]
        if name in tables or (embedded and is_table(value)):
            continue
        with query.pointing(span):
            text = _table_or_literal(name, value, values.max_inline, embedded).text
        query = query.replace(span, text)
    return query


def _is_value(name: str, values: Values) -> bool:
    return name in values.named and name not in values.declared and not isinstance(values.named[name], _NO_VALUES)


def _table_or_literal(name: str, value: object, limit: int | None, embedded: bool) -> Literal:
    if is_table(value):
        return Literal("table", datatable(name, value, limit, embedded))
    return literal(value, embedded)


# --- declared parameters ---------------------------------------------------------------------------------


def _with_declared(query: Query, values: Values, connection: Connection, embedded: bool) -> Query:
    if syntax.is_command(query.text):
        raise KqlCellError("A management command takes no parameters.", hint="leave -params out, or write the value")
    own = lets.declared(query.text)
    scalars: dict[str, Literal] = {}
    statements: list[str] = []
    tables = dict(query.tables)
    for name, value in values.declared.items():
        if embedded and is_table(value):
            tables[name] = value
            continue
        found = _declared(name, value, values.max_inline, embedded)
        if found.type == "table" or not connection.service.takes_parameters:
            statements.append(f"let {name} = {found.text}; ")
        else:
            scalars[name] = found
    _check_names(query, values, connection, own, scalars)
    if scalars and own is None:
        header = ", ".join(f"{name}:{found.type}" for name, found in scalars.items())
        statements.insert(0, f"declare query_parameters({header}); ")
    query = replace(
        query,
        tables=tables,
        parameters={name: _on_the_wire(values.declared[name], found) for name, found in scalars.items()},
    )
    return query.insert(lets.beginning(query.text), "".join(statements)) if statements else query


def _declared(name: str, value: object, limit: int | None, embedded: bool) -> Literal:
    if not (name.isidentifier() and name.isascii()):
        raise KqlCellError(
            f"{shorten(name, 40)!r} is no name for a parameter.", hint="a name has letters, digits and _ only"
        )
    if isinstance(value, _NO_VALUES):
        raise KqlCellError(f"{name} is no value: it is a {type(value).__name__}.", hint="name a variable with a value")
    try:
        return _table_or_literal(name, value, limit, embedded)
    except KqlError as error:
        error.message = f"The parameter {name}: {error.message}"
        raise


def _check_names(
    query: Query, values: Values, connection: Connection, own: set[str] | None, scalars: Mapping[str, Literal]
) -> None:
    """Raise where the text itself defines what is to be declared."""
    twice = [name for name in values.declared if name in lets.defined_names(query.text)]
    if twice:
        raise KqlCellError(f"The query defines {listing(twice)} itself.", hint="take the `let` out, or the parameter")
    if own is None:
        return
    if not connection.service.takes_parameters:
        raise KqlCellError(
            f"{connection.id} takes no `declare query_parameters`.", hint="leave it out: -params makes `let` statements"
        )
    missing = [name for name in scalars if name not in own]
    if missing:
        raise KqlCellError(
            f"The query declares parameters, but not {listing(missing)}.",
            hint="declare it there too, or leave the `declare` out: it is written for you",
        )


def _on_the_wire(value: object, found: Literal) -> object:
    """A parameter as Kusto's request takes it: texts and longs as they are, all else as literals in a text."""
    if found.type in ("string", "long"):
        return plain(value)
    return f"bool({found.text})" if found.text in ("true", "false") else found.text


# --- what a cell or a caller gives -----------------------------------------------------------------------


def given(options: Mapping[str, Any], namespace: Mapping[str, object]) -> Values:
    """The values that the options of a cell let its query take.

    Raises:
        KqlCellError: an option names a variable that there is not, or that holds no dict where one is needed.
    """
    named, declared = options["params_dict"], options["params"]
    return Values(
        namespace if named is None else dict_of("params_dict", named, namespace),
        {} if declared is None else _parameters(declared, namespace),
        options["max_inline"],
        options["format"],
    )


def _parameters(written: object, namespace: Mapping[str, object]) -> Mapping[str, object]:
    """``a,b``: variables by their names; ``{"a": 5}`` or the name of a dict: its items."""
    if isinstance(written, str) and not written.lstrip().startswith("{"):
        names = [name.strip() for name in written.split(",")]
        if len(names) > 1 or not isinstance(_looked_up("params", names[0], namespace), Mapping):
            return {name: _looked_up("params", name, namespace) for name in names}
    return dict_of("params", written, namespace)


def dict_of(option: str, written: object, namespace: Mapping[str, object]) -> Mapping[str, object]:
    """The dict that an option takes: itself, JSON text of one, or the name of a variable that holds one.

    Raises:
        KqlCellError: there is no such variable, or it is no dict with texts as its keys.
    """
    found = written
    if isinstance(written, str):
        found = _json(option, written) if written.lstrip().startswith("{") else _looked_up(option, written, namespace)
    if not isinstance(found, Mapping) or not all(isinstance(name, str) for name in found):
        raise KqlCellError(
            f"-{option} takes a dict with names as its keys, not a {type(found).__name__}.",
            hint=f'name a variable that holds one, or write -{option} {{"name": 5}}',
        )
    return found


def _json(option: str, written: str) -> object:
    try:
        return json.loads(written)
    except (ValueError, RecursionError):
        raise KqlCellError(
            f"-{option} cannot be read as JSON.", hint='write {"name": 5, "other": "text"}, or name a variable'
        ) from None


def _looked_up(option: str, name: str, namespace: Mapping[str, object]) -> object:
    value = parse_value(name)
    if not isinstance(value, Reference):
        raise KqlCellError(
            f"-{option} cannot be {shorten(name, 40)}.", hint=f"write names of variables: -{option} start,limit"
        )
    return resolve(value, namespace, {})
