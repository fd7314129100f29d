"""`render` and a table's columns -> which columns are x, series and y. Expectations are of the KQL reference."""

from __future__ import annotations

from typing import Any

import pytest
from chart_cases import COLUMNS, DEFAULTS, EVERY_KIND, NAMED, PROPERTIES, REFUSED
from charts import table_of

from kqlext.own_kinds import OWN_KINDS
from kqlext.render_clause import find_render
from kqlext.visualization.choosers import CHOOSERS
from kqlext.visualization.properties import NO_CHART, ChartSpec, NotDrawnError, chart_spec


def spec_of(columns: str, render: str) -> ChartSpec:
    found = find_render(f"T | render {render}")
    assert found is not None
    kind, properties = found
    return chart_spec({"visualization": kind, **properties}, table_of(columns).columns)


def chosen(columns: str, render: str) -> str:
    """``x / ys / series`` by names, and the anomalies and levels where there are any."""
    spec = spec_of(columns, render)
    names = [column.rsplit(":", 1)[0] for column in columns.split()]

    def written(indices: tuple[int, ...]) -> str:
        return ",".join(names[index] for index in indices)

    levels = [f"levels {written(spec.levels)}"] if spec.levels else []
    parts = ["" if spec.x is None else names[spec.x], written(spec.ys), written(spec.series), written(spec.anomalies)]
    return " / ".join([*(parts if parts[3] else parts[:3]), *levels])


@pytest.mark.parametrize(("render", "columns", "expected"), DEFAULTS)
def test_defaults(render: str, columns: str, expected: str) -> None:
    assert chosen(columns, render) == expected


@pytest.mark.parametrize(("render", "expected"), NAMED)
def test_named_columns(render: str, expected: str) -> None:
    assert chosen(COLUMNS, render) == expected


@pytest.mark.parametrize(("render", "expected"), PROPERTIES)
def test_properties(render: str, expected: dict[str, Any]) -> None:
    spec = spec_of(COLUMNS, render)
    notes = tuple(note for note in spec.notes if note != "Not in the chart: U.")
    for path, value in expected.items():
        found: Any = spec
        for part in path.split("."):
            found = getattr(found, part)
        assert (notes if path == "notes" else found) == value


@pytest.mark.parametrize(("columns", "render", "reason"), REFUSED)
def test_what_cannot_be_drawn(columns: str, render: str, reason: str) -> None:
    with pytest.raises(NotDrawnError) as caught:
        spec_of(columns, render)
    assert str(caught.value) == reason


@pytest.mark.parametrize("kind", CHOOSERS)
def test_no_rows_and_no_columns(kind: str) -> None:
    for table in (table_of("T:datetime s:string n:long", []), table_of("")):
        with pytest.raises(NotDrawnError, match="there are no rows"):
            chart_spec({"visualization": kind}, table.columns)


@pytest.mark.parametrize("kind", EVERY_KIND)
def test_every_kind_is_drawn_or_has_a_reason(kind: str) -> None:
    drawn = kind.lower() in CHOOSERS or kind == "stackedareachart" or kind in OWN_KINDS
    assert drawn is not (kind.lower() in NO_CHART)


def test_the_object_of_a_service() -> None:
    """Every key of Kusto's Visualization, unset as Kusto sends it; lists as lists or as text."""
    unset = {
        "visualization": "timechart", "title": None, "xcolumn": None, "series": None, "ycolumns": None,
        "anomalycolumns": None, "xtitle": None, "ytitle": None, "xaxis": None, "yaxis": None, "legend": None,
        "ysplit": None, "accumulate": False, "isquerysorted": False, "kind": None, "ymin": "NaN", "ymax": "NaN",
        "xmin": None, "xmax": None,
    }  # fmt: skip
    columns = table_of("T:datetime s:string n:long m:long").columns
    spec = chart_spec(unset, columns)
    assert (spec.x, spec.ys, spec.series, spec.notes, spec.sorted) == (0, (2, 3), (1,), (), False)
    for ycolumns in (["m", "n"], "m,n", "m, n"):
        assert chart_spec({**unset, "ycolumns": ycolumns}, columns).ys == (3, 2)
    assert chart_spec({**unset, "ycolumns": [], "ymin": 0.0}, columns).y_axis.minimum == 0.0
    with pytest.raises(NotDrawnError, match="ycolumns does not name a column"):
        chart_spec({**unset, "ycolumns": {"a": 1}}, columns)


def test_a_column_with_a_comma_in_its_name() -> None:
    columns = table_of("T:datetime n,m:long n:long").columns
    assert chart_spec({"visualization": "timechart", "ycolumns": "n,m"}, columns).ys == (1,)


def test_columns_of_one_name() -> None:
    spec = chart_spec({"visualization": "timechart"}, table_of("T:datetime n:long n:long").columns)
    assert spec.ys == (1, 2)
