"""`{name}` in a query with -format: literals, parts of strings, names and raw text; nothing else."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

import numpy as np
import pandas as pd
import pytest
from conftest import Shell
from servers.kusto import KustoServer

from kqlext import errors
from kqlext.services.base import Query
from kqlext.substitution import substituted

NAMED: dict[str, Any] = {
    "n": 5,
    "big": 2**70,
    "minus": -5,
    "half": 0.5,
    "flag": True,
    "state": "TEXAS",
    "odd": 'it\'s "q" \\ \n{n}',
    "plain": 'it\'s "q" {n}',
    "since": dt.datetime(2024, 1, 1),
    "span": dt.timedelta(hours=1),
    "ident": uuid.UUID("74be27de-1e4e-49d9-b579-fe0b331d3642"),
    "states": ["TEXAS", "KANSAS"],
    "bag": {"a": {"b": [1, "x"]}},
    "column": "Event Type",
    "quoted": "a']; drop",
    "empty": "",
    "nothing": None,
    "raw": b"x",
    "code": "StormEvents | take 1",
    "numpy": np.int64(7),
    "frame": pd.DataFrame({"a": [1]}),
}

SUBSTITUTED = [
    ("T | where a == {state}", 'T | where a == "TEXAS"'),
    ("T | take {n}", "T | take 5"),
    ("T | take { numpy }", "T | take 7"),
    ("print {minus}, x -{minus}", "print long(-5), x -long(-5)"),
    ("print {half}, {flag}, {nothing}", "print real(0.5), true, dynamic(null)"),
    ("print {big}", f"print decimal({2**70}.0)"),
    ("T | where t > {since} - {span}", "T | where t > datetime(2024-01-01T00:00:00Z) - timespan(0.01:00:00)"),
    ("T | where a in ({states})", 'T | where a in (dynamic(["TEXAS","KANSAS"]))'),
    ("print {ident}", "print guid(74be27de-1e4e-49d9-b579-fe0b331d3642)"),
    ("print {bag['a'].b}", None),
    ("print {bag['a']['b'][1]}, {states[-1]}", 'print "x", "KANSAS"'),
    ("print {since.year}", "print 2024"),
    # names and raw text
    ("T | project {column:name}", 'T | project ["Event Type"]'),
    ("T | project {quoted:name}", 'T | project ["a\']; drop"]'),
    ("{state:name} | count", '["TEXAS"] | count'),
    ("{code:raw} | count", "StormEvents | take 1 | count"),
    ("print ago({n:raw}d), '{n:raw}'", "print ago(5d), '5'"),
    # strings
    ("print '{state}', \"a {n} b\"", "print 'TEXAS', \"a 5 b\""),
    ("print '{odd}'", "print 'it\\'s \\\"q\\\" \\\\ \\n{n}'"),
    ('print "{odd}"', 'print "it\'s \\"q\\" \\\\ \\n{n}"'),
    ("print @'{plain}', @\"{plain}\"", 'print @\'it\'\'s "q" {n}\', @"it\'s ""q"" {n}"'),
    ("print h'{plain}'", "print h'it\\'s \\\"q\\\" {n}'"),
    ("print ```{odd}```", 'print ```it\'s "q" \\ \n{n}```'),
    ("print '{ident}', '{{{n}}}', '{empty}'", "print '74be27de-1e4e-49d9-b579-fe0b331d3642', '{5}', ''"),
    # dynamic literals
    ("print dynamic({{'a': {states}, 'b': {since}, 'c': {n}}})", None),
    ("print dynamic([{n}, {nothing}, {state}, '{state}']), {n}", "print dynamic([5, null, \"TEXAS\", 'TEXAS']), 5"),
    ("print bag_pack('a', {bag})", 'print bag_pack(\'a\', dynamic({"a":{"b":[1,"x"]}}))'),
    # braces
    ("let f = (x:long) {{ x + {n} }}; print f(1)", "let f = (x:long) { x + 5 }; print f(1)"),
    ("print 'a{{2}}', '}}{{'", "print 'a{2}', '}{'"),
    # comments
    ("T // {no} {{ }\n| take {n} // {n}", "T // {no} {{ }\n| take 5 // {n}"),
    ("T | take 5", "T | take 5"),
]


@pytest.mark.parametrize(("text", "expected"), [case for case in SUBSTITUTED if case[1] is not None])
def test_what_stands_for_what(text: str, expected: str) -> None:
    query = substituted(Query(text), NAMED)
    assert query.text == expected
    assert query.written == text


def test_a_dynamic_literal_has_json() -> None:
    text = "print dynamic({{'a': {states}, 'b': {since}, 'c': {{'d': {n}}}}})"
    expected = "print dynamic({'a': [\"TEXAS\",\"KANSAS\"], 'b': datetime(2024-01-01T00:00:00Z), 'c': {'d': 5}})"
    assert substituted(Query(text), NAMED).text == expected


REFUSED = [
    ("print {missing}", "{missing}", "There is no variable missing", "{{missing}}"),
    ("print {statee}", "{statee}", "There is no variable statee", "did you mean 'state'?"),
    ("print {n + 1}", "{n + 1}", "{n + 1} names no variable", "no operators"),
    ("print {len(state)}", "{len(state)}", "names no variable", "no operators"),
    ("print {__import__('os')}", "{__import__('os')}", "names no variable", "no operators"),
    ("print {n!r}", "{n!r}", "names no variable", ""),
    ("print {}", "{}", "names no variable", "{{"),
    ("print {", "{", "names no variable", "{{"),
    ("print 1 }", "}", "names no variable", "}}"),
    ("print 'a{2}'", "{2}", "names no variable", "{{"),
    ("print '}'", "}", "names no variable", "}}"),
    ("print dynamic({'a': 1})", "{'a': 1}", "names no variable", "{{"),
    ("print {n:>5}", "{n:>5}", "no form :>5", "{x:raw}"),
    ("print {bag['z']}", "{bag['z']}", "cannot be looked up", "{{bag"),
    ("print {raw}", "{raw}", "Bytes have no literal", "decode"),
    ("print '{half}'", "{half}", "has no one text", "quotes off"),
    ("print '{flag}'", "{flag}", "has no one text", "quotes off"),
    ("print '{since}'", "{since}", "has no one text", "quotes off"),
    ("print '{nothing}'", "{nothing}", "has no one text", "quotes off"),
    ("print '{column:name}'", "{column:name}", "stands in a string", "{column}"),
    ("print @'{odd}'", "{odd}", "@ strings hold no line feeds", "plain quotes"),
    ("print ~~~{code}{tilde}~~~", "{tilde}", "which may end the string", "plain quotes"),
    ("T | project {n:name}", "{n:name}", "cannot be a name", "a text"),
    ("T | project {empty:name}", "{empty:name}", "cannot be a name", "a text"),
    ("T | take {half:raw}", "{half:raw}", "only texts and whole numbers", "its literal"),
    ("{state} | count", "{state}", "cannot stand here", "{state:name}"),
    ("let a = 1; {state} | count", "{state}", "cannot stand here", "{state:raw}"),
    ("{frame} | count", "{frame}", "is a table", "let t = frame;"),
    ("print datetime({since})", "{since}", "takes the text of one", "leave datetime( ) out"),
    ("print long({n})", "{n}", "takes the text of one", "tolong({n})"),
    ("print ago({n}d)", "{n}", "touches", "{n:raw}"),
    ("print T{n}", "{n}", "touches", "{n:raw}"),
    ("print @{state}", "{state}", "touches", "space"),
    ("print @'x'{state}", "{state}", "touches", "space"),
    ("print {n}{n}", "{n}", "touches", "space"),
    ("print 1.{n}", "{n}", "touches", "space"),
]


@pytest.mark.parametrize(("text", "at", "message", "hint"), REFUSED)
def test_what_is_refused(text: str, at: str, message: str, hint: str) -> None:
    with pytest.raises(errors.KqlError) as caught:
        substituted(Query(text), {**NAMED, "tilde": "~"})
    assert message in caught.value.message
    assert hint in caught.value.hint
    assert caught.value.span is not None
    assert caught.value.text == text
    assert caught.value.span.of(text) == at


# --- in cells ------------------------------------------------------------------------------------------------


@pytest.fixture
def samples(shell: Shell) -> Shell:
    shell.run("%kql samples")
    shell.variables.update(NAMED, table="StormEvents", wanted="State")
    return shell


def test_a_cell(samples: Shell) -> None:
    cell = "%%kql {}\n{{table:name}}\n| where {{wanted:name}} in ({{states}}) and EventType != '{{odd}}'\n| take {{n}}"
    for option in ("-format", "-ecbp", "-enable_curly_brackets_params", "-format=true"):
        result = samples.run(cell.format(option))
        assert len(result) == 5
        assert result.query.startswith("{table:name}")
    with pytest.raises(errors.KqlError):
        samples.run(cell.format(""))


def test_without_the_option_braces_are_kql(samples: Shell) -> None:
    assert samples.run("%kql let f = (x:long) { x + 1 }; print f(1), '{n}', d = dynamic({'a': 1})")[0][:2] == (2, "{n}")


def test_with_the_setting(samples: Shell) -> None:
    samples.run("%config KqlMagics.format = True")
    assert samples.run("%kql print {n}")[0][0] == 5
    assert samples.run("%kql -!format print '{n}'")[0][0] == "{n}"


def test_every_value_comes_back(samples: Shell) -> None:
    texts = ["odd", "plain", "state", "quoted", "empty", "code"]
    written = ", ".join(f"{name} = {{{name}}}, {name}_1 = '{{{name}}}', {name}_2 = \"{{{name}}}\"" for name in texts)
    row = samples.run(f"%kql -format print {written}")[0]
    for name in texts:
        assert [row[name], row[f"{name}_1"], row[f"{name}_2"]] == [NAMED[name]] * 3


def test_values_of_a_dict_and_of_lets(samples: Shell) -> None:
    assert samples.run('%kql -format -params_dict {"k": 9} let m = k; print {k} + m')[0][0] == 18
    with pytest.raises(errors.KqlCellError, match="no variable n"):
        samples.run('%kql -format -params_dict {"k": 9} print {n}')


def test_an_error_points_into_the_cell(samples: Shell) -> None:
    with pytest.raises(errors.KqlQueryError) as caught:
        samples.run("%%kql -format\nStormEvents | where State in ({states}) | take {n}\n| where Sttae == {state}")
    assert "line 3: | where Sttae == {state}\n                  ^^^^^" in str(caught.value)
    with pytest.raises(errors.KqlCellError) as caught_cell:
        samples.run("%%kql -format\nStormEvents\n| take {n + 1}")
    assert "line 3: | take {n + 1}\n                 ^^^^^^^" in str(caught_cell.value)


def test_saved_queries(samples: Shell) -> None:
    samples.run("%kql -save few -no_execute StormEvents | take {n}")
    assert samples.run("%kql -format -with few few | count")[0][0] == 5


def test_what_a_service_gets(shell: Shell, kusto: KustoServer) -> None:
    shell.run(f"%kql {kusto.url}/db")
    shell.variables.update(NAMED)
    shell.run("%kql -format -params n T | where a == {state} and b == '{odd}' | take n")
    sent = kusto.requests[-1]
    assert sent.csl == (
        'declare query_parameters(n:long); T | where a == "TEXAS" and b == \'it\\\'s \\"q\\" \\\\ \\n{n}\' | take n'
    )
    assert sent.parameters == {"n": 5}
    shell.run("%kql -format .show table {column:name} schema")
    assert kusto.requests[-1].csl == '.show table ["Event Type"] schema'
