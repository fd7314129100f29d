"""Results as files: what is read back is what was written."""

from __future__ import annotations

import csv
from pathlib import Path

import pandas as pd
import pytest
from pyarrow import parquet
from servers.kusto_frames import EVERY_TYPE, TableSpec, v2

from kqlext.decode.kusto_frames import decode_v2
from kqlext.errors import KqlConversionError
from kqlext.origin import Origin
from kqlext.result import Result


def result_of(*tables: TableSpec) -> Result:
    return Result(decode_v2(v2(*tables)), Origin("Samples@help", "T", 0.1))


def test_parquet_keeps_every_type(tmp_path: Path) -> None:
    result = result_of(EVERY_TYPE)
    path = result.to_parquet(tmp_path / "t.parquet")
    read = parquet.read_table(path)
    assert read.schema.equals(result.to_arrow().schema)
    assert repr(read.to_pylist()) == repr(result.to_arrow().to_pylist())
    assert {field.name: field.metadata[b"kusto_type"].decode() for field in read.schema} == result.columns


def test_csv_is_what_kusto_writes(tmp_path: Path) -> None:
    result = result_of(EVERY_TYPE)
    path = result.to_csv(str(tmp_path / "t.csv"))
    with path.open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    assert header == list(result.columns)
    assert len(rows) == len(result)
    for name in ("datetime_value", "timespan_value", "dynamic_value", "string_value"):
        position = header.index(name)
        assert [row[position] for row in rows] == result.table.columns[position].texts(0, len(rows))


def test_a_null_in_csv_is_no_empty_text(tmp_path: Path) -> None:
    columns = (("s", "string"), ("d", "dynamic"), ("t", "datetime"))
    path = result_of(TableSpec("T", columns, (("", {"a": 1}, None), ('x,\n"y"', None, "2024-01-01T00:00:00Z")))).to_csv(
        tmp_path / "t.csv"
    )
    assert path.read_bytes() == (b'"s","d","t"\n"","{""a"":1}",\n"x,\n""y""",,"2024-01-01T00:00:00Z"\n')
    read = pd.read_csv(path, keep_default_na=False)
    assert list(read["s"]) == ["", 'x,\n"y"']


def test_no_rows(tmp_path: Path) -> None:
    result = result_of(TableSpec("T", (("a", "long"), ("b", "dynamic"))))
    assert parquet.read_table(result.to_parquet(tmp_path / "t.parquet")).num_rows == 0
    assert result.to_csv(tmp_path / "t.csv").read_text() == '"a","b"\n'


@pytest.mark.parametrize("method", ["to_csv", "to_parquet"])
def test_what_cannot_be_written(method: str, tmp_path: Path) -> None:
    twice = result_of(TableSpec("T", (("a", "long"), ("a", "long")), ((1, 2),)))
    with pytest.raises(KqlConversionError, match="Column 'a' stands twice"):
        getattr(twice, method)(tmp_path / "t")
    assert not (tmp_path / "t").exists()
    with pytest.raises(KqlConversionError, match="cannot be written"):
        getattr(result_of(EVERY_TYPE), method)(tmp_path / "no folder" / "t")


def test_one_of_several_tables() -> None:
    first, second = TableSpec("A", (("a", "long"),), ((1,),)), TableSpec("B", (("b", "string"),), (("x",), ("y",)))
    result = result_of(first, second)
    forked = result.fork_result(1)
    assert (len(forked), forked.columns, forked.query) == (2, {"b": "string"}, "T")
    assert len(result.fork_result(0)) == 1
    for number in (2, -1):
        with pytest.raises(IndexError, match="of a result of 2 tables"):
            result.fork_result(number)
