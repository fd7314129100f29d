"""docs/api.md: the public Python names, made from their signatures and docstrings (Google style)."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator
from typing import Any

import kqlext
from kqlext import errors
from kqlext.client import Client
from kqlext.result import Result
from kqlext.rows import Row

_HEAD = """\
# Python API

This page is made from the docstrings by `scripts/docs.py`. Importing `kqlext` imports nothing heavy and needs no
IPython.

```python
from kqlext import connect, kql
with connect('samples') as samples:
    result = samples.query('StormEvents | where State == s | count', params={'s': 'TEXAS'})
kql('print x = n', params={'n': 5}, connection='samples')[0]['x']
```

`query()` gives a Result and raises the same errors as a cell; `cache='hunt'` and `use_cache='hunt'` record and play
back. `schema()` is table -> column -> type (`.schema` has more). `await samples.query_async(...)` runs in a thread, and
cancelling it tells the service to stop. `kql()` opens a connection for one query; without one it takes the default
connection.
"""

_CLASSES = ((Client, "What `connect` gives."), (Result, ""), (Row, ""))
_OF_THE_SOURCE = " See the module's docstring for the tree."
_OF_IPYTHON = ("load_ipython_extension", "unload_ipython_extension")
_SECTION = re.compile(r"^(Args|Raises|Attributes):\n((?:    .*\n?|\n)+)", re.MULTILINE)
_ENTRY = re.compile(r"^(\w[\w., ]*): +", re.MULTILINE)
_ANNOTATION = re.compile(r"(: |-> )'([^']*)'")


def api_page() -> str:
    """The page: functions, classes with their members, errors."""
    public = [getattr(kqlext, name) for name in sorted(kqlext.__all__) if name not in _OF_IPYTHON]
    lines = [_HEAD]
    for function in filter(inspect.isfunction, public):
        lines += [f"## {function.__name__}()", "", *_described(_call(function), function)]
    for kind, text in _CLASSES:
        title = kind.__name__
        lines += [f"## {title}", "", *([text, ""] if text else []), *_documented(inspect.getdoc(kind) or "")]
        for name, member in _members(kind):
            written = name if isinstance(member, property) else _call(member)
            lines += [f"### {title}.{name}" + ("" if isinstance(member, property) else "()"), ""]
            lines += _described(written, member.fget if isinstance(member, property) else member)
    return "\n".join([*lines, *_errors()])


def _members(kind: type) -> Iterator[tuple[str, Any]]:
    """The public members of a class that have a docstring, in the order of the source."""
    for name, member in vars(kind).items():
        if not name.startswith("_") and (inspect.isfunction(member) or isinstance(member, property)):
            yield name, member


def _call(function: Callable[..., Any]) -> str:
    """``name(arguments) -> what it gives``, without ``self``."""
    signature = inspect.signature(function)
    rest = [p for name, p in signature.parameters.items() if name != "self"]
    text = _ANNOTATION.sub(r"\1\2", str(signature.replace(parameters=rest)))
    return f"{'await ' if inspect.iscoroutinefunction(function) else ''}{function.__name__}{text}"


def _described(written: str, function: Any) -> list[str]:
    return [f"`{written}`", "", *_documented(inspect.getdoc(function) or "")]


def _documented(text: str) -> list[str]:
    """A docstring as Markdown: its sections are tables."""
    sections = {m[1]: inspect.cleandoc(m[2]) for m in _SECTION.finditer(f"{text}\n")}
    text = _SECTION.sub("", f"{text}\n").strip()
    lines = [_markdown(text), ""]
    for title, body in sections.items():
        names, texts = _ENTRY.split(body)[1::2], _ENTRY.split(body)[2::2]
        head = {"Args": "argument", "Raises": "raises", "Attributes": "attribute"}[title]
        lines += [f"| {head} | |", "| --- | --- |"]
        for name, entry in zip(names, texts, strict=True):
            lines.append(f"| `{name}` | {_markdown(' '.join(entry.split())).replace('|', chr(92) + '|')} |")
        lines.append("")
    return lines


def _markdown(text: str) -> str:
    """reStructuredText's literals as Markdown's, without examples: those of a page run."""
    text = re.sub(r"\n\n(?:    .*\n?)+", "\n", text)
    return re.sub(r"``(.+?)``", r"`\1`", text, flags=re.DOTALL).replace(_OF_THE_SOURCE, "").rstrip()


def _errors() -> list[str]:
    """The errors with their own docstrings, and what all of them have."""
    kinds = [getattr(errors, name) for name in sorted(kqlext.__all__) if name.startswith("Kql")]
    lines = ["## Errors", "", "Catch a class for what you can do about it, or `KqlError` for all.", ""]
    lines += ["| error | |", "| --- | --- |"]
    for kind in kinds:
        lines.append(f"| `{kind.__name__}` | {_markdown((inspect.getdoc(kind) or '').partition(chr(10))[0])} |")
    return [*lines, "", "### What an error has", "", *_documented(inspect.getdoc(errors.KqlError) or "")[2:]]
