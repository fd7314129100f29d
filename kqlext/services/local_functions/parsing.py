"""Texts taken apart: CSV, URL queries, command lines, paths, XML, versions, JSON by its path. Pure.

Source: the pages of these functions in the Kusto Query Language reference ("String functions", "Parse functions").
"""

from __future__ import annotations

import csv
import io
import json
import re
import urllib.parse
from typing import Any
from xml.parsers import expat

from kqlext.services.local_functions.rows import Function


def _csv(text: str) -> list[str]:
    return next(csv.reader(io.StringIO(text, newline="")), [""])


def _query_parameters(text: str) -> dict[str, Any]:
    pairs = urllib.parse.parse_qsl(text.removeprefix("?"), keep_blank_values=True)
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            found[key] = [*found[key], value] if isinstance(found[key], list) else [found[key], value]
        else:
            found[key] = value
    return {"Query Parameters": found}


def _command_line(text: str, kind: str) -> list[str] | None:
    """The arguments as Windows' CommandLineToArgvW finds them: the first one knows no backslashes."""
    if kind.lower() != "windows":
        raise ValueError("parse_command_line() knows the parser type 'windows' alone")
    if not text:
        return None
    first = re.match(r'"([^"]*)"?|([^ \t]*)', text)
    assert first is not None
    arguments = [first[1] if first[1] is not None else first[2]]
    return arguments + _quoted_arguments(text[first.end() :])


def _quoted_arguments(text: str) -> list[str]:
    arguments: list[str] = []
    current: list[str] | None = None
    in_quotes, place = False, 0
    while place < len(text):
        character = text[place]
        if character in " \t" and not in_quotes:
            if current is not None:
                arguments.append("".join(current))
                current = None
            place += 1
            continue
        current = [] if current is None else current
        if character == "\\":
            end = place
            while end < len(text) and text[end] == "\\":
                end += 1
            slashes, place = end - place, end
            if place < len(text) and text[place] == '"':
                current.append("\\" * (slashes // 2))
                if slashes % 2:
                    current.append('"')
                    place += 1
            else:
                current.append("\\" * slashes)
        elif character == '"':
            if in_quotes and text[place + 1 : place + 2] == '"':
                current.append('"')
                place += 1
            else:
                in_quotes = not in_quotes
            place += 1
        else:
            current.append(character)
            place += 1
    if current is not None:
        arguments.append("".join(current))
    return arguments


# --- paths ---------------------------------------------------------------------------------------------------


def _path(text: str) -> dict[str, str]:
    scheme, found, path = text.partition("://")
    if not found:
        scheme, path = "", text
    elif path.startswith("/") and re.match(r"/[A-Za-z]:", path):
        path = path[1:]
    directory, separator, name = _split_last(path)
    root = re.match(r"(?:[\\/]{2}[?.][\\/])?([A-Za-z]:)", path)
    if root is not None and not separator:
        directory, name = root[0], path[root.end() :]
    name, _, stream = name.partition(":")
    _, dot, extension = name.rpartition(".")
    return {
        "Scheme": scheme,
        "RootPath": root[1] if root else "",
        "DirectoryPath": directory,
        "DirectoryName": _split_last(directory)[2] if not (root and directory == root[0]) else "",
        "Filename": name,
        "Extension": extension if dot else "",
        "AlternateDataStreamName": stream,
    }


def _split_last(path: str) -> tuple[str, str, str]:
    """What stands before the last separator, it, and what stands behind it."""
    place = max(path.rfind("/"), path.rfind("\\"))
    return (path[:place], path[place], path[place + 1 :]) if place >= 0 else ("", "", path)


# --- XML -----------------------------------------------------------------------------------------------------

_LONGEST_XML = 1_048_576


class _DocumentTypeError(Exception):
    """A document type, whose entities are not read."""


def _xml(text: str) -> dict[str, Any] | None:
    """Elements, attributes and texts as bags; null for what is no XML, or has a document type."""
    if len(text.encode()) > _LONGEST_XML:
        return None
    root: dict[str, Any] = {}
    open_elements: list[tuple[str, dict[str, Any], list[str]]] = [("", root, [])]

    def start(name: str, attributes: dict[str, str]) -> None:
        open_elements.append((name, {f"@{key}": value for key, value in attributes.items()}, []))

    def end(_: str) -> None:
        name, content, texts = open_elements.pop()
        written = "".join(texts).strip()
        value: Any = {**content, "#text": written} if written and content else content or written or None
        parent = open_elements[-1][1]
        if name in parent:
            parent[name] = [*parent[name], value] if isinstance(parent[name], list) else [parent[name], value]
        else:
            parent[name] = value

    def text_of(data: str) -> None:
        open_elements[-1][2].append(data)

    def doctype(*_: object) -> None:
        raise _DocumentTypeError

    parser = expat.ParserCreate()
    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.CharacterDataHandler = text_of
    parser.StartDoctypeDeclHandler = doctype
    try:
        parser.Parse(re.sub(r"^\s*<\?xml[^>]*\?>", "", text).strip().encode(), True)
    except (expat.ExpatError, _DocumentTypeError):
        return None
    return root


# --- versions, JSON ------------------------------------------------------------------------------------------


def _version(text: str) -> int | None:
    """Four numbers of eight digits each, one behind the other."""
    parts = text.split(".")
    if len(parts) > 4 or not all(part.isascii() and part.isdecimal() and len(part) <= 8 for part in parts):
        return None
    return int("".join(part.zfill(8) for part in (parts + ["0"] * 3)[:4]))


_JSON_STEP = re.compile(r"""\.([^.\[\]]+)|\[(\d+)\]|\['([^']*)'\]|\["([^"]*)"\]""")


def _json_path(path: str) -> list[str | int]:
    steps: list[str | int] = []
    place = 1 if path.startswith("$") else 0
    while place < len(path):
        step = _JSON_STEP.match(path, place)
        if step is None:
            raise ValueError(f"{path} is no JSON path that extract_json() knows")
        name, index, *quoted = step.groups()
        steps.append(int(index) if index is not None else next(key for key in (name, *quoted) if key is not None))
        place = step.end()
    return steps


def _json_at(path: str, text: str) -> str:
    """The value at a path in JSON, as a text; empty where there is none."""
    steps = _json_path(path)
    try:
        value = json.loads(text)
        for step in steps:
            value = value[step]
    except (ValueError, KeyError, IndexError, TypeError):
        return ""
    if isinstance(value, str):
        return value
    return "" if value is None else json.dumps(value, ensure_ascii=False, separators=(",", ":"))


FUNCTIONS = (
    Function("parse_csv", "text", python=_csv, returns="dynamic"),
    Function("parse_urlquery", "text", python=_query_parameters, returns="dynamic"),
    Function("parse_command_line", "text text", python=_command_line, returns="dynamic"),
    Function("parse_path", "text", python=_path, returns="dynamic"),
    Function("parse_xml", "text", python=_xml, returns="dynamic"),
    Function("parse_version", "text", python=_version, returns="decimal"),
    *(Function(name, "text text", python=_json_at, returns="text") for name in ("extractjson", "extract_json")),
)
