"""A real IPython kernel, as a front end talks to it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jupyter_client.manager import start_new_kernel

CURSOR = "¦"
"""Stands in a cell where the cursor is; without one it is at the end."""


class Kernel:
    """A kernel with kqlext loaded."""

    def __init__(self, folder: Path) -> None:
        self.manager, self.client = start_new_kernel(kernel_name="python3", cwd=str(folder))
        self.run("%load_ext kqlext")

    def run(self, code: str) -> str:
        """Run a cell; gives what it shows as text, or the lines of its error."""
        seen: list[str] = []

        def note(message: dict[str, Any]) -> None:
            content = message["content"]
            if message["msg_type"] == "error":
                seen.extend(content["traceback"])
            elif message["msg_type"] == "stream":
                seen.append(content["text"])
            elif "data" in content:
                seen.append(content["data"].get("text/plain", ""))

        self.client.execute_interactive(code, timeout=90, output_hook=note)
        return "\n".join(seen)

    def complete(self, cell: str) -> tuple[list[str], dict[str, str], str]:
        """What the kernel completes in a cell with a cursor: the texts, their types, and what they replace."""
        place = cell.index(CURSOR) if CURSOR in cell else len(cell)
        code = cell.replace(CURSOR, "")
        content = self.client.complete(code, place, reply=True, timeout=30)["content"]
        types = {one["text"]: one["type"] for one in content["metadata"].get("_jupyter_types_experimental", [])}
        return content["matches"], types, code[content["cursor_start"] : content["cursor_end"]]

    def inspect(self, cell: str) -> dict[str, str]:
        """What the kernel tells of the word at the cursor of a cell, by mime type; empty where it knows nothing."""
        place = cell.index(CURSOR) if CURSOR in cell else len(cell)
        reply = self.client.inspect(cell.replace(CURSOR, ""), place, reply=True, timeout=30)
        content: dict[str, Any] = reply["content"]
        assert content["found"] == bool(content["data"])
        return dict(content["data"])

    def close(self) -> None:
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)
