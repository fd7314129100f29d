"""A real JupyterLab on loopback, in a home of its own, with its theme set and everything off that calls elsewhere."""

from __future__ import annotations

import json
import os
import secrets
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

_ROOT = Path(__file__).parent.parent.parent
_THEMES = {"light": "JupyterLab Light", "dark": "JupyterLab Dark"}


class Lab:
    """One server; `url(name)` opens a notebook of its folder. Without plotly it is as where plotly is not installed."""

    def __init__(self, home: Path, theme: str, plotly: bool = True) -> None:
        self.theme = theme
        self.folder = home / "notebooks"
        self.folder.mkdir(parents=True)
        self._token = secrets.token_hex(16)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._port = free.getsockname()[1]
        self._settings(home / "settings", theme)
        extensions = [] if plotly else [f"--LabApp.labextensions_path={home / 'none'}"]
        foreign = ("JUPYTER", "PYTEST", "IPYTHON", "KQL")
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
        own = {"HOME": str(home), "JUPYTERLAB_SETTINGS_DIR": str(home / "settings"), "PYTHONPATH": str(_ROOT)}
        self._log = (home / "lab.log").open("wb")
        self._process = subprocess.Popen(
            [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--ServerApp.ip=127.0.0.1",
             f"--ServerApp.port={self._port}", "--ServerApp.port_retries=0", f"--IdentityProvider.token={self._token}",
             f"--ServerApp.root_dir={self.folder}", "--LabApp.news_url=", *extensions],
            env={**inherited, **own, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"},
            cwd=self.folder, stdout=self._log, stderr=subprocess.STDOUT,
        )  # fmt: skip
        self._wait(home / "lab.log")

    def url(self, name: str) -> str:
        return f"http://127.0.0.1:{self._port}/lab/workspaces/{Path(name).stem}/tree/{name}?reset&token={self._token}"

    def close(self) -> None:
        self._process.terminate()
        self._process.wait(30)
        self._log.close()

    def _settings(self, folder: Path, theme: str) -> None:
        extension = folder / "@jupyterlab" / "apputils-extension"
        extension.mkdir(parents=True)
        (extension / "themes.jupyterlab-settings").write_text(json.dumps({"theme": _THEMES[theme]}))
        silence = {"fetchNews": "false", "checkForUpdates": False}
        (extension / "notification.jupyterlab-settings").write_text(json.dumps(silence))

    def _wait(self, log: Path) -> None:
        for _ in range(600):
            if self._process.poll() is not None:
                break
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{self._port}/api?token={self._token}", timeout=5):
                    return
            except (urllib.error.URLError, OSError):
                time.sleep(0.1)
        raise RuntimeError(f"JupyterLab does not answer:\n{log.read_text()[-2000:]}")
