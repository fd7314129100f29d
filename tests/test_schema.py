"""Schemas as services describe them."""

from __future__ import annotations

import json

import pytest
from servers import kusto as scripted
from servers.kusto import KustoServer
from servers.kusto_frames import TableSpec, v1

from kqlext import errors
from kqlext.schema import read_schema
from kqlext.services.kusto import KustoService

AS_JSON = ".show database ['Samples'] schema as json"
ENTITIES = ".show databases entities"


def column(name: str, **types: str) -> dict[str, str]:
    return {"Name": name, **types}


def test_a_schema_as_json(kusto: KustoServer) -> None:
    database = {
        "Tables": {"T": {"OrderedColumns": [column("a", CslType="long"), column("b", Type="System.SByte")]}},
        "MaterializedViews": {"V": {"OrderedColumns": [column("c", CslType="dynamic")]}},
        "ExternalTables": {"E": {"OrderedColumns": [column("d", Type="System.Data.SqlTypes.SqlDecimal")]}},
        "Functions": {"F": {}},
    }
    text = json.dumps({"Databases": {"Samples": database}})
    kusto.on(AS_JSON, v1(TableSpec("Table_0", (("DatabaseSchema", "string"),), ((text,),))))
    assert read_schema(KustoService(kusto.url, "Samples")) == {
        "T": {"a": "long", "b": "bool"}, "V": {"c": "dynamic"}, "E": {"d": "decimal"},
    }  # fmt: skip


def test_entities_where_that_is_refused(kusto: KustoServer) -> None:
    names = ("DatabaseName", "EntityType", "EntityName", "CslOutputSchema")
    rows = (
        ("Samples", "Table", "T", "a:long, ['b c']:string,['d, e']:dynamic"),
        ("Samples", "Function", "F", "x:long"),
        ("Samples", "Table", "Empty", ""),
        ("Other", "Table", "O", "a:long"),
    )
    kusto.on(AS_JSON, scripted.forbidden())
    kusto.on(AS_JSON, scripted.semantic_error("SYN0001", "not here"))
    kusto.on(ENTITIES, v1(TableSpec("Table_0", tuple((name, "string") for name in names), rows)))
    assert read_schema(KustoService(kusto.url, "Samples")) == {
        "T": {"a": "long", "b c": "string", "d, e": "dynamic"}, "Empty": {},
    }  # fmt: skip


def test_the_schema_of_a_database_with_a_pretty_name(kusto: KustoServer) -> None:
    missing = scripted.semantic_error("BadRequest_EntityNotFound", "Database 'Pretty' was not found.")
    names = (("DatabaseName", "string"), ("PrettyName", "string"))
    text = json.dumps({"Databases": {"d-1": {"Tables": {"T": {"OrderedColumns": [column("a", CslType="long")]}}}}})
    kusto.on(".show database ['d-1'] schema as json", v1(TableSpec("Table_0", (("x", "string"),), ((text,),))))
    kusto.on(".show database ['Pretty'] schema as json", missing)
    kusto.on(".show databases", v1(TableSpec("Table_0", names, (("d-1", "Pretty"),))))
    assert read_schema(KustoService(kusto.url, "Pretty")) == {"T": {"a": "long"}}


def test_a_service_that_tells_nothing(kusto: KustoServer) -> None:
    with pytest.raises(errors.KqlResponseError, match="does not say which tables Samples has"):
        read_schema(KustoService(kusto.url, "Samples"))
