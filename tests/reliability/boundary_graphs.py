"""
The graphs that `boundary_scenes.py` runs, and what they must make.

They are traced and fingerprinted once, and what they must make is made once, by plain calls.
"""

import functools
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import reference
from PIL import Image

from creevey_graph import facade, graph, listing, step
from creevey_graph.errors import CreeveyError, SourceError
from creevey_graph.events import ItemFinished, ItemsCached
from creevey_graph.images import load_image, write_image
from creevey_graph.journal import rows_of

ITEMS = 2
LARGE = (128, 96)
GOOD = ("done", "restored", "cached")


def be_quick() -> None:
    """Let what a graph is, whatever its items, be found out once: it took two thirds of a run of two items."""

    def once(function: Callable[..., Any]) -> Callable[..., Any]:
        known: dict[Any, Any] = {}

        def kept(graph: Any, *others: Any) -> Any:
            if any(others):  # columns, or accepted edits
                return function(graph, *others)
            if graph not in known:
                known[graph] = function(graph)
            return known[graph]

        return kept

    listing.freeze = once(listing.freeze)
    facade.shape_of = once(facade.shape_of)
    facade.Graph.validate = once(facade.Graph.validate)


# --- two graphs: one output of an item, and two of which the second is made of the first ---------


@step(writes="path")
def write_darkest(file: Path, path: Path) -> Path:
    with Image.open(file) as image:
        path.write_text(f"{image.convert('L').getextrema()[0]}\n")
    return path


@graph
def pair_set(photo: Path, *, by: int = 2):
    file = write_image(reference.darken(load_image(photo), by=by), "{stem}.png")
    return {"file": file, "note": write_darkest(file, "{stem}.txt")}


def draw(folder, name):
    """Draw the photos; those of pairs are so large that their values stand in files, not in rows."""
    reference.draw_photos(folder, ITEMS)
    if name == "pair":
        for path in (folder / "photos").iterdir():
            with Image.open(path) as image:
                image.resize(LARGE, Image.Resampling.NEAREST).save(path)


GRAPHS = {"small": reference.small_set, "pair": pair_set}


@functools.cache
def _graph(name, by):
    return GRAPHS[name].bind(by=by)


@functools.cache
def expected(name, by):
    """Return output -> its bytes, by plain calls; every stage has the same photos."""
    with tempfile.TemporaryDirectory() as text:
        folder = Path(text)
        draw(folder, name)
        if name == "small":
            return {path: data for path, (data, _) in reference.expected_outputs(folder, by).items()}
        made = {}
        for photo in sorted((folder / "photos").iterdir()):
            written = write_image(reference.darken(load_image(photo), by=by), folder / f"{photo.stem}.png")
            note = write_darkest(written, folder / f"{photo.stem}.txt")
            made |= {path.name: path.read_bytes() for path in (written, note)}
        return made


def report_of(folder, name, by, **options):
    """Run a graph over FOLDER/photos."""
    options = {"executor": "serial", "progress": False, "cache": folder / "cache", **options}
    return _graph(name, by).run(folder / "photos", out=folder / "out", **options)


def told(refused="", rows=(), notices=(), report=""):
    return {"refused": refused, "rows": list(rows), "notices": list(notices), "report": report}


def run(folder, name, by, tell=lambda _: None, **options):
    """
    Run a graph and return what became of it: what refused it, rows, notices, and why its report cannot be read.

    Rows are those that listeners are told, and the report must say the same where its file can be read.
    """
    rows = []

    def acknowledge(event):
        for single in rows_of(event) if isinstance(event, ItemsCached) else [event]:
            if isinstance(single, ItemFinished):
                row = single.row
                rows.append([row.key, str(row.outcome), row.error, list(row.outputs)])
                if row.outcome in GOOD:
                    tell(list(row.outputs))

    try:
        report = report_of(folder, name, by, listeners=[acknowledge], **options)
    except CreeveyError as exc:
        return told(f"{type(exc).__name__}: {exc}", rows)
    try:
        found = [[row.key, str(row.outcome), row.error, list(row.outputs)] for row in report.rows]
        assert sorted(found) == sorted(rows)
    except SourceError as exc:
        return told("", rows, report.notices, str(exc))
    return told("", rows, report.notices)
