"""The answer of Microsoft Graph's ``runHuntingQuery`` -> ``DataSet``.

Source: "security: runHuntingQuery" of the Graph reference. The schema names the columns in their order, with .NET
types (``DateTime``, ``Int64``, ``SByte``); a result is an object by column name, in which nulls may be left out:

    {"schema": [{"name": "Timestamp", "type": "DateTime"}], "results": [{"Timestamp": "2024-03-26T09:39:50.7Z"}]}
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from kqlext.decode.columns import make_table
from kqlext.decode.tables import DataSet
from kqlext.decode.wire import load_json, reading
from kqlext.errors import KqlResponseError

MOST_ROWS = 100_000
"""Rows after which the service cuts a result, without saying so."""

_HINT = "check that the address is Microsoft Graph and that no proxy changes its answers"


def decode_hunting(body: bytes) -> DataSet:
    """Decode an answer.

    Raises:
        KqlResponseError: it is no JSON, is cut off, or has no schema.
    """
    with reading("A result"):
        return _data_set(load_json(body))


def _data_set(answer: Any) -> DataSet:
    schema = answer.get("schema", answer.get("Schema")) if isinstance(answer, dict) else None
    if not isinstance(schema, list):
        raise KqlResponseError("The answer holds no schema of hunting results.", hint=_HINT)
    results = answer.get("results", answer.get("Results"))
    if not isinstance(results, list) or not set(map(type, results)) <= {dict}:
        raise KqlResponseError("The answer holds no list of hunting results.", hint=_HINT)
    columns = [(str(_either(entry, "name")), str(_either(entry, "type"))) for entry in schema]
    values = ([row.get(name) for row in results] for name, _ in columns)
    warnings = _unnamed(columns, results)
    table = make_table("PrimaryResult", columns, values, len(results), warnings)
    full = len(results) >= MOST_ROWS
    if full:
        warnings.append(
            f"The result may not be complete: it has {MOST_ROWS:,} rows, the most that the service gives. "
            "Filter or summarize in the query, or -split 1h with -timespan asks in pieces."
        )
    return DataSet((table,), warnings=tuple(warnings), partial=full)


def _either(entry: Mapping[str, Any], key: str) -> Any:
    """A key of the schema, which Graph writes in lower case and older services with a capital."""
    return entry[key] if key in entry else entry[key.capitalize()]


def _unnamed(columns: Sequence[tuple[str, str]], results: Sequence[Mapping[str, Any]]) -> list[str]:
    """What to say of values under names that the schema does not have. OData's own names hold an ``@``."""
    known = {name for name, _ in columns}
    others = sorted(name for name in set().union(*results) - known if "@" not in name)
    return [f"The results hold values under {', '.join(others)}, which the schema does not name."] if others else []
