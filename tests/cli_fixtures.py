"""A folder with a graph, three pictures, and the command line run in this process."""

import sys

import pytest
from click.testing import CliRunner
from PIL import Image

from creevey_graph.cli import main

GRAPH = """
from pathlib import Path
from PIL import Image
from creevey_graph import Graph, graph, step
from creevey_graph.images import load_image, mean_brightness, resize, write_image

@step
def inverted(image: Image.Image, *, strength: float = 1.0) -> Image.Image:
    return image.point(lambda level: 255 - level)

@graph
def small(photo: Path, *, size: tuple[int, int] = (8, 8), label: str | None = None):
    image = inverted(load_image(photo)) if label != "plain" else load_image(photo)
    return {"file": write_image(resize(image, size), "{stem}.png"), "brightness": mean_brightness(image)}
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The current folder: `graph.py` with the graph `small`, and `photos/` with three pictures."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.delenv("CREEVEY_CACHE_DIR", raising=False)
    known = set(sys.modules)
    (tmp_path / "graph.py").write_text(GRAPH, encoding="utf-8")
    (tmp_path / "photos").mkdir()
    for number in range(3):
        Image.new("RGB", (16, 12), (50 * number, 9, 9)).save(tmp_path / "photos" / f"{number}.jpg")
    yield tmp_path
    for name in set(sys.modules) - known:
        if str(tmp_path) in (getattr(sys.modules[name], "__file__", None) or ""):
            del sys.modules[name]


@pytest.fixture
def cli(folder):
    """Run a command: `cli("run", "graph.py", ...)` gives exit_code, stdout and stderr."""

    def invoke(*args, **kwargs):
        return CliRunner().invoke(main, list(map(str, args)), **kwargs)

    return invoke
