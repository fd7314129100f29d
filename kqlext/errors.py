"""Everything that kqlext raises.

    KqlError
    ├── KqlCellError             the cell or line itself: an option, a command, a target, no query
    ├── KqlSettingsError         a setting in a file or the environment that there is not, or a wrong value for one
    ├── KqlConnectionError       a connection string or name that cannot be used
    ├── KqlNetworkError          the service did not answer: no route, refused, TLS, timed out, broken off
    ├── KqlAuthenticationError   no credential, or one that the service refused (401, 403)
    ├── KqlQueryError            the service read the query and refused it; has a code, often a position
    ├── KqlThrottledError        the service asks for fewer requests (429)
    ├── KqlServiceError          any other failure that the service reports (404, 5xx, a redirect)
    ├── KqlResponseError         an answer that is not what the protocol promises
    ├── KqlPartialResultError    rows are missing, and -strict refuses such an answer
    ├── KqlUnsupportedError      right KQL that the embedded engine does not have, or a missing feature
    └── KqlConversionError       a result that cannot become what was asked for

The tree is flat: catch a class for what you can do about it, or ``KqlError`` for all. Every error has a
``message``, a ``hint`` that names what to do, and, where they are known, a ``code`` of the service, the
``text`` that it is about with a ``span`` in it, and the ``request_id`` under which the service logged it.

``KqlInterrupt`` is no ``KqlError``: it is the KeyboardInterrupt of a query that the user gave up.

In IPython an error prints as those lines and no traceback (``_render_traceback_``), in the terminal, in a
kernel and in nbclient alike; it is raised all the same, so "Run All" and papermill stop.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import ClassVar

from kqlext.text import printable, shorten

_WINDOW = 100  # columns of a long line that are shown around a caret
_NO_WIDTH = ("Mn", "Me", "Cf")  # combining characters, joiners, variation selectors


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of a text: offsets of its first character and of the one after its last."""

    start: int
    end: int

    def shifted(self, offset: int) -> Span:
        return Span(self.start + offset, self.end + offset)

    def of(self, text: str) -> str:
        """The piece of ``text`` that this span points at."""
        return text[self.start : self.end]


class KqlError(Exception):
    """Base of all errors of kqlext. See the module's docstring for the tree.

    Attributes:
        message: what went wrong, one sentence or the service's own text.
        hint: what to do about it.
        code: the service's code (``SEM0100``, ``General_BadRequest``, ``404``), if it gave one.
        text, span: the cell or query that the error is about, and where in it.
        text_name: what the text is called where it is not the cell: a variable, a file, a saved query.
        request_id: the client request id that was sent, for the service's logs and for support.
        source: the connection that failed, where several were asked (``-over``).
        done: what was done of the query before it failed (``-steps``), to be shown above the error.
        others: further mistakes of the same text, found besides this one.
    """

    default_hint: ClassVar[str] = ""

    def __init__(
        self,
        message: str,
        *,
        hint: str = "",
        code: str | None = None,
        text: str | None = None,
        span: Span | None = None,
        request_id: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint or self.default_hint
        self.code = code
        self.text = text
        self.span = span
        self.request_id = request_id
        self.source = ""
        self.text_name = ""
        self.done: object | None = None
        self.others: tuple[KqlError, ...] = ()

    def relocate(self, text: str, offset: int, name: str = "") -> KqlError:
        """Point into ``text``, a cell in which the query starts at ``offset``; gives itself. ``name`` is the text's.

        An error about a text with a name of its own stays there.
        """
        if self.span is not None and not self.text_name:
            self.span = self.span.shifted(offset)
            self.text, self.text_name = text, name
        for other in self.others:
            other.relocate(text, offset, name)
        return self

    def in_one_line(self) -> str:
        """The code, message and hint, for lists and warnings."""
        hint = f" ({self.hint})" if self.hint else ""
        return " ".join(f"{self._headline()}{hint}".split())

    def __str__(self) -> str:
        return "\n".join(self._lines())

    def _headline(self) -> str:
        code = f"{self.code}: " if self.code and not self.message.startswith(self.code) else ""
        return f"{code}{self.message}"

    def _lines(self) -> list[str]:
        source = f"{self.source}: " if self.source else ""
        lines = [printable(f"{source}{self._headline()}")]
        if self.text is not None and self.span is not None:
            lines += caret_lines(self.text, self.span, self.text_name)
        if self.hint:
            lines.append(printable(f"Hint: {self.hint}"))
        if self.request_id:
            lines.append(printable(f"Client request id: {self.request_id}"))
        for other in self.others:
            first, *rest = other._lines()
            lines += [f"Also: {first}", *rest]
        return lines

    def _render_traceback_(self) -> list[str]:
        """The lines that IPython shows in the place of a traceback."""
        first, *rest = self._lines()
        return [f"{type(self).__name__}: {first}", *rest]


class KqlCellError(KqlError):
    """The cell or line cannot be read: nothing was sent."""

    default_hint = "%kql --help shows what a cell may hold"


class KqlSettingsError(KqlError):
    """A setting of ``kqlext.toml``, ``pyproject.toml`` or the environment that cannot be used: nothing was sent."""

    default_hint = "%kql --help options lists the settings"


class KqlConnectionError(KqlError):
    """A connection string, a connection's name, or an opened database that cannot be used."""

    default_hint = "a connection looks like kusto://help.kusto.windows.net/Samples, or samples"


class KqlNetworkError(KqlError):
    """The service could not be reached, or the connection broke before the answer was whole."""

    default_hint = "check the cluster's name, your network and proxy, then run the cell again"


class KqlAuthenticationError(KqlError):
    """There is no credential, or the service refused it."""

    default_hint = "sign in (for example with `az login`) as someone who may read this database"


class KqlQueryError(KqlError):
    """The service read the query and refused it.

    Attributes:
        unresolved: the name of the table or column that it does not know, where that is what it says.
        is_vague: whether it names the values that do not fit, where a look at the query may find the cause.
    """

    unresolved: str | None = None
    is_vague: bool = False


class KqlThrottledError(KqlError):
    """The service asks for fewer requests."""

    default_hint = "wait a minute and run the cell again, or ask for less at a time"


class KqlServiceError(KqlError):
    """The service failed, or something that is no KQL service answered in its place."""

    default_hint = "run the cell again; if it fails again, give the request id to whoever runs the service"


class KqlResponseError(KqlError):
    """The answer is not what the protocol promises; nothing of it was used."""

    default_hint = "check the service's address, and that no proxy on the way changes its answers"


class KqlPartialResultError(KqlError):
    """Rows are missing from an answer, and ``-strict`` asked for all of them."""

    default_hint = "leave -strict out to see the rows that came"


class KqlUnsupportedError(KqlError):
    """The query is right, but the embedded engine does not have what it asks for."""

    default_hint = "run it on a Kusto service, or write it without this construct"


class KqlInterrupt(KeyboardInterrupt):
    """The user gave a query up. No ``KqlError``: whatever stops at an interrupt stops at this one."""

    def _render_traceback_(self) -> list[str]:
        return [f"KeyboardInterrupt: {self}"]


class KqlConversionError(KqlError):
    """A result cannot become the table type that was asked for."""


def caret_lines(text: str, span: Span, name: str = "") -> list[str]:
    """The line of ``text`` in which ``span`` starts, under its number, with carets below the span.

    Args:
        name: what the text is called; nothing for the cell.

    A long line is cut to a window around the span.
    """
    start = min(max(span.start, 0), len(text))
    line_start = text.rfind("\n", 0, start) + 1
    line_end = text.find("\n", start)
    line = text[line_start : line_end if line_end >= 0 else len(text)].rstrip("\r")
    column = min(start - line_start, len(line))
    length = max(1, min(span.end - start, len(line) - column))
    left = max(0, column - _WINDOW // 2) if len(line) > _WINDOW else 0
    shown = line[left : left + _WINDOW]
    carets = min(length, max(1, len(shown) - (column - left)))
    before, under = shown[: column - left], shown[column - left : column - left + carets]
    prefix = ("…" if left else "") + _flat(before)
    number = text.count("\n", 0, line_start) + 1
    suffix = "…" if left + _WINDOW < len(line) else ""
    head = f"  {printable(name)}, line {number}: " if name else f"  line {number}: "
    return [
        head + shorten(prefix + _flat(shown[len(before) :]) + suffix, 4 * _WINDOW),
        " " * (_width(head) + _width(prefix)) + "^" * max(1, _width(_flat(under))),
    ]


def _flat(text: str) -> str:
    return printable(text.replace("\t", " "))


def _width(text: str) -> int:
    """Terminal columns of ``text``: East Asian wide characters take two, combining ones none."""
    return sum(
        0
        if unicodedata.category(character) in _NO_WIDTH
        else 2
        if unicodedata.east_asian_width(character) in "WF"
        else 1
        for character in text
    )
