"""`render`, for services that do not know it: taken off the end of a query, and given as the answer's visualization."""

from __future__ import annotations

from kqlext import syntax


def split_render(text: str) -> tuple[str, dict[str, str] | None]:
    """A query without the `render` that ends it, and what that asks for by lower-case name, or None.

    What is left begins where the query began, so that places in it are places in the query.
    """
    found = syntax.find_render(text)
    if found is None:
        return text, None
    code = [token for token in syntax.tokens(text) if token.kind != "comment"]
    pipe = max(index for index, token in enumerate(code) if token.text == "|")
    end = next((index for index in range(pipe, len(code)) if code[index].text == ";"), len(code))
    if code[end + 1 :]:  # a statement that follows; the service is to say what it thinks of that
        return text, None
    kind, properties = found
    return text[: code[pipe].start], {"visualization": kind, **properties}
