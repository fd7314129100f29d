"""`%kql` and `%%kql` in a fresh IPython shell, as a user types them."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from conftest import Shell
from IPython.core.interactiveshell import InteractiveShell
from servers import kusto as scripted
from servers.kusto import KustoServer
from servers.kusto_frames import TableSpec, v2
from traitlets.config import Config

from kqlext import errors
from kqlext.result import Result

ONE = TableSpec("PrimaryResult", (("n", "long"),), ((1,),))


def connect(shell: Shell, server: KustoServer, database: str = "Samples") -> None:
    shell.run(f"%kql kusto://anonymous;cluster='{server.url}';database='{database}'")


def sent(server: KustoServer) -> list[scripted.Request]:
    """The requests of cells: all but the test query of a connect."""
    return [request for request in server.requests if request.csl != "print kqlext=1"]


# --- the main job ----------------------------------------------------------------------------------------


def test_the_cells_of_the_issue_in_order(shell: Shell, duckdb_kql_url: str) -> None:
    assert shell.text("%kql samples") == "Connected to samples@local (the embedded sample database)"
    shown = shell.text("%%kql top <<\nStormEvents\n| summarize Events = count() by State\n| top 5 by Events\n")
    assert shown.startswith("top: Result of 5 rows × 2 columns · ")
    assert shell.variables["top"][0]["State"] == "TEXAS"
    connected = shell.text(f"%kql kusto://anonymous;cluster='{duckdb_kql_url}';database='memory'")
    assert connected == f"Connected to memory@{friendly(duckdb_kql_url)} ({duckdb_kql_url}, anonymous)"
    assert shell.run("%kql print 1")[0][0] == 1
    shell.run("import pandas as pd\nmy_table = pd.DataFrame({'x': [1, 5, 7]})")
    shown = shell.text("%kql my_table | where x > 3")
    assert "notebook@local" in shown
    assert [row["x"] for row in shell.variables["_kql"]] == [5, 7]
    # the connection is still the one to Kusto
    assert shell.text("%kql --conn").splitlines()[1].startswith("* memory@127_0_0_1_")


def friendly(url: str) -> str:
    return url.removeprefix("http://").replace(".", "_").replace(":", "_")


def test_a_result_shows_itself_as_a_table(shell: Shell) -> None:
    shell.run("%kql duckdb://")
    shown = shell.text("%kql datatable(s:string, n:long)['<b>', 5]")
    assert shown.splitlines()[:5] == ["+-----+---+", "| s   | n |", "+-----+---+", "| <b> | 5 |", "+-----+---+"]
    assert shown.splitlines()[5].startswith("1 row · 0.")
    assert shown.endswith(" s · memory@local")
    html = shell.ip.display_formatter.format(shell.variables["_kql"])[0]["text/html"]
    assert "&lt;b&gt;" in html
    assert "<b>" not in html


def test_nothing_goes_to_stdout(shell: Shell, capsys: pytest.CaptureFixture[str]) -> None:
    """What IPython itself prints is the value of a cell; here no cell has one."""
    shell.run("connected = %kql samples")
    shell.run("x = %kql StormEvents | take 5")
    shell.run("%kql -!f a << StormEvents | take 5")
    shell.run("%%kql\nStormEvents | take 5\n;")
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("database", ["samples", "serve"])
def test_a_query_runs_unchanged_whatever_the_notebook_holds(database: str, shell: Shell, duckdb_kql_url: str) -> None:
    """Blank lines inside, let, comments first, $left and $right, with variables of those names present."""
    shell.run("%kql samples" if database == "samples" else f"%kql {duckdb_kql_url}/memory")
    shell.run("left = 'LEFT'; right = 'RIGHT'; State = 'x'; a = [1]")
    query = (
        "// who, and where {left} $right\n"
        "// a second comment\n\n"
        "let a = datatable(State:string, n:long) ['TEXAS', 1, 'O''HIO; // no', 2];\n\n"
        "let limit_ = 10;\n"
        "a\n\n"
        "| join kind=inner (\n\n    datatable(State:string, m:long) ['TEXAS', 3]\n\n"
        ") on $left.State == $right.State\n\n"
        "| where n < limit_\n"
        "| project State, total = n + m, s = 'a;b // {right}'\n"
    ).replace("O''HIO", "O\\'HIO")
    shell.run(f"%%kql joined <<\n{query}")
    joined = shell.variables["joined"]
    assert joined.query == query.strip()
    assert [row.asdict() for row in joined] == [{"State": "TEXAS", "total": 4, "s": "a;b // {right}"}]


def test_the_query_is_sent_verbatim(shell: Shell, kusto: KustoServer) -> None:
    connect(shell, kusto)
    shell.run("x = 5")
    query = "T\n| where a == '{x}' and $b > {x}   // {x}\n\n| extend c = dynamic({'k': [1]})"
    shell.run(f"%%kql -display_limit 5\n{query}\n")
    shell.run("%kql T | where a == '{x}'")
    assert [request.csl for request in sent(kusto)] == [query, "T | where a == '{x}'"]


def test_several_queries_each_show(shell: Shell) -> None:
    shell.run("%kql duckdb://")
    shown = shell.text("%%kql\nprint a = 1\n\nprint b = 2\n\n| extend c = 3\n")
    assert [line for line in shown.splitlines() if line.startswith("| ") and "=" not in line] == [
        "| a |", "| 1 |", "| b | c |", "| 2 | 3 |",
    ]  # fmt: skip
    assert shell.variables["_kql"].columns == {"b": "long", "c": "long"}


def test_a_batch_gives_several_tables(shell: Shell) -> None:
    shell.run("%kql duckdb://")
    shown = shell.text("%kql let x = 1; print a = x; print b = x + 1")
    assert "table 1 of 2" in shown
    assert "table 2 of 2" in shown
    assert len(shell.variables["_kql"].tables) == 2


# --- binding ---------------------------------------------------------------------------------------------

BINDINGS: list[tuple[str, str, type]] = [
    ("%kql x << print n = 1", "x", Result),
    ("%%kql x <<\nprint n = 1", "x", Result),
    ("%kql -o x print n = 1", "x", pd.DataFrame),
    ("%kql -o x -type polars print n = 1", "x", pl.DataFrame),
    ("%kql -o x -type arrow print n = 1", "x", pa.Table),
    ("%kql -o x -type result print n = 1", "x", Result),
    ("%kql -type pandas x << print n = 1", "x", pd.DataFrame),
    ("%kql -ad x << print n = 1", "x", pd.DataFrame),
    ("x = %kql print n = 1", "x", Result),
    ("x = %kql print n = 1;", "x", Result),
    ("x = %kql -ad print n = 1", "x", pd.DataFrame),
    ("%kql print n = 1", "_kql", Result),
    ("%kql print n = 1", "_kql_raw_result_", Result),
    ("%kql -var y print n = 1", "y", Result),
]


@pytest.mark.parametrize(("cell", "name", "kind"), BINDINGS)
def test_binding(cell: str, name: str, kind: type, shell: Shell) -> None:
    shell.run("%kql duckdb://")
    shell.run(cell)
    value = shell.variables[name]
    assert type(value) is kind
    assert len(value) == 1


REFUSED_TARGETS = [
    ("%kql 1x << print 1", "1x is no name for a variable", "1x"),
    ("%kql a.b << print 1", "a.b is no name for a variable", "a.b"),
    ("%kql class << print 1", "class is no name", "class"),
    ("%kql print << print 1", "print is a builtin", "print"),
    ("%kql -o len print 1", "len is a builtin", "-o"),
    ("%kql mine << print 1", "mine is a function of the notebook", "mine"),
    ("%kql pd << print 1", "pd is a module of the notebook", "pd"),
    ("%kql Mine << print 1", "Mine is a class of the notebook", "Mine"),
    ("%kql a << -o b print 1", "Both << and -o name a target", "-o"),
    ("%%kql a <<\nprint 1\n\nprint 2", "2 queries for one target", "a"),
    ("%kql a <<", "There is no query for a <<", "a"),
    ("%kql -var len print 1", "len is a builtin", "-var"),
]


@pytest.mark.parametrize(("cell", "message", "under"), REFUSED_TARGETS)
def test_a_target_is_refused_before_anything_is_sent(
    cell: str, message: str, under: str, shell: Shell, kusto: KustoServer
) -> None:
    connect(shell, kusto)
    shell.run("def mine(): pass\nclass Mine: pass\nimport pandas as pd")
    with pytest.raises(errors.KqlCellError) as caught:
        shell.run(cell)
    assert message in caught.value.message
    assert caught.value.span is not None
    assert caught.value.span.of(caught.value.text or "") == under
    assert sent(kusto) == []


def test_a_failed_query_leaves_the_variable(shell: Shell) -> None:
    shell.run("%kql duckdb://")
    shell.run("%kql x << print n = 1")
    before = shell.variables["x"], shell.variables["_kql"]
    with pytest.raises(errors.KqlQueryError):
        shell.run("%kql x << print n = nope")
    assert (shell.variables["x"], shell.variables["_kql"]) == before


# --- silence ---------------------------------------------------------------------------------------------

SILENT = [
    "%kql print 1;",
    "%kql print 1 ; ",
    "x = %kql print 1",
    "%%kql\nprint 1\n;\n",
    "%%kql\nprint 1\n;",
    "%%kql x <<\nprint 1\n ; \n\n",
    "%%kql print 1;",
    "# comment\n%kql print 1;",
    "%kql --version;",
]


@pytest.mark.parametrize("cell", SILENT)
def test_a_last_semicolon_shows_nothing(cell: str, shell: Shell, capsys: pytest.CaptureFixture[str]) -> None:
    shell.run("%kql duckdb://")
    shell.ip.displayhook.prompt_end_newline = False  # type: ignore[attr-defined]
    capsys.readouterr()
    shell.run(cell)
    assert shell.shown == []
    assert capsys.readouterr().out == ""
    if "version" not in cell:
        assert shell.variables["_kql"][0][0] == 1


def test_a_semicolon_inside_a_text_is_none(shell: Shell, capsys: pytest.CaptureFixture[str]) -> None:
    shell.run("%kql duckdb://")
    value = shell.run("%kql print 'a;'")
    assert value[0][0] == "a;"
    assert "a;" in capsys.readouterr().out or shell.shown or value is not None


# --- the shape of cells ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "cell",
    [
        "%%kql print n = 1",
        "%%kql print n = 1\n",
        "# a comment\n# and another\n%%kql\nprint n = 1",
        "\n\n# a comment\n\n%%kql\nprint n = 1",
        "%%kql\n-display_limit 5\n-!feedback\nprint n = 1",
        "%%kql // a comment\nprint n = 1",
        "for i in range(1):\n    _value = %kql print n = 1\n_value",
    ],
)
def test_cells_that_kqlmagic_allows(cell: str, shell: Shell) -> None:
    shell.run("%kql duckdb://")
    shell.run(cell)
    assert shell.variables["_kql"].columns == {"n": "long"}


def test_carets_count_the_lines_of_the_cell(shell: Shell) -> None:
    shell.run("%kql duckdb://")
    with pytest.raises(errors.KqlQueryError) as caught:
        shell.run("# a comment\n%%kql\nprint 1\n\nprint 2\n| whre x")
    assert str(caught.value).splitlines()[1:3] == ["  line 6: | whre x", "            ^^^^"]


# --- errors ----------------------------------------------------------------------------------------------


def test_an_error_prints_its_lines_and_no_traceback(shell: Shell, capsys: pytest.CaptureFixture[str]) -> None:
    shell.run("%kql duckdb://")
    capsys.readouterr()
    shell.ip.run_cell("%%kql\nnope\n| take 5")
    printed = capsys.readouterr()
    assert (printed.out + printed.err).strip().splitlines() == [
        "KqlQueryError: There is no table 'nope'.",
        "  line 2: nope",
        "          ^^^^",
        "Hint: there are no tables",
    ]


BAD_CELLS: list[tuple[str, type[errors.KqlError], str, str]] = [
    ("%kql", errors.KqlCellError, "There is no query in this cell.", "write KQL, or %kql --help"),
    ("%%kql\n\n  \n", errors.KqlCellError, "There is no query in this cell.", "write KQL"),
    ("%%kql\n// only a comment\n", errors.KqlCellError, "There is no query in this cell.", "write KQL"),
    ("%kql -displya_limit 5 print 1", errors.KqlCellError, "There is no option -displya_limit.", "-display_limit?"),
    ("%kql --shcema", errors.KqlCellError, "There is no command --shcema.", "did you mean --schema?"),
    ("%kql -dl five print 1", errors.KqlCellError, "There is no variable five", "-display_limit takes a whole number"),
    ("%kql -dl 1.5 print 1", errors.KqlCellError, "-display_limit cannot be 1.5", "--help"),
    ("%kql -timeout 0 print 1", errors.KqlCellError, "it takes a whole number of at least 1, or none", "--help"),
    ("%kql -timespan 'last week' print 1", errors.KqlCellError, "-timespan cannot be 'last week'.", "write 1d"),
    ("%kql +a=1 +a=2 print 1", errors.KqlCellError, "+a is given twice.", "remove one of the two"),
    ("%kql --conn clientsecret='s3cr3t'", errors.KqlConnectionError, "is no open connection.", "open are Samples@"),
    ("%kql -type pandsa print 1", errors.KqlCellError, "-type cannot be pandsa.", "did you mean pandas?"),
    ("%kql kutso://x", errors.KqlConnectionError, "There is no service kutso://.", "did you mean 'kusto'?"),
    (
        "%kql kusto://clustre='help';database='x'",
        errors.KqlConnectionError,
        "Connections of kusto:// have no key clustre.",
        "did you mean 'cluster'?",
    ),
    ("%kql kusto://cluster='help'", errors.KqlConnectionError, "need a database", "database='...'"),
    (
        "%kql kusto://code;cluster='help';database='x';clientsecret='s3cr3t'",
        errors.KqlConnectionError,
        "clientsecret does not go with code",
        "take one of the two",
    ),
    (
        "%kql kusto://cluster='help';database='x';clientsecret='s3cr3t';clientid='i'",
        errors.KqlConnectionError,
        "needs tenant too",
        "add tenant='...'",
    ),
    ("%kql kusto://cluster=my_cluster;database='x'", errors.KqlCellError, "no variable my_cluster", "'my_cluster'"),
    ("%kql kusto://cluster=$NO_SUCH;database='x'", errors.KqlCellError, "variable NO_SUCH is not set", "NO_SUCH"),
    ("%kql loganalytics://workspace='x'", errors.KqlConnectionError, "'x' is neither the id nor", "Workspace ID"),
    ("%kql nope@nowhere", errors.KqlConnectionError, "nope@nowhere is no open connection.", "open are Samples@"),
    ("%kql duckdb:///no/such.duckdb", errors.KqlConnectionError, "There is no database file", "in memory"),
    ("%kql -tables no/*.csv", errors.KqlConnectionError, "There is no file no/*.csv", "paths are relative"),
    ("%kql -conn p.secret print 1", errors.KqlCellError, "There is no variable p", "'p.secret'"),
    ("%kql --config timeout=$X", errors.KqlCellError, "$X is no value for timeout", "seconds"),
    (
        "%kql Data Source=https://h;AppKey=s3cr3t",
        errors.KqlCellError,
        "is written as an address here",
        "https://cluster",
    ),
    ("%kql -conn=no_name print 1", errors.KqlCellError, "There is no variable no_name", "'no_name'"),
    ("%kql --close nope", errors.KqlConnectionError, "nope is no open connection.", "open are Samples@"),
    ("%kql --help nothing", errors.KqlCellError, "There is no help on nothing.", "topics are"),
    ("%kql --config nothing", errors.KqlCellError, "There is no setting nothing.", "--config"),
    ("%kql --config display_limit=many", errors.KqlCellError, "many is no value for display_limit", "rows"),
    ("%kql --schema Nope", errors.KqlResponseError, "does not say which tables", "address"),
    ("%%kql\n" + "x" * 10_000_000, errors.KqlCellError, "The cell holds 10,000,00", "put the data into a table"),
]


@pytest.mark.parametrize(
    ("cell", "kind", "message", "hint"), BAD_CELLS, ids=[case[0][:40].replace("\n", "⏎") for case in BAD_CELLS]
)
def test_bad_input_is_one_clear_error(
    cell: str, kind: type[errors.KqlError], message: str, hint: str, shell: Shell, kusto: KustoServer
) -> None:
    connect(shell, kusto)
    before = dict(shell.variables)
    connections = shell.text("%kql --conn")
    with pytest.raises(errors.KqlError) as caught:
        shell.run(cell)
    error = caught.value
    assert type(error) is kind
    assert message in error.message
    assert hint in error.hint
    assert "s3cr3t" not in str(error)
    assert {name: value for name, value in shell.variables.items() if not name.startswith("_")} == {
        name: value for name, value in before.items() if not name.startswith("_")
    }
    assert shell.text("%kql --conn") == connections
    assert all(request.csl.startswith(".show") for request in sent(kusto))
    kusto.on("print 1", v2(ONE))
    assert shell.run("%kql print 1")[0][0] == 1


def test_the_current_connection_was_closed(shell: Shell) -> None:
    """Others are open: none of them is taken in its place."""
    shell.run("%kql samples")
    shell.run("%kql duckdb://")
    shell.run("%kql --close")
    for cell in ("%kql print 1", "%kql --schema", "%kql -timespan P1D -split 1h T"):
        with pytest.raises(errors.KqlConnectionError, match="The current connection was closed") as caught:
            shell.run(cell)
        assert caught.value.hint == "switch to one that is open: %kql samples@local"
    assert shell.run("%kql samples@local print 1")[0][0] == 1


def test_a_connection_that_replaces_the_current_one_does_not_take_its_queries(shell: Shell, kusto: KustoServer) -> None:
    """-over opens one of the same name: the next cell is not sent to another database without a word."""
    shell.run(f"%kql kusto://cluster='{kusto.url}';database='one';alias='s'")
    shell.variables["others"] = [f"kusto://cluster='{kusto.url}';database='two';alias='s'"]
    shell.run("%kql -over others T")
    with pytest.raises(errors.KqlConnectionError, match="The current connection was closed"):
        shell.run("%kql T")


def test_nothing_connected(shell: Shell) -> None:
    with pytest.raises(errors.KqlConnectionError) as caught:
        shell.run("%kql print 1")
    assert caught.value.message == "Nothing is connected yet."
    assert "%kql samples" in caught.value.hint
    with pytest.raises(errors.KqlConnectionError, match="names no cluster, and no cluster is connected"):
        shell.run("%kql kusto://database='x'")


FAILED_CONNECTS = {
    "refused": (None, errors.KqlNetworkError),
    "401": (scripted.unauthorized(), errors.KqlAuthenticationError),
    "403": (scripted.forbidden(), errors.KqlAuthenticationError),
    "404": (scripted.not_found(), errors.KqlServiceError),
    "500": (scripted.internal_error(), errors.KqlServiceError),
    "not JSON": (scripted.not_json(), errors.KqlResponseError),
    "cut JSON": (scripted.cut_json(), errors.KqlResponseError),
}


@pytest.mark.parametrize("name", FAILED_CONNECTS)
def test_a_failed_connect_leaves_the_current_connection(name: str, shell: Shell, kusto: KustoServer) -> None:
    answer, kind = FAILED_CONNECTS[name]
    connect(shell, kusto)
    connections = shell.text("%kql --conn")
    with KustoServer() as other:
        url = other.url
        if answer is not None:
            other.on(lambda _: True, answer)
        else:
            other.close()
        with pytest.raises(errors.KqlError) as caught:
            shell.run(f"%kql kusto://anonymous;cluster='{url}';database='x'")
    assert type(caught.value) is kind
    assert shell.text("%kql --conn") == connections
    shell.run("%kql print 1")


# --- connections -----------------------------------------------------------------------------------------


def test_connections_by_every_form(shell: Shell, kusto: KustoServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KQLEXT_TEST_DATABASE", "FromEnvironment")
    shell.run(f"here = '{kusto.url}'; names = {{'db': ['Zero', 'Named']}}")
    shell.run(f"text = \"kusto://anonymous;cluster='{kusto.url}';database='FromVariable'\"")
    cluster = friendly(kusto.url)
    forms = {
        f"%kql {kusto.url}/Url": "Url",
        f"%kql kusto://{kusto.url.removeprefix('http://')}/Host": "Host",
        f"%kql azure_Data-Explorer://anonymous;cluster='{kusto.url}';database='Key'": "Key",
        f"%kql adx://anonymous().cluster('{kusto.url}').database('Function')": "Function",
        "%kql kusto://anonymous;cluster=here;database=names['db'][1]": "Named",
        "%kql kusto://anonymous;cluster=here;database=$KQLEXT_TEST_DATABASE": "FromEnvironment",
        "%kql kusto://anonymous;cluster=here;database='x';alias='short'": "short",
        "%kql -conn=text": "FromVariable",
        f"%kql \"kusto://anonymous;cluster='{kusto.url}';database='Quoted'\"": "Quoted",
        "%kql kusto://database='Inherited'": "Inherited",
        f"%kql Another@{cluster}": "Another",
        f"%kql short@{cluster}": "short",
    }
    for cell, name in forms.items():
        assert shell.text(cell) == f"Connected to {name}@{cluster} ({kusto.url}, anonymous)", cell
    assert shell.text("%kql --conn").count("* ") == 1
    shell.run(f"%kql Key@{cluster} print 1")
    assert kusto.requests[-1].database == "Key"
    assert shell.text(f"%kql --close Url@{cluster}") == f"Closed Url@{cluster}."
    assert shell.text("%kql --close *") == "Closed 10 connections."
    assert shell.text("%kql --conn") == "Nothing is connected: try %kql samples"


def test_a_second_database_in_memory_leaves_the_first(shell: Shell, tmp_path: Any) -> None:
    for name in ("a", "b"):
        (tmp_path / f"{name}.csv").write_text(f"{name}\n1\n")
        shell.run(f"%kql duckdb://?path={tmp_path}/{name}.csv")
    assert [line[2:].split(" ")[0] for line in shell.text("%kql --conn").splitlines()] == [
        "memory@local",
        "memory_2@local",
    ]
    assert shell.run("%kql memory@local a | count")[0][0] == 1


def test_a_table_of_the_notebook_does_not_join_one_of_a_service(shell: Shell, kusto: KustoServer) -> None:
    connect(shell, kusto)
    shell.run("import pandas as pd\nmydf = pd.DataFrame({'a': [1]})")
    query = "RemoteTable | join kind=inner (mydf) on a"
    message = "'join' operator: Failed to resolve table or column expression named 'mydf'"
    kusto.on(query, scripted.semantic_error("SEM0100", message))
    with pytest.raises(errors.KqlQueryError) as caught:
        shell.run(f"%kql {query}")
    assert caught.value.message == message
    hint = "mydf is a table of the notebook, which a service does not see: write let mydf = mydf; before the query"
    assert caught.value.hint.startswith(hint)
    assert caught.value.request_id


def test_what_was_answered_before_a_failure_is_shown(shell: Shell) -> None:
    shell.run("%kql samples")
    result = shell.ip.run_cell("%%kql\nprint a = 41\n\nprint nope")
    assert isinstance(result.error_in_exec, errors.KqlQueryError)
    assert "41" in shell.shown[-1]["text/plain"]


def test_an_interrupt_is_an_interrupt(shell: Shell) -> None:
    """A Ctrl-C while the engine works: KeyboardInterrupt, without our code in its traceback, and on it goes."""
    import _thread
    import threading

    shell.run("%kql duckdb://")
    many = "range {0} from 1 to 30000 step 1 | extend k = 1"
    query = (
        f"{many.format('x')} | join kind=inner ({many.format('y')}) on k | summarize c = count() by z = x * y % 1000003"
    )
    timer = threading.Timer(0.5, _thread.interrupt_main)
    timer.start()
    result = shell.ip.run_cell(f"%kql {query}")
    timer.cancel()
    assert isinstance(result.error_in_exec, KeyboardInterrupt)
    assert shell.run("%kql print 1")[0][0] == 1


def test_a_refused_setting_does_not_block_the_next_load(shell: Shell) -> None:
    shell.ip.run_cell("%config KqlMagics.display_limit = 'x'")
    with pytest.warns(UserWarning, match="Settings of KqlMagics are dropped"):
        shell.ip.run_cell("%reload_ext kqlext").raise_error()
    shell.run("%kql duckdb://")


def test_connecting_again_uses_the_open_connection(shell: Shell, kusto: KustoServer) -> None:
    for _ in range(3):
        shell.run(f"%kql {kusto.url}/Samples print 1")
    assert [request.csl for request in kusto.requests] == ["print kqlext=1", "print 1", "print 1", "print 1"]


def test_a_connection_is_not_validated_where_that_is_switched_off(shell: Shell, kusto: KustoServer) -> None:
    shell.run(f"%kql -!vc {kusto.url}/Samples")
    assert kusto.requests == []


def test_properties_and_timeout_are_sent(shell: Shell, kusto: KustoServer) -> None:
    connect(shell, kusto)
    shell.run("%kql -timeout 90 +notruncation=true +query_datascope='hotcache' print 1")
    expected = {"notruncation": True, "query_datascope": "hotcache", "servertimeout": "00:01:30"}
    assert {name: value for name, value in sent(kusto)[0].options.items() if "results" not in name} == expected


def test_a_timespan_that_does_nothing_is_said(shell: Shell, kusto: KustoServer) -> None:
    connect(shell, kusto)
    for connection in (f"Samples@{friendly(kusto.url)}", "duckdb://"):
        shell.run(f"%kql {connection} -timespan P1D print 1")
        assert shell.variables["_kql"].warnings[0].startswith("-timespan did nothing: ")


def test_a_cloud_makes_the_address(shell: Shell) -> None:
    shell.run("%kql --config cloud=usgovernment")
    shell.run("%kql -!vc kusto://anonymous;cluster='mine';database='x'")
    assert "https://mine.kusto.usgovcloudapi.net" in shell.text("%kql --conn")


def test_databases_of_aria(shell: Shell) -> None:
    shell.run("%config KqlMagics.validate_connection_string = False")
    shell.run("%kql aria://database='first';anonymous")
    shell.run("%kql second@aria")
    listed = shell.text("%kql --conn")
    assert "first@aria (https://kusto.aria.microsoft.com, anonymous)" in listed
    assert "* second@aria (https://kusto.aria.microsoft.com, anonymous)" in listed


def test_a_database_of_the_current_cluster_is_in_its_cloud(shell: Shell) -> None:
    shell.run("%config KqlMagics.validate_connection_string = False")
    shell.run("%kql -cloud china kusto://cluster='mine';database='first'")
    shell.run("%kql -cloud usgovernment kusto://database='second'")
    assert "second@mine_kusto_chinacloudapi_cn" in shell.text("%kql --conn")
    assert "usgovcloudapi" not in shell.text("%kql --conn")


# --- settings and help -----------------------------------------------------------------------------------


def test_settings_of_the_session(shell: Shell) -> None:
    shell.run("%kql duckdb://")
    shell.run("%config KqlMagics.display_limit = 2")
    assert "2 of 5 rows" in shell.text("%kql range x from 1 to 5 step 1")
    assert "3 of 5 rows" in shell.text("%kql -dl 3 range x from 1 to 5 step 1")
    assert shell.run("%kql --config dl=1") == {"display_limit": 1}
    assert "1 of 5 rows" in shell.text("%kql range x from 1 to 5 step 1")
    assert "\n5 rows" in shell.text("%kql -display_limit none range x from 1 to 5 step 1")
    shell.run("limit = 4")
    assert "4 of 5 rows" in shell.text("%kql -dl=limit range x from 1 to 5 step 1")


def test_help_names_every_option_and_command(shell: Shell) -> None:
    from kqlext.options import COMMANDS, OPTIONS

    shown = shell.text("%kql --help")
    for option in OPTIONS:
        assert f"-{option.name}" in shown
        assert option.help in shown
    for command in COMMANDS:
        assert f"--{command.name}" in shown
    assert shell.text("%kql --help options") in shown


def test_version(shell: Shell) -> None:
    import kqlext

    assert shell.text("%kql --version").startswith(f"kqlext {kqlext.__version__}\nipython ")


def test_schema(shell: Shell, duckdb_kql_url: str) -> None:
    shell.run("%kql samples")
    assert shell.run("%kql --schema")["StormEvents"]["StormSummary"] == "dynamic"
    assert shell.text("%kql --schema Heartbeat").splitlines()[0] == "TenantId: string"
    shell.run(f"%kql {duckdb_kql_url}/memory .set-or-replace Made <| print a = 1, b = 'x'")
    assert dict(shell.run("%kql --schema Made")) == {"a": "long", "b": "string"}


def test_schema_as_json(shell: Shell, kusto: KustoServer) -> None:
    import json

    connect(shell, kusto)
    tables = {"T": {"OrderedColumns": [{"Name": "a", "CslType": "long"}, {"Name": "b", "Type": "System.SByte"}]}}
    text = json.dumps({"Databases": {"Samples": {"Tables": tables}}})
    spec = TableSpec("Table_0", (("DatabaseSchema", "string"),), ((text,),))
    from servers.kusto_frames import v1

    kusto.on(".show database ['Samples'] schema as json", v1(spec))
    assert dict(shell.run("%kql --schema")) == {"T": {"a": "long", "b": "bool"}}


# --- loading ---------------------------------------------------------------------------------------------


@pytest.fixture
def plain_shell() -> Iterator[Any]:
    config = Config()
    config.HistoryManager.enabled = False
    yield InteractiveShell(config=config)
    InteractiveShell.clear_instance()


def test_unloading_leaves_the_shell_as_it_was(plain_shell: Any) -> None:
    def state() -> tuple[Any, ...]:
        manager = plain_shell.magics_manager
        return (
            sorted(manager.magics["line"]), sorted(manager.magics["cell"]), sorted(manager.registry),
            len(plain_shell.input_transformers_cleanup), len(plain_shell.input_transformers_post),
            len(plain_shell.configurables),
        )  # fmt: skip

    plain_shell.run_cell("%load_ext autoreload").raise_error()
    before = state()
    for _ in range(2):
        plain_shell.run_cell("%load_ext kqlext").raise_error()
        plain_shell.run_cell("%kql duckdb://").raise_error()
        plain_shell.run_cell("%unload_ext kqlext").raise_error()
    assert state() == before
    plain_shell.run_cell("%load_ext kqlext").raise_error()
    plain_shell.run_cell("%reload_ext kqlext").raise_error()
    plain_shell.run_cell("%kql duckdb://").raise_error()


def test_unloading_leaves_no_trace(plain_shell: Any) -> None:
    """Everything that IPython lets an extension add to, of which kqlext uses some."""

    def state() -> dict[str, Any]:
        callbacks = plain_shell.events.callbacks
        return {
            "events": {event: list(functions) for event, functions in callbacks.items()},
            "ast": list(plain_shell.ast_transformers),
            "cleanup": list(plain_shell.input_transformers_cleanup),
            "post": list(plain_shell.input_transformers_post),
            "matchers": list(plain_shell.Completer.custom_matchers),
            "errors": plain_shell.custom_exceptions,
            "formatters": {
                name: (dict(formatter.type_printers), dict(formatter.deferred_printers))
                for name, formatter in plain_shell.display_formatter.formatters.items()
            },
            "classes": [type(configurable) for configurable in plain_shell.configurables],
            # Answers stay: their names begin with an underscore.
            "names": {name for name in plain_shell.user_ns if not name.startswith("_")},
            "settings": dict(plain_shell.config),
        }

    # IPython makes some of its own parts when they are first used.
    plain_shell.run_cell("%load_ext autoreload\n%config").raise_error()
    before = state()
    for cell in ("%load_ext kqlext", "%kql duckdb://", "%kql print 1", "%config KqlMagics.display_limit = 3",
                 "%kql nonsense |", "%unload_ext kqlext"):  # fmt: skip
        plain_shell.run_cell(cell)
    after = state()
    after["settings"].pop("KqlMagics", None)  # %config writes it: it is the user's
    assert after == before


def test_a_stand_in_for_a_lazy_magic_is_no_other_magic(plain_shell: Any) -> None:
    plain_shell.magics_manager.register_lazy("kql", "kqlext")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        plain_shell.run_line_magic("kql", "duckdb://")


def test_another_magic_of_that_name_is_said(plain_shell: Any) -> None:
    plain_shell.register_magic_function(lambda _: None, "line", "kql")
    with pytest.warns(UserWarning, match="kqlext takes it over"):
        plain_shell.extension_manager.load_extension("kqlext")


def test_two_shells_share_nothing() -> None:
    first = Shell()
    first.run("%kql duckdb://")
    second = Shell()
    assert second.text("%kql --conn") == "Nothing is connected: try %kql samples"
