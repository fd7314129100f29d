"""What can be known of a KQL text without a parser: tokens, queries of a cell, statements.

Pure. Every token and piece has its offsets in the text that was given. Strings (plain, verbatim, obfuscated,
multi-line), comments and brackets are understood, so that nothing inside them is taken for syntax.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from kqlext.errors import Span

TokenKind = Literal["comment", "string", "number", "name", "symbol"]


@dataclass(frozen=True, slots=True)
class Token:
    """One token; ``text`` is exactly what stands between ``start`` and ``end``."""

    kind: TokenKind
    text: str
    start: int
    end: int

    @property
    def span(self) -> Span:
        return Span(self.start, self.end)


# A string literal cannot hold a line feed except in the multi-line forms, so one that is not closed ends
# with its line: the text behind it is still read as KQL. The dashed names are KQL's operators.
_TOKEN = re.compile(
    r"""
      (?P<space>\s+)
    | (?P<comment>//[^\n]*)
    | (?P<string>
          [hH]?(?:```.*?(?:```|\Z) | ~~~.*?(?:~~~|\Z))
        | [hH]?@"(?:[^"\n]|"")*(?:"|(?=\n)|\Z) | [hH]?@'(?:[^'\n]|'')*(?:'|(?=\n)|\Z)
        | [hH]?"(?:[^"\\\n]|\\[^\n])*(?:"|\\?(?=\n)|\\?\Z) | [hH]?'(?:[^'\\\n]|\\[^\n])*(?:'|\\?(?=\n)|\\?\Z)
      )
    | (?P<number>\d(?:\w|\.(?!\.))*)
    | (?P<name>(?:project|mv|make|parse|sample|top|macro|graph|partition)-[a-z]+(?:-[a-z]+)*(?!\w)|[^\W\d]\w*)
    | (?P<symbol><\||<<|\.\.|=~|!~|==|!=|<=|>=|=>|.)
    """,
    re.VERBOSE | re.DOTALL,
)


def tokens(text: str, start: int = 0) -> Iterator[Token]:
    """The tokens of ``text`` from ``start`` on, white space left out."""
    for match in _TOKEN.finditer(text, start):
        kind = match.lastgroup
        if kind != "space":
            yield Token(kind, match.group(), match.start(), match.end())  # type: ignore[arg-type]


_CLOSED_STRING = re.compile(
    r"""[hH]?(?:```.*```|~~~.*~~~|@"(?:[^"]|"")*"|@'(?:[^']|'')*'|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')""",
    re.DOTALL,
)

_OPENING, _CLOSING = "([{", ")]}"


def _code(text: str) -> list[tuple[Token, int]]:
    """The tokens that are no comments, each with the bracket depth in which it stands."""
    depth, result = 0, []
    for token in tokens(text):
        if token.kind == "comment":
            continue
        if token.text in _CLOSING and token.kind == "symbol":
            depth = max(0, depth - 1)
        result.append((token, depth))
        if token.text in _OPENING and token.kind == "symbol":
            depth += 1
    return result


# --- the queries of a cell -------------------------------------------------------------------------------

# An operator that ends the text so far still waits for its operand. Operators that may stand alone (count,
# getschema, consume, serialize) are not among them.
OPERATORS = frozenset(
    """where filter project project-away project-keep project-rename project-reorder extend summarize join lookup
    union sort order top top-nested top-hitters take limit sample sample-distinct distinct parse parse-where
    parse-kv mv-expand mv-apply mvexpand mvapply make-series make-graph graph-match evaluate invoke render search
    find facet fork partition reduce scan externaldata datatable range print macro-expand as materialize
    toscalar""".split()
)

_COMPARISONS = frozenset(
    """in has has_any has_all has_cs hasprefix hasprefix_cs hassuffix hassuffix_cs contains contains_cs containscs
    startswith startswith_cs endswith endswith_cs like notlike matches between""".split()
)

# A word between two operands; it waits for the second one.
JOINING = _COMPARISONS | frozenset("and or not by on with from to step of regex nulls".split())

# A line that begins with one of these goes on with the statement before it. KQL is case-sensitive: a table may
# well be called Project.
_GOING_ON = _COMPARISONS | frozenset(
    "and or by on with from to step of asc desc nulls kind default typeof where project extend summarize".split()
)

# What may stand behind the first word of such a line, but never behind a table's name that begins a query.
_BEHIND_OPERAND = _COMPARISONS | frozenset("= == != =~ !~ < <= > >= => .. , : + - * / % ! asc desc and or".split())

# Words that begin a query whatever stands behind them: `search in (T) 'x'`, `union *`, `print -1`.
BEGINNING = frozenset("search find print union range let set externaldata datatable".split())

# What may begin with a bracket of its own: `(union A, B) | ...` and `['my table'] | ...`.
_TABLE_NAME_BEGINS = re.compile(r"""\[\s*@?(?:'[^'\n]*'|"[^"\n]*")\s*\]""")

# Operators whose first words are `name=value` parameters, with the operand still to come.
TAKES_PARAMETERS = frozenset(
    """union join lookup parse parse-where search find mv-expand mv-apply mvexpand partition evaluate reduce
    make-series""".split()
)
_MOST_PARAMETERS = 60  # tokens; more are no parameters

# Operators that take names with a wildcard: `union Sys*`. Elsewhere a star behind an operand multiplies.
_TAKES_WILDCARDS = frozenset("union find search distinct project-away project-keep project-reorder".split())

# Statements that only prepare the query behind their `;`.
PREPARES = frozenset({"let", "set", "declare", "alias", "pattern", "restrict"})

# Commands that take all the text behind them, blank lines and all.
_TAKES_ALL = re.compile(r"\s*\.\s*(?:execute\b|ingest\s+inline\b)", re.IGNORECASE)

_Code = Sequence[tuple[Token, int]]


def queries(text: str) -> list[Span]:
    """The spans of the queries in the body of a cell, without the white space around them.

    A blank line ends a query only where the statement before it is complete (its brackets are closed and it does
    not end in ``;``, ``|``, ``,`` or an operator) and the next line begins a new one (decision 6 of the design).
    Queries separated by ``;`` stay together: that is how Kusto itself takes a batch.
    """
    cuts = [0, *_cuts(text), len(text)]
    pieces = []
    for start, end in itertools.pairwise(cuts):
        piece = text[start:end]
        stripped = piece.strip()
        if stripped:
            first = start + piece.index(stripped)
            pieces.append(Span(first, first + len(stripped)))
    return [piece for piece in pieces if has_code(piece.of(text))]


def has_code(text: str) -> bool:
    """Whether there is anything but white space and comments in ``text``."""
    return any(token.kind != "comment" for token in tokens(text))


@dataclass(slots=True)
class _Open:
    """The query at hand, as indexes of tokens. Kept up token by token: a cell may hold 100,000 of them."""

    begin: int
    statement: int
    """Where its last statement begins."""
    operator: int
    """Where its last operator begins."""
    bracket: int = -1
    """Its last opening bracket outside all others."""
    broken: bool = False
    """Whether a string in it is not closed."""

    def add(self, index: int, token: Token, depth: int) -> None:
        if token.kind == "string":
            self.broken = self.broken or not _CLOSED_STRING.fullmatch(token.text)
        elif token.kind == "symbol" and not depth:
            if token.text in (";", "<<", "<|"):
                self.statement = self.operator = index + 1
            elif token.text == "|":
                self.operator = index + 1
            elif token.text in _OPENING:
                self.bracket = index


def _cuts(text: str) -> list[int]:
    """The offsets at which a new query begins."""
    code = _code(text)
    cuts: list[int] = []
    query = _Open(0, 0, 0)
    for index, (token, depth) in enumerate(code):
        if index > query.begin and not depth:
            blank = _blank_line(text, code[index - 1][0].end, token.start)
            if blank is not None and _begins_statement(text, code, index) and _complete(text, code, query, index):
                cuts.append(blank)
                query = _Open(index, index, index)
        query.add(index, token, depth)
    return cuts


_EMPTY_LINE = re.compile(r"\n[^\S\n]*(?=\n)")


def _blank_line(text: str, start: int, end: int) -> int | None:
    """The offset of the first blank line between two tokens, or None; comments may stand between them."""
    match = _EMPTY_LINE.search(text, start, end) if end - start > 1 else None
    return match.end() if match else None


def _begins_statement(text: str, code: _Code, index: int) -> bool:
    token = code[index][0]
    if token.kind in ("string", "number"):
        return False
    behind = code[index + 1][0].text if index + 1 < len(code) else ""
    if token.kind == "symbol":
        if token.text == "[":
            return bool(_TABLE_NAME_BEGINS.match(text, token.start))
        return token.text == "(" or (token.text == "." and behind != "database")
    if token.text == "declare":
        return behind in ("query_parameters", "pattern")
    if token.text in _GOING_ON:
        return False
    return token.text in BEGINNING or behind not in _BEHIND_OPERAND


def _complete(text: str, code: _Code, query: _Open, index: int) -> bool:
    """Whether the tokens of a query before ``index`` make a whole one, so that a blank line may end it."""
    if query.broken or _TAKES_ALL.match(text, code[query.begin][0].start):
        return False  # with a broken string all is wrong: the service shall see what follows too
    if code[query.statement][0].text in PREPARES:
        return False
    last = code[index - 1][0]
    if last.kind == "symbol" and last.text not in _CLOSING and not (last.text == "*" and _wildcard(code, query, index)):
        return False
    if last.kind == "name" and _waits(code, query, index - 1):
        return False
    return not _wants_bracket(code, query, index) and not _only_parameters(code, query, index)


def _waits(code: _Code, query: _Open, index: int) -> bool:
    """Whether the word at ``index`` waits for an operand, and is no table or column of such a name."""
    word = code[index][0].text
    if index == query.operator:
        return word in OPERATORS
    return word in JOINING and code[index - 1][0].text not in (",", ".", "=")


def _wildcard(code: _Code, query: _Open, index: int) -> bool:
    """Whether the ``*`` before ``index`` stands for names, and does not multiply what is before it."""
    before = code[index - 2][0]
    starts = index - 1 == query.operator or before.text == "," or before.text in OPERATORS | JOINING
    return starts or code[query.operator][0].text in _TAKES_WILDCARDS


def _wants_bracket(code: _Code, query: _Open, index: int) -> bool:
    """Whether the bracket that begins a line belongs to the operator before it."""
    operator, last, token = code[query.operator][0].text, code[index - 1][0].text, code[index][0].text
    if token == "(":
        return operator == "fork" or (operator == "partition" and last != ")")
    called = code[query.bracket - 1][0].text if query.bracket > query.begin else ""
    return token == "[" and last == ")" and called in ("datatable", "externaldata")


def _only_parameters(code: _Code, query: _Open, index: int) -> bool:
    """Whether an operator has only its ``kind=inner`` parameters so far and still waits for its operand."""
    if code[query.operator][0].text not in TAKES_PARAMETERS or index - query.operator > _MOST_PARAMETERS:
        return False
    words = [token.text for token, _ in code[query.operator + 1 : index]]
    if not words:
        return False
    while words:
        if len(words) > 2 and words[1] == ".":  # hint.strategy = shuffle
            words = words[2:]
        if len(words) < 3 or words[1] != "=":
            return False
        words = words[3:]
    return True


# --- statements ------------------------------------------------------------------------------------------


def statements(text: str) -> list[Span]:
    """The statements of a query, split at each ``;`` outside brackets, without white space around them."""
    ends = [token.start for token, depth in _code(text) if not depth and token.text == ";"]
    result = []
    for start, end in zip([0, *(end + 1 for end in ends)], [*ends, len(text)], strict=True):
        piece = text[start:end]
        if has_code(piece):
            stripped = piece.strip()
            first = start + piece.index(stripped)
            result.append(Span(first, first + len(stripped)))
    return result


def prepares(statement: str) -> bool:
    """Whether a statement only prepares the query behind it (``let``, ``set``, ``declare`` ...)."""
    return _first_text(statement) in PREPARES


def is_option(statement: str) -> bool:
    """Whether a statement stands before all others: ``set``, ``declare``."""
    return _first_text(statement) in ("set", "declare")


def _first_text(text: str) -> str:
    return next((token.text for token in tokens(text) if token.kind != "comment"), "")


def operators(text: str) -> set[str]:
    """The names of the operators in ``text``: what stands behind a pipe."""
    code = [token for token, _ in _code(text)]
    return {after.text for pipe, after in itertools.pairwise(code) if pipe.text == "|" and after.kind == "name"}


def is_command(text: str) -> bool:
    """Whether ``text`` is a management command: it begins with a dot, comments aside."""
    return _first_text(text) == "."


def table_candidates(text: str) -> set[str]:
    """The names in ``text`` that may be tables: identifiers, and names in ``['...']``.

    A name behind a dot or before a ``(`` or ``=`` is a member, a function or an alias.
    """
    code = [token for token, _ in _code(text)]
    found = set()
    for index, token in enumerate(code):
        before = code[index - 1].text if index else ""
        after = code[index + 1].text if index + 1 < len(code) else ""
        if token.kind == "name" and before not in (".", "$") and after not in ("(", "="):
            found.add(token.text)
        elif token.kind == "string" and before == "[" and after == "]":
            found.add(unquote(token.text))
    return found


def is_closed(literal: str) -> bool:
    """Whether a string token ends with the quotes that it begins with."""
    return bool(_CLOSED_STRING.fullmatch(literal))


def find_single_equals(text: str) -> Span | None:
    """The first ``=`` in a condition of `where`, which compares nothing, or None.

    In the brackets of a call ``=`` may name an argument; in brackets that only group it may not.
    """
    stack: list[str] = []  # for each open bracket: "where", "group" or "other"
    state = "other"
    before = ""
    for token, _ in _code(text):
        word = token.text
        if token.kind == "symbol" and word in _OPENING:
            stack.append(state)
            groups = word == "(" and state == "where" and before in ("where", "filter", "and", "or", "not", "(")
            state = "where" if groups else "other"
        elif token.kind == "symbol" and word in _CLOSING:
            state = stack.pop() if stack else "other"
        elif word in ("|", ";"):
            state = "other"
        elif before == "|" and word in ("where", "filter"):
            state = "where"
        elif word == "=" and state == "where":
            return token.span
        before = word
    return None


_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "\\": "\\", "'": "'", '"': '"', "0": "\0"}


def unquote(literal: str) -> str:
    """The value of a KQL string literal in any of its forms."""
    body = literal[1:] if literal[:1] in "hH" else literal
    if body.startswith(("```", "~~~")):
        return body[3:-3]
    if body.startswith("@"):
        quote = body[1]
        return body[2:-1].replace(quote * 2, quote)
    return _ESCAPE.sub(_unescaped, body[1:-1])


_ESCAPE = re.compile(r"\\(?:((?:u[0-9A-Fa-f]{4}(?:\\(?=u[0-9A-Fa-f]{4}))?)+)|(.))", re.DOTALL)


def _unescaped(match: re.Match[str]) -> str:
    if match[1] is None:
        return _ESCAPES.get(match[2], match[0])
    # Two halves of a character may follow one another, as in UTF-16.
    units = bytes.fromhex(re.sub(r"[\\u]", "", match[1]))
    return units.decode("utf-16-be", "surrogatepass")
