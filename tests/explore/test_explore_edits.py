"""An edit of the graph's code counts in the next preview, and an error in it is told in the panel."""

import functools
import os

import pytest
from cli_fixtures import GRAPH

from creevey_graph.cli.options import opened_graph
from creevey_graph.events import Outcome, Row
from creevey_graph.explore.items import Items
from creevey_graph.explore.loaded import Loaded
from creevey_graph.explore.previews import Asked, Previews

HELPED = GRAPH.replace(
    "@step\ndef inverted", "from helper_of_explore import LEVEL\n\n@step\ndef inverted"
).replace("255 - level", "LEVEL - level")
CLASSES = """
class Held:
    def __init__(self, width):
        self.width = width

@step
def held(image: Image.Image) -> Held:
    return Held(image.width)

@step
def width(value: Held) -> int:
    if not isinstance(value, Held):
        raise TypeError("of another class")
    return value.width

@graph"""


def edit(path, text):
    """Write a file as an editor would, its time surely another."""
    stat = path.stat()
    path.write_text(text, encoding="utf-8")
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns + 1_000_000))


@pytest.fixture
def opened(folder):
    """Open previews of a graph's text: `opened(text, *settings)` gives a function that asks for one."""
    made = []

    def opened(text, *settings):
        (folder / "graph.py").write_text(text, encoding="utf-8")
        load = functools.partial(opened_graph, "graph.py", settings)
        previews = Previews(Loaded(load(), load), Items(None), limit_s=60)
        made.append(previews)
        row = Row("1.jpg", "photos/1.jpg", Outcome.DONE)
        return lambda *settings: previews.of(Asked(0, row, settings=settings))

    yield opened
    for previews in made:
        previews.close()


def pictures(preview):
    assert preview["error"] == ""
    return {picture["node"]: picture["src"] for picture in preview["pictures"]}


def test_an_edited_step_is_run_as_it_is_now(folder, opened):
    """The picture changes, and changes back; what is above it stays."""
    preview = opened(GRAPH)
    before = pictures(preview())
    edit(folder / "graph.py", GRAPH.replace("255 - level", "level // 2"))
    edited = pictures(preview())
    edit(folder / "graph.py", GRAPH)

    assert before["inverted"] != edited["inverted"]
    assert before["load_image"] == edited["load_image"]
    assert before == pictures(preview())


def test_an_edited_helper_is_too(folder, opened):
    """A module that the graph's file imports is imported anew, without byte code beside it being needed."""
    helper = folder / "helper_of_explore.py"
    helper.write_text("LEVEL = 255\n")
    preview = opened(HELPED)
    before = pictures(preview())
    edit(helper, "LEVEL = 100\n")

    assert before["inverted"] != pictures(preview())["inverted"]


def test_values_of_classes_are_made_anew(folder, opened):
    """A class of an edited file is another: what is kept of the old one is not handed to the new code."""
    held = GRAPH.replace("@graph", CLASSES, 1).replace(
        '"brightness": mean_brightness(image)', '"width": width(held(image))'
    )
    preview = opened(held)
    pictures(preview())
    edit(folder / "graph.py", held.replace("return value.width", "return 2 * value.width"))

    pictures(preview())


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("def broken(:\n", "SyntaxError"),
        ("1 / 0\n", "graph.py cannot be imported: ZeroDivisionError: division by zero"),
        ("raise SystemExit(3)\n", "graph.py cannot be imported: SystemExit: 3"),
        ("x = 1\n", "'graph.py' has no graph"),
        (GRAPH.replace("resize(image, size)", "resize(image)"), "resize"),
        (None, "no file 'graph.py'"),
    ],
)
def test_an_error_in_an_edited_file_is_told_until_it_is_mended(folder, opened, text, told):
    """The panel shows it as text; once the file is mended, the preview is there again."""
    preview = opened(GRAPH)
    before = pictures(preview())
    if text is None:
        (folder / "graph.py").rename(folder / "away.py")
    else:
        edit(folder / "graph.py", text)
    broken = [preview()["error"] for _ in range(2)]
    if text is None:
        (folder / "away.py").rename(folder / "graph.py")
    edit(folder / "graph.py", GRAPH)

    assert broken[0].startswith("the edited graph cannot be loaded: ")
    assert told in broken[0] if text != "def broken(:\n" else "graph.py" in broken[0]
    assert broken[0] == broken[1]
    assert before == pictures(preview())


def test_parameters_stay_as_they_were_set(folder, opened):
    """What was said with --set is set again after an edit."""
    preview = opened(GRAPH, "size=4,4")
    edit(folder / "graph.py", GRAPH.replace("255 - level", "level // 2"))

    assert {"name": "size", "text": "4,4", "changed": False} in preview()["parameters"]
    assert {"name": "size", "text": "2,2", "changed": True} in preview("size=2,2")["parameters"]


def test_a_new_parameter_can_be_set(folder, opened):
    """An edit may add one, or take one away."""
    preview = opened(GRAPH)
    edit(folder / "graph.py", GRAPH.replace("label: str", "darker: bool = False, label: str"))

    assert {"name": "darker", "text": "true", "changed": True} in preview("darker=yes")["parameters"]
    edit(folder / "graph.py", GRAPH)
    assert "has no parameter 'darker'" in preview("darker=yes")["error"]
