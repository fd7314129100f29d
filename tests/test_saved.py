"""Named queries: `-save name`, `-no_execute`, `-with name`."""

from __future__ import annotations

import pytest
from conftest import Shell
from servers.kusto import KustoServer

from kqlext import errors
from kqlext.saved import SavedQuery, prepended
from kqlext.services.base import Query

STORMS = "let least = 5; StormEvents | where State == 'TEXAS' // here\n| render table"


@pytest.fixture
def samples(shell: Shell) -> Shell:
    shell.run("%kql samples")
    return shell


def test_a_query_built_up_step_by_step(samples: Shell) -> None:
    shown = samples.text(
        "%%kql -save texas -no_execute\nStormEvents\n| where State == state // the one\n| render table"
    )
    assert shown == "texas: saved, for -with texas"
    assert "_kql" not in samples.variables
    samples.variables["s"] = "TEXAS"
    samples.run("%%kql -save texas -no_execute\nlet state = s;\nStormEvents | where State == state // the one")
    result = samples.run("%kql -with texas texas | distinct State")
    assert (result[0][0], result.query) == ("TEXAS", "texas | distinct State")
    result = samples.run("%kql -save kinds -with texas texas | distinct EventType")
    assert samples.run("%kql -with kinds kinds | count")[0][0] == len(result)
    assert samples.run("%kql -with kinds,texas texas | join kind=inner (kinds) on EventType | count")[0][0] > 0


def test_the_text_that_is_sent(shell: Shell, kusto: KustoServer) -> None:
    shell.run(f"%kql {kusto.url}/db")
    shell.run(f"%%kql -save errors -no_execute\n{STORMS}")
    before = len(kusto.requests)
    shell.run("%%kql -with errors\nset notruncation;\nerrors | count")
    assert len(kusto.requests) == before + 1
    assert kusto.requests[-1].csl == (
        "set notruncation;\nlet least = 5; let errors = StormEvents | where State == 'TEXAS';\nerrors | count"
    )


def test_an_error_in_a_saved_query_points_into_it(samples: Shell) -> None:
    samples.run("%%kql -save bad -no_execute\nStormEvents\n| where Sttae == 5")
    with pytest.raises(errors.KqlQueryError) as caught:
        samples.run("%kql -with bad bad | count")
    assert "  bad, line 2: | where Sttae == 5\n                       ^^^^^" in str(caught.value)
    samples.run("%%kql -save good -no_execute\nStormEvents\n| where State == 'TEXAS'")
    with pytest.raises(errors.KqlQueryError) as caught:
        samples.run("%%kql -with good\ngood\n| where Sttae == 5")
    assert "  line 3: | where Sttae == 5\n                  ^^^^^" in str(caught.value)


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        ("-with nothing\nprint 1", "There is no saved query nothing"),
        ("-with storm\nprint 1", "There is no saved query storm"),
        ("-with storms\nlet least = 7; storms", "least is defined twice"),
        ("-with storms,other\nprint 1", "least is defined twice"),
        ("-with storms\nlet storms = 7; print 1", "storms is defined twice"),
        ("-no_execute\nprint 1", "remembers nothing without -save"),
        ("-save x -no_execute y <<\nprint 1", "binds nothing"),
        ("-save a-b -no_execute\nprint 1", "a-b is no name"),
        ("-save x\n.show tables", "management command"),
        ("-save x\nset notruncation; print 1", "no `set`"),
        ("-save x\nprint 1; print 2", "one statement that gives rows"),
        ("-save x\nprint 1\n\nprint 2", "takes one query"),
        ("-save storms -with storms\nstorms | count", "would use itself"),
    ],
)
def test_what_cannot_be_saved_or_used(samples: Shell, cell: str, message: str) -> None:
    samples.run(f"%%kql -save storms -no_execute\n{STORMS}")
    samples.run(f"%%kql -save other -no_execute\n{STORMS}")
    with pytest.raises(errors.KqlCellError, match=message) as caught:
        samples.run(f"%%kql {cell}")
    assert caught.value.hint
    assert samples.run("%kql -with storms storms | count")[0][0] > 0


def test_a_query_that_fails_is_not_remembered(samples: Shell) -> None:
    with pytest.raises(errors.KqlQueryError):
        samples.run("%kql -save bad StormEvents | where Sttae == 5")
    with pytest.raises(errors.KqlCellError, match="no saved query bad"):
        samples.run("%kql -with bad bad")


def test_queries_that_two_use_stand_once() -> None:
    known = {"a": SavedQuery("T"), "b": SavedQuery("a", ("a",)), "c": SavedQuery("a | count;", ("a",))}
    query = prepended(Query("union b, c"), ["c", "b"], known)
    assert query.text == "let a = T;\nlet c = a | count;\nlet b = a;\nunion b, c"
    assert query.written == "union b, c"
