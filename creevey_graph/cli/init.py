"""`creevey-graph init`: a starter file."""

from pathlib import Path

import click

from creevey_graph import UsageError

FILE = "graph.py"
STARTER = '''"""
A graph to start from.

    creevey-graph draw graph.py
    creevey-graph run graph.py PHOTOS --out thumbnails     # PHOTOS: a folder, or a glob in quotes
    creevey-graph run graph.py PHOTOS --out thumbnails     # again: nothing to do
    creevey-graph status graph.py PHOTOS --out thumbnails --set size=128,128
"""

from pathlib import Path

from PIL import Image, ImageEnhance

from creevey_graph import graph, step
from creevey_graph.images import load_image, mean_brightness, resize, write_image


# A step is a function. Edit it, run again: it and what reads it run anew, nothing else.
@step
def vivid(image: Image.Image, *, strength: float = 1.3) -> Image.Image:
    """Strengthen the colours; 1.0 leaves them as they are."""
    return ImageEnhance.Color(image).enhance(strength)


# A graph calls steps. It is traced once; `photo` stands for each item, `size` is set by --set.
@graph
def thumbnails(photo: Path, *, size: tuple[int, int] = (224, 224)):
    image = load_image(photo)
    small = resize(vivid(image), size, fit="cover")
    return {
        "file": write_image(small, "{stem}.jpg"),  # below --out; also {parent} {key} {index} …
        "brightness": mean_brightness(image),  # a column of the report
    }
'''


@click.command(short_help="Write a small starter file, graph.py, into this folder.")
def init() -> None:
    """Write a small, commented graph.py into this folder; a file that is there is left alone."""
    path = Path(FILE)
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(STARTER)
    except FileExistsError:
        raise UsageError(f"'{FILE}' is there already, and is left alone; rename it first") from None
    click.echo(f"wrote {FILE}; next: creevey-graph run {FILE} PHOTOS --out thumbnails")
