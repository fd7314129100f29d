"""`--schema`, `--tables` and `--functions` in cells."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import Shell
from servers.kusto import KustoServer
from test_schema_reading import AS_JSON, SAMPLES, as_json

from kqlext import errors
from kqlext.schemas.listing import FunctionListing, SchemaListing, TableListing


@pytest.fixture
def samples(shell: Shell) -> Shell:
    shell.run("%kql samples")
    return shell


@pytest.fixture
def connected(shell: Shell, kusto: KustoServer) -> Shell:
    kusto.on(AS_JSON, as_json(SAMPLES))
    shell.run(f"%kql {kusto.url}/Samples")
    return shell


def test_everything(connected: Shell) -> None:
    shown = connected.run("%kql --schema")
    assert isinstance(shown, SchemaListing)
    assert shown == {"T": {"a": "long", "b": "bool"}, "V": {"c": "dynamic"}, "E": {"d": "decimal"}}
    assert [function.name for function in shown.schema.functions] == ["F"]
    assert "F(R:(a:long), n:long=5)  some rows" in connected.text("%kql --schema")


def test_one_table_or_function(connected: Shell) -> None:
    table = connected.run("%kql --schema T")
    assert isinstance(table, TableListing)
    assert (table, table.table.description) == ({"a": "long", "b": "bool"}, "of all")
    function = connected.run("%kql --schema F")
    assert isinstance(function, FunctionListing)
    assert function.functions[0].body == "{ R | take n }"


@pytest.mark.parametrize(
    ("command", "names"),
    [
        ("--tables", ["T", "V", "E"]),
        ("--tables d", ["E"]),
        ("--tables nothing", []),
        ("--schema T*", ["T"]),
        ("--schema '?'", ["T", "V", "E"]),
        ("--functions", ["F"]),
        ("--functions x", []),
        ("--Tables -conn Samples@{cluster}", ["T", "V", "E"]),
        ("--schema Samples@{cluster}", ["T", "V", "E"]),
        ('--schema "Samples@{cluster}"', ["T", "V", "E"]),
        ("--schema T -conn Samples@{cluster}", ["a", "b"]),
        ("--schema T -conn=where", ["a", "b"]),
        ("--schema {url}/Samples", ["T", "V", "E"]),
    ],
)
def test_what_they_take(command: str, names: list[str], connected: Shell, kusto: KustoServer) -> None:
    cluster = connected.run("%kql --conn").text.split("@")[1].split(" ")[0]
    connected.variables["where"] = f"Samples@{cluster}"
    connected.run("%kql duckdb://") if "conn" in command or "@" in command or "url" in command else None
    assert list(connected.run(f"%kql {command.format(cluster=cluster, url=kusto.url)}")) == names


def test_a_connection_that_is_asked_does_not_become_the_current_one(samples: Shell, kusto: KustoServer) -> None:
    kusto.on(AS_JSON, as_json(SAMPLES))
    assert "T" in samples.run(f"%kql --schema {kusto.url}/Samples")
    assert "* samples@local" in samples.text("%kql --conn")


def test_a_sample(samples: Shell) -> None:
    table = samples.run("%kql --schema StormEvents -sample 3")
    assert (table["State"], len(table.sample)) == ("string", 3)
    bundle = table._repr_mimebundle_()
    assert "StormEvents · table · 22 columns · samples@local" in bundle["text/plain"]
    assert bundle["text/html"].count("<tr") == 4
    assert "EpisodeNarrative" in bundle["text/plain"]


def test_tables_of_the_notebook(samples: Shell) -> None:
    samples.run("import pandas as pd\nsuspects = pd.DataFrame({'name': ['a'], 'n': [1], 'tags': [['x']]})")
    samples.run("%kql states << StormEvents | summarize n = count() by State")
    tables = samples.run("%kql --tables n")
    assert tables["suspects"] == {"name": "string", "n": "long", "tags": "dynamic"}
    assert tables["states"] == {"State": "string", "n": "long"}
    table = samples.run("%kql --schema suspects -sample 5")
    assert (table.table.kind, len(table.sample)) == ("notebook", 1)
    samples.run("StormEvents = suspects")
    assert "State" in samples.run("%kql --schema StormEvents"), "as in a query, the database's own table is meant"


def test_odd_tables_of_the_notebook(samples: Shell) -> None:
    samples.run(
        "import pandas as pd, pyarrow as pa\n"
        "twice = pd.DataFrame([[1, 2]], columns=['a', 'a'])\n"
        "nothing = pd.DataFrame()\n"
        "objects = pd.DataFrame({'o': [object()]})\n"
        "arrow = pa.table({'t': pa.array([1], pa.timestamp('us'))})\n"
        "batch = pa.RecordBatch.from_pydict({'b': [True]})"
    )
    tables = samples.run("%kql --tables")
    assert {name: tables[name] for name in ("twice", "nothing", "objects", "arrow", "batch")} == {
        "twice": {"a": "dynamic"}, "nothing": {}, "objects": {"o": "dynamic"}, "arrow": {"t": "datetime"},
        "batch": {"b": "bool"},
    }  # fmt: skip


@pytest.mark.parametrize(
    ("cell", "kind", "message", "hint"),
    [
        ("%kql --schema StromEvents", errors.KqlCellError, "has no table StromEvents", "did you mean 'StormEvents'?"),
        ("%kql --schema Zzzzzz", errors.KqlCellError, "has no table Zzzzzz", "tables are AuditLogs, AzureActivity"),
        ("%kql --schema x@nowhere", errors.KqlConnectionError, "x@nowhere", "open are samples@local"),
        ("%kql --schema T -conn nowhere", errors.KqlConnectionError, "nowhere", "open are samples@local"),
        ("%kql --schema StormEvents -sample x", errors.KqlCellError, "-sample cannot be x", "-sample 3"),
        ("%kql --schema StormEvents -sample 0", errors.KqlCellError, "-sample cannot be 0", ""),
        ("%kql --schema -sample 3", errors.KqlCellError, "rows of one table", "--schema table -sample 3"),
        ("%kql --tables S -sample 3", errors.KqlCellError, "rows of one table", "--schema table -sample 3"),
        ("%kql -sample 3 StormEvents | count", errors.KqlCellError, "-sample", "--schema table -sample 3"),
    ],
)
def test_errors(cell: str, kind: type[errors.KqlError], message: str, hint: str, samples: Shell) -> None:
    with pytest.raises(kind) as caught:
        samples.run(cell)
    assert message in caught.value.message
    assert hint in caught.value.hint


def test_without_a_connection(shell: Shell) -> None:
    with pytest.raises(errors.KqlConnectionError, match="Nothing is connected yet"):
        shell.run("%kql --tables")


# --- in the background -----------------------------------------------------------------------------------


def test_a_program_that_runs_a_notebook_reads_nothing_ahead(connected: Shell, kusto: KustoServer) -> None:
    connected.run("%kql T | count")
    assert [request.csl for request in kusto.requests if request.csl.startswith(".")] == []


def test_where_somebody_types_it_is_read_after_the_first_answer(
    shell: Shell, kusto: KustoServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    kusto.on(AS_JSON, as_json(SAMPLES))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    shell.run(f"%kql {kusto.url}/Samples")
    at_a_terminal(monkeypatch)
    shell.run("%kql -read_schema asked T | count")
    assert not [request for request in kusto.requests if request.csl.startswith(".")]
    shell.run("%kql T | count\n")
    session = shell.ip.magics_manager.registry["KqlMagics"]._pipeline.session
    known = session.schemas.wait(session.registry.current, 30)
    assert "T" in known.types()
    shell.run("%kql T | count")
    assert [request.csl for request in kusto.requests if request.csl.startswith(".")] == [AS_JSON]
    assert len(list((tmp_path / "kqlext" / "schemas").iterdir())) == 1


def at_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    class Terminal:
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr(sys, "stdin", Terminal())


def test_a_client_gives_it(kusto: KustoServer) -> None:
    from kqlext import connect

    kusto.on(AS_JSON, as_json(SAMPLES))
    with connect(f"{kusto.url}/Samples") as client:
        schema = client.schema()
        assert schema["T"]["a"] == "long"
        assert schema.schema.functions[0].signature() == "(R:(a:long), n:long=5)"
    with pytest.raises(errors.KqlConnectionError, match="is closed"):
        client.schema()
