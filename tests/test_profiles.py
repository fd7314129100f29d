"""Named connections as a user writes them: in real files, a real environment, and cells that use them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import Shell
from servers.identity import TENANT, Application
from servers.kusto import KustoServer
from servers.monitor import WORKSPACE, MonitorServer
from servers.world import SECRET, World

from kqlext import errors
from kqlext.connections import named, profiles
from kqlext.connections.profile_files import sources
from kqlext.connections.strings import ConnectionSpec
from kqlext.session import Session
from kqlext.settings import effective
from kqlext.surroundings import Surroundings, here

PLANTED = "Pl4nted~S3cret"


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with a folder of notebooks in it, where the kernel runs; the home and configuration are empty."""
    home = tmp_path / "home"
    folder = home / "project"
    (folder / ".git").mkdir(parents=True)
    (folder / "notebooks").mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home / ".config"))
    monkeypatch.chdir(folder / "notebooks")
    return folder


@pytest.fixture
def monitor() -> Iterator[MonitorServer]:
    with MonitorServer() as running:
        yield running


def own_file(text: str) -> Path:
    path = Path("~/.config/kqlext/kqlext.toml").expanduser()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def found(name: str) -> ConnectionSpec:
    around = here()
    return profiles.find(name, sources(around)).resolved(around.environment)


def raised(shell: Shell, cell: str) -> errors.KqlError:
    with pytest.raises(errors.KqlError) as caught:
        shell.run(cell)
    return caught.value


# --- which definition counts -------------------------------------------------------------------------------


def test_the_nearest_definition_counts(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each source in turn defines the name; what is nearer wins, and the listing says what it hides."""
    table = "[connections.soc]\nservice = 'loganalytics'\nworkspace = '{}'\n"
    (project / "config.json").write_text(
        '{"tenant_id": "t", "subscription_id": "s", "resource_group": "r", "workspace_id": "json", '
        '"workspace_name": "soc"}'
    )
    assert found("soc").get("workspace") == "json"
    (project / "notebooks" / "msticpyconfig.yaml").write_text(
        "AzureSentinel: {Workspaces: {soc: {WorkspaceId: yaml, TenantId: t}}}"
    )
    assert found("soc").get("workspace") == "yaml"
    own_file(table.format("own"))
    assert found("soc").get("workspace") == "own"
    (project / "pyproject.toml").write_text(table.format("pyproject").replace("[conn", "[tool.kqlext.conn"))
    assert found("soc").get("workspace") == "pyproject"
    (project / "kqlext.toml").write_text(table.format("project"))
    assert found("soc").get("workspace") == "project"
    (project / "notebooks" / "kqlext.toml").write_text(table.format("near"))
    assert found("SOC").get("workspace") == "near"
    monkeypatch.setenv("KQLEXT_CONNECTION_SOC", "loganalytics://workspace='variable'")
    assert found("soc").get("workspace") == "variable"
    lines = list(named.listing_lines(here()))
    places = [
        "KQLEXT_CONNECTION_SOC", "kqlext.toml", "../kqlext.toml", "../pyproject.toml", "~/.config/kqlext/kqlext.toml",
        "msticpyconfig.yaml", "../config.json",
    ]  # fmt: skip
    assert [line.split("(")[1].removesuffix(")") for line in lines] == [
        places[0],
        *(f"{place}, but KQLEXT_CONNECTION_SOC comes first" for place in places[1:]),
    ]


def test_parents_count_up_to_the_one_with_git(project: Path) -> None:
    (project.parent / "kqlext.toml").write_text("[connections.outside]\nservice = 'samples'\n")
    (project / "kqlext.toml").write_text("[connections.inside]\nservice = 'samples'\n")
    assert profiles.names(sources(here())) == ["inside"]
    (project / ".git").rmdir()
    assert profiles.names(sources(here())) == []


def test_a_pyproject_without_us_is_none_of_our_business(project: Path) -> None:
    (project / "pyproject.toml").write_text("this is [no TOML")
    assert list(named.listing_lines(here())) == []


# --- in cells --------------------------------------------------------------------------------------------


def test_a_name_connects(project: Path, shell: Shell, kusto: KustoServer) -> None:
    cluster = kusto.url.removeprefix("http://").replace(".", "_").replace(":", "_")
    (project / "kqlext.toml").write_text(
        f"[connections.my-adx]\nservice = 'kusto'\ncluster = '{kusto.url}'\ndatabase = 'Samples'\n"
        f"[connections.'two words']\nconnection = \"kusto://cluster='{kusto.url}';database='Other'\"\n"
        "[connections.lab]\nservice = 'samples'\nalias = 'mine'\n"
    )
    done = f"Connected to my-adx@{cluster} ({kusto.url}, anonymous)"
    assert shell.text("%kql @my-adx") == done
    assert shell.text("%kql @MY_ADX") == done
    assert shell.text("%kql -conn @my-adx") == done
    assert shell.text("%kql -conn='@my-adx'") == done
    shell.run("which = '@my-adx'")
    assert shell.text("%kql -conn which") == done
    assert shell.text("%kql @'two words'").startswith(f"Connected to two_words@{cluster}")
    assert shell.text('%kql @"two words"').startswith(f"Connected to two_words@{cluster}")
    assert shell.text(f"%kql my-adx@{cluster}") == done
    shell.run("%kql @'two words' print 1")
    shell.run("%%kql @my-adx\nprint 2")
    queries = [(request.database, request.csl) for request in kusto.requests if request.csl != "print kqlext=1"]
    assert queries == [("Other", "print 1"), ("Samples", "print 2")]
    assert shell.run("%kql @lab StormEvents | count")[0][0] == 59066
    assert shell.text("%kql mine@local") == "Connected to mine@local (the embedded sample database)"
    assert shell.text("%kql --conn").count("@local") == 1


def test_a_workspace_by_name(project: Path, shell: Shell, monitor: MonitorServer) -> None:
    (project / "kqlext.toml").write_text(
        f"[connections.soc]\nservice = 'loganalytics'\nworkspace = '{WORKSPACE}'\n"
        f"datasourceurl = '{monitor.url}'\nanonymous = true\n"
    )
    assert shell.run("%kql @soc SigninLogs | where ResultType == '50126' | count")[0][0] == 148
    assert shell.text("%kql soc@loganalytics").startswith("Connected to soc@loganalytics")


def test_a_secret_of_the_environment_signs_in(world: World, shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file of the user's own: it may name another authority."""
    monkeypatch.chdir(world.home)
    path = world.home / ".config" / "kqlext" / "kqlext.toml"
    path.parent.mkdir(parents=True)
    path.write_text(
        f"[connections.app]\nservice = 'kusto'\ncluster = '{world.kusto.url}'\ndatabase = 'Samples'\n"
        f"clientid = 'app'\ntenant = '{TENANT}'\nclientsecret = '$APP_SECRET'\naadurl = '{world.identity.url}'\n"
    )
    error = raised(shell, "%kql @app")
    assert error.message == (
        ".config/kqlext/kqlext.toml, line 7, connections.app.clientsecret: "
        "the environment variable APP_SECRET is not set."
    )
    world.identity.applications["app"] = Application(secret=SECRET)
    monkeypatch.setenv("APP_SECRET", SECRET)
    assert shell.text("%kql @app").startswith("Connected to app@127_0_0_1")
    assert world.tokens()
    assert SECRET not in shell.text("%kql --conn")


def test_files_are_relative_to_the_file_that_names_them(project: Path, shell: Shell) -> None:
    (project / "logs").mkdir()
    (project / "logs" / "requests.csv").write_text("status\n200\n500\n")
    (project / "kqlext.toml").write_text(
        "[connections.logs]\nservice = 'duckdb'\npath = ['logs/*.csv', 'again=logs/requests.csv']\n"
    )
    assert shell.run("%kql @logs requests | union again | count")[0][0] == 4


def test_an_ini_file(project: Path, shell: Shell, kusto: KustoServer) -> None:
    ini = f"[SQL]\nDriver = x\n[KUSTO-DSN]\nCLUSTER = {kusto.url}\nData_Base = 'Samples'\nanonymous =\nalias =\n"
    (project / "notebooks" / "odbc.ini").write_text(ini)
    assert shell.text("%kql [KUSTO-DSN]").startswith("Connected to KUSTO-DSN@127_0_0_1")
    shell.run("%kql [ kusto_dsn ] print 1")
    assert kusto.requests[-1].csl == "print 1"
    (project / "other.ini").write_text(ini.replace("KUSTO-DSN", "elsewhere"))
    assert shell.text("%kql -dsn_filename '../other.ini' [elsewhere]").startswith("Connected to elsewhere@")
    assert shell.text("%kql -df ../other.ini [elsewhere]").startswith("Connected to elsewhere@")
    error = raised(shell, "%kql -df none.ini [elsewhere] print 1")
    assert error.message == "[elsewhere] is looked for in none.ini, which is not there."
    assert raised(shell, "%kql [SQL]").message == (
        "odbc.ini, line 1, SQL: this section has none of database, appid, workspace, folder."
    )
    error = raised(shell, "%kql [KUSTO-DNS]")
    assert (error.message, error.hint) == ("odbc.ini has no section [KUSTO-DNS].", "did you mean 'KUSTO-DSN'?")


def test_a_name_that_is_not_there(project: Path, shell: Shell) -> None:
    error = raised(shell, "%kql @soc T")
    assert type(error) is errors.KqlConnectionError
    assert (error.message, error.hint) == ("There is no connection named soc.", "nothing here defines one")
    (project / "kqlext.toml").write_text(
        "[connections.soc]\nservice = 'samples'\n[connections.'a b']\nservice='samples'"
    )
    error = raised(shell, "%kql @scoc T")
    assert error.hint == "did you mean '@soc'? (looked in ../kqlext.toml)"
    assert raised(shell, "%kql @zzz").hint == "there is @soc, @'a b'; looked in ../kqlext.toml"
    error = raised(shell, "%kql @soc|count")
    assert error.message == "A named connection is written @name or @'name with spaces'."
    assert raised(shell, "%kql @'soc").message == error.message
    assert shell.text("%kql --conn").startswith("Nothing is connected.\n")


def test_the_listing(project: Path, shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    assert shell.text("%kql --conn") == "Nothing is connected: try %kql samples"
    monkeypatch.setenv("KQLEXT_CONNECTION_ENV_ONE", f"kusto://cluster='c';database='d';token='{PLANTED}'")
    (project / "kqlext.toml").write_text(
        f"[connections.app]\nservice = 'loganalytics'\nworkspace = 'w'\nclientsecret = '{PLANTED}'\n"
        f"[connections.'my <b>lab</b>']\nservice = 'samples'\n[connections.bad]\nservice = 'loganalytcs'\n"
        f"[connections.web]\nservice = 'kusto'\ncluster = 'https://me:{PLANTED}@host'\ndatabase = 'd'\n"
    )
    own_file("[connections.app]\nservice = 'samples'\n")
    Path("msticpyconfig.yaml").write_text(f"AzureSentinel: [{PLANTED}")
    shell.run("%kql samples")
    assert shell.text("%kql --conn").splitlines() == [
        "* samples@local (the embedded sample database)",
        "Named connections:",
        "  @env_one  azuredataexplorer://cluster='c';database='d';token='…'  (KQLEXT_CONNECTION_ENV_ONE)",
        "  @app  loganalytics://workspace='w';clientsecret='…'  (../kqlext.toml)",
        "  @'my <b>lab</b>'  samples://  (../kqlext.toml)",
        "  @bad  cannot be used: ../kqlext.toml, line 8, connections.bad.service: there is no such service.  "
        "(../kqlext.toml)",
        "  @web  azuredataexplorer://cluster='https://" + "…" * len(f"me:{PLANTED}") + "@host';database='d'  "
        "(../kqlext.toml)",
        "  @app  samples://  (~/.config/kqlext/kqlext.toml, but ../kqlext.toml comes first)",
        "  cannot be used: msticpyconfig.yaml, line 1, column 31: this is no YAML.  (msticpyconfig.yaml)",
    ]
    assert shell.text("%kql --conn @APP") == (
        "@app  loganalytics://workspace='w';clientsecret='…'  (../kqlext.toml, line 1, connections.app)"
    )
    assert shell.text("%kql --conn @'my <b>lab</b>'").startswith("@'my <b>lab</b>'  samples://")
    html = shell.ip.display_formatter.format(shell.run("%kql --conn"))[0]["text/html"]
    assert "<b>" not in html
    assert PLANTED not in html
    assert raised(shell, "%kql --conn @nope").message == ("msticpyconfig.yaml, line 1, column 31: this is no YAML.")


def test_a_broken_file_stands_in_the_way_only_of_what_may_be_in_it(project: Path, shell: Shell) -> None:
    near = project / "notebooks" / "kqlext.toml"
    near.write_text("[connections.lab]\nservice = 'samples'\n")
    (project / "kqlext.toml").write_text(f"[connections.app]\nclientsecret = {PLANTED}\n")
    own_file("[connections.behind]\nservice = 'samples'\n")
    shell.run("%kql samples")
    shell.run("%kql @lab")
    error = raised(shell, "%kql @behind")
    assert error.message == "../kqlext.toml, line 2, column 16: this is no TOML: Invalid value."
    assert PLANTED not in str(error)


def test_a_connection_that_cannot_be_opened_says_where_it_is_defined(project: Path, shell: Shell) -> None:
    """What is wrong shows itself only when the service is made."""
    (project / "kqlext.toml").write_text(
        "[connections.soc]\nservice = 'loganalytics'\nworkspace = 'x'\n\n"
        "[connections.far]\nservice = 'kusto'\ncluster = 'https://kusto.example.com'\ndatabase = 'd'\n"
    )
    assert raised(shell, "%kql @soc").message.endswith("(It is defined in ../kqlext.toml, line 1, connections.soc.)")
    assert raised(shell, "%kql @far").message.endswith("(It is defined in ../kqlext.toml, line 5, connections.far.)")
    assert raised(shell, "%kql -over @far print 1").message.endswith("line 5, connections.far.)")
    (project / "notebooks" / "odbc.ini").write_text("[other]\nworkspace = y\n")
    assert raised(shell, "%kql [other]").message.endswith("(It is defined in odbc.ini, line 1, other.)")
    assert "defined" not in raised(shell, "%kql loganalytics://workspace='x'").message


def test_names_that_differ_in_case_only_are_two(project: Path) -> None:
    (project / "kqlext.toml").write_text(
        "[connections.lab]\nconnection = 'samples'\n[connections.LAB]\nconnection = 'duckdb://'\n"
    )
    assert [found(name).scheme for name in ("lab", "LAB", "Lab")] == ["samples", "duckdb", "samples"]
    assert not [line for line in named.listing_lines(here()) if "comes first" in line]


# --- the default connection --------------------------------------------------------------------------------


def test_the_default_connection(project: Path, shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    error = raised(shell, "%kql print 1")
    assert error.message == "Nothing is connected yet."
    assert "@" not in error.hint
    lab = "[connections.lab]\nservice = 'samples'\n"
    (project / "kqlext.toml").write_text(lab)
    assert raised(shell, "%kql print 1").hint == "connect first: %kql @lab (%kql --conn lists them), or %kql samples"
    assert raised(shell, "%kql --schema").hint == "connect first: %kql @lab (%kql --conn lists them), or %kql samples"
    (project / "kqlext.toml").write_text(f"default = 'lab'\n{lab}")
    said = "Connected to lab@local (the embedded sample database), the default connection of ../kqlext.toml"
    assert shell.text("%kql --schema StormEvents").splitlines()[0] == said
    assert shell.text("%kql print 1").count("Connected") == 0
    shell.run("%kql --close *")
    assert shell.text("%kql print 1").splitlines()[0] == said
    shell.run("%kql --close *")
    monkeypatch.setenv("KQLMAGIC_CONNECTION_STR", "duckdb://")
    assert shell.text("%kql print 1").splitlines()[0].endswith("the default connection of KQLMAGIC_CONNECTION_STR")
    shell.run("%kql --close *")
    monkeypatch.setenv("KQLEXT_CONNECTION", "@lab")
    assert shell.text("%kql print 1").splitlines()[0].endswith("the default connection of KQLEXT_CONNECTION")
    shell.run("%kql --close *")
    assert shell.text("%kql print 1;") == ""
    shell.run("%kql --close *")
    assert shell.text("%kql samples") == "Connected to samples@local (the embedded sample database)"


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("KQLEXT_CONNECTION", f"kusto://password={PLANTED};", "KQLEXT_CONNECTION: Connections of kusto://"),
        ("KQLEXT_CONNECTION", f"kusto://cluster=c;database='{PLANTED}'", "KQLEXT_CONNECTION: the value of cluster is"),
        ("KQLEXT_CONNECTION", PLANTED, "KQLEXT_CONNECTION: This is no connection"),
        ("KQLEXT_CONNECTION", "Samples@help", "KQLEXT_CONNECTION: this names an open connection."),
        ("KQLEXT_CONNECTION", "@nope", "KQLEXT_CONNECTION: There is no connection named nope."),
        ("KQLEXT_CONNECTION", "duckdb:///no.duckdb", "(It is the default connection of KQLEXT_CONNECTION.)"),
        ("default", "default = 'nope'", "../kqlext.toml, line 1, default: There is no connection named nope."),
        ("default", "\ndefault = 5", "../kqlext.toml, line 2, default: this is no name of a connection."),
        ("default", f"default = 'kusto://{PLANTED}'", "../kqlext.toml, line 1, default: this is no name"),
    ],
)
def test_a_wrong_default(
    name: str, text: str, message: str, project: Path, shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    if name == "default":
        (project / "kqlext.toml").write_text(text)
    else:
        monkeypatch.setenv(name, text)
    for cell in ("%kql print 1", "%kql --schema"):
        error = raised(shell, cell)
        assert message in error.message
        assert PLANTED not in str(error)
    assert shell.run("%kql samples print 1") is not None


def test_nothing_is_read_when_the_extension_is_loaded(project: Path, shell: Shell) -> None:
    (project / "kqlext.toml").write_text("settings = 5\ndefault = 5")
    shell.run("%reload_ext kqlext")
    assert shell.text("%kql --version").startswith("kqlext")


# --- what a project's files may not do ---------------------------------------------------------------------


def test_a_project_sends_no_variable_elsewhere(
    project: Path, shell: Shell, kusto: KustoServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where nobody signs in, any host is asked: it must not be told the variables of whoever opens the notebook."""
    monkeypatch.setenv("CLOUD_PASSWORD", PLANTED)
    table = (
        f"[connections.x]\nservice = 'kusto'\ncluster = '{kusto.url}'\ndatabase = '$CLOUD_PASSWORD'\nanonymous = true\n"
    )
    (project / "kqlext.toml").write_text(f"default = 'x'\n{table}")
    error = raised(shell, "%kql print 1")
    assert "files of a project cannot send a variable anywhere" in error.message
    assert kusto.requests == []


@pytest.mark.parametrize("key", ["trusted = true", "aadurl = 'https://login.example'", "aadurl = '$ELSEWHERE'"])
def test_a_project_sends_no_token_elsewhere(
    key: str, project: Path, shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A notebook's folder may be somebody else's work."""
    monkeypatch.setenv("ELSEWHERE", "https://login.example")
    table = f"[connections.x]\nservice = 'kusto'\ncluster = 'https://kusto.example'\ndatabase = 'd'\n{key}\n"
    (project / "kqlext.toml").write_text(table)
    error = raised(shell, "%kql -!vc @x")
    assert error.message == (
        f"../kqlext.toml, line 5, connections.x.{key.split(' ')[0]}: "
        "files of a project cannot say where else sign-ins may go."
    )
    own_file(table.replace("connections.x", "connections.y"))
    assert found("y")
    (project / "kqlext.toml").write_text(table.replace(key, "aadurl = 'https://login.microsoftonline.us/'"))
    assert found("x")


# --- for queries on several connections ----------------------------------------------------------------------


def test_a_session_gives_a_connection_by_its_name(project: Path) -> None:
    (project / "kqlext.toml").write_text("[connections.lab]\nservice = 'samples'\n")
    session = Session()
    options = effective([], {}, {}, {}, "")
    current = session.connect("duckdb://", options, {})
    lab = session.connection("@lab", options, {})
    assert lab.id == "lab@local"
    assert session.registry.current is current
    assert session.connection("lab", options, {}) is lab
    assert session.connection("lab@local", options, {}) is lab
    assert session.connection("@lab", options, {}) is lab
    assert session.connection("duckdb://", options, {}) is current
    assert session.registry.current is current
    with pytest.raises(errors.KqlConnectionError, match="There is no connection named nope"):
        session.connection("@nope", options, {})
    with pytest.raises(errors.KqlConnectionError, match="nope is no open connection"):
        session.connection("nope", options, {})
    session.close()


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("soc", "@soc"),
        ("a.b-c", "@a.b-c"),
        ("größe", "@größe"),
        ("a b", "@'a b'"),
        ("it's", '@"it\'s"'),
        ("a\nb", "@'a\\nb'"),
    ],
)
def test_names_are_written_as_a_cell_takes_them(name: str, shown: str) -> None:
    assert profiles.written(name) == shown


def test_paths_are_shown_short() -> None:
    around = Surroundings(Path("/a/b/c"), Path("/home/me"), Path("/home/me/.config"), {})
    shown = {
        "/a/b/c/x": "x",
        "/a/b/x": "../x",
        "/a/x": "../../x",
        "/home/me/y/x": "~/y/x",
        "/home/me/x": "~/x",
        "/z/x": "/z/x",
    }
    assert {path: around.shown(Path(path)) for path in shown} == shown
