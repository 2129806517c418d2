"""R9: workers that die, are killed, or are poisoned by an item: exactly the poisonous items fail, each with its reason."""

import os
import random
import re
import tempfile
import threading
import time
from collections import Counter
from contextlib import contextmanager, suppress

import psutil
from poisons import ITEM_S, LATE, MEMORY, POISONS, rows_of, suffering, waiting_set
from programs import alive_after
from trial import Trial

from creevey_graph.executors import IS_KEPT_TO

POISONED = 5
NAMES = tuple(name for name in POISONS if IS_KEPT_TO or not name.startswith("memory-"))
QUICK = tuple(
    name for name in NAMES if POISONS[name].told != LATE
)  # others may be killed three times before they end
TIMED = ("loop", "stopped", "native-wait")
WITHIN = tuple(name for name in NAMES if POISONS[name].within)


def _workers():
    """Return the worker processes of this one, as far as they have not ended."""
    found = []
    for process in psutil.Process().children(recursive=True):
        with suppress(psutil.Error):
            if "creevey-worker" in process.cmdline() and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
    return found


class _Killer(threading.Thread):
    """
    Kills a worker of this process each time 60 to 200 more items were called: every 0.3-1 s, where nothing else runs.

    Counted in items, so that a busy machine, where workers take longer to begin, is no harder a trial. State: killed =
    how many.
    """

    def __init__(self, seed, log):
        super().__init__(daemon=True)
        self._log = log
        self._random = random.Random(seed)
        self._ending = threading.Event()
        self.killed = 0

    def run(self):
        wanted = self._next()
        while not self._ending.wait(0.02):
            if not self._log.exists() or self._log.read_bytes().count(b"\n") < wanted:
                continue
            if workers := sorted(_workers(), key=lambda process: process.pid):
                with suppress(psutil.Error):
                    self._random.choice(workers).kill()
                    self.killed += 1
            wanted = self._next()

    def _next(self):
        called = self._log.read_bytes().count(b"\n") if self._log.exists() else 0
        return called + self._random.randint(60, 200)

    def end(self):
        self._ending.set()
        self.join()


@contextmanager
def _own_tmp(folder):
    """Have temporary files in a folder of our own, which must be empty in the end."""
    kept, tempfile.tempdir = tempfile.tempdir, str(folder)
    folder.mkdir()
    try:
        yield
    finally:
        tempfile.tempdir = kept
    assert [] == list(folder.iterdir())


def _check(report, folder, poisoned, count):
    """Check that exactly the poisoned items failed, each as its poison tells, and all else is as plain calls give it."""
    failed = {int(row.key): row for row in report.failed}
    told = {key: row.error for key, row in failed.items()}
    assert sorted(poisoned) == sorted(failed), (poisoned, told, report.stopped, report.notices)
    for number, row in failed.items():
        name = poisoned[number]
        assert re.match(POISONS[name].told, row.error), f"{name}: {row.error}"
        assert row.step == ("suffer" if POISONS[name].work else None), f"{name}: {row.step}"
    well = {number for number in range(count) if number not in poisoned}
    assert {n: 3 * n + 1 for n in well} == {
        int(row.key): row.fields["made"] for row in report.rows if int(row.key) in well
    }
    found = {path.name: path.read_text() for path in (folder / "out").glob("[!.]*")}
    assert {f"{n}.txt": f"{3 * n + 1}" for n in well} == found


def _suffer(folder, poisoned, count, **options):
    """Run the graph with its poisons, and check all of it; return (report, number -> how often it was called)."""
    log = folder / "calls.log"
    chosen = {
        "executor": "processes",
        "jobs": 2,
        "item_timeout_s": ITEM_S,
        "worker_memory": MEMORY,
        **options,
    }
    delay_s = chosen.pop("delay_s", 0.0)
    asked = chosen.pop("graph", suffering)
    with _own_tmp(folder / "tmp"):
        report = asked.bind(poisoned=poisoned, log=str(log), delay_s=delay_s).run(
            rows_of(count, poisoned), out=folder / "out", cache=folder / "cache", progress=False, **chosen
        )
    assert [] == alive_after(_workers(), 2.0)
    _check(report, folder, poisoned, count)
    calls = Counter(int(line.split()[1]) for line in log.read_text().splitlines())
    return report, calls


def _drawn(seed, names, count):
    """Return number -> poison: five of *names*, all of them within so many seeds, at places drawn."""
    chosen = [names[(POISONED * seed + place) % len(names)] for place in range(POISONED)]
    return dict(zip(random.Random(seed).sample(range(count), POISONED), chosen, strict=True))


def poison(seed, folder):
    """Run 120 items, five of them poisoned; seven seeds have all poisons once. Nobody is tried for nothing."""
    count = 120
    poisoned = _drawn(seed, NAMES, count)
    _, calls = _suffer(folder, poisoned, count)
    assert max(calls.values()) <= 5, calls
    return POISONED


def killed(seed, folder):
    """Run 1000 items, five poisoned, with a worker killed every 60-200 calls: what is done in vain stays small."""
    count = 1000
    poisoned = _drawn(seed, QUICK[::-1], count)
    killer = _Killer(seed, folder / "calls.log")
    killer.start()
    began = time.monotonic()
    try:
        report, calls = _suffer(folder, poisoned, count, delay_s=0.004)
    finally:
        killer.end()
    took_s = time.monotonic() - began
    assert killer.killed >= 1
    assert any("workers died" in text for text in report.notices)
    # What is lost is what was in hand: a chunk of a quarter of a second for each that was killed.
    assert sum(calls.values()) < 1.5 * count + 100 * killer.killed, (
        sum(calls.values()),
        killer.killed,
        took_s,
    )
    return count


def shared(seed, folder):
    """Run 200 items that mostly wait, four in hand in each process, three poisoned: nobody beside them is blamed."""
    count, names = (
        200,
        ("killed", "exit-3", "segfault", "closed-all", "loop", "stopped", "native-wait", "memory"),
    )
    drawn = random.Random(seed)
    poisoned = dict(zip(drawn.sample(range(count), 3), drawn.sample(names, 3), strict=True))
    _suffer(folder, poisoned, count, jobs=8, delay_s=0.002, graph=waiting_set)
    return count


def within(seed, folder):
    """Run 60 items in threads and one after the other, five poisoned with what a process survives."""
    count = 60
    for executor in ("threads", "serial"):
        names = (*WITHIN, "interrupt") if executor == "threads" else WITHIN
        place = folder / executor
        place.mkdir()
        options = {"executor": executor, "item_timeout_s": None, "worker_memory": None}
        _suffer(place, _drawn(seed, names, count), count, **options)
    return 2 * POISONED


def _missing():
    return "" if os.name == "posix" else "signals and limits of other systems are not those that are tried"


TRIALS = (
    Trial("R9", "poison", "items harm their workers in every known way: exactly they fail, with the reason", "poisons",
          35, 2000, poison, _missing),
    Trial("R9", "killed", "workers are killed at random, five items poison theirs: exactly these fail", "items", 1000,
          50_000, killed, _missing),
    Trial("R9", "shared", "of four items in hand in a process one kills it: nobody else is blamed", "items", 200,
          20_000, shared, _missing),
    Trial("R9", "within", "threads and serial survive what a step raises", "poisons", 20, 2000, within),
)  # fmt: skip
