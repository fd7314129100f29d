"""Writes kqlext/completion/functions.tsv: Kusto's own functions with their signatures, as its language service
tells them.

.venv/bin/python scripts/functions.py
"""

from __future__ import annotations

from pathlib import Path

from kqlext.completion.service import LanguageService

TARGET = Path(__file__).parent.parent / "kqlext" / "completion" / "functions.tsv"


def table() -> str:
    """A line for each function: its kind, its name, its signatures with ``;`` between them."""
    service = LanguageService()
    service.wait(60)
    try:
        found = service.functions(30)
    finally:
        service.close()
    return "".join(
        sorted(f"{kind}\t{name}\t{'; '.join(dict.fromkeys(signatures))}\n" for kind, name, signatures, _ in found)
    )


if __name__ == "__main__":
    TARGET.write_text(table())
