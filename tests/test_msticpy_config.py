"""msticpyconfig.yaml: which file counts, what its entries are, and what is said of a wrong one."""

from __future__ import annotations

from pathlib import Path

import pytest

from kqlext.connections import profiles
from kqlext.connections.msticpy_config import config_file, msticpy_profiles
from kqlext.connections.profile_files import sources
from kqlext.connections.profiles import Profile
from kqlext.errors import KqlConnectionError
from kqlext.surroundings import Surroundings

ID = "11111111-2222-3333-4444-555555555555"

CONFIG = f"""
Azure:
  cloud: global
  auth_methods: [cli]
AzureSentinel:
  Workspaces:
    Default:
      WorkspaceId: {ID}
      TenantId: t1
      WorkspaceName: ContosoSOC
      ResourceGroup: rg
      SubscriptionId: s
    App:
      WorkspaceId: w2
      TenantId: t2
      Args:
        ClientId: app
        ClientSecret:
          EnvironmentVar: APP_SECRET
    Vault:
      WorkspaceId: w3
      TenantId: t3
      Args: {{ClientId: app, ClientSecret: {{KeyVault: }}}}
    Nothing:
      TenantId: t4
    Number:
      WorkspaceId: 12345
KustoClusters:
  ClusterDefaults:
    Args:
      TenantId: t5
      ClientId: common
      ClientSecret: s3cr3t
  Own:
    Args:
      Cluster: https://own.kusto.windows.net
      Database: D
      TenantId: t6
  Integrated:
    Args: {{Cluster: help, DefaultDatabase: Samples, IntegratedAuth: true}}
    ClusterGroups: [g]
  NoDatabase:
    Args: {{Cluster: help}}
DataProviders:
  Kusto-Legacy:
    Args: {{Cluster: old, Database: D, ClientId: c, Certificate: /c.pem, TenantId: t}}
  Kusto:
    Args: {{IntegratedAuth: true}}
  LocalData: {{Args: {{}}}}
"""


def read(folder: Path, text: str) -> dict[str, Profile]:
    path = folder / "msticpyconfig.yaml"
    path.write_text(text)
    return {profile.name: profile for profile in msticpy_profiles(path, path.name, own=True)}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Default", f"loganalytics://workspace='{ID}';tenant='t1';cloud='public'"),
        ("App", "loganalytics://workspace='w2';tenant='t2';clientid='app';clientsecret='…';cloud='public'"),
        (
            "Own",
            "azuredataexplorer://cluster='https://own.kusto.windows.net';database='D';tenant='t6';clientid='common';"
            "clientsecret='…';cloud='public'",
        ),
        ("Integrated", "azuredataexplorer://cluster='help';database='Samples';tenant='t5';cloud='public'"),
        (
            "Legacy",
            "azuredataexplorer://cluster='old';database='D';tenant='t';clientid='c';certificatepemfile='/c.pem';"
            "cloud='public'",
        ),
    ],
)
def test_entries(name: str, expected: str, tmp_path: Path) -> None:
    assert read(tmp_path, CONFIG)[name].describe() == expected


@pytest.mark.parametrize(
    ("name", "message", "hint"),
    [
        (
            "Vault",
            "line 23, AzureSentinel.Workspaces.Vault.Args.ClientSecret: the secret is in a key vault",
            "{EnvironmentVar: NAME}",
        ),
        ("Nothing", "line 24, AzureSentinel.Workspaces.Nothing: WorkspaceId is missing.", "WorkspaceId:"),
        ("Number", "line 27, AzureSentinel.Workspaces.Number.WorkspaceId: this is no text.", "quotes"),
        ("NoDatabase", "line 42, KustoClusters.NoDatabase: Database is missing.", "Database:"),
    ],
)
def test_what_is_wrong_is_said_where_it_is_used(name: str, message: str, hint: str, tmp_path: Path) -> None:
    found = read(tmp_path, CONFIG)
    with pytest.raises(KqlConnectionError) as caught:
        found[name].resolved({})
    assert caught.value.message.startswith(f"msticpyconfig.yaml, {message}")
    assert hint in caught.value.hint
    assert found["Default"].resolved({}).get("workspace") == ID


def test_a_secret_of_the_environment(tmp_path: Path) -> None:
    app = read(tmp_path, CONFIG)["App"]
    assert app.resolved({"APP_SECRET": "s3cr3t"}).get("clientsecret") == "s3cr3t"
    with pytest.raises(KqlConnectionError) as caught:
        app.resolved({})
    assert caught.value.message == (
        "msticpyconfig.yaml, line 18, AzureSentinel.Workspaces.App.Args.ClientSecret: "
        "the environment variable APP_SECRET is not set."
    )


def test_all_that_are_there(tmp_path: Path) -> None:
    assert list(read(tmp_path, CONFIG)) == [
        "Default", "App", "Vault", "Nothing", "Number", "Own", "Integrated", "NoDatabase", "Legacy",
    ]  # fmt: skip


def test_a_workspace_is_found_by_its_names_and_its_id(tmp_path: Path) -> None:
    (tmp_path / "msticpyconfig.yaml").write_text(CONFIG)
    around = Surroundings(tmp_path, tmp_path / "home", tmp_path / "configuration", {})
    for name in ("default", "CONTOSOSOC", ID):
        assert profiles.find(name, sources(around)).resolved({}).get("alias") == "Default"


@pytest.mark.parametrize(
    ("cloud", "ours"), [("usgov", "usgovernment"), ("CN", "china"), ("de", "germany"), ("global", "public")]
)
def test_clouds(cloud: str, ours: str, tmp_path: Path) -> None:
    found = read(tmp_path, CONFIG.replace("cloud: global", f"cloud: {cloud}"))
    assert found["Default"].resolved({}).get("cloud") == ours
    assert found["Own"].resolved({}).get("cloud") == ours


def test_no_cloud_and_a_wrong_one(tmp_path: Path) -> None:
    assert "cloud" not in read(tmp_path, CONFIG.replace("cloud: global", "cloud:"))["Default"].resolved({})
    with pytest.raises(KqlConnectionError, match=r"line 3, Azure.cloud: there is no such cloud."):
        read(tmp_path, CONFIG.replace("cloud: global", "cloud: moon"))["Default"].resolved({})


def test_the_newer_name_of_the_section(tmp_path: Path) -> None:
    assert list(read(tmp_path, "MSSentinel: {Workspaces: {a: {WorkspaceId: w}}}")) == ["a"]


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("a: [s3cr3t", ", line 1, column 11"),
        ("a: b: s3cr3t", ", line 1, column 5"),
        ("a: !!python/object:os.system s3cr3t", ", line 1, column 4"),
        ("a: !!int s3cr3t", ""),
        ("a: 2024-13-45", ""),
        ("? {a: s3cr3t}\n: b", ", line 1, column 3"),
        ("[" * 3000, ""),
        ("a: *s3cr3t", ", line 1, column 4"),
    ],
)
def test_what_is_no_yaml(text: str, place: str, tmp_path: Path) -> None:
    with pytest.raises(KqlConnectionError) as caught:
        read(tmp_path, text)
    assert caught.value.message == f"msticpyconfig.yaml{place}: this is no YAML."
    assert "s3cr3t" not in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "", "5", "[]", "AzureSentinel:", "AzureSentinel: []", "AzureSentinel: {Workspaces: [a]}", "KustoClusters: 5",
        "DataProviders: {5: 5}", "Azure: cloud",
    ],
)  # fmt: skip
def test_a_file_without_connections(text: str, tmp_path: Path) -> None:
    assert read(tmp_path, text) == {}


def test_a_workspace_without_its_keys(tmp_path: Path) -> None:
    for text in ("AzureSentinel: {Workspaces: {a: }}", "AzureSentinel: {Workspaces: {a: {Args: 5}}}"):
        with pytest.raises(KqlConnectionError, match=r"line 1, AzureSentinel.Workspaces.a: WorkspaceId is missing"):
            read(tmp_path, text)["a"].resolved({})


def test_the_file_that_msticpy_would_read(tmp_path: Path) -> None:
    home, named, here = tmp_path / "home", tmp_path / "named.yaml", tmp_path / "here"
    (home / ".msticpy").mkdir(parents=True)
    here.mkdir()

    def found(**environment: str) -> tuple[Path, bool] | None:
        return config_file(Surroundings(here, home, tmp_path, environment))

    assert found() is None
    (home / ".msticpy" / "msticpyconfig.yaml").touch()
    assert found() == (home / ".msticpy" / "msticpyconfig.yaml", True)
    (here / "msticpyconfig.yaml").touch()
    assert found() == (here / "msticpyconfig.yaml", False)
    assert found(MSTICPYCONFIG=str(named)) == (here / "msticpyconfig.yaml", False)
    named.touch()
    assert found(MSTICPYCONFIG=str(named)) == (named, True)
    assert found(MSTICPYCONFIG="../named.yaml") == (here / "../named.yaml", True)
