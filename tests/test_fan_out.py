"""``-over``: one query on several connections, through the magic against real services."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import Shell
from servers import kusto as kusto_server
from servers import monitor
from servers.kusto import KustoServer
from servers.monitor import MonitorServer

from kqlext import errors

WORKSPACES = [monitor.WORKSPACE, monitor.OTHER_WORKSPACE, monitor.THIRD_WORKSPACE]
QUERY = "SigninLogs | where ResultType == '50126' | summarize n = count() by IPAddress | top 1 by n"


@pytest.fixture
def server() -> Iterator[MonitorServer]:
    with MonitorServer() as running:
        yield running


@pytest.fixture
def three(shell: Shell, server: MonitorServer) -> Shell:
    """A shell with three workspaces open: a, b and c."""
    for name, workspace in zip("abc", WORKSPACES, strict=True):
        shell.run(f"%kql -!vc loganalytics://workspace='{workspace}';alias='{name}';datasourceurl='{server.url}'")
    return shell


def is_b(request: monitor.Request) -> bool:
    return request.source == WORKSPACES[1]


def test_rows_of_all_with_the_name_of_each(three: Shell, server: MonitorServer) -> None:
    result = three.run(f"%kql -over a,b,c@loganalytics {QUERY}")
    sources = ["a@loganalytics", "b@loganalytics", "c@loganalytics"]
    assert result.columns == {"Connection": "string", "IPAddress": "string", "n": "long"}
    assert [tuple(row) for row in result] == [(source, "203.0.113.57", 66) for source in sources]
    assert result.warnings == ()
    assert not result.partial
    assert sorted(result.statistics) == sources
    ids = {request.client_request_id for request in server.requests if request.query == QUERY}
    assert len(ids) == 3
    assert "a@loganalytics, b@loganalytics, c@loganalytics" in three.text("_kql")


def test_a_source_that_fails_is_a_loud_warning(three: Shell, server: MonitorServer) -> None:
    """Issue 3, "Done when" 3."""
    server.on(is_b, monitor.insufficient_access())
    result = three.run(f"%kql -over a,b,c {QUERY}")
    assert [row["Connection"] for row in result] == ["a@loganalytics", "c@loganalytics"]
    assert result.partial
    (warning,) = result.warnings
    assert warning.startswith("b@loganalytics failed, its rows are missing: InsufficientAccessError: ")
    assert "Log Analytics Reader" in warning
    html = three.ip.display_formatter.format(result)[0]["text/html"]
    assert html.index("b@loganalytics failed") < html.index("<table>")


def test_strict_makes_it_an_error(three: Shell, server: MonitorServer) -> None:
    server.on(is_b, monitor.insufficient_access())
    with pytest.raises(errors.KqlAuthenticationError, match="insufficient access") as caught:
        three.run(f"%kql -strict -over a,b,c got << {QUERY}")
    assert str(caught.value).startswith("b@loganalytics: InsufficientAccessError: ")
    assert "got" not in three.variables


def test_all_that_fail_alike_are_one_error_with_its_place(three: Shell) -> None:
    with pytest.raises(errors.KqlQueryError) as caught:
        three.run("%%kql -over a,b,c\nSigninLogs\n| where Nope == 1")
    assert "@loganalytics" not in str(caught.value)
    assert "Nope" in str(caught.value)


def test_all_that_fail_otherwise_are_named(three: Shell, server: MonitorServer) -> None:
    server.on(is_b, monitor.insufficient_access())
    server.on(lambda request: request.source != WORKSPACES[1], monitor.internal_error())
    with pytest.raises(errors.KqlServiceError) as caught:
        three.run(f"%kql -over a,b,c {QUERY}")
    assert caught.value.source == "a@loganalytics"
    assert "b@loganalytics failed too: InsufficientAccessError" in caught.value.hint


def test_services_of_two_kinds(three: Shell, kusto: KustoServer) -> None:
    three.run(f"%kql -!vc kusto://cluster='{kusto.url}';database='db';alias='k'")
    result = three.run("%kql -over a,k print answer = 42")
    assert [row["answer"] for row in result] == [42, 42]


def test_the_current_connection_stays(three: Shell, server: MonitorServer) -> None:
    three.variables["all_of_them"] = [
        "a",
        f"loganalytics://workspace='{WORKSPACES[1]}';alias='later';datasourceurl='{server.url}'",
    ]
    result = three.run(f"%kql -over all_of_them {QUERY}")
    assert [row["Connection"] for row in result] == ["a@loganalytics", "later@loganalytics"]
    assert "* c@loganalytics" in three.text("%kql --conn")


def test_a_variable_of_the_name_of_a_connection_is_no_list(three: Shell) -> None:
    three.variables["a"] = 5
    assert len(three.run(f"%kql -over a {QUERY}")) == 1


def test_named_connections_are_opened(
    three: Shell, server: MonitorServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    tables = [
        f"[connections.{name}]\nservice = 'loganalytics'\nworkspace = '{workspace}'\ndatasourceurl = '{server.url}'\n"
        for name, workspace in zip(("north", "south"), WORKSPACES, strict=False)
    ]
    (tmp_path / "kqlext.toml").write_text("default = 'nobody'\n" + "".join(tables))
    result = three.run(f"%kql -over @north,@south,a {QUERY}")
    assert [row["Connection"] for row in result] == ["north@loganalytics", "south@loganalytics", "a@loganalytics"]
    three.run("%kql --close *")
    assert len(three.run(f"%kql -over @north {QUERY}")) == 1


def test_a_named_connection_that_cannot_be_reached_is_a_warning_too(
    three: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is opened by -over itself, with the test query of connections switched on."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "kqlext.toml").write_text(
        f"[connections.down]\nservice = 'loganalytics'\nworkspace = '{WORKSPACES[0]}'\n"
        "datasourceurl = 'http://127.0.0.1:9'\n"
    )
    result = three.run(f"%kql -over a,@down {QUERY}")
    assert [row["Connection"] for row in result] == ["a@loganalytics"]
    assert result.warnings[0].startswith("down@loganalytics failed, its rows are missing: ")
    with pytest.raises(errors.KqlNetworkError, match="down@loganalytics: "):
        three.run(f"%kql -strict -over a,@down {QUERY}")
    assert len(three.run(f"%kql {QUERY}")) == 1


def test_a_name_of_a_connection_and_of_a_list_is_neither(three: Shell, server: MonitorServer) -> None:
    three.variables["a"] = ["b", "c"]
    before = len(server.requests)
    with pytest.raises(errors.KqlCellError, match="-over a: a@loganalytics is open, and a list of the notebook") as got:
        three.run(f"%kql -over a {QUERY}")
    assert got.value.hint == "write a@loganalytics for the connection, or rename the variable"
    assert len(server.requests) == before
    assert three.run(f"%kql -over a@loganalytics {QUERY}")[0]["Connection"] == "a@loganalytics"


@pytest.mark.parametrize("value", [[], ["a", 5], "a", ("a", None)])
def test_a_variable_that_holds_no_names(three: Shell, value: object) -> None:
    three.variables["names"] = value
    with pytest.raises(errors.KqlCellError, match="the variable names is no list of names"):
        three.run(f"%kql -over names {QUERY}")


def test_several_tables_meet_by_their_place(shell: Shell) -> None:
    shell.run("%kql duckdb://")
    first = shell.text("%kql --conn").split()[1]
    shell.run("%kql samples")
    result = shell.run(f"%kql -over {first},samples print x = 1; print y = 'a'")
    assert [[tuple(row.values()) for row in table.to_arrow().to_pylist()] for table in result.tables] == [
        [(first, 1), ("samples@local", 1)],
        [(first, "a"), ("samples@local", "a")],
    ]


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        ("%kql -over a,nobody print 1", "nobody is no open connection"),
        ("%kql -over a,a@loganalytics print 1", "-over names a@loganalytics twice"),
        ("%kql -over a, print 1", "-over has an empty name"),
        ("%kql b@loganalytics -over a print 1", "names a connection, and others with -over"),
        ("%kql -over a -conn b@loganalytics print 1", "names a connection, and others with -over"),
    ],
)
def test_refused_before_anything_is_sent(three: Shell, server: MonitorServer, cell: str, message: str) -> None:
    before = len(server.requests)
    with pytest.raises(errors.KqlError, match=message):
        three.run(cell)
    assert len(server.requests) == before


def test_strict_refuses_a_partial_answer(shell: Shell, kusto: KustoServer) -> None:
    from servers.kusto_frames import TableSpec, one_api_error, v2

    table = TableSpec("PrimaryResult", (("n", "long"),), ((1,),))
    kusto.on("T", kusto_server.Answer(v2(table, errors=[one_api_error("E_QUERY_RESULT_SET_TOO_LARGE", "too large")])))
    shell.run(f"%kql {kusto.url}/db")
    assert shell.run("%kql T").partial
    with pytest.raises(errors.KqlPartialResultError, match="too large") as caught:
        shell.run("%kql -strict T")
    assert caught.value.request_id == kusto.requests[-1].client_request_id
    shell.run("%config KqlMagics.strict = True")
    with pytest.raises(errors.KqlPartialResultError):
        shell.run("%kql T")
    assert len(shell.run("%kql -!strict T")) == 1
