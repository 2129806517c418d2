"""
A rerun with nothing to do, as whole processes, start-up included: ours, ninja, make, doit, joblib, by hand.

    pip install 'creevey_graph[bench]'
    python benchmarks/noop.py                                       # 1 000 to 100 000 files
    python benchmarks/noop.py --counts 1000000 --rounds 2 --systems creevey_graph "manifest by hand"

N tiny files went through three trivial steps and left one small file each; now the same command runs
again. Systems take turns within a round, in the other direction in every second one. Every measured
run must say itself that it did nothing; ours, that it executed no step and found N items cached.

What each looks at: we and the manifest list the input folder and stat all inputs and outputs, so that a
new file is found; make and ninja stat what their build file names; doit and joblib list inputs, and
joblib looks at no file at all. Files are older than 2 s, so that their times can be trusted, and the run
that learns that is not counted.
"""

import argparse
import shutil
import statistics
import sys
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from noop_systems import SYSTEMS, System, grown_mb, write_inputs
from timing import Case, Timing, format_table, measure, spread, write_json

COUNTS = (1_000, 10_000, 50_000, 100_000)
SETTLED_S = 2.2
"""A file's time is trusted once it is 2 s old."""
BY_NAME = {system.name: system for system in SYSTEMS}
OURS = SYSTEMS[0].name
HEAD = ["files", "system", "seconds", "ours / it", "us a file", "MB grown"]


def main() -> None:
    options = parse_options()
    chosen = [BY_NAME[name] for name in options.systems or BY_NAME]
    lines: list[list[str]] = []
    figures: list[dict[str, Any]] = []
    for count in options.counts:
        systems = [system for system in chosen if options.systems or count <= system.most]
        timing = measure_count(count, [system for system in systems if is_there(system)], options)
        lines += rows_of(timing, count)
        figures += [to_json(timing, count, name) for name in timing.runs]
    print(f"no-op reruns, whole processes, {options.rounds} rounds: median (range)")
    print(format_table([HEAD, *lines]))
    if options.json:
        write_json(options.json, {"lines": figures})


def parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--counts", type=int, nargs="+", default=COUNTS, help="files (1000 to 100000)")
    parser.add_argument(
        "--systems", nargs="+", choices=BY_NAME, help="by default all that take less than minutes"
    )
    parser.add_argument(
        "-n", "--rounds", type=int, default=5, help="rounds that count, after one that does not (5)"
    )
    parser.add_argument("--folder", type=Path, help="where to make the files; a temporary folder")
    parser.add_argument("--json", metavar="FILE", help='also write the figures as JSON ("-": to stdout)')
    return parser.parse_args()


def is_there(system: System) -> bool:
    """True where the system is installed; says so where it is not."""
    missing = (system.module and not find_spec(system.module)) or (
        system.program and not shutil.which(system.program)
    )
    if missing:
        how = "pip install 'creevey_graph[bench]'" if system.module else f"install {system.program}"
        print(f"{system.name} is left out: not installed; {how}", file=sys.stderr)
    return not missing


def measure_count(count: int, systems: list[System], options: argparse.Namespace) -> Timing:
    """
    Bring every system to its no-op state and measure it.

    Raises:
        SystemExit: A measured run did something.
    """
    with tempfile.TemporaryDirectory(prefix="creevey-noop-", dir=options.folder) as text:
        folder = Path(text)
        write_inputs(folder, count)
        commands = {system.name: system.prepare(folder, count) for system in systems}
        time.sleep(SETTLED_S)
        timing = measure([Case(f"{count}", commands)], options.rounds)[0]
    for system in systems:
        for run in timing.runs[system.name]:
            if not system.is_noop(run.output, count):
                sys.exit(f"{system.name}, {count} files: this was no no-op: {run.output[-500:]}")
    return timing


def rows_of(timing: Timing, count: int) -> list[list[str]]:
    """Return a line per system; "MB grown" is the peak of our process beyond a bare interpreter."""
    return [
        [
            f"{count}",
            name,
            spread(timing.seconds(name), "{:.3f}"),
            "1" if name == OURS else ratio_to_ours(timing, name),
            f"{statistics.median(timing.seconds(name)) / count * 1e6:.1f}",
            f"{grown(timing):.0f}" if name == OURS else "",
        ]
        for name in timing.runs
    ]


def ratio_to_ours(timing: Timing, name: str) -> str:
    if OURS not in timing.runs:
        return ""
    return spread([a / b for a, b in zip(timing.seconds(OURS), timing.seconds(name), strict=True)])


def grown(timing: Timing) -> float:
    return max(grown_mb(run.output) for run in timing.runs[OURS])


def to_json(timing: Timing, count: int, name: str) -> dict[str, Any]:
    seconds = [round(value, 4) for value in timing.seconds(name)]
    more = {"grown_mb": round(grown(timing), 1)} if name == OURS else {}
    return {"files": count, "system": name, "seconds": seconds, **more}


if __name__ == "__main__":
    main()
