"""Colour in IPython's terminal prompt. Imports prompt_toolkit: only a shell that has such a prompt may ask for it."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any

from prompt_toolkit.document import Document
from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.layout.controls import BufferControl
from prompt_toolkit.lexers import Lexer, PygmentsLexer

from kqlext.highlighting.lexer import KqlCellLexer
from kqlext.highlighting.pieces import LINE, is_cell

Lines = Callable[[int], StyleAndTextTuples]


class PromptLexer(Lexer):
    """Colours KQL, and leaves all else to the lexer that was there before."""

    def __init__(self, before: Lexer) -> None:
        self.before = before
        self._kql = PygmentsLexer(KqlCellLexer)

    def lex_document(self, document: Document) -> Lines:
        """The coloured pieces of each line."""
        if is_cell(document.text.lstrip("\n")):
            return self._kql.lex_document(document)
        others = self.before.lex_document(document)

        def line(number: int) -> StyleAndTextTuples:
            text = document.lines[number] if number < len(document.lines) else ""
            match = LINE.match(text)
            if match is None:
                return others(number)
            begin = match.end("before")
            python = self.before.lex_document(Document(text[:begin]))
            return [*python(0), *self._kql.lex_document(Document(text[begin:]))(0)]

        return line if "%kql" in document.text else others

    def invalidation_hash(self) -> Hashable:
        """Changes whenever the other lexer's does: what it coloured is then coloured anew."""
        return self.before.invalidation_hash()


def colour(session: Any) -> None:
    """Have a prompt session (``shell.pt_app``) colour KQL.

    IPython gives its session another lexer with each prompt; this one stands around them, at the input itself.
    """
    for control in _inputs(session):
        if not isinstance(control.lexer, PromptLexer):
            control.lexer = PromptLexer(control.lexer)


def uncolour(session: Any) -> None:
    """Put back what was there before ``colour``."""
    for control in _inputs(session):
        if isinstance(control.lexer, PromptLexer):
            control.lexer = control.lexer.before


def _inputs(session: Any) -> list[BufferControl]:
    controls = session.layout.find_all_controls()
    return [each for each in controls if isinstance(each, BufferControl) and each.buffer is session.default_buffer]
