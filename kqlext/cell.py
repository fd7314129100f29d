"""The text of a `%kql` line or `%%kql` cell -> ``Cell``. Pure; every part knows where it stands in the text.

    [connection] [name <<] [-option value]... [+property=value]... [query]
    --command [argument]

The head stands on the magic's own line; connection, target and options may also stand on the lines right after it.
It ends at the first token that is none of these, and from there on the text is KQL, taken verbatim.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from kqlext import syntax
from kqlext.errors import KqlCellError, Span
from kqlext.head import LEADING, TARGET, CommandUse, ForeignUse, Fragment, Head, OptionUse
from kqlext.text import plural

MAX_LENGTH = 2_000_000
"""Characters that a cell may hold. Services refuse queries long before that; data belongs into a table."""


@dataclass(frozen=True, slots=True)
class Source:
    """A text outside of the cell that holds queries, and what it is called."""

    text: str
    name: str


@dataclass(frozen=True, slots=True)
class QueryText:
    """One query of a cell, verbatim, with the target that stands before it.

    ``source`` is the text that its span points into, where that is not the cell.
    """

    text: str
    span: Span
    target: Fragment | None = None
    source: Source | None = None


@dataclass(frozen=True, slots=True)
class Cell:
    """What a cell asks for.

    ``text`` is the whole cell as the user sees it, secrets of a connection string blotted out; all spans point
    into it. ``target`` is that of a query that stands elsewhere (``-query``, ``-file``). ``ignored`` are options of
    Kqlmagic's that do nothing.
    """

    text: str
    command: CommandUse | None = None
    connection: Fragment | None = field(default=None, repr=False)
    options: tuple[OptionUse, ...] = ()
    properties: tuple[tuple[str, object], ...] = ()
    queries: tuple[QueryText, ...] = ()
    silent: bool = False
    target: Fragment | None = None
    ignored: tuple[ForeignUse, ...] = ()


def parse(line: str, body: str | None = None) -> Cell:
    """Read a line magic's line, or a cell magic's line and body.

    Raises:
        KqlCellError: an unknown option or command (with the nearest name), a missing or wrong value, two
            connections, a target without a query, an empty cell, or one of over ``MAX_LENGTH`` characters.
            A caret points at the place, and nothing was sent.
    """
    magic = "%kql" if body is None else "%%kql"
    text = f"{magic} {line}" if line else magic
    if body is not None:
        text = f"{text}\n{body}"
    if len(text) > MAX_LENGTH:
        raise KqlCellError(
            f"The cell holds {len(text):,} characters; at most {MAX_LENGTH:,} are sent as a query.",
            hint="put the data into a table or a file and query that, or cut the cell into several",
        )
    head = Head(text, len(magic))
    head.read()
    cell = _finish(head, one_line=body is None or not body.strip())
    return replace(cell, ignored=tuple(head.ignored)) if head.ignored else cell


def _finish(head: Head, one_line: bool) -> Cell:
    """The queries behind a head, and the checks that need both."""
    text, position = head.text, head.position
    if head.command is not None:
        options = tuple(head.options)
        end = head.command.begin if head.command.command.takes_query else position
        return Cell(head.shown_text(end), head.command, head.connection, options, silent=head.silent)
    end, silent = _silence(text, position, one_line)
    queries = [_query_text(text, span.shifted(position)) for span in syntax.queries(text[position:end])]
    if not queries and any(use.option.name in ("query", "file") for use in head.options):
        connection, options, properties = head.connection, tuple(head.options), tuple(head.properties)
        return Cell(head.shown_text(position), None, connection, options, properties, (), silent, head.target)
    if head.target is not None:
        if not queries:
            raise head.error(f"There is no query for {head.target.text} <<.", head.target.span)
        first = queries[0]
        if first.target is not None:
            raise head.error("A query takes one target.", first.target.span)
        queries[0] = QueryText(first.text, first.span, head.target)
    if not queries and any(use.is_command for use in head.ignored):
        return Cell(head.shown_text(position), silent=head.silent)
    if not queries and head.connection is None and not _connects(head.options):
        raise KqlCellError("There is no query in this cell.", hint="write KQL, or %kql --help")
    for query in queries:
        if query.target is not None and not syntax.has_code(query.text):
            raise head.error(f"There is no query for {query.target.text} <<.", query.target.span)
    _one_target_each(head, queries)
    return Cell(
        head.shown_text(position),
        None,
        head.connection,
        tuple(head.options),
        tuple(head.properties),
        tuple(queries),
        silent,
    )


def _one_target_each(head: Head, queries: list[QueryText]) -> None:
    """Several queries and one target would leave answers unbound without a word."""
    targets = [query.target for query in queries if query.target is not None]
    output = next((use for use in head.options if use.option.name == "o"), None)
    if len(queries) > 1 and (output is not None or 0 < len(targets) < len(queries)):
        span = output.span if output is not None else targets[0].span
        raise refuse_one_target(head.shown_text(), len(queries), span)
    if output is not None and targets:
        raise head.error("Both << and -o name a target.", output.span, "keep one of them")


def refuse_one_target(text: str, count: int, span: Span) -> KqlCellError:
    """The error for ``count`` queries where one target stands."""
    return KqlCellError(
        f"This cell holds {plural(count, 'query').replace('querys', 'queries')} for one target.",
        hint="write `name <<` before each query, or put them into cells of their own",
        text=text,
        span=span,
    )


def queries_of(text: str, source: Source) -> tuple[QueryText, ...]:
    """The queries of a text outside of the cell, as a cell would hold them."""
    return tuple(replace(_query_text(text, span), source=source) for span in syntax.queries(text))


def _connects(options: list[OptionUse]) -> bool:
    return any(use.option.name in ("conn", "tables") for use in options)


def _silence(text: str, position: int, one_line: bool) -> tuple[int, bool]:
    """Where the queries end, and whether a last ``;`` says that nothing is to be shown."""
    end = len(text.rstrip())
    if end <= position or text[end - 1] != ";":
        return len(text), False
    line_start = text.rfind("\n", 0, end) + 1
    if not one_line and text[line_start:end].strip() != ";":
        return len(text), False
    *_, last = syntax.tokens(text, max(position, line_start))
    return (end - 1, True) if last.kind == "symbol" else (len(text), False)


def _query_text(text: str, span: Span) -> QueryText:
    """A query, and the ``name <<`` before it where there is one."""
    leading = LEADING.match(text, span.start, span.end)
    match = TARGET.match(text, leading.end() if leading else span.start, span.end)
    if match is None:
        return QueryText(span.of(text), span)
    name = Fragment(match.group(1), Span(*match.span(1)))
    start = span.end - len(text[match.end() : span.end].lstrip())
    return QueryText(text[start : span.end], Span(start, span.end), name)
