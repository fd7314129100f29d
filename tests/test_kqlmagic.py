"""Kqlmagic's surface, row by row: what works is run, what does nothing says so once, a refusal says what to do."""

from __future__ import annotations

import copy
import pickle
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import kqlmagic_cases as cases
import pytest
from conftest import Shell
from kqlmagic_cases import BETTER, IS_REFUSED, NOTHING, WORKS, Row
from servers.certificates import CertificateAuthority, application_certificate
from servers.kusto import QUERY, KustoServer
from servers.monitor import APP, DEMO_KEY, OTHER_WORKSPACE, WORKSPACE, MonitorServer

from kqlext import connect, kqlmagic_names
from kqlext.cell import parse
from kqlext.errors import KqlCellError, KqlConversionError, KqlError, KqlNetworkError
from kqlext.kqlmagic_members import METHODS, REFUSED, VALUES
from kqlext.kqlmagic_names import foreign_commands, foreign_options
from kqlext.options import COMMANDS, OPTIONS, command_names, option_names
from kqlext.sections import sections
from kqlext.text import normalize_name

Write = Callable[[str], str]


@pytest.fixture(scope="module")
def kusto() -> Iterator[KustoServer]:
    with KustoServer() as server:
        server.samples = True
        yield server


@pytest.fixture(scope="module")
def monitor() -> Iterator[MonitorServer]:
    with MonitorServer() as server:
        yield server


@pytest.fixture(scope="module")
def notebook() -> Iterator[Shell]:
    """One session for all rows: what a row says once, or sets, is its own."""
    shell = Shell()
    yield shell
    shell.ip.run_cell("%unload_ext kqlext")
    type(shell.ip).clear_instance()


@pytest.fixture
def shell(notebook: Shell) -> Shell:
    """The session, on the sample database."""
    notebook.run("%kql samples;")
    return notebook


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the certificate of an application."""
    folder = tmp_path_factory.mktemp("kqlmagic")
    (folder / "app.pem").write_bytes(application_certificate()[0])
    return folder


@pytest.fixture
def write(kusto: KustoServer, monitor: MonitorServer, files: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Puts addresses, files and the query into a cell of the table."""
    (files / "odbc.ini").write_text(f"[LAB]\ncluster='{kusto.url}'\ndatabase='Samples'\nanonymous=\n")
    monkeypatch.setenv("KUSTO_CLUSTER", kusto.url)
    monkeypatch.setenv("PALETTE", "deep")
    places = {
        "kusto": kusto.url,
        "friendly": re.sub(r"\W", "_", kusto.url.partition("://")[2]),
        "monitor": monitor.url,
        "workspace": WORKSPACE,
        "other": OTHER_WORKSPACE,
        "app": APP,
        "demo_key": DEMO_KEY,
        "certificate": str(files / "app.pem"),
        "ini": str(files / "odbc.ini"),
        "folder": str(files / "recorded"),
    }

    def filled(text: str) -> str:
        for name, value in places.items():
            text = text.replace(f"{{{name}}}", value)
        return re.sub(r"(?<![\w'\"])T(?![\w'\"])", cases.T, text)

    return filled


def ids(row: Row) -> str:
    return row.name


def holds(shell: Shell, row: Row, cell: str, check: str = "") -> None:
    """Run a row's cell and ask what must be true then."""
    shell.variables["shown"] = shell.text(cell)
    shell.variables["r"] = shell.variables.get("_kql")
    assert shell.run(check or row.check) is True, f"{cell}\n{shell.variables['shown']}"


def is_refused(shell: Shell, row: Row, cell: str) -> None:
    with pytest.raises(KqlError) as caught:
        shell.run(cell)
    assert row.error in f"{caught.value.message} {caught.value.hint}"
    assert row.error


def does_nothing(shell: Shell, cell: str) -> None:
    """The cell says so once, and else does what it would do."""
    first, second = shell.text(cell), shell.text(cell)
    assert first.count("does nothing here") == 1
    assert "does nothing here" not in second


def is_so(shell: Shell, row: Row, cell: str) -> None:
    if row.status == IS_REFUSED:
        is_refused(shell, row, cell)
    elif row.status == NOTHING:
        does_nothing(shell, cell)
    else:
        holds(shell, row, cell)


# --- the tables ------------------------------------------------------------------------------------------


def test_the_table_has_every_option_and_command() -> None:
    assert len(cases.ALL_OPTIONS) == 91
    listed = {row.name for row in cases.OPTIONS}
    assert set(cases.ALL_OPTIONS) - listed == cases.LATER_OPTIONS
    assert listed - set(cases.ALL_OPTIONS) == {"plotly_config", "try_kqlmaic_sso"}  # settings without an option
    assert {row.name for row in cases.COMMANDS} == set(cases.ALL_COMMANDS) - cases.LATER_COMMANDS
    assert {row.status for row in cases.OPTIONS} == {WORKS, BETTER, NOTHING, IS_REFUSED}


def test_no_name_is_both_kqlext_s_and_foreign() -> None:
    assert not set(option_names()) & set(foreign_options())
    assert not set(command_names()) & set(foreign_commands())
    spellings = [normalize_name(name) for one in kqlmagic_names.OPTIONS for name in (one.name, *one.aliases)]
    own = [normalize_name(name) for one in OPTIONS for name in (one.name, *one.aliases)]
    assert len({*spellings, *own}) == len(spellings) + len(own)
    assert len(command_names()) == sum(1 + len(command.aliases) for command in COMMANDS)


def test_the_table_has_every_member() -> None:
    text = " ".join(row.name for row in cases.MEMBERS)
    assert not [name for name in (*VALUES, *METHODS, *REFUSED) if name not in text]


# --- rows ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("row", cases.CONNECTIONS, ids=ids)
def test_a_connection(row: Row, shell: Shell, write: Write) -> None:
    shell.run("%kql --close *")
    is_so(shell, row, write(row.cell))


@pytest.mark.parametrize("row", cases.CELLS, ids=ids)
def test_a_cell(row: Row, shell: Shell, write: Write) -> None:
    is_so(shell, row, write(row.cell))


@pytest.mark.parametrize("row", cases.OPTIONS, ids=ids)
def test_an_option(row: Row, shell: Shell, write: Write) -> None:
    is_so(shell, row, write(row.cell))


@pytest.mark.parametrize("row", [row for row in cases.OPTIONS if row.aliases], ids=ids)
def test_an_abbreviation(row: Row) -> None:
    names = {**option_names(), **foreign_options()}
    meant = {names[normalize_name(name)].name for name in (row.name, *row.aliases)}
    assert len(meant) == 1


@pytest.mark.parametrize("row", cases.COMMANDS, ids=ids)
def test_a_command(row: Row, shell: Shell, write: Write) -> None:
    is_so(shell, row, write(row.cell))


@pytest.mark.parametrize("row", cases.VARIABLES, ids=ids)
def test_a_variable(row: Row, shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in row.name.split(", "):
        monkeypatch.setenv(name, row.cell)
    if row.name == "KQLMAGIC_CONNECTION_STR":
        shell.run("%kql --close *;")
    if row.status == NOTHING:
        does_nothing(shell, "%kql print 1")
    else:
        holds(shell, row, f"%kql {cases.T}")


@pytest.mark.parametrize("row", cases.PROPERTIES, ids=ids)
def test_a_request_property_of_kusto(row: Row, shell: Shell, kusto: KustoServer) -> None:
    name = row.name.replace("...", "x")
    shell.run(f"%kql kusto://anonymous;cluster='{kusto.url}';database='Samples' -!vc +{name}={row.cell} print 1")
    *_, request = [request for request in kusto.requests if request.endpoint == QUERY]
    sent = request.options[name]
    assert str(sent).replace(" ", "").replace("'", '"').lower() in (row.cell.replace("'", "").lower(), "ahunt")


@pytest.mark.parametrize("row", cases.MONITOR_PROPERTIES, ids=ids)
def test_a_request_property_of_azure_monitor(row: Row, shell: Shell, write: Write, monitor: MonitorServer) -> None:
    where = "appinsights://appid='{app}'" if row.name == "applications" else "loganalytics://workspace='{workspace}'"
    shell.run(write(f"%kql {where};anonymous;datasourceurl='{{monitor}}' -!vc +{row.name}={row.cell} print 1"))
    assert row.check in monitor.requests[-1].body


@pytest.mark.parametrize("row", cases.LINKS, ids=ids)
def test_a_link(row: Row, shell: Shell, trusted: CertificateAuthority) -> None:
    with KustoServer(tls=trusted) as server:
        shell.variables["r"] = shell.run(f"%kql kusto://anonymous;cluster='{server.url}';database='Samples' print 1")
    assert shell.run(row.check) is True


@pytest.mark.parametrize("row", [row for row in cases.MEMBERS if row not in cases.LINKS], ids=ids)
def test_a_member(row: Row, shell: Shell, write: Write) -> None:
    shell.run(write(cases.MEMBER_CELL))
    shell.variables["r"] = shell.variables["_kql"]
    if row.status == IS_REFUSED:
        with pytest.raises((AttributeError, TypeError), match=row.error):
            shell.run(row.check)
    else:
        assert shell.run(row.check) is True


# --- what a row cannot tell ------------------------------------------------------------------------------


@pytest.mark.parametrize(("option", "hint"), cases.REFUSED_VALUES)
def test_a_refused_value(option: str, hint: str, shell: Shell) -> None:
    with pytest.raises(KqlCellError) as caught:
        shell.run(f"%kql {option} print 1")
    assert hint in f"{caught.value.message} {caught.value.hint}"


def test_what_goes_to_the_service(shell: Shell, kusto: KustoServer) -> None:
    shell.variables.update(p={"query_take_max_records": 5, "notruncation": True})
    shell.run(f"%kql {kusto.url}/Samples -query_properties=p -maxage=90 -idtag=hunt.1 +notruncation=false print 1")
    request = kusto.requests[-1]
    assert request.options["query_take_max_records"] == 5
    assert request.options["notruncation"] is False
    assert request.options["query_results_cache_max_age"] == "0:01:30"
    assert re.fullmatch(r"kqlext\.query;hunt\.1;[\w-]{36}", request.headers["x-ms-client-request-id"])


@pytest.mark.parametrize(
    "option", ["-idtag='a b'", "-idtag='a;b'", "-idtag=ü", "-query_properties=n", "-query_properties=[1]"]
)
def test_what_cannot_go_to_the_service(option: str, shell: Shell) -> None:
    shell.variables["n"] = 5
    with pytest.raises(KqlCellError) as caught:
        shell.run(f"%kql {option} print 1")
    assert caught.value.hint
    assert caught.value.span is not None


@pytest.mark.parametrize(
    ("written", "sent"),
    [("['a','b']", ["a", "b"]), ('["a", "b"]', ["a", "b"]), ("{'a': 1}", {"a": 1}), ("hotcache", "hotcache"), ("5", 5)],
)
def test_lists_and_dicts_as_python_writes_them(written: str, sent: object) -> None:
    (((_, value),)) = parse(f"+name={written} print 1").properties
    assert value == sent


@pytest.mark.parametrize("written", ["[a]", "{'a'", "(len)", "['a'", "[" * 3000 + "]" * 3000])
def test_a_list_that_is_none(written: str) -> None:
    with pytest.raises(KqlCellError) as caught:
        parse(f"+name={written}")
    assert caught.value.span is not None


def test_a_code_may_be_a_browser(shell: Shell) -> None:
    shell.run("%kql kusto://code;cluster='https://help.kusto.windows.net';database='a' -caim=auth_code -!vc")
    magics = shell.ip.magics_manager.registry["KqlMagics"]
    keys = dict(magics._pipeline.session.registry.current.spec.keys)
    assert "interactive" in keys
    assert "code" not in keys


def test_a_proxy(shell: Shell, kusto: KustoServer, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    asked = len(kusto.requests)
    with pytest.raises(KqlNetworkError):
        shell.run(f"%kql kusto://anonymous;cluster='{kusto.url}';database='Proxied' -timeout 1 print 1")
    assert len(kusto.requests) == asked


# --- %config Kqlmagic ------------------------------------------------------------------------------------


def test_settings_have_one_state(shell: Shell) -> None:
    shell.run("%config Kqlmagic.display_limit = 7")
    assert shell.run("%config KqlMagics.display_limit") == shell.run("%config Kqlmagic.display_limit") == 7
    shell.run("%config KqlMagics.display_limit = 50")
    assert shell.run("%config Kqlmagic.display_limit") == 50
    assert shell.run("%kql --config display_limit") == {"display_limit": 50}
    shell.run("%config Kqlmagic.plot_package = None")
    assert shell.run("%config KqlMagics.plot_package") == "none"
    shell.run("%config Kqlmagic.plot_package = 'plotly'")


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("auto_limit = 5", "write `| take N`"),
        ("nope = 5", "kqlext has no setting nope"),
        ("plotly_layout = {}", "write -plotly_layout there"),
        ("display_limit = 'many'", "display_limit"),
    ],
)
def test_a_setting_that_cannot_be(line: str, told: str, shell: Shell, caplog: pytest.LogCaptureFixture) -> None:
    before = shell.run("%kql --config").copy()
    shell.run(f"%config Kqlmagic.{line}")
    assert told in caplog.text
    assert shell.run("%kql --config") == before


def test_a_setting_that_does_nothing_says_so_once(shell: Shell) -> None:
    assert "show_init_banner, known from Kqlmagic, does nothing" in shell.text(
        "%config Kqlmagic.show_init_banner=False"
    )
    assert shell.text("%config Kqlmagic.show_init_banner=False") == ""


def test_the_help_of_the_settings(shell: Shell, capsys: pytest.CaptureFixture[str]) -> None:
    shell.run("%config Kqlmagic")
    assert "display_limit" in capsys.readouterr().out


def test_several_settings_that_do_nothing_are_one_line(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KQLMAGIC_CONFIGURATION", "show_init_banner=False;show_what_new=False;auto_limit=5")
    assert shell.text("%kql print 1").splitlines()[:2] == [
        "show_init_banner, show_what_new, known from Kqlmagic, do nothing here.",
        "auto_limit, known from Kqlmagic, does nothing here: rows would be dropped that were sent already. "
        "Instead: write `| take N` in the query, or -display_limit N.",
    ]


# --- results ---------------------------------------------------------------------------------------------


def test_columns_that_cannot_be_variables(shell: Shell) -> None:
    shell.variables.update(a="before")
    for query, message in [
        ("print a = 1, ['b c'] = 2", "no name for a variable"),
        ("print a = 1, list = 2", "builtin"),
    ]:
        with pytest.raises(KqlCellError, match=message):
            shell.run(f"%kql -c2lv {query}")
    assert shell.variables["a"] == "before"
    assert len(shell.variables["_kql"]) == 1


def test_a_result_again(shell: Shell, kusto: KustoServer) -> None:
    shell.run(f"%kql {kusto.url}/Samples")
    shell.variables["state"] = "TEXAS"
    result = shell.run("%kql -dl 1 let s = state; StormEvents | where State == s | summarize Storms = count() by State")
    shell.run("%kql samples;")
    shell.variables["state"] = "OHIO"
    other = result.submit(override_query_properties={"notruncation": True}, override_options={"dl": 5})
    assert (result[0]["State"], other[0]["State"]) == ("TEXAS", "OHIO")
    assert other.connection == result.connection  # which is not the current one any more
    assert (other.view.display_limit, result.view.display_limit) == (5, 1)
    assert kusto.requests[-1].options["notruncation"] is True
    assert result.submit(override_vars={"state": "IOWA"})[0]["State"] == "IOWA"
    assert result.submit(override_connection="samples").connection == "samples@local"
    assert result.refresh()[0]["State"] == "OHIO"
    with pytest.raises(KqlCellError, match="no option dll"):
        result.submit(override_options={"dll": 5})


def test_a_copy_of_a_result_leaves_the_notebook_behind(shell: Shell) -> None:
    result = shell.run("%kql print x = dynamic([1]), y = 'a'")
    for copied in (copy.deepcopy(result), pickle.loads(pickle.dumps(result))):
        assert copied.to_dict() == result.to_dict()
        assert copied.again is None
    assert result.submit().to_dict() == result.to_dict()


def test_a_result_of_no_cell_is_not_run_again() -> None:
    with connect("samples") as samples, pytest.raises(KqlConversionError, match="was not made by a cell"):
        samples.query("print 1").submit()


def test_the_answer_is_kept_on_request_only(shell: Shell, kusto: KustoServer) -> None:
    result = shell.run(f"%kql {kusto.url}/Samples print 1")
    with pytest.raises(KqlConversionError) as caught:
        _ = result.raw_json
    assert "-keep_raw" in caught.value.hint
    kept = shell.run("%kql -keep_raw .show tables")
    assert kept.raw_json["Tables"][0]["Rows"] == [[42]]
    with pytest.raises(AttributeError, match="a Result has no nope"):
        _ = result.nope
    assert "records_count" in dir(result)


def test_the_options_of_a_result_hold_no_secret(shell: Shell) -> None:
    shell.variables["t"] = {"access_token": "s3cr3t"}
    result = shell.run("%kql -try_token=t print 1")
    assert "s3cr3t" not in str(result.options)


# --- sections --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "body", "kinds"),
    [
        ("", "T\n| count\n\nT2", ["kql"]),
        ("T", "", ["kql"]),
        ("samples", "--schema", ["kql"]),
        ("", "--schema\n", ["line"]),
        ("", "T\n\n--x", ["kql"]),  # no command
        ("", "T | where a ==\n\n b % c", ["kql"]),
        ("", "print 5\n\n% 3", ["kql"]),
        ("", "print ```\n\n%pwd\n```", ["kql"]),
        ("", "print 'it''s'\n\n%pwd\n\nprint 2", ["kql", "line_magic", "kql"]),
        ("", "%pwd\n%pwd\nT", ["line_magic", "line_magic", "kql"]),
        ("", "T\n\n%%py\na = 1\n\n--schema\n%%kql\nT", ["kql", "python", "kql"]),
        ("", "T\n\n%%bash\necho 1\n\n%kql T", ["kql", "cell_magic"]),
        ("", "T\n\nloganalytics://workspace='w' T", ["kql", "kql"]),
        ("", "T\n\n-dl 5 T\n\n-pw\nT", ["kql", "kql", "kql"]),
    ],
)
def test_where_sections_begin(line: str, body: str, kinds: list[str]) -> None:
    assert [part.kind for part in sections(line, body)] == kinds


def test_an_error_in_a_section_has_its_line(shell: Shell) -> None:
    with pytest.raises(KqlError) as caught:
        shell.run("%%kql\nprint 1\n\n%pwd\n\nStormEvents\n| where Sttae == 1")
    assert "line 7" in str(caught.value)
    with pytest.raises(NameError):
        shell.run("%%kql\nprint 1\n\n%%py\nnope")


def test_what_was_answered_before_an_error_is_seen(shell: Shell) -> None:
    with pytest.raises(KqlError):
        shell.run("%%kql\nprint one = 1\n\n%kql print 2\n\n%kql prnt 3")
    assert [bundle["text/plain"].count("| one") for bundle in shell.shown] == [1, 0]


def test_variables_of_a_function(shell: Shell) -> None:
    shell.variables["state"] = "OHIO"
    query = "let s = state; StormEvents | where State == s | count"
    shell.run(f"def storms(state):\n    %kql found << {query}\n    return found[0][0]")
    assert shell.run("storms('TEXAS')") == 4657  # `found <<` binds in the notebook
    assert shell.run(f"%kql {query}")[0][0] == 1081
