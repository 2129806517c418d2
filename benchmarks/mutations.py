"""
R19, the check of the tests themselves: each guard of reliability is removed in turn, and a test must fail.

Run from the root of a clone that has the test extra: `python -m benchmarks.mutations` (all), `--only rename digest`,
`--list`. The tree is copied; in the copy one guard is taken out (a rename, a digest check, a deadline, a lock, an
escape …) and the tests that its row of the table names are run. It ends with a table, and with exit status 1 where
all of them passed without their guard, or a row no longer fits the code.
"""

import argparse
import os
import queue
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import attrs

ROOT = Path(__file__).resolve().parents[1]
LIMIT_S = 180

sys.path[:0] = [str(ROOT / "tests" / "reliability")]

from guards import GUARDS, Guard  # noqa: E402 - stands in the tests


@attrs.frozen
class Verdict:
    """
    What became of a guard's removal.

    Args:
        guard: The guard.
        is_held: Whether a test failed without it.
        told: The first test that failed, or what is wrong.
        seconds: Wall time.
    """

    guard: Guard
    is_held: bool
    told: str
    seconds: float


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.mutations",
        description=__doc__,
        formatter_class=argparse.RawTextHelpFormatter,
    )
    parser.add_argument(
        "--only", nargs="+", default=[], metavar="NAME", help="names of guards, or parts of them"
    )
    parser.add_argument(
        "--jobs", type=int, default=os.cpu_count() or 1, help="copies that are tried side by side"
    )
    parser.add_argument("--list", action="store_true", help="print the guards and their tests, run nothing")
    options = parser.parse_args()
    guards = [g for g in GUARDS if not options.only or any(part in g.name for part in options.only)]
    if options.list:
        for guard in guards:
            print(
                f"{guard.name}\n    {guard.path}: {guard.old.strip().splitlines()[0]}\n    {' '.join(guard.tests)}"
            )
        return 0
    verdicts = tried(guards, options.jobs)
    width = max((len(verdict.guard.name) for verdict in verdicts), default=0)
    for verdict in verdicts:
        word = "held" if verdict.is_held else "NOT HELD"
        print(f"{verdict.guard.name.ljust(width)}  {word:8}  {verdict.seconds:4.0f} s  {verdict.told}")
    held = sum(verdict.is_held for verdict in verdicts)
    print(f"\n{held} of {len(guards)} guards are held by a test")
    return 0 if held == len(guards) and guards else 1


def tried(guards: Sequence[Guard], jobs: int) -> list[Verdict]:
    """Try all guards, several copies side by side; in the order of the table."""
    waiting: queue.Queue[Guard] = queue.Queue()
    for guard in guards:
        waiting.put(guard)
    verdicts: dict[str, Verdict] = {}

    def work(copy: Path) -> None:
        while True:
            try:
                guard = waiting.get_nowait()
            except queue.Empty:
                return
            verdicts[guard.name] = verdict = try_without(guard, copy)
            print(f"{'held' if verdict.is_held else 'NOT HELD'}: {guard.name}", file=sys.stderr)

    with tempfile.TemporaryDirectory(prefix="creevey-mutations-") as folder:
        threads = []
        for number in range(min(jobs, len(guards))):
            copy = Path(folder, f"copy{number}")
            copy_tree(copy)
            threads.append(threading.Thread(target=work, args=(copy,)))
            threads[-1].start()
        for thread in threads:
            thread.join()
    return [verdicts[guard.name] for guard in guards]


def copy_tree(copy: Path) -> None:
    copy.mkdir()
    for name in ("creevey_graph", "tests", "benchmarks"):
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "CHANGELOG.md", "LICENSE"):
        shutil.copy2(ROOT / name, copy / name)
    subprocess.run([sys.executable, "-m", "compileall", "-q", "creevey_graph"], cwd=copy, check=False)


def try_without(guard: Guard, copy: Path) -> Verdict:
    """Remove a guard in *copy*, run its tests there, and put it back."""
    began = time.monotonic()
    path = copy / "creevey_graph" / guard.path
    text = path.read_text(encoding="utf-8")
    facts = path.stat()
    if text.count(guard.old) != 1:
        return Verdict(
            guard, is_held=False, told=f"stands {text.count(guard.old)} times in {guard.path}", seconds=0
        )
    path.write_text(text.replace(guard.old, guard.new), encoding="utf-8")
    try:
        is_held, told = run_tests(guard.tests, copy)
    finally:
        path.write_text(text, encoding="utf-8")
        os.utime(
            path, ns=(facts.st_atime_ns, facts.st_mtime_ns)
        )  # its compiled form is that of the guard in place
    return Verdict(guard, is_held, told, time.monotonic() - began)


def run_tests(tests: Sequence[str], copy: Path) -> tuple[bool, str]:
    """Return (whether one failed, which); tests that cannot be found or collected hold nothing."""
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-x",
        "--no-header",
        "-p",
        "no:cacheprovider",
        "-o",
        "timeout=40",
    ]
    environ = {
        name: value for name, value in os.environ.items() if not name.startswith(("COV_", "COVERAGE_"))
    }
    environ |= {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": str(copy), "PYTEST_ADDOPTS": ""}
    try:
        done = subprocess.run(
            [*command, *tests],
            cwd=copy,
            env=environ,
            capture_output=True,
            text=True,
            check=False,
            timeout=LIMIT_S,
        )
    except subprocess.TimeoutExpired:
        return True, f"no end within {LIMIT_S} s"
    lines = done.stdout.splitlines()
    failed = next((line for line in lines if line.startswith("FAILED ")), "")
    if done.returncode == 1 and failed:
        return True, failed.removeprefix("FAILED ").partition(" - ")[0]
    if done.returncode == 0:
        return False, "all its tests pass without it"
    return False, f"pytest ended with {done.returncode}: {' '.join(lines[-2:])}"


if __name__ == "__main__":
    sys.exit(main())
