"""
R2 and R3: a run of a small set is killed before, or has a fault at, every system call on its files.

As a program, `boundaries.py TITLE SEED FOLDER` tries one seed of a trial and prints how many units that were: it has
one thread, and forks the processes that are traced (`tracing_calls.py`). What is done stands in `boundary_scenes.py`.

A seed tries every call, save in the midst of a row of pages that SQLite reads or writes in one go (57 of them for one
text of 200 KB): of these it takes each `STRIDE`-th, the next seed the next, so that `STRIDE` seeds try every call there is.
"""

import errno
import functools
import os
import random
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import attrs
import programs
import tracing_calls
from boundary_graphs import be_quick
from boundary_scenes import SCENES, Scene
from system_calls import FAULTS, MUTATING, Call
from tracing_calls import DIE, LEAVE, SHORT, Ending, trace
from trial import Trial

STRIDE = 16
SHARE = 0.02
"""Of the calls that fail where faults are random."""
SHORT_SHARE = 0.2
"""Of writes that are to fail, how many are cut short instead: that is how a disk becomes full."""
SAID_BY_SQLITE = {
    "database or disk is full",
    "disk I/O error",
    "unable to open database file",
    "attempt to write a readonly database",
    "database disk image is malformed",
}
"""Its words for errors of the disk."""
LIMIT_S = 900.0
MOST_NOTICES = 10
"""Each said once, whatever many calls fail."""


# --- meeting the calls ---------------------------------------------------------------------------


class Stage:
    """
    A folder that is as it was before, again and again.

    State: at = where work is done; met = the calls of the last time.
    """

    def __init__(self, scene: Scene, folder: Path) -> None:
        self.scene = scene
        self._before = folder / "before"
        self.at = folder / "at"
        self.at.mkdir()
        scene.before(self.at)
        self.at.rename(self._before)
        self.met: list[Call] = []

    def play(self, meet, kinds) -> Ending:
        """Do it once, from the beginning."""
        shutil.rmtree(self.at, ignore_errors=True)
        shutil.copytree(self._before, self.at, symlinks=True)
        self.met = []

        def met(call):
            self.met.append(call)
            return meet(len(self.met) - 1, call)

        return trace(lambda tell: self.scene.work(self.at, tell), self.at, met, kinds=kinds)

    def calls(self, kinds) -> list[Call]:
        """Return the calls of an undisturbed run."""
        ending = self.play(lambda _, __: None, kinds)
        assert not ending.trace, ending.trace
        assert not ending.errors, ending.errors
        return self.met

    def check(self, ending: Ending) -> None:
        """Check what is there, do it again, check that."""
        self.scene.halfway(self.at, ending)
        self.scene.again(self.at, ending)


def chosen(calls: Sequence[Call], seed: int, every: int = 1) -> Iterator[int]:
    """Yield the numbers of the calls to try: each *every*-th, and of those amid a row of pages each `STRIDE`-th of these."""
    pages = [_database(call) if call.kind in ("read", "write", "look") else "" for call in calls]
    tried = 0
    for number, page in enumerate(pages):
        around = pages[max(0, number - 1) : number + 2]
        if page and around.count(page) == len(around) and (number + seed) % STRIDE:
            continue
        if (tried + seed) % every == 0:
            yield number
        tried += 1


def _database(call: Call) -> str:
    name = call.path.removesuffix("-wal").removesuffix("-shm").removesuffix("-journal")
    return name if name.endswith(".db") else ""


class _Done:
    """Notes on what is raised inside what was done to which calls."""

    def __init__(self, what: str, calls: Sequence[Call]) -> None:
        self._note = f"{what}: {', '.join(f'{call.name} {call.path} ({call.kind})' for call in calls[:20])}"

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, exc: BaseException | None, trace: object) -> None:
        if exc is not None:
            exc.add_note(self._note)


# --- R2 ------------------------------------------------------------------------------------------


def kill_at_each(name: str, seed: int, folder: Path, every: int = 1) -> int:
    """Kill before each call that changes something, and once in its midst; return how often."""
    stage = Stage(SCENES[name], folder)
    calls = stage.calls(MUTATING)
    tried = 0
    for number in chosen(calls, seed, every):
        _kill_at(stage, number, torn=False)
        tried += 1
        if calls[number].size > 1 and not _database(calls[number]):
            _kill_at(stage, number, torn=True)
            tried += 1
    return tried


def _kill_at(stage: Stage, number: int, *, torn: bool) -> None:
    def meet(at: int, _: Call) -> str | None:
        if at < number:
            return None
        return SHORT if torn and at == number else DIE

    ending = stage.play(meet, MUTATING)
    with _Done(f"killed {'within' if torn else 'before'} call {number}", stage.met[number : number + 1]):
        assert not ending.trace, ending.trace
        stage.check(ending)


# --- R3 ------------------------------------------------------------------------------------------


@attrs.frozen
class Fault:
    """
    A call fails.

    Args:
        scene: Where.
        error: With which error.
        on: Whether all calls that can give it fail from there on, as on a disk that is full from then on.
        every: Each how-manieth call is tried, by a seed.
    """

    scene: str
    error: str
    on: bool = False
    every: int = 1


def fail_each(faults: Sequence[Fault], seed: int, folder: Path) -> int:
    """Fail call after call; return how often."""
    tried = 0
    for place, fault in enumerate(faults):
        (below := folder / f"{place}").mkdir()
        stage = Stage(SCENES[fault.scene], below)
        kinds = frozenset(kind for kind, errors in FAULTS.items() if fault.error in errors)
        for number in chosen(stage.calls(kinds), seed, fault.every):
            ending = stage.play(functools.partial(_verdict, fault, number), kinds)
            failed = stage.met[number:] if fault.on else stage.met[number : number + 1]
            with _Done(f"{fault} at call {number}", failed[:1]):
                _check_faults(stage, ending, [(call, fault.error) for call in failed])
            tried += 1
        shutil.rmtree(below)
    return tried


def _verdict(fault: Fault, number: int, at: int, _: Call) -> str | None:
    if at < number:
        return None
    return fault.error if at == number or fault.on else LEAVE


def fail_at_random(seed: int, folder: Path) -> int:
    """Fail two of a hundred calls, with any error they can give, or cut them short; return how many failed."""
    chance = random.Random(seed)
    name = chance.choice(sorted(SCENES.keys() - {"threads"}))
    stage = Stage(SCENES[name], folder)
    tried = 0
    for _ in range(10):
        faults: list[tuple[Call, str]] = []

        def meet(_: int, call: Call, faults: list[tuple[Call, str]] = faults) -> str | None:
            if chance.random() >= SHARE:
                return None
            if call.size > 1 and chance.random() < SHORT_SHARE:
                return SHORT
            faults.append((call, chance.choice(FAULTS[call.kind])))
            return faults[-1][1]

        ending = stage.play(meet, frozenset(FAULTS))
        with _Done(f"{name}: {len(faults)} random faults", [call for call, _ in faults]):
            _check_faults(stage, ending, faults)
        tried += len(faults)
    return tried


def _check_faults(stage: Stage, ending: Ending, faults: Sequence[tuple[Call, str]]) -> None:
    """Check that the program ended by itself, wronged nothing, named what failed, and said everything once."""
    assert not ending.trace, ending.trace
    assert not ending.errors, ending.errors
    told = ending.value
    reasons = {os.strerror(getattr(errno, name)) for _, name in faults}
    if any(call.path.startswith("cache") for call, _ in faults):
        reasons |= SAID_BY_SQLITE
    harmless = all(call.path.partition("/")[0] == "cache" for call, _ in faults)
    failed = [row for row in told["rows"] if row[1] == "failed"]
    ended = {"cancelled", "failed"} if told["refused"] else {"done", "cached", "restored", "failed"}
    assert ended.issuperset(row[1] for row in told["rows"]), told
    if harmless and stage.scene.is_run:
        assert not told["refused"], told["refused"]
        assert [] == failed, "the cache failed an item"
        assert stage.scene.acknowledges == len(ending.printed)
    for text in (told["refused"], told["report"], *(row[2] for row in failed)):
        assert not text or any(reason in text for reason in reasons), f"no reason in {text!r}"
    told["unread"] = sum(1 for call, _ in faults if call.kind == "read" and _database(call))
    assert len(told["notices"]) == len(set(told["notices"])) <= MOST_NOTICES, told["notices"]
    stage.check(ending)


# --- trials --------------------------------------------------------------------------------------

_OTHERS = ("first", "pair", "gc", "export")
_ERRORS = ("ENOSPC", "EDQUOT", "EIO", "EMFILE")
_EVERY_ONCE = {"ENOSPC": 1, "EDQUOT": 4, "EIO": 2, "EMFILE": 1}
"""Each how-manieth call fails once by a seed: EDQUOT is what ENOSPC is to nearly all, and EIO befalls every call."""
_TRIED: dict[str, tuple[Sequence[str], Callable[[int, Path], int]]] = {
    "R2-first": (("first",), lambda seed, folder: kill_at_each("first", seed, folder)),
    "R2-edit": (("edit",), lambda seed, folder: kill_at_each("edit", seed, folder)),
    "R2-pair": (("pair",), lambda seed, folder: kill_at_each("pair", seed, folder, 6)),
    "R2-gc": (("gc",), lambda seed, folder: kill_at_each("gc", seed, folder, 2)),
    "R2-export": (("export",), lambda seed, folder: kill_at_each("export", seed, folder)),
    "R2-threads": (("threads",), lambda seed, folder: kill_at_each("threads", seed, folder, 8)),
    "R3-once": (
        ("edit",),
        lambda seed, folder: fail_each(
            [Fault("edit", error, every=_EVERY_ONCE[error]) for error in _ERRORS], seed, folder
        ),
    ),
    "R3-on": (
        ("edit",),
        lambda seed, folder: fail_each(
            [Fault("edit", error, on=True, every=8) for error in _ERRORS], seed, folder
        ),
    ),
    "R3-others": (
        _OTHERS,
        lambda seed, folder: fail_each(
            [Fault(name, error, on, 24) for name in _OTHERS for error in _ERRORS for on in (False, True)],
            seed,
            folder,
        ),
    ),
    "R3-random": (tuple(SCENES), fail_at_random),
}
"""Title -> the scenes it plays, and what it does with a seed and a folder."""


def _started(title: str, seed: int, folder: Path) -> int:
    """Try one seed in a program of its own."""
    program = programs.start("boundaries.py", title, seed, folder)
    printed, errors = program.communicate(timeout=LIMIT_S)
    assert program.returncode == 0, errors
    return int(printed)


def _trial(title: str, what: str, unit: str, gate: int, release: int) -> Trial:
    row, _, name = title.partition("-")
    run = functools.partial(_started, title)
    return Trial(row, name, what, unit, gate, release, run, tracing_calls.missing, LIMIT_S)


_KILLED = (
    "and every file is whole, nothing acknowledged is lost, and the next run ends as if nothing had been"
)
_FAILED = "and nothing is wrong, what failed is named, the cache fails no item, and the next run is equal"
TRIALS = (
    _trial("R2-first", f"killed before each call of a first run, {_KILLED}", "kills", 100, 2000),
    _trial("R2-edit", f"killed before each call of a run after an edit, {_KILLED}", "kills", 80, 1500),
    _trial(
        "R2-pair", f"likewise with two outputs an item, one made of the other, {_KILLED}", "kills", 20, 1000
    ),
    _trial("R2-gc", f"killed before each call of `cache gc`, {_KILLED}", "kills", 20, 500),
    _trial("R2-export", f"killed before each call of an export of tars, {_KILLED}", "kills", 25, 300),
    _trial("R2-threads", f"killed before calls of a first run on two threads, {_KILLED}", "kills", 15, 1000),
    _trial("R3-once", f"each call fails once with each error it can give, {_FAILED}", "faults", 250, 4000),
    _trial("R3-on", f"calls fail from one on, {_FAILED}", "faults", 50, 4000),
    _trial("R3-others", f"likewise in first runs, pairs, gc and export, {_FAILED}", "faults", 100, 5000),
    _trial("R3-random", f"two of a hundred calls fail, {_FAILED}", "faults", 20, 10_000),
)


def main(title: str, seed: str, folder: str) -> None:
    """Try one seed."""
    names, tried = _TRIED[title]
    be_quick()
    for name in names:
        SCENES[name].warm(Path(folder) / f"warm-{name}")
    print(tried(int(seed), Path(folder)))


if __name__ == "__main__":
    main(*sys.argv[1:])
