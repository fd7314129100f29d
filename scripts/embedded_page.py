"""docs/embedded.md and docs/upstream.md: what the embedded engine does with each word of KQL; what duckdb-kql lacks."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from page_parts import code, table

_TESTS = Path(__file__).parent.parent / "tests"

_EMBEDDED = """\
# The embedded engine, word by word

This page is made by `scripts/docs.py`: each word is probed by a query (`tests/embedded/probes.tsv`), which is run. Of
{all} operators, statements and functions of KQL (functions as Microsoft's language service lists them) {runs} run.

- **engine**: duckdb-kql has it.
- **kqlext**: kqlext adds it.
- **mended**: duckdb-kql has it, and answers otherwise than Kusto; kqlext puts it right.
- **may differ**: it runs, and the result says what may be other than on a Kusto service.
- **refused**: a `KqlUnsupportedError` or `KqlQueryError`, with its place in the query.

Beside that: decimals are computed as doubles, times are kept to the microsecond, and names that differ only in case are
one name. In conditions NaN is equal to itself and above all numbers; `\\w`, `\\d` and `\\b` of a regular expression
know the letters and digits of ASCII alone; whole numbers that leave 64 bits are an error. A time in a dynamic value is
a text, also after `bag_unpack`; the columns that `pivot` and `bag_unpack` make come in the order of their names.
"""
_STATUS = {"engine": "engine", "kqlext": "kqlext", "mended": "mended", "differs": "may differ", "refused": "refused"}
_KINDS = {"operator": "Operators and statements", "scalar": "Functions", "aggregate": "Aggregates", "plugin": "Plugins"}
_NOTHING = ("run it on a Kusto service", "did you mean", "could not parse")


def embedded_page(found: Sequence[Any] | None = None) -> str:
    """docs/embedded.md: what the embedded engine does with each operator and function."""
    if found is None:
        sys.path.insert(0, str(_TESTS))
        from embedded_probes import found as run

        found = run()
    runs = sum(each.status != "refused" for each in found)
    parts = [_EMBEDDED.format(all=len(found), runs=runs)]
    for kind, title in _KINDS.items():
        mine = [each for each in found if each.probe.kind == kind]
        parts += [f"## {title}", ""]
        for status, shown in _STATUS.items():
            names = [each for each in mine if each.status == status and not _told(each)]
            if names:
                parts += [f"**{shown}** ({len(names)}): {code(each.probe.name for each in names)}", ""]
        told = [(f"`{each.probe.name}`", _STATUS[each.status], _told(each)) for each in mine if _told(each)]
        parts += [*table(("word", "", "note"), told), ""] if told else []
    return "\n".join(parts)


def _told(found: Any) -> str:
    """What is to be said of one word, besides what is done with it."""
    if found.status not in ("differs", "refused") or found.note.startswith(_NOTHING):
        return ""
    return str(found.note).replace("|", "\\|").replace("\n", " ")


_UPSTREAM = """\
# Reports for duckdb-kql

What we found in duckdb-kql {version} while kqlext was written on it, ready to be sent: the query, what it gives there
(rows as Python shows them), and what Kusto gives. `tests/test_upstream.py` runs each on duckdb-kql as it is. There

{tables}

*refused* is a `KqlUnsupportedError` or `KqlSyntaxError`. The functions that are missing are those which
[the page of the embedded engine](embedded.md) calls kqlext's.
"""


def upstream_page() -> str:
    """docs/upstream.md: wrong answers and missing pieces of duckdb-kql."""
    sys.path.insert(0, str(_TESTS))
    from upstream_cases import FAILING, OPERATORS, SHOWN, SYNTAX, VERSION, WRONG

    parts = [_UPSTREAM.format(version=VERSION, tables=SHOWN)]
    for title, reports in (
        ("Wrong answers, silently", WRONG),
        ("Refused or failing", FAILING),
        ("Syntax that is refused", SYNTAX),
        ("Missing operators", OPERATORS),
    ):
        rows = [(_query(each.query), _cell(each.got), _cell(each.expected)) for each in reports]
        parts += [f"## {title}", "", *table(("query", "duckdb-kql", "Kusto"), rows), ""]
    return "\n".join(parts)


def _query(text: str) -> str:
    """A query in a cell of a table; of several lines each is one piece."""
    return ", then ".join(f"`{_cell(line)}`" for line in text.splitlines())


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
