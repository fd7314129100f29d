"""The `render` that ends a query: what it asks for, and the query without it for services that do not know it. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from kqlext.syntax import Token, tokens, unquote


def find_render(text: str) -> tuple[str, dict[str, str]] | None:
    """The kind and properties of the `render` that ends a query, or None.

    Properties stand in ``with (...)`` or, as people also write them, bare behind the kind: ``title='x'``.
    """
    operator = [token for token in tokens(text) if token.kind != "comment"]
    begin = max((i for i, token in enumerate(operator) if token.text == "|"), default=-1)
    words = operator[begin + 1 :]
    if begin < 0 or len(words) < 2 or words[0].text.lower() != "render":
        return None
    rest = _between_brackets(words[2:])
    properties: dict[str, str] = {}
    index = 0
    while _begins_property(rest, index):
        end = index + 2
        while end < len(rest) and not _begins_property(rest, end):
            end += 1
        properties[rest[index].text.lower()] = _property_value(text, rest[index + 2 : end])
        index = end
    return words[1].text.lower(), properties


def split_render(text: str) -> tuple[str, dict[str, str] | None]:
    """A query without the `render` that ends it, and what that asks for by lower-case name, or None.

    What is left begins where the query began, so that places in it are places in the query.
    """
    found = find_render(text)
    if found is None:
        return text, None
    code = [token for token in tokens(text) if token.kind != "comment"]
    pipe = max(index for index, token in enumerate(code) if token.text == "|")
    end = next((index for index in range(pipe, len(code)) if code[index].text == ";"), len(code))
    if code[end + 1 :]:  # a statement that follows; the service is to say what it thinks of that
        return text, None
    kind, properties = found
    return text[: code[pipe].start], {"visualization": kind, **properties}


def _between_brackets(words: Sequence[Token]) -> Sequence[Token]:
    """What stands in ``with (...)``, or all of it where there is no such thing."""
    begin = 1 if words and words[0].text.lower() == "with" else 0
    if begin >= len(words) or words[begin].text != "(":
        return [token for token in words[begin:] if token.text != ";"]
    depth = 0
    for index, token in enumerate(words[begin:], begin):
        depth += (token.text == "(") - (token.text == ")")
        if depth == 0:
            return words[begin + 1 : index]
    return words[begin + 1 :]


def _property_value(text: str, words: Sequence[Token]) -> str:
    """A value as it is written, without quotes; the parts of a list (`ycolumns = a, b`) with one comma between."""
    parts: list[list[Token]] = [[]]
    depth = 0
    for token in words:
        depth += (token.text in ("(", "[")) - (token.text in (")", "]"))
        if token.text == "," and depth == 0:
            parts.append([])
        else:
            parts[-1].append(token)
    return ",".join(_written(text, part) for part in parts if part)


def _written(text: str, words: Sequence[Token]) -> str:
    inner = words[1:-1] if len(words) == 3 and words[0].text == "[" else words  # a column ['with a space']
    if len(inner) == 1:
        return unquote(inner[0].text) if inner[0].kind == "string" else inner[0].text
    return text[inner[0].start : inner[-1].end]


def _begins_property(words: Sequence[Token], index: int) -> bool:
    return index + 1 < len(words) and words[index + 1].text == "=" and words[index].kind == "name"
