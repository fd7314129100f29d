"""KQL in a variable or a file: `-query name`, `-file hunt.kql`."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import Shell

from kqlext import errors

HUNT = "// storms\nStormEvents\n| where State == 'TEXAS'\n| count\n"


@pytest.fixture
def samples(shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shell:
    shell.run("%kql samples")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "hunt.kql").write_text(HUNT, encoding="utf-8-sig")
    shell.variables.update(hunt=HUNT, hunts={"texas": HUNT}, state="KANSAS")
    return shell


def test_the_text_of_a_variable(samples: Shell) -> None:
    count = samples.run("%kql -query hunt")[0][0]
    assert count > 0
    assert samples.run("%kql -query hunts['texas']")[0][0] == count
    assert samples.run("%kql -query='StormEvents | where State == \"TEXAS\" | count'")[0][0] == count
    samples.run("%kql x << -query hunt -display_limit 5")
    assert samples.variables["x"][0][0] == count
    assert samples.variables["x"].query == HUNT.strip()
    samples.run("%kql -query hunt -o frame")
    assert samples.variables["frame"].shape == (1, 1)
    samples.run("%%kql\n-query hunt y <<")
    assert samples.variables["y"][0][0] == count
    assert samples.text("%kql -query hunt;") == ""
    assert samples.variables["_kql"][0][0] == count


def test_the_text_of_a_file(samples: Shell) -> None:
    assert samples.run("%kql -file hunt.kql")[0][0] == samples.run("%kql -query hunt")[0][0]
    samples.run("%kql x << -file 'hunt.kql'")
    assert len(samples.variables["x"]) == 1


def test_several_queries(samples: Shell, tmp_path: Path) -> None:
    (tmp_path / "two.kql").write_text("a << print x = 1\n\nb << print x = 2\n")
    samples.run("%kql -file two.kql")
    assert (samples.variables["a"][0][0], samples.variables["b"][0][0]) == (1, 2)
    with pytest.raises(errors.KqlCellError, match="2 queries for one target"):
        samples.run("%kql c << -file two.kql")
    with pytest.raises(errors.KqlCellError, match="2 queries for one target"):
        samples.run("%kql -o c -file two.kql")


def test_values_in_the_text(samples: Shell) -> None:
    samples.variables["hunt"] = "let s = state; StormEvents | where State == s | distinct State"
    assert samples.run("%kql -query hunt")[0][0] == "KANSAS"


def test_an_error_points_into_the_text(samples: Shell, tmp_path: Path) -> None:
    samples.variables["hunt"] = "\n\nlet s = state;\nStormEvents | where Sttae == s"
    with pytest.raises(errors.KqlQueryError) as caught:
        samples.run("%kql samples -query hunt")
    assert "  hunt, line 4: StormEvents | where Sttae == s\n                                    ^^^^^" in str(
        caught.value
    )
    (tmp_path / "bad.kql").write_text("StormEvents\n| where Sttae == 5\n")
    with pytest.raises(errors.KqlQueryError) as caught:
        samples.run("%kql -file bad.kql")
    assert "  bad.kql, line 2: | where Sttae == 5\n                           ^^^^^" in str(caught.value)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("-query nothing", "There is no variable nothing"),
        ("-query number", "number holds no text, but a value of type int"),
        ("-query empty", "There is no query in empty"),
        ("-query hunt print 1", "-query names a query, and the cell holds one"),
        ("-query hunt -file hunt.kql", "-query and -file"),
        ("-file nothing.kql", "nothing.kql cannot be read: No such file"),
        ("-file .", "cannot be read"),
        ("-file latin.kql", "latin.kql is no UTF-8"),
        ("-f hunt.kql", "-f is -feedback, which takes no file"),
        ("-file", "-file needs a value"),
    ],
)
def test_texts_that_cannot_be_run(samples: Shell, tmp_path: Path, line: str, message: str) -> None:
    samples.variables.update(number=5, empty="// nothing\n")
    (tmp_path / "latin.kql").write_bytes("print 'é'".encode("latin-1"))
    with pytest.raises(errors.KqlCellError, match=message) as caught:
        samples.run(f"%kql {line}")
    assert caught.value.hint
    assert "^" in str(caught.value)
    assert samples.run("%kql print 1")[0][0] == 1
