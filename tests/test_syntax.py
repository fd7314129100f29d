"""Which queries a cell holds, and the other things that are read off a KQL text without a parser."""

from __future__ import annotations

import itertools
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kqlext import syntax
from kqlext.render_clause import find_render


def pieces(text: str) -> list[str]:
    return [span.of(text) for span in syntax.queries(text)]


# --- one query, however it is laid out -------------------------------------------------------------------

# In each, every empty line stands where the layout of a real query has one, or could have one.
ONE_QUERY = {
    "between pipes": "SecurityEvent\n\n| where EventID == 4688\n\n\n| take 5",
    "blank lines with white space": "SecurityEvent\n  \t\n| count\n \n | take 1",
    "carriage returns": "SecurityEvent\r\n\r\n| where EventID == 1\r\n\r\n| count",
    "begins with comments": '// Who: hunters\n\n// Why: "don\'t" ask; (really\n\nSecurityEvent\n| count',
    "comments between": "T\n\n// a comment\n\n// another\n\n| count\n\n// the end",
    "after let": "let a = 1d;\n\nlet b = 2;\n\nT | take b",
    "after let =": "let known =\n\nSigninLogs\n\n| distinct User;\n\nSigninLogs\n| where User !in (known)",
    "let without semicolon": "let known = SigninLogs | distinct User\n\nSigninLogs | count",
    "function body": "let f = (t: string)\n\n{\n\n  table(t)\n\n  | count\n\n};\n\nf('x')",
    "set and declare": "set notruncation;\n\ndeclare query_parameters(n: long = 5);\n\nT | take n",
    "after the pipe": "T |\n\nwhere A == 1 |\n\ncount",
    "after an operator": "T\n| where\n\nA == 1\n| project\n\nA",
    "after a comma": "T\n| project A,\n\nB,\n\nC",
    "commas first": "T\n| project A\n\n, B\n\n, C",
    "and, or": "T\n| where A == 1\n\nand B == 2\n\nor C == 3",
    "and at the end": "T\n| where A == 1 and\n\nB == 2 or\n\nC == 3",
    "not": "T | where not\n\n(A == 1)",
    "by": "T\n| summarize count()\n\nby A\n\n| sort by count_\n\ndesc\n\nnulls last",
    "join": "T\n| join kind=inner\n\n(\n\nU\n\n| take 5\n\n)\n\non A",
    "join with hints": "T\n| join hint.strategy=shuffle kind = leftouter\n\nU\n\non $left.A == $right.B",
    "lookup": "T\n| lookup kind=leftouter\n\nU on A",
    "union": "union isfuzzy=true\n\n(A | take 1),\n\n(B | take 1)\n\n| count",
    "union of names": "union withsource=Table\n\nA,\n\nB",
    "union alone": "union\n\nA, B",
    "in": "T | where A in\n\n('x', 'y')\n| where B !in\n\n('z')",
    "in on the next line": "T | where A\n\nin~ ('x')\n| where B\n\n!in ('z')",
    "has_any": "T | where A has_any\n\n('x')",
    "between": "T | where A between\n\n(1 .. 2)",
    "matches regex": "T | where A matches regex\n\n@'\\d+'",
    "operator at the end": "T | extend A = 1 +\n\n2 *\n\nB -\n\nC",
    "star at the end": "T | extend A = B *\n\nC",
    "operator at the beginning": "T | extend A = 1\n\n+ 2\n\n* B",
    "comparison": "T | where A\n\n== 1",
    "brackets": "T | where A in (\n\n'x',\n\n// a comment (\n\n'y'\n\n)\n\n| extend B = A['k'\n\n]",
    "case": "T\n| extend A = case(\n\n  B == 1, 'one',\n\n  'many')",
    "arrays": "let a = dynamic([\n\n1,\n\n2\n\n]);\n\nprint a",
    "datatable": "datatable(A: string)\n\n['a', 'b']\n\n| count",
    "datatable of one": "datatable(A: string)\n\n['a']\n\n| count",
    "externaldata": "externaldata(A: string)\n\n[@'https://example.org/a.csv']\n\nwith (format='csv')\n\n| count",
    "make-series": "T\n| make-series N=count() default=0\n\non Time\n\nfrom ago(1d) to now()\n\nstep 1h\n\nby A",
    "mv-expand": "T | mv-expand A\n\nto typeof(string)",
    "mv-apply": "T | mv-apply A on\n\n(\n\ntop 1 by A\n\n)",
    "partition": "T | partition hint.strategy=native by A\n\n(\n\ntop 1 by B\n\n)",
    "fork": "T\n| fork\n\n(count)\n\n(take 5)\n\n(take 6)",
    "facet": "T | facet by A\n\nwith (take 5)",
    "parse": "T | parse A with * 'x'\n\nb:string\n\n'y' c",
    "evaluate": "T | evaluate\n\nbag_unpack(A)",
    "invoke": "T | invoke\n\nf()",
    "top": "T | top 5\n\nby A\n\nasc",
    "render": "T | render\n\ntimechart\n\nwith (title='x')",
    "scan": "T | scan\n\nwith (step s: true;)",
    "search": "search kind=case_sensitive\n\n'x'",
    "search in": "search\n\nin (T)\n\n'x'",
    "find": "find\n\nin (T)\n\nwhere A == 1",
    "print": "print\n\nx = 1,\n\ny = 2",
    "print names": "print x = 1\n\n, y = 2",
    "range": "range x from 1\n\nto 5\n\nstep 1",
    "as": "T | as\n\nX",
    "the database of a cluster": "cluster('c')\n\n.database('d').T",
    "ingest": ".ingest inline into table T <|\n1,a\n\n2,b\n\nT,c",
    "script": ".execute database script <|\n.create table T (A: int)\n\n.create table U (A: int)",
    "set-or-append": ".set-or-append T <|\n\nU | take 5",
    "a batch": "T | count;\n\nU | count;\n\nV",
    "semicolon first": "let a = 1\n\n;\n\nprint a",
    "multi-line string": "print ```one\n\nT | count\n\n```",
    "multi-line string with tildes": "print ~~~one\n\nT\n\n~~~",
    "a string that is not closed": "T | where A == 'x\n\nU | count\n\nV",
    "a bracket that is not closed": "T | where (A == 1\n\nU | count",
    "text of quotes": 'T | where A == "it\'s" and B == \'say "x"\'\n\n| count',
    "escapes": r"""T | where A == 'it\'s' and B == "\\"

| count""",
    "verbatim": "T | where A == @'C:\\' and B == @'it''s'\n\n| count",
    "obfuscated": "T | where A == h'x;' and B == H@\"y\\\"\n\n| count",
    "comment signs in a string": "T | where A == 'https://x' // it's\n\n| count",
}


@pytest.mark.parametrize("query", ONE_QUERY.values(), ids=ONE_QUERY.keys())
def test_blank_lines_inside_a_query_do_not_cut_it(query: str) -> None:
    assert pieces(query) == [query]
    assert pieces(f"\n\n{query}\n \n\n") == [query]


# --- several queries -------------------------------------------------------------------------------------

SEVERAL = {
    "plain": ["T | count", "U | count"],
    "names alone": ["T", "U", "V"],
    "with comments": ["// one\nT | count // ends", "// two\n\nU", "// three\nV | take 1"],
    "with let": ["let a = 1;\n\nT | take a", "let a = 2;\nU | take a"],
    "ends with a column": ["T | project A, B", "U | sort by A asc", "V"],
    "ends with a column named as a keyword": [
        "T | project A, kind",
        "T | project from, to",
        "T | where x.type.by",
        "U",
    ],
    "ends with a table named as an operator": ["T | project A.count", "U"],
    "ends with an operator that stands alone": ["T | count", "T | getschema", "T | serialize", "T | consume", "U"],
    "ends with a star": ["search *", "T | distinct *", "T | summarize arg_max(A, *) by B", "union Sec*", "U"],
    "ends with a string": ["search 'x'", 'T | where A == "x"', "T | where A == ```x\n\ny```", "U"],
    "ends with a number": ["T | take 5", "T | where A > 1.5", "T | where A > 1d", "U"],
    "ends with render": ["T | render timechart", "T | render piechart with (title='x')", "U"],
    "begins with a bracket": ["T | take 5", "(union A, B)\n| count", "['my table'] | count", '[@"it"] | count'],
    "begins with search": ["T", "search in (T) 'x'", "search *", "find in (T) where A == 1", "find where A == 1"],
    "begins with print": ["print 1", "print x = 1", "print -1", "range x from 1 to 2 step 1", "union *"],
    "begins with datatable": [
        "datatable(A: int)[1]",
        "externaldata(A: int)['http://x']",
        "cluster('c').database('d').T",
    ],
    "commands": [".show tables", ".show databases\n| count", "T | count"],
    "names that begin like keywords": ["Project | count", "Extend | count", "ByUser | count", "order_log"],
    "join at the end": ["T | join kind=inner (U) on A", "V"],
    "functions": ["let f = () {\n\nT\n\n};\n\nf()", "f2()\n| count"],
    "fork at the end": ["T | fork (count) (take 5)", "U"],
    "a batch, then a query": ["T;\nU", "V"],
}


@pytest.mark.parametrize("queries", SEVERAL.values(), ids=SEVERAL.keys())
@pytest.mark.parametrize("between", ["\n\n", "\n \t\n", "\r\n\r\n", "\n\n\n\n"])
def test_complete_queries_with_blank_lines_between_are_several(queries: list[str], between: str) -> None:
    assert pieces(between.join(queries)) == queries


def test_queries_without_a_blank_line_between_are_one() -> None:
    assert pieces("T | count\nU | count") == ["T | count\nU | count"]
    assert pieces("T | count // x\n// y\nU | count") == ["T | count // x\n// y\nU | count"]


@pytest.mark.parametrize("text", ["", " \n\n", "// only\n\n// comments", "\t"])
def test_no_query(text: str) -> None:
    assert pieces(text) == []


def test_comments_go_with_the_query_they_stand_at() -> None:
    text = "T | count\n// of T\n\n// of U\nU | count\n\n// the end"
    assert pieces(text) == ["T | count\n// of T", "// of U\nU | count\n\n// the end"]


# --- a query from pieces as hunters write them -----------------------------------------------------------

names = st.sampled_from(["SecurityEvent", "SigninLogs", "Account", "_x1", "Größe", "EventID", "['a b']", "kind", "T"])
strings = st.one_of(
    st.sampled_from(["'it''s'", "'; | T'", '"// no comment"', "'('", "@'C:\\'", '@"a""b"', "h'x;y'", "H@'\\'"]),
    st.sampled_from(["```a\n\nT | count\n\n;```", "~~~\n\n// x\n~~~", r"'a\'b'", r'"\\"', "''", '""', "'\t'"]),
    st.from_regex(r"'[a-z ;|(){}\[\]/.<-]{0,12}'", fullmatch=True),
)
comments = st.one_of(
    st.sampled_from(["// it's", '// "open', "// (", "// ; T | count", "//", "// <<", "// ```", "// -dl 5"]),
    st.from_regex(r"//[ a-z'\"(\[{;|<-]{0,20}", fullmatch=True),
)
scalars = st.one_of(names, strings, st.sampled_from(["1", "2.5", "ago(1d)", "datetime(2024-01-01)", "$left.A", "-1"]))
# White space as it stands inside a query: blank lines, with and without comments.
gaps = st.one_of(
    st.sampled_from([" ", "\n", "\n    ", "\n\n", "\n \n\t\n", "\r\n\r\n  "]),
    comments.map("\n{}\n".format),
    comments.map("\n\n{}\n\n".format),
)


@st.composite
def conditions(draw: st.DrawFn) -> str:
    left, right = draw(names), draw(scalars)
    operator = draw(st.sampled_from(["==", "!=", "=~", "has", "contains", "!has", "startswith", "<", "in~"]))
    return f"{left} {operator} ({draw(gaps)}{right}{draw(gaps)})" if operator == "in~" else f"{left} {operator} {right}"


@st.composite
def operators(draw: st.DrawFn) -> str:
    gap = lambda: draw(gaps)  # noqa: E731
    name, value = draw(names), draw(scalars)
    condition = f"{gap()}{draw(st.sampled_from(['and', 'or']))}{gap()}".join(
        draw(st.lists(conditions(), min_size=1, max_size=3))
    )
    return draw(
        st.sampled_from(
            [
                f"where{gap()}{condition}",
                f"where not({gap()}{condition}{gap()})",
                f"project {name},{gap()}B{gap()}, C = {value}",
                f"extend X ={gap()}iff({gap()}{condition},{gap()}{value}, {value}{gap()})",
                f"summarize{gap()}N = count(),{gap()}S = make_set({name}){gap()}by{gap()}{name}",
                f"join kind=inner ({gap()}U{gap()}| take 5{gap()}){gap()}on{gap()}{name}",
                f"join kind = leftanti{gap()}(U){gap()}on A",
                f"mv-expand{gap()}{name}",
                f"sort by {name}{gap()}desc",
                f"top 5{gap()}by {name}",
                "take 10",
                "count",
                f"parse A with *{gap()}{draw(strings)} b",
                f"where A in~{gap()}({value},{gap()}{value})",
                f"make-series N=count(){gap()}on T{gap()}from ago(1d){gap()}to now(){gap()}step 1h",
                f"render timechart{gap()}with{gap()}(title = {draw(strings)})",
            ]
        )
    )


@st.composite
def tabulars(draw: st.DrawFn) -> str:
    source = draw(
        st.sampled_from(["SecurityEvent", "union A,{}B", "(union{}A{}, B)", "f('x')", "['a b']", "search 'x'"])
    )
    source = re.sub(r"\{\}", lambda _: draw(gaps), source)
    steps = draw(st.lists(operators(), max_size=4))
    return source + "".join(f"{draw(gaps)}|{draw(st.sampled_from([' ', '', '  ']))}{step}" for step in steps)


@st.composite
def preparations(draw: st.DrawFn) -> str:
    value = draw(
        st.one_of(scalars, tabulars(), st.just("(t: string) {\n\nT\n\n| count\n\n}"), st.just("dynamic([1,\n\n2])"))
    )
    return draw(st.sampled_from([f"let x ={draw(gaps)}{value};", "set notruncation;", f"let x = {value}{draw(gaps)};"]))


@st.composite
def whole_queries(draw: st.DrawFn) -> str:
    """Statements, comments and blank lines, as one query."""
    first = draw(st.lists(comments.map("{}\n".format), max_size=2))
    prepared = [statement + draw(gaps) for statement in draw(st.lists(preparations(), max_size=2))]
    last = draw(st.sampled_from(["", " // done", "\n// done"]))
    return "".join([*first, *prepared, draw(tabulars()), last])


@settings(deadline=None, max_examples=150)
@given(whole_queries())
def test_a_query_comes_out_as_it_was_written(query: str) -> None:
    assert pieces(query) == [query.strip()]


@settings(deadline=None, max_examples=100)
@given(st.lists(whole_queries(), min_size=1, max_size=4), st.sampled_from(["\n\n", "\n\n\n", "\n \n", "\r\n\r\n"]))
def test_queries_come_out_one_by_one(queries: list[str], between: str) -> None:
    assert pieces(between.join(queries)) == [query.strip() for query in queries]


@settings(deadline=None, max_examples=100)
@given(st.text() | st.text("T|;'\"@h`~\\/()[]{}<>*-=.\n \t", max_size=40))
def test_any_text_can_be_read(text: str) -> None:
    tokens = list(syntax.tokens(text))
    assert all(token.span.of(text) == token.text for token in tokens)
    assert "".join(text[a.end : b.start] for a, b in itertools.pairwise(tokens)).strip() == ""
    spans = syntax.queries(text)
    assert all(syntax.has_code(span.of(text)) for span in spans)
    assert all(before.end <= after.start for before, after in itertools.pairwise(spans))
    code = "".join(token.text for token in tokens if token.kind != "comment")
    found = "".join(token.text for span in spans for token in syntax.tokens(span.of(text)) if token.kind != "comment")
    assert "".join(found.split()) == "".join(code.split())  # an open string's white space at the end is stripped
    syntax.statements(text)
    find_render(text)
    syntax.table_candidates(text)
    syntax.is_command(text)


# --- tokens ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("T | take 5", ["name", "symbol", "name", "number"]),
        ("'a' \"b\" @'c' h'd' H@\"e\"", ["string"] * 5),
        ("'it''s'", ["string", "string"]),
        ("@'it''s'", ["string"]),
        (r"'it\'s'", ["string"]),
        ("```a\n'b``` ~~~c\n~~~", ["string", "string"]),
        ("'open\nT", ["string", "name"]),
        ("'open\\\nT", ["string", "name"]),
        ("@'open\nT", ["string", "name"]),
        ("```open\nT", ["string"]),
        ("a // b 'c'\nd", ["name", "comment", "name"]),
        ("project-away a-b", ["name", "name", "symbol", "name"]),
        ("mv-expandx", ["name"]),
        ("a!~b=~c!=d<=e", ["name", "symbol"] * 4 + ["name"]),
        ("month'x'", ["name", "string"]),
        ("1.5e3 0x1f 1d", ["number"] * 3),
    ],
)
def test_tokens(text: str, kinds: list[str]) -> None:
    assert [token.kind for token in syntax.tokens(text)] == kinds


@pytest.mark.parametrize(
    ("literal", "value"),
    [
        ("'a'", "a"),
        ('"a"', "a"),
        (r"'a\'b\n\t\\'", "a'b\n\t\\"),
        (r"'\d'", r"\d"),
        ("@'a\\b''c'", "a\\b'c"),
        ('h"a"', "a"),
        ("H@'a'", "a"),
        ("```a\n'b```", "a\n'b"),
        ("~~~a~~~", "a"),
        ("''", ""),
        (r'"a\u0041\u0042b"', "aABb"),
        (r"'\ud83e\udd93'", "🦓"),
        (r'"\\u0041\u12\u0041\u"', r"\u0041\u12A\u"),
    ],
)
def test_unquote(literal: str, value: str) -> None:
    assert syntax.unquote(literal) == value


# --- statements, commands, tables ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "statements"),
    [
        ("let a = 1; T | take a;", ["let a = 1", "T | take a"]),
        ("let f = () { T; };\nf()", ["let f = () { T; }", "f()"]),
        ("T | where A == ';' // ;", ["T | where A == ';' // ;"]),
        (";;\n;", []),
        ("// only a comment", []),
        ("T;\n// the end", ["T"]),
    ],
)
def test_statements(text: str, statements: list[str]) -> None:
    assert [span.of(text) for span in syntax.statements(text)] == statements


@pytest.mark.parametrize(
    "text", ["let a = 1", "// x\nset notruncation", "declare query_parameters()", "alias database d"]
)
def test_a_statement_that_prepares(text: str) -> None:
    assert syntax.prepares(text)


@pytest.mark.parametrize("text", ["T", "letter | count", "// let\nT", "", "// let"])
def test_a_statement_that_does_not_prepare(text: str) -> None:
    assert not syntax.prepares(text)


@pytest.mark.parametrize(
    ("text", "command"),
    [(".show tables", True), ("// x\n  .show tables", True), ("T", False), ("// .show", False), ("", False)],
)
def test_is_command(text: str, command: bool) -> None:
    assert syntax.is_command(text) is command


@pytest.mark.parametrize(
    ("text", "tables"),
    [
        ("T | count", {"T", "count"}),
        ("['my table'] | take 5", {"my table", "take"}),
        ("database('d').T | extend A = f(B)", {"extend", "B"}),
        ("// U\nT | where A == 'V'", {"T", "where", "A"}),
    ],
)
def test_table_candidates(text: str, tables: set[str]) -> None:
    assert syntax.table_candidates(text) == tables
