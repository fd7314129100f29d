"""Our list of hunting queries on the embedded engine: how many run, which do not and why, and what they answer."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hunt_answers import ANSWERS
from hunts import FOLDER, Hunt, Outcome, hunts, run, share_of, shares, write_recent_samples

import kqlext
from kqlext.completion.service import LanguageService, Scope, why_not
from kqlext.errors import KqlQueryError, KqlUnsupportedError

HUNTS = hunts()
# Functions of the services; nobody else knows them.
OF_SERVICES = ("FileProfile", "_GetWatchlist", "arg")


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("hunting") / "samples.duckdb"
    write_recent_samples(path)
    return path


@pytest.fixture(scope="module")
def expected(database: Path) -> dict[str, list[Any]]:
    """The answers in SQL; they are asked for before kqlext opens the file."""
    with duckdb.connect(str(database), read_only=True) as connection:
        return {name: _comparable(connection.execute(text).fetchall()) for name, text in ANSWERS.items()}


@pytest.fixture(scope="module")
def outcomes(database: Path, expected: dict[str, list[Any]]) -> Iterator[dict[str, Outcome]]:
    assert expected  # DuckDB opens a file once at a time
    with kqlext.connect(f"duckdb://{database}") as client:
        yield {outcome.hunt.name: outcome for outcome in run(client, HUNTS)}


def _comparable(rows: list[tuple[Any, ...]]) -> list[Any]:
    """Rows as a sorted list: numbers of one value are one, times have no zone."""
    return sorted(repr([_plain(value) for value in row]) for row in rows)


def _plain(value: Any) -> Any:
    if isinstance(value, float):
        return round(value, 6) + 0.0
    if isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if isinstance(value, timedelta):
        return value.total_seconds()
    return value.replace(tzinfo=None) if hasattr(value, "tzinfo") else value


def test_there_are_three_hundred_of_different_names_and_texts() -> None:
    assert len(HUNTS) == len({hunt.name for hunt in HUNTS}) == len({hunt.text for hunt in HUNTS}) == 300
    assert all(hunt.name.startswith(f"{path.stem}/") for path in FOLDER.glob("*.kql") for hunt in HUNTS
               if f"//# {hunt.name}\n" in path.read_text(encoding="utf-8"))  # fmt: skip


def test_nine_of_ten_run_and_the_others_are_those_that_we_know(outcomes: dict[str, Outcome]) -> None:
    refused = {name: outcome.error for name, outcome in outcomes.items() if outcome.error}
    known = (FOLDER / "refused.txt").read_text(encoding="utf-8").split()
    assert sorted(refused) == sorted(known)
    assert len(refused) <= 0.1 * len(HUNTS)


def test_a_refusal_has_a_place_and_says_what_to_do(outcomes: dict[str, Outcome]) -> None:
    for outcome in outcomes.values():
        if outcome.error:
            assert isinstance(outcome.error, KqlUnsupportedError | KqlQueryError), outcome
            assert outcome.error.span is not None, outcome
            assert outcome.error.hint, outcome


def test_what_should_find_something_does(outcomes: dict[str, Outcome]) -> None:
    ran = [outcome for outcome in outcomes.values() if outcome.error is None and outcome.hunt.rows != "any"]
    assert [outcome.hunt.name for outcome in ran if (outcome.rows > 0) != (outcome.hunt.rows == "some")] == []


@pytest.mark.parametrize("name", ANSWERS)
def test_answers_are_those_of_sql(outcomes: dict[str, Outcome], expected: dict[str, list[Any]], name: str) -> None:
    result = outcomes[name].result
    assert result is not None
    columns = [result.to_arrow().column(number).to_pylist() for number in range(len(result.columns))]
    assert _comparable(list(zip(*columns, strict=True))) == expected[name] != []


# ---- the list itself -----------------------------------------------------------------------------


@pytest.mark.parametrize("share", shares(), ids=lambda share: share.name)
def test_a_construct_is_about_as_frequent_as_in_public_queries(share: Any) -> None:
    """Within a third, or two queries in a hundred; `summarize` and `count` are more frequent: they are what is hard."""
    ours = share_of(share, HUNTS)
    most = 1.6 if share.name == "summarize" else 2.2 if share.name == "count" else 1.35
    assert min(0.65 * share.percent, share.percent - 2) <= ours <= max(most * share.percent, share.percent + 2)


def test_the_texts_look_like_public_ones() -> None:
    """Comments first 52 %, blank lines 35 %, `let` 31 %; KQL with `$`, braces and letters that are not ASCII occurs."""
    percent = {what: 100 * sum(bool(re.search(pattern, hunt.text, re.MULTILINE)) for hunt in HUNTS) / len(HUNTS)
               for what, pattern in {"comments first": r"\A//", "blank lines": r"^\s*$", "let": r"^let\b",
                                     "$": r"\$", "braces": "[{}]", "not ASCII": r"[^\x00-\x7f]"}.items()}  # fmt: skip
    assert 45 < percent["comments first"] < 60
    assert 30 < percent["blank lines"] < 42
    assert 24 < percent["let"] < 36
    assert min(percent["$"], percent["braces"], percent["not ASCII"]) > 2


@pytest.mark.skipif(bool(why_not()), reason=f"there is no KQL language service here: {why_not()}")
def test_microsofts_parser_finds_no_mistake() -> None:
    """But that it does not know functions of the services, and what they give."""
    with kqlext.connect("samples://") as client:
        schema = client.connection.service.schema()
    service = LanguageService()
    try:
        service.wait(90)
        service.use(Scope(schema), 20)
        for hunt in HUNTS:
            found = [each for each in service.diagnostics(hunt.text, True, 20) if each.severity == "Error"]
            assert not found or _names_a_service(hunt), (hunt.name, found)
    finally:
        service.close()


def _names_a_service(hunt: Hunt) -> bool:
    return any(f"{name}(" in hunt.text for name in OF_SERVICES)
