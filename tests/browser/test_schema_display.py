"""Schemas in a real JupyterLab, light and dark: folded, legible, and the same where the notebook is not trusted."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from nbformat.v4 import new_output
from servers.browser import Notebook
from test_schema_listing import EVIL, LARGE, SMALL

from kqlext.schemas import Column, DatabaseSchema, TableSchema
from kqlext.schemas.listing import SchemaListing

SETUP = "%load_ext kqlext\n%kql samples"


def test_a_schema_unfolds(open_notebook: Callable[..., Notebook]) -> None:
    notebook = open_notebook(SETUP, "%kql --schema", "%kql --schema StormEvents -sample 2", "%kql --tables ip")
    for number in range(4):
        notebook.run(number)
    tree = notebook.output(1)
    tree.get_by_text("StormEvents").wait_for()
    state = tree.get_by_text("EpisodeNarrative")
    assert not state.is_visible()
    tree.get_by_text("StormEvents").click()
    state.wait_for(state="visible")
    assert notebook.contrast(tree.get_by_text("22 columns")) >= 4.5
    assert notebook.contrast(state) >= 4.5
    tree.scroll_into_view_if_needed()
    notebook.shot("schema")
    table = notebook.output(2)
    table.get_by_text("StormEvents · table · 22 columns · samples@local").wait_for()
    assert table.locator("tr").count() == 3
    notebook.output(2).scroll_into_view_if_needed()
    notebook.shot("schema-of-a-table")


def test_a_notebook_that_is_not_trusted_shows_the_same(open_notebook: Callable[..., Notebook]) -> None:
    evil = DatabaseSchema("c", "d", (TableSchema(f"evil {EVIL}", (Column(EVIL, "long", EVIL),)),), ())
    listings = [SchemaListing(schema) for schema in (SMALL, LARGE, evil)]
    notebook = open_notebook("1", "2", "3", outputs={number: [_output(item)] for number, item in enumerate(listings)})
    small, large, hostile = (notebook.output(number) for number in range(3))
    small.get_by_text("StormEvents 2 columns").click()
    small.get_by_text("Deaths", exact=True).wait_for(state="visible")
    assert not large.get_by_text("Table_000_CL (40 columns)").is_visible(), "a long list is folded as a whole"
    large.get_by_text("Tables", exact=True).click()
    large.get_by_text("Table_699_CL (40 columns)").scroll_into_view_if_needed()
    notebook.shot("schema-large")
    hostile.get_by_text(re.compile("^evil")).first.click()
    assert notebook.page.locator(".jp-OutputArea script").count() == 0


def _output(listing: SchemaListing) -> Any:
    return new_output("display_data", listing._repr_mimebundle_())
