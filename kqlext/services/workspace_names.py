"""The name of a Log Analytics workspace -> its id, through Azure Resource Graph.

Names are unique within a resource group only: where several workspaces have the name, the user takes one.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson

from kqlext.errors import KqlConnectionError, KqlError, KqlQueryError, KqlResponseError, KqlServiceError
from kqlext.services.azure_errors import LOG_ANALYTICS
from kqlext.services.base import Query, Response
from kqlext.services.resource_graph import ResourceGraphService

_TIMEOUT = 60.0  # seconds for all of the answer
_MOST_LISTED = 10
# Only what `monitor_targets` takes for a name stands in the quotes: letters, digits, hyphens.
_QUERY = (
    "Resources | where type =~ 'microsoft.operationalinsights/workspaces' and name =~ '{name}' "
    "| project id, subscriptionId, resourceGroup, workspaceId = tostring(properties.customerId) | order by id asc"
)
_GIVE_THE_ID = f"give the workspace's id: {LOG_ANALYTICS.where_the_id_stands}"


class WorkspaceLookup:
    """Looks for one name among the workspaces that its user may read."""

    def __init__(self, name: str, graph: ResourceGraphService) -> None:
        """Args: name: letters, digits and hyphens. graph: asked for the whole tenant."""
        self._name = name
        self._graph = graph

    def authorize(self) -> None:
        """Have a token for the lookup. Raises as ``workspace`` does."""
        try:
            self._graph.authorize()
        except KqlError as error:
            raise self._failed(error) from None

    def workspace(self) -> tuple[str, str]:
        """The id of the workspace with the name, and its Azure resource id.

        Raises:
            KqlConnectionError: there is none, or more than one.
            KqlError: the service cannot be asked, or left something out; the message says that it was the lookup.
        """
        try:
            response = self._graph.execute(Query(_QUERY.format(name=self._name), timeout=_TIMEOUT))
            if response.partial:
                raise KqlServiceError(response.warnings[-1], request_id=response.client_request_id)
            found = list(_rows(response))
        except KqlError as error:
            raise self._failed(error) from None
        if not found:
            raise KqlConnectionError(
                f"There is no workspace {self._name} among those that you may read.",
                hint=f"check the name and the tenant you are signed in to; the lookup needs the role Reader on the "
                f"workspace or its subscription; or {_GIVE_THE_ID}",
            )
        if len(found) > 1:
            raise self._several(found)
        return str(found[0]["workspaceId"]), str(found[0]["id"])

    def close(self) -> None:
        self._graph.close()

    def _failed(self, error: KqlError) -> KqlError:
        # A refused query would point into the cell, which does not hold it.
        kind = KqlServiceError if isinstance(error, KqlQueryError) else type(error)
        return kind(
            f"The lookup of the workspace's name {self._name} failed: {error.message}",
            hint="; or ".join(filter(None, (error.hint, _GIVE_THE_ID))),
            code=error.code,
            request_id=error.request_id,
        )

    def _several(self, found: list[dict[str, Any]]) -> KqlConnectionError:
        lines = [
            f"  {row['workspaceId']} in resource group {row['resourceGroup']}, subscription {row['subscriptionId']}"
            for row in found[:_MOST_LISTED]
        ]
        more = [f"  and {len(found) - _MOST_LISTED} more"] if len(found) > _MOST_LISTED else []
        return KqlConnectionError(
            "\n".join([f"There are {len(found)} workspaces called {self._name}:", *lines, *more]),
            hint=f"take one by its id: workspace='{found[0]['workspaceId']}'",
        )


def _rows(response: Response) -> Iterator[dict[str, Any]]:
    """The rows of all pages, by column."""
    try:
        for page in response.pages:
            data = orjson.loads(page)["data"]
            names = [str(column["name"]) for column in data["columns"]]
            for row in data["rows"]:
                found = dict(zip(names, row, strict=True))
                yield {name: found[name] for name in ("id", "workspaceId", "resourceGroup", "subscriptionId")}
    except (LookupError, TypeError, ValueError) as error:
        raise KqlResponseError(f"The answer is malformed: {type(error).__name__} {error}.") from None
