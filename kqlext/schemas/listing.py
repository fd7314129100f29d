"""What ``--schema``, ``--tables`` and ``--functions`` give: mappings that show themselves as a folded tree, or text.

The HTML has no script, is folded by ``<details>``, reads the same in an untrusted notebook, and is bounded: where a
database has more than fits, columns go first, then tables, and what is left out is counted.
"""

from __future__ import annotations

import fnmatch
from collections import UserDict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any, TypeVar

from kqlext.schemas.model import Column, DatabaseSchema, Function, TableSchema
from kqlext.text import one_line, plural, printable, shorten

if TYPE_CHECKING:
    from kqlext.result import Result

MOST_HTML, MOST_TEXT = 48_000, 16_000
"""Bytes of each half of what is shown: 64 KB of both."""

_DESCRIPTION, _NAME, _BODY = 160, 200, 1_500  # characters of each that are shown
_WIDTH = 160  # characters of a line of text
_OPEN_UP_TO = 60  # entries of a group that is shown unfolded
_SMALL = "opacity:.7;font-size:90%"
_LIST = "list-style:none;margin:.1em 0 .4em;padding-left:1.6em"


class SchemaListing(UserDict[str, dict[str, str]]):
    """Table -> column -> Kusto type. ``schema`` has all that the service says."""

    def __init__(self, schema: DatabaseSchema, pattern: str = "", functions: bool = True) -> None:
        """Args: pattern: of tables to show (see ``matching``). functions: whether to show them as well."""
        self.schema = schema
        self._tables = matching(schema.tables, pattern)
        self._functions = matching(schema.functions, pattern) if functions else []
        self._pattern = pattern
        super().__init__({table.name: table.types() for table in self._tables})

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return {"text/html": self._html(), "text/plain": repr(self)}

    def __repr__(self) -> str:
        lines = [_table_line(table) for table in self._tables]
        lines += [_function_line(function) for function in self._functions]
        if sum(_size(line) for line in lines) > MOST_TEXT:
            lines = [_counted_line(table) for table in self._tables]
            lines += [_function_line(function) for function in self._functions]
        return _bounded_text([*lines, self._caption()], _MORE_TABLES)

    def _html(self) -> str:
        groups = [
            _Group(title, [table for table in self._tables if table.kind == kind], _folded_table, _MORE_TABLES)
            for kind, title in _TITLES.items()
        ]
        groups.append(_Group("Functions", self._functions, _folded_function, _MORE_FUNCTIONS))
        return _framed([_caption_html(self._caption()), *_trees(groups)])

    def _caption(self) -> str:
        columns = sum(len(table.columns) for table in self._tables)
        parts = [_of(self._tables, self.schema.tables, "table")]
        parts += [plural(columns, "column")] if columns or not self._tables else ["columns: %kql --schema table"]
        if self._functions:
            parts.append(_of(self._functions, self.schema.functions, "function"))
        return " · ".join([*parts, *_source(self.schema, self._pattern)])


class TableListing(UserDict[str, str]):
    """Column -> Kusto type of one table. ``table`` has its description, ``sample`` some of its rows or None."""

    def __init__(self, table: TableSchema, source: str, sample: Result | None = None) -> None:
        """Args: source: the connection that has the table."""
        super().__init__(table.types())
        self.table = table
        self.sample = sample
        self._source = source

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        html = _framed(
            [_caption_html(self._caption()), _described(self.table), _columns(self.table.columns, MOST_HTML)]
        )
        rows = self.sample._repr_mimebundle_() if self.sample is not None else {}
        return {
            "text/html": html + rows.get("text/html", ""),
            "text/plain": "\n".join(filter(None, [repr(self), rows.get("text/plain", "")])),
        }

    def __repr__(self) -> str:
        return _bounded_text([*map(_column_line, self.table.columns), self._caption()], "")

    def _caption(self) -> str:
        return one_line(
            " · ".join([self.table.name, self.table.kind, plural(len(self.table.columns), "column"), self._source])
        )


class FunctionListing(UserDict[str, str]):
    """Function -> signature. ``functions`` has bodies and descriptions too."""

    def __init__(self, schema: DatabaseSchema, pattern: str = "") -> None:
        """Args: pattern: of functions to show (see ``matching``)."""
        self.functions = tuple(matching(schema.functions, pattern))
        self._text = " · ".join([_of(self.functions, schema.functions, "function"), *_source(schema, pattern)])
        super().__init__({function.name: function.signature() for function in self.functions})

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        trees = _trees([_Group("Functions", self.functions, _folded_function, _MORE_FUNCTIONS)])
        return {"text/html": _framed([_caption_html(self._text), *trees]), "text/plain": repr(self)}

    def __repr__(self) -> str:
        return _bounded_text([*map(_function_line, self.functions), self._text], _MORE_FUNCTIONS)


_MORE_TABLES = "%kql --tables text shows those with the text in their names"
_ONE = "there is no room for what is behind the names: %kql --schema name shows one"
_MORE_FUNCTIONS = "%kql --functions text shows those with the text in their names"
_TITLES = {
    "table": "Tables",
    "materialized view": "Materialized views",
    "external table": "External tables",
    "notebook": "Tables of the notebook",
}


Entry = TypeVar("Entry", TableSchema, Function)


def matching(entries: Iterable[Entry], pattern: str) -> list[Entry]:
    """The entries whose name, or that of one of their columns, holds a text; or fits where it has ``*`` or ``?``."""
    wanted = pattern.casefold()
    if not wanted:
        return list(entries)
    fits = wanted if set("*?") & set(wanted) else f"*{_without_wildcards(wanted)}*"
    return [entry for entry in entries if any(fnmatch.fnmatchcase(name.casefold(), fits) for name in _names(entry))]


def _without_wildcards(text: str) -> str:
    return text.replace("[", "[[]")


def _names(entry: TableSchema | Function) -> list[str]:
    return [entry.name, *(column.name for column in entry.columns)] if isinstance(entry, TableSchema) else [entry.name]


def _of(shown: Sequence[Any], whole: Sequence[Any], noun: str) -> str:
    return plural(len(shown), noun) if len(shown) == len(whole) else f"{len(shown):,} of {plural(len(whole), noun)}"


def _source(schema: DatabaseSchema, pattern: str) -> list[str]:
    return [*([f"with {one_line(pattern)}"] if pattern else []), one_line(f"{schema.database}@{schema.cluster}")]


# --- text ------------------------------------------------------------------------------------------------


def _table_line(table: TableSchema) -> str:
    if not table.columns:
        return _name(table.name)
    parts: list[str] = []
    width = len(table.name) + 16
    for column in table.columns:
        parts.append(f"{_name(column.name)}:{one_line(column.type)}")
        width += len(parts[-1]) + 2
        if width > _WIDTH and len(parts) > 1:
            left = len(table.columns) - len(parts) + 1
            parts[-1:] = [f"… {left} more"]
            break
    return f"{_name(table.name)}({', '.join(parts)})"


def _counted_line(table: TableSchema) -> str:
    return f"{_name(table.name)}: {plural(len(table.columns), 'column')}" if table.columns else _name(table.name)


def _function_line(function: Function) -> str:
    text = f"{_name(function.name)}{one_line(shorten(function.signature(), _DESCRIPTION))}"
    return f"{text}  {_description(function.description)}".rstrip()


def _column_line(column: Column) -> str:
    return f"{_name(column.name)}: {one_line(column.type)}  {_description(column.description)}".rstrip()


def _name(name: str) -> str:
    return one_line(shorten(name, _NAME))


def _description(text: str) -> str:
    return one_line(shorten(" ".join(text.split()), _DESCRIPTION))


def _bounded_text(lines: Sequence[str], more: str) -> str:
    """The lines; where they are too long the last, which says what it is about, and as many before it as fit."""
    *entries, caption = lines
    kept, size = [], _size(caption) + 200
    for line in entries:
        size += _size(line) + 1
        if size > MOST_TEXT:
            break
        kept.append(line)
    left = len(entries) - len(kept)
    return "\n".join([*kept, *([_left_out(left, more)] if left else []), caption])


def _left_out(count: int, more: str) -> str:
    return f"… and {count:,} more" + (f": {more}" if more else "")


def _size(text: str) -> int:
    return len(text.encode(errors="replace"))


# --- HTML ------------------------------------------------------------------------------------------------


def _framed(parts: Iterable[str]) -> str:
    return f'<div class="tex2jax_ignore mathjax_ignore">{"".join(parts)}</div>'


def _caption_html(text: str) -> str:
    return f'<p style="{_SMALL};margin:.2em 0">{escape(text)}</p>'


@dataclass(frozen=True)
class _Group:
    """A branch of the tree: ``folded`` gives an entry's HTML, with what is behind its name or without."""

    title: str
    entries: Sequence[Any]
    folded: Callable[[Any, bool], str]
    more: str

    def names(self) -> list[str]:
        return [self.folded(entry, False) for entry in self.entries]


def _trees(groups: Iterable[_Group]) -> list[str]:
    """The HTML of each group that has entries. All names come before what is behind any."""
    shown = [(group, group.names()) for group in groups if group.entries]
    needs = [sum(map(_size, names)) + 600 for _, names in shown]  # 600 for what stands around them
    spare = MOST_HTML - 1_000 - sum(needs)
    trees = {}
    for count, index in enumerate(sorted(range(len(shown)), key=needs.__getitem__)):
        room = needs[index] + (spare // (len(shown) - count) if spare > 0 else spare * needs[index] // sum(needs))
        trees[index] = _tree(*shown[index], room - 600)
        if spare > 0:
            spare -= max(0, _size(trees[index]) - needs[index])
    return [trees[index] for index in range(len(shown))]


def _tree(group: _Group, names: Sequence[str], room: int) -> str:
    needed = sum(map(_size, names))
    items = _unfolded(group, names, room - needed) if needed <= room else _first_that_fit(names, room)
    rest = len(names) - len(items)
    bare = any(
        item == name and _has_more(entry) for item, name, entry in zip(items, names, group.entries, strict=False)
    )
    notes = [*([_left_out(rest, group.more)] if rest else []), *([_ONE] if bare else [])]
    note = "".join(f'<li style="{_SMALL}">{escape(text)}</li>' for text in notes)
    opened = " open" if len(names) <= _OPEN_UP_TO else ""
    head = f"<summary><b>{escape(group.title)}</b> ({len(names):,})</summary>"
    return f'<details{opened}>{head}<ul style="{_LIST}">{"".join(items)}{note}</ul></details>'


def _has_more(entry: TableSchema | Function) -> bool:
    return bool(entry.columns if isinstance(entry, TableSchema) else entry.body or entry.description)


def _unfolded(group: _Group, names: Sequence[str], room: int) -> list[str]:
    """The entries with what is behind their names, as long as there is room for that."""
    items = []
    for entry, name in zip(group.entries, names, strict=True):
        whole = group.folded(entry, True) if room > 0 else name
        more = _size(whole) - _size(name)
        items.append(whole if more <= room else name)
        room -= more if more <= room else 100  # not every entry is tried in vain
    return items


def _first_that_fit(items: Sequence[str], budget: int) -> list[str]:
    kept: list[str] = []
    for item in items:
        budget -= _size(item)
        if budget < 0:
            break
        kept.append(item)
    return kept


def _folded_table(table: TableSchema, whole: bool) -> str:
    name = _text(_name(table.name))
    if not table.columns:
        return f"<li>{name}</li>"
    if not whole:
        return f"<li>{name} ({plural(len(table.columns), 'column')})</li>"
    title = f'{name} <span style="{_SMALL}">{plural(len(table.columns), "column")}</span>'
    inner = f"{_described(table)}{_columns(table.columns, MOST_HTML)}"
    return f"<li><details><summary>{title}</summary>{inner}</details></li>"


def _folded_function(function: Function, whole: bool) -> str:
    title = f"{_text(_name(function.name))}<code>{_text(one_line(shorten(function.signature(), _DESCRIPTION)))}</code>"
    if not whole or not (function.body or function.description):
        return f"<li>{title}</li>"
    described = f'<p style="{_SMALL}">{_text(_description(function.description))}</p>' if function.description else ""
    body = f"<pre>{_text(shorten(function.body.strip(), _BODY))}</pre>" if function.body else ""
    return f"<li><details><summary>{title}</summary>{described}{body}</details></li>"


def _columns(columns: Sequence[Column], budget: int) -> str:
    items = [_column(column) for column in columns]
    kept = _first_that_fit(items, budget - 3_000)
    rest = len(items) - len(kept)
    note = f'<li style="{_SMALL}">{_left_out(rest, "")}</li>' if rest else ""
    return f'<ul style="{_LIST}">{"".join(kept)}{note}</ul>'


def _column(column: Column) -> str:
    described = (
        f' <span style="{_SMALL}">{_text(_description(column.description))}</span>' if column.description else ""
    )
    return f"<li><code>{_text(_name(column.name))}</code> {_text(one_line(column.type))}{described}</li>"


def _described(table: TableSchema) -> str:
    return f'<p style="{_SMALL}">{_text(_description(table.description))}</p>' if table.description else ""


def _text(text: str) -> str:
    return escape(printable(text))
