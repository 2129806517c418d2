"""
Many tiny items: what the engine itself costs per item, and whether memory stays bounded.

    python benchmarks/tiny_items.py                          # 10 000 and 100 000 items, each executor
    python benchmarks/tiny_items.py --counts 1000 --executors serial
    python benchmarks/tiny_items.py --kind files --counts 1000 10000

Items are rows of whole numbers, or small text files; three trivial steps with the cache on. Every run
is a fresh process with an empty cache (cold), then once more with nothing to do (rerun). Seconds are
those of `graph.run` alone; "MB" is the peak of the coordinator, "grown" how much of that came during
the run, so without imports and the list of rows.
"""

import argparse
import json
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attrs
from timing import format_table, processors, run_once, spread, write_json

EXECUTORS = ("serial", "threads", "processes")
KINDS = ("rows", "files")
SETTLED_S = 2.2
"""A file's time is trusted once it is 2 s old."""
FILES_PER_FOLDER = 1000

PROGRAM = '''
import json
import resource
import sys
import time
from pathlib import Path

from creevey_graph import graph, step


@step
def read(item: int | Path) -> int:
    return int(item.read_text()) if isinstance(item, Path) else item


@step
def double(number: int) -> int:
    return 2 * number


@step
def describe(number: int) -> str:
    return f"number {number}"


@graph
def tiny_rows(number: int):
    return {"text": describe(double(read(number)))}


@graph
def tiny_files(path: Path):
    return {"text": describe(double(read(path)))}


def memory(name: str, usage: int) -> float:
    """Return a figure of /proc/self/status in MB; ru_maxrss counts from the fork on, with the parent's size."""
    try:
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith(name + ":"):
                return int(line.split()[1]) * 1024 / 1e6
    except OSError:
        pass
    return resource.getrusage(usage).ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3)


if __name__ == "__main__":
    items, count, cache, executor, jobs = sys.argv[1:]
    if items == "rows":
        run, items = tiny_rows.run, [(number,) for number in range(int(count))]
    else:
        run = tiny_files.run
    before = memory("VmRSS", resource.RUSAGE_SELF)
    began = time.perf_counter()
    report = run(items, executor=executor, jobs=int(jobs), cache=cache, progress=False)
    seconds = time.perf_counter() - began
    report.raise_for_failures()
    print(json.dumps({
        "seconds": seconds,
        "before_mb": before,
        "peak_mb": memory("VmHWM", resource.RUSAGE_SELF),
        "worker_mb": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1e3,
        "executed": sum(report.executed.values()),
        "counts": {str(outcome): count for outcome, count in report.counts.items()},
    }))
'''


@attrs.frozen
class Measured:
    """
    One line of the table: all rounds of one executor, count and state of the cache.

    Args:
        executor: Which.
        count: Items.
        state: "cold" or "rerun".
        runs: What the program printed, per round.
    """

    executor: str
    count: int
    state: str
    runs: list[dict[str, Any]] = attrs.field(factory=list)

    def values(self, name: str) -> list[float]:
        return [run[name] for run in self.runs]

    def to_row(self) -> list[str]:
        rates = [self.count / seconds for seconds in self.values("seconds")]
        per_item_us = statistics.median(self.values("seconds")) / self.count * 1e6
        peak, before = max(self.values("peak_mb")), statistics.median(self.values("before_mb"))
        return [
            self.executor,
            f"{self.count}",
            self.state,
            spread(self.values("seconds")),
            f"{statistics.median(rates):.0f}",
            f"{per_item_us:.0f}",
            f"{peak:.0f}",
            f"{peak - before:.0f}",
        ]


HEAD = ["executor", "items", "state", "seconds", "items/s", "us/item", "MB", "grown"]


def main() -> None:
    options = parse_options()
    lines = [
        Measured(executor, count, state)
        for executor in options.executors
        for count in options.counts
        for state in ("cold", "rerun")
    ]
    with tempfile.TemporaryDirectory(prefix="creevey-bench-") as text:
        folder = Path(text)
        program = folder / "tiny.py"
        program.write_text(PROGRAM, encoding="utf-8")
        items = {count: make_items(folder, options.kind, count) for count in options.counts}
        time.sleep(SETTLED_S)
        for _ in range(options.rounds):
            for line in lines:
                if line.state == "cold":
                    shutil.rmtree(folder / "cache", ignore_errors=True)
                line.runs.append(run_line(program, items[line.count], line, folder / "cache", options.jobs))
    print(f"tiny items ({options.kind}), three steps, cache on, {options.jobs} jobs, {options.rounds} rounds")
    print(format_table([HEAD, *(line.to_row() for line in lines)]))
    if options.json:
        write_json(options.json, {"kind": options.kind, "jobs": options.jobs, "lines": list(to_json(lines))})


def parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--kind", choices=KINDS, default="rows", help="what an item is (rows)")
    parser.add_argument(
        "--counts", type=int, nargs="+", default=(10_000, 100_000), help="items (10000 100000)"
    )
    parser.add_argument("--executors", nargs="+", choices=EXECUTORS, default=EXECUTORS)
    parser.add_argument("--jobs", type=int, default=processors(), help="jobs (the processors there are)")
    parser.add_argument("-n", "--rounds", type=int, default=1, help="fresh cold and rerun processes each (1)")
    parser.add_argument("--json", metavar="FILE", help='also write the figures as JSON ("-": to stdout)')
    return parser.parse_args()


def make_items(folder: Path, kind: str, count: int) -> str:
    """Return what the program is told its items are: "rows", or a glob of files made here."""
    if kind == "rows":
        return "rows"
    root = folder / f"files-{count}"
    for number in range(count):
        path = root / f"{number // FILES_PER_FOLDER:04d}" / f"{number:06d}.dat"
        if not number % FILES_PER_FOLDER:
            path.parent.mkdir(parents=True)
        path.write_text(f"{number}\n", encoding="utf-8")
    return f"{root}/**/*.dat"


def run_line(program: Path, items: str, line: Measured, cache: Path, jobs: int) -> dict[str, Any]:
    """
    Run one fresh process.

    Raises:
        SystemExit: It did not do what its line says, such as run a step in a rerun.
    """
    arguments = [items, str(line.count), str(cache), line.executor, str(jobs)]
    printed: dict[str, Any] = json.loads(run_once([sys.executable, str(program), *arguments]).output)
    expected = 3 * line.count if line.state == "cold" else 0
    if printed["executed"] != expected or sum(printed["counts"].values()) != line.count:
        sys.exit(f"{line.executor}, {line.state}: expected {expected} executed steps (got {printed})")
    return printed


def to_json(lines: list[Measured]) -> Iterator[dict[str, Any]]:
    for line in lines:
        yield {"executor": line.executor, "items": line.count, "state": line.state, "runs": line.runs}


if __name__ == "__main__":
    main()
