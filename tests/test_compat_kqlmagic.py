"""The stand-in for Kqlmagic. Its use by msticpy 2.18 is run by scripts/msticpy."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import Shell
from servers.certificates import CertificateAuthority
from servers.kusto_frames import TableSpec
from servers.monitor import OTHER_WORKSPACE, WORKSPACE, MonitorServer
from servers.monitor_tables import TOO_LARGE, partial_error, tables

import kqlext
from kqlext import samples
from kqlext.compat import kqlmagic

ONE = TableSpec("PrimaryResult", (("n", "long"),), ((1,),))


@pytest.fixture
def kql(shell: Shell) -> Iterator[Callable[..., Any]]:
    """`Kqlmagic.kql` of a shell in which kqlext is loaded."""
    kqlmagic.install()
    shell.run("from Kqlmagic import kql")
    yield shell.variables["kql"]
    kqlmagic.uninstall()


@pytest.fixture
def server(trusted: CertificateAuthority) -> Iterator[MonitorServer]:
    with MonitorServer(tls=trusted) as running:
        yield running


def raised(call: Callable[..., object], *arguments: object, **more: object) -> Exception:
    with pytest.raises(Exception) as caught:  # noqa: PT011 (the caller looks at it)
        call(*arguments, **more)
    return caught.value


# --- the package -----------------------------------------------------------------------------------------


def test_the_names_that_callers_import(kql: Callable[..., Any]) -> None:
    """As msticpy 2.18's kql_driver.py and kql_base.py do."""
    from Kqlmagic import kql as kql_exec
    from Kqlmagic import kql_stop
    from Kqlmagic.kql_engine import KqlEngineError
    from Kqlmagic.kql_proxy import KqlResponse
    from Kqlmagic.kql_response import KqlError
    from Kqlmagic.my_aad_helper import AuthenticationError
    from Kqlmagic.results import ResultSet

    assert kql_exec == kql
    assert callable(kql_stop)
    assert isinstance(kql("samples", options={"quiet": True}), type(None))
    assert isinstance(kql("print x = 1"), ResultSet)
    assert ResultSet is KqlResponse is kqlext.Result
    assert all(issubclass(kind, kqlext.KqlError) for kind in (KqlError, KqlEngineError, AuthenticationError))


@pytest.mark.usefixtures("kql")
def test_the_table_of_names_is_what_there_is() -> None:
    for module, names in kqlmagic.MODULES.items():
        assert set(names) <= set(dir(importlib.import_module(module)))
    with pytest.raises(ModuleNotFoundError):
        importlib.import_module("Kqlmagic.palette")


def test_the_extension_is_loaded_reloaded_and_unloaded(shell: Shell) -> None:
    shell.run("%unload_ext kqlext")
    kqlmagic.install()
    try:
        for line in ("%load_ext Kqlmagic", "%reload_ext Kqlmagic", "%reload_ext Kqlmagic"):
            assert shell.text(line) == ""
            assert shell.run("%kql -quiet samples StormEvents | count")[0][0] == 59_066
        shell.run("%unload_ext Kqlmagic")
        assert shell.ip.find_magic("kql") is None
    finally:
        kqlmagic.uninstall()


def test_kql_loads_the_magics_where_they_are_not(shell: Shell) -> None:
    shell.run("%unload_ext kqlext")
    kqlmagic.install()
    try:
        shell.run("from Kqlmagic import kql")
        assert shell.run("kql('samples StormEvents | count')")[0][0] == 59_066
        assert shell.run("%kql StormEvents | count")[0][0] == 59_066
    finally:
        kqlmagic.uninstall()


def test_it_is_loaded_beside_kqlext_without_a_word(kql: Callable[..., Any], shell: Shell) -> None:
    kql("samples")
    shell.run("%load_ext Kqlmagic")
    assert kql("--conn") == [" * samples@local"]


def test_uninstall_leaves_the_session_of_kqlext(kql: Callable[..., Any], shell: Shell) -> None:
    kql("samples")
    shell.run("%load_ext Kqlmagic")
    kqlmagic.uninstall()
    assert shell.run("%kql StormEvents | count")[0][0] == 59_066


@pytest.mark.usefixtures("shell")
def test_uninstall_leaves_nothing() -> None:
    before = list(sys.meta_path)
    kqlmagic.install()
    kqlmagic.install()
    importlib.import_module("Kqlmagic.results")
    kqlmagic.uninstall()
    kqlmagic.uninstall()
    assert sys.meta_path == before
    assert not [name for name in sys.modules if name.startswith("Kqlmagic")]
    with pytest.raises(ModuleNotFoundError):
        importlib.import_module("Kqlmagic")


@pytest.fixture
def real_kqlmagic(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A package of that name that is installed."""
    (tmp_path / "Kqlmagic").mkdir()
    (tmp_path / "Kqlmagic" / "__init__.py").write_text("real = True\n")
    monkeypatch.syspath_prepend(tmp_path)
    yield tmp_path
    kqlmagic.uninstall()
    sys.modules.pop("Kqlmagic", None)


@pytest.mark.usefixtures("real_kqlmagic")
def test_kqlmagic_itself_is_not_shadowed_without_a_word() -> None:
    error = raised(kqlmagic.install)
    assert "is installed here" in str(error)
    assert "install(replace=True)" in str(error)
    assert importlib.import_module("Kqlmagic").real


@pytest.mark.usefixtures("real_kqlmagic")
def test_kqlmagic_itself_is_replaced_when_told_so() -> None:
    kqlmagic.install(replace=True)
    assert not hasattr(importlib.import_module("Kqlmagic"), "real")


@pytest.mark.usefixtures("real_kqlmagic")
def test_kqlmagic_itself_is_not_replaced_once_it_is_imported() -> None:
    importlib.import_module("Kqlmagic")
    assert "restart the kernel" in str(raised(lambda: kqlmagic.install(replace=True)))


# --- what kql() gives -------------------------------------------------------------------------------------


def test_commands_give_values(kql: Callable[..., Any]) -> None:
    assert kql("--version")
    assert kql("--conn") == []
    kql("samples")
    kql("duckdb://")
    assert kql("--conn") == ["   samples@local", " * memory@local"]
    kql("samples@local")
    assert kql("--schema") == {name: dict(columns) for name, columns in samples.TABLES.items()}
    assert type(kql("--schema")) is dict


@pytest.mark.parametrize(
    ("written", "name", "before", "after"),
    [
        ("auto_dataframe=True", "auto_dataframe", False, True),
        ("display_limit=7", "display_limit", 50, 7),
        ("short_errors=False", "short_errors", True, False),
        ("request_user_agent_tag='MSTICPy2.18.0'", "request_user_agent_tag", "", "MSTICPy2.18.0"),
        ("short_errors = False ;", "short_errors", True, False),
        ("enable_add_items_to_help=True", "enable_add_items_to_help", False, True),
    ],
)
def test_settings_are_read_and_set(
    kql: Callable[..., Any], written: str, name: str, before: object, after: object
) -> None:
    assert kql(f"--config {name}") == {name: before}
    assert kql(f"--config {written}") == {name: after}
    assert kql(f"--config {name}") == {name: after}


def test_a_setting_that_there_is_not_is_a_value_error(kql: Callable[..., Any]) -> None:
    for text in ("--config nonsense", "--config nonsense=1"):
        error = raised(kql, text)
        assert isinstance(error, ValueError)
        assert isinstance(error, kqlmagic.KqlEngineError)


def test_a_query_gives_a_result_or_a_dataframe(kql: Callable[..., Any], shell: Shell) -> None:
    kql("samples")
    shell.shown = []
    query = "StormEvents\n| where State == 'TEXAS'\n| count\n;"
    assert kql(query)[0][0] == 4657
    assert shell.shown == []
    assert shell.variables["_kql_raw_result_"][0][0] == 4657
    kql("--config auto_dataframe=True")
    assert kql(query).iloc[0, 0] == 4657
    assert shell.run("%kql StormEvents | count").iloc[0, 0] == 59_066


@pytest.mark.parametrize("target", ["storms << StormEvents | count", "-o storms StormEvents | count"])
def test_an_answer_that_is_bound_is_given_too(kql: Callable[..., Any], shell: Shell, target: str) -> None:
    kql("samples")
    assert kql(target) is shell.variables["storms"]
    assert "storms: " in shell.shown[-1]["text/plain"]


def test_arguments_beside_the_text(kql: Callable[..., Any], server: MonitorServer) -> None:
    where = f"loganalytics://anonymous;workspace='{WORKSPACE}';datasourceurl='{server.url}'"
    result = kql(
        "let name = who;\nSigninLogs | where UserPrincipalName startswith name | count",
        options={"timeout": 77, "-validate_connection_string": False, "timespan": "2024-03-11/2024-03-18"},
        query_properties={"workspaces": [OTHER_WORKSPACE]},
        vars={"who": "jlind"},
        connection_string=where,
    )
    assert result[0][0] > 100
    (request,) = server.requests
    assert request.prefer["wait"] == "77"
    assert request.body["timespan"] == "2024-03-11/2024-03-18"
    assert request.body["workspaces"] == [OTHER_WORKSPACE]
    assert '"jlind"' in request.query


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"text": "print 1", "options": {"timeot": 5}}, "did you mean 'timeout'?"),
        ({"text": "print 1", "options": {"timeout": "soon"}}, "no value for the option timeout"),
        ({"text": "print 1", "options": {"timeout": 0}}, "at least 1"),
        ({"text": "samples print 1", "connection_string": "duckdb://"}, "keep one of the two"),
        ({"text": ""}, "There is no query"),
        ({"text": "--config try_token=nonsense"}, "is no dict"),
    ],
)
def test_arguments_that_are_wrong(kql: Callable[..., Any], arguments: dict[str, Any], said: str) -> None:
    error = raised(kql, **arguments)
    assert isinstance(error, kqlmagic.KqlEngineError)
    assert said in str(error)


# --- errors -----------------------------------------------------------------------------------------------


def test_what_a_service_answered_is_a_kql_error_with_json(kql: Callable[..., Any], server: MonitorServer) -> None:
    kql(f"loganalytics://anonymous;workspace='{WORKSPACE}';datasourceurl='{server.url}'")
    error = raised(kql, "SigninLogs | where Nobody == 1")
    assert isinstance(error, kqlmagic.KqlError)
    entry = json.loads(error.args[0])["error"]
    assert entry["code"] == "SEM0100"
    assert "Nobody" in entry["message"]
    assert isinstance(error.__cause__, kqlext.KqlQueryError)
    absent = WORKSPACE.replace("1", "9")
    error = raised(kql, f"loganalytics://anonymous;workspace='{absent}';datasourceurl='{server.url}'")
    assert isinstance(error, kqlmagic.KqlError)
    assert "code" in json.loads(error.args[0])["error"]


def test_an_error_keeps_its_place_and_hint(kql: Callable[..., Any]) -> None:
    kql("samples")
    error = raised(kql, "StormEvents | where Sttae == 'TEXAS'")
    assert isinstance(error, kqlmagic.KqlError)
    assert "^^^^^" in str(error)
    assert "did you mean 'State'?" in str(error)
    assert error._render_traceback_()[0] == "KqlError: There is no column 'Sttae'."


@pytest.mark.parametrize("text", ["kusto://cluster='http://127.0.0.1:9';database='x'", "nobody@nowhere print 1"])
def test_what_went_wrong_before_is_an_engine_error(kql: Callable[..., Any], text: str) -> None:
    assert isinstance(raised(kql, text), kqlmagic.KqlEngineError)


def test_a_partial_result_is_an_answer(kql: Callable[..., Any], server: MonitorServer) -> None:
    kql(f"loganalytics://anonymous;workspace='{WORKSPACE}';datasourceurl='{server.url}'")
    server.on("T", tables(ONE, error=partial_error(TOO_LARGE)))
    result = kql("T\n;")
    assert result.partial
    assert result.to_dataframe().n.tolist() == [1]


# --- tokens -----------------------------------------------------------------------------------------------


def connection(server: MonitorServer, workspace: str = WORKSPACE) -> str:
    """As msticpy writes it."""
    where = f"datasourceurl('{server.url}').trusted()"
    return f"loganalytics://code().tenant('7e57ab1e').workspace('{workspace}').{where}"


def set_token(kql: Callable[..., Any], token: str) -> object:
    entry = {"access_token": token, "token_type": "Bearer", "resource": "https://api.loganalytics.io/"}
    return kql(f"--config try_token={entry}")


def test_a_token_that_was_set_comes_before_code(kql: Callable[..., Any], server: MonitorServer) -> None:
    server.tokens = {"first", "second"}
    assert set_token(kql, "first") == {"try_token": "…"}
    kql(connection(server))
    assert kql("--conn") == [f" * {WORKSPACE}@loganalytics"]
    assert server.requests[-1].headers["Authorization"] == "Bearer first"
    assert "first" not in str(kql("--config try_token"))


def test_a_token_that_was_set_is_of_connections_that_name_no_way(
    kql: Callable[..., Any], server: MonitorServer
) -> None:
    server.keys = {"the-key"}
    server.tokens = {"first", "own"}
    set_token(kql, "first")
    where = f"loganalytics://workspace='{WORKSPACE}';datasourceurl='{server.url}'"
    kql("samples")
    for keys, header, value in (
        (";appkey='the-key'", "x-api-key", "the-key"),
        (";token='own';trusted", "Authorization", "Bearer own"),
        (";tenant='7e57ab1e';trusted", "Authorization", "Bearer first"),
        (";code;clientid='app';tenant='7e57ab1e';trusted", "Authorization", "Bearer first"),
    ):
        kql(f"{where};alias='a{len(keys)}'{keys}")
        assert server.requests[-1].headers[header] == value


def test_a_newer_token_is_of_the_same_connection(kql: Callable[..., Any], server: MonitorServer) -> None:
    server.tokens = {"first", "second", "other"}
    set_token(kql, "first")
    kql(connection(server))
    set_token(kql, "other")
    kql(connection(server, OTHER_WORKSPACE))
    set_token(kql, "second")
    kql(connection(server))
    assert len(kql("--conn")) == 2
    kql("Heartbeat | count\n;")
    assert server.requests[-1].headers["Authorization"] == "Bearer second"
    kql(f"{OTHER_WORKSPACE}@loganalytics Heartbeat | count\n;")
    assert server.requests[-1].headers["Authorization"] == "Bearer other"


def test_a_token_that_is_refused_is_an_authentication_error(kql: Callable[..., Any], server: MonitorServer) -> None:
    server.tokens = {"another"}
    set_token(kql, "SECRETtoken")
    error = raised(kql, connection(server))
    assert isinstance(error, kqlmagic.AuthenticationError)
    assert "SECRETtoken" not in f"{error} {error.args}"
    assert kql("--conn") == []


def test_stop_forgets_all(kql: Callable[..., Any], server: MonitorServer) -> None:
    server.tokens = {"first"}
    set_token(kql, "first")
    kql("--config short_errors=False")
    kql(connection(server))
    importlib.import_module("Kqlmagic").kql_stop()
    assert kql("--conn") == []
    assert kql("--config try_token") == {"try_token": None}
    assert kql("--config short_errors") == {"short_errors": True}


# --- without IPython ----------------------------------------------------------------------------------------

SCRIPT = """
from kqlext.compat import kqlmagic
kqlmagic.install()
import sys
assert not {"pandas", "pyarrow", "duckdb", "msticpy"} & set(sys.modules), "the stand-in imports what it need not"
from Kqlmagic import kql, kql_stop
assert kql("--version")
kql("samples")
kql("--config auto_dataframe=True")
print(kql("storms << StormEvents | count").iloc[0, 0], kql("StormEvents | count").iloc[0, 0])
kql_stop()
print(kql("--conn"))
kqlmagic.uninstall()
"""


def test_a_script_has_a_session_of_its_own(clean_environment: dict[str, str], tmp_path: Path) -> None:
    command = [sys.executable, "-c", SCRIPT]
    run = subprocess.run(command, env=clean_environment, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    assert run.stdout.splitlines()[-1] == "[]"
    assert "59066" in run.stdout
