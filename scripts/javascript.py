"""The build hook that puts Microsoft's KQL language service, gzipped, into the wheel.

The npm package is pinned by version and digest in `package.json` and `package-lock.json`; nothing of it is in the
repository. Where npm is missing, or does not reach its registry, the build goes on without it and says so: kqlext then
completes from tables of its own.

Hatch runs this for wheels and for editable installs; `python scripts/javascript.py` does the same by hand.
"""

from __future__ import annotations

import gzip
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
TARGET = ROOT / "kqlext" / "completion" / "javascript"
PACKAGE = "@kusto/language-service-next"
FILES = ("bridge.min.js", "Kusto.Language.Bridge.min.js")
_TIMEOUT = 300  # seconds for npm


def put(root: Path = ROOT, target: Path = TARGET) -> str:
    """Put the files into ``target``; gives why there are none, or nothing. What is there in the right version stays."""
    version = json.loads((root / "package.json").read_text())["dependencies"][PACKAGE]
    stamp = target / "version.txt"
    if stamp.exists() and stamp.read_text() == version and all((target / f"{name}.gz").exists() for name in FILES):
        return ""
    npm = shutil.which("npm")
    if npm is None:
        return "npm is not installed"
    with tempfile.TemporaryDirectory() as folder:
        for name in ("package.json", "package-lock.json"):
            shutil.copy(root / name, folder)
        try:
            arguments = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
            subprocess.run(arguments, cwd=folder, check=True, capture_output=True, text=True, timeout=_TIMEOUT)
        except subprocess.SubprocessError as error:
            said = (getattr(error, "stderr", None) or str(error)).strip().splitlines()
            return f"npm failed: {said[0] if said else error}"
        target.mkdir(parents=True, exist_ok=True)
        for name in FILES:
            content = (Path(folder) / "node_modules" / PACKAGE / name).read_bytes()
            (target / f"{name}.gz").write_bytes(gzip.compress(content, mtime=0))
    stamp.write_text(version)
    return ""


try:
    from hatchling.builders.hooks.plugin.interface import BuildHookInterface
except ImportError:  # run by hand
    pass
else:

    class JavaScriptHook(BuildHookInterface):  # type: ignore[type-arg]
        """Runs ``put`` before a wheel is made."""

        def initialize(self, version: str, build_data: dict[str, Any]) -> None:
            missing = put()
            if missing:
                self.app.display_warning(f"built without the KQL language service: {missing}")


if __name__ == "__main__":
    sys.exit(put())
