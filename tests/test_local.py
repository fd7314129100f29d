"""The embedded engine: types, files, tables of the notebook, and what it refuses."""

from __future__ import annotations

import datetime as dt
import decimal
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from kqlext import errors
from kqlext.connections.strings import ConnectionSpec
from kqlext.decode import decode
from kqlext.decode.tables import DataSet, Table
from kqlext.origin import Origin
from kqlext.result import Result
from kqlext.services.base import Query
from kqlext.services.local import LocalService, open_local


@pytest.fixture
def engine() -> Iterator[LocalService]:
    opened = open_local(ConnectionSpec("duckdb", ()))
    yield opened
    opened.close()


def run(engine: LocalService, text: str, **tables: object) -> DataSet:
    return decode(engine.execute(Query(text, tables=tables)))


def table(engine: LocalService, text: str, **tables: object) -> Table:
    return run(engine, text, **tables).tables[0]


def column(engine: LocalService, text: str, **tables: object) -> list[Any]:
    answer = table(engine, text, **tables)
    return answer.columns[0].values(0, answer.num_rows)


# --- types -----------------------------------------------------------------------------------------------

UTC = dt.UTC
VALUES = [
    ("true", "bool", True),
    ("int(5)", "int", 5),
    ("9007199254740993", "long", 9007199254740993),
    ("long(null)", "long", None),
    ("1.5", "real", 1.5),
    ("real(null)", "real", None),
    ("'x'", "string", "x"),
    ("datetime(2024-01-02 03:04:05.123456)", "datetime", dt.datetime(2024, 1, 2, 3, 4, 5, 123456, UTC)),
    ("datetime(9999-12-31)", "datetime", dt.datetime(9999, 12, 31, tzinfo=UTC)),
    ("datetime(0001-01-01)", "datetime", dt.datetime(1, 1, 1, tzinfo=UTC)),
    ("time(1.02:03:04.5)", "timespan", dt.timedelta(days=1, hours=2, minutes=3, seconds=4.5)),
    ("-1d", "timespan", dt.timedelta(days=-1)),
    ("datetime(2024-01-02) - datetime(2024-01-01)", "timespan", dt.timedelta(days=1)),
    ("dynamic({'a': [1, null]})", "dynamic", {"a": [1, None]}),
    ("parse_json('[1.5]')", "dynamic", [1.5]),
    ("guid(74be27de-1e4e-49d9-b579-fe0b331d3642)", "guid", "74be27de-1e4e-49d9-b579-fe0b331d3642"),
    ("decimal(1.5)", "real", 1.5),  # the engine computes decimal as double; the README says so
]


@pytest.mark.parametrize(("expression", "kind", "value"), VALUES, ids=[value[0] for value in VALUES])
def test_kusto_types_come_out_as_kusto_types(engine: LocalService, expression: str, kind: str, value: object) -> None:
    answer = table(engine, f"print x = {expression}")
    assert answer.columns[0].type == kind
    assert answer.columns[0].values(0, 1) == [value]


def test_a_sum_is_a_long(engine: LocalService) -> None:
    answer = table(engine, "range x from 1 to 3 step 1 | summarize sum(x)")
    assert (answer.columns[0].type, answer.columns[0].values(0, 1)) == ("long", [6])


def test_a_sum_beyond_64_bits_is_a_decimal_and_says_so(engine: LocalService) -> None:
    data = run(engine, "datatable(x:long)[9223372036854775807, 9223372036854775807] | summarize sum(x)")
    assert data.tables[0].columns[0].values(0, 1) == [decimal.Decimal(2 * (2**63 - 1))]
    assert data.warnings == ("Column 'sum_x' holds integers beyond 64 bits and is a decimal.",)


def test_several_statements_give_several_tables(engine: LocalService) -> None:
    data = run(engine, "let a = 1; print a; let b = 2; print a + b, 'x;y'")
    assert [[one.columns[0].values(0, 1) for one in [t]] for t in data.tables] == [[[1]], [[3]]]


def test_positions_are_those_of_the_whole_text(engine: LocalService) -> None:
    text = "print 1;\nprint 2\n| whre x"
    with pytest.raises(errors.KqlQueryError) as caught:
        run(engine, text)
    assert caught.value.span is not None
    assert caught.value.span.of(text) == "whre"
    assert caught.value.hint == "did you mean 'where'?"


def test_render_is_read_from_the_text(engine: LocalService) -> None:
    data = run(engine, "range x from 1 to 3 step 1 | render timechart with (title='A b', ycolumns=x)")
    assert data.visualization == {"visualization": "timechart", "title": "A b", "ycolumns": "x"}


# --- tables of the notebook ------------------------------------------------------------------------------

FRAME = pd.DataFrame({"x": [1, 5, 7], "s": ["a", "b", None]})


@pytest.mark.parametrize(
    "value",
    [FRAME, pl.from_pandas(FRAME), pa.Table.from_pandas(FRAME), pa.RecordBatch.from_pandas(FRAME)],
    ids=["pandas", "polars", "arrow", "batch"],
)
def test_a_table_of_the_notebook(engine: LocalService, value: object) -> None:
    assert column(engine, "my_table | where x > 3 | project s", my_table=value) == ["b", None]


def test_a_result_is_a_table(engine: LocalService) -> None:
    first = Result(run(engine, "print d = dynamic({'a': 5}), n = long(null)"), Origin("x@y", "", 0))
    assert column(engine, "earlier | project a = tolong(d.a) + 1", earlier=first) == [6]


def test_dicts_and_lists_go_in_as_dynamic(engine: LocalService) -> None:
    frame = pd.DataFrame({"d": [{"a": {"b": 1}}, [1, 2], None]})
    answer = table(engine, "t", t=frame)
    assert (answer.columns[0].type, answer.columns[0].values(0, 3)) == ("dynamic", [{"a": {"b": 1}}, [1, 2], None])
    assert column(engine, "t | where isnotnull(d.a) | project tolong(d.a.b)", t=frame) == [1]


def test_polars_structs_and_lists_are_dynamic(engine: LocalService) -> None:
    frame = pl.DataFrame({"d": [{"a": 1}, {"a": 2}], "l": [[1], [2, 3]]})
    answer = table(engine, "t", t=frame)
    assert [one.type for one in answer.columns] == ["dynamic", "dynamic"]
    assert answer.columns[1].values(0, 2) == [[1], [2, 3]]


TIMES = [
    ("naive", pd.Series(pd.to_datetime(["2024-01-01 10:00:00.123456"])),
     dt.datetime(2024, 1, 1, 10, 0, 0, 123_456, UTC)),
    ("zoned", pd.Series(pd.to_datetime(["2024-01-01 10:00"])).dt.tz_localize("Europe/Berlin"),
     dt.datetime(2024, 1, 1, 9, tzinfo=UTC)),
    ("date", pd.Series([dt.date(2024, 1, 1)]), dt.datetime(2024, 1, 1, tzinfo=UTC)),
    ("timedelta", pd.Series(pd.to_timedelta(["-1 days +02:00:00"])), dt.timedelta(hours=-22)),
    ("time", pd.Series([dt.time(1, 2, 3)]), dt.timedelta(hours=1, minutes=2, seconds=3)),
]  # fmt: skip


@pytest.mark.parametrize(("series", "value"), [time[1:] for time in TIMES], ids=[time[0] for time in TIMES])
def test_times_go_in_as_utc(engine: LocalService, series: pd.Series[Any], value: object) -> None:
    assert column(engine, "t", t=pd.DataFrame({"x": series})) == [value]


def test_nulls_large_integers_and_categories_stay(engine: LocalService) -> None:
    frame = pd.DataFrame(
        {
            "i": pd.array([9007199254740993, None], "Int64"),
            "c": pd.Categorical(["a", "b"]),
            "n": [None, None],
            "b": pd.array([True, None], "boolean"),
        }
    )
    answer = table(engine, "t", t=frame)
    assert [one.values(0, 2) for one in answer.columns] == [
        [9007199254740993, None], ["a", "b"], [None, None], [True, None],
    ]  # fmt: skip


def test_a_named_index_is_a_column(engine: LocalService) -> None:
    frame = FRAME.groupby("s").sum()
    assert table(engine, "t", t=frame).column_names == ["s", "x"]


ODD_TABLES = {
    "no columns": pd.DataFrame(index=[1, 2]),
    "huge integers": pd.DataFrame({"b": [10**30]}),
    "an index called like a column": pd.DataFrame({"s": [1]}, index=pd.Index([1], name="s")),
    "a lone surrogate": pd.DataFrame({"s": pd.Series(["\ud800"], dtype=object)}),
    "periods": pd.DataFrame({"p": pd.period_range("2024-01", periods=2, freq="M")}),
    "several levels": pd.DataFrame([[1, 2]], columns=pd.MultiIndex.from_tuples([("a", "b"), ("a", "c")])),
}


@pytest.mark.parametrize("name", ODD_TABLES)
def test_an_odd_table_is_refused_only_where_it_is_meant(engine: LocalService, name: str) -> None:
    assert column(engine, "datatable(State:long)[5] | project State", State=ODD_TABLES[name]) == [5]
    with pytest.raises(errors.KqlConversionError) as caught:
        run(engine, "State", State=ODD_TABLES[name])
    assert caught.value.hint


def test_names_that_differ_only_in_case(engine: LocalService) -> None:
    run(engine, ".set Heartbeat <| range x from 1 to 5 step 1")
    data = run(engine, "heartbeat | count", heartbeat=FRAME)
    assert data.tables[0].columns[0].values(0, 1) == [5]
    assert data.warnings == ("Heartbeat is the table of memory; the notebook's variable heartbeat is not read.",)
    with pytest.raises(errors.KqlConversionError, match="may name Df or df of the notebook"):
        run(engine, "union Df, df", Df=FRAME, df=FRAME)


def test_a_subclass_of_a_frame_is_a_frame() -> None:
    from kqlext.parameters import is_table

    assert is_table(type("GeoDataFrame", (pd.DataFrame,), {})({"x": [1]}))


REFUSED = [
    ({"x": pd.Series(pd.to_datetime(["2024-01-01 00:00:00.123456789"]))}, "finer than a microsecond", "dt.floor('us')"),
    ({"x": [1, "a"]}, "holds values of several types", "astype(str)"),
    ({"x": [1], "X": [2]}, "2 columns called 'x', 'X'", "differ only in case"),
    ({"x": [{1: object()}]}, "is no JSON", "can be dynamic"),
    ({"x": [2**70, 1]}, "Column 'x' of t holds what is no type of KQL", "convert them first"),
    ({"x": [1j]}, "Column 'x' of t holds what is no type of KQL", "convert them first"),
    ({}, "t has no columns.", "give it one"),
]


@pytest.mark.parametrize(("data", "message", "hint"), REFUSED)
def test_what_the_engine_cannot_hold_is_refused(engine: LocalService, data: Any, message: str, hint: str) -> None:
    with pytest.raises(errors.KqlConversionError) as caught:
        run(engine, "t", t=pd.DataFrame(data))
    assert message in caught.value.message
    assert hint in caught.value.hint
    assert column(engine, "print 1") == [1]


def test_columns_of_one_name_are_named_once(engine: LocalService) -> None:
    with pytest.raises(errors.KqlConversionError) as caught:
        run(engine, "t", t=pd.DataFrame([[1, 2]], columns=["a", "a"]))
    assert caught.value.message == "t has 2 columns called 'a'."
    assert caught.value.hint == "rename them: each column has a name of its own"


def test_a_refused_table_that_is_not_meant_does_not_matter(engine: LocalService) -> None:
    """`x` is a column here; that the notebook has a table `x` that cannot go in is no concern of the query."""
    odd = pd.DataFrame({"a": [1, "b"]})
    assert column(engine, "t | project x", t=FRAME, x=odd) == [1, 5, 7]


def test_the_databases_own_table_comes_first_and_says_so(engine: LocalService) -> None:
    run(engine, ".set T <| print x = 1")
    data = run(engine, "T", T=FRAME)
    assert data.tables[0].columns[0].values(0, 1) == [1]
    assert data.warnings == ("T is the table of memory; the notebook's variable T is not read.",)


def test_variables_of_our_own_code_are_no_tables(engine: LocalService) -> None:
    for name in ("text", "sql", "relation", "schema", "frame"):
        with pytest.raises(errors.KqlQueryError, match=f"There is no table '{name}'"):
            run(engine, name)


def test_a_notebook_table_is_gone_after_the_query(engine: LocalService) -> None:
    run(engine, "t", t=FRAME)
    with pytest.raises(errors.KqlQueryError, match="There is no table 't'"):
        run(engine, "t")


def test_joins_see_the_notebooks_columns(engine: LocalService) -> None:
    other = pd.DataFrame({"x": [5], "w": ["z"]})
    assert table(engine, "t | join kind=inner (other) on $left.x == $right.x", t=FRAME, other=other).column_names == [
        "x", "s", "x1", "w",
    ]  # fmt: skip


# --- files -----------------------------------------------------------------------------------------------


def write_files(folder: Path) -> None:
    pd.DataFrame({"a": [1, 2], "when": ["2024-01-01T00:00:00Z", "2024-01-02"]}).to_csv(folder / "one.csv", index=False)
    pd.DataFrame({"a": [3]}).to_csv(folder / "two.csv", index=False)
    pd.DataFrame({"p": [1.5], "d": [{"k": [1]}]}).to_parquet(folder / "three.parquet")
    (folder / "four.jsonl").write_text("".join(json.dumps({"n": n, "o": {"k": n}}) + "\n" for n in range(3)))


def test_files_are_tables(engine: LocalService, tmp_path: Path) -> None:
    write_files(tmp_path)
    assert engine.add_files(str(tmp_path / "*.csv")) == ["one", "two"]
    assert engine.add_files(str(tmp_path / "three.parquet")) == ["three"]
    assert engine.add_files(f"all={tmp_path}/*.jsonl") == ["all"]
    assert table(engine, "one").columns[1].values(0, 2) == [
        dt.datetime(2024, 1, 1, tzinfo=UTC), dt.datetime(2024, 1, 2, tzinfo=UTC),
    ]  # fmt: skip
    assert column(engine, "three | project tolong(d.k[0])") == [1]
    assert column(engine, "all | summarize sum(tolong(o.k))") == [3]
    assert engine.schema().types()["all"] == {"n": "long", "o": "dynamic"}


def test_several_files_as_one_table(engine: LocalService, tmp_path: Path) -> None:
    for name in ("a", "b"):
        pd.DataFrame({"x": [name]}).to_csv(tmp_path / f"{name}.csv", index=False)
    engine.add_files(f"both={tmp_path}/*.csv")
    assert sorted(column(engine, "both")) == ["a", "b"]


@pytest.mark.parametrize(
    ("make", "pattern", "message"),
    [
        ({}, "none.csv", "There is no file"),
        ({"a.txt": "x"}, "a.txt", "is no kind of file that can be a table"),
        ({"a.csv": "x\n1", "b/a.csv": "x\n1"}, "**/*.csv", "Two files would be the table a"),
        ({"a.parquet": "no parquet"}, "a.parquet", "cannot be read"),
    ],
)
def test_files_that_cannot_be_tables(
    engine: LocalService, tmp_path: Path, make: dict[str, str], pattern: str, message: str
) -> None:
    for name, content in make.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(content)
    with pytest.raises(errors.KqlConnectionError, match=message):
        engine.add_files(str(tmp_path / pattern))


# --- database files --------------------------------------------------------------------------------------


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = tmp_path / "events.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("CREATE TABLE T AS SELECT 1::BIGINT AS n, DATE '2024-01-01' AS day, {'k': 5} AS s")
    return path


def test_a_database_file_is_opened_read_only(database: Path) -> None:
    service = open_local(ConnectionSpec("duckdb", (("database", str(database)),)))
    assert service.info.database == "events"
    answer = table(service, "T | extend k = tolong(s.k)")
    assert [one.type for one in answer.columns] == ["long", "datetime", "dynamic", "long"]
    assert service.schema().types()["T"] == {"n": "long", "day": "datetime", "s": "dynamic"}
    with pytest.raises(errors.KqlError):
        run(service, ".set-or-replace T <| print 1")
    service.close()


def test_a_database_path_relative_to_the_kernel(database: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(database.parent)
    for written in ("/events.duckdb", "events.duckdb"):
        service = open_local(ConnectionSpec("duckdb", (("database", written),)))
        assert column(service, "T | count") == [1]
        service.close()


def test_no_file_is_made(tmp_path: Path) -> None:
    with pytest.raises(errors.KqlConnectionError, match="There is no database file"):
        open_local(ConnectionSpec("duckdb", (("database", str(tmp_path / "new.duckdb")),)))
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    (tmp_path / "x.duckdb").write_text("x" * 5000)
    with pytest.raises(errors.KqlConnectionError, match=r"cannot be opened: .* not a valid DuckDB database"):
        open_local(ConnectionSpec("duckdb", (("database", str(tmp_path / "x.duckdb")),)))


# --- refusals --------------------------------------------------------------------------------------------


def test_an_unsupported_operator_is_said_with_its_place(engine: LocalService) -> None:
    text = "range x from 1 to 5 step 1\n| scan with (step s: true;)"
    with pytest.raises(errors.KqlUnsupportedError) as caught:
        run(engine, text)
    assert caught.value.message == "The embedded engine has no scan."
    assert caught.value.span is not None
    assert caught.value.span.of(text) == "scan"
    assert "run it on a Kusto service" in caught.value.hint


def test_an_unknown_column_names_the_nearest(engine: LocalService) -> None:
    text = "datatable(State:string)['x'] | where Sttae == 'x'"
    with pytest.raises(errors.KqlQueryError) as caught:
        run(engine, text)
    assert (caught.value.message, caught.value.hint) == ("There is no column 'Sttae'.", "did you mean 'State'?")


SINGLE_EQUALS = ["T | where x = 1", "T\n| where a == 1 and (b = 2)", "T | where not(x = 1)", "T | filter x = 1 | count"]


@pytest.mark.parametrize("text", SINGLE_EQUALS)
def test_a_condition_with_one_equals_sign_is_refused(engine: LocalService, text: str) -> None:
    """duckdb-kql takes it, and it is always true."""
    with pytest.raises(errors.KqlQueryError) as caught:
        run(engine, text)
    assert caught.value.message == "A condition compares with ==, not with =."
    assert caught.value.span is not None
    assert caught.value.span.of(text) == "="


@pytest.mark.parametrize(
    ("text", "name", "message", "hint"),
    [
        ("print x = tostrng(1)", "tostrng", "The embedded engine has no function tostrng.", "did you mean 'tostring'?"),
        (
            "print 1 | summarize coutn()",
            "coutn",
            "The embedded engine has no aggregate coutn.",
            "did you mean 'count'?",
        ),
        ("datatable(a:long)[1] | project NoCol", "NoCol", "There is no column 'NoCol'.", "in quotes"),
        ("datatable(a:string)['x'] | where a == TEXAS", "TEXAS", "There is no column 'TEXAS'.", "such as a"),
        (
            "let t = 'x';\ndatatable(a:long)[1]\n| take t",
            "t",
            "This is no whole number.",
            "write a number",
        ),
    ],
)
def test_mistakes_are_said_in_kql(engine: LocalService, text: str, name: str, message: str, hint: str) -> None:
    with pytest.raises(errors.KqlError) as caught:
        run(engine, text)
    assert caught.value.message == message
    assert hint in caught.value.hint
    assert caught.value.span is not None
    assert caught.value.span.of(text) == name


def test_other_schemas_of_a_file_are_not_listed(tmp_path: Path) -> None:
    with duckdb.connect(str(tmp_path / "x.duckdb")) as connection:
        connection.execute("CREATE SCHEMA s2; CREATE TABLE s2.t2 AS SELECT 1 AS x; CREATE TABLE t1 AS SELECT 1 AS x")
    service = open_local(ConnectionSpec("duckdb", (("database", str(tmp_path / "x.duckdb")),)))
    assert list(service.schema().types()) == ["t1"]
    service.close()


def test_a_type_error_is_said_in_kusto_types(engine: LocalService) -> None:
    with pytest.raises(errors.KqlQueryError) as caught:
        run(engine, "print d = dynamic({'a': 5}) | project d.a + 1")
    assert caught.value.message == "The embedded engine has no + for (dynamic, long)."
    assert "tolong()" in caught.value.hint


def test_request_properties_do_nothing_and_say_so(engine: LocalService) -> None:
    data = decode(engine.execute(Query("print 1", {"notruncation": True})))
    assert data.warnings == ("The embedded engine has no request properties: +notruncation did nothing.",)


def test_a_timeout_gives_the_query_up(engine: LocalService) -> None:
    many = "range {0} from 1 to 20000 step 1 | extend k = 1"
    text = (
        f"{many.format('x')} | join kind=inner ({many.format('y')}) on k | summarize c = count() by z = x * y % 1000003"
    )
    with pytest.raises(errors.KqlQueryError, match=r"given up after 0\.2 s"):
        engine.execute(Query(text, timeout=0.2))
    assert column(engine, "print 1") == [1]


def test_a_closed_engine_says_so(engine: LocalService) -> None:
    engine.close()
    with pytest.raises(errors.KqlConnectionError, match="is closed"):
        run(engine, "print 1")
    with pytest.raises(errors.KqlConnectionError, match="is closed"):
        engine.schema()
    engine.close()


def test_samples_are_their_own_database() -> None:
    service = open_local(ConnectionSpec("samples", ()))
    assert column(service, "database('samples').StormEvents | count")[0] > 50_000
    assert set(service.schema().types()) >= {"StormEvents", "SecurityEvent", "SecurityAlert", "SigninLogs", "Heartbeat"}
    service.close()


BEYOND = [
    (
        "datatable(a:int)[2000000000] | project a * a",
        "2000000000 * 2000000000 is no int: that has 32 bits.",
        "tolong(x)",
    ),
    ("print x = 9223372036854775807 + 1", "9223372036854775807 + 1 is no long: that has 64 bits.", "toreal(x)"),
    ("print x = 99999999999999999999", "99999999999999999999 is no long: that has 64 bits.", "real(...)"),
]


@pytest.mark.parametrize(("query", "message", "hint"), BEYOND)
def test_a_number_beyond_its_type_is_said_in_terms_of_kql(
    engine: LocalService, query: str, message: str, hint: str
) -> None:
    with pytest.raises(errors.KqlQueryError) as caught:
        run(engine, query)
    assert caught.value.message == message
    assert hint in caught.value.hint
