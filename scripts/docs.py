"""Writes the pages of docs/ that are made from the code; `tests/test_docs.py` checks that they are what it would write.

.venv/bin/python scripts/docs.py
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from kqlext.connections.clouds import CLOUDS
from kqlext.connections.named import DEFAULT_VARIABLES
from kqlext.connections.profile_files import DOCUMENTED
from kqlext.connections.schemes import SCHEMES, SIGN_IN_KEYS, VALUELESS
from kqlext.connections.sign_in import METHODS
from kqlext.services import supported_schemes

DOCS = Path(__file__).parent.parent / "docs"

_HEAD = """\
# Connections

This page is made from the code by `scripts/docs.py`. How connections are written, with examples: the README.
Schemes and keys are compared without case, `_` and `-`. *Sign-in keys* are those of the second table.

`workspace` is a Workspace ID, a resource id or a name. `datasourceurl` is another address of the service,
`managementurl` another one of the Azure Resource Manager that looks a workspace's name up. `trusted` lets the sign-in
token go to an address that is not among Microsoft's.
"""


def connections_page() -> str:
    """docs/connections.md: every scheme, key, way to sign in, cloud and source of named connections."""
    return "\n".join([_HEAD, *_schemes(), "", *_methods(), "", *_clouds(), "", *_named(), ""])


def _schemes() -> list[str]:
    rows = [
        (
            f"`{scheme.name}://`",
            _code(f"{alias}://" for alias in scheme.aliases),
            _code(scheme.mandatory),
            _keys(scheme.keys),
            "yes" if scheme.name in supported_schemes() else "not yet: an error says so",
        )
        for scheme in SCHEMES
    ]
    return ["## Services", "", *_table(("scheme", "also written", "needs", "takes", "there"), rows)]


def _keys(keys: Sequence[str]) -> str:
    own = _code(_written(key) for key in keys if key not in SIGN_IN_KEYS)
    return f"{own}, sign-in keys" if set(SIGN_IN_KEYS) & set(keys) else own


def _methods() -> list[str]:
    rows = [
        (
            method.name,
            _code(_written(key) for key in method.signs) or "none of them",
            _code(_written(key) for key in method.takes),
            _code(method.needs),
        )
        for method in METHODS
    ]
    head = ("signs in with", "any of these keys", "may stand beside", "needs")
    text = (
        "`anonymous` sends no token. `username` with `password` is refused: it cannot do multi-factor authentication."
    )
    return ["## Sign-in", "", text, "", *_table(head, rows)]


def _clouds() -> list[str]:
    rows = [
        (cloud.name, _code(cloud.aliases), f"`{cloud.suffix}`", *(_address(cloud, name) for name in _ADDRESSES))
        for cloud in CLOUDS
    ]
    return ["## Clouds", "", *_table(("cloud", "also written", "Kusto hosts end in", *_ADDRESSES.values()), rows)]


def _named() -> list[str]:
    variables = " or ".join(f"`{name}`" for name in DEFAULT_VARIABLES)
    text = f"""\
`%kql @name` opens what the first of these files and variables names so. In TOML a connection is `connection = "..."`,
or `service = "..."` with the keys of the scheme: texts, `true` for a key without a value, lists where there may be
several. A text `$NAME` is an environment variable. Relative paths are relative to the file. Of msticpy's file ids,
tenants, `Azure.cloud` and sign-ins (`ClientId` with `ClientSecret` or `Certificate`) are read; secrets in a key vault
and groups of clusters are not.

The default connection is that of {variables} (a connection string or `@name`), or of
`default = "name"` in the nearest TOML file. Files of a project cannot hold `trusted` or an `aadurl` of another
authority: the folder of a notebook may be somebody else's work."""
    return ["## Named connections", "", text, "", *_table(("defined in", "looked for in", "as"), DOCUMENTED)]


_ADDRESSES = {
    "login": "sign-in",
    "log_analytics": "Log Analytics",
    "application_insights": "Application Insights",
    "graph": "Microsoft Graph",
    "management": "Resource Manager",
}


def _address(cloud: object, name: str) -> str:
    address = str(getattr(cloud, name))
    return f"`{address}`" if address else ""


def _written(key: str) -> str:
    return key if key in VALUELESS else f"{key}="


def _code(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    return [f"| {' | '.join(row)} |" for row in (head, ["---"] * len(head), *rows)]


PAGES = {"connections.md": connections_page}


def main() -> None:
    for name, page in PAGES.items():
        (DOCS / name).write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
