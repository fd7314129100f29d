"""The bytes of Kusto's answers: v2, v2 in fragments, v2 progressive, v1, OneApi errors, cloud metadata.

Pure functions over `TableSpec`s, whose rows are JSON values as they travel: a datetime is
"2024-01-01T00:00:00.1234567Z", a decimal is a string, a real that is no number is "NaN", dynamic is nested.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

JsonObject = dict[str, Any]
Columns = tuple[tuple[str, str], ...]
# One visualization for every primary table, or one (or None) for each of them.
Visualizations = Mapping[str, Any] | Sequence[Mapping[str, Any] | None] | None


@dataclass(frozen=True)
class TableSpec:
    """A table: its name, (column name, Kusto type) pairs and rows as they go over the wire."""

    name: str
    columns: Columns
    rows: Sequence[Sequence[Any]] = ()


# fmt: off
# What a server sends for a query without `render`: every key, and "NaN" for limits that are not set.
NO_VISUALIZATION: JsonObject = {
    "Visualization": None, "Title": None, "XColumn": None, "Series": None, "YColumns": None,
    "AnomalyColumns": None, "XTitle": None, "YTitle": None, "XAxis": None, "YAxis": None, "Legend": None,
    "YSplit": None, "Accumulate": False, "IsQuerySorted": False, "Kind": None, "Ymin": "NaN", "Ymax": "NaN",
    "Xmin": None, "Xmax": None,
}
# fmt: on

STATISTICS: JsonObject = {
    "ExecutionTime": 0.625018,
    "resource_usage": {
        "cache": {
            "shards": {
                "hot": {"hitbytes": 4096, "missbytes": 0, "retrievebytes": 0},
                "cold": {"hitbytes": 0, "missbytes": 0, "retrievebytes": 0},
                "bypassbytes": 0,
            }
        },
        "cpu": {"user": "00:00:00.0156250", "kernel": "00:00:00.0156250", "total cpu": "00:00:00.0312500"},
        "memory": {"peak_per_node": 52075216},
        "network": {"inter_cluster_total_bytes": 94609, "cross_cluster_total_bytes": 0},
    },
    "input_dataset_statistics": {
        "extents": {"total": 3, "scanned": 2, "scanned_min_datetime": "2024-01-01T00:00:00.1234567Z"},
        "rows": {"total": 59066, "scanned": 1024},
    },
    "dataset_statistics": [{"table_row_count": 10, "table_size": 23255}],
}

# fmt: off
EVERY_TYPE = TableSpec(
    "EveryType",
    (
        ("bool_value", "bool"), ("datetime_value", "datetime"), ("decimal_value", "decimal"),
        ("dynamic_value", "dynamic"), ("guid_value", "guid"), ("int_value", "int"), ("long_value", "long"),
        ("real_value", "real"), ("string_value", "string"), ("timespan_value", "timespan"),
    ),
    (
        # ordinary
        (True, "2024-01-01T00:00:00.1234567Z", "1.5", {"a": 1, "b": [1, "x", None, {"deep": [[]]}]},
         "74be27de-1e4e-49d9-b579-fe0b331d3642", 42, 42, 1.5, "text", "01:02:03"),
        # a long that no double holds, right before a null: a column that went through float64 shows
        (False, "2024-02-29T23:59:59.9999999Z", "-1.23456789012345678901234567890", [1, 2.5, "three"],
         "00000000-0000-0000-0000-000000000000", -42, 9007199254740993, "NaN", "", "-1.02:03:04.5"),
        # null of every type; a string is never null
        (None, None, None, None, None, None, None, None, "", None),
        # the largest
        (True, "9999-12-31T23:59:59.9999999Z", "1.23456789012345678901234567890", "a bare string",
         "ffffffff-ffff-ffff-ffff-ffffffffffff", 2147483647, 9223372036854775807, "Infinity",
         "Zürich 東京 🦓 \"quoted\"\n\t\\ <b>&</b>", "10675199.02:48:05.4775807"),
        # the smallest
        (False, "0001-01-01T00:00:00Z", "-9999999999999999999999999999", {"": {"é": False}},
         "01234567-89ab-cdef-0123-456789abcdef", -2147483648, -9223372036854775808, "-Infinity",
         " ", "-10675199.02:48:05.4775808"),
        # one tick, and numbers next to zero
        (True, "1970-01-01T00:00:00.0000001Z", "0.0000000000000000000000000001", 9007199254740993,
         "123e27de-1e4e-49d9-b579-fe0b331d3642", 0, 0, 5e-324, "null", "00:00:00.0000001"),
    ),
)

_PROPERTY_COLUMNS: Columns = (("TableId", "int"), ("Key", "string"), ("Value", "dynamic"))
_COMPLETION_COLUMNS: Columns = (
    ("Timestamp", "datetime"), ("ClientRequestId", "string"), ("ActivityId", "guid"),
    ("SubActivityId", "guid"), ("ParentActivityId", "guid"), ("Level", "int"), ("LevelName", "string"),
    ("StatusCode", "int"), ("StatusCodeName", "string"), ("EventType", "int"), ("EventTypeName", "string"),
    ("Payload", "string"),
)
_STATUS_COLUMNS: Columns = (
    ("Timestamp", "datetime"), ("Severity", "int"), ("SeverityName", "string"), ("StatusCode", "int"),
    ("StatusDescription", "string"), ("Count", "int"), ("RequestId", "guid"), ("ActivityId", "guid"),
    ("SubActivityId", "guid"), ("ClientActivityId", "string"),
)
_CONTENTS_COLUMNS: Columns = (
    ("Ordinal", "long"), ("Kind", "string"), ("Name", "string"), ("Id", "string"), ("PrettyName", "string"),
)
# The .NET names by which v1 calls the types, and by which alone older servers do.
_DATA_TYPES = {
    "bool": "SByte", "datetime": "DateTime", "decimal": "SqlDecimal", "dynamic": "Object", "guid": "Guid",
    "int": "Int32", "long": "Int64", "real": "Double", "string": "String", "timespan": "TimeSpan",
}
# fmt: on
# By the first letters of an inner error's code: its type, and how its outer error's message introduces it.
_INNER_ERRORS = {
    "SEM": ("Kusto.Data.Exceptions.SemanticException", "Semantic error: "),
    "SYN": ("Kusto.Data.Exceptions.SyntaxException", "Syntax error: "),
}
_PARTIAL_FAILURE = ("Kusto.Data.Exceptions.KustoServicePartialQueryFailureException", "")
_TIMESTAMP = "2024-01-01T00:00:01.1929946Z"
_CLIENT_REQUEST = "kqlext.tests;13f8c6dc-03f8-4498-b7bb-486a657a08a5"
_ACTIVITY = "8777407f-caf3-4eed-ae73-90fba370bd93"


def encode(value: Any) -> bytes:
    """JSON in UTF-8, compact; raises on a float NaN, which Kusto sends as a string."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def v2(
    *tables: TableSpec,
    visualization: Visualizations = None,
    errors: Sequence[Mapping[str, Any]] = (),
    row_errors: Mapping[str, Any] | None = None,
    deferred_error: str | None = None,
    statistics: Mapping[str, Any] | None = None,
    completion: bool = True,
    properties: bool = True,
) -> bytes:
    """A v2 answer of whole tables.

    The three ways in which a 200 tells of an error: `errors` (OneApi errors) stand in DataSetCompletion,
    `row_errors` (`{"OneApiErrors": [...]}`) is the last element of the last table's Rows, and
    `deferred_error` is the text of a Level 2 row of QueryCompletionInformation.
    Without `completion` the last frame is missing, without `properties` @ExtendedProperties is.
    """
    header = {"FrameType": "DataSetHeader", "IsProgressive": False, "Version": "v2.0"}
    frames = [_data_table(identity, table) for identity, table in enumerate(tables, 1)]
    if row_errors is not None:
        frames[-1]["Rows"].append(dict(row_errors))
    last = _data_set_completion(errors, has_errors=bool(errors) or row_errors is not None)
    return encode(
        [
            header,
            *([_properties_table(len(tables), visualization)] if properties else []),
            *frames,
            _completion_table(len(tables) + 1, statistics, deferred_error),
            *([last] if completion else []),
        ]
    )


def v2_fragmented(
    *tables: TableSpec,
    rows_per_fragment: int = 2,
    newlines: bool = True,
    visualization: Visualizations = None,
    errors: Sequence[Mapping[str, Any]] = (),
    table_errors: Sequence[Mapping[str, Any]] = (),
    statistics: Mapping[str, Any] | None = None,
) -> bytes:
    """A v2 answer whose primary tables come in pieces: one frame a line, behind `[` or `,`; a last line `]`.

    `table_errors` stand in the last TableCompletion, `errors` in DataSetCompletion. Without `newlines` the
    frames are the same on one line.
    """
    header = {"FrameType": "DataSetHeader", "IsProgressive": False, "Version": "v2.0", "IsFragmented": True}
    frames = [
        {**header, "ErrorReportingPlacement": "EndOfTable"},
        _properties_table(len(tables), visualization),
    ]
    for identity, table in enumerate(tables, 1):
        frames.append(_table_header(identity, table))
        frames.extend(_appended(identity, table, rows_per_fragment))
        frames.append(_table_completion(identity, table))
    if table_errors:
        frames[-1]["OneApiErrors"] = list(table_errors)
    frames.append(_completion_table(len(tables) + 1, statistics, None))
    frames.append(_data_set_completion(errors, has_errors=bool(errors or table_errors)))
    separator = b"\n" if newlines else b""
    return b"[" + (separator + b",").join(encode(frame) for frame in frames) + separator + b"]"


def v2_progressive(*tables: TableSpec, rows_per_fragment: int = 2, visualization: Visualizations = None) -> bytes:
    """A progressive v2 answer: the first rows appended, then all of them replaced, with progress between."""
    frames: list[JsonObject] = [
        {"FrameType": "DataSetHeader", "IsProgressive": True, "Version": "v2.0"},
        _properties_table(len(tables), visualization),
    ]
    for identity, table in enumerate(tables, 1):
        width = {"FieldCount": len(table.columns)}
        preview = replace(table, rows=table.rows[:rows_per_fragment])
        frames.append(_table_header(identity, table))
        frames.extend(width | frame for frame in _appended(identity, preview, rows_per_fragment))
        frames.append(_progress(identity, 50.0))
        frames.append(width | _fragment(identity, "DataReplace", table.rows))
        frames.append(_progress(identity, 100.0))
        frames.append(_table_completion(identity, table))
    frames.append(_completion_table(len(tables) + 1, None, None))
    return encode([*frames, _data_set_completion((), has_errors=False)])


def v1(
    *tables: TableSpec,
    column_types: bool = True,
    contents: bool | None = None,
    visualization: Mapping[str, Any] | None = None,
) -> bytes:
    """A v1 answer: for one table that table alone, as commands answer; for more, or with `contents`, the
    tables, @ExtendedProperties, QueryStatus and the table of contents, as /v1/rest/query answers.

    Without `column_types` a column has only its .NET DataType, as on older servers.
    """
    with_contents = len(tables) > 1 if contents is None else contents
    every = [*tables, *(_v1_endings(tables, visualization) if with_contents else [])]
    return encode(
        {
            "Tables": [
                {
                    "TableName": f"Table_{ordinal}",
                    "Columns": [_v1_column(name, kind, column_types) for name, kind in table.columns],
                    "Rows": [list(row) for row in table.rows],
                }
                for ordinal, table in enumerate(every)
            ]
        }
    )


def one_api_error(
    code: str,
    message: str,
    inner_code: str | None = None,
    inner_message: str | None = None,
    permanent: bool = True,
    line: int | None = None,
    position: int | None = None,
    text: str | None = None,
) -> JsonObject:
    """An error as OneApi writes it, a dict since it is the body of a failure or a part of an answer.

    The outer `@message` repeats what the inner error says, as the service does: the SDK shows that one.
    """
    inner_type, introduction = _INNER_ERRORS.get((inner_code or "")[:3], _PARTIAL_FAILURE)
    error: JsonObject = {
        "code": code,
        "message": message,
        "@type": "Kusto.Data.Exceptions.KustoBadRequestException",
        "@message": f"{message} {introduction}{inner_code}: {inner_message}" if inner_code else message,
        "@context": {
            "timestamp": _TIMESTAMP,
            "serviceAlias": "KQLEXTTESTS",
            "clientRequestId": _CLIENT_REQUEST,
            "activityId": _ACTIVITY,
        },
        "@permanent": permanent,
        "@text": text,
    }
    if inner_code is not None:
        place = {"@line": line, "@pos": position}
        error["innererror"] = {
            "code": inner_code,
            "message": inner_message,
            "@type": inner_type,
            "@errorCode": inner_code,
            "@errorMessage": inner_message,
            **{key: value for key, value in place.items() if value is not None},
        }
    return {"error": {key: value for key, value in error.items() if value is not None}}


def cloud_metadata(
    login_endpoint: str = "https://login.microsoftonline.com",
    resource: str = "https://kusto.kusto.windows.net",
    mfa_required: bool = False,
) -> bytes:
    """What GET /v1/rest/auth/metadata answers: where a client signs in, and for what."""
    return encode(
        {
            "AzureAD": {
                "LoginEndpoint": login_endpoint,
                "LoginMfaRequired": mfa_required,
                "KustoClientAppId": "db662dc1-0cfe-4e1c-a843-19a68e65be58",
                "KustoClientRedirectUri": "https://microsoft/kustoclient",
                "KustoServiceResourceId": resource,
                "FirstPartyAuthorityUrl": f"{login_endpoint}/f8cdef31-a31e-4b4a-93e4-5f571e91255a",
            }
        }
    )


def _data_table(identity: int, table: TableSpec, kind: str = "PrimaryResult") -> JsonObject:
    return {
        "FrameType": "DataTable",
        **_description(identity, table, kind),
        "Rows": [list(row) for row in table.rows],
    }


def _table_header(identity: int, table: TableSpec) -> JsonObject:
    return {"FrameType": "TableHeader", **_description(identity, table, "PrimaryResult")}


def _description(identity: int, table: TableSpec, kind: str) -> JsonObject:
    return {
        "TableId": identity,
        "TableKind": kind,
        "TableName": table.name,
        "Columns": [{"ColumnName": name, "ColumnType": kusto_type} for name, kusto_type in table.columns],
    }


def _fragment(identity: int, kind: str, rows: Iterable[Sequence[Any]]) -> JsonObject:
    return {
        "FrameType": "TableFragment",
        "TableFragmentType": kind,
        "TableId": identity,
        "Rows": [list(row) for row in rows],
    }


def _appended(identity: int, table: TableSpec, rows_per_fragment: int) -> Iterator[JsonObject]:
    for start in range(0, len(table.rows), rows_per_fragment):
        yield _fragment(identity, "DataAppend", table.rows[start : start + rows_per_fragment])


def _progress(identity: int, percent: float) -> JsonObject:
    return {"FrameType": "TableProgress", "TableId": identity, "TableProgress": percent}


def _table_completion(identity: int, table: TableSpec) -> JsonObject:
    return {"FrameType": "TableCompletion", "TableId": identity, "RowCount": len(table.rows)}


def _data_set_completion(errors: Sequence[Mapping[str, Any]], *, has_errors: bool) -> JsonObject:
    completion = {"FrameType": "DataSetCompletion", "HasErrors": has_errors, "Cancelled": False}
    return completion | ({"OneApiErrors": list(errors)} if errors else {})


def _properties_table(primary_tables: int, visualization: Visualizations) -> JsonObject:
    """@ExtendedProperties: for each primary table its visualization, which is JSON text inside the JSON."""
    several = visualization is not None and not isinstance(visualization, Mapping)
    given = visualization if several else [visualization] * primary_tables
    rows = [[identity, "Visualization", _rendering(one)] for identity, one in enumerate(given or (), 1)]
    table = TableSpec("@ExtendedProperties", _PROPERTY_COLUMNS, rows)
    return _data_table(0, table, "QueryProperties")


def _rendering(visualization: Any) -> str:
    return encode(NO_VISUALIZATION | dict(visualization or {})).decode()


def _completion_table(identity: int, statistics: Mapping[str, Any] | None, deferred_error: str | None) -> JsonObject:
    """QueryCompletionInformation: how the query went, and what it used."""
    success = {"Count": 1, "Text": "Query completed successfully"}
    information = (4, "Info", 0, "S_OK (0)", 4, "QueryInfo", encode(success).decode())
    too_large = "E_QUERY_RESULT_SET_TOO_LARGE (0x80DA0003)"
    payload = encode({"Count": 1, "Text": deferred_error}).decode()
    failure = (2, "Error", -2133196797, too_large, 5, "QueryLimitsExceeded", payload)
    resources = encode(dict(statistics or STATISTICS)).decode()
    consumption = (6, "Stats", 0, "S_OK (0)", 0, "QueryResourceConsumption", resources)
    prefix = (_TIMESTAMP, _CLIENT_REQUEST, _ACTIVITY, _ACTIVITY, _ACTIVITY)
    first = information if deferred_error is None else failure
    rows = [(*prefix, *first), (*prefix, *consumption)]
    name = "QueryCompletionInformation"
    return _data_table(identity, TableSpec(name, _COMPLETION_COLUMNS, rows), name)


def _v1_column(name: str, kusto_type: str, column_types: bool) -> JsonObject:
    column = {"ColumnName": name, "DataType": _DATA_TYPES[kusto_type]}
    return column | ({"ColumnType": kusto_type} if column_types else {})


def _v1_endings(
    tables: Sequence[TableSpec], visualization: Mapping[str, Any] | None
) -> tuple[TableSpec, TableSpec, TableSpec]:
    """What follows the results of a v1 query; only the last of these tables says what each of them is."""
    rendering = TableSpec("@ExtendedProperties", (("Value", "string"),), [(_rendering(visualization),)])
    completed = (_TIMESTAMP, 4, "Info", 0, "Query completed successfully", 1)
    status_row = (*completed, _ACTIVITY, _ACTIVITY, _ACTIVITY, _CLIENT_REQUEST)
    status = TableSpec("QueryStatus", _STATUS_COLUMNS, [status_row])
    kinds = ["QueryResult"] * len(tables) + ["QueryProperties", "QueryStatus"]
    names = [table.name for table in (*tables, rendering, status)]
    entries = [
        (ordinal, kind, name, f"{_ACTIVITY[:-2]}{ordinal:02}", "")
        for ordinal, (kind, name) in enumerate(zip(kinds, names, strict=True))
    ]
    return rendering, status, TableSpec("TableOfContents", _CONTENTS_COLUMNS, entries)
