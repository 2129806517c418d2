"""A plan of trials that hold, break, hang and die: for the tests of the long runs."""

import os
import time

from trial import Trial


def hold(seed, folder):
    return 5


def break_at_one(seed, folder):
    assert seed != 1, "the promise is broken"
    return 1


def hang(seed, folder):
    time.sleep(60)
    return 1


def die(seed, folder):
    if seed == 0:
        os._exit(3)
    return 10


def all_trials():
    """Return the four of them, and one that this machine cannot try."""
    trials = (
        Trial("R1", "hold", "holds", "things", 1, 20, hold),
        Trial("R2", "break", "breaks at seed 1", "things", 1, 2, break_at_one),
        Trial("R3", "hang", "hangs", "things", 1, 1, hang, limit_s=-58.0),
        Trial("R4", "die", "dies at seed 0", "things", 1, 10, die),
        Trial("R5", "absent", "cannot be tried", "things", 1, 1, hold, lambda: "no such thing here"),
    )
    return {trial.title: trial for trial in trials}
