"""Names from outside stay text: no command prints a control, bidirectional or invisible character that they hold."""

import contextlib
import os
import re

import pytest
from PIL import Image

from creevey_graph.cli import tables
from creevey_graph.screen import Screen, screen_of
from creevey_graph.text import safe_text
from creevey_graph.views import live_bar, progress

HOSTILE = "\x1b[31mred\x1b]0;title\x07\x9b2J\r\u202egpj\u200b\u2066\u2028\ufeff\u00ad\U000e0041"
OURS = re.compile(r"\x1b\[[0-9;]*m")
REDRAWN = re.compile(r"\r\x1b\[K|\x1b\[\d+A\r\x1b\[J")

GRAPH = f"""
from pathlib import Path
from PIL import Image
from creevey_graph import graph, step
from creevey_graph.images import load_image, resize, write_image

HOSTILE = {HOSTILE!r}

@step
def odd(image: Image.Image, *, mark: str = "") -> Image.Image:
    if image.width == 7:
        raise ValueError(HOSTILE + "error")
    return image

def named(image):
    return image.width

named.__name__ = named.__qualname__ = "named" + HOSTILE

@graph
def small(photo: Path, *, label: str = HOSTILE, size: int = 8):
    image = odd(load_image(photo), mark=label)
    return {{"file": write_image(resize(image, (size, size)), "{{key}}.png"), "wide" + HOSTILE: step(named)(image)}}
"""

COMMANDS = (
    ("status", "graph.py", "photos", "--out", "out"),
    ("run", "graph.py", "photos", "--out", "out", "--progress"),
    ("run", "graph.py", "photos", "--out", "out", "--json"),
    ("status", "graph.py", "photos", "--out", "out", "--set", "size=9"),
    ("status", "graph.py", "photos", "--out", "out", "--set", "size=9", "--json"),
    ("run", "graph.py", "photos", "--out", "out", "--dry-run", "--refresh"),
    ("explain", "graph.py", f"photos/a{HOSTILE}.png", "--out", "out", "--set", "size=9", "-v"),
    ("explain", "graph.py", f"photos/a{HOSTILE}.png", "--out", "out", "--json"),
    ("explain", "graph.py", f"photos/none{HOSTILE}.png", "--out", "out"),
    ("accept", "graph.py", f"odd{HOSTILE}"),
    ("accept", "graph.py", "--list"),
    ("draw", "graph.py"),
    ("draw", "graph.py", "--format", "dot"),
    ("draw", "graph.py", "--format", "mermaid"),
    ("draw", "graph.py", "--json"),
    ("report",),
    ("report", "--failed"),
    ("report", "--summary"),
    ("report", "--json"),
    ("cache", "info"),
    ("cache", "verify"),
    ("run", "graph.py", f"no{HOSTILE}", "--out", "out"),
    ("run", "graph.py", "photos", "--out", f"out/{HOSTILE}", "--set", f"size{HOSTILE}=1"),
    (f"run{HOSTILE}",),
)


@pytest.fixture
def hostile(folder):
    """A graph and pictures with names that would move the cursor, change colours or turn text round."""
    (folder / "graph.py").write_text(GRAPH, encoding="utf-8")
    names = [f"a{HOSTILE}.png", f"line\nbreak{HOSTILE}.png", f"七{HOSTILE}.png"]
    for number, name in enumerate(names):
        Image.new("RGB", (7 + number, 5), (9, 9, 60 * number)).save(folder / "photos" / name)
    image = (folder / "photos" / names[1]).read_bytes()
    with contextlib.suppress(OSError):  # a file system that takes UTF-8 only
        (folder / "photos" / os.fsdecode(b"latin-\xe9.png")).write_bytes(image + b"more")
    return folder


@pytest.mark.parametrize("width", [None, 60])
def test_nothing_that_is_printed_can_move_the_cursor(hostile, cli, monkeypatch, width):
    """Whatever the screen, what is left beside our own colours passes `safe_text` unchanged."""
    shown = screen_of if width is None else lambda *_: Screen(width, has_color=True, can_redraw=True)
    for module in (tables, live_bar, progress):
        monkeypatch.setattr(module, "screen_of", shown)
    told = ""
    for command in COMMANDS:
        result = cli(*command, color=width is not None)
        assert not isinstance(result.exception, Exception), result.exception
        for text in (result.stdout, result.stderr):
            left = OURS.sub("", REDRAWN.sub("", text)) if width is not None else text
            assert left == safe_text(left, keep_newlines=True), (command, left)
            assert "\t" not in left, command
            told += left

    assert r"\x1b[31mred" in told
    assert r"line\x0abreak" in told or width
