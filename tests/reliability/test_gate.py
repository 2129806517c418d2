"""Every trial of the reliability plan, to the figure that each run of the checks is held to."""

import pytest
from plan import all_trials
from trial import Trial, try_until

TRIALS = all_trials()


@pytest.mark.parametrize("title", TRIALS)
def test_a_promise_holds_to_its_gate_figure(title, tmp_path):
    """Seeds from 0 on are tried until as many units have been as the plan's gate asks for."""
    trial = TRIALS[title]
    if why := trial.missing():
        pytest.skip(f"{title}: {why}")

    try_until(trial, trial.gate, tmp_path)


def test_a_broken_promise_names_its_trial_and_seed(tmp_path):
    """The harness itself can fail: a trial that breaks at seed 2 is told as such."""

    def broken(seed, folder):
        assert seed < 2
        return 1

    trial = Trial("R1", "broken", "breaks", "things", 5, 5, broken)

    with pytest.raises(AssertionError) as caught:
        try_until(trial, trial.gate, tmp_path)

    assert caught.value.__notes__[0].startswith("R1-broken, seed 2, in ")


def test_a_trial_that_tries_nothing_is_no_pass(tmp_path):
    """A trial that finds nothing to damage says so, where it could go on for ever."""

    def idle(seed, folder):
        return 0

    trial = Trial("R1", "idle", "does nothing", "things", 5, 5, idle)

    with pytest.raises(AssertionError, match="nothing was tried"):
        try_until(trial, trial.gate, tmp_path)
