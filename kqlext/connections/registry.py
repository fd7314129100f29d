"""The open connections of one session and the current one. Owned by KqlMagics or by a script, never a global."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from kqlext.connections.strings import ConnectionName, ConnectionSpec, parse_connection
from kqlext.errors import KqlConnectionError
from kqlext.references import hide_secrets
from kqlext.services.base import Service
from kqlext.text import did_you_mean


@dataclass(frozen=True)
class Connection:
    """An open connection: its name, its cluster's friendly name, and the service behind it."""

    name: str
    cluster: str
    spec: ConnectionSpec
    service: Service

    @property
    def id(self) -> str:
        """``name@cluster``, by which a cell switches to it."""
        return f"{self.name}@{self.cluster}"


_CLUSTERS = ("azuredataexplorer", "aria")
"""Schemes of clusters, on which are further databases."""

Opener = Callable[[ConnectionSpec], Service]
"""Makes the service of a spec whose values are all texts. Sends nothing."""


class Registry:
    """Open connections by ``name@cluster``. A connect that fails changes nothing."""

    def __init__(self, opener: Opener) -> None:
        self._opener = opener
        self._connections: dict[str, Connection] = {}
        self.current: Connection | None = None

    def __iter__(self) -> Iterator[Connection]:
        return iter(self._connections.values())

    def __len__(self) -> int:
        return len(self._connections)

    def open(
        self,
        text: str | ConnectionSpec,
        resolve: Callable[[ConnectionSpec], ConnectionSpec],
        validate: Callable[[Service], object] | None,
    ) -> Connection:
        """Open what ``text`` names, or find it open; the current connection stays.

        Args:
            text: a connection string, ``name@cluster``, or a connection that was read already.
            resolve: gives a spec with the notebook's and the environment's values in it.
            validate: raises unless a service that was not open before can be used; None asks nothing.

        Raises:
            KqlConnectionError: the text cannot be read, or names nothing that is open.
            KqlError: the service is not there or refuses; the current connection stays as it was.
        """
        parsed = parse_connection(text) if isinstance(text, str) else text
        if isinstance(parsed, ConnectionName):
            return self._named(parsed, validate)
        return self._opened(self._inherit(resolve(parsed)), validate)

    def find(self, name: str) -> Connection:
        """The open connection called ``name@cluster``, or ``name`` where only one is called so.

        Raises:
            KqlConnectionError: there is none, or more than one.
        """
        found = [item for item in self if name in (item.id, item.name, f"{item.service.info.database}@{item.cluster}")]
        exact = [item for item in found if item.id == name]
        if len(exact or found) == 1:
            return (exact or found)[0]
        raise self._unknown(name, "is the name of several connections" if found else "is no open connection")

    def close(self, connection: Connection) -> None:
        """Close a connection; where it was the current one, there is no current one afterwards."""
        self._connections.pop(connection.id, None)
        if self.current is connection:
            self.current = None
        connection.service.close()

    def close_all(self) -> None:
        for connection in list(self):
            self.close(connection)

    def _named(self, name: ConnectionName, validate: Callable[[Service], object] | None) -> Connection:
        """An open connection, or another database on the cluster of an open one."""
        wanted = f"{name.name}@{name.cluster}"
        try:
            return self.find(wanted)
        except KqlConnectionError:
            clusters = (item for item in self if item.spec.scheme in _CLUSTERS)
            sibling = next((item for item in clusters if item.cluster == name.cluster), None)
            if sibling is None:
                raise
        keys = tuple((key, value) for key, value in sibling.spec.keys if key not in ("database", "alias"))
        return self._opened(replace(sibling.spec, keys=(*keys, ("database", name.name))), validate)

    def _opened(self, spec: ConnectionSpec, validate: Callable[[Service], object] | None) -> Connection:
        for connection in self:
            if connection.spec == spec:
                return connection
        service = self._opener(spec)
        try:
            if validate is not None:
                validate(service)
        except BaseException:
            service.close()
            raise
        name = self._free_name(str(spec.get("alias") or service.info.database), service.info.cluster, spec)
        connection = Connection(name, service.info.cluster, spec, service)
        replaced = self._connections.pop(connection.id, None)
        self._connections[connection.id] = connection
        if replaced is not None:
            if self.current is replaced:
                self.current = None  # until the caller says so, queries go nowhere else than they did
            replaced.service.close()
        return connection

    def _free_name(self, name: str, cluster: str, spec: ConnectionSpec) -> str:
        """The name, or one with a number where something else that is open has it, which would be closed.

        A database of a cluster is the same under the same name, however it signs in: it takes the other one's place.
        """
        if spec.scheme in _CLUSTERS:
            return name
        numbers = (f"{name}_{number}" for number in itertools.count(2))
        return next(free for free in itertools.chain([name], numbers) if f"{free}@{cluster}" not in self._connections)

    def _inherit(self, spec: ConnectionSpec) -> ConnectionSpec:
        """A Kusto spec without a cluster is on the current one, signed in as there (Kqlmagic's rule)."""
        if spec.scheme != "azuredataexplorer" or "cluster" in spec:
            return spec
        if self.current is None or "cluster" not in self.current.spec:
            raise KqlConnectionError(
                "The connection names no cluster, and no cluster is connected.",
                hint="write cluster='help', or https://help.kusto.windows.net/Samples",
            )
        own = {key for key, _ in spec.keys}
        inherited = [(key, value) for key, value in self.current.spec.keys if key not in own and key != "alias"]
        return replace(spec, keys=(*inherited, *spec.keys))

    def _unknown(self, name: str, what: str) -> KqlConnectionError:
        names = [connection.id for connection in self]
        known = f"open are {', '.join(names)}" if names else "none is open: connect first, for example %kql samples"
        return KqlConnectionError(f"{hide_secrets(name)} {what}.", hint=did_you_mean(name, names, cutoff=0.8) or known)
