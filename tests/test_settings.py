"""Where an option's value comes from, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest
import traitlets

from kqlext.cell import parse
from kqlext.errors import KqlCellError
from kqlext.options import OPTIONS, command_names, option_names
from kqlext.settings import effective
from kqlext.text import normalize_name
from kqlext.traits import traits


def values(
    line: str,
    session: dict[str, Any] | None = None,
    notebook: dict[str, Any] | None = None,
    environment: dict[str, str] | None = None,
) -> dict[str, Any]:
    cell = parse(line, "T")
    return effective(cell.options, session or {}, notebook or {}, environment or {}, cell.text)


def test_defaults() -> None:
    assert values("") == {option.name: option.default for option in OPTIONS}


def test_the_line_wins_over_the_session_and_the_session_over_the_default() -> None:
    session = {"display_limit": 7, "feedback": False}
    assert values("", session)["display_limit"] == 7
    found = values("-dl 9", session)
    assert (found["display_limit"], found["feedback"], found["auto_dataframe"]) == (9, False, False)
    assert values("-dl none", session)["display_limit"] is None


@pytest.mark.parametrize(
    ("line", "option", "value"),
    [
        ("-dl limit", "display_limit", 12),
        ("-dl limits['a']", "display_limit", 13),
        ("-dl text", "display_limit", 14),
        ("-dl nothing", "display_limit", None),
        ("-dl $LIMIT", "display_limit", 15),
        ("-f=yes", "feedback", True),
        ("-f=$FLAG", "feedback", False),
        ("-conn anything", "conn", {"a": 1}),
        ("-conn $CONN", "conn", "Samples@help"),
        ("-conn 'limit'", "conn", "limit"),
        ("-tables limit", "tables", "limit"),
        ("-o limit", "o", "limit"),
    ],
)
def test_names_and_environment_variables(line: str, option: str, value: object) -> None:
    notebook = {"limit": 12, "limits": {"a": 13}, "text": "14", "nothing": None, "yes": True, "anything": {"a": 1}}
    environment = {"LIMIT": "15", "FLAG": "false", "CONN": "Samples@help"}
    assert values(line, None, notebook, environment)[option] == value


@pytest.mark.parametrize(
    ("line", "message", "hint"),
    [
        ("-dl missing", "There is no variable missing in the notebook.", "takes a whole number, or None"),
        ("-dl secert", "There is no variable secert in the notebook.", "did you mean 'secret'?"),
        ("-dl $MISSING", "The environment variable MISSING is not set.", "set MISSING"),
        ("-dl secret", "secret is no value for -display_limit.", "a whole number, or None"),
        ("-dl number", "number is no value for -display_limit.", "a whole number, or None"),
        ("-dl $SECRET", "$SECRET is no value for -display_limit.", "a whole number, or None"),
        ("-f=secret", "secret is no value for -feedback.", "True or False"),
        ("-f=number", "number is no value for -feedback.", "True or False"),
        ("-f=nothing", "nothing is no value for -feedback.", "True or False"),
    ],
)
def test_errors_point_at_the_option_and_show_no_value(line: str, message: str, hint: str) -> None:
    notebook = {"secret": "s3cr3t", "number": 1.5, "nothing": None}
    with pytest.raises(KqlCellError) as caught:
        values(line, None, notebook, {"SECRET": "s3cr3t"})
    error = caught.value
    assert error.message == message
    assert hint in error.hint
    assert error.span is not None
    assert error.span.of(error.text or "") == line[:3].rstrip("=")[: len(error.span.of(error.text or ""))]
    assert "s3cr3t" not in str(error)


def test_traits_are_the_configurable_options() -> None:
    found = traits()
    assert set(found) == {option.name for option in OPTIONS if option.configurable}
    holder = type("Holder", (traitlets.HasTraits,), found)()
    for option in OPTIONS:
        if option.configurable and option.kind != "integer":
            assert getattr(holder, option.name) == option.default
    assert holder.display_limit == 50
    holder.display_limit = None
    holder.cloud = "CHINA"
    assert holder.cloud == "china"
    for name, value in (("display_limit", "many"), ("cloud", "moon"), ("feedback", "maybe")):
        with pytest.raises(traitlets.TraitError):
            setattr(holder, name, value)


def test_no_two_options_or_commands_have_a_name_in_common() -> None:
    names = [normalize_name(name) for option in OPTIONS for name in (option.name, *option.aliases)]
    assert sorted(option_names()) == sorted(names)
    assert len(set(command_names())) == len(command_names())
    assert all(option.help for option in OPTIONS)
