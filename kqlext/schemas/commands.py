"""``--schema``, ``--tables`` and ``--functions``: what they take, and what they give."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from kqlext.cell import Cell, QueryText
from kqlext.connections.registry import Connection
from kqlext.errors import KqlCellError, Span
from kqlext.head import CommandUse
from kqlext.option_values import read_option
from kqlext.options import option_names
from kqlext.references import Reference, parse_value, resolve
from kqlext.schemas.listing import FunctionListing, SchemaListing, TableListing
from kqlext.schemas.model import DatabaseSchema, TableSchema
from kqlext.schemas.notebook import notebook_tables
from kqlext.session import Session, nothing_connected
from kqlext.text import did_you_mean, listing, normalize_name

if TYPE_CHECKING:
    from kqlext.result import Result

_OPTION = re.compile(r"""(?:^|\s)-(conn|sample)(?:\s*=\s*|\s+)("[^"]*"|'[^']*'|\S+)""", re.IGNORECASE)


@dataclass(frozen=True)
class Asked:
    """What a command is about: a connection, and a name or text; ``sample`` is how many rows are to be seen."""

    connection: Connection
    argument: str
    sample: int | None
    session: Session
    options: Mapping[str, Any]
    namespace: Mapping[str, Any]

    @property
    def notebook(self) -> tuple[TableSchema, ...]:
        """The tables of the notebook."""
        return notebook_tables(self.namespace)


def read(use: CommandUse, session: Session, options: Mapping[str, Any], namespace: Mapping[str, Any]) -> Asked:
    """What was asked. ``-conn`` and ``-sample`` may stand behind the argument.

    Raises:
        KqlError: no such connection is open, or it cannot be opened; an option's value is none.
    """
    written = {name.lower(): word for name, word in _OPTION.findall(use.argument)}
    argument = parsed_text(_OPTION.sub("", use.argument).strip())
    name = _text_of(written["conn"], namespace) if "conn" in written else options["conn"]
    if name is None and ("@" in argument or "://" in argument):
        name, argument = argument, ""
    connection = session.registry.current if name is None else session.connection(name, options, namespace)
    if connection is None:
        raise nothing_connected(session.registry)
    sample = options["sample"]
    if "sample" in written:
        sample = _number(written["sample"], use)
    if sample is not None and (not argument or use.command.name != "schema"):
        raise KqlCellError("-sample shows rows of one table.", hint="write %kql --schema table -sample 3")
    return Asked(connection, argument, sample, session, options, namespace)


def schema(asked: Asked) -> SchemaListing | TableListing | FunctionListing:
    """Everything, what fits a pattern with ``*``, or one table or function.

    Raises:
        KqlError: the service does not tell, or there is no such table.
    """
    if not asked.argument or set("*?") & set(asked.argument):
        return SchemaListing(_whole(asked), asked.argument)
    return _one(asked)


def tables(asked: Asked) -> SchemaListing:
    """The tables whose name, or that of one of their columns, holds the argument. Raises as ``schema`` does."""
    return SchemaListing(_whole(asked), asked.argument, functions=False)


def functions(asked: Asked) -> FunctionListing:
    """The functions whose name holds the argument. Raises as ``schema`` does."""
    return FunctionListing(_whole(asked), asked.argument)


def _whole(asked: Asked) -> DatabaseSchema:
    """The schema of the database, with the tables of the notebook that it does not hide."""
    read = asked.session.schemas.read(asked.connection)
    own = tuple(table for table in asked.notebook if read.table(table.name) is None)
    return replace(read, tables=(*read.tables, *own))


def _one(asked: Asked) -> TableListing | FunctionListing:
    connection, name = asked.connection, asked.argument
    table = asked.session.schemas.table(connection, name)
    if table is not None:
        return TableListing(table, connection.id, _sample(asked, table, connection.id))
    table = next((own for own in asked.notebook if own.name == name), None)
    if table is not None:
        return TableListing(table, "notebook", _sample(asked, table, "local"))
    whole = _whole(asked)
    if any(function.name == name for function in whole.functions):
        return FunctionListing(replace(whole, functions=tuple(f for f in whole.functions if f.name == name)))
    names = [*whole.types(), *(function.name for function in whole.functions)]
    hint = did_you_mean(name, names) or f"tables are {listing(whole.types())}"
    raise KqlCellError(f"{connection.id} has no table {name}.", hint=hint)


def _sample(asked: Asked, table: TableSchema, where: str) -> Result | None:
    """Some rows of a table: those that come first, which are not a random choice."""
    if asked.sample is None:
        return None
    from kqlext.answers import Question, answer
    from kqlext.schemas.reading import table_text

    text = f"{table_text(table.name)} | take {asked.sample}"
    options = {**asked.options, "on": where, "over": None, "split": None, "conn": None, "with": None}
    return answer(asked.session, Question(QueryText(text, Span(0, len(text))), Cell(text), options, asked.namespace))


def parsed_text(text: str) -> str:
    """A text without the quotes that stand around all of it."""
    value = parse_value(text) if text[:1] in ("'", '"') else text
    return value if isinstance(value, str) else text


def _text_of(word: str, namespace: Mapping[str, Any]) -> str:
    value = parse_value(word)
    found = resolve(value, namespace, {}) if isinstance(value, Reference) and value.path in namespace else word
    return parsed_text(str(found))


def _number(word: str, use: CommandUse) -> int:
    option = option_names()[normalize_name("sample")]
    value = read_option(option, word, use.argument, Span(0, len(use.argument)))
    if not isinstance(value, int):
        raise KqlCellError(f"-sample cannot be {word}: it takes a whole number.", hint="write -sample 3")
    return value
