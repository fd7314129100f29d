"""A hook of mkdocs: the README, CONTRIBUTING, CHANGELOG and the example notebooks are part of the site too.

They stand above ``docs/``, where people look for them, so links to and from them are written as they are in the
repository, and made those of the site here.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

PAGES = {"README.md": "index.md", "CONTRIBUTING.md": "contributing.md", "CHANGELOG.md": "changelog.md"}

_LINK = re.compile(r"\]\((?:docs/|\.\./)?(?P<target>[^)#\s]+)(?P<anchor>#[^)\s]*)?\)")


def on_files(files: Files, *, config: MkDocsConfig) -> Files:
    """Add what stands above ``docs/``."""
    root = Path(config.config_file_path).parent
    for name, page in PAGES.items():
        files.append(File.generated(config, page, abs_src_path=str(root / name)))
    for notebook in sorted((root / "examples").glob("*.ipynb")):
        files.append(File.generated(config, f"examples/{notebook.name}", abs_src_path=str(notebook)))
    return files


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Write the links of a page as those of the site, and colour cells of KQL by kqlext's own lexer."""
    markdown = markdown.replace("```python\n%%kql", "```kqlext\n%%kql")
    return _LINK.sub(lambda m: f"]({PAGES.get(m['target'], m['target'])}{m['anchor'] or ''})", markdown)
