"""Named queries: ``-save errors`` remembers a query, ``-with errors`` lets another one name it as a table. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from kqlext import lets, syntax
from kqlext.errors import KqlCellError, Span
from kqlext.render_clause import split_render
from kqlext.services.base import Query
from kqlext.text import did_you_mean, listing


@dataclass(frozen=True, slots=True)
class SavedQuery:
    """A query, and the names of the saved ones that it uses."""

    text: str
    uses: tuple[str, ...] = ()


def saved(name: str, text: str, uses: Sequence[str], known: Mapping[str, SavedQuery]) -> SavedQuery:
    """The query as it is remembered.

    Raises:
        KqlCellError: the name is none for KQL, or the query cannot stand in another one.
    """
    if not (name.isidentifier() and name.isascii()):
        raise KqlCellError(f"{name} is no name for a query.", hint="a name has letters, digits and _ only")
    if syntax.is_command(text):
        raise KqlCellError("A management command cannot stand in a query.", hint="leave -save out")
    statements = [place.of(text) for place in syntax.statements(text)]
    if any(syntax.is_option(statement) for statement in statements):
        raise KqlCellError(
            "A saved query holds no `set` and no `declare`.", hint="write them in the query that uses it"
        )
    if sum(not syntax.prepares(statement) for statement in statements) != 1 or syntax.prepares(statements[-1]):
        raise KqlCellError("A saved query ends in one statement that gives rows.", hint="save each on its own")
    _in_order(uses, known, name)
    return SavedQuery(text, tuple(uses))


def prepended(query: Query, names: Sequence[str], known: Mapping[str, SavedQuery]) -> Query:
    """The query with the saved ones before it, each as ``let name = ...;``, after what it needs itself.

    Errors in a saved query point into its own text.

    Raises:
        KqlCellError: there is no query of a name, or two of them define the same name.
    """
    order = _in_order(names, known)
    _check_names(query.text, order, known)
    start = lets.beginning(query.text)
    for name in reversed(order):
        text = split_render(known[name].text)[0]
        last = syntax.statements(text)[-1]
        # A comment at its end would take the `;` in.
        *_, word = (token for token in syntax.tokens(text, last.start) if token.kind != "comment" and token.text != ";")
        query = query.insert(start, ";\n").replace(Span(start, start), text[: word.end], name)
        query = query.insert(start + last.start, f"let {name} = ")
    return query


def _in_order(names: Sequence[str], known: Mapping[str, SavedQuery], new: str = "") -> list[str]:
    """Each query after those that it uses."""
    order: dict[str, None] = {}

    def add(name: str) -> None:
        if name == new:
            raise KqlCellError(f"{name} would use itself.", hint="save it under another name")
        if name not in known:
            hint = did_you_mean(name, known) or f"saved are {listing(known)}"
            raise KqlCellError(f"There is no saved query {name}.", hint=hint)
        for used in known[name].uses:
            add(used)
        order[name] = None

    for name in names:
        add(name)
    return list(order)


def _check_names(text: str, order: Sequence[str], known: Mapping[str, SavedQuery]) -> None:
    owners: dict[str, str] = dict.fromkeys(order, "the name of a saved query")
    for owner, own in [*((f"the saved query {name}", known[name].text) for name in order), ("this query", text)]:
        for name in sorted(lets.defined_names(own)):
            if name in owners:
                raise KqlCellError(
                    f"{name} is defined twice: it is {owners[name]}, and a `let` of {owner}.",
                    hint="rename one of the two",
                )
            owners[name] = f"a `let` of {owner}"
