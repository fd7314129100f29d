"""``-steps``: the stages of a query, the batch that runs them, and what is shown, on the engine and a service."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from conftest import Shell
from servers import kusto as scripted
from servers.kusto import Answer, KustoServer
from servers.kusto_frames import TableSpec, v2

from kqlext import errors
from kqlext.errors import Span
from kqlext.steps.planning import plan
from kqlext.steps.running import Step, label
from kqlext.steps.stages import batch

TEXAS = "StormEvents | where State == 'TEXAS'"


@pytest.fixture
def samples(shell: Shell) -> Shell:
    shell.run("%kql samples")
    return shell


@pytest.fixture
def service(shell: Shell, kusto: KustoServer) -> Iterator[Shell]:
    """A shell that is connected to a service which answers batches over the sample tables."""
    kusto.samples = True
    shell.run(f"%kql kusto://anonymous;cluster='{kusto.url}';database='Samples'")
    return shell


def stages(text: str, **arguments: Any) -> list[tuple[str, str]]:
    made = plan(text, **arguments)
    return [(stage.kind, label(made, stage)) for stage in made.stages]


def rows(shell: Shell, query: str, options: str = "-steps") -> list[tuple[str, int | None, int]]:
    result = shell.run(f"%%kql {options}\n{query}")
    return [(step.text, step.rows_in, step.rows) for step in result.steps]


def squeezed(text: str) -> str:
    return " ".join(text.split())


# --- the plan --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("T", [("source", "T")]),
        ("T | where a | count", [("source", "T"), ("operator", "| where a"), ("operator", "| count")]),
        ("T // x | y\n| where a == '|' // z\n", [("source", "T"), ("operator", "| where a == '|'")]),
        ("T | mv-apply a on (where b | take 1)", [("source", "T"), ("operator", "| mv-apply a on (where b | take 1)")]),
        ("T | where a | render timechart with (title='x')", [("source", "T"), ("operator", "| where a")]),
        ("let n = 5; let f = (x:long) { U | take x }; T | take n", [("source", "T"), ("operator", "| take n")]),
        ("let a = U | count; T | where x in (a)",
         [("let", "let a = U | count"), ("source", "T"), ("operator", "| where x in (a)")]),
        ("let a = U; let b = range(1, 2); T", [("source", "T")]),
        ("let a = range x from 1 to 2 step 1; T", [("let", "let a = range x from 1 to 2 step 1"), ("source", "T")]),
        ("let a = (U | count); T", [("let", "let a = (U | count)"), ("source", "T")]),
        ("let a = materialize(U | count); a", [("let", "let a = materialize(U | count)"), ("source", "a")]),
        # what only the pipeline begins with is its beginning
        ("let a = T | where x; let b = a | where y; b | count",
         [("source", "T"), ("operator", "| where x"), ("operator", "| where y"), ("operator", "| count")]),
        ("let a = T | where x; a | join (a | count) on y",
         [("let", "let a = T | where x"), ("source", "a"), ("operand", "a | count"),
          ("operator", "| join (a | count) on y")]),
        ("(T | where x) | count", [("source", "T"), ("operator", "| where x"), ("operator", "| count")]),
        # tables that an operator reads
        ("T | join kind=inner hint.strategy=shuffle (U | where b) on $left.a == $right.b",
         [("source", "T"), ("operand", "U | where b"),
          ("operator", "| join kind=inner hint.strategy=shuffle (U | where b) on $left.a == $right.b")]),
        ("T | lookup U on a", [("source", "T"), ("operand", "U"), ("operator", "| lookup U on a")]),
        ("T | union kind=outer U, (V | count), W*",
         [("source", "T"), ("operand", "U"), ("operand", "V | count"),
          ("operator", "| union kind=outer U, (V | count), W*")]),
        ("union U, (V | count) | take 1",
         [("operand", "U"), ("operand", "V | count"), ("source", "union U, (V | count)"), ("operator", "| take 1")]),
        ("T | join (f()) on a", [("source", "T"), ("operand", "f()"), ("operator", "| join (f()) on a")]),
        ("T | as X | join (X | count) on a",
         [("source", "T"), ("operator", "| as X"), ("operator", "| join (X | count) on a")]),
    ],
)  # fmt: skip
def test_a_query_is_cut_into_stages(text: str, expected: list[tuple[str, str]]) -> None:
    assert stages(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("T | where a | count",
         [("source", "T"), ("sample", "-sample 9"), ("operator", "| where a"), ("operator", "| count")]),
        ("T | where t > ago(1h) | where a",
         [("source", "T"), ("operator", "| where t > ago(1h)"), ("sample", "-sample 9"), ("operator", "| where a")]),
        # what would run as a whole to be counted is not counted
        ("union U, V | where t > ago(1h) | count",
         [("sample", "union U, V | where t > ago(1h) (-sample 9)"), ("operator", "| count")]),
        ("database('d').T | count", [("source", "database('d').T"), ("sample", "-sample 9"), ("operator", "| count")]),
    ],
)  # fmt: skip
def test_a_sample_is_a_stage_behind_filters_of_the_time(text: str, expected: list[tuple[str, str]]) -> None:
    assert stages(text, sample=9) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (".show tables", "A management command has no steps."),
        ("T; U", "-steps takes one statement"),
        ("let a = T | count;", "-steps takes one statement"),
        ("| where a", "begins with |"),
        ("T" + "| take 1" * 200, "The query has 201 steps; -steps runs at most 200."),
    ],
)
def test_what_has_no_steps(text: str, message: str) -> None:
    with pytest.raises(errors.KqlCellError, match=re.escape(message)) as caught:
        plan(text)
    assert caught.value.hint


# --- the batch -------------------------------------------------------------------------------------------


def test_a_batch_computes_each_stage_of_the_one_before() -> None:
    made = batch(plan("T // all\n| where a\n| summarize n = count() by b\n| where n > 1"))
    assert squeezed(made.text) == (
        "let kqlext_step_2 = materialize( T // all | where a ); "
        "let kqlext_step_3 = materialize( kqlext_step_2 | summarize n = count() by b ); "
        "T // all | count; T // all | take 3; kqlext_step_2 | count; kqlext_step_2 | take 3; "
        "kqlext_step_3 | count; kqlext_step_3 | take 3; kqlext_step_3 | where n > 1"
    )
    assert "T // all\n| count;" in made.text  # what follows a comment is in a line of its own


def test_rows_in_an_order_are_not_read_from_a_table_that_has_none() -> None:
    text = "T | where a | sort by b | extend c = prev(b) | where c | summarize count() by b | where count_ > 1"
    expressions = {stage.name: squeezed(written(text, stage.expression)) for stage in plan(text).stages}
    assert expressions == {
        "": "kqlext_step_2 | sort by b | extend c = prev(b) | where c",
        "kqlext_step_2": "T | where a",
        "kqlext_step_6": "kqlext_step_2 | sort by b | extend c = prev(b) | where c | summarize count() by b",
        "kqlext_step_7": "kqlext_step_6 | where count_ > 1",
    }
    assert all(stage.name for stage in plan(text, keeps_order=True).stages[1:])


def written(text: str, pieces: Any) -> str:
    return "".join(piece if isinstance(piece, str) else piece.of(text) for piece in pieces)


@pytest.mark.parametrize(
    ("text", "final"),
    [
        # What tells of tables by their names is read from the beginning.
        ("T | where a | union withsource=S (U | count)", "T | where a | union withsource=S (U | count)"),
        ("T | as X | summarize by a | join (X) on a", "T | as X | summarize by a | join (X) on a"),
        ("T | join (U | count) on a", "T | join (kqlext_step_2) on a"),
        ("T | union U, (V | count)", "T | union U, (kqlext_step_3)"),
        ("T | lookup U on a", "T | lookup U on a"),
    ],
)
def test_tables_that_operators_read_are_shared_where_their_names_do_not_count(text: str, final: str) -> None:
    assert squeezed(written(text, plan(text).stages[-1].expression)) == final


def test_let_tables_are_materialized_once() -> None:
    made = batch(
        plan(
            "let n = 5; let a = U | where x > n; let b = datatable(x:long)[1]; let c = U | top 3 by x;"
            "T | join (a | count) on x"
        )
    )
    prelude, _, _ = squeezed(made.text).partition("let kqlext")
    assert prelude == (
        "let n = 5 ; let a = materialize( U | where x > n ); let b = datatable(x:long)[1] ; let c = U | top 3 by x ; "
    )


def test_names_of_the_batch_are_none_of_the_query() -> None:
    assert plan("kqlext_step_2 | where a | count").stages[1].name == "kqlext_step__2"


def test_a_place_in_a_batch_is_one_in_the_query() -> None:
    text = "T | where a | sort by bb | extend c = 1 | count"
    made = batch(plan(text))
    for match in re.finditer("bb", made.text):
        span, stage = made.origin(Span(*match.span()))
        assert span is not None
        assert span.of(text) == "bb"
        assert stage in (2, 3, 4)
    own = made.text.index("| take 3")
    assert made.origin(Span(own, own + 1)) == (Span(0, 1), 0)


# --- the embedded engine ---------------------------------------------------------------------------------


def test_rows_in_and_out(samples: Shell) -> None:
    assert rows(samples, f"{TEXAS} | summarize Storms = count() by EventType | where Storms > 1000000 | take 5") == [
        ("StormEvents", None, 59066),
        ("| where State == 'TEXAS'", 59066, 4657),
        ("| summarize Storms = count() by EventType", 4657, 27),
        ("| where Storms > 1000000", 27, 0),
        ("| take 5", 0, 0),
    ]  # fmt: skip


def test_columns_and_first_rows(samples: Shell) -> None:
    result = samples.run(f"%kql -steps {TEXAS} | project State, EventId | extend EventId = tostring(EventId), x = 1.5")
    source, where, project, extend = result.steps
    assert list(source.columns)[:3] == ["StartTime", "EndTime", "EpisodeId"]
    assert (where.added, where.removed, where.retyped) == ((), (), ())
    assert len(project.removed) == 20
    assert (extend.added, extend.removed, extend.retyped) == (("x",), (), ("EventId",))
    assert extend.columns == {"State": "string", "EventId": "string", "x": "real"}
    assert extend.head.num_rows == 3
    assert extend.head.columns[0].values(0, 3) == ["TEXAS"] * 3
    assert len(result) == extend.rows == 4657


# Each must answer as it does without -steps: the same types, values and order.
QUERIES = [
    "StormEvents | where State == 'TEXAS' | sort by StartTime asc, EventId asc | take 10 | project StartTime, EventId",
    "StormEvents | summarize s = sum(DamageProperty), c = count() by State | where s > 1000 | sort by s desc | take 7",
    "let n = 3; let big = StormEvents | where DeathsDirect > n; big | join kind=leftouter (StormEvents"
    " | where InjuriesDirect > 0 | summarize i = sum(InjuriesDirect) by State) on State | distinct State, i"
    " | sort by State asc",
    "union withsource=S StormEvents, (SigninLogs | where ResultType != '0') | summarize c = count() by S | sort by S",
    "StormEvents | union withsource=S (SigninLogs | take 5) | summarize c = count() by S | sort by S asc",
    "print g = toguid('74be27de-1e4e-49d9-b579-fe0b331d3642'), t = 1h, d = dynamic({'a': [1]}), n = dynamic(null)"
    " | extend same = g == toguid('74be27de-1e4e-49d9-b579-fe0b331d3642'), u = datetime(2020-01-01) + t, a = d.a[0]",
    "datatable(a:string, b:long)['x', 1, '', long(null), 'y', 3] | extend c = iff(isempty(a), 'none', a) | where b > 0",
    "let a = materialize(StormEvents | where State == 'KANSAS'); a | where DeathsDirect > 0 | union (a | take 1)"
    " | count",
    "StormEvents | sort by StartTime asc | summarize l = make_list(EventId) by State | extend n = array_length(l)"
    " | project State, n | sort by State asc",
    "StormEvents | where State in ((StormEvents | summarize c = count() by State | top 3 by c | project State))"
    " | summarize count() by State | sort by State asc",
    "range x from 1 to 10 step 1 | where x > 4 | extend y = x / 2.0 | sort by x desc",
    "['StormEvents'] | getschema | project ColumnName, ColumnType",
]  # fmt: skip


@pytest.mark.parametrize("query", QUERIES)
def test_the_answer_is_that_of_the_query_itself(samples: Shell, query: str) -> None:
    whole, stepped = samples.run(f"%kql {query}"), samples.run(f"%kql -steps {query}")
    assert stepped.columns == whole.columns
    assert stepped.to_dict() == whole.to_dict()
    assert stepped.warnings == whole.warnings
    assert stepped.steps[-1].rows == len(whole)
    assert whole.steps == ()


def test_nothing_is_left_behind(samples: Shell) -> None:
    before = samples.run("%kql --schema")
    rows(samples, f"{TEXAS} | count")
    with pytest.raises(errors.KqlQueryError):
        rows(samples, f"{TEXAS} | where Sttae == 1")
    assert repr(samples.run("%kql --schema")) == repr(before)


def test_render_is_drawn_of_the_answer(samples: Shell) -> None:
    result = samples.run(f"%kql -steps {TEXAS} | summarize count() by EventType | render barchart")
    assert result.visualization["visualization"] == "barchart"
    assert [step.text for step in result.steps][-1] == "| summarize count() by EventType"


def test_tables_of_the_notebook_have_steps(samples: Shell) -> None:
    samples.run("import pandas as pd\ndf = pd.DataFrame({'a': [1, 2, 3]})")
    assert rows(samples, "df | where a > 1 | where a > 5") == [
        ("df", None, 3), ("| where a > 1", 3, 2), ("| where a > 5", 2, 0)
    ]  # fmt: skip
    assert rows(samples, "| where a > 1", "-steps -on df")[0] == ("['df']", None, 3)


def test_every_query_of_a_cell_has_its_steps(samples: Shell) -> None:
    samples.run("%%kql -steps\nfirst <<\nStormEvents | count\n\nsecond <<\nSigninLogs | take 1")
    assert [len(samples.variables[name].steps) for name in ("first", "second")] == [2, 2]
    assert [bundle["text/plain"].count("rows in") for bundle in samples.shown] == [1, 0, 1]


def test_the_step_that_fails_is_named_and_those_before_it_are_shown(samples: Shell) -> None:
    with pytest.raises(errors.KqlQueryError) as caught:
        samples.run(f"%kql -steps {TEXAS} | project-away State | where State == 'x' | count")
    error = caught.value
    assert error.message == "Step 4 of 5: There is no column 'State'."
    assert error.text is not None
    assert error.span is not None
    assert error.text[error.span.start - 6 : error.span.end] == "where State"
    assert error.span.start > error.text.index("project-away")
    (shown,) = samples.shown
    assert "| project-away State" in shown["text/plain"]
    assert "3 steps · step 4 failed: | where State == 'x'" in shown["text/plain"]


def test_an_error_without_a_place_points_at_its_step(samples: Shell) -> None:
    with pytest.raises(errors.KqlQueryError) as caught:
        samples.run("%kql -steps print a = dynamic([1]), b = 1 | extend c = a + b | take 1")
    assert caught.value.message.startswith("Step 2 of 3: ")
    assert caught.value.span is not None
    assert caught.value.span.of(str(caught.value.text)) == "| extend c = a + b"


def test_the_first_step_that_fails_has_no_steps_to_show(samples: Shell) -> None:
    with pytest.raises(errors.KqlQueryError) as caught:
        samples.run("%kql -steps StormEventz | count")
    assert caught.value.message == "There is no table 'StormEventz'."
    assert samples.shown == []


def test_a_sample_is_said(samples: Shell) -> None:
    result = samples.run(f"%kql -steps -sample 1000 {TEXAS} | count")
    assert [(step.rows_in, step.rows) for step in result.steps[:2]] == [(None, 59066), (59066, 1000)]
    assert result.warnings == ("-sample: this answer, and the steps behind the sample, are of 1,000 of 59,066 rows.",)
    assert samples.run("%kql -steps -sample 90000 StormEvents | count").warnings == ()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("-sample 5", "-sample goes with --schema table and with -steps."),
        ("-steps -over samples@local", "-steps and -over do not go together."),
        ("-steps -timespan P1D -split 1h", "-steps and -split do not go together."),
    ],
)
def test_options_that_do_not_go_with_it(samples: Shell, options: str, message: str) -> None:
    with pytest.raises(errors.KqlCellError, match=message):
        samples.run(f"%kql {options} StormEvents | count")


def test_values_and_saved_queries_are_read_by_the_steps(samples: Shell) -> None:
    samples.run("state = 'TEXAS'\nleast = 3")
    samples.run("%kql -save deadly -no_execute StormEvents | where DeathsDirect > 0")
    found = rows(
        samples,
        "let s = state; StormEvents | where State == s | join kind=leftsemi (deadly) on EventId"
        " | where DeathsDirect > least",
        "-steps -with deadly -params least",
    )
    assert found[0] == ("let deadly = StormEvents | where DeathsDirect > 0", None, 100)
    assert found[1:3] == [("StormEvents", None, 59066), ("| where State == s", 59066, 4657)]
    assert found[3][2] == len(samples.run("%kql StormEvents | where State == 'TEXAS' and DeathsDirect > 0"))


def test_an_error_in_a_saved_query_points_into_it(samples: Shell) -> None:
    samples.run("%kql -save broken -no_execute StormEvents | where Sttae == 1")
    with pytest.raises(errors.KqlQueryError) as caught:
        samples.run("%kql -steps -with broken StormEvents | join kind=inner (broken) on EventId | count")
    assert caught.value.text_name == "broken"
    assert caught.value.span is not None
    assert caught.value.span.of(str(caught.value.text)) == "Sttae"


def test_steps_are_not_recorded(samples: Shell, tmp_path: Path) -> None:
    with pytest.raises(errors.KqlCellError, match="neither recorded nor played back"):
        samples.run(f"%kql -steps -cache '{tmp_path}' StormEvents | count")
    assert list(tmp_path.iterdir()) == []


def test_a_query_that_takes_too_long_names_its_step(samples: Shell) -> None:
    query = (
        "StormEvents | extend k = 1 | join kind=inner (StormEvents | extend k = 1 | project k, b = EventId) on k"
        " | summarize count() by b | count"
    )
    with pytest.raises(errors.KqlQueryError, match="Step 4 of 6: The query was given up after 4 s") as caught:
        samples.run(f"%kql -timeout 4 -steps {query}")
    assert caught.value.span is not None
    assert [step.rows for step in caught.value.done.steps] == [59066, 59066, 59066]  # type: ignore[attr-defined]
    assert samples.run("%kql -steps StormEvents | count")[0][0] == 59066


# --- a service -------------------------------------------------------------------------------------------


def test_without_a_sample_nothing_is_sent(service: Shell, kusto: KustoServer) -> None:
    before = len(kusto.requests)
    with pytest.raises(errors.KqlCellError, match="it needs -sample") as caught:
        service.run(f"%kql -steps {TEXAS}")
    assert "-steps -sample 1000" in caught.value.hint
    assert len(kusto.requests) == before


def test_a_service_is_asked_once(service: Shell, kusto: KustoServer) -> None:
    before = len(kusto.requests)
    query = (
        "StormEvents | where StartTime > datetime(2007-06-01) | where State == 'TEXAS'"
        " | lookup (SigninLogs | summarize c = count() by State = Location) on State | top 3 by StartTime"
    )
    result = service.run(f"%kql -steps -sample 2000 {query}")
    assert len(kusto.requests) == before + 1
    assert [step.kind for step in result.steps] == [
        "source", "operator", "sample", "operator", "operand", "operator", "operator"
    ]  # fmt: skip
    assert [step.rows for step in result.steps[:3]] == [59066, 32669, 2000]
    assert result.steps[-1].rows == len(result) == 3
    assert result.query == query
    assert result.warnings == ("-sample: this answer, and the steps behind the sample, are of 2,000 of 32,669 rows.",)


def test_the_step_that_a_service_refuses_is_found(service: Shell, kusto: KustoServer) -> None:
    before = len(kusto.requests)
    with pytest.raises(errors.KqlQueryError) as caught:
        service.run(f"%kql -steps -sample 1000 {TEXAS} | project-away State | where State == '1' | count")
    error = caught.value
    assert error.message.startswith("Step 5 of 6: 'where' operator: Failed to resolve")
    assert error.span is not None
    assert str(error.text)[error.span.start - 6 : error.span.end + 7] == "where State == '1'"
    assert "| project-away State" in service.shown[0]["text/plain"]
    assert len(kusto.requests) - before <= 5


def test_a_service_that_answers_no_batch_is_not_asked_twice_over(service: Shell, kusto: KustoServer) -> None:
    before = len(kusto.requests)
    kusto.samples = False
    kusto.default[scripted.QUERY] = scripted.semantic_error("SEM0001", "only one statement", "x")
    with pytest.raises(errors.KqlQueryError) as caught:
        service.run(f"%kql -steps -sample 1000 {TEXAS} | extend a = 1 | extend b = 1 | extend c = 1 | count")
    assert caught.value.message == "only one statement"
    assert len(kusto.requests) - before <= 4


def test_too_few_tables_are_an_error(service: Shell, kusto: KustoServer) -> None:
    kusto.samples = False
    kusto.default[scripted.QUERY] = Answer(v2(TableSpec("PrimaryResult", (("Count", "long"),), ((1,),))))
    with pytest.raises(errors.KqlResponseError, match="1 table for 4 statements"):
        service.run(f"%kql -steps -sample 1000 {TEXAS}")


def test_an_answer_that_breaks_off_is_an_error(service: Shell, kusto: KustoServer) -> None:
    kusto.samples = False
    count, head = (
        TableSpec("PrimaryResult", (("Count", "long"),)),
        TableSpec("PrimaryResult", (("a", "long"),), ((1,),)),
    )
    kusto.default[scripted.QUERY] = Answer(v2(count, head, count, head, head))
    with pytest.raises(errors.KqlResponseError, match="The rows of a step were not counted"):
        service.run(f"%kql -steps -sample 1000 {TEXAS}")


def test_other_services_are_told_how(shell: Shell) -> None:
    shell.run("%kql -!vc loganalytics://workspace='11111111-2222-3333-4444-555555555555';anonymous")
    with pytest.raises(errors.KqlCellError, match="does not answer several statements") as caught:
        shell.run("%kql -steps -sample 10 Heartbeat | count")
    assert "-steps -on some" in caught.value.hint


# --- what is shown ---------------------------------------------------------------------------------------


class Tags(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: set[str] = set()
        self.text = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        assert {name for name, _ in attrs} <= {
            "class",
            "style",
            "scope",
            "title",
            "colspan",
            "tabindex",
            "role",
            "aria-label",
        }

    def handle_data(self, data: str) -> None:
        self.text += data


def test_the_step_that_loses_all_rows_is_marked(samples: Shell) -> None:
    samples.run(f"%kql -steps {TEXAS} | where DeathsDirect > 100 | count")
    (bundle,) = samples.shown
    (line,) = [line for line in bundle["text/plain"].splitlines() if "all rows are lost here" in line]
    assert "| where DeathsDirect > 100  <-- all rows are lost here" in line
    assert bundle["text/html"].count("◀ all rows are lost here") == 1


def test_a_table_without_rows_is_marked(samples: Shell) -> None:
    samples.run(
        "%kql -steps StormEvents | join kind=inner (SigninLogs | where false) on $left.State == $right.Location"
    )
    assert re.search(r"reads SigninLogs \| where false  <-- no rows", samples.shown[0]["text/plain"])


def test_data_and_queries_are_no_markup(samples: Shell) -> None:
    samples.run("%kql -steps print ['<b>n'] = '<script>alert(1)</script>' | extend y = '<i>\x1b[31m'")
    (bundle,) = samples.shown
    page = Tags(bundle["text/html"])
    assert page.tags <= {
        "div",
        "table",
        "caption",
        "thead",
        "tbody",
        "tr",
        "th",
        "td",
        "code",
        "b",
        "details",
        "summary",
        "p",
    }
    assert "<script>alert(1)</script>" in page.text
    assert "\x1b" not in bundle["text/html"] + bundle["text/plain"]


def test_many_steps_and_wide_rows_stay_small(samples: Shell) -> None:
    query = "SecurityEvent" + "".join(f" | extend c{number} = strcat(Account, 'x')" for number in range(80))
    result = samples.run(f"%kql -steps {query} | take 1")
    (bundle,) = samples.shown
    assert len(result.steps) == 82
    assert "50 of 82 steps" in bundle["text/plain"]
    assert len(bundle["text/html"]) + len(bundle["text/plain"]) < 150_000


@pytest.mark.parametrize(
    ("rows_in", "out", "kept"),
    [(100, 50, "50 %"), (100_000, 1, "< 0.1 %"), (100_000, 99_999, "> 99.9 %"), (3, 1, "33.3 %"), (2, 6, "300 %")],
)
def test_shares_do_not_round_to_none_or_all(rows_in: int, out: int, kept: str) -> None:
    from kqlext.decode.tables import Table
    from kqlext.steps.running import Stepped

    step = Step(1, "operator", "| where x", rows_in, out, {}, (), (), (), Table("", (), 0))
    assert f" {kept} |" in repr(Stepped((step,), "c")._repr_mimebundle_()["text/plain"])


def test_a_last_semicolon_shows_nothing(samples: Shell) -> None:
    samples.run(f"%kql -steps {TEXAS} | count;")
    assert samples.shown == []
