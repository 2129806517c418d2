"""
The programs that `storing.py` compares: load, trim, resize and write, with and without a store in between.

Each is called with what to read (a folder, or a file of URLs), its own place, the edge of the pictures it
writes, and the number of threads. All write the same bytes.
"""

OURS = """
import sys
from pathlib import Path

from PIL import Image

from creevey_graph import download, graph, step
from creevey_graph.images import load_image, resize, write_image

source, place, edge, jobs, policy = sys.argv[1:]


@step(cache=policy, borrows=True)
def trimmed(image: Image.Image, *, bottom: int = 100) -> Image.Image:
    return image.crop((0, 0, image.width, image.height - bottom))


@graph
def small(photo: Path, *, edge: int = 224):
    return {"file": write_image(resize(trimmed(load_image(photo)), (edge, edge), fit="fill"), "{stem}.jpg")}


@graph
def small_from_web(url: str, *, edge: int = 224):
    image = trimmed(load_image(download(url, allow_private=True, robots_txt=False)))
    return {"file": write_image(resize(image, (edge, edge), fit="fill"), "{stem}.jpg")}


if __name__ == "__main__":
    made, items = (small_from_web, source) if source.endswith(".txt") else (small, f"{source}/*.jpg")
    report = made.bind(edge=int(edge)).run(
        items, out=f"{place}/out", cache=f"{place}/cache", executor="threads", jobs=int(jobs), progress=False
    )
    report.raise_for_failures()
    print(sorted(report.executed.items()))
"""

_SCRIPT = """
import sys
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path

from PIL import Image, ImageOps

source, place, edge, jobs = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
out = place / "out"
out.mkdir(parents=True, exist_ok=True)


def items():
    if source.endswith(".txt"):
        return Path(source).read_text().split()
    return sorted(str(path) for path in Path(source).glob("*.jpg"))


def read(item):
    if "://" not in item:
        return Path(item).read_bytes()
    with urllib.request.urlopen(item) as answer:
        return answer.read()


def trim(data):
    with Image.open(BytesIO(data)) as file:
        image = ImageOps.exif_transpose(file).convert("RGB")
    return image.crop((0, 0, image.width, image.height - 100))


def write(image, item):
    small = image.resize((edge, edge), Image.Resampling.LANCZOS)
    small.info.clear()
    small.save(out / f"{Path(item).stem}.jpg", quality=95)

{make}

with ThreadPoolExecutor(jobs) as pool:
    for _ in pool.map(make, items()):
        pass
"""

PLAIN = _SCRIPT.replace(
    "{make}",
    """
def make(item):
    write(trim(read(item)), item)
""",
)

RAW_FILES = _SCRIPT.replace(
    "{make}",
    """
store = place / "trimmed"
store.mkdir(exist_ok=True)


def make(item):
    kept = store / f"{Path(item).stem}.raw"
    if kept.exists():
        data = kept.read_bytes()
        size = int.from_bytes(data[:4], "big"), int.from_bytes(data[4:8], "big")
        image = Image.frombytes("RGB", size, data[8:])
    else:
        image = trim(read(item))
        kept.write_bytes(b"".join([*(side.to_bytes(4, "big") for side in image.size), image.tobytes()]))
    write(image, item)
""",
)
"""Keeps trimmed pictures as raw files, by name: it takes any file of that name for its own."""

DISKCACHE = _SCRIPT.replace(
    "{make}",
    """
import hashlib

import diskcache

store = diskcache.Cache(str(place / "store"), size_limit=2**40, eviction_policy="none")


def make(item):
    data = read(item)
    key = hashlib.sha256(data).hexdigest()
    kept = store.get(key)
    if kept is not None:
        image = Image.frombytes("RGB", *kept)
    else:
        image = trim(data)
        store.set(key, (image.size, image.tobytes()))
    write(image, item)
""",
)
"""Keeps trimmed pictures in diskcache as it comes, by the digest of the source."""
