"""`python -m benchmarks.reliability`: what it tells, and that it goes on where it was."""

import json
import subprocess
import sys

from programs import ROOT, environment


def run(state, *options):
    """Run it on the made-up plan; return (exit status, table as title -> cells, what went wrong)."""
    command = [
        sys.executable,
        "-m",
        "benchmarks.reliability",
        "--plan",
        "made_up_plan",
        "--state",
        str(state),
    ]
    done = subprocess.run(
        [*command, *options], cwd=ROOT, env=environment(), capture_output=True, text=True, check=False
    )
    cells = {line.split()[0]: line.split() for line in done.stdout.splitlines() if line.startswith("R")}
    return done.returncode, cells, done.stderr


def test_what_holds_breaks_hangs_or_dies_is_told_and_the_others_go_on(tmp_path):
    """Each seed is a line of the state; a broken promise, a hang and a death end with status 1, and are named."""
    status, cells, told = run(tmp_path / "state", "--only", "R1", "R2", "R4", "R5")

    assert 1 == status
    assert ["20", "20"] == cells["R1-hold"][1:3]
    assert ["2", "2", "2", "1", "0"] == cells["R2-break"][1:6]
    assert ["10", "10", "10", "1", "0"] == cells["R4-die"][1:6]
    assert "not tried: no such thing here" in " ".join(cells["R5-absent"])
    assert "R2-break seed 1: broken" in told
    assert "the promise is broken" in told
    assert "its process ended with 3" in told


def test_a_hang_costs_its_limit_and_is_told(tmp_path):
    """The worker is killed; what a seed may take is the trial's."""
    status, cells, told = run(tmp_path / "state", "--only", "R3", "--hours", "0.0001")

    assert 1 == status
    assert ["0", "1"] == cells["R3-hang"][4:6]
    assert "hang" in told


def test_a_second_call_goes_on_with_the_next_seed(tmp_path):
    """A line that a kill cut short does not count, and nothing is tried twice."""
    state = tmp_path / "state"
    state.write_text(
        json.dumps(
            {"title": "R1-hold", "code": "older", "seed": 2, "units": 15, "outcome": "ok", "seconds": 1}
        )
        + '\n{"title": "R1-ho'
    )

    status, cells, _ = run(state, "--only", "R1")

    assert 0 == status
    assert ["20", "20", "5"] == cells["R1-hold"][1:4]
    assert 3 == json.loads(state.read_text().splitlines()[-1])["seed"]
