"""Execute a notebook, write it as HTML, and print the last table that it shows.

    python scripts/run_notebook.py examples/quickstart.ipynb [folder]

Several of these may run at once: each file is written whole and then moved into place.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient
from nbconvert import HTMLExporter
from traitlets.config import Config


def run(source: Path, folder: Path) -> Any:
    """Execute a notebook with this interpreter's kernel; gives it, and writes ``name.html`` and ``name.ipynb``."""
    notebook = nbformat.read(source, as_version=4)
    # The kernel of this environment, whatever kernels are installed elsewhere.
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    NotebookClient(
        notebook,
        timeout=300,
        kernel_name="python3",
        record_timing=False,
        resources={"metadata": {"path": str(source.parent)}},
    ).execute()
    kql = Config(HighlightMagicsPreprocessor={"languages": {"%%kql": "kqlext"}})
    html, _ = HTMLExporter(config=kql).from_notebook_node(notebook)
    folder.mkdir(parents=True, exist_ok=True)
    write(folder / f"{source.stem}.html", html)
    write(folder / source.name, nbformat.writes(notebook))
    return notebook


def write(path: Path, text: str) -> None:
    """Write a file so that a reader never sees half of it."""
    handle, temporary = tempfile.mkstemp(dir=path.parent)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
    os.replace(temporary, path)


def last_table(notebook: Any) -> str:
    """The text of the last table among the outputs."""
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    texts = [output["data"].get("text/plain", "") for output in outputs if "data" in output]
    return next((text for text in reversed(texts) if text.startswith("+--")), "the notebook shows no table")


def main() -> None:
    source = Path(sys.argv[1])
    folder = Path(sys.argv[2]) if len(sys.argv) > 2 else Path(".demo")
    print(last_table(run(source, folder)))
    print(f"\nThe executed notebook is {folder / source.stem}.html")


if __name__ == "__main__":
    main()
