"""Obfuscated literals of KQL, ``h'...'``: their text is for the service alone, and stands in no log, link or recording.

Source: "Obfuscated string literals" of the Kusto Query Language. Pure.
"""

from __future__ import annotations

from kqlext import syntax


def hides(text: str) -> bool:
    """Whether a query holds obfuscated literals."""
    return any(token.kind == "string" and token.text[0] in "hH" for token in syntax.tokens(text))


def obfuscated(text: str) -> str:
    """The query with the text of its obfuscated literals blotted out."""
    pieces, position = [], 0
    for token in syntax.tokens(text):
        if token.kind == "string" and token.text[0] in "hH":
            pieces += [text[position : token.start], "h'***'"]
            position = token.end
    return "".join([*pieces, text[position:]])
