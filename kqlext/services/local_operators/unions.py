"""`union`, `search` and `find` over several tables.

Sources: "union operator", "search operator" and "find operator" of the Kusto Query Language.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from kqlext import syntax
from kqlext.errors import KqlQueryError, Span
from kqlext.literals import string
from kqlext.schemas.model import Column
from kqlext.services.local_operators import clauses
from kqlext.services.local_operators.lets import named
from kqlext.services.local_operators.merging import Arm, agree, merged
from kqlext.services.local_operators.places import Change, Place, is_own
from kqlext.steps import pipes
from kqlext.syntax import Token

_TEXT = "__kqlext_text"
_WILDCARD = re.compile(r"[\w*]*\*[\w*]*")


# --- union -------------------------------------------------------------------------------------------------------


def union(place: Place) -> Change | None:
    """`union`, where the engine's own does not do: `*`, columns that do not agree, tables missing in brackets."""
    piped = place.span.start > place.pipeline.start
    parameters, rest = clauses.parameters(place.text, place.arguments)
    source = parameters.get("withsource") or parameters.get("with_source") or ""
    source = syntax.unquote(source) if source[:1] in ("'", '"') else source
    fuzzy = parameters.get("isfuzzy") in ("true", '"true"', "1")
    operands = clauses.items(place.text, rest)
    if not operands:
        return None
    written = _with_views(place, operands)
    if written is not None:
        return written
    missing = [span for span in operands if fuzzy and _is_missing(place, span)]
    if missing:
        return _without(place, rest, operands, missing, piped)
    found = [_columns(place, span) for span in operands]
    if any(columns is None for columns in found):
        return None  # the engine's own error, or a table that it may leave out
    left = [place.columns()] if piped else []
    stars = any(_WILDCARD.fullmatch(span.of(place.text)) for span in operands)
    known = [*left, *(columns for several in found if several is not None for columns in several.values())]
    _refuse(place, source, known, parameters.get("kind") == "inner")
    views = bool(source) and any(span.of(place.text) in place.expansion.views for span in operands)
    if not stars and not views and agree(known):
        return _labelled(place, source, operands, piped)
    arms = [Arm(place.source(), tuple(left[0]), _left_label(place))] if piped else []
    for span, several in zip(operands, found, strict=True):
        if several == {}:
            raise place.wrong(f"No table matches {span.of(place.text)}.", span, "with isfuzzy=true it may be left out")
        arms += _arms(place, span, several or {}, f"union_arg{len(arms)}")
    table = merged(place.workspace, arms, source, parameters.get("kind") == "inner")
    return place.table(table)


def _columns(place: Place, span: Span) -> dict[str, list[Column]] | None:
    """The columns of each table that an operand stands for; None where there is no such table."""
    written = span.of(place.text)
    if _WILDCARD.fullmatch(written):
        return {table: place.workspace.table_columns(table) for table in place.workspace.matching(written)}
    name = clauses.column(place.text, span)
    if name is not None and name not in {let.name for let in place.lets}:
        known = place.workspace.tables()
        return {name: place.workspace.table_columns(name)} if name in known or is_own(name) else None
    inner = clauses.bracket(place.text, span) or span
    return {"": place.columns_of(inner)}


def _arms(place: Place, span: Span, several: dict[str, list[Column]], label: str) -> Iterator[Arm]:
    for table, columns in several.items():
        inner = clauses.bracket(place.text, span) or span
        known = table if table and not is_own(table) else place.expansion.views.get(table, label)
        yield Arm(table or place.rows_of(inner), tuple(columns), known)


def _with_views(place: Place, operands: Sequence[Span]) -> Change | None:
    """The names that a wildcard stands for in its place, where views of the query are among them."""
    edits = []
    for span in operands:
        written = span.of(place.text)
        found = _views(place, written) if _WILDCARD.fullmatch(written) else []
        if found:
            tables = map(clauses.name, place.workspace.matching(written))
            edits.append((span, ", ".join([*tables, *found])))
    return Change(tuple(edits)) if edits else None


def _views(place: Place, wildcard: str) -> list[str]:
    """The views of the query that a wildcard stands for."""
    pattern = ".*".join(map(re.escape, wildcard.split("*")))
    views = [let.name for let in place.lets if let.function is not None and let.function.view]
    return [view for view in views if re.fullmatch(pattern, view)]


def _refuse(place: Place, source: str, known: Sequence[Sequence[Column]], inner: bool) -> None:
    """What is no union in Kusto either, or one with two columns of one name."""
    names = [{column.name.lower() for column in columns} for columns in known]
    if source and any(source.lower() in several for several in names):
        span = next(token.span for token in pipes.tokens(place.text, place.span) if token.text.strip("'\"") == source)
        raise place.refused(f"There is a column {source} already.", span, "take another name behind withsource=")
    if inner and not set.intersection(*({(column.name.lower(), column.type) for column in each} for each in known)):
        raise place.wrong("The tables have no column in common.", None, "leave kind=inner out")


def _left_label(place: Place) -> str:
    name = clauses.column(place.text, place.before) or ""
    known = {*place.workspace.tables(), *place.workspace.own}
    return place.expansion.views.get(name) or (name if name in known and not is_own(name) else "union_arg0")


def _is_missing(place: Place, span: Span) -> bool:
    if _WILDCARD.fullmatch(span.of(place.text)):
        return not place.workspace.matching(span.of(place.text))
    inner = clauses.bracket(place.text, span)
    if inner is None:
        return False
    try:
        place.columns_of(inner)
    except KqlQueryError as error:
        return error.unresolved is not None and error.message.startswith("There is no table")
    return False


def _without(place: Place, rest: Span, operands: Sequence[Span], missing: Sequence[Span], piped: bool) -> Change:
    kept = [span.of(place.text) for span in operands if span not in missing]
    if not kept and not piped:
        raise place.wrong("None of the tables is there.", rest, "with isfuzzy=true one at least must be")
    return Change.of(rest, ", ".join(kept)) if kept else place.instead("| where true")


def _labelled(place: Place, source: str, operands: Sequence[Span], piped: bool) -> Change | None:
    """Keep the names of the query's own tables out of the column that names the tables."""
    if not source:
        return None
    edits = [(span, f"({span.of(place.text)} | where true)") for span in operands if is_own(span.of(place.text))]
    if piped and is_own(place.before.of(place.text)):
        edits.append((Span(place.before.end, place.before.end), " | where true"))
    return Change(tuple(edits)) if edits else None


# --- search ------------------------------------------------------------------------------------------------------


def search(place: Place) -> Change | None:
    """`search`: the rows of tables in which a predicate is true, with the table's name first."""
    piped = place.span.start > place.pipeline.start
    parameters, rest = clauses.parameters(place.text, place.arguments)
    sensitive = parameters.get("kind") == "case_sensitive"
    tables, predicate = _scope(place, rest)
    written = None if piped else _views_too(place, tables, predicate)
    if written is not None:
        return written
    if piped:
        if tables is not None:
            raise place.wrong("search in (…) begins a query.", rest, "leave out what stands before it, or the tables")
        arms = [Arm(place.source(), tuple(place.columns()), _left_label(place))]
    else:
        arms = _with_columns(place, _searched(place, tables), predicate)
    table = merged(place.workspace, arms, "$table", text=_TEXT)
    condition = _condition(place, predicate, sensitive, clauses.name(_TEXT))
    kept = f"{table}\n| where {condition}\n| project-away {clauses.name(_TEXT)}"
    return place.table(kept)


def _scope(place: Place, rest: Span) -> tuple[list[Span] | None, Span]:
    """The tables of `in (…)`, or None, and the predicate."""
    words = list(pipes.outer(place.text, rest))
    if len(words) > 2 and [words[0].text, words[1].text, words[2].text] == ["in", "(", ")"]:
        inside = Span(words[1].end, words[2].start)
        return clauses.items(place.text, inside), clauses.trimmed(place.text, Span(words[2].end, rest.end))
    return None, rest


def _views_too(place: Place, tables: list[Span] | None, predicate: Span) -> Change | None:
    """The tables of `search` or `find` by their names, where views of the query are among them."""
    if tables is not None:
        return _with_views(place, tables)
    views = _views(place, "*")
    names = [*map(clauses.name, place.workspace.matching("*")), *views]
    return Change.of(Span(predicate.start, predicate.start), f"in ({', '.join(names)}) ") if views else None


def _searched(place: Place, tables: list[Span] | None) -> list[Arm]:
    if tables is None:
        known = place.workspace.matching("*")
        return [Arm(name, tuple(place.workspace.table_columns(name)), name) for name in known]
    arms: list[Arm] = []
    for span in tables:
        several = _columns(place, span)
        if several is None:
            name = span.of(place.text)
            raise place.workspace.unknown_table(name, place.text, span)
        arms += _arms(place, span, several, f"union_arg{len(arms)}")
    if not arms:
        raise place.wrong("No table matches.", tables[0] if tables else None)
    return arms


def _with_columns(place: Place, arms: Sequence[Arm], predicate: Span) -> list[Arm]:
    """The tables that have a column of the predicate; all, where a text or * stands by itself."""
    words = list(pipes.tokens(place.text, predicate))
    everywhere = any(word.text == "*" or _is_term(words, index) for index, word in enumerate(words))
    used = named(place.text, predicate)
    found = [arm for arm in arms if everywhere or not words or any(column.name in used for column in arm.columns)]
    if not found:
        raise place.wrong("No table has a column of the predicate.", predicate)
    return found


_SENSITIVE = {
    "has": "has_cs", "contains": "contains_cs", "hasprefix": "hasprefix_cs", "hassuffix": "hassuffix_cs",
    "startswith": "startswith_cs", "endswith": "endswith_cs",
}  # fmt: skip


def _condition(place: Place, predicate: Span, sensitive: bool, everything: str) -> str:
    """A search predicate as a condition of `where`."""
    text = place.text
    words = list(pipes.tokens(text, predicate))
    if not words:
        raise place.wrong("search takes a predicate.", None, 'write a text, or * for all: search "error"')
    if [word.text for word in words] == ["*"]:
        return "true"
    pieces, position, index = [], predicate.start, 0
    while index < len(words):
        word = words[index]
        behind = words[index + 1] if index + 1 < len(words) else None
        replaced, used = "", 0
        if word.kind == "string" and _is_term(words, index):
            replaced, used = _term(everything, word, sensitive), 1
        elif word.text == ":" and behind is not None and behind.kind == "string":
            replaced, used = _term("", behind, sensitive), 2
        elif word.text == "*" and behind is not None and behind.text in (*_SENSITIVE, *_SENSITIVE.values(), "matches"):
            replaced, used = everything, 1
        elif sensitive and word.text in _SENSITIVE:
            replaced, used = _SENSITIVE[word.text], 1
        if used:
            pieces += [text[position : word.start], replaced]
            position = words[index + used - 1].end
        index += used or 1
    return "".join([*pieces, text[position : predicate.end]])


def _is_term(words: Sequence[Token], index: int) -> bool:
    """Whether a text stands by itself, and is no operand of a comparison or a function."""
    before = words[index - 1].text if index else "and"
    behind = words[index + 1].text if index + 1 < len(words) else "and"
    if behind not in ("and", "or", ")"):
        return False
    if before in ("and", "or", "not"):
        return True
    return before == "(" and (index < 2 or words[index - 2].text in ("and", "or", "not", "("))


def _term(column: str, word: Token, sensitive: bool) -> str:
    """What a search term says of a column: has, hasprefix, hassuffix, contains, or a regular expression."""
    value = syntax.unquote(word.text)
    core = value.strip("*")
    cs = "_cs" if sensitive else ""
    if "*" in core:
        pattern = r"\b" * (not value.startswith("*")) + ".*".join(map(re.escape, core.split("*")))
        pattern += r"\b" * (not value.endswith("*"))
        return f"{column} matches regex {string(('' if sensitive else '(?i)') + pattern)}"
    if not core:
        return f"{column} contains {string('')}"
    operator = {(False, False): "has", (True, False): "hassuffix", (False, True): "hasprefix"}.get(
        (value.startswith("*"), value.endswith("*")), "contains"
    )
    return f"{column} {operator}{cs} {string(core)}"


# --- find --------------------------------------------------------------------------------------------------------


def find(place: Place) -> Change | None:
    """`find … project …`. Its own choice of columns (`project-smart`) is refused: it packs what tables do not share."""
    parameters, rest = clauses.parameters(place.text, place.arguments)
    tables, rest = _scope(place, rest)
    written = _views_too(place, tables, rest)
    if written is not None:
        return written
    parts = clauses.clauses(place.text, rest, ("where", "project"))
    predicate = parts.get("where") or parts.head
    wanted = parts.get("project")
    if wanted is None:
        raise place.refused(
            "The embedded engine has find only with project.", None, "name the columns: find … project A, B; or search"
        )
    source = parameters.get("withsource", "source_")
    arms = _with_columns(place, _searched(place, tables), predicate)
    table = merged(place.workspace, arms, source, text=_TEXT)
    known = {column.name for column in place.workspace.table_columns(table)}
    columns = []
    for item in clauses.items(place.text, wanted):
        name, _, kind = item.of(place.text).partition(":")
        name, kind = name.strip(), kind.strip()
        if "(" in name:
            raise place.refused("The embedded engine has find without pack_all().", item)
        typed = f"to{kind}({clauses.name(name)})" if kind else clauses.name(name)
        columns.append(f"{clauses.name(name)} = {typed if name in known else 'dynamic(null)'}")
    condition = _condition(place, predicate, False, clauses.name(_TEXT))
    return place.table(f"{table}\n| where {condition}\n| project {', '.join([clauses.name(source), *columns])}")
