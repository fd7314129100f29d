"""Several statements for the embedded engine: each alone in its place, and what they materialize once."""

from __future__ import annotations

import pytest
from conftest import Shell

from kqlext import errors
from kqlext.services.local_batches import statements


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("T | count", [("T | count", "")]),
        ("let a = materialize(T); a", [("let a = materialize(T); a", "")]),
        ("let n = 1; T; U | take n", [("let n = 1; T", ""), ("let n = 1;    U | take n", "")]),
        ("let a = materialize(T | f(1)); a; a | b",
         [("                    T | f(1)", "a"), (" " * 31 + "a", ""), (" " * 34 + "a | b", "")]),
        # no table of its own: more than what is materialized, or a name that is taken
        ("let a = materialize(T) | b; a; U",
         [("let a = materialize(T) | b; a", ""), ("let a = materialize(T) | b;    U", "")]),
        ("let t = materialize(T); t; U", [("let t = materialize(T); t", ""), ("let t = materialize(T);    U", "")]),
    ],
)  # fmt: skip
def test_statements_stand_in_their_places(text: str, expected: list[tuple[str, str]]) -> None:
    found = statements(text, ["T", "U"])
    assert [(statement.text, statement.table) for statement in found] == expected
    assert all(statement.span.of(text) in statement.text for statement in found)


def test_what_is_materialized_is_computed_once(shell: Shell) -> None:
    shell.run("%kql samples")
    once = shell.run("%kql let r = materialize(print x = now()); r; r | extend y = 1")
    assert once[0]["x"] == once.fork_result(1)[0]["x"]
    twice = shell.run("%kql let r = print x = now(); r; r | extend y = 1")
    assert twice[0]["x"] < twice.fork_result(1)[0]["x"]
    with pytest.raises(errors.KqlQueryError, match="There is no table 'r'"):
        shell.run("%kql r")


def test_an_error_points_at_its_statement(shell: Shell) -> None:
    shell.run("%kql samples")
    with pytest.raises(errors.KqlQueryError) as caught:
        shell.run("%kql let a = materialize(StormEvents | take 1); a | count; print x = dynamic([1]) + 1")
    assert caught.value.span is not None
    assert caught.value.span.of(str(caught.value.text)) == "print x = dynamic([1]) + 1"
