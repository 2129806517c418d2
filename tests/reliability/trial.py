"""
One promise, tried with a seed: what tests of the gate and the long runs of benchmarks share.

A trial is a function of a seed and an empty folder. It does its damage, checks every promise with `assert`,
and returns how many units (kills, damaged entries, hostile pictures …) it tried; what differs from
seed to seed is drawn from `random.Random(seed)` alone, so that a failure can be done again.
"""

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import attrs


def _can() -> str:
    return ""


@attrs.frozen
class Trial:
    """
    A promise and the figures it is held to.

    Args:
        id: Row of the reliability plan, "R1" to "R18".
        name: One word or two with dashes, its own among those of the row.
        what: What is done and what must hold, in one clause.
        unit: What is counted, plural.
        gate: How many of them every run of the checks tries.
        release: How many a release asks for, over all long runs.
        run: (seed, empty folder) -> units tried.
        missing: Why it cannot be tried on this machine, "" where it can.
        limit_s: Seconds that one seed may take; longer is a hang.
    """

    id: str
    name: str
    what: str
    unit: str
    gate: int
    release: int
    run: Callable[[int, Path], int]
    missing: Callable[[], str] = _can
    limit_s: float = 120.0

    @property
    def title(self) -> str:
        """What names it on a command line and in a test: "R1-threads"."""
        return f"{self.id}-{self.name}"


def try_until(trial: Trial, units: int, folder: Path, first_seed: int = 0) -> int:
    """
    Try seed after seed until *units* have been tried; return the seed that would be next.

    Raises:
        AssertionError: A promise is broken; the note on it names the seed.
    """
    tried, seed = 0, first_seed
    while tried < units:
        place = Path(tempfile.mkdtemp(prefix=f"{trial.title}-{seed}-", dir=folder))
        try:
            made = trial.run(seed, place)
        except BaseException as exc:
            exc.add_note(f"{trial.title}, seed {seed}, in {place}")
            raise
        assert made > 0, f"{trial.title}, seed {seed}: nothing was tried"
        shutil.rmtree(place, ignore_errors=True)
        tried, seed = tried + made, seed + 1
    return seed
