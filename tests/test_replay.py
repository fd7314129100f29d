"""Answers recorded with -cache and played back with -use_cache and cache://, in real cells, against real servers."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from conftest import ROOT, Shell
from servers.kusto import KustoServer
from servers.kusto_frames import EVERY_TYPE, TableSpec, v2
from servers.monitor import OTHER_WORKSPACE, WORKSPACE, MonitorServer

from kqlext import connect, errors
from kqlext.connections.strings import ConnectionSpec, parse_connection
from kqlext.obfuscation import hides, obfuscated
from kqlext.recordings import Asked, normalized, recordings
from kqlext.result import Result

ONE = TableSpec("PrimaryResult", (("n", "long"),), ((1,),))
NONE = TableSpec("PrimaryResult", (("n", "long"),), ())
TWICE = TableSpec(
    "Odd", (("a", "long"), ("a", "string"), ("", "dynamic"), ("ü \"'", "real")), ((1, "x", {"k": [1]}, 0.5),)
)
PARTIAL = {"error": {"code": "LimitsExceeded", "message": "rows are missing", "@message": "rows are missing"}}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path / "hunt"


@pytest.fixture
def samples(shell: Shell, folder: Path) -> Shell:
    assert not folder.exists()
    shell.run("%kql samples")
    return shell


def manifests(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*/recording.json"))]


def same(one: Result, other: Result) -> None:
    """Two results hold and show the same; the caption differs."""
    assert [table.name for table in one.tables] == [table.name for table in other.tables]
    for mine, its in zip(one.tables, other.tables, strict=True):
        assert [(column.name, column.type) for column in mine.columns] == [(c.name, c.type) for c in its.columns]
        assert mine.num_rows == its.num_rows
        for left, right in zip(mine.columns, its.columns, strict=True):
            assert left.texts(0, mine.num_rows) == right.texts(0, mine.num_rows)
            assert repr(left.values(0, mine.num_rows)) == repr(right.values(0, mine.num_rows))
        assert mine.to_arrow().schema.equals(its.to_arrow().schema, check_metadata=True)
    assert (one.visualization, one.statistics, one.partial) == (other.visualization, other.statistics, other.partial)
    assert one.warnings == other.warnings


# --- what is played is what was recorded ---------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [
        v2(EVERY_TYPE, visualization={"Visualization": "timechart", "Title": "t"}, statistics={"ExecutionTime": 0.5}),
        v2(TWICE, ONE, EVERY_TYPE),
        v2(NONE),
        v2(EVERY_TYPE, errors=[PARTIAL]),
    ],
    ids=["every type", "several tables", "no rows", "partial"],
)
def test_a_recording_is_the_answer(body: bytes, shell: Shell, kusto: KustoServer, folder: Path) -> None:
    kusto.on("T", body)
    shell.run(f"%kql {kusto.url}/db")
    answered = shell.run("%kql -cache hunt T")
    count = len(kusto.requests)
    played = shell.run("%kql -use_cache hunt T")
    assert len(kusto.requests) == count
    same(answered, played)
    same(answered, shell.run(f"%kql cache://{folder} T"))
    assert answered.to_dataframe().equals(played.to_dataframe()) or "EveryType" in played.tables[0].name
    assert played.origin.client_request_id == answered.origin.client_request_id


def test_the_answers_of_the_embedded_engine(samples: Shell) -> None:
    query = (
        "print a = 1, b = 1.5, c = decimal(1.5), d = datetime(2024-01-01 00:00:00.123456), e = -1.5h, f = 'x', "
        "g = true, h = dynamic({'a': [1, null]}), i = guid(74be27de-1e4e-49d9-b579-fe0b331d3642), j = int(null)"
    )
    same(samples.run(f"%kql -cache hunt {query}"), samples.run(f"%kql -use_cache hunt {query}"))
    query = "range n from 1 to 2 step 1 | extend t = datetime(2024-01-01), l = 26.5h, r = real(nan) | summarize "
    query += ", ".join(f"make_list({name})" for name in "ntlr")
    answered = samples.run(f"%kql -cache hunt {query}")
    assert answered[0][1:] == (["2024-01-01T00:00:00.0000000Z"] * 2, ["1.02:30:00"] * 2, ["NaN"] * 2)
    same(answered, samples.run(f"%kql -use_cache hunt {query}"))


def test_the_caption_says_its_age(samples: Shell, folder: Path) -> None:
    samples.run("%kql -cache hunt StormEvents | count")
    assert "samples@local, recorded 20" in samples.text("%kql -use_cache hunt StormEvents | count")
    (path,) = folder.glob("*/recording.json")
    text = path.read_text(encoding="utf-8")
    written = json.loads(text)["recorded"]
    path.write_text(text.replace(written, "2024-05-06T07:08:09+00:00"), encoding="utf-8")
    assert "samples@local, recorded 2024-05-06 07:08 UTC, " in samples.text("%kql -use_cache hunt StormEvents | count")
    assert "days ago" in samples.text("%kql x << -use_cache hunt StormEvents | count")
    assert "days ago" in repr(samples.variables["x"])


def test_a_chart_and_a_dataframe_say_it_above(samples: Shell) -> None:
    chart = "StormEvents | summarize count() by State | take 3 | render columnchart"
    for option in ("", "-ad"):
        samples.run(f"%kql -cache hunt {option} {chart}")
        assert samples.shown == []
        samples.run(f"%kql -use_cache hunt {option} {chart}")
        (shown,) = samples.shown
        assert shown["text/plain"].startswith("samples@local, recorded 20")


@pytest.mark.usefixtures("folder")
def test_offline(shell: Shell, kusto: KustoServer) -> None:
    """With -use_cache a connection is opened without asking anybody."""
    shell.run(f"%kql {kusto.url}/db")
    shell.run("%kql -cache hunt T | take 1")
    shell.run("%kql --close")
    kusto.close()
    shell.run("%config KqlMagics.use_cache = 'hunt'")
    assert shell.run(f"%kql {kusto.url}/db T | take 1")[0][0] == 42
    with pytest.raises(errors.KqlQueryError, match="has no recording of this query"):
        shell.run("%kql T | take 2")
    with pytest.raises(errors.KqlNetworkError):
        shell.run("%kql -use_cache none T | take 1")


@pytest.mark.usefixtures("folder")
def test_in_a_script() -> None:
    with connect("samples") as samples:
        answered = samples.query("let n = 5; StormEvents | take n", cache="hunt")
        same(answered, samples.query("let n = 5; StormEvents | take n", use_cache="hunt"))
        with pytest.raises(errors.KqlQueryError):
            samples.query("StormEvents | count", use_cache="hunt")
    with connect("cache://hunt") as hunt:
        assert len(hunt.query("let n=5;StormEvents|take n // the same")) == 5
        with pytest.raises(errors.KqlUnsupportedError, match="no schema"):
            hunt.schema()


# --- which recording -----------------------------------------------------------------------------------------

SAME = [
    ("T | take 1", "T|take 1"),
    ("T | take 1", "// a comment\nT\n\n| take 1 ; // another"),
    ("T | where a == 'x'", "T | where a=='x'"),
    ("T", "T;"),
]
DIFFERENT = [
    ("T | where a == 'x y'", "T | where a == 'x  y'"),
    ("T | where a == 'x // y'", "T | where a == 'x '"),
    ("T | where a == 'x'", 'T | where a == "x"'),
    ("T | where a == h'x'", "T | where a == h'y'"),
    ("T | take 1", "T | take 2"),
    ("T | project-away a", "T | project - away a"),
    ("print 1 d", "print 1d"),
    ("T", "t"),
    ("T | take 1 | render table", "T | take 1"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_white_space_and_comments_do_not_count(one: str, other: str) -> None:
    assert Asked(one, one).key == Asked(other, other).key
    assert normalized(one) == normalized(other)


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_all_else_counts(one: str, other: str) -> None:
    assert Asked(one, one).key != Asked(other, other).key


def test_what_is_beside_the_text_counts() -> None:
    keys = {
        Asked("T", "T").key,
        Asked("T", "T", "P1D").key,
        Asked("T", "T", None, {"notruncation": True}).key,
        Asked("T", "T", search=True).key,
        Asked("T", "T", split="1d").key,
    }
    assert len(keys) == 5
    sql = {"query_language": "sql"}
    assert Asked("a", "select 1 // 2", None, sql).key != Asked("a", "select 1 // 3", None, sql).key


def test_values_of_the_notebook_count(samples: Shell) -> None:
    for samples.variables["n"] in (2, 3):
        samples.run("%kql -cache hunt let k = n; StormEvents | take k")
        samples.run("%kql -cache hunt -params n StormEvents | where EventId > n | take 1")
    samples.variables["n"] = 2
    assert len(samples.run("%kql -use_cache hunt let k = n; StormEvents | take k")) == 2
    samples.variables["n"] = 4
    with pytest.raises(errors.KqlQueryError) as caught:
        samples.run("%kql -use_cache hunt let k = n; StormEvents | take k")
    assert "recorded with other values" in caught.value.hint
    with pytest.raises(errors.KqlQueryError, match="no recording"):
        samples.run("%kql -use_cache hunt -params n StormEvents | where EventId > n | take 1")


@pytest.mark.usefixtures("folder")
def test_parameters_of_kusto_count(shell: Shell, kusto: KustoServer) -> None:
    shell.run(f"%kql {kusto.url}/db")
    shell.run('%kql -cache hunt -params {"n": 1} T | where x == n')
    assert kusto.requests[-1].parameters == {"n": 1}
    assert len(shell.run('%kql -use_cache hunt -params {"n": 1} T | where x == n')) == 1
    with pytest.raises(errors.KqlQueryError):
        shell.run('%kql -use_cache hunt -params {"n": 2} T | where x == n')


def test_tables_of_the_notebook_count(samples: Shell) -> None:
    samples.variables["storms"] = samples.run("%kql -cache hunt StormEvents | take 5 | project State, EventId")
    query = "%kql {} -on storms | summarize n = count() by State"
    counted = samples.run(query.format("-cache hunt"))
    samples.variables["storms"] = samples.run("%kql -use_cache hunt StormEvents | take 5 | project State, EventId")
    same(counted, samples.run(query.format("-use_cache hunt")))
    samples.variables["storms"] = pd.DataFrame({"State": ["OHIO"], "EventId": [1]})
    with pytest.raises(errors.KqlQueryError) as caught:
        samples.run(query.format("-use_cache hunt"))
    assert caught.value.hint == "it was recorded with other tables of the notebook: storms"


@pytest.mark.usefixtures("folder")
def test_tables_that_take_no_part_do_not_count(shell: Shell, kusto: KustoServer) -> None:
    """A column may be called as a table of the notebook is, even as one that nobody can read."""
    shell.run(f"%kql {kusto.url}/db")
    shell.variables["State"] = pd.DataFrame([[1, 2]], columns=["a", "a"])
    shell.run("%kql -cache hunt T | project State")
    del shell.variables["State"]
    assert len(shell.run("%kql -use_cache hunt T | project State")) == 1


@pytest.mark.usefixtures("folder")
def test_the_connection_counts(shell: Shell, kusto: KustoServer) -> None:
    with KustoServer() as other:
        other.on("T", v2(TWICE))
        shell.run(f"%kql {kusto.url}/db")
        shell.run("%kql -cache hunt T")
        shell.run("%kql -cache hunt U")
        shell.run(f"%kql kusto://anonymous;cluster='{other.url}';database='db';alias='mine'")
        with pytest.raises(errors.KqlQueryError) as caught:
            shell.run("%kql -use_cache hunt T")
        assert "it was recorded from db@127_0_0_1_" in caught.value.hint
        shell.run("%kql -cache hunt T")
        assert shell.run("%kql -use_cache hunt T")[0]["ü \"'"] == 0.5
        with pytest.raises(errors.KqlQueryError) as caught:
            shell.run("%kql cache://hunt T")
        assert "recorded from 2 connections: db@127_0_0_1_" in caught.value.message
        assert len(shell.run("%kql cache://hunt U")) == 1
        name = other.url.replace("http://", "").replace(".", "_").replace(":", "_")
        assert len(shell.run(f"%kql cache://hunt;connection='mine@{name}' T")[0]) == 4


@pytest.fixture
def monitor() -> Iterator[MonitorServer]:
    with MonitorServer() as running:
        yield running


def test_workspaces_and_time_ranges_count(shell: Shell, monitor: MonitorServer, folder: Path) -> None:
    for workspace in (WORKSPACE, OTHER_WORKSPACE):
        shell.run(f"%kql loganalytics://workspace='{workspace}';datasourceurl='{monitor.url}';alias='soc'")
        shell.run("%kql -cache hunt -timespan P1D SigninLogs | count")
    assert len({one["source"] for one in manifests(folder)}) == 2
    shell.run("%kql -use_cache hunt -timespan P1D SigninLogs | count")
    with pytest.raises(errors.KqlQueryError) as caught:
        shell.run("%kql -use_cache hunt -timespan P2D SigninLogs | count")
    assert "another time range" in caught.value.hint


def test_several_connections_and_pieces(samples: Shell) -> None:
    Path("events.csv").write_text("a,b\n1,x\n")
    samples.run("%kql duckdb://?path=events.csv")
    query = "-over samples@local,memory@local print x = 1"
    same(samples.run(f"%kql -cache hunt {query}"), samples.run(f"%kql -use_cache hunt {query}"))
    with pytest.raises(errors.KqlQueryError):
        samples.run("%kql -use_cache hunt -over memory@local,samples@local print x = 1")
    samples.run("%kql samples")
    query = "StormEvents | where StartTime >= _startTime and StartTime < _endTime"
    pieces = f"-timespan 2007-01-01/2007-03-01 -split 30d {query}"
    same(samples.run(f"%kql -cache hunt {pieces}"), samples.run(f"%kql -use_cache hunt {pieces}"))
    with pytest.raises(errors.KqlQueryError):
        samples.run(f"%kql -use_cache hunt {pieces.replace('30d', '10d')}")


def test_both_options_ask_for_what_is_missing(shell: Shell, kusto: KustoServer, folder: Path) -> None:
    shell.run(f"%kql {kusto.url}/db")
    sent = [shell.run("%kql -cache hunt -use_cache hunt T") and len(kusto.requests) for _ in range(3)]
    assert sent[0] == sent[1] == sent[2]
    assert len(manifests(folder)) == 1


# --- what is written -----------------------------------------------------------------------------------------


def test_secrets_are_not_written(shell: Shell, kusto: KustoServer, folder: Path) -> None:
    shell.variables.update(SECRET="s3cr3t-value")
    shell.run(f"%kql kusto://token='s3cr3t-token';trusted;cluster='{kusto.url}';database='db'")
    shell.run(
        "%kql -cache hunt let s = SECRET; T | where a == h's3cr3t-literal' and b == h@\"s3cr3t-verbatim\" or c == s"
    )
    written = b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
    assert b"s3cr3t" not in written
    assert manifests(folder)[0]["query"] == "let s = SECRET; T | where a == h'***' and b == h'***' or c == s"
    assert shell.run(
        "%kql -use_cache hunt let s=SECRET;T | where a == h's3cr3t-literal' and b == h@\"s3cr3t-verbatim\" or c == s"
    )
    for other in ("h's3cr3t-other'", "h'***'"):
        with pytest.raises(errors.KqlQueryError):
            shell.run(
                f'%kql -use_cache hunt let s=SECRET;T | where a == {other} and b == h@"s3cr3t-verbatim" or c == s'
            )


def test_obfuscated_literals() -> None:
    assert obfuscated("T | where a == h'x' // h'y'") == "T | where a == h'***' // h'y'"
    assert hides("print H```x```")
    assert not hides("print 'h\"x\"'")
    assert not hides("T | project h")


def test_nothing_is_written_unless_it_is_asked_for(samples: Shell, folder: Path) -> None:
    samples.run("%kql StormEvents | count")
    with pytest.raises(errors.KqlConnectionError, match="hunt of recordings cannot be read"):
        samples.run("%kql -use_cache hunt StormEvents | count")
    with pytest.raises(errors.KqlConnectionError, match="no folder hunt of recordings"):
        samples.run("%kql cache://hunt")
    assert list(folder.parent.iterdir()) == []


def test_what_failed_is_not_recorded(samples: Shell, folder: Path) -> None:
    with pytest.raises(errors.KqlQueryError):
        samples.run("%kql -cache hunt StormEvents | where Nothing == 1")
    assert list(folder.iterdir()) == []


def test_commands(samples: Shell, folder: Path) -> None:
    samples.run("%kql -cache hunt .show tables")
    assert len(samples.run("%kql -use_cache hunt .show tables")) > 3
    made = samples.run("%kql -cache hunt .set Few <| StormEvents | take 1")
    assert made.warnings[-1] == "Not recorded: of commands, only .show has an answer to play back."
    assert len(manifests(folder)) == 1


def test_a_newer_recording_takes_the_place(samples: Shell, folder: Path) -> None:
    for _ in range(3):
        samples.run("%kql -cache hunt StormEvents | count")
    assert len(manifests(folder)) == 1
    assert len(list(folder.iterdir())) == 1


def test_two_kernels_at_once(folder: Path, clean_environment: dict[str, str]) -> None:
    """Each records the same query many times, while this process plays it."""
    program = (
        "from kqlext import recordings as r; from pathlib import Path; import datetime as dt\n"
        "for _ in range(40):\n"
        "    a = r.Asked('T', 'T')\n"
        "    with r.Draft(Path('hunt')) as d:\n"
        "        d.finish(r.Recording(a.key, 's', 'c@d', 'T', dt.datetime.now(dt.UTC), 0.0, ()))\n"
    )
    folder.mkdir()
    environment = {**clean_environment, "PYTHONPATH": str(ROOT)}
    running = [subprocess.Popen([sys.executable, "-c", program], env=environment) for _ in range(2)]
    seen = 0
    while any(process.poll() is None for process in running):
        seen += len(recordings(folder))
    assert [process.returncode for process in running] == [0, 0]
    assert seen > 0
    assert len(recordings(folder)) in (1, 2)  # two at the very end may each have looked before the other was there
    assert not list(folder.glob(".draft-*"))


def test_a_folder_that_cannot_be_written(samples: Shell, folder: Path) -> None:
    folder.write_text("a file")
    with pytest.raises(errors.KqlCellError, match="-cache cannot record into hunt"):
        samples.run("%kql -cache hunt StormEvents | count")


# --- damage --------------------------------------------------------------------------------------------------

DAMAGE = {
    "no manifest": lambda path: (path / "recording.json").unlink(),
    "no JSON": lambda path: (path / "recording.json").write_text('{"format": '),
    "another format": lambda path: edit(path, format="kqlext recording 9"),
    "a list": lambda path: (path / "recording.json").write_text("[]"),
    "a time without a zone": lambda path: edit(path, recorded="2024-01-01T00:00:00"),
    "warnings that are none": lambda path: edit(path, warnings=5),
    "no table": lambda path: (path / "table_0.parquet").unlink(),
    "a cut table": lambda path: (path / "table_0.parquet").write_bytes((path / "table_0.parquet").read_bytes()[:-9]),
    "other types": lambda path: edit(path, columns=[{"name": "Count", "type": "string"}]),
    "other columns": lambda path: edit(path, columns=[]),
    "more rows": lambda path: edit(path, rows=2),
}


def edit(path: Path, **changes: Any) -> None:
    manifest = json.loads((path / "recording.json").read_text())
    for name, value in changes.items():
        (manifest["tables"][0] if name in ("columns", "rows") else manifest)[name] = value
    (path / "recording.json").write_text(json.dumps(manifest))


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_recording_is_an_error(damage: str, samples: Shell, folder: Path) -> None:
    samples.run("%kql -cache hunt StormEvents | count")
    (path,) = folder.iterdir()
    DAMAGE[damage](path)
    with pytest.raises(errors.KqlResponseError) as caught:
        samples.run("%kql -use_cache hunt StormEvents | count")
    assert f"{path.name} is damaged" in caught.value.message
    assert "delete that folder" in caught.value.hint
    samples.run("%kql -cache hunt StormEvents | take 1")  # others are recorded beside it
    assert len(samples.run("%kql -use_cache hunt StormEvents | take 1")) == 1


def test_other_files_in_the_folder_stay(samples: Shell, folder: Path) -> None:
    folder.mkdir()
    (folder / "notes.md").write_text("mine")
    (folder / "0123456789abcdef0123-20240101T000000-01234567.txt").write_text("mine")
    samples.run("%kql -cache hunt StormEvents | count")
    samples.run("%kql -use_cache hunt StormEvents | count")
    assert len(list(folder.iterdir())) == 3


# --- commands and spellings ----------------------------------------------------------------------------------


def test_commands_switch_it_for_the_session(samples: Shell) -> None:
    assert "none is in use" in samples.text("%kql --cache")
    assert "recorded in hunt" in samples.text("%kql --cache 'hunt'")
    samples.run("%kql StormEvents | count")
    assert "recorded no more" in samples.text("%kql --cache_stop")
    samples.run("%kql StormEvents | take 2")
    assert "1 recorded answer in hunt" in samples.text("%kql --cache_list hunt")
    assert "played back from hunt" in samples.text("%kql --use_cache hunt")
    assert "StormEvents | count" in samples.text("%kql --cache_list")
    with pytest.raises(errors.KqlQueryError):
        samples.run("%kql StormEvents | take 2")
    assert "asked again" in samples.text("%kql --use_cache_stop")
    assert len(samples.run("%kql StormEvents | take 2")) == 2
    assert "recorded no more" in samples.text("%kql --cache None")
    assert "recorded in hunt" in samples.text("%kql --cache_append hunt")
    samples.run("%kql --cache_stop")
    with pytest.raises(errors.KqlCellError, match="No folder of recordings"):
        samples.run("%kql --cache_list")


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("cache://hunt", (("folder", "hunt"),)),
        ("cache:///tmp/my hunt", (("folder", "/tmp/my hunt"),)),
        ("cache://../a=b/hunt;alias='h'", (("folder", "../a=b/hunt"), ("alias", "h"))),
        ("file://folder='hunt';connection='a@b'", (("folder", "hunt"), ("connection", "a@b"))),
        ("cache://folder('hunt')", (("folder", "hunt"),)),
    ],
)
def test_connections(text: str, keys: tuple[tuple[str, str], ...]) -> None:
    assert parse_connection(text) == ConnectionSpec("cache", keys)


def test_a_cell_cannot_record_what_is_played(samples: Shell) -> None:
    samples.run("%kql -cache hunt StormEvents | count")
    samples.run("%kql cache://hunt")
    with pytest.raises(errors.KqlCellError, match="have no place beside it"):
        samples.run("%kql -cache other StormEvents | count")


def test_close_ones_are_listed(samples: Shell) -> None:
    samples.run("%kql -cache hunt StormEvents | where State == 'TEXAS' | summarize count() by EventType")
    samples.run("%kql -cache hunt SigninLogs | count")
    with pytest.raises(errors.KqlQueryError) as caught:
        samples.run("%kql -use_cache hunt StormEvents | where State == 'TEXAS' | summarize count() by EventTypes")
    assert caught.value.message == "The folder hunt has no recording of this query from samples@local."
    assert (
        "`StormEvents | where State == 'TEXAS' | summarize count() by EventType` (samples@local)" in caught.value.hint
    )
    assert "SigninLogs" not in caught.value.hint


def test_a_project_cannot_switch_recording_on(samples: Shell) -> None:
    Path("kqlext.toml").write_text('[settings]\ncache = "hunt"\n')
    with pytest.raises(errors.KqlSettingsError, match="cannot set this"):
        samples.run("%kql StormEvents | count")
    Path("kqlext.toml").write_text('[settings]\nuse_cache = "hunt"\n')
    with pytest.raises(errors.KqlConnectionError, match="hunt of recordings"):
        samples.run("%kql StormEvents | count")
    assert not os.path.exists("hunt")
