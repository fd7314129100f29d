"""The text of `%kql` lines and `%%kql` cells -> Cell: what is read, where it stands, what is refused."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_syntax import whole_queries

from kqlext.cell import MAX_LENGTH, Cell, parse
from kqlext.errors import KqlCellError, Span
from kqlext.option_values import read_option
from kqlext.options import COMMANDS, OPTIONS, Option
from kqlext.references import EnvironmentVariable, Reference


def options(cell: Cell) -> dict[str, object]:
    return {use.option.name: use.value for use in cell.options}


def queries(cell: Cell) -> list[tuple[str | None, str]]:
    return [(query.target and query.target.text, query.text) for query in cell.queries]


def connection(cell: Cell) -> str | None:
    return cell.connection and cell.connection.text


# --- the grammar -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "body", "expected"),
    [
        ("T | count", None, (None, {}, [(None, "T | count")])),
        ("T | count", "", (None, {}, [(None, "T | count")])),
        ("T | count", "\n", (None, {}, [(None, "T | count")])),
        ("", "T | count\n", (None, {}, [(None, "T | count")])),
        ("T", "| count", (None, {}, [(None, "T\n| count")])),
        ("samples", None, ("samples", {}, [])),
        ("samples T | count", None, ("samples", {}, [(None, "T | count")])),
        ("samples", "T | count", ("samples", {}, [(None, "T | count")])),
        ("samples // the tables", "T", ("samples", {}, [(None, "T")])),
        ("samples;", "T", ("samples", {}, [(None, "T")])),
        ("Samples@help; T", None, ("Samples@help", {}, [(None, "T")])),
        ("samples", "// only a comment", ("samples", {}, [])),
        ("samples | count", None, (None, {}, [(None, "samples | count")])),
        ("samples", "| count", (None, {}, [(None, "samples\n| count")])),
        ("samples // x", "| count", (None, {}, [(None, "samples // x\n| count")])),
        ("samples << T", None, (None, {}, [("samples", "T")])),
        ("samplesx", None, (None, {}, [(None, "samplesx")])),
        ("Samples@help T", None, ("Samples@help", {}, [(None, "T")])),
        ("my.db-1@127_0_0_1_80", "T", ("my.db-1@127_0_0_1_80", {}, [(None, "T")])),
        (
            "https://help.kusto.windows.net/Samples T",
            None,
            ("https://help.kusto.windows.net/Samples", {}, [(None, "T")]),
        ),
        ("duckdb://", "T", ("duckdb://", {}, [(None, "T")])),
        (
            "kusto://code;cluster='my c';database='d' T",
            None,
            ("kusto://code;cluster='my c';database='d'", {}, [(None, "T")]),
        ),
        (
            "kusto://cluster('a b').database( 'd' ) T",
            None,
            ("kusto://cluster('a b').database( 'd' )", {}, [(None, "T")]),
        ),
        ("\"kusto://cluster='a';database='b c'\" T", None, ("kusto://cluster='a';database='b c'", {}, [(None, "T")])),
        ("'kusto://cluster=''a'';database=''b''' T", None, ("kusto://cluster='a';database='b'", {}, [(None, "T")])),
        ("x << T", None, (None, {}, [("x", "T")])),
        ("x<<T", None, (None, {}, [("x", "T")])),
        ("x <<", "T", (None, {}, [("x", "T")])),
        ("", "x << T", (None, {}, [("x", "T")])),
        ("", "// first\n\nx <<\n\n// second\nT", (None, {}, [("x", "// second\nT")])),
        ("größe << T", None, (None, {}, [("größe", "T")])),
        ("1x << T", None, (None, {}, [("1x", "T")])),
        ("-dl 10 T", None, (None, {"display_limit": 10}, [(None, "T")])),
        ("-Display_Limit=10 T", None, (None, {"display_limit": 10}, [(None, "T")])),
        ("-DISPLAYLIMIT 10 -f", "T", (None, {"display_limit": 10, "feedback": True}, [(None, "T")])),
        ("-!f T", None, (None, {"feedback": False}, [(None, "T")])),
        ("-f=false T", None, (None, {"feedback": False}, [(None, "T")])),
        ("-f false T", None, (None, {"feedback": True}, [(None, "false T")])),
        ("-dl none T", None, (None, {"display_limit": None}, [(None, "T")])),
        ("-dl -5 T", None, (None, {"display_limit": -5}, [(None, "T")])),
        ("-dl limit T", None, (None, {"display_limit": Reference("limit")}, [(None, "T")])),
        ("-dl=$LIMIT T", None, (None, {"display_limit": EnvironmentVariable("LIMIT")}, [(None, "T")])),
        ("-o df -type Polars T", None, (None, {"o": "df", "type": "polars"}, [(None, "T")])),
        ("-tables 'my logs/*.csv' T", None, (None, {"tables": "my logs/*.csv"}, [(None, "T")])),
        ("-tables t=logs/*.csv", None, (None, {"tables": "t=logs/*.csv"}, [])),
        ("-conn my.conns['a b'] T", None, (None, {"conn": Reference("my.conns['a b']")}, [(None, "T")])),
        ("-conn='Samples@help' T", None, (None, {"conn": "Samples@help"}, [(None, "T")])),
        (
            "-conn=kusto://cluster='a';database='b' T",
            None,
            (None, {"conn": "kusto://cluster='a';database='b'"}, [(None, "T")]),
        ),
        (
            "",
            "-dl 10\n-!f\n\nT | take 5\n-1",
            (None, {"display_limit": 10, "feedback": False}, [(None, "T | take 5\n-1")]),
        ),
        ("", "// first\n-dl 10\n// second\nT", (None, {"display_limit": 10}, [(None, "// second\nT")])),
        ("samples x <<", "-dl 10\nT", ("samples", {"display_limit": 10}, [("x", "T")])),
        ("-dl 10 samples x << T", None, ("samples", {"display_limit": 10}, [("x", "T")])),
        ("// -dl 5 'open", "T", (None, {}, [(None, "T")])),
        ("", "// -dl 5 'open\nT", (None, {}, [(None, "// -dl 5 'open\nT")])),
        ("", "//<< T\nT", (None, {}, [(None, "//<< T\nT")])),
        ("", "T | project -dl\n| where x == '-f'", (None, {}, [(None, "T | project -dl\n| where x == '-f'")])),
        ("T -dl 5", None, (None, {}, [(None, "T -dl 5")])),
        ("a << T", "\nb << U\n\n// of c\nc<<V", (None, {}, [("a", "T"), ("b", "U"), ("c", "V")])),
        ("", "T\n\nU | count", (None, {}, [(None, "T"), (None, "U | count")])),
        ("", ".show tables", (None, {}, [(None, ".show tables")])),
        ("", "print binary_shift_left(1, 2) // <<", (None, {}, [(None, "print binary_shift_left(1, 2) // <<")])),
        ("", "T | where A == '{x}' and $left.B == 1", (None, {}, [(None, "T | where A == '{x}' and $left.B == 1")])),
        ("--conn", None, (None, {}, [])),
        ("@soc T", None, ("@soc", {}, [(None, "T")])),
        ("@my.soc-1; T", None, ("@my.soc-1", {}, [(None, "T")])),
        ("@'my soc' x << T", None, ("@'my soc'", {}, [("x", "T")])),
        ('@"my soc"', "-dl 5\nT", ('@"my soc"', {"display_limit": 5}, [(None, "T")])),
        ("", "-dl 5\n@soc\nT", ("@soc", {"display_limit": 5}, [(None, "T")])),
        ("-conn @soc T", None, (None, {"conn": "@soc"}, [(None, "T")])),
        ("-conn=@'my soc' T", None, (None, {"conn": "@'my soc'"}, [(None, "T")])),
        ("[KUSTO-DSN] T", None, ("[KUSTO-DSN]", {}, [(None, "T")])),
        ("-df x.ini [my dsn]; T", None, ("[my dsn]", {"dsn_filename": "x.ini"}, [(None, "T")])),
        ("['my table'] | count", None, (None, {}, [(None, "['my table'] | count")])),
        ('["my table"]', "| count", (None, {}, [(None, '["my table"]\n| count')])),
        ("", "T\n| where a == @'x' and b == @soc", (None, {}, [(None, "T\n| where a == @'x' and b == @soc")])),
    ],
)
def test_grammar(line: str, body: str | None, expected: tuple[object, object, object]) -> None:
    cell = parse(line, body)
    assert (connection(cell), options(cell), queries(cell)) == expected
    assert not cell.silent


@pytest.mark.parametrize(
    ("line", "body", "text", "silent"),
    [
        ("T | count;", None, "T | count", True),
        ("T | count ; ", None, "T | count ", True),
        ("T | count;", "", "T | count", True),
        ("let a = 1; T;", None, "let a = 1; T", True),
        ("T // end;", None, "T // end;", False),
        ("T | where A == ';", None, "T | where A == ';", False),
        ("", "T | count\n;", "T | count", True),
        ("", "T | count\n\n ; \n", "T | count", True),
        ("", "T | count;", "T | count;", False),
        ("", "T | count;\nU;", "T | count;\nU;", False),
        ("x <<", "T\n;", "T", True),
    ],
)
def test_a_last_semicolon_silences(line: str, body: str | None, text: str, silent: bool) -> None:
    cell = parse(line, body)
    assert cell.silent is silent
    assert [query.text for query in cell.queries] == [text.strip()]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("samples;", "samples"),
        ("Samples@help;", "Samples@help"),
        ("kusto://code;cluster='help';database='Samples';", "kusto://code;cluster='help';database='Samples'"),
        ("https://help.kusto.windows.net/Samples ;", "https://help.kusto.windows.net/Samples"),
    ],
)
def test_a_silent_connection(line: str, expected: str) -> None:
    cell = parse(line)
    assert (connection(cell), cell.silent, cell.queries) == (expected, True, ())


@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("5", 5),
        ("1.5", 1.5),
        ("true", True),
        ("null", None),
        ("'a b'", "a b"),
        ('"it\'s"', "it's"),
        ('["a",1]', ["a", 1]),
        ('{"a":[1,2]}', {"a": [1, 2]}),
        ("00:10:00", "00:10:00"),
        ("word", "word"),
        ("$NAME", EnvironmentVariable("NAME")),
    ],
)
def test_request_properties(word: str, value: object) -> None:
    for line in (f"+servertimeout={word} T", f"samples -dl 5 +servertimeout={word} T"):
        cell = parse(line)
        assert len(cell.properties) == 1
        name, found = cell.properties[0]
        assert name == "servertimeout"
        assert found == value or isinstance(found, list)
        assert queries(cell) == [(None, "T")]


@pytest.mark.parametrize(
    ("line", "name", "argument", "silent"),
    [
        ("--version", "version", "", False),
        ("--Ver-sion;", "version", "", True),
        ("--help options", "help", "options", False),
        ("--schema 'my table'", "schema", "my table", False),
        ("--schema=Samples@help ;", "schema", "Samples@help", True),
        ("--config display_limit=5", "config", "display_limit=5", False),
        ("--close *", "close", "*", False),
    ],
)
def test_commands(line: str, name: str, argument: str, silent: bool) -> None:
    for cell in (parse(line), parse(line, ""), parse("", line), parse("", f"// a comment\n{line}")):
        assert cell.command is not None
        assert (cell.command.command.name, cell.command.argument, cell.silent) == (name, argument, silent)
        assert cell.command.span.of(cell.text).startswith("--")
        assert cell.queries == ()


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_every_command(command: object) -> None:
    name = command.name  # type: ignore[attr-defined]
    for spelling in (name, name.upper(), f"{name[0]}_{name[1:]}", f"{name[0]}-{name[1:]}"):
        cell = parse(f"--{spelling}")
        assert cell.command is not None
        assert cell.command.command is command


WORDS = {
    "flag": "",
    "integer": " 5",
    "text": " 'x y'",
    "name": " x",
    "value": " 'x'",
    "timespan": " P1D",
    "names": " a,b",
}


@pytest.mark.parametrize("option", OPTIONS, ids=lambda option: option.name)
def test_every_option_in_every_spelling(option: Option) -> None:
    word = WORDS.get(option.kind) or (f" {option.choices[0]}" if option.choices else "")
    for name in (option.name, *option.aliases):
        for spelling in (name, name.upper(), name.replace("_", ""), name.replace("_", "-")):
            for written in (f"-{spelling}{word}", f"-{spelling}={word.strip() or 'true'}"):
                names_query = option.name in ("query", "file")
                cell = parse(written, "" if names_query else "\nT")
                assert [use.option for use in cell.options] == [option]
                assert cell.options[0].span.of(cell.text) == f"-{spelling}"
                if not names_query:
                    assert queries(cell) == [(None, "T")]


# --- errors ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "body", "message", "hint", "under"),
    [
        ("", None, "There is no query in this cell.", "--help", None),
        ("", "\n // nothing \n", "There is no query in this cell.", "--help", None),
        ("-dl 5", None, "There is no query in this cell.", "--help", None),
        ("-dll 5 T", None, "There is no option -dll.", "did you mean -dl?", "-dll"),
        ("-feedbak T", None, "There is no option -feedbak.", "did you mean -feedback?", "-feedbak"),
        ("-!feedbak T", None, "There is no option -feedbak.", "did you mean -feedback?", "-!feedbak"),
        ("-zzz=5 T", None, "There is no option -zzz.", "--help options", "-zzz"),
        ("samples", "-dl 5\n-tabels x\nT", "There is no option -tabels.", "did you mean -tables?", "-tabels"),
        ("--versoin", None, "There is no command --versoin.", "did you mean --version?", "--versoin"),
        ("--zzz", None, "There is no command --zzz.", "--help lists the commands", "--zzz"),
        ("@soc|count", None, "A named connection is written @name or @'name with spaces'.", "--conn", "@"),
        ("", "@'soc", "A named connection is written @name or @'name with spaces'.", "--conn", "@"),
        ("@soc @lab T", None, "A cell takes one connection.", "remove", "@lab"),
        ("--conn kusto://cluster='a'", None, "--conn takes no connection string.", "without --", "--conn"),
        ("--version now", None, "--version takes no argument.", "", " now"),
        ("-dl T", None, None, "", None),
        ("-dl", "T", "-display_limit needs a value.", "", "-dl"),
        ("-dl= 5 T", None, "-display_limit needs a value.", "", "-dl"),
        ("-dl 5 -DL 6 T", None, "-DL is given twice.", "remove", "-DL"),
        ("-dl 5 -display_limit=6 T", None, "-display_limit is given twice.", "remove", "-display_limit"),
        ("-dl 5.5 T", None, "-display_limit cannot be 5.5: it takes a whole number, or none.", "", "5.5"),
        ("-dl true T", None, None, "", None),
        ('-params {"a": 1 T', None, "The bracket { is not closed.", "write a }", "{"),
        ("-query_properties [1, 2 T", None, "The bracket [ is not closed.", "write a ]", "["),
        ("-f=maybe? T", None, "-feedback cannot be maybe?: it takes true or false.", "", "maybe?"),
        ("-!dl T", None, "-!display_limit is for flags; display_limit takes a value.", "", "-!dl"),
        ("-type panda T", None, "-type cannot be panda.", "did you mean pandas?", "panda"),
        ("-cloud moon T", None, "-cloud cannot be moon.", "", "moon"),
        ("-tables 'open T", None, "The quote ' is not closed.", "", "'"),
        ('-conn=a["b T', None, 'The quote " is not closed.', "", '"'),
        ("+timeout T", None, "A request property is written +timeout=value.", "", "+timeout"),
        ("+timeout= T", None, "+timeout needs a value.", "", "+timeout="),
        ("x << y << T", None, "A query takes one target.", "", "y"),
        ("x << T", "\n\ny << ", "There is no query for y <<.", "", "y"),
        ("x << T", "\n\ny << // nothing", "There is no query for y <<.", "", "y"),
        ("x <<", None, "There is no query for x <<.", "", "x"),
        ("samples x <<", "// nothing", "There is no query for x <<.", "", "x"),
        ("samples Samples@help T", None, "A cell takes one connection.", "remove one", "Samples@help"),
        ("-o x y << T", None, "Both << and -o name a target.", "keep one", "-o"),
        ("-o x", "T\n\nU", "This cell holds 2 queries for one target.", "before each query", "-o"),
        ("x <<", "T\n\nU\n\nV", "This cell holds 3 queries for one target.", "before each query", "x"),
        ("", "T\n\nx << U", "This cell holds 2 queries for one target.", "before each query", "x"),
        (
            "kusto://cluster='a'; database='b' T",
            None,
            "A connection string holds spaces only in quotes.",
            "quotes",
            "database",
        ),
    ],
)
def test_errors(line: str, body: str | None, message: str | None, hint: str, under: str | None) -> None:
    if message is None:  # a name of the notebook, looked up later
        assert isinstance(parse(line, body or "T").options[0].value, Reference)
        return
    with pytest.raises(KqlCellError) as caught:
        parse(line, body)
    error = caught.value
    assert message in error.message
    assert hint in error.hint
    if under is None:
        assert error.span is None
        return
    assert error.span is not None
    assert error.text is not None
    assert error.span.of(error.text) == under
    shown = str(error).splitlines()
    assert shown[2].count("^") == len(under)
    assert shown[1][shown[2].index("^") :].startswith(under)


def test_the_caret_stands_on_the_line_of_the_mistake() -> None:
    with pytest.raises(KqlCellError) as caught:
        parse("samples // täst 日本", "-dl 5 -feedbak\nT")
    assert str(caught.value).splitlines() == [
        "There is no option -feedbak.",
        "  line 2: -dl 5 -feedbak",
        "                ^^^^^^^^",
        "Hint: did you mean -feedback?",
    ]


def test_a_cell_that_is_too_long() -> None:
    with pytest.raises(KqlCellError) as caught:
        parse("x" * (MAX_LENGTH + 1))
    assert caught.value.message.startswith("The cell holds 2,000,006 characters; at most 2,000,000")
    assert parse("x" * (MAX_LENGTH - 5)).queries[0].text == "x" * (MAX_LENGTH - 5)


def test_a_very_long_name_is_cut() -> None:
    for line in ("-" + "x" * 100_000, "--" + "x" * 100_000):
        with pytest.raises(KqlCellError) as caught:
            parse(f"{line} T")
        assert len(str(caught.value)) < 1000


SECRET = "QQQ"
CONNECTION = "kusto://clientsecret='QQQ';cluster='help';database='d'"


@pytest.mark.parametrize(
    "line",
    [
        f"{CONNECTION} -dll 5 T",
        f"{CONNECTION} -dl 5.5 T",
        f"{CONNECTION} -dl 5 -dl 6 T",
        f"{CONNECTION} x << y << T",
        f"{CONNECTION} x <<",
        f"{CONNECTION} -o x y << T",
        f"{CONNECTION} {CONNECTION} T",
        f"samples {CONNECTION} T",
        f'-conn="{CONNECTION}" -dll 5 T',
        f"-conn={CONNECTION} -dll 5 T",
        f'-con="{CONNECTION}" T',
        f"-conn '{CONNECTION.replace(chr(39), chr(39) * 2)}' -dll 5 T",
        f"{CONNECTION[:-1]} T",
        f"{CONNECTION.replace('QQQ' + chr(39), 'QQQ')} -dl 5 T",
        f"{CONNECTION} --help zzz --versoin",
        f"{CONNECTION} --versoin",
        f"--conn {CONNECTION}",
        f"--schema {CONNECTION}",
        "kusto://cluster='help'; clientsecret='QQQ' T",
        "kusto://cluster='help;clientsecret='QQQ';database='d' T",
        "kusto://pasword='QQQ';database='d' -dll 5",
        "kusto://clientsecret('QQQ').database('d') -dll 5",
        "kusto://clientsecret=QQQ;database='d' -dll 5",
        "kusto://database='d';clientsecret:'QQQ' -dll 5",
        "-dll 5 clientsecret='QQQ'",
        "-conn=\"clientsecret='QQQ'\" -dll 5",
        "-conn=kusto:/clientsecret='QQQ' -dll 5",
        "https://me:QQQ@help.kusto.windows.net/d -dll 5",
    ],
)
def test_no_secret_is_shown_in_an_error(line: str) -> None:
    for magic in ((line, None), (line, "T | count"), ("", f"{line}\nT")):
        error = _error_of(*magic)
        assert error is None or SECRET not in f"{error} {error.text} {error!r}"


def _error_of(line: str, body: str | None) -> KqlCellError | None:
    try:
        cell = parse(line, body)
    except KqlCellError as error:
        return error
    assert SECRET not in f"{cell.text} {cell!r}"
    return None


def test_a_cell_shows_no_secret_of_its_connection() -> None:
    cell = parse(f"{CONNECTION} x <<", "T | where clientsecret == 'mine'")
    assert SECRET not in cell.text
    assert SECRET not in repr(cell)
    assert connection(cell) == CONNECTION
    assert cell.text == (
        "%%kql kusto://clientsecret=……………;cluster='help';database='d' x <<\nT | where clientsecret == 'mine'"
    )


# --- read_option, as --config calls it -------------------------------------------------------------------


def test_read_option_points_at_the_word() -> None:
    option = next(option for option in OPTIONS if option.name == "display_limit")
    assert read_option(option, "7", "display_limit=7", Span(14, 15)) == 7
    with pytest.raises(KqlCellError) as caught:
        read_option(option, "7x", "display_limit=7x", Span(14, 16))
    assert caught.value.span is not None
    assert caught.value.span.of(caught.value.text or "") == "7x"


# --- properties ------------------------------------------------------------------------------------------

heads = st.lists(
    st.sampled_from(
        [
            "-dl 10",
            "-DL=none",
            "-!f",
            "-feedback",
            "-type arrow",
            "+servertimeout=5",
            '+x={"a":[1]}',
            "-to=limit",
            "-tables 'a b.csv'",
            "-cloud public",
        ]
    ),
    unique_by=lambda item: item.strip("-!")[0].lower(),
    max_size=4,
)
connections = st.sampled_from(
    [
        "",
        "",
        "samples",
        "Samples@help",
        "https://h.example/d",
        "kusto://cluster='a b';database='d'",
        "duckdb:///a/b.duckdb",
    ]
)
targets = st.sampled_from(["", "", "x <<", "größe<<"])


@settings(deadline=None, max_examples=150)
@given(connections, targets, heads, whole_queries(), st.sampled_from(["\n", "\n\n"]), st.booleans())
def test_a_query_under_any_head_is_verbatim(
    connection: str, target: str, head: list[str], query: str, gap: str, in_body: bool
) -> None:
    first = " ".join(filter(None, [connection, target]))
    line, body = (first, "\n".join(head) + gap + query) if in_body else (" ".join([first, *head]), gap + query)
    cell = parse(line, body)
    assert [found.text for found in cell.queries] == [query.strip()]
    assert _spans_are_right(cell)
    assert len(cell.options) + len(cell.properties) == len(head)
    assert (cell.connection is not None) is bool(connection)
    assert (cell.queries[0].target is not None) is bool(target)


def _spans_are_right(cell: Cell) -> bool:
    pieces = [*cell.queries, *(query.target for query in cell.queries if query.target)]
    pieces += [cell.connection] if cell.connection else []
    return all(piece.span.of(cell.text) == piece.text for piece in pieces) and all(
        use.span.of(cell.text).startswith("-") for use in cell.options
    )


NASTY = "T|;'\"@h`~\\/()[]{}<>*-=+!.:$,\n \tx1é日\u200b\r\x00"
chunks = st.sampled_from(
    [
        "samples ",
        "kusto://",
        "clientsecret=",
        "x << ",
        "-dl ",
        "-conn=",
        "+a=",
        "--conn ",
        "a@b ",
        "\n\n",
        "T",
        "'",
        ";",
        "// ",
        "```",
    ]
)


@settings(deadline=None, max_examples=300)
@given(
    st.text() | st.text(NASTY, max_size=30) | st.lists(chunks, max_size=8).map("".join),
    st.none() | st.text() | st.text(NASTY, max_size=30) | st.lists(chunks, max_size=8).map("".join),
)
def test_any_text_is_read_or_refused(line: str, body: str | None) -> None:
    cell = None
    try:
        cell = parse(line, body)
    except KqlCellError as error:
        str(error)
    if cell is None:
        return
    assert all(query.span.of(cell.text) == query.text for query in cell.queries)
    assert all(query.text for query in cell.queries)


@pytest.mark.parametrize(
    "line",
    [
        f'-conn="kusto://clientsecret=" @{SECRET}" @" -dll 5',
        f'-conn="kusto://clientsecret=\'" @{SECRET}" @\' -dll 5',
        f"kusto://password=''{SECRET} -dll 5",
    ],
)
def test_a_quote_in_a_secret_does_not_show_the_rest_of_it(line: str) -> None:
    with pytest.raises(KqlCellError) as caught:
        parse(line)
    assert SECRET not in f"{caught.value} {caught.value.text}"


@settings(deadline=None, max_examples=400)
@given(
    st.sampled_from(["clientsecret", "password", "app_key", "clientsecrt", "pasword"]),
    st.text('ab;=() .:/@$"', max_size=6),
    st.sampled_from(
        ["kusto://{};database='d' {}", "kutso://{} {}", '-conn="kusto://{}" {}', "-con=kusto://{} {}", "{} {}"]
    ),
    st.sampled_from(["-dll 5", "-dl x.", "x << y <<", "x <<", "--versoin", "samples samples", "'", "T"]),
)
def test_no_generated_secret_is_in_an_error(key: str, around: str, form: str, rest: str) -> None:
    line = form.format(f"{key}='{around}{SECRET}{around}'", rest)
    error = None
    try:
        parse(line)
    except KqlCellError as caught:
        error = caught
    assert SECRET not in f"{error} {error.text if error else ''}"
