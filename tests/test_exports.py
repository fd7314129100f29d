"""The public names of the package: sorted, complete, and there."""

from __future__ import annotations

from importlib.metadata import version

import kqlext
import kqlext.errors


def test_every_public_name_is_there() -> None:
    assert kqlext.__all__ == sorted(kqlext.__all__)
    for name in kqlext.__all__:
        assert getattr(kqlext, name) is not None


def test_every_error_is_public() -> None:
    errors = {name for name in vars(kqlext.errors) if name.startswith("Kql")}
    assert errors <= set(kqlext.__all__)


def test_the_tree_in_the_docstring_is_the_tree() -> None:
    classes = [value for value in vars(kqlext.errors).values() if isinstance(value, type)]
    children = {cls.__name__ for cls in classes if cls.__base__ is kqlext.KqlError}
    drawn = {line.split()[1] for line in (kqlext.errors.__doc__ or "").splitlines() if "──" in line}
    assert drawn == children


def test_the_version_is_that_of_the_distribution() -> None:
    assert kqlext.__version__ == version("kqlext")


def test_an_unknown_name_is_an_attribute_error() -> None:
    assert not hasattr(kqlext, "no_such_name")
