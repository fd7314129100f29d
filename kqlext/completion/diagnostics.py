"""Mistakes of a query, found without sending it: by the language service, or by our own look at its tokens. Pure.

Our own look finds what is surely wrong (a bracket or quote that is not closed, a word behind a pipe that is no
operator, ``=`` where ``==`` is meant) and names that nothing defines. It comes first where it points better: the
service says that a bracket is missing at the end of the query, which is not where the mistake is.
"""

from __future__ import annotations

import re
from bisect import bisect
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property

from kqlext import lets, syntax
from kqlext.completion.basic import made_names, tables_of
from kqlext.completion.mistakes import ARGUMENTS, COMPARE, CONVERT_FIRST, CONVERT_ONE_SIDE, Mistake
from kqlext.completion.service import Finding, Scope
from kqlext.completion.type_checks import known_types, of_arguments, of_types
from kqlext.completion.vocabulary import (
    JOIN_KINDS,
    KEYWORDS,
    OTHER_OPERATORS,
    beginnings,
    functions,
    operators,
    visualizations,
)
from kqlext.errors import Span
from kqlext.schemas.model import DatabaseSchema
from kqlext.syntax import Token
from kqlext.text import did_you_mean


def of_tokens(text: str, scope: Scope | None) -> list[Mistake]:
    """What the tokens of a query show; names count where ``scope`` says which there are. In the order of the text."""
    code = _code(text)
    broken = _unclosed(code)
    if broken is not None:
        return [broken]
    found = _of_syntax(text, code)
    defined = lets.defined_names(text)
    found += _functions(code, defined, scope)
    if scope is not None and scope.current is not None:
        found += _unknown_names(text, code, defined, scope)
    found += _types(text, code, scope)
    return sorted(found, key=lambda mistake: mistake.span.start)


def _of_syntax(text: str, code: Sequence[Token]) -> list[Mistake]:
    """What no schema makes right, in a query whose strings and brackets are closed."""
    found = [*_operators(code, len(text)), *_renders(code)]
    equals = syntax.find_single_equals(text)
    if equals is not None:
        found.append(Mistake("'=' compares nothing in `where`.", equals, "write == to compare"))
    return found


def of_service(text: str, findings: Iterable[Finding], scope: Scope) -> list[Mistake]:
    """What the language service found, with hints.

    What follows from a mistake of syntax is left out, and so is what it says of an operator in which our own look finds
    the cause.
    """
    code = _code(text)
    broken = _unclosed(code)
    if broken is not None:
        return [broken]
    own = [mistake for mistake in _of_syntax(text, code) if mistake.is_sure]
    pipes = [token.start for token in code if token.text == "|"]
    told = {bisect(pipes, mistake.span.start) for mistake in own}
    drawn = [kind.span for kind in _rendered(code) if kind.text.lower() in visualizations()]  # some by kqlext alone
    mistakes, near = list(own), _Near(text, scope)
    for finding in sorted(findings, key=lambda one: (one.span.start, -one.span.end)):
        if finding.severity != "Error" or any(_touch(mistake.span, finding.span) for mistake in mistakes):
            continue
        if finding.span in drawn:
            continue
        if bisect(pipes, finding.span.start) not in told:
            mistakes.append(_with_hint(text, finding, near))
        if _is_syntax(finding):
            break
    # The service takes a number that is compared with a text for right; Kusto does not.
    found = _types(text, code, scope)
    mistakes += [one for one in found if not any(_touch(one.span, other.span) for other in mistakes)]
    return sorted(mistakes, key=lambda mistake: mistake.span.start)


def is_about_names(mistakes: Iterable[Mistake]) -> bool:
    """Whether another schema might make some of them none."""
    return any(mistake.name for mistake in mistakes)


def _touch(one: Span, other: Span) -> bool:
    return one.start <= other.end and other.start <= one.end


# --- what the language service found ------------------------------------------------------------------------------

_QUOTED = re.compile(r"'([^']+)'")
_EXPECTED = re.compile(r"Expected one of: (.*)")
_MISSING = re.compile(r"Expected: (\S+)\Z")
_SYNTAX = ("KS001", "KS005", "KS006", "KS176", "KS198")
_NAMES = ("KS142", "KS204", "KS211", "KS124", "KS109")
_HINTS = {
    "KS006": "an expression is missing at this place, such as a column's name or a value",
    "KS198": "remove it, or begin an operator with | before it",
    "KS106": CONVERT_ONE_SIDE,
    "KS107": "convert the value, for example with tolong(), totimespan() or todatetime()",
    "KS119": ARGUMENTS,
    "KS127": ARGUMENTS,
    "KS138": CONVERT_FIRST,
    "KS141": COMPARE,
}

# Where nothing is near.
_NOTHING_NEAR = {
    "KS204": "%kql --tables lists the tables",
    **dict.fromkeys(("KS142", "KS109"), "| getschema shows the columns; a text is written in quotes"),
}
_MOST_NAMES = 300  # unknown ones that are compared with the columns: each takes a millisecond


def _is_syntax(finding: Finding) -> bool:
    return finding.code in _SYNTAX


def _with_hint(text: str, finding: Finding, near: _Near) -> Mistake:
    word = finding.span.of(text)
    code, message, span = finding.code, finding.message, finding.span
    if expected := _EXPECTED.match(message):
        choices = expected.group(1).split(", ")
        hint = did_you_mean(word, choices) or f"one of {expected.group(1)}"
        return Mistake(f"'{word}' cannot stand here.", span, hint, code)
    if code == "KS176":
        hint = (
            did_you_mean(word, operators()) or "an operator stands behind a pipe: where, project, summarize, take ..."
        )
        return Mistake(f"'{word}' is no operator." if word else message, span, hint, code)
    if (missing := _MISSING.match(message)) and word:
        return Mistake(f"'{word}' cannot stand here.", span, f"write {missing.group(1)} before it", code)
    if code in _NAMES:
        quoted = _QUOTED.search(message)
        name = quoted.group(1) if quoted else word
        return Mistake(message, span, near.hint(name, code), code, name=name)
    return Mistake(message, span, _HINTS.get(code, "").format(word=word), code)


class _Near:
    """Hints that name what is much like an unknown name; what there is in the query is looked up once."""

    def __init__(self, text: str, scope: Scope) -> None:
        self._text = text
        self._scope = scope
        self._hints: dict[tuple[str, str], str] = {}

    def hint(self, name: str, code: str) -> str:
        """The hint for a name, by the service's code; without what is near for names beyond ``_MOST_NAMES``."""
        if (name, code) not in self._hints:
            is_looked_up = len(self._hints) < _MOST_NAMES
            self._hints[name, code] = did_you_mean(name, self._choices(code)) if is_looked_up else ""
        return self._hints[name, code] or _NOTHING_NEAR.get(code, "")

    def _choices(self, code: str) -> list[str]:
        if code == "KS124":
            return _plugins()
        if code == "KS211":
            return [*_database_functions(self._scope), *functions(), *KEYWORDS]
        if code == "KS204":
            return [*_table_names(self._scope), *self._defined]
        return self._names

    @cached_property
    def _names(self) -> list[str]:
        columns = [column.name for table in tables_of(self._text, self._scope) for column in table.columns]
        return [*columns, *made_names(self._text), *self._defined]

    @cached_property
    def _defined(self) -> set[str]:
        return lets.defined_names(self._text)


def _plugins() -> list[str]:
    return [word.name for word in functions().values() if word.kind == "plugin"]


def _table_names(scope: Scope) -> list[str]:
    return [table.name for table in scope.tables()]


def _database_functions(scope: Scope) -> list[str]:
    return [function.name for function in _schema(scope).functions]


def _schema(scope: Scope) -> DatabaseSchema:
    return scope.current or DatabaseSchema("", "", (), ())


# --- what the tokens show -----------------------------------------------------------------------------------------

_PAIRS = {"(": ")", "[": "]", "{": "}"}


def _code(text: str) -> list[Token]:
    return [token for token in syntax.tokens(text) if token.kind != "comment"]


def _unclosed(code: Sequence[Token]) -> Mistake | None:
    """The first string or bracket that is not closed, or closes nothing."""
    opened: list[Token] = []
    for token in code:
        if token.kind == "string" and not syntax.is_closed(token.text):
            quote = next(character for character in token.text if character in "'\"`~")
            return Mistake(f"The text that begins here is not closed: {quote} is missing.", token.span, f"add {quote}")
        if token.kind != "symbol":
            continue
        if token.text in _PAIRS:
            opened.append(token)
        elif token.text in _PAIRS.values():
            if not opened:
                return Mistake(f"'{token.text}' closes nothing.", token.span, "remove it, or open a bracket before it")
            if _PAIRS[opened[-1].text] != token.text:
                return _never_closed(opened[-1])
            opened.pop()
    return _never_closed(opened[-1]) if opened else None


def _never_closed(token: Token) -> Mistake:
    closing = _PAIRS[token.text]
    return Mistake(f"'{token.text}' is not closed: '{closing}' is missing.", token.span, f"add {closing}")


_NEED_OPERANDS = frozenset(
    """where filter take limit top extend sort order join lookup render evaluate mv-expand parse parse-where sample
    sample-distinct distinct project-away project-rename invoke partition""".split()
)
_ENDS = ("|", ";", ")", "")


def _operators(tokens: Sequence[Token], end: int) -> Iterator[Mistake]:
    """Words behind a pipe that are no operators, and operators without what they need."""
    known = {*operators(), *OTHER_OPERATORS}
    code = [*tokens, Token("symbol", "", end, end)]
    code += code[-1:] * 3
    for index, pipe in enumerate(code[:-4]):
        word, *behind = code[index + 1 : index + 5]
        if pipe.text != "|":
            continue
        if word.text in _ENDS:
            yield Mistake("No operator stands behind this pipe.", pipe.span, "write one, or remove the pipe")
        elif word.kind == "name" and word.text not in known:
            hint = did_you_mean(word.text, operators()) or "%kql --help where shows how operators are written"
            yield Mistake(f"'{word.text}' is no operator.", word.span, hint)
        elif word.text in _NEED_OPERANDS and behind[0].text in _ENDS:
            yield Mistake(f"Nothing stands behind '{word.text}'.", word.span, f"it is written {_syntax_of(word.text)}")
        elif word.text in ("sort", "order") and behind[0].text != "by" and behind[1].text not in (".", "="):
            yield Mistake(f"'{behind[0].text}' cannot stand here.", behind[0].span, "write by before it")
        elif word.text == "join" and behind[0].text == "kind" and behind[2].text not in JOIN_KINDS:
            hint = did_you_mean(behind[2].text, JOIN_KINDS) or f"one of {', '.join(JOIN_KINDS)}"
            yield Mistake(f"'{behind[2].text}' is no kind of join.", behind[2].span, hint)
        elif word.text == "count" and behind[0].text == "by":
            yield Mistake("'by' cannot stand here.", behind[0].span, "remove it, or write summarize count() by")
        elif word.text == "evaluate" and behind[1].text == "(" and behind[0].text not in functions():
            hint = did_you_mean(behind[0].text, _plugins())
            message, is_near = f"There is no plugin '{behind[0].text}'.", bool(hint)
            yield Mistake(message, behind[0].span, hint, is_sure=is_near, name=behind[0].text)


def _syntax_of(operator: str) -> str:
    word = operators().get(operator)
    return word.syntax if word else f"T | {operator} ..."


# Words before a bracket that are no functions.
_NO_FUNCTIONS = frozenset(
    """and or not by on in has_any has_all between typeof dynamic datetime date timespan time bool boolean int long
    real double guid decimal string with materialize toscalar datatable externaldata view step project declare to as
    query_parameters database cluster workspace app resource adx arg table external_table materialized_view
    stored_query_result union join lookup where extend summarize print let pattern entity_group graph nodes edges fork
    kind from inner""".split()
)


def _functions(code: Sequence[Token], lets_defined: set[str], scope: Scope | None) -> Iterator[Mistake]:
    """Functions that nobody defines, where one is called much the same."""
    hints, candidates = dict[str, str](), [*functions(), *KEYWORDS]
    own = set() if scope is None else {*_database_functions(scope), *_table_names(scope)}
    defined = {*lets_defined, *functions(), *operators(), *beginnings(), *_NO_FUNCTIONS}
    for before, word, bracket in zip(["", *(token.text for token in code)], code, code[1:], strict=False):
        called = (
            word.kind == "name"
            and bracket.text == "("
            and before not in (".", "|", "!", "evaluate")
            and word.text not in defined
        )
        if not called or word.text in own:
            continue
        if word.text not in hints:
            hints[word.text] = did_you_mean(word.text, candidates, cutoff=0.75)
        if hint := hints[word.text]:
            yield Mistake(f"There is no function '{word.text}'.", word.span, hint, is_sure=False, name=word.text)


def _renders(code: Sequence[Token]) -> Iterator[Mistake]:
    """Visualizations that there are not, where one is called much the same."""
    for kind in _rendered(code):
        known = visualizations()
        hint = "" if kind.text.lower() in known else did_you_mean(kind.text, known)
        if hint:
            yield Mistake(f"There is no visualization '{kind.text}'.", kind.span, hint)


def _rendered(code: Sequence[Token]) -> list[Token]:
    """What stands behind `render`."""
    return [
        kind
        for pipe, render, kind in zip(code, code[1:], code[2:], strict=False)
        if (pipe.text, render.text, kind.kind) == ("|", "render", "name")
    ]


def _types(text: str, code: Sequence[Token], scope: Scope | None) -> Iterator[Mistake]:
    types = {} if scope is None else known_types(code, tables_of(text, scope), made_names(text))
    yield from of_types(text, code, types)
    yield from of_arguments(code, functions())


_NO_NAMES = frozenset("true false null on by asc desc nulls first last and or not in has contains kind with".split())


def _unknown_names(text: str, code: Sequence[Token], lets_defined: set[str], scope: Scope) -> Iterator[Mistake]:
    """Tables that begin a statement and are not there, and names that are much like a column's."""
    tables = {*_table_names(scope), *_database_functions(scope)}
    made = made_names(text)
    defined = {*lets_defined, *made, *_NO_NAMES, *tables, *operators(), *beginnings()}
    columns = [*(column.name for table in tables_of(text, scope) for column in table.columns), *made]
    known, hints, operator = defined | set(columns), dict[str, str](), ""
    befores, afters = [";", *(token.text for token in code)], [*(token.text for token in code[1:]), ";"]
    for before, word, after in zip(befores, code, afters, strict=False):
        operator = word.text if before in ("|", ";") else operator
        if word.kind != "name" or word.text in known or after in ("(", "=", ":"):
            continue
        begins = before == ";" and after in ("|", ";")
        joined = before == "(" and after in ("|", ")") and operator in ("join", "lookup", "union")
        if begins or joined or (operator == "union" and before in ("union", ",") and after in ("|", ";", ",", ")")):
            hint = did_you_mean(word.text, tables)
            yield Mistake(f"There is no table '{word.text}'.", word.span, hint, is_sure=False, name=word.text)
        elif before not in (".", "|", "$", "let", "render", "evaluate", "declare", "as"):
            if word.text not in hints:
                if len(hints) == _MOST_NAMES:
                    return
                hints[word.text] = did_you_mean(word.text, columns, cutoff=0.75)
            if hint := hints[word.text]:
                yield Mistake(f"There is no column '{word.text}'.", word.span, hint, is_sure=False, name=word.text)
