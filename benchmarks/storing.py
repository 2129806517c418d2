"""
What storing costs and what it saves: whole processes against a script that stores nothing.

    pip install 'creevey_graph[bench]'
    python benchmarks/storing.py                 # 400 drawn pictures of 640x480
    python benchmarks/storing.py --count 2000

Pictures are loaded, trimmed, resized to 224x224 and written. "cold" begins with nothing; "last step edited"
then asks for another size. The script without a store makes everything again; others read the trimmed
pictures that they kept. The last lines are the same edit with the pictures on a loopback server: there
the GETs are counted, and ours must send none.

Contenders take turns, in the other direction in every second round; ratios are to the script without a
store, round by round. Before anything is timed, all must have written the same bytes.
"""

import argparse
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import attrs
from headline import DRAW
from storing_programs import DISKCACHE, OURS, PLAIN, RAW_FILES
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

from creevey_graph.demo.server import LoopbackServer

SETTLED_S = 2.2
"""A file's time is trusted once it is 2 s old."""
FIRST_PX = 224
SCRIPT = "script, no store"
PROGRAMS = {
    SCRIPT: (PLAIN, ""),
    "ours, auto": (OURS, "auto"),
    "ours, trimmed always": (OURS, "always"),
    "script, raw files": (RAW_FILES, ""),
    "script, diskcache": (DISKCACHE, ""),
}
"""Contender -> its program, and the cache policy of its trimming step."""
OVER_HTTP = (SCRIPT, "ours, auto")
HEAD = ["case", "contender", "seconds", "ratio", "MB on disk"]


class Edge:
    """
    The edge of what is written, which every round of "last step edited" changes to one not seen yet.

    State: px = the smallest edge asked for so far. The commands read the edge from a file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self.px = FIRST_PX
        self.reset()

    def reset(self) -> None:
        """Go back to the first size."""
        self._path.write_text(str(FIRST_PX), encoding="utf-8")

    def change(self) -> None:
        """Go on to a smaller size that was not asked for before."""
        self.px -= 1
        self._path.write_text(str(self.px), encoding="utf-8")


@attrs.frozen
class Place:
    """
    Where the contenders work.

    Args:
        folder: Holds their programs and a folder for each.
        source: What they read: a folder of pictures, or a file of URLs by contender.
        edge: What they write.
        jobs: Threads of each.
    """

    folder: Path
    source: Mapping[str, str]
    edge: Edge
    jobs: int

    def of(self, name: str) -> Path:
        return self.folder / name.replace(", ", "-").replace(" ", "-")

    def commands(self) -> dict[str, Sequence[str]]:
        """Return contender -> command; the size is read when the command starts."""
        return {name: self._command(name) for name in self.source}

    def _command(self, name: str) -> list[str]:
        text, policy = PROGRAMS[name]
        program = self.folder / f"{self.of(name).name}.py"
        size = 'open(sys.argv[3], encoding="utf-8").read()'
        program.write_text(f"import sys\n\nsys.argv[3] = {size}\n{text}", encoding="utf-8")
        arguments = [self.source[name], str(self.of(name)), str(self.folder / "edge"), str(self.jobs)]
        return [sys.executable, str(program), *arguments, *filter(None, [policy])]

    def empty(self) -> None:
        """Delete all that the contenders made, and go back to the first size."""
        for name in self.source:
            shutil.rmtree(self.of(name), ignore_errors=True)
        self.edge.reset()

    def size_mb(self, name: str) -> float:
        """Return how much a contender's store takes, what it wrote left out."""
        files = [path for path in self.of(name).rglob("*") if path.is_file() and path.parent.name != "out"]
        return sum(path.stat().st_size for path in files) / 1e6

    def check_same(self) -> None:
        """
        Compare what all have written, byte for byte.

        Raises:
            SystemExit: It differs.
        """
        written = {
            name: {path.name: path.read_bytes() for path in (self.of(name) / "out").glob("*.jpg")}
            for name in self.source
        }
        for name, files in written.items():
            if not files or files != written[SCRIPT]:
                sys.exit(f"{name}: the outputs differ from those of '{SCRIPT}'")


def main() -> None:
    options = parse_options()
    with tempfile.TemporaryDirectory(prefix="creevey-storing-", dir=options.folder) as text:
        folder = Path(text)
        pictures = folder / "pictures"
        run_once([sys.executable, "-c", DRAW, str(pictures), str(options.count), *map(str, options.size)])
        time.sleep(SETTLED_S)
        local, sizes = measure_local(folder / "local", pictures, options)
        web, gets = measure_web(folder / "web", pictures, options)
    print(f"{options.count} pictures, {options.jobs} threads, {options.rounds} rounds: median (range)")
    print(format_table([HEAD, *rows_of(local, sizes), *rows_of(web, {})]))
    print(f"GETs after the edit over HTTP, {options.rounds} rounds and warm-up: {gets}")
    if options.json:
        write_json(options.json, {"pictures": options.count, "cases": timings_to_json([*local, *web])})


def parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--count", type=int, default=400, help="pictures to draw (400)")
    parser.add_argument("--size", type=int, nargs=2, default=(640, 480), help="their size (640 480)")
    parser.add_argument("--jobs", type=int, default=processors(), help="threads of each (the processors)")
    parser.add_argument(
        "-n", "--rounds", type=int, default=5, help="rounds that count, after one that does not (5)"
    )
    parser.add_argument("--folder", type=Path, help="where to make the files; a temporary folder")
    parser.add_argument("--json", metavar="FILE", help='also write the figures as JSON ("-": to stdout)')
    return parser.parse_args()


def measure_local(
    folder: Path, pictures: Path, options: argparse.Namespace
) -> tuple[list[Timing], dict[str, float]]:
    """Return the timings of both cases on local pictures, and what each store takes in MB."""
    folder.mkdir()
    sources = dict.fromkeys(PROGRAMS, str(pictures))
    place = Place(folder, sources, Edge(folder / "edge"), options.jobs)
    commands = place.commands()
    sizes = check_outputs(place, commands)
    cold = Case("cold", commands, place.empty)
    edited = Case("last step edited", commands, place.edge.change)
    return measure([cold, edited], options.rounds), sizes


def check_outputs(place: Place, commands: Mapping[str, Sequence[str]]) -> dict[str, float]:
    """Run all cold and with the last step edited; return what each store takes in MB after the first."""
    place.empty()
    for command in commands.values():
        run_once(command)
    place.check_same()
    sizes = {name: place.size_mb(name) for name in commands}
    place.edge.change()
    for command in commands.values():
        run_once(command)
    place.check_same()
    return sizes


def measure_web(
    folder: Path, pictures: Path, options: argparse.Namespace
) -> tuple[list[Timing], dict[str, int]]:
    """
    Return the timing of the edit over HTTP, and contender -> GETs sent in it; each has a server of its own.

    Raises:
        SystemExit: Ours sent a GET after the edit, or not one a picture before it.
    """
    folder.mkdir()
    names = sorted(path.name for path in pictures.iterdir())
    with LoopbackServer(pictures) as for_script, LoopbackServer(pictures) as for_ours:
        servers = dict(zip(OVER_HTTP, (for_script, for_ours), strict=True))
        sources = {}
        for number, (contender, server) in enumerate(servers.items()):
            path = folder / f"urls-{number}.txt"
            path.write_text("\n".join(map(server.url_of, names)), encoding="utf-8")
            sources[contender] = str(path)
        place = Place(folder, sources, Edge(folder / "edge"), options.jobs)
        commands = place.commands()
        check_outputs(place, commands)
        if for_ours.gets != len(names):
            sys.exit(f"ours: expected {len(names)} GETs cold and none after (got {for_ours.gets})")
        before = {contender: server.gets for contender, server in servers.items()}
        timings = measure([Case("edited, over HTTP", commands, place.edge.change)], options.rounds)
        gets = {contender: server.gets - before[contender] for contender, server in servers.items()}
    if gets["ours, auto"]:
        sys.exit(f"ours: expected no GET after an edit of the last step (got {gets['ours, auto']})")
    return timings, gets


def rows_of(timings: Sequence[Timing], sizes: Mapping[str, float]) -> list[list[str]]:
    return [row_of(timing, name, sizes) for timing in timings for name in timing.runs]


def row_of(timing: Timing, name: str, sizes: Mapping[str, Any]) -> list[str]:
    ratios = [a / b for a, b in zip(timing.seconds(name), timing.seconds(SCRIPT), strict=True)]
    return [
        timing.name,
        name,
        spread(timing.seconds(name)),
        "1" if name == SCRIPT else f"{statistics.median(ratios):.2f} ({min(ratios):.2f}-{max(ratios):.2f})",
        f"{sizes[name]:.0f}" if name in sizes else "",
    ]


if __name__ == "__main__":
    main()
