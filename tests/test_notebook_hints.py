"""What an error says of the notebook's variables, through the magic."""

from __future__ import annotations

import pytest
from conftest import Shell

from kqlext.errors import KqlQueryError

VARIABLES = "import pandas as pd\nwanted = 'TEXAS'\nrows = [{'a': 1}]\nseries = pd.Series([1])\ndef given(): ..."
GIVES = "wanted is a variable of the notebook (str): -params wanted gives its value to the query"
CASES = [
    ("StormEvents | where State == wanted", GIVES),
    ("rows | count", "rows of the notebook is a list, and tables are DataFrames: pd.DataFrame(rows) makes one"),
    ("series | count", "series of the notebook is a Series, and tables are DataFrames: pd.DataFrame(series) makes one"),
    ("StormEvents | where State == TEXAS", "; a text is written in quotes"),
    ("StormEvents | where State == given", "; a text is written in quotes"),
    (
        "let x = wantd; StormEvents | where State == x",
        "there is no variable wantd in the notebook; did you mean 'wanted'?",
    ),
]


@pytest.mark.parametrize(("query", "hint"), CASES)
def test_hints(query: str, hint: str, shell: Shell) -> None:
    shell.run("%kql samples")
    shell.run(VARIABLES)
    with pytest.raises(KqlQueryError) as caught:
        shell.run(f"%kql {query}")
    assert hint in caught.value.hint


def test_what_the_hint_says_is_right(shell: Shell) -> None:
    shell.run("%kql samples")
    shell.run(VARIABLES)
    assert shell.run("%kql -params wanted StormEvents | where State == wanted | count")[0][0] == 4657


@pytest.mark.parametrize(
    ("cell", "hint"),
    [
        ("%kql | count", "write a table before it, or read a result of the notebook with -on name"),
        ("%kql -o Storms | count", "-o took Storms for the name of the variable: write -o name Storms | ..."),
        ("%%kql\n// of what?\n| count", "write a table before it, or read a result of the notebook with -on name"),
    ],
)
def test_a_query_that_begins_with_a_pipe(cell: str, hint: str, shell: Shell) -> None:
    shell.run("%kql samples")
    with pytest.raises(KqlQueryError, match="begins with a pipe") as caught:
        shell.run(cell)
    assert caught.value.hint == hint
    assert caught.value.span is not None
