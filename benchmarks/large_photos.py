"""
12-megapixel photos, trimmed and scaled to 224x224: our graph in fast mode against scripts by hand.

    python benchmarks/large_photos.py                              # draws 40 pictures with a camera's noise
    python benchmarks/large_photos.py --pictures photos --count 200  # your own, tiled to 4000x3000
    python benchmarks/large_photos.py --json large_photos.json

Each program trims 100 pixels off the bottom, scales with its library's best filter, and writes a JPEG of
quality 95. All are fresh processes with the same number of threads, that change places every round. The
script by hand is plain Pillow; the others are Pillow with `draft`, OpenCV's INTER_AREA and pyvips'
shrink-on-load, the last two where they can be imported. Our graph runs without a cache, since it is the
decoding that is measured; "ours, exact" is the same without `shrink="fast"`.

How close each comes to the plain script is told in decibels, of the pixels before they are written.
"""

import argparse
import json
import math
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import attrs
from timing import (
    Case,
    Timing,
    format_table,
    measure,
    processors,
    run_once,
    spread,
    timings_to_json,
    write_json,
)

SIZE = (4000, 3000)
GRAPH = """
import sys
from pathlib import Path

from creevey_graph import graph
from creevey_graph.images import load_image, resize, trim, write_image


@graph
def thumbnails(photo: Path, *, shrink: str = "fast", suffix: str = ".jpg"):
    image = trim(load_image(photo, shrink=shrink), bottom=100)
    return {"file": write_image(resize(image, (224, 224)), "{stem}" + suffix)}


if __name__ == "__main__":
    pictures, out, jobs, suffix, shrink = sys.argv[1:]
    report = thumbnails.bind(shrink=shrink, suffix=suffix).run(
        f"{pictures}/*.jpg", out=out, jobs=int(jobs), executor="threads", cache=False, progress=False
    )
    report.raise_for_failures()
"""
SCRIPT = """
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

{imports}


def thumbnail(photo, target):
{body}


def make(photo, out, suffix):
    thumbnail(str(photo), str(out / f"{{photo.stem}}{{suffix}}"))


if __name__ == "__main__":
    pictures, out, jobs, suffix = sys.argv[1:]
    out = Path(out)
    out.mkdir(parents=True, exist_ok=True)
    photos = sorted(Path(pictures).glob("*.jpg"))
    with ThreadPoolExecutor(int(jobs)) as workers:
        list(workers.map(partial(make, out=out, suffix=suffix), photos))
"""
PLAIN = """
    with Image.open(photo) as file:
        image = ImageOps.exif_transpose(file).convert("RGB")
    image = image.crop((0, 0, image.width, image.height - 100))
    image.resize((224, 224), Image.Resampling.LANCZOS).save(target, quality=95)
"""
DRAFT = """
    with Image.open(photo) as file:
        width, height = file.size
        file.draft("RGB", (3 * 224, 3 * 224))
        box = (0, 0, file.width, (height - 100) * file.height / height)
        small = file.resize((224, 224), Image.Resampling.LANCZOS, box, reducing_gap=3.0)
    ImageOps.exif_transpose(small).save(target, quality=95)
"""
OPENCV = """
    image = cv2.imread(photo, cv2.IMREAD_COLOR)[:-100]
    small = cv2.resize(image, (224, 224), interpolation=cv2.INTER_AREA)
    cv2.imwrite(target, small, [cv2.IMWRITE_JPEG_QUALITY, 95] if target.endswith(".jpg") else [])
"""
VIPS = """
    with open(photo, "rb") as file:
        data = file.read()
    shrink = 4
    image = pyvips.Image.jpegload_buffer(data, shrink=shrink, autorotate=True)
    image = image.crop(0, 0, image.width, image.height - 100 // shrink)
    image = image.resize(224 / image.width, vscale=224 / image.height, kernel="lanczos3")
    image.write_to_file(target, **({"Q": 95} if target.endswith(".jpg") else {}))
"""
PROGRAMS = {
    "script": ("", "from PIL import Image, ImageOps", PLAIN),
    "draft": ("", "from PIL import Image, ImageOps", DRAFT),
    "opencv": (
        "cv2",
        "import cv2\n\ncv2.setNumThreads(1)",
        OPENCV,
    ),
    "pyvips": ("pyvips", 'import os\n\nos.environ["VIPS_CONCURRENCY"] = "1"\nimport pyvips', VIPS),
}
"""Name -> (the library it needs, imports, what it does with one photo)."""

DRAW = """
import random
import sys
from pathlib import Path

from PIL import Image, ImageChops

from creevey_graph.demo.pictures import draw_pictures

folder, count, width, height, source = sys.argv[1:]
folder, count, size = Path(folder), int(count), (int(width), int(height))
folder.mkdir()
if source:
    pictures = sorted(path for path in Path(source).iterdir() if path.suffix.lower() in {".jpg", ".jpeg"})
else:
    draw_pictures(folder / "drawn", 8, size=(2000, 1500))
    pictures = sorted((folder / "drawn").glob("*.jpg"))
for number in range(count):
    chosen = random.Random(number)
    canvas = Image.new("RGB", size)
    # Four by two photos at about their own scale: detail and noise stay a camera's.
    for x in range(0, size[0], size[0] // 2):
        for y in range(0, size[1], size[1] // 2):
            with Image.open(chosen.choice(pictures)) as file:
                tile = file.convert("RGB").resize((size[0] // 2, size[1] // 2), Image.Resampling.LANCZOS)
            canvas.paste(tile, (x, y))
    if not source:
        grain = Image.effect_noise(size, 9)
        canvas = ImageChops.add(canvas, Image.merge("RGB", (grain, grain, grain)), 1, -128)
    canvas.save(folder / f"{number:04}.jpg", quality=90)
"""
COMPARE = """
import json
import math
import sys
from pathlib import Path

from PIL import Image, ImageChops, ImageStat

expected, actual = map(Path, sys.argv[1:])
found = []
for path in sorted(expected.glob("*.png")):
    with Image.open(path) as one, Image.open(actual / path.name) as other:
        squares = ImageStat.Stat(ImageChops.difference(one.convert("RGB"), other.convert("RGB"))).sum2
        error = sum(squares) / (3 * one.width * one.height)
    found.append(10 * math.log10(255**2 / error) if error else 99.0)
print(json.dumps(found))
"""


@attrs.frozen
class Program:
    """A program: how it is started, and the arguments that come last."""

    start: tuple[str, ...]
    last: tuple[str, ...] = ()

    def command(self, pictures: Path, out: Path, jobs: int, suffix: str) -> list[str]:
        return [*self.start, str(pictures), str(out), str(jobs), suffix, *self.last]


def main() -> None:
    options = parse_options()
    with tempfile.TemporaryDirectory(prefix="creevey-bench-") as text:
        folder = Path(text)
        pictures = folder / "pictures"
        source = str(options.pictures or "")
        size = map(str, SIZE)
        run_once([sys.executable, "-c", DRAW, str(pictures), str(options.count), *size, source])
        shutil.rmtree(pictures / "drawn", ignore_errors=True)
        files = list(pictures.glob("*.jpg"))
        mean_mb = statistics.mean(path.stat().st_size for path in files) / 1e6
        programs = write_programs(folder, options.python)
        near = closeness(folder, pictures, programs, options.jobs)
        timings = measure([case_of(folder, pictures, programs, options.jobs)], options.rounds)
    print(
        f"{len(files)} photos of {SIZE[0]}x{SIZE[1]}, {mean_mb:.1f} MB each, to 224x224; "
        f"{options.jobs} threads, {options.rounds} rounds: median (range)"
    )
    print(format_contenders(timings[0], near))
    if options.json:
        facts = {"pictures": len(files), "mean_mb": mean_mb, "jobs": options.jobs, "psnr_db": near}
        write_json(options.json, {**facts, "cases": timings_to_json(timings)})


def parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pictures", type=Path, help="folder of .jpg files to tile; drawn where left out")
    parser.add_argument("--count", type=int, default=40, help="photos to make (40)")
    parser.add_argument(
        "--python", default=sys.executable, help="interpreter that has cv2 and pyvips (this one)"
    )
    parser.add_argument("--jobs", type=int, default=processors(), help="threads (the processors there are)")
    parser.add_argument(
        "-n", "--rounds", type=int, default=5, help="rounds that count, after one that does not (5)"
    )
    parser.add_argument("--json", metavar="FILE", help='also write the figures as JSON ("-": to stdout)')
    return parser.parse_args()


def write_programs(folder: Path, python: str) -> dict[str, Program]:
    """Write the programs that can run here; those of other libraries by *python*."""
    (folder / "ours.py").write_text(GRAPH, encoding="utf-8")
    programs = {
        "ours": Program((sys.executable, str(folder / "ours.py")), ("fast",)),
        "ours, exact": Program((sys.executable, str(folder / "ours.py")), ("exact",)),
    }
    for name, (library, imports, body) in PROGRAMS.items():
        if library and not has_library(python, library):
            print(f"{name}: left out, {library} cannot be imported", file=sys.stderr)
            continue
        (folder / f"by_{name}.py").write_text(SCRIPT.format(imports=imports, body=body), encoding="utf-8")
        programs[name] = Program((python if library else sys.executable, str(folder / f"by_{name}.py")))
    return programs


def has_library(python: str, library: str) -> bool:
    return not subprocess.run(
        [python, "-c", f"import {library}"], capture_output=True, check=False
    ).returncode


def case_of(folder: Path, pictures: Path, programs: dict[str, Program], jobs: int) -> Case:
    """Return the one case: every program, into an empty folder of its own."""
    places = {name: folder / f"out-{number}" for number, name in enumerate(programs)}

    def empty() -> None:
        for place in places.values():
            shutil.rmtree(place, ignore_errors=True)

    commands = {
        name: program.command(pictures, places[name], jobs, ".jpg") for name, program in programs.items()
    }
    return Case("large photos", commands, empty)


def closeness(
    folder: Path, pictures: Path, programs: dict[str, Program], jobs: int
) -> dict[str, list[float]]:
    """Return name -> decibels from the plain script, a photo each; stop where ours is not exact when asked to be."""
    for name, program in programs.items():
        run_once(program.command(pictures, folder / f"pixels {name}", jobs, ".png"))
    near = {}
    for name in programs:
        command = [
            sys.executable,
            "-c",
            COMPARE,
            str(folder / "pixels script"),
            str(folder / f"pixels {name}"),
        ]
        near[name] = json.loads(run_once(command).output)
    if min(near["ours, exact"]) < 99:
        sys.exit("ours, exact: the pixels differ from the plain script's")
    return near


def format_contenders(timing: Timing, near: dict[str, list[float]]) -> str:
    """Return the table: a line a program, seconds and how many times as fast as the plain script, round by round."""
    plain = timing.seconds("script")
    rows = [["program", "s", "times as fast as the script", "dB mean", "dB least", "MB"]]
    for name in timing.runs:
        ratios = [slow / quick for slow, quick in zip(plain, timing.seconds(name), strict=True)]
        values = near[name]
        is_same = math.isclose(min(values), 99)
        rows.append(
            [
                name,
                spread(timing.seconds(name)),
                spread(ratios),
                "same" if is_same else f"{statistics.mean(values):.1f}",
                "same" if is_same else f"{min(values):.1f}",
                f"{timing.peak_mb(name):.0f}",
            ]
        )
    return format_table(rows)


if __name__ == "__main__":
    main()
