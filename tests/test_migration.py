"""docs/migration.md: its blocks run, and what it says of them is so."""

from __future__ import annotations

import re

import pages
import pytest
from conftest import Shell

from kqlext.compat import kqlmagic

PAGE = "docs/migration.md"


def test_the_page_speaks_of_ten_changes() -> None:
    assert re.findall(r"^## (\d+)\. ", pages.text_of(PAGE), re.MULTILINE) == [str(n) for n in range(1, 11)]


def test_its_blocks_run(shell: Shell, capsys: pytest.CaptureFixture[str]) -> None:
    try:
        pages.run(PAGE, shell, capsys)
    finally:
        kqlmagic.uninstall()
    texts = [bundle["text/plain"] for bundle in shell.shown]
    values = [value for number, value in shell.variables["Out"].items()]
    assert [text.count("4657") + text.count("1081") for text in texts if "| Storms |" in text][:2] == [1, 1]
    assert any('let wanted = dynamic(["TEXAS","O\'HIO"]);' in text for text in texts)
    assert any("5 of" in str(value._repr_mimebundle_()) for value in values if hasattr(value, "_repr_mimebundle_"))
    assert (["int64", "Int64", "timedelta64[ns]"], "1 days 02:03:04.500000") in values
    assert shell.variables["total"] == 3
    assert sum("-popup_window, known from Kqlmagic, does nothing here" in text for text in texts) == 1
    assert ("columnchart", "Storms", True) in values
