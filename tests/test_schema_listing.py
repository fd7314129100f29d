"""How schemas are shown: folded, escaped, bounded."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

from kqlext.schemas import Column, DatabaseSchema, Function, Parameter, TableSchema
from kqlext.schemas.listing import FunctionListing, SchemaListing, TableListing, matching

EVIL = "<script>alert(1)</script>\x1b[31m\u202e"
SMALL = DatabaseSchema(
    "help",
    "Samples",
    (
        TableSchema(
            "StormEvents", (Column("State", "string", "where"), Column("Deaths", "long")), description="Storms"
        ),
        TableSchema("V", (Column("State", "string"),), "materialized view"),
        TableSchema("frame", (Column("a", "long"),), "notebook"),
    ),
    (Function("Top", (Parameter("n", "long", "5"),), "{ StormEvents | take n }", "the first"),),
)
LARGE = DatabaseSchema(
    "loganalytics",
    "ws",
    tuple(
        TableSchema(f"Table_{t:03}_CL", tuple(Column(f"Column{c}", "string", "what it is") for c in range(40)))
        for t in range(700)
    ),
    tuple(Function(f"Function{f}", (Parameter("n", "long", "5"),), "{ T | take n }") for f in range(300)),
)


class Tags(HTMLParser):
    """Counts tags, and holds that each is closed in its turn."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.seen: list[str] = []
        self._open: list[str] = []
        self.feed(html)
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.seen.append(tag)
        self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag


def html(listing: SchemaListing | TableListing | FunctionListing) -> str:
    return listing._repr_mimebundle_()["text/html"]


def test_a_schema_is_a_mapping_and_shows_itself() -> None:
    listing = SchemaListing(SMALL)
    assert listing["StormEvents"]["Deaths"] == "long"
    assert listing.schema is SMALL
    assert repr(listing).splitlines() == [
        "StormEvents(State:string, Deaths:long)",
        "V(State:string)",
        "frame(a:long)",
        "Top(n:long=5)  the first",
        "3 tables · 4 columns · 1 function · Samples@help",
    ]
    tags = Tags(html(listing)).seen
    assert tags.count("details") == 4 + 3 + 1, "four groups, three tables and a function are folded"
    assert set(tags) <= {"div", "p", "details", "summary", "b", "ul", "li", "code", "span", "pre"}
    assert "<b>Tables of the notebook</b> (1)" in html(listing)
    assert "no room" not in html(listing)


@pytest.mark.parametrize(
    ("pattern", "tables"),
    [
        ("", ["StormEvents", "V", "frame"]),
        ("storm", ["StormEvents"]),
        ("STATE", ["StormEvents", "V"]),  # by a column
        ("S*", ["StormEvents", "V"]),
        ("*events", ["StormEvents"]),
        ("?", ["V", "frame"]),
        ("nothing", []),
        ("[a-z]", []),
    ],
)
def test_a_text_filters(pattern: str, tables: list[str]) -> None:
    assert list(SchemaListing(SMALL, pattern)) == tables
    assert [table.name for table in matching(SMALL.tables, pattern)] == tables


def test_what_was_filtered_is_said() -> None:
    listing = SchemaListing(SMALL, "storm", functions=False)
    assert repr(listing).splitlines()[-1] == "1 of 3 tables · 2 columns · with storm · Samples@help"
    assert repr(SchemaListing(SMALL, "nothing")).splitlines() == [
        "0 of 3 tables · 0 columns · with nothing · Samples@help"
    ]


def test_one_table() -> None:
    listing = TableListing(SMALL.tables[0], "Samples@help")
    assert dict(listing) == {"State": "string", "Deaths": "long"}
    assert repr(listing).splitlines() == [
        "State: string  where",
        "Deaths: long",
        "StormEvents · table · 2 columns · Samples@help",
    ]
    assert "<code>State</code> string" in html(listing)
    assert "Storms" in html(listing)


def test_functions() -> None:
    listing = FunctionListing(SMALL)
    assert dict(listing) == {"Top": "(n:long=5)"}
    assert listing.functions[0].body == "{ StormEvents | take n }"
    assert "<pre>{ StormEvents | take n }</pre>" in html(listing)
    assert repr(FunctionListing(SMALL, "x")) == "0 of 1 function · with x · Samples@help"


def test_names_and_descriptions_are_data() -> None:
    table = TableSchema(EVIL, (Column(EVIL, EVIL, EVIL),), description=EVIL)
    function = Function(EVIL, (Parameter(EVIL, EVIL, EVIL),), EVIL, EVIL)
    schema = DatabaseSchema("c", EVIL, (table,), (function,))
    for listing in (SchemaListing(schema, EVIL[:4]), TableListing(table, EVIL), FunctionListing(schema)):
        shown = html(listing)
        assert "script" not in Tags(shown).seen
        assert not re.search("[\x1b\u202e]", shown + repr(listing))


def test_a_large_schema_fits_into_64_kb() -> None:
    listing = SchemaListing(LARGE)
    bundle = listing._repr_mimebundle_()
    assert sum(len(text.encode()) for text in bundle.values()) <= 64_000
    Tags(bundle["text/html"])
    assert "<b>Tables</b> (700)" in bundle["text/html"]
    assert "Function0<code>(n:long=5)</code>" in bundle["text/html"]
    assert bundle["text/html"].count("%kql --schema name shows one") == 2, "the columns, and the texts of functions"
    assert len(listing) == 700, "what is shown is cut, what is given is not"
    listed = re.search(r"… and (\d+) more", bundle["text/plain"])
    assert listed is not None
    shown = bundle["text/plain"].count("_CL") + bundle["text/plain"].count("(n:long")
    assert shown + int(listed[1]) == 700 + 300


def test_what_does_not_fit_is_counted() -> None:
    wide = TableSchema("Wide", tuple(Column(f"column_{i}" + "x" * 150, "string", "y" * 150) for i in range(2_000)))
    many = DatabaseSchema("c", "d", tuple(TableSchema(f"t{i}" + "x" * 100, ()) for i in range(5_000)), ())
    for listing in (TableListing(wide, "d@c"), SchemaListing(many)):
        bundle = listing._repr_mimebundle_()
        assert sum(len(text.encode()) for text in bundle.values()) <= 64_000
        for text in bundle.values():
            left = re.search(r"… and ([\d,]+) more", text)
            assert left is not None
            assert len(re.findall(r"column_\d|t\d+x", text)) + int(left[1].replace(",", "")) in (2_000, 5_000)


def test_a_line_of_text_is_not_endless() -> None:
    table = TableSchema("Many", tuple(Column(f"column{i}", "string") for i in range(44)))
    lines = repr(SchemaListing(DatabaseSchema("c", "d", (table,), ()))).splitlines()
    assert re.fullmatch(r"Many\(column0:string, .*, … 3\d more\)", lines[0])
    assert len(lines[0]) <= 160
