"""
One large run, measured from within: `scale_program.py KIND COUNT FOLDER`; prints JSON.

Kinds: files (threads; a tiny file and an output an item), values (processes; 20 kB handed from step to step), failing, skipped
(serial; every item), notebook (COUNT runs of a small set in this process). What is told: rss_mb = before any
run and at the most, fds, threads = at the least and most once workers are there, executed = of the first and of the second run.
"""

import contextlib
import gc
import json
import sys
import tempfile
from collections import Counter
from pathlib import Path

import psutil

from creevey_graph import SkipItem, graph, step

SAMPLE_EVERY = 250
"""Events."""


@step
def read(path: Path) -> int:
    return int(path.read_text())


@step(writes="path")
def write(number: int, path: Path) -> Path:
    path.write_text(f"{number}")
    return path


@graph
def files(path: Path):
    number = read(path)
    return {"file": write(number, "{stem}.txt"), "number": number}


@step(cache="never")
def wide(number: int) -> bytes:
    return number.to_bytes(4, "big") * 5_000


@step
def narrow(data: bytes) -> int:
    return int.from_bytes(data[:4], "big")


@graph
def values(number: int):
    return {"first": narrow(wide(number))}


@step
def fail(number: int) -> int:
    raise ValueError(f"item {number} " + "cannot be done, " * 20)


@graph
def failing(number: int):
    return {"number": fail(number)}


@step
def leave(number: int) -> int:
    raise SkipItem(f"item {number} is left out")


@graph
def skipped(number: int):
    return {"number": leave(number)}


class Sampler:
    """
    Looks at this process now and then, as a listener of a run.

    State: rss_mb, fds, threads = (least, most) since it was made; events = how many were heard.
    """

    def __init__(self):
        self._process = psutil.Process()
        self.events, self.rss_mb, self.fds, self.threads = 0, None, None, None

    def __call__(self, event=None):
        self.events += 1
        if event is None or self.events % SAMPLE_EVERY == 0:
            self.look()

    def look(self):
        """Take a sample."""
        with self._process.oneshot():
            rss, threads = self._process.memory_info().rss / 2**20, self._process.num_threads()
        self.rss_mb = _wider(self.rss_mb, rss)
        self.fds = _wider(self.fds, sum(1 for _ in Path("/proc/self/fd").iterdir()))
        self.threads = _wider(self.threads, threads)

    def told(self):
        """Return what was seen."""
        return {"rss_mb": self.rss_mb, "fds": self.fds, "threads": self.threads}


def _wider(seen, value):
    return (value, value) if seen is None else (min(seen[0], value), max(seen[1], value))


def given(kind, count, folder):
    """Return the items of a run, made where they are not there yet."""
    if kind != "files":
        return [{"number": number} for number in range(count)]
    inputs = folder / "in"
    if not inputs.exists():
        inputs.mkdir()
        for number in range(count):
            (inputs / f"{number:07}.dat").write_text(f"{number}")
    return f"{inputs}/*.dat"


EXECUTORS = {"files": "threads", "values": "processes", "failing": "serial", "skipped": "serial"}


def large(kind, count, folder):
    """Run twice, what fails once; return what was measured."""
    made = {"files": files, "values": values, "failing": failing, "skipped": skipped}[kind]
    options = {"executor": EXECUTORS[kind], "jobs": 2, "progress": False, "cache": folder / "cache"}
    warm = folder / "warm"
    warm.mkdir()
    made.run(given(kind, 8, warm), out=warm / "out", **{**options, "cache": warm / "cache"})
    gc.collect()
    sampler = Sampler()
    sampler.look()
    told = {"begin_mb": sampler.rss_mb[0]}
    executed, counts, journals, notices = [], [], [], []
    given(kind, count, folder)
    for _ in range(1 if kind == "failing" else 2):
        report = made.run(given(kind, count, folder), out=folder / "out", listeners=[sampler], **options)
        sampler.look()
        executed.append(sum(report.executed.values()))
        counts.append({str(outcome): number for outcome, number in report.counts.items()})
        journals.append(report.path.stat().st_size)
        reasons = Counter(row.reason for row in report.rows)
        told["rows"] = reasons.total()
        notices.append([*report.notices, dict(reasons.most_common(3))])
        del report
    return {
        **told,
        **sampler.told(),
        "executed": executed,
        "counts": counts,
        "journal_bytes": journals,
        "notices": notices,
    }


def notebook(runs, folder):
    """Run a small set over and over, with all that a cell leaves behind; return what was seen after the first few."""
    for number in range(5):
        (folder / f"{number}.dat").write_text(f"{number}")
    seen, before = Sampler(), Counter()
    for number in range(runs):
        (folder / "0.dat").write_text(f"{number}")
        given = f"{folder}/*.dat"
        executor = ("serial", "threads")[number % 2]
        report = files.run(
            given, out=folder / "out", cache=folder / "cache", executor=executor, progress=False
        )
        assert report.ok
        with contextlib.suppress(Exception):
            failing.run(
                [{"number": 1}], cache=folder / "cache", executor="serial", on_error="raise", progress=False
            )
        files.plan(given, out=folder / "out", cache=folder / "cache")
        if number == runs // 5:
            gc.collect()
            before = Counter(path.name for path in Path(tempfile.gettempdir()).iterdir())
        if number >= runs // 5 and number % 5 == 0:
            gc.collect()
            seen.look()
    left = Counter(path.name for path in Path(tempfile.gettempdir()).iterdir()) - before
    reports = len(list((folder / "cache" / "runs").iterdir()))
    return {
        **seen.told(),
        "left_in_temporary": [name for name in left if "creevey" in name],
        "reports": reports,
    }


if __name__ == "__main__":
    kind, count, folder = sys.argv[1], int(sys.argv[2]), Path(sys.argv[3])
    folder.mkdir(parents=True, exist_ok=True)
    print(json.dumps(notebook(count, folder) if kind == "notebook" else large(kind, count, folder)))
