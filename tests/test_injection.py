"""Values never become KQL: whatever a text, a name or a cell of a DataFrame holds, the query keeps its structure.

The structure is read by a lexer of this module's own, written after the lexical rules of KQL (a string ends at its
quote, and no line terminator stands in it); on the embedded engine the values come back as well.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pandas as pd
import pytest
from conftest import Shell
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st
from servers.certificates import CertificateAuthority
from servers.graph import GraphServer, hunting_results, json_answer
from servers.kusto import KustoServer
from servers.kusto_frames import TableSpec
from servers.monitor import APP, WORKSPACE, MonitorServer
from servers.monitor_tables import tables
from servers.resource_graph import ResourceGraphServer

from kqlext import connect, errors
from kqlext.schemas.reading import read_table
from kqlext.services.base import Query
from kqlext.substitution import substituted

# --- a lexer -------------------------------------------------------------------------------------------------

LINE_ENDS = "\n\r\u0085\u2028\u2029"
ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "\\": "\\", "'": "'", '"': '"'}
WORD = re.compile(r"\w+")


class BrokenError(Exception):
    """A text that is no sequence of KQL tokens."""


def read_string(text: str, start: int) -> tuple[str, int]:
    """The value of the string literal that begins there, and where it ends."""
    position = start + (text[start] in "hH")
    if text.startswith(("```", "~~~"), position):
        end = text.index(text[position] * 3, position + 3)
        return text[position + 3 : end], end + 3
    verbatim = text[position] == "@"
    position += verbatim
    quote, value = text[position], ""
    position += 1
    while True:
        character = text[position : position + 1]
        if not character or character in LINE_ENDS:
            raise BrokenError(f"the string at {start} does not end")
        if character == quote:
            if not verbatim or text[position + 1 : position + 2] != quote:
                return value, position + 1
            position += 1
        elif character == "\\" and not verbatim:
            position += 1
            if text[position] == "u":
                character = chr(int(text[position + 1 : position + 5], 16))
                position += 4
            else:
                character = ESCAPES[text[position]]
        value += character
        position += 1


def read(text: str) -> tuple[list[str], list[str]]:
    """The tokens of a text, each string as `""`, and the values of the strings."""
    tokens: list[str] = []
    strings: list[str] = []
    position = 0
    while position < len(text):
        if text[position].isspace():
            position += 1
        elif text.startswith("//", position):
            position = min((text.find(end, position) % (len(text) + 1) for end in LINE_ENDS), default=len(text))
        elif re.match(r"""[hH]?(@?['"]|```|~~~)""", text[position:]):
            value, position = read_string(text, position)
            tokens.append('""')
            strings.append(value)
        else:
            word = WORD.match(text, position)
            tokens.append(word[0] if word else text[position])
            position += len(tokens[-1])
    return tokens, strings


def test_the_lexer_reads_kql() -> None:
    text = "T | where a == 'it\\'s' and b == @\"x\"\"\\\" // 'c\n| project ['d e'], h```\n```"
    assert read(text)[1] == ["it's", 'x"\\', "d e", "\n"]
    assert "".join(read(text)[0]) == 'T|wherea==""andb==""|project[""],""'
    for broken in ("print 'a", "print 'a\nb'", 'print "a\u2028"', "print @'a''"):
        with pytest.raises(BrokenError):
            read(broken)


# --- values that would break out -----------------------------------------------------------------------------

PIECES = [
    "'", '"', "\\", "\\'", '\\"', "''", '""', "`", "```", "~~~", "@'", 'h"', "//", "/*", ";", "|", "\n", "\r", "\r\n",
    "\t", "\0", "\x1b", "\x85", "\u2028", "\u2029", "\ufeff", "]", "['", "\"]", ")", "}", "{", "{{", "}}", "{n}",
    "{n:raw}", "\\u0022", "\\x27", "%", "$", "é", "東", "🦓", " ", "a", "; drop table T", "| take 0", "let x = 1;",
    ".drop table T <|", "--",
]  # fmt: skip
nasty = st.lists(st.sampled_from(PIECES) | st.characters(exclude_categories=["Cs"]), max_size=12).map("".join)
names = nasty.filter(lambda name: name.strip() == name != "" and "\0" not in name)
frames = st.builds(
    lambda column, texts, bag: pd.DataFrame({column: texts, f"{column}_": [bag] * len(texts)}),
    names,
    st.lists(nasty, min_size=1, max_size=3),
    st.dictionaries(nasty, nasty, max_size=2),
)
few = settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])


# --- strings of every kind -----------------------------------------------------------------------------------

QUOTINGS = ["'{}'", '"{}"', "h'{}'", 'H"{}"', "@'{}'", '@"{}"', "h@'{}'", "```{}```", "~~~{}~~~", "h```{}```"]


@pytest.mark.parametrize("quoting", QUOTINGS)
@settings(max_examples=60)
@example("'")
@example("\\")
@example('"')
@example("\u2028")
@given(nasty)
def test_a_part_of_a_string(quoting: str, value: str) -> None:
    """It is the text in its place, or an error: where the string cannot hold it exactly."""
    query = Query(f"T | where a == {quoting.format('x {v} y')} | take 1")
    try:
        text = substituted(query, {"v": value}).text
    except errors.KqlConversionError:
        assume("@" in quoting or "`" in quoting or "~" in quoting)
        return
    tokens, strings = read(text)
    assert tokens == read(query.text)[0]
    assert strings == [f"x {value} y"]


def test_only_strings_that_cannot_hold_it_refuse() -> None:
    for quoting in QUOTINGS[:4]:
        for piece in PIECES:
            substituted(Query(f"print {quoting.format('{v}')}"), {"v": piece})


# --- every service -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Asked:
    """A connection by its name, and the text of the query that its server received last."""

    name: str
    last: Callable[[], str]


@pytest.fixture
def services(shell: Shell, trusted: CertificateAuthority) -> Iterator[tuple[Shell, list[Asked]]]:
    """A shell that is connected to every service; each server answers any query with one row."""
    rows = tables(TableSpec("PrimaryResult", (("n", "long"),), ((1,),)))
    with (
        KustoServer() as kusto,
        MonitorServer() as monitor,
        GraphServer(trusted, anonymous=True) as defender,
        ResourceGraphServer(trusted, anonymous=True) as graph,
    ):
        monitor.on(lambda request: request.action == "query", rows)
        defender.on(lambda _: True, json_answer(hunting_results((("n", "Int64"),), ((1,),))))
        graph.on(lambda _: True, ONE_RESOURCE)
        shell.run(f"%kql kusto://anonymous;cluster='{kusto.url}';database='db';alias='kusto'")
        shell.run(f"%kql loganalytics://workspace='{WORKSPACE}';datasourceurl='{monitor.url}';alias='soc'")
        shell.run(f"%kql applicationinsights://appid='{APP}';datasourceurl='{monitor.url}';alias='app'")
        shell.run(f"%kql defender://anonymous;datasourceurl='{defender.url}';alias='hunting'")
        shell.variables["hunting"] = defender.url
        shell.run(f"%kql resourcegraph://anonymous;datasourceurl='{graph.url}';alias='graph'")
        yield (
            shell,
            [
                Asked("kusto", lambda: kusto.requests[-1].csl),
                Asked("soc", lambda: monitor.requests[-1].query),
                Asked("app", lambda: monitor.requests[-1].query),
                Asked("hunting", lambda: str(defender.text_of(defender.requests[-1]))),
                Asked("graph", lambda: str(graph.text_of(graph.requests[-1]))),
            ],
        )


ONE_RESOURCE = (
    b'{"totalRecords":1,"count":1,"resultTruncated":"false",'
    b'"data":{"columns":[{"name":"n","type":"integer"}],"rows":[[1]]}}'
)


def sent(shell: Shell, asked: Asked, cell: str, **values: Any) -> tuple[list[str], list[str]]:
    """The structure of what a service received for a cell, and its strings."""
    shell.variables.update(values)
    shell.run(f"%kql -on {asked.name} {cell};")
    return read(asked.last())


@few
@given(nasty)
@example("'\"; | take 0 //\n\u2028\\")
def test_texts_on_every_service(services: tuple[Shell, list[Asked]], value: str) -> None:
    shell, connections = services
    cell = "-format let a = v; T | where x == a and y == {v} and z == '{v}' or w == \"{v}\" | take 1"
    listed = "let a = v; T | where x in (a) | take 1"
    for asked in connections:
        plain, _ = sent(shell, asked, cell, v="plain")
        assert sent(shell, asked, cell, v=value) == (plain, [value] * 4)
        plain, _ = sent(shell, asked, listed, v={"k": ["plain", None]})
        assert sent(shell, asked, listed, v={"k": [value, None]}) == (plain, ["k", value])


@few
@given(names, frames)
def test_names_and_tables_on_every_service(services: tuple[Shell, list[Asked]], name: str, frame: pd.DataFrame) -> None:
    shell, connections = services
    cell = "-format let t = f; t | where {c:name} == 1 | project {c:name} | take 1"
    same = frame.set_axis(["a", "b"], axis=1).map(benign)
    for asked in connections:
        plain, _ = sent(shell, asked, cell, f=same, c="plain")
        tokens, strings = sent(shell, asked, cell, f=frame, c=name)
        assert tokens == plain
        bags = [text for pair in frame.iloc[0, 1].items() for text in pair]
        rows = [text for value in frame.iloc[:, 0] for text in (value, *bags)]
        assert strings == [*frame.columns, *rows, name, name]


def benign(cell: Any) -> Any:
    """Another value of the same shape."""
    return "x" if isinstance(cell, str) else {str(index): "x" for index in range(len(cell))}


@few
@given(nasty)
def test_declared_values_on_every_service(services: tuple[Shell, list[Asked]], value: str) -> None:
    """Kusto has them beside the text, the others before it."""
    shell, connections = services
    for asked in connections:
        plain, _ = sent(shell, asked, "-params p T | where x == p", p="plain")
        tokens, strings = sent(shell, asked, "-params p T | where x == p", p=value)
        assert tokens == plain
        assert strings == ([] if asked.name == "kusto" else [value])


@few
@given(names)
def test_names_of_tables_that_are_looked_up(services: tuple[Shell, list[Asked]], name: str) -> None:
    shell, connections = services
    hunting = f"defender://anonymous;datasourceurl='{shell.variables['hunting']}'"
    unanswered = pytest.raises(errors.KqlResponseError, match="does not say which columns")  # the server has one answer
    with connect(hunting) as client, unanswered:
        read_table(client._connection.service, name)
    tokens, strings = read(connections[3].last())
    assert "".join(tokens) in ('[""]|getschema', f"{name}|getschema")
    assert strings in ([name], [])


@few
@given(nasty)
def test_names_of_parameters(engine: Shell, value: str) -> None:
    """What is no identifier is refused."""
    assume(not (value.isidentifier() and value.isascii()))
    engine.variables["given"] = {value: 1}
    with pytest.raises(errors.KqlCellError, match="no name for a parameter"):
        engine.run("%kql -params given print 1")


# --- the embedded engine -------------------------------------------------------------------------------------


@pytest.fixture
def engine(shell: Shell) -> Shell:
    shell.run("%kql duckdb://")
    return shell


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(nasty, names)
def test_values_come_back_from_the_engine(engine: Shell, value: str, name: str) -> None:
    """The translator and DuckDB read the literals too, as one value each."""
    engine.variables.update(v=value, c=name, d={"k": [value]})
    query = "let a = d; print w = v, x = {v}, y = '{v}', z = \"{v}\", a = a, b = {d}"
    engine.run(f"%kql -quiet r << -format -params v {query}")
    assert tuple(engine.variables["r"][0]) == (value, value, value, value, {"k": [value]}, {"k": [value]})
    engine.variables["f"] = pd.DataFrame({name: [value, "other"]})
    engine.run("%kql -quiet r << -format let t = f; t | where {c:name} == {v}")
    assert engine.variables["r"].table.column_names == [name]
    assert engine.variables["r"][0][0] == value
