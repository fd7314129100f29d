"""What the scenarios share: a machine with loopback services and the Azure CLI signed in, and a table of checks.

They are scripts and no tests of the suite, because msticpy is 120 packages large: `scripts/msticpy` makes its
environments and runs them.
"""

from __future__ import annotations

import os
import re
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

sys.path.insert(0, str(Path(__file__).parent.parent))

from servers.certificates import CertificateAuthority
from servers.monitor import MonitorServer

TOKEN = "SECRETtoken-of-the-cli"
"""The token that the Azure CLI of the machine gives."""

_AZ = """#!{python}
import json, time
print(json.dumps({{"accessToken": {token!r}, "expires_on": int(time.time()) + 3600, "tokenType": "Bearer"}}))
"""
_CONFIG = """
Azure:
  cloud: global
  auth_methods: [cli]
QueryDefinitions:
  Default: [queries]
"""


@dataclass
class Report:
    """What was checked, and how it ended."""

    lines: list[tuple[str, str]] = field(default_factory=list)

    @contextmanager
    def check(self, name: str) -> Iterator[None]:
        """One check: passed, unless what is in it raises."""
        began = time.perf_counter()
        try:
            yield
        except Exception as error:  # noqa: BLE001 (whatever it is, the check failed)
            traceback.print_exc()
            self.lines.append((name, f"FAILED: {type(error).__name__}: {str(error).partition(chr(10))[0]:.100}"))
        else:
            self.lines.append((name, f"passed ({time.perf_counter() - began:.1f} s)"))

    def end(self) -> int:
        """Print the table; gives the exit status."""
        width = max(len(name) for name, _ in self.lines)
        print()
        for name, outcome in self.lines:
            print(f"{name.ljust(width)}  {outcome}")
        failed = sum(not outcome.startswith("passed") for _, outcome in self.lines)
        print(f"{len(self.lines)} checks, {failed} failed")
        return 1 if failed else 0


@contextmanager
def machine() -> Iterator[MonitorServer]:
    """A Log Analytics over TLS that takes the token of the Azure CLI, on a machine with nothing else.

    msticpy reads its configuration when it is imported: import it inside.
    """
    with TemporaryDirectory(prefix="kqlext-msticpy-") as folder, CertificateAuthority() as authority:
        home = Path(folder)
        (home / "msticpyconfig.yaml").write_text(_CONFIG)
        az = home / "bin" / "az"
        az.parent.mkdir()
        az.write_text(_AZ.format(python=sys.executable, token=TOKEN))
        az.chmod(0o755)
        own = {
            "HOME": folder,
            "PATH": f"{az.parent}{os.pathsep}{os.environ['PATH']}",
            "MSTICPYCONFIG": str(home / "msticpyconfig.yaml"),
            "REQUESTS_CA_BUNDLE": str(authority.pem),
            "NO_PROXY": "127.0.0.1,localhost",
            "IPYTHONDIR": str(home / "ipython"),
        }
        os.environ.update(own)
        os.chdir(home)
        try:
            with MonitorServer(tls=authority) as server:
                server.tokens = {TOKEN}
                yield server
        finally:
            os.chdir(Path(__file__).parent)  # what runs at the end of the process finds its folder


def code_of_page(number: int) -> str:
    """A block of code of docs/msticpy.md, from 0 on."""
    page = (Path(__file__).parent.parent.parent / "docs" / "msticpy.md").read_text(encoding="utf-8")
    return re.findall(r"```python\n(.*?)```", page, re.DOTALL)[number]


def raised(call: Callable[[], object]) -> Exception:
    """What a call raises."""
    try:
        value = call()
    except Exception as error:  # noqa: BLE001 (it is what was asked for)
        return error
    raise AssertionError(f"nothing was raised, but {value!r} given")
