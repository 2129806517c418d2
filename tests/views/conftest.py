"""Fixtures of tests that look at pages."""

import pytest
from page_samples import graph_svg, page_sample

from creevey_graph.views.page.html import render_page


@pytest.fixture
def show(open_page, tmp_path):
    """Write a page of data to a file and open it; a number makes a run of so many items."""

    def show(data=200, *, svg=None, address="", **options):
        data = page_sample(data) if isinstance(data, int) else data
        path = tmp_path / "run.html"
        path.write_text(render_page(data, graph_svg(data["steps"]) if svg is None else svg), encoding="utf-8")
        return open_page(path.as_uri() + address, **options)

    return show
