"""
Pictures from a list of URLs against a hand-written script and img2dataset: cold, rerun, one more, another size.

    python benchmarks/download.py                                   # 2 000 pictures, 20 ms of latency
    python benchmarks/download.py --peer-python PATH/TO/python      # one that has img2dataset
    python benchmarks/download.py --count 200 -n 1

The server is a process of its own on loopback that answers each GET 20 ms late. Pictures are 640x480 JPEGs
(drawn, each with its number as a pattern, so that it is known again). All download, cut out the middle square,
average it down to 224x224 (img2dataset's kernel is OpenCV's "area", the same as Pillow's "box") and write a JPEG
of quality 95. Ours asks for robots.txt once, and is told that this server may be asked by as many at once as the
others do (`per_host`, 8 by default). Contenders take turns, in the other direction in every second round; ratios
are to the script with threads, round by round.

Of each contender it is also counted what it asked of the server and how many of its pictures are what they should be:
one for every URL, each of the size that was asked for.
"""

import argparse
import collections
import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import attrs
from download_programs import IMG2DATASET, OURS, PROCESSES, THREADS
from headline import DRAW
from PIL import Image
from timing import format_table, processors, run_once, spread, write_json

CASES = ("cold", "rerun", "one URL in front", "another size")
PROGRAMS = {"ours": OURS, "threads": THREADS, "processes x threads": PROCESSES, "img2dataset": IMG2DATASET}
EDGES = (224, 112)
SETTLED_S = 2.2
DRAWN = 100
CELL_PX = 40
CELLS = [(240 + CELL_PX * (place % 4), 160 + CELL_PX * (place // 4)) for place in range(16)]
"""Upper left corners of the squares whose colours are the bits of a picture's number."""


@attrs.frozen
class Measured:
    """One run: seconds, the GETs it sent, and how many of its pictures are right."""

    seconds: float
    gets: int
    right: int


def main() -> None:
    options = parse_options()
    with tempfile.TemporaryDirectory(prefix="creevey-bench-") as text:
        folder = Path(text)
        make_pictures(folder / "pictures", options.count + 1)
        with serving(folder / "pictures", options.latency) as base:
            names = sorted(path.name for path in (folder / "pictures").iterdir())
            write_urls(folder, base, names)
            found = measure(folder, base, options)
    print(
        f"{options.count} pictures, {options.latency * 1000:.0f} ms, {options.jobs} downloads at once,",
        end=" ",
    )
    print(f"{processors()} processors, {options.rounds} rounds: median (range)")
    print(table_of(found, options.count))
    if options.json:
        write_json(
            options.json,
            {f"{case}: {name}": [attrs.asdict(run) for run in runs] for (case, name), runs in found.items()},
        )


def parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--count", type=int, default=2000, help="pictures (2000)")
    parser.add_argument("--latency", type=float, default=0.02, metavar="S", help="of each answer (0.02)")
    parser.add_argument("--jobs", type=int, default=32, help="downloads at once, in each process (32)")
    parser.add_argument(
        "-n", "--rounds", type=int, default=3, help="rounds that count, after one that does not (3)"
    )
    parser.add_argument("--peer-python", help="an interpreter with img2dataset; left out where there is none")
    parser.add_argument("--json", metavar="FILE", help='also write the figures as JSON ("-": to stdout)')
    return parser.parse_args()


def make_pictures(folder: Path, count: int) -> None:
    """Draw up to `DRAWN` pictures, and make *count* of them that each bear their number as a pattern of squares."""
    drawn = folder.with_name("drawn")
    run_once([sys.executable, "-c", DRAW, str(drawn), str(min(count, DRAWN)), "640", "480"])
    folder.mkdir()
    pictures = []
    for path in sorted(drawn.iterdir()):
        with Image.open(path) as image:
            pictures.append(image.convert("RGB"))
    for number in range(count):
        marked = pictures[number % len(pictures)].copy()
        for place, (x, y) in enumerate(CELLS):
            marked.paste("white" if number >> place & 1 else "black", (x, y, x + CELL_PX, y + CELL_PX))
        marked.save(folder / f"picture_{number:06d}.jpg", quality=90)


@contextmanager
def serving(folder: Path, latency_s: float) -> Iterator[str]:
    """Serve a folder from a process of its own; yield the address it has."""
    command = [sys.executable, str(Path(__file__).with_name("slow_server.py")), str(folder), str(latency_s)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield f"http://127.0.0.1:{process.stdout.readline().strip()}"
        finally:
            process.kill()


def write_urls(folder: Path, base: str, names: Sequence[str]) -> None:
    """Write the list of URLs without the last picture, and one with that in front."""
    urls = [f"{base}/{name}" for name in names]
    (folder / "urls.txt").write_text("\n".join(urls[:-1]), encoding="utf-8")
    (folder / "more.txt").write_text("\n".join([urls[-1], *urls[:-1]]), encoding="utf-8")


def measure(folder: Path, base: str, options: argparse.Namespace) -> dict[tuple[str, str], list[Measured]]:
    found: dict[tuple[str, str], list[Measured]] = collections.defaultdict(list)
    names = [name for name in PROGRAMS if name != "img2dataset" or options.peer_python]
    for name in names:
        (folder / f"by_{place_of(name)}.py").write_text(PROGRAMS[name], encoding="utf-8")
    for number in range(-1, options.rounds):
        for case in CASES:
            time.sleep(SETTLED_S)
            for name in names[:: 1 if number % 2 == 0 else -1]:
                measured = run_case(folder, base, case, name, options)
                if number >= 0:
                    found[case, name].append(measured)
    return found


def run_case(folder: Path, base: str, case: str, name: str, options: argparse.Namespace) -> Measured:
    place = folder / place_of(name)
    if case == "cold":
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir()
    edge = EDGES[case == "another size"]
    urls = folder / ("urls.txt" if case in CASES[:2] else "more.txt")
    python = options.peer_python if name == "img2dataset" else sys.executable
    before = gets_of(base)
    os.environ["NO_ALBUMENTATIONS_UPDATE"] = (
        "1"  # img2dataset's augmentation library asks the internet otherwise
    )
    run = run_once(
        [python, str(folder / f"by_{place_of(name)}.py"), str(urls), str(place), str(edge), str(options.jobs)]
    )
    wanted = options.count + (case in CASES[2:])
    return Measured(run.seconds, gets_of(base) - before, count_right(place / "out", edge, wanted))


def place_of(name: str) -> str:
    return name.replace(" ", "-")


def gets_of(base: str) -> int:
    with urllib.request.urlopen(f"{base}/count") as answer:
        return int(answer.read())


def count_right(out: Path, edge: int, wanted: int) -> int:
    """Return how many of the pictures that are wanted there are, of this edge, each known by its pattern."""
    found = set()
    for path in out.rglob("*.jpg"):
        with Image.open(path) as image:
            if image.size == (edge, edge):
                found.add(number_in(image.convert("L"), edge))
    return len(found.intersection(range(wanted)))


def number_in(image: Image.Image, edge: int) -> int:
    """Return the number that a picture bears; the middle 480x480 pixels of it are left."""
    scale, middle = edge / 480, CELL_PX / 2
    levels = [image.getpixel((int((x - 80 + middle) * scale), int((y + middle) * scale))) for x, y in CELLS]
    return sum(1 << place for place, level in enumerate(levels) if isinstance(level, int) and level > 127)


def table_of(found: dict[tuple[str, str], list[Measured]], count: int) -> str:
    rows = [["case", "contender", "seconds", "ratio to threads", "GETs", "right"]]
    for (case, name), runs in found.items():
        base = found[case, "threads"]
        ratios = [run.seconds / other.seconds for run, other in zip(runs, base, strict=True)]
        wanted = count + (case in CASES[2:])
        rows.append(
            [
                case,
                name if name in ("ours", "img2dataset") else f"script, {name}",
                spread([run.seconds for run in runs]),
                spread(ratios),
                "/".join(sorted({str(run.gets) for run in runs})),
                "/".join(sorted({f"{run.right} of {wanted}" for run in runs})),
            ]
        )
    return format_table(rows)


if __name__ == "__main__":
    main()
