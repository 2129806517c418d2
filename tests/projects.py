"""A small project in a folder of its own: a graph, helpers two modules deep, and fresh processes to run it."""

import json
import os
import subprocess
import sys
from pathlib import Path

from PIL import Image

import creevey_graph

STEPS = """
from pathlib import Path
from PIL import Image
from creevey_graph import graph, step
from creevey_graph.images import load_image, mean_brightness, resize, write_image
from tones import tone

@step
def sepia(image: Image.Image, *, strength: float = 1.0) -> Image.Image:
    return image.point(lambda level: int(tone(level) * strength))

@step
def label(photo: Path, *, prefix: str = "no. ") -> str:
    if "torn" in photo.name:
        raise ValueError("it is torn")
    return prefix + photo.stem

@graph
def small(photo: Path, *, size: tuple[int, int] = (8, 8)):
    image = sepia(load_image(photo))
    return {"file": write_image(resize(image, size), "{stem}.png"), "label": label(photo)}
"""
TONES = """
from levels import normalise


def tone(level):
    return normalise(level)
"""
LEVELS = """
LIMIT = 3


def normalise(level):
    # to the middle
    return min(level + LIMIT, 255)
"""


class Project:
    """
    The project in *folder*: `steps.py` with graph `small`, `tones.py`, `levels.py`, and pictures.

    Every command runs in a process of its own, so that nothing of the code before an edit is loaded.
    """

    def __init__(self, folder: Path):
        self.folder = folder
        for name, text in (("steps", STEPS), ("tones", TONES), ("levels", LEVELS)):
            self.write(name, text)
        (folder / "photos" / "sub").mkdir(parents=True)
        for number, name in enumerate(("a", "sub/b")):
            Image.new("RGB", (16, 12), (50 * number, 9, 9)).save(folder / "photos" / f"{name}.jpg")

    def write(self, module, text):
        (self.folder / f"{module}.py").write_text(text.lstrip("\n"), encoding="utf-8")

    def edit(self, module, old, new):
        """Replace a text that must be there."""
        path = self.folder / f"{module}.py"
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new), encoding="utf-8")

    def call(self, *args):
        """Return exit code, stdout and stderr of a command."""
        environ = {**os.environ, "PYTHONPATH": str(Path(creevey_graph.__file__).parents[1])}
        environ.pop("CREEVEY_CACHE_DIR", None)
        command = [sys.executable, "-m", "creevey_graph", *map(str, args)]
        done = subprocess.run(
            command, cwd=self.folder, env=environ, capture_output=True, text=True, check=False
        )
        return done.returncode, done.stdout, done.stderr

    def executed(self, *args, items="photos", code=0):
        """Run the graph and return node -> how often it ran, those that did not left out."""
        result = self.call("run", "steps.py", items, "--out", "out", "--json", "--executor", "serial", *args)
        assert code == result[0], result[2]
        counts = json.loads(result[1])["executed"]
        return {name: count for name, count in counts.items() if count}

    def explain(self, item="photos/sub/b.jpg", *args):
        """Return what explain prints."""
        code, text, error = self.call("explain", "steps.py", item, "--out", "out", *args)
        assert 0 == code, error
        return text

    def files(self):
        """Return every file below the folder that a command could have written, with its content."""
        return {
            str(path): path.read_bytes()
            for path in self.folder.rglob("*")
            if path.is_file()
            and "__pycache__" not in path.parts
            and not path.name.endswith(("-wal", "-shm", ".db"))
        }
