"""Mistakes of a query that is to be sent, or was refused: as errors that point into the text that the user wrote.

``-check error`` refuses a query with mistakes. ``warn`` sends it, and adds to the service's own error what it does not
say itself: a place, a hint, further mistakes. A query that the service takes is never spoken of.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from kqlext import syntax
from kqlext.completion import diagnostics
from kqlext.completion.diagnostics import Mistake
from kqlext.completion.service import Scope, ServiceUnavailable
from kqlext.connections.registry import Connection
from kqlext.connections.schemes import EMBEDDED
from kqlext.errors import KqlError, KqlQueryError, KqlUnsupportedError
from kqlext.services.base import Query
from kqlext.text import plural

if TYPE_CHECKING:
    from kqlext.completion.editor import Editor

_LOADING = 20.0  # seconds that a query with -check error waits for the language service
_ASKING = 2.0  # seconds for one look at a query
_SHOWN = 3  # further mistakes that are shown
# What names things of other services and workspaces, of which nothing is known here.
_ELSEWHERE = re.compile(r"\b(?:workspace|app|resource|adx|arg|cluster|external_table|stored_query_result)\s*\(")


class QueryCheck:
    """Looks at the queries of one notebook."""

    def __init__(self, editor: Callable[[], Editor]) -> None:
        """Args: editor: gives the schemas and the language service; it is called where there is a query to look at."""
        self._editor = editor

    def before(self, connection: Connection, query: Query, mode: str) -> None:
        """Refuse a query that has mistakes, where ``mode`` is ``error``.

        Raises:
            KqlQueryError: with the place of the first mistake, and a few more.
        """
        if mode != "error" or syntax.is_command(query.text):
            return
        mistakes = find_mistakes(self._editor(), connection, query, fresh=True)
        if mistakes:
            error = _as_errors(query, mistakes)
            error.hint = error.hint or "-check warn sends the query all the same"
            raise error

    def after(self, connection: Connection, query: Query, mode: str, error: KqlError) -> None:
        """Add to the error of a query what is known of its mistakes. What is not known at once is not waited for."""
        if (
            mode == "off"
            or not isinstance(error, (KqlQueryError, KqlUnsupportedError))
            or syntax.is_command(query.text)
        ):
            return
        mistakes = find_mistakes(self._editor(), connection, query, fresh=False)
        if mistakes:
            _add(error, _as_errors(query, mistakes))


def find_mistakes(editor: Editor, connection: Connection, query: Query, fresh: bool) -> list[Mistake]:
    """The mistakes of a query on a connection.

    Args:
        fresh: wait for the language service and the schema, and read the schema again before a name counts as
            unknown; only what is surely wrong is a mistake then.
    """
    if fresh:
        _wait(editor)
    scope = _scope(editor, connection, query, fresh)
    mistakes = _look(editor, connection, query.text, scope)
    if fresh and diagnostics.is_about_names(mistakes) and connection.spec.scheme not in EMBEDDED:
        mistakes = _look(editor, connection, query.text, _read_again(editor, connection, scope))
    return [mistake for mistake in mistakes if mistake.is_sure or not fresh]


def _wait(editor: Editor) -> None:
    try:
        editor.service.wait(_LOADING)
    except ServiceUnavailable:
        return  # then our own look has to do


def _scope(editor: Editor, connection: Connection, query: Query, fresh: bool) -> Scope:
    if fresh or connection.spec.scheme in EMBEDDED:  # the embedded engine tells at once
        scope = editor.scope(connection, time.monotonic() + _ASKING, patience=_ASKING)
    else:
        scope = editor.held_scope(connection)
    return Scope(scope.current, scope.others, tuple(table for table in scope.notebook if table.name in query.tables))


def _read_again(editor: Editor, connection: Connection, scope: Scope) -> Scope:
    """The scope with the schema as it is now; without one where the service does not tell."""
    try:
        return Scope(editor.read_again(connection), scope.others, scope.notebook)
    except KqlError:
        return Scope(None, scope.others, scope.notebook)


def _look(editor: Editor, connection: Connection, text: str, scope: Scope) -> list[Mistake]:
    names_count = scope.current is not None and not _ELSEWHERE.search(text)
    counted = scope if names_count else None
    try:
        editor.service.wait(0)
        editor.service.use(scope, _ASKING)
        found = editor.service.diagnostics(text, names_count, _ASKING)
    except ServiceUnavailable:
        mistakes = diagnostics.of_tokens(text, counted)
    else:
        mistakes = diagnostics.of_service(text, found, scope)
    return [mistake for mistake in mistakes if not _is_other_case(mistake, connection, scope)]


def _is_other_case(mistake: Mistake, connection: Connection, scope: Scope) -> bool:
    """Whether a name is known in another case, which is the same name to the embedded engine."""
    if not mistake.name or connection.spec.scheme not in EMBEDDED:
        return False
    names = {name.lower() for table in scope.tables() for name in (table.name, *(c.name for c in table.columns))}
    return mistake.name.lower() in names


def _as_errors(query: Query, mistakes: Sequence[Mistake]) -> KqlQueryError:
    """The mistakes as one error with others, at their places in the text that the user wrote."""
    errors = []
    for mistake in mistakes[: _SHOWN + 1]:
        error = KqlQueryError(mistake.message, hint=mistake.hint, code=mistake.code, text=query.text, span=mistake.span)
        error.unresolved = mistake.name or None
        query.restore(error)
        errors.append(error)
    more = len(mistakes) - len(errors)
    if more > 0:
        errors[-1].hint = f"{errors[-1].hint}; and {plural(more, 'more mistake')}".removeprefix("; ")
    first, *others = errors
    first.others = tuple(others)
    return first


def _add(error: KqlError, found: KqlQueryError) -> None:
    """Give the service's error what it lacks of the first mistake; what else was found stands below it."""
    if error.span is None:
        error.text, error.span, error.text_name = found.text, found.span, found.text_name
        error.hint = error.hint or found.hint
        error.others = found.others
        return
    below = []
    for other in (found, *found.others):
        if other.span is not None and other.span.start <= error.span.end and error.span.start <= other.span.end:
            error.hint = error.hint or other.hint
        else:
            other.others = ()
            below.append(other)
    error.others = tuple(below)
