"""What the `render` at the end of a query asks for, and the query without it."""

from __future__ import annotations

import pytest

from kqlext.render_clause import find_render, split_render


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("T | render timechart", ("timechart", {})),
        ("T | render TimeChart ;", ("timechart", {})),
        (
            "T | render barchart with (title='a, b', ycolumns = A, B, kind=stacked)",
            ("barchart", {"title": "a, b", "ycolumns": "A,B", "kind": "stacked"}),
        ),
        ("T | render piechart title = 'x'", ("piechart", {"title": "x"})),
        ("T | render piechart title = Failed sign-ins", ("piechart", {"title": "Failed sign-ins"})),
        ("T | render piechart with title='a' kind=map;", ("piechart", {"title": "a", "kind": "map"})),
        ("T | render piechart // | count", ("piechart", {})),
        (
            "T | render timechart with (ymin=-5, ymax = 1.5e3, xmin=datetime(2007-01-01), series=['a b'], title=x)",
            (
                "timechart",
                {"ymin": "-5", "ymax": "1.5e3", "xmin": "datetime(2007-01-01)", "series": "a b", "title": "x"},
            ),
        ),
        ("T | render timechart with (title='a'", ("timechart", {"title": "a"})),
        ("T | render timechart with (title=, kind=stacked) ;", ("timechart", {"title": "", "kind": "stacked"})),
        ("T | render timechart with (= 1, x", ("timechart", {})),
        ("let a = T | render piechart;\nT | count", None),
        ("T | render", None),
        ("T | where A == '| render piechart'", None),
        ("render", None),
        ("", None),
    ],
)
def test_find_render(text: str, expected: tuple[str, dict[str, str]] | None) -> None:
    assert find_render(text) == expected


@pytest.mark.parametrize(
    ("text", "sent"),
    [
        ("T | take 1", "T | take 1"),
        ("T | where render == 1", "T | where render == 1"),
        ("T | render table;", "T "),
        ("T | render table; U", "T | render table; U"),
    ],
)
def test_what_is_left_of_a_query(text: str, sent: str) -> None:
    assert split_render(text)[0] == sent
