"""One row of a result."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, overload

from kqlext.text import did_you_mean


class Row(Sequence[Any]):
    """One row: ``row[0]``, ``row['column']``, iteration over values, ``row.asdict()``."""

    __slots__ = ("_names", "_values")

    def __init__(self, names: Sequence[str], values: Sequence[Any]) -> None:
        self._names = names
        self._values = tuple(values)

    def __len__(self) -> int:
        return len(self._values)

    @overload
    def __getitem__(self, key: int | str) -> Any: ...
    @overload
    def __getitem__(self, key: slice) -> tuple[Any, ...]: ...
    def __getitem__(self, key: int | str | slice) -> Any:
        if isinstance(key, str):
            if key not in self._names:
                raise KeyError(
                    f"no column {key!r}; {did_you_mean(key, self._names) or 'columns: ' + ', '.join(self._names)}"
                )
            return self._values[self._names.index(key)]
        return self._values[key]

    def keys(self) -> list[str]:
        """The names of the columns."""
        return list(self._names)

    def asdict(self) -> dict[str, Any]:
        """Column -> value; of columns with one name the last counts."""
        return dict(zip(self._names, self._values, strict=True))

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Row):
            return self._names == other._names and self._values == other._values
        return self._values == other if isinstance(other, tuple) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._values)

    def __repr__(self) -> str:
        return f"Row({', '.join(f'{name}={value!r}' for name, value in zip(self._names, self._values, strict=True))})"
