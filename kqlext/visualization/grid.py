"""A grid that sorts and filters, in the place of a result's table: DataTables, as the package itables brings it.

The grid needs a script of 620 KB and as many rows as can be had, neither of which belongs into a notebook. So an output
of its own hands both to the page (``page_script``) and is taken away at once; the result's output is the plain table,
which the script in the page replaces (``grid.js``). What is saved, exported or opened elsewhere is the plain table,
without any script. Nothing is fetched from the network.
"""

from __future__ import annotations

import gzip
import importlib.util
import json
import uuid
from base64 import b64encode
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

from kqlext.errors import KqlCellError

if TYPE_CHECKING:
    from kqlext.result import Result

# Of a grid. With the library it is some 0.5 MB, zipped; Jupyter's server lets 3 MB of a cell through at once.
_ROWS, _BYTES = 5_000, 5_000_000


def check_installed() -> None:
    """Raise unless there can be grids here.

    Raises:
        KqlCellError: itables is not installed.
    """
    if importlib.util.find_spec("itables") is None:
        raise KqlCellError("-grid needs itables, which is not installed.", hint="%pip install kqlext[grid]")


def new_id() -> str:
    """A name for the element that a grid goes into."""
    return f"kqlext-grid-{uuid.uuid4().hex}"


def page_script(result: Result) -> str:
    """HTML that hands a result's grid to the page it is shown in. The result's ``view.grid`` names the element."""
    import itables.options

    from kqlext.visualization.table import grid_tables

    library = Path(itables.options.dt_bundle)
    parts = {
        "script": _zipped(library.read_bytes()),
        "style": _zipped(library.with_suffix(".css").read_bytes()),
        "table": _zipped(grid_tables(result, _ROWS, _BYTES).encode()),
    }
    source = resources.files(__package__).joinpath("grid.js").read_text(encoding="utf-8")
    return f"<script>{source}({json.dumps(result.view.grid)}, {json.dumps(parts)})</script>"


def _zipped(data: bytes) -> str:
    return b64encode(gzip.compress(data, mtime=0)).decode("ascii")
