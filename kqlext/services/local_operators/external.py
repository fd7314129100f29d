"""`externaldata` of files of this computer. What is elsewhere is refused: the embedded engine asks no server.

Values are read as texts and converted as KQL does (`tolong`, `todatetime` ...). A file's format is the one that `with
(format=...)` says, else that of its name.

Source: "externaldata operator" of the Kusto Query Language.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import unquote as unquote_url
from urllib.parse import urlsplit

import duckdb

from kqlext import syntax
from kqlext.errors import Span
from kqlext.services.local_operators import clauses
from kqlext.services.local_operators.places import Change, Place
from kqlext.services.local_tables import filled, literal, quoted
from kqlext.steps import pipes
from kqlext.syntax import Token

_DELIMITERS = {"csv": ",", "tsv": "\t", "psv": "|", "scsv": ";", "sohsv": "\x01", "tsve": "\t"}
_JSON = ("json", "multijson")
_TYPES = {
    "string": "tostring", "long": "tolong", "int": "toint", "real": "toreal", "double": "toreal", "bool": "tobool",
    "boolean": "tobool", "datetime": "todatetime", "date": "todatetime", "timespan": "totimespan", "time": "totimespan",
    "guid": "toguid", "decimal": "todecimal", "dynamic": "todynamic",
}  # fmt: skip


def external_data(place: Place, code: Sequence[Token], index: int) -> Change:
    """`externaldata (Name: type, ...) ['path'] with (format='csv')` as a table."""
    text = place.text
    words = list(pipes.outer(text, Span(code[index].start, place.span.end)))
    shape = [word.text for word in words[1:8]]
    if shape[:4] != ["(", ")", "[", "]"]:
        raise place.wrong(
            "externaldata needs columns and files.", code[index].span, "externaldata (A:string) ['a.csv']"
        )
    end = words[4].end
    options: dict[str, str] = {}
    if shape[4:7] == ["with", "(", ")"]:
        options = dict(_option(text, item) for item in clauses.items(text, Span(words[6].end, words[7].start)))
        end = words[7].end
    columns = [_column(place, item) for item in clauses.items(text, Span(words[1].end, words[2].start))]
    files = [_file(place, item) for item in clauses.items(text, Span(words[3].end, words[4].start))]
    whole = Span(code[index].start, end)
    kinds = {options.get("format", Path(file).suffix.lstrip(".") or "csv").lower() for file in files}
    if len(kinds) != 1:
        raise place.wrong("The files are of several formats.", whole, "say which: with (format='csv')")
    kind = kinds.pop()
    first = options.get("ignoreFirstRecord", options.get("ignorefirstrecord", "false")).lower() == "true"
    sql = _sql(place, whole, kind, files, [name for name, _ in columns], first)
    try:
        rows = place.workspace.create(sql)
    except duckdb.Error as error:
        raise place.wrong(f"{files[0]} cannot be read: {str(error).splitlines()[0]}", whole) from None
    typed = [f"{clauses.name(name)} = {_TYPES[kind]}({clauses.name(name)})" for name, kind in columns]
    return Change.of(whole, place.run(f"{rows} | project {', '.join(typed)}"))


def _column(place: Place, item: Span) -> tuple[str, str]:
    words = list(pipes.outer(place.text, item))
    colon = next((word for word in words if word.text == ":"), None)
    name = clauses.column(place.text, clauses.trimmed(place.text, Span(item.start, colon.start))) if colon else None
    kind = place.text[colon.end : item.end].strip() if colon else ""
    if name is None or kind not in _TYPES:
        raise place.wrong("This is no column with a type.", item, "write Name: string")
    return name, kind


def _option(text: str, item: Span) -> tuple[str, str]:
    name, value = clauses.assigned(text, item)
    written = value.of(text)
    return name, syntax.unquote(written) if syntax.is_closed(written) else written


def _file(place: Place, item: Span) -> str:
    """The path of a file that a query names."""
    written = item.of(place.text)
    address = syntax.unquote(written) if syntax.is_closed(written) else str(place.value(item))
    scheme = urlsplit(address).scheme.lower() if re.match(r"[a-zA-Z][\w+.-]+:", address) else ""
    if scheme not in ("", "file"):
        raise place.refused(
            "The embedded engine reads files of this computer only.",
            item,
            f"download it, and write its path in the place of {scheme}://…",
        )
    path = Path(unquote_url(urlsplit(address).path) if scheme else address.split(";")[0]).expanduser()
    if not path.is_file():
        raise place.wrong(
            f"There is no file {path}.", item, f"paths are relative to {Path.cwd().name}/, where the kernel runs"
        )
    return str(path)


def _sql(place: Place, whole: Span, kind: str, files: Sequence[str], columns: Sequence[str], first: bool) -> str:
    """SQL of a file's rows, all values as texts."""
    paths = f"[{', '.join(map(literal, files))}]"
    if kind in _DELIMITERS:
        named = ", ".join(f"{literal(name)}: 'VARCHAR'" for name in columns)
        texts = ", ".join(f"{filled(quoted(name))} AS {quoted(name)}" for name in columns)
        return (
            f"SELECT {texts} "
            f"FROM read_csv({paths}, columns = {{{named}}}, delim = {literal(_DELIMITERS[kind])}, quote = '\"', "
            f"escape = '\"', header = {str(first).lower()}, auto_detect = false, null_padding = true)"
        )
    if kind in ("txt", "raw"):
        value = "unnest(string_split(rtrim(content, chr(10)), chr(10)))" if kind == "txt" else "content"
        return f"SELECT {value} AS {quoted(columns[0])} FROM read_text({paths})"
    if kind in _JSON or kind in ("jsonl", "ndjson"):
        values = ", ".join(f"json_extract_string(json, {literal(_path(name))}) AS {quoted(name)}" for name in columns)
        return f"SELECT {values} FROM read_json_objects({paths}, format = 'auto')"
    if kind == "parquet":
        known = {row[0] for row in place.workspace.fetch(f"DESCRIBE SELECT * FROM read_parquet({paths})")}
        values = ", ".join(
            f"CAST({quoted(name)} AS VARCHAR) AS {quoted(name)}"
            if name in known
            else f"NULL::VARCHAR AS {quoted(name)}"
            for name in columns
        )
        return f"SELECT {values} FROM read_parquet({paths})"
    raise place.refused(
        f"The embedded engine reads no files of the format {kind}.", whole, "csv, tsv, psv, txt, raw, json and parquet"
    )


def _path(name: str) -> str:
    escaped = name.replace('"', '\\"')
    return f'$."{escaped}"'
