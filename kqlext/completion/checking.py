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
from kqlext.completion.mistakes import Mistake
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
_LONGEST = 20_000  # characters of a refused query that is looked at: a longer one's error would wait for seconds
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

    def after(self, connection: Connection, query: Query, mode: str, error: KqlError) -> KqlError:
        """The error of a query with what is known of its mistakes. What is not known at once is not waited for.

        The error of a very long query is what the service says of it.
        """
        if (
            mode == "off"
            or len(query.text) > _LONGEST
            or not isinstance(error, (KqlQueryError, KqlUnsupportedError))
            or syntax.is_command(query.text)
        ):
            return error
        mistakes = find_mistakes(self._editor(), connection, query, fresh=False)
        if not mistakes:
            return error
        found = _as_errors(query, mistakes)
        if connection.spec.scheme in EMBEDDED and _explains(mistakes[0], found, error):
            found.done = error.done
            return found
        return _with_mistakes(error, found, mistakes[0].is_sure)


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


def _explains(mistake: Mistake, found: KqlQueryError, error: KqlError) -> bool:
    """Whether a mistake says better what the embedded engine says of its parser, of SQL or of its own functions."""
    if getattr(error, "unresolved", None) is not None:
        return False
    if mistake.name and not mistake.is_sure:  # to the engine, a function that there is not is one that it does not have
        return isinstance(error, KqlUnsupportedError) and _touch(error, found)
    return mistake.is_sure or error.span is None or getattr(error, "is_vague", False)


def _with_mistakes(error: KqlError, found: KqlQueryError, is_sure: bool) -> KqlError:
    """A service's error with what it lacks of the first mistake; what else was found stands below it.

    Args:
        is_sure: whether the first mistake is the cause, wherever the service stopped reading.
    """
    if error.span is None or (is_sure and getattr(error, "unresolved", None) is None):
        error.text, error.span, error.text_name = found.text, found.span, found.text_name
        error.hint = _better(error.hint, found.hint)
        error.others = found.others
        return error
    below = []
    for other in (found, *found.others):
        if _touch(error, other):
            error.hint = _better(error.hint, other.hint)
        else:
            other.others = ()
            below.append(other)
    error.others = tuple(below)
    return error


def _touch(error: KqlError, other: KqlError) -> bool:
    one, two = error.span, other.span
    return one is not None and two is not None and two.start <= one.end and one.start <= two.end


def _better(hint: str, found: str) -> str:
    """Of two hints the one that names what was meant."""
    named = "did you mean"
    return found if found.startswith(named) and not hint.startswith(named) else hint or found
