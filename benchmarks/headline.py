"""
The headline graph against a hand-written script: cold, first rerun and rerun, threads and processes.

    python benchmarks/headline.py                            # draws 60 pictures of 2000x1500
    python benchmarks/headline.py --pictures photos -n 7     # your own
    python benchmarks/headline.py --json headline.json

Both programs are written into a temporary folder and run as fresh processes with the same number of
jobs. The graph has its cache on, in an empty folder for every cold run. The script is what one writes
with `concurrent.futures` and plain Pillow: it skips files that exist and keeps the brightness in a CSV.
Before anything is timed, both must have made the same files, byte for byte, and the same numbers.

"first rerun" reads every output once more, since a file that was written a moment ago proves nothing by
its time; "rerun" is every one after that.
"""

import argparse
import csv
import shutil
import sys
import tempfile
import time
from pathlib import Path

from timing import Case, Timing, format_timings, measure, processors, run_once, timings_to_json, write_json

EXECUTORS = ("threads", "processes")
SETTLED_S = 2.2
"""A file's time is trusted once it is 2 s old."""

GRAPH = """
import sys
from pathlib import Path

from PIL import Image

from creevey_graph import graph, step
from creevey_graph.images import load_image, mean_brightness, resize, trim, write_image


@step
def sepia(image: Image.Image, *, strength: float = 0.8) -> Image.Image:
    rest = 1 - strength
    return image.convert("RGB", (
        rest + strength * 0.393, strength * 0.769, strength * 0.189, 0,
        strength * 0.349, rest + strength * 0.686, strength * 0.168, 0,
        strength * 0.272, strength * 0.534, rest + strength * 0.131, 0,
    ))


@graph
def training_set(photo: Path, *, size: tuple[int, int] = (224, 224)):
    image = trim(load_image(photo), bottom=100)
    small = resize(sepia(image), size, fit="fill")
    return {"file": write_image(small, "{stem}.jpg"), "brightness": mean_brightness(image)}


if __name__ == "__main__":
    pictures, place, executor, jobs = sys.argv[1:]
    report = training_set.run(
        f"{pictures}/*.jpg", out=f"{place}/out", jobs=int(jobs), executor=executor,
        cache=f"{place}/cache", progress=False,
    )
    report.to_csv(f"{place}/report.csv")
    report.raise_for_failures()
    print(sum(report.executed.values()))
"""

SCRIPT = """
import csv
import sys
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from functools import partial
from pathlib import Path

from PIL import Image, ImageOps

STRENGTH = 0.8
SIZE = (224, 224)


def sepia(image, strength):
    rest = 1 - strength
    return image.convert("RGB", (
        rest + strength * 0.393, strength * 0.769, strength * 0.189, 0,
        strength * 0.349, rest + strength * 0.686, strength * 0.168, 0,
        strength * 0.272, strength * 0.534, rest + strength * 0.131, 0,
    ))


def make(photo, out):
    with Image.open(photo) as file:
        image = ImageOps.exif_transpose(file).convert("RGB")
    image = image.crop((0, 0, image.width, image.height - 100))
    counts = image.convert("L").histogram()
    brightness = sum(value * count for value, count in enumerate(counts)) / sum(counts)
    small = sepia(image, STRENGTH).resize(SIZE, Image.Resampling.LANCZOS)
    small.info.clear()
    small.save(out / f"{photo.stem}.jpg", quality=95)
    return brightness


def main():
    pictures, place, executor, jobs = sys.argv[1:]
    out, table = Path(place, "out"), Path(place, "brightness.csv")
    out.mkdir(parents=True, exist_ok=True)
    rows = {}
    if table.exists():
        with table.open(newline="") as file:
            rows = dict(csv.reader(file))
    photos = sorted(Path(pictures).glob("*.jpg"))
    todo = [p for p in photos if p.name not in rows or not (out / f"{p.stem}.jpg").exists()]
    if todo:
        pool = ThreadPoolExecutor if executor == "threads" else ProcessPoolExecutor
        with pool(int(jobs)) as workers:
            values = workers.map(partial(make, out=out), todo)
            rows.update((photo.name, value) for photo, value in zip(todo, values))
        with table.open("w", newline="") as file:
            csv.writer(file).writerows(sorted(rows.items()))


if __name__ == "__main__":
    main()
"""

DRAW = "import sys; from pathlib import Path; from creevey_graph.demo.pictures import draw_pictures; \
draw_pictures(Path(sys.argv[1]), int(sys.argv[2]), size=(int(sys.argv[3]), int(sys.argv[4])))"


def main() -> None:
    options = parse_options()
    with tempfile.TemporaryDirectory(prefix="creevey-bench-") as text:
        folder = Path(text)
        (folder / "training_set.py").write_text(GRAPH, encoding="utf-8")
        (folder / "by_hand.py").write_text(SCRIPT, encoding="utf-8")
        pictures = options.pictures or folder / "pictures"
        if not options.pictures:
            run_once([sys.executable, "-c", DRAW, str(pictures), str(options.count), *map(str, options.size)])
        count = len(list(pictures.glob("*.jpg")))
        if not count:
            sys.exit(f"no .jpg files in '{pictures}'")
        cases = [
            case for executor in options.executors for case in make_cases(folder, pictures, executor, options)
        ]
        check_same(folder, cases)
        time.sleep(SETTLED_S)
        timings = measure(cases, options.rounds)
    check_reruns(timings)
    print(f"headline graph, {count} pictures, {options.jobs} jobs, {options.rounds} rounds: median (range)")
    print(format_timings(timings))
    if options.json:
        write_json(options.json, {"pictures": count, "jobs": options.jobs, "cases": timings_to_json(timings)})


def parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pictures", type=Path, help="folder of .jpg files; drawn where left out")
    parser.add_argument("--count", type=int, default=60, help="pictures to draw (60)")
    parser.add_argument("--size", type=int, nargs=2, default=(2000, 1500), help="their size (2000 1500)")
    parser.add_argument("--executors", nargs="+", choices=EXECUTORS, default=EXECUTORS)
    parser.add_argument(
        "--jobs", type=int, default=processors(), help="jobs of both (the processors there are)"
    )
    parser.add_argument(
        "-n", "--rounds", type=int, default=5, help="rounds that count, after one that does not (5)"
    )
    parser.add_argument("--json", metavar="FILE", help='also write the figures as JSON ("-": to stdout)')
    return parser.parse_args()


def make_cases(folder: Path, pictures: Path, executor: str, options: argparse.Namespace) -> list[Case]:
    """Return cold, first rerun and rerun, in the order in which each needs what the one before left."""
    ours, theirs = folder / f"ours-{executor}", folder / f"script-{executor}"

    def command(program: str, place: Path) -> list[str]:
        arguments = [str(pictures), str(place), executor, str(options.jobs)]
        return [sys.executable, str(folder / program), *arguments]

    def empty() -> None:
        for place in (ours, theirs):
            shutil.rmtree(place, ignore_errors=True)
            place.mkdir()

    commands = {"ours": command("training_set.py", ours), "script": command("by_hand.py", theirs)}
    return [
        Case(f"{executor}, cold", commands, empty),
        Case(f"{executor}, first rerun", commands, lambda: time.sleep(SETTLED_S)),
        Case(f"{executor}, rerun", commands),
    ]


def check_same(folder: Path, cases: list[Case]) -> None:
    """Run every cold case once; stop where the two programs' outputs differ in a byte or a number."""
    for case in cases:
        if not case.name.endswith(", cold"):
            continue
        case.prepare()
        for command in case.commands.values():
            run_once(command)
        executor = case.name.partition(",")[0]
        ours, theirs = folder / f"ours-{executor}", folder / f"script-{executor}"
        if read_files(ours / "out") != read_files(theirs / "out"):
            sys.exit(f"{case.name}: the outputs differ")
        with (ours / "report.csv").open(newline="") as file:
            measured = {Path(row["source"]).name: float(row["brightness"]) for row in csv.DictReader(file)}
        with (theirs / "brightness.csv").open(newline="") as file:
            expected = {name: float(value) for name, value in csv.reader(file)}
        if measured != expected:
            sys.exit(f"{case.name}: the brightness differs")


def check_reruns(timings: list[Timing]) -> None:
    """Stop where a rerun of the graph executed a step: then it was no rerun that was timed."""
    for timing in timings:
        executed = {run.output.strip() for run in timing.runs["ours"]}
        if timing.name.endswith("rerun") and executed != {"0"}:
            sys.exit(f"{timing.name}: expected 0 executed steps (got {executed})")


def read_files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


if __name__ == "__main__":
    main()
