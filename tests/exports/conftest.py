"""A finished run with pictures, masks and fields, for every export."""

import numpy as np
import pytest
from PIL import Image

from creevey_graph import SkipItem, graph, step

BIG = 2**64 - 3


@step(writes="path")
def draw_square(number: int, path, *, level: int = 0):
    if number == 90:
        raise ValueError("ninety")
    if number == 91:
        raise SkipItem("ninety-one")
    noise = np.random.default_rng(number).integers(0, 256, (8, 8, 3), dtype=np.uint8)
    Image.fromarray(noise).point(lambda value: value // (1 + level)).save(path)
    return path


@step
def large(number: int) -> int:
    return BIG - number


@graph
def squares(number: int, *, level: int = 0):
    return {"file": draw_square(number, "{key}.png", level=level), "big": large(number)}


@graph
def pairs(number: int):
    return {"photo": draw_square(number, "photos/{key}.png"), "mask": draw_square(number, "masks/{key}.PNG")}


LABELS = ("cat", "dog")


def rows_of(count, first=0):
    return [
        {
            "key": f"{LABELS[number % 2]}/{number:03d}.jpg",
            "number": number,
            "label": LABELS[number % 2],
            "caption": f"no. {number}\nmüde",
        }
        for number in range(first, first + count)
    ]


@pytest.fixture
def made(tmp_path):
    """Run `squares` over a number of rows; gives the report."""

    def run(count_or_rows=5, graph=squares, **options):
        rows = rows_of(count_or_rows) if isinstance(count_or_rows, int) else count_or_rows
        options.setdefault("cache", tmp_path / "cache")
        return graph.run(rows, out=tmp_path / "out", executor="serial", progress=False, **options)

    return run
