"""docs/hunting.md: its blocks run, and show what the page says."""

from __future__ import annotations

from typing import Any

import pytest
from conftest import ROOT, Shell
from pages import run

from kqlext.own_kinds import OWN_KINDS, OwnKind
from kqlext.process_trees.schemas import OPTIONAL, REQUIRED, SCHEMAS
from kqlext.visualization.drawing import MIME_TYPE

PAGE = ROOT / "docs" / "hunting.md"


def test_its_blocks_run(shell: Shell, capsys: pytest.CaptureFixture[str]) -> None:
    run("docs/hunting.md", shell, capsys)
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
    texts = [bundle["text/plain"] for bundle in bundles]
    trees = [text.splitlines() for text in texts if "processes" in text.splitlines()[0]]
    assert [tree[0].split(" process")[0] for tree in trees] == ["17 of 7,177", "10 of 7,177", "3"]
    assert trees[1][1].startswith("WINWORD.EXE ")


@pytest.mark.parametrize("kind", OWN_KINDS.values(), ids=lambda kind: kind.name)
def test_it_names_every_property(kind: OwnKind) -> None:
    text = PAGE.read_text(encoding="utf-8")
    for name in (*kind.columns, *kind.properties, *kind.arguments):
        assert f"`{name}`" in text


def test_it_names_every_source_of_process_trees() -> None:
    text = PAGE.read_text(encoding="utf-8")
    for name, schema in SCHEMAS.items():
        row = next(line for line in text.splitlines() if line.startswith(f"| `{name}` |"))
        for field in REQUIRED:
            assert f"`{schema.fields[field][0]}`" in row
    assert all(f"`{field}`" in text for field in (*REQUIRED, *OPTIONAL))
