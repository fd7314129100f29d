"""Values of the notebook in a query: `let x = name;`, `-params`, DataFrames; on the embedded engine and on Kusto."""

from __future__ import annotations

import datetime as dt
import math
from decimal import Decimal
from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from conftest import Shell
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from servers.kusto import KustoServer

from kqlext import errors, syntax
from kqlext.datatables import datatable
from kqlext.decode import decode
from kqlext.lets import bare_lets, beginning, declared
from kqlext.services.base import Query
from kqlext.session import Session

LETS = [
    ("let x = a; print x", ["a"]),
    ("let x=a;let y = b ; print x", ["a", "b"]),
    ("let x = // a comment\n a; // let y = b;\nprint x", ["a"]),
    ("print 'let x = a;'", []),
    ("let s = 'a;b'; let x = a; print x", ["a"]),
    ("let x = a.b; let y = ['a']; let z = a[0]; let f = a(1); print x", []),
    ("let x = 5; let y = x; print y", []),
    ("let x = a; let y = x; print y", ["a"]),
    ("let a = a; print a", ["a"]),
    ("let f = (n:long) { let m = n; m }; print f(1)", []),
    ("declare query_parameters(n:long = 5); let x = n; print x", []),
    ("let x = true; let y = null; print x", []),
    ("let x = a + 1; print x", []),
    ("T | extend let = a; print 1", []),
    (".set T <| let x = a; print x", ["a"]),
    ("set notruncation; let x = a; print x", ["a"]),
    ("let x = 'unclosed; let y = a;", []),
    ("", []),
]


@pytest.mark.parametrize(("text", "names"), LETS)
def test_lets_of_one_bare_name(text: str, names: list[str]) -> None:
    found = bare_lets(text)
    assert [name for name, _ in found] == names
    assert [span.of(text) for _, span in found] == names


def test_where_statements_may_be_put() -> None:
    assert beginning("set a; declare query_parameters(n:long); T") == 41
    assert beginning("  // comment\nT | count") == 2
    assert beginning("set a;") == 6


def test_declared_names() -> None:
    assert declared("declare query_parameters(n:long = 5, s:string); print n") == {"n", "s"}
    assert declared("print 1") is None


# --- let x = name; ---------------------------------------------------------------------------------------


@pytest.fixture
def samples(shell: Shell) -> Shell:
    shell.run("%kql samples")
    return shell


def test_values_of_the_notebook(samples: Shell) -> None:
    samples.variables.update(
        limit=3, states=["TEXAS", "KANSAS"], begin=dt.datetime(2007, 6, 1), name='it\'s; // "x"', half=0.5
    )
    result = samples.run(
        "%%kql\nlet s = states;\nlet n = limit;\nlet b = begin;\n"
        "StormEvents\n| where State in (s) and StartTime > b and EventId % 10 == n"
    )
    assert {row["State"] for row in result} <= {"TEXAS", "KANSAS"}
    assert result.query.startswith("let s = states;")
    assert samples.run("%kql let n = name; print n, strlen(n)")[0][0] == 'it\'s; // "x"'
    assert samples.run("%kql let h = half; let d = limit; print h * d")[0][0] == 1.5


def test_a_table_or_a_function_stays_what_it_is(samples: Shell) -> None:
    samples.variables.update(StormEvents=5, json=pd, helper=len, Other=int)
    assert samples.run("%kql let t = StormEvents; t | count")[0][0] > 1000
    with pytest.raises(errors.KqlError, match="helper"):
        samples.run("%kql let t = helper; t | count")


def test_an_error_points_into_what_the_user_wrote(samples: Shell) -> None:
    samples.variables.update(states=["TEXAS", "KANSAS"], limit=3)
    with pytest.raises(errors.KqlQueryError) as caught:
        samples.run("%%kql\nlet s = states; let n = limit;\nStormEvents | where Sttae in (s)")
    assert "line 3: StormEvents | where Sttae in (s)\n                              ^^^^^" in str(caught.value)
    with pytest.raises(errors.KqlQueryError) as caught:
        samples.run("%%kql\nlet s = states; let n = limit; StormEvents | where Sttae in (s)")
    assert "where Sttae in (s)\n" + " " * 61 + "^^^^^" in str(caught.value)


def test_a_value_without_a_literal(samples: Shell) -> None:
    samples.variables.update(raw=b"abc", limit=3)
    with pytest.raises(errors.KqlConversionError) as caught:
        samples.run("%%kql\nlet n = limit; let s = raw;\nprint s")
    assert "Bytes have no literal" in str(caught.value)
    assert "line 2: let n = limit; let s = raw;\n                                 ^^^" in str(caught.value)


def test_a_variable_that_there_is_not(samples: Shell) -> None:
    samples.variables["states"] = ["TEXAS"]
    for cell in ("let s = staets; StormEvents | where State in (s)", "let s = staets; print s"):
        with pytest.raises(errors.KqlError) as caught:
            samples.run(f"%kql {cell}")
        assert "there is no variable staets in the notebook; did you mean 'states'?" in str(caught.value)
    with pytest.raises(errors.KqlCellError) as caught:
        samples.run("%kql -params staets print 1")
    assert "%kql -params staets print 1\n               ^^^^^^^" in str(caught.value)


def test_a_dict_in_the_place_of_the_notebook(samples: Shell) -> None:
    samples.variables.update(limit=3, given={"limit": 5})
    assert samples.run("%kql -params_dict given let n = limit; print n")[0][0] == 5
    assert samples.run('%kql -params_dict {"limit": 7} let n = limit; print n')[0][0] == 7
    for written, message in (("limit", "takes a dict"), ("nothing", "no variable nothing"), ("{'a': 1}", "as JSON")):
        with pytest.raises(errors.KqlCellError, match=message):
            samples.run(f"%kql -params_dict {written} print 1")


def test_the_service_gets_literals_in_place(shell: Shell, kusto: KustoServer) -> None:
    shell.run(f"%kql {kusto.url}/db")
    shell.variables.update(n=5, when=dt.datetime(2024, 1, 1), frame=pd.DataFrame({"a b": [1], "c": ["x'\"\n"]}))
    result = shell.run("%kql let a = n; let b = when; let t = frame; T | take a")
    sent = kusto.requests[-1]
    table = 'datatable(["a b"]:long,["c"]:string)[\nlong(1),"x\'\\"\\n"\n]'
    assert sent.csl == f"let a = long(5); let b = datetime(2024-01-01T00:00:00Z); let t = {table}; T | take a"
    assert sent.parameters == {}
    assert result.query == "let a = n; let b = when; let t = frame; T | take a"


# --- -params ---------------------------------------------------------------------------------------------


def test_parameters_on_kusto(shell: Shell, kusto: KustoServer) -> None:
    shell.run(f"%kql {kusto.url}/db")
    given = {
        "n": 5, "s": "it's \"q\"", "b": True, "r": math.nan, "d": ["x"], "t": dt.datetime(2024, 1, 1), "z": None,
        "l": dt.timedelta(hours=1), "m": Decimal("1.5"), "df": pd.DataFrame({"x": [1]}),
    }  # fmt: skip
    shell.variables.update(given=given, **given)
    shell.run("%kql -params given set notruncation; T | take n")
    sent = kusto.requests[-1]
    assert sent.csl == (
        "set notruncation; declare query_parameters(n:long, s:string, b:bool, r:real, d:dynamic, t:datetime, "
        'z:dynamic, l:timespan, m:decimal); let df = datatable(["x"]:long)[\nlong(1)\n]; T | take n'
    )
    assert sent.parameters == {
        "n": 5, "s": "it's \"q\"", "b": "bool(true)", "r": "real(nan)", "d": 'dynamic(["x"])', "z": "dynamic(null)",
        "t": "datetime(2024-01-01T00:00:00Z)", "l": "timespan(0.01:00:00)", "m": "decimal(1.5)",
    }  # fmt: skip
    shell.run("%kql -params n,s T | where a == s | take n")
    assert kusto.requests[-1].csl == "declare query_parameters(n:long, s:string); T | where a == s | take n"
    shell.run("%kql -params n declare query_parameters(n:long = 7); T | take n")
    assert kusto.requests[-1].csl == "declare query_parameters(n:long = 7); T | take n"
    assert kusto.requests[-1].parameters == {"n": 5}
    for cell, message in (
        ("-params n,s declare query_parameters(n:long = 7); T | take n", "but not s"),
        ("-params n .show tables", "takes no parameters"),
        ("-params n let n = 5; T | take n", "defines n itself"),
        ("-params nothing T", "no variable nothing"),
        ("-params n,nothing T", "no variable nothing"),
        ('-params {"a-b":1} T', "no name for a parameter"),
        ("-params pd T", "no variable pd"),
    ):
        with pytest.raises(errors.KqlError, match=message):
            shell.run(f"%kql {cell}")
    assert len(kusto.requests) < 10


def test_parameters_on_the_embedded_engine(samples: Shell) -> None:
    samples.variables.update(
        n=2, s="TEXAS", df=pd.DataFrame({"State": ["TEXAS"]}), given={"frame": pl.DataFrame({"x": [7]})}
    )
    cell = "%kql -params n,s,df StormEvents | where State == s | join kind=inner (df) on State | extend n | take 2"
    assert samples.run(cell)[0]["n"] == 2
    assert samples.run("%kql -params given frame | project x")[0][0] == 7
    with pytest.raises(errors.KqlCellError, match="takes no `declare query_parameters`"):
        samples.run("%kql -params n declare query_parameters(n:long = 7); print n")
    with pytest.raises(errors.KqlQueryError) as caught:
        samples.run("%kql -params n,s StormEvents | where Sttae == s")
    assert "where Sttae == s\n" + " " * 47 + "^^^^^" in str(caught.value)


def test_values_of_several_connections_and_of_pieces(samples: Shell, kusto: KustoServer) -> None:
    samples.run(f"%kql {kusto.url}/db")
    samples.variables.update(n=2)
    samples.run("%kql -params n -over db,samples@local let m = n; print m")
    assert kusto.requests[-1].csl == "declare query_parameters(n:long); let m = n; print m"
    samples.variables["s"] = "TEXAS"
    result = samples.run(
        "%kql -on samples@local -timespan 2007-01-01/2008-01-01 -split 90d "
        "let x = s; StormEvents | where StartTime >= _startTime and StartTime < _endTime and State == x"
    )
    assert {row["State"] for row in result} == {"TEXAS"}


# --- DataFrames ------------------------------------------------------------------------------------------

NS = pd.Timestamp("2024-01-02T03:04:05.1234567")
FRAMES: list[tuple[Any, str]] = [
    (pd.DataFrame({"i": [1, -2]}), '["i"]:long)[\nlong(1),\nlong(-2)\n]'),
    (pd.DataFrame({"i": pd.array([1, None], "Int32")}), '["i"]:int)[\nint(1),\nint(null)\n]'),
    (pd.DataFrame({"r": [1.5, None]}), '["r"]:real)[\nreal(1.5),\nreal(null)\n]'),
    (pl.DataFrame({"r": [math.nan, None]}), '["r"]:real)[\nreal(nan),\nreal(null)\n]'),
    (pd.DataFrame({"s": ["a'\"\\", None]}), '["s"]:string)[\n"a\'\\"\\\\",\n""\n]'),
    (pd.DataFrame({"t": [NS, None]}), '["t"]:datetime)[\ndatetime(2024-01-02T03:04:05.1234567Z),\ndatetime(null)\n]'),
    (pd.DataFrame({"l": [pd.Timedelta("1s")]}), '["l"]:timespan)[\ntimespan(0.00:00:01)\n]'),
    (pd.DataFrame({"b": [True]}), '["b"]:bool)[\ntrue\n]'),
    (pd.DataFrame({"d": [{"a": [1]}, None]}), '["d"]:dynamic)[\ndynamic({"a":[1]}),\ndynamic(null)\n]'),
    (pl.DataFrame({"d": [["x"], None]}), '["d"]:dynamic)[\ndynamic(["x"]),\ndynamic(null)\n]'),
    (pd.DataFrame({"c": pd.Categorical(["x"])}), '["c"]:string)[\n"x"\n]'),
    (pd.DataFrame({"e": [Decimal("1.50")]}), '["e"]:decimal)[\ndecimal(1.50)\n]'),
    (pa.table({"u": pa.array([2**64 - 1], pa.uint64())}), '["u"]:decimal)[\ndecimal(18446744073709551615.0)\n]'),
    (pa.table({"t": pa.array([0], pa.date32())}), '["t"]:datetime)[\ndatetime(1970-01-01T00:00:00Z)\n]'),
    (pa.table({"n": pa.nulls(1)}), '["n"]:string)[\n""\n]'),
    (pd.DataFrame({"x'\"]; y": [1], "é": [2]}), '["x\'\\"]; y"]:long,["é"]:long)[\nlong(1),long(2)\n]'),
    (pd.DataFrame({"x": [1]}, index=pd.Index([7], name="k")), '["k"]:long,["x"]:long)[\nlong(7),long(1)\n]'),
    (pd.DataFrame({"x": pd.Series([], dtype="int64")}), '["x"]:long)[\n]'),
    (pd.DataFrame({"a": [1], "A": [2]}), '["a"]:long,["A"]:long)[\nlong(1),long(2)\n]'),
]  # fmt: skip


@pytest.mark.parametrize(("frame", "text"), FRAMES, ids=range(len(FRAMES)))
def test_a_frame_as_text(frame: Any, text: str) -> None:
    assert datatable("frame", frame) == f"datatable({text}"


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (pd.DataFrame({"x": [b"a"]}), "Column 'x' of frame is of the type binary"),
        (pd.DataFrame({"x": [1, "a"]}), "several types"),
        (pd.DataFrame([[1, 2]], columns=["a", "a"]), "2 columns called 'a'"),
        (pd.DataFrame(), "no columns"),
        (pd.DataFrame({"x": [pd.Timestamp(1)]}), "Column 'x' of frame: A time is finer"),
        (pd.DataFrame({"x": [{"a": object()}]}), "no JSON"),
        (pl.DataFrame({"x": [dt.time(1)]}), "which KQL has not"),
        (pd.DataFrame({"x": pd.Series(["a\ud800"], dtype=object)}), "surrogates not allowed"),
        (pd.DataFrame({"x": ["x" * 1000] * 1000}), "1,000 rows and 1 column: as part of the query"),
        (pd.DataFrame({"x": range(1_000_000)}), "1,000,000 rows"),
    ],
)
def test_a_frame_that_cannot_be_text(frame: Any, message: str) -> None:
    with pytest.raises(errors.KqlConversionError, match=message) as caught:
        datatable("frame", frame)
    assert caught.value.hint


def test_the_size_of_a_frame(shell: Shell, kusto: KustoServer) -> None:
    shell.run(f"%kql {kusto.url}/db")
    shell.variables["frame"] = pd.DataFrame({"x": range(100)})
    with pytest.raises(errors.KqlConversionError, match="longer than 100 bytes") as caught:
        shell.run("%kql -max_inline 100 let t = frame; t | count")
    assert "-on local" in caught.value.hint
    assert " let t = frame; t | count\n" + " " * 39 + "^^^^^" in str(caught.value)
    shell.run("%kql -max_inline none let t = frame; t | count")
    assert kusto.requests[-1].csl.count("long(") == 100
    assert shell.run("%kql -on local let t = frame; t | count")[0][0] == 100


def test_results_as_tables(samples: Shell, kusto: KustoServer) -> None:
    samples.run("%kql r << StormEvents | take 2 | project State, StartTime, EventId, StormSummary, Guid = guid(null)")
    samples.run(f"%kql {kusto.url}/db")
    samples.run("%kql let t = r; t | count")
    header = kusto.requests[-1].csl.partition("[\n")[0]
    columns = '["State"]:string,["StartTime"]:datetime,["EventId"]:int,["StormSummary"]:dynamic,["Guid"]:guid'
    assert header == f"let t = datatable({columns})"


texts = st.text(st.characters(exclude_categories=("Cs",)))
rows = st.lists(
    st.tuples(
        st.integers(-(2**63), 2**63 - 1), texts, st.floats(allow_nan=False), st.booleans(),
        st.datetimes(dt.datetime(1678, 1, 1), dt.datetime(2262, 1, 1)),
    ), min_size=1, max_size=4,
)  # fmt: skip


@pytest.fixture(scope="module")
def session() -> Any:
    made = Session()
    yield made
    made.close()


@given(rows)
@settings(max_examples=40)
def test_frames_come_back(session: Session, values: list[tuple[Any, ...]]) -> None:
    frame = pl.DataFrame(values, schema=["i", "s", "r", "b", "t"], orient="row")
    text = datatable("frame", frame, embedded=True)
    table = decode(session.notebook_engine().service.execute(Query(text))).tables[0]
    found = zip(*(column.values(0, table.num_rows) for column in table.columns), strict=True)
    assert list(found) == [(*row[:4], row[4].replace(tzinfo=dt.UTC)) for row in values]


@given(st.dictionaries(texts.filter(bool), texts, min_size=1, max_size=4))
@settings(suppress_health_check=[HealthCheck.too_slow])
def test_names_and_cells_are_never_syntax(cells: dict[str, str]) -> None:
    text = f"let t = {datatable('frame', pa.table({name: [cell] for name, cell in cells.items()}))}; t"
    assert len(syntax.statements(text)) == 2
    words = [token for token in syntax.tokens(text) if token.kind != "string"]
    assert len(words) == 8 + 6 * len(cells)  # the names and cells are strings, all else is ours
