"""A graph that writes pictures, one that writes pairs, and rows for them."""

import hashlib

import numpy as np
from hypothesis import strategies as st
from PIL import Image

from creevey_graph import SkipItem, graph, step
from creevey_graph.events import ItemFinished, Outcome, Row, RunStarted
from creevey_graph.journal import Journal
from creevey_graph.report import Report

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


def report_of(folder, keys, sizes):
    """Write the report of a made-up run whose outputs have these sizes."""
    folder.mkdir(exist_ok=True)
    (folder / "out").mkdir(exist_ok=True)
    report = Report(folder / "run.jsonl")
    journal = Journal(report.path)
    events = [RunStarted("g", len(keys), ("file",), "serial", "id", out=str(folder / "out"))]
    for number, (key, size) in enumerate(zip(keys, sizes, strict=True)):
        name = hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()[:40] + ".jpg"
        (folder / "out" / name).write_bytes(f"{key!r}".encode()[:1] * size)
        events.append(
            ItemFinished(number, Row(key, "s", Outcome.DONE, outputs=(name,), fields={"file": name}))
        )
    for event in events:
        report.add(event, journal(event))
    journal.close()
    return report


HOSTILE = [
    "../../etc/passwd", "/abs/a.jpg", "a\nb.jpg", "a b.tar.gz", ".", "..", "", "日本/写真.jpg", "a.b/c.d.e.jpg",
    "x" * 300, "x" * 299 + "y", "a.jpg", "a.png", "a", "A", "a\x00b", "\udcff.jpg", "https://h/a.jpg?x=1.2", ".hidden",
]  # fmt: skip
KEYS = st.lists(st.sampled_from(HOSTILE) | st.text(max_size=12), max_size=12, unique=True)
