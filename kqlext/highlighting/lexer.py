"""A Pygments lexer of KQL and of `%%kql` cells, for the terminal and for nbconvert.

Pygments has a lexer of Kusto, which does not know `let`, `in` or the head of a cell, and has `$left` for an error.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from pygments.lexer import Lexer
from pygments.token import Comment, Keyword, Name, Number, Operator, Punctuation, String, Whitespace

from kqlext.highlighting.pieces import Kind, pieces

TOKENS: dict[Kind, Any] = {
    "magic": Name.Decorator,
    "option": Name.Attribute,
    "value": String,
    "connection": String.Other,
    "target": Name.Variable,
    "comment": Comment.Single,
    "string": String,
    "number": Number,
    "constant": Keyword.Constant,
    "keyword": Keyword,
    "type": Keyword.Type,
    "function": Name.Function,
    "variable": Name,
    "definition": Name.Variable,
    "property": Name,
    "parameter": Name.Attribute,
    "special": Name.Builtin.Pseudo,
    "operator": Operator,
    "punctuation": Punctuation,
}


class KqlCellLexer(Lexer):  # type: ignore[misc]
    """KQL, also with the head of a `%%kql` cell or `%kql` line before it."""

    name = "KQL cell"
    aliases: ClassVar[list[str]] = ["kqlext", "kql-cell"]
    url = "https://learn.microsoft.com/kusto/query/"

    def get_tokens_unprocessed(self, text: str) -> Iterator[tuple[int, Any, str]]:
        """(offset, token type, text) of all of ``text``."""
        end = 0
        for piece in pieces(text):
            if piece.start > end:
                yield end, Whitespace, text[end : piece.start]
            yield piece.start, TOKENS[piece.kind], text[piece.start : piece.end]
            end = piece.end
        if end < len(text):
            yield end, Whitespace, text[end:]
