"""A machine for sign-in tests: a home of its own, a token endpoint, and a Kusto service that takes its tokens only."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from .certificates import CertificateAuthority
from .identity import IdentityServer
from .kusto import METADATA, QUERY, KustoServer, Request, unauthorized

SECRET = "S3CRETvalue~of-the.app"
"""The client secret that the tests' applications have."""

_ROOT = Path(__file__).parent.parent.parent
# What would tell azure-identity of the developer's own machine: sign-ins, stores, browsers.
_FOREIGN = ("AZURE_", "IDENTITY_", "MSI_", "IMDS_", "XDG_", "DBUS_", "BROWSER", "DISPLAY", "WAYLAND", "PYTEST")

_CELLS = """
import json, sys
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config
config = Config()
config.HistoryManager.enabled = False
shell = InteractiveShell.instance(config=config)
shell.run_cell("%load_ext kqlext").raise_error()
for cell in json.loads(sys.argv[1]):
    shell.run_cell(cell).raise_error()
"""


class World:
    """The machine; `environment` is what a process on it sees."""

    def __init__(self, authority: CertificateAuthority, home: Path) -> None:
        self.home = home
        self.identity = IdentityServer(authority)
        self.kusto = KustoServer(tls=authority)
        self.kusto.on(self._is_refused, unauthorized())
        own = {
            "HOME": str(home),
            "PATH": str(home / "bin"),
            "REQUESTS_CA_BUNDLE": str(authority.pem),
            "NO_PROXY": "127.0.0.1,localhost",
            # No search for a managed identity on the network of whoever runs the tests.
            "AZURE_TOKEN_CREDENTIALS": "dev",
            "PYTHONPATH": str(_ROOT),
            "IPYTHONDIR": str(home / "ipython"),
        }
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith(_FOREIGN)} | own

    def _is_refused(self, request: Request) -> bool:
        """Whether a request has no token of ours; how to sign in is told to all."""
        return request.endpoint != METADATA and not self.identity.accepts(request.headers["Authorization"])

    def connection(self, *keys: str, database: str = "Samples", aadurl: bool = True) -> str:
        """A connection to the service, signed in at the token endpoint."""
        parts = [f"cluster='{self.kusto.url}'", f"database='{database}'", *keys]
        return "kusto://" + ";".join([*parts, f"aadurl='{self.identity.url}'"] if aadurl else parts)

    def tokens(self) -> list[str]:
        """The tokens that queries brought, one for each request."""
        queries = [request for request in self.kusto.requests if request.endpoint == QUERY]
        return [str(request.headers["Authorization"]).removeprefix("Bearer ") for request in queries]

    def program(self, name: str, code: str) -> None:
        """A program on the machine's path."""
        path = self.home / "bin" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"#!{sys.executable}\n{code}")
        path.chmod(0o755)

    def run(self, *cells: str) -> str:
        """What cells write in a process of their own, in which nobody is there to type."""
        command = [sys.executable, "-c", _CELLS, json.dumps(cells)]
        own = {"env": self.environment, "cwd": self.home, "stdin": subprocess.DEVNULL}
        ended = subprocess.run(command, capture_output=True, text=True, check=False, **own)
        assert ended.returncode == 0, ended.stdout + ended.stderr
        return ended.stdout + ended.stderr

    def files(self) -> list[Path]:
        """Everything that processes left in the home."""
        found = sorted(path for path in self.home.rglob("*") if path.is_file())
        return [path for path in found if not {"bin", "ipython"} & set(path.relative_to(self.home).parts)]

    def close(self) -> None:
        self.kusto.close()
        self.identity.close()
