"""What a result with a `render` shows: a chart with its table beside it, or the table and why; and charts by hand."""

from __future__ import annotations

import base64
import json
import re
import shutil
import struct
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import nbformat
import plotly.graph_objects as go
import pyarrow as pa
import pytest
from charts import result_of
from conftest import ROOT, Shell
from nbconvert import HTMLExporter, LatexExporter, MarkdownExporter
from servers.kusto import KustoServer
from servers.kusto_frames import TableSpec, v2

import kqlext
from kqlext.decode.tables import Column, DataSet, Table
from kqlext.origin import Origin
from kqlext.result import Result
from kqlext.view import View
from kqlext.visualization.vega_lite import MIME_TYPE as VEGA_LITE

PLOTLY = "application/vnd.plotly.v1+json"
ROWS = [["2024-01-01T00:00:00Z", "a", 1], ["2024-01-02T00:00:00Z", "b", 3]]
COLUMNS = "T:datetime s:string n:long"


def caption(bundle: dict[str, Any]) -> str:
    return str(bundle["text/plain"].splitlines()[-1])


# --- the bundle ----------------------------------------------------------------------------------------------


def test_a_chart_in_all_its_forms_in_one_bundle() -> None:
    bundle = result_of(COLUMNS, ROWS, "timechart", title="A")._repr_mimebundle_()
    # No HTML: JupyterLab without plotly would prefer it to the chart.
    assert list(bundle) == [PLOTLY, VEGA_LITE, "image/png", "text/plain"]
    assert set(bundle[PLOTLY]) == {"data", "layout", "config"}
    # JupyterLab gives the output no height where the chart says that it is responsive, or has none of its own.
    assert "responsive" not in bundle[PLOTLY]["config"]
    assert bundle[PLOTLY]["layout"]["height"] > 300
    assert bundle[VEGA_LITE]["description"] == bundle[PLOTLY]["layout"]["meta"]["description"]
    assert base64.b64decode(bundle["image/png"]).startswith(b"\x89PNG")
    assert bundle["text/plain"].count("2024-01-0") == 2
    assert caption(bundle) == "2 rows · 0.42 s · Samples@help · render timechart: a chart in notebooks; here a table"
    assert "<script" not in json.dumps(bundle)
    assert re.findall('http[^"]*', json.dumps({**bundle, "image/png": ""})) == [bundle[VEGA_LITE]["$schema"]]


def test_a_chart_that_vega_lite_does_not_have_and_its_table() -> None:
    bundle = result_of("s:string t:string n:long", None, "treemap")._repr_mimebundle_()
    assert set(bundle) == {PLOTLY, "text/html", "text/plain"}
    assert bundle["text/html"].count("<tr>") == 3
    assert caption(bundle) == (
        "2 rows · 0.42 s · Samples@help · "
        "render treemap: a chart in VS Code, and in JupyterLab with plotly; here a table"
    )


def test_no_picture_where_none_is_wanted() -> None:
    bundle = result_of(COLUMNS, ROWS, "timechart", View(chart_image=False))._repr_mimebundle_()
    assert set(bundle) == {PLOTLY, VEGA_LITE, "text/plain"}


def test_a_picture_that_would_be_too_large_is_said_to_be() -> None:
    rows = [[n // 20, f"s{n % 20:02}", (n * 7919) % 1_009] for n in range(1_980)]
    bundle = result_of("x:long s:string n:long", rows, "linechart")._repr_mimebundle_()
    assert "image/png" not in bundle
    assert re.search(r"here a table \(no picture, it would be \d{3} kB\)$", bundle["text/plain"])


def test_no_picture_without_vl_convert() -> None:
    """In a process that cannot import it."""
    printed = without(("vl_convert",), "print(sorted(result._repr_mimebundle_()))")
    assert printed == f"{sorted([PLOTLY, VEGA_LITE, 'text/plain'])}\n"


def test_a_table_and_why() -> None:
    bundle = result_of("s:string n:long", None, "timechart")._repr_mimebundle_()
    assert set(bundle) == {"text/html", "text/plain"}
    assert caption(bundle).endswith(
        "render timechart: shown as a table, since there is no column for the x axis: it takes a datetime"
    )


@pytest.mark.parametrize("kind", [None, "table", "Table", "list"])
def test_a_table_without_why(kind: str | None) -> None:
    bundle = result_of(COLUMNS, ROWS, kind)._repr_mimebundle_()
    assert set(bundle) == {"text/html", "text/plain"}
    assert caption(bundle) == "2 rows · 0.42 s · Samples@help"


def test_a_hostile_kind_is_a_text() -> None:
    bundle = result_of(COLUMNS, ROWS, "<b>\n\x1b" + "x" * 100)._repr_mimebundle_()
    assert "&lt;b&gt;\\n\\x1bxxx" in bundle["text/html"]
    assert "x" * 41 not in bundle["text/html"]


def test_warnings_are_in_the_chart_and_in_the_table() -> None:
    warnings = ("The result is not complete.", *(f"w{number}" for number in range(9)))
    bundle = result_of(COLUMNS, ROWS, "timechart", title="A", warnings=warnings)._repr_mimebundle_()
    title = bundle[PLOTLY]["layout"]["title"]["text"]
    below = bundle[VEGA_LITE]["title"]["subtitle"]
    assert below[0] == "Warning: The result is not complete."
    assert below[-1] == "Warning: 5 more warnings in the result's .warnings"
    assert title.index("<b>A</b>") < title.index("Warning: The result is not complete.")
    assert "Warning: 5 more warnings in the result&#39;s .warnings" in title.replace("'", "&#39;")
    assert bundle["text/plain"].startswith("Warning: The result is not complete.\n")


def test_several_tables_are_tables() -> None:
    one = result_of(COLUMNS, ROWS).table
    result = Result(DataSet((one, one), {"visualization": "timechart"}), Origin("a@b", "T", 0.1))
    bundle = result._repr_mimebundle_()
    assert set(bundle) == {"text/html", "text/plain"}
    assert "since the answer has 2 tables; r.show_chart() draws the first" in bundle["text/plain"]
    assert "since" not in caption(bundle)


def test_plot_package_none_is_a_table() -> None:
    bundle = result_of(COLUMNS, ROWS, "timechart", View(plot_package="none"))._repr_mimebundle_()
    assert set(bundle) == {"text/html", "text/plain"}
    assert caption(bundle).endswith("shown as a table, since -plot_package is none")


def size_without_picture(result: Result) -> int:
    """What a saved notebook has of it, where each value of JSON is a line."""
    bundle = {**result._repr_mimebundle_(), "image/png": ""}
    cell = nbformat.v4.new_code_cell(outputs=[nbformat.v4.new_output("display_data", bundle)])
    return len(nbformat.writes(nbformat.v4.new_notebook(cells=[cell])))


def test_size_of_1000_points() -> None:
    rows = [[f"2024-01-{1 + i // 24:02}T{i % 24:02}:00:00Z", f"s{i % 3}", i * 1.37] for i in range(24 * 31)]
    rows += [[f"2024-02-{1 + i // 24:02}T{i % 24:02}:00:00Z", f"s{i % 3}", i * 1.37] for i in range(256)]
    result = result_of("T:datetime s:string n:real", rows, "timechart")
    assert size_without_picture(result) < 100_000


def test_size_of_a_million_points() -> None:
    times = pa.array(range(1_000_000), pa.int64()).cast(pa.timestamp("s", "UTC"))
    values = pa.array([i * 0.3333 % 17 for i in range(1_000_000)])
    table = Table("T", (Column("T", "datetime", times), Column("n", "real", values)), 1_000_000)
    result = Result(DataSet((table,), {"visualization": "timechart"}), Origin("a@b", "T", 0.1))
    assert size_without_picture(result) < 250_000
    assert len(result) == 1_000_000


def exported(exporter: Any) -> tuple[str, list[str]]:
    """What an exporter of nbconvert writes of a chart, and the names of the files beside it."""
    bundle = result_of(COLUMNS, ROWS, "timechart", title="A")._repr_mimebundle_()
    cell = nbformat.v4.new_code_cell("%kql T", outputs=[nbformat.v4.new_output("display_data", bundle)])
    text, resources = exporter.from_notebook_node(nbformat.v4.new_notebook(cells=[cell]))
    return text, list(resources["outputs"])


def test_nbconvert_shows_the_picture() -> None:
    text, _ = exported(HTMLExporter())
    assert text.count('src="data:image/png;base64,') == 1
    assert "<table" not in text
    assert "vegalite" not in text
    for exporter in (MarkdownExporter(), LatexExporter()):
        _, files = exported(exporter)
        assert files == ["output_0_0.png"]


# --- by hand -------------------------------------------------------------------------------------------------


def shown(capture: list[dict[str, Any]], call: Any) -> dict[str, Any]:
    capture.clear()
    call()
    (bundle,) = capture
    return bundle


@pytest.fixture
def displayed(shell: Shell) -> list[dict[str, Any]]:
    """Every bundle that is displayed."""
    bundles: list[dict[str, Any]] = []
    shell.ip.display_pub.publish = lambda data, *_, **__: bundles.append(data)
    return bundles


def test_show_chart_and_show_table(displayed: list[dict[str, Any]]) -> None:
    result = result_of(COLUMNS, ROWS, "timechart")
    bundle = shown(displayed, lambda: result.show_chart("columnchart", kind="stacked", Title="By day", ycolumns=["n"]))
    assert {trace["type"] for trace in bundle[PLOTLY]["data"]} == {"bar"}
    assert bundle[PLOTLY]["layout"]["title"]["text"] == "<b>By day</b>"
    assert result.visualization == {"visualization": "timechart"}
    assert "no_such" in json.dumps(shown(displayed, lambda: result.show_chart(xcolumn="no_such")))
    bundle = shown(displayed, lambda: result.show_table(display_limit=1))
    assert set(bundle) == {"text/html", "text/plain"}
    assert caption(bundle) == "1 of 2 rows · 0.42 s · Samples@help"
    assert result.view.display_limit == 50
    assert caption(shown(displayed, result.show_table)) == "2 rows · 0.42 s · Samples@help"


def test_to_plotly() -> None:
    result = result_of(COLUMNS, ROWS, "timechart")
    assert isinstance(result.to_plotly(), go.Figure)
    assert result.plotly_fig == result.to_plotly()
    assert result.to_plotly("piechart", xcolumn="s").data[0].labels == ("b", "a")


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda r: r.to_plotly(), "The query has no render."),
        (lambda r: r.show_chart(), "The query has no render."),
        (lambda r: r.plotly_fig, "The query has no render."),
        (lambda r: r.to_plotly("timechart", xcolumn="n"), "There is no timechart of this result: xcolumn 'n' is long"),
        (lambda r: r.to_plotly("table"), "There is no table of this result: it is a table."),
    ],
)
def test_no_chart_by_hand(call: Any, message: str) -> None:
    with pytest.raises(kqlext.KqlConversionError) as caught:
        call(result_of(COLUMNS, ROWS))
    assert caught.value.message.startswith(message)


def test_a_figure_of_the_query_that_plotly_does_not_take() -> None:
    result = result_of("f:string", [['{"data": [{"type": "nonsense"}]}']], "plotly")
    with pytest.raises(kqlext.KqlConversionError, match="plotly does not take this figure"):
        result.to_plotly()


def without(modules: tuple[str, ...], code: str) -> str:
    """What code prints about a chart in a process that cannot import these modules."""
    before = (
        f"import sys; sys.modules.update(dict.fromkeys({modules!r})); sys.path.insert(0, 'tests')\n"
        "from charts import result_of\n"
        "import kqlext\n"
        "result = result_of('T:datetime n:long', None, 'timechart')\n"
    )
    run = subprocess.run([sys.executable, "-c", before + code], capture_output=True, text=True, check=True, cwd=ROOT)
    return run.stdout


@pytest.mark.parametrize(
    ("name", "start"),
    [("a.png", b"\x89PNG"), ("a.PNG", b"\x89PNG"), ("a.svg", b"<svg"), ("a.pdf", b"%PDF"), ("a.jpg", b"\xff\xd8\xff")],
)
def test_to_image_by_vl_convert(tmp_path: Path, name: str, start: bytes) -> None:
    path = tmp_path / name
    assert result_of(COLUMNS, ROWS, "timechart").to_image(str(path)) == str(path)
    assert path.read_bytes().startswith(start)


def test_to_image_has_the_size_that_is_asked_for_on_white(tmp_path: Path) -> None:
    path = tmp_path / "chart"
    result_of(COLUMNS, ROWS, "timechart").to_image(path, "png", width=400, height=300, scale=2)
    width, height = struct.unpack(">II", path.read_bytes()[16:24])
    assert (width, height) == (800, 600)
    result_of(COLUMNS, ROWS, "timechart").to_image(path, "svg")
    assert 'fill="white"' in path.read_text()


@pytest.mark.parametrize(
    ("columns", "kind", "name", "options", "message"),
    [
        (COLUMNS, None, "a.png", {}, "The query has no render."),
        (COLUMNS, "table", "a.png", {}, "There is no table of this result: it is a table."),
        ("s:string n:long", "timechart", "a.png", {}, "There is no timechart of this result: there is no column"),
        (COLUMNS, "timechart", "a.png", {"engine": "orca"}, "engine cannot be 'orca'."),
        (COLUMNS, "timechart", "a.png", {"dpi": 90}, "There is no option dpi."),
        (COLUMNS, "timechart", "a.png", {"width": -1}, "width cannot be -1: it takes a number above 0."),
        (COLUMNS, "timechart", "a.png", {"scale": "2"}, "scale cannot be '2': it takes a number above 0."),
        (COLUMNS, "timechart", "no/folder/a.png", {}, "{path} cannot be written: No such file or directory"),
        (COLUMNS, "timechart", "a.gif", {"engine": "vl-convert"}, "vl-convert does not write 'gif'."),
        (COLUMNS, "timechart", "a", {"engine": "vl-convert"}, "The path does not end in a format."),
        ("s:string t:string n:long", "treemap", "a.png", {"engine": "vl-convert"}, "vl-convert cannot draw this chart"),
    ],
)  # fmt: skip
def test_no_image(tmp_path: Path, columns: str, kind: str | None, name: str, options: Any, message: str) -> None:
    path = tmp_path / name
    with pytest.raises(kqlext.KqlConversionError) as caught:
        result_of(columns, ROWS if columns == COLUMNS else None, kind).to_image(str(path), **options)
    assert caught.value.message.startswith(message.format(path=path))


BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
CAN_WRITE = any(map(shutil.which, BROWSERS)) and int(version("plotly").partition(".")[0]) >= 7


@pytest.mark.skipif(not CAN_WRITE, reason="kaleido needs Chromium, and a plotly that knows it")
def test_to_image_by_kaleido(tmp_path: Path) -> None:
    result = result_of(COLUMNS, ROWS, "timechart")
    path = tmp_path / "chart.png"
    assert result.to_image(str(path), width=400, height=300, engine="kaleido") == str(path)
    assert path.read_bytes().startswith(b"\x89PNG")
    with pytest.raises(kqlext.KqlConversionError, match="Invalid format 'nonsense'"):
        result.to_image(str(tmp_path / "chart.nonsense"))
    result_of("s:string t:string n:long", None, "treemap").to_image(path := tmp_path / "tree.webp")
    assert path.read_bytes().startswith(b"RIFF")


@pytest.mark.parametrize(
    ("missing", "engine", "printed"),
    [
        (("kaleido", "vl_convert"), None,
         "No chart can be written without vl-convert or kaleido. "
         "%pip install kqlext[image], or kqlext[kaleido] where Chrome or Chromium is at hand"),
        (("kaleido",), "kaleido",
         "kaleido is not installed. %pip install kqlext[kaleido]; it needs Chrome or Chromium"),
    ],
)  # fmt: skip
def test_to_image_without_what_writes_it(missing: tuple[str, ...], engine: str | None, printed: str) -> None:
    code = (
        f"try: result.to_image('/nowhere/chart.png', engine={engine!r})\n"
        "except kqlext.KqlConversionError as error: print(error.message, error.hint)"
    )
    assert without(missing, code) == printed + "\n"


# --- in a cell -----------------------------------------------------------------------------------------------

QUERY = "StormEvents | summarize n = count() by bin(StartTime, 30d) | render timechart"


def test_a_cell_shows_a_chart(shell: Shell) -> None:
    shell.run("%kql samples;")
    result = shell.run(f"%kql {QUERY}")
    bundle = shell.ip.display_formatter.format(result)[0]
    assert bundle[PLOTLY]["data"][0]["name"] == "n"
    without_picture = shell.run(f"%kql -!chart_image {QUERY}")
    assert set(shell.ip.display_formatter.format(without_picture)[0]) == {PLOTLY, VEGA_LITE, "text/plain"}
    assert set(shell.ip.display_formatter.format(shell.run(f"%kql -plot_package None {QUERY}"))[0]) == {
        "text/html", "text/plain",
    }  # fmt: skip


def test_options_of_charts(shell: Shell) -> None:
    shell.run("%kql samples;")
    shell.variables["mine"] = {"height": 600, "xaxis": {"title": {"text": "when"}}, "legend_orientation": "h"}
    result = shell.run(f"%kql -plotly_layout=mine -pn deep[1:3]_r -pc 5 -pd 0.5 -pr {QUERY}")
    layout = result.to_plotly().layout
    assert (layout.height, layout.xaxis.title.text, layout.xaxis.type, layout.legend.orientation) == (
        600, "when", "date", "h",
    )  # fmt: skip
    assert len(result.view.look.palette) == 5
    first = shell.run(f"%kql {QUERY}").to_plotly().data[0].line.color
    assert (
        shell.run("%kql StormEvents | summarize a=dcount(EventType), n=count() by State | render columnchart")
        .to_plotly()
        .data[1]
        .marker.color
        == first
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("-palette_name tab11", "There is no palette tab11."),
        ("-palette_desaturation high", "-palette_desaturation cannot be high."),
        ("-palette_colors 0", "-palette_colors cannot be 0: it takes a whole number of at least 1, or none."),
        ("-plotly_layout=text", "-plotly_layout takes a dict of plotly's layout."),
        ("-plotly_layout=wrong", "plotly does not take this -plotly_layout: Invalid property specified"),
        ("-plot_package matplotlib", "-plot_package cannot be matplotlib."),
    ],
)
def test_options_that_are_wrong_stop_the_cell_before_the_query(
    shell: Shell, kusto: KustoServer, options: str, message: str
) -> None:
    shell.run(f"%kql -!vc {kusto.url}/Samples;")
    shell.variables.update(text="x", wrong={"heigth": 3})
    asked = len(kusto.requests)
    with pytest.raises(kqlext.KqlCellError) as caught:
        shell.run(f"%kql {options} T")
    assert caught.value.message.startswith(message)
    assert len(kusto.requests) == asked


def test_the_visualization_of_a_service(shell: Shell, kusto: KustoServer) -> None:
    spec = TableSpec("T", (("T", "datetime"), ("n", "long")), [("2024-01-01T00:00:00Z", 1)])
    asked = {"Visualization": "timechart", "Title": "From the service", "Ymin": "NaN", "YColumns": "n"}
    kusto.on("T", v2(spec, visualization=asked))
    shell.run(f"%kql -!vc {kusto.url}/Samples;")
    layout = shell.run("%kql T").to_plotly().layout
    assert layout.title.text == "<b>From the service</b>"


def test_a_chart_does_not_import_plotly() -> None:
    """A figure is JSON that kqlext makes itself; plotly is for who asks for a Figure."""
    code = (
        "from IPython.core.interactiveshell import InteractiveShell as S\n"
        "from traitlets.config import Config\n"
        "c = Config(); c.HistoryManager.enabled = False\n"
        "s = S(config=c); s.run_cell('%load_ext kqlext').raise_error(); s.run_cell('%kql samples;').raise_error()\n"
        f"r = s.run_cell('%kql {QUERY}').result\n"
        f"assert '{PLOTLY}' in s.display_formatter.format(r)[0]\n"
        "import sys; print('IMPORTED', sorted(m for m in sys.modules if m.startswith('plotly')))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "IMPORTED []" in run.stdout
