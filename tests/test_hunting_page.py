"""docs/hunting.md: its blocks run, and show what the page says."""

from __future__ import annotations

from typing import Any

import pytest
from conftest import ROOT, Shell
from test_readme import blocks_of, run_blocks

from kqlext.own_kinds import OWN_KINDS
from kqlext.visualization.drawing import MIME_TYPE

PAGE = ROOT / "docs" / "hunting.md"


def test_its_blocks_run(shell: Shell, capsys: pytest.CaptureFixture[str]) -> None:
    run_blocks(blocks_of(PAGE), shell, capsys)
    values = shell.variables["Out"].values()
    bundles = [value._repr_mimebundle_() for value in values if hasattr(value, "_repr_mimebundle_")]
    figures: list[dict[str, Any]] = [bundle[MIME_TYPE] for bundle in bundles if MIME_TYPE in bundle]
    timelines = [one for one in figures if "Timeline of" in one["layout"]["meta"]["description"]]
    assert [len(one["layout"]["yaxis"]["ticktext"]) for one in timelines][1:] == [11, 2, 1]
    titles = [one["layout"]["title"]["text"].split("</b>")[0] for one in timelines]
    assert titles[0] == "<b>Alerts of the day"
    lines = [trace["name"] for trace in timelines[1]["data"] if "line" in trace]
    assert lines == ["Office applicat…encoded script", "Dump of credent…ls from memory", "Security log was cleared"]
    assert [trace["type"] for trace in timelines[3]["data"]] == ["bar", "scatter"]


def test_it_names_every_property() -> None:
    text = PAGE.read_text(encoding="utf-8")
    kind = OWN_KINDS["timeline"]
    for name in (*kind.columns, *kind.properties, *kind.arguments):
        assert f"`{name}`" in text
