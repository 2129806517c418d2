"""
The headline graph as Hamilton draws it, for the README: `python benchmarks/peer_drawing.py`.

Needs the extra `bench`, the package `graphviz`, and graphviz's `dot` on PATH. Hamilton draws functions and inputs;
it has no picture of what ran, what is cached, or what an edit changes.
"""

import shutil
import subprocess
import sys
import types
from pathlib import Path

FILE = Path(__file__).parent / "pictures" / "hamilton.svg"
FUNCTIONS = """
from pathlib import Path
from PIL.Image import Image

def load_image(photo: Path) -> Image: ...
def trim(load_image: Image) -> Image: ...
def tone(trim: Image) -> Image: ...
def resize(tone: Image, size: tuple) -> Image: ...
def write_image(resize: Image, out: Path) -> Path: ...
def mean_brightness(trim: Image) -> float: ...
"""


def main() -> None:
    try:
        from hamilton import driver  # noqa: PLC0415 - an extra
    except ImportError:
        sys.exit("needs Hamilton: pip install 'creevey_graph[bench]' graphviz")
    dot = shutil.which("dot") or sys.exit("needs graphviz's dot on PATH (Debian: graphviz)")
    module = types.ModuleType("training_set")
    exec(FUNCTIONS, module.__dict__)
    for value in list(vars(module).values()):
        if isinstance(value, types.FunctionType):
            value.__module__ = module.__name__
    sys.modules[module.__name__] = module
    drawn = driver.Builder().with_modules(module).build().display_all_functions()
    svg = subprocess.run([dot, "-Tsvg"], input=drawn.source, capture_output=True, text=True, check=True)
    FILE.parent.mkdir(exist_ok=True)
    FILE.write_text(svg.stdout, encoding="utf-8")
    print(f"wrote {FILE}")


if __name__ == "__main__":
    main()
