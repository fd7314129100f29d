"""The pages of an answer of Azure Resource Graph -> ``DataSet``.

Source: "Resources" of the Resource Graph REST reference, result format ``table``; for what cuts a result short,
"Working with large Azure resource data sets". A page:

    {"totalRecords": 2, "count": 1, "resultTruncated": "false", "$skipToken": "...",
     "data": {"columns": [{"name": "id", "type": "string"}], "rows": [["/subscriptions/..."]]}}
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from kqlext.decode.columns import TableBuilder
from kqlext.decode.tables import DataSet
from kqlext.decode.wire import load_json, reading
from kqlext.errors import KqlResponseError
from kqlext.text import plural

PAGE_ROWS = 1_000
"""The most rows of a page."""

_TYPES = {"integer": "long", "number": "real", "boolean": "bool", "object": "dynamic"}
_HINT = "check that the address is Azure Resource Manager and that no proxy changes its answers"


def decode_pages(bodies: Sequence[bytes]) -> DataSet:
    """Decode the pages of one query: their rows in the order in which they came.

    Raises:
        KqlResponseError: a page is no JSON, is cut off, has no table, or has other columns than the first.
    """
    with reading("A page"):
        return _data_set([load_json(body) for body in bodies])


def _data_set(pages: Sequence[Any]) -> DataSet:
    tables = [_table(page) for page in pages]
    builder = TableBuilder("PrimaryResult", _columns(tables))
    for table in tables:
        builder.add(table["rows"])
    warnings: list[str] = []
    made = builder.finish(warnings)
    missing = _missing(pages, made.num_rows)
    return DataSet((made,), warnings=(*missing, *warnings), partial=bool(missing))


def _table(page: Any) -> Mapping[str, Any]:
    data = page.get("data") if isinstance(page, dict) else None
    if not isinstance(data, dict) or not isinstance(data.get("rows"), list):
        raise KqlResponseError("The answer holds no table of resources.", hint=_HINT)
    return data


def _columns(tables: Sequence[Mapping[str, Any]]) -> list[tuple[str, str]]:
    """Names and Kusto types; a column is dynamic where its type is not the same on each page."""
    names = [[str(column["name"]) for column in table["columns"]] for table in tables]
    if any(other != names[0] for other in names):
        raise KqlResponseError("The pages of the answer have not the same columns.", hint="run the cell again")
    kinds = [{str(table["columns"][index]["type"]) for table in tables} for index in range(len(names[0]))]
    single = [next(iter(kind)) if len(kind) == 1 else "object" for kind in kinds]
    return [(name, _TYPES.get(kind, kind)) for name, kind in zip(names[0], single, strict=True)]


def _missing(pages: Sequence[Mapping[str, Any]], count: int) -> list[str]:
    """What to say where the service kept rows back.

    It also says ``resultTruncated`` where a query asks for more rows than there are; then all of them came.
    """
    last, total = pages[-1], pages[0].get("totalRecords")
    all_came = isinstance(total, int) and count >= total
    truncated = str(last.get("resultTruncated")).lower() == "true"
    if truncated and not (all_came and count < PAGE_ROWS):
        of = f" of {total:,}" if isinstance(total, int) and total > count else ""
        return [
            f"The result is not complete: {plural(count, 'row')}{of} came, and the service gives no further page. It "
            "pages only where the result has the column id (or another that is not dynamic), and the query no take, "
            "limit or sample: keep id in what is projected, or summarize."
        ]
    if not all_came and isinstance(total, int):
        return [f"The service announced {total:,} rows, {count:,} came."]
    return []
