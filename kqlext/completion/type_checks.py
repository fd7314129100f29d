"""Mistakes of type that the tokens of a query show, where the schema tells the types of its columns. Pure.

Only what stands side by side is looked at: a column or literal at an operator, a column as an argument or a condition.
Which types go together is what Microsoft's language service and Kusto say of them. None of it is sure: a name may be
another's by the time that the operator sees it, so that these mistakes explain a refusal and never refuse.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping, Sequence

from kqlext import lets
from kqlext.completion.mistakes import ARGUMENTS, COMPARE, CONVERT_FIRST, CONVERT_ONE_SIDE, Mistake
from kqlext.completion.vocabulary import Word
from kqlext.schemas.model import TableSchema
from kqlext.syntax import Token, unquote

# Operators behind which a column's name may be that of another one, with another type.
_RETYPING = frozenset(
    "parse parse-where parse-kv mv-expand mv-apply mvexpand mvapply scan invoke evaluate datatable externaldata "
    "project-rename macro-expand".split()
)
_CLASSES = {
    "string": "text", "int": "number", "long": "number", "real": "number", "decimal": "number", "datetime": "moment",
    "timespan": "duration", "bool": "truth",
}  # fmt: skip
_ORDERING = ("<", ">", "<=", ">=")
_EQUALITY = ("==", "!=")
_ARITHMETIC = ("+", "-", "*", "/", "%")
_OF_TEXTS = frozenset(
    """=~ !~ has has_cs hasprefix hasprefix_cs hassuffix hassuffix_cs contains contains_cs startswith startswith_cs
    endswith endswith_cs""".split()
)
_NUMERIC_AGGREGATES = frozenset("sum sumif avg avgif stdev stdevif stdevp variance varianceif variancep".split())
_NO_NUMBERS = ("string", "bool", "guid")
_ENDS = ("|", ";", ")", "and", "or", "")

_NUMBER = re.compile(r"0x[0-9a-f]+|\d+(?:\.\d*)?(?:e[+-]?\d+)?", re.IGNORECASE)
_MOMENT = re.compile(r"\s*(?:\d{4}-\d\d|\d{1,2}/\d|now\b)")

_Operand = tuple[str, str]  # its class and its Kusto type


def known_types(code: Sequence[Token], tables: Sequence[TableSchema], made: Sequence[str]) -> dict[str, str]:
    """The Kusto types of the columns whose names mean one thing throughout a query.

    Args:
        code: the tokens of the query without comments.
        tables: those that the query names.
        made: names that the query makes.
    """
    if any(token.text in _RETYPING for token in code):
        return {}
    types: dict[str, str] = {}
    other = {*made, *(name.text for name, colon in itertools.pairwise(code) if colon.text == ":")}
    for table in tables:
        for column in table.columns:
            if types.setdefault(column.name, column.type) != column.type:
                other.add(column.name)
    return {name: kind for name, kind in types.items() if name not in other}


def of_types(text: str, code: Sequence[Token], types: Mapping[str, str]) -> Iterator[Mistake]:
    """Values that do not go together at an operator, in a condition, or as an argument."""
    defined = lets.defined_names(text)
    types = {name: kind for name, kind in types.items() if name not in defined}
    end = Token("symbol", "", len(text), len(text))
    padded = [end, end, *code, end, end]
    for index in range(2, len(padded) - 2):
        window = padded[index - 2 : index + 3]
        token, behind = window[2], window[3]
        if token.text in (*_ORDERING, *_EQUALITY, *_ARITHMETIC, *_OF_TEXTS):
            yield from _at_operator(window, types)
        elif token.text in ("where", "filter") and behind.text in types and window[4].text in _ENDS:
            kind = types[behind.text]
            if kind not in ("bool", "dynamic"):
                yield _mistake(f"'{behind.text}' is no condition: it is of type {kind}.", behind, COMPARE)
        elif token.text in _NUMERIC_AGGREGATES and behind.text == "(":
            yield from _at_aggregate(token, padded[index + 2 : index + 4], types)


def of_arguments(code: Sequence[Token], functions: Mapping[str, Word]) -> Iterator[Mistake]:
    """Kusto's own functions that are called with too few or too many arguments."""
    brackets: list[tuple[int, int]] = []  # of each that is open: its index, and the commas before it
    commas = 0  # of the bracket that is open
    for index, token in enumerate(code):
        if token.kind != "symbol":
            continue
        if token.text in ("(", "[", "{"):
            brackets.append((index, commas))
            commas = 0
        elif token.text in (")", "]", "}") and brackets:
            (opened, outer), given = brackets.pop(), commas + 1
            commas = outer
            known = _called(code, opened, functions)
            if known is None:
                continue
            least, most = _limits(known)
            if not least <= (given if index > opened + 1 else 0) <= most:
                shown, word = known.syntax.replace("; ", " or "), code[opened - 1]
                yield _mistake(f"It is called as {shown}.", word, ARGUMENTS.format(word=word.text))
        elif token.text == ",":
            commas += 1


def _called(code: Sequence[Token], bracket: int, functions: Mapping[str, Word]) -> Word | None:
    """The function of Kusto's own that is called with a bracket."""
    if not bracket or code[bracket].text != "(" or code[bracket - 1].kind != "name":
        return None
    before = code[bracket - 2].text if bracket > 1 else ""
    return None if before in (".", "|", "let") else functions.get(code[bracket - 1].text)


def _at_operator(window: Sequence[Token], types: Mapping[str, str]) -> Iterator[Mistake]:
    before, left, operator, right, behind = window
    one = _operand(left, types) if before.text not in (".", "[") else None
    other = _operand(right, types) if behind.text not in (".", "[", "(") else None
    if operator.text in _ARITHMETIC:
        if right.kind == "symbol" and right.text not in ("(", "-"):  # `*` for names: project-away State*
            return
        message = _not_calculated(operator.text, one, other)
    elif operator.text in _OF_TEXTS:
        message = f"'{operator.text}' compares texts, and not {one[1]}." if one and one[0] != "text" else ""
    else:
        message = _not_compared(operator.text, one, other, right)
    # What is a part of a longer calculation may be of another type by then; a text never is.
    is_part = before.text in _ARITHMETIC or behind.text in _ARITHMETIC
    is_text = operator.text in _ARITHMETIC and "text" in (one and one[0], other and other[0])
    if message and (is_text or not is_part):
        yield _mistake(message, operator, CONVERT_ONE_SIDE)


def _not_calculated(operator: str, one: _Operand | None, other: _Operand | None) -> str:
    """What an arithmetic operator cannot do with two operands, of which one that is not known is None; or nothing."""
    for operand in (one, other):
        if operand is not None and operand[0] in ("text", "truth"):
            return f"'{operator}' does not calculate with {operand[1]}."
    if one is None or other is None or operator not in ("+", "-") or "number" not in (one[0], other[0]):
        return ""
    return "" if one[0] == other[0] else f"'{operator}' does not calculate with {one[1]} and {other[1]}."


def _not_compared(operator: str, one: _Operand | None, other: _Operand | None, right: Token) -> str:
    if one is None or other is None or one[0] == other[0] or {one[0], other[0]} == {"truth", "number"}:
        return ""
    if operator in _EQUALITY and right.kind == "string" and _reads_as(unquote(right.text), one[0]):
        return ""
    return f"'{operator}' does not compare {one[1]} with {other[1]}."


def _operand(token: Token, types: Mapping[str, str]) -> _Operand | None:
    """The class and type of a column or literal; None where it is not known."""
    kind = _literal_type(token) if token.kind in ("string", "number") else types.get(token.text, "")
    return (_CLASSES[kind], kind) if kind in _CLASSES else None


def _literal_type(token: Token) -> str:
    if token.kind == "string":
        return "string"
    if _NUMBER.fullmatch(token.text):
        return "long" if token.text.isdigit() else "real"
    return "timespan"


def _reads_as(text: str, kind: str) -> bool:
    """Whether a text that is compared may be read as a value of a class: some engines do."""
    if kind == "number":
        return bool(_NUMBER.fullmatch(text.strip().lstrip("+-")))
    return kind != "text" and (not text or bool(_MOMENT.match(text)) or text[:1].isdigit())


def _at_aggregate(function: Token, behind: Sequence[Token], types: Mapping[str, str]) -> Iterator[Mistake]:
    column, end = behind
    kind = types.get(column.text, "")
    if kind in _NO_NUMBERS and end.text in (")", ","):
        yield _mistake(f"'{function.text}' takes numbers, and {column.text} is of type {kind}.", column, CONVERT_FIRST)


def _limits(word: Word) -> tuple[int, float]:
    """The least and the largest number of arguments that a function takes, in any of its forms."""
    forms = []
    for form in word.syntax.split("; "):
        inner = form[form.index("(") + 1 : -1]
        names = [name for name in inner.split(", ") if name]
        plain = [name for name in names if name != "..."]
        least = sum(not name.startswith("[") for name in plain)
        forms.append((least - ("..." in names), float("inf") if "..." in names else len(plain)))
    return max(0, min(least for least, _ in forms)), max(most for _, most in forms)


def _mistake(message: str, token: Token, hint: str) -> Mistake:
    return Mistake(message, token.span, hint, is_sure=False)
