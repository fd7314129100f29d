"""`%load_ext kqlext` imports IPython, traitlets and the standard library only. Looks at sys.modules, not at a clock."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

# azure itself is a namespace that some distributions make when Python starts.
HEAVY = {
    "pandas", "pyarrow", "numpy", "azure.core", "azure.identity", "azure.kusto", "plotly", "prettytable", "duckdb",
    "duckdb_kql", "polars", "orjson", "requests", "msal", "yaml", "py_mini_racer",
}  # fmt: skip

REPORT = "import json, sys; print('MODULES' + json.dumps(sorted(sys.modules)))"


def modules_after(code: str) -> set[str]:
    """The modules and packages that a process of its own has imported after running some code."""
    run = subprocess.run([sys.executable, "-c", f"{code}\n{REPORT}"], capture_output=True, text=True, check=True)
    return set(json.loads(run.stdout.split("MODULES")[1]))


SHELL = """
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config
config = Config()
config.HistoryManager.enabled = False
shell = InteractiveShell(config=config)
"""

LOADED = SHELL + "shell.run_cell('%load_ext kqlext').raise_error()\n"


@pytest.mark.parametrize(
    "code",
    [
        pytest.param("import kqlext", id="import"),
        pytest.param("import kqlext; kqlext.KqlQueryError", id="errors"),
        pytest.param(LOADED, id="load"),
        pytest.param(LOADED + "shell.run_cell('%kql --help').raise_error()", id="help"),
        pytest.param(LOADED + "shell.run_cell('%kql --conn').raise_error()", id="connections"),
        pytest.param(LOADED + "shell.run_cell('%unload_ext kqlext').raise_error()", id="unload"),
    ],
)
def test_nothing_heavy_is_imported(code: str) -> None:
    assert not modules_after(code) & HEAVY


def test_loading_adds_only_kqlext_and_the_standard_library() -> None:
    added = modules_after(LOADED) - modules_after(SHELL)
    packages = {name.partition(".")[0] for name in added} - set(sys.stdlib_module_names)
    assert packages <= {"kqlext", "IPython"}


def test_a_kusto_query_imports_only_what_it_needs(duckdb_kql_url: str) -> None:
    """pandas comes with the first Arrow array, whatever we do: pyarrow imports it to recognize its types."""
    code = f"shell.run_cell('%kql {duckdb_kql_url}/memory print 1').raise_error()"
    assert not modules_after(LOADED + code) & {"duckdb", "duckdb_kql", "plotly", "msal", "polars", "azure.identity"}
