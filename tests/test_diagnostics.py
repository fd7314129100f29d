"""Broken queries: class of the error, token under the caret and hint, with and without the language service."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace

import pytest
from conftest import Shell
from servers.kusto import Answer, KustoServer, semantic_error, syntax_error
from servers.kusto_frames import TableSpec, v1
from test_completion import _schema

from kqlext.client import connect
from kqlext.completion.diagnostics import of_tokens
from kqlext.completion.editor import Editor
from kqlext.completion.mistakes import Mistake
from kqlext.completion.service import Scope, why_not
from kqlext.errors import KqlCellError, KqlError, KqlQueryError, KqlUnsupportedError
from kqlext.schemas import Column, DatabaseSchema, TableSchema

# A query, what is under the caret, a part of the hint.
COLUMNS = [
    ("StormEvents | where Sttae == 'TEXAS'", "Sttae", "'State'"),
    ("StormEvents | summarize count() by Stae", "Stae", "'State'"),
    ("StormEvents | summarize sum(DeathDirect)", "DeathDirect", "'DeathsDirect'"),
    ("StormEvents | order by StartTme", "StartTme", "'StartTime'"),
    ("StormEvents | extend x = InjuriesDirct + 1", "InjuriesDirct", "'InjuriesDirect'"),
    ("StormEvents | top 3 by DamagProperty", "DamagProperty", "'DamageProperty'"),
    ("StormEvents | join (StormEvents) on Stat", "Stat", "'State'"),
    ("StormEvents | summarize Storms = count() by State | where Storm > 3", "Storm", "'Storms'"),
    ("StormEvents | project-away Stat", "Stat", "'State'"),
    ("StormEvents | project State, EventTpye", "EventTpye", "'EventType'"),
    ("let x = StormEvents | project State; x | where Stat == 'a'", "Stat", "'State'"),
]
TABLES = [
    ("StormEvent | take 1", "StormEvent", "'StormEvents'"),
    ("Stormevents2 | count", "Stormevents2", "'StormEvents'"),
    ("StormEvents | join (SecurityAlrt) on State", "SecurityAlrt", "'SecurityAlert'"),
    ("StormEvents | union SecurtyEvent", "SecurtyEvent", "'SecurityEvent'"),
]
FUNCTIONS = [
    ("StormEvents | extend x = tolowr(State)", "tolowr", "'tolower'"),
    ("StormEvents | summarize dcnt(State)", "dcnt", "'dcount'"),
    ("StormEvents | extend x = strlenn(State)", "strlenn", "'strlen'"),
    ("StormEvents | evaluate bag_unpak(State)", "bag_unpak", "'bag_unpack'"),
]
# What the parser refuses at this very token.
SYNTAX = [
    ("StormEvents | wher State == 'TEXAS'", "wher", "'where'"),
    ("StormEvents | sumarize count()", "sumarize", "'summarize'"),
    ("StormEvents | tkae 5", "tkae", "'take'"),
    ("StormEvents | exetnd x = 1", "exetnd", "'extend'"),
    ("StormEvents | mv-expnd State", "mv-expnd", "'mv-expand'"),
    ("StormEvents || take 1", "|", "write one"),
    ("StormEvents | sort State", "State", "write by"),
    ("StormEvents | join kind=iner (StormEvents) on State", "iner", "'inner'"),
    ("StormEvents | where State = 'TEXAS'", "=", "=="),
    ("StormEvents | where State == 'TEXAS' and EventType = 'Flood'", "=", "=="),
    ("StormEvents | where State == 'TEXAS')", ")", "remove it"),
    ("StormEvents | count by State", "by", "remove it"),
]
# What it refuses elsewhere: where the query ends, or at the next token that does not fit.
ELSEWHERE = [
    ("StormEvents | project-awy State", "project-awy", "'project-away'"),
    ("StormEvents | take", "take", "T | take rows"),
    ("StormEvents | where", "where", "T | where condition"),
    ("StormEvents | where State == 'x' | ", "|", "write one"),
    ("StormEvents | where (State == 'TEXAS'", "(", "add )"),
    ("StormEvents | where State in ('a', 'b'", "(", "add )"),
    ("StormEvents | extend x = dynamic([1, 2)", "[", "add ]"),
    ("StormEvents | summarize count() by bin(StartTime, 1d", "(", "add )"),
    ("StormEvents | where State == 'TEXAS", "'TEXAS", "add '"),
    ('StormEvents | where State == "TEXAS', '"TEXAS', 'add "'),
]
TYPES = [
    ("StormEvents | where StartTime > 5", ">", "todatetime()"),
    ("StormEvents | where DeathsDirect > 'x'", ">", "tolong()"),
    ("StormEvents | extend x = State + 1", "+", "tolong()"),
    ("StormEvents | extend x = 2 * EventType", "*", "tolong()"),
    ("StormEvents | summarize sum(State)", "State", "tolong()"),
    ("StormEvents | summarize stdev(EventType) by State", "EventType", "tolong()"),
    ("StormEvents | where State", "State", "compare"),
    ("StormEvents | where DeathsDirect contains 'x'", "contains", "tostring()"),
    ("StormEvents | summarize count() by bin(StartTime)", "bin", "--help bin"),
]
# What the language service takes, and Kusto refuses.
EQUALITY = [
    ("StormEvents | where State == 5", "==", "tolong()"),
    ("StormEvents | where StartTime == 'abc'", "==", "todatetime()"),
    ("StormEvents | where DeathsDirect != 'some'", "!=", "tolong()"),
]
BROKEN = [*COLUMNS, *TABLES, *FUNCTIONS, *SYNTAX, *ELSEWHERE, *TYPES]
# The embedded engine draws no chart itself: to it each is right.
RENDERED = [("StormEvents | render timchart", "timchart", "'timechart'")]


def editor_of(shell: Shell) -> Editor:
    return shell.ip.magics_manager.registry["KqlMagics"].editor()  # type: ignore[no-any-return]


@pytest.fixture(scope="module")
def basic() -> Iterator[Shell]:
    """A shell without the language service, on the sample database."""
    fresh = Shell()
    editor_of(fresh).service.close()
    fresh.run("%kql samples")
    yield fresh
    fresh.ip.run_cell("%unload_ext kqlext")
    type(fresh.ip).clear_instance()


@pytest.fixture(scope="module")
def full() -> Iterator[Shell]:
    """A shell with it."""
    if why_not():
        pytest.skip(f"there is no KQL language service here: {why_not()}")
    fresh = Shell()
    fresh.run("%kql samples")
    editor_of(fresh).service.wait(90)
    yield fresh
    fresh.ip.run_cell("%unload_ext kqlext")
    type(fresh.ip).clear_instance()


def error_of(shell: Shell, cell: str) -> KqlError:
    with pytest.raises(KqlError) as raised:
        shell.run(cell)
    return raised.value


def under(error: KqlError) -> str:
    assert error.span is not None
    assert error.text is not None
    return error.span.of(error.text)


def shows(shell: Shell, mode: str, query: str, token: str, hint: str) -> KqlError:
    """The error of a query, which points at a token and has a hint."""
    error = error_of(shell, f"%%kql -check {mode}\n{query}")
    assert type(error) is KqlQueryError
    assert under(error) == token
    assert hint in error.hint
    return error


@pytest.mark.parametrize("mode", ["warn", "error"])
@pytest.mark.parametrize(("query", "token", "hint"), BROKEN + EQUALITY)
def test_with_the_language_service(full: Shell, query: str, token: str, hint: str, mode: str) -> None:
    shows(full, mode, query, token, hint)


@pytest.mark.parametrize("mode", ["warn", "error"])
@pytest.mark.parametrize(("query", "token", "hint"), BROKEN + EQUALITY)
def test_without_it(basic: Shell, query: str, token: str, hint: str, mode: str) -> None:
    shows(basic, mode, query, token, hint)


@pytest.mark.parametrize("name", ["full", "basic"])
@pytest.mark.parametrize(("query", "token", "hint"), RENDERED)
def test_a_chart_that_there_is_not(
    name: str, query: str, token: str, hint: str, request: pytest.FixtureRequest
) -> None:
    shell = request.getfixturevalue(name)
    shows(shell, "error", query, token, hint)
    assert "knows no such visualization" in shell.text(f"%kql {query}")


# Right queries that no look may refuse.
RIGHT = [
    "StormEvents | where state == 'TEXAS' | count",  # to the embedded engine names are the same in any case
    "StormEvents | where State == 'a)' or State == '(' // )",
    "StormEvents | summarize count() by State | where count_ > 1 | take 1",
    "let n = 3; StormEvents | where DeathsDirect > n | count",
    "let f = (x: long) { x + 1 }; print f(2)",
    "StormEvents | project-rename Place = State | where Place == 'x'",
    "StormEvents | extend d = bag_pack('a', 1) | where d.a == 1 | count",
    "range x from 1 to 3 step 1 | extend y = x * 2 | order by y desc",
    "print x = 1 | union (print x = 2)",
    "StormEvents | join kind=inner (StormEvents | take 1) on $left.State == $right.State | count",
    "StormEvents | render timechart with (title='x = y')",
    "StormEvents | summarize count() by bin(StartTime, 1d) | render stackedareachart",
    # types that go together
    "StormEvents | where StartTime > datetime(2007-06-01) and StartTime < ago(1h) + 2 * 1d | count",
    "StormEvents | where EndTime - StartTime > 2 * 1h | count",
    "StormEvents | where DeathsDirect == '0' or StartTime == '2007-01-01' or State == '5' | count",
    "StormEvents | extend x = DeathsDirect * 2.5 - 1, y = 1d * DeathsDirect, z = -DeathsDirect | count",
    "StormEvents | extend Day = bin(StartTime, 1d) + 5h | where Day between (datetime(2007-01-01) .. 5d) | count",
    "StormEvents | extend State = strlen(State) | where State > 5 | summarize sum(State)",
    "let f = (State: long) { State + 1 }; StormEvents | extend x = f(DeathsDirect) | count",
    "StormEvents | extend x = case(State == 'a', 1, State == 'b', 2, 3), y = strcat(State, '-', EventType) | count",
    "print x = 'a' == 'b', y = 1h > 5m, z = datetime(2007-01-01) + 1h, w = 1 + 1",
]

# Right ones that the embedded engine does not have.
RIGHT_ELSEWHERE = [
    "StormEvents | project-away State* | count",
    "let State = 5; StormEvents | where DeathsDirect + State > 5 | count",
    "StormEvents | extend d = bag_pack('State', 1) | where d.State + 1 > 1 | count",
    "StormEvents | summarize arg_max(StartTime, *), percentiles(DeathsDirect, 5, 95), make_set(State, 10)",
]


@pytest.mark.parametrize("query", RIGHT)
def test_a_right_query_is_not_refused(full: Shell, query: str) -> None:
    full.run(f"%%kql -check error\n{query}")


@pytest.mark.parametrize("query", RIGHT)
def test_a_right_query_has_no_mistake_that_is_sure(query: str) -> None:
    assert not [mistake for mistake in of_tokens(query, None) if mistake.is_sure]


@pytest.mark.parametrize("query", RIGHT[1:] + RIGHT_ELSEWHERE)
def test_a_right_query_has_no_mistake_at_all(query: str) -> None:
    assert not of_tokens(query, Scope(connect("samples://").schema().schema))


def test_several_mistakes_are_shown_with_the_first(full: Shell) -> None:
    error = error_of(full, "%kql -check error StormEvents | where Sttae == 1 | extend a = Foo, b = Bar")
    assert [under(other) for other in (error, *error.others)] == ["Sttae", "Foo", "Bar"]
    assert "Also: KS142" in str(error)
    assert str(error).count("^^^") == 3


def test_a_value_of_the_notebook_is_no_unknown_name(full: Shell) -> None:
    full.variables["states"] = ["TEXAS"]
    full.run("%%kql -check error\nlet names = states;\nStormEvents | where State in (names) | count")
    error = error_of(full, "%%kql -check error\nlet names = states;\nStormEvents | where Sttae in (names) | count")
    assert under(error) == "Sttae"


def test_a_table_of_the_notebook_is_known(full: Shell) -> None:
    import pandas as pd

    full.variables["frame"] = pd.DataFrame({"number": [1], "two words": ["x"]})
    full.run("%kql -check error frame | where number == 1 and ['two words'] == 'x'")
    assert under(error_of(full, "%kql -check error frame | where numbr == 1")) == "numbr"


# --- what a Kusto service says itself ------------------------------------------------------------------------------

# In its own words, with its own place where it gives one.
SAID: list[tuple[list[tuple[str, str, str]], str, str]] = [
    (COLUMNS, "SEM0100", "'operator' operator: Failed to resolve column or scalar expression named '{token}'"),
    (TABLES, "SEM0100", "'operator' operator: Failed to resolve table or column expression named '{token}'"),
    (FUNCTIONS, "SEM0260", "Unknown function: '{token}'."),
    (TYPES, "SEM0064", "The types of the operands do not go together. Try adding explicit casts"),
    (EQUALITY, "SEM0064", "Cannot compare values of types. Try adding explicit casts [line:position=1:{column}]"),
    (RENDERED, "SYN0002", "Query could not be parsed at '{token}' on line [1,{column}]"),
]
CASES = [(*case, code, said) for cases, code, said in SAID for case in cases]


@pytest.fixture(scope="module")
def storms() -> Iterator[KustoServer]:
    """A Kusto service with the schema of the sample database, which refuses what a test tells it to."""
    schema = json.dumps(replace(connect("samples://").schema().schema, database="Storms").kusto_json())
    with KustoServer() as server:
        answer = Answer(v1(TableSpec("Table_0", (("DatabaseSchema", "string"),), ((schema,),))))
        server.on(".show database ['Storms'] schema as json", answer)
        yield server


@pytest.fixture(params=["full", "basic"])
def on_kusto(request: pytest.FixtureRequest, storms: KustoServer) -> Iterator[Shell]:
    """A shell that is connected to it and knows its schema, with the language service and without it."""
    shell: Shell = request.getfixturevalue(request.param)
    shell.run(f"%kql kusto://anonymous;cluster='{storms.url}';database='Storms'")
    shell.run("%kql -check error StormEvents | count")
    yield shell
    shell.run("%kql samples")


@pytest.mark.parametrize("mode", ["warn", "error"])
@pytest.mark.parametrize(("query", "token", "hint", "code", "said"), CASES)
def test_what_means_nothing(
    on_kusto: Shell, storms: KustoServer, query: str, token: str, hint: str, code: str, said: str, mode: str
) -> None:
    text = said.format(token=token, column=query.index(token) + ("line [" in said))
    storms.on(query, semantic_error(code, text))
    error = shows(on_kusto, mode, query, token, hint)
    if mode == "warn":
        assert (error.code, error.message) == (code, text)


@pytest.mark.parametrize("mode", ["warn", "error"])
@pytest.mark.parametrize(("query", "token", "hint"), SYNTAX + ELSEWHERE)
def test_what_does_not_parse(
    on_kusto: Shell, storms: KustoServer, query: str, token: str, hint: str, mode: str
) -> None:
    column = len(query) if (query, token, hint) in ELSEWHERE else query.index(token, query.index("|"))
    storms.on(query.strip(), syntax_error(1, column))
    error = shows(on_kusto, mode, query, token, hint)
    if mode == "warn":
        assert (error.code, error.others) == ("SYN0002", ())


# --- a service that is asked over the network ---------------------------------------------------------------------


@pytest.fixture
def logs(full: Shell, kusto: KustoServer) -> Iterator[KustoServer]:
    kusto.on(".show database ['Logs'] schema as json", _schema("Logs", "Requests", "Status"))
    full.run(f"%kql kusto://anonymous;cluster='{kusto.url}';database='Logs'")
    yield kusto
    full.run("%kql --close")
    full.run("%kql samples")


def sent(kusto: KustoServer) -> list[str]:
    queries = [request.csl for request in kusto.requests if request.endpoint == "/v2/rest/query"]
    return [text for text in queries if text != "print kqlext=1"]


def test_a_refused_query_is_not_sent(full: Shell, logs: KustoServer) -> None:
    error = error_of(full, "%kql -check error Requests | where Statsu == 1")
    assert (under(error), error.hint) == ("Statsu", "did you mean 'Status'?")
    assert not sent(logs)
    full.run("%kql -check error Requests | where Status == 1")
    assert sent(logs) == ["Requests | where Status == 1"]


def test_an_old_schema_is_read_again_before_a_name_is_unknown(full: Shell, logs: KustoServer) -> None:
    full.run("%kql -check error Requests | where Status == 1")
    logs.on(".show database ['Logs'] schema as json", _schema("Logs", "Requests", "Duration"))
    full.run("%kql -check error Requests | where Duration == 1")
    assert under(error_of(full, "%kql -check error Requests | where Status == 1")) == "Status"


def test_a_schema_that_nobody_may_read_makes_no_name_unknown(full: Shell, kusto: KustoServer) -> None:
    refused = semantic_error("Forbidden", "no")
    kusto.on(".show database ['Secret'] schema as json", refused)
    kusto.on(".show databases entities", refused)
    full.run(f"%kql kusto://anonymous;cluster='{kusto.url}';database='Secret'")
    full.run("%kql -check error Whatever | where What == 1")
    assert under(error_of(full, "%kql -check error Whatever | wher What == 1")) == "wher"
    full.run("%kql samples")


@pytest.mark.parametrize(
    "query",
    [
        "workspace('other').T | where x == 1",
        "cluster('far').database('away').T | where x == 1",
        "database('Unread').T | where x == 1",
    ],
)
def test_what_stands_elsewhere_is_not_unknown(full: Shell, logs: KustoServer, query: str) -> None:
    full.run(f"%kql -check error {query}")
    assert sent(logs) == [query]


def test_a_warning_adds_what_the_service_does_not_say(full: Shell, logs: KustoServer) -> None:
    logs.on("Requests | where Statsu == 1", semantic_error("SEM0100", "Something is wrong."))
    full.run("%kql -check error Requests | count")  # from here on the schema is known
    error = error_of(full, "%kql Requests | where Statsu == 1")
    assert error.message == "Something is wrong."
    assert (under(error), error.hint, error.code) == ("Statsu", "did you mean 'Status'?", "SEM0100")
    assert error_of(full, "%kql -check off Requests | where Statsu == 1").span is None


def test_a_query_that_the_service_takes_is_never_spoken_of(full: Shell, logs: KustoServer) -> None:
    full.run("%kql -check error Requests | count")
    assert "did you mean" not in full.text("%kql Requests | where Statsu == 1")
    assert len(sent(logs)) == 2


def test_commands_are_not_looked_at(full: Shell, logs: KustoServer) -> None:
    full.run("%kql -check error .show something ( odd")
    assert ".show something ( odd" in [request.csl for request in logs.requests]


@pytest.mark.parametrize("mode", ["warn", "error"])
@pytest.mark.parametrize(("query", "token", "hint"), [COLUMNS[0], FUNCTIONS[0], SYNTAX[0], ELSEWHERE[4], TYPES[1]])
def test_a_query_that_runs_step_by_step(full: Shell, query: str, token: str, hint: str, mode: str) -> None:
    error = error_of(full, f"%%kql -steps -check {mode}\n{query}")
    assert (type(error), under(error)) == (KqlQueryError, token)
    assert hint in error.hint


def test_a_mistake_found_behind_a_step_keeps_the_steps_before_it(full: Shell) -> None:
    error = error_of(full, "%%kql -steps\nStormEvents | take 5 | where DeathsDirect > 'x' | count")
    assert (under(error), error.done is not None) == (">", True)
    assert "tolong()" in error.hint


@pytest.fixture
def two(full: Shell, logs: KustoServer) -> Iterator[KustoServer]:
    """Two databases of one service, of which only the first has a column `Status`; both schemas are known."""
    logs.on(".show database ['More'] schema as json", _schema("More", "Requests", "Duration"))
    full.run("%kql -check error Requests | count")
    full.run(f"%kql kusto://anonymous;cluster='{logs.url}';database='More'")
    full.run("%kql -check error Requests | count")
    yield logs
    full.run("%kql --close")
    full.run(f"%kql kusto://anonymous;cluster='{logs.url}';database='Logs'")


def test_a_query_for_several_connections_is_looked_at_with_the_schema_of_each(full: Shell, two: KustoServer) -> None:
    error = error_of(full, "%kql -check error -over Logs,More Requests | where Status == 1")
    assert (under(error), error.source.partition("@")[0]) == ("Status", "More")
    assert set(sent(two)) == {"Requests | count"}


def test_a_warning_about_what_several_connections_refuse(full: Shell, two: KustoServer) -> None:
    two.on("Requests | where Statsu == 1", semantic_error("SEM0100", "Something is wrong."))
    error = error_of(full, "%kql -over Logs,More Requests | where Statsu == 1")
    assert error.message == "Something is wrong."
    assert (under(error), error.hint, error.source) == ("Statsu", "did you mean 'Status'?", "")
    assert error_of(full, "%kql -check off -over Logs,More Requests | where Statsu == 1").span is None


def test_a_query_in_pieces_is_looked_at_once(full: Shell, logs: KustoServer) -> None:
    full.run("%kql -check error Requests | count")
    query = "Requests | where Status > 0 and _startTime < _endTime | sumarize count()"
    error = error_of(full, f"%kql -timespan 2026-01-01/2026-01-03 -split P1D -check error {query}")
    assert under(error) == "sumarize"
    assert sent(logs) == ["Requests | count"]


def test_what_is_said_of_a_very_long_query_is_what_the_service_says(full: Shell, logs: KustoServer) -> None:
    full.run("%kql -check error Requests | count")
    query = f"Requests | where Statsu in ({', '.join(map(str, range(4000)))})"
    logs.on(query, semantic_error("SEM0100", "Something is wrong."))
    error = error_of(full, f"%kql {query}")
    assert (error.message, error.span, error.others) == ("Something is wrong.", None, ())


# --- the tokens alone ---------------------------------------------------------------------------------------------

SCOPE = Scope(
    DatabaseSchema("c", "d", (TableSchema("Storms", (Column("State", "string"), Column("Deaths", "long"))),), ())
)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Storms | where Sttae == 1", [("Sttae", "did you mean 'State'?", False)]),
        ("Storm | take 1", [("Storm", "did you mean 'Storms'?", False)]),
        ("Storms | join (Storm) on State", [("Storm", "did you mean 'Storms'?", False)]),
        ("Storms | where x.Sttae == 1", []),
        ("Storms | extend Stat = 1 | where Stat == 1", []),
        ("let Stat = 1; Storms | where Deaths == Stat", []),
        ("Storms | wher 1 | tkae 2", [("wher", "did you mean 'where'?", True), ("tkae", "did you mean 'take'?", True)]),
        ("Storms | where strlenn(State) > 1", [("strlenn", "did you mean 'strlen'?", False)]),
        ("print 'a\nb'", [("'a", "add '", True)]),
        ("print (1]", [("(", "add )", True)]),
        ("print strlen(), substring('b', strlen('c'))", [("strlen", "%kql --help strlen shows its arguments", False)]),
        ("print strcat('a', bin(1))", [("bin", "%kql --help bin shows its arguments", False)]),
        ("print strlen(dynamic([1, 2])), bin(1, strlen('a, b')), iff(1 > 0, dynamic({'a': 1, 'b': 2}), 0)", []),
        ("", []),
        ("// only a comment (", []),
    ],
)  # fmt: skip
def test_what_the_tokens_show(text: str, found: list[tuple[str, str, bool]]) -> None:
    mistakes: list[Mistake] = of_tokens(text, SCOPE)
    assert [(mistake.span.of(text), mistake.hint, mistake.is_sure) for mistake in mistakes] == found


# --- --explain, --format, --help ----------------------------------------------------------------------------------


def test_explain_gives_columns_and_tables_and_runs_nothing(full: Shell) -> None:
    explained = full.run(
        "%%kql --explain\nStormEvents\n| summarize Storms = count() by State, Day = bin(StartTime, 1d)"
    )
    assert explained.columns == {"State": "string", "Day": "datetime", "Storms": "long"}
    assert (explained.tables, explained.is_whole, explained.connection) == (("StormEvents",), True, "samples@local")
    assert full.text("%kql --explain StormEvents | count") == (
        "columns    Count: long\ntables     StormEvents\non         samples@local"
    )


def test_explain_of_a_broken_query_points_into_the_cell(full: Shell) -> None:
    error = error_of(full, "%%kql --explain\nStormEvents | where Sttae == 1")
    assert (under(error), error.hint) == ("Sttae", "did you mean 'State'?")
    assert "line 2" in str(error)


def test_format(full: Shell) -> None:
    text = full.run("%kql --format StormEvents|where State=='TEXAS'|summarize count() by  State")
    assert text == "StormEvents\n| where State == 'TEXAS'\n| summarize count() by State"
    assert full.text("%kql --format print   1") == "print 1"
    assert full.run("%%kql --format\nprint   1\n\nprint   2") == "print 1\n\nprint 2"


@pytest.mark.parametrize("command", ["explain", "format"])
def test_without_the_service_the_error_says_what_to_install(basic: Shell, command: str) -> None:
    error = error_of(basic, f"%kql --{command} print 1")
    assert type(error) is KqlUnsupportedError
    assert "pip install kqlext[complete]" in error.hint
    assert type(error_of(basic, f"%kql --{command}")) is KqlCellError


@pytest.mark.parametrize(
    ("word", "shown"),
    [
        ("summarize", "T | summarize name = aggregate(...)"),
        ("bin", "bin(value, roundTo)"),
        ("bag_unpack", "bag_unpack(column, [column_prefix:string])"),
        ("let", "let name = expression;"),
        ("Where", "T | where condition"),
    ],
)
def test_help_on_a_word_of_kql(shell: Shell, word: str, shown: str) -> None:
    text = shell.text(f"%kql --help {word}")
    assert shown in text
    assert f"https://learn.microsoft.com/kusto/query/{word.lower().replace('_', '-')}-" in text


def test_help_on_a_misspelt_word(shell: Shell) -> None:
    assert error_of(shell, "%kql --help sumarize").hint == "did you mean 'summarize'?"
