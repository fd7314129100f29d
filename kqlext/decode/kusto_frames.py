"""Kusto's v2 frames (also fragmented and progressive) and v1 tables -> ``DataSet``.

Source: "Query V2 HTTP response" and "Query/management HTTP response" of the Kusto REST API. An error can come
inside an answer of status 200, in any of three places: as the last element of a table's rows, in the
DataSetCompletion frame, and as a row of QueryCompletionInformation of level 2 or less. Rows that came are kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

import orjson

from kqlext.decode.columns import TableBuilder
from kqlext.decode.limits import kusto_advice
from kqlext.decode.tables import DataSet, Table
from kqlext.decode.wire import collector_off, json_array, load_json, read_frames, reading, well_formed
from kqlext.errors import KqlQueryError, KqlResponseError
from kqlext.services.base import Progress
from kqlext.services.kusto_errors import one_api_error

_ERROR_LEVEL = 2  # QueryCompletionInformation: 1 critical, 2 error, 3 warning, 4 information, 6 statistics
_PRIMARY = "PrimaryResult"


@dataclass
class _RawTable:
    """A table as its frames deliver it: a primary result grows columns, any other keeps its few rows."""

    name: str
    kind: str
    columns: list[tuple[str, str]]
    builder: TableBuilder | None = None
    rows: list[Any] = field(default_factory=list)
    errors: list[Any] = field(default_factory=list)
    announced: int | None = None

    @property
    def num_rows(self) -> int:
        return len(self.rows) if self.builder is None else self.builder.num_rows

    def add(self, rows: list[Any]) -> None:
        """Take rows; an object among them is an error that stands in the place of the rows to come."""
        if dict in set(map(type, rows)):
            self.errors += [row for row in rows if type(row) is dict]
            rows = [row for row in rows if type(row) is not dict]
        if self.builder is None:
            self.rows += rows
        else:
            self.builder.add(rows)

    def clear(self) -> None:
        self.rows.clear()
        if self.builder is not None:
            self.builder.clear()

    def finish(self, warnings: list[str]) -> Table:
        if self.builder is None:  # v1 says behind its tables which of them are results
            self.builder = TableBuilder(self.name, self.columns)
            self.builder.add(self.rows)
        return self.builder.finish(warnings)


def decode_v2(body: bytes) -> DataSet:
    """Decode the answer of ``/v2/rest/query``.

    Raises:
        KqlResponseError: it is no JSON, is cut off, or holds no frames.
        KqlQueryError: the service failed the query and sent no row at all.
    """
    with reading("A frame"):
        return _decode_frames(json_array(load_json(body)), Progress())


def decode_v2_pieces(pieces: Iterable[bytes], progress: Progress) -> DataSet:
    """Decode the same answer while it arrives: its frames one by one, where each has a line of its own.

    Args:
        pieces: the body, cut anywhere.
        progress: counts the rows as they become columns.

    Raises:
        KqlError: as ``decode_v2`` does, and as ``pieces`` does.
    """
    with well_formed("A frame"), closing(read_frames(pieces)) as frames:
        return _decode_frames(frames, progress)


def decode_v1(body: bytes) -> DataSet:
    """Decode the answer of ``/v1/rest/mgmt``. Raises as ``decode_v2`` does."""
    with reading("A table"):
        return _v1_data_set(load_json(body))


# --- frames -> raw tables --------------------------------------------------------------------------------


def _decode_frames(frames: Iterable[Any], progress: Progress) -> DataSet:
    tables: dict[int, _RawTable] = {}
    last: Mapping[str, Any] = {}
    for frame in frames:
        if not isinstance(frame, dict):
            raise KqlResponseError("The answer holds no Kusto v2 frames.")
        _take(frame, tables, progress)
        last = {**frame, "Rows": None}
        del frame  # or its rows stay until the next one is there
    if last.get("FrameType") != "DataSetCompletion":
        raise KqlResponseError("The answer ends before its last frame: it was cut off on the way.")
    with collector_off():
        return _data_set(list(tables.values()), last)


def _take(frame: dict[str, Any], tables: dict[int, _RawTable], progress: Progress) -> None:
    """Put what a frame says into its table. A frame of a kind that is not known says nothing of a table."""
    kind = frame["FrameType"]
    if kind in ("DataTable", "TableHeader"):
        tables[frame["TableId"]] = _raw_table(frame, grows=True)
    elif kind == "TableFragment":
        table = tables[frame["TableId"]]
        if frame.get("TableFragmentType") == "DataReplace":
            table.clear()
        table.add(frame["Rows"])
    elif kind == "TableCompletion":
        tables[frame["TableId"]].errors += frame.get("OneApiErrors") or []
        tables[frame["TableId"]].announced = frame.get("RowCount")
    else:
        return
    progress.rows = sum(table.num_rows for table in tables.values() if table.kind == _PRIMARY)


def _raw_table(frame: Mapping[str, Any], grows: bool) -> _RawTable:
    columns = [
        (str(column.get("ColumnName") or ""), str(column.get("ColumnType") or column.get("DataType") or ""))
        for column in frame["Columns"]
    ]
    name, kind = str(frame.get("TableName") or ""), str(frame.get("TableKind") or "")
    table = _RawTable(name, kind, columns, TableBuilder(name, columns) if grows and kind == _PRIMARY else None)
    table.add(frame.get("Rows") or [])
    return table


def _v1_data_set(answer: Any) -> DataSet:
    tables = answer.get("Tables") if isinstance(answer, dict) else None
    if not isinstance(tables, list):
        raise KqlResponseError("The answer holds no Kusto v1 tables.")
    raw = [_raw_table(table, grows=False) for table in tables]
    completion = {"HasErrors": bool(answer.get("Exceptions")), "OneApiErrors": _exceptions(answer)}
    return _data_set(_v1_primary(raw), completion)


def _v1_primary(tables: list[_RawTable]) -> list[_RawTable]:
    """The primary tables of a v1 answer, from its table of contents where it ends with one."""
    kinds = {"queryresult": _PRIMARY, "queryproperties": "QueryProperties"}
    contents = tables[-1] if len(tables) > 2 else None
    names = [name for name, _ in contents.columns] if contents else []
    if contents is None or not {"Ordinal", "Kind"} <= set(names):
        for table in tables:
            table.kind = _PRIMARY
        return tables
    for row in contents.rows:
        entry = dict(zip(names, row, strict=True))
        tables[entry["Ordinal"]].kind = kinds.get(str(entry["Kind"]).lower(), "QueryCompletionInformation")
    return tables[:-1]


def _exceptions(answer: Mapping[str, Any]) -> list[Any]:
    return [{"error": {"@message": text}} for text in answer.get("Exceptions") or []]


# --- raw tables -> data set ------------------------------------------------------------------------------


def _data_set(raw: Sequence[_RawTable], completion: Mapping[str, Any]) -> DataSet:
    primary = [table for table in raw if table.kind == _PRIMARY]
    failures = _failures(raw, completion)
    if failures and not any(table.num_rows for table in primary):
        code, message = failures[0]
        raise KqlQueryError(message, code=code, hint="the service failed the query after it had begun")
    warnings = [_incomplete(code, message) for code, message in failures]
    if completion.get("Cancelled"):
        warnings.append("The result is not complete: the query was cancelled.")
    if not warnings:
        warnings += [text for table in primary for text in _missing(table)]
    tables = tuple(table.finish(warnings) for table in primary)
    visualization, statistics = _visualization(raw, warnings), _payload(raw, "QueryResourceConsumption", warnings)
    return DataSet(
        tables,
        visualization=visualization,
        statistics=statistics,
        warnings=tuple(warnings),
        partial=bool(failures) or bool(completion.get("Cancelled")),
        completion={"query_info": _payload(raw, "QueryInfo", []), "frame": dict(completion)},
    )


def _incomplete(code: str | None, message: str) -> str:
    return f"The result is not complete. {message} {kusto_advice(f'{code} {message}')}".rstrip()


def _missing(table: _RawTable) -> Iterator[str]:
    if isinstance(table.announced, int) and table.announced != table.num_rows:
        yield f"The service announced {table.announced:,} rows of table '{table.name}', {table.num_rows:,} came."


def _failures(raw: Sequence[_RawTable], completion: Mapping[str, Any]) -> list[tuple[str | None, str]]:
    """Code and message of every error inside the answer, each once."""
    found = [error for table in raw for error in table.errors]
    found += completion.get("OneApiErrors") or []
    failures = [one_api_error(error) for entry in found for error in entry.get("OneApiErrors") or [entry]]
    for row in _named_rows(raw, "QueryCompletionInformation"):
        if isinstance(row.get("Level"), int) and row["Level"] <= _ERROR_LEVEL:
            failures.append((row.get("StatusCodeName"), _payload_text(row.get("Payload"))))
    if completion.get("HasErrors") and not failures:
        failures.append((None, "The service reports errors without saying which."))
    return list(dict.fromkeys((None if code is None else str(code), message) for code, message in failures))


def _payload_text(payload: Any) -> str:
    try:
        return str(orjson.loads(payload)["Text"])
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return str(payload)


def _named_rows(raw: Sequence[_RawTable], kind: str) -> Iterator[dict[str, Any]]:
    for table in raw:
        if table.kind == kind:
            names = [name for name, _ in table.columns]
            yield from (dict(zip(names, row, strict=False)) for row in table.rows)


def _visualization(raw: Sequence[_RawTable], warnings: list[str]) -> dict[str, Any] | None:
    for row in _named_rows(raw, "QueryProperties"):
        if row.get("Key") == "Visualization":
            value = _object(row.get("Value"), "What `render` asks for", warnings)
            if value.get("Visualization"):
                return {name.lower(): setting for name, setting in value.items()}
    return None


def _payload(raw: Sequence[_RawTable], event: str, warnings: list[str]) -> dict[str, Any] | None:
    for row in _named_rows(raw, "QueryCompletionInformation"):
        if row.get("EventTypeName") == event:
            return _object(row.get("Payload"), "The statistics of the query", warnings) or None
    return None


def _object(value: Any, what: str, warnings: list[str]) -> dict[str, Any]:
    """A JSON object, or the one that a text holds; what is neither is said, and costs the rows nothing."""
    try:
        read = orjson.loads(value) if isinstance(value, str) else value
    except orjson.JSONDecodeError:
        read = value
    if read and not isinstance(read, dict):
        warnings.append(f"{what} cannot be read.")
    return read if isinstance(read, dict) else {}
