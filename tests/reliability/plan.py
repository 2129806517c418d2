"""The reliability plan: every trial there is, by the modules that hold them; a literal table."""

from importlib import import_module

from trial import Trial

MODULES = (
    "kills",  # R1
    "stops",  # R10
    "boundaries",  # R2, R3
    "damage",  # R4, R5, R18
    "peers",  # R6
    "disks",  # R7, R8
    "workers",  # R9
    "pictures_hostile",  # R11
    "lists_hostile",  # R11
    "bombs",  # R12
    "stale",  # R16
    "servers_hostile",  # R13
    "scale",  # R14
    "model",  # R15
    "names",  # R17
)
"""Each has a literal `TRIALS`, a tuple of them."""


def all_trials() -> dict[str, Trial]:
    """Return title -> trial, in the order of the plan."""
    found = [trial for name in MODULES for trial in import_module(name).TRIALS]
    trials = {trial.title: trial for trial in sorted(found, key=lambda trial: int(trial.id[1:]))}
    assert len(found) == len(trials), "two trials have one title"
    return trials
