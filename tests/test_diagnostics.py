"""Broken queries: class of the error, token under the caret and hint, with and without the language service."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from conftest import Shell
from servers.kusto import KustoServer, semantic_error
from test_completion import _schema

from kqlext.completion.diagnostics import Mistake, of_tokens
from kqlext.completion.editor import Editor
from kqlext.completion.service import Scope, why_not
from kqlext.errors import KqlCellError, KqlError, KqlQueryError, KqlUnsupportedError
from kqlext.schemas import Column, DatabaseSchema, TableSchema

# A query, what is under the caret, a part of the hint.
BROKEN = [
    # columns
    ("StormEvents | where Sttae == 'TEXAS'", "Sttae", "'State'"),
    ("StormEvents | summarize count() by Stae", "Stae", "'State'"),
    ("StormEvents | summarize sum(DeathDirect)", "DeathDirect", "'DeathsDirect'"),
    ("StormEvents | order by StartTme", "StartTme", "'StartTime'"),
    ("StormEvents | extend x = InjuriesDirct + 1", "InjuriesDirct", "'InjuriesDirect'"),
    ("StormEvents | top 3 by DamagProperty", "DamagProperty", "'DamageProperty'"),
    ("StormEvents | join (StormEvents) on Stat", "Stat", "'State'"),
    ("StormEvents | summarize Storms = count() by State | where Storm > 3", "Storm", "'Storms'"),
    ("StormEvents | project-away Stat", "Stat", "'State'"),
    ("let x = StormEvents | project State; x | where Stat == 'a'", "Stat", "'State'"),
    # tables
    ("StormEvent | take 1", "StormEvent", "'StormEvents'"),
    ("Stormevents2 | count", "Stormevents2", "'StormEvents'"),
    ("StormEvents | join (SecurityAlrt) on State", "SecurityAlrt", "'SecurityAlert'"),
    ("StormEvents | union SecurtyEvent", "SecurtyEvent", "'SecurityEvent'"),
    # operators
    ("StormEvents | wher State == 'TEXAS'", "wher", "'where'"),
    ("StormEvents | sumarize count()", "sumarize", "'summarize'"),
    ("StormEvents | tkae 5", "tkae", "'take'"),
    ("StormEvents | project-awy State", "project-awy", "'project-away'"),
    ("StormEvents | exetnd x = 1", "exetnd", "'extend'"),
    ("StormEvents | mv-expnd State", "mv-expnd", "'mv-expand'"),
    ("StormEvents | take", "take", "T | take rows"),
    ("StormEvents | where", "where", "T | where condition"),
    ("StormEvents | where State == 'x' | ", "|", "write one"),
    ("StormEvents || take 1", "|", "write one"),
    ("StormEvents | sort State", "State", "write by"),
    ("StormEvents | join kind=iner (StormEvents) on State", "iner", "'inner'"),
    # what compares nothing
    ("StormEvents | where State = 'TEXAS'", "=", "=="),
    ("StormEvents | where State == 'TEXAS' and EventType = 'Flood'", "=", "=="),
    # brackets and quotes
    ("StormEvents | where (State == 'TEXAS'", "(", "add )"),
    ("StormEvents | where State in ('a', 'b'", "(", "add )"),
    ("StormEvents | where State == 'TEXAS')", ")", "remove it"),
    ("StormEvents | extend x = dynamic([1, 2)", "[", "add ]"),
    ("StormEvents | summarize count() by bin(StartTime, 1d", "(", "add )"),
    ("StormEvents | where State == 'TEXAS", "'TEXAS", "add '"),
    ('StormEvents | where State == "TEXAS', '"TEXAS', 'add "'),
    # functions
    ("StormEvents | extend x = tolowr(State)", "tolowr", "'tolower'"),
    ("StormEvents | summarize dcnt(State)", "dcnt", "'dcount'"),
    ("StormEvents | extend x = strlenn(State)", "strlenn", "'strlen'"),
]

# What only a parser with types sees; without it the engine's own error has to do.
TYPES = [
    ("StormEvents | where StartTime > 5", ">", "todatetime()"),
    ("StormEvents | where DeathsDirect > 'x'", ">", "tolong()"),
    ("StormEvents | extend x = State + 1", "+", "tolong()"),
    ("StormEvents | summarize sum(State)", "State", "tolong()"),
    ("StormEvents | where State", "State", "compare"),
    ("StormEvents | summarize count() by bin(StartTime)", "bin", "--help bin"),
    ("StormEvents | render timchart", "timchart", "'timechart'"),
    ("StormEvents | evaluate bag_unpak(State)", "bag_unpak", "'bag_unpack'"),
    ("StormEvents | project State, EventTpye", "EventTpye", "'EventType'"),
    ("StormEvents | count by State", "by", "remove it"),
]


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


@pytest.mark.parametrize(("query", "token", "hint"), BROKEN + TYPES)
def test_with_the_language_service(full: Shell, query: str, token: str, hint: str) -> None:
    error = error_of(full, f"%%kql -check error\n{query}")
    assert type(error) is KqlQueryError
    assert under(error) == token
    assert hint in error.hint


@pytest.mark.parametrize(("query", "token", "hint"), BROKEN)
@pytest.mark.parametrize("mode", ["warn", "error"])
def test_without_it(basic: Shell, query: str, token: str, hint: str, mode: str) -> None:
    error = error_of(basic, f"%%kql -check {mode}\n{query}")
    assert type(error) in (KqlQueryError, KqlUnsupportedError)
    assert hint in error.hint or mode == "warn"
    assert under(error) == token or mode == "warn"


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
]


@pytest.mark.parametrize("query", RIGHT)
def test_a_right_query_is_not_refused(full: Shell, query: str) -> None:
    full.run(f"%%kql -check error\n{query}")


@pytest.mark.parametrize("query", RIGHT)
def test_a_right_query_has_no_mistake_that_is_sure(query: str) -> None:
    assert not [mistake for mistake in of_tokens(query, None) if mistake.is_sure]


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
