"""A result's mime bundle: one HTML table and one text, in which data is never markup, bounded in bytes."""

from __future__ import annotations

import json
import os
import re
import sys
import unicodedata
from collections.abc import Sequence
from html.parser import HTMLParser
from typing import Any

import pytest
from conftest import Shell
from hypothesis import given, settings
from hypothesis import strategies as st
from servers.kusto_frames import EVERY_TYPE, TableSpec, one_api_error, v2

from kqlext.decode.kusto_frames import decode_v2
from kqlext.decode.tables import DataSet
from kqlext.origin import Origin
from kqlext.result import Result
from kqlext.text import printable
from kqlext.view import View

HOSTILE = [
    "<script>alert(1)</script>", "</td></tr></table><img src=x onerror=alert(1)>", "&lt;b&gt;", "&", "&amp;amp;",
    '" onmouseover="alert(1)', "' style='x", "<!-- ", "--><b>", "<![CDATA[", "]]>", "<?php", "a\nb", "a\tb", "  a  b",
    "\x1b[31mred\x1b[0m", "\x00", "\r\n", "\x85", "\u202eright to left\u202c", "\u2066isolated\u2069", "$x$", "`*_#|",
    "\x1b]8;;http://example.org\x07link\x1b]8;;\x07", "{{x}}", "javascript:alert(1)", "Zürich 東京 🦓",
    "\ufeff", "\u2028", "\\",
]  # fmt: skip

# What the table itself may consist of; no script, no style sheet, no form, nothing that loads anything.
TAGS = {"div", "table", "caption", "thead", "tbody", "tr", "th", "td", "p", "b", "i", "details", "summary", "pre"}
ATTRIBUTES = {"class", "style", "scope", "title", "role", "tabindex", "aria-label"}
NULL = ("i", {"style": "opacity:.7", "title": "no value"})


class Page(HTMLParser):
    """What a browser would find: the texts of cells, headers, captions and paragraphs, and each tag's attributes.

    A cell of null is None; the texts of a folded value are those of its summary and of its pre.
    """

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.texts: dict[str, list[Any]] = {tag: [] for tag in ("td", "th", "caption", "p", "summary", "pre")}
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.rows: list[int] = []
        self._open: list[str] = []
        self.feed(html)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._open.append(tag)
        if tag in self.texts:
            self.texts[tag].append("")
        if tag == "tr":
            self.rows.append(0)
        if tag == "td":
            self.rows[-1] += 1

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.tags[-1] == NULL and self._open[-1] == "i":
            assert (data, self.texts["td"].pop()) == ("null", "")
            self.texts["td"].append(None)
            return
        owner = next(tag for tag in reversed(self._open) if tag in self.texts)
        self.texts[owner][-1] += data

    def handle_comment(self, data: str) -> None:
        raise AssertionError("a comment")

    def handle_decl(self, decl: str) -> None:
        raise AssertionError("a declaration")


def result_of(*tables: TableSpec, limit: int | None = 50, connection: str = "Samples@help", **answer: Any) -> Result:
    return Result(decode_v2(v2(*tables, **answer)), Origin(connection, "T", 0.42), View(limit))


def strings(*values: str | None, name: str = "x", limit: int | None = 50) -> Result:
    return result_of(TableSpec("T", ((name, "string"),), [(value,) for value in values]), limit=limit)


def page_of(result: Result) -> Page:
    page = Page(result._repr_mimebundle_()["text/html"])
    assert {tag for tag, _ in page.tags} <= TAGS
    assert {name for _, attributes in page.tags for name in attributes} <= ATTRIBUTES
    return page


def text_of(result: Result) -> str:
    text = result._repr_mimebundle_()["text/plain"]
    assert {character for character in text if unicodedata.category(character) == "Cc"} <= {"\n"}
    return text


def numbers(count: int, limit: int | None = 50) -> Result:
    return result_of(TableSpec("T", (("n", "long"),), [(number,) for number in range(count)]), limit=limit)


# --- what is shown ---------------------------------------------------------------------------------------

CAPTIONS = [
    (0, 50, "0 rows · 0.42 s · Samples@help"),
    (1, 50, "1 row · 0.42 s · Samples@help"),
    (50, 50, "50 rows · 0.42 s · Samples@help"),
    (53_412, 50, "50 of 53,412 rows · 0.42 s · Samples@help"),
    (60, None, "60 rows · 0.42 s · Samples@help"),
    (60, 0, "0 of 60 rows · 0.42 s · Samples@help"),
    (1, 0, "0 of 1 row · 0.42 s · Samples@help"),
]


@pytest.mark.parametrize(("count", "limit", "caption"), CAPTIONS)
def test_caption_and_display_limit(count: int, limit: int | None, caption: str) -> None:
    result = numbers(count, limit)
    page = page_of(result)
    assert page.texts["caption"] == [caption]
    assert page.texts["td"] == [str(number) for number in range(count)][:limit]
    assert text_of(result).splitlines()[-1] == caption


def test_a_limit_below_none_shows_no_table() -> None:
    result = numbers(60, -1)
    assert page_of(result).texts == {**Page("").texts, "p": ["0 of 60 rows · 0.42 s · Samples@help"]}
    assert text_of(result) == "0 of 60 rows · 0.42 s · Samples@help"


def test_one_bundle_of_two_kinds() -> None:
    result = numbers(1)
    assert set(result._repr_mimebundle_()) == {"text/html", "text/plain"}
    assert not hasattr(result, "_repr_html_")
    assert repr(result) == "<Result: 1 row × 1 column of Samples@help>"


def test_headers_have_a_scope_and_cells_an_alignment() -> None:
    page = page_of(result_of(EVERY_TYPE))
    headers = [attributes for tag, attributes in page.tags if tag == "th"]
    assert [attributes["scope"] for attributes in headers] == ["col"] * 10
    assert [attributes["title"] for attributes in headers] == [kind for _, kind in EVERY_TYPE.columns]
    right = [
        kind for attributes, (_, kind) in zip(headers, EVERY_TYPE.columns, strict=True) if "right" in str(attributes)
    ]
    assert right == ["decimal", "int", "long", "real", "timespan"]


def test_no_colour_is_fixed_but_the_border_of_a_warning() -> None:
    """Dark or light, the page decides."""
    page = page_of(result_of(EVERY_TYPE, errors=[one_api_error("Limits", "Too many rows")]))
    styles = [str(attributes.get("style", "")) for tag, attributes in page.tags if tag != "p"]
    assert not any("color" in style or "background" in style for style in styles)


def test_values_are_written_as_kusto_does() -> None:
    result = result_of(EVERY_TYPE)
    found = page_of(result).texts["td"]
    columns = [column.texts(0, 6) for column in result.table.columns]
    written = [printable(columns[column][row]) for row in range(6) for column in range(10)]
    assert [text or "" for text in found] == written
    assert found[20:30] == [*[None] * 8, "", None]


def test_warnings_come_first() -> None:
    result = result_of(EVERY_TYPE, errors=[one_api_error("Limits", "Too <b>many</b> rows\x1b[31m\tnow")])
    warnings = page_of(result).texts["p"]
    assert warnings[0] == "Warning: The result is not complete. Too <b>many</b> rows\\x1b[31m now"
    assert len(warnings) == 3
    assert text_of(result).startswith(warnings[0] + "\n")


def test_render_is_named() -> None:
    result = result_of(TableSpec("T", (("n", "long"),)), visualization={"Visualization": "<b>\n"})
    assert "render <b>\\n" in page_of(result).texts["caption"][0]


def test_several_tables() -> None:
    spec = TableSpec("T", (("n", "long"),), ((1,),))
    page = page_of(result_of(spec, spec))
    assert page.texts["caption"] == [f"table {n} of 2 · 1 row · 0.42 s · Samples@help" for n in (1, 2)]


@pytest.mark.parametrize(
    "result", [result_of(), Result(DataSet(()), Origin("a\t<b>", "", 0)), result_of(TableSpec("T", (), ((), ())))]
)
def test_nothing_to_show(result: Result) -> None:
    assert page_of(result).texts["td"] == []
    assert text_of(result)


# --- nulls, dynamic values -------------------------------------------------------------------------------


def test_null_is_no_text() -> None:
    """Not an empty one, nor the text null."""
    result = strings(None, "", "null", "<null>", "NULL")
    assert page_of(result).texts["td"] == [None, "", "null", "<null>", "NULL"]
    cells = [line.strip("| ") for line in text_of(result).splitlines()[3:-2]]
    assert cells == ["<null>", "", "null", '"<null>"', "NULL"]


def test_null_and_what_is_no_number_stand_where_numbers_do() -> None:
    result = result_of(TableSpec("T", (("x", "real"),), ((None,), ("NaN",), ("-Infinity",), (-0.1,))))
    page = page_of(result)
    assert page.texts["td"] == [None, "NaN", "-Infinity", "-0.1"]
    assert all("text-align:right" in str(attributes["style"]) for tag, attributes in page.tags if tag == "td")
    assert [line.strip("| ") for line in text_of(result).splitlines()[3:-2]] == ["<null>", "NaN", "-Infinity", "-0.1"]


NUMBERS = [
    ("long", 9223372036854775807, "9223372036854775807"),
    ("long", -9007199254740993, "-9007199254740993"),
    ("int", 0, "0"),
    ("real", 0.1, "0.1"),
    ("real", 1e300, "1e+300"),
    ("decimal", "1.50", "1.50"),
    ("decimal", "123456789012345678901234567890.1234", "123456789012345678901234567890.1234"),
    ("datetime", "2024-02-29T23:59:59.9999999Z", "2024-02-29T23:59:59.9999999Z"),
    ("datetime", "2024-02-29T00:00:00Z", "2024-02-29T00:00:00Z"),
    ("timespan", "-1.02:03:04.5000000", "-1.02:03:04.5000000"),
]


@pytest.mark.parametrize(("kind", "wire", "text"), NUMBERS)
def test_digits_are_kept(kind: str, wire: Any, text: str) -> None:
    result = result_of(TableSpec("T", (("x", kind),), ((wire,),)))
    assert page_of(result).texts["td"] == [text]
    assert f"| {text} |" in text_of(result)


def dynamic(*values: Any) -> Result:
    return result_of(TableSpec("T", (("x", "dynamic"),), [(value,) for value in values]))


def test_a_short_dynamic_value_stands_as_it_is() -> None:
    page = page_of(dynamic({"a": 1, "b": [None, "x"]}, [], "text", 5, None, "null"))
    assert page.texts["td"] == ['{"a":1,"b":[null,"x"]}', "[]", "text", "5", None, "null"]
    assert page.texts["summary"] == []


def test_a_long_dynamic_value_is_folded() -> None:
    value = {"user": "<b>alice</b>", "roles": ["admin", 'a "quoted" [role], {or}: so'], "none": {}, "no": []}
    result = dynamic(value)
    page = page_of(result)
    assert page.texts["summary"] == ['{"user":"<b>alice</b>","roles":["admin","a \\"quoted\\" [role…']
    assert page.texts["pre"] == [json.dumps(value, indent=2)]
    assert not any(name == "open" for _, attributes in page.tags for name in attributes)
    # The text is a line.
    assert len(text_of(result).splitlines()) == 6


def test_a_long_text_that_reads_as_json_is_a_text() -> None:
    page = page_of(dynamic({"a": 1}, "{not, json: " + "x" * 100))
    assert page.texts["summary"] == []
    assert page.texts["td"][1].startswith("{not, json: xxx")


def test_a_large_dynamic_value_is_cut_and_says_so() -> None:
    result = dynamic([{"n": number, "text": "<&" * 50} for number in range(20_000)])
    (inside,) = page_of(result).texts["pre"]
    assert inside.startswith('[\n  {\n    "n": 0,\n    "text": "<&<&')
    assert inside.endswith(f"… ({len(result.table.columns[0].texts(0, 1)[0]):,} characters)")
    assert len(inside) < 2_100
    assert size_of(result) < 20_000


def test_a_deep_dynamic_value() -> None:
    deep: Any = 1
    for _ in range(400):
        deep = [deep]
    result = dynamic(deep)
    (inside,) = page_of(result).texts["pre"]
    assert inside.startswith("[\n  [\n    [\n")
    assert "characters)" in inside
    assert size_of(result) < 10_000


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=20) | st.sampled_from(HOSTILE),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=20,
)


@given(json_values)
@settings(deadline=None, max_examples=150)
def test_any_folded_value_comes_back_from_the_page(value: Any) -> None:
    """What is unfolded is the value's JSON: nothing is lost, and nothing is markup."""
    page = page_of(dynamic([value, "x" * 60]))
    (inside,) = page.texts["pre"]
    if not inside.endswith(" characters)"):
        made = json.dumps([value, "x" * 60], indent=2, ensure_ascii=False)
        assert inside == printable(re.sub(r"(?m)^ {24,}", " " * 24, made))


# --- data is never markup --------------------------------------------------------------------------------


@pytest.mark.parametrize("value", HOSTILE, ids=ascii)
def test_hostile_cells_and_names(value: str) -> None:
    result = strings(value, None, name=value)
    page = page_of(result)
    assert (page.texts["td"], page.texts["th"]) == ([printable(value), None], [printable(value)])
    assert not set(printable(value)) & set("\x00\x1b\x85\r\u202e\u2066")
    assert len(text_of(result).split("\n")) == 7  # the frame's three lines, the name, two cells, the caption


@pytest.mark.parametrize("value", HOSTILE, ids=ascii)
def test_hostile_connections(value: str) -> None:
    result = result_of(TableSpec("T", (("n", "long"),)), connection=value)
    (caption,) = page_of(result).texts["caption"]
    assert caption == text_of(result).split("\n")[-1]


def test_hostile_warnings() -> None:
    result = result_of(TableSpec("T", ((HOSTILE[0], HOSTILE[1]),), ((1,),)))
    assert "<script>" in page_of(result).texts["p"][0]


def test_names_that_stand_twice_or_are_empty() -> None:
    result = result_of(TableSpec("T", tuple((name, "int") for name in ("a", "a", "", "")), ((1, 2, 3, 4),)))
    page = page_of(result)
    assert (page.texts["th"], page.texts["td"]) == (["a", "a", "", ""], ["1", "2", "3", "4"])
    assert [cell.strip() for cell in text_of(result).splitlines()[1].split("|")[1:-1]] == ["a", "a", "", ""]


cells = st.text(max_size=30) | st.sampled_from(HOSTILE)


@given(st.lists(st.tuples(cells, cells | st.none()), max_size=5), st.tuples(cells, cells))
@settings(deadline=None, max_examples=150)
def test_any_data_comes_back_from_the_page(rows: Sequence[tuple[str, str | None]], names: tuple[str, str]) -> None:
    """One cell a value with its very text, no tag but the table's own, and no control character in the text."""
    result = result_of(TableSpec("T", tuple((name, "string") for name in names), rows))
    page = page_of(result)
    assert page.texts["td"] == [None if value is None else printable(value) for row in rows for value in row]
    assert page.texts["th"] == [printable(name) for name in names]
    assert page.rows == [0, *[2] * len(rows)]
    assert len(text_of(result).splitlines()) >= len(rows) + 4


# --- bounded ---------------------------------------------------------------------------------------------


def size_of(result: Result) -> int:
    """What it takes in a saved notebook."""
    return len(json.dumps(result._repr_mimebundle_(), ensure_ascii=False).encode())


def test_a_cell_of_5_mb() -> None:
    result = strings("<" * 5_000_000)
    (cell,) = page_of(result).texts["td"]
    assert cell == "<" * 1_000 + "… (5,000,000 characters)"
    assert size_of(result) < 10_000


def test_2000_columns() -> None:
    columns = tuple((f"column {number}", "long") for number in range(2_000))
    result = result_of(TableSpec("T", columns, [list(range(2_000))] * 100))
    page = page_of(result)
    columns_shown = len(page.texts["th"])
    assert columns_shown > 50
    assert page.texts["td"][:columns_shown] == [str(number) for number in range(columns_shown)]
    rows_shown = len(page.texts["td"]) // columns_shown
    assert rows_shown >= 8
    assert f"{rows_shown} of 100 rows" in page.texts["caption"][0]
    assert f"{columns_shown} of 2,000 columns fit here, to_pandas() has all" in page.texts["caption"][0]
    assert size_of(result) < 64_000
    assert text_of(result).endswith(" of 2,000 columns fit here, to_pandas() has all")


BOUNDED = {
    "2,000 long cells in a row": lambda: TableSpec("T", (("x", "string"),) * 2_000, [["'" * 1_000] * 2_000]),
    "2,000 long names": lambda: TableSpec("T", (("'" * 1_024, "string"),) * 2_000, []),
    "2,000 unknown types": lambda: TableSpec("T", (("'" * 1_024, "x"),) * 2_000, []),
    "10,000 columns": lambda: TableSpec("T", (("x", "long"),) * 10_000, [[1] * 10_000] * 3),
    "100,000 rows": lambda: TableSpec("T", (("x", "long"),), [[1]] * 100_000),
    "rows of long cells": lambda: TableSpec("T", (("x", "string"),), [["🦓" * 5_000]] * 1_000),
    "2,000 dynamic columns": lambda: TableSpec("T", (("x", "dynamic"),) * 2_000, [[['\\"\n'] * 500] * 2_000]),
    "rows of dynamic values": lambda: TableSpec("T", (("x", "dynamic"),), [[{"\\": '"' * 5_000}]] * 500),
    "rows of nulls": lambda: TableSpec("T", (("x", "long"),) * 30, [[None] * 30] * 5_000),
    "rows of short cells": lambda: TableSpec("T", (("x", "string"),) * 3, [["🦓" * 60] * 3] * 10_000),
}


@pytest.mark.parametrize("name", BOUNDED)
def test_no_result_is_larger_than_the_limit(name: str) -> None:
    result = result_of(BOUNDED[name](), limit=None)
    page_of(result)
    text_of(result)
    assert size_of(result) < 64_000


def test_columns_that_are_left_out_are_said() -> None:
    result = result_of(TableSpec("T", (("x", "long"),) * 3_000, [[1] * 3_000]))
    page = page_of(result)
    assert page.texts["caption"] == [
        f"1 row · 0.42 s · Samples@help · {len(page.texts['th']):,} of 3,000 columns fit here, to_pandas() has all"
    ]


def test_warnings_that_are_left_out_are_said() -> None:
    result = result_of(TableSpec("T", (("x", "unknown"),) * 30))
    assert page_of(result).texts["p"][-1] == "Warning: 10 more warnings in the result's .warnings"
    assert len(result.warnings) == 30


def test_many_tables_share_the_bound() -> None:
    table = TableSpec("T", (("x", "string"),), [["x" * 900]] * 100)
    result = result_of(*[table] * 20, limit=None)
    assert size_of(result) < 64_000


def test_a_narrow_terminal_shows_at_least_one_column(monkeypatch: pytest.MonkeyPatch) -> None:
    master, terminal = os.openpty()
    monkeypatch.setenv("COLUMNS", "10")
    with open(terminal, "w") as stdout, monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", stdout)
        text = text_of(result_of(EVERY_TYPE))
    os.close(master)
    assert "bool_value" in text
    assert "1 of 10 columns fit here" in text


def test_what_is_no_terminal_has_room_whatever_the_environment_says(monkeypatch: pytest.MonkeyPatch) -> None:
    wide = text_of(result_of(EVERY_TYPE))
    monkeypatch.setenv("COLUMNS", "10")
    assert text_of(result_of(EVERY_TYPE)) == wide


def test_who_asks_for_more_rows_gets_more(shell: Shell) -> None:
    shell.run("%kql samples")
    sizes = []
    for option in ("", "-display_limit 2000", "-display_limit none"):
        shown = shell.ip.display_formatter.format(shell.run(f"%kql {option} StormEvents | take 5000"))[0]
        sizes.append(len(json.dumps(shown, ensure_ascii=False).encode()))
    assert sizes[0] < 64_000 < sizes[1] < 540_000
    assert sizes[1] <= sizes[2] < 540_000
