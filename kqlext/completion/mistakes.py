"""What a mistake of a query is, whoever found it."""

from __future__ import annotations

from dataclasses import dataclass

from kqlext.errors import Span


@dataclass(frozen=True, slots=True)
class Mistake:
    """One mistake: what, where, and what to do about it.

    ``code`` is the language service's. ``is_sure`` says that no service can take the query. ``name`` is the name that
    nothing defines, where that is the mistake.
    """

    message: str
    span: Span
    hint: str = ""
    code: str | None = None
    is_sure: bool = True
    name: str = ""


CONVERT_ONE_SIDE = "convert one side, for example with tolong(), tostring() or todatetime()"
CONVERT_FIRST = "convert it first, for example with tolong() or toreal()"
COMPARE = "compare it with something: ==, >, has, in ()"
ARGUMENTS = "%kql --help {word} shows its arguments"
"""Hints of mistakes that the language service and our own look both find; ``{word}`` is what stands there."""
