"""Files as tables: CSV columns get a type only where every value is surely of it; ragged lines are refused."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from kqlext import errors
from kqlext.connections.strings import ConnectionSpec
from kqlext.decode import decode
from kqlext.decode.tables import Table
from kqlext.services.base import Query
from kqlext.services.local import LocalService, open_local


@pytest.fixture
def engine() -> Iterator[LocalService]:
    opened = open_local(ConnectionSpec("duckdb", ()))
    yield opened
    opened.close()


def table(engine: LocalService, text: str) -> Table:
    return decode(engine.execute(Query(text))).tables[0]


def shown(answer: Table) -> dict[str, tuple[str, list[str]]]:
    return {column.name: (column.type, column.texts(0, answer.num_rows)) for column in answer.columns}


CSV: dict[str, tuple[str, dict[str, tuple[str, list[str]]]]] = {
    "hex and leading zeros stay texts": (
        "pid,zip,n\n0x1610,00123,5\n0x3e7,00124,\n",
        {"pid": ("string", ["0x1610", "0x3e7"]), "zip": ("string", ["00123", "00124"]), "n": ("long", ["5", ""])},
    ),
    "integers beyond 64 bits stay texts": (
        "n\n99999999999999999999\n1\n", {"n": ("string", ["99999999999999999999", "1"])},
    ),
    "only ISO times are times": (
        "a,b\n01/02/2024,2024-01-02 03:04:05.123456\n03/04/2024,2024-01-02T00:00:00+02:00\n",
        {"a": ("string", ["01/02/2024", "03/04/2024"]),
         "b": ("datetime", ["2024-01-02T03:04:05.1234560Z", "2024-01-01T22:00:00Z"])},
    ),
    "times with a seventh digit stay texts": (
        "t\n2024-01-01T00:00:00.1234567Z\n", {"t": ("string", ["2024-01-01T00:00:00.1234567Z"])},
    ),
    "times with a seventh digit that is none are times": (
        "t\n2024-01-01T00:00:00.1234560Z\n", {"t": ("datetime", ["2024-01-01T00:00:00.1234560Z"])},
    ),
    "semicolons": ("a;b\n1,5;2\n", {"a": ("string", ["1,5"]), "b": ("long", ["2"])}),
    "quotes, line feeds and empty texts": (
        'a,b\n1,"x, ""y""\nz"\n2,""\n', {"a": ("long", ["1", "2"]), "b": ("string", ['x, "y"\nz', ""])},
    ),
    "carriage returns": ("a,b\r\n1,x\r\n", {"a": ("long", ["1"]), "b": ("string", ["x"])}),
    "a byte order mark": ("\ufeffa,b\n1,2\n", {"a": ("long", ["1"]), "b": ("long", ["2"])}),
    "names that stand twice or are empty": (
        "a,A,,a\n1,2,3,4\n",
        {"a": ("long", ["1"]), "A_1": ("long", ["2"]), "column2": ("long", ["3"]), "a_2": ("long", ["4"])},
    ),
    "booleans and reals": (
        "b,r\ntrue,1.5\nFalse,-3e5\n", {"b": ("bool", ["true", "false"]), "r": ("real", ["1.5", "-300000.0"])},
    ),
    "only a header": ("a,b\n", {"a": ("string", []), "b": ("string", [])}),
}  # fmt: skip


@pytest.mark.parametrize("name", CSV)
def test_csv(name: str, engine: LocalService, tmp_path: Path) -> None:
    text, expected = CSV[name]
    (tmp_path / "t.csv").write_bytes(text.encode())
    engine.add_files(str(tmp_path / "t.csv"))
    assert shown(table(engine, "t")) == expected


REFUSED = [
    ("a,b,c\n1,2,3\n4,5\n", "Expected 3 columns, got 2: 4,5", "mend the line"),
    ("a,b,c\n1,2,3\n6,7,8,9\n", "Expected 3 columns, got 4", "mend the line"),
    ("id,msg\n1,x\ntotal: 1 row\n", "Expected 2 columns, got 1: total: 1 row", "mend the line"),
    ("", "Empty CSV file", "mend the line"),
]


@pytest.mark.parametrize(("text", "message", "hint"), REFUSED)
def test_ragged_csv_is_refused(text: str, message: str, hint: str, engine: LocalService, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text(text)
    with pytest.raises(errors.KqlConnectionError) as caught:
        engine.add_files(str(tmp_path / "t.csv"))
    assert message in caught.value.message
    assert hint in caught.value.hint
    assert engine.schema().table("t") is None


@pytest.mark.parametrize("encoding", ["latin-1", "utf-16"])
def test_csv_that_is_no_utf8(encoding: str, engine: LocalService, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_bytes("name,n\nZürich,1\n".encode(encoding))
    with pytest.raises(errors.KqlConnectionError) as caught:
        engine.add_files(str(tmp_path / "t.csv"))
    assert caught.value.hint == "save the file as UTF-8"


def test_zipped_csv_and_tab_separated(engine: LocalService, tmp_path: Path) -> None:
    with gzip.open(tmp_path / "z.csv.gz", "wt") as file:
        file.write("a,b\n1,x\n")
    (tmp_path / "t.tsv").write_text("a\tb\n1\tx,y\n")
    assert engine.add_files(str(tmp_path / "z.csv.gz")) == ["z"]
    assert engine.add_files(str(tmp_path / "t.tsv")) == ["t"]
    assert shown(table(engine, "z"))["a"] == ("long", ["1"])
    assert shown(table(engine, "t"))["b"] == ("string", ["x,y"])


def test_values_and_nulls_are_those_of_pandas(engine: LocalService, tmp_path: Path) -> None:
    frame = pd.DataFrame(
        {
            "id": range(500),
            "x": [None if n % 7 == 0 else n / 4 for n in range(500)],
            "s": [None if n % 5 == 0 else f"a,{n}\n'" for n in range(500)],
            "t": pd.date_range("2024-01-01", periods=500, freq="37min", tz="UTC"),
        }
    )
    frame.to_csv(tmp_path / "f.csv", index=False)
    engine.add_files(str(tmp_path / "f.csv"))
    answer = table(engine, "f")
    columns = [column.values(0, 500) for column in answer.columns]
    expected: list[list[Any]] = [[None if pd.isna(v) else v for v in frame[name]] for name in frame.columns]
    assert columns == expected


def test_files_with_other_columns_are_no_one_table(engine: LocalService, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("x\n1\n")
    (tmp_path / "b.csv").write_text("y\n1\n")
    with pytest.raises(errors.KqlConnectionError, match="has other columns than"):
        engine.add_files(f"both={tmp_path}/*.csv")


def test_files_are_added_all_or_none(engine: LocalService, tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('[{"x": 1}]')
    (tmp_path / "b.json").write_text("no json")
    with pytest.raises(errors.KqlConnectionError):
        engine.add_files(str(tmp_path / "*.json"))
    assert engine.schema().tables == ()


def test_files_take_no_tables_place_but_their_own(tmp_path: Path) -> None:
    samples = open_local(ConnectionSpec("samples", ()))
    (tmp_path / "Heartbeat.csv").write_text("x\n1\n")
    with pytest.raises(errors.KqlConnectionError) as caught:
        samples.add_files(str(tmp_path / "Heartbeat.csv"))
    assert caught.value.message == "There is a table Heartbeat already."
    assert samples.add_files(f"Other={tmp_path}/Heartbeat.csv") == ["Other"]
    (tmp_path / "Heartbeat.csv").write_text("x\n1\n2\n")
    samples.add_files(f"Other={tmp_path}/Heartbeat.csv")
    assert table(samples, "Other").num_rows == 2
    samples.close()


def test_dates_in_json_are_not_guessed_anew(engine: LocalService, tmp_path: Path) -> None:
    (tmp_path / "j.json").write_text('[{"d": "01/02/2024", "t": "2024-01-01T00:00:00Z"}]')
    engine.add_files(str(tmp_path / "j.json"))
    assert shown(table(engine, "j")) == {
        "d": ("string", ["01/02/2024"]), "t": ("datetime", ["2024-01-01T00:00:00Z"]),
    }  # fmt: skip
