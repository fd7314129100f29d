"""INI files, Sentinel's config.json and variables as sources of connections; and any text in any of the files."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kqlext.connections import named, profiles
from kqlext.connections.profile_files import section_profile, sources
from kqlext.connections.strings import describe
from kqlext.errors import KqlConnectionError, KqlError
from kqlext.surroundings import Surroundings


def around(folder: Path, **environment: str) -> Surroundings:
    return Surroundings(folder, folder / "home", folder / "configuration", environment)


# --- INI files -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a = s3cr3t\n[x]", "odbc.ini, line 1: there is a line before the first [section]."),
        ("[x]\na = 1\n[x]\na = 1", "odbc.ini, line 3: this section is there twice."),
        ("[x]\na = 1\nA = s3cr3t", "odbc.ini, line 3: this key is there twice."),
        ("[x]\n= s3cr3t", "odbc.ini, line 2: this is no INI file."),
        ("[y]\na = s3cr3t", "odbc.ini has no section [x]."),
        ("", "odbc.ini has no section [x]."),
        ("[x]\ndatabase = d\n\npassword = s3cr3t\nuser = a", "odbc.ini, line 5, x.user: connections of the service"),
        ("[w]\ncode\n[x]\ndatabase: d\ncode: s3cr3t", "odbc.ini, line 5, x.code: this is text, not true or false."),
        ("[x]\ndatabase = d\ntoken = s3cr\nt3cr3tline", "odbc.ini, line 1, x: connections of the service"),
        ("[x]\ndatabase = $NAME", "odbc.ini, line 2, x.database: the environment variable NAME is not set."),
    ],
)
def test_wrong_ini_files(text: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "odbc.ini").write_text(text)
    with pytest.raises(KqlConnectionError) as caught:
        section_profile("x", "odbc.ini", around(tmp_path)).resolved({})
    assert caught.value.message.startswith(message)
    assert "3cr3t" not in str(caught.value)


def test_a_percent_sign_is_no_interpolation(tmp_path: Path) -> None:
    (tmp_path / "odbc.ini").write_text("[DEFAULT]\ntenant = t\n[x]\nworkspace = a%(b)s%\n")
    spec = section_profile("x", "odbc.ini", around(tmp_path)).resolved({})
    assert describe(spec) == "loganalytics://tenant='t';workspace='a%(b)s%';alias='x'"


def test_sections_alike(tmp_path: Path) -> None:
    (tmp_path / "odbc.ini").write_text("[a-b]\nappid = 1\n[A_B]\nappid = 2\n")
    for name, application in (("a-b", "1"), ("A_B", "2")):
        assert section_profile(name, "odbc.ini", around(tmp_path)).resolved({}).get("appid") == application
    with pytest.raises(KqlConnectionError, match=r"no section \[a_b\]"):
        section_profile("a_b", "odbc.ini", around(tmp_path))


# --- config.json -----------------------------------------------------------------------------------------

JSON = """{
  "tenant_id": "t",
  "subscription_id": "s",
  "resource_group": "r",
  "workspace_id": "11111111-2222-3333-4444-555555555555",
  "workspace_name": "my soc"
}"""


def listing(folder: Path, text: str) -> list[str]:
    (folder / "config.json").write_text(text)
    return list(named.listing_lines(around(folder)))


def test_a_workspace_of_config_json(tmp_path: Path) -> None:
    workspace = "11111111-2222-3333-4444-555555555555"
    line = f"@'my soc'  loganalytics://workspace='{workspace}';tenant='t'  (config.json)"
    assert listing(tmp_path, JSON) == [line]
    (tmp_path / "notebooks").mkdir()
    assert list(named.listing_lines(around(tmp_path / "notebooks"))) == [line.replace("(config", "(../config")]
    spec = profiles.find(workspace, sources(around(tmp_path))).resolved({})
    assert spec.get("alias") == "my_soc"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        '{"workspace_name": "machine learning", "subscription_id": "s", "resource_group": "r"}',
        JSON.replace('"t"', '"{{tenant}}"'),
        f'{{"other": {JSON}}}',
    ],
)
def test_another_config_json_is_none_of_our_business(text: str, tmp_path: Path) -> None:
    assert listing(tmp_path, text) == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (JSON.replace('"t"', "s3cr3t"), "config.json, line 2, column 16: this is no JSON."),
        (JSON.replace('"t"', "5"), "config.json, line 2, tenant_id: this is no text."),
        (JSON.replace('"my soc"', '""'), "config.json, line 6, workspace_name: this is no text."),
        (JSON.replace('"t"', "[" * 100_000), "config.json: this is no JSON that can be read."),
    ],
)
def test_a_wrong_config_json(text: str, message: str, tmp_path: Path) -> None:
    assert listing(tmp_path, text)[0].startswith(("cannot be used: " + message, "@workspace", "@'my soc'"))
    with pytest.raises(KqlConnectionError) as caught:
        profiles.find("my soc" if '"my soc"' in text else "workspace", sources(around(tmp_path))).resolved({})
    assert caught.value.message == message


# --- all of them -----------------------------------------------------------------------------------------


def test_variables(tmp_path: Path) -> None:
    here = around(
        tmp_path,
        KQLEXT_CONNECTION_A_B="samples",
        KQLEXT_CONNECTION_BAD="kusto://clustr='s3cr3t';database='d'",
        KQLEXT_CONNECTION="duckdb://",
        KQLEXT_CONNECTION_="duckdb://",
    )
    assert list(named.listing_lines(here)) == [
        "@a_b  samples://  (KQLEXT_CONNECTION_A_B)",
        "@bad  cannot be used: KQLEXT_CONNECTION_BAD: Connections of kusto:// have no key clustr.  "
        "(KQLEXT_CONNECTION_BAD)",
    ]
    assert profiles.find("A-b", sources(here)).resolved({}).scheme == "samples"


def test_a_file_that_cannot_be_opened(tmp_path: Path) -> None:
    """A link to itself, since root may read everything."""
    (tmp_path / "configuration").mkdir()
    path = tmp_path / "configuration" / "kqlext.toml"
    path.write_text("")
    here = around(tmp_path)
    (source,) = sources(here)
    path.unlink()
    path.symlink_to(path)
    with pytest.raises(KqlConnectionError, match=r"configuration/kqlext.toml cannot be read: "):
        source.read()


FILES = ["kqlext.toml", "pyproject.toml", "msticpyconfig.yaml", "config.json", "odbc.ini"]
PIECES = [
    "[connections.x]\n", "[tool.kqlext.connections.x]\n", "[x]\n", 'service = "kusto"\n', "database = ", '"', "'", "a",
    "connection = ", "samples", "\n", "  ", ":", "{", "}", "AzureSentinel:", "Workspaces:", "x:", "WorkspaceId: ",
    "Args: ", "KustoClusters:", "- ", "*", "&", "!!int ", "tenant_id", "workspace_id", "\x00", "\ud7ff", "é", "=", "#",
    JSON, "KeyVault:", "1", "default = ",
]  # fmt: skip
TEXTS = st.text() | st.lists(st.sampled_from(PIECES)).map("".join)


@given(st.sampled_from(FILES), TEXTS)
def test_any_text_gives_connections_or_an_error_of_ours(name: str, text: str) -> None:
    with TemporaryDirectory() as folder:
        here = around(Path(folder))
        (Path(folder) / name).write_bytes(text.encode("utf-8", "surrogatepass"))
        list(named.listing_lines(here))
        uses: list[Callable[[], object]] = [
            lambda: named.default_connection(here),
            lambda: named.meant("@x", "odbc.ini", here),
            lambda: named.meant("[x]", "odbc.ini", here),
            lambda: named.shown_one("@x", here),
        ]
        for use in uses:
            with suppress(KqlError):
                use()


PLANTED = "Pl4nted"
SECRET_KEYS = ["clientsecret", "password", "token", "appkey", "certificate", "ClientSecret", "client_secret"]


@given(
    st.sampled_from(FILES), st.sampled_from(SECRET_KEYS), st.lists(st.sampled_from([*PIECES, "SECRET"]), max_size=12)
)
def test_a_secret_is_never_shown(name: str, key: str, pieces: list[str]) -> None:
    """A file with a secret in it, and mistakes around it."""
    line = f"{key}: '{PLANTED}'\n" if name.endswith("yaml") else f'{key} = "{PLANTED}"\n'
    text = "".join(line if piece == "SECRET" else piece for piece in pieces)
    with TemporaryDirectory() as folder:
        here = around(Path(folder))
        (Path(folder) / name).write_text(f"{text}{line}", encoding="utf-8")
        shown = list(named.listing_lines(here))
        for meant in ("@x", "[x]", "@nope"):
            try:
                shown.append(repr(named.meant(meant, "odbc.ini", here)))
            except KqlError as error:
                shown += [str(error), repr(error), *error._render_traceback_()]
        assert not [text for text in shown if PLANTED in text]
