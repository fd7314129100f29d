"""docs/embedded.md, and the probes that it is made of."""

from __future__ import annotations

import pytest
from conftest import ROOT
from embedded_probes import Found, found, probes
from test_docs import generator

from kqlext.completion.vocabulary import functions, operators


@pytest.fixture(scope="module")
def answers() -> tuple[Found, ...]:
    return found()


def test_every_operator_and_function_has_a_probe() -> None:
    probed = {(probe.kind, probe.name) for probe in probes()}
    assert [word.name for word in functions().values() if (word.kind, word.name) not in probed] == []
    assert [word.name for word in operators().values() if ("operator", word.name) not in probed] == []


def test_no_probe_is_answered_wrong(answers: tuple[Found, ...]) -> None:
    assert [(each.probe.name, each.note) for each in answers if each.status == "wrong"] == []


def test_the_page_is_fresh(answers: tuple[Found, ...]) -> None:
    made = generator().embedded_page(answers)
    assert (ROOT / "docs" / "embedded.md").read_text(encoding="utf-8") == made, "run scripts/docs.py"
