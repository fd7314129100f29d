"""What a table says of the processes of a forest, as texts. Nothing of it is read before it is asked for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from kqlext.errors import KqlConversionError
from kqlext.process_trees.building import Forest
from kqlext.process_trees.reading import NO_TIME, Numbers, host_name, id_text, is_hexadecimal, mapped, text_of
from kqlext.process_trees.schemas import Columns
from kqlext.text import did_you_mean, listing

Text = str | None
"""What is known of a process: None is nothing."""

_TOLD: tuple[Mapping[str, str], ...] = (
    {},
    {"process_id": "parent_id", "name": "parent_name", "time": "parent_created", "created": "parent_created",
     "command_line": "parent_command_line", "user": "parent_user", "host": "host"},
    {"process_id": "grandparent_id", "name": "grandparent_name", "time": "grandparent_created",
     "created": "grandparent_created", "host": "host"},
)  # fmt: skip
"""By generation: what a child's row, or a grandchild's, tells of a process of which there is no start."""

_TICKS = 10_000_000  # a second


class Processes:
    """A forest with the table that it was made from.

    Attributes:
        frame: the table.
        columns: which of its columns say what.
        forest: the processes; ``texts`` and all else here are in its order.
    """

    def __init__(self, frame: pd.DataFrame, columns: Columns, forest: Forest) -> None:
        self.frame, self.columns, self.forest = frame, columns, forest
        self.hexadecimal = is_hexadecimal(frame[columns.fields["process_id"]])
        self._texts: dict[str, list[Text]] = {}

    def texts(self, field: str) -> list[Text]:
        """What is known of a field (``name``, ``user`` ...) of each process; ids are in decimal digits."""
        if field not in self._texts:
            self._texts[field] = self._read(field)
        return self._texts[field]

    def _read(self, field: str) -> list[Text]:
        read = id_text if field == "process_id" else text_of
        found = np.full(len(self.forest), None, dtype=object)
        for generation, column in self._sources(field):
            places = np.flatnonzero(self.forest.generation == generation)
            found[places] = mapped(self.frame[column].iloc[self.forest.row[places]], read)
        return list(found)

    def _sources(self, field: str) -> list[tuple[int, str]]:
        """For each generation the column that tells of the field."""
        fields = [field, *(told.get(field, "") for told in _TOLD[1:])]
        known = self.columns.fields
        return [(generation, known[name]) for generation, name in enumerate(fields) if name in known]

    def column(self, name: str) -> list[Text]:
        """The values of a column of the table, or of a field, as texts.

        Raises:
            KqlConversionError: there is no such column.
        """
        for field, column in self.columns.fields.items():
            if name.lower() in (column.lower(), field):
                return self.texts(field)
        there = {str(column).lower(): column for column in self.frame.columns}
        if name.lower() not in there:
            hint = (
                did_you_mean(name, map(str, self.frame.columns)) or f"there are {listing(map(str, self.frame.columns))}"
            )
            raise KqlConversionError(f"There is no column {name}.", hint=hint)
        values = mapped(self.frame[there[name.lower()]].iloc[self.forest.row], text_of)
        starts = (self.forest.generation == 0).tolist()
        return [value if start else None for value, start in zip(values, starts, strict=True)]

    @cached_property
    def keys(self) -> list[str]:
        """``host|id|time``, which no two processes have: where they would, those behind the first have a number."""
        parts = (self.texts("host"), self.texts("process_id"), moments(self.forest.time, "T", "Z"))
        seen: Counter[str] = Counter()
        keys = []
        for host, process_id, time in zip(*parts, strict=True):
            key = f"{host or ''}|{process_id}|{time or '?'}"
            seen[key] += 1
            keys.append(key if seen[key] == 1 else f"{key}|{seen[key]}")
        return keys

    @cached_property
    def hosts(self) -> list[str]:
        """The host of each process, in the spelling that comes first in the tree."""
        spelled: dict[str, str] = {}
        return [spelled.setdefault(host_name(host) or "", host or "") for host in self.texts("host")]

    def rows(self, places: Numbers) -> pd.DataFrame:
        """The table's rows for some processes; of those without a start, what other rows tell of them."""
        forest = self.forest
        starts = forest.generation[places] == 0
        part: pd.DataFrame = self.frame.iloc[forest.row[places]].reset_index(drop=True)
        if starts.all():
            return part
        filled = {column: _kept(part[column], starts) for column in part.columns}
        for field, column in self.columns.fields.items():
            for generation, source in self._sources(field)[1:]:
                here = forest.generation[places] == generation
                filled[column] = _set(filled[column], here, part[source])
        return pd.DataFrame(filled)


def _kept(series: Any, where: Numbers) -> Any:
    """The values where they are wanted, and nulls elsewhere: whole numbers stay such."""
    if pd.api.types.is_integer_dtype(series.dtype):
        series = series.astype(f"{'U' if series.dtype.kind == 'u' else ''}Int{8 * series.dtype.itemsize}")
    elif pd.api.types.is_bool_dtype(series.dtype):
        series = series.astype("boolean")
    return series.where(where)


def _set(series: Any, where: Numbers, values: Any) -> Any:
    """The series with other values in some places, as an object column where its type does not hold them."""
    try:
        changed = series.copy()
        changed[where] = values[where]
        return changed
    except (TypeError, ValueError):
        changed = series.astype(object)
        changed[where] = values[where].astype(object)
        return changed


def moments(ticks: Numbers, between: str = " ", behind: str = "") -> list[Text]:
    """Times in UTC, each with as many digits as it needs: no fraction, or 3, 6 or 7 digits of one."""
    there = ticks != NO_TIME
    seconds, fractions = np.divmod(np.where(there, ticks, 0), _TICKS)
    texts = np.datetime_as_string(seconds.astype("datetime64[s]")).tolist()
    return [
        f"{text[:10]}{between}{text[11:]}{_fraction(fraction)}{behind}" if known else None
        for text, fraction, known in zip(texts, fractions.tolist(), there.tolist(), strict=True)
    ]


def _fraction(ticks: int) -> str:
    if not ticks:
        return ""
    digits = 3 if not ticks % 10_000 else 6 if not ticks % 10 else 7
    return f".{ticks:07}"[: digits + 1]


def short_name(name: str | None) -> str:
    """The last part of a path, as it is written."""
    return (name or "?").rstrip("\\/").replace("/", "\\").rpartition("\\")[2] or "?"
