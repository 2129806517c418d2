"""
R15: whatever is done between runs and in them, outputs and rows are those of plain calls.

Hypothesis draws the life of a folder: inputs added, edited, renamed, copied and removed; code, parameters and policies
edited, put back and accepted; outputs and cache damaged, tidied and lost; runs killed, interrupted, starved of disk space and raced.
After each whole run rows, fields and files are what plain calls give, nothing else lies in the folder, and the same run
again executes nothing.
"""

import gc
import zlib

import hypothesis
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test
from model_checks import World
from model_edits import Edits
from model_events import EVENTS_OF_LIFE, NAMES, NUMBERS
from model_lives import Runs
from trial import Trial

STEPS = 30
BATCH = 50
"""Examples a seed."""
PROCESSES = 2
"""Runs with worker processes a seed."""


class Life(Edits, Runs, RuleBasedStateMachine):
    """State: world = the folder and what is known of it; left = one entry for each run with worker processes that may still be."""

    folder = None
    left = ()

    @initialize(contents=st.dictionaries(NAMES, NUMBERS, min_size=1))
    def begin(self, contents):
        self.world = World(self.folder)
        for name, text in contents.items():
            self.world.source(name).write_text(text)

    @rule(data=st.data(), number=st.integers(0, 2**20 - 1))
    def happen(self, data, number):
        function, arguments = EVENTS_OF_LIFE[zlib.crc32(b"%d" % number) % len(EVENTS_OF_LIFE)]
        function(self, **data.draw(arguments, label=function.__name__))

    def teardown(self):
        if hasattr(self, "world"):
            self.world.close()


def live(seed, folder, examples=BATCH, base=Life):
    """Try a batch of examples; return how many."""
    gc.collect()
    gc.freeze()  # what is collected before damage is then what runs left, not all modules: 3 ms, not 100
    machine = hypothesis.seed(seed)(type("Life", (base,), {"folder": folder, "left": [True] * PROCESSES}))
    try:
        run_state_machine_as_test(machine, settings=_settings(examples))
    finally:
        gc.unfreeze()
    return examples


def _settings(examples):
    return settings(
        max_examples=examples,
        stateful_step_count=STEPS,
        deadline=None,
        database=None,
        phases=[Phase.generate],  # shrinking takes minutes, with real kills and files
        suppress_health_check=list(HealthCheck),
        print_blob=False,
    )


_PARTS = 4
"""So many trials share the seeds, so that they can be tried side by side."""


def _part(number):
    return lambda seed, folder: live(seed * _PARTS + number, folder)


TRIALS = tuple(
    Trial(
        "R15",
        f"life-{number + 1}",
        f"lives of {STEPS} events each: edits, damage, kills, races; after each whole run all is as plain calls give it",
        "examples",
        200 // _PARTS,
        20_000 // _PARTS,
        _part(number),
        limit_s=600.0,
    )
    for number in range(_PARTS)
)
