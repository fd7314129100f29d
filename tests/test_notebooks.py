"""The example notebook in a real kernel; and that a wrong cell stops a run."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import nbformat
import pytest
from conftest import ROOT
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbformat.v4 import new_code_cell, new_notebook

EXAMPLES = sorted((ROOT / "examples").glob("*.ipynb"))


def execute(notebook: Any, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent), prepend=":")
    NotebookClient(
        notebook, timeout=120, kernel_name="python3", resources={"metadata": {"path": str(folder)}}
    ).execute()
    return notebook


def bundles(cell: Any) -> list[dict[str, str]]:
    return [output["data"] for output in cell.get("outputs", []) if "data" in output]


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_runs_and_shows_what_it_shows(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    saved = nbformat.read(path, as_version=4)
    run = execute(nbformat.read(path, as_version=4), path.parent, monkeypatch)
    for cell, kept in zip(run.cells, saved.cells, strict=True):
        assert len(bundles(cell)) == len(bundles(kept)), cell.source
        assert not [o for o in cell.get("outputs", []) if o.output_type == "stream"], cell.source
        for bundle in bundles(cell):
            assert "<script" not in bundle.get("text/html", "")
            assert "<style" not in bundle.get("text/html", "") or "dataframe" in bundle["text/html"]
    assert len(nbformat.writes(run)) < 200_000


def test_cells_in_a_kernel_show_bind_and_convert(
    duckdb_kql_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cells = [
        "%load_ext kqlext",
        f"%kql kusto://anonymous;cluster='{duckdb_kql_url}';database='memory'",
        "%%kql rows <<\nrange x from 1 to 60 step 1\n\n| extend s = strcat('<b>', x)",
        "rows",
        "int(rows.to_dataframe().x.sum()), type(rows.to_polars()).__name__, rows.to_arrow().num_rows",
        "%kql print 1;",
        "%kql print a = 1\n%kql print b = 2",
    ]
    run = execute(new_notebook(cells=[new_code_cell(cell) for cell in cells]), tmp_path, monkeypatch)
    shown = [bundles(cell) for cell in run.cells]
    assert [len(one) for one in shown] == [0, 1, 1, 1, 1, 0, 1]
    html = shown[3][0]["text/html"]
    assert "50 of 60 rows · " in html
    assert html.count("<tr>") == 51
    assert "&lt;b&gt;50" in html
    assert shown[4][0]["text/plain"] == "(1830, 'DataFrame', 60)"


@pytest.mark.parametrize("cell", ["%kql nope | take 5", "%%kql\nprint 1\n| whre x", "%kql -nope print 1"])
def test_run_all_stops_at_an_error(cell: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    notebook = new_notebook(
        cells=[new_code_cell(code) for code in ("%load_ext kqlext\n%kql duckdb://", cell, "after = 1")]
    )
    with pytest.raises(CellExecutionError) as caught:
        execute(notebook, tmp_path, monkeypatch)
    assert caught.value.ename.startswith("Kql")
    assert "Traceback" not in "\n".join(notebook.cells[1].outputs[0].traceback)
    assert "kqlext/" not in "\n".join(notebook.cells[1].outputs[0].traceback)
    assert notebook.cells[2].execution_count is None
