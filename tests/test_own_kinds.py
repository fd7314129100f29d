"""What only kqlext draws is taken off a query before it is sent; options and methods show it too."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import pytest
from conftest import Shell
from servers.kusto import KustoServer
from servers.kusto_frames import TableSpec, v2

import kqlext
from kqlext.completion import basic
from kqlext.completion.service import Scope
from kqlext.errors import KqlCellError, KqlError
from kqlext.own_kinds import OWN_KINDS, asked_by_option, taken_off
from kqlext.services.base import Query

ROWS = "datatable(T:datetime, Computer:string)[datetime(2024-01-01), 'a', datetime(2024-01-02), 'b']"


@pytest.mark.parametrize(
    ("text", "sent", "asked"),
    [
        ("T | render timeline", "T ", {"visualization": "timeline"}),
        ("T\n| render TimeLine;", "T\n", {"visualization": "timeline"}),
        ("T | render ProcessTree // it", "T ", {"visualization": "processtree"}),
        (
            "T | render timeline with (group=Computer, tooltip='Account,Process', title=\"a | b\")",
            "T ",
            {"visualization": "timeline", "group": "Computer", "tooltip": "Account,Process", "title": "a | b"},
        ),
        ("T | render timechart", "T | render timechart", None),
        ("T | render timeline; U", "T | render timeline; U", None),
        ("T | where x == '| render timeline'", "T | where x == '| render timeline'", None),
        ("let render = 1; T", "let render = 1; T", None),
    ],
)
def test_what_is_sent(text: str, sent: str, asked: dict[str, str] | None) -> None:
    query, found = taken_off(Query(text))
    assert (query.text, found, query.written) == (sent, asked, text)


def test_a_render_without_a_query() -> None:
    with pytest.raises(KqlCellError, match="no query before this render") as caught:
        taken_off(Query(" // a | b\n| render timeline"))
    assert caught.value.span is not None
    assert caught.value.span.of(caught.value.text or "") == "| render timeline"
    assert taken_off(Query("| render timeline"), on_table=True)[0].text == ""


@pytest.mark.parametrize("kind", OWN_KINDS.values(), ids=lambda kind: kind.name)
def test_every_kind_has_what_draws_it(kind: Any) -> None:
    module = importlib.import_module(kind.module)
    assert callable(module.figure)
    assert not kind.bundles or callable(module.mime_bundle)
    assert asked_by_option({kind.option: True}) == {"visualization": kind.name}
    assert callable(getattr(kqlext, kind.option))
    assert callable(getattr(kqlext.Result, kind.option))


def test_two_options_at_once() -> None:
    with pytest.raises(KqlCellError, match="-timeline and -process_tree do not go together"):
        asked_by_option({"timeline": True, "process_tree": True})


def test_a_service_does_not_see_it(shell: Shell, kusto: KustoServer) -> None:
    spec = TableSpec("PrimaryResult", [("T", "datetime")], [["2024-01-01T00:00:00Z"]])
    kusto.on("T ", v2(spec, visualization={"Visualization": "timechart"}))
    shell.run(f"%kql -!vc {kusto.url}/Samples;")
    result = shell.run("%%kql\nT | render timeline with (title='x')")
    assert kusto.requests[-1].csl == "T "
    assert result.visualization == {"visualization": "timeline", "title": "x"}


@pytest.mark.parametrize(
    ("head", "body", "asked"),
    [
        ("", f"{ROWS} | render timeline", {"visualization": "timeline"}),
        ("-timeline", ROWS, {"visualization": "timeline"}),
        ("-timeline", f"{ROWS} | render timechart", {"visualization": "timeline"}),
        ("-timeline", f"{ROWS} | render timeline with (title=a)", {"visualization": "timeline", "title": "a"}),
        ("-process_tree", f"{ROWS} | render timeline with (title=a)", {"visualization": "processtree"}),
        ("-format", f"{ROWS} | render timeline with (title='of {{name}}')", {"visualization": "timeline",
                                                                              "title": "of me"}),
        ("-on rows", "| render timeline", {"visualization": "timeline"}),
        ("-on rows", "| where Computer == 'a' | render timeline", {"visualization": "timeline"}),
        ("-steps", f"{ROWS} | take 1 | render timeline", {"visualization": "timeline"}),
        ("-timespan P1D", f"{ROWS} | render timeline", {"visualization": "timeline"}),
        ("-over samples", f"{ROWS} | render timeline", {"visualization": "timeline"}),
    ],
)  # fmt: skip
def test_cells(shell: Shell, head: str, body: str, asked: dict[str, str]) -> None:
    shell.run("%kql samples")
    shell.variables["name"] = "me"
    shell.run(f"%%kql -o rows -type result\n{ROWS}")
    result = shell.run(f"%%kql {head}\n{body}")
    assert dict(result.visualization) == asked
    assert "render timeline" not in result.origin.sent


def test_recorded_answers(shell: Shell, tmp_path: Path) -> None:
    shell.run("%kql samples")
    shell.run(f"%%kql -cache '{tmp_path}'\n{ROWS}")
    played = shell.run(f"%%kql -use_cache '{tmp_path}'\n{ROWS} | render timeline with (group=Computer)")
    assert played.origin.recorded is not None
    assert played.visualization == {"visualization": "timeline", "group": "Computer"}


def test_errors_point_into_what_was_written() -> None:
    text = "StormEvents | where Foo == 1\n| render timeline"
    with kqlext.connect("samples") as client, pytest.raises(KqlError) as caught:
        client.query(text)
    assert caught.value.text == text
    assert caught.value.span is not None
    assert caught.value.span.of(text) == "Foo"


def test_properties_that_are_none() -> None:
    with kqlext.connect("samples") as client:
        result = client.query(ROWS)
    with pytest.raises(KqlCellError, match="no property gruop") as caught:
        result.timeline(gruop="Computer")
    assert caught.value.hint == "did you mean 'group'?"


def test_completion() -> None:
    def words(text: str) -> set[str]:
        return {item.text for item in basic.complete(text, len(text), Scope(None, (), ()))}

    assert {"timeline", "processtree", "timechart"} <= words("T | render ")
    assert {"group=", "tooltip="} <= words("T | render timeline with (")
    assert "ycolumns=" not in words("T | render timeline with (")
    assert "ycolumns=" in words("T | render timechart with (")
