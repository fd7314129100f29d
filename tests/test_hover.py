"""Shift-Tab: what a kernel tells of the word at the cursor, with and without the language service."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from servers.kernel import CURSOR, Kernel

from kqlext.completion.hover import of_query
from kqlext.completion.service import Scope, why_not
from kqlext.completion.vocabulary import beginnings, functions, operators
from kqlext.schemas import Column, DatabaseSchema, Function, Parameter, TableSchema

PAGES = "https://learn.microsoft.com/kusto/query/"

# A cell with its cursor, and what must be told; without the language service too.
CASES = [
    # operators, statements, functions
    ("%%kql\nStormEvents | summ¦arize count()", f"T | summarize name =\nAggregates\n{PAGES}summarize-operator"),
    ("%kql StormEvents | project-a¦way State", f"project-away column\n{PAGES}project-away-operator"),
    ("x = %kql StormEvents | where¦ State == 'a'", f"{PAGES}where-operator"),
    ("%%kql\nle¦t x = 1;\nprint x", f"let name = expression;\n{PAGES}let-statement"),
    ("%%kql\nprint strl¦en('a')", f"strlen(\n{PAGES}strlen-function"),
    ("%%kql\nprint strcat('a', ¦)", f"strcat(arg, ...)\n{PAGES}strcat-function"),
    ("%%kql\nprint bin(strlen('a'), 1¦)", f"{PAGES}bin-function"),
    ("%%kql\nStormEvents | summarize dcou¦nt(State)", f"dcount(expr, [accuracy])\n{PAGES}dcount-aggregation-function"),
    ("%%kql\nStormEvents | evaluate bag_u¦npack(d)", f"{PAGES}bag-unpack-plugin"),
    # tables, columns, names
    ("%%kql\nStorm¦Events | take 1", "StormEvents (table, 22 columns)\nState: string\nStartTime: datetime"),
    ("%%kql\n¦StormEvents | take 1", "StormEvents (table, 22 columns)"),
    ("%%kql\nStormEvents¦", "StormEvents (table, 22 columns)"),
    ("%%kql\nfra¦me | take 1", "frame (notebook, 2 columns)\nnumber: long\ntwo words: string"),
    ("%%kql\nStormEvents | where St¦ate == 'a'", "State: string (column of StormEvents)"),
    ("%%kql\nframe | where ['two w¦ords'] == 'a'", "two words: string (column of frame)"),
    ("%%kql\nlet storms = StormEvents | take 5;\nstor¦ms", "let storms = StormEvents | take 5"),
    ("%%kql\nprint 1\n\nprint x = '😀'\n\nStormEvents | where Sta¦te == 1", "State: string (column of StormEvents)"),
    # our own grammar
    ("%%kql -display_¦limit 5\nprint 1", "-display_limit, -dl\ndefault: 50"),
    ("%%kql -dl¦ 5\nprint 1", "-display_limit, -dl"),
    ("%%kql -type pand¦as\nprint 1", "-type\none of pandas, arrow, polars, result"),
    ("%%kql -!fee¦dback\nprint 1", "-feedback"),
    ("%kql --sche¦ma StormEvents", "--schema"),
    ("%kql --schema Storm¦Events", "--schema"),
]  # fmt: skip

NOTHING = [
    "%%kql\n// StormEve¦nts",
    "%%kql\nprint 'StormEve¦nts'",
    "%%kql\nprint 12¦34",
    "%%kql\n¦",
    "%%kql -nonse¦nse\nprint 1",
    "%%kql\nStormEvents | where d.Sta¦te == 1 ; \r\n",
]


def _started(folder: Path, service: bool) -> Kernel:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", str(Path(sys.executable).parent), prepend=":")
        for variable in ("XDG_CONFIG_HOME", "XDG_CACHE_HOME"):
            patch.setenv(variable, str(folder / variable.lower()))
        kernel = Kernel(folder)
    kernel.run("%kql samples")
    kernel.run("import pandas as pd\nframe = pd.DataFrame({'number': [1], 'two words': ['x']})")
    kernel.run("editor = get_ipython().magics_manager.registry['KqlMagics'].editor()")
    kernel.run("editor.service.wait(90)" if service else "editor.service.close()")
    for _ in range(600):  # the schema is read in the background
        if kernel.inspect("%%kql\nStormEvents"):
            return kernel
        time.sleep(0.1)
    raise AssertionError("the schema of the sample database is not read")


@pytest.fixture(scope="module")
def basic(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    """A kernel without the language service."""
    kernel = _started(tmp_path_factory.mktemp("basic"), service=False)
    yield kernel
    kernel.close()


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    """A kernel with it."""
    if why_not():
        pytest.skip(f"there is no KQL language service here: {why_not()}")
    kernel = _started(tmp_path_factory.mktemp("full"), service=True)
    yield kernel
    kernel.close()


@pytest.mark.parametrize("kind", ["full", "basic"])
@pytest.mark.parametrize(("cell", "told"), CASES)
def test_what_is_told(kind: str, cell: str, told: str, request: pytest.FixtureRequest) -> None:
    data = request.getfixturevalue(kind).inspect(cell)
    for line in told.split("\n"):
        assert line in data["text/plain"]
    assert (PAGES in told) == ('<a href="https://learn' in data["text/html"])


@pytest.mark.parametrize("kind", ["full", "basic"])
@pytest.mark.parametrize("cell", NOTHING)
def test_nothing_is_told(kind: str, cell: str, request: pytest.FixtureRequest) -> None:
    assert request.getfixturevalue(kind).inspect(cell) == {}


def test_a_column_that_the_query_makes(full: Kernel) -> None:
    cell = "%%kql\nStormEvents | summarize Most = max(StartTime) by State | where Mo¦st > ago(1d)"
    assert full.inspect(cell)["text/plain"] == "Most: datetime"


@pytest.mark.parametrize("cell", ["len¦([1])", "text = '%kql'\nlen¦(text)", "%kql StormEvents\nlen¦(text)"])
def test_python_is_told_by_ipython(basic: Kernel, cell: str) -> None:
    basic.run("text = 'x'")
    assert "Return the number of items" in basic.inspect(cell)["text/plain"]


def test_the_magic_itself_is_told_by_ipython(basic: Kernel) -> None:
    assert "%kql  [connection]" in basic.inspect("%%k¦ql\nprint 1").get("text/plain", "")


def test_texts_of_the_schema_are_no_markup(basic: Kernel) -> None:
    basic.run("odd = pd.DataFrame({'<b>x</b>': [1], 'a\\nb': [2]})")
    html = basic.inspect("%%kql\nod¦d | take 1")["text/html"]
    assert "&lt;b&gt;x&lt;/b&gt;" in html
    assert "<b>" not in html


def test_it_is_gone_after_unloading(tmp_path: Path) -> None:
    kernel = _started(tmp_path, service=False)
    try:
        cell = "%%kql\nprint strl¦en('a')"
        assert kernel.inspect(cell)
        kernel.run("%reload_ext kqlext")
        kernel.run("%unload_ext kqlext")
        assert kernel.inspect(cell) == {}
        assert kernel.run("'do_inspect' in vars(get_ipython().kernel)") == "False"
        kernel.run("%load_ext kqlext")
        kernel.run("%kql samples")
        assert kernel.inspect(cell)
    finally:
        kernel.close()


# --- the pure part --------------------------------------------------------------------------------------------------

SCOPE = Scope(
    DatabaseSchema(
        "c",
        "d",
        (
            TableSchema("A", (Column("x", "long", "how many"), Column("A", "string")), description="of letters"),
            TableSchema("B", (Column("x", "string"),)),
            TableSchema("Wide", tuple(Column(f"c{n}", "long") for n in range(1000))),
        ),
        (Function("Least", (Parameter("n", "long", "5"),), "{ A | take n }", "the least"),),
    )
)


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("A | where x¦ > 1", "x: long (column of A)\nhow many"),
        ("A | join (B) on x¦", "x: long (column of A)\nhow many\nx: string (column of B)"),
        ("A¦ | count", "A (table, 2 columns)\nof letters\n    x: long\n    A: string"),
        ("Least¦(3) | count", "Least(n:long=5)\nthe least\nfunction of the database"),
        ("Least(¦3) | count", "Least(n:long=5)\nthe least\nfunction of the database"),
        ("A | where y¦ > 1", ""),
        ("database('d').A¦", "A (table, 2 columns)\nof letters\n    x: long\n    A: string"),
        ("x¦", ""),
        ("¦", ""),
        (")¦(((", ""),
        ("let x = 'a\n¦", ""),
    ],
)
def test_of_query(query: str, told: str) -> None:
    assert of_query(query.replace(CURSOR, ""), query.index(CURSOR), SCOPE) == told


def test_a_wide_table_is_not_told_whole() -> None:
    lines = of_query("Wide", 2, SCOPE).split("\n")
    assert (len(lines), lines[-1]) == (102, "    and 900 more columns")


def test_every_operator_and_statement_says_what_it_does() -> None:
    for word in [*operators().values(), *beginnings().values()]:
        assert word.description.endswith(".")
        assert word.page.startswith(PAGES)
    assert functions()["strcat"].text() == f"strcat(arg, ...)\n{PAGES}strcat-function"
