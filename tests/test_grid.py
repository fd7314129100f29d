"""``-grid``: what goes to the page, what stays in the notebook, and the order by which the grid sorts."""

from __future__ import annotations

import gzip
import json
import re
import sys
from base64 import b64decode
from pathlib import Path
from typing import Any

import nbformat
import pytest
from conftest import Shell
from nbclient import NotebookClient
from servers.kusto import KustoServer
from servers.kusto_frames import EVERY_TYPE, TableSpec, v2

from kqlext import KqlCellError
from kqlext.decode.kusto_frames import decode_v2
from kqlext.origin import Origin
from kqlext.result import Result
from kqlext.view import View
from kqlext.visualization import grid
from kqlext.visualization.cells import ranks
from kqlext.visualization.table import grid_tables

HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(1)>"


def result_of(*tables: TableSpec, **view: Any) -> Result:
    return Result(decode_v2(v2(*tables)), Origin("Samples@help", "T", 0.1), View(**view))


# --- the order -------------------------------------------------------------------------------------------

ORDERS = [
    ("long", [9223372036854775807, 9223372036854775806, None, -1, -1], [4, 3, 0, 2, 2]),
    ("int", [10, 9, 100], [3, 2, 4]),
    ("real", ["Infinity", 1.5, None, "NaN", "-Infinity"], [4, 3, 0, 1, 2]),
    ("decimal", ["0.10", "0.2", "12345678901234567890.1", "12345678901234567890.2", None], [2, 3, 4, 5, 0]),
    ("datetime", ["2024-01-01T00:00:00.0000002Z", "2024-01-01T00:00:00.0000001Z", None], [3, 2, 0]),
    ("datetime", ["9999-12-31T00:00:00Z", "0001-01-01T00:00:00Z"], [3, 2]),
    ("timespan", ["-1.00:00:00", "00:00:01", "-00:00:01", None], [2, 4, 3, 0]),
    ("bool", [True, None, False], [3, 0, 2]),
    ("string", ["b", "", "B", "a", "10", "9"], [7, 2, 5, 6, 3, 4]),
    ("dynamic", [{"b": 1}, None, "text", [2]], [4, 0, 3, 2]),  # by their texts
    ("guid", ["ffffffff-ffff-ffff-ffff-ffffffffffff", "00000000-0000-0000-0000-000000000000"], [3, 2]),
    ("string", [], []),
    ("real", [None, None], [0, 0]),
]


@pytest.mark.parametrize(("kind", "values", "places"), ORDERS)
def test_ranks(kind: str, values: list[Any], places: list[int]) -> None:
    (column,) = result_of(TableSpec("T", (("x", kind),), [(value,) for value in values])).table.columns
    assert ranks(column, len(values)) == places


def test_cells_say_how_they_are_sorted() -> None:
    html = grid_tables(result_of(TableSpec("T", (("n", "long"), ("s", "string")), ((10, "b"), (9, "c")))), 100, 100_000)
    assert re.findall(r'<td data-order="(\d+)"[^>]*>(\w+)', html) == [("3", "10"), ("2", "b"), ("2", "9"), ("3", "c")]


# --- what goes to the page -------------------------------------------------------------------------------


def parts_of(script: str) -> dict[str, str]:
    """What the script holds, unzipped."""
    found = re.fullmatch(r'<script>(.*)\("kqlext-grid-\w+", (\{.*\})\)</script>', script, re.DOTALL)
    assert found
    return {name: gzip.decompress(b64decode(value)).decode() for name, value in json.loads(found[2]).items()}


def test_the_script_has_the_library_and_the_rows_but_no_markup_of_data() -> None:
    result = result_of(TableSpec("T", ((HOSTILE, "string"),), ((HOSTILE,),)), grid=grid.new_id())
    script = grid.page_script(result)
    assert script.count("<") == 2 + script.partition('("kqlext-grid-')[0][1:].count("<")
    assert "alert" not in script
    parts = parts_of(script)
    assert "DataTables" in parts["script"]
    assert "dataTable" in parts["style"]
    assert HOSTILE not in parts["table"]
    assert parts["table"].count("&lt;script&gt;alert(1)") == 2


def test_the_rows_are_bounded_and_the_caption_says_so() -> None:
    many = result_of(TableSpec("T", (("n", "long"),), [[number] for number in range(9_000)]))
    assert "5 of 9,000 rows · 0.10 s · Samples@help · the grid sorts and filters these rows only" in grid_tables(
        many, 5, 100_000
    )
    wide = result_of(TableSpec("T", (("x", "string"),) * 30, [["x" * 900] * 30] * 5_000), grid=grid.new_id())
    table = parts_of(grid.page_script(wide))["table"]
    assert len(table) < 5_100_000
    assert re.search(r"\d{3} of 5,000 rows .* these rows only, to_pandas\(\) has all", table)
    assert "rows only" not in grid_tables(result_of(EVERY_TYPE), 5_000, 1_000_000)


def test_what_is_sent_passes_the_limit_of_jupyter() -> None:
    """3 MB of a cell's output at once: beyond that its server drops what comes."""
    columns = tuple((f"column_{number}", "string") for number in range(12))
    rows = [[f"{row * 7919 % 10007:x} of row {row}, column {number}" for number in range(12)] for row in range(6_000)]
    assert len(grid.page_script(result_of(TableSpec("T", columns, rows), grid=grid.new_id()))) < 1_000_000


# --- in a notebook ---------------------------------------------------------------------------------------


def test_the_result_is_the_plain_table_with_a_place_for_the_grid(shell: Shell) -> None:
    first, second = shell.run("%kql -grid samples StormEvents | take 3"), shell.run("%kql -grid StormEvents | take 3")
    html = first._repr_mimebundle_()["text/html"]
    assert html.startswith(f'<div id="{first.view.grid}"><div><div class="tex2jax_ignore')
    assert html.count("<tr>") == 4
    assert "<script" not in html
    assert "-grid: a grid in JupyterLab, in the page in which the cell ran; here a table" in html
    assert first.view.grid != second.view.grid
    # Without a kernel there is no page.
    assert shell.shown == []
    assert shell.text("%kql StormEvents | take 3").count("-grid") == 0


def test_a_grid_has_its_rows_whatever_the_table_has() -> None:
    spec = TableSpec("T", (("n", "long"),), ((1,), (2,)))
    for limit in (-1, 0, 1):
        result = result_of(spec, display_limit=limit, grid=grid.new_id())
        assert parts_of(grid.page_script(result))["table"].count("<td") == 2
        assert result._repr_mimebundle_()["text/html"].count("<td") == max(0, limit)


def test_every_table_of_a_result_is_a_grid() -> None:
    spec = TableSpec("T", (("n", "long"),), ((1,), (2,)))
    result = result_of(spec, spec, grid=grid.new_id())
    assert parts_of(grid.page_script(result))["table"].count("<table>") == 2
    assert result._repr_mimebundle_()["text/html"].count(str(result.view.grid)) == 1


def test_what_is_bound_is_shown_later_as_any_result(shell: Shell) -> None:
    shell.run("%kql -grid samples storms << StormEvents | take 3")
    assert "-grid" not in shell.variables["storms"]._repr_mimebundle_()["text/plain"]


def test_a_grid_stands_in_the_place_of_a_chart(shell: Shell) -> None:
    query = "StormEvents | summarize count() by State | render columnchart"
    assert set(shell.run(f"%kql -grid samples {query}")._repr_mimebundle_()) == {"text/html", "text/plain"}


def test_a_notebook_is_saved_without_script(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent), prepend=":")
    sources = ["%load_ext kqlext\n%kql samples", "%kql -grid StormEvents", "%kql -grid x << StormEvents",
               "%%kql -grid\nStormEvents\n;"]  # fmt: skip
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in sources])
    run = NotebookClient(notebook, timeout=120, kernel_name="python3", resources={"metadata": {"path": tmp_path}})
    run.execute()
    shown = [[output.data for output in cell.outputs] for cell in notebook.cells]
    assert [bundle["text/plain"] for bundle in shown[1][:-1]] == [""]
    assert "<table>" in shown[1][-1]["text/html"]
    assert [bundle["text/plain"].partition(" × ")[0] for bundle in shown[2]] == ["x: Result of 59,066 rows"]
    assert shown[3] == []
    written = nbformat.writes(notebook)
    assert "<script" not in written
    assert len(written) < 70_000


def test_without_itables_nothing_is_asked(shell: Shell, kusto: KustoServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "itables", None)
    kusto.on("T", v2(TableSpec("T", (("n", "long"),), ((1,),))))
    shell.run(f"%kql {kusto.url}/db")
    asked = len(kusto.requests)
    with pytest.raises(KqlCellError, match="-grid needs itables, which is not installed") as caught:
        shell.run("%kql -grid T")
    assert "kqlext[grid]" in str(caught.value.hint)
    assert len(kusto.requests) == asked


def test_a_frame_is_no_grid(shell: Shell) -> None:
    with pytest.raises(KqlCellError, match="-grid shows Results") as caught:
        shell.run("%kql -grid -ad samples StormEvents | take 3")
    assert "-auto_dataframe" in str(caught.value.hint)
