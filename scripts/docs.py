"""Writes the pages of docs/ and the words of the JupyterLab extension, which are made from the code. Tests check that
they are what it would write.

.venv/bin/python scripts/docs.py
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from kqlext.connections.clouds import CLOUDS
from kqlext.connections.named import DEFAULT_VARIABLES
from kqlext.connections.profile_files import DOCUMENTED
from kqlext.connections.schemes import SCHEMES, SIGN_IN_KEYS, VALUELESS
from kqlext.connections.sign_in import METHODS
from kqlext.highlighting.words import tables as tables_of_words
from kqlext.own_kinds import OWN_KINDS
from kqlext.services import supported_schemes
from kqlext.visualization.properties import KNOWN, NO_CHART

DOCS = Path(__file__).parent.parent / "docs"

_HEAD = """\
# Connections

This page is made from the code by `scripts/docs.py`. How connections are written, with examples: the README.
Schemes and keys are compared without case, `_` and `-`. *Sign-in keys* are those of the second table.

`workspace` is a Workspace ID, a resource id or a name. `datasourceurl` is another address of the service,
`managementurl` another one of the Azure Resource Manager that looks a workspace's name up. Of `cache://folder`,
`connection` names the connection (`name@cluster`) whose answers are played; without it all are. `trusted` lets the
sign-in token go to an address that is not among Microsoft's.
"""


def connections_page() -> str:
    """docs/connections.md: every scheme, key, way to sign in, cloud and source of named connections."""
    return "\n".join([_HEAD, *_schemes(), "", *_methods(), "", *_clouds(), "", *_named(), ""])


def _schemes() -> list[str]:
    rows = [
        (
            f"`{scheme.name}://`",
            _code(f"{alias}://" for alias in scheme.aliases),
            _code(scheme.mandatory),
            _keys(scheme.keys),
            "yes" if scheme.name in supported_schemes() else "not yet: an error says so",
        )
        for scheme in SCHEMES
    ]
    return ["## Services", "", *_table(("scheme", "also written", "needs", "takes", "there"), rows)]


def _keys(keys: Sequence[str]) -> str:
    own = _code(_written(key) for key in keys if key not in SIGN_IN_KEYS)
    return f"{own}, sign-in keys" if set(SIGN_IN_KEYS) & set(keys) else own


def _methods() -> list[str]:
    rows = [
        (
            method.name,
            _code(_written(key) for key in method.signs) or "none of them",
            _code(_written(key) for key in method.takes),
            _code(method.needs),
        )
        for method in METHODS
    ]
    head = ("signs in with", "any of these keys", "may stand beside", "needs")
    text = (
        "`anonymous` sends no token. `username` with `password` is refused: it cannot do multi-factor authentication."
    )
    return ["## Sign-in", "", text, "", *_table(head, rows)]


def _clouds() -> list[str]:
    rows = [
        (cloud.name, _code(cloud.aliases), f"`{cloud.suffix}`", *(_address(cloud, name) for name in _ADDRESSES))
        for cloud in CLOUDS
    ]
    return ["## Clouds", "", *_table(("cloud", "also written", "Kusto hosts end in", *_ADDRESSES.values()), rows)]


def _named() -> list[str]:
    variables = " or ".join(f"`{name}`" for name in DEFAULT_VARIABLES)
    text = f"""\
`%kql @name` opens what the first of these files and variables names so. In TOML a connection is `connection = "..."`,
or `service = "..."` with the keys of the scheme: texts, `true` for a key without a value, lists where there may be
several. A text `$NAME` is an environment variable. Relative paths are relative to the file. Of msticpy's file ids,
tenants, `Azure.cloud` and sign-ins (`ClientId` with `ClientSecret` or `Certificate`) are read; secrets in a key vault
and groups of clusters are not.

The default connection is that of {variables} (a connection string or `@name`), or of
`default = "name"` in the nearest TOML file. Files of a project cannot hold `trusted` or an `aadurl` of another
authority: the folder of a notebook may be somebody else's work."""
    return ["## Named connections", "", text, "", *_table(("defined in", "looked for in", "as"), DOCUMENTED)]


# --- render ------------------------------------------------------------------------------------------------

_RENDER = """\
# render

This page is made by `scripts/docs.py` from the tables that the tests check. How charts are used: the README.

x is `xcolumn`, or the first column that the chart can use; y is `ycolumns`, or all numbers that are left; a series
is each combination of the values of `series`, or of the texts (string, guid, bool) that are left. A column of arrays,
as `make-series` gives it, is taken apart against the array of x. A dynamic column that holds only numbers, as `bag.x`
does, is a number where no other column is one, or where the query names it.

Each chart says in words what it shows (`layout.meta.description` of its figure).
"""

_STILL = {
    "pivotchart": "drawn: columns in groups, the second text within the first, sums of the numbers; the interactive "
    "pivot of Kusto.Explorer is not documented in more detail",
    "timepivot": "drawn: a point for each event, in a lane for each value of `series` or of the first text, with a "
    "line to the end where a second datetime is called so; the slices of Kusto.Explorer are interactive",
    "graph": "drawn: nodes in layers, arrows from source to target (columns called so, or the first two texts); not "
    "documented",
    "3Dchart": "drawn: the first three numbers, in WebGL; not documented",
    "sankey": "drawn: from the first text to the second, as wide as the number; not documented",
}

_DIFFERENCES = """\
## What is different from Azure Data Explorer

- A column that is neither x, y nor series (a second datetime, a bag) is not in the chart, which says so. It is not
  a series of its own.
- Rows of one series with the same x are added up in columns, bars and stacked areas.
- Numbers are categories of columns and bars, in their own order, unless the query sorts its rows; more than 200 are
  an axis.
- At most 20 series, 200 categories, 20 slices, 5 panels or axes are drawn: the largest by total. Of stacked series
  and slices the others are one.
- Of a time pivot 50 lanes and 2,000 events are drawn, of pies on a map 100 places; graphs of more than 150 nodes or
  500 edges, and more than 2,000 points of a 3Dchart, are tables.
- Of more than 20,000 points a line keeps the least and the greatest value of each column of pixels; of points that
  lie on one another one is drawn.
- Durations are drawn in seconds, and only where there is no number.
- Maps are a grid of degrees without the outlines of countries: those would be fetched from elsewhere.
- `by` and `annotation`, which Log Analytics sends beside the documented properties, are left out, and said.
- A figure of `plotly` that would fetch a map or an image is refused, and its links are texts.
- A series or category of no text is `(empty)`, of null `(null)`; names of more than 60 characters are cut in the
  middle.
"""


def render_page() -> str:
    """docs/render.md: every kind and property, and which columns are drawn by default."""
    sys.path.insert(0, str(DOCS.parent / "tests"))
    from chart_cases import DEFAULTS, EVERY_KIND, REFUSED
    from chart_comparison import ALL, AXES, COMPARED

    kinds = [(f"`{kind}`", _kind_status(kind)) for kind in dict.fromkeys((*EVERY_KIND, *OWN_KINDS))]
    written = {"map": "kind=map", **{kind.lower(): kind for kind in EVERY_KIND}}
    properties = [
        (f"`{name}`", "all" if kinds is None else _code(written.get(kind, kind) for kind in kinds))
        for name, kinds in KNOWN.items()
        if name not in _SILENT
    ]
    groups = {ALL: "all eight", AXES: "all but piechart"}
    compared = [
        (
            case.property,
            groups.get(case.kinds, ", ".join(case.kinds)),
            case.documented,
            case.difference or "as documented",
        )
        for case in COMPARED
    ]
    defaults: dict[tuple[str, str], list[str]] = {}
    for render, columns, expected in DEFAULTS:
        defaults.setdefault((columns, expected), []).append(render)
    rows = [(f"`{columns}`", _code(kinds), *_roles(expected)) for (columns, expected), kinds in defaults.items()]
    refused = [(f"`{columns}`", f"`{render}`", reason) for columns, render, reason in REFUSED if reason]
    return "\n".join([
        _RENDER,
        "## Kinds", "", *_table(("kind", ""), kinds), "",
        "## Properties", "",
        "One that does not go with a chart is left out, and said; a value that cannot be used is a table and why.", "",
        *_table(("property", "goes with"), properties), "",
        "## Which columns are drawn", "",
        "`times` and `numbers` are dynamic columns of arrays, `point` one of GeoJSON points.", "",
        *_table(("columns of the answer", "render", "x", "y", "series"), rows), "",
        "## A table and why", "", *_table(("columns of the answer", "render", "since"), refused), "",
        "## Compared with the documentation", "",
        "The kinds of public use, property by property; a test draws each row for each of its kinds.", "",
        *_table(("property", "kinds", "the documentation says", "kqlext"), compared), "",
        _DIFFERENCES,
    ])  # fmt: skip


# --- Kqlmagic ----------------------------------------------------------------------------------------------

_KQLMAGIC = """\
# Kqlmagic, piece by piece

This page is made by `scripts/docs.py` from the rows that `tests/test_kqlmagic.py` runs. What changes for a notebook:
[migration.md](migration.md).

Each connection, cell, option, command, variable, request property and member of a result of Kqlmagic 0.1.114 *works*,
*works better*, *does nothing* (accepted; one line says so, once in a session), or is *refused* (an error that says what
to write instead). Names are compared without case, `_` and `-`.
"""


_CONFIG = (
    "`%config Kqlmagic.option = value` sets them for the session, as `%config KqlMagics` does; `assign_var`, "
    "`plotly_layout`, `try_msi` and `try_token` are set in a cell only."
)


def kqlmagic_page() -> str:
    """docs/kqlmagic.md: what becomes of everything that Kqlmagic has."""
    sys.path.insert(0, str(DOCS.parent / "tests"))
    import kqlmagic_cases as cases

    chapters = (
        (
            "Connections",
            cases.CONNECTIONS,
            "{}",
            "",
        ),
        ("Cells", cases.CELLS, "", ""),
        (
            "Options",
            cases.OPTIONS,
            "-{}",
            _CONFIG,
        ),
        ("Commands", cases.COMMANDS, "--{}", ""),
        ("Variables of the environment", (*cases.VARIABLES, cases.PROXIES), "{}", ""),
        (
            "Request properties",
            (*cases.PROPERTIES, *cases.MONITOR_PROPERTIES),
            "+{}",
            "They go to the service as they are written, and it checks them. A word without quotes is a text: what a "
            "variable holds goes with `-query_properties`.",
        ),
        ("Results", cases.MEMBERS, "{}", "Of `r`, the result of a query."),
    )
    lines = [_KQLMAGIC]
    for title, rows, form, text in chapters:
        table = [
            tuple(cell.replace("|", "\\|") for cell in (_named_row(row, form), row.status, row.note)) for row in rows
        ]
        lines += [f"## {title}", "", *([text, ""] if text else []), *_table(("Kqlmagic", "kqlext", ""), table), ""]
    return "\n".join(lines)


def _named_row(row: Any, form: str) -> str:
    if not form:
        return str(row.name)
    return _code(form.format(name) for name in (row.name, *row.aliases))


_HUNTING = "see [hunting.md](hunting.md)"
_SILENT = ("visualization", "isquerysorted", "by", "annotation")


def _kind_status(kind: str) -> str:
    if kind in OWN_KINDS:
        own = OWN_KINDS[kind]
        return f"drawn; kqlext's own, no service sees it: {_code((*own.columns, *own.properties))} ({_HUNTING})"
    reason = NO_CHART.get(kind.lower())
    if reason is None:
        return _STILL.get(kind, "drawn")
    return f"a table: {reason}" if reason else "a table"


def _roles(expected: str) -> list[str]:
    """x, y and series; levels within x stand beside it."""
    x, y, series, *levels = (part.strip() for part in expected.split(" / "))
    within = f", within it {_code(levels[0].removeprefix('levels ').split(','))}" if levels else ""
    return [f"{_code([x]) if x else ''}{within}", *(_code(part.split(",")) if part else "" for part in (y, series))]


_ADDRESSES = {
    "login": "sign-in",
    "log_analytics": "Log Analytics",
    "application_insights": "Application Insights",
    "graph": "Microsoft Graph",
    "management": "Resource Manager",
}


def _address(cloud: object, name: str) -> str:
    address = str(getattr(cloud, name))
    return f"`{address}`" if address else ""


def _written(key: str) -> str:
    return key if key in VALUELESS else f"{key}="


def _code(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    return [f"| {' | '.join(row)} |" for row in (head, ["---"] * len(head), *rows)]


# --- the embedded engine -----------------------------------------------------------------------------------

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
one name.
"""
_STATUS = {"engine": "engine", "kqlext": "kqlext", "mended": "mended", "differs": "may differ", "refused": "refused"}
_KINDS = {"operator": "Operators and statements", "scalar": "Functions", "aggregate": "Aggregates", "plugin": "Plugins"}
_NOTHING = ("run it on a Kusto service", "did you mean", "could not parse")


def embedded_page(found: Sequence[Any] | None = None) -> str:
    """docs/embedded.md: what the embedded engine does with each operator and function."""
    if found is None:
        sys.path.insert(0, str(DOCS.parent / "tests"))
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
                parts += [f"**{shown}** ({len(names)}): {_code(each.probe.name for each in names)}", ""]
        told = [(f"`{each.probe.name}`", _STATUS[each.status], _told(each)) for each in mine if _told(each)]
        parts += [*_table(("word", "", "note"), told), ""] if told else []
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
    sys.path.insert(0, str(DOCS.parent / "tests"))
    from upstream_cases import FAILING, OPERATORS, SHOWN, SYNTAX, VERSION, WRONG

    parts = [_UPSTREAM.format(version=VERSION, tables=SHOWN)]
    for title, reports in (
        ("Wrong answers, silently", WRONG),
        ("Refused or failing", FAILING),
        ("Syntax that is refused", SYNTAX),
        ("Missing operators", OPERATORS),
    ):
        rows = [(_query(each.query), _cell(each.got), _cell(each.expected)) for each in reports]
        parts += [f"## {title}", "", *_table(("query", "duckdb-kql", "Kusto"), rows), ""]
    return "\n".join(parts)


def _query(text: str) -> str:
    """A query in a cell of a table; of several lines each is one piece."""
    return ", then ".join(f"`{_cell(line)}`" for line in text.splitlines())


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


PAGES = {
    "connections.md": connections_page,
    "embedded.md": embedded_page,
    "kqlmagic.md": kqlmagic_page,
    "render.md": render_page,
    "upstream.md": upstream_page,
}


# --- the JupyterLab extension ------------------------------------------------------------------------------

WORDS = DOCS.parent / "kqlext" / "labextension" / "static" / "words.js"


def words_module() -> str:
    """labextension/static/words.js: the words by which JupyterLab colours KQL."""
    tables = [f"  {name}: {json.dumps(' '.join(words))}.split(' ')" for name, words in tables_of_words().items()]
    return "\n".join([
        "// This file is made from kqlext/highlighting/words.py by scripts/docs.py.",
        "export const words = {", ",\n".join(tables), "};", "",
    ])  # fmt: skip


def main() -> None:
    for name, page in PAGES.items():
        (DOCS / name).write_text(page(), encoding="utf-8")
    WORDS.write_text(words_module(), encoding="utf-8")


if __name__ == "__main__":
    main()
