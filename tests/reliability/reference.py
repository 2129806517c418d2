"""
The graph that trials run over and over, its pictures, and what its outputs must be.

As a program: `reference.py FOLDER EXECUTOR [JOBS] [DELAY_S]` runs it over FOLDER/photos into FOLDER/out with the
cache FOLDER/cache; its last line is JSON: executed, counts, damaged, notices. It prints "placed NAME"
for every item the report has acknowledged.
"""

import json
import sys
import time
from pathlib import Path

import numpy as np
from PIL import Image

from creevey_graph import RunInterrupted, graph, step
from creevey_graph.events import ItemFinished
from creevey_graph.images import load_image, mean_brightness, resize, trim, write_image

SIZE = (24, 18)


def draw_photos(folder, count, first=0, size=SIZE):
    """Draw *count* small pictures of noise into FOLDER/photos, each of its own content; return that folder."""
    photos = folder / "photos"
    photos.mkdir(parents=True, exist_ok=True)
    for number in range(first, first + count):
        noise = np.random.default_rng(number).integers(0, 255, (size[1], size[0], 3), dtype=np.uint8)
        Image.fromarray(noise).save(photos / f"{number:05}.png")
    return photos


@step(cache="always", ignore=("delay_s",))
def darken(image: Image.Image, *, by: int = 2, delay_s: float = 0.0) -> Image.Image:
    if delay_s:
        time.sleep(delay_s)  # stands for work, so that there is a middle to be killed in
    return image.point([level // by for level in range(256)] * len(image.getbands()))


@graph
def small_set(photo: Path, *, by: int = 2, delay_s: float = 0.0):
    dark = darken(trim(load_image(photo), bottom=2), by=by, delay_s=delay_s)
    return {"file": write_image(resize(dark, (8, 8)), "{stem}.png"), "brightness": mean_brightness(dark)}


def run_reference(folder, *, by=2, delay_s=0.0, **options):
    """Run the graph over FOLDER/photos; options are those of `run`."""
    options = {"executor": "serial", "progress": False, "cache": folder / "cache", **options}
    return small_set.bind(by=by, delay_s=delay_s).run(folder / "photos", out=folder / "out", **options)


def expected_outputs(folder, by=2):
    """Return name -> (bytes of the output, brightness), by plain calls: no graph, no cache."""
    expected = {}
    scratch = folder / "expected.png"
    for path in sorted((folder / "photos").iterdir()):
        dark = darken(trim(load_image(path), bottom=2), by=by)
        write_image(resize(dark, (8, 8)), scratch)
        expected[f"{path.stem}.png"] = (scratch.read_bytes(), mean_brightness(dark))
    scratch.unlink(missing_ok=True)
    return expected


def check_outputs(folder, by=2, expected=None):
    """Check that every file in FOLDER/out is whole and right, temporary ones aside; return how many there are."""
    expected = expected or expected_outputs(folder, by)
    found = [path for path in (folder / "out").glob("*") if not path.name.startswith(".")]
    for path in found:
        assert expected[path.name][0] == path.read_bytes(), f"{path.name} is not whole"
    return len(found)


def check_equal(folder, report, by=2, expected=None):
    """
    Check that outputs and rows are those of plain calls, every one, and that nothing else lies there.

    *expected* are those of `expected_outputs`, where they were made before.
    """
    expected = expected or expected_outputs(folder, by)
    assert report.ok, [row.error for row in report.failed]
    assert len(expected) == check_outputs(folder, by, expected)
    fields = {row.outputs[0]: row.fields["brightness"] for row in report.rows}
    assert {name: value for name, (_, value) in expected.items()} == fields


def main(folder, executor, jobs=2, delay_s=0.0):
    """Run as a program; return the exit code."""

    def acknowledge(event):
        if isinstance(event, ItemFinished):
            print("placed", *event.row.outputs, flush=True)

    options = {"executor": executor, "jobs": jobs, "listeners": [acknowledge]}
    code = 0
    try:
        report = run_reference(folder, delay_s=delay_s, **options)
    except RunInterrupted as exc:
        report, code = exc.report, 130
    counts = {str(outcome): count for outcome, count in report.counts.items()}
    told = {
        "executed": dict(report.executed),
        "counts": counts,
        "damaged": report.damaged,
        "notices": report.notices,
    }
    print(json.dumps(told, default=str), flush=True)
    return code


if __name__ == "__main__":
    given = sys.argv[1:]
    sys.exit(
        main(
            Path(given[0]),
            given[1],
            *[kind(text) for kind, text in zip((int, float), given[2:], strict=False)],
        )
    )
