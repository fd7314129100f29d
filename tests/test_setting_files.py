"""Settings of files and of the environment: which wins, what a wrong one says, and what the user set in the session."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from conftest import Shell
from hypothesis import given
from hypothesis import strategies as st

from kqlext.errors import KqlError, KqlSettingsError
from kqlext.options import OPTIONS
from kqlext.setting_files import LayeredSettings
from kqlext.text import normalize_name


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project's folder, in which the kernel runs, within a home."""
    folder = tmp_path / "project"
    (folder / ".git").mkdir(parents=True)
    (tmp_path / "kqlext").mkdir()
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(folder)
    return folder


class Session:
    """What a session without a shell has set."""

    def __init__(self, **values: Any) -> None:
        self.set = values

    def values(self) -> dict[str, Any]:
        return {option.name: option.default for option in OPTIONS if option.configurable} | self.set

    def chosen(self) -> set[str]:
        return set(self.set)

    def set_option(self, name: str, value: Any) -> None:
        self.set[name] = value


def value(name: str, **session: Any) -> Any:
    return LayeredSettings(Session(**session)).values()[name]


def test_each_layer_wins_over_the_one_before(project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = LayeredSettings(Session())
    (project / "inner").mkdir()
    monkeypatch.chdir(project / "inner")
    assert settings.values()["display_limit"] == 50
    steps: list[tuple[Path, str]] = [
        (tmp_path / "kqlext" / "kqlext.toml", "[settings]\ndisplay_limit = 1"),
        (project / "pyproject.toml", "[tool.kqlext.settings]\ndisplay_limit = 2"),
        (project / "kqlext.toml", "[settings]\nDisplayLimit = 3"),
        (project / "inner" / "kqlext.toml", "[settings]\ndisplay-limit = 4"),
    ]
    for number, (path, text) in enumerate(steps, 1):
        path.write_text(text)
        assert settings.values()["display_limit"] == number
    assert settings.origins() == {"display_limit": "kqlext.toml, line 2, settings.display-limit"}
    monkeypatch.setenv("KQLMAGIC_CONFIGURATION", "display_limit=5")
    assert settings.values()["display_limit"] == 5
    monkeypatch.setenv("KQLEXT_DISPLAY_LIMIT", "6")
    assert settings.values()["display_limit"] == 6
    assert settings.origins() == {"display_limit": "KQLEXT_DISPLAY_LIMIT"}
    settings.set_option("display_limit", 50)
    assert settings.values()["display_limit"] == 50
    assert settings.origins() == {"display_limit": "this session"}


def test_a_changed_file_is_read_again(project: Path) -> None:
    settings = LayeredSettings(Session())
    path = project / "kqlext.toml"
    path.write_text("[settings]\ndisplay_limit = 1")
    assert settings.values()["display_limit"] == 1
    path.write_text("[settings]\ndisplay_limit = 2")
    os.utime(path, (1, 1))
    assert settings.values()["display_limit"] == 2
    path.unlink()
    assert settings.values()["display_limit"] == 50


GOOD: dict[str, tuple[str, Any, str]] = {
    "flag": ("false", False, "false"),
    "integer": ("7", 7, "7"),
    "choice": ("'CHINA'", "china", "China"),
    "text": ("'a b'", "a b", "'a b'"),
    "name": ("'raw'", "raw", "raw"),
}


@pytest.mark.parametrize(
    "option", [option for option in OPTIONS if option.configurable], ids=lambda option: option.name
)
def test_every_configurable_option(option: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written, expected, word = GOOD[option.kind]
    if option.kind == "choice" and option.name != "cloud":
        written, expected, word = f"'{option.choices[-1]}'", option.choices[-1], option.choices[-1]
    path = tmp_path / "kqlext" / "kqlext.toml"
    path.write_text(f"[settings]\n{option.name} = {written}\n")
    assert value(option.name) == expected
    path.unlink()
    monkeypatch.setenv(f"KQLEXT_{option.name.upper()}", word)
    assert value(option.name) == expected


def test_none(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (project / "kqlext.toml").write_text("[settings]\ndisplay_limit = 'none'")
    assert value("display_limit") is None
    monkeypatch.setenv("KQLMAGIC_CONFIGURATION", "'timeout=10;display_limit=None; feedback'")
    assert (value("timeout"), value("display_limit"), value("feedback")) == (10, None, True)


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("[settings]\n\nfeedbak = true", "kqlext.toml, line 3, settings.feedbak: there is no such", "'feedback'"),
        ("[settings]\nzzz = 1", "kqlext.toml, line 2, settings.zzz: there is no such setting.", "settings are auto"),
        ("[settings]\ntry_token = 's3cr3t'", "kqlext.toml, line 2, settings.try_token: there is no", "settings are"),
        ("[setings]\nfeedback = true", "kqlext.toml, line 1, setings: kqlext has no such table.", "'settings'"),
        ("settings = 5", "kqlext.toml, line 1, settings: this is no table.", "[settings]"),
        (
            "[settings]\nfeedback = 's3cr3t'",
            "kqlext.toml, line 2, settings.feedback: this is no value",
            "true or false",
        ),
        ("[settings]\nfeedback = 1", "kqlext.toml, line 2, settings.feedback: this is no value", "true or false"),
        ("[settings]\ntimeout = 0", "kqlext.toml, line 2, settings.timeout: this is no value", "of at least 1"),
        ("[settings]\ntimeout = true", "kqlext.toml, line 2, settings.timeout: this is no value", "whole number"),
        ("[settings]\ntimeout = 1.5", "kqlext.toml, line 2, settings.timeout: this is no value", "whole number"),
        ("[settings]\ntimeout = 's3cr3t'", "kqlext.toml, line 2, settings.timeout: this is no value", '"none"'),
        ("[settings]\ncloud = 's3cr3t'", "kqlext.toml, line 2, settings.cloud: this is no value", "one of public"),
        ("[settings]\ndsn_filename = 5", "kqlext.toml, line 2, settings.dsn_filename: this is no value", "text"),
        (
            "[settings]\nallow_unencrypted_token_cache = true",
            "kqlext.toml, line 2, settings.allow_unencrypted_token_cache: a project's files cannot set this.",
            "configuration folder",
        ),
    ],
)
def test_wrong_settings_of_a_file(text: str, message: str, hint: str, project: Path) -> None:
    (project / "kqlext.toml").write_text(text)
    with pytest.raises(KqlSettingsError) as caught:
        value("feedback")
    assert caught.value.message.startswith(message)
    assert hint in caught.value.hint
    assert "s3cr3t" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("KQLEXT_FEEDBACK", "s3cr3t", "KQLEXT_FEEDBACK: this is no value for feedback."),
        ("KQLEXT_TIMEOUT", "name", "KQLEXT_TIMEOUT: this is no value for timeout."),
        ("KQLEXT_TIMEOUT", "", "KQLEXT_TIMEOUT: this is no value for timeout."),
        ("KQLEXT_DISPLY_LIMIT", "5", "KQLEXT_DISPLY_LIMIT: there is no such setting."),
        ("KQLMAGIC_CONFIGURATION", "cloud=s3cr3t", "KQLMAGIC_CONFIGURATION, cloud: this is no value for cloud."),
    ],
)
def test_wrong_variables(name: str, text: str, message: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, text)
    with pytest.raises(KqlSettingsError) as caught:
        value("feedback")
    assert caught.value.message == message
    assert "s3cr3t" not in str(caught.value)


def test_variables_of_others_are_theirs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KQLEXT_HOME", "x")
    monkeypatch.setenv("KQLEXT_CONNECTION_FEEDBACK", "x")
    assert value("feedback") is True


# --- in a notebook ---------------------------------------------------------------------------------------


def test_what_is_not_used_is_said_once(project: Path, shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KQLMAGIC_CONFIGURATION", "enable_add_items_to_help=False;display_limit=1;try_token=s3cr3t")
    (project / "kqlext.toml").write_text("display_limit = s3cr3t")
    assert shell.text("%kql samples print 1;") == ""
    assert shell.text("%kql samples").splitlines() == [
        "Not used: kqlext.toml, line 1, column 17: this is no TOML: Invalid value.",
        "KQLMAGIC_CONFIGURATION: kqlext has no try_token.",
        "enable_add_items_to_help, known from Kqlmagic, does nothing here: kqlext adds nothing to menus.",
        "Connected to samples@local (the embedded sample database)",
    ]
    assert "Not used" not in shell.text("%kql print 1")
    assert "2 rows" in shell.text("%kql range x from 1 to 2 step 1")
    (project / "kqlext.toml").write_text("\ndisplay_limit = s3cr3t")
    assert shell.text("%kql print 1").startswith("Not used: kqlext.toml, line 2, column 17")


def test_what_the_user_sets_wins(project: Path, shell: Shell) -> None:
    (project / "kqlext.toml").write_text("[settings]\ndisplay_limit = 3\ntimeout = 20\n")
    shell.run("%config KqlMagics.display_limit = 50")
    config = shell.run("%kql --config")
    assert (config["display_limit"], config["timeout"]) == (50, 20)
    assert shell.run("%kql --config timeout") == {"timeout": 20}
    shell.ip.run_cell("%config KqlMagics.timeout = 'x'")  # it is refused
    assert shell.run("%kql --config timeout") == {"timeout": 20}
    shell.run("%kql --config timeout=none")
    assert shell.run("%kql --config timeout") == {"timeout": None}
    shell.run("%kql --config display_limit=9")
    lines = shell.text("%kql --config").splitlines()
    assert "display_limit = 9  (this session)" in lines
    assert "timeout = None  (this session)" in lines
    assert "feedback = True" in lines
    shell.run("%kql samples")


def test_ipython_config_wins(project: Path, shell: Shell) -> None:
    """As ipython_config.py sets it, before the extension is loaded; also to the value that is the default."""
    shell.run("%unload_ext kqlext")
    shell.ip.config.KqlMagics.display_limit = 50
    shell.ip.config.KqlMagics.cloud = "China"
    (project / "kqlext.toml").write_text("[settings]\ndisplay_limit = 3\ncloud = 'germany'\nfeedback = false\n")
    shell.run("%load_ext kqlext")
    config = shell.run("%kql --config")
    assert (config["display_limit"], config["cloud"], config["feedback"]) == (50, "china", False)


def test_a_wrong_setting_is_an_error_of_every_query(project: Path, shell: Shell) -> None:
    (project / "kqlext.toml").write_text("[settings]\ntimout = 5\n")
    shell.run("%kql --help")
    for cell in ("%kql samples print 1", "%kql --config", "%kql --schema"):
        with pytest.raises(KqlSettingsError) as caught:
            shell.run(cell)
        assert str(caught.value) == (
            "kqlext.toml, line 2, settings.timout: there is no such setting.\nHint: did you mean 'timeout'?"
        )


@given(
    st.text() | st.lists(st.sampled_from(["[settings]\n", "timeout", "feedback", "=", "5", "'a'", "\n"])).map("".join)
)
def test_any_text_gives_settings_or_an_error_of_ours(text: str) -> None:
    path = Path.cwd() / "kqlext.toml"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    settings = LayeredSettings(Session())
    with suppress(KqlError):
        assert set(settings.values()) == set(Session().values())
        settings.news()


def test_no_option_is_named_like_a_connection() -> None:
    assert not [option for option in OPTIONS if normalize_name(option.name).startswith("connection")]
