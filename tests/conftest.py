"""Fixtures that more than one test module asks for."""

import pytest
from browser import browser, open_page, watch
from cli_fixtures import cli, folder
from runs import draw

__all__ = ["browser", "cli", "folder", "go", "open_page", "photos", "watch"]


@pytest.fixture
def go(tmp_path):
    """Run a graph on rows or files, with `out` and the cache below the test's folder."""

    def run(graph, items, **options):
        options.setdefault("out", tmp_path / "out")
        options.setdefault("cache", tmp_path / "cache")
        options.setdefault("executor", "serial")
        return graph.run(items, progress=False, **options)

    return run


@pytest.fixture
def photos(tmp_path):
    """Draw three pictures of equal size and different content; return their folder."""
    folder = tmp_path / "photos"
    folder.mkdir()
    for number, name in enumerate(("a", "b", "c")):
        draw(folder / f"{name}.png", number)
    return folder
