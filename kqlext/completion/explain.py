"""``%kql --explain`` and ``%kql --format``: what the language service tells of a query, which is not run."""

from __future__ import annotations

import datetime as dt
from collections import UserString
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kqlext import own_kinds, syntax
from kqlext.completion.checking import QueryCheck
from kqlext.completion.service import ServiceUnavailable
from kqlext.display import Notice
from kqlext.errors import KqlCellError, KqlUnsupportedError
from kqlext.head import CommandUse
from kqlext.parameters import notebook_tables
from kqlext.services.base import Query
from kqlext.session import Session, nothing_connected
from kqlext.text import listing, one_line
from kqlext.time_range import ranged
from kqlext.values import bind, given

if TYPE_CHECKING:
    from kqlext.completion.editor import Editor

_LOADING = 20.0  # seconds that a command waits for the language service
_WORKING = 5.0  # seconds for its answer


@dataclass(frozen=True)
class Explanation:
    """What a query gives and reads.

    Attributes:
        columns: name -> Kusto type, in order; empty where the query gives no table.
        is_whole: whether these are all: of a table or function whose columns nobody knows there may be more.
        tables, functions: those of the database and of the notebook that the query names.
        connection: where it would run.
    """

    columns: Mapping[str, str]
    is_whole: bool
    tables: tuple[str, ...]
    functions: tuple[str, ...]
    connection: str

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return Notice(str(self))._repr_mimebundle_()

    def __str__(self) -> str:
        columns = [f"{one_line(name)}: {kind}" for name, kind in self.columns.items()]
        more = [] if self.is_whole else ["and columns that are not known before it runs"]
        lines = [f"columns    {', '.join([*columns, *more]) or 'none: it gives no table'}"]
        lines += [f"tables     {listing(map(one_line, self.tables), 50)}"] if self.tables else []
        lines += [f"functions  {listing(map(one_line, self.functions), 50)}"] if self.functions else []
        return "\n".join([*lines, f"on         {self.connection}"])


class FormattedQuery(UserString):
    """KQL that shows itself as it is: IPython shows each ``str``, also of a class of its own, as a Python literal."""

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return Notice(str(self))._repr_mimebundle_()


def explain(
    use: CommandUse, session: Session, editor: Editor, options: Mapping[str, Any], namespace: Mapping[str, Any]
) -> Explanation:
    """What the query behind ``--explain`` gives and reads on the current connection, or on that of ``-on``.

    Raises:
        KqlCellError: there is no query, or more than one.
        KqlQueryError: the query has a mistake.
        KqlUnsupportedError: the language service is not installed.
    """
    text = _one_query(use)
    on = options["on"]
    connection = session.registry.current if on is None else session.connection(on, options, namespace)
    if connection is None:
        raise nothing_connected(session.registry)
    _wait(editor, use)
    query, _ = own_kinds.taken_off(Query(text, tables=notebook_tables(text, namespace)))
    bound = bind(query, given(options, namespace), connection)
    query = ranged(bound, connection.service.takes_timespan, dt.datetime.now(dt.UTC))
    QueryCheck(lambda: editor).before(connection, query, "error")
    try:
        analysis = editor.service.analyze(query.text, _WORKING)
    except ServiceUnavailable as error:
        raise _unsupported(use, str(error)) from None
    return Explanation(
        dict(analysis.columns or ()), analysis.is_whole, analysis.tables, analysis.functions, connection.id
    )


def formatted(use: CommandUse, editor: Editor) -> FormattedQuery:
    """The queries behind ``--format`` as one writes them, with a blank line between two.

    Raises:
        KqlCellError: there is none.
        KqlUnsupportedError: the language service is not installed.
    """
    spans = syntax.queries(use.argument)
    if not spans:
        raise KqlCellError(f"--{use.command.name} needs a query.", hint="write it behind the command, or below it")
    _wait(editor, use)
    try:
        return FormattedQuery("\n\n".join(editor.service.format(span.of(use.argument), _WORKING) for span in spans))
    except ServiceUnavailable as error:
        raise _unsupported(use, str(error)) from None


def _one_query(use: CommandUse) -> str:
    spans = syntax.queries(use.argument)
    if len(spans) != 1:
        found = "a query" if not spans else f"one query, and these are {len(spans)}"
        raise KqlCellError(f"--{use.command.name} takes {found}.", hint="write it behind the command, or below it")
    return use.argument


def _wait(editor: Editor, use: CommandUse) -> None:
    try:
        editor.service.wait(_LOADING)
    except ServiceUnavailable as error:
        raise _unsupported(use, str(error)) from None


def _unsupported(use: CommandUse, reason: str) -> KqlUnsupportedError:
    return KqlUnsupportedError(
        f"--{use.command.name} needs the KQL language service: {reason}.",
        hint="pip install kqlext[complete], then restart the kernel",
    )
