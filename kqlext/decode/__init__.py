"""Response -> DataSet: wire bytes and Arrow tables become typed columns."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import replace

from kqlext.decode import arrow_tables, azure_tables, hunting, kusto_frames, resource_graph
from kqlext.decode.tables import Column, DataSet, Table
from kqlext.errors import KqlError
from kqlext.services.base import Response

__all__ = ["Column", "DataSet", "Table", "decode", "kept"]


def kept(response: Response) -> tuple[Response, tuple[bytes, ...]]:
    """A response with its whole body read, and that body or its pages; none of an engine in this process.

    Raises:
        KqlNetworkError: the answer breaks off while it arrives.
    """
    if response.pieces is not None:
        with closing(response.pieces) as pieces:
            response = replace(response, body=b"".join(pieces), pieces=None)
    return response, response.pages or ((response.body,) if response.body else ())


def _kusto_v2(response: Response) -> DataSet:
    if response.pieces is None:
        return kusto_frames.decode_v2(response.body)
    with closing(response.pieces) as pieces:
        return kusto_frames.decode_v2_pieces(pieces, response.progress)


_DECODERS: dict[str, Callable[[Response], DataSet]] = {
    "kusto_v2": _kusto_v2,
    "kusto_v1": lambda response: kusto_frames.decode_v1(response.body),
    "azure_tables": lambda response: azure_tables.decode_azure_tables(response.body),
    "arrow": lambda response: arrow_tables.decode_arrow(response.tables),
    "hunting": lambda response: hunting.decode_hunting(response.body),
    "resource_graph": lambda response: resource_graph.decode_pages(response.pages),
}


def decode(response: Response) -> DataSet:
    """Decode a response of any service.

    Raises:
        KqlResponseError: the answer is not what the protocol promises.
        KqlQueryError: the answer says that the query failed, and holds no row.
        KqlNetworkError: the answer breaks off while it arrives.
    """
    try:
        data_set = _DECODERS[response.format](response)
    except KqlError as error:
        error.request_id = error.request_id or response.client_request_id
        raise
    return replace(
        data_set,
        visualization=data_set.visualization or response.visualization,
        warnings=(*response.warnings, *data_set.warnings),
        partial=data_set.partial or response.partial,
    )
