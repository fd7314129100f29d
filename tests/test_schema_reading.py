"""Schemas as services describe them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from servers import kusto as scripted
from servers.kusto import Answer, KustoServer
from servers.kusto_frames import TableSpec, v1

from kqlext import errors
from kqlext.connections.clouds import friendly_name
from kqlext.schemas import Column, Function, Parameter, TableSchema
from kqlext.schemas.azure import of_metadata
from kqlext.schemas.kusto import of_json
from kqlext.schemas.reading import read_schema, table_text
from kqlext.schemas.signatures import parse_columns, parse_parameters
from kqlext.services.kusto import KustoService

AS_JSON = ".show database ['Samples'] schema as json"
ENTITIES = ".show databases entities"
SAMPLES: dict[str, Any] = {
    "Name": "Samples",
    "MajorVersion": 5,
    "MinorVersion": 2,
    "Tables": {
        "T": {
            "Name": "T",
            "DocString": "of all",
            "OrderedColumns": [
                {"Name": "a", "CslType": "long", "DocString": "a number"},
                {"Name": "b", "Type": "System.SByte", "DocString": None},
            ],
        }
    },
    "MaterializedViews": {"V": {"Name": "V", "OrderedColumns": [{"Name": "c", "CslType": "dynamic"}]}},
    "ExternalTables": {
        "E": {"Name": "E", "OrderedColumns": [{"Name": "d", "Type": "System.Data.SqlTypes.SqlDecimal"}]}
    },
    "EntityGroups": {"g": ["x"]},
    "Functions": {
        "F": {
            "Name": "F",
            "Body": "{ R | take n }",
            "DocString": "some rows",
            "InputParameters": [
                {"Name": "R", "Columns": [{"Name": "a", "CslType": "long"}]},
                {"Name": "n", "Type": "System.Int64", "CslType": "long", "CslDefaultValue": "5"},
            ],
        }
    },
}


def as_json(database: dict[str, Any], name: str = "Samples") -> Answer:
    text = json.dumps({"Plugins": [], "Databases": {name: database}})
    return Answer(v1(TableSpec("Table_0", (("DatabaseSchema", "string"),), ((text,),))))


def test_a_schema_as_json(kusto: KustoServer) -> None:
    kusto.on(AS_JSON, as_json(SAMPLES))
    schema = read_schema(KustoService(kusto.url, "Samples"))
    assert (schema.cluster, schema.database, schema.version) == (friendly_name(kusto.url), "Samples", "v5.2")
    assert schema.tables == (
        TableSchema("T", (Column("a", "long", "a number"), Column("b", "bool")), description="of all"),
        TableSchema("V", (Column("c", "dynamic"),), "materialized view"),
        TableSchema("E", (Column("d", "decimal"),), "external table"),
    )
    assert schema.functions == (
        Function(
            "F",
            (Parameter("R", "table", columns=(Column("a", "long"),)), Parameter("n", "long", "5")),
            "{ R | take n }",
            "some rows",
        ),
    )


def test_what_was_written_is_read_again() -> None:
    tables, functions, _ = of_json({"Databases": {"Samples": SAMPLES}}, "Samples")
    schema = read_of(tables, functions)
    assert of_json(schema.kusto_json(), "Samples") == (tables, functions, "")


def read_of(tables: Any, functions: Any) -> Any:
    from kqlext.schemas import DatabaseSchema

    return DatabaseSchema("help", "Samples", tables, functions)


IF_LATER = ".show database ['Samples'] schema if_later_than \"v5.2\" as json"
UNCHANGED = v1(TableSpec("Table_0", (("DatabaseSchema", "string"),), ()))


def test_an_unchanged_schema_is_kept(kusto: KustoServer) -> None:
    kusto.on(AS_JSON, as_json(SAMPLES))
    kusto.on(IF_LATER, Answer(UNCHANGED), as_json({**SAMPLES, "MinorVersion": 3, "Functions": {}}))
    service = KustoService(kusto.url, "Samples")
    first = read_schema(service)
    second = read_schema(service, first)
    assert second == first
    assert second.read_at > first.read_at
    third = read_schema(service, second)
    assert (third.version, third.functions) == ("v5.3", ())
    assert [request.csl for request in kusto.requests] == [AS_JSON, IF_LATER, IF_LATER]


def test_a_service_without_the_condition_is_asked_for_all(kusto: KustoServer) -> None:
    kusto.on(AS_JSON, as_json(SAMPLES))
    kusto.on(IF_LATER, scripted.semantic_error("SYN0001", "not here"))
    service = KustoService(kusto.url, "Samples")
    first = read_schema(service)
    assert read_schema(service, first) == first
    assert [request.csl for request in kusto.requests] == [AS_JSON, IF_LATER, AS_JSON]


def test_entities_where_that_is_refused(kusto: KustoServer) -> None:
    names = ("DatabaseName", "EntityType", "EntityName", "CslInputSchema", "Content", "CslOutputSchema")
    rows = (
        ("Samples", "Table", "T", "", "", "a:long, ['b c']:string,['d, e']:dynamic"),
        ("Samples", "Function", "F", "(n:long=5)", "{ T | take n }", "x:long"),
        ("Samples", "MaterializedView", "Empty", "", "", ""),
        ("Samples", "EntityGroup", "g", "", "", ""),
        ("Other", "Table", "O", "", "", "a:long"),
    )
    kusto.on(AS_JSON, scripted.forbidden())
    kusto.on(AS_JSON, scripted.semantic_error("SYN0001", "not here"))
    kusto.on(ENTITIES, v1(TableSpec("Table_0", tuple((name, "string") for name in names), rows)))
    schema = read_schema(KustoService(kusto.url, "Samples"))
    assert schema.types() == {"T": {"a": "long", "b c": "string", "d, e": "dynamic"}, "Empty": {}}
    assert [table.kind for table in schema.tables] == ["table", "materialized view"]
    assert schema.functions == (Function("F", (Parameter("n", "long", "5"),), "{ T | take n }"),)


def test_the_schema_of_a_database_with_a_pretty_name(kusto: KustoServer) -> None:
    missing = scripted.semantic_error("BadRequest_EntityNotFound", "Database 'Pretty' was not found.")
    names = (("DatabaseName", "string"), ("PrettyName", "string"))
    kusto.on(".show database ['d-1'] schema as json", as_json({**SAMPLES, "Name": "d-1"}, "d-1"))
    kusto.on(".show database ['Pretty'] schema as json", missing)
    kusto.on(".show databases", v1(TableSpec("Table_0", names, (("d-1", "Pretty"),))))
    schema = read_schema(KustoService(kusto.url, "Pretty"))
    assert (schema.database, list(schema.types())) == ("Pretty", ["T", "V", "E"])


def test_a_service_that_tells_nothing(kusto: KustoServer) -> None:
    with pytest.raises(errors.KqlResponseError, match="does not say which tables Samples has"):
        read_schema(KustoService(kusto.url, "Samples"))


@pytest.mark.parametrize(
    "document",
    [{}, [], None, {"Databases": []}, {"Databases": {"a": {}, "b": {}}}, {"Databases": {"Samples": {"Tables": 5}}},
     {"Databases": {"Samples": {"Tables": {"T": {}}}}}],
)  # fmt: skip
def test_documents_that_are_malformed(document: Any) -> None:
    with pytest.raises(errors.KqlResponseError, match="The schema of Samples is malformed"):
        of_json(document, "Samples")


def test_metadata_with_functions() -> None:
    tables, functions = of_metadata(
        {
            "tables": [{"name": "T", "description": "of T", "columns": [{"name": "a", "type": "long"}]}],
            "functions": [
                {"id": "1", "name": "F", "displayName": "My F", "parameters": "(n:string='a,b')", "body": "T | count"},
                {"id": "2", "name": "G"},
            ],
        }
    )
    assert tables == (TableSchema("T", (Column("a", "long"),), description="of T"),)
    assert functions == (
        Function("F", (Parameter("n", "string", "'a,b'"),), "{\nT | count\n}", "My F"),
        Function("G", ()),
    )


PARAMETERS: list[tuple[str, tuple[Parameter, ...]]] = [
    ("", ()),
    ("()", ()),
    ("(n:long)", (Parameter("n", "long"),)),
    ("n:long, s : string = 'a,)b'", (Parameter("n", "long"), Parameter("s", "string", "'a,)b'"))),
    ("(T:(a:long, ['b c']:string), n:int=-5)",
     (Parameter("T", "table", columns=(Column("a", "long"), Column("b c", "string"))), Parameter("n", "int", "-5"))),
    ("(T:(*))", (Parameter("T", "table"),)),
    ("(d:datetime=datetime(2020-01-01), t:timespan = 1d)",
     (Parameter("d", "datetime", "datetime(2020-01-01)"), Parameter("t", "timespan", "1d"))),
    ("(x:dynamic=dynamic([1, 2]))", (Parameter("x", "dynamic", "dynamic([1, 2])"),)),
    ("(broken, n:long, :string, m:)", (Parameter("n", "long"),)),
    ("(((", ()),
]  # fmt: skip


@pytest.mark.parametrize(("text", "parameters"), PARAMETERS, ids=[text for text, _ in PARAMETERS])
def test_parameters(text: str, parameters: tuple[Parameter, ...]) -> None:
    assert parse_parameters(text) == parameters


def test_columns() -> None:
    assert parse_columns("a:long, ['b c']:string,[\"d, e\"]:dynamic") == (
        Column("a", "long"),
        Column("b c", "string"),
        Column("d, e", "dynamic"),
    )


@pytest.mark.parametrize(
    ("name", "text"), [("T", "T"), ("a b", "['a b']"), ("it's\\", "['it\\'s\\\\']"), ("1a", "['1a']")]
)
def test_the_name_of_a_table_in_a_query(name: str, text: str) -> None:
    assert table_text(name) == text
