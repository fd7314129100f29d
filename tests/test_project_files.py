"""CHANGELOG, issue forms and the page of the architecture have the form that they promise."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import ROOT

import kqlext

# --- CHANGELOG: https://keepachangelog.com/en/1.1.0/ ---------------------------------------------------------

CHANGES = ["Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"]
CHANGELOG = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_the_changelog_lists_versions_from_the_newest_on() -> None:
    headings = re.findall(r"^## .*$", CHANGELOG, re.MULTILINE)
    assert headings[0] == "## [Unreleased]"
    assert all(re.fullmatch(r"## \[\d+\.\d+\.\d+\] - \d{4}-\d{2}-\d{2}", heading) for heading in headings[1:])
    versions = [tuple(int(part) for part in re.findall(r"\d+", heading)[:3]) for heading in headings[1:]]
    assert versions == sorted(versions, reverse=True)
    assert all(version <= tuple(int(part) for part in kqlext.__version__.split(".")) for version in versions)


def test_the_changelog_groups_changes_by_kind() -> None:
    for part in re.split(r"^## .*$", CHANGELOG, flags=re.MULTILINE)[1:]:
        kinds = re.findall(r"^### (.*)$", part, re.MULTILINE)
        assert kinds == [kind for kind in CHANGES if kind in kinds]
        lines = [line for line in part.splitlines() if line and not line.startswith("### ")]
        assert [line for line in lines if not line.startswith(("- ", "  "))] == []


def test_a_change_is_a_sentence() -> None:
    entries = re.findall(r"^- (.*(?:\n  .*)*)", CHANGELOG, re.MULTILINE)
    assert len(entries) > 50
    assert [entry for entry in entries if not entry.endswith(".")] == []


# --- issue forms: https://docs.github.com/communities/using-templates-to-encourage-useful-issues-and-pull-requests ---

FORMS = sorted((ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.yml"))
NEEDED = {"markdown": {"value"}, "textarea": {"label"}, "input": {"label"}, "dropdown": {"label", "options"}}


def form_of(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def test_there_is_a_form_for_each_kind_of_feedback() -> None:
    assert [path.stem for path in FORMS] == ["bug", "config", "refused_query", "wish"]


@pytest.mark.parametrize("path", [path for path in FORMS if path.stem != "config"], ids=lambda path: path.stem)
def test_a_form_is_what_github_takes(path: Path) -> None:
    form = form_of(path)
    assert set(form) == {"name", "description", "labels", "body"}
    asked = [field for field in form["body"] if field["type"] != "markdown"]
    assert len({field["id"] for field in asked}) == len(asked)
    assert any(field.get("validations", {}).get("required") for field in asked)
    for field in form["body"]:
        assert NEEDED[field["type"]] <= set(field["attributes"])


def test_a_bug_is_asked_for_without_secrets() -> None:
    form = form_of(next(path for path in FORMS if path.stem == "bug"))
    assert {"cell", "seen", "expected", "service", "versions"} <= {field.get("id") for field in form["body"]}
    assert "No secrets" in form["body"][0]["attributes"]["value"]


# --- architecture --------------------------------------------------------------------------------------------

ARCHITECTURE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
PICTURE = (ROOT / "docs" / "architecture.svg").read_text(encoding="utf-8")


def modules() -> set[str]:
    """The modules and packages right below kqlext."""
    paths = [path for path in (ROOT / "kqlext").iterdir() if not path.name.startswith(("_", "."))]
    return {path.stem for path in paths if path.suffix == ".py" or path.is_dir()}


def test_the_architecture_names_every_module_once() -> None:
    table = ARCHITECTURE.partition("## What is where")[2]
    rows = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `")]
    named = [name for row in rows for name in re.findall(r"`(\w+)`", row)]
    assert len(named) == len(set(named))
    assert set(named) == modules()


def test_the_picture_names_modules() -> None:
    named = set(re.findall(r'class="module"[^>]*>([^<]+)<', PICTURE))
    assert len(named) >= 8
    assert named <= modules()


def test_ipython_is_known_by_the_modules_that_it_says() -> None:
    sentence = re.search(r"IPython is known by.*?itself loads\.", ARCHITECTURE, re.DOTALL)
    assert sentence is not None
    named = {name for name in re.findall(r"`([\w.]+)`", sentence[0]) if name != "kqlext"}
    known = set()
    for path in (ROOT / "kqlext").rglob("*.py"):
        if re.search(
            r"^\s*(?:from|import) (?:IPython|traitlets|prompt_toolkit)\b", path.read_text("utf-8"), re.MULTILINE
        ):
            known.add(".".join(path.relative_to(ROOT / "kqlext").with_suffix("").parts))
    assert named == known - {"__init__"}
