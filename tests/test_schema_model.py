"""The schema of a database as data."""

from __future__ import annotations

import subprocess
import sys

from kqlext.schemas import Column, DatabaseSchema, Function, Parameter, TableSchema

SCHEMA = DatabaseSchema(
    "help",
    "Samples",
    (
        TableSchema("T", (Column("a", "long", "a number"), Column("b c", "string")), description="all of it"),
        TableSchema("V", (Column("c", "dynamic"),), "materialized view"),
        TableSchema("E", (), "external table"),
        TableSchema("frame", (Column("d", "real"),), "notebook"),
    ),
    (
        Function(
            "F",
            (
                Parameter("R", "table", columns=(Column("a", "long"),)),
                Parameter("n", "long", "5"),
                Parameter("s", "string"),
            ),
            "{ R | take n }",
            "of R",
        ),
        Function("G", (Parameter("Any", "table"),)),
    ),
    "v1.2",
)


def test_the_json_form_of_the_language_service() -> None:
    database = SCHEMA.kusto_json()["Databases"]["Samples"]
    assert database["Name"] == "Samples"
    assert database["Tables"]["T"] == {
        "Name": "T",
        "DocString": "all of it",
        "OrderedColumns": [
            {"Name": "a", "CslType": "long", "DocString": "a number"},
            {"Name": "b c", "CslType": "string", "DocString": None},
        ],
    }
    kinds = ("Tables", "MaterializedViews", "ExternalTables", "Functions")
    assert [list(database[key]) for key in kinds] == [["T", "frame"], ["V"], ["E"], ["F", "G"]]
    assert database["Functions"]["F"]["InputParameters"] == [
        {"Name": "R", "Columns": [{"Name": "a", "CslType": "long"}]},
        {"Name": "n", "CslType": "long", "CslDefaultValue": "5"},
        {"Name": "s", "CslType": "string"},
    ]
    assert database["Functions"]["G"]["InputParameters"] == [{"Name": "Any", "Columns": []}]


def test_signatures() -> None:
    assert [function.signature() for function in SCHEMA.functions] == ["(R:(a:long), n:long=5, s:string)", "(Any:(*))"]


def test_tables_by_name() -> None:
    assert SCHEMA.table("V") == TableSchema("V", (Column("c", "dynamic"),), "materialized view")
    assert SCHEMA.table("v") is None, "names are compared as Kusto does"
    assert SCHEMA.types() == {
        "T": {"a": "long", "b c": "string"},
        "V": {"c": "dynamic"},
        "E": {},
        "frame": {"d": "real"},
    }


def test_the_model_is_light() -> None:
    heavy = {"pandas", "pyarrow", "orjson", "IPython", "azure"}
    # Old packages of azure make that name known when Python starts.
    program = (
        f"import sys; before = set(sys.modules); import kqlext.schemas; print(*{heavy} & set(sys.modules) - before)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
