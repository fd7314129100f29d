"""Tables of keys and connection strings as named connections, and what is said of a wrong one."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kqlext.connections.profile_tables import profile_of_section, profile_of_string, profile_of_table
from kqlext.connections.schemes import SCHEMES, VALUELESS
from kqlext.connections.strings import describe
from kqlext.errors import KqlConnectionError
from kqlext.references import EnvironmentVariable
from kqlext.surroundings import Origin

ORIGIN = Origin("kqlext.toml", own=True)


def of_table(table: object) -> Any:
    return profile_of_table("x", table, ORIGIN, ("connections", "x"))


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        ({"connection": "kusto://code;cluster='help';database='S'"}, "azuredataexplorer://code;cluster='help';database='S'"),
        ({"connection": "https://help.kusto.windows.net/S"}, "azuredataexplorer://cluster='https://help.kusto.windows.net';database='S'"),
        ({"connection": "samples"}, "samples://"),
        ({"service": "Kusto", "Data_Base": "S", "cluster": "help", "code": True}, "azuredataexplorer://database='S';cluster='help';code"),
        ({"service": "loganalytics", "workspace": "w", "code": False}, "loganalytics://workspace='w'"),
        ({"service": "arg", "subscriptions": ["a", "b"]}, "resourcegraph://subscriptions='a,b'"),
        ({"service": "arg", "subscriptions": "a,b"}, "resourcegraph://subscriptions='a,b'"),
        ({"service": "duckdb", "path": ["a.csv", "b=c.csv"]}, "duckdb://path='a.csv';path='b=c.csv'"),
        ({"service": "defender", "msi": True}, "defender://msi"),
        ({"service": "defender", "msi": "id"}, "defender://msi='id'"),
        ({"service": "defender", "tenant": "$TENANT", "clientid": "a", "clientsecret": "s"}, "defender://tenant=$TENANT;clientid='a';clientsecret='…'"),
        ({"service": "defender", "tenant": "'quoted'"}, "defender://tenant='''quoted'''"),
    ],
)  # fmt: skip
def test_tables(table: dict[str, object], expected: str) -> None:
    profile = of_table(table)
    assert profile.problem is None
    assert describe(profile.spec) == expected


def test_variables_are_looked_up_when_the_connection_is_used() -> None:
    profile = of_table({"service": "defender", "tenant": "$TENANT"})
    assert profile.spec.get("tenant") == EnvironmentVariable("TENANT")
    assert profile.resolved({"TENANT": "t"}).keys == (("tenant", "t"), ("alias", "x"))
    with pytest.raises(KqlConnectionError, match=r"connections.x.tenant: the environment variable TENANT is not set"):
        profile.resolved({})


MISTAKES: list[tuple[object, str, str]] = [
    ("s3cr3t", "x: this is no table.", "[connections.x]"),
    ({}, "x: this has neither service nor connection.", "service ="),
    ({"service": "s3cr3t"}, "x.service: there is no such service.", "services are"),
    ({"service": "logsanalytics"}, "x.service: there is no such service.", "'loganalytics'"),
    ({"service": 5}, "x.service: there is no such service.", "services are"),
    ({"service": "https"}, "x.service: there is no such service.", "services are"),
    ({"connection": 5}, "x.connection: this is a number, not text.", "in quotes"),
    ({"connection": "s3cr3t"}, "x.connection: This is no connection", "kusto://"),
    (
        {"connection": "Samples@help"},
        "x.connection: this names an open connection.",
        "the whole of it",
    ),
    (
        {"connection": "kusto://clustr='s3cr3t';database='d'"},
        "x.connection: Connections of kusto:// have no key clustr.",
        "'cluster'",
    ),
    (
        {"connection": "loganalytics://workspace=my_workspace"},
        "x.connection: the value of workspace is a name of the notebook",
        "workspace=$NAME",
    ),
    (
        {"connection": "samples", "tenant": "s3cr3t"},
        "x.tenant: a key does not go beside connection.",
        "service =",
    ),
    ({"service": "loganalytics"}, "x: connections of the service loganalytics need", "workspace ="),
    (
        {"service": "loganalytics", "workspce": "s3cr3t"},
        "x.workspce: connections of the service loganalytics have no such key.",
        "'workspace'",
    ),
    (
        {"service": "loganalytics", "clientsecret ' s3cr3t": None},
        "x: connections of the service loganalytics have no such key.",
        "did you mean",
    ),
    (
        {"service": "loganalytics", "workspace": "a", "Work_Space": "b"},
        "x.Work_Space: the key workspace is given twice.",
        "keep one",
    ),
    ({"service": "arg", "tenant": ["s3cr3t"]}, "x.tenant: this is a list, not text.", 'tenant = "..."'),
    ({"service": "arg", "subscriptions": [5]}, "x.subscriptions: this is a list,", '["...", "..."]'),
    ({"service": "arg", "subscriptions": []}, "x.subscriptions: this list is empty.", "leave"),
    ({"service": "arg", "tenant": ""}, "x.tenant: this is empty.", "leave tenant out"),
    ({"service": "arg", "code": "yes"}, "x.code: this is text, not true or false.", "code = true"),
    ({"service": "arg", "tenant": True}, "x.tenant: this is true or false, not text.", "tenant ="),
]  # fmt: skip


@pytest.mark.parametrize(("table", "message", "hint"), MISTAKES)
def test_mistakes(table: object, message: str, hint: str) -> None:
    profile = of_table(table)
    assert profile.problem.message.startswith(f"kqlext.toml, connections.{message}")
    assert hint in profile.problem.hint
    assert "s3cr3t" not in str(profile.problem)
    with pytest.raises(KqlConnectionError):
        profile.resolved({})


@pytest.mark.parametrize(
    ("section", "expected"),
    [
        ({"cluster": "help", "data_base": "S", "code": ""}, "azuredataexplorer://cluster='help';database='S';code"),
        ({"cluster": "'help'", "database": "S", "code": None}, "azuredataexplorer://cluster='help';database='S';code"),
        ({"appid": "a", "code": "false", "tenant": "", "alias": None}, "applicationinsights://appid='a'"),
        ({"Work-Space": "w", "clientid": "$ID", "msi": None}, "loganalytics://workspace='w';clientid=$ID;msi"),
        ({"folder": "f"}, "cache://folder='f'"),
        ({"service": "defender"}, "defender://"),
    ],
)
def test_sections(section: dict[str, str | None], expected: str) -> None:
    profile = profile_of_section("x", section, ORIGIN)
    assert profile.problem is None
    assert describe(profile.spec) == expected  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("section", "message"),
    [
        ({}, "kqlext.toml, x: this section has none of database, appid, workspace, folder."),
        ({"database": ""}, "kqlext.toml, x: this section has none of"),
        ({"database": "d", "driver": "s3cr3t"}, "kqlext.toml, x.driver: connections of the service azuredataexplorer"),
        ({"database": "d", "s3cr3t": None}, "kqlext.toml, x: connections of the service azuredataexplorer have no"),
        ({"database": "d", "code": "s3cr3t"}, "kqlext.toml, x.code: this is text, not true or false."),
    ],
)
def test_wrong_sections(section: dict[str, str | None], message: str) -> None:
    problem = profile_of_section("x", section, ORIGIN).problem
    assert problem is not None
    assert message in problem.message
    assert "s3cr3t" not in str(problem)


VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.dates(), st.text(), st.lists(st.text() | st.integers()),
    st.dictionaries(st.text(), st.text(), max_size=2),
)  # fmt: skip
KEYS = st.sampled_from(sorted({key for scheme in SCHEMES for key in scheme.keys} | VALUELESS)) | st.text()


@given(st.dictionaries(KEYS | st.sampled_from(["service", "connection"]), VALUES | st.sampled_from(["kusto", "arg"])))
def test_any_table_is_a_connection_or_an_error(table: dict[str, object]) -> None:
    profile = of_table(table)
    assert (profile.spec is None) is (profile.problem is not None)
    assert profile.describe()
    if profile.spec is not None:
        with suppress(KqlConnectionError):  # a variable that is not set
            profile.resolved({})


@given(st.text())
def test_any_text_is_a_connection_or_an_error(text: str) -> None:
    profile = profile_of_string("x", text, ORIGIN)
    assert (profile.spec is None) is (profile.problem is not None)


@given(st.dictionaries(KEYS, st.none() | st.text()))
def test_any_section_is_a_connection_or_an_error(section: dict[str, str | None]) -> None:
    profile = profile_of_section("x", section, ORIGIN)
    assert (profile.spec is None) is (profile.problem is not None)
